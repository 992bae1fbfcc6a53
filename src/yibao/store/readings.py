"""Readings that people ask for: posted lines of a period, balances on a day, bank lines, one entry with its links.

Read-only; every function takes a connection of `Store.reading` and so shows one moment of the whole store.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, func, select

from yibao.fund.records import Account, Action, Assertion, BankLine, Book, Entry
from yibao.fund.view import Totals
from yibao.store import schema
from yibao.store.chain import Partition
from yibao.store.database import among, listed, run
from yibao.store.journal import POSTED, year_of
from yibao.store.kinds import KINDS, fetch

_entry, _line, _account = schema.fund_entry.c, schema.fund_line.c, schema.fund_account.c
_chain, _bank, _assertion = schema.audit_chain.c, schema.fund_bank_line.c, schema.fund_assertion.c
_later = schema.fund_entry.alias("later").c
_ACTIONS = {one.value: one for one in Action}


class PostedLine(NamedTuple):
    """One posted line with its entry and account; ``amount`` in fen, ``side`` as booked."""

    day: date
    entry_id: str
    action: Action
    acct_no: str
    subj_code: str
    detail: str
    side: str
    amount: int
    settles: str
    memo: str
    refers: str | None
    bank_ref: str | None
    group_id: str | None


class Kept(NamedTuple):
    """Where a record stands in the audit chain."""

    partition: Partition
    seq: int
    recorded_at: str
    hash: bytes


class Story(NamedTuple):
    """An entry, its place in the chain, the entries that refer to it and the others of its linked group, by id.

    ``kept`` is None for an entry that no chain knows, which `verify` reports.
    """

    entry: Entry
    kept: Kept | None
    later: list[Entry]
    group: list[Entry]


class Contents(NamedTuple):
    """How many rows each table has, and how far each chain reaches."""

    revision: str
    rows: dict[str, int]
    chains: dict[Partition, int]
    closed: dict[Book, int]


def _given(name: str) -> ColumnElement[str]:
    return bindparam(name, required=False, type_=Text)


def _posted(*columns: ColumnElement[Any]) -> Select[Any]:
    """The posted lines of a fund in a period, with these columns; for `run`, which makes each statement once."""
    return (
        select(*columns)
        .join(schema.fund_line, _line.entry_id == _entry.entry_id)
        .join(schema.fund_account, _account.acct_no == _line.acct_no)
        .where(_entry.action.in_(POSTED), _entry.fund_type == _given("fund_type"))
        .where(_entry.entry_date >= _given("first"), _entry.entry_date <= _given("last"))
    )


_OF_AGENCY = _entry.admdvs == _given("admdvs")
_LINES = _posted(
    _entry.entry_date, _entry.entry_id, _entry.action, _line.acct_no, _account.subj_code, _account.detail, _line.side,
    _line.amount, _entry.settles, _entry.memo, _entry.refers, _entry.bank_ref, _entry.group_id,
).order_by(_entry.entry_date, _entry.entry_id, _line.line_no)  # fmt: skip
_AGENCY_LINES = _LINES.where(_OF_AGENCY)
_AMOUNTS = _posted(
    func.coalesce(_entry.refers, _entry.entry_id), _account.subj_code, _account.detail, _line.side, _line.amount
).where(_OF_AGENCY)


def posted_lines(connection: Connection, fund_type: str, first: date, last: date, admdvs: str = "") -> list[PostedLine]:
    """The posted lines of a fund (of one agency, where given) between two days, inclusive, by day, entry and line."""
    given = {"fund_type": fund_type, "first": first.isoformat(), "last": last.isoformat()}
    rows = run(connection, _AGENCY_LINES, {**given, "admdvs": admdvs}) if admdvs else run(connection, _LINES, given)
    # A year has some hundred thousand lines of few days and actions: each is turned into its value once.
    days = {day: date.fromisoformat(day) for day in {row[0] for row in rows}}
    return [PostedLine(days[day], entry_id, _ACTIONS[action], *rest) for day, entry_id, action, *rest in rows]


def posted_amounts(
    connection: Connection, fund_type: str, first: date, last: date, admdvs: str
) -> list[tuple[str, str, str, str, int]]:
    """The posted amounts of a fund of an agency between two days, inclusive, in no order.

    Each with the entry it comes from (of a reversal the one it takes back), its subject and detail, and its side.
    """
    given = {"fund_type": fund_type, "first": first.isoformat(), "last": last.isoformat(), "admdvs": admdvs}
    return [
        (str(origin), str(subj_code), str(detail), str(side), int(amount))
        for origin, subj_code, detail, side, amount in run(connection, _AMOUNTS, given)
    ]


def balances_on(connection: Connection, day: date) -> dict[tuple[str, int], Totals]:
    """The totals of every account by year at the end of a day, from the journal; held is what was reserved then."""
    ended = select(_later.entry_id).where(_later.refers == _entry.entry_id, _later.entry_date <= day.isoformat())
    held = (_entry.action == Action.RESERVE.value) & ~ended.exists()
    year = year_of(_entry.entry_date)
    found: dict[tuple[str, int], list[int]] = {}
    for start, wanted in ((0, _entry.action.in_(POSTED)), (2, held)):
        for acct_no, of_year, side, amount in connection.execute(_sums(wanted, year, day)):
            found.setdefault((acct_no, of_year), [0, 0, 0, 0])[start + (side == "C")] = int(amount)
    return {slot: Totals(*parts) for slot, parts in found.items()}


def carried(connection: Connection, year: int) -> dict[str, int]:
    """What the carry at the end of a year took off each account, in fen."""
    statement = (
        select(_line.acct_no, func.sum(_line.amount))
        .join(schema.fund_entry, _entry.entry_id == _line.entry_id)
        .where(_entry.action == Action.CARRY.value, _entry.entry_date == f"{year}-12-31")
        .group_by(_line.acct_no)
    )
    return {row[0]: int(row[1]) for row in connection.execute(statement)}


def _sums(wanted: ColumnElement[bool], year: ColumnElement[int], day: date) -> Any:
    return (
        select(_line.acct_no, year, _line.side, func.sum(_line.amount))
        .join(schema.fund_entry, _entry.entry_id == _line.entry_id)
        .where(wanted, _entry.entry_date <= day.isoformat())
        .group_by(_line.acct_no, year, _line.side)
    )


def amounts_of(connection: Connection, ids: Sequence[str]) -> dict[Action, int]:
    """The debits of these entries by action, in fen."""
    statement = (
        select(_entry.action, func.sum(_line.amount))
        .join(schema.fund_line, _line.entry_id == _entry.entry_id)
        .where(_line.side == "D", among(connection.dialect.name, _entry.entry_id))
        .group_by(_entry.action)
    )
    rows = connection.execute(statement, {"ids": listed(connection, ids)})
    return {Action(row[0]): int(row[1]) for row in rows}


def find_account(connection: Connection, acct_no: str) -> Account | None:
    """The account of that number, or None."""
    found: Account | None = fetch(connection, KINDS["account"], [acct_no]).get(acct_no)
    return found


def bank_lines(connection: Connection, acct_no: str) -> list[BankLine]:
    """The bank lines kept of an account, by day; within a day as they were kept, which is as the statement ran."""
    kind = KINDS["bank_line"]
    statement = (
        select(schema.fund_bank_line)
        .join(schema.audit_chain, (_chain.kind == kind.name) & (_chain.record_id == _bank.bank_line_id))
        .where(_bank.acct_no == acct_no)
        .order_by(_bank.day, _chain.seq)
    )
    return [kind.from_rows(row, ()) for row in connection.execute(statement)]


def last_assertion(connection: Connection, acct_no: str, day: date) -> Assertion | None:
    """The last assertion about an account and day, or None."""
    statement = (
        select(schema.fund_assertion)
        .where(_assertion.acct_no == acct_no, _assertion.day == day.isoformat())
        .order_by(_assertion.number.desc())
        .limit(1)
    )
    row = connection.execute(statement).first()
    found: Assertion | None = None if row is None else KINDS["assertion"].from_rows(row, ())
    return found


def story(connection: Connection, entry_id: str) -> Story | None:
    """An entry with all that hangs together with it; None when it is not in the books."""
    kind = KINDS["entry"]
    entry = fetch(connection, kind, [entry_id]).get(entry_id)
    if entry is None:
        return None
    place = connection.execute(
        select(_chain.admdvs, _chain.year, _chain.seq, _chain.recorded_at, _chain.hash).where(
            _chain.kind == kind.name, _chain.record_id == entry_id
        )
    ).first()
    kept = None if place is None else Kept(Partition(*place[:2]), *place[2:])
    later = _entries(connection, _entry.refers == entry_id)
    group = [] if entry.group_id is None else _entries(connection, _entry.group_id == entry.group_id)
    return Story(entry, kept, later, [one for one in group if one.entry_id != entry_id])


def _entries(connection: Connection, wanted: ColumnElement[bool]) -> list[Entry]:
    ids: Sequence[str] = connection.execute(select(_entry.entry_id).where(wanted)).scalars().all()
    found = fetch(connection, KINDS["entry"], ids)
    return [found[one] for one in sorted(found)]


def closed_months(connection: Connection) -> dict[Book, int]:
    """The last closed month (yyyymm) of every book with an account, 0 for none, by book."""
    books = connection.execute(select(_account.admdvs, _account.fund_type).distinct()).all()
    closes = schema.fund_close.c
    last = select(closes.admdvs, closes.fund_type, func.max(closes.month)).group_by(closes.admdvs, closes.fund_type)
    closed = {Book(row[0], row[1]): int(row[2]) for row in connection.execute(last)}
    return {Book(*book): closed.get(Book(*book), 0) for book in sorted(map(tuple, books))}


def contents(connection: Connection) -> Contents:
    """What the store holds."""
    rows = {
        table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
        for table in schema.metadata.sorted_tables
    }
    heads = schema.audit_head.c
    chains = connection.execute(select(heads.admdvs, heads.year, heads.seq).order_by(heads.admdvs, heads.year))
    return Contents(
        schema.REVISION, rows, {Partition(row[0], row[1]): row[2] for row in chains}, closed_months(connection)
    )
