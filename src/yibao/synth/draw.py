"""Vectorised drawing and column building: grouped choices, joined code strings, exact decimals.

Every function takes the numbers it needs as arrays, so that no step of the city walks over rows in Python.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EPOCH = np.datetime64("1970-01-01", "D")


def stream(seed: int, part: int) -> np.random.Generator:
    """The PCG64 generator of one part of the city.

    Each part has its own stream, so that a later part (budgets, claims) never shifts the draws of an earlier one.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, part])))


def day_number(year: int, month: int = 1, day: int = 1) -> int:
    """Days since 1970-01-01, the unit of every date inside the generator."""
    return int((np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D") - EPOCH).astype(np.int64))


class Choice:
    """A weighted choice inside many groups at once.

    Built from one list of non-negative weights a group; `pick` answers with positions in the concatenation of
    those lists. Raises ValueError for a group without a positive weight.
    """

    def __init__(self, weights: Sequence[Sequence[float] | Floats]) -> None:
        sizes = np.array([len(group) for group in weights], dtype=np.int64)
        self.ends: Ints = np.cumsum(sizes)
        edges = []
        for number, group in enumerate(weights):
            cumulated = np.cumsum(np.asarray(group, dtype=np.float64))
            if len(cumulated) == 0 or cumulated[-1] <= 0:
                raise ValueError(f"group {number} has nothing to choose from")
            edges.append(number + cumulated / cumulated[-1])
        self._edges: Floats = np.concatenate(edges)

    def pick(self, groups: Ints, rng: np.random.Generator) -> Ints:
        """One flat position for each entry of ``groups`` (group numbers)."""
        found = np.searchsorted(self._edges, groups + rng.random(len(groups)), side="right")
        return np.minimum(found, self.ends[groups] - 1)


def first_of_each(owners: Ints, values: Ints, n_values: int) -> Bools:
    """Which entries are the first of their (owner, value) pair; ``owners`` ascends."""
    _, first = np.unique(owners * n_values + values, return_index=True)
    mask = np.zeros(len(owners), dtype=np.bool_)
    mask[first] = True
    return mask


def rank_within(owners: Ints) -> Ints:
    """0, 1, 2, … inside each run of equal ``owners`` (ascending)."""
    positions = np.arange(len(owners), dtype=np.int64)
    starts = np.r_[True, owners[1:] != owners[:-1]] if len(owners) else np.zeros(0, dtype=np.bool_)
    return positions - np.maximum.accumulate(np.where(starts, positions, 0))


def joined(owners: Ints, values: Ints, words: Sequence[str], n_owners: int) -> pa.Array:
    """The words of each owner joined by ``|`` in the given order; an owner without any gets an empty string."""
    offsets = np.zeros(n_owners + 1, dtype=np.int32)
    np.cumsum(np.bincount(owners, minlength=n_owners), out=offsets[1:])
    texts = pa.array(words, pa.string()).take(pa.array(values))
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), texts), "|")


def numbered(prefix: str | pa.Array, numbers: Ints, width: int) -> pa.Array:
    """Identifiers: the prefix (one, or one each) and the number padded with zeros."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def decimals(fen: Ints) -> pa.Array:
    """Integer fen as decimal128(16,2) 元, by their bits: no float is involved."""
    words = np.empty((len(fen), 2), dtype="<i8")
    words[:, 0] = fen
    words[:, 1] = np.where(fen < 0, -1, 0)
    return pa.Array.from_buffers(pa.decimal128(16, 2), len(fen), [None, pa.py_buffer(words.tobytes())])


def dates(days: Ints, known: Bools | None = None) -> pa.Array:
    """Day numbers as date32; null where ``known`` is false."""
    mask = None if known is None else ~known
    return pa.array(days.astype(np.int32), pa.int32(), mask=mask).cast(pa.date32())


def words(codes: Ints, vocabulary: Sequence[str]) -> pa.Array:
    """The vocabulary word of each code."""
    return pa.array(vocabulary, pa.string()).take(pa.array(codes))
