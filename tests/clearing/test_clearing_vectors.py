"""The worked examples on budget, prepayment, monthly settlement, clearing and their indicators, each under its id."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from clearing_hand import YEAR_TERMS
from vectors import FAMILIES, Vector, ids, of

from yibao.clearing import budget, dates, indicators, months, prepay, share, year
from yibao.clearing.terms import deposit_finding
from yibao.kernel import half_up_ratio, points, points_text
from yibao.packs import load_law


def fen(yuan: Any) -> int:
    return int(Decimal(str(yuan)) * 100)


def ratio(value: Any) -> Fraction:
    return Fraction(str(value))


def yuan(amount: int) -> str:
    return f"{Decimal(amount).scaleb(-2):.2f}"


def four(value: Fraction | None) -> str:
    assert value is not None
    return f"{Decimal(half_up_ratio(value, 10**4)).scaleb(-4):.4f}"


def share_table(v: Vector) -> list[dict[str, str]]:
    """The example's own table: below the floor as booked, then the entitlement, then the bands of its text."""
    floor = v.inputs["retain_floor"]
    rows = [
        {"from": "0", "to": floor, "start": "0", "rate": "1"},
        {"from": floor, "to": "1", "start": "1", "rate": "0"},
    ]
    paid = Fraction(1)
    for low, high, rate in re.findall(r"(\d+)-(\d+)%:(\d+)%", v.inputs["share"]):
        rows.append({"from": f"{low}%", "to": f"{high}%", "start": str(paid), "rate": f"{rate}%"})
        paid += Fraction(int(rate) * (int(high) - int(low)), 10**4)
    last, rate = re.findall(r">(\d+)%:(\d+)", v.inputs["share"])[0]
    return [*rows, {"from": f"{last}%", "start": str(paid), "rate": f"{rate}%"}]


def year_share(v: Vector) -> None:
    table = share.parse_table(share_table(v))
    found = share.apply_table(table, fen(v.inputs["dip_entitlement"]), fen(v.inputs["booked"]))
    assert yuan(found.pay) == v.expected["pay"]


def prepayment(v: Vector) -> None:
    given = v.inputs
    if "orgs" in given:
        assert yuan(prepay.mean_month(fen(given["total"]), given["orgs"])) == v.expected["avg"]
        return
    paid = given.get("prev_year_pay") or given["last_year_paid"]
    found = prepay.prepay_amount(fen(paid), Fraction(given.get("months", 1)), ratio(given["credit"]))
    assert yuan(found) == v.expected["prepay"]


def total_by_item(v: Vector) -> None:
    given = v.inputs
    found = budget.by_item(*(fen(given[name]) for name in ("inpatient", "adjust_fund", "offsite", "other_non_dip")))
    assert found == fen(v.expected["dip"])


def total_by_share(v: Vector) -> None:
    given = v.inputs
    part, dip = budget.by_share(fen(given["this_inpatient"]), fen(given["last_dip"]), fen(given["last_inpatient"]))
    assert (four(part), yuan(dip)) == (v.expected["share"], v.expected["dip"])


def total_by_growth(v: Vector) -> None:
    given = v.inputs
    dip = budget.by_growth(fen(given["last_dip"]), ratio(given["growth"]), ratio(given["cap"]))
    assert yuan(dip) == v.expected["dip"]


def by_formula(v: Vector, basis: str) -> int:
    given = v.inputs
    return months.formula_pay(
        basis, points(given["points"]), ratio(given["pv"]), ratio(given.get("ratio", 0)), fen(given["patient_paid"]), 0
    )


def monthly(v: Vector) -> None:
    held = 1 - ratio(v.inputs["advance_rate"])
    _, paid = months.withhold(by_formula(v, "minus_patient"), held, fen(v.inputs["audit"]))
    assert yuan(paid) == v.expected["pay"]


def two_bases(v: Vector) -> None:
    one, other = by_formula(v, "minus_patient"), by_formula(v, "times_ratio")
    found = {"minus_patient": yuan(one), "times_ratio": yuan(other), "gap": yuan(other - one)}
    assert found == v.expected


def deposit(v: Vector) -> None:
    most = load_law("zibo", ["demo"]).at(date(2025, 12, 31)).ratio("settle.deposit.max")
    found = deposit_finding(ratio(v.inputs["deposit"]), most)
    assert v.expected["result"] == "DEPOSIT_ABOVE_5PCT"
    assert found is not None
    assert found.code == "deposit_above_max"
    assert "10.00%不在0到5.00%之间" in found.message


def points_of_year(v: Vector) -> None:
    total = year.total_points(*(points(value) for value in v.inputs.values()))
    assert points_text(total) == f"{int(v.expected['total'])}.0000"


def year_payable(v: Vector) -> None:
    given = v.inputs
    entitlement = half_up_ratio(given["points"] * ratio(given["pv"]) * ratio(given["ratio"]), 100)
    found = year.payable(entitlement, ratio(given["assessment"]), fen(given["audit"]))
    assert yuan(found) == v.expected["payable"]


def year_final(v: Vector) -> None:
    given = v.inputs
    final, part = year.final_amount(fen(given["payable"]), fen(given["monthly_paid"]), fen(given["advance"]))
    assert (yuan(final), four(part)) == (v.expected["final"], v.expected["share"])


def balance(v: Vector) -> None:
    found = share.disease_balance(fen(v.inputs["payable"]), fen(v.inputs["booked_after_audit"]))
    assert (yuan(found.balance), found.kind) == (v.expected["balance"], v.expected["type"])


def reasonable(v: Vector) -> None:
    """By the named rule, and by the share table over an entitlement with only the claimed part counted as booked."""
    given = v.inputs
    overrun, part, rate = fen(given["overrun"]), fen(given["reasonable_part"]), ratio(given["fund_share"])
    assert [yuan(one) for one in share.bear_overrun(overrun, part, rate)] == list(v.expected.values())
    rows = [{"from": "0", "to": "1", "start": "1", "rate": "0"}, {"from": "1", "start": "1", "rate": str(rate)}]
    terms = YEAR_TERMS._replace(table=share.parse_table(rows), needs_claim=True)
    due = fen(6_810_000)
    found = year.share_of(due, due + overrun, part, terms)
    assert yuan(found.shared) == v.expected["fund_bears"]
    assert yuan(due + overrun - found.pay) == v.expected["hospital_bears"]


def deadline(v: Vector) -> None:
    fund_year = v.inputs["fund_year"]
    view = load_law("zibo").at(date(fund_year, 12, 31))
    assert dates.clearing_deadline(view, fund_year, pilot=v.inputs["pilot"]).isoformat() == v.expected["deadline"]


def publication(v: Vector) -> None:
    view = load_law("zibo").at(date(v.inputs["year"] - 1, 12, 31))
    first, second = dates.publications(view, date.fromisoformat(v.inputs["cleared"]))
    assert (first.isoformat(), second.isoformat()) == (v.expected["first"], v.expected["second"])


def consumption(v: Vector) -> None:
    kind = "los" if "los" in v.inputs else "cost"
    assert four(indicators.consumption_index(v.inputs[kind], v.inputs[f"region_{kind}"])) == v.expected["index"]


def retention(v: Vector) -> None:
    assert four(indicators.coverage(v.inputs["with_surplus"], v.inputs["institutions"])) == v.expected["rate"]


def accuracy(v: Vector) -> None:
    assert four(indicators.quota_accuracy(fen(v.inputs["quota"]), fen(v.inputs["paid"]))) == v.expected["ratio"]


def change(v: Vector) -> None:
    assert four(indicators.value_change(ratio(v.inputs["start"]), ratio(v.inputs["settle"]))) == v.expected["diff"]


def directions(v: Vector) -> None:
    region, rate = indicators.pay_ratios(fen(v.inputs["booked"]), fen(v.inputs["paid"]))
    assert (four(region), four(rate)) == (v.expected["region_ratio"], v.expected["institution_rate"])


CHECKS = {
    "年度清算": year_share,
    "预付金": prepayment,
    "总额-按项目": total_by_item,
    "总额-按比例": total_by_share,
    "总额-按增长率": total_by_growth,
    "月度预结": monthly,
    "月度口径": two_bases,
    "保证金校验": deposit,
    "年度总分值": points_of_year,
    "年度应付": year_payable,
    "年度清算额": year_final,
    "病种结余": balance,
    "合理超支分担": reasonable,
    "清算时限": deadline,
    "半年集中发布": publication,
    "时间消耗指数": consumption,
    "费用消耗指数": consumption,
    "结余留用覆盖率": retention,
    "总额准确度": accuracy,
    "点值差异率": change,
    "支付率方向": directions,
}


@pytest.mark.parametrize("v", of(*CHECKS), ids=ids(*CHECKS))
def test_the_worked_example_comes_out_as_printed(v: Vector) -> None:
    CHECKS[v.family](v)


@pytest.mark.skipif(not FAMILIES, reason="../shared/vectors*.json is not beside this checkout")
def test_every_family_named_here_has_an_example() -> None:
    assert set(CHECKS) <= FAMILIES
