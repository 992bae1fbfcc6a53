"""What the ledger answers where figures and entries come together: limits, linked groups, whole batches, precedence."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from fund.ledger_commands import CITY, COUNTY, RESIDENT, SERIOUS, entry
from fund.ledger_kept import DAY, NEXT, about, books, got, hold, limit, pay

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Book, Entry, LimitKind, Line

_O = Outcome


# --- limits ---------------------------------------------------------------------------------------------------------


def test_a_bank_account_never_goes_below_zero_with_what_is_held() -> None:
    kept = books()
    assert kept.post(pay("A", 201), pay("A", 120), hold("R", 81), hold("R", 80)) == [
        _O.BELOW_FLOOR, _O.POSTED, _O.BELOW_FLOOR, _O.POSTED,
    ]  # fmt: skip
    assert kept.post(pay("B", 1), about("S", Action.SETTLE, "R")) == [_O.BELOW_FLOOR, _O.POSTED]


def test_money_that_is_only_announced_cannot_be_spent() -> None:
    kept = books()
    kept.post(entry("R", CITY, "1004", "1003", 100, Action.RESERVE))
    assert kept.post(pay("A", 201), about("S", Action.SETTLE, "R"), pay("A", 201)) == [
        _O.BELOW_FLOOR, _O.POSTED, _O.POSTED,
    ]  # fmt: skip


def test_an_account_never_goes_above_its_ceiling_with_what_is_held() -> None:
    kept = books(limit("1004", LimitKind.CEILING, 250))
    more = [entry(f"A{fen}", CITY, "1004", "1003", fen, Action.RESERVE if fen == 30 else Action.POST)
            for fen in (51, 30, 21, 20)]  # fmt: skip
    assert kept.post(*more) == [_O.OVER_CEILING, _O.POSTED, _O.OVER_CEILING, _O.POSTED]


def test_a_budget_bounds_the_net_of_its_year_with_what_is_held() -> None:
    kept = books(limit("500101", LimitKind.BUDGET, 100, 2025))
    assert kept.post(pay("A", 101), pay("A", 60), hold("R", 41), hold("R", 40), pay("B", 1)) == [
        _O.OVER_BUDGET, _O.POSTED, _O.OVER_BUDGET, _O.POSTED, _O.OVER_BUDGET,
    ]  # fmt: skip
    assert kept.one(pay("B", 1, day=date(2026, 1, 1))) is _O.POSTED, "another year has its own budget"
    assert kept.post(about("X", Action.REVERSE, "A"), pay("C", 60)) == [_O.POSTED, _O.POSTED]


def test_limits_of_income_bound_its_credit_balance_with_what_is_held() -> None:
    kept = books(limit("490101", LimitKind.FLOOR, 10), limit("490101", LimitKind.CEILING, 50),
                 limit("430101", LimitKind.BUDGET, 20, 2025))  # fmt: skip

    def earn(entry_id: str, amount: int, action: Action = Action.POST, code: str = "490101") -> Entry:
        return entry(entry_id, CITY, "1003", code, amount, action)

    def give_back(entry_id: str, amount: int, action: Action = Action.POST) -> Entry:
        return entry(entry_id, CITY, "490101", "1003", amount, action)

    assert kept.post(earn("A", 30), earn("R", 21, Action.RESERVE), earn("R", 20, Action.RESERVE), earn("B", 1)) == [
        _O.POSTED, _O.OVER_CEILING, _O.POSTED, _O.OVER_CEILING,
    ]  # fmt: skip
    assert kept.post(give_back("H", 21, Action.RESERVE), give_back("H", 15, Action.RESERVE), give_back("C", 6)) == [
        _O.BELOW_FLOOR, _O.POSTED, _O.BELOW_FLOOR,
    ]  # fmt: skip
    assert kept.post(earn("I", 15, Action.RESERVE, "430101"), earn("J", 6, code="430101")) == [
        _O.POSTED,
        _O.OVER_BUDGET,
    ]


def test_a_settle_in_the_next_year_counts_in_that_year_and_frees_the_one_it_was_held_in() -> None:
    kept = books(*(limit("500101", LimitKind.BUDGET, amount, year) for year, amount in ((2025, 50), (2026, 30))))
    kept.post(hold("R", 50))
    later = date(2026, 1, 5)
    assert kept.one(about("S", Action.SETTLE, "R", day=later)) is _O.OVER_BUDGET
    assert kept.post(pay("S", 30, Action.SETTLE, refers="R", day=later), pay("A", 50)) == [_O.POSTED, _O.POSTED]


def test_of_a_limit_the_last_version_holds_and_none_lifts_it() -> None:
    kept = books(*(limit("500101", LimitKind.BUDGET, 10, 2025, one) for one in (1, 2)),
                 limit("500101", LimitKind.BUDGET, None, 2025, 3))  # fmt: skip
    assert kept.one(pay("A", 50)) is _O.POSTED
    kept.limits = [*kept.limits, limit("500101", LimitKind.BUDGET, 60, 2025, 4)]
    assert kept.post(pay("B", 11), pay("B", 10)) == [_O.OVER_BUDGET, _O.POSTED]


def test_a_limit_that_is_broken_already_lets_through_what_makes_it_better() -> None:
    kept = books(limit("1004", LimitKind.FLOOR, 500), limit("1003", LimitKind.CEILING, 100))
    assert kept.post(pay("A", 1), entry("B", CITY, "1004", "1003", 10)) == [_O.BELOW_FLOOR, _O.POSTED]
    assert kept.one(entry("C", CITY, "1003", "4101", 1)) is _O.OVER_CEILING


# --- linked groups and whole batches --------------------------------------------------------------------------------


def linked(*pairs: tuple[str, int]) -> list[Entry]:
    return [pay(entry_id, amount, group="G") for entry_id, amount in pairs]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_linked_group_is_posted_whole_or_not_at_all_wherever_the_refused_one_stands(place: int) -> None:
    kept = books()
    group = linked(("A", 1), ("B", 2), ("C", 3))
    bad = [one._replace(settles="") if at == place else one for at, one in enumerate(group)]
    assert kept.post(*bad, pay("D", 4)) == [
        _O.SETTLES_MISSING if at == place else _O.LINKED_REFUSED for at in range(3)
    ] + [_O.POSTED]  # fmt: skip
    assert [one.entry_id for one in kept.entries if one.entry_id in "ABCD"] == ["D"]
    assert kept.total("1004").credit == 4
    assert kept.post(*group) == [_O.POSTED] * 3


def test_a_group_holds_together_though_others_stand_between_its_members() -> None:
    kept = books()
    first, last = linked(("A", 150), ("B", 51))
    assert kept.post(first, pay("C", 100), last) == [_O.LINKED_REFUSED, _O.POSTED, _O.BELOW_FLOOR]


def test_what_a_refused_group_did_to_reservations_is_taken_back() -> None:
    kept = books()
    kept.post(hold("R", 50))
    group = [about("S", Action.SETTLE, "R", group="G"), hold("Q", 10, group="G"),
             about("V", Action.VOID, "Q", group="G"), pay("A", 500, group="G")]  # fmt: skip
    after = [about("T", Action.SETTLE, "R"), about("W", Action.VOID, "Q")]
    assert kept.post(*group, *after) == [
        *[_O.LINKED_REFUSED] * 3, _O.BELOW_FLOOR, _O.POSTED, _O.REFERENCE_UNKNOWN,
    ]  # fmt: skip


def test_a_group_on_the_books_takes_no_more_members() -> None:
    kept = books()
    assert kept.post(*linked(("A", 1), ("B", 2))) == [_O.POSTED, _O.POSTED]
    assert kept.post(*linked(("B", 2), ("C", 3))) == [_O.EXISTS, _O.GROUP_CHANGED]
    assert kept.post(*linked(("A", 1), ("B", 2))) == [_O.EXISTS, _O.EXISTS]


@pytest.mark.parametrize("group", ["G", None])
def test_nothing_that_is_not_on_the_books_answers_exists(group: str | None) -> None:
    kept = books()
    batch = [pay("A", 1, group=group), pay("A", 1, group=group), pay("B", 500, group=group)]
    found = kept.post(*batch, whole=group is None)
    refused = _O.LINKED_REFUSED if group else _O.BATCH_REFUSED
    assert found == [refused, refused, _O.BELOW_FLOOR]


def test_a_whole_batch_is_kept_whole_or_not_at_all() -> None:
    kept = books()
    kept.post(pay("A", 1))
    before = kept.moved()
    assert kept.post(pay("A", 1), pay("B", 2), pay("C", 500), whole=True) == [
        _O.EXISTS,
        _O.BATCH_REFUSED,
        _O.BELOW_FLOOR,
    ]
    assert (kept.moved(), len([one for one in kept.entries if one.entry_id == "B"])) == (before, 0)
    assert kept.post(pay("A", 1), pay("B", 2), whole=True) == [_O.EXISTS, _O.POSTED]


def test_in_a_batch_that_is_not_whole_each_entry_stands_alone() -> None:
    assert books().post(pay("A", 1), pay("B", 500), pay("C", 2)) == [_O.POSTED, _O.BELOW_FLOOR, _O.POSTED]


def between(payer: Book, given: str, payee: Book, taken: str, group: str = "G") -> list[Entry]:
    """Money leaves the one book's 财政专户 and enters the other's, in one group."""
    return [entry("OUT", payer, given, "1003", 5, group=group), entry("IN", payee, "1003", taken, 5, group=group)]


@pytest.mark.parametrize(
    ("payer", "given", "payee", "taken"),
    [(RESIDENT, "5101", SERIOUS, "400108"), (CITY, "5101", Book("370300", "330"), "400108"),
     (COUNTY, "550101", CITY, "460201-370301")],
)  # fmt: skip
def test_money_goes_between_funds_and_levels_as_the_law_lists_it(
    payer: Book, given: str, payee: Book, taken: str
) -> None:
    kept = books()
    assert kept.post(*between(payer, given, payee, taken)) == [_O.POSTED, _O.POSTED]
    assert kept.total("1003", payee).debit == (1005 if payee in (SERIOUS, CITY) else 5)


@pytest.mark.parametrize(
    ("payer", "given", "payee", "taken"),
    [(CITY, "590101", RESIDENT, "4901"), (RESIDENT, "5901", CITY, "490101"), (CITY, "5101", SERIOUS, "400108"),
     (RESIDENT, "500101", SERIOUS, "400108"), (CITY, "110109", RESIDENT, "210109")],
)  # fmt: skip
def test_a_transfer_between_insurances_is_refused(payer: Book, given: str, payee: Book, taken: str) -> None:
    kept = books()
    before = kept.moved()
    pair = between(payer, given, payee, taken)
    assert kept.post(*pair) == [_O.TRANSFER_BETWEEN_INSURANCES] * 2
    assert kept.post(*pair[::-1]) == [_O.TRANSFER_BETWEEN_INSURANCES] * 2
    assert kept.moved() == before


def test_a_lawful_transfer_is_reversed_in_one_group() -> None:
    kept = books()
    kept.post(*between(RESIDENT, "5101", SERIOUS, "400108"))
    back = [entry("X", RESIDENT, action=Action.REVERSE, refers="OUT", group="H"),
            entry("Y", SERIOUS, action=Action.REVERSE, refers="IN", group="H")]  # fmt: skip
    assert kept.post(*back) == [_O.POSTED, _O.POSTED]


# --- precedence -----------------------------------------------------------------------------------------------------


def test_each_fault_that_is_mended_shows_the_next_in_the_documented_order() -> None:
    kept = books(limit("500101", LimitKind.BUDGET, 20, 2025), limit("500101", LimitKind.CEILING, 30),
                 limit("110109", LimitKind.FLOOR, 0), closed={CITY: 202501}, today=date(2025, 2, 28))  # fmt: skip
    feb, march = date(2025, 2, 10), date(2025, 3, 1)
    kept.post(got("GOT", day=feb))
    no, debit = "370300-310-", Line("370300-310-500101", "D", 1001)
    lines = debit._replace(amount=0), Line(no + "9", "C", 7)
    foreign = [Line(book + "-1003", "C", 1001) for book in ("370300-390", "370301-310")]
    owed = Line(no + "210101-H1", "C", 1001)
    bad = Entry("GOT", Action.POST, *CITY, DAY, "", "", lines[:1], bank_ref="B1")
    steps: list[tuple[Outcome, dict[str, Any]]] = [
        (_O.ID_REUSED, {}),
        (_O.SETTLES_MISSING, {"entry_id": "A"}),
        (_O.BAD_AMOUNT, {"settles": "结算单1"}),
        (_O.LINES_MISSING, {"lines": (debit,)}),
        (_O.UNBALANCED, {"lines": (debit, lines[1], *foreign)}),
        (_O.ACCOUNT_UNKNOWN, {"lines": (debit, debit, debit, lines[1]._replace(amount=1001), *foreign)}),
        (_O.INSURANCE_MIXED, {"lines": (debit, debit, debit, *foreign, owed)}),
        (_O.AGENCY_MIXED, {"lines": (debit, debit, foreign[1], owed)}),
        (_O.ACCOUNT_NOT_OPEN, {"lines": (debit, owed)}),
        (_O.PERIOD_CLOSED, {"lines": (debit, Line(no + "1002", "C", 1001))}),
        (_O.FUTURE_DATE, {"entry_date": march}),
        (_O.FLOW_NOT_ALLOWED, {"entry_date": feb,
                               "lines": (debit, Line(no + "1003", "D", 1), Line(no + "1002", "C", 1002))}),
        (_O.BANK_REF_USED, {"lines": (debit, Line(no + "1003", "D", 1), Line(no + "110109", "C", 1002))}),
        (_O.BELOW_FLOOR, {"bank_ref": "B2"}),
        (_O.OVER_CEILING, {"lines": (debit, Line(no + "210109", "C", 1001))}),
        (_O.OVER_BUDGET, {"lines": (debit._replace(amount=25), Line(no + "210109", "C", 25))}),
        (_O.POSTED, {"lines": (debit._replace(amount=20), Line(no + "210109", "C", 20))}),
    ]  # fmt: skip
    found, command = [], bad
    for _, mended in steps:
        command = command._replace(**mended)
        found.append(kept.one(command))
    assert found == [outcome for outcome, _ in steps]
    order = [outcome for outcome in found if outcome is not _O.FUTURE_DATE]
    assert order == sorted(order, key=list(Outcome).index)


def test_a_day_yet_to_come_is_named_before_a_closed_month() -> None:
    kept = books(closed={CITY: 202501}, today=date(2025, 1, 14))
    assert kept.one(pay("A", 5, day=DAY)) is _O.FUTURE_DATE


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (about("V", Action.VOID, None)._replace(lines=pay("V", 5).lines[:1]), _O.LINES_UNEXPECTED),
        (about("V", Action.SETTLE, None)._replace(lines=pay("V", 5).lines[:1]), _O.LINES_MISSING),
        (pay("V", 99, Action.SETTLE, refers="S"), _O.REFERENCE_NOT_FIT),
        (pay("V", 99, Action.SETTLE, refers="R", day=NEXT), _O.RESERVATION_SETTLED),
        (pay("V", 99, Action.SETTLE, refers="W", day=NEXT), _O.RESERVATION_VOIDED),
        (pay("V", 99, Action.SETTLE, refers="D", day=NEXT), _O.RESERVATION_EXPIRED),
        (about("V", Action.EXPIRE, "R", day=DAY), _O.RESERVATION_SETTLED),
        (entry("V", CITY, "999999", "1004", 99, Action.SETTLE, refers="D", day=date(2024, 1, 1)), _O.OVER_RESERVATION),
        (about("V", Action.EXPIRE, "D", day=date(2024, 1, 1)), _O.RESERVATION_NOT_DUE),
        (about("V", Action.REVERSE, "A", day=date(2025, 1, 1)), _O.ALREADY_REVERSED),
        (about("V", Action.VOID, "D", day=date(2024, 12, 31)), _O.DATE_BEFORE_REFERENCE),
    ],
)
def test_of_two_reasons_about_a_reference_the_documented_first_is_the_answer(command: Entry, answer: Outcome) -> None:
    kept = books(closed={CITY: 202412})
    kept.post(*(hold(one, 5, expires=DAY) for one in "RWD"), pay("A", 5))
    kept.post(about("S", Action.SETTLE, "R"), about("Q", Action.VOID, "W"), about("X", Action.REVERSE, "A"))
    assert kept.one(command) is answer


def test_what_cannot_expire_is_named_before_how_it_ended() -> None:
    kept = books()
    kept.post(hold("R", 5), about("S", Action.SETTLE, "R"))
    assert kept.one(about("V", Action.EXPIRE, "R")) is _O.REFERENCE_NOT_FIT


def test_of_two_reasons_against_a_group_the_documented_first_is_the_answer() -> None:
    kept = books()
    kept.post(*linked(("A", 1)))
    bad = pay("Z", 500, group="G")
    pair = between(CITY, "590101", RESIDENT, "4901")
    order = sorted((_O.TRANSFER_BETWEEN_INSURANCES, _O.GROUP_CHANGED, _O.LINKED_REFUSED), key=list(Outcome).index)
    assert kept.post(*linked(("B", 2)), bad)[0] is first_of(order, _O.GROUP_CHANGED, _O.LINKED_REFUSED)
    assert kept.post(*pair)[0] is first_of(order, _O.GROUP_CHANGED, _O.TRANSFER_BETWEEN_INSURANCES)
    other = [one._replace(group_id="H") for one in (*pair, bad)]
    assert kept.post(*other)[0] is first_of(order, _O.LINKED_REFUSED, _O.TRANSFER_BETWEEN_INSURANCES)


def first_of(order: Sequence[Outcome], *reasons: Outcome) -> Outcome:
    return next(outcome for outcome in order if outcome in reasons)
