"""Kills while entries are posted, from outside the process that posts. The tests and ``python -m bench faults`` use it.

Processes are forked from one that has everything imported, so that a kill costs a few hundredths of a second; run
these functions through `isolated`, as a process with threads (a test runner) must not fork.
"""

import json
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import cache
from multiprocessing import get_context
from random import Random
from typing import Any, NamedTuple, TypeVar

import ledgercheck
import postgres
from sqlalchemy import event

from yibao.flows.fund import open_accounts, post
from yibao.fund.chart import Chart, read_chart, standard_accounts
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Line, Limit
from yibao.packs import load_law
from yibao.store import Store, StoreUnavailableError

T = TypeVar("T")
BOOKS = (Book("370300", "310"), Book("370300", "390"))
DAY = date(2025, 3, 1)
OPENED = date(2024, 1, 1)
RICH = 10**11
PATIENCE = 60
PRICE = 100
"""What every process of a crowd takes at once, in fen."""
OPEN, INSIDE, STOP, BROKEN, REPEATED = range(5)
"""Bytes of the memory that processes share: the store is open; in a transaction (2: rows written); an order to end;
how often the database was gone; how often a batch sent again was there already. Counters of 8 bytes follow."""
READING, WRITING = 1, 2


class Kills(NamedTuple):
    """What the rounds came to, in entries; ``faults`` says in words what does not hold."""

    kills: int
    inside: int
    writing: int
    acknowledged: int
    stored: int
    faults: list[str]

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.inside} inside a transaction ({self.writing} with rows written), "
            f"{self.acknowledged} acknowledged, {self.stored} stored"
        )


def isolated(work: Callable[..., T], *arguments: Any) -> T:
    """Runs ``work`` in a fresh process of one thread and returns its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


# processes


def fork(work: Callable[[], None]) -> int:
    """A child that does ``work`` and ends: with 0, or with 1 and the error on stderr."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(status)


def wait_for(condition: Callable[[], bool], *pids: int) -> None:
    """Waits until ``condition`` holds. Raises where one of these children ends before, or nothing happens for long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        for pid in pids:
            if os.waitpid(pid, os.WNOHANG)[0]:
                raise RuntimeError("a posting process ended by itself; its error is on stderr")
        if time.monotonic() > deadline:
            raise TimeoutError("a posting process does not get on")
        time.sleep(0.0002)


def kill(pid: int) -> None:
    """Kills a child with SIGKILL; raises where it had ended by itself."""
    os.kill(pid, signal.SIGKILL)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != -signal.SIGKILL:
        raise RuntimeError("a posting process ended by itself; its error is on stderr")


def succeed(pid: int) -> None:
    """Waits for a child that must end well."""
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("a posting process failed; its error is on stderr")


class Recorder:
    """A process that keeps what others acknowledge through a pipe; a poster that dies takes nothing with it."""

    def __init__(self) -> None:
        told, self._tell = os.pipe()
        self._kept, keep = os.pipe()
        self._pid = fork(lambda: self._record(told, keep))
        os.close(told)
        os.close(keep)

    def _record(self, told: int, keep: int) -> None:
        os.close(self._tell)
        os.close(self._kept)
        with os.fdopen(told, encoding="utf-8") as lines, os.fdopen(keep, "w", encoding="utf-8") as out:
            out.writelines(list(lines))

    def acknowledge(self, line: str) -> None:
        """Tells a line; short enough that the pipe takes it whole or not at all."""
        os.write(self._tell, f"{line}\n".encode())

    def acknowledged(self) -> list[str]:
        """All lines told, when every poster has ended."""
        os.close(self._tell)
        with os.fdopen(self._kept, encoding="utf-8") as lines:
            found = [line.rstrip("\n") for line in lines]
        succeed(self._pid)
        return found


class Shared:
    """Memory that a process and its forks share: the bytes named above and 8-byte counters."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4096)
        self.counters = memoryview(self._memory).cast("Q")[1:]

    def __getitem__(self, place: int) -> int:
        return self._memory[place]

    def __setitem__(self, place: int, value: int) -> None:
        self._memory[place] = value


# what is posted


@cache
def the_chart() -> Chart:
    """The national chart of accounts."""
    return read_chart(load_law("zibo").at(DAY))


def open_books(url: str, rich: int = RICH) -> None:
    """Two insurances' books with their standard accounts; ``rich`` fen on the expenditure account of each."""
    accounts: list[Account] = []
    limits: list[Limit] = []
    for book in BOOKS:
        own, floors = standard_accounts(the_chart(), book, OPENED)
        accounts += own
        limits += floors
    store = Store(url)
    answers = open_accounts(store, accounts, limits)
    for book in BOOKS:
        answers += post(store, the_chart(), [
            entry(f"OPEN-{book.fund_type}-1", book, "1003", "4101", rich, day=OPENED),
            entry(f"OPEN-{book.fund_type}-2", book, "1004", "1003", rich, day=OPENED),
        ])  # fmt: skip
    store.close()
    assert {answer.outcome for answer in answers} == {Outcome.POSTED}, answers


def entry(
    entry_id: str, book: Book, debit: str, credit: str, amount: int, action: Action = Action.POST, *,
    day: date = DAY, refers: str | None = None, group_id: str | None = None, memo: str = "",
) -> Entry:  # fmt: skip
    """An entry of two lines, or of none where the action takes none."""
    prefix = f"{book.admdvs}-{book.fund_type}-"
    lines = (Line(prefix + debit, "D", amount), Line(prefix + credit, "C", amount)) if amount else ()
    return Entry(entry_id, action, *book, day, f"结算单{entry_id}", memo, lines, refers=refers, group_id=group_id)


def batch(number: int, name: str = "B") -> list[Entry]:
    """The batch of that number, the same for whoever asks: every action, both books, two years; now and then a big one."""
    dice = Random(number)
    day = DAY if number % 3 else date(2024, 12, 31)
    at = f"{name}{number:06}-"
    one, other = BOOKS if number % 2 else BOOKS[::-1]
    expense = ("500101", "500102", "500103")
    plain = 40 if number % 10 == 9 else dice.randint(1, 4)
    entries = [
        entry(f"{at}{place}", one, dice.choice(expense), "1004", dice.randint(1, 900), day=day) for place in range(plain)
    ]
    pays = ("500101", "1004", 700)
    return [
        *entries,
        entry(f"{at}G1", one, *pays, day=day, group_id=f"{at}G"),
        entry(f"{at}G2", other, *pays, day=day, group_id=f"{at}G"),
        entry(f"{at}R", one, *pays, Action.RESERVE, day=day),
        entry(f"{at}S", one, "500101", "1004", 300, Action.SETTLE, day=day, refers=f"{at}R"),
        entry(f"{at}H", other, *pays, Action.RESERVE, day=day),
        entry(f"{at}W", other, *pays, Action.RESERVE, day=day),
        entry(f"{at}V", other, "", "", 0, Action.VOID, day=day, refers=f"{at}W"),
        entry(f"{at}X", one, "", "", 0, Action.REVERSE, day=day, refers=f"{at}0"),
    ]


def post_batch(store: Store, number: int, allowed: tuple[Outcome, ...] = (Outcome.POSTED,)) -> Outcome:
    """Posts a batch; all of it must get one and the same answer, and one that is allowed."""
    answers = post(store, the_chart(), batch(number))
    outcome = answers[0].outcome
    if outcome not in allowed or any(answer.outcome is not outcome for answer in answers):
        raise AssertionError(f"batch {number}: {answers}")
    return outcome


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
    return [f"acknowledged, but lost: {entry_id}" for entry_id in lost] + torn + ledgercheck.faults_in(tables), len(own)


def ids_of(numbers: list[str]) -> set[str]:
    """The ids of the entries of acknowledged batches."""
    return {one.entry_id for number in numbers for one in batch(int(number))}


# a posting process is killed


def watch(store: Store, shared: Shared) -> None:
    """Keeps ``shared[INSIDE]`` true to the transaction: set when a statement has run in it, cleared after the commit."""

    def ran(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # PostgreSQL's BEGIN goes out with the first statement, so that only an executed one proves a transaction.
        writing = statement.startswith(("INSERT", "UPDATE"))
        shared[INSIDE] = WRITING if writing else shared[INSIDE] or READING

    def ended(_connection: Any) -> None:
        shared[INSIDE] = 0

    event.listen(store.engine, "after_cursor_execute", ran)
    event.listen(store.engine, "rollback", ended)
    transact = store.transact

    def transact_and_clear(work: Callable[[Any], T]) -> T:
        result = transact(work)
        shared[INSIDE] = 0
        return result

    store.transact = transact_and_clear  # type: ignore[method-assign]


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
    inside = writing = 0
    for _ in range(rounds):
        shared[OPEN] = shared[INSIDE] = 0
        driver = os.getpid()
        poster = fork(lambda: _post_on(url, shared, recorder, driver))
        wait_for(lambda: shared[OPEN] == 1, poster)
        time.sleep(dice.uniform(0, 0.04))
        kill(poster)
        inside += shared[INSIDE] > 0
        writing += shared[INSIDE] == WRITING
    acknowledged = ids_of(recorder.acknowledged())
    faults, stored = left_wrong(url, acknowledged)
    return Kills(rounds, inside, writing, len(acknowledged), stored, faults)


# the server is killed


class Outages(NamedTuple):
    """``noticed``: how often the poster met StoreUnavailableError; ``repeated``: batches then found to be kept already."""

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
            wait_for(lambda goal=goal: shared.counters[0] >= goal, poster)  # type: ignore[misc]
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


# several at once


def told(work: Callable[[], Any]) -> tuple[int, int]:
    """A child whose result comes as JSON through a pipe: its id and the pipe's end for `hear`."""
    reading, writing = os.pipe()

    def tell() -> None:
        with os.fdopen(writing, "w", encoding="utf-8") as out:
            json.dump(work(), out)

    pid = fork(tell)
    os.close(writing)
    return pid, reading


def hear(child: tuple[int, int]) -> Any:
    """The result of a child, which must end well."""
    with os.fdopen(child[1], encoding="utf-8") as text:
        found = text.read()
    succeed(child[0])
    return json.loads(found)


def side_by_side(url: str, makes: Sequence[Callable[[int], list[Entry]]], rounds: int) -> list[list[dict[str, str]]]:
    """Processes that each post what their ``makes`` gives for round 0, 1, …, every round begun at the same moment.

    The answers by process and round: outcome by entry id.
    """
    shared = Shared()

    def posts(own: int) -> list[dict[str, str]]:
        store = Store(url)
        answers = []
        for number in range(rounds):
            entries = makes[own](number)
            shared.counters[own] = number + 1
            wait_for(lambda: all(shared.counters[each] > number for each in range(len(makes))))
            answers.append({answer.key: answer.outcome.value for answer in post(store, the_chart(), entries)})
        store.close()
        return answers

    children = [told(lambda own=own: posts(own)) for own in range(len(makes))]  # type: ignore[misc]
    return [hear(child) for child in children]


class Crowd(NamedTuple):
    """``acknowledged`` and ``stored`` are ids of entries that passed the limit; ``balance`` is what it left."""

    kills: int
    acknowledged: set[str]
    stored: set[str]
    refused: int
    lowest: int
    balance: int
    faults: list[str]


def _spend(url: str, shared: Shared, recorder: Recorder, own: int) -> None:
    """Takes from the account until it refuses; what was under way when the one before was killed is asked again."""
    store = Store(url)
    action = Action.RESERVE if own % 3 == 2 else Action.POST
    outcome = Outcome.POSTED
    while outcome.stands:
        entry_id = f"L{own:02}-{shared.counters[own]}"
        asked = entry(entry_id, BOOKS[0], "500101", "1004", PRICE, action)
        outcome = post(store, the_chart(), [asked])[0].outcome
        recorder.acknowledge(f"{entry_id} {outcome.value}")
        shared.counters[own] += 1


def crowd_at_limit(url: str, processes: int = 16, places: int = 300, kills: int = 40, seed: int = 1) -> Crowd:
    """Many processes take from an account with room for ``places`` of them and a bit, a random one killed now and then.

    A killed process is replaced by one that begins with the entry whose answer never came.
    """
    dice = Random(seed)
    open_books(url, rich=places * PRICE + PRICE // 2)
    shared, recorder = Shared(), Recorder()
    running = {own: fork(lambda own=own: _spend(url, shared, recorder, own)) for own in range(processes)}  # type: ignore[misc]
    killed = 0
    while running:
        time.sleep(dice.uniform(0, 0.02))
        own = dice.choice(sorted(running))
        ended, status = os.waitpid(running[own], os.WNOHANG)
        if ended:
            assert status == 0
            del running[own]
        elif killed < kills:
            kill(running[own])
            killed += 1
            running[own] = fork(lambda own=own: _spend(url, shared, recorder, own))  # type: ignore[misc]
    answers = [line.split() for line in recorder.acknowledged()]
    return _crowd(url, killed, answers)


def _crowd(url: str, kills: int, answers: list[list[str]]) -> Crowd:
    tables = ledgercheck.read(url)
    account = f"{BOOKS[0].admdvs}-{BOOKS[0].fund_type}-1004"
    balance = lowest = sum(tables.balances[account, OPENED.year][:1])
    for row in tables.chain:
        if row[3] == "entry" and row[4].startswith("L"):
            balance -= sum(amount for acct_no, _, amount in tables.lines[row[4]] if acct_no == account)
            lowest = min(lowest, balance)
    return Crowd(
        kills,
        {key for key, outcome in answers if Outcome(outcome).stands},
        {entry_id for entry_id in tables.entries if entry_id.startswith("L")},
        sum(outcome == Outcome.BELOW_FLOOR for _, outcome in answers),
        lowest,
        balance,
        ledgercheck.faults_in(tables),
    )
