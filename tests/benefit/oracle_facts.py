"""What the law asks of a claim: told once more from the city's tables (docs/internals/benefit.md, Context of a claim).
The product is not used here.
"""

from datetime import date

from benefit.oracle_law import Ask, OracleLaw
from benefit.oracle_lines import Cover, Covers, Row, Tables, by, holds, on


class Facts:
    """What is known of claims from the city's tables."""

    def __init__(self, tables: Tables, law: OracleLaw) -> None:
        self.law, self.covers = law, Covers(tables)
        self.places = {row["fixmedins_code"]: row for row in tables["providers"]}
        names = ("chosen_points", "doctor_contracts", "chronic_approvals", "offsite_filings", "identities")
        self.of_person = {name: by(tables.get(name, []), "psn_no") for name in names}

    def mine(self, table: str, psn_no: str, day: date) -> list[Row]:
        return [row for row in self.of_person[table].get((psn_no,), []) if holds(row, day)]

    def days(self, claim: Row) -> dict[str, date]:
        setl = on(claim["setl_time"])
        return {
            "settlement": setl,
            "service": on(claim["begndate"]) if claim["begndate"] else setl,
            "admission": on(claim["begndate"]) if claim["begndate"] else setl,
            "discharge": on(claim["enddate"]) if claim["enddate"] else setl,
        }

    def region(self, claim: Row) -> str:
        place = self.places[claim["fixmedins_code"]].get("admdvs") or self.law.code
        if place[:4] == self.law.code[:4]:
            return "city"
        return "province" if place[:2] == self.law.code[:2] else "country"

    def offsite(self, claim: Row, urgent: bool) -> str:
        if self.region(claim) == "city":
            return "none"
        days, filed = self.days(claim), set()
        for row in self.of_person["offsite_filings"].get((claim["psn_no"],), []):
            ended = row["enddate"] and on(row["enddate"]) < days["admission"]
            if on(row["begndate"]) <= days["discharge"] and not ended:
                filed.add(row["offsite_kind"])
        best = [one for one in ("resident", "emergency", "referral", "filed_late") if one in filed]
        return best[0] if best else "emergency" if urgent else "unfiled"

    def identity(self, psn_no: str, day: date) -> str:
        order = Ask(self.law, day, {}).names("aid.order")
        mine = [row["psn_idet_type"] for row in self.mine("identities", psn_no, day)]
        return min(mine, key=lambda one: order.index(one) if one in order else len(order), default="none")

    def of(self, claim: Row, cover: Cover, kind: str, day: date) -> dict[str, str]:
        psn_no, place = claim["psn_no"], self.places[claim["fixmedins_code"]]
        points = {
            row["point_kind"]
            for row in self.mine("chosen_points", psn_no, day)
            if row["fixmedins_code"] == claim["fixmedins_code"]
        }
        contracts = self.mine("doctor_contracts", psn_no, day)
        urgent = claim["er_flag"] == "1" or claim["med_type"] in ("13", "24")
        performed = any(row["perform_flag"] == "1" for row in contracts)
        return {
            "insutype": cover.insutype, "psn_type": cover.psn_type[:2], "clct_way": cover.clct_way, "kind": kind,
            "hosp_lv": place.get("hosp_lv") or "", "fixmedins_type": place.get("fixmedins_type") or "1",
            "point": "main" if "main" in points else "aux" if points else "none",
            "access": "emergency" if urgent else "referral" if claim["refl_no"] else "direct",
            "contract": "performed" if performed else "signed" if contracts else "none",
            "dise_codg": claim["dise_codg"] if kind in ("chronic", "two_diseases") else "",
            "offsite": self.offsite(claim, urgent), "region": self.region(claim),
            "identity": self.identity(psn_no, day), "cvlserv_flag": "1" if cover.psn_type in ("1102", "1202") else "0",
        }  # fmt: skip

    def approved(self, claim: Row, day: date) -> bool:
        return any(
            row["dise_codg"] == claim["dise_codg"] for row in self.mine("chronic_approvals", claim["psn_no"], day)
        )
