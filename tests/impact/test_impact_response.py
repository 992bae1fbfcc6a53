"""行为反应: off it changes nothing; on it moves visits by their setl_id alone, as far as the law's shares say."""

import random
from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import impact_hand as hand
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.engine import Engine
from yibao.impact.measure import INPUTS
from yibao.impact.response import (
    ELASTICITY,
    PPM,
    SHIFT,
    SUFFIX,
    ResponsePlan,
    Rule,
    draws,
    plan_response,
    read_response,
    responded,
)
from yibao.kernel import Grade, Period, Source
from yibao.law import Parameter
from yibao.packs import PackError, load_parameters
from yibao.standard import TABLES

DAY = date(2025, 1, 1)
FILE = """
- key: response.shift
  where: {from_lv: 3, to_lv: 1, kind: outpatient}
  from: 2025-01-01
  value: "0.3"
  unit: ratio
  source: {doc: 测算, published: 2025-01-01}
  grade: assumed
- key: response.elasticity
  where: {kind: outpatient, insutype: [310, 390]}
  from: 2025-01-01
  value: "-0.5"
  unit: text
  source: {doc: 门诊需求研究, published: 2024-06-01}
  grade: published
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(threads=1) as one:
        yield one


def rule(key: str, value: str, **where: str) -> Rule:
    source, unit = Source("测算", DAY), "ratio" if key == SHIFT else "text"
    wanted = {name: tuple(text.split("|")) for name, text in where.items()}
    return Rule(Parameter(key, value, unit, Period(DAY), source, Grade.ASSUMED, wanted), Fraction(value), wanted)


def visits(count: int, free: bool = False) -> dict[str, pa.Table]:
    """Outpatient visits at levels 3 and 1, half the fee paid by the patient before, three quarters after."""
    claims = [
        {
            "claim_no": no, "setl_id": f"S{no:06d}", "psn_no": f"P{no % 50}", "day": date(2025, 3, 1), "year": 2025,
            "month": "2025-03", "insutype": "310" if no % 3 else "390", "kind": "outpatient", "offsite": "none",
            "hosp_lv": "3" if no % 2 else "1", "fixmedins_code": "H3" if no % 2 else "H0" if no % 8 == 0 else "H1",
            "medfee": 100_00,
        }
        for no in range(count)
    ]  # fmt: skip
    amounts = [
        {
            "law_no": law, "claim_no": row["claim_no"], "outcome": "settled", "own": 0, "over_limit": 0, "preself": 0,
            "in_scope": 100_00, **dict.fromkeys(("hifob", "hifmi", "maf", "cvlserv", "oth", "acct", "mulaid"), 0),
            "hifp": 100_00 - cash, "cash": cash,
        }
        for law, cash in ((0, 0 if free else 50_00), (1, 75_00)) for row in claims
    ]  # fmt: skip
    laws = [(0, "base", None), (1, "reform", None)]
    given = {
        "sim_law": [
            {"law_no": no, "name": "", "role": role, "key": "", "label": "", "of_law": of} for no, role, of in laws
        ],
        "sim_claim": claims,
        "sim_amount": amounts,
    }  # fmt: skip
    return {name: pa.Table.from_pylist(rows, INPUTS[name]) for name, rows in given.items()}


def file_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """A table as `tables.load` leaves it in the session."""
    types = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us")}
    fields = [(one.name, types.get(one.kind.sql_type, pa.string())) for one in TABLES[name].fields]
    schema = pa.schema([*fields, ("src_file", pa.string()), ("src_row", pa.int64())])
    return pa.Table.from_pylist(
        [{"src_file": f"{name}.csv", "src_row": at + 2, **row} for at, row in enumerate(rows)], schema
    )


def claims_of(sim: pa.Table, reversals: tuple[str, ...] = ()) -> dict[str, pa.Table]:
    """The claims, lines and prescriptions behind ``sim_claim``; the named ones are taken back by ``R…``."""
    moment = datetime(2025, 3, 1, 8)
    rows = [
        {"setl_id": row["setl_id"], "mdtrt_id": f"M{row['setl_id']}", "psn_no": row["psn_no"], "insutype": None,
         "fixmedins_code": row["fixmedins_code"], "med_type": "11", "setl_time": moment, "medfee_sumamt": 100_00,
         "refd_setl_flag": "0", "rxno": f"X{row['setl_id']}" if row["claim_no"] % 5 == 0 else None}
        for row in sim.to_pylist()
    ]  # fmt: skip
    for setl in reversals:
        original = next(row for row in rows if row["setl_id"] == setl)
        rows.append({**original, "setl_id": f"R{setl}", "refd_setl_flag": "1", "init_setl_id": setl})
    lines = [
        {"setl_id": row["setl_id"], "feedetl_sn": f"F{nth}", "fee_ocur_time": moment, "med_list_codg": "A",
         "cnt": 1_000_000, "pric": 50_000_000, "det_item_fee_sumamt": 50_00, "rxno": row["rxno"]}
        for row in rows for nth in (1, 2)
    ]  # fmt: skip
    written = [
        {"rxno": row["rxno"], "med_list_codg": "A", "psn_no": row["psn_no"], "rx_time": moment, "cnt": 2_000_000}
        for row in rows if row["rxno"]
    ]  # fmt: skip
    return {
        "claims": file_table("claims", rows),
        "fee_lines": file_table("fee_lines", lines),
        "prescriptions": file_table("prescriptions", written),
    }


def plan(engine: Engine, rules: list[Rule], count: int = 400, free: bool = False) -> ResponsePlan:
    world = visits(count, free)
    hand.put(engine, {**world, **claims_of(world["sim_claim"])})
    return plan_response(engine, rules, 1)


def fates(engine: Engine) -> dict[str, tuple[int, str | None, str | None]]:
    found = engine.rows("SELECT setl_id, copies, to_lv, to_fixmedins_code FROM response_claim")
    return {setl: (copies, level, place) for setl, copies, level, place in found}


def sorted_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)


# --- off ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", [[], [rule(SHIFT, "0", from_lv="3", to_lv="1"), rule(ELASTICITY, "0")]])
def test_zeros_leave_every_claim_line_and_prescription_as_it_is(engine: Engine, rules: list[Rule]) -> None:
    found = plan(engine, rules)
    assert (found.gone, found.added, found.moved) == (0, 0, 0)
    names = responded(engine)
    assert names == ("responded_claims", "responded_lines", "responded_prescriptions")
    for name, before in zip(names, ("claims", "fee_lines", "prescriptions"), strict=True):
        old, new = engine.fetch(f"SELECT * FROM {before}"), engine.fetch(f"SELECT * FROM {name}")
        assert new.schema.names == old.schema.names
        assert [str(field.type) for field in new.schema] == [str(field.type) for field in old.schema]
        assert sorted_rows(new) == sorted_rows(old)


# --- on -------------------------------------------------------------------------------------------------------------


def test_an_elasticity_takes_away_as_many_visits_as_the_share_of_the_patient_says(engine: Engine) -> None:
    # the share goes from a half to three quarters, half as much again: −0.5 × 50 % = −25 %
    found = plan(engine, [rule(ELASTICITY, "-0.5", kind="outpatient", insutype="310")], 4_000)
    cells = {(row["hosp_lv"], row["insutype"]): row for row in found.cells.to_pylist()}
    assert {key: row["change_ppm"] for key, row in cells.items()} == {
        ("1", "310"): -250_000, ("1", "390"): 0, ("3", "310"): -250_000, ("3", "390"): 0,
    }  # fmt: skip
    assert (cells["1", "310"]["share_before"], cells["1", "310"]["share_after"]) == (0.5, 0.75)
    expected = sum(row["visits"] for key, row in cells.items() if key[1] == "310") / 4
    assert found.added == found.moved == 0
    assert abs(found.gone - expected) < 4 * (expected * 0.75) ** 0.5


def test_a_second_visit_has_ids_and_a_prescription_of_its_own(engine: Engine) -> None:
    found = plan(engine, [rule(ELASTICITY, "0.5")])
    assert found.added > 0
    assert found.gone == 0
    responded(engine)
    twice = {setl for setl, (copies, _, _) in fates(engine).items() if copies == 2}
    ids = [setl for (setl,) in engine.rows("SELECT setl_id FROM responded_claims")]
    assert len(ids) == len(set(ids)) == 400 + found.added
    assert {setl for setl in ids if setl.endswith(SUFFIX)} == {setl + SUFFIX for setl in twice}
    assert engine.rows("""
        SELECT count(*) FROM responded_claims AS c JOIN responded_lines AS f ON f.setl_id = c.setl_id
        WHERE c.rxno IS DISTINCT FROM f.rxno""") == [(0,)]
    assert engine.rows("""
        SELECT count(*) FROM responded_claims AS c
        WHERE c.rxno <> '' AND NOT EXISTS (SELECT 1 FROM responded_prescriptions AS p WHERE p.rxno = c.rxno)
        """) == [(0,)]
    sums = engine.rows("""
        SELECT c.setl_id FROM responded_claims AS c JOIN responded_lines AS f ON f.setl_id = c.setl_id
        GROUP BY c.setl_id, c.medfee_sumamt HAVING sum(f.det_item_fee_sumamt) <> c.medfee_sumamt""")
    assert sums == []


def test_visits_move_to_the_institution_of_the_level_with_most_of_their_kind(engine: Engine) -> None:
    found = plan(engine, [rule(SHIFT, "0.3", from_lv="3", to_lv="1", kind="outpatient")], 4_000)
    moved = fates(engine)
    assert {(copies, level, place) for copies, level, place in moved.values()} == {(1, "1", "H1")}
    assert all(int(setl[1:]) % 2 for setl in moved), "only level 3 is left"
    assert abs(found.moved - 600) < 4 * (600 * 0.7) ** 0.5
    responded(engine)
    assert engine.rows("SELECT count(*) FROM responded_claims WHERE fixmedins_code = 'H1'") == [
        (engine.rows("SELECT count(*) FROM claims WHERE fixmedins_code = 'H1'")[0][0] + found.moved,)
    ]


def test_visits_offsite_neither_move_nor_call_for_others(engine: Engine) -> None:
    world = visits(400)
    claims = [{**row, "offsite": "filed_late" if row["fixmedins_code"] in ("H1", "H3") else "none"}
              for row in world["sim_claim"].to_pylist()]  # fmt: skip
    for row in claims[:4]:
        row["offsite"] = "none"
    world["sim_claim"] = pa.Table.from_pylist(claims, INPUTS["sim_claim"])
    hand.put(engine, {**world, **claims_of(world["sim_claim"])})
    found = plan_response(engine, [rule(SHIFT, "1", from_lv="3", to_lv="1")], 1)
    assert found.moved == 2, "two of the first four are at level 3"
    assert {place for _, _, place in fates(engine).values()} == {"H0"}


def test_a_level_without_an_institution_takes_nobody_and_is_named(engine: Engine) -> None:
    found = plan(engine, [rule(SHIFT, "1", from_lv="3", to_lv="2")])
    assert found.moved == 0
    assert [one.code for one in found.findings] == ["response_nowhere"]


def test_what_cannot_be_computed_or_is_cut_is_named(engine: Engine) -> None:
    assert {one.code for one in plan(engine, [rule(ELASTICITY, "-0.5")], free=True).findings} == {"response_free"}
    assert fates(engine) == {}
    all_gone = plan(engine, [rule(ELASTICITY, "-9")])
    assert {one.code for one in all_gone.findings} == {"response_cut"}
    assert all_gone.gone == all_gone.visits == 400


def test_what_is_taken_back_stays_with_what_takes_it_back(engine: Engine) -> None:
    world = visits(60)
    hand.put(engine, {**world, **claims_of(world["sim_claim"], reversals=("S000004", "S000005"))})
    found = plan_response(engine, [rule(ELASTICITY, "-9")], 1)
    assert found.gone == 58
    assert not {"S000004", "S000005", "RS000004"} & set(fates(engine))


def test_the_order_of_rows_and_other_claims_change_no_fate(engine: Engine) -> None:
    rules = [rule(ELASTICITY, "-0.5"), rule(SHIFT, "0.3", from_lv="3", to_lv="1")]
    plan(engine, rules)
    first = fates(engine)
    world = visits(400)
    order = list(range(400))
    random.Random(3).shuffle(order)
    world["sim_claim"] = world["sim_claim"].take(order)
    hand.put(engine, {**world, **claims_of(world["sim_claim"])})
    plan_response(engine, rules, 1)
    assert fates(engine) == first
    plan(engine, rules, 200)
    assert fates(engine) == {setl: fate for setl, fate in first.items() if int(setl[1:]) < 200}


def test_a_larger_elasticity_takes_away_the_same_visits_and_more(engine: Engine) -> None:
    plan(engine, [rule(ELASTICITY, "-0.2")])
    small = set(fates(engine))
    plan(engine, [rule(ELASTICITY, "-0.6")])
    assert small < set(fates(engine))


def test_the_numbers_are_the_same_everywhere_and_spread_evenly() -> None:
    ids = pa.chunked_array([["S1", "结算2", ""], ["S1"]])
    assert draws(ids, 0).tolist() == [hash_by_hand(text) for text in ("S1", "结算2", "", "S1")]
    many = draws(pa.chunked_array([[f"S{no}" for no in range(20_000)]]), 7)
    assert many.min() >= 0
    assert many.max() < PPM
    tenths = [int(((many >= low) & (many < low + 100_000)).sum()) for low in range(0, PPM, 100_000)]
    assert max(abs(one - 2_000) for one in tenths) < 200


def hash_by_hand(text: str) -> int:
    whole = (1 << 64) - 1
    state = 0xCBF29CE484222325
    for letter in text.encode():
        state = (state ^ letter) * 0x100000001B3 & whole
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> shift)) * factor & whole
    return (state ^ (state >> 31)) % PPM


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_file_of_rules_is_read_with_source_and_grade(tmp_path: Path) -> None:
    (tmp_path / "response.yaml").write_text(FILE, encoding="utf-8")
    rules, findings = read_response(load_parameters(tmp_path / "response.yaml"), DAY)
    assert findings == []
    assert [(one.key, one.value) for one in rules] == [(SHIFT, Fraction(3, 10)), (ELASTICITY, Fraction(-1, 2))]
    assert rules[1].parameter.grade is Grade.PUBLISHED
    assert rules[1].parameter.source.doc == "门诊需求研究"
    assert read_response(load_parameters(tmp_path / "response.yaml"), date(2024, 12, 31)) == ([], [])


def test_a_fault_of_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "response.yaml").write_text(FILE.replace("grade: assumed", "grade: guessed"), encoding="utf-8")
    with pytest.raises(PackError, match=r"response\.yaml:8:\d+"):
        load_parameters(tmp_path / "response.yaml")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([("response.cost", "1", {})], "没有参数"),
        ([(SHIFT, "0.1", {"from_lv": "3", "to_lv": "1", "age": "1"})], "没有字段“age”"),
        ([(SHIFT, "0.1", {"from_lv": "3"})], "须各写一个等级"),
        ([(SHIFT, "0.1", {"from_lv": "3|2", "to_lv": "1"})], "须各写一个等级"),
        ([(SHIFT, "0.1", {"from_lv": "3", "to_lv": "9"})], "没有机构等级“9”"),
        ([(SHIFT, "0.1", {"from_lv": "3", "to_lv": "3"})], "两个等级相同"),
        ([(SHIFT, "1.1", {"from_lv": "3", "to_lv": "1"})], "0和1之间"),
        ([(SHIFT, "0.1234567", {"from_lv": "3", "to_lv": "1"})], "六位小数"),
        ([(ELASTICITY, "许多", {})], "六位小数"),
        ([(ELASTICITY, "1", {}), (ELASTICITY, "2", {"kind": "inpatient"})], "管到同样的就诊"),
        ([(SHIFT, "0.1", {"from_lv": "3", "to_lv": "1"}),
          (SHIFT, "0.1", {"from_lv": "3", "to_lv": "1", "kind": "chronic"})], "管到同样的就诊"),
        ([(SHIFT, "0.6", {"from_lv": "3", "to_lv": "1"}), (SHIFT, "0.6", {"from_lv": "3", "to_lv": "2"})], "超过1"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_is_named(rules: list[tuple[str, str, dict[str, str]]], said: str) -> None:
    given_ones = [
        Parameter(key, value, "text", Period(DAY), Source("测算", DAY), Grade.ASSUMED,
                  {name: tuple(text.split("|")) for name, text in where.items()})
        for key, value, where in rules
    ]  # fmt: skip
    _, findings = read_response(given_ones, DAY)
    assert any(said in one.message for one in findings), [one.message for one in findings]


@settings(max_examples=15)
@given(value=st.integers(-1_500_000, 1_500_000))
def test_the_change_of_visits_is_rounded_half_up_to_a_millionth(engine: Engine, value: int) -> None:
    text = f"{'-' if value < 0 else ''}{abs(value) // PPM}.{abs(value) % PPM:06d}"
    found = plan(engine, [rule(ELASTICITY, text)], 12)
    exact = Fraction(value, 2)
    half_up = int(abs(exact) + Fraction(1, 2)) * (1 if exact > 0 else -1)
    assert {row["change_ppm"] for row in found.cells.to_pylist()} == {max(-PPM, min(PPM, half_up))}
