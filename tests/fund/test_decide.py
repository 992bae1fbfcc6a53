"""What the ledger answers to one entry: form, reservations and corrections, accounts, days, flows and receipts."""

from datetime import date
from typing import Any, cast

import pytest
from fund.ledger_commands import CITY, COUNTY, RESIDENT, entry
from fund.ledger_kept import DAY, NEXT, about, books, got, hold, pay

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Book, Line
from yibao.fund.view import Totals
from yibao.kernel import MAX_FEN

_O = Outcome


# --- ids and form ---------------------------------------------------------------------------------------------------


def test_the_same_command_again_exists_and_is_booked_once() -> None:
    kept = books()
    commands = [pay("A", 50, ref="B1"), hold("R", 30), about("S", Action.SETTLE, "R"),
                about("X", Action.REVERSE, "A")]  # fmt: skip
    assert kept.post(*commands) == [_O.POSTED] * 4
    before = kept.moved()
    assert kept.post(*commands) == [_O.EXISTS] * 4
    assert kept.moved() == before


def test_the_same_command_twice_in_a_batch_is_posted_and_exists() -> None:
    assert books().post(pay("A", 50), pay("A", 50)) == [_O.POSTED, _O.EXISTS]


@pytest.mark.parametrize(
    "change", [{"settles": "结算单2"}, {"memo": "x"}, {"entry_date": NEXT}, {"bank_ref": "B"},
               {"action": Action.RESERVE}, {"lines": pay("A", 51).lines}, {"lines": pay("A", 50).lines[::-1]},
               {"group_id": "G"}],
)  # fmt: skip
def test_an_id_on_the_books_with_other_content_is_refused(change: dict[str, Any]) -> None:
    kept = books()
    assert kept.post(pay("A", 50), pay("A", 50)._replace(**change)) == [_O.POSTED, _O.ID_REUSED]
    assert kept.one(pay("A", 50)._replace(**change)) is _O.ID_REUSED
    assert kept.total("1004").credit == 50
    assert books().post(pay("A", 50)._replace(**change), pay("A", 50)) == [_O.POSTED, _O.ID_REUSED]


def test_an_id_whose_command_was_refused_is_free() -> None:
    assert books().post(pay("A", 201), pay("A", 200)) == [_O.BELOW_FLOOR, _O.POSTED]


def test_every_entry_names_what_it_settles() -> None:
    assert books().one(pay("A", 50)._replace(settles="")) is _O.SETTLES_MISSING


@pytest.mark.parametrize("amount", [0, -1, MAX_FEN + 1, 1.5, 50.0, True, "50"])
def test_an_amount_is_whole_positive_fen_within_the_bound(amount: object) -> None:
    lines = tuple(line._replace(amount=cast(int, amount)) for line in pay("A", 50).lines)
    assert books().one(pay("A", 50)._replace(lines=lines)) is _O.BAD_AMOUNT


def test_the_largest_amount_of_a_line_is_posted() -> None:
    assert books().one(entry("A", CITY, "1003", "4101", MAX_FEN)) is _O.POSTED


def test_an_entry_has_two_lines_at_least() -> None:
    kept = books()
    assert kept.one(pay("A", 50)._replace(lines=())) is _O.LINES_MISSING
    assert kept.one(pay("A", 50)._replace(lines=pay("A", 50).lines[:1])) is _O.LINES_MISSING
    kept.post(hold("R", 50))
    assert kept.one(about("S", Action.SETTLE, "R")._replace(lines=pay("S", 50).lines[:1])) is _O.LINES_MISSING


@pytest.mark.parametrize("action", [Action.VOID, Action.EXPIRE, Action.REVERSE])
def test_what_only_ends_or_takes_back_carries_no_lines(action: Action) -> None:
    kept = books()
    kept.post(hold("R", 50, expires=DAY), pay("A", 50))
    target = "A" if action is Action.REVERSE else "R"
    command = about("V", action, target, day=NEXT)
    assert kept.one(command._replace(lines=pay("V", 50).lines)) is _O.LINES_UNEXPECTED
    assert kept.one(command) is _O.POSTED


def test_debits_equal_credits() -> None:
    lines = pay("A", 50).lines + pay("A", 1).lines[:1]
    assert books().one(pay("A", 50)._replace(lines=lines)) is _O.UNBALANCED


# --- reservations and corrections -----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [Action.SETTLE, Action.VOID, Action.EXPIRE, Action.REVERSE])
def test_what_is_about_another_entry_names_one_on_the_books(action: Action) -> None:
    kept = books()
    assert kept.one(about("V", action, None)) is _O.REFERENCE_MISSING
    assert kept.one(about("V", action, "NONE")) is _O.REFERENCE_UNKNOWN


def test_only_a_reservation_is_settled_voided_or_expired_and_only_a_posting_reversed() -> None:
    kept = books()
    kept.post(pay("A", 10), hold("R", 10), about("S", Action.SETTLE, "R"), hold("Q", 10))
    kept.post(about("X", Action.REVERSE, "A"), entry("C", CITY, "300101", "500101", 5, Action.CARRY))
    unfit = [("settle", "A"), ("void", "S"), ("expire", "X"), ("expire", "Q"), ("reverse", "Q"), ("reverse", "X"),
             ("reverse", "C")]  # fmt: skip
    assert {kept.one(about("V", Action(action), target)) for action, target in unfit} == {_O.REFERENCE_NOT_FIT}


def test_a_command_and_what_it_is_about_are_of_one_book() -> None:
    kept = books()
    kept.post(hold("R", 10), pay("A", 10))
    for book in (RESIDENT, COUNTY):
        assert kept.one(entry("V", book, action=Action.VOID, refers="R")) is _O.REFERENCE_NOT_FIT
        assert kept.one(entry("V", book, action=Action.REVERSE, refers="A")) is _O.REFERENCE_NOT_FIT


@pytest.mark.parametrize("refers", ["NONE", "R", "A"])
def test_a_posting_or_reservation_is_about_no_other_entry(refers: str) -> None:
    kept = books()
    kept.post(hold("R", 10), pay("A", 10))
    for action in (Action.POST, Action.RESERVE):
        assert kept.one(pay("P", 10, action, refers=refers)) is _O.REFERENCE_NOT_FIT
    assert kept.post(about("V", Action.VOID, "R"), about("X", Action.REVERSE, "A")) == [_O.POSTED, _O.POSTED]


def test_a_reservation_holds_and_does_not_book() -> None:
    kept = books()
    assert kept.one(hold("R", 150)) is _O.POSTED
    assert kept.total("1004") == Totals(200, 0, 0, 150)
    assert kept.total("500101") == Totals(0, 0, 150, 0)


def test_a_settle_without_lines_books_the_whole_reservation() -> None:
    kept = books()
    kept.post(hold("R", 150))
    decision = kept.decide([about("S", Action.SETTLE, "R")])
    assert decision.records[0].lines == hold("R", 150).lines
    assert (kept.total("1004"), kept.total("500101")) == (Totals(200, 150), Totals(150))


def test_a_part_settled_releases_the_rest() -> None:
    kept = books()
    kept.post(hold("R", 150))
    assert kept.post(pay("S", 40, Action.SETTLE, refers="R"), pay("A", 160)) == [_O.POSTED, _O.POSTED]
    assert kept.total("1004") == Totals(200, 200)


def test_a_void_reservation_is_free_again() -> None:
    kept = books()
    assert kept.post(hold("R", 150), pay("A", 100)) == [_O.POSTED, _O.BELOW_FLOOR]
    assert kept.post(about("V", Action.VOID, "R"), pay("A", 200)) == [_O.POSTED, _O.POSTED]


def test_a_reservation_expires_after_its_last_day_and_not_on_it() -> None:
    kept = books()
    kept.post(hold("R", 150, expires=DAY))
    assert kept.one(about("V", Action.EXPIRE, "R", day=DAY)) is _O.RESERVATION_NOT_DUE
    assert kept.one(about("V", Action.EXPIRE, "R", day=NEXT)) is _O.POSTED
    assert kept.total("1004") == Totals(200)


def test_a_reservation_is_settled_on_its_last_day_and_not_after_it() -> None:
    kept = books()
    kept.post(hold("R", 50, expires=DAY))
    assert kept.one(about("S", Action.SETTLE, "R", day=NEXT)) is _O.RESERVATION_EXPIRED
    assert kept.one(about("S", Action.SETTLE, "R", day=DAY)) is _O.POSTED


@pytest.mark.parametrize(
    ("end", "answer"),
    [
        (Action.SETTLE, _O.RESERVATION_SETTLED),
        (Action.VOID, _O.RESERVATION_VOIDED),
        (Action.EXPIRE, _O.RESERVATION_EXPIRED),
    ],
)
def test_a_reservation_ends_once(end: Action, answer: Outcome) -> None:
    kept = books()
    day = NEXT if end is Action.EXPIRE else DAY
    assert kept.post(hold("R", 50, expires=DAY), about("E", end, "R", day=day)) == [_O.POSTED, _O.POSTED]
    again = [about(f"E{action}", action, "R", day=NEXT) for action in (Action.SETTLE, Action.VOID, Action.EXPIRE)]
    assert [kept.one(command) for command in again] == [answer] * 3
    assert kept.post(*again) == [answer] * 3


def test_a_settle_keeps_within_each_account_side_and_sum_of_its_reservation() -> None:
    kept = books()
    kept.post(hold("R", 50))
    back = tuple(Line(line.acct_no, "C" if line.side == "D" else "D", 5) for line in hold("R", 50).lines)
    over = [
        pay("S", 51, Action.SETTLE, refers="R"),
        entry("S", CITY, "500102", "1004", 50, Action.SETTLE, refers="R"),
        about("S", Action.SETTLE, "R")._replace(lines=back),
        about("S", Action.SETTLE, "R")._replace(lines=pay("S", 30).lines + pay("S", 21).lines),
    ]
    assert [kept.one(command) for command in over] == [_O.OVER_RESERVATION] * 4
    assert kept.one(over[3]._replace(lines=pay("S", 30).lines + pay("S", 20).lines)) is _O.POSTED


def test_a_reverse_takes_an_entry_back_whole_and_once_and_only_adds() -> None:
    kept = books()
    kept.post(pay("A", 50), hold("R", 20), about("S", Action.SETTLE, "R"))
    before = list(kept.entries)
    decision = kept.decide([about("X", Action.REVERSE, "A"), about("Y", Action.REVERSE, "S")])
    assert [(line.side, line.amount) for line in decision.records[0].lines] == [("C", 50), ("D", 50)]
    assert kept.entries == before + decision.records
    assert kept.total("1004") == Totals(270, 70)
    assert kept.post(about("Z", Action.REVERSE, "A"), about("Z", Action.REVERSE, "S")) == [_O.ALREADY_REVERSED] * 2


def test_a_reverse_keeps_the_limits_too() -> None:
    kept = books()
    kept.post(entry("A", CITY, "1004", "1003", 50), pay("B", 240))
    assert kept.one(about("X", Action.REVERSE, "A")) is _O.BELOW_FLOOR


# --- accounts, books and days ---------------------------------------------------------------------------------------


def test_an_account_is_opened_before_it_is_used() -> None:
    assert books().one(entry("A", CITY, "500199", "1004", 5)) is _O.ACCOUNT_UNKNOWN
    assert books().one(entry("A", Book("370302", "310"), "500101", "1004", 5)) is _O.ACCOUNT_UNKNOWN


def test_insurances_never_mix_in_an_entry() -> None:
    mixed = pay("A", 5).lines[0], entry("A", RESIDENT, "500101", "1003", 5).lines[1]
    assert books().one(pay("A", 5)._replace(lines=mixed)) is _O.INSURANCE_MIXED


def test_agencies_never_mix_in_an_entry() -> None:
    mixed = pay("A", 5).lines[0], entry("A", COUNTY, "500101", "1003", 5).lines[1]
    assert books().one(pay("A", 5)._replace(lines=mixed)) is _O.AGENCY_MIXED


def test_no_entry_is_older_than_its_accounts() -> None:
    owed = entry("A", CITY, "500101", "210101-H1", 5)
    assert books().one(owed._replace(entry_date=DAY)) is _O.ACCOUNT_NOT_OPEN
    assert books().one(owed._replace(entry_date=NEXT)) is _O.POSTED


def test_no_entry_is_older_than_what_it_is_about() -> None:
    kept = books()
    kept.post(hold("R", 5, day=NEXT), pay("A", 5, day=NEXT))
    early = [about("V", Action.VOID, "R"), about("S", Action.SETTLE, "R"), about("X", Action.REVERSE, "A")]
    assert [kept.one(command) for command in early] == [_O.DATE_BEFORE_REFERENCE] * 3


def test_no_entry_bears_a_day_that_is_not_there_yet() -> None:
    assert books(today=DAY).post(pay("A", 5, day=NEXT), pay("A", 5, day=DAY)) == [_O.FUTURE_DATE, _O.POSTED]


def test_nothing_is_posted_in_a_closed_month_or_before_it() -> None:
    kept = books(closed={CITY: 202501})
    days = [date(2024, 12, 31), date(2025, 1, 31), date(2025, 2, 1)]
    assert [kept.one(pay("A", 5, day=day)) for day in days] == [_O.PERIOD_CLOSED, _O.PERIOD_CLOSED, _O.POSTED]
    assert kept.one(entry("B", RESIDENT, "1003", "4101", 5)) is _O.POSTED, "another book is not closed with it"


# --- 收入户 and 支出户, and receipts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debit", "credit", "answer"),
    [("500101", "1002", _O.FLOW_NOT_ALLOWED), ("1004", "1002", _O.FLOW_NOT_ALLOWED), ("1003", "1002", _O.POSTED),
     ("400101", "1002", _O.POSTED), ("1004", "4101", _O.FLOW_NOT_ALLOWED), ("1004", "400101", _O.FLOW_NOT_ALLOWED),
     ("1004", "1003", _O.POSTED), ("1004", "430101", _O.POSTED), ("1004", "500101", _O.POSTED)],
)  # fmt: skip
def test_the_income_and_expenditure_accounts_serve_only_what_the_articles_name(
    debit: str, credit: str, answer: Outcome
) -> None:
    kept = books()
    kept.post(entry("IN", CITY, "1002", "400101", 100))
    assert kept.one(entry("R", CITY, debit, credit, 5, Action.RESERVE)) is answer
    assert kept.one(entry("A", CITY, debit, credit, 5)) is answer


def test_the_return_of_a_receipt_is_no_new_flow() -> None:
    kept = books()
    kept.post(pay("A", 50))
    assert kept.one(about("X", Action.REVERSE, "A")) is _O.POSTED


def test_money_received_is_booked_once() -> None:
    kept = books()
    assert kept.post(got("A"), got("B")) == [_O.POSTED, _O.BANK_REF_USED]
    assert kept.one(got("B")) is _O.BANK_REF_USED
    assert kept.post(got("C", code="1002"), got("D", RESIDENT)) == [_O.POSTED, _O.POSTED], (
        "the bank's numbers are its own"
    )


def test_several_entries_may_share_one_payment() -> None:
    kept = books()
    assert kept.post(pay("A", 5, ref="B1"), pay("B", 6, ref="B1")) == [_O.POSTED, _O.POSTED]


def test_a_settled_receipt_is_booked_once_too_and_a_reservation_is_no_receipt() -> None:
    kept = books()
    kept.post(got("R", action=Action.RESERVE), got("Q", action=Action.RESERVE))
    commands = [about("S", Action.SETTLE, "R", ref="B1"), about("T", Action.SETTLE, "Q", ref="B1"), got("A")]
    assert kept.post(*commands) == [_O.POSTED, _O.BANK_REF_USED, _O.BANK_REF_USED]


def test_a_reverse_frees_the_number_of_a_receipt() -> None:
    kept = books()
    assert kept.post(got("A"), about("X", Action.REVERSE, "A"), got("B"), got("C")) == [
        _O.POSTED, _O.POSTED, _O.POSTED, _O.BANK_REF_USED,
    ]  # fmt: skip
    assert kept.post(about("Y", Action.REVERSE, "B")) == [_O.POSTED]
    assert kept.post(got("D")) == [_O.POSTED]


def test_a_group_that_is_refused_leaves_the_numbers_of_receipts_as_they_were() -> None:
    kept = books()
    kept.post(got("A"))
    group = [about("X", Action.REVERSE, "A", group="G"), got("B", group="G"), pay("C", 201, group="G")]
    assert kept.post(*group, got("D")) == [_O.LINKED_REFUSED, _O.LINKED_REFUSED, _O.BELOW_FLOOR, _O.BANK_REF_USED]
    new = entry("E", CITY, "1003", "4101", 5, ref="B2", group="H")
    assert kept.post(new, pay("F", 201, group="H"), new._replace(group_id=None)) == [
        _O.LINKED_REFUSED, _O.BELOW_FLOOR, _O.POSTED,
    ]  # fmt: skip
