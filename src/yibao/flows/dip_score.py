"""Grouping and scoring cases under the law of their discharge: what `dip price` and `close` share. Holds no rule."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

import pyarrow as pa

from yibao.engine import Engine
from yibao.flows.dip_catalogue import Saved
from yibao.flows.dip_common import CASEMIX, PAYMENT, FlowError, clamped, group_cases, opening_of
from yibao.law import Law, View
from yibao.payment.point_value import display
from yibao.payment.terms import DEVIATION_KEYS, DipTerms, read_coefficients, read_terms, terms_table


class Scored(NamedTuple):
    """What scoring leaves besides its tables: the opening value (元 per 分), the law the catalogue groups by, the views
    read (that one among them), remarks for the user.
    """

    opening: Fraction
    grouping: View
    views: list[View]
    remarks: list[str]


def periods(law: Law, keys: Sequence[str], first: date, last: date) -> Iterator[tuple[date, date, View]]:
    """The stretches of days between which no value of the keys changes: first and last day, and the law in force.

    Days before the city's DIP law are of its first day.
    """
    start, _ = clamped(law, first, "")
    cuts = [first, *(day for day in law.changes(keys, start, last) if day > first)]
    for at, until in zip(cuts, [*(day - timedelta(days=1) for day in cuts[1:]), last], strict=True):
        yield at, until, law.at(max(at, start))


def terms_of(law: Law, saved: Saved, first: date, last: date) -> tuple[list[DipTerms], pa.Table, list[View], list[str]]:
    """The law periods of the discharge dates, each with the regime of its day, which must be the catalogue's."""
    _, remarks = clamped(law, first, "测算，结果仅供模拟")
    views, terms, coefficients = [], [], []
    for at, until, view in periods(law, DEVIATION_KEYS, first, last):
        regime = view.text("dip.regime")
        if regime != saved.summary["facts"]["regime"]:
            raise FlowError(
                f"{at.isoformat()} 至 {until.isoformat()} 出院的病例适用 {regime}，而目录按 "
                f"{saved.summary['facts']['regime']} 建立：请用 yibao dip build --for {at.isoformat()} "
                "建立该版本的目录，分段定价"
            )
        mode = view.text("dip.point.mode", regime=regime)
        if mode != "floating":
            raise FlowError(f"点值方式（dip.point.mode）为 {mode}，目前只按浮动点值（floating）分配预算")
        views.append(view)
        terms.append(read_terms(view, at, until))
        coefficients.append(read_coefficients(view, saved.catalogue.levels, at, until))
    return terms, pa.concat_tables(coefficients), views, remarks


def no_addons() -> pa.Table:
    """The table ``institution_addon`` where no institution has an add-on."""
    return pa.table({"fixmedins_code": pa.array([], pa.string()), "addon": pa.array([], pa.int64())})


def score_params(saved: Saved, opening: Fraction) -> dict[str, Any]:
    """What the scoring statements are given: the opening value (10⁻⁴ 元), the unit fee (10⁻⁶ 元) and its points."""
    facts = saved.summary["facts"]
    return {
        "pv_e4": display(opening), "unit_fee_micro": facts["unit_fee_micro"], "scale": facts["score_scale"],
    }  # fmt: skip


def score_cases(engine: Engine, law: Law, saved: Saved, addons: pa.Table) -> Scored:
    """Groups and scores the session's ``cases``: tables ``grouped``, ``level_coefficient``, ``standard_fee``,
    ``case_points``. ``addons`` (fixmedins_code, addon 10⁻⁴) is added to the coefficient of each institution.

    Raises FlowError where the catalogue is not of the cases' regime.
    """
    first, last = engine.rows("SELECT min(dscg_date), max(dscg_date) FROM cases")[0]
    terms, coefficients, views, remarks = terms_of(law, saved, first, last)
    grouping = group_cases(engine, law, saved)
    engine.put("reference", saved.catalogue.reference)
    engine.put("level_coefficient", coefficients)
    engine.put("institution_addon", addons)
    engine.put("dip_terms", terms_table(terms))
    engine.pipeline(CASEMIX, ("grouped",))
    opening = opening_of(saved)
    engine.pipeline(PAYMENT, ("standard_fee", "case_points"), score_params(saved, opening))
    if not engine.count("grouped") == engine.count("stay") == engine.count("case_points"):
        raise AssertionError("a case stands in the grouped table more than once")
    remarks += _coefficient_remarks(engine)
    if saved.summary["draft"]:
        remarks.append("所用版本是征求意见稿，没有施行：结果仅供模拟，不能据以支付")
    return Scored(opening, grouping, [*views, grouping], remarks)


def _coefficient_remarks(engine: Engine) -> list[str]:
    cases, lost = engine.rows("SELECT count(*), count(*) FILTER (hosp_lv = '') FROM grouped")[0]
    if lost == cases:
        return ["病例没有 hosp_lv（医院等级）列：医疗机构系数按1计，费用偏差与病种全部机构的次均费用比较"]
    said = [f"{lost}例没有医院等级，其医疗机构系数按1计"] if lost else []
    bare = engine.rows(
        "SELECT g.hosp_lv, count(*) FROM grouped AS g WHERE g.hosp_lv <> '' AND g.hosp_lv NOT IN "
        "(SELECT hosp_lv FROM level_coefficient) GROUP BY g.hosp_lv ORDER BY g.hosp_lv"
    )
    if engine.count("level_coefficient"):
        said += [f"历史病例没有{level}级医疗机构，其{n}例的医疗机构系数按1计" for level, n in bare]
    return said
