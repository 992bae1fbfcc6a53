"""A small store with records of every kind, in the chains of two agencies and two years."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import postgres
from benefit import counter_city
from posting import BOOKS, DAY, OPENED, batch, open_books, the_chart
from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text

from yibao.benefit.outcomes import Outcome as Credited
from yibao.flows.counter import Counter
from yibao.flows.counter_load import CreditRow
from yibao.flows.fund import close_month, post, set_limits
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Assertion, BankLine, Limit, LimitKind, Side
from yibao.store import Store, Unit, schema

BANK = "370300-310-1004"
COUNTY = "370321"
Rows = list[tuple[Any, ...]]


def county_account(detail: str) -> Account:
    """An account of the second agency."""
    return Account(COUNTY, "310", "500101", detail, f"县支出{detail}", Side.DEBIT, OPENED)


def bank_line(ref: str, amount: int) -> BankLine:
    """A payment on the bank's statement."""
    return BankLine(BANK, ref, DAY, "C", amount, None, "市中心医院", "拨付", BOOKS[0].admdvs)


def fill(url: str) -> None:
    """Records of every kind, most of them through the ledger."""
    open_books(url)

    def others(unit: Unit) -> None:
        unit.add([county_account(f"H{number}") for number in range(3)])
        unit.add([bank_line(f"REF{number}", 100 + number) for number in range(2)])
        unit.add([Assertion(BANK, DAY, 100, 90, 1, BOOKS[0].admdvs, 1)])

    with closing(Store(url)) as store:
        limit = Limit("370300-310-500101", LimitKind.BUDGET, 2025, 0, 10**9, "2025年预算", "370300", 2025)
        answers = set_limits(store, the_chart(), [limit, limit._replace(amount=2 * 10**9)])
        answers += post(store, the_chart(), [*batch(0), *batch(1)])
        answers.append(close_month(store, the_chart(), BOOKS[0], 202401))
        store.transact(others)
        care(store)
    assert {answer.outcome for answer in answers} == {Outcome.POSTED}


def care(store: Store) -> None:
    """A credit and a settlement at the counter that moves whatever can be moved, in a chain of their own."""
    day = datetime(2023, 3, 5, 12)
    till = Counter(store, counter_city.the_law(), counter_city.tables(), first_year=2020, post=False)
    assert till.credit(CreditRow("X1", "P1", day.date(), 5_000)) is Credited.CREDITED
    done = till.settle(*counter_city.bill("S1", ("A", 1, 1000), ("Q", 3, 30), at=day))
    assert done.settlement is not None and {one.what for one in done.settlement.moves} == {"sum", "used", "account"}


@contextmanager
def filled(server: postgres.Server | None, folder: Path, name: str) -> Iterator[str]:
    """The address of a filled store: a database of the server, or a file in the folder where there is none."""
    if server is None:
        url = f"sqlite:///{folder / name}.db"
        fill(url)
        yield url
        return
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        fill(server.url(name))
        yield server.url(name)
    finally:
        with server.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def tables_of(url: str) -> dict[str, Rows]:
    """Every row of every table, in the order of its key."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = rows_of(connection)
    engine.dispose()
    return found


def rows_of(connection: Connection) -> dict[str, Rows]:
    """Every row of every table as this connection sees it, in the order of its key."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
        for table in schema.metadata.sorted_tables
    }


# the chain as the documentation says it, without the store's own code


def contents(tables: dict[str, Rows]) -> dict[tuple[str, str], tuple[Any, list[Any]]]:
    """What the chain covers of every record: its row and the rows of its lines, as they stand in the tables."""
    kinds = {kind: (f"fund_{kind}", ()) for kind in ("account", "limit", "close", "bank_line", "assertion")}
    kinds |= {"entry": ("fund_entry", ("fund_line",)), "credit": ("account_credits", ())}
    kinds["settlement"] = ("settlements", ("settlement_lines", "settlement_moves"))
    return {
        (kind, row[0]): (row, [line for name in children for line in tables[name] if line[0] == row[0]])
        for kind, (table, children) in kinds.items()
        for row in tables[table]
    }


def start(admdvs: str, year: int) -> bytes:
    """The hash before the first record of a chain."""
    return hashlib.sha256(f"yibao {admdvs} {year}".encode()).digest()


def linked(before: bytes, *record: Any) -> bytes:
    """The hash of a record (kind, id, moment, row, lines) after the one before it."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(before + text.encode()).digest()


def relink(connection: Connection) -> None:
    """Numbers and hashes every chain and its head anew, so that all agree with the tables as they are now."""
    tables = rows_of(connection)
    records = contents(tables)
    connection.execute(text("DELETE FROM audit_head"))
    connection.execute(text("DELETE FROM audit_chain"))
    chains: dict[tuple[str, int], Rows] = defaultdict(list)
    for admdvs, year, _seq, kind, record_id, at, _hash in tables["audit_chain"]:
        if (kind, record_id) in records:
            chains[admdvs, year].append((kind, record_id, at))
    for (admdvs, year), rows in chains.items():
        last = start(admdvs, year)
        for seq, (kind, record_id, at) in enumerate(rows, 1):
            last = linked(last, kind, record_id, at, *records[kind, record_id])
            connection.execute(insert(schema.audit_chain).values((admdvs, year, seq, kind, record_id, at, last)))
        connection.execute(insert(schema.audit_head).values((admdvs, year, len(rows), last)))


# someone with the database in hands


def intruder(url: str) -> Engine:
    """An engine of someone with the database in hands, past the store: foreign keys do not bind."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def loosen(connection: Any, _record: object) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys = OFF")

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def drop_triggers(connection: Connection) -> None:
    """What the intruder does first."""
    if connection.dialect.name == "sqlite":
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        return
    for table in schema.APPEND_ONLY:
        connection.execute(text(f"DROP TRIGGER {table.name}_append_only ON {table.name}"))
    connection.execute(text("SET LOCAL session_replication_role = replica"))


def day_of(year: int) -> date:
    """A day of a year that has no chain yet."""
    return date(year, 6, 1)
