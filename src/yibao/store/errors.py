"""What can go wrong with a store, as errors whose Chinese message says what became of the work and what to do."""

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

_RETRY_SQLSTATES = frozenset(("40001", "40P01", "23505"))
_DISK_FULL = "53100"
_GROWING = frozenset(("mdextend", "mdzeroextend", "FileFallocate"))
"""Where PostgreSQL says that a file may not grow (a limit or quota), under no code of its own."""
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
    """Whether the same unit may do better at once: a lost race or a deadlock.

    A violated unique key is a lost race too: another process kept the same id first, and the next attempt sees it.
    """
    origin = error.orig
    if isinstance(origin, sqlite3.IntegrityError):
        return origin.sqlite_errorname in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return sqlstate(error) in _RETRY_SQLSTATES


def _waited_out(error: DBAPIError) -> bool:
    """Whether the wait for others has taken all the time it may (see `database.BUSY_SECONDS`)."""
    name = getattr(error.orig, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or sqlstate(error) == "55P03"


def disk_full(error: DBAPIError) -> bool:
    """Whether the disk, a quota or a file limit left no room."""
    name = getattr(error.orig, "sqlite_errorname", "") or ""
    source = getattr(getattr(error.orig, "diag", None), "source_function", "") or ""
    return name == "SQLITE_FULL" or sqlstate(error) == _DISK_FULL or source in _GROWING


def _broken_text(error: DBAPIError) -> bool:
    """Whether a text cannot be kept (NUL, no encoding) or what is kept cannot be read as text."""
    state = sqlstate(error)
    undecodable = isinstance(error.orig, sqlite3.OperationalError) and not hasattr(error.orig, "sqlite_errorname")
    return state == "22021" or undecodable or (isinstance(error, DataError) and not state)


def lost(error: DBAPIError) -> bool:
    """Whether the connection is gone or never came about. Broken texts have no code either: ask about them first."""
    state = sqlstate(error)
    named = state or getattr(error.orig, "sqlite_errorname", "")
    gone = error.connection_invalidated or state.startswith(_GONE_SQLSTATES)
    return gone or (isinstance(error, OperationalError) and not named)


def explained(error: DBAPIError, where: str, *, committing: bool = False) -> Exception:
    """The store's own error for a driver's one; errors that are faults of the program come back as they are.

    ``committing`` says that the connection broke while the commit was under way.
    """
    name, state = getattr(error.orig, "sqlite_errorname", "") or "", sqlstate(error)
    if disk_full(error):
        return StoreFullError(f"{where}所在磁盘已满，这一批没有写入；腾出空间后原样重发即可")
    if state == "53200":
        return StoreBusyError(
            f"{where}的数据库内存或锁不够用，这一批没有写入；减小批量，或请管理员调大 max_locks_per_transaction"
        )
    if (retryable(error) and not isinstance(error, IntegrityError)) or _waited_out(error):
        return StoreBusyError(f"{where}正被其他程序占用，这一批没有写入；稍后原样重发即可")
    if name.startswith("SQLITE_CANTOPEN"):
        return StoreUnavailableError(f"打不开{where}：所在文件夹不存在、没有权限，或它本身是文件夹；请核对路径")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return StoreUnavailableError(f"{where}不是账务库文件，或已损坏；请用备份恢复（yibao store restore）")
    if name.startswith(("SQLITE_READONLY", "SQLITE_IOERR")):
        return StoreUnavailableError(f"{where}不能写入：只读、没有权限或磁盘出错；这一批没有写入")
    if _broken_text(error):
        return StoreError(f"{where}里有损坏的文字，或要写入的文字含有不能保存的字符；请运行 yibao fund verify 核验")
    if state.startswith("XX"):
        return StoreUnavailableError(f"{where}的数据文件损坏；请停止使用，用备份恢复（yibao store restore）")
    if lost(error):
        if committing:
            return StoreUnavailableError(f"{where}在提交时连接中断，这一批可能已经写入；恢复后原样重发，不会重复")
        reason = next(iter(str(error.orig).strip().splitlines()), "")
        return StoreUnavailableError(
            f"{where}连接中断或无法连接，没有写入；请核对地址、用户和库名，恢复后原样重发即可（{reason}）"
        )
    return error
