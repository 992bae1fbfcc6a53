"""An invented town's catalogue and a year of its fee lines, at random: rows of text, as their files would have them."""

import csv
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from yibao import tables
from yibao.engine import Engine
from yibao.law import Law
from yibao.packs import load_law
from yibao.standard import TABLES

Row = dict[str, str]
World = dict[str, list[Row]]
DX = ("C34.100", "E10.500", "I10.x00x002", "J18.900", "K35.300", "C73.x00", "E11.900", "Z51.100")
FIRST = date(2024, 1, 1)
PACK = """
- {key: catalogue.consumable.method, from: 2025-01-01, value: 准入法, unit: text,
   source: {doc: 某市医用耗材准入办法, published: 2024-12-01}, grade: official}
- {key: catalogue.rx.valid_days, where: {rx_kind: chronic}, from: 2024-01-01, value: "30", unit: days,
   source: {doc: 某市长期处方办法, published: 2023-12-01}, grade: official}
"""


def law_of(folder: Path, text: str = PACK) -> Law:
    """The law of an invented city that changes from 排除法 to 准入法 in 2025."""
    pack = folder / "packs" / "jia"
    pack.mkdir(parents=True, exist_ok=True)
    (pack / "pack.yaml").write_text(
        'code: "990100"\nname: 甲市\nextends: national\nfirst_day: 2024-01-01\n', encoding="utf-8"
    )
    (pack / "catalogue.yaml").write_text(text, encoding="utf-8")
    return load_law("甲市", pack_dirs=[str(folder / "packs")])


def day(dice: random.Random, first: date = FIRST, span: int = 730) -> date:
    return first + timedelta(days=dice.randrange(span))


def maybe(dice: random.Random, share: float, value: Any) -> str:
    return str(value) if dice.random() < share else ""


def some(dice: random.Random, values: tuple[str, ...], share: float) -> str:
    return "|".join(dice.sample(values, dice.randint(1, 2))) if dice.random() < share else ""


def random_world(seed: int, persons: int = 50, claims_each: int = 20) -> World:
    dice = random.Random(seed)
    world: World = {
        "persons": [
            {
                "psn_no": f"P{n:03d}",
                "gend": dice.choice("12"),
                "brdy": maybe(dice, 0.9, day(dice, date(1940, 1, 1), 28000)),
                "insutype": dice.choice(("310", "390", "")),
            }
            for n in range(persons)
        ],
        "providers": [
            {
                "fixmedins_code": f"H{n:02d}",
                "hosp_lv": ("", "1", "2", "3")[n % 4],
                "fixmedins_type": "2" if n % 4 == 0 else "1",
            }
            for n in range(12)
        ],
    }
    _catalogue(world, dice)
    _lists(world, dice)
    _claims(world, dice, persons, claims_each)
    return world


def _catalogue(world: World, dice: random.Random) -> None:
    items: list[Row] = []
    limits: list[Row] = []
    for n in range(60):
        code = f"X{n:03d}"
        kind = dice.choice(("101", "101", "101", "102", "102", "103", "201", "301", "301"))
        channel = dice.choice(("normal", "normal", "special", "negotiated", "")) if kind == "101" else ""
        begin = day(dice, date(2023, 6, 1), 300)
        for _ in range(dice.randint(1, 3)):
            end = begin + timedelta(days=dice.randint(60, 400))
            level = dice.choice(("01", "02", "02", "02", "03"))
            share = maybe(dice, 0.95, Decimal(dice.randrange(0, 1_000_001)) / 10**6) if level == "02" else ""
            limit = dice.random() < 0.5
            items.append(
                {
                    "med_list_codg": code,
                    "list_type": kind,
                    "chrgitm_lv": level,
                    "selfpay_prop": share,
                    "pric_uplmt_amt": maybe(dice, 0.7, _price(dice)) if limit else "",
                    "pric_uplmt_lv1": maybe(dice, 0.3, _price(dice)) if limit else "",
                    "pric_uplmt_lv2": "",
                    "pric_uplmt_lv3": maybe(dice, 0.3, _price(dice)) if limit else "",
                    "pay_channel": channel,
                    "item_tag": maybe(dice, 0.1, "art") if kind == "201" else "",
                    "begndate": str(begin),
                    "enddate": maybe(dice, 0.7, end),
                }
            )
            if dice.random() < 0.6:
                limits += _limits(dice, code, begin)
            begin = end + timedelta(days=dice.choice((1, 1, 40)))
    world["catalogue_items"], world["item_limits"] = _apart(items), limits


def _apart(items: list[Row]) -> list[Row]:
    """An open end only on the last version of a code."""
    last = {row["med_list_codg"]: row["begndate"] for row in items}
    for at, row in enumerate(items):
        if not row["enddate"] and last[row["med_list_codg"]] != row["begndate"]:
            following = date.fromisoformat(items[at + 1]["begndate"])
            row["enddate"] = str(following - timedelta(days=1))
    return items


def _limits(dice: random.Random, code: str, begin: date) -> list[Row]:
    rows = []
    for seq in range(1, dice.randint(1, 3) + 1):
        counted = dice.random() < 0.6
        unit = dice.choice(("quantity", "days", "times"))
        most = Decimal(dice.randrange(1, 200)) / 10 if unit == "quantity" else Decimal(dice.randrange(1, 25))
        prior = some(dice, ("X001", "X002", "X003", "X010"), 0.15)
        rows.append(
            {
                "med_list_codg": code,
                "begndate": str(begin),
                "seq": str(seq),
                "gend": maybe(dice, 0.15, dice.choice("12")),
                "age_min": maybe(dice, 0.15, dice.randrange(5, 40)),
                "age_max": maybe(dice, 0.15, dice.randrange(40, 90)),
                "lmt_dx": some(dice, ("C00-C75", "E10", "I1", "J18.9"), 0.3),
                "lmt_hosp_lv": some(dice, ("1", "2", "3"), 0.2),
                "lmt_insutype": some(dice, ("310", "390"), 0.1),
                "lmt_med_type": some(dice, ("11", "14", "21"), 0.1),
                "lmt_dise": some(dice, ("M01", "M02"), 0.05),
                "prior_codg": prior,
                "prior_days": maybe(dice, 0.5, 90) if prior else "",
                "cpnd_flag": maybe(dice, 0.15, "1"),
                "lmt_amount": str(most) if counted else "",
                "lmt_unit": unit if counted else "",
                "lmt_per": dice.choice(("stay", "year")) if counted else "",
            }
        )
    return rows


def _price(dice: random.Random) -> Decimal:
    return Decimal(dice.randrange(1, 200_000_000)) / 10**6


def _lists(world: World, dice: random.Random) -> None:
    codes = {row["med_list_codg"]: row for row in world["catalogue_items"]}
    of = {kind: [code for code, row in codes.items() if row["list_type"] == kind] for kind in ("103", "301")}
    special = [code for code, row in codes.items() if row["pay_channel"] == "special"]
    bought = [code for code, row in codes.items() if row["pay_channel"] in ("special", "negotiated")]

    def span() -> Row:
        begin = day(dice)
        return {"begndate": str(begin), "enddate": maybe(dice, 0.5, begin + timedelta(days=dice.randint(30, 500)))}

    for name in ("consumable_deny", "consumable_allow"):
        world[name] = [{"med_list_codg": code, **span()} for code in of["301"] if dice.random() < 0.7]
    world["preparations"] = [
        {"med_list_codg": code, "fixmedins_code": f"H{dice.randrange(12):02d}", "prep_source": "own", **span()}
        for code in of["103"]
        for _ in range(4)
    ]
    world["special_approvals"] = [
        {
            "psn_no": row["psn_no"],
            "med_list_codg": dice.choice(special or ["X000"]),
            "fixmedins_code": maybe(dice, 0.4, f"H{dice.randrange(12):02d}"),
            "dr_codg": maybe(dice, 0.3, f"D{dice.randrange(3)}"),
            "phac_code": maybe(dice, 0.4, f"H{4 * dice.randrange(3):02d}"),
            **span(),
        }
        for row in world["persons"]
        for _ in range(6)
    ]
    world["prescriptions"] = [
        {
            "rxno": f"RX{n:04d}",
            "med_list_codg": dice.choice(bought or ["X000"]),
            "psn_no": f"P{dice.randrange(50):03d}",
            "rx_time": f"{day(dice)} 10:00:00",
            "cnt": str(dice.randint(1, 9)),
            "sin_dos_dscr": maybe(dice, 0.5, "0.5g"),
            "vali_days": maybe(dice, 0.3, dice.randint(1, 9)),
            "rx_kind": dice.choice(("normal", "chronic", "")),
            "rx_state": dice.choice(("issued", "checked", "checked", "", "used", "revoked", "expired")),
        }
        for n in range(1500)
    ]


def _claims(world: World, dice: random.Random, persons: int, each: int) -> None:
    visits = []
    for person in range(persons):
        visits += [
            (FIRST + timedelta(days=730 // each * n + dice.randrange(max(1, 730 // each - 6))), person)
            for n in range(each)
        ]
    world["claims"], world["fee_lines"] = [], []
    for n, (on, person) in enumerate(sorted(visits)):
        place = dice.randrange(12)
        kind = "41" if place % 4 == 0 and dice.random() < 0.8 else dice.choice(("11", "14", "21"))
        claim = {
            "setl_id": f"S{n:05d}",
            "mdtrt_id": maybe(dice, 0.9, f"M{n:05d}"),
            "psn_no": f"P{person:03d}",
            "insutype": dice.choice(("310", "390", "")),
            "fixmedins_code": f"H{place:02d}",
            "med_type": kind,
            "setl_time": f"{on + timedelta(days=3)} 17:00:00",
            "diag_codes": "|".join(dice.sample(DX, dice.randint(0, 3))),
            "dise_codg": dice.choice(("", "M01", "M02")) if kind == "14" else "",
            "medfee_sumamt": "1.00",
            "refd_setl_flag": dice.choice(("0", "")),
            "init_setl_id": "",
            "rxno": "",
            "dr_codg": dice.choice(("", "D0", "D1")),
        }
        world["claims"].append(claim)
        world["fee_lines"] += _lines(world, dice, claim, on)
    _refunds(world, dice)


def _lines(world: World, dice: random.Random, claim: Row, on: date) -> list[Row]:
    rows: list[Row] = []
    days = sorted(on + timedelta(days=dice.randrange(3)) for _ in range(dice.randint(4, 16)))
    for n, charged in enumerate(days):
        count, price = Decimal(dice.randrange(1, 120_000)) / 10**4, _price(dice)
        code = f"X{dice.randrange(62):03d}"
        row = {
            "setl_id": claim["setl_id"],
            "feedetl_sn": f"F{n:03d}",
            "fee_ocur_time": f"{charged} 08:30:00",
            "med_list_codg": code,
            "cnt": str(count),
            "pric": str(price),
            "det_item_fee_sumamt": str((count * price).quantize(Decimal("0.01"))),
            "bilg_dr_codg": dice.choice(("", "D0", "D1", "D2")),
            "prd_days": maybe(dice, 0.4, Decimal(dice.randrange(1, 1500)) / 100),
            "sin_dos_dscr": dice.choice(("", "0.5g", "1g")),
            "rxno": "",
            "init_feedetl_sn": "",
        }
        _prescribe(world, dice, claim, row, charged)
        rows.append(row)
        if dice.random() < 0.05:
            back = Decimal(dice.choice(("1", "0.5")))
            rows.append(
                row
                | {
                    "feedetl_sn": f"F{n:03d}R",
                    "cnt": str(-count * back),
                    "det_item_fee_sumamt": str(-(Decimal(row["det_item_fee_sumamt"]) * back).quantize(Decimal("0.01"))),
                    "init_feedetl_sn": row["feedetl_sn"] if dice.random() < 0.9 else "F999",
                }
            )
    return rows


def _prescribe(world: World, dice: random.Random, claim: Row, row: Row, charged: date) -> None:
    """At a pharmacy most lines name a prescription, and most prescriptions are bent to fit."""
    if claim["med_type"] != "41" or dice.random() < 0.15:
        return
    rx = dice.choice(world["prescriptions"])
    row["rxno"] = rx["rxno"] if dice.random() < 0.9 else "RX9999"
    if dice.random() < 0.8:
        row["med_list_codg"] = rx["med_list_codg"]
    if dice.random() < 0.8:
        rx["psn_no"] = claim["psn_no"]
        rx["rx_time"] = f"{charged - timedelta(days=dice.randrange(5))} 10:00:00"


def _refunds(world: World, dice: random.Random) -> None:
    for number, claim in enumerate(dice.sample(world["claims"], 12)):
        world["claims"].append(
            claim
            | {
                "setl_id": f"T{number:05d}",
                "refd_setl_flag": "1",
                "init_setl_id": claim["setl_id"],
            }
        )


def load_world(engine: Engine, world: World, folder: Path) -> None:
    """Writes the rows as csv files and loads them as a user's."""
    for name, rows in world.items():
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else list(TABLES[name].required))
            writer.writeheader()
            writer.writerows(rows)
        if rows:
            report = tables.load(engine, name, [path])
            assert report.rows_rejected == 0, [str(one) for one in report.findings][:5]
