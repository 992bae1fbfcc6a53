"""The portable-SQL check refuses what Spark would not run, or would run differently, and nothing of ours."""

import re
from pathlib import Path

import pytest

pytest.importorskip("sqlglot")

from yibao.engine.portable import CODE, check, check_text, to_spark
from yibao.engine.sqlfile import parse_sql

PACKAGE = Path(__file__).parents[2] / "src" / "yibao"
# `tables` reads data files on DuckDB and holds no rule: its cell grammar is bound to that engine.
SQL_FILES = sorted(path for path in PACKAGE.rglob("*.sql") if path.parent != PACKAGE / "tables")


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_sql_file_of_the_package_runs_on_both_engines(path: Path) -> None:
    assert [str(finding) for finding in check(parse_sql(path.stem, path.read_text(encoding="utf-8")))] == []


BAD = {
    "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1": "QUALIFY",
    "SELECT CAST(a AS HUGEINT) FROM t": "INT128",
    "SELECT a::INT[] FROM t": "类型 INT\\[\\]",
    "SELECT CAST(a AS STRUCT(x INT)) FROM t": "类型 STRUCT",
    "SELECT TRY_CAST(a AS INT) FROM t": "TRY_CAST",
    "SELECT [a, b] FROM t": "列表",
    "SELECT {'a': 1} FROM t": "结构体",
    "SELECT a[1] FROM t": "列表下标",
    "SELECT unnest(a) FROM t": "unnest",
    "SELECT x FROM t, unnest(t.a) AS u(x)": "unnest",
    "SELECT list(a) FROM t": "列表",
    "SELECT list_transform(a, x -> x + 1) FROM t": "lambda",
    "SELECT a // b FROM t": "idiv",
    "SELECT a / b FROM t": "“/”",
    "SELECT CAST(a AS DECIMAL(38,0)) / 100 FROM t": "“/”",
    "SELECT idiv(a) FROM t": "两个参数",
    "SELECT avg(a) FROM t": "CAST\\(… AS DOUBLE\\)",
    "SELECT round(a, 2) FROM t": "idiv\\(2",
    "SELECT a, count(*) FROM t GROUP BY ALL": "GROUP BY ALL",
    "SELECT a FROM t ORDER BY ALL": "ORDER BY 须写列名",
    "SELECT a FROM t ORDER BY 1": "ORDER BY 须写列名",
    "SELECT * EXCLUDE (a) FROM t": "EXCLUDE",
    "SELECT * REPLACE (1 AS a) FROM t": "REPLACE",
    "SELECT COLUMNS('a.*') FROM t": "不在允许的清单",
    "SELECT a FROM t POSITIONAL JOIN u": "POSITIONAL JOIN",
    "SELECT a FROM t ASOF JOIN u ON t.a >= u.a": "ASOF JOIN",
    "SELECT a FROM t SEMI JOIN u ON t.a = u.a": "SEMI JOIN",
    "SELECT a FROM t NATURAL JOIN u": "NATURAL JOIN",
    "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a": "DISTINCT ON",
    "SELECT a FROM t UNION ALL BY NAME SELECT a FROM u": "BY NAME",
    "SELECT row_number() OVER (PARTITION BY a) FROM t": "row_number 的窗口须有 ORDER BY",
    "SELECT lag(a) OVER () FROM t": "lag 的窗口须有 ORDER BY",
    "SELECT a FROM t LIMIT 3": "LIMIT 须有 ORDER BY",
    "SELECT a FROM t ORDER BY a LIMIT 10%": "LIMIT 须是行数",
    "SELECT any_value(a) FROM t": "any_value",
    "SELECT first(a) FROM t": "first",
    "SELECT concat(a, b) FROM t": "concat",
    "SELECT string_agg(a, '|') FROM t": "string_agg 须写明 ORDER BY",
    "SELECT d + INTERVAL 1 DAY FROM t": "INTERVAL",
    "SELECT #1 FROM t": "序号",
    "SELECT a FROM read_csv('x.csv')": "表函数",
    "SELECT a FROM range(3) AS r(a)": "表函数",
    "SELECT hash(a) FROM t": "函数 hash",
    "SELECT regexp_matches(a, 'x') FROM t": "不在允许的清单",
    "SELECT now()": "不在允许的清单",
    "SELECT random()": "不在允许的清单",
    "SELECT a FROM t USING SAMPLE 10%": "抽样",
    "SELECT a FROM t WHERE b = $1": "参数须有名称",
    "WITH RECURSIVE r AS (SELECT 1 AS a) SELECT a FROM r": "RECURSIVE",
    "WITH r AS MATERIALIZED (SELECT 1 AS a) SELECT a FROM r": "MATERIALIZED",
    "CREATE TABLE t AS SELECT 1": "一条 SELECT",
    "SELECT 1; SELECT 2": "一条 SELECT",
    "SELECT FROM WHERE": "无法解析",
}


@pytest.mark.parametrize(("text", "reason"), BAD.items(), ids=list(BAD))
def test_a_statement_that_does_not_carry_over_is_refused_with_its_reason(text: str, reason: str) -> None:
    findings = check_text("bad", text)
    assert findings, "nothing was found"
    assert {finding.code for finding in findings} == {CODE}
    assert {finding.place.file for finding in findings} == {"bad.sql"}
    messages = "\n".join(finding.message for finding in findings)

    assert re.search(reason, messages), messages


GOOD = [
    "SELECT CAST(a AS DOUBLE) / b AS r, avg(CAST(a AS DOUBLE)) FROM t GROUP BY a, b",
    "SELECT sum(CAST(a AS DOUBLE)) / nullif(count(*), 0) AS m FROM t",
    "SELECT idiv(2 * a + b, 2 * b) AS h FROM t WHERE d >= $since AND b > 0",
    "SELECT a, row_number() OVER (PARTITION BY a ORDER BY b DESC, c) AS n FROM t",
    "SELECT a, sum(b) OVER (PARTITION BY a) AS s FROM t",
    "SELECT row_number() OVER w AS n FROM t WINDOW w AS (ORDER BY a)",
    "SELECT string_agg(a, '|' ORDER BY seq) AS s FROM t",
    "SELECT a FROM t ORDER BY a LIMIT 3",
    "SELECT a FROM t UNION ALL SELECT a FROM u",
    "SELECT count(*) FILTER (WHERE a > 0) AS n FROM t",
    "SELECT t.a FROM t LEFT JOIN u ON t.a = u.a WHERE NOT EXISTS (SELECT 1 FROM v WHERE v.a = t.a)",
]


@pytest.mark.parametrize("text", GOOD)
def test_the_idioms_of_the_documentation_pass(text: str) -> None:
    assert check_text("good", text) == []


def test_all_faults_of_a_statement_are_listed_in_one_run() -> None:
    findings = check_text("bad", "SELECT a // b, a / b, hash(a) FROM t LIMIT 1")
    assert len(findings) == 4


def test_the_spark_text_binds_the_same_parameters_and_sorts_null_last() -> None:
    assert to_spark("SELECT a FROM t WHERE d >= $since ORDER BY a") == (
        "SELECT a FROM t WHERE d >= :since ORDER BY a NULLS LAST"
    )


def test_the_spark_text_divides_exactly_inside_out() -> None:
    assert to_spark("SELECT idiv(a, b) AS q FROM t") == (
        "SELECT CAST((CAST(a AS DECIMAL(38, 0)) - CAST(a AS DECIMAL(38, 0)) % CAST(b AS DECIMAL(38, 0)))"
        " / CAST(b AS DECIMAL(38, 0)) AS BIGINT) AS q FROM t"
    )
    nested = to_spark("SELECT idiv(idiv(a, b), c) FROM t")
    assert "idiv" not in nested.lower()
    assert "div" not in nested.lower().replace("idiv", "")


def test_spark_text_is_made_of_one_statement_only() -> None:
    with pytest.raises(ValueError, match="one statement"):
        to_spark("SELECT 1; SELECT 2")
