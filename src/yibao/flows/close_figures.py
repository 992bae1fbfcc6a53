"""Rows of the smaller result tables of a close, gathered from the session's tables. Amounts in fen, points in 10⁻⁴."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa

from yibao.clearing.dates import ClearingDates
from yibao.clearing.indicators import fund_indicators
from yibao.clearing.records import Hospital
from yibao.engine import Engine
from yibao.flows.close_entries import FundClose
from yibao.flows.close_price import PricedYear
from yibao.kernel import POINT_SCALE, Finding, Severity, half_up_ratio, yuan
from yibao.law import View
from yibao.payment.special import standard_of

AUX_LABELS = {
    "cci": "合并症指数（CCI）", "severity": "疾病严重程度", "tumour": "肿瘤严重程度", "age": "年龄",
    "icu": "监护病房天数", "newborn": "新生儿体重",
}  # fmt: skip
ADDON_ITEMS = ("cmi", "elderly", "child", "tcm", "key_specialty", "credit")

Rows = list[Mapping[str, Any]]


def values(priced: PricedYear) -> Rows:
    """The budget, ratio and point values of each fund."""
    return [
        {
            "fund_type": one.fund_type, "budget": one.budget_fen, "excluded": one.excluded_fen, "fund": one.fund_fen,
            "booked": one.booked, "fee": one.fee, "ratio": one.ratio, "points": one.points,
            "opening_value": priced.opening, "settlement_value": one.value, "cases": one.cases,
        }
        for one in priced.values
    ]  # fmt: skip


def coefficients(engine: Engine, institutions: Sequence[Hospital]) -> Rows:
    """Each institution's base by level (as at the year's end), its add-ons and their sum."""
    base = dict(engine.rows("SELECT hosp_lv, coefficient FROM level_coefficient ORDER BY hosp_lv, from_day"))
    addon = dict(engine.rows("SELECT fixmedins_code, addon FROM institution_addon"))
    items = {(code, item): add for code, item, add in
             engine.rows("SELECT fixmedins_code, item, \"add\" FROM addon_item")}  # fmt: skip
    rows: Rows = []
    for one in institutions:
        own = base.get(one.level, POINT_SCALE)
        more = addon.get(one.fixmedins_code, 0)
        rows.append(
            {
                "fixmedins_code": one.fixmedins_code, "hosp_lv": one.level or None, "base": own, "addon": more,
                **{item: items.get((one.fixmedins_code, item), 0) for item in ADDON_ITEMS}, "coefficient": own + more,
            }
        )  # fmt: skip
    return rows


def special(engine: Engine, opening: Fraction) -> Rows:
    """Every decided application: its fee, the standard it was measured by (the group's at the opening value with its
    coefficients, without deviation), the multiple of the two, its outcome, and the money that the review added.
    """
    found = engine.fetch("""
        SELECT s.setl_id, n.fixmedins_code, q.fund_type, s.review_reason, s.outcome, g.medfee_sumamt AS fee, s.multiple,
            g.dip_type, g.group_points, g.aux, p.inst, p.case_points, d.plain_due, d.due
        FROM special_decision AS s
        JOIN loaded_cases_numbered AS n ON n.case_no = s.case_no
        JOIN pool_case AS q ON q.case_no = s.case_no
        JOIN grouped AS g ON g.case_no = s.case_no
        JOIN case_points AS p ON p.case_no = s.case_no
        LEFT JOIN case_due AS d ON d.case_no = s.case_no ORDER BY s.setl_id""").to_pylist()
    rows: Rows = []
    for row in found:
        kind, group, aux, inst, own = (row.pop(k) for k in ("dip_type", "group_points", "aux", "inst", "case_points"))
        points = Fraction(own) if kind == "ungrouped" else Fraction(group * aux * inst, POINT_SCALE * POINT_SCALE)
        added = None if row["due"] is None else row["due"] - row["plain_due"]
        multiple = Fraction(row.pop("multiple") or 0) or None
        rows.append(
            {**row, "standard": half_up_ratio(standard_of(points, opening)), "multiple": multiple, "added": added}
        )
    return rows


def auxiliary(engine: Engine, report: pa.Table) -> Rows:
    """What the catalogue learned of each auxiliary kind, and how many of the year's cases it applies to."""
    hit = dict(engine.rows("SELECT aux_kind, count(*) FROM grouped WHERE aux_kind <> '' GROUP BY aux_kind"))
    return [
        {**row, "label": AUX_LABELS.get(row["aux_kind"], row["aux_kind"]), "cases_hit": hit.get(row["aux_kind"], 0)}
        for row in report.to_pylist()
    ]


def primary(engine: Engine, opening: Fraction) -> Rows:
    """基层病种 by level: cases and mean fee, beside the one standard of all levels at the opening value."""
    found = engine.fetch("""
        SELECT dip_code, max(group_points) AS points,
            count(*) FILTER (WHERE hosp_lv = '1') AS n1, sum(medfee_sumamt) FILTER (WHERE hosp_lv = '1') AS f1,
            count(*) FILTER (WHERE hosp_lv = '2') AS n2, sum(medfee_sumamt) FILTER (WHERE hosp_lv = '2') AS f2,
            count(*) FILTER (WHERE hosp_lv = '3') AS n3, sum(medfee_sumamt) FILTER (WHERE hosp_lv = '3') AS f3
        FROM grouped WHERE primary_care = 1 GROUP BY dip_code ORDER BY dip_code""").to_pylist()
    rows: Rows = []
    for row in found:
        levels: dict[str, Any] = {}
        for level in "123":
            n, fee = int(row[f"n{level}"]), row[f"f{level}"]
            levels |= {
                f"cases_lv{level}": n,
                f"mean_fee_lv{level}": half_up_ratio(Fraction(int(fee), n)) if n else None,
            }
        standard = half_up_ratio(opening * int(row["points"]) / POINT_SCALE, 100)
        rows.append({"dip_code": row["dip_code"], "standard": standard, **levels})
    return rows


def case_counts(engine: Engine) -> dict[str, Any]:
    """Cases by scope, bucket, deviation and flag; those without a group."""

    def by(query: str) -> dict[str, int]:
        return {str(name): int(n) for name, n in engine.rows(query)}

    scopes = by("SELECT scope, count(*) FROM pool_case GROUP BY scope ORDER BY scope")
    return {
        "cases_local": scopes.get("local", 0),
        "cases_offsite": scopes.get("offsite", 0),
        "cases_outside": scopes.get("outside", 0),
        "ungrouped": by("SELECT 'n', count(*) FROM grouped WHERE dip_type = 'ungrouped'").get("n", 0),
        "cases_by_bucket": by("SELECT bucket, count(*) FROM final_points GROUP BY bucket ORDER BY bucket"),
        "cases_by_deviation": by("SELECT deviation_type, count(*) FROM case_points GROUP BY 1 ORDER BY 1"),
        "cases_by_flag": by("SELECT flag, count(*) FROM case_flag GROUP BY flag ORDER BY flag"),
    }


def hospital_counts(clearing: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many hospitals were cleared, keep a surplus after the cut, booked more than they are entitled to.

    A hospital counts once, whatever funds it has rows of; it may keep a surplus of one and overrun the other.
    """
    every: set[str] = set()
    surplus: set[str] = set()
    overrun: set[str] = set()
    for row in clearing:
        code = row["fixmedins_code"]
        every.add(code)
        if row["retained"] > row["cut_retained"]:
            surplus.add(code)
        if row["booked"] > row["entitlement"]:
            overrun.add(code)
    return {"hospitals": len(every), "with_surplus": len(surplus), "with_overrun": len(overrun)}


def date_facts(dates: ClearingDates | None) -> dict[str, str] | None:
    """What the year's work was due by: clearing, publications, payment of each month."""
    if dates is None:
        return None
    months = {f"month_{one.month}_pay_by": one.latest.isoformat() for one in dates.months if one.latest}
    return {
        "cleared_by": dates.cleared_by.isoformat(), "first_published": dates.first_published.isoformat(),
        "second_published": dates.second_published.isoformat(), **months,
    }  # fmt: skip


def excluded_items(engine: Engine) -> list[dict[str, Any]]:
    """What was taken out of cases by item: each listed drug or technique with its cases and amount, dearest first."""
    if not engine.count("excluded_case"):
        return []
    rows = engine.rows("""
        SELECT f.med_list_codg, max(coalesce(i.item_name, '')), count(DISTINCT f.setl_id), sum(f.item_amount)
        FROM excluded_fees AS f
        JOIN loaded_cases_numbered AS n ON n.setl_id = f.setl_id
        JOIN excluded_case AS e ON e.case_no = n.case_no
        JOIN excluded_items AS i ON i.med_list_codg = f.med_list_codg AND n.dscg_date >= i.valid_from
            AND (i.valid_until IS NULL OR n.dscg_date <= i.valid_until)
        GROUP BY f.med_list_codg ORDER BY 4 DESC, 1""")
    return [
        {"med_list_codg": code, "item_name": name, "cases": int(n), "amount": f"{yuan(int(fen)):.2f}"}
        for code, name, n, fen in rows
    ]


def finding_facts(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as the summary keeps them, worst first, remarks of repairs left out."""
    order = list(Severity)
    listed = sorted(
        (one for one in found if one.severity is not Severity.INFO), key=lambda one: order.index(one.severity)
    )
    return [
        {
            "severity": one.severity.label, "code": one.code, "message": one.message, "place": str(one.place),
            "cause": one.cause, "next_step": one.next_step, "key": one.key,
        }
        for one in listed
    ]  # fmt: skip


def bands(views: Iterable[View]) -> list[dict[str, str]]:
    """The rows of the share table in force, as the law writes them."""
    for view in views:
        for one in view.used:
            if one.key == "settle.share":
                return [dict(row) for row in one.value if isinstance(row, Mapping)]
    return []


def indicators(engine: Engine, closes: Sequence[FundClose], priced: PricedYear) -> Rows:
    """The measures of the year that the regime names, each with its formula in words."""
    values = {one.fund_type: one for one in priced.values}
    rows: Rows = [
        row._asdict()
        for one in closes
        for row in fund_indicators(
            one.result, values[one.fund_type].fund_fen, priced.opening, values[one.fund_type].value
        )
    ]
    granted = engine.rows("SELECT count(*) FROM special_decision WHERE outcome = 'granted'")[0][0]
    if priced.discharges:
        permille = half_up_ratio(Fraction(1000 * int(granted), priced.discharges), 100)
        value = f"{permille // 100}.{permille % 100:02d}‰"
        rows.append(
            {
                "name": "special_share",
                "label": "特例单议占比",
                "value": value,
                "formula": "特例单议通过例数÷本地DIP出院例数",
            }
        )
    return rows
