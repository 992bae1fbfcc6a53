"""``yibao drg group|explain`` and ``yibao drg scheme check|show``."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yibao.cli import drg_text, schemes, show
from yibao.cli.options import CITY, DEFAULT_CITY, JSON, MEMORY, NO_OVERLAY, PACK, STRICT

if TYPE_CHECKING:
    from yibao.flows.drg import GroupOutcome

app = typer.Typer(no_args_is_help=True)
scheme_app = typer.Typer(no_args_is_help=True)
app.add_typer(scheme_app, name="scheme", help="分组方案：核对、查看。")

CASES = Annotated[
    list[Path],
    typer.Argument(help="病例文件或文件夹，可写多个：csv、parquet、xlsx；列为 case_id、dx、px 等，或结算清单的各列。"),
]
MAP = Annotated[bool, typer.Option("--map-codes", help="先按分组方案的对照表把临床版代码转为医保版代码。")]
CHANGE = Annotated[
    list[str] | None,
    typer.Option("--change", metavar="CODES", help="要试的改动，可写多个：旧代码=新代码、+新代码、-旧代码。"),
]


@app.command("group", help="给病例分组，写出 case_id、status、mdc、adrg、drg。")
def group(
    cases: CASES,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="结果文件：csv、parquet 或 xlsx。")],
    scheme: schemes.SCHEME = None,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    map_codes: MAP = False,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Groups cases and prints the counts."""
    with show.explained():
        from yibao.flows import drg as flow

        with show.progress("DRG分组") as tell:
            chosen = schemes.schemes(scheme, city, overlay, pack)
            done = flow.group(cases, chosen, out, mapped=map_codes, memory=memory, tell=tell)
    show.findings(done.report.findings)
    facts = {"cases": done.cases, "status": done.status, "remarks": done.remarks, "mdcs": done.mdcs,
             "absent": done.absent}  # fmt: skip
    show.summary(facts, drg_text.group_rows(done), as_json)
    where = f"{out}" + (f"，逐例说明在 {done.reasons}" if done.reasons else "")
    show.err.print(f"[green]完成[/green] 结果在 {where}", soft_wrap=True)
    _end(done, strict)


def _end(done: "GroupOutcome", strict: bool) -> None:
    if not done.cases:
        raise show.fail("没有读到病例：请看上面列出的问题")
    if strict and (done.report.rows_rejected or done.remarks):
        raise show.fail(f"--strict：{sum(done.remarks.values())}条逐例说明")


@app.command("explain", help="说明一例病例为什么分到这一组，改动一个代码会怎样。")
def explain(
    cases: Annotated[list[Path] | None, typer.Argument(help="病例文件；也可以不写文件，用下面的选项写一例。")] = None,
    case: Annotated[str, typer.Option("--case", metavar="ID", help="文件里的病例编号（case_id 或 setl_id）。")] = "",
    scheme: schemes.SCHEME = None,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    dx: Annotated[str, typer.Option("--dx", help="诊断代码，以|分隔，第一个为主要诊断。")] = "",
    px: Annotated[str, typer.Option("--px", help="手术操作代码，以|分隔，第一个为主要手术操作。")] = "",
    gender: Annotated[str, typer.Option("--gender", help="性别：1 男，2 女。")] = "",
    age: Annotated[str, typer.Option("--age", help="年龄（岁）。")] = "",
    age_day: Annotated[str, typer.Option("--age-day", help="不足一周岁的天数。")] = "",
    weight: Annotated[str, typer.Option("--weight", help="新生儿入院体重（克）。")] = "",
    los: Annotated[str, typer.Option("--los", help="住院天数。")] = "",
    leaving: Annotated[str, typer.Option("--leaving", help="离院方式。")] = "",
    change: CHANGE = None,
    map_codes: MAP = False,
    as_json: JSON = False,
) -> None:
    """Prints why a case fell where it did."""
    with show.explained():
        from yibao.flows import drg as flow

        chosen = schemes.schemes(scheme, city, overlay, pack)
        if cases:
            told = flow.explain_case(cases, case, chosen, mapped=map_codes, changes=change or ())
        elif dx:
            row = {"case_id": case, "dx": dx, "px": px, "gender": gender, "age": age, "age_day": age_day,
                   "weight_g": weight, "los_days": los, "leaving_type": leaving}  # fmt: skip
            folder = chosen if isinstance(chosen, Path) else chosen(None, None)[0].folder
            told = flow.explain_row(flow.load_scheme(folder), row, mapped=map_codes, changes=change or ())
        else:
            raise typer.BadParameter("请写病例文件和 --case，或用 --dx 写一例")
    if as_json:
        show.summary(told.as_dict(), [], True)
    else:
        show.out.print(drg_text.explained(told), markup=False, soft_wrap=True, highlight=False)


@app.command("assess", help="评估分组：RIV、CV、CMI、时间和费用消耗指数、低风险组死亡率；权重由以前年度测算。")
def assess(
    cases: Annotated[list[Path], typer.Argument(help="结算清单（cases），要有费用。")],
    scheme: schemes.SCHEME = None,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    history: Annotated[
        list[Path] | None,
        typer.Option("--history", metavar="FILE", help="测算权重的以前年度病例，可写多个；不写时用本次病例。"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="写各DRG和各机构的文件夹（parquet、xlsx）。")
    ] = None,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Measures a grouping and prints the measures."""
    with show.explained():
        from yibao.flows import drg_assess as flow

        with show.progress("DRG评估") as tell:
            chosen = schemes.schemes(scheme, city, overlay, pack)
            done = flow.assess(cases, chosen, out, history=history or (), memory=memory, tell=tell)
    for report in done.reports:
        show.findings(report.findings)
    show.summary(done.summary, drg_text.assess_rows(done.summary), as_json)
    if not as_json:
        show.out.print(drg_text.hospitals(done.hospitals))
    if not history:
        show.err.print("[yellow]提醒[/yellow] 没有 --history：权重、平均住院日和死亡风险由本次病例自己测算")
    rejected = sum(report.rows_rejected for report in done.reports)
    if out is not None:
        show.err.print(f"[green]完成[/green] 结果在 {out}", soft_wrap=True)
    if strict and rejected:
        raise show.fail(f"--strict：有{rejected}行被退回")


@scheme_app.command("check", help="核对分组方案的各张表，列出全部问题。")
def check(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="分组方案所在文件夹；默认是教学方案。")] = None,
    as_json: JSON = False,
) -> None:
    """Checks a scheme; ends with 1 where it cannot be used."""
    with show.explained():
        from yibao.flows import drg as flow

        with show.progress("核对分组方案"):
            checked = flow.check_scheme(schemes.folder(folder))
    show.findings(checked.findings)
    counts = Counter(one.severity.value for one in checked.findings)
    facts: dict[str, Any] = {"usable": checked.scheme is not None, "findings": counts}
    if checked.scheme is not None:
        facts |= drg_text.scheme_facts(checked.scheme)
    if as_json:
        facts["list"] = [one._asdict() | {"place": str(one.place)} for one in checked.findings]
    show.summary(facts, drg_text.check_rows(checked, counts), as_json)
    if checked.scheme is None:
        raise show.fail("分组方案有错误，不能用来分组")


@scheme_app.command("show", help="查看分组方案：各大类的步骤，或一个ADRG的条件、代码和DRG。")
def view(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="分组方案所在文件夹；默认是教学方案。")] = None,
    mdc: Annotated[str, typer.Option("--mdc", help="只看这个大类的步骤。")] = "",
    adrg: Annotated[str, typer.Option("--adrg", help="看这个ADRG的条件、代码和DRG。")] = "",
    as_json: JSON = False,
) -> None:
    """Prints what a scheme holds."""
    with show.explained():
        from yibao.flows import drg as flow

        scheme = flow.load_scheme(schemes.folder(folder))
    if as_json:
        show.summary(drg_text.scheme_facts(scheme), [], True)
    else:
        show.out.print(drg_text.shown(scheme, mdc, adrg), markup=False, soft_wrap=True, highlight=False)
