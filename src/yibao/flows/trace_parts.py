"""The parts of a history: every file of scans, kept beside the index so that the evidence can be read again.

A parquet file that needs no typing is linked (or copied to another disk), all others are typed by `tables` and
written as parquet. The records of the rows in question are fetched by their numbers.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from yibao import tables
from yibao.engine import Engine
from yibao.flows.dip_common import FlowError
from yibao.flows.trace_index import BY_CODE, BY_LINE
from yibao.standard import TABLES
from yibao.tables import LoadReport
from yibao.trace.look import LOOKED, REFUSED, TEXTS

SCHEMA = TABLES["trace_scans"]


class Part(NamedTuple):
    """A file of the history: its name there, rows, and what tells whether it was changed since."""

    name: str
    rows: int
    size: int
    mtime_ns: int


class PartChangedError(FlowError):
    """A part of the history that is gone or was changed. Message in Chinese with the next step."""


def keep(engine: Engine, path: Path, to: Path, straight: bool) -> tuple[Part | None, LoadReport | None]:
    """Keeps a file as the part ``to``; None where it holds no row. The report is of a file that had to be typed."""
    to.unlink(missing_ok=True)
    report = None
    if straight:
        try:
            os.link(path.resolve(), to)
        except OSError:
            shutil.copyfile(path, to)
    else:
        report = tables.load(engine, "trace_scans", [path], into="_part")
        if report.nothing:
            return None, report
        cells = ", ".join(
            {"sel_retn_cnt": "sel_retn_cnt AS units", "fund_pay_sumamt": "fund_pay_sumamt AS fund_fen"}.get(name, name)
            for name in SCHEMA.columns
            if name not in report.missing_optional
        )
        tables.write_parquet(engine, f"SELECT {cells} FROM _part ORDER BY src_row", to)
        engine.drop("_part")
    found = to.stat()
    rows = engine.rows(f"SELECT count(*) FROM read_parquet({_quoted(to)})")[0][0]
    return Part(to.name, int(rows), found.st_size, found.st_mtime_ns), report


def check(folder: Path, part: Part) -> None:
    """Raises PartChangedError where a part is not what it was."""
    try:
        found = (folder / part.name).stat()
    except OSError:
        found = None
    if found is None or (found.st_size, found.st_mtime_ns) != (part.size, part.mtime_ns):
        raise PartChangedError(
            f"历史里的文件“{part.name}”{'不见了' if found is None else '被改动过'}：把它恢复原样，"
            "或用 yibao trace scan 重新扫描全部文件"
        )


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def fetch(engine: Engine, path: Path, rows: Any, flags: Any, kinds: Any) -> None:
    """Adds the records of some rows of a part to ``trace_looked`` and ``trace_refused``; ``flags`` are BY_CODE and
    BY_LINE, ``kinds`` the number of the kind a row was refused for, or -1.
    """
    wanted = pa.table({"n": pa.array(rows, pa.int64()), "flags": pa.array(flags, pa.int64()), "kind_no": kinds})
    engine.put("_wanted", wanted)
    there = {row[0] for row in engine.rows(f"DESCRIBE SELECT * FROM read_parquet({_quoted(path)})")}
    cells = [f"coalesce({name}, '') AS {name}" if name in there else f"'' AS {name}" for name in TEXTS]
    cells.append("CAST(ocur_time AS TIMESTAMP) AS ocur_time")
    upload = "upld_time" if "upld_time" in there else "NULL"
    cells.append(f"CAST({upload} AS TIMESTAMP) AS upld_time")
    cells.append(_amount(there, "units", "sel_retn_cnt", 1_000_000, -1))
    cells.append(_amount(there, "fund_fen", "fund_pay_sumamt", 100, 0))
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE _fetched AS
        SELECT {", ".join(cells)}, w.flags, w.kind_no
        FROM read_parquet({_quoted(path)}, file_row_number = true) p
        JOIN _wanted w ON p.file_row_number = w.n""")
    names = ", ".join(field.name for field in LOOKED if not field.name.startswith("by_"))
    engine.con.execute(f"""
        INSERT INTO trace_looked BY NAME
        SELECT {names}, CAST(flags & {BY_CODE} AS TINYINT) AS by_code, CAST((flags & {BY_LINE}) // {BY_LINE} AS TINYINT)
        AS by_line FROM _fetched WHERE flags > 0""")
    refused = ", ".join(field.name for field in REFUSED if field.name != "risk_fen")
    engine.con.execute(f"""
        INSERT INTO trace_refused BY NAME
        SELECT {refused}, CASE WHEN infno = '3505' THEN fund_fen ELSE 0 END AS risk_fen FROM _fetched
        WHERE kind_no >= 0""")
    engine.drop("_wanted", "_fetched")


def _amount(there: set[str], own: str, name: str, times: int, none: int) -> str:
    if own in there:
        return f"coalesce({own}, {none}) AS {own}"
    if name in there:
        return f"coalesce(CAST({name} * {times} AS BIGINT), {none}) AS {own}"
    return f"CAST({none} AS BIGINT) AS {own}"


def put_empty(engine: Engine) -> None:
    """Makes the tables that `fetch` fills."""
    engine.put("trace_looked", LOOKED.empty_table())
    engine.put("trace_refused", REFUSED.empty_table())


def merged(found: Sequence[tuple[int, Any, int]], rows: int, refused: tuple[Any, Any]) -> tuple[Any, Any, Any]:
    """The rows to fetch of one part with their flags and kinds: from what the sieve marked (part, rows, flag)."""
    flags = np.zeros(rows, np.int8)
    kinds = np.full(rows, -1, np.int8)
    for _part, some, flag in found:
        flags[some] |= flag
    kinds[refused[0]] = refused[1]
    wanted = np.flatnonzero((flags > 0) | (kinds >= 0))
    return wanted, flags[wanted], kinds[wanted]
