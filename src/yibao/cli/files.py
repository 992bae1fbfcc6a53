"""``yibao check`` and ``yibao template``."""

from pathlib import Path
from typing import Annotated

import typer

from yibao.cli import show
from yibao.cli.options import CASES, JSON, STRICT


def check(
    paths: CASES,
    table: Annotated[str, typer.Option("--table", "-t", help="按哪张表核对。")] = "cases",
    rejected: Annotated[Path | None, typer.Option("--rejected", help="把退回的行写到这个 xlsx。")] = None,
    strict: STRICT = False,
    as_json: JSON = False,
) -> None:
    """Checks files against a table's schema and lists every fault."""
    with show.explained():
        from yibao.flows.files import check as flow

        with show.progress("核对"):
            found = flow(paths, _known(table), rejected)
    show.findings(found.findings)
    rows = [
        ("文件", "、".join(found.files) or "没有"),
        ("行", f"读入 {found.rows_read:,}，可用 {found.rows_kept:,}，退回 {found.rows_rejected:,}"),
        *((f"问题 {code}", f"{n:,}") for code, n in sorted(found.counts.items())),
    ]
    if found.missing_optional:
        rows.append(("没有的可选列", "、".join(found.missing_optional)))
    facts = {
        "files": found.files, "rows_read": found.rows_read, "rows_kept": found.rows_kept,
        "rows_rejected": found.rows_rejected, "counts": found.counts, "missing_optional": found.missing_optional,
        "findings": [
            {**one._asdict(), "severity": one.severity.value, "place": one.place._asdict()} for one in found.findings
        ],
    }  # fmt: skip
    show.summary(facts, rows, as_json)
    if found.nothing:
        raise show.fail("没有一行可用")
    if strict and found.rows_rejected:
        raise show.fail(f"--strict：有{found.rows_rejected}行被退回")


def template(
    table: Annotated[str, typer.Argument(help="表名，如 cases、providers。")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="要写的 xlsx；默认 表名.xlsx。")] = None,
) -> None:
    """Writes an xlsx template of a table."""
    with show.explained():
        from yibao import tables

        target = out or Path(f"{table}.xlsx")
        tables.template(_known(table), target)
    show.closing(target, 0, (), ())


def _known(table: str) -> str:
    from yibao.standard import TABLES

    if table not in TABLES:
        raise typer.BadParameter(f"没有“{table}”这张表；有：{'、'.join(TABLES)}")
    return table
