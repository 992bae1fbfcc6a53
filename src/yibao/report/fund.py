"""The fund's statements (基金报表) for people: a workbook for the accountant and one page for everybody else."""

from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from yibao import tables
from yibao.flows.fund_statement import FundStatements
from yibao.report.fund_book import write_book
from yibao.report.fund_page import context

__all__ = ["write_fund_report"]

FILES = BOOK, PAGE = "fund.xlsx", "fund.html"


def write_fund_report(folder: Path, statements: FundStatements) -> None:
    """Writes ``fund.xlsx`` and ``fund.html`` to ``folder``, which is made where absent.

    Both show the same tables; amounts are 元 with two decimals. The workbook has the sheets 试算平衡表, 收支表,
    资产负债表, 各月收支, 凭证明细 and 说明. The page needs no internet and prints on A4. Files of those names are
    replaced, each only when the new one is whole. Raises OutputError when they cannot be written.
    """
    page = _render(statements)
    with tables.atomic_path(folder / BOOK) as path:
        write_book(path, statements)
    with tables.atomic_path(folder / PAGE) as path:
        path.write_text(page, encoding="utf-8")


def _render(statements: FundStatements) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("yibao.report", "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    styles = files("yibao.report").joinpath("templates")
    style = "".join(styles.joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "fund.css"))
    return environment.get_template("fund.html.j2").render(context(statements), style=Markup(style)) + "\n"
