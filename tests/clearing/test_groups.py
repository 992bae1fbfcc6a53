"""A 医共体 is one unit; its members are paid to the fen out of it; faults in its list leave members on their own."""

from fractions import Fraction

import pytest
from clearing_hand import TERMS, fund_of, hospital, month_of
from hypothesis import given
from hypothesis import strategies as st

from yibao.clearing.clear import clear_fund
from yibao.clearing.groups import Own, Whole, names, read_groups, split_group
from yibao.clearing.records import FundResult, Member

SUMS = [
    month_of("A", due=60_000, booked=80_000),
    month_of("B", due=40_000, booked=10_000),
    month_of("C", due=50_000, booked=50_000),
]
LEVELS = [hospital("A", level="3"), hospital("B", level="1"), hospital("C")]


def grouped(method: str, dip: int = 150_000) -> FundResult:
    members = [Member("G1", code, method, "某县医共体") for code in ("A", "B")]
    return clear_fund(fund_of(SUMS, dip, hospitals=LEVELS, groups=members), TERMS)


def test_under_a_contract_the_group_is_paid_its_entitlement_and_keeps_what_it_saves() -> None:
    result = grouped("contract")
    [group] = result.groups
    assert (group.entitlement, group.booked, group.pay, group.members) == (100_000, 90_000, 100_000, 2)
    assert (group.band, group.group_name, group.group_method) == ("总额包干", "某县医共体", "contract")
    a, b, c = result.clearing
    # A 60 000 and B 10 000 first; the 30 000 left by 60 000 × 1 : 40 000 × 1.5
    assert (a.pay, b.pay) == (75_000, 25_000)
    assert (a.retained, b.retained) == (5_000, 5_000)
    assert (a.group_code, b.band, c.group_code) == ("G1", "医共体：总额包干", "")


def test_under_the_share_table_the_group_stands_as_one_hospital() -> None:
    result = grouped("share")
    assert (result.groups[0].pay, result.groups[0].band) == (100_000, "85%至100%")
    alone = clear_fund(fund_of(SUMS, 150_000, hospitals=LEVELS), TERMS)
    # Alone A would overrun by a third and B would be paid as booked.
    assert [row.pay for row in alone.clearing] == [63_600, 10_000, 50_000]


def test_a_cut_of_the_group_follows_the_members_parts_of_its_surplus() -> None:
    result = grouped("contract", 148_000)
    a, b, _ = result.clearing
    assert (a.cut_retained, b.cut_retained) == (1_000, 1_000)
    assert a.pay + b.pay == result.groups[0].pay == 98_000


def test_members_are_scaled_down_when_the_group_is_paid_less_than_their_floors() -> None:
    own = [Own("A", "2", 100, 60), Own("B", "2", 100, 30)]
    parts = split_group(Whole(45, 0, 0, 0, 0), own, Fraction(1))
    assert [part.pay_before for part in parts.values()] == [30, 15]


def test_a_surplus_of_members_without_entitlement_is_divided_equally() -> None:
    own = [Own("A", "1", 0, 0), Own("B", "2", 0, 0)]
    assert [part.pay_before for part in split_group(Whole(10, 0, 0, 0, 0), own, Fraction(2)).values()] == [5, 5]


def test_every_fault_of_the_member_list_is_named_and_the_rest_stands() -> None:
    rows = [
        Member("G1", "A", "share"), Member("G1", "B", "share"), Member("G2", "A", "share"), Member("G1", "X", "share"),
        Member("G3", "C", "share"), Member("G3", "D", "contract"), Member("G4", "E", "lottery"),
    ]  # fmt: skip
    groups, found = read_groups(rows, list("ABCDE"))
    assert [(group.code, group.members) for group in groups] == [("G1", ("A", "B"))]
    assert names(groups) == {"A": "G1", "B": "G1"}
    assert sorted(one.code for one in found) == [
        "group_member_twice", "group_member_unknown", "group_method_unclear", "group_method_unclear",
    ]  # fmt: skip


def test_a_member_without_cases_has_no_row() -> None:
    members = [Member("G1", code, "contract") for code in ("A", "Z")]
    known = [*LEVELS, hospital("Z")]
    result = clear_fund(fund_of(SUMS, 150_000, hospitals=known, groups=members), TERMS)
    assert [row.fixmedins_code for row in result.clearing] == ["A", "B", "C"]
    assert result.groups[0].members == 1


@pytest.mark.parametrize("method", ["contract", "share"])
def test_a_member_whose_entitlement_is_below_zero_bears_it_and_the_group_is_paid_what_is_left(method: str) -> None:
    """A is entitled to 10 000 and B to −2 000; together 8 000, and by the table 8 480, for 10 500 booked."""
    sums = [month_of("A", due=10_000, booked=10_000), month_of("B", due=-2_000, booked=500, points=1)]
    members = [Member("G1", code, method) for code in ("A", "B")]
    result = clear_fund(fund_of(sums, 20_000, groups=members), TERMS)
    a, b = result.clearing
    whole = 8_000 if method == "contract" else 8_480
    assert (a.pay, b.pay, result.groups[0].pay) == (whole + 2_000, -2_000, whole)
    assert (a.shared, b.shared) == (whole - 8_000, 0)


def test_a_group_whose_entitlement_is_below_zero_owes_it_through_the_member_that_has_it() -> None:
    sums = [month_of("A", due=1_000, booked=10_000), month_of("B", due=-2_000, booked=500, points=1)]
    for method in ("contract", "share"):
        members = [Member("G1", code, method) for code in ("A", "B")]
        result = clear_fund(fund_of(sums, 20_000, groups=members), TERMS)
        assert [row.pay for row in result.clearing] == [1_000, -2_000] and result.groups[0].pay == -1_000


def test_a_claim_of_a_member_stays_whole_where_the_others_are_scaled_down() -> None:
    own = [Own("A", "2", 100, 60), Own("B", "2", 100, 30), Own("C", "2", -20, 5)]
    parts = split_group(Whole(25, 0, 0, 0, 0), own, Fraction(1))
    assert [part.pay_before for part in parts.values()] == [30, 15, -20]


own_row = st.tuples(st.integers(-(10**8), 10**9), st.integers(0, 10**9), st.sampled_from("123"))


@given(
    st.lists(own_row, min_size=1, max_size=6),
    st.integers(0, 10**10),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.fractions(Fraction(1, 10), 5),
)
def test_every_column_of_the_members_sums_to_the_groups_to_the_fen(
    rows: list[tuple[int, int, str]], pay: int, kept: int, cut: int, weight: Fraction
) -> None:
    own = [Own(f"H{n}", level, due, booked) for n, (due, booked, level) in enumerate(rows)]
    surplus = max(pay - sum(min(one.booked, one.entitlement) for one in own), 0)
    retained = min(kept, surplus)
    whole = Whole(pay, retained, 0, 0, min(cut, retained))
    parts = list(split_group(whole, own, weight).values())
    assert tuple(sum(column) for column in zip(*parts, strict=True)) == whole
    assert all(0 <= part.cut_retained <= part.retained for part in parts)
    entitled = [part for part, one in zip(parts, own, strict=True) if one.entitlement >= 0]
    assert all(part.retained <= part.pay_before for part in entitled)
