"""Working days by the shipped holiday notices: published examples, the library's calendar, and the two clocks."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chinese_calendar
import pytest

from yibao.law import HolidayTableMissing, Law
from yibao.packs import load_law

SHARED = Path(__file__).parents[2] / ".." / "shared"


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law("national")


def vectors(name: str, prefix: str) -> list[dict[str, Any]]:
    path = SHARED / name
    if not path.exists():
        return []
    return [one for one in json.loads(path.read_text(encoding="utf-8")) if one["id"].startswith(prefix)]


@pytest.mark.parametrize("year", range(2019, 2027))
def test_the_table_equals_the_published_calendar_on_every_day(law: Law, year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=i) for i in range(365 + (year % 4 == 0))]
    assert days[-1] == date(year, 12, 31)
    assert [day for day in days if law.is_working_day(day) != chinese_calendar.is_workday(day)] == []


def test_the_fifth_working_day_of_the_month_by_the_vectors(law: Law) -> None:
    cases = vectors("vectors.json", "POOL-D")
    if not cases:
        pytest.skip("no ../shared/vectors.json here")
    for case in cases:
        day = law.nth_working_day(case["inputs"]["year"], case["inputs"]["month"], 5)
        assert day.isoformat() == case["expected"]["date"], case["id"]


def test_the_monthly_push_within_fifteen_working_days_by_the_vector(law: Law) -> None:
    cases = vectors("vectors_dip.json", "DIP3-D8")
    if not cases:
        pytest.skip("no ../shared/vectors_dip.json here")
    for case in cases:
        settled, count = date.fromisoformat(case["inputs"]["settled"]), case["inputs"]["working_days"]
        assert law.add_working_days(settled, count).isoformat() == case["expected"]["due"]


@pytest.mark.parametrize(
    ("year", "month", "due"), [(2020, 4, "2020-04-08"), (2020, 1, "2020-01-08"), (2020, 3, "2020-03-06")]
)
def test_the_fifth_working_day_skips_holidays(law: Law, year: int, month: int, due: str) -> None:
    assert law.nth_working_day(year, month, 5).isoformat() == due


def test_the_clock_starts_the_day_after_and_counts_made_up_days(law: Law) -> None:
    assert law.is_working_day(date(2024, 9, 29))
    assert law.add_working_days(date(2024, 9, 29), 10) == date(2024, 10, 17)


def test_counting_the_first_day_itself_ends_one_working_day_earlier(law: Law) -> None:
    assert law.add_working_days(date(2024, 9, 29), 10, inclusive=True) == date(2024, 10, 16)
    assert law.add_working_days(date(2024, 10, 1), 1, inclusive=True) == date(2024, 10, 8)


def test_a_limit_of_no_days_is_the_day_itself_and_a_negative_one_is_refused(law: Law) -> None:
    assert law.add_working_days(date(2024, 10, 1), 0) == date(2024, 10, 1)
    with pytest.raises(ValueError, match="not negative"):
        law.add_working_days(date(2024, 10, 1), -1)


def test_the_last_working_day_of_the_month_skips_a_holiday(law: Law) -> None:
    assert law.last_working_day(2025, 5) == date(2025, 5, 30)
    assert law.last_working_day(2025, 1) == date(2025, 1, 27)


def test_a_month_with_fewer_working_days_is_refused(law: Law) -> None:
    with pytest.raises(ValueError, match="working days, not 25"):
        law.nth_working_day(2025, 2, 25)


def test_a_year_without_a_notice_is_an_error_not_a_guess(law: Law) -> None:
    with pytest.raises(HolidayTableMissing, match="没有2027年的节假日安排"):
        law.is_working_day(date(2027, 3, 1))
    with pytest.raises(HolidayTableMissing, match="没有2018年的节假日安排"):
        law.is_working_day(date(2018, 3, 1))
    with pytest.raises(HolidayTableMissing):
        law.add_working_days(date(2026, 12, 30), 5)


def test_before_the_2020_extension_the_first_of_february_was_a_made_up_working_day(law: Law) -> None:
    before, after = law.work_calendar(date(2020, 1, 26)), law.work_calendar(date(2020, 1, 27))
    assert before.is_working_day(date(2020, 2, 1))
    assert before.is_working_day(date(2020, 1, 31))
    assert not after.is_working_day(date(2020, 2, 1))
    assert not after.is_working_day(date(2020, 1, 31))


def test_the_2019_change_of_the_may_holiday_is_seen_from_its_publication(law: Law) -> None:
    before, after = law.work_calendar(date(2019, 3, 21)), law.work_calendar(date(2019, 3, 22))
    assert before.is_working_day(date(2019, 5, 2))
    assert not before.is_working_day(date(2019, 4, 28))
    assert not after.is_working_day(date(2019, 5, 2))
    assert after.is_working_day(date(2019, 4, 28))


def test_a_notice_not_yet_published_leaves_the_year_unknown(law: Law) -> None:
    with pytest.raises(HolidayTableMissing, match="没有2026年的节假日安排（按 2025-11-03 已知）"):
        law.at(date(2026, 1, 1), known=date(2025, 11, 3)).work_calendar.is_working_day(date(2026, 1, 1))
