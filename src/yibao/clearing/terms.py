"""The terms of budget, prepayment, monthly settlement and clearing, read from the law into plain values.

Only what a close needs is read, so that a result lists as used what it used: MissingParameter rises by key for what the
law leaves open; TermsError names values that cannot be applied (a deposit above its maximum, a share table with a gap).
Keys: budget.*, prepay.*, settle.*, clearing.*, beds.*.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from yibao.clearing.faults import TermsError, error, percent
from yibao.clearing.prepay import PrepayTerms
from yibao.clearing.share import Band, parse_table
from yibao.kernel import Finding, exact_ratio
from yibao.law import View
from yibao.standard import CODE_TABLES

YEAR_KEYS = (
    "budget.surplus_target", "budget.income", "budget.lines", "budget.adjust.reasons", "budget.dip.method",
    "budget.dip.growth", "budget.dip.growth_cap", "budget.month.split", "budget.warning", "settle.yearly.basis",
    "settle.share", "settle.overrun.needs_claim", "settle.assessment.applies", "clearing.new.rule",
    "clearing.group.primary_weight", "beds.excess.rule",
)  # fmt: skip
"""The keys that are read once, on the year's last day: those a close reads must stand still from its first day on. What
a month or a prepayment is settled by is read on its own day."""


class WarningBand(NamedTuple):
    """A grade of the budget warning: up to a ratio of booked to the budget in time, inclusive (None: all above)."""

    upto: Fraction | None
    label: str


class BudgetTerms(NamedTuple):
    """``income_items``, ``lines`` and ``reasons`` are codes of their code tables that the law names; ``method`` is
    empty where the DIP line is given. ``basis`` is the document that the budget follows, for findings.
    """

    surplus_target: Fraction
    income_items: tuple[str, ...]
    lines: tuple[str, ...]
    reasons: tuple[str, ...]
    method: str
    growth: Fraction
    growth_cap: Fraction
    month_split: str
    warning: tuple[WarningBand, ...]
    basis: str


class MonthTerms(NamedTuple):
    """Monthly settlement: its basis, how a month is split among hospitals, s (redistributed), q (deposit)."""

    basis: str
    hospital_split: str
    redistribute: Fraction
    deposit: Fraction


class YearTerms(NamedTuple):
    """Clearing: ``basis`` budget_vs_booked (share table) or points (the entitlement is the pay, no table)."""

    basis: str
    table: tuple[Band, ...]
    needs_claim: bool
    applies: str
    new_rule: str
    primary_weight: Fraction
    beds_rule: str


class FundTerms(NamedTuple):
    """All that `clear.clear_fund` needs of the law; ``prepay`` is None where nobody applied.

    ``by_month`` are the terms of the twelve months where each is read on its own day; without them all are ``months``.
    """

    budget: BudgetTerms
    months: MonthTerms
    prepay: PrepayTerms | None
    year: YearTerms
    by_month: tuple[MonthTerms, ...] = ()

    @property
    def twelve(self) -> tuple[MonthTerms, ...]:
        """The terms of each month."""
        return self.by_month or (self.months,) * 12


def read_budget_terms(view: View, *, dip_given: bool, months_given: bool) -> BudgetTerms:
    """The budget's terms. The method and the split into months are read only where the budget does not give them."""
    method = "" if dip_given else view.text("budget.dip.method")
    grows = method == "by_growth"
    return BudgetTerms(
        surplus_target=_share(view, "budget.surplus_target"),
        income_items=_codes(view, "budget.income", "income_item"),
        lines=_codes(view, "budget.lines", "budget_line"),
        reasons=_codes(view, "budget.adjust.reasons", "adjust_reason"),
        method=method,
        growth=view.ratio("budget.dip.growth") if grows else Fraction(0),
        growth_cap=view.ratio("budget.dip.growth_cap") if grows else Fraction(0),
        month_split="" if months_given else view.text("budget.month.split"),
        warning=_warning_bands(view),
        basis=str(view.parameter("budget.lines").source),
    )


def read_month_terms(view: View) -> MonthTerms:
    """The monthly terms. Raises TermsError for a deposit above the maximum."""
    basis = view.text("settle.monthly.basis")
    by_budget = basis == "budget_vs_booked"
    deposit, most = view.ratio("settle.deposit"), view.ratio("settle.deposit.max")
    fault = deposit_finding(deposit, most, str(view.parameter("settle.deposit.max").source))
    if fault is not None:
        raise TermsError([fault])
    return MonthTerms(
        basis=basis,
        hospital_split=view.text("settle.month.hospital_split") if by_budget else "",
        redistribute=_share(view, "settle.month.redistribute") if by_budget else Fraction(0),
        deposit=deposit,
    )


def deposit_finding(deposit: Fraction, most: Fraction, basis: str = "") -> Finding | None:
    """The fault of a quality deposit (质量保证金) below 0 or above the law's maximum, or None."""
    if 0 <= deposit <= most:
        return None
    return error(
        "deposit_above_max",
        f"质量保证金比例{percent(deposit)}不在0到{percent(most)}之间",
        "参数 settle.deposit 超出规定的上限",
        "把 settle.deposit 改到上限以内",
        basis=basis,
        key="settle.deposit",
    )


def read_prepay_terms(view: View, fund_type: str) -> PrepayTerms:
    """The prepayment's terms for a fund. Credit levels that the law gives no figure for raise MissingParameter."""
    levels = CODE_TABLES["credit_lv"].codes
    return PrepayTerms(
        min_reserve_months=view.ratio("prepay.min_reserve_months", fund_type=fund_type),
        deny_on_deficit=view.flag("prepay.deny_on_deficit"),
        months=view.ratio("prepay.months"),
        credit={level: view.ratio("prepay.credit", credit_lv=level) for level in levels},
    )


def read_year_terms(view: View, *, groups: bool) -> YearTerms:
    """The clearing's terms; the weight of primary hospitals only where there are groups. Raises TermsError."""
    basis = view.text("settle.yearly.basis")
    shares = basis == "budget_vs_booked"
    return YearTerms(
        basis=basis,
        table=parse_table(view.table("settle.share")) if shares else (),
        needs_claim=view.flag("settle.overrun.needs_claim") if shares else False,
        applies=view.text("settle.assessment.applies"),
        new_rule=view.text("clearing.new.rule"),
        primary_weight=_weight(view) if groups else Fraction(1),
        beds_rule=view.text("beds.excess.rule"),
    )


def read_terms(
    view: View, fund_type: str, *, dip_given: bool, months_given: bool, applied: bool, groups: bool,
    months: Sequence[View] = (), prepay: View | None = None,
) -> FundTerms:  # fmt: skip
    """All terms of a fund. ``view`` is the law of the year's last day, which a clearing follows; ``months`` that of
    each month's last day, by which the month is settled, and ``prepay`` that of the day prepayments are paid (both the
    year's where not given).

    ``dip_given``: the budget has a DIP line; ``months_given``: explicit months; ``applied``: somebody applied for a
    prepayment; ``groups``: there are 医共体. Raises MissingParameter and TermsError.
    """
    return FundTerms(
        read_budget_terms(view, dip_given=dip_given, months_given=months_given),
        read_month_terms(view),
        read_prepay_terms(prepay or view, fund_type) if applied else None,
        read_year_terms(view, groups=groups),
        tuple(read_month_terms(one) for one in months),
    )


def _codes(view: View, key: str, table: str) -> tuple[str, ...]:
    """The codes of a law list written in the words of its code table. Raises TermsError for a word it lacks."""
    by_name = {name: code for code, name in CODE_TABLES[table].codes.items()}
    listed = view.items(key)
    strange = [item for item in listed if item not in by_name]
    if strange:
        known = "、".join(by_name)
        raise TermsError(
            [
                error(
                    "law_word_unknown",
                    f"参数“{key}”列有“{'、'.join(strange)}”，代码表没有这一项",
                    "政策包用词与代码表不同",
                    f"改用代码表的用词：{known}",
                    key=key,
                )
            ]
        )
    return tuple(by_name[item] for item in listed)


def _share(view: View, key: str) -> Fraction:
    """A ratio from 0 to 1. Raises TermsError."""
    value = view.ratio(key)
    if not 0 <= value <= 1:
        raise TermsError(
            [
                error(
                    "ratio_out_of_range",
                    f"参数“{key}”的值{percent(value)}不在0到1之间",
                    "比例写错",
                    "改为0到1之间的数",
                    key=key,
                )
            ]
        )
    return value


def _weight(view: View) -> Fraction:
    """The weight of primary hospitals, above 0. Raises TermsError."""
    value = view.ratio("clearing.group.primary_weight")
    if value <= 0:
        raise TermsError(
            [
                error(
                    "weight_not_positive",
                    "参数“clearing.group.primary_weight”不大于0",
                    "权重写错",
                    "改为大于0的数",
                    key="clearing.group.primary_weight",
                )
            ]
        )
    return value


def _warning_bands(view: View) -> tuple[WarningBand, ...]:
    """The grades in rising order, the last open. Raises TermsError otherwise."""
    rows = view.table("budget.warning")
    try:
        bands = tuple(
            WarningBand(exact_ratio(row["upto"]) if row.get("upto") else None, row.get("label", "")) for row in rows
        )
    except ValueError:
        bands = ()
    ends = [band.upto for band in bands[:-1]]
    rising = all(end is not None for end in ends) and ends == sorted({end for end in ends if end is not None})
    if not bands or not rising or bands[-1].upto is not None:
        raise TermsError(
            [
                error(
                    "warning_unreadable",
                    "参数“budget.warning”的分级不完整",
                    "各级 upto 须递增，末级不写 upto",
                    "改正分级预警表",
                    key="budget.warning",
                )
            ]
        )
    return bands
