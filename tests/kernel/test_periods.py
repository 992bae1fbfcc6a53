"""Days and periods: both ends are inclusive, and an impossible day is refused."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.kernel import Period, parse_day

days = st.dates(date(1990, 1, 1), date(2050, 12, 31))
periods = st.builds(lambda start, length: Period(start, start + timedelta(days=length)), days, st.integers(0, 800))


@pytest.mark.parametrize("text", ["2025-01-31", "2025-1-31", "2025/1/31", "20250131", " 2025-01-31 "])
def test_a_day_is_read_in_the_three_ways_people_write_it(text: str) -> None:
    assert parse_day(text) == date(2025, 1, 31)


@pytest.mark.parametrize(
    "text", ["2025-02-31", "20250229", "2025-1/31", "2025013", "25-01-31", "2025-01-31T00", "２０２５-01-31", ""]
)
def test_a_day_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|range|month"):
        parse_day(text)


@given(periods)
def test_both_ends_belong_to_a_period_and_their_neighbours_do_not(period: Period) -> None:
    assert period.end is not None
    one = timedelta(days=1)
    assert period.start in period
    assert period.end in period
    assert period.start - one not in period
    assert period.end + one not in period


@given(periods, periods)
def test_two_periods_overlap_exactly_when_they_share_a_day(one: Period, other: Period) -> None:
    assert one.end is not None
    length = (one.end - one.start).days
    share = any(one.start + timedelta(days=k) in other for k in range(length + 1))
    assert one.overlaps(other) == other.overlaps(one) == share


def test_an_open_period_has_no_end() -> None:
    open_ended = Period(date(2025, 1, 1))
    assert date(2100, 1, 1) in open_ended
    assert open_ended.overlaps(Period(date(2099, 1, 1), date(2099, 1, 2)))
    assert not open_ended.overlaps(Period(date(2024, 1, 1), date(2024, 12, 31)))
    with pytest.raises(ValueError, match="open period"):
        list(open_ended.months())


@given(periods)
def test_the_months_of_a_period_follow_each_other_and_cover_it(period: Period) -> None:
    months = list(period.months())
    assert months[0].start <= period.start
    assert period.end is not None
    assert months[-1].end is not None
    assert months[-1].end >= period.end
    for one, after in itertools.pairwise(months):
        assert one.end is not None
        assert one.end + timedelta(days=1) == after.start


def test_a_month_and_a_natural_year_end_on_their_last_day() -> None:
    assert Period.month(2024, 2) == Period(date(2024, 2, 1), date(2024, 2, 29))
    assert Period.month(2025, 12) == Period(date(2025, 12, 1), date(2025, 12, 31))
    assert Period.year(2025) == Period(date(2025, 1, 1), date(2025, 12, 31))
