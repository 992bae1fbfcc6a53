"""What a reform changes is measured to the fen: a hand-made city on paper, random ones against a plain oracle."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import impact_hand as hand
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from impact_oracle import Oracle

from yibao.engine import Engine
from yibao.impact.measure import FUNDS, INPUTS, Impact, ImpactError, measure


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as one:
        yield one


@pytest.fixture(scope="module")
def city(engine: Engine) -> Impact:
    hand.put(engine)
    return measure(engine, hand.THRESHOLD)


def rows(impact: Impact, table: str, **wanted: Any) -> list[dict[str, Any]]:
    return [
        row for row in impact.tables[table].to_pylist() if all(row[name] == value for name, value in wanted.items())
    ]


def one(impact: Impact, table: str, **wanted: Any) -> dict[str, Any]:
    (found,) = rows(impact, table, **wanted)
    return found


# --- on paper -------------------------------------------------------------------------------------------------------


def test_each_law_comes_to_what_its_settlements_sum_to(city: Impact) -> None:
    base, more, less = (one(city, "impact_summary", law_no=law) for law in (0, 1, 2))
    assert (base["fee"], base["fund"], base["burden"]) == (17_600_00, 9_900_00, 7_700_00)
    assert (more["fund_change"], more["burden_change"], more["fee_change"]) == (1_550_00, -1_550_00, 0)
    assert (less["fund_change"], less["burden_change"]) == (-200_00, 200_00)
    assert (more["winners"], more["losers"], more["unchanged"], more["people"], more["members"]) == (2, 0, 2, 4, 5)
    assert [row["above"] for row in (base, more, less)] == [2, 0, 2]
    assert [row["overshoot"] for row in (base, more, less)] == [1_300_00, 0, 1_500_00]
    assert base["claims"] == 6, "a reversal takes a claim away"


def test_a_cell_has_both_laws_side_by_side(city: Impact) -> None:
    cell = one(city, "impact_fund", law_no=1, kind="inpatient", hosp_lv="3", insutype="310", month="2025-01")
    assert (cell["fund_before"], cell["fund_after"]) == (6_500_00, 7_300_00)
    assert (cell["hifp_before"], cell["hifmi_after"], cell["burden_after"]) == (6_000_00, 300_00, 2_700_00)


def test_people_without_a_claim_are_counted_apart(city: Impact) -> None:
    assert one(city, "impact_change", law_no=1, side="no_claim")["people"] == 1
    infant = one(city, "impact_burden", law_no=1, dimension="age", value="00-05")
    assert (infant["members"], infant["people"], infant["burden_before"]) == (1, 0, 0)
    assert one(city, "impact_catastrophic", law_no=1, insutype="390", identity="none")["insured"] == 2


def test_the_singles_and_their_interaction_sum_to_the_whole_to_the_fen(city: Impact) -> None:
    parts = {(row["part"], row["key"]): row for row in rows(city, "impact_split", law_no=1)}
    assert parts["single", "benefit.rate"]["fund"] == 1_650_00
    assert parts["single", "benefit.deductible"]["fund"] == -150_00
    assert parts["interaction", ""]["fund"] == 50_00
    assert parts["interaction", ""]["hifmi"] == 50_00
    assert parts["whole", ""]["fund"] == 1_550_00
    for name in (*FUNDS, "acct", "cash", "fund", "burden"):
        assert sum(row[name] for (part, _), row in parts.items() if part != "whole") == parts["whole", ""][name]


def test_a_reform_of_one_key_has_no_interaction(city: Impact) -> None:
    alone = one(city, "impact_split", law_no=2, part="interaction")
    assert all(alone[name] == 0 for name in (*FUNDS, "acct", "cash"))


def test_months_of_reserve_follow_contributions_and_spending(city: Impact) -> None:
    employees = one(city, "impact_reserve", law_no=2, insutype="310")
    assert (employees["paid_before"], employees["paid_after"]) == (5_000_00, 5_100_00)
    assert employees["balance_after"] == 20_000_00 + 100_00 + 100_00
    # 20,000 元 over a mean month of 6,800 ÷ 3, then 20,200 over 6,700 ÷ 3
    assert (employees["reserve_before"], employees["reserve_after"]) == (88, 90)


def test_examples_are_the_extremes_and_the_middle_of_each_kind(city: Impact) -> None:
    won = rows(city, "impact_example", law_no=1, side="winner")
    assert [(row["pick"], row["psn_no"], row["setl_id"]) for row in won] == [
        ("extreme", "P2", "S3"), ("extreme", "P1", "S1"), ("typical", "P1", "S1"),
    ]  # fmt: skip
    lost = one(city, "impact_example", law_no=1, side="loser")
    assert (lost["pick"], lost["setl_id"], lost["burden_before"], lost["burden_after"]) == (
        "typical", "S2", 100_00, 150_00,
    )  # fmt: skip
    assert lost["person_after"] < lost["person_before"], "a settlement may cost more to one who gains over the year"


def test_every_total_closes(city: Impact) -> None:
    assert len(city.closings) > 60
    assert all(one.closes for one in city.closings)


def one_claim_each(burdens: list[tuple[str, int, int]]) -> dict[str, pa.Table]:
    """People with these burdens before and after, each of one claim of 100,000 元; a person may stand there again."""
    fee = 100_000_00
    claims = [
        {"claim_no": no, "setl_id": f"S{no}", "psn_no": psn, "day": date(2025, 1, 1), "year": 2025, "month": "2025-01",
         "insutype": "310", "kind": "inpatient", "hosp_lv": "3", "offsite": "none", "fixmedins_code": "H",
         "medfee": fee}
        for no, (psn, _, _) in enumerate(burdens)
    ]  # fmt: skip
    amounts = [
        hand.amount(law, no, fee, "settled", fee - pays[law], 0, 0, 0, 0)
        for no, (_, *pays) in enumerate(burdens) for law in (0, 1)
    ]  # fmt: skip
    laws = [
        {"law_no": no, "name": "", "role": role, "key": "", "label": ""} for no, role in enumerate(("base", "reform"))
    ]
    named = {"sim_law": laws, "sim_claim": claims, "sim_amount": amounts}
    return {name: pa.Table.from_pylist(listed, INPUTS[name]) for name, listed in named.items()}


def test_a_band_ends_with_its_edge_and_the_threshold_itself_is_not_above() -> None:
    edges = [100_00, 500_00, 1_000_00, 5_000_00, 10_000_00]
    moves = [sign * (edge + over) for edge in edges for over in (0, 1) for sign in (-1, 1)]
    people = [(f"P{at:02d}", 50_000_00, 50_000_00 + move) for at, move in enumerate(moves)]
    people += [("Q1", 300_00, 300_01), ("Q2", 300_01, 300_00)]
    with Engine(threads=1) as engine:
        hand.put(engine, one_claim_each(people))
        found = measure(engine, 300_00)
        above = engine.rows("SELECT psn_no, above_before, above_after FROM impact_person WHERE psn_no > 'Q' ORDER BY 1")
    counts = {row["band_no"]: row["people"] for row in rows(found, "impact_change")}
    assert counts == {-6: 1, -5: 2, -4: 2, -3: 2, -2: 2, -1: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 1}
    assert above == [("Q1", 0, 1), ("Q2", 1, 0)]
    assert one(found, "impact_catastrophic")["began"] == one(found, "impact_catastrophic")["ended"] == 1


def test_an_extreme_brings_the_settlement_that_changed_most_that_persons_way() -> None:
    people = [("L", 100, 105), ("L", 100, 109), ("L", 100, 98), ("W", 100, 99), ("W", 100, 90), ("W", 100, 103)]
    with Engine(threads=1) as engine:
        hand.put(engine, one_claim_each(people))
        found = measure(engine, None)
    picked = {(row["side"], row["psn_no"]): row["setl_id"] for row in rows(found, "impact_example", pick="extreme")}
    assert picked == {("loser", "L"): "S1", ("winner", "W"): "S4"}


# --- what may be absent, what is refused ----------------------------------------------------------------------------


def test_without_a_threshold_people_balance_or_singles_those_parts_are_empty() -> None:
    lean = {name: table for name, table in hand.tables().items() if name in ("sim_law", "sim_claim", "sim_amount")}
    laws = [row for row in lean["sim_law"].to_pylist() if row["role"] != "single"]
    lean["sim_law"] = pa.Table.from_pylist(laws, INPUTS["sim_law"])
    with Engine(threads=1) as engine:
        hand.put(engine, lean)
        found = measure(engine, None)
    assert found.tables["impact_split"].num_rows == found.tables["impact_catastrophic"].num_rows == 0
    assert {row["dimension"] for row in rows(found, "impact_burden")} == {"age", "identity", "insutype", "level"}
    assert all(row["above"] is None for row in rows(found, "impact_summary"))
    assert all(row["reserve_before"] is None and row["paid_after"] is None for row in rows(found, "impact_reserve"))
    assert not rows(found, "impact_change", side="no_claim")


def broken(name: str, at: int, **values: Any) -> dict[str, pa.Table]:
    world = hand.tables()
    changed = world[name].to_pylist()
    changed[at] |= values
    return {**world, name: pa.Table.from_pylist(changed, INPUTS[name])}


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (broken("sim_amount", 0, cash=1), "identities"),
        (broken("sim_amount", 0, mulaid=1_000_01), "identities"),
        (broken("sim_amount", 0, claim_no=99), "settlements"),
        (broken("sim_single", 2, cash=0), "split_alone"),
        (broken("sim_law", 0, law_no=7), "one base"),
        (broken("sim_law", 1, role="idea"), "unknown role"),
        (broken("sim_law", 3, of_law=9), "without their place"),
        (broken("sim_amount", 0, law_no=11), "without their place"),
        (broken("sim_single", 0, law_no=1), "without their place"),
    ],
)
def test_tables_that_do_not_close_are_a_mistake_of_the_program(world: dict[str, pa.Table], said: str) -> None:
    with Engine(threads=1) as engine:
        hand.put(engine, world)
        with pytest.raises(ImpactError, match=said):
            measure(engine, hand.THRESHOLD)


# --- random cities --------------------------------------------------------------------------------------------------

PEOPLE = [f"P{nth}" for nth in range(7)]
FEN = st.integers(0, 2_000_000)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Claims that some laws have and others do not, reversals, people who are not on the list, two benefit years."""
    count = draw(st.integers(1, 14))
    claims = [
        {
            "claim_no": no, "setl_id": f"S{no}", "psn_no": draw(st.sampled_from(PEOPLE)),
            "day": date(2025, 1, 5), "year": draw(st.sampled_from([2024, 2025])),
            "month": draw(st.sampled_from(["2025-01", "2025-02"])), "insutype": draw(st.sampled_from(["310", "390"])),
            "kind": draw(st.sampled_from(["inpatient", "outpatient"])),
            "hosp_lv": draw(st.sampled_from(["", "1", "3"])),
            "offsite": "none", "fixmedins_code": "H", "medfee": draw(FEN),
        }
        for no in range(count)
    ]  # fmt: skip
    reversed_ones = {no for no in range(count) if draw(st.integers(0, 5)) == 0}
    for no in reversed_ones:
        claims[no]["medfee"] = -claims[no]["medfee"]
    amounts = []
    for law in (0, 1, 2):
        for no in range(count):
            if draw(st.integers(0, 6)):
                amounts.append(paid(draw, law, claims[no], no in reversed_ones))
    static = draw(st.booleans())
    laws = [(0, "base", "", None), (1, "reform", "", None), (2, "reform", "", None), (11, "single", "a", 1),
            (12, "single", "b", 1), *([(13, "static", "", 1)] if static else [])]  # fmt: skip
    known = draw(st.lists(st.sampled_from(PEOPLE), unique=True))
    return {
        "sim_law": [
            {"law_no": no, "name": str(no), "role": role, "key": key, "label": key, "of_law": of}
            for no, role, key, of in laws
        ],
        "sim_claim": claims, "sim_amount": amounts,
        "sim_single": [
            {"law_no": no, **{name: draw(FEN) for name in (*FUNDS, "acct", "cash")}}
            for no, role, _, _ in laws if role in ("single", "static")
        ],
        "sim_person": [
            {"psn_no": psn, "age": draw(st.one_of(st.none(), st.integers(0, 100))), "gend": "1",
             "identity": draw(st.sampled_from(["none", "dibao"])), "insutype": draw(st.sampled_from(["310", "390"]))}
            for psn in known
        ],
        "sim_contribution": [
            {"law_no": law, "insutype": insutype, "people": 1, "personal": draw(FEN), "subsidy": draw(FEN), "aided": 0}
            for law in (0, 1) for insutype in ("310", "390")
        ],
        "sim_balance": [{"insutype": "310", "balance": draw(st.integers(-100, 10**9))}],
    }  # fmt: skip


def paid(draw: st.DrawFn, law: int, claim: dict[str, Any], is_reversal: bool) -> dict[str, Any]:
    """An amount that keeps the identities, of either sign."""
    sign, left = (-1, -claim["medfee"]) if is_reversal else (1, claim["medfee"])
    row: dict[str, Any] = {"law_no": law, "claim_no": claim["claim_no"], "own": 0, "over_limit": 0, "preself": 0}
    for name in (*FUNDS, "acct"):
        take = draw(st.integers(0, left))
        row[name], left = sign * take, left - take
    row |= {"cash": sign * left, "mulaid": sign * draw(st.integers(0, abs(row["acct"]))), "in_scope": claim["medfee"]}
    return {**row, "outcome": "reversed" if is_reversal else "settled"}


@settings(max_examples=20)
@given(world=worlds(), threshold=st.one_of(st.none(), st.integers(0, 3_000_000)))
def test_every_table_equals_the_plain_oracle(
    engine: Engine, world: dict[str, list[dict[str, Any]]], threshold: int | None
) -> None:
    hand.put(engine, {name: pa.Table.from_pylist(given_rows, INPUTS[name]) for name, given_rows in world.items()})
    found = measure(engine, threshold)
    oracle = Oracle(world, threshold)

    def keyed(table: str, *key: str) -> dict[Any, dict[str, Any]]:
        listed = (
            engine.fetch("SELECT * FROM impact_person").to_pylist()
            if table == "impact_person"
            else found.tables[table].to_pylist()
        )
        made = {tuple(row.pop(name) for name in key): row for row in listed}
        assert len(made) == len(listed), f"{table}: not its grain"
        return made

    assert keyed("impact_fund", "law_no", "insutype", "hosp_lv", "kind", "month") == oracle.fund()
    assert keyed("impact_person", "law_no", "psn_no", "year") == oracle.person()
    burden = keyed("impact_burden", "law_no", "dimension", "value")
    assert {
        key: (row["members"], row["people"], row["burden_before"], row["burden_after"]) for key, row in burden.items()
    } == oracle.burden()
    change = keyed("impact_change", "law_no", "band_no")
    assert {key: (row["people"], row["change"]) for key, row in change.items()} == oracle.change()
    names = ("members", "people", "insured", "above_before", "above_after", "began", "ended", "over_before",
             "over_after")  # fmt: skip
    catastrophic = keyed("impact_catastrophic", "law_no", "insutype", "identity")
    assert {key: tuple(row[name] for name in names) for key, row in catastrophic.items()} == oracle.catastrophic()
    split = keyed("impact_split", "law_no", "part", "key")
    expected = oracle.split()
    assert {key: {name: row[name] for name in (*FUNDS, "acct", "cash")} for key, row in split.items()} == expected
    reserve = keyed("impact_reserve", "law_no", "insutype")
    assert {key: (row["reserve_before"], row["reserve_after"]) for key, row in reserve.items()} == oracle.reserve()


def test_the_order_of_rows_changes_nothing(city: Impact) -> None:
    world = {name: table.take(list(range(table.num_rows))[::-1]) for name, table in hand.tables().items()}
    with Engine(threads=1) as engine:
        hand.put(engine, world)
        again = measure(engine, hand.THRESHOLD)
    assert {name: table.to_pylist() for name, table in again.tables.items()} == {
        name: table.to_pylist() for name, table in city.tables.items()
    }
