"""Runs SQL files over tables on DuckDB. Knows no medicine.

Entry points: `Engine` (a connection with a memory limit that spills to disk), `SqlFile` (one statement with a
header), `Engine.pipeline`; `yibao.engine.kernels` turns plain kernels into machine code for a batch and
`yibao.engine.portable` checks on the syntax tree that a statement also runs on Spark.
May import kernel, standard and law.
"""

from yibao.engine.session import RESOURCE_ERRORS, Engine
from yibao.engine.sqlfile import SqlFile, SqlHeaderError, load_sql

__all__ = ["RESOURCE_ERRORS", "Engine", "SqlFile", "SqlHeaderError", "load_sql"]
