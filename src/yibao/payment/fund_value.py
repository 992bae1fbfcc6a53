"""结算点值 of each insurance's fund, and the exact amounts due where SQL's bounds leave one open.

职工 and 居民 never mix: each fund has its own budget, ratio, points and value. Amounts in fen, points 10⁻⁴ 分, values
exact 元 per 分. Source: DIP_REGIMES A.8–A.9, S4 二(一); docs/internals/close.md, stage 5.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pyarrow as pa

from yibao.kernel import POINT_SCALE, half_up_ratio
from yibao.payment.point_value import PointValueError, booked_ratio, settlement_value
from yibao.standard import CODE_TABLES

RATE_SCALE = 10**15
"""Values and rates go to SQL as whole numbers of fen for 10⁻⁴ 分 times this: products stay within 38 digits."""
_WIDE = pa.decimal128(38, 0)


class FundTotal(NamedTuple):
    """The sums of a fund's cases insured here: booked and fee net of excluded fees, what those owe, points."""

    fund_type: str
    cases: int
    booked: int
    fee: int
    excluded_due: int
    points: int


class FundValue(NamedTuple):
    """A fund's year. ``fund_fen`` is the budget less excluded fees charged to it; ``ratio`` and ``value`` are None for
    a fund without cases. ``excluded_fen`` is owed by item, whichever budget bears it.
    """

    fund_type: str
    budget_fen: int
    excluded_fen: int
    fund_fen: int
    booked: int
    fee: int
    points: int
    cases: int
    ratio: Fraction | None
    value: Fraction | None


def fund_label(fund_type: str) -> str:
    """The fund for messages: ``城乡居民基本医疗保险（390）``."""
    return f"{CODE_TABLES['fund_type'].codes.get(fund_type, '基金')}（{fund_type}）"


def fund_values(budgets: Mapping[str, int], totals: Iterable[FundTotal], charged: bool) -> list[FundValue]:
    """Each budgeted fund's value, by fund_type; ``charged`` is whether the DIP budget bears the excluded fees.

    Raises PointValueError, naming the fund, where it has cases but no points, no fee or no booked amount, or where the
    excluded fees are more than its budget.
    """
    known = {total.fund_type: total for total in totals}
    return [
        _fund_value(fund_type, budget, known.get(fund_type) or FundTotal(fund_type, 0, 0, 0, 0, 0), charged)
        for fund_type, budget in sorted(budgets.items())
    ]


def _fund_value(fund_type: str, budget: int, total: FundTotal, charged: bool) -> FundValue:
    fund = budget - (total.excluded_due if charged else 0)
    if fund < 0:
        raise PointValueError(f"{fund_label(fund_type)}：除外支付的费用超过住院DIP预算，请核对除外费用或调整预算")
    ratio = value = None
    if total.cases:
        try:
            ratio = booked_ratio(total.booked, total.fee)
            value = settlement_value(fund, ratio, total.points)
        except PointValueError as error:
            raise PointValueError(f"{fund_label(fund_type)}：{error}") from error
    return FundValue(
        fund_type, budget, total.excluded_due, fund, total.booked, total.fee, total.points, total.cases, ratio, value
    )


def fund_value_table(values: Sequence[FundValue]) -> pa.Table:
    """The table ``fund_value`` (grain fund_type); the value is the exact fraction pv_num / pv_den, 元 per 分."""
    whole = pa.int64()
    schema = pa.schema([
        ("fund_type", pa.string()), ("budget_fen", whole), ("excluded_fen", whole), ("fund_fen", whole),
        ("booked", whole), ("fee", whole), ("points", whole), ("cases", whole), ("pv_num", _WIDE), ("pv_den", _WIDE),
    ])  # fmt: skip
    rows = [
        {
            **{name: part for name, part in one._asdict().items() if name not in ("ratio", "value")},
            "pv_num": None if one.value is None else Decimal(one.value.numerator),
            "pv_den": None if one.value is None else Decimal(one.value.denominator),
        }
        for one in values
    ]
    return pa.Table.from_pylist(rows, schema=schema)


class Rates:
    """What 10⁻⁴ 分 of a case insured here are worth to its institution, fen, exact: the value times the ratio of
    ``ratio_level``: of the pool, of the institution, or (the case's own ratio being applied case by case) none.
    """

    def __init__(
        self, values: Sequence[FundValue], ratio_level: str, institutions: Iterable[tuple[str, str, int, int]] = ()
    ) -> None:
        self.ratio_level = ratio_level
        self.value = {one.fund_type: one.value * 100 / POINT_SCALE for one in values if one.value is not None}
        self._rate: dict[tuple[str, str], Fraction] = {}
        if ratio_level == "institution":
            for fund_type, code, booked, fee in institutions:
                if fund_type in self.value:
                    ratio = Fraction(booked, fee) if fee > 0 else Fraction(0)
                    self._rate[fund_type, code] = self.value[fund_type] * ratio
        else:
            by_case = ratio_level == "case"
            for one in values:
                if one.value is not None and one.ratio is not None:
                    worth = self.value[one.fund_type]
                    self._rate[one.fund_type, ""] = worth if by_case else worth * one.ratio

    def rate(self, fund_type: str, fixmedins_code: str) -> Fraction:
        """Fen for 10⁻⁴ 分 of a case of this fund at this institution."""
        return self._rate[fund_type, fixmedins_code if self.ratio_level == "institution" else ""]

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """The tables ``value_bound`` (grain fund_type) and ``rate_bound`` (grain fund_type, fixmedins_code)."""
        return (
            _bounds([(fund_type, "", value) for fund_type, value in sorted(self.value.items())]).drop_columns(
                ["fixmedins_code"]
            ),
            _bounds([(fund_type, code, rate) for (fund_type, code), rate in sorted(self._rate.items())]),
        )


def _bounds(rows: Sequence[tuple[str, str, Fraction]]) -> pa.Table:
    parts = [divmod(value.numerator * RATE_SCALE, value.denominator) for _, _, value in rows]
    return pa.table(
        {
            "fund_type": pa.array([row[0] for row in rows], pa.string()),
            "fixmedins_code": pa.array([row[1] for row in rows], pa.string()),
            "lo": pa.array([Decimal(whole) for whole, _ in parts], _WIDE),
            "gap": pa.array([Decimal(int(left > 0)) for _, left in parts], _WIDE),
        }
    )


class OpenCase(NamedTuple):
    """A case whose amounts lie too close to half a fen for the bounds; ``booked`` and ``fee`` net of excluded fees."""

    case_no: int
    fund_type: str
    fixmedins_code: str
    offsite: bool
    points: int
    plain_points: int
    booked: int
    fee: int


def exact_due(case: OpenCase, rates: Rates, minus_patient: bool, floored: bool) -> tuple[int, int, int]:
    """(standard, due, plain_due) of a case in fen, each rounded half up once, as due_bound.sql has them."""
    value = rates.value[case.fund_type]
    if minus_patient:
        rate = value
    elif case.offsite or rates.ratio_level == "case":
        rate = value * (Fraction(case.booked, case.fee) if case.fee > 0 else Fraction(0))
    else:
        rate = rates.rate(case.fund_type, case.fixmedins_code)
    dues = [half_up_ratio(rate * points) for points in (case.points, case.plain_points)]
    if minus_patient:
        dues = [due - (case.fee - case.booked) for due in dues]
        dues = [max(due, 0) for due in dues] if floored else dues
    return half_up_ratio(value * case.points), dues[0], dues[1]


def exact_table(rows: Sequence[tuple[int, int, int, int]]) -> pa.Table:
    """The table ``due_exact`` (grain case_no: standard, due, plain_due), which case_due.sql takes before the bounds."""
    names = ("case_no", "standard", "due", "plain_due")
    return pa.table({name: pa.array([row[i] for row in rows], pa.int64()) for i, name in enumerate(names)})
