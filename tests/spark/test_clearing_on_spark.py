"""The SQL of clearing makes the same tables on Spark as on DuckDB: sums of cases, bed-days, indices."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from run_on_spark import compare, require_spark

from yibao.clearing.beds import month_table
from yibao.engine import load_sql

pytestmark = pytest.mark.spark
STEPS = ("hospital_month", "offsite_sum", "bed_days", "person_county", "consumption")


def a_year(size: int = 400) -> dict[str, pa.Table]:
    """Random stays of one year as the tables that payment and casemix leave in the session."""
    draw = Random(7)
    cases = list(range(size))
    left = [date(2025, 1, 1) + timedelta(days=draw.randrange(365)) for _ in cases]
    days = [draw.choice([0, 1, 3, 9, 40, 500]) for _ in cases]
    hospital = [draw.choice("ABCDE") for _ in cases]
    scope = [draw.choice(["local", "local", "local", "offsite", "outside"]) for _ in cases]
    fee = [draw.randrange(1, 10**9) for _ in cases]
    came = [draw.choice([None, day - timedelta(days=stay)]) for day, stay in zip(left, days, strict=True)]
    whole = pa.int64()
    return {
        "pool_case": pa.table(
            {
                "case_no": cases,
                "fixmedins_code": hospital,
                "fund_type": [draw.choice(["310", "390"]) for _ in cases],
                "scope": scope,
                "month": [day.month for day in left],
                "fee": fee,
                "excluded": [one // 50 for one in fee],
                "excluded_due": [one // 70 for one in fee],
                "booked": [one // 2 for one in fee],
                "other": [one // 9 for one in fee],
                "patient": [one // 3 for one in fee],
            }
        ),
        "grouped": pa.table(
            {
                "case_no": cases,
                "fixmedins_code": hospital,
                "dip_code": [draw.choice(["G1", "G2", "G3", ""]) for _ in cases],
                "dip_type": [draw.choice(["core", "composite", "ungrouped"]) for _ in cases],
                "stay_days": days,
                "medfee_sumamt": fee,
            }
        ),
        "final_points": pa.table({"case_no": cases, "case_points": [one // 1000 for one in fee]}),
        "case_due": pa.table({"case_no": cases, "due": [one // 2 + 1 for one in fee]}),
        "cases": pa.table(
            {
                "case_no": cases,
                "fixmedins_code": hospital,
                "insuplc_admdvs": [draw.choice(["370100", "370200"]) for _ in cases],
                "adm_date": pa.array(came, pa.date32()),
                "dscg_date": pa.array(left, pa.date32()),
                "act_ipt_days": pa.array([draw.choice([None, stay]) for stay in days], whole),
            }
        ),
        "persons": pa.table({"psn_no": cases, "admdvs": [draw.choice(["1", "2", "", None]) for _ in cases]}),
        "bed_month": month_table(2025),
    }  # fmt: skip


def test_the_sums_of_a_year_are_the_same_on_both_engines(tmp_path: Path) -> None:
    require_spark()
    pipeline = [load_sql("yibao.clearing", name) for name in STEPS]
    rows = compare(pipeline, inputs=a_year(), params={}, folder=tmp_path)
    assert {name: len(found) > 0 for name, found in rows.items()} == dict.fromkeys(STEPS, True)
