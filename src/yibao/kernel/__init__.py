"""The ground floor: money, ratios, rounding, splits, periods, sources, findings, steps.

Standard library only; knows no medicine and no table. Amounts are integer fen (分), unit prices and
quantities integer 10⁻⁶ 元, points integer 10⁻⁴ 分值. Imports nothing of yibao.
"""

from yibao.kernel.finding import Finding, Place, Severity
from yibao.kernel.money import MAX_BUDGET_FEN, MAX_FEN, MoneyError, fen_from_yuan, micro_from_yuan, yuan, yuan_text
from yibao.kernel.periods import Period, parse_day
from yibao.kernel.ratio import POINT_SCALE, exact_ratio, points, points_text, scaled
from yibao.kernel.rounding import half_up, half_up_ratio
from yibao.kernel.source import Grade, Source
from yibao.kernel.split import largest_remainder
from yibao.kernel.step import Step

__all__ = [
    "MAX_BUDGET_FEN",
    "MAX_FEN",
    "POINT_SCALE",
    "Finding",
    "Grade",
    "MoneyError",
    "Period",
    "Place",
    "Severity",
    "Source",
    "Step",
    "exact_ratio",
    "fen_from_yuan",
    "half_up",
    "half_up_ratio",
    "largest_remainder",
    "micro_from_yuan",
    "parse_day",
    "points",
    "points_text",
    "scaled",
    "yuan",
    "yuan_text",
]
