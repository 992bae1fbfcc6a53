"""Care of the store: exported heads, verification, backup, restore. Files are whole or not there."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from yibao.flows.fund_setting import FundError
from yibao.store import Anchor, Backup, Store, Verification, backup, export_heads, read_anchor, restore, verify
from yibao.store.errors import StoreError
from yibao.tables import atomic_path

Tell = Callable[[str], None]


class HeadFile(NamedTuple):
    """An exported head and the fingerprint of its file, short enough to write down."""

    anchor: Anchor
    fingerprint: str


def export_head(store: Store, path: Path) -> HeadFile:
    """Writes the dated head of all chains. A store without records has none and raises FundError."""
    with store.reading() as connection:
        anchor = export_heads(connection, store.now(), store.label)
    if not anchor.partitions:
        raise FundError(f"{store.label}还没有记录，没有链头可导出")
    text = anchor.to_json()
    _not_over(path)
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return HeadFile(anchor, fingerprint(text))


def _not_over(path: Path) -> None:
    """Evidence of an earlier day is never written over."""
    if path.exists():
        raise FundError(f"“{path.name}”已经存在，不覆盖以前的链头或备份；请换一个带日期的文件名")


def read_head(path: Path) -> HeadFile:
    """Reads an exported head. Raises StoreError for a file that is missing, torn or another."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise StoreError(f"没有链头文件“{path.name}”；请核对路径") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"“{path.name}”读不出来，或不是链头文件；请用 yibao fund head 导出的原件") from error
    return HeadFile(read_anchor(text, path.name), fingerprint(text))


def fingerprint(text: str) -> str:
    """Twenty hexadecimal digits of the SHA-256 of a head's text, in groups of four."""
    digits = hashlib.sha256(text.encode()).hexdigest()[:20]
    return "-".join(digits[place : place + 4] for place in range(0, 20, 4))


def check(store: Store, head: HeadFile | None, tell: Tell) -> Verification:
    """Verifies every chain and balance of one reading, against an exported head where given."""
    with store.reading() as connection:
        return verify(connection, head.anchor if head else None, tell)


def back_up(store: Store, path: Path, tell: Tell) -> Backup:
    """Writes the whole store to one file, which is there only when it is whole."""
    _not_over(path)
    with atomic_path(path) as part:
        return backup(store, part, tell)


def restore_to(path: Path, where: str, tell: Tell) -> Backup:
    """Restores a backup into a store that is not there yet: a new file, made only when all is sound, or an empty
    database. Raises StoreError when it holds records already, or the backup is not whole."""
    if "://" in where:
        store = Store(where)
        try:
            return restore(path, store, tell)
        finally:
            store.close()
    target = Path(where)
    if target.exists():
        raise StoreError(f"“{target.name}”已经存在；恢复只写入新的账务库，请换一个文件名")
    with atomic_path(target) as part:
        store = Store(part)
        try:
            done = restore(path, store, tell)
        finally:
            store.close()
    return done
