"""A DuckDB session with a memory limit, spill to disk, and the one macro for integer division."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from yibao.engine.sqlfile import SqlFile, load_sql

DEFAULT_MEMORY = "2500MB"

RESOURCE_ERRORS = (duckdb.OutOfMemoryException, duckdb.IOException)
"""What DuckDB raises when memory runs out past the spill, or the disk that takes the spill is full."""

_STREAMED = 1_000_000
"""Rows of a batch of `Engine.stream`."""

_SETTINGS = (
    "SET enable_progress_bar = false",
    # A timestamp with a zone falls on the day it has in China (UTC+8), whatever the machine's own zone.
    "SET TimeZone = 'Etc/GMT-8'",
)
_MACROS = (
    # Integer division rounding down, for non-negative numbers; on Spark `(a - a % b) / b` (see portable.py). A cast of
    # 38 digits to HUGEINT costs more than twenty products, so the quotient is guessed first and taken only where its
    # exact remainder proves it: 0 <= a - guess * b < b has one solution. All others, and all errors, go the long way.
    "CREATE OR REPLACE MACRO _guess(a, b) AS TRY_CAST(trunc(CAST(a AS DOUBLE) / CAST(b AS DOUBLE)) AS BIGINT)",
    """CREATE OR REPLACE MACRO idiv(a, b) AS CASE
        WHEN a >= 0 AND CAST(a AS DECIMAL(38, 0)) - CAST(_guess(a, b) AS DECIMAL(38, 0)) * CAST(b AS DECIMAL(38, 0))
            BETWEEN 0 AND CAST(b AS DECIMAL(38, 0)) - 1
        THEN _guess(a, b)
        ELSE CAST(CAST(a AS HUGEINT) // CAST(b AS HUGEINT) AS BIGINT) END""",
)


class Engine:
    """Tables and the SQL that runs over them. Use as a context manager: the spill folder goes with it.

    ``memory`` is DuckDB's limit (e.g. ``"2500MB"``; environment YIBAO_MEMORY overrides the default), past which it
    spills into ``spill`` (default: a temporary folder). ``progress`` is called with each step's table name.
    """

    def __init__(
        self,
        *,
        memory: str | None = None,
        threads: int | None = None,
        spill: str | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._spill = tempfile.mkdtemp(prefix="yibao-spill-", dir=spill)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory or os.environ.get("YIBAO_MEMORY", DEFAULT_MEMORY),
            "temp_directory": self._spill,
            # A session keeps nothing: checkpoints of its in-memory tables are work for nobody.
            "wal_autocheckpoint": "1TB",
        }
        if threads:
            config["threads"] = threads
        self.con = duckdb.connect(":memory:", config=config)
        self._progress = progress or (lambda _name: None)
        self._done: set[str] = set()
        self._long = False
        for statement in (*_SETTINGS, *_MACROS):
            self.con.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection and removes the spill folder."""
        self.con.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    @contextmanager
    def beside(self) -> Iterator["Engine"]:
        """A second connection to the same tables, through which another thread may work at the same time.

        It tells no progress and does not see the temporary tables and macros of this one.
        """
        other = copy(self)
        other.con, other._progress, other._done = self.con.cursor(), lambda _name: None, set()
        for statement in _SETTINGS:
            other.con.execute(statement)
        try:
            yield other
        finally:
            other.con.close()

    @contextmanager
    def long_tables(self) -> Iterator[None]:
        """Tables made in this block stand compressed in a file of the spill folder: for those that are far longer than
        memory and read several times, which costs less than to spill them. All else finds them by their names.
        """
        if not self._long:
            self.con.execute(f"ATTACH '{self._spill}/long.duckdb' AS long")
            self._long = True
        self.con.execute("SET search_path = 'long.main,memory.main'")
        try:
            yield
        finally:
            self.con.execute("SET search_path = 'memory.main,long.main'")

    def put(self, name: str, table: pa.Table) -> None:
        """Makes ``table`` a table of the session, replacing one of that name."""
        self.con.register("_incoming", table)
        self.con.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM _incoming')
        self.con.unregister("_incoming")

    def append(self, name: str, table: pa.Table) -> None:
        """Adds the rows of ``table`` to a table of the session that has the same columns."""
        self.con.register("_incoming", table)
        self.con.execute(f'INSERT INTO "{name}" BY NAME SELECT * FROM _incoming')
        self.con.unregister("_incoming")

    def run(self, sql: SqlFile, params: Mapping[str, Any] | None = None, *, table: str | None = None) -> str:
        """Makes the table that ``sql`` describes and returns its name. Parameters the statement lacks are ignored."""
        name = table or sql.name
        self._progress(name)
        bound = {key: value for key, value in (params or {}).items() if key in sql.params}
        self.con.execute(f'CREATE OR REPLACE TABLE "{name}" AS {sql.text}', bound or None)
        return name

    def once(self, name: str, script: Callable[[], str]) -> None:
        """Runs the SQL that ``script`` gives, such as definitions of macros, if no script of that name ran before."""
        if name not in self._done:
            self.con.execute(script())
            self._done.add(name)

    def pipeline(self, package: str, steps: Iterable[str], params: Mapping[str, Any] | None = None) -> None:
        """Runs the named SQL files of ``package`` in order, each making the table of its name."""
        for step in steps:
            self.run(load_sql(package, step), params)

    def drop(self, *names: str) -> None:
        """Drops tables that later steps do not read, to give their memory back."""
        for name in names:
            self.con.execute(f'DROP TABLE IF EXISTS "{name}"')

    def number(self, table: str, column: str) -> str:
        """Makes the view ``numbered_<table>``: its rows with their numbers from 0 as ``column``; returns its name.

        The numbers stay as they are while no row of the table is deleted.
        """
        name = f"numbered_{table}"
        self.con.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT rowid AS "{column}", * FROM "{table}"')
        return name

    def stream(self, sql: SqlFile, columns: str) -> Iterator[pa.RecordBatch]:
        """``columns`` of the rows that ``sql`` describes, batch by batch as they come, without making the table."""
        self._progress(sql.name)
        yield from self.con.sql(f"SELECT {columns} FROM ({sql.text})").to_arrow_reader(_STREAMED)

    def fetch(self, query: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The result of a query as an Arrow table."""
        return self.con.sql(query, params=dict(params) if params else None).to_arrow_table()

    def rows(self, query: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The result of a query as tuples."""
        return self.con.execute(query, dict(params) if params else None).fetchall()

    def count(self, name: str) -> int:
        """The number of rows of a table."""
        return int(self.rows(f'SELECT count(*) FROM "{name}"')[0][0])
