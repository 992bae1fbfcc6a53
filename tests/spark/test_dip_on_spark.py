"""Every SQL file of the DIP job makes the same tables on Spark as on DuckDB, to the fen, on 1,000 cases and more."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aux_city import PLAIN, terms
from dip_city import REGIME, lists
from run_on_spark import compare, require_spark

import yibao
from yibao.casemix.dip import TYPES, learn, learn_facts, learn_types, open_groups, put_hits, put_scope
from yibao.casemix.dip.aux_terms import LocalTerms
from yibao.casemix.dip.learn import ASSIGN, LEARN, LEARN_CORE, MEASURE, PREPARE
from yibao.engine import Engine, load_sql
from yibao.packs import load_law
from yibao.payment.special import Decision, SpecialOutcome, decision_table
from yibao.payment.terms import DipTerms, read_coefficients, terms_table
from yibao.standard.icd10 import block_of, chapter_of
from yibao.synth import generate

pytestmark = pytest.mark.spark
VIEW = load_law("zibo", ["demo"]).at(date(2025, 6, 1))
CASEMIX, PAYMENT = "yibao.casemix.dip", "yibao.payment"
RULES = [
    {"layer": "early", "dip_code": "AI", "dx": "P07", "nwb_age_days_max": "28", "nwb_adm_wt_max": "2499"},
    {"layer": "merged", "dip_code": "MI", "dx": "I20|I21|I25", "px": "36.0600|36.0700+00.6600"},
    {"layer": "aux_dx", "dip_code": "TU", "dx": "Z51.1", "dx_other": "C00-C75", "px": "99.2500"},
]
EXCLUSIONS = [
    {"list": "px", "code": "88.7200", "effect": "not_principal", "scope": ""},
    {"list": "px", "code": "38.9300", "effect": "conservative", "scope": ""},
    {"list": "px", "code": "45.1600", "effect": "scope", "scope": "K25|K29"},
    {"list": "dx", "code": "R50.900", "effect": "not_principal", "scope": ""},
]
KINDS = {"0": "相关手术", "3": "相关手术", "4": "相关手术", "5": "相关手术", "7": "相关手术", "8": "相关手术",
         "88": "诊断性操作", "89": "内科诊疗", "45.1": "诊断性操作", "9": "治疗性操作"}  # fmt: skip
REGIME_HERE = REGIME._replace(
    core_min=5, composite_min=4, merge_dx3=True, trim_level="group", trim_low=REGIME.related_increase / 4,
    trim_high=1 - REGIME.related_increase / 4, trim_min=8,
)  # fmt: skip
WIDE = {
    "min_group": 3,
    "min_type": 0,
    "min_cv": REGIME.related_increase / 100,
    "min_drop": REGIME.related_increase / 100,
}
AUX = terms({**PLAIN, **WIDE, "severe": ["J96", "I50"], "moderate": ["I10", "E11"], "cci": [
    ("糖尿病", 1, "E11.9"), ("糖尿病", 2, "E11.2"), ("心脑血管", 1, "I"), ("肺", 1, "J4"), ("肿瘤", 6, "C78"),
]})  # fmt: skip
LOCAL = LocalTerms(REGIME.related_increase / 100, 1, 12, None, None, 65, 14)
PARAMS = {
    **AUX.sql_params, **LOCAL.sql_params, "home": "3703", "aux_year": 2025, "readmit_days": 90, "low_num": 1,
    "low_den": 2, "long_num": 2, "long_den": 1, "risk_num": 1, "risk_den": 10, "has_age": 1, "has_gend": 1,
    "has_days": 1, **REGIME_HERE.sql_params, "first_year": 2023, "pv_e4": 100_000, "scale": 1000,
    "unit_fee_micro": 5_000_000_000, "city_code": "370300",
    "taken_out": 1, "addon_k_e4": 5000, "keep_better": 1, "minus_patient": 0, "floored": 1, "offsite_in": 1,
    "ratio_level": "institution", "shared": 0,
}  # fmt: skip
TERMS = [
    DipTerms(date(2023, 1, 1), date(2024, 6, 30), "cost_over_mean", "excess", 50, 200, 500, 0, 8000),
    DipTerms(date(2024, 7, 1), date(2026, 12, 31), "cost_over_standard", "flag", 50, 200, None, 1, 8000),
]


@pytest.fixture(autouse=True)
def spark() -> None:
    require_spark()


MONEY = ("medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "drug_fee", "trt_fee", "tcm_fee")


def inputs() -> dict[str, pa.Table]:
    """A thousand synthetic cases as the session's tables before grouping, and the lists they are grouped with."""
    cases = generate(2_600, seed=5).cases.slice(400, 1_000)
    with Engine() as engine:
        engine.put("raw", cases)
        engine.con.execute(
            "CREATE TABLE cases AS SELECT row_number() OVER (ORDER BY setl_id) AS case_no, * REPLACE "
            + "("
            + ", ".join(f"CAST({name} * 100 AS BIGINT) AS {name}" for name in MONEY)
            + "), CAST(medfee_sumamt * 100 AS BIGINT) AS gross_fee FROM raw"
        )
        tables = {"cases": engine.fetch("SELECT * FROM cases")}
        for column, name, table in (("diag_codes", "diag_code", "case_dx"), ("oprn_codes", "oprn_code", "case_px")):
            engine.con.execute(
                f"CREATE TABLE {table} AS SELECT case_no, CAST(generate_subscripts(l, 1) AS INTEGER) AS seq, "
                f"unnest(l) AS {name} FROM (SELECT case_no, string_split({column}, '|') AS l FROM cases "
                f"WHERE {column} <> '')"
            )
            tables[table] = engine.fetch(f"SELECT * FROM {table}")
    given = lists(RULES, EXCLUSIONS, kinds=KINDS)
    categories = sorted({codes[:3] for codes in tables["cases"]["diag_codes"].to_pylist()})
    chapters = pa.table({"dx3": categories, "chapter": [chapter_of(one) for one in categories]})
    blocks = chapters.append_column("block", pa.array([block_of(one) for one in categories]))
    return {**tables, **given.rules.tables, **given.exclusions, "px_kind": given.px_kind, "dx_chapter": chapters,
            "dx_block": blocks, "flag_exempt": pa.table({"prefix": ["Z51"]})}  # fmt: skip


def learned(tables: dict[str, pa.Table]) -> dict[str, Any]:
    """What the program itself adds between the statements: ranks of ties, points, coefficients, terms."""
    with Engine() as engine:
        for name, table in tables.items():
            engine.put(name, table)
        catalogue = learn(engine, lists(RULES, EXCLUSIONS, kinds=KINDS), REGIME_HERE)
        groups = engine.fetch("SELECT * FROM dip_group")
        order = engine.fetch("SELECT * FROM related_order")
        further = auxiliary(engine, catalogue.groups)
    return {
        **further,
        "related_order": order,
        "dip_group": groups, "related_part": catalogue.related_part, "related_rank": catalogue.related_rank,
        "catalogue_points": catalogue.groups.select(["dip_code", "points"]),
        "level_coefficient": read_coefficients(VIEW, catalogue.levels, date(2023, 1, 1), date(2026, 12, 31)),
        "dip_terms": terms_table(TERMS),
    }  # fmt: skip


def auxiliary(engine: Engine, groups: pa.Table) -> dict[str, pa.Table]:
    """What the program adds for auxiliary types, the local catalogue and the flags: scope, types, lists, facts."""
    codes = groups["dip_code"].to_pylist()
    open_to = open_groups(engine, AUX, 2025, codes[:1])
    put_scope(engine, dict.fromkeys(open_to, 500_000), AUX, 2025)
    engine.pipeline(CASEMIX, TYPES, AUX.sql_params)
    put_hits(engine, learn_types(engine, open_to, AUX)[0])
    kinds = ("primary_care", "tcm", "day", "bed_day")
    listed = [(kinds[n % 4], code, 1234 if n % 3 else None) for n, code in enumerate(codes)]
    names = ("list_kind", "dip_code", "list_points")
    means = groups.select(["dip_code", "mean_fee", "mean_fee_lv1", "mean_fee_lv2", "mean_fee_lv3"])
    return {
        **{name: engine.fetch(f"SELECT * FROM {name}") for name in ("aux_scope", "aux_band", "aux_dx", "aux_choice")},
        "local_list": pa.table({name: [row[n] for row in listed] for n, name in enumerate(names)}),
        "group_fact": learn_facts(engine, LOCAL).drop_columns(["cv"]),
        "catalogue_mean": means,
    }


FUNDS = {"310": 123_456_789, "390": 98_765_432}


def payment(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """What paying reads besides the scores: excluded fees, a special review, budgets, add-ons, values and rates."""
    cases = tables["cases"]
    codes = sorted(set(cases["fixmedins_code"].to_pylist()))
    settled = cases["setl_id"].to_pylist()[::7]
    funds, since = list(FUNDS), [date(2023, 1, 1)]
    lo, gap = (pa.array([Decimal(one)] * len(codes), pa.decimal128(38, 0)) for one in (71_234_567_890_123, 1))
    hit = Decision(settled[0], cases["case_no"][0].as_py(), "mdt", SpecialOutcome.GRANTED, "1.0000", 1_234_567, 1)
    none = pa.array([], pa.int64())
    fees = {"setl_id": settled, "med_list_codg": [f"X{'AB'[n % 2]}" for n in range(len(settled))],
            "item_amount": [12_345 * (n % 90) for n in range(len(settled))]}  # fmt: skip
    rates = [pa.table({"fund_type": [f] * len(codes), "fixmedins_code": codes, "lo": lo, "gap": gap}) for f in funds]
    return {
        "loaded_cases_numbered": cases,
        "excluded_fees": pa.table(fees),
        "excluded_items": pa.table({"med_list_codg": ["XA"], "valid_from": since, "valid_until": [date(2025, 6, 30)]}),
        "fund_budget": pa.table({"fund_type": funds, "budget_fen": list(FUNDS.values())}),
        "share_fund": pa.table({"fund_type": funds, "fund_fen": list(FUNDS.values())}),
        "institution_addon": pa.table({"fixmedins_code": codes, "addon": [n % 700 for n in range(len(codes))]}),
        "special_decision": decision_table([hit]),
        "value_bound": pa.table({"fund_type": funds, "lo": lo[:2], "gap": gap[:2]}),
        "rate_bound": pa.concat_tables(rates),
        "due_exact": pa.table({"case_no": none, "standard": none, "due": none, "plain_due": none}),
    }


PAY = (
    "standard_fee", "case_points", "excluded_case", "pool_case", "final_points", "payee", "fund_total",
    "institution_total", "share_part", "share", "due_bound", "case_due", "hospital",
)  # fmt: skip
FURTHER = (
    "aux_group", "aux_stay", *TYPES, "aux_sum", "aux_hit", "group_sum", "hospital_history", "catalogue_tree",
    "case_local", "grouped", "readmission", "case_flag",
)  # fmt: skip


def test_learning_grouping_points_and_shares_are_equal_on_both_engines(tmp_path: Path) -> None:
    tables = inputs()
    first = [load_sql(CASEMIX, name) for name in ("stay", *PREPARE, "core_count", *LEARN_CORE, *LEARN)]
    made = compare(first, tables, PARAMS, tmp_path)
    assert {"early", "merged", "aux_dx"} & {row[-1] for row in made["rule_hit"]}
    assert all(made[name] for name in ("related_key", "merged_key", "composite_key", "chapter_key", "rule_hit"))
    second = [
        *(
            load_sql(CASEMIX, name)
            for name in (*ASSIGN, *MEASURE, "base_candidate", *FURTHER, "quality_group", "related_count")
        ),
        *(load_sql(PAYMENT, name) for name in PAY),
    ]
    before = [one for one in first if one.name != "dip_group"]
    made = compare([*before, *second], {**tables, **learned(tables), **payment(tables)}, PARAMS, tmp_path)
    assert all(made[name] for name in (*FURTHER, *PAY)), (
        "the cases must reach every statement, or the comparison says little"
    )
    assert sum(row[1] for row in made["share"]) == sum(FUNDS.values())
    tested = {one.name for one in (*first, *second)}
    folder = Path(yibao.__file__).parent
    assert tested == {p.stem for room in ("casemix/dip", "payment") for p in (folder / room).glob("*.sql")}
