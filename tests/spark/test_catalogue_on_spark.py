"""The SQL of the catalogue makes the same tables on Spark as on DuckDB: the facts, the checks, both methods."""

from datetime import date
from pathlib import Path

import pytest
from care_world import law_of, load_world, random_world
from run_on_spark import compare, require_spark

from yibao import catalogue
from yibao.catalogue.batch import LINES, PREDICATES
from yibao.engine import Engine, load_sql

pytestmark = pytest.mark.spark
FAULTS = ("fault_item", "fault_list", "odd_line", "fault_unclaimed", "fault_line", "fault_repeat", "fault_total")
INPUTS = (
    "claims", "fee_lines", "catalogue_items", "persons", "providers", "item_limits", "special_approvals",
    "preparations", "consumable_deny", "consumable_allow", "prescriptions", "limit_cell", "limit_dx", "limit_prior",
    "care_day", "nth_code", "numbered_claims",
)  # fmt: skip


def test_the_facts_of_random_lines_the_checks_and_the_methods_are_the_same_on_both_engines(tmp_path: Path) -> None:
    require_spark()
    with Engine() as engine:
        load_world(engine, random_world(3, persons=25, claims_each=8), tmp_path)
        catalogue.line_facts(engine, law_of(tmp_path), keep=True)
        inputs = {name: engine.fetch(f"SELECT * FROM {name}") for name in INPUTS}
        inputs["maybe_repeated"] = inputs["fee_lines"]
    steps = [
        load_sql("yibao.catalogue", name) for name in (*LINES, *PREDICATES, "method_item", "method_money", *FAULTS)
    ]
    rows = compare(steps, inputs, {"day": date(2024, 9, 1), "tolerance_fen": 1}, tmp_path)
    assert len(rows["line_fact"]) > 1500
    assert all(rows[name] for name in (*LINES, *PREDICATES, "method_item", "method_money", "fault_line", "fault_total"))
