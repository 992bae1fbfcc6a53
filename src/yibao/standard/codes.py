"""The national code tables that the tables here use.

Codes are text: a leading zero is data. ``source`` says how far a list can be trusted; the platform's own answer
(transaction 1901, 字典表查询) is the authority and may add regional codes.
"""

from yibao.standard.benefits import BENEFIT_CODES
from yibao.standard.care import CARE_CODES
from yibao.standard.field import CodeTable
from yibao.standard.insured import INSURED_CODES
from yibao.standard.trace import TRACE_CODES

_CLIENTS = "公开客户端程序所列，与平台字典核对前不作权威"
_COMMON = "通行用法，待以1901字典查询核对"


def _table(name: str, label: str, source: str, codes: str, variants: str = "") -> CodeTable:
    return CodeTable(name, label, _pairs(codes), _pairs(variants), source)


def _pairs(text: str) -> dict[str, str]:
    """Reads ``code name`` pairs separated by spaces."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


INSUTYPE = _table(
    "insutype",
    "险种类型",
    _CLIENTS,
    """310 职工基本医疗保险 320 公务员医疗补助 330 大额医疗费用补助 340 离休人员医疗保障
    350 一至六级残疾军人医疗补助 360 老红军医疗保障 370 企业补充医疗保险 380 新型农村合作医疗
    390 城乡居民基本医疗保险 391 城镇居民基本医疗保险 392 城乡居民大病医疗保险 399 其他特殊人员医疗保障
    410 长期照护保险 510 生育保险""",
    "职工 310 职工医保 310 城镇职工基本医疗保险 310 居民 390 居民医保 390 城乡居民医保 390",
)
MED_TYPE = _table(
    "med_type",
    "医疗类别",
    _CLIENTS,
    """11 普通门诊 12 门诊挂号 13 急诊 14 门诊慢特病 21 普通住院 22 外伤住院 23 转外诊治住院 24 急诊转住院
    41 定点药店购药 51 生育门诊 52 生育住院 53 计划生育手术费""",
)
GEND = _table("gend", "性别", _CLIENTS, "0 未知的性别 1 男 2 女 9 未说明的性别", "男性 1 女性 2 未知 0")
HOSP_LV = _table(
    "hosp_lv",
    "医疗机构等级",
    "本系统按三级归并；国家两位代码01、02、03见于地方数据字典，其余" + _COMMON,
    "1 一级及以下 2 二级 3 三级",
    """01 3 02 3 03 3 04 3 05 2 06 2 07 2 08 1 09 1 10 1 11 1
    三级特等 3 三级甲等 3 三级乙等 3 三级丙等 3 三甲 3 三乙 3 三级医院 3
    二级甲等 2 二级乙等 2 二级丙等 2 二甲 2 二乙 2 二级医院 2
    一级甲等 1 一级乙等 1 一级丙等 1 一级 1 一级医院 1 基层 1 无等级 1 未定级 1""",
)
DSCG_WAY = _table(
    "dscg_way",
    "离院方式",
    "2、3与4101字段说明一致，其余" + _COMMON,
    "1 医嘱离院 2 医嘱转院 3 医嘱转社区卫生服务机构/乡镇卫生院 4 非医嘱离院 5 死亡 9 其他",
)
ADM_WAY = _table("adm_way", "入院途径", _COMMON, "1 急诊 2 门诊 3 其他医疗机构转入 9 其他")
CLR_TYPE = _table("clr_type", "清算类别", _CLIENTS, "11 门诊 21 住院 41 药店 99 其他")
CLR_WAY = _table(
    "clr_way",
    "清算方式",
    _COMMON,
    "1 按项目 2 单病种 3 按病种分值 4 疾病诊断相关分组（DRG） 5 按床日 6 按人头 9 其他",
)
FIXMEDINS_TYPE = _table("fixmedins_type", "定点医药机构类型", _COMMON, "1 定点医疗机构 2 定点零售药店")
DIAG_TYPE = _table("diag_type", "诊断类别", _CLIENTS, "1 西医诊断 2 中医主病诊断 3 中医主证诊断", "西医 1")
MAINDIAG_FLAG = _table("maindiag_flag", "主诊断标志", _COMMON, "0 否 1 是")
OPRN_OPRT_TYPE = _table("oprn_oprt_type", "手术操作类别", _COMMON, "1 主要手术及操作 2 其他手术及操作", "主要 1 其他 2")
MED_CHRGITM_TYPE = _table(
    "med_chrgitm_type",
    "医疗收费项目类别",
    _CLIENTS,
    """01 床位费 02 诊察费 03 检查费 04 化验费 05 治疗费 06 手术费 07 护理费 08 卫生材料费 09 西药费
    10 中药饮片费 11 中成药费 12 一般诊疗费 13 挂号费 14 其他费""",
)
PSN_TYPE = _table(
    "psn_type",
    "人员类别",
    _CLIENTS,
    """11 在职 1101 职工在职 1102 公务员在职 1103 灵活就业人员在职 1160 地方其他扩展人员（在职）
    12 退休人员 1201 职工退休 1202 公务员退休 1203 灵活就业人员退休 1260 地方其他扩展人员（退休）
    13 离休 1300 离休人员 1360 地方其他扩展人员（离休）
    14 居民（未成年） 1401 新生儿 1402 学龄前儿童 1403 中小学生 1404 大学生 1405 未成年（未入学）
    1460 地方其他扩展身份（未成年） 15 居民（成年） 1501 普通居民（成年） 1560 地方其他扩展身份（成年）
    16 居民（老年）""",
)
DIP_LAYER = _table(
    "dip_layer", "DIP分组层级", "按病种分值付费分组流程（本系统命名）", "early 先期分组 merged 并项 aux_dx 诊断辅助细分"
)
DIP_EXCLUSION_LIST = _table("dip_exclusion_list", "排除目录", "本系统命名", "dx 主要诊断排除目录 px 手术操作排除目录")
DIP_EFFECT = _table(
    "dip_effect",
    "排除方式",
    "本系统命名",
    "not_principal 不得作为主要 conservative 按保守治疗入组 scope 仅限所列诊断范围内作为主要手术操作",
)
PX_KIND = _table(
    "px_kind",
    "治疗方式",
    "按病种分值付费综合病种的四类治疗方式",
    "内科诊疗 内科诊疗 诊断性操作 诊断性操作 治疗性操作 治疗性操作 相关手术 相关手术",
    "保守治疗 内科诊疗 手术 相关手术 介入治疗 相关手术 诊断性操作组 诊断性操作 治疗性操作组 治疗性操作 "
    "相关手术组 相关手术 内科诊疗组 内科诊疗",
)
FUND_TYPE = _table(
    "fund_type",
    "基金险种",
    "310至392取自平台险种类型（insutype），" + _CLIENTS + "；JG、JZ为本系统自编",
    """310 职工基本医疗保险 320 公务员医疗补助 330 职工大额医疗费用补助 390 城乡居民基本医疗保险
    392 城乡居民大病保险 JG 机关事业单位基本医疗保险 JZ 医疗救助""",
    """职工 310 职工医保 310 城镇职工基本医疗保险 310 公务员补助 320 大额补助 330 大额医疗费用补助 330
    居民 390 居民医保 390 城乡居民医保 390 大病 392 大病保险 392 居民大病保险 392 城乡居民大病医疗保险 392
    机关 JG 机关事业单位 JG 机关事业单位医保 JG 救助 JZ 城乡医疗救助 JZ""",
)
LEDGER_ACTION = _table(
    "ledger_action",
    "记账业务",
    "本系统命名",
    "post 记账 reserve 预留 settle 预留转记账 void 预留作废 reverse 冲销",
    "转记账 settle 作废 void 红字冲销 reverse",
)
LIMIT_KIND = _table(
    "limit_kind",
    "限额类别",
    "本系统命名",
    "floor 余额下限 ceiling 余额上限 budget 年度预算",
    "下限 floor 上限 ceiling 预算 budget",
)
BANK_SIDE = _table(
    "bank_side",
    "收支方向",
    "银行对账单通行写法，从银行一方看：贷是存款增加，借是存款减少",
    "in 收入 out 支出",
    "收 in 贷 in 贷方 in 支 out 借 out 借方 out",
)
INCOME_ITEM = _table(
    "income_item",
    "预算收入项目",
    "地方总额预算文件（2024-12-20）二(一)所列四项；代码本系统命名",
    "premium 基本医保费收入 interest 利息 subsidy 财政补助 other 其他收入",
    "保费收入 premium 基本医疗保险费收入 premium 利息收入 interest 财政补贴 subsidy 财政补贴收入 subsidy 其他 other",
)
BUDGET_LINE = _table(
    "budget_line",
    "预算支出指标",
    "地方总额预算文件（2024-12-20）二(一)所列五项，另加调剂金；代码本系统命名",
    """outpatient 普通门诊统筹 chronic 门诊慢特病 offsite 异地联网结算和零星报销 dip 住院DIP other 其他付费方式
    reserve 调剂金""",
    """普通门诊统筹支出预算 outpatient 门诊慢特病支出预算 chronic 异地联网结算和零星报销支出预算 offsite
    住院DIP支出预算 dip 其他付费方式支出预算 other 风险调剂金 reserve 区域调节金 reserve""",
)
ADJUST_REASON = _table(
    "adjust_reason",
    "预算调整原因",
    "地方总额预算文件（2024-12-20）二(一)所列三项；代码本系统命名",
    "visits 就医人数合理变化 policy 待遇政策调整 health_event 重大公共卫生事件",
    "就医人数变化 visits 政策调整 policy 公共卫生事件 health_event",
)
OVERRUN_REASON = _table(
    "overrun_reason",
    "合理超支原因",
    "按病种付费经办管理规程（2025版）第三十三条所举情形；代码本系统命名",
    "policy 重大政策调整 epidemic 重大疫情 other 其他管理以外的原因",
)
CREDIT_LV = _table("credit_lv", "信用等级", "本系统命名", "A 优秀 B 良好 C 一般 D 较差", "A级 A B级 B C级 C D级 D")
AGREEMENT_STATUS = _table(
    "agreement_status",
    "协议状态",
    "本系统命名",
    "normal 正常 suspended 暂停 terminated 解除",
    "暂停协议 suspended 中止 suspended 解除协议 terminated",
)
REVIEW_REASON = _table(
    "review_reason",
    "特例单议情形",
    "地方总额预算文件（2024-12-20）三(二)所列；代码本系统命名",
    "long_stay 住院时间长 high_cost 医疗费用高 new_tech 新药品新耗材新技术使用 complex 复杂危重症 mdt 多学科联合诊疗",
    "住院时间过长 long_stay 费用高 high_cost 新药新技术 new_tech 危重症 complex 多学科诊疗 mdt",
)
REVIEW_RESULT = _table(
    "review_result",
    "特例单议评审结果",
    "按病种付费经办管理规程（2025版）第二十一条的两种处理；代码本系统命名",
    "pass_item 通过，按项目付费 pass_standard 通过，调整支付标准 fail 不通过 pending 待评审",
    "按项目付费 pass_item 按项目 pass_item 调整支付标准 pass_standard 调整标准 pass_standard 未通过 fail",
)
GROUP_METHOD = _table(
    "group_method",
    "医共体支付办法",
    "本系统命名",
    "contract 总额包干 share 结余留用、合理超支分担",
    "包干 contract 分担 share",
)
DIP_LIST = _table(
    "dip_list_kind",
    "本地病种目录种类",
    "地方总额预算文件（2024-12-20）三(一)、三(二)；代码本系统命名",
    "primary_care 基层病种 tcm 中医优势病种 day 日间手术病种 bed_day 床日付费病种",
    "基层 primary_care 中医优势 tcm 日间手术 day 日间 day 床日 bed_day 按床日付费病种 bed_day",
)

CODE_TABLES: dict[str, CodeTable] = {
    table.name: table
    for table in (
        INSUTYPE, MED_TYPE, GEND, HOSP_LV, DSCG_WAY, ADM_WAY, CLR_TYPE, CLR_WAY, FIXMEDINS_TYPE, DIAG_TYPE,
        MAINDIAG_FLAG, OPRN_OPRT_TYPE, MED_CHRGITM_TYPE, PSN_TYPE, DIP_LAYER, DIP_EXCLUSION_LIST, DIP_EFFECT, PX_KIND,
        FUND_TYPE, LEDGER_ACTION, LIMIT_KIND, BANK_SIDE, INCOME_ITEM, BUDGET_LINE, ADJUST_REASON, OVERRUN_REASON,
        CREDIT_LV, AGREEMENT_STATUS, REVIEW_REASON, REVIEW_RESULT, GROUP_METHOD, DIP_LIST, *INSURED_CODES,
        *CARE_CODES, *BENEFIT_CODES, *TRACE_CODES,
    )
}  # fmt: skip
"""Every code table by name."""
