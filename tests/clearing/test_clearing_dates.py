"""When months are settled and paid at the latest, when the year is cleared and published."""

from datetime import date
from pathlib import Path

import pytest

from yibao.clearing.dates import (
    add_months,
    clearing_deadline,
    clearing_late,
    day_of_next_month,
    law_year,
    month_day,
    publications,
    read_dates,
    settle_day,
)  # fmt: skip
from yibao.clearing.faults import TermsError
from yibao.flows.close_ledger import read_days
from yibao.law import MissingParameter
from yibao.packs import load_law

LAW = load_law("zibo", ["demo"])
VIEW = LAW.at(date(2025, 12, 31))
YEAR = law_year(LAW, 2025)


def test_the_dates_of_a_year_follow_the_law_and_the_work_calendar() -> None:
    found, findings = read_dates(YEAR)
    assert findings == []
    assert (found.prepaid, found.cleared_by) == (date(2025, 1, 20), date(2026, 5, 31))
    assert (found.first_published, found.second_published) == (date(2026, 6, 30), date(2026, 10, 31))
    january, december = found.months[0], found.months[-1]
    assert (january.declared, january.settled) == (date(2025, 2, 10), date(2025, 2, 20))
    assert january.latest == date(2025, 3, 24)
    assert (december.declared, december.settled) == (date(2026, 1, 10), date(2025, 12, 31))
    assert december.latest is not None


def test_the_days_told_are_those_that_the_books_bear(tmp_path: Path) -> None:
    """A month's days follow the law at its end, the prepayment's the law of 1 January, in the page as in the books."""
    doc = "source: {doc: 试验, published: 2025-01-01}, grade: assumed"
    reform = tmp_path / "days.yaml"
    reform.write_text(
        f'- {{key: settle.month.day, from: 2025-01-01, until: 2025-06-29, value: "25", unit: days, {doc}}}\n'
        f'- {{key: prepay.pay_day, from: 2025-03-01, value: "02-20", unit: text, {doc}}}\n',
        encoding="utf-8",
    )
    law = load_law("zibo", ["demo", reform])
    told, booked = read_dates(law_year(law, 2025))[0], read_days(law, 2025)[0]
    assert [month.settled for month in told.months] == list(booked.months)
    assert [month.settled.day for month in told.months] == [25] * 5 + [20] * 6 + [31]
    assert told.prepaid == booked.prepay == date(2025, 1, 20)


def test_the_latest_day_to_pay_is_thirty_working_days_after_the_closing_day() -> None:
    worked = VIEW.work_calendar
    for month in read_dates(YEAR)[0].months:
        assert month.latest is not None
        days = (date.fromordinal(n) for n in range(month.declared.toordinal() + 1, month.latest.toordinal() + 1))
        assert sum(worked.is_working_day(day) for day in days) == 30


def test_a_pilot_clears_earlier() -> None:
    assert read_dates(YEAR, pilot=True)[0].cleared_by == date(2026, 3, 31)


def test_a_deadline_that_no_document_sets_is_an_error() -> None:
    with pytest.raises(MissingParameter, match=r"clearing\.deadline"):
        clearing_deadline(load_law("zibo").at(date(2024, 12, 31)), 2024, pilot=True)


def test_a_year_without_a_holiday_table_is_a_finding_and_leaves_its_days_open() -> None:
    found, findings = read_dates(law_year(LAW, 2030))
    assert found.months[0].latest is None
    assert {one.code for one in findings} == {"holiday_table_missing"}
    assert len(findings) <= 2


def test_a_month_that_is_settled_too_late_is_named(tmp_path: "object") -> None:
    reform = tmp_path / "late.yaml"  # type: ignore[operator]
    reform.write_text(
        '- {key: settle.pay.max_working_days, from: 2025-01-26, value: "5", unit: working_days,\n'
        "   source: {doc: 试验, published: 2025-01-26}, grade: assumed}\n",
        encoding="utf-8",
    )
    findings = read_dates(law_year(load_law("zibo", ["demo", reform]), 2025))[1]
    assert {one.code for one in findings} == {"payment_too_late"}
    assert "迟于最后拨付日" in findings[0].message


def test_days_fall_on_the_last_of_a_shorter_month() -> None:
    assert day_of_next_month(2025, 1, 31) == date(2025, 2, 28)
    assert day_of_next_month(2023, 12, 31) == date(2024, 1, 31)
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert [settle_day(2025, month, 20) for month in (11, 12)] == [date(2025, 12, 20), date(2025, 12, 31)]


def test_publication_counts_from_the_day_it_was_cleared() -> None:
    assert publications(VIEW, date(2026, 3, 31)) == (date(2026, 4, 30), date(2026, 10, 31))


@pytest.mark.parametrize("text", ["5月31日", "02-30", "", "13-01"])
def test_a_day_of_the_law_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TermsError, match="不是月-日"):
        month_day(text, 2026)


def test_a_clearing_after_its_deadline_is_said() -> None:
    assert clearing_late(date(2026, 5, 31), date(2026, 5, 31)) is None
    late = clearing_late(date(2026, 6, 2), date(2026, 5, 31))
    assert late is not None
    assert "共2天" in late.message
