"""Synthetic scans of trace codes (追溯码): boxes with sound lives, planted violations of every kind, and their key.

``write_scans`` writes ``trace_scans`` in parts, the institutions (``providers``), the mapping (``trace_drugs``) and
 ``planted`` (what a scan must find: kind, code, late). One in ten codes is no 20-digit one. Deterministic.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.draw import Ints, decimals, numbered, stream
from yibao.synth.trace_lives import PACK, PLANTED, SOUND, Life, Step
from yibao.tables import output_folder, parquet_stream

BLOCK = 1_000_000
"""Boxes of a block."""
DRUGS, PHARMACIES, HOSPITALS = 2_000, 300, 100
_STREAM = 7_300
_FIRST_DAY = np.datetime64("2025-01-01", "us")
_PREFIX, _GTIN = 8_100_000, 690_000_000_000
KEY = pa.schema([("kind", pa.string()), ("drug_trac_codg", pa.string()), ("late", pa.int64())])
SCANS = pa.schema([
    *((name, pa.string()) for name in ("drug_trac_codg", "infno", "fixmedins_code")), ("ocur_time", pa.timestamp("us")),
    ("med_list_codg", pa.string()), ("trdn_flag", pa.string()), ("sel_retn_cnt", pa.decimal128(16, 2)),
    *((name, pa.string()) for name in ("setl_id", "psn_no", "feedetl_sn")),
    ("fund_pay_sumamt", pa.decimal128(16, 2)), ("upld_sn", pa.string()), ("trac_sn", pa.string()),
    ("upld_time", pa.timestamp("us")),
])  # fmt: skip


def write_scans(
    folder: Path, boxes: int, *, seed: int = 20250101, bad_share: float = 0.002, days: int = 300,
    part_blocks: int = 8, first_block: int = 0,
) -> list[Path]:  # fmt: skip
    """Writes scans of about 1.6 times ``boxes``; ``bad_share`` of the boxes are planted. Returns the files of scans.

    Blocks from ``first_block`` on have boxes of their own: a later day for the same institutions and drugs.
    """
    blocks = -(-boxes // BLOCK)
    named = []
    with output_folder(folder) as work:
        for name, table in (("providers", _providers()), ("trace_drugs", _drugs())):
            with parquet_stream(work / f"{name}.parquet", table.schema) as put:
                put(table)
        with parquet_stream(work / "planted.parquet", KEY) as put_key:
            for part in range(-(-blocks // part_blocks)):
                named.append(f"trace_scans_{part + 1:03d}.parquet")
                with parquet_stream(work / named[-1], SCANS) as put:
                    for block in range(part * part_blocks, min(blocks, (part + 1) * part_blocks)):
                        scans, key = block_scans(
                            first_block + block, min(BLOCK, boxes - block * BLOCK), seed, bad_share, days
                        )
                        put(scans)
                        put_key(key)
    return [folder / name for name in named]


def _providers() -> pa.Table:
    return pa.table({
        "fixmedins_code": pa.array(_places()),
        "fixmedins_type": pa.array(["2"] * PHARMACIES + ["1"] * HOSPITALS),
    })  # fmt: skip


def _places() -> list[str]:
    return [f"P370300{n:05d}" for n in range(PHARMACIES)] + [f"H370300{n:05d}" for n in range(HOSPITALS)]


def _drugs() -> pa.Table:
    return pa.table({
        "drug_trac_idt": pa.array([_idt(n) for n in range(DRUGS)]),
        "drug_prod_barc": pa.array([f"{_GTIN + n:013d}" for n in range(DRUGS)]),
        "med_list_codg": pa.array(_drug_codes()), "pac_cnt": pa.array([PACK] * DRUGS, pa.int32()),
        "begndate": pa.array(np.full(DRUGS, np.datetime64("2020-01-01", "D"))),
    })  # fmt: skip


def _idt(drug: int) -> str:
    """Makers' own codes begin with letters; the first drugs are theirs."""
    return f"QY{drug:05d}" if drug < DRUGS // 20 else f"{_PREFIX + drug}"


def _drug_codes() -> list[str]:
    return [f"XA{n:05d}" for n in range(DRUGS)]


class Boxes:
    """The boxes of a block: drug, syntax, serial, day, and four places each."""

    def __init__(self, block: int, count: int, rng: np.random.Generator, days: int) -> None:
        makers = DRUGS // 20
        self.number = np.arange(count, dtype=np.int64) + block * BLOCK
        share = rng.random(count)
        self.drug: Ints = rng.integers(makers, DRUGS, count)
        own = share < 0.05
        self.drug[own] = rng.integers(0, makers, int(own.sum()))
        self.syntax = np.where(own, 2, np.where(share < 0.10, 1, 0))
        self.day = rng.integers(0, days, count)
        self.place = np.stack([
            rng.integers(0, PHARMACIES // 2, count) * 2, rng.integers(0, PHARMACIES // 2, count) * 2 + 1,
            PHARMACIES + rng.integers(0, HOSPITALS // 2, count) * 2,
            PHARMACIES + rng.integers(0, HOSPITALS // 2, count) * 2 + 1,
        ], axis=1)  # fmt: skip
        self.fund = rng.integers(100, 20_000, count)

    def as_numeric(self, some: Ints) -> None:
        """Gives some boxes a code of digits."""
        self.syntax[some] = 0
        self.drug[some] = np.maximum(self.drug[some], DRUGS // 20)

    def codes(self, some: Ints) -> pa.Array:
        """The canonical codes of some boxes."""
        syntax, drug, number = self.syntax[some], self.drug[some], self.number[some] * 7 + 13
        digits = numbered(numbered("", _PREFIX + drug, 7), number, 13)
        gtins = numbered("0", _GTIN + drug, 13)
        gs1 = pc.binary_join_element_wise("01", gtins, "21", numbered("S", number, 9), "")
        own = numbered(numbered("QY", drug, 5), number, 13)
        return pc.if_else(pa.array(syntax == 0), digits, pc.if_else(pa.array(syntax == 1), gs1, own))

    def written(self, some: Ints, form: str) -> pa.Array:
        """The codes of some boxes as a scanner or a clerk wrote them."""
        codes = self.codes(some)
        if form == "short":
            return pc.utf8_slice_codeunits(codes, 0, 19)
        if form == "long":
            return pc.binary_join_element_wise(codes, "7", "")
        if form == "letters":
            return pc.binary_join_element_wise(pc.utf8_slice_codeunits(codes, 0, 19), "x", "")
        if form == "spoilt":
            return pc.binary_join_element_wise(pc.utf8_slice_codeunits(codes, 0, 1), ".1234E+19", "")
        if form == "empty":
            return pa.array([""] * len(some))
        if form == "gtin":
            return pc.binary_join_element_wise("01", numbered("0", _GTIN + self.drug[some], 13), "")
        if form == "gs1":
            return pc.binary_join_element_wise("01", numbered("0", _GTIN + self.drug[some], 13), "21", codes, "")
        if form == "wide":
            table = str.maketrans("0123456789", "０１２３４５６７８９")
            return pa.array([f" {text.translate(table)}" for text in codes.to_pylist()])
        return codes


def block_scans(block: int, count: int, seed: int, bad_share: float, days: int) -> tuple[pa.Table, pa.Table]:
    """The scans of a block of boxes, in the order of uploads, and what of them a scan must find."""
    rng = stream(seed, _STREAM + block)
    boxes = Boxes(block, count, rng, days)
    weights = np.array([weight for _name, weight, _life in SOUND], dtype=np.float64)
    life_of = rng.choice(len(SOUND), count, p=weights / weights.sum())
    bad = rng.random(count) < bad_share
    life_of[bad] = len(SOUND) + np.arange(int(bad.sum())) % len(PLANTED)
    parts, keys = [], []
    for number, life in enumerate([one for _name, _weight, one in SOUND] + list(PLANTED)):
        some = np.flatnonzero(life_of == number)
        if not len(some):
            continue
        if life.syntax in ("numeric", "mapped"):
            boxes.as_numeric(some)
        parts += list(_steps(boxes, some, life, len(SOUND) + len(PLANTED), number))
        keys += _keys(boxes, some, life)
    scans = pa.concat_tables(parts)
    order = rng.permutation(scans.num_rows)
    return scans.take(pa.array(order)), pa.concat_tables(keys) if keys else KEY.empty_table()


def _keys(boxes: Boxes, some: Ints, life: Life) -> list[pa.Table]:
    form = life.steps[-1].form if life.kinds and life.kinds[0].startswith("code_") else ""
    if life.kinds[:1] in (("scan_future",), ("unknown_institution",)):
        form = life.steps[0].form
    code = boxes.written(some, form)
    return [
        pa.table([pa.array([kind] * len(some)), code, pa.array([int(life.late)] * len(some), pa.int64())], schema=KEY)
        for kind in life.kinds
    ]


def _steps(boxes: Boxes, some: Ints, life: Life, lives: int, number: int) -> Iterator[pa.Table]:
    before: Sequence[Any] = ()
    for place, step in enumerate(life.steps):
        mark = np.full(len(some), 10 * number + place)
        if step.again and before:
            table, was = before
            upload = was if step.again == 2 else mark
            yield _uploaded(
                boxes, some, table, upload, lives, "2" if step.again == 2 else "1", 600 if upload is mark else 0
            )
            continue
        table = _step(boxes, some, step)
        before = (table, mark)
        yield _uploaded(boxes, some, table, mark, lives, "1", 0)


def _uploaded(boxes: Boxes, some: Ints, table: pa.Table, mark: Ints, lives: int, trac_sn: str, later: int) -> pa.Table:
    """A step's rows with the number and time of their upload."""
    rows = len(some)
    upload = numbered("U", boxes.number[some] * (10 * lives) + mark, 14)
    time = np.asarray(table["upld_time"]) + np.timedelta64(later * 60_000_000, "us")
    return pa.table({
        **{name: table[name] for name in SCANS.names if name not in ("upld_sn", "trac_sn", "upld_time")},
        "upld_sn": upload, "trac_sn": pa.array([trac_sn] * rows), "upld_time": pa.array(time),
    }, schema=None).select(SCANS.names).cast(SCANS)  # fmt: skip


def _step(boxes: Boxes, some: Ints, step: Step) -> pa.Table:
    rows, number = len(some), boxes.number[some]
    time = _FIRST_DAY + (boxes.day[some] * 1_440 + step.minute) * np.timedelta64(60_000_000, "us")
    drug = boxes.drug[some]
    if step.other_drug:
        drug = (drug + 1) % DRUGS
    place = pa.array(_places()).take(pa.array(boxes.place[some, max(step.place, 0)]))
    if step.place < 0:
        place = pa.array(["P999999ZZZZZ"] * rows)
    sold = step.sale >= 0
    setl = numbered("S", number * 4 + step.sale, 12) if sold else pa.nulls(rows, pa.string())
    fund = boxes.fund[some] if step.infno == "3505" else np.zeros(rows, np.int64)
    return pa.table({
        "drug_trac_codg": boxes.written(some, step.form), "infno": pa.array([step.infno] * rows),
        "fixmedins_code": place, "ocur_time": pa.array(time.astype("datetime64[us]")),
        "med_list_codg": pa.array(_drug_codes()).take(pa.array(drug)),
        "trdn_flag": pa.array(["1" if step.split else "0"] * rows),
        "sel_retn_cnt": decimals(np.full(rows, 100 * step.units, np.int64)), "setl_id": setl,
        "psn_no": numbered("3703", number % 1_000_003, 16) if sold else pa.nulls(rows, pa.string()),
        "feedetl_sn": pa.array(["1" if sold else None] * rows, pa.string()), "fund_pay_sumamt": decimals(fund),
        "upld_time": pa.array((time + np.timedelta64(step.late * 60_000_000, "us")).astype("datetime64[us]")),
    })  # fmt: skip
