"""床日付费 against its rule, the published vector and an oracle in decimal."""

import json
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.kernel import MAX_FEN
from yibao.payment import bed_day
from yibao.payment.bed_day import Plan, bed_day_pay, bed_day_pay_all, check_bed_days, occupied_days, parse_tiers

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "vectors.json"


def oracle(tiers: list[tuple[int, str]], days: int, leave: int) -> Decimal:
    """Day by day, in yuan, without anything of yibao: the price of the last tier that has begun."""
    total = Decimal(0)
    for day in range(1, days - leave + 1):
        total += Decimal(next(price for start, price in reversed(tiers) if start <= day))
    return total


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[int, str]]:
    later = draw(st.lists(st.integers(2, 200), max_size=5, unique=True))
    starts = [1, *sorted(later)]
    fen = st.integers(0, 1_000_000)
    return [(start, str(Decimal(draw(fen)).scaleb(-2))) for start in starts]


def as_text(tiers: list[tuple[int, str]]) -> str:
    closed = [f"{start}-{after - 1}:{price}" for (start, price), (after, _) in pairwise(tiers)]
    return ",".join([*closed, f"{tiers[-1][0]}+:{tiers[-1][1]}"])


stays = st.integers(0, 400).flatmap(lambda days: st.tuples(st.just(days), st.integers(0, days)))


def test_vector_pay_b_45_days_cost_12000_yuan() -> None:
    if not VECTORS.exists():
        pytest.skip("the shared vectors are not beside this repository")
    loaded = json.loads(VECTORS.read_text(encoding="utf-8"))
    rows = loaded if isinstance(loaded, list) else loaded["vectors"]
    vector = next(row for row in rows if row["id"] == "PAY-B")
    plan = parse_tiers(vector["inputs"]["tiers"])
    assert bed_day_pay(plan, vector["inputs"]["days"], 0) == Decimal(vector["expected"]["pay"]) * 100


def test_a_stay_is_paid_by_the_price_of_each_tier_of_days() -> None:
    plan = parse_tiers("1-30:300,31+:200")
    assert [bed_day_pay(plan, days, 0) for days in (0, 1, 30, 31, 45)] == [0, 30_000, 900_000, 920_000, 1_200_000]


def test_the_day_of_discharge_is_not_counted() -> None:
    def days(start: date, end: date) -> int:
        return occupied_days(start.toordinal(), end.toordinal())

    assert days(date(2025, 1, 31), date(2025, 2, 1)) == 1
    assert days(date(2025, 1, 31), date(2025, 1, 31)) == 0
    assert days(date(2024, 2, 28), date(2024, 3, 1)) == 2


def test_days_of_leave_are_excluded_before_the_tiers_are_laid() -> None:
    plan = parse_tiers("1-30:300,31+:200")
    assert bed_day_pay(plan, 35, 5) == bed_day_pay(plan, 30, 0) == 900_000


def test_steps_name_each_tier_and_add_up_to_the_pay() -> None:
    steps: list = []
    pay = bed_day_pay(parse_tiers("1-30:300,31-60:200,61+:100"), 45, 0, steps)
    assert [(step.label, step.value, step.detail) for step in steps] == [
        ("床日付费：第1日起", "9,000.00", "30日 × 300.00元"),
        ("床日付费：第31日起", "3,000.00", "15日 × 200.00元"),
    ]
    assert pay == 1_200_000


@given(plans(), stays)
def test_the_plain_kernel_equals_the_oracle(tiers: list[tuple[int, str]], stay: tuple[int, int]) -> None:
    days, leave = stay
    assert Decimal(bed_day_pay(parse_tiers(as_text(tiers)), days, leave)) == oracle(tiers, days, leave) * 100


@given(plans(), st.lists(stays, min_size=1, max_size=20))
def test_the_compiled_kernel_equals_the_plain_one_and_the_oracle(
    tiers: list[tuple[int, str]], rows: list[tuple[int, int]]
) -> None:
    pytest.importorskip("numba")
    import numpy as np

    from yibao.engine.kernels import compile_kernel, int64_plan

    plan = parse_tiers(as_text(tiers))
    days, leave = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    compiled = compile_kernel(bed_day).bed_day_pay_all(int64_plan(plan), days, leave, np.zeros(len(rows), np.int64))
    plain = bed_day_pay_all(plan, [d for d, _ in rows], [x for _, x in rows], [0] * len(rows))
    assert compiled.tolist() == plain == [int(oracle(tiers, d, x) * 100) for d, x in rows]


def test_the_largest_stay_at_the_largest_price_does_not_overflow_compiled() -> None:
    pytest.importorskip("numba")
    import numpy as np

    from yibao.engine.kernels import compile_kernel, int64_plan

    plan = Plan((1,), (MAX_FEN,))
    largest = np.array([bed_day.MAX_DAYS], dtype=np.int64)
    pay = compile_kernel(bed_day_pay_all)(int64_plan(plan), largest, largest * 0, largest.copy())
    assert pay.tolist() == [bed_day_pay(plan, bed_day.MAX_DAYS, 0)] == [MAX_FEN * bed_day.MAX_DAYS]


@pytest.mark.parametrize(
    ("days", "leave", "codes"),
    [
        (10, 3, []),
        (0, 0, []),
        (-1, 0, ["bed_days_negative"]),
        (10, -1, ["leave_days_negative"]),
        (10, 11, ["leave_days_too_many"]),
        (40_000, 0, ["bed_days_too_many"]),
        (-2, 1, ["bed_days_negative", "leave_days_too_many"]),
    ],
)
def test_days_that_cannot_be_are_findings_and_the_kernel_refuses_exactly_those(
    days: int, leave: int, codes: list[str]
) -> None:
    findings = check_bed_days(days, leave, key="S1")
    assert [finding.code for finding in findings] == codes
    assert all(finding.next_step and finding.key == "S1" for finding in findings)
    if codes:
        with pytest.raises(ValueError, match="out of range"):
            bed_day_pay(Plan((1,), (100,)), days, leave)
    else:
        assert bed_day_pay(Plan((1,), (100,)), days, leave) == (days - leave) * 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "写法有误"),
        ("1-30:300", "只有最后一段不写止日"),
        ("1+:300,31+:200", "只有最后一段不写止日"),
        ("2-30:300,31+:200", "应从第1日起"),
        ("1-30:300,32+:200", "应从第31日起"),
        ("1-30:300,30+:200", "应从第31日起"),
        ("1-0:300,1+:200", "止日早于起日"),
        ("1+:0.005", "小于1分"),
        ("1+:-3", "写法有误"),
        ("１+:300", "写法有误"),
        ("1+:99999999999", "金额上限"),
    ],
)
def test_tiers_that_do_not_cover_every_day_once_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_tiers(text)
