"""Excel workbooks, through calamine."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from yibao.tables.faults import FileFaultError
from yibao.tables.source import (
    Request,
    Source,
    find_header,
    plain,
    row_batches,
    settle_columns,
    text_source,
    write_text_parquet,
)

SKIPPED_SHEETS = ("填表说明", "代码表", "说明")
_HEAD_ROWS = 30
_ENCRYPTED_START = b"\xd0\xcf\x11\xe0"


def cell_text(value: object) -> str | None:
    """A cell as its user sees it: at most 15 significant digits, whole numbers without a point, ISO dates."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def xlsx_sources(path: Path, label: str, request: Request, sheets: Sequence[str] | None = None) -> list[Source]:
    """The sheets that carry the table, each as one source of text columns.

    Sheets named 填表说明, 代码表 or 说明 are skipped, as are title rows above a header. Sheets without a known header
    are passed over while another sheet has one. Raises FileFaultError.
    """
    if path.stat().st_size == 0:
        raise FileFaultError("empty_file", label)
    book = open_book(path, label)
    names = [name for name in book.sheet_names if name.strip() not in SKIPPED_SHEETS]
    if sheets is not None:
        names = [name for name in names if plain(name) in sheets]
    found = [(name, sheet, *_header(sheet, request)) for name in names if (sheet := _sheet(book, name, label))]
    tables = [item for item in found if item[2] >= 0]
    if not tables:
        if all(not sheet.total_height for _name, sheet, _index, _cells in found):
            raise FileFaultError("empty_file", label)
        settle_columns(label, [], {}, request)
    several = len(tables) > 1
    return [
        _rewrite(sheet, f"{label}[{name}]" if several else label, index, cells, request)
        for name, sheet, index, cells in tables
    ]


def open_book(path: Path, label: str) -> CalamineWorkbook:
    """The workbook. Raises FileFaultError."""
    try:
        return CalamineWorkbook.from_path(path)
    except PasswordError as error:
        raise FileFaultError("encrypted_file", label) from error
    except (CalamineError, OSError, ValueError) as error:
        with path.open("rb") as stream:
            locked = path.suffix.lower() == ".xlsx" and stream.read(4) == _ENCRYPTED_START
        raise FileFaultError("encrypted_file" if locked else "unreadable_file", label) from error


def _sheet(book: CalamineWorkbook, name: str, label: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError) as error:
        raise FileFaultError("unreadable_file", f"{label}[{name}]") from error


def _header(sheet: CalamineSheet, request: Request) -> tuple[int, list[object]]:
    head: list[list[object]] = [list(row) for row in islice(sheet.iter_rows(), _HEAD_ROWS)]
    index, _fields = find_header(head, request)
    return (index, head[index]) if index >= 0 else (index, [])


def _rewrite(sheet: CalamineSheet, label: str, index: int, header: list[object], request: Request) -> Source:
    _index, found = find_header([header], request)
    fields = settle_columns(label, header, found, request, index + 1)
    target = request.work / f"{len(list(request.work.iterdir()))}.parquet"
    positions = sorted(fields)
    rows: Iterator[tuple[int, Sequence[object]]] = islice(enumerate(sheet.iter_rows(), start=1), index + 1, None)
    write_text_parquet(target, [fields[i].name for i in positions], row_batches(rows, positions, cell_text))
    return text_source(label, target, fields, header)
