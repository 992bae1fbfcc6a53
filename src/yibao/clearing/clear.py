"""The year of one fund, closed: months, prepayments, shares, closed budget, groups, cash, and every fault.

`clear_fund` is called once for each fund with that fund's rows only, so that 职工 and 居民 cannot mix. It is pure: the
same rows give the same result in any order of rows. Bad rows are left out and listed; nothing is guessed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from yibao.clearing import year
from yibao.clearing.budget import progress
from yibao.clearing.budget_faults import progress_finding
from yibao.clearing.closed import exceeded_finding
from yibao.clearing.faults import error, warning
from yibao.clearing.groups import read_groups
from yibao.clearing.months import booked_by_month, month_rows
from yibao.clearing.prepay import prepay_rows
from yibao.clearing.records import ClearingRow, FundResult, FundYear, Hospital, HospitalMonth, OffsiteRow, PrepayRow
from yibao.clearing.share import jump_findings
from yibao.clearing.terms import FundTerms
from yibao.kernel import Finding, yuan_text


def clear_fund(inputs: FundYear, terms: FundTerms) -> FundResult:
    """Everything from the month to the final amount of one fund. Raises ValueError when the budget is not ``ok``."""
    if not inputs.budget.ok:
        raise ValueError("a budget with errors cannot be cleared: list its findings first")
    fund, the_year = inputs.budget.fund_type, inputs.budget.year
    inputs, found = sound(inputs)
    prepay, more = prepay_rows(
        fund,
        the_year,
        inputs.hospitals,
        inputs.last_year,
        inputs.position,
        inputs.applications,
        terms.prepay,
        inputs.booked_before,
    )
    found += more
    months, more = month_rows(
        fund,
        inputs.budget.months,
        inputs.months,
        terms.twelve,
        inputs.last_year,
        inputs.opening_value,
        excluded_to_dip=inputs.excluded_to_dip,
    )
    found += more
    groups, more = read_groups(inputs.groups, [one.fixmedins_code for one in inputs.hospitals])
    found += more
    codes = _touched(inputs, prepay)
    decided = year.decide(inputs, codes, groups, terms.year)
    deductions = year.deduction_rows(fund, inputs.deductions, decided, inputs.bed_excess, terms.year.beds_rule)
    cash = year.cash_of(codes, months, prepay, deductions)
    rows = year.clearing_rows(fund, decided, cash, terms.year)
    states = progress(inputs.budget, booked_by_month(inputs.months, excluded=inputs.excluded_to_dip), terms.budget)
    found += progress_finding(states, terms.budget.warning[0].label)
    found += jump_findings(terms.year.table) + _unscored(inputs, codes) + _negative(rows)
    found += exceeded_finding(fund, decided.closed.over, decided.limit)
    return FundResult(
        fund,
        the_year,
        tuple(states),
        tuple(months),
        tuple(prepay),
        tuple(rows),
        tuple(year.group_rows(fund, decided)),
        _offsite(fund, inputs),
        tuple(deductions),
        year.totals(fund, rows, decided.limit, decided.closed.over),
        tuple(found),
    )


def _touched(inputs: FundYear, prepay: Iterable[PrepayRow]) -> list[str]:
    """The hospitals that have a clearing row: cases, a deduction or a prepayment in this fund."""
    with_cases = {row.fixmedins_code for row in inputs.months}
    deducted = {one.fixmedins_code for one in inputs.deductions}
    return sorted(with_cases | deducted | {row.fixmedins_code for row in prepay if row.amount})


def _offsite(fund: str, inputs: FundYear) -> tuple[OffsiteRow, ...]:
    """Cases of other pools: passed on as they are, by hospital and home pool."""
    return tuple(sorted(OffsiteRow(fund, *one) for one in inputs.offsite))


def sound(inputs: FundYear) -> tuple[FundYear, list[Finding]]:
    """The rows that can be cleared, and a finding for each that cannot: unknown hospitals, negative amounts, months
    that do not exist, rows twice, scores outside 0 to 1.
    """
    found: list[Finding] = []
    hospitals: list[Hospital] = []
    for one in sorted(inputs.hospitals, key=lambda row: row.fixmedins_code):
        if hospitals and hospitals[-1].fixmedins_code == one.fixmedins_code:
            found.append(_fault("hospital_twice", f"机构{one.fixmedins_code}有两行", one.fixmedins_code))
        elif one.score is not None and not 0 <= one.score <= 1:
            found.append(
                _fault(
                    "score_out_of_range",
                    f"机构{one.fixmedins_code}的考核得分不在0到100之间，按未考核计",
                    one.fixmedins_code,
                )
            )
            hospitals.append(one._replace(score=None))
        else:
            hospitals.append(one)
    known = {one.fixmedins_code for one in hospitals}
    months = _months(inputs.months, known, found)
    deductions = [
        one
        for one in inputs.deductions
        if _known(one.fixmedins_code, known, "违规扣减", found) and _positive(one.deduct_id, one.fen, "违规扣减", found)
    ]
    claims = [
        one
        for one in inputs.claims
        if _known(one.fixmedins_code, known, "合理超支认定", found)
        and _positive(one.fixmedins_code, one.fen, "合理超支认定", found)
    ]
    offsite = [one for one in inputs.offsite if _known(one.fixmedins_code, known, "异地病例", found)]
    found += _twice("违规扣减", (one.deduct_id for one in deductions))
    found += _twice("合理超支认定", (one.fixmedins_code for one in claims))
    first_deductions = {one.deduct_id: one for one in reversed(deductions)}
    first_claims = {one.fixmedins_code: one for one in reversed(claims)}
    return inputs._replace(
        hospitals=hospitals,
        months=months,
        last_year=[one for one in inputs.last_year if one.fixmedins_code in known],
        deductions=sorted(first_deductions.values()),
        claims=sorted(first_claims.values()),
        offsite=offsite,
    ), found


def _months(rows: Sequence[HospitalMonth], known: set[str], found: list[Finding]) -> list[HospitalMonth]:
    kept: list[HospitalMonth] = []
    for one in sorted(rows):
        where = f"机构{one.fixmedins_code}{one.month}月"
        if not _known(one.fixmedins_code, known, "病例汇总", found):
            continue
        if not 1 <= one.month <= 12:
            found.append(_fault("month_unknown", f"{where}：月份须是1到12", one.fixmedins_code))
        elif min(one.booked, one.excluded_due, one.fee, one.points, one.cases) < 0:
            found.append(_fault("month_amount_negative", f"{where}：记账额、费用或分值为负", one.fixmedins_code))
        elif kept and kept[-1][:2] == one[:2]:
            found.append(_fault("month_row_twice", f"{where}有两行", one.fixmedins_code))
        else:
            kept.append(one)
    return kept


def _known(code: str, known: set[str], what: str, found: list[Finding]) -> bool:
    if code in known:
        return True
    found.append(_fault("hospital_unknown", f"{what}里的机构{code}不是已知机构", code))
    return False


def _positive(key: str, fen: int, what: str, found: list[Finding]) -> bool:
    if fen >= 0:
        return True
    found.append(_fault("amount_negative", f"{what}{key}的金额为负：{yuan_text(fen)}元", key))
    return False


def _twice(what: str, keys: Iterable[str]) -> list[Finding]:
    return [
        _fault("row_twice", f"{what}{key}有{times}行，只取第一行", key)
        for key, times in sorted(Counter(keys).items())
        if times > 1
    ]


def _fault(code: str, message: str, key: str) -> Finding:
    return error(code, message, "这一行有误，没有参加清算", "改正后重新清算", key=key)


def _unscored(inputs: FundYear, codes: Sequence[str]) -> list[Finding]:
    """Hospitals without an assessment beside others that have one: their deposit is released in full."""
    scores = {one.fixmedins_code: one.score for one in inputs.hospitals}
    if all(scores[code] is None for code in codes):
        return []
    return [
        warning(
            "score_missing",
            f"机构{code}没有考核得分，保证金全额返还",
            "年度考核表没有该机构",
            "补填考核得分后重新清算",
            key=code,
        )
        for code in codes
        if scores[code] is None
    ]


def _negative(rows: Iterable[ClearingRow]) -> list[Finding]:
    """One finding for the hospitals of the fund that owe it at the end of the year; each stands in its clearing row."""
    owing = sorted((row for row in rows if row.final < 0), key=lambda row: (row.final, row.fixmedins_code))
    if not owing:
        return []
    most, total = owing[0], -sum(row.final for row in owing)
    named = (
        f"，最多的是{most.fixmedins_code}（{yuan_text(-most.final)}元）"
        if len(owing) > 1
        else f"：{most.fixmedins_code}"
    )
    message = f"险种{most.fund_type}有{len(owing)}家机构年度清算额为负，应退回合计{yuan_text(total)}元{named}"
    cause, step = "全年已付和预付金之和大于清算应付", "逐家见年度清算表；挂应收，从以后月度结算中扣回"
    return [warning("final_negative", message, cause, step, key=most.fixmedins_code)]
