"""预付金: whether the fund may prepay, whether the hospital may have it, how much, and when it comes back.

About one month of last year's mean monthly fund payment × the hospital's credit. 年初预拨, 年末对账: it is recovered
once, at year-end against the final amount, or at once where the agreement is suspended or ended.
Source: S4 三(四)1, 医保基金预付工作通知 2024-11-11, 医保发〔2025〕18号 art.26, 经办规程 2025 art.25, RULEBOOK §8.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from yibao.clearing.faults import warning
from yibao.clearing.records import Hospital, LastMonth, Position, PrepayRow
from yibao.kernel import Finding, half_up, half_up_ratio

MONTHS = 12
_ENDED = ("terminated", "suspended")


class Outcome(StrEnum):
    """Why a hospital has a prepayment or none. The order of the members is the order of precedence: where several would
    hold, the first is the answer. `docs/clearing.md` lists them in this order; a test compares.
    """

    POOL_UNKNOWN = "pool_unknown"
    POOL_SHORT = "pool_short"
    POOL_DEFICIT = "pool_deficit"
    POOL_FORECAST_DEFICIT = "pool_forecast_deficit"
    NOT_APPLIED = "not_applied"
    TERMINATED = "terminated"
    SUSPENDED = "suspended"
    NEW_INSTITUTION = "new_institution"
    CREDIT_UNKNOWN = "credit_unknown"
    CREDIT_ZERO = "credit_zero"
    GRANTED = "granted"

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self]


_WORDS = {
    Outcome.POOL_UNKNOWN: "没有基金运行情况，不能判断可否预付",
    Outcome.POOL_SHORT: "基金累计结余可支付月数不足",
    Outcome.POOL_DEFICIT: "基金上年当期赤字",
    Outcome.POOL_FORECAST_DEFICIT: "基金预计本年赤字",
    Outcome.NOT_APPLIED: "机构没有申请",
    Outcome.TERMINATED: "协议已解除",
    Outcome.SUSPENDED: "协议已暂停",
    Outcome.NEW_INSTITUTION: "定点不满一年，没有上年数据",
    Outcome.CREDIT_UNKNOWN: "没有上年度信用等级",
    Outcome.CREDIT_ZERO: "信用等级不予预付",
    Outcome.GRANTED: "预付",
}


class PrepayTerms(NamedTuple):
    """The law's terms: least months the balance lasts, whether a deficit denies, months of pay, credit by level."""

    min_reserve_months: Fraction
    deny_on_deficit: bool
    months: Fraction
    credit: Mapping[str, Fraction]


def pool_outcome(position: Position | None, terms: PrepayTerms) -> Outcome | None:
    """Why the fund may not prepay at all, or None when it may. Exactly the least number of months is enough."""
    if position is None:
        return Outcome.POOL_UNKNOWN
    if position.balance * MONTHS < terms.min_reserve_months * position.last_expense:
        return Outcome.POOL_SHORT
    if not terms.deny_on_deficit:
        return None
    if position.last_income < position.last_expense:
        return Outcome.POOL_DEFICIT
    income, expense = position.forecast_income, position.forecast_expense
    return Outcome.POOL_FORECAST_DEFICIT if income is not None and expense is not None and income < expense else None


def hospital_outcome(hospital: Hospital, applied: bool, new: bool, terms: PrepayTerms) -> Outcome:
    """The answer for a hospital of a fund that may prepay."""
    if not applied:
        return Outcome.NOT_APPLIED
    if hospital.status in _ENDED:
        return Outcome(hospital.status)
    if new:
        return Outcome.NEW_INSTITUTION
    if hospital.credit_lv not in terms.credit:
        return Outcome.CREDIT_UNKNOWN
    return Outcome.GRANTED if terms.credit[hospital.credit_lv] > 0 else Outcome.CREDIT_ZERO


def months_booked(
    last_year: Iterable[LastMonth], year: int, before: Mapping[str, Collection[date]]
) -> dict[str, set[date]]:
    """By hospital, the months (their first days) in which it booked anything: those of a fund in ``year``, the last
    one, and those of ``before``, of all funds and as far back as the history reaches.
    """
    months = {code: set(days) for code, days in before.items()}
    for one in last_year:
        if one.booked > 0:
            months.setdefault(one.fixmedins_code, set()).add(date(year, one.month, 1))
    return months


def under_a_year(
    hospital: Hospital,
    year: int,
    last_year: Sequence[LastMonth],
    booked: Collection[date] = (),
    *,
    reaches: bool = False,
) -> bool:
    """Less than one year of data before the year: the fund booked nothing last year, or a 定点 institution since later
    than last year's first day with nothing booked before that month (a renewed agreement does not make an old hospital
    new).

    ``booked`` are its months of any fund (`months_booked`). What was before January only a history that ``reaches``
    further back can tell: without one an agreement of January counts as of the whole year.
    """
    own = {
        date(year - 1, one.month, 1)
        for one in last_year
        if one.fixmedins_code == hospital.fixmedins_code and one.booked > 0
    }
    since = hospital.agreement_from
    if not own:
        return True
    if since is None or since.year != year - 1 or since == date(year - 1, 1, 1):
        return False
    start = since.replace(day=1)
    known = start.month > 1 or reaches
    return known and not any(day < start for day in (*own, *booked))


def mean_month(paid: int, parts: int = MONTHS) -> int:
    """The mean of a sum, half up to the fen: of a year over its months, or of many hospitals."""
    return half_up(paid, parts)


def prepay_amount(last_year_paid: int, months: Fraction, credit: Fraction) -> int:
    """prepay = last year's mean monthly payment × months × credit, half up to the fen once."""
    return half_up_ratio(Fraction(last_year_paid, MONTHS) * months * credit)


def recover_at_once(outstanding: int, status: str) -> int:
    """What must come back before the year-end: all of it once the agreement is suspended or ended."""
    return outstanding if status in _ENDED else 0


def _unknown(codes: Collection[str]) -> list[Finding]:
    """A finding for each applicant that is no known hospital."""
    return [
        warning(
            "prepay_unknown_hospital",
            f"申请预付金的机构{code}不是已知机构",
            "申请表机构编号有误",
            "核对机构编号后再申请",
            key=code,
        )
        for code in sorted(codes)
    ]


def prepay_rows(
    fund_type: str,
    year: int,
    hospitals: Sequence[Hospital],
    last_year: Sequence[LastMonth],
    position: Position | None,
    applications: Sequence[str],
    terms: PrepayTerms | None,
    booked_before: Mapping[str, Collection[date]] | None = None,
) -> tuple[list[PrepayRow], list[Finding]]:
    """One row a hospital, sorted by code. Without terms (nobody applied) there are none. ``booked_before`` are the
    months in which hospitals booked anything for any fund (`FundYear`).
    """
    found = _unknown(set(applications) - {one.fixmedins_code for one in hospitals})
    if terms is None:
        return [], found
    pool = pool_outcome(position, terms)
    if position is not None and None in (position.forecast_income, position.forecast_expense):
        found.append(
            warning(
                "forecast_missing",
                f"险种{fund_type}：没有本年收支预计，未按预计赤字判断",
                "基金运行情况表没有填预计数",
                "补填预计本年收入和支出",
                key=fund_type,
            )
        )
    months = booked_before or {}
    reaches = any(day.year < year - 1 for days in months.values() for day in days)
    before: dict[str, list[LastMonth]] = {}
    for one in last_year:
        before.setdefault(one.fixmedins_code, []).append(one)
    rows = []
    for hospital in sorted(hospitals, key=lambda one: one.fixmedins_code):
        code = hospital.fixmedins_code
        own = before.get(code, ())
        new = under_a_year(hospital, year, own, months.get(code, ()), reaches=reaches)
        outcome = pool or hospital_outcome(hospital, code in applications, new, terms)
        last = max(sum(one.booked for one in own), 0)
        credit = terms.credit.get(hospital.credit_lv)
        granted = outcome is Outcome.GRANTED and credit is not None
        amount = prepay_amount(last, terms.months, credit) if granted and credit is not None else 0
        rows.append(PrepayRow(fund_type, code, last, mean_month(last), hospital.credit_lv, credit, outcome, amount))
    return rows, found
