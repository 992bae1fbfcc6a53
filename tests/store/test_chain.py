"""The audit chain is what the documentation says, so that an auditor can recompute it with any tool."""

import threading
from collections import defaultdict
from contextlib import closing
from typing import Any

import pytest
from posting import BOOKS, entry, open_books
from samplestore import bank_line, contents, county_account, day_of, fill, linked, start, tables_of
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from yibao.fund.records import Limit, LimitKind
from yibao.store import KINDS, Store, Unit, schema, verify

Chain = list[tuple[Any, ...]]


def chains(url: str) -> dict[tuple[str, int], Chain]:
    """The rows of the chain table by agency and year, in their order."""
    found: dict[tuple[str, int], Chain] = defaultdict(list)
    for row in tables_of(url)["audit_chain"]:
        found[row[:2]].append(row[2:])
    return found


def test_every_hash_is_the_sha_256_of_the_one_before_it_and_the_record_as_compact_json(store_url: str) -> None:
    fill(store_url)
    tables = tables_of(store_url)
    records, heads = contents(tables), {row[:2]: row[2:] for row in tables["audit_head"]}
    seen = []
    for (admdvs, year), chain in chains(store_url).items():
        last = start(admdvs, year)
        for number, (seq, kind, record_id, recorded_at, found) in enumerate(chain, 1):
            last = linked(last, kind, record_id, recorded_at, *records[kind, record_id])
            assert (seq, bytes(found)) == (number, last), record_id
            seen.append((kind, record_id))
        assert (heads[admdvs, year][0], bytes(heads[admdvs, year][1])) == (len(chain), last)
    assert sorted(seen) == sorted(records), "every record stands in one chain, once"
    assert {kind for kind, _ in seen} == set(KINDS)


def test_there_is_one_chain_for_each_agency_and_year_and_a_record_stands_in_its_own(store_url: str) -> None:
    fill(store_url)
    found = chains(store_url)
    assert sorted(found) == [("370300", 2024), ("370300", 2025), ("370321", 2024), ("999999", 2023)]
    years = {row[0]: int(row[4][:4]) for row in tables_of(store_url)["fund_entry"]}
    for (admdvs, year), chain in found.items():
        assert all(years[row[2]] == year for row in chain if row[1] == "entry")
        assert all(row[2].startswith(admdvs) for row in chain if row[1] == "account")


def test_the_records_of_a_unit_stand_by_kind_and_within_a_kind_as_they_were_added(sqlite_url: str) -> None:
    open_books(sqlite_url)
    limit = Limit("370300-310-1004", LimitKind.CEILING, 0, 1, 10**12, "文件", "370300", 2025)
    payments = [entry(f"E{number}", BOOKS[0], "500101", "1004", 5) for number in (3, 1, 2)]

    def work(unit: Unit) -> None:
        unit.add(payments[:1])
        unit.add([bank_line("B", 5)])
        unit.add(payments[1:])
        unit.add([limit])

    with closing(Store(sqlite_url)) as store:
        store.transact(work)
    last = chains(sqlite_url)["370300", 2025][-5:]
    assert [row[2] for row in last] == [limit.key, "E3", "E1", "E2", "370300-310-1004/B"]
    assert len({row[3] for row in last}) == 1, "a unit's records bear one moment"


def test_units_that_begin_the_same_chain_at_once_leave_it_without_a_gap(store_url: str) -> None:
    open_books(store_url)
    posters, payments = 6, 3
    stores = [Store(store_url) for _ in range(posters)]
    ready = threading.Barrier(posters)

    def begin(number: int) -> None:
        day = day_of(2030)
        ready.wait()
        for place in range(payments):
            one = entry(f"N{number}-{place}", BOOKS[0], "500101", "1004", 0, day=day)
            stores[number].transact(lambda unit, one=one: unit.add([one]))  # type: ignore[misc]

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(posters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores[0].reading() as connection:
        assert verify(connection).findings == []
    for store in stores:
        store.close()
    chain = chains(store_url)["370300", 2030]
    assert [row[0] for row in chain] == list(range(1, posters * payments + 1))


def test_two_units_that_begin_two_chains_in_opposite_order_do_not_wait_for_each_other_in_a_circle(
    store_url: str,
) -> None:
    accounts = [county_account("A"), county_account("B")._replace(admdvs="370399")]
    stores = [Store(store_url), Store(store_url)]
    runs: list[int] = []
    ready = threading.Barrier(2)

    def begin(number: int) -> None:
        mine = [one._replace(detail=f"{one.detail}{number}") for one in accounts]

        def work(unit: Unit) -> None:
            runs.append(number)
            unit.add(mine if number else mine[::-1])

        ready.wait()
        stores[number].transact(work)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    assert sorted(runs) == [0, 1], "neither had to begin again"
    assert {slot: len(chain) for slot, chain in chains(store_url).items()} == {
        ("370321", 2024): 2,
        ("370399", 2024): 2,
    }


# append-only

CHANGES = {
    "update": "UPDATE {table} SET {column} = {column}",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table} CASCADE",
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_itself_refuses_to_change_or_delete_a_business_record(store_url: str, change: str) -> None:
    if change == "truncate" and store_url.startswith("sqlite"):
        pytest.skip("SQLite has no TRUNCATE")
    fill(store_url)
    before = tables_of(store_url)
    engine = create_engine(store_url)
    for table in schema.APPEND_ONLY:
        statement = CHANGES[change].format(table=table.name, column=table.columns[0].name)
        with pytest.raises(DBAPIError, match="append-only table"), engine.begin() as connection:
            connection.execute(text(statement))
        assert before[table.name], f"{table.name} has no row that could be changed"
    engine.dispose()
    assert tables_of(store_url) == before


def test_only_the_projections_may_be_changed() -> None:
    changeable = {table.name for table in schema.metadata.sorted_tables} - {table.name for table in schema.APPEND_ONLY}
    carried = {"benefit_owners", "benefit_accumulators", "benefit_counters", "account_balances"}
    assert changeable == {"audit_head", "fund_balance", *carried}
