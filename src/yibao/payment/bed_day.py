"""床日付费: a stay is paid by its days, at a price for each tier of days.

Used for long stays: mental illness and hospice care (精神疾病、安宁疗护; S4 四(四), RULEBOOK §6). The day of
discharge and days of leave are not counted; the tiers run over the days that remain. The rule leaves open whether leave
is taken out before or after the tiers are laid: it is taken out before, so an absence never buys a cheaper tier.

`occupied_days`, `bed_day_pay` and `bed_day_pay_all` are kernels (plain, or compiled by `yibao.engine.kernels`);
`parse_tiers` reads the price text of a law parameter and `check_bed_days` is what a caller runs on a row beforehand.
"""

import re
from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from yibao.kernel import Finding, MoneyError, Place, Severity, Step, fen_from_yuan, yuan_text

MAX_DAYS = 36_600
"""A century: with prices of at most 10¹² fen a day a stay's pay stays far inside 64 bits."""

_NOWHERE = Place()
_TIER = re.compile(r"(\d{1,5})(?:-(\d{1,5})|(\+)):(\d+(?:\.\d+)?)", re.ASCII)


class Plan(NamedTuple):
    """Tiers in order. ``tier_from`` holds each tier's first day (the first is 1), ``tier_price_fen`` its price a day.

    A tier ends where the next begins; the last has no end.
    """

    tier_from: Sequence[int]
    tier_price_fen: Sequence[int]


def occupied_days(admission_day: int, discharge_day: int) -> int:
    """Days of a stay by day numbers (``date.toordinal()``): the day of discharge is not counted."""
    return discharge_day - admission_day


def bed_day_pay(plan: Plan, days: int, leave_days: int, steps: list[Step] | None = None) -> int:
    """What the fund pays for a stay, in fen: Σ days in a tier × the tier's price.

    ``days`` are those of `occupied_days`, ``leave_days`` the days of leave among them (请假). With a list, each tier
    that holds a day is recorded as a Step. Raises ValueError when days or leave are out of range: a row with such
    values is a finding of `check_bed_days` and never reaches this place.
    """
    if leave_days < 0 or days < leave_days or days > MAX_DAYS:
        raise ValueError("bed days out of range: run check_bed_days first")
    payable = days - leave_days
    total = 0
    for tier in range(len(plan.tier_from)):
        in_tier = _days_in_tier(plan, tier, payable)
        total += in_tier * plan.tier_price_fen[tier]
        if steps is not None and in_tier > 0:
            _record(steps, plan, tier, in_tier)
    return total


def _days_in_tier(plan: Plan, tier: int, payable: int) -> int:
    last = payable
    if tier + 1 < len(plan.tier_from):
        last = min(payable, plan.tier_from[tier + 1] - 1)
    return max(0, last - plan.tier_from[tier] + 1)


def bed_day_pay_all(
    plan: Plan, days: Sequence[int], leave_days: Sequence[int], pay_fen: MutableSequence[int]
) -> MutableSequence[int]:
    """`bed_day_pay` for many stays: fills ``pay_fen``, row for row, and returns it. Shapes are equal."""
    for row in range(len(days)):
        pay_fen[row] = bed_day_pay(plan, days[row], leave_days[row])
    return pay_fen


def _record(steps: list[Step], plan: Plan, tier: int, in_tier: int) -> None:
    price = plan.tier_price_fen[tier]
    steps.append(
        Step(
            label=f"床日付费：第{plan.tier_from[tier]}日起",
            value=yuan_text(in_tier * price),
            unit="元",
            detail=f"{in_tier}日 × {yuan_text(price)}元",
        )
    )


def parse_tiers(text: str) -> Plan:
    """Reads ``1-30:300,31+:200`` (days 1 to 30 at 300 元, from day 31 at 200 元) into a Plan.

    Raises ValueError, in Chinese, unless the tiers start on day 1, follow each other without gap or overlap and only
    the last is open, or when a price is no amount in whole fen.
    """
    first, price, expected = [], [], 1
    parts = [part.strip() for part in text.split(",")]
    for place, part in enumerate(parts):
        match = _TIER.fullmatch(part)
        if match is None:
            raise ValueError(f"床日分段“{part}”写法有误，应如“1-30:300”或“31+:200”")
        start, end, is_open = int(match[1]), match[2], match[3] is not None
        if start != expected:
            raise ValueError(f"床日分段“{part}”应从第{expected}日起，各段须首尾相接")
        if is_open != (place == len(parts) - 1):
            raise ValueError(f"床日分段“{part}”有误：只有最后一段不写止日，且最后一段必须不写")
        if end is not None and int(end) < start:
            raise ValueError(f"床日分段“{part}”的止日早于起日")
        try:
            price.append(fen_from_yuan(match[4]))
        except MoneyError as error:
            raise ValueError(f"床日分段“{part}”的价格有误：{error}") from error
        first.append(start)
        expected = int(end) + 1 if end is not None else start
    return Plan(tuple(first), tuple(price))


def check_bed_days(days: int, leave_days: int, place: Place = _NOWHERE, key: str = "") -> list[Finding]:
    """Faults of a row that `bed_day_pay` would refuse; empty when the row is payable."""
    found = []

    def fault(code: str, message: str, next_step: str) -> None:
        found.append(Finding(code, Severity.ERROR, message, place, next_step=next_step, key=key))

    if days < 0:
        fault("bed_days_negative", f"住院床日为{days}日，出院日期早于入院日期", "核对入院日期和出院日期")
    elif days > MAX_DAYS:
        fault("bed_days_too_many", f"住院床日为{days}日，超过{MAX_DAYS}日", "核对入院日期和出院日期的年份")
    if leave_days < 0:
        fault("leave_days_negative", f"请假天数为{leave_days}日，不能为负", "核对请假记录")
    elif leave_days > max(days, 0):
        fault("leave_days_too_many", f"请假{leave_days}日，多于住院床日{days}日", "核对请假记录和住院日期")
    return found
