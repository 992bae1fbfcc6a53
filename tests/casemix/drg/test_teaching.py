"""The DRG teaching scheme: its check finds nothing, it holds every feature of the format, and cases worked by hand."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from yibao.casemix.drg import Grouped, Scheme
from yibao.casemix.drg.condition import _LEAVES, FIELDS, OPERATORS, leaves
from yibao.flows.drg import check_scheme, group_table
from yibao.packs import teaching_scheme

FOLDER = teaching_scheme()
RESULT = ("status", "mdc", "adrg", "drg")
INPUT = (
    "case_id", "gender", "age", "age_day", "weight_g", "los_days", "leaving_type", "dept", "icu_hours", "dx", "px",
)  # fmt: skip
with (Path(__file__).parent / "teaching_cases.csv").open(encoding="utf-8", newline="") as _stream:
    CASES = list(csv.DictReader(_stream))
UNREACHED: dict[str, str] = {}
"""ADRGs and DRGs that no case reaches, with the reason."""
BOTH_WAYS = (
    "in px1 ss", "in px1 ss1", "any px", "any dx", "any dx2+", "any px2+", "any px codes", "in dx1 codes", "tag 2",
    "exclusion", "cmp ==", "cmp !=", "cmp <", "cmp <=", "cmp >", "cmp >=", "cmp == dept", "isin dept", "isin gender",
    "isin leavingType", "count dx", "count px", "and", "terminal", "empty drg", "min_trauma_sites",
)  # fmt: skip
"""Features that some case has and a case much like it has not, so that their groups differ."""


@cache
def scheme() -> Scheme:
    found = check_scheme(FOLDER).scheme
    assert found is not None
    return found


def grouped(rows: list[dict[str, str]], *, mapped: bool = False) -> Grouped:
    table = pa.table({name: pa.array([row.get(name) or None for row in rows], pa.string()) for name in INPUT})
    return group_table(scheme(), table, mapped=mapped)


@cache
def answers() -> dict[str, dict[str, str]]:
    return {row["case_id"]: row for row in grouped(CASES).groups.to_pylist()}


def table(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def every_leaf() -> Iterator[Any]:
    for tree in scheme().trees:
        yield from leaves(tree)


def test_the_check_finds_nothing() -> None:
    assert check_scheme(FOLDER).findings == []


@pytest.mark.parametrize("case", CASES, ids=[f"{case['case_id']} {case['feature']}" for case in CASES])
def test_each_case_falls_where_it_was_worked_out_to_fall(case: dict[str, str]) -> None:
    assert {name: answers()[case["case_id"]][name] for name in RESULT} == {name: case[name] for name in RESULT}


def test_case_numbers_are_their_own() -> None:
    assert len({case["case_id"] for case in CASES}) == len(CASES)
    assert all(case["why"] and case["feature"] for case in CASES)


def test_every_adrg_and_drg_is_reached_or_excused() -> None:
    reached = {case["adrg"] for case in CASES} | {case["drg"] for case in CASES}
    named = {step.adrg for step in scheme().steps} | {row.drg for row in scheme().drgs} - {""}
    assert named - reached == set(UNREACHED)


@pytest.mark.parametrize("feature", BOTH_WAYS)
def test_cases_show_a_feature_both_ways(feature: str) -> None:
    assert len({case["drg"] for case in CASES if case["feature"] == feature}) > 1


def test_every_kind_of_leaf_occurs() -> None:
    assert {leaf[0] for leaf in every_leaf()} == set(_LEAVES)


def test_every_subject_list_operator_and_field_occurs() -> None:
    member = [leaf for leaf in every_leaf() if leaf[0] in ("in", "any")]
    assert {(leaf[0], leaf[1]) for leaf in member} == {
        ("in", "dx1"), ("in", "px1"), ("any", "dx"), ("any", "px"), ("any", "dx2+"), ("any", "px2+"),
    }  # fmt: skip
    listed = {leaf[2] for leaf in member if isinstance(leaf[2], str)}
    assert listed == {"zd", "zd1", "ss", "ss1", "ss2", "mdc", "@valid"}
    assert {leaf[1] for leaf in member if isinstance(leaf[2], dict)} == {"dx1", "px"}
    compared = [leaf for leaf in every_leaf() if leaf[0] == "cmp"]
    assert {leaf[2] for leaf in compared} == set(OPERATORS)
    assert {leaf[1] for leaf in compared} == set(FIELDS)
    assert {leaf[1] for leaf in every_leaf() if leaf[0] == "count"} == {"dx", "px"}
    assert {leaf[1] for leaf in every_leaf() if leaf[0] == "tag"} == {"1", "2", "3"}


def test_and_or_and_not_occur() -> None:
    written = "".join(row["condition"] for name in ("adrg", "drg") for row in table(name))
    assert all(f'["{name}"' in written for name in ("and", "or", "not"))


def test_the_features_beside_the_leaves_occur() -> None:
    found = scheme()
    rows = {row.step for row in found.drgs}
    assert any(step.terminal for step in found.steps)
    assert any(not row.drg for row in found.drgs)
    assert [step.adrg for at, step in enumerate(found.steps) if at not in rows and not step.terminal] == ["MB1"]
    assert [mdc.name for mdc in found.mdcs if mdc.sites > 1] == ["MDCZ"]
    assert "" in found.mcc.values(), "an MCC that nothing excludes"
    assert any(found.mcc.get(dx) in found.exclusion.get(dx, ()) for dx in found.mcc), "one that excludes its own kind"


def test_no_list_is_unused_and_no_code_stands_in_the_code_tables_twice() -> None:
    used = {
        (step.rule_key, leaf[2])
        for at, step in enumerate(scheme().steps)
        for tree in (step.condition, *(row.condition for row in scheme().drgs if row.step == at))
        for leaf in leaves(tree)
        if leaf[0] in ("in", "any") and isinstance(leaf[2], str)
    } | {(step.rule_key, "ss") for step in scheme().steps if any(leaf[0] == "tag" for leaf in leaves(step.condition))}
    assert set(scheme().lists) - used == set()
    for name, key in (("dx", "dx"), ("px", "px"), ("drg_names", "drg"), ("dx_map", "dx_in"), ("px_map", "px_in")):
        codes = [row[key] for row in table(name)]
        assert len(codes) == len(set(codes)), name


def test_every_drg_has_its_name() -> None:
    named = {case["drg"] for case in CASES if case["status"] == "分组成功"}
    assert named <= scheme().drg_names.keys()


@pytest.mark.parametrize(
    ("dx", "px", "plain", "mapped"),
    [
        ("I21.000x001", "88.5500", "0000", "FR19"),  # 急性前间壁心肌梗死, written in the clinical version
        ("K63.500|A41.901", "45.4301", "GK39", "GK39"),
        ("I63.900|A41.901", "", "BR25", "BR21"),  # the MCC counts once it is mapped
        ("S06.500", "01.2412", "BY15", "BB15"),
        ("I60.100", "", "BR15", "BR15"),  # a code that the map leaves as it is
    ],
)
def test_clinical_codes_count_once_they_are_mapped(dx: str, px: str, plain: str, mapped: str) -> None:
    row = {"case_id": "1", "gender": "1", "age": "50", "los_days": "7", "leaving_type": "1", "dx": dx, "px": px}
    assert [grouped([row], mapped=on).groups["drg"].to_pylist() for on in (False, True)] == [[plain], [mapped]]


def test_both_maps_turn_some_codes_and_leave_others() -> None:
    for codes, known in ((scheme().dx_map, scheme().dx_names), (scheme().px_map, scheme().px_names)):
        assert {source == target for source, target in codes.items()} == {True, False}
        assert set(codes.values()) <= set(known)


def test_the_scheme_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 60_000
