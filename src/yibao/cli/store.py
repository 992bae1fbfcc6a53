"""``yibao store info|backup|restore|migrate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yibao.cli import fund_show as told
from yibao.cli import show
from yibao.cli.options import DEFAULT_STORE, JSON, STORE

if TYPE_CHECKING:
    from yibao.store import Backup

app = typer.Typer(no_args_is_help=True)
_TABLES = {
    "fund_account": "账户",
    "fund_limit": "限额",
    "fund_entry": "凭证",
    "fund_line": "分录",
    "fund_close": "结账",
    "fund_bank_line": "银行对账单行",
    "fund_assertion": "对账记录",
    "audit_chain": "记录链",
}


@app.command("info", help="账务库概况：记录数、记录链、各账套结账到哪个月。")
def info(store: STORE = DEFAULT_STORE, as_json: JSON = False) -> None:
    """Prints what the store holds."""
    with show.explained():
        from yibao.store import readings

        with show.progress("读账务库"), told.opened(store) as opened:
            with opened.reading() as connection:
                found = readings.contents(connection)
            kind = "PostgreSQL" if opened.url.get_backend_name() == "postgresql" else "SQLite"
            name = opened.url.render_as_string(hide_password=True)
    facts = {
        "kind": kind, "where": name, "revision": found.revision, "rows": found.rows,
        "chains": {str(one): seq for one, seq in found.chains.items()},
        "closed": {"-".join(book): month for book, month in found.closed.items()},
    }  # fmt: skip
    rows = [("账务库", f"{kind}，{name}"), ("表结构版本", found.revision)]
    rows += [(label, f"{found.rows[table]:,}") for table, label in _TABLES.items() if table in found.rows]
    rows += [(f"{one}", f"{seq:,} 条记录") for one, seq in found.chains.items()]
    rows += [
        (f"账套 {'-'.join(book)}", f"已结账到 {month // 100}年{month % 100}月" if month else "还没有结过账")
        for book, month in found.closed.items()
    ]
    show.summary(facts, rows, as_json)


@app.command("backup", help="备份整个账务库到一个文件；备份时可以照常记账。")
def backup(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="要写的备份文件，如 yibao-20250630.zip。")],
    store: STORE = DEFAULT_STORE,
    as_json: JSON = False,
) -> None:
    """Writes a backup."""
    with show.explained():
        from yibao.flows.store_care import back_up

        with show.progress("备份") as tell, told.opened(store) as opened:
            done = back_up(opened, out, tell)
    _told(done, as_json)
    show.err.print(f"[green]完成[/green] 备份在 {out}", markup=True)


@app.command("restore", help="由备份恢复出一个新的账务库，逐条核验后才算完成；SQLite 和 PostgreSQL 可以互换。")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="yibao store backup 写出的文件。")],
    store: Annotated[
        str, typer.Option("--store", metavar="NEW", help="新的账务库：还没有的文件，或空的 postgresql:// 库。")
    ],
    as_json: JSON = False,
) -> None:
    """Restores a backup to a new store."""
    with show.explained():
        from yibao.flows.store_care import restore_to

        with show.progress("恢复") as tell:
            done = restore_to(file, store, tell)
    _told(done, as_json)
    show.err.print("[green]完成[/green] 已恢复，记录链和余额核验无误")


@app.command("migrate", help="把旧版的账务库升级到现在的表结构；升级前请先备份。")
def migrate(store: STORE = DEFAULT_STORE, as_json: JSON = False) -> None:
    """Brings the tables to this version."""
    with show.explained():
        from yibao.store.maintenance import migrate_store

        with show.progress("升级"):
            label, before, after = migrate_store(store)
    text = f"已是现在的版本 {after}" if before == after else f"由 {before or '空库'} 升级到 {after}"
    show.summary({"store": label, "before": before, "after": after}, [(label, text)], as_json)


def _told(done: "Backup", as_json: bool) -> None:
    rows = [(label, f"{done.rows[table]:,}") for table, label in _TABLES.items() if table in done.rows]
    show.summary({"made_at": done.made_at, "rows": done.rows}, [("备份时间", done.made_at), *rows], as_json)
