"""The worked examples of auxiliary types, 基层病种, 目录分级 and list quality, each under its own id."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from aux_city import PLAIN, learned, put_assigned, terms, types
from dip_city import REGIME, lists, put_cases
from vectors import FAMILIES, Vector, ids, of

from yibao.casemix.dip import TYPES, quality, read_aux, tree
from yibao.casemix.dip.aux_terms import NEVER, LocalTerms
from yibao.casemix.dip.auxiliary import Sums, coefficient, put_hits, put_scope, ranked, spread_within
from yibao.casemix.dip.learn import prepare
from yibao.casemix.dip.local import is_candidate
from yibao.casemix.dip.score import coefficient_of_variation
from yibao.engine import Engine
from yibao.packs import load_law

DEMO = load_law("zibo", ["demo"]).at(date(2025, 6, 1))
LAW_TERMS = read_aux(DEMO, "dip2_0")


def fen(yuan: Any) -> int:
    return int(Decimal(str(yuan)) * 100)


def sums(fees: list[int]) -> Sums:
    return Sums(len(fees), sum(fees), sum(fee * fee for fee in fees))


def gate(v: Vector) -> None:
    """Through learning itself: the group's six cases, three of each type, gates on cases set aside."""
    first, second = ([fen(fee) for fee in v.inputs[name]] for name in ("type_1", "type_2"))
    plain = {**PLAIN, "kinds": ("severity",), "min_group": 1, "min_type": 1, "min_drop": Fraction(v.inputs["min_drop"])}
    cases = [{"group": "G", "dx": ["K35.300"], "fee": fee} for fee in first]
    cases += [{"group": "G", "dx": ["K35.300", "J96.000"], "stay": 5, "fee": fee} for fee in second]
    with Engine() as engine:
        aux_type, report = learned(engine, cases, terms(plain), {"G": 1}, 2025)
        told = report.to_pylist()[0]
        strict = terms({**plain, "min_drop": Fraction(919, 1000)})
        assert learned(engine, cases, strict, {"G": 1}, 2025)[0].num_rows == 0
    assert f"{told['cv_before']:.4f}" == v.expected["cv_before"]
    assert f"{told['cv_after']:.4f}" == v.expected["cv_within"]
    assert f"{1 - told['cv_after'] / told['cv_before']:.4f}" == v.expected["drop"]
    assert (aux_type.num_rows > 0) == (v.expected["gate"] == "pass")
    group = sums(first + second)
    within = spread_within(group, [sums(first), sums(second)])
    assert f"{coefficient_of_variation(first + second):.4f}" == v.expected["cv_before"]
    assert Fraction(within, 1) < group.spread


def coefficients(v: Vector) -> None:
    one, group = Sums(1, fen(v.inputs["mj"]), 0), Sums(1, fen(v.inputs["M"]), 0)
    for floor, name in ((Fraction(0), "coef"), (LAW_TERMS.floor, "with_floor")):
        found = Decimal(coefficient(one, group, floor)).scaleb(-4)
        assert found == Decimal(v.expected[name]).quantize(Decimal("0.0001"))


def highest(v: Vector) -> None:
    """Through aux_hit.sql: a case with three types."""
    kinds = {"CCI": ("cci", "一般"), "严重程度": ("severity", "重度"), "年龄": ("age", "1-6岁")}
    given = {kinds[name]: Fraction(value) for name, value in v.inputs["hits"].items()}
    order = ranked([(*key, value) for key, value in given.items()], PLAIN["kinds"])
    names = ("dip_code", "aux_kind", "aux_type", "coefficient", "nth")
    rows = [dict(zip(names, ("G", *key, int(given[key] * 10**4), n), strict=True)) for n, key in enumerate(order, 1)]
    case = {"group": "G", "dx": ["K35.300", "J96.000", "E11.900"], "stay": 5, "age": 4}
    with Engine() as engine:
        put_assigned(engine, [case])
        put_scope(engine, {"G": 1}, terms())
        engine.pipeline("yibao.casemix.dip", TYPES, terms().sql_params)
        put_hits(engine, pa.Table.from_pylist(rows))
        assert engine.count("aux_case") == 3
        ((kind, _, aux),) = engine.rows("SELECT aux_kind, aux_type, aux FROM aux_hit")
    assert (kind, f"{aux / 10**4:.2f}") == (kinds[v.expected["type"]][0], v.expected["coef"])


def severity(v: Vector) -> None:
    given = v.inputs
    plain = {**PLAIN, "severe": given["severe_set"], "moderate": given["moderate_set"]}
    case = {"dx": ["K35.3", *given["secondary"]], "stay": given["los"], "way": "5" if given["death"] else "1"}
    assert types([case], terms(plain))[0]["severity"] == v.expected["level"]


def tumour(v: Vector) -> None:
    given = v.inputs
    treatment, drug = fen(given["treatment_fee_excl_surgery"]), fen(given["drug_fee"])
    case = {
        "dx": [given["dx"], *given["secondary"]], "stay": given["los"], "way": "5" if given["death"] else "1",
        "fee": fen(given["cost"]), "treatment": treatment, "drug": drug,
    }  # fmt: skip
    for one in (terms(), LAW_TERMS):
        assert types([case], one, base=fen(given["standard"]))[0]["tumour"] == v.expected["type"]


def ages(v: Vector) -> None:
    """The bands of the law; 65 and older make no type of their own: severity is to correct them."""
    cases = [{"dx": ["J18.900"], "age": years if years is not None else None, "days": days}
             for days, years in v.inputs["days_years"]]  # fmt: skip
    found = [one.get("age", "none") for one in types(cases, LAW_TERMS)]
    expected = v.expected["bands"].split(";")
    by_severity = [place for place, band in enumerate(expected) if band.endswith("(按严重程度校正)")]
    assert [band for place, band in enumerate(found) if place not in by_severity] == [
        band for place, band in enumerate(expected) if place not in by_severity
    ]
    assert all(found[place] == "none" and v.inputs["days_years"][place][1] >= 65 for place in by_severity)


def icu_days(v: Vector) -> None:
    names = {"2-7天": "2-7", "8-14天": "8-14", "15-30天": "15-30", "31天及以上": "31+", "": "none"}
    found = types([{"dx": ["J18.900"], "icu": days} for days in v.inputs["days"]], LAW_TERMS)
    assert ";".join(names[one.get("icu", "")] for one in found) == v.expected["bands"]


def comorbidity(v: Vector) -> None:
    """One weight a category; the example's categories are the 3-character ones."""
    given = v.inputs
    plain = {**PLAIN, "cci": [(code[:3], weight, code) for code, weight in given["weights"].items()]}
    case = {"dx": [given["principal"], *given["other_dx"]], "stay": 5}
    with Engine() as engine:
        put_assigned(engine, [case])
        put_scope(engine, {"G": 1}, terms(plain))
        engine.pipeline("yibao.casemix.dip", ("dx_mark", "case_mark"))
        score = engine.rows("SELECT cci FROM case_mark")
    assert str(score[0][0] if score else 0) == v.expected["cci"]
    found = types([case], terms({**plain, "cci_tiers": [("一般", 1, 2), ("严重", 3, 4), ("极严重", 5, None)]}))
    assert found[0].get("cci", "无") == v.expected["level"]
    assert LAW_TERMS.bands.num_rows, "the tiers of the law are the same"
    tiers = [(r["aux_type"], r["low"], r["high"]) for r in LAW_TERMS.bands.to_pylist() if r["aux_kind"] == "cci"]
    assert tiers == PLAIN["cci_tiers"]


def primary(v: Vector) -> None:
    """A hundred cases with the stated CV: n × scatter is chosen so that the squares are exact."""
    given = v.inputs
    of_law = LocalTerms(Fraction(1), NEVER, 1, Fraction(given["cv_max"]), Fraction(given["share_min"]), None, None)

    def chosen(cv: str, share: str) -> str:
        n, mean = 100, 10_000
        square = n * mean**2 + n * int((Fraction(cv) * mean) ** 2)
        return str(bool(is_candidate(Sums(n, n * mean, square), int(Fraction(share) * n), of_law)))

    assert chosen(given["cv"], given["primary_share"]) == v.expected["candidate"]
    assert chosen(given["cv_max"], given["share_min"]) == "True", "both bounds are inclusive"
    assert chosen("0.71", given["primary_share"]) == chosen(given["cv"], "0.49") == "False"


def levels(v: Vector) -> None:
    with Engine() as engine:
        put_cases(engine, [{"dx": [v.inputs["dx"] + "00"], "px": ["47.0100"]}])
        prepare(engine, lists(), REGIME)
        engine.put("assigned", pa.table({"case_no": [0], "dip_code": ["G"], "dip_type": ["core"], "scope": ["core"]}))
        nodes = dict(zip(*(tree(engine)[name].to_pylist() for name in ("tree_level", "node")), strict=True))
        block = engine.rows("SELECT chapter, block FROM dx_block")
    assert block == [(v.inputs["chapter"], v.inputs["block"])]
    assert nodes == {0: v.inputs["chapter"], 1: v.expected["level1"], 2: v.expected["level2"], 3: "G"}


_TERMS = quality.read_list_terms(DEMO)
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "dx": ("diag_codes", lambda dx: (dx,) if dx else ()),
    "total": ("medfee_sumamt", fen),
    "lines": ("item_amounts", lambda lines: [fen(one) for one in lines]),
    "sex": ("gend", lambda sex: {"M": "1", "F": "2"}[sex]),
    "admit": ("adm_date", date.fromisoformat),
    "discharge": ("dscg_date", date.fromisoformat),
    "age_years": ("age", int),
    "day_age": ("nwb_age_days", int),
}


def list_quality(v: Vector) -> None:
    sheet = {_FIELDS[name][0]: _FIELDS[name][1](value) for name, value in v.inputs.items()}
    checks = quality.check_list(sheet, _TERMS)
    assert quality.verdict(checks) == v.expected["result"]
    assert [one.number for one in checks] == [f"Q{n:02d}" for n in range(1, 14)]


def rates(v: Vector) -> None:
    found = quality.list_rates(**v.inputs)
    assert found.upload and found.passed and found.grouped
    shown = {"upload_rate": found.upload, "pass_rate": found.passed, "group_rate": found.grouped}
    assert {name: f"{float(rate):.4f}" for name, rate in shown.items()} == v.expected


def archive(v: Vector) -> None:
    assert v.inputs["days"] == _TERMS.archive_days
    due = quality.archive_due(date.fromisoformat(v.inputs["discharge"]), v.inputs["days"])
    assert due.isoformat() == v.expected["due"]


CHECKS = {
    "辅助分型触发": gate, "辅助分型系数": coefficients, "多分型取高": highest, "非肿瘤严重程度": severity,
    "肿瘤严重程度": tumour, "年龄分型": ages, "监护病房天数": icu_days, "CCI分型": comorbidity, "基层病种遴选": primary,
    "目录分级": levels, "清单质控": list_quality, "清单指标": rates, "病案归档": archive,
}  # fmt: skip


@pytest.mark.parametrize("vector", of(*CHECKS), ids=ids(*CHECKS))
def test_the_worked_example_holds(vector: Vector) -> None:
    CHECKS[vector.family](vector)


@pytest.mark.skipif(not FAMILIES, reason="../shared/vectors*.json is not beside this checkout")
def test_each_family_named_here_has_examples() -> None:
    assert set(CHECKS) <= FAMILIES
