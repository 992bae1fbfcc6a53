"""What must hold in the tables of a ledger whatever happened to those who wrote them, read by plain SQL.

Nothing here goes through the store's own reading or the ledger's own arithmetic: both may be what is wrong.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, create_engine, text

WITHOUT_LINES = ("void", "expire")
ENDS_RESERVATION = ("settle", "void", "expire")

Row = tuple[Any, ...]
Lines = list[tuple[str, str, int]]


class Tables(NamedTuple):
    """The rows of one moment: entries by id, their lines by the entry's id, all else as it stands."""

    entries: dict[str, Row]
    lines: dict[str, Lines]
    numbers: dict[str, list[int]]
    balances: dict[tuple[str, int], Row]
    chain: list[Row]
    heads: dict[tuple[str, int], Row]
    others: dict[tuple[str, str], Row]


def read(url: str) -> Tables:
    """All tables of the ledger as of one moment."""
    engine = create_engine(url)
    level = "SERIALIZABLE" if engine.dialect.name == "sqlite" else "REPEATABLE READ"
    try:
        with engine.connect().execution_options(isolation_level=level) as connection, connection.begin():
            return _tables(connection)
    finally:
        engine.dispose()


def _tables(connection: Connection) -> Tables:
    def rows(statement: str) -> Iterator[Row]:
        return (tuple(row) for row in connection.execute(text(statement)))

    if connection.dialect.name == "sqlite":
        assert list(rows("PRAGMA integrity_check")) == [("ok",)]
    lines: dict[str, Lines] = defaultdict(list)
    numbers: dict[str, list[int]] = defaultdict(list)
    for entry_id, number, *line in rows(
        "SELECT entry_id, line_no, acct_no, side, amount FROM fund_line ORDER BY entry_id, line_no"
    ):
        lines[entry_id].append(tuple(line))
        numbers[entry_id].append(number)
    entries = rows(
        "SELECT entry_id, action, admdvs, fund_type, entry_date, settles, memo, refers, expires, group_id, bank_ref"
        " FROM fund_entry"
    )
    accounts = rows("SELECT * FROM fund_account")
    limits = rows("SELECT * FROM fund_limit")
    closes = rows("SELECT * FROM fund_close")
    balances = rows("SELECT acct_no, year, debit, credit, held_debit, held_credit FROM fund_balance")
    chain = rows(
        "SELECT admdvs, year, seq, kind, record_id, recorded_at, hash FROM audit_chain ORDER BY admdvs, year, seq"
    )
    heads = rows("SELECT admdvs, year, seq, hash FROM audit_head")
    return Tables(
        {row[0]: row for row in entries},
        lines,
        numbers,
        {row[:2]: row[2:] for row in balances},
        list(chain),
        {row[:2]: row[2:] for row in heads},
        {
            (kind, row[0]): (row, [])
            for kind, some in (("account", accounts), ("limit", limits), ("close", closes))
            for row in some
        },
    )


def faults_in(tables: Tables) -> list[str]:
    """Every fault in words; an empty list when nothing is half-posted and everything agrees."""
    return [*_broken_entries(tables), *_broken_chain(tables), *_wrong_balances(tables)]


def _broken_entries(tables: Tables) -> Iterator[str]:
    for entry_id, row in tables.entries.items():
        lines = tables.lines.get(entry_id, [])
        if row[1] not in WITHOUT_LINES and len(lines) < 2:
            yield f"entry {entry_id} has {len(lines)} lines"
        if tables.numbers.get(entry_id, []) != list(range(1, len(lines) + 1)):
            yield f"entry {entry_id} lacks a line: {tables.numbers[entry_id]}"
        if sum(amount if side == "D" else -amount for _, side, amount in lines):
            yield f"entry {entry_id} is unbalanced"
    for entry_id in tables.lines.keys() - tables.entries.keys():
        yield f"lines without an entry: {entry_id}"


def _broken_chain(tables: Tables) -> Iterator[str]:
    contents = dict(tables.others)
    for entry_id, row in tables.entries.items():
        lines = tables.lines.get(entry_id, [])
        numbered = [
            (entry_id, number, *line) for number, line in zip(tables.numbers.get(entry_id, []), lines, strict=True)
        ]
        contents["entry", entry_id] = (row, numbered)
    chained = Counter((row[3], row[4]) for row in tables.chain)
    for record in contents.keys() - chained.keys():
        yield f"{record} is in no chain"
    at: dict[tuple[str, int], tuple[int, bytes]] = {}
    for admdvs, year, seq, kind, record_id, recorded_at, found in tables.chain:
        if chained[kind, record_id] > 1 or (kind, record_id) not in contents:
            yield f"chain {admdvs} {year} {seq} has no record of its own: {kind} {record_id}"
            continue
        before = at.get((admdvs, year)) or (0, hashlib.sha256(f"yibao {admdvs} {year}".encode()).digest())
        named = [kind, record_id, recorded_at, *contents[kind, record_id]]
        content = json.dumps(named, ensure_ascii=False, separators=(",", ":")).encode()
        if seq != before[0] + 1 or bytes(found) != hashlib.sha256(before[1] + content).digest():
            yield f"chain {admdvs} {year} {seq} does not follow from the one before it and {record_id}"
        at[admdvs, year] = (seq, bytes(found))
    for partition, (seq, found) in tables.heads.items():
        if at.get(partition) != (seq, bytes(found)):
            yield f"head {partition} is not the end of its chain"
    for partition in at.keys() - tables.heads.keys():
        yield f"chain {partition} has no head"


def replayed(tables: Tables) -> dict[tuple[str, int], list[int]]:
    """Posted and held debits and credits by account and year, from the entries and lines alone."""
    totals: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(row: Row, sign: int, held: bool) -> None:
        for acct_no, side, amount in tables.lines.get(row[0], []):
            totals[acct_no, int(row[4][:4])][2 * held + (side == "C")] += sign * amount

    for row in tables.entries.values():
        add(row, 1, row[1] == "reserve")
        if row[1] in ENDS_RESERVATION:
            add(tables.entries[row[7]], -1, True)
    return totals


def _wrong_balances(tables: Tables) -> Iterator[str]:
    journal = replayed(tables)
    for slot in journal.keys() | tables.balances.keys():
        kept = list(tables.balances.get(slot, (0, 0, 0, 0)))
        if kept != journal[slot]:
            yield f"balance of {slot} is {kept}, the journal gives {journal[slot]}"
