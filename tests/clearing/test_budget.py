"""Income gives the cap, the lines share it, months divide the DIP line, only lawful adjustments count."""

from datetime import date
from fractions import Fraction

import pytest
from clearing_hand import BUDGET_TERMS, INCOME, LINES, amounts, budget_year, ready_budget
from hypothesis import given
from hypothesis import strategies as st

from yibao.clearing.budget import plan_budget, progress
from yibao.clearing.budget_faults import progress_finding
from yibao.clearing.records import Adjustment, Amount, Budget, LastMonth
from yibao.kernel import Place, Severity

EQUAL = BUDGET_TERMS._replace(month_split="equal")


def codes(budget: Budget) -> list[str]:
    return [one.code for one in budget.findings]


def raised(**changes: object) -> Adjustment:
    plain = {"adjust_id": "T1", "line": "dip", "fen": 1200, "reason": "policy", "approved": date(2025, 10, 8)}
    return Adjustment(**{**plain, "basis": "会议纪要1号", **changes})  # type: ignore[arg-type]


def test_dip_is_what_the_other_lines_and_the_reserve_leave_of_income_less_two_percent() -> None:
    budget = plan_budget(budget_year(), EQUAL)
    assert budget.ok
    assert (budget.income, budget.cap, budget.dip, budget.reserve) == (100_000, 98_000, 45_000, 2_000)
    assert sum(row.planned for row in budget.rows if row.kind == "line") == budget.cap
    assert [row.label for row in budget.rows if row.kind == "line"] == [
        "普通门诊统筹", "门诊慢特病", "异地联网结算和零星报销", "住院DIP", "其他付费方式", "调剂金",
    ]  # fmt: skip
    assert [row.planned for row in budget.rows if row.kind == "month"] == [3_750] * 12


def test_the_cap_is_rounded_down_to_the_fen() -> None:
    budget = plan_budget(budget_year(income=[Amount("premium", 99_975), *amounts({"interest": 0})]), EQUAL)
    assert budget.cap == 97_975  # 97 975.5


def test_lines_that_do_not_sum_to_the_cap_are_refused_when_dip_is_given() -> None:
    exact = plan_budget(budget_year(lines=amounts({**LINES, "dip": 450})), EQUAL._replace(method=""))
    assert exact.ok
    assert exact.dip == 45_000
    over = plan_budget(budget_year(lines=amounts({**LINES, "dip": 451})), EQUAL._replace(method=""))
    assert (over.ok, codes(over)) == (False, ["budget_sum_differs"])
    assert "合计981.00元，不等于支出总额980.00元，差1.00元" in over.findings[0].message
    # A DIP line that was written wins over the law's method.
    assert codes(plan_budget(budget_year(lines=amounts({**LINES, "dip": 451})), EQUAL)) == ["budget_sum_differs"]


def test_income_that_does_not_reach_the_lines_is_refused() -> None:
    budget = plan_budget(budget_year(income=amounts({**INCOME, "premium": 300})), EQUAL)
    assert (budget.ok, codes(budget)) == (False, ["budget_income_short"])
    assert "其他支出指标合计已超过支出总额138.00元" in budget.findings[0].message


def test_without_income_there_is_no_budget_and_an_item_left_out_counts_as_nothing() -> None:
    none = plan_budget(budget_year(income=[]), EQUAL)
    assert (none.ok, codes(none)) == (False, ["budget_income_missing"])
    part = plan_budget(budget_year(income=amounts({"premium": 1000})), EQUAL)
    assert part.ok
    assert codes(part) == ["budget_income_item_missing"] * 3
    assert all(one.severity is Severity.WARNING for one in part.findings)


@pytest.mark.parametrize("line", ["outpatient", "chronic", "offsite", "other"])
def test_a_missing_spending_line_is_refused_since_dip_would_take_its_money(line: str) -> None:
    lines = {name: fen for name, fen in LINES.items() if name != line}
    budget = plan_budget(budget_year(lines=amounts(lines)), EQUAL)
    assert (budget.ok, codes(budget)) == (False, ["budget_line_missing"])


def test_a_reserve_may_be_left_out() -> None:
    lines = {name: fen for name, fen in LINES.items() if name != "reserve"}
    assert plan_budget(budget_year(lines=amounts(lines)), EQUAL).dip == 47_000


def test_items_that_do_not_exist_stand_twice_or_are_negative_are_refused_with_their_place() -> None:
    place = Place("budget_lines.csv", 7, "budget_amount", "-1")
    lines = [*amounts(LINES), Amount("dental", 5), Amount("chronic", 5), Amount("offsite", -1, place)]
    budget = plan_budget(budget_year(lines=lines), EQUAL)
    assert sorted(codes(budget)) == ["budget_item_twice", "budget_item_twice", "budget_item_unknown", "budget_negative"]
    assert any(one.place == place for one in budget.findings)
    assert all(one.cause and one.next_step and one.basis for one in budget.findings)


def test_a_budget_of_a_fund_that_does_not_exist_is_refused() -> None:
    assert codes(plan_budget(budget_year(fund_type="999"), EQUAL))[0] == "budget_fund_unknown"


def test_by_share_dip_has_last_years_part_of_the_inpatient_budget() -> None:
    last = amounts({"outpatient": 100, "chronic": 100, "offsite": 180, "other": 60, "dip": 630, "reserve": 30})
    budget = plan_budget(budget_year(last_lines=last), EQUAL._replace(method="by_share"))
    # inpatient 980 − 120 − 150 = 710; 630 / 900 = 0.7
    assert budget.dip == 49_700
    assert (budget.ok, codes(budget)) == (False, ["budget_over_cap"])
    fits = budget_year(last_lines=last, lines=amounts({**LINES, "offsite": 100, "reserve": 0}))
    budget = plan_budget(fits, EQUAL._replace(method="by_share"))
    assert (budget.ok, budget.dip, codes(budget)) == (True, 49_700, ["budget_left_over"])
    assert "还有53.00元没有安排" in budget.findings[0].message


def test_by_growth_dip_grows_no_faster_than_the_target() -> None:
    last = amounts({"dip": 400, "offsite": 1})
    budget = plan_budget(budget_year(last_lines=last), EQUAL._replace(method="by_growth"))
    assert budget.dip == 42_000
    missing = plan_budget(budget_year(), EQUAL._replace(method="by_growth"))
    assert (missing.ok, codes(missing)) == (False, ["budget_last_year_missing"])


def test_a_lawful_adjustment_raises_its_line_and_the_months_from_its_approval_on() -> None:
    budget = plan_budget(budget_year(adjustments=[raised()]), EQUAL)
    assert budget.ok
    dip = next(row for row in budget.rows if row.kind == "line" and row.item == "dip")
    assert (dip.planned, dip.adjusted) == (45_000, 46_200)
    months = [row for row in budget.rows if row.kind == "month"]
    assert [row.adjusted - row.planned for row in months] == [0] * 9 + [400] * 3
    assert sum(budget.months) == budget.dip


def test_a_raise_is_spread_in_proportion_to_the_months_that_are_left() -> None:
    last = [LastMonth("A", month, 200 if month == 12 else 100) for month in range(1, 13)]
    budget = plan_budget(budget_year(last_year=last, adjustments=[raised(fen=400)]), BUDGET_TERMS)
    months = [row for row in budget.rows if row.kind == "month"]
    assert [row.adjusted - row.planned for row in months] == [0] * 9 + [100, 100, 200]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reason": "raise"}, "adjust_reason_unlawful"),
        ({"line": "dental"}, "adjust_line_unknown"),
        ({"approved": date(2024, 12, 31)}, "adjust_outside_year"),
        ({"approved": date(2026, 1, 1)}, "adjust_outside_year"),
        ({"approved": None}, "adjust_not_approved"),
        ({"basis": " "}, "adjust_without_basis"),
        ({"fen": 0}, "adjust_not_positive"),
        ({"fen": -5}, "adjust_not_positive"),
    ],
)
def test_an_adjustment_without_lawful_reason_line_day_or_approval_is_refused(
    change: dict[str, object], code: str
) -> None:
    budget = plan_budget(budget_year(adjustments=[raised(**change)]), EQUAL)
    assert (budget.ok, codes(budget)) == (False, [code])
    assert budget.dip == 45_000


def test_one_adjustment_counts_once() -> None:
    assert codes(plan_budget(budget_year(adjustments=[raised(), raised()]), EQUAL)) == ["adjust_twice"]


def test_the_unlawful_reason_is_answered_with_the_three_lawful_ones() -> None:
    message = plan_budget(budget_year(adjustments=[raised(reason="raise")]), EQUAL).findings[0].next_step
    assert message == "只能因就医人数合理变化、待遇政策调整、重大公共卫生事件调整"


def test_spending_raised_above_income_is_listed() -> None:
    assert codes(plan_budget(budget_year(adjustments=[raised(fen=2_001)]), EQUAL)) == ["budget_over_income"]


def test_months_follow_last_years_bookings_and_are_equal_without_them() -> None:
    last = [LastMonth("A", month, 100 if month < 12 else 400) for month in range(1, 13)]
    budget = plan_budget(budget_year(last_year=last), BUDGET_TERMS)
    assert budget.months == (*([3_000] * 11), 12_000)
    bare = plan_budget(budget_year(), BUDGET_TERMS)
    assert (bare.ok, codes(bare), set(bare.months)) == (True, ["month_history_missing"], {3_750})


def explicit(changes: dict[int, int] | None = None, last: int = 12) -> list[Amount]:
    return [Amount(str(month), (changes or {}).get(month, 3_750)) for month in range(1, last + 1)]


@pytest.mark.parametrize(
    ("months", "code"),
    [
        (explicit(last=11), "month_missing"),
        ([*explicit(), Amount("12", 0)], "month_twice"),
        ([*explicit(), Amount("13", 0)], "month_unknown"),
        (explicit({3: 3_751}), "month_sum_differs"),
        (explicit({3: -1, 4: 7_501}), "month_negative"),
    ],
)
def test_explicit_months_are_one_to_twelve_once_and_sum_to_the_dip_budget(months: list[Amount], code: str) -> None:
    budget = plan_budget(budget_year(months=months), EQUAL)
    assert (budget.ok, codes(budget)) == (False, [code])


def test_explicit_months_may_hold_the_adjusted_budget_already() -> None:
    plain = plan_budget(budget_year(months=explicit(), adjustments=[raised()]), EQUAL)
    assert plain.ok
    assert plain.months[8:] == (3_750, 4_150, 4_150, 4_150)
    held = plan_budget(budget_year(months=explicit({12: 4_950}), adjustments=[raised()]), EQUAL)
    assert held.ok
    assert held.months[8:] == (3_750, 3_750, 3_750, 4_950)


@given(
    st.lists(st.integers(0, 10**9), min_size=12, max_size=12),
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 10**6)), max_size=3),
)
def test_months_always_sum_to_the_adjusted_budget_and_no_raise_lowers_one(
    booked: list[int], raises: list[tuple[int, int]]
) -> None:
    last = [LastMonth("A", month, fen) for month, fen in enumerate(booked, 1)]
    up = [raised(adjust_id=f"T{n}", approved=date(2025, m, 1), fen=fen) for n, (m, fen) in enumerate(raises)]
    budget = plan_budget(budget_year(last_year=last, adjustments=up), BUDGET_TERMS)
    assert sum(budget.months) == budget.dip == 45_000 + sum(fen for _, fen in raises)
    months = [row for row in budget.rows if row.kind == "month"]
    assert sum(row.planned for row in months) == 45_000
    first = min((month for month, _ in raises), default=13)
    assert all(row.adjusted >= row.planned for row in months)
    assert all(row.adjusted == row.planned for row in months[: first - 1])


def test_the_warning_grades_bookings_against_the_budget_in_proportion_to_time() -> None:
    budget = ready_budget(12_000)
    rows = progress(budget, {1: 1_000, 2: 1_001, 3: 1_149, 4: 1_250, 5: 1_101}, BUDGET_TERMS)
    assert [(row.booked, row.budget, row.label) for row in rows[:5]] == [
        (1_000, 1_000, "绿"), (2_001, 2_000, "黄"), (3_150, 3_000, "黄"), (4_400, 4_000, "橙"), (5_501, 5_000, "红"),
    ]  # fmt: skip
    assert rows[2].ratio == Fraction("1.05")
    [finding] = progress_finding(rows, "绿")
    assert "截至5月住院DIP记账55.01元，为按时间进度预算的110.02%，预警等级红" in finding.message
    assert progress_finding(rows[:1], "绿") == []


def test_bookings_without_a_budget_are_of_the_worst_grade() -> None:
    rows = progress(ready_budget(0), {2: 5}, BUDGET_TERMS)
    assert [row.label for row in rows[:2]] == ["绿", "红"]
    assert "预算为0" in progress_finding(rows, "绿")[0].message
