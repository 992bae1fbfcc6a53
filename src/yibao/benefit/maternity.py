"""生育津贴: how many days it is paid for, and what it comes to. Source: 社会保险法第五十六条; RULEBOOK §2.11."""

from yibao.kernel import half_up
from yibao.law import View

MONTH = 30
"""Days that a month's wage is divided by."""


def allowance(month_wage_fen: int, days: int) -> int:
    """The employer's mean monthly wage of last year ÷ 30 × days, in fen, rounded half up once."""
    if month_wage_fen < 0 or days < 0:
        raise ValueError("wage and days must not be negative")
    return half_up(month_wage_fen * days, MONTH)


def birth_days(view: View, *, difficult: bool = False, babies: int = 1) -> int:
    """Days for a birth: the basic ones, more for 难产 and for every baby beyond the first. Raises MissingParameter."""
    if babies < 1:
        raise ValueError("a birth has at least one baby")
    days = view.integer("maternity.days.basic")
    if difficult:
        days += view.integer("maternity.days.difficult")
    if babies > 1:
        days += (babies - 1) * view.integer("maternity.days.extra_baby")
    return days


def miscarriage_days(view: View, months: int) -> int:
    """Days for a miscarriage after so many full months. Raises MissingParameter."""
    late = months >= view.integer("maternity.late_month")
    return view.integer("maternity.days.miscarriage", stage="late" if late else "early")
