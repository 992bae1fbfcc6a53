"""Readings of the whole journal: turnovers for statements, movements of an account, and the replay of balances."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from yibao.fund.records import Action
from yibao.kernel import Finding, Place, Severity, yuan_text
from yibao.store import schema

_entry, _line, _balance = schema.fund_entry, schema.fund_line, schema.fund_balance
_later = schema.fund_entry.alias("later")
POSTED = tuple(action.value for action in (Action.POST, Action.SETTLE, Action.REVERSE, Action.CARRY))


def _year(column: Any) -> Any:
    # Written as they are, not as parameters: PostgreSQL compares the grouping with the column by its text.
    return cast(func.substr(column, literal_column("1"), literal_column("4")), Integer)


def _sums(side: str) -> Any:
    return func.sum(case((_line.c.side == side, _line.c.amount), else_=0))


def _movements(held: bool) -> Select[Any]:
    """Totals by account and year: of posted lines, or of reservations that nothing has ended."""
    nothing = literal(0)
    sums = (_sums("D"), _sums("C"))
    statement = (
        select(
            _line.c.acct_no,
            _year(_entry.c.entry_date).label("year"),
            *(part.label(name) for part, name in zip((nothing, nothing) if held else sums, ("d", "c"), strict=True)),
            *(part.label(name) for part, name in zip(sums if held else (nothing, nothing), ("hd", "hc"), strict=True)),
        )
        .join(_entry, _entry.c.entry_id == _line.c.entry_id)
        .group_by(_line.c.acct_no, _year(_entry.c.entry_date))
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


def _wrong(code: str, message: str, key: str) -> Finding:
    cause, step = "有人绕过系统直接改动了数据库，或数据库文件损坏", "保留现场，与最近的备份比对，并报告基金监督部门"
    return Finding(code, Severity.ERROR, message, Place(), cause, step, key=key)
