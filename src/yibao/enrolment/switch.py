"""职居切换与转移接续: changing between employee and resident insurance, or between pools, without losing cover.

Rule (RULEBOOK §1b, §2.12): who was insured for 2 years or more without a break and joins again after a gap of at most 3
months, and pays the gap, waits for nothing. Who stops 职工 cover in the year and joins as a resident is covered from
next month. Anyone else waits. All figures are law.
"""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from yibao.enrolment.months import add_months, first_day, gap_months, month_no
from yibao.enrolment.records import EMPLOYEE, RESIDENT
from yibao.kernel import Finding, Severity, Step
from yibao.law import View


class SwitchOutcome(StrEnum):
    """What becomes of a switch; the order is the order of precedence."""

    DATES_REVERSED = "dates_reversed"
    CONNECTED = "connected"
    NEXT_MONTH = "next_month"
    BACK_PAID = "back_paid"
    MUST_BACK_PAY = "must_back_pay"
    WAITS = "waits"

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self]


_WORDS = {
    SwitchOutcome.DATES_REVERSED: "转入月份早于原参保的最后一月",
    SwitchOutcome.CONNECTED: "前后衔接，没有中断",
    SwitchOutcome.NEXT_MONTH: "职工停保后参加居民医保，次月起享受",
    SwitchOutcome.BACK_PAID: "中断在规定月数内并已补缴，不设等待期",
    SwitchOutcome.MUST_BACK_PAY: "中断在规定月数内，补缴后不设等待期",
    SwitchOutcome.WAITS: "设待遇等待期",
}


class Switch(NamedTuple):
    """A change of insurance or pool: last month covered before, first day after, months continuous before, back-pay.

    ``wait`` is the waiting period of the new insurance for one who does not connect, e.g. by `wait.wait_months`; None
    where the caller does not know one.
    """

    from_insutype: str
    to_insutype: str
    last_covered: date
    joined: date
    continuous_months: int
    back_paid: bool = False
    wait: int | None = None


class Decision(NamedTuple):
    """The outcome, the gap in whole months, the wait, the first day of benefits, whether the gap's costs are paid."""

    outcome: SwitchOutcome
    gap: int
    wait: int
    pay_from: date | None
    gap_paid: bool
    steps: tuple[Step, ...]
    finding: Finding | None = None


def decide_switch(view: View, asked: Switch) -> Decision:
    """What becomes of the switch by the law of ``view``. Raises MissingParameter.

    A gap is counted in whole calendar months without cover, both bounds inclusive: exactly 3 months and exactly 2 years
    still connect. A resident of the year who takes up work and cannot connect keeps the year's resident cover, so
    nothing is to be decided for him here. A wait after a gap beyond the bound is at most switch.wait_max.
    """
    if month_no(asked.joined) < month_no(asked.last_covered):
        return _refused(asked)
    gap = gap_months(asked.last_covered, asked.joined)
    steps = [Step("中断月数", str(gap), "月", f"{asked.last_covered:%Y-%m} 至 {asked.joined:%Y-%m} 之间没有参保的整月")]
    in_year = asked.last_covered.year == asked.joined.year
    if asked.from_insutype == EMPLOYEE and asked.to_insutype == RESIDENT and in_year:
        delay = view.integer("switch.employee_stop.delay")
        steps.append(Step("待遇起始", str(delay), "月", "职工停保后参加居民医保", "switch.employee_stop.delay"))
        return Decision(
            SwitchOutcome.NEXT_MONTH, gap, 0, first_day(month_no(asked.joined) + delay), False, tuple(steps)
        )
    if gap == 0:
        return Decision(SwitchOutcome.CONNECTED, 0, 0, asked.joined, True, tuple(steps))
    years, longest = view.integer("switch.min_continuous_years"), view.integer("switch.max_gap")
    steps += [
        Step("连续参保", str(asked.continuous_months), "月", f"须满{years}年（含）", "switch.min_continuous_years"),
        Step("允许中断", str(longest), "月", "含本数", "switch.max_gap"),
    ]
    if asked.continuous_months >= years * 12 and gap <= longest:
        if asked.back_paid:
            paid = view.flag("switch.backpay_retro")
            return Decision(SwitchOutcome.BACK_PAID, gap, 0, asked.joined, paid, tuple(steps))
        return _waits(view, asked, gap, steps, SwitchOutcome.MUST_BACK_PAY)
    return _waits(view, asked, gap, steps, SwitchOutcome.WAITS)


def _waits(view: View, asked: Switch, gap: int, steps: list[Step], outcome: SwitchOutcome) -> Decision:
    bound = view.integer("switch.wait_max")
    if asked.wait is None:
        raise ValueError("the waiting period of one who does not connect is to be given")
    months = min(asked.wait, bound)
    steps.append(Step("待遇等待期", str(months), "月", f"不超过{bound}个月", "switch.wait_max"))
    begins = add_months(asked.joined, months)
    step = "补缴中断月份的费款后重新认定" if outcome is SwitchOutcome.MUST_BACK_PAY else "等待期满之日起享受待遇"
    message = f"中断{gap}个月，{outcome.label}；待遇自{begins.isoformat()}起"
    finding = Finding("switch_" + outcome.value, Severity.WARNING, message, next_step=step)
    return Decision(outcome, gap, months, begins, False, tuple(steps), finding)


def _refused(asked: Switch) -> Decision:
    outcome = SwitchOutcome.DATES_REVERSED
    finding = Finding(
        "switch_dates_reversed", Severity.ERROR, outcome.label,
        cause=f"原参保到{asked.last_covered:%Y-%m}，转入{asked.joined:%Y-%m}",
        next_step="核对两地的参保月份；同月在两地参保的按重复参保处理",
    )  # fmt: skip
    return Decision(outcome, 0, 0, None, False, (), finding)


def covered_months(spans: Iterable[tuple[date, date]]) -> set[int]:
    """The months of intervals of cover from any pool, each once: years accumulate (年限累计)."""
    return {one for begin, end in spans for one in range(month_no(begin), month_no(end) + 1)}


def continuous_months(months: Iterable[int], until: date, max_gap: int, back_paid: Iterable[int] = ()) -> int:
    """Covered months without a break up to the month of ``until``, back from it.

    A gap of at most ``max_gap`` months that was paid back (its months in ``back_paid``) connects; its months count as
    covered. A gap that was not paid back breaks, however short.
    """
    have, repaired = set(months), set(back_paid)
    at, count = month_no(until), 0
    while at in have or at in repaired:
        if at in have:
            count, at = count + 1, at - 1
            continue
        low = at
        while low in repaired and low not in have:
            low -= 1
        if at - low > max_gap:
            break
        count, at = count + at - low, low
    return count


def transfer_due(view: View, accepted: date) -> date:
    """The day by which a transfer (转移接续) accepted on a day is to be finished, in working days from the day after.

    Raises MissingParameter, and HolidayTableMissing for a year without a notice.
    """
    return view.work_calendar.add_working_days(accepted, view.integer("transfer.working_days"))


def transfer_finding(view: View, key: str, accepted: date, done: date | None, as_of: date) -> Finding | None:
    """The finding about a transfer that is late, or None. ``done`` is None while it is not finished by ``as_of``."""
    due = transfer_due(view, accepted)
    if (done or as_of) <= due:
        return None
    state = f"于{done.isoformat()}办结" if done else f"到{as_of.isoformat()}仍未办结"
    message = f"{accepted.isoformat()}受理的转移接续应于{due.isoformat()}前办结，{state}"
    return Finding("transfer_late", Severity.WARNING, message, next_step="联系转出地核发参保凭证，尽快办结", key=key)
