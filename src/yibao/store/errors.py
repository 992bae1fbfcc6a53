"""What can go wrong with a store, as errors whose Chinese message says what became of the work and what to do."""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

_RETRY_SQLSTATES = frozenset(("40001", "40P01", "23505"))
_FULL_SQLSTATES = frozenset(("53100", "53200", "58030", "54000"))
_GONE_SQLSTATES = ("08", "57P")


class StoreError(Exception):
    """The base of what a user can mend. Nothing of the unit at work was written unless the message says otherwise."""


class StoreUnavailableError(StoreError):
    """The database is not there, or the connection broke. A commit under way may or may not have been kept."""


class StoreBusyError(StoreError):
    """Others held what this unit needs for too long."""


class StoreFullError(StoreError):
    """The disk is full."""


class StoreVersionError(StoreError):
    """The tables are not of this version."""


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-character code, or an empty text."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def retryable(error: DBAPIError) -> bool:
    """Whether the same unit may do better at once: a lost race, a deadlock, a busy file.

    A violated unique key is a lost race too: another process kept the same id first, and the next attempt sees it.
    """
    origin = error.orig
    if isinstance(origin, sqlite3.OperationalError):
        return origin.sqlite_errorname in ("SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED")
    if isinstance(origin, sqlite3.IntegrityError):
        return origin.sqlite_errorname in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return sqlstate(error) in _RETRY_SQLSTATES


def explained(error: DBAPIError, where: str) -> Exception:
    """The store's own error for a driver's one; errors that are faults of the program come back as they are."""
    origin, state = error.orig, sqlstate(error)
    name = getattr(origin, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL" or state in _FULL_SQLSTATES or "No space left" in str(origin):
        return StoreFullError(f"{where}所在磁盘已满，这一批没有写入；腾出空间后原样重发即可")
    if retryable(error):
        return StoreBusyError(f"{where}正被其他程序占用，这一批没有写入；稍后原样重发即可")
    if name.startswith("SQLITE_CANTOPEN"):
        return StoreUnavailableError(f"打不开{where}：文件夹不存在或没有权限；请核对路径")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return StoreUnavailableError(f"{where}不是账务库文件，或已损坏；请用备份恢复（yibao store restore）")
    if name.startswith(("SQLITE_READONLY", "SQLITE_IOERR")):
        return StoreUnavailableError(f"{where}不能写入：只读、没有权限或磁盘出错；这一批没有写入")
    lost = error.connection_invalidated or state.startswith(_GONE_SQLSTATES)
    if lost or (isinstance(error, OperationalError) and not state and not name):
        return StoreUnavailableError(
            f"{where}连接中断或无法连接。正在提交的一批可能已经写入；恢复后原样重发，已写入的不会重复"
        )
    return error
