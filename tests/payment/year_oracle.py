"""A city's year by hand: plain fractions over the rows of `pool_city`, imports nothing of yibao.

Every column of pool_case, case_points, special_decision, final_points, fund_value and case_due, worked one case after
the other as the rules read (RULEBOOK §4, DIP_REGIMES A.6–A.9, docs/internals/close.md).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
F = Fraction


def half_up(value: F) -> int:
    sign = -1 if value < 0 else 1
    whole, left = divmod(abs(value), 1)
    return sign * (int(whole) + (left >= F(1, 2)))


def yes(text: str) -> bool:
    return text == "true"


def ratio(text: str) -> F:
    return F(text[:-1]) / 100 if text.endswith("%") else F(text)


class Year:
    """The worked year. ``rows`` holds each table's row by setl_id, ``values`` the funds, ``decisions`` the reviews."""

    def __init__(self, city: Any, law: Mapping[str, str]) -> None:
        self.city, self.law = city, law
        self.rows: dict[str, dict[str, Row]] = defaultdict(dict)
        self.cases = {case["setl_id"]: case for case in city.cases}
        self.listed = self._listed()
        for case in city.cases:
            self.rows["pool_case"][case["setl_id"]] = self._pool(case)
            self.rows["case_points"][case["setl_id"]] = self._points(case)
        self.decisions = self._decisions()
        for case in city.cases:
            self.rows["final_points"][case["setl_id"]] = self._final(case)
        self.values = {fund: self._value(fund) for fund in city.budgets}
        for case in city.cases:
            if (due := self._due(case)) is not None:
                self.rows["case_due"][case["setl_id"]] = due
        self._share()

    # ── whose money, what was booked ──

    def _listed(self) -> dict[str, int]:
        """Excluded fees of each case that are on the list at discharge, unless they are more than the whole fee."""
        sums: dict[str, int] = defaultdict(int)
        for line in self.city.excluded_fees:
            case = self.cases.get(line["setl_id"])
            if case is None:
                continue
            for item in self.city.excluded_items:
                until = item["valid_until"] or date(9999, 1, 1)
                if item["med_list_codg"] == line["med_list_codg"] and item["valid_from"] <= case["dscg_date"] <= until:
                    sums[line["setl_id"]] += line["item_amount"]
                    break
        return {key: amount for key, amount in sums.items() if amount <= self.cases[key]["medfee_sumamt"]}

    def _pool(self, case: Row) -> Row:
        home = case["insuplc_admdvs"] or "370300"
        scope = "local" if home[:4] == "3703" else "offsite" if home[:2] == "37" else "outside"
        fee, funds, booked = case["medfee_sumamt"], case["fund_pay_sumamt"], case["hifp_pay"]
        booked = booked if booked is not None else funds or 0
        funds = funds if funds is not None else booked
        out = self.listed.get(case["setl_id"], 0) if self.law["dip.exclusion.mode"] == "exclude" else 0
        return {
            "fixmedins_code": case["fixmedins_code"],
            "fund_type": case["insutype"] if case["insutype"] in self.city.budgets else None, "scope": scope,
            "month": case["dscg_date"].month, "fee": fee, "excluded": out,
            "excluded_due": half_up(F(out * booked, fee)), "booked": booked, "other": funds - booked,
            "patient": fee - funds,
        }  # fmt: skip

    def net(self, case: Row) -> int:
        pool = self.rows["pool_case"][case["setl_id"]]
        return pool["fee"] - pool["excluded"]

    def booked(self, case: Row) -> int:
        pool = self.rows["pool_case"][case["setl_id"]]
        return pool["booked"] - pool["excluded_due"]

    # ── points before review ──

    def _standard(self, case: Row) -> tuple[str, int | None, int | None]:
        same = [r for r in self.city.reference if r["dip_code"] == case["dip_code"]]
        level = [r for r in same if r["hosp_lv"] == case["hosp_lv"]]
        last = [r for r in level if r["dscg_year"] == case["dscg_date"].year - 1]
        for name, rows in (("same_level_last_year", last), ("same_level_all_years", level), ("group", same)):
            if rows:
                return name, sum(r["n"] for r in rows), sum(r["fee"] for r in rows)
        return "none", None, None

    def _points(self, case: Row) -> Row:
        terms, fee = self.city.terms, F(self.net(case))
        basis, n, cost = self._standard(case)
        inst, aux = 10_000, F(case["aux"], 10_000)
        if not case["primary_care"] and case["dip_type"] != "ungrouped":
            inst = self.city.coefficient.get(case["hosp_lv"], 10_000) + self.city.addon.get(case["fixmedins_code"], 0)
        whole = case["group_points"] * F(inst, 10_000) * aux
        q = None if n is None or cost is None else fee * n / cost
        low, high = F(terms["low_e2"], 100), F(terms["high_e2"], 100)
        opening = F(half_up(self.city.opening * 10_000), 10_000)
        against = case["group_points"] * F(inst, 10_000) * (aux if terms["low_uses_aux"] else 1) * opening / 100
        extreme = None if terms["extreme_e2"] is None else F(terms["extreme_e2"], 100)
        kind, factor = "normal", F(1)
        if case["dip_type"] == "ungrouped":
            kind = "ungrouped"
        elif case["local_kind"] in ("day", "bed_day"):
            kind = "exempt"
        elif terms["low_rule"] == "cost_over_mean" and q is not None and q < low:
            kind, factor = "low", q
        elif terms["low_rule"] == "cost_over_standard" and fee < low * against:
            kind, factor = "low", fee / (whole * opening / 100)
        elif terms["high_rule"] == "excess" and q is not None and q > high:
            kind, factor = "extreme" if extreme is not None and q > extreme else "high", q - high + 1
        elif terms["high_rule"] == "flag" and fee >= high * against:
            kind = "high"
        elif basis == "none" and terms["low_rule"] == "cost_over_mean":
            kind = "none"
        points = whole * factor
        if kind == "ungrouped":
            points = fee * 10_000 / self.city.unit_fee_micro * self.city.scale * terms["ungrouped_e4"]
        return {
            "inst": inst, "deviation_type": kind, "standard_basis": basis, "std_n": n, "std_fee": cost,
            "deviation_e6": half_up(factor * 10**6), "case_points": half_up(points),
        }  # fmt: skip

    # ── special review ──

    def _decisions(self) -> dict[str, Row]:
        if not yes(self.law["dip.special_review"]):
            return {}
        found: dict[str, Row] = {}
        passed: list[tuple[Any, str]] = []
        for ask in self.city.reviews:
            key = ask["setl_id"]
            if key not in self.cases:
                continue
            case, pool = self.cases[key], self.rows["pool_case"][key]
            mine = self.rows["case_points"][key]
            worth = case["group_points"] * F(mine["inst"] * case["aux"], 10**8)
            worth = F(mine["case_points"]) if case["dip_type"] == "ungrouped" else worth
            standard = worth * self.city.opening / 100
            days = [f for f in self.city.group_fact if f["dip_code"] == case["dip_code"]]
            mean = F(days[0]["days"], days[0]["n_days"]) if days else None
            enough = True
            if ask["review_reason"] == "high_cost":
                enough = (
                    standard > 0 and self.net(case) >= ratio(self.law["dip.special_review.min_multiple"]) * standard
                )
            if ask["review_reason"] == "long_stay":
                longest = ratio(self.law["dip.special_review.los_multiple"])
                enough = mean is not None and case["stay_days"] is not None and case["stay_days"] >= longest * mean
            row = {"review_reason": ask["review_reason"], "outcome": "", "points": None, "rank": None}
            row["multiple"] = "" if not standard else f"{half_up(self.net(case) / standard * 10_000) / 10_000:.4f}"
            unsaid = ask["review_result"] == "pass_standard" and ask["review_points"] is None
            if pool["scope"] != "local" or pool["fund_type"] is None:
                row["outcome"] = "not_local"
            elif not enough:
                row["outcome"] = "not_eligible"
            elif ask["review_result"] == "pending" or unsaid:
                row["outcome"] = "pending"
            elif ask["review_result"] == "fail":
                row["outcome"] = "failed"
            else:
                by = (
                    ask["apply_date"]
                    if self.law["dip.special_review.order"] == "applied"
                    else standard - self.net(case)
                )
                passed.append((by, key))
                row["points"] = ask["review_points"]
                if ask["review_result"] == "pass_item":
                    row["points"] = half_up(F(self.net(case), 100) / self.city.opening * 10_000)
            found[key] = row
        for nth, (_, key) in enumerate(sorted(passed), start=1):
            found[key]["rank"] = nth
            found[key]["outcome"] = "granted" if nth <= self.quota else "over_quota"
            if nth > self.quota:
                found[key]["points"] = None
        return found

    @property
    def quota(self) -> int:
        rows = self.rows["pool_case"].values()
        n = sum(row["scope"] == "local" and row["fund_type"] is not None for row in rows)
        return int(ratio(self.law["dip.special_review.quota"]) * n)

    # ── final points ──

    def _final(self, case: Row) -> Row:
        key = case["setl_id"]
        own, review = self.rows["case_points"][key]["case_points"], self.decisions.get(key)
        added = 0
        if self.law["dip.exclusion.mode"] == "add_on":
            k = ratio(self.law["dip.exclusion.addon_k"])
            fee = F(self.listed.get(key, 0) * 10_000, self.city.unit_fee_micro)
            added = half_up(fee * self.city.scale * k * 10_000)
        granted = review is not None and review["outcome"] == "granted"
        bucket = case["dip_type"] if case["dip_type"] in ("core", "composite", "ungrouped") else "other"
        bucket = "aux" if case["aux"] != 10_000 else bucket
        bucket = "primary" if case["primary_care"] else bucket
        bucket = "special" if granted else case["local_kind"] or bucket
        plain = own + added
        reviewed = review["points"] if review and granted else plain
        if granted and self.law["dip.special_review.keep_better"] == "true" and plain > reviewed:
            reviewed = plain
        elif granted:
            added = 0
        return {"bucket": bucket, "case_points": reviewed, "addon_points": added, "plain_points": plain}

    # ── value and due ──

    def _own(self, fund: str) -> Sequence[Row]:
        pool = self.rows["pool_case"]
        return [
            case for case in self.city.cases
            if pool[case["setl_id"]]["fund_type"] == fund and pool[case["setl_id"]]["scope"] == "local"
        ]  # fmt: skip

    def _value(self, fund: str) -> Row:
        own = self._own(fund)
        excluded = sum(self.rows["pool_case"][case["setl_id"]]["excluded_due"] for case in own)
        charged = self.law["dip.exclusion.mode"] == "exclude" and self.law["dip.exclusion.charge"] == "dip"
        money = self.city.budgets[fund] - (excluded if charged else 0)
        booked, fee = sum(map(self.booked, own)), sum(map(self.net, own))
        points = sum(self.rows["final_points"][case["setl_id"]]["case_points"] for case in own)
        value = F(money) / F(booked, fee) / points * 100  # 元 per 分: fen ÷ 100 over 10⁻⁴ 分 × 10⁴
        return {
            "fund_type": fund, "budget_fen": self.city.budgets[fund], "excluded_fen": excluded, "fund_fen": money,
            "booked": booked, "fee": fee, "points": points, "cases": len(own), "pv_num": value.numerator,
            "pv_den": value.denominator,
        }  # fmt: skip

    def _due(self, case: Row) -> Row | None:
        pool, final = self.rows["pool_case"][case["setl_id"]], self.rows["final_points"][case["setl_id"]]
        fund, scope = pool["fund_type"], pool["scope"]
        paid = scope == "local" or (scope == "offsite" and yes(self.law["dip.offsite.in_province"]))
        if fund is None or not paid:
            return None
        worth = F(self.values[fund]["pv_num"], self.values[fund]["pv_den"]) / 100  # fen per 10⁻⁴ 分
        due = [self._one(case, p, worth, fund, scope) for p in (final["case_points"], final["plain_points"])]
        return {"standard": half_up(final["case_points"] * worth), "due": due[0], "plain_due": due[1]}

    def _one(self, case: Row, points: int, worth: F, fund: str, scope: str) -> int:
        if self.law["settle.entitlement.basis"] == "minus_patient":
            amount = half_up(points * worth) - (self.net(case) - self.booked(case))
            return max(amount, 0) if yes(self.law["settle.case_floor"]) else amount
        level = "case" if scope == "offsite" else self.law["settle.ratio_level"]
        own = [case] if level == "case" else list(self._own(fund))
        if level == "institution":
            own = [one for one in own if one["fixmedins_code"] == case["fixmedins_code"]]
        fee = sum(map(self.net, own))
        return half_up(points * worth * (F(sum(map(self.booked, own)), fee) if fee else 0))

    def _share(self) -> None:
        """With the pool's ratio the fund is divided exactly: shares, the fen left over to the largest remainders."""
        if (self.law["settle.entitlement.basis"], self.law["settle.ratio_level"]) != ("times_ratio", "pool"):
            return
        for fund in self.city.budgets:
            money, whole = self.values[fund]["fund_fen"], self.values[fund]["points"]
            points = {c["setl_id"]: self.rows["final_points"][c["setl_id"]]["case_points"] for c in self._own(fund)}
            parts = {key: money * p // whole for key, p in points.items()}
            order = sorted(parts, key=lambda k: (-(money * points[k] % whole), k))
            for key in order[: money - sum(parts.values())]:
                parts[key] += 1
            for key, part in parts.items():
                row, final = self.rows["case_due"][key], self.rows["final_points"][key]
                row["due"] = part
                if final["case_points"] == final["plain_points"]:
                    row["plain_due"] = part
