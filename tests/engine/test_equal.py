"""Rows without exactly one equal row on the other side are found, whatever their number, order and blanks."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.engine import Engine
from yibao.engine.equal import unequal

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 2), st.none() | st.integers(0, 1)), max_size=9
)


@pytest.fixture(scope="module")
def engine():
    with Engine(memory="300MB", threads=1) as one:
        yield one


@given(ours=ROWS, theirs=ROWS)
def test_what_is_left_is_what_counting_leaves(engine: Engine, ours: list, theirs: list) -> None:
    for name, rows in (("ours", ours), ("theirs", theirs)):
        keys, numbers, more = zip(*rows, strict=True) if rows else ((), (), ())
        engine.put(name, pa.table({
            "no": pa.array(range(len(rows)), pa.int64()), "k": pa.array(keys, pa.string()),
            "x": pa.array(numbers, pa.int64()), "y": pa.array(more, pa.int64()),
        }))  # fmt: skip
    left = unequal(engine, ("ours", "theirs"), "no", ("k", "x", "y"), "x < 2")
    counts = [Counter(row for row in rows if row[1] < 2) for rows in (ours, theirs)]
    for found, rows in zip(left, (ours, theirs), strict=True):
        expected = [
            n for n, row in enumerate(rows)
            if row[1] < 2 and (row[0] is None or not counts[0][row] == counts[1][row] == 1)
        ]  # fmt: skip
        assert found.tolist() == expected
