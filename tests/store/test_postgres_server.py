"""The PostgreSQL that the tests start is real, durable, and survives being killed."""

from pathlib import Path

import postgres
import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text


def test_the_shared_server_acknowledges_a_commit_only_when_it_is_on_the_disk(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW fsync")).scalar() == "on"
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
    engine.dispose()


def test_both_databases_are_new_and_empty(store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE only_here (n INTEGER)"))
        assert connection.execute(text("SELECT count(*) FROM only_here")).scalar() == 0
    engine.dispose()
    assert make_url(store_url).get_backend_name() in ("sqlite", "postgresql")


def test_what_was_committed_is_there_after_every_process_of_the_server_was_killed(server: postgres.Server) -> None:
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept (n INTEGER)")
        connection.execute("INSERT INTO kept VALUES (1)")
        connection.autocommit = False
        connection.execute("INSERT INTO kept VALUES (2)")
        postgres.kill9(server)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres.restart(server)
    with server.connect() as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_a_server_that_cannot_start_says_why(server: postgres.Server) -> None:
    postgres.stop(server)
    server.settings["shared_buffers"] = "a lot"
    with pytest.raises(postgres.PostgresError, match="a lot"):
        postgres.start(server)


def test_a_limit_on_the_size_of_files_stops_a_table_and_can_be_lifted(
    postgres_server: postgres.Server, postgres_url: str
) -> None:
    database = make_url(postgres_url).database or ""
    fill = "INSERT INTO wide SELECT repeat('x', 1000) FROM generate_series(1, 3000)"
    with postgres_server.connect(database) as connection:
        connection.execute("CREATE TABLE wide (a TEXT)")
        postgres.limit_file_size(postgres_server, database, 1_500_000)
        with pytest.raises(psycopg.Error, match="could not extend file"):
            connection.execute(fill)
        postgres.limit_file_size(postgres_server, database, None)
        connection.execute(fill)


def test_a_removed_server_leaves_nothing(postgres_server: postgres.Server) -> None:
    own = postgres.create(postgres.make_folder("yibao-pg-gone-"))
    folder: Path = own.folder
    postgres.remove(own)
    assert not folder.exists()
    assert own.process is None
