"""Months as numbers, so that gaps can be counted: January of year 0 is 0."""

import calendar
from datetime import date

OPEN = date(9999, 12, 31)
"""The end of an interval that has none yet."""


def month_no(day: date) -> int:
    """The number of the calendar month a day is in."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """The first day of a month by its number."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """The last day of a month by its number."""
    return date(month // 12, month % 12 + 1, calendar.monthrange(month // 12, month % 12 + 1)[1])


def add_months(day: date, months: int) -> date:
    """The same day some months later; the last day of the month where it has no such day (1月31日 + 1 → 2月28日)."""
    month = month_no(day) + months
    return first_day(month).replace(day=min(day.day, last_day(month).day))


def gap_months(last_covered: date, first_new: date) -> int:
    """Whole calendar months without cover between the last covered month and the first new one; 0 when they touch."""
    return max(0, month_no(first_new) - month_no(last_covered) - 1)
