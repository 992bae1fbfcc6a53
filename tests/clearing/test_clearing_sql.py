"""Cases add up by hospital and month, other pools' cases apart, indices and counties: the SQL of the room."""

from typing import Any

import pyarrow as pa
import pytest

from yibao.clearing.clear import clear_fund
from yibao.clearing.indicators import IndicatorRow, consumption_index, fund_indicators
from yibao.engine import Engine, load_sql

from clearing_hand import TERMS, fund_of, month_of  # isort: skip


def tables() -> dict[str, pa.Table]:
    """Five cases: three local of two funds, one offsite, one from another province."""
    cases = [
        # case, hospital, fund, scope, month, fee, excluded_due, booked, patient, points, due, home
        (0, "A", "310", "local", 1, 1000, 0, 700, 300, 20, 650, ""),
        (1, "A", "310", "local", 1, 2000, 100, 1500, 400, 30, 1200, ""),
        (2, "A", "390", "local", 1, 500, 0, 200, 300, 5, 180, ""),
        (3, "A", "310", "offsite", 2, 900, 0, 600, 200, 9, 500, "370100"),
        (4, "B", "310", "outside", 2, 900, 0, 600, 200, 9, 500, "110100"),
    ]
    names = "case_no fixmedins_code fund_type scope month fee excluded_due booked patient points due insuplc_admdvs"
    whole: dict[str, list[Any]] = dict(zip(names.split(), map(list, zip(*cases, strict=True)), strict=True))
    pool = {name: whole[name] for name in names.split()[:1] + names.split()[2:9]}
    return {
        "pool_case": pa.table(
            {**pool, "fixmedins_code": whole["fixmedins_code"], "excluded": whole["excluded_due"], "other": [7] * 5}
        ),
        "final_points": pa.table({"case_no": whole["case_no"], "case_points": whole["points"]}),
        "case_due": pa.table({"case_no": whole["case_no"], "due": whole["due"]}),
        "cases": pa.table({name: whole[name] for name in ("case_no", "insuplc_admdvs")}),
    }


def run(name: str, given: dict[str, pa.Table]) -> list[dict[str, Any]]:
    with Engine() as engine:
        for table, rows in given.items():
            engine.put(table, rows)
        engine.run(load_sql("yibao.clearing", name))
        return engine.fetch(f"SELECT * FROM {name} ORDER BY ALL").to_pylist()


def test_local_cases_add_up_by_fund_hospital_and_month_net_of_the_excluded_part() -> None:
    assert run("hospital_month", tables()) == [
        {"fund_type": "310", "fixmedins_code": "A", "month": 1, "cases": 2, "points": 50, "fee": 3000, "patient": 700,
         "other": 14, "booked": 2100, "excluded_due": 100, "due": 1850, "excluded": 100},
        {"fund_type": "390", "fixmedins_code": "A", "month": 1, "cases": 1, "points": 5, "fee": 500, "patient": 300,
         "other": 7, "booked": 200, "excluded_due": 0, "due": 180, "excluded": 0},
    ]  # fmt: skip


def test_cases_of_other_pools_of_the_province_stand_apart_and_those_from_outside_nowhere() -> None:
    assert run("offsite_sum", tables()) == [
        {"fund_type": "310", "fixmedins_code": "A", "insuplc_admdvs": "370100", "cases": 1, "points": 9, "fee": 900,
         "booked": 600, "due": 500}
    ]  # fmt: skip


def test_insured_people_are_counted_by_county() -> None:
    people = pa.table({"psn_no": ["1", "2", "3", "4"], "admdvs": ["370303", "370303", None, ""]})
    assert run("person_county", {"persons": people}) == [{"admdvs": "370303", "persons": 2}]


def test_time_and_cost_indices_compare_each_case_with_the_pools_mean_of_its_group() -> None:
    """The examples K2 and K3 as cases: B holds the rest of the pool, so that its means are 8 and 8, 10 000 each."""
    grouped = pa.table(
        {
            "case_no": [0, 1, 2, 3, 4],
            "fixmedins_code": ["A", "A", "B", "B", "B"],
            "dip_code": ["G1", "G2", "G1", "G2", ""],
            "dip_type": ["core", "composite", "core", "composite", "ungrouped"],
            "stay_days": [6, 10, 10, 6, 99],
            "medfee_sumamt": [9000, 12000, 11000, 8000, 1],
        }
    )
    a, b = run("consumption", {"grouped": grouped})
    assert (a["cases"], b["cases"]) == (2, 2)
    assert a["time_index"] == pytest.approx(float(consumption_index([6, 10], [8, 8])))
    assert a["cost_index"] == pytest.approx(float(consumption_index([9000, 12000], [10000, 10000])))


def test_the_indicators_of_a_fund_say_what_they_are_and_how_they_are_computed() -> None:
    sums = [month_of("A", due=10_000, booked=9_000), month_of("B", due=10_000, booked=10_500)]
    result = clear_fund(fund_of(sums, 20_000, reserve=1_000), TERMS)
    rows = fund_indicators(result, 20_000, consumption_index([108_163], [10_000]), consumption_index([1], [1]) * 10)
    found = {row.name: row.value for row in rows}
    assert found["retention_coverage_310"] == found["sharing_coverage_310"] == "0.5000"
    assert found["point_value_change_310"] == "-0.0755"
    assert (found["region_ratio_310"], found["fund_rate_310"]) == ("0.9582", "1.0436")
    assert found["quota_accuracy_310"] == "0.9828"
    assert rows[0] == IndicatorRow(
        "retention_coverage_310", "结余留用覆盖率（职工基本医疗保险）", "0.5000", "有结余留用的机构数÷参加清算的机构数"
    )


def test_an_indicator_without_a_base_has_no_value() -> None:
    rows = fund_indicators(clear_fund(fund_of([], 0), TERMS), 0, None, None)
    assert {row.value for row in rows} == {"无"}
    with pytest.raises(ValueError, match="positive pool means"):
        consumption_index([], [])
