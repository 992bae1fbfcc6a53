"""What a close says of bad input: every fault with file, row, cause and next step, in one run; nothing half-written."""

import shutil
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from yibao.cli.close import rows_of
from yibao.engine import Engine
from yibao.flows.close import Closed, CloseSetting, close
from yibao.flows.dip import FlowError, Setting
from yibao.kernel import Finding, Severity
from yibao.law import MissingParameter
from yibao.packs import load_law
from yibao.report.close import write_close_report
from yibao.report.close_book import write_close_book, write_hospital_books
from yibao.report.close_explain import explain_closed
from yibao.synth import generate, write_city

YEAR = 2025
Rows = list[dict[str, Any]]
DEMO = """
- key: settle.share
  from: 2025-01-01
  value: [{rows}]
  unit: table
  source: {{doc: 测试, published: 2026-11-25}}
  grade: assumed
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound small city; tests spoil copies of it."""
    folder = tmp_path_factory.mktemp("close_city") / "city"
    write_city(generate(4_000, seed=3), folder)
    return folder


@pytest.fixture
def copy(city: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(city, tmp_path / "city"))


def spoil(folder: Path, table: str, change: Callable[[Rows], Rows]) -> None:
    """Rewrites a table of the folder; an absent one starts without rows, as csv."""
    path = folder / f"{table}.parquet"
    if path.exists():
        was = pq.read_table(path)
        schema = pa.schema([field.with_nullable(True) for field in was.schema])
        pq.write_table(pa.Table.from_pylist(change(was.to_pylist()), schema=schema), path)
    else:
        pacsv.write_csv(pa.Table.from_pylist(change([])), folder / f"{table}.csv")


def run(folder: Path, out: Path, overlay: Path | None = None) -> Closed:
    overlays: list[str | Path] = ["demo", *([overlay] if overlay else [])]
    return close(folder, out, YEAR, CloseSetting(Setting(load_law("zibo", overlays))))


def found(error: FlowError) -> dict[str, Finding]:
    every = [one for report in error.reports for one in report.findings] + error.findings
    return {one.code: one for one in every}


def complete(one: Finding) -> None:
    assert one.message and one.cause and one.next_step, one


def test_a_hospital_without_level_is_named_and_the_year_is_closed(copy: Path, tmp_path: Path) -> None:
    code = pq.read_table(copy / "providers.parquet")["fixmedins_code"][2].as_py()
    for table in ("providers", "cases"):
        spoil(copy, table, lambda rows: [{**row, "hosp_lv": None} if row["fixmedins_code"] == code else row
                                         for row in rows])  # fmt: skip
    done = run(copy, tmp_path / "out")
    one = next(one for one in done.findings if one.code == "institution_without_level")
    complete(one)
    assert one.key == code and (one.place.file, one.place.row) == ("providers.parquet", 4)
    rows = pq.read_table(tmp_path / "out" / "coefficients.parquet").to_pylist()
    assert next(row for row in rows if row["fixmedins_code"] == code)["base"] == 1


def test_a_missing_month_stops_the_close_and_is_named(copy: Path, tmp_path: Path) -> None:
    spoil(copy, "budget_months", lambda _rows: [
        {"year": YEAR, "fund_type": fund, "month": month, "budget_amount": 100_000}
        for fund in ("310", "390") for month in range(1, 13) if (fund, month) != ("390", 8)
    ])  # fmt: skip
    with pytest.raises(FlowError) as caught:
        run(copy, tmp_path / "out")
    one = found(caught.value)["month_missing"]
    complete(one)
    assert "390" in one.message and "8月" in one.message
    assert not (tmp_path / "out" / "summary.json").exists()


def test_income_that_does_not_reach_the_lines_stops_the_close(copy: Path, tmp_path: Path) -> None:
    spoil(copy, "budget_income", lambda rows: [
        {**row, "budget_amount": row["budget_amount"] / 50} if row["income_item"] == "premium" else row for row in rows
    ])  # fmt: skip
    with pytest.raises(FlowError, match="预算有") as caught:
        run(copy, tmp_path / "out")
    complete(found(caught.value)["budget_income_short"])


def test_two_budgets_for_one_line_are_both_sent_back_with_their_rows(copy: Path, tmp_path: Path) -> None:
    spoil(copy, "budget_lines", lambda rows: [
        *rows, {**next(row for row in rows if row["budget_line"] == "chronic" and row["year"] == YEAR),
                "budget_amount": rows[0]["budget_amount"]},
    ])  # fmt: skip
    with pytest.raises(FlowError) as caught:
        run(copy, tmp_path / "out")
    twice = found(caught.value)["budget_item_twice"]
    complete(twice)
    assert twice.place.file == "budget_lines.parquet" and twice.place.row == 12 and "门诊慢特病" in twice.message


def test_an_application_for_an_unknown_case_is_named_and_the_others_are_decided(copy: Path, tmp_path: Path) -> None:
    spoil(copy, "special_reviews", lambda rows: [*rows, {**rows[0], "setl_id": "S不存在"}])
    done = run(copy, tmp_path / "out")
    one = next(one for one in done.findings if one.key == "S不存在")
    complete(one)
    assert one.place.file == "special_reviews.parquet" and one.place.row
    assert done.summary["reviews_applied"] >= 1


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ('{from: "0", to: "0.85", start: "0", rate: "1"}, {from: "0.9", start: "1", rate: "0"}', "空"),
        ('{from: "0", to: "0.95", start: "0", rate: "1"}, {from: "0.9", start: "1", rate: "0"}', "重叠"),
    ],
)
def test_a_share_table_with_a_gap_or_an_overlap_is_refused(city: Path, tmp_path: Path, rows: str, word: str) -> None:
    overlay = tmp_path / "share.yaml"
    overlay.write_text(DEMO.format(rows=rows), encoding="utf-8")
    with pytest.raises(FlowError) as caught:
        run(city, tmp_path / "out", overlay)
    assert any(word in one.message and "settle.share" in one.key + one.message for one in caught.value.findings)
    assert not (tmp_path / "out" / "summary.json").exists()


def test_faults_of_all_tables_are_listed_in_one_run(copy: Path, tmp_path: Path) -> None:
    spoil(copy, "beds", lambda rows: [{**rows[0], "fixmedins_code": "H不存在"}, *rows])
    spoil(copy, "deductions", lambda rows: [{**rows[0], "deduct_amount": -rows[0]["deduct_amount"]}, *rows[1:]])
    spoil(copy, "assessments", lambda rows: [{**rows[0], "credit_lv": "E"}, *rows[1:]])
    done = run(copy, tmp_path / "out")
    by_code = {one.code: one for one in done.findings}
    assert by_code["unknown_institution"].place.file == "beds.parquet"
    assert by_code["negative_amount"].place.file == "deductions.parquet"
    assert by_code["unknown_code"].place.file == "assessments.parquet"
    assert (tmp_path / "out" / "findings.xlsx").exists()


def test_a_torn_file_and_gb18030_text_are_told_apart(copy: Path, tmp_path: Path) -> None:
    lines = pq.read_table(copy / "budget_lines.parquet").to_pylist()
    (copy / "budget_lines.parquet").unlink()
    head = "年度,基金险种,支出指标,预算金额,依据"
    names = {"outpatient": "普通门诊统筹", "chronic": "门诊慢特病", "offsite": "异地联网结算和零星报销",
             "other": "其他付费方式", "dip": "住院DIP", "reserve": "调剂金"}  # fmt: skip
    text = "\n".join([head, *(f"{r['year']},{r['fund_type']},{names[r['budget_line']]},{r['budget_amount']},"
                              for r in lines)])  # fmt: skip
    (copy / "budget_lines.csv").write_text(text + "\n", encoding="gb18030")
    whole = (copy / "beds.parquet").read_bytes()
    (copy / "beds.parquet").write_bytes(whole[: len(whole) // 2])
    done = run(copy, tmp_path / "out")
    torn = [one for one in done.findings if one.code == "unreadable_file"]
    assert [one.place.file for one in torn] == ["beds.parquet"]
    assert done.summary["funds"][0]["budget"] != "0.00"


def test_what_the_law_leaves_open_is_refused_by_key(city: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingParameter, match=r"dip\."):
        close(city, tmp_path / "out", YEAR, CloseSetting(Setting(load_law("zibo"))))


@pytest.mark.parametrize(("year", "word"), [(2031, "病例"), (2019, "病例")])
def test_a_year_without_cases_says_so(city: Path, tmp_path: Path, year: int, word: str) -> None:
    with pytest.raises(FlowError, match=word):
        close(city, tmp_path / "out", year, CloseSetting(Setting(load_law("zibo", ["demo"]))))


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="没有文件夹"):
        run(tmp_path / "nowhere", tmp_path / "out")


def test_results_are_never_written_over_the_data(city: Path) -> None:
    with pytest.raises(FlowError, match="数据所在"):
        run(city, city)


LAW_ROW = """- {{key: {key}, from: {start}, until: {until}, value: {value}, unit: {unit},
   source: {{doc: 测试, published: 2026-11-25}}, grade: assumed}}
"""


def reform(folder: Path, key: str, value: str, unit: str, start: str, until: str) -> Path:
    path = folder / "reform.yaml"
    path.write_text(LAW_ROW.format(key=key, value=value, unit=unit, start=start, until=until), encoding="utf-8")
    return path


def test_a_deposit_that_changes_within_the_year_is_kept_back_by_the_law_of_each_month(
    city: Path, tmp_path: Path
) -> None:
    early = reform(tmp_path, "settle.deposit", '"0.03"', "ratio", "2025-01-01", "2025-06-29")
    done = run(city, tmp_path / "out", early)
    rows = pq.read_table(tmp_path / "out" / "months.parquet").to_pylist()
    for row in rows:
        share = Decimal("0.03") if row["month"] < 6 else Decimal("0.05")
        assert row["deposit"] == (row["gross"] * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert {row["month"] for row in rows} == set(range(1, 13)) and done.refused == 0
    used = {one["value"] for one in done.summary["parameters"] if one["key"] == "settle.deposit"}
    assert used == {"0.03", "0.05"}


@pytest.mark.parametrize(
    ("key", "value", "unit"),
    [("settle.assessment.applies", "payable", "text"), ("budget.surplus_target", '"0.01"', "ratio"),
     ("clearing.new.rule", "as_others", "text")],
)  # fmt: skip
def test_what_a_year_is_cleared_by_may_not_change_within_it(
    city: Path, tmp_path: Path, key: str, value: str, unit: str
) -> None:
    moved = reform(tmp_path, key, value, unit, "2025-07-01", "2026-12-31")
    with pytest.raises(FlowError, match=rf"{key} 在 2025-07-01 变动：2025年度按一套预算和清算规则清算"):
        run(city, tmp_path / "out", moved)
    assert not (tmp_path / "out" / "summary.json").exists()


def left_out(fund: str) -> Callable[[Rows], Rows]:
    """Leaves out the year's cases of a fund that are insured here."""
    return lambda rows: [
        row for row in rows
        if row["insutype"] != fund or row["dscg_date"].year != YEAR or (row["insuplc_admdvs"] or "3703")[:4] != "3703"
    ]  # fmt: skip


@pytest.fixture(scope="module")
def one_sided(city: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Closed]:
    """A year in which 390 has a budget and offsite cases, but no case insured here."""
    folder = tmp_path_factory.mktemp("one_sided")
    shutil.copytree(city, folder / "city")
    spoil(folder / "city", "cases", left_out("390"))
    return folder / "out", run(folder / "city", folder / "out")


def test_a_fund_with_a_budget_but_without_a_case_has_no_point_value_and_every_paper_says_so(
    one_sided: tuple[Path, Closed], tmp_path: Path
) -> None:
    out, done = one_sided
    assert any("有预算但没有病例，没有结算点值" in one for one in done.remarks)
    assert any("结算点值 无，" in text for _name, text in rows_of(done.summary))
    write_close_report(out, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "城乡居民" in page and page.count("结算点值</h3>") == 1 and "勾稽核对全部相符" in page
    write_close_book(out, tmp_path / "close.xlsx")
    write_hospital_books(out, tmp_path / "hospitals")
    assert any((tmp_path / "hospitals").iterdir())
    case = next(row for row in pq.read_table(out / "cases.parquet").to_pylist()
                if row["fund_type"] == "390" and row["scope"] == "offsite")  # fmt: skip
    with Engine() as engine:
        told = explain_closed(engine, out, case["setl_id"])
    assert told is not None and any("没有点值" in step.detail for step in told)


def test_offsite_cases_of_a_fund_without_a_point_value_are_said_not_to_be_paid(
    one_sided: tuple[Path, Closed],
) -> None:
    out, done = one_sided
    cases = [row for row in pq.read_table(out / "cases.parquet").to_pylist()
             if (row["fund_type"], row["scope"]) == ("390", "offsite")]  # fmt: skip
    [one] = [one for one in done.findings if one.code == "offsite_without_value"]
    complete(one)
    assert one.severity is Severity.WARNING and one.key == "390"
    assert f"{len(cases)}例" in one.message and f"{sum(row['booked'] for row in cases):,.2f}元" in one.message
    assert {row["fund_type"] for row in pq.read_table(out / "offsite.parquet").to_pylist()} == {"310"}


def unbooked(hospitals: set[str]) -> Callable[[Rows], Rows]:
    """The year's cases of these hospitals, and every offsite case, cost twice and were paid by the patients alone."""

    def change(rows: Rows) -> Rows:
        for row in rows:
            away = (row["insuplc_admdvs"] or "3703")[:4] != "3703"
            if row["dscg_date"].year == YEAR and (away or row["fixmedins_code"] in hospitals):
                row |= {"medfee_sumamt": row["medfee_sumamt"] * 2, "hifp_pay": Decimal("0.00"),
                        "fund_pay_sumamt": Decimal("0.00"), "psn_part_amt": row["medfee_sumamt"] * 2}  # fmt: skip
        return rows

    return change


def test_dues_below_zero_are_carried_through_clearing_books_and_papers(copy: Path, tmp_path: Path) -> None:
    """minus_patient without a floor: what patients paid beyond the worth of the cases is a claim on the hospital."""
    members = pq.read_table(copy / "medical_groups.parquet")["fixmedins_code"].to_pylist()
    others = [code for code in pq.read_table(copy / "providers.parquet")["fixmedins_code"].to_pylist()
              if code not in members]  # fmt: skip
    spoil(copy, "cases", unbooked({members[0], others[0]}))
    law = tmp_path / "law.yaml"
    moved = (("settle.entitlement.basis", "minus_patient", "text"), ("settle.case_floor", '"false"', "flag"))
    text = [LAW_ROW.format(key=key, start="2025-01-01", until="2026-12-31", value=value, unit=unit)
            for key, value, unit in moved]  # fmt: skip
    law.write_text("".join(text), encoding="utf-8")
    done = run(copy, tmp_path / "out", law)
    rows = pq.read_table(tmp_path / "out" / "clearing.parquet").to_pylist()
    owing = [row for row in rows if row["entitlement"] < 0]
    assert {row["fixmedins_code"] for row in owing} >= {members[0], others[0]}
    assert all(row["pay"] == row["entitlement"] for row in owing if not row["group_code"])
    for row in rows:
        held = row["deposit"] - row["deposit_returned"]
        assert row["monthly_paid"] + row["prepaid"] + row["final"] == row["settled"] - row["deductions"] - held
    assert any(row["due"] < 0 for row in pq.read_table(tmp_path / "out" / "offsite.parquet").to_pylist())
    assert done.refused == 0 and "posting_differs" not in {one.code for one in done.findings}
    posted = pq.read_table(tmp_path / "out" / "postings.parquet").to_pylist()
    assert {row["outcome"] for row in posted} == {"posted"}
    write_close_report(tmp_path / "out", tmp_path / "report.html")
    assert "勾稽核对全部相符" in (tmp_path / "report.html").read_text(encoding="utf-8")
    write_close_book(tmp_path / "out", tmp_path / "close.xlsx")
    write_hospital_books(tmp_path / "out", tmp_path / "hospitals")


def rows_by(path: Path, *keys: str) -> Mapping[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[key] for key in keys): row for row in pq.read_table(path).to_pylist()}


def test_a_second_run_writes_the_same_and_finds_its_entries_in_the_books(city: Path, tmp_path: Path) -> None:
    first = run(city, tmp_path / "out")
    before = rows_by(tmp_path / "out" / "clearing.parquet", "fund_type", "fixmedins_code")
    again = run(city, tmp_path / "out")
    assert rows_by(tmp_path / "out" / "clearing.parquet", "fund_type", "fixmedins_code") == before
    assert first.refused == again.refused == 0
    outcomes = {row["outcome"] for row in pq.read_table(tmp_path / "out" / "postings.parquet").to_pylist()}
    assert outcomes == {"exists"}
