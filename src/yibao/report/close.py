"""The report of a closed year: one self-contained Chinese page that opens without internet and prints on A4."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from yibao import tables
from yibao.engine import Engine
from yibao.report import (
    close_away,
    close_budget,
    close_checks,
    close_clearing,
    close_diseases,
    close_drg,
    close_head,
    words,
)
from yibao.report.close_case import close_case, close_steps
from yibao.report.close_result import Closed, open_close
from yibao.report.names import Names
from yibao.report.page_checks import parameter_grid

__all__ = ["Names", "write_close_report"]

EXAMPLES = """
    WITH middle AS (
        SELECT deviation_type, median(CAST(medfee_sumamt AS DOUBLE) / CAST(nullif(standard, 0) AS DOUBLE)) AS q
        FROM cases WHERE scope = 'local' AND deviation_type IN ('low', 'high', 'extreme') GROUP BY deviation_type),
    placed AS (
        SELECT c.setl_id, c.deviation_type, row_number() OVER (PARTITION BY c.deviation_type ORDER BY
            coalesce(abs(CAST(c.medfee_sumamt AS DOUBLE) / CAST(nullif(c.standard, 0) AS DOUBLE) - m.q), 0),
            c.setl_id) AS nth
        FROM cases AS c JOIN middle AS m ON m.deviation_type = c.deviation_type
        WHERE c.scope = 'local' AND c.special IS NULL)
    SELECT setl_id, deviation_type FROM placed WHERE nth = 1"""
_KINDS = ("low", "high", "extreme")


def write_close_report(
    folder: Path,
    out: Path,
    *,
    names: Names | None = None,
    data_note: str = "",
    title: str | None = None,
    catalogue: Path | None = None,
    statements: Sequence[str] | None = None,
) -> None:
    """Writes the page of a closed year to ``out`` from the folder of ``yibao close``.

    ``names`` puts names beside codes; ``data_note`` says what the data are (e.g. synthetic). The catalogue is
    ``catalogue``, else the folder of that name inside or beside ``folder``. ``statements`` are the files of the books'
    statements, by default those that stand in ``folder``. The same folder gives the same page. Raises
    ResultFolderError when the folder is not a finished result, ReportError when the catalogue is another run's,
    OutputError when the page cannot be written.
    """
    with Engine() as engine:
        page = _render(_context(open_close(engine, folder, names, catalogue), title, data_note, statements))
    with tables.atomic_path(out) as path:
        path.write_text(page, encoding="utf-8")


def _context(closed: Closed, title: str | None, data_note: str, statements: Sequence[str] | None) -> dict[str, Any]:
    summary = closed.summary
    found, made = close_head.scopes(closed), close_head.all_sums(closed)
    checked = close_checks.checks(closed)
    regime = (summary.get("facts") or {}).get("regime", "")
    return {
        "title": title or f"{summary.get('city_name', '')}{closed.year}年住院DIP年度清算报告",
        "city": summary.get("city_name", ""),
        "year": closed.year,
        "made_by": summary["made_by"],
        "regime": words.REGIMES.get(regime, regime),
        "data_note": data_note,
        "draft": bool(summary.get("draft")),
        "remarks": close_head.remarks(closed),
        "findings": close_head.findings(closed),
        "unverified": closed.parameters.unverified(),
        "lead": close_head.lead(closed, made, found),
        "cards": close_head.cards(closed, made, found),
        "flow": close_head.flow_grid(closed),
        "budget": close_budget.budget(closed),
        "values": close_budget.values(closed),
        "months": close_budget.months(closed),
        "clearing": close_clearing.clearing(closed),
        "prepay": close_clearing.prepay(closed),
        "diseases": close_diseases.diseases(closed),
        "specials": close_diseases.specials(closed),
        "offsite": close_away.offsite(closed),
        "beds": close_away.beds(closed),
        "examples": _examples(closed),
        "indicators": close_away.indicators(closed),
        "drg": close_drg.section(closed),
        "consumption": close_away.consumption(closed),
        "dates": close_away.dates(closed),
        "postings": close_checks.postings(closed, statements),
        "checks": close_checks.check_grid(checked),
        "failing": sum(1 for one in checked if not one.closes),
        "closes": all(one.closes for one in checked),
        "parameters": parameter_grid(closed.parameters.all()),
        "files": summary.get("files", []),
    }


def _examples(closed: Closed) -> list[dict[str, Any]]:
    """One case with a low, a high and an extreme fee, each in the middle of its kind, with all steps."""
    picked = {row["deviation_type"]: row["setl_id"] for row in closed.rows(EXAMPLES)}
    told = []
    for kind in (kind for kind in _KINDS if kind in picked):
        case = close_case(closed, picked[kind])
        if case is not None:
            title = f"{words.DEVIATIONS[kind]}一例：{picked[kind]}"
            told.append({"title": title, "who": "", "steps": close_steps(closed, case)})
    return told


def _render(context: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("yibao.report", "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    folder = files("yibao.report").joinpath("templates")
    style = "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "close.css"))
    return environment.get_template("close.html.j2").render(context, style=Markup(style)) + "\n"
