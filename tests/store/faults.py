"""Kills while entries are posted, from outside the process that posts: the tests and ``python -m bench faults`` use it.

Run these functions through `processes.isolated`.
"""

import os
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from random import Random
from typing import NamedTuple, TypeVar

import ledgercheck
import postgres
from posting import batch, open_books, post_batch
from processes import Recorder, Shared, fork, kill, succeed, wait_for

from yibao.fund.outcomes import Outcome
from yibao.store import Store, StoreUnavailableError, Unit, verify

T = TypeVar("T")
OPEN, INSIDE, STOP, BROKEN, REPEATED = range(5)
"""Bytes of the shared memory: the store is open; in a transaction; an order to end; how often the database was gone;
how often a batch sent again was there already."""
READING, WRITTEN = 1, 2
"""How far a transaction is: statements have run in it, all rows are written."""


class Kills(NamedTuple):
    """What the rounds came to, in entries; ``faults`` says in words what does not hold."""

    kills: int
    inside: int
    written: int
    acknowledged: int
    stored: int
    faults: list[str]

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.inside} inside a transaction ({self.written} with all rows written), "
            f"{self.acknowledged} acknowledged, {self.stored} stored"
        )


def left_wrong(url: str, acknowledged: set[str]) -> tuple[list[str], int]:
    """What does not hold in the tables, with acknowledged entries that are not there; and how many entries are."""
    tables = ledgercheck.read(url)
    lost = sorted(acknowledged - tables.entries.keys())
    own = {entry_id for entry_id in tables.entries if not entry_id.startswith("OPEN-")}
    torn = [
        f"batch {number} is there in part"
        for number in sorted({int(entry_id[1:7]) for entry_id in own})
        if not {one.entry_id for one in batch(number)} <= own
    ]
    with closing(Store(url)) as store, store.reading() as connection:
        verified = [finding.message for finding in verify(connection).findings]
    missing = [f"acknowledged, but lost: {entry_id}" for entry_id in lost]
    return missing + torn + ledgercheck.faults_in(tables) + verified, len(own)


def ids_of(numbers: list[str]) -> set[str]:
    """The ids of the entries of acknowledged batches."""
    return {one.entry_id for number in numbers for one in batch(int(number))}


def watch(store: Store, shared: Shared) -> None:
    """Keeps ``shared[INSIDE]`` true to the transaction: set when a statement ran in it, cleared after the commit."""
    transact = store.transact

    def watched(work: Callable[[Unit], T]) -> T:
        result = transact(lambda unit: inside(unit, work))
        shared[INSIDE] = 0
        return result

    def inside(unit: Unit, work: Callable[[Unit], T]) -> T:
        # PostgreSQL's BEGIN goes out with the first statement, so that only an executed one proves a transaction.
        unit.connection.exec_driver_sql("SELECT 1")
        shared[INSIDE] = READING
        result = work(unit)
        unit.flush()
        shared[INSIDE] = WRITTEN
        return result

    # The very store that the flows call is watched, not a stand-in: hence the method is replaced.
    store.transact = watched  # type: ignore[method-assign]


def _post_on(url: str, shared: Shared, recorder: Recorder, driver: int) -> None:
    store = Store(url)
    watch(store, shared)
    shared[OPEN] = 1
    while os.getppid() == driver:
        number = shared.counters[0]
        shared.counters[0] += 1
        post_batch(store, number)
        recorder.acknowledge(str(number))


def kill_rounds(url: str, rounds: int = 200, seed: int = 1) -> Kills:
    """Kills a process that posts batches, ``rounds`` times at random moments, and checks what is left once at the end.

    The numbers of batches go on from round to round, so that a batch cut off is never sent again: it is either in the
    books whole, unacknowledged, or not at all.
    """
    dice = Random(seed)
    open_books(url)
    shared, recorder = Shared(), Recorder()
    driver = os.getpid()
    inside = written = 0
    for _ in range(rounds):
        shared[OPEN] = shared[INSIDE] = 0
        poster = fork(lambda: _post_on(url, shared, recorder, driver))
        wait_for(lambda: shared[OPEN] == 1, poster)
        time.sleep(dice.uniform(0, 0.04))
        kill(poster)
        inside += shared[INSIDE] > 0
        written += shared[INSIDE] == WRITTEN
    acknowledged = ids_of(recorder.acknowledged())
    faults, stored = left_wrong(url, acknowledged)
    return Kills(rounds, inside, written, len(acknowledged), stored, faults)


class Outages(NamedTuple):
    """``noticed``: how often the poster met StoreUnavailableError; ``repeated``: batches then found to be kept."""

    kills: int
    noticed: int
    repeated: int
    acknowledged: int
    stored: int
    faults: list[str]

    def __str__(self) -> str:
        return (
            f"PostgreSQL killed {self.kills} times, {self.noticed} noticed, {self.acknowledged} acknowledged, "
            f"{self.stored} stored; {self.repeated} batches sent again had been kept"
        )


def _post_through(url: str, shared: Shared, recorder: Recorder, driver: int) -> None:
    store = Store(url)
    while os.getppid() == driver and not shared[STOP]:
        number = shared.counters[0]
        broken = False
        while True:
            again = (Outcome.POSTED, Outcome.EXISTS) if broken else (Outcome.POSTED,)
            try:
                outcome = post_batch(store, number, again)
                break
            except StoreUnavailableError:
                broken = True
                time.sleep(0.01)
        shared[BROKEN] += broken
        shared[REPEATED] += outcome is Outcome.EXISTS
        recorder.acknowledge(str(number))
        shared.counters[0] = number + 1


def _reached(shared: Shared, goal: int) -> bool:
    return shared.counters[0] >= goal


def server_kills(kills: int = 4, seed: int = 1) -> Outages:
    """Kills every process of a PostgreSQL at random moments and starts it again, while a process posts through it all.

    The poster sends a batch again for as long as the store is unavailable, and goes on when it is back.
    """
    dice = Random(seed)
    server = postgres.create(postgres.make_folder("yibao-pg-kill-"))
    try:
        url = server.url()
        open_books(url)
        shared, recorder = Shared(), Recorder()
        driver = os.getpid()
        poster = fork(lambda: _post_through(url, shared, recorder, driver))
        for _ in range(kills):
            goal = shared.counters[0] + 3
            wait_for(partial(_reached, shared, goal), poster)
            time.sleep(dice.uniform(0, 0.2))
            postgres.kill9(server)
            postgres.restart(server)
        goal = shared.counters[0] + 3
        wait_for(lambda: shared.counters[0] >= goal, poster)
        shared[STOP] = 1
        succeed(poster)
        acknowledged = ids_of(recorder.acknowledged())
        faults, stored = left_wrong(url, acknowledged)
        return Outages(kills, shared[BROKEN], shared[REPEATED], len(acknowledged), stored, faults)
    finally:
        postgres.remove(server)
