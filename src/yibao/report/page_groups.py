"""The catalogue and the deviations: which groups there are, what they cost, which cases stray from their standard."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from yibao.report import queries, words
from yibao.report.drawings import cv_histogram, fee_boxes, ratio_histogram, shares
from yibao.report.grid import Grid, columns
from yibao.report.names import Names
from yibao.report.result import Result

TOP_GROUPS = 30
STEADY, LOOSE = 0.7, 1.0
"""CV limits that the 3.0 draft names as examples; shown as lines, nothing hangs on them."""
ENOUGH = 5
"""Groups with fewer cases have no meaningful spread. A choice of display, not a rule."""


def catalogue(result: Result, names: Names, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Section 3: groups by type, the weightiest groups, the spread inside groups, fees by type."""
    by_type = result.rows(queries.TYPES)
    used = result.rows(queries.GROUPS)
    steady = [row for row in used if row["cases"] >= ENOUGH and row["cv"] is not None]
    covered = sum(row["cases"] for row in steady)
    calm = sum(row["cases"] for row in steady if row["cv"] <= STEADY)
    loose = sum(1 for row in steady if row["cv"] > LOOSE)
    return {
        "types": _type_grid(result, by_type, whole),
        "top": _group_grid(result, used[:TOP_GROUPS], names, whole),
        "coverage": shares("types", "各类病种占病种、病例、费用和支付的比例", "type", _type_shares(result, by_type)),
        "fees": fee_boxes(by_type),
        "cv": cv_histogram(
            [row["cv"] for row in steady], {STEADY: "0.7", LOOSE: "1.0"},
            f"本期病例不足{ENOUGH}例的病种不计。CV为标准差除以平均数，是统计描述，不影响支付；0.7和1.0为3.0版征求意见稿举例的界限。",
        ),
        "calm": words.percent(words.ratio(calm, covered), 1),
        "loose": words.count(loose),
    }  # fmt: skip


def _type_shares(result: Result, by_type: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    learned = {code: float(n) for code, n in result.saved.summary["groups_by_type"].items()}
    return {
        "病种": learned,
        "病例": {row["dip_type"]: float(row["cases"]) for row in by_type},
        "费用": {row["dip_type"]: float(row["fee"]) for row in by_type},
        "支付": {row["dip_type"]: float(row["pay"]) for row in by_type},
    }


def _type_grid(result: Result, by_type: list[dict[str, Any]], whole: Mapping[str, Any]) -> Grid:
    learned: Mapping[str, int] = result.saved.summary["groups_by_type"]
    history: Mapping[str, int] = result.saved.summary["cases_by_type"]
    found = {row["dip_type"]: row for row in by_type}
    rows = []
    for code in (code for code in words.TYPES if code in learned or code in found):
        row = found.get(code, {"groups": 0, "cases": 0, "fee": Decimal(0), "pay": Decimal(0)})
        rows.append((
            words.TYPES[code], words.count(learned.get(code, 0)), words.count(history.get(code, 0)),
            words.count(0 if code == "ungrouped" else row["groups"]), words.count(row["cases"]),
            words.percent(words.ratio(row["cases"], whole["cases"])), words.money(row["fee"]),
            words.percent(words.ratio(row["fee"], whole["fee"])), words.money(row["pay"]),
        ))  # fmt: skip
    total = ("合计", words.count(sum(learned.values())), words.count(sum(history.values())),
             words.count(whole["groups_used"]), words.count(whole["cases"]), "100.00%", words.money(whole["fee"]),
             "100.00%", words.money(whole["pay"]))  # fmt: skip
    return Grid("各类病种的数量和覆盖", "病种 个，病例 例，金额 元，占比 %",
                columns("病种类型* 目录病种数 历史病例 本期用到病种 本期病例 病例占比 医疗总费用 费用占比 支付金额"),
                rows, total)  # fmt: skip


def _group_grid(result: Result, used: list[dict[str, Any]], names: Names, whole: Mapping[str, Any]) -> Grid:
    rows = []
    for row in used:
        known = result.groups[row["dip_code"]]
        means = [_yuan(known[name]) for name in ("mean_fee", "mean_fee_lv1", "mean_fee_lv2", "mean_fee_lv3")]
        rows.append((
            f"{row['dip_code']}\n{names.group(known)}", words.TYPES[row["dip_type"]], words.count(row["cases"]),
            words.points(Decimal(known["points"]) / 10**4), *(words.whole_yuan(mean) for mean in means),
            words.whole_yuan(row["mean_fee"]), words.number(row["cv"], 2),
            words.percent(words.ratio(row["points"], whole["points"])),
        ))  # fmt: skip
    part = words.percent(words.ratio(sum(row["points"] for row in used), whole["points"]), 1)
    return Grid(f"分值总量最大的{len(used)}个病种", "病例 例，分值 分，费用 元，CV 无单位，占比 %",
                columns("病种* 类型* 本期病例 病种分值 历史例均 一级例均 二级例均 三级例均 本期例均 CV 占总分值"), rows,
                note=f"按本期病例分值之和排序，合计占总分值的{part}。历史例均为按年权重加权、裁剪后的例均费用，"
                     "各等级例均供比较，—表示该等级没有历史病例。")  # fmt: skip


def _yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen) / 100


def deviations(result: Result, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Section 4: how many cases stray from their standard, and what that does to points and pay."""
    found = {row["deviation_type"]: row for row in result.rows(queries.DEVIATIONS)}
    order = [code for code in words.DEVIATIONS if code in found]
    rows = [
        (words.DEVIATIONS[code], words.count(found[code]["cases"]),
         words.percent(words.ratio(found[code]["cases"], whole["cases"])), words.money(found[code]["fee"]),
         words.percent(words.ratio(found[code]["fee"], whole["fee"])), words.short_points(found[code]["points"]),
         words.percent(words.ratio(found[code]["points"], whole["points"])), words.money(found[code]["pay"]),
         words.percent(words.ratio(found[code]["pay"], found[code]["fee"])))
        for code in order
    ]  # fmt: skip
    total = ("合计", words.count(whole["cases"]), "100.00%", words.money(whole["fee"]), "100.00%",
             words.short_points(whole["points"]), "100.00%", words.money(whole["pay"]),
             words.percent(words.ratio(whole["pay"], whole["fee"])))  # fmt: skip
    measures = {
        label: {code: float(row[name]) for code, row in found.items()}
        for label, name in (("病例", "cases"), ("费用", "fee"), ("分值", "points"))
    }
    heads = columns("类别* 病例数 病例占比 医疗总费用 费用占比 病例分值 分值占比 支付金额 支付费用比")
    thin = result.engine.fetch(queries.THIN_STANDARDS, {"enough": ENOUGH}).to_pylist()[0]
    return {
        "enough": ENOUGH, "thin": words.count(thin["cases"]), "thin_extreme": words.count(thin["extreme"]),
        "thin_share": words.percent(words.ratio(thin["cases"], whole["cases"]), 1),
        "grid": Grid("费用偏差类别", "病例 例，金额 元，分值 分，占比 %", heads, rows, total),
        "shares": shares("deviations", "费用偏差病例占病例、费用和分值的比例", "deviation", measures),
        "ratio": ratio_histogram(result.rows(queries.RATIOS), _limits(result),
                                 "虚线为费用偏低、偏高、极高的界限；标准是历史例均费用，取法见第七节。未入组病例没有标准，不在图中。"),
        "low": _share(found, "low", whole), "high": _share(found, "high", whole),
        "extreme": _share(found, "extreme", whole),
    }  # fmt: skip


def _share(found: Mapping[str, Mapping[str, Any]], code: str, whole: Mapping[str, Any]) -> str:
    return words.percent(words.ratio(found[code]["cases"], whole["cases"]) if code in found else 0.0, 1)


def _limits(result: Result) -> dict[float, str]:
    named = (("dip.deviation.low", "偏低"), ("dip.deviation.high", "偏高"), ("dip.deviation.extreme", "极高"))
    return {float(at): f"{word} {at}倍" for key, word in named if (at := result.parameters.decimal(key)) is not None}
