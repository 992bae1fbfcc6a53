"""Parquet files: scanned in place, column by column."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from yibao.tables.faults import FileFaultError
from yibao.tables.source import Column, Request, Source, match_header, settle_columns


def parquet_sources(path: Path, label: str, request: Request, con: duckdb.DuckDBPyConnection) -> list[Source]:
    """The file as one source. Raises FileFaultError when its footer cannot be read."""
    if path.stat().st_size == 0:
        raise FileFaultError("empty_file", label)
    try:
        header = pq.read_schema(path).names
        quoted = str(path).replace("'", "''")
        described = con.execute(f"DESCRIBE SELECT * FROM read_parquet('{quoted}')").fetchall()
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise FileFaultError("unreadable_file", label) from error
    types = {str(row[0]): str(row[1]) for row in described}
    fields = settle_columns(label, header, match_header(header, request.schema, request.headers), request)
    columns = tuple(Column(field, header[i], types.get(header[i], "VARCHAR")) for i, field in fields.items())
    ignored = tuple(name for i, name in enumerate(header) if i not in fields)
    return [Source(label, str(path), columns, "file_row_number + 2", False, ignored)]
