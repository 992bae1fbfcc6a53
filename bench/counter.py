"""One claim at the counter: p50 and p99 warm, and commits a second on SQLite and PostgreSQL beside bare inserts.

A made city of the tests (three years, reversals left out) comes claim by claim, as to a counter, by the plain kernel.
*Decided* is cover, context, terms, catalogue and kernel up to the record; *flushed* is all that and the database up to
the commit. Commits a second are of whole settlements, one claim a transaction; bare is the database's own driver
inserting the very rows of the same settlements (lines, moves, entries, chain), a transaction each, with the same
durability (synchronous=FULL, fsync on). Rounds are interleaved, ratios are medians of each round's own.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bench._measure import machine, versions
from bench.store import _databases
from yibao.benefit.counter import Held, View, digest, settle_claim
from yibao.benefit.outcomes import Outcome
from yibao.catalogue import History
from yibao.engine import Engine
from yibao.flows.counter import Counter
from yibao.flows.counter_load import CreditRow, Tables, Visit, arrivals, opening, read_tables
from yibao.flows.settle import _load
from yibao.store import Store, Unit, schema

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from benefit.counter_city import open_books, the_law
from benefit.made_years import INVENTED, PROVIDERS, Maker

NOW = datetime(2027, 1, 1, tzinfo=UTC)
FIRST = 2022
KEPT = {
    schema.settlements: "setl_id", schema.settlement_lines: "setl_id", schema.settlement_moves: "setl_id",
    schema.fund_entry: "entry_id", schema.fund_line: "entry_id", schema.audit_chain: "record_id",
}  # fmt: skip
"""The tables that a settlement adds rows to, with the column that says whose they are."""


class Town(NamedTuple):
    """What a counter keeps in memory, the money of accounts, and the claims as they come."""

    tables: Tables
    credits: list[CreditRow]
    visits: list[Visit]


def _town(folder: Path, people: int) -> Town:
    with Engine() as engine:
        _load(engine, Maker(INVENTED, 1, people).write(folder))
        came = list(arrivals(engine))
        visits = [one for one in came if isinstance(one, Visit)]
        return Town(read_tables(engine), opening(engine, date(2022, 1, 1)), visits)


def _open(where: str, town: Town, *, post: bool) -> Counter:
    """A counter that is warm: every context has been read once, on a store of its own."""
    store = Store(where, clock=lambda: NOW)
    if post:
        open_books(store, *(code for code, *_ in PROVIDERS))
    counter = Counter(store, the_law(), town.tables, first_year=FIRST, post=post)
    for one in town.visits:
        counter._placed(one.care, counter.reader.days(one.care))
    for row in town.credits:
        counter.credit(row)
    return counter


def _decided(counter: Counter, town: Town) -> list[float]:
    """Seconds of each claim up to its record, the state in memory."""
    held, found = Held(balances={row.psn_no: row.amount for row in town.credits}), []
    for visit in town.visits:
        start = time.perf_counter()
        care = visit.care
        placed, refused = counter._placed(care, counter.reader.days(care))
        text = digest(care, visit.lines)
        asked = counter._asked(care, visit.lines, placed, refused, text, History())
        settle_claim(counter.book, View(held), asked)
        found.append(time.perf_counter() - start)
    return found


def _flushed(counter: Counter, visits: Sequence[Visit]) -> tuple[list[float], float]:
    """Seconds of each claim up to its commit, and of all of them with their commits."""
    transact, marks = counter.store.transact, [0.0]

    def watched(work: Callable[[Unit], Any]) -> Any:
        def inside(unit: Unit) -> Any:
            result = work(unit)
            unit.flush()
            marks[0] = time.perf_counter()
            return result

        return transact(inside)

    # The store is watched from outside: its own code has no clock.
    counter.store.transact = watched  # type: ignore[method-assign]
    found: list[float] = []
    whole = time.perf_counter()
    for visit in visits:
        start = time.perf_counter()
        answer = counter.settle(visit.care, visit.lines)
        assert answer.outcome is not Outcome.POSTING_REFUSED, answer.detail
        found.append(marks[0] - start)
    whole = time.perf_counter() - whole
    counter.store.transact = transact  # type: ignore[method-assign]
    return found, whole


def _bare(store: Store, kept: Store) -> tuple[int, float]:
    """The rows of every settlement of ``kept``, by the driver alone, a transaction each: how many, and the seconds."""
    groups: dict[str, list[tuple[Any, tuple[Any, ...]]]] = defaultdict(list)
    with kept.reading() as connection:
        for table, column in KEPT.items():
            place = list(table.columns.keys()).index(column)
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
                owner = str(row[place]).removeprefix("DY-").split("-")[0]
                if owner.startswith("S"):
                    groups[owner].append((table, tuple(row)))
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        sqlite = connection.dialect.name == "sqlite"
        mark = "?" if sqlite else "%s"
        texts = {one: f"INSERT INTO {one.name} VALUES ({', '.join([mark] * len(one.columns))})" for one in KEPT}
        cursor = driver.cursor()
        start = time.perf_counter()
        for rows in groups.values():
            if sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            for table, row in rows:
                cursor.execute(texts[table], row)
            driver.commit()
        return len(groups), time.perf_counter() - start


class Speed(NamedTuple):
    """Commits a second, of the counter and of bare inserts, and the seconds of each claim up to its commit."""

    ours: float
    bare: float
    flushed: list[float]


def _round(where: Callable[[], str], town: Town, claims: int, *, post: bool) -> Speed:
    counter, other = _open(where(), town, post=post), Store(where(), clock=lambda: NOW)
    if post:
        open_books(other, *(code for code, *_ in PROVIDERS))
    gc.collect()
    gc.freeze()
    flushed, seconds = _flushed(counter, town.visits[:claims])
    count, bare = _bare(other, counter.store)
    counter.store.close()
    other.close()
    return Speed(claims / seconds, count / bare, flushed)


def _at(values: Sequence[float], share: float) -> str:
    """A quantile in milliseconds."""
    return f"{sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000:.2f}"


@contextmanager
def _town_of(people: int) -> Iterator[tuple[Path, Town]]:
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as folder:
        yield Path(folder), _town(Path(folder) / "in", people)


def main(arguments: list[str]) -> None:
    """Prints how long one claim takes without its commit, and commits a second beside bare inserts."""
    parser = argparse.ArgumentParser(prog="python -m bench counter", description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--claims", type=int, default=2_000, help="claims a round and database")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(arguments)
    table = Table(title="one claim at the counter, warm, plain")
    for heading in ("", "p50 ms", "p99 ms", "asked", "commits/s", "bare/s", "ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    with _town_of(asked.people) as (folder, town), _databases(folder) as databases:
        counter = _open(str(folder / "warm.db"), town, post=False)
        _decided(counter, town)
        gc.collect()
        gc.freeze()
        decided = _decided(counter, town)
        table.add_row("decided", _at(decided, 0.5), _at(decided, 0.99), "p99 < 2.00", "", "", "")
        found: dict[tuple[str, bool], list[Speed]] = defaultdict(list)
        for _ in range(asked.rounds):
            for name, where in databases.items():
                for post in (False, True):
                    found[name, post].append(_round(where, town, asked.claims, post=post))
    for (name, post), speeds in found.items():
        flushed = [one for speed in speeds for one in speed.flushed]
        table.add_row(
            f"flushed, {name}{', posted' if post else ''}", _at(flushed, 0.5), _at(flushed, 0.99), "",
            f"{median(one.ours for one in speeds):,.0f}", f"{median(one.bare for one in speeds):,.0f}",
            f"{median(one.ours / one.bare for one in speeds):.2f}",
        )  # fmt: skip
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(table)
    count = min(asked.claims, len(town.visits))
    console.print(f"{len(decided):,} claims decided, {count:,} settled a round; {asked.rounds} rounds", soft_wrap=True)
    console.print(f"{machine()}; {versions(['sqlalchemy', 'psycopg'])}", soft_wrap=True)
