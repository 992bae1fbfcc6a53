"""Loads a city's folder for `yibao close`: cases of the year and every table of budgets, months, beds and reviews.

Every fault of every file is listed before anything is computed. Small tables come back as rows with their place
(``src_file``, ``src_row``), so that a later check can name it; large ones stay tables of the session.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from yibao import tables
from yibao.engine import Engine, load_sql
from yibao.flows.dip_common import FlowError, load_cases
from yibao.kernel import Finding, Place, Severity
from yibao.standard import TABLES
from yibao.tables import LoadReport

REQUIRED = ("providers", "budget_income", "budget_lines")
"""Without these there is no close."""
OPTIONAL = {
    "budget_adjustments": "没有预算调整",
    "budget_months": "月度预算按上年各月记账额的比例分",
    "fund_position": "不能判断基金能否预付，不发预付金",
    "prepay_applications": "没有机构申请预付金",
    "assessments": "没有考核得分和信用等级：保证金全额返还，信用不加成、不预付",
    "deductions": "没有违规扣减",
    "overrun_claims": "没有合理超支认定",
    "beds": "没有床位档案，不核对床位",
    "special_reviews": "没有特例单议申请",
    "medical_groups": "没有医共体",
    "excluded_items": "没有除外支付目录",
    "excluded_fees": "没有除外费用",
    "persons": "没有参保人，床位供需不计每千人床位",
    "dx_names": "报告里的诊断只写代码",
    "px_names": "报告里的手术操作只写代码",
}
"""What may be absent, and what its absence means."""
_LARGE = ("excluded_fees", "persons", "dx_names", "px_names")
"""Tables that stay in the session; their rows are not taken out."""

_ONLY = {"persons": ("psn_no", "admdvs")}
"""Columns that a close reads of a large table; what else stands there is not its business to check."""

Row = Mapping[str, Any]


class Folder(NamedTuple):
    """What was loaded: the report of each table (``cases`` first) and the rows of the small tables by name."""

    reports: list[LoadReport]
    rows: dict[str, list[Row]]
    absent: dict[str, str]
    """Tables the folder lacks, with what that means."""

    @property
    def findings(self) -> list[Finding]:
        """Every finding of every table, in the order of loading."""
        return [one for report in self.reports for one in report.findings]

    def of_year(self, table: str, year: int, fund_type: str | None = None) -> list[Row]:
        """The rows of a table for a year, and of one fund where it is named."""
        return [
            row for row in self.rows[table]
            if row["year"] == year and (fund_type is None or row["fund_type"] == fund_type)
        ]  # fmt: skip


def place(row: Row, column: str = "") -> Place:
    """Where a row stands, with the cell as loaded."""
    value = "" if not column or row.get(column) is None else str(row[column])
    return Place(str(row["src_file"]), int(row["src_row"]), column, value)


def load_folder(engine: Engine, folder: Path, year: int) -> Folder:
    """Loads the year's cases (session tables ``loaded_cases``, ``cases``, ``case_px``) and all other tables.

    Of ``persons`` only the count by county stays (``person_county``).

    Raises FlowError, with the reports of every table read, when the cases or a required table yield nothing.
    """
    absent: dict[str, str] = {}
    others: list[LoadReport] = []
    rows: dict[str, list[Row]] = {}
    for table in (*REQUIRED, *OPTIONAL):
        report, missing = _load(engine, folder, table)
        others.append(report)
        if missing:
            absent[table] = OPTIONAL[table]
        if table == "persons":
            # Millions of rows that are only counted: counted at once, their memory is free for the cases.
            engine.run(load_sql("yibao.clearing", "person_county"))
            engine.drop(table)
        if table not in _LARGE:
            rows[table] = engine.fetch(f"SELECT * FROM {table} ORDER BY src_file, src_row").to_pylist()
    try:
        cases = load_cases(engine, [folder], (date(year, 1, 1), date(year, 12, 31)), required=("insutype",))
    except FlowError as error:
        raise FlowError(str(error), [*error.reports, *others]) from error
    lacking = [report.table for report in others if report.table in REQUIRED and report.nothing]
    if lacking:
        named = "、".join(f"{name}（{TABLES[name].label}）" for name in lacking)
        raise FlowError(f"缺少清算必需的表：{named}；可用 yibao template 写出模板填写", [cases, *others])
    return Folder([cases, *others], rows, absent)


def _load(engine: Engine, folder: Path, table: str) -> tuple[LoadReport, bool]:
    """The report of a table; an optional one that the folder lacks is an empty table and no fault."""
    report = tables.load(engine, table, [folder], columns=_ONLY.get(table, ()))
    if table in OPTIONAL and set(report.counts) == {"no_table_file"}:
        report.findings.clear()
        report.counts.clear()
        return report, True
    return report, False


def judged(engine: Engine, folder: Folder) -> list[Finding]:
    """Faults between tables that loading one at a time cannot see: institutions that ``providers`` does not have, in
    any table and in the cases, and institutions without a level. A case without a level takes its institution's.
    """
    known = {row["fixmedins_code"] for row in folder.rows["providers"]}
    found: list[Finding] = []
    for table, rows in folder.rows.items():
        if table == "providers" or not rows or "fixmedins_code" not in rows[0]:
            continue
        found += [
            Finding(
                "unknown_institution", Severity.ERROR, f"{TABLES[table].label}里的机构不在定点医药机构表里",
                place(row, "fixmedins_code"), "机构编号写错，或定点医药机构表缺行", "改正编号，或在 providers 表里补上",
                key=str(row["fixmedins_code"]),
            )
            for row in rows if row["fixmedins_code"] not in known
        ]  # fmt: skip
    found += _unknown_of_cases(engine)
    engine.con.execute("""
        UPDATE loaded_cases SET hosp_lv = p.hosp_lv FROM providers AS p
        WHERE p.fixmedins_code = loaded_cases.fixmedins_code AND coalesce(loaded_cases.hosp_lv, '') = ''""")
    for row in folder.rows["providers"]:
        if not row["hosp_lv"]:
            found.append(
                Finding(
                    "institution_without_level", Severity.WARNING, "机构没有等级，系数按1计，不参与同级比较",
                    place(row, "fixmedins_code"), "定点医药机构表的 hosp_lv 空着", "补填医疗机构等级",
                    key=str(row["fixmedins_code"]),
                )
            )  # fmt: skip
    return found


def _unknown_of_cases(engine: Engine) -> list[Finding]:
    rows = engine.rows("""
        SELECT c.fixmedins_code, count(*) AS n, min(c.src_file), min(c.src_row) FROM loaded_cases AS c
        LEFT JOIN providers AS p ON p.fixmedins_code = c.fixmedins_code
        WHERE p.fixmedins_code IS NULL GROUP BY c.fixmedins_code ORDER BY c.fixmedins_code""")
    return [
        Finding(
            "unknown_institution", Severity.WARNING, f"{n}例病例的机构不在定点医药机构表里，照常清算",
            Place(str(file), int(row), "fixmedins_code", code), "机构编号写错，或定点医药机构表缺行",
            "改正编号，或在 providers 表里补上", key=code,
        )
        for code, n, file, row in rows
    ]  # fmt: skip
