"""统收统支: the working fund, the monthly request, the split of a gap, sweeps in time. Figures in fen."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.fund.pooling import clear_month, days_late, pooled_net, split_gap, sweep_finding, working_fund
from yibao.kernel import Severity
from yibao.law import HolidayTableMissing, WorkCalendar
from yibao.packs import load_law

MONEY = st.integers(0, 10**12)
SHARE = st.fractions(0, 1, max_denominator=1000)


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return load_law("national").work_calendar()


@pytest.mark.parametrize("vector", of("统支"), ids=ids("统支"))
def test_the_request_keeps_the_working_fund_whole(vector: Vector) -> None:
    given_ = {name: int(figure) * 100 for name, figure in vector.inputs.items()}
    working = working_fund(given_["month_budget"] * 12, 1)
    month = clear_month(working, 0, given_["actual"], given_["next_need"])
    assert month.left == int(vector.expected["left"]) * 100
    assert month.request == int(vector.expected["request"]) * 100


@pytest.mark.parametrize("vector", of("统收统支"), ids=ids("统收统支"))
def test_the_pool_keeps_what_was_swept_in_less_what_was_allotted(vector: Vector) -> None:
    fen = {name: int(Decimal(figure.removesuffix("亿")) * 10**10) for name, figure in vector.inputs.items()}
    assert pooled_net(fen["income"], fen["pay"]) == int(Decimal(vector.expected["net"]) * 10**10)


def test_the_working_fund_is_a_twelfth_of_the_budget_for_each_month_rounded_half_up() -> None:
    assert working_fund(1200, 1) == 100
    assert working_fund(1200, 2) == 200
    assert working_fund(6, 1) == 1
    assert working_fund(5, 1) == 0
    with pytest.raises(ValueError, match="not negative"):
        working_fund(-1, 1)


def test_what_was_paid_in_advance_is_requested_on_top_and_nothing_where_enough_is_left() -> None:
    assert clear_month(100, 0, 130, 100)[3:] == (-30, 130)
    assert clear_month(100, 90, 20, 100)[3:] == (170, 0)
    with pytest.raises(ValueError, match="not negative"):
        clear_month(100, 0, -1, 100)


@given(MONEY, MONEY, MONEY, MONEY)
def test_after_the_request_the_next_month_is_covered_exactly_unless_more_was_left(
    working: int, paid_in: int, actual: int, need: int
) -> None:
    month = clear_month(working, paid_in, actual, need)
    assert month.left + month.request == max(need, month.left)
    assert month.request >= 0


def test_the_county_bears_what_it_did_not_collect_and_the_city_its_share_of_the_overspending() -> None:
    shares = split_gap(500, 470, 500, 520, 0, Fraction(0), Fraction(60, 100))
    assert tuple(shares) == (50, 30, 20, 0, 12, 38)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((500, 500, 500, 500, 0), (0, 0, 0, 0, 0, 0)),
        ((500, 560, 500, 520, 0), (0, 0, 0, 0, 0, 0)),  # a surplus is no gap
        ((500, 510, 500, 520, 0), (10, 0, 10, 0, 6, 4)),  # what came in above the budget goes first
        ((500, 470, 500, 520, 10), (40, 20, 20, 0, 12, 28)),  # the own surplus covers what was not collected
        ((500, 470, 500, 520, 45), (5, 0, 5, 0, 3, 2)),
        ((500, 500, 540, 540, 0), (40, 0, 0, 40, 0, 40)),  # budgeted without income
        ((500, 470, 540, 550, 0), (80, 30, 10, 40, 6, 74)),
    ],
)
def test_a_gap_is_split_by_what_it_comes_from(figures: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert tuple(split_gap(*figures, Fraction(0), Fraction(3, 5))) == expected


@given(MONEY, MONEY, MONEY, MONEY, MONEY, SHARE, SHARE)
def test_the_parts_of_a_gap_add_up_both_ways(
    a: int, b: int, c: int, d: int, surplus: int, collection: Fraction, spending: Fraction
) -> None:
    shares = split_gap(a, b, c, d, surplus, collection, spending)
    assert shares.city + shares.county == shares.gap
    assert shares.collection + shares.spending + shares.unfunded == shares.gap
    assert min(shares) >= 0


@pytest.mark.parametrize("share", [Fraction(-1, 10), Fraction(11, 10)])
def test_a_share_outside_nought_to_one_is_refused(share: Fraction) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_gap(1, 0, 1, 2, 0, Fraction(0), share)
    with pytest.raises(ValueError, match="not negative"):
        split_gap(1, -1, 1, 2, 0, Fraction(0), Fraction(0))


def test_the_due_day_itself_is_in_time_unless_the_city_says_otherwise(calendar: WorkCalendar) -> None:
    due = calendar.nth_working_day(2020, 4, 5)
    assert due == date(2020, 4, 8)
    assert days_late(calendar, due, due) == 0
    assert days_late(calendar, due, date(2020, 4, 7), due_day_in_time=False) == 0
    assert days_late(calendar, due, due, due_day_in_time=False) == 1
    assert days_late(calendar, due, date(2020, 4, 9)) == 1
    assert days_late(calendar, due, date(2020, 4, 9), due_day_in_time=False) == 2


def test_lateness_counts_working_days_and_at_least_one(calendar: WorkCalendar) -> None:
    friday = date(2020, 3, 13)
    assert days_late(calendar, friday, date(2020, 3, 15)) == 1
    assert days_late(calendar, friday, date(2020, 3, 16)) == 1
    assert days_late(calendar, friday, date(2020, 3, 17)) == 2
    assert days_late(calendar, date(2020, 1, 23), date(2020, 2, 3)) == 1, "the whole of the holiday between"


def test_a_sweep_after_the_last_working_day_of_the_month_is_a_finding(calendar: WorkCalendar) -> None:
    due = calendar.last_working_day(2020, 5)
    assert due == date(2020, 5, 29)
    assert sweep_finding(calendar, "360121-310", due, due, date(2020, 6, 30), 100) is None
    assert sweep_finding(calendar, "360121-310", due, None, due, 100) is None
    late = sweep_finding(calendar, "360121-310", due, date(2020, 6, 2), date(2020, 6, 30), 123456)
    assert late is not None
    assert (late.code, late.severity) == ("sweep_late", Severity.WARNING)
    assert late.message == "360121-310应于2020-05-29归集的1,234.56元于2020-06-02划转，迟2个工作日"
    missing = sweep_finding(calendar, "360121-310", due, None, date(2020, 6, 1), 100)
    assert missing is not None
    assert "到2020-06-01仍未划转，迟1个工作日" in missing.message


def test_a_year_without_a_holiday_notice_is_an_error_not_a_guess(calendar: WorkCalendar) -> None:
    with pytest.raises(HolidayTableMissing):
        days_late(calendar, date(2035, 1, 5), date(2035, 1, 9))
