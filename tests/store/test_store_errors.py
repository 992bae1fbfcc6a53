"""A store that cannot be opened or written says so in Chinese, says what became of the work, and tells no password."""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import postgres
import pytest
from posting import BOOKS, entry, open_books, the_chart
from samplestore import tables_of
from sqlalchemy import event, make_url

from yibao.flows.fund import post
from yibao.fund.outcomes import Outcome
from yibao.store import Store, StoreUnavailableError

NOBODY = 65534
SECRET = "Geheim-42"


def refusal(where: str | Path, *, create: bool = True) -> str:
    """The message with which opening is refused."""
    with pytest.raises(StoreUnavailableError) as error:
        Store(where, create=create)
    return str(error.value)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter and nobody else writes to."""
    with tempfile.TemporaryDirectory(prefix="yibao-open-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@contextmanager
def without_rights() -> Iterator[None]:
    """For root, who may write anywhere: as an account without rights."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "账.xlsx"
    file.write_bytes(b"PK\x03\x04 something else" * 100)
    before = file.read_bytes()
    assert refusal(file) == "账务库“账.xlsx”不是账务库文件，或已损坏；请用备份恢复（yibao store restore）"
    assert file.read_bytes() == before


def test_a_database_whose_pages_are_damaged_is_refused(sqlite_url: str) -> None:
    open_books(sqlite_url)
    file = Path(make_url(sqlite_url).database or "")
    whole = file.read_bytes()
    file.write_bytes(whole[:100] + b"\xee" * 4000 + whole[4100:])
    assert "已损坏；请用备份恢复" in refusal(file)


def test_a_folder_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    assert "打不开" in refusal(tmp_path)
    message = refusal(tmp_path / "none" / "store.db")
    assert message == "打不开账务库“store.db”：所在文件夹不存在、没有权限，或它本身是文件夹；请核对路径"
    assert not (tmp_path / "none").exists()


def test_a_missing_file_is_made_only_when_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    assert refusal(file, create=False) == "没有账务库“none.db”；请核对路径，或先用 yibao fund open 建账"
    assert not file.exists()
    Store(file).close()
    assert file.exists()


def test_a_read_only_file_can_be_read_but_not_written(open_folder: Path) -> None:
    file = open_folder / "store.db"
    open_books(str(file))
    before = tables_of(f"sqlite:///{file}")
    file.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    open_folder.chmod(0o777)
    with without_rights(), closing(Store(file)) as store:
        with store.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM fund_account").scalar()
        with pytest.raises(StoreUnavailableError, match="不能写入：只读、没有权限或磁盘出错；这一批没有写入"):
            post(store, the_chart(), [entry("E", BOOKS[0], "500101", "1004", 5)])
    assert tables_of(f"sqlite:///{file}") == before


def test_a_folder_without_rights_is_refused(open_folder: Path) -> None:
    if os.geteuid() != 0:
        open_folder.chmod(0o555)
    with without_rights():
        assert "没有权限" in refusal(open_folder / "store.db")


# addresses

WRONG = ["mysql://root@host/db", "postgresql//me@host", "://", "oracle://x", "duckdb:///a.db"]


@pytest.mark.parametrize("where", WRONG)
def test_an_address_of_another_kind_is_refused_with_what_can_be_written(where: str, tmp_path: Path) -> None:
    if "://" not in where:
        where = str(tmp_path / where)
    message = refusal(where)
    assert "postgresql://用户@主机/库名" in message or "所在文件夹不存在" in message


ADDRESSES = [
    f"postgresql://me:{SECRET}@127.0.0.1:1/books",
    f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/books?connect_timeout=1",
    f"mysql://me:{SECRET}@127.0.0.1/books",
    f"postgre-sql://me:{SECRET}@127.0.0.1/books",
    f"postgresql://me:{SECRET}@127.0.0.1:port/books",
]


@pytest.mark.parametrize("where", ADDRESSES)
def test_no_message_tells_a_password(where: str) -> None:
    assert SECRET not in refusal(where)


def test_a_database_that_the_server_does_not_have_is_refused(postgres_server: postgres.Server) -> None:
    message = refusal(postgres_server.url("nowhere"))
    assert message.startswith("账务库“nowhere”")
    assert "无法连接" in message


def test_a_user_whom_the_server_does_not_know_is_refused_without_the_password(
    postgres_server: postgres.Server,
) -> None:
    url = make_url(postgres_server.url()).set(username="stranger", password=SECRET)
    message = refusal(url.render_as_string(hide_password=False))
    assert SECRET not in message
    assert "无法连接" in message


# a connection that breaks


def test_a_connection_that_broke_while_it_lay_idle_is_replaced(
    postgres_server: postgres.Server, postgres_url: str
) -> None:
    open_books(postgres_url)
    with closing(Store(postgres_url)) as store:
        end_connections(postgres_server, postgres_url)
        answers = post(store, the_chart(), [entry("E", BOOKS[0], "500101", "1004", 5)])
        assert answers[0].outcome is Outcome.POSTED


def end_connections(server: postgres.Server, url: str) -> None:
    """The server ends every connection to a database."""
    with server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [make_url(url).database]
        )


def test_a_connection_that_breaks_at_the_commit_leaves_the_outcome_open_and_sending_again_is_harmless(
    postgres_server: postgres.Server, postgres_url: str
) -> None:
    open_books(postgres_url)
    entries = [entry("E", BOOKS[0], "500101", "1004", 5)]
    with closing(Store(postgres_url)) as store:

        @event.listens_for(store.engine, "commit")
        def broken(_connection: object) -> None:
            end_connections(postgres_server, postgres_url)

        with pytest.raises(
            StoreUnavailableError, match="在提交时连接中断，这一批可能已经写入；恢复后原样重发，不会重复"
        ):
            post(store, the_chart(), entries)
        event.remove(store.engine, "commit", broken)
        assert post(store, the_chart(), entries)[0].outcome.stands
    assert sum(row[0] == "E" for row in tables_of(postgres_url)["fund_entry"]) == 1


def test_a_missing_driver_is_named_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailableError, match=r"pip install 'yibao\[postgres\]'"):
        Store("postgresql://nobody@127.0.0.1/books")
