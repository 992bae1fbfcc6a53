"""What the fund commands share: checked options, the opened store, tables of money, refusals on stderr."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from rich.table import Table

from yibao.cli import show
from yibao.kernel import Finding, Severity, yuan, yuan_text

if TYPE_CHECKING:
    from yibao.flows.fund_batches import Done
    from yibao.law import Law
    from yibao.store import Store


@contextmanager
def opened(where: str, create: bool = False) -> Iterator["Store"]:
    """The store at a place, closed afterwards. One that is not there is made only with ``create``."""
    from yibao.store import Store

    store = Store(where, create=create)
    try:
        yield store
    finally:
        store.close()


def law_of(city: str, overlay: list[str] | None, pack: list[Path] | None) -> "Law":
    """The law of a city; without --overlay nothing is laid over it."""
    from yibao.packs import load_law

    return load_law(city, [one for one in overlay or () if one != "none"], pack or ())


def admdvs_option(text: str | None) -> str:
    """The code of --admdvs, or an empty text; wrong text ends the command with code 2."""
    if text is not None and not re.fullmatch("[0-9]{6}", text):
        raise typer.BadParameter(f"“{text}”不是医保区划代码，请写六位数字，如 370300")
    return text or ""


def fund_option(text: str | None) -> str:
    """The code of --fund, given as code or name, or an empty text; an unknown one ends the command with code 2."""
    from yibao.flows.fund_setting import FundError, fund_code

    if text is None:
        return ""
    try:
        return fund_code(text)
    except FundError as error:
        raise typer.BadParameter(str(error)) from error


def month_option(text: str) -> int:
    """The ``yyyymm`` of --month, written 2025-06; wrong text ends the command with code 2."""
    match = re.fullmatch(r"(\d{4})(?:-|/)?(\d{1,2})", text.strip(), re.ASCII)
    if match is None or not 1 <= int(match[2]) <= 12 or not 1900 <= int(match[1]) <= 2100:
        raise typer.BadParameter(f"“{text}”不是月份，请写成 2025-06")
    return int(match[1]) * 100 + int(match[2])


def today() -> date:
    """The day by the calendar that the books are kept by."""
    from yibao.store.unit import CHINA

    return datetime.now(CHINA).date()


def today_month() -> int:
    """The month at hand as ``yyyymm``."""
    day = today()
    return day.year * 100 + day.month


def text_of(fen: int | None) -> str:
    """An amount for a table; empty where there is none."""
    return "" if fen is None else yuan_text(fen)


def exact(fen: int | None) -> str | None:
    """An amount for JSON: 元 with two decimals, as text."""
    return None if fen is None else str(yuan(fen))


def grid(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], money: Sequence[str] = ()) -> None:
    """A table on stdout; the columns named in ``money`` stand to the right."""
    table = Table(title=escape(title), title_justify="left")
    for head in heads:
        table.add_column(head, justify="right" if head in money else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    show.out.print(table)


def refusals(found: Sequence[Finding]) -> None:
    """Findings on stderr, errors first, at most SHOWN of a kind; how many more there are is said."""
    kinds: dict[tuple[int, str], list[Finding]] = defaultdict(list)
    order = list(Severity)
    for one in found:
        kinds[order.index(one.severity), one.code].append(one)
    for _kind, some in sorted(kinds.items(), key=lambda item: item[0][0]):
        show.findings(some)


def finding_facts(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON values."""
    return [{**one._asdict(), "severity": one.severity.value, "place": one.place._asdict()} for one in found]


def batch_rows(done: "Done") -> list[tuple[str, str]]:
    """What became of a batch, for the summary: rows, answers by outcome."""
    rows = []
    if done.report is not None:
        report = done.report
        rows.append(("文件", "、".join(report.files) or "没有"))
        rows.append(("行", f"读入 {report.rows_read:,}，退回 {done.refused_rows:,}"))
    rows += [(outcome.label, f"{count:,} 张凭证") for outcome, count in done.counts.items()]
    return rows


def batch_facts(done: "Done") -> dict[str, Any]:
    """What became of a batch, as JSON values."""
    report = done.report
    return {
        "files": report.files if report else [], "rows_read": report.rows_read if report else 0,
        "rows_refused": done.refused_rows,
        "outcomes": {outcome.value: count for outcome, count in done.counts.items()},
        "amounts": {action.value: exact(fen) for action, fen in done.amounts.items()},
        "findings": finding_facts(done.findings),
    }  # fmt: skip


def batch_end(done: "Done", out: Path | None, strict: bool, nothing: str) -> None:
    """The end of a batch command: where the refused rows are, and exit 1 when nothing stands or, strict, all do not."""
    if done.rejected and out is None:
        show.err.print("[yellow]提醒[/yellow] 加 --out DIR 可写出退回的行，改正后再送入")
    elif out is not None:
        show.closing(out, done.refused_rows, (), ())
    if not done.stands:
        raise show.fail(nothing)
    if strict and done.rejected:
        raise show.fail(f"--strict：有{done.refused_rows}行被退回")
