"""``yibao fund journal|show``: an account's journal and one entry in full."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from yibao.cli import fund_show as told
from yibao.cli import show
from yibao.cli.options import DEFAULT_STORE, JSON, STORE

if TYPE_CHECKING:
    from yibao.flows.fund_journal import JournalRow
    from yibao.fund.records import Entry
    from yibao.store.readings import Story

FROM = Annotated[str | None, typer.Option("--since", metavar="DATE", help="只列这一天及以后的。")]
TO = Annotated[str | None, typer.Option("--until", metavar="DATE", help="只列这一天及以前的。")]


def journal(
    account: Annotated[str, typer.Argument(help="账户编号，如 370300-310-1004。")],
    since: FROM = None,
    until: TO = None,
    store: STORE = DEFAULT_STORE,
    as_json: JSON = False,
) -> None:
    """Prints an account's journal with the running balance."""
    first, last = show.day_option(since), show.day_option(until)
    with show.explained():
        from yibao.flows.fund_journal import read_journal

        with show.progress("读明细账"), told.opened(store) as opened:
            found = read_journal(opened, account, first, last)
    if as_json:
        facts = [{**one._asdict(), "action": one.action.value, "amount": told.exact(one.amount),
                  "balance": told.exact(one.balance)} for one in found.rows]  # fmt: skip
        show.summary({"account": found.account.no, "opening": told.exact(found.opening), "lines": facts}, [], True)
        return
    title = f"明细账 {found.account.no} {found.account.name}，余额在{found.account.side.label}方"
    rows = [("", "", "期初余额", "", "", told.text_of(found.opening), "", "")] if first else []
    heads = ("日期", "凭证号", "业务", "借方", "贷方", "余额", "结算依据", "摘要")
    told.grid(title, heads, rows + [_row(one) for one in found.rows], ("借方", "贷方", "余额"))


def _row(one: "JournalRow") -> tuple[str, ...]:
    debit, credit = (one.amount, None) if one.side == "D" else (None, one.amount)
    return (
        one.day.isoformat(), one.entry_id, one.action.label, told.text_of(debit), told.text_of(credit),
        told.text_of(one.balance), one.settles, one.memo,
    )  # fmt: skip


def entry(
    entry_id: Annotated[str, typer.Argument(metavar="ENTRY_ID", help="凭证号。")],
    store: STORE = DEFAULT_STORE,
    as_json: JSON = False,
) -> None:
    """Prints one entry with everything that hangs together with it."""
    with show.explained():
        from yibao.flows.fund_journal import read_entry

        with told.opened(store) as opened:
            found, names = read_entry(opened, entry_id)
    if as_json:
        show.summary(_facts(found, names), [], True)
        return
    one = found.entry
    told.grid(
        f"凭证 {one.entry_id}", ("账户", "名称", "借方（元）", "贷方（元）"),
        [(line.acct_no, names.get(line.acct_no, ""), told.text_of(line.amount if line.side == "D" else None),
          told.text_of(line.amount if line.side == "C" else None)) for line in one.lines],
        ("借方（元）", "贷方（元）"),
    )  # fmt: skip
    rows = [
        ("业务", one.action.label),
        ("账套", f"{one.admdvs}-{one.fund_type}"),
        ("日期", one.entry_date.isoformat()),
        ("结算依据", one.settles),
        ("摘要", one.memo),
        ("关联的凭证", one.refers or ""),
        ("引用它的凭证", "、".join(f"{other.entry_id}（{other.action.label}）" for other in found.later)),
        ("到期日", one.expires.isoformat() if one.expires else ""),
        ("关联组", "、".join((one.group_id or "", *(other.entry_id for other in found.group)))),
        ("银行流水号", one.bank_ref or ""),
        *_kept(found),
    ]
    show.summary({}, [(label, text) for label, text in rows if text], False)


def _kept(found: "Story") -> list[tuple[str, str]]:
    kept = found.kept
    if kept is None:
        return [("记录链", "不在任何记录链里，请运行 yibao fund verify")]
    return [
        ("记录链", f"{kept.partition}第{kept.seq:,}条"),
        ("记录时间", kept.recorded_at),
        ("链上哈希", kept.hash.hex()),
    ]


def _facts(found: "Story", names: dict[str, str]) -> dict[str, Any]:
    one, kept = found.entry, found.kept
    chain = None if kept is None else {
        "admdvs": kept.partition.admdvs, "year": kept.partition.year, "seq": kept.seq,
        "recorded_at": kept.recorded_at, "hash": kept.hash.hex(),
    }  # fmt: skip
    lines = [{"account": line.acct_no, "name": names.get(line.acct_no, ""), "side": line.side,
              "amount": told.exact(line.amount)} for line in one.lines]  # fmt: skip
    return {
        **one._asdict(), "action": one.action.value, "lines": lines, "chain": chain,
        "referred_by": [_short(other) for other in found.later], "group": [_short(other) for other in found.group],
    }  # fmt: skip


def _short(one: "Entry") -> dict[str, str]:
    return {"entry_id": one.entry_id, "action": one.action.value, "entry_date": one.entry_date.isoformat()}


def join(app: typer.Typer) -> None:
    """Adds the commands to ``yibao fund``."""
    app.command("journal", help="一个账户的明细账，逐笔余额。")(journal)
    app.command("show", help="一张凭证的全部内容：分录、结算依据、关联凭证、在记录链中的位置。")(entry)
