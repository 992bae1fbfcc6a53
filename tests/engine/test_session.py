"""The engine runs SQL files with bound parameters, divides exactly and spills to disk under its memory limit."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yibao.engine import Engine
from yibao.engine.sqlfile import parse_sql

TEXT = """-- grain: k
-- inputs: t
-- params: least
-- source: a test
SELECT k, a FROM t WHERE a >= $least
"""


@pytest.fixture
def engine() -> Engine:
    with Engine(memory="200MB", threads=1) as one:
        yield one


def test_a_step_makes_the_table_of_its_name_with_its_own_parameters_only(engine: Engine) -> None:
    engine.put("t", pa.table({"k": ["a", "b"], "a": [1, 2]}))
    assert engine.run(parse_sql("kept", TEXT), {"least": 2, "other_step": 9}) == "kept"
    assert engine.rows("SELECT * FROM kept") == [("b", 2)]
    assert engine.count("kept") == 1


def test_a_parameter_is_bound_and_never_pasted_into_the_text(engine: Engine) -> None:
    engine.put("t", pa.table({"k": ["a"], "a": ["x"]}))
    engine.run(parse_sql("kept", TEXT), {"least": "x' OR 'a' = 'a"})
    assert engine.count("kept") == 0, "the text was read as SQL"
    assert engine.count("t") == 1


def test_a_missing_parameter_is_an_error(engine: Engine) -> None:
    engine.put("t", pa.table({"k": ["a"], "a": [1]}))
    with pytest.raises(duckdb.Error, match="least"):
        engine.run(parse_sql("kept", TEXT), {})


def test_the_steps_of_a_run_are_told_by_name() -> None:
    told: list[str] = []
    with Engine(progress=told.append, threads=1) as engine:
        engine.put("t", pa.table({"k": ["a"], "a": [1]}))
        engine.run(parse_sql("kept", TEXT), {"least": 0})
        engine.run(parse_sql("kept", TEXT), {"least": 0}, table="again")
        engine.drop("kept", "never_made")
        assert engine.fetch("SELECT a FROM again").to_pydict() == {"a": [1]}
    assert told == ["kept", "again"]


@given(st.integers(0, 10**25), st.integers(10**10, 10**18))
def test_idiv_is_exact_integer_division(a: int, b: int) -> None:
    row = SHARED.execute(
        "SELECT idiv(CAST($a AS DECIMAL(38,0)), CAST($b AS DECIMAL(38,0)))", {"a": str(a), "b": str(b)}
    )
    assert row.fetchone() == (a // b,)


@given(st.integers(0, 2**63 - 1), st.integers(1, 10**19), st.integers(-2, 2))
def test_idiv_is_exact_next_to_every_multiple(quotient: int, b: int, beside: int) -> None:
    """Where a quotient guessed in floating point would be one off."""
    a = max(quotient * b + beside, 0)
    assume(a // b < 2**63)
    row = SHARED.execute(
        "SELECT idiv(CAST($a AS DECIMAL(38,0)), CAST($b AS DECIMAL(38,0)))", {"a": str(a), "b": str(b)}
    )
    assert row.fetchone() == (a // b,)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(1, 2**63 - 1))
def test_idiv_of_whole_numbers_of_64_bits_is_exact_and_drops_what_is_left(a: int, b: int) -> None:
    for kind in ("BIGINT", "HUGEINT"):
        row = SHARED.execute(f"SELECT idiv(CAST($a AS {kind}), CAST($b AS {kind}))", {"a": a, "b": b})
        assert row.fetchone() == (abs(a) // b * (1 if a >= 0 else -1),)


@pytest.mark.parametrize(("a", "b"), [(7, 0), (0, 0), (-7, 0), (10**25, 10), (2**63, 1)])
def test_idiv_by_zero_and_a_quotient_beyond_64_bits_are_errors(a: int, b: int) -> None:
    with pytest.raises(duckdb.Error):
        SHARED.execute("SELECT idiv(CAST($a AS DECIMAL(38,0)), CAST($b AS DECIMAL(38,0)))", {"a": str(a), "b": str(b)})


def test_idiv_of_an_unknown_number_is_unknown() -> None:
    row = SHARED.execute("SELECT idiv(CAST(NULL AS BIGINT), 3), idiv(3, CAST(NULL AS BIGINT))")
    assert row.fetchone() == (None, None)


def test_a_second_connection_works_beside_the_first_on_the_same_tables() -> None:
    told: list[str] = []
    with Engine(progress=told.append, threads=1) as engine:
        engine.put("t", pa.table({"k": ["a"], "a": [7]}))
        with engine.beside() as other, ThreadPoolExecutor(1) as helper:
            made = helper.submit(other.run, parse_sql("kept", TEXT), {"least": 0})
            assert engine.rows("SELECT idiv(a, 2) FROM t") == [(3,)]
            assert made.result() == "kept"
            zone = "SELECT current_setting('TimeZone'), idiv(7, 2)"
            assert other.rows(zone) == engine.rows(zone)
        assert engine.rows("SELECT a FROM kept") == [(7,)], "the tables stay when the second connection goes"
    assert told == []


def test_a_script_of_a_session_runs_once() -> None:
    ran: list[int] = []

    def script() -> str:
        ran.append(1)
        return "CREATE TEMP MACRO twice(x) AS 2 * x"

    for _session in range(2):
        with Engine(threads=1) as engine:
            engine.once("macros", script)
            engine.once("macros", script)
            assert engine.rows("SELECT twice(4)") == [(8,)]
    assert len(ran) == 2, "once in each session"


SHARED = Engine(memory="100MB", threads=1).con


def test_work_larger_than_the_memory_limit_spills_and_the_folder_goes_with_the_session(tmp_path: Path) -> None:
    seen: set[str] = set()
    with Engine(memory="60MB", threads=1, spill=str(tmp_path)) as engine:
        (folder,) = tmp_path.iterdir()
        engine.con.execute("CREATE TABLE big AS SELECT i AS k, hash(i)::VARCHAR AS a FROM range(4000000) AS r(i)")
        seen.update(path.suffix for path in folder.iterdir())
        assert engine.count("big") == 4_000_000
    assert seen, "nothing was spilled"
    assert list(tmp_path.iterdir()) == []
