"""特例单议: which applied cases leave the group's rule, within the pool's quota, and the points they then have.

Plain Python on the applied cases only (grain setl_id). The quota is of the pool, never of an institution; both
insurances are counted together. Thresholds are compared exactly; the multiple is rounded for people only.
Source: 医保发〔2025〕18号 art.20, 经办规程 2025 art.21, DIP_REGIMES A.7, S4 三(二).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import pyarrow as pa

from yibao.kernel import POINT_SCALE, half_up_ratio
from yibao.law import View

QUOTA_KEY = "dip.special_review.quota"
TRIGGER_KEYS = ("dip.special_review.min_multiple", "dip.special_review.los_multiple")
"""The thresholds of an application, by the day of discharge."""


class SpecialOutcome(StrEnum):
    """What became of an application, in order of precedence: the first that fits is the outcome."""

    NOT_LOCAL = "not_local"
    NOT_ELIGIBLE = "not_eligible"
    PENDING = "pending"
    FAILED = "failed"
    OVER_QUOTA = "over_quota"
    GRANTED = "granted"

    @property
    def label(self) -> str:
        """The Chinese name shown to users."""
        return _LABELS[self.value]


_LABELS = {
    "not_local": "不是本统筹区参保",
    "not_eligible": "不够申请条件",
    "pending": "待评审",
    "failed": "评审不通过",
    "over_quota": "超过限额",
    "granted": "通过",
}


class SpecialTerms(NamedTuple):
    """The multiples from which 费用高 and 住院时间长 may apply; both inclusive (倍以上)."""

    min_multiple: Fraction
    los_multiple: Fraction


class Applied(NamedTuple):
    """An applied case. Fees in fen (net of excluded fees), points 10⁻⁴ 分.

    ``standard_points`` are those of its group with its coefficients and without deviation (for a case without a group
    its interim points), exact; ``group_days`` are the days and cases of its group's history, None where it has none.
    """

    setl_id: str
    case_no: int
    local: bool
    fee_fen: int
    standard_points: Fraction
    days: int | None
    group_days: tuple[int, int] | None
    review_reason: str
    apply_date: date
    review_result: str
    review_points: int | None
    terms: SpecialTerms


class Decision(NamedTuple):
    """What became of an application. ``points`` stand for a granted case only; ``rank`` is its place in the quota."""

    setl_id: str
    case_no: int
    review_reason: str
    outcome: SpecialOutcome
    multiple: str
    points: int | None = None
    rank: int | None = None


def read_triggers(view: View, regime: str) -> SpecialTerms:
    """The thresholds in force on the view's day. Raises MissingParameter for a key that the law leaves open."""
    least, longest = (view.ratio(key, regime=regime) for key in TRIGGER_KEYS)
    return SpecialTerms(least, longest)


def quota(discharges: int, rate: Fraction) -> int:
    """The most cases the pool may grant: floor(discharges × rate)."""
    return (rate * discharges).numerator // (rate * discharges).denominator


def standard_of(points: Fraction, opening: Fraction) -> Fraction:
    """The payment standard in fen, unrounded, of exact points (10⁻⁴ 分) at the opening value (元 per 分)."""
    return points * opening * 100 / POINT_SCALE


def reaches(amount: Fraction | int, standard: Fraction, multiple: Fraction) -> bool:
    """Whether an amount is at least ``multiple`` × the standard (2倍以上 is read as ≥); no standard, no."""
    return standard > 0 and amount >= multiple * standard


def points_by_item(fee_fen: int, opening: Fraction) -> int:
    """按项目付费: the points that are worth the fee at the opening value, 10⁻⁴ 分, rounded half up once."""
    return half_up_ratio(Fraction(fee_fen, 100) / opening, POINT_SCALE)


def granted_share(granted: int, discharges: int) -> Fraction:
    """特例单议占比: granted cases over the pool's discharges."""
    return Fraction(granted, discharges) if discharges else Fraction(0)


def decide(applied: Iterable[Applied], most: int, order: str, opening: Fraction) -> list[Decision]:
    """The outcome of every application, by setl_id. ``most`` is the quota; ``order`` says who comes first within it:
    ``excess`` (by how far the fee is above the standard) or ``applied`` (by day of application); ties by setl_id.
    """
    rows = [_Measured(one, standard_of(one.standard_points, opening)) for one in applied]
    rows.sort(key=lambda row: row.one.setl_id)
    early = [_before_quota(row) for row in rows]
    passed = [row for row, outcome in zip(rows, early, strict=True) if outcome is None]
    ranks = {row.one.setl_id: nth for nth, row in enumerate(_ordered(passed, order), start=1)}
    return [
        _decision(row, outcome, ranks.get(row.one.setl_id), most, opening)
        for row, outcome in zip(rows, early, strict=True)
    ]


class _Measured(NamedTuple):
    """An application with the standard its fee is measured by, worked out once: exact fractions are slow."""

    one: Applied
    standard: Fraction


def _ordered(passed: Sequence[_Measured], order: str) -> list[_Measured]:
    if order == "applied":
        return sorted(passed, key=lambda row: (row.one.apply_date, row.one.setl_id))
    if order == "excess":
        # over one denominator, so that whole numbers are compared
        whole = lcm(*(row.standard.denominator for row in passed))
        return sorted(
            passed,
            key=lambda row: (
                row.standard.numerator * (whole // row.standard.denominator) - row.one.fee_fen * whole,
                row.one.setl_id,
            ),
        )
    raise ValueError(f"unknown order of special reviews: {order}")


def _before_quota(row: _Measured) -> SpecialOutcome | None:
    """The outcome that does not depend on the quota, None for a passed review."""
    one = row.one
    if not one.local:
        return SpecialOutcome.NOT_LOCAL
    if not _eligible(row):
        return SpecialOutcome.NOT_ELIGIBLE
    if one.review_result == "pending" or (one.review_result == "pass_standard" and one.review_points is None):
        return SpecialOutcome.PENDING
    if one.review_result == "fail":
        return SpecialOutcome.FAILED
    return None


def _eligible(row: _Measured) -> bool:
    one = row.one
    if one.review_reason == "high_cost":
        return reaches(one.fee_fen, row.standard, one.terms.min_multiple)
    if one.review_reason == "long_stay":
        if one.days is None or one.group_days is None or one.group_days[1] == 0:
            return False
        return reaches(one.days, Fraction(*one.group_days), one.terms.los_multiple)
    return True


def _decision(row: _Measured, early: SpecialOutcome | None, rank: int | None, most: int, opening: Fraction) -> Decision:
    one, standard = row
    multiple = "" if standard <= 0 else _text(Fraction(one.fee_fen) / standard)
    if early is not None or rank is None:
        return Decision(one.setl_id, one.case_no, one.review_reason, early or SpecialOutcome.FAILED, multiple)
    if rank > most:
        return Decision(one.setl_id, one.case_no, one.review_reason, SpecialOutcome.OVER_QUOTA, multiple, None, rank)
    points = one.review_points
    if one.review_result == "pass_item" or points is None:
        points = points_by_item(one.fee_fen, opening)
    return Decision(one.setl_id, one.case_no, one.review_reason, SpecialOutcome.GRANTED, multiple, points, rank)


def _text(value: Fraction) -> str:
    whole = half_up_ratio(value, 10**4)
    return f"{whole // 10**4}.{whole % 10**4:04d}"


def decision_table(decisions: Sequence[Decision]) -> pa.Table:
    """The table ``special_decision`` (grain setl_id) that final_points.sql joins."""
    whole, text = pa.int64(), pa.string()
    schema = pa.schema([
        ("setl_id", text), ("case_no", whole), ("review_reason", text), ("outcome", text), ("multiple", text),
        ("points", whole), ("rank", whole),
    ])  # fmt: skip
    rows = [{**one._asdict(), "outcome": one.outcome.value} for one in decisions]
    return pa.Table.from_pylist(rows, schema=schema)
