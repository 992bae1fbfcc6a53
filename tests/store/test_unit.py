"""A unit of work keeps the records of several rooms all or none, and begins again after a lost race."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from posting import BOOKS, DAY, entry, open_books
from samplestore import bank_line, county_account, tables_of
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from yibao.fund.records import Assertion, Limit, LimitKind
from yibao.store import KINDS, Store, StoreBusyError, StoreError, Unit, database, fetch, verify
from yibao.store import store as store_module

BANK = "370300-310-1004"
Work = Callable[[Unit], None]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with open books."""
    open_books(store_url)
    with closing(Store(store_url)) as opened:
        yield opened


@pytest.fixture
def few_attempts(monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a unit is tried, and that it does not wait long for others. To be named before ``store``."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(store_module, "ATTEMPTS", 3)
    return 3


def rows(store: Store) -> dict[str, int]:
    """How many rows each table has."""
    found = tables_of(store.url.render_as_string(hide_password=False))
    return {name: len(some) for name, some in found.items()}


def several(unit: Unit) -> None:
    """Records of several kinds, in two chains."""
    unit.add([entry("U1", BOOKS[0], "500101", "1004", 5), entry("U2", BOOKS[1], "500101", "1004", 6)])
    unit.add([county_account("U")])
    unit.add([Limit(BANK, LimitKind.CEILING, 0, 1, 10**12, "文件", "370300", 2025)])
    unit.add([bank_line("U", 5)])
    unit.add([Assertion(BANK, DAY, 1, 1, 0, "370300", 1)])


ADDED = {"fund_entry": 2, "fund_line": 4, "fund_account": 1, "fund_limit": 1, "fund_bank_line": 1, "fund_assertion": 1}


def test_records_of_several_kinds_are_kept_in_one_unit(store: Store) -> None:
    before = rows(store)
    store.transact(several)
    after = rows(store)
    assert {name: after[name] - before[name] for name in ADDED} == ADDED
    assert after["audit_chain"] - before["audit_chain"] == 6
    with store.reading() as connection:
        assert {one.code for one in verify(connection).findings} == {"balance_differs"}, "the ledger was passed by"
        assert set(fetch(connection, KINDS["entry"], ["U1", "U2", "none"])) == {"U1", "U2"}


class OursError(Exception):
    """An error of a room."""


def test_an_error_in_the_work_takes_back_what_it_had_written_and_comes_out_as_it_is(store: Store) -> None:
    before, runs = rows(store), [0]

    def work(unit: Unit) -> None:
        runs[0] += 1
        several(unit)
        unit.flush()
        unit.connection.execute(text("UPDATE fund_balance SET debit = 0"))
        raise OursError

    with pytest.raises(OursError):
        store.transact(work)
    assert runs == [1], "a fault of the program is not tried again"
    assert rows(store) == before
    with store.reading() as connection:
        assert verify(connection).findings == []


def test_a_record_that_the_database_refuses_takes_the_whole_unit_back(store: Store) -> None:
    before = rows(store)

    def work(unit: Unit) -> None:
        several(unit)
        unit.add([bank_line("BAD", 0)])

    with pytest.raises(DBAPIError, match=r"(?i)check"):
        store.transact(work)
    assert rows(store) == before


def test_the_result_of_the_work_is_returned_after_the_commit(store: Store) -> None:
    assert store.transact(lambda unit: unit.add([county_account("R")]) or 7) == 7  # type: ignore[func-returns-value]
    assert rows(store)["fund_account"] == store.transact(
        lambda unit: unit.connection.execute(text("SELECT count(*) FROM fund_account")).scalar()
    )


# lost races


def side_by_side(*works: Callable[[], None]) -> None:
    """Runs these at once; the first error of any of them comes out."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_of_two_units_that_keep_the_same_id_at_once_the_second_begins_again_and_sees_the_first(
    store: Store,
) -> None:
    same = entry("SAME", BOOKS[0], "500101", "1004", 5)
    both_looked = threading.Barrier(2)
    seen: list[list[bool]] = [[], []]

    def work(unit: Unit, number: int) -> None:
        there = "SAME" in fetch(unit.connection, KINDS["entry"], ["SAME"])
        if unit.connection.dialect.name == "postgresql" and not seen[number]:
            both_looked.wait(10)
        seen[number].append(there)
        if not there:
            unit.add([same])

    with closing(Store(store.url.render_as_string(hide_password=False))) as other:
        side_by_side(
            lambda: store.transact(lambda unit: work(unit, 0)), lambda: other.transact(lambda unit: work(unit, 1))
        )
    # On SQLite the second waits before it looks; on PostgreSQL it looked too early, and looked again.
    expected = [[False], [True]] if store.engine.dialect.name == "sqlite" else [[False], [False, True]]
    assert sorted(seen) == expected
    assert sum(row[4] == "SAME" for row in tables_of_store(store)["audit_chain"]) == 1


def tables_of_store(store: Store) -> dict[str, list[tuple[object, ...]]]:
    return tables_of(store.url.render_as_string(hide_password=False))


def test_a_unit_that_failed_to_serialize_begins_again_from_the_start(store: Store) -> None:
    if store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite lets one unit after the other")
    both_read = threading.Barrier(2)
    runs = [0, 0]

    def work(unit: Unit, number: int) -> None:
        unit.connection.execute(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        runs[number] += 1
        count = unit.connection.execute(text("SELECT count(*) FROM fund_account WHERE admdvs = '370321'")).scalar()
        if runs[number] == 1:
            both_read.wait(10)
        unit.add([county_account(f"after {count}")])

    with closing(Store(store.url.render_as_string(hide_password=False))) as other:
        side_by_side(
            lambda: store.transact(lambda unit: work(unit, 0)), lambda: other.transact(lambda unit: work(unit, 1))
        )
    assert sorted(runs) == [1, 2]
    names = {str(row[4]) for row in tables_of_store(store)["fund_account"] if row[1] == "370321"}
    assert names == {"after 0", "after 1"}, "the second saw what the first had kept"


def test_of_two_units_that_wait_for_each_other_one_begins_again(store: Store) -> None:
    if store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite lets one unit after the other")
    both_hold = threading.Barrier(2)
    runs = [0, 0]

    def work(unit: Unit, number: int) -> None:
        runs[number] += 1
        first, second = (("310", "390"), ("390", "310"))[number]
        hold = text("UPDATE fund_balance SET debit = debit + 1 WHERE acct_no = :no")
        unit.connection.execute(hold, {"no": f"370300-{first}-1004"})
        if runs[number] == 1:
            both_hold.wait(10)
        unit.connection.execute(hold, {"no": f"370300-{second}-1004"})

    before = balances(store)
    with closing(Store(store.url.render_as_string(hide_password=False))) as other:
        side_by_side(
            lambda: store.transact(lambda unit: work(unit, 0)), lambda: other.transact(lambda unit: work(unit, 1))
        )
    assert sum(runs) == 3
    assert balances(store) == [one + 2 for one in before], "what the first attempt had done was taken back"


def balances(store: Store) -> list[int]:
    """The debits of both books' banks."""
    found = tables_of_store(store)["fund_balance"]
    return [int(str(row[2])) for row in found if str(row[0]).endswith("-1004")]


def test_a_unit_that_adds_one_id_twice_is_a_fault_of_the_program_and_leaves_nothing(
    few_attempts: int, store: Store
) -> None:
    before, runs = rows(store), [0]

    def work(unit: Unit) -> None:
        runs[0] += 1
        unit.add([county_account("TWICE")])
        unit.flush()
        unit.add([county_account("TWICE")])

    with pytest.raises(IntegrityError):
        store.transact(work)
    assert runs == [few_attempts]
    assert rows(store) == before


def test_a_store_held_by_another_program_is_busy_and_takes_the_batch_afterwards(
    few_attempts: int, store: Store
) -> None:
    with closing(Store(store.url.render_as_string(hide_password=False))) as other:
        with other.engine.begin() as holder:
            if holder.dialect.name == "postgresql":
                holder.execute(text("LOCK TABLE audit_head"))
            with pytest.raises(StoreBusyError, match="正被其他程序占用"):
                store.transact(several)
        store.transact(several)
    assert rows(store)["fund_assertion"] == 1


def test_a_reading_sees_one_moment_and_cannot_write(store: Store) -> None:
    count = text("SELECT count(*) FROM fund_account")
    with store.reading() as connection:
        before = connection.execute(count).scalar()
        store.transact(lambda unit: unit.add([county_account("LATER")]))
        assert connection.execute(count).scalar() == before
    with store.reading() as connection:
        assert connection.execute(count).scalar() == int(before or 0) + 1


def test_nothing_written_in_a_reading_is_kept(store: Store) -> None:
    before = rows(store)
    with pytest.raises((DBAPIError, StoreError)), store.reading() as connection:
        connection.execute(text("DELETE FROM audit_head"))
    assert rows(store) == before
