"""A store: one database, opened; units of work run in it, and consistent readings are taken from it."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from yibao.store import database, migrate, schema
from yibao.store.errors import StoreError, StoreUnavailableError, StoreVersionError, explained, retryable
from yibao.store.unit import Unit, moment

T = TypeVar("T")
ATTEMPTS = 12


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The operational records of a pool (统筹区), on SQLite or PostgreSQL.

    ``where`` is a file (made when absent, its folder must be there) or a ``postgresql://`` address. A new database
    gets its tables at once; one with older tables is refused until `migrate` has run. ``clock`` gives the moment that
    records bear. Raises StoreError kinds only; their messages are Chinese and say what became of the work.
    """

    def __init__(self, where: str | Path, clock: Callable[[], datetime] = _now, *, create: bool = True) -> None:
        self.url = database.address(str(where))
        self.label = database.label(self.url)
        self._clock = clock
        file = Path(self.url.database or "")
        if self.url.get_backend_name() == "sqlite" and not create and not file.exists():
            raise StoreUnavailableError(f"没有{self.label}；请核对路径，或先用 yibao fund open 建账")
        self.engine = database.connect(self.url)
        with self._named_errors():
            self._check_tables(create)

    def _check_tables(self, create: bool) -> None:
        with database.read_only(self.engine) as connection:
            empty = not inspect(connection).has_table(schema.audit_chain.name)
            known = inspect(connection).has_table("alembic_version")
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if known else ""
        if empty and not create:
            raise StoreUnavailableError(f"{self.label}里还没有账；请核对地址，或先用 yibao fund open 建账")
        if empty:
            migrate.upgrade(self.engine)
        elif found and found < schema.REVISION:
            raise StoreVersionError(f"{self.label}的表结构是旧版（{found}）；请先备份，再运行 yibao store migrate")
        elif found != schema.REVISION:
            raise StoreVersionError(f"{self.label}的表结构（{found or '无版本'}）不是本版本的；请用建立它的新版本打开")

    def transact(self, work: Callable[[Unit], T]) -> T:
        """Runs ``work`` in one transaction and returns its result after the commit: all of it is kept or none.

        ``work`` may run several times (a lost race, a deadlock, a dead pooled connection), so it must not act outside
        its unit. An error that it raises takes everything back. When the connection breaks at the commit the outcome is
        unknown (StoreUnavailableError); the same commands may be sent again, as every record is kept once by its id.
        """
        for attempt in range(1, ATTEMPTS + 1):
            committing = False
            try:
                with self.engine.begin() as connection:
                    unit = Unit(connection, self._clock())
                    result = work(unit)
                    unit.flush()
                    committing = True
                return result
            except DBAPIError as error:
                # A pooled connection that broke while it lay idle shows only when it is used; nothing was sent yet.
                stale = error.connection_invalidated and not committing
                if attempt == ATTEMPTS or not (retryable(error) or stale):
                    raise explained(error, self.label, committing=committing) from error
                time.sleep(random.uniform(0, 0.005 * 2**attempt))
            except UnicodeEncodeError as error:
                raise StoreError(f"要写入{self.label}的文字含有不能保存的字符，这一批没有写入") from error
        raise AssertionError("the loop ends in a result or an error")

    def now(self) -> str:
        """The moment that records bear: ISO text in UTC."""
        return moment(self._clock())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the whole store and cannot write."""
        with self._named_errors(), database.read_only(self.engine) as connection:
            yield connection

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise explained(error, self.label) from error

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()
