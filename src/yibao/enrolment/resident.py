"""When the cover of a resident's year begins and when its benefits do (年度参保、年度享受).

One paid year at a time, from the dates of its payment and what is known of the years before. The same decision stands
in ``resident_start.sql`` for the batch. Rules: RULEBOOK §1b, §1d.
"""

from datetime import date, timedelta
from typing import NamedTuple

from yibao.enrolment.months import add_months, first_day, month_no
from yibao.enrolment.terms import CoverTerms
from yibao.enrolment.wait import wait_months


class PaidYear(NamedTuple):
    """A resident's fully paid cover year and its history.

    ``given`` is the first day of benefits where the clerk already decided it. ``prev_resident`` and ``prev_employee``
    are the last years before with cover of the kind; ``repaired`` the years paid after they had passed;
    ``stopped`` whether the person had 职工 cover in the year, up to the month of payment; ``identities`` those held
    on the day of payment.
    """

    year: int
    paid_date: date
    registered: date
    brdy: date | None = None
    given: date | None = None
    stopped: bool = False
    prev_resident: int | None = None
    prev_employee: int | None = None
    repaired: tuple[int, ...] = ()
    identities: tuple[str, ...] = ()


class Start(NamedTuple):
    """First day of cover, first day of benefits, months waited; or the key of the law that is missing to tell."""

    begndate: date
    pay_from: date
    wait: int = 0
    lacks: str = ""


def resident_start(terms: CoverTerms, paid: PaidYear) -> Start:
    """Where cover and benefits of the year begin, before they are cut to the spell of enrolment.

    In this order: a newborn registered in time is covered from birth; a day of benefits decided before stands; who
    stopped 职工 cover in the year begins with the month that the law names; all others begin with the year or with
    their payment, and wait by `wait_months`.
    """
    new_year = date(paid.year, 1, 1)
    if is_newborn(terms, paid):
        born = paid.brdy or new_year
        return Start(born, paid.given or born)
    if paid.given is not None:
        begins = new_year if paid.paid_date < new_year else max(new_year, min(paid.paid_date, paid.given))
        return Start(begins, paid.given)
    if paid.stopped and paid.paid_date >= new_year:
        if terms.stop_delay is None:
            return _lacking(new_year, "switch.employee_stop.delay")
        begins = first_day(month_no(paid.paid_date) + terms.stop_delay)
        return Start(begins, begins)
    return _by_payment(terms, paid, new_year)


def is_newborn(terms: CoverTerms, paid: PaidYear) -> bool:
    """Whether the year is that of a registration within so many days from birth (新生儿): cover from birth."""
    if paid.brdy is None or paid.registered.year != paid.year:
        return False
    return timedelta(0) <= paid.registered - paid.brdy <= timedelta(terms.newborn_days)


def _by_payment(terms: CoverTerms, paid: PaidYear, new_year: date) -> Start:
    if terms.window_from is None or terms.window_until is None:
        return _lacking(new_year, "resident.window.from")
    in_time = terms.window_from <= paid.paid_date <= terms.window_until
    previous = paid.prev_resident
    if paid.prev_employee is not None and (previous is None or paid.prev_employee > previous):
        if terms.employee_years_count is None:
            return _lacking(new_year, "incentive.employee_years_count")
        previous = paid.prev_employee if terms.employee_years_count else previous
    broken = 0 if previous is None else paid.year - previous - 1
    begins, lacks = _begins(terms, paid.paid_date, new_year, in_time)
    if lacks:
        return _lacking(new_year, lacks)
    if in_time and not broken:
        return Start(begins, begins)
    if lacks := terms.absent_of_wait():
        return _lacking(new_year, lacks)
    if set(paid.identities) & set(terms.exempt or ()):
        return Start(begins, begins)
    repaired = sum(1 for year in paid.repaired if previous is not None and previous < year < paid.year)
    months = wait_months(terms.wait, broken, in_time, repaired)
    counted_from = paid.paid_date if terms.wait_starts == "paid_day" else begins
    return Start(begins, max(begins, add_months(counted_from, months)), months)


def _begins(terms: CoverTerms, paid_date: date, new_year: date, in_time: bool) -> tuple[date, str]:
    if paid_date < new_year:
        return new_year, ""
    rule = terms.start_in_window if in_time else terms.start_late
    if rule is None:
        return new_year, "resident.start.in_window" if in_time else "resident.start.late"
    if rule == "year_start":
        return new_year, ""
    return (paid_date if rule == "paid_day" else first_day(month_no(paid_date) + 1)), ""


def _lacking(day: date, key: str) -> Start:
    return Start(day, day, 0, key)
