"""A SQL file states its contract in a header, and its parameters are those it declares."""

import pytest

from yibao.engine.sqlfile import SqlHeaderError, parse_sql

HEAD = "-- grain: setl_id, seq\n-- inputs: cases\n-- params: since, until\n-- source: RULEBOOK §4\n"
BODY = "SELECT setl_id, seq FROM cases WHERE d BETWEEN $since AND $until"


def test_the_header_is_read_into_the_contract() -> None:
    sql = parse_sql("step", HEAD + BODY)
    assert (sql.name, sql.grain, sql.inputs, sql.params) == (
        "step",
        ("setl_id", "seq"),
        ("cases",),
        ("since", "until"),
    )
    assert sql.source == "RULEBOOK §4"
    assert sql.text == BODY


@pytest.mark.parametrize("field", ["grain", "inputs", "source"])
def test_a_file_without_its_header_is_refused_and_the_missing_line_named(field: str) -> None:
    head = "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(f"-- {field}"))
    with pytest.raises(SqlHeaderError, match=f"step.sql: header lacks {field}"):
        parse_sql("step", head + BODY)


@pytest.mark.parametrize("body", ["SELECT 1", BODY + " AND e = $more"])
def test_declared_and_used_parameters_are_the_same(body: str) -> None:
    with pytest.raises(SqlHeaderError, match=r"declares parameters .* but uses"):
        parse_sql("step", HEAD + body)


def test_a_parameter_in_a_comment_is_not_used() -> None:
    assert parse_sql("step", HEAD + BODY + "\n-- $later\n").params == ("since", "until")


def test_a_dash_stands_for_none() -> None:
    assert parse_sql("step", HEAD.replace("since, until", "-") + "SELECT setl_id, seq FROM cases").params == ()
