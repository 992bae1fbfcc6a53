"""The DRG side of a closed year: the section of the page, its chart and checks, the sheet of a hospital, one case.

DRG stands beside DIP for comparison; nothing is paid by it. Every figure is a statistic but counts and fees.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import altair as alt

from yibao.kernel import Step
from yibao.report import words
from yibao.report.charts import INK, NARROW, Chart, Layers, chart, data, sized
from yibao.report.close_result import Closed, Row, total
from yibao.report.drawings import LEVEL_COLOURS, LEVEL_SHAPES
from yibao.report.grid import Grid, columns

TOP_GROUPS = 25
_LEAST_CASES = 10
"""Hospitals with fewer grouped cases have no dot: their indices are chance. A choice of display."""

STATUS = """
    SELECT coalesce(drg_status, '') AS status, count(*) AS cases, sum(medfee_sumamt) AS fee
    FROM cases GROUP BY coalesce(drg_status, '') ORDER BY cases DESC, status"""


def section(closed: Closed) -> dict[str, Any] | None:
    """The section of the page; None where the year was not put into DRGs."""
    facts = closed.summary.get("drg")
    if not facts:
        return None
    return {
        "lead": _lead(facts), "teaching": any(one["teaching"] for one in facts["schemes"]), "status": _status(closed),
        "hospitals": _hospitals(closed), "groups": _groups(closed), "chart": _chart(closed),
    }  # fmt: skip


def _lead(facts: Mapping[str, Any]) -> str:
    named = "；".join(f"{one['name']}（{one['first']}至{one['last']}出院）" for one in facts["schemes"])
    from_where = "由以前年度的病例测算" if facts["history"] else "没有以前年度的病例，由本年病例自己测算"
    return (
        f"分组方案：{named}。{words.count(facts['cases'])}例中{words.count(facts['grouped'])}例分组成功"
        f"（{_share(facts['grouped_share'])}），用到{words.count(facts['groups_used'])}个DRG；组间方差占比RIV "
        f"{_stat(facts['riv'])}，组内变异系数CV {_stat(facts['cv'])}（按病例数加权），CV大于1的"
        f"{words.count(facts['groups_cv_over_1'])}组。权重、平均住院日和死亡风险{from_where}。"
    )


def _stat(value: Any) -> str:
    return "—" if value is None else f"{value:.4f}"


def _share(value: Any) -> str:
    return "—" if value is None else f"{value:.1%}"


def _status(closed: Closed) -> Grid:
    found = closed.rows(STATUS)
    cases = sum(row["cases"] for row in found)
    rows = [
        (row["status"] or "没有分组", words.count(row["cases"]), words.percent(words.ratio(row["cases"], cases)),
         words.money(row["fee"])) for row in found
    ]  # fmt: skip
    whole = ("合计", words.count(cases), "", words.money(total(found, "fee")))
    return Grid("DRG分组的结果", "病例 例，占比 %，费用 元", columns("结果* 病例数 占比 医疗总费用"), rows, whole,
                "含异地参保的病例。未能分组的原因可用 yibao drg explain 逐例查看。")  # fmt: skip


def _hospitals(closed: Closed) -> Grid:
    ordered = sorted(closed.small["drg_hospitals"], key=lambda row: (-row["total_weight"], row["fixmedins_code"]))
    rows = [
        (closed.hospital(row["fixmedins_code"]), words.count(row["cases"]), words.count(row["groups"]),
         f"{row['total_weight']:,.2f}", *(_stat(row[name]) for name in ("cmi", "time_index", "cost_index")),
         words.count(row["low_risk_cases"]), words.count(row["low_risk_deaths"]), _share(row["low_risk_mortality"]))
        for row in ordered
    ]  # fmt: skip
    heads = columns(
        "医疗机构* 病例数 DRG组数 总权重 CMI 时间消耗指数 费用消耗指数 低风险组病例 低风险组死亡 低风险组死亡率"
    )
    return Grid(
        "各医疗机构的DRG指标（能力、效率、安全）", "病例、死亡 例，组 个，权重和指数 倍，死亡率 %", heads, rows,
        note="总权重从大到小。指数为1表示与同组病例的平均住院日（费用）相当，小于1表示较短（较省）。"
             "只含分组成功、参照里有权重的病例。",
    )  # fmt: skip


def _groups(closed: Closed) -> Grid:
    ordered = sorted(closed.small["drg_groups"], key=lambda row: (-row["cases"], row["drg"], row["scheme"]))
    rows = [
        (row["drg"], row["name"] or "—", words.count(row["cases"]), _stat(row["weight"]), words.money(row["mean_fee"]),
         _stat(row["cv"]), "—" if row["mean_days"] is None else f"{row['mean_days']:.2f}", words.count(row["deaths"]),
         row["risk"] or "—") for row in ordered[:TOP_GROUPS]
    ]  # fmt: skip
    left = (
        f"病例最多的{TOP_GROUPS}组，共{words.count(len(ordered))}组，全部在 close.xlsx。"
        if len(ordered) > TOP_GROUPS
        else ""
    )
    heads = columns("DRG* 名称* 病例数 权重 次均费用 CV 平均住院日 死亡 死亡风险*")
    return Grid("各DRG的病例和费用", "病例、死亡 例，权重 倍，费用 元，住院日 天", heads, rows, note=left)


def _chart(closed: Closed) -> Chart | None:
    levels = {row["fixmedins_code"]: str(row["hosp_lv"] or "") for row in closed.small["coefficients"]}
    rows = [
        {"level": levels.get(row["fixmedins_code"], ""), "time": row["time_index"], "cost": row["cost_index"],
         "等级": words.LEVELS.get(levels.get(row["fixmedins_code"], ""), "未定级"), "cases": row["cases"]}
        for row in closed.small["drg_hospitals"]
        if row["cases"] >= _LEAST_CASES and row["time_index"] is not None and row["cost_index"] is not None
    ]  # fmt: skip
    return indices(rows) if rows else None


def indices(rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Hospitals by time index and cost index, in four quarters: ``time, cost, cases, level, 等级``."""
    shown = [code for code in words.LEVELS if any(row["level"] == code for row in rows)]
    domain = [words.LEVELS[code] for code in shown]
    spans = [_span([row[name] for row in rows]) for name in ("time", "cost")]
    largest = max(row["cases"] for row in rows)

    def draw(width: int) -> Layers:
        ticks = 7 if width > NARROW else 4
        x, y = (
            alt.X("time:Q", title="时间消耗指数（倍）", scale=alt.Scale(domain=spans[0], nice=False, zero=False),
                  axis=alt.Axis(tickCount=ticks, format=".2f")),
            alt.Y("cost:Q", title="费用消耗指数（倍）", scale=alt.Scale(domain=spans[1], nice=False, zero=False),
                  axis=alt.Axis(tickCount=6, format=".2f")),
        )  # fmt: skip
        dots = alt.Chart(data(list(rows))).mark_point(filled=True, opacity=0.75).encode(
            x=x, y=y, size=alt.Size("cases:Q", scale=alt.Scale(domain=[0, largest], range=[20, 400]), legend=None),
            color=alt.Color("等级:N", scale=alt.Scale(domain=domain, range=[LEVEL_COLOURS[one] for one in shown])),
            shape=alt.Shape("等级:N", scale=alt.Scale(domain=domain, range=[LEVEL_SHAPES[one] for one in shown])),
        )  # fmt: skip
        at = data([{"at": 1.0}])
        upright = alt.Chart(at).mark_rule(color=INK, strokeDash=[5, 4]).encode(x="at:Q")
        level = alt.Chart(at).mark_rule(color=INK, strokeDash=[5, 4]).encode(y="at:Q")
        return sized(alt.layer(upright, level, dots), width, 340 if width > NARROW else 300)

    corners = {
        "住院较长、费用较高": sum(row["time"] > 1 and row["cost"] > 1 for row in rows),
        "住院较短、费用较省": sum(row["time"] <= 1 and row["cost"] <= 1 for row in rows),
    }
    said = "；".join(f"{name}的{count}家" for name, count in corners.items())
    note = f"一点为一家医疗机构，大小为病例数，分组成功不足{_LEAST_CASES}例的不画；虚线为1，即参照病例的平均。{said}。"
    return chart("drg", "同样的DRG，各医疗机构用了多少时间和费用", said, draw, note)


def _span(values: Sequence[float]) -> list[float]:
    low, high = min([*values, 1.0]), max([*values, 1.0])
    margin = (high - low) * 0.08 or 0.1
    return [max(0.0, low - margin), high + margin]


CASES = """
    SELECT count(*) AS cases, sum(CASE WHEN drg_status = '分组成功' THEN 1 ELSE 0 END) AS grouped,
        sum(medfee_sumamt) AS fee FROM cases"""


def identities(closed: Closed) -> Iterator[tuple[str, str, Any, Any]]:
    """Label, kind (``int`` or ``money``) and both sides of what must be equal."""
    if not closed.summary.get("drg"):
        return
    cells, groups, whole = closed.small["drg_cells"], closed.small["drg_groups"], closed.rows(CASES)[0]
    yield "DRG：各机构各组病例之和 = 全部病例（例）", "int", total(cells, "cases"), whole["cases"]
    yield "DRG：各机构各组费用之和 = 全部病例费用之和（元）", "money", total(cells, "fee"), whole["fee"]
    yield "DRG：各组病例之和 = 分组成功的病例（例）", "int", total(groups, "cases"), whole["grouped"]


def case_step(case: Mapping[str, Any], names: Mapping[str, str]) -> list[Step]:
    """Into which DRG a case falls; nothing where the year was not put into DRGs."""
    if not case.get("drg_status"):
        return []
    if case["drg_status"] != "分组成功":
        return [Step("DRG", case["drg_status"], "", "不影响DIP付费；原因可用 yibao drg explain 查看")]
    name = names.get(case["drg"], "")
    weight = "参照里没有这个组，没有权重" if case["drg_weight"] is None else f"权重{case['drg_weight']:.4f}"
    detail = f"大类{case['mdc']}，ADRG {case['adrg']}{'，' + name if name else ''}；{weight}。只作对照，不影响DIP付费"
    return [Step("DRG", case["drg"], "", detail)]


def names_of(closed: Closed) -> dict[str, str]:
    """The names of the year's DRGs by code."""
    return {row["drg"]: row["name"] or "" for row in closed.small["drg_groups"]}


class HospitalDrg:
    """What the DRG sheets of all hospitals share; ``sheet`` gives the values of one."""

    def __init__(self, closed: Closed) -> None:
        self._hospitals = {row["fixmedins_code"]: row for row in closed.small["drg_hospitals"]}
        self._groups = {(row["scheme"], row["drg"]): row for row in closed.small["drg_groups"]}
        self._cells: dict[str, list[Row]] = {}
        for row in closed.small["drg_cells"]:
            self._cells.setdefault(row["fixmedins_code"], []).append(row)
        self.any = bool(closed.summary.get("drg"))

    def sheet(self, code: str) -> tuple[list[tuple[str, Any]], list[tuple[Any, ...]]]:
        """The hospital's measures (label, value) and its DRGs, those that cost most over the city's mean first."""
        own = self._hospitals.get(code)
        measured = [] if own is None else [
            ("CMI（倍）", own["cmi"]), ("总权重（倍）", own["total_weight"]), ("时间消耗指数（倍）", own["time_index"]),
            ("费用消耗指数（倍）", own["cost_index"]), ("低风险组病例（例）", own["low_risk_cases"]),
            ("低风险组死亡（例）", own["low_risk_deaths"]),
        ]  # fmt: skip
        rows = [self._row(row) for row in self._cells.get(code, [])]
        return measured, sorted(rows, key=lambda row: (row[9] is None, -(row[9] or Decimal(0)), row[0]))

    def _row(self, cell: Row) -> tuple[Any, ...]:
        group = self._groups.get((cell["scheme"], cell["drg"])) if cell["drg"] else None
        mean = cell["fee"] / cell["cases"]
        if group is None:
            return ("—", "没有分组成功", cell["cases"], None, cell["fee"], mean, None, cell["mean_days"], None, None,
                    cell["deaths"], None)  # fmt: skip
        over = cell["fee"] - group["mean_fee"] * cell["cases"]
        return (cell["drg"], group["name"] or "", cell["cases"], group["weight"], cell["fee"], mean, group["mean_fee"],
                cell["mean_days"], group["mean_days"], over, cell["deaths"], group["risk"])  # fmt: skip
