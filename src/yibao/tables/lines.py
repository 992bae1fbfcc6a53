"""Rows read where they lie: a typed view of files that are too long to be held, and its faulty rows made good.

`load` keeps every row in the session. For tens of millions of rows of which few matter, `open_lines` makes a view that
types and checks a row when it is asked for, column by column; `close_lines` then reports the rows that are faulty.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from yibao.engine import Engine
from yibao.standard import CODE_TABLES, TABLES, Field, Kind, TableSchema
from yibao.tables.columns import ColumnSql, column_sql, ident, literal
from yibao.tables.faults import FileFaultError
from yibao.tables.load import FINDING_LIMIT, macros, open_all, spill_folder
from yibao.tables.outcome import Staged, settle_outcome
from yibao.tables.report import LoadReport
from yibao.tables.source import READ_ERRORS, Column, Request, Source

_TOTAL_WORDS = "'^(合计|总计|小计|本页合计|累计|总额)[:：]?$'"


class Opened(NamedTuple):
    """A view of typed rows: its name, schema, sources and report, and the columns that no file has."""

    view: str
    schema: TableSchema
    sources: list[Source]
    report: LoadReport


def open_lines(
    engine: Engine, table: str, paths: Sequence[Path | str], *, into: str, headers: Mapping[str, str],
    columns: Sequence[str], keys: Sequence[str],
) -> Opened:  # fmt: skip
    """Makes the view ``into`` of the rows of ``paths``: ``line_no`` (unique and rising), ``src_file``, ``src_row``,
    ``sound``, ``errors``, then every column of the schema, typed; those not among ``columns`` are NULL.

    ``headers`` says which column of the files holds which field. A code that its table lacks stays as it is. A row that
    holds none of ``keys``, or a word such as 合计 in one, is a total and not sound. Files that cannot be read are
    findings of the report, and so is a file without any of the columns. Never raises on bad data.
    """
    schema = TABLES[table]
    report = LoadReport(table, into, f"{into}_rejects", FINDING_LIMIT)
    engine.once("yibao.tables", macros)
    work = tempfile.mkdtemp(prefix="yibao-lines-", dir=spill_folder(engine))
    kept = schema._replace(fields=tuple(field for field in schema.fields if field.name in columns))
    request = Request(kept, (), Path(work), report.add, headers)
    sources = []
    for source in open_all(engine, kept, paths, request, report):
        if source.columns:
            sources.append(source)
        else:
            report.add(FileFaultError("missing_column", source.label, "、".join(columns)).finding)
    parts, offset = [], 0
    for number, source in enumerate(sources):
        try:
            last = engine.rows(f"SELECT coalesce(max({source.row}), 0) FROM {source.scan}")[0][0]
        except READ_ERRORS:
            report.add(FileFaultError("unreadable_file", source.label).finding)
            last = None
        if last is not None:
            parts.append(_select(schema, source, number, offset, keys))
            offset += int(last) + 1
    if parts:
        text = "\nUNION ALL\n".join(parts)
        engine.con.execute(f"CREATE OR REPLACE TEMP VIEW {ident(into)} AS {text}")
    present = {column.field.name for source in sources for column in source.columns}
    report.missing_optional = [name for name in schema.columns if name not in present]
    report.ignored_columns = sorted({name for source in sources for name in source.ignored})
    return Opened(into, schema, sources if parts else [], report)


def _select(schema: TableSchema, source: Source, number: int, offset: int, keys: Sequence[str]) -> str:
    """The SELECT that types one source. Nested, so that a query that asks for few columns reads only these."""
    columns = [_lenient(column) for column in source.columns]
    by_name = {column.name: column for column in columns}
    raw = ", ".join(f"{column.raw} AS r_{column.name}" for column in columns)
    values = ", ".join(f"{column.value} AS {ident(column.name)}" for column in columns)
    blank = " AND ".join(f"r_{column.name} IS NULL" for column in columns)
    where = f"WHERE NOT ({blank})" if source.blank_rows else ""
    errors = [part for column in columns for part in column.errors] + _total_row(by_name, keys)
    found = f"coalesce({', '.join(errors)})" if errors else "CAST(NULL AS VARCHAR)"
    listed = f"concat_ws(',', {', '.join(errors)})" if errors else "''"
    cells = ", ".join(
        ident(field.name) if field.name in by_name else f"CAST(NULL AS {_empty(field)}) AS {ident(field.name)}"
        for field in schema.fields
    )
    return f"""SELECT {offset} + src_row AS line_no, {literal(source.label)} AS src_file, src_row,
        {number} AS _source, {found} IS NULL AS sound, {listed} AS errors, {cells}
        FROM (SELECT *, {values} FROM (SELECT {source.row} AS src_row, {raw} FROM {source.scan}) {where})"""


def _empty(field: Field) -> str:
    """The narrowest type of a column that is not there."""
    return "TINYINT" if field.kind in (Kind.MONEY, Kind.SIGNED_MONEY, Kind.BUDGET, Kind.INT) else field.kind.sql_type


def _lenient(column: Column) -> ColumnSql:
    """The SQL of a column, in which a code that its table lacks stays as it is."""
    sql, field, name = column_sql(column, required=False), column.field, column.field.name
    if not field.code_table:
        return sql
    spelt = " ".join(
        f"WHEN {literal(text)} THEN {literal(code)}" for text, code in CODE_TABLES[field.code_table].spellings().items()
    )
    return sql._replace(value=f"CASE r_{name} {spelt} ELSE r_{name} END" if spelt else f"r_{name}", errors=())


def _total_row(columns: Mapping[str, ColumnSql], keys: Sequence[str]) -> list[str]:
    """The fault of a row that sums up the others."""
    here = [f"r_{name}" for name in keys if name in columns]
    if not here:
        return []
    none = " AND ".join(f"{name} IS NULL" for name in here)
    words = " OR ".join(
        f"(length({name}) <= 5 AND regexp_matches({name}, {_TOTAL_WORDS}))"
        for name in here
        if columns[name[2:]].value == name
    )
    test = f"({none})" + (f" OR {words}" if words else "")
    return [f"CASE WHEN {test} THEN {literal(here[0][2:] + ':total_row')} END"]


def close_lines(engine: Engine, opened: Opened, rows: int, faulty: Iterable[int]) -> None:
    """Fills the report of a view that was read: how many rows there were, and every fault of the ``faulty`` ones (their
    ``line_no``). The rejected rows then stand in the session's table ``report.rejects``.
    """
    report, stage = opened.report, f"{opened.view}_faulty"
    numbers = pa.table({"line_no": pa.array(sorted(faulty), pa.int64())})
    engine.put("_faulty_no", numbers)
    columns = ", ".join(ident(name) for name in opened.schema.columns)
    engine.con.execute(f"""
        CREATE OR REPLACE TABLE {ident(stage)} AS
        SELECT {columns}, src_file, src_row, CAST(_source AS INTEGER) AS _source, errors AS _errors, '' AS _notes
        FROM {ident(opened.view)} WHERE line_no IN (SELECT line_no FROM _faulty_no)""")
    report.into = stage
    settle_outcome(engine, Staged(opened.schema, opened.sources, False), report)
    report.into = opened.view
    ragged = report.counts.get("ragged_row", 0)
    report.rows_read = rows + ragged
    report.rows_rejected = numbers.num_rows + ragged
    report.rows_kept = report.rows_read - report.rows_rejected
    engine.drop("_faulty_no", stage)


def put_forms(engine: Engine, table: str, into: str, names: Sequence[str]) -> None:
    """Makes ``into``: ``table`` with a column ``<name>_form`` for each of the identifiers ``names``: the identifier as
    it was meant, without blanks, full-width letters and leading zeros; NULL where Excel has destroyed its last digits.
    """
    forms = ", ".join(f"id_form({ident(name)}) AS {ident(name + '_form')}" for name in names)
    engine.con.execute(f"CREATE OR REPLACE TABLE {ident(into)} AS SELECT *, {forms} FROM {ident(table)}")
