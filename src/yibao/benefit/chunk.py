"""Some families' claims as the kernel's arrays, settled, and the results as columns.

A chunk is a stretch of the queue that holds whole families, so nothing outside it can change what it comes to.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.benefit import plan as p
from yibao.benefit.year import settle_all

Int64 = npt.NDArray[np.int64]
Kernel = Callable[..., None]
CREDIT_ROW, CLAIM_ROW, REVERSAL_ROW = range(3)
"""Values of queue_kind."""
LINE_COLUMNS = (
    "cls", "limit_micro", "share_ppm", "payable", "price_micro", "cnt_micro", "amount_fen", "counter_unit",
    "counter_limit_micro", "counter_take_micro", "counter_mark", "channel", "counter_no",
)  # fmt: skip
PARTS = ("ownpay", "overlimit", "preself", "special_preself", "special")
"""The sums of a claim's lines in 10⁻⁶ 元, in the order of the plan; 0 where a row is no claim."""
EPOCH = np.datetime64("1970-01-01")


FROZEN = 10**15
"""So much lower the balance of a frozen account is held: nothing can be drawn from it, and credits still count."""


class People(NamedTuple):
    """All people of a run by their number: household (-1 none), account balance in fen, whether it is frozen (1), and
    who shares with them: ``sharers`` (owner, first day, last day; days since 1970) from ``at[person]`` on, in the order
    of binding.
    """

    household: Int64
    balance: Int64
    frozen: Int64
    sharers: Int64
    at: Int64


class Settled(NamedTuple):
    """A chunk settled: a row of results for each row of the queue, what is left in the accumulators (person or
    household, year, slot, amount), and what each sharer gave (row, owner, amount).
    """

    results: Int64
    persons: Int64
    years: Int64
    state: Int64
    households: Int64
    draws: Int64


def settle_chunk(
    plan: Int64, slots: int, queue: pa.Table, init: Mapping[int, int], lines: pa.Table, people: People,
    kernel: Kernel = settle_all,
) -> Settled:  # fmt: skip
    """Settles a stretch of the queue. ``lines`` are its lines with a counter in order (queue_line.sql), the sums of the
    others stand in its columns `PARTS`; ``init`` are the queue numbers of reversals with those they undo.
    ``people.balance`` of these families is carried on.
    """
    first = queue["queue_no"][0].as_py()
    column = {name: queue[name].to_numpy() for name in _COLUMNS}
    kind, owner = column["queue_kind"], column["person_no"]
    rows = len(owner)
    sharer_at, sharer_n, sharers = _sharers(people, owner, kind)
    persons = np.unique(np.concatenate([owner, sharers[:, 0]]))
    years = np.unique(column["benefit_year"][kind == CLAIM_ROW])
    homes = np.unique(people.household[persons])
    homes = homes[homes >= 0]
    claims = np.zeros((rows, p.CLAIM), dtype=np.int64)
    local = np.searchsorted(persons, owner)
    year = np.clip(np.searchsorted(years, column["benefit_year"]), 0, max(0, len(years) - 1))
    claims[:, p.C_PERSON] = local
    claims[:, p.C_PERSON_BASE] = (local * len(years) + year) * slots
    home = people.household[owner]
    household = ((len(persons) + np.searchsorted(homes, home)) * len(years) + year) * slots
    claims[:, p.C_HOUSEHOLD_BASE] = np.where(home >= 0, household, claims[:, p.C_PERSON_BASE])
    claims[:, p.C_TERMS] = np.where(kind == CLAIM_ROW, column["place"], p.CREDIT)
    claims[:, p.C_REVERSES] = -1
    for number, undone in init.items():
        claims[number - first, p.C_REVERSES] = undone - first
        claims[number - first, p.C_TERMS] = column["place"][undone - first]
    for place, name in ((p.C_TOTAL, "total"), (p.C_REWARD, "reward"), (p.C_COMMERCIAL, "supplement")):
        claims[:, place] = column[name]
    for place, name in enumerate(PARTS, p.C_OWNPAY):
        claims[:, place] = queue[name]
    claims[:, p.C_DAY] = (column["day"].astype("datetime64[D]") - EPOCH).astype(np.int64)
    claims[:, p.C_SHARERS_AT], claims[:, p.C_SHARERS_N] = sharer_at, sharer_n
    of_line = lines["queue_no"].to_numpy() - first
    claims[:, p.C_LINES_AT] = np.searchsorted(of_line, np.arange(rows))
    claims[:, p.C_LINES_N] = np.bincount(of_line, minlength=rows)
    sharers[:, 0] = np.searchsorted(persons, sharers[:, 0])
    state = np.zeros((len(persons) + len(homes)) * max(1, len(years)) * slots, dtype=np.int64)
    results = np.zeros((rows, p.RESULT), dtype=np.int64)
    draws = np.zeros(len(sharers), dtype=np.int64)
    balance = people.balance[persons]
    _run(kernel, plan, claims, _lines(lines), state, balance, sharers, results, draws)
    people.balance[persons] = balance
    given = np.flatnonzero(draws)
    of_draw = np.repeat(np.arange(rows), sharer_n)
    drawn = np.stack([of_draw[given], persons[sharers[given, 0]], draws[given]], axis=1)
    return Settled(results, persons, years, state, homes, _with_returned(drawn, claims[:, p.C_REVERSES]))


def _with_returned(drawn: Int64, reverses: Int64) -> Int64:
    """What sharers gave, and after it what reversals gave back to them."""
    by = np.flatnonzero(reverses >= 0)
    by = by[np.argsort(reverses[by])]
    undone = reverses[by]
    back = drawn[np.isin(drawn[:, 0], undone)].copy()
    back[:, 0] = by[np.searchsorted(undone, back[:, 0])]
    back[:, 2] *= -1
    return np.concatenate([drawn, back])


_COLUMNS = ("person_no", "queue_kind", "place", "total", "benefit_year", "day", "reward", "supplement")


def _sharers(people: People, owner: Int64, kind: Int64) -> tuple[Int64, Int64, Int64]:
    """For each claim where its sharers begin and how many there are; the sharers, once for each claim."""
    count = np.where(kind == CLAIM_ROW, people.at[owner + 1] - people.at[owner], 0)
    at = np.concatenate([[0], np.cumsum(count)])
    rows = np.repeat(people.at[owner] - at[:-1], count) + np.arange(at[-1])
    return at[:-1], count, people.sharers[rows].reshape(-1, p.SHARER).copy()


def _lines(lines: pa.Table) -> Int64:
    """The lines as the kernel takes them, counters numbered from 0 within the chunk."""
    found = np.empty((lines.num_rows, p.LINE), dtype=np.int64)
    for place, name in enumerate(LINE_COLUMNS):
        found[:, place] = lines[name].to_numpy()
    counter = found[:, p.LN_COUNTER]
    used = counter >= 0
    if used.any():
        counter[used] = np.unique(counter[used], return_inverse=True)[1]
    return found


def _run(
    kernel: Kernel, plan: Int64, claims: Int64, lines: Int64, state: Int64, balance: Int64, sharers: Int64,
    results: Int64, draws: Int64,
) -> None:  # fmt: skip
    """The kernel over flat arrays; the plain one over lists, where Python's own integers neither wrap nor are slow."""
    counters = np.zeros(int(lines[:, p.LN_COUNTER].max(initial=-1)) + 1, dtype=np.int64)
    marks = np.full(len(counters), -1, dtype=np.int64)
    line_out = np.zeros(len(lines) * p.LINE_OUT, dtype=np.int64)
    flat = claims.reshape(-1), lines.reshape(-1), counters, marks, state, balance, sharers.reshape(-1)
    out = results.reshape(-1)
    if kernel is not settle_all:
        kernel(plan, flat[0], 0, len(claims), *flat[1:], out, line_out, draws)
        return
    held = [array.tolist() for array in (*flat, out, line_out, draws)]
    settle_all(plan.tolist(), held[0], 0, len(claims), held[1], held[2], held[3], held[4], held[5], held[6], held[7],
               held[8], held[9])  # fmt: skip
    for array, values in ((state, held[4]), (balance, held[5]), (out, held[7]), (draws, held[9])):
        array[:] = values
    claims.reshape(-1)[:] = held[0]
