"""What bands of a plan make of an amount, and how much of it a payment covers. Plain functions over integers, part of
the kernel (`yibao.benefit.settle`). Amounts are fen, rates parts per million. Source: RULEBOOK §2.2, §2.5.
"""

from collections.abc import Sequence

from yibao.benefit.plan import BAND, MILLION
from yibao.kernel.rounding import half_up

Ints = Sequence[int]


def risen(plan: Ints, at: int, count: int, before: int, amount: int) -> int:
    """By how much the benefit of a cumulative amount rises from ``before`` by ``amount``: F(after) − F(before), each
    rounded half up to fen, so that a year's rises sum to F of the year's amount.
    """
    return total(plan, at, count, before + amount) - total(plan, at, count, before)


def total(plan: Ints, at: int, count: int, amount: int) -> int:
    """F(amount): each band's part of the amount × its rate, rounded once."""
    sum_ppm = 0
    for band in range(count):
        place = at + band * BAND
        upper = amount if plan[place + 1] < 0 else min(amount, plan[place + 1])
        sum_ppm += max(0, upper - plan[place]) * plan[place + 2]
    return half_up(sum_ppm, MILLION)


def reached(plan: Ints, at: int, count: int, before: int, amount: int, paid: int) -> int:
    """How much of ``amount`` a payment of ``paid`` covers, band by band, rounded down to fen."""
    left, covered = paid * MILLION, 0
    for band in range(count):
        place = at + band * BAND
        lower = max(before, plan[place])
        upper = before + amount if plan[place + 1] < 0 else min(before + amount, plan[place + 1])
        part, rate = max(0, upper - lower), plan[place + 2]
        taken = part if rate == 0 else min(part, left // rate)
        covered, left = covered + taken, left - taken * rate
        if taken < part:
            return covered
    return min(amount, covered)
