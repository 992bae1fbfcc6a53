"""Ratios and points are exact: text in, fraction or scaled integer out, never a float between."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.kernel import POINT_SCALE, exact_ratio, points, points_text, scaled


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.65", Fraction(13, 20)),
        ("65%", Fraction(13, 20)),
        (" 5‰ ", Fraction(1, 200)),
        ("1/3", Fraction(1, 3)),
        ("-2", Fraction(-2)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Fraction(2, 7), Fraction(2, 7)),
    ],
)
def test_a_ratio_is_read_exactly(text: str, value: Fraction) -> None:
    assert exact_ratio(text) == value


@pytest.mark.parametrize("text", ["", "abc", "1/0", "1/2/3", "NaN", "Infinity", "%", 0.65])
def test_what_is_no_exact_ratio_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"not an exact ratio|not float"):
        exact_ratio(text)  # type: ignore[arg-type]


@given(st.integers(-(10**15), 10**15))
def test_points_and_their_text_turn_into_each_other_without_loss(value: int) -> None:
    assert points(points_text(value)) == value


@given(st.fractions(), st.integers(1, 10**6))
def test_a_scaled_ratio_is_exact_or_refused(value: Fraction, scale: int) -> None:
    if (value * scale).denominator == 1:
        assert Fraction(scaled(value, scale), scale) == value
    else:
        with pytest.raises(ValueError, match="finer than"):
            scaled(value, scale)


def test_points_have_four_decimals() -> None:
    assert points("1325") == 1325 * POINT_SCALE
    assert points_text(13_250_000) == "1325.0000"
    with pytest.raises(ValueError, match="finer than 1/10000"):
        points("0.00001")
