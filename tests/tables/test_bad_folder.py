"""A folder of bad inputs: every fault in one run, at its row and column, and the good rows loaded."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from yibao import tables
from yibao.engine import Engine
from yibao.kernel import Severity

BAD = Path(__file__).parent / "bad"
HEADER = ("结算ID", "险种类型", "定点医药机构编号", "诊断代码", "出院日期", "医疗总费用(元)")


def _gb18030(folder: Path) -> None:
    text = "结算ID,人员姓名,定点医药机构编号,诊断代码,出院日期,医疗总费用\n"
    text += "S201,李䶮,H37030300001,K35.300,2025-01-12,800.50\nS202,王䶮,H37030300001,K35.300,2025-01-12,-1\n"
    (folder / "cases_3_gb18030.csv").write_bytes(text.encode("gb18030"))


def _torn(folder: Path) -> None:
    whole = folder / "cases_4_torn.parquet"
    names = ("setl_id", "fixmedins_code", "diag_codes", "dscg_date", "medfee_sumamt")
    pq.write_table(pa.table({name: ["x"] * 1000 for name in names}), whole)
    whole.write_bytes(whole.read_bytes()[:-200])


def _workbook(folder: Path) -> None:
    book = xlsxwriter.Workbook(folder / "cases_5_titles.xlsx")
    guide = book.add_worksheet("填表说明")
    guide.write_row(0, 0, HEADER)
    page = book.add_worksheet("住院明细")
    page.merge_range(0, 0, 0, 5, "某市2025年住院结算清单")
    page.merge_range(1, 0, 1, 5, "单位：元")
    page.write_row(2, 0, HEADER)
    page.write_row(3, 0, ("S301", 310, "H37030300001", "K35.300", "2025-01-12", 800.5))
    page.write_row(4, 0, ("S302", 310.0, "H37030300001", "K35.300", "2025-02-30", 800.5))
    page.write_row(5, 0, ("S303", "999", "H37030300001", "K35.300", "2025-01-12", 0.1 + 0.2))
    page.write_row(6, 0, (1.23456789012345e17, 310, "H37030300001", "K35.300", "2025-01-12", 800.005))
    page.write_blank(9, 0, None, book.add_format({"bg_color": "red"}))
    book.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "bad"
    shutil.copytree(BAD, target)
    _gb18030(target)
    _torn(target)
    _workbook(target)
    (target / "cases_6_empty.csv").touch()
    (target / "cases_7_locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (target / "cases_8_bytes.csv").write_bytes(b"setl_id,\xff\xff\x80\n")
    return target


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as session:
        yield session


def _errors(report: tables.LoadReport) -> dict[str, int]:
    return {code: n for code, n in report.counts.items() if tables.FAULTS[code].severity is Severity.ERROR}


def test_every_fault_of_a_folder_is_listed_in_one_run_with_its_row_column_and_message(
    folder: Path, engine: Engine
) -> None:
    report = tables.load(engine, "cases", [folder])
    lines = [f"{item.code} | {item}" for item in report.findings]
    expected = (BAD / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert lines == expected


def test_good_rows_beside_bad_ones_are_loaded_and_the_counts_add_up(folder: Path, engine: Engine) -> None:
    report = tables.load(engine, "cases", [folder])
    kept = [row[0] for row in engine.rows("SELECT setl_id FROM cases ORDER BY setl_id")]
    assert kept == ["S001", "S016", "S021", "S022", "S201", "S301"]
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (30, 6, 24)
    assert len(list(report.of(Severity.ERROR))) == sum(_errors(report).values())


def test_the_rejected_workbook_gives_the_rows_as_written_with_their_reasons(folder: Path, engine: Engine) -> None:
    report = tables.load(engine, "cases", [folder])
    path = folder / "rejected.xlsx"
    assert tables.write_rejected(path, engine, report) == report.rows_rejected
    again = tables.load(engine, "cases", [path], into="again")
    gone = {"ragged_row", "duplicate_row"} | {code for code, fault in tables.FAULTS.items() if fault.scope == "file"}
    assert _errors(again) == {code: n for code, n in _errors(report).items() if code not in gone}


def test_a_fault_that_is_put_right_in_the_rejected_workbook_loads(tmp_path: Path, engine: Engine) -> None:
    source = tmp_path / "cases.csv"
    source.write_text(
        "setl_id,fixmedins_code,diag_codes,dscg_date,medfee_sumamt\n007,H1,K35.300,2025-01-12,-5\n", encoding="utf-8"
    )
    report = tables.load(engine, "cases", [source])
    tables.write_rejected(tmp_path / "rejected.xlsx", engine, report)
    sheet = engine.rows("SELECT setl_id, medfee_sumamt FROM cases_rejects")
    assert sheet == [("007", "-5")]
    assert tables.load(engine, "cases", [tmp_path / "rejected.xlsx"]).counts == {"negative_amount": 1}
    assert engine.rows("SELECT setl_id FROM cases_rejects") == [("007",)]
