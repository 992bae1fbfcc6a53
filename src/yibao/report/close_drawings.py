"""The charts of the closed year: budget against booked, months, where each hospital stands in the bands, beds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import altair as alt

from yibao.report.charts import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINE,
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
from yibao.report.drawings import LEVEL_COLOURS, LEVEL_SHAPES, lines_expression
from yibao.report.words import LEVELS

_UNITS = ((Decimal(10**8), "亿元"), (Decimal(10**4), "万元"), (Decimal(1), "元"))
_GRADES = {"绿": GREEN, "黄": "#f0e442", "橙": ORANGE, "红": RED}
_BANDS = (SKY, GREEN, ORANGE, PURPLE, RED, BLUE, GREY, INK)
_SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left")
_BESIDE: Sequence[tuple[str, Literal["left", "right"], int]] = ((">=", "left", 9), ("<", "right", -9))
"""Where the figure of a dot stands: on the side away from the line at 100%."""
_LOG_TICKS = [step * 10.0**power for power in range(-2, 7) for step in (1, 3)]
_MONTHS = [f"{month}月" for month in range(1, 13)]


def unit_of(amounts: Sequence[Decimal]) -> tuple[Decimal, str]:
    """The size and name of a drawing's unit, so that the largest amount has few digits."""
    largest = max((abs(amount) for amount in amounts), default=Decimal(0))
    return next(((size, name) for size, name in _UNITS if largest >= size), _UNITS[-1])


def _month_axis(width: int, title: str = "月份（月）") -> alt.X:
    """The twelve months; on a narrow page by their numbers."""
    labels = "datum.label" if width > NARROW else "replace(datum.label, '月', '')"
    axis = alt.Axis(labelAngle=0, labelPadding=4, labelExpr=labels)
    return alt.X("month:N", sort=_MONTHS, title=title, axis=axis)


def plan_bars(fund: str, name: str, rows: Sequence[Row], grades: Sequence[str]) -> Chart:
    """Booked by month against the month's budget; colour and word of a column grade what is booked since January."""
    size, unit = unit_of([row[key] for row in rows for key in ("plan", "booked")])
    values = [
        {"month": f"{row['month']}月", "plan": float(row["plan"] / size), "booked": float(row["booked"] / size),
         "预警": row["grade"] or "未分级", "word": row["grade"]} for row in rows
    ]  # fmt: skip
    shown = [one for one in grades if any(row["预警"] == one for row in values)]
    tones = [_GRADES.get(one, PURPLE) for one in grades]
    scale = alt.Scale(domain=list(grades), range=tones) if shown else alt.Scale(range=[BLUE])

    def draw(width: int) -> Layers:
        x = _month_axis(width)
        y = alt.Y("booked:Q", title=f"当月金额（{unit}）", axis=alt.Axis(format=",~f", tickCount=5))
        base = alt.Chart(data(values))
        legend = alt.Legend(columns=4, values=shown) if shown else None
        bars = base.mark_bar(size=26 if width > NARROW else 11).encode(
            x=x, y=y, color=alt.Color("预警:N", scale=scale, legend=legend)
        )
        ticks = base.mark_tick(color=INK, thickness=3, size=38 if width > NARROW else 17).encode(x=x, y="plan:Q")
        text = base.mark_text(dy=-9, baseline="bottom").encode(x=x, y="top:Q", text="word:N").transform_calculate(
            top="max(datum.plan, datum.booked)"
        )  # fmt: skip
        return sized(alt.layer(bars, ticks, text), width, 250)

    said = "；".join(f"{row['month']}预算{row['plan']:,.2f}、记账{row['booked']:,.2f}{unit}" for row in values)
    note = "柱：当月记账额；黑色横线：当月预算。柱的颜色和字为1月至当月累计记账对照时间进度的预警等级。"
    return chart(f"plan{fund}", f"{name}：住院DIP预算与记账", said, draw, note)


_PAID = {"预算": GREY, "记账额": ORANGE, "实付": BLUE}


def month_bars(fund: str, name: str, rows: Sequence[Row]) -> Chart:
    """Budget, booked and paid of each month side by side: ``month, budget, booked, paid`` in 元."""
    keys = {"预算": "budget", "记账额": "booked", "实付": "paid"}
    size, unit = unit_of([row[key] for row in rows for key in keys.values()])
    values = [
        {"month": f"{row['month']}月", "类别": word, "amount": float(row[key] / size)}
        for row in rows for word, key in keys.items()
    ]  # fmt: skip
    colour = alt.Color(
        "类别:N", scale=alt.Scale(domain=list(_PAID), range=list(_PAID.values())), legend=alt.Legend(columns=3)
    )

    def draw(width: int) -> Layers:
        y = alt.Y("amount:Q", title=f"金额（{unit}）", axis=alt.Axis(format=",~f", tickCount=5))
        bars = alt.Chart(data(values)).mark_bar().encode(
            x=_month_axis(width, "出院月份（月）"), xOffset=alt.XOffset("类别:N", sort=list(_PAID)), y=y, color=colour
        )  # fmt: skip
        return sized(bars, width, 250)

    said = "；".join(
        f"{row['month']}月预算{row['budget'] / size:,.2f}、记账{row['booked'] / size:,.2f}、"
        f"实付{row['paid'] / size:,.2f}{unit}"
        for row in rows
    )
    note = "实付 = 记账与预算中较小者 + 调剂 + 除外应付 − 质量保证金；次月结算日支付。"
    return chart(f"months{fund}", f"{name}：各月预算、记账和实付", said, draw, note)


def band_scale(bands: Sequence[str]) -> tuple[list[str], list[str]]:
    """Colours and shapes of the bands in the order of the share table."""
    return [_BANDS[at % len(_BANDS)] for at in range(len(bands))], [
        _SHAPES[at % len(_SHAPES)] for at in range(len(bands))
    ]


def ratio_dots(fund: str, name: str, rows: Sequence[Row], bands: Sequence[str], limits: Sequence[float]) -> Chart:
    """Every hospital by booked over entitlement and by entitlement: ``ratio, entitlement`` (万元), ``band``."""
    colours, shapes = band_scale(bands)
    known = [band for band in bands if any(row["band"] == band for row in rows)]
    values = [{**row, "分档": row["band"]} for row in rows]
    picked = [
        (band, colour, shape) for band, colour, shape in zip(bands, colours, shapes, strict=True) if band in known
    ]
    domain, tones, forms = ([one[at] for one in picked] for at in range(3))
    low = min([row["ratio"] for row in rows] + list(limits) + [0.9])
    high = max([row["ratio"] for row in rows] + list(limits) + [1.1])
    span = [low - (high - low) * 0.05, high + (high - low) * 0.05]
    heights = [min(row["entitlement"] for row in rows) / 1.4, max(row["entitlement"] for row in rows) * 1.4]

    def draw(width: int) -> Layers:
        wide = width > NARROW
        legend = alt.Legend(columns=2 if wide else 1, labelLimit=0)
        scale = alt.Scale(domain=span, nice=False, zero=False)
        x = alt.X("ratio:Q", title="记账额与应付额之比（%）", scale=scale,
                  axis=alt.Axis(format=".0%", tickCount=8 if wide else 5))  # fmt: skip
        y = alt.Y(
            "entitlement:Q",
            title="应付额（万元，对数刻度）",
            scale=alt.Scale(type="log", domain=heights, nice=False),
            axis=alt.Axis(format=",~f", values=_LOG_TICKS),
        )
        dots = alt.Chart(data(values)).mark_point(filled=True, size=70 if wide else 45, opacity=0.75).encode(
            x=x, y=y, color=alt.Color("分档:N", scale=alt.Scale(domain=domain, range=tones), legend=legend),
            shape=alt.Shape("分档:N", scale=alt.Scale(domain=domain, range=forms), legend=legend),
        )  # fmt: skip
        rules = alt.Chart(data([{"at": limit} for limit in limits])).mark_rule(color=INK, strokeDash=[5, 4]).encode(
            x=alt.X("at:Q", scale=scale)
        )  # fmt: skip
        return sized(alt.layer(rules, dots), width, 330 if wide else 300)

    said = "；".join(f"{band}有{sum(1 for row in rows if row['band'] == band)}家" for band in known)
    return chart(
        f"ratio{fund}",
        f"{name}：记账额与应付额之比落在哪一档",
        said,
        draw,
        "一点为一家医疗机构；虚线为各档的界限。越靠左，记账越少于应付；过100%为超支。医共体成员按医共体合计分档。",
    )


def ratio_bars(fund: str, name: str, rows: Sequence[Row], bands: Sequence[str], limits: Sequence[float]) -> Chart:
    """The largest hospitals by name, each at its ratio: ``name, ratio, band``, the largest entitlement first."""
    colours, shapes = band_scale(bands)
    picked = [(band, colour, shape) for band, colour, shape in zip(bands, colours, shapes, strict=True)
              if any(row["band"] == band for row in rows)]  # fmt: skip
    domain, tones, forms = ([one[at] for one in picked] for at in range(3))
    values = [{**row, "分档": row["band"], "text": f"{row['ratio']:.1%}", "from": 1.0} for row in rows]
    order = [row["name"] for row in rows]
    every = [row["ratio"] for row in rows] + [1.0] + list(limits)
    margin = (max(every) - min(every)) * 0.12
    span = [min(every) - margin, max(every) + margin]

    def draw(width: int) -> Layers:
        wide = width > NARROW
        legend = alt.Legend(columns=2 if wide else 1, labelLimit=0)
        lines = {one: wrapped(one, 18 if wide else 8) for one in order}
        axis = alt.Axis(minExtent=room([part for parts in lines.values() for part in parts]), ticks=False,
                        labelExpr=lines_expression(lines))  # fmt: skip
        y = alt.Y("name:N", sort=order, title=None, axis=axis)
        x = alt.X("ratio:Q", title="记账额与应付额之比（%）", scale=alt.Scale(domain=span, nice=False),
                  axis=alt.Axis(format=".0%", tickCount=8 if wide else 4))  # fmt: skip
        base = alt.Chart(data(values))
        stems = base.mark_rule(color=LINE, strokeWidth=3).encode(y=y, x=x, x2="from:Q")
        dots = base.mark_point(filled=True, size=110).encode(
            y=y, x=x, color=alt.Color("分档:N", scale=alt.Scale(domain=domain, range=tones), legend=legend),
            shape=alt.Shape("分档:N", scale=alt.Scale(domain=domain, range=forms), legend=legend),
        )  # fmt: skip
        text = [
            base.transform_filter(f"datum.ratio {sign} 1").mark_text(align=align, dx=dx).encode(y=y, x=x, text="text:N")
            for sign, align, dx in _BESIDE
        ]
        rule = alt.Chart(data([{"at": 1.0}])).mark_rule(color=INK).encode(
            x=alt.X("at:Q", scale=alt.Scale(domain=span, nice=False))
        )  # fmt: skip
        deepest = max((len(parts) for parts in lines.values()), default=1)
        return sized(alt.layer(stems, rule, dots, *text), width, max(80, len(order) * (12 + 14 * deepest)))

    said = "；".join(f"{row['name']}{row['ratio']:.1%}" for row in rows)
    return chart(f"largest{fund}", f"{name}：应付额最多的{len(rows)}家医疗机构的记账额与应付额之比", said, draw,
                 "竖线为100%：左边记账少于应付，右边超支。颜色和形状为所在的档。")  # fmt: skip


def bed_dots(rows: Sequence[Row]) -> Chart:
    """Occupied over paid bed-days by county and level: ``admdvs, hosp_lv, utilisation``."""
    values: list[dict[str, Any]] = [
        {"区县": row["admdvs"] or "—", "等级": LEVELS[row["hosp_lv"] or ""], "share": float(row["utilisation"])}
        for row in rows
    ]
    order = sorted({str(row["区县"]) for row in values})
    codes = [code for code in LEVELS if any((row["hosp_lv"] or "") == code for row in rows)]
    domain = [LEVELS[code] for code in codes]
    top = max([row["share"] for row in values] + [1.0]) * 1.08

    def draw(width: int) -> Layers:
        legend = alt.Legend(columns=4)
        x = alt.X("share:Q", title="占用床日与可支付床日之比（%）", scale=alt.Scale(domain=[0, top], nice=False),
                  axis=alt.Axis(format=".0%", tickCount=6 if width > NARROW else 4))  # fmt: skip
        y = alt.Y("区县:N", sort=order, title="区县（医保区划代码）", axis=alt.Axis(minExtent=room(order), ticks=False))
        dots = (
            alt.Chart(data(values))
            .mark_point(filled=True, size=120, opacity=0.85)
            .encode(
                x=x,
                y=y,
                color=alt.Color(
                    "等级:N", scale=alt.Scale(domain=domain, range=[LEVEL_COLOURS[c] for c in codes]), legend=legend
                ),
                shape=alt.Shape(
                    "等级:N", scale=alt.Scale(domain=domain, range=[LEVEL_SHAPES[c] for c in codes]), legend=legend
                ),
            )
        )
        rule = alt.Chart(data([{"at": 1.0}])).mark_rule(color=INK, strokeDash=[5, 4]).encode(x="at:Q")
        return sized(alt.layer(rule, dots), width, max(90, 38 * len(order)))

    said = "；".join(f"{row['区县']}{row['等级']}{row['share']:.1%}" for row in values)
    return chart("beds", "床位供需：各区县各等级的床位使用率", said, draw,
                 "虚线为100%：协议床位与编制床位中较小者全年都有人住。超过的床日不在支付范围。")  # fmt: skip


def aux_bars(rows: Sequence[Mapping[str, Any]]) -> Chart:
    """CV before and after each kind of auxiliary type: ``name, before, after``."""
    values = [
        {"name": row["name"], "时点": word, "cv": row[key]}
        for row in rows
        for word, key in (("分型前", "before"), ("分型后", "after"))
    ]
    order = [row["name"] for row in rows]
    tones = {"分型前": GREY, "分型后": BLUE}

    def draw(width: int) -> Layers:
        y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(minExtent=room(order), ticks=False))
        bars = (
            alt.Chart(data(values))
            .mark_bar(height=12)
            .encode(
                y=y,
                yOffset=alt.YOffset("时点:N", sort=list(tones)),
                x=alt.X("cv:Q", title="组内费用变异系数 CV（无单位）", axis=alt.Axis(tickCount=5, format=".1f")),
                color=alt.Color(
                    "时点:N",
                    scale=alt.Scale(domain=list(tones), range=list(tones.values())),
                    legend=alt.Legend(columns=2),
                ),
            )
        )
        return sized(bars, width, max(70, 40 * len(order)))

    said = "；".join(f"{row['name']}由{row['before']:.2f}降到{row['after']:.2f}" for row in rows)
    return chart(
        "aux",
        "辅助分型使病种内的费用更一致",
        said,
        draw,
        "变异系数越小，同一病种的费用越一致；按病例数加权。统计描述，不影响支付。",
    )
