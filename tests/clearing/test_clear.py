"""The year of one fund: new hospitals, deductions, assessments, deposits, prepayments, and rows that are refused."""

from datetime import date
from fractions import Fraction

import pytest
from clearing_hand import MONTH_TERMS, TERMS, YEAR_TERMS, fund_of, hospital, month_of, ready_budget

from yibao.clearing.clear import clear_fund
from yibao.clearing.records import (
    Claim,
    Deduction,
    FundResult,
    HospitalMonth,
    LastMonth,
    Member,
    Offsite,
    Position,
)

A, B = month_of("A", due=10_000, booked=9_000), month_of("B", due=10_000, booked=11_000)


def codes(result: FundResult) -> list[str]:
    return [one.code for one in result.findings if one.code not in ("share_jump", "budget_warning")]


def test_a_new_hospital_keeps_no_surplus_and_stands_like_others_above_its_entitlement() -> None:
    new = [hospital("A", agreement_from=date(2025, 3, 1)), hospital("B", agreement_from=date(2025, 3, 1))]
    rows = clear_fund(fund_of([A, B], 20_000, hospitals=new, reserve=1_000), TERMS).clearing
    assert [(row.is_new, row.pay, row.retained, row.band) for row in rows] == [
        (1, 9_000, 0, "新增机构，不留结余"), (1, 10_600, 0, "超支10%以上"),
    ]  # fmt: skip
    like = TERMS._replace(year=YEAR_TERMS._replace(new_rule="as_others"))
    assert clear_fund(fund_of([A, B], 20_000, hospitals=new), like).clearing[0].pay == 10_000


def test_a_renewed_agreement_makes_nobody_new() -> None:
    known = [hospital("A", agreement_from=date(2025, 1, 1))]
    result = clear_fund(fund_of([A], 10_000, hospitals=known, last_year=[LastMonth("A", 5, 1)]), TERMS)
    assert (result.clearing[0].is_new, result.clearing[0].pay) == (0, 10_000)


def test_a_hospital_is_new_or_old_as_a_whole_whatever_fund_it_booked_for() -> None:
    """It booked for the other fund all of last year: renewed in March, its agreement makes it new for neither."""
    renewed = [hospital("A", agreement_from=date(2025, 3, 1))]
    months = frozenset(date(2024, month, 1) for month in range(1, 13))
    inputs = fund_of([A], 10_000, hospitals=renewed, booked_before={"A": months, "B": frozenset()})
    row = clear_fund(inputs, TERMS).clearing[0]
    assert (row.is_new, row.band, row.pay) == (0, "85%至100%", 10_000)
    assert clear_fund(inputs._replace(booked_before={"B": months}), TERMS).clearing[0].is_new == 1


def test_the_deposit_is_released_by_the_score_and_the_rest_is_lost() -> None:
    known = [hospital("A", score=Fraction("0.955"))]
    row = clear_fund(fund_of([A], 10_000, hospitals=known), TERMS).clearing[0]
    # gross 9 000, deposit 450, of which 429.75 comes back
    assert (row.deposit, row.deposit_returned, row.monthly_paid, row.settled) == (450, 430, 8_550, 10_000)
    assert row.final == 10_000 - 20 - 8_550
    assert row.share == Fraction(1_430, 9_980)


def test_where_the_assessment_applies_to_the_payable_it_lowers_the_entitlement_and_the_deposit_comes_back() -> None:
    terms = TERMS._replace(year=YEAR_TERMS._replace(applies="payable"))
    row = clear_fund(fund_of([A], 10_000, hospitals=[hospital("A", score=Fraction("0.98"))]), terms).clearing[0]
    assert (row.entitlement, row.pay, row.deposit_returned) == (9_800, 9_800, 450)


def test_more_may_be_deducted_than_is_settled_and_the_rest_is_a_claim_on_the_hospital() -> None:
    result = clear_fund(
        fund_of([A], 10_000, deductions=[Deduction("K1", "A", 9_000, "分解住院"), Deduction("K2", "A", 2_000)]), TERMS
    )
    row = result.clearing[0]
    assert (row.deductions, row.final, row.share) == (11_000, 10_000 - 11_000 - 8_550, None)
    assert codes(result) == ["final_negative"]
    assert "应退回合计95.50元：A" in result.findings[-1].message
    assert [(one.deduct_id, one.amount) for one in result.deductions] == [("K1", 9_000), ("K2", 2_000)]


def test_the_prepayment_is_recovered_once_against_the_final_amount() -> None:
    known = [hospital("A", credit_lv="A")]
    given = {"last_year": [LastMonth("A", month, 500) for month in range(1, 13)], "applications": ["A"]}
    result = clear_fund(fund_of([A], 10_000, hospitals=known, position=Position(99_999, 2, 1, 2, 1), **given), TERMS)
    row = result.clearing[0]
    assert (row.prepaid, row.final) == (500, 10_000 - 8_550 - 500)
    assert row.monthly_paid + row.prepaid + row.final == row.settled - (row.deposit - row.deposit_returned)


def test_excess_bed_days_are_deducted_pro_rata_only_where_the_law_says_so() -> None:
    fund = fund_of([A], 10_000, bed_excess={"A": (30, 400)})
    assert clear_fund(fund, TERMS).deductions == ()
    terms = TERMS._replace(year=YEAR_TERMS._replace(beds_rule="deduct"))
    [row] = clear_fund(fund, terms).deductions
    assert (row.deduct_id, row.amount, row.reason) == ("beds", 750, "超协议床位30床日（共400床日）")


def test_the_excluded_part_is_settled_on_top_of_the_pay() -> None:
    row = clear_fund(fund_of([month_of("A", due=10_000, booked=9_000, excluded_due=700)], 10_000), TERMS).clearing[0]
    assert (row.pay, row.excluded_due, row.settled) == (10_000, 700, 10_700)


def test_offsite_cases_take_no_share_and_are_passed_on() -> None:
    offsite = [Offsite("A", "370100", 2, 5, 9, 4, 3), Offsite("A", "370200", 1, 1, 1, 1, 1)]
    result = clear_fund(fund_of([A], 10_000, offsite=list(reversed(offsite))), TERMS)
    assert [(row.fund_type, *row[1:]) for row in result.offsite] == [("310", *one) for one in offsite]
    assert result.clearing[0].fee == 0


def test_a_hospital_with_only_a_deduction_has_a_row() -> None:
    result = clear_fund(fund_of([A], 10_000, hospitals=[hospital("A"), hospital("Z")],
                                deductions=[Deduction("K1", "Z", 5)]), TERMS)  # fmt: skip
    assert [(row.fixmedins_code, row.final) for row in result.clearing] == [("A", 1_450), ("Z", -5)]


def test_a_fund_without_a_single_case_is_an_empty_result() -> None:
    result = clear_fund(fund_of([], 10_000), TERMS)
    assert (result.clearing, result.months, result.totals.pay, result.totals.limit) == ((), (), 0, 10_000)


def test_rows_that_cannot_be_cleared_are_left_out_and_listed() -> None:
    bad = [
        month_of("X", due=1), month_of("A", month=13), month_of("A", booked=-1), month_of("B", booked=1),
        month_of("B", booked=2),
    ]  # fmt: skip
    fund = fund_of(
        bad, 0, hospitals=[hospital("A", score=Fraction(2)), hospital("B"), hospital("B")],
        deductions=[Deduction("K1", "A", -1), Deduction("K2", "X", 1), *[Deduction("K3", "A", n) for n in (1, 2)]],
        claims=[Claim("X", 1), Claim("A", 1), Claim("A", 1), Claim("B", -1)], groups=[Member("G", "X", "share")],
        offsite=[Offsite("X", "370100", 1, 1, 1, 1, 1)],
    )  # fmt: skip
    result = clear_fund(fund, TERMS)
    assert sorted(codes(result)) == sorted([
        "hospital_twice", "score_out_of_range", "hospital_unknown", "month_unknown", "month_amount_negative",
        "month_row_twice", "amount_negative", "hospital_unknown", "row_twice", "hospital_unknown", "row_twice",
        "amount_negative", "group_member_unknown", "hospital_unknown", "month_without_points", "final_negative",
    ])  # fmt: skip
    assert [(row.fixmedins_code, row.booked, row.deductions) for row in result.clearing] == [("A", 0, 1), ("B", 1, 0)]
    assert all(one.message and one.cause and one.next_step for one in result.findings)


def test_a_hospital_without_a_score_beside_others_that_have_one_is_named() -> None:
    known = [hospital("A", score=Fraction(1)), hospital("B")]
    assert codes(clear_fund(fund_of([A, B], 20_000, hospitals=known, reserve=2_000), TERMS)) == ["score_missing"]


@pytest.mark.parametrize("basis", ["budget_vs_booked", "points"])
def test_a_hospital_whose_entitlement_is_below_zero_owes_it_and_the_budget_holds(basis: str) -> None:
    """minus_patient without a floor: its patients and other funds paid more than its cases are worth."""
    terms = TERMS._replace(year=YEAR_TERMS._replace(basis=basis))
    low = month_of("B", due=-2_000, booked=500, excluded_due=300, points=1)
    result = clear_fund(fund_of([A, low], 20_000), terms)
    row = result.clearing[1]
    assert (row.entitlement, row.pay, row.retained, row.shared, row.settled) == (-2_000, -2_000, 0, 0, -1_700)
    assert row.monthly_paid + row.final == -1_700 - (row.deposit - row.deposit_returned) and row.final < 0
    assert result.totals.pay == 10_000 - 2_000 and result.totals.over == 0
    assert "final_negative" in codes(result)


def test_a_month_by_points_below_zero_is_paid_nothing_and_clearing_takes_back_the_rest() -> None:
    """100 分 × 10 元 − 1 200 元 leave −200 元 in the month, beside 50 元 by item: nothing is paid."""
    terms = TERMS._replace(months=MONTH_TERMS._replace(basis="minus_patient"))
    rows = [
        HospitalMonth("A", 1, 1, 1_000_000, 130_000, 120_000, 0, 5_000, 5_000, -20_000),
        HospitalMonth("A", 2, 1, 1_000_000, 130_000, 40_000, 0, 90_000, 0, 60_000),
    ]
    result = clear_fund(fund_of(rows, 100_000, opening_value=Fraction(10)), terms)
    low, high = result.months
    assert (low.base, low.excluded_due, low.gross, low.deposit, low.paid) == (-5_000, 5_000, 0, 0, 0)
    assert (high.gross, high.deposit, high.paid) == (60_000, 3_000, 57_000)
    row = result.clearing[0]
    assert (row.entitlement, row.excluded_due, row.monthly_paid) == (40_000, 5_000, 57_000)
    assert row.monthly_paid + row.prepaid + row.final == row.settled


def test_a_budget_with_errors_cannot_be_cleared() -> None:
    with pytest.raises(ValueError, match="budget with errors"):
        clear_fund(fund_of([A], 1)._replace(budget=ready_budget(1)._replace(ok=False)), TERMS)


def test_the_month_sums_carry_cases_points_fees_and_patients_to_the_row() -> None:
    rows = [HospitalMonth("A", month, 2, 30, 400, 50, 6, 100, 0, 100) for month in (1, 2)]
    row = clear_fund(fund_of(rows, 200), TERMS).clearing[0]
    assert (row.cases, row.points, row.fee, row.patient, row.hosp_lv) == (4, 60, 800, 100, "2")


def test_the_bases_by_points_settle_the_months_at_the_opening_value() -> None:
    terms = TERMS._replace(months=MONTH_TERMS._replace(basis="minus_patient"))
    rows = [HospitalMonth("A", 1, 1, 10_000, 2_000, 300, 0, 700, 0, 900)]
    result = clear_fund(fund_of(rows, 900, opening_value=Fraction(10)), terms)
    assert (result.months[0].gross, result.months[0].budget) == (700, 0)
