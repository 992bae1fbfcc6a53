"""Opening a database: SQLite as one durable file, PostgreSQL by its address; the same guarantees on both."""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from yibao.store.errors import StoreUnavailableError

READ = "yibao_read"
"""The execution option of a connection that only reads."""
BUSY_SECONDS = 60
_COPY_FROM = 50
"""From how many rows on PostgreSQL's COPY is worth its set-up."""


def address(where: str) -> URL:
    """The address of a store: a file path means SQLite, ``postgresql://`` means PostgreSQL.

    Raises StoreUnavailableError for any other database or a text that is no address.
    """
    if "://" not in where:
        return URL.create("sqlite", database=where)
    try:
        url = make_url(where)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreUnavailableError(f"“{where}”不是数据库地址；写文件路径，或 postgresql://用户@主机/库名") from error
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return url
    raise StoreUnavailableError(f"不支持{backend}；写文件路径（SQLite），或 postgresql://用户@主机/库名")


def label(url: URL) -> str:
    """How messages name the store; never with a password."""
    return f"账务库“{Path(url.database or '').name or url.database}”"


def connect(url: URL) -> Engine:
    """An engine that begins, locks and syncs as the store promises. Opens no connection yet."""
    if url.get_backend_name() == "postgresql":
        return create_engine(url, isolation_level="READ COMMITTED")
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: BEGIN IMMEDIATE takes the write lock before anything is read.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "fullfsync = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READ)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def read_only(engine: Engine) -> Connection:
    """A connection whose readings all show one moment, and which cannot write."""
    connection = engine.connect().execution_options(**{READ: True})
    if engine.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def among(dialect: str, column: ColumnElement[str], name: str = "ids") -> ColumnElement[bool]:
    """That ``column`` is one of the texts of the parameter ``name``: one statement for a list of any length."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(Text)))
    values = func.json_each(bindparam(name, type_=Text)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(connection: Connection, values: Iterable[str]) -> list[str] | str:
    """Texts as the parameter that ``among`` expects."""
    texts = list(values)
    return texts if connection.dialect.name == "postgresql" else json.dumps(texts)


def insert_rows(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Adds rows, given in the order of the table's columns, in one go: executemany, or COPY where it is faster."""
    if not rows:
        return
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    if connection.dialect.name == "postgresql" and len(rows) >= _COPY_FROM:
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    marks = ", ".join([mark] * len(table.columns))
    statement = f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"
    connection.exec_driver_sql(statement, rows if len(rows) > 1 else rows[0])
