"""An account's journal with its running balance, and one entry with everything that hangs together with it."""

from datetime import date
from typing import NamedTuple

from yibao.flows.fund_setting import FundError
from yibao.fund.records import Account, Action
from yibao.store import Store, journal, readings
from yibao.store.readings import Story


class JournalRow(NamedTuple):
    """One line booked on the account; ``balance`` in fen after it, on the account's normal side.

    A reservation only holds money: the balance stays as it was.
    """

    day: date
    entry_id: str
    action: Action
    side: str
    amount: int
    balance: int
    settles: str
    memo: str
    bank_ref: str | None
    refers: str | None


class AccountJournal(NamedTuple):
    """The journal of an account (明细账) from an opening balance on."""

    account: Account
    opening: int
    rows: list[JournalRow]


def read_journal(store: Store, acct_no: str, since: date | None = None, until: date | None = None) -> AccountJournal:
    """The journal of an account between two days, inclusive. Raises FundError for an account that is not there."""
    with store.reading() as connection:
        account = readings.find_account(connection, acct_no)
        if account is None:
            raise FundError(
                f"没有账户“{acct_no}”；编号如 370300-310-1004（区划-险种-科目），可用 yibao fund balance 查"
            )
        movements = journal.movements(connection, acct_no, until=until)
    opening = balance = 0
    rows: list[JournalRow] = []
    for one in movements:
        if one.action is not Action.RESERVE:
            balance += one.amount if one.side == account.side else -one.amount
        if since is not None and one.day < since:
            opening = balance
            continue
        rows.append(JournalRow(one.day, one.entry_id, one.action, one.side, one.amount, balance, one.settles,
                               one.memo, one.bank_ref, one.refers))  # fmt: skip
    return AccountJournal(account, opening, rows)


def read_entry(store: Store, entry_id: str) -> tuple[Story, dict[str, str]]:
    """An entry with its links, and the names of its accounts. Raises FundError when it is not in the books."""
    with store.reading() as connection:
        found = readings.story(connection, entry_id)
        if found is None:
            raise FundError(f"账上没有凭证“{entry_id}”；请核对凭证号，或用 yibao fund journal 查账户的明细")
        accounts = [
            readings.find_account(connection, number) for number in {line.acct_no for line in found.entry.lines}
        ]
    return found, {one.no: one.name for one in accounts if one is not None}
