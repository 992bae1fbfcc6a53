"""筹资、资助、职工缴费: what cover costs, who pays it, what the account gets."""

from datetime import date

import pytest
from enrolment.small_city import city, one, pool
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.enrolment.contribute import (
    Funding,
    account_credit,
    aid_of,
    employee_bill,
    resident_bill,
    resident_funding,
    retirement_gap,
)
from yibao.law import MissingParameter, ParameterTypeError
from yibao.packs import load_law

DAY = date(2025, 3, 1)


@pytest.mark.parametrize("vector", of("参保"), ids=ids("参保"))
def test_the_funding_standard_is_subsidy_and_premium_and_was_less_before_the_increase(vector: Vector) -> None:
    fen = {name: int(figure) * 100 for name, figure in vector.inputs.items()}
    now = Funding(fen["fiscal"], fen["personal"])
    assert now.total == int(vector.expected["total"]) * 100
    before = now.before(fen["d_fiscal"], fen["d_personal"])
    assert before == (int(vector.expected["prev_fiscal"]) * 100, int(vector.expected["prev_personal"]) * 100)
    with pytest.raises(ValueError, match="not larger"):
        now.before(now.fiscal + 1, 0)


def test_the_subsidy_is_read_by_fiscal_year_and_the_premium_by_cover_year() -> None:
    assert resident_funding(city().at(date(2024, 7, 1)), city().at(date(2025, 1, 1))) == (67000, 40000)
    with pytest.raises(MissingParameter, match=r"resident\.fiscal_subsidy.*2023-07-01"):
        resident_funding(city().at(date(2023, 7, 1)), city().at(date(2025, 1, 1)))


def test_the_national_pack_knows_2025_and_2026_as_assumed_and_nothing_of_one_province() -> None:
    law = load_law("national")
    subsidy, premium = law.at(date(2025, 7, 1)), law.at(date(2026, 1, 1))
    assert resident_funding(subsidy, premium).total == 110000
    assert subsidy.unverified == ["resident.fiscal_subsidy"]
    for key in (
        "aid.multi_identity_rule",
        "switch.employee_stop.delay",
        "refund.reasons",
        "incentive.continuous.step",
        "employee.unit_rate",
        "account.retiree_month",
        "resident.window.from",
    ):
        assert not premium.has(key), key


def test_without_an_identity_there_is_no_aid_and_with_several_the_highest_counts_once() -> None:
    view = city().at(DAY)
    assert resident_bill(view, 40000)[:4] == (40000, 0, "", 40000)
    assert resident_bill(view, 40000, ["jiance"])[:4] == (40000, 20000, "jiance", 20000)
    bill = resident_bill(view, 40000, ["jiance", "dibao", "dibao"])
    assert bill[:4] == (40000, 32000, "dibao", 8000)
    assert [(step.label, step.value, step.detail) for step in bill.steps] == [
        ("个人缴费标准", "400.00", ""),
        ("资助参保", "320.00", "dibao，就高执行"),
        ("资助参保", "200.00", "jiance，不叠加"),
        ("个人应缴", "80.00", ""),
    ]
    assert resident_bill(view, 40000, ["tekun", "dibao"])[:4] == (40000, 40000, "tekun", 0)
    assert view.unverified == ["aid.subsidy"], "特困 is the national assumption"


def test_aid_is_never_more_than_the_premium_and_half_a_fen_goes_up() -> None:
    view = city().at(DAY)
    assert aid_of(view, "dibao", 30000).amount == 30000
    assert aid_of(view, "jiance", 101).amount == 51
    with pytest.raises(ValueError, match="not negative"):
        resident_bill(view, -1)


@given(st.integers(0, 10**7), st.lists(st.sampled_from(["tekun", "dibao", "jiance"]), max_size=4))
def test_what_is_payable_is_the_premium_less_the_highest_aid_and_never_below_zero(
    premium: int, held: list[str]
) -> None:
    bill = resident_bill(city().at(DAY), premium, held)
    each = {"tekun": premium, "dibao": min(32000, premium), "jiance": (premium + 1) // 2}
    assert bill.payable == premium - max((each[one] for one in held), default=0) >= 0


def test_an_identity_that_the_law_does_not_name_is_refused_by_key_and_so_is_a_rule_for_several() -> None:
    with pytest.raises(MissingParameter, match=r"aid\.subsidy.*psn_idet_type=orphan"):
        resident_bill(city().at(DAY), 40000, ["orphan"])
    lacking = pool(without="aid.multi_identity_rule").at(DAY)
    assert resident_bill(lacking, 40000, ["dibao"]).aid == 32000
    with pytest.raises(MissingParameter, match=r"aid\.multi_identity_rule"):
        resident_bill(lacking, 40000, ["dibao", "jiance"])


@pytest.mark.parametrize("value", ["320", "-5元", "百分之百", "1e2元", "100‰"])
def test_aid_in_another_wording_is_refused_with_the_place_to_mend(value: str) -> None:
    view = pool(one("aid.subsidy", value, "text", psn_idet_type="dibao")).at(DAY)
    with pytest.raises(ParameterTypeError, match=r"资助标准“.*”无法识别.*320元.*100%"):
        resident_bill(view, 40000, ["dibao"])


@pytest.mark.parametrize(
    ("clct_way", "emp_type", "psn_type", "expected"),
    [
        ("1", "enterprise", "1101", (48000, 12000, 12000, 48000, "310")),
        ("1", "agency", "1102", (42000, 12000, 12000, 42000, "JG")),
        ("2", "enterprise", "1101", (27000, 0, 0, 27000, "310")),
    ],
)
def test_an_employees_month_splits_into_account_and_pool(
    clct_way: str, emp_type: str, psn_type: str, expected: tuple[int | str, ...]
) -> None:
    bill = employee_bill(city().at(DAY), 600000, clct_way, emp_type, psn_type)
    assert bill[:5] == expected
    assert bill.unit + bill.person == bill.account + bill.pool


def test_a_flexible_worker_pays_both_parts_himself() -> None:
    law = pool(
        one("employee.unit_rate", "8%", "ratio", clct_way="1", emp_type="flexible"),
        one("employee.fund_type", "310", "text", emp_type="flexible"),
    )
    with pytest.raises(MissingParameter, match=r"employee\.unit_rate.*emp_type=flexible"):
        employee_bill(city().at(DAY), 600000, "1", "flexible", "1103")
    assert employee_bill(law.at(DAY), 600000, "1", "flexible", "1103")[:4] == (0, 60000, 12000, 48000)


@given(st.integers(0, 10**9))
def test_rounding_is_half_up_once_a_part(base: int) -> None:
    bill = employee_bill(city().at(DAY), base, "1", "enterprise", "1101")
    assert bill.unit == (base * 8 + 50) // 100
    assert bill.person == bill.account == (base * 2 + 50) // 100


def test_a_retiree_gets_the_citys_fixed_month_and_pool_only_insurance_has_no_account() -> None:
    view = city().at(DAY)
    assert account_credit(view, 0, "1", "1201")[:2] == ("credited", 8000)
    assert account_credit(view, 600000, "2", "1101")[:2] == ("no_account", 0)
    with pytest.raises(MissingParameter, match=r"account\.retiree_month"):
        account_credit(load_law("national").at(DAY), 0, "1", "1201")


def test_years_still_to_be_paid_before_retirement_are_the_citys() -> None:
    assert retirement_gap(city().at(DAY), "1", 290) == 10
    assert retirement_gap(city().at(DAY), "1", 301) == 0
    with pytest.raises(MissingParameter, match=r"employee\.retire_years.*gend=2"):
        retirement_gap(city().at(DAY), "2", 1)


def test_rates_that_do_not_fit_together_are_a_fault_of_the_law() -> None:
    law = pool(one("account.own_rate", "50%", "ratio"))
    with pytest.raises(ValueError, match="do not fit together"):
        employee_bill(law.at(DAY), 100, "1", "enterprise", "1101")
