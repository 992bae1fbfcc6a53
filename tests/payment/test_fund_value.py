"""Each fund's value by itself, amounts that are exact however close to half a fen, and shares that sum to the fund."""

import random
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pool_city import City, a_case, by_case, random_city, run

from yibao.engine import Engine
from yibao.flows.close_price import due_cases
from yibao.kernel import half_up_ratio, largest_remainder
from yibao.payment.fund_value import FundTotal, FundValue, OpenCase, Rates, exact_due, fund_label, fund_values
from yibao.payment.point_value import PointValueError
from yibao.payment.year_rules import DueRules

CASES, FEE = 4, 1_000_000
TOTAL = FundTotal("310", CASES, 700_000, FEE, 50_000, 10_000_000)


def test_the_value_is_the_fund_over_the_ratio_over_the_points() -> None:
    (one,) = fund_values({"310": 750_000}, [TOTAL], charged=True)
    assert (one.fund_fen, one.excluded_fen, one.ratio) == (700_000, 50_000, Fraction(7, 10))
    assert one.value == Fraction(7000) / Fraction(7, 10) / 1000


def test_excluded_fees_are_taken_from_the_budget_only_where_it_bears_them() -> None:
    charged, free = (fund_values({"310": 750_000}, [TOTAL], charged=bears)[0] for bears in (True, False))
    assert (charged.fund_fen, free.fund_fen) == (700_000, 750_000)
    assert charged.excluded_fen == free.excluded_fen == 50_000


def test_a_fund_with_a_budget_and_no_cases_has_no_value() -> None:
    values = fund_values({"310": 750_000, "390": 100}, [TOTAL], charged=False)
    assert [(one.fund_type, one.value is None, one.cases) for one in values] == [
        ("310", False, CASES),
        ("390", True, 0),
    ]
    assert (values[1].fund_fen, values[1].ratio) == (100, None)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"points": 0}, "总分值为0"),
        ({"booked": 0}, "报销比例为0"),
        ({"fee": 0, "booked": 0}, "总费用为0"),
        ({"excluded_due": 750_001}, "除外支付的费用超过住院DIP预算"),
    ],
)
def test_a_fund_without_points_ratio_or_money_is_an_error_that_names_it(changed: dict[str, int], fault: str) -> None:
    with pytest.raises(PointValueError, match=rf"职工基本医疗保险（310）：.*{fault}"):
        fund_values({"310": 750_000}, [TOTAL._replace(**changed)], charged=True)
    assert fund_label("390") == "城乡居民基本医疗保险（390）"


small = st.integers(1, 12)
CASE = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 12), st.integers(0, 12), st.booleans())


@settings(max_examples=60)
@given(
    cases=st.lists(CASE, min_size=1, max_size=12), over=small, under=small, rate=st.fractions(0, 1, max_denominator=9),
    basis=st.sampled_from([("times_ratio", "institution"), ("times_ratio", "case"), ("minus_patient", "pool")]),
    floored=st.booleans(),
)  # fmt: skip
@example([(3, 3, 0, 5, True)], 1, 6, Fraction(1), ("times_ratio", "case"), False)
@example([(3, 9, 5, 5, True)], 1, 6, Fraction(1), ("times_ratio", "case"), False)
def test_an_amount_on_half_a_fen_is_rounded_up_whatever_the_fraction(
    cases: list[tuple[int, int, int, int, bool]], over: int, under: int, rate: Fraction, basis: tuple[str, str],
    floored: bool,
) -> None:  # fmt: skip
    """Small numbers meet halves all the time; a value such as 1/6 has no finite bound and must still round exactly."""
    value = FundValue("310", 0, 0, 0, rate.numerator, rate.denominator, 1, 1, rate, Fraction(over, under) * 100)
    rows = [(n, points, plain, min(booked, fee), fee, off) for n, (points, plain, booked, fee, off) in enumerate(cases)]
    with Engine(threads=1) as engine:
        engine.put(
            "payee",
            pa.table(
                {
                    "case_no": [r[0] for r in rows],
                    "setl_id": [str(r[0]) for r in rows],
                    "fixmedins_code": ["H1"] * len(rows),
                    "fund_type": ["310"] * len(rows),
                    "scope": ["offsite" if r[5] else "local" for r in rows],
                    "points": [r[1] for r in rows],
                    "plain_points": [r[2] for r in rows],
                    "booked": [r[3] for r in rows],
                    "fee": [r[4] for r in rows],
                }
            ),
        )
        due_cases(engine, [value], DueRules(*basis, floored), offsite=True)
        found = engine.rows("SELECT case_no, standard, due, plain_due FROM case_due ORDER BY case_no")
    local = [r for r in rows if not r[5]]
    own = sum(r[4] for r in local)
    pool = Fraction(sum(r[3] for r in local), own) if own else Fraction(0)
    for (n, points, plain, booked, fee, off), got in zip(rows, found, strict=True):
        worth = Fraction(over, under)
        by_case = Fraction(booked, fee) if fee else Fraction(0)
        times = by_case if off or basis[1] == "case" else pool
        want = [half_up_ratio(worth * p * times) for p in (points, plain)]
        if basis[0] == "minus_patient":
            want = [half_up_ratio(worth * p) - (fee - booked) for p in (points, plain)]
            want = [max(one, 0) for one in want] if floored else want
        assert got == (n, half_up_ratio(worth * points), *want)


def test_the_exact_amount_of_one_case_is_the_rule_itself() -> None:
    value = FundValue("310", 0, 0, 0, 1, 2, 1, 1, Fraction(1, 2), Fraction(100, 6))
    case = OpenCase(0, "310", "H1", False, 3, 9, 40, 60)
    pool = Rates([value], "pool")
    assert exact_due(case, pool, False, False) == (1, 0, 1), "3 × 1/6 = 0.5 → 1; × 1/2 = 0.25 → 0; 9 × 1/12 = 0.75 → 1"
    assert exact_due(case, Rates([value], "case"), False, False) == (1, 0, 1)
    assert exact_due(case, pool, True, False) == (1, -19, -18)
    assert exact_due(case, pool, True, True) == (1, 0, 0)
    assert exact_due(case._replace(offsite=True, booked=60), pool, False, False) == (1, 1, 2)


def shared(payee: pa.Table, funds: dict[str, int]) -> dict[str, int]:
    with Engine(threads=1) as engine:
        engine.put("payee", payee)
        engine.put("share_fund", pa.table({"fund_type": list(funds), "fund_fen": list(funds.values())}))
        engine.pipeline("yibao.payment", ("share_part", "share"))
        return dict(engine.rows("SELECT p.setl_id, s.pay FROM share AS s JOIN payee AS p USING (case_no)"))


def test_the_slot_in_which_the_last_fen_run_out_is_put_in_order() -> None:
    """Many cases share a slot of remainders, and many the same remainder: the largest come first, then by setl_id."""
    draw = random.Random(4)
    weights = [draw.choice((10**6, draw.randrange(1, 10**7))) for _ in range(20_000)]
    keys = [f"S{n:05d}" for n in draw.sample(range(20_000), 20_000)]
    payee = pa.table({
        "case_no": range(20_000), "setl_id": keys, "fund_type": ["310"] * 20_000, "scope": ["local"] * 20_000,
        "points": weights,
    })  # fmt: skip
    for fen in (10**9 + 7, 123, 0):
        assert shared(payee, {"310": fen}) == dict(zip(keys, largest_remainder(fen, weights, keys), strict=True))


@settings(max_examples=40)
@given(
    funds=st.lists(
        st.tuples(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=40)),
        min_size=1, max_size=3,
    ),
    order=st.randoms(use_true_random=False),
)  # fmt: skip
def test_shares_of_each_fund_are_the_largest_remainder_whatever_the_order(
    funds: list[tuple[int, list[int]]], order: random.Random
) -> None:
    rows = [
        {"setl_id": f"{fund}-{n:03d}", "fund_type": str(fund), "scope": "local", "points": points}
        for fund, (_, weights) in enumerate(funds) if sum(weights) for n, points in enumerate(weights)
    ]  # fmt: skip
    order.shuffle(rows)
    schema = pa.schema(
        [("setl_id", pa.string()), ("fund_type", pa.string()), ("scope", pa.string()), ("points", pa.int64())]
    )
    payee = pa.Table.from_pylist(rows, schema).append_column("case_no", pa.array(range(len(rows)), pa.int64()))
    got = shared(payee, {str(fund): fen for fund, (fen, _) in enumerate(funds)})
    want: dict[str, int] = {}
    for fund, (fen, weights) in enumerate(funds):
        if sum(weights):
            keys = [f"{fund}-{n:03d}" for n in range(len(weights))]
            want |= dict(zip(keys, largest_remainder(fen, weights, keys), strict=True))
    assert got == want


def priced(city: City) -> tuple[dict[str, object], dict[str, object]]:
    """(what the 职工 fund's cases come to, what the 居民 fund's do), each with the fund's own row."""
    with Engine(threads=1) as engine:
        values, _ = run(engine, city)
        final, due, pool = (by_case(engine, name) for name in ("final_points", "case_due", "pool_case"))
    both = []
    for fund in ("310", "390"):
        own = {key: (final[key], due.get(key)) for key, row in pool.items() if row["fund_type"] == fund}
        both.append({**own, "value": next((one for one in values if one.fund_type == fund), None)})
    return both[0], both[1]


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), budget=st.integers(10**9, 10**11), drop=st.integers(0, 20), fee=st.integers(1, 9))
def test_what_happens_in_one_insurance_changes_nothing_of_the_other(
    seed: int, budget: int, drop: int, fee: int
) -> None:
    """Another budget, fewer cases and other fees of 居民 leave 职工 untouched. (The quota of special reviews is the
    pool's, both insurances together, by the rule itself; so nobody applies here.)"""
    city = random_city(seed, 80).but(reviews=())
    residents = [case for case in city.cases if case["insutype"] == "390"][drop:]
    others = [case for case in city.cases if case["insutype"] != "390"]
    moved = [{**case, "medfee_sumamt": case["medfee_sumamt"] * fee} for case in residents]
    extra = a_case("S-extra", insutype="390", medfee_sumamt=5_000_000)
    changed = city.but(cases=[*others, *moved, extra], budgets={**city.budgets, "390": budget})
    before, after = priced(city), priced(changed)
    assert before[0] == after[0]
    assert before[1] != after[1]
