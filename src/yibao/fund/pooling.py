"""Pooling (统收统支、上解下拨): the working fund and its monthly request, the split of a gap, late sweeps.

All in fen; every figure of a city (months of float, shares, days) is an argument that its pack gives. A share is an
exact Fraction between 0 and 1; what is rounded is one party's part, the other's is the rest, so parts add up.
Rules: RULEBOOK §11.
"""

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from yibao.kernel import Finding, Period, Severity, half_up_ratio, yuan_text
from yibao.law import WorkCalendar

MONTHS = 12


class FloatMonth(NamedTuple):
    """A month of the working fund (周转金): what it opened with, came in, was paid, is left, and what is requested."""

    working: int
    paid_in: int
    actual: int
    left: int
    request: int


class GapShares(NamedTuple):
    """A gap (基金缺口), what it comes from (not collected, overspent, never funded), and who bears it."""

    gap: int
    collection: int
    spending: int
    unfunded: int
    city: int
    county: int


def working_fund(annual_budget: int, float_months: int) -> int:
    """The working fund: so many months of the year's budget (首月预拨), rounded half up to the fen."""
    if annual_budget < 0 or float_months < 0:
        raise ValueError("a budget and a number of months are not negative")
    return half_up_ratio(Fraction(annual_budget * float_months, MONTHS))


def clear_month(working: int, paid_in: int, actual: int, need: int) -> FloatMonth:
    """按月清算: what is left of the working fund, and the request that covers the next month's ``need``.

    left = working + paid_in − actual; request = need − left. ``left`` below zero is what the agency paid in advance
    and is requested on top. Where more is left than needed nothing is requested. Raises ValueError on a negative sum.
    """
    if min(paid_in, actual, need) < 0:
        raise ValueError("amounts paid in, spent and needed are not negative")
    left = working + paid_in - actual
    return FloatMonth(working, paid_in, actual, left, max(need - left, 0))


def pooled_net(received: int, paid: int) -> int:
    """What the pool keeps: swept in less allotted out (归集减拨付)."""
    return received - paid


def split_gap(
    budget_income: int, collected: int, budget_spending: int, spent: int, own_surplus: int,
    city_of_collection: Fraction, city_of_spending: Fraction,
) -> GapShares:  # fmt: skip
    """The gap of a county in a year and its split between city and county.

    gap = spent − collected − the county's own historic surplus, none when that is negative. Of it what was spent above
    the budget is the spending part; then what was not collected of the budgeted income the collection part; the rest
    was budgeted without income and is the county's. So the own surplus covers the unfunded part first, then the
    collection part. The city bears its share of each, rounded once; the county the rest. Raises ValueError for a
    share outside 0 to 1 or a negative amount.
    """
    if min(budget_income, collected, budget_spending, spent, own_surplus) < 0:
        raise ValueError("amounts are not negative")
    if not (0 <= city_of_collection <= 1 and 0 <= city_of_spending <= 1):
        raise ValueError("a share lies between 0 and 1")
    gap = max(spent - collected - own_surplus, 0)
    spending = min(gap, max(spent - budget_spending, 0))
    collection = min(gap - spending, max(budget_income - collected, 0))
    city = half_up_ratio(collection * city_of_collection + spending * city_of_spending)
    return GapShares(gap, collection, spending, gap - spending - collection, city, gap - city)


def days_late(calendar: WorkCalendar, due: date, done: date, *, due_day_in_time: bool = True) -> int:
    """Working days from the due day to the day it was done; 0 when in time.

    ``due_day_in_time`` says whether the due day itself is in time; where it is not, doing it then is one day late.
    Raises HolidayTableMissing for a year without a notice.
    """
    if done < due or (done == due and due_day_in_time):
        return 0
    late = len(calendar.working_days(Period(due, done))) - int(calendar.is_working_day(due))
    return max(late, 1) if due_day_in_time else late + 1


def sweep_finding(
    calendar: WorkCalendar, key: str, due: date, swept: date | None, as_of: date, amount: int,
) -> Finding | None:  # fmt: skip
    """The finding about one sweep (归集) of ``amount`` fen due on a day, done on ``swept`` or not yet by ``as_of``."""
    late = days_late(calendar, due, swept or as_of)
    if not late:
        return None
    state = f"于{swept.isoformat()}划转" if swept else f"到{as_of.isoformat()}仍未划转"
    return Finding(
        "sweep_late", Severity.WARNING,
        f"{key}应于{due.isoformat()}归集的{yuan_text(amount)}元{state}，迟{late}个工作日",
        next_step="立即划转应归集的财政专户，并说明迟延原因", key=key,
    )  # fmt: skip
