"""A city's years settled by the product and by an oracle that shares nothing with it: no fen differs. And one kernel in
three ways: compiled, plain, and claim by claim.
"""

import ast
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benefit import compare, many
from benefit.made_years import CITIES, Maker
from benefit.one_by_one import settle_singly
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.benefit import chunk
from yibao.benefit import year as kernel_module
from yibao.benefit.plan import RESULT
from yibao.engine.kernels import compile_kernel
from yibao.flows import settle as flow
from yibao.flows.dip import Setting

HERE = Path(__file__).parent
MOST = ("dongguan", "newcity", "zhoushan")
"""The cities whose law has most in it."""


@cache
def laws(name: str) -> compare.Laws:
    return compare.invented() if name == "newcity" else compare.shipped(name)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add((node.module or ".").split(".")[0])
    return found


@pytest.mark.parametrize("name", ["benefit_oracle", "oracle_facts", "oracle_pay", "oracle_lines", "oracle_law"])
def test_the_oracle_imports_nothing_of_the_product(name: str) -> None:
    path = HERE / f"{name}.py"
    local = {"benefit", "yaml"}
    standard = {
        "bisect", "collections", "csv", "dataclasses", "datetime", "decimal", "fractions", "pathlib", "random",
        "typing",
    }  # fmt: skip
    assert imports(path) <= local | standard
    words = path.read_text(encoding="utf-8").replace('"src" / "yibao" / "packs"', "").replace("`yibao settle`", "")
    assert "yibao" not in words and "import_module" not in words and "__import__" not in words


def test_the_invented_city_is_yaml_alone() -> None:
    assert {path.suffix for path in (HERE / "invented").rglob("*") if path.is_file()} == {".yaml"}


@pytest.mark.parametrize("name", MOST)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**32), people=st.integers(1, 90))
def test_every_settlement_and_accumulator_equals_the_oracles(name: str, seed: int, people: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Maker(CITIES[name], seed, people).write(Path(temporary) / "in")
        done = compare.compare(folder, Path(temporary) / "out", laws(name))
    assert done.differences == []


@pytest.mark.parametrize("name", sorted({*CITIES} - {*MOST}))
def test_a_further_citys_years_equal_the_oracles(name: str, tmp_path: Path) -> None:
    done = compare.compare(Maker(CITIES[name], 3, 60).write(tmp_path / "in"), tmp_path / "out", laws(name))
    assert done.differences == [] and done.settlements > 300


def test_some_thousand_claims_hold_what_is_hard_and_no_fen_differs() -> None:
    counted, differences = many.run(6_000, seed=7, people=240)
    assert differences == []
    assert all(counted[name] >= 10 for name in many.WANTED), counted


@pytest.mark.slow
@pytest.mark.skipif("not config.getoption('-m')", reason="minutes: run with -m slow, or python -m tests.benefit.many")
def test_a_hundred_thousand_claims_differ_in_no_fen() -> None:
    counted, differences = many.run(100_000)
    assert differences == []
    assert all(counted[name] >= 200 for name in many.WANTED), counted


# ── one kernel, three ways ──


def recorded(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> dict[str, Any]:
    """What the flow hands to `settle_chunk`, before anything is settled."""
    calls: list[dict[str, Any]] = []

    def record(plan: Any, slots: int, queue: Any, init: Any, lines: Any, people: Any, kernel: Any) -> Any:
        kept = people._replace(balance=people.balance.copy())
        calls.append({"plan": plan, "slots": slots, "queue": queue, "init": init, "lines": lines, "people": kept})
        return chunk.settle_chunk(plan, slots, queue, init, lines, people, kernel)

    monkeypatch.setattr(flow, "settle_chunk", record)
    Maker(CITIES[name], 11, 120).write(folder / "in")
    flow.settle(folder / "in", folder / "out", Setting(laws(name).product))
    assert len(calls) == 1
    return calls[0]


def run(call: dict[str, Any], kernel: Any) -> tuple[chunk.Settled, Any]:
    people = call["people"]._replace(balance=call["people"].balance.copy())
    settled = chunk.settle_chunk(
        call["plan"], call["slots"], call["queue"], call["init"], call["lines"], people, kernel
    )  # fmt: skip
    return settled, people.balance


@pytest.mark.parametrize("name", MOST)
def test_compiled_and_plain_kernel_and_claim_by_claim_agree(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba")
    call = recorded(tmp_path, monkeypatch, name)
    plain, balance = run(call, kernel_module.settle_all)
    fast, fast_balance = run(call, compile_kernel(kernel_module).settle_all)
    for one, other in zip(plain, fast, strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(balance, fast_balance)
    single = settle_singly(call)
    assert single.balance == balance.tolist()
    numbers = call["queue"]["queue_no"].to_pylist()
    for number, result in zip(numbers, plain.results.tolist(), strict=True):
        assert single.results.get(number, [0] * RESULT) == result
    assert sum(map(any, single.state.values())) > 50
