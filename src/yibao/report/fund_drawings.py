"""The charts of the fund's page: income and spending by month with the balance, and spending by kind."""

from collections.abc import Sequence

import altair as alt

from yibao.flows.fund_statement import MonthTotals
from yibao.report.charts import BLUE, GREEN, INK, NARROW, ORANGE, Chart, Layers, chart, data, room, sized, wrapped

_SIZES = ((10**10, "亿元"), (10**6, "万元"), (10**2, "元"))
_COLOURS = {"收入": BLUE, "支出": ORANGE}


def unit_of(amounts: Sequence[int]) -> tuple[int, str]:
    """The fen of a drawing's unit and its name, so that the largest amount has few digits."""
    largest = max((abs(amount) for amount in amounts), default=0)
    return next(((size, name) for size, name in _SIZES if largest >= size), _SIZES[-1])


def flows(months: Sequence[MonthTotals]) -> Chart:
    """Columns of income and spending for each month; below them the balance at the month's end."""
    size, unit = unit_of([amount for one in months for amount in (one.income, one.expense)])
    held_size, held_unit = unit_of([one.surplus for one in months])
    rows = [
        {"month": f"{one.month % 100}月", "类别": what, "amount": amount / size}
        for one in months
        for what, amount in (("收入", one.income), ("支出", one.expense))
    ]
    held = [{"month": f"{one.month % 100}月", "amount": one.surplus / held_size} for one in months]
    order = [f"{one.month % 100}月" for one in months]

    def draw(width: int) -> alt.VConcatChart:
        inner = width - 90
        axis = alt.Axis(labelAngle=0, labelPadding=4)
        amounts = alt.Axis(format=",~f", tickCount=5, minExtent=52)
        colour = alt.Color("类别:N", scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
                           legend=alt.Legend(columns=2))  # fmt: skip
        bars = alt.Chart(data(rows)).mark_bar().encode(
            x=alt.X("month:N", sort=order, title=None, axis=axis), xOffset=alt.XOffset("类别:N", sort=list(_COLOURS)),
            y=alt.Y("amount:Q", title=f"当月收支（{unit}）", axis=amounts), color=colour,
        ).properties(width=inner, height=190)  # fmt: skip
        balance = alt.Chart(data(held)).mark_line(color=GREEN, point=alt.OverlayMarkDef(color=GREEN, size=50)).encode(
            x=alt.X("month:N", sort=order, title="月份（月）", axis=axis, scale=alt.Scale(type="band")),
            y=alt.Y("amount:Q", title=f"累计结余（{held_unit}）", axis=amounts, scale=alt.Scale(zero=True)),
        ).properties(width=inner, height=130)  # fmt: skip
        return alt.vconcat(bars, balance, spacing=14)

    said = "；".join(
        f"{one.month % 100}月收入{one.income / size:,.2f}{unit}、支出{one.expense / size:,.2f}{unit}" for one in months
    )
    note = "上图为当月收入和支出，下图为月末累计结余；刻度单位各自注明。"
    return chart("flows", "各月收支和累计结余", said, draw, note)


def kinds(amounts: Sequence[tuple[str, int]]) -> Chart:
    """Spending by kind as bars, the largest first, each with its amount and share."""
    size, unit = unit_of([amount for _, amount in amounts])
    whole = sum(amount for _, amount in amounts)
    shares = whole > 0 and all(amount >= 0 for _, amount in amounts)
    ranked = sorted(amounts, key=lambda one: -one[1])
    drawn = [amount / size for _, amount in ranked]
    texts = [f"{amount / size:,.2f}" + (f"（{amount / whole:.1%}）" if shares else "") for _, amount in ranked]
    least, largest = min(0.0, *drawn), max(0.0, *drawn)

    def draw(width: int) -> Layers:
        lines = [wrapped(name, 16 if width > NARROW else 7) for name, _ in ranked]
        order = ["\n".join(parts) for parts in lines]
        shown = [
            {"kind": name, "amount": amount, "end": max(0.0, amount), "text": text}
            for name, amount, text in zip(order, drawn, texts, strict=True)
        ]
        axis = alt.Axis(minExtent=room([part for parts in lines for part in parts]), ticks=False,
                        labelExpr="split(datum.label, '\\n')")  # fmt: skip
        y = alt.Y("kind:N", sort=order, title=None, axis=axis)
        # room beside the longest bar for its words
        reach = largest + (largest - least) * (0.25 if width > NARROW else 1.1)
        x = alt.X("amount:Q", title=f"本年支出（{unit}）", scale=alt.Scale(domain=[least, reach or 1], nice=False),
                  axis=alt.Axis(format=",~f", tickCount=5 if width > NARROW else 3))  # fmt: skip
        base = alt.Chart(data(shown))
        bars = base.mark_bar(height=18, color=BLUE).encode(y=y, x=x)
        words = base.mark_text(align="left", dx=5, color=INK).encode(y=y, x="end:Q", text="text:N")
        deepest = max(map(len, lines))
        return sized(alt.layer(bars, words), width, max(60, len(order) * (16 + 15 * deepest)))

    said = "；".join(f"{name}{text}" for (name, _), text in zip(ranked, texts, strict=True))
    return chart("kinds", "本年支出构成", said, draw, "占比为占本年支出合计的比例。冲销多于发生时为负数，不列占比。")
