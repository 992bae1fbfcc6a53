"""The Chinese words of a closed year: outcomes, buckets, kinds, and the heading and unit of every result column."""

from collections.abc import Mapping

from yibao.clearing.prepay import Outcome
from yibao.flows.close_ledger import State
from yibao.fund.outcomes import Outcome as Posted
from yibao.standard import CODE_TABLES

FUNDS: Mapping[str, str] = {"310": "职工医保", "390": "居民医保"}
"""险种 by fund_type, short, in the order of tables and charts."""

BUCKETS: Mapping[str, str] = {
    "special": "特例单议",
    "bed_day": "床日付费病种",
    "day": "日间手术病种",
    "tcm": "中医优势病种",
    "primary": "基层病种",
    "aux": "辅助分型病种",
    "core": "核心病种",
    "composite": "综合病种",
    "other": "先期、并项、诊断辅助病种",
    "ungrouped": "未入组",
}
"""计分类别 by bucket, in the order in which the first that fits takes the case."""

BUCKET_RULES: Mapping[str, str] = {
    "special": "特例单议评审通过，分值按评审结果",
    "bed_day": "在床日付费病种清单内，住院天数达到下限：每日分值 × 天数",
    "day": "在日间手术病种清单内，住院天数不超过上限：按日间手术病种分值",
    "tcm": "在中医优势病种清单内，中医药费用占比达到下限",
    "primary": "在基层病种清单内：全市各级医疗机构同病同价，机构系数为1",
    "aux": "核心病种命中辅助分型，分值乘以调节系数",
    "core": "核心病种，没有命中特别的计分办法",
    "composite": "综合病种",
    "other": "先期、并项、诊断辅助病种",
    "ungrouped": "没有相应的病种",
}

AUX_KINDS: Mapping[str, str] = {
    "cci": "合并症指数", "severity": "疾病严重程度", "tumour": "肿瘤严重程度", "age": "年龄特征", "icu": "监护病房天数",
    "newborn": "新生儿体重",
}  # fmt: skip
"""辅助分型 by aux_kind."""

FLAGS: Mapping[str, str] = {
    "readmission": "二次入院", "low_standard": "低标入院", "long_stay": "超长住院", "death_risk": "死亡风险",
    "record_quality": "病案质量",
}  # fmt: skip
"""违规行为监督个性特征 by flag. They never change a score."""

LISTS: Mapping[str, str] = {
    "primary_care": "基层病种", "tcm": "中医优势病种", "day": "日间手术病种", "bed_day": "床日付费病种",
}  # fmt: skip

SCOPES: Mapping[str, str] = {"local": "本统筹区参保", "offsite": "省内异地参保", "outside": "跨省异地参保"}
"""参保范围 by scope."""

REASONS: Mapping[str, str] = CODE_TABLES["review_reason"].codes
ADDONS: Mapping[str, str] = {
    "cmi": "病例组合指数", "elderly": "老年患者占比", "child": "儿童患者占比", "tcm": "中医药费用占比",
    "key_specialty": "重点专科", "credit": "信用等级",
}  # fmt: skip
"""加成系数的项目 by item."""

SPECIAL: Mapping[str, str] = {
    "granted": "通过", "over_quota": "超过限额未批", "failed": "评审未通过", "not_eligible": "不符合申请条件",
    "pending": "待评审", "not_local": "非本统筹区参保", "unknown_case": "没有这个病例",
}  # fmt: skip
SPECIAL_WHY: Mapping[str, str] = {
    "granted": "评审通过，按评审结果计分",
    "over_quota": "评审通过，但全市通过例数已达限额，按病种计分",
    "failed": "评审不通过，按病种计分",
    "not_eligible": "费用或住院天数没有达到申请门槛，按病种计分",
    "pending": "清算时还没有评审结果，按病种计分",
    "not_local": "不是本统筹区参保人，不占本统筹区限额，按病种计分",
}
"""特例单议 by outcome, and what it did to the case."""

PREPAY: Mapping[str, str] = {one.value: one.label for one in Outcome}
"""预付金 by outcome, in the order of precedence; all but granted are the reason of a refusal."""

GROUP_METHODS: Mapping[str, str] = CODE_TABLES["group_method"].codes

POSTED: Mapping[str, str] = {one.value: one.label for one in Posted} | {one.value: one.label for one in State}
"""记账 by outcome of a batch or of an entry."""

UNITS: Mapping[str, str] = {
    "money": "元", "points": "分", "ratio": "", "int": "", "text": "", "day": "", "stat": "",
}  # fmt: skip
"""The unit of a column by its kind; counts and ratios name theirs in the heading."""

CONTENTS = "目录"
"""The first sheet of close.xlsx."""

TABLES: Mapping[str, str] = {
    "budget": "预算",
    "values": "点值",
    "months": "月度结算",
    "prepay": "预付金",
    "clearing": "年度清算",
    "groups": "医共体",
    "offsite": "省内异地",
    "coefficients": "机构系数",
    "addon_items": "加成项目",
    "beds": "床位",
    "bed_supply": "床位供需",
    "consumption": "消耗指数",
    "special": "特例单议",
    "aux": "辅助分型",
    "primary": "基层病种",
    "indicators": "指标",
    "drg_groups": "DRG",
    "drg_hospitals": "DRG指标",
    "drg_cells": "机构的DRG",
    "postings": "记账",
}
"""Sheet names by result table."""

GRAINS: Mapping[str, str] = {
    "budget": "一行一个险种的一项收入、支出指标或一个月",
    "values": "一行一个险种",
    "months": "一行一个险种、机构、月",
    "prepay": "一行一个险种、机构",
    "clearing": "一行一个险种、机构",
    "groups": "一行一个险种、医共体",
    "offsite": "一行一个险种、机构、参保地",
    "coefficients": "一行一家机构",
    "addon_items": "一行一家机构的一个加成项目",
    "beds": "一行一家机构",
    "bed_supply": "一行一个区县、等级",
    "consumption": "一行一家机构",
    "special": "一行一例特例单议申请",
    "aux": "一行一类辅助分型",
    "primary": "一行一个基层病种",
    "indicators": "一行一个指标",
    "postings": "一行一批凭证中的一类；没有记上账的凭证逐张列在后面",
    "drg_groups": "一行一个DRG；没有按DRG分组时为空",
    "drg_hospitals": "一行一家机构；只含分组成功、有权重的病例",
    "drg_cells": "一行一家机构的一个DRG；DRG空着的为没有分组成功的病例",
}
"""What a row of each table is."""

_HEADS = """
    fund_type 险种 | kind 类别 | item 项目 | label 名称 | planned 年初预算 | adjusted 调整后预算 | budget 预算
    excluded 除外费用
    fund 可分配基金 | booked 记账额 | fee 医疗总费用 | ratio 比率 | points 分值 | opening_value 年初点值（元/分）
    settlement_value 结算点值（元/分） | cases 病例数（例） | fixmedins_code 医疗机构代码 | month 月份（月）
    excluded_due 除外应付 | base 基本支付 | extra 调剂支付 | gross 应付合计 | deposit 质量保证金 | paid 实付
    last_year_paid 上年支付额 | mean 月均支付额 | credit_lv 信用等级 | credit 信用系数（倍） | outcome 结果
    amount 金额
    hosp_lv 等级 | group_code 医共体代码 | is_new 新增机构 | patient 个人负担 | entitlement 应付额 | band 分档
    pay_before 核减前支付 | retained 结余留用 | shared 基金分担超支 | cut_shared 核减分担 | cut_retained 核减留用
    pay 清算支付 | settled 应结算额 | deductions 违规扣减 | score 考核得分率 | deposit_returned 返还保证金
    monthly_paid 已按月支付 | prepaid 已预付 | final 年末应付 | share 年末应付占比
    group_name 医共体 | group_method 支付办法 | members 成员（家） | insuplc_admdvs 参保地区划 | due 应付额
    cmi 病例组合指数加成（倍） | elderly 老年占比加成（倍） | child 儿童占比加成（倍） | tcm 中医药占比加成（倍）
    key_specialty 重点专科加成（倍） | addon 加成合计（倍） | coefficient 机构系数（倍） | measure 实际值
    add 加成（倍）
    admdvs 区县区划 | auth_beds 编制床位（张） | agreement_beds 协议床位（张） | open_beds 开放床位（张）
    paid_bed_days 可支付床日（床日） | occupied 占用床日（床日） | excess 超出床日（床日） | utilisation 使用率
    peak_month 最高的月份（月） | hospitals 机构（家） | persons 参保人（人） | beds_per_1000 每千人编制床位（张）
    setl_id 结算ID | review_reason 申请情形 | standard 支付标准 | multiple 与年初标准之比（倍） | plain_due 按病种应付
    added 追加金额 | aux_kind 辅助分型 | groups 病种（个） | cv_before 分型前CV | cv_after 分型后CV
    cases_hit 命中病例（例）
    dip_code 病种代码 | cases_lv1 一级病例（例） | cases_lv2 二级病例（例） | cases_lv3 三级病例（例）
    mean_fee_lv1 一级例均费用 | mean_fee_lv2 二级例均费用 | mean_fee_lv3 三级例均费用 | name 指标代码 | value 数值
    time_index 时间消耗指数（倍） | cost_index 费用消耗指数（倍）
    scheme 分组方案 | drg DRG代码 | mean_fee 次均费用 | cv 变异系数CV | mean_days 平均住院日（天） | deaths 死亡（例）
    weight 权重（倍） | risk 死亡风险 | total_weight 总权重（倍） | low_risk_cases 低风险组病例（例）
    low_risk_deaths 低风险组死亡（例） | low_risk_mortality 低风险组死亡率
    formula 算法 | entry_id 凭证号 | batch 批次 | entry_date 日期 | settles 所结算的单据 | detail 说明
"""
_SPECIAL_HEADS: Mapping[tuple[str, str], str] = {
    ("values", "ratio"): "记账比（记账额÷费用）",
    ("clearing", "ratio"): "记账额与应付额之比",
    ("coefficients", "base"): "基本系数（倍）",
    ("special", "outcome"): "评审结果",
    ("indicators", "label"): "指标",
    ("aux", "label"): "分型名称",
    ("bed_supply", "cases"): "出院病例（例）",
    ("primary", "standard"): "各级同一标准，按年初点值",
    ("offsite", "due"): "参保地应付",
    ("drg_groups", "name"): "DRG名称",
    ("drg_hospitals", "groups"): "DRG组数（个）",
    ("drg_hospitals", "cmi"): "CMI（倍）",
}


def _pairs() -> dict[str, str]:
    words = [part.split(maxsplit=1) for line in _HEADS.strip().splitlines() for part in line.split("|")]
    return {name: label.strip() for name, label in words}


_BY_NAME = _pairs()


def head(table: str, column: str, kind: str) -> str:
    """The heading of a result column with its unit; the column's name where a later version added one."""
    label = _SPECIAL_HEADS.get((table, column)) or _BY_NAME.get(column, column)
    unit = "" if "（" in label or table == "coefficients" else UNITS.get(kind, "")
    return f"{label}（{unit}）" if unit else label


CODED: Mapping[str, Mapping[str, str]] = {
    "fund_type": FUNDS,
    "review_reason": REASONS,
    "hosp_lv": CODE_TABLES["hosp_lv"].codes,
    "aux_kind": AUX_KINDS,
    "group_method": GROUP_METHODS,
    "credit_lv": CODE_TABLES["credit_lv"].codes,
    "kind": {"income": "收入", "line": "支出指标", "month": "住院DIP分月"},
}
"""Columns whose codes are written in words."""

OUTCOMES: Mapping[str, Mapping[str, str]] = {"prepay": PREPAY, "special": SPECIAL, "postings": POSTED}


def shown(table: str, column: str, value: str) -> str:
    """A coded text in words; other text as it is."""
    if column == "outcome":
        return OUTCOMES.get(table, {}).get(value, value)
    if column == "item" and table == "addon_items":
        return ADDONS.get(value, value)
    return CODED.get(column, {}).get(value, value)


def fund(code: str) -> str:
    """The short name of a fund; its code where it is another."""
    return FUNDS.get(code, code)
