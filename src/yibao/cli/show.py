"""What every command shares: messages, progress, errors as text, exit codes."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from yibao.kernel import MAX_BUDGET_FEN, Finding, Severity, fen_from_yuan, parse_day
from yibao.kernel.money import MoneyError

err = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
SHOWN = 20
"""How many findings of a kind a terminal shows; all of them are in findings.xlsx."""

_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def day_option(text: str | None) -> date | None:
    """The day of an option such as --until; wrong text ends the command with code 2."""
    if text is None:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise typer.BadParameter(f"“{text}”不是日期，请写成 2025-01-31") from error


def budget_option(text: str) -> int:
    """The fen of --budget, given in 元."""
    try:
        fen = fen_from_yuan(text.replace(",", "").replace("，", ""), MAX_BUDGET_FEN)
    except MoneyError as error:
        raise typer.BadParameter(f"{error}；请写成元，如 100000000 或 100000000.00") from error
    if fen <= 0:
        raise typer.BadParameter("待分配的预算应大于0元")
    return fen


def day_argument(text: str) -> date:
    """A required day."""
    day = day_option(text)
    assert day is not None  # day_option gives None only for None
    return day


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """A spinner with the step at work, on stderr; silent where stderr is no terminal."""
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=err, transient=True
    ) as bar:
        task = bar.add_task(title)

        def tell(step: str) -> None:
            bar.update(task, description=f"{title}：{escape(step)}")

        yield tell


def fail(message: str, code: int = 1) -> typer.Exit:
    """Prints an error and gives the exit to raise."""
    err.print(f"[red]错误[/red] {escape(message)}")
    return typer.Exit(code)


def _mendable() -> tuple[type[Exception], ...]:
    """The errors whose message tells the user what to do; imported only when something went wrong."""
    from yibao.casemix.dip import LearnError, RegimeError, RuleError
    from yibao.flows.dip import FlowError
    from yibao.flows.drg import CaseError, SchemeError
    from yibao.flows.fund_setting import FundError
    from yibao.fund.chart import ChartError
    from yibao.fund.statements import StatementError
    from yibao.law import LawError
    from yibao.packs import PackError
    from yibao.payment.point_value import PointValueError
    from yibao.payment.terms import TermsError
    from yibao.report.result import ReportError
    from yibao.store import StoreError
    from yibao.tables import OutputError, ResultFolderError

    return (
        FlowError, LawError, PackError, ResultFolderError, OutputError, LearnError, RuleError, PointValueError,
        RegimeError, TermsError, ReportError, FundError, ChartError, StatementError, StoreError, SchemeError,
        CaseError,
    )  # fmt: skip


@contextmanager
def explained() -> Iterator[None]:
    """Turns the errors a user can mend into a message and exit code 1; others are faults of the program and rise."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        from yibao.engine import RESOURCE_ERRORS

        if isinstance(error, RESOURCE_ERRORS):
            cause = str(error).splitlines()[0]
            step = "请用 --memory 调大内存上限，或腾出临时文件夹所在磁盘的空间后重新运行"
            raise fail(f"内存或磁盘空间不足，没有写出结果；{step}（{cause}）") from error
        if not isinstance(error, _mendable()):
            raise
        for report in getattr(error, "reports", ()):
            findings(report.findings)
        findings(getattr(error, "findings", ()))
        raise fail(str(error)) from error


def findings(found: Sequence[Finding]) -> None:
    """Prints findings, worst first, at most SHOWN of each severity."""
    for severity in Severity:
        some = [one for one in found if one.severity is severity]
        for one in some[:SHOWN]:
            err.print(f"[{_STYLE[severity]}]{escape(str(one))}[/]")
        if len(some) > SHOWN:
            err.print(f"[dim]…… 另有{len(some) - SHOWN}条{severity.label}[/dim]")


def summary(facts: Mapping[str, Any], rows: Sequence[tuple[str, str]], as_json: bool) -> None:
    """The summary on stdout: JSON whole, or the labelled rows as a table."""
    if as_json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for label, value in rows:
        table.add_row(label, escape(value))
    out.print(table)


def closing(where: Path | None, rejected: int, unverified: Sequence[str], remarks: Sequence[str]) -> None:
    """The last words of a command: remarks, unverified parameters, where the results stand."""
    for remark in remarks:
        err.print(f"[yellow]提醒[/yellow] {escape(remark)}")
    if unverified:
        err.print(
            f"[yellow]提醒[/yellow] 用到{len(unverified)}个未经核实的参数（假定或第三方整理）："
            f"{escape('、'.join(unverified[:6]))}{'……' if len(unverified) > 6 else ''}；全部见 summary.json"
        )
    if where is not None:
        note = f"，退回的{rejected}行见 rejected.xlsx，全部问题见 findings.xlsx" if rejected else ""
        err.print(f"[green]完成[/green] 结果在 {escape(str(where))}{note}")
