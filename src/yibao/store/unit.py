"""The unit of work: records of several rooms kept together, all or none, each with its place in the audit chain."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

from sqlalchemy import ClauseElement, Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from yibao.store import schema
from yibao.store.chain import Head, Partition, genesis, link
from yibao.store.database import insert_rows, run, run_many, together
from yibao.store.kinds import KIND_OF, KINDS, Row

CHINA = timezone(timedelta(hours=8))
"""Books are kept by the calendar of China's one time zone."""


def moment(now: datetime) -> str:
    """A moment as records bear it: ISO text in UTC with microseconds."""
    return now.astimezone(UTC).isoformat(timespec="microseconds")


Link = tuple[str, Row, list[Row]]
"""What a chain takes in of a record: its kind, its row and the rows of its lines."""


class Record(Protocol):
    """What the store keeps: a value with its partition and its business id."""

    @property
    def admdvs(self) -> str:
        """The agency of the partition."""

    @property
    def year(self) -> int:
        """The year of the partition."""

    @property
    def key(self) -> str:
        """The business id, unique within the kind."""


class Unit:
    """One transaction at work. Rooms read through `connection` under locks and `add` what they decided.

    Locks are taken in one order everywhere, so that units seldom wait for each other in a circle: names without rows,
    then business rows, sorted by key, room after room; the heads of the chains last, when the unit is flushed.
    """

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.recorded_at = moment(now)
        self.today = now.astimezone(CHINA).date()
        self._added: dict[str, list[Any]] = {}
        self._projected: list[tuple[ClauseElement, Sequence[Mapping[str, Any]]]] = []

    def add(self, records: Sequence[Record]) -> None:
        """Keeps records of one kind when the unit commits."""
        if records:
            self._added.setdefault(KIND_OF[type(records[0])].name, []).extend(records)

    def project(self, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Brings a projection up to date when the unit commits: the statement runs for each of the rows."""
        self._projected.append((statement, rows))

    def flush(self) -> None:
        """Writes what was added: projections, rows, lines, and the chains' new links, the heads locked in key order.

        In its chain a unit's records stand by kind, in the order of `KINDS`, and within a kind as they were added.
        """
        with together(self.connection, sum(len(records) for records in self._added.values())):
            for statement, changed in self._projected:
                run_many(self.connection, statement, changed)
            self._write()
        self._added, self._projected = {}, []

    def _write(self) -> None:
        parts: dict[tuple[str, int], list[Link]] = {}
        for kind in KINDS.values():
            records = self._added.get(kind.name)
            if not records:
                continue
            kept = kind.rows(records)
            insert_rows(self.connection, kind.table, [row for row, _lines in kept])
            for place, child in enumerate(kind.children):
                insert_rows(self.connection, child.table, [line for _row, lines in kept for line in lines[place]])
            for record, (row, lines) in zip(records, kept, strict=True):
                slot = (record.admdvs, record.year)
                if slot not in parts:
                    parts[slot] = []
                flat = lines[0] if len(lines) == 1 else [line for sort in lines for line in sort]
                parts[slot].append((kind.name, row, flat))
        for slot in sorted(parts):
            self._append(Partition(*slot), parts[slot])

    def _append(self, partition: Partition, links: Sequence[Link]) -> None:
        seq, head = self._lock_head(partition)
        admdvs, year = partition
        at = self.recorded_at
        rows: list[Row] = []
        for kind, row, lines in links:
            seq += 1
            head = link(head, kind, row[0], at, row, lines)
            rows.append((admdvs, year, seq, kind, row[0], at, head))
        insert_rows(self.connection, schema.audit_chain, rows)
        changed = {"a": partition.admdvs, "y": partition.year, "seq": seq, "hash": head}
        run(self.connection, _SET_HEAD, changed)

    def _lock_head(self, partition: Partition) -> Head:
        own = {"a": partition.admdvs, "y": partition.year}
        found = run(self.connection, _LOCK_HEAD, own)
        if not found:
            start = genesis(partition)
            # Two units may begin a chain at once: the second waits here and then reads what the first wrote.
            insert = sqlite.insert if self.connection.dialect.name == "sqlite" else postgresql.insert
            self.connection.execute(
                insert(schema.audit_head).on_conflict_do_nothing(),
                {"admdvs": partition.admdvs, "year": partition.year, "seq": start.seq, "hash": start.hash},
            )
            found = run(self.connection, _LOCK_HEAD, own)
        return Head(*found[0])


_HEAD = schema.audit_head.c
_OWN = (_HEAD.admdvs == bindparam("a")) & (_HEAD.year == bindparam("y"))
_LOCK_HEAD = select(_HEAD.seq, _HEAD.hash).where(_OWN).with_for_update()
_SET_HEAD = schema.audit_head.update().where(_OWN).values(seq=bindparam("seq"), hash=bindparam("hash"))
