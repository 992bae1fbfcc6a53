"""总额预算 of a fund: income, cap, spending lines, the DIP line, lawful adjustments, and the warning during the year.

以收定支、收支平衡、略有节余: the cap is income less the surplus target, rounded down. The DIP line is what the other
lines and the reserve leave, unless it is given; then Σ lines must equal the cap. The methods by share and by growth of
DIP_REGIMES A.8 set the line instead; what they leave of the cap stays unspent. 职工 and 居民 have each their budget.
Source: S4 二(一), RULEBOOK §7, 医保发〔2025〕18号, 经办规程 2025 art.12.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from yibao.clearing import budget_faults as faults
from yibao.clearing.faults import bad
from yibao.clearing.months import year_into_months
from yibao.clearing.records import Adjustment, Amount, Budget, BudgetRow, BudgetYear, ProgressRow
from yibao.clearing.terms import BudgetTerms
from yibao.kernel import Finding, half_up_ratio
from yibao.standard import CODE_TABLES

MONTHS = 12
DIP = "dip"
RESERVE = "reserve"
OUTPATIENT = ("outpatient", "chronic")
"""Spending lines that are not inpatient care: what is left of the total is the inpatient part."""


def by_item(inpatient: int, reserve: int, offsite: int, other: int) -> int:
    """按项目: inpatient − 区域调节金 − offsite − other, in fen."""
    return inpatient - reserve - offsite - other


def by_share(this_inpatient: int, last_dip: int, last_inpatient: int) -> tuple[Fraction, int]:
    """按比例: (last year's DIP share of inpatient, this year's inpatient × it, rounded down).

    Raises ValueError when last year had no inpatient budget.
    """
    if last_inpatient <= 0:
        raise ValueError("last year's inpatient budget must be positive")
    share = Fraction(last_dip, last_inpatient)
    return share, this_inpatient * last_dip // last_inpatient


def by_growth(last_dip: int, growth: Fraction, most: Fraction) -> int:
    """按增长率: last year's DIP budget × (1 + growth), growth not above the cost-growth target; rounded down."""
    value = last_dip * (1 + min(growth, most))
    return value.numerator // value.denominator


def cap_of(income: int, surplus_target: Fraction) -> int:
    """What may be spent: income × (1 − surplus target), rounded down to the fen."""
    value = income * (1 - surplus_target)
    return value.numerator // value.denominator


def plan_budget(inputs: BudgetYear, terms: BudgetTerms) -> Budget:
    """The budget of a fund, with every fault as a finding. Its figures stand only where ``ok``."""
    found = faults.fund_faults(inputs.fund_type)
    found += faults.amount_faults("收入", inputs.income, terms.income_items, CODE_TABLES["income_item"], terms.basis)
    found += faults.missing_income(inputs, terms)
    allowed = (*terms.lines, RESERVE)
    found += faults.amount_faults("支出指标", inputs.lines, allowed, CODE_TABLES["budget_line"], terms.basis)
    found += faults.missing_lines(inputs, [line for line in terms.lines if line != DIP], terms)
    income = sum(one.fen for one in inputs.income)
    cap = cap_of(income, terms.surplus_target)
    lines = _by_item(inputs.lines)
    given = DIP in lines
    if not bad(found):
        lines[DIP], more = _dip_line(inputs, terms, lines, cap)
        found += more or faults.sum_faults(inputs.fund_type, lines, cap, given_dip=given, basis=terms.basis)
    lines.setdefault(DIP, 0)
    applied, more = faults.lawful(inputs, terms, lines)
    found += more
    adjusted = _adjusted(lines, applied)
    months: tuple[tuple[int, int], ...] = ()
    if not bad(found):
        found += faults.over_income(inputs.fund_type, sum(adjusted.values()), income)
        dip_raises = [(one.approved.month, one.fen) for one in applied if one.line == DIP and one.approved is not None]
        months, more = year_into_months(inputs, lines[DIP], dip_raises, terms.month_split)
        found += more
    rows = _rows(inputs, terms, lines, adjusted, months)
    after = tuple(amount for _, amount in months)
    return Budget(inputs.fund_type, inputs.year, income, cap, rows, after, tuple(found), not bad(found))


def _by_item(amounts: Sequence[Amount]) -> dict[str, int]:
    return {one.item: one.fen for one in amounts}


def _adjusted(lines: Mapping[str, int], applied: Sequence[Adjustment]) -> dict[str, int]:
    adjusted = dict(lines)
    for one in applied:
        adjusted[one.line] += one.fen
    return adjusted


def _dip_line(inputs: BudgetYear, terms: BudgetTerms, lines: Mapping[str, int], cap: int) -> tuple[int, list[Finding]]:
    """The planned DIP line: as given, or by the law's method."""
    if DIP in lines:
        return lines[DIP], []
    outpatient = sum(lines.get(line, 0) for line in OUTPATIENT)
    rest = {line: fen for line, fen in lines.items() if line not in OUTPATIENT}
    reserve, offsite = rest.pop(RESERVE, 0), rest.pop("offsite", 0)
    if terms.method == "residual":
        return by_item(cap - outpatient, reserve, offsite, sum(rest.values())), []
    last = _by_item(inputs.last_lines)
    last_inpatient = sum(fen for line, fen in last.items() if line not in OUTPATIENT)
    if last.get(DIP, 0) <= 0 or last_inpatient <= 0:
        return 0, [faults.last_year_missing(inputs, terms.method)]
    if terms.method == "by_share":
        return by_share(cap - outpatient, last[DIP], last_inpatient)[1], []
    if terms.method == "by_growth":
        return by_growth(last[DIP], terms.growth, terms.growth_cap), []
    raise ValueError("a budget without a DIP line needs the law's method: read the terms with dip_given=False")


def _rows(
    inputs: BudgetYear,
    terms: BudgetTerms,
    lines: Mapping[str, int],
    adjusted: Mapping[str, int],
    months: Sequence[tuple[int, int]],
) -> tuple[BudgetRow, ...]:
    """Income, lines and months in the order of the code tables, as budget.parquet has them."""
    fund = inputs.fund_type
    income = _by_item(inputs.income)
    names = CODE_TABLES["income_item"].codes
    rows = [
        BudgetRow(fund, "income", item, names[item], income[item], income[item]) for item in names if item in income
    ]
    names = CODE_TABLES["budget_line"].codes
    rows += [BudgetRow(fund, "line", item, names[item], lines[item], adjusted[item]) for item in names if item in lines]
    rows += [
        BudgetRow(fund, "month", str(month), f"{month}月", planned, after)
        for month, (planned, after) in enumerate(months, 1)
    ]
    return tuple(rows)


def progress(budget: Budget, booked_by_month: Mapping[int, int], terms: BudgetTerms) -> list[ProgressRow]:
    """Month by month what is booked since January against the DIP budget × months ÷ 12, with its warning grade."""
    rows, total = [], 0
    for month in range(1, MONTHS + 1):
        total += booked_by_month.get(month, 0)
        in_time = Fraction(budget.dip * month, MONTHS)
        ratio = total / in_time if in_time > 0 else None
        # A budget of nothing with something booked is above every grade.
        label = terms.warning[-1 if total > 0 else 0].label if ratio is None else _grade(ratio, terms)
        rows.append(ProgressRow(budget.fund_type, month, half_up_ratio(in_time), total, ratio, label))
    return rows


def _grade(ratio: Fraction, terms: BudgetTerms) -> str:
    return next(band.label for band in terms.warning if band.upto is None or ratio <= band.upto)
