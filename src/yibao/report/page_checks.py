"""The second half of the page: what was rejected, how each figure comes about, and whether the totals close."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from yibao.kernel import Severity
from yibao.report import queries, words
from yibao.report.grid import Grid, columns
from yibao.report.names import Names
from yibao.report.parameters import Used
from yibao.report.result import Result
from yibao.standard import FIELDS
from yibao.tables import FAULTS

MOST_UNGROUPED = 20
_CAUSES = {
    "barred": ("主要诊断在排除清单中，不能作主要诊断", "按主要诊断选择原则核对编码，改正后重新上传"),
    "unlearned": (
        "符合规则表中的病种，但该病种没有历史病例，没有分值",
        "在目录中补充该病种的历史病例，或由专家评议分值",
    ),
    "none": (
        "目录里没有相应的核心、综合病种，章节兜底也没有",
        "核对编码；编码无误的，补充历史病例后重建目录，或提请评议定分",
    ),
}


class Check(NamedTuple):
    """Two figures that must be equal, as numbers and as text."""

    label: str
    left: str
    right: str
    difference: str
    closes: bool


def problems(result: Result, names: Names, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Section 6: rejected rows, remarks and repairs by cause, ungrouped cases by cause, columns that were missing."""
    faults: Mapping[str, int] = result.summary["faults"]
    rejected = [(code, n) for code, n in faults.items() if FAULTS[code].severity is Severity.ERROR]
    others = [(code, n) for code, n in faults.items() if FAULTS[code].severity is not Severity.ERROR]
    rows = [(_plain(FAULTS[code].message), words.count(n), _plain(FAULTS[code].cause), _plain(FAULTS[code].next_step))
            for code, n in sorted(rejected, key=lambda one: (-one[1], one[0]))]  # fmt: skip
    noted = [(_plain(FAULTS[code].message), words.count(n), FAULTS[code].severity.label, _plain(FAULTS[code].cause))
             for code, n in sorted(others, key=lambda one: (-one[1], one[0]))]  # fmt: skip
    missing = [
        (FIELDS[name].label if name in FIELDS else name, name, words.SWITCHED_OFF.get(name, "定价不用这一列，没有影响"))
        for name in result.summary["missing_optional"]
    ]
    return {
        "rejected": Grid("拒收的行，按原因", "行", columns("问题* 行数 常见原因* 下一步*"), rows,
                         note="一行可有多个问题，各原因之和可大于拒收行数。逐行清单见结果文件夹的 rejected.xlsx。"),
        "noted": Grid("提醒和自动整理（病例照常参与定价）", "行", columns("情况* 行数 性质* 说明*"), noted),
        "missing": Grid("病例文件没有的选填列", "列", columns("列* 字段名* 影响*"), missing),
        "ungrouped": _ungrouped(result, names, whole),
    }  # fmt: skip


def _plain(text: str) -> str:
    """A fault's message without the place of one row's details."""
    return text.format(label="某列", value="", detail="").replace("（）", "").replace("（入院 ）", "").rstrip("：")


def _ungrouped(result: Result, names: Names, whole: Mapping[str, Any]) -> Grid:
    found = result.rows(queries.UNGROUPED)
    rows = []
    for row in found[:MOST_UNGROUPED]:
        cause, step = _CAUSES[row["scope"]]
        dx = f"{row['dx']} {names.diagnosis(row['dx'])}".strip()
        rows.append((dx, row["px_kind"], words.count(row["cases"]), words.money(row["fee"]), words.money(row["pay"]),
                     cause, step))  # fmt: skip
    more = sum(row["cases"] for row in found[MOST_UNGROUPED:])
    total = ("合计", "", words.count(whole["ungrouped"]), words.money(sum((row["fee"] for row in found), Decimal(0))),
             words.money(sum((row["pay"] for row in found), Decimal(0))), "", "")  # fmt: skip
    note = f"另有{words.count(more)}例分散在其他类目，见 trail.parquet。" if more else ""
    heads = columns("主要诊断类目* 治疗方式* 病例数 医疗总费用 支付金额 原因* 下一步*")
    return Grid("未入组的病例", "病例 例，金额 元", heads, rows, total, note)


def workings(result: Result) -> dict[str, Any]:
    """Section 7: the formulas with this run's figures, the history, the coefficients and the parameters."""
    facts, summary = result.facts, result.summary
    fee, worth = _weighted(result)
    history = [
        (str(year), str(weight), words.count(cases), words.money(one_fee), words.points(one_worth))
        for year, weight, cases, one_fee, one_worth in _years(result)
    ]
    return {
        "unit": words.money((Decimal(int(facts["unit_fee_micro"])) / 10**6).quantize(Decimal("0.01"))),
        "scale": words.count(facts["score_scale"]),
        "method": words.VALUES.get(facts["score_method"], facts["score_method"]),
        "base": facts["base_disease"],
        "pool_mean": words.money(Decimal(int(facts["pool_mean_fee_fen"])) / 100),
        "core_min": words.count(facts["core_min"]),
        "core_chars": result.parameters.text("dip.dx_chars.core"),
        "weighted_fee": words.money(fee), "weighted_points": words.points(worth),
        "budget": words.money(result.figure("budget")), "total_points": words.points(result.figure("total_points")),
        "point_value": f"{result.figure('point_value'):,.4f}",
        "opening": f"{result.figure('opening_point_value'):,.4f}",
        "history": Grid("年初点值的来历", "病例 例，费用 元，分值 分",
                        columns("出院年度* 权重 历史病例 医疗总费用 病种分值合计"), history,
                        ("加权合计", "", "", words.money(fee), words.points(worth))),
        "levels": _coefficients(result), "has_levels": bool(result.levels),
        "coefficient_rule": _COEFFICIENT_RULES[result.parameters.text("dip.coef.method")],
        "parameters": parameter_grid(result.parameters.all()),
        "deviation_rules": _deviation_rules(result),
        "ungrouped_k": summary["ungrouped"] and result.parameters.text("dip.ungrouped.k"),
    }  # fmt: skip


def _years(result: Result) -> list[tuple[int, int, int, Decimal, Decimal]]:
    """Year, weight, cases, fee in 元 and points in 分 of the history."""
    weights = {int(year): weight for year, weight in result.facts["years"].items()}
    return [
        (row["year"], weights.get(row["year"], 0), int(row["cases"]), Decimal(row["fee"]) / 100,
         Decimal(row["points"]) / 10**4)
        for row in result.rows(queries.HISTORY)
    ]  # fmt: skip


def _weighted(result: Result) -> tuple[Decimal, Decimal]:
    """The weighted sums of fees and points, whose quotient is the opening point value."""
    years = _years(result)
    fee = sum((weight * one for _, weight, _, one, _ in years), Decimal(0))
    return fee, sum((weight * one for _, weight, _, _, one in years), Decimal(0))


def _coefficients(result: Result) -> Grid | None:
    if not result.levels:
        return None
    method = result.parameters.text("dip.coef.method")
    if method not in ("level_ratio", "case_mix_ratio"):
        return None
    pool = int(result.facts["pool_mean_fee_fen"])
    parts = {
        level: (row["mean_fee"], pool) if method == "level_ratio" else (row["fee_own"], row["fee_usual"])
        for level, row in result.levels.items()
    }
    rows = [
        (words.LEVELS[level], *(words.money(Decimal(part) / 100) for part in parts[level]),
         f"{Decimal(row[method]) / 10**4:.4f}") for level, row in sorted(result.levels.items())
    ]  # fmt: skip
    heads = {
        "level_ratio": "等级* 历史加权例均费用 全市加权例均费用 系数",
        "case_mix_ratio": "等级* 历史费用 同样病例按全市病种例均费用计 系数",
    }[method]
    return Grid("医疗机构等级系数", "费用 元，系数 倍", columns(heads), rows)


_COEFFICIENT_RULES = {
    "level_ratio": "本等级历史加权例均费用 ÷ 全市历史加权例均费用",
    "case_mix_ratio": "本等级历史费用 ÷ 同样的病例按全市各病种例均费用计的费用（病例轻重已计入病种分值，不重复计算）",
    "table": "按政策参数的等级系数表",
    "none": "1",
}


def _deviation_rules(result: Result) -> list[str]:
    """The rules of deviation in force, in words with their limits."""
    used = result.parameters
    low, high, extreme = (used.text(f"dip.deviation.{name}") for name in ("low", "high", "extreme"))
    said = []
    if used.text("dip.deviation.low_rule") == "cost_over_mean":
        said.append(f"费用低于标准的{low}倍：病例分值 = 病种分值 × 机构系数 ×（费用 ÷ 标准）。")
    if used.text("dip.deviation.low_rule") == "cost_over_standard":
        said.append(f"费用低于同级支付标准的{low}倍：病例分值 = 费用 ÷ 年初点值，即按实际费用计分。")
    if used.text("dip.deviation.high_rule") == "excess":
        said.append(f"费用高于标准的{high}倍：病例分值 = 病种分值 × 机构系数 ×（费用 ÷ 标准 − {high} + 1）。")
    if used.text("dip.deviation.high_rule") == "flag":
        said.append(f"费用达到同级支付标准的{high}倍：分值不变，可以申请特例单议。")
    if extreme:
        said.append(f"费用高于标准的{extreme}倍：标为费用极高，提交专家评议；评议之前按费用偏高的办法计分。")
    return [*said, "其余病例：病例分值 = 病种分值 × 机构系数。"]


def parameter_grid(found: list[Used]) -> Grid:
    """Every parameter with its value, grade and source."""
    rows = [(f"{one.label}\n{one.key}", one.value, one.grade + ("" if one.verified else "（未经核实）"), one.source)
            for one in found]  # fmt: skip
    return Grid("本结果使用的参数", "各参数自带单位", columns("参数* 值* 等级* 来源*"), rows)


def checks(result: Result, whole: Mapping[str, Any]) -> list[Check]:
    """Section 8: identities between the folders' files and the summary; every one must close."""
    summary = result.summary
    hospital = result.engine.fetch(
        "SELECT sum(cases) AS cases, sum(case_points) AS points, sum(pay) AS pay FROM hospitals"
    ).to_pylist()[0]
    priced = Decimal(int(summary["priced"]))
    cases = {
        "读入病例 = 定价病例 + 拒收病例（例）": (summary["cases"], priced + int(summary["rejected"])),
        "定价病例 = 逐例结果的行数（例）": (priced, result.engine.count("priced")),
        "定价病例 = 逐例依据的行数（例）": (priced, result.engine.count("trail")),
        "定价病例 = 各机构病例之和（例）": (priced, hospital["cases"]),
        "定价病例 = 各偏差类别病例之和（例）": (priced, sum(summary["cases_by_deviation"].values())),
        "未入组病例 = 逐例依据中未入组的病例（例）": (summary["ungrouped"], whole["ungrouped"]),
    }
    points, pay = result.figure("total_points"), result.figure("total_pay")
    rows = [_check(label, Decimal(a), Decimal(b), words.count) for label, (a, b) in cases.items()]
    rows += [
        _check("总分值 = 各病例分值之和（分）", points, whole["points"], words.points),
        _check("总分值 = 各机构分值之和（分）", points, hospital["points"], words.points),
        _check("预算 = 支付合计（元）", result.figure("budget"), pay, words.money),
        _check("支付合计 = 各病例支付之和（元）", pay, whole["pay"], words.money),
        _check("支付合计 = 各机构支付之和（元）", pay, hospital["pay"], words.money),
    ]
    fee, worth = _weighted(result)
    opening = (fee / worth).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    label = "年初点值 = 历史费用加权 ÷ 历史分值加权（元/分）"
    return [*rows, _check(label, result.figure("opening_point_value"), opening, words.points)]


def _check(label: str, left: Decimal, right: Decimal, text: Callable[[Decimal], str]) -> Check:
    return Check(label, text(left), text(right), text(left - right), left == right)


def check_grid(found: list[Check]) -> Grid:
    """The checks as a table."""
    rows = [(one.label, one.left, one.right, one.difference, "相符" if one.closes else "不符") for one in found]
    return Grid("总数核对", "见各行", columns("核对* 左边 右边 差额 结果*"), rows)
