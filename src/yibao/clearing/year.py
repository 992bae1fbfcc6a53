"""年度清算: units, shares, the closed budget, the split inside groups, deductions, deposits, and the cash equation.

For each hospital and fund, asserted on every row:
``Σ paid + prepayment + final = settled − deductions − (deposit − deposit returned)``. The prepayment is recovered once,
here, against the final amount; a final amount below zero stays a claim on the hospital.
Source: S4 三(四)3, RULEBOOK §10, DIP_REGIMES A.9.2.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from yibao.clearing.closed import Asked, Closed, close_budget
from yibao.clearing.groups import Group, Own, Whole, split_group
from yibao.clearing.prepay import months_booked
from yibao.clearing.records import (
    ClearingRow,
    Deduction,
    DeductionRow,
    FundYear,
    GroupRow,
    Hospital,
    HospitalMonth,
    MonthRow,
    PrepayRow,
    Totals,
)
from yibao.clearing.share import Shared, apply_table, reasonable_booked
from yibao.clearing.terms import YearTerms
from yibao.kernel import half_up, half_up_ratio

BEDS = "beds"
"""``deduct_id`` of what is deducted for bed-days over the paid beds."""
NEW_BAND = "新增机构，不留结余"
CONTRACT_BAND = "总额包干"
POINTS_BAND = "按分值应付"


class Sums(NamedTuple):
    """A hospital's year: its own figures, before anything is decided. ``entitlement`` is already × score where the
    assessment applies to the payable amount.
    """

    hospital: Hospital
    cases: int
    points: int
    fee: int
    patient: int
    booked: int
    excluded_due: int
    entitlement: int
    is_new: bool


class Unit(NamedTuple):
    """A hospital, or a 医共体 as one, with what the share table gives it. ``key`` is unique over both kinds."""

    key: str
    members: tuple[str, ...]
    entitlement: int
    booked: int
    shared: Shared
    group: Group | None


def is_new(hospital: Hospital, year: int, booked: Iterable[date]) -> bool:
    """新增定点机构: since within the year, with nothing booked the year before (a renewal makes nobody new).

    ``booked`` are the months before the year in which it booked anything, for whatever fund: a hospital is new or old
    as a whole.
    """
    since = hospital.agreement_from
    return since is not None and since.year == year and not any(day.year == year - 1 for day in booked)


def payable(entitlement: int, score: Fraction, deductions: int = 0) -> int:
    """年度应付 where the assessment applies to it: entitlement × score (half up) − deductions."""
    return half_up_ratio(entitlement * score) - deductions


def total_points(*buckets: int) -> int:
    """年度总分值: each case stands in one bucket only, so the buckets add up."""
    return sum(buckets)


def final_amount(payable_fen: int, monthly_paid: int, prepaid: int) -> tuple[int, Fraction | None]:
    """年度清算额: (payable − paid monthly − prepaid, its share of the payable; None where nothing is payable)."""
    final = payable_fen - monthly_paid - prepaid
    return final, Fraction(final, payable_fen) if payable_fen > 0 else None


def sum_hospitals(inputs: FundYear, codes: Sequence[str], terms: YearTerms) -> dict[str, Sums]:
    """The year of each hospital of ``codes`` by its code."""
    known = {one.fixmedins_code: one for one in inputs.hospitals}
    rows: dict[str, list[HospitalMonth]] = {}
    for one in inputs.months:
        rows.setdefault(one.fixmedins_code, []).append(one)
    before = months_booked(inputs.last_year, inputs.budget.year - 1, inputs.booked_before)
    sums = {}
    for code in codes:
        hospital, mine = known[code], rows.get(code, [])
        due = sum(one.due for one in mine)
        by_score = terms.applies == "payable" and hospital.score is not None
        sums[code] = Sums(
            hospital,
            sum(one.cases for one in mine),
            sum(one.points for one in mine),
            sum(one.fee for one in mine),
            sum(one.patient for one in mine),
            sum(one.booked for one in mine),
            sum(one.excluded_due for one in mine),
            payable(due, hospital.score) if by_score and hospital.score is not None else due,
            is_new(hospital, inputs.budget.year, before.get(code, ())),
        )
    return sums


def units_of(
    sums: Mapping[str, Sums], groups: Sequence[Group], claims: Mapping[str, int], terms: YearTerms
) -> list[Unit]:
    """The units with their shares, by key: hospitals on their own and groups as one."""
    units = []
    grouped: set[str] = set()
    for group in groups:
        members = tuple(code for code in group.members if code in sums)
        if not members:
            continue
        grouped |= set(members)
        entitlement = sum(sums[code].entitlement for code in members)
        booked = sum(sums[code].booked for code in members)
        claimed = sum(claims.get(code, 0) for code in members)
        if group.method == "contract":
            shared = whole_entitlement(entitlement, booked, CONTRACT_BAND)
        else:
            shared = share_of(entitlement, booked, claimed, terms)
        units.append(Unit(f"g:{group.code}", members, entitlement, booked, shared, group))
    for code, one in sums.items():
        if code in grouped:
            continue
        shared = share_of(one.entitlement, one.booked, claims.get(code, 0), terms)
        if one.is_new and terms.new_rule == "booked" and shared.pay > one.booked:
            shared = Shared(one.booked, shared.ratio, NEW_BAND, 0, 0)
        units.append(Unit(f"h:{code}", (code,), one.entitlement, one.booked, shared, None))
    return sorted(units, key=lambda unit: unit.key)


def whole_entitlement(entitlement: int, booked: int, band: str) -> Shared:
    """The entitlement is the pay, whatever was booked: what is not booked is kept, an overrun is borne. One below zero
    is a claim on the unit (`apply_table`).
    """
    ratio = Fraction(booked, entitlement) if entitlement > 0 else None
    return Shared(entitlement, ratio, band, max(entitlement - booked, 0), 0)


def share_of(entitlement: int, booked: int, claimed: int, terms: YearTerms) -> Shared:
    """The share of one unit. Where overruns must be claimed only the recognised part counts as booked above E; the
    ratio shown is that of what was booked.
    """
    if terms.basis == "points":
        return whole_entitlement(entitlement, booked, POINTS_BAND)
    counted = reasonable_booked(entitlement, booked, claimed) if terms.needs_claim else booked
    shared = apply_table(terms.table, entitlement, counted)
    return shared._replace(ratio=Fraction(booked, entitlement)) if entitlement > 0 else shared


class Decided(NamedTuple):
    """The shares of a fund after the cut: each hospital's unit and its part of it, by code."""

    sums: dict[str, Sums]
    units: list[Unit]
    closed: Closed
    limit: int
    parts: dict[str, tuple[Unit, Whole]]

    def pay(self, code: str) -> int:
        """What DIP pays the hospital for the year."""
        part = self.parts[code][1]
        return part.pay_before - part.cut_shared - part.cut_retained

    def settled(self, code: str) -> int:
        """What the year is worth to the hospital: its pay and the excluded part paid by item."""
        return self.pay(code) + self.sums[code].excluded_due


def decide(inputs: FundYear, codes: Sequence[str], groups: Sequence[Group], terms: YearTerms) -> Decided:
    """Shares, closed budget (fund_fen and the reserve) and the split inside groups, for the hospitals of ``codes``."""
    sums = sum_hospitals(inputs, codes, terms)
    units = units_of(sums, groups, {one.fixmedins_code: one.fen for one in inputs.claims}, terms)
    limit = inputs.fund_fen + inputs.budget.reserve
    asked = [Asked(unit.key, unit.shared.pay, unit.shared.retained, unit.shared.shared) for unit in units]
    closed = close_budget(asked, limit)
    return Decided(sums, units, closed, limit, _by_hospital(units, closed, sums, terms.primary_weight))


def _by_hospital(
    units: Sequence[Unit], closed: Closed, sums: Mapping[str, Sums], primary_weight: Fraction
) -> dict[str, tuple[Unit, Whole]]:
    """What each hospital has of its unit, by code."""
    parts: dict[str, tuple[Unit, Whole]] = {}
    for unit, kept in zip(units, closed.units, strict=True):
        before = unit.shared
        whole = Whole(before.pay, before.retained, before.shared, kept.cut_shared, kept.cut_retained)
        if unit.group is None:
            parts[unit.members[0]] = (unit, whole)
            continue
        own = [Own(code, sums[code].hospital.level, sums[code].entitlement, sums[code].booked) for code in unit.members]
        for code, part in split_group(whole, own, primary_weight).items():
            parts[code] = (unit, part)
    return parts


def group_rows(fund_type: str, decided: Decided) -> list[GroupRow]:
    """One row a group, by code."""
    return [
        GroupRow(
            fund_type,
            unit.group.code,
            unit.group.name,
            unit.group.method,
            len(unit.members),
            unit.entitlement,
            unit.booked,
            unit.shared.band,
            kept.pay,
        )
        for unit, kept in zip(decided.units, decided.closed.units, strict=True)
        if unit.group is not None
    ]


def deduction_rows(
    fund_type: str,
    deductions: Sequence[Deduction],
    decided: Decided,
    bed_excess: Mapping[str, tuple[int, int]],
    rule: str,
) -> list[DeductionRow]:
    """Violations as they stand, and under the rule ``deduct`` the part of settled for bed-days over the paid beds."""
    rows = [DeductionRow(fund_type, one.fixmedins_code, one.deduct_id, one.reason, one.fen) for one in deductions]
    for code, (excess, occupied) in bed_excess.items():
        if rule == "deduct" and excess > 0 and code in decided.parts and decided.settled(code) > 0:
            amount = half_up(decided.settled(code) * excess, occupied)
            rows.append(DeductionRow(fund_type, code, BEDS, f"超协议床位{excess}床日（共{occupied}床日）", amount))
    return sorted(rows, key=lambda row: (row.fixmedins_code, row.deduct_id))


class Cash(NamedTuple):
    """What a hospital was paid and had withheld during the year, and what is deducted from it at the end."""

    deposit: int
    monthly_paid: int
    prepaid: int
    deductions: int


def cash_of(
    codes: Sequence[str], months: Sequence[MonthRow], prepay: Sequence[PrepayRow], deductions: Sequence[DeductionRow]
) -> dict[str, Cash]:
    """The cash figures by hospital."""
    deposit = _add((row.fixmedins_code, row.deposit) for row in months)
    paid = _add((row.fixmedins_code, row.paid) for row in months)
    prepaid = _add((row.fixmedins_code, row.amount) for row in prepay)
    taken = _add((row.fixmedins_code, row.amount) for row in deductions)
    return {
        code: Cash(deposit.get(code, 0), paid.get(code, 0), prepaid.get(code, 0), taken.get(code, 0)) for code in codes
    }


def _add(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for key, fen in pairs:
        total[key] = total.get(key, 0) + fen
    return total


def clearing_rows(fund_type: str, decided: Decided, cash: Mapping[str, Cash], terms: YearTerms) -> list[ClearingRow]:
    """One row a hospital, by code."""
    return [_clearing_row(fund_type, code, decided, cash[code], terms) for code in sorted(decided.parts)]


def _clearing_row(fund_type: str, code: str, decided: Decided, cash: Cash, terms: YearTerms) -> ClearingRow:
    """The row of a hospital. The cash equation is asserted here."""
    one, (unit, part) = decided.sums[code], decided.parts[code]
    pay, settled = decided.pay(code), decided.settled(code)
    score = Fraction(1) if one.hospital.score is None else one.hospital.score
    returned = half_up_ratio(cash.deposit * score) if terms.applies == "deposit" else cash.deposit
    forfeited = cash.deposit - returned
    year_pay = settled - cash.deductions - forfeited
    final, share = final_amount(year_pay, cash.monthly_paid, cash.prepaid)
    if cash.monthly_paid + cash.prepaid + final != settled - cash.deductions - (cash.deposit - returned):
        raise AssertionError(f"the cash equation of {one.hospital.fixmedins_code} does not hold")
    ratio = Fraction(one.booked, one.entitlement) if one.entitlement > 0 else None
    band = unit.shared.band if unit.group is None else f"医共体：{unit.shared.band}"
    return ClearingRow(
        fund_type,
        one.hospital.fixmedins_code,
        one.hospital.level,
        "" if unit.group is None else unit.group.code,
        int(one.is_new),
        one.cases,
        one.points,
        one.fee,
        one.patient,
        one.entitlement,
        one.booked,
        ratio,
        band,
        part.pay_before,
        part.retained,
        part.shared,
        part.cut_shared,
        part.cut_retained,
        pay,
        one.excluded_due,
        settled,
        cash.deductions,
        score,
        cash.deposit,
        returned,
        cash.monthly_paid,
        cash.prepaid,
        final,
        share,
    )


def totals(fund_type: str, rows: Sequence[ClearingRow], limit: int, over: int) -> Totals:
    """The sums of a fund, the closed budget asserted: Σ pay ≤ limit, or exactly ``over`` above it."""
    names = (
        "entitlement",
        "booked",
        "pay_before",
        "cut_shared",
        "cut_retained",
        "pay",
        "excluded_due",
        "settled",
        "deductions",
        "deposit",
        "deposit_returned",
        "monthly_paid",
        "prepaid",
        "final",
    )
    sums = {name: sum(int(getattr(row, name)) for row in rows) for name in names}
    if max(sums["pay"] - limit, 0) != over:
        raise AssertionError(f"fund {fund_type}: pay {sums['pay']} against the limit {limit}, over {over}")
    return Totals(fund_type=fund_type, limit=limit, over=over, **sums)
