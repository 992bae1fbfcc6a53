"""A month is paid by its budget and what was booked; what is unused helps those who booked more; a deposit stays."""

from fractions import Fraction

import pytest
from clearing_hand import MONTH_TERMS, month_of
from hypothesis import given
from hypothesis import strategies as st

from yibao.clearing.months import formula_pay, month_rows, redistribute, withhold
from yibao.clearing.records import HospitalMonth, LastMonth, MonthRow
from yibao.clearing.terms import MonthTerms

PLAIN = MONTH_TERMS._replace(redistribute=Fraction(1), deposit=Fraction(0))


def run(
    sums: list[HospitalMonth], budget: int, terms: MonthTerms = PLAIN, last: list[LastMonth] | None = None,
    value: Fraction | None = None, to_dip: bool = True,
) -> tuple[list[MonthRow], list[str]]:  # fmt: skip
    rows, found = month_rows("310", [budget] * 12, sums, [terms] * 12, last or [], value, excluded_to_dip=to_dip)
    return rows, [one.code for one in found]


def test_budgets_100_and_100_booked_120_and_90_pay_110_and_90() -> None:
    rows, _ = run([month_of("A", points=1, booked=12_000), month_of("B", points=1, booked=9_000)], 20_000)
    assert [(row.budget, row.base, row.extra, row.paid) for row in rows] == [
        (10_000, 10_000, 1_000, 11_000), (10_000, 9_000, 0, 9_000),
    ]  # fmt: skip
    assert sum(row.paid for row in rows) <= 20_000


def test_only_the_laws_part_of_the_unused_budget_is_redistributed_and_the_deposit_is_held_back() -> None:
    terms = MONTH_TERMS
    rows, _ = run([month_of("A", points=1, booked=12_000), month_of("B", points=1, booked=9_000)], 20_000, terms)
    a, b = rows
    assert (a.extra, a.gross, a.deposit, a.paid) == (800, 10_800, 540, 10_260)
    assert (b.gross, b.deposit, b.paid) == (9_000, 450, 8_550)


def test_the_excluded_part_is_paid_by_item_and_taken_from_the_budget_that_is_split() -> None:
    sums = [month_of("A", points=1, booked=6_000, excluded_due=1_000), month_of("B", points=1, booked=4_000)]
    rows, _ = run(sums, 9_000)
    assert [row.budget for row in rows] == [4_000, 4_000]
    assert [row.gross for row in rows] == [5_000, 4_000]
    assert sum(row.gross for row in rows) <= 9_000
    other, _ = run(sums, 9_000, to_dip=False)
    assert [row.budget for row in other] == [4_500, 4_500]


def test_excluded_fees_above_the_months_budget_are_listed() -> None:
    assert run([month_of("A", points=1, booked=5, excluded_due=70)], 60)[1] == ["month_excluded_over_budget"]


def test_by_history_a_hospital_keeps_its_share_also_in_a_month_without_cases() -> None:
    terms = PLAIN._replace(hospital_split="history")
    last = [LastMonth("A", 1, 300), LastMonth("B", 1, 100), LastMonth("B", 2, 999)]
    rows, found = run([month_of("A", points=1, booked=900)], 800, terms, last)
    assert found == []
    assert [(row.fixmedins_code, row.budget, row.base, row.extra, row.cases) for row in rows if row.month == 1] == [
        ("A", 600, 600, 200, 1), ("B", 200, 0, 0, 0),
    ]  # fmt: skip


def test_by_history_without_history_the_points_decide_and_it_is_said() -> None:
    terms = PLAIN._replace(hospital_split="history")
    rows, found = run([month_of("A", points=3, booked=9), month_of("B", points=1, booked=9)], 400, terms)
    assert [row.budget for row in rows] == [300, 100]
    assert found == ["month_split_by_points"]


def test_a_month_without_points_divides_nothing_and_it_is_said() -> None:
    rows, found = run([month_of("A", booked=9)], 400)
    assert (rows[0].gross, found) == (0, ["month_without_points"])


def test_the_two_bases_by_points_take_the_opening_value() -> None:
    sums = [
        month_of("A", points=1_000_000, fee=100_000, booked=60_000, patient=40_000, other=5_000),
        month_of("B", points=1_000, fee=100_000, booked=80_000, patient=20_000, other=0),
    ]
    minus, _ = run(sums, 0, PLAIN._replace(basis="minus_patient"), value=Fraction(10))
    assert [row.gross for row in minus] == [55_000, 0]
    times, _ = run(sums, 0, PLAIN._replace(basis="times_ratio"), value=Fraction(10))
    # 100 points × 10 × 70 % and 0.1 points × 10 × 70 %
    assert [row.gross for row in times] == [70_000, 70]
    with pytest.raises(ValueError, match="opening value"):
        run(sums, 0, PLAIN._replace(basis="times_ratio"))


def test_each_month_is_settled_by_its_own_terms() -> None:
    sums = [month_of("A", month, points=1, booked=9_000) for month in (1, 2)]
    twelve = [PLAIN._replace(deposit=Fraction("0.03")), *[PLAIN] * 11]
    rows, _ = month_rows("310", [9_000] * 12, sums, twelve, [], None, excluded_to_dip=True)
    assert [(row.deposit, row.paid) for row in rows] == [(270, 8_730), (0, 9_000)]


def test_the_pay_by_points_is_rounded_half_up_once() -> None:
    assert formula_pay("times_ratio", 5, Fraction(10), Fraction(1), 0, 0) == 1
    assert formula_pay("times_ratio", 4, Fraction(10), Fraction(1), 0, 0) == 0
    assert withhold(10, Fraction("0.05")) == (1, 9)


def test_the_pay_by_points_less_what_patients_paid_may_be_below_zero() -> None:
    assert formula_pay("minus_patient", 10_000, Fraction(10), Fraction(0), 900, 200) == -100


fen = st.integers(0, 10**10)


@given(st.lists(st.tuples(fen, fen), min_size=1, max_size=8), st.fractions(0, 1))
def test_no_hospital_gets_more_than_it_booked_and_the_budgets_bear_it(
    pairs: list[tuple[int, int]], share: Fraction
) -> None:
    budgets, booked = [one for one, _ in pairs], [one for _, one in pairs]
    keys = [f"H{n}" for n in range(len(pairs))]
    extra = redistribute(budgets, booked, keys, share)
    base = [min(one, other) for one, other in pairs]
    assert all(low + more <= most for low, more, most in zip(base, extra, booked, strict=True))
    assert sum(base) + sum(extra) <= sum(budgets)
    assert all(more == 0 for more, one, most in zip(extra, budgets, booked, strict=True) if most <= one)
