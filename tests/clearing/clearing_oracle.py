"""A slow second way to clear a fund: decimals, one fen at a time, no code of yibao. Amounts are integer fen.

It takes and gives plain dicts. Shares hand out the fen of a sum one by one; pay by the table is Decimal; nothing is
shared with the product but the rules of RULEBOOK §7–10 and docs/internals/close.md.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

PREC = 90
TINY = Decimal(1).scaleb(-40)


def half_up(value: Decimal) -> int:
    """The nearest fen; a value a hair off a half through division is put back on it first."""
    with localcontext() as context:
        context.prec = PREC
        return int(value.quantize(TINY).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def divide(total: int, parts: dict[str, int]) -> dict[str, int]:
    """Exact shares rounded down; what is left goes one fen at a time to the largest remainder, ties by key."""
    if total <= 0:
        return dict.fromkeys(parts, 0)
    with localcontext() as context:
        context.prec = PREC
        whole = Decimal(sum(parts.values()))
        exact = {key: Decimal(total) * part / whole for key, part in parts.items()}
        given = {key: int(value.quantize(TINY).to_integral_value(ROUND_DOWN)) for key, value in exact.items()}
        left = {key: (exact[key] - given[key]).quantize(TINY) for key in parts}
    while sum(given.values()) < total:
        key = min(left, key=lambda one: (-left[one], one))
        given[key] += 1
        left[key] -= 1
    return given


def table_pay(rows: list[dict[str, str]], due: int, booked: int) -> int:
    """The pay by the table, walking its rows from the top; nothing without an entitlement, one below zero as it is."""
    if due <= 0:
        return due
    with localcontext() as context:
        context.prec = PREC
        pay = Decimal(0)
        for row in rows:
            if Decimal(booked) >= Decimal(row["from"]) * due:
                pay = Decimal(row["start"]) * due + Decimal(row["rate"]) * (booked - Decimal(row["from"]) * due)
        return half_up(pay)


def months(fund: dict[str, Any], law: dict[str, Any]) -> dict[tuple[str, int], dict[str, int]]:
    """Each hospital's month: budget, base, extra, gross, deposit, paid."""
    out: dict[tuple[str, int], dict[str, int]] = {}
    for month in range(1, 13):
        there = {code: one for (code, number), one in fund["months"].items() if number == month}
        if not there:
            continue
        budget = max(fund["month_budgets"][month - 1] - sum(one["excluded_due"] for one in there.values()), 0)
        points = {code: one["points"] for code, one in there.items()}
        budgets = divide(budget, points) if sum(points.values()) else dict.fromkeys(points, 0)
        unused = sum(max(budgets[code] - one["booked"], 0) for code, one in there.items())
        over = {code: max(one["booked"] - budgets[code], 0) for code, one in there.items()}
        pot = half_up(min(unused, sum(over.values())) * Decimal(law["redistribute"]))
        extra = divide(pot, over)
        for code, one in there.items():
            base = min(one["booked"], budgets[code])
            gross = base + extra[code] + one["excluded_due"]
            held = half_up(gross * Decimal(law["deposit"]))
            out[code, month] = {
                "budget": budgets[code], "base": base, "extra": extra[code], "gross": gross, "deposit": held,
                "paid": gross - held,
            }  # fmt: skip
    return out


def prepaid(fund: dict[str, Any], law: dict[str, Any], code: str) -> int:
    """The prepayment of a hospital that is known to the fund, 0 when it may have none."""
    position, hospital = fund["position"], fund["hospitals"][code]
    if position is None or position["balance"] * 12 < law["min_months"] * position["last_expense"]:
        return 0
    if position["last_income"] < position["last_expense"]:
        return 0
    if code not in fund["applications"] or hospital["status"] in ("suspended", "terminated"):
        return 0
    last, credit = fund["last_year"].get(code, 0), law["credit"].get(hospital["credit_lv"])
    if last <= 0 or credit is None:
        return 0
    return half_up(Decimal(last) / 12 * Decimal(credit))


def year_sums(fund: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Each hospital's year before any decision."""
    out = {}
    for code in fund["hospitals"]:
        mine = [one for (owner, _), one in fund["months"].items() if owner == code]
        out[code] = {name: sum(one[name] for one in mine) for name in ("due", "booked", "excluded_due")}
    return out


def shares(fund: dict[str, Any], law: dict[str, Any], touched: list[str]) -> dict[str, dict[str, Any]]:
    """The units: what each is paid before the cut, what of it is retained or shared, and its members."""
    sums = year_sums(fund)
    for code in touched:
        score = fund["hospitals"][code]["score"]
        if law["applies"] == "payable" and score is not None:
            sums[code]["due"] = half_up(sums[code]["due"] * Decimal(score))
    home = {code: group for group, one in fund["groups"].items() for code in one["members"]}
    units: dict[str, dict[str, Any]] = {}
    for code in touched:
        key = f"g:{home[code]}" if code in home else f"h:{code}"
        unit = units.setdefault(key, {"members": [], "due": 0, "booked": 0, "claimed": 0})
        unit["members"].append(code)
        unit["due"] += sums[code]["due"]
        unit["booked"] += sums[code]["booked"]
        unit["claimed"] += fund["claims"].get(code, 0)
    for key, unit in units.items():
        due, booked = unit["due"], unit["booked"]
        counted = booked
        if law["needs_claim"] and booked > due:
            counted = due + min(unit["claimed"], booked - due)
        contract = key.startswith("g:") and fund["groups"][key[2:]]["method"] == "contract"
        pay = due if contract else table_pay(law["table"], due, counted)
        alone_and_new = key.startswith("h:") and fund["hospitals"][key[2:]]["new"]
        if alone_and_new and law["new_rule"] == "booked":
            pay = min(pay, booked)
        unit["pay"] = pay
        unit["retained"] = max(pay - counted, 0) if contract or counted <= due else 0
        unit["shared"] = max(pay - due, 0)
    return units


def cut(units: dict[str, dict[str, Any]], limit: int) -> int:
    """Takes shared overrun, then retained surplus, out of the units; answers what is still over the limit."""
    over = max(sum(unit["pay"] for unit in units.values()) - limit, 0)
    for kind in ("shared", "retained"):
        parts = {key: unit[kind] for key, unit in units.items()}
        taken = divide(min(over, sum(parts.values())), parts)
        for key, fen in taken.items():
            units[key][f"cut_{kind}"] = fen
        over -= sum(taken.values())
    return over


def inside(unit: dict[str, Any], fund: dict[str, Any], law: dict[str, Any], sums: dict[str, Any]) -> dict[str, Any]:
    """The members' parts of a group: floors first, then the surplus by entitlement and weight, cuts by surplus."""
    names = unit["members"]
    floors = {code: min(sums[code]["booked"], sums[code]["due"]) for code in names}
    if unit["pay"] <= sum(floors.values()):
        # a member's claim (due below zero) is its own, whole; the others share what the group is paid besides
        claims = {code: min(fen, 0) for code, fen in floors.items()}
        parts = divide(unit["pay"] - sum(claims.values()), {code: max(fen, 0) for code, fen in floors.items()})
        base, surplus = {code: claims[code] + parts[code] for code in names}, dict.fromkeys(names, 0)
    else:
        tenths = {code: int(Decimal(law["primary_weight"]) * 10) if fund["hospitals"][code]["level"] == "1" else 10
                  for code in names}  # fmt: skip
        weights = {code: max(sums[code]["due"], 0) * tenths[code] for code in names}
        weights = weights if sum(weights.values()) else dict.fromkeys(names, 1)
        base, surplus = floors, divide(unit["pay"] - sum(floors.values()), weights)
    kept, helped = divide(unit["retained"], surplus), divide(unit["shared"], surplus)
    less_kept, less_helped = divide(unit["cut_retained"], kept), divide(unit["cut_shared"], helped)
    return {
        code: {
            "pay_before": base[code] + surplus[code], "retained": kept[code], "shared": helped[code],
            "cut_retained": less_kept[code], "cut_shared": less_helped[code],
        }
        for code in names
    }  # fmt: skip


def clear(fund: dict[str, Any], law: dict[str, Any]) -> dict[str, Any]:
    """The whole year: months, prepayments, one row a hospital, and what is over the limit."""
    by_month = months(fund, law)
    advance = {code: prepaid(fund, law, code) for code in fund["hospitals"]}
    deducted: dict[str, int] = {}
    for code, fen in fund["deductions"]:
        deducted[code] = deducted.get(code, 0) + fen
    with_cases = {code for code, _ in fund["months"]}
    touched = sorted(with_cases | set(deducted) | {code for code, fen in advance.items() if fen})
    units = shares(fund, law, touched)
    over = cut(units, fund["fund_fen"] + fund["reserve"])
    sums = year_sums(fund)
    for code in touched:
        score = fund["hospitals"][code]["score"]
        if law["applies"] == "payable" and score is not None:
            sums[code]["due"] = half_up(sums[code]["due"] * Decimal(score))
    parts: dict[str, Any] = {}
    for key, unit in units.items():
        if key.startswith("g:"):
            parts |= inside(unit, fund, law, sums)
        else:
            parts[unit["members"][0]] = {**unit, "pay_before": unit["pay"]}
    rows = {}
    for code in touched:
        part = parts[code]
        pay = part["pay_before"] - part["cut_shared"] - part["cut_retained"]
        settled = pay + sums[code]["excluded_due"]
        excess, occupied = fund["bed_excess"].get(code, (0, 1))
        taken = deducted.get(code, 0)
        if law["beds_rule"] == "deduct" and settled > 0:
            taken += half_up(Decimal(settled) * excess / occupied)
        mine = [one for (owner, _), one in by_month.items() if owner == code]
        deposit, paid = sum(one["deposit"] for one in mine), sum(one["paid"] for one in mine)
        score = fund["hospitals"][code]["score"]
        back = deposit if score is None or law["applies"] == "payable" else half_up(deposit * Decimal(score))
        rows[code] = {
            "entitlement": sums[code]["due"], "booked": sums[code]["booked"], "pay_before": part["pay_before"],
            "retained": part["retained"], "shared": part["shared"], "cut_shared": part["cut_shared"],
            "cut_retained": part["cut_retained"], "pay": pay, "settled": settled, "deductions": taken,
            "deposit": deposit, "deposit_returned": back, "monthly_paid": paid, "prepaid": advance[code],
            "final": settled - taken - deposit + back - paid - advance[code],
        }  # fmt: skip
    return {"months": by_month, "prepaid": advance, "rows": rows, "over": over}
