"""Totals (3201) on one side or both: what can be compared is compared, and what cannot be named is said to be so."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from yibao import __version__, tables
from yibao.engine import Engine, load_sql
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError
from yibao.flows.reconcile_files import LINES, SIDES, TOTALS, Side
from yibao.flows.reconcile_results import MADE_BY, OPTIONAL, column_table, file_facts
from yibao.kernel import Finding, Severity, yuan
from yibao.reconcile.columns import KEYS, shared
from yibao.reconcile.ladder import PACKAGE
from yibao.reconcile.totals import GROUPS, PERIOD, Compared, Key, Row, compare_totals, lines_by, totals_by
from yibao.standard import FIELDS
from yibao.tables import LoadReport

_MONEY = pa.decimal128(20, 2)


def reconcile_totals(engine: Engine, sides: tuple[Side, Side], out: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Compares by period and by the groups both have; writes ``totals.parquet``, ``columns.parquet``, summary.json.

    Raises FlowError where a side yields nothing or no amount is common.
    """
    amounts = shared(sides[0].fields, sides[1].fields)
    if not amounts:
        raise FlowError("总账和对方没有共同的金额列，无从比较；请用 --ours-map、--theirs-map 写明同一种金额")
    groups = [name for name in GROUPS if name in sides[0].fields and name in sides[1].fields]
    reports: list[LoadReport] = []
    rows = [_rows(engine, side, amounts, groups, reports) for side in sides]
    keyed = [
        totals_by(mine, groups, amounts, "fixmedins_setl_cnt" in side.fields) if side.table == TOTALS else None
        for side, mine in zip(sides, rows, strict=True)
    ]
    keys: list[Key] = [key for one in keyed if one is not None for key in one]
    both = [
        lines_by(mine, keys, groups, amounts) if one is None else one for one, mine in zip(keyed, rows, strict=True)
    ]
    found = compare_totals(both[0], both[1])
    with tables.output_folder(out, optional=OPTIONAL) as part:
        engine.put("_totals", _table(found, groups))
        tables.write_parquet(engine, "SELECT * FROM _totals", part / "totals.parquet")
        engine.put("_columns", column_table(sides))
        tables.write_parquet(engine, "SELECT * FROM _columns", part / "columns.parquet")
        for side, report in zip(sides, reports, strict=True):
            if report.rows_rejected:
                tables.write_rejected(part / f"rejected_{side.name}.xlsx", engine, report)
        faults = [one for report in reports for one in report.findings]
        if any(one.severity is not Severity.INFO for one in faults):
            tables.write_findings(part / "findings.xlsx", faults)
        summary = _summary(sides, reports, amounts, groups, found)
        write_summary(part, summary)
    return summary, faults


def _rows(engine: Engine, side: Side, amounts: list[str], groups: list[str], reports: list[LoadReport]) -> list[Row]:
    """Totals as they stand; lines summed by day and group."""
    view = f"{side.name}_rows"
    more = [name for name in (*PERIOD, "setl_time", "fixmedins_setl_cnt", "refd_setl_flag") if name in side.fields]
    keys = [name for name in KEYS if name in side.fields] if side.table == LINES else []
    opened = tables.open_lines(
        engine, side.table, side.files, into=view, headers=side.headers, columns=[*amounts, *groups, *more, *keys],
        keys=keys,
    )  # fmt: skip
    if not opened.sources:
        raise FlowError(f"{SIDES[side.name]}的文件读不出来；请按列出的问题处理", [opened.report])
    faulty = [row[0] for row in engine.rows(f"SELECT line_no FROM {view} WHERE NOT sound")]
    tables.close_lines(engine, opened, int(engine.rows(f"SELECT count(*) FROM {view}")[0][0]), faulty)
    reports.append(opened.report)
    if opened.report.nothing:
        raise FlowError(f"{SIDES[side.name]}的文件里没有一行可用；请核对文件是否导出完整", [opened.report])
    if side.table == TOTALS:
        return list(engine.fetch(f"SELECT * FROM {view} WHERE sound ORDER BY line_no").to_pylist())
    minus = engine.rows(
        f"SELECT count(*) FROM {view} WHERE {' + '.join(f'coalesce({name}, 0)' for name in amounts)} < 0"
    )
    engine.con.execute(f"CREATE OR REPLACE TEMP VIEW loaded AS SELECT *, '' AS lead_id FROM {view}")
    engine.run(load_sql(PACKAGE, "line"), {"minus": bool(minus[0][0])}, table="one_line")
    by = ", ".join(("day", *(name for name in groups if name != "setl_optins")))
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in amounts)
    query = f"SELECT {by}, count(*) AS setl_cnt, {sums} FROM one_line WHERE sound GROUP BY {by} ORDER BY {by}"
    return list(engine.fetch(query).to_pylist())


def _table(found: list[Compared], groups: list[str]) -> pa.Table:
    """One row a group and field; the number of settlements stands among the amounts."""
    schema = pa.schema([
        ("stmt_begndate", pa.date32()), ("stmt_enddate", pa.date32()), *((name, pa.string()) for name in groups),
        ("field", pa.string()), ("ours", _MONEY), ("theirs", _MONEY), ("difference", _MONEY),
    ])  # fmt: skip
    rows = []
    for one in found:
        for field, (ours, theirs) in one.sums.items():
            values = [
                None if fen is None else (yuan(100 * fen) if field == "setl_cnt" else yuan(fen))
                for fen in (ours, theirs, (ours or 0) - (theirs or 0))
            ]
            cells = (one.begin, one.end, *one.group, field, *values)
            rows.append(dict(zip(schema.names, cells, strict=True)))
    return pa.Table.from_pylist(rows, schema=schema)


def _summary(
    sides: tuple[Side, Side], reports: list[LoadReport], amounts: list[str], groups: list[str], found: list[Compared]
) -> dict[str, Any]:
    totals = {}
    for name in amounts:
        ours = sum(one.sums.get(name, (0, 0))[0] or 0 for one in found)
        theirs = sum(one.sums.get(name, (0, 0))[1] or 0 for one in found)
        totals[name] = {
            "ours": str(yuan(ours)), "theirs": str(yuan(theirs)), "difference": str(yuan(ours - theirs)),
            "explained": "0.00", "unexplained": str(yuan(ours - theirs)),
        }  # fmt: skip
    unequal = [one for one in found if not one.equal]
    rejected = sum(one.rows_rejected for one in reports)
    remarks = []
    if unequal:
        missing = "、".join(SIDES[one.name] for one in sides if one.table == TOTALS)
        remarks.append(f"{missing}只有总账，指不出差在哪几笔；请取得{missing}的明细（3202）再对一次")
    if groups:
        remarks.append(f"按{'、'.join(FIELDS[name].label for name in groups)}分组比较")
    return {
        "made_by": f"{MADE_BY} {__version__}", "mode": "totals", "equal": not unequal and not rejected,
        "files": {side.name: file_facts(side, report) for side, report in zip(sides, reports, strict=True)},
        "amounts": amounts, "classes": groups, "totals": totals, "differences": len(unequal), "kinds": [],
        "rejected": rejected, "remarks": remarks,
    }  # fmt: skip
