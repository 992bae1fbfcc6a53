"""The index of a history of scans on disk: of every part the keys of its rows in buckets, and what the sieve needs.

A part is read in runs of some million rows. A run is seven plain arrays beside ``at`` (where each bucket begins): of
codes key, when, what and row; of lines of bills key, packs and row. Nothing of an index is ever rewritten.
"""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from yibao.trace.sieve import BUCKETS

Int64 = npt.NDArray[np.int64]
CODES = {"key": np.int64, "when": np.int64, "what": np.int64, "row": np.int32}
LINES = {"lkey": np.int64, "lpacks": np.uint8, "lrow": np.int32}
BY_CODE, BY_LINE = 1, 2


class Run(NamedTuple):
    """A run on disk: the part it belongs to, the path that its files begin with, and where its buckets begin."""

    part: int
    stem: str
    codes_at: Int64
    lines_at: Int64

    def read(self, name: str, bucket: int) -> Any:
        """The rows of a bucket in one of the arrays, mapped from disk."""
        bounds, kind = (self.codes_at, CODES[name]) if name in CODES else (self.lines_at, LINES[name])
        low, high = int(bounds[bucket]), int(bounds[bucket + 1])
        if low == high:
            return np.empty(0, kind)
        size = np.dtype(kind).itemsize
        return np.fromfile(f"{self.stem}.{name}", kind, high - low, offset=low * size)


class Rows(NamedTuple):
    """What the sieve needs of the rows of a batch; a key of 0 is no code, or no line."""

    key: Int64
    when: Int64
    what: Int64
    line: Int64
    packs: npt.NDArray[np.uint8]


def write_run(kernels: SimpleNamespace, rows: Rows, part: int, first: int, stem: Path) -> Run:
    """Puts the rows of a batch, numbered from ``first``, into their buckets and writes the run."""
    at = []
    for key, rest in ((rows.key, CODES), (rows.line, LINES)):
        counts = np.zeros(BUCKETS, np.int64)
        kernels.count_buckets(key, counts)
        bounds = np.append(0, np.cumsum(counts)).astype(np.int64)
        made = [np.empty(int(bounds[-1]), kind) for kind in rest.values()]
        next_row = bounds[:-1].copy()
        if rest is CODES:
            kernels.place_rows(next_row, key, rows.when, rows.what, first, *made)
        else:
            kernels.place_lines(next_row, key, rows.packs, first, *made)
        for name, array in zip(rest, made, strict=True):
            array.tofile(f"{stem}.{name}")
        at.append(bounds)
    np.save(f"{stem}.at.npy", np.array(at))
    return Run(part, str(stem), at[0], at[1])


def open_run(part: int, stem: Path) -> Run:
    """A run that was written before. Raises OSError where it is gone."""
    at = np.load(f"{stem}.at.npy")
    return Run(part, str(stem), at[0], at[1])


class Bucket(NamedTuple):
    """The rows of a bucket that matter: the run and the place in its bucket of each, and their keys."""

    run: npt.NDArray[np.int32]
    place: Int64
    key: Int64


def gather(kernels: SimpleNamespace, fresh: Sequence[Run], held: Sequence[Run], bucket: int, name: str) -> Bucket:
    """All rows of the fresh runs in a bucket, and those of the held runs that share a key with one of them.

    Runs are numbered with the fresh ones first. ``name`` is the array of keys.
    """
    keys = [run.read(name, bucket) for run in fresh]
    numbers = [np.full(len(one), number, np.int32) for number, one in enumerate(keys)]
    places = [np.arange(len(one), dtype=np.int64) for one in keys]
    total = sum(map(len, keys))
    if held and total:
        size = 16
        while size < 2 * total:
            size *= 2
        table = np.zeros(size, np.int64)
        for one in keys:
            kernels.known_table(one, table)
        for number, run in enumerate(held, len(fresh)):
            old = run.read(name, bucket)
            found = np.empty(len(old), np.int64)
            found = found[: kernels.known_rows(old, table, found)]
            if len(found):
                keys.append(old[found])
                numbers.append(np.full(len(found), number, np.int32))
                places.append(found.copy())
    return Bucket(*(np.concatenate(one) for one in (numbers, places, keys)))


def column(found: Bucket, runs: Sequence[Run], bucket: int, name: str) -> Any:
    """One of the arrays for the rows of a bucket."""
    parts = []
    for number in np.unique(found.run):
        places = found.place[found.run == number]
        values = runs[number].read(name, bucket)
        parts.append(values if len(places) == len(values) else values[places])
    return np.concatenate(parts) if parts else np.empty(0, {**CODES, **LINES}[name])
