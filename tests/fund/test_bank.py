"""The books against the bank: planted differences are found and none invented, order changes nothing, fen close."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.fund.bank import (
    WINDOW_DAYS,
    BookLine,
    Break,
    Reconciled,
    assertion,
    closing_balance,
    first_break,
    in_time_order,
    match,
)
from yibao.fund.records import BankLine

ACCOUNT, AGENCY = "370300-310-1004", "370300"
DAY = date(2025, 3, 10)


def book(entry_id: str, amount: int, side: str = "D", day: date = DAY, ref: str | None = None) -> BookLine:
    return BookLine(entry_id, day, side, amount, ref)


def bank(ref: str, amount: int, side: str = "D", day: date = DAY, balance: int | None = None) -> BankLine:
    return BankLine(ACCOUNT, ref, day, side, amount, balance, "", "", AGENCY)


def later(days: int) -> date:
    return DAY + timedelta(days)


def pairs(found: Reconciled) -> list[tuple[str, list[str], list[str]]]:
    return [(one.by, [x.entry_id for x in one.ledger], [x.bank_ref for x in one.bank]) for one in found.matched]


# --- the order of matching ------------------------------------------------------------------------------------------


def test_the_same_bank_ref_comes_before_amount_and_day() -> None:
    found = match([book("V1", 100, day=later(-30), ref="B2"), book("V2", 100)], [bank("B1", 100), bank("B2", 100)])
    assert pairs(found) == [("bank_ref", ["V1"], ["B2"]), ("same_day", ["V2"], ["B1"])]
    assert found.differences == 0


def test_one_payment_that_settles_several_entries_is_compared_by_its_sum() -> None:
    ledger = [book("V1", 60, "C", ref="B1"), book("V2", 45, "C", ref="B1"), book("V3", 5, "D", ref="B1")]
    assert pairs(match(ledger, [bank("B1", 100, "C")])) == [("bank_ref", ["V1", "V2", "V3"], ["B1"])]


def test_the_same_bank_ref_with_another_amount_or_side_differs_by_so_many_fen() -> None:
    found = match([book("V1", 100, ref="B1"), book("V2", 7, "C", ref="B2")], [bank("B1", 90), bank("B2", 7, "D")])
    assert [one.difference for one in found.differs] == [-10, 14]
    assert not found.matched and found.differences == 2


def test_without_bank_ref_the_same_day_comes_before_a_nearer_key() -> None:
    found = match([book("V1", 100, day=later(1)), book("V2", 100)], [bank("B1", 100)])
    assert pairs(found) == [("same_day", ["V2"], ["B1"])]
    assert [line.entry_id for line in found.only_ledger] == ["V1"]


def test_within_the_window_the_nearest_day_is_taken_and_beyond_it_none() -> None:
    ledger = [book("V1", 100)]
    near, far = bank("B9", 100, day=later(-2)), bank("B1", 100, day=later(WINDOW_DAYS))
    assert pairs(match(ledger, [far, near])) == [("near_day", ["V1"], ["B9"])]
    assert pairs(match(ledger, [far])) == [("near_day", ["V1"], ["B1"])]
    assert match(ledger, [bank("B1", 100, day=later(WINDOW_DAYS + 1))]).differences == 2
    assert match(ledger, [far], window=WINDOW_DAYS - 1).differences == 2


def test_of_two_bank_lines_as_near_the_smaller_key_is_taken() -> None:
    found = match([book("V1", 100)], [bank("B2", 100, day=later(-1)), bank("B1", 100, day=later(1))])
    assert pairs(found) == [("near_day", ["V1"], ["B1"])]


def test_a_line_gives_up_its_nearest_partner_where_another_has_no_other() -> None:
    """V1 stands one day from B1 and two from B2; V2 one day from B1 alone: nearest first would leave V2 and B2 over."""
    ledger = [book("V1", 100, day=later(2)), book("V2", 100, day=later(4))]
    found = match(ledger, [bank("B1", 100, day=later(3)), bank("B2", 100, day=DAY)], window=2)
    assert pairs(found) == [("near_day", ["V1"], ["B2"]), ("near_day", ["V2"], ["B1"])]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5), st.integers(1, 2)), max_size=30),
    st.integers(5, 6),
)
def test_where_every_entry_has_a_bank_line_a_few_days_later_none_is_left_however_the_amounts_repeat(
    moves: list[tuple[int, int, int]], window: int
) -> None:
    ledger = [book(f"V{n}", amount, day=later(7 * day)) for n, (day, _late, amount) in enumerate(moves)]
    lines = [bank(f"B{n}", amount, day=later(7 * day + late)) for n, (day, late, amount) in enumerate(moves)]
    assert match(ledger, lines, window).differences == 0


def test_money_in_is_never_taken_for_money_out() -> None:
    assert match([book("V1", 100, "D")], [bank("B1", 100, "C")]).differences == 2


def test_an_entry_whose_bank_ref_the_bank_does_not_know_is_not_matched_by_guess() -> None:
    found = match([book("V1", 100, ref="B7")], [bank("B1", 100)])
    assert (len(found.only_ledger), len(found.only_bank), found.matched) == (1, 1, [])


def test_an_entry_and_its_reversal_under_one_bank_ref_cancel_out() -> None:
    found = match([book("V1", 100, ref="B7"), book("V2", 100, "C", ref="B7")], [bank("B1", 100)])
    assert [line.entry_id for line in found.offset] == ["V1", "V2"]
    assert (found.differences, [line.bank_ref for line in found.only_bank]) == (1, ["B1"])


def test_a_negative_window_is_a_programming_mistake() -> None:
    with pytest.raises(ValueError, match="window"):
        match([], [], window=-1)


# --- the reconciliation ---------------------------------------------------------------------------------------------


def test_the_reconciliation_statement_is_that_of_the_textbook() -> None:
    """Book 1000.00, bank 1130.00: the bank has 200.00 in and 50.00 out unbooked, the books 70.00 in and 40.00 out that
    the bank has not, and the books took 15.00 for 5.00."""
    ledger = [book("V1", 7000, ref="X1"), book("V2", 4000, "C", ref="X2"), book("V3", 500, ref="B3")]
    found = match(ledger, [bank("B1", 20000), bank("B2", 5000, "C"), bank("B3", 1500)])
    shown = found.balances(book=100_000, bank=113_000)
    assert shown.rows() == [
        ("账面存款余额", 100_000),
        ("加：银行已收、账上未收", 20_000),
        ("减：银行已付、账上未付", 5_000),
        ("加：同一流水号金额不符（银行减账面）", 1_000),
        ("调节后账面余额", 116_000),
        ("银行对账单余额", 113_000),
        ("加：账上已收、银行未收", 7_000),
        ("减：账上已付、银行未付", 4_000),
        ("调节后银行余额", 116_000),
        ("未能说明的差额", 0),
    ]
    assert found.balances(book=100_000, bank=113_001).unexplained == -1


def test_an_assertion_carries_both_balances_and_the_number_of_differences() -> None:
    found = match([book("V1", 100)], [bank("B1", 90)])
    kept = assertion(ACCOUNT, AGENCY, DAY, stated=90, booked=100, reconciled=found)
    assert (kept.key, kept.stated, kept.booked, kept.differences) == (f"{ACCOUNT}/2025-03-10/1", 90, 100, 2)


# --- properties -----------------------------------------------------------------------------------------------------

amounts = st.integers(1, 6)
days = st.integers(0, 12).map(later)
sides = st.sampled_from("DC")
refs = st.sampled_from([None, "", "B0", "B1", "B2", "B3", "X1", "X2"])
ledgers = st.lists(st.builds(BookLine, st.sampled_from("abcdefgh"), days, sides, amounts, refs), max_size=14)
banks = st.lists(st.builds(lambda n, a, s, d: bank(f"B{n}", a, s, d), st.integers(0, 9), amounts, sides, days),
                 max_size=14)  # fmt: skip


@given(ledgers, banks, st.integers(0, 6), st.randoms())
def test_the_order_of_the_lines_changes_nothing(
    ledger: list[BookLine], lines: list[BankLine], window: int, chance: random.Random
) -> None:
    first = match(ledger, lines, window)
    chance.shuffle(ledger)
    chance.shuffle(lines)
    assert match(ledger, lines, window) == first


@given(ledgers, banks, st.integers(0, 6), st.integers(0, 10**12), st.integers(0, 10**12))
def test_every_line_stands_once_and_the_reconciliation_closes_to_the_fen(
    ledger: list[BookLine], lines: list[BankLine], window: int, opening: int, gap: int
) -> None:
    found = match(ledger, lines, window)
    placed = [line for one in found.matched + found.differs for line in one.ledger] + found.offset + found.only_ledger
    assert Counter(placed) == Counter(ledger)
    stated = [line for one in found.matched + found.differs for line in one.bank] + found.only_bank
    assert Counter(stated) == Counter(lines)

    def net(some: list[BookLine] | list[BankLine]) -> int:
        return sum(line.amount * (1 if line.side == "D" else -1) for line in some)

    booked, at_bank = opening + gap + net(ledger), opening + net(lines)
    shown = found.balances(booked, at_bank)
    assert shown.book_adjusted == shown.bank_adjusted + shown.unexplained
    assert shown.unexplained == gap


@given(ledgers, banks, st.integers(0, 6))
def test_no_pair_is_wrong_and_none_that_could_be_made_is_left(
    ledger: list[BookLine], lines: list[BankLine], window: int
) -> None:
    found = match(ledger, lines, window)
    for one in found.matched:
        assert one.difference == 0
        if one.by != "bank_ref":
            left, right = one.ledger[0], one.bank[0]
            assert not left.bank_ref and (left.side, left.amount) == (right.side, right.amount)
            assert abs((left.day - right.day).days) <= window
    for line in (line for line in found.only_ledger if not line.bank_ref):
        assert not [
            other for other in found.only_bank
            if (other.side, other.amount) == (line.side, line.amount) and abs((other.day - line.day).days) <= window
        ]  # fmt: skip


@given(st.data(), st.integers(1, 40))
def test_planted_differences_are_all_found_and_none_invented(data: st.DataObject, size: int) -> None:
    """Every movement on both sides, some with the reference; then lines are lost and amounts changed."""
    ledger: dict[str, BookLine] = {}
    lines: dict[str, BankLine] = {}
    for n in range(size):
        side, moved = data.draw(sides), data.draw(st.integers(0, WINDOW_DAYS))
        with_ref = data.draw(st.booleans())
        ledger[f"V{n}"] = book(f"V{n}", 1000 + 10 * n, side, DAY, f"B{n}" if with_ref else None)
        lines[f"B{n}"] = bank(f"B{n}", 1000 + 10 * n, side, later(moved))
    chosen = data.draw(st.lists(st.integers(0, size - 1), unique=True))
    lost, unbooked, changed = set(), set(), set()
    for n in chosen:
        fate = data.draw(st.sampled_from(["lost", "unbooked", "changed"]))
        if fate == "lost":
            del lines[f"B{n}"]
            lost.add(f"V{n}")
        elif fate == "unbooked":
            del ledger[f"V{n}"]
            unbooked.add(f"B{n}")
        else:
            lines[f"B{n}"] = lines[f"B{n}"]._replace(amount=1000 + 10 * n + 1)
            if ledger[f"V{n}"].bank_ref:
                changed.add(f"V{n}")
            else:
                lost.add(f"V{n}")
                unbooked.add(f"B{n}")
    found = match(list(ledger.values()), list(lines.values()))
    assert {line.entry_id for line in found.only_ledger} == lost
    assert {line.bank_ref for line in found.only_bank} == unbooked
    assert {one.ledger[0].entry_id for one in found.differs} == changed
    assert found.differences == len(lost) + len(unbooked) + len(changed)


# --- whether a statement adds up ------------------------------------------------------------------------------------


def statement(*moves: tuple[int, int, int]) -> list[BankLine]:
    """Rows of (days later, signed fen, balance)."""
    return [
        bank(f"B{n}", abs(fen), "D" if fen > 0 else "C", later(days), balance)
        for n, (days, fen, balance) in enumerate(moves)
    ]


SOUND = statement((0, 100, 1100), (0, -30, 1070), (1, 5, 1075), (1, -75, 1000), (3, 20, 1020))


def test_a_statement_whose_balances_follow_has_no_break_whichever_way_it_is_printed() -> None:
    assert first_break(SOUND) is None
    assert first_break(SOUND[::-1]) is None
    assert first_break(SOUND[:2][::-1]) is None, "within one day the balances tell the order"
    assert in_time_order(SOUND[::-1]) == SOUND and in_time_order(SOUND[:2][::-1]) == SOUND[:2]
    assert first_break([]) is None and first_break(SOUND[:1]) is None


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_row_cut_out_of_a_statement_is_seen_at_the_row_after_it(place: int) -> None:
    torn = SOUND[:place] + SOUND[place + 1 :]
    found = first_break(torn)
    assert found is not None and found.position == place
    backwards = first_break(torn[::-1])
    assert backwards is not None and torn[::-1][backwards.position] == torn[place]


@pytest.mark.parametrize("place", range(1, 5))
def test_an_edited_amount_is_seen_at_its_row_with_both_figures(place: int) -> None:
    edited = [*SOUND]
    edited[place] = edited[place]._replace(side="D", amount=4444)
    before, stated = SOUND[place - 1].balance or 0, SOUND[place].balance or 0
    assert first_break(edited) == Break(place, before + 4444, stated)


def test_rows_without_a_balance_carry_their_amount_on_to_the_next_that_has_one() -> None:
    sparse = [line._replace(balance=None) if n in (1, 2) else line for n, line in enumerate(SOUND)]
    assert first_break(sparse) is None
    sparse[2] = sparse[2]._replace(amount=6)
    assert first_break(sparse) == Break(3, 1001, 1000)


def test_the_closing_balance_is_the_last_printed_till_the_day_with_what_moved_after_it() -> None:
    assert closing_balance(SOUND, later(2)) == 1000
    assert closing_balance(SOUND, later(-1)) is None
    assert closing_balance([*SOUND[:4], SOUND[4]._replace(balance=None)], later(3)) == 1020
    assert closing_balance([line._replace(balance=None) for line in SOUND], later(3)) is None
