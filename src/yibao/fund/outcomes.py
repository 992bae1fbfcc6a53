"""What the ledger answers: one stable name for each command, in a fixed order of precedence.

The order of the members is the order of precedence: where several would hold, the first is the answer, so that the
same command on the same books always gets the same name. `docs/fund.md` lists them in this order; a test compares.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """The answer to one command. ``posted`` and ``exists`` stand; every other refuses and nothing is written."""

    EXISTS = "exists"
    ID_REUSED = "id_reused"
    SETTLES_MISSING = "settles_missing"
    BAD_AMOUNT = "bad_amount"
    LINES_MISSING = "lines_missing"
    LINES_UNEXPECTED = "lines_unexpected"
    UNBALANCED = "unbalanced"
    REFERENCE_MISSING = "reference_missing"
    REFERENCE_UNKNOWN = "reference_unknown"
    REFERENCE_NOT_FIT = "reference_not_fit"
    RESERVATION_SETTLED = "reservation_settled"
    RESERVATION_VOIDED = "reservation_voided"
    RESERVATION_EXPIRED = "reservation_expired"
    RESERVATION_NOT_DUE = "reservation_not_due"
    OVER_RESERVATION = "over_reservation"
    ALREADY_REVERSED = "already_reversed"
    ACCOUNT_UNKNOWN = "account_unknown"
    INSURANCE_MIXED = "insurance_mixed"
    AGENCY_MIXED = "agency_mixed"
    ACCOUNT_NOT_OPEN = "account_not_open"
    DATE_BEFORE_REFERENCE = "date_before_reference"
    FUTURE_DATE = "future_date"
    PERIOD_CLOSED = "period_closed"
    PERIOD_NOT_NEXT = "period_not_next"
    FLOW_NOT_ALLOWED = "flow_not_allowed"
    BANK_REF_USED = "bank_ref_used"
    BELOW_FLOOR = "below_floor"
    OVER_CEILING = "over_ceiling"
    OVER_BUDGET = "over_budget"
    TRANSFER_BETWEEN_INSURANCES = "transfer_between_insurances"
    TRANSFER_UNEQUAL = "transfer_unequal"
    GROUP_HALF_REVERSED = "group_half_reversed"
    GROUP_CHANGED = "group_changed"
    LINKED_REFUSED = "linked_refused"
    BATCH_REFUSED = "batch_refused"
    POSTED = "posted"

    @property
    def stands(self) -> bool:
        """Whether the record is in the books."""
        return self in (Outcome.POSTED, Outcome.EXISTS)

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What the clerk does next."""
        return _WORDS[self][1]


_O = Outcome
_WORDS: dict[Outcome, tuple[str, str]] = {
    _O.EXISTS: ("已在账上，内容相同", "无须处理"),
    _O.ID_REUSED: ("同一编号已在账上，内容不同", "改用新的编号；要更正已记的凭证，先冲销再另记"),
    _O.SETTLES_MISSING: ("没有写明结算依据", "填写结算单、清算单或拨付单的编号"),
    _O.BAD_AMOUNT: ("金额不是正的整数分，或超出单笔上限", "核对金额：应大于零、以分为最小单位、不超过一百亿元"),
    _O.LINES_MISSING: ("分录不足两行", "补齐借方和贷方"),
    _O.LINES_UNEXPECTED: ("作废、到期和冲销不带分录", "删去分录行，只写关联凭证号"),
    _O.UNBALANCED: ("借方合计不等于贷方合计", "核对各行金额"),
    _O.REFERENCE_MISSING: ("没有写关联凭证号", "填写所处理的预留或所冲销的凭证号"),
    _O.REFERENCE_UNKNOWN: ("关联的凭证不在账上", "核对关联凭证号"),
    _O.REFERENCE_NOT_FIT: ("关联的凭证不是可以这样处理的凭证", "预留可转记账、作废、到期，已记账的可冲销；须同一账套"),
    _O.RESERVATION_SETTLED: ("这笔预留已经转记账", "不能再处理；如需更正，冲销转记账的凭证"),
    _O.RESERVATION_VOIDED: ("这笔预留已经作废", "重新预留"),
    _O.RESERVATION_EXPIRED: ("这笔预留已经到期", "重新预留"),
    _O.RESERVATION_NOT_DUE: ("这笔预留还没有到期", "到期日之后再处理，或作废"),
    _O.OVER_RESERVATION: ("分录超出预留的账户、方向或金额", "核对预留的分录；超出部分另行记账"),
    _O.ALREADY_REVERSED: ("这张凭证已经冲销过", "无须再冲销"),
    _O.ACCOUNT_UNKNOWN: ("科目账户没有开立", "核对科目和明细，或先用 yibao fund open 开立"),
    _O.INSURANCE_MIXED: ("一张凭证里有不同险种的账户", "各险种分别核算，分开记账；险种之间不得划转"),
    _O.AGENCY_MIXED: ("一张凭证里有不同经办机构的账户", "各经办机构分别记账；上解下拨用关联组"),
    _O.ACCOUNT_NOT_OPEN: ("记账日期早于账户启用日期", "核对日期"),
    _O.DATE_BEFORE_REFERENCE: ("记账日期早于所关联凭证的日期", "核对日期"),
    _O.FUTURE_DATE: ("记账日期在今天之后", "核对日期；到那一天再记"),
    _O.PERIOD_CLOSED: ("记账日期所在月份已经结账", "记入未结账的月份；更正以前月份用冲销"),
    _O.PERIOD_NOT_NEXT: ("结账须逐月进行", "先结上一个月"),
    _O.FLOW_NOT_ALLOWED: ("收入户、支出户不得用于这种收付", "按基金财务制度规定的收支渠道划转"),
    _O.BANK_REF_USED: ("这个银行流水号已经记过账", "核对是否重复入账"),
    _O.BELOW_FLOOR: ("余额不足：记账后低于账户下限", "先补足资金"),
    _O.OVER_CEILING: ("超出账户上限", "核对金额，或按程序调整上限"),
    _O.OVER_BUDGET: ("超出年度预算", "按法定程序调整预算后再记"),
    _O.TRANSFER_BETWEEN_INSURANCES: ("关联组在不同险种之间划转基金", "险种之间不得划转；允许的见参数 fund.transfers"),
    _O.TRANSFER_UNEQUAL: ("关联组里划出与划入的金额不相等", "核对双方凭证的金额"),
    _O.GROUP_HALF_REVERSED: ("跨账套的关联组须整组冲销", "把同组各凭证的冲销放进同一个关联组"),
    _O.GROUP_CHANGED: ("这个关联组已经记账，不能再添减凭证", "改用新的组号"),
    _O.LINKED_REFUSED: ("同组的另一张凭证被退回，全组不记", "改正同组被退回的凭证后整组重发"),
    _O.BATCH_REFUSED: ("整批一并记账，另有凭证被退回", "改正被退回的凭证后整批重发"),
    _O.POSTED: ("已记账", "无须处理"),
}  # fmt: skip
