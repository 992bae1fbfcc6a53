"""At the counter too all or nothing is kept, whoever is killed, and no cap is passed, whoever comes at once."""

from pathlib import Path

import pytest
from benefit.counter_city import held, opened
from processes import isolated
from till import at_once, kill_rounds, one_after_the_other

from yibao.store import verify


def test_a_killed_counter_leaves_each_claim_whole_or_not_at_all(store_url: str) -> None:
    found = isolated(kill_rounds, store_url, 15)
    assert found.faults == []
    assert found.stored >= found.acknowledged > 20


def test_processes_that_settle_one_person_at_once_never_pass_a_cap(store_url: str, tmp_path: Path) -> None:
    outcomes = isolated(_crowd, store_url)
    assert {outcome for some in outcomes for outcome in some} == {"settled"}
    with opened(store_url) as till:
        now = held(till.store)
        with till.store.reading() as connection:
            assert verify(connection).findings == []
    assert now["benefit_accumulators"]["P1", 2025, "paid:门诊"] == 250_000, "the year's cap, to the fen"
    assert now["benefit_counters"] == {("P1", "P1|Q|quantity|year|2025"): 10 * 10**6}
    assert now == one_after_the_other(f"sqlite:///{tmp_path / 'alone.db'}", 24)


def _crowd(url: str) -> list[list[str]]:
    return at_once(url, 3, 8, same=False)


@pytest.mark.parametrize("processes", [3])
def test_a_claim_sent_by_several_at_once_is_settled_once(store_url: str, processes: int, tmp_path: Path) -> None:
    outcomes = isolated(_same, store_url, processes)
    for answers in zip(*outcomes, strict=True):
        assert sorted(answers) == ["exists"] * (processes - 1) + ["settled"]
    with opened(store_url) as till:
        assert held(till.store) == one_after_the_other(f"sqlite:///{tmp_path / 'alone.db'}", 8)


def _same(url: str, processes: int) -> list[list[str]]:
    return at_once(url, processes, 8, same=True)
