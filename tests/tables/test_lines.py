"""Rows read where they lie: a typed view of columns found by a given map, its faulty rows, the head of a file."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao import tables
from yibao.engine import Engine

HEADERS = {"编号": "setl_id", "日": "setl_time", "钱": "medfee_sumamt", "险": "insutype"}
COLUMNS = tuple(HEADERS.values())


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as session:
        yield session


def opened(engine: Engine, *paths: Path) -> tables.Opened:
    return tables.open_lines(
        engine, "recon_lines", paths, into="rows", headers=HEADERS, columns=COLUMNS, keys=("setl_id", "psn_no")
    )


def test_a_view_types_rows_of_several_files_and_numbers_them_without_a_gap_that_two_share(
    tmp_path: Path, engine: Engine
) -> None:
    (tmp_path / "a.csv").write_text(
        "编号,日,钱,险,setl_id\nS1,2025-03-01,1.50,职工,X\nS2,2025-03-02,-2.00,999,Y\n", encoding="gb18030"
    )
    pq.write_table(
        pa.table({"编号": ["S3"], "日": ["2025-03-03 10:00:00"], "钱": [3.25], "险": ["310"]}), tmp_path / "b.parquet"
    )
    found = opened(engine, tmp_path / "a.csv", tmp_path / "b.parquet")
    rows = engine.rows(
        "SELECT line_no, src_file, src_row, setl_id, insutype, medfee_sumamt, acct_pay FROM rows ORDER BY 1"
    )
    assert [row[1:] for row in rows] == [
        ("a.csv", 2, "S1", "310", 150, None),
        ("a.csv", 3, "S2", "999", -200, None),
        ("b.parquet", 2, "S3", "310", 325, None),
    ]
    assert len({row[0] for row in rows}) == 3
    assert found.report.files == ["a.csv", "b.parquet"] and "setl_id" in found.report.ignored_columns


def test_faulty_rows_are_reported_and_a_total_row_is_one(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "a.csv").write_text(
        "编号,日,钱,险\nS1,2025-03-01,1.50,310\nS2,2025-02-30,1.00,310\n合计,,9.00,\n,,9.00,\nS5,2025-03-05,x,310\n",
        encoding="utf-8",
    )
    found = opened(engine, tmp_path / "a.csv")
    bad = [row[0] for row in engine.rows("SELECT line_no FROM rows WHERE NOT sound")]
    tables.close_lines(engine, found, 5, bad)
    report = found.report
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (5, 1, 4)
    assert report.counts == {"total_row": 2, "bad_number": 1, "impossible_date": 1}
    assert [one.place.row for one in report.findings] == [3, 4, 5, 6]
    assert engine.rows(f"SELECT src_row, setl_id FROM {report.rejects} ORDER BY 1") == [
        (3, "S2"),
        (4, "合计"),
        (5, ""),
        (6, "S5"),
    ]


def test_identifiers_are_put_as_they_were_meant(tmp_path: Path, engine: Engine) -> None:
    texts = ["00123", "１２３", " 1 2 3", "'123", "123.0", "s－１", "1.23E+17", "１.２３e＋17", "000", None]
    engine.put("t", pa.table({"n": range(len(texts)), "a": texts}))
    opened(engine, tmp_path / "none.csv")
    tables.put_forms(engine, "t", "u", ["a"])
    forms = [row[0] for row in engine.rows("SELECT a_form FROM u ORDER BY n")]
    assert forms == ["123", "123", "123", "123", "123", "S-1", None, None, "0", None]


def test_the_head_of_a_file_is_the_row_with_most_known_names(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "a.csv").write_text(
        "某市对账表,2025年\n\n编号,日,别的\nS1,2025-03-01,1\nS2,2025-03-02,2\n", encoding="gb18030"
    )
    seen = tables.peek(engine, tmp_path / "a.csv", ["编号", "日"])
    assert seen.header == ["编号", "日", "别的"]
    assert seen.samples == [["S1", "S2"], ["2025-03-01", "2025-03-02"], ["1", "2"]]
    assert tables.data_files(tmp_path) == [tmp_path / "a.csv"]
