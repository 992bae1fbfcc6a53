"""The typer application: the commands and the options they share."""

import typer

from yibao import __version__
from yibao.cli import city, close, dip, drg, files, fund, law, reconcile, settle, simulate, store, trace

app = typer.Typer(
    name="yibao",
    help="医保支付方引擎：病种目录、病例定价、政策参数、数据核对。第一次使用请运行 yibao demo。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(dip.app, name="dip", help="按病种分值付费（DIP）：建目录、定价、评估。")
app.add_typer(drg.app, name="drg", help="按疾病诊断相关分组（DRG）：分组、解释、核对分组方案。")
app.add_typer(law.app, name="law", help="政策参数：查看、检查、比较。")
app.add_typer(fund.app, name="fund", help="基金账：开户、记账、对账、结账、报表、核验。")
app.add_typer(store.app, name="store", help="账务库：查看、备份、恢复、升级。")
app.add_typer(trace.app, name="trace", help="药品追溯码：扫描历史、追加一天、查疑点。")
app.command("demo", help="造一个模拟城市，清算一个年度，写出报告 out/demo/report.html。")(city.demo)
app.command("synth", help="造一个模拟城市的数据文件。")(city.synth)
app.command("close", help="年度清算：由一个城市的各表得出病例支付、月度结算、年度清算、记账和报告。")(close.close)
app.command("settle", help="待遇结算：一个城市的结算单和费用明细，按政策算出各基金支付和个人负担。")(settle.settle)
app.command("simulate", help="改革测算：同一城市按现行和改革后的政策各结算一遍，谁受益、谁出钱，差在哪里。")(
    simulate.simulate
)
app.command("reconcile", help="对账：两边的结算逐笔对，指出差在哪几笔、各多少元，写出可以发给对方的 xlsx。")(
    reconcile.reconcile
)
app.command("check", help="核对数据文件，列出全部问题，不做计算。")(files.check)
app.command("template", help="写出带填表说明的 xlsx 模板。")(files.template)
app.command("explain", help="说明一例病例怎样入组、得多少分、付多少钱，或一次结算的每一笔钱怎样得出。")(dip.explain)
app.command("report", help="由目录和定价结果写出一页报告。")(dip.report)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"yibao {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="显示版本。"),
) -> None:
    """医保支付方引擎。"""


def main() -> None:
    """The entry point of the ``yibao`` command."""
    app()
