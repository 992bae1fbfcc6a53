"""Auxiliary types against a plain reading of the rule (`aux_oracle`), exactly, on random cases; the rule's edges."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import aux_oracle
import numpy as np
import pyarrow as pa
import pytest
from aux_city import KINDS, PLAIN, hits, learned, terms, types
from hypothesis import given
from hypothesis import strategies as st

from yibao.casemix.dip import RegimeError, cost_bases, read_aux
from yibao.casemix.dip.auxiliary import (
    Sums,
    coefficient,
    cv_exceeds,
    drop_reached,
    open_groups,
    passing,
    ranked,
)
from yibao.engine import Engine
from yibao.packs import load_law

DX = {"G1": ["K35.300"], "G2": ["C34.100", "C34.900"], "G3": ["P59.900"], "G4": ["J15.900"]}
OTHERS = ["E11.900", "E11.200", "I50.900", "C34.900", "C78.000", "J96.000", "A41.900", "J18.900", "I10.x00"]


def random_cases(seed: int, count: int) -> list[dict[str, Any]]:
    """Cases of four groups; what makes a case severe, small or long makes it dearer, give or take a half."""
    chance = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        group = ["G1", "G2", "G3", "G4"][chance.integers(4)]
        others = [OTHERS[place] for place in chance.choice(len(OTHERS), chance.integers(0, 4), replace=False)]
        day = date(int(chance.choice([2023, 2024])), int(chance.integers(1, 13)), 15)
        stay = int(chance.integers(0, 12))
        newborn = group == "G3" or chance.random() < 0.1
        weight = int(chance.integers(900, 4000)) if newborn else None
        icu = int(chance.choice([0, 0, 0, 1, 3, 9, 20]))
        age = 0 if newborn else int(chance.choice([1, 6, 7, 17, 18, 64, 65]))
        more = 1 + 0.4 * len(others) + 0.15 * icu + (1.5 if weight and weight < 2500 else 0)
        more += (2.5 if 0 < age < 7 else 0) + (3 if group == "G2" and "C78.000" in others else 0)
        fee = int(300_000 * more * chance.uniform(0.5, 1.5)) * (6 if chance.random() < 0.05 else 1)
        case: dict[str, Any] = {
            "group": group, "dx": [str(chance.choice(DX[group])), *others], "day": day, "fee": fee, "weight": weight,
            "days": int(chance.integers(0, 60)) if newborn else None,
            "age": age,
            "way": str(chance.choice(["1", "1", "1", "1", "5"])), "icu": icu if chance.random() < 0.9 else None,
            "drug": int(fee * chance.uniform(0, 1)), "treatment": int(fee * chance.uniform(0, 1)),
        }  # fmt: skip
        known = chance.integers(3)
        case |= {"stay": stay} if known == 0 else {"admitted": day - timedelta(days=stay)} if known == 1 else {}
        cases.append(case)
    return cases


SETTINGS = {
    "as assumed": PLAIN,
    "wide gates": {**PLAIN, "min_group": 0, "min_type": 0, "min_cv": Fraction(0), "min_drop": Fraction(0)},
    "narrow gates": {**PLAIN, "min_drop": Fraction(1, 5), "min_cv": Fraction(7, 10), "min_type": 8},
    "no floor": {**PLAIN, "floor": Fraction(0), "icu_factor": Fraction(1, 5)},
    "no tumour list": {**PLAIN, "kinds": ("age", "severity", "cci")},
    "tumour alone": {**PLAIN, "kinds": ("tumour",), "multiple": Fraction(3, 2), "min_group": 5},
    "other order": {**PLAIN, "kinds": tuple(reversed(KINDS)), "serious_days": 5},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_auxiliary_types_and_their_coefficients_are_what_the_rule_says_of_each_case(name: str) -> None:
    plain = SETTINGS[name]
    given_terms, kinds = terms(plain), set()
    for seed in range(4):
        history, later = random_cases(seed, 500), random_cases(seed + 10**6, 300)
        last = [case for case in history if case["day"].year == 2024]
        bases = {group: 500_000 + 100_000 * n for n, group in enumerate(DX)}
        expected = aux_oracle.learn(last, plain, {group: Fraction(fee) for group, fee in bases.items()})
        with Engine() as engine:
            aux_type, report = learned(engine, history, given_terms, bases, 2024)
            rows = aux_type.to_pylist()
            found: dict[str, dict[tuple[str, str], Fraction]] = {}
            for row in rows:
                trigger = Fraction(int(row["trigger_num"]), int(row["trigger_den"]))
                found.setdefault(row["dip_code"], {})[row["aux_kind"], row["aux_type"]] = trigger
                kinds.add(row["aux_kind"])
            assert found == expected
            chosen = hits(engine, later, given_terms, aux_type, bases)
        assert chosen == [
            aux_oracle.choose(case, plain, Fraction(bases[case["group"]]), expected.get(case["group"], {}))
            for case in later
        ]
        groups = {row["aux_kind"]: row["groups"] for row in report.to_pylist()}
        assert groups == {
            k: sum(any(k == kind for kind, _ in won) for won in expected.values()) for k in plain["kinds"]
        }
        assert all(row["cv_after"] < row["cv_before"] or plain["min_drop"] == 0 for row in report.to_pylist()
                   if row["groups"])  # fmt: skip
    if name in ("as assumed", "wide gates"):
        assert kinds == set(KINDS), "the random cases must reach every kind, or the comparison says little"


FEES = st.lists(st.integers(1, 10**9), min_size=2, max_size=40)


def sums(fees: list[int]) -> Sums:
    return Sums(len(fees), sum(fees), sum(fee * fee for fee in fees))


@given(FEES, st.fractions(0, 3))
def test_the_spread_is_compared_with_its_bound_exactly(fees: list[int], bound: Fraction) -> None:
    exceeds = aux_oracle.variance(fees) > (bound * aux_oracle.mean(fees)) ** 2
    assert cv_exceeds(sums(fees), bound) == exceeds


def test_a_cv_of_exactly_the_bound_is_not_above_it() -> None:
    fees = [5, 15]  # mean 10, standard deviation 5
    assert not cv_exceeds(sums(fees), Fraction(1, 2))
    assert cv_exceeds(sums(fees), Fraction(1, 2) - Fraction(1, 10**30))


def test_a_drop_of_exactly_the_bound_is_enough() -> None:
    group, parts = sums([0, 6, 8, 14]), [sums([0, 6]), sums([8, 14])]  # spread 100, 36 within: the CV falls from 5 to 3
    assert drop_reached(group, parts, Fraction(2, 5))
    assert not drop_reached(group, parts, Fraction(2, 5) + Fraction(1, 10**30))
    assert drop_reached(group, parts[:1], Fraction(2, 5)), "what is left of the group is one more type"
    assert not drop_reached(sums([5, 5]), [sums([5])], Fraction(0)), "where nothing spreads nothing can be narrowed"


def test_a_group_and_a_type_need_more_than_the_stated_cases_and_intensive_care_half_of_them() -> None:
    of = terms()
    wide = {"重度": sums([900] * 6), "轻度": sums([100] * 9)}
    assert passing(sums([900] * 6 + [100] * 10), {**wide, "轻度": sums([100] * 10)}, of, "severity")
    assert not passing(sums([900] * 6 + [100] * 9), wide, of, "severity"), "exactly 15 cases are not more than 15"
    small = {"2-7天": sums([900] * 3)}
    assert passing(sums([900] * 3 + [100] * 5), small, of, "icu"), "8 cases are more than half of 15, 3 more than 2.5"
    assert not passing(sums([900] * 3 + [100] * 4), small, of, "icu")
    assert not passing(sums([900] * 2 + [100] * 7), {"2-7天": sums([900] * 2)}, of, "icu")
    five = passing(sums([900] * 5 + [100] * 11), {"重度": sums([900] * 5), "轻度": sums([100] * 11)}, of, "severity")
    assert list(five) == ["轻度"], "the small type stays with the rest, and the rest is measured as one"


def test_the_highest_trigger_coefficient_wins_before_the_floor_and_ties_follow_the_order_of_the_law() -> None:
    half = Fraction(1, 2)
    assert ranked([("age", "1-6岁", half), ("cci", "一般", Fraction(2, 3))], KINDS)[0] == ("cci", "一般")
    assert ranked([("age", "b", half), ("age", "a", half), ("cci", "z", half)], KINDS) == [
        ("cci", "z"), ("age", "a"), ("age", "b"),
    ]  # fmt: skip
    assert coefficient(Sums(1, 50, 2500), Sums(2, 200, 0), Fraction(1)) == 10_000
    assert coefficient(Sums(1, 50, 2500), Sums(2, 200, 0), Fraction(0)) == 5_000


@pytest.mark.parametrize(
    ("days", "level"), [(2, "轻度"), (3, "重度"), (None, "轻度")]
)  # fmt: skip
def test_three_days_or_more_is_read_inclusive_and_unknown_days_are_not_long(days: int | None, level: str) -> None:
    assert types([{"dx": ["K35.300", "J96.000"], "stay": days}], terms())[0]["severity"] == level


def test_days_come_from_the_dates_where_they_are_not_stated() -> None:
    case = {"dx": ["K35.300", "J96.000"], "day": date(2025, 6, 4), "admitted": date(2025, 6, 1)}
    assert types([case, {**case, "stay": 2}], terms()) == [
        {"severity": "重度"}, {"severity": "轻度"},
    ]  # fmt: skip


def test_the_principal_diagnosis_is_no_comorbidity_of_itself() -> None:
    assert types([{"dx": ["J96.000"], "stay": 9}], terms())[0] == {"severity": "轻度"}
    assert types([{"dx": ["E11.900"], "stay": 9}], terms())[0] == {"severity": "轻度"}


def test_a_category_counts_once_with_its_heavier_weight() -> None:
    found = types([{"dx": ["K35.300", "E11.900", "E11.200"]}, {"dx": ["K35.300", "E11.900", "I50.900"]},
                   {"dx": ["K35.300", "C34.100", "C78.000", "E11.901"]}], terms())  # fmt: skip
    assert [one["cci"] for one in found] == ["一般", "一般", "极严重"]


def test_a_tumour_has_its_own_list_in_the_place_of_severity() -> None:
    case = {"dx": ["C34.100", "C34.900", "J96.000"], "stay": 5}
    assert types([case], terms())[0] == {"tumour": "功能衰竭等", "cci": "一般"}
    without = terms({**PLAIN, "kinds": ("severity",)})
    assert types([case], without)[0] == {"severity": "重度"}
    assert types([{**case, "dx": ["K35.300", "C78.000"]}], terms())[0]["severity"] == "轻度"


def test_the_share_of_drugs_and_treatment_is_of_the_gross_fee_and_high_cost_of_the_net_one() -> None:
    """An excluded drug leaves the fee but stays in the drug fee: 60 000 元 net, 45 000 元 of drugs of 100 000 gross."""
    case = {"dx": ["C34.100"], "fee": 6_000_000, "gross": 10_000_000, "drug": 4_500_000, "treatment": 0}
    found = types([case, {**case, "drug": 5_000_000}, {**case, "drug": 0, "treatment": 5_000_000},
                   {**case, "fee": 2_999_999, "drug": 5_000_000}], terms(), base=1_000_000)  # fmt: skip
    assert [one["tumour"] for one in found] == ["其他", "高费用二", "高费用一", "其他"]


def test_high_cost_reaches_the_multiple_to_the_fen() -> None:
    case = {"dx": ["C34.100"], "fee": 3_000_000, "treatment": 1_500_000}
    found = types([case, {**case, "fee": 2_999_999}, {**case, "treatment": 1_499_999}, {**case, "treatment": None}],
                  terms(), base=1_000_000)  # fmt: skip
    assert [one["tumour"] for one in found] == ["高费用一", "其他", "其他", "其他"]


def test_the_first_year_goes_by_days_and_one_whole_year_is_of_the_next_band() -> None:
    ages = [(0, 0), (0, 28), (0, 29), (0, 366), (1, 366), (1, None), (None, 12), (None, None), (0, None), (18, None)]
    found = types([{"dx": ["J15.900"], "age": age, "days": days} for age, days in ages], terms())
    assert [one.get("age", "") for one in found] == [
        "0-28天", "0-28天", "29天-1周岁", "29天-1周岁", "1-6岁", "1-6岁", "0-28天", "", "", "",
    ]  # fmt: skip


def test_a_weight_counts_in_the_first_four_weeks_only() -> None:
    newborn = [(28, 1499), (28, 1500), (29, 1499), (None, 1499), (5, None), (5, 2500)]
    found = types([{"dx": ["P59.900"], "age": 0, "days": days, "weight": grams} for days, grams in newborn], terms())
    assert [one.get("newborn", "") for one in found] == ["不足1500克", "1500-2499克", "", "", "", ""]


def test_only_cases_of_core_groups_have_types() -> None:
    cases = [{"dx": ["K35.300"], "type": kind} for kind in ("core", "composite", "early", "merged", "ungrouped")]
    assert [bool(one) for one in types(cases, terms())] == [True, False, False, False, False]


def test_a_group_of_the_primary_list_learns_no_types() -> None:
    with Engine() as engine:
        learned(engine, random_cases(1, 500), terms(), dict.fromkeys(DX, 10**6), 2024)
        assert set(open_groups(engine, terms(), 2024, ["G1"])) == {"G2", "G3", "G4"}


def test_only_last_years_cases_are_looked_at() -> None:
    history = random_cases(2, 500)
    bases = dict.fromkeys(DX, 10**6)
    with Engine() as engine:
        both = learned(engine, history, terms(), bases, 2024)
        alone = learned(engine, [case for case in history if case["day"].year == 2024], terms(), bases, 2024)
        assert both[0].equals(alone[0]) and both[0].num_rows
        assert learned(engine, history, terms(), bases, 2022)[0].num_rows == 0


def test_high_cost_is_measured_by_the_groups_mean_or_by_its_points_at_the_opening_value() -> None:
    groups = pa.table({"dip_code": ["A", "B"], "mean_fee": [1_000, 2_000], "points": [12_345_678, 10]})
    assert cost_bases(groups, {"A"}, None) == {"A": 1_000}
    assert cost_bases(groups, {"A", "B"}, Fraction(10)) == {"A": 1_234_568, "B": 1}


def test_the_shipped_law_gives_terms_for_every_regime_and_none_without_the_overlay() -> None:
    for regime in ("dip2020", "dip2_0", "dip3_0_draft"):
        of = read_aux(load_law("zibo", ["demo"]).at(date(2025, 6, 1)), regime)
        assert of.kinds == KINDS and of.needs_dx
        assert {row["aux_kind"] for row in of.bands.to_pylist()} == set(KINDS)
        weights = {row["weight"] for row in of.dx.to_pylist() if row["mark"] == "cci"}
        assert weights == {1, 2, 3, 6}
    assert read_aux(load_law("zibo").at(date(2025, 6, 1)), "dip2_0").kinds == ()


def test_a_comorbidity_table_of_the_law_finds_the_category_of_the_common_codes() -> None:
    of = read_aux(load_law("zibo", ["demo"]).at(date(2025, 6, 1)), "dip2_0")
    codes = {
        "I21.900": 1,
        "E11.900": 1,
        "E11.200": 2,
        "N18.900": 2,
        "K72.900": 3,
        "C78.000": 6,
        "B20.x00": 6,
        "I10.x00": 0,
    }
    cases = [{"dx": ["K35.300", code]} for code in codes]
    tier = {0: None, 1: "一般", 2: "一般", 3: "严重", 6: "极严重"}
    assert [one.get("cci") for one in types(cases, of)] == [tier[weight] for weight in codes.values()]


def test_a_band_that_cannot_be_read_is_named_with_its_parameter(tmp_path: Any) -> None:
    row = (
        "- {key: dip.aux.icu_bands, where: {regime: dip2_0}, from: 2025-01-01, unit: table, "
        "value: [{label: 甲, from: x}], source: {doc: 测试, published: 2026-12-01}, grade: assumed}\n"
    )
    (tmp_path / "bad.yaml").write_text(row, encoding="utf-8")
    law = load_law("zibo", ["demo", str(tmp_path / "bad.yaml")])
    with pytest.raises(RegimeError, match=r"dip\.aux\.icu_bands 的 from 应为非负整数"):
        read_aux(law.at(date(2025, 6, 1)), "dip2_0")
