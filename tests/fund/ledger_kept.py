"""Books in memory on the national chart, and short ways to write commands to them."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from fund.ledger_commands import CITY, COUNTY, FIRST, RESIDENT, SERIOUS, entry
from fund.ledger_oracle import BOOKED, received

from yibao.fund.chart import Chart, account_for, read_chart, standard_accounts
from yibao.fund.decide import decide
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Limit, LimitKind
from yibao.fund.view import Decision, Totals, View, latest_bounds
from yibao.packs import load_law

DAY = date(2025, 1, 15)
NEXT = date(2025, 1, 16)


@cache
def the_chart() -> Chart:
    """The national chart of accounts."""
    return read_chart(load_law("zibo", ()).at(date(2025, 1, 1)))


class Kept:
    """Books in memory: what a store would keep, and read back for every batch."""

    def __init__(
        self, accounts: Sequence[Account], limits: Sequence[Limit] = (), closed: Mapping[Book, int] | None = None,
        today: date | None = None,
    ) -> None:  # fmt: skip
        self.accounts, self.limits, self.closed, self.today = accounts, limits, closed or {}, today
        self.entries: list[Entry] = []
        self.totals: dict[tuple[str, int], Totals] = {}

    def view(self) -> View:
        ended = {one.refers: one.action for one in self.entries if one.refers is not None}
        return View(
            accounts={account.no: account for account in self.accounts},
            bounds=latest_bounds((*one[:4], one.amount) for one in self.limits),
            totals=dict(self.totals),
            closed=self.closed,
            known={one.entry_id: one for one in self.entries},
            ended=ended,
            groups=frozenset(one.group_id for one in self.entries if one.group_id is not None),
            receipts=frozenset(
                (acct_no, one.bank_ref)
                for one in self.entries
                if one.action in BOOKED and one.bank_ref is not None and one.entry_id not in ended
                for acct_no in received(one)
            ),
            members=self._members(),
            as_of=self.today,
        )

    def _members(self) -> dict[str, tuple[Entry, ...]]:
        groups = {one.group_id for one in self.entries if one.group_id}
        return {group: tuple(one for one in self.entries if one.group_id == group) for group in groups}

    def decide(self, batch: Sequence[Entry], *, whole: bool = False) -> Decision:
        """Decides a batch and keeps what comes of it."""
        decision = decide(self.view(), the_chart(), batch, whole=whole)
        self.entries += decision.records
        self.totals.update(decision.totals)
        return decision

    def post(self, *batch: Entry, whole: bool = False) -> list[Outcome]:
        """The outcomes of a batch."""
        return [answer.outcome for answer in self.decide(batch, whole=whole).answers]

    def one(self, command: Entry) -> Outcome:
        """The outcome of a batch of one command."""
        return self.post(command)[0]

    def moved(self) -> dict[tuple[str, int], Totals]:
        """The totals that are not all zero."""
        return {slot: totals for slot, totals in self.totals.items() if totals != Totals()}

    def total(self, subj_code: str, book: Book = CITY, year: int = 2025) -> Totals:
        """The totals of one account."""
        return self.totals.get((f"{book.admdvs}-{book.fund_type}-{subj_code}", year), Totals())


def limit(subj_code: str, kind: LimitKind, amount: int | None, year: int = 0, version: int = 2) -> Limit:
    """A limit of an account of the city's employee fund."""
    return Limit(f"370300-310-{subj_code}", kind, year, version, amount, "预算", "370300", 2025)


def books(*limits: Limit, closed: Mapping[Book, int] | None = None, today: date | None = None) -> Kept:
    """The standard accounts of four books with their floors; 1000 in each 财政专户, 200 in the city's 支出户."""
    accounts: list[Account] = []
    floors: list[Limit] = []
    for book in (CITY, RESIDENT, SERIOUS, COUNTY, Book("370300", "330"), Book("370300", "JZ")):
        own, bounds = standard_accounts(the_chart(), book, FIRST)
        accounts += own
        floors += bounds
    accounts.append(account_for(the_chart(), CITY, "460201", "370301", FIRST))
    accounts.append(account_for(the_chart(), CITY, "210101", "H1", NEXT))
    kept = Kept(accounts, floors)
    money = [
        entry(f"MONEY-{'-'.join(book)}", book, "1003", code, 1000)
        for book, code in ((CITY, "4101"), (RESIDENT, "4101"), (SERIOUS, "400108"), (COUNTY, "4101"))
    ]
    assert set(kept.post(*money, entry("MONEY", CITY, "1004", "1003", 200))) == {Outcome.POSTED}
    kept.limits, kept.closed, kept.today = [*floors, *limits], closed or {}, today
    return kept


def pay(entry_id: str, amount: int, action: Action = Action.POST, **more: Any) -> Entry:
    """A hospital is paid out of the city's 支出户, or the money is held for it."""
    return entry(entry_id, CITY, "500101", "1004", amount, action, **more)


def hold(entry_id: str, amount: int, **more: Any) -> Entry:
    """Money is held for a hospital."""
    return pay(entry_id, amount, Action.RESERVE, **more)


def about(entry_id: str, action: Action, refers: str | None, **more: Any) -> Entry:
    """A command about another entry, without lines."""
    return entry(entry_id, CITY, action=action, refers=refers, **more)


def got(entry_id: str, book: Book = CITY, code: str = "1003", **more: Any) -> Entry:
    """Money received, with the bank's number B1."""
    return entry(entry_id, book, code, "400101" if code == "1002" else "4101", 5, ref="B1", **more)
