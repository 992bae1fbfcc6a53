"""Indicators of settlement and clearing for the half-year report: name, label, value and formula. Exact; shown rounded.

Time and cost consumption are statistics: consumption.sql computes them over cases, `consumption_index` on given means.
Source: DIP 3.0 draft glossary and ch.8 (DIP_REGIMES A.10); 点值差异率's formula is ours.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from yibao.clearing.records import ClearingRow, FundResult
from yibao.kernel import half_up_ratio
from yibao.standard import CODE_TABLES


class Kind(NamedTuple):
    """What an indicator is called and how it is computed, in the words of the report."""

    label: str
    formula: str


KINDS: Mapping[str, Kind] = {
    "time_index": Kind("时间消耗指数", "各病例住院天数÷同病种全市平均住院天数，取平均"),
    "cost_index": Kind("费用消耗指数", "各病例费用÷同病种全市平均费用，取平均"),
    "retention_coverage": Kind("结余留用覆盖率", "有结余留用的机构数÷参加清算的机构数"),
    "sharing_coverage": Kind("合理超支分担覆盖率", "得到超支分担的机构数÷参加清算的机构数"),
    "quota_accuracy": Kind("总额准确度", "住院DIP预算÷实际清算支付额"),
    "point_value_change": Kind("年初—结算点值差异率", "（结算点值−年初点值）÷年初点值"),
    "region_ratio": Kind("医保结算支付比", "统筹记账额÷清算支付额"),
    "fund_rate": Kind("统筹基金支付率", "清算支付额÷统筹记账额"),
    "final_share": Kind("清算额占全年支付额的比例", "年度清算额合计÷全年应支付额合计"),
}
"""Every indicator by name."""


class IndicatorRow(NamedTuple):
    """indicators.parquet: ``name`` is the indicator and its fund, ``value`` a text with four decimals, or 无."""

    name: str
    label: str
    value: str
    formula: str


def consumption_index(values: Sequence[int], pool_means: Sequence[int]) -> Fraction:
    """时间、费用消耗指数: the mean over cases of the case's value over the pool's mean of its group.

    Raises ValueError without a case or with a mean of zero.
    """
    if not values or min(pool_means) <= 0:
        raise ValueError("an index needs cases and positive pool means")
    return sum((Fraction(a, b) for a, b in zip(values, pool_means, strict=True)), Fraction(0)) / len(values)


def ratio(part: int | Fraction, whole: int | Fraction) -> Fraction | None:
    """part ÷ whole, None where the whole is zero."""
    return Fraction(part) / Fraction(whole) if whole else None


def coverage(with_it: int, institutions: int) -> Fraction | None:
    """结余留用覆盖率: institutions with a surplus over institutions."""
    return ratio(with_it, institutions)


def quota_accuracy(quota: int, paid: int) -> Fraction | None:
    """总额准确度: the quota over what clearing actually pays."""
    return ratio(quota, paid)


def value_change(opening: Fraction, settlement: Fraction) -> Fraction | None:
    """年初—结算点值差异率: (settlement − opening) ÷ opening."""
    return ratio(settlement - opening, opening)


def pay_ratios(booked: int, paid: int) -> tuple[Fraction | None, Fraction | None]:
    """(医保结算支付比 = booked ÷ paid, 统筹基金支付率 = paid ÷ booked): two names for opposite directions."""
    return ratio(booked, paid), ratio(paid, booked)


def four(value: Fraction | None) -> str:
    """A ratio with four decimals, half up; 无 where there is none."""
    if value is None:
        return "无"
    scaled = half_up_ratio(value, 10**4)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{abs(scaled) // 10**4}.{abs(scaled) % 10**4:04d}"


def fund_indicators(
    result: FundResult, fund_fen: int, opening: Fraction | None, settlement: Fraction | None
) -> list[IndicatorRow]:
    """The indicators of one fund's clearing. ``fund_fen`` is what DIP had to pay with, the point values 元 per 分."""
    totals = result.totals
    region, rate = pay_ratios(totals.booked, totals.pay)
    institutions = [row for row in result.clearing if row.cases]
    values = {
        "retention_coverage": coverage(_kept(institutions), len(institutions)),
        "sharing_coverage": coverage(_helped(institutions), len(institutions)),
        "quota_accuracy": quota_accuracy(fund_fen, totals.pay),
        "point_value_change": None if opening is None or settlement is None else value_change(opening, settlement),
        "region_ratio": region,
        "fund_rate": rate,
        "final_share": ratio(totals.final, totals.final + totals.monthly_paid + totals.prepaid),
    }
    return [_row(name, result.fund_type, value) for name, value in values.items()]


def _kept(rows: Sequence[ClearingRow]) -> int:
    return sum(row.retained > row.cut_retained for row in rows)


def _helped(rows: Sequence[ClearingRow]) -> int:
    return sum(row.shared > row.cut_shared for row in rows)


def _row(name: str, fund_type: str, value: Fraction | None) -> IndicatorRow:
    fund = CODE_TABLES["fund_type"].codes.get(fund_type, fund_type)
    return IndicatorRow(f"{name}_{fund_type}", f"{KINDS[name].label}（{fund}）", four(value), KINDS[name].formula)
