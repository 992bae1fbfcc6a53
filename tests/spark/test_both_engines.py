"""A small pipeline with every idiom the rules use gives the same rows on DuckDB and on Spark."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from run_on_spark import compare, on_duckdb, on_spark, require_spark

from yibao.engine import SqlFile
from yibao.engine.sqlfile import parse_sql

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def spark() -> None:
    require_spark()


def step(name: str, grain: str, inputs: str, body: str, params: str = "-") -> SqlFile:
    head = f"-- grain: {grain}\n-- inputs: {inputs}\n-- params: {params}\n-- source: a test\n"
    return parse_sql(name, head + body)


CASES = pa.table(
    {
        "setl_id": ["S1", "S2", "S3", "S4", "S5"],
        "dx": ["A01.001", "A01.002", "B02.100", None, "B02.900"],
        "dscg_date": [date(2025, 1, 31), date(2025, 2, 28), date(2024, 12, 31), date(2025, 3, 1), date(2025, 3, 2)],
        "fee": pa.array([123_456, 1, 999_999_999_999, 50, None], pa.int64()),
        "weight": pa.array([None, Decimal("1.2500"), Decimal("0.3333"), Decimal("1.0000"), None], pa.decimal128(18, 4)),
    }
)

PIPELINE = [
    step(
        "recent",
        "setl_id",
        "cases",
        """
        SELECT
            setl_id, coalesce(dx, '') || '|' AS tagged, substr(dx, 1, 3) AS dx3, length(dx) AS n, fee, weight,
            year(dscg_date) AS y, date_diff('day', $since, dscg_date) AS day, dscg_date + 1 AS next_day,
            split_part(dx, '.', 2) AS tail, CASE WHEN weight IS NULL THEN 0 ELSE 1 END AS weighed
        FROM cases WHERE dscg_date >= $since AND setl_id <> $not_this
        """,
        "since, not_this",
    ),
    step(
        "ranked",
        "setl_id",
        "recent",
        """
        SELECT
            setl_id,
            dx3,
            row_number() OVER (PARTITION BY dx3 ORDER BY fee DESC, setl_id) AS high,
            row_number() OVER (ORDER BY fee, dx3, setl_id) AS low,
            lag(setl_id) OVER (ORDER BY weight, setl_id) AS before,
            sum(weight) OVER (PARTITION BY dx3 ORDER BY setl_id) AS so_far
        FROM recent
        """,
    ),
    step(
        "grouped",
        "dx3",
        "recent",
        """
        SELECT
            dx3,
            count(*) AS n,
            sum(fee) AS fee,
            idiv(2 * sum(CAST(fee AS DECIMAL(38,0))) * $scale + count(*), 2 * count(*)) AS mean_scaled,
            CAST(max(fee) AS DECIMAL(38,0)) * max(fee) AS square,
            string_agg(setl_id, '|' ORDER BY fee DESC, setl_id) AS ids,
            min_by(setl_id, setl_id) AS first_id,
            sum(CASE WHEN weight > 0.5 THEN weight ELSE 0 END) AS weight,
            avg(CAST(fee AS DOUBLE)) AS mean,
            stddev_pop(CAST(fee AS DOUBLE)) / nullif(avg(CAST(fee AS DOUBLE)), 0) AS cv
        FROM recent GROUP BY dx3
        """,
        "scale",
    ),
]

PARAMS = {"since": date(2025, 1, 1), "not_this": "S9", "scale": 1_000_000, "unused": 1}


def test_dates_texts_decimals_windows_and_exact_division_agree(tmp_path: Path) -> None:
    made = compare(PIPELINE, {"cases": CASES}, PARAMS, tmp_path)
    assert [row[0] for row in made["recent"]] == ["S1", "S2", "S4", "S5"]
    assert made["grouped"][0][:6] == ("A01", 2, 123_457, 61_728_500_000, 123_456**2, "S1|S2")


def test_division_of_ten_to_the_25th_is_exact_on_both(tmp_path: Path) -> None:
    numbers = pa.table(
        {
            "k": [1, 2, 3, 4],
            "a": pa.array([10**25 + 7, 99_999_999_999_999_999, 7, -7], pa.decimal128(38, 0)),
            "b": pa.array([10**10, 3, 7, 2], pa.decimal128(38, 0)),
        }
    )
    made = compare([step("q", "k", "t", "SELECT k, idiv(a, b) AS q FROM t")], {"t": numbers}, {}, tmp_path)
    assert [row[1] for row in made["q"]] == [10**15, 33_333_333_333_333_333, 1, -3]


@pytest.mark.parametrize(
    "expression",
    ["idiv(a, 10)", "CAST(a * a AS DECIMAL(38,0))", "CAST(a AS BIGINT)", "idiv(a, k - 1)", "a % (k - 1)"],
)
def test_overflow_and_a_zero_divisor_are_errors_on_both_and_never_another_number(
    expression: str, tmp_path: Path
) -> None:
    numbers = pa.table({"k": [1], "a": pa.array([99_999_999_999_999_999_999], pa.decimal128(38, 0))})
    pipeline = [step("q", "k", "t", f"SELECT k, {expression} AS q FROM t")]
    with pytest.raises(Exception, match=r"(?i)overflow|out of range|could not cast|division by zero|cast"):
        on_duckdb(pipeline, {"t": numbers}, {})
    with pytest.raises(Exception, match=r"OVERFLOW|OUT_OF_RANGE|BY_ZERO"):
        on_spark(pipeline, {"t": numbers}, {}, tmp_path)


def test_a_table_that_differs_is_named(tmp_path: Path) -> None:
    rows = pa.table({"k": [1], "a": pa.array([2.5], pa.float64())})
    truncates_on_one = step("cut", "k", "t", "SELECT k, CAST(a + 1 AS BIGINT) AS a FROM t")
    with pytest.raises(AssertionError, match=r"cut: DuckDB \(1, 4\) but Spark \(1, 3\)"):
        compare([truncates_on_one], {"t": rows}, {}, tmp_path)


def test_a_key_that_repeats_is_named(tmp_path: Path) -> None:
    rows = pa.table({"k": [1, 1], "a": [1, 2]})
    with pytest.raises(AssertionError, match="twice: key repeats"):
        compare([step("twice", "k", "t", "SELECT k, a FROM t")], {"t": rows}, {}, tmp_path)
