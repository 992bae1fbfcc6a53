"""A backup is one moment of the store; a restore is whole or nothing, on either database."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from posting import BOOKS, batch, entry, open_books, the_chart
from samplestore import drop_triggers, fill, intruder, tables_of
from sqlalchemy import text

from yibao.flows.fund import post
from yibao.fund.outcomes import Outcome
from yibao.store import Store, StoreError, backup, restore, schema, verify

ROOT = Path(__file__).parents[2]
Change = Callable[[str, bytes], bytes | None]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a filled store."""
    folder = tmp_path_factory.mktemp("saved")
    fill(str(folder / "store.db"))
    with closing(Store(folder / "store.db")) as store:
        backup(store, folder / "saved.zip")
    return folder / "saved.zip"


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A second new and empty database, beside that of ``store_url``."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'other.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    with server.connect() as connection:
        connection.execute("CREATE DATABASE other")
    yield server.url("other")
    with server.connect() as connection:
        connection.execute("DROP DATABASE other WITH (FORCE)")


def rewritten(source: Path, target: Path, change: Change) -> Path:
    """A copy of a zip with each member as ``change`` leaves it; None leaves it out."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            data = change(name, archive.read(name))
            if data is not None:
                copy.writestr(name, data)
    return target


def manifest_with(**facts: Any) -> Change:
    """Sets facts of the manifest; None takes one away."""

    def change(name: str, data: bytes) -> bytes:
        if name != "manifest.json":
            return data
        whole = {**json.loads(data), **facts}
        return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()

    return change


def refused(file: Path, store: Store) -> str:
    """The message with which a restore is refused; the store stays empty."""
    with pytest.raises(StoreError) as refusal:
        restore(file, store)
    assert is_empty(store)
    return str(refusal.value)


def is_empty(store: Store) -> bool:
    """Whether no table holds a row."""
    return not any(tables_of(store.url.render_as_string(hide_password=False)).values())


# a backup and its restore


def test_a_restored_store_has_the_same_rows_on_either_database_and_goes_on(
    store_url: str, other_url: str, tmp_path: Path
) -> None:
    fill(store_url)
    with closing(Store(store_url)) as store:
        done = backup(store, tmp_path / "saved.zip")
    with closing(Store(other_url)) as other:
        assert restore(tmp_path / "saved.zip", other) == done
        assert tables_of(other_url) == tables_of(store_url)
        assert done.rows == {name: len(rows) for name, rows in tables_of(store_url).items()}
        assert sum(done.rows.values()) > 100
        answers = post(other, the_chart(), [*batch(1), *batch(2)])
        assert [answer.outcome for answer in answers[: len(batch(1))]] == [Outcome.EXISTS] * len(batch(1))
        assert {answer.outcome for answer in answers[len(batch(1)) :]} == {Outcome.POSTED}
        with other.reading() as connection:
            assert verify(connection).findings == []


def test_an_empty_store_is_backed_up_and_restored_as_one(store_url: str, other_url: str, tmp_path: Path) -> None:
    with closing(Store(store_url)) as store:
        backup(store, tmp_path / "saved.zip")
    with closing(Store(other_url)) as other:
        assert set(restore(tmp_path / "saved.zip", other).rows.values()) == {0}
        assert is_empty(other)


def test_a_backup_made_while_others_post_is_one_moment_without_half_of_anything(
    store_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    open_books(store_url)
    ended, poster, posted = threading.Event(), Store(store_url), [0]

    def work() -> None:
        while not ended.is_set():
            post(poster, the_chart(), batch(posted[0]))
            posted[0] += 1

    thread = threading.Thread(target=work)
    thread.start()
    before: list[int] = []

    def tell(step: str) -> None:
        # Others get on with at least two batches between any two tables.
        start = posted[0]
        before.append(start)
        while thread.is_alive() and posted[0] < start + 2:
            ended.wait(0.001)

    with closing(Store(store_url)) as store:
        backup(store, tmp_path / "saved.zip", tell)
        ended.set()
        thread.join()
        poster.close()
        assert posted[0] >= 2 * len(schema.metadata.sorted_tables)
    target = tmp_path / "target.db"
    with closing(Store(target)) as restored:
        restore(tmp_path / "saved.zip", restored)
    kept = {row[0] for row in tables_of(f"sqlite:///{target}")["fund_entry"]}
    whole = [number for number in range(posted[0]) if {one.entry_id for one in batch(number)} <= kept]
    assert kept == {one.entry_id for number in whole for one in batch(number)} | {row for row in kept if "OPEN" in row}
    assert len(whole) < posted[0]
    assert set(range(before[0])) <= set(whole)


def test_a_damaged_store_is_not_backed_up_in_silence(sqlite_url: str, tmp_path: Path) -> None:
    fill(sqlite_url)
    with intruder(sqlite_url).begin() as hands:
        drop_triggers(hands)
        hands.execute(text("DELETE FROM audit_chain WHERE year = 2025 AND seq > 5"))
    with closing(Store(sqlite_url)) as store, pytest.raises(StoreError, match="yibao fund verify"):
        backup(store, tmp_path / "saved.zip")


# what is refused


def test_a_store_that_has_records_is_refused_and_stays_as_it_is(store_url: str, saved: Path) -> None:
    open_books(store_url)
    before = tables_of(store_url)
    with closing(Store(store_url)) as store, pytest.raises(StoreError, match="已有记录；恢复只写入空库"):
        restore(saved, store)
    assert tables_of(store_url) == before


NO_BACKUP = "不是账务库的备份"
MANIFESTS: dict[str, tuple[dict[str, Any], str]] = {
    "another revision": ({"revision": "0000"}, "由表结构不同的版本备份；请用那个版本恢复，再运行 yibao store migrate"),
    "a later format": ({"yibao_backup": 2}, "由表结构不同的版本备份"),
    "no revision": ({"revision": None}, NO_BACKUP),
    "no tables": ({"tables": None}, NO_BACKUP),
    "no facts": ({"tables": {table.name: 3 for table in schema.metadata.sorted_tables}}, NO_BACKUP),
    "no head": ({"head": None}, NO_BACKUP),
    "a torn head": ({"head": {"yibao_head": 1}}, "不是完整的链头文件"),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_is_not_ours_is_refused(sqlite_url: str, saved: Path, tmp_path: Path, what: str) -> None:
    facts, message = MANIFESTS[what]
    with closing(Store(sqlite_url)) as store:
        assert message in refused(rewritten(saved, tmp_path / "bad.zip", manifest_with(**facts)), store)


@pytest.mark.parametrize("name", ["fund_line", "audit_head", "fund_account"])
def test_a_member_that_is_missing_or_changed_is_named(store_url: str, saved: Path, tmp_path: Path, name: str) -> None:
    bad = f"里的{name}被改动或损坏，没有恢复任何内容；请用另一份备份"
    changes: list[Change] = [
        lambda member, data: None if member == f"{name}.jsonl" else data,
        lambda member, data: data.replace(b"0", b"1", 1) if member == f"{name}.jsonl" else data,
        lambda member, data: data[:-1] if member == f"{name}.jsonl" else data,
    ]
    with closing(Store(store_url)) as store:
        for change in changes:
            assert bad in refused(rewritten(saved, tmp_path / "bad.zip", change), store)


def test_rows_that_the_manifest_counts_otherwise_are_refused(sqlite_url: str, saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        tables = json.loads(archive.read("manifest.json"))["tables"]
    tables["fund_line"]["rows"] += 1
    with closing(Store(sqlite_url)) as store:
        assert "fund_line被改动" in refused(rewritten(saved, tmp_path / "bad.zip", manifest_with(tables=tables)), store)


def test_a_backup_altered_with_its_digests_does_not_agree_with_its_chain(
    store_url: str, saved: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(saved) as archive:
        tables = json.loads(archive.read("manifest.json"))["tables"]
        data = archive.read("fund_account.jsonl").replace("支出户".encode(), "另一户".encode())
    tables["fund_account"]["sha256"] = hashlib.sha256(data).hexdigest()
    manifest = manifest_with(tables=tables)
    file = rewritten(
        saved, tmp_path / "bad.zip", lambda name, was: data if name == "fund_account.jsonl" else manifest(name, was)
    )
    with closing(Store(store_url)) as store:
        message = refused(file, store)
    assert "内容与记录链不符，没有恢复任何内容" in message
    assert "account 370300-310-1004" in message


def test_a_torn_zip_is_refused_wherever_it_ends(sqlite_url: str, saved: Path, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    torn = tmp_path / "torn.zip"
    with closing(Store(sqlite_url)) as store:
        for length in (0, 10, len(whole) // 3, len(whole) // 2, len(whole) - 30, len(whole) - 1):
            torn.write_bytes(whole[:length])
            with pytest.raises(StoreError, match=r"“torn\.zip”读不出来：不是备份文件，没有传完，或已损坏"):
                restore(torn, store)
        assert is_empty(store)


def test_a_changed_byte_anywhere_is_refused_or_changes_nothing(saved: Path, tmp_path: Path) -> None:
    whole, dice = saved.read_bytes(), random.Random(7)
    right = tables_of(f"sqlite:///{saved.with_name('store.db')}")
    with zipfile.ZipFile(saved) as archive:
        starts = [info.header_offset for info in archive.infolist()]
        listing = archive.start_dir
    places = [*dice.sample(range(len(whole)), 40), *(start + 6 for start in starts[:3])]
    places += [listing + place for place in range(0, 46, 2)]
    target = tmp_path / "0.db"
    came_through = 0
    for place in places:
        bad = bytearray(whole)
        bad[place] ^= dice.randrange(1, 256)
        (tmp_path / "bad.zip").write_bytes(bad)
        with closing(Store(target)) as store:
            try:
                restore(tmp_path / "bad.zip", store)
            except StoreError:
                continue
        came_through += 1
        assert tables_of(f"sqlite:///{target}") == right, place
        target = tmp_path / f"{came_through}.db"
    assert came_through < len(places) / 2
    with closing(Store(target)) as store:
        assert is_empty(store)


def test_an_encrypted_member_is_refused(sqlite_url: str, saved: Path, tmp_path: Path) -> None:
    bad = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as archive:
        for info in archive.infolist():
            bad[info.header_offset + 6] |= 1
        place = archive.start_dir
    while (place := bad.find(b"PK\x01\x02", place)) >= 0:
        bad[place + 8] |= 1
        place += 4
    (tmp_path / "bad.zip").write_bytes(bad)
    with closing(Store(sqlite_url)) as store:
        assert "读不出来" in refused(tmp_path / "bad.zip", store)


def test_a_missing_file_a_folder_and_a_file_of_another_kind_are_refused(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a backup", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "not a backup")
    with closing(Store(sqlite_url)) as store:
        assert "没有备份文件“none.zip”；请核对路径" in refused(tmp_path / "none.zip", store)
        assert "读不出来" in refused(tmp_path, store)
        assert "读不出来" in refused(tmp_path / "notes.txt", store)
        assert NO_BACKUP in refused(tmp_path / "other.zip", store)


# a restore that dies

KILLED = """
import os, signal, sys
from pathlib import Path
from yibao.store import Store, restore

def tell(step):
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

restore(Path(sys.argv[1]), Store(sys.argv[2]), tell)
"""


@pytest.mark.parametrize("step", ["恢复audit_chain", "恢复fund_line", "重算账户余额"])
def test_a_restore_killed_in_the_middle_leaves_an_empty_store_that_takes_the_backup(
    store_url: str, saved: Path, step: str
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(saved), store_url, step], env=environment, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    with closing(Store(store_url)) as store:
        assert is_empty(store)
        restore(saved, store)
        with store.reading() as connection:
            assert verify(connection).findings == []
        answers = post(store, the_chart(), [entry("AFTER", BOOKS[0], "500101", "1004", 5)])
        assert answers[0].outcome is Outcome.POSTED
