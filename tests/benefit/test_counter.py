"""A claim at the counter: the same as in a batch; once; whole or not at all; taken back exactly."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from benefit.counter_city import CITY, DAY, NOON, bill, held, open_books, opened, refund, rows, the_law
from sqlalchemy import select

from yibao.benefit.outcomes import Outcome
from yibao.flows.counter import Answer, Counter
from yibao.flows.counter_load import CreditRow
from yibao.fund.records import Book
from yibao.kernel import MAX_FEN
from yibao.law import Law, MissingParameter
from yibao.store import Store, journal, schema, verify

ROOT = Path(__file__).parents[2]


@pytest.fixture
def till(store_url: str) -> Iterator[Counter]:
    """The counter of the small city, without books."""
    with opened(store_url) as found:
        yield found


# ── once, and taken back ──


def test_a_claim_is_settled_once_however_often_it_is_sent(till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 1000))
    first = till.settle(care, lines)
    before = held(till.store), rows(till.store)
    again = till.settle(care._replace(msgid="M2"), lines[::-1])
    assert (first.outcome, again.outcome) == (Outcome.SETTLED, Outcome.EXISTS)
    assert again.settlement == first.settlement
    for other in (care._replace(psn_no="P2"), care._replace(fixmedins_code="H31"), care._replace(dise_codg="x")):
        assert till.settle(other, lines).outcome is Outcome.DUPLICATE
    assert till.settle(care, [lines[0]._replace(code="B")]).outcome is Outcome.DUPLICATE
    assert (held(till.store), rows(till.store)) == before


def test_a_reversal_restores_all_that_its_settlement_moved_whatever_came_in_between(till: Counter) -> None:
    till.credit(CreditRow("X1", "P1", DAY, 10_000))
    till.credit(CreditRow("X3", "P3", DAY, 50_000))
    till.settle(*bill("S1", ("A", 1, 100), ("Q", 4, 40), ("D", 1, 10), ("T", 1, 5)))
    before = held(till.store)
    care, lines = bill("S2", ("A", 2, 700), ("Q", 8, 80), ("T", 1, 9), ("D", 1, 10, 4), ("D", 1, 10), ("D", 1, 3, 6))
    done = till.settle(care, lines)
    after = held(till.store)
    assert done.settlement is not None and {move.what for move in done.settlement.moves} == {"sum", "used", "account"}
    assert all(after[name] != before[name] for name in before)
    other = bill("S3", ("A", 1, 50), psn_no="P2")
    till.settle(*other)
    assert till.reverse(refund("R2", care)).outcome is Outcome.REVERSED
    assert till.reverse(refund("R3", other[0])).outcome is Outcome.REVERSED
    assert held(till.store) == before
    assert till.settle(*bill("S4", ("Q", 7, 70))).settlement.amounts.count('"fulamt_ownpay_amt":1000') == 1


def test_a_reversal_needs_no_law(till: Counter, store_url: str) -> None:
    care, lines = bill("S1", ("A", 1, 1000))
    till.settle(care, lines)
    empty = Law(CITY, "没有规定的市", [])
    with opened(store_url) as other:
        bare = Counter(other.store, empty, till.tables, first_year=2023, post=False)
        with pytest.raises(MissingParameter):
            bare.settle(*bill("S2", ("A", 1, 10), at=NOON))
        assert bare.reverse(refund("R1", care)).outcome is Outcome.REVERSED
    assert not any(held(till.store).values())


def test_a_reversal_is_kept_once_and_takes_back_once(till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 1000))
    till.settle(care, lines)
    first = till.reverse(refund("R1", care))
    assert till.reverse(refund("R1", care)) == Answer(Outcome.EXISTS, first.settlement)
    assert till.reverse(refund("R1", care, total=1)).outcome is Outcome.DUPLICATE
    assert till.reverse(refund("R2", care)).outcome is Outcome.REVERSED_ALREADY
    assert till.settle(care, lines).outcome is Outcome.EXISTS, "its id is not free again"
    assert not any(held(till.store).values())


def test_what_a_partial_reversal_leaves_is_priced_anew(store_url: str) -> None:
    with opened(store_url, law=the_law(partial=True)) as found:
        _part_of_a_bill(found)


def _part_of_a_bill(till: Counter) -> None:
    till.credit(CreditRow("X1", "P1", DAY, 10_000))
    care, lines = bill("S1", ("A", 1, 1000), ("B", 1, 400), ("Q", 6, 60))
    till.settle(care, lines)
    later = NOON + timedelta(10)
    unnamed = refund("R0", care, later, total=40_000)
    wrong = unnamed._replace(lines=("S1-0",))
    assert {till.reverse(one).outcome for one in (unnamed, wrong)} == {Outcome.REVERSAL_DIFFERS}
    done = till.reverse(unnamed._replace(lines=("S1-1",)))
    assert done.outcome is Outcome.REVERSED
    (left,) = done.left
    assert (left.setl_id, left.total, left.benefit_year) == ("R0.1", 106_000, 2025)
    after = held(till.store)
    assert (
        till.reverse(refund("R1", care._replace(setl_id="R0.1", total=left.total), later)).outcome is Outcome.REVERSED
    )
    till.settle(*bill("S2", ("A", 1, 1000), ("Q", 6, 60)))
    assert held(till.store) == after


# ── refused, nothing written ──

WRONG: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "future_date": ({"at": datetime(2027, 1, 2, 12)}, [("A", 1, 10)]),
    "out_of_bounds": ({"total": MAX_FEN + 1}, [("A", 1, 10)]),
    "negative_line": ({}, [("A", 1, 10), ("A", -1, -3)]),
    "lines_do_not_sum": ({"total": 999}, [("A", 1, 10)]),
    "unknown_institution": ({"place": "H99"}, [("A", 1, 10)]),
    "unknown_med_type": ({"med_type": "99"}, [("A", 1, 10)]),
}
NOTHING_PAID = {
    "not_enrolled": {"psn_no": "P4"},
    "before_birth": {"psn_no": "P5"},
    "dead": {"psn_no": "P6"},
    "unknown_level": {"place": "H0"},
    "not_approved": {"med_type": "14", "dise_codg": "renal"},
    "not_selected_point": {"place": "H31"},
}
BACK: dict[str, dict[str, Any]] = {
    "unknown_reversal": {"init_setl_id": "S9"},
    "reversal_differs": {"psn_no": "P2"},
    "future_date": {"setl_time": datetime(2027, 1, 2)},
    "out_of_bounds": {"total": -1},
}


@pytest.mark.parametrize("code", WRONG)
def test_a_claim_that_is_wrong_is_refused_whole_by_name(code: str, till: Counter) -> None:
    given, items = WRONG[code]
    before = rows(till.store)
    answer = till.settle(*bill("S1", *items, **given))
    assert (answer.outcome.code, answer.settlement) == (code, None)
    assert answer.outcome.refused and rows(till.store) == before


@pytest.mark.parametrize("line", ["amount_fen", "price_micro", "cnt_micro"])
def test_a_line_beyond_the_bound_is_refused(line: str, till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 10))
    answer = till.settle(care, [lines[0]._replace(**{line: 10**18})])
    assert answer.outcome is Outcome.OUT_OF_BOUNDS


def test_an_amount_at_the_bound_is_settled(till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 10))
    at_most = lines[0]._replace(amount_fen=MAX_FEN, price_micro=10**16 - 1)
    assert till.settle(care._replace(total=MAX_FEN), [at_most]).outcome is Outcome.SETTLED


def test_of_several_faults_the_first_in_the_order_of_precedence_is_named(till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 10), ("A", -1, -3), place="H99", total=1, at=datetime(2028, 1, 1))
    found = [till.settle(care, lines).outcome.code]
    care = care._replace(setl_time=NOON)
    found.append(till.settle(care._replace(total=-5), lines).outcome.code)
    found += [till.settle(care, lines).outcome.code, till.settle(care, lines[:1]).outcome.code]
    found.append(till.settle(care._replace(total=1000, med_type="99"), lines[:1]).outcome.code)
    assert found == ["future_date", "out_of_bounds", "negative_line", "lines_do_not_sum", "unknown_institution"]


@pytest.mark.parametrize("code", NOTHING_PAID)
def test_what_no_fund_pays_for_is_kept_with_its_name_and_moves_nothing(code: str, till: Counter) -> None:
    till.credit(CreditRow("X1", "P1", DAY, 10_000))
    before = held(till.store)
    answer = till.settle(*bill("S1", ("A", 1, 10), **NOTHING_PAID[code]))
    assert answer.outcome.code == code and answer.settlement is not None
    assert json.loads(answer.settlement.amounts) == {
        "medfee_sumamt": 1000, "fulamt_ownpay_amt": 1000, "psn_part_amt": 1000, "psn_cash_pay": 1000,
    }  # fmt: skip
    assert held(till.store) == before


@pytest.mark.parametrize("code", BACK)
def test_a_reversal_that_is_wrong_is_refused_by_name(code: str, till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 1000))
    till.settle(care, lines)
    before = rows(till.store), held(till.store)
    answer = till.reverse(refund("R1", care)._replace(**BACK[code]))
    assert (answer.outcome.code, answer.settlement) == (code, None)
    assert (rows(till.store), held(till.store)) == before


def test_a_reversal_before_its_settlement_or_of_a_reversal_is_of_nothing(till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 1000))
    assert till.reverse(refund("R1", care)).outcome is Outcome.UNKNOWN_REVERSAL
    till.settle(care, lines)
    assert till.reverse(refund("R1", care, NOON - timedelta(0, 1))).outcome is Outcome.UNKNOWN_REVERSAL
    till.reverse(refund("R1", care))
    assert till.reverse(refund("R2", care)._replace(init_setl_id="R1")).outcome is Outcome.UNKNOWN_REVERSAL


def test_a_part_is_not_taken_back_where_the_law_does_not_allow_it(till: Counter) -> None:
    care, lines = bill("S1", ("A", 1, 1000), ("B", 1, 400))
    till.settle(care, lines)
    part = refund("R1", care, total=40_000, lines=("S1-1",))
    assert till.reverse(part).outcome is Outcome.PARTIAL_NOT_ALLOWED


def test_a_key_that_the_law_leaves_open_writes_nothing(till: Counter) -> None:
    before = rows(till.store)
    with pytest.raises(MissingParameter, match=r"benefit\.points\.rule.*999999") as error:
        till.settle(*bill("S1", ("A", 1, 10), at=datetime(2021, 3, 5)))
    assert error.value.__notes__ == ["结算S1，适用2021-03-05的政策"]
    assert rows(till.store) == before


def test_outcomes_stand_in_the_documentation_in_their_order() -> None:
    text = (ROOT / "docs" / "internals" / "benefit.md").read_text(encoding="utf-8")
    section = text.partition("## Outcomes, in order of precedence")[2].partition("\n## ")[0]
    names = {one.code for one in Outcome}
    assert [word for word in re.findall(r"`(\w+)`", section) if word in names] == [one.code for one in Outcome]


def test_every_outcome_has_a_chinese_name_of_its_own_and_says_what_to_do() -> None:
    assert len({one.label for one in Outcome}) == len(Outcome)
    for one in Outcome:
        assert re.search(r"[一-鿿]", one.label)
        assert one.next_step or one.number in (0, -1, -2, -3)


# ── the books ──


def balances(store: Store) -> dict[str, int]:
    """What each account of the books comes to: debits less credits."""
    found: dict[str, int] = {}
    with store.reading() as connection:
        for row in connection.execute(select(schema.fund_balance)):
            name = row.acct_no.removeprefix(f"{CITY}-")
            found[name] = found.get(name, 0) + row.debit - row.credit
    return {name: value for name, value in found.items() if value}


@pytest.fixture
def booked(store_url: str) -> Iterator[Counter]:
    """The counter with the books of every fund open, for two institutions."""
    with opened(store_url, post=True) as found:
        open_books(found.store, "H11", "H31")
        yield found


def test_what_the_funds_pay_stands_in_their_books_and_what_is_taken_back_does_not(booked: Counter) -> None:
    booked.credit(CreditRow("X1", "P1", DAY, 5_000))
    booked.settle(*bill("S1", ("A", 1, 1000)))
    assert balances(booked.store) == {"310-500102": 56_000, "310-500106": 5_000, "310-210101-H11": -61_000}
    care, lines = bill("S2", ("A", 1, 90_000), med_type="21", place="H31")
    amounts = json.loads(booked.settle(care, lines).settlement.amounts)
    now = balances(booked.store)
    assert now["310-500101"] == amounts["hifp_pay"] and now["330-500101"] == amounts["hifmi_pay"] > 0
    assert now["310-210101-H31"] + now["330-210101-H31"] == -amounts["fund_pay_sumamt"]
    assert booked.reverse(refund("R2", care)).outcome is Outcome.REVERSED
    assert booked.reverse(refund("R1", bill("S1", ("A", 1, 1000))[0])).outcome is Outcome.REVERSED
    assert balances(booked.store) == {}
    with booked.store.reading() as connection:
        assert verify(connection).findings == []
        assert len(journal.turnovers(connection, Book(CITY, "310"))) > 0


def test_a_claim_that_the_books_refuse_is_not_settled(booked: Counter) -> None:
    before = rows(booked.store), held(booked.store)
    answer = booked.settle(*bill("S1", ("A", 1, 1000), at=datetime(2022, 6, 1, 9)))
    assert answer.outcome is Outcome.POSTING_REFUSED and "DY-S1-310" in answer.detail
    assert (rows(booked.store), held(booked.store)) == before


def test_without_books_a_claim_is_settled_only_where_that_is_asked_for(store_url: str) -> None:
    with opened(store_url, post=True) as found:
        refused = found.settle(*bill("S1", ("A", 1, 1000)))
        assert refused.outcome is Outcome.POSTING_REFUSED and "310-500102" in refused.detail
        assert found.settle(*bill("S2", ("C", 1, 10))).outcome is Outcome.SETTLED, "no fund pays anything"
    with opened(store_url, post=False) as found:
        assert found.settle(*bill("S1", ("A", 1, 1000))).outcome is Outcome.SETTLED
        assert balances(found.store) == {}


def test_what_was_posted_is_posted_back_by_a_counter_that_posts_nothing(booked: Counter, store_url: str) -> None:
    care, lines = bill("S1", ("A", 1, 1000))
    booked.settle(care, lines)
    with opened(store_url, post=False) as other:
        assert other.reverse(refund("R1", care)).outcome is Outcome.REVERSED
    assert balances(booked.store) == {}


def test_what_is_taken_back_in_a_later_year_is_booked_on_the_balance_and_the_year_stays(booked: Counter) -> None:
    booked.credit(CreditRow("X1", "P1", DAY, 5_000))
    care, lines = bill("S1", ("A", 1, 1000))
    booked.settle(care, lines)
    assert booked.reverse(refund("R1", care, datetime(2026, 2, 1))).outcome is Outcome.REVERSED
    year = {"310-500102": 56_000, "310-500106": 5_000}
    assert balances(booked.store) == {**year, "310-300101": -56_000, "310-300102": -5_000}


def test_money_for_an_account_comes_once(till: Counter) -> None:
    row = CreditRow("X1", "P1", DAY, 100)
    found = [till.credit(row), till.credit(row), till.credit(row._replace(amount=5))]
    assert found == [Outcome.CREDITED, Outcome.EXISTS, Outcome.DUPLICATE]
    assert till.credit(CreditRow("X2", "P1", DAY, -1)) is Outcome.OUT_OF_BOUNDS
    assert held(till.store)["account_balances"] == {("P1",): 100}


def test_every_amount_names_the_parameter_that_it_comes_from(till: Counter) -> None:
    done = till.settle(*bill("S1", ("A", 1, 1000), ("B", 1, 100)))
    found = {step.label: (step.value, step.key) for step in till.steps(done.settlement)}
    assert found["起付线"] == ("200.00", "benefit.deductible")
    assert found["统筹基金支付"] == ("623.00", "benefit.rate")
    assert found["先行自付"][0] == "10.00"
