"""Rows of two long tables that have exactly one equal row on the other side: found by fingerprints, sorted in place.

Equality of many columns costs a database a wide hash table; here a row is 63 bits, and 20 million of them sort in a
third of a second. Some two rows that differ share a fingerprint in one of ten million runs over a million rows a side;
whoever takes equal rows out of two totals must see to it that the rest still explains the difference.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from yibao.engine.session import Engine

_Marks = npt.NDArray[np.uint64]


def unequal(
    engine: Engine, tables: tuple[str, str], number: str, columns: Sequence[str], where: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The ``number`` of every row, in both tables, that has not exactly one row equal in ``columns`` in the other, or
    shares them with a row of its own table. The first column is the key: rows where it is NULL are equal to none.
    ``where`` is SQL that picks the rows that count.
    """
    sides = [_marks(engine, table, number, columns, where, bit) for bit, table in enumerate(tables)]
    both = np.concatenate([marks for _numbers, marks, _bare in sides])
    both.sort()
    odd = _odd(both)
    ours, theirs = (np.concatenate([bare, numbers[_among(marks, odd)]]) for numbers, marks, bare in sides)
    return np.sort(ours), np.sort(theirs)


def _marks(
    engine: Engine, table: str, number: str, columns: Sequence[str], where: str, bit: int
) -> tuple[npt.NDArray[np.int64], _Marks, npt.NDArray[np.int64]]:
    """Numbers and fingerprints of the rows with a key, and the numbers of those without; ``bit`` is the lowest bit."""
    named = ", ".join(f'"{one}"' for one in columns)
    found = engine.con.execute(
        f'SELECT "{number}" AS number, hash({named}) AS mark FROM "{table}" '
        f'WHERE "{columns[0]}" IS NOT NULL AND ({where})'
    ).fetchnumpy()
    bare = engine.con.execute(
        f'SELECT "{number}" AS number FROM "{table}" WHERE "{columns[0]}" IS NULL AND ({where})'
    ).fetchnumpy()
    marks = np.asarray(found["mark"], dtype=np.uint64)
    marks &= ~np.uint64(1)
    marks |= np.uint64(bit)
    return np.asarray(found["number"], np.int64), marks, np.asarray(bare["number"], np.int64)


def _odd(both: _Marks) -> _Marks:
    """The fingerprints, lowest bit off, that do not stand exactly once on either side; ``both`` is sorted."""
    value = both >> np.uint64(1)
    next_same = np.zeros(len(value) + 1, dtype=bool)
    next_same[1:-1] = value[1:] == value[:-1]
    starts = ~next_same[:-1]
    paired = np.zeros(len(value), dtype=bool)
    if len(value) > 1:
        ends = ~next_same[1:]
        couple = starts[:-1] & next_same[1:-1] & ends[1:] & ((both[:-1] ^ both[1:]) == np.uint64(1))
        paired[:-1] |= couple
        paired[1:] |= couple
    return np.unique(value[~paired])


def _among(marks: _Marks, odd: _Marks) -> npt.NDArray[np.bool_]:
    """Which of the fingerprints are among the sorted ``odd`` ones."""
    if not len(odd):
        return np.zeros(len(marks), dtype=bool)
    value = marks >> np.uint64(1)
    at = np.minimum(np.searchsorted(odd, value), len(odd) - 1)
    return np.asarray(odd[at] == value)
