"""The ladder gives what plain Python gives, over random sides in which identifiers and amounts meet by chance."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recon_world import answer, expected, numbered, world

from yibao.engine import Engine


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(memory="500MB", threads=1) as one:
        yield one


def difference(engine: Engine, rows: list[dict]) -> tuple[set, set]:
    """What only the room says, and what only the oracle says."""
    ours, theirs = set(answer(engine, rows)), set(expected(rows))
    return ours - theirs, theirs - ours


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32))
def test_many_small_worlds_together_come_out_as_plain_python_says(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    rows = numbered([row for n in range(80) for row in world(dice, f"W{n}")])
    assert difference(engine, rows) == (set(), set())


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32))
def test_one_small_world_alone_comes_out_as_plain_python_says(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    rows = numbered([row for _ in range(3) for row in world(dice, "W")])
    assert difference(engine, rows) == (set(), set())


@settings(max_examples=4)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_the_files_changes_no_kind_and_no_amount(engine: Engine, seed: int) -> None:
    dice = random.Random(seed)
    rows = [row for n in range(40) for row in world(dice, f"W{n}")]
    first = sorted(kind for kind, _rows in answer(engine, numbered(rows)))
    dice.shuffle(rows)
    assert sorted(kind for kind, _rows in answer(engine, numbered(rows))) == first
