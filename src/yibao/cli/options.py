"""Options that several commands share."""

import re
from pathlib import Path
from typing import Annotated

import typer

CASES = Annotated[
    list[Path],
    typer.Argument(help="病例文件或文件夹，可写多个：csv、parquet、xlsx；也可以是 4101 结算清单各表的文件夹。"),
]
OUT = Annotated[Path, typer.Option("--out", "-o", help="写结果的文件夹。")]
SINCE = Annotated[str | None, typer.Option("--since", metavar="DATE", help="只用这一天及以后出院的病例。")]
UNTIL = Annotated[str | None, typer.Option("--until", metavar="DATE", help="只用这一天及以前出院的病例。")]
CATALOGUE = Annotated[Path, typer.Option("--catalogue", "-c", help="yibao dip build 写出的目录文件夹。")]
CITY = Annotated[str, typer.Option("--city", help="统筹区：政策包的文件夹名、行政区划代码或别名。")]
OVERLAY = Annotated[
    list[str] | None,
    typer.Option("--overlay", help="叠加的方案，可写多个：政策包 overlays 中的名字或 YAML 文件；写 none 不叠加。"),
]
PACK = Annotated[list[Path] | None, typer.Option("--pack", metavar="DIR", help="自己的政策包所在文件夹，可写多个。")]
LISTS = Annotated[
    Path | None,
    typer.Option(
        "--lists",
        metavar="DIR",
        help="本地分组用表所在文件夹：dip_rules、dip_exclusions、px_kinds、dip_lists、local_lists（csv 或 xlsx）。",
    ),
]


def _memory(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", text, re.ASCII | re.IGNORECASE):
        raise typer.BadParameter(f"“{text}”不是内存大小，请写成 1400MB 或 2GB")
    return text


MEMORY = Annotated[
    str | None,
    typer.Option("--memory", metavar="SIZE", callback=_memory, help="计算内存上限，如 1400MB；超出时用磁盘。"),
]
FOR = Annotated[
    str | None,
    typer.Option("--for", metavar="DATE", help="目录从哪一天起使用，按这一天的政策建立；默认为历史结束的次日。"),
]
STRICT = Annotated[bool, typer.Option("--strict", help="有一行被退回就以退出码 1 结束。")]
JSON = Annotated[bool, typer.Option("--json", help="在标准输出写 JSON 摘要。")]
STORE = Annotated[
    str,
    typer.Option(
        "--store", envvar="YIBAO_STORE", metavar="PLACE", help="账务库：文件，或 postgresql://用户@主机/库名。"
    ),
]
ADMDVS = Annotated[str, typer.Option("--admdvs", metavar="CODE", help="经办机构的医保区划代码，六位数字。")]
FUND = Annotated[str, typer.Option("--fund", metavar="CODE", help="险种：代码或名称，如 310、居民。")]
MAYBE_ADMDVS = Annotated[
    str | None, typer.Option("--admdvs", metavar="CODE", help="只看这个经办机构（六位医保区划代码）。")
]
MAYBE_FUND = Annotated[str | None, typer.Option("--fund", metavar="CODE", help="只看这个险种：代码或名称。")]
MAYBE_OUT = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="把退回的行（rejected.xlsx）和问题清单写到这个文件夹。"),
]
NO_OVERLAY = Annotated[
    list[str] | None,
    typer.Option("--overlay", help="叠加的方案，可写多个：政策包 overlays 中的名字或 YAML 文件；默认不叠加。"),
]

DEFAULT_STORE = "yibao.db"
DEFAULT_CITY = "zibo"
DEFAULT_OVERLAYS = ("demo",)


def overlays(given: list[str] | None) -> tuple[str, ...]:
    """The overlays asked for: the demo assumptions where none is named, nothing for ``none``."""
    if given is None:
        return DEFAULT_OVERLAYS
    return tuple(name for name in given if name != "none")
