"""Settlements as two sides hold them, for reconciling (对账): the detail of transaction 3202, the totals of 3201.

Identifiers are free text here: one that Excel has spoilt is said to be so, and its row is still compared. Amounts may
be negative. Headers that hospitals and bureaus give these columns in their own exports stand as aliases.
"""

from yibao.standard.field import Field, Kind, TableSchema

_OURS = "本系统"

RECON_FIELDS = (
    Field("clr_type", "清算类别", code_table="clr_type", example="21"),
    Field("setl_optins", "结算经办机构", Kind.TEXT, aliases=("经办机构", "结算机构"), example="370300"),
    Field("stmt_begndate", "对账开始日期", Kind.DATE, aliases=("开始日期", "账期起"), example="2025-01-01"),
    Field("stmt_enddate", "对账结束日期", Kind.DATE, aliases=("结束日期", "账期止"), example="2025-01-31"),
    Field("fixmedins_setl_cnt", "定点医药机构结算笔数", Kind.INT, unit="笔", example="120",
          aliases=("结算笔数", "笔数", "总笔数", "结算人次", "人次")),
)  # fmt: skip

AMOUNTS = (
    "medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "hifmi_pay", "hifob_pay", "maf_pay", "cvlserv_pay", "oth_pay",
    "acct_pay", "psn_part_amt", "psn_cash_pay",
)  # fmt: skip
"""The amounts that may be compared, in the order in which they are shown."""
CLASSES = ("fixmedins_code", "insutype", "clr_type")
"""What a day's total may be divided by."""

_LINES = (
    "setl_id", "mdtrt_id", "psn_no", "certno", "setl_time", *CLASSES, *AMOUNTS, "refd_setl_flag", "init_setl_id",
)  # fmt: skip
_TOTALS = (
    "stmt_begndate", "stmt_enddate", "insutype", "clr_type", "setl_optins", "fixmedins_setl_cnt", *AMOUNTS,
    "refd_setl_flag",
)  # fmt: skip
_TEXT = ("setl_id", "mdtrt_id", "psn_no", "certno", "init_setl_id", "fixmedins_code")
_MORE: dict[str, tuple[str, ...]] = {
    "setl_id": ("结算号", "医保结算号", "医保结算ID", "结算事件ID", "结算编码", "结算序号", "医保流水号", "setlid"),
    "mdtrt_id": ("就诊号", "就诊流水号", "医保就诊号", "医保就诊ID", "就医登记号", "mdtrtid"),
    "psn_no": ("人员编码", "参保人员编号", "医保编号", "医保个人编号", "个人编码", "psnno"),
    "certno": ("证件号", "公民身份号码"),
    "setl_time": (
        "结算日期",
        "结算日",
        "对账日期",
        "交易日期",
        "交易时间",
        "记账日期",
        "入账日期",
        "收费日期",
        "收费时间",
        "业务日期",
        "setl_date",
    ),
    "medfee_sumamt": (
        "总金额",
        "总额",
        "医疗费",
        "医疗费用",
        "医疗费合计",
        "医疗费用合计",
        "费用合计",
        "合计金额",
        "发生金额",
        "medfee",
    ),
    "fund_pay_sumamt": (
        "基金支付合计",
        "基金支付总金额",
        "医保基金支付",
        "医保支付",
        "医保支付金额",
        "医保报销金额",
        "报销金额",
        "医保记账",
        "记账金额",
        "基金合计",
    ),
    "hifmi_pay": ("大病保险支出", "大病保险支付", "大病支付", "居民大病"),
    "hifob_pay": ("大额支付", "职工大额", "大额补助", "大额医疗补助"),
    "maf_pay": ("医疗救助支出", "医疗救助支付", "医疗救助"),
    "cvlserv_pay": ("公务员补助", "公务员补助支出", "公务员医疗补助"),
    "oth_pay": ("其他支付", "其他基金支出"),
    "acct_pay": ("个人账户支付金额", "个人账户支付总额", "账户支付", "账户支出", "个账支付", "个账", "个人账户"),
    "psn_part_amt": ("个人支付", "个人支付金额", "个人负担合计", "个人自负"),
    "psn_cash_pay": ("现金支付", "现金支付金额", "现金支出", "个人现金", "现金", "自付现金"),
    "insutype": ("险种名称", "参保险种", "险种编码"),
    "fixmedins_code": ("机构代码", "机构编号", "定点机构编号", "定点编号", "医院编号"),
    "refd_setl_flag": ("退费标志", "冲销标志", "冲正标志", "红冲标志", "退费标识", "是否退费"),
    "init_setl_id": ("原结算号", "原结算流水号", "被冲销结算号", "原结算单号", "冲销原结算ID"),
}


def recon_tables(fields: dict[str, Field]) -> dict[str, TableSchema]:
    """The two tables, made of the vocabulary's own fields with the headers and the freedom that exports need."""

    def field(name: str) -> Field:
        one = fields[name]._replace(aliases=(*fields[name].aliases, *_MORE.get(name, ())), note="")
        if name in _TEXT:
            return one._replace(kind=Kind.TEXT)
        return one._replace(kind=Kind.SIGNED_MONEY) if name in AMOUNTS else one

    lines = TableSchema(
        "recon_lines", "对账明细（3202）", ("setl_id", "refd_setl_flag"), tuple(map(field, _LINES)), (),
        "一行一次结算或它的冲销。结算ID、就诊ID、人员编号（同结算时间）至少有一种；金额至少有一列两边都有。",
    )  # fmt: skip
    totals = TableSchema(
        "recon_totals", "对账总账（3201）",
        ("stmt_begndate", "stmt_enddate", "insutype", "clr_type", "setl_optins", "refd_setl_flag"),
        tuple(map(field, _TOTALS)), ("fixmedins_setl_cnt",), "一行一个险种、清算类别、经办机构在对账期间的合计。",
    )  # fmt: skip
    return {"recon_lines": lines, "recon_totals": totals}
