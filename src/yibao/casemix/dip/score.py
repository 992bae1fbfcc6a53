"""病种分值 and the thresholds of the catalogue, as exact formulas over whole numbers.

Means are exact fractions of a fen; points are integer 10⁻⁴ 分, rounded half up once where the catalogue publishes
them. Source: DIP 3.0 draft ch.3–5 and the 2.0 practice as set out in DIP_REGIMES A.3–A.4 (parameters in the packs).
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import sqrt

from yibao.kernel import POINT_SCALE, half_up_ratio

MEAN_OF_MEANS = "mean_of_means"
POOLED = "pooled"


def weighted_mean(years: Mapping[int, tuple[int, int]], weights: Mapping[int, int], basis: str) -> Fraction | None:
    """The year-weighted mean fee in fen of ``years`` = {year: (cases, fee in fen)}.

    A year without cases drops out and the weights of the others are renormalised (年份缺失). ``basis`` is
    ``mean_of_means`` (weighted mean of yearly means) or ``pooled`` (weighted fees over weighted cases); which one the
    text means is open, so it is a parameter (dip.weight_basis). None when no weighted year has a case.
    """
    quotient = weighted_quotient(years, weights, basis)
    return None if quotient is None else Fraction(*quotient)


def weighted_quotient(
    years: Mapping[int, tuple[int, int]], weights: Mapping[int, int], basis: str
) -> tuple[int, int] | None:
    """`weighted_mean` as (numerator, denominator), not reduced: a catalogue has a mean for each group and level."""
    present = [(weights[year], n, fee) for year, (n, fee) in years.items() if n > 0 and weights.get(year)]
    if not present:
        return None
    if len(present) == 1:
        return present[0][2], present[0][1]
    if basis == MEAN_OF_MEANS:
        above, below, whole = 0, 1, 0
        for w, n, fee in present:
            above, below, whole = above * n + w * fee * below, below * n, whole + w
        return above, below * whole
    if basis == POOLED:
        return sum(w * fee for w, _, fee in present), sum(w * n for w, n, _ in present)
    raise ValueError(f"unknown weight basis {basis!r}")


def year_weights(latest: int, weights: Sequence[int]) -> dict[int, int]:
    """The weight of each calendar year: the last of ``weights`` (old → new, e.g. 1:2:7) goes to ``latest``."""
    return {latest - len(weights) + 1 + i: weight for i, weight in enumerate(weights)}


def group_points(mean: Fraction, unit: Fraction, scale: int) -> int:
    """分值 = mean / unit × scale, in 10⁻⁴ 分, rounded half up.

    ``unit`` is the all-case mean (平均费用法), the base disease's mean (基准病种法) or the fixed quota (标准定额法,
    where ``scale`` is 1). Raises ValueError when the unit is not positive.
    """
    if unit <= 0:
        raise ValueError("the unit of points must be positive")
    return half_up_ratio(mean / unit * scale, POINT_SCALE)


def cost_ratio_points(group_mean: Fraction, all_mean: Fraction) -> int:
    """药品分值 dRW = dm_i/dM and 耗材分值 cRW = cm_i/cM: a ratio without the factor 1000, in 10⁻⁴."""
    return group_points(group_mean, all_mean, 1)


def ungrouped_points(fee: int, unit: Fraction, scale: int, k: Fraction) -> int:
    """Interim points of a case without a group: fee / unit × scale × k, in 10⁻⁴ 分 (k is local)."""
    return group_points(fee * k, unit, scale)


def add_on_points(group: int, eligible_fee: int, all_mean: Fraction, scale: int, k: Fraction) -> tuple[int, int]:
    """新药新技术加成: (add-on, total) in 10⁻⁴ 分; the text gives the idea, the formula is ours."""
    extra = ungrouped_points(eligible_fee, all_mean, scale, k)
    return extra, group + extra


def bed_day_points(day_mean: Fraction, all_mean: Fraction, scale: int, days: int) -> tuple[int, int]:
    """床日分值: (points of one day, points of the stay); the stay is rounded once from the unrounded day."""
    return group_points(day_mean, all_mean, scale), group_points(day_mean * days, all_mean, scale)


def keep_total(cases: Sequence[int], standard: Sequence[int], proposed: Sequence[int]) -> Fraction:
    """总分值不变: the factor on proposed points that keeps Σ cases × points (W-办15); paid = proposed × factor."""
    total = sum(n * s for n, s in zip(cases, standard, strict=True))
    return Fraction(total, sum(n * p for n, p in zip(cases, proposed, strict=True)))


def coverage_threshold(counts: Iterable[int], share: Fraction) -> tuple[int, int]:
    """(threshold, cases covered): the largest T such that groups with n ≥ T hold at least ``share`` of all cases.

    Groups of the same size enter together. Raises ValueError when there are no cases.
    """
    sizes = sorted((n for n in counts if n > 0), reverse=True)
    total = sum(sizes)
    if total == 0:
        raise ValueError("no cases to learn from")
    covered = 0
    for i, n in enumerate(sizes):
        covered += n
        if i + 1 < len(sizes) and sizes[i + 1] == n:
            continue
        if covered >= share * total:
            return n, covered
    return sizes[-1], total


def split_increase(mean_without: Fraction, mean_with: Fraction) -> Fraction:
    """The added cost of a related procedure: mean_with / mean_without − 1, unrounded."""
    return mean_with / mean_without - 1


def below_province_floor(threshold: int, floor: int) -> bool:
    """Whether a province-level pool's threshold is under the floor (≥50 in the 3.0 draft)."""
    return threshold < floor


def coefficient_of_variation(fees: Sequence[int], ddof: int = 0) -> float:
    """CV = sd / mean, a statistic for people; population (ddof 0) or sample (ddof 1), which the text leaves open."""
    n = len(fees)
    if n <= ddof or sum(fees) == 0:
        return 0.0
    mean = Fraction(sum(fees), n)
    variance = sum((Fraction(fee) - mean) ** 2 for fee in fees) / (n - ddof)
    return sqrt(variance) / float(mean)
