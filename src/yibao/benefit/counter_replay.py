"""What would have come out otherwise: a family's settlements replayed without some of them, and the differences as
records that correct what stands. Pure.

Events come in the order in which they were kept (``nth``): a claim is settled anew by the terms of its own context and
day, with the lines as the catalogue judged them; a reversal takes back what the replay gave; money for accounts comes
where it came. Nothing that was written is changed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from yibao.benefit import plan as p
from yibao.benefit.counter import Held, added, amounts_of, as_json, bill_again, named, run
from yibao.benefit.counter_records import (
    ACCOUNT,
    ADJUST,
    REVERSE,
    SEEN,
    SETTLE,
    USED,
    Credit,
    Move,
    Settlement,
)
from yibao.benefit.outcomes import BY_CODE, Outcome
from yibao.benefit.terms import PlanBook

Event = Settlement | Credit
Key = tuple[str, str, int, str]


class Changed(NamedTuple):
    """A settlement that comes out otherwise: its results and amounts (fen, by name) as they stand and as they would be,
    and the moves between the two.
    """

    settlement: Settlement
    result: Mapping[str, int]
    stood: Mapping[str, int]
    would_be: Mapping[str, int]
    moves: tuple[Move, ...]

    @property
    def amounts(self) -> dict[str, int]:
        """By how much each national field changes."""
        names = {**self.stood, **self.would_be}
        found = {name: self.would_be.get(name, 0) - self.stood.get(name, 0) for name in names}
        return {name: value for name, value in found.items() if value}


def moves_of(event: Event) -> Sequence[Move]:
    """What a record moved."""
    return event.moves if isinstance(event, Settlement) else (Move(ACCOUNT, event.psn_no, 0, "", event.amount),)


def left_out(events: Iterable[Event]) -> frozenset[str]:
    """The settlements that earlier adjustments left out."""
    adjusting = (one for one in events if isinstance(one, Settlement) and one.action == ADJUST)
    return frozenset().union(*(json.loads(one.facts)["without"] for one in adjusting))


def changed_by(book: PlanBook, held: Held, events: Sequence[Event], without: frozenset[str]) -> list[Changed]:
    """The settlements that come out otherwise without those named. ``held`` is how all stands now and is not changed;
    ``events`` is everything kept of these owners from the first of ``without`` on, in order.
    """
    replay = _Replay(book, held, events)
    for event in events:
        replay.take(event, without)
    return replay.changed()


class _Replay:
    """A family's records replayed one by one."""

    def __init__(self, book: PlanBook, held: Held, events: Sequence[Event]) -> None:
        self.book, self.standing = book, held
        self.held = Held(held.sums, held.counters, held.balances)
        for event in reversed(events):
            self.held.undo(moves_of(event))
        own = [one for one in events if isinstance(one, Settlement)]
        self.within = {one.setl_id: one for one in own if one.action == SETTLE}
        self.gone = {one.refers for one in own if one.action == REVERSE}
        self.adjusted: dict[str, list[Settlement]] = {}
        for one in own:
            if one.action == ADJUST and one.refers is not None:
                self.adjusted.setdefault(one.refers, []).append(one)
        self.done: dict[str, tuple[dict[str, int], dict[str, int], list[Move]]] = {}

    def take(self, event: Event, without: frozenset[str]) -> None:
        """One record: what is left out moves nothing, nor does what took it back or corrected what is replayed."""
        if isinstance(event, Credit):
            self.held.apply(moves_of(event))
        elif event.action == SETTLE:
            if event.setl_id not in without:
                self._settle(event)
        elif event.refers not in self.within:
            self.held.apply(event.moves)
        elif event.action == REVERSE and event.refers in self.done:
            self.held.undo(self.done[event.refers][2])

    def _settle(self, one: Settlement) -> None:
        made = run(self.book, self.held, bill_again(self.book, one))
        self.held.apply(made.moves)
        amounts = amounts_of(made.result, one.insutype == "310")
        self.done[one.setl_id] = (named(made.result), amounts, made.moves)
        assert made.result[p.R_OUTCOME] == (BY_CODE[one.outcome].number or 0), one.setl_id

    def changed(self) -> list[Changed]:
        """What differs of those that stand."""
        found: list[Changed] = []
        for setl_id, (result, amounts, moves) in self.done.items():
            if setl_id in self.gone:
                continue
            one = self.within[setl_id]
            standing = (one, *self.adjusted.get(setl_id, ()))
            between = self._between([move for record in standing for move in record.moves], moves)
            stood = added((1, record.amounts) for record in standing)
            if between or stood != amounts:
                before = added((1, record.result) for record in standing)
                names = {**before, **result}
                rise = {name: result.get(name, 0) - before.get(name, 0) for name in names}
                rise = {name: value for name, value in rise.items() if value}
                found.append(Changed(one, rise, stood, amounts, tuple(between)))
        return found

    def _between(self, stood: Iterable[Move], would_be: Iterable[Move]) -> list[Move]:
        """The moves from what stands to what would be, what does not differ left out."""
        sums: dict[Key, int] = {}
        for sign, moves in ((-1, stood), (1, would_be)):
            for move in moves:
                sums[move[:4]] = sums.get(move[:4], 0) + sign * move.amount
        return [self._moved(key, amount) for key, amount in sums.items() if amount]

    def _moved(self, key: Key, amount: int) -> Move:
        if key[0] != USED:
            return Move(*key, amount)
        counter = (key[1], key[3])
        return Move(*key, amount, self.held.counter(*counter)[1], self.standing.counter(*counter)[1])


def adjustments(
    changed: Sequence[Changed], without: frozenset[str], at: datetime, nth: int, counts: Mapping[str, int]
) -> list[Settlement]:
    """The records that bring what stands to what the replay found, numbered after ``nth``. ``counts`` is how many
    adjustments a settlement has already.
    """
    return [
        _adjustment(one, without, at, nth + place, counts.get(one.settlement.setl_id, 0) + 1)
        for place, one in enumerate(changed, 1)
    ]


def mark(one: Settlement, at: datetime, nth: int, count: int) -> Settlement:
    """The record that what depended on a settlement was looked at when nothing came out otherwise: later replays must
    leave it out too. ``count`` is how many adjustments it has already.
    """
    nothing = Changed(one, {}, {}, {}, (Move(SEEN, one.psn_no, 0, "", 0),))
    return _adjustment(nothing, frozenset({one.setl_id}), at, nth + 1, count + 1)


def _adjustment(one: Changed, without: frozenset[str], at: datetime, nth: int, number: int) -> Settlement:
    was = one.settlement
    return was._replace(
        setl_id=f"{was.setl_id}/A{number}", msgid="", action=ADJUST, year=at.year, setl_time=at.isoformat(),
        outcome=Outcome.ADJUSTED.code, refers=was.setl_id, nth=nth, total=0, digest="",
        facts=as_json({"without": sorted(without), "year": was.year}), result=as_json(one.result),
        amounts=as_json(one.amounts), lines=(), moves=one.moves,
    )  # fmt: skip
