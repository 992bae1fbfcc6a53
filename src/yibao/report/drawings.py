"""The charts of the page: ranked bars, the hospitals' scatter, shares, distributions, months."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt

from yibao.report.charts import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    NARROW,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Chart,
    Layers,
    Row,
    chart,
    data,
    room,
    sized,
    wrapped,
)
from yibao.report.words import DEVIATIONS, LEVELS, TYPES

_INK_ON = {BLUE: "white", RED: "white", GREEN: "white"}
"""The colour of text on a bar: white on dark colours, ink on the others."""

LEVEL_COLOURS = {"3": BLUE, "2": ORANGE, "1": GREEN, "": SKY}
LEVEL_SHAPES = {"3": "circle", "2": "square", "1": "triangle-up", "": "diamond"}
_TYPE_COLOURS = {
    "early": PURPLE, "merged": GREEN, "aux_dx": RED, "core": BLUE, "composite": SKY, "ungrouped": GREY,
}  # fmt: skip
_DEVIATION_COLOURS = {
    "low": SKY, "normal": BLUE, "high": ORANGE, "extreme": RED, "none": PURPLE, "exempt": GREEN, "ungrouped": GREY,
}  # fmt: skip
_FEE_TICKS = [10**power * step for power in range(2, 7) for step in (1, 3)]


def _colour(
    codes: Sequence[str], words: Mapping[str, str], colours: Mapping[str, str], title: str, across: int = 6
) -> alt.Color:
    """The colours of the codes in use, by their words; the legend stands ``across`` words wide, 0 for none."""
    shown = [code for code in words if code in set(codes)]
    scale = alt.Scale(domain=[words[code] for code in shown], range=[colours[code] for code in shown])
    return alt.Color(f"{title}:N", scale=scale, legend=alt.Legend(columns=across) if across else None)


def ranked(rows: Sequence[Row]) -> Chart:
    """Hospitals by pay: ``name, hosp_lv, pay, fee`` in 万元; a tick marks the total fee."""
    values = [{**row, "医院": row["name"], "等级": LEVELS[row["hosp_lv"]]} for row in rows]
    order = [row["name"] for row in rows]
    colour = _colour([row["hosp_lv"] for row in rows], LEVELS, LEVEL_COLOURS, "等级")

    def draw(width: int) -> Layers:
        lines = {name: wrapped(name, 18 if width > NARROW else 8) for name in order}
        axis = alt.Axis(minExtent=room([line for each in lines.values() for line in each]), ticks=False,
                        labelExpr=lines_expression(lines))  # fmt: skip
        deepest = max((len(each) for each in lines.values()), default=1)
        y = alt.Y("医院:N", sort=order, title=None, axis=axis)
        base = alt.Chart(data(values))
        bars = base.mark_bar(height=14).encode(
            y=y, x=alt.X("pay:Q", title="支付金额（万元）", axis=alt.Axis(format=",.0f", tickCount=5)), color=colour
        )
        ticks = base.mark_tick(color=INK, thickness=2, height=22).encode(y=y, x="fee:Q")
        return sized(bars + ticks, width, max(60, len(order) * (14 + 14 * deepest)))

    return chart(
        "ranked", f"支付金额最多的{len(rows)}家医疗机构",
        f"横条为支付金额，从{order[0]}起依次减少" if order else "没有医疗机构", draw,
        "横条：支付金额；黑色竖线：该机构这些病例的医疗总费用。横条短于竖线，说明支付少于费用。",
    )  # fmt: skip


def lines_expression(lines: Mapping[str, Sequence[str]]) -> str:
    """A Vega expression that breaks the long labels of an axis into lines."""
    broken = {name: parts for name, parts in lines.items() if len(parts) > 1}
    expression = "datum.label"
    for name, parts in broken.items():
        expression = f"datum.label === {_quoted(name)} ? [{', '.join(map(_quoted, parts))}] : ({expression})"
    return expression


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ")
    return f"'{escaped}'"


def scatter(rows: Sequence[Row], pool: float, note: str) -> Chart:
    """Hospitals as points: ``name, hosp_lv, cmi, share`` (pay over fee), ``cases`` and whether to ``label`` it."""
    values = [{**row, "等级": LEVELS[row["hosp_lv"]]} for row in rows]
    levels = [row["hosp_lv"] for row in rows]
    colour = _colour(levels, LEVELS, LEVEL_COLOURS, "等级")
    shown = [code for code in LEVELS if code in set(levels)]
    shape = alt.Shape(
        "等级:N", scale=alt.Scale(domain=[LEVELS[c] for c in shown], range=[LEVEL_SHAPES[c] for c in shown])
    )
    x_span = _padded([row["cmi"] for row in rows])
    y_span = _padded([row["share"] for row in rows] + [pool])
    largest = max((row["cases"] for row in rows), default=1)

    def draw(width: int) -> Layers:
        height = 360 if width > NARROW else 300
        x = alt.X("cmi:Q", title="病例组合指数 CMI（倍，病例越重越高）", scale=alt.Scale(domain=x_span, nice=False),
                  axis=alt.Axis(tickCount=6 if width > NARROW else 4))  # fmt: skip
        y = alt.Y("share:Q", title="支付金额与医疗总费用之比（%）", scale=alt.Scale(domain=y_span, nice=False),
                  axis=alt.Axis(format="%", tickCount=6))  # fmt: skip
        size = alt.Size("cases:Q", scale=alt.Scale(domain=[0, largest], range=[20, 500]), legend=None)
        points = (
            alt.Chart(data(values))
            .mark_point(filled=True, opacity=0.7)
            .encode(x=x, y=y, color=colour, shape=shape, size=size)
        )
        line = alt.Chart(data([{"pool": pool}])).mark_rule(color=INK, strokeDash=[5, 4]).encode(y="pool:Q")
        named = _apart(values, x_span, y_span, (width - 70, height), largest, pool)
        texts = [
            alt.Chart(data([row for row in named if row["side"] == side])).mark_text(
                align=align, baseline=baseline, dx={"expr": "datum.dx"}, dy={"expr": "datum.dy"}
            ).encode(x="cmi:Q", y="share:Q", text="name:N")
            for side, (align, baseline, _, _) in _SIDES.items()
        ]  # fmt: skip
        return sized(alt.layer(points, line, *texts), width, height)

    return chart("scatter", "病例越重的机构，支付与费用是否相称", f"{len(rows)}家医疗机构的CMI和支付费用比散点图，"
                 f"全市平均支付费用比为{pool:.1%}", draw, note)  # fmt: skip


def _padded(values: Sequence[float]) -> list[float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * 0.08 or 0.1
    return [max(0.0, low - margin), high + margin]


_SIDES: Mapping[str, tuple[Literal["left", "right", "center"], Literal["middle", "bottom", "top"], int, int]] = {
    "right": ("left", "middle", 1, 0), "left": ("right", "middle", -1, 0),
    "above": ("center", "bottom", 0, -1), "below": ("center", "top", 0, 1),
}  # fmt: skip
"""Where a label may stand beside its dot: alignment, baseline, and the direction away from the dot."""

Box = tuple[float, float, float, float]


def _apart(
    rows: Sequence[Row],
    x_span: Sequence[float],
    y_span: Sequence[float],
    plot: tuple[int, int],
    largest: int,
    pool: float,
) -> list[dict[str, Any]]:
    """The rows marked ``label`` whose label covers no dot, label or the pool's line, with the side it stands on."""

    def at(row: Row) -> tuple[float, float, float]:
        x = (row["cmi"] - x_span[0]) / (x_span[1] - x_span[0]) * plot[0]
        y = (y_span[1] - row["share"]) / (y_span[1] - y_span[0]) * plot[1]
        return x, y, math.sqrt((20 + 480 * row["cases"] / largest) / math.pi)

    dots = [(x - r, y - r, x + r, y + r) for x, y, r in map(at, rows)]
    line = (y_span[1] - pool) / (y_span[1] - y_span[0]) * plot[1]
    taken: list[Box] = [(0.0, line - 1, float(plot[0]), line + 1)]
    fitting = []
    for row in (row for row in rows if row["label"]):
        x, y, radius = at(row)
        long = room([row["name"]])
        for side, (_, _, right, down) in _SIDES.items():
            away = radius + 4
            left = x + right * away - (0 if right > 0 else long if right < 0 else long / 2)
            top = y + down * away - (8 if not down else 16 if down < 0 else 0)
            box = (left, top, left + long, top + 16)
            inside = left >= 0 and box[2] <= plot[0] and top >= 0 and box[3] <= plot[1]
            if inside and not any(_touch(box, other) for other in [*taken, *dots]):
                taken.append(box)
                fitting.append({**row, "side": side, "dx": right * away, "dy": down * away})
                break
    return fitting


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def shares(name: str, title: str, kinds: str, measures: Mapping[str, Mapping[str, float]], note: str = "") -> Chart:
    """Bars of 100%: ``measures`` is measure → code → amount; ``kinds`` is ``type`` or ``deviation``."""
    words, colours = (TYPES, _TYPE_COLOURS) if kinds == "type" else (DEVIATIONS, _DEVIATION_COLOURS)
    rows: list[dict[str, Any]] = []
    for measure, amounts in measures.items():
        whole, start = sum(amounts.values()), 0.0
        for code in (code for code in words if amounts.get(code)):
            part = amounts[code] / whole
            rows.append({"measure": measure, "类别": words[code], "start": start, "end": start + part, "part": part,
                         "middle": start + part / 2, "ink": _INK_ON.get(colours[code], INK)})  # fmt: skip
            start += part
    codes = [code for code in words if any(amounts.get(code) for amounts in measures.values())]
    order = list(measures)

    def draw(width: int) -> Layers:
        y = alt.Y("measure:N", sort=order, title=None, axis=alt.Axis(minExtent=room(order), ticks=False))
        colour = _colour(codes, words, colours, "类别", 6 if width > NARROW else 3)
        base = alt.Chart(data(rows))
        bars = base.mark_bar(height=26, stroke="white", strokeWidth=1).encode(
            y=y, x=alt.X("start:Q", title="占比（%）", axis=alt.Axis(format="%", tickCount=5)), x2="end:Q", color=colour
        )
        wide_enough = [row for row in rows if row["part"] > (0.06 if width > NARROW else 0.15)]
        text = (
            alt.Chart(data(wide_enough))
            .mark_text(fontWeight="bold")
            .encode(y=y, x="middle:Q", text=alt.Text("part:Q", format=".1%"), color=alt.Color("ink:N", scale=None))
        )
        return sized(alt.layer(bars, text).resolve_scale(color="independent"), width, len(order) * 38)

    words_for = "；".join(
        f"{row['measure']}中{row['类别']}占{row['part']:.1%}" for row in rows if row["part"] >= 0.005
    )  # fmt: skip
    return chart(name, title, words_for, draw, note)


def _columns(rows: Sequence[Row], x: alt.X, y_title: str, colour: alt.Color | dict[str, str]) -> alt.Chart:
    """Columns from ``start`` to ``end``, each from ``low`` to ``high``."""
    y = alt.Y("low:Q", title=y_title, axis=alt.Axis(format=",.0f", tickCount=5))
    columns: alt.Chart = alt.Chart(data(rows)).mark_rect(stroke="white", strokeWidth=0.5)
    return columns.encode(x=x, x2="end:Q", y=y, y2="high:Q", color=colour)


def _marks(limits: Mapping[float, str], top: float) -> tuple[alt.Chart, alt.Chart]:
    """Dashed lines at limits, each with its word at the top."""
    rows = [{"at": at, "word": word, "top": top} for at, word in limits.items()]
    rule = alt.Chart(data(rows)).mark_rule(color=INK, strokeDash=[5, 4]).encode(x="at:Q")
    word = (
        alt.Chart(data(rows))
        .mark_text(align="left", dx=4, dy=6, baseline="top")
        .encode(x="at:Q", y="top:Q", text="word:N")
    )
    return rule, word


def cv_histogram(cvs: Sequence[float], limits: Mapping[float, str], note: str) -> Chart:
    """How many groups have which coefficient of variation, in bins of 0.1; the last bin is open."""
    last = 20
    bins: dict[int, int] = {}
    for cv in cvs:
        tenth = min(math.floor(cv * 10 + 1e-9), last)
        bins[tenth] = bins.get(tenth, 0) + 1
    rows = [{"start": tenth / 10, "end": (tenth + 1) / 10, "low": 0, "high": n} for tenth, n in sorted(bins.items())]
    top = max(bins.values(), default=1) * 1.12

    def draw(width: int) -> Layers:
        spacious = width > NARROW
        title = f"组内费用变异系数 CV（无单位{'；最右一格为2.0及以上' if spacious else ''}）"
        scale = alt.Scale(domain=[0, (last + 1) / 10], nice=False)
        x = alt.X("start:Q", title=title, scale=scale, axis=alt.Axis(tickCount=10 if spacious else 5, format=".1f"))
        columns = _columns(rows, x, "病种数（个）", {"value": BLUE})
        return sized(alt.layer(columns, *_marks(limits, top)), width, 240)

    return chart("cv", "病种的费用是否稳定", f"{len(cvs)}个病种的组内费用变异系数分布", draw, note)


def ratio_histogram(rows: Sequence[Row], limits: Mapping[float, str], note: str) -> Chart:
    """Cases by fee over standard, in tenths, coloured by deviation: ``tenth, deviation_type, cases``."""
    values, heights = [], dict[int, int]()
    for row in rows:
        tenth, low = row["tenth"], heights.get(row["tenth"], 0)
        heights[tenth] = low + row["cases"]
        values.append({"start": tenth / 10, "end": (tenth + 1) / 10, "low": low, "high": heights[tenth],
                       "类别": DEVIATIONS[row["deviation_type"]]})  # fmt: skip
    top = max(heights.values(), default=1) * 1.12

    def draw(width: int) -> Layers:
        kinds = [row["deviation_type"] for row in rows]
        colour = _colour(kinds, DEVIATIONS, _DEVIATION_COLOURS, "类别", 6 if width > NARROW else 3)
        title = "病例费用与标准之比（倍；最右一格为6倍及以上）" if width > NARROW else "病例费用与标准之比（倍）"
        x = alt.X("start:Q", title=title, scale=alt.Scale(domain=[0, 6.1], nice=False), axis=alt.Axis(tickCount=7))
        return sized(alt.layer(_columns(values, x, "病例数（例）", colour), *_marks(limits, top)), width, 240)

    return chart("ratio", "病例费用与标准之比", "病例费用与标准之比的分布", draw, note)


def fee_boxes(rows: Sequence[Row]) -> Chart:
    """Fees by type on a logarithmic axis: ``dip_type`` and ``quantiles`` (5, 25, 50, 75, 95%) in 元."""
    values = [dict(zip(("p5", "p25", "p50", "p75", "p95"), row["quantiles"], strict=True), 类型=TYPES[row["dip_type"]])
              for row in rows]  # fmt: skip
    order = [TYPES[code] for code in TYPES if any(row["dip_type"] == code for row in rows)]
    colour = _colour([row["dip_type"] for row in rows], TYPES, _TYPE_COLOURS, "类型", 0)

    def draw(width: int) -> Layers:
        y = alt.Y("类型:N", sort=order, title=None, axis=alt.Axis(minExtent=room(order), ticks=False))
        axis = alt.Axis(format=",.0f", values=_FEE_TICKS)
        scale = alt.Scale(type="log", nice=False, padding=12)
        base = alt.Chart(data(values))
        line = base.mark_rule(strokeWidth=2, color=MUTED).encode(
            y=y, x=alt.X("p5:Q", title="病例医疗总费用（元，对数刻度）", scale=scale, axis=axis), x2="p95:Q"
        )
        box = base.mark_bar(height=24).encode(y=y, x=alt.X("p25:Q", scale=scale), x2="p75:Q", color=colour)
        middle = base.mark_tick(color="white", thickness=3, height=24).encode(y=y, x=alt.X("p50:Q", scale=scale))
        return sized(line + box + middle, width, len(order) * 46)

    said = "；".join(f"{row['类型']}中位数{row['p50']:,.0f}元" for row in values)
    return chart("fees", "各类病种的费用分布", said, draw,
                 "细线：5%到95%的病例；粗条：25%到75%的病例；白线：中位数。")  # fmt: skip


def months(rows: Sequence[Row]) -> Chart:
    """Cases and mean fee by month of discharge: ``month`` (2025-01), ``cases``, ``mean_fee`` in 元."""
    order = [row["month"] for row in rows]

    def draw(width: int) -> alt.VConcatChart:
        turned = alt.Axis(labelAngle=0 if width > NARROW and len(order) <= 12 else -90, labelPadding=4)
        inner = width - 90
        base = alt.Chart(data(rows))
        bars = base.mark_bar(color=BLUE).encode(
            x=alt.X("month:N", sort=order, title=None, axis=turned),
            y=alt.Y("cases:Q", title="病例数（例）", axis=alt.Axis(format=",.0f", tickCount=4, minExtent=52)),
        ).properties(width=inner, height=150)  # fmt: skip
        y = alt.Y("mean_fee:Q", title="例均费用（元）", axis=alt.Axis(format=",.0f", tickCount=4, minExtent=52),
                  scale=alt.Scale(zero=True))  # fmt: skip
        x = alt.X("month:N", sort=order, title="出院月份（月）", axis=turned)
        line = base.mark_line(color=RED, point=alt.OverlayMarkDef(color=RED, size=50)).encode(x=x, y=y)
        return alt.vconcat(bars, line.properties(width=inner, height=120), spacing=14)

    said = "；".join(f"{row['month']}月{row['cases']:,}例" for row in rows)
    return chart("months", "各月出院病例数和例均费用", said, draw)
