"""Reading back what yibao wrote itself: parquet files of a result folder, whole and without checks."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from yibao.engine import Engine


class ResultFolderError(ValueError):
    """A folder that is not a finished result of the named command. Message in Chinese with the next step."""


def read_table(folder: Path, name: str, made_by: str) -> pa.Table:
    """The parquet file ``name`` of a result folder. Raises ResultFolderError when it is missing or torn."""
    try:
        return pq.read_table(folder / name)
    except (OSError, pa.ArrowException) as error:
        raise ResultFolderError(
            f"“{folder}”中没有完整的 {name}：该文件夹不是 {made_by} 的完整结果，请重新运行 {made_by}"
        ) from error


def open_view(engine: Engine, view: str, folder: Path, name: str, made_by: str) -> None:
    """Makes ``view`` of the session show the parquet file ``name`` of a result folder, which is read where it is asked
    for and never as a whole: for files with a row for every case. Raises ResultFolderError when it is missing or torn.
    """
    quoted = str(folder / name).replace("'", "''")
    try:
        engine.con.execute(f"CREATE OR REPLACE VIEW \"{view}\" AS SELECT * FROM read_parquet('{quoted}')")
    except duckdb.Error as error:
        raise ResultFolderError(
            f"“{folder}”中没有完整的 {name}：该文件夹不是 {made_by} 的完整结果，请重新运行 {made_by}"
        ) from error


def read_summary(folder: Path, made_by: str) -> dict[str, Any]:
    """The summary.json of a result folder, which is written last. Raises ResultFolderError when it is missing."""
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultFolderError(
            f"“{folder}”中没有完整的 summary.json：请先运行 {made_by}，或检查文件夹是否写对"
        ) from error
    if made_by.removeprefix("yibao ") not in str(summary.get("made_by", "")):
        raise ResultFolderError(f"“{folder}”不是 {made_by} 的结果：请检查文件夹是否写对，或重新运行 {made_by}")
    return dict(summary)
