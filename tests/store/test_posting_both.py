"""SQLite and PostgreSQL keep the same books: the same commands get the same answers and leave the same rows."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from functools import partial
from random import Random
from typing import NamedTuple

import ledgercheck
import pytest
from fund.ledger_commands import ACCOUNTS, CITY, DICE, FIRST, RESIDENT, entry, random_limits, sequence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from posting import the_chart

from yibao.flows import fund
from yibao.fund.decide import decide
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Limit, LimitKind
from yibao.fund.view import Answer, Decision, Totals, View, latest_bounds
from yibao.store import Store, Unit, verify

NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
LAST_DAY = date(2024, 12, 31)
_O = Outcome
Stores = tuple[Store, Store]


def opened(url: str) -> Store:
    """A store whose records all bear the same moment."""
    return Store(url, lambda: NOW)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with the accounts of the small world; bank accounts have floor 0."""
    with closing(opened(store_url)) as store:
        floors = [limit("370300-310-1004", LimitKind.FLOOR, 0)]
        assert outcomes(fund.open_accounts(store, ACCOUNTS, floors)) == {_O.POSTED}
        yield store
        assert sound(store) == []


@pytest.fixture
def stores(sqlite_url: str, postgres_url: str) -> Iterator[Stores]:
    """One store on each database."""
    with closing(opened(sqlite_url)) as one, closing(opened(postgres_url)) as other:
        yield one, other


def sound(store: Store) -> list[str]:
    """What the store's own verification finds, and what the plain reading of the tables does."""
    with store.reading() as connection:
        found = [one.message for one in verify(connection).findings]
    return found + ledgercheck.faults_in(tables(store))


def tables(store: Store) -> ledgercheck.Tables:
    return ledgercheck.read(store.url.render_as_string(hide_password=False))


def outcomes(answers: Sequence[Answer]) -> set[Outcome]:
    return {answer.outcome for answer in answers}


def limit(acct_no: str, kind: LimitKind, amount: int | None, year: int = 0, basis: str = "") -> Limit:
    return Limit(acct_no, kind, year, 1, amount, basis, "370300", 2024)


def post(store: Store, *entries: Entry, whole: bool = False) -> list[Outcome]:
    return [answer.outcome for answer in fund.post(store, the_chart(), entries, whole=whole)]


def total(store: Store, acct_no: str, year: int = 2025) -> Totals:
    return Totals(*tables(store).balances.get((acct_no, year), ()))


# --- the same sequence on both ----------------------------------------------------------------------------------------


class World(NamedTuple):
    """The small world under agencies and ids of its own, so that one store can hold many."""

    number: int

    def name(self, text: str) -> str:
        """The text with the world's own agency codes: 3703.. becomes the number."""
        return f"{self.number:04}{text[4:]}"

    def account(self, account: Account) -> Account:
        return account._replace(admdvs=self.name(account.admdvs))

    def limit(self, one: Limit) -> Limit:
        return one._replace(acct_no=self.name(one.acct_no), admdvs=self.name(one.admdvs))

    def entry(self, one: Entry) -> Entry:
        return one._replace(
            entry_id=f"{self.number}-{one.entry_id}", admdvs=self.name(one.admdvs),
            lines=tuple(line._replace(acct_no=self.name(line.acct_no)) for line in one.lines),
            refers=one.refers and f"{self.number}-{one.refers}",
            group_id=one.group_id and f"{self.number}-{one.group_id}",
        )  # fmt: skip


def in_memory(accounts: Sequence[Account], limits: Sequence[Limit], entries: Sequence[Entry]) -> Decision:
    """All of it decided at once on empty books."""
    bounds = latest_bounds((*one[:4], one.amount) for one in limits)
    nothing = View(
        {one.no: one for one in accounts}, bounds, {}, {}, {}, {}, frozenset(), frozenset(), as_of=NOW.date()
    )
    return decide(nothing, the_chart(), entries)


def as_row(record: Entry) -> tuple[object, ...]:
    """The plain values of an entry, then its lines, as the tables hold them."""
    day, last = record.entry_date.isoformat(), record.expires and record.expires.isoformat()
    book = (record.admdvs, record.fund_type)
    names = (record.settles, record.memo, record.refers, last, record.group_id, record.bank_ref)
    return (record.entry_id, record.action.value, *book, day, *names, *map(tuple, record.lines))


def same_on_both(stores: Stores, world: World, dice: Random, steps: int) -> None:
    """Posts one random sequence to both and compares all there is: answers, rows, balances, the hashes of the chain."""
    accounts = [world.account(one) for one in ACCOUNTS]
    limits = [world.limit(one) for one in random_limits(dice)]
    entries = [world.entry(one) for step in sequence(dice, steps) for one in step]
    expected = in_memory(accounts, limits, entries)
    for store in stores:
        assert outcomes(fund.open_accounts(store, accounts, limits)) == {_O.POSTED}
        assert fund.post(store, the_chart(), entries) == expected.answers
    one, other = (tables(store) for store in stores)
    assert one == other
    prefix = f"{world.number:04}"
    rows = {key: (*row, *map(tuple, one.lines[key])) for key, row in one.entries.items() if row[2][:4] == prefix}
    assert rows == {record.key: as_row(record) for record in expected.records}
    balances = {slot: parts for slot, parts in one.balances.items() if slot[0][:4] == prefix and any(parts)}
    assert balances == {slot: tuple(totals) for slot, totals in expected.totals.items() if any(totals)}
    again = [fund.post(store, the_chart(), entries) for store in stores]
    assert again[0] == again[1]
    for before, now in zip(expected.answers, again[0], strict=True):
        assert now.outcome is _O.EXISTS or before.outcome is not _O.POSTED


def test_the_same_sequence_gives_the_same_answers_rows_and_hashes_on_both(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are cut small, so that a sequence takes several units of work."""
    monkeypatch.setattr(fund, "BATCH", 5)
    numbers = itertools.count(1)

    @settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(DICE, st.integers(4, 14))
    def run(dice: Random, steps: int) -> None:
        same_on_both(stores, World(next(numbers)), dice, steps)

    run()
    assert next(numbers) > 40
    assert [sound(store) for store in stores] == [[], []]


def test_sending_the_same_again_adds_nothing(store: Store) -> None:
    commands = [entry("M", CITY, "1003", "4101", 90), entry("R", CITY, "500101", "1003", 30, Action.RESERVE),
                entry("S", CITY, action=Action.SETTLE, refers="R"), entry("X", CITY, action=Action.REVERSE, refers="S"),
                *(entry(f"G{place}", CITY, "500101", "1003", 1, group="G") for place in range(3))]  # fmt: skip
    assert post(store, *commands) == [_O.POSTED] * 7
    before = tables(store)
    assert post(store, *commands) == post(store, *commands, whole=True) == [_O.EXISTS] * 7
    assert post(store, commands[0]._replace(memo="x"), entry("S", CITY, action=Action.VOID, refers="R")) == [
        _O.ID_REUSED, _O.ID_REUSED,
    ]  # fmt: skip
    assert tables(store) == before


# --- whole batches, groups, units -------------------------------------------------------------------------------------


def test_a_whole_batch_with_one_refused_leaves_nothing(store: Store) -> None:
    before = tables(store)
    batch = [entry("A", CITY, "1003", "4101", 90), entry("B", CITY, "500101", "1004", 1)]
    assert post(store, *batch, whole=True) == [_O.BATCH_REFUSED, _O.BELOW_FLOOR]
    assert tables(store) == before
    assert post(store, *batch) == [_O.POSTED, _O.BELOW_FLOOR]


def test_a_group_larger_than_a_batch_stays_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fund, "BATCH", 2)
    group = [entry(f"G{place}", CITY, "1003", "4101", 1, group="G") for place in range(5)]
    single = [entry(f"A{place}", CITY, "1003", "4101", 1) for place in range(3)]
    bad = entry("G9", CITY, "500101", "1004", 1, group="G")
    mixed = [group[0], single[0], group[1], single[1], *group[2:], single[2], bad]
    found = post(store, *mixed)
    assert [outcome for one, outcome in zip(mixed, found, strict=True) if one.group_id] == [_O.LINKED_REFUSED] * 5 + [
        _O.BELOW_FLOOR
    ]
    assert set(tables(store).entries) == {"A0", "A1", "A2"}
    assert post(store, *mixed[:-1]) == [_O.EXISTS if one.group_id is None else _O.POSTED for one in mixed[:-1]]


def test_a_unit_of_work_that_raises_leaves_nothing(store: Store) -> None:
    before = tables(store)
    account = ACCOUNTS[0]._replace(subj_code="1005")

    def add(unit: Unit, *, flush: bool) -> None:
        unit.add([account])
        unit.add([entry("A", CITY, "1003", "4101", 5)])
        if flush:
            unit.flush()
        raise KeyError("stopped")

    for flush in (False, True):
        with pytest.raises(KeyError, match="stopped"):
            store.transact(partial(add, flush=flush))
        assert tables(store) == before
    assert outcomes(fund.open_accounts(store, [account])) == {_O.POSTED}


# --- accounts, limits, months, reservations ---------------------------------------------------------------------------


def test_an_account_is_opened_once_and_its_first_limits_with_it(store: Store) -> None:
    new = Account("370300", "310", "210101", "H1", "应付", ACCOUNTS[3].side, FIRST)
    limits = [limit(new.no, LimitKind.CEILING, 10)]
    answers = fund.open_accounts(store, [new, ACCOUNTS[0], new, new._replace(name="别名")], limits)
    assert [answer.outcome for answer in answers] == [_O.POSTED, _O.EXISTS, _O.EXISTS, _O.ID_REUSED]
    again = fund.open_accounts(store, [new], [limit(new.no, LimitKind.CEILING, 99)])
    assert outcomes(again) == {_O.EXISTS}
    owed = [entry(f"A{fen}", CITY, "500101", "210101-H1", fen) for fen in (11, 10)]
    assert post(store, *owed) == [_O.OVER_CEILING, _O.POSTED], "the first limits hold"


def test_a_later_limit_replaces_an_earlier_one_which_stays_on_record(store: Store) -> None:
    no = "370300-310-500101"
    given = [(10, "预算"), (10, "预算"), (20, "调整"), (None, "取消"), (20, "调整")]
    answers = fund.set_limits(
        store, the_chart(), [limit(no, LimitKind.BUDGET, fen, 2025, why) for fen, why in given[:3]]
    )
    assert [answer.outcome for answer in answers] == [_O.POSTED, _O.EXISTS, _O.POSTED]
    assert answers[2].key == f"{no}/budget/2025/2"
    post(store, entry("M", CITY, "1003", "4101", 90))
    spent = [entry(f"A{fen}", CITY, "500101", "1003", fen) for fen in (21, 20, 1)]
    assert post(store, *spent) == [_O.OVER_BUDGET, _O.POSTED, _O.OVER_BUDGET]
    for fen, why in given[3:]:
        assert outcomes(fund.set_limits(store, the_chart(), [limit(no, LimitKind.BUDGET, fen, 2025, why)])) == {
            _O.POSTED
        }
    assert sum(key.startswith(no) for kind, key in tables(store).others if kind == "limit") == 4
    unknown = fund.set_limits(store, the_chart(), [limit("370300-310-9999", LimitKind.FLOOR, 0)])
    assert outcomes(unknown) == {_O.ACCOUNT_UNKNOWN}


def test_a_limit_below_what_is_booked_stands_and_refuses_further_movement(store: Store) -> None:
    post(store, entry("M", CITY, "1003", "4101", 90), entry("A", CITY, "500101", "1003", 50))
    low = limit("370300-310-500101", LimitKind.BUDGET, 10, 2025)
    assert outcomes(fund.set_limits(store, the_chart(), [low])) == {_O.POSTED}
    more, back = entry("B", CITY, "500101", "1003", 1), entry("C", CITY, "1003", "500101", 5)
    assert post(store, more, back, more) == [_O.OVER_BUDGET, _O.POSTED, _O.OVER_BUDGET]


def test_months_are_closed_one_after_another_and_stay_closed(store: Store) -> None:
    def close(month: int, book: Book = CITY) -> Outcome:
        return fund.close_month(store, the_chart(), book, month).outcome

    assert close(202412, Book("370399", "310")) is _O.ACCOUNT_UNKNOWN
    months = [202410, 202412, 202411, 202411, 202410]
    assert [close(one) for one in months] == [_O.POSTED, _O.PERIOD_NOT_NEXT, _O.POSTED, _O.EXISTS, _O.EXISTS]
    assert close(202412, RESIDENT) is _O.POSTED, "each book has its own months"
    assert close(202412) is _O.POSTED, "nothing to carry"
    assert close(202501) is _O.FUTURE_DATE, "a month is closed when it has ended"
    late, soon = date(2025, 1, 31), date(2025, 2, 1)
    assert post(store, entry("A", CITY, "1003", "4101", 5, day=date(2024, 12, 31))) == [_O.PERIOD_CLOSED]
    assert post(store, entry("A", CITY, "1003", "4101", 5, day=soon)) == [_O.FUTURE_DATE]
    assert post(store, entry("A", RESIDENT, "1003", "4101", 5, day=late)) == [_O.POSTED]


@pytest.fixture
def year_end(store: Store) -> Store:
    """A year with income 90, expense 30 and a reservation of 7 that is still open."""
    net = Account("370300", "310", "300101", "", "统筹基金结余", ACCOUNTS[3].side, FIRST)
    fund.open_accounts(store, [net])
    day = date(2024, 12, 10)
    commands = [entry("M", CITY, "1003", "4101", 90, day=day), entry("A", CITY, "500101", "1003", 30, day=day),
                entry("R", CITY, "500101", "1003", 7, Action.RESERVE, day=day)]  # fmt: skip
    assert post(store, *commands) == [_O.POSTED] * 3
    return store


def test_december_carries_income_and_expense_to_the_balance_of_the_fund(year_end: Store) -> None:
    answer = fund.close_month(year_end, the_chart(), CITY, 202412)
    assert answer.outcome is _O.POSTED
    row = tables(year_end).entries["CARRY-370300-310-2024"]
    assert row[1:5] == ("carry", "370300", "310", LAST_DAY.isoformat())
    found = {code: total(year_end, f"370300-310-{code}", 2024) for code in ("4101", "500101", "300101", "1003")}
    assert found == {
        "4101": Totals(90, 90), "500101": Totals(30, 30, 7), "300101": Totals(0, 60), "1003": Totals(90, 30, 0, 7),
    }  # fmt: skip
    assert fund.close_month(year_end, the_chart(), CITY, 202412).outcome is _O.EXISTS
    assert post(year_end, entry("B", CITY, "1003", "4101", 5, day=LAST_DAY)) == [_O.PERIOD_CLOSED]
    settled = entry("S", CITY, action=Action.SETTLE, refers="R", day=date(2025, 1, 5))
    assert post(year_end, settled) == [_O.POSTED]
    assert total(year_end, "370300-310-500101", 2025) == Totals(7)


def test_a_year_that_cannot_be_carried_is_not_closed(year_end: Store) -> None:
    fund.set_limits(year_end, the_chart(), [limit("370300-310-4101", LimitKind.FLOOR, 50)])
    before = tables(year_end)
    assert fund.close_month(year_end, the_chart(), CITY, 202412).outcome is _O.BELOW_FLOOR
    assert tables(year_end) == before
    fund.set_limits(year_end, the_chart(), [limit("370300-310-4101", LimitKind.FLOOR, None)])
    assert fund.close_month(year_end, the_chart(), CITY, 202412).outcome is _O.POSTED


def test_expiry_ends_the_open_reservations_past_their_day_and_no_other(store: Store) -> None:
    def hold(entry_id: str, expires: date | None) -> Entry:
        return entry(entry_id, CITY, "500101", "1003", 10, Action.RESERVE, expires=expires)

    fifteenth, sixteenth, seventeenth = (date(2025, 1, day) for day in (15, 16, 17))
    post(store, entry("M", CITY, "1003", "4101", 90), hold("DUE", fifteenth), hold("TODAY", sixteenth))
    post(store, hold("OPEN", None), hold("DONE", fifteenth), entry("S", CITY, action=Action.SETTLE, refers="DONE"))

    def expired(day: date) -> list[tuple[str, Outcome]]:
        return [(answer.key, answer.outcome) for answer in fund.expire(store, the_chart(), day)]

    assert expired(sixteenth) == [("EXPIRE-DUE", _O.POSTED)]
    assert expired(sixteenth) == []
    assert total(store, "370300-310-1003") == Totals(90, 10, 0, 20)
    assert expired(seventeenth) == [("EXPIRE-TODAY", _O.POSTED)]
    assert post(store, entry("S2", CITY, action=Action.SETTLE, refers="DUE")) == [_O.RESERVATION_EXPIRED]


def test_expiry_into_a_closed_month_waits_for_an_open_one(store: Store) -> None:
    held = entry("R", CITY, "500101", "1003", 10, Action.RESERVE, day=date(2024, 12, 5), expires=date(2024, 12, 6))
    post(store, entry("M", CITY, "1003", "4101", 90, day=date(2024, 12, 5)), held)
    fund.open_accounts(store, [Account("370300", "310", "300101", "", "统筹基金结余", ACCOUNTS[3].side, FIRST)])
    assert fund.close_month(store, the_chart(), CITY, 202412).outcome is _O.POSTED
    days = (LAST_DAY, date(2025, 1, 2), date(2025, 1, 3))
    found = [outcomes(fund.expire(store, the_chart(), day)) for day in days]
    assert found == [{_O.PERIOD_CLOSED}, {_O.POSTED}, set()]
