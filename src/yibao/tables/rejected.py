"""rejected.xlsx: the rejected rows as their files have them, each with its reasons, ready to be put right."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from yibao.engine import Engine
from yibao.kernel import Finding, Severity
from yibao.standard import TABLES, Kind, TableSchema
from yibao.tables.columns import ident
from yibao.tables.outcome import row_findings
from yibao.tables.report import LoadReport
from yibao.tables.write import Sheet, write_xlsx

FILE, ROW, REASON = "文件", "行号", "错误原因"

_PLACES = {Kind.MONEY: 2, Kind.BUDGET: 2, Kind.SIGNED_MONEY: 2, Kind.PRICE: 6, Kind.QUANTITY: 6}
"""Decimal places that the engine's integers of a kind stand for."""


Refused = tuple[str, int, str]
"""A row that loaded and was refused later: file, Excel row number, reason."""


def write_rejected(path: Path | str, engine: Engine, report: LoadReport, refused: Sequence[Refused] = ()) -> int:
    """Writes the rejected rows of a load and returns their number; writes nothing when there are none.

    Leading columns 文件 and 行号, then the table's columns with the text as read, then 错误原因. The corrected file
    can be loaded as it is: the added columns are ignored. ``refused`` adds rows that loaded soundly and were refused
    by what came after; they stand as loaded, amounts in 元. Raises OutputError.
    """
    ragged = [item for item in report.findings if item.code == "ragged_row"]
    count = engine.count(report.rejects) + len(ragged) + len(refused)
    if count:
        schema = TABLES[report.table]
        shown = [name for name in schema.columns if name not in report.missing_optional]
        header = [FILE, ROW, *shown, REASON]
        later = _later(engine, schema, report, refused, shown)
        together = merge(_rows(engine, report, shown), later, key=lambda row: (row[0], row[1]))
        write_xlsx(path, [Sheet(report.table, header, chain(_ragged(ragged, shown), together))])
    return count


def write_findings(path: Path | str, findings: Sequence[Finding]) -> None:
    """Writes the list of findings (问题清单), errors first as given: place, value, what is wrong, what to do."""
    header = ["程度", FILE, ROW, "列", "值", "记录", "问题", "原因", "处理", "代码"]
    rows = (
        [one.severity.label, one.place.file, one.place.row, one.place.column, one.place.value, one.key, one.message,
         one.cause, one.next_step, one.code]
        for one in findings
    )  # fmt: skip
    write_xlsx(path, [Sheet("问题清单", header, rows)])


def _ragged(findings: list[Finding], shown: list[str]) -> Iterator[list[object]]:
    """Rows that could not be cut into cells: the text as it stands goes into the reason."""
    for item in findings:
        reason = f"{item.message}：{item.place.value}"
        yield [item.place.file, item.place.row, *(None for _name in shown), reason]


def _rows(engine: Engine, report: LoadReport, shown: list[str]) -> Iterator[list[Any]]:
    schema = TABLES[report.table]
    cursor = engine.con.cursor().execute(f"SELECT * FROM {ident(report.rejects)} ORDER BY src_file, src_row")
    names = [column[0] for column in cursor.description]
    while batch := cursor.fetchmany(10_000):
        for values in batch:
            row = dict(zip(names, values, strict=True))
            reasons = [item.message for item in row_findings(schema, row) if item.severity is Severity.ERROR]
            yield [row["src_file"], row["src_row"], *(row[name] for name in shown), "；".join(reasons)]


def _later(
    engine: Engine, schema: TableSchema, report: LoadReport, refused: Sequence[Refused], shown: list[str]
) -> Iterator[list[Any]]:
    """Refused rows as the loaded table holds them, in the order of file and row."""
    if not refused:
        return
    files, rows, reasons = zip(*refused, strict=True)
    engine.put("_refused", pa.table({"src_file": files, "src_row": pa.array(rows, pa.int64()), "reason": reasons}))
    places = {name: _PLACES.get(schema.field(name).kind, 0) for name in shown}
    columns = ", ".join(ident(name) for name in shown)
    cursor = engine.con.cursor().execute(f"""
        SELECT src_file, src_row, reason, {columns} FROM {ident(report.into)} JOIN _refused USING (src_file, src_row)
        ORDER BY src_file, src_row""")
    while batch := cursor.fetchmany(10_000):
        for file, row, reason, *cells in batch:
            texts = (
                Decimal(cell).scaleb(-places[name]) if places[name] and cell is not None else cell
                for name, cell in zip(shown, cells, strict=True)
            )
            yield [file, row, *texts, reason]
    engine.drop("_refused")
