"""The worked examples that come beside the project (vectors.json, vectors_dip.json), by family."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SHARED = Path(__file__).parents[1].parent / "shared"


class Vector(NamedTuple):
    id: str
    family: str
    inputs: dict[str, Any]
    expected: dict[str, str]


def _read() -> list[Vector]:
    found = []
    for name in ("vectors.json", "vectors_dip.json"):
        path = SHARED / name
        if path.exists():
            found += [
                Vector(one["id"], one["family"], one["inputs"], one["expected"])
                for one in json.loads(path.read_text(encoding="utf-8"))
            ]
    return found


VECTORS = _read()
FAMILIES = {one.family for one in VECTORS}
_ABSENT = pytest.param(None, marks=pytest.mark.skip(reason="../shared/vectors*.json is not beside this checkout"))


def of(*families: str) -> list[Any]:
    """The examples of the families as test parameters; one skipped parameter where the files are absent."""
    return [one for one in VECTORS if one.family in families] or [_ABSENT]


def ids(*families: str) -> list[str]:
    return [one.id for one in VECTORS if one.family in families] or ["absent"]
