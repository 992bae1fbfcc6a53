"""A simulation for people (改革测算): one self-contained Chinese page and a workbook of the same tables."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from yibao import tables
from yibao.impact.measure import Impact
from yibao.report import impact_page as page
from yibao.report import impact_people as people
from yibao.report import impact_words as said
from yibao.report.impact_book import write_sheets
from yibao.report.impact_facts import Doubt, ImpactFacts, ReformFacts, SearchFacts
from yibao.report.impact_view import View

__all__ = ["Doubt", "ImpactFacts", "ReformFacts", "SearchFacts", "write_book", "write_page"]

FILES = PAGE, BOOK = "impact.html", "impact.xlsx"


def write_page(path: Path, impact: Impact, facts: ImpactFacts) -> None:
    """Writes the page of a simulation: opens without internet, prints on A4. The same figures give the same page.

    Raises OutputError when it cannot be written.
    """
    made = _render(_context(View(impact, facts)))
    with tables.atomic_path(path) as part:
        part.write_text(made, encoding="utf-8")


def write_book(path: Path, impact: Impact, facts: ImpactFacts) -> None:
    """Writes the workbook: 总览, 参数变化, 基金支出, 群众负担, 受益与受损, 灾难性支出, 分解, 缴费与可支付月数, 例子,
    with 行为反应 and 目标搜索 where there are any, and 核对. Amounts are 元, exact. Raises OutputError.
    """
    with tables.atomic_path(path) as part:
        write_sheets(part, View(impact, facts))


def _context(view: View) -> dict[str, Any]:
    facts, closings = view.facts, view.impact.closings
    return {
        "title": facts.title,
        "city": facts.city,
        "period": facts.period,
        "laws": view.laws,
        "several": len(view.reforms) > 1,
        "made_by": facts.made_by,
        "data_note": facts.data_note,
        "given": said.GIVEN,
        "threshold_missing": view.threshold is None,
        "doubts": page.doubts(view),
        "lead": page.lead(view),
        "cards": page.cards(view),
        "side": page.side_by_side(view),
        "changed": page.changed(view),
        "response": page.response(view),
        "fund": page.fund(view),
        "burden": people.burden(view),
        "people": people.people(view),
        "catastrophic": people.catastrophic(view),
        "split": page.split(view),
        "reserve": page.reserve(view),
        "examples": page.examples(view),
        "search": page.search(view),
        "checks": page.checks(view),
        "failing": sum(1 for one in closings if not one.closes),
        "closes": all(one.closes for one in closings),
    }


def _render(context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("yibao.report", "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    folder = files("yibao.report").joinpath("templates")
    names = ("style.css", "close.css", "impact.css")
    style = "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)
    return environment.get_template("impact.html.j2").render(context, style=Markup(style)) + "\n"
