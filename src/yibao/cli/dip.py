"""``yibao dip build|price|assess``, ``yibao explain`` and ``yibao report``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from yibao.cli import show
from yibao.cli.options import (
    CASES,
    CATALOGUE,
    CITY,
    DEFAULT_CITY,
    FOR,
    JSON,
    LISTS,
    MEMORY,
    OUT,
    OVERLAY,
    PACK,
    SINCE,
    STRICT,
    UNTIL,
    overlays,
)

app = typer.Typer(no_args_is_help=True)


@app.command("build", help="由历史病例建立病种目录：catalogue.parquet 和 summary.json。")
def build(
    cases: CASES,
    out: OUT,
    since: SINCE = None,
    until: UNTIL = None,
    city: CITY = DEFAULT_CITY,
    overlay: OVERLAY = None,
    pack: PACK = None,
    lists: LISTS = None,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
    for_day: FOR = None,
) -> None:
    """Learns a catalogue and prints what it holds."""
    with show.explained():
        from yibao.flows import dip as flow
        from yibao.packs import load_law

        law = load_law(city, overlays(overlay), pack or ())
        with show.progress("建立目录") as tell:
            done = flow.build(
                cases,
                out,
                flow.Setting(law, lists, memory, tell),
                since=show.day_option(since),
                until=show.day_option(until),
                for_day=show.day_option(for_day),
            )
    facts = done.summary
    _finish(
        done,
        out,
        strict,
        as_json,
        [
            ("病例", f"读入 {facts['cases']:,}，退回 {facts['rejected']:,}，用于学习 {facts['learned_from']:,}"),
            ("病种", f"{facts['groups']:,} 个：核心 {facts['groups_core']:,}，综合 {facts['groups_composite']:,}"),
            ("基准病种", facts["facts"]["base_disease"] or "（平均费用法）"),
            ("版本", facts["facts"]["regime"]),
        ],
    )


@app.command("price", help="按目录给病例入组、计分，并把预算按分值分到每一例。")
def price(
    cases: CASES,
    catalogue: CATALOGUE,
    out: OUT,
    budget: Annotated[str, typer.Option("--budget", metavar="YUAN", help="要分配的金额，元。")],
    since: SINCE = None,
    until: UNTIL = None,
    city: CITY = DEFAULT_CITY,
    overlay: OVERLAY = None,
    pack: PACK = None,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Prices cases and prints the totals."""
    fen = show.budget_option(budget)
    with show.explained():
        from yibao.flows import dip as flow
        from yibao.packs import load_law

        law = load_law(city, overlays(overlay), pack or ())
        with show.progress("定价") as tell:
            done = flow.price(
                cases,
                catalogue,
                out,
                flow.Setting(law, None, memory, tell),
                budget_fen=fen,
                since=show.day_option(since),
                until=show.day_option(until),
            )
    facts = done.summary
    _finish(
        done,
        out,
        strict,
        as_json,
        [
            (
                "病例",
                f"读入 {facts['cases']:,}，退回 {facts['rejected']:,}，定价 {facts['priced']:,}，"
                f"其中未入组 {facts['ungrouped']:,}",
            ),
            ("支付", f"{facts['total_pay']} 元（预算 {facts['budget']} 元）"),
            ("结算点值", f"{facts['point_value']} 元/分，总分值 {facts['total_points']} 分"),
            ("组间变异解释 RIV", f"{facts['riv']:.4f}" if facts["riv"] is not None else "费用没有差异，不能计算"),
        ],
    )


@app.command("assess", help="评估目录：覆盖率、变异系数、RIV、CMI、样本外R²。")
def assess(
    cases: CASES,
    catalogue: CATALOGUE,
    since: SINCE = None,
    until: UNTIL = None,
    city: CITY = DEFAULT_CITY,
    overlay: OVERLAY = None,
    pack: PACK = None,
    memory: MEMORY = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Measures a catalogue on cases and prints the measures."""
    with show.explained():
        from yibao.casemix.dip import LAYER_NAMES
        from yibao.flows import dip as flow
        from yibao.packs import load_law

        law = load_law(city, overlays(overlay), pack or ())
        with show.progress("评估目录") as tell:
            done = flow.assess(
                cases,
                catalogue,
                flow.Setting(law, None, memory, tell),
                since=show.day_option(since),
                until=show.day_option(until),
            )
    facts = done.summary
    coverage = "，".join(f"{LAYER_NAMES[kind]} {share:.2%}" for kind, share in facts["coverage"].items())
    groups = "，".join(f"{LAYER_NAMES[kind]} {n:,}" for kind, n in facts["groups"].items())
    _finish(
        done,
        None,
        strict,
        as_json,
        [
            ("病种", f"{groups}；病例用到 {facts['groups_used']:,} 个"),
            ("病例覆盖", coverage),
            ("入组率", f"{facts['grouped_share']:.2%}"),
            (
                "变异系数 CV",
                f"{_number(facts['cv'])}（按病例加权）；CV>0.7 的病种 {facts['groups_cv_over_0.7']} 个，"
                f"CV>1 的 {facts['groups_cv_over_1.0']} 个",
            ),
            ("组间变异解释 RIV", _number(facts["riv"])),
            ("病例组合指数 CMI", _number(facts["cmi"])),
            ("样本外 R²", _number(facts["r2"])),
        ],
    )
    if facts["auxiliary"] and not as_json:
        show.out.print(_auxiliary(facts["auxiliary"]))


def _auxiliary(rows: list[dict[str, Any]]) -> Any:
    """The table of auxiliary types: what they narrow in the catalogue, and how many cases have one."""
    from rich.table import Table

    table = Table(title="辅助分型（上年病例，目录测算）", title_justify="left", box=None, pad_edge=False)
    table.add_column("分型", style="cyan", no_wrap=True)
    for head in ("病种", "病例", "分型前CV", "分型后CV", "本次命中"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        counts = [f"{row['groups']:,}", f"{row['cases']:,}"]
        table.add_row(
            row["label"], *counts, _number(row["cv_before"]), _number(row["cv_after"]), f"{row['cases_hit']:,}"
        )
    return table


def explain(
    setl_id: Annotated[str, typer.Argument(help="结算ID。")],
    run: Annotated[
        Path, typer.Option("--run", help="yibao close、yibao settle 或 yibao dip price 写出的文件夹。")
    ] = Path("out/demo/closed"),
    catalogue: Annotated[Path | None, typer.Option("--catalogue", "-c", help="清算或定价所用的目录文件夹。")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="另写成一页网页。")] = None,
    as_json: JSON = False,
) -> None:
    """Prints one case's way to its payment, or one settlement as a bill."""
    with show.explained():
        from yibao.report import explain as told
        from yibao.report.bill import write_bill

        steps = told.explain(run, setl_id, catalogue=catalogue)
        if html is not None:
            write_bill(steps, html, f"{setl_id}：怎样结算")
    if as_json:
        show.summary({"setl_id": setl_id, "steps": [step._asdict() for step in steps]}, [], True)
    else:
        show.out.print(told.explain_text(steps), markup=False, soft_wrap=True)


def report(
    catalogue: CATALOGUE,
    run: Annotated[Path, typer.Option("--run", help="yibao dip price 写出的文件夹。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="要写的网页文件。")] = Path("report.html"),
    title: Annotated[str | None, typer.Option("--title", help="报告标题。")] = None,
) -> None:
    """Writes the one-page report of a priced run."""
    with show.explained():
        from yibao.report.dip import write_report

        with show.progress("写报告"):
            write_report(catalogue, run, out, title=title)
    show.closing(out, 0, (), ())


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _finish(done: Any, out: Path | None, strict: bool, as_json: bool, rows: list[tuple[str, str]]) -> None:
    for loaded in done.reports:
        show.findings(loaded.findings)
    show.summary(done.summary, rows, as_json)
    show.closing(out, done.rejected, done.summary["unverified"], done.remarks)
    if strict and done.rejected:
        raise show.fail(f"--strict：有{done.rejected}行被退回")
