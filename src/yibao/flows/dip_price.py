"""``yibao dip price``: groups, points and pays cases out of one sum. Wires tables, law, casemix and payment."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from yibao import __version__, tables
from yibao.casemix.dip.assess import assess as measure
from yibao.casemix.dip.assess import cost_per_point
from yibao.engine import Engine, load_sql
from yibao.flows.dip_catalogue import Saved, write_summary
from yibao.flows.dip_common import (
    OPTIONAL,
    PAYMENT,
    FlowError,
    Outcome,
    Setting,
    load_cases,
    load_facts,
    opened,
    parameters_of,
    quality_rows,
    write_faults,
)
from yibao.flows.dip_results import HOSPITALS_SQL, PRICED_SQL, TRAIL_SQL
from yibao.flows.dip_score import Scored, no_addons, score_cases
from yibao.kernel import half_up_ratio, yuan
from yibao.payment.point_value import display
from yibao.tables import LoadReport


def price(
    cases: Sequence[Path],
    catalogue: Path,
    out: Path,
    setting: Setting,
    *,
    budget_fen: int,
    since: date | None = None,
    until: date | None = None,
) -> Outcome:
    """Groups, points and pays the discharges in the window; Σ pay is the budget to the fen.

    Writes priced_cases.parquet, hospitals.parquet, trail.parquet (what `explain` reads), rejected.xlsx, summary.json.
    """
    if out.resolve() == catalogue.resolve():
        raise FlowError("结果不能写到目录所在的文件夹：那样会毁掉目录，请用 --out 另指定文件夹")
    saved = opened(catalogue, setting.law)
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        report = load_cases(engine, cases, (since, until))
        scored = score_cases(engine, setting.law, saved, no_addons())
        total = int(engine.rows("SELECT coalesce(sum(case_points), 0) FROM case_points")[0][0])
        if total <= 0:
            raise FlowError("病例总分值为0，预算无法分配：请检查目录与病例是否对应", [report])
        _share(engine, budget_fen)
        engine.run(load_sql(PAYMENT, "hospital"), {"scale": saved.summary["facts"]["score_scale"]})
        summary = _price_summary(engine, setting, saved, report, scored, budget_fen, total)
        summary["remarks"] = scored.remarks
        with tables.output_folder(out, optional=OPTIONAL) as folder:
            tables.write_parquet(engine, PRICED_SQL, folder / "priced_cases.parquet")
            tables.write_parquet(engine, HOSPITALS_SQL, folder / "hospitals.parquet")
            tables.write_parquet(engine, TRAIL_SQL, folder / "trail.parquet")
            write_faults(engine, folder, [report])
            write_summary(folder, summary)
    return Outcome(summary, [report], scored.remarks)


def _share(engine: Engine, budget_fen: int) -> None:
    """Makes ``share``: one sum among all cases by their points, as if they were of one fund."""
    engine.con.execute(
        "CREATE OR REPLACE VIEW payee AS SELECT p.case_no, g.setl_id, '' AS fund_type, 'local' AS scope, "
        "p.case_points AS points FROM case_points AS p JOIN grouped AS g ON g.case_no = p.case_no"
    )
    engine.put("share_fund", pa.table({"fund_type": pa.array([""]), "fund_fen": pa.array([budget_fen], pa.int64())}))
    engine.pipeline(PAYMENT, ("share_part", "share"))


def _price_summary(
    engine: Engine,
    setting: Setting,
    saved: Saved,
    report: LoadReport,
    scored: Scored,
    budget_fen: int,
    total: int,
) -> dict[str, Any]:
    facts = saved.summary["facts"]
    quality = measure(quality_rows(engine), cost_per_point(facts), facts["score_scale"])
    used = list({id(one): one for view in scored.views for one in view.used}.values())
    paid = int(engine.rows("SELECT sum(pay) FROM share")[0][0])
    ungrouped = int(engine.rows("SELECT count(*) FROM grouped WHERE dip_type = 'ungrouped'")[0][0])
    deviations = dict(engine.rows("SELECT deviation_type, count(*) FROM case_points GROUP BY 1 ORDER BY 1"))
    if paid != budget_fen:
        raise AssertionError("the shares do not sum to the budget")
    return {
        "made_by": f"yibao {__version__} dip price",
        "city": setting.law.code,
        "city_name": setting.law.name,
        **load_facts([report]),
        "priced": engine.count("share"),
        "ungrouped": ungrouped,
        "budget": f"{yuan(budget_fen):.2f}",
        "total_pay": f"{yuan(paid):.2f}",
        "total_points": f"{yuan(total) / 100:.4f}",
        "point_value": f"{yuan(half_up_ratio(Fraction(budget_fen, total), 10**6)) / 100:.4f}",
        "opening_point_value": f"{yuan(display(scored.opening)) / 100:.4f}",
        "riv": quality["riv"],
        "r2": quality["r2"],
        "cmi": quality["cmi"],
        "groups_core": saved.summary["groups_core"],
        "groups_composite": saved.summary["groups_composite"],
        "cases_by_deviation": deviations,
        "coverage": quality["coverage"],
        "draft": saved.summary["draft"],
        "facts": facts,
        "unverified": sorted({one.key for one in used if not one.grade.verified} | set(saved.summary["unverified"])),
        "parameters": parameters_of(used),
    }
