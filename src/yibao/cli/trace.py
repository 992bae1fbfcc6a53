"""``yibao trace``: trace codes (追溯码): a history of scans, a day added to it."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from yibao.cli import show
from yibao.cli.options import JSON, MEMORY, NO_OVERLAY, PACK, STRICT

app = typer.Typer(no_args_is_help=True)

FILES = Annotated[
    list[Path],
    typer.Argument(metavar="FILES", help="扫码记录文件或文件夹（trace_scans），可写多个：parquet、csv、xlsx。"),
]
CITY = Annotated[str, typer.Option("--city", help="统筹区：政策包的文件夹名、行政区划代码或别名。")]
DAY = Annotated[
    str | None, typer.Option("--day", metavar="DATE", help="扫描到哪一天，晚于这一天的扫码不予承认；默认今天。")
]


@app.command("scan", help="扫描全部扫码记录，建立历史：重复销售、拆零、退货、串换、回流等疑点和每个码的证据链。")
def scan(
    files: FILES,
    city: CITY,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="写历史和结果的文件夹。")],
    day: DAY = None,
    providers: Annotated[
        Path | None, typer.Option("--providers", help="定点机构名单（providers）；写了，名单外机构的扫码不予承认。")
    ] = None,
    drugs: Annotated[
        Path | None, typer.Option("--drugs", help="追溯码与药品对应表（trace_drugs），用于查串换和拆零数量。")
    ] = None,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Scans files as a new history."""
    with show.explained():
        from yibao.flows.trace import scan as flow

        with show.progress("扫描追溯码") as tell:
            done = flow(
                _expanded(files), out, _setting(city, overlay, pack, memory, tell), _day(day), providers=providers,
                drugs=drugs,
            )  # fmt: skip
    _told(done, out, strict, as_json)


@app.command("add", help="把一天或几天的扫码记录加进历史：结果与全部重扫相同，不重写历史。")
def add(
    files: FILES,
    city: CITY,
    history: Annotated[Path, typer.Option("--history", metavar="DIR", help="yibao trace scan 写出的文件夹。")],
    day: DAY = None,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Adds files to a history."""
    with show.explained():
        from yibao.flows.trace import add as flow

        with show.progress("追加追溯码") as tell:
            done = flow(_expanded(files), history, _setting(city, overlay, pack, memory, tell), _day(day))
    _told(done, history, strict, as_json)


@app.command("stock", help="核对进销存：两次盘存之间，期初加购进减期末应等于售出；不符的列出，可据此暂不结算。")
def stock(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="进销存记录文件或文件夹（stock_moves），可写多个。")
    ],
    city: CITY,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="写结果的文件夹。")],
    day: Annotated[str | None, typer.Option("--day", metavar="DATE", help="按哪一天的政策；默认今天。")] = None,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    memory: MEMORY = None,
    as_json: JSON = False,
) -> None:
    """Balances purchases, stock and sales."""
    with show.explained():
        from yibao.flows.trace_stock import balance as flow

        with show.progress("核对进销存") as tell:
            done = flow(files, out, _setting(city, overlay, pack, memory, tell), _day(day))
    facts = done.summary
    show.findings([one for report in done.reports for one in report.findings] + done.findings)
    rows = [
        ("进销存记录", f"{facts['rows']:,} 行，退回 {facts['rejected']:,} 行"),
        ("盘存区间", f"{facts['spans']:,} 个，不符 {facts['faults']:,} 个，涉及基金 {facts['fund_at_risk']} 元"),
        ("暂不结算", f"{facts['blocks']:,} 个机构品种"),
    ]
    show.summary(facts, rows, as_json)
    show.closing(out, facts["rejected"], facts["unverified"], ())


def _expanded(files: list[Path]) -> list[Path]:
    from yibao import tables

    return [one for path in files for one in (tables.table_files(path, "trace_scans") if path.is_dir() else [path])]


def _setting(city: str, overlay: list[str] | None, pack: list[Path] | None, memory: str | None, tell: Any) -> Any:
    from yibao.flows.dip import Setting
    from yibao.packs import load_law

    names = [one for one in overlay or () if one != "none"]
    return Setting(load_law(city, names, pack or ()), None, memory, tell)


def _day(text: str | None) -> date:
    return show.day_option(text) or date.today()


def _told(done: Any, where: Path, strict: bool, as_json: bool) -> None:
    show.findings([one for report in done.reports for one in report.findings] + done.findings)
    show.summary(done.summary, rows_of(done.summary), as_json)
    show.closing(where, 0, done.summary["unverified"], ())
    rejected = done.summary["rejected"]
    if rejected:
        show.err.print(f"[yellow]提醒[/yellow] 退回{rejected}行，逐行原因在 {escape(str(where / 'findings.xlsx'))}")
    if strict and rejected:
        raise show.fail(f"--strict：有{rejected}行被退回")


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What a terminal shows of a scan."""
    rows = [("扫码记录", f"{facts['rows']:,} 行，本次 {facts['rows_added']:,} 行，退回 {facts['rejected']:,} 行")]
    for one in facts["kinds"].values():
        late = f"，其中迟传 {one['late']:,}" if one["late"] else ""
        rows.append((f"{one['rule']} {one['label']}", f"{one['count']:,} 个{late}，涉及基金 {one['fund_at_risk']} 元"))
    rows.append(("合计", f"疑点 {facts['findings']:,} 个，涉及基金 {facts['fund_at_risk']} 元"))
    return rows
