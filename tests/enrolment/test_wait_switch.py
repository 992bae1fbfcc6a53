"""等待期、职居切换、转移接续、退费: the formula, the bounds (both inclusive), and the answers in their order."""

import re
from datetime import date
from pathlib import Path

import pytest
from enrolment.small_city import city, one, pool
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.enrolment.months import add_months, first_day, gap_months, last_day, month_no
from yibao.enrolment.refund import Application, RefundOutcome, decide_refund
from yibao.enrolment.switch import (
    Switch,
    SwitchOutcome,
    continuous_months,
    covered_months,
    decide_switch,
    transfer_due,
    transfer_finding,
)
from yibao.enrolment.wait import in_window, month_day, read_wait, wait_months, window
from yibao.law import MissingParameter
from yibao.packs import load_law

DAY = date(2025, 6, 1)
NATIONAL = load_law("national")


@pytest.mark.parametrize("vector", of("等待期"), ids=ids("等待期"))
def test_the_wait_is_three_months_and_one_a_broken_year_and_at_least_six_from_four(vector: Vector) -> None:
    terms = read_wait(NATIONAL.at(DAY))
    given_ = vector.inputs
    found = wait_months(terms, given_["broken_years"], given_["paid_in_window"], given_["repaired_years"])
    assert found == int(vector.expected["months"])


@given(st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_repair_shortens_the_wait_by_a_month_a_year_but_never_below_its_floor(
    broken: int, repaired: int, in_time: bool
) -> None:
    terms = read_wait(NATIONAL.at(DAY))
    if repaired > broken:
        with pytest.raises(ValueError, match="between 0 and the broken"):
            wait_months(terms, broken, in_time, repaired)
        return
    months = wait_months(terms, broken, in_time, repaired)
    if broken == 0:
        assert months == (0 if in_time else 3)
    else:
        assert months == max(3 + broken - repaired, 6 if broken >= 4 else 3)


def test_the_wait_is_told_in_steps_and_its_assumed_part_marks_the_result() -> None:
    view, steps = NATIONAL.at(DAY), []
    wait_months(read_wait(view), 5, True, 5, steps)
    assert [(step.label, step.value) for step in steps] == [
        ("固定等待期", "3"),
        ("变动等待期", "0"),
        ("长期断保下限", "6"),
    ]
    assert view.unverified == ["wait.repair"]
    with pytest.raises(MissingParameter, match=r"wait\.fixed"):
        read_wait(NATIONAL.at(date(2024, 12, 31)))


def test_the_window_opens_in_the_year_before_and_may_close_in_the_year_itself() -> None:
    assert window("09-15", "02-28", 2025) == (date(2024, 9, 15), date(2025, 2, 28))
    assert window("09-01", "12-31", 2025) == (date(2024, 9, 1), date(2024, 12, 31))
    assert window("09-01", "02-29", 2025)[1] == date(2025, 2, 28)
    assert window("09-01", "02-29", 2024)[1] == date(2024, 2, 29)
    view = city().at(date(2025, 1, 1))
    assert [
        in_window(view, 2025, day)
        for day in (date(2024, 9, 14), date(2024, 9, 15), date(2025, 2, 28), date(2025, 3, 1))
    ] == [False, True, True, False]
    for bad in ("0915", "13-01", "2-30", "x"):
        with pytest.raises(ValueError):
            month_day(bad)


def test_months_are_counted_whole_and_kept_within_the_calendar() -> None:
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2024, 11, 30), 3) == date(2025, 2, 28)
    assert add_months(date(2025, 3, 10), 0) == date(2025, 3, 10)
    assert gap_months(date(2025, 1, 31), date(2025, 5, 1)) == 3
    assert gap_months(date(2025, 1, 1), date(2025, 2, 28)) == 0
    assert (first_day(month_no(DAY)), last_day(month_no(DAY))) == (date(2025, 6, 1), date(2025, 6, 30))


def switch(last: date, joined: date, months: int = 24, paid: bool = True, wait: int | None = 4, to: str = "310"):
    return Switch("390" if to == "310" else "310", to, last, joined, months, paid, wait)


@pytest.mark.parametrize(
    ("asked", "outcome", "gap", "wait", "pay_from"),
    [
        (switch(date(2024, 12, 31), date(2025, 1, 6)), "connected", 0, 0, date(2025, 1, 6)),
        (switch(date(2024, 12, 31), date(2025, 4, 6)), "back_paid", 3, 0, date(2025, 4, 6)),
        (switch(date(2024, 12, 31), date(2025, 5, 6)), "waits", 4, 4, date(2025, 9, 6)),
        (switch(date(2024, 12, 31), date(2025, 4, 6), months=23), "waits", 3, 4, date(2025, 8, 6)),
        (switch(date(2024, 12, 31), date(2025, 4, 6), paid=False), "must_back_pay", 3, 4, date(2025, 8, 6)),
        (switch(date(2024, 12, 31), date(2025, 6, 6), wait=9), "waits", 5, 6, date(2025, 12, 6)),
        (switch(date(2025, 5, 31), date(2025, 6, 6), to="390"), "next_month", 0, 0, date(2025, 7, 1)),
        (switch(date(2025, 1, 31), date(2025, 6, 6), to="390"), "next_month", 4, 0, date(2025, 7, 1)),
        (switch(date(2024, 11, 30), date(2025, 1, 6), to="390"), "back_paid", 1, 0, date(2025, 1, 6)),
        (switch(date(2025, 6, 30), date(2025, 5, 6)), "dates_reversed", 0, 0, None),
    ],
)  # fmt: skip
def test_a_switch_connects_by_two_years_and_three_months_both_inclusive(
    asked: Switch, outcome: str, gap: int, wait: int, pay_from: date | None
) -> None:
    found = decide_switch(city().at(DAY), asked)
    assert (found.outcome, found.gap, found.wait, found.pay_from) == (SwitchOutcome(outcome), gap, wait, pay_from)
    assert found.outcome.label


def test_back_pay_pays_the_costs_of_the_gap_only_where_the_law_says_so() -> None:
    asked = switch(date(2024, 12, 31), date(2025, 4, 6))
    assert not decide_switch(city().at(DAY), asked).gap_paid
    assert decide_switch(pool(one("switch.backpay_retro", "true", "flag")).at(DAY), asked).gap_paid


def test_what_a_switch_lacks_is_refused_by_key_and_a_wait_unknown_is_never_zero() -> None:
    with pytest.raises(MissingParameter, match=r"switch\.employee_stop\.delay"):
        decide_switch(NATIONAL.at(DAY), switch(date(2025, 5, 31), date(2025, 6, 6), to="390"))
    with pytest.raises(ValueError, match="is to be given"):
        decide_switch(city().at(DAY), switch(date(2024, 12, 31), date(2025, 6, 6), wait=None))


def test_the_messages_of_a_switch_say_what_happened_and_what_to_do() -> None:
    found = [decide_switch(city().at(DAY), asked).finding for asked in (
        switch(date(2024, 12, 31), date(2025, 5, 6)),
        switch(date(2024, 12, 31), date(2025, 4, 6), paid=False),
        switch(date(2025, 6, 30), date(2025, 5, 6)),
    )]  # fmt: skip
    assert [str(one) for one in found] == [
        "提醒 中断4个月，设待遇等待期；待遇自2025-09-06起；处理：等待期满之日起享受待遇",
        "提醒 中断3个月，中断在规定月数内，补缴后不设等待期；待遇自2025-08-06起；处理：补缴中断月份的费款后重新认定",
        "错误 转入月份早于原参保的最后一月；处理：核对两地的参保月份；同月在两地参保的按重复参保处理",
    ]


def test_years_accumulate_over_pools_and_no_month_counts_twice() -> None:
    here, there = (date(2023, 1, 1), date(2024, 6, 30)), (date(2024, 6, 1), date(2024, 12, 31))
    months = covered_months([here, there])
    assert len(months) == 24
    assert continuous_months(months, date(2024, 12, 1), 3) == 24


def test_a_gap_connects_only_when_it_was_paid_back_and_is_not_too_long() -> None:
    months = covered_months([(date(2023, 1, 1), date(2023, 12, 31)), (date(2024, 4, 1), date(2024, 12, 31))])
    gap = covered_months([(date(2024, 1, 1), date(2024, 3, 31))])
    assert continuous_months(months, date(2024, 12, 1), 3) == 9
    assert continuous_months(months, date(2024, 12, 1), 3, gap) == 24
    assert continuous_months(months, date(2024, 12, 1), 2, gap) == 9
    assert continuous_months(months, date(2025, 1, 1), 3, gap) == 0


def test_a_transfer_is_due_in_fifteen_working_days_and_late_after() -> None:
    view = NATIONAL.at(date(2024, 9, 29))
    due = transfer_due(view, date(2024, 9, 29))
    assert due == date(2024, 10, 24)
    assert view.unverified == ["transfer.working_days"]
    assert transfer_finding(view, "P1", date(2024, 9, 29), due, date(2025, 1, 1)) is None
    late = transfer_finding(view, "P1", date(2024, 9, 29), None, date(2024, 10, 25))
    assert str(late) == (
        "提醒 2024-09-29受理的转移接续应于2024-10-24前办结，到2024-10-25仍未办结"
        "；处理：联系转出地核发参保凭证，尽快办结"
    )


START = date(2025, 1, 1)


def apply(reason: str, on: date, event: date | None = None, paid: int = 40000, done: bool = False) -> Application:
    return Application(reason, on, START, 2025, paid, event, done)


@pytest.mark.parametrize(
    ("asked", "outcome", "amount"),
    [
        (apply("duplicate_payment", date(2024, 12, 31)), "refunded", 40000),
        (apply("employee_cover", date(2025, 1, 1)), "benefits_begun", 0),
        (apply("resident_elsewhere", date(2024, 11, 1)), "refunded", 40000),
        (apply("moved_abroad", date(2024, 11, 1)), "reason_not_listed", 0),
        (apply("death", date(2025, 12, 31), date(2024, 12, 31)), "refunded", 40000),
        (apply("death", date(2026, 1, 1), date(2024, 12, 31)), "year_over", 0),
        (apply("death", date(2025, 3, 1), date(2025, 1, 1)), "benefits_begun", 0),
        (apply("death", date(2025, 3, 1)), "event_date_missing", 0),
        (apply("duplicate_payment", date(2024, 12, 31), paid=0), "nothing_paid", 0),
        (apply("duplicate_payment", date(2024, 12, 31), done=True), "already_refunded", 0),
    ],
)
def test_a_premium_goes_back_before_benefits_begin_and_never_after(
    asked: Application, outcome: str, amount: int
) -> None:
    found = decide_refund(city().at(DAY), asked)
    assert (found.outcome, found.amount, found.ends_cover) == (RefundOutcome(outcome), amount, amount > 0)
    assert found.steps[0].detail == found.outcome.label and found.outcome.next_step


def test_which_reasons_count_is_law_and_no_reason_is_guessed() -> None:
    with pytest.raises(MissingParameter, match=r"refund\.reasons"):
        decide_refund(NATIONAL.at(DAY), apply("death", DAY, DAY))
    law = pool(one("refund.reasons", ({"reason": "death", "before_start": "later"},), "table"))
    with pytest.raises(ValueError, match="application or event"):
        decide_refund(law.at(DAY), apply("death", DAY, DAY))


def test_the_page_lists_the_answers_of_switches_and_refunds_in_their_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "enrolment.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", page, re.M)
    for kind in (SwitchOutcome, RefundOutcome):
        names = [(one.value, one.label) for one in kind]
        at = listed.index(names[0])
        assert [(name, label.strip()) for name, label in listed[at : at + len(names)]] == names
