"""大病激励: the state machine of years, use, lapse and the 20 % cap, by the sequences of the rule."""

from datetime import date
from fractions import Fraction

import pytest
from enrolment.small_city import city, one, pool
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.enrolment.incentive import (
    Plan,
    Raise,
    State,
    Year,
    ceiling,
    ceiling_raise,
    close,
    join,
    lapse,
    plan_findings,
    read_plan,
    run_years,
    split_use,
    stock,
)
from yibao.law import MissingParameter
from yibao.packs import load_law

DAY = date(2025, 1, 1)
PLAN = Plan(4, 300000, 300000, Fraction(1, 5), "zero_claim", "zero_claim", True)
BASE = 30000000


@pytest.mark.parametrize("vector", of("大病激励"), ids=ids("大病激励"))
def test_the_raise_is_both_stocks_within_the_cap(vector: Vector) -> None:
    given_ = vector.inputs
    plan = PLAN._replace(cont_step=given_["step"] * 100, zero_step=given_["step"] * 100)
    state = stock(plan, given_["cont_years"], given_["zero_claim_years"])
    assert state.cont_amt == int(vector.expected["cont"]) * 100
    assert state.zero_amt == int(vector.expected["zero"]) * 100
    base = given_["base_cap"] and given_["base_cap"] * 100
    assert ceiling_raise(plan, state, base).total == int(vector.expected["total"]) * 100


def test_use_clears_the_zero_claim_stock_and_a_lapse_keeps_what_was_earned() -> None:
    """RULEBOOK §1c: 7 years and 2 without claims, 4000 of reward used, renewed, lapsed a year, back again."""
    state = stock(PLAN, 7, 2)
    raised = ceiling_raise(PLAN, state, BASE)
    assert raised == Raise(1500000, 900000, 600000)
    assert split_use(PLAN, raised, 400000) == (400000, 0)
    state = close(PLAN, state, 400000, claimed=True)
    assert state == State(7, 900000, 0, 0)
    state = join(PLAN, state)
    assert (state.cont_amt, state.zero_amt) == (1200000, 0)
    state = join(PLAN, lapse(state, clears_zero=True))
    assert state == State(1, 1200000, 0, 0)


def test_the_same_sequence_year_by_year_under_the_law() -> None:
    years = [Year(year, "390", 100) for year in (2020, 2021)]
    years += [Year(2022, "390"), Year(2023, "390"), *(Year(year, "390", 5) for year in (2024, 2025)),
              Year(2026, "390", 99999999, 400000), Year(2027, "390", 5), Year(2029, "390", 5)]  # fmt: skip
    states = dict(run_years(city(), years, BASE))
    assert states[2022] == State(3, 0, 0, 0)
    assert states[2024] == State(5, 300000, 2, 600000)
    assert states[2026] == State(7, 900000, 2, 600000)
    assert states[2027] == State(8, 1200000, 0, 0)
    assert states[2029] == State(1, 1200000, 0, 0), "2028 was not insured"
    assert states[2030] == State(1, 1200000, 0, 0)


def test_a_claim_below_the_base_ceiling_keeps_the_stock_and_makes_the_year_one_with_claims() -> None:
    assert close(PLAN, State(5, 300000, 2, 600000), 0, claimed=True) == State(5, 300000, 2, 600000)
    assert close(PLAN, State(5, 300000, 2, 600000), 0, claimed=False) == State(5, 300000, 3, 900000)


def test_where_the_continuous_stock_is_used_first_the_zero_claim_stock_stands_until_it_is_reached() -> None:
    plan = PLAN._replace(use_first="continuous")
    raised = ceiling_raise(plan, stock(plan, 7, 2), BASE)
    assert split_use(plan, raised, 400000) == (0, 400000)
    assert split_use(plan, raised, 1000000) == (100000, 900000)
    law = pool(one("incentive.use_first", "continuous", "text"))
    years = [Year(2020 + n, "390", 0 if n < 2 else 5) for n in range(6)] + [Year(2026, "390", 9, 400000)]
    assert run_years(law, years, BASE)[-1][1] == State(7, 900000, 2, 600000)


def test_the_stock_that_shrinks_first_under_the_cap_is_the_laws_choice() -> None:
    state = stock(PLAN, 30, 5)
    assert ceiling_raise(PLAN, state, BASE) == Raise(6000000, 6000000, 0)
    other = PLAN._replace(shrink_first="continuous")
    assert ceiling_raise(other, state, BASE) == Raise(6000000, 4500000, 1500000)


@given(st.integers(0, 60), st.integers(0, 60), st.none() | st.integers(0, 10**10), st.booleans(), st.data())
def test_parts_sum_to_the_raise_and_uses_to_what_was_used(
    years: int, zero: int, base: int | None, first: bool, data: st.DataObject
) -> None:
    plan = PLAN._replace(
        use_first="zero_claim" if first else "continuous", shrink_first="continuous" if first else "zero_claim"
    )
    state = stock(plan, years, zero)
    raised = ceiling_raise(plan, state, base)
    assert raised.cont + raised.zero == raised.total <= state.cont_amt + state.zero_amt
    assert 0 <= raised.cont <= state.cont_amt and 0 <= raised.zero <= state.zero_amt
    assert base is None or 5 * raised.total <= base
    used = data.draw(st.integers(0, raised.total))
    parts = split_use(plan, raised, used)
    assert sum(parts) == used and parts[0] <= raised.zero and parts[1] <= raised.cont
    with pytest.raises(ValueError, match="between 0 and the raise"):
        split_use(plan, raised, raised.total + 1)


@given(st.integers(0, 40))
def test_year_by_year_is_the_closed_formula(years: int) -> None:
    state = State()
    for _ in range(years):
        state = close(PLAN, join(PLAN, state), 0, claimed=False)
    assert state == stock(PLAN, years, years)


def test_employee_years_count_as_unbroken_where_the_law_says_so_and_earn_nothing_else() -> None:
    years = [Year(year, "310" if year in (2021, 2022) else "390", 5) for year in range(2020, 2025)]
    assert run_years(city(), years, BASE)[-1] == (2025, State(5, 300000, 0, 0))
    law = pool(one("incentive.employee_years_count", "false", "flag"))
    assert run_years(law, years, BASE)[-1] == (2025, State(3, 0, 0, 0))


def test_years_before_the_first_one_that_counts_are_left_out() -> None:
    law = pool(one("incentive.count_from_year", "2022", "years"))
    assert run_years(law, [Year(year, "390", 5) for year in range(2018, 2027)], None)[-1] == (
        2027,
        State(5, 300000, 0, 0),
    )


def test_what_a_history_needs_and_the_law_lacks_is_refused_and_what_it_does_not_need_is_not_asked() -> None:
    run_years(city(), [Year(2025, "390", 5), Year(2027, "390", 5)], BASE)
    with pytest.raises(MissingParameter, match=r"incentive\.lapse_clears_zero.*2027-01-01"):
        run_years(city(), [Year(2025, "390"), Year(2027, "390", 5)], BASE)
    with pytest.raises(MissingParameter, match=r"incentive\.preventive_counts"):
        run_years(city(), [Year(2025, "390", 300, 0, 300)], BASE)
    counted = pool(one("incentive.preventive_counts", "false", "flag"))
    assert run_years(counted, [Year(2025, "390", 300, 0, 300)], BASE)[-1][1].n_zero == 1
    with pytest.raises(MissingParameter, match=r"incentive\.continuous\.step"):
        read_plan(load_law("national").at(DAY))
    with pytest.raises(ValueError, match="in order"):
        run_years(city(), [Year(2025, "390"), Year(2025, "390")], BASE)
    assert run_years(city(), [], BASE) == []


def test_a_step_below_the_national_floor_is_an_error_that_names_both_documents() -> None:
    assert plan_findings(city().at(DAY)) == []
    found = plan_findings(pool(one("incentive.zero_claim.step", "999.99", "yuan")).at(DAY))
    assert [str(one) for one in found] == [
        "错误 参数“incentive.zero_claim.step”为999.99元，低于规定的下限1,000.00元"
        "；处理：核对本地文件；每次提高不得低于国家和本省规定的下限"
    ]
    assert "38号" in found[0].basis and "甲市" in found[0].cause


def test_the_ceiling_is_told_in_steps_and_the_cut_after_a_lapse_is_asked_only_then() -> None:
    view = city().at(DAY)
    top, steps = ceiling(view, read_plan(view), stock(PLAN, 30, 5), BASE)
    assert top == 36000000
    assert [(step.label, step.value) for step in steps] == [
        ("基准封顶额", "300,000.00"), ("连续参保激励", "60,000.00"), ("零报销激励", "0.00"),
        ("超出上限不计", "33,000.00"), ("大病保险封顶额", "360,000.00"),
    ]  # fmt: skip
    with pytest.raises(MissingParameter, match=r"incentive\.lapse_cut"):
        ceiling(view, PLAN, State(1), BASE, rejoined=True)
    cut = pool(one("incentive.lapse_cut", "10000", "yuan")).at(DAY)
    assert ceiling(cut, PLAN, State(1, 300000), BASE, rejoined=True)[0] == 29300000
