"""Whether a hospital has a prepayment: the fund first, then the hospital; how much; and when it comes back."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from clearing_hand import PREPAY_TERMS, hospital

from yibao.clearing.prepay import Outcome, pool_outcome, prepay_rows, recover_at_once
from yibao.clearing.records import Hospital, LastMonth, Position, PrepayRow

GOOD = Position(1200, 1300, 1200, 1300, 1200)


def history(code: str = "A", first: int = 1) -> list[LastMonth]:
    return [LastMonth(code, month, 300_000) for month in range(first, 13)]


def one(position: Position | None = GOOD, applied: bool = True, last: Any = None, **changes: Any) -> PrepayRow:
    rows, _ = prepay_rows(
        "310", 2025, [hospital("A", **{"credit_lv": "B", **changes})], history() if last is None else last, position,
        ["A"] if applied else [], PREPAY_TERMS,
    )  # fmt: skip
    return rows[0]


def test_a_month_of_last_years_mean_times_credit_is_prepaid() -> None:
    row = one()
    assert (row.last_year_paid, row.mean, row.credit, row.outcome) == (3_600_000, 300_000, Fraction("0.95"), "granted")
    assert row.amount == 285_000


def test_exactly_twelve_months_of_balance_pass_and_a_fen_less_does_not() -> None:
    assert pool_outcome(Position(1200, 1200, 1200), PREPAY_TERMS) is None
    assert pool_outcome(Position(1199, 1200, 1200), PREPAY_TERMS) is Outcome.POOL_SHORT
    assert pool_outcome(Position(600, 1200, 1200), PREPAY_TERMS._replace(min_reserve_months=Fraction(6))) is None


def test_a_deficit_last_year_or_expected_denies_where_the_law_says_so() -> None:
    assert pool_outcome(Position(9999, 1199, 1200), PREPAY_TERMS) is Outcome.POOL_DEFICIT
    assert pool_outcome(Position(9999, 1200, 1200, 10, 11), PREPAY_TERMS) is Outcome.POOL_FORECAST_DEFICIT
    assert pool_outcome(Position(9999, 1199, 1200, 10, 11), PREPAY_TERMS._replace(deny_on_deficit=False)) is None


def test_without_a_position_or_a_forecast_it_is_said() -> None:
    assert one(None).outcome == "pool_unknown"
    args = ("310", 2025, [hospital("A", credit_lv="A")], history(), Position(1200, 1200, 1200), ["A"], PREPAY_TERMS)
    rows, found = prepay_rows(*args)
    assert (rows[0].outcome, [f.code for f in found]) == ("granted", ["forecast_missing"])


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("pool_unknown", {"position": None}),
    ("pool_short", {"position": Position(1, 0, 1200, 0, 1)}),
    ("pool_deficit", {"position": Position(1200, 0, 1200, 0, 1)}),
    ("pool_forecast_deficit", {"position": Position(1200, 1200, 1200, 0, 1)}),
    ("not_applied", {"applied": False}),
    ("terminated", {"status": "terminated"}),
    ("suspended", {"status": "suspended"}),
    ("new_institution", {"last": []}),
    ("credit_unknown", {"credit_lv": ""}),
    ("credit_zero", {"credit_lv": "D"}),
    ("granted", {}),
]


def test_every_outcome_has_a_place_in_the_order_and_a_chinese_name() -> None:
    assert [name for name, _ in FAULTS] == [outcome.value for outcome in Outcome]
    assert len({outcome.label for outcome in Outcome}) == len(Outcome)


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_the_first_reason_in_the_order_is_the_answer(name: str, fault: dict[str, Any]) -> None:
    """Each reason alone, and together with every later one that can stand beside it."""
    assert one(**fault).outcome == name
    later = [other for _, other in FAULTS[[n for n, _ in FAULTS].index(name) :]]
    together: dict[str, Any] = {}
    for other in later:
        together = {**other, **together}
    row = one(**together)
    assert row.outcome == name
    assert (row.amount > 0) == (name == "granted")


def test_a_hospital_with_less_than_a_year_of_data_has_none_and_a_renewed_agreement_makes_nobody_new() -> None:
    july = date(2024, 7, 1)
    assert one(agreement_from=july, last=history(first=7)).outcome == "new_institution"
    assert one(agreement_from=july).outcome == "granted"
    assert one(agreement_from=date(2024, 1, 1)).outcome == "granted"
    assert one(agreement_from=date(2025, 1, 1)).outcome == "granted"
    assert one(agreement_from=None).outcome == "granted"


def test_an_agreement_renewed_in_january_of_last_year_is_new_only_where_the_history_says_so() -> None:
    """Nothing of last year lies before January: only the year before can tell, and where there is none it is old."""
    renewed = hospital("A", credit_lv="B", agreement_from=date(2024, 1, 8))
    old, other = {"A": {date(2023, 11, 1)}}, {"B": {date(2023, 11, 1)}}

    def outcome(before: dict[str, set[date]] | None, of: Hospital = renewed) -> str:
        rows, _ = prepay_rows("310", 2025, [of], history(), GOOD, ["A"], PREPAY_TERMS, before)
        return rows[0].outcome

    assert [outcome(before) for before in (None, {}, old, other)] == ["granted"] * 3 + ["new_institution"]
    july = renewed._replace(agreement_from=date(2024, 7, 8))
    rows, _ = prepay_rows("310", 2025, [july], history(first=7), GOOD, ["A"], PREPAY_TERMS, {"A": {date(2024, 3, 1)}})
    assert rows[0].outcome == "granted", "it booked for another fund before July"


def test_it_comes_back_at_once_when_the_agreement_is_suspended_or_ended() -> None:
    assert [recover_at_once(100, status) for status in ("suspended", "terminated", "normal", "")] == [100, 100, 0, 0]


def test_an_application_of_an_unknown_hospital_is_listed_and_without_terms_there_are_no_rows() -> None:
    rows, found = prepay_rows("310", 2025, [hospital("A")], [], GOOD, ["X"], None)
    assert (rows, [f.code for f in found]) == ([], ["prepay_unknown_hospital"])
