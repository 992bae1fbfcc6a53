"""One explanation as a page: what ``yibao explain --html`` writes. Self-contained; opens offline and prints on A4."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from yibao import tables
from yibao.kernel import Step

TOTALS = ("医疗费总额", "符合政策范围", "基金支付合计", "个人负担", "个人现金")
"""Lines of a bill that are set apart."""


def write_bill(steps: Sequence[Step], out: Path, title: str) -> None:
    """Writes the steps of one settlement or case to ``out``. Raises OutputError."""
    head, rest = (steps[0], steps[1:]) if steps and not steps[0].unit else (None, steps)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("yibao.report", "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = files("yibao.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    page = environment.get_template("bill.html.j2").render(
        title=title, about=head.detail if head else "", steps=rest, totals=TOTALS, style=Markup(style),
        doubtful=any(step.unverified for step in steps),
    )  # fmt: skip
    with tables.atomic_path(out) as path:
        path.write_text(page + "\n", encoding="utf-8")
