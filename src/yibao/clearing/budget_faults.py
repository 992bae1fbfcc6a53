"""Every fault a budget can have, as findings; and which adjustments are lawful."""

from collections import Counter
from collections.abc import Mapping, Sequence

from yibao.clearing.faults import error, info, percent, warning
from yibao.clearing.records import Adjustment, Amount, BudgetYear, ProgressRow
from yibao.clearing.terms import BudgetTerms
from yibao.kernel import Finding, yuan_text
from yibao.standard import CODE_TABLES, CodeTable


def fund_faults(fund_type: str) -> list[Finding]:
    """A budget of a fund that the code table does not know."""
    if fund_type in CODE_TABLES["fund_type"].codes:
        return []
    return [
        error(
            "budget_fund_unknown",
            f"没有“{fund_type}”这个基金险种",
            "预算表的险种代码有误",
            "职工写310，居民写390，分别编制",
            key=fund_type,
        )
    ]


def amount_faults(
    what: str, amounts: Sequence[Amount], allowed: Sequence[str], names: CodeTable, basis: str
) -> list[Finding]:
    """Items that do not exist, stand twice or are negative."""
    found = []
    listed = "、".join(names.codes[code] for code in allowed if code in names.codes)
    times = Counter(one.item for one in amounts)
    for one in amounts:
        name = names.codes.get(one.item, one.item)
        if one.item not in allowed:
            found.append(
                error(
                    "budget_item_unknown",
                    f"预算没有“{name}”这一项{what}",
                    f"规定的各项为{listed}",
                    "改正项目代码",
                    one.place,
                    basis,
                    one.item,
                )
            )
        if one.fen < 0:
            found.append(
                error(
                    "budget_negative",
                    f"{what}“{name}”为负：{yuan_text(one.fen)}元",
                    "预算各项不小于0",
                    "改正金额",
                    one.place,
                    basis,
                    one.item,
                )
            )
    for item in sorted(item for item, count in times.items() if count > 1):
        twice = [one for one in amounts if one.item == item][1]
        name = names.codes.get(item, item)
        found.append(
            error(
                "budget_item_twice",
                f"{what}“{name}”写了{times[item]}次",
                "同一险种同一年度一项只写一行",
                "合并或删去重复的行",
                twice.place,
                basis,
                item,
            )
        )
    return found


def missing_income(inputs: BudgetYear, terms: BudgetTerms) -> list[Finding]:
    """No income at all is an error; an item not written counts as nothing, which only lowers the cap: a warning."""
    fund, given = inputs.fund_type, {one.item for one in inputs.income}
    if not given:
        return [
            error(
                "budget_income_missing",
                f"险种{fund}没有预算收入",
                "以收定支：没有收入不能定支出",
                "填写预算收入表",
                basis=terms.basis,
                key=fund,
            )
        ]
    names = CODE_TABLES["income_item"].codes
    return [
        warning(
            "budget_income_item_missing",
            f"险种{fund}的预算收入没有“{names[item]}”，按0计",
            "收入项目没有写全",
            "补填；确实没有的写0",
            basis=terms.basis,
            key=fund,
        )
        for item in terms.income_items
        if item not in given
    ]


def missing_lines(inputs: BudgetYear, required: Sequence[str], terms: BudgetTerms) -> list[Finding]:
    """A spending line not written: an error, since the DIP line would take its money."""
    fund, given = inputs.fund_type, {one.item for one in inputs.lines}
    names = CODE_TABLES["budget_line"].codes
    return [
        error(
            "budget_line_missing",
            f"险种{fund}的支出预算没有“{names[line]}”",
            "五项支出指标没有写全，缺的一项会被算进住院DIP",
            "补填；确实没有的写0",
            basis=terms.basis,
            key=fund,
        )
        for line in required
        if line not in given
    ]


def sum_faults(fund: str, lines: Mapping[str, int], cap: int, *, given_dip: bool, basis: str) -> list[Finding]:
    """Lines that the cap does not bear, and a given DIP line that does not fit the others."""
    dip, total = lines["dip"], sum(lines.values())
    if dip < 0:
        return [
            error(
                "budget_income_short",
                f"险种{fund}：其他支出指标合计已超过支出总额{yuan_text(-dip)}元，住院DIP为负",
                "收入扣除留余后不足以安排各项支出",
                "核减其他指标或核实收入",
                basis=basis,
                key=fund,
            )
        ]
    if given_dip and total != cap:
        return [
            error(
                "budget_sum_differs",
                f"险种{fund}：各项支出指标合计{yuan_text(total)}元，不等于支出总额{yuan_text(cap)}元，"
                f"差{yuan_text(total - cap)}元",
                "住院DIP已写明，各项之和须等于收入扣除留余",
                "改正某一项，或不写住院DIP由其他各项得出",
                basis=basis,
                key=fund,
            )
        ]
    if total > cap:
        return [
            error(
                "budget_over_cap",
                f"险种{fund}：各项支出指标合计超出支出总额{yuan_text(total - cap)}元",
                "按比例或按增长率测算的住院DIP，加上其他指标，超过收入扣除留余",
                "调低增长率或其他指标",
                basis=basis,
                key=fund,
            )
        ]
    if total < cap:
        return [
            info(
                "budget_left_over",
                f"险种{fund}：支出总额还有{yuan_text(cap - total)}元没有安排",
                "按比例或按增长率测算的住院DIP小于其他各项所余",
                "留作结余，或按程序列入调剂金",
                basis=basis,
                key=fund,
            )
        ]
    return []


def last_year_missing(inputs: BudgetYear, method: str) -> Finding:
    """The method needs last year's lines, and the folder lacks them."""
    label = {"by_share": "按比例", "by_growth": "按增长率"}.get(method, method)
    return error(
        "budget_last_year_missing",
        f"险种{inputs.fund_type}：{label}测算住院DIP需要{inputs.year - 1}年的住院DIP等支出指标",
        "预算支出指标表没有上年的行",
        "在 budget_lines 里补上上年各项，或写明本年住院DIP",
        key=inputs.fund_type,
    )


def lawful(inputs: BudgetYear, terms: BudgetTerms, lines: Mapping[str, int]) -> tuple[list[Adjustment], list[Finding]]:
    """The adjustments that may be applied, and every fault of the others."""
    good, found = [], []
    seen: set[str] = set()
    for one in inputs.adjustments:
        faults = _adjustment_faults(one, inputs.year, terms, lines)
        if one.adjust_id in seen:
            faults.append(("adjust_twice", "编号重复", "一次调整一个编号"))
        seen.add(one.adjust_id)
        found += [
            error(
                code,
                f"预算调整{one.adjust_id}：{message}",
                "调整须有法定原因、写明项目、当年批准并留有批准依据",
                step,
                one.place,
                terms.basis,
                one.adjust_id,
            )
            for code, message, step in faults
        ]
        if not faults:
            good.append(one)
    return good, found


def _adjustment_faults(
    one: Adjustment, year: int, terms: BudgetTerms, lines: Mapping[str, int]
) -> list[tuple[str, str, str]]:
    """(code, message, next step) of everything wrong with one adjustment."""
    faults = []
    reasons = CODE_TABLES["adjust_reason"].codes
    if one.reason not in terms.reasons:
        allowed = "、".join(reasons[code] for code in terms.reasons)
        faults.append(
            (
                "adjust_reason_unlawful",
                f"原因“{reasons.get(one.reason, one.reason)}”不在规定之内",
                f"只能因{allowed}调整",
            )
        )
    if one.line not in lines:
        names = CODE_TABLES["budget_line"].codes
        faults.append(("adjust_line_unknown", f"预算里没有“{names.get(one.line, one.line)}”这一项", "改正支出指标代码"))
    if one.fen <= 0:
        faults.append(("adjust_not_positive", f"调增金额{yuan_text(one.fen)}元不大于0", "只登记调增，核实金额"))
    if one.approved is None:
        faults.append(("adjust_not_approved", "没有批准日期", "补填批准日期"))
    elif one.approved.year != year:
        faults.append(("adjust_outside_year", f"批准日期{one.approved.isoformat()}不在{year}年", "核对批准日期和年度"))
    if not one.basis.strip():
        faults.append(("adjust_without_basis", "没有批准依据", "补填批准文件或会议纪要"))
    return faults


def over_income(fund: str, spending: int, income: int) -> list[Finding]:
    """Spending raised above income (收支平衡)."""
    if spending <= income:
        return []
    return [
        warning(
            "budget_over_income",
            f"险种{fund}：调整后支出预算超过收入{yuan_text(spending - income)}元",
            "调增之和大于留余",
            "由历年结余弥补时须经批准，并写入调整依据",
            key=fund,
        )
    ]


def progress_finding(rows: Sequence[ProgressRow], first: str) -> list[Finding]:
    """One finding on the month that stands worst against the budget in time, where it is not of the first grade."""
    over = [row for row in rows if row.label != first]
    if not over:
        return []
    worst = max(over, key=lambda row: (row.ratio is None, row.ratio or 0, -row.month))
    ratio = "预算为0" if worst.ratio is None else f"为按时间进度预算的{percent(worst.ratio)}"
    return [
        warning(
            "budget_warning",
            f"险种{worst.fund_type}：截至{worst.month}月住院DIP记账{yuan_text(worst.booked)}元，{ratio}，预警等级{worst.label}",
            f"全年有{len(over)}个月不在“{first}”级",
            "核查费用增长的机构和病种",
            key=worst.fund_type,
        )
    ]
