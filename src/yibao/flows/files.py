"""Checking data files without computing anything."""

from collections.abc import Sequence
from pathlib import Path

from yibao import tables
from yibao.engine import Engine
from yibao.tables import LoadReport


def check(paths: Sequence[Path], table: str, rejected: Path | None = None) -> LoadReport:
    """Loads files as ``table`` and gives what was found; writes the rejected rows to ``rejected`` where asked."""
    with Engine() as engine:
        report = tables.load(engine, table, paths)
        if rejected is not None:
            tables.write_rejected(rejected, engine, report)
    return report
