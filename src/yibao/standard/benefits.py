"""What benefits depend on beside cover and catalogue, and what settling writes: fields and tables of benefits."""

from yibao.standard.care import TableSpec
from yibao.standard.field import CodeTable, Field, Kind

_OURS = "本系统"
_NAMED = "本系统命名"
_K = Kind


def _codes(name: str, label: str, codes: str, variants: str = "") -> CodeTable:
    words, others = codes.split(), variants.split()
    pairs = dict(zip(words[::2], words[1::2], strict=True))
    return CodeTable(name, label, pairs, dict(zip(others[::2], others[1::2], strict=True)), _NAMED)


BENEFIT_CODES = (
    _codes("point_kind", "就医点类别", "main 主点 aux 辅点", "主 main 辅 aux"),
    _codes("perform_flag", "有效履约标志", "0 否 1 是", "已履约 1 未履约 0"),
    _codes(
        "offsite_kind", "异地就医备案类别",
        "resident 异地长期居住 referral 异地转诊 emergency 异地急诊 filed_late 补办备案 unfiled 未备案",
        "异地安置 resident 常驻异地 resident 转诊 referral 转外就医 referral 急诊抢救 emergency 补备案 filed_late",
    ),
)  # fmt: skip

BENEFIT_FIELDS = (
    Field("point_kind", "就医点类别", code_table="point_kind", aliases=("选点类别",), example="main", source=_OURS),
    Field("perform_flag", "有效履约标志", code_table="perform_flag", aliases=("是否履约",), example="1", source=_OURS,
          note="签约期内完成约定服务的为1；空着为0"),
    Field("offsite_kind", "异地就医备案类别", code_table="offsite_kind", aliases=("备案类别",), example="resident",
          source=_OURS),
    Field("household_no", "家庭编号", aliases=("户号", "家庭户号"), example="JT0000001", source=_OURS),
    Field("credit_id", "入账编号", example="GZ2025000001", source=_OURS),
    Field("credit_date", "入账日期", _K.DATE, example="2025-02-10", source=_OURS),
    Field("credit_amt", "入账金额", _K.MONEY, unit="元", example="120.00", source=_OURS),
    Field("benefit_year", "待遇年度", _K.INT, unit="年", example="2025", source=_OURS),
    Field("kind", "待遇类别", example="inpatient", source=_OURS),
    Field("outcome", "结算结果", example="settled", source=_OURS),
    Field("fulamt_ownpay_amt", "全自费金额", _K.SIGNED_MONEY, unit="元", example="100.00"),
    Field("overlmt_selfpay", "超限价自费费用", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("preselfpay_amt", "先行自付金额", _K.SIGNED_MONEY, unit="元", example="50.00"),
    Field("inscp_scp_amt", "符合政策范围金额", _K.SIGNED_MONEY, unit="元", example="4850.00"),
    Field("act_pay_dedc", "实际支付起付线", _K.SIGNED_MONEY, unit="元", example="500.00"),
    Field("cvlserv_pay", "公务员医疗补助资金支出", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("hifmi_pay", "居民大病保险资金支出", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("hifob_pay", "职工大额医疗费用补助基金支出", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("maf_pay", "医疗救助基金支出", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("oth_pay", "其他支出", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("acct_mulaid_pay", "个人账户共济支付金额", _K.SIGNED_MONEY, unit="元", example="0.00"),
    Field("fund_pay_type", "基金支付类型", example="310100"),
    Field("fund_payamt", "基金支付金额", _K.SIGNED_MONEY, unit="元", example="3200.00"),
    Field("slot", "累计项目", _K.TEXT, example="critical", source=_OURS),
    Field("acc_amt", "累计金额", _K.SIGNED_MONEY, unit="元", example="12000.00", source=_OURS),
)  # fmt: skip

BENEFIT_TABLES = (
    TableSpec(
        "chosen_points", "选定就医点", "psn_no fixmedins_code begndate",
        "psn_no fixmedins_code point_kind begndate enddate",
        "psn_no fixmedins_code point_kind begndate", "一行一段选点。一人一个主点、一个辅点。",
    ),
    TableSpec(
        "doctor_contracts", "家庭医生签约", "psn_no fixmedins_code begndate",
        "psn_no fixmedins_code perform_flag begndate enddate", "psn_no fixmedins_code begndate", "一行一段签约。",
    ),
    TableSpec(
        "chronic_approvals", "门慢特认定", "psn_no dise_codg begndate", "psn_no dise_codg begndate enddate",
        "psn_no dise_codg begndate", "一行一人一个病种的一段认定。",
    ),
    TableSpec(
        "offsite_filings", "异地就医备案", "psn_no offsite_kind begndate", "psn_no offsite_kind begndate enddate",
        "psn_no offsite_kind begndate", "一行一次备案。出院前补办的，写出院前的日期，按已备案对待。",
    ),
    TableSpec("households", "家庭", "psn_no", "household_no psn_no", "household_no psn_no",
              "一行一人；用于家庭自付封顶。"),
    TableSpec("supplement_insured", "惠民保参保", "psn_no year", "psn_no year", "psn_no year"),
    TableSpec("acct_credits", "个人账户入账", "credit_id", "credit_id psn_no credit_date credit_amt",
              "credit_id psn_no credit_date credit_amt"),
)  # fmt: skip

SETTLEMENT_TABLES = (
    TableSpec(
        "settlements", "结算结果", "setl_id",
        """setl_id init_setl_id mdtrt_id psn_no insutype psn_type fixmedins_code med_type kind setl_time benefit_year
        outcome
        medfee_sumamt fulamt_ownpay_amt overlmt_selfpay preselfpay_amt inscp_scp_amt act_pay_dedc hifp_pay cvlserv_pay
        hifmi_pay hifob_pay maf_pay oth_pay fund_pay_sumamt psn_part_amt acct_pay acct_mulaid_pay psn_cash_pay""",
        "setl_id psn_no outcome medfee_sumamt",
    ),
    TableSpec("setldetail", "基金支付明细", "setl_id fund_pay_type", "setl_id fund_pay_type inscp_scp_amt fund_payamt",
              "setl_id fund_pay_type fund_payamt"),
    TableSpec("accumulators", "累计", "psn_no benefit_year slot", "psn_no benefit_year slot acc_amt",
              "psn_no benefit_year slot acc_amt", "家庭封顶的累计，psn_no 写家庭编号。"),
)  # fmt: skip
