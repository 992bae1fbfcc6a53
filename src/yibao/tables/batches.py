"""Long parquet files batch by batch: a few columns of hundreds of millions of rows, read ahead by another thread."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from yibao.standard import Kind, TableSchema

_AHEAD = 2


def is_straight(path: Path, schema: TableSchema) -> bool:
    """Whether a file needs no typing: a parquet file whose columns have national names and the types of their kinds,
    the required ones without gaps by its own statistics, and no negative number. False for a torn file too.
    """
    if path.suffix.lower() != ".parquet":
        return False
    try:
        meta = pq.read_metadata(path)
        held = {field.name: field.type for field in meta.schema.to_arrow_schema()}
    except (OSError, pa.ArrowException):
        return False
    fields = [field for field in schema.fields if field.name in held]
    if not {*schema.required} <= {field.name for field in fields} or meta.num_rows == 0:
        return False
    if not all(_fits(held[field.name], field.kind) for field in fields):
        return False
    strict = {*schema.required} | {f.name for f in fields if f.kind in (Kind.QUANTITY, Kind.MONEY)}
    places = {meta.schema.column(i).path: i for i in range(meta.num_columns)}
    return all(
        _sound(meta, group, places[name], name in schema.required) for group in range(meta.num_row_groups)
        for name in sorted(strict & set(places))
    )  # fmt: skip


def _fits(held: pa.DataType, kind: Kind) -> bool:
    if kind is Kind.DATETIME:
        return bool(pa.types.is_timestamp(held) and held.tz is None)
    if kind in (Kind.QUANTITY, Kind.MONEY):
        scale = 6 if kind is Kind.QUANTITY else 2
        return bool(pa.types.is_decimal128(held) and held.precision <= 18 and 0 <= held.scale <= scale)
    return bool(pa.types.is_string(held))


def _sound(meta: pq.FileMetaData, group: int, column: int, required: bool) -> bool:
    found = meta.row_group(group).column(column).statistics
    if found is None or (required and (not found.has_null_count or found.null_count)):
        return False
    if found.physical_type == "BYTE_ARRAY":
        return True
    return not found.has_min_max or not (isinstance(found.min, int) or hasattr(found.min, "as_tuple")) or found.min >= 0


def read_ahead(path: Path, columns: Sequence[str], dictionaries: Sequence[str]) -> Iterator[tuple[int, pa.Table]]:
    """Row group by row group, each with the number of its first row. Columns that the file lacks are left out. Raises
    OSError or pa.ArrowException for a torn file.
    """
    named = set(pq.read_schema(path).names)
    with pq.ParquetFile(path, read_dictionary=[one for one in dictionaries if one in named]) as file:
        there = [name for name in columns if name in named]

        def group(number: int) -> pa.Table:
            return file.read_row_group(number, columns=there, use_threads=True)

        first = 0
        with ThreadPoolExecutor(1) as pool:
            # One group is read while the one before it is worked on.
            coming = [pool.submit(group, number) for number in range(min(_AHEAD, file.num_row_groups))]
            for number in range(file.num_row_groups):
                batch = coming.pop(0).result()
                if number + _AHEAD < file.num_row_groups:
                    coming.append(pool.submit(group, number + _AHEAD))
                yield first, batch
                first += batch.num_rows
