"""Loaded rows as the plain rows that `clearing` takes: budgets, hospitals, positions, applications, beds. No rule."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa

from yibao.clearing.beds import BedHospital, BedMonth, BedRecord, BedResult, BedYear, judge_beds, month_table
from yibao.clearing.records import (
    Adjustment,
    Amount,
    Budget,
    BudgetYear,
    Claim,
    Deduction,
    FundYear,
    Hospital,
    HospitalMonth,
    LastMonth,
    Member,
    Offsite,
    Position,
)
from yibao.engine import Engine, load_sql
from yibao.flows.close_load import Folder, Row, place


def funds_of(folder: Folder, year: int) -> list[str]:
    """The funds that have a budget for the year, in order of code."""
    return sorted({str(row["fund_type"]) for row in folder.of_year("budget_lines", year)})


def last_months(history: pa.Table, year: int, fund_type: str) -> list[LastMonth]:
    """What hospitals booked for the fund in each month of the year before, from the catalogue's hospital history."""
    return [
        LastMonth(row["fixmedins_code"], row["dscg_month"], row["booked"])
        for row in history.to_pylist()
        if row["dscg_year"] == year - 1 and row["insutype"] == fund_type
    ]


def months_before(history: pa.Table, year: int) -> dict[str, frozenset[date]]:
    """The months (their first days) before the year in which each hospital booked anything for any fund."""
    found: dict[str, set[date]] = {}
    for row in history.to_pylist():
        if row["dscg_year"] < year and row["booked"] > 0:
            found.setdefault(row["fixmedins_code"], set()).add(date(row["dscg_year"], row["dscg_month"], 1))
    return {code: frozenset(days) for code, days in found.items()}


def budget_year(folder: Folder, year: int, fund_type: str, last: Sequence[LastMonth]) -> BudgetYear:
    """The budget tables of one fund, each row with its place."""

    def amounts(table: str, item: str, of: int = year) -> list[Amount]:
        return [
            Amount(str(row[item]), row["budget_amount"], place(row, item))
            for row in folder.of_year(table, of, fund_type)
        ]

    adjustments = [
        Adjustment(
            row["adjust_id"], row["budget_line"], row["adjust_amount"], row["adjust_reason"], row["approved_date"],
            row["basis"] or "", place(row, "adjust_id"),
        )
        for row in folder.of_year("budget_adjustments", year, fund_type)
    ]  # fmt: skip
    return BudgetYear(
        fund_type, year, amounts("budget_income", "income_item"), amounts("budget_lines", "budget_line"), adjustments,
        amounts("budget_months", "month"), last, amounts("budget_lines", "budget_line", year - 1),
    )  # fmt: skip


def hospitals(engine: Engine, folder: Folder, year: int) -> list[Hospital]:
    """Every institution of ``providers`` and of the year's cases, with its assessment and last year's credit."""
    score = {row["fixmedins_code"]: row for row in folder.of_year("assessments", year)}
    before = {row["fixmedins_code"]: row for row in folder.of_year("assessments", year - 1)}
    listed = {row["fixmedins_code"]: row for row in folder.rows["providers"]}
    seen = engine.rows("SELECT fixmedins_code, max(coalesce(hosp_lv, '')) FROM loaded_cases GROUP BY 1 ORDER BY 1")
    found = []
    for code, level in sorted({**dict.fromkeys(listed, ""), **dict(seen)}.items()):
        row: Row = listed.get(code, {})
        own, past = score.get(code, {}), before.get(code, {})
        points = own.get("assess_score")
        found.append(
            Hospital(
                code, row.get("fixmedins_name") or "", row.get("hosp_lv") or level or "", row.get("agreement_from"),
                own.get("agreement_status") or past.get("agreement_status") or "", past.get("credit_lv") or "",
                None if points is None else Fraction(points) / 100,
            )
        )  # fmt: skip
    return found


def position(folder: Folder, year: int, fund_type: str) -> Position | None:
    """The fund's position at the start of the year, or None where none was given."""
    for row in folder.of_year("fund_position", year, fund_type):
        return Position(
            row["balance"], row["last_income"], row["last_expense"], row["forecast_income"], row["forecast_expense"]
        )
    return None


def judged_beds(engine: Engine, folder: Folder, institutions: Sequence[Hospital], year: int) -> BedResult:
    """The bed register of the folder against the bed-days of the year's cases, and supply by county and level."""
    engine.put("bed_month", month_table(year))
    engine.run(load_sql("yibao.clearing", "bed_days"))
    county = {row["fixmedins_code"]: row["admdvs"] or "" for row in folder.rows["providers"]}
    records = [
        BedRecord(
            row["fixmedins_code"],
            row["bed_from"],
            row["auth_beds"],
            row["agreement_beds"],
            row["open_beds"],
            place(row),
        )
        for row in folder.rows["beds"]
    ]
    hospitals = [
        BedHospital(one.fixmedins_code, one.level, county.get(one.fixmedins_code, ""), one.agreement_from)
        for one in institutions
    ]
    months = [BedMonth(**row) for row in engine.fetch("SELECT * FROM bed_days ORDER BY ALL").to_pylist()]
    persons = dict(engine.rows("SELECT * FROM person_county")) if "persons" not in folder.absent else None
    return judge_beds(BedYear(year, hospitals, records, months, persons))


def _sql_rows(engine: Engine, table: str, fund_type: str) -> list[dict[str, Any]]:
    rows = engine.fetch(f"SELECT * FROM {table} WHERE fund_type = $fund ORDER BY ALL", {"fund": fund_type}).to_pylist()
    return [{name: value for name, value in row.items() if name != "fund_type"} for row in rows]


def fund_year(
    engine: Engine,
    folder: Folder,
    budget: Budget,
    *,
    fund_fen: int,
    institutions: Sequence[Hospital],
    last: Sequence[LastMonth],
    booked_before: Mapping[str, Collection[date]],
    opening: Fraction,
    excluded_to_dip: bool,
    bed_excess: Mapping[str, tuple[int, int]],
) -> FundYear:
    """The year of one fund from the session's ``hospital_month`` and ``offsite_sum`` and the loaded rows."""
    year, fund_type = budget.year, budget.fund_type
    return FundYear(
        budget=budget,
        fund_fen=fund_fen,
        hospitals=institutions,
        months=[HospitalMonth(**row) for row in _sql_rows(engine, "hospital_month", fund_type)],
        last_year=last,
        position=position(folder, year, fund_type),
        applications=[row["fixmedins_code"] for row in folder.of_year("prepay_applications", year, fund_type)],
        deductions=[
            Deduction(row["deduct_id"], row["fixmedins_code"], row["deduct_amount"], row["reason"] or "")
            for row in folder.of_year("deductions", year, fund_type)
        ],
        claims=[
            Claim(row["fixmedins_code"], row["claim_amount"], row["overrun_reason"])
            for row in folder.of_year("overrun_claims", year, fund_type)
        ],
        groups=[
            Member(row["group_code"], row["fixmedins_code"], row["group_method"], row["group_name"] or "")
            for row in folder.rows["medical_groups"]
        ],
        offsite=[Offsite(**row) for row in _sql_rows(engine, "offsite_sum", fund_type)],
        opening_value=opening,
        excluded_to_dip=excluded_to_dip,
        bed_excess=bed_excess,
        booked_before=booked_before,
    )
