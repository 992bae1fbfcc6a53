"""Every fault that the checks of the catalogue and of fee lines find: what it does and what to tell the clerk."""

from typing import NamedTuple

from yibao.kernel import Finding, Place, Severity

_E, _W = Severity.ERROR, Severity.WARNING


class Fault(NamedTuple):
    """A kind of fault. ``message`` may use {item} and {value}."""

    severity: Severity
    message: str
    cause: str
    next_step: str
    basis: str = ""


_LINES = "接口规范2204、2301费用明细；对账口径C1、C5、C6"
CARE_FAULTS: dict[str, Fault] = {
    "item_two_classes": Fault(
        _E, "{item}在同一天有两个收费项目等级", "同一编码的两段有效期重叠而等级不同", "把前一段的结束日期改到后一段之前"
    ),
    "item_overlap": Fault(
        _E, "{item}的有效期重叠", "同一编码的两段有效期有共同的日子", "把前一段的结束日期改到后一段之前"
    ),
    "item_class_unknown": Fault(
        _E, "{item}的收费项目等级“{value}”不是甲、乙、丙", "代码写错", "改为01甲类、02乙类、03丙类"
    ),
    "item_share_missing": Fault(
        _E, "{item}是乙类，没有先行自付比例", "该列空着；暂按丙类", "按本地目录补填先行自付比例"
    ),
    "item_share_range": Fault(_E, "{item}的先行自付比例“{value}”不在0到1之间", "写成了百分数", "10%写作0.1"),
    "item_share_of_class_a": Fault(
        _W, "{item}是甲类，先行自付比例却是{value}，按0计算", "甲类没有先行自付", "核对等级和比例"
    ),
    "item_limit_negative": Fault(_E, "{item}的定价上限金额是负数", "填写有误", "改为零或正数；没有限价的空着"),
    "dates_reversed": Fault(_E, "{item}的结束日期早于开始日期", "日期填反或有误", "核对两个日期"),
    "limit_without_item": Fault(
        _E, "{item}的限定支付对不上医保目录的有效期（{value}起）", "开始日期与目录的那一段不同，限定不会起作用",
        "把开始日期改成目录里的开始日期",
    ),
    "listed_item_unknown": Fault(
        _W, "目录或认定里的{item}不在医保目录里", "编码写错，或医保目录没有收", "核对编码；不改则按未收入目录处理"
    ),
    "rx_duplicate": Fault(_E, "处方{item}里同一药品出现两次", "重复导出，或应合并", "只保留一行"),
    "rx_two_persons": Fault(_E, "处方{item}写了不同的人员编号", "处方号重号或填写有误", "核对处方号和人员编号"),
    "rx_count_not_positive": Fault(_E, "处方{item}的数量不大于零", "填写有误", "核对处方"),
    "rx_days_not_positive": Fault(_E, "处方{item}的有效天数不大于零", "填写有误", "至少1天；空着按政策参数"),
    "line_without_claim": Fault(
        _E, "费用明细{item}没有对应的结算", "结算表里没有这个结算ID", "补上结算，或删去明细", _LINES
    ),
    "line_duplicate": Fault(_E, "费用明细{item}重复", "同次结算里流水号应当唯一", "删去重复的明细", _LINES),
    "line_count_zero": Fault(_E, "费用明细{item}的数量为0", "没有数量的明细不能计算", "改正数量，或删去明细", _LINES),
    "line_price_negative": Fault(_E, "费用明细{item}的单价是负数", "冲销应写在数量上", "改为正数", _LINES),
    "line_signs_differ": Fault(
        _E, "费用明细{item}的数量与金额正负不同", "冲销行两者都应为负", "改正数量或金额", _LINES
    ),
    "line_negative": Fault(
        _E, "费用明细{item}的数量是负数，却没有写所冲销的明细", "负数只用于冲销", "补填原费用流水号", _LINES
    ),
    "reversal_positive": Fault(
        _W, "费用明细{item}写了原费用流水号，数量却是正数，按新的明细处理", "冲销行的数量应为负", "核对数量", _LINES
    ),
    "reversal_unmatched": Fault(
        _E, "冲销行{item}找不到所冲销的明细“{value}”", "同次结算里没有这条明细，或项目不同",
        "核对原费用流水号和项目编码", _LINES,
    ),
    "reversal_over_line": Fault(
        _E, "冲销超过了明细{item}本身", "冲销的数量或金额合计大于原明细", "核对各冲销行", _LINES
    ),
    "line_days_range": Fault(_E, "费用明细{item}的周期天数不合理", "负数，或超过一百年", "核对周期天数", _LINES),
    "line_not_summing": Fault(
        _E, "费用明细{item}的金额不等于数量乘单价", "相差超过允许的差额（catalogue.line.tolerance）",
        "核对数量、单价和金额", _LINES,
    ),
    "lines_not_claim_total": Fault(
        _E, "结算{item}的明细合计与医疗费总额不符（{value}）", "明细缺失或重复", "核对费用明细是否传全", _LINES
    ),
}  # fmt: skip


def finding(code: str, place: Place, item: str, value: str) -> Finding:
    """The Finding of a fault."""
    fault = CARE_FAULTS[code]
    message = fault.message.format(item=item, value=value)
    return Finding(code, fault.severity, message, place, fault.cause, fault.next_step, fault.basis, item)


def more(code: str, count: int) -> Finding:
    """What is said of the faults of a kind beyond those that are listed."""
    fault = CARE_FAULTS[code]
    message = f"同类问题（{fault.cause}）共{count}处，其余未列出"
    return Finding(code, fault.severity, message, next_step=fault.next_step, basis=fault.basis)
