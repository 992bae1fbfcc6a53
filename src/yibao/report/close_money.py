"""From points to money, as Steps: the point value, what a case is owed, its hospital's month, the year's clearing."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from yibao.kernel import Step
from yibao.report import close_words, words
from yibao.report.case import Book, step_of
from yibao.report.close_result import Closed, Row

_CENT = Decimal("0.01")
RATIO_LEVELS = {"pool": "全市", "institution": "本机构", "case": "本病例"}


def value_steps(closed: Closed, book: Book, case: Mapping[str, Any]) -> list[Step]:
    """结算点值, 支付标准 and what the fund owes for the case."""
    value = closed.one("values", fund_type=case["fund_type"])
    if value is None or case["due"] is None:
        return [Step("应付额", "—", "元", "这个险种没有点值，病例没有应付额")]
    return [
        step_of(
            book,
            "结算点值",
            f"{value['settlement_value']:.6f}",
            "元/分",
            value_formula(value),
            "dip.point.mode",
            "settle.ratio_level",
        ),
        Step(
            "支付标准",
            words.money(case["standard"]),
            "元",
            f"病例分值{words.points(case['case_points'])} × 结算点值{value['settlement_value']:.6f}，含个人负担的部分",
        ),
        _due(closed, book, case, value),
    ]


def value_formula(value: Row) -> str:
    """结算点值 with the fund's own figures."""
    return (
        f"可分配基金{words.money(value['fund'])}元 ÷ 记账比{value['ratio']:.6f} ÷ "
        f"总分值{words.points(value['points'])}分；"
        f"记账比 = 记账额{words.money(value['booked'])} ÷ 医疗总费用{words.money(value['fee'])}"
    )


def _due(closed: Closed, book: Book, case: Mapping[str, Any], value: Row) -> Step:
    used = book.parameters
    basis, level = used.text("settle.entitlement.basis"), used.text("settle.ratio_level")
    keys = ("settle.entitlement.basis", "settle.ratio_level", "settle.case_floor")
    amount = words.money(case["due"])
    whose = f"{case['insuplc_admdvs']}的{close_words.fund(case['fund_type'])}基金" if case["scope"] == "offsite" else ""
    if basis == "minus_patient":
        detail = (
            f"分值 × 结算点值 − 个人负担{words.money(case['patient'])}元 − 其他基金{words.money(case['other_funds'])}元"
            "，不低于零"
            if used.text("settle.case_floor") != "false"
            else "分值 × 结算点值 − 个人负担 − 其他基金"
        )
    elif case["scope"] == "offsite":
        detail = f"分值 × 结算点值 × 本例记账比（{words.money(case['booked'])} ÷ {words.money(case['medfee_sumamt'])}）"
    elif level in ("", "pool"):
        detail = _share(case, value)
    else:
        detail = f"分值 × 结算点值 × {RATIO_LEVELS.get(level, level)}的记账比"
    return step_of(book, "应付额", amount, "元", detail + (f"；由{whose}负担" if whose else ""), *keys)


def _share(case: Mapping[str, Any], value: Row) -> str:
    """The exact share in the fund, and what became of the part below a fen."""
    fund, points = value["fund"], value["points"]
    floor = int(fund * 100 * case["case_points"] * 10**4 // (points * 10**4)) if points else 0
    tail = "余下不足1分的部分按最大余数法补1分" if int(case["due"] * 100) > floor else "不足1分的部分舍去"
    part = words.number(case["case_points"] / points * 100 if points else None, 8)
    share = f"可分配基金{words.money(fund)}元 × 病例分值 ÷ 总分值{words.points(points)}（占{part}%）"
    return f"{share}，{tail}；各例之和正好等于可分配基金"


def month_step(closed: Closed, book: Book, case: Mapping[str, Any]) -> list[Step]:
    """What the hospital was paid in the case's month, and the case's part in it."""
    row = closed.one("months", fund_type=case["fund_type"], fixmedins_code=case["fixmedins_code"], month=case["month"])
    if row is None or case["scope"] != "local":
        return []
    part = words.percent(words.ratio(case["booked"] or Decimal(0), row["budget"]), 4)
    over = f"超出部分获调剂{words.money(row['extra'])}元；" if row["extra"] else ""
    detail = (
        f"本机构{row['month']}月预算{words.money(row['budget'])}元，记账{words.money(row['booked'])}元，"
        f"本例记账占月度预算{part}；支付 = 记账与预算中较小者{words.money(row['base'])} + "
        f"调剂{words.money(row['extra'])} + 除外应付{words.money(row['excluded_due'])} − "
        f"质量保证金{words.money(row['deposit'])}；{over}"
        f"本月病例{words.count(row['cases'])}例"
    )
    keys = ("settle.monthly.basis", "settle.month.hospital_split", "settle.month.redistribute", "settle.deposit")
    return [step_of(book, "所在月的月度结算", words.money(row["paid"]), "元（全机构）", detail, *keys)]


def clearing_steps(closed: Closed, book: Book, case: Mapping[str, Any]) -> list[Step]:
    """How the year's clearing treats the hospital, and what that means for this case."""
    row = closed.one("clearing", fund_type=case["fund_type"], fixmedins_code=case["fixmedins_code"])
    if row is None or case["scope"] != "local":
        return []
    group = (
        closed.one("groups", fund_type=case["fund_type"], group_code=row["group_code"]) if row["group_code"] else None
    )
    whose = f"随医共体“{group['group_name'] or group['group_code']}”合并计算" if group else "本机构"
    share = words.ratio(row["pay"], row["entitlement"])
    told = (
        f"{whose}：全年应付{words.money(row['entitlement'])}元，记账{words.money(row['booked'])}元，"
        f"记账与应付之比{words.percent(row['ratio'])}，{row['band']}"
    )
    extra = "；新增机构，支付不超过记账额" if row["is_new"] else ""
    cut = row["cut_shared"] + row["cut_retained"]
    extra += f"；因总额封顶核减{words.money(cut)}元" if cut else ""
    shown = (
        (case["due"] * row["pay"] / row["entitlement"]).quantize(_CENT, ROUND_HALF_UP) if row["entitlement"] else None
    )
    about = f"清算支付{words.money(row['pay'])} ÷ 应付{words.money(row['entitlement'])}" + (
        f"；照此比例，本例相当于{words.money(shown)}元（推算，供参考，清算以机构为单位）" if shown is not None else ""
    )
    return [
        step_of(
            book,
            "年度清算分档",
            row["band"] or "—",
            "",
            told + extra,
            "settle.share",
            "settle.overrun.needs_claim",
            "clearing.new.rule",
        ),
        Step("清算支付与应付之比", words.percent(share), "", about),
    ]


def final_steps(closed: Closed, book: Book, row: Row) -> list[Step]:
    """A hospital's year of one fund, from its entitlement line by line to the final amount: a row of clearing."""
    return [*_to_pay(closed, book, row), *_to_final(book, row)]


def _to_pay(closed: Closed, book: Book, row: Row) -> list[Step]:
    """From the entitlement to the pay: the band, a new institution's limit, the cut of a closed budget."""
    member = bool(row["group_code"])
    cut = row["cut_shared"] + row["cut_retained"]
    counted = f"全年{words.count(row['cases'])}例、{words.points(row['points'])}分，各病例应付额之和"
    whose = "（本机构；分档按医共体合计）" if member else ""
    steps = [
        Step("应付额", words.money(row["entitlement"]), "元", counted),
        Step("记账额", words.money(row["booked"]), "元", "医疗机构结算时已记账的统筹基金，不含除外部分"),
        Step("记账额与应付额之比", words.percent(row["ratio"]), "", f"记账额 ÷ 应付额{whose}"),
        _band_step(closed, book, row, member),
    ]
    if row["is_new"] and row["pay_before"] > row["pay"] + cut:
        limit = words.money(row["booked"])
        steps.append(step_of(book, "新增机构", limit, "元", "支付不超过记账额", "clearing.new.rule"))
    if cut:
        shared, retained = words.money(row["cut_shared"]), words.money(row["cut_retained"])
        how = f"先按比例核减基金分担{shared}，再按比例核减结余留用{retained}"
        steps.append(Step("总额封顶核减", words.money(-cut), "元", how))
    return [*steps, Step("清算支付", words.money(row["pay"]), "元")]


def _to_final(book: Book, row: Row) -> list[Step]:
    """From the pay to what is due at the year's end."""
    held = row["deposit"] - row["deposit_returned"]
    kept = (
        f"全年预留{words.money(row['deposit'])}元，考核得分率{words.percent(row['score'])}，"
        f"返还{words.money(row['deposit_returned'])}元"
    )
    how = "应结算额 − 违规扣减 − 未返还的质量保证金 − 已按月支付 − 已预付"
    how += "；负数为医疗机构应退回" if row["final"] < 0 else ""
    excluded, by_item = words.money(row["excluded_due"]), "除外支付目录内的费用按项目支付"
    prepaid, back = words.money(-row["prepaid"]), "年初预付金，年末收回一次，从应付中抵"
    deposit_keys = ("settle.deposit", "settle.assessment.applies")
    return [
        step_of(book, "除外应付", excluded, "元", by_item, "dip.exclusion.mode"),
        Step("应结算额", words.money(row["settled"]), "元", "清算支付 + 除外应付"),
        Step("违规扣减", words.money(-row["deductions"]), "元"),
        step_of(book, "未返还的质量保证金", words.money(-held), "元", kept, *deposit_keys),
        Step("已按月支付", words.money(-row["monthly_paid"]), "元"),
        step_of(book, "已预付", prepaid, "元", back, "prepay.months"),
        Step("年末应付", words.money(row["final"]), "元", how),
    ]


def _band_step(closed: Closed, book: Book, row: Row, member: bool) -> Step:
    if member:
        group = closed.one("groups", fund_type=row["fund_type"], group_code=row["group_code"])
        named = f"“{group['group_name'] or group['group_code']}”" if group else row["group_code"]
        whole = (
            f"合计应付{words.money(group['entitlement'])}元、记账{words.money(group['booked'])}元、支付{words.money(group['pay'])}元"
            if group
            else ""
        )
        detail = f"医共体{named}作为一个整体分档（{row['band']}）：{whole}；本机构分得结余或分担后为下列金额"
    else:
        detail = band_formula(closed, row) + ("；新增机构支付不超过记账额" if row["is_new"] else "")
    return step_of(
        book,
        "按分档计算的支付",
        words.money(row["pay_before"]),
        "元",
        detail,
        "settle.share",
        "settle.retain_and_share",
    )


def band_formula(closed: Closed, row: Row) -> str:
    """The band of the share table with the row's figures, where the run keeps its table."""
    band = next((one for one in closed.share_table if one.get("label") == row["band"]), None)
    if band is None or row["ratio"] is None:
        return str(row["band"] or "")
    low, start, rate = band["from"], band["start"], band["rate"]
    money, x = words.money(row["entitlement"]), f"{row['ratio']:.6f}"
    if Decimal(rate) == 0:
        how = f"应付额{money} × {start}"
    elif Decimal(rate) == 1 and Decimal(start) == Decimal(low):
        how = "按记账额支付"
    else:
        how = f"应付额{money} ×（{start} + {rate} ×（{x} − {low}））"
    return f"{row['band']}：{how}"
