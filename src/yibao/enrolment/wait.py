"""待遇等待期: how many months a resident who enrolled late or with broken years waits for benefits.

Rule (国办发〔2024〕38号, RULEBOOK §1b): fixed = 3 months where paid outside the window or not continuous; one more
month for each broken year not repaired; where 4 or more years were broken the whole is at least 6. All figures are law.
"""

from datetime import date
from typing import NamedTuple

from yibao.kernel import Step
from yibao.law import View


class WaitTerms(NamedTuple):
    """The rule in months: fixed, per broken year, a floor from so many broken years on, less per repaired year."""

    fixed: int
    per_year: int
    long_years: int
    long_min: int
    repair: int


KEYS = ("wait.fixed", "wait.per_broken_year", "wait.long_break_years", "wait.long_break_min", "wait.repair")
"""The law keys of WaitTerms, in its order."""


def read_wait(view: View) -> WaitTerms:
    """The waiting rule of a day. Raises MissingParameter."""
    return WaitTerms(*(view.integer(key) for key in KEYS))


def wait_months(
    terms: WaitTerms, broken_years: int, paid_in_window: bool, repaired_years: int = 0, steps: list[Step] | None = None
) -> int:
    """Months to wait. ``broken_years`` counts the years broken before repair, of which ``repaired_years`` were paid.

    The fixed part cannot be repaired; the floor of a long break holds after repair too. Raises ValueError for more
    repaired than broken years or a negative number.
    """
    if not 0 <= repaired_years <= broken_years:
        raise ValueError("repaired years lie between 0 and the broken years")
    if paid_in_window and broken_years == 0:
        return 0
    variable = max(0, broken_years * terms.per_year - repaired_years * terms.repair)
    months = terms.fixed + variable
    if steps is not None:
        why = f"断保{broken_years}年" if broken_years else "未在集中缴费期缴费"
        steps.append(Step("固定等待期", str(terms.fixed), "月", why, KEYS[0]))
        if broken_years:
            steps.append(
                Step("变动等待期", str(variable), "月", f"断保{broken_years}年，补缴{repaired_years}年", KEYS[1])
            )
    if broken_years >= terms.long_years and months < terms.long_min:
        months = terms.long_min
        if steps is not None:
            steps.append(Step("长期断保下限", str(months), "月", f"断保{terms.long_years}年及以上", KEYS[3]))
    return months


def month_day(text: str) -> tuple[int, int]:
    """A month and day written ``09-01``. Raises ValueError on anything else."""
    month, dash, day = text.partition("-")
    date(2000, int(month), int(day))
    if not dash:
        raise ValueError(f"not a month and day: {text!r}")
    return int(month), int(day)


def window(opens: str, closes: str, cover_year: int) -> tuple[date, date]:
    """The first and last day of 集中缴费期 for a cover year.

    It opens in the year before; a closing day that comes earlier in the calendar than the opening lies in the cover
    year itself (09-15 to 02-28).
    """
    start, end = month_day(opens), month_day(closes)
    last_year = cover_year - 1 if end >= start else cover_year
    return date(cover_year - 1, *start), _real(last_year, *end)


def _real(year: int, month: int, day: int) -> date:
    """The day, or 28 February where the law writes 02-29 and the year has none."""
    if (month, day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
        return date(year, 2, 28)
    return date(year, month, day)


def in_window(view: View, cover_year: int, paid_date: date) -> bool:
    """Whether a resident paid within 集中缴费期 of the cover year. Raises MissingParameter where the city has none."""
    start, end = window(view.text("resident.window.from"), view.text("resident.window.until"), cover_year)
    return start <= paid_date <= end
