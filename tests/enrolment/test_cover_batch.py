"""Cover in SQL = cover of one person = cover told day by day, on random histories; and on a city of some size."""

from datetime import date, timedelta

import pyarrow as pa
import pytest
from enrolment import cover_oracle as oracle
from enrolment.hard_histories import HARD
from enrolment.small_city import A, B, city, pool
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.engine import Engine
from yibao.enrolment.batch import entitle, make_cover
from yibao.enrolment.cover import Entitlement, entitlement, person_cover
from yibao.enrolment.outcomes import CoverOutcome
from yibao.enrolment.records import Contribution, Enrolment, Identity, Person
from yibao.enrolment.terms import TermBook
from yibao.law import MissingParameter

FIRST, LAST = date(2020, 1, 1), date(2025, 12, 31)
DATES = st.dates(date(2018, 6, 1), LAST)
POOLS = st.sampled_from([A, A, A, B])
TEXT, DAY, WHOLE = pa.string(), pa.date32(), pa.int64()
SCHEMAS = {
    "enrolments": (Enrolment, [TEXT, TEXT, TEXT, DAY, DAY, TEXT, TEXT, TEXT, DAY]),
    "contributions": (Contribution, [TEXT, TEXT, TEXT, WHOLE, WHOLE, WHOLE, WHOLE, DAY, WHOLE, DAY]),
    "identities": (Identity, [TEXT, TEXT, DAY, DAY]),
}


def table(name, rows):
    kind, types = SCHEMAS[name]
    columns = zip(*rows, strict=True) if rows else [[] for _ in types]
    return pa.table({f: pa.array(list(c), t) for f, c, t in zip(kind._fields, columns, types, strict=True)})


@st.composite
def residents_years(draw):
    """Some years of a resident in one pool: in the window, late, afterwards, in part, refunded, decided before."""
    where, found = draw(st.sampled_from([A, A, B])), []
    for year in draw(st.sets(st.integers(2018, 2025), max_size=7)):
        on = date(year - 1, 11, 1) + timedelta(draw(st.sampled_from([0, 0, 0, 60, 61, 100, 119, 120, 200, 430, 480])))
        on += timedelta(draw(st.integers(-3, 3)))
        got, aid = draw(st.sampled_from([(400, 0)] * 8 + [(399, 0), (399, 1), (0, 400)]))
        decided = draw(st.sampled_from([None] * 9 + [date(year, 4, 1)]))
        found.append(Contribution("P1", "390", where, year, None, 400, got, on, aid, decided))
        if draw(st.integers(0, 9)) == 0:
            found.append(Contribution("P1", "390", where, year, None, 0, draw(st.sampled_from([-400, 1])), on))
    return found


@st.composite
def histories(draw):
    """A person with spells, payments in full, in part and late, and identities, all over seven years."""
    born = draw(st.none() | DATES | st.just(date(1990, 1, 1)))
    person = Person("P1", born, draw(st.none() | st.none() | st.none() | DATES))
    old = st.dates(date(2018, 1, 1), date(2021, 1, 1))
    near_birth = st.builds(lambda n: min(born or FIRST, LAST) + timedelta(n), st.integers(0, 95))
    spells = {}
    for _ in range(draw(st.integers(1, 3))):
        start = draw(old | DATES | near_birth) if born else draw(old | DATES)
        stop = draw(st.none() | st.none() | st.integers(0, 900).map(lambda n, start=start: start + timedelta(n)))
        kind = draw(st.sampled_from(["310", "390", "390"]))
        one = Enrolment(
            "P1", kind, draw(POOLS), start, stop, draw(st.sampled_from("11124")),
            draw(st.sampled_from(["1101", "1101", "1201"])) if kind == "310" else "1501", "1",
            draw(st.none() | st.none() | DATES),
        )  # fmt: skip
        spells[one[1:4]] = one
    paid = [one for some in draw(st.lists(residents_years(), max_size=2)) for one in some]
    for _ in range(draw(st.integers(0, 3))):
        first, where = draw(st.integers(2018 * 12, 2025 * 12 + 11)), draw(POOLS)
        for month in range(first, min(first + draw(st.integers(1, 30)), 2026 * 12)):
            day = date(month // 12, month % 12 + 1, 10) + timedelta(draw(st.sampled_from([0] * 9 + [18, 19, 25, 90])))
            got = draw(st.sampled_from([600] * 9 + [599]))
            paid.append(Contribution("P1", "310", where, month // 12, month % 12 + 1, 600, got, day))
    kinds = [
        Identity("P1", draw(st.sampled_from(["tekun", "dibao"])), day, draw(st.none() | DATES))
        for day in draw(st.lists(DATES, max_size=2))
    ]
    return person, list(spells.values()), paid, kinds


def run(cases, days):
    """The cases as one city in SQL: {(case, day): Entitlement}."""
    tables = {name: [] for name in SCHEMAS}
    persons = []
    for number, (person, *rows) in enumerate(cases):
        persons.append(person._replace(psn_no=f"P{number}"))
        for name, ones in zip(SCHEMAS, rows, strict=True):
            tables[name] += [one._replace(psn_no=f"P{number}") for one in ones]
    with Engine(memory="300MB", threads=1) as engine:
        for name, rows in tables.items():
            engine.put(name, table(name, rows))
        numbers = pa.array([one.psn_no for one in persons], TEXT)
        engine.put("persons", pa.table({"psn_no": numbers, "brdy": pa.array([p.brdy for p in persons], DAY)}))
        engine.put("deaths", pa.table({"psn_no": numbers, "die_date": pa.array([p.die_date for p in persons], DAY)}))
        make_cover(engine, city(), 2020)
        grain = engine.rows("SELECT count(*), count(DISTINCT spell_no || '/' || begndate) FROM cover")[0]
        assert grain[0] == grain[1]
        asked = [(one.psn_no, day) for one in persons for day in days]
        engine.put(
            "asked",
            pa.table({"psn_no": pa.array([a for a, _ in asked], TEXT), "day": pa.array([b for _, b in asked], DAY)}),
        )
        entitle(engine)
        rows = engine.rows("SELECT * FROM entitlement")
    assert len(rows) == len(asked)
    return {(int(no[1:]), day): Entitlement(CoverOutcome(outcome), *rest) for no, day, outcome, *rest in rows}


@settings(max_examples=25)
@given(st.lists(histories(), min_size=6, max_size=6), st.integers(0, 12))
def test_sql_and_plain_give_the_slow_answer_on_random_histories(cases, shift):
    check(cases, sorted({*oracle.days(FIRST + timedelta(shift), LAST, 13)}))


def test_sql_and_plain_give_the_slow_answer_on_the_bounds_of_every_rule():
    check(list(HARD.values()), list(oracle.days(date(2023, 9, 1), date(2025, 6, 30))), list(HARD))


def check(cases, days, names=None):
    found = run(cases, days)
    for number, (person, spells, paid, kinds) in enumerate(cases):
        covers = person_cover(person, spells, paid, TermBook(city()), 2020, kinds)
        for day in days:
            told = (names[number] if names else "", person, spells, paid, kinds, day)
            plain = entitlement(person, day, covers)
            assert plain == found[number, day], told
            name, pools = oracle.answer(person, spells, paid, kinds, day)
            assert plain.outcome == name, told
            if name == "duplicate_enrolment":
                assert {plain.insuplc_admdvs, plain.other_admdvs} <= pools


def test_a_key_that_no_row_needs_is_not_asked_for_and_one_that_a_row_needs_is_refused_by_name():
    late = Contribution("P1", "390", A, 2025, None, 400, 400, date(2025, 5, 5))
    spell = Enrolment("P1", "390", A, date(2025, 5, 5))
    decided = late._replace(pay_from=date(2025, 8, 5))
    lacking = pool(without="resident.start.late")
    with Engine(memory="300MB", threads=1) as engine:
        engine.put("enrolments", table("enrolments", [spell]))
        engine.put("contributions", table("contributions", [decided]))
        make_cover(engine, lacking, 2025)
        assert engine.rows("SELECT begndate, pay_from FROM cover WHERE cover_stas = 'covered'") == [
            (date(2025, 5, 5), date(2025, 8, 5))
        ]
        engine.put("contributions", table("contributions", [late]))
        with pytest.raises(MissingParameter, match=r"resident\.start\.late.*2025-01-01"):
            make_cover(engine, lacking, 2025)
    with pytest.raises(MissingParameter, match=r"resident\.start\.late"):
        person_cover(Person("P1"), [spell], [late], TermBook(lacking), 2025)


@pytest.mark.parametrize(
    "key",
    [
        "resident.window.from",
        "resident.window.until",
        "resident.start.late",
        "wait.starts",
        "switch.employee_stop.delay",
    ],
)
def test_both_ways_refuse_the_same_missing_key(key):
    spells = [
        Enrolment("P1", "390", A, date(2025, 5, 5)),
        Enrolment("P1", "310", A, date(2025, 1, 1), date(2025, 2, 1), "4"),
    ]
    paid = [Contribution("P1", "390", A, 2025, None, 400, 400, date(2025, 5, 5))]
    if key.startswith("switch"):
        paid.append(Contribution("P1", "310", A, 2025, 1, 600, 600, date(2025, 1, 9)))
    lacking = pool(without=key)
    with pytest.raises(MissingParameter, match="resident.window" if "window" in key else key):
        person_cover(Person("P1"), spells, paid, TermBook(lacking), 2025)
    with Engine(memory="300MB", threads=1) as engine:
        engine.put("enrolments", table("enrolments", spells))
        engine.put("contributions", table("contributions", paid))
        with pytest.raises(MissingParameter, match="resident.window" if "window" in key else key):
            make_cover(engine, lacking, 2025)
