"""Where rows come from: every input, whatever its format, becomes a parquet file that DuckDB scans.

A parquet file is scanned where it lies, only the columns that the schema knows. A csv file or a sheet is rewritten as
text columns into the session's spill folder first, a batch at a time, so that one path checks all formats and memory
stays flat.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from yibao.kernel import Finding, Place
from yibao.standard import Field, TableSchema
from yibao.tables.faults import FileFaultError, finding

ROW = "src_row"
READ_ERRORS = (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException)
"""What a scan of a damaged parquet file raises."""

_BATCH = 50_000


class Column(NamedTuple):
    """A column of a source: the schema's field, the column's name in the parquet file, its DuckDB type."""

    field: Field
    name: str
    sql_type: str = "VARCHAR"


class Source(NamedTuple):
    """Rows of one file or sheet. ``row`` is the SQL of the Excel row number; ``blank_rows`` may hold blank rows."""

    label: str
    path: str
    columns: tuple[Column, ...]
    row: str
    blank_rows: bool
    ignored: tuple[str, ...] = ()
    picked: str = ""
    """Where the parquet file holds rows of several inputs (column ``src_file``): the input meant."""

    @property
    def scan(self) -> str:
        """The SQL of the scan; file names are quoted as SQL text."""
        quoted = self.path.replace("'", "''")
        if self.picked:
            picked = self.picked.replace("'", "''")
            return f"(SELECT * EXCLUDE (src_file) FROM read_parquet('{quoted}') WHERE src_file = '{picked}')"
        numbered = ", file_row_number = true" if self.row != ROW else ""
        return f"read_parquet('{quoted}'{numbered})"

    def column(self, name: str) -> Column | None:
        """The column of a field, or None when the source lacks it."""
        return next((column for column in self.columns if column.field.name == name), None)


class Request(NamedTuple):
    """What to read: the table, the columns it cannot do without, and a folder for files in between.

    Where ``headers`` are given (a header to a field's name) they alone say which column is which.
    """

    schema: TableSchema
    required: tuple[str, ...]
    work: Path
    note: Callable[[Finding], None]
    headers: Mapping[str, str] | None = None


def plain(header: object) -> str:
    """A header cell reduced to what names it: no blanks, required mark, unit in brackets, or case."""
    text = "".join(str(header if header is not None else "").split()).strip("\ufeff*＊").lower()
    for left, right in (("(", ")"), ("（", "）")):
        if text.endswith(right) and left in text[1:]:
            text = text[: text.rindex(left)]
    return text.strip("*＊")


def match_header(
    header: Sequence[object], schema: TableSchema, headers: Mapping[str, str] | None = None
) -> dict[int, Field]:
    """Which position holds which field: by national name, then Chinese label, then alias; a field named exactly
    keeps its column even where another field has the same alias. Two columns of one field: both are returned.
    ``headers`` (a header to a field's name) replaces all of these."""
    if headers is not None:
        mapped = {plain(cell): schema.field(name) for cell, name in headers.items() if name in schema.columns}
        return {i: mapped[plain(cell)] for i, cell in enumerate(header) if plain(cell) in mapped}
    named = [(field.name, field) for field in schema.fields]
    named += [(field.label, field) for field in schema.fields]
    named += [(alias, field) for field in schema.fields for alias in field.aliases]
    ranks: dict[str, Field] = {}
    for name, field in named:
        ranks.setdefault(plain(name), field)
    return {i: ranks[plain(cell)] for i, cell in enumerate(header) if plain(cell) in ranks}


def find_header(rows: Iterable[Sequence[object]], request: Request) -> tuple[int, dict[int, Field]]:
    """The index of the header among the first rows, and its fields.

    It is the first row that holds every required column; failing that, or where none is required, the row with the most
    known columns, so that the finding can name what is missing. The index is -1 when no row holds two known columns.
    """
    best: tuple[int, dict[int, Field]] = (-1, {})
    for i, row in enumerate(rows):
        fields = match_header(row, request.schema, request.headers)
        names = {field.name for field in fields.values()}
        if request.required and names.issuperset(request.required):
            return i, fields
        if len(names) > max(1, len(best[1])):
            best = (i, fields)
    return best


def settle_columns(
    label: str, header: Sequence[object], fields: dict[int, Field], request: Request, header_row: int | None = 1
) -> dict[int, Field]:
    """One position a field; notes duplicates. Raises FileFaultError when a required column is missing."""
    kept: dict[int, Field] = {}
    for i, field in sorted(fields.items()):
        if field in kept.values():
            place = Place(label, header_row, str(header[i]))
            request.note(finding("duplicate_column", place, field=field))
        else:
            kept[i] = field
    names = {field.name for field in kept.values()}
    missing = [name for name in request.required if name not in names]
    if missing:
        detail = "、".join(f"{name}（{request.schema.field(name).label}）" for name in missing)
        raise FileFaultError("missing_column", label, detail, header_row)
    return kept


def write_text_parquet(path: Path, names: Sequence[str], batches: Iterable[tuple[pa.Array, list[pa.Array]]]) -> None:
    """Writes batches of (row numbers, text columns) to a parquet file of text columns named ``names``."""
    schema = pa.schema([(ROW, pa.int64()), *((name, pa.string()) for name in names)])
    with pq.ParquetWriter(path, schema, compression="lz4") as writer:
        for rows, columns in batches:
            writer.write_batch(pa.RecordBatch.from_arrays([rows, *columns], schema=schema))


def text_source(label: str, path: Path, fields: dict[int, Field], header: Sequence[object]) -> Source:
    """The Source of a rewritten file: physical columns carry the field names."""
    columns = tuple(Column(field, field.name) for _i, field in sorted(fields.items()))
    ignored = tuple(str(cell) for i, cell in enumerate(header) if i not in fields and plain(cell))
    return Source(label, str(path), columns, ROW, True, ignored)


def row_batches(
    rows: Iterable[tuple[int, Sequence[object]]], positions: Sequence[int], cell: Callable[[object], str | None]
) -> Iterator[tuple[pa.Array, list[pa.Array]]]:
    """Groups (row number, cells) into batches of text columns."""
    numbers: list[int] = []
    columns: list[list[str | None]] = [[] for _ in positions]
    for number, cells in rows:
        numbers.append(number)
        for column, position in zip(columns, positions, strict=True):
            column.append(cell(cells[position]) if position < len(cells) else None)
        if len(numbers) == _BATCH:
            yield pa.array(numbers, pa.int64()), [pa.array(column, pa.string()) for column in columns]
            numbers, columns = [], [[] for _ in positions]
    if numbers:
        yield pa.array(numbers, pa.int64()), [pa.array(column, pa.string()) for column in columns]
