"""Which DRG scheme a command uses: the folder asked for, else what the city's law names for each day of discharge."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yibao.cli import show

if TYPE_CHECKING:
    from yibao.flows.drg import Editions
    from yibao.law import Law

SCHEME = Annotated[
    Path | None,
    typer.Option("--scheme", metavar="DIR", help="分组方案的文件夹；不写时按出院日期用政策包（drg.scheme）写的方案。"),
]


def schemes(given: Path | None, city: str, overlay: list[str] | None, pack: list[Path] | None) -> "Path | Editions":
    """The folder asked for, else the editions by the law of the city without assumptions of a demo."""
    if given is not None:
        return given
    from yibao.packs import load_law

    names = [] if overlay is None else [one for one in overlay if one != "none"]
    return editions(load_law(city, names, pack or ()), city, pack or ())


def editions(law: "Law", city: str, pack: Sequence[Path]) -> "Editions":
    """The editions that ``law`` names."""
    from yibao.flows.drg import editions_of
    from yibao.packs import scheme_folder

    def folder_of(name: str) -> Path:
        return told(scheme_folder(city, name, pack))

    return editions_of(law, folder_of, date.today())


def told(folder: Path) -> Path:
    """The folder, with a word where it is the teaching scheme."""
    from yibao.packs import teaching_scheme

    if folder == teaching_scheme():
        show.err.print("[yellow]提醒[/yellow] 没有指定 --scheme，用的是教学方案：只供试用，不能用于支付")
    return folder


def folder(given: Path | None) -> Path:
    """The folder asked for, else the teaching scheme."""
    from yibao.packs import teaching_scheme

    return given if given is not None else told(teaching_scheme())
