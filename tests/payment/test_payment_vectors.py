"""The worked examples of the DIP families on deviation, coefficients and point values, each under its own id."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from vectors import FAMILIES, Vector, ids, of

from yibao.engine import Engine
from yibao.flows.dip_score import no_addons
from yibao.kernel import half_up_ratio, points, points_text
from yibao.payment import coefficient, point_value

TERMS = {"low_rule": "cost_over_mean", "high_rule": "excess", "low_e2": 50, "high_e2": 200, "extreme_e2": 500,
         "low_uses_aux": 0, "ungrouped_e4": 8000}  # fmt: skip
DRAFT = {**TERMS, "low_rule": "cost_over_standard", "high_rule": "flag", "extreme_e2": None}


def fen(yuan: Any) -> int:
    return int(Decimal(str(yuan)) * 100)


def e4(ratio: Any) -> int:
    return int(Decimal(str(ratio)) * 10**4)


def case_points(
    *,
    cost: Any,
    pts: Any,
    terms: dict[str, Any],
    mean: Any = None,
    inst: Any = "1",
    aux: Any = "1",
    pv: Any = "1",
    unit: Any = "1",
    primary: bool = False,
    grouped: bool = True,
) -> dict[str, Any]:
    """One case through standard_fee.sql and case_points.sql: its deviation and points as the product computes them."""
    reference = [] if mean is None else [{"dip_code": "G", "hosp_lv": "3", "dscg_year": 2024, "n": 1, "fee": fen(mean)}]
    grouped_row = {
        "case_no": 0, "setl_id": "S", "fixmedins_code": "H", "hosp_lv": "3", "dscg_date": date(2025, 6, 1),
        "dscg_year": 2025, "medfee_sumamt": fen(cost), "dip_code": "G" if grouped else "",
        "dip_type": "core" if grouped else "ungrouped", "group_points": points(str(pts)), "aux": e4(aux),
        "primary_care": int(primary), "local_kind": "",
    }  # fmt: skip
    with Engine() as engine:
        engine.put("reference", pa.Table.from_pylist(reference, schema=pa.schema(
            [("dip_code", pa.string()), ("hosp_lv", pa.string()), ("dscg_year", pa.int64()), ("n", pa.int64()),
             ("fee", pa.int64())])))  # fmt: skip
        engine.put("grouped", pa.Table.from_pylist([grouped_row]))
        days = {"from_day": [date(2025, 1, 1)], "until_day": [date(2025, 12, 31)]}
        engine.put("level_coefficient", pa.table({"hosp_lv": ["3"], **days, "coefficient": [e4(inst)]}))
        span = {"from_day": date(2025, 1, 1), "until_day": date(2025, 12, 31)}
        engine.put("institution_addon", no_addons())
        row = {**span, **terms}
        engine.put("dip_terms", pa.table({k: pa.array([v], pa.int64() if v is None else None) for k, v in row.items()}))
        params = {"pv_e4": e4(pv), "unit_fee_micro": fen(unit) * 10**4, "scale": 1000}
        engine.pipeline("yibao.payment", ("standard_fee", "case_points"), params)
        return engine.fetch("FROM case_points").to_pylist()[0]


def deviation_2020(v: Vector) -> None:
    given = v.inputs
    found = case_points(cost=given["cost"], pts=given["pts"], mean=given["same_level_avg"], terms=TERMS)
    assert points_text(found["case_points"]) == v.expected["score"]


def deviation_2020_with_coefficient(v: Vector) -> None:
    given = v.inputs
    found = case_points(cost=given["cost"], pts=given["score"], inst=given["coef"],
                        mean=given["last_year_same_level_mean"], terms=TERMS)  # fmt: skip
    assert points_text(found["case_points"]) == v.expected["case_score"]
    if "q" in v.expected:
        assert found["deviation_type"] == "high"
        q = fen(given["cost"]) * found["std_n"] / found["std_fee"]
        assert f"{q:.4f}" == v.expected["q"]


def low_draft(v: Vector) -> None:
    given = v.inputs
    terms = {**DRAFT, "low_uses_aux": int(given.get("low_threshold_uses_aux", False))}
    inst, aux = given.get("coef") or given["inst"], given.get("aux", "1")
    found = case_points(cost=given["cost"], pts=given["score"], inst=inst, aux=aux, pv=given["pv"], terms=terms)
    assert found["deviation_type"] == v.expected["type"]
    assert points_text(found["case_points"]) == v.expected["case_score"]
    if "money" in v.expected:
        money = point_value.payment_standard(found["case_points"], Fraction(str(given["pv"])))
        assert f"{Decimal(money).scaleb(-2):.2f}" == v.expected["money"]


def high_draft(v: Vector) -> None:
    """The standard at the level is 11 000: score 1000 × coefficient 1.1 × point value 10."""
    given = v.inputs
    assert given["standard_at_level"] == 11000
    terms = {**DRAFT, "high_e2": given["k"] * 100}
    found = case_points(cost=given["cost"], pts="1000", inst="1.1", pv="10", terms=terms)
    assert found["deviation_type"] == v.expected["type"]
    assert points_text(found["case_points"]) == v.expected["case_score"]


def ungrouped(v: Vector) -> None:
    given = v.inputs
    terms = {**TERMS, "ungrouped_e4": e4(given["k"])}
    found = case_points(cost=given["cost"], pts="0", unit=given["M"], grouped=False, terms=terms)
    assert points_text(found["case_points"]) == v.expected["case_score"]


def case_score(v: Vector) -> None:
    given = v.inputs
    inst = given.get("inst") or given.get("inst_coef") or str(Decimal(given["base"]) + Decimal(given["bonus"]))
    found = case_points(cost="1", pts=given["score"], inst=inst, aux=given.get("aux", "1"),
                        primary=given.get("primary_care", False), terms={**TERMS, "low_rule": "none"})  # fmt: skip
    assert points_text(found["case_points"]) == v.expected["case_score"]


def level_coefficient(v: Vector) -> None:
    given = v.inputs
    if "weights" in given:
        means = [sum(Fraction(m * w, 10) for m, w in zip(given[name], given["weights"], strict=True))
                 for name in ("level_means", "city_means")]  # fmt: skip
        assert f"{float(means[0]):.2f}" == v.expected["level"]
    else:
        means = [Fraction(given["level_disease_mean"]), Fraction(given["city_disease_mean"])]
    assert points_text(coefficient.level_coefficient(*means)) == v.expected["coef"]


def base_and_bonus(v: Vector) -> None:
    items = [(Fraction(weight), Fraction(value)) for weight, value in v.inputs["items"]]
    bonus, whole = coefficient.with_bonus(Fraction(v.inputs["base"]), items)
    assert (points_text(bonus), points_text(whole)) == (v.expected["bonus"], v.expected["coef"])


def inversion(v: Vector) -> None:
    level = {"一级": "1", "二级": "2", "三级": "3"}
    turned = coefficient.inverted({level[name]: Fraction(value) for name, value in v.inputs["level_coef"].items()})
    assert str(not turned) == v.expected["per_disease_allowed"]
    assert turned == [("2", "3")]


def opening(v: Vector) -> None:
    given = v.inputs
    years = {y: (cost * 100, score * 10**4) for y, (cost, score) in enumerate(
        zip(given["year_costs"], given["year_scores"], strict=True))}  # fmt: skip
    value = point_value.opening_value(years, dict(enumerate(given["weights"])))
    assert points_text(point_value.display(value)) == v.expected["pv"]


def settlement(v: Vector) -> None:
    given, expected = v.inputs, v.expected
    ratio = Fraction(str(given.get("ratio") or given.get("reimb_ratio") or 0))
    if "booked" in given:
        ratio = point_value.booked_ratio(given["booked"] * 100, given["total_cost"] * 100)
        assert f"{float(ratio):.4f}" == expected["ratio"]
    total = given.get("scores") or given.get("total_pts")
    value = point_value.settlement_value(given["fund"] * 100, ratio, total * 10**4)
    assert points_text(point_value.display(value)) == (expected.get("pv") or expected["settle_value"])


def published_value(v: Vector) -> None:
    if "reimb_ratio" in v.inputs:
        settlement(v)
        return
    given = v.inputs
    value = point_value.settlement_value(given["budget"] * 100, Fraction(1), given["total_pts"] * 10**4)
    assert points_text(point_value.display(value)) == v.expected["value"]
    surplus = point_value.payment_standard(given["case_pts"] * 10**4, value) - given["case_cost"] * 100
    assert f"{Decimal(surplus).scaleb(-2):.2f}" == v.expected["surplus"]


def excellence_one(v: Vector) -> None:
    hospitals = [point_value.HospitalCost(c, cost * 100, score * 10**4) for c, cost, score in v.inputs["hospitals"]]
    mean, chosen, value = point_value.excellence_one(hospitals)
    found = (points_text(point_value.display(mean)), ",".join(chosen), points_text(point_value.display(value)))
    assert found == (v.expected["mean"], v.expected["selected"], v.expected["pv"])


def excellence_two(v: Vector) -> None:
    pairs = [(Fraction(income), Fraction(cost)) for income, cost in v.inputs["income_cost_per_point"]]
    chosen, (income, cost) = point_value.excellence_two(pairs)
    assert (str(len(chosen)), f"{income:.4f}", f"{cost:.4f}") == (
        v.expected["selected"], v.expected["pv"], v.expected["centre_cost"])  # fmt: skip


def elastic(v: Vector) -> None:
    given = v.inputs
    found = point_value.elastic_value(given["total"] * 100, given["base_points"] * 10**4, Fraction(given["fixed_pv"]),
                                      given["increment_points"] * 10**4, Fraction(given["cap"]))  # fmt: skip
    assert {
        "base_total": f"{Decimal(found.base_fen).scaleb(-2):.2f}",
        "raw_pv": points_text(point_value.display(found.raw)),
        "paid_pv": points_text(point_value.display(found.paid)),
        "unspent": f"{Decimal(found.unspent_fen).scaleb(-2):.2f}",
    } == v.expected


def mild(v: Vector) -> None:
    given = v.inputs
    value = point_value.mild_value(given["total"] * 100, given["severe_points"] * 10**4, Fraction(given["fixed_pv"]),
                                   given["mild_points"] * 10**4)  # fmt: skip
    assert points_text(point_value.display(value)) == v.expected["mild_pv"]


def services(v: Vector) -> None:
    given = v.inputs
    value = point_value.service_value(given["total"] * 100, given["rigid_cost"] * 100, given["service_points"] * 10**4)
    assert points_text(point_value.display(value)) == v.expected["service_pv"]


def standard(v: Vector) -> None:
    given = v.inputs
    money = point_value.payment_standard(points(given["score"]), Fraction(given["pv"]))
    assert f"{Decimal(money).scaleb(-2):.2f}" == v.expected["standard"]


def whole_case(v: Vector) -> None:
    given = v.inputs
    found = case_points(cost="1", pts=given["pts"], inst=given["inst_coef"], aux=given["aux"],
                        terms={**TERMS, "low_rule": "none"})["case_points"]  # fmt: skip
    money = point_value.payment_standard(found, Fraction(given["value"]))
    due = point_value.pool_due(money, fen(given["patient_pays"]), fen(given["other_funds"]))
    assert (points_text(found), f"{Decimal(money).scaleb(-2):.2f}", f"{Decimal(due).scaleb(-2):.2f}") == (
        v.expected["score"], v.expected["standard"], v.expected["pool_pays"])  # fmt: skip


def conservation(v: Vector) -> None:
    """With one pool ratio and no deductions what the hospitals get is the fund: exact shares, to the fen."""
    fund = v.inputs["fund"] * 100
    worth = [p * 10**4 for p in v.inputs["hospital_points"]]
    with Engine() as engine:
        payee = {
            "case_no": [0, 1],
            "setl_id": ["A", "B"],
            "fund_type": ["310"] * 2,
            "scope": ["local"] * 2,
            "points": worth,
        }
        engine.put("payee", pa.table(payee))
        engine.put("share_fund", pa.table({"fund_type": ["310"], "fund_fen": [fund]}))
        engine.pipeline("yibao.payment", ("share_part", "share"))
        paid = [row[0] for row in engine.rows("SELECT pay FROM share ORDER BY case_no")]
    assert paid == [fund * 6 // 10, fund * 4 // 10]
    assert f"{Decimal(sum(paid)).scaleb(-2):.2f}" == v.expected["sum"]
    value = point_value.settlement_value(fund, Fraction(v.inputs["ratio"]), sum(worth))
    assert points_text(point_value.display(value)) == v.expected["pv"]


CHECKS = {
    "DIP偏差": deviation_2020, "费用超低-2020口径": deviation_2020_with_coefficient,
    "费用超高-2020口径": deviation_2020_with_coefficient, "费用超低": low_draft, "费用超低口径": low_draft,
    "费用超高": high_draft, "未入组病例": ungrouped, "病例分值": case_score, "病例分值-辅助": case_score,
    "基层病种": case_score, "淄博型": case_score, "机构系数": level_coefficient, "机构系数-按病种": level_coefficient,
    "机构系数-基本加成": base_and_bonus, "倒挂检查": inversion, "年初点值": opening, "结算点值": settlement,
    "DIP点值": published_value, "优值区间一维": excellence_one, "优值区间二维": excellence_two, "弹性点值": elastic,
    "弹性点值-重症固定": mild, "弹性点值-刚性成本固定": services, "支付标准": standard, "DIP支付": whole_case,
    "基金守恒": conservation,
}  # fmt: skip


@pytest.mark.parametrize("vector", of(*CHECKS), ids=ids(*CHECKS))
def test_the_worked_example_holds(vector: Vector) -> None:
    CHECKS[vector.family](vector)


def test_every_checked_family_exists() -> None:
    if FAMILIES:
        assert set(CHECKS) <= FAMILIES


def test_a_point_value_without_points_or_ratio_is_an_error_not_zero() -> None:
    with pytest.raises(point_value.PointValueError, match="总分值为0"):
        point_value.settlement_value(100, Fraction(1), 0)
    with pytest.raises(point_value.PointValueError, match="报销比例为0"):
        point_value.settlement_value(100, Fraction(0), 10**4)


def test_rounding_of_the_display_never_enters_a_payment() -> None:
    value = point_value.settlement_value(100, Fraction(1), 3 * 10**4)
    assert value == Fraction(1, 3) and point_value.display(value) == half_up_ratio(Fraction(1, 3), 10**4)
