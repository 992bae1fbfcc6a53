"""What reversals change for the settlements after them: a family's claims settled once more without what was reversed.

A settlement that comes out otherwise depended on one that was reversed. Nothing written is changed: the difference is
an adjustment, a record of its own (docs/internals/benefit.md, Reversal).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.benefit import plan as p
from yibao.benefit.chunk import REVERSAL_ROW, Kernel, People, Settled, settle_chunk

Int64 = npt.NDArray[np.int64]


class Replayed(NamedTuple):
    """``rows`` of the chunk settled again, with what they come to; ``changed`` are the rows of the chunk that come out
    otherwise than ``settled`` first said, each with its new result.
    """

    rows: Int64
    settled: Settled
    changed: Int64
    results: Int64


def replay(
    plan: Int64, slots: int, queue: pa.Table, init: Mapping[int, int], lines: pa.Table, opening: People,
    first: Settled, kernel: Kernel,
) -> Replayed | None:  # fmt: skip
    """Settles the families that have a reversal again, without reversals and what they undid, from ``opening`` balances
    (which are carried on). None where the chunk has no reversal.
    """
    if not init:
        return None
    start = queue["queue_no"][0].as_py()
    kind, family = queue["queue_kind"].to_numpy(), queue["family_no"].to_numpy()
    touched = np.isin(family, family[kind == REVERSAL_ROW])
    gone = np.zeros(len(kind), dtype=bool)
    gone[[number - start for pair in init.items() for number in pair]] = True
    rows = np.flatnonzero(touched & ~gone)
    if not len(rows):
        return None
    numbers = np.full(len(kind), -1, dtype=np.int64)
    numbers[rows] = np.arange(len(rows))
    of_line = numbers[lines["queue_no"].to_numpy() - start]
    kept = np.flatnonzero(of_line >= 0)
    some = lines.take(pa.array(kept))
    some = some.set_column(some.column_names.index("queue_no"), "queue_no", pa.array(of_line[kept]))
    mine = queue.take(pa.array(rows))
    mine = mine.set_column(mine.column_names.index("queue_no"), "queue_no", pa.array(np.arange(len(rows))))
    again = settle_chunk(plan, slots, mine, {}, some, opening, kernel)
    differ = (again.results[:, : p.R_STAY] != first.results[rows, : p.R_STAY]).any(axis=1)
    return Replayed(rows, again, rows[differ], again.results[differ])
