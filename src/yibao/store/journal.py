"""Readings of the whole journal: turnovers for statements, movements of an account, and the replay of balances."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from yibao.fund.records import Account, Action, Book
from yibao.fund.statements import Turnover
from yibao.kernel import Finding, Place, Severity, yuan_text
from yibao.store import schema
from yibao.store.kinds import KINDS

_entry, _line, _balance = schema.fund_entry, schema.fund_line, schema.fund_balance
_account = schema.fund_account
_later = schema.fund_entry.alias("later")
POSTED = tuple(action.value for action in (Action.POST, Action.SETTLE, Action.REVERSE, Action.CARRY))


def _part(column: Any, start: int, length: int) -> Any:
    # Written as they are, not as parameters: PostgreSQL compares the grouping with the column by its text.
    return func.substr(column, literal_column(str(start)), literal_column(str(length)), type_=Text)


def year_of(column: Any) -> Any:
    """The year of a column that holds ISO days."""
    return cast(_part(column, 1, 4), Integer)


def _sums(side: str) -> Any:
    return func.sum(case((_line.c.side == side, _line.c.amount), else_=0))


def _movements(held: bool) -> Select[Any]:
    """Totals by account and year: of posted lines, or of reservations that nothing has ended."""
    nothing = literal(0)
    sums = (_sums("D"), _sums("C"))
    statement = (
        select(
            _line.c.acct_no,
            year_of(_entry.c.entry_date).label("year"),
            *(part.label(name) for part, name in zip((nothing, nothing) if held else sums, ("d", "c"), strict=True)),
            *(part.label(name) for part, name in zip(sums if held else (nothing, nothing), ("hd", "hc"), strict=True)),
        )
        .join(_entry, _entry.c.entry_id == _line.c.entry_id)
        .group_by(_line.c.acct_no, year_of(_entry.c.entry_date))
    )
    if held:
        ended = select(_later.c.entry_id).where(_later.c.refers == _entry.c.entry_id).exists()
        return statement.where(_entry.c.action == Action.RESERVE.value, ~ended)
    return statement.where(_entry.c.action.in_(POSTED))


def _replayed() -> Subquery:
    both = union_all(_movements(held=False), _movements(held=True)).subquery()
    columns = both.c
    return (
        select(columns.acct_no, columns.year, *(func.sum(columns[name]).label(name) for name in ("d", "c", "hd", "hc")))
        .group_by(columns.acct_no, columns.year)
        .subquery()
    )


def replay_findings(connection: Connection) -> Iterator[Finding]:
    """Entries that do not balance, and accounts whose kept balance is not what the journal adds up to."""
    unbalanced = select(_line.c.entry_id).group_by(_line.c.entry_id).having(_sums("D") != _sums("C"))
    for row in connection.execute(unbalanced.order_by(_line.c.entry_id).limit(100)):
        yield _wrong("entry_unbalanced", f"凭证{row[0]}的借方合计不等于贷方合计", row[0])
    rows = connection.execute(select(_replayed())).all()
    replayed = {(row[0], row[1]): tuple(int(part) for part in row[2:]) for row in rows}
    kept = {(row[0], row[1]): tuple(row[2:]) for row in connection.execute(select(_balance))}
    nothing = (0, 0, 0, 0)
    for slot in sorted(replayed.keys() | kept.keys()):
        ours, theirs = replayed.get(slot, nothing), kept.get(slot, nothing)
        if ours != theirs:
            texts = [f"{yuan_text(one)}/{yuan_text(other)}" for one, other in zip(theirs, ours, strict=True)]
            parts = "，".join(
                f"{name}{text}" for name, text in zip(("借", "贷", "预留借", "预留贷"), texts, strict=True)
            )
            yield _wrong("balance_differs", f"账户{slot[0]} {slot[1]}年：结存/重算 {parts}", slot[0])


def turnovers(connection: Connection, book: Book | None = None) -> list[Turnover]:
    """The posted turnover of every account (of one book, where given) by month, in the order of the accounts.

    A reverse makes the turnover of its month less, and adds nothing on the other side.
    """
    month = cast(_part(_entry.c.entry_date, 1, 4) + _part(_entry.c.entry_date, 6, 2), Integer)
    carried = case((_entry.c.action == literal_column(f"'{Action.CARRY.value}'"), 1), else_=0)
    back = _entry.c.action == Action.REVERSE.value
    sums = [
        func.sum(
            case((back & (_line.c.side == other), -_line.c.amount), (~back & (_line.c.side == own), _line.c.amount),
                 else_=0)
        )
        for own, other in (("D", "C"), ("C", "D"))
    ]  # fmt: skip
    names = (_account.c.admdvs, _account.c.fund_type, _account.c.subj_code, _account.c.detail)
    statement = (
        select(*names, month, carried, *sums)
        .join(_entry, _entry.c.entry_id == _line.c.entry_id)
        .join(_account, _account.c.acct_no == _line.c.acct_no)
        .where(_entry.c.action.in_(POSTED))
        .group_by(*names, month, carried)
        .order_by(*names, month, carried)
    )
    if book is not None:
        statement = statement.where(_account.c.admdvs == book.admdvs, _account.c.fund_type == book.fund_type)
    return [Turnover._make((*row[:5], bool(row[5]), int(row[6]), int(row[7]))) for row in connection.execute(statement)]


class Movement(NamedTuple):
    """One line of an account's journal with its entry; ``amount`` in fen, ``side`` as booked."""

    entry_id: str
    action: Action
    day: date
    side: str
    amount: int
    settles: str
    memo: str
    bank_ref: str | None
    group_id: str | None
    refers: str | None


def movements(
    connection: Connection, acct_no: str, since: date | None = None, until: date | None = None
) -> list[Movement]:
    """The lines booked on an account, reservations included (see ``action``), by day and entry; days are inclusive."""
    columns = _entry.c
    statement = (
        select(columns.entry_id, columns.action, columns.entry_date, _line.c.side, _line.c.amount, columns.settles,
               columns.memo, columns.bank_ref, columns.group_id, columns.refers)
        .join(_entry, columns.entry_id == _line.c.entry_id)
        .where(_line.c.acct_no == acct_no)
        .order_by(columns.entry_date, columns.entry_id, _line.c.line_no)
    )  # fmt: skip
    if since is not None:
        statement = statement.where(columns.entry_date >= since.isoformat())
    if until is not None:
        statement = statement.where(columns.entry_date <= until.isoformat())
    return [
        Movement._make((row[0], Action(row[1]), date.fromisoformat(row[2]), *row[3:]))
        for row in connection.execute(statement)
    ]


def first_year(connection: Connection, book: Book) -> int | None:
    """The year of the first entry of a book, None when there is none."""
    own = (_entry.c.admdvs == book.admdvs) & (_entry.c.fund_type == book.fund_type)
    day = connection.execute(select(func.min(_entry.c.entry_date)).where(own)).scalar()
    return None if day is None else int(day[:4])


def accounts(connection: Connection, book: Book | None = None) -> list[Account]:
    """All accounts (of one book, where given) by number."""
    statement = select(_account).order_by(_account.c.acct_no)
    if book is not None:
        statement = statement.where(_account.c.admdvs == book.admdvs, _account.c.fund_type == book.fund_type)
    return [KINDS["account"].from_rows(row, ()) for row in connection.execute(statement)]


def _wrong(code: str, message: str, key: str) -> Finding:
    cause, step = "有人绕过系统直接改动了数据库，或数据库文件损坏", "保留现场，与最近的备份比对，并报告基金监督部门"
    return Finding(code, Severity.ERROR, message, Place(), cause, step, key=key)
