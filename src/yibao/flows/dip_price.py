"""``yibao dip price``: groups, points and pays cases out of one sum. Wires tables, law, casemix and payment."""

from collections.abc import Sequence
from datetime import date, timedelta
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
    CASEMIX,
    OPTIONAL,
    PAYMENT,
    FlowError,
    Outcome,
    Setting,
    clamped,
    group_cases,
    load_cases,
    load_facts,
    opened,
    opening_of,
    parameters_of,
    quality_rows,
    write_faults,
)
from yibao.flows.dip_results import HOSPITALS_SQL, PRICED_SQL, TRAIL_SQL
from yibao.kernel import half_up_ratio, yuan
from yibao.law import Law, View
from yibao.payment.point_value import display
from yibao.payment.terms import DEVIATION_KEYS, DipTerms, read_coefficients, read_terms, terms_table
from yibao.tables import LoadReport


def terms_of(law: Law, saved: Saved, first: date, last: date) -> tuple[list[DipTerms], pa.Table, list[View], list[str]]:
    """The law periods of the discharge dates, each with the regime of its day, which must be the catalogue's."""
    start, remarks = clamped(law, first, "测算，结果仅供模拟")
    cuts = [first, *(day for day in law.changes(DEVIATION_KEYS, start, last) if day > first)]
    views, terms, coefficients = [], [], []
    for at, until in zip(cuts, [*(day - timedelta(days=1) for day in cuts[1:]), last], strict=True):
        view = law.at(max(at, start))
        regime = view.text("dip.regime")
        if regime != saved.summary["facts"]["regime"]:
            raise FlowError(
                f"{at.isoformat()} 至 {until.isoformat()} 出院的病例适用 {regime}，而目录按 "
                f"{saved.summary['facts']['regime']} 建立：请用 yibao dip build --for {at.isoformat()} "
                "建立该版本的目录，分段定价"
            )
        mode = view.text("dip.point.mode", regime=regime)
        if mode != "floating":
            raise FlowError(
                f"点值方式（dip.point.mode）为 {mode}，yibao dip price 目前只按浮动点值（floating）分配预算"
            )
        views.append(view)
        terms.append(read_terms(view, at, until))
        coefficients.append(read_coefficients(view, saved.catalogue.levels, at, until))
    return terms, pa.concat_tables(coefficients), views, remarks


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
        first, last = engine.rows("SELECT min(dscg_date), max(dscg_date) FROM cases")[0]
        terms, coefficients, views, remarks = terms_of(setting.law, saved, first, last)
        views.append(group_cases(engine, setting.law, saved))
        engine.put("reference", saved.catalogue.reference)
        engine.put("level_coefficient", coefficients)
        engine.put("dip_terms", terms_table(terms))
        engine.pipeline(CASEMIX, ("grouped",))
        opening = opening_of(saved)
        facts = saved.summary["facts"]
        params = {
            "pv_e4": display(opening),
            "unit_fee_micro": facts["unit_fee_micro"],
            "scale": facts["score_scale"],
            "budget_fen": budget_fen,
        }
        engine.pipeline(PAYMENT, ("standard_fee", "case_points"), params)
        total = int(engine.rows("SELECT coalesce(sum(case_points), 0) FROM case_points")[0][0])
        if total <= 0:
            raise FlowError("病例总分值为0，预算无法分配：请检查目录与病例是否对应", [report])
        engine.pipeline(PAYMENT, ("share",), params)
        engine.run(load_sql(PAYMENT, "hospital"), {"scale": facts["score_scale"]})
        remarks += _coefficient_remarks(engine, report)
        if saved.summary["draft"]:
            remarks.append("所用版本是征求意见稿，没有施行：结果仅供模拟，不能据以支付")
        if engine.count("grouped") != engine.count("stay"):
            raise AssertionError("a case stands in the grouped table more than once")
        summary = _price_summary(engine, setting, saved, report, views, budget_fen, total, opening)
        summary["remarks"] = remarks
        with tables.output_folder(out, optional=OPTIONAL) as folder:
            tables.write_parquet(engine, PRICED_SQL, folder / "priced_cases.parquet")
            tables.write_parquet(engine, HOSPITALS_SQL, folder / "hospitals.parquet")
            tables.write_parquet(engine, TRAIL_SQL, folder / "trail.parquet")
            write_faults(engine, folder, [report])
            write_summary(folder, summary)
    return Outcome(summary, [report], remarks)


def _coefficient_remarks(engine: Engine, report: LoadReport) -> list[str]:
    if "hosp_lv" in report.missing_optional:
        return ["病例没有 hosp_lv（医院等级）列：医疗机构系数按1计，费用偏差与病种全部机构的次均费用比较"]
    said = []
    lost = engine.rows("SELECT count(*) FROM grouped WHERE hosp_lv = ''")[0][0]
    if lost:
        said.append(f"{lost}例没有医院等级，其医疗机构系数按1计")
    bare = engine.rows(
        "SELECT g.hosp_lv, count(*) FROM grouped AS g WHERE g.hosp_lv <> '' AND g.hosp_lv NOT IN "
        "(SELECT hosp_lv FROM level_coefficient) GROUP BY g.hosp_lv ORDER BY g.hosp_lv"
    )
    if engine.count("level_coefficient"):
        said += [f"历史病例没有{level}级医疗机构，其{n}例的医疗机构系数按1计" for level, n in bare]
    return said


def _price_summary(
    engine: Engine,
    setting: Setting,
    saved: Saved,
    report: LoadReport,
    views: Sequence[View],
    budget_fen: int,
    total: int,
    opening: Fraction,
) -> dict[str, Any]:
    facts = saved.summary["facts"]
    quality = measure(quality_rows(engine), cost_per_point(facts), facts["score_scale"])
    used = list({id(one): one for view in views for one in view.used}.values())
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
        "opening_point_value": f"{yuan(display(opening)) / 100:.4f}",
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
