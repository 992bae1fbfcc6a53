"""Postings a second, single and batched, on SQLite and PostgreSQL, as ratios to bare inserts of the same rows.

Bare means the database's own driver (sqlite3, psycopg) and nothing else: executemany of the very rows that the store
wrote (entries, lines, audit chain) into the same tables with the same keys and triggers, the same rows a transaction,
the same durability (SQLite synchronous=FULL, PostgreSQL fsync and synchronous_commit on). PostgreSQL is a real server
that the benchmark starts. Rounds are interleaved; ratios are medians of each round's own ratio. Building the entries
is not counted, nor is reading the rows for the bare side.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bench._measure import machine, versions
from yibao.flows import fund as flow
from yibao.fund.chart import Chart, account_for, read_chart, standard_accounts
from yibao.fund.records import Action, Book, Entry, Line
from yibao.packs import load_law
from yibao.store import Store, schema

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import postgres

BOOK = Book("370300", "310")
TABLES = (schema.fund_entry, schema.fund_line, schema.audit_chain)
Rows = list[list[tuple[Any, ...]]]


def _chart() -> Chart:
    return read_chart(load_law("zibo", ()).at(date(2025, 1, 1)))


def _entries(count: int, first: int) -> list[Entry]:
    """Settlements of hospitals: benefit spent, owed to one of twenty institutions."""
    spent = "370300-310-500101"
    return [
        Entry(
            f"E2025{number:09d}", Action.POST, *BOOK, date(2025, 1 + number % 12, 1 + number % 28),
            f"S37030020250{number:09d}", "住院费用结算",
            (Line(spent, "D", 1_000 + number), Line(f"370300-310-210101-H{number % 20:02d}", "C", 1_000 + number)),
        )
        for number in range(first, first + count)
    ]  # fmt: skip


def _open(where: str, chart: Chart) -> Store:
    store = Store(where)
    accounts, limits = standard_accounts(chart, BOOK, date(2025, 1, 1))
    owed = [account_for(chart, BOOK, "210101", f"H{number:02d}", date(2025, 1, 1)) for number in range(20)]
    flow.open_accounts(store, [*accounts, *owed], limits)
    return store


def _written(store: Store, entries: list[Entry]) -> Rows:
    """The rows that the store wrote for these entries, table by table, in the order it wrote them."""
    ids = {entry.entry_id for entry in entries}
    found: Rows = []
    with store.reading() as connection:
        for table in TABLES:
            key = table.c.record_id if table is schema.audit_chain else table.c.entry_id
            rows = connection.execute(select(table).order_by(*table.primary_key.columns))
            place = list(table.columns).index(key)
            found.append([tuple(row) for row in rows if row[place] in ids])
    return found


def _statements(mark: str) -> list[str]:
    return [f"INSERT INTO {table.name} VALUES ({', '.join([mark] * len(table.columns))})" for table in TABLES]


def _bare(store: Store, rows: Rows, size: int) -> None:
    """The same rows by the driver alone, ``size`` postings a transaction."""
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        sqlite = connection.dialect.name == "sqlite"
        statements = _statements("?" if sqlite else "%s")
        cursor = driver.cursor()
        for start in range(0, len(rows[0]), size):
            if sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            for statement, table_rows, lines in zip(statements, rows, (1, 2, 1), strict=True):
                cursor.executemany(statement, table_rows[start * lines : (start + size) * lines])
            driver.commit()


def _round(where: Callable[[], str], chart: Chart, batched: int, single: int) -> dict[str, tuple[float, float]]:
    """Postings a second: of the store and of bare inserts, batched and single."""
    ours, bare = _open(where(), chart), _open(where(), chart)
    found: dict[str, tuple[float, float]] = {}
    for name, count, size, first in (("batched", batched, flow.BATCH, 0), ("single", single, 1, batched)):
        entries = _entries(count, first)
        # What was made beforehand must not cost the collector anything while either side is timed.
        gc.collect()
        gc.freeze()
        start = time.perf_counter()
        if size == 1:
            answers = [answer for entry in entries for answer in flow.post(ours, chart, [entry])]
        else:
            answers = flow.post(ours, chart, entries)
        store_seconds = time.perf_counter() - start
        assert all(answer.outcome == "posted" for answer in answers)
        rows = _written(ours, entries)
        gc.collect()
        gc.freeze()
        start = time.perf_counter()
        _bare(bare, rows, size)
        found[name] = (count / store_seconds, count / (time.perf_counter() - start))
    ours.close()
    bare.close()
    return found


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, Callable[[], str]]]:
    server = postgres.create(postgres.make_folder("yibao-bench-"))
    numbers = iter(range(1_000))

    def new_file() -> str:
        return str(folder / f"{next(numbers)}.db")

    def new_database() -> str:
        name = f"bench_{next(numbers)}"
        with server.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.url(name)

    try:
        yield {"SQLite": new_file, "PostgreSQL": new_database}
    finally:
        postgres.remove(server)


def main(arguments: list[str]) -> None:
    """Prints postings a second and the ratio to bare inserts of the same rows."""
    parser = argparse.ArgumentParser(prog="python -m bench store", description=__doc__.partition("\n")[0])
    parser.add_argument("--batched", type=int, default=100_000, help="postings in batches, a round")
    parser.add_argument("--single", type=int, default=2_000, help="postings one by one, a round")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args(arguments)
    chart = _chart()
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as folder, _databases(Path(folder)) as databases:
        for _ in range(asked.rounds):
            for database, where in databases.items():
                for way, speeds in _round(where, chart, asked.batched, asked.single).items():
                    found.setdefault((database, way), []).append(speeds)
    table = Table(title=f"postings: {asked.batched:,} in batches of {flow.BATCH:,}, {asked.single:,} one by one")
    for heading in ("", "postings/s", "bare inserts/s", "ratio", "of rounds", "asked"):
        table.add_column(heading, justify="left" if not heading else "right")
    for (database, way), speeds in found.items():
        ratios = [store / bare for store, bare in speeds]
        table.add_row(
            f"{database}, {way}", f"{median(one for one, _ in speeds):,.0f}",
            f"{median(bare for _, bare in speeds):,.0f}", f"{median(ratios):.2f}",
            f"{min(ratios):.2f}–{max(ratios):.2f}", "0.50" if way == "batched" else "0.33",
        )  # fmt: skip
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    console.print(f"{machine()}; {versions(['sqlalchemy', 'psycopg'])}; {asked.rounds} rounds", soft_wrap=True)
