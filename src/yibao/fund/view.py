"""What the ledger sees before it decides, and what it hands back: plain values, read and kept by the store."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, LimitKind


class Totals(NamedTuple):
    """An account's movements in fen: posted and held (reserved) debits and credits. Never negative."""

    debit: int = 0
    credit: int = 0
    held_debit: int = 0
    held_credit: int = 0

    def lowest(self, debit_side: bool) -> int:
        """The balance on the normal side if every held decrease came and no held increase did."""
        if debit_side:
            return self.debit - self.credit - self.held_credit
        return self.credit - self.debit - self.held_debit

    def highest(self, debit_side: bool) -> int:
        """The balance on the normal side if every held increase came and no held decrease did."""
        if debit_side:
            return self.debit - self.credit + self.held_debit
        return self.credit - self.debit + self.held_credit


class Bounds(NamedTuple):
    """The limits of an account in force, in fen on its normal side; None where there is none."""

    floor: int | None = None
    ceiling: int | None = None
    budgets: Mapping[int, int] = {}
    """By year."""


class View(NamedTuple):
    """The books as far as the commands at hand touch them, read under locks.

    ``known`` holds the entries that commands refer to or bear the id of, ``ended`` what has already been done with
    those (by their id), ``groups`` the linked groups already posted, ``receipts`` the
    (account, bank_ref) of money received that are already booked. ``closed`` is the last closed month of a book.
    """

    accounts: Mapping[str, Account]
    bounds: Mapping[str, Bounds]
    totals: Mapping[tuple[str, int], Totals]
    closed: Mapping[Book, int]
    known: Mapping[str, Entry]
    ended: Mapping[str, Action]
    groups: frozenset[str]
    receipts: frozenset[tuple[str, str]]
    members: Mapping[str, tuple[Entry, ...]] = {}
    """The entries of the linked groups that the entries referred to belong to."""
    as_of: date | None = None
    """The day on which the commands came; no entry may bear a later one. None where time plays no part."""


class Answer(NamedTuple):
    """The outcome of one command, with the figures that explain a refusal."""

    key: str
    outcome: Outcome
    detail: str = ""


class Decision(NamedTuple):
    """What a batch comes to: an answer for each command in its order, the records to keep, the totals that changed."""

    answers: list[Answer]
    records: list[Entry]
    totals: dict[tuple[str, int], Totals]


def latest_bounds(limits: Iterable[tuple[str, str, int, int, int | None]]) -> dict[str, Bounds]:
    """The limits in force of each account, from (account, kind, budget year, version, fen).

    Of one kind and year the highest version holds; an amount of None lifts it.
    """
    latest: dict[tuple[str, str, int], tuple[int, int | None]] = {}
    for acct_no, kind, year, version, amount in limits:
        if version > latest.get((acct_no, kind, year), (0, None))[0]:
            latest[acct_no, kind, year] = (version, amount)
    found: dict[str, Bounds] = {}
    for (acct_no, kind, year), (_version, amount) in latest.items():
        if amount is None:
            continue
        bounds = found.get(acct_no, Bounds())
        if kind == LimitKind.BUDGET:
            bounds = bounds._replace(budgets={**bounds.budgets, year: amount})
        elif kind == LimitKind.FLOOR:
            bounds = bounds._replace(floor=amount)
        else:
            bounds = bounds._replace(ceiling=amount)
        found[acct_no] = bounds
    return found
