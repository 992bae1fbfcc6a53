"""Rounding is half up (四舍五入) on exact numbers: equal to decimal's ROUND_HALF_UP everywhere."""

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.kernel import half_up, half_up_ratio

wide = st.integers(-(10**24), 10**24)


@given(wide, st.sampled_from([1, 2, 4, 5, 8, 10, 20, 25, 100, 1000, 10**6]))
def test_half_up_equals_decimal(numerator: int, denominator: int) -> None:
    exact = Context(prec=60).divide(Decimal(numerator), Decimal(denominator))
    assert half_up(numerator, denominator) == int(exact.quantize(Decimal(1), ROUND_HALF_UP, Context(prec=60)))


@given(wide, st.integers(1, 10**12))
def test_the_rounded_number_is_at_most_a_half_away(numerator: int, denominator: int) -> None:
    assert abs(Fraction(numerator, denominator) - half_up(numerator, denominator)) <= Fraction(1, 2)


@given(wide, st.integers(1, 10**6))
def test_rounding_is_the_same_on_both_sides_of_zero(numerator: int, denominator: int) -> None:
    assert half_up(-numerator, denominator) == -half_up(numerator, denominator)


def test_a_half_goes_away_from_zero() -> None:
    assert [half_up(n, 2) for n in (1, 3, -1, -3)] == [1, 2, -1, -2]


def test_a_ratio_is_rounded_in_the_unit_asked_for() -> None:
    assert half_up_ratio(Fraction(1, 3), 100) == 33
    assert half_up_ratio(Fraction(5, 1000), 100) == 1


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_denominator_that_is_not_positive_is_refused(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        half_up(1, denominator)
