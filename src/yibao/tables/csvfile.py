"""CSV files: UTF-8 with or without a mark, UTF-16 with a mark, or GB18030; comma, semicolon or tab."""

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from yibao.kernel import Place
from yibao.tables.faults import FileFaultError, finding
from yibao.tables.source import Request, Source, find_header, settle_columns, text_source, write_text_parquet

_CHUNK = 1 << 22
_HEAD_LINES = 30
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


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


def _head(path: Path, codec: str) -> tuple[list[list[str]], list[int], str]:
    """The first records, the number of physical lines before each record's end, and the delimiter."""
    with path.open(encoding=codec, newline="") as stream:
        text = "".join(islice(stream, _HEAD_LINES))
    delimiter = max(",\t;", key=lambda mark: max((line.count(mark) for line in text.splitlines()), default=0))
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    records, ends = [], []
    for record in reader:
        records.append(record)
        ends.append(reader.line_num)
    return records, ends, delimiter


def csv_sources(path: Path, label: str, request: Request) -> list[Source]:
    """The file as one source of text columns. A row with too many or too few cells is a finding and left out."""
    if path.stat().st_size == 0:
        raise FileFaultError("empty_file", label)
    codec = detect_encoding(path, label)
    records, ends, delimiter = _head(path, codec)
    index, found = find_header(records, request)
    if index < 0:
        index = 0
    header = records[index] if records else []
    if not any(cell.strip() for cell in header):
        raise FileFaultError("empty_file", label)
    fields = settle_columns(label, header, found, request, index + 1)
    target = request.work / f"{len(list(request.work.iterdir()))}.parquet"
    positions = sorted(fields)
    names = [fields[i].name for i in positions]
    try:
        batches = _batches(path, codec, delimiter, len(header), positions, ends[index], index + 2, label, request)
        write_text_parquet(target, names, batches)
    except pa.ArrowException as error:
        raise FileFaultError("unreadable_file", label) from error
    return [text_source(label, target, fields, header)]


def _batches(
    path: Path,
    codec: str,
    delimiter: str,
    width: int,
    positions: list[int],
    skip: int,
    first_row: int,
    label: str,
    request: Request,
) -> Iterator[tuple[pa.Array, list[pa.Array]]]:
    """Batches of the wanted columns with their row numbers; rows left out still count."""
    left_out: list[int] = []

    def on_ragged(row: pacsv.InvalidRow) -> str:
        number = first_row + int(row.number) - 1 - skip
        left_out.append(number)
        if row.text.strip(delimiter + " \r\n"):
            place = Place(label, number, "", row.text[:80])
            request.note(finding("ragged_row", place))
        return "skip"

    columns = [f"c{i}" for i in range(width)]
    wanted = [columns[i] for i in positions]
    try:
        reader = pacsv.open_csv(
            path,
            pacsv.ReadOptions(
                use_threads=False, block_size=_CHUNK, skip_rows=skip, column_names=columns, encoding=codec
            ),
            pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=on_ragged
            ),
            pacsv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        raise
    number = first_row
    for batch in reader:
        numbers = np.arange(number, number + batch.num_rows + len(left_out), dtype=np.int64)
        kept = numbers[~np.isin(numbers, left_out)][: batch.num_rows]
        number = int(kept[-1]) + 1 if len(kept) else number
        yield pa.array(kept), list(batch.columns)
