"""Processes that want the same thing at the same moment. Run these functions through `processes.isolated`."""

import os
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from random import Random
from typing import NamedTuple

import ledgercheck
from posting import BOOKS, OPENED, entry, open_books, the_chart
from processes import Recorder, Shared, fork, hear, kill, told, wait_for

from yibao.flows.fund import close_month, post
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Entry
from yibao.store import Store

PRICE = 100
"""What every process of a crowd takes at once, in fen."""


def side_by_side(url: str, makes: Sequence[Callable[[int], list[Entry]]], rounds: int) -> list[list[dict[str, str]]]:
    """Processes that each post what their ``makes`` gives for round 0, 1, …, every round begun at the same moment.

    The answers by process and round: outcome by entry id.
    """
    shared = Shared()

    def all_past(number: int) -> bool:
        return min(shared.counters[: len(makes)]) > number

    def posts(own: int) -> list[dict[str, str]]:
        store = Store(url)
        answers = []
        try:
            for number in range(rounds):
                entries = makes[own](number)
                shared.counters[own] = number + 1
                wait_for(partial(all_past, number))
                answers.append({answer.key: answer.outcome.value for answer in post(store, the_chart(), entries)})
        finally:
            shared.counters[own] = rounds  # whoever fails keeps no other waiting
            store.close()
        return answers

    children = [told(partial(posts, own)) for own in range(len(makes))]
    return [hear(child) for child in children]


def close_while_posting(url: str, months: int = 12, seed: int = 1) -> list[list[str]]:
    """One process posts into month after month until the month is refused, the other closes it meanwhile.

    For each month of 2024 the answers to its entries in their order; the closings must all succeed.
    """
    open_books(url)
    shared = Shared()

    def post_until_closed() -> list[list[str]]:
        store, found = Store(url), []
        for month in range(1, months + 1):
            shared.counters[0] = month
            answers: list[str] = []
            while Outcome.PERIOD_CLOSED not in answers and not shared[0]:
                asked = entry(f"M{month:02}-{len(answers)}", BOOKS[0], "500101", "1004", 10, day=date(2024, month, 15))
                answers.append(post(store, the_chart(), [asked])[0].outcome.value)
            found.append(answers)
        return found

    def close_all() -> list[str]:
        store, dice, found = Store(url), Random(seed), []
        try:
            for month in range(1, months + 1):
                wait_for(lambda month=month: shared.counters[0] >= month)  # type: ignore[misc]
                time.sleep(dice.uniform(0, 0.03))
                found.append(close_month(store, the_chart(), BOOKS[0], 202400 + month).outcome.value)
        except BaseException:
            shared[0] = 1  # the other process need not wait for what will not come
            raise
        return found

    closing, posting = told(close_all), told(post_until_closed)
    closed = hear(closing)
    assert set(closed) == {Outcome.POSTED.value}, closed
    return list(hear(posting))


class Crowd(NamedTuple):
    """``acknowledged`` and ``stored`` are ids of entries that passed the limit; ``balance`` is what it left."""

    kills: int
    acknowledged: set[str]
    stored: set[str]
    refused: int
    lowest: int
    balance: int
    faults: list[str]

    def __str__(self) -> str:
        return (
            f"one account at its limit, {self.kills} kills: {len(self.acknowledged)} acknowledged, "
            f"{len(self.stored)} stored, {self.refused} refused, never below {self.lowest} fen"
        )


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
        elif killed < kills and kill(running.pop(own)):
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
