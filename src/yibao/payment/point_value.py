"""点值: what a point is worth, at the start of the year and at settlement, in all the modes the texts name.

Values are exact fractions of 元 per 分; they are rounded for display only. Amounts in fen, points in 10⁻⁴ 分.
Source: DIP_REGIMES A.8 (DIP 3.0 draft ch.6, 医保发〔2025〕18号 art.16, 经办规程 2025 art.16).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from yibao.kernel import POINT_SCALE, half_up_ratio


class PointValueError(ValueError):
    """No point value can be computed: no points, or a reimbursement ratio of zero. Message in Chinese."""


def _per_point(fen: Fraction, points: Fraction) -> Fraction:
    if points <= 0:
        raise PointValueError("总分值为0，无法测算点值：请检查病例是否入组、分值是否为0")
    return fen * POINT_SCALE / (100 * points)


def opening_value(years: Mapping[int, tuple[int, int]], weights: Mapping[int, int]) -> Fraction:
    """年初点值: Σ w·fee_y / Σ w·points_y over ``years`` = {year: (fee in fen, points)}; absent years drop out."""
    fee = sum(Fraction(weights.get(year, 0) * fen) for year, (fen, _) in years.items())
    points = sum(Fraction(weights.get(year, 0) * p) for year, (_, p) in years.items())
    return _per_point(Fraction(fee), Fraction(points))


def booked_ratio(booked_fen: int, total_fen: int) -> Fraction:
    """The reimbursement ratio of DIP cases: booked fund amount / total fee."""
    if total_fen <= 0:
        raise PointValueError("DIP病例总费用为0，无法测算报销比例")
    return Fraction(booked_fen, total_fen)


def settlement_value(fund_fen: int, ratio: Fraction, points: int) -> Fraction:
    """结算点值: (fund / ratio) / Σ points. A ratio of zero is an error, not a value of zero."""
    if ratio <= 0:
        raise PointValueError("实际报销比例为0，无法测算结算点值：请核对统筹基金记账额")
    return _per_point(Fraction(fund_fen) / ratio, Fraction(points))


def display(value: Fraction) -> int:
    """The point value in 10⁻⁴ 元, rounded half up for showing and for publication."""
    return half_up_ratio(value, 10**4)


def payment_standard(points: int, value: Fraction) -> int:
    """支付标准 in fen: points (10⁻⁴ 分) × point value (元 per 分), rounded half up once."""
    return half_up_ratio(value * points / POINT_SCALE, 100)


def pool_due(standard_fen: int, patient_fen: int, other_funds_fen: int) -> int:
    """What the pool owes for a case: the standard less what the patient and other funds pay; may be negative."""
    return standard_fen - patient_fen - other_funds_fen


class Elastic(NamedTuple):
    """弹性点值 of the extra volume: the money left for it (fen), its value uncapped and paid, what is unspent."""

    base_fen: int
    raw: Fraction
    paid: Fraction
    unspent_fen: int


def elastic_value(
    total_fen: int, base_points: int, fixed: Fraction, extra_points: int, cap: Fraction | None
) -> Elastic:
    """Base volume at a fixed value, extra volume floating and optionally capped (form a of the draft).

    The base is rounded half up to a fen once. Raises PointValueError when the base alone exceeds the total.
    """
    base = half_up_ratio(fixed * base_points / POINT_SCALE, 100)
    if base > total_fen:
        raise PointValueError("基础量按固定点值支付已超过总额，请调整固定点值或总额")
    raw = _per_point(Fraction(total_fen - base), Fraction(extra_points))
    paid = raw if cap is None else min(raw, cap)
    spent = half_up_ratio(paid * extra_points / POINT_SCALE, 100)
    return Elastic(base, raw, paid, total_fen - base - spent)


def mild_value(total_fen: int, severe_points: int, fixed: Fraction, mild_points: int) -> Fraction:
    """Severe groups at a fixed value, what is left over the points of the mild ones (form b)."""
    severe = half_up_ratio(fixed * severe_points / POINT_SCALE, 100)
    return _per_point(Fraction(total_fen - severe), Fraction(mild_points))


def service_value(total_fen: int, rigid_fen: int, service_points: int) -> Fraction:
    """Drug and consumable cost fixed, services floating (form c)."""
    return _per_point(Fraction(total_fen - rigid_fen), Fraction(service_points))


class HospitalCost(NamedTuple):
    """A hospital for the 优值区间: its fee or cost in fen and its points."""

    code: str
    fee_fen: int
    points: int


def excellence_one(hospitals: Sequence[HospitalCost]) -> tuple[Fraction, list[str], Fraction]:
    """一维优值区间: (pool mean, hospitals below it by code, their weighted mean), 元 per 分."""
    pool = _per_point(Fraction(sum(h.fee_fen for h in hospitals)), Fraction(sum(h.points for h in hospitals)))
    chosen = [h for h in hospitals if _per_point(Fraction(h.fee_fen), Fraction(h.points)) < pool]
    if not chosen:
        return pool, [], pool
    value = _per_point(Fraction(sum(h.fee_fen for h in chosen)), Fraction(sum(h.points for h in chosen)))
    return pool, sorted(h.code for h in chosen), value


def excellence_two(
    points: Sequence[tuple[Fraction, Fraction]],
) -> tuple[list[tuple[Fraction, Fraction]], tuple[float, float]]:
    """二维优值区间: hospitals with income and cost per point both below the mean and income ≥ cost, and their
    geometric median (income, cost). The income coordinate is the point value; the median is a statistic, so float.

    ``points`` are (income, cost) in 元 per 分 at equal weight. Real hospital cost is needed; without it the caller
    must refuse. Raises PointValueError when no hospital is in the interval.
    """
    mean_income = sum(p[0] for p in points) / len(points)
    mean_cost = sum(p[1] for p in points) / len(points)
    chosen = [p for p in points if p[0] < mean_income and p[1] < mean_cost and p[0] >= p[1]]
    if not chosen:
        raise PointValueError("没有医疗机构落入优值区间，不能按二维优值区间测算点值")
    return chosen, _geometric_median([(float(x), float(y)) for x, y in chosen])


def _geometric_median(at: list[tuple[float, float]]) -> tuple[float, float]:
    """The point with the smallest sum of distances (Weiszfeld's iteration, kept off the data points)."""
    x, y = (sum(axis) / len(at) for axis in zip(*at, strict=True))
    for _ in range(1000):
        weights = [1.0 / max(((px - x) ** 2 + (py - y) ** 2) ** 0.5, 1e-12) for px, py in at]
        whole = sum(weights)
        new_x = sum(w * px for w, (px, _) in zip(weights, at, strict=True)) / whole
        new_y = sum(w * py for w, (_, py) in zip(weights, at, strict=True)) / whole
        if abs(new_x - x) + abs(new_y - y) < 1e-12:
            break
        x, y = new_x, new_y
    return x, y
