"""The result tables of a close as others rely on them: columns, kinds, and how fen and points become exact decimals.

Grains and meanings stand in docs/internals/close.md, stage 8. Amounts are 元 with two decimals, points have four,
ratios six; all are exact decimals made from integers, never floats, but for statistics (kind ``stat``).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yibao.kernel import half_up_ratio

_TYPES = {
    "text": pa.string(),
    "int": pa.int64(),
    "day": pa.date32(),
    "money": pa.decimal128(18, 2),
    "points": pa.decimal128(18, 4),
    "ratio": pa.decimal128(18, 6),
    "stat": pa.float64(),
}

_UNITS = {"money": Decimal("0.01"), "points": Decimal("0.0001")}
"""What one of the integers is worth that rows have in a column of this kind."""

COLUMNS: dict[str, str] = {
    "budget": "fund_type:text kind:text item:text label:text planned:money adjusted:money",
    "values": """fund_type:text budget:money excluded:money fund:money booked:money fee:money ratio:ratio points:points
        opening_value:ratio settlement_value:ratio cases:int""",
    "months": """fund_type:text fixmedins_code:text month:int budget:money booked:money excluded_due:money base:money
        extra:money gross:money deposit:money paid:money points:points cases:int""",
    "prepay": """fund_type:text fixmedins_code:text last_year_paid:money mean:money credit_lv:text credit:ratio
        outcome:text amount:money""",
    "clearing": """fund_type:text fixmedins_code:text hosp_lv:text group_code:text is_new:int cases:int points:points
        fee:money patient:money entitlement:money booked:money ratio:ratio band:text pay_before:money retained:money
        shared:money cut_shared:money cut_retained:money pay:money excluded_due:money settled:money deductions:money
        score:ratio deposit:money deposit_returned:money monthly_paid:money prepaid:money final:money share:ratio""",
    "groups": """fund_type:text group_code:text group_name:text group_method:text members:int entitlement:money
        booked:money band:text pay:money""",
    "offsite": """fund_type:text fixmedins_code:text insuplc_admdvs:text cases:int points:points fee:money booked:money
        due:money""",
    "coefficients": """fixmedins_code:text hosp_lv:text base:points cmi:points elderly:points child:points tcm:points
        key_specialty:points credit:points addon:points coefficient:points""",
    "addon_items": "fixmedins_code:text item:text measure:text add:points",
    "beds": """fixmedins_code:text hosp_lv:text admdvs:text auth_beds:int agreement_beds:int open_beds:int
        paid_bed_days:int occupied:int excess:int utilisation:ratio peak_month:int""",
    "bed_supply": """admdvs:text hosp_lv:text hospitals:int auth_beds:int agreement_beds:int occupied:int
        utilisation:ratio cases:int persons:int beds_per_1000:ratio""",
    "consumption": "fixmedins_code:text cases:int time_index:stat cost_index:stat",
    "special": """setl_id:text fixmedins_code:text fund_type:text review_reason:text outcome:text fee:money
        standard:money multiple:ratio plain_due:money due:money added:money""",
    "aux": "aux_kind:text label:text groups:int cases:int cv_before:stat cv_after:stat cases_hit:int",
    "primary": """dip_code:text cases_lv1:int cases_lv2:int cases_lv3:int mean_fee_lv1:money mean_fee_lv2:money
        mean_fee_lv3:money standard:money""",
    "indicators": "name:text label:text value:text formula:text",
    "drg_groups": """scheme:text drg:text name:text cases:int mean_fee:money cv:stat mean_days:stat deaths:int
        weight:stat risk:text""",
    "drg_hospitals": """fixmedins_code:text cases:int groups:int total_weight:stat cmi:stat time_index:stat
        cost_index:stat deaths:int low_risk_cases:int low_risk_deaths:int low_risk_mortality:stat""",
    "drg_cells": "fixmedins_code:text scheme:text drg:text cases:int fee:money mean_days:stat deaths:int",
    "postings": """entry_id:text batch:text fund_type:text entry_date:day outcome:text amount:money settles:text
        detail:text""",
}
"""The columns of each table with their kinds, in order."""


def columns(table: str) -> list[tuple[str, str]]:
    """The columns of a result table: name and kind."""
    return [(name, kind) for name, kind in (part.split(":") for part in COLUMNS[table].split())]


def table_of(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as an Arrow table of the contract's columns. Money in fen, points in 10⁻⁴, ratios as Fraction or None.

    A column that a row lacks is null; one that the contract does not name is a programming mistake (KeyError).
    """
    known = columns(table)
    listed = list(rows)
    for row in listed:
        if extra := set(row) - {name for name, _ in known}:
            raise KeyError(f"{table}: {sorted(extra)}")
    arrays = [_column([row.get(name) for row in listed], kind) for name, kind in known]
    return pa.table(arrays, names=[name for name, _ in known])


def _column(values: list[Any], kind: str) -> pa.Array:
    if kind not in _UNITS:
        return pa.array([_cell(value, kind) for value in values], _TYPES[kind])
    # Whole numbers of fen or 10⁻⁴ 分 become decimals all at once: one at a time takes half of writing the small tables.
    whole = pa.array([None if value is None else int(value) for value in values], pa.int64())
    return pc.multiply(whole.cast(pa.decimal128(19, 0)), pa.scalar(_UNITS[kind])).cast(_TYPES[kind])


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "ratio":
        return Decimal(half_up_ratio(Fraction(value), 10**6)).scaleb(-6)
    if kind == "day":
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    return int(value) if kind == "int" else float(value) if kind == "stat" else str(value)


_MONEY, _POINTS = "CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)", "CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)"

CASES_SQL = f"""
    WITH flag AS (SELECT case_no, string_agg(flag, '|' ORDER BY flag) AS flags FROM case_flag GROUP BY case_no),
    hospital AS (SELECT DISTINCT fixmedins_code FROM pool_case),
    place AS (SELECT fixmedins_code, row_number() OVER (ORDER BY fixmedins_code) AS nth FROM hospital)
    SELECT c.setl_id, c.fixmedins_code, nullif(c.hosp_lv, '') AS hosp_lv, q.fund_type, q.scope, c.insuplc_admdvs,
        c.dscg_date, q.month, nullif(g.dip_code, '') AS dip_code, g.dip_type, f.bucket,
        CAST(g.group_points * {_POINTS}) AS group_points, nullif(g.aux_kind, '') AS aux_kind,
        nullif(g.aux_type, '') AS aux_type, CAST(g.aux * {_POINTS}) AS aux, p.deviation_type,
        CAST(p.deviation_e6 * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(18, 6)) AS deviation,
        CAST(p.inst * {_POINTS}) AS coefficient, CAST(f.addon_points * {_POINTS}) AS addon_points,
        CAST(f.case_points * {_POINTS}) AS case_points, CAST(q.fee * {_MONEY}) AS medfee_sumamt,
        CAST(q.excluded * {_MONEY}) AS excluded, CAST(q.excluded_due * {_MONEY}) AS excluded_due,
        CAST(q.booked * {_MONEY}) AS booked,
        CAST(q.other * {_MONEY}) AS other_funds, CAST(q.patient * {_MONEY}) AS patient,
        CAST(d.standard * {_MONEY}) AS standard, CAST(d.due * {_MONEY}) AS due, s.outcome AS special, l.flags,
        u.status AS drg_status, u.mdc, u.adrg, u.drg, w.weight AS drg_weight
    FROM loaded_cases_numbered AS c
    JOIN pool_case AS q ON q.case_no = c.case_no
    JOIN place AS h ON h.fixmedins_code = q.fixmedins_code
    LEFT JOIN grouped AS g ON g.case_no = c.case_no
    LEFT JOIN case_points AS p ON p.case_no = c.case_no
    LEFT JOIN final_points AS f ON f.case_no = c.case_no
    LEFT JOIN case_due AS d ON d.case_no = c.case_no
    LEFT JOIN special_decision AS s ON s.setl_id = c.setl_id
    LEFT JOIN flag AS l ON l.case_no = c.case_no
    LEFT JOIN drg_grouped AS u ON u.case_no = c.case_no
    LEFT JOIN drg_weight AS w ON w.edition = u.edition AND w.drg = u.drg AND u.status = '分组成功'
    ORDER BY h.nth * 4294967296 + c.case_no"""
"""One row a case, hospitals together, so that a hospital's rows are read in one stretch; its cases in the order of the
files. One whole number orders a million rows twice as fast as two texts do."""

TRAIL_SQL = f"""
    SELECT g.setl_id, m.dx, m.px, m.px_kind, m.dx_barred, a.scope AS scope_key, p.standard_basis, p.std_n,
        CAST(p.std_fee * {_MONEY}) AS std_fee, c.diag_codes, c.oprn_codes, g.stay_days,
        CASE WHEN g.local_kind <> '' THEN g.local_kind WHEN g.primary_care = 1 THEN 'primary_care' END AS list_kind,
        CAST(coalesce(b.coefficient, 10000) * {_POINTS}) AS base_coefficient,
        CAST(f.plain_points * {_POINTS}) AS plain_points, CAST(d.plain_due * {_MONEY}) AS plain_due
    FROM grouped AS g
    JOIN case_points AS p ON p.case_no = g.case_no
    JOIN final_points AS f ON f.case_no = g.case_no
    JOIN assigned AS a ON a.case_no = g.case_no
    JOIN case_main AS m ON m.case_no = g.case_no
    JOIN loaded_cases_numbered AS c ON c.case_no = g.case_no
    LEFT JOIN case_due AS d ON d.case_no = g.case_no
    LEFT JOIN level_coefficient AS b
        ON b.hosp_lv = g.hosp_lv AND g.dscg_date >= b.from_day AND g.dscg_date <= b.until_day"""
"""What explains a case beside its row; rows in no promised order."""


def small_tables(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, pa.Table]:
    """Every small result table by name; one without rows stands with its columns."""
    return {name: table_of(name, rows.get(name, ())) for name in COLUMNS}
