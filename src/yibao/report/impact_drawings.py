"""The charts of a simulation: months, kinds and levels, burden by group, yearly change, decomposition, frontier."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from yibao.report import impact_words as said
from yibao.report.charts import (
    BLUE,
    GREEN,
    GREY,
    INK,
    NARROW,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    Chart,
    Layers,
    chart,
    data,
    room,
    sized,
    wrapped,
)
from yibao.report.drawings import lines_expression
from yibao.report.fund_drawings import unit_of

Row = Mapping[str, Any]
LAW_COLOURS = (GREY, BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
"""Law 0 grey, then the reforms."""
MORE, LESS = ORANGE, BLUE
"""Spending or burden that rises, that falls."""
TOP = 14
"""Bars of a chart of cells or keys; what is left is one more bar. A choice of display."""


def _scale(laws: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(laws), range=[LAW_COLOURS[at % len(LAW_COLOURS)] for at in range(len(laws))])


def months(rows: Sequence[Row], laws: Sequence[str]) -> Chart:
    """Fund spending of each month under each law, and below its change: ``month, law, fund, change`` (fen)."""
    size, unit = unit_of([row["fund"] for row in rows])
    step, small = unit_of([row["change"] for row in rows])
    order = sorted({str(row["month"]) for row in rows})
    drawn = [
        {"month": row["month"], "政策": row["law"], "fund": row["fund"] / size, "change": row["change"] / step}
        for row in rows
    ]
    changed = [one for one in drawn if one["政策"] != laws[0]]

    def draw(width: int) -> alt.VConcatChart:
        axis = alt.Axis(labelAngle=0 if width > NARROW else -90, labelPadding=4)
        amounts = alt.Axis(format=",~f", tickCount=5, minExtent=58)
        legend = alt.Legend(columns=3 if width > NARROW else 1)
        colour = alt.Color("政策:N", scale=_scale(laws), legend=legend)
        bars = alt.Chart(data(drawn)).mark_bar().encode(
            x=alt.X("month:N", sort=order, title=None, axis=axis), xOffset=alt.XOffset("政策:N", sort=list(laws)),
            y=alt.Y("fund:Q", title=f"当月基金支出（{unit}）", axis=amounts), color=colour,
        ).properties(width=width - 96, height=190)  # fmt: skip
        below = alt.Chart(data(changed)).mark_bar().encode(
            x=alt.X("month:N", sort=order, title="结算月份", axis=axis),
            xOffset=alt.XOffset("政策:N", sort=list(laws)),
            y=alt.Y("change:Q", title=f"比现行增减（{small}）", axis=amounts), color=colour,
        ).properties(width=width - 96, height=130)  # fmt: skip
        return alt.vconcat(bars, below, spacing=14)

    told = "；".join(f"{row['month']}{row['law']}{row['fund'] / size:,.2f}{unit}" for row in rows)
    return chart(
        "months", "各月基金支出", told, draw, "上图为各项基金支出合计，下图为比现行政策的增减；刻度单位各自注明。"
    )


def changes(name: str, title: str, amounts: Sequence[tuple[str, int]], axis_title: str, note: str) -> Chart:
    """Changes in fen as bars to either side of zero, the largest first; beyond TOP one bar holds the rest."""
    ranked = sorted(amounts, key=lambda one: (-abs(one[1]), one[0]))
    shown = ranked[:TOP]
    if len(ranked) > TOP:
        shown.append((f"其余{len(ranked) - TOP}项", sum(amount for _, amount in ranked[TOP:])))
    size, unit = unit_of([amount for _, amount in shown])
    low, high = (pick([0, *(amount / size for _, amount in shown)]) for pick in (min, max))
    values = [
        {"name": label, "amount": amount / size, "text": f"{amount / size:+,.2f}",
         "方向": "增加" if amount > 0 else "减少", "start": 0.0} for label, amount in shown
    ]  # fmt: skip

    def draw(width: int) -> Layers:
        lines = {label: wrapped(label, 18 if width > NARROW else 8) for label, _ in shown}
        axis = alt.Axis(minExtent=room([part for parts in lines.values() for part in parts]), ticks=False,
                        labelExpr=lines_expression(lines))  # fmt: skip
        y = alt.Y("name:N", sort=[label for label, _ in shown], title=None, axis=axis)
        margin = _margin(low, high, width)
        span = [low - (margin if low < 0 else 0), high + (margin if high > 0 else 0)]
        x = alt.X("amount:Q", title=f"{axis_title}（{unit}）",
                  scale=alt.Scale(domain=span, nice=False),
                  axis=alt.Axis(format=",~f", tickCount=6 if width > NARROW else 3))  # fmt: skip
        base = alt.Chart(data(values))
        bars = base.mark_bar(height=15).encode(
            y=y, x=x, color=alt.Color("方向:N", scale=alt.Scale(domain=["增加", "减少"], range=[MORE, LESS]))
        )
        right = base.transform_filter("datum.amount >= 0").mark_text(align="left", dx=4).encode(y=y, x=x, text="text:N")
        left = base.transform_filter("datum.amount < 0").mark_text(align="right", dx=-4).encode(y=y, x=x, text="text:N")
        deepest = max(map(len, lines.values()))
        return sized(alt.layer(bars, right, left), width, max(60, len(shown) * (10 + 14 * deepest)))

    told = "；".join(f"{label}{amount / size:+,.2f}{unit}" for label, amount in shown)
    return chart(name, title, told, draw, note)


def _margin(low: float, high: float, width: int) -> float:
    """Room beside the longest bar for its figure."""
    return (high - low) * (0.14 if width > NARROW else 0.4) or 1.0


def groups(dimension: str, rows: Sequence[Row], laws: Sequence[str]) -> Chart:
    """Mean yearly burden of those with a claim, by group under each law: ``name, law, mean`` in 元, a statistic."""
    order = list(dict.fromkeys(row["name"] for row in rows))
    values = [{"name": row["name"], "政策": row["law"], "mean": row["mean"]} for row in rows]

    def draw(width: int) -> Layers:
        lines = {name: wrapped(name, 14 if width > NARROW else 8) for name in order}
        axis = alt.Axis(minExtent=room([part for parts in lines.values() for part in parts]), ticks=False,
                        labelExpr=lines_expression(lines))  # fmt: skip
        bars = alt.Chart(data(values)).mark_bar().encode(
            y=alt.Y("name:N", sort=order, title=None, axis=axis), yOffset=alt.YOffset("政策:N", sort=list(laws)),
            x=alt.X("mean:Q", title="人均全年个人负担（元）",
                    axis=alt.Axis(format=",~f", tickCount=6 if width > NARROW else 4)),
            color=alt.Color("政策:N", scale=_scale(laws), legend=alt.Legend(columns=3 if width > NARROW else 1)),
        )  # fmt: skip
        return sized(bars, width, max(70, len(order) * (10 + 11 * len(laws))))

    told = "；".join(f"{row['name']}{row['law']}{row['mean']:,.0f}元" for row in rows)
    name = said.DIMENSIONS[dimension]
    return chart(f"groups-{dimension}", f"按{name}：人均全年个人负担", told, draw,
                 "有就医的人的平均，个人账户和现金都在内；统计描述。")  # fmt: skip


def bands(law_no: int, name: str, rows: Sequence[Row]) -> Chart:
    """People by band of yearly change: ``band, people, side`` in the order of the bands."""
    order = [row["band"] for row in rows]
    words = {"winner": "少付", "loser": "多付"}
    values = [
        {"band": row["band"], "people": row["people"], "方向": words[row["side"]], "text": f"{row['people']:,}"}
        for row in rows
    ]

    def draw(width: int) -> Layers:
        axis = alt.Axis(minExtent=room(order), ticks=False)
        y = alt.Y("band:N", sort=order, title=None, axis=axis)
        largest = max(row["people"] for row in rows)
        x = alt.X("people:Q", title="人数（人）", scale=alt.Scale(domain=[0, largest * 1.18], nice=False),
                  axis=alt.Axis(format=",~f", tickCount=6 if width > NARROW else 3))  # fmt: skip
        base = alt.Chart(data(values))
        bars = base.mark_bar(height=15).encode(
            y=y, x=x, color=alt.Color("方向:N", scale=alt.Scale(domain=["少付", "多付"], range=[LESS, MORE]))
        )
        return sized(alt.layer(bars, base.mark_text(align="left", dx=4).encode(y=y, x=x, text="text:N")), width,
                     max(60, len(order) * 26))  # fmt: skip

    told = "；".join(f"{row['band']}{row['people']:,}人" for row in rows)
    return chart(
        f"bands-{law_no}", f"{name}：全年个人负担变化的分布", told, draw, "不变的人和没有就医的人不画，见下表。"
    )


def waterfall(law_no: int, name: str, parts: Sequence[tuple[str, int]]) -> Chart:
    """From each changed key to the whole: ``parts`` in order, fen, the whole last."""
    *each, whole = parts
    size, unit = unit_of([amount for _, amount in parts])
    values, at = [], 0
    for label, amount in each:
        values.append(_bar(label, at, at + amount, amount, size, "增加" if amount > 0 else "减少"))
        at += amount
    values.append(_bar(whole[0], 0, whole[1], whole[1], size, "合计"))
    order = [label for label, _ in parts]
    ends = [0.0, *(row[key] for row in values for key in ("start", "end"))]
    low, high = min(ends), max(ends)
    tones = alt.Scale(domain=["增加", "减少", "合计"], range=[MORE, LESS, INK])

    def draw(width: int) -> Layers:
        lines = {label: wrapped(label, 18 if width > NARROW else 8) for label in order}
        axis = alt.Axis(minExtent=room([part for parts_of in lines.values() for part in parts_of]), ticks=False,
                        labelExpr=lines_expression(lines))  # fmt: skip
        y = alt.Y("name:N", sort=order, title=None, axis=axis)
        span = [low - _margin(low, high, width) / 4, high + _margin(low, high, width)]
        x = alt.X("start:Q", title=f"基金支出的变化，逐项累计（{unit}）", scale=alt.Scale(domain=span, nice=False),
                  axis=alt.Axis(format=",~f", tickCount=6 if width > NARROW else 3))  # fmt: skip
        base = alt.Chart(data(values))
        bars = base.mark_bar(height=16).encode(y=y, x=x, x2="end:Q", color=alt.Color("方向:N", scale=tones))
        text = base.mark_text(align="left", dx=4).encode(y=y, x="right:Q", text="text:N")
        rule = alt.Chart(data([{"at": 0.0}])).mark_rule(color=INK).encode(x="at:Q")
        deepest = max(map(len, lines.values()))
        return sized(alt.layer(rule, bars, text), width, max(60, len(order) * (12 + 14 * deepest)))

    told = "；".join(f"{label}{amount / size:+,.2f}{unit}" for label, amount in parts)
    return chart(f"split-{law_no}", f"{name}：基金支出的变化由哪几项参数引起", told, draw,
                 "每一项是只改这一项参数、其余不变时的变化；交互项是几项一起改比逐项相加多出或少的部分。")  # fmt: skip


def _bar(label: str, start: int, end: int, amount: int, size: int, tone: str) -> dict[str, Any]:
    return {
        "name": label, "start": start / size, "end": end / size, "right": max(start, end) / size,
        "text": f"{amount / size:+,.2f}", "方向": tone,
    }  # fmt: skip


def frontier(rows: Sequence[Row], target: int, people: bool) -> Chart:
    """Every trial by fund spending and by people above the threshold (or burden): ``fund, height, state, text``."""
    size, unit = unit_of([target, *(row["fund"] for row in rows)])
    tall, high = (1, "人") if people else unit_of([row["height"] for row in rows])
    values = [
        {"fund": row["fund"] / size, "height": row["height"] / tall, "结果": row["state"], "text": row["text"]}
        for row in rows
    ]
    tones = alt.Scale(domain=["前沿", "达到目标", "超过目标"], range=[RED, BLUE, GREY])
    shapes = alt.Scale(domain=["前沿", "达到目标", "超过目标"], range=["diamond", "circle", "cross"])

    def draw(width: int) -> Layers:
        ticks = 7 if width > NARROW else 3
        x = alt.X("fund:Q", title=f"基金支出（{unit}）", scale=alt.Scale(zero=False),
                  axis=alt.Axis(format=",~f", tickCount=ticks))  # fmt: skip
        y = alt.Y("height:Q", title=f"{'灾难性支出人数' if people else '个人负担'}（{high}）",
                  scale=alt.Scale(zero=False), axis=alt.Axis(format=",~f", tickCount=6))  # fmt: skip
        base = alt.Chart(data(values))
        dots = base.mark_point(filled=True, size=90, opacity=0.85).encode(
            x=x, y=y, color=alt.Color("结果:N", scale=tones), shape=alt.Shape("结果:N", scale=shapes)
        )
        text = base.transform_filter("datum['结果'] === '前沿'").mark_text(align="left", dx=8, dy=-8).encode(
            x=x, y=y, text="text:N"
        )  # fmt: skip
        rule = alt.Chart(data([{"at": target / size}])).mark_rule(color=INK, strokeDash=[5, 4]).encode(x="at:Q")
        return sized(alt.layer(rule, dots, text) if width > NARROW else alt.layer(rule, dots), width, 320)

    told = f"试算{len(rows)}组，前沿上" + "；".join(
        f"第{row['text']}组支出{row['fund'] / size:,.2f}{unit}" for row in rows if row["state"] == "前沿"
    )
    note = "虚线为支出目标，左边达到。菱形为前沿，旁边的数字是下表的序号。"
    return chart("frontier", "达到支出目标的各组取值", told, draw, note)
