"""What the ledger room reads before it decides, and the balances it leaves: read under locks, kept in the same unit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from yibao.fund.records import Account, Action, Book, Entry, Limit
from yibao.fund.view import Decision, Totals, View, latest_bounds
from yibao.store import schema
from yibao.store.database import among, listed
from yibao.store.kinds import KINDS, fetch
from yibao.store.unit import Unit

_entry, _line, _chain = schema.fund_entry.c, schema.fund_line.c, schema.audit_chain.c
_later = schema.fund_entry.alias("later").c

_RECEIPTS = (
    select(_line.acct_no, _entry.bank_ref)
    .join(schema.fund_entry, _entry.entry_id == _line.entry_id)
    .where(_line.side == "D", _entry.action.in_([Action.POST.value, Action.SETTLE.value]))
    .where(~select(_later.entry_id).where(_later.refers == _entry.entry_id).exists())
)
_CLOSED = (
    select(schema.fund_close.c.admdvs, schema.fund_close.c.fund_type, func.max(schema.fund_close.c.month))
    .group_by(schema.fund_close.c.admdvs, schema.fund_close.c.fund_type)
    .where(schema.fund_close.c.admdvs == bindparam("admdvs"), schema.fund_close.c.fund_type == bindparam("fund"))
)


class _Reads:
    """The statements of one dialect, built once."""

    def __init__(self, dialect: str) -> None:
        def by(statement: Select[Any], column: ColumnElement[str]) -> Select[Any]:
            return statement.where(among(dialect, column))

        account = schema.fund_account
        # NO KEY UPDATE: other units may still point foreign keys at the account while this one holds it.
        self.accounts = by(select(account), account.c.acct_no).order_by(account.c.acct_no)
        self.locked_accounts = self.accounts.with_for_update(key_share=True)
        self.limits = by(select(schema.fund_limit), schema.fund_limit.c.acct_no)
        self.totals = by(select(schema.fund_balance), schema.fund_balance.c.acct_no)
        self.digests = by(
            select(_chain.record_id, _chain.digest).where(_chain.kind == bindparam("kind")), _chain.record_id
        )
        self.ended = by(select(_entry.refers, _entry.action), _entry.refers)
        self.groups = by(select(_entry.group_id).distinct(), _entry.group_id)
        self.receipts = by(_RECEIPTS, _entry.bank_ref)


_READS = {dialect: _Reads(dialect) for dialect in ("sqlite", "postgresql")}


def ledger_view(unit: Unit, entries: Sequence[Entry]) -> View:
    """The books as far as these commands touch them, their accounts locked in the order of their numbers."""
    connection = unit.connection
    reads = _READS[connection.dialect.name]
    refers = {entry.refers for entry in entries if entry.refers is not None}
    known: dict[str, Entry] = fetch(connection, KINDS["entry"], refers) if refers else {}
    named = {line.acct_no for entry in (*entries, *known.values()) for line in entry.lines}
    accounts = lock_accounts(unit, named)
    groups = {entry.group_id for entry in entries if entry.group_id is not None}
    refs = {entry.bank_ref for entry in entries if entry.bank_ref is not None}
    books = {Book(entry.admdvs, entry.fund_type) for entry in entries}
    return View(
        accounts=accounts,
        bounds=latest_bounds(_limits(connection, accounts)),
        totals=read_totals(connection, accounts),
        closed=read_closed(connection, books),
        digests=read_digests(connection, "entry", [entry.entry_id for entry in entries]),
        known=known,
        ended={row[0]: Action(row[1]) for row in _rows(connection, reads.ended, refers)},
        groups=frozenset(row[0] for row in _rows(connection, reads.groups, groups)),
        receipts=frozenset((row[0], row[1]) for row in _rows(connection, reads.receipts, refs)),
    )


def _rows(connection: Connection, statement: Select[Any], ids: Iterable[str], **more: str) -> Sequence[Any]:
    texts = list(ids)
    if not texts:
        return ()
    return connection.execute(statement, {"ids": listed(connection, texts), **more}).all()


def lock_accounts(unit: Unit, numbers: Iterable[str]) -> dict[str, Account]:
    """The accounts of these numbers, held against every other unit until this one ends; unknown ones are left out."""
    reads = _READS[unit.connection.dialect.name]
    rows = _rows(unit.connection, reads.locked_accounts, sorted(numbers))
    return {row[0]: KINDS["account"].from_rows(row, ()) for row in rows}


def lock_book(unit: Unit, book: Book) -> list[Account]:
    """All accounts of a book, held: no unit can post to the book until this one ends."""
    account = schema.fund_account
    wanted = select(account).where(account.c.admdvs == book.admdvs, account.c.fund_type == book.fund_type)
    rows = unit.connection.execute(wanted.order_by(account.c.acct_no).with_for_update(key_share=True))
    return [KINDS["account"].from_rows(row, ()) for row in rows]


def _limits(connection: Connection, numbers: Iterable[str]) -> list[Limit]:
    rows = _rows(connection, _READS[connection.dialect.name].limits, numbers)
    return [KINDS["limit"].from_rows(row, ()) for row in rows]


read_limits = _limits


def read_totals(connection: Connection, numbers: Iterable[str]) -> dict[tuple[str, int], Totals]:
    """The totals of these accounts by year."""
    rows = _rows(connection, _READS[connection.dialect.name].totals, numbers)
    return {(row[0], row[1]): Totals(*row[2:]) for row in rows}


def read_closed(connection: Connection, books: Iterable[Book]) -> dict[Book, int]:
    """The last closed month (yyyymm) of each of these books that has one."""
    found: dict[Book, int] = {}
    for book in books:
        row = connection.execute(_CLOSED, {"admdvs": book.admdvs, "fund": book.fund_type}).first()
        if row is not None:
            found[book] = row[2]
    return found


def read_digests(connection: Connection, kind: str, ids: Sequence[str]) -> dict[str, bytes]:
    """The digests of the records of a kind that are kept already, by id."""
    rows = _rows(connection, _READS[connection.dialect.name].digests, ids, kind=kind)
    return {row[0]: row[1] for row in rows}


def keep(unit: Unit, decision: Decision) -> None:
    """Adds what the ledger decided to the unit: its entries, and the totals they leave."""
    unit.add(decision.records, decision.digests)
    if decision.totals:
        rows = [
            {"acct_no": acct_no, "year": year, **totals._asdict()}
            for (acct_no, year), totals in sorted(decision.totals.items())
        ]
        unit.connection.execute(_SET_TOTALS[unit.connection.dialect.name], rows)


def _set_totals(insert: Any) -> Any:
    statement = insert(schema.fund_balance)
    new = {name: statement.excluded[name] for name in Totals._fields}
    return statement.on_conflict_do_update(index_elements=["acct_no", "year"], set_=new)


_SET_TOTALS: Mapping[str, Any] = {
    "sqlite": _set_totals(sqlite.insert),
    "postgresql": _set_totals(postgresql.insert),
}


def read_open_reservations(connection: Connection, day: date) -> list[Entry]:
    """The reservations that nothing has ended yet and whose last day is before ``day``, by their id."""
    due = (
        select(_entry.entry_id)
        .where(_entry.action == Action.RESERVE.value, _entry.expires < day.isoformat())
        .where(~select(_later.entry_id).where(_later.refers == _entry.entry_id).exists())
        .order_by(_entry.entry_id)
    )
    ids = [row[0] for row in connection.execute(due)]
    found = fetch(connection, KINDS["entry"], ids)
    return [found[one] for one in ids]
