"""The SQL of enrolment makes the same tables on Spark as on DuckDB: intervals, answers, duplicates, residents."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from enrolment.hard_histories import HARD
from enrolment.small_city import city
from enrolment.test_cover_batch import SCHEMAS, table
from spark.run_on_spark import compare, require_spark

from yibao.engine import load_sql
from yibao.enrolment.batch import PACKAGE, STEPS, exempt_table, month_table, term_table, year_table
from yibao.enrolment.terms import TermBook

pytestmark = pytest.mark.spark
TEXT, DAY = pa.string(), pa.date32()


def tables() -> dict[str, pa.Table]:
    """The hard histories as one city, each person also a resident under another spelling of the number."""
    rows: dict[str, list[object]] = {name: [] for name in SCHEMAS}
    people = []
    for number, (person, *parts) in enumerate(HARD.values()):
        people.append(person._replace(psn_no=f"P{number}"))
        for name, ones in zip(SCHEMAS, parts, strict=True):
            rows[name] += [one._replace(psn_no=f"P{number}") for one in ones]
    numbers = [f"{990100 + n:06d}900101{n:03d}" for n in range(len(people))]
    names = pa.array([one.psn_no for one in people], TEXT)
    days = [date(2023, 12, 1) + timedelta(7 * n) for n in range(60)]
    asked = [(one.psn_no, day) for one in people for day in days]
    terms = [TermBook(city()).of(year) for year in range(2020, 2026)]
    born = pa.array([one.brdy for one in people], DAY)
    return {
        **{name: table(name, ones) for name, ones in rows.items()},
        "persons": pa.table({"psn_no": names, "certno": numbers, "psn_name": names, "brdy": born}),
        "deaths": pa.table({"psn_no": names, "die_date": pa.array([one.die_date for one in people], DAY)}),
        "residents": pa.table(
            {
                "certno": [f" {one} " if place % 2 else one for place, one in enumerate(numbers)],
                "psn_name": names,
                "brdy": born,
                "admdvs": names,
                "resd_kind": names,
                "empl_kind": pa.array(["unit", "flexible", None] * len(people), TEXT)[: len(people)],
            }
        ),
        "asked": pa.table({"psn_no": [no for no, _ in asked], "day": pa.array([day for _, day in asked], DAY)}),
        "cover_term": term_table(terms),
        "wait_exempt": exempt_table(terms),
        "month_day": month_table(2018, 2030),
        "year_day": year_table(2018, 2030),
    }


def test_cover_answers_duplicates_and_residents_are_the_same_on_both_engines(tmp_path: Path) -> None:
    require_spark()
    names = (*STEPS, "cover", "entitlement", "certno", "duplicate_month", "unenrolled")
    params = {
        "first_day": date(2020, 1, 1),
        "last_day": date(2025, 12, 31),
        "day": date(2024, 6, 1),
        "low": 2018,
        "high": 2030,
    }
    made = compare([load_sql(PACKAGE, name) for name in names], tables(), params, tmp_path)
    assert all(made[name] for name in names), "a step without rows compares nothing"
