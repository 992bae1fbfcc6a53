"""Random schemes and cases: the product's grouper against the oracle, and its two kernels against each other."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from drg_oracle import Answer, Oracle
from random_scheme import FIELD_OF, random_cases, write_random_scheme

from yibao.flows.drg import FEW, group_table, load_scheme

SEEDS = range(50)
CASES = 10_000
COLUMNS = ("case_id", *FIELD_OF, "dx", "px")
ANSWER = ("status", "mdc", "adrg", "drg")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled schemes stay out of the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def scheme_folder(tmp_path: Path, seed: int) -> Path:
    folder = tmp_path / f"scheme_{seed}"
    write_random_scheme(folder, seed)
    return folder


def table_of(cases: Sequence[Mapping[str, str]]) -> pa.Table:
    return pa.table({name: pa.array([case[name] or None for case in cases], pa.string()) for name in COLUMNS})


def grouped(folder: Path, cases: pa.Table) -> list[Answer]:
    """The product's answers; every case has one, in its place."""
    groups = group_table(load_scheme(folder), cases).groups
    assert groups["case_id"].to_pylist() == cases["case_id"].to_pylist()
    return list(zip(*(groups[name].to_pylist() for name in ANSWER), strict=True))


def first_difference(
    seed: int, cases: Sequence[Mapping[str, str]], product: Sequence[Answer], oracle: Sequence[Answer]
) -> str:
    """Where the two part, told by the shortest of the cases; '' where they do not."""
    apart = [at for at in range(len(cases)) if product[at] != oracle[at]]
    if not apart:
        return ""
    at = min(apart, key=lambda at: len("".join(cases[at].values())))
    return f"seed {seed}: {len(apart)} cases differ, such as {cases[at]}\nproduct {product[at]}\noracle  {oracle[at]}"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_scheme_groups_as_the_oracle_does(tmp_path: Path, seed: int) -> None:
    folder = scheme_folder(tmp_path, seed)
    cases = random_cases(folder, seed, CASES)
    assert len(cases) >= FEW, "the compiled kernel groups these"
    oracle = Oracle(folder)
    difference = first_difference(seed, cases, grouped(folder, table_of(cases)), [oracle.group(case) for case in cases])
    assert not difference, difference


@pytest.mark.parametrize("seed", SEEDS[::7])
def test_both_kernels_give_the_same_answers(tmp_path: Path, seed: int) -> None:
    pytest.importorskip("numba", reason="the compiled kernel needs numba: pip install 'yibao[kernels]'")
    folder = scheme_folder(tmp_path, seed)
    cases = table_of(random_cases(folder, seed, FEW))
    assert grouped(folder, cases)[:300] == grouped(folder, cases.slice(0, 300))


def _reached(tmp_path: Path) -> Iterator[tuple[int, int, Counter[str]]]:
    """Of each scheme: its steps, how many of them some case ends at, and the statuses of the cases."""
    for seed in SEEDS:
        folder = scheme_folder(tmp_path, seed)
        oracle = Oracle(folder)
        statuses: Counter[str] = Counter()
        ends: set[tuple[str, int]] = set()
        for case in random_cases(folder, seed, CASES // 5):
            answer, step = oracle.group_at(case)
            statuses[answer[0]] += 1
            if step is not None:
                ends.add((step.mdc, step.number))
        yield len(oracle.steps), len(ends), statuses


def test_the_random_cases_reach_every_status_and_most_steps(tmp_path: Path) -> None:
    """Else the agreement above would say little. The first fifth of the same cases shows it."""
    found = list(_reached(tmp_path))
    statuses = sum((one[2] for one in found), Counter())
    share = {status: count / statuses.total() for status, count in statuses.items()}
    assert share.keys() == {"分组成功", "歧义病案", "无法入组"} and min(share.values()) > 0.02, share
    steps, ends = sum(one[0] for one in found), sum(one[1] for one in found)
    assert steps > 500 and ends > 0.6 * steps, f"{ends} of {steps} steps reached"
