"""What the rules say, once more: decimals and texts, line by line. Imports nothing of yibao."""

import re
from collections import defaultdict
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

Row = dict[str, str]
MICRO = Decimal("0.000001")
FAR = date(9999, 12, 31)


def on(text: str) -> date:
    return datetime.fromisoformat(text).date()


def until(row: Row) -> date:
    return date.fromisoformat(row["enddate"]) if row["enddate"] else FAR


def valid(row: Row, day: date) -> bool:
    return date.fromisoformat(row["begndate"]) <= day <= until(row)


class Oracle:
    """The answers for a world: ``answers[setl_id, feedetl_sn]`` is (reason, [ownpay, overlimit, preself, inscope])."""

    def __init__(self, world: dict[str, list[Row]], allow_from: date, rx_days: int, rx_days_chronic: int) -> None:
        self.world = world
        self.allow_from, self.rx_days, self.rx_days_chronic = allow_from, rx_days, rx_days_chronic
        self.persons = {row["psn_no"]: row for row in world["persons"]}
        self.places = {row["fixmedins_code"]: row for row in world["providers"]}
        self.versions: dict[str, list[Row]] = defaultdict(list)
        for row in world["catalogue_items"]:
            self.versions[row["med_list_codg"]].append(row)
        self.lines: dict[str, list[Row]] = defaultdict(list)
        for row in world["fee_lines"]:
            self.lines[row["setl_id"]].append(row)
        gone = {row["init_setl_id"] for row in world["claims"] if row["refd_setl_flag"] == "1"}
        self.claims = [row for row in world["claims"] if row["refd_setl_flag"] != "1"]
        self.net: dict[tuple[str, str], tuple[str, Decimal, Decimal]] = {}
        for claim in self.claims:
            self.net |= self.netted(self.lines[claim["setl_id"]])
        self.used: dict[tuple[str, str], list[date]] = defaultdict(list)
        for claim in self.claims:
            for line in self.lines[claim["setl_id"]]:
                if self.net[self.key(line)][1] > 0 and claim["setl_id"] not in gone:
                    self.used[claim["psn_no"], line["med_list_codg"]].append(on(line["fee_ocur_time"]))
        self.spent: dict[str, Decimal] = defaultdict(Decimal)
        self.days_counted: dict[str, set[Any]] = defaultdict(set)
        self.answers: dict[tuple[str, str], tuple[str, list[Decimal]]] = {}
        self.beyond = 0
        for claim in sorted(self.claims, key=lambda row: row["setl_id"]):
            for line in sorted(self.lines[claim["setl_id"]], key=lambda row: row["feedetl_sn"]):
                self.answers[self.key(line)] = self.answer(claim, line)

    @staticmethod
    def key(line: Row) -> tuple[str, str]:
        return line["setl_id"], line["feedetl_sn"]

    def netted(self, lines: list[Row]) -> dict[tuple[str, str], tuple[str, Decimal, Decimal]]:
        found = {self.key(line): ["", Decimal(line["cnt"]), Decimal(line["det_item_fee_sumamt"])] for line in lines}
        for line in lines:
            if Decimal(line["cnt"]) > 0:
                continue
            home = next((one for one in lines if one["feedetl_sn"] == line["init_feedetl_sn"]
                         and one["med_list_codg"] == line["med_list_codg"]), None)  # fmt: skip
            if home is None:
                found[self.key(line)][0] = "reversal_unmatched"
                continue
            found[self.key(home)][1] += Decimal(line["cnt"])  # type: ignore[operator]
            found[self.key(home)][2] += Decimal(line["det_item_fee_sumamt"])  # type: ignore[operator]
            found[self.key(line)] = ["reversal", Decimal(0), Decimal(0)]
        return {key: tuple(value) for key, value in found.items()}  # type: ignore[misc]

    def answer(self, claim: Row, line: Row) -> tuple[str, list[Decimal]]:
        kind, count, amount = self.net[self.key(line)]
        day = on(line["fee_ocur_time"])
        reason, version = self.reason(claim, line, kind, count, day)
        if reason != "payable" or version is None or count <= 0 or amount <= 0:
            return reason, [amount, Decimal(0), Decimal(0), Decimal(0)]
        own, left_count = self.counted(claim, line, version, count, amount, day)
        limit = self.limit(version, claim)
        price = Decimal(line["pric"])
        over = Decimal(0)
        if limit is not None and price > limit:
            over = min(amount - own, ((price - limit) * left_count).quantize(MICRO, ROUND_HALF_UP))
        within = amount - own - over
        share = Decimal(version["selfpay_prop"]) if version["chrgitm_lv"] == "02" else Decimal(0)
        first = (within * share).quantize(MICRO, ROUND_HALF_UP)
        return reason, [own, over, first, within - first]

    def limit(self, version: Row, claim: Row) -> Decimal | None:
        level = self.places[claim["fixmedins_code"]]["hosp_lv"]
        text = (level and version[f"pric_uplmt_lv{level}"]) or version["pric_uplmt_amt"]
        return Decimal(text) if text else None

    def reason(self, claim: Row, line: Row, kind: str, count: Decimal, day: date) -> tuple[str, Row | None]:
        if kind:
            return kind, None
        versions = self.versions.get(line["med_list_codg"])
        if not versions:
            return "unmapped", None
        version = next((row for row in versions if valid(row, day)), None)
        if version is None:
            early = all(day < date.fromisoformat(row["begndate"]) for row in versions)
            return ("not_yet_effective" if early else "expired"), None
        share = version["selfpay_prop"]
        if version["chrgitm_lv"] == "03" or (version["chrgitm_lv"] == "02" and (not share or Decimal(share) >= 1)):
            return "class_c", version
        for found in (self.listed(claim, line, version, day), self.approved(claim, line, version, day),
                      self.prescribed(claim, line, version, count, day)):  # fmt: skip
            if found:
                return found, version
        found, _ = self.limited(claim, line, version, day)
        return found or "payable", version

    def listed(self, claim: Row, line: Row, version: Row, day: date) -> str:
        code = line["med_list_codg"]

        def on_list(name: str) -> bool:
            return any(row["med_list_codg"] == code and valid(row, day) for row in self.world[name])

        if version["list_type"] == "301":
            if day < self.allow_from:
                return "consumable_denied" if on_list("consumable_deny") else ""
            return "" if on_list("consumable_allow") else "not_on_allow_list"
        if version["list_type"] == "103":
            here = [row for row in self.world["preparations"] if row["fixmedins_code"] == claim["fixmedins_code"]]
            made = any(row["med_list_codg"] == code and valid(row, day) for row in here)
            return "" if made else "preparation_elsewhere"
        return ""

    def pharmacy(self, claim: Row) -> bool:
        return claim["med_type"] == "41" or self.places[claim["fixmedins_code"]]["fixmedins_type"] == "2"

    def approved(self, claim: Row, line: Row, version: Row, day: date) -> str:
        if version["pay_channel"] != "special":
            return ""
        best = "special_not_approved"
        for row in self.world["special_approvals"]:
            if (row["psn_no"], row["med_list_codg"]) != (claim["psn_no"], line["med_list_codg"]) or not valid(row, day):
                continue
            place = row["phac_code"] if self.pharmacy(claim) else row["fixmedins_code"]
            if place not in ("", claim["fixmedins_code"]):
                best = best if best == "special_other_doctor" else "special_other_institution"
            elif row["dr_codg"] not in ("", line["bilg_dr_codg"] or claim["dr_codg"]):
                best = "special_other_doctor"
            else:
                return ""
        return best

    def prescribed(self, claim: Row, line: Row, version: Row, count: Decimal, day: date) -> str:
        if version["pay_channel"] not in ("special", "negotiated") or not self.pharmacy(claim):
            return ""
        if not line["rxno"]:
            return "rx_missing"
        rx = [row for row in self.world["prescriptions"] if row["rxno"] == line["rxno"]]
        if not rx:
            return "rx_unknown"
        one = next((row for row in rx if row["med_list_codg"] == line["med_list_codg"]), None)
        if one is None:
            return "rx_other_drug"
        days = int(one["vali_days"] or (self.rx_days_chronic if one["rx_kind"] == "chronic" else self.rx_days))
        gone = (day - on(one["rx_time"])).days
        if one["psn_no"] != claim["psn_no"]:
            return "rx_other_person"
        if one["sin_dos_dscr"] and line["sin_dos_dscr"] and one["sin_dos_dscr"] != line["sin_dos_dscr"]:
            return "rx_other_dose"
        if one["rx_state"] in ("issued", "revoked"):
            return {"issued": "rx_not_checked", "revoked": "rx_revoked"}[one["rx_state"]]
        if gone < 0 or gone >= days:
            return "rx_expired"
        return "rx_over_quantity" if count > Decimal(one["cnt"]) else ""

    def limited(self, claim: Row, line: Row, version: Row, day: date) -> tuple[str, Row | None]:
        rows = [row for row in self.world["item_limits"] if row["med_list_codg"] == line["med_list_codg"]
                and row["begndate"] == version["begndate"]]  # fmt: skip
        if not rows:
            return "", None
        worst: tuple[int, int, str] | None = None
        for row in sorted(rows, key=lambda row: int(row["seq"])):
            failed = [name for name, held in self.predicates(claim, line, row, day) if not held]
            if not failed:
                return "", row
            found = (len(failed), int(row["seq"]), failed[0])
            worst = found if worst is None or found < worst else worst
        assert worst is not None
        return worst[2], None

    def predicates(self, claim: Row, line: Row, row: Row, day: date) -> list[tuple[str, bool]]:
        person = self.persons[claim["psn_no"]]
        level = self.places[claim["fixmedins_code"]]["hosp_lv"]
        insured = claim["insutype"] or person["insutype"]

        def among(cell: str, value: str) -> bool:
            return not cell or (value != "" and value in cell.split("|"))

        return [
            ("limit_gend", among(row["gend"], person["gend"])),
            ("limit_age", self.age_holds(row, person["brdy"], day)),
            ("limit_dx", not row["lmt_dx"] or any(dx_fits(part, code) for part in row["lmt_dx"].split("|")
                                                  for code in claim["diag_codes"].split("|") if code)),
            ("limit_hosp_lv", among(row["lmt_hosp_lv"], level)),
            ("limit_insutype", among(row["lmt_insutype"], insured)),
            ("limit_med_type", among(row["lmt_med_type"], claim["med_type"])),
            ("limit_dise", among(row["lmt_dise"], claim["dise_codg"])),
            ("limit_prior", not row["prior_codg"] or self.used_before(claim, row, day)),
            ("limit_compound", row["cpnd_flag"] != "1" or self.herbs(claim) > 1),
        ]  # fmt: skip

    @staticmethod
    def age_holds(row: Row, brdy: str, day: date) -> bool:
        if not row["age_min"] and not row["age_max"]:
            return True
        if not brdy:
            return False
        born = date.fromisoformat(brdy)
        age = day.year - born.year - (1 if (day.month, day.day) < (born.month, born.day) else 0)
        return int(row["age_min"] or 0) <= age <= int(row["age_max"] or 999)

    def used_before(self, claim: Row, row: Row, day: date) -> bool:
        gaps = [(day - used).days for code in row["prior_codg"].split("|") for used in self.used[claim["psn_no"], code]]
        return any(0 < gap <= int(row["prior_days"] or 99999) for gap in gaps)

    def herbs(self, claim: Row) -> int:
        found = set()
        for line in self.lines[claim["setl_id"]]:
            versions = self.versions.get(line["med_list_codg"])
            if versions and versions[0]["list_type"] == "102" and self.net[self.key(line)][1] > 0:
                found.add(line["med_list_codg"])
        return len(found)

    def counted(
        self, claim: Row, line: Row, version: Row, count: Decimal, amount: Decimal, day: date
    ) -> tuple[Decimal, Decimal]:
        """What lies beyond the counter, and the quantity that is left within."""
        _, row = self.limited(claim, line, version, day)
        if row is None or not row["lmt_unit"]:
            return Decimal(0), count
        unit = row["lmt_unit"]
        period = str(day.year) if row["lmt_per"] == "year" else claim["mdtrt_id"] or claim["setl_id"]
        key = "|".join((claim["psn_no"], line["med_list_codg"], unit, row["lmt_per"], period))
        left = max(Decimal(0), Decimal(row["lmt_amount"]) - self.spent[key])
        whole_days = Decimal(line["prd_days"] or 0)
        if unit == "quantity":
            got = min(left, count)
            self.spent[key] += got
            self.beyond += got < count
            if got == 0:
                return amount, Decimal(0)
            return min(amount, (Decimal(line["pric"]) * (count - got)).quantize(MICRO, ROUND_HALF_UP)), got
        if unit == "days" and whole_days >= Decimal("0.01"):
            got = min(left, whole_days)
            self.spent[key] += got
            self.beyond += got < whole_days
            if got == 0:
                return amount, Decimal(0)
            inside = (amount * 10**6 * got / whole_days).to_integral_value(ROUND_DOWN) / 10**6
            return amount - inside, (count * 10**6 * got / whole_days).to_integral_value(ROUND_DOWN) / 10**6
        mark = day if unit == "days" else claim["setl_id"]
        if mark not in self.days_counted[key]:
            if left < 1:
                self.beyond += 1
                return amount, Decimal(0)
            self.spent[key] += 1
            self.days_counted[key].add(mark)
        return Decimal(0), count


def dx_fits(part: str, code: str) -> bool:
    span = re.fullmatch(r"([A-Z]\d\d)-([A-Z]\d\d)", part)
    return span[1] <= code[:3] <= span[2] if span else code.startswith(part)
