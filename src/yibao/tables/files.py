"""Which files hold a table: files named by the user, and folders searched by the table's name."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from yibao.tables.csvfile import csv_sources
from yibao.tables.faults import FileFaultError
from yibao.tables.parquetfile import parquet_sources
from yibao.tables.source import Request, Source
from yibao.tables.xlsxfile import xlsx_sources

_TEXT = (".csv", ".txt", ".tsv")
_BOOK = (".xlsx", ".xlsm", ".xls")
SUFFIXES = (*_TEXT, *_BOOK, ".parquet")


def table_files(folder: Path, table: str) -> list[Path]:
    """The files of a folder that hold ``table``: ``cases.csv``, ``cases_1.xlsx``, ``cases-2025.parquet``, in order
    of name. Excel's lock files are not among them."""
    named = re.compile(re.escape(table) + r"([-_. （(].*)?", re.IGNORECASE)
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.suffix.lower() in SUFFIXES and named.fullmatch(path.stem)
    )


def expand(paths: Sequence[Path | str], table: str) -> tuple[list[Path], list[FileFaultError]]:
    """The files behind ``paths``, each once, and the paths that lead nowhere."""
    found: dict[Path, Path] = {}
    faults: list[FileFaultError] = []
    for path in map(Path, paths):
        if path.is_dir():
            files = table_files(path, table)
            if not files:
                faults.append(FileFaultError("no_table_file", path.name or str(path), table))
        elif path.exists():
            files = [path]
        else:
            files = []
            faults.append(FileFaultError("file_missing", str(path)))
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values()), faults


def labels(files: Sequence[Path]) -> list[str]:
    """A short name for each file, with as many of its folders as tell it from the others."""

    def label(path: Path) -> str:
        tails = (("/".join(path.parts[-n:]), n) for n in range(1, len(path.parts) + 1))
        shared = (tail for tail, n in tails if sum("/".join(other.parts[-n:]) == tail for other in files) == 1)
        return next(shared, str(path))

    return [label(path) for path in files]


def open_file(
    path: Path, label: str, request: Request, con: duckdb.DuckDBPyConnection, sheets: Sequence[str] | None = None
) -> list[Source]:
    """The sources of one file, by its suffix. Raises FileFaultError."""
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            return parquet_sources(path, label, request, con)
        if suffix in _BOOK:
            return xlsx_sources(path, label, request, sheets)
        if suffix in _TEXT:
            return csv_sources(path, label, request)
    except PermissionError as error:
        raise FileFaultError("unreadable_file", label) from error
    raise FileFaultError("unsupported_format", label)
