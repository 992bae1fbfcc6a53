"""Loads a table: reads its files, types and checks every row in SQL, rejects the faulty ones and keeps the rest."""

import tempfile
from collections.abc import Sequence
from datetime import date
from importlib.resources import files as resources
from pathlib import Path

from yibao.engine import Engine
from yibao.standard import TABLES, TableSchema
from yibao.tables.columns import column_sql, ident, literal
from yibao.tables.faults import FileFaultError
from yibao.tables.files import expand, labels, open_file
from yibao.tables.normalised import HEAD, is_normalised, normalised_source
from yibao.tables.outcome import Staged, settle_outcome
from yibao.tables.report import LoadReport
from yibao.tables.source import READ_ERRORS, Request, Source

Window = tuple[date | None, date | None]
FINDING_LIMIT = 100_000

_ROW_CHECKS: dict[str, tuple[frozenset[str], str]] = {
    "dscg_date:discharge_before_admission": (frozenset({"adm_date", "dscg_date"}), "dscg_date < adm_date"),
}
_ROW_REMARKS: dict[str, tuple[frozenset[str], str]] = {
    "fund_pay_sumamt:fund_over_total": (
        frozenset({"fund_pay_sumamt", "medfee_sumamt"}),
        "fund_pay_sumamt > medfee_sumamt",
    ),
    "medfee_sumamt:parts_do_not_sum": (
        frozenset({"medfee_sumamt", "fund_pay_sumamt", "psn_part_amt"}),
        "medfee_sumamt <> fund_pay_sumamt + psn_part_amt",
    ),
}


def load(
    engine: Engine,
    table: str,
    paths: Sequence[Path | str],
    *,
    into: str | None = None,
    required: Sequence[str] = (),
    window: Window | None = None,
    columns: Sequence[str] = (),
    finding_limit: int = FINDING_LIMIT,
) -> LoadReport:
    """Makes the session's table ``into`` (default: ``table``) from files and folders; returns what happened.

    Columns are those of the schema in its order, typed (money integer fen, dates DATE, codes trimmed text, lists
    joined by ``|``, absent ones NULL), then ``src_file`` and ``src_row`` (the Excel row: the header is row 1).
    ``required`` adds columns a command cannot do without; with ``columns`` only those named and the required ones are
    read and checked, and the table has no others. ``window`` (since, until; inclusive, on dscg_date) leaves out other
    rows silently; duplicates are still judged over all files whole. A faulty row is rejected into the table
    named by the report's ``rejects``; a faulty file contributes nothing; loading goes on. Never raises on bad data.
    """
    schema = TABLES[table]
    if columns:
        wanted = {*columns, *schema.required, *required}
        schema = schema._replace(fields=tuple(field for field in schema.fields if field.name in wanted))
    target = into or table
    report = LoadReport(table, target, f"{target}_rejects", finding_limit)
    needed = tuple(name for name in schema.columns if name in {*schema.required, *required})
    engine.once("yibao.tables", macros)
    with tempfile.TemporaryDirectory(prefix="yibao-load-", dir=spill_folder(engine)) as work:
        request = Request(schema, needed, Path(work), report.add)
        sources = open_all(engine, schema, paths, request, report)
        _load_sources(engine, schema, sources, needed, window, report)
    return report


def macros() -> str:
    """The grammar of cells, to be run once a session."""
    return resources("yibao.tables").joinpath("macros.sql").read_text(encoding="utf-8")


def spill_folder(engine: Engine) -> str | None:
    """The session's folder for what does not fit into memory; it goes with the session."""
    folder = str(engine.rows("SELECT current_setting('temp_directory')")[0][0])
    return folder if Path(folder).is_dir() else None


def open_all(
    engine: Engine, schema: TableSchema, paths: Sequence[Path | str], request: Request, report: LoadReport
) -> list[Source]:
    """The sources of every file behind ``paths``; what cannot be opened is a finding of the report."""
    sources: list[Source] = []
    plain_paths: list[Path] = []
    for path in map(Path, paths):
        folder = path.parent if path.stem == HEAD and path.exists() else path
        if schema.name == "cases" and folder.is_dir() and is_normalised(folder):
            try:
                sources += normalised_source(engine, folder, request, report)
            except FileFaultError as error:
                report.add(error.finding)
        else:
            plain_paths.append(path)
    files, faults = expand(plain_paths, schema.name)
    for fault in faults:
        report.add(fault.finding)
    for path, label in zip(files, labels(files), strict=True):
        report.files.append(label)
        try:
            sources += open_file(path, label, request, engine.con)
        except FileFaultError as error:
            report.add(error.finding)
    return sources


def _load_sources(
    engine: Engine,
    schema: TableSchema,
    sources: list[Source],
    needed: tuple[str, ...],
    window: Window | None,
    report: LoadReport,
) -> None:
    _make_stage(engine, schema, report.into)
    read: list[Source] = []
    for source in sources:
        try:
            engine.con.execute(_insert(schema, source, len(read), needed, window, report.into))
            read.append(source)
        except READ_ERRORS:
            report.add(FileFaultError("unreadable_file", source.label).finding)
    present = {column.field.name for source in read for column in source.columns}
    report.missing_optional = [name for name in schema.columns if name not in present and name not in needed]
    report.ignored_columns = sorted({name for source in read for name in source.ignored})
    settle_outcome(engine, Staged(schema, read, window is not None), report)


def _make_stage(engine: Engine, schema: TableSchema, name: str) -> None:
    columns = [f"{ident(field.name)} {field.kind.sql_type}" for field in schema.fields]
    extra = ["src_file VARCHAR", "src_row BIGINT", "_source INTEGER", "_errors VARCHAR", "_notes VARCHAR"]
    engine.con.execute(f"CREATE OR REPLACE TABLE {ident(name)} ({', '.join(columns + extra)})")


def _token(checks: dict[str, tuple[frozenset[str], str]], present: set[str]) -> list[str]:
    return [f"CASE WHEN {test} THEN {literal(token)} END" for token, (uses, test) in checks.items() if uses <= present]


def _tokens(parts: Sequence[str]) -> str:
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"


def _insert(
    schema: TableSchema, source: Source, number: int, needed: tuple[str, ...], window: Window | None, into: str
) -> str:
    """The statement that types and checks one source: raw → lists → values → faults."""
    columns = [column_sql(column, required=column.field.name in needed) for column in source.columns]
    present = {column.name for column in columns}
    raw = ", ".join(f"{column.raw} AS r_{column.name}" for column in columns)
    listed = "".join(f", {column.items} AS l_{column.name}" for column in columns if column.items)
    sifted = "".join(f", {column.sifted}" for column in columns if column.sifted)
    values = ", ".join(f"{column.value} AS {ident(column.name)}" for column in columns)
    errors = [part for column in columns for part in column.errors] + _token(_ROW_CHECKS, present)
    notes = [part for column in columns for part in column.notes] + _token(_ROW_REMARKS, present)
    blank = " AND ".join(f"r_{column.name} IS NULL" for column in columns)
    keep = f"WHERE NOT ({blank})" if source.blank_rows else ""
    names = ", ".join(ident(column.name) for column in columns)
    return f"""
        INSERT INTO {ident(into)} ({names}, src_file, src_row, _source, _errors, _notes)
        WITH raw_cells AS (SELECT {source.row} AS src_row, {raw} FROM {source.scan}),
        listed AS (SELECT *{listed} FROM raw_cells {keep}),
        sifted AS (SELECT *{sifted} FROM listed),
        typed AS (SELECT *, {values} FROM sifted)
        SELECT {names}, {literal(source.label)}, src_row, {number}, {_tokens(errors)}, {_tokens(notes)}
        FROM typed {_in_window(window, present)}"""


def _in_window(window: Window | None, present: set[str]) -> str:
    if window is None or "dscg_date" not in present:
        return ""
    since, until = window
    tests = [f"dscg_date >= DATE '{since}'"] if since else []
    tests += [f"dscg_date <= DATE '{until}'"] if until else []
    return f"WHERE dscg_date IS NULL OR ({' AND '.join(tests)})" if tests else ""
