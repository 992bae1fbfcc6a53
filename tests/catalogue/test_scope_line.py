"""The kernel of a line: the published examples, its identity, its bounds, its counters."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.catalogue import Line, Scope, scope_line
from yibao.catalogue.scope import CLASS_A, CLASS_B, CLASS_C, DAYS, MICRO, NO_COUNTER, QUANTITY, TIMES, micro_text, times
from yibao.engine.kernels import compile_kernel
from yibao.kernel import Step, half_up

CLASSES = {"甲": CLASS_A, "乙": CLASS_B, "丙": CLASS_C}


def line(
    price: str = "100", cnt: str = "1", amount: str = "", *, cls: int = CLASS_B, limit: str = "", share: str = "0.1",
    payable: int = 1, unit: int = NO_COUNTER, most: str = "0", take: str = "0", mark: int = -1,
) -> Line:  # fmt: skip
    def micro(text: str) -> int:
        return int(Decimal(text) * MICRO)

    fen = int((Decimal(amount) if amount else Decimal(price) * Decimal(cnt)).quantize(Decimal("0.01")) * 100)
    return Line(
        cls, micro(limit) if limit else -1, micro(share), payable, micro(price), micro(cnt), fen,
        unit, micro(most), micro(take), mark,
    )  # fmt: skip


def yuan(scope: Scope) -> tuple[str, ...]:
    """The four parts in 元, without zeros at the end."""
    return tuple(str(Decimal(part) / MICRO) for part in scope[:4])


@pytest.mark.parametrize("one", of("目录", "药店乙类"), ids=ids("目录", "药店乙类"))
def test_the_published_and_computed_examples_of_class_and_limit(one: Vector) -> None:
    given_ = one.inputs
    found = scope_line(
        line(str(given_["price"]), cls=CLASSES[given_["class_"]], share=given_["first_self"],
             limit=str(given_.get("limit", ""))), 0, -1
    )  # fmt: skip
    fund = half_up(found.inscope * int(Fraction(given_["rate"]) * 10**6), 10**6 * 10**4)
    total = int(given_["price"]) * 100
    assert (Decimal(fund) / 100, Decimal(total - fund) / 100) == (
        Decimal(one.expected["fund"]), Decimal(one.expected["self"])
    )  # fmt: skip


def test_an_over_limit_part_is_self_paid_and_the_first_share_is_of_what_lies_within() -> None:
    assert yuan(scope_line(line("120", limit="110", share="0.1"), 0, -1)) == ("0", "10", "11", "99")
    assert yuan(scope_line(line("110", limit="110", share="0.1"), 0, -1)) == ("0", "0", "11", "99")
    assert yuan(scope_line(line("12.5", "4", limit="0", share="0.1"), 0, -1)) == ("0", "50", "0", "0")


def test_class_a_has_no_first_share_and_class_c_and_what_is_not_payable_are_self_paid_whole() -> None:
    assert yuan(scope_line(line(cls=CLASS_A, share="0"), 0, -1)) == ("0", "0", "0", "100")
    assert yuan(scope_line(line(cls=CLASS_C, share="1"), 0, -1)) == ("100", "0", "0", "0")
    assert yuan(scope_line(line(payable=0), 0, -1)) == ("100", "0", "0", "0")


def test_a_price_of_six_decimals_is_not_rounded_to_fen() -> None:
    found = scope_line(line("0.333333", "1.5", "0.50", limit="0.222222", share="0.123456"), 0, -1)
    over = (Decimal("0.111111") * Decimal("1.5")).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    first = ((Decimal("0.5") - over) * Decimal("0.123456")).quantize(Decimal("0.000001"), ROUND_HALF_UP)
    assert found == (0, int(over * MICRO), int(first * MICRO), int((Decimal("0.5") - over - first) * MICRO), 0)


def test_of_a_counted_quantity_only_what_is_left_is_payable_and_the_rest_is_self_paid_at_its_price() -> None:
    one = line("10", "6", share="0.1", limit="9", unit=QUANTITY, most="10", take="6")
    assert scope_line(one, 0, -1)[:5] == (0, 6 * MICRO, 5_400_000, 48_600_000, 6 * MICRO)
    assert scope_line(one, 6 * MICRO, -1) == (20 * MICRO, 4 * MICRO, 3_600_000, 32_400_000, 4 * MICRO)
    assert scope_line(one, 10 * MICRO, -1) == (60 * MICRO, 0, 0, 0, 0)
    assert scope_line(one, 12 * MICRO, -1) == (60 * MICRO, 0, 0, 0, 0), "a limit that was lowered meanwhile"


def test_of_counted_days_of_supply_the_days_left_are_payable_by_share_of_the_amount() -> None:
    one = line("30", "1", cls=CLASS_A, share="0", unit=DAYS, most="14", take="30")
    assert scope_line(one, 0, -1) == (16 * MICRO, 0, 0, 14 * MICRO, 14 * MICRO)
    assert scope_line(one, 14 * MICRO, -1) == (30 * MICRO, 0, 0, 0, 0)


def test_a_day_or_a_settlement_counts_once_however_many_lines_it_has() -> None:
    one = line("30", cls=CLASS_A, share="0", unit=TIMES, most="2", take="1", mark=7)
    assert scope_line(one, MICRO, 3) == (0, 0, 0, 30 * MICRO, MICRO)
    assert scope_line(one, 2 * MICRO, 7) == (0, 0, 0, 30 * MICRO, 0), "counted already"
    assert scope_line(one, 2 * MICRO, 3) == (30 * MICRO, 0, 0, 0, 0), "no more left"


def test_every_yuan_of_a_line_is_a_step() -> None:
    steps: list[Step] = []
    scope_line(line("120", limit="110", unit=QUANTITY, cnt="2", most="1", take="2"), 0, -1, steps)
    assert [(step.label, step.value) for step in steps] == [
        ("超出限量，全自费", "120.000000"), ("超限价自付", "10.000000"), ("先行自付", "11.000000"),
        ("符合政策范围", "99.000000"),
    ]  # fmt: skip
    steps.clear()
    scope_line(line(payable=0), 0, -1, steps)
    assert [(step.label, step.value) for step in steps] == [("全自费", "100.000000")]
    assert micro_text(-1_500_000) == "-1.500000"


def drawn(one: Line) -> Line:
    """A quantity draws itself."""
    return one._replace(counter_take_micro=max(1, one.cnt_micro)) if one.counter_unit == QUANTITY else one


LINES = st.builds(
    Line,
    cls=st.integers(1, 3), limit_micro=st.integers(-1, 10**16), share_ppm=st.integers(0, MICRO),
    payable=st.integers(0, 1), price_micro=st.integers(0, 10**16 - 1), cnt_micro=st.integers(-(10**14) + 1, 10**14 - 1),
    amount_fen=st.integers(-(10**12), 10**12), counter_unit=st.integers(0, 3),
    counter_limit_micro=st.integers(0, 10**8).map(lambda days: days * 10**4),
    counter_take_micro=st.integers(1, 3_650_000).map(lambda days: days * 10**4), counter_mark=st.integers(-1, 3),
).map(drawn)  # fmt: skip


@given(LINES, st.integers(0, 10**12).map(lambda days: days * 10**4), st.integers(-1, 3))
def test_the_parts_sum_to_the_line_none_is_negative_and_no_counter_is_overdrawn(
    one: Line, used: int, mark: int
) -> None:
    found = scope_line(one, used, mark)
    assert sum(found[:4]) == one.amount_fen * 10**4
    if one.amount_fen >= 0:
        assert min(found) >= 0
    if one.counter_unit != NO_COUNTER:
        assert used >= one.counter_limit_micro or used + found.counted <= one.counter_limit_micro
        assert used < one.counter_limit_micro or found.counted == 0


@given(st.lists(st.tuples(LINES, st.integers(0, 10**16), st.integers(-1, 3)), min_size=20, max_size=20))
def test_compiled_and_plain_agree_up_to_the_bounds(calls: list[tuple[Line, int, int]]) -> None:
    compiled = compile_kernel(scope_line)
    for one, used, mark in calls:
        assert tuple(compiled(one, used, mark)) == tuple(scope_line(one, used, mark))


@given(st.integers(0, 10**16 - 1), st.integers(0, 10**14 - 1))
def test_a_product_is_exact_to_the_millionth_and_capped_at_the_bound_of_an_amount(price: int, count: int) -> None:
    exact = half_up(price * count, MICRO)
    found = times(price, count)
    assert found == exact if price // MICRO * (count // MICRO) <= 10**10 else found == 10**16


@given(LINES, st.integers(0, 10**12))
def test_a_larger_first_share_or_a_lower_limit_never_raises_the_scope(one: Line, cut: int) -> None:
    plain = one._replace(counter_unit=NO_COUNTER)
    dearer = plain._replace(share_ppm=min(MICRO, plain.share_ppm + cut % MICRO))
    assert scope_line(dearer, 0, -1).inscope <= scope_line(plain, 0, -1).inscope
    if plain.limit_micro >= 0:
        lower = plain._replace(limit_micro=max(0, plain.limit_micro - cut))
        assert scope_line(lower, 0, -1).inscope <= scope_line(plain, 0, -1).inscope
