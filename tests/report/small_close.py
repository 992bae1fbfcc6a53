"""A small closed year, worked out by hand in exact numbers: the folder of ``yibao close`` that the report tests read.

Six hospitals (H4 and H5 are a 医共体, H6 is new), two funds, twelve months, most buckets, special reviews, excluded
fees, offsite cases, beds. It follows docs/internals/close.md, stage 8; nothing of the product computes a figure here
but the catalogue, which ``yibao dip build`` makes of a small history.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from yibao.engine import Engine
from yibao.flows import dip as flow
from yibao.flows.close_tables import small_tables
from yibao.flows.dip_catalogue import open_saved
from yibao.kernel import half_up, half_up_ratio, largest_remainder
from yibao.packs import load_law
from yibao.tables import load, write_rejected

FUNDS = ("310", "390")
HOSPITALS = {"H1": ("3", 6), "H2": ("3", 4), "H3": ("2", 4), "H4": ("2", 3), "H5": ("1", 3), "H6": ("1", 2)}
"""Level and cases a month and fund."""
BASE = {"3": 11000, "2": 9500, "1": 8000}
ADDON = {"H1": 300, "H2": 100}
TARGET = {
    ("310", "H1"): "1.03", ("310", "H2"): "0.92", ("310", "H3"): "1.08", ("310", "H4"): "0.96", ("310", "H5"): "0.93",
    ("310", "H6"): "0.90", ("390", "H1"): "0.80", ("390", "H2"): "1.15", ("390", "H3"): "0.97", ("390", "H4"): "1.00",
    ("390", "H5"): "0.94", ("390", "H6"): "1.02",
}  # fmt: skip
"""Booked over entitlement: every band of the share table has its hospital."""
SHARE = [
    {"from": "0", "to": "0.85", "start": "0", "rate": "1", "label": "低于85%，按记账支付"},
    {"from": "0.85", "to": "1", "start": "1", "rate": "0", "label": "85%至100%，结余留用"},
    {"from": "1", "to": "1.05", "start": "1", "rate": "0.70", "label": "超支5%以内，基金分担70%"},
    {"from": "1.05", "to": "1.10", "start": "1.035", "rate": "0.50", "label": "超支5%至10%，基金分担50%"},
    {"from": "1.10", "start": "1.06", "rate": "0", "label": "超支10%以上，不再分担"},
]
WARNING = [
    {"upto": "1.00", "label": "绿"},
    {"upto": "1.05", "label": "黄"},
    {"upto": "1.10", "label": "橙"},
    {"label": "红"},
]
GROUPS = [
    ("K35.3-47.0100", "K35.300|I10.x00", "47.0100", 900_000),
    ("J18.9-保守治疗", "J18.900", "", 300_000),
    ("I63.9-保守治疗", "I63.900|N18.900", "", 1_200_000),
    ("J20|内科诊疗组", "J20.100", "", 150_000),
]
Rows = list[dict[str, Any]]


def history() -> Rows:
    """Two years of the four groups at hospitals of every level."""
    places = [("H1", "3"), ("H3", "2"), ("H5", "1")]
    rows = []
    for year in (2023, 2024):
        for code, dx, px, fee in GROUPS:
            for place, level in places:
                if code.startswith("J20"):
                    dx = {"H1": "J20.100", "H3": "J20.200", "H5": "J20.300"}[place]
                rows += [
                    {
                        "setl_id": f"{year}{place}{code[:3]}{n}", "fixmedins_code": place, "hosp_lv": level,
                        "insutype": FUNDS[n % 2], "diag_codes": dx, "oprn_codes": px or None,
                        "dscg_date": date(year, n % 12 + 1, 15).isoformat(), "act_ipt_days": str(4 + n % 5),
                        "medfee_sumamt": f"{(fee * (95 + n % 11) // 100) / 100:.2f}",
                        "fund_pay_sumamt": f"{fee * 6 // 1000:.2f}",
                    }
                    for n in range(24 if not code.startswith("J20") else 5)
                ]  # fmt: skip
    return rows


def write(folder: Path) -> Path:
    """Builds the catalogue and writes ``folder/closed``; answers that folder."""
    pq.write_table(pa.Table.from_pylist(history()), folder / "history.parquet")
    out = folder / "closed"
    out.mkdir()
    flow.build([folder / "history.parquet"], out / "catalogue", flow.Setting(load_law("zibo", ["demo"])))
    _parts(out / "catalogue" / "parts")
    saved = open_saved(out / "catalogue")
    points = {row["dip_code"]: int(row["points"]) for row in saved.catalogue.groups.to_pylist()}
    opening = Fraction(Decimal("10.8163"))
    cases = _cases(points)
    rows, values = _settle(cases, opening)
    rows |= _others(cases, rows)
    _write_cases(out, cases, opening, values)
    for name, table in small_tables(rows).items():
        pq.write_table(table, out / f"{name}.parquet")
    _rejected(out)
    (out / "summary.json").write_text(
        json.dumps(_summary(saved.summary, cases, _progress(rows)), ensure_ascii=False, indent=1)
    )
    return out


def _parts(parts: Path) -> None:
    """The parts of the catalogue that the hospital workbooks read, where the build has not written them."""
    history_rows = [
        {"fixmedins_code": place, "insutype": fund, "dscg_year": 2024, "dscg_month": month, "n": 10, "n_grouped": 10,
         "fee": 7_000_000 + month * 1000, "booked": 4_000_000, "group_points": 80_000_000, "days": 70, "n_elderly": 4,
         "n_child": 1, "tcm_fee": 100_000}
        for place in ("H1", "H3", "H5") for fund in FUNDS for month in range(1, 13)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(history_rows), parts / "hospital_history.parquet")
    lists = [
        {"list_kind": "primary_care", "dip_code": "J18.9-保守治疗", "list_points": None},
        {"list_kind": "tcm", "dip_code": "J20|内科诊疗组", "list_points": 1_700_000},
        {"list_kind": "day", "dip_code": "K35.3-47.0100", "list_points": None},
    ]
    schema = pa.schema([("list_kind", pa.string()), ("dip_code", pa.string()), ("list_points", pa.int64())])
    pq.write_table(pa.Table.from_pylist(lists, schema), parts / "local_list.parquet")


def _cases(points: Mapping[str, int]) -> Rows:
    cases: Rows = []
    for place, (level, count) in HOSPITALS.items():
        for fund in FUNDS:
            for month in range(1, 13):
                for n in range(count):
                    cases.append(_case(points, place, level, fund, month, n, len(cases)))
    by_id = {case["setl_id"]: case for case in cases}
    _odd(by_id, points)
    for case in cases:
        k = Fraction(case["inst"], 10**4) * Fraction(case["aux"], 10**4) * case["deviation"]
        plain = half_up_ratio(case["group_points"] * k)
        case["plain_points"] = (
            plain if case["bucket"] != "ungrouped" else half_up(case["medfee"] * 800 * 10**4, 896_625)
        )
        case["case_points"] = case.get("granted", case["plain_points"])
    return cases


def _case(points: Mapping[str, int], place: str, level: str, fund: str, month: int, n: int, seq: int) -> dict[str, Any]:
    code, dx, px, fee = GROUPS[(n + month + int(place[1])) % 4]
    bucket = {"J18.9-保守治疗": "primary", "J20|内科诊疗组": "composite"}.get(code, "core")
    aux = bucket == "core" and code.startswith("I63") and seq % 3 == 0
    coefficient = 10000 if bucket == "primary" else BASE[level] + ADDON.get(place, 0)
    return {
        "setl_id": f"S{seq:04d}", "fixmedins_code": place, "hosp_lv": level, "fund_type": fund, "scope": "local",
        "insuplc_admdvs": "370300", "dscg_date": date(2025, month, 5 + n * 3), "month": month, "dip_code": code,
        "dip_type": "composite" if bucket == "composite" else "core", "bucket": "aux" if aux else bucket,
        "group_points": points[code], "aux_kind": "severity" if aux else "", "aux_type": "重度" if aux else "",
        "aux": 13000 if aux else 10000, "deviation_type": "normal", "deviation": Fraction(1), "inst": coefficient,
        "medfee": fee * (90 + (seq * 7) % 21) // 100, "excluded": 0, "other": 0, "special": None, "flags": None,
        "dx": dx.split("|")[0], "px": px, "diag_codes": dx, "oprn_codes": px or None, "days": 5 + seq % 6,
        "std_n": 24, "std_fee": fee * 24, "addon": 0,
    }  # fmt: skip


LOW, HIGH, EXTREME, UNGROUPED, EXCLUDED = "S0010", "S0020", "S0030", "S0040", "S0050"
GRANTED, OVER_QUOTA, FAILED, NOT_ELIGIBLE = "S0060", "S0061", "S0062", "S0063"
OFFSITE = ("S0070", "S0071", "S0150", "S0151")
OUTSIDE = "S0080"


def _odd(cases: Mapping[str, dict[str, Any]], points: Mapping[str, int]) -> None:
    """The cases that stray, each in its own way."""
    for key, times, kind in ((LOW, "0.3", "low"), (HIGH, "2.5", "high"), (EXTREME, "6", "extreme")):
        case = cases[key]
        case["medfee"] = half_up_ratio(Fraction(case["std_fee"], 24) * Fraction(times))
        case["deviation_type"] = kind
        case["deviation"] = Fraction(times) if kind == "low" else Fraction(times) - 1
    cases[UNGROUPED] |= {
        "dip_code": "", "dip_type": "ungrouped", "bucket": "ungrouped", "group_points": 0, "aux": 10000, "aux_kind": "",
        "aux_type": "", "deviation_type": "ungrouped", "inst": 10000, "dx": "Z99.900", "diag_codes": "Z99.900",
        "px": "", "oprn_codes": None, "std_n": None, "std_fee": None,
    }  # fmt: skip
    cases[EXCLUDED] |= {"excluded": 60_000, "medfee": cases[EXCLUDED]["medfee"] + 60_000}
    for key, outcome in ((GRANTED, "granted"), (OVER_QUOTA, "over_quota"), (FAILED, "failed"),
                         (NOT_ELIGIBLE, "not_eligible")):  # fmt: skip
        cases[key] |= {"special": outcome, "medfee": cases[key]["medfee"] * 3}
    cases[GRANTED] |= {"bucket": "special", "granted": half_up(cases[GRANTED]["medfee"] * 10**6, 108163)}
    cases[OFFSITE[0]] |= {"excluded": 30_000, "medfee": cases[OFFSITE[0]]["medfee"] + 30_000}
    for key in OFFSITE:
        cases[key] |= {"scope": "offsite", "insuplc_admdvs": "370100" if key < "S01" else "370500"}
    cases[OUTSIDE] |= {"scope": "outside", "insuplc_admdvs": "110100"}
    for key, flags in (("S0100", "readmission"), ("S0101", "long_stay|low_standard"), ("S0102", "death_risk")):
        cases[key]["flags"] = flags
    cases["S0110"] |= {"bucket": "tcm", "aux": 10000, "aux_kind": "", "aux_type": ""}
    cases["S0111"] |= {"bucket": "day", "aux": 10000, "aux_kind": "", "aux_type": ""}


def _settle(cases: Rows, opening: Fraction) -> tuple[dict[str, Rows], dict[str, dict[str, Any]]]:
    """Entitlements, booked amounts, months and the clearing of both funds."""
    rows: dict[str, Rows] = defaultdict(list)
    values: dict[str, dict[str, Any]] = {}
    for fund in FUNDS:
        local = [case for case in cases if case["fund_type"] == fund and case["scope"] == "local"]
        fees = sum(case["medfee"] - case["excluded"] for case in local)
        pot = fees * 6 // 10
        for name in ("due", "plain_due"):
            weights = [case["case_points" if name == "due" else "plain_points"] for case in local]
            shares = largest_remainder(pot, weights, [case["setl_id"] for case in local])
            for case, share in zip(local, shares, strict=True):
                case[name] = share
        _book(local, fund)
        excluded = sum(case["excluded_due"] for case in local)
        booked = sum(case["booked"] - case["excluded_due"] for case in local)
        points = sum(case["case_points"] for case in local)
        closing = Fraction(pot * fees * 100, booked * points)
        values[fund] = {
            "fund_type": fund, "budget": pot + excluded, "excluded": excluded, "fund": pot, "booked": booked,
            "fee": fees, "ratio": Fraction(booked, fees), "points": points, "opening_value": opening,
            "settlement_value": closing, "cases": len(local),
        }  # fmt: skip
        rows["values"].append(values[fund])
        _months(rows, local, fund, pot + excluded)
        _prepay(rows, fund)
        _clear(rows, local, fund)
    for case in cases:
        if case["scope"] == "local":
            continue
        share = half_up_ratio(
            case["case_points"] * values[case["fund_type"]]["settlement_value"] / 100 * Fraction(6, 10)
        )
        case |= {"due": share if case["scope"] == "offsite" else None, "plain_due": None, "booked": case["medfee"] // 2,
                 "excluded_due": half_up(case["excluded"] * (case["medfee"] // 2), case["medfee"])}  # fmt: skip
    for case in cases:
        case["patient"] = case["medfee"] - case["booked"] - case["other"]
        value = values[case["fund_type"]]["settlement_value"]
        case["standard"] = half_up_ratio(case["plain_points"] * value / 100)
    return rows, values


def _book(local: Rows, fund: str) -> None:
    for place in HOSPITALS:
        own = [case for case in local if case["fixmedins_code"] == place]
        whole = half_up_ratio(sum(case["due"] for case in own) * Fraction(TARGET[fund, place]))
        parts = largest_remainder(whole, [case["medfee"] for case in own], [case["setl_id"] for case in own])
        for case, part in zip(own, parts, strict=True):
            by_item = 0
            while by_item != (again := half_up(case["excluded"] * (part + by_item), case["medfee"])):
                by_item = again
            case["excluded_due"], case["booked"] = by_item, part + by_item


def _months(rows: dict[str, Rows], local: Rows, fund: str, budget: int) -> None:
    income = budget * 3
    for item, label, part in (("premium", "基本医保费收入", 8), ("subsidy", "财政补助", 1), ("interest", "利息", 1)):
        amount = income * part // 10 + (income % 10 if item == "premium" else 0)
        rows["budget"].append({"fund_type": fund, "kind": "income", "item": item, "label": label, "planned": amount,
                               "adjusted": amount})  # fmt: skip
    income = sum(row["planned"] for row in rows["budget"] if row["fund_type"] == fund and row["kind"] == "income")
    cap, raised = income * 98 // 100, budget // 50
    others = {"outpatient": cap // 5, "chronic": cap // 8, "offsite": cap // 10, "reserve": cap // 50}
    lines = others | {"dip": budget - raised}
    lines["other"] = cap - sum(lines.values())
    names = {
        "outpatient": "普通门诊统筹",
        "chronic": "门诊慢特病",
        "offsite": "异地联网结算和零星报销",
        "dip": "住院DIP",
        "other": "其他付费方式",
        "reserve": "调剂金",
    }
    for item, label in names.items():
        rows["budget"].append({"fund_type": fund, "kind": "line", "item": item, "label": label, "planned": lines[item],
                               "adjusted": lines[item] + (raised if item == "dip" else 0)})  # fmt: skip
    by_month = largest_remainder(budget, [100 + month for month in range(1, 13)], [f"{m:02d}" for m in range(1, 13)])
    for month, amount in enumerate(by_month, start=1):
        rows["budget"].append({"fund_type": fund, "kind": "month", "item": str(month), "label": f"{month}月",
                               "planned": amount, "adjusted": amount})  # fmt: skip
        own = {place: [c for c in local if c["fixmedins_code"] == place and c["month"] == month] for place in HOSPITALS}
        weights = [sum(case["case_points"] for case in own[place]) for place in HOSPITALS]
        shares = largest_remainder(amount, weights, list(HOSPITALS))
        booked = [sum(case["booked"] - case["excluded_due"] for case in own[place]) for place in HOSPITALS]
        spare = sum(max(0, share - b) for share, b in zip(shares, booked, strict=True))
        over = [max(0, b - share) for share, b in zip(shares, booked, strict=True)]
        pot = half_up(min(spare, sum(over)) * 8, 10)
        extras = largest_remainder(pot, over, list(HOSPITALS)) if sum(over) else [0] * len(over)
        for place, share, b, extra, weight in zip(HOSPITALS, shares, booked, extras, weights, strict=True):
            excluded = sum(case["excluded_due"] for case in own[place])
            gross = min(b, share) + extra + excluded
            deposit = half_up(gross * 5, 100)
            rows["months"].append({
                "fund_type": fund, "fixmedins_code": place, "month": month, "budget": share, "booked": b,
                "excluded_due": excluded, "base": min(b, share), "extra": extra, "gross": gross, "deposit": deposit,
                "paid": gross - deposit, "points": weight, "cases": len(own[place]),
            })  # fmt: skip


PREPAY = {"H1": "granted", "H2": "granted", "H3": "not_applied", "H4": "credit_zero", "H5": "suspended",
          "H6": "new_institution"}  # fmt: skip


def _prepay(rows: dict[str, Rows], fund: str) -> None:
    for place, outcome in PREPAY.items():
        mean = 4_000_000 if place != "H6" else 0
        credit = Fraction(19, 20) if place == "H2" else Fraction(1 if outcome != "credit_zero" else 0)
        outcome = "pool_short" if fund == "390" else outcome
        rows["prepay"].append({
            "fund_type": fund, "fixmedins_code": place, "last_year_paid": mean * 12, "mean": mean,
            "credit_lv": {"H2": "B", "H4": "D"}.get(place, "A"), "credit": credit, "outcome": outcome,
            "amount": half_up_ratio(mean * credit) if outcome == "granted" else 0,
        })  # fmt: skip


def _band(x: Fraction) -> Mapping[str, str]:
    return next(row for row in reversed(SHARE) if x >= Fraction(row["from"]))


def _clear(rows: dict[str, Rows], local: Rows, fund: str) -> None:
    places = {place: [case for case in local if case["fixmedins_code"] == place] for place in HOSPITALS}
    due = {place: sum(case["due"] for case in own) for place, own in places.items()}
    booked = {place: sum(case["booked"] - case["excluded_due"] for case in own) for place, own in places.items()}
    whole, spent = due["H4"] + due["H5"], booked["H4"] + booked["H5"]
    band = _band(Fraction(spent, whole))
    group_pay = half_up_ratio(whole * _factor(band, Fraction(spent, whole)))
    parts = largest_remainder(group_pay - spent, [due["H4"], due["H5"] * 2], ["H4", "H5"])
    rows["groups"].append({"fund_type": fund, "group_code": "G1", "group_name": "甲县医共体", "group_method": "share",
                           "members": 2, "entitlement": whole, "booked": spent, "band": band["label"],
                           "pay": group_pay})  # fmt: skip
    for place, own in places.items():
        member = place in ("H4", "H5")
        x = Fraction(booked[place], due[place])
        own_band = band if member else _band(x)
        pay = (
            booked[place] + parts[("H4", "H5").index(place)]
            if member
            else half_up_ratio(due[place] * _factor(own_band, x))
        )
        before = pay
        if place == "H6":
            pay = min(pay, booked[place])
        shared = max(0, before - due[place]) if not member else 0
        cut = shared // 10 if (fund, place) == ("310", "H3") else 0
        rows["clearing"].append(
            _clearing(
                rows, fund, place, own, due[place], booked[place], own_band["label"], before, pay - cut, shared, cut
            )
        )


def _factor(band: Mapping[str, str], x: Fraction) -> Fraction:
    return Fraction(band["start"]) + Fraction(band["rate"]) * (x - Fraction(band["from"]))


def _clearing(rows: dict[str, Rows], fund: str, place: str, own: Rows, due: int, booked: int, band: str, before: int,
              pay: int, shared: int, cut: int) -> dict[str, Any]:  # fmt: skip
    months = [row for row in rows["months"] if row["fund_type"] == fund and row["fixmedins_code"] == place]
    prepaid = next(row["amount"] for row in rows["prepay"]
                   if row["fund_type"] == fund and row["fixmedins_code"] == place)  # fmt: skip
    excluded, deposit = (sum(row[name] for row in months) for name in ("excluded_due", "deposit"))
    paid = sum(row["paid"] for row in months)
    score = Fraction(98 if place != "H3" else 90, 100)
    back = half_up_ratio(deposit * score)
    deductions = 123_456 if place == "H2" else 0
    settled = pay + excluded
    final = settled - deductions - (deposit - back) - paid - prepaid
    return {
        "fund_type": fund,
        "fixmedins_code": place,
        "hosp_lv": HOSPITALS[place][0],
        "group_code": "G1" if place in ("H4", "H5") else None,
        "is_new": int(place == "H6"),
        "cases": len(own),
        "points": sum(case["case_points"] for case in own),
        "fee": sum(case["medfee"] - case["excluded"] for case in own),
        "patient": sum(case["medfee"] - case["booked"] for case in own),
        "entitlement": due,
        "booked": booked,
        "ratio": Fraction(booked, due),
        "band": band,
        "pay_before": before,
        "retained": max(0, before - booked),
        "shared": shared,
        "cut_shared": cut,
        "cut_retained": 0,
        "pay": pay,
        "excluded_due": excluded,
        "settled": settled,
        "deductions": deductions,
        "score": score,
        "deposit": deposit,
        "deposit_returned": back,
        "monthly_paid": paid,
        "prepaid": prepaid,
        "final": final,
        "share": Fraction(final, settled),
    }


def _others(cases: Rows, done: Mapping[str, Rows]) -> dict[str, Rows]:
    """Offsite, coefficients, beds, special reviews, auxiliary types, indicators and postings."""
    rows: dict[str, Rows] = defaultdict(list)
    away: dict[tuple[str, str, str], Rows] = defaultdict(list)
    for case in cases:
        if case["scope"] == "offsite":
            away[case["fund_type"], case["fixmedins_code"], case["insuplc_admdvs"]].append(case)
    for (fund, place, home), own in sorted(away.items()):
        rows["offsite"].append({
            "fund_type": fund, "fixmedins_code": place, "insuplc_admdvs": home, "cases": len(own),
            **{name: sum(case[key] for case in own) for name, key in (("points", "case_points"), ("fee", "medfee"),
                                                                      ("booked", "booked"))},
            "due": sum(case["due"] + case["excluded_due"] for case in own),
        })  # fmt: skip
    for place, (level, _) in HOSPITALS.items():
        addon = ADDON.get(place, 0)
        rows["coefficients"].append({
            "fixmedins_code": place, "hosp_lv": level, "base": BASE[level], "cmi": addon and 100,
            "elderly": 0, "child": 0, "tcm": 0, "key_specialty": addon and addon - 100, "credit": 0, "addon": addon,
            "coefficient": BASE[level] + addon,
        })  # fmt: skip
        for item, add in (("cmi", 100), ("key_specialty", addon - 100)) if addon else ():
            rows["addon_items"].append({"fixmedins_code": place, "item": item, "measure": "1.0234", "add": add})
    for place in HOSPITALS:
        count = sum(case["fixmedins_code"] == place for case in cases)
        rows["consumption"].append({"fixmedins_code": place, "cases": count, "time_index": 1.02, "cost_index": 0.97})
    _beds(rows)
    _specials(rows, cases)
    rows["aux"].append(
        {
            "aux_kind": "severity",
            "label": "疾病严重程度",
            "groups": 1,
            "cases": 72,
            "cv_before": 0.82,
            "cv_after": 0.51,
            "cases_hit": sum(case["aux_kind"] == "severity" for case in cases),
        }
    )
    _primary(rows, cases)
    rows["indicators"] += [
        {"name": "retention", "label": "结余留用覆盖率", "value": "66.67%", "formula": "有结余的机构数 ÷ 机构数"},
        {"name": "special", "label": "特例单议占比", "value": "1.98‰", "formula": "通过例数 ÷ 出院例数"},
    ]
    _postings(rows, done)
    return rows


def _beds(rows: dict[str, Rows]) -> None:
    for n, (place, (level, _)) in enumerate(HOSPITALS.items()):
        paid, occupied = 100 * 365, (31 + n) * 1095
        rows["beds"].append({
            "fixmedins_code": place, "hosp_lv": level, "admdvs": "370302" if n < 3 else "370303", "auth_beds": 110,
            "agreement_beds": 100, "open_beds": 120, "paid_bed_days": paid, "occupied": occupied,
            "excess": max(0, occupied - paid), "utilisation": Fraction(occupied, paid), "peak_month": 1 + n,
        })  # fmt: skip
    for county in ("370302", "370303"):
        for level in ("3", "2", "1"):
            own = [row for row in rows["beds"] if (row["admdvs"], row["hosp_lv"]) == (county, level)]
            if own:
                occupied = sum(row["occupied"] for row in own)
                rows["bed_supply"].append({
                    "admdvs": county, "hosp_lv": level, "hospitals": len(own), "auth_beds": 110 * len(own),
                    "agreement_beds": 100 * len(own), "occupied": occupied,
                    "utilisation": Fraction(occupied, 36500 * len(own)), "cases": 200 * len(own), "persons": 50_000,
                    "beds_per_1000": Fraction(110 * len(own), 50),
                })  # fmt: skip


def _specials(rows: dict[str, Rows], cases: Rows) -> None:
    for case in cases:
        if case["special"]:
            granted = case["special"] == "granted"
            rows["special"].append({
                "setl_id": case["setl_id"], "fixmedins_code": case["fixmedins_code"], "fund_type": case["fund_type"],
                "review_reason": "high_cost" if case["setl_id"] != FAILED else "mdt", "outcome": case["special"],
                "fee": case["medfee"], "standard": case["std_fee"] // 24,
                "multiple": Fraction(case["medfee"] * 24, case["std_fee"]), "plain_due": case["plain_due"],
                "due": case["due"], "added": case["due"] - case["plain_due"] if granted else 0,
            })  # fmt: skip


def _primary(rows: dict[str, Rows], cases: Rows) -> None:
    own = [case for case in cases if case["bucket"] == "primary" and case["scope"] == "local"]
    row: dict[str, Any] = {"dip_code": "J18.9-保守治疗", "standard": own[0]["standard"]}
    for level in "123":
        fees = [case["medfee"] for case in own if case["hosp_lv"] == level]
        row |= {f"cases_lv{level}": len(fees), f"mean_fee_lv{level}": half_up(sum(fees), len(fees))}
    rows["primary"].append(row)


def _postings(rows: dict[str, Rows], done: Mapping[str, Rows]) -> None:
    def post(entry: str, batch: str, fund: str, day: date, amount: int, settles: str) -> None:
        rows["postings"].append(
            {
                "entry_id": entry,
                "batch": batch,
                "fund_type": fund,
                "entry_date": day,
                "outcome": "posted",
                "amount": amount,
                "settles": settles,
                "detail": None,
            }
        )

    for row in done["months"]:
        fund, place, month = row["fund_type"], row["fixmedins_code"], row["month"]
        day = date(2025, month + 1, 20) if month < 12 else date(2025, 12, 31)
        for kind, key in (("JS", "gross"), ("BF", "paid")):
            post(
                f"{kind}-370300-{fund}-2025{month:02d}-{place}",
                f"370300-{fund}-2025{month:02d}",
                fund,
                day,
                row[key],
                place,
            )
    for row in done["prepay"]:
        if row["amount"]:
            fund, place = row["fund_type"], row["fixmedins_code"]
            post(
                f"YF-370300-{fund}-2025-{place}",
                f"370300-{fund}-2025-YF",
                fund,
                date(2025, 1, 20),
                row["amount"],
                place,
            )
    end = date(2025, 12, 31)
    for row in done["clearing"]:
        fund, place = row["fund_type"], row["fixmedins_code"]
        gross = sum(m["gross"] for m in done["months"] if (m["fund_type"], m["fixmedins_code"]) == (fund, place))
        for kind, amount in (("BZ", row["deposit"]), ("KJ", row["deductions"]), ("QS", abs(row["settled"] - gross)),
                             ("YH", row["prepaid"])):  # fmt: skip
            if amount:
                post(f"{kind}-370300-{fund}-2025-{place}", f"370300-{fund}-2025-QS", fund, end, amount, place)
    for row in rows["offsite"]:
        place = row["fixmedins_code"]
        post(f"YD-370300-{row['fund_type']}-2025-{place}-{row['insuplc_admdvs']}", f"370300-{row['fund_type']}-2025-QS",
             row["fund_type"], end, row["due"], place)  # fmt: skip


_CASE_SCHEMA = [
    "setl_id",
    "fixmedins_code",
    "hosp_lv",
    "fund_type",
    "scope",
    "insuplc_admdvs",
    "dscg_date",
    "month",
    "dip_code",
    "dip_type",
    "bucket",
    "group_points",
    "aux_kind",
    "aux_type",
    "aux",
    "deviation_type",
    "deviation",
    "coefficient",
    "addon_points",
    "case_points",
    "medfee_sumamt",
    "excluded",
    "booked",
    "other_funds",
    "patient",
    "standard",
    "due",
    "special",
    "flags",
]
_MONEY = {"medfee_sumamt", "excluded", "booked", "other_funds", "patient", "standard", "due", "plain_due", "std_fee"}
_POINTS = {"group_points", "aux", "coefficient", "addon_points", "case_points", "base_coefficient", "plain_points"}
_RENAMED = {"coefficient": "inst", "addon_points": "addon", "medfee_sumamt": "medfee", "other_funds": "other"}
_TRAIL = [
    "setl_id",
    "dx",
    "px",
    "px_kind",
    "dx_barred",
    "scope_key",
    "standard_basis",
    "std_n",
    "std_fee",
    "diag_codes",
    "oprn_codes",
    "stay_days",
    "list_kind",
    "base_coefficient",
    "plain_points",
    "plain_due",
]


def _write_cases(out: Path, cases: Rows, opening: Fraction, values: Mapping[str, Any]) -> None:
    for case in cases:
        ungrouped = case["dip_type"] == "ungrouped"
        case |= {
            "px_kind": "相关手术" if case["px"] else "内科诊疗", "dx_barred": None, "stay_days": case["days"],
            "list_kind": {"primary": "primary_care"}.get(case["bucket"], case["bucket"])
            if case["bucket"] in ("primary", "tcm", "day", "bed_day") else None,
            "scope_key": "none" if ungrouped else "composite" if case["dip_type"] == "composite" else "core",
            "standard_basis": "none" if ungrouped else "same_level_last_year",
            "base_coefficient": BASE[case["hosp_lv"]],
        }  # fmt: skip
    cases.sort(key=lambda case: (case["fixmedins_code"], case["setl_id"]))
    for name, columns in (("cases", _CASE_SCHEMA), ("trail", _TRAIL)):
        arrays = [pa.array([_cell(case, column) for case in cases], _type(column)) for column in columns]
        pq.write_table(pa.table(arrays, names=columns), out / f"{name}.parquet")


def _type(column: str) -> pa.DataType:
    if column in _MONEY:
        return pa.decimal128(18, 2)
    if column in _POINTS:
        return pa.decimal128(18, 4)
    if column == "deviation":
        return pa.decimal128(18, 6)
    if column == "dscg_date":
        return pa.date32()
    return pa.int64() if column in ("month", "std_n", "stay_days") else pa.string()


def _cell(case: Mapping[str, Any], column: str) -> Any:
    value = case[_RENAMED.get(column, column)]
    if value is None or (value == "" and column in ("dip_code", "aux_kind", "aux_type")):
        return None
    if column in _MONEY:
        return Decimal(int(value)).scaleb(-2)
    if column in _POINTS:
        return Decimal(int(value)).scaleb(-4)
    if column == "deviation":
        return Decimal(half_up_ratio(value, 10**6)).scaleb(-6)
    return value


def _rejected(out: Path) -> None:
    """One case that did not load, as loading writes it."""
    row = {"setl_id": "BAD", "fixmedins_code": "H1", "hosp_lv": "3", "insutype": "310", "diag_codes": "",
           "dscg_date": "2025-03-01", "medfee_sumamt": "700.00"}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([row]), out.parent / "bad.parquet")
    with Engine() as engine:
        report = load(engine, "cases", [out.parent / "bad.parquet"])
        write_rejected(out / "rejected.xlsx", engine, report)


def _progress(rows: Mapping[str, Rows]) -> Rows:
    """What is booked since January against the DIP line in proportion to time, as the summary tells it."""
    told = []
    for fund in FUNDS:
        line = next(row["adjusted"] for row in rows["budget"] if (row["fund_type"], row["item"]) == (fund, "dip"))
        since, months = 0, []
        for month in range(1, 13):
            since += sum(r["booked"] for r in rows["months"] if r["fund_type"] == fund and r["month"] == month)
            in_time = half_up(line * month, 12)
            ratio = Fraction(since * 12, line * month)
            label = next(one["label"] for one in WARNING if "upto" not in one or ratio <= Fraction(one["upto"]))
            months.append({"month": month, "budget": str(Decimal(in_time).scaleb(-2)), "label": label,
                           "booked": str(Decimal(since).scaleb(-2)), "ratio": f"{float(ratio) * 100:.2f}"})  # fmt: skip
        told.append({"fund_type": fund, "progress": months})
    return told


def _summary(catalogue: Mapping[str, Any], cases: Sequence[Any], funds: Rows) -> dict[str, Any]:
    law = load_law("zibo", ["demo"])
    view = law.at(date(2025, 6, 1))
    for key in (
        "settle.deposit",
        "settle.entitlement.basis",
        "settle.ratio_level",
        "settle.month.redistribute",
        "settle.month.hospital_split",
        "budget.surplus_target",
        "prepay.months",
        "settle.assessment.applies",
    ):
        view.text(key)
    view.table("settle.share")
    view.table("budget.warning")
    where = {"regime": "dip2_0"}
    for key in (
        "dip.exclusion.mode",
        "dip.special_review.quota",
        "dip.special_review.min_multiple",
        "dip.deviation.low",
        "dip.deviation.high",
        "dip.deviation.extreme",
        "dip.deviation.low_rule",
        "dip.deviation.high_rule",
        "dip.coef.method",
        "dip.aux.min_cv",
        "dip.aux.floor",
        "dip.ungrouped.k",
    ):
        view.text(key, **where)
    parameters = flow_parameters(view.used)
    return {
        "made_by": "yibao 0.0 close", "city": law.code, "city_name": law.name, "year": 2025, "draft": False,
        "remarks": ["手工造的一年"], "parameters": parameters,
        "unverified": sorted({one["key"] for one in parameters if one["grade"] in ("assumed", "third_party")}),
        "facts": catalogue["facts"], "cases": len(cases) + 1, "rejected": 1, "faults": {"no_diagnosis": 1},
        "missing_optional": [], "files": ["cases.parquet"], "share_table": SHARE, "funds": funds,
        "findings": [{"code": "shared_cut", "severity": "warning", "message": "分担额按比例核减", "key": "310",
                      "next_step": "核对预算"}],
        "reviews_quota": 1,
        "dates": {"cleared_by": "2026-05-31", "month_1_pay_by": "2025-03-21"},
    }  # fmt: skip


def flow_parameters(used: Sequence[Any]) -> list[dict[str, str]]:
    """The parameters as a summary lists them."""
    from yibao.flows.dip_common import parameters_of

    return parameters_of(used)
