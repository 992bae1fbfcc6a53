"""``yibao fund head|verify``: the chains' heads kept outside the store, and the check of every record."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from yibao.cli import fund_show as told
from yibao.cli import show
from yibao.cli.options import DEFAULT_STORE, JSON, STORE
from yibao.kernel import Place


def head(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="要写的链头文件，如 head-20250630.json。")],
    store: STORE = DEFAULT_STORE,
    as_json: JSON = False,
) -> None:
    """Exports the dated heads of all chains and prints the fingerprint to write down."""
    with show.explained():
        from yibao.flows.store_care import export_head

        with show.progress("导出链头"), told.opened(store) as opened:
            done = export_head(opened, out)
    chains = {str(partition): mark.seq for partition, mark in done.anchor.partitions.items()}
    facts = {"file": str(out), "made_at": done.anchor.made_at, "fingerprint": done.fingerprint, "chains": chains}
    rows = [(name, f"到第 {seq:,} 条") for name, seq in chains.items()]
    rows += [("导出时间", done.anchor.made_at), ("指纹", done.fingerprint)]
    show.summary(facts, rows, as_json)
    show.err.print("[green]完成[/green] 请把指纹抄在纸上或登记簿里，链头文件存放在账务库以外的地方")


def verify(
    head_file: Annotated[
        Path | None, typer.Option("--head", metavar="FILE", help="以前用 yibao fund head 导出的链头文件。")
    ] = None,
    store: STORE = DEFAULT_STORE,
    as_json: JSON = False,
) -> None:
    """Checks every chain, record and balance; exit 1 on any finding."""
    with show.explained():
        from yibao.flows import store_care as flow

        with show.progress("核验") as tell, told.opened(store) as opened:
            anchor = flow.read_head(head_file) if head_file else None
            done = flow.check(opened, anchor, tell)
    chains = {str(partition): count for partition, count in done.records.items()}
    facts = {
        "sound": done.sound, "chains": chains, "findings": told.finding_facts(done.findings),
        "head": None if anchor is None else {"made_at": anchor.anchor.made_at, "fingerprint": anchor.fingerprint},
    }  # fmt: skip
    rows = [(name, f"{count:,} 条") for name, count in chains.items()] or [("记录", "没有")]
    if anchor is not None:
        rows += [("链头导出时间", anchor.anchor.made_at), ("链头指纹", f"{anchor.fingerprint}（与当时抄下的比对）")]
    show.summary(facts, rows, as_json)
    # the message names the record itself: a chain has no rows to point at
    told.refusals([one._replace(place=Place()) for one in done.findings])
    for cause in dict.fromkeys(one.cause for one in done.findings if one.cause):
        show.err.print(f"[dim]可能的原因：{escape(cause)}[/dim]")
    if not done.sound:
        raise show.fail(f"发现{len(done.findings)}处不符")
    against = "，与导出的链头一致" if anchor else "；没有与导出的链头比对（--head）"
    show.err.print(f"[green]完成[/green] 记录链和余额没有问题{against}")


def join(app: typer.Typer) -> None:
    """Adds the commands to ``yibao fund``."""
    app.command("head", help="导出各记录链当日的链头，供以后核验；打印要抄下的指纹。")(head)
    app.command("verify", help="核验：逐条重算记录链，重算余额，与导出的链头比对。")(verify)
