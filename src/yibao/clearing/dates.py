"""When things are due: prepayment, declaration and payment of each month, the clearing, the half-year publications.

Working days by the State Council's notices (`View.work_calendar`); a year without one is a finding, not a guess.
Source: S4 三(四), 医保办发〔2024〕9号, 清算提质增效三年行动计划, 办法 2025 art.28, DIP_REGIMES A.9.3.
"""

from calendar import monthrange
from datetime import date
from typing import NamedTuple

from yibao.clearing.faults import TermsError, error, warning
from yibao.kernel import Finding
from yibao.law import HolidayTableMissing, Law, View

MONTHS = range(1, 13)


class LawYear(NamedTuple):
    """The law that a year is settled by, as it stood on each day that something is settled: ``start`` is 1 January,
    which says when prepayments are paid; ``months`` are the last days of the months.
    """

    year: int
    start: View
    months: tuple[View, ...]

    @property
    def end(self) -> View:
        """31 December, whose law the year as a whole is cleared by."""
        return self.months[-1]

    @property
    def pay_day(self) -> date:
        """When prepayments are paid. Raises MissingParameter, and TermsError for a day that is none."""
        return month_day(self.start.text("prepay.pay_day"), self.year)


def law_year(law: Law, year: int) -> LawYear:
    """The views of a year; nothing is read yet."""
    last = (date(year, month, monthrange(year, month)[1]) for month in MONTHS)
    return LawYear(year, law.at(date(year, 1, 1)), tuple(law.at(day) for day in last))


class MonthDates(NamedTuple):
    """A month's settlement: ``declared`` closes the declarations; ``settled`` is the day it is settled and paid, in the
    books of its own year (December: the last day); ``latest`` the last lawful day to pay (None: not computable).
    """

    month: int
    declared: date
    settled: date
    latest: date | None


class ClearingDates(NamedTuple):
    """The dates of a fund year: its prepayment, months, clearing deadline, and publications after the deadline."""

    prepaid: date
    months: tuple[MonthDates, ...]
    cleared_by: date
    first_published: date
    second_published: date


def clearing_deadline(view: View, fund_year: int, *, pilot: bool) -> date:
    """清算时限 of a fund year, a day of the next year. The view is the law in the fund year, which it goes by."""
    return month_day(view.text("clearing.deadline", pilot="true" if pilot else "false"), fund_year + 1)


def publications(view: View, cleared: date) -> tuple[date, date]:
    """半年集中发布: the first within months after the clearing, the second by a day of the same year."""
    first = add_months(cleared, view.integer("clearing.publish.first_months"))
    return first, month_day(view.text("clearing.publish.second_until"), cleared.year)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_day(text: str, year: int) -> date:
    """The day of the year that the law writes as ``05-31``. Raises TermsError on anything else."""
    month, _, day = text.partition("-")
    try:
        return date(year, int(month), int(day))
    except ValueError as fault:
        raise TermsError(
            [error("law_day_unreadable", f"“{text}”不是月-日", "政策包日期写法有误", "写成 05-31")]
        ) from fault


def day_of_next_month(year: int, month: int, day: int) -> date:
    """The ``day`` of the month after, or its last day where it is shorter."""
    following = add_months(date(year, month, 1), 1)
    return following.replace(day=min(day, monthrange(following.year, following.month)[1]))


def settle_day(year: int, month: int, day: int) -> date:
    """The day a month is settled and booked: ``day`` of the next month, December on 31 December, in its own year."""
    return date(year, month, 31) if month == MONTHS[-1] else day_of_next_month(year, month, day)


def read_dates(law: LawYear, *, pilot: bool = False) -> tuple[ClearingDates, list[Finding]]:
    """All dates of a fund year, and a finding for a month that would be paid too late or cannot be judged.

    A month's days are those of the law at its end, as in the books. Raises MissingParameter for a key the law leaves
    open.
    """
    year, months, found = law.year, [], []
    unknown: dict[str, Finding] = {}
    for month, view in zip(MONTHS, law.months, strict=True):
        settle, declare = view.integer("settle.month.day"), view.integer("settle.declare.day")
        limit = view.integer("settle.pay.max_working_days")
        declared, paid = day_of_next_month(year, month, declare), settle_day(year, month, settle)
        latest: date | None = None
        try:
            latest = view.work_calendar.add_working_days(declared, limit)
        except HolidayTableMissing as missing:
            unknown[missing.finding.message] = missing.finding
        months.append(MonthDates(month, declared, paid, latest))
        if latest is not None and paid > latest:
            found.append(_late(month, paid, latest, limit))
    cleared = clearing_deadline(law.end, year, pilot=pilot)
    first, second = publications(law.end, cleared)
    return ClearingDates(law.pay_day, tuple(months), cleared, first, second), [*found, *unknown.values()]


def _late(month: int, paid: date, latest: date, limit: int) -> Finding:
    message = f"{month}月的结算日{paid.isoformat()}迟于最后拨付日{latest.isoformat()}"
    cause = f"申报截止次日起不超过{limit}个工作日拨付"
    return warning("payment_too_late", message, cause, "提前月度结算日 settle.month.day", key="settle.month.day")


def clearing_late(cleared: date, deadline: date) -> Finding | None:
    """The finding about a clearing done after its deadline, or None."""
    if cleared <= deadline:
        return None
    days = (cleared - deadline).days
    message = f"年度清算于{cleared.isoformat()}完成，晚于时限{deadline.isoformat()}共{days}天"
    return warning("clearing_late", message, "清算时限由国家规定", "说明原因，尽快拨付清算款", key="clearing.deadline")
