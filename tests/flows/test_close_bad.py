"""What a close says of bad input: every fault with file, row, cause and next step, in one run; nothing half-written."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from yibao.flows.close import Closed, CloseSetting, close
from yibao.flows.dip import FlowError, Setting
from yibao.kernel import Finding
from yibao.law import MissingParameter
from yibao.packs import load_law
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
