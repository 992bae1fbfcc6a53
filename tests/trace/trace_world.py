"""Scans made by hand and at random, and a plain-Python model of a code's life that imports nothing of yibao."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2025, 7, 1, 8)
TEXTS = (
    "drug_trac_codg",
    "infno",
    "inv_chg_type",
    "fixmedins_code",
    "med_list_codg",
    "trdn_flag",
    "setl_id",
    "psn_no",
    "feedetl_sn",
    "rtal_docno",
    "upld_sn",
    "trac_sn",
)
SCHEMA = pa.schema(
    [(name, pa.string()) for name in TEXTS]
    + [("ocur_time", pa.timestamp("us")), ("upld_time", pa.timestamp("us"))]
    + [("sel_retn_cnt", pa.decimal128(16, 4)), ("fund_pay_sumamt", pa.decimal128(16, 2))]
)
Scan = dict[str, Any]


def code(number: int) -> str:
    return f"8123456{number:013d}"


class Book:
    """Makes scans; every one is an upload of its own unless told otherwise."""

    def __init__(self) -> None:
        self.scans: list[Scan] = []

    def add(self, what: int | str, infno: str, place: str, hour: int, sale: str = "", **more: Any) -> Scan:
        number = len(self.scans)
        time = START + timedelta(hours=hour)
        scan = {
            "drug_trac_codg": code(what) if isinstance(what, int) else what,
            "infno": infno,
            "inv_chg_type": "",
            "fixmedins_code": place,
            "ocur_time": time,
            "med_list_codg": "D1",
            "trdn_flag": "0",
            "sel_retn_cnt": Decimal(1),
            "setl_id": sale,
            "psn_no": "N1" if sale else "",
            "feedetl_sn": "",
            "rtal_docno": "",
            "fund_pay_sumamt": Decimal("10.00") if infno == "3505" else Decimal(0),
            "upld_sn": f"U{number:05d}",
            "trac_sn": "1",
            "upld_time": time + timedelta(minutes=1),
            **more,
        }
        self.scans.append(scan)
        return scan

    def buy(self, what: int | str, place: str, hour: int, **more: Any) -> Scan:
        return self.add(what, "3503", place, hour, **more)

    def sell(self, what: int | str, place: str, hour: int, sale: str, **more: Any) -> Scan:
        return self.add(what, "3505", place, hour, sale, feedetl_sn=f"L{len(self.scans)}", **more)

    def split(self, what: int | str, place: str, hour: int, sale: str, units: int, **more: Any) -> Scan:
        return self.sell(what, place, hour, sale, trdn_flag="1", sel_retn_cnt=Decimal(units), **more)

    def give_back(self, what: int | str, place: str, hour: int, sale: str, units: int = 0, **more: Any) -> Scan:
        split = {"trdn_flag": "1", "sel_retn_cnt": Decimal(units)} if units else {}
        return self.add(what, "3506", place, hour, sale, **split, **more)


def write(path: Path, scans: Sequence[Scan]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(scans), schema=SCHEMA), path)
    return path


class Box(NamedTuple):
    """An open sale of the model."""

    scan: Scan
    left: Decimal


CONTENT = [name for name in SCHEMA.names if name not in ("upld_sn", "trac_sn", "upld_time")]


def ordered(scans: Iterable[Scan]) -> list[Scan]:
    """The scans of one code in order, records uploaded again left out."""
    unique = {tuple(scan[name] for name in SCHEMA.names): scan for scan in scans}
    first: dict[tuple, tuple] = {}
    for scan in unique.values():
        content, upload = tuple(scan[name] for name in CONTENT), (scan["upld_time"], scan["upld_sn"])
        first[content] = min(first.get(content, upload), upload)
    kept = [
        scan
        for scan in unique.values()
        if first[tuple(scan[name] for name in CONTENT)] == (scan["upld_time"], scan["upld_sn"])
    ]
    names = (
        "ocur_time",
        "upld_sn",
        "infno",
        "inv_chg_type",
        "fixmedins_code",
        "setl_id",
        "rtal_docno",
        "feedetl_sn",
        "med_list_codg",
        "trdn_flag",
        "sel_retn_cnt",
        "psn_no",
        "fund_pay_sumamt",
        "upld_time",
        "trac_sn",
    )
    return sorted(kept, key=lambda scan: tuple(scan[name] for name in names))


def model(scans: Iterable[Scan], drug: str | None = "D1", pack: int = 24) -> Counter:
    """Every violation in the life of one code: (kind, when, upload). Straight from the rules, with lists only."""
    found: Counter = Counter()
    opened: list[Box] = []
    stock: str | None = None
    requests: set[tuple[str, str]] = set()
    for scan in ordered(scans):
        place, sale = scan["fixmedins_code"], scan["setl_id"] or scan["rtal_docno"]
        split = scan["trdn_flag"] == "1"
        kinds: list[str] = []
        if scan["infno"] == "3505":
            if (scan["upld_sn"], sale) in requests:
                kinds = ["twice_in_request"]
            else:
                requests.add((scan["upld_sn"], sale))
                kinds = _sale(scan, opened, stock, drug, pack)
                opened.append(Box(scan, scan["sel_retn_cnt"] if split else Decimal(1)))
        elif scan["infno"] == "3506":
            kinds, opened = _return(scan, opened)
            if not kinds and not opened:
                stock = place
        elif scan["infno"] == "3503":
            if opened and opened[-1].scan["fixmedins_code"] != place:
                kinds = ["bought_back"]
            stock = place
        elif scan["infno"] == "3504":
            stock = None
        for kind in kinds:
            found[kind, scan["ocur_time"], scan["upld_sn"]] += 1
    return found


def _sale(scan: Scan, opened: list[Box], stock: str | None, drug: str | None, pack: int) -> list[str]:
    place, split = scan["fixmedins_code"], scan["trdn_flag"] == "1"
    kinds = []
    if drug is not None and scan["med_list_codg"] != drug:
        kinds.append("swapped")
    if stock is not None and stock != place:
        kinds.append("backflow")
    whole = any(box.scan["trdn_flag"] != "1" for box in opened)
    if opened and (not split or whole or place.startswith("P")):
        return [*kinds, "sold_twice"]
    if split:
        if opened and opened[-1].scan["fixmedins_code"] != place:
            kinds.append("split_elsewhere")
        if opened and opened[-1].scan["med_list_codg"] != scan["med_list_codg"]:
            kinds.append("split_other_drug")
        if sum(box.left for box in opened) + scan["sel_retn_cnt"] > pack:
            kinds.append("split_over_pack")
    return kinds


def _return(scan: Scan, opened: list[Box]) -> tuple[list[str], list[Box]]:
    place, sale = scan["fixmedins_code"], scan["setl_id"] or scan["rtal_docno"]
    here = [box for box in opened if box.scan["fixmedins_code"] == place]
    mine = [box for box in here if (box.scan["setl_id"] or box.scan["rtal_docno"]) == sale]
    if not mine:
        kind = "return_other_sale" if here else "return_elsewhere" if opened else "return_not_sold"
        return [kind], opened
    left, wanted = list(opened), scan["sel_retn_cnt"]
    for box in reversed(mine):
        if wanted <= 0:
            break
        at = next(i for i, one in enumerate(left) if one is box)
        if scan["trdn_flag"] == "1" and box.scan["trdn_flag"] == "1":
            back = min(wanted, box.left)
            wanted -= back
            if back < box.left:
                left[at] = Box(box.scan, box.left - back)
                continue
        else:
            wanted = Decimal(0)
        del left[at]
    return (["return_too_much"] if wanted > 0 else []), left


def random_scans(rng: random.Random, codes: int) -> list[Scan]:
    """Random events of codes over few places, settlements and hours, so that everything collides with everything."""
    book = Book()
    for number in range(codes):
        for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 5, 7))):
            place, hour, sale = rng.choice(("P1", "P2", "H1", "H2")), rng.randrange(6), rng.choice(("S1", "S2", "S3"))
            late = {"upld_time": START + timedelta(hours=hour, minutes=rng.choice((1, 1, 1, 9_000)))}
            if rng.random() < 0.1:
                late["med_list_codg"] = "D2"
            kind = rng.random()
            if kind < 0.25:
                book.buy(number, place, hour, **late)
            elif kind < 0.5:
                book.sell(number, place, hour, sale, **late)
            elif kind < 0.75:
                book.split(number, place, hour, sale, rng.choice((6, 12, 20)), **late)
            elif kind < 0.95:
                book.give_back(number, place, hour, sale, rng.choice((0, 0, 6, 12)), **late)
            else:
                book.add(number, "3504", place, hour, **late)
            last = book.scans[-1]
            if rng.random() < 0.05:
                book.scans.append({**last, "upld_sn": f"U{len(book.scans):05d}"})
            elif rng.random() < 0.05:
                book.scans.append({**last, "trac_sn": "2"})
    return book.scans
