"""Outside prescriptions (外配处方): one for each drug that a pharmacy sold on prescription, and some never used."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from yibao.synth.care.columns import (
    DAY,
    EXTRAS,
    NONE,
    block_stream,
    filled,
    millionths,
    moments,
    named,
    stacked,
    table_named,
    whole_or_null,
)
from yibao.synth.care.items import NEGOTIATED, Items
from yibao.synth.care.lines import DOSES, MICRO, Lines, asks_prescription
from yibao.synth.care.people import Folk
from yibao.synth.care.places import DOCTORS, SECOND, THIRD, Picker, Places
from yibao.synth.care.visits import Visits
from yibao.synth.draw import Choice, Ints, numbered

_UNUSED = 0.04
"""Prescriptions that nobody filled, to those sold."""
_FAULTY = 0.05
"""Share that does not let the drug be paid: expired, revoked, not checked."""
_STATES = ("checked", "used", "revoked", "issued")


class Prescribed(NamedTuple):
    """``line_rx`` is the prescription of each line and ``visit_rx`` of each settlement by place in ``numbers``."""

    table: pa.Table
    numbers: pa.Array
    line_rx: Ints
    visit_rx: Ints


def prescriptions(
    folk: Folk, seen: Visits, found: Lines, seed: int, year: int, made: Items, where: Places, picker: Picker
) -> Prescribed:  # fmt: skip
    """The prescriptions of a block. One settlement has at most one number, however many drugs stand on it."""
    rng = block_stream(seed, EXTRAS, folk.block)
    sold = np.flatnonzero(asks_prescription(found, seen, made, where))
    once = np.unique(found.visit[sold] * len(made.codes) + found.item[sold], return_index=True)[1]
    row = _sold(seen, found, sold[once], rng)
    row = stacked([row, _unused(row, made, rng)])
    owner, count = row["owner"], len(row["owner"])
    hospital = picker.pick(np.where(rng.random(count) < 0.4, SECOND, THIRD), folk.county[owner], rng)
    keys, number = np.unique(row["sheet"], return_inverse=True)
    hospital = hospital[np.unique(number, return_index=True)[1]][number]
    numbers = numbered(f"RX{year}{folk.block:04d}", np.arange(1, len(keys) + 1, dtype=np.int64), 7)
    order = np.lexsort((row["item"], number))
    row = {name: values[order] for name, values in row.items()}
    number, hospital = number[order], hospital[order]
    long = (row["valid"] > 10).astype(np.int64)
    table = table_named("prescriptions", {
        "rxno": numbers.take(pa.array(number)), "med_list_codg": named(row["item"], made.codes),
        "psn_no": folk.numbers().take(pa.array(row["owner"])), "fixmedins_code": named(hospital, where.codes),
        "dr_codg": named(hospital * DOCTORS + number % DOCTORS, where.doctors()), "rx_time": moments(row["time"]),
        "cnt": millionths(row["count"]), "sin_dos_dscr": named(row["item"] % len(DOSES), DOSES),
        "vali_days": whole_or_null(row["valid"]), "rx_kind": named(long, ["normal", "chronic"]),
        "rx_state": named(row["state"], _STATES),
    })  # fmt: skip
    line_rx, visit_rx = filled(len(found), NONE), filled(len(seen), NONE)
    of_visit = np.searchsorted(keys, found.visit[sold])
    line_rx[sold], visit_rx[found.visit[sold]] = of_visit, of_visit
    back = np.where(seen.reverses >= 0, visit_rx[np.maximum(seen.reverses, 0)], visit_rx)
    return Prescribed(table, numbers, line_rx, back)


def _sold(seen: Visits, found: Lines, at: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    count = len(at)
    faulty = rng.random(count) < _FAULTY
    way = rng.integers(0, 3, count)
    valid = np.where(rng.random(count) < 0.3, 30, np.where(rng.random(count) < 0.5, 3, NONE))
    before = np.where(faulty & (way == 0), np.where(valid > 10, 40, 5), rng.integers(0, 3, count))
    state = np.where(faulty & (way == 1), 2, np.where(faulty & (way == 2), 3, rng.integers(0, 2, count)))
    day = found.time[at] // DAY - before
    moment = np.where(before == 0, found.time[at] - 1_800, day * DAY + rng.integers(8 * 3600, 17 * 3600, count))
    return {
        "owner": seen.owner[found.visit[at]], "sheet": found.visit[at], "item": found.item[at], "time": moment,
        "count": found.count[at], "valid": valid, "state": state,
    }  # fmt: skip


def _unused(row: dict[str, Ints], made: Items, rng: np.random.Generator) -> dict[str, Ints]:
    at = np.flatnonzero(rng.random(len(row["owner"])) < _UNUSED)
    drugs = made.of(NEGOTIATED)
    other = Choice([np.ones(len(drugs))]).pick(filled(len(at), 0), rng)
    return {
        **{name: values[at] for name, values in row.items()}, "sheet": 10**9 + np.arange(len(at), dtype=np.int64),
        "item": drugs[other], "count": filled(len(at), MICRO), "state": filled(len(at), 0),
    }  # fmt: skip
