"""``yibao law show|check|diff``."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from yibao.cli import show
from yibao.cli.options import CITY, DEFAULT_CITY, JSON, OVERLAY, PACK, overlays

app = typer.Typer(no_args_is_help=True)
PREFIX = Annotated[str, typer.Argument(help="只看以此开头的参数，如 dip.deviation。")]
ON = Annotated[str | None, typer.Option("--on", metavar="DATE", help="哪一天适用的政策；默认今天。")]


def _day(text: str | None) -> date:
    return show.day_option(text) or date.today()


@app.command("show", help="列出某日适用的参数、依据和来源等级。")
def show_law(
    prefix: PREFIX = "",
    city: CITY = DEFAULT_CITY,
    on: ON = None,
    known: Annotated[str | None, typer.Option("--known", metavar="DATE", help="按这一天已公布的文件。")] = None,
    overlay: OVERLAY = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Prints the parameters in force on a day."""
    with show.explained():
        from yibao.flows import law as flow
        from yibao.packs import load_law

        rows = flow.show(load_law(city, overlays(overlay), pack or ()), _day(on), show.day_option(known), prefix)
    if as_json:
        show.summary({"parameters": [row._asdict() for row in rows]}, [], True)
        return
    table = Table(title=f"{len(rows)} 个参数", title_justify="left")
    for header in ("参数", "值", "条件和适用日期", "等级、来源和出处"):
        table.add_column(header, overflow="fold")
    for row in rows:
        value = f"{row.value} {row.unit}" if row.unit in ("元", "例", "日", "倍", "分") else row.value
        place = "\n".join((f"{row.grade}{f'（{row.status}）' if row.status else ''}：{row.source}", row.origin))
        table.add_row(f"{row.key}\n[dim]{row.label}[/dim]", value, f"{row.where}\n{row.period}".strip(), place)
    show.out.print(table)


@app.command("check", help="检查政策包，逐条列出文件、行、列和改法。")
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="政策包文件夹或文件；不写则检查全部。")] = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Checks packs; exit 1 when there is an error."""
    with show.explained():
        from yibao.flows import law as flow
        from yibao.kernel import Severity
        from yibao.packs import describe

        found = flow.check(paths or (), pack or ())
    if as_json:
        show.summary({"findings": [{**one._asdict(), "place": str(one.place)} for one in found]}, [], True)
    else:
        for one in found:
            show.err.print(describe(one), markup=False)
    errors = sum(one.severity is Severity.ERROR for one in found)
    if errors:
        raise show.fail(f"政策包有{errors}处错误")
    show.err.print("[green]政策包没有错误[/green]")


@app.command("diff", help="比较两日或两地的参数。")
def diff(
    before: Annotated[str, typer.Argument(metavar="DATE", help="前一日期。")],
    after: Annotated[str, typer.Argument(metavar="DATE", help="后一日期。")],
    prefix: Annotated[str, typer.Option("--prefix", help="只看以此开头的参数。")] = "",
    city: CITY = DEFAULT_CITY,
    to_city: Annotated[str | None, typer.Option("--to-city", help="与另一统筹区比较。")] = None,
    overlay: OVERLAY = None,
    to_overlay: Annotated[
        list[str] | None, typer.Option("--to-overlay", help="后一方叠加的方案；默认与前一方相同。")
    ] = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Prints what differs between two days, cities or overlays."""
    with show.explained():
        from yibao.flows import law as flow
        from yibao.packs import load_law

        first = load_law(city, overlays(overlay), pack or ())
        second = load_law(to_city or city, overlays(to_overlay if to_overlay is not None else overlay), pack or ())
        changes = flow.diff(first, show.day_argument(before), second, show.day_argument(after), prefix)
    if as_json:
        show.summary({"changes": [one._asdict() for one in changes]}, [], True)
        return
    table = Table(title=f"{len(changes)} 处不同", title_justify="left")
    for header in ("变化", "参数", "含义", "条件", "前", "后", "前一方来源", "后一方来源"):
        table.add_column(header, overflow="fold")
    for one in changes:
        table.add_row(*one)
    show.out.print(table)
