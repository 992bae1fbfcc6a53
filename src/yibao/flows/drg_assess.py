"""``yibao drg assess``: a grouping measured on cases with their fees, with weights from a history. Holds no rule."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from yibao import tables
from yibao.casemix.drg import Scheme
from yibao.casemix.drg.assess import RISKS, Weight, measures, weights
from yibao.engine import Engine, load_sql
from yibao.flows.dip_common import FlowError
from yibao.flows.drg import group_table
from yibao.flows.drg_scheme import load_scheme
from yibao.kernel import yuan
from yibao.tables import LoadReport

PACKAGE = "yibao.casemix.drg"
_FIELDS = {
    "gender": "gend", "age": "age", "age_day": "nwb_age_days", "weight_g": "nwb_adm_wt", "los_days": "act_ipt_days",
    "leaving_type": "dscg_way", "dx": "diag_codes", "px": "oprn_codes",
}  # fmt: skip
"""The columns of ``cases`` that the columns of ``drg_cases`` are."""


class Assessed(NamedTuple):
    """The measures of a grouping, its DRGs and hospitals as rows, and what loading found."""

    summary: dict[str, Any]
    groups: list[dict[str, Any]]
    hospitals: list[dict[str, Any]]
    reports: list[LoadReport]


def assess(
    files: Sequence[Path],
    folder: Path,
    out: Path | None = None,
    *,
    history: Sequence[Path] = (),
    memory: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> Assessed:
    """Groups the cases of ``files`` (settlement lists with fees) and measures the grouping and every hospital.

    Weights, mean days and risk of death are those of ``history`` where it is given, else of the cases themselves. With
    ``out`` the DRGs and hospitals are written there (parquet and xlsx). Raises SchemeError, FlowError when no case is
    usable, OutputError.
    """
    say = tell or (lambda _step: None)
    scheme = load_scheme(folder, tell)
    with Engine(memory=memory) as engine:
        reports, reference = [], []
        if history:
            say("以前年度的病例")
            reports.append(_grouped(engine, scheme, history))
            reference = _rows(engine)
        say("病例")
        reports.append(_grouped(engine, scheme, files))
        rows = _rows(engine)
        known = weights(reference or rows)
        engine.put("drg_weight", pa.Table.from_pylist([one._asdict() for one in known], _WEIGHTS))
        engine.run(load_sql(PACKAGE, "drg_hospital"))
        hospitals = [_hospital(row) for row in engine.fetch(
            "SELECT * FROM drg_hospital ORDER BY fixmedins_code").to_pylist()]  # fmt: skip
        groups = _groups(scheme, rows, {one.drg: one for one in known})
        summary = {"scheme": scheme.name, "history": bool(history), **measures(rows), "hospitals": len(hospitals)}
        if out is not None:
            say("写结果")
            _write(engine, out, {"groups": groups, "hospitals": hospitals})
    return Assessed(summary, groups, hospitals, reports)


_WEIGHTS = pa.schema([
    ("drg", pa.string()), ("cases", pa.int64()), ("mean_fee", pa.float64()), ("mean_days", pa.float64()),
    ("weight", pa.float64()), ("risk", pa.string()),
])  # fmt: skip


def _grouped(engine: Engine, scheme: Scheme, files: Sequence[Path]) -> LoadReport:
    """Makes the session's ``drg_case``: case_id, fixmedins_code, drg ('' for none), fee in fen, days, died (1 or 0)."""
    report = tables.load(engine, "cases", files)
    if report.nothing:
        raise FlowError("没有可用的病例：请看列出的问题", [report])
    shown = ", ".join(f"CAST({own} AS VARCHAR) AS {name}" for name, own in _FIELDS.items())
    cases = engine.fetch(f"SELECT setl_id AS case_id, {shown} FROM cases ORDER BY rowid")
    groups = group_table(scheme, cases).groups
    engine.put("drg_grouped", groups.select(["case_id", "status", "drg"]))
    engine.con.execute("""
        CREATE OR REPLACE TABLE drg_case AS
        SELECT c.setl_id AS case_id, c.fixmedins_code, CASE WHEN g.status = '分组成功' THEN g.drg ELSE '' END AS drg,
            c.medfee_sumamt AS fee,
            CAST(coalesce(c.act_ipt_days, date_diff('day', c.adm_date, c.dscg_date)) AS BIGINT) AS days,
            CASE WHEN c.dscg_way = '5' THEN 1 ELSE 0 END AS died
        FROM cases AS c JOIN drg_grouped AS g ON g.case_id = c.setl_id""")
    engine.drop("cases", report.rejects, "drg_grouped")
    return report


def _rows(engine: Engine) -> list[dict[str, Any]]:
    engine.run(load_sql(PACKAGE, "drg_group"))
    return list(engine.fetch("SELECT * FROM drg_group ORDER BY drg").to_pylist())


def _groups(scheme: Scheme, rows: Sequence[dict[str, Any]], known: dict[str, Weight]) -> list[dict[str, Any]]:
    """The DRGs as people read them: fees in 元, weight and risk of the reference (none where it lacks the DRG)."""
    found = []
    for row in rows:
        if not row["drg"]:
            continue
        own = known.get(row["drg"])
        found.append({
            "drg": row["drg"], "name": scheme.drg_name(row["drg"]), "cases": row["cases"],
            "mean_fee": float(yuan(round(row["mean_fee"]))),
            "cv": row["sd_fee"] / row["mean_fee"] if row["mean_fee"] else None, "mean_days": row["mean_days"],
            "deaths": row["deaths"], "weight": own.weight if own else None, "risk": RISKS[own.risk] if own else None,
        })  # fmt: skip
    return found


def _hospital(row: dict[str, Any]) -> dict[str, Any]:
    low = row["low_risk_cases"]
    return {**row, "low_risk_mortality": row["low_risk_deaths"] / low if low else None}


HEADS = {
    "drg": "DRG", "name": "名称", "cases": "病例（例）", "mean_fee": "次均费用（元）", "cv": "变异系数CV",
    "mean_days": "平均住院日（天）", "deaths": "死亡（例）", "weight": "权重", "risk": "死亡风险",
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
