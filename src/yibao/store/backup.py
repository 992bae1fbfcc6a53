"""Backup and restore: one file that either database can be restored from, whole or not at all.

The file is a zip of one JSON-lines member a table and a manifest with counts, digests and the heads of the chains. It
is read in one consistent reading while others go on posting. A store can so be moved between SQLite and PostgreSQL.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary, Table, func, select

from yibao.store import schema
from yibao.store.database import insert_rows
from yibao.store.errors import StoreError
from yibao.store.heads import export_heads, read_anchor
from yibao.store.store import Store
from yibao.store.verify import verify

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 5_000
Tell = Callable[[str], None]


class Backup(NamedTuple):
    """What a backup holds: when it was made, rows by table."""

    made_at: str
    rows: dict[str, int]


def backup(store: Store, path: Path, tell: Tell = lambda _step: None) -> Backup:
    """Writes the whole store to a new file. The caller gives the file its final name when this returns."""
    made_at = store.now()
    tables: dict[str, dict[str, Any]] = {}
    with store.reading() as connection, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for table in schema.metadata.sorted_tables:
            tell(f"备份{table.name}")
            tables[table.name] = _write(connection, archive, table)
        head = export_heads(connection, made_at, store.label)
        manifest = {
            "yibao_backup": FORMAT, "made_at": made_at, "revision": schema.REVISION, "tables": tables,
            "head": json.loads(head.to_json()),
        }  # fmt: skip
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return Backup(made_at, {name: one["rows"] for name, one in tables.items()})


def _write(connection: Connection, archive: zipfile.ZipFile, table: Table) -> dict[str, Any]:
    sha, count = hashlib.sha256(), 0
    whole = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_CHUNK)
    rows = connection.execute(whole)
    with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as member:
        for chunk in rows.partitions(_CHUNK):
            lines = [json.dumps([_out(cell) for cell in row], ensure_ascii=False) for row in chunk]
            data = ("\n".join(lines) + "\n").encode()
            sha.update(data)
            member.write(data)
            count += len(lines)
    return {"rows": count, "sha256": sha.hexdigest()}


def _out(cell: Any) -> Any:
    return bytes(cell).hex() if isinstance(cell, bytes | memoryview) else cell


def restore(path: Path, store: Store, tell: Tell = lambda _step: None) -> Backup:
    """Fills an empty store from a backup in one transaction, verifies every chain, and only then commits.

    Raises StoreError when the store holds records, the file is torn or altered, or the verification finds anything.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, path.name)
            _check_members(archive, manifest, path.name, tell)
            store.transact(lambda unit: _fill(unit.connection, archive, manifest, path.name, tell))
    except (zipfile.BadZipFile, FileNotFoundError, EOFError) as error:
        reason = "不存在" if isinstance(error, FileNotFoundError) else "不是备份文件，或没有传完"
        raise StoreError(f"“{path.name}”{reason}；请用 yibao store backup 写出的原件") from error
    return Backup(manifest["made_at"], {name: one["rows"] for name, one in manifest["tables"].items()})


def _manifest(archive: zipfile.ZipFile, file: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        known = manifest["yibao_backup"] == FORMAT and set(manifest["tables"]) == set(schema.metadata.tables)
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(f"“{file}”不是账务库的备份") from error
    if manifest["revision"] != schema.REVISION or not known:
        raise StoreError(f"“{file}”由表结构不同的版本备份；请用那个版本恢复，再运行 yibao store migrate")
    return manifest


def _check_members(archive: zipfile.ZipFile, manifest: dict[str, Any], file: str, tell: Tell) -> None:
    for name, facts in manifest["tables"].items():
        tell(f"核对{name}")
        sha = hashlib.sha256()
        with archive.open(f"{name}.jsonl") as member:
            while block := member.read(1 << 20):
                sha.update(block)
        if sha.hexdigest() != facts["sha256"]:
            raise StoreError(f"备份“{file}”里的{name}被改动或损坏，没有恢复任何内容；请用另一份备份")


def _fill(connection: Connection, archive: zipfile.ZipFile, manifest: dict[str, Any], file: str, tell: Tell) -> None:
    for table in schema.metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise StoreError("要恢复到的账务库已有记录；恢复只写入空库，请换一个新的文件名或数据库")
    for table in schema.metadata.sorted_tables:
        tell(f"恢复{table.name}")
        for rows in _read(archive, table):
            insert_rows(connection, table, rows)
    anchor = read_anchor(json.dumps(manifest["head"]), file)
    result = verify(connection, anchor, tell)
    if not result.sound:
        raise StoreError(f"备份“{file}”的内容与记录链不符，没有恢复任何内容：{result.findings[0].message}")


def _read(archive: zipfile.ZipFile, table: Table) -> Iterator[list[tuple[Any, ...]]]:
    binary = [isinstance(column.type, LargeBinary) for column in table.columns]
    chunk: list[tuple[Any, ...]] = []
    with archive.open(f"{table.name}.jsonl") as member:
        for line in io.TextIOWrapper(member, encoding="utf-8", newline="\n"):
            cells = json.loads(line)
            chunk.append(tuple(bytes.fromhex(c) if b else c for c, b in zip(cells, binary, strict=True)))
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk
