"""The knobs of the close: what makes the synthetic year budgeted, prepaid, overrun, reviewed. All of it assumed.

What a hospital is like beyond its size (cost, booked ratio, role in the close) stands in ``data/habits.csv``; the
shares of a fund's budget here. Amounts made of them are integer fen; the shares are exact thousandths (``permille``).
"""

from typing import NamedTuple

from yibao.synth.sheets import rows

FUNDS = ("310", "390")
"""职工 and 居民, in the order of `yibao.synth.people.People.employee` turned round: 310 is an employee."""

DIP_GROWTH_PERMILLE = 1020
"""The DIP budget against what the fund booked last year. Booked amounts grow faster: the pool as a whole overruns."""
ADJUSTMENT_PERMILLE = {"390": 6}
"""Approved raise of the DIP line within the year."""
SURPLUS_PERMILLE = 20
"""Income left unspent (以收定支、略有节余): lines together are the income less this."""
LINES_PERMILLE = {
    "310": {"outpatient": 280, "chronic": 120, "offsite": 140, "other": 80, "reserve": 20},
    "390": {"outpatient": 100, "chronic": 80, "offsite": 160, "other": 60, "reserve": 20},
}
"""The other lines of the budget against the DIP line, which itself is not written: it is what they leave."""
INCOME_PERMILLE = {
    "310": {"interest": 22, "subsidy": 4, "other": 4},
    "390": {"interest": 14, "subsidy": 610, "other": 3},
}
"""Income by item; premiums are the rest."""
RESERVE_MONTHS = {"310": 16, "390": 9}
"""Balance at the start of the year in months of last year's expense: above the lawful 12 and 6."""
LAST_EXPENSE_PERMILLE = 975
"""Last year's expense against this year's; its income was a little more."""

MONEY_MONTH_PERMILLE = 1100
"""What is moved to the 支出户 a month against a twelfth of the DIP budget; twice in December, once more in January."""

QUOTA_PER_100K = 500
"""The quota of 特例单议 that the applications exceed: 5‰ of the year's local discharges."""
REVIEWS = {"excess": 118, "fail": 8, "pending": 5, "not_eligible": 6, "long_stay": 6}
"""Applications in hundredths of the quota; ``excess`` are those that the panel passed, more than the quota holds."""
POINT_YUAN = 10.6
"""About what a point is worth in the demo city, for the points that the panel sets."""
EXCLUDED_SHARE = 0.03
"""Share of tumour and heart cases at level 3 with an excluded item."""

OCCUPANCY = 0.84
"""Occupied days to bed-days of the authorised beds."""
OVER_BEDS = 0.80
"""Agreed beds against the occupied ones where a hospital is over its agreement."""


class Habit(NamedTuple):
    """What a hospital, given by level (0–2) and rank in size, is known for. Empty fields leave it as drawn.

    ``booked_ratio`` is the booked amount over the entitlement that the close should find, in both funds, to about 0.05
    in a hospital with some hundred cases. ``role``:
    ``new`` (agreement from ``day`` of the close year), ``credit_d``, ``suspended``, ``not_applied``, ``over_beds``,
    ``lead`` of the first 医共体.
    """

    level: int
    rank: int
    trait: str
    fee_factor: float | None
    booked_ratio: float | None
    role: str
    day: str


def habits() -> list[Habit]:
    """The rows of ``data/habits.csv``."""
    return [
        Habit(
            int(row["level"]) - 1, int(row["rank"]), row["trait"],
            float(row["fee_factor"]) if row["fee_factor"] else None,
            float(row["booked_ratio"]) if row["booked_ratio"] else None,
            row["role"], row["day"],
        )
        for row in rows("habits")
    ]  # fmt: skip


def dip_budget(last_booked: int) -> int:
    """The DIP line in fen for what the fund booked last year, before the budget is rounded."""
    return last_booked * DIP_GROWTH_PERMILLE // 1000


def adjustment(fund: str, dip: int) -> int:
    """The approved raise of the DIP line in fen, whole 万元."""
    return dip * ADJUSTMENT_PERMILLE.get(fund, 0) // 1000 // 1_000_000 * 1_000_000
