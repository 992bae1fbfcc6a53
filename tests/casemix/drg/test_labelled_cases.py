"""The 20,000 labelled cases of CHS-DRG 1.1 against the product and the oracle: not one difference."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest
from drg_oracle import Oracle

from yibao.flows.drg import group_table, load_scheme

DRG = Path(__file__).parents[3] / ".." / "shared" / "data" / "drg"
LABELLED, SCHEME = DRG / "chs_drg_11_labelled.csv", DRG / "chs_drg_11"
ANSWER = ("status", "mdc", "adrg", "drg")


@pytest.fixture(scope="module")
def cases() -> list[dict[str, str]]:
    for path in (LABELLED, SCHEME / "adrg.csv"):
        if not path.exists():
            pytest.skip(f"../shared/data/drg/{path.relative_to(DRG)} is not here")
    with LABELLED.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert len(found) == 20_000
    return found


def labels(cases: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return [tuple(case[name] for name in ("case_id", *ANSWER)) for case in cases]


def differences(cases: list[dict[str, str]], answers: list[tuple[str, ...]]) -> list[tuple[dict[str, str], object]]:
    """The labelled cases that were answered otherwise, with the answer."""
    pairs = zip(cases, labels(cases), answers, strict=True)
    return [(case, answer) for case, label, answer in pairs if answer != label]


def test_the_product_groups_every_labelled_case_as_labelled(
    cases: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    names = [name for name in cases[0] if name not in ANSWER]
    table = pa.table({name: pa.array([case[name] or None for case in cases], pa.string()) for name in names})
    for name in ("dept", "icu_hours"):
        table = table.append_column(name, pa.nulls(len(cases), pa.string()))
    groups = group_table(load_scheme(SCHEME), table).groups
    answers = list(zip(*(groups[name].to_pylist() for name in ("case_id", *ANSWER)), strict=True))
    assert differences(cases, answers)[:3] == []


def test_the_oracle_groups_every_labelled_case_as_labelled(cases: list[dict[str, str]]) -> None:
    oracle = Oracle(SCHEME)
    assert differences(cases, [(case["case_id"], *oracle.group(case)) for case in cases])[:3] == []
