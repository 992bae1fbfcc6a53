"""The first half of the page: the headline, how the money flowed, and the months."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from yibao.report import queries, words
from yibao.report.drawings import months, ranked, scatter
from yibao.report.grid import Grid, columns
from yibao.report.names import Names
from yibao.report.result import Result

TOP = 20
RANKED = 15
ENDS = 10
FEW_CASES = 30
"""Hospitals with fewer cases are left out of comparisons: chance rules their ratios. A choice of display, no rule."""
MOST_DOTS = 300
WIDE_GAP = 0.2
"""A difference of pay over fee between levels that deserves a remark. A choice of display, not a rule."""


class Card(NamedTuple):
    """A headline figure: what it is, the figure with its unit, an exact or second figure, and what it means."""

    label: str
    value: str
    second: str
    meaning: str


class Hospital(NamedTuple):
    """A hospital's part of the run, with its statistics."""

    code: str
    level: str
    cases: int
    fee: Decimal
    points: Decimal
    pay: Decimal
    cmi: Decimal | None
    cost_index: float | None

    @property
    def share(self) -> float | None:
        """支付费用比: pay over fee."""
        return words.ratio(self.pay, self.fee)


def totals(result: Result) -> dict[str, Any]:
    """The sums over all priced cases."""
    return result.rows(queries.TOTALS)[0]


def cards(result: Result, whole: Mapping[str, Any]) -> list[Card]:
    """The headline figures."""
    facts = result.summary
    pay, budget = result.figure("total_pay"), result.figure("budget")
    closing, opening = result.figure("point_value"), result.figure("opening_point_value")
    grouped = words.ratio(whole["cases"] - whole["ungrouped"], whole["cases"])
    other = len(result.groups) - facts["groups_core"] - facts["groups_composite"]
    shift = words.ratio(closing - opening, opening)
    return [
        Card("预算", words.large(budget), f"{words.money(budget)} 元", "本次分配给全部病例的金额。"),
        Card("支付合计", words.large(pay), f"与预算差额 {words.money(pay - budget)} 元",
             "各病例支付金额之和，按分值精确分配，应与预算分毫不差。"),
        Card("结算点值", f"{closing:,.4f} 元/分", f"年初点值 {opening:,.4f} 元/分，差异率 {words.percent(shift)}",
             "预算除以总分值。低于年初点值，说明分值总量比预算增长得快。"),
        Card("医疗总费用", words.large(whole["fee"]), f"支付费用比 {words.percent(words.ratio(pay, whole['fee']))}",
             "定价病例的费用之和。预算如只含统筹基金，支付费用比低于100%属正常。"),
        Card("病例", f"{words.count(facts['priced'])} 例定价",
             f"读入 {words.count(facts['cases'])}，拒收 {words.count(facts['rejected'])} 例",
             "拒收的病例没有参与分配，原因见第六节。"),
        Card("入组率", words.percent(grouped), f"未入组 {words.count(whole['ungrouped'])} 例",
             "进入某个病种的病例占定价病例的比例。未入组病例按暂定分值计。"),
        Card("病种", f"{words.count(len(result.groups))} 个",
             f"核心 {words.count(facts['groups_core'])}，综合 {words.count(facts['groups_composite'])}"
             + (f"，其他 {words.count(other)}" if other else ""),
             f"由历史病例建立的目录；本期用到 {words.count(whole['groups_used'])} 个。"),
        Card("总分值", words.large(result.figure("total_points"), "分"),
             f"{words.points(result.figure('total_points'))} 分；"
             f"例均 {words.short_points(whole['points'] / whole['cases'])} 分",
             "经费用偏差和机构系数调整后的分值之和。"),
        Card("病例组合指数 CMI", f"{words.number(facts['cmi'])} 倍", "入组病例平均分值 ÷ 分值放大倍数",
             "病例的平均难度；大于1，说明平均重于1个基准。"),
        Card("组间变异解释 RIV", words.percent(facts["riv"]), f"样本外 R² {words.percent(facts['r2'])}",
             "病种能解释多少费用差异，越高说明分组越合理；R²另考核历史分值对本期费用的预测。"),
    ]  # fmt: skip


def gap(result: Result) -> dict[str, str]:
    """What the points would have cost at the opening value, against the budget."""
    budget, opening = result.figure("budget"), result.figure("opening_point_value")
    at_opening = result.figure("total_points") * opening
    shift = words.ratio(result.figure("point_value") - opening, opening) or 0.0
    return {
        "at_opening": words.large(at_opening),
        "difference": words.large(abs(at_opening - budget)),
        "direction": "少" if budget < at_opening else "多",
        "shift": f"{abs(shift):.1%}",
        "moved": "低" if shift < 0 else "高",
    }


def hospitals(result: Result) -> list[Hospital]:
    """Every hospital, by pay from the largest; CMI as pricing wrote it."""
    cmi = {row["fixmedins_code"]: row["cmi"] for row in result.engine.fetch("SELECT * FROM hospitals").to_pylist()}
    return [
        Hospital(row["fixmedins_code"], row["hosp_lv"], row["cases"], row["fee"], row["points"], row["pay"],
                 cmi.get(row["fixmedins_code"]), row["cost_index"])
        for row in result.rows(queries.HOSPITALS)
    ]  # fmt: skip


def level_grid(result: Result, whole: Mapping[str, Any]) -> Grid:
    """The money by level of hospital."""
    scale = int(result.facts["score_scale"])
    rows = [
        (words.LEVELS[row["hosp_lv"]], words.count(row["hospitals"]), words.count(row["cases"]),
         words.money(row["fee"]), words.money(row["pay"]), words.percent(words.ratio(row["pay"], whole["pay"])),
         words.percent(words.ratio(row["pay"], row["fee"])), words.whole_yuan(row["pay"] / row["cases"]),
         words.number(row["group_points"] / row["grouped"] / scale if row["grouped"] else None))
        for row in result.rows(queries.LEVELS)
    ]  # fmt: skip
    total = ("合计", words.count(whole["hospitals"]), words.count(whole["cases"]), words.money(whole["fee"]),
             words.money(whole["pay"]), "100.00%", words.percent(words.ratio(whole["pay"], whole["fee"])),
             words.whole_yuan(whole["pay"] / whole["cases"]), words.number(result.summary["cmi"]))  # fmt: skip
    return Grid("各等级医疗机构的支付", "机构 个，病例 例，金额 元，占比 %，CMI 倍",
                columns("等级* 机构数 病例数 医疗总费用 支付金额 支付占比 支付费用比 例均支付 CMI"), rows, total,
                _level_note(result))  # fmt: skip


def _level_note(result: Result) -> str:
    """A warning where level coefficients come from plain cost ratios and the levels fare very differently."""
    if result.parameters.text("dip.coef.method") != "level_ratio":
        return ""
    ratios = [float(row["pay"]) / float(row["fee"]) for row in result.rows(queries.LEVELS)]
    if max(ratios) - min(ratios) < WIDE_GAP:
        return ""
    return (
        "各等级的支付费用比相差较大。等级系数取自各等级例均费用之比，其中已含病例轻重的差别，病种分值又计一次轻重，"
        "两者叠加会拉大差距；正式使用前宜按同病种比较测算系数（参数 dip.coef.method）。"
    )


def hospital_grid(caption: str, found: Sequence[Hospital], names: Names, note: str = "") -> Grid:
    """Hospitals one a row."""
    rows = [
        (names.hospital(one.code), words.LEVELS[one.level], words.count(one.cases), words.money(one.fee),
         words.money(one.pay), words.percent(one.share), words.number(one.cmi), words.number(one.cost_index, 2))
        for one in found
    ]  # fmt: skip
    heads = columns("医疗机构* 等级* 病例数 医疗总费用 支付金额 支付费用比 CMI 费用消耗指数")
    return Grid(caption, "病例 例，金额 元，支付费用比 %，CMI和费用消耗指数 倍", heads, rows, note=note)


def money(result: Result, names: Names, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Section 2: levels, the largest hospitals, the ends of the scale, and the two charts."""
    found = hospitals(result)
    pool = words.ratio(whole["pay"], whole["fee"]) or 0.0
    many = [one for one in found if one.cases >= FEW_CASES and one.share is not None]
    ordered = sorted(many, key=lambda one: (one.share or 0.0, one.code))
    ends = min(ENDS, len(ordered) // 2)
    dots = [one for one in found if one.cmi is not None and one.share is not None]
    compared = [one for one in dots if one.cases >= FEW_CASES] or dots
    return {
        "levels": level_grid(result, whole),
        "top": hospital_grid(
            f"支付金额最多的{min(TOP, len(found))}家医疗机构", found[:TOP], names,
            "费用消耗指数：本机构病例费用与全市同病种例均费用之比的平均数，大于1说明同样的病花费更多。",
        ),
        "low": hospital_grid(f"支付费用比最低的{ends}家", ordered[:ends], names) if ends else None,
        "high": hospital_grid(f"支付费用比最高的{ends}家", ordered[::-1][:ends], names) if ends else None,
        "few": FEW_CASES,
        "left_out": words.count(len(found) - len(many)),
        "ranked": ranked([_dot(one, names) for one in found[:RANKED]]),
        "scatter": scatter(_labelled(compared[:MOST_DOTS], names), pool, _scatter_note(found, compared)),
        "pool": words.percent(pool),
    }  # fmt: skip


def _scatter_note(found: Sequence[Hospital], compared: Sequence[Hospital]) -> str:
    shown = min(len(compared), MOST_DOTS)
    note = "一点为一家医疗机构，点越大病例越多；虚线为全市平均支付费用比。只标出两端的机构，放不下的名称见下表。"
    if shown < len(found):
        note += f"图中为{shown}家：不足{FEW_CASES}例的机构受偶然因素影响大，未列入"
        note += f"；其余按支付金额取前{MOST_DOTS}家。" if len(compared) > MOST_DOTS else "。"
    return note


def _dot(one: Hospital, names: Names) -> dict[str, Any]:
    return {
        "name": names.hospital(one.code), "hosp_lv": one.level, "cases": one.cases, "cmi": float(one.cmi or 0),
        "share": one.share or 0.0, "pay": float(one.pay) / 10**4, "fee": float(one.fee) / 10**4,
    }  # fmt: skip


def _labelled(found: Sequence[Hospital], names: Names) -> list[dict[str, Any]]:
    """The dots, those to be named first: the ends of the ratio, the ends of the CMI, the largest."""
    by_share = sorted(found, key=lambda one: (one.share or 0.0, one.code))
    by_cmi = sorted(found, key=lambda one: (one.cmi or Decimal(0), one.code))
    wanted = [*by_share[:3], *by_share[::-1][:3], *by_cmi[::-1][:2], *by_cmi[:1], *found[:2]]
    codes = list(dict.fromkeys(one.code for one in wanted))
    rest = [one for one in found if one.code not in codes]
    by_code = {one.code: one for one in found}
    return [{**_dot(one, names), "label": True} for one in (by_code[code] for code in codes)] + [
        {**_dot(one, names), "label": False} for one in rest
    ]


def seasons(result: Result) -> dict[str, Any]:
    """Section 5: cases, fees and pay by month of discharge."""
    found = result.rows(queries.MONTHS)
    rows = [
        (f"{row['year']}-{row['month']:02d}", words.count(row["cases"]), words.money(row["fee"]),
         words.whole_yuan(row["fee"] / row["cases"]), words.short_points(row["points"]), words.money(row["pay"]),
         words.percent(words.ratio(row["pay"], row["fee"])))
        for row in found
    ]  # fmt: skip
    drawn = [{"month": f"{row['year']}-{row['month']:02d}", "cases": row["cases"],
              "mean_fee": float(row["fee"]) / row["cases"]} for row in found]  # fmt: skip
    least, most = min(found, key=lambda row: row["cases"]), max(found, key=lambda row: row["cases"])
    return {
        "grid": Grid("各月出院病例", "病例 例，金额 元，分值 分，支付费用比 %",
                     columns("出院月份* 病例数 医疗总费用 例均费用 病例分值 支付金额 支付费用比"), rows),
        "chart": months(drawn),
        "most": f"{most['year']}年{most['month']}月（{words.count(most['cases'])}例）",
        "least": f"{least['year']}年{least['month']}月（{words.count(least['cases'])}例）",
        "several": len(found) > 1,
    }  # fmt: skip
