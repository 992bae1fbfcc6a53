"""Exact ratios and points. A ratio is a Fraction outside kernels and a scaled integer inside them."""

from decimal import Decimal, InvalidOperation
from fractions import Fraction

_LONGEST = 60
"""Characters an exact ratio may have: no figure of the law is longer, and 1e99999999 would fill the memory."""

POINT_SCALE = 10**4
"""Points (分值) are kept as integers of 10⁻⁴ 分."""


def exact_ratio(text: str | int | Decimal | Fraction) -> Fraction:
    """The exact value of ``"0.65"``, ``"65%"``, ``"5‰"`` or ``"1/3"``. Raises ValueError on anything else."""
    if isinstance(text, Fraction):
        return text
    if isinstance(text, float):
        raise ValueError("ratios are given as text or exact numbers, not float")
    raw = str(text).strip()
    if len(raw) > _LONGEST or "e" in raw.lower():
        raise ValueError(f"not an exact ratio: {raw[:_LONGEST]!r}")
    for sign, unit in (("%", 100), ("‰", 1000)):
        if raw.endswith(sign):
            return exact_ratio(raw[: -len(sign)]) / unit
    try:
        if "/" in raw:
            over, under = raw.split("/")
            return Fraction(Decimal(over)) / Fraction(Decimal(under))
        return Fraction(Decimal(raw))
    except (InvalidOperation, ValueError, OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"not an exact ratio: {text!r}") from error


def scaled(value: Fraction | str | int | Decimal, scale: int) -> int:
    """``value × scale`` as an integer, exactly; raises ValueError when a digit would be lost."""
    product = exact_ratio(value) * scale
    if product.denominator != 1:
        raise ValueError(f"{value} is finer than 1/{scale}")
    return product.numerator


def points(text: str | int | Decimal) -> int:
    """Points given in 分 with at most four decimals, as integer 10⁻⁴ 分."""
    return scaled(text, POINT_SCALE)


def points_text(value: int) -> str:
    """Integer 10⁻⁴ 分 as text with four decimals: ``1325.0000``."""
    return f"{Decimal(value).scaleb(-4):.4f}"
