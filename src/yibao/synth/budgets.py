"""The budget of the close year: income by item, lines, one approved raise, and how the fund stands."""

from typing import NamedTuple

from yibao.synth.draw import day_number
from yibao.synth.plan import (
    FUNDS,
    INCOME_PERMILLE,
    LAST_EXPENSE_PERMILLE,
    LINES_PERMILLE,
    RESERVE_MONTHS,
    SURPLUS_PERMILLE,
    adjustment,
    dip_budget,
)
from yibao.synth.rowsets import Row

_ROUND = 1_000_000
"""Budgets are whole 万元."""
LABELS = {"310": "职工", "390": "居民"}


class Budget(NamedTuple):
    """The budget of one fund in fen: income items, lines without the DIP line, what they leave for DIP, the raise."""

    fund: str
    income: dict[str, int]
    lines: dict[str, int]
    dip: int
    raised: int

    @property
    def whole(self) -> int:
        """All income."""
        return sum(self.income.values())

    @property
    def expense(self) -> int:
        """All lines with the DIP line."""
        return sum(self.lines.values()) + self.dip

    @property
    def balance(self) -> int:
        """What the fund holds when the year begins."""
        return self.last_expense * RESERVE_MONTHS[self.fund] // 12

    @property
    def last_expense(self) -> int:
        """What the fund spent the year before."""
        return self.expense * LAST_EXPENSE_PERMILLE // 1000


def budget_of(fund: str, last_booked: int) -> Budget:
    """The budget that leaves the fund's DIP line near the planned growth over ``last_booked`` fen."""
    target = dip_budget(last_booked)
    lines = {name: _whole(target * part // 1000) for name, part in LINES_PERMILLE[fund].items()}
    income = _whole((sum(lines.values()) + target) * 1000 // (1000 - SURPLUS_PERMILLE) + _ROUND - 1)
    items = {name: _whole(income * part // 1000) for name, part in INCOME_PERMILLE[fund].items()}
    items = {"premium": income - sum(items.values()), **items}
    dip = income * (1000 - SURPLUS_PERMILLE) // 1000 - sum(lines.values())
    return Budget(fund, items, lines, dip, adjustment(fund, dip))


def _whole(fen: int) -> int:
    return fen // _ROUND * _ROUND


def income_rows(budgets: list[Budget], year: int) -> list[Row]:
    """Table ``budget_income``."""
    return [
        {
            "year": year, "fund_type": one.fund, "income_item": item, "budget_amount": amount,
            "basis": f"{year}年{LABELS[one.fund]}医保基金预算",
        }
        for one in budgets for item, amount in one.income.items()
    ]  # fmt: skip


def line_rows(budgets: list[Budget], year: int) -> list[Row]:
    """Table ``budget_lines``, without the DIP line: it is what the others leave."""
    return [
        {
            "year": year, "fund_type": one.fund, "budget_line": line, "budget_amount": amount,
            "basis": f"{year}年{LABELS[one.fund]}医保基金预算",
        }
        for one in budgets for line, amount in one.lines.items()
    ]  # fmt: skip


def adjustment_rows(budgets: list[Budget], year: int) -> list[Row]:
    """Table ``budget_adjustments``: the lawful raise of a DIP line for more patients."""
    return [
        {
            "adjust_id": f"TZ{year}-{one.fund}-01", "year": year, "fund_type": one.fund, "budget_line": "dip",
            "adjust_amount": one.raised, "adjust_reason": "visits", "approved_date": day_number(year, 9, 28),
            "basis": f"{year}年第3次预算调整会议纪要",
        }
        for one in budgets if one.raised > 0
    ]  # fmt: skip


def position_rows(budgets: list[Budget], year: int) -> list[Row]:
    """Table ``fund_position``: reserves above the lawful months, no deficit last year nor foreseen."""
    return [
        {
            "year": year, "fund_type": one.fund, "balance": one.balance,
            "last_income": one.last_expense + one.last_expense // 50, "last_expense": one.last_expense,
            "forecast_income": one.whole, "forecast_expense": one.expense,
        }
        for one in budgets
    ]  # fmt: skip


def budgets_of(last_booked: dict[str, int]) -> list[Budget]:
    """The budgets of both funds."""
    return [budget_of(fund, last_booked[fund]) for fund in FUNDS]
