"""The command line as a user meets it: bad input, exit codes, stdout and stderr, results."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from yibao.cli import app
from yibao.synth import generate

RUN = CliRunner()
HEADER = "setl_id,insutype,fixmedins_code,hosp_lv,adm_date,dscg_date,diag_codes,oprn_codes,medfee_sumamt\n"
GOOD = "G{n},310,H37030100001,3,2025-03-01,2025-03-08,K35.800,47.0100,9876.5{n}\n"


def yibao(*arguments: object, code: int = 0) -> Result:
    done = RUN.invoke(app, [str(one) for one in arguments])
    assert done.exit_code == code, done.output
    return done


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    pq.write_table(generate(6_000, seed=2).cases, folder / "cases.parquet")
    yibao("dip", "build", folder / "cases.parquet", "--until", "2024-12-31", "--out", folder / "catalogue")
    return folder / "catalogue"


BAD = {
    "missing_column.csv": "setl_id,fixmedins_code,diag_codes,medfee_sumamt\nM1,H1,K35.800,100.00\n",
    "faults.csv": HEADER
    + "B1,310,H37030100001,3,2025-03-01,2025-03-08,K35.800,,-5.00\n"
    + "B2,310,H37030100001,3,2025-03-01,2025-03-08,K35.800,,0.005\n"
    + "B3,310,H37030100001,3,2025-03-09,2025-03-08,K35.800,,100.00\n"
    + "B4,310,H37030100001,3,2025-02-01,2025-02-31,K35.800,,100.00\n"
    + "B5,310,H37030100001,3,2025-03-01,2025-03-08,K35.800,,100.00\n"
    + "B5,310,H37030100001,3,2025-03-01,2025-03-08,K35.800,,200.00\n"
    + "B6,999,H37030100001,3,2025-03-01,2025-03-08,K35.800,,100.00\n"
    + "B7,310,H37030100001,3,2025-03-01,2025-03-08,K35.800,,１２３.４５\n"
    + GOOD.format(n=1),
}


def bad_folder(folder: Path) -> list[Path]:
    for name, text in BAD.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "national.csv").write_bytes((HEADER + GOOD.format(n=2).replace("G2", "G䶮")).encode("gb18030"))
    whole = pa.table({"setl_id": ["T1"] * 1000, "medfee_sumamt": [1.0] * 1000})
    pq.write_table(whole, folder / "torn.parquet")
    (folder / "torn.parquet").write_bytes((folder / "torn.parquet").read_bytes()[:-200])
    import xlsxwriter

    with xlsxwriter.Workbook(folder / "merged.xlsx") as book:
        note = book.add_worksheet("填表说明")
        note.write(0, 0, "请按列填写")
        sheet = book.add_worksheet("病例")
        sheet.merge_range(0, 0, 0, 8, "某医院2025年3月住院病例")
        for row, line in enumerate((HEADER, GOOD.format(n=3)), start=1):
            for column, cell in enumerate(line.strip().split(",")):
                sheet.write_string(row, column, cell)
    return sorted(folder.iterdir())


def test_every_fault_of_a_folder_is_named_in_one_run_and_the_good_rows_are_priced(
    catalogue: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    files = bad_folder(bad)
    out = tmp_path / "priced"
    done = yibao("dip", "price", *files, "--catalogue", catalogue, "--budget", "1000", "--out", out)
    said = done.stderr
    for part in (
        "missing_column.csv",
        "dscg_date",
        "faults.csv 第2行 “medfee_sumamt”列，值“-5.00”",
        "第3行 “medfee_sumamt”列，值“0.005”",
        "第4行 “dscg_date”列",
        "第5行 “dscg_date”列，值“2025-02-31”",
        "第6行 “setl_id”列，值“B5”",
        "第7行 “setl_id”列，值“B5”",
        "第8行 “insutype”列，值“999”",
        "第9行 “medfee_sumamt”列，值“１２３.４５”",
        "torn.parquet",
    ):  # fmt: skip
        assert part in said, part
    rows = pq.read_table(out / "priced_cases.parquet").to_pylist()
    assert [row["setl_id"] for row in rows] == ["G1", "G3", "G䶮"]
    assert sum(row["pay"] for row in rows) == Decimal("1000.00")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["cases"], summary["priced"], summary["rejected"]) == (11, 3, 8)
    assert (out / "rejected.xlsx").exists()
    listed = CalamineWorkbook.from_path(out / "findings.xlsx").get_sheet_by_index(0).to_python()
    assert sum(row[0] == "错误" for row in listed) == 10, "8 rows and 2 files"


def test_strict_ends_with_1_on_a_reject_and_the_results_stand(catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "faults.csv").write_text(BAD["faults.csv"], encoding="utf-8")
    arguments = ("dip", "price", tmp_path / "faults.csv", "-c", catalogue, "--budget", "10", "-o", tmp_path / "p")
    yibao(*arguments, "--strict", code=1)
    assert (tmp_path / "p" / "summary.json").exists()


def test_nothing_usable_ends_with_1_and_writes_nothing(catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(BAD["missing_column.csv"], encoding="utf-8")
    out = tmp_path / "p"
    done = yibao("dip", "price", tmp_path / "cases.csv", "-c", catalogue, "--budget", "10", "-o", out, code=1)
    assert "dscg_date" in done.stderr and "没有一行可用的病例" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("budget", "said"), [("0", "大于0元"), ("12.345", "小于1分"), ("一亿", "不是金额"), ("-5", "大于0元")]
)
def test_a_wrong_budget_is_a_usage_error_in_words(catalogue: Path, tmp_path: Path, budget: str, said: str) -> None:
    done = yibao("dip", "price", "x.csv", "-c", catalogue, f"--budget={budget}", "-o", tmp_path / "p", code=2)
    assert said in done.stderr.replace("\n", "").replace("│", "").replace(" ", "")


def test_a_folder_that_is_no_catalogue_is_explained(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(HEADER + GOOD.format(n=1), encoding="utf-8")
    done = yibao("dip", "price", tmp_path / "cases.csv", "-c", tmp_path, "--budget", "10", "-o", tmp_path / "p", code=1)
    assert "请先运行 yibao dip build" in done.stderr.replace("\n", "")


def test_json_goes_to_stdout_and_messages_to_stderr(catalogue: Path, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(HEADER + GOOD.format(n=1), encoding="utf-8")
    done = yibao(
        "dip", "price", tmp_path / "cases.csv", "-c", catalogue, "--budget", "1,000", "-o", tmp_path / "p", "--json"
    )
    assert json.loads(done.stdout)["total_pay"] == "1000.00"
    assert "完成" in done.stderr
    told = yibao("explain", "G1", "--run", tmp_path / "p", "--catalogue", catalogue, "--json")
    assert json.loads(told.stdout)["setl_id"] == "G1"
    unknown = yibao("explain", "G9", "--run", tmp_path / "p", "--catalogue", catalogue, code=1)
    assert "G9" in unknown.stderr


def test_assess_prints_measures_out_of_sample(catalogue: Path) -> None:
    done = yibao(
        "dip", "assess", catalogue.parent / "cases.parquet", "-c", catalogue, "--since", "2025-01-01", "--json"
    )
    measures = json.loads(done.stdout)
    assert {"groups", "coverage", "cv", "riv", "cmi", "r2"} <= set(measures)
    assert 0 < measures["r2"] < measures["riv"] < 1


def test_check_lists_faults_and_template_gives_a_file_that_loads(tmp_path: Path) -> None:
    (tmp_path / "faults.csv").write_text(BAD["faults.csv"], encoding="utf-8")
    done = yibao("check", tmp_path / "faults.csv", "--rejected", tmp_path / "rejected.xlsx", "--json")
    assert json.loads(done.stdout)["rows_rejected"] == 8 and (tmp_path / "rejected.xlsx").exists()
    yibao("template", "cases", "--out", tmp_path / "cases.xlsx")
    assert (tmp_path / "cases.xlsx").stat().st_size > 5_000
    assert "没有“nosuch”这张表" in yibao("template", "nosuch", code=2).stderr.replace("\n", "")


def test_law_is_shown_checked_and_compared(tmp_path: Path) -> None:
    shown = json.loads(yibao("law", "show", "dip.regime", "--on", "2025-06-01", "--json").stdout)
    assert {"dip2_0"} <= {one["value"] for one in shown["parameters"]}
    assert "没有错误" in yibao("law", "check").stderr
    changed = json.loads(
        yibao(
            "law", "diff", "2025-06-01", "2025-06-01", "--to-overlay", "demo", "--to-overlay", "dip2020", "--json"
        ).stdout
    )
    assert "dip.regime" in {one["key"] for one in changed["changes"]}
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "pack.yaml").write_text("code: 999999\nname: 甲市\nfirst_day: 2025-01-01\n", encoding="utf-8")
    (tmp_path / "bad" / "dip.yaml").write_text("- key: dip.regime\n  value: dip2_0\n", encoding="utf-8")
    assert "dip.yaml:1:" in yibao("law", "check", tmp_path / "bad", code=1).stderr.replace("\n", "")


def test_demo_and_synth_write_what_they_say(tmp_path: Path) -> None:
    done = yibao("demo", "--people", "3000", "--out", tmp_path / "demo", "--json")
    summary = json.loads(done.stdout)
    assert [fund["fund_type"] for fund in summary["funds"]] == ["310", "390"] and summary["entries_refused"] == 0
    assert (tmp_path / "demo" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    closed = tmp_path / "demo" / "closed"
    assert (closed / "close.xlsx").exists() and (closed / "fund.db").exists()
    assert len(list((closed / "hospitals").glob("*.xlsx"))) == summary["hospitals"]
    assert sorted(path.name for path in (closed / "statements").iterdir()) == ["310", "390"]
    yibao("synth", "--people", "2000", "--bad", "0.02", "--out", tmp_path / "city")
    assert (tmp_path / "city" / "cases.parquet").exists()


def test_too_little_memory_is_said_in_words_and_writes_nothing(catalogue: Path, tmp_path: Path) -> None:
    out = tmp_path / "c"
    done = yibao("dip", "build", catalogue.parent / "cases.parquet", "-o", out, "--memory", "2MB", code=1)
    assert "内存或磁盘空间不足" in done.stderr and "--memory" in done.stderr
    assert not out.exists()


def test_a_catalogue_of_another_city_is_refused(catalogue: Path, tmp_path: Path) -> None:
    pack = tmp_path / "packs" / "jia"
    pack.mkdir(parents=True)
    (pack / "pack.yaml").write_text(
        "code: 999999\nname: 甲市\nfirst_day: 2025-01-01\nextends: zibo\n", encoding="utf-8"
    )
    (tmp_path / "cases.csv").write_text(HEADER + GOOD.format(n=1), encoding="utf-8")
    done = yibao(
        "dip", "price", tmp_path / "cases.csv", "-c", catalogue, "--budget", "10", "-o", tmp_path / "p",
        "--pack", tmp_path / "packs", "--city", "999999", code=1,
    )  # fmt: skip
    assert "甲市" in done.stderr and "--city" in done.stderr
