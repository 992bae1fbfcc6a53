"""居民医保退费: whose premium goes back, and when.

Rule (RULEBOOK §1b): who paid twice, joined 职工 insurance or paid in another pool may end the year's cover before its
benefits begin, and gets the premium back whole. The premium of one who died before benefits began goes back at any time
of the year. Once benefits have begun nothing goes back. Which reasons count is law (``refund.reasons``).
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from yibao.kernel import Step, yuan_text
from yibao.law import View


class RefundOutcome(StrEnum):
    """The answer to an application; the order is the order of precedence. Only ``refunded`` pays."""

    ALREADY_REFUNDED = "already_refunded"
    NOTHING_PAID = "nothing_paid"
    REASON_NOT_LISTED = "reason_not_listed"
    EVENT_DATE_MISSING = "event_date_missing"
    YEAR_OVER = "year_over"
    BENEFITS_BEGUN = "benefits_begun"
    REFUNDED = "refunded"

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What the clerk does next."""
        return _WORDS[self][1]


_R = RefundOutcome
_WORDS = {
    _R.ALREADY_REFUNDED: ("已经退费", "无须处理"),
    _R.NOTHING_PAID: ("没有可退的个人缴费", "核对缴费记录；资助部分退回资助资金"),
    _R.REASON_NOT_LISTED: ("退费事由不在规定范围内", "告知不予退费及依据"),
    _R.EVENT_DATE_MISSING: ("没有事由发生的日期", "补充死亡证明等材料"),
    _R.YEAR_OVER: ("保障年度已经结束", "告知不予退费及依据"),
    _R.BENEFITS_BEGUN: ("已进入待遇享受期，个人缴费不再退回", "告知不予退费及依据"),
    _R.REFUNDED: ("终止参保关系并全额退费", "退回原缴费账户"),
}


class Application(NamedTuple):
    """An application: why, when, for which benefits, and what the person himself paid (fen; aid is not his)."""

    reason: str
    applied: date
    pay_from: date
    year: int
    paid: int
    event_date: date | None = None
    refunded: bool = False


class Refund(NamedTuple):
    """The answer and the amount; ``ends_cover`` says whether the year's cover ends with it."""

    outcome: RefundOutcome
    amount: int
    ends_cover: bool
    steps: tuple[Step, ...]


def decide_refund(view: View, asked: Application) -> Refund:
    """Whether and what goes back. Raises MissingParameter where the law lists no reasons.

    Each reason of the law says by which date it is measured against the first day of benefits: ``application``, the
    day of applying; ``event``, the day it happened (death), so that applying may come later in the year.
    """
    outcome = _judge(view, asked)
    amount = asked.paid if outcome is RefundOutcome.REFUNDED else 0
    step = Step("退费", yuan_text(amount), "元", outcome.label, "refund.reasons")
    return Refund(outcome, amount, amount > 0, (step,))


def _judge(view: View, asked: Application) -> RefundOutcome:
    if asked.refunded:
        return RefundOutcome.ALREADY_REFUNDED
    if asked.paid <= 0:
        return RefundOutcome.NOTHING_PAID
    measured = {row["reason"]: row["before_start"] for row in view.table("refund.reasons")}
    if asked.reason not in measured:
        return RefundOutcome.REASON_NOT_LISTED
    if measured[asked.reason] not in ("application", "event"):
        raise ValueError(f"refund.reasons: before_start is application or event, not {measured[asked.reason]!r}")
    by_event = measured[asked.reason] == "event"
    if by_event and asked.event_date is None:
        return RefundOutcome.EVENT_DATE_MISSING
    if asked.applied > date(asked.year, 12, 31):
        return RefundOutcome.YEAR_OVER
    measured_on = asked.event_date if by_event and asked.event_date else asked.applied
    return RefundOutcome.BENEFITS_BEGUN if measured_on >= asked.pay_from else RefundOutcome.REFUNDED
