"""目标搜索: the frontier holds what no other trial beats, and the search closes in on the target and ends."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.impact.search import (
    BETWEEN,
    BOTH,
    FEWEST,
    LEAST,
    MISSED,
    Axis,
    Choice,
    Trial,
    Values,
    frontier,
    next_trials,
)

TRIALS = st.lists(
    st.builds(Trial, st.tuples(st.integers(0, 9)), st.integers(0, 9), st.integers(0, 5), st.integers(0, 9)), max_size=12
)


def beats(one: Trial, other: Trial) -> bool:
    """Whether one is at least as good for the people in both, and better in one."""
    mine, theirs = (one.above or 0, one.burden), (other.above or 0, other.burden)
    return mine != theirs and mine[0] <= theirs[0] and mine[1] <= theirs[1]


@given(trials=TRIALS, target=st.integers(0, 9))
def test_the_frontier_is_what_meets_the_target_and_is_beaten_by_none(trials: list[Trial], target: int) -> None:
    found = frontier(trials, target)
    met = [one for one in trials if one.fund <= target]
    if not met:
        assert [one.meets for one in found] == [False] * bool(trials)
        return
    chosen = [one.trial for one in found]
    assert all(one.meets and one.trial in met for one in found)
    assert not any(beats(other, one) for one in chosen for other in met)
    points = {(one.above, one.burden) for one in chosen}
    assert len(points) == len(chosen)
    assert points == {(one.above, one.burden) for one in met if not any(beats(other, one) for other in met)}, (
        "every point that none beats is there once"
    )
    assert chosen == sorted(chosen, key=lambda one: (one.above or 0, one.burden))


@given(trials=TRIALS, target=st.integers(0, 9), seed=st.integers(0, 9))
def test_the_order_of_trials_does_not_matter(trials: list[Trial], target: int, seed: int) -> None:
    shuffled = list(trials)
    random.Random(seed).shuffle(shuffled)
    assert frontier(shuffled, target) == frontier(trials, target)


def test_each_choice_says_why_it_is_there() -> None:
    trials = [Trial((1,), 90, 5, 40), Trial((2,), 95, 7, 30), Trial((3,), 99, 9, 20), Trial((4,), 120, 1, 1)]
    assert [(one.trial.values, one.reason) for one in frontier(trials, 100)] == [
        ((1,), FEWEST), ((2,), BETWEEN), ((3,), LEAST),
    ]  # fmt: skip
    assert [one.reason for one in frontier(trials[:1], 100)] == [BOTH]
    assert frontier(trials, 80) == [Choice(trials[0], False, MISSED)]
    assert frontier([], 80) == []
    free = [Trial((1,), 90, None, 40), Trial((2,), 95, None, 30)]
    assert frontier(free, 100) == [Choice(free[1], True, LEAST)]


def search(axes: list[Axis], spend: object, target: int, most: int = 200) -> list[Trial]:
    """Runs the search against a made-up city."""
    trials: list[Trial] = []
    while True:
        asked = next_trials(axes, trials, target, most)
        assert next_trials(axes, trials[::-1], target, most) == asked
        if not asked:
            return trials
        for values in asked:
            assert values not in {one.values for one in trials}
            for axis, value in zip(axes, values, strict=True):
                assert axis.low <= value <= axis.high
                assert (value - axis.low) % axis.step == 0
            fund = spend(*values)  # type: ignore[operator]
            trials.append(Trial(values, fund, 10 - fund % 10, 10_000_000 - fund))


@given(edge=st.integers(400_000, 900_000), high=st.integers(500_000, 900_000))
def test_one_parameter_is_found_to_the_step(edge: int, high: int) -> None:
    axis = Axis("benefit.rate", 400_000, high, 10_000)
    trials = search([axis], lambda rate: rate, edge)
    tried = {one.values[0] for one in trials}
    best = max((axis.value(nth) for nth in range(axis.last + 1) if axis.value(nth) <= edge), default=None)
    assert best is None or best in tried, "the last value that meets the target has been tried"
    assert len(trials) <= 5 + 6


@given(target=st.integers(0, 40))
def test_two_parameters_end_with_both_sides_of_the_target_a_step_apart(target: int) -> None:
    axes = [Axis("a", 0, 16, 1), Axis("b", 0, 160, 10)]
    trials = search(axes, lambda a, b: a + b // 10, target, 289)
    met = {one.values: one.fund <= target for one in trials}
    assert len(met) == len(trials) <= 289
    assert next_trials(axes, trials, target, 289) == []
    if target < 32:
        assert max(one.fund for one in trials if one.fund <= target) == target


def test_the_number_of_trials_is_kept() -> None:
    axes = [Axis("a", 0, 1000, 1), Axis("b", 0, 1000, 1)]
    assert len(search(axes, lambda a, b: a + b, 777, 20)) == 20
    assert next_trials([axes[0]], [], 5, 3) == [(0,), (250,), (500,)]


@pytest.mark.parametrize("axes", [[], [Axis("a", 1, 0, 1)], [Axis("a", 0, 1, 0)], [Axis("a", 0, 1, 1)] * 3])
def test_bounds_that_hold_nothing_are_refused(axes: list[Axis]) -> None:
    with pytest.raises(ValueError, match="one or two"):
        next_trials(axes, [], 0, 9)


def test_values_stay_on_the_grid_of_the_law() -> None:
    axis = Axis("benefit.deductible", 100_00, 510_00, 50_00)
    coarse: list[Values] = next_trials([axis], [], 0, 9)
    assert coarse == [(100_00,), (200_00,), (300_00,), (400_00,), (500_00,)]
