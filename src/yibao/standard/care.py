"""Care as it is charged: settlements and their fee lines, and the catalogue they are judged by.

Fields, code tables and tables of the room `yibao.catalogue` and of those above it. Names are those of transactions
2204, 2207, 2301, 5203 and 5204 where these have one.
"""

from typing import NamedTuple

from yibao.standard.field import CodeTable, Field, Kind

_OURS = "本系统"
_REGION = "一地公开数据字典所列，待以1901字典查询核对"
_NAMED = "本系统命名"
_K = Kind


def _codes(name: str, label: str, source: str, codes: str, variants: str = "") -> CodeTable:
    def pairs(text: str) -> dict[str, str]:
        words = text.split()
        return dict(zip(words[::2], words[1::2], strict=True))

    return CodeTable(name, label, pairs(codes), pairs(variants), source)


CARE_CODES = (
    _codes("refd_setl_flag", "退费结算标志", _REGION, "0 否 1 是", "正常 0 退费 1"),
    _codes("er_flag", "急诊标志", _NAMED, "0 否 1 是", "普通 0 急诊 1"),
    _codes("psn_setlway", "个人结算方式", _REGION, "01 按项目结算 02 按定额结算"),
    _codes(
        "list_type", "目录类别", _REGION,
        "101 西药中成药 102 中药饮片 103 自制剂 104 民族药 201 医疗服务项目 301 医用耗材",
        "西药 101 中成药 101 药品 101 饮片 102 医疗机构制剂 103 院内制剂 103 制剂 103 诊疗项目 201 服务 201 耗材 301",
    ),
    _codes(
        "chrgitm_lv", "收费项目等级", "1、2、3见于一地公开数据字典，两位写法为通行用法",
        "01 甲类 02 乙类 03 丙类", "1 01 2 02 3 03 甲 01 乙 02 丙 03 自费 03 丙类（自费） 03",
    ),
    _codes(
        "pay_channel", "支付渠道", _NAMED, "normal 普通 special 特药单行支付 negotiated 国家谈判药品双通道",
        "特药 special 单行支付 special 国谈 negotiated 双通道 negotiated",
    ),
    _codes("item_tag", "项目标记", _NAMED, "art 辅助生殖", "辅助生殖技术 art"),
    _codes("cpnd_flag", "限复方标志", _NAMED, "0 否 1 是"),
    _codes(
        "lmt_unit", "限量单位", _NAMED, "quantity 数量 days 天数 times 次数", "天 days 次 times",
    ),
    _codes("lmt_per", "限量期间", _NAMED, "stay 每次就诊 year 每年", "每次住院 stay 住院 stay 年 year 自然年度 year"),
    _codes("prep_source", "制剂来源", _NAMED, "own 本院配制 transfer 调剂使用", "本院 own 调剂 transfer"),
    _codes("rx_kind", "处方类别", _NAMED, "normal 普通 chronic 长期", "普通处方 normal 长期处方 chronic 慢病 chronic"),
    _codes(
        "rx_state", "处方状态", _NAMED,
        "issued 已开具 checked 已审核 part_used 部分购药 used 已用完 expired 已过期 revoked 已撤销",
        "待审核 issued 审核通过 checked 已购药 used 撤销 revoked 过期 expired",
    ),
)  # fmt: skip

CARE_FIELDS = (
    Field("setl_time", "结算时间", _K.DATETIME, example="2025-03-05 10:30:00"),
    Field("begndate", "开始日期", _K.DATE, aliases=("生效日期", "有效期起"), example="2025-01-01"),
    Field("enddate", "结束日期", _K.DATE, aliases=("失效日期", "有效期止"), note="含当日；空着表示没有截止",
          example="2025-12-31"),
    Field("dise_codg", "门慢特病种编码", aliases=("慢特病病种", "dise_no"), example="hypertension"),
    Field("refd_setl_flag", "退费结算标志", code_table="refd_setl_flag", example="0",
          note="1表示这一行冲销另一次结算，须填原结算ID；金额填所冲销的金额，不写负号"),
    Field("init_setl_id", "原结算ID", aliases=("被冲销结算ID", "原结算编号"), example="", source=_OURS),
    Field("rxno", "处方号", aliases=("外配处方号", "处方编号", "rx_no", "hi_rxno"), example="RX2025030500001"),
    Field("er_flag", "急诊标志", code_table="er_flag", example="0"),
    Field("refl_no", "转诊编号", aliases=("转诊单号", "转诊申请编号"), example="", source=_OURS),
    Field("dr_codg", "医师编码", aliases=("医师代码", "责任医师", "医保医师编码"), example="D370303000001"),
    Field("psn_setlway", "个人结算方式", code_table="psn_setlway", example="01"),
    Field("feedetl_sn", "费用明细流水号", aliases=("明细流水号", "费用流水号"), example="F0001"),
    Field("init_feedetl_sn", "原费用流水号", aliases=("被冲销费用流水号",), example="",
          note="冲销行填所冲销的费用明细流水号"),
    Field("fee_ocur_time", "费用发生时间", _K.DATETIME, aliases=("费用发生日期", "收费时间"),
          example="2025-03-05 10:20:00"),
    Field("cnt", "数量", _K.QUANTITY, example="2", note="最多六位小数；冲销行为负"),
    Field("pric", "单价", _K.PRICE, unit="元", example="15.5", note="最多六位小数"),
    Field("det_item_fee_sumamt", "明细项目费用总额", _K.SIGNED_MONEY, unit="元", aliases=("明细金额", "金额"),
          example="31.00", note="数量乘单价，到分；冲销行为负"),
    Field("bilg_dr_codg", "开单医生编码", aliases=("开单医生", "开单医师编码"), example="D370303000001"),
    Field("prd_days", "周期天数", _K.QUANTITY, unit="天", aliases=("用药天数",), example="7"),
    Field("sin_dos_dscr", "单次剂量描述", _K.TEXT, aliases=("单次剂量",), example="0.5g"),
    Field("list_type", "目录类别", code_table="list_type", aliases=("目录类型",), example="101"),
    Field("chrgitm_lv", "收费项目等级", code_table="chrgitm_lv", aliases=("甲乙类", "支付类别"), example="02"),
    Field("selfpay_prop", "先行自付比例", _K.RATIO, aliases=("自付比例", "首付比例"), example="0.1",
          note="乙类必填；甲类为0"),
    Field("pric_uplmt_amt", "定价上限金额", _K.PRICE, unit="元", example="110",
          aliases=("限价", "支付标准", "支付上限")),
    Field("pric_uplmt_lv1", "一级及以下定价上限金额", _K.PRICE, unit="元", aliases=("一级限价",), example=""),
    Field("pric_uplmt_lv2", "二级定价上限金额", _K.PRICE, unit="元", aliases=("二级限价",), example=""),
    Field("pric_uplmt_lv3", "三级定价上限金额", _K.PRICE, unit="元", aliases=("三级限价",), example="",
          note="各级上限空着时用定价上限金额"),
    Field("pay_channel", "支付渠道", code_table="pay_channel", example="normal", note="空着为普通", source=_OURS),
    Field("item_tag", "项目标记", code_table="item_tag", example="", source=_OURS),
    Field("med_chrgitm_type", "医疗收费项目类别", code_table="med_chrgitm_type", example="09"),
    Field("lmt_dx", "限定诊断", _K.TEXT, example="C00-C75|E10", source=_OURS,
          note="诊断代码前缀，多个用|表示任一，类目的范围写作C00-C75；任一诊断符合即可"),
    Field("lmt_hosp_lv", "限定机构等级", _K.TEXT, example="2|3", source=_OURS, note="1、2、3，多个用|"),
    Field("lmt_insutype", "限定险种", _K.TEXT, example="", source=_OURS, note="险种类型代码，多个用|"),
    Field("lmt_med_type", "限定医疗类别", _K.TEXT, example="", source=_OURS, note="医疗类别代码，多个用|"),
    Field("lmt_dise", "限定门慢特病种", _K.TEXT, example="", source=_OURS, note="门慢特病种编码，多个用|"),
    Field("prior_codg", "须先用项目", _K.TEXT, example="", source=_OURS,
          note="二线用药：此前用过其中任一医疗目录编码；多个用|"),
    Field("prior_days", "先用期限", _K.INT, unit="天", example="", source=_OURS, note="空着表示此前任何时候"),
    Field("cpnd_flag", "限复方标志", code_table="cpnd_flag", example="", source=_OURS,
          note="1表示饮片单独使用不支付：同次结算须另有饮片"),
    Field("lmt_amount", "限量", _K.QUANTITY, example="14", source=_OURS),
    Field("lmt_unit", "限量单位", code_table="lmt_unit", example="days", source=_OURS),
    Field("lmt_per", "限量期间", code_table="lmt_per", example="stay", source=_OURS),
    Field("lmt_text", "限定支付范围", _K.TEXT, aliases=("限定支付",), source=_OURS,
          example="限重症感染，支付不超过14天", note="文件原文，说明用"),
    Field("phac_code", "指定药店编号", aliases=("购药药店", "药店编号"), example="", source=_OURS),
    Field("prep_source", "制剂来源", code_table="prep_source", example="own", source=_OURS),
    Field("rx_time", "处方开具时间", _K.DATETIME, aliases=("开方时间",), example="2025-03-05 10:00:00", source=_OURS),
    Field("vali_days", "处方有效天数", _K.INT, unit="天", aliases=("有效天数",), example="3", source=_OURS,
          note="空着按政策参数；开具当日为第1天"),
    Field("rx_kind", "处方类别", code_table="rx_kind", example="normal", source=_OURS),
    Field("rx_state", "处方状态", code_table="rx_state", example="checked", source=_OURS),
)  # fmt: skip


class TableSpec(NamedTuple):
    """A table by the names of its fields; `yibao.standard.schemas` looks them up."""

    name: str
    label: str
    grain: str
    columns: str
    required: str
    note: str = ""


CARE_TABLES = (
    TableSpec(
        "claims", "结算", "setl_id",
        """setl_id mdtrt_id psn_no insutype fixmedins_code med_type setl_time begndate enddate diag_codes dise_codg
        medfee_sumamt refd_setl_flag init_setl_id rxno er_flag refl_no dr_codg psn_setlway""",
        "setl_id psn_no fixmedins_code med_type setl_time medfee_sumamt",
        "一行一次结算，门诊、药店、住院都在内。险种空着时由参保情况确定。退费另写一行，冲销标志填1。",
    ),
    TableSpec(
        "fee_lines", "费用明细", "setl_id feedetl_sn",
        """setl_id feedetl_sn fee_ocur_time med_list_codg cnt pric det_item_fee_sumamt bilg_dr_codg prd_days
        sin_dos_dscr rxno init_feedetl_sn""",
        "setl_id feedetl_sn fee_ocur_time med_list_codg cnt pric det_item_fee_sumamt",
        "一行一条明细。同次结算里的冲销行数量和金额为负，并填原费用流水号。",
    ),
    TableSpec(
        "catalogue_items", "医保目录", "med_list_codg begndate",
        """med_list_codg item_name list_type chrgitm_lv selfpay_prop pric_uplmt_amt pric_uplmt_lv1 pric_uplmt_lv2
        pric_uplmt_lv3 pay_channel item_tag med_chrgitm_type begndate enddate""",
        "med_list_codg list_type chrgitm_lv begndate",
        "一行一个项目的一段有效期；同一编码的各段不得重叠。",
    ),
    TableSpec(
        "item_limits", "限定支付", "med_list_codg begndate seq",
        """med_list_codg begndate seq gend age_min age_max lmt_dx lmt_hosp_lv lmt_insutype lmt_med_type lmt_dise
        prior_codg prior_days cpnd_flag lmt_amount lmt_unit lmt_per lmt_text""",
        "med_list_codg begndate seq",
        "一行一种可以支付的情形：同一行各列都要符合，各行符合任一行即可。开始日期同医保目录的那一段。",
    ),
    TableSpec(
        "special_approvals", "特药认定", "psn_no med_list_codg begndate",
        "psn_no med_list_codg fixmedins_code dr_codg phac_code begndate enddate",
        "psn_no med_list_codg begndate",
        "一行一次认定。医院、责任医师、药店空着表示不限。",
    ),
    TableSpec(
        "preparations", "医疗机构制剂", "med_list_codg fixmedins_code begndate",
        "med_list_codg fixmedins_code prep_source begndate enddate",
        "med_list_codg fixmedins_code begndate",
        "一行一家可以支付的机构，本院配制和调剂使用都在内。",
    ),
    TableSpec(
        "consumable_deny", "耗材排除目录", "med_list_codg begndate", "med_list_codg item_name begndate enddate",
        "med_list_codg begndate", "排除法：在目录里的不支付。",
    ),
    TableSpec(
        "consumable_allow", "耗材准入目录", "med_list_codg begndate", "med_list_codg item_name begndate enddate",
        "med_list_codg begndate", "准入法：不在目录里的不支付。",
    ),
    TableSpec(
        "prescriptions", "外配处方", "rxno med_list_codg",
        """rxno med_list_codg psn_no fixmedins_code dr_codg rx_time cnt sin_dos_dscr vali_days rx_kind rx_state""",
        "rxno med_list_codg psn_no rx_time cnt",
        "一行一张处方的一个药品。状态空着为已审核。",
    ),
)  # fmt: skip
