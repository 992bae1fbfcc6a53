"""Charts as inline SVG, drawn offline: Chinese axes with units, colours that the colour-blind can tell apart.

Every chart is drawn twice, for wide pages and for phones; the style sheet shows one. Texts never depend on the
machine's fonts for their place: room for labels is computed here.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode
from markupsafe import Markup

FONT = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, sans-serif"
BLUE, ORANGE, GREEN, RED, SKY, PURPLE, GREY = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#8a8a8a",
)  # fmt: skip
"""The Okabe–Ito palette, which keeps its differences under the common kinds of colour blindness."""

INK, MUTED, LINE = "#1f2933", "#52606d", "#d9dee5"
_SIZE = 12
_NOISE = re.compile(r' (?:xmlns(?::\w+)?|aria-[\w-]+|role|pointer-events|class)="[^"]*"')
_ID = re.compile(r'(\bid="|url\(#)')

Row = Mapping[str, Any]
Layers = alt.LayerChart | alt.FacetChart
Drawn = Layers | alt.VConcatChart
Draw = Callable[[int], Drawn]


def start_drawing() -> None:
    """Draws a chart of nothing: the first one of a process takes a third of a second longer than the others."""
    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"})


class Chart(NamedTuple):
    """A finished chart: its title, the two drawings and a note that stands below."""

    title: str
    wide: Markup
    narrow: Markup
    note: str = ""


def chart(name: str, title: str, text: str, draw: Draw, note: str = "") -> Chart:
    """Draws a chart at both widths. ``text`` says in words what it shows, for those who cannot see it."""
    with debug_mode(CHECKED):
        wide, narrow = (_svg(draw(width), f"{name}-{width}", text) for width in (WIDE, NARROW))
    return Chart(title, wide, narrow, note)


WIDE, NARROW = 820, 340
CHECKED = False
"""Whether altair holds every part of a chart against the schema of Vega-Lite, which takes as long as drawing it. The
specifications do not depend on the data, so the tests check them and a report need not."""


def data(rows: Sequence[Row]) -> alt.InlineData:
    """Rows for a chart, inline; a tuple, since altair copies lists with every layer they pass through."""
    return alt.InlineData(values=tuple(dict(row) for row in rows))


def room(labels: Sequence[str], size: int = _SIZE) -> float:
    """The width in pixels that the longest label needs: a Chinese character is as wide as the font is high."""
    return max((sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in text) for text in labels),
               default=0.0) * size + 8  # fmt: skip


def wrapped(label: str, width: int) -> list[str]:
    """A label in lines of at most ``width`` characters, so that nothing is cut."""
    return [label[at : at + width] for at in range(0, len(label), width)] or [""]


def sized(drawn: Layers, width: int, height: int) -> Layers:
    """The chart at a total width, its plot ``height`` high."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return drawn.properties(width=width, height=height, autosize=fit)


def _svg(drawn: Drawn, prefix: str, text: str) -> Markup:
    spec = drawn.configure(font=FONT, aria=False, padding=4).configure_view(stroke=None).configure_axis(
        labelFontSize=_SIZE, titleFontSize=_SIZE, titleFontWeight="normal", labelColor=INK, titleColor=MUTED,
        gridColor=LINE, domainColor=LINE, tickColor=LINE, labelLimit=0, titleLimit=0,
    ).configure_legend(
        orient="top", title=None, labelFontSize=_SIZE, labelColor=INK, labelLimit=0, symbolSize=110,
    ).configure_text(font=FONT, fontSize=_SIZE, color=INK).to_dict(validate=CHECKED)  # fmt: skip
    raw = vl_convert.vegalite_to_svg(spec)
    body = _ID.sub(rf"\g<1>{prefix}-", _NOISE.sub("", raw))
    head = f'<svg role="img" aria-label="{escape(text)}"'
    return Markup(body.replace("<svg", head, 1).replace(">", f"><title>{escape(text)}</title>", 1))
