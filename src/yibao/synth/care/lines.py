"""The fee lines of a block: what was charged, at what price, so that the lines of a settlement sum to it to the fen."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.care.choices import Choices
from yibao.synth.care.columns import DAY, LINES, NONE, block_stream, filled, millionths, moments, named, table_named
from yibao.synth.care.items import (
    CONSUMABLE,
    HERB,
    NEGOTIATED,
    PATENT,
    PREPARATION,
    REGISTRATION,
    SERVICE,
    SPECIAL,
    WESTERN,
    Items,
)  # fmt: skip
from yibao.synth.care.places import PHARMACY, Places
from yibao.synth.care.visits import STAYS, TYPES, Visits
from yibao.synth.draw import Bools, Choice, Floats, Ints, decimals, rank_within
from yibao.synth.sheets import rows

MICRO = 1_000_000
DOSES = ("0.5g", "1片", "10mg", "20ml", "1支", "5mg", "2粒")
_MOST_OF_ONE = 14
"""A line has at most about so many of an item, save herbs by the gram."""
_TAIL, _TAIL_TIMES = 0.012, (4.0, 22.0)
"""Share of stays that cost many times as much."""
_TAKEN_BACK = 0.07
"""Share of stays with a line that is partly or wholly taken back."""
_SPECIAL_SHARE, _NEGOTIATED_SHARE = 0.75, 0.02
_DRUGS = (WESTERN, PATENT, HERB, PREPARATION, NEGOTIATED, SPECIAL)


@dataclass(frozen=True)
class Lines:
    """Fee lines by settlement; ``number`` counts within one, ``undoes`` is the number of the line taken back."""

    visit: Ints
    number: Ints
    item: Ints
    price: Ints  # 10⁻⁶ 元
    count: Ints  # 10⁻⁶
    fen: Ints
    time: Ints
    doctor: Ints
    days: Ints  # 10⁻⁶, NONE where no drug
    dose: Ints
    undoes: Ints

    def __len__(self) -> int:
        return len(self.visit)

    def totals(self, seen: Visits) -> Ints:
        """What each settlement comes to in fen; a reversal as much as what it undoes."""
        sums = np.bincount(self.visit, weights=self.fen, minlength=len(seen)).astype(np.int64)
        return np.where(seen.reverses >= 0, sums[np.maximum(seen.reverses, 0)], sums)


def product_fen(price: Ints, count: Ints) -> Ints:
    """Price times quantity in fen, half up; the quantity may be negative."""
    whole = (price * np.abs(count) + 5 * 10**9) // 10**10
    return np.where(count < 0, -whole, whole)


def lines(block: int, seed: int, seen: Visits, chosen: Choices, made: Items, where: Places) -> Lines:
    """The lines of all settlements that are no reversals, and of stays those taken back."""
    rng = block_stream(seed, LINES, block)
    visit, group, share = _shares(seen, where, rng)
    item = _items(group, share, made, rng)
    extra, added, of_what = _added(seen, chosen, made, where, rng)
    order = np.argsort(np.concatenate([visit, extra]), kind="stable")
    visit = np.concatenate([visit, extra])[order]
    item = np.concatenate([item, added])[order]
    group = np.concatenate([group, of_what])[order]
    share = np.concatenate([share, made.price[added] / 1e6])[order]
    price = _prices(item, group, seen, visit, made, where)
    count = _counts(group, share, price, rng)
    drug = np.isin(group, _DRUGS)
    days = np.where(drug, np.array([3, 5, 7, 7, 14, 14, 30])[rng.integers(0, 7, len(visit))] * MICRO, NONE)
    dose = np.where(drug, item % len(DOSES), NONE)
    fen = product_fen(price, count)
    first = Lines(visit, rank_within(visit) + 1, item, price, count, fen, _times(seen, visit, rng), seen.doctor[visit],
                  days, dose, filled(len(visit), NONE))  # fmt: skip
    return _with_returns(first, seen, rng)


def _shares(seen: Visits, where: Places, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """For each line its settlement, the group of its item and about what it should cost, in 元."""
    sheet = rows("care_types")
    level = np.maximum(where.level[seen.place], 0)
    median = np.array([[float(row[f"median{number}"]) for number in (1, 2, 3)] for row in sheet])[seen.kind, level]
    sigma = np.array([float(row["sigma"]) for row in sheet])[seen.kind]
    total: Floats = median * np.exp(sigma * rng.normal(0.0, 1.0, len(seen)))
    stay = np.isin(seen.kind, [TYPES.index(one) for one in STAYS])
    dear = stay & (rng.random(len(seen)) < _TAIL)
    total = np.where(dear, total * rng.uniform(*_TAIL_TIMES, len(seen)), total)
    base = np.array([int(row["lines_base"]) for row in sheet])[seen.kind]
    more = rng.poisson(np.array([float(row["lines_more"]) for row in sheet])[seen.kind])
    count = np.where(seen.reverses >= 0, 0, base + more)
    visit = np.repeat(np.arange(len(seen), dtype=np.int64), count)
    names = ("western", "patent", "herb", "preparation", "service", "consumable", "registration", "negotiated")
    weights = [[float(row[name]) for name in names] for row in sheet]
    place = Choice(weights).pick(seen.kind[visit], rng) % len(names)
    group = np.array([WESTERN, PATENT, HERB, PREPARATION, SERVICE, CONSUMABLE, REGISTRATION, NEGOTIATED])[place]
    shop = (where.kind[seen.place] == PHARMACY)[visit]
    group = np.where(shop & np.isin(group, (SERVICE, PREPARATION, NEGOTIATED)), WESTERN, group)
    weight = rng.standard_exponential(len(visit)) + 0.15
    sums = np.bincount(visit, weights=weight, minlength=len(seen))
    return visit, group, total[visit] * weight / sums[visit]


def _items(group: Ints, share: Floats, made: Items, rng: np.random.Generator) -> Ints:
    """An item of the group no dearer than the share, nor so cheap that a line would need very many of it."""
    item = np.empty(len(group), dtype=np.int64)
    u = np.sqrt(rng.random(len(group)))
    for kind, prices in enumerate(made.prices):
        at = np.flatnonzero(group == kind)
        wanted = share[at] * 1e6
        high = np.maximum(np.searchsorted(prices, wanted, side="right"), 1)
        low = np.zeros(len(at), dtype=np.int64)
        if kind != HERB:
            low = np.minimum(np.searchsorted(prices, wanted / _MOST_OF_ONE), high - 1)
        place = low + (u[at] * (high - low)).astype(np.int64)
        item[at] = made.of(kind)[np.minimum(place, len(prices) - 1)]
    return item


def _added(
    seen: Visits, chosen: Choices, made: Items, where: Places, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Further lines: special drugs of those approved at their hospital, negotiated drugs at pharmacies."""
    real = seen.reverses < 0
    at_home = (chosen.item[seen.owner] >= 0) & (seen.place == chosen.hospital[seen.owner])
    special = np.flatnonzero(real & at_home & (rng.random(len(seen)) < _SPECIAL_SHARE))
    shop = where.kind[seen.place] == PHARMACY
    bought = np.flatnonzero(real & shop & (rng.random(len(seen)) < _NEGOTIATED_SHARE))
    drugs = made.of(NEGOTIATED)
    drug = drugs[rng.integers(0, len(drugs), len(bought))]
    visit = np.concatenate([special, bought])
    item = np.concatenate([chosen.item[seen.owner[special]], drug])
    return visit, item, made.group[item]


def _prices(item: Ints, group: Ints, seen: Visits, visit: Ints, made: Items, where: Places) -> Ints:
    """Unit prices: services cost less at lower levels, consumables differ between hospitals; whole fen there."""
    place = seen.place[visit]
    level = np.maximum(where.level[place], 0)
    percent = np.where(group == SERVICE, np.array([78, 90, 100])[level], 100)
    percent = np.where(group == CONSUMABLE, 92 + (place * 7 + item) % 17, percent)
    exact = made.price[item] * percent // 100
    return np.where(percent == 100, exact, np.maximum(exact // 10_000, 1) * 10_000)


def _counts(group: Ints, share: Floats, price: Ints, rng: np.random.Generator) -> Ints:
    """Quantities in 10⁻⁶: whole boxes and services, some halves and thirds, herbs in tenths of a gram; never none."""
    ratio = share * 1e6 / price
    whole = np.maximum(1, np.rint(ratio)).astype(np.int64) * MICRO
    grams = np.maximum(3, np.minimum(np.rint(ratio * 10), 9_000)).astype(np.int64) * (MICRO // 10)
    u = rng.random(len(group))
    part = np.select([u < 0.03, u < 0.045, u < 0.05], [500_000, 250_000, 333_333], 0)
    parted = np.where(
        np.isin(group, (WESTERN, SERVICE)) & (whole < 4 * MICRO), whole + part - MICRO * (u < 0.02), whole
    )
    count = np.where(group == HERB, grams, np.where(parted > 0, parted, whole))
    return np.where(product_fen(price, count) > 0, count, MICRO)


def _times(seen: Visits, visit: Ints, rng: np.random.Generator) -> Ints:
    """Within the stay, or some minutes before an outpatient pays."""
    nights = (seen.end - seen.begin)[visit]
    day = seen.begin[visit] + (rng.random(len(visit)) * (nights + 1)).astype(np.int64)
    moment = day * DAY + rng.integers(6 * 3600, 20 * 3600, len(visit))
    same = seen.settled[visit] // DAY == seen.end[visit]
    ready = seen.settled[visit] - rng.integers(60, 3_600, len(visit))
    return np.where(nights > 0, np.minimum(moment, np.where(same, ready, moment)), np.where(same, ready, moment))


def _with_returns(first: Lines, seen: Visits, rng: np.random.Generator) -> Lines:
    """Adds to some stays a line that takes back half or all of an earlier one."""
    stay = np.isin(seen.kind, [TYPES.index(one) for one in STAYS])
    some = rng.random(len(seen)) < _TAKEN_BACK
    at = np.flatnonzero((stay & some)[first.visit] & (first.number == 2))
    half = first.count[at] // 2 // MICRO * MICRO
    back = np.where((half > 0) & (rng.random(len(at)) < 0.5), half, first.count[at])
    size = np.bincount(first.visit, minlength=len(seen))
    moment = np.minimum(first.time[at] + rng.integers(60, 1_800, len(at)), seen.settled[first.visit[at]])
    again = Lines(
        first.visit[at], size[first.visit[at]] + 1, first.item[at], first.price[at], -back,
        product_fen(first.price[at], -back), moment, first.doctor[at],
        first.days[at], first.dose[at], first.number[at],
    )  # fmt: skip
    joined = {name: np.concatenate([value, getattr(again, name)]) for name, value in vars(first).items()}
    order = np.argsort(joined["visit"], kind="stable")
    return Lines(**{name: value[order] for name, value in joined.items()})


def line_table(found: Lines, ids: pa.Array, rx: Ints, rx_numbers: pa.Array, made: Items, where: Places) -> pa.Table:
    """The table ``fee_lines``; ``rx`` is the prescription of each line by its place among ``rx_numbers``."""
    most = int(found.number.max(initial=1))
    numbers = [f"F{number:04d}" for number in range(1, most + 1)]
    return table_named("fee_lines", {
        "setl_id": ids.take(pa.array(found.visit)), "feedetl_sn": named(found.number - 1, numbers),
        "fee_ocur_time": moments(found.time), "med_list_codg": named(found.item, made.codes),
        "cnt": millionths(found.count), "pric": millionths(found.price), "det_item_fee_sumamt": decimals(found.fen),
        "bilg_dr_codg": named(found.doctor, where.doctors()),
        "prd_days": _days(found.days), "sin_dos_dscr": named(found.dose, DOSES), "rxno": named(rx, rx_numbers),
        "init_feedetl_sn": named(np.where(found.undoes >= 0, found.undoes - 1, NONE), numbers),
    })  # fmt: skip


def _days(days: Ints) -> pa.Array:
    held = pa.array(days >= 0)
    return pc.if_else(held, millionths(np.maximum(days, 0)), pa.scalar(None, pa.decimal128(18, 6)))


def asks_prescription(found: Lines, seen: Visits, made: Items, where: Places) -> Bools:
    """Lines of drugs that a pharmacy sells on a prescription only (双通道)."""
    shop = (where.kind[seen.place] == PHARMACY)[found.visit]
    wanted: Bools = shop & (made.group[found.item] >= NEGOTIATED) & (found.undoes < 0)
    return wanted
