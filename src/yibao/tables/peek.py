"""The head of a file: its columns and some of its rows as text, for a guess at what the columns are."""

import csv
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from yibao.engine import Engine
from yibao.tables.csvfile import DELIMITERS, detect_encoding
from yibao.tables.faults import FileFaultError
from yibao.tables.files import SUFFIXES
from yibao.tables.source import plain
from yibao.tables.xlsxfile import SKIPPED_SHEETS, cell_text, open_book

_HEAD_ROWS, _LONGEST = 30, 1 << 20
_TEXT = (".csv", ".txt", ".tsv")


class Peeked(NamedTuple):
    """The columns of a file and the cells below them, a list a column; blank cells are ''."""

    label: str
    header: list[str]
    samples: list[list[str]]


def data_files(path: Path | str) -> list[Path]:
    """The file itself, or every data file of a folder in order of name; Excel's lock files are not among them."""
    place = Path(path)
    if not place.is_dir():
        return [place]
    return sorted(
        one
        for one in place.iterdir()
        if one.is_file() and one.suffix.lower() in SUFFIXES and not one.name.startswith(("~$", "."))
    )


def peek(engine: Engine, path: Path | str, known: Sequence[str], rows: int = 200) -> Peeked:
    """The header and the first ``rows`` rows of a file. The header is the row, among the first thirty, that holds most
    of the ``known`` names (two at least), else the first row with two cells or more. Raises FileFaultError.
    """
    place = Path(path)
    label, suffix = place.name, place.suffix.lower()
    if not place.exists():
        raise FileFaultError("file_missing", str(path))
    if suffix not in SUFFIXES:
        raise FileFaultError("unsupported_format", label)
    try:
        if place.stat().st_size == 0:
            raise FileFaultError("empty_file", label)
        if suffix == ".parquet":
            return _parquet(place, label, rows)
        grids = [_csv(place, label, rows)] if suffix in _TEXT else _sheets(place, label, rows)
    except PermissionError as error:
        raise FileFaultError("unreadable_file", label) from error
    names = {plain(name) for name in known}
    best = max((_found(label, grid, names) for grid in grids), key=lambda one: one[0], default=None)
    if best is None or not best[1].header:
        raise FileFaultError("empty_file", label)
    return best[1]


def _found(label: str, grid: list[list[str]], names: set[str]) -> tuple[int, Peeked]:
    """How many known names the header of a grid holds, and the grid below it."""
    known = [sum(plain(cell) in names for cell in row) for row in grid[:_HEAD_ROWS]]
    most = max(known, default=0)
    filled = (at for at, row in enumerate(grid) if sum(bool(cell) for cell in row) > 1)
    at = known.index(most) if most > 1 else next(filled, None)
    if at is None:
        return 0, Peeked(label, [], [])
    header = grid[at]
    below = [row for row in grid[at + 1 :] if any(row)]
    samples = [[row[i] if i < len(row) else "" for row in below] for i in range(len(header))]
    return 1 + most, Peeked(label, header, samples)


def _csv(path: Path, label: str, rows: int) -> list[list[str]]:
    codec = detect_encoding(path, label)
    with path.open(encoding="utf-8-sig" if codec == "utf-8" else codec, newline="") as stream:
        lines = list(islice(iter(lambda: stream.readline(_LONGEST), ""), rows + _HEAD_ROWS))
    head = lines[:_HEAD_ROWS]
    delimiter = max(DELIMITERS, key=lambda mark: max((line.count(mark) for line in head), default=0))
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]


def _sheets(path: Path, label: str, rows: int) -> list[list[list[str]]]:
    book = open_book(path, label)
    names = [name for name in book.sheet_names if name.strip() not in SKIPPED_SHEETS]
    return [
        [[(cell_text(cell) or "").strip() for cell in row] for row in islice(sheet.iter_rows(), rows + _HEAD_ROWS)]
        for name in names
        if (sheet := book.get_sheet_by_name(name)).total_height
    ]


def _parquet(path: Path, label: str, rows: int) -> Peeked:
    try:
        file = pq.ParquetFile(path)
        batch = next(file.iter_batches(batch_size=rows), None)
    except (pa.ArrowException, OSError) as error:
        raise FileFaultError("unreadable_file", label) from error
    header = list(file.schema_arrow.names)
    if batch is None:
        return Peeked(label, header, [[] for _ in header])
    columns = [[cell_text(value) or "" for value in column.to_pylist()] for column in batch.columns]
    return Peeked(label, header, columns)
