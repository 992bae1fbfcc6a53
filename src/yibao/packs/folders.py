"""Pack folders: their manifests, where they are searched, and how a city is found by code, folder name or alias."""

import difflib
import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from yibao.kernel import Finding, Place, Severity
from yibao.packs.errors import PackError
from yibao.packs.reader import YamlFile

SHIPPED = Path(__file__).parent
SCHEMES = "drg"
TEACHING = SHIPPED / "national" / SCHEMES / "teaching"
ENVIRONMENT = "YIBAO_PACKS"
MANIFEST = "pack.yaml"
_CODE = re.compile(r"\d{6}", re.ASCII)


class Folder(NamedTuple):
    """A pack folder and its manifest. ``root`` is the rank of the search directory it stands in, 0 first."""

    path: Path
    shown: str
    root: int
    code: str
    title: str
    aliases: tuple[str, ...]
    extends: str
    first_day: date

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    @property
    def names(self) -> frozenset[str]:
        """All that the pack answers to: code, folder name, Chinese name, aliases."""
        return frozenset((self.code, self.name, self.title, *self.aliases))


class Shelf(NamedTuple):
    """The packs of a search path, in the order searched, and the faults met while looking."""

    folders: tuple[Folder, ...]
    findings: tuple[Finding, ...]

    def find(self, name: str, used: Sequence[Folder] = ()) -> Folder:
        """The first pack that answers to the name and is not in ``used``; raises PackError with what there is.

        ``used`` is the chain of packs that led here; the last of them asks for the name.
        """
        for folder in self.folders:
            if name in folder.names and folder not in used:
                return folder
        raise PackError([self._unknown(name, f"{used[-1].shown}/{MANIFEST}" if used else ""), *self.findings])

    def _unknown(self, name: str, asked_by: str) -> Finding:
        known = sorted({f"{one.name}（{one.title} {one.code}）" for one in self.folders})
        near = difflib.get_close_matches(name, [alias for one in self.folders for alias in one.names], n=1)
        cause = f"现有：{'、'.join(known)}" + (f"；相近的有“{near[0]}”" if near else "")
        step = f"改正名称；或用 --pack 目录、环境变量 {ENVIRONMENT} 指出自备政策包的位置"
        return Finding("unknown_city", Severity.ERROR, f"找不到政策包“{name}”", Place(file=asked_by), cause, step)


def open_shelf(pack_dirs: Sequence[Path | str] = ()) -> Shelf:
    """The packs of ``pack_dirs``, then of YIBAO_PACKS, then the shipped ones.

    A directory is itself a pack (it holds pack.yaml) or holds packs, one folder each.
    """
    named = [Path(one) for one in pack_dirs]
    named += [Path(one) for one in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if one]
    findings: list[Finding] = []
    folders: list[Folder] = []
    for rank, directory in enumerate([*named, SHIPPED]):
        if not directory.is_dir():
            place, step = Place(file=str(directory)), f"改正 --pack 或 {ENVIRONMENT}"
            findings.append(Finding("no_pack_dir", Severity.ERROR, "政策包目录不存在", place, next_step=step))
            continue
        shown = SHIPPED.name if directory == SHIPPED else str(directory)
        folders += _folders(directory, shown, rank, findings)
    findings += _clashes(folders)
    return Shelf(tuple(folders), tuple(findings))


def _folders(directory: Path, shown: str, rank: int, findings: list[Finding]) -> list[Folder]:
    if (directory / MANIFEST).exists():
        found = _folder(directory.resolve(), shown, rank, findings)
        return [] if found is None else [found]
    folders: list[Folder] = []
    for path in sorted(one for one in directory.resolve().iterdir() if one.is_dir() and any(one.glob("*.yaml"))):
        if not (path / MANIFEST).exists():
            place, step = Place(file=f"{shown}/{path.name}"), f"补上 {MANIFEST}，写明 code、name、first_day、extends"
            findings.append(Finding("no_manifest", Severity.ERROR, f"政策包缺少 {MANIFEST}", place, next_step=step))
            continue
        one = _folder(path, f"{shown}/{path.name}", rank, findings)
        if one is not None:
            folders.append(one)
    return folders


def _folder(path: Path, shown: str, rank: int, findings: list[Finding]) -> Folder | None:
    file = YamlFile(path / MANIFEST, f"{shown}/{MANIFEST}", findings)
    fields = file.fields(file.root(), "政策包说明", ("code", "name", "first_day"), ("aliases", "extends"))
    if fields is None:
        return None
    code = file.parsed(
        fields["code"], "统筹区代码 code", _code, "bad_code", "应为六位数字", "写行政区划代码，如 370300"
    )
    title = file.text(fields["name"], "名称 name")
    first_day = file.day(fields["first_day"], "首日 first_day")
    aliases = file.texts(fields["aliases"], "别名 aliases") if "aliases" in fields else ()
    extends = file.text(fields["extends"], "上级 extends") if "extends" in fields else ""
    if code is None or title is None or first_day is None or aliases is None or extends is None:
        return None
    return Folder(path, shown, rank, code, title, aliases, extends, first_day)


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(text)
    return text


def _clashes(folders: Sequence[Folder]) -> list[Finding]:
    """Names that two packs of different cities, or two packs of one directory, both answer to."""
    findings: list[Finding] = []
    for i, one in enumerate(folders):
        for other in folders[:i]:
            if one.code == other.code and one.root != other.root:
                continue  # the user's own pack of a city goes over the shipped one
            for name in sorted(one.names & other.names):
                place = Place(file=f"{one.shown}/{MANIFEST}:1:1", value=name)
                cause = f"“{name}”也指 {other.shown}（{other.title} {other.code}）"
                step = "改正 code、name 或 aliases，使一个名称只指一个政策包"
                findings.append(Finding("alias_clash", Severity.ERROR, "政策包重名", place, cause, step))
    return findings


def teaching_scheme() -> Path:
    """The folder of the DRG teaching scheme: real ADRGs, few codes; for demo and tests, not for payment."""
    return TEACHING


def scheme_folder(city: str, name: str, pack_dirs: Sequence[Path | str] = ()) -> Path:
    """The folder of a DRG scheme that the law of ``city`` names (``drg.scheme``): ``drg/<name>`` of its pack or of one
    it extends, nearest first. Raises PackError that names where it was looked for.
    """
    shelf = open_shelf(pack_dirs)
    used = [shelf.find(city)]
    while not (used[-1].path / SCHEMES / name).is_dir():
        if not used[-1].extends:
            looked = "、".join(f"{one.shown}/{SCHEMES}" for one in used)
            place, said = Place(file=f"{used[0].shown}/{MANIFEST}"), f"找不到分组方案“{name}”"
            step = f"把分组方案的文件夹放到 {used[0].shown}/{SCHEMES}/{name}"
            raise PackError([Finding("no_scheme", Severity.ERROR, said, place, f"找过 {looked}", step)])
        used.append(shelf.find(used[-1].extends, used))
    return used[-1].path / SCHEMES / name
