"""``yibao store …``: what a store holds, a backup that is whole, a restore into a new place only."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from yibao.cli import app

RUN = CliRunner()


def yibao(*arguments: object, code: int = 0) -> Result:
    done = RUN.invoke(app, [str(one) for one in arguments])
    assert done.exit_code == code, done.output
    return done


def facts(*arguments: object, code: int = 0) -> Any:
    return json.loads(yibao(*arguments, "--json", code=code).stdout)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one open book."""
    place = tmp_path / "y.db"
    yibao("fund", "open", "--admdvs", "370300", "--fund", "390", "--on", "2025-01-01", "--store", place)
    return place


def test_info_counts_records_and_chains(store: Path) -> None:
    found = facts("store", "info", "--store", store)
    assert found["kind"] == "SQLite" and found["closed"] == {"370300-390": 0}
    assert found["rows"]["audit_chain"] == found["rows"]["fund_account"] + found["rows"]["fund_limit"]
    assert "还没有结过账" in yibao("store", "info", "--store", store).stdout


def test_a_restored_store_holds_what_was_backed_up(store: Path, tmp_path: Path) -> None:
    backup, new = tmp_path / "b.zip", tmp_path / "new.db"
    rows = facts("store", "backup", "--out", backup, "--store", store)["rows"]
    assert facts("store", "restore", backup, "--store", new)["rows"] == rows
    assert facts("store", "info", "--store", new)["rows"] == facts("store", "info", "--store", store)["rows"]
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("y.db")) == ["b.zip", "new.db"]


def test_a_store_is_moved_to_postgresql(store: Path, tmp_path: Path, postgres_url: str) -> None:
    backup = tmp_path / "b.zip"
    yibao("store", "backup", "--out", backup, "--store", store)
    yibao("store", "restore", backup, "--store", postgres_url)
    assert facts("fund", "verify", "--store", postgres_url)["sound"]
    assert "已有记录" in yibao("store", "restore", backup, "--store", postgres_url, code=1).stderr


def test_restore_never_writes_over_a_file(store: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.zip"
    yibao("store", "backup", "--out", backup, "--store", store)
    before = store.read_bytes()
    assert "已经存在" in yibao("store", "restore", backup, "--store", store, code=1).stderr
    assert store.read_bytes() == before


@pytest.mark.parametrize("size", [0, 100, -20])
def test_a_torn_backup_leaves_no_store(store: Path, tmp_path: Path, size: int) -> None:
    backup = tmp_path / "b.zip"
    yibao("store", "backup", "--out", backup, "--store", store)
    backup.write_bytes(backup.read_bytes()[:size])
    assert "备份" in yibao("store", "restore", backup, "--store", tmp_path / "new.db", code=1).stderr
    assert not (tmp_path / "new.db").exists()


def test_a_missing_backup_is_told(tmp_path: Path) -> None:
    assert "没有备份文件" in yibao("store", "restore", tmp_path / "no.zip", "--store", tmp_path / "n.db", code=1).stderr


def test_an_old_store_is_refused_until_it_is_migrated(store: Path) -> None:
    with sqlite3.connect(store) as database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    assert "yibao store migrate" in yibao("store", "info", "--store", store, code=1).stderr


def test_migrating_a_store_of_this_version_changes_nothing(store: Path) -> None:
    before = facts("store", "info", "--store", store)
    found = facts("store", "migrate", "--store", store)
    assert found["before"] == found["after"] == before["revision"]
    assert facts("store", "info", "--store", store) == before


def test_what_is_no_store_is_told(tmp_path: Path) -> None:
    junk = tmp_path / "junk.db"
    junk.write_text("this is no database, " * 100, encoding="utf-8")
    assert "不是账务库文件" in yibao("store", "info", "--store", junk, code=1).stderr
    assert "不支持" in yibao("store", "info", "--store", "mysql://a@b/c", code=1).stderr
    assert "无法连接" in yibao("store", "info", "--store", "postgresql://a@127.0.0.1:1/c", code=1).stderr
