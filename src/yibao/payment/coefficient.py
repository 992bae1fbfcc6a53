"""医疗机构系数: by level from cost, or a base with bonuses; and the check against inverted levels.

Source: S4 三(三) (基本系数 + 加成系数), DIP_REGIMES A.6. Coefficients are integer 10⁻⁴ where they are published.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from yibao.kernel import half_up_ratio

SCALE = 10**4


def level_coefficient(level_mean: Fraction, pool_mean: Fraction) -> int:
    """k_L = weighted mean fee of the level / that of the pool, rounded half up to four decimals."""
    if pool_mean <= 0:
        raise ValueError("the pool's mean fee must be positive")
    return half_up_ratio(level_mean / pool_mean, SCALE)


def with_bonus(base: Fraction, items: Sequence[tuple[Fraction, Fraction]]) -> tuple[int, int]:
    """(bonus, base + bonus) in 10⁻⁴ with bonus = Σ weight × score (S4: 基本系数加加成系数)."""
    bonus = sum((weight * score for weight, score in items), Fraction(0))
    return half_up_ratio(bonus, SCALE), half_up_ratio(base + bonus, SCALE)


def inverted(by_level: Mapping[str, Fraction]) -> list[tuple[str, str]]:
    """Pairs of (lower level, higher level) where the lower one has the greater coefficient: by-disease coefficients
    are then refused (DIP 3.0 draft, selection rule 3). Levels are ``1``, ``2``, ``3``.
    """
    levels = sorted(by_level)
    return [(low, high) for i, low in enumerate(levels) for high in levels[i + 1 :] if by_level[low] > by_level[high]]
