"""A city that fits on paper: three hospitals, thirty cases of 2025, three years of history, its budgets and its law.

Amounts are 元 as a person writes them, round wherever a figure is carried further. The base disease costs 10000 元 and
stands for 1000 分, and every group has as many cases in each year, so a point is worth exactly 10 元 at the start of
the year. `hand_oracle` works every figure of the close from these rows; nothing here is computed.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter

Row = dict[str, str]
Tables = dict[str, list[Row]]
YEAR, CITY, CODE = 2025, "zibo", "370300"


def rows(header: str, text: str) -> list[Row]:
    """Rows written one a line, columns apart by blanks, ``-`` for an empty cell."""
    names = header.split()
    lines = [line.split() for line in text.strip().splitlines()]
    return [{n: "" if c == "-" else c for n, c in zip(names, line, strict=True)} for line in lines]


# One line is a bed of the history, filled once a year: hospital, fund, month of discharge, diagnosis, procedure, age,
# days, days in intensive care, fee of 2022, 2023 and 2024; what the fund paid in 2024, and Chinese medicine of a year.
HISTORY_HEADER = "hosp lv fund month dx px age days icu fee_2022 fee_2023 fee_2024 booked tcm"
HISTORY = rows(HISTORY_HEADER, """
    H2 2 310 01 K35.300 47.0100 40 5 - 7000  10000 9000  6300  0
    H2 2 390 02 K35.300 47.0100 40 5 - 7000  10000 9000  5400  0
    H3 3 310 03 K35.300 47.0100 40 6 - 9000  12000 11000 7700  0
    H3 3 390 04 K35.300 47.0100 40 6 - 9000  12000 11000 6600  0
    H1 1 310 05 J18.900 -       66 6 - 3000  3000  3000  2100  0
    H1 1 390 05 J18.900 -       60 6 - 3000  3000  3000  1800  0
    H1 1 390 06 J18.900 -       30 6 - 3000  3000  3000  1800  0
    H2 2 310 06 J18.900 -       30 7 - 4000  4000  4000  2800  0
    H2 2 390 07 J18.900 -       70 7 - 4000  4000  4000  2400  0
    H2 2 310 08 J18.900 -       50 7 - 4000  4000  4000  2800  0
    H3 3 390 08 J18.900 -       14 7 - 4500  4500  4500  2700  0
    H3 3 310 09 J18.900 -       40 7 - 4500  4500  4500  3150  0
    H3 3 310 10 J18.900 -       65 9 3 15000 15000 15000 10500 0
    H3 3 390 10 J18.900 -       72 9 4 15000 15000 15000 9000  0
    H1 1 310 11 I10.x00 -       70 4 - 1800  1800  1800  1260  0
    H1 1 390 11 I10.x00 -       71 4 - 1800  1800  1800  1080  0
    H1 1 390 12 I10.x00 -       65 4 - 1800  1800  1800  1080  0
    H2 2 310 12 I10.x00 -       64 4 - 2600  2600  2600  1820  0
    H2 2 310 02 K63.500 45.4200 50 1 - 2400  2400  2400  1680  0
    H2 2 390 03 K63.500 45.4200 50 1 - 2400  2400  2400  1440  0
    H2 2 310 04 K63.500 45.4200 50 3 - 3600  3600  3600  2520  0
    H2 2 390 01 K63.500 45.4200 50 3 - 3600  3600  3600  2160  0
    H1 1 310 07 M51.200 -       50 8 - 4000  4000  4000  2800  1600
    H1 1 390 09 M51.200 -       50 8 - 4000  4000  4000  2400  1600
    H2 2 310 05 M51.200 -       50 8 - 5500  5500  5500  3850  0
    H2 2 310 09 F20.900 -       45 30 - 12000 12000 12000 8400 0
    H2 2 390 06 F20.900 -       45 30 - 12000 12000 12000 7200 0
    H3 3 310 12 I63.300 -       67 10 - 9000 9000  9000  6300  0
    H3 3 390 08 I63.900 -       60 10 - 7000 7000  7000  4200  0
    """)  # fmt: skip

# The thirty: hospital, fund, home pool, discharge, days, diagnosis, procedure, age, intensive care, way of leaving,
# fee, what the pool booked, what all funds paid, Chinese medicine, person.
CASES_HEADER = "setl_id hosp lv fund home out days dx px age icu way fee hifp fund_pay tcm psn"
CASES = rows(CASES_HEADER, """
    S01 H2 2 310 -      2025-01-10 13 K35.300 47.0100 40 - 1 9000  7650  7650  0    P01
    S02 H3 3 310 370301 2025-01-20 4  K35.300 47.0100 41 - 1 5000  3500  3500  0    P02
    S03 H3 3 310 370300 2025-02-10 6  K35.300 47.0100 42 - 1 27500 19250 21250 0    P03
    S04 H3 3 310 -      2025-03-12 20 K35.300 47.0100 43 - 1 66000 45000 54200 0    P04
    S05 H3 3 310 -      2025-10-15 9  J18.900 -       70 3 1 15000 10500 10500 0    P05
    S06 H1 1 310 -      2025-05-16 6  J18.900 -       66 - 1 3000  2400  2400  0    P06
    S07 H1 1 310 -      2025-06-05 4  I10.x00 -       70 - 1 1800  1440  1440  0    P07
    S08 H2 2 310 -      2025-06-16 4  I10.x00 -       70 - 1 2600  2080  2080  0    P07
    S09 H2 2 310 -      2025-07-02 1  K63.500 45.4200 50 - 1 2400  1680  1680  0    P09
    S10 H1 1 310 -      2025-09-08 8  M51.200 -       50 - 1 4000  3200  3200  1600 P10
    S11 H2 2 310 -      2025-09-20 40 F20.900 -       45 - 1 16000 12800 12800 0    P11
    S12 H3 3 310 -      2025-10-11 10 I63.300 -       67 - 1 8800  6160  6160  0    P12
    S13 H2 2 310 -      2025-10-20 3  H25.900 -       70 - 1 6250  5000  5000  0    P13
    S14 H2 2 310 -      2025-12-05 7  J18.900 -       50 - 1 14000 9800  9800  0    P14
    S15 H2 2 390 -      2025-01-15 5  K35.300 47.0100 40 - 1 9900  5940  5940  0    P15
    S16 H3 3 390 -      2025-02-16 6  K35.300 47.0100 40 - 1 24000 16800 17800 0    P16
    S17 H2 2 390 -      2025-03-17 5  K35.300 47.0100 40 - 1 19800 9900  9900  0    P17
    S18 H1 1 390 -      2025-06-18 2  J18.900 -       30 - 1 840   504   504   0    P18
    S19 H2 2 390 -      2025-05-19 7  J18.900 -       30 - 1 4400  2640  2640  0    P19
    S20 H3 3 390 -      2025-06-20 9  J18.900 -       72 5 5 16000 11200 11200 0    P20
    S21 H1 1 390 -      2025-07-21 4  I10.x00 -       71 - 1 2000  1500  1500  0    P21
    S22 H2 2 390 -      2025-07-22 4  I10.x00 -       71 - 1 2400  1440  1440  0    P22
    S23 H1 1 390 -      2025-09-23 8  M51.200 -       50 - 1 4200  3000  3000  840  P23
    S24 H2 2 390 -      2025-10-24 3  K63.500 45.4200 50 - 1 3600  2160  2160  0    P24
    S25 H3 3 390 -      2025-11-25 10 I63.900 -       60 - 1 7600  5320  5320  0    P25
    S26 H2 2 390 -      2025-12-26 10 F20.900 -       45 - 1 7000  4200  4200  0    P26
    S27 H2 2 390 -      2025-06-27 5  K37.x00 47.0900 33 - 1 10500 5250  5250  0    P27
    S28 H3 3 310 370100 2025-05-28 6  K35.300 47.0100 40 - 1 11000 8250  8250  0    P28
    S29 H2 2 390 370200 2025-05-29 7  J18.900 -       30 - 1 4000  2200  2200  0    P29
    S30 H3 3 310 110100 2025-08-30 6  K35.300 47.0100 40 - 1 12000 6000  6000  0    P30
    """)  # fmt: skip

SMALL: Tables = {
    "providers": rows("fixmedins_code fixmedins_name hosp_lv fixmedins_type admdvs key_specialties agreement_from", """
        H1 甲镇卫生院   1 1 370303 0 2015-01-01
        H2 乙区人民医院 2 1 370303 0 2015-01-01
        H3 丙市中心医院 3 1 370302 3 2015-01-01
        """),
    "persons": rows("psn_no insutype admdvs", """
        P01 310 370303
        P02 310 370303
        P03 310 370302
        P15 390 370303
        """),
    "local_lists": rows("list_kind dip_code list_points", """
        primary_care I10.x-保守治疗   -
        tcm          M51.2-保守治疗   480
        day          K63.5-45.4200    -
        bed_day      F20.9-保守治疗   38
        """),
    "budget_income": rows("year fund_type income_item budget_amount basis", """
        2025 310 premium  240000 预算批复
        2025 310 interest 6000   预算批复
        2025 310 other    4000   预算批复
        2025 390 premium  85000  预算批复
        2025 390 interest 1000   预算批复
        2025 390 subsidy  60000  预算批复
        2025 390 other    4000   预算批复
        """),
    "budget_lines": rows("year fund_type budget_line budget_amount basis", """
        2025 310 outpatient 65000 预算批复
        2025 310 chronic    25000 预算批复
        2025 310 offsite    12000 预算批复
        2025 310 other      13040 预算批复
        2025 310 reserve    2000  预算批复
        2025 390 outpatient 40000 预算批复
        2025 390 chronic    20000 预算批复
        2025 390 offsite    10000 预算批复
        2025 390 other      9320  预算批复
        2025 390 reserve    2000  预算批复
        2025 390 dip        65680 预算批复
        """),
    "budget_adjustments": rows(
        "adjust_id year fund_type budget_line adjust_amount adjust_reason approved_date basis",
        "TZ1 2025 310 dip 4490 policy 2025-09-30 会议纪要",
    ),
    "fund_position": rows("year fund_type balance last_income last_expense forecast_income forecast_expense", """
        2025 310 300000 310000 300000 320000 310000
        2025 390 95000  200000 180000 190000 195000
        """),
    "prepay_applications": rows("year fund_type fixmedins_code apply_date", """
        2025 310 H2 2025-01-06
        2025 310 H3 2025-01-07
        2025 390 H2 2025-01-06
        """),
    "assessments": rows("year fixmedins_code assess_score credit_lv agreement_status", """
        2024 H1 95   B normal
        2024 H2 96   A normal
        2024 H3 90   B normal
        2025 H1 100  A normal
        2025 H2 90   A normal
        2025 H3 85.5 C normal
        """),
    "deductions": rows("deduct_id year fund_type fixmedins_code deduct_amount reason basis", """
        KJ1 2025 310 H2 500     重复收费 稽核决定
        KJ2 2025 390 H3 1200.75 超标准收费 稽核决定
        """),
    "beds": rows("fixmedins_code bed_from auth_beds agreement_beds open_beds", """
        H1 2025-01-01 2 1 3
        H2 2025-01-01 1 0 1
        H2 2025-12-01 1 1 1
        H3 2024-06-01 3 3 3
        H3 2025-07-01 3 4 5
        """),
    "special_reviews": rows("setl_id review_reason apply_date review_result review_date review_points", """
        S04 high_cost 2025-04-02 pass_item     2025-04-20 -
        S15 high_cost 2025-02-05 pass_item     2025-02-20 -
        S16 complex   2025-03-03 pass_standard 2025-03-20 2000
        S17 new_tech  2025-04-01 pass_item     2025-04-20 -
        S19 mdt       2025-06-03 fail          2025-06-20 -
        S20 complex   2025-07-02 pending       -          -
        S28 high_cost 2025-06-02 pass_item     2025-06-20 -
        S99 high_cost 2025-06-02 pass_item     2025-06-20 -
        """),
    "excluded_items": rows("med_list_codg item_name valid_from valid_until", """
        XA 谈判药甲 2025-01-01 2026-12-31
        XB 谈判药乙 2024-01-01 2025-06-30
        """),
    "excluded_fees": rows("setl_id med_list_codg item_amount", """
        S14 XA 10000
        S14 XB 500
        S12 XC 300
        S29 XA 1000
        """),
    "ledger_entries": rows("entry_id entry_date admdvs fund_type subj_code debit credit settles memo", """
        QC1 2025-01-01 370300 310 1004   150000 -      2024年决算   年初余额
        QC1 2025-01-01 370300 310 300101 -      150000 2024年决算   年初余额
        SR1 2025-01-05 370300 310 1002   250000 -      税务划款单1  保险费入收入户
        SR1 2025-01-05 370300 310 400101 -      250000 税务划款单1  保险费入收入户
        HZ1 2025-01-06 370300 310 1003   250000 -      划转通知单1  划转财政专户
        HZ1 2025-01-06 370300 310 1002   -      250000 划转通知单1  划转财政专户
        BK1 2025-01-07 370300 310 1004   250000 -      拨款通知单1  拨入支出户
        BK1 2025-01-07 370300 310 1003   -      250000 拨款通知单1  拨入支出户
        """),
}  # fmt: skip

_REGIME = {"regime": ["dip2020", "dip2_0", "dip3_0_draft"]}
_TWO = {"regime": "dip2_0"}
SHARE = [
    {"from": "0", "to": "0.85", "start": "0", "rate": "1", "label": "低于85%"},
    {"from": "0.85", "to": "1", "start": "1", "rate": "0", "label": "85%至100%"},
    {"from": "1", "to": "1.05", "start": "1", "rate": "0.70", "label": "超支5%以内"},
    {"from": "1.05", "to": "1.10", "start": "1.035", "rate": "0.50", "label": "超支5%至10%"},
    {"from": "1.10", "start": "1.06", "rate": "0", "label": "超支10%以上"},
]
"""booked ÷ entitlement from (incl.) to (excl.): pay ÷ entitlement = start + rate × (x − from)."""

Law = dict[str, Any]
LAW: Law = {
    "dip.core.mode": "fixed", "dip.core.min_cases": "4", "dip.composite.min_cases": "4", "dip.merge.dx3": "false",
    "dip.trim.level": "none", "dip.base_disease": "K35.3-47.0100", "dip.score.scale": "1000",
    "dip.deviation.low": "0.5", "dip.deviation.high": "2", "dip.deviation.extreme": "5", "dip.ungrouped.k": "0.8",
    "dip.coef.method": "table", "dip.coef.level": {"1": "0.90", "2": "1.00", "3": "1.10"},
    "dip.coef.addons": [
        {"item": "cmi", "from": "0.6", "add": "0.01"}, {"item": "cmi", "from": "0.75", "add": "0.02"},
        {"item": "elderly", "from": "0.5", "add": "0.01"}, {"item": "child", "from": "0.125", "add": "0.005"},
        {"item": "tcm", "from": "0.10", "add": "0.02"}, {"item": "key_specialty", "from": "3", "add": "0.02"},
        {"item": "credit", "from": "A", "add": "0.01"},
    ],
    "dip.coef.addon_cap": "0.04", "dip.coef.elderly_from": "65", "dip.coef.child_until": "14",
    "dip.special_review.quota": "0.1", "dip.special_review.min_multiple": "2",
    "dip.special_review.los_multiple": "3", "dip.special_review.order": "excess",
    "dip.special_review.keep_better": "true",
    "dip.exclusion.mode": "exclude", "dip.exclusion.charge": "dip", "dip.exclusion.addon_k": "1",
    "dip.tcm.min_share": "0.30", "dip.day.max_days": "1", "dip.bed_day.min_days": "15",
    "dip.primary.max_cv": "0.7", "dip.primary.min_share": "0.5",
    "dip.aux.kinds": ["age", "icu"], "dip.aux.min_group_cases": "9", "dip.aux.min_type_cases": "2",
    "dip.aux.icu_factor": "0.5", "dip.aux.min_cv": "0.3", "dip.aux.min_drop": "0.2", "dip.aux.floor": "1",
    "dip.aux.icu_bands": [{"label": "2-7天", "from": "2", "until": "7"}, {"label": "8天及以上", "from": "8"}],
    "dip.flags.readmit_days": "15", "dip.flags.long_multiple": "3", "dip.flags.low_ratio": "0.3",
    "dip.flags.low_risk_mortality": "0.001",
    "budget.surplus_target": "0.02", "budget.dip.method": "residual", "budget.month.split": "history",
    "prepay.credit": {"A": "1", "B": "0.95", "C": "0.80", "D": "0"}, "prepay.pay_day": "01-20",
    "settle.monthly.basis": "budget_vs_booked", "settle.month.hospital_split": "points",
    "settle.month.redistribute": "0.8", "settle.month.day": "20",
    "settle.deposit": "0.05", "settle.entitlement.basis": "times_ratio", "settle.ratio_level": "pool",
    "settle.case_floor": "true", "settle.share": SHARE, "settle.overrun.needs_claim": "false",
    "settle.assessment.applies": "deposit", "clearing.new.rule": "booked", "clearing.group.primary_weight": "1.5",
    "beds.excess.rule": "flag",
}  # fmt: skip
"""The figures the texts leave to the city, small enough for small numbers; where the key takes a condition, by its
value (level, credit)."""

_UNITS = {
    "dip.core.min_cases": "cases", "dip.composite.min_cases": "cases", "dip.aux.min_group_cases": "cases",
    "dip.aux.min_type_cases": "cases", "dip.merge.dx3": "flag", "dip.special_review.keep_better": "flag",
    "settle.case_floor": "flag",
    "settle.overrun.needs_claim": "flag", "dip.score.scale": "times", "dip.deviation.low": "times",
    "dip.deviation.high": "times", "dip.deviation.extreme": "times", "dip.special_review.min_multiple": "times",
    "dip.special_review.los_multiple": "times", "clearing.group.primary_weight": "times",
    "dip.flags.long_multiple": "times", "dip.coef.elderly_from": "years", "dip.coef.child_until": "years",
    "dip.day.max_days": "days", "dip.bed_day.min_days": "days", "dip.flags.readmit_days": "days",
    "settle.month.day": "days",
}  # fmt: skip
_TEXTS = frozenset({
    "dip.core.mode", "dip.trim.level", "dip.base_disease", "dip.coef.method", "dip.special_review.order",
    "dip.exclusion.mode", "dip.exclusion.charge", "budget.dip.method", "budget.month.split", "prepay.pay_day",
    "settle.monthly.basis", "settle.month.hospital_split", "settle.entitlement.basis", "settle.ratio_level",
    "settle.assessment.applies",
    "clearing.new.rule", "beds.excess.rule",
})  # fmt: skip
_BY = {"dip.coef.level": "hosp_lv", "prepay.credit": "credit_lv"}


def overlay(law: Law) -> str:
    """The law as the text of an overlay file, to be laid over ``demo``."""
    return "".join(f"- {json.dumps(one, ensure_ascii=False)}\n" for one in _parameters(law))


def _parameters(law: Law) -> list[dict[str, Any]]:
    found = []
    for key, value in law.items():
        unit = _UNITS.get(key, "text" if key in _TEXTS else "table" if isinstance(value, list) else "ratio")
        where: dict[str, Any] = dict(_REGIME) if key.startswith("dip.") else {}
        for condition, one in value.items() if isinstance(value, dict) else [("", value)]:
            held = {**where, _BY[key]: condition} if condition else where
            found.append({
                "key": key, **({"where": held} if held else {}), "from": "2025-01-01", "value": one,
                "unit": "list" if key == "dip.aux.kinds" else unit,
                "source": {"doc": "手算城市", "published": "2026-11-25"}, "grade": "assumed",
            })  # fmt: skip
    return found


def case_rows() -> list[Row]:
    """History and the thirty as rows of the table ``cases``."""
    found = []
    for year in (2022, 2023, 2024):
        for n, bed in enumerate(HISTORY, start=1):
            fee = bed[f"fee_{year}"]
            booked = bed["booked"] if year == 2024 else fee
            found.append(_case(bed, f"L{year}{n:02d}", f"{year}-{bed['month']}-28", fee, booked, booked))
            found[-1] |= {"psn_no": f"Q{n:02d}{year}", "tcm_fee": bed["tcm"], "dscg_way": "1"}
    for one in CASES:
        found.append(_case(one, one["setl_id"], one["out"], one["fee"], one["hifp"], one["fund_pay"]))
        found[-1] |= {"psn_no": one["psn"], "tcm_fee": one["tcm"], "dscg_way": one["way"]}
        found[-1] |= {"insuplc_admdvs": one["home"]}
        if one["setl_id"] == "S25":  # its dates say eleven days, its list says ten
            found[-1]["adm_date"] = _days_before(one["out"], 11)
    return found


def _case(one: Row, setl_id: str, out: str, fee: str, hifp: str, fund_pay: str) -> Row:
    return {
        "setl_id": setl_id, "insutype": one["fund"], "fixmedins_code": one["hosp"], "hosp_lv": one["lv"],
        "age": one["age"], "adm_date": _days_before(out, int(one["days"])), "dscg_date": out,
        "act_ipt_days": one["days"], "diag_codes": one["dx"], "oprn_codes": one["px"], "medfee_sumamt": fee,
        "fund_pay_sumamt": fund_pay, "psn_part_amt": str(int(fee) - int(fund_pay)), "hifp_pay": hifp,
        "insuplc_admdvs": "", "icu_days": one["icu"],
    }  # fmt: skip


def _days_before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days)).isoformat()


def base() -> Tables:
    """The tables of the city as they stand."""
    return {"cases": case_rows(), **{name: [dict(row) for row in table] for name, table in SMALL.items()}}


def write(folder: Path, tables: Mapping[str, Sequence[Row]], law: Law) -> Path:
    """Writes the tables (csv; budgets as workbooks) and ``law.yaml`` into a new folder; returns the law's path."""
    folder.mkdir(parents=True)
    for name, listed in tables.items():
        if not listed:
            continue
        if name.startswith("budget_"):
            _workbook(folder / f"{name}.xlsx", listed)
            continue
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(listed[-1]))
            writer.writeheader()
            writer.writerows(listed)
    law_file = folder.parent / f"{folder.name}-law.yaml"
    law_file.write_text(overlay(law), encoding="utf-8")
    return law_file


def _workbook(path: Path, listed: Sequence[Row]) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("数据")
    for column, name in enumerate(listed[0]):
        sheet.write_string(0, column, name)
        for at, row in enumerate(listed, start=1):
            sheet.write_string(at, column, row[name])
    book.close()
