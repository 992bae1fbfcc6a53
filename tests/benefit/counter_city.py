"""A few people of the invented city and a counter for them, all in memory: what the tests of the counter settle."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from benefit.compare import invented
from sqlalchemy import select

from yibao.benefit.counter_facts import Care, Provider, Refund, Sharer, Span, World
from yibao.catalogue.records import FeeLine, Item, Limit, catalogue_of
from yibao.enrolment.records import Enrolment, Person
from yibao.flows import fund
from yibao.flows.counter import Counter
from yibao.flows.counter_load import Folk, Someone, Tables
from yibao.flows.fund_setting import chart_on
from yibao.fund.chart import account_for, standard_accounts
from yibao.fund.records import Book
from yibao.kernel import Grade, Period, Source
from yibao.law import Law, Parameter
from yibao.law.stack import Layer
from yibao.store import Store, schema

CITY = "999999"
DAY, NOON = date(2025, 3, 5), datetime(2025, 3, 5, 12)
PEOPLE = ("P1", "P2", "P3", "P4", "P5", "P6")
PLACES = {"H11": Provider("1", "1", CITY), "H31": Provider("3", "1", CITY), "H0": Provider("", "1", CITY)}
FUNDS = ("310", "320", "330", "390", "392", "JZ")
EPOCH = date(1970, 1, 1)
HELD = (schema.benefit_accumulators, schema.benefit_counters, schema.account_balances)
FAR = date(9999, 12, 31)


@cache
def the_law(partial: bool = False) -> Law:
    """The invented city's law; with ``partial`` a part of a settlement may be taken back."""
    law = invented().product
    if not partial:
        return law
    source = Source("测试", date(2022, 1, 1))
    allowed = Parameter("benefit.partial_refund", "true", "flag", Period(date(2022, 1, 1)), source, Grade.ASSUMED, {})
    return Law(law.code, law.name, [*law.layers, Layer("test", "测试", (allowed,))], law.notices, law.definitions)


def tables() -> Tables:
    """P1 to P3 are retired and share a household, P3 lends P1 an account; P4 is not insured, P5 not born, P6 dead. A is
    甲, B 乙, C 丙; of Q ten are paid for a year, T three times, D on two days of a stay.
    """
    first = date(2020, 1, 1)
    classes = {"A": (1, 0), "B": (2, 100_000), "C": (3, 10**6), "Q": (1, 0), "T": (1, 0), "D": (1, 0)}
    items = [Item(code, first, FAR, cls, share, (-1,) * 4, 0, "101", 0) for code, (cls, share) in classes.items()]
    limits = [
        Limit("Q", first, 1, unit="quantity", per="year", amount_micro=10 * 10**6),
        Limit("T", first, 1, unit="times", per="year", amount_micro=3 * 10**6),
        Limit("D", first, 1, unit="days", per="stay", amount_micro=2 * 10**6),
    ]
    sharer = Sharer("P3", (date(2024, 1, 1) - EPOCH).days, (FAR - EPOCH).days)
    world = World(
        PLACES, {one: (Span("main", first, FAR, "H11"),) for one in PEOPLE},
        homes=dict.fromkeys(PEOPLE[:3], "JT1"), sharers={"P1": (sharer,)},
    )  # fmt: skip
    people = {one: Someone(Person(one, date(1950, 1, 1)), "1") for one in PEOPLE[:4]}
    people |= {"P5": Someone(Person("P5", date(2026, 5, 5))), "P6": Someone(Person("P6", None, date(2025, 3, 4)))}
    enrolled = {one: (Enrolment(one, "310", CITY, first, None, "1", "1201", "1"),) for one in PEOPLE if one != "P4"}
    return Tables(world, Folk(people, enrolled, {}, {}), catalogue_of(items, limits))


@contextmanager
def opened(url: str, post: bool = False, law: Law | None = None) -> Iterator[Counter]:
    """A counter over a store whose clock stands in 2027."""
    with closing(Store(url, clock=lambda: datetime(2027, 1, 1, tzinfo=UTC))) as store:
        yield Counter(store, law or the_law(), tables(), first_year=2020, post=post)


def open_books(store: Store, *places: str) -> None:
    """The books of every fund, with what they owe these institutions."""
    chart = chart_on(the_law(), DAY)[0]
    for name in FUNDS:
        book = Book(CITY, name)
        accounts, limits = standard_accounts(chart, book, date(2023, 1, 1))
        accounts += [account_for(chart, book, "210101", place, date(2023, 1, 1)) for place in places]
        fund.open_accounts(store, accounts, limits)


def bill(
    setl_id: str, *items: tuple[str, int, int], psn_no: str = "P1", at: datetime = NOON, place: str = "H11",
    med_type: str = "11", **more: Any,
) -> tuple[Care, list[FeeLine]]:  # fmt: skip
    """A claim; items are code, count and the amount in 元, and may come with the day in March."""
    lines = []
    for number, (code, count, yuan, *days) in enumerate(items):
        day = date(at.year, at.month, days[0] if days else at.day)
        price = yuan * 10**6 // count if count else 0
        lines.append(FeeLine(f"{setl_id}-{number}", code, day, abs(price), count * 10**6, yuan * 100))
    total = sum(line.amount_fen for line in lines)
    return Care(setl_id, psn_no, place, med_type, at, total, begndate=at.date(), enddate=at.date())._replace(
        **more
    ), lines


def refund(setl_id: str, care: Care, at: datetime | None = None, **more: Any) -> Refund:
    """The reversal of a claim."""
    when = at or care.setl_time
    return Refund(setl_id, care.setl_id, care.psn_no, care.fixmedins_code, when, care.total)._replace(**more)


def held(store: Store) -> dict[str, dict[Any, int]]:
    """What is held and is not nought, by table and key; counters without their marks."""
    found: dict[str, dict[Any, int]] = {}
    with store.reading() as connection:
        for table in HELD:
            width = len(table.primary_key.columns)
            rows = connection.execute(select(table)).all()
            found[table.name] = {tuple(row[:width]): row[width] for row in rows if row[width]}
    return found


def rows(store: Store) -> Mapping[str, int]:
    """How many rows each table has."""
    with store.reading() as connection:
        return {
            table.name: len(connection.execute(select(table)).all())
            for table in schema.metadata.sorted_tables
            if table is not schema.benefit_owners
        }
