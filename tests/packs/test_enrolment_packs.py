"""What 陕西 and 南昌 say of enrolment: every figure with its grade, and silence where their texts are silent."""

from datetime import date
from functools import cache

import pytest
from vectors import Vector, ids, of

from yibao.enrolment.contribute import resident_bill, resident_funding
from yibao.enrolment.incentive import ceiling_raise, plan_findings, read_plan, stock
from yibao.enrolment.refund import Application, RefundOutcome, decide_refund
from yibao.kernel import Grade
from yibao.law import Law, MissingParameter
from yibao.packs import load_law

OFFICIAL, OTHERS, ASSUMED = Grade.OFFICIAL, Grade.THIRD_PARTY, Grade.ASSUMED
DAY = date(2025, 6, 1)


@cache
def law(city: str) -> Law:
    return load_law(city)


FIGURES = [
    ("shaanxi", 2023, "resident.fiscal_subsidy", "640", OFFICIAL, {}),
    ("shaanxi", 2024, "resident.fiscal_subsidy", "670", OFFICIAL, {}),
    ("shaanxi", 2024, "resident.personal_premium", "380", OFFICIAL, {}),
    ("shaanxi", 2025, "resident.personal_premium", "400", OFFICIAL, {}),
    ("shaanxi", 2024, "aid.multi_identity_rule", "highest", OFFICIAL, {}),
    ("shaanxi", 2024, "switch.min_continuous_years", "2", OFFICIAL, {}),
    ("shaanxi", 2024, "switch.max_gap", "3", OFFICIAL, {}),
    ("shaanxi", 2024, "switch.employee_stop.delay", "1", OFFICIAL, {}),
    ("shaanxi", 2024, "refund.reasons", "4行（reason、before_start）", OFFICIAL, {}),
    ("shaanxi", 2025, "incentive.continuous.threshold", "4", OFFICIAL, {}),
    ("shaanxi", 2025, "incentive.step_floor", "3000", OFFICIAL, {}),
    ("shaanxi", 2025, "incentive.continuous.step", "3000", ASSUMED, {}),
    ("shaanxi", 2025, "incentive.zero_claim.step", "3000", ASSUMED, {}),
    ("nanchang", 2025, "resident.personal_premium", "400", OTHERS, {}),
    ("nanchang", 2025, "resident.fiscal_subsidy", "670", OTHERS, {}),
    ("nanchang", 2025, "resident.window.from", "09-15", OTHERS, {}),
    ("nanchang", 2025, "resident.window.until", "02-28", OTHERS, {}),
    ("nanchang", 2025, "resident.newborn_days", "90", OTHERS, {}),
    ("nanchang", 2025, "aid.subsidy", "100%", OTHERS, {"psn_idet_type": "tekun"}),
    ("nanchang", 2025, "aid.subsidy", "100%", OTHERS, {"psn_idet_type": "orphan"}),
    ("nanchang", 2025, "aid.subsidy", "320元", OTHERS, {"psn_idet_type": "dibao"}),
    ("nanchang", 2025, "incentive.continuous.step", "3000", OTHERS, {}),
    ("nanchang", 2025, "incentive.zero_claim.step", "3000", OTHERS, {}),
    ("nanchang", 2020, "budget.pooling", "统收统支", OFFICIAL, {}),
]
OPEN = [
    ("shaanxi", "resident.window.from", {}), ("shaanxi", "aid.subsidy", {"psn_idet_type": "dibao"}),
    ("shaanxi", "wait.starts", {}), ("shaanxi", "employee.unit_rate", {"clct_way": "1", "emp_type": "enterprise"}),
    ("shaanxi", "account.retiree_month", {"psn_type": "1201"}), ("shaanxi", "incentive.lapse_cut", {}),
    ("shaanxi", "incentive.preventive_counts", {}), ("shaanxi", "incentive.lapse_clears_zero", {}),
    ("nanchang", "aid.subsidy", {"psn_idet_type": "jiance"}), ("nanchang", "aid.subsidy", {"psn_idet_type": "elder"}),
    ("nanchang", "employee.unit_rate", {"clct_way": "1", "emp_type": "enterprise"}),
    ("nanchang", "refund.reasons", {}), ("nanchang", "incentive.lapse_cut", {}),
    ("zibo", "incentive.continuous.step", {}), ("zibo", "resident.window.from", {}),
]  # fmt: skip


@pytest.mark.parametrize(("city", "year", "key", "value", "grade", "where"), FIGURES)
def test_a_figure_stands_in_the_pack_with_its_grade(
    city: str, year: int, key: str, value: str, grade: Grade, where: dict[str, str]
) -> None:
    found = law(city).at(date(year, 1, 1)).parameter(key, **where)
    assert (found.value_text, found.grade, found.origin.pack) == (value, grade, city)
    if grade is OFFICIAL:
        assert found.source.article


def test_the_list_of_figures_is_whole() -> None:
    asserted = {law(city).at(date(year, 1, 1)).parameter(key, **where).origin for city, year, key, *_, where in FIGURES}
    of_packs = {
        one.origin
        for city in ("shaanxi", "nanchang")
        for one in law(city).layers[-1].parameters
        if not one.origin.file.endswith("/benefit.yaml")
    }
    assert of_packs == asserted


@pytest.mark.parametrize(("city", "key", "where"), OPEN)
def test_what_no_text_gives_is_refused_by_name(city: str, key: str, where: dict[str, str]) -> None:
    with pytest.raises(MissingParameter, match=key.replace(".", r"\.")) as refused:
        law(city).at(DAY).parameter(key, **where)
    assert law(city).title in str(refused.value)


@pytest.mark.parametrize("vector", of("参保"), ids=ids("参保"))
def test_the_funding_of_shaanxi_is_that_of_its_briefing_and_of_the_year_before(vector: Vector) -> None:
    """ENR-1: 670 and 400, 30 and 20 more than a year before."""
    now = resident_funding(law("shaanxi").at(date(2024, 7, 1)), law("shaanxi").at(date(2025, 1, 1)))
    assert now.total == int(vector.expected["total"]) * 100
    before = resident_funding(law("shaanxi").at(date(2023, 7, 1)), law("shaanxi").at(date(2024, 1, 1)))
    assert before == (int(vector.expected["prev_fiscal"]) * 100, int(vector.expected["prev_personal"]) * 100)


def test_the_funding_of_nanchang_is_1070_and_aid_leaves_80() -> None:
    view = law("nanchang").at(date(2025, 1, 1))
    assert resident_funding(view, view).total == 107_000
    assert [resident_bill(view, 40_000, [one]).payable for one in ("tekun", "orphan", "dibao")] == [0, 0, 8_000]


@pytest.mark.parametrize("vector", of("大病激励"), ids=ids("大病激励"))
@pytest.mark.parametrize("city", ["shaanxi", "nanchang"])
def test_the_incentives_by_the_steps_of_the_pack(city: str, vector: Vector) -> None:
    given, expected = vector.inputs, {name: int(one) * 100 for name, one in vector.expected.items()}
    plan = read_plan(law(city).at(date(2025, 1, 1)))
    state = stock(plan, given["cont_years"], given["zero_claim_years"])
    assert (state.cont_amt, state.zero_amt) == (expected["cont"], expected["zero"])
    base = None if given["base_cap"] is None else int(given["base_cap"]) * 100
    assert ceiling_raise(plan, state, base).total == expected["total"]


def test_no_step_is_below_its_floor_and_below_that_of_shaanxi_the_province_is_named() -> None:
    for city in ("shaanxi", "nanchang"):
        assert plan_findings(law(city).at(DAY)) == []
    assert law("shaanxi").at(DAY).money("incentive.step_floor") == 300_000
    assert law("nanchang").at(DAY).money("incentive.step_floor") == 100_000


@pytest.mark.parametrize(
    ("reason", "applied", "event", "outcome"),
    [("duplicate_payment", date(2024, 12, 31), None, RefundOutcome.REFUNDED),
     ("employee_cover", date(2025, 1, 1), None, RefundOutcome.BENEFITS_BEGUN),
     ("resident_elsewhere", date(2024, 12, 1), None, RefundOutcome.REFUNDED),
     ("death", date(2025, 11, 3), date(2024, 12, 31), RefundOutcome.REFUNDED),
     ("death", date(2025, 11, 3), date(2025, 1, 1), RefundOutcome.BENEFITS_BEGUN),
     ("moved_abroad", date(2024, 12, 1), None, RefundOutcome.REASON_NOT_LISTED)],
)  # fmt: skip
def test_shaanxi_refunds_before_benefits_begin_for_its_reasons_and_for_death_all_year(
    reason: str, applied: date, event: date | None, outcome: RefundOutcome
) -> None:
    asked = Application(reason, applied, date(2025, 1, 1), 2025, 40_000, event)
    assert decide_refund(law("shaanxi").at(date(2025, 1, 1)), asked).outcome is outcome
