"""Why a line, or a part of it, is not payable: stable numbers and names, in the order in which they are asked.

Where several would hold, the lowest number is the answer. 32 and later are given by whoever runs the counters, for the
part of a line that `scope_line` found beyond its limit. `docs/catalogue.md` lists them in this order; a test compares.
"""

from enum import IntEnum


class Reason(IntEnum):
    """The reason code of a line. ``payable`` is 0; every other puts the line, or its part, to the patient."""

    PAYABLE = 0
    REVERSAL = 1
    REVERSAL_UNMATCHED = 2
    UNMAPPED = 3
    NOT_YET_EFFECTIVE = 4
    EXPIRED = 5
    CLASS_C = 6
    CONSUMABLE_DENIED = 7
    NOT_ON_ALLOW_LIST = 8
    PREPARATION_ELSEWHERE = 9
    SPECIAL_OTHER_DOCTOR = 10
    SPECIAL_OTHER_INSTITUTION = 11
    SPECIAL_NOT_APPROVED = 12
    RX_MISSING = 13
    RX_UNKNOWN = 14
    RX_OTHER_PERSON = 15
    RX_OTHER_DRUG = 16
    RX_OTHER_DOSE = 17
    RX_NOT_CHECKED = 18
    RX_REVOKED = 19
    RX_EXPIRED = 20
    RX_OVER_QUANTITY = 21
    LIMIT_GEND = 22
    LIMIT_AGE = 23
    LIMIT_DX = 24
    LIMIT_HOSP_LV = 25
    LIMIT_INSUTYPE = 26
    LIMIT_MED_TYPE = 27
    LIMIT_DISE = 28
    LIMIT_PRIOR = 29
    LIMIT_COMPOUND = 30
    LIMIT_UNREADABLE = 31
    OVER_QUANTITY = 32
    OVER_DAYS = 33
    OVER_TIMES = 34

    @property
    def code(self) -> str:
        """The stable snake_case name."""
        return self.name.lower()

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What the clerk can do."""
        return _WORDS[self][1]


_R = Reason
_NO_STEP = "按自费告知参保人"
_CHECK = "核对费用明细的医疗目录编码和发生日期"
_WORDS: dict[Reason, tuple[str, str]] = {
    _R.PAYABLE: ("可以支付", ""),
    _R.REVERSAL: ("冲销行，已并入所冲销的明细", ""),
    _R.REVERSAL_UNMATCHED: ("冲销行找不到所冲销的明细", "核对原费用流水号和医疗目录编码"),
    _R.UNMAPPED: ("医疗目录编码不在医保目录里，按丙类", "核对编码；确在目录内的，补充医保目录"),
    _R.NOT_YET_EFFECTIVE: ("费用发生时尚未纳入目录，按丙类", _CHECK),
    _R.EXPIRED: ("费用发生时已经调出目录，按丙类", _CHECK),
    _R.CLASS_C: ("丙类，全额自费", _NO_STEP),
    _R.CONSUMABLE_DENIED: ("耗材在排除目录里，不支付", _NO_STEP),
    _R.NOT_ON_ALLOW_LIST: ("耗材不在准入目录里，或不在准入有效期内", _NO_STEP),
    _R.PREPARATION_ELSEWHERE: ("医疗机构制剂，不在可以支付的机构使用", "核对制剂目录和调剂批件"),
    _R.SPECIAL_OTHER_DOCTOR: ("特药不是由认定的责任医师开具", "由责任医师开具，或变更认定"),
    _R.SPECIAL_OTHER_INSTITUTION: ("特药不在认定的医院或药店使用", "到认定的机构，或变更认定"),
    _R.SPECIAL_NOT_APPROVED: ("没有特药认定，或认定不在有效期内", "先办理特药认定"),
    _R.RX_MISSING: ("药店购药没有外配处方号", "补填处方号"),
    _R.RX_UNKNOWN: ("外配处方号查不到", "核对处方号"),
    _R.RX_OTHER_PERSON: ("外配处方不是本人的", "核对处方号和人员编号"),
    _R.RX_OTHER_DRUG: ("外配处方上没有这个药品", "核对处方和医疗目录编码"),
    _R.RX_OTHER_DOSE: ("单次剂量与外配处方不符", "核对处方的剂量"),
    _R.RX_NOT_CHECKED: ("外配处方还没有审核", "审核通过后再购药"),
    _R.RX_REVOKED: ("外配处方已经撤销", "请医师重新开具"),
    _R.RX_EXPIRED: ("购药日期不在外配处方有效期内", "请医师重新开具"),
    _R.RX_OVER_QUANTITY: ("数量超过外配处方开具的数量", "按处方数量购药"),
    _R.LIMIT_GEND: ("限定支付：性别不符", _NO_STEP),
    _R.LIMIT_AGE: ("限定支付：年龄不符", _NO_STEP),
    _R.LIMIT_DX: ("限定支付：没有限定的诊断", "核对诊断；确有该诊断的补传"),
    _R.LIMIT_HOSP_LV: ("限定支付：机构等级不符", _NO_STEP),
    _R.LIMIT_INSUTYPE: ("限定支付：险种不符", _NO_STEP),
    _R.LIMIT_MED_TYPE: ("限定支付：医疗类别不符", _NO_STEP),
    _R.LIMIT_DISE: ("限定支付：不是限定的门慢特病种", _NO_STEP),
    _R.LIMIT_PRIOR: ("限定支付：此前没有用过须先用的项目", "核对既往用药；外地用药的补传"),
    _R.LIMIT_COMPOUND: ("限定支付：饮片单独使用不支付", _NO_STEP),
    _R.LIMIT_UNREADABLE: ("限定支付的条件无法读取，暂不支付", "改正限定支付表后重新结算"),
    _R.OVER_QUANTITY: ("限定支付：数量已用完", _NO_STEP),
    _R.OVER_DAYS: ("限定支付：天数已用完", _NO_STEP),
    _R.OVER_TIMES: ("限定支付：次数已用完", _NO_STEP),
}  # fmt: skip

COUNTER_REASONS = (Reason.PAYABLE, Reason.OVER_QUANTITY, Reason.OVER_DAYS, Reason.OVER_TIMES)
"""The reason of what lies beyond a counter, by ``counter_unit`` (0 none, 1 quantity, 2 days, 3 times)."""
