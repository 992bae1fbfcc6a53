"""What a claim comes to: every outcome with its Chinese name, in order of precedence."""

from enum import Enum


class Outcome(Enum):
    """``(name, number in a plan, Chinese, what the clerk does next)``. The first that holds is the claim's.

    Numbers below zero are of records that are not settlements; 0 is a settlement under the law's terms; a settlement
    with a number above zero pays nothing, all of it is 全自费. Those without a number are refused: nothing is written.
    ``exists``, ``duplicate``, ``future_date`` and ``posting_refused`` come at a counter alone.
    """

    EXISTS = ("exists", None, "已经结算，内容相同", "无须处理")
    DUPLICATE = ("duplicate", None, "重复结算", "核对结算ID，重复上传的删去")
    FUTURE_DATE = ("future_date", None, "结算日期晚于今天", "核对结算时间")
    OUT_OF_BOUNDS = ("out_of_bounds", None, "金额超出系统上限", "核对金额")
    NEGATIVE_LINE = ("negative_line", None, "费用明细为负数，且没有冲销的对象", "冲销行须填原费用流水号")
    LINES_DO_NOT_SUM = ("lines_do_not_sum", None, "费用明细之和不等于医疗费总额", "核对费用明细是否齐全、金额是否一致")
    UNKNOWN_INSTITUTION = (
        "unknown_institution",
        None,
        "机构不在定点医药机构表里",
        "改正机构编号，或在 providers 表里补上",
    )
    UNKNOWN_MED_TYPE = ("unknown_med_type", None, "医疗类别没有对应的待遇", "核对医疗类别，或在政策包里写 benefit.kind")
    UNKNOWN_REVERSAL = ("unknown_reversal", None, "冲销的结算不存在", "核对原结算ID和时间")
    REVERSAL_DIFFERS = (
        "reversal_differs",
        None,
        "冲销的人员、机构或金额与原结算不一致",
        "按原结算的人员、机构和金额填写",
    )
    PARTIAL_NOT_ALLOWED = ("partial_not_allowed", None, "不允许部分退费", "整笔冲销后重新结算")
    REVERSED_ALREADY = ("reversed_already", None, "这次结算已经冲销过", "不再冲销")
    POSTING_REFUSED = (
        "posting_refused",
        None,
        "基金账退回了记账，没有结算",
        "按账务给出的原因处理后重新结算",
    )
    BEFORE_BIRTH = ("before_birth", 11, "就诊在出生日期以前", "核对出生日期和就诊日期")
    DEAD = ("dead", 12, "就诊在死亡日期以后", "核对死亡登记，疑似冒名就医的移交稽核")
    DUPLICATE_ENROLMENT = ("duplicate_enrolment", 13, "重复参保", "两地核实，终止一地后再结算")
    NOT_ENROLLED = ("not_enrolled", 14, "没有参保", "核对参保登记")
    SUSPENDED = ("suspended", 15, "暂停参保", "恢复参保后再结算")
    ARREARS = ("arrears", 16, "没有足额缴费", "补足费款")
    WAITING = ("waiting", 17, "在待遇等待期内", "等待期满后享受")
    UNKNOWN_LEVEL = ("unknown_level", 21, "机构没有等级，不能确定支付比例", "在 providers 表里补填医疗机构等级")
    NOT_APPROVED = ("not_approved", 22, "没有门诊慢特病认定", "先办门诊慢特病认定")
    NOT_SELECTED_POINT = (
        "not_selected_point",
        23,
        "不是选定的就医点，没有转诊",
        "到选定的就医点就医，或先办转诊、改点",
    )
    SETTLED = ("settled", 0, "已结算", "")
    REVERSED = ("reversed", -1, "冲销", "")
    CREDITED = ("credited", -2, "个人账户入账", "")
    ADJUSTED = ("adjusted", -3, "重新结算的调整", "")

    def __init__(self, code: str, number: int | None, label: str, next_step: str) -> None:
        self.code = code
        self.number = number
        self.label = label
        self.next_step = next_step

    @property
    def refused(self) -> bool:
        """Whether nothing is written for it."""
        return self.number is None


BY_NUMBER = {one.number: one for one in Outcome if one.number is not None}
"""Outcomes of what is written, by the number that stands in results."""
BY_CODE = {one.code: one for one in Outcome}
"""Every outcome by its name."""
