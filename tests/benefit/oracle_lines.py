"""Whether a person is covered on a day, and what of a fee line is self-paid: told once more, in `decimal`, from the
tables as they are written. The product is not used here.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

Row = dict[str, str]
Tables = dict[str, list[Row]]
MICRO, CENT, ZERO = Decimal("0.000001"), Decimal("0.01"), Decimal(0)
FAR = date(9999, 12, 31)


def micro(value: Decimal) -> Decimal:
    return value.quantize(MICRO, ROUND_HALF_UP)


def down(value: Decimal) -> Decimal:
    return value.quantize(MICRO, ROUND_FLOOR)


def on(text: str) -> date:
    return datetime.fromisoformat(text).date()


def holds(row: Row, day: date) -> bool:
    """Whether the row's dates take in the day; without a last day it has no end."""
    return on(row["begndate"]) <= day <= (on(row["enddate"]) if row.get("enddate") else FAR)


def by(rows: list[Row], *names: str) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in names)].append(row)
    return found


class Cover(NamedTuple):
    outcome: str
    insutype: str = ""
    psn_type: str = ""
    clct_way: str = ""


class Covers:
    """Cover on a day: RULEBOOK §1d, for residents whose first day of benefits was decided when they paid."""

    RANK = ("covered", "waiting", "arrears", "suspended")

    def __init__(self, tables: Tables) -> None:
        self.spells = by(tables["enrolments"], "psn_no")
        self.deaths = {row["psn_no"]: on(row["die_date"]) for row in tables.get("deaths", [])}
        self.born = {row["psn_no"]: on(row["brdy"]) for row in tables.get("persons", []) if row.get("brdy")}
        self.paid: dict[tuple[str, str, str, str, str], tuple[date, date | None]] = {}
        for key, rows in by(
            tables.get("contributions", []), "psn_no", "insuplc_admdvs", "insutype", "year", "clct_month"
        ).items():
            if sum(Decimal(row["paid_amt"]) - Decimal(row["clct_amt"]) for row in rows) >= 0:
                given = [on(row["pay_from"]) for row in rows if row.get("pay_from")]
                self.paid[key] = max(on(row["paid_date"]) for row in rows), max(given, default=None)

    def on_day(self, psn_no: str, day: date) -> Cover:
        if psn_no in self.born and day < self.born[psn_no]:
            return Cover("before_birth")
        if psn_no in self.deaths and day > self.deaths[psn_no]:
            return Cover("dead")
        found = [(self.state(row, day), row) for row in self.spells.get((psn_no,), [])]
        found = [one for one in found if one[0]]
        pools = {row["insuplc_admdvs"] for state, row in found if state in ("covered", "waiting")}
        if len(pools) > 1:
            return Cover("duplicate_enrolment")
        if not found:
            return Cover("not_enrolled")
        state, row = min(found, key=lambda one: self.RANK.index(one[0]))
        return Cover(state, row["insutype"], row["psn_type"], row["clct_way"])

    def state(self, spell: Row, day: date) -> str:
        begins, stop = on(spell["psn_insu_date"]), spell.get("paus_insu_date")
        if stop and day >= on(stop):
            return "suspended" if spell["psn_insu_stas"] == "2" else ""
        if day < begins:
            return ""
        if spell["insutype"] == "390":
            return self.resident(spell, day)
        if spell["psn_type"][:2] in ("12", "13"):
            return "covered"
        month_end = (day.replace(day=1) + timedelta(31)).replace(day=1) - timedelta(1)
        key = spell["psn_no"], spell["insuplc_admdvs"], "310", str(day.year), str(day.month)
        return "covered" if key in self.paid and self.paid[key][0] <= month_end else "arrears"

    def resident(self, spell: Row, day: date) -> str:
        paid = self.paid.get((spell["psn_no"], spell["insuplc_admdvs"], "390", str(day.year), ""))
        if paid is None:
            return "arrears"
        when, given = paid
        assert given is not None, "the tables give every resident's first day of benefits"
        new_year = date(day.year, 1, 1)
        begins = new_year if when < new_year else max(new_year, min(when, given))
        if day < begins:
            return "arrears"
        return "covered" if day >= given else "waiting"


class Parts(NamedTuple):
    """A line: self-paid, over the price limit, first share, in scope; and whether it is 特药."""

    ownpay: Decimal
    overlimit: Decimal
    preself: Decimal
    inscope: Decimal
    special: bool = False


class Lines:
    """The scope of fee lines (RULEBOOK §2.2, §3b, §3d), with what limits on quantities have been used."""

    def __init__(self, tables: Tables) -> None:
        self.of_claim = by(tables["fee_lines"], "setl_id")
        self.items = by(tables["catalogue_items"], "med_list_codg")
        self.limits = by(tables.get("item_limits", []), "med_list_codg", "begndate")
        self.approvals = by(tables.get("special_approvals", []), "psn_no", "med_list_codg")
        self.prescriptions = by(tables.get("prescriptions", []), "rxno", "med_list_codg")
        self.places = {row["fixmedins_code"]: row for row in tables["providers"]}
        self.persons = {row["psn_no"]: row for row in tables.get("persons", [])}
        self.used: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        self.counted: dict[tuple[str, ...], set[str]] = defaultdict(set)

    def scope(self, claim: Row, undo: list[tuple[str, ...]]) -> list[Parts]:
        """The parts of every line; what they use of limits is noted in ``undo``."""
        rows = sorted(self.of_claim.get((claim["setl_id"],), []), key=lambda row: row["feedetl_sn"])
        rows = sorted(self.net(rows), key=lambda row: "" if row["prd_days"] else row["fee_ocur_time"])
        return [self.line(claim, row, undo) for row in rows]

    def negative(self, setl_id: str) -> bool:
        """Whether a line takes back what no other line of the claim charged, or more than it charged."""
        rows = self.of_claim.get((setl_id,), [])
        known = {row["feedetl_sn"]: row["med_list_codg"] for row in rows if not row.get("init_feedetl_sn")}
        for row in rows:
            back = row.get("init_feedetl_sn")
            if Decimal(row["cnt"]) < 0 and (not back or known.get(back) != row["med_list_codg"]):
                return True
        return any(Decimal(row["det_item_fee_sumamt"]) < 0 or Decimal(row["cnt"]) < 0 for row in self.net(rows, True))

    @staticmethod
    def net(rows: list[Row], every: bool = False) -> list[Row]:
        """The lines with what was given back within the claim taken off."""
        found = {row["feedetl_sn"]: dict(row) for row in rows if not row.get("init_feedetl_sn")}
        for row in rows:
            if row.get("init_feedetl_sn"):
                kept = found[row["init_feedetl_sn"]]
                for name in ("cnt", "det_item_fee_sumamt"):
                    kept[name] = str(Decimal(kept[name]) + Decimal(row[name]))
        return [row for row in found.values() if every or Decimal(row["cnt"]) > 0]

    def give_back(self, undo: list[tuple[str, ...]]) -> None:
        for *key, what, amount in undo:
            self.used[tuple(key)] -= Decimal(amount)
            self.counted[tuple(key)].discard(what)

    def line(self, claim: Row, row: Row, undo: list[tuple[str, ...]]) -> Parts:
        total, day = Decimal(row["det_item_fee_sumamt"]), on(row["fee_ocur_time"])
        own = Parts(total, ZERO, ZERO, ZERO)
        item = next((one for one in self.items.get((row["med_list_codg"],), []) if holds(one, day)), None)
        if item is None or item["chrgitm_lv"] == "03":
            return own
        share = Decimal(item["selfpay_prop"]) if item["chrgitm_lv"] == "02" else ZERO
        special = item.get("pay_channel") == "special"
        if special and not self.special_allowed(claim, row, day):
            return own
        limits = self.limits.get((item["med_list_codg"], item["begndate"]), [])
        met = next((one for one in limits if self.meets(one, claim, day)), None)
        if limits and met is None:
            return own
        count, price = Decimal(row["cnt"]), Decimal(row["pric"])
        ownpay = ZERO
        if met is not None and met.get("lmt_amount"):
            ownpay, count = self.counter(met, claim, row, total, undo)
        level = self.places[claim["fixmedins_code"]].get("hosp_lv")
        most = (item.get(f"pric_uplmt_lv{level}") if level else "") or item.get("pric_uplmt_amt")
        over = ZERO
        if most and price > Decimal(most):
            over = min(total - ownpay, micro((price - Decimal(most)) * count))
        within = total - ownpay - over
        first = micro(within * share)
        return Parts(ownpay, over, first, within - first, special)

    def special_allowed(self, claim: Row, row: Row, day: date) -> bool:
        """认定 on the day, and at a pharmacy a prescription of the last three days."""
        code, psn_no = row["med_list_codg"], claim["psn_no"]
        if not any(holds(one, day) for one in self.approvals.get((psn_no, code), [])):
            return False
        if self.places[claim["fixmedins_code"]]["fixmedins_type"] != "2":
            return True
        return any(
            one["psn_no"] == psn_no and 0 <= (day - on(one["rx_time"])).days < 3
            and Decimal(one["cnt"]) >= Decimal(row["cnt"])
            for one in self.prescriptions.get((row.get("rxno") or "", code), [])
        )  # fmt: skip

    def meets(self, limit: Row, claim: Row, day: date) -> bool:
        person = self.persons.get(claim["psn_no"], {})
        if limit.get("gend") and limit["gend"] != person.get("gend"):
            return False
        if limit.get("age_min") or limit.get("age_max"):
            born = on(person["brdy"])
            age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
            if not int(limit["age_min"] or 0) <= age <= int(limit["age_max"] or 999):
                return False
        level = self.places[claim["fixmedins_code"]].get("hosp_lv") or "-"
        if limit.get("lmt_hosp_lv") and level not in limit["lmt_hosp_lv"].split("|"):
            return False
        given = [one for one in (claim.get("diag_codes") or "").split("|") if one]
        asked = [one for one in (limit.get("lmt_dx") or "").split("|") if one]
        return not asked or any(dx.startswith(prefix) for dx in given for prefix in asked)

    def counter(
        self, limit: Row, claim: Row, row: Row, total: Decimal, undo: list[tuple[str, ...]]
    ) -> tuple[Decimal, Decimal]:
        """What of the line lies beyond 限量, and the quantity that is still allowed."""
        per = str(on(row["fee_ocur_time"]).year) if limit["lmt_per"] == "year" else claim["setl_id"]
        key = claim["psn_no"], row["med_list_codg"], limit["lmt_unit"], per
        left, count = max(ZERO, Decimal(limit["lmt_amount"]) - self.used[key]), Decimal(row["cnt"])
        if limit["lmt_unit"] == "times":
            return self.once(key, claim["setl_id"], left, total, count, undo)
        if limit["lmt_unit"] == "days" and not row["prd_days"]:
            return self.once(key, row["fee_ocur_time"][:10], left, total, count, undo)
        take = count if limit["lmt_unit"] == "quantity" else Decimal(row["prd_days"])
        allowed = min(take, left)
        self.used[key] += allowed
        undo.append((*key, "", str(allowed)))
        if allowed == take:
            return ZERO, count
        if limit["lmt_unit"] == "quantity":
            beyond = min(total, micro(Decimal(row["pric"]) * (count - allowed))) if allowed else total
            return beyond, allowed
        return total - down(total * allowed / take), down(count * allowed / take)

    def once(
        self, key: tuple[str, ...], what: str, left: Decimal, total: Decimal, count: Decimal,
        undo: list[tuple[str, ...]],
    ) -> tuple[Decimal, Decimal]:  # fmt: skip
        """A settlement, or a day, counts once however many lines have the item."""
        if what in self.counted[key]:
            return ZERO, count
        if left < 1:
            return total, count
        self.used[key] += 1
        self.counted[key].add(what)
        undo.append((*key, what, "1"))
        return ZERO, count
