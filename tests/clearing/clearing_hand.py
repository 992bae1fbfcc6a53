"""Small funds by hand for the tests of clearing: terms, budgets and rows with only what a test cares about."""

from datetime import date
from fractions import Fraction
from typing import Any

from yibao.clearing.prepay import PrepayTerms
from yibao.clearing.records import Amount, Budget, BudgetRow, BudgetYear, FundYear, Hospital, HospitalMonth
from yibao.clearing.share import parse_table
from yibao.clearing.terms import BudgetTerms, FundTerms, MonthTerms, WarningBand, YearTerms

DEFAULT_SHARE = [
    {"from": "0", "to": "0.85", "start": "0", "rate": "1", "label": "低于85%"},
    {"from": "0.85", "to": "1", "start": "1", "rate": "0", "label": "85%至100%"},
    {"from": "1", "to": "1.05", "start": "1", "rate": "0.70", "label": "超支5%以内"},
    {"from": "1.05", "to": "1.10", "start": "1.035", "rate": "0.50", "label": "超支5%至10%"},
    {"from": "1.10", "start": "1.06", "rate": "0", "label": "超支10%以上"},
]
TABLE = parse_table(DEFAULT_SHARE)

BUDGET_TERMS = BudgetTerms(
    surplus_target=Fraction("0.02"),
    income_items=("premium", "interest", "subsidy", "other"),
    lines=("outpatient", "chronic", "offsite", "dip", "other"),
    reasons=("visits", "policy", "health_event"),
    method="residual",
    growth=Fraction("0.06"),
    growth_cap=Fraction("0.05"),
    month_split="history",
    warning=(
        WarningBand(Fraction(1), "绿"),
        WarningBand(Fraction("1.05"), "黄"),
        WarningBand(Fraction("1.10"), "橙"),
        WarningBand(None, "红"),
    ),
    basis="某市意见",
)
MONTH_TERMS = MonthTerms("budget_vs_booked", "points", Fraction("0.8"), Fraction("0.05"))
PREPAY_TERMS = PrepayTerms(
    Fraction(12), True, Fraction(1), {"A": Fraction(1), "B": Fraction("0.95"), "C": Fraction("0.8"), "D": Fraction(0)}
)
YEAR_TERMS = YearTerms("budget_vs_booked", TABLE, False, "deposit", "booked", Fraction("1.5"), "flag")
TERMS = FundTerms(BUDGET_TERMS, MONTH_TERMS, PREPAY_TERMS, YEAR_TERMS)

INCOME = {"premium": 900, "interest": 10, "subsidy": 80, "other": 10}
LINES = {"outpatient": 120, "chronic": 150, "offsite": 180, "other": 60, "reserve": 20}


def amounts(items: dict[str, int], unit: int = 100) -> list[Amount]:
    """Budget rows from amounts in 元 (or another unit in fen)."""
    return [Amount(item, value * unit) for item, value in items.items()]


def budget_year(**changes: Any) -> BudgetYear:
    """RULEBOOK §7: income 1000, surplus 2 % → 980; 120 + 150 + 180 + 60 + reserve 20 → DIP 450."""
    plain: dict[str, Any] = {
        "fund_type": "310",
        "year": 2025,
        "income": amounts(INCOME),
        "lines": amounts(LINES),
    }
    return BudgetYear(**{**plain, **changes})


def ready_budget(dip: int, reserve: int = 0, months: list[int] | None = None, year: int = 2025) -> Budget:
    """A budget as plan_budget would answer it, with a DIP line and a reserve in fen; months equal where not given."""
    split = months or [dip // 12 + (1 if month < dip % 12 else 0) for month in range(12)]
    rows = (
        BudgetRow("310", "line", "dip", "住院DIP", dip, dip),
        BudgetRow("310", "line", "reserve", "调剂金", reserve, reserve),
    )
    return Budget("310", year, dip + reserve, dip + reserve, rows, tuple(split), (), True)


def hospital(code: str, **changes: Any) -> Hospital:
    """An old hospital of level 2 without assessment."""
    return Hospital(code, f"{code}医院", **{"level": "2", "agreement_from": date(2015, 1, 1), **changes})


def month_of(code: str, month: int = 1, **changes: Any) -> HospitalMonth:
    """A month of a hospital; points follow the amount due where they are not given."""
    plain = {"cases": 1, "points": changes.get("due", 0), "fee": 0, "patient": 0, "other": 0, "booked": 0}
    return HospitalMonth(code, month, **{**plain, "excluded_due": 0, "due": 0, **changes})


def fund_of(months: list[HospitalMonth], dip: int, **changes: Any) -> FundYear:
    """A fund whose hospitals are those of the months, with the whole budget in January."""
    codes = sorted({one.fixmedins_code for one in months})
    reserve = changes.pop("reserve", 0)
    plain: dict[str, Any] = {
        "budget": ready_budget(dip, reserve, [dip] + [0] * 11),
        "fund_fen": dip,
        "hospitals": [hospital(code) for code in codes],
        "months": months,
    }
    return FundYear(**{**plain, **changes})
