"""``yibao reconcile``: the exact settlements behind two totals that differ."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from yibao.cli import show
from yibao.cli.options import JSON, MEMORY

DIFFERENT = 3
"""The exit status where both files were read and something differs."""
BOOK = "reconcile.xlsx"


def reconcile(
    ours: Annotated[
        Path, typer.Argument(metavar="OURS", help="本方的结算：csv、xlsx、parquet 文件，或这些文件的文件夹。")
    ],
    theirs: Annotated[Path, typer.Argument(metavar="THEIRS", help="对方的结算：同上；也可以是3201的总账。")],
    out: Annotated[Path, typer.Option("--out", "-o", help="写结果的文件夹。")],
    ours_map: Annotated[
        list[str] | None,
        typer.Option(
            "--ours-map",
            metavar="列名=字段",
            help="写明本方的一列是什么，如 总费用=medfee_sumamt；可写多个；字段写 - 表示不用。",
        ),
    ] = None,
    theirs_map: Annotated[
        list[str] | None, typer.Option("--theirs-map", metavar="列名=字段", help="写明对方的一列是什么，写法同上。")
    ] = None,
    memory: MEMORY = None,
    as_json: JSON = False,
) -> None:
    """Reconciles two sides and prints what differs; ends with 0 where all is equal and 3 where something differs."""
    with show.explained():
        from yibao.flows.reconcile import reconcile as flow
        from yibao.report.reconcile import write_reconcile_book

        with show.progress("对账") as tell:
            done = flow(
                ours, theirs, out, ours_map=ours_map or (), theirs_map=theirs_map or (), memory=memory, progress=tell
            )
            tell("写工作簿")
            write_reconcile_book(out, out / BOOK)
    show.findings(done.findings)
    show.summary(done.summary, rows_of(done.summary), as_json)
    for remark in done.summary["remarks"]:
        show.err.print(f"[yellow]提醒[/yellow] {escape(remark)}")
    note = f"，退回的{done.rejected}行另见 rejected_ours.xlsx、rejected_theirs.xlsx" if done.rejected else ""
    show.err.print(f"[green]完成[/green] 结果在 {escape(str(out))}，可以发出的是 {BOOK}{note}")
    if not done.equal:
        raise typer.Exit(DIFFERENT)


def rows_of(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What a terminal shows of a reconciling."""
    from yibao.reconcile.columns import GROUNDS
    from yibao.standard import FIELDS

    names = {"ours": "本方", "theirs": "对方"}
    rows = []
    for side, name in names.items():
        one = facts["files"][side]
        rows.append((f"{name}文件", f"{'、'.join(one['files'])}：{one['rows']:,} 行，退回 {one['rejected']:,}"))
        for column in one["columns"]:
            known = f"{column['field']}（{FIELDS[column['field']].label}）" if column["field"] else ""
            sample = "、".join(column["samples"][:2])
            rows.append(
                ("  列名对应", f"“{column['column']}” → {known}，依据 {GROUNDS[column['ground']]}；如 {sample}")
            )
    for field, one in facts["totals"].items():
        rows.append((
            FIELDS[field].label,
            f"本方 {_yuan(one['ours'])}，对方 {_yuan(one['theirs'])}，差 {_yuan(one['difference'])}，"
            f"已说明 {_yuan(one['explained'])}，未说明 {_yuan(one['unexplained'])}",
        ))  # fmt: skip
    for kind in facts["kinds"]:
        moved = "，".join(
            f"{FIELDS[field].label} {_yuan(value)}" for field, value in kind["amounts"].items() if value != "0.00"
        )
        rows.append((kind["label"], f"{kind['count']:,} 笔" + (f"：{moved}" if moved else "，总额不受影响")))
    rows.append(("结论", "两边相等" if facts["equal"] else f"有 {facts['differences']:,} 处差异"))
    return rows


def _yuan(text: str) -> str:
    from decimal import Decimal

    return f"{Decimal(text):,.2f}"
