"""Scoring a city's year and what its pool owes for each case: stages 4–5 of the close. Wires tables, law and payment.

`price_year` works in a session where the folder is loaded: ``loaded_cases``, ``excluded_fees``, ``excluded_items``,
``special_reviews``, ``providers``, ``assessments``. It holds no rule.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import pyarrow as pa

from yibao.engine import Engine, load_sql
from yibao.flows.close_price_checks import (
    case_findings,
    excluded_findings,
    fund_remarks,
    review_remarks,
    unknown_reviews,
    unvalued_offsite,
)
from yibao.flows.dip_catalogue import Saved
from yibao.flows.dip_common import PAYMENT, FlowError, first_day, flag_grouped, opening_of
from yibao.flows.dip_score import periods, score_cases, score_params
from yibao.kernel import POINT_SCALE, Finding
from yibao.law import Law, View
from yibao.payment.addons import AddonRules, History, addon_tables, addons, measures, read_addons
from yibao.payment.fund_value import (
    FundTotal,
    FundValue,
    OpenCase,
    Rates,
    exact_due,
    exact_table,
    fund_value_table,
    fund_values,
)
from yibao.payment.special import (
    QUOTA_KEY,
    TRIGGER_KEYS,
    Applied,
    SpecialTerms,
    decide,
    decision_table,
    quota,
    read_triggers,
)
from yibao.payment.year_rules import YEAR_KEYS, DueRules, ExclusionRules, read_due, read_exclusion
from yibao.standard import TABLES

_INPUTS = ("excluded_fees", "excluded_items", "special_reviews", "providers", "assessments")


class PricedYear(NamedTuple):
    """What scoring a year leaves besides its tables.

    ``opening`` is the 年初点值 (元 per 分), ``values`` each fund's year, ``discharges`` the DIP discharges insured
    here, of all funds, and ``special_quota`` the most special reviews among them (None where nobody applied).
    """

    opening: Fraction
    values: list[FundValue]
    due_rules: DueRules
    discharges: int
    special_quota: int | None
    findings: list[Finding]
    remarks: list[str]
    views: list[View]


def price_year(
    engine: Engine, law: Law, saved: Saved, budgets: Mapping[str, int], year: int, missing: Sequence[str] = ()
) -> PricedYear:
    """Scores the year's cases and computes what each fund owes for them. ``budgets`` are the DIP budgets in fen by
    fund_type, ``missing`` the optional columns that no file of cases has.

    Leaves ``cases`` (net of excluded fees), ``pool_case``, ``grouped``, ``case_flag``, ``case_points``,
    ``special_decision``, ``final_points``, ``fund_value``, ``case_due``, ``institution_addon`` and ``addon_item`` in
    the session. Raises FlowError, MissingParameter, AddonError for law that cannot be applied, PointValueError for a
    fund without a point value.
    """
    view, regime = year_law(law, year)
    _ensure_inputs(engine)
    exclusion = read_exclusion(view, regime)
    number_cases(engine, taken_out=exclusion.taken_out)
    pool_cases(engine, law.code, budgets, taken_out=exclusion.taken_out)
    opening = opening_of(saved)
    addons_here = _addons(engine, saved, read_addons(view, regime), year - 1)
    scored = score_cases(engine, law, saved, addons_here)
    flag_grouped(engine, scored.grouping, saved, missing)
    discharges = _count(engine, "scope = 'local' AND fund_type IS NOT NULL")
    most, views = review_cases(engine, law, view, opening, discharges)
    kept = most is not None and view.flag("dip.special_review.keep_better", regime=regime)
    values = value_cases(engine, budgets, exclusion, score_params(saved, opening), keep_better=kept)
    rules = read_due(view)
    offsite = bool(_count(engine, "scope = 'offsite'")) and view.flag("dip.offsite.in_province", regime=regime)
    due_cases(engine, values, rules, offsite=offsite)
    return PricedYear(
        opening, values, rules, discharges, most,
        [*case_findings(engine), *excluded_findings(engine, exclusion.mode), *unknown_reviews(engine),
         *(unvalued_offsite(engine, values) if offsite else [])],
        [*scored.remarks, *review_remarks(engine, most), *fund_remarks(engine, values, offsite)],
        [view, *views, *scored.views],
    )  # fmt: skip


def year_law(law: Law, year: int) -> tuple[View, str]:
    """The law on the last day of the year and its regime. Raises FlowError where what it says of a year as a whole
    changes within the year.
    """
    last = date(year, 12, 31)
    view = law.at(last)
    regime = view.text("dip.regime")
    refuse_moved(law, year, YEAR_KEYS, f"{year}年度按一个点值清算", regime=regime)
    return view, regime


def refuse_moved(law: Law, year: int, keys: Sequence[str], why: str, **context: str) -> None:
    """Raises FlowError, naming keys and day, where a value that is read once for the year changes within it."""
    start, last = max(date(year, 1, 1), first_day(law)), date(year, 12, 31)
    if moved := law.changes(keys, start, last, None, **context):
        changed = [key for key in keys if law.changes([key], start, last, None, **context)]
        raise FlowError(
            f"{'、'.join(changed)} 在 {moved[0].isoformat()} 变动：{why}，这些参数须全年一致，请在政策包中改正"
        )


def _ensure_inputs(engine: Engine) -> None:
    """Makes an empty table of each input that the folder lacks."""
    for name in _INPUTS:
        columns = ", ".join(f'"{field.name}" {field.kind.sql_type}' for field in TABLES[name].fields)
        engine.con.execute(f'CREATE TABLE IF NOT EXISTS "{name}" ({columns}, src_file VARCHAR, src_row BIGINT)')


def number_cases(engine: Engine, *, taken_out: bool) -> None:
    """Makes the views ``loaded_cases_numbered`` (as loaded) and ``cases`` (net of excluded fees where they are taken
    out), both with case_no and the gross fee, and the table ``excluded_case``.
    """
    engine.con.execute(
        "CREATE OR REPLACE VIEW loaded_cases_numbered AS "
        "SELECT rowid AS case_no, *, medfee_sumamt AS gross_fee FROM loaded_cases"
    )
    engine.pipeline(PAYMENT, ("excluded_case",))
    if taken_out and engine.count("excluded_case"):
        engine.con.execute(
            "CREATE OR REPLACE VIEW cases AS SELECT n.* REPLACE "
            "(CAST(n.medfee_sumamt - coalesce(e.excluded, 0) AS BIGINT) AS medfee_sumamt) "
            "FROM loaded_cases_numbered AS n LEFT JOIN excluded_case AS e ON e.case_no = n.case_no"
        )
    else:
        engine.con.execute("CREATE OR REPLACE VIEW cases AS SELECT * FROM loaded_cases_numbered")


def pool_cases(engine: Engine, city_code: str, budgets: Mapping[str, int], *, taken_out: bool) -> None:
    """Makes ``pool_case``: whose money each case is (of the funds in ``budgets``), and what was booked for it."""
    engine.put("fund_budget", _fund_table("budget_fen", budgets))
    engine.pipeline(PAYMENT, ("pool_case",), {"city_code": city_code, "taken_out": int(taken_out)})


def _fund_table(column: str, amounts: Mapping[str, int]) -> pa.Table:
    names = sorted(amounts)
    return pa.table(
        {
            "fund_type": pa.array(names, pa.string()),
            column: pa.array([amounts[name] for name in names], pa.int64()),
        }
    )


def _count(engine: Engine, where: str) -> int:
    return int(engine.rows(f"SELECT count(*) FROM pool_case WHERE {where}")[0][0])


def _addons(engine: Engine, saved: Saved, rules: AddonRules, last_year: int) -> pa.Table:
    """Makes ``addon_item`` and gives ``institution_addon``, for every institution of the list and of the cases."""
    history = _history(saved, last_year)
    credit = dict(
        engine.rows(
            "SELECT fixmedins_code, coalesce(credit_lv, '') FROM assessments WHERE year = $year", {"year": last_year}
        )
    )
    listed = dict(engine.rows("SELECT fixmedins_code, key_specialties FROM providers"))
    seen = {row[0] for row in engine.rows("SELECT DISTINCT fixmedins_code FROM loaded_cases")}
    scale = int(saved.summary["facts"]["score_scale"])
    every = [
        addons(code, measures(history.get(code), listed.get(code), credit.get(code, ""), scale), rules)
        for code in sorted(seen | set(listed))
    ]
    sums, items = addon_tables(every)
    engine.put("addon_item", items)
    return sums


def _history(saved: Saved, year: int) -> dict[str, History]:
    """Each institution's year, all insurances together, from the catalogue's hospital history. What no row of it knows
    is None; what some know is the sum of those.
    """
    known = ("n", "n_grouped", "fee", "group_points", "n_elderly", "n_child", "tcm_fee")
    sums: dict[str, list[Any]] = {}
    for row in saved.hospital_history.to_pylist():
        if row["dscg_year"] == year:
            had = sums.setdefault(row["fixmedins_code"], [None] * len(known))
            sums[row["fixmedins_code"]] = [_added(one, row[name]) for one, name in zip(had, known, strict=True)]
    return {code: History(*values) for code, values in sums.items()}


def _added(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def review_cases(
    engine: Engine, law: Law, view: View, opening: Fraction, discharges: int
) -> tuple[int | None, list[View]]:
    """Makes ``special_decision``; gives the quota (None where nobody applied or none may) and the views read.

    ``view`` is the law of the year, ``discharges`` the pool's; the thresholds are those of each day of discharge.
    """
    regime = view.text("dip.regime")
    rows = engine.fetch(_APPLIED_SQL).to_pylist()
    if not rows or not view.flag("dip.special_review", regime=regime):
        engine.put("special_decision", decision_table([]))
        return None, []
    days = [row["dscg_date"] for row in rows]
    stretches = list(periods(law, TRIGGER_KEYS, min(days), max(days)))
    terms = [(first, last, read_triggers(at, regime)) for first, last, at in stretches]
    most = quota(discharges, view.ratio(QUOTA_KEY, regime=regime))
    applied = [_applied(row, next(t for a, b, t in terms if a <= row["dscg_date"] <= b)) for row in rows]
    order = view.text("dip.special_review.order", regime=regime)
    engine.put("special_decision", decision_table(decide(applied, most, order, opening)))
    return most, [at for _, _, at in stretches]


_APPLIED_SQL = """
    SELECT s.setl_id, n.case_no, q.scope, q.fund_type, g.medfee_sumamt AS fee_fen, g.dip_type, g.group_points, p.inst,
        g.aux, p.case_points, g.stay_days, f.n_days, f.days, s.review_reason, s.apply_date, s.review_result,
        CAST(s.review_points * 10000 AS BIGINT) AS review_points, g.dscg_date
    FROM special_reviews AS s
    JOIN loaded_cases_numbered AS n ON n.setl_id = s.setl_id
    JOIN pool_case AS q ON q.case_no = n.case_no
    JOIN grouped AS g ON g.case_no = n.case_no
    JOIN case_points AS p ON p.case_no = n.case_no
    LEFT JOIN group_fact AS f ON f.dip_code = g.dip_code
    ORDER BY s.setl_id"""


def _applied(row: Mapping[str, Any], terms: SpecialTerms) -> Applied:
    standard = Fraction(row["group_points"] * row["inst"] * row["aux"], POINT_SCALE * POINT_SCALE)
    return Applied(
        setl_id=row["setl_id"],
        case_no=row["case_no"],
        local=row["scope"] == "local" and row["fund_type"] is not None,
        fee_fen=row["fee_fen"],
        standard_points=Fraction(row["case_points"]) if row["dip_type"] == "ungrouped" else standard,
        days=row["stay_days"],
        group_days=(row["days"], row["n_days"]) if row["n_days"] else None,
        review_reason=row["review_reason"],
        apply_date=row["apply_date"],
        review_result=row["review_result"],
        review_points=row["review_points"],
        terms=terms,
    )


def value_cases(
    engine: Engine,
    budgets: Mapping[str, int],
    exclusion: ExclusionRules,
    params: Mapping[str, Any],
    *,
    keep_better: bool,
) -> list[FundValue]:
    """Makes ``final_points``, ``payee``, ``fund_total`` and ``fund_value``; ``params`` are those of scoring.

    With ``keep_better`` a granted special review never gives less than the group's rule. Raises PointValueError for a
    fund without a point value.
    """
    own = {"addon_k_e4": exclusion.addon_k_e4, "keep_better": int(keep_better)}
    engine.pipeline(PAYMENT, ("final_points", "payee", "fund_total"), {**params, **own})
    totals = [FundTotal(**row) for row in engine.fetch("SELECT * FROM fund_total ORDER BY fund_type").to_pylist()]
    values = fund_values(budgets, totals, exclusion.charged)
    engine.put("fund_value", fund_value_table(values))
    return values


def due_cases(engine: Engine, values: Sequence[FundValue], rules: DueRules, *, offsite: bool) -> None:
    """Makes ``case_due``; ``offsite`` is whether offsite cases are paid by DIP. The few amounts that the bounds leave
    open are computed one by one.
    """
    engine.pipeline(PAYMENT, ("institution_total",))
    institutions = engine.rows("SELECT fund_type, fixmedins_code, booked, fee FROM institution_total ORDER BY 1, 2")
    rates = Rates(values, rules.ratio_level, institutions)
    for name, table in zip(("value_bound", "rate_bound"), rates.tables(), strict=True):
        engine.put(name, table)
    engine.put("share_fund", _fund_table("fund_fen", {one.fund_type: one.fund_fen for one in values if rules.shared}))
    engine.pipeline(PAYMENT, ("share_part", "share"))
    params = {
        "minus_patient": int(rules.minus_patient), "ratio_level": rules.ratio_level, "floored": int(rules.floored),
        "offsite_in": int(offsite), "shared": int(rules.shared),
    }  # fmt: skip
    engine.run(load_sql(PAYMENT, "due_bound"), params)
    left = [OpenCase(*row) for row in engine.rows(_OPEN_SQL)]
    exact = [(one.case_no, *exact_due(one, rates, rules.minus_patient, rules.floored)) for one in left]
    engine.put("due_exact", exact_table(exact))
    engine.pipeline(PAYMENT, ("case_due",))
    engine.drop("payee", "share_fund", "share_part", "due_bound", "due_exact", "value_bound", "rate_bound")


_OPEN_SQL = """
    SELECT b.case_no, q.fund_type, q.fixmedins_code, q.scope = 'offsite', q.points, q.plain_points, q.booked, q.fee
    FROM due_bound AS b
    JOIN payee AS q ON q.case_no = b.case_no
    WHERE b.is_open = 1
    ORDER BY b.case_no"""
