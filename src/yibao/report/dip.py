"""The report of a priced DIP run: one self-contained Chinese page that opens without internet and prints on A4."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from yibao import tables
from yibao.engine import Engine
from yibao.report import page_checks, page_groups, page_money, queries, words
from yibao.report.case import Book, case_steps
from yibao.report.names import Names
from yibao.report.result import Result, open_result

__all__ = ["Names", "write_report"]

_SIMULATION = "仅供模拟"


def write_report(
    catalogue: Path,
    priced: Path,
    out: Path,
    *,
    title: str | None = None,
    names: Names | None = None,
    data_note: str = "",
) -> None:
    """Writes the page of a run to ``out`` from the folders of ``yibao dip build`` and ``yibao dip price``.

    ``names`` puts names beside codes; ``data_note`` says what the data are (e.g. synthetic). The same folders give
    the same page. Raises ResultFolderError when a folder is not a finished result, ReportError when the catalogue is
    not the one the run used, OutputError when the page cannot be written.
    """
    with Engine() as engine:
        page = _render(_context(open_result(engine, catalogue, priced), names or Names(), title, data_note))
    with tables.atomic_path(out) as path:
        path.write_text(page, encoding="utf-8")


def _context(result: Result, names: Names, title: str | None, data_note: str) -> dict[str, Any]:
    whole = page_money.totals(result)
    summary = result.summary
    checks = page_checks.checks(result, whole)
    of_catalogue = [one for one in result.saved.summary["remarks"] if one not in summary["remarks"]]
    regime = result.facts["regime"]
    return {
        "title": title or f"{summary['city_name']}住院病例DIP定价报告",
        "summary": summary,
        "regime": words.REGIMES.get(regime, regime),
        "days": f"{whole['first_day']:%Y-%m-%d} 至 {whole['last_day']:%Y-%m-%d}",
        "history_years": "、".join(f"{year}年" for year in result.facts["years"]),
        "data_note": data_note,
        "draft": bool(summary["draft"]),
        "simulation": any(_SIMULATION in one for one in summary["remarks"]),
        "remarks": [*summary["remarks"], *of_catalogue],
        "unverified": result.parameters.unverified(),
        "hospitals": words.count(whole["hospitals"]),
        "priced_cases": words.count(summary["priced"]),
        "budget": words.money(result.figure("budget")),
        "budget_short": words.large(result.figure("budget")),
        "gap": page_money.gap(result),
        "cards": page_money.cards(result, whole),
        "money": page_money.money(result, names, whole),
        "catalogue": page_groups.catalogue(result, names, whole),
        "deviations": page_groups.deviations(result, whole),
        "examples": _examples(result, names),
        "seasons": page_money.seasons(result),
        "problems": page_checks.problems(result, names, whole),
        "workings": page_checks.workings(result),
        "checks": page_checks.check_grid(checks),
        "closes": all(one.closes for one in checks),
    }


def _examples(result: Result, names: Names) -> list[dict[str, Any]]:
    """For each kind of deviation the case in the middle of its kind, with all its steps."""
    book = Book(result.summary, result.parameters, names, result.saved, result.engine)
    picked = {row["deviation_type"]: row["setl_id"] for row in result.rows(queries.EXAMPLES)}
    examples = []
    for code in (code for code in words.DEVIATIONS if code in picked):
        case = result.engine.fetch(queries.ONE_CASE, {"setl_id": picked[code]}).to_pylist()[0]
        examples.append({"kind": words.DEVIATIONS[code], "setl_id": case["setl_id"], "steps": case_steps(book, case)})
    return examples


def _render(context: dict[str, Any]) -> str:
    folder = jinja2.PackageLoader("yibao.report", "templates")
    environment = jinja2.Environment(
        loader=folder, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = files("yibao.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
    return environment.get_template("dip.html.j2").render(context, style=Markup(style)) + "\n"
