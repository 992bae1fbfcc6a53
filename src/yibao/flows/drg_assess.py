"""``yibao drg assess``: a grouping measured on cases with their fees, with weights from a history. Holds no rule.

`measure_session` does the same for cases that stand in a session, with the edition of each day of discharge: a close
asks it for its year.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from yibao import tables
from yibao.casemix.drg import Scheme
from yibao.casemix.drg.assess import RISKS, Weight, measures, weights
from yibao.engine import Engine, load_sql
from yibao.flows.dip_common import FlowError
from yibao.flows.drg import BATCH, Edition, Editions, group_table
from yibao.flows.drg_scheme import load_scheme
from yibao.kernel import yuan
from yibao.packs import teaching_scheme
from yibao.tables import LoadReport

PACKAGE = "yibao.casemix.drg"
FEW = 100_000
"""So many cases the plain kernel groups in less time than a new machine takes to compile the other."""
_FIELDS = {
    "gender": "gend", "age": "age", "age_day": "nwb_age_days", "weight_g": "nwb_adm_wt", "los_days": "act_ipt_days",
    "leaving_type": "dscg_way", "dx": "diag_codes", "px": "oprn_codes",
}  # fmt: skip
"""The columns of ``cases`` that the columns of ``drg_cases`` are."""

Row = Mapping[str, Any]
Tell = Callable[[str], None]


class Measured(NamedTuple):
    """A grouping of a session's cases: its measures, its DRGs, hospitals and what each hospital has of each DRG.

    The summary has ``schemes`` (name, first and last day), ``status``, ``remarks`` and the measures of the grouping.
    """

    summary: dict[str, Any]
    groups: list[dict[str, Any]]
    hospitals: list[dict[str, Any]]
    cells: list[dict[str, Any]]


class Assessed(NamedTuple):
    """What `Measured` says of the cases of files, and what loading found."""

    summary: dict[str, Any]
    groups: list[dict[str, Any]]
    hospitals: list[dict[str, Any]]
    reports: list[LoadReport]


def assess(
    files: Sequence[Path],
    schemes: Path | Editions,
    out: Path | None = None,
    *,
    history: Sequence[Path] = (),
    memory: str | None = None,
    tell: Tell | None = None,
) -> Assessed:
    """Groups the cases of ``files`` (settlement lists with fees) and measures the grouping and every hospital.

    Weights, mean days and risk of death are those of ``history`` where it is given, else of the cases themselves. With
    ``out`` the DRGs and hospitals are written there (parquet and xlsx). Raises SchemeError, FlowError when no case is
    usable, OutputError.
    """
    say = tell or (lambda _step: None)
    with Engine(memory=memory) as engine:
        say("病例")
        report = tables.load(engine, "cases", files)
        if report.nothing:
            raise FlowError("没有可用的病例：请看列出的问题", [report])
        done = measure_session(engine, "cases", schemes, history, memory=memory, tell=tell)
        if out is not None:
            say("写结果")
            _write(engine, out, {"groups": done.measured.groups, "hospitals": done.measured.hospitals})
    return Assessed(*done.measured[:3], [report, *done.reports])


class Session(NamedTuple):
    """What `measure_session` found, and what loading the history found."""

    measured: Measured
    reports: list[LoadReport]


def measure_session(
    engine: Engine,
    table: str,
    schemes: Path | Editions,
    history: Sequence[Path] = (),
    *,
    until: date | None = None,
    memory: str | None = None,
    tell: Tell | None = None,
) -> Session:
    """Groups the cases of ``table`` (as ``cases`` loads) and measures them. Leaves ``drg_grouped`` (case_no = rowid of
    the table, edition, status, mdc, adrg, drg) and ``drg_weight`` in the session.

    ``history`` are files of cases that give the weights, up to the day ``until``; none, or none of them usable, and the
    cases give their own.
    """
    say = tell or (lambda _step: None)
    grouping = _grouped(engine, table, _editions(engine, table, schemes), say)
    rows = _groups_of(engine)
    reference, reports = _reference(grouping, history, until, memory, say)
    known = {
        (number, one.drg): one
        for number in range(len(grouping.schemes))
        for one in weights([row for row in reference or rows if row["edition"] == number])
    }
    rows_of_weights = [{"edition": number, **one._asdict()} for (number, _drg), one in known.items()]
    engine.put("drg_weight", pa.Table.from_pylist(rows_of_weights, WEIGHTS))
    engine.pipeline(PACKAGE, ("drg_hospital", "drg_cell"))
    hospitals = engine.fetch("SELECT * FROM drg_hospital ORDER BY fixmedins_code").to_pylist()
    cells = engine.fetch("SELECT * FROM drg_cell ORDER BY fixmedins_code, drg, edition").to_pylist()
    engine.drop("drg_case", "drg_group", "drg_hospital", "drg_cell")
    summary = {
        "scheme": "、".join(one.name for one in grouping.schemes),
        "schemes": [
            {"name": scheme.name, "first": edition.first.isoformat(), "last": edition.last.isoformat(),
             "teaching": edition.folder == teaching_scheme()}
            for scheme, edition in zip(grouping.schemes, grouping.editions, strict=True)
        ],
        "history": bool(reference), "status": dict(grouping.status), "remarks": dict(grouping.remarks),
        **measures(rows), "hospitals": len(hospitals),
    }  # fmt: skip
    groups = _groups(grouping.schemes, rows, known)
    return Session(Measured(summary, groups, [_hospital(row) for row in hospitals], cells), reports)


WEIGHTS = pa.schema([
    ("edition", pa.int64()), ("drg", pa.string()), ("cases", pa.int64()), ("mean_fee", pa.float64()),
    ("mean_days", pa.float64()), ("weight", pa.float64()), ("risk", pa.string()),
])  # fmt: skip
GROUPED = pa.schema([
    ("case_no", pa.int64()), ("edition", pa.int64()), ("status", pa.string()), ("mdc", pa.string()),
    ("adrg", pa.string()), ("drg", pa.string()),
])  # fmt: skip


class _Grouping(NamedTuple):
    editions: Sequence[Edition]
    schemes: Sequence[Scheme]
    status: Counter[str]
    remarks: Counter[str]


def _editions(engine: Engine, table: str, schemes: Path | Editions) -> Sequence[Edition]:
    first, last = engine.rows(f"SELECT min(dscg_date), max(dscg_date) FROM {table}")[0]
    return [Edition(first, last, schemes)] if isinstance(schemes, Path) else schemes(first, last)


def _grouped(engine: Engine, table: str, editions: Sequence[Edition], say: Tell) -> _Grouping:
    """Groups the cases of each edition's days; makes ``drg_grouped`` and ``drg_case``."""
    schemes = [load_scheme(one.folder, say) for one in editions]
    status, remarks = Counter[str](), Counter[str]()
    engine.put("drg_grouped", GROUPED.empty_table())
    shown = ", ".join(f"CAST({own} AS VARCHAR) AS {name}" for name, own in _FIELDS.items())
    for number, (edition, scheme) in enumerate(zip(editions, schemes, strict=True)):
        say(f"DRG分组：{scheme.name}")
        for first in range(0, engine.count(table), BATCH):
            cases = engine.fetch(
                f"SELECT setl_id AS case_id, {shown}, rowid AS case_no FROM {table} WHERE rowid >= {first} "
                f"AND rowid < {first + BATCH} AND dscg_date BETWEEN $first AND $last ORDER BY rowid",
                {"first": edition.first, "last": edition.last},
            )
            done = group_table(scheme, cases, few=FEW)
            for told, column in ((status, done.groups["status"]), (remarks, done.remarks["code"])):
                told.update({one["values"]: one["counts"] for one in column.value_counts().to_pylist()})
            found = {name: done.groups[name] for name in ("status", "mdc", "adrg", "drg")}
            edition_no = pa.array(np.full(cases.num_rows, number, dtype=np.int64))
            engine.con.register("_grouping", pa.table({"case_no": cases["case_no"], "edition": edition_no, **found}))
            engine.con.execute("INSERT INTO drg_grouped SELECT * FROM _grouping")
            engine.con.unregister("_grouping")
    engine.con.execute(f"""
        CREATE OR REPLACE TABLE drg_case AS
        SELECT c.setl_id AS case_id, c.fixmedins_code, g.edition,
            CASE WHEN g.status = '分组成功' THEN g.drg ELSE '' END AS drg, c.medfee_sumamt AS fee,
            CAST(coalesce(c.act_ipt_days, date_diff('day', c.adm_date, c.dscg_date)) AS BIGINT) AS days,
            CASE WHEN c.dscg_way = '5' THEN 1 ELSE 0 END AS died
        FROM {table} AS c JOIN drg_grouped AS g ON g.case_no = c.rowid""")
    return _Grouping(editions, schemes, status, remarks)


def _reference(
    grouping: _Grouping, history: Sequence[Path], until: date | None, memory: str | None, say: Tell
) -> tuple[list[dict[str, Any]], list[LoadReport]]:
    """The rows of drg_group.sql over a history that is grouped by every scheme in turn: a weight belongs to the
    edition by which a case is grouped, whatever was in force when the history's cases were discharged.
    """
    if not history:
        return [], []
    say("以前年度的病例")
    found: list[dict[str, Any]] = []
    with Engine(memory=memory) as engine:
        report = tables.load(engine, "cases", history, window=(None, until))
        if report.nothing:
            return [], [report]
        for number in range(len(grouping.schemes)):
            _grouped(engine, "cases", [Edition(date.min, date.max, grouping.editions[number].folder)], say)
            found += [{**row, "edition": number} for row in _groups_of(engine)]
    return found, [report]


def _groups_of(engine: Engine) -> list[dict[str, Any]]:
    engine.run(load_sql(PACKAGE, "drg_group"))
    return list(engine.fetch("SELECT * FROM drg_group ORDER BY edition, drg").to_pylist())


def _groups(
    schemes: Sequence[Scheme], rows: Sequence[Row], known: Mapping[tuple[int, str], Weight]
) -> list[dict[str, Any]]:
    """The DRGs as people read them: fees in 元, weight and risk of the reference (none where it lacks the DRG)."""
    found = []
    for row in rows:
        if not row["drg"]:
            continue
        own = known.get((row["edition"], row["drg"]))
        found.append({
            "scheme": schemes[row["edition"]].name, "drg": row["drg"],
            "name": schemes[row["edition"]].drg_name(row["drg"]), "cases": row["cases"],
            "mean_fee": float(yuan(round(row["mean_fee"]))),
            "cv": row["sd_fee"] / row["mean_fee"] if row["mean_fee"] else None, "mean_days": row["mean_days"],
            "deaths": row["deaths"], "weight": own.weight if own else None, "risk": RISKS[own.risk] if own else None,
        })  # fmt: skip
    return found


def _hospital(row: dict[str, Any]) -> dict[str, Any]:
    low = row["low_risk_cases"]
    return {**row, "low_risk_mortality": row["low_risk_deaths"] / low if low else None}


HEADS = {
    "scheme": "分组方案", "drg": "DRG", "name": "名称", "cases": "病例（例）", "mean_fee": "次均费用（元）",
    "cv": "变异系数CV", "mean_days": "平均住院日（天）", "deaths": "死亡（例）", "weight": "权重", "risk": "死亡风险",
    "fixmedins_code": "医疗机构编号", "groups": "DRG组数（个）", "total_weight": "总权重", "cmi": "CMI",
    "time_index": "时间消耗指数", "cost_index": "费用消耗指数", "low_risk_cases": "低风险组病例（例）",
    "low_risk_deaths": "低风险组死亡（例）", "low_risk_mortality": "低风险组死亡率",
}  # fmt: skip
_NAMES = {"groups": "DRG", "hospitals": "医疗机构"}


def _write(engine: Engine, out: Path, found: dict[str, list[dict[str, Any]]]) -> None:
    with tables.output_folder(out) as part:
        sheets = []
        for name, rows in found.items():
            columns = list(rows[0]) if rows else ["drg"]
            engine.put(
                f"drg_{name}", pa.Table.from_pylist(rows) if rows else pa.table({"drg": pa.array([], pa.string())})
            )
            tables.write_parquet(engine, f"SELECT * FROM drg_{name}", part / f"{name}.parquet")
            heads = [HEADS[column] for column in columns]
            sheets.append(tables.Sheet(_NAMES[name], heads, [[row[column] for column in columns] for row in rows]))
        tables.write_xlsx(part / "assess.xlsx", sheets)
