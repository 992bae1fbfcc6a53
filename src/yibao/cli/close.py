"""``yibao close``: a city's year, from its tables to payments, books, the report and a workbook for every hospital."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yibao.cli import schemes, show
from yibao.cli.options import CITY, DEFAULT_CITY, JSON, MEMORY, OVERLAY, PACK, STRICT, overlays

if TYPE_CHECKING:
    from yibao.flows.close import Closed

FOLDER = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="城市数据所在的文件夹：cases、providers、budget_income、budget_lines 等各表。"),
]


def close(
    folder: FOLDER,
    year: Annotated[int, typer.Option("--year", min=2000, max=2100, help="要清算的年度，如 2025。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="写结果的文件夹。")],
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", "-c", help="yibao dip build 写出的目录文件夹；不写则由该年度以前的病例建立。"),
    ] = None,
    city: CITY = DEFAULT_CITY,
    overlay: OVERLAY = None,
    pack: PACK = None,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="PLACE", help="账务库：文件，或 postgresql:// 地址；默认 OUT/fund.db。"),
    ] = None,
    drg: Annotated[
        bool, typer.Option("--drg", help="同时按DRG分组（各出院日期用政策包写的方案），写进结果、报告和工作簿。")
    ] = False,
    scheme: Annotated[
        Path | None, typer.Option("--scheme", metavar="DIR", help="DRG分组方案的文件夹；写了就同时按DRG分组。")
    ] = None,
    books: Annotated[bool, typer.Option("--books/--no-books", help="是否给每家机构写一本工作簿。")] = True,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Closes a year and writes everything."""
    with show.explained():
        from yibao.cli.papers import Papers
        from yibao.flows.close import CloseSetting
        from yibao.flows.close import close as flow
        from yibao.flows.dip import Setting
        from yibao.packs import load_law

        law = load_law(city, overlays(overlay), pack or ())
        with show.progress(f"{year}年度清算") as tell, Papers(out, tell) as papers:
            by_law = schemes.editions(law, city, pack or ()) if drg else None
            setting = CloseSetting(Setting(law, None, memory, tell), catalogue, store, papers.state, scheme or by_law)
            done = flow(folder, out, year, setting)
            papers.write(out / "report.html", books=books)
    told(done, out / "report.html", strict, as_json)


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What a terminal shows of a closed year."""
    rows = [
        (
            "病例",
            f"读入 {facts['cases']:,}，退回 {facts['rejected']:,}，本地 {facts['cases_local']:,}，"
            f"省内异地 {facts['cases_offsite']:,}，跨省 {facts['cases_outside']:,}，未入组 {facts['ungrouped']:,}",
        )
    ]
    for fund in facts["funds"]:
        rows += [
            (
                fund["name"],
                f"住院DIP预算 {fund['budget']} 元，结算点值 {_value(fund['point_value'])}，支付 {fund['settled']} 元，"
                f"扣减 {fund['deductions']} 元，已按月拨付 {fund['monthly_paid']} 元，预付 {fund['prepaid']} 元，"
                f"清算应付 {fund['final']} 元",
            )
        ]
    rows += [
        (
            "医疗机构",
            f"{facts['hospitals']:,} 家；结余 {facts['with_surplus']:,} 家，超支 {facts['with_overrun']:,} 家",
        ),
        (
            "特例单议",
            f"申请 {facts['reviews_applied']:,}，通过 {facts['reviews_granted']:,}，限额 {facts['reviews_quota']:,}",
        ),
        ("记账", f"{facts['entries_posted']:,} 张凭证入账，{facts['entries_refused']:,} 张被退回"),
    ]
    if facts["drg"] is not None:
        rows.append(("DRG", _drg(facts["drg"])))
    return rows


def _drg(facts: dict[str, Any]) -> str:
    share = "无" if facts["grouped_share"] is None else f"{facts['grouped_share']:.1%}"
    riv = "无" if facts["riv"] is None else f"{facts['riv']:.4f}"
    return f"方案 {facts['scheme']}，入组 {facts['grouped']:,} 例（{share}），{facts['groups_used']} 组，RIV {riv}"


def _value(text: str | None) -> str:
    return "无" if text is None else f"{text} 元/分"


def told(done: "Closed", page: Path, strict: bool, as_json: bool) -> None:
    """Prints what a close came to; ends with 1 where the books refused something or ``strict`` finds a fault."""
    show.findings(done.findings)
    show.summary(done.summary, rows_of(done.summary), as_json)
    show.closing(page, done.rejected, done.summary["unverified"], done.remarks)
    if done.refused:
        raise show.fail(f"有{done.refused}张凭证没有记账，原因见上和 findings.xlsx；已记的各批次保留在账上")
    if strict and (done.rejected or done.faulty):
        raise show.fail(f"--strict：有{done.rejected}行病例被退回，其他问题{done.faulty}处")
