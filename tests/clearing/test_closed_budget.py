"""The closed budget is never met by a lower point value: shared overrun goes first, then retained surplus."""

from fractions import Fraction

from clearing_hand import TABLE, TERMS, fund_of, month_of
from hypothesis import given
from hypothesis import strategies as st

from yibao.clearing.clear import clear_fund
from yibao.clearing.closed import Asked, close_budget
from yibao.clearing.share import apply_table

units = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=8).map(
    lambda parts: [Asked(f"H{n}", base + kept + helped, kept, helped) for n, (base, kept, helped) in enumerate(parts)]
)


def test_the_printed_example_ends_at_84_104_91_and_104_09_of_293() -> None:
    """E = 100 each, booked 84/120/108, budget 293: 84 + 106 + 105 = 295, cut by 2 out of the shared 6 + 5."""
    sums = [month_of(code, due=10_000, booked=booked) for code, booked in (("A", 8_400), ("B", 12_000), ("C", 10_800))]
    result = clear_fund(fund_of(sums, 29_300), TERMS)
    assert [row.pay_before for row in result.clearing] == [8_400, 10_600, 10_500]
    assert [row.cut_shared for row in result.clearing] == [0, 109, 91]
    assert [row.pay for row in result.clearing] == [8_400, 10_491, 10_409]
    assert result.totals.pay == 29_300
    assert result.totals.over == 0
    assert [row.entitlement for row in result.clearing] == [10_000] * 3


def test_a_lower_point_value_would_have_paid_more_which_is_why_it_is_not_re_run() -> None:
    booked = (8_400, 12_000, 10_800)
    assert sum(apply_table(TABLE, 10_000, one).pay for one in booked) == 29_500
    assert sum(apply_table(TABLE, 9_850, one).pay for one in booked) == 30_715


def test_retained_surplus_is_cut_only_after_all_shared_overrun() -> None:
    asked = [Asked("A", 100, 30, 0), Asked("B", 110, 0, 10), Asked("C", 100, 10, 0)]
    closed = close_budget(asked, 290)
    assert [(one.cut_shared, one.cut_retained) for one in closed.units] == [(0, 8), (10, 0), (0, 2)]


def test_the_reserve_counts_towards_the_limit() -> None:
    sums = [month_of("A", due=10_000, booked=10_500)]
    assert clear_fund(fund_of(sums, 10_000, reserve=350), TERMS).clearing[0].pay == 10_350
    assert clear_fund(fund_of(sums, 10_000, reserve=100), TERMS).clearing[0].pay == 10_100


def test_what_no_cut_can_remove_is_the_finding_budget_exceeded() -> None:
    result = clear_fund(fund_of([month_of("A", due=10_000, booked=9_000)], 8_900), TERMS)
    assert result.clearing[0].pay == 9_000
    assert result.totals.over == 100
    [finding] = [one for one in result.findings if one.code == "budget_exceeded"]
    assert "仍超1.00元" in finding.message
    assert "不得降低点值重算" in finding.next_step


@given(units, st.integers(0, 10**10))
def test_the_sum_fits_the_limit_or_says_by_how_much_it_does_not(asked: list[Asked], limit: int) -> None:
    closed = close_budget(asked, limit)
    total = sum(one.pay for one in closed.units)
    assert max(total - limit, 0) == closed.over
    if closed.over:
        assert all(
            one.pay == unit.pay - unit.retained - unit.shared for one, unit in zip(closed.units, asked, strict=True)
        )


@given(units, st.integers(0, 10**10))
def test_nobody_gains_from_a_cut_nor_loses_more_than_its_parts(asked: list[Asked], limit: int) -> None:
    for unit, kept in zip(asked, close_budget(asked, limit).units, strict=True):
        assert unit.pay - unit.retained - unit.shared <= kept.pay <= unit.pay
        assert kept.cut_retained == 0 or all(
            one.cut_shared == other.shared for one, other in zip(close_budget(asked, limit).units, asked, strict=True)
        )


@given(units, st.integers(0, 10**10), st.integers(0, 10**6))
def test_a_smaller_budget_pays_nobody_more_but_for_the_odd_fen_of_the_division(
    asked: list[Asked], limit: int, less: int
) -> None:
    much, little = close_budget(asked, limit), close_budget(asked, limit - less)
    assert sum(one.pay for one in little.units) <= sum(one.pay for one in much.units)
    assert all(low.pay <= high.pay + 1 for low, high in zip(little.units, much.units, strict=True))


@given(units, st.integers(0, 10**10), st.randoms(use_true_random=False))
def test_the_order_of_the_units_decides_nothing(asked: list[Asked], limit: int, mix: "object") -> None:
    shuffled = list(asked)
    mix.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(close_budget(asked, limit).units) == sorted(close_budget(shuffled, limit).units)


@given(units, st.integers(0, 10**10))
def test_each_cut_is_within_a_fen_of_the_exact_proportion(asked: list[Asked], limit: int) -> None:
    closed = close_budget(asked, limit)
    for kind in ("shared", "retained"):
        whole = sum(getattr(unit, kind) for unit in asked)
        taken = sum(getattr(one, f"cut_{kind}") for one in closed.units)
        for unit, one in zip(asked, closed.units, strict=True):
            exact = Fraction(taken * getattr(unit, kind), whole) if whole else Fraction(0)
            assert abs(getattr(one, f"cut_{kind}") - exact) < 1
