"""共济: who may bind, whose money is taken first, and that no balance goes below zero."""

import re
from datetime import date
from pathlib import Path

import pytest
from enrolment.small_city import A, B, city
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.enrolment.share import (
    Account,
    Binding,
    BindOutcome,
    Book,
    decide_binding,
    decide_unbinding,
    distance,
    draw,
    mean_shared,
    pay_from_accounts,
    sharers,
)
from yibao.law import MissingParameter
from yibao.packs import load_law

DAY = date(2025, 3, 1)
VIEW = city().at(DAY)
OWNER = Account("P1", A, 100000)
WISH = Binding("G1", "P1", "P2", "parent", 0, DAY)
FAR = "120000"


@pytest.mark.parametrize("vector", of("共济"), ids=ids("共济"))
def test_the_mean_shared_is_rounded_half_up_to_the_fen(vector: Vector) -> None:
    mean = mean_shared(vector.inputs["amount"] * 100, vector.inputs["people"])
    assert f"{mean // 100}.{mean % 100:02d}" == vector.expected["avg"]
    with pytest.raises(ValueError, match="no people"):
        mean_shared(1, 0)


@pytest.mark.parametrize(
    ("book", "asked", "outcome"),
    [
        (Book((), OWNER, A), WISH, "bound"),
        (Book((), OWNER, A), WISH._replace(psn_no="P1"), "self_binding"),
        (Book((), OWNER, A), WISH._replace(rlts="other"), "not_relative"),
        (Book((), None, A), WISH, "owner_no_account"),
        (Book((), OWNER._replace(acct_stas="frozen"), A), WISH, "owner_frozen"),
        (Book((), OWNER, ""), WISH, "relative_not_insured"),
        (Book((), OWNER, FAR), WISH, "bound"),
        (Book((), OWNER, A), WISH._replace(enddate=date(2025, 2, 28)), "dates_reversed"),
        (Book((WISH._replace(bind_seq=1),), OWNER, A), WISH, "exists"),
        (Book((WISH._replace(bind_seq=1),), OWNER, A), WISH._replace(rlts="child"), "id_reused"),
        (Book((WISH._replace(bind_seq=1),), OWNER, A), WISH._replace(bind_id="G2"), "already_bound"),
        (Book((WISH._replace(bind_seq=1, enddate=date(2025, 2, 1), begndate=date(2025, 1, 1)),), OWNER, A),
         WISH._replace(bind_id="G2"), "bound"),
        (Book((Binding("G9", "P2", "P1", "child", 1, DAY),), OWNER, A), WISH, "bound"),  # a circle is allowed
    ],
)  # fmt: skip
def test_a_binding_is_judged_in_a_fixed_order(book: Book, asked: Binding, outcome: str) -> None:
    found = decide_binding(VIEW, book, asked)
    assert found.outcome is BindOutcome(outcome)
    assert (found.record is not None) == (outcome == "bound")
    assert found.outcome.stands == (outcome in {"bound", "exists"})
    assert found.outcome.label and found.outcome.next_step


def test_binding_across_provinces_opens_at_the_end_of_2024_and_relatives_are_the_laws() -> None:
    book = Book((), OWNER, FAR)
    before = WISH._replace(begndate=date(2024, 12, 1))
    assert decide_binding(city().at(date(2024, 12, 30)), book, before).outcome is BindOutcome.SCOPE_NOT_OPEN
    assert decide_binding(city().at(date(2024, 12, 31)), book, before).outcome is BindOutcome.BOUND
    with pytest.raises(MissingParameter, match=r"account\.relatives"):
        decide_binding(load_law("national").at(date(2020, 1, 1)), book, before)


def test_each_new_binding_comes_last_unless_a_place_is_asked_for() -> None:
    book = Book((Binding("G0", "P7", "P2", "child", 4, DAY), Binding("G5", "P7", "P3", "child", 9, DAY)), OWNER, A)
    assert decide_binding(VIEW, book, WISH).record == WISH._replace(bind_seq=5)
    assert decide_binding(VIEW, book, WISH._replace(bind_seq=2)).record == WISH._replace(bind_seq=2)


def test_a_binding_ends_once_and_keeps_its_record() -> None:
    book = Book((WISH,), OWNER, A)
    found = decide_unbinding(book, "G1", date(2025, 5, 31))
    assert found == (BindOutcome.UNBOUND, WISH._replace(enddate=date(2025, 5, 31)))
    assert decide_unbinding(book, "G2", DAY).outcome is BindOutcome.BINDING_UNKNOWN
    assert decide_unbinding(book, "G1", date(2025, 2, 1)).outcome is BindOutcome.DATES_REVERSED
    ended = Book((found.record or WISH,), OWNER, A)
    assert decide_unbinding(ended, "G1", date(2025, 6, 1)).outcome is BindOutcome.BINDING_ENDED


def test_sharers_come_nearest_first_then_by_binding_and_frozen_ones_never() -> None:
    accounts = [Account("far", FAR, 5), Account("near", "990101", 7), Account("next", B, 9),
                Account("ice", A, 99, "frozen"), Account("near2", A, 3)]  # fmt: skip
    bindings = [Binding("G1", "far", "P2", "child", 1, DAY), Binding("G2", "next", "P2", "child", 2, DAY),
                Binding("G3", "ice", "P2", "child", 3, DAY), Binding("G4", "near2", "P2", "child", 5, DAY),
                Binding("G5", "near", "P2", "child", 4, DAY), Binding("G6", "gone", "P2", "child", 1, DAY),
                Binding("G7", "near", "P3", "child", 1, DAY),
                Binding("G8", "next", "P2", "child", 1, date(2025, 4, 1))]  # fmt: skip
    found = sharers(VIEW, "P2", A, DAY, bindings, accounts)
    assert [one.psn_no for one in found] == ["near", "near2", "next", "far"]
    early = [one._replace(begndate=date(2024, 1, 1)) for one in bindings]
    found = sharers(city().at(date(2024, 12, 30)), "P2", A, date(2024, 12, 30), early, accounts)
    assert [one.psn_no for one in found] == ["near", "near2", "next"]
    assert sharers(load_law("national").at(date(2020, 1, 1)), "P2", A, date(2020, 1, 1), bindings, accounts) == []
    assert [distance(A, one) for one in (A, "990101", B, FAR)] == ["pool", "pool", "province", "country"]


@given(st.integers(-5, 2000), st.integers(-500, 900), st.lists(st.integers(-500, 900), max_size=5))
def test_a_draw_takes_in_order_never_more_than_is_there_nor_than_is_needed(
    needed: int, own: int, others: list[int]
) -> None:
    parts = draw(needed, own, others)
    assert len(parts) == 1 + len(others)
    assert all(0 <= part <= max(0, balance) for part, balance in zip(parts, [own, *others], strict=True))
    assert sum(parts) == min(max(0, needed), sum(max(0, balance) for balance in [own, *others]))
    for place in range(len(parts) - 1):
        if any(parts[place + 1 :]):
            assert parts[place] == max(0, [own, *others][place]), "an earlier account is emptied first"


def test_a_premium_is_paid_from_own_account_then_sharers_then_cash() -> None:
    paid = pay_from_accounts(VIEW, "resident_premium", 40000, Account("P2", A, 15000),
                             [Account("P3", A, 20000), Account("P4", A, 99)])  # fmt: skip
    assert paid[:4] == ((("P2", 15000), ("P3", 20000), ("P4", 99)), 4901, 35099, 20099)
    assert [(step.label, step.value) for step in paid.steps] == [
        ("本人账户支付", "150.00"), ("家庭共济支付", "200.00"), ("家庭共济支付", "0.99"), ("现金支付", "49.01"),
    ]  # fmt: skip
    frozen = pay_from_accounts(VIEW, "selfpay", 100, Account("P2", A, 500, "frozen"), [])
    assert frozen[:4] == ((), 100, 0, 0)
    assert pay_from_accounts(VIEW, "long_term_care", 100, OWNER, [])[:2] == ((), 100), "a use the law does not name"
    assert pay_from_accounts(VIEW, "selfpay", 100, None, [])[:2] == ((), 100)
    with pytest.raises(ValueError, match="not negative"):
        pay_from_accounts(VIEW, "selfpay", -1, None, [])


def test_the_page_lists_the_answers_to_a_binding_in_their_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "enrolment.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", page, re.M)
    names = [(one.value, one.label, one.next_step) for one in BindOutcome]
    at = [name for name, *_ in rows].index(names[0][0])
    assert [tuple(cell.strip() for cell in row) for row in rows[at : at + len(names)]] == names
