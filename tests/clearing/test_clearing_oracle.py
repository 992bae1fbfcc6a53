"""Random small funds: every figure of the product equals the oracle's, and the identities of a clearing hold."""

from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

from clearing_hand import DEFAULT_SHARE, PREPAY_TERMS, TERMS, ready_budget
from clearing_oracle import clear
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.clearing.clear import clear_fund
from yibao.clearing.records import (
    Claim,
    Deduction,
    FundResult,
    FundYear,
    Hospital,
    HospitalMonth,
    LastMonth,
    Member,
    Position,
)
from yibao.clearing.share import parse_table
from yibao.clearing.terms import FundTerms

YEAR = 2025
GENTLE = [
    {"from": "0", "to": "1", "start": "0.3", "rate": "0.7"},
    {"from": "1", "to": "1.2", "start": "1", "rate": "0.333"},
    {"from": "1.2", "start": "1.0666", "rate": "0"},
]
fen = st.integers(0, 5000)


@st.composite
def hospitals(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    codes = draw(st.lists(st.sampled_from("ABCDEFGH"), min_size=2, max_size=6, unique=True))
    return {
        code: {
            "level": draw(st.sampled_from(["1", "2", "3"])),
            "new": draw(st.sampled_from([False, False, True])),
            "status": draw(st.sampled_from(["", "normal", "normal", "suspended", "terminated"])),
            "credit_lv": draw(st.sampled_from(["A", "B", "C", ""])),
            "score": draw(st.sampled_from([None, "1", "0.95", "0.905", "0"])),
        }
        for code in sorted(codes)
    }


@st.composite
def funds(draw: st.DrawFn) -> dict[str, Any]:
    known = draw(hospitals())
    codes = list(known)
    months: dict[tuple[str, int], dict[str, int]] = {}
    for code in codes:
        for month in draw(st.lists(st.sampled_from([1, 2, 12]), max_size=3, unique=True)):
            due = draw(st.one_of(fen, fen, fen, st.integers(-2000, 0)))
            near = max(due, 0)
            booked = draw(st.one_of(fen, st.integers(near * 8 // 10, near * 12 // 10 + 1)))
            months[code, month] = {"due": due, "booked": booked, "excluded_due": draw(st.integers(0, 200)),
                                   "points": draw(st.one_of(st.just(near), fen))}  # fmt: skip
    due = sum(one["due"] for one in months.values())
    members = draw(st.lists(st.sampled_from(codes), max_size=4, unique=True))
    method = draw(st.sampled_from(["contract", "share"]))
    crowded = sorted(draw(st.sets(st.sampled_from(codes), max_size=2)))
    cuts = st.sampled_from([0, 0, 0, due // 50, due // 10, due // 2])
    return {
        "hospitals": known,
        "months": months,
        "month_budgets": [draw(fen) * 3 for _ in range(12)],
        "fund_fen": due - draw(cuts),
        "reserve": draw(st.sampled_from([0, 0, 100])),
        "position": draw(
            st.sampled_from([None, {"balance": 120, "last_income": 120, "last_expense": 120},
                             {"balance": 120, "last_income": 120, "last_expense": 120},
                             {"balance": 119, "last_income": 120, "last_expense": 120},
                             {"balance": 500, "last_income": 119, "last_expense": 120}])
        ),
        "applications": draw(st.lists(st.sampled_from(codes), unique=True)),
        "last_year": {code: 0 if known[code]["new"] else draw(fen) for code in codes},
        "groups": {"G1": {"members": members, "method": method}} if members else {},
        "claims": {code: draw(fen) for code in draw(st.lists(st.sampled_from(codes), unique=True))},
        "deductions": [(draw(st.sampled_from(codes)), draw(fen)) for _ in range(draw(st.integers(0, 3)))],
        "bed_excess": {code: (draw(st.integers(1, 50)), 300) for code in crowded},
    }  # fmt: skip


laws = st.fixed_dictionaries(
    {
        "table": st.sampled_from([DEFAULT_SHARE, GENTLE]),
        "redistribute": st.sampled_from(["0", "0.8", "1"]),
        "deposit": st.sampled_from(["0", "0.05", "0.033"]),
        "needs_claim": st.booleans(),
        "applies": st.sampled_from(["deposit", "payable"]),
        "new_rule": st.sampled_from(["booked", "as_others"]),
        "primary_weight": st.sampled_from(["1", "1.5", "2"]),
        "beds_rule": st.sampled_from(["flag", "deduct"]),
    }
).map(lambda law: {**law, "min_months": 12, "credit": {"A": "1", "B": "0.95", "C": "0.8"}})


def product_terms(law: dict[str, Any]) -> FundTerms:
    months = TERMS.months._replace(redistribute=Fraction(law["redistribute"]), deposit=Fraction(law["deposit"]))
    year = TERMS.year._replace(
        table=parse_table(law["table"]), needs_claim=law["needs_claim"], applies=law["applies"],
        new_rule=law["new_rule"], primary_weight=Fraction(law["primary_weight"]), beds_rule=law["beds_rule"],
    )  # fmt: skip
    credit = {level: Fraction(text) for level, text in law["credit"].items()}
    return TERMS._replace(months=months, year=year, prepay=PREPAY_TERMS._replace(credit=credit))


def product_fund(fund: dict[str, Any]) -> FundYear:
    born = {True: date(YEAR, 5, 1), False: date(2015, 1, 1)}
    known = [
        Hospital(code, code, one["level"], born[one["new"]], one["status"], one["credit_lv"],
                 None if one["score"] is None else Fraction(one["score"]))
        for code, one in fund["hospitals"].items()
    ]  # fmt: skip
    rows = [
        HospitalMonth(code, month, 1, one["points"], 0, 0, 0, one["booked"], one["excluded_due"], one["due"])
        for (code, month), one in fund["months"].items()
    ]
    budget = ready_budget(fund["fund_fen"], fund["reserve"], fund["month_budgets"])
    return FundYear(
        budget,
        fund["fund_fen"],
        known,
        rows,
        last_year=[LastMonth(code, 1, booked) for code, booked in fund["last_year"].items()],
        position=None if fund["position"] is None else Position(**fund["position"]),
        applications=fund["applications"],
        deductions=[Deduction(f"K{n}", code, taken) for n, (code, taken) in enumerate(fund["deductions"])],
        claims=[Claim(code, claimed) for code, claimed in fund["claims"].items()],
        groups=[Member(key, code, one["method"]) for key, one in fund["groups"].items() for code in one["members"]],
        bed_excess=fund["bed_excess"],
    )


def compare(result: FundResult, slow: dict[str, Any]) -> None:
    """Every figure of every row."""
    assert {(row.fixmedins_code, row.month) for row in result.months} == set(slow["months"])
    for row in result.months:
        assert {name: getattr(row, name) for name in slow["months"][row.fixmedins_code, row.month]} == slow["months"][
            row.fixmedins_code, row.month
        ]
    assert {row.fixmedins_code: row.amount for row in result.prepay} == slow["prepaid"]
    assert [row.fixmedins_code for row in result.clearing] == sorted(slow["rows"])
    for line in result.clearing:
        wanted = slow["rows"][line.fixmedins_code]
        assert {name: getattr(line, name) for name in wanted} == wanted
    assert result.totals.over == slow["over"]


@settings(max_examples=400)
@given(fund=funds(), law=laws, seed=st.integers(0, 99))
def test_every_figure_of_a_fund_equals_the_oracle_in_any_order_of_rows(
    fund: dict[str, Any], law: dict[str, Any], seed: int
) -> None:
    inputs, terms = product_fund(fund), product_terms(law)
    result = clear_fund(inputs, terms)
    compare(result, clear(fund, law))
    mix = Random(seed)
    shuffled = inputs._replace(
        **{
            name: mix.sample(list(getattr(inputs, name)), len(getattr(inputs, name)))
            for name in ("hospitals", "months", "last_year", "applications", "deductions", "claims", "groups")
        }
    )
    assert clear_fund(shuffled, terms) == result


@settings(max_examples=200)
@given(fund=funds(), law=laws)
def test_the_identities_of_a_clearing_hold(fund: dict[str, Any], law: dict[str, Any]) -> None:
    result = clear_fund(product_fund(fund), product_terms(law))
    totals = result.totals
    assert totals.pay <= totals.limit or [one.code for one in result.findings].count("budget_exceeded") == 1
    assert totals.pay + totals.cut_shared + totals.cut_retained == totals.pay_before
    for row in result.clearing:
        assert 0 <= row.cut_shared <= row.shared
        assert 0 <= row.cut_retained <= row.retained
        assert row.pay == row.pay_before - row.cut_shared - row.cut_retained <= row.pay_before
        forfeited = row.deposit - row.deposit_returned
        assert row.monthly_paid + row.prepaid + row.final == row.settled - row.deductions - forfeited
    for group in result.groups:
        mine = [row for row in result.clearing if row.group_code == group.group_code]
        assert sum(row.pay for row in mine) == group.pay
        assert sum(row.booked for row in mine) == group.booked
        assert sum(row.entitlement for row in mine) == group.entitlement
    for month in result.months:
        assert month.base + month.extra <= month.booked
        assert month.gross == month.base + month.extra + month.excluded_due == month.deposit + month.paid
    gross: dict[int, int] = {}
    for month in result.months:
        gross[month.month] = gross.get(month.month, 0) + month.base + month.extra
    assert all(total <= fund["month_budgets"][month - 1] for month, total in gross.items())
