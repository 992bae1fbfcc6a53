"""Dividing a sum among many: parts add up, stay within one fen of the exact share and ignore the order."""

import itertools
from fractions import Fraction
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yibao.kernel import largest_remainder

weighted = st.dictionaries(st.text(min_size=1, max_size=6), st.integers(0, 10**9), min_size=1, max_size=30)
totals = st.integers(0, 10**14)


def shares(total: int, by_key: dict[str, int]) -> dict[str, int]:
    keys = list(by_key)
    return dict(zip(keys, largest_remainder(total, [by_key[key] for key in keys], keys), strict=True))


@given(totals, weighted)
def test_the_parts_sum_to_the_whole_and_none_is_a_fen_off(total: int, by_key: dict[str, int]) -> None:
    whole = sum(by_key.values())
    assume(whole > 0)
    parts = shares(total, by_key)
    assert sum(parts.values()) == total
    for key, part in parts.items():
        assert abs(part - Fraction(total * by_key[key], whole)) < 1
        assert part >= 0


@given(totals, weighted, st.randoms(use_true_random=False))
def test_the_parts_do_not_depend_on_the_order_of_the_input(total: int, by_key: dict[str, int], dice: Random) -> None:
    assume(sum(by_key.values()) > 0)
    shuffled = list(by_key.items())
    dice.shuffle(shuffled)
    assert shares(total, dict(shuffled)) == shares(total, by_key)


@given(totals, weighted)
def test_a_greater_weight_never_gets_less(total: int, by_key: dict[str, int]) -> None:
    assume(sum(by_key.values()) > 0)
    parts = shares(total, by_key)
    ranked = sorted(by_key, key=lambda key: by_key[key])
    for low, high in itertools.pairwise(ranked):
        if by_key[low] < by_key[high]:
            assert parts[low] <= parts[high]


def test_equal_remainders_go_to_the_smaller_key() -> None:
    assert shares(100, {"c": 1, "a": 1, "b": 1}) == {"a": 34, "b": 33, "c": 33}


@pytest.mark.parametrize(
    ("total", "weights", "message"),
    [(1, [0, 0], "nothing to divide by"), (-1, [1, 1], "negative"), (1, [2, -1], "negative"), (1, [1], "one key")],
)
def test_what_cannot_be_divided_is_refused(total: int, weights: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        largest_remainder(total, weights, ["a", "b"])
