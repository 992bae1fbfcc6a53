"""After the rows stand in the session: duplicates, findings with their places, rejected rows, counts."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from yibao.engine import Engine
from yibao.engine.repeats import put_shared_hashes
from yibao.kernel import Finding, Place, Severity
from yibao.standard import Kind, TableSchema
from yibao.tables.columns import as_text, dropped_items, ident, literal
from yibao.tables.faults import FAULTS, finding
from yibao.tables.report import LoadReport
from yibao.tables.source import Source

_DETAILS = {
    "discharge_before_admission": ("adm_date",),
    "fund_over_total": ("fund_pay_sumamt", "medfee_sumamt"),
    "parts_do_not_sum": ("medfee_sumamt", "fund_pay_sumamt", "psn_part_amt"),
}


class Staged(NamedTuple):
    """What was read: the schema, the sources by their number in ``_source``, and whether a window left rows out."""

    schema: TableSchema
    sources: list[Source]
    windowed: bool


def settle_outcome(engine: Engine, staged: Staged, report: LoadReport) -> None:
    """Turns the staged table into the final one and fills the report."""
    stage = ident(report.into)
    report.rows_read = engine.count(report.into)
    _mark_duplicates(engine, staged, report)
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE _flagged AS
        SELECT row_number() OVER (ORDER BY _source, src_row) AS n, * FROM (
            SELECT s._source, s.src_row, s.rowid AS _rid,
                   concat_ws(',', nullif(s._errors, ''), d.token) AS errors, s._notes AS notes
            FROM {stage} s LEFT JOIN _duplicates d ON s.rowid = d.rid
            WHERE s._errors <> '' OR s._notes <> '' OR d.token IS NOT NULL)""")
    _count(engine, staged, report)
    _collect(engine, staged, report)
    engine.con.execute(f"DELETE FROM {stage} WHERE rowid IN (SELECT _rid FROM _flagged WHERE errors <> '')")
    for helper in ("_source", "_errors", "_notes"):
        engine.con.execute(f"ALTER TABLE {stage} DROP COLUMN {helper}")
    engine.drop("_flagged", "_duplicates")
    report.rows_read += report.counts.get("ragged_row", 0)
    report.rows_kept = engine.count(report.into)
    report.rows_rejected = report.rows_read - report.rows_kept


def _mark_duplicates(engine: Engine, staged: Staged, report: LoadReport) -> None:
    """Rows that share the key: wholly identical ones keep their first, others are all rejected.

    A key that also stands outside the window names rows of different days, so its rows differ. Tables whose key has
    several columns are not judged here.
    """
    engine.con.execute("CREATE OR REPLACE TEMP TABLE _duplicates (rid BIGINT, token VARCHAR)")
    grain = staged.schema.grain
    if len(grain) != 1 or not any(source.column(grain[0]) for source in staged.sources):
        return
    key, stage = ident(grain[0]), ident(report.into)
    everywhere = f"SELECT {key} AS k FROM {stage}"
    if staged.windowed:
        scans = [
            f"SELECT tidy({as_text(column)}) AS k FROM {source.scan}"
            for source in staged.sources
            if (column := source.column(grain[0]))
        ]
        everywhere = " UNION ALL ".join(scans)
    if put_shared_hashes(engine, everywhere):
        engine.con.execute(f"""
            CREATE OR REPLACE TEMP TABLE _shared AS
            SELECT k, count(*) AS n FROM ({everywhere}) WHERE hash(k) IN (SELECT h FROM _shared_hashes)
            GROUP BY k HAVING count(*) > 1""")
        content = ", ".join(ident(name) for name in (*staged.schema.columns, "_errors"))
        engine.con.execute(f"""
            INSERT INTO _duplicates
            WITH rows_of AS (
                SELECT s.rowid AS rid, s.{key} AS k, h.n, row({content}) AS content,
                       row_number() OVER (PARTITION BY s.{key} ORDER BY src_file, src_row) AS place
                FROM {stage} s JOIN _shared h ON s.{key} = h.k),
            judged AS (
                SELECT k, n > count(*) OR count(DISTINCT content) > 1 AS differ FROM rows_of GROUP BY k, n)
            SELECT rid, {literal(grain[0] + ":")} || CASE WHEN differ THEN 'duplicate_key' ELSE 'duplicate_row' END
            FROM rows_of JOIN judged USING (k) WHERE differ OR place > 1""")
    engine.drop("_shared", "_shared_hashes")


def _count(engine: Engine, staged: Staged, report: LoadReport) -> None:
    """Exact counts by code, and the repairs as one finding for each file and column."""
    rows = engine.rows("""
        SELECT _source, token, count(*) AS n FROM (
            SELECT _source, unnest(string_split(concat_ws(',', nullif(errors, ''), nullif(notes, '')), ',')) AS token
            FROM _flagged) GROUP BY ALL ORDER BY 1, 2""")
    for source, token, count in rows:
        column, code = token.split(":")
        report.counts[code] = report.counts.get(code, 0) + count
        if FAULTS[code].severity is Severity.INFO:
            report.repairs[token] = report.repairs.get(token, 0) + count
            place = Place(staged.sources[source].label, None, column)
            report.findings.append(finding(code, place, field=staged.schema.field(column), count=count))


def _collect(engine: Engine, staged: Staged, report: LoadReport) -> None:
    """The rejected rows as their files have them, and findings with the value as written."""
    _make_rejects(engine, staged, report.rejects)
    for number, source in enumerate(staged.sources):
        texts = {column.field.name: as_text(column) for column in source.columns}
        cells = ", ".join(f"{text} AS {ident(name)}" for name, text in texts.items())
        dropped = "".join(
            f", CASE WHEN contains(notes, '{short}_code_dropped') THEN "
            f"array_to_string({dropped_items(name, short)}, '、') END AS dropped_{name}"
            for name, short in _list_columns(staged.schema)
            if name in texts
        )
        remarked = " OR ".join(
            f"contains(notes, '{code}')" for code, fault in FAULTS.items() if fault.severity is Severity.WARNING
        )
        engine.con.execute(f"""
            INSERT INTO {ident(report.rejects)} BY NAME
            WITH wanted AS (
                SELECT src_row, errors, notes FROM _flagged WHERE _source = {number} AND errors <> ''
                UNION ALL
                (SELECT src_row, '' AS errors, notes FROM _flagged
                 WHERE _source = {number} AND errors = '' AND ({remarked}) ORDER BY src_row LIMIT {report.limit})),
            written AS (SELECT {source.row} AS src_row, {cells} FROM {source.scan})
            SELECT {number} AS _source, {literal(source.label)} AS src_file, written.*, errors, notes{dropped}
            FROM written JOIN wanted USING (src_row)""")
    _read_findings(engine, staged, report)
    order = list(Severity)
    report.findings.sort(key=lambda item: order.index(item.severity))
    engine.con.execute(f"DELETE FROM {ident(report.rejects)} WHERE errors = ''")


def _list_columns(schema: TableSchema) -> list[tuple[str, str]]:
    short = {Kind.DX_LIST: "dx", Kind.PX_LIST: "px"}
    return [(field.name, short[field.kind]) for field in schema.fields if field.kind in short]


def _make_rejects(engine: Engine, staged: Staged, name: str) -> None:
    columns = [f"{ident(column)} VARCHAR" for column in staged.schema.columns]
    columns += ["src_file VARCHAR", "src_row BIGINT", "_source INTEGER", "errors VARCHAR", "notes VARCHAR"]
    columns += [f"dropped_{column} VARCHAR" for column, _short in _list_columns(staged.schema)]
    engine.con.execute(f"CREATE OR REPLACE TABLE {ident(name)} ({', '.join(columns)})")


def _read_findings(engine: Engine, staged: Staged, report: LoadReport) -> None:
    columns = [*staged.schema.columns, "src_file", "src_row", "errors", "notes"]
    columns += [f"dropped_{column}" for column, _short in _list_columns(staged.schema)]
    query = (
        f"SELECT {', '.join(map(ident, columns))} FROM {ident(report.rejects)} "
        "ORDER BY errors = '', _source, src_row LIMIT " + str(report.limit)
    )
    cursor = engine.con.execute(query)
    while batch := cursor.fetchmany(10_000):
        for values in batch:
            row = dict(zip(columns, values, strict=True))
            for item in row_findings(staged.schema, row):
                report.keep(item)


def row_findings(schema: TableSchema, row: dict[str, Any]) -> Iterator[Finding]:
    """The findings of one flagged row: its cells as written, ``src_file``, ``src_row``, ``errors`` and ``notes``."""
    key = str(row.get(schema.grain[0]) or "") if len(schema.grain) == 1 else ""
    tokens = [token for token in f"{row['errors']},{row['notes']}".split(",") if token]
    for token in tokens:
        column, code = token.split(":")
        if FAULTS[code].severity is Severity.INFO:
            continue
        value = str(row[column] if row[column] is not None else "")
        detail = ""
        if code in _DETAILS:
            detail = "，".join(f"{schema.field(name).label} {row[name]}" for name in _DETAILS[code])
        elif code.endswith("_code_dropped"):
            detail = str(row[f"dropped_{column}"] or "")
        elif code == "full_width" and column == "diag_codes":
            value = value.split("|")[0]
        place = Place(str(row["src_file"]), int(row["src_row"]), column, value)
        yield finding(code, place, field=schema.field(column), detail=detail, key=key)
