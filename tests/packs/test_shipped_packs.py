"""The shipped packs: valid, complete where they say so, silent where the texts are."""

from datetime import date

import pytest

from yibao.kernel import Grade
from yibao.law import Law, MissingParameter
from yibao.packs import load_law, load_pack_findings

DAY = date(2025, 6, 1)

KEYS = [
    "dip.layers",
    "dip.dx_chars.core",
    "dip.dx_chars.composite",
    "dip.core.mode",
    "dip.core.min_cases",
    "dip.core.coverage",
    "dip.core.province_floor",
    "dip.composite.min_cases",
    "dip.composite.drop_small",
    "dip.related.min_increase",
    "dip.related.match",
    "dip.related.tie",
    "dip.merge.dx3",
    "dip.exclude_match",
    "dip.year_weights",
    "dip.weight_basis",
    "dip.trim.level",
    "dip.trim.low",
    "dip.trim.high",
    "dip.trim.min_cases",
    "dip.score.method",
    "dip.score.scale",
    "dip.score.quota",
    "dip.base_disease",
    "dip.base_disease.min_cases",
    "dip.deviation.low",
    "dip.deviation.low_rule",
    "dip.deviation.high",
    "dip.deviation.high_rule",
    "dip.deviation.extreme",
    "dip.deviation.low_uses_aux",
    "dip.coef.method",
    "dip.coef.level",
    "dip.ungrouped.k",
    "dip.point.mode",
    "dip.special_review.quota",
    "dip.regime.status",
]

NOT_IN_DRAFT = {"dip.deviation.extreme"}
"""The 3.0 draft knows no extreme bound: such a case goes to 特例单议."""

OPEN_IN_ZIBO = [
    "dip.core.mode",
    "dip.core.min_cases",
    "dip.composite.min_cases",
    "dip.related.min_increase",
    "dip.weight_basis",
    "dip.trim.low",
    "dip.score.scale",
    "dip.base_disease",
    "dip.deviation.low",
    "dip.deviation.high",
    "dip.coef.method",
    "dip.coef.level",
    "dip.ungrouped.k",
    "dip.point.mode",
]


@pytest.fixture(scope="module")
def zibo() -> Law:
    return load_law("zibo")


@pytest.fixture(scope="module")
def demo() -> Law:
    return load_law("zibo", ["demo"])


def test_all_shipped_packs_and_overlays_are_valid_without_a_remark() -> None:
    assert load_pack_findings() == []


@pytest.mark.parametrize("name", ["370300", "zibo", "淄博", "淄博市"])
def test_a_city_is_found_by_code_folder_and_alias(name: str) -> None:
    assert load_law(name).title == "淄博市（370300）"


@pytest.mark.parametrize("key", KEYS)
def test_with_the_demo_overlay_every_dip_key_has_a_value(demo: Law, key: str) -> None:
    assert demo.at(DAY).has(key, regime="dip2_0", hosp_lv="2")


@pytest.mark.parametrize("regime", ["dip2020", "dip3_0_draft"])
def test_with_the_demo_overlay_the_other_regimes_can_be_run_too(demo: Law, regime: str) -> None:
    view = demo.at(DAY).given(regime=regime, hosp_lv="2")
    absent = NOT_IN_DRAFT if regime == "dip3_0_draft" else set()
    assert {key for key in KEYS if not view.has(key)} == absent


@pytest.mark.parametrize("key", OPEN_IN_ZIBO)
def test_without_the_overlay_what_the_city_leaves_open_is_missing(zibo: Law, key: str) -> None:
    with pytest.raises(MissingParameter, match=key):
        zibo.at(DAY).text(key, regime="dip2_0", hosp_lv="2")


def test_zibo_prices_by_the_base_disease_under_the_second_edition(zibo: Law) -> None:
    view = zibo.at(date(2025, 1, 1))
    assert view.text("dip.regime") == "dip2_0"
    assert view.text("dip.score.method", regime="dip2_0") == "base_disease"
    assert view.items("dip.year_weights", regime="dip2_0") == ("1", "2", "7")
    assert view.unverified == []
    assert not zibo.at(date(2024, 12, 31)).has("dip.regime")


def test_zibo_names_five_reasons_for_special_review_and_three_for_a_budget_change(zibo: Law) -> None:
    view = zibo.at(DAY)
    assert len(view.items("dip.special_review.reasons")) == 5
    assert view.items("budget.adjust.reasons") == ("就医人数合理变化", "待遇政策调整", "重大公共卫生事件")
    assert view.flag("budget.funds.separate")
    assert len(view.items("budget.lines")) == 5


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("住院", "dip"),
        ("门诊慢特病", "capitation"),
        ("优抚人员", "fee_for_service"),
        ("血液透析", "quota"),
        ("安宁疗护住院", "bed_day"),
        ("居民大病保险", "basic_rules"),
    ],
)
def test_zibo_pays_each_service_by_the_method_of_its_document(zibo: Law, service: str, method: str) -> None:
    assert zibo.at(DAY).text("payment.method", service=service) == method


def test_every_value_of_the_zibo_pack_but_benefits_is_official_and_cites_its_article(zibo: Law) -> None:
    own = [one for one in zibo.layers[-1].parameters if not one.key.startswith("benefit.")]
    assert len(own) >= 45
    for one in own:
        assert one.grade is Grade.OFFICIAL, one.key
        assert one.source.article, one.key
        assert one.source.published == date(2024, 12, 20), one.key


def test_every_value_of_the_demo_overlay_is_assumed_and_marks_the_result(demo: Law) -> None:
    assert {one.grade for one in demo.layers[-1].parameters} == {Grade.ASSUMED}
    view = demo.at(DAY).given(regime="dip2_0")
    view.integer("dip.core.min_cases")
    view.text("dip.score.method")
    assert view.unverified == ["dip.core.min_cases"]


def test_the_special_review_quota_of_five_per_mille_is_printed_from_the_2025_procedures_on(
    demo: Law, zibo: Law
) -> None:
    assert not zibo.at(date(2025, 1, 25)).has("dip.special_review.quota", regime="dip2_0")
    quota = zibo.at(date(2025, 1, 26)).parameter("dip.special_review.quota", regime="dip2_0")
    assert (quota.value, quota.grade) == ("5‰", Grade.PUBLISHED)
    assert demo.at(date(2025, 1, 25)).has("dip.special_review.quota", regime="dip2_0")


def test_the_draft_regime_marks_its_values_as_draft(demo: Law) -> None:
    view = load_law("zibo", ["demo", "dip3_draft"]).at(DAY)
    assert view.text("dip.regime") == "dip3_0_draft"
    assert view.items("dip.layers", regime="dip3_0_draft") == ("early", "merged", "aux_dx", "core", "composite")
    assert view.drafts == ["dip.layers", "dip.regime"]


def test_a_2020_regime_case_has_the_deviation_rule_of_the_2020_text(demo: Law) -> None:
    view = demo.at(DAY).given(regime="dip2020")
    assert (view.text("dip.deviation.low_rule"), view.text("dip.deviation.high_rule")) == ("cost_over_mean", "excess")
    assert view.integer("dip.score.scale") == 1


@pytest.mark.parametrize(("overlay", "regime"), [("dip2020", "dip2020"), ("dip3_draft", "dip3_0_draft")])
def test_another_regime_is_an_overlay_and_marks_the_result_as_unverified(overlay: str, regime: str) -> None:
    view = load_law("zibo", ["demo", overlay]).at(DAY)
    assert view.text("dip.regime") == regime
    assert view.unverified == ["dip.regime"]
