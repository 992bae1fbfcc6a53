"""From a city's name to its Law: the chain of packs, overlays on top, every fault listed at once."""

import os
from collections.abc import Sequence
from pathlib import Path

from yibao.kernel import Finding, Place, Severity
from yibao.law import Definition, HolidayNotice, Law, Layer, Parameter, layer_findings
from yibao.packs.entries import read_definitions, read_notices, read_parameters
from yibao.packs.errors import PackError
from yibao.packs.folders import MANIFEST, Folder, Shelf, open_shelf
from yibao.packs.reader import YamlFile

HOLIDAYS = "holidays.yaml"
KEYS = "keys.yaml"
OVERLAYS = "overlays"


def load_law(city: str, overlays: Sequence[str | Path] = (), pack_dirs: Sequence[str | Path] = ()) -> Law:
    """The law of a city, found by code (370300), folder name, Chinese name or alias.

    Layers: the packs it extends, lowest first, its own pack, then the overlays in the order given. An overlay is a
    name (``demo``: the file ``overlays/demo.yaml`` of the pack or one it extends) or the path of a YAML file. Raises
    PackError that lists every error of the files read; remarks (warnings) do not stop it, see `load_pack_findings`.
    """
    law, findings = _assemble(open_shelf(pack_dirs), city, overlays)
    errors = [one for one in findings if one.severity is Severity.ERROR]
    if errors:
        raise PackError(errors)
    return law


def load_parameters(path: str | Path) -> tuple[Parameter, ...]:
    """The parameters of a file that is no law, such as the assumed behaviour of people in a simulation.

    They are written as those of an overlay. Raises PackError that lists every error of the file.
    """
    findings: list[Finding] = []
    found = tuple(read_parameters(YamlFile(Path(path), str(path), findings), Path(path).stem))
    errors = [one for one in findings if one.severity is Severity.ERROR]
    if errors:
        raise PackError(errors)
    return found


def load_pack_findings(paths: Sequence[str | Path] = (), pack_dirs: Sequence[str | Path] = ()) -> list[Finding]:
    """Every fault and remark of the packs at ``paths``, each once; of all packs on the search path when none is given.

    A path is a directory of packs, one pack, or one file: a file of a pack checks that pack with all its overlays,
    any other file is checked as an overlay on the national pack.
    """
    wanted = [Path(one) for one in paths]
    homes = [_home(one) for one in wanted]
    shelf = open_shelf([*(home for home in homes if home is not None), *pack_dirs])
    found: list[Finding] = list(shelf.findings)
    for folder in shelf.folders:
        if paths and not any(home is not None and folder.path.is_relative_to(home.resolve()) for home in homes):
            continue
        found += _pack_findings(shelf, folder)
    for path, home in zip(wanted, homes, strict=True):
        if home is None:
            found += _assemble(shelf, "national", [path])[1]
    return list(dict.fromkeys(found))


def _home(path: Path) -> Path | None:
    """The directory to search for a path to check; None for a file that stands in no pack."""
    if not path.is_file():
        return path
    above = [path.parent, path.parent.parent]
    return next((one for one in above if (one / MANIFEST).exists()), None)


def _pack_findings(shelf: Shelf, folder: Folder) -> list[Finding]:
    names = sorted(path.stem for path in (folder.path / OVERLAYS).glob("*.yaml"))
    found: list[Finding] = []
    for overlays in ([], *([name] for name in names)):
        try:
            found += _assemble(shelf, folder.code, overlays, folder)[1]
        except PackError as error:
            found += error.findings
    return found


def _assemble(
    shelf: Shelf, city: str, overlays: Sequence[str | Path], folder: Folder | None = None
) -> tuple[Law, list[Finding]]:
    """The law with whatever could be read, and all findings. Raises PackError when a pack is not to be found."""
    chain = _chain(shelf, folder or shelf.find(city))
    top = chain[-1]
    findings = [one for one in shelf.findings if one.code == "no_pack_dir"]
    findings += [one for one in shelf.findings if one.code == "alias_clash" and one.place.value in top.names]
    layers: list[Layer] = []
    notices: list[HolidayNotice] = []
    definitions: dict[str, Definition] = {}
    for pack in chain:
        for path in sorted(pack.path.glob("*.yaml")):
            file = YamlFile(path, f"{pack.shown}/{path.name}", findings)
            if path.name == HOLIDAYS:
                notices += read_notices(file, pack.name)
            elif path.name == KEYS:
                definitions.update({one.key: one for one in read_definitions(file)})
        layers.append(Layer(pack.name, pack.title, tuple(_parameters(pack, findings))))
        findings += layer_findings(layers, definitions)
    for overlay in overlays:
        layer = _overlay(chain, overlay, findings)
        if layer is not None:
            layers.append(layer)
            findings += layer_findings(layers, definitions)
    return Law(top.code, top.title, layers, notices, definitions), findings


def _chain(shelf: Shelf, top: Folder) -> list[Folder]:
    """The pack and those it extends, the lowest first."""
    chain = [top]
    while chain[-1].extends:
        chain.append(shelf.find(chain[-1].extends, chain))
    return chain[::-1]


def _parameters(pack: Folder, findings: list[Finding]) -> list[Parameter]:
    found: list[Parameter] = []
    for path in sorted(pack.path.glob("*.yaml")):
        if path.name in (MANIFEST, HOLIDAYS, KEYS):
            continue
        file = YamlFile(path, f"{pack.shown}/{path.name}", findings)
        for one in read_parameters(file, pack.name):
            found.append(one)
            if one.period.start < pack.first_day:
                place = Place(file=str(one.origin))
                days = f"{one.period.start.isoformat()} 早于政策包首日 {pack.first_day.isoformat()}"
                message = f"参数“{one.key}”的起始日期 {days}"
                step = f"改正 from，或把 {MANIFEST} 的 first_day 提前"
                findings.append(
                    Finding("before_first_day", Severity.ERROR, message, place, next_step=step, key=one.key)
                )
    return found


def _overlay(chain: Sequence[Folder], overlay: str | Path, findings: list[Finding]) -> Layer | None:
    name = str(overlay)
    if name.endswith((".yaml", ".yml")) or os.sep in name:
        path, shown = Path(overlay), name
        name = path.stem
    else:
        places = [(one.path / OVERLAYS / f"{name}.yaml", one.shown) for one in reversed(chain)]
        hit = next((one for one in places if one[0].is_file()), None)
        if hit is None:
            findings.append(_unknown_overlay(chain, name))
            return None
        path, shown = hit[0], f"{hit[1]}/{OVERLAYS}/{name}.yaml"
    file = YamlFile(path, shown, findings)
    return Layer(f"overlay:{name}", f"方案 {name}", tuple(read_parameters(file, f"overlay:{name}")))


def _unknown_overlay(chain: Sequence[Folder], name: str) -> Finding:
    known = sorted({path.stem for one in chain for path in (one.path / OVERLAYS).glob("*.yaml")})
    cause = f"{chain[-1].title}现有方案：{'、'.join(known) or '无'}"
    return Finding(
        "unknown_overlay",
        Severity.ERROR,
        f"找不到方案“{name}”",
        cause=cause,
        next_step="改正名称，或给出方案文件的路径（.yaml）",
    )
