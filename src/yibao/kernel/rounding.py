"""Rounding half up (四舍五入), on integers only, at the places the rules name."""

from fractions import Fraction


def half_up(numerator: int, denominator: int) -> int:
    """The integer nearest ``numerator / denominator``; a half goes away from zero (四舍五入)."""
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def half_up_ratio(value: Fraction, scale: int = 1) -> int:
    """``value × scale`` rounded half up to an integer; e.g. scale 100 turns 元 into 分."""
    return half_up(value.numerator * scale, value.denominator)
