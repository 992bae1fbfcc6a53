"""Streams of a block, and columns of large tables: words by number, exact prices and quantities, moments."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from yibao.standard import TABLES
from yibao.synth.draw import Ints

BLOCK = 50_000
"""People of a block. Part of the model: another number gives another city."""
PEOPLE, COVER, ACCOUNTS, CHOICES, VISITS, LINES, EXTRAS, FAULTS, ITEMS, PLACES = range(20, 30)
"""The parts of the city that draw from streams of their own."""
NONE = -1
"""A number that stands for no word."""
DAY = 86_400


def block_stream(seed: int, part: int, block: int) -> np.random.Generator:
    """The PCG64 generator of one part of one block of people."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, part, block])))


def named(codes: Ints, words: Sequence[str] | pa.Array) -> pa.Array:
    """The word of each code as a dictionary column; `NONE` is null."""
    dictionary = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    places = pa.array(np.maximum(codes, 0).astype(np.int32), pa.int32(), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, dictionary)


def millionths(values: Ints) -> pa.Array:
    """Integer 10⁻⁶ as decimal128(18,6), by their bits: no float is involved."""
    words = np.empty((len(values), 2), dtype="<i8")
    words[:, 0] = values
    words[:, 1] = np.where(values < 0, -1, 0)
    return pa.Array.from_buffers(pa.decimal128(18, 6), len(values), [None, pa.py_buffer(words.tobytes())])


def moments(seconds: Ints) -> pa.Array:
    """Seconds since 1970 as timestamps."""
    return pa.array(seconds * 1_000_000, pa.int64()).cast(pa.timestamp("us"))


def days_or_null(days: Ints) -> pa.Array:
    """Day numbers as dates; `NONE` is null."""
    return pa.array(np.maximum(days, 0).astype(np.int32), pa.int32(), mask=days < 0).cast(pa.date32())


def whole_or_null(values: Ints) -> pa.Array:
    """Integers; `NONE` is null."""
    return pa.array(values, pa.int32(), mask=values < 0)


def blank(count: int) -> pa.Array:
    """A text column without a value."""
    return pa.nulls(count, pa.string())


def table_named(name: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    """The columns in the order of the table's schema. Raises KeyError for one that the schema lacks."""
    order = TABLES[name].columns
    unknown = set(columns) - set(order)
    if unknown:
        raise KeyError(f"{name} has no column {sorted(unknown)}")
    return pa.table({column: columns[column] for column in order if column in columns})


def stacked(rows: Sequence[Mapping[str, Ints]]) -> dict[str, Ints]:
    """Rows made in several places, one after another, column by column; all have the same columns."""
    return {name: np.concatenate([one[name] for one in rows]) for name in rows[0]}


def filled(count: int, value: int) -> Ints:
    """``count`` times the same number."""
    return np.full(count, value, dtype=np.int64)
