"""Runs SQL files on local Spark and on DuckDB and compares every table they make.

`compare` is what a test calls. Each engine runs the whole chain on its own results, so the first table that differs is
named. Integers, decimals, texts and dates must be equal; doubles (statistics) to a relative 10⁻⁹.
"""

import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao.engine import Engine, SqlFile
from yibao.engine.portable import to_spark

Row = tuple[Any, ...]
Rows = tuple[tuple[str, ...], list[Row]]


def require_spark() -> None:
    """Skips the calling test where Spark cannot run, and says what is missing."""
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'yibao[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Java is not installed: Spark needs a Java 17 runtime")


@cache
def session() -> Any:
    """One local session for the whole test run, with errors instead of NULL on overflow."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("yibao-portable")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.decimalOperations.allowPrecisionLoss": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "OFF",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def on_spark(
    pipeline: Iterable[SqlFile], inputs: Mapping[str, pa.Table], params: Mapping[str, Any], folder: Path
) -> dict[str, Rows]:
    """The rows of every table of the pipeline, made by Spark. ``folder`` takes the inputs as parquet."""
    spark = session()
    for name, table in inputs.items():
        pq.write_table(table, folder / f"{name}.parquet")
        spark.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    made: dict[str, Rows] = {}
    for step in pipeline:
        bound = {key: value for key, value in params.items() if key in step.params}
        frame = spark.sql(to_spark(step.text), args=bound or None).localCheckpoint(eager=True)
        frame.createOrReplaceTempView(step.name)
        made[step.name] = (tuple(frame.columns), [tuple(row) for row in frame.collect()])
    for name in [*inputs, *made]:
        spark.catalog.dropTempView(name)
    return made


def on_duckdb(
    pipeline: Iterable[SqlFile], inputs: Mapping[str, pa.Table], params: Mapping[str, Any]
) -> dict[str, Rows]:
    """The rows of every table of the pipeline, made by DuckDB."""
    made: dict[str, Rows] = {}
    with Engine(memory="500MB", threads=2) as engine:
        for name, table in inputs.items():
            engine.put(name, table)
        for step in pipeline:
            engine.run(step, params)
            columns = tuple(column for column, *_ in engine.rows(f'DESCRIBE "{step.name}"'))
            made[step.name] = (columns, engine.rows(f'SELECT * FROM "{step.name}"'))
    return made


def compare(
    pipeline: Sequence[SqlFile], inputs: Mapping[str, pa.Table], params: Mapping[str, Any], folder: Path
) -> dict[str, list[Row]]:
    """Asserts that both engines make the same tables, one row for each key; returns the sorted rows by table.

    ``inputs`` are the tables the pipeline reads, ``params`` its bound values, ``folder`` a temporary folder.
    """
    ours, theirs = on_duckdb(pipeline, inputs, params), on_spark(pipeline, inputs, params, folder)
    result: dict[str, list[Row]] = {}
    for step in pipeline:
        columns, rows = ours[step.name]
        spark_columns, spark_rows = theirs[step.name]
        assert columns == spark_columns, f"{step.name}: columns differ"
        missing = set(step.grain) - set(columns)
        assert not missing, f"{step.name}: the header's grain names {sorted(missing)}, which the output lacks"
        key = [columns.index(column) for column in step.grain] or list(range(len(columns)))
        left, right = _sorted(rows, key), _sorted(spark_rows, key)
        assert len(left) == len(right), f"{step.name}: {len(left)} rows on DuckDB, {len(right)} on Spark"
        if step.grain:
            assert len({tuple(row[place] for place in key) for row in left}) == len(left), f"{step.name}: key repeats"
        for one, other in zip(left, right, strict=True):
            assert _same(one, other), f"{step.name}: DuckDB {one} but Spark {other}; columns {columns}"
        result[step.name] = left
    return result


def _plain(value: Any) -> Any:
    """An integer for a whole decimal of any scale, so that HUGEINT, BIGINT and DECIMAL(38,0) compare."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value.normalize()
    return value


def _sorted(rows: Iterable[Row], key: Sequence[int]) -> list[Row]:
    plain = [tuple(_plain(value) for value in row) for row in rows]
    return sorted(plain, key=lambda row: [(row[place] is None, str(row[place])) for place in key])


def _same(one: Row, other: Row) -> bool:
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) if isinstance(a, float) and isinstance(b, float)
        else type(a) is type(b) and a == b
        for a, b in zip(one, other, strict=True)
    )  # fmt: skip
