"""The settlement list as transaction 4101 has it, in four tables, made into flat ``cases``.

``setlinfo`` has one row a settlement; ``diseinfo`` (diagnoses), ``oprninfo`` (procedures) and ``iteminfo`` (fee items)
hang on it by ``setl_id``, or by ``mdtrt_id`` where they lack it. Source: 国家医保信息平台接口规范, 4101.
"""

from collections.abc import Mapping
from pathlib import Path

from yibao.engine import Engine
from yibao.kernel import Place
from yibao.standard import TABLES, TableSchema
from yibao.tables.columns import as_text, ident, literal
from yibao.tables.faults import FileFaultError, finding
from yibao.tables.files import labels, open_file, table_files
from yibao.tables.report import LoadReport
from yibao.tables.source import READ_ERRORS, ROW, Column, Request, Source

HEAD, DX, PX, ITEM = "setlinfo", "diseinfo", "oprninfo", "iteminfo"
_CHILDREN = {DX: "diag_codes", PX: "oprn_codes", ITEM: "medfee_sumamt"}
_ORPHAN_LIMIT = 10_000


def is_normalised(folder: Path) -> bool:
    """Whether a folder holds the 4101 tables: it has ``setlinfo`` and no ``cases``."""
    return not table_files(folder, "cases") and bool(table_files(folder, HEAD))


def normalised_source(engine: Engine, folder: Path, request: Request, report: LoadReport) -> list[Source]:
    """Joins the 4101 tables of a folder into one source of ``cases``, placed at the rows of ``setlinfo``.

    The principal diagnosis is the one with maindiag_flag 1, else the first; only western diagnoses (diag_type 1 or
    none). The main procedure (oprn_oprt_type 1) goes first. The total fee is that of ``setlinfo``, else the sum of
    the fee items. The level is hosp_lv, else hi_setl_lv. Returns no source when ``setlinfo`` yields none.
    """
    for node in (HEAD, *_CHILDREN):
        _read_node(engine, folder, node, request, report)
    heads = engine.rows(f"SELECT DISTINCT src_file FROM node_{HEAD}")
    if not heads:
        return []
    _resolve_children(engine, report)
    path = request.work / "normalised.parquet"
    cells = _cells(engine, request.schema)
    chosen = ", ".join(f"{sql} AS {ident(name)}" for name, sql in cells.items())
    engine.con.execute(f"""
        COPY (SELECT h.src_file, h.src_row, {chosen} FROM node_{HEAD} h
              LEFT JOIN dx_of d USING (setl_id) LEFT JOIN px_of p USING (setl_id) LEFT JOIN fee_of f USING (setl_id)
              ORDER BY h.src_file, h.src_row)
        TO {literal(str(path))} (FORMAT parquet)""")
    engine.drop(*(f"node_{node}" for node in (HEAD, *_CHILDREN)), "dx_of", "px_of", "fee_of")
    missing = [name for name in request.required if name not in cells]
    if missing:
        detail = "、".join(f"{name}（{request.schema.field(name).label}）" for name in missing)
        raise FileFaultError("missing_column", f"{folder.name}/{HEAD}", detail)
    return [_source(request.schema, cells, path, str(file)) for (file,) in sorted(heads)]


def _source(schema: TableSchema, cells: Mapping[str, str], path: Path, file: str) -> Source:
    columns = tuple(Column(schema.field(name), name) for name in cells)
    return Source(file, str(path), columns, ROW, True, picked=file)


def _read_node(engine: Engine, folder: Path, node: str, request: Request, report: LoadReport) -> None:
    """Makes ``node_<name>``: the node's cells as text with src_file and src_row; empty when no file yields it."""
    schema = TABLES[node]
    names = [f"{ident(name)} VARCHAR" for name in schema.columns]
    engine.con.execute(f"CREATE OR REPLACE TABLE node_{node} ({', '.join(names)}, src_file VARCHAR, src_row BIGINT)")
    files = table_files(folder, node)
    if not files:
        report.add(finding("missing_child_table", Place(folder.name), detail=f"{node}（{schema.label}）"))
    for path, label in zip(files, labels(files), strict=True):
        report.files.append(label)
        try:
            for source in open_file(path, label, request._replace(schema=schema, required=schema.required), engine.con):
                _append(engine, node, source)
        except FileFaultError as fault:
            report.add(fault.finding)
        except READ_ERRORS:
            report.add(FileFaultError("unreadable_file", label).finding)


def _append(engine: Engine, node: str, source: Source) -> None:
    cells = ", ".join(f"tidy({as_text(column)}) AS {ident(column.field.name)}" for column in source.columns)
    blank = " AND ".join(f"{ident(column.field.name)} IS NULL" for column in source.columns)
    engine.con.execute(f"""
        INSERT INTO node_{node} BY NAME SELECT * FROM (
            SELECT {cells}, {literal(source.label)} AS src_file, {source.row} AS src_row FROM {source.scan})
        WHERE NOT ({blank})""")


def _resolve_children(engine: Engine, report: LoadReport) -> None:
    """Gives every child row its settlement and gathers them; rows without one are findings."""
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE keys_of AS
        SELECT DISTINCT setl_id AS k, setl_id FROM node_{HEAD} WHERE setl_id IS NOT NULL""")
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE visits_of AS
        SELECT mdtrt_id AS m, min(setl_id) AS by_visit FROM node_{HEAD} WHERE mdtrt_id IS NOT NULL GROUP BY mdtrt_id""")
    for node in _CHILDREN:
        engine.con.execute(f"""
            CREATE OR REPLACE TABLE node_{node} AS
            SELECT n.* EXCLUDE (setl_id), n.setl_id AS written_id,
                   CASE WHEN n.setl_id IS NULL THEN by_visit ELSE k END AS setl_id
            FROM node_{node} n LEFT JOIN keys_of ON n.setl_id = k LEFT JOIN visits_of ON n.mdtrt_id = m""")
        _orphans(engine, node, report)
    engine.drop("keys_of", "visits_of")
    _gather(engine)


def _orphans(engine: Engine, node: str, report: LoadReport) -> None:
    lost = f"FROM node_{node} WHERE setl_id IS NULL"
    count = engine.rows(f"SELECT count(*) {lost}")[0][0]
    rows = engine.rows(
        f"SELECT src_file, src_row, coalesce(written_id, mdtrt_id, '') {lost} ORDER BY 1, 2 LIMIT {_ORPHAN_LIMIT}"
    )
    for file, row, value in rows:
        place = Place(str(file), int(row), "setl_id", str(value))
        report.keep(finding("orphan_row", place, field=TABLES[node].field("setl_id")))
    if count:
        report.counts["orphan_row"] = report.counts.get("orphan_row", 0) + int(count)


def _gather(engine: Engine) -> None:
    """One row a settlement: diagnoses and procedures in order, and the fee.

    A fee item that is no amount becomes the settlement's fee as written, so that the check of the fee names it.
    """
    order = "TRY_CAST(seq AS INTEGER) NULLS LAST, src_file, src_row"
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE dx_of AS
        SELECT setl_id, string_agg(coalesce(diag_code, ''), '|'
                   ORDER BY coalesce(maindiag_flag IN ('1', '是'), FALSE) DESC, {order}) AS diag_codes
        FROM node_{DX} WHERE setl_id IS NOT NULL AND coalesce(diag_type, '1') IN ('1', '西医诊断', '西医')
        GROUP BY setl_id""")
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE px_of AS
        SELECT setl_id, string_agg(oprn_oprt_code, '|' ORDER BY
                   coalesce(oprn_oprt_type IN ('1', '主要手术及操作', '主要'), FALSE) DESC, {order}) AS oprn_codes
        FROM node_{PX} WHERE setl_id IS NOT NULL GROUP BY setl_id""")
    engine.con.execute(f"""
        CREATE OR REPLACE TEMP TABLE fee_of AS
        SELECT setl_id, coalesce(min(amt) FILTER (WHERE fen_of_text(amt) IS NULL),
                   CAST(CAST(sum(fen_of_text(amt)) AS DECIMAL(18, 2)) / 100 AS VARCHAR)) AS fee
        FROM node_{ITEM} WHERE setl_id IS NOT NULL GROUP BY setl_id""")


def _cells(engine: Engine, schema: TableSchema) -> dict[str, str]:
    """The SQL of each ``cases`` column that the 4101 tables give."""
    head = set(TABLES[HEAD].columns)
    filled = {
        name for name in TABLES[HEAD].columns
        if engine.rows(f"SELECT count({ident(name)}) FROM node_{HEAD}")[0][0]
    }  # fmt: skip
    cells = {name: f"h.{ident(name)}" for name in schema.columns if name in head & filled}
    if "hi_setl_lv" in filled:
        cells["hosp_lv"] = "coalesce(h.hosp_lv, h.hi_setl_lv)"
    if engine.count(f"node_{DX}"):
        cells["diag_codes"] = "d.diag_codes"
    if engine.count(f"node_{PX}"):
        cells["oprn_codes"] = "p.oprn_codes"
    if engine.count(f"node_{ITEM}"):
        cells["medfee_sumamt"] = "coalesce(h.medfee_sumamt, f.fee)"
    return {name: cells[name] for name in schema.columns if name in cells}
