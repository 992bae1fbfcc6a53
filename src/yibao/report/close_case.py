"""One case's way through a closed year: its group, its points, what the fund owes for it and what that became.

Nothing is decided here. Every figure is one of the result; where a step divides the hospital's clearing among its
cases, it says that this is for orientation.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from yibao.kernel import Step
from yibao.report import close_words, words
from yibao.report.case import (
    Book,
    deviation_step,
    layer_steps,
    listed_steps,
    named,
    points_step,
    standard_step,
    step_of,
)
from yibao.report.close_drg import case_step, names_of
from yibao.report.close_money import clearing_steps, month_step, value_steps
from yibao.report.close_result import Closed, Row, total
from yibao.report.result import ReportError

ONE_CASE = """
    SELECT c.*, t.dx, t.px, t.px_kind, t.dx_barred, t.scope_key AS scope_key, t.standard_basis, t.std_n, t.std_fee,
        t.diag_codes, t.oprn_codes, t.stay_days, t.list_kind, t.base_coefficient, t.plain_points, t.plain_due
    FROM cases AS c LEFT JOIN trail AS t ON t.setl_id = c.setl_id WHERE c.setl_id = $setl_id"""

EXEMPT = "exempt"
"""The deviation of a case that is not compared with a standard: 日间手术 and 床日付费 cases."""
_CENT = Decimal("0.01")


def close_case(closed: Closed, setl_id: str) -> dict[str, Any] | None:
    """The joined row of a case; None where the year has none of that id."""
    found = closed.rows(ONE_CASE, {"setl_id": setl_id})
    return found[0] if found else None


def book_of(closed: Closed) -> Book:
    """What the steps of grouping read. Raises ReportError when neither run nor catalogue says how it grouped."""
    facts = closed.summary.get("facts") or (closed.saved.summary["facts"] if closed.saved else None)
    if facts is None:
        raise ReportError("结果中没有分组所用目录的说明：请用 --catalogue 指定目录文件夹")
    opening = next(iter(closed.small["values"]), {}).get("opening_value")
    summary = {**closed.summary, "facts": facts, "opening_point_value": opening}
    return Book(summary, closed.parameters, closed.names, closed.saved, closed.engine)


def close_steps(closed: Closed, case: Mapping[str, Any]) -> list[Step]:
    """All steps of a case: ``case`` is a row of `close_case`."""
    book = book_of(closed)
    gross = _plain(case)
    net = {**gross, "medfee_sumamt": case["medfee_sumamt"] - (case["excluded"] or 0)}
    if case["scope"] == "outside" or case["dx"] is None:
        return [*_insured(closed, book, case), *_not_priced(case)]
    grouped = case["dip_type"] != "ungrouped"
    return [
        *listed_steps(book, gross),
        *_insured(closed, book, case),
        *_excluded(book, case),
        *layer_steps(book, net),
        *([_aux(closed, book, case), *_scored(closed, book, case, net)] if grouped else []),
        _bucket(book, case),
        *_special(closed, book, case),
        _case_points(closed, book, case),
        *value_steps(closed, book, case),
        *month_step(closed, book, case),
        *clearing_steps(closed, book, case),
        *case_step(case, names_of(closed)),
    ]


def _plain(case: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the steps of grouping know it."""
    filled = {"dip_code", "hosp_lv", "px", "oprn_codes"}
    row = {name: "" if name in filled and value is None else value for name, value in case.items()}
    return {**row, "scope": case["scope_key"]}


def _insured(closed: Closed, book: Book, case: Mapping[str, Any]) -> list[Step]:
    home = case["insuplc_admdvs"] or closed.summary.get("city", "")
    parts = [("基金记账", case["booked"]), ("其他基金", case["other_funds"]), ("个人负担", case["patient"])]
    paid = "；".join(f"{label}{words.money(value or Decimal(0))}元" for label, value in parts)
    own_fund = f"{close_words.fund(case['fund_type'])}基金"
    said = {
        "local": f"参保地{home}，由本统筹区{own_fund}负担",
        "offsite": f"参保地{home}，同省其他统筹区：在本地入组计分，按本地结算点值计算，由参保地的{own_fund}"
        "负担，不占本地预算，分值不计入本地总分值",
        "outside": f"参保地{home}，外省：不按病种分值付费，只列明",
    }[case["scope"]]
    value = close_words.SCOPES[case["scope"]]
    keys = ("dip.offsite.in_province",) if case["scope"] == "offsite" else ()
    return [
        step_of(book, "险种和参保地", f"{close_words.fund(case['fund_type'])}，{value}", "", said, *keys),
        Step("结算时已记账", words.money(case["booked"] or Decimal(0)), "元", paid),
    ]


def _not_priced(case: Mapping[str, Any]) -> list[Step]:
    why = "跨省异地病例不按病种分值付费" if case["scope"] == "outside" else "这个病例没有计分"
    return [Step("按病种付费", "不适用", "", f"{why}，费用{words.money(case['medfee_sumamt'])}元按原渠道结算")]


def _excluded(book: Book, case: Mapping[str, Any]) -> list[Step]:
    excluded = case["excluded"] or Decimal(0)
    if not excluded:
        return []
    mode, fee = book.parameters.text("dip.exclusion.mode"), case["medfee_sumamt"]
    if mode == "add_on":
        points = words.points(case["addon_points"] or Decimal(0))
        detail = f"新药新技术费用留在病例内，另加分值{points}分"
        return [
            step_of(
                book, "新药新技术", words.money(excluded), "元", detail, "dip.exclusion.mode", "dip.exclusion.addon_k"
            )
        ]
    paid = (excluded * case["booked"] / fee).quantize(_CENT, ROUND_HALF_UP) if fee else Decimal(0)
    detail = (
        f"除外支付目录内的费用不进入病种费用：病种费用{words.money(fee)} − {words.money(excluded)} = "
        f"{words.money(fee - excluded)}元；除外部分按项目支付 {words.money(excluded)} × "
        f"记账{words.money(case['booked'])} ÷ 总费用{words.money(fee)} = {words.money(paid)}元"
    )
    return [
        step_of(book, "除外费用", words.money(excluded), "元", detail, "dip.exclusion.mode", "dip.exclusion.charge")
    ]


def _scored(closed: Closed, book: Book, case: Mapping[str, Any], net: Mapping[str, Any]) -> list[Step]:
    points = points_step(book, net)
    if (listed_as := case["list_kind"]) in ("day", "bed_day", "tcm"):
        unit = "，每日分值 × 住院天数" if listed_as == "bed_day" else ""
        listed = f"按{close_words.BUCKETS[listed_as]}清单的分值{unit}；清单没有写分值的，按历史同类病例测算"
        points = step_of(book, "病种分值", words.points(case["group_points"]), "分", listed, *_LOCAL_KEYS[listed_as])
    told = [] if case["deviation_type"] == EXEMPT else [standard_step(book, net), deviation_step(book, net)]
    return [points, *told, _coefficient(closed, book, case)]


_LOCAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "day": ("dip.day.max_days",), "bed_day": ("dip.bed_day.min_days",), "tcm": ("dip.tcm.min_share",),
    "primary": ("dip.primary.max_cv", "dip.primary.min_share"),
}  # fmt: skip


def _aux(closed: Closed, book: Book, case: Mapping[str, Any]) -> Step:
    """Which auxiliary type the case has, or why it has none."""
    keys = ("dip.aux.kinds", "dip.aux.min_group_cases", "dip.aux.min_type_cases", "dip.aux.min_cv", "dip.aux.min_drop",
            "dip.aux.floor")  # fmt: skip
    types = [row for row in closed.parts.get("aux_type", ()) if row["dip_code"] == case["dip_code"]]
    offered = "；".join(
        f"{close_words.AUX_KINDS.get(row['aux_kind'], row['aux_kind'])}“{row['aux_type']}”系数"
        f"{Decimal(row['coefficient']) / 10**4:.4f}" for row in types
    )  # fmt: skip
    if case["aux_kind"]:
        kind = close_words.AUX_KINDS.get(case["aux_kind"], case["aux_kind"])
        floor = book.parameters.text("dip.aux.floor")
        least = f"，不低于下限{floor}" if floor else ""
        detail = f"命中{kind}“{case['aux_type']}”：该型上年例均费用 ÷ 本病种上年例均费用{least}。"
        detail += "符合几个分型时取触发系数最高的"
        return step_of(book, "辅助分型", f"{case['aux']:.4f}", "倍",
                       detail + (f"。本病种设有：{offered}" if offered else ""), *keys)  # fmt: skip
    if case["list_kind"]:
        why = f"{close_words.BUCKETS[case['list_kind'].removesuffix('_care')]}不设辅助分型"
    elif case["dip_type"] != "core":
        why = "只有核心病种设辅助分型"
    elif offered:
        why = f"本病种设有：{offered}；本例都不符合"
    else:
        why = "本病种没有达到条件的辅助分型（病例数、变异系数及其降幅）"
    return step_of(book, "辅助分型", "不适用", "", why, *keys)


def _coefficient(closed: Closed, book: Book, case: Mapping[str, Any]) -> Step:
    """基本系数 by level plus each add-on of the institution."""
    value = f"{case['coefficient']:.4f}"
    if case["list_kind"] == "primary_care":
        return step_of(
            book, "医疗机构系数", value, "倍", "基层病种同病同价，各级医疗机构系数都为1", *_LOCAL_KEYS["primary"]
        )
    items = closed.of("addon_items", fixmedins_code=case["fixmedins_code"])
    told = [
        f"{close_words.ADDONS.get(row['item'], row['item'])}（{_measure(row['measure'])}）加{row['add']:.4f}"
        for row in items
        if row["add"]
    ]
    base = case["base_coefficient"] if case["base_coefficient"] is not None else Decimal(1)
    level = words.LEVELS[case["hosp_lv"] or ""]
    addon = case["coefficient"] - base
    detail = f"{level}基本系数{base:.4f} + 加成系数{addon:.4f}"
    detail += f"：{'、'.join(told)}" if told else "：没有达到加成标准的项目"
    if told and total(items, "add") > addon:
        detail += "；合计超过上限，取上限"
    return step_of(
        book, "医疗机构系数", value, "倍", detail, "dip.coef.method", "dip.coef.addons", "dip.coef.addon_cap"
    )


def _measure(text: str | None) -> str:
    return text if text else "—"


def _bucket(book: Book, case: Mapping[str, Any]) -> Step:
    code = case["bucket"]
    keys = _LOCAL_KEYS.get(code, ())
    return step_of(
        book, "计分类别", close_words.BUCKETS.get(code, code), "", close_words.BUCKET_RULES.get(code, ""), *keys
    )


def _special(closed: Closed, book: Book, case: Mapping[str, Any]) -> list[Step]:
    row: Row | None = closed.one("special", setl_id=case["setl_id"])
    keys = ("dip.special_review.quota", "dip.special_review.min_multiple", "dip.special_review.los_multiple",
            "dip.special_review.order")  # fmt: skip
    if row is None:
        return [step_of(book, "特例单议", "没有申请", "", "", *keys[:1])]
    detail = f"申请情形：{close_words.REASONS.get(row['review_reason'], row['review_reason'])}"
    if row["multiple"] is not None:
        detail += f"；费用{words.money(row['fee'])}元，是按年初点值计的支付标准的{row['multiple']:.4f}倍"
    outcome = row["outcome"]
    detail += f"；{close_words.SPECIAL_WHY.get(outcome, '')}"
    if outcome == "granted" and row["added"] is not None:
        detail += f"，比按病种付费多{words.money(row['added'])}元"
    return [step_of(book, "特例单议", close_words.SPECIAL.get(outcome, outcome), "", detail, *keys)]


def _case_points(closed: Closed, book: Book, case: Mapping[str, Any]) -> Step:
    value, addon = words.points(case["case_points"]), case["addon_points"] or Decimal(0)
    if case["special"] == "granted":
        detail = f"按特例单议评审结果计分；按病种为{words.points(case['plain_points'])}分"
        if case["case_points"] == case["plain_points"]:
            detail = "特例单议评审的分值不高于按病种的分值，仍按病种计分"
        return step_of(book, "病例分值", value, "分", detail, "dip.special_review.reasons")
    if case["dip_type"] == "ungrouped":
        facts, k = book.facts, book.parameters.text("dip.ungrouped.k")
        unit = words.money((Decimal(int(facts["unit_fee_micro"])) / 10**6).quantize(_CENT, ROUND_HALF_UP))
        fee = words.money(case["medfee_sumamt"] - (case["excluded"] or 0))
        detail = f"未入组的暂定分值：{fee}元 ÷ 基准费用{unit}元 × {facts['score_scale']} × {k}"
        return step_of(book, "病例分值", value, "分", detail, "dip.ungrouped.k")
    parts = [words.points(case["group_points"])]
    parts += [f"辅助分型{case['aux']:.4f}"] if case["aux_kind"] else []
    parts += [f"偏差{case['deviation']:.6f}"] if case["deviation_type"] != EXEMPT else []
    parts += [f"机构系数{case['coefficient']:.4f}"]
    detail = f"{' × '.join(parts)}，按未舍入的数相乘，在此四舍五入一次"
    if case["deviation_type"] == "low" and book.parameters.text("dip.deviation.low_rule") == "cost_over_standard":
        opening = book.summary["opening_point_value"]
        detail = f"费用偏低，按实际费用计分：费用 ÷ 年初点值{named(str(opening), '元/分')}"
    return Step("病例分值", value, "分", detail + (f"；另加新药新技术{words.points(addon)}分" if addon else ""))
