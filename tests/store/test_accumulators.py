"""What a counter carries on: locked, kept with its record, made anew, moved by a backup; an older store brought up."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from benefit.counter_city import DAY, bill, held, opened, refund, tables, the_law
from posting import batch, open_books, the_chart
from samplestore import fill, intruder, tables_of
from sqlalchemy import create_engine, text

from yibao.benefit.counter_records import Settlement
from yibao.benefit.outcomes import Outcome
from yibao.flows.counter import Counter
from yibao.flows.counter_load import CreditRow
from yibao.flows.fund import post
from yibao.store import KINDS, Store, StoreVersionError, anew, backup, fetch, restore, schema, verify
from yibao.store.maintenance import migrate_store
from yibao.store.migrate import _config

HELD = ("benefit_accumulators", "benefit_counters", "account_balances", "benefit_owners")
SCRIPTS = Path(anew.__file__).parent / "migrations"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store with a settlement that moved everything, one taken back, and one that a household shares."""
    with opened(store_url) as till:
        till.credit(CreditRow("X1", "P1", DAY, 5_000))
        till.credit(CreditRow("X3", "P3", DAY, 9_000))
        till.settle(*bill("S1", ("A", 1, 1000), ("Q", 3, 30), ("D", 1, 8, 4), ("D", 1, 9)))
        care, lines = bill("S2", ("A", 1, 500), ("Q", 8, 80), ("T", 1, 8))
        till.settle(care, lines)
        till.settle(*bill("S3", ("A", 1, 50), psn_no="P2"))
        till.reverse(refund("R2", care))
        yield till.store


def findings(store: Store) -> list[tuple[str, str]]:
    with store.reading() as connection:
        return [(one.code, one.key) for one in verify(connection).findings]


def test_what_is_carried_on_is_made_anew_as_it_was(store: Store) -> None:
    url = store.url.render_as_string(hide_password=False)
    before = tables_of(url)
    assert all(before[name] for name in HELD)
    with intruder(url).begin() as hands:
        hands.execute(text("DELETE FROM benefit_counters"))
        hands.execute(text("UPDATE benefit_accumulators SET amount = amount + 1"))
        hands.execute(text("UPDATE account_balances SET balance = 0"))
    assert {code for code, _ in findings(store)} == {"accumulator_differs"}
    store.transact(anew.rebuild)
    assert tables_of(url) == before and findings(store) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("UPDATE benefit_accumulators SET amount = 0 WHERE slot = 'paid:门诊' AND owner = 'P1'", "P1 2025 paid:门诊"),
        ("UPDATE benefit_counters SET mark = 7 WHERE name LIKE 'P1|D|%'", "P1 P1|D|days|stay|S1"),
        ("UPDATE account_balances SET balance = balance + 1 WHERE psn_no = 'P3'", "P3"),
        ("UPDATE benefit_owners SET nth = 1 WHERE owner = 'P2'", "P2"),
        ("DELETE FROM benefit_accumulators WHERE owner = 'home/JT1'", "home/JT1 2025 household"),
    ],
)
def test_what_was_changed_past_the_store_is_named(store: Store, change: str, key: str) -> None:
    with intruder(store.url.render_as_string(hide_password=False)).begin() as hands:
        assert hands.execute(text(change)).rowcount == 1
    assert findings(store) == [("accumulator_differs", key)]


def test_a_settlement_comes_back_as_it_was_kept_with_lines_and_moves(store: Store) -> None:
    with store.reading() as connection:
        found = fetch(connection, KINDS["settlement"], ["S1", "R2"])
    one = found["S1"]
    assert isinstance(one, Settlement)
    assert [line.feedetl_sn for line in one.lines] == ["S1-0", "S1-1", "S1-2", "S1-3"]
    assert {move.what for move in one.moves} == {"sum", "used", "account"} and found["R2"].lines == ()
    (row, lines), *_ = KINDS["settlement"].rows([one])
    assert KINDS["settlement"].from_rows(row, lines) == one


@pytest.mark.parametrize("other", ["sqlite", "postgresql"])
def test_a_backup_carries_settlements_and_what_follows_from_them(
    store: Store, other: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    backup(store, tmp_path / "saved.zip")
    url = f"sqlite:///{tmp_path / 'restored.db'}"
    if other == "postgresql" and store.engine.dialect.name == "sqlite":
        url = request.getfixturevalue("postgres_url")
    with closing(Store(url)) as restored:
        restore(tmp_path / "saved.zip", restored)
        assert tables_of(url) == tables_of(store.url.render_as_string(hide_password=False))
        till = Counter(restored, the_law(), tables(), first_year=2020, post=False)
        assert (
            till.settle(*bill("S1", ("A", 1, 1000), ("Q", 3, 30), ("D", 1, 8, 4), ("D", 1, 9))).outcome
            is Outcome.EXISTS
        )
        assert till.settle(*bill("S4", ("Q", 8, 80))).settlement is not None
        assert held(restored)["benefit_counters"][("P1", "P1|Q|quantity|year|2025")] == 10 * 10**6


def test_a_store_of_the_version_before_is_brought_up_and_keeps_what_it_has(store_url: str) -> None:
    engine = create_engine(store_url)
    command.upgrade(_config(engine, str(SCRIPTS)), "0001")
    with pytest.raises(StoreVersionError, match=r"旧版（0001）；请先备份，再运行 yibao store migrate"):
        Store(store_url)
    assert migrate_store(store_url)[1:] == ("0001", schema.REVISION)
    open_books(store_url)
    with closing(Store(store_url)) as store:
        post(store, the_chart(), batch(1))
        assert findings(store) == []
    engine.dispose()


def test_records_of_the_version_before_stand_after_the_migration(store_url: str) -> None:
    fill(store_url)
    ledger = {name: rows for name, rows in tables_of(store_url).items() if name.startswith("fund_")}
    engine = create_engine(store_url)
    new = [table for table in reversed(schema.metadata.sorted_tables) if not table.name.startswith(("fund_", "audit_"))]
    with intruder(store_url).begin() as hands:
        for table in new:
            hands.execute(text(f"DROP TABLE {table.name}"))
        hands.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        if hands.dialect.name == "sqlite":
            hands.execute(text("DROP TRIGGER audit_chain_no_delete"))
        else:
            hands.execute(text("DROP TRIGGER audit_chain_append_only ON audit_chain"))
        hands.execute(text("DELETE FROM audit_chain WHERE admdvs = '999999'"))
        hands.execute(text("DELETE FROM audit_head WHERE admdvs = '999999'"))
    engine.dispose()
    assert migrate_store(store_url)[1:] == ("0001", schema.REVISION)
    assert {name: rows for name, rows in tables_of(store_url).items() if name.startswith("fund_")} == ledger
    with closing(Store(store_url)) as store:
        assert findings(store) == []
