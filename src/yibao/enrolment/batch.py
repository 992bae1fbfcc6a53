"""The cover of a whole city in SQL: from tables of enrolments and payments to intervals, and to answers for days.

The same rules as `cover` and `resident`, in sets; tests hold the two equal. What the law lacks is refused when, and
only when, a row needs it.
"""

from datetime import date

import pyarrow as pa

from yibao.engine import Engine, load_sql
from yibao.enrolment.months import first_day, last_day
from yibao.enrolment.records import YEARS
from yibao.enrolment.terms import CoverTerms, TermBook
from yibao.law import Law

PACKAGE = "yibao.enrolment"
STEPS = ("person_fact", "pool", "paid", "spell", "employee_cover", "resident_year", "resident_start")
"""The SQL files in their order, up to the check of what the law lacks; then ``cover``."""
OPTIONAL = {
    "persons": pa.schema([("psn_no", pa.string()), ("certno", pa.string()), ("psn_name", pa.string()),
                          ("brdy", pa.date32()), ("admdvs", pa.string())]),
    "deaths": pa.schema([("psn_no", pa.string()), ("die_date", pa.date32())]),
    "identities": pa.schema([("psn_no", pa.string()), ("psn_idet_type", pa.string()), ("begndate", pa.date32()),
                             ("enddate", pa.date32())]),
}  # fmt: skip
"""Tables that a city may lack, with the columns that the SQL reads."""
_MONTHS_AFTER = 2400
"""Months of the calendar made past the last year, so that the longest waiting period finds its end."""


def make_cover(engine: Engine, law: Law, first_year: int, known: date | None = None) -> list[str]:
    """Makes ``cover`` from ``enrolments``, ``contributions`` and, where there are any, ``persons``, ``deaths`` and
    ``identities``.

    One row an interval from 1 January of ``first_year`` on: ``psn_no, insutype, insuplc_admdvs, psn_type, clct_way,
    begndate, enddate (9999-12-31: open), pay_from, cover_stas`` and the number of its spell. Earlier years are history.
    Returns the sorted keys of values used that nobody in authority has printed. Raises MissingParameter for the first
    year whose rows need a key that the law lacks.
    """
    _absent_tables(engine)
    book = TermBook(law, known)
    low, high = _years(engine, first_year)
    terms = [book.of(year) for year in range(first_year, high + 1)]
    engine.put("cover_term", term_table(terms))
    engine.put("wait_exempt", exempt_table(terms))
    engine.put("month_day", month_table(low, high))
    engine.put("year_day", year_table(low, high))
    engine.pipeline(PACKAGE, STEPS, {"low": low, "high": high})
    lacking = engine.rows("SELECT year, min(lacks) FROM resident_start WHERE lacks <> '' GROUP BY year ORDER BY year")
    for year, key in lacking[:1]:
        book.refuse(year, key)
    engine.drop("paid", "resident_year")
    engine.run(load_sql(PACKAGE, "cover"), {"first_day": date(first_year, 1, 1)})
    engine.drop("employee_cover", "spell")
    return book.unverified


def entitle(engine: Engine) -> str:
    """Makes ``entitlement`` (grain psn_no, day) from ``asked`` (psn_no, day) and ``cover``; returns its name.

    ``outcome`` is a `CoverOutcome`; the other columns are those of `cover.Entitlement`.
    """
    return engine.run(load_sql(PACKAGE, "entitlement"))


def _absent_tables(engine: Engine) -> None:
    there = {name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables")}
    for name, schema in OPTIONAL.items():
        if name not in there:
            engine.put(name, schema.empty_table())


def _years(engine: Engine, first_year: int) -> tuple[int, int]:
    (low, high), *_ = engine.rows("SELECT min(year), max(year) FROM contributions")
    return max(YEARS[0], min(first_year, low or first_year)), min(YEARS[-1], max(first_year, high or first_year))


def term_table(terms: list[CoverTerms]) -> pa.Table:
    """The terms as the table ``cover_term`` (grain year): flags as 0 and 1, absent values NULL."""

    def whole(values: list[int | bool | None]) -> pa.Array:
        return pa.array([None if one is None else int(one) for one in values], pa.int64())

    numbers = (
        "year", "newborn_days", "backpay_retro", "wait_fixed", "wait_per_year", "wait_long_years", "wait_long_min",
        "wait_repair", "stop_delay", "employee_years_count",
    )  # fmt: skip
    columns = {name: whole([getattr(one, name) for one in terms]) for name in numbers}
    for name in ("window_from", "window_until"):
        columns[name] = pa.array([getattr(one, name) for one in terms], pa.date32())
    for name in ("start_in_window", "start_late", "wait_starts"):
        columns[name] = pa.array([getattr(one, name) for one in terms], pa.string())
    columns["absent_of_wait"] = pa.array([one.absent_of_wait() for one in terms], pa.string())
    return pa.table(columns)


def exempt_table(terms: list[CoverTerms]) -> pa.Table:
    """The identities that do not wait, as the table ``wait_exempt`` (grain year, psn_idet_type)."""
    rows = [(one.year, name) for one in terms for name in one.exempt or ()]
    return pa.table(
        {
            "year": pa.array([year for year, _ in rows], pa.int64()),
            "psn_idet_type": pa.array([name for _, name in rows], pa.string()),
        }
    )


def month_table(low: int, high: int) -> pa.Table:
    """The calendar of months as the table ``month_day`` (grain month_no), with room for a wait after the last year."""
    numbers = range((low - 1) * 12, (high + 1) * 12 + _MONTHS_AFTER)
    return pa.table(
        {
            "month_no": pa.array(numbers, pa.int64()),
            "year": pa.array([one // 12 for one in numbers], pa.int64()),
            "period": pa.array([one // 12 * 13 + one % 12 + 1 for one in numbers], pa.int64()),
            "first_day": pa.array([first_day(one) for one in numbers], pa.date32()),
            "last_day": pa.array([last_day(one) for one in numbers], pa.date32()),
        }
    )


def year_table(low: int, high: int) -> pa.Table:
    """The years as the table ``year_day`` (grain year)."""
    years = range(low, high + 1)
    return pa.table(
        {
            "year": pa.array(years, pa.int64()),
            "period": pa.array([one * 13 for one in years], pa.int64()),
            "first_day": pa.array([date(one, 1, 1) for one in years], pa.date32()),
            "last_day": pa.array([date(one, 12, 31) for one in years], pa.date32()),
        }
    )
