"""Backup and restore: one file that either database can be restored from, whole or not at all.

The file is a zip of one JSON-lines member a table and a manifest with counts, digests and the heads of the chains. It
is read in one consistent reading while others go on posting. A store can so be moved between SQLite and PostgreSQL.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, LargeBinary, Table, func, select

from yibao.store import schema
from yibao.store.database import insert_rows
from yibao.store.errors import StoreError
from yibao.store.heads import Anchor, export_heads, read_anchor
from yibao.store.store import Store
from yibao.store.verify import verify

FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 5_000
_ENCRYPTED = 1
"""The bit that marks a member of a zip as encrypted; we write none."""
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
            data = b"".join([orjson.dumps(tuple(row), default=_hex, option=orjson.OPT_APPEND_NEWLINE) for row in chunk])
            sha.update(data)
            member.write(data)
            count += len(chunk)
    return {"rows": count, "sha256": sha.hexdigest()}


def _hex(cell: bytes | memoryview) -> str:
    return bytes(cell).hex()


def restore(path: Path, store: Store, tell: Tell = lambda _step: None) -> Backup:
    """Fills an empty store from a backup in one transaction, verifies every chain, and only then commits.

    Raises StoreError when the store holds records, the file is torn or altered, or the verification finds anything.
    """
    file = path.name
    with _damage_named(file), zipfile.ZipFile(path) as archive:
        if any(info.flag_bits & _ENCRYPTED for info in archive.infolist()):
            raise zipfile.BadZipFile("encrypted")
        manifest = _manifest(archive, file)
        for name, facts in manifest.tables.items():
            tell(f"核对{name}")
            if _facts(archive, name) != facts:
                raise StoreError(f"备份“{file}”里的{name}被改动或损坏，没有恢复任何内容；请用另一份备份")
        store.transact(lambda unit: _fill(unit.connection, archive, manifest, file, tell))
    return Backup(manifest.made_at, {name: facts["rows"] for name, facts in manifest.tables.items()})


@contextmanager
def _damage_named(file: str) -> Iterator[None]:
    """Whatever a torn or altered zip makes the reading of it raise, as one StoreError."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"没有备份文件“{file}”；请核对路径") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        text = f"“{file}”读不出来：不是备份文件，没有传完，或已损坏；没有恢复任何内容"
        raise StoreError(f"{text}；请用 yibao store backup 写出的原件") from error


class _Manifest(NamedTuple):
    made_at: str
    tables: dict[str, dict[str, Any]]
    head: Anchor


def _manifest(archive: zipfile.ZipFile, file: str) -> _Manifest:
    try:
        whole: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if (whole["yibao_backup"], whole["revision"]) != (FORMAT, schema.REVISION):
            raise StoreError(f"“{file}”由表结构不同的版本备份；请用那个版本恢复，再运行 yibao store migrate")
        tables = {table.name: dict(whole["tables"][table.name]) for table in schema.metadata.sorted_tables}
        return _Manifest(str(whole["made_at"]), tables, read_anchor(json.dumps(whole["head"]), file))
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(f"“{file}”不是账务库的备份；请用 yibao store backup 写出的原件") from error


def _facts(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Rows and digest of a member, as the manifest states them; nothing where there is no such member."""
    member = f"{name}.jsonl"
    if member not in archive.namelist():
        return {}
    sha, count = hashlib.sha256(), 0
    with archive.open(member) as lines:
        while block := lines.read(1 << 20):
            sha.update(block)
            count += block.count(b"\n")
    return {"rows": count, "sha256": sha.hexdigest()}


def _fill(connection: Connection, archive: zipfile.ZipFile, manifest: _Manifest, file: str, tell: Tell) -> None:
    for table in schema.metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar():
            raise StoreError("要恢复到的账务库已有记录；恢复只写入空库，请换一个新的文件名或数据库")
    for table in schema.metadata.sorted_tables:
        tell(f"恢复{table.name}")
        for rows in _read(archive, table):
            insert_rows(connection, table, rows)
    result = verify(connection, manifest.head, tell)
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
