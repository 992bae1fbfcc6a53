"""Learning and assignment against a plain reading of the same rules (`dip_oracle`), exactly, on random cases."""

from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from dip_city import REGIME, lists, put_cases
from dip_oracle import Lists, keys_of, place
from dip_oracle import learn as learn_plainly

from yibao.casemix.dip import LearnError, assign, learn
from yibao.engine import Engine
from yibao.kernel import half_up_ratio

KINDS = {"47": "相关手术", "51": "相关手术", "51.2": "相关手术", "54": "相关手术", "37": "相关手术", "99": "治疗性操作",
         "88": "诊断性操作", "89": "内科诊疗", "99.1": "诊断性操作"}  # fmt: skip
RULES = [
    {"layer": "merged", "dip_code": "M1", "dx": "K35.3", "px": "54.5100"},
    {"layer": "merged", "dip_code": "M2", "dx": "K35|K36", "px": "47.0100|47.0900+54.5100+88.7200"},
    {"layer": "early", "dip_code": "AA2", "px": "37.5100"},
    {"layer": "aux_dx", "dip_code": "AX1", "dx": "J18", "dx_other": "J96"},
]
EXCLUDED = {
    "99.2800": ("not_principal", ""),
    "54.2100": ("conservative", ""),
    "51.2": ("scope", "K80"),
    "51.2300": ("scope", "K8"),
}
BARRED = ["I10", "J20.100"]
LOCAL = Lists(KINDS, EXCLUDED, BARRED, RULES)
LISTS = lists(
    RULES,
    [{"list": "px", "code": code, "effect": effect, "scope": span} for code, (effect, span) in EXCLUDED.items()]
    + [{"list": "dx", "code": code} for code in BARRED],
    kinds=KINDS,
)
DX = ["K35.300", "K35.301", "K35.900", "K36.x00", "K80.000", "K80.100", "K81.000", "J18.900", "J18.000", "J20.100",
      "J20.200", "I10.x00", "I25.100", "I25.200", "9X9.000"]  # fmt: skip
PX = ["47.0100", "47.0900", "51.2300", "51.2200", "54.5100", "54.2100", "88.7200", "99.1500", "99.2500",
      "99.2800", "89.0100", "00.6600", "37.5100"]  # fmt: skip
FIRST = np.array([24, 4, 2, 1, 2, 1, 1, 1, 2, 1, 2, 1, 1]) / 43
ADDED = np.array([1, 3, 2, 6, 1, 1, 5, 2, 3, 1, 2, 1, 1]) / 29
BASIC = REGIME._replace(core_min=8, composite_min=5)
TRIMMED = BASIC._replace(trim_level="group", trim_low=Fraction(1, 40), trim_high=Fraction(39, 40), trim_min=10)
REGIMES = {
    "fixed": BASIC,
    "merged": TRIMMED._replace(merge_dx3=True, related_tie="dearest"),
    "pooled": BASIC._replace(
        weight_basis="pooled", trim_level="all", trim_low=Fraction(1, 20), trim_high=Fraction(9, 10), merge_dx3=True
    ),
    "coverage": TRIMMED._replace(core_min=1, core_coverage=Fraction(17, 20), drop_small=False),
    "prefix": BASIC._replace(exclude_match="prefix", related_increase=Fraction(1, 20), merge_dx3=True),
    "auto base": TRIMMED._replace(
        score_method="base_disease", base_disease="auto", base_min=12, related_tie="dearest", related_match="overlap"
    ),
    "named base": BASIC._replace(score_method="base_disease", base_disease="K35.3-47.0100", year_weights=(1, 1)),
    "quota": BASIC._replace(score_method="quota", score_scale=1, score_quota_fen=1_000_000, composite_min=12),
}


def random_cases(seed: int, count: int, years: tuple[int, ...] = (2022, 2023, 2024, 2025)) -> list[dict[str, Any]]:
    """Cases over few codes, of skewed frequency; an added procedure costs up to 24% more, give or take 15%."""
    chance = np.random.default_rng(seed)
    often = 1 / np.arange(1, len(DX) + 1)
    cases = []
    for _ in range(count):
        dx = int(chance.choice(len(DX), p=often / often.sum()))
        count_px = chance.choice([0, 1, 1, 2, 2, 3])
        px = [PX[chance.choice(len(PX), p=ADDED if nth else FIRST)] for nth in range(count_px)]
        more = sum(4 * PX.index(code) % 25 for code in px[1:])
        fee = (4_000 + 900 * dx + 700 * len(px)) * (100 + more) * int(chance.integers(85, 116)) // 100
        other = ["J96.000"] if chance.random() < 0.2 else []
        cases.append(
            {
                "dx": [DX[dx], *other],
                "px": px,
                "fee": fee * (20 if chance.random() < 0.01 else 1),
                "level": ["1", "2", "3", None][chance.integers(4)],
                "day": date(int(chance.choice(years)), int(chance.integers(1, 13)), 15),
            }
        )
    return cases


KEYS = ("dip_type", "scope", "dx", "px", "related", "px_kind", "n_cases", "mean_fee", "points")
COLUMNS = (*KEYS, "mean_fee_lv1", "mean_fee_lv2", "mean_fee_lv3")


def compared(seed: int, regime: Any, years: tuple[int, ...] = (2022, 2023, 2024, 2025)) -> set[str]:
    """Learns from random cases and places others, both ways, and compares all; the scopes that placed a case."""
    history, later = random_cases(seed, 700, years), random_cases(seed + 10**6, 300, (2026,))
    expected = learn_plainly(history, LOCAL, regime)
    with Engine() as engine:
        put_cases(engine, history)
        found = learn(engine, LISTS, regime)
        groups = {row["dip_code"]: {name: row[name] for name in COLUMNS} for row in found.groups.to_pylist()}
        assert groups == {code: {name: row[name] for name in COLUMNS} for code, row in expected.groups.items()}
        assert found.facts["core_min"] == expected.core_min
        assert found.facts["pool_mean_fee_fen"] == half_up_ratio(expected.pool)
        assert found.facts["unit_fee_micro"] == half_up_ratio(expected.unit, 10**4)
        assert found.facts["base_disease"] == expected.base
        levels = {row.pop("hosp_lv"): row for row in found.levels.to_pylist()}
        assert levels == expected.levels
        put_cases(engine, later)
        assign(engine, found, LISTS, regime)
        placed = engine.rows("SELECT dip_code, scope FROM assigned ORDER BY case_no")
    keys = [keys_of(case, LOCAL, regime.exclude_match == "prefix") for case in later]
    assert [code for code, _ in placed] == [place(one, expected.groups, expected.tie) for one in keys]
    return {scope for _, scope in placed}


@pytest.mark.parametrize("name", REGIMES)
def test_a_catalogue_and_its_assignment_are_what_the_rules_say_of_each_case(name: str) -> None:
    scopes: set[str] = set()
    for seed in range(3):
        scopes |= compared(seed, REGIMES[name])
    usual = {"rule", "core", "related", "composite", "rubric", "barred", "none"}
    usual |= {"merged"} if REGIMES[name].merge_dx3 else set()
    usual |= {"chapter"} if REGIMES[name].drop_small else set()
    assert scopes >= usual, "the random cases must reach every scope, or the comparison says little"


@pytest.mark.parametrize("years", [(2022, 2023, 2025), (2025,), (2023, 2024)])
@pytest.mark.parametrize("basis", ["mean_of_means", "pooled"])
def test_a_year_without_cases_drops_out_and_the_others_keep_their_proportion(
    years: tuple[int, ...], basis: str
) -> None:
    compared(7, TRIMMED._replace(weight_basis=basis), years)


def split(with_fee: int, without: int = 8, with_it: int = 8) -> bool:
    """Whether appendectomies of 10,000 元 and some with a related procedure at ``with_fee`` make a related group."""
    cases = [{"dx": ["K35.900"], "px": ["47.0100"], "fee": 1_000_000, "level": "3"} for _ in range(without)]
    cases += [{"dx": ["K35.900"], "px": ["47.0100", "51.2200"], "fee": with_fee, "level": "3"} for _ in range(with_it)]
    with Engine() as engine:
        put_cases(engine, cases)
        found = learn(engine, LISTS, BASIC).groups["scope"].to_pylist()
    return "related" in found


def test_a_related_procedure_splits_at_exactly_a_tenth_and_not_a_fen_below() -> None:
    assert split(1_100_000)
    assert not split(1_099_999)


def test_a_related_procedure_splits_only_when_both_sides_reach_the_core_threshold() -> None:
    assert split(2_000_000)
    assert not split(2_000_000, without=7)
    assert not split(2_000_000, with_it=7)


def test_a_rule_whose_group_has_no_history_leaves_its_case_ungrouped_and_not_at_zero_points() -> None:
    history = [{"dx": ["K35.300"], "px": ["47.0100"], "level": "3"} for _ in range(8)]
    later = [{"dx": ["K35.300"], "px": ["47.0100", "37.5100"]}, {"dx": ["K35.300"], "px": ["47.0100"]}]
    with Engine() as engine:
        put_cases(engine, history)
        found = learn(engine, LISTS, BASIC)
        put_cases(engine, later)
        assign(engine, found, LISTS, BASIC)
        placed = engine.rows("SELECT dip_code, dip_type, scope FROM assigned ORDER BY case_no")
    assert placed == [("", "ungrouped", "unlearned"), ("K35.3-47.0100", "core", "core")]


def test_a_core_group_starts_at_exactly_the_threshold() -> None:
    cases = [{"dx": [dx], "px": [], "level": "3"} for dx, n in (("K35.300", 8), ("K36.x00", 7)) for _ in range(n)]
    with Engine() as engine:
        put_cases(engine, cases)
        found = {row["dip_code"]: row["scope"] for row in learn(engine, LISTS, BASIC).groups.to_pylist()}
    assert found == {"K35.3-保守治疗": "core", "K36|内科诊疗组": "composite", "K00-K93|内科诊疗组": "chapter"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"score_method": "base_disease", "base_disease": "Z99.9-保守治疗"},
            "基准病种“Z99.9-保守治疗”在历史病例中没有成组",
        ),
        ({"score_method": "base_disease", "base_disease": "auto", "core_min": 999}, "没有形成核心病种"),
        ({"score_method": "no_such"}, "分值测算方法“no_such”不认识"),
        ({"related_tie": "no_such"}, "取组规则“no_such”不认识"),
    ],
)
def test_what_cannot_be_learned_is_said_in_words(change: dict[str, Any], told: str) -> None:
    with Engine() as engine:
        put_cases(engine, random_cases(1, 100))
        with pytest.raises(LearnError, match=told):
            learn(engine, LISTS, BASIC._replace(**change))


def test_without_a_case_nothing_is_learned() -> None:
    with Engine() as engine:
        put_cases(engine, [])
        with pytest.raises(LearnError, match="没有可用的历史病例"):
            learn(engine, LISTS, BASIC)
