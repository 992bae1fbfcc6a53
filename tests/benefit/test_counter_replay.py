"""What depended on a settlement: named by replay, and brought to what it would have been by records that adjust."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from benefit.counter_city import DAY, NOON, bill, held, open_books, opened, refund, rows, the_law
from benefit.made_years import INVENTED, Maker
from benefit.online import online
from benefit.test_counter import balances
from sqlalchemy import select

from yibao.benefit.outcomes import Outcome
from yibao.flows.counter import Counter, CounterError
from yibao.flows.counter_load import CreditRow, Visit
from yibao.store import Store, anew, schema, verify

LATER = datetime(2025, 12, 1)
LAST = datetime(2026, 12, 1)
BILLS = (
    bill("S1", ("A", 1, 1000), ("Q", 6, 60), ("T", 2, 20)),
    bill("S2", ("A", 1, 1000), ("B", 1, 300), ("Q", 6, 60), at=NOON + timedelta(1)),
    bill("S3", ("A", 1, 30_000), ("D", 1, 10), med_type="21", place="H31", at=NOON + timedelta(2)),
    bill("S4", ("A", 1, 5000), at=NOON + timedelta(3)),
    bill("S5", ("A", 1, 40_000), psn_no="P2", med_type="21", place="H31", at=NOON + timedelta(4)),
    bill("S6", ("C", 1, 70), psn_no="P2", at=NOON + timedelta(5)),
    bill("S7", ("A", 1, 400), at=NOON + timedelta(366)),
)


@pytest.fixture
def till(store_url: str) -> Iterator[Counter]:
    """The counter of the small city with books and some money in accounts."""
    with opened(store_url, post=True) as found:
        open_books(found.store, "H11", "H31")
        yield found


def all_of(till: Counter, *without: str) -> None:
    """The bills but those named, money first."""
    till.credit(CreditRow("X1", "P1", DAY, 20_000))
    till.credit(CreditRow("X3", "P3", DAY, 90_000))
    for care, lines in BILLS:
        if care.setl_id not in without:
            assert till.settle(care, lines).outcome is Outcome.SETTLED


def without(url: str, *ids: str) -> tuple[object, object]:
    """What is held, and the books, where these were never settled."""
    with opened(url, post=True) as other:
        open_books(other.store, "H11", "H31")
        all_of(other, *ids)
        return held(other.store), balances(other.store)


def sound(store: Store) -> bool:
    with store.reading() as connection:
        return verify(connection).findings == []


@pytest.mark.parametrize("setl_id", ["S1", "S2", "S3", "S4"])
def test_after_a_reversal_and_its_adjustments_all_is_as_if_it_had_never_been(
    setl_id: str, till: Counter, tmp_path: Path
) -> None:
    all_of(till)
    named = [one.settlement.setl_id for one in till.dependents(setl_id)]
    care = next(care for care, _ in BILLS if care.setl_id == setl_id)
    assert till.reverse(refund("R1", care, LATER)).outcome is Outcome.REVERSED
    assert [one.settlement.setl_id for one in till.dependents(setl_id)] == named, "the reversal itself changes no other"
    done = till.resettle(setl_id, LATER)
    assert (done.outcome, [one.refers for one in done.records]) == (Outcome.ADJUSTED, named or [setl_id])
    assert (held(till.store), balances(till.store)) == without(f"sqlite:///{tmp_path / 'other.db'}", setl_id)
    assert till.resettle(setl_id, LATER).records == [] and sound(till.store)


def test_the_dependents_of_a_settlement_are_named_with_what_changes(till: Counter) -> None:
    all_of(till)
    found = {one.settlement.setl_id: one.amounts for one in till.dependents("S1")}
    assert found["S2"]["act_pay_dedc"] == 20_000, "the year's deductible had been paid"
    assert found["S2"]["fulamt_ownpay_amt"] == -20_00, "six of ten were used up"
    assert "S6" not in found and "S7" not in found, "own money, and another year without accounts"
    assert {key for key, one in found.items() if "acct_pay" in one} >= {"S2"}
    assert till.dependents("S7") == []
    before = rows(till.store)
    till.dependents("S1")
    assert rows(till.store) == before


def test_two_reversals_each_with_its_adjustments_leave_what_is_without_both(till: Counter, tmp_path: Path) -> None:
    all_of(till)
    for number, setl_id in enumerate(("S3", "S1", "S2")):
        care = next(care for care, _ in BILLS if care.setl_id == setl_id)
        till.reverse(refund(f"R{number}", care, LATER))
        till.resettle(setl_id, LATER)
    assert (held(till.store), balances(till.store)) == without(f"sqlite:///{tmp_path / 'other.db'}", "S1", "S2", "S3")
    assert sound(till.store)


def test_a_reversal_of_what_was_adjusted_takes_the_adjustment_back_with_it(till: Counter, tmp_path: Path) -> None:
    all_of(till)
    till.reverse(refund("R1", BILLS[0][0], LATER))
    till.resettle("S1", LATER)
    for care, _ in BILLS[1:]:
        back = refund(f"R-{care.setl_id}", care, max(LATER, care.setl_time))
        assert till.reverse(back).outcome is Outcome.REVERSED
    now = held(till.store)
    assert (now["benefit_accumulators"], now["benefit_counters"]) == ({}, {})
    assert now["account_balances"] == {("P1",): 20_000, ("P3",): 90_000}
    assert balances(till.store) == {} and sound(till.store)


def test_a_resettlement_that_changes_nothing_is_recorded_once(till: Counter) -> None:
    all_of(till)
    care = BILLS[5][0]
    till.reverse(refund("R6", care, LATER))
    (one,) = till.resettle("S6", LATER).records
    assert (one.setl_id, one.refers, one.amounts, one.result) == ("S6/A1", "S6", "{}", "{}")
    assert till.resettle("S6", LATER).records == [] and sound(till.store)


def test_what_is_not_taken_back_is_not_adjusted_and_what_is_not_there_is_said(till: Counter) -> None:
    all_of(till)
    before = rows(till.store)
    assert till.resettle("S1", LATER).outcome is Outcome.UNKNOWN_REVERSAL
    assert till.resettle("S1", datetime(2027, 2, 1)).outcome is Outcome.FUTURE_DATE
    for ask in (till.dependents, lambda one: till.resettle(one, LATER)):
        with pytest.raises(CounterError, match="没有结算S9；核对结算ID"):
            ask("S9")
    assert rows(till.store) == before


def test_in_a_made_city_adjustments_leave_what_would_be_without(tmp_path: Path) -> None:
    folder = Maker(INVENTED, 21, 45).write(tmp_path / "in")
    answers, came, found = online(folder, str(tmp_path / "one.db"), the_law())
    with found.store.reading() as connection:
        gone = {row[0] for row in connection.execute(select(schema.settlements.c.refers)) if row[0]}
    standing = [one for one in came if isinstance(one, Visit) and answers[one.care.setl_id].settlement]
    dice = random.Random(3)
    chosen = dice.sample([one for one in standing if one.care.setl_id not in gone], 100)
    changed = 0
    for number, one in enumerate(chosen):
        assert found.reverse(refund(f"ZZ{number}", one.care, LAST)).outcome is Outcome.REVERSED
        changed += len(found.resettle(one.care.setl_id, LAST).records)
    assert changed > 15
    other = Counter(Store(tmp_path / "two.db", clock=found.store._clock), the_law(), found.tables,
                    first_year=2022, post=False)  # fmt: skip
    found.store.transact(anew.rebuild)
    left_out = {one.care.setl_id for one in chosen}
    with found.store.reading() as connection:
        credits = connection.execute(select(schema.account_credits)).all()
    for row in credits:
        if row.credit_id.startswith("OPEN"):
            other.credit(CreditRow(row.credit_id, row.psn_no, DAY, row.amount))
    for one in came:
        if isinstance(one, CreditRow):
            other.credit(one)
        elif isinstance(one, Visit):
            if one.care.setl_id not in left_out:
                other.settle(one.care, one.lines)
        else:
            other.reverse(one)
    assert held(found.store) == held(other.store)
    assert sound(found.store) and sound(other.store)
