"""The hospitals' year of the city of `hand_city` on paper: budget, months, prepayment, clearing, beds, postings.

Imports nothing of yibao. Rules: RULEBOOK §7–10 and docs/internals/close.md (stages 6 and 7). Amounts are 元.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hand_oracle import (
    POOL,
    WEIGHTS,
    Case,
    Catalogue,
    F,
    Row,
    Sheet,
    coefficients,
    flag,
    keys,
    last_year_standard,
    learn,
    local_lists,
    place,
    px,
    read_case,
    review,
    rounded,
    score,
    shares,
    show,
    take_out_excluded,
    total,
    value,
    yuan,
)

Tables = Mapping[str, Sequence[Row]]
Law = Mapping[str, Any]
FUNDS = ("310", "390")
MIN_RESERVE_MONTHS = {"310": 12, "390": 6}
MONTHS = range(1, 13)


def work(tables: Tables, law: Law, year: int) -> Sheet:
    """Every figure of the close of ``year``, from the rows of the folder and the law alone."""
    sheet = Sheet()
    every = [read_case(row) for row in tables["cases"]]
    take_out_excluded(every, tables, law)
    history, cases = [c for c in every if c.year < year], [c for c in every if c.year == year]
    learned = learn(history, law, sheet)
    inst = coefficients(history, learned, tables, law, sheet)
    for case in cases:
        place(case, learned)
        local_lists(case, learned, tables, law)
        score(case, learned, inst, law)
    review(cases, learned, tables, law, sheet)
    flag(cases, learned, law)
    reserve, lines = budgets(tables, law, year, history, sheet)
    for fund in FUNDS:
        value(fund, cases, lines[fund, "dip"], learned, law, sheet)
    case_tables(cases, learned, law, sheet)
    months(cases, history, tables, law, year, sheet)
    prepay(history, tables, law, year, sheet)
    beds(cases, tables, year, sheet)
    for fund in FUNDS:
        clear(fund, cases, history, reserve[fund], tables, law, year, sheet)
    post(tables, law, year, sheet)
    statements(sheet)
    statistics(cases, learned, law, sheet)
    return sheet


def of_year(tables: Tables, name: str, year: int, fund: str | None = None) -> list[Row]:
    return [
        row for row in tables.get(name, ())
        if int(row["year"]) == year and (fund is None or row["fund_type"] == fund)
    ]  # fmt: skip


# ── budgets ──


def budgets(
    tables: Tables, law: Law, year: int, history: Sequence[Case], sheet: Sheet
) -> tuple[dict[str, Fraction], dict[tuple[str, str], Fraction]]:
    """以收定支: the cap is the income less the surplus target; DIP is what the other lines leave; then adjustments."""
    reserve, adjusted = {}, {}
    for fund in FUNDS:
        income = of_year(tables, "budget_income", year, fund)
        for row in income:
            planned_income = F(row["budget_amount"])
            sheet.add("budget", fund_type=fund, kind="income", item=row["income_item"], planned=planned_income,
                      adjusted=planned_income)  # fmt: skip
        whole = total(F(row["budget_amount"]) for row in income)
        fen = whole * (1 - F(law["budget.surplus_target"])) * 100
        cap = F(fen.numerator // fen.denominator, 100)
        planned = {r["budget_line"]: F(r["budget_amount"]) for r in of_year(tables, "budget_lines", year, fund)}
        if "dip" not in planned:
            planned["dip"] = cap - total(planned.values())
        assert total(planned.values()) == cap, (fund, cap, planned)
        more: dict[str, Fraction] = defaultdict(lambda: F(0))
        for row in of_year(tables, "budget_adjustments", year, fund):
            more[row["budget_line"]] += F(row["adjust_amount"])
        for line, amount in planned.items():
            adjusted[fund, line] = amount + more[line]
            sheet.add("budget", fund_type=fund, kind="line", item=line, planned=amount, adjusted=amount + more[line])
        reserve[fund] = adjusted.get((fund, "reserve"), F(0))
        sheet.note(f"{fund} 预算：收入 {show(whole)}，支出总额 {show(cap)}，住院DIP {show(planned['dip'])}，"
                   f"调整后 {show(adjusted[fund, 'dip'])}，调剂金 {show(reserve[fund])}")  # fmt: skip
        by_month = month_budgets(tables, law, year, fund, history, planned["dip"])
        for month in MONTHS:
            sheet.add("budget", fund_type=fund, kind="month", item=str(month), planned=by_month[month][0],
                      adjusted=by_month[month][1])  # fmt: skip
    return reserve, adjusted


def month_budgets(
    tables: Tables, law: Law, year: int, fund: str, history: Sequence[Case], amount: Fraction
) -> dict[int, tuple[Fraction, Fraction]]:
    """The DIP budget by month, planned and adjusted: as given, else by what the same month of last year booked, else
    equal. A raise is spread over the months from its approval on: the earlier ones are settled.
    """
    given = {int(r["month"]): F(r["budget_amount"]) for r in of_year(tables, "budget_months", year, fund)}
    weights = {f"{m:02d}": F(1) for m in MONTHS}
    if law["budget.month.split"] == "history":
        last = [c for c in history if c.year == max(WEIGHTS) and c.fund == fund]
        weights = {f"{m:02d}": total(c.hifp for c in last if c.month == m) for m in MONTHS}
    planned = given or {int(month): part for month, part in shares(amount, weights).items()}
    adjusted = dict(planned)
    for raise_ in of_year(tables, "budget_adjustments", year, fund):
        since = int(raise_["approved_date"][5:7])
        late = {f"{m:02d}": planned[m] for m in MONTHS if m >= since}
        if raise_["budget_line"] == "dip":
            for month, part in shares(F(raise_["adjust_amount"]), late).items():
                adjusted[int(month)] += part
    return {m: (planned[m], adjusted[m]) for m in MONTHS}


# ── months ──


def months(cases: Sequence[Case], history: Sequence[Case], tables: Tables, law: Law, year: int, sheet: Sheet) -> None:
    """base = min(booked, budget); the month's savings help the over-booked, at most s of what they lack."""
    s, q, basis = F(law["settle.month.redistribute"]), F(law["settle.deposit"]), law["settle.monthly.basis"]
    opening = sheet.tables["values"][0]["opening_value"]
    for fund in FUNDS:
        own = [c for c in cases if c.fund == fund and c.scope == "local"]
        for line in sheet.find("budget", fund_type=fund, kind="month"):
            month = int(line["item"])
            now = [c for c in own if c.month == month]
            past = [c for c in history if c.year == year - 1 and c.fund == fund and c.month == month and c.hifp]
            by_history = bool(past) and basis == "budget_vs_booked" and law["settle.month.hospital_split"] == "history"
            places = sorted({c.hosp for c in now} | ({c.hosp for c in past} if by_history else set()))
            if not places:
                continue
            points = {h: total(c.points for c in now if c.hosp == h) for h in places}
            taken = total(c.excluded_due for c in now) if law["dip.exclusion.charge"] == "dip" else F(0)
            weights = {h: total(c.hifp for c in past if c.hosp == h) for h in places} if by_history else points
            budget = shares(max(line["adjusted"] - taken, F(0)), weights)
            booked = {h: total(c.booked_dip for c in now if c.hosp == h) for h in places}
            over = {h: max(booked[h] - budget[h], F(0)) for h in places}
            room = total(max(budget[h] - booked[h], F(0)) for h in places)
            lent = yuan(min(room, total(over.values())) * s)
            extra = shares(lent, over) if lent else dict.fromkeys(places, F(0))
            if basis != "budget_vs_booked":
                budget = extra = dict.fromkeys(places, F(0))
            ratio = total(booked.values()) / (total(c.net for c in now) or 1)
            for h in places:
                base = min(booked[h], budget[h])
                if basis == "minus_patient":  # of the fee that DIP looks at
                    burden = total(c.burden for c in now if c.hosp == h)
                    base = yuan(points[h] * opening) - burden
                elif basis == "times_ratio":
                    base = yuan(points[h] * opening * ratio)
                excluded_due = total(c.excluded_due for c in now if c.hosp == h)
                base = max(base, -excluded_due)  # no month is paid below zero; the year's entitlement holds the rest
                gross = base + extra[h] + excluded_due
                deposit = yuan(gross * q)
                sheet.add("months", fund_type=fund, fixmedins_code=h, month=month, budget=budget[h], booked=booked[h],
                          excluded_due=excluded_due, base=base, extra=extra[h], gross=gross, deposit=deposit,
                          paid=gross - deposit, points=points[h],
                          cases=sum(c.hosp == h for c in now))  # fmt: skip
                sheet.note(
                    f"{fund} {month}月 {h}：预算 {show(budget[h])}，记账 {show(booked[h])}，基数 {show(base)} + "
                    f"调剂 {show(extra[h])} + 除外 {show(excluded_due)} = {show(gross)}，保证金 {show(deposit)}"
                )


# ── prepayment ──


def prepay(history: Sequence[Case], tables: Tables, law: Law, year: int, sheet: Sheet) -> None:
    """预付金 = last year's mean month × credit; the pool must be able, then the hospital must ask and be in order."""
    assessed = {(int(r["year"]), r["fixmedins_code"]): r for r in tables.get("assessments", ())}
    for fund in FUNDS:
        asked = {row["fixmedins_code"] for row in of_year(tables, "prepay_applications", year, fund)}
        refusal = pool_refusal(of_year(tables, "fund_position", year, fund), fund)
        for hospital in tables["providers"]:
            code = hospital["fixmedins_code"]
            last = total(c.hifp for c in history if c.year == year - 1 and c.fund == fund and c.hosp == code)
            level = assessed.get((year - 1, code), {}).get("credit_lv", "")
            credit = F(law["prepay.credit"][level]) if level else F(0)
            status = assessed.get((year, code), {}).get("agreement_status", "normal")
            outcome = refusal or (
                "not_applied" if code not in asked
                else status if status in ("terminated", "suspended")
                else "new_institution" if not last
                else "credit_unknown" if not level
                else "credit_zero" if not credit else "granted"
            )  # fmt: skip
            amount = yuan(last / 12 * credit) if outcome == "granted" else F(0)
            sheet.add("prepay", fund_type=fund, fixmedins_code=code, last_year_paid=last, mean=yuan(last / 12),
                      credit_lv=level, credit=credit, outcome=outcome, amount=amount)  # fmt: skip
            sheet.note(f"{fund} 预付金 {code}：上年 {show(last)} ÷ 12 × {show(credit)}，{outcome}，{show(amount)}")


def pool_refusal(position: Sequence[Row], fund: str) -> str:
    if not position:
        return "pool_unknown"
    row = position[0]
    if F(row["balance"]) * 12 < F(row["last_expense"]) * MIN_RESERVE_MONTHS[fund]:
        return "pool_short"
    if F(row["last_income"]) < F(row["last_expense"]):
        return "pool_deficit"
    if row["forecast_income"] and F(row["forecast_income"]) < F(row["forecast_expense"]):
        return "pool_forecast_deficit"
    return ""


# ── the year ──


def share_rule(entitlement: Fraction, booked: Fraction, law: Law) -> tuple[Fraction, str]:
    """The pay of a unit and the label of its band: pay ÷ E = start + rate × (booked ÷ E − from)."""
    if entitlement <= 0:  # DIP_REGIMES A.14: below zero it is kept, a floor is a case's alone
        return entitlement, ""
    x = booked / entitlement
    band = next(b for b in law["settle.share"] if F(b["from"]) <= x and ("to" not in b or x < F(b["to"])))
    return yuan(entitlement * (F(band["start"]) + F(band["rate"]) * (x - F(band["from"])))), band["label"]


def clear(
    fund: str, cases: Sequence[Case], cases_before: Sequence[Case], reserve: Fraction, tables: Tables, law: Law,
    year: int, sheet: Sheet,
) -> None:  # fmt: skip
    """年度清算 of a fund: units, the share table, the closed budget, and one cash equation a hospital."""
    hospitals = {row["fixmedins_code"]: row for row in tables["providers"]}
    local = [c for c in cases if c.fund == fund and c.scope == "local"]
    fresh = {h: new_institution(row, cases_before, year) for h, row in hospitals.items()}
    due = {h: total(c.due or F(0) for c in local if c.hosp == h) for h in hospitals}
    if law["settle.assessment.applies"] == "payable":
        due = {h: yuan(amount * mark_of(tables, h, year)) for h, amount in due.items()}
    booked = {h: total(c.booked_dip for c in local if c.hosp == h) for h in hospitals}
    group = {row["fixmedins_code"]: row for row in tables.get("medical_groups", ())}
    units: dict[str, list[str]] = defaultdict(list)
    for h in touched(fund, hospitals, local, tables, year, sheet):
        units[group[h]["group_code"] if h in group else h].append(h)
    pay, label, retained, shared = {}, {}, {}, {}
    for unit, members in units.items():
        e, b = total(due[h] for h in members), total(booked[h] for h in members)
        counted = b
        if law["settle.overrun.needs_claim"] == "true":
            asked = [r for r in of_year(tables, "overrun_claims", year, fund) if r["fixmedins_code"] in members]
            counted = min(b, e + total(F(r["claim_amount"]) for r in asked))
        pay[unit], label[unit] = share_rule(e, counted, law)
        if members[0] in group and group[members[0]]["group_method"] == "contract":
            pay[unit], label[unit] = e, "总额包干"
        if unit in hospitals and fresh[unit] and law["clearing.new.rule"] == "booked" and pay[unit] > b:
            pay[unit], label[unit] = b, "新增机构，不留结余"
        retained[unit] = max(pay[unit] - b, F(0)) if b <= e else F(0)
        shared[unit] = max(pay[unit] - e, F(0))
        sheet.note(f"{fund} 清算 {unit}：应付 {show(e)}，记账 {show(b)}，{show(b / e) if e else '-'}，{label[unit]}，"
                   f"支付 {show(pay[unit])}（留用 {show(retained[unit])}，分担 {show(shared[unit])}）")  # fmt: skip
    before = dict(pay)
    fund_sum = sheet.find("values", fund_type=fund)[0]["fund"]
    cut_shared, cut_retained = close(fund, pay, retained, shared, fund_sum + reserve, sheet)
    for unit, members in units.items():
        whole = {"pay_before": before[unit], "retained": retained[unit], "shared": shared[unit],
                 "cut_shared": cut_shared[unit], "cut_retained": cut_retained[unit]}  # fmt: skip
        split = {unit: whole} if unit in hospitals else inside(members, whole, due, booked, hospitals, law)
        for h in members:
            own = split[h]
            row = {
                "fund_type": fund, "fixmedins_code": h, "hosp_lv": hospitals[h]["hosp_lv"], "entitlement": due[h],
                "group_code": group[h]["group_code"] if h in group else None, "booked": booked[h],
                "band": label[unit] if unit in hospitals else f"医共体：{label[unit]}",
                "is_new": int(fresh[h]),
                "pay": own["pay_before"] - own["cut_shared"] - own["cut_retained"], **own,
            }  # fmt: skip
            finish(row, local, tables, law, year, sheet)
        if unit not in hospitals:
            one = group[members[0]]
            sheet.add("groups", fund_type=fund, group_code=unit, group_name=one["group_name"],
                      group_method=one["group_method"], members=len(members), band=label[unit], pay=pay[unit],
                      entitlement=total(due[h] for h in members), booked=total(booked[h] for h in members))  # fmt: skip
    offsite(fund, cases, sheet)


def close(
    fund: str, pay: dict[str, Fraction], retained: Mapping[str, Fraction], shared: Mapping[str, Fraction],
    limit: Fraction, sheet: Sheet,
) -> tuple[dict[str, Fraction], dict[str, Fraction]]:  # fmt: skip
    """封闭预算: what exceeds fund + reserve is cut from the shared overrun pro rata, then from the retained surplus."""
    excess = max(total(pay.values()) - limit, F(0))
    cuts = []
    for part in (shared, retained):
        cut = min(excess, total(part.values()))
        cuts.append(shares(cut, part) if cut else dict.fromkeys(pay, F(0)))
        for unit in pay:
            pay[unit] -= cuts[-1][unit]
        excess -= cut
    less = [show(total(cut.values())) for cut in cuts]
    sheet.note(
        f"{fund} 封闭：限额 {show(limit)}，支付 {show(total(pay.values()))}，削减分担 {less[0]}、留用 {less[1]}，"
        f"仍超 {show(excess)}"
    )
    sheet.add("closed", fund_type=fund, limit=limit, excess=excess)
    return cuts[0], cuts[1]


def inside(
    members: Sequence[str], whole: Mapping[str, Fraction], due: Mapping[str, Fraction], booked: Mapping[str, Fraction],
    hospitals: Mapping[str, Row], law: Law,
) -> dict[str, dict[str, Fraction]]:  # fmt: skip
    """A 医共体 shares inside: first min(booked, due) each, then its surplus by due × weight (基层 1.5); what was
    retained, shared and cut follows the surplus."""
    weight = F(law["clearing.group.primary_weight"])
    own = {h: min(booked[h], due[h]) for h in members}
    floor, nothing = total(own.values()), dict.fromkeys(members, F(0))
    surplus = nothing
    if whole["pay_before"] > floor:
        lean = {h: due[h] * (weight if hospitals[h]["hosp_lv"] == "1" else 1) for h in members}
        surplus = shares(whole["pay_before"] - floor, lean)
    else:
        own = shares(whole["pay_before"], own)
    retained, shared = (shares(whole[k], surplus) if whole[k] else nothing for k in ("retained", "shared"))
    cut_retained = shares(whole["cut_retained"], retained) if whole["cut_retained"] else nothing
    cut_shared = shares(whole["cut_shared"], shared) if whole["cut_shared"] else nothing
    return {
        h: {"pay_before": own[h] + surplus[h], "retained": retained[h], "shared": shared[h],
            "cut_shared": cut_shared[h], "cut_retained": cut_retained[h]}
        for h in members
    }  # fmt: skip


def touched(
    fund: str, hospitals: Mapping[str, Row], local: Sequence[Case], tables: Tables, year: int, sheet: Sheet
) -> list[str]:
    """The hospitals a fund has anything to clear with: cases, a prepayment, a deduction."""
    found = {c.hosp for c in local} | {r["fixmedins_code"] for r in of_year(tables, "deductions", year, fund)}
    found |= {p["fixmedins_code"] for p in sheet.find("prepay", fund_type=fund) if p["amount"]}
    return [h for h in hospitals if h in found]


def new_institution(hospital: Row, history: Sequence[Case], year: int) -> bool:
    """新增定点机构: since within the year, with nothing booked the year before: a hospital is new or old as a whole."""
    before = any(c.year == year - 1 and c.hosp == hospital["fixmedins_code"] for c in history)
    return hospital["agreement_from"][:4] == str(year) and not before


def mark_of(tables: Tables, hospital: str, year: int) -> Fraction:
    """The assessment of the year as a ratio; not assessed is 1."""
    scores = [r["assess_score"] for r in of_year(tables, "assessments", year) if r["fixmedins_code"] == hospital]
    return F(scores[0]) / 100 if scores and scores[0] else F(1)


def finish(row: dict[str, Any], local: Sequence[Case], tables: Tables, law: Law, year: int, sheet: Sheet) -> None:
    """Σ paid + prepayment kept + final = settled − deductions − D × (1 − score)."""
    fund, h = row["fund_type"], row["fixmedins_code"]
    own = [c for c in local if c.hosp == h]
    paid = sheet.find("months", fund_type=fund, fixmedins_code=h)
    mark = mark_of(tables, h, year)
    deposit = total(m["deposit"] for m in paid)
    back = yuan(deposit * mark) if law["settle.assessment.applies"] == "deposit" else deposit
    excluded_due = total(c.excluded_due for c in own)
    settled = row["pay"] + excluded_due
    struck = [r for r in of_year(tables, "deductions", year, fund) if r["fixmedins_code"] == h]
    taken = total(F(r["deduct_amount"]) for r in struck)
    bed = sheet.find("beds", fixmedins_code=h)[0]
    if law["beds.excess.rule"] == "deduct" and bed["excess"] and settled > 0:
        taken += yuan(settled * bed["excess"] / bed["occupied"])
    prepaid = total(p["amount"] for p in sheet.find("prepay", fund_type=fund, fixmedins_code=h))
    monthly = total(m["paid"] for m in paid)
    payable = settled - taken - (deposit - back)
    sheet.add("clearing", **row, cases=len(own), points=total(c.points for c in own),
              fee=total(c.fee for c in own), patient=total(c.patient for c in own),
              ratio=row["booked"] / row["entitlement"] if row["entitlement"] else None, excluded_due=excluded_due,
              settled=settled, deductions=taken, score=mark, deposit=deposit, deposit_returned=back,
              monthly_paid=monthly, prepaid=prepaid, final=payable - monthly - prepaid,
              share=(payable - monthly - prepaid) / payable if payable else None)  # fmt: skip
    sheet.note(f"{fund} {h}：清算额 {show(settled)} − 扣减 {show(taken)} − 保证金 {show(deposit)}×(1−{show(mark)}) − "
               f"月度 {show(monthly)} − 预付 {show(prepaid)} = {show(payable - monthly - prepaid)}")  # fmt: skip


def offsite(fund: str, cases: Sequence[Case], sheet: Sheet) -> None:
    away = [c for c in cases if c.fund == fund and c.scope == "offsite"]
    for h, home in sorted({(c.hosp, c["insuplc_admdvs"]) for c in away}):
        own = [c for c in away if (c.hosp, c["insuplc_admdvs"]) == (h, home)]
        sheet.add("offsite", fund_type=fund, fixmedins_code=h, insuplc_admdvs=home, cases=len(own),
                  points=total(c.points for c in own), fee=total(c.fee for c in own),
                  booked=total(c.hifp for c in own),
                  due=total((c.due or F(0)) + c.excluded_due for c in own))  # fmt: skip


# ── beds ──


def beds(cases: Sequence[Case], tables: Tables, year: int, sheet: Sheet) -> None:
    """Paid beds = min(agreement, 编制) of each day; the day of discharge occupies no bed."""
    first, days = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
    for hospital in tables["providers"]:
        code = hospital["fixmedins_code"]
        known = sorted((r for r in tables.get("beds", ()) if r["fixmedins_code"] == code), key=lambda r: r["bed_from"])
        paid, occupied = dict.fromkeys(MONTHS, 0), dict.fromkeys(MONTHS, 0)
        for day in (first + timedelta(n) for n in range(days)):
            now = [r for r in known if r["bed_from"] <= day.isoformat()]
            paid[day.month] += min(int(now[-1]["agreement_beds"]), int(now[-1]["auth_beds"])) if now else 0
            here = [c for c in cases if c.hosp == code and c["adm_date"] <= day.isoformat() < c["dscg_date"]]
            occupied[day.month] += len(here)
        used, may, last = sum(occupied.values()), sum(paid.values()), known[-1]
        load = {m: (not paid[m], F(n, paid[m] or 1), -m) for m, n in occupied.items() if n}
        sheet.add("beds", fixmedins_code=code, hosp_lv=hospital["hosp_lv"], admdvs=hospital["admdvs"],
                  auth_beds=int(last["auth_beds"]), agreement_beds=int(last["agreement_beds"]),
                  open_beds=int(last["open_beds"]), paid_bed_days=may, occupied=used, excess=max(used - may, 0),
                  utilisation=F(used, may) if may else None,
                  peak_month=max(load, key=lambda m: load[m]) if load else None)  # fmt: skip
        sheet.note(f"床位 {code}：协议床日 {may}，占用 {used}，超 {max(used - may, 0)}")
    for county, level in sorted({(row["admdvs"], row["hosp_lv"]) for row in sheet.tables["beds"]}):
        there = sheet.find("beds", admdvs=county, hosp_lv=level)
        here = [c for c in cases if c.hosp in {row["fixmedins_code"] for row in there}]
        people = sum(row["admdvs"] == county for row in tables["persons"])
        auth, used = sum(row["auth_beds"] for row in there), sum(row["occupied"] for row in there)
        may = sum(row["paid_bed_days"] for row in there)
        sheet.add("bed_supply", admdvs=county, hosp_lv=level, hospitals=len(there), auth_beds=auth,
                  agreement_beds=sum(row["agreement_beds"] for row in there), occupied=used,
                  utilisation=F(used, may) if may else None, cases=len(here), persons=people,
                  beds_per_1000=F(auth * 1000, people) if people else None)  # fmt: skip


# ── tables of cases ──


def case_tables(cases: Sequence[Case], learned: Catalogue, law: Law, sheet: Sheet) -> None:
    for c in cases:
        inside_dip = c.scope != "outside"
        sheet.add("cases", setl_id=c["setl_id"], fixmedins_code=c.hosp, hosp_lv=c["hosp_lv"], fund_type=c.fund,
                  scope=c.scope, insuplc_admdvs=c["insuplc_admdvs"] or None, dscg_date=c["dscg_date"], month=c.month,
                  medfee_sumamt=c.fee, excluded=c.excluded, excluded_due=c.excluded_due, booked=c.hifp,
                  other_funds=c.other, patient=c.patient, special=c.special, flags="|".join(c.flags) or None,
                  drg_status=None, mdc=None, adrg=None, drg=None, drg_weight=None,
                  dip_code=c.code or None, dip_type=c.kind, bucket=c.bucket, group_points=c.group_points,
                  aux_kind=c.aux_kind or None, aux_type=c.aux_type or None, aux=c.aux, deviation=c.factor,
                  deviation_type=c.deviation_type, coefficient=c.inst, addon_points=c.addon, case_points=c.points,
                  standard=c.standard if inside_dip else None, due=c.due)  # fmt: skip
        basis, fees = last_year_standard(c, learned)
        sheet.add("trail", setl_id=c["setl_id"], dx=c["diag_codes"].split("|")[0], px=px(c), scope_key=c.reach,
                  px_kind=keys(c)["composite"][1], dx_barred="", standard_basis=basis, std_n=len(fees) or None,
                  std_fee=total(fees) or None, diag_codes=c["diag_codes"], oprn_codes=c["oprn_codes"], stay_days=c.days,
                  list_kind=c.local_kind or ("primary_care" if c.primary else None),
                  base_coefficient=F(law["dip.coef.level"][c["hosp_lv"]]), plain_points=c.plain,
                  plain_due=c.plain_due)  # fmt: skip
        if inside_dip:
            sheet.note(
                f"{c['setl_id']} {c.hosp} {c.fund} {c.code or '未入组'}：{show(c.group_points)} 分 × 偏差 "
                f"{c.deviation_type} {show(c.factor)} × 系数 {show(c.inst)} × 辅助 {show(c.aux)} = {show(c.plain)}"
                + (f" → 特例单议 {show(c.points)}" if c.special == "granted" else "")
                + f"；标准 {show(c.standard)}，应付 {show(c.due)}"
            )
    for row in sheet.tables["special"]:
        case = row.pop("case")
        row |= {
            "outcome": case.special, "plain_due": case.plain_due, "due": case.due,
            "added": (case.due or F(0)) - (case.plain_due or F(0)),
        }  # fmt: skip


# ── postings ──


def post(tables: Tables, law: Law, year: int, sheet: Sheet) -> None:
    """The entries of stage 7 and the balances they leave; money moves only where the book has entries of its own."""
    book = Book(sheet, year)
    for row in tables.get("ledger_entries", ()):
        amount = F(row["debit"] or 0) - F(row["credit"] or 0)
        book.line(row["fund_type"], row["entry_id"], row["subj_code"], "", amount)
    paid = {row["fund_type"] for row in tables.get("ledger_entries", ())}
    for key in dict.fromkeys(
        (r["fund_type"], r["entry_id"], r["entry_date"]) for r in tables.get("ledger_entries", ())
    ):
        book.entry(*key, "own")
    for fund in FUNDS:
        for p in sheet.find("prepay", fund_type=fund) if fund in paid else ():
            day = f"{year}-{law['prepay.pay_day']}"
            lines = {("110101", p["fixmedins_code"]): p["amount"], ("1004", ""): -p["amount"]}
            book.move(fund, "YF", str(year), p["fixmedins_code"], day, f"{year}-YF", lines)
        for m in sheet.find("months", fund_type=fund):
            h, month = m["fixmedins_code"], f"{year}{m['month']:02d}"
            day = f"{year}-{m['month'] + 1:02d}-{int(law['settle.month.day']):02d}"
            day = f"{year}-12-31" if m["month"] == 12 else day
            lines = {("500101", ""): m["gross"], ("210101", h): -m["paid"], ("210102", h): -m["deposit"]}
            book.move(fund, "JS", month, h, day, month, lines)
            if fund in paid:
                book.move(fund, "BF", month, h, day, month, {("210101", h): m["paid"], ("1004", ""): -m["paid"]})
        year_end(fund, year, fund in paid, book, sheet)
    for (fund, subject, detail), amount in sorted(book.balance.items()):
        sheet.add("balances", fund_type=fund, subj_code=subject, subj_detail=detail, amount=amount)


class Book:
    """The entries of the year as they are written: balanced lines, and what they leave on each account."""

    def __init__(self, sheet: Sheet, year: int) -> None:
        self.sheet, self.year = sheet, year
        self.balance: dict[tuple[str, str, str], Fraction] = defaultdict(lambda: F(0))
        self.sides: dict[str, Fraction] = defaultdict(lambda: F(0))

    def line(self, fund: str, entry_id: str, subject: str, detail: str, amount: Fraction) -> None:
        """One line: a debit above zero, a credit below."""
        if amount:
            self.balance[fund, subject, detail] += amount
            self.sides[entry_id] += max(amount, F(0))
            self.sheet.add("lines", entry_id=entry_id, subj_code=subject, subj_detail=detail, amount=amount)

    def entry(self, fund: str, entry_id: str, day: str, batch: str) -> None:
        self.sheet.add("postings", entry_id=entry_id, batch=batch, fund_type=fund, entry_date=day, outcome="posted",
                       amount=self.sides[entry_id])  # fmt: skip

    def move(
        self, fund: str, kind: str, period: str, hospital: str, day: str, batch: str,
        lines: Mapping[tuple[str, str], Fraction],
    ) -> None:  # fmt: skip
        """An entry of the close; none where it comes to nothing."""
        if not any(lines.values()):
            return
        assert total(lines.values()) == 0
        entry_id = f"{kind}-{POOL}00-{fund}-{period}-{hospital}"
        for (subject, detail), amount in lines.items():
            self.line(fund, entry_id, subject, detail, amount)
        self.entry(fund, entry_id, day, f"{POOL}00-{fund}-{batch}")


def year_end(fund: str, year: int, paid: bool, book: Book, sheet: Sheet) -> None:
    """Deposits released or forfeited, deductions, the difference to what the months booked, prepayments, home pools."""
    for c in sheet.find("clearing", fund_type=fund):
        h = c["fixmedins_code"]
        more = c["settled"] - c["monthly_paid"] - c["deposit"]
        lost = c["deposit"] - c["deposit_returned"]
        every = {
            "BZ": {("210102", h): c["deposit"], ("210101", h): -c["deposit_returned"], ("500101", ""): -lost},
            "KJ": {("210101", h): c["deductions"], ("500101", ""): -c["deductions"]},
            "QS": {("500101", ""): more, ("210101", h): -more},
            "YH": {("210101", h): c["prepaid"] * paid, ("110101", h): -c["prepaid"] * paid},
        }
        for kind, lines in every.items():
            book.move(fund, kind, str(year), h, f"{year}-12-31", f"{year}-QS", lines)
    away = sheet.find("offsite", fund_type=fund)
    for h in sorted({row["fixmedins_code"] for row in away}):
        own = [row for row in away if row["fixmedins_code"] == h]
        lines = {("210103", row["insuplc_admdvs"]): row["due"] for row in own}
        lines["210101", h] = -total(row["due"] for row in own)
        book.move(fund, "YD", str(year), h, f"{year}-12-31", f"{year}-QS", lines)


def statements(sheet: Sheet) -> None:
    """收支表 and 资产负债表 of each fund at the end of the year, from the balances: what the subjects add up to."""
    for fund in FUNDS:

        def subjects(*codes: str, fund: str = fund, side: int = -1) -> Fraction:
            own = sheet.find("balances", fund_type=fund)
            return side * total(row["amount"] for row in own if row["subj_code"].startswith(codes))

        income, spent, net = subjects("4"), subjects("5", side=1), subjects("3001", "3101")
        lines = {
            "income": {"1": subjects("4001"), "9": income, "21": subjects("5001", side=1),
                       "2101": subjects("500101", side=1), "28": spent, "29": income - spent,
                       "30": net + income - spent},
            "balance": {"3": subjects("1003", side=1), "4": subjects("1004", side=1), "6": subjects("1101", side=1),
                        "601": subjects("110101", side=1), "8": subjects("1", side=1), "12": subjects("2101"),
                        "1201": subjects("210101"), "1202": subjects("210102"), "13": subjects("2"), "21": net,
                        "23": income - spent, "24": net + income - spent,
                        "25": subjects("2") + net + income - spent},
        }  # fmt: skip
        for name, found in lines.items():
            for line, amount in found.items():
                sheet.add("statements", fund_type=fund, statement=name, line=line, amount=amount)


# ── statistics ──


def statistics(cases: Sequence[Case], learned: Catalogue, law: Law, sheet: Sheet) -> None:
    """What is told beside the money: auxiliary kinds, 基层病种 by level, indicators."""
    for kind in law["dip.aux.kinds"]:
        groups = sheet.find("aux_group", aux_kind=kind)
        n = sum(row["n"] for row in groups)
        mean = {k: sum(row["n"] * row[k] for row in groups) / n if n else None for k in ("cv_before", "cv_after")}
        hits = sum(c.aux_kind == kind for c in cases)
        sheet.add("aux", aux_kind=kind, groups=len(groups), cases=n, cases_hit=hits, **mean)
    for code in sorted({c.code for c in cases if c.primary}):
        row: dict[str, Any] = {"dip_code": code}
        own = [c for c in cases if c.primary and c.code == code]
        for level in "123":
            fees = [c.net for c in own if c["hosp_lv"] == level]
            row |= {f"cases_lv{level}": len(fees),
                    f"mean_fee_lv{level}": yuan(total(fees) / len(fees)) if fees else None}  # fmt: skip
        sheet.add("primary", **row, standard=yuan(own[0].group_points * learned.opening))
    for fund in FUNDS:
        indicators(fund, sheet)
    local = [c for c in cases if c.scope == "local"]
    permille = rounded(F(1000 * sum(c.special == "granted" for c in local), len(local)), 2)
    sheet.add("indicators", name="special_share", value=f"{float(permille):.2f}‰")


def indicators(fund: str, sheet: Sheet) -> None:
    """DIP_REGIMES A.10, of one fund."""
    rows, worth = sheet.find("clearing", fund_type=fund), sheet.find("values", fund_type=fund)[0]
    active = [row for row in rows if row["cases"]]
    pay, booked = total(row["pay"] for row in rows), total(row["booked"] for row in rows)
    final = total(row["final"] for row in rows)
    whole = final + total(row["monthly_paid"] + row["prepaid"] for row in rows)
    found = {
        "retention_coverage": F(sum(row["retained"] > row["cut_retained"] for row in active), len(active)),
        "sharing_coverage": F(sum(row["shared"] > row["cut_shared"] for row in active), len(active)),
        "quota_accuracy": worth["fund"] / pay, "region_ratio": booked / pay, "fund_rate": pay / booked,
        "point_value_change": worth["settlement_value"] / worth["opening_value"] - 1, "final_share": final / whole,
    }  # fmt: skip
    for name, amount in found.items():
        sheet.add("indicators", name=f"{name}_{fund}", value=f"{float(rounded(amount, 4)):.4f}")
