"""Verification: the chain recomputed from the records themselves, and the balances replayed from the journal.

Within the store, an edit, a deletion or a swap breaks the chain at the first wrong record. A chain that was rewritten
whole, or cut at its end, agrees with itself; only a head exported before (`yibao.store.heads`) shows it.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from yibao.kernel import Finding, Place, Severity
from yibao.store import journal, schema
from yibao.store.chain import Head, Partition, genesis, link
from yibao.store.heads import Anchor, Mark
from yibao.store.kinds import KINDS, fetch

CHUNK = 5_000
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
    heads = {Partition(row.admdvs, row.year): Head(row.seq, row.hash) for row in connection.execute(select(_head))}
    named = connection.execute(select(_chain.c.admdvs, _chain.c.year).distinct())
    partitions = {*heads, *(Partition(*row) for row in named), *(anchor.partitions if anchor else ())}
    counts: dict[Partition, int] = {}
    findings: list[Finding] = []
    for partition in sorted(partitions):
        tell(f"核对{partition}的记录链")
        mark = anchor.partitions.get(partition) if anchor else None
        end, wrong = _walk(connection, partition, mark)
        counts[partition] = end.seq
        if wrong is None and heads.get(partition, genesis(partition)) != end:
            kept = heads.get(partition, genesis(partition)).seq
            first = min(kept, end.seq) + 1
            wrong = _finding(
                "records_cut", partition, first, f"链头记到第{kept}条，实有{end.seq}条，从第{first}条起不符"
            )
        if wrong is not None:
            findings.append(wrong)
    tell("核对未入链的记录")
    findings += _unchained(connection)
    tell("重算账户余额")
    findings += journal.replay_findings(connection)
    return Verification(counts, findings)


def _walk(connection: Connection, partition: Partition, mark: Mark | None) -> tuple[Head, Finding | None]:
    """Follows one chain to its end or to its first wrong record."""
    head = genesis(partition)
    for rows in _chunks(connection, partition):
        stored = _records(connection, rows)
        for row in rows:
            if row.seq != head.seq + 1:
                text = f"第{head.seq + 1}条记录不见了，其后是第{row.seq}条"
                return head, _finding("record_missing", partition, head.seq + 1, text)
            name = f"第{row.seq}条记录（{row.kind} {row.record_id}）"
            record = stored.get((row.kind, row.record_id))
            if record is None:
                return head, _finding("record_missing", partition, row.seq, f"{name}不见了", row.record_id)
            expected = link(head.hash, row.kind, row.record_id, row.recorded_at, record.content())
            if expected != row.hash or Partition(record.admdvs, record.year) != partition:
                text = f"{name}的内容、次序或时间被改过"
                return head, _finding("record_changed", partition, row.seq, text, row.record_id)
            head = Head(row.seq, row.hash)
            if mark is not None and not mark.agrees(head):
                text = f"{mark.span(head.seq)}与导出的链头不符：从{name}起，整条链被重写过"
                return head, _finding("chain_rewritten", partition, row.seq, text, row.record_id)
    if mark is not None and head.seq < mark.seq:
        text = f"第{head.seq + 1}条起的记录不见了：导出的链头到第{mark.seq}条，现只到第{head.seq}条"
        return head, _finding("records_cut", partition, head.seq + 1, text)
    return head, None


def _chunks(connection: Connection, partition: Partition) -> Iterator[list[Row[Any]]]:
    own = select(_chain).where(_chain.c.admdvs == partition.admdvs, _chain.c.year == partition.year)
    last = 0
    while True:
        rows = list(connection.execute(own.where(_chain.c.seq > last).order_by(_chain.c.seq).limit(CHUNK)))
        if not rows:
            return
        yield rows
        last = rows[-1].seq


def _records(connection: Connection, rows: list[Row[Any]]) -> dict[tuple[str, str], Any]:
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.kind, []).append(row.record_id)
    found: dict[tuple[str, str], Any] = {}
    for name, keys in ids.items():
        if name in KINDS:
            for record_id, record in fetch(connection, KINDS[name], keys).items():
                found[name, record_id] = record
    return found


def _unchained(connection: Connection) -> Iterator[Finding]:
    """Rows of the business tables that no chain knows: put there by other means than the store."""
    for kind in KINDS.values():
        key = kind.table.columns[0]
        known = select(_chain.c.record_id).where(_chain.c.kind == kind.name, _chain.c.record_id == key)
        for row in connection.execute(select(key).where(~known.exists()).order_by(key).limit(100)):
            text = f"记录（{kind.name} {row[0]}）不在任何记录链里"
            yield Finding("record_not_chained", Severity.ERROR, text, Place(kind.table.name), _CAUSE, _STEP, key=row[0])


_CAUSE = "有人绕过系统直接改动了数据库，或数据库文件损坏"
_STEP = "保留现场，与最近的备份比对，并报告基金监督部门"


def _finding(code: str, partition: Partition, seq: int, message: str, key: str = "") -> Finding:
    place = Place(str(partition), seq)
    return Finding(code, Severity.ERROR, f"{partition}：{message}", place, _CAUSE, _STEP, key=key)
