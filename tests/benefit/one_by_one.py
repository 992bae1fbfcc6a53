"""Claims settled one at a time, as at a counter: only this claim's arrays and the state that was kept of earlier ones,
by name. What a batch settles in one go must come out the same.
"""

from itertools import chain
from typing import Any

import numpy as np

from yibao.benefit import plan as p
from yibao.benefit.chunk import CREDIT_ROW, EPOCH, LINE_COLUMNS, PARTS, REVERSAL_ROW, People
from yibao.benefit.year import settle_all

Key = tuple[str, int, int]


class Counter:
    """The state of everybody, kept between claims; ``results`` by queue number."""

    def __init__(self, plan: list[int], slots: int, people: People) -> None:
        self.plan, self.slots, self.people = plan, slots, people
        self.balance = [int(one) for one in people.balance]
        self.state: dict[tuple[str, int, int], list[int]] = {}
        self.used: dict[int, int] = {}
        self.mark: dict[int, int] = {}
        self.results: dict[int, list[int]] = {}
        self.kept: dict[int, tuple[Any, ...]] = {}

    def take(self, row: dict[str, Any], lines: list[list[int]], undoes: int | None) -> None:
        """One row of the queue."""
        person = int(row["person_no"])
        if row["queue_kind"] == CREDIT_ROW:
            self.balance[person] += int(row["total"])
        elif row["queue_kind"] == REVERSAL_ROW:
            assert undoes is not None
            self.reverse(int(row["queue_no"]), undoes)
        else:
            self.settle(row, person, lines)

    def settle(self, row: dict[str, Any], person: int, lines: list[list[int]]) -> None:
        claim = [0] * p.CLAIM
        day = (np.datetime64(row["day"], "D") - EPOCH).astype(np.int64)
        at, to = int(self.people.at[person]), int(self.people.at[person + 1])
        sharers = [[int(value) for value in one] for one in self.people.sharers[at:to]]
        owners = sorted({person, *(one[0] for one in sharers)})
        home = int(self.people.household[person])
        year = int(row["benefit_year"])
        mine, family = ("person", person, year), ("home", home, year) if home >= 0 else ("person", person, year)
        claim[p.C_TERMS], claim[p.C_PERSON], claim[p.C_DAY] = int(row["place"]), owners.index(person), int(day)
        claim[p.C_TOTAL], claim[p.C_REWARD] = int(row["total"]), int(row["reward"])
        claim[p.C_COMMERCIAL], claim[p.C_REVERSES] = int(row["supplement"]), -1
        claim[p.C_OWNPAY : p.C_OWNPAY + len(PARTS)] = [int(row[name]) for name in PARTS]
        claim[p.C_HOUSEHOLD_BASE] = self.slots if home >= 0 else 0
        claim[p.C_LINES_N], claim[p.C_SHARERS_N] = len(lines), len(sharers)
        flat = [[owners.index(one[0]), *one[1:]] for one in sharers]
        self.run(int(row["queue_no"]), claim, [mine, family], owners, lines, list(chain(*flat)))

    def run(
        self, number: int, claim: list[int], stretches: list[Key], owners: list[int], lines: list[list[int]],
        sharers: list[int],
    ) -> None:  # fmt: skip
        counters = sorted({one[p.LN_COUNTER] for one in lines if one[p.LN_COUNTER] >= 0})
        own = [[*one[:-1], counters.index(one[-1]) if one[-1] >= 0 else -1] for one in lines]
        out, line_out = [0] * p.RESULT, [0] * (p.LINE_OUT * len(lines))
        draws = [0] * (len(sharers) // p.SHARER)
        kept = (claim, stretches, owners, counters, list(chain(*own)), sharers, out, line_out, draws)
        self.kernel(kept, claim, out, 0, 1)
        self.results[number], self.kept[number] = out, kept

    def reverse(self, number: int, undoes: int) -> None:
        """The settlement as it was kept, and behind it the claim that undoes it."""
        kept = self.kept[undoes]
        back = [0] * p.CLAIM
        back[p.C_TERMS], back[p.C_REVERSES], back[p.C_PERSON] = kept[0][p.C_TERMS], 0, kept[0][p.C_PERSON]
        out = [*kept[6], *[0] * p.RESULT]
        self.kernel(kept, [*kept[0], *back], out, 1, 2)
        self.results[number] = out[p.RESULT :]

    def kernel(self, kept: tuple[Any, ...], claims: list[int], out: list[int], first: int, last: int) -> None:
        """The state by name into one sequence, the kernel, and back."""
        _, stretches, owners, counters, lines, sharers, _, line_out, draws = kept
        names = stretches[:1] if stretches[0] == stretches[1] else stretches
        empty = [0] * self.slots
        state = list(chain(*(self.state.get(name, empty) for name in names)))
        balance = [self.balance[owner] for owner in owners]
        used, mark = [self.used.get(one, 0) for one in counters], [self.mark.get(one, -1) for one in counters]
        settle_all(self.plan, claims, first, last, lines, used, mark, state, balance, sharers, out, line_out, draws)
        for place, name in enumerate(names):
            self.state[name] = state[place * self.slots : (place + 1) * self.slots]
        for owner, left in zip(owners, balance, strict=True):
            self.balance[owner] = left
        self.used |= dict(zip(counters, used, strict=True))
        self.mark |= dict(zip(counters, mark, strict=True))


def settle_singly(call: dict[str, Any]) -> Counter:
    """Every row of a recorded call of `settle_chunk`, one after the other."""
    counter = Counter([int(one) for one in call["plan"]], call["slots"], call["people"])
    by_row: dict[int, list[list[int]]] = {}
    columns = [call["lines"][name].to_pylist() for name in LINE_COLUMNS]
    for number, *values in zip(call["lines"]["queue_no"].to_pylist(), *columns, strict=True):
        by_row.setdefault(number, []).append([int(one) for one in values])
    for row in call["queue"].to_pylist():
        number = row["queue_no"]
        counter.take(row, by_row.get(number, []), call["init"].get(number))
    return counter
