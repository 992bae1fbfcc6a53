"""What a person has chosen or been granted: points, doctor, chronic diseases, a special drug, living elsewhere."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from yibao.synth.care.columns import CHOICES, NONE, block_stream, days_or_null, filled, named, table_named
from yibao.synth.care.items import SPECIAL, Items
from yibao.synth.care.people import Folk
from yibao.synth.care.places import DOCTORS, FIRST, PHARMACY, SECOND, THIRD, Picker, Places
from yibao.synth.draw import Bools, Choice, Ints, dates, day_number, decimals
from yibao.synth.sheets import rows

_POINTS, _AUX = 0.86, 0.55
_SIGNED, _PERFORMED = 0.46, 0.62
_ELSEWHERE = 0.022
"""Share of people who live in another city and have filed it (异地长期居住)."""
_SPECIAL = 0.30
"""Share of those with an approved tumour who have a special drug."""
_SUPPLEMENT = 0.42
DISEASES = tuple(row["dise_codg"] for row in rows("care_diseases"))
_TUMOUR = DISEASES.index("cancer")


class Choices(NamedTuple):
    """Of every person of a block; `NONE` where there is none. ``item`` is the special drug that is approved, with
    hospital, doctor, pharmacy and the first day."""

    main: Ints
    aux: Ints
    approved: Bools  # a column for each disease
    elsewhere: Ints  # the place a person who lives elsewhere goes to
    item: Ints
    hospital: Ints
    doctor: Ints
    pharmacy: Ints
    since: Ints


def choices(folk: Folk, year: int, seed: int, made: Items, picker: Picker) -> Choices:
    """Draws the choices of a block."""
    rng = block_stream(seed, CHOICES, folk.block)
    count = len(folk)
    main = picker.pick(filled(count, FIRST), folk.county, rng)
    main = np.where(rng.random(count) < _POINTS, main, NONE)
    second = np.where(rng.random(count) < 0.5, FIRST, SECOND)
    aux = picker.pick(second, folk.county, rng)
    aux = np.where((main >= 0) & (aux != main) & (rng.random(count) < _AUX), aux, NONE)
    share = np.array([float(row["approved"]) for row in rows("care_diseases")])
    approved = folk.ill & (rng.random(folk.ill.shape) < share)
    away = picker.pick(np.where(rng.random(count) < 0.6, PHARMACY + 1, PHARMACY + 2), folk.county, rng)
    elsewhere = np.where(rng.random(count) < _ELSEWHERE, away, NONE)
    has = approved[:, _TUMOUR] & (rng.random(count) < _SPECIAL) & (elsewhere < 0)
    special = made.of(SPECIAL)
    item = np.where(has, special[rng.integers(0, len(special), count)], NONE)
    hospital = picker.pick(filled(count, THIRD), folk.county, rng)
    doctor = hospital * DOCTORS + rng.integers(0, DOCTORS, count)
    pharmacy = picker.pick(filled(count, PHARMACY), folk.county, rng)
    since = day_number(year) - 60 + rng.integers(0, 180, count)
    return Choices(main, aux, approved, elsewhere, item, hospital, doctor, pharmacy, since)


def choice_tables(folk: Folk, chosen: Choices, year: int, seed: int, where: Places, made: Items) -> dict[str, pa.Table]:
    """``chosen_points, doctor_contracts, chronic_approvals, special_approvals, supplement_insured, incentives``."""
    rng = block_stream(seed, CHOICES, folk.block + 1_000_000)
    numbers = folk.numbers()
    tables = {
        "chosen_points": _points(folk, chosen, year, where, numbers, rng),
        "doctor_contracts": _contracts(folk, chosen, year, where, numbers, rng),
        "chronic_approvals": _approvals(folk, chosen, year, numbers, rng),
        "special_approvals": _specials(chosen, where, made, numbers),
    }
    insured = np.flatnonzero(rng.random(len(folk)) < _SUPPLEMENT)
    tables["supplement_insured"] = table_named("supplement_insured", {
        "psn_no": numbers.take(pa.array(insured)), "year": pa.array(filled(len(insured), year), pa.int32()),
    })  # fmt: skip
    tables["incentives"] = _incentives(folk, year, numbers, rng)
    return tables


def _points(
    folk: Folk, chosen: Choices, year: int, where: Places, numbers: pa.Array, rng: np.random.Generator
) -> pa.Table:  # fmt: skip
    who = np.concatenate([np.flatnonzero(chosen.main >= 0), np.flatnonzero(chosen.aux >= 0)])
    aux = np.arange(len(who)) >= int((chosen.main >= 0).sum())
    place = np.where(aux, chosen.aux[who], chosen.main[who])
    start = np.maximum(folk.born[who], day_number(year) - rng.integers(0, 1_200, len(who)))
    order = np.lexsort((aux, who))
    return table_named("chosen_points", {
        "psn_no": numbers.take(pa.array(who[order])), "fixmedins_code": named(place[order], where.codes),
        "point_kind": named(aux[order].astype(np.int64), ["main", "aux"]), "begndate": dates(start[order]),
        "enddate": days_or_null(filled(len(who), NONE)),
    })  # fmt: skip


def _contracts(
    folk: Folk, chosen: Choices, year: int, where: Places, numbers: pa.Array, rng: np.random.Generator
) -> pa.Table:  # fmt: skip
    who = np.flatnonzero((chosen.main >= 0) & (rng.random(len(folk)) < _SIGNED))
    start = np.maximum(folk.born[who], day_number(year) - rng.integers(0, 300, len(who)))
    performed = (rng.random(len(who)) < _PERFORMED).astype(np.int64)
    return table_named("doctor_contracts", {
        "psn_no": numbers.take(pa.array(who)), "fixmedins_code": named(chosen.main[who], where.codes),
        "perform_flag": named(performed, ["0", "1"]), "begndate": dates(start),
        "enddate": dates(start + 729),
    })  # fmt: skip


def _approvals(folk: Folk, chosen: Choices, year: int, numbers: pa.Array, rng: np.random.Generator) -> pa.Table:
    who, disease = np.nonzero(chosen.approved)
    old = np.maximum(folk.born[who], day_number(year) - rng.integers(0, 2_500, len(who)))
    start = np.where(rng.random(len(who)) < 0.03, day_number(year) + rng.integers(0, 330, len(who)), old)
    until = np.where(
        rng.random(len(who)) < 0.03, np.maximum(start, day_number(year)) + rng.integers(0, 700, len(who)), NONE
    )
    return table_named("chronic_approvals", {
        "psn_no": numbers.take(pa.array(who)), "dise_codg": named(disease, DISEASES), "begndate": dates(start),
        "enddate": days_or_null(until),
    })  # fmt: skip


def _specials(chosen: Choices, where: Places, made: Items, numbers: pa.Array) -> pa.Table:
    who = np.flatnonzero(chosen.item >= 0)
    return table_named("special_approvals", {
        "psn_no": numbers.take(pa.array(who)), "med_list_codg": named(chosen.item[who], made.codes),
        "fixmedins_code": named(chosen.hospital[who], where.codes),
        "dr_codg": named(chosen.doctor[who], where.doctors()), "phac_code": named(chosen.pharmacy[who], where.codes),
        "begndate": dates(chosen.since[who]), "enddate": dates(chosen.since[who] + 364),
    })  # fmt: skip


def _incentives(folk: Folk, year: int, numbers: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Residents insured for more than four years, and those without a payment: 1,000 元 a step."""
    years = rng.integers(1, 12, len(folk))
    zero = Choice([[0.7, 0.2, 0.1]]).pick(filled(len(folk), 0), rng)
    steps = np.maximum(0, years - 4)
    who = np.flatnonzero(~folk.employee & (steps + zero > 0))
    return table_named("incentives", {
        "psn_no": numbers.take(pa.array(who)), "year": pa.array(filled(len(who), year), pa.int32()),
        "n_cont": pa.array(years[who], pa.int32()), "cont_amt": decimals(steps[who] * 100_000),
        "n_zero": pa.array(zero[who], pa.int32()), "zero_amt": decimals(zero[who] * 100_000),
    })  # fmt: skip
