"""Writing: nothing half-written looks finished, and a template loads as it is."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from yibao import tables
from yibao.engine import Engine
from yibao.standard import CODE_TABLES, TABLES

INPUTS = [name for name, schema in TABLES.items() if schema.role == "input"]


def _finished(folder: Path, text: str) -> None:
    with tables.output_folder(folder) as part:
        (part / "hospitals.txt").write_text(text)
        (part / "summary.json").write_text(text)


def test_a_full_disk_leaves_the_old_output_and_says_so_in_chinese(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _finished(out, "old")
    with pytest.raises(tables.OutputError, match="磁盘已满"), tables.output_folder(out) as part:
        (part / "hospitals.txt").write_text("new")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert [(out / name).read_text() for name in ("hospitals.txt", "summary.json")] == ["old", "old"]
    assert list(tmp_path.iterdir()) == [out]


def test_a_really_full_device_is_explained(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(tables.OutputError, match="磁盘已满"), tables.atomic_path(tmp_path / "a.csv") as part:
        part.symlink_to("/dev/full")
        part.write_text("x" * 100_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", [0, 1, 2, 3])
def test_a_run_killed_at_any_moment_leaves_no_summary_beside_files_of_another_run(tmp_path: Path, moment: int) -> None:
    out = tmp_path / "out"
    _finished(out, "old")
    script = f"""
import os, pathlib
from yibao import tables
moves, replace = [], pathlib.Path.replace
def counted(self, target):
    if len(moves) == {moment} - 1: os._exit(9)
    moves.append(target)
    return replace(self, target)
pathlib.Path.replace = counted
with tables.output_folder({str(out)!r}) as part:
    for name in ("hospitals.txt", "summary.json"):
        (part / name).write_text("new")
    if {moment} == 0: os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == (0 if moment == 3 else 9)
    state = {path.name: path.read_text() for path in out.iterdir()}
    assert state in (
        {"hospitals.txt": "old", "summary.json": "old"},
        {"hospitals.txt": "old"},
        {"hospitals.txt": "new"},
        {"hospitals.txt": "new", "summary.json": "new"},
    )
    assert ("summary.json" in state) == (moment in (0, 3))


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    tables.write_xlsx(path, [tables.Sheet("a", ["x"], [["1"]])])
    before = path.read_bytes()

    def broken() -> Iterator[list[str]]:
        yield ["1"]
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        tables.write_xlsx(path, [tables.Sheet("a", ["x"], broken())])
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_may_not_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(tables.OutputError, match="同名"), tables.output_folder(tmp_path / "file" / "out"):
        pass
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(tables.OutputError, match="没有写入权限"), tables.output_folder(tmp_path / "locked" / "out"):
            pass


def test_parquet_and_csv_carry_the_query_s_rows(tmp_path: Path) -> None:
    with Engine() as engine:
        engine.con.execute("CREATE TABLE t AS SELECT '007' AS code, CAST(1.5 AS DECIMAL(18, 2)) AS pay")
        tables.write_parquet(engine, "t", tmp_path / "t.parquet")
        tables.write_csv(engine, "SELECT code, pay FROM t", tmp_path / "t.csv")
        tables.write_xlsx(tmp_path / "t.xlsx", [tables.query_sheet(engine, "t", "结果", ["代码", "金额"])])
    assert pq.read_table(tmp_path / "t.parquet").to_pylist()[0]["code"] == "007"
    assert (tmp_path / "t.csv").read_bytes() == b'\xef\xbb\xbf"code","pay"\n"007",1.50\n'
    sheet = CalamineWorkbook.from_path(tmp_path / "t.xlsx").get_sheet_by_name("结果")
    assert sheet.to_python() == [["代码", "金额"], ["007", 1.5]]


@pytest.mark.parametrize("table", INPUTS)
def test_a_template_loads_with_its_own_example_row_and_no_finding(tmp_path: Path, table: str) -> None:
    path = tmp_path / f"{table}.xlsx"
    tables.template(table, path)
    with Engine() as engine:
        report = tables.load(engine, table, [path])
        assert (report.findings, report.rows_kept, report.missing_optional) == ([], 1, [])


def test_a_template_explains_every_column_and_lists_the_codes(tmp_path: Path) -> None:
    tables.template("cases", tmp_path / "cases.xlsx")
    book = CalamineWorkbook.from_path(tmp_path / "cases.xlsx")
    assert book.sheet_names == ["cases", "填表说明", "代码表"]
    guide = {row[0]: row for row in book.get_sheet_by_name("填表说明").to_python()}
    for field in TABLES["cases"].fields:
        assert guide[field.name][1] == field.label
        assert (guide[field.name][2] == "是") == (field.name in TABLES["cases"].required)
    listed = {str(cell) for row in book.get_sheet_by_name("代码表").to_python() for cell in row}
    assert set(CODE_TABLES["insutype"].codes) <= listed
