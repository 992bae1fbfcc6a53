"""Writes tables as parquet, csv and xlsx."""

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import xlsxwriter

from yibao.engine import Engine
from yibao.tables.output import atomic_path

EXCEL_ROWS = 1_048_576
ROW_GROUP = 122_880
"""Rows of a group of a parquet file: so many are read by one core while others read the next."""
_WIDEST = 60


class Sheet(NamedTuple):
    """A sheet to write: its name, header, and rows of str, int, Decimal, float, date, bool or None.

    Text stays text: a code never loses its leading zero.
    """

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]


def write_parquet(engine: Engine, query: str, path: Path | str) -> None:
    """Writes the result of ``query`` (a SELECT or a table's name) as parquet. Raises OutputError."""
    with atomic_path(path) as part:
        quoted = str(part).replace("'", "''")
        engine.con.execute(f"COPY ({_select(query)}) TO '{quoted}' (FORMAT parquet)")


@contextmanager
def parquet_stream(path: Path | str, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """Gives a function that appends a table to the parquet file ``path``, so that a long one is never held whole.
    Raises OutputError.
    """
    # A dictionary of amounts is as long as the column: only texts get one.
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with (
        atomic_path(path) as part,
        pq.ParquetWriter(part, schema, use_dictionary=texts, store_decimal_as_integer=True) as writer,
    ):
        yield partial(writer.write_table, row_group_size=ROW_GROUP)


def write_csv(engine: Engine, query: str, path: Path | str) -> None:
    """Writes the result of ``query`` as csv in UTF-8 with a mark, by which Excel shows Chinese. Raises OutputError."""
    with atomic_path(path) as part, part.open("wb") as stream:
        stream.write(codecs.BOM_UTF8)
        reader = engine.con.sql(_select(query)).to_arrow_reader()
        with pacsv.CSVWriter(stream, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def write_xlsx(path: Path | str, sheets: Iterable[Sheet]) -> None:
    """Writes a workbook, row by row. A sheet longer than Excel holds goes on as ``name_2``, …. Raises OutputError."""
    with atomic_path(path) as part:
        book = xlsxwriter.Workbook(part, {"constant_memory": True, "strings_to_formulas": False})
        try:
            formats = _formats(book)
            for sheet in sheets:
                _write_sheet(book, formats, sheet)
        except BaseException:
            book.fileclosed = True
            raise
        book.close()


def query_sheet(engine: Engine, query: str, name: str, header: Sequence[str] | None = None) -> Sheet:
    """A Sheet with the result of ``query``; ``header`` replaces the column names."""
    table = engine.fetch(_select(query))
    rows = chain.from_iterable(zip(*(column.to_pylist() for column in batch.columns), strict=True)
                               for batch in table.to_batches(max_chunksize=10_000))  # fmt: skip
    return Sheet(name, header or table.column_names, rows)


def _select(query: str) -> str:
    return query if " " in query.strip() else f'SELECT * FROM "{query.strip()}"'


def _formats(book: xlsxwriter.Workbook) -> dict[str, Any]:
    return {
        "head": book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1, "num_format": "@"}),
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
        "int": book.add_format({"num_format": "0"}),
    }


def _write_sheet(book: xlsxwriter.Workbook, formats: dict[str, Any], sheet: Sheet) -> None:
    rows, part = iter(sheet.rows), 1
    while True:
        chunk = islice(rows, EXCEL_ROWS - 1)
        first = next(chunk, None)
        if first is None and part > 1:
            return
        page = book.add_worksheet(sheet.name if part == 1 else f"{sheet.name}_{part}")
        page.freeze_panes(1, 0)
        for column, text in enumerate(sheet.header):
            page.set_column(column, column, min(_WIDEST, max(12, 2 * len(text) + 2)))
            page.write_string(0, column, text, formats["head"])
        written = 0
        for number, row in enumerate(chain([] if first is None else [first], chunk), start=1):
            for column, value in enumerate(row):
                _write_cell(page, formats, number, column, value)
            written = number
        if written < EXCEL_ROWS - 1:
            return
        part += 1


def _write_cell(page: Any, formats: dict[str, Any], row: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, str):
        page.write_string(row, column, value, formats["text"])
    elif isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, int):
        page.write_number(row, column, value, formats["int"])
    elif isinstance(value, Decimal):
        page.write_number(row, column, value, formats["money"])
    elif isinstance(value, datetime | date):
        page.write_datetime(row, column, value, formats["date"])
    else:
        page.write_number(row, column, value)
