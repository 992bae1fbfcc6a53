"""Accumulators, counters and accounts made anew from the records that moved them: to rebuild, and to verify."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, cast, func, select, text, union_all

from yibao.benefit.counter_records import ACCOUNT, SUM, USED
from yibao.kernel import Finding, Place, Severity
from yibao.store import schema
from yibao.store.unit import Unit

_settled, _move, _credit = schema.settlements.c, schema.settlement_moves.c, schema.account_credits.c


def _numbers() -> Select[Any]:
    every = union_all(
        select(_settled.psn_no.label("owner"), _settled.nth.label("nth")),
        select(_move.owner, _settled.nth).join(schema.settlements, _settled.setl_id == _move.setl_id),
        select(_credit.psn_no, _credit.nth),
    ).subquery()
    return select(every.c.owner, func.max(every.c.nth).label("nth")).group_by(every.c.owner)


def _sums() -> Select[Any]:
    keys = (_move.owner, _move.year, _move.name)
    return select(*keys, _whole(func.sum(_move.amount))).where(_move.what == SUM).group_by(*keys)


def _whole(total: ColumnElement[Any]) -> ColumnElement[int]:
    # PostgreSQL adds whole numbers up as NUMERIC.
    return cast(total, schema.Fen)


def _counters() -> Select[Any]:
    """What each counter has used, and the mark of the last that moved it."""
    keys = (_move.owner, _move.name)
    nth = func.row_number().over(partition_by=keys, order_by=(_settled.nth.desc(), _move.line_no.desc()))
    total = func.sum(_move.amount).over(partition_by=keys)
    ranked = (
        select(*keys, _whole(total).label("used"), _move.mark.label("mark"), nth.label("place"))
        .join(schema.settlements, _settled.setl_id == _move.setl_id)
        .where(_move.what == USED)
        .subquery()
    )
    return select(ranked.c.owner, ranked.c.name, ranked.c.used, ranked.c.mark).where(ranked.c.place == 1)


def _balances() -> Select[Any]:
    every = union_all(
        select(_credit.psn_no.label("psn_no"), _credit.amount.label("amount")),
        select(_move.owner, _move.amount).where(_move.what == ACCOUNT),
    ).subquery()
    return select(every.c.psn_no, _whole(func.sum(every.c.amount))).group_by(every.c.psn_no)


_MADE: Mapping[str, tuple[Table, Select[Any], str]] = {
    "owners": (schema.benefit_owners, _numbers(), "最后一笔的序号"),
    "accumulators": (schema.benefit_accumulators, _sums(), "待遇累计"),
    "counters": (schema.benefit_counters, _counters(), "限定支付用量"),
    "balances": (schema.account_balances, _balances(), "个人账户余额"),
}


def rebuild(unit: Unit) -> None:
    """Makes accumulators, counters and balances anew from the records, in this unit. Others wait meanwhile."""
    if unit.connection.dialect.name == "postgresql":
        unit.connection.execute(text("LOCK TABLE " + ", ".join(table.name for table, *_ in _MADE.values())))
    for table, made, _what in _MADE.values():
        unit.connection.execute(table.delete())
        unit.connection.execute(table.insert().from_select(table.columns.keys(), made))


def replay_findings(connection: Connection, most: int = 100) -> Iterator[Finding]:
    """What is kept otherwise than the records say: one finding for each key, at most ``most`` of a table."""
    for table, made, what in _MADE.values():
        kept = select(*table.columns)
        if table is schema.benefit_owners:
            kept = kept.where(table.c.nth > 0)
        keys = len(table.primary_key.columns)
        seen: set[tuple[Any, ...]] = set()
        for one, other in ((made, kept), (kept, made)):
            for row in connection.execute(one.except_(other).limit(most)):
                key = tuple(row[:keys])
                if key not in seen:
                    seen.add(key)
                    yield _differs(what, key)


def _differs(what: str, key: Sequence[Any]) -> Finding:
    name = " ".join(str(cell) for cell in key)
    cause, step = "有人绕过系统直接改动了数据库，或数据库文件损坏", "保留现场，与最近的备份比对，并报告基金监督部门"
    told = f"{name}的{what}与结算记录算出的不一致"
    return Finding("accumulator_differs", Severity.ERROR, told, Place(), cause, step, key=name)
