"""The hospitals' year of the city of `hand_city` on paper: budget, months, prepayment, clearing, beds, postings.

Imports nothing of yibao. Rules: RULEBOOK §7–10 and docs/internals/close.md (stages 6 and 7). Amounts are 元.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hand_oracle import (
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
    read_case,
    review,
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
            sheet.add("budget", fund_type=fund, kind="income", item=row["income_item"], planned=F(row["budget_amount"]))
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
    s, q = F(law["settle.month.redistribute"]), F(law["settle.deposit"])
    for fund in FUNDS:
        own = [c for c in cases if c.fund == fund and c.scope == "local"]
        for line in sheet.find("budget", fund_type=fund, kind="month"):
            month = int(line["item"])
            now = [c for c in own if c.month == month]
            places = sorted({c.hosp for c in now})
            if not now:
                continue
            points = {h: total(c.points for c in now if c.hosp == h) for h in places}
            taken = total(c.excluded_due for c in now) if law["dip.exclusion.charge"] == "dip" else F(0)
            budget = shares(max(line["adjusted"] - taken, F(0)), points)
            booked = {h: total(c.booked_dip for c in now if c.hosp == h) for h in places}
            over = {h: max(booked[h] - budget[h], F(0)) for h in places}
            room = total(max(budget[h] - booked[h], F(0)) for h in places)
            lent = yuan(min(room, total(over.values())) * s)
            extra = shares(lent, over) if lent else dict.fromkeys(places, F(0))
            for h in places:
                base = min(booked[h], budget[h])
                excluded_due = total(c.excluded_due for c in now if c.hosp == h)
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
    if not entitlement:
        return F(0), ""
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
    fresh = {h: new_institution(row, cases_before, fund, year) for h, row in hospitals.items()}
    due = {h: total(c.due or F(0) for c in local if c.hosp == h) for h in hospitals}
    if law["settle.assessment.applies"] == "payable":
        due = {h: yuan(amount * mark_of(tables, h, year)) for h, amount in due.items()}
    booked = {h: total(c.booked_dip for c in local if c.hosp == h) for h in hospitals}
    group = {row["fixmedins_code"]: row for row in tables.get("medical_groups", ())}
    units: dict[str, list[str]] = defaultdict(list)
    for h in hospitals:
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


def new_institution(hospital: Row, history: Sequence[Case], fund: str, year: int) -> bool:
    """新增定点机构: since within the year, with nothing booked for the fund the year before."""
    before = any(c.year == year - 1 and c.fund == fund and c.hosp == hospital["fixmedins_code"] for c in history)
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
              fee=total(c.net for c in own), patient=total(c.patient for c in own),
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
                  points=total(c.points for c in own), fee=total(c.net for c in own),
                  booked=total(c.booked_dip for c in own), due=total(c.due or F(0) for c in own))  # fmt: skip


# ── beds ──


def beds(cases: Sequence[Case], tables: Tables, year: int, sheet: Sheet) -> None:
    """Paid beds = min(agreement, 编制) of each day; the day of discharge occupies no bed."""
    first, days = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
    for hospital in tables["providers"]:
        code = hospital["fixmedins_code"]
        known = sorted((r for r in tables.get("beds", ()) if r["fixmedins_code"] == code), key=lambda r: r["bed_from"])
        paid, occupied = 0, dict.fromkeys(MONTHS, 0)
        for day in (first + timedelta(n) for n in range(days)):
            now = [r for r in known if r["bed_from"] <= day.isoformat()]
            paid += min(int(now[-1]["agreement_beds"]), int(now[-1]["auth_beds"])) if now else 0
            here = [c for c in cases if c.hosp == code and c["adm_date"] <= day.isoformat() < c["dscg_date"]]
            occupied[day.month] += len(here)
        used, last = sum(occupied.values()), known[-1]
        sheet.add("beds", fixmedins_code=code, hosp_lv=hospital["hosp_lv"], admdvs=hospital["admdvs"],
                  auth_beds=int(last["auth_beds"]), agreement_beds=int(last["agreement_beds"]),
                  open_beds=int(last["open_beds"]), paid_bed_days=paid, occupied=used, excess=max(used - paid, 0),
                  utilisation=F(used, paid) if paid else None,
                  peak_month=max(MONTHS, key=lambda m: (occupied[m], -m)))  # fmt: skip
        sheet.note(f"床位 {code}：协议床日 {paid}，占用 {used}，超 {max(used - paid, 0)}")


# ── tables of cases ──


def case_tables(cases: Sequence[Case], learned: Catalogue, law: Law, sheet: Sheet) -> None:
    for c in cases:
        inside_dip = c.scope != "outside"
        sheet.add("cases", setl_id=c["setl_id"], fixmedins_code=c.hosp, hosp_lv=c["hosp_lv"], fund_type=c.fund,
                  scope=c.scope, insuplc_admdvs=c["insuplc_admdvs"] or None, dscg_date=c["dscg_date"], month=c.month,
                  medfee_sumamt=c.fee, excluded=c.excluded, booked=c.hifp, other_funds=c.other, patient=c.patient,
                  special=c.special, flags="|".join(c.flags) or None,
                  dip_code=c.code or None, dip_type=c.kind, bucket=c.bucket, group_points=c.group_points,
                  aux_kind=c.aux_kind or None, aux_type=c.aux_type or None, aux=c.aux, deviation=c.factor,
                  deviation_type=c.deviation_type, coefficient=c.inst, addon_points=c.addon, case_points=c.points,
                  standard=c.standard if inside_dip else None, due=c.due)  # fmt: skip
        fees = last_year_standard(c, learned) if c.code else []
        sheet.add("trail", setl_id=c["setl_id"], dx=c["diag_codes"].split("|")[0], scope_key=c.reach,
                  px_kind=keys(c)["composite"][1], std_n=len(fees) or None, std_fee=total(fees) or None,
                  stay_days=c.days, plain_points=c.plain, plain_due=c.plain_due)  # fmt: skip
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
            "outcome": case.special, "multiple": row["fee"] / row["standard"], "plain_due": case.plain_due,
            "due": case.due, "added": (case.due or F(0)) - (case.plain_due or F(0)),
        }  # fmt: skip


# ── postings ──


def post(tables: Tables, law: Law, year: int, sheet: Sheet) -> None:
    """The entries of stage 7 and the balances they leave; money moves only where the book has entries of its own."""
    balance: dict[tuple[str, str, str], Fraction] = defaultdict(lambda: F(0))
    own = {row["fund_type"] for row in tables.get("ledger_entries", ())}
    for row in tables.get("ledger_entries", ()):
        balance[row["fund_type"], row["subj_code"], ""] += F(row["debit"] or 0) - F(row["credit"] or 0)

    def move(fund: str, day: str, what: str, lines: Sequence[tuple[str, str, Fraction]]) -> None:
        if not any(amount for _, _, amount in lines):
            return
        assert total(amount for _, _, amount in lines) == 0
        for subject, detail, amount in lines:
            balance[fund, subject, detail] += amount
        sheet.add("postings", fund_type=fund, entry_date=day, what=what,
                  amount=total(amount for _, _, amount in lines if amount > 0))  # fmt: skip

    for fund in FUNDS:
        for p in sheet.find("prepay", fund_type=fund):
            if fund in own:
                move(fund, f"{year}-{law['prepay.pay_day']}", "prepay",
                     [("110101", p["fixmedins_code"], p["amount"]), ("1004", "", -p["amount"])])  # fmt: skip
        for m in sheet.find("months", fund_type=fund):
            h, last = m["fixmedins_code"], m["month"] == 12
            day = f"{year}-12-31" if last else f"{year}-{m['month'] + 1:02d}-{int(law['settle.month.day']):02d}"
            move(fund, day, "month", [("500101", "", m["gross"]), ("210101", h, -m["paid"]),
                                      ("210102", h, -m["deposit"])])  # fmt: skip
            if fund in own:
                move(fund, day, "paid", [("210101", h, m["paid"]), ("1004", "", -m["paid"])])
        year_end(fund, year, fund in own, move, sheet)
    for (fund, subject, detail), amount in sorted(balance.items()):
        sheet.add("balances", fund_type=fund, subj_code=subject, subj_detail=detail, amount=amount)


def year_end(fund: str, year: int, paid: bool, move: Any, sheet: Sheet) -> None:
    day = f"{year}-12-31"
    for c in sheet.find("clearing", fund_type=fund):
        h = c["fixmedins_code"]
        gross = total(m["gross"] for m in sheet.find("months", fund_type=fund, fixmedins_code=h))
        more, lost = c["settled"] - gross, c["deposit"] - c["deposit_returned"]
        move(fund, day, "clearing", [("500101", "", more), ("210101", h, -more)])
        move(fund, day, "deposit", [("210102", h, c["deposit"]), ("210101", h, -c["deposit_returned"]),
                                    ("500101", "", -lost)])  # fmt: skip
        move(fund, day, "deduction", [("210101", h, c["deductions"]), ("500101", "", -c["deductions"])])
        if paid:
            move(fund, day, "recovered", [("210101", h, c["prepaid"]), ("110101", h, -c["prepaid"])])
    for o in sheet.find("offsite", fund_type=fund):
        move(fund, day, "offsite", [("210103", o["insuplc_admdvs"], o["due"]),
                                    ("210101", o["fixmedins_code"], -o["due"])])  # fmt: skip
