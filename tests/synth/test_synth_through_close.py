"""The demo city goes through the whole close, and the close finds in it what the city was made to contain."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from yibao.flows.close import Closed, CloseSetting, close
from yibao.flows.dip import FlowError, Setting
from yibao.packs import load_law
from yibao.synth import City, generate, write_city
from yibao.synth.close_faults import CLOSE_FAULTS

BANDS = (0.85, 1.0, 1.05, 1.10)


@pytest.fixture(scope="module")
def city() -> City:
    return generate(200_000)


@pytest.fixture(scope="module")
def closed(city: City, tmp_path_factory: pytest.TempPathFactory) -> tuple[Closed, Path]:
    folder = tmp_path_factory.mktemp("close")
    write_city(city, folder / "city")
    law = load_law("zibo", ("demo",))
    done = close(folder / "city", folder / "out", 2025, CloseSetting(Setting(law, None, None, None)))
    return done, folder / "out"


def rows(closed: tuple[Closed, Path], table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = pq.read_table(closed[1] / f"{table}.parquet").to_pylist()
    return found


def keys(city: City, fact: str) -> set[str]:
    return {row["key"] for row in city.planted_close.to_pylist() if row["fact"] == fact}


def test_the_close_of_a_clean_city_has_no_error_and_the_books_refuse_nothing(closed: tuple[Closed, Path]) -> None:
    done, _ = closed
    assert (done.rejected, done.refused, done.faulty) == (0, 0, 0)
    assert done.summary["payments_posted"] == ["310", "390"]


@pytest.mark.parametrize("fund", ["310", "390"])
def test_large_hospitals_fall_into_every_band_of_the_share_table(closed: tuple[Closed, Path], fund: str) -> None:
    ratios = [row["ratio"] for row in rows(closed, "clearing") if row["fund_type"] == fund and row["cases"] >= 100]
    found = {sum(ratio >= edge for edge in BANDS) for ratio in ratios if ratio is not None}
    assert found == {0, 1, 2, 3, 4}


def test_hospitals_with_a_habit_come_near_the_ratio_that_the_key_names(city: City, closed: tuple[Closed, Path]) -> None:
    named = {
        (row["fund_type"], row["key"]): float(row["detail"])
        for row in city.planted_close.to_pylist()
        if row["fact"] == "booked_ratio"
    }
    found = {(row["fund_type"], row["fixmedins_code"]): row for row in rows(closed, "clearing")}
    far = {key: abs(float(found[key]["ratio"]) - ratio) for key, ratio in named.items() if found[key]["cases"] > 400}
    assert len(far) >= 12
    assert max(far.values()) < 0.15
    assert sum(far.values()) / len(far) < 0.05
    for trait, edge in (("efficient", 0), ("thrifty", 1), ("expensive", 4)):
        code = next(row["fixmedins_code"] for row in city.provider_traits.to_pylist() if row["trait"] == trait)
        for fund in ("310", "390"):
            assert sum(float(found[fund, code]["ratio"]) >= limit for limit in BANDS) == edge, trait


def test_prepayment_is_refused_to_the_hospitals_that_the_key_names_and_granted_to_others(
    city: City, closed: tuple[Closed, Path]
) -> None:
    outcomes: dict[str, set[str]] = {}
    for row in rows(closed, "prepay"):
        outcomes.setdefault(str(row["outcome"]), set()).add(str(row["fixmedins_code"]))
    assert outcomes["credit_zero"] == keys(city, "credit_d")
    assert outcomes["suspended"] == keys(city, "suspended")
    assert outcomes["new_institution"] <= keys(city, "new")
    assert keys(city, "not_applied") <= outcomes["not_applied"]
    assert len(outcomes["granted"]) > 15


def test_only_the_hospital_that_the_key_names_is_over_its_beds(city: City, closed: tuple[Closed, Path]) -> None:
    assert {row["fixmedins_code"] for row in rows(closed, "beds") if row["excess"] > 0} == keys(city, "over_beds")


def test_applications_for_special_review_meet_every_answer(city: City, closed: tuple[Closed, Path]) -> None:
    found = {row["setl_id"]: row["outcome"] for row in rows(closed, "special")}
    assert set(found.values()) == {"granted", "over_quota", "failed", "pending", "not_eligible", "not_local"}
    assert {found[one] for one in keys(city, "review_not_local")} == {"not_local"}
    assert {found[one] for one in keys(city, "review_passed")} >= {"granted", "over_quota"}
    granted = {row["setl_id"]: row["review_result"] for row in city.close["special_reviews"].to_pylist()}
    assert {granted[one] for one, outcome in found.items() if outcome == "granted"} == {"pass_item", "pass_standard"}


def test_every_kind_of_auxiliary_type_passes_the_gates_in_some_group(closed: tuple[Closed, Path]) -> None:
    found = {row["aux_kind"]: row for row in rows(closed, "aux")}
    assert set(found) == {"cci", "severity", "tumour", "age", "icu", "newborn"}
    assert all(row["groups"] >= 2 and row["cases_hit"] > 0 for row in found.values())


def test_every_bucket_and_deviation_has_cases(closed: tuple[Closed, Path]) -> None:
    cases = rows(closed, "cases")
    wanted = {"special", "bed_day", "day", "tcm", "primary", "aux", "core", "composite"}
    assert wanted <= {str(row["bucket"]) for row in cases}
    assert {"low", "normal", "high", "extreme"} <= {str(row["deviation_type"]) for row in cases}
    assert {row["scope"] for row in cases} == {"local", "offsite", "outside"}


def test_a_primary_care_disease_is_paid_alike_at_two_or_more_levels(closed: tuple[Closed, Path]) -> None:
    found = rows(closed, "primary")
    assert found
    assert all(sum((row[f"cases_lv{level}"] or 0) > 0 for level in (1, 2, 3)) >= 2 for row in found)


def test_a_medical_group_keeps_a_surplus_under_its_contract(closed: tuple[Closed, Path]) -> None:
    found = [row for row in rows(closed, "groups") if row["group_method"] == "contract"]
    assert len(found) == 2
    assert any(row["booked"] < row["entitlement"] == row["pay"] for row in found)


FOUND = {
    "month_missing": "month_missing",
    "income_short": "budget_income_short",
    "two_budgets_for_one_line": "budget_item_twice",
    "hospital_without_level": "institution_without_level",
    "review_of_unknown_case": "unknown_case",
    "hospital_in_two_groups": "group_member_twice",
    "assessment_of_unknown_hospital": "unknown_institution",
    "excluded_above_fee": "excluded_fee_above_fee",
    "excluded_before_listed": "excluded_fee_not_listed",
}
"""Planted fault → what the close says of it. The first three leave no budget to close."""


@pytest.mark.parametrize("fault", CLOSE_FAULTS)
def test_the_close_finds_every_fault_planted_in_its_tables(fault: str, tmp_path: Path) -> None:
    write_city(generate(6_000, close_faults=[fault]), tmp_path / "city")
    setting = CloseSetting(Setting(load_law("zibo", ("demo",)), None, None, None))
    try:
        findings = close(tmp_path / "city", tmp_path / "out", 2025, setting).findings
    except FlowError as error:
        findings = list(error.findings)
    assert FOUND[fault] in {one.code for one in findings}
    assert (tmp_path / "out" / "summary.json").exists() == (fault not in list(FOUND)[:3])
