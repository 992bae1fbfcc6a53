"""``yibao fund bank|statement|close|expire``: what is done at the end of a month."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yibao.cli import fund_show as told
from yibao.cli import show
from yibao.cli.options import (
    ADMDVS,
    CITY,
    DEFAULT_CITY,
    DEFAULT_STORE,
    FUND,
    JSON,
    NO_OVERLAY,
    OUT,
    PACK,
    STORE,
)
from yibao.kernel import MAX_BUDGET_FEN, MoneyError, fen_from_yuan, yuan_text

if TYPE_CHECKING:
    from yibao.flows.fund_bank import BankCheck
    from yibao.flows.fund_statement import FundStatements

MONTH = typer.Option("--month", metavar="MONTH", help="月份，如 2025-06。")


def bank(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="银行导出的对账单：csv、xlsx、parquet。")],
    account: Annotated[str, typer.Option("--account", metavar="NO", help="账户编号，如 370300-310-1004。")],
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="对到哪一天终了；默认对账单最后一笔的日期。")
    ] = None,
    balance: Annotated[
        str | None, typer.Option("--balance", metavar="YUAN", help="银行在这一天的余额，元；对账单没有余额列时必填。")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="把余额调节表、退回的行和问题清单写到这个文件夹。")
    ] = None,
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Imports a bank statement, matches it with the books and prints the reconciliation."""
    day, stated = show.day_option(on), _stated(balance)
    with show.explained():
        from yibao.flows.fund_bank import check_bank

        law = told.law_of(city, overlay, pack)
        with show.progress("对账"), told.opened(store) as opened:
            done = check_bank(opened, law, files, account, day=day, stated=stated, out=out)
    told.refusals(done.findings)
    if as_json:
        show.summary(_bank_facts(done), [], True)
    else:
        _show_bank(done)
    if out is not None:
        show.closing(out, done.refused_rows, (), ())
    if not done.closes:
        if not done.balances.unexplained:
            raise show.fail(f"有{done.refused_rows}行被退回，对账没有完成，结果没有记录；改正后再导入")
        bad = f"；有{done.refused_rows}行被退回，改正后再导入" if done.refused_rows else ""
        raise show.fail(f"调节后两边余额不等，相差{yuan_text(done.balances.unexplained)}元：可能缺行或期初不符{bad}")


def _stated(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return fen_from_yuan(text.replace(",", "").replace("，", ""), MAX_BUDGET_FEN)
    except MoneyError as error:
        raise typer.BadParameter(f"{error}；请写成元，如 500000.00") from error


def _show_bank(done: "BankCheck") -> None:
    account, found = done.account, done.reconciled
    title = f"余额调节表 {account.no} {account.name} {done.day.isoformat()}"
    told.grid(
        title, ("项目", "金额（元）"), [(label, yuan_text(fen)) for label, fen in done.balances.rows()], ("金额（元）",)
    )
    rows = [("银行有、账上没有", line.day, line.side, line.amount, line.bank_ref, f"{line.counterparty} {line.memo}")
            for line in found.only_bank]  # fmt: skip
    rows += [("账上有、银行没有", line.day, line.side, line.amount, line.entry_id, f"{line.settles} {line.memo}")
             for line in found.only_ledger]  # fmt: skip
    for pair in found.differs:
        rows += [("金额不符：账面", line.day, line.side, line.amount, line.entry_id, f"{line.settles} {line.memo}")
                 for line in pair.ledger]  # fmt: skip
        rows += [("金额不符：银行", line.day, line.side, line.amount, line.bank_ref, line.counterparty)
                 for line in pair.bank]  # fmt: skip
    cells = [
        (what, day.isoformat(), "收" if side == "D" else "付", yuan_text(fen), ref, text.strip())
        for what, day, side, fen, ref, text in rows[: show.SHOWN]
    ]
    if cells:
        heads = ("差异", "日期", "收付", "金额（元）", "凭证号或流水号", "结算依据、对方、摘要")
        told.grid(f"{found.differences}处差异", heads, cells, ("金额（元）",))
    if len(rows) > len(cells):
        show.err.print(f"…… 另有{len(rows) - len(cells)}行差异，加 --out DIR 全部写出")
    kept = "已记录" if done.recorded else "没有记录" if done.refused_rows else "与上次记录相同"
    state = "不等" if done.balances.unexplained else "相等"
    show.summary({}, [
        ("对账单", f"新存 {done.added:,} 行，以前已存 {done.known:,} 行，退回 {done.refused_rows:,} 行"),
        ("相符", f"{len(found.matched):,} 组，账上相互抵销 {len(found.offset):,} 笔"),
        ("调节后余额", f"{state}，差异 {found.differences:,} 处，对账结果{kept}"),
    ], False)  # fmt: skip


def _bank_facts(done: "BankCheck") -> dict[str, Any]:
    found = done.reconciled
    return {
        "account": done.account.no, "on": done.day, "lines_added": done.added, "lines_known": done.known,
        "rows_refused": done.refused_rows, "closes": done.closes, "recorded": done.recorded,
        "balances": {name: told.exact(fen) for name, fen in done.balances._asdict().items()},
        "matched": len(found.matched),
        "differs": [
            {"ledger": [_line(line) for line in pair.ledger], "bank": [_line(line) for line in pair.bank]}
            for pair in found.differs
        ],
        "only_ledger": [_line(line) for line in found.only_ledger],
        "only_bank": [_line(line) for line in found.only_bank],
        "findings": told.finding_facts(done.findings),
    }  # fmt: skip


def _line(line: Any) -> dict[str, Any]:
    """A ledger or bank line as JSON values, money as exact yuan."""
    facts = line._asdict()
    money = {name: told.exact(facts[name]) for name in ("amount", "balance") if facts.get(name) is not None}
    return {**facts, **money}


def statement(
    fund: FUND,
    out: OUT,
    admdvs: Annotated[
        str | None, typer.Option("--admdvs", metavar="CODE", help="经办机构；不写则各经办机构合并。")
    ] = None,
    month: Annotated[str | None, MONTH] = None,
    year: Annotated[int | None, typer.Option("--year", min=1900, max=2100, help="年度，如 2025。")] = None,
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Writes the statements of a month or a year."""
    if (month is None) == (year is None):
        raise typer.BadParameter("写 --month 或 --year，二者选一")
    agency, code = told.admdvs_option(admdvs), told.fund_option(fund)
    months = (told.month_option(month),) * 2 if month else _months_of(year or 0)
    if months[0] > told.today_month():
        raise show.fail(f"{months[0] // 100}年{months[0] % 100}月还没有到，没有报表可编")
    with show.explained():
        from yibao import tables
        from yibao.flows.fund_statement import gather
        from yibao.report.fund import write_fund_report

        law = told.law_of(city, overlay, pack)
        with show.progress("编报表") as tell, told.opened(store) as opened:
            tell("读账")
            found = gather(opened, law, code, months, admdvs=agency, today=told.today())
            tell("写报表")
            with tables.output_folder(out) as folder:
                write_fund_report(folder, found)
    told.refusals(found.findings)
    _show_statement(found, as_json)
    if found.unverified:
        text = "、".join(found.unverified)
        show.err.print(f"[yellow]提醒[/yellow] 用到{len(found.unverified)}个未经核实的参数：{text}；来源见 fund.html")
    show.err.print(f"[green]完成[/green] 报表在 {out}：fund.xlsx、fund.html")


def _show_statement(found: "FundStatements", as_json: bool) -> None:
    total, last = found.trial[-1], found.months[-1]
    within = [one for one in found.months if one.month >= found.first_month]
    income, expense = sum(one.income for one in within), sum(one.expense for one in within)
    facts = {
        "title": found.title, "agencies": found.agencies, "months": (found.first_month, found.last_month),
        "closed": found.closed, "turnover": told.exact(total.debit), "income": told.exact(income),
        "expense": told.exact(expense), "money": told.exact(last.money), "surplus": told.exact(last.surplus),
        "unverified": found.unverified, "findings": told.finding_facts(found.findings),
    }  # fmt: skip
    rows = [
        ("报表", found.title),
        ("本期发生额", f"借贷各 {yuan_text(total.debit)} 元，{len(found.lines):,} 条分录"),
        ("本期收支", f"收入 {yuan_text(income)} 元，支出 {yuan_text(expense)} 元"),
        ("期末存款", f"{yuan_text(last.money)} 元"),
        ("期末结余", f"{yuan_text(last.surplus)} 元"),
    ]
    open_ = [agency for agency, closed in found.closed.items() if closed < found.last_month]
    if open_:
        rows.append(("还没有结账", "、".join(open_)))
    show.summary(facts, rows, as_json)


def _months_of(year: int) -> tuple[int, int]:
    """January to December, or to the month at hand in a year that has not ended."""
    return year * 100 + 1, max(year * 100 + 1, min(year * 100 + 12, told.today_month()))


def close(
    admdvs: ADMDVS,
    fund: FUND,
    month: Annotated[str, MONTH],
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Closes a month; December also carries income and expense over."""
    agency, code, number = told.admdvs_option(admdvs), told.fund_option(fund), told.month_option(month)
    with show.explained():
        from yibao.flows.fund import close_month
        from yibao.flows.fund_setting import chart_on, days_of, month_text
        from yibao.flows.fund_statement import month_end
        from yibao.fund.outcomes import Outcome
        from yibao.fund.records import Book

        if number >= told.today_month():
            raise show.fail(f"{month_text(number)}还没有结束，不能结账")
        end = days_of(number, number).end
        assert end is not None  # days_of gives closed periods
        chart, _view = chart_on(told.law_of(city, overlay, pack), end)
        book = Book(agency, code)
        with show.progress("结账"), told.opened(store) as opened:
            found = month_end(opened, chart, book, number)
            answer = close_month(opened, chart, book, number)
    told.refusals(found)
    text = {Outcome.POSTED: "已结账", Outcome.EXISTS: "以前已经结账"}.get(answer.outcome, answer.outcome.label)
    facts = {"book": book, "month": number, "outcome": answer.outcome.value, "detail": answer.detail,
             "findings": told.finding_facts(found)}  # fmt: skip
    if answer.outcome.stands or as_json:
        show.summary(facts, [(f"{agency}-{code} {month_text(number)}", text)], as_json)
    if not answer.outcome.stands:
        raise show.fail("；".join(one for one in (text, answer.detail, answer.outcome.next_step) if one))


def expire(
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="处理日期：到期日在这一天以前的预留都释放。")],
    store: STORE = DEFAULT_STORE,
    city: CITY = DEFAULT_CITY,
    overlay: NO_OVERLAY = None,
    pack: PACK = None,
    as_json: JSON = False,
) -> None:
    """Ends the reservations that are past their last day."""
    day = show.day_argument(on)
    if day > told.today():
        raise show.fail(f"{day.isoformat()}还没有到，不能处理那一天到期的预留")
    with show.explained():
        from yibao.flows import fund as flow
        from yibao.flows.fund_setting import chart_on

        chart, _view = chart_on(told.law_of(city, overlay, pack), day)
        with show.progress("处理到期的预留"), told.opened(store) as opened:
            answers = flow.expire(opened, chart, day)
    released = [one.key.removeprefix("EXPIRE-") for one in answers if one.outcome.stands]
    refused = [one for one in answers if not one.outcome.stands]
    for one in refused:
        show.err.print(f"[red]错误[/red] {one.key}：{one.outcome.label} {one.detail}；处理：{one.outcome.next_step}")
    facts = {"on": day, "released": released, "refused": {one.key: one.outcome.value for one in refused}}
    show.summary(facts, [("到期释放的预留", f"{len(released):,} 笔"), *(("", one) for one in released)], as_json)
    if refused:
        raise show.fail(f"有{len(refused)}笔预留没有释放")


def join(app: typer.Typer) -> None:
    """Adds the commands to ``yibao fund``."""
    app.command("bank", help="导入银行对账单，与账核对，编余额调节表并记录结果。")(bank)
    app.command("statement", help="编制科目余额表、收支表、资产负债表：fund.xlsx 和 fund.html。")(statement)
    app.command("close", help="结账：此后该月及以前不能再记账；12月同时结转全年收支。")(close)
    app.command("expire", help="释放已过到期日的预留。")(expire)
