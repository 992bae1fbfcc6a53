"""Ways around the rules that a fresh pair of eyes found, closed: cash, reverses of other years, system ids."""

from datetime import date

import pytest
from fund.ledger_commands import CITY, RESIDENT, SERIOUS, entry
from fund.ledger_kept import books, pay

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action


@pytest.mark.parametrize("given", ["1001", "1003"])
def test_money_that_changes_insurances_through_cash_is_a_transfer_too(given: str) -> None:
    kept = books()
    kept.post(entry("M", CITY, "1001", "4101", 50), entry("N", CITY, "1003", "4101", 50))
    pair = entry("A", CITY, "590101", given, 10), entry("B", RESIDENT, "1001", "4901", 10)
    found = kept.post(*(one._replace(group_id="G") for one in pair))
    assert found == [Outcome.TRANSFER_BETWEEN_INSURANCES] * 2


def test_a_reverse_bears_a_day_of_the_year_of_what_it_takes_back() -> None:
    kept = books()
    kept.post(pay("A", 10, day=date(2025, 1, 20)))
    back = pay("V", 10, day=date(2026, 1, 5))._replace(action=Action.REVERSE, refers="A", lines=())
    assert kept.one(back) is Outcome.REFERENCE_NOT_FIT
    assert kept.one(back._replace(entry_date=date(2025, 12, 31))) is Outcome.POSTED


def test_a_reverse_has_no_bank_number_of_its_own() -> None:
    kept = books()
    kept.post(pay("A", 10))
    back = pay("V", 10)._replace(action=Action.REVERSE, refers="A", lines=(), bank_ref="B9")
    assert kept.one(back) is Outcome.REFERENCE_NOT_FIT


@pytest.mark.parametrize("number", ["CARRY-370300-310-2024", "EXPIRE-R"])
def test_ids_that_the_system_gives_itself_cannot_be_taken(number: str) -> None:
    assert books().one(pay(number, 10)) is Outcome.ID_REUSED


def test_both_sides_of_a_transfer_are_of_one_amount() -> None:
    kept = books()
    kept.post(entry("M", RESIDENT, "1003", "4101", 50))
    pair = entry("A", RESIDENT, "5101", "1003", 10), entry("B", SERIOUS, "1003", "400108", 11)
    assert kept.post(*(one._replace(group_id="G") for one in pair)) == [Outcome.TRANSFER_UNEQUAL] * 2


def test_a_group_over_several_books_is_reversed_whole() -> None:
    kept = books()
    kept.post(entry("M", RESIDENT, "1003", "4101", 50))
    pair = entry("A", RESIDENT, "5101", "1003", 10), entry("B", SERIOUS, "1003", "400108", 10)
    kept.post(*(one._replace(group_id="G") for one in pair))
    half, rest = (
        one._replace(entry_id=f"{one.entry_id}R", action=Action.REVERSE, refers=one.entry_id, lines=()) for one in pair
    )
    assert kept.one(half) is Outcome.GROUP_HALF_REVERSED
    assert kept.post(half._replace(group_id="H"), rest._replace(group_id="H")) == [Outcome.POSTED] * 2
