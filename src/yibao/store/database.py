"""Opening a database: SQLite as one durable file, PostgreSQL by its address; the same guarantees on both."""

import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
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
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import SelectBase

from yibao.store.errors import StoreUnavailableError

READ = "yibao_read"
"""The execution option of a connection that only reads."""
BUSY_SECONDS = 60
"""How long a unit waits for others, on either database."""
IDLE_SECONDS = 600
"""After how long PostgreSQL ends the transaction of a silent client, so that it blocks nobody for good."""
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
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        # The text itself may hold a password.
        raise StoreUnavailableError("这不是数据库地址；写文件路径，或 postgresql://用户@主机/库名") from error
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
        # Without a handler of its own the driver would write its remarks about a lost server to the user's terminal.
        logging.getLogger("psycopg").addHandler(logging.NullHandler())
        try:
            engine = create_engine(url, isolation_level="READ COMMITTED")
        except ModuleNotFoundError as error:
            raise StoreUnavailableError("PostgreSQL 的驱动没有安装；请运行 pip install 'yibao[postgres]'") from error
        event.listen(engine, "connect", _set_up_postgresql)
        return engine
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: BEGIN IMMEDIATE takes the write lock before anything is read.
    connection.isolation_level = None
    _keep_write_ahead_log(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "fullfsync = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _keep_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Turns a new file to WAL. SQLite does not wait for others who do the same at this moment, so this does."""
    until = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


def _set_up_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        if cursor.execute("SHOW synchronous_commit").fetchone() == ("off",):
            # What is acknowledged must be on disk, whatever the database was set to.
            cursor.execute("SET synchronous_commit = on")
        cursor.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get(READ)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def read_only(engine: Engine) -> Iterator[Connection]:
    """A connection whose readings all show one moment, and which cannot write."""
    with engine.connect().execution_options(**{READ: True}) as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection
            return
        # Set for the reading alone: the pragma makes SQLite prepare every statement of the connection anew.
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            driver.execute("PRAGMA query_only = OFF")


def among(dialect: str, column: ColumnElement[str], name: str = "ids") -> ColumnElement[bool]:
    """That ``column`` is one of the texts of the parameter ``name``: one statement for a list of any length."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, required=False, type_=ARRAY(Text)))
    values = func.json_each(bindparam(name, required=False, type_=Text)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(connection: Connection, values: Iterable[str]) -> list[str] | str:
    """Texts as the parameter that ``among`` expects."""
    texts = list(values)
    return texts if connection.dialect.name == "postgresql" else json.dumps(texts)


def run(connection: Connection, statement: ClauseElement, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, fetched by the driver itself. For the statements that every posting runs.

    The statement must be one that lives as long as the program: its text is made once. SQLAlchemy's own execution
    costs several times what these small statements take.
    """
    text, order, constants = _compiled(connection.dialect, statement)
    given = {**constants, **parameters}
    with _driver_errors(connection, text) as cursor:
        cursor.execute(text, given if order is None else [given[name] for name in order])
        return list(cursor.fetchall()) if isinstance(statement, SelectBase) else []


@contextmanager
def together(connection: Connection, rows: int) -> Iterator[None]:
    """Sends the statements of the block to PostgreSQL without waiting for each answer, where there are few ``rows``.

    Many rows are better copied, and PostgreSQL does not copy in between.
    """
    if connection.dialect.name != "postgresql" or rows >= _COPY_FROM:
        yield
        return
    driver: Any = connection.connection.driver_connection
    with _driver_errors(connection, "pipeline"), driver.pipeline():
        yield


def run_many(connection: Connection, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
    """Runs a statement like `run` for each of the rows; it returns none."""
    if not rows:
        return
    text, order, _constants = _compiled(connection.dialect, statement)
    with _driver_errors(connection, text) as cursor:
        cursor.executemany(text, rows if order is None else [[row[name] for name in order] for row in rows])


def insert_rows(connection: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Adds rows, given in the order of the table's columns, in one go: executemany, or COPY where it is faster."""
    if not rows:
        return
    dialect = connection.dialect.name
    if dialect == "postgresql" and len(rows) >= _COPY_FROM and not _piped(connection):
        text = _adding(table, dialect, copy=True)
        with _driver_errors(connection, text) as cursor, cursor.copy(text) as copy:
            for row in rows:
                copy.write_row(row)
        return
    text = _adding(table, dialect, copy=False)
    with _driver_errors(connection, text) as cursor:
        if len(rows) == 1:
            cursor.execute(text, rows[0])
        else:
            cursor.executemany(text, rows)


def _piped(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.pgconn.pipeline_status)


@cache
def _adding(table: Table, dialect: str, copy: bool) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    if copy:
        return f"COPY {table.name} ({columns}) FROM STDIN"
    marks = ", ".join(["%s" if dialect == "postgresql" else "?"] * len(table.columns))
    return f"INSERT INTO {table.name} ({columns}) VALUES ({marks})"


Compiled = tuple[str, list[str] | None, dict[str, Any]]
_texts: dict[tuple[str, ClauseElement], Compiled] = {}


def _compiled(dialect: Dialect, statement: ClauseElement) -> Compiled:
    """A statement's text for a dialect, the order of its parameters (None: by name), and those it brings itself."""
    slot = (dialect.name, statement)
    if slot not in _texts:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        assert isinstance(compiled, SQLCompiler)
        order = list(compiled.positiontup) if compiled.positiontup is not None else None
        _texts[slot] = (str(compiled), order, dict(compiled.params))
    return _texts[slot]


@contextmanager
def _driver_errors(connection: Connection, text: str) -> Iterator[Any]:
    """The driver's cursor; its errors come out as SQLAlchemy's, so that they are retried and explained like them."""
    dbapi = connection.dialect.loaded_dbapi
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except dbapi.Error as error:
        driver = connection.connection.dbapi_connection
        lost = connection.dialect.is_disconnect(error, driver, cursor)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            text, None, error, dbapi.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from error
    finally:
        with suppress(dbapi.Error):
            cursor.close()
