"""CSV files: UTF-8 with or without a mark, UTF-16 with a mark, or GB18030; comma, semicolon or tab."""

import codecs
import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from yibao.kernel import Place
from yibao.standard import Field
from yibao.tables.faults import FileFaultError, finding
from yibao.tables.source import Request, Source, find_header, settle_columns, text_source, write_text_parquet

_CHUNK = 1 << 22
_HEAD_LINES = 30
_SHOWN = 80
DELIMITERS = ",\t;"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def detect_encoding(path: Path, label: str) -> str:
    """The codec that decodes the whole file strictly: by its mark, else UTF-8, else GB18030 (which holds 䶮, as
    GBK does not). Raises FileFaultError when none does."""
    with path.open("rb") as stream:
        start = stream.read(4)
    marked = next((codec for mark, codec in _MARKS if start.startswith(mark)), None)
    for codec in (marked,) if marked else ("utf-8", "gb18030"):
        if _decodes(path, codec):
            return codec
    raise FileFaultError("unknown_encoding", label)


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(_CHUNK):
                if "\x00" in decoder.decode(chunk):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


class _Layout(NamedTuple):
    """How the file is written: codec, delimiter, header cells, lines above the first row, that row's Excel number."""

    codec: str
    delimiter: str
    header: list[str]
    skip: int
    first_row: int
    fields: dict[int, Field]


def _layout(path: Path, label: str, request: Request) -> _Layout:
    codec = detect_encoding(path, label)
    with path.open(encoding="utf-8-sig" if codec == "utf-8" else codec, newline="") as stream:
        lines = list(islice(stream, _HEAD_LINES))
    delimiter = max(DELIMITERS, key=lambda mark: max((line.count(mark) for line in lines), default=0))
    reader = csv.reader(lines, delimiter=delimiter)
    heads = [(record, reader.line_num) for record in reader]
    index, fields = find_header([record for record, _line in heads], request)
    if not any(cell.strip() for record, _line in heads for cell in record):
        raise FileFaultError("empty_file", label)
    header, skip = heads[max(index, 0)]
    kept = settle_columns(label, header, fields, request, max(index, 0) + 1)
    return _Layout(codec, delimiter, header, skip, index + 2, kept)


def csv_sources(path: Path, label: str, request: Request) -> list[Source]:
    """The file as one source of text columns. A row with too many or too few cells is a finding and left out.

    Raises FileFaultError.
    """
    if path.stat().st_size == 0:
        raise FileFaultError("empty_file", label)
    layout = _layout(path, label, request)
    target = request.work / f"{len(list(request.work.iterdir()))}.parquet"
    names = [field.name for _position, field in sorted(layout.fields.items())]
    try:
        write_text_parquet(target, names, _batches(path, label, layout, request))
    except pa.ArrowException as error:
        raise FileFaultError("unreadable_file", label) from error
    return [text_source(label, target, layout.fields, layout.header)]


def _batches(path: Path, label: str, layout: _Layout, request: Request) -> Iterator[tuple[pa.Array, list[pa.Array]]]:
    """Batches of the wanted columns with their row numbers; rows left out still count."""
    left_out: list[int] = []

    def on_ragged(row: pacsv.InvalidRow) -> str:
        number = layout.first_row + int(row.number) - 1 - layout.skip
        left_out.append(number)
        if row.text.strip(layout.delimiter + " \r\n"):
            request.note(finding("ragged_row", Place(label, number, "", row.text[:_SHOWN])))
        return "skip"

    reader = _open(path, layout, on_ragged)
    number = layout.first_row
    for batch in reader or ():
        numbers = np.arange(number, number + batch.num_rows + len(left_out), dtype=np.int64)
        kept = numbers[~np.isin(numbers, left_out)][: batch.num_rows]
        number = int(kept[-1]) + 1 if len(kept) else number
        yield pa.array(kept), list(batch.columns)


def _open(path: Path, layout: _Layout, on_ragged: Callable[[pacsv.InvalidRow], str]) -> pacsv.CSVStreamingReader | None:
    """A stream of batches of text; None when nothing stands below the header."""
    columns = [f"c{i}" for i in range(len(layout.header))]
    reading = pacsv.ReadOptions(
        use_threads=False, block_size=_CHUNK, skip_rows=layout.skip, column_names=columns, encoding=layout.codec
    )
    parsing = pacsv.ParseOptions(
        delimiter=layout.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=on_ragged
    )
    converting = pacsv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        include_columns=[columns[i] for i in sorted(layout.fields)],
        strings_can_be_null=False,
    )
    try:
        return pacsv.open_csv(path, reading, parsing, converting)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return None
        raise
