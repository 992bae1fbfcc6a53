"""What ``yibao reconcile`` writes: differences, daily totals, columns, rejects, summary. Every total is proved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from yibao import __version__, tables
from yibao.engine import Engine, load_sql
from yibao.flows.reconcile_files import SIDES, Side, unused
from yibao.kernel import Severity, yuan
from yibao.reconcile.columns import GROUNDS, shared
from yibao.reconcile.kinds import BY_CODE, KINDS, NEUTRAL, RUNGS, SUMMED, UNEXPLAINED
from yibao.reconcile.ladder import PACKAGE, Climbed
from yibao.standard import FIELDS
from yibao.standard.reconcile import AMOUNTS
from yibao.tables import LoadReport

MADE_BY = "yibao reconcile"
COUNT = "setl_cnt"
"""What the number of settlements is called among the amounts of daily.parquet."""
OPTIONAL = (
    "findings.xlsx", "rejected_ours.xlsx", "rejected_theirs.xlsx", "rejected.parquet", "differences.parquet",
    "daily.parquet", "totals.parquet", "reconcile.xlsx",
)  # fmt: skip
"""Files that a run writes only when there is something to say, or writes after the rest."""
_SHOWN = (
    "diff_no", "kind", "kind_name", "rung", "among", "ours_cnt", "theirs_cnt", "ours_setl_id", "theirs_setl_id",
    "ours_mdtrt_id", "theirs_mdtrt_id", "psn_no", "ours_day", "theirs_day", "ours_fixmedins_code",
    "theirs_fixmedins_code", "ours_insutype", "theirs_insutype", "ours_clr_type", "theirs_clr_type", "ours_row",
    "theirs_row", "differs", "suspects", "suspect_kin", "suspect_at", "next_step",
)  # fmt: skip
"""The columns of differences.parquet before the amounts."""
_YUAN = "CAST({0} * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(20, 2))"


class Facts(NamedTuple):
    """What is compared: the sides, the identifier, amounts and classes that both have; how each writes reversals."""

    sides: tuple[Side, Side]
    lead: str
    amounts: list[str]
    classes: list[str]
    signs: dict[str, tuple[bool, int]]
    climbed: Climbed = Climbed(0, {}, False)

    @property
    def by_day(self) -> bool:
        """Whether both sides have the day."""
        return all("setl_time" in one.fields for one in self.sides)


def write_results(engine: Engine, facts: Facts, reports: Sequence[LoadReport], part: Path) -> None:
    """Proves that every total closes and writes the tables into ``part``. Raises AssertionError where one does not."""
    _prove(engine)
    _put_words(engine)
    engine.run(load_sql(PACKAGE, "difference"), {"listed": int(_listed(facts))})
    tables.write_parquet(engine, _differences(facts), part / "differences.parquet")
    tables.write_parquet(engine, _daily(facts), part / "daily.parquet")
    engine.put("_columns", column_table(facts.sides))
    tables.write_parquet(engine, "SELECT * FROM _columns", part / "columns.parquet")
    rows = [row for side, report in zip(facts.sides, reports, strict=True) for row in _rejected(engine, side, report)]
    if rows:
        engine.put("_rejected_rows", pa.Table.from_pylist(rows, schema=_REJECTED))
        tables.write_parquet(engine, "SELECT * FROM _rejected_rows", part / "rejected.parquet")


def _listed(facts: Facts) -> bool:
    """Whether equal settlements that were matched otherwise are named: not where there was no other way for any."""
    return facts.lead == "setl_id" and not facts.climbed.own_numbers


def _prove(engine: Engine) -> None:
    open_totals = engine.rows("SELECT count(*) FROM closing WHERE difference <> told")[0][0]
    outside = engine.rows("SELECT coalesce(sum(fen), 0) FROM part")[0][0]
    inside = engine.rows("SELECT coalesce(sum(told), 0) FROM closing")[0][0]
    if open_totals or outside != inside:
        raise AssertionError(f"{open_totals} totals of reconciling do not close")


def _put_words(engine: Engine) -> None:
    """``kind_word``: what kinds and fields are called, in their order."""
    rows = [("kind", one.code, n, one.label, one.next_step) for n, one in enumerate((*KINDS, *NEUTRAL))]
    rows += [("field", name, n, FIELDS[name].label, "") for n, name in enumerate(AMOUNTS)]
    names = ("word", "code", "seq", "label", "next_step")
    engine.put("kind_word", pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))))


def _differences(facts: Facts) -> str:
    amounts = ", ".join(
        f"{_YUAN.format(f'a.ours_{name}')} AS ours_{name}, {_YUAN.format(f'a.theirs_{name}')} AS theirs_{name}, "
        f"{_YUAN.format(f'(a.ours_{name} - a.theirs_{name})')} AS diff_{name}"
        for name in facts.amounts
    )
    columns = ", ".join(f"d.{name}" for name in _SHOWN)
    return (
        f"SELECT {columns}, {amounts} FROM difference AS d JOIN item_amount AS a ON a.item = d.item ORDER BY d.diff_no"
    )


def _daily(facts: Facts) -> str:
    """Every total with what explains it; the number of settlements stands among the amounts as ``setl_cnt``."""
    lost = " + ".join(UNEXPLAINED)
    columns = ("ours", "theirs", "difference", *SUMMED)
    words = ", ".join(
        f"CASE WHEN field = 'n' THEN CAST({name} AS DECIMAL(20, 2)) ELSE {_YUAN.format(name)} END AS {name}"
        for name in columns
    )
    as_yuan = _YUAN.format(f"({lost})")
    words += f", CASE WHEN field = 'n' THEN CAST({lost} AS DECIMAL(20, 2)) ELSE {as_yuan} END AS unexplained"
    kept = ", ".join(f"'{name}'" for name in ("n", *facts.amounts))
    return (
        "SELECT day, fixmedins_code, insutype, clr_type, "
        f"CASE WHEN field = 'n' THEN '{COUNT}' ELSE field END AS field, {words} "
        "FROM closing LEFT JOIN kind_word AS w ON w.word = 'field' AND w.code = field "
        f"WHERE field IN ({kept}) ORDER BY day, fixmedins_code, insutype, clr_type, coalesce(w.seq, -1)"
    )


def column_table(sides: Sequence[Side]) -> pa.Table:
    """Every column of every file with the field it was taken for, the ground, and some of its values."""
    rows = [
        {
            "side": side.name, "file": label, "column": one.column, "field": one.field,
            "label": FIELDS[one.field].label if one.field else "", "ground": one.ground,
            "ground_name": GROUNDS.get(one.ground, "不用"), "samples": "、".join(one.samples),
        }
        for side in sides
        for label, one in side.columns
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


_REJECTED = pa.schema([
    ("side", pa.string()), ("file", pa.string()), ("row", pa.int64()), ("setl_id", pa.string()),
    ("mdtrt_id", pa.string()), ("psn_no", pa.string()), ("setl_time", pa.string()), ("amounts", pa.string()),
    ("reason", pa.string()), ("next_step", pa.string()),
])  # fmt: skip


def _rejected(engine: Engine, side: Side, report: LoadReport) -> list[dict[str, Any]]:
    """The rejected rows of a side with their reasons, in the order of the files."""
    told: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for one in report.findings:
        if one.severity is Severity.ERROR and one.place.row is not None:
            text = f"{one.message}：{one.place.value}" if one.place.value else one.message
            told.setdefault((one.place.file, one.place.row), []).append((text, one.next_step))
    amounts = [name for name in AMOUNTS if name in side.fields]
    shown = ", ".join(("setl_id", "mdtrt_id", "psn_no", "setl_time", *amounts))
    held = {
        (row[0], row[1]): row[2:]
        for row in engine.rows(f"SELECT src_file, src_row, {shown} FROM {report.rejects} ORDER BY src_file, src_row")
    }
    rows = []
    for (file, row), reasons in sorted(told.items()):
        cells = held.get((file, row), (None,) * (4 + len(amounts)))
        money = "，".join(
            f"{FIELDS[name].label} {cell}" for name, cell in zip(amounts, cells[4:], strict=True) if cell is not None
        )
        rows.append(
            dict(
                zip(_REJECTED.names, (
                    side.name, file, row, *cells[:4], money, "；".join(dict.fromkeys(text for text, _step in reasons)),
                    "；".join(dict.fromkeys(step for _text, step in reasons)),
                ), strict=True)
            )
        )  # fmt: skip
    return rows


# --- the summary ----------------------------------------------------------------------------------------------------


def summary_of(engine: Engine, facts: Facts, reports: Sequence[LoadReport]) -> dict[str, Any]:
    """summary.json: what was compared, the totals, what each kind explains, what stays unexplained."""
    counts = {kind: int(n) for kind, n in engine.rows("SELECT kind, count(DISTINCT item) FROM verdict GROUP BY kind")}
    sums = {(kind, field): int(fen) for kind, field, fen in engine.rows(
        "SELECT kind, field, sum(fen) FROM part GROUP BY kind, field")}  # fmt: skip
    totals = {
        field: (int(ours), int(theirs))
        for field, ours, theirs in engine.rows("SELECT field, sum(ours), sum(theirs) FROM closing GROUP BY field")
    }
    rejected = sum(one.rows_rejected for one in reports)
    differing = [kind for kind in KINDS if counts.get(kind.code)]
    return {
        "made_by": f"{MADE_BY} {__version__}",
        "mode": "lines",
        "equal": not differing and not rejected,
        "files": {
            side.name: file_facts(side, report) for side, report in zip(facts.sides, reports, strict=True)
        },
        "lead": facts.lead,
        "amounts": facts.amounts,
        "classes": facts.classes,
        "by_day": facts.by_day,
        "settlements": dict(zip(("ours", "theirs"), totals.get("n", (0, 0)), strict=True)),
        "totals": {name: _total(name, totals.get(name, (0, 0)), sums) for name in facts.amounts},
        "differences": sum(counts.get(one.code, 0) for one in KINDS),
        "kinds": [
            {
                "kind": one.code, "label": one.label, "count": counts[one.code],
                "amounts": {name: str(yuan(sums.get((one.code, name), 0))) for name in facts.amounts},
            }
            for one in differing
        ],
        "linked": counts.get("linked", 0) if _listed(facts) else 0,
        "matched": {name: facts.climbed.rungs[name] for name in RUNGS if name in facts.climbed.rungs},
        "rejected": rejected,
        "remarks": _remarks(engine, facts, counts),
    }  # fmt: skip


def file_facts(side: Side, report: LoadReport) -> dict[str, Any]:
    """What a summary says of one side's files."""
    return {
        "files": report.files,
        "rows": report.rows_read,
        "rejected": report.rows_rejected,
        "faults": dict(sorted(report.counts.items())),
        "unused_columns": unused(side),
        "columns": [
            {
                "file": label,
                "column": one.column,
                "field": one.field,
                "ground": one.ground,
                "samples": list(one.samples),
            }
            for label, one in side.columns
            if one.field
        ],
    }


def _total(name: str, pair: tuple[int, int], sums: dict[tuple[str, str], int]) -> dict[str, str]:
    lost = sum(sums.get((kind, name), 0) for kind in UNEXPLAINED)
    apart = pair[0] - pair[1]
    return {
        "ours": str(yuan(pair[0])), "theirs": str(yuan(pair[1])), "difference": str(yuan(apart)),
        "explained": str(yuan(apart - lost)), "unexplained": str(yuan(lost)),
    }  # fmt: skip


def _remarks(engine: Engine, facts: Facts, counts: dict[str, int]) -> list[str]:
    """What a clerk should know before trusting the figures."""
    said = []
    spoilt = engine.rows(
        "SELECT side, count(*) FROM open_line WHERE setl_id IS NOT NULL AND setl_id_form IS NULL "
        "GROUP BY side ORDER BY side"
    )
    said += [
        f"{SIDES[side]}有{n}行的结算ID被Excel改成了科学计数法，后几位已经丢失，不能用来对；请重新导出，该列设为文本格式"
        for side, n in spoilt
    ]
    for side in facts.sides:
        minus, flagged = facts.signs[side.name]
        if flagged and minus:
            said.append(f"{SIDES[side.name]}的冲销以负数写；另有{flagged}行退费标志为1而金额为正，按正数计")
        elif flagged:
            said.append(f"{SIDES[side.name]}有{flagged}行退费标志为1、金额为正，文件里没有负数：这些行按冲减计算")
    if facts.climbed.own_numbers:
        said.append("两边的结算ID没有一个相同，像是各自的编号；已改按就诊ID、人员编号对")
    if counts.get("linked") and _listed(facts):
        said.append(f"有{counts['linked']}笔结算ID写法不同或缺失，金额、日期都相同，已对上；逐笔列在差异明细末尾")
    doubled = engine.rows("SELECT count(DISTINCT item) FROM verdict WHERE kind = 'same' AND among > 1")[0][0]
    if doubled and facts.lead == "setl_id":
        said.append(f"有{doubled}笔在两边都重复出现，彼此相抵，不算差异；请核对是否重复结算")
    near = engine.rows("SELECT count(*) FROM suspect")[0][0]
    if near:
        said.append(f"有{near}笔没有对上的结算与对方的某笔相近而证据不足，没有合并；见差异明细的“相近的结算”")
    names = [set(shared(one.fields, one.fields)) for one in facts.sides]
    lone = [FIELDS[name].label for name in AMOUNTS if (name in names[0]) != (name in names[1])]
    if lone:
        said.append(f"只有一方有、没有比较的金额：{'、'.join(lone)}")
    if not facts.by_day:
        said.append("没有两边都有的结算时间，不分日列合计，也看不出跨日")
    return said


def label_of(kind: str) -> str:
    """The Chinese name of a kind."""
    return BY_CODE[kind].label
