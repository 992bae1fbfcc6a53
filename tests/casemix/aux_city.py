"""Auxiliary terms for tests, as the product reads them and as the oracle does; the types of hand-made cases."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa
from dip_city import put_cases

from yibao.casemix.dip import AuxTerms
from yibao.casemix.dip.aux_terms import BAND_SCHEMA, DX_SCHEMA, SEVERITY, TUMOUR
from yibao.casemix.dip.auxiliary import TYPES, learn_types, open_groups, put_hits, put_scope
from yibao.engine import Engine

KINDS = ("cci", "severity", "tumour", "age", "icu", "newborn")
PLAIN: dict[str, Any] = {
    "kinds": KINDS, "min_group": 15, "min_type": 5, "icu_factor": Fraction(1, 2), "min_cv": Fraction(3, 10),
    "min_drop": Fraction(1, 20), "floor": Fraction(1), "serious_days": 3, "multiple": Fraction(3),
    "share": Fraction(1, 2), "newborn_days": 28,
    "cci": [("糖尿病", 1, "E11.9"), ("糖尿病", 2, "E11.2"), ("心衰", 1, "I50"), ("肿瘤", 2, "C34"), ("肿瘤", 6, "C78")],
    "cci_tiers": [("一般", 1, 2), ("严重", 3, 4), ("极严重", 5, None)],
    "severe": ["J96", "A41", "R57"], "moderate": ["J18", "I50.9"], "tumour": ["C34", "C50", "C78", "C79"],
    "age_days": [("0-28天", 0, 28), ("29天-1周岁", 29, 366)], "age_years": [("1-6岁", 1, 6), ("7-17岁", 7, 17)],
    "icu": [("2-7天", 2, 7), ("8-14天", 8, 14), ("15天及以上", 15, None)],
    "weight": [("不足1500克", 0, 1499), ("1500-2499克", 1500, 2499)],
}  # fmt: skip


def terms(plain: Mapping[str, Any] = PLAIN) -> AuxTerms:
    """The same terms as the product has them."""
    kinds = plain["kinds"]
    rows: list[tuple[Any, ...]] = []
    for kind in kinds:
        if kind in ("severity", "tumour"):
            names = SEVERITY if kind == "severity" else TUMOUR
            rows += [(kind, name, place, place, None, None) for place, name in enumerate(names, 1)]
        if kind in ("cci", "icu"):
            rows += [(kind, *row, None, None) for row in plain["cci_tiers" if kind == "cci" else "icu"]]
        if kind == "age":
            rows += [(kind, name, 0, 0, low, high) for name, low, high in plain["age_days"]]
            rows += [(kind, *row, None, None) for row in plain["age_years"]]
        if kind == "newborn":
            rows += [(kind, *row, None, plain["newborn_days"]) for row in plain["weight"]]
    bands = [dict(zip(BAND_SCHEMA.names, (n, *row), strict=True)) for n, row in enumerate(rows, 1)]
    dx = [("cci", *row) for row in plain["cci"]] if "cci" in kinds else []
    dx += [(mark, mark, 1, prefix) for mark in ("severe", "moderate") for prefix in plain[mark]]
    dx += [("tumour", prefix, 1, prefix) for prefix in plain["tumour"]] if "tumour" in kinds else []
    marks = [dict(zip(DX_SCHEMA.names, row, strict=True)) for row in dx]
    scalars = (
        "min_group",
        "min_type",
        "icu_factor",
        "min_cv",
        "min_drop",
        "floor",
        "serious_days",
        "multiple",
        "share",
    )
    return AuxTerms(
        kinds, *(plain[name] for name in scalars), "group_mean",
        pa.Table.from_pylist(bands, schema=BAND_SCHEMA), pa.Table.from_pylist(marks, schema=DX_SCHEMA),
    )  # fmt: skip


def put_assigned(engine: Engine, cases: Sequence[Mapping[str, Any]], kind: str = "core") -> None:
    """Cases with their ``group`` as the session has them after grouping: ``cases``, ``stay``, ``assigned``."""
    put_cases(engine, cases)
    engine.pipeline("yibao.casemix.dip", ("stay",), {"first_year": 0})
    rows = [{"case_no": n, "dip_code": case.get("group", "G"), "dip_type": case.get("type", kind), "scope": kind}
            for n, case in enumerate(cases)]  # fmt: skip
    engine.put("assigned", pa.Table.from_pylist(rows))


def types(
    cases: Sequence[Mapping[str, Any]], of: AuxTerms, base: int = 1_000_000
) -> list[dict[str, str]]:  # fmt: skip
    """The type of each kind of hand-made cases, by the product's own SQL."""
    with Engine() as engine:
        put_assigned(engine, cases)
        put_scope(engine, {case.get("group", "G"): base for case in cases}, of)
        engine.pipeline("yibao.casemix.dip", TYPES, of.sql_params)
        found: list[dict[str, str]] = [{} for _ in cases]
        query = "SELECT case_no, aux_kind, aux_type FROM aux_case JOIN aux_band USING (type_no)"
        for case_no, kind, name in engine.rows(query):
            assert kind not in found[case_no]
            found[case_no][kind] = name
    return found


def learned(
    engine: Engine, cases: Sequence[Mapping[str, Any]], of: AuxTerms, bases: Mapping[str, int], year: int
) -> tuple[pa.Table, pa.Table]:
    """The auxiliary types of a history, as `dip build` learns them."""
    put_assigned(engine, cases)
    open_to = open_groups(engine, of, year, ())
    put_scope(engine, {code: bases[code] for code in open_to}, of, year)
    engine.pipeline("yibao.casemix.dip", TYPES, of.sql_params)
    return learn_types(engine, open_to, of)


def hits(
    engine: Engine, cases: Sequence[Mapping[str, Any]], of: AuxTerms, aux_type: pa.Table, bases: Mapping[str, int]
) -> list[tuple[str, str, int]]:
    """(kind, type, coefficient) of each case under learned types, as `dip price` has it."""
    put_assigned(engine, cases)
    put_scope(engine, {code: bases[code] for code in set(aux_type["dip_code"].to_pylist())}, of)
    engine.pipeline("yibao.casemix.dip", TYPES, of.sql_params)
    put_hits(engine, aux_type)
    found = {n: (kind, name, aux) for n, kind, name, aux in engine.rows("FROM aux_hit")}
    return [found.get(n, ("", "", 10_000)) for n in range(len(cases))]
