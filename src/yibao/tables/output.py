"""Writing so that nothing half-written ever looks finished: a temporary name in the same folder, then a rename."""

import errno
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from xlsxwriter.exceptions import XlsxWriterException

LAST = "summary.json"
"""The file of an output folder that is moved last: where it stands, the rest is whole."""


class OutputError(OSError):
    """Output that could not be written. The message is Chinese and says what became of the old output."""


@contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Gives a temporary path beside ``path``; when the block ends well the file takes its place, else it goes.

    Raises OutputError when the disk is full or the folder cannot be written; the old file is then untouched.
    """
    target = Path(path)
    with _explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent)
        try:
            part = Path(folder) / target.name
            yield part
            part.replace(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def output_folder(out: Path | str, optional: Sequence[str] = ()) -> Iterator[Path]:
    """Gives a temporary folder beside ``out``; when the block ends well its files move into ``out``.

    Files of the same name are replaced, others in ``out`` stay. An old ``summary.json`` goes first and the new one
    comes last, so a run killed at any moment leaves no folder that looks finished but is not. When the block fails
    ``out`` is untouched. Files named in ``optional`` that this run did not write are removed, so that none of an
    earlier run stands beside its results. Raises OutputError when the disk is full or the folder cannot be written.
    """
    target = Path(out)
    with _explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
        try:
            yield part
            _move_in(part, target, optional)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _move_in(part: Path, target: Path, optional: Sequence[str]) -> None:
    target.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        (target / LAST).unlink()
    files = sorted(path.relative_to(part) for path in part.rglob("*") if path.is_file())
    for stale in set(optional) - {str(file) for file in files}:
        (target / stale).unlink(missing_ok=True)
    for name in sorted(files, key=lambda file: file == Path(LAST)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (part / name).replace(target / name)


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turns the ways a disk says no into one OutputError with a Chinese message."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, XlsxWriterException, duckdb.IOException) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise OutputError(f"写不出“{target.name}”：{reason}。原有结果没有改动，处理后重新运行即可。") from error


def _reason(error: BaseException) -> str | None:
    inner = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    code = inner.errno if isinstance(inner, OSError) else None
    if code == errno.ENOSPC or "No space left" in str(error):
        return "磁盘已满"
    if code == errno.EDQUOT:
        return "磁盘配额已用完"
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "没有写入权限，或文件正被其他程序打开"
    if code in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return "目标位置已有同名的文件或文件夹"
    if code in (errno.ENOENT, errno.ENAMETOOLONG, errno.EINVAL):
        return "这个位置不能建立文件或文件夹，请核对路径"
    return None
