"""Paid beds are the smaller of agreement and 编制; what is occupied above them is excess; supply by county."""

from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from yibao.clearing.beds import (
    BedHospital,
    BedMonth,
    BedRecord,
    BedResult,
    BedYear,
    judge_beds,
    month_table,
    paid_bed_days,
)  # fmt: skip
from yibao.engine import Engine
from yibao.kernel import Period

JAN = date(2025, 1, 1)


def judge(records: list[BedRecord], months: list[BedMonth], **changes: Any) -> BedResult:
    known = [BedHospital("A", "3", "370303"), BedHospital("B", "1", "370303"), BedHospital("C", "1", "370305")]
    return judge_beds(BedYear(2025, **{"hospitals": known, "records": records, "months": months, **changes}))


def codes(result: BedResult) -> list[str]:
    return [one.code for one in result.findings]


def test_paid_beds_are_the_smaller_of_agreement_and_auth_beds_day_by_day() -> None:
    records = [BedRecord("A", JAN, 100, 80), BedRecord("A", date(2025, 7, 1), 60, 80)]
    result = judge(records, [BedMonth("A", 1, 2_480, 50), BedMonth("A", 7, 1_860, 40)])
    [row] = result.rows
    assert row.paid_bed_days == 181 * 80 + 184 * 60
    assert (row.auth_beds, row.agreement_beds, row.open_beds, row.occupied, row.excess) == (60, 80, None, 4_340, 0)
    assert row.utilisation == Fraction(4_340, row.paid_bed_days)
    assert row.peak_month == 1
    assert codes(result) == ["beds_above_auth"]


def test_occupied_bed_days_above_paid_beds_times_days_are_excess_and_flagged() -> None:
    result = judge([BedRecord("A", JAN, 10, 10)], [BedMonth("A", month, 305, 9) for month in range(1, 13)])
    [row] = result.rows
    assert (row.paid_bed_days, row.occupied, row.excess, row.peak_month) == (3_650, 3_660, 10, 2)
    assert result.excess == {"A": (10, 3_660)}
    assert codes(result) == ["beds_excess"]
    assert "多10床日" in result.findings[0].message


def test_a_hospital_with_cases_but_no_record_is_a_finding() -> None:
    result = judge([BedRecord("A", JAN, 10, 10)], [BedMonth("B", 1, 5, 1)])
    assert codes(result) == ["beds_missing"]
    assert [row.fixmedins_code for row in result.rows] == ["A"]


def test_days_before_the_first_record_are_a_gap_unless_the_hospital_was_not_there_yet() -> None:
    late = [BedRecord("A", date(2025, 3, 1), 10, 10)]
    gap = judge(late, [])
    assert codes(gap) == ["beds_gap"]
    assert "起59天没有床位档案" in gap.findings[0].message
    new = [BedHospital("A", "3", "370303", date(2025, 3, 1))]
    assert codes(judge(late, [], hospitals=new)) == []


def test_a_hospital_whose_agreement_begins_after_the_year_has_no_gap_in_it() -> None:
    after = [BedHospital("A", "3", "370303", date(2026, 3, 1))]
    assert codes(judge([BedRecord("A", date(2026, 4, 1), 10, 10)], [], hospitals=after)) == []


def test_two_rows_for_one_day_and_negative_beds_are_left_out_and_listed() -> None:
    records = [BedRecord("A", JAN, 10, 10), BedRecord("A", JAN, 99, 99), BedRecord("B", JAN, -1, 0)]
    result = judge(records, [])
    assert sorted(codes(result)) == ["beds_negative", "beds_twice"]
    assert [(row.fixmedins_code, row.auth_beds) for row in result.rows] == [("A", 10)]


def test_without_a_register_nothing_is_judged() -> None:
    assert judge([], [BedMonth("A", 1, 5, 1)]) == ((), (), {}, ())


def test_supply_and_demand_stand_by_county_and_level() -> None:
    records = [BedRecord("A", JAN, 100, 90, 95), BedRecord("B", JAN, 20, 20), BedRecord("C", JAN, 30, 30)]
    months = [BedMonth("A", 1, 1_000, 70), BedMonth("B", 2, 100, 8), BedMonth("B", 3, 50, 4)]
    result = judge(records, months, persons={"370303": 40_000})
    assert [row[:4] for row in result.supply] == [
        ("370303", "1", 1, 20), ("370303", "3", 1, 100), ("370305", "1", 1, 30),
    ]  # fmt: skip
    low, high, other = result.supply
    assert (low.cases, low.occupied, low.utilisation) == (12, 150, Fraction(150, 7_300))
    assert (high.agreement_beds, high.persons, high.beds_per_1000) == (90, 40_000, Fraction(5, 2))
    assert (other.persons, other.beds_per_1000, other.utilisation) == (0, None, 0)
    assert judge(records, months).supply[0].persons is None


days = st.dates(date(2024, 6, 1), date(2026, 6, 1))


@given(st.lists(st.tuples(days, st.integers(0, 50), st.integers(0, 50)), max_size=5, unique_by=lambda row: row[0]))
def test_paid_bed_days_are_the_sum_over_single_days(rows: list[tuple[date, int, int]]) -> None:
    records = [BedRecord("A", *row) for row in sorted(rows)]
    total = 0
    for ordinal in range(JAN.toordinal(), date(2026, 1, 1).toordinal()):
        now = [one for one in records if one.bed_from.toordinal() <= ordinal]
        total += min(now[-1].auth_beds, now[-1].agreement_beds) if now else 0
    assert paid_bed_days(Period.year(2025), records) == total
    assert sum(paid_bed_days(month, records) for month in Period.year(2025).months()) == total


def occupied(stays: list[tuple[date | None, date, int | None]]) -> dict[int, tuple[int, int]]:
    columns: dict[str, Any] = {
        "fixmedins_code": ["A"] * len(stays),
        "adm_date": pa.array([stay[0] for stay in stays], pa.date32()),
        "dscg_date": pa.array([stay[1] for stay in stays], pa.date32()),
        "act_ipt_days": pa.array([stay[2] for stay in stays], pa.int32()),
    }
    with Engine() as engine:
        engine.put("cases", pa.table(columns))
        engine.put("bed_month", month_table(2025))
        engine.pipeline("yibao.clearing", ["bed_days"])
        return {row[0]: (row[1], row[2]) for row in engine.rows("SELECT month, bed_days, cases FROM bed_days")}


def test_the_day_of_discharge_is_not_counted_and_a_stay_of_one_day_counts_one() -> None:
    assert occupied([(date(2025, 3, 1), date(2025, 3, 4), None)]) == {3: (3, 1)}
    assert occupied([(date(2025, 3, 1), date(2025, 3, 1), None)]) == {3: (1, 1)}
    assert occupied([(None, date(2025, 3, 4), 3), (None, date(2025, 3, 4), None)]) == {3: (4, 2)}


def test_a_stay_over_months_is_divided_and_days_outside_the_year_are_not_counted() -> None:
    assert occupied([(date(2024, 12, 20), date(2025, 2, 11), None)]) == {1: (31, 0), 2: (10, 1)}
    assert occupied([(date(2025, 1, 30), date(2025, 2, 1), None)]) == {1: (2, 0)}


@given(st.lists(st.tuples(days, st.integers(0, 200)), min_size=1, max_size=5))
def test_occupied_bed_days_are_the_sum_over_single_days(stays: list[tuple[date, int]]) -> None:
    rows = [(come, date.fromordinal(come.toordinal() + length), None) for come, length in stays]
    slow: dict[int, int] = {}
    for come, gone, _ in rows:
        for ordinal in range(come.toordinal(), max(gone.toordinal(), come.toordinal() + 1)):
            day = date.fromordinal(ordinal)
            if day.year == 2025:
                slow[day.month] = slow.get(day.month, 0) + 1
    assert {month: found[0] for month, found in occupied(rows).items()} == slow
