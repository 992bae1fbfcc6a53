"""What the ledger room reads before it decides, and the balances it leaves: read under locks, kept in the same unit."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite

from yibao.fund.records import Account, Action, Book, Entry, Limit
from yibao.fund.view import Bounds, Decision, Totals, View, latest_bounds
from yibao.store import schema
from yibao.store.database import among, listed, run
from yibao.store.kinds import KINDS, fetch
from yibao.store.unit import Unit

_entry, _line = schema.fund_entry.c, schema.fund_line.c
_account, _totals, _limit, _close = (
    schema.fund_account.c, schema.fund_balance.c, schema.fund_limit.c, schema.fund_close.c,
)  # fmt: skip
_later = schema.fund_entry.alias("later").c
_BOOK = _close.admdvs + "-" + _close.fund_type
_RECEIPTS = (
    select(_line.acct_no, _entry.bank_ref)
    .join(schema.fund_entry, _entry.entry_id == _line.entry_id)
    .where(_line.side == "D", _entry.action.in_([Action.POST.value, Action.SETTLE.value]))
    .where(~select(_later.entry_id).where(_later.refers == _entry.entry_id).exists())
)
_LOCK_NAMES = select(func.pg_advisory_xact_lock(func.unnest(bindparam("keys", type_=ARRAY(BigInteger)))))
_NAME_LOCKS = 256
_NAME_SPACE = 0x796962616F00
"""Advisory locks are numbers that all programs on a database share: ours begin here."""
_ZERO: ColumnElement[int] = literal_column("0")
_NO_TEXT: ColumnElement[str] = literal_column("''")
Slot = tuple[str, str, int]
"""A limit's account, kind and budget year."""


def _standing(what: str, name: Any, kind: Any, year: Any, *numbers: Any) -> Select[Any]:
    """One part of the statement that reads how accounts stand: a mark, two names, a year and four numbers."""
    cells = [literal_column(f"'{what}'"), name, kind, year, *numbers]
    cells += [_ZERO] * (8 - len(cells))
    return select(*(cell.label(f"cell_{place}") for place, cell in enumerate(cells)))


class _Reads:
    """The statements of one dialect, built once."""

    def __init__(self, dialect: str) -> None:
        def by(statement: Select[Any], column: ColumnElement[str], name: str = "ids") -> Select[Any]:
            return statement.where(among(dialect, column, name))

        # NO KEY UPDATE: other units may still point foreign keys at the account while this one holds it.
        accounts = by(select(schema.fund_account), _account.acct_no).order_by(_account.acct_no)
        self.locked_accounts = accounts.with_for_update(key_share=True)
        parts = (_totals[part] for part in Totals._fields)
        self.standing = union_all(
            by(_standing("T", _totals.acct_no, _NO_TEXT, _totals.year, *parts), _totals.acct_no),
            by(
                _standing("L", _limit.acct_no, _limit.kind, _limit.budget_year, _limit.version, _limit.amount),
                _limit.acct_no,
            ),
            by(_standing("C", _BOOK, _NO_TEXT, _ZERO, func.max(_close.month)), _BOOK, "books").group_by(_BOOK),
        )
        self.ended = by(select(_entry.refers, _entry.action), _entry.refers)
        self.members = by(select(_entry.entry_id), _entry.group_id)
        self.groups = by(select(_entry.group_id).distinct(), _entry.group_id)
        self.receipts = by(_RECEIPTS, _entry.bank_ref)


_READS = {dialect: _Reads(dialect) for dialect in ("sqlite", "postgresql")}


def ledger_view(unit: Unit, entries: Sequence[Entry]) -> View:
    """The books as far as these commands touch them, their accounts locked in the order of their numbers."""
    connection = unit.connection
    reads = _READS[connection.dialect.name]
    refers = {entry.refers for entry in entries if entry.refers is not None}
    ids = {entry.entry_id for entry in entries}
    # Read before the locks to know which accounts to hold, and again after: another unit may have kept some meanwhile.
    known: dict[str, Entry] = fetch(connection, KINDS["entry"], refers) if refers else {}
    groups = {entry.group_id for entry in entries if entry.group_id is not None}
    # The members of a group may touch different accounts: the group itself is held too.
    lock_names(unit, (f"group {group}" for group in groups))
    accounts = lock_accounts(unit, _named([*entries, *known.values()]))
    known = fetch(connection, KINDS["entry"], refers | ids)
    accounts |= lock_accounts(unit, _named(known.values()) - accounts.keys())
    standing = read_standing(connection, accounts, {Book(entry.admdvs, entry.fund_type) for entry in entries})
    members = _members(connection, [known[one] for one in refers if one in known])
    ids = refers | {one.entry_id for group in members.values() for one in group}
    refs = {entry.bank_ref for entry in entries if entry.bank_ref is not None}
    return View(
        accounts=accounts,
        bounds=standing.bounds,
        totals=standing.totals,
        closed=standing.closed,
        known=known,
        ended={row[0]: Action(row[1]) for row in _rows(connection, reads.ended, ids)},
        groups=frozenset(row[0] for row in _rows(connection, reads.groups, groups)),
        receipts=frozenset((row[0], row[1]) for row in _rows(connection, reads.receipts, refs)),
        members=members,
        as_of=unit.today,
    )


def _members(connection: Connection, targets: Sequence[Entry]) -> dict[str, tuple[Entry, ...]]:
    """The entries of the linked groups that these entries belong to."""
    groups = {entry.group_id for entry in targets if entry.group_id is not None}
    rows = _rows(connection, _READS[connection.dialect.name].members, groups)
    if not rows:
        return {}
    found: dict[str, tuple[Entry, ...]] = {}
    for entry in fetch(connection, KINDS["entry"], [row[0] for row in rows]).values():
        found[entry.group_id] = (*found.get(entry.group_id, ()), entry)
    return found


def _named(entries: Iterable[Entry]) -> set[str]:
    return {line.acct_no for entry in entries for line in entry.lines}


def _rows(connection: Connection, statement: Select[Any], ids: Iterable[str]) -> Sequence[Any]:
    texts = list(ids)
    if not texts:
        return ()
    return run(connection, statement, {"ids": listed(connection, texts)})


def lock_accounts(unit: Unit, numbers: Iterable[str]) -> dict[str, Account]:
    """The accounts of these numbers, held against every other unit until this one ends; unknown ones are left out."""
    reads = _READS[unit.connection.dialect.name]
    rows = _rows(unit.connection, reads.locked_accounts, sorted(numbers))
    return {row[0]: KINDS["account"].from_rows(row, ()) for row in rows}


def lock_names(unit: Unit, names: Iterable[str]) -> None:
    """Holds what has no row to lock, before any row is. Names share a few locks, taken in one order.

    SQLite has one writer at a time and needs none.
    """
    if unit.connection.dialect.name == "postgresql":
        keys = sorted({_NAME_SPACE + zlib.crc32(name.encode()) % _NAME_LOCKS for name in names})
        if keys:
            run(unit.connection, _LOCK_NAMES, {"keys": keys})


def lock_book(unit: Unit, book: Book) -> list[Account]:
    """All accounts of a book, held: until this unit ends none can post to the book or open an account in it."""
    lock_names(unit, [f"book {book.admdvs} {book.fund_type}"])
    wanted = select(schema.fund_account).where(_account.admdvs == book.admdvs, _account.fund_type == book.fund_type)
    rows = unit.connection.execute(wanted.order_by(_account.acct_no).with_for_update(key_share=True))
    return [KINDS["account"].from_rows(row, ()) for row in rows]


class Standing(NamedTuple):
    """How accounts and books stand, to be read after the accounts are locked."""

    bounds: dict[str, Bounds]
    versions: dict[Slot, int]
    """The highest version of each limit."""
    totals: dict[tuple[str, int], Totals]
    closed: dict[Book, int]


def read_standing(connection: Connection, numbers: Iterable[str], books: Iterable[Book] = ()) -> Standing:
    """Totals and limits of accounts, and how far books are closed, in one statement: it is read for every posting."""
    names = {f"{book.admdvs}-{book.fund_type}": book for book in books}
    given = {"ids": listed(connection, numbers), "books": listed(connection, names)}
    limits: list[tuple[str, str, int, int, int | None]] = []
    found = Standing({}, {}, {}, {})
    for what, name, kind, year, *parts in run(connection, _READS[connection.dialect.name].standing, given):
        if what == "T":
            found.totals[name, year] = Totals(*parts)
        elif what == "C":
            found.closed[names[name]] = parts[0]
        else:
            limits.append((name, kind, year, parts[0], parts[1]))
            found.versions[name, kind, year] = max(parts[0], found.versions.get((name, kind, year), 0))
    found.bounds.update(latest_bounds(limits))
    return found


def read_limits(connection: Connection, versions: Mapping[Slot, int]) -> dict[Slot, Limit]:
    """The limits of these versions."""
    keys = [f"{acct_no}/{kind}/{year}/{version}" for (acct_no, kind, year), version in versions.items()]
    found = fetch(connection, KINDS["limit"], keys)
    return {(limit.acct_no, limit.kind.value, limit.budget_year): limit for limit in found.values()}


def keep(unit: Unit, decision: Decision) -> None:
    """Adds what the ledger decided to the unit: its entries, and the totals they leave."""
    unit.add(decision.records)
    rows = [
        {"acct_no": slot[0], "year": slot[1], **totals._asdict()} for slot, totals in sorted(decision.totals.items())
    ]
    unit.project(_SET_TOTALS[unit.connection.dialect.name], rows)


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
