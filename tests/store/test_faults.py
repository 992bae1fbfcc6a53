"""What was acknowledged is there and nothing is there by halves, whatever kills the poster, the server or the disk."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import ledgercheck
import postgres
import pytest
from faults import kill_rounds, left_wrong, server_kills
from posting import BOOKS, batch, entry, open_books, the_chart
from processes import isolated
from sqlalchemy import create_engine, event, make_url, text

from yibao.flows.fund import post
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Entry
from yibao.store import Store, StoreFullError, StoreUnavailableError

ROUNDS = 200
MEGABYTE = 2**20
FULL = "磁盘已满，这一批没有写入"


def test_after_200_kills_of_the_poster_all_that_was_acknowledged_is_there_and_nothing_is_half_posted(
    store_url: str,
) -> None:
    found = isolated(kill_rounds, store_url, ROUNDS)
    assert found.faults == []
    assert found.kills == ROUNDS
    assert found.inside >= ROUNDS / 2, "the kills must fall into transactions"
    assert found.written > 0
    assert found.stored >= found.acknowledged > 0


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM fund_line WHERE entry_id = 'B000000-G1' AND line_no = 2",
        "DELETE FROM fund_line WHERE entry_id = 'B000000-G1'",
        "DELETE FROM fund_entry WHERE entry_id = 'B000000-G1'",
        "INSERT INTO fund_line VALUES ('B9', 1, '370300-310-1004', 'D', 1)",
        "UPDATE fund_line SET amount = amount + 1 WHERE entry_id = 'B000000-G1'",
        "UPDATE fund_balance SET held_credit = held_credit + 1 WHERE acct_no = '370300-310-1004'",
        "DELETE FROM audit_chain WHERE record_id = 'B000000-G1'",
        "DELETE FROM audit_chain WHERE seq = (SELECT max(seq) FROM audit_chain)",
        "UPDATE audit_head SET seq = seq + 1",
        "UPDATE audit_chain SET recorded_at = '' WHERE record_id = 'B000000-G1'",
    ],
)
def test_the_check_of_the_tables_finds_what_is_half_posted(sqlite_url: str, damage: str) -> None:
    open_books(sqlite_url)
    with closing(Store(sqlite_url)) as store:
        post(store, the_chart(), batch(0))
    assert ledgercheck.faults_in(ledgercheck.read(sqlite_url)) == []
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        for (trigger,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text(damage))
    engine.dispose()
    assert ledgercheck.faults_in(ledgercheck.read(sqlite_url))


def test_a_batch_that_lost_an_entry_or_was_lost_after_its_acknowledgement_is_found(sqlite_url: str) -> None:
    open_books(sqlite_url)
    with closing(Store(sqlite_url)) as store:
        post(store, the_chart(), batch(0)[:1])
    faults, stored = left_wrong(sqlite_url, {"B000001-0"})
    assert faults == ["acknowledged, but lost: B000001-0", "batch 0 is there in part"]
    assert stored == 1


def test_after_every_kill_of_the_postgresql_server_all_that_was_acknowledged_is_there_and_posting_goes_on(
    postgres_server: postgres.Server,
) -> None:
    kills = 5
    found = isolated(server_kills, kills)
    assert found.faults == []
    assert 1 <= found.noticed <= kills
    assert found.stored == found.acknowledged > 0


def test_while_the_server_is_gone_a_batch_is_refused_as_unavailable_and_the_same_store_goes_on_afterwards(
    server: postgres.Server,
) -> None:
    url = server.url()
    open_books(url)
    with closing(Store(url)) as store:
        for number in range(2):
            postgres.kill9(server)
            with pytest.raises(StoreUnavailableError, match="连接中断或无法连接"):
                post(store, the_chart(), batch(number))
            postgres.start(server)
            posted(store, batch(number))
    assert ledgercheck.faults_in(ledgercheck.read(url)) == []


# the disk is full


def bulky(number: int, size: int) -> list[Entry]:
    """A batch whose memos take some room and do not compress."""
    return [
        entry(f"F{number}-{place}", BOOKS[0], "500101", "1004", 10, memo=os.urandom(4000).hex())
        for place in range(size)
    ]


def fill(store: Store, size: int) -> tuple[set[str], list[Entry], Exception]:
    """Posts until the store refuses: the ids acknowledged until then, the batch refused, the error."""
    kept: set[str] = set()
    for number in range(100_000):
        entries = bulky(number, size)
        try:
            answers = post(store, the_chart(), entries)
        except (StoreFullError, StoreUnavailableError) as error:
            return kept, entries, error
        assert {answer.outcome for answer in answers} == {Outcome.POSTED}
        kept |= {answer.key for answer in answers}
    raise AssertionError("the disk never became full")


def fill_and_go_on(store: Store, url: str, size: int, make_room: Callable[[], None]) -> None:
    """Nothing of the refused batch is there; after room is made it is posted as it is; nothing is ever missing."""
    post(store, the_chart(), batch(0))
    kept, refused, error = fill(store, size)
    assert isinstance(error, StoreFullError), error
    assert FULL in str(error)
    make_room()
    assert checked(url) == kept
    answers = post(store, the_chart(), refused)
    assert {answer.outcome for answer in answers} == {Outcome.POSTED}
    assert checked(url) == kept | {one.entry_id for one in refused}


def posted(store: Store, entries: list[Entry]) -> None:
    """Posts entries that an error left in doubt, as its message says: until the store answers."""
    for _ in range(3):
        with suppress(StoreUnavailableError):
            answers = post(store, the_chart(), entries)
            assert all(answer.outcome.stands for answer in answers)
            return
    raise AssertionError("the store does not come back")


def checked(url: str) -> set[str]:
    """The ids of the bulky entries in tables that hold nothing by halves."""
    tables = ledgercheck.read(url)
    assert ledgercheck.faults_in(tables) == []
    return {entry_id for entry_id in tables.entries if entry_id.startswith("F")}


SIZES = pytest.mark.parametrize("size", [1, 60], ids=["one", "many"])


@SIZES
def test_an_sqlite_file_that_may_not_grow_refuses_the_batch_whole_and_takes_it_when_there_is_room(
    sqlite_url: str, size: int
) -> None:
    open_books(sqlite_url)
    with closing(Store(sqlite_url)) as store:
        pages = {"most": 400}

        def limit(connection: object, *_rest: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages['most']}")  # type: ignore[attr-defined]

        event.listen(store.engine, "connect", limit)
        store.close()

        def make_room() -> None:
            pages["most"] = 10**9
            store.close()

        fill_and_go_on(store, sqlite_url, size, make_room)


@SIZES
def test_a_postgresql_file_that_may_not_grow_refuses_the_batch_whole_and_takes_it_when_there_is_room(
    postgres_server: postgres.Server, postgres_url: str, size: int
) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("limiting the size of files needs prlimit (util-linux)")
    database = make_url(postgres_url).database or ""
    open_books(postgres_url)
    with closing(Store(postgres_url)) as store:
        postgres.limit_file_size(postgres_server, database, 3 * MEGABYTE // 2)
        fill_and_go_on(store, postgres_url, size, lambda: postgres.limit_file_size(postgres_server, database, None))


class SmallDisk:
    """A file system in memory of a few megabytes, which `grow` makes larger."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        self._mount(f"size={megabytes}m,mode=0755")

    def grow(self, megabytes: int) -> None:
        self._mount(f"remount,size={megabytes}m")

    def _mount(self, options: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    if shutil.which("mount") is None:
        pytest.skip("a small disk needs the command mount")
    folder = postgres.make_folder("yibao-disk-")
    try:
        disk = SmallDisk(folder, 40)
        yield disk
        disk.remove()
    finally:
        folder.rmdir()


@SIZES
def test_sqlite_on_a_full_disk_refuses_the_batch_whole_and_takes_it_when_there_is_room(
    small_disk: SmallDisk, size: int
) -> None:
    small_disk.grow(4)
    url = f"sqlite:///{small_disk.folder / 'store.db'}"
    open_books(url)
    with closing(Store(url)) as store:
        fill_and_go_on(store, url, size, lambda: small_disk.grow(40))


@SIZES
def test_postgresql_with_its_tables_on_a_full_disk_refuses_the_batch_whole_and_takes_it_when_there_is_room(
    postgres_server: postgres.Server, small_disk: SmallDisk, size: int
) -> None:
    postgres.own(small_disk.folder)
    small_disk.grow(10)
    with postgres_server.connect() as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{small_disk.folder}'")
        connection.execute("CREATE DATABASE small TABLESPACE small")
    try:
        url = postgres_server.url("small")
        open_books(url)
        with closing(Store(url)) as store:
            fill_and_go_on(store, url, size, lambda: small_disk.grow(100))
    finally:
        with postgres_server.connect() as connection:
            connection.execute("DROP DATABASE small WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")


def end(server: postgres.Server) -> None:
    """Ends a server that may have ended itself."""
    if server.process is not None and server.process.poll() is None:
        postgres.kill9(server)


def test_a_postgresql_whose_whole_disk_is_full_keeps_what_it_acknowledged_and_goes_on_when_there_is_room(
    small_disk: SmallDisk,
) -> None:
    postgres.own(small_disk.folder)
    small_disk.grow(70)
    server = postgres.create(small_disk.folder)
    try:
        url = server.url()
        open_books(url)
        with closing(Store(url)) as store:
            kept, refused, _error = fill(store, 60)
            small_disk.grow(300)
            # Without room for its log the server may have ended itself or hang; someone ends it and starts it again.
            end(server)
            postgres.start(server)
            found = checked(url)
            assert found in (kept, kept | {one.entry_id for one in refused})
            posted(store, refused)
            assert checked(url) == kept | {one.entry_id for one in refused}
    finally:
        end(server)
