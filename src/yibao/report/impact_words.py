"""The Chinese words of a simulation: kinds of care, dimensions, bands, parts of a decomposition, what must close."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from yibao.impact.measure import EDGES, Closing
from yibao.kernel import yuan, yuan_text
from yibao.report import words
from yibao.report.parameters import value_text
from yibao.standard import CODE_TABLES

KINDS: Mapping[str, str] = {
    "outpatient": "普通门诊", "chronic": "门诊慢特病", "two_diseases": "两病门诊", "pharmacy": "药店购药",
    "antenatal": "产前检查", "inpatient": "住院", "home_bed": "家庭病床", "maternity": "生育住院",
    "birth_control": "计划生育", "": "未归类",
}  # fmt: skip
FUNDS: Mapping[str, str] = {
    "hifp": "基本医保统筹基金", "hifob": "职工大额补助", "hifmi": "大病保险", "maf": "医疗救助",
    "cvlserv": "公务员补助", "oth": "其他（家庭封顶、惠民保）",
}  # fmt: skip
DIMENSIONS: Mapping[str, str] = {
    "age": "年龄", "identity": "身份", "insutype": "险种", "level": "就医机构等级", "catastrophic": "灾难性支出",
}  # fmt: skip
_AGES: Mapping[str, str] = {
    "00-05": "5岁及以下", "06-17": "6—17岁", "18-44": "18—44岁", "45-59": "45—59岁", "60-69": "60—69岁",
    "70-79": "70—79岁", "80+": "80岁及以上", "unknown": "年龄不详",
}  # fmt: skip
_STATES: Mapping[str, str] = {
    "both": "前后都有", "ended": "原来有，改革后没有", "began": "原来没有，改革后有", "neither": "前后都没有",
}  # fmt: skip
SIDES: Mapping[str, str] = {
    "winner": "少付的人", "loser": "多付的人", "unchanged": "不变", "no_claim": "没有就医",
}  # fmt: skip
PICKS: Mapping[str, str] = {"extreme": "变化最大", "typical": "居中"}
PARTS: Mapping[str, str] = {"interaction": "交互项", "response": "行为反应", "whole": "全部改革"}
_NO_CLAIM = 9
GIVEN = "未给出"

_CLOSINGS: Mapping[str, str] = {
    "settlements": "各格的结算笔数之和 = 给出的结算笔数（笔）",
    "identities": "每笔结算：总额 − 基金 = 账户 + 现金，共济在账户之内，不符的笔数",
    "fund": "各格的基金支出之和 = 各笔结算的基金支出之和（元）",
    "fee": "基金支出 + 个人负担 = 医疗费用（元）",
    "cell_fund_before": "基金支出表：改革前合计 = 现行政策的基金支出（元）",
    "cell_fund_after": "基金支出表：改革后合计 = 本方案的基金支出（元）",
    "cell_burden_after": "基金支出表：改革后个人负担合计 = 本方案的个人负担（元）",
    "cell_layers": "各项基金之和 = 本方案的基金支出（元）",
    "person_fund_before": "逐人：改革前基金支出之和 = 现行政策的基金支出（元）",
    "person_fund_after": "逐人：改革后基金支出之和 = 本方案的基金支出（元）",
    "person_burden_before": "逐人：改革前负担之和 = 现行政策的个人负担（元）",
    "person_burden_after": "逐人：改革后负担之和 = 本方案的个人负担（元）",
    "change": "受益与受损：各档变化之和 = 个人负担的变化（元）",
    "change_people": "受益与受损：各档人数之和 = 有就医的人数（人）",
    "catastrophic_people": "灾难性支出：各组有就医的人数之和 = 有就医的人数（人）",
    "catastrophic_above": "灾难性支出：改革后各组人数之和 = 逐人判断的人数（人）",
    "split_fund": "分解：各单项 + 交互项（+ 行为反应）= 基金支出的变化（元）",
    "split_burden": "分解：各单项 + 交互项（+ 行为反应）= 个人负担的变化（元）",
    "split_alone": "分解：只改一项参数的方案没有交互项（元）",
}
_COUNTS = ("settlements", "identities", "change_people", "catastrophic_people", "catastrophic_above")


def kind(code: str | None) -> str:
    """The kind of care."""
    return KINDS.get(code or "", code or "")


def level(code: str | None) -> str:
    """The level of an institution; pharmacies have none."""
    return words.LEVELS.get(code, code) if code else "无等级（药店等）"


def insutype(code: str | None) -> str:
    """The insurance, short."""
    return {"310": "职工医保", "390": "居民医保", "": "未参保"}.get(
        code or "", CODE_TABLES["insutype"].codes.get(code or "", code or "")
    )


def identity(code: str | None) -> str:
    """The identity of a person."""
    return "一般人员" if code in (None, "", "none") else CODE_TABLES["psn_idet_type"].codes.get(str(code), str(code))


_FIELDS: Mapping[str, str] = {
    "insutype": "险种", "psn_type": "人员类别", "clct_way": "参保方式", "kind": "类别", "hosp_lv": "机构等级",
    "fixmedins_type": "机构类型", "point": "就医点", "access": "就医途径", "contract": "家庭医生签约",
    "dise_codg": "病种",
    "offsite": "异地就医", "region": "就医地", "identity": "身份", "cvlserv_flag": "公务员", "from_lv": "原机构等级",
    "to_lv": "转到的机构等级", "cap": "限额", "med_type": "医疗类别",
}  # fmt: skip
_CODES: Mapping[str, Mapping[str, str]] = {
    "kind": KINDS,
    "point": {"main": "主点", "aux": "辅点", "none": "不是选定的"},
    "access": {"direct": "直接就医", "referral": "转诊", "emergency": "急诊"},
    "contract": {"none": "未签约", "signed": "签约", "performed": "有效履约"},
    "offsite": {
        "none": "不是异地", "resident": "长期居住", "referral": "转诊", "emergency": "急诊", "filed_late": "补备案",
        "unfiled": "未备案",
    },
    "region": {"city": "本市", "province": "省内", "country": "外省"},
    "cvlserv_flag": {"0": "否", "1": "是"},
    "clct_way": CODE_TABLES["clct_way"].codes,
    "fixmedins_type": CODE_TABLES["fixmedins_type"].codes,
    "psn_type": CODE_TABLES["psn_type"].codes,
    "med_type": CODE_TABLES["med_type"].codes,
}  # fmt: skip


def where(text: str) -> str:
    """The conditions of a parameter (``Parameter.where_text``) in words: ``险种：居民医保；机构等级：三级、二级``."""
    if not text:
        return "全部"
    found = []
    for part in text.split("，"):
        name, _, values = part.partition("=")
        found.append(f"{_FIELDS.get(name, name)}：{'、'.join(_code(name, one) for one in values.split('|'))}")
    return "；".join(found)


def _code(name: str, code: str) -> str:
    if name in ("hosp_lv", "from_lv", "to_lv"):
        return level(code)
    if name in ("insutype", "identity"):
        return insutype(code) if name == "insutype" else identity(code)
    return _CODES.get(name, {}).get(code, code)


def written(key: str, value: str) -> str:
    """A value of a parameter as people say it; '' where there is none."""
    return value_text(key, value) if value else ""


def value(dimension: str, code: str) -> str:
    """A value of a dimension."""
    if dimension == "age":
        return _AGES.get(code, code)
    if dimension == "catastrophic":
        return _STATES.get(code, code)
    return {"identity": identity, "insutype": insutype, "level": level}[dimension](code)


def order(dimension: str, code: str) -> tuple[int, str]:
    """Where a value stands in its dimension."""
    listed = {"age": list(_AGES), "catastrophic": list(_STATES)}.get(dimension, [])
    if dimension == "identity":
        listed = ["none", *CODE_TABLES["psn_idet_type"].codes]
    return (listed.index(code) if code in listed else len(listed), code)


def band(number: int) -> str:
    """A band of yearly change: ``少付100—500元``."""
    if number in (0, _NO_CLAIM):
        return "不变" if number == 0 else "没有就医"
    word, at = ("少付" if number < 0 else "多付"), abs(number)
    edges = [f"{edge // 100:,}" for edge in EDGES]
    if at == 1:
        return f"{word}{edges[0]}元以内"
    return f"{word}{edges[-1]}元以上" if at > len(edges) else f"{word}{edges[at - 2]}—{edges[at - 1]}元"


def closing(one: Closing) -> tuple[str, bool]:
    """What must be equal, and whether its figures are counts."""
    if one.name in _CLOSINGS:
        return _CLOSINGS[one.name], one.name in _COUNTS
    what, _, dimension = one.name.rpartition("_")
    name = DIMENSIONS.get(dimension, dimension)
    if what == "people":
        return f"按{name}：有就医的人数之和 = 有就医的人数（人）", True
    if what == "members":
        return f"按{name}：参保人数之和 = 名单上的人数（人）", True
    return f"按{name}：{'改革前' if what == 'burden_before' else '改革后'}负担之和 = 个人负担（元）", False


def money(fen: int | None) -> str:
    """元 with two decimals; a dash where there is none."""
    return "—" if fen is None else yuan_text(fen)


def signed(fen: int | None) -> str:
    """A change in 元, with its sign."""
    return "—" if fen is None else f"{'+' if fen > 0 else ''}{yuan_text(fen)}"


def large(fen: int) -> str:
    """An amount for headlines, in 亿 or 万."""
    return words.large(yuan(fen))


def large_change(fen: int) -> str:
    """A change in words: 增加 1.23 万元."""
    return "不变" if not fen else f"{'增加' if fen > 0 else '减少'} {large(abs(fen))}"


def count(value: int | None) -> str:
    """A whole number; a dash where there is none."""
    return "—" if value is None else words.count(value)


def signed_count(value: int | None) -> str:
    """A change of a count, with its sign."""
    return "—" if value is None else f"{'+' if value > 0 else ''}{value:,}"


def share(part: float | None, whole: float | None, digits: int = 2) -> str:
    """A share as a percentage, a statistic."""
    return "—" if part is None or not whole else words.percent(float(part) / float(whole), digits)


def mean(fen: int, people: int) -> str:
    """元 a person, half up to whole 元, a statistic; a dash without people."""
    return "—" if not people else f"{(yuan(fen) / people).quantize(Decimal(1), ROUND_HALF_UP):,}"


def tenths(value: int | None) -> str:
    """Tenths of a month as months; a dash where it says nothing."""
    return "—" if value is None else f"{value // 10:,}.{value % 10}"


def axis_value(scaled: int, unit: str) -> str:
    """A value of a search as law would write it: a ratio (10⁻⁶) or 元 (fen)."""
    if unit == "ratio":
        text = f"{Decimal(scaled).scaleb(-6):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{yuan(scaled):,.2f}".removesuffix(".00")


def moved(before: int, after: int) -> tuple[str, str, str, str]:
    """Before, after, change and relative change of an amount."""
    return (money(before), money(after), signed(after - before), share(after - before, before))
