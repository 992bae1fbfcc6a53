"""A history of scans on disk: ``history.json`` names its parts and runs; it is written last, so what it names is whole.

The folder ``history`` holds the parts (the files of scans), the runs of the index, and what the history was begun with:
the institutions and the mapping 两码合一, so that a day added later is judged as the whole would be.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from yibao.flows.dip_common import FlowError
from yibao.flows.trace_index import Run, open_run
from yibao.flows.trace_parts import Part, check
from yibao.tables import atomic_path
from yibao.trace.look import DrugRow
from yibao.trace.packing import PREFIX_DIGITS

FILE = "history.json"
FOLDER = "history"
_FORMAT = 1


class History(NamedTuple):
    """What is known of a history: law, parts and runs, numbers of places, drugs and prefixes, its fixed inputs."""

    law: dict[str, str]
    parts: list[Part]
    runs: list[Run]
    places: list[str]
    drugs: list[str]
    prefixes: npt.NDArray[np.int32]
    types: Mapping[str, str]
    mapping: list[DrugRow]

    @property
    def rows(self) -> int:
        """The rows of all parts."""
        return sum(part.rows for part in self.parts)


def no_prefixes() -> npt.NDArray[np.int32]:
    """The numbers of prefixes before any was met."""
    return np.full(10**PREFIX_DIGITS, -1, np.int32)


def open_history(out: Path) -> History:
    """The history in a folder. Raises FlowError where there is none, PartChangedError where a part was changed."""
    folder = out / FOLDER
    try:
        facts = json.loads((out / FILE).read_text(encoding="utf-8"))
        runs = [open_run(one["part"], folder / one["stem"]) for one in facts["runs"]]
        values = np.load(folder / facts["prefixes"])
    except (OSError, ValueError, KeyError) as error:
        raise FlowError(f"“{out}”里没有完整的追溯码历史：先用 yibao trace scan 扫描已有的全部文件") from error
    if facts.get("format") != _FORMAT:
        raise FlowError(f"“{out}”里的历史是别的版本写的：用 yibao trace scan 重新扫描全部文件")
    parts = [Part(*one) for one in facts["parts"]]
    for part in parts:
        check(folder, part)
    prefixes = no_prefixes()
    prefixes[values] = np.arange(1, len(values) + 1, dtype=np.int32)
    mapping = [DrugRow(one[0], one[1], one[2], *map(date.fromisoformat, one[3:])) for one in facts["mapping"]]
    return History(facts["law"], parts, runs, facts["places"], facts["drugs"], prefixes, facts["institutions"], mapping)


def save_history(out: Path, held: History) -> None:
    """Writes history.json; until then the folder is as it was. Raises OutputError."""
    values = np.flatnonzero(held.prefixes >= 0)
    values = values[np.argsort(held.prefixes[values])].astype(np.int32)
    name = f"prefixes-{len(held.parts)}.npy"
    np.save(out / FOLDER / name, values)
    facts: dict[str, Any] = {
        "format": _FORMAT, "law": held.law, "parts": [list(part) for part in held.parts],
        "runs": [{"part": run.part, "stem": Path(run.stem).name} for run in held.runs], "places": held.places,
        "drugs": held.drugs, "prefixes": name, "institutions": dict(held.types),
        "mapping": [[*one[:3], one.begin.isoformat(), one.end.isoformat()] for one in held.mapping],
    }  # fmt: skip
    with atomic_path(out / FILE) as part:
        part.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def last_moment(day: date) -> datetime:
    """The last second of a day."""
    return datetime(day.year, day.month, day.day, 23, 59, 59)
