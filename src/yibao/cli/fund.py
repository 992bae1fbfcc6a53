"""``yibao fund open|limit|post|balance``; the other fund commands join from their own modules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yibao.cli import fund_audit, fund_month, fund_read, show
from yibao.cli import fund_show as told
from yibao.cli.options import (
    CITY,
    DEFAULT_CITY,
    DEFAULT_STORE,
    JSON,
    MAYBE_ADMDVS,
    MAYBE_FUND,
    MAYBE_OUT,
    NO_OVERLAY,
    PACK,
    STORE,
    STRICT,
)

if TYPE_CHECKING:
    from yibao.flows.fund_balance import Standing

app = typer.Typer(no_args_is_help=True)
FILES = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="csv、xlsx 或 parquet，也可以是文件夹；模板见 yibao template。"),
]


@app.command("open", help="开立账户：写 --admdvs、--fund、--on 开立一个账套的全部标准账户；写文件则开立文件里的账户。")
def open_(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="科目账户表 ledger_accounts：csv、xlsx、parquet。")
    ] = None,
    admdvs: Annotated[
        str | None, typer.Option("--admdvs", metavar="CODE", help="经办机构的医保区划代码，六位数字。")
    ] = None,
    fund: Annotated[
        list[str] | None, typer.Option("--fund", metavar="CODE", help="险种：代码或名称，可写多个。")
    ] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="启用日期，可以记账的第一天。")] = None,
    out: MAYBE_OUT = None,
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Opens books or the accounts of files, and prints what was opened and what existed."""
    if bool(files) == bool(admdvs or fund or on):
        raise typer.BadParameter("写文件，或者写 --admdvs、--fund 和 --on，二者选一")
    if not files and not (admdvs and fund and on):
        raise typer.BadParameter("开立账套要写全 --admdvs、--fund 和 --on")
    day, agency = show.day_option(on), told.admdvs_option(admdvs)
    codes = [told.fund_option(one) for one in fund or ()]
    with show.explained():
        from yibao.flows import fund_batches as flow
        from yibao.fund.outcomes import Outcome
        from yibao.fund.records import Book

        law = told.law_of(city, overlay, pack)
        with show.progress("开立账户"), told.opened(store, create=True) as opened:
            if files:
                done = flow.open_files(opened, law, files, out, told.today())
            else:
                assert day is not None  # asked for above
                done = flow.open_books(opened, law, [Book(agency, code) for code in codes], day)
    told.refusals(done.findings)
    words = {Outcome.POSTED: "新开立", Outcome.EXISTS: "已开立，没有改动", Outcome.ID_REUSED: "已开立，内容不同"}
    rows = [(words.get(outcome, outcome.label), f"{count:,} 个账户") for outcome, count in done.counts.items()]
    new = [one.key for one in done.answers if one.outcome is Outcome.POSTED]
    show.summary({**told.batch_facts(done), "opened": new}, rows, as_json)
    told.batch_end(done, out, strict, "没有开立账户")


@app.command("limit", help="设定账户限额：年度预算、余额下限、余额上限；限额空着表示取消。")
def limit(
    files: FILES,
    out: MAYBE_OUT = None,
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Sets the limits of files."""
    with show.explained():
        from yibao.flows import fund_batches as flow
        from yibao.fund.outcomes import Outcome

        with show.progress("设定限额"), told.opened(store) as opened:
            done = flow.set_limits(opened, told.law_of(city, overlay, pack), files, out, told.today())
    told.refusals(done.findings)
    words = {Outcome.POSTED: "新设限额", Outcome.EXISTS: "已有相同限额"}
    rows = [(words.get(outcome, outcome.label), f"{count:,} 项") for outcome, count in done.counts.items()]
    show.summary(told.batch_facts(done), rows, as_json)
    told.batch_end(done, out, strict, "没有设定限额")


@app.command("post", help="记账：凭证文件整张记入或整张退回；同一文件再送一次不会重复记账。")
def post(
    files: FILES,
    whole: Annotated[bool, typer.Option("--whole", help="整批一并记账：有一张被退回就全都不记。")] = False,
    out: MAYBE_OUT = None,
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Posts the entries of files and prints what became of them."""
    with show.explained():
        from yibao.flows import fund_batches as flow

        law = told.law_of(city, overlay, pack)
        try:
            with show.progress("记账") as tell, told.opened(store) as opened:
                done = flow.post_files(opened, law, files, out, whole=whole, tell=tell)
        except KeyboardInterrupt as stopped:
            step = "已经提交的凭证都在账上，没有半张；重新送入同一文件即可，不会重复记账"
            raise show.fail(f"记账被中断：{step}", 130) from stopped
    told.refusals(done.findings)
    rows = told.batch_rows(done)
    rows += [(f"本次{action.label}", f"{told.text_of(fen)} 元") for action, fen in done.amounts.items()]
    show.summary(told.batch_facts(done), rows, as_json)
    told.batch_end(done, out, strict, "没有一张凭证记入")


@app.command("balance", help="账户余额：已记账、预留，以及离下限、上限和年度预算还有多少。")
def balance(
    admdvs: MAYBE_ADMDVS = None,
    fund: MAYBE_FUND = None,
    account: Annotated[str, typer.Option("--account", metavar="PREFIX", help="账户编号或科目编码的开头。")] = "",
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="到这一天终了；默认含全部已记的凭证。")] = None,
    every: Annotated[bool, typer.Option("--all", help="没有余额和限额的账户也列出。")] = False,
    store: STORE = DEFAULT_STORE,
    as_json: JSON = False,
) -> None:
    """Prints balances."""
    day, agency, code = show.day_option(on), told.admdvs_option(admdvs), told.fund_option(fund)
    year = (day or told.today()).year
    with show.explained():
        from yibao.flows.fund_balance import standings

        with show.progress("读余额"), told.opened(store) as opened:
            found = standings(opened, year=year, admdvs=agency, fund_type=code, prefix=account, day=day)
    shown = [one for one in found if every or account or one.moved]
    if as_json:
        facts = [_facts(one) for one in shown]
        show.summary({"on": day, "budget_year": year, "accounts": facts}, [], True)
        return
    heads = ("账户", "名称", "方向", "余额", "预留增加", "预留减少", "下限以上可用", "离上限", f"{year}年预算剩余")
    rows = [
        (one.account.no, one.account.name, one.account.side.label, *map(told.text_of, (
            one.balance, one.held_up or None, one.held_down or None, one.free_floor, one.free_ceiling,
            one.free_budget)))
        for one in shown
    ]  # fmt: skip
    told.grid(f"{day.isoformat() if day else '现在'}的余额（元）", heads, rows, heads[3:])
    if len(shown) < len(found):
        show.err.print(f"另有{len(found) - len(shown)}个账户没有余额和预算，加 --all 列出")


def _facts(one: "Standing") -> dict[str, object]:
    amounts = {name: told.exact(fen) for name, fen in one._asdict().items() if name != "account"}
    return {"account": one.account.no, "name": one.account.name, "side": one.account.side.value, **amounts}


fund_month.join(app)
fund_read.join(app)
fund_audit.join(app)
