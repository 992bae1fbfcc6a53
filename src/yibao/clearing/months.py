"""月度结算: the DIP budget into months, a month among hospitals, what each is paid against what it booked, the deposit.

base = min(booked, budget); what budgets are not used, R, goes to over-booked hospitals pro rata of their excess, up to
min(R, Σ excess) × s; gross = base + extra + excluded part; deposit = half up of gross × q; paid = gross − deposit.
The two other bases of the texts are kept beside it (they do not agree with each other, DIP_REGIMES A.9.1):
minus_patient = points × opening value − patient and other funds; times_ratio = points × opening value × the month's
reimbursement ratio of the fund. A month's payment is never below zero: what minus_patient leaves below it is no base of
the month, and stands in the entitlement of the year, so that clearing takes it back.
Source: S4 三(四)2, RULEBOOK §9, 经办规程 2025 art.26.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from yibao.clearing.faults import error, warning
from yibao.clearing.records import Amount, BudgetYear, HospitalMonth, LastMonth, MonthRow
from yibao.clearing.terms import MonthTerms
from yibao.kernel import POINT_SCALE, Finding, Place, half_up_ratio, largest_remainder, yuan_text

MONTHS = range(1, 13)


# --- the year into months ---------------------------------------------------------------------------------------------


def year_into_months(
    inputs: BudgetYear, dip: int, raises: Sequence[tuple[int, int]], split: str
) -> tuple[tuple[tuple[int, int], ...], list[Finding]]:
    """(planned, after adjustments) of each month of the planned DIP budget ``dip``.

    Explicit months must be 1 to 12 once each and sum to the planned budget, or to the adjusted one, which they then
    hold already. ``raises`` are (month approved, fen): a raise is spread over that month and the later ones in
    proportion to their budgets, since earlier months are settled.
    """
    total = dip + sum(fen for _, fen in raises)
    if inputs.months:
        found = month_faults(inputs.fund_type, inputs.months, dip, total)
        if found:
            return (), found
        written = {int(one.item): one.fen for one in inputs.months}
        planned = [written[month] for month in MONTHS]
        if sum(planned) == total:
            return tuple((fen, fen) for fen in planned), []
    else:
        planned, found = _planned(inputs, dip, split)
    after = list(planned)
    for month, fen in raises:
        late = [max(amount, 0) for amount in planned[month - 1 :]]
        parts = _split(fen, late if sum(late) else [1] * len(late), [f"{m:02d}" for m in MONTHS][month - 1 :])
        after[month - 1 :] = [have + more for have, more in zip(after[month - 1 :], parts, strict=True)]
    return tuple(zip(planned, after, strict=True)), found


def month_faults(fund: str, months: Sequence[Amount], planned: int, adjusted: int) -> list[Finding]:
    """Faults of explicit months: no month 1 to 12, negative, twice, missing, or a sum that is not the DIP budget."""
    known = [str(month) for month in MONTHS]
    times = Counter(one.item for one in months)
    first_rows: set[str] = set()
    faults: list[tuple[str, str, str, Place]] = []
    for one in months:
        if one.item not in known:
            faults.append(("month_unknown", f"有“{one.item}”月，月份须是1到12", "改正月份", one.place))
        elif one.item in first_rows:
            step = "一个月只写一行，合并或删去重复的行"
            faults.append(("month_twice", f"{one.item}月写了{times[one.item]}次", step, one.place))
        if one.fen < 0:
            faults.append(("month_negative", f"{one.item}月为负：{yuan_text(one.fen)}元", "改正金额", one.place))
        first_rows.add(one.item)
    faults += [
        ("month_missing", f"没有{month}月", "写了月度预算表就要写全12个月", Place())
        for month in known
        if not times[month]
    ]
    total = sum(one.fen for one in months)
    if not faults and total not in (planned, adjusted):
        message = f"12个月合计{yuan_text(total)}元，不等于住院DIP预算{yuan_text(planned)}元"
        faults.append(("month_sum_differs", message, f"改正月度预算，差{yuan_text(total - planned)}元", Place()))
    cause = "住院DIP月度预算须写全1到12月各一行，合计等于年度预算"
    return [
        error(code, f"险种{fund}的月度预算：{message}", cause, step, place, key=fund)
        for code, message, step, place in faults
    ]


def _planned(inputs: BudgetYear, dip: int, split: str) -> tuple[list[int], list[Finding]]:
    """The planned budget by last year's booked amounts of each month, or in twelve equal parts."""
    keys = [f"{month:02d}" for month in MONTHS]
    found: list[Finding] = []
    weights = [1] * len(keys)
    if split == "history":
        booked = [max(sum(one.booked for one in inputs.last_year if one.month == month), 0) for month in MONTHS]
        if sum(booked):
            weights = booked
        else:
            found.append(
                warning(
                    "month_history_missing",
                    f"险种{inputs.fund_type}：没有上年记账额，住院DIP预算按12个月平分",
                    "病例表没有上年病例",
                    "补上上年病例，或写月度预算表",
                    key=inputs.fund_type,
                )
            )
    return _split(dip, weights, keys), found


def _split(total: int, weights: Sequence[int], keys: Sequence[str]) -> list[int]:
    return largest_remainder(total, weights, keys) if total > 0 else [0] * len(keys)


# --- what a month pays ------------------------------------------------------------------------------------------------


def redistribute(budgets: Sequence[int], booked: Sequence[int], keys: Sequence[str], share: Fraction) -> list[int]:
    """The extra of each hospital: min(R, Σ over) × share (half up) among over-booked ones pro rata of their excess.

    With a share of at most 1 no hospital gets more than it booked, and Σ base + extra stays within Σ budgets.
    """
    unused = sum(max(budget - amount, 0) for budget, amount in zip(budgets, booked, strict=True))
    over = [max(amount - budget, 0) for budget, amount in zip(budgets, booked, strict=True)]
    return _split(half_up_ratio(min(unused, sum(over)) * share), over, keys)


def formula_pay(basis: str, points: int, value: Fraction, ratio: Fraction, patient: int, other: int) -> int:
    """The month's pay by points in fen, before the deposit: ``minus_patient``, which may be below zero, or
    ``times_ratio``.

    ``points`` are 10⁻⁴ 分, ``value`` 元 per 分; ``ratio`` is only read by times_ratio. Rounded half up once.
    """
    standard = value * points * 100 / POINT_SCALE
    if basis == "minus_patient":
        return half_up_ratio(standard) - patient - other
    return half_up_ratio(standard * ratio)


def withhold(gross: int, deposit: Fraction, audit: int = 0) -> tuple[int, int]:
    """(deposit, paid): the deposit half up of gross × its ratio; paid = gross − deposit − audit deduction."""
    held = half_up_ratio(gross * deposit)
    return held, gross - held - audit


def month_rows(
    fund_type: str,
    budgets: Sequence[int],
    sums: Sequence[HospitalMonth],
    twelve: Sequence[MonthTerms],
    last_year: Sequence[LastMonth],
    opening_value: Fraction | None,
    *,
    excluded_to_dip: bool,
) -> tuple[list[MonthRow], list[Finding]]:
    """Every hospital's months, sorted by hospital and month; hospitals without cases or budget in a month have no row.
    ``twelve`` are the terms of each month.

    What the excluded fees of a month take of the DIP budget is not split among hospitals, so that Σ gross of a month
    stays within its budget (basis budget_vs_booked).
    """
    by_month: dict[int, list[HospitalMonth]] = {}
    for one in sorted(sums, key=lambda row: (row.month, row.fixmedins_code)):
        by_month.setdefault(one.month, []).append(one)
    rows, found = [], []
    for month, terms in zip(MONTHS, twelve, strict=True):
        there = by_month.get(month, [])
        if terms.hospital_split == "history":
            there = _with_history(month, there, last_year)
        if not there:
            continue
        if terms.basis == "budget_vs_booked":
            taken = sum(one.excluded_due for one in there) if excluded_to_dip else 0
            left = budgets[month - 1] - taken
            if left < 0:
                found.append(_excluded_over(fund_type, month, -left))
            shares, more = month_budgets(fund_type, max(left, 0), there, terms, last_year)
            found += more
            extra = redistribute(
                shares, [one.booked for one in there], [one.fixmedins_code for one in there], terms.redistribute
            )
            base = [min(one.booked, share) for one, share in zip(there, shares, strict=True)]
        else:
            base = _by_formula(there, terms.basis, opening_value)
            shares, extra = [0] * len(there), [0] * len(there)
        for one, share, low, more_pay in zip(there, shares, base, extra, strict=True):
            rows.append(_row(fund_type, one, share, low, more_pay, terms.deposit))
    return sorted(rows, key=lambda row: (row.fixmedins_code, row.month)), found


def _with_history(month: int, there: list[HospitalMonth], last_year: Sequence[LastMonth]) -> list[HospitalMonth]:
    """A hospital with bookings in the month last year has a share of its budget, also without a case this year."""
    codes = {one.fixmedins_code for one in there}
    gone = {one.fixmedins_code for one in last_year if one.month == month and one.booked > 0} - codes
    empty = [HospitalMonth(code, month, 0, 0, 0, 0, 0, 0, 0, 0) for code in gone]
    return sorted([*there, *empty], key=lambda row: row.fixmedins_code)


def month_budgets(
    fund_type: str, budget: int, there: Sequence[HospitalMonth], terms: MonthTerms, last_year: Sequence[LastMonth]
) -> tuple[list[int], list[Finding]]:
    """A month's budget among its hospitals: by the month's points, or by last year's booked amounts of the month."""
    keys = [one.fixmedins_code for one in there]
    month = there[0].month
    weights = [max(one.points, 0) for one in there]
    found: list[Finding] = []
    if terms.hospital_split == "history":
        booked = {one.fixmedins_code: max(one.booked, 0) for one in last_year if one.month == month}
        history = [booked.get(key, 0) for key in keys]
        if sum(history):
            weights = history
        else:
            found.append(
                warning(
                    "month_split_by_points",
                    f"险种{fund_type}：{month}月没有上年记账额，月度预算按当月分值分到机构",
                    "病例表没有上年同月病例",
                    "补上上年病例",
                    key=fund_type,
                )
            )
    if not sum(weights):
        found.append(
            warning(
                "month_without_points",
                f"险种{fund_type}：{month}月各机构分值都为0，月度预算没有分配",
                "病例没有入组或分值为0",
                "核对病例分组",
                key=fund_type,
            )
        )
        return [0] * len(keys), found
    return _split(budget, weights, keys), found


def _by_formula(there: Sequence[HospitalMonth], basis: str, opening_value: Fraction | None) -> list[int]:
    """The pay of a month's hospitals by points, at the opening value and the month's ratio of the whole fund.

    Points are of the fee without excluded items, so the ratio and the patients' part are of that fee too. A pay below
    zero goes against the excluded part of the month, no further: nobody pays into the fund in a month.
    """
    if opening_value is None:
        raise ValueError("the monthly bases by points need the opening value")
    fee, booked = sum(one.fee - one.excluded for one in there), sum(one.booked for one in there)
    ratio = Fraction(booked, fee) if fee > 0 else Fraction(0)
    pays = [
        formula_pay(basis, one.points, opening_value, ratio, one.patient - _own_part(one), one.other) for one in there
    ]
    return [max(pay, -one.excluded_due) for pay, one in zip(pays, there, strict=True)]


def _own_part(one: HospitalMonth) -> int:
    """What patients and other funds pay of excluded items: the items' fee less what the pool pays of it."""
    return max(one.excluded - one.excluded_due, 0)


def _row(fund_type: str, one: HospitalMonth, budget: int, base: int, extra: int, deposit: Fraction) -> MonthRow:
    gross = base + extra + one.excluded_due
    held, paid = withhold(gross, deposit)
    return MonthRow(
        fund_type,
        one.fixmedins_code,
        one.month,
        budget,
        one.booked,
        one.excluded_due,
        base,
        extra,
        gross,
        held,
        paid,
        one.points,
        one.cases,
    )


def _excluded_over(fund_type: str, month: int, over: int) -> Finding:
    return warning(
        "month_excluded_over_budget",
        f"险种{fund_type}：{month}月除外费用超出当月住院DIP预算{yuan_text(over)}元",
        "除外费用先于分值付费列支",
        "核对除外费用和月度预算；年度清算时一并平衡",
        key=fund_type,
    )


def booked_by_month(sums: Sequence[HospitalMonth], *, excluded: bool) -> Mapping[int, int]:
    """What is booked in each month of the fund, with the excluded part where it is charged to the DIP budget."""
    total: dict[int, int] = {}
    for one in sums:
        total[one.month] = total.get(one.month, 0) + one.booked + (one.excluded_due if excluded else 0)
    return total
