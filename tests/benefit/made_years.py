"""Small invented cities for a run of `yibao settle`, from a seed: people, cover, catalogue, accounts, claims and their
lines as tables of text, and the CSV files of a folder. Knows what the input looks like, nothing of how it is settled.
"""

import csv
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, str]
CENT = Decimal("0.01")
FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
YEARS = (2023, 2024, 2025)
IDENTITIES = ("tekun", "dibao", "jiance", "bianyuan", "zhongbing")


class City(NamedTuple):
    """A pool: its code, one of the same province, and days about which stays are made to lie."""

    code: str
    province: str
    turns: tuple[date, ...]


NEW_YEARS = (date(2024, 1, 1), date(2025, 1, 1))
ZHOUSHAN = City("330900", "330100", (*NEW_YEARS, date(2023, 10, 1), date(2023, 10, 1)))
DONGGUAN = City("441900", "440100", (*NEW_YEARS, date(2025, 1, 1)))
SHAANXI = City("610000", "610100", (*NEW_YEARS, date(2025, 1, 1)))
NANCHANG = City("360100", "360700", (*NEW_YEARS, date(2023, 4, 1), date(2025, 1, 1)))
ZIBO = City("370300", "370100", NEW_YEARS)
INVENTED = City("999999", "991200", (*NEW_YEARS, date(2024, 7, 1), date(2024, 7, 1)))
CITIES = {
    "zhoushan": ZHOUSHAN, "dongguan": DONGGUAN, "newcity": INVENTED, "shaanxi": SHAANXI, "nanchang": NANCHANG,
    "zibo": ZIBO,
}  # fmt: skip
"""The cities by the folder of their pack; ``newcity`` stands beside the tests."""

PROVIDERS = (
    ("H11", "1", "1", "home"), ("H12", "1", "1", "home"), ("H21", "2", "1", "home"), ("H31", "3", "1", "home"),
    ("H32", "3", "1", "home"), ("Y1", "", "2", "home"), ("Y2", "", "2", "home"), ("H0", "", "1", "home"),
    ("HP", "3", "1", "province"), ("HC", "3", "1", "country"), ("HC2", "2", "1", "country"),
)  # fmt: skip
ITEM = (
    "med_list_codg", "list_type", "chrgitm_lv", "selfpay_prop", "pric_uplmt_amt", "pric_uplmt_lv1", "pric_uplmt_lv3",
    "pay_channel", "begndate", "enddate",
)  # fmt: skip
CATALOGUE = (
    ("A1", "101", "01", "", "", "", "", "", "2020-01-01", ""),
    ("A2", "201", "01", "", "120", "80.5", "150.333333", "", "2020-01-01", ""),
    ("B1", "101", "02", "0.1", "", "", "", "", "2020-01-01", ""),
    ("B2", "301", "02", "0.155", "900.25", "", "", "", "2020-01-01", ""),
    ("C1", "201", "03", "", "", "", "", "", "2020-01-01", ""),
    ("M1", "101", "01", "", "", "", "", "", "2020-01-01", "2024-05-31"),
    ("M1", "101", "02", "0.2", "55.5", "", "", "", "2024-06-01", ""),
    ("E1", "101", "01", "", "", "", "", "", "2020-01-01", "2024-03-31"),
    ("N1", "101", "02", "0.05", "", "", "", "", "2024-09-01", ""),
    ("G1", "101", "01", "", "", "", "", "", "2020-01-01", ""),
    ("K1", "101", "02", "0.1", "", "", "", "", "2020-01-01", ""),
    ("Q1", "101", "01", "", "", "", "", "", "2020-01-01", ""),
    ("D1", "101", "02", "0.1", "30", "", "", "", "2020-01-01", ""),
    ("D2", "201", "01", "", "", "", "", "", "2020-01-01", ""),
    ("T1", "201", "01", "", "", "", "", "", "2020-01-01", ""),
    ("S1", "101", "02", "0.05", "", "", "", "special", "2020-01-01", ""),
    ("S2", "101", "01", "", "2500", "", "", "special", "2020-01-01", ""),
)  # fmt: skip
LIMIT = (
    "med_list_codg", "begndate", "seq", "gend", "age_min", "age_max", "lmt_dx", "lmt_hosp_lv", "lmt_amount",
    "lmt_unit", "lmt_per",
)  # fmt: skip
LIMITS = (
    ("G1", "2020-01-01", "1", "2", "", "", "", "", "", "", ""),
    ("G1", "2020-01-01", "2", "", "", "17", "", "2|3", "", "", ""),
    ("K1", "2020-01-01", "1", "", "18", "", "C|D0", "", "", "", ""),
    ("Q1", "2020-01-01", "1", "", "", "", "", "", "20.5", "quantity", "year"),
    ("D1", "2020-01-01", "1", "", "", "", "", "", "14", "days", "stay"),
    ("D2", "2020-01-01", "1", "", "", "", "", "", "2", "days", "stay"),
    ("T1", "2020-01-01", "1", "", "", "", "", "", "3", "times", "year"),
)  # fmt: skip
DX = ("C34.9", "I10", "D05.1", "E11.9|I10", "J18.9|C50.9")
OUT_ITEMS = ("A1", "A1", "A2", "B1", "B2", "C1", "M1", "E1", "N1", "G1", "K1", "Q1", "T1", "X9")
IN_ITEMS = ("A1", "A1", "A1", "A2", "B1", "B1", "B2", "C1", "M1", "K1", "D1", "D1", "D2", "D2", "D2", "T1", "S1")
MED_TYPES = ("11", "11", "11", "12", "13", "14", "14", "41", "41", "51", "53")
STAYS = ("21", "21", "21", "22", "23", "24", "52")


def cents(value: Decimal) -> str:
    return str(value.quantize(CENT, ROUND_HALF_UP))


class Maker:
    """Makes the tables of a city. ``make`` gives them; ``write`` puts them into a folder."""

    def __init__(self, city: City, seed: int, people: int) -> None:
        self.city, self.random, self.people = city, random.Random(f"{city.code}/{seed}"), people
        self.tables: dict[str, list[Row]] = defaultdict(list)
        self.claims = 0
        self.of: dict[str, dict[str, Any]] = {}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def day(self, first: date = FIRST, last: date = LAST) -> date:
        return first + timedelta(self.random.randint(0, (last - first).days))

    def put(self, table: str, **row: Any) -> None:
        self.tables[table].append({name: str(value) for name, value in row.items()})

    def make(self) -> dict[str, list[Row]]:
        for code, level, kind, where in PROVIDERS:
            admdvs = {"home": self.city.code, "province": self.city.province, "country": "110000"}[where]
            self.put("providers", fixmedins_code=code, fixmedins_name=code, hosp_lv=level, fixmedins_type=kind,
                     admdvs=admdvs)  # fmt: skip
        self.tables["catalogue_items"] = [dict(zip(ITEM, one, strict=True)) for one in CATALOGUE]
        self.tables["item_limits"] = [dict(zip(LIMIT, one, strict=True)) for one in LIMITS]
        for number in range(self.people):
            self.person(f"P{number:06d}")
        self.families()
        for psn_no in self.of:
            self.care(psn_no)
        return self.tables

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.make().items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, restval="")
                writer.writeheader()
                writer.writerows(rows)
        return folder

    # ── people ──

    def person(self, psn_no: str) -> None:
        employee = self.chance(0.55)
        age = self.random.choice((5, 30, 45, 70))
        kind = self.random.choice(("1101", "1101", "1102", "1201", "1202", "1300")) if employee else (
            "1403" if age == 5 else "16" if age == 70 else "1501"
        )  # fmt: skip
        way = self.random.choice("112") if employee else "3"
        born = date(2023 - age, self.random.randint(1, 12), self.random.randint(1, 28))
        self.of[psn_no] = {"employee": employee, "way": way, "chronic": []}
        self.put("persons", psn_no=psn_no, gend=self.random.choice("12"), brdy=born)
        self.enrol(psn_no, employee, kind, way)
        self.standing(psn_no)
        if employee and way == "1":
            balance = Decimal(self.random.choice((0, 0, 31234, 250050, 1234567))) / 100
            state = "frozen" if self.chance(0.05) else "normal"
            self.put("acct_balances", psn_no=psn_no, insuplc_admdvs=self.city.code, balc=balance, acct_stas=state)
            for number in range(self.random.randint(0, 3) if state == "normal" else 0):
                self.put("acct_credits", credit_id=f"G{psn_no}{number}", psn_no=psn_no, credit_date=self.day(),
                         credit_amt=cents(Decimal(self.random.randint(1, 60000)) / 100))  # fmt: skip

    def enrol(self, psn_no: str, employee: bool, kind: str, way: str) -> None:
        stop, state = "", "1"
        if self.chance(0.04):
            stop, state = str(self.day()), self.random.choice("24")
        if self.chance(0.03):
            self.put("deaths", psn_no=psn_no, die_date=self.day())
        insutype = "310" if employee else "390"
        begin = self.day() if self.chance(0.03) else date(2020, 1, 1)
        self.put("enrolments", psn_no=psn_no, insutype=insutype, insuplc_admdvs=self.city.code, psn_type=kind,
                 clct_way=way, psn_insu_stas=state, psn_insu_date=min(begin, date.fromisoformat(stop or "2025-12-31")),
                 paus_insu_date=stop)  # fmt: skip
        if kind in ("1201", "1202", "1300") and self.chance(0.03):
            self.put("enrolments", psn_no=psn_no, insutype=insutype, insuplc_admdvs="990100", psn_type=kind,
                     clct_way=way, psn_insu_stas="1", psn_insu_date=self.day())  # fmt: skip
        if not employee:
            for year in YEARS:
                if not self.chance(0.04):
                    paid = date(year - 1, 11, 5) if self.chance(0.9) else date(year, 2, 10)
                    given = date(year, 1, 1) if self.chance(0.9) else date(year, 4, 1)
                    self.contribute(psn_no, "390", year, "", paid, str(max(given, paid)))
        elif kind in ("1101", "1102"):
            for year in YEARS:
                for month in range(1, 13):
                    if not self.chance(0.02):
                        late = 40 if self.chance(0.02) else 0
                        self.contribute(psn_no, "310", year, str(month), date(year, month, 10) + timedelta(late), "")

    def contribute(self, psn_no: str, insutype: str, year: int, month: str, paid: date, given: str) -> None:
        number = len(self.tables.get("contributions", []))
        self.put("contributions", clct_id=f"J{number:08d}", psn_no=psn_no, insutype=insutype,
                 insuplc_admdvs=self.city.code, year=year, clct_month=month, clct_amt="300",
                 paid_amt="299.99" if self.chance(0.01) else "300", paid_date=paid, pay_from=given)  # fmt: skip

    def standing(self, psn_no: str) -> None:
        """Identities, points, contracts, approved diseases and drugs, filings, 惠民保, incentives."""
        until = str(self.day()) if self.chance(0.2) else ""
        for one in self.random.sample(IDENTITIES, self.random.choice((0, 0, 0, 1, 1, 2))):
            self.put("identities", psn_no=psn_no, psn_idet_type=one, begndate="2022-01-01", enddate=until)
        if self.chance(0.05):
            self.put("identities", psn_no=psn_no, psn_idet_type="disabled", begndate="2022-01-01", enddate="")
        for kind, codes in (("main", ("H11", "H12")), ("aux", ("H21", "H31"))):
            if self.chance(0.6):
                self.put("chosen_points", psn_no=psn_no, fixmedins_code=self.random.choice(codes), point_kind=kind,
                         begndate="2022-06-01", enddate=until if self.chance(0.3) else "")  # fmt: skip
        if self.chance(0.4):
            self.put("doctor_contracts", psn_no=psn_no, fixmedins_code="H11", perform_flag=self.random.choice("01"),
                     begndate=self.day(date(2022, 1, 1), date(2023, 6, 1)), enddate=until)  # fmt: skip
        for disease in ("tb", "hypertension", "diabetes", "renal"):
            if self.chance(0.3):
                self.of[psn_no]["chronic"].append(disease)
                if self.chance(0.9):
                    self.put("chronic_approvals", psn_no=psn_no, dise_codg=disease, begndate="2022-01-01", enddate="")
        for drug in ("S1", "S2"):
            if self.chance(0.25):
                self.put("special_approvals", psn_no=psn_no, med_list_codg=drug, begndate="2022-01-01", enddate=until)
        for kind in ("resident", "referral", "emergency", "filed_late"):
            if self.chance(0.12):
                self.put("offsite_filings", psn_no=psn_no, offsite_kind=kind, begndate=self.day(),
                         enddate="" if self.chance(0.7) else "2025-12-31")  # fmt: skip
        for year in YEARS:
            if self.chance(0.35):
                self.put("supplement_insured", psn_no=psn_no, year=year)
            if self.chance(0.2):
                self.put("incentives", psn_no=psn_no, year=year, n_cont=5, cont_amt=self.random.choice(("3000", "")),
                         n_zero=1, zero_amt="1234.56")  # fmt: skip

    def families(self) -> None:
        """Households of up to four, and accounts shared with relatives, some of another household."""
        everybody = list(self.of)
        self.random.shuffle(everybody)
        homes, at = [], 0
        while at < len(everybody):
            size = self.random.choice((1, 2, 3, 4))
            homes.append(everybody[at : at + size])
            at += size
        for number, home in enumerate(homes):
            if self.chance(0.7):
                for psn_no in home:
                    self.put("households", household_no=f"JT{number:06d}", psn_no=psn_no)
            others = homes[number - 1] if self.chance(0.1) else []
            owners = [psn_no for psn_no in home if self.of[psn_no]["way"] == "1"]
            for seq, owner in enumerate(owners):
                for user in [*home, *others]:
                    if user != owner and self.chance(0.6):
                        self.put("acct_bindings", bind_id=f"K{len(self.tables['acct_bindings']):06d}",
                                 owner_psn_no=owner, psn_no=user, rlts="spouse", bind_seq=9 - seq,
                                 begndate=self.day(date(2022, 1, 1), date(2024, 1, 1)),
                                 enddate=self.day() if self.chance(0.2) else "")  # fmt: skip

    # ── care ──

    def care(self, psn_no: str) -> None:
        heavy = self.chance(0.25)
        for _ in range(self.random.randint(2, 12)):
            self.visit(psn_no)
        for year in YEARS if heavy else ():
            for _ in range(self.random.choice((0, 1, 2, 4))):
                self.stay(psn_no, date(year, 1, 1), date(year, 12, 31), self.random.choice((2000, 9000, 60000, 150000)))
        if self.chance(0.3):
            turn = self.random.choice(self.city.turns)
            self.stay(psn_no, turn - timedelta(6), turn + timedelta(5), self.random.choice((800, 5000, 40000)), 6)

    def visit(self, psn_no: str) -> None:
        kind, day = self.random.choice(MED_TYPES), self.day()
        places = ("Y1", "Y2") if kind == "41" else ("H11", "H11", "H12", "H21", "H31", "H32", "HP", "HC", "HC2", "H0")
        if kind == "14" and self.chance(0.15):
            places = ("Y1",)
        chronic = self.of[psn_no]["chronic"]
        disease = self.random.choice([*chronic, "renal"]) if kind == "14" else ""
        items = list(OUT_ITEMS) + (["S1", "S2"] if self.chance(0.2) else [])
        size = self.random.choice((30, 300, 300, 3000))
        lines = [self.line(psn_no, self.random.choice(items), day, size) for _ in range(self.random.randint(1, 3))]
        self.claim(psn_no, kind, self.random.choice(places), day, None, disease, lines)

    def stay(self, psn_no: str, first: date, last: date, size: int, longest: int = 30) -> None:
        ends = self.day(first, last)
        begins = ends - timedelta(self.random.randint(1, longest))
        if ends < FIRST or ends > LAST:
            return
        kind = self.random.choice(STAYS)
        place = self.random.choice(("H11", "H21", "H31", "H32", "H32", "HP", "HC", "HC2"))
        lines = [
            self.line(psn_no, self.random.choice(IN_ITEMS), self.day(begins, ends), size)
            for _ in range(self.random.randint(2, 5))
        ]
        self.claim(psn_no, kind, place, ends, begins, "", lines)

    def line(self, psn_no: str, item: str, day: date, size: int) -> Row:
        spent = Decimal(self.random.randint(size // 10 + 1, size * 2))
        count = Decimal(self.random.choice(("1", "1", "2", "3", "7", "2.5", "0.333", "14")))
        digits = self.random.choice((2, 2, 4, 6))
        price = (spent / count + Decimal(self.random.randint(0, 10**6)) / 10**6).quantize(Decimal(1).scaleb(-digits))
        row = {
            "fee_ocur_time": f"{day} 09:00:00", "med_list_codg": item, "cnt": str(count), "pric": str(price),
            "det_item_fee_sumamt": cents(count * price), "prd_days": "", "rxno": "",
        }  # fmt: skip
        if item == "D1":
            row["prd_days"] = self.random.choice(("5", "7", "10.5", "3"))
        if item in ("S1", "S2") and self.chance(0.8):
            row["rxno"] = f"RX{len(self.tables['prescriptions']):06d}"
            written = day - timedelta(self.random.choice((0, 0, 2, 3)))
            self.put("prescriptions", rxno=row["rxno"], med_list_codg=item, psn_no=psn_no, cnt=count,
                     rx_time=f"{written} 08:00:00")  # fmt: skip
        return row

    def claim(
        self, psn_no: str, kind: str, place: str, day: date, begins: date | None, disease: str, lines: list[Row]
    ) -> None:
        """A settlement: mostly on the day; a stay some days or months after it, so that some arrive late."""
        self.claims += 1
        setl_id, settled = f"S{self.claims:07d}", day
        if begins is not None:
            settled += timedelta(self.random.choice((0, 0, 0, 3, 40, 120)))
        back = self.given_back(setl_id, lines)
        total = sum(Decimal(row["det_item_fee_sumamt"]) for row in [*lines, *back])
        if self.chance(0.01):
            total += CENT
        row = {
            "setl_id": setl_id, "psn_no": psn_no, "fixmedins_code": "H99" if self.chance(0.01) else place,
            "med_type": kind, "setl_time": f"{settled} {self.random.randint(8, 17):02d}:{self.random.choice('03')}0:00",
            "begndate": str(begins or ""), "enddate": str(day) if begins else "", "diag_codes": self.random.choice(DX),
            "dise_codg": disease, "medfee_sumamt": str(total), "refd_setl_flag": "0", "init_setl_id": "",
            "er_flag": "1" if self.chance(0.1) else "0", "refl_no": "ZZ1" if self.chance(0.15) else "",
        }  # fmt: skip
        self.put("claims", **row)
        for number, one in enumerate(lines):
            self.put("fee_lines", setl_id=setl_id, feedetl_sn=f"F{setl_id}{number}", **one, init_feedetl_sn="")
        for number, one in enumerate(back):
            self.put("fee_lines", setl_id=setl_id, feedetl_sn=f"F{setl_id}Z{number}", **one)
        if self.chance(0.12):
            self.reversal(row, settled)

    def given_back(self, setl_id: str, lines: list[Row]) -> list[Row]:
        """Part of the first line taken back within the settlement; now and then of no line that is there."""
        first = lines[0]
        if len(lines) < 2 or Decimal(first["cnt"]) < 2 or not self.chance(0.1):
            return []
        amount = min(Decimal(first["pric"]), Decimal(first["det_item_fee_sumamt"])).quantize(CENT, ROUND_HALF_UP)
        if amount >= Decimal(lines[1]["det_item_fee_sumamt"]):
            return []
        of = f"F{setl_id}{self.random.choice('00000009')}"
        return [dict(first, cnt="-1", det_item_fee_sumamt=str(-amount), init_feedetl_sn=of)]

    def reversal(self, row: Row, settled: date) -> None:
        """The same settlement taken back, days or months later; some are not as they should be."""
        later = settled + timedelta(self.random.choice((1, 10, 60, 200)))
        for number in range(2 if self.chance(0.1) else 1):
            back = dict(row, refd_setl_flag="1", init_setl_id=row["setl_id"], setl_time=f"{later} 18:0{number}:00",
                        setl_id=f"R{row['setl_id']}{number}")  # fmt: skip
            if self.chance(0.03):
                back |= {
                    "setl_time": row["setl_time"],
                    "setl_id": f"{self.random.choice('RT')}{row['setl_id']}{number}",
                }
            if self.chance(0.05):
                back["medfee_sumamt"] = cents(Decimal(back["medfee_sumamt"]) * self.random.choice((2, Decimal("0.5"))))
            if self.chance(0.03):
                back["init_setl_id"] = "S9999999"
            self.put("claims", **back)
