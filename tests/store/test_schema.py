"""The tables in a database are those of `schema`, and a store of any other shape is refused."""

from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from posting import open_books
from processes import Shared, fork, isolated, succeed
from samplestore import tables_of
from sqlalchemy import CheckConstraint, Engine, create_engine, inspect, text

import yibao.store
from yibao.store import Store, StoreUnavailableError, StoreVersionError, database, schema, upgrade
from yibao.store.maintenance import migrate_store

SCRIPTS = Path(yibao.store.__file__).parent / "migrations"


@pytest.fixture
def engine(store_url: str) -> Engine:
    """The database of a new store, opened past it."""
    Store(store_url).close()
    return create_engine(store_url)


def test_the_migrations_make_the_tables_of_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_comparison_finds_a_column_or_an_index_too_many(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE fund_entry ADD COLUMN extra TEXT"))
        connection.execute(text("DROP INDEX fund_entry_group"))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    assert sorted(one[0] for one in found) == ["add_index", "remove_column"]
    engine.dispose()


def test_keys_checks_and_foreign_keys_are_those_of_the_schema(engine: Engine) -> None:
    # alembic compares neither primary keys nor checks.
    found = inspect(engine)
    for table in schema.metadata.sorted_tables:
        assert found.get_pk_constraint(table.name)["constrained_columns"] == table.primary_key.columns.keys()
        constraints = [*table.constraints, *(one for column in table.columns for one in column.constraints)]
        checks = [one for one in constraints if isinstance(one, CheckConstraint)]
        assert len(found.get_check_constraints(table.name)) == len(checks), table.name
        assert len(found.get_foreign_keys(table.name)) == len(table.foreign_keys), table.name
    engine.dispose()


def test_tables_without_rowid_are_the_same_in_schema_and_migrations(sqlite_url: str) -> None:
    Store(sqlite_url).close()
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
        made: dict[str, str] = {row.name: row.sql for row in rows}
    engine.dispose()
    for table in schema.metadata.sorted_tables:
        assert ("WITHOUT ROWID" in made[table.name]) == (table.dialect_options["sqlite"]["with_rowid"] is False)


def test_the_revision_of_the_schema_is_the_last_migration() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [schema.REVISION]


def test_a_second_upgrade_changes_nothing(engine: Engine) -> None:
    assert upgrade(engine) == (schema.REVISION, schema.REVISION)
    engine.dispose()


def test_migrating_a_store_of_this_version_tells_its_revision(store_url: str) -> None:
    open_books(store_url)
    before = tables_of(store_url)
    assert migrate_store(store_url)[1:] == (schema.REVISION, schema.REVISION)
    assert tables_of(store_url) == before


def set_revision(url: str, revision: str | None) -> None:
    """Writes another revision into the database."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
        if revision is not None:
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
    engine.dispose()


@pytest.mark.parametrize("revision", ["0000", "9999", None])
def test_tables_of_another_revision_are_refused_and_stay_as_they_are(store_url: str, revision: str | None) -> None:
    open_books(store_url)
    before = tables_of(store_url)
    set_revision(store_url, revision)
    with pytest.raises(StoreVersionError, match=r"账务库“\w+(\.db)?”的表结构"):
        Store(store_url)
    assert tables_of(store_url) == before


def test_a_migration_from_an_unknown_revision_is_refused_and_changes_nothing(store_url: str) -> None:
    open_books(store_url)
    before = tables_of(store_url)
    set_revision(store_url, "9999")
    with pytest.raises(StoreVersionError, match="版本9999）由更新的程序或其他程序建立，本程序不认识，没有改动"):
        migrate_store(store_url)
    assert tables_of(store_url) == before


def test_a_database_that_another_program_keeps_with_alembic_is_refused(store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('a1b2')"))
    with pytest.raises(StoreVersionError, match="换一个新的文件名或数据库"):
        Store(store_url)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_an_absent_file_is_not_made_by_a_migration(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=r"没有账务库“none\.db”；请核对路径"):
        migrate_store(str(tmp_path / "none.db"))
    assert not (tmp_path / "none.db").exists()


def opened_and_closed(url: str) -> None:
    """Two processes open the same new database at once; either finds all tables."""

    def work() -> None:
        with closing(Store(url)) as store, store.reading() as connection:
            assert set(schema.metadata.tables) < set(inspect(connection).get_table_names())

    for child in [fork(work) for _ in range(2)]:
        succeed(child)


def _new_files_at_once(folder: Path, processes: int, files: int) -> None:
    """Processes that begin to open each of many new files at the same moment."""
    shared = Shared()

    def work(own: int) -> None:
        for number in range(files):
            shared.meet(own, processes, number)
            engine = database.connect(database.address(str(folder / f"{number}.db")))
            with database.read_only(engine) as connection:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            engine.dispose()

    for child in [fork(partial(work, own)) for own in range(processes)]:
        succeed(child)


def test_processes_that_make_new_files_wait_for_each_other(tmp_path: Path) -> None:
    isolated(_new_files_at_once, tmp_path, 4, 200)


def test_two_processes_that_open_a_new_database_at_once_both_get_it(store_url: str) -> None:
    isolated(opened_and_closed, store_url)
    assert not any(tables_of(store_url).values())
