"""Processes that settle at the counter and are killed, or want the same at once. Run through `processes.isolated`."""

import os
import time
from contextlib import closing
from functools import partial
from random import Random
from typing import Any, NamedTuple

from benefit.counter_city import bill, held, open_books, opened
from processes import Recorder, Shared, fork, hear, kill, told, wait_for
from sqlalchemy import select

from yibao.flows.counter_post import entries_of
from yibao.store import KINDS, Store, fetch, schema, verify

PEOPLE = ("P1", "P2", "P3")


class Tills(NamedTuple):
    """What the rounds came to, in settlements; ``faults`` says in words what does not hold."""

    kills: int
    acknowledged: int
    stored: int
    faults: list[str]


def _settle_on(url: str, shared: Shared, recorder: Recorder, driver: int) -> None:
    with opened(url, post=True) as till:
        while os.getppid() == driver:
            number = shared.counters[0]
            shared.counters[0] += 1
            claim = bill(f"S{number}", ("A", 1, 20 + number % 900), ("Q", 1, 9), psn_no=PEOPLE[number % 3])
            outcome = till.settle(*claim).outcome.code
            recorder.acknowledge(f"S{number} {outcome}")
            shared[0] = 1  # warm: from here on most of the time is spent in a transaction


def kill_rounds(url: str, rounds: int, seed: int = 1) -> Tills:
    """Kills a process that settles claims, ``rounds`` times at random moments, and looks at what is left."""
    dice = Random(seed)
    with opened(url) as till:
        open_books(till.store, "H11")
    shared, recorder = Shared(), Recorder()
    driver = os.getpid()
    for _ in range(rounds):
        shared[0] = 0
        settling = fork(lambda: _settle_on(url, shared, recorder, driver))
        wait_for(lambda: shared[0] == 1, settling)
        time.sleep(dice.uniform(0, 0.06))
        kill(settling)
    told_of = [line.split() for line in recorder.acknowledged()]
    faults = [" ".join(line) for line in told_of if line[1] != "settled"]
    with closing(Store(url)) as store:
        return Tills(rounds, len(told_of), *left_wrong(store, {line[0] for line in told_of}, faults))


def left_wrong(store: Store, acknowledged: set[str], faults: list[str]) -> tuple[int, list[str]]:
    """How many settlements are stored, and what does not hold: lost ones, settlements without their entries, entries
    without a settlement, balances and accumulators that the records do not add up to."""
    with opened(store.url.render_as_string(hide_password=False)) as till, store.reading() as connection:
        ids = {row[0] for row in connection.execute(select(schema.settlements.c.setl_id))}
        entries = {row[0] for row in connection.execute(select(schema.fund_entry.c.entry_id))}
        due = {entry.entry_id for one in fetch(connection, KINDS["settlement"], ids).values()
               for entry in entries_of(one, till._chart(one.law_day))}  # fmt: skip
        lost = [f"acknowledged, but lost: {one}" for one in sorted(acknowledged - ids)]
        torn = [f"entry or settlement alone: {one}" for one in sorted(entries ^ due)]
        wrong = [one.message for one in verify(connection).findings]
    return len(ids), faults + lost + torn + wrong


def at_once(url: str, processes: int, claims: int, *, same: bool) -> list[list[str]]:
    """Processes that settle claims of one person, each claim begun at the same moment; the outcomes of each.

    With ``same`` all send the same claims.
    """
    shared = Shared()

    def settle(own: int) -> list[str]:
        outcomes = []
        with opened(url) as till:
            for number in range(claims):
                shared.meet(own, processes, number)
                setl_id = f"S{number}" if same else f"S{number}-{own}"
                outcomes.append(till.settle(*bill(setl_id, ("A", 1, 300), ("Q", 1, 10))).outcome.code)
        return outcomes

    children = [told(partial(settle, own)) for own in range(processes)]
    return [hear(child) for child in children]


def one_after_the_other(url: str, claims: int) -> dict[str, dict[Any, int]]:
    """What is held after as many claims of one person, settled by one process."""
    with opened(url) as till:
        for number in range(claims):
            till.settle(*bill(f"S{number}", ("A", 1, 300), ("Q", 1, 10)))
        return held(till.store)
