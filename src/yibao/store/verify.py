"""Verification: the chain recomputed from the records themselves, and the balances replayed from the journal.

Within the store, an edit, a deletion or a swap breaks the chain at the first wrong record. A chain that was rewritten
whole, or cut at its end with its head mended, agrees with itself; only a head exported before (`yibao.store.heads`)
shows it. Whatever someone wrote into the tables ends in a finding, never in an error of the program.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Table, select
from sqlalchemy.exc import DataError, DBAPIError

from yibao.kernel import Finding, Place, Severity
from yibao.store import anew, journal, schema
from yibao.store.chain import Head, Partition, genesis, link
from yibao.store.errors import StoreError
from yibao.store.heads import Anchor, Mark
from yibao.store.kinds import KINDS, Stored, fetch_rows

CHUNK = 500
"""Records read at once. More are slower: they outlive the collector's first look and leave the processor's cache."""
MOST = 100
"""How many records of one kind are named that are in no chain, or lines without one."""
_chain, _head = schema.audit_chain, schema.audit_head
Tell = Callable[[str], None]


class Verification(NamedTuple):
    """What was found: records read in each chain, and the findings; without findings all is as it was recorded."""

    records: dict[Partition, int]
    findings: list[Finding]

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(connection: Connection, anchor: Anchor | None = None, tell: Tell = lambda _step: None) -> Verification:
    """Checks every chain, every record and every balance of one consistent reading (`Store.reading`).

    Of each chain the first wrong record is named; what follows it is its consequence. ``anchor`` is a head exported
    earlier: the chains must still reach it, record for record.
    """
    try:
        return _verify(connection, anchor, tell)
    except DBAPIError as error:
        if not _is_broken_text(error):
            raise
    with _any_text(connection):
        return _verify(connection, anchor, tell)


def _verify(connection: Connection, anchor: Anchor | None, tell: Tell) -> Verification:
    heads = {Partition(row.admdvs, row.year): Head(row.seq, row.hash) for row in connection.execute(select(_head))}
    named = connection.execute(select(_chain.c.admdvs, _chain.c.year).distinct())
    partitions = {*heads, *(Partition(*row) for row in named), *(anchor.partitions if anchor else ())}
    counts: dict[Partition, int] = {}
    findings: list[Finding] = []
    for partition in sorted(partitions, key=str):
        tell(f"核对{partition}的记录链")
        walk = _Walk(connection, partition, anchor)
        findings += _readable(walk.findings(heads.get(partition)), f"{partition}：记录链")
        counts[partition] = walk.head.seq
    tell("核对未入链的记录")
    findings += _unchained(connection)
    tell("重算待遇累计")
    findings += _readable(_apart(connection), "待遇累计")
    tell("重算账户余额")
    findings += _readable(journal.replay_findings(connection), "账户余额")
    return Verification(counts, findings)


def _apart(connection: Connection) -> Iterator[Finding]:
    """What the counter carries on, replayed: a value that cannot be added up leaves the rest to be read."""
    with connection.begin_nested():
        yield from anew.replay_findings(connection)


def _is_broken_text(error: DBAPIError) -> bool:
    """Whether SQLite's driver could not decode a text; that error alone has no code of SQLite's."""
    return isinstance(error.orig, sqlite3.OperationalError) and not hasattr(error.orig, "sqlite_errorname")


@contextmanager
def _any_text(connection: Connection) -> Iterator[None]:
    """SQLite hands out texts with broken bytes too: they are a finding, and must not end the verification.

    It slows down every reading, so it is used only where a first one has met such a text.
    """
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        driver.text_factory = str


def _readable(findings: Iterable[Finding], what: str) -> Iterator[Finding]:
    """The findings; one more where the tables hold what no program can add up or order: a text as a number, say."""
    try:
        yield from findings
    except (TypeError, ValueError, ArithmeticError, DBAPIError) as error:
        overflow = getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_ERROR"
        if isinstance(error, DBAPIError) and not isinstance(error, DataError) and not overflow:
            raise
        text = f"{what}里有读不懂的值，无法核对完"
        yield Finding("value_unreadable", Severity.ERROR, text, Place(), _CAUSE, _STEP)


class _Walk:
    """One chain, followed to its end or to its first wrong record; ``head`` is how far it is sound."""

    def __init__(self, connection: Connection, partition: Partition, anchor: Anchor | None) -> None:
        self.head = genesis(partition)
        self._connection = connection
        self._partition = partition
        self._mark: Mark | None = anchor.partitions.get(partition) if anchor else None
        self._export = f"{anchor.made_at[:10]}由{anchor.store}导出的链头" if anchor else ""

    def findings(self, kept: Head | None) -> Iterator[Finding]:
        """The first thing wrong, if any. ``kept`` is the head that the store keeps of the chain."""
        before = _own(self._partition).where(_chain.c.seq < 1).order_by(_chain.c.seq).limit(1)
        row = self._connection.execute(before).first()
        if row is not None:
            text = f"{_name(row)}在链的开头之前，是绕过系统加的"
            yield self._wrong("record_added", row.seq, text, row.record_id)
            return
        for rows in _chunks(self._connection, self._partition):
            records = _records(self._connection, rows)
            for row in rows:
                wrong = self._step(row, records.get((row.kind, row.record_id)))
                if wrong is not None:
                    yield wrong
                    return
        wrong = self._cut() or self._end(kept)
        if wrong is not None:
            yield wrong

    def _step(self, row: Row[Any], record: Stored | None) -> Finding | None:
        seq = row.seq
        if seq != self.head.seq + 1:
            text = f"第{self.head.seq + 1}条记录不见了，其后是第{seq}条"
            return self._wrong("record_missing", self.head.seq + 1, text)
        if record is None:
            return self._wrong("record_missing", seq, f"{_name(row)}不见了", row.record_id)
        if self._expected(row, record) == row.hash:
            self.head = Head(seq, row.hash)
            return self._against_mark(row)
        return self._wrong("record_changed", seq, f"{_name(row)}的内容、次序或时间被改过", row.record_id)

    def _expected(self, row: Row[Any], record: Stored) -> bytes:
        """The hash that the record should have here; empty for values that no record can hold."""
        try:
            cells, lines = record[0], [line for sort in record[1] for line in sort]
            return link(self.head.hash, row.kind, row.record_id, row.recorded_at, cells, lines)
        except StoreError:
            return b""

    def _against_mark(self, row: Row[Any]) -> Finding | None:
        if self._mark is None or self._mark.agrees(self.head):
            return None
        first = self._mark.first(row.seq)
        if first == row.seq:
            text = f"{_name(row)}与{self._export}不符，整条链从它起被重写过"
            return self._wrong("chain_rewritten", first, text, row.record_id, exported=True)
        text = f"第{first}到{row.seq}条记录与{self._export}不符，整条链从其中一条起被重写过"
        return self._wrong("chain_rewritten", first, text, exported=True)

    def _cut(self) -> Finding | None:
        if self._mark is None or self.head.seq >= self._mark.seq:
            return None
        reached = f"{self._export}到第{self._mark.seq}条，现只到第{self.head.seq}条"
        first = self.head.seq + 1
        return self._wrong("records_cut", first, f"第{first}条起的记录不见了：{reached}", exported=True)

    def _end(self, kept: Head | None) -> Finding | None:
        end = self.head
        if kept == end or (kept is None and end.seq == 0):
            return None
        if kept is None:
            return self._wrong("head_changed", end.seq, f"链头不见了，链上还有到第{end.seq}条的记录")
        if kept.seq > end.seq:
            text = f"第{end.seq + 1}条起的记录不见了：链头记到第{kept.seq}条，现只到第{end.seq}条"
            return self._wrong("records_cut", end.seq + 1, text)
        own = _own(self._partition).where(_chain.c.seq == min(kept.seq + 1, end.seq))
        row = self._connection.execute(own).one()
        if kept.seq < end.seq:
            text = f"{_name(row)}在链头之外：链头只记到第{kept.seq}条，它是绕过系统加的，或链头被改过"
            return self._wrong("record_added", row.seq, text, row.record_id)
        return self._wrong("head_changed", end.seq, f"链头与{_name(row)}不符，链头被改过", row.record_id)

    def _wrong(self, code: str, seq: int, message: str, key: str = "", *, exported: bool = False) -> Finding:
        place = Place(str(self._partition), seq)
        cause, step = (_EXPORT_CAUSE, _EXPORT_STEP) if exported else (_CAUSE, _STEP)
        return Finding(code, Severity.ERROR, f"{self._partition}：{message}", place, cause, step, key=key)


def _name(row: Row[Any]) -> str:
    return f"第{row.seq}条记录（{row.kind} {row.record_id}）"


def _own(partition: Partition) -> Select[Any]:
    return select(_chain).where(_chain.c.admdvs == partition.admdvs, _chain.c.year == partition.year)


def _chunks(connection: Connection, partition: Partition) -> Iterator[list[Row[Any]]]:
    last = 0
    while True:
        own = _own(partition).where(_chain.c.seq > last).order_by(_chain.c.seq).limit(CHUNK)
        rows = list(connection.execute(own).all())
        if not rows:
            return
        yield rows
        last = rows[-1].seq


def _records(connection: Connection, rows: list[Row[Any]]) -> dict[tuple[str, str], Stored]:
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.kind, []).append(row.record_id)
    return {
        (name, key): record
        for name, keys in ids.items()
        if name in KINDS
        for key, record in fetch_rows(connection, KINDS[name], keys).items()
    }


def _unchained(connection: Connection) -> Iterator[Finding]:
    """Rows of the business tables that no chain covers: put there by other means than the store."""
    for kind in KINDS.values():
        key = kind.table.columns[0]
        walked = (_chain.c.kind == kind.name) & (_chain.c.record_id == key) & (_chain.c.seq >= 1)
        known = select(_chain.c.record_id).where(walked)
        for row in connection.execute(select(key).where(~known.exists()).order_by(key).limit(MOST)):
            text = f"记录（{kind.name} {row[0]}）不在任何记录链里"
            yield _outside("record_not_chained", kind.table, text, row[0])
        for child in kind.children:
            yield from _stray_lines(connection, kind.table, child.table)


def _stray_lines(connection: Connection, parents: Table, lines: Table) -> Iterator[Finding]:
    """Lines without their record."""
    key, parent = lines.columns[0], parents.columns[0]
    orphans = select(key).distinct().where(~select(parent).where(parent == key).exists())
    for row in connection.execute(orphans.order_by(key).limit(MOST)):
        yield _outside("line_without_record", lines, f"明细（{row[0]}）没有所属的记录", row[0])


def _outside(code: str, table: Table, message: str, key: str) -> Finding:
    return Finding(code, Severity.ERROR, message, Place(table.name), _CAUSE, _STEP, key=key)


_CAUSE = "有人绕过系统直接改动了数据库，或数据库文件损坏"
_STEP = "保留现场，与最近的备份比对，并报告基金监督部门"
_EXPORT_CAUSE = "有人绕过系统改动数据库后重算了整条链，或链头文件出自另一个账务库"
_EXPORT_STEP = f"先核对链头文件是否由本库导出；若是，{_STEP}"
