"""SQL over tables, plain Python at the counter and an oracle in decimal say the same of every line."""

import ast
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from care_oracle import Oracle
from care_world import World, law_of, load_world, random_world

from yibao import catalogue
from yibao.catalogue import COUNTER_REASONS, Claim, FeeLine, History, Reason, Scope
from yibao.catalogue.scope import MICRO
from yibao.engine import Engine
from yibao.engine.kernels import compile_kernel

Answers = dict[tuple[str, str], tuple[str, list[int]]]


@pytest.fixture(scope="module")
def world() -> World:
    return random_world(20250301, persons=60, claims_each=20)


@pytest.fixture(scope="module")
def engine(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Engine() as session:
        load_world(session, world, tmp_path_factory.mktemp("world"))
        law = law_of(tmp_path_factory.mktemp("law"))
        facts = catalogue.line_facts(session, law)
        assert facts.findings == []
        assert facts.unverified == ("catalogue.consumable.method", "catalogue.rx.channels", "catalogue.rx.valid_days")
        yield session, law


@pytest.fixture(scope="module")
def oracle(world: World) -> Oracle:
    return Oracle(world, date(2025, 1, 1), 3, 30)


def parts_of(answer: tuple[str, list[Any]]) -> tuple[str, list[int]]:
    return answer[0], [int(part * MICRO) for part in answer[1]]


def test_the_batch_says_of_every_line_what_the_oracle_says(engine: Any, oracle: Oracle) -> None:
    session, _ = engine
    scoped = catalogue.scope_table(session)
    keys = session.rows("SELECT setl_id, feedetl_sn, reason FROM line_fact ORDER BY setl_id, feedetl_sn")
    batch = {(setl, sn): (Reason(reason).code, parts[:4]) for (setl, sn, reason), parts in
             zip(keys, scoped.parts.tolist(), strict=True)}  # fmt: skip
    expected = {key: parts_of(answer) for key, answer in oracle.answers.items()}
    assert len(batch) > 10_000
    assert {key: (batch[key], said) for key, said in expected.items() if batch.get(key) != said} == {}
    assert batch.keys() == expected.keys()


def test_the_random_lines_meet_every_reason_and_use_counters_up(engine: Any, oracle: Oracle) -> None:
    seen = Counter(reason for reason, _ in oracle.answers.values())
    static = {one.code for one in Reason if one < Reason.OVER_QUANTITY} - {"limit_unreadable"}
    assert {reason for reason in static if seen[reason] < 3} == set()
    assert oracle.beyond > 100
    session, _ = engine
    units = dict(
        session.rows("SELECT counter_unit, count(*) FROM line_fact WHERE counter_no >= 0 GROUP BY counter_unit")
    )
    assert set(units) == {1, 2, 3} and min(units.values()) > 50


def test_the_counter_says_of_every_settlement_what_the_batch_says(engine: Any, world: World) -> None:
    session, law = engine
    plain = at_the_counter(world, catalogue.read_catalogue(session), catalogue.terms_reader(law))
    names = ", ".join(f"f.{name}" for name in catalogue.Line._fields)
    rows = session.rows(f"""
        SELECT f.setl_id, f.feedetl_sn, f.reason, f.channel, f.tag, coalesce(c.counter_key, ''), {names}
        FROM line_fact f LEFT JOIN line_counter c ON c.counter_no = f.counter_no""")
    batch = {(row[0], row[1]): row[2:] for row in rows}
    assert {key: (said, batch[key]) for key, said in plain.items() if batch[key] != said} == {}
    assert len(plain) == len(batch)


def at_the_counter(world: World, found: catalogue.Catalogue, terms: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Every settlement by itself, in their order, with the history that the counter would have."""
    persons = {row["psn_no"]: row for row in world["persons"]}
    places = {row["fixmedins_code"]: row for row in world["providers"]}
    gone = {row["init_setl_id"] for row in world["claims"] if row["refd_setl_flag"] == "1"}
    used: dict[str, dict[str, list[date]]] = {}
    marks: dict[str, int] = {}
    answers: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in sorted(world["claims"], key=lambda row: row["setl_id"]):
        if row["refd_setl_flag"] == "1":
            continue
        lines = [fee_line(one) for one in world["fee_lines"] if one["setl_id"] == row["setl_id"]]
        own = used.setdefault(row["psn_no"], {})
        for fact in catalogue.facts_of_claim(
            lines, claim_of(row, persons, places), found, terms, History(own, dict(marks))
        ):
            answers[row["setl_id"], fact.feedetl_sn] = (
                int(fact.reason), fact.channel, fact.tag, fact.counter_key, *fact.line
            )  # fmt: skip
            if fact.line.counter_unit == 3:
                marks[fact.counter_key] = fact.line.counter_mark
        if row["setl_id"] not in gone:
            for line, kind in catalogue.net_lines(lines):
                if kind is Reason.PAYABLE and line.cnt_micro > 0:
                    own.setdefault(line.code, []).append(line.day)
    return answers


def micro(text: str) -> int:
    from decimal import Decimal

    return int(Decimal(text) * MICRO)


def fee_line(row: dict[str, str]) -> FeeLine:
    return FeeLine(
        row["feedetl_sn"], row["med_list_codg"], datetime.fromisoformat(row["fee_ocur_time"]).date(),
        micro(row["pric"]), micro(row["cnt"]), micro(row["det_item_fee_sumamt"]) // 10**4, row["bilg_dr_codg"],
        micro(row["prd_days"]) if row["prd_days"] else None, row["sin_dos_dscr"], row["rxno"], row["init_feedetl_sn"],
    )  # fmt: skip


def claim_of(row: dict[str, str], persons: dict[str, Any], places: dict[str, Any]) -> Claim:
    person, place = persons[row["psn_no"]], places[row["fixmedins_code"]]
    return Claim(
        row["setl_id"], row["psn_no"], row["fixmedins_code"], row["med_type"], place["hosp_lv"],
        row["med_type"] == "41" or place["fixmedins_type"] == "2", row["mdtrt_id"],
        row["insutype"] or person["insutype"],
        row["dise_codg"], tuple(code for code in row["diag_codes"].split("|") if code), person["gend"],
        date.fromisoformat(person["brdy"]) if person["brdy"] else None, row["dr_codg"], row["rxno"],
    )  # fmt: skip


def test_the_compiled_kernel_is_the_plain_one(engine: Any) -> None:
    pytest.importorskip("numba")
    session, _ = engine
    plain = catalogue.scope_table(session)
    compiled = catalogue.scope_table(session, kernel=compile_kernel(catalogue.scope_all))
    assert all(np.array_equal(one, other) for one, other in zip(plain, compiled, strict=True))


def test_the_parts_of_every_line_sum_to_its_amount_and_those_of_a_settlement_to_what_was_charged(engine: Any) -> None:
    session, _ = engine
    scoped = catalogue.scope_table(session)
    amounts = session.fetch("SELECT amount_fen FROM line_fact ORDER BY setl_id, feedetl_sn")["amount_fen"].to_numpy()
    assert np.array_equal(scoped.parts[:, :4].sum(axis=1), amounts * 10**4)
    assert (
        int(amounts.sum())
        == session.rows("""
        SELECT sum(det_item_fee_sumamt) FROM fee_lines l JOIN claims c USING (setl_id)
        WHERE coalesce(c.refd_setl_flag, '0') <> '1'""")[0][0]
    )


def test_the_facts_do_not_depend_on_the_order_of_the_rows(engine: Any) -> None:
    session, law = engine
    before = session.rows("SELECT * EXCLUDE (claim_no) FROM line_fact ORDER BY setl_id, feedetl_sn")
    for name in ("fee_lines", "claims", "catalogue_items", "item_limits", "special_approvals"):
        session.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name} ORDER BY hash({name})")
    catalogue.line_facts(session, law)
    assert session.rows("SELECT * EXCLUDE (claim_no) FROM line_fact ORDER BY setl_id, feedetl_sn") == before


def test_the_oracle_imports_nothing_of_the_program() -> None:
    tree = ast.parse(Path(__file__).with_name("care_oracle.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in names if name.startswith("yibao")]


def test_what_lies_beyond_a_counter_has_a_reason_of_its_own() -> None:
    assert [one.code for one in COUNTER_REASONS] == ["payable", "over_quantity", "over_days", "over_times"]
    assert Scope._fields == ("ownpay", "overlimit", "preself", "inscope", "counted")
