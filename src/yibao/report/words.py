"""The Chinese words for stable codes, and how numbers are written. No figure of a rule stands here."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from yibao.casemix.dip import LAYER_NAMES
from yibao.standard import CODE_TABLES

TYPES: Mapping[str, str] = LAYER_NAMES
"""病种类型 by dip_type."""

DEVIATIONS: Mapping[str, str] = {
    "low": "费用偏低", "normal": "费用正常", "high": "费用偏高", "extreme": "费用极高", "none": "无标准可比",
    "exempt": "不计偏差", "ungrouped": "未入组",
}  # fmt: skip
"""费用偏差类别 by deviation_type, in the order of tables and charts."""

BASES: Mapping[str, str] = {
    "same_level_last_year": "本病种同级医疗机构上一年度的例均费用",
    "same_level_all_years": "本病种同级医疗机构历史各年的例均费用（上一年度没有病例）",
    "group": "本病种全部医疗机构历史各年的例均费用（没有同级的费用）",
    "none": "没有可比的历史费用",
}
"""Where the standard of a deviation comes from, by standard_basis."""

SCOPES: Mapping[str, str] = {
    "rule": "先期、并项、诊断辅助规则表",
    "related": "核心病种（带相关手术）",
    "core": "核心病种",
    "merged": "并项（三位码类目 × 主要手术）",
    "composite": "综合病种（三位码类目 × 治疗方式）",
    "rubric": "章节兜底（手术亚目）",
    "chapter": "章节兜底（治疗方式）",
    "none": "未入组",
    "barred": "未入组（排除清单）",
    "unlearned": "未入组（规则病种没有历史病例）",
}
"""Which key of the catalogue a case answered to, by scope."""

REGIMES: Mapping[str, str] = {
    "dip2020": "DIP 2020版技术规范", "dip2_0": "DIP 2.0版", "dip3_0_draft": "DIP 3.0版（征求意见稿）",
}  # fmt: skip

VALUES: Mapping[str, str] = {
    **REGIMES,
    "true": "是",
    "false": "否",
    "fixed": "固定病例数",
    "coverage": "按病例覆盖率",
    "subset": "全部具备",
    "overlap": "部分具备",
    "dearest": "取费用最高的组",
    "first": "取编码在前的组",
    "exact": "完全一致",
    "prefix": "前缀一致",
    "mean_of_means": "各年次均费用加权",
    "pooled": "各年费用与例数分别加权",
    "all": "全部病例",
    "group": "病种之内",
    "none": "不设",
    "all_mean": "平均费用法",
    "base_disease": "基准病种法",
    "quota": "标准定额法",
    "auto": "自动选取",
    "cost_over_mean": "按费用与标准之比折算",
    "cost_over_standard": "按实际费用计分",
    "excess": "超出部分加计",
    "flag": "只作标记",
    "level_ratio": "按等级次均费用之比",
    "case_mix_ratio": "按同病种费用之比",
    "table": "按系数表",
    "in_force": "已施行",
    "draft": "草案",
    "floating": "浮动点值",
    "points": "按分值",
    "history": "按上年记账额",
    "equal": "平均",
    "pool": "全市",
    "institution": "本机构",
    "case": "本病例",
    "times_ratio": "按记账比计算",
    "minus_patient": "减去个人负担",
    "budget_vs_booked": "预算与记账额相比",
    "deposit": "质量保证金返还",
    "payable": "应付额",
    "booked": "不超过记账额",
    "as_others": "与其他机构相同",
    "deduct": "按超出占比扣减",
    "exclude": "除外，按项目支付",
    "add_on": "加成分值",
    "dip": "住院DIP预算",
    "other": "其他付费方式预算",
    "residual": "支出总额减去其他各项",
    "by_share": "按上年占比",
    "by_growth": "按增长率",
    "standard": "支付标准",
    "group_mean": "病种例均费用",
    "base_plus_addon": "基本系数加加成系数",
    "base_only": "只有基本系数",
    "last_year_monthly_mean": "上年月均支付额",
    "applied": "按申请先后",
    "cci": "合并症指数",
    "severity": "疾病严重程度",
    "tumour": "肿瘤严重程度",
    "age": "年龄",
    "icu": "监护病房天数",
    "newborn": "新生儿体重",
    "early": "先期",
    "merged": "并项",
    "aux_dx": "诊断辅助",
    "core": "核心",
    "composite": "综合",
}
"""Coded values of parameters, as people say them."""

VALUES_OF: Mapping[str, Mapping[str, str]] = {
    "dip.special_review.order": {"excess": "按超出标准的多少"},
    "beds.excess.rule": {"flag": "只作提示"},
}
"""Where a key's coded value is said otherwise."""

NO_LEVEL = "未填等级"
LEVELS: Mapping[str, str] = {**dict(sorted(CODE_TABLES["hosp_lv"].codes.items(), reverse=True)), "": NO_LEVEL}
"""医疗机构等级 by hosp_lv, the highest first."""

SWITCHED_OFF: Mapping[str, str] = {
    "hosp_lv": "不分等级：机构系数按1计，费用偏差与病种全部机构的例均费用比较",
    "nwb_age_days": "新生儿不能按天龄进入先期分组",
    "nwb_adm_wt": "低出生体重儿不能按体重进入先期分组",
    "oprn_codes": "全部病例按内科诊疗入组",
    "age": "按年龄的分组规则不起作用",
}
"""What a missing optional column switches off; other columns are not read by pricing."""


def count(value: int | Decimal) -> str:
    """A whole number with thousands separators."""
    return f"{int(value):,}"


def money(value: Decimal) -> str:
    """元 with two decimals and thousands separators."""
    return f"{value:,.2f}"


def whole_yuan(value: Decimal | float | None) -> str:
    """元 rounded half up to a whole number, for means; a dash where there is none."""
    return "—" if value is None else f"{Decimal(value).quantize(Decimal(1), ROUND_HALF_UP):,}"


def points(value: Decimal) -> str:
    """分 with four decimals."""
    return f"{value:,.4f}"


def short_points(value: Decimal) -> str:
    """分 with two decimals, for sums that are shown in a table."""
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def percent(value: Decimal | float | None, digits: int = 2) -> str:
    """A share as a percentage."""
    return "—" if value is None else f"{value * 100:,.{digits}f}%"


def number(value: Decimal | float | None, digits: int = 4) -> str:
    """A plain figure; a dash where it cannot be computed."""
    return "—" if value is None else f"{value:,.{digits}f}"


def large(value: Decimal, unit: str = "元") -> str:
    """An amount in 亿 or 万 of its unit, for headlines; the exact amount always stands beside it."""
    for size, name in ((Decimal(10**8), "亿"), (Decimal(10**4), "万")):
        if abs(value) >= size:
            return f"{(value / size).quantize(Decimal('0.01'), ROUND_HALF_UP):,} {name}{unit}"
    return f"{value:,.2f} {unit}"


def ratio(part: Decimal | float, whole: Decimal | float) -> float | None:
    """part / whole as a statistic; None when there is nothing to divide by."""
    return float(part) / float(whole) if whole else None
