"""The reference page (docs/reference.md), made from the commands, table schemas, faults and law keys themselves."""

from collections.abc import Iterator, Sequence
from typing import Any

import typer

from yibao.law import UNITS
from yibao.packs import load_law
from yibao.standard import TABLES
from yibao.tables import FAULTS

_HEAD = """# Reference (参考)

Made by `make reference` from the program itself; a test keeps it equal. Do not edit.
"""


def reference() -> str:
    """The page as Markdown."""
    from yibao.cli.app import app

    parts = [_HEAD, "## Commands (命令)\n", *_commands(typer.main.get_command(app), "yibao")]
    parts += [
        "## Tables (数据表)\n",
        *_tables(),
        "## Faults (数据问题)\n",
        *_faults(),
        "## Law keys (政策参数)\n",
        *_keys(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _commands(command: Any, path: str) -> Iterator[str]:
    for name, one in sorted(getattr(command, "commands", {}).items()):
        if getattr(one, "commands", None):
            yield from _commands(one, f"{path} {name}")
            continue
        yield f"### `{path} {name}`\n\n{one.help or ''}\n"
        rows = [_parameter(parameter) for parameter in one.params if parameter.name != "help"]
        yield from _grid(("参数或选项", "说明", ""), rows)


def _parameter(parameter: Any) -> tuple[str, str, str]:
    named = (
        " ".join(f"`{option}`" for option in parameter.opts)
        if parameter.opts[0].startswith("-")
        else (f"`{parameter.name.upper()}`")
    )
    default = parameter.default
    shown = (
        "必填"
        if parameter.required
        else ""
        if default in (None, False, (), "") or callable(default)
        else f"默认 {default}"
    )
    return named, getattr(parameter, "help", None) or "", shown


def _tables() -> Iterator[str]:
    for table in TABLES.values():
        yield f"### `{table.name}` {table.label}\n\n键：{'、'.join(table.grain)}\n"
        rows = [
            (f"`{field.name}`", field.label, field.kind.value, field.unit, field.code_table or "",
             "必填" if field.name in table.required else "")
            for field in table.fields
        ]  # fmt: skip
        yield from _grid(("列", "中文名", "类型", "单位", "代码表", ""), rows)


def _faults() -> Iterator[str]:
    rows = [(f"`{code}`", fault.severity.label, fault.message) for code, fault in sorted(FAULTS.items())]
    yield from _grid(("代码", "程度", "说明"), rows)


def _keys() -> Iterator[str]:
    known = load_law("national").definitions
    rows = [
        (f"`{key}`", one.label, UNITS[one.unit].label, "、".join(one.values), "、".join(one.where))
        for key, one in sorted(known.items())
    ]
    yield from _grid(("参数", "含义", "单位", "允许的值", "条件字段"), rows)


def _grid(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"
    yield ""
