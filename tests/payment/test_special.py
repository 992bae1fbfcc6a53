"""特例单议: who may apply, the pool's quota, the order within it, and the points that follow."""

import random
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import Vector, ids, of

from yibao.kernel import half_up_ratio, points
from yibao.payment.fund_value import FundValue, OpenCase, Rates, exact_due
from yibao.payment.special import (
    Applied,
    Decision,
    SpecialOutcome,
    SpecialTerms,
    decide,
    decision_table,
    granted_share,
    points_by_item,
    quota,
)

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "close.md"
TERMS = SpecialTerms(Fraction(2), Fraction(3))
OPENING = Fraction(10)
POOL = 617


def one(setl_id: str = "S1", **given: Any) -> Applied:
    """A local case of 20 000 元 whose group is worth 1000 分, so 10 000 元 at the opening value of 10 元."""
    plain = {
        "case_no": 0, "local": True, "fee_fen": 2_000_000, "standard_points": Fraction(points("1000")), "days": 21,
        "group_days": (70, 10), "review_reason": "high_cost", "apply_date": date(2025, 7, 1),
        "review_result": "pass_item", "review_points": None, "terms": TERMS,
    }  # fmt: skip
    return Applied(setl_id=setl_id, **{**plain, **given})


def outcome(case: Applied, most: int = 1) -> SpecialOutcome:
    return decide([case], most, "excess", OPENING)[0].outcome


# ── the worked examples ──


def limit(v: Vector) -> None:
    given = v.inputs
    if "discharges" in given:
        assert str(quota(given["discharges"], Fraction(given["rate"]))) == v.expected["max_cases"]
        return
    # The pool has room for 17 more; a hospital with 1000 discharges applies for 9, more than 5‰ of its own.
    before = [one(f"A{n:04d}", fee_fen=9_000_000) for n in range(given["pool_used"])]
    own = [one(f"H{n:04d}") for n in range(given["hospital_applied"])]
    decided = decide([*before, *own], given["pool_max"], "excess", OPENING)
    granted = all(row.outcome is SpecialOutcome.GRANTED for row in decided if row.setl_id.startswith("H"))
    assert str(granted) == v.expected["allowed"]
    assert str(quota(given["hospital_discharges"], Fraction(5, 1000))) == v.expected["per_hospital_5permille"]


def threshold(v: Vector) -> None:
    given = v.inputs
    case = one(
        fee_fen=int(Decimal(str(given["cost"])) * 100), standard_points=Fraction(given["standard"] * 10**4) / OPENING,
        terms=SpecialTerms(Fraction(given["k"]), Fraction(3)),
    )  # fmt: skip
    assert str(outcome(case) is SpecialOutcome.GRANTED) == v.expected["eligible"]


def settled(v: Vector) -> None:
    """Paid by item the case has the points of its fee; the ratio turns both standards into what the fund owes."""
    given = v.inputs
    case = one(fee_fen=given["cost"] * 100, standard_points=Fraction(given["standard"] * 10**4) / OPENING)
    (row,) = decide([case], 1, "excess", OPENING)
    assert row.points is not None
    ratio = Fraction(given["ratio"])
    value = FundValue("310", 0, 0, 0, ratio.numerator, ratio.denominator, 1, 1, ratio, OPENING)
    open_case = OpenCase(0, "310", "H1", False, row.points, half_up_ratio(case.standard_points), 0, 1)
    _, item, standard = exact_due(open_case, Rates([value], "pool"), False, False)
    told = {"fund_standard": standard, "fund_item": item, "extra": item - standard}
    assert {name: f"{Decimal(fen).scaleb(-2):.2f}" for name, fen in told.items()} == v.expected


def share_of_all(v: Vector) -> None:
    whole = half_up_ratio(granted_share(v.inputs["approved"], v.inputs["discharges"]) * 1000, 100)
    assert f"{Decimal(whole).scaleb(-2):.2f}" == v.expected["permille"]


CHECKS = {"特例单议限额": limit, "特例单议门槛": threshold, "特例单议结算": settled, "特例单议占比": share_of_all}


@pytest.mark.parametrize("vector", of(*CHECKS), ids=ids(*CHECKS))
def test_the_worked_example_of_special_review_holds(vector: Vector) -> None:
    CHECKS[vector.family](vector)


# ── outcomes ──


def test_the_page_lists_every_outcome_in_the_order_of_precedence_with_its_words() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    known = {one.value for one in SpecialOutcome}
    listed = [(name, label.strip()) for name, label in rows if name in known]
    assert listed == [(one.value, one.label) for one in SpecialOutcome]


ORDERED: Sequence[tuple[SpecialOutcome, dict[str, Any]]] = (
    (SpecialOutcome.NOT_LOCAL, {"local": False}),
    (SpecialOutcome.NOT_ELIGIBLE, {"fee_fen": 1_999_999}),
    (SpecialOutcome.PENDING, {"review_result": "pending"}),
    (SpecialOutcome.FAILED, {"review_result": "fail"}),
)


def test_the_first_outcome_that_fits_is_the_outcome() -> None:
    """Every fault of an application together with those after it, with a quota of none, gives the first of them."""
    for place, (expected, _) in enumerate(ORDERED):
        given: dict[str, Any] = {}
        for _, fault in reversed(ORDERED[place:]):
            given |= fault
        assert outcome(one(**given), most=0) is expected
    assert outcome(one(), most=0) is SpecialOutcome.OVER_QUOTA
    assert outcome(one(), most=1) is SpecialOutcome.GRANTED


@pytest.mark.parametrize(
    ("changed", "may"),
    [
        ({"fee_fen": 2_000_000}, True),
        ({"fee_fen": 1_999_999}, False),
        ({"standard_points": Fraction(0)}, False),
        ({"review_reason": "long_stay", "days": 21}, True),
        ({"review_reason": "long_stay", "days": 20}, False),
        ({"review_reason": "long_stay", "days": None}, False),
        ({"review_reason": "long_stay", "group_days": None}, False),
        ({"review_reason": "long_stay", "group_days": (0, 0)}, False),
        ({"review_reason": "long_stay", "days": 22, "group_days": (22, 3)}, True),
        ({"review_reason": "long_stay", "days": 22, "group_days": (23, 3)}, False),
        ({"review_reason": "complex", "fee_fen": 1}, True),
        ({"review_reason": "new_tech", "fee_fen": 1}, True),
        ({"review_reason": "mdt", "standard_points": Fraction(0)}, True),
    ],
)
def test_high_cost_and_long_stay_need_their_multiple_exactly_and_other_reasons_are_taken_as_applied(
    changed: dict[str, Any], may: bool
) -> None:
    assert (outcome(one(**changed)) is SpecialOutcome.GRANTED) == may


def test_a_multiple_that_prints_as_the_threshold_but_is_below_it_may_not_apply() -> None:
    (row,) = decide([one(fee_fen=1_999_999)], 1, "excess", OPENING)
    assert (row.multiple, row.outcome) == ("2.0000", SpecialOutcome.NOT_ELIGIBLE)


def test_a_passed_standard_without_points_waits() -> None:
    assert outcome(one(review_result="pass_standard")) is SpecialOutcome.PENDING


def test_by_item_the_points_are_the_fee_over_the_opening_value_and_else_those_of_the_panel() -> None:
    panel = {"review_result": "pass_standard", "review_points": points("2000")}
    cases = [one("A", fee_fen=6_600_000, review_reason="mdt"), one("B", review_reason="mdt", **panel)]
    by_item, by_panel = decide(cases, 2, "excess", Fraction(1000, 7))
    assert by_item.points == points_by_item(6_600_000, Fraction(1000, 7)) == points("462")
    assert by_panel.points == points("2000")


def test_within_the_quota_the_greatest_excess_comes_first_and_ties_go_by_number() -> None:
    cases = [one("C", fee_fen=3_000_000), one("B", fee_fen=3_000_000), one("A", fee_fen=2_000_000),
             one("D", fee_fen=9_000_000)]  # fmt: skip
    decided = decide(cases, 2, "excess", OPENING)
    assert [(row.setl_id, row.rank) for row in decided] == [("A", 4), ("B", 2), ("C", 3), ("D", 1)]
    assert [row.setl_id for row in decided if row.outcome is SpecialOutcome.GRANTED] == ["B", "D"]
    assert all(row.points is None for row in decided if row.outcome is SpecialOutcome.OVER_QUOTA)


def test_by_day_of_application_the_earliest_comes_first() -> None:
    days = {"A": 3, "B": 1, "C": 1}
    decided = decide([one(key, apply_date=date(2025, 7, day)) for key, day in days.items()], 1, "applied", OPENING)
    assert [(row.setl_id, row.rank) for row in decided] == [("A", 3), ("B", 1), ("C", 2)]
    with pytest.raises(ValueError, match="unknown order"):
        decide([one()], 1, "first", OPENING)


@given(st.integers(0, 60), st.integers(0, 8), st.sampled_from(("excess", "applied")), st.randoms(use_true_random=False))
def test_no_more_than_the_quota_is_granted_and_the_order_of_the_rows_decides_nothing(
    n: int, most: int, order: str, draw: random.Random
) -> None:
    cases = [
        one(f"S{i:02d}", fee_fen=draw.randrange(10**6, 10**7), apply_date=date(2025, 1, draw.randrange(1, 29)),
            local=draw.random() < 0.9)
        for i in range(n)
    ]  # fmt: skip
    decided = decide(cases, most, order, OPENING)
    granted = [row for row in decided if row.outcome is SpecialOutcome.GRANTED]
    passed = [row for row in decided if row.rank is not None]
    assert len(granted) == min(most, len(passed))
    assert sorted(row.rank or 0 for row in passed) == list(range(1, len(passed) + 1))
    draw.shuffle(cases)
    assert decide(cases, most, order, OPENING) == decided


def test_the_quota_is_rounded_down() -> None:
    assert (quota(199, Fraction(5, 1000)), quota(200, Fraction(5, 1000)), quota(0, Fraction(5, 1000))) == (0, 1, 0)
    assert granted_share(0, 0) == 0


def test_the_table_has_its_columns_even_without_applications() -> None:
    names = ["setl_id", "case_no", "review_reason", "outcome", "multiple", "points", "rank"]
    assert decision_table([]).column_names == names
    row = Decision("S1", 7, "mdt", SpecialOutcome.GRANTED, "1.0000", 5, 1)
    assert decision_table([row]).to_pylist() == [
        dict(zip(names, ["S1", 7, "mdt", "granted", "1.0000", 5, 1], strict=True))
    ]
