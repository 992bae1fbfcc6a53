"""Who is treated where, when and for what: the settlements of a block, not yet their lines."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from yibao.synth.care.choices import DISEASES, Choices
from yibao.synth.care.columns import DAY, NONE, VISITS, block_stream, filled, stacked
from yibao.synth.care.people import Folk
from yibao.synth.care.places import COUNTRY, DOCTORS, FIRST, PHARMACY, PROVINCE, SECOND, THIRD, Picker, Places
from yibao.synth.draw import Bools, Choice, Floats, Ints, day_number
from yibao.synth.people import ALIVE
from yibao.synth.sheets import rows

TYPES = tuple(row["med_type"] for row in rows("care_types"))
STAYS = ("21", "22", "23", "24", "52")
_DRUGSTORE, _CHRONIC = TYPES.index("41"), TYPES.index("14")
_COMBINED = 3_000
"""Diagnosis lists of stays."""
_REVERSED, _LATE, _LATE_STAY = 0.008, 0.006, 0.05
_UNAPPROVED = 0.012
"""Share of chronic visits for a disease that nobody approved."""
_LEVELS = {
    "11": (0.2, 0.4, 0.4), "12": (0.3, 0.4, 0.3), "13": (0.1, 0.45, 0.45), "14": (0.45, 0.3, 0.25),
    "21": (0.18, 0.37, 0.45), "22": (0.1, 0.45, 0.45), "23": (0, 0, 1), "24": (0.05, 0.4, 0.55), "41": (1, 0, 0),
    "51": (0.1, 0.45, 0.45), "52": (0.05, 0.45, 0.5), "53": (0.1, 0.6, 0.3),
}  # fmt: skip
_AWAY = {"11": 0.006, "13": 0.012, "14": 0.002, "21": 0.035, "22": 0.03, "23": 1.0, "24": 0.02, "52": 0.02}
"""Share of those who live here that goes out of the city."""


class Wards(NamedTuple):
    """Diagnosis lists by number: those of visits, of each chronic disease, of stays, of births, and the last ones for
    antenatal care and birth control."""

    words: list[str]
    outpatient: Choice
    first_chronic: int
    first_stay: int
    births: Ints
    last: Ints


def wards(seed: int) -> Wards:
    """The diagnosis lists of a city."""
    rng = block_stream(seed, VISITS, 1_000_000)
    simple, chronic, listed = rows("care_dx"), rows("care_diseases"), rows("diseases")
    plain = [row for row in listed if row["dx"][0] not in "OPZ"]
    rate = np.array([float(row["rate"]) for row in plain])
    first = Choice([rate]).pick(filled(_COMBINED, 0), rng)
    others = [row["dx"] for row in rows("comorbidities") if row["dx"][0] not in "OPZ"]
    further = [[others[at] for at in rng.permutation(len(others))[:size]] for size in rng.integers(0, 6, _COMBINED)]
    stays = [
        "|".join(dict.fromkeys([plain[at]["dx"], *more])) for at, more in zip(first.tolist(), further, strict=True)
    ]
    births = [row["dx"] for row in listed if row["dx"][0] == "O"]
    words = [*(row["dx"] for row in simple), *(row["dx"] for row in chronic), *stays, *births, "Z34.900", "Z30.900"]
    at = len(simple) + len(chronic)
    born = at + _COMBINED + np.arange(len(births), dtype=np.int64)
    weights = Choice([[float(row["weight"]) for row in simple]])
    return Wards(words, weights, len(simple), at, born, np.array([len(words) - 2, len(words) - 1]))


@dataclass(frozen=True)
class Visits:
    """Settlements in the order of their time, as arrays; ``reverses`` is the position of the one that a row undoes."""

    owner: Ints
    kind: Ints  # position in TYPES
    begin: Ints
    end: Ints
    settled: Ints  # seconds since 1970
    place: Ints
    doctor: Ints
    dx: Ints
    disease: Ints
    emergency: Bools
    referred: Bools
    reverses: Ints

    def __len__(self) -> int:
        return len(self.owner)

    def taken(self, order: Ints) -> "Visits":
        """These rows in another order; positions in ``reverses`` are carried along."""
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order))
        undone = self.reverses[order]
        moved = {name: value[order] for name, value in vars(self).items()}
        moved["reverses"] = np.where(undone >= 0, back[np.maximum(undone, 0)], NONE)
        return Visits(**moved)


def visits(
    folk: Folk, chosen: Choices, year: int, seed: int, rate: float, where: Places, picker: Picker, lists: Wards
) -> Visits:  # fmt: skip
    """The settlements of a block, about ``rate`` a person."""
    rng = block_stream(seed, VISITS, folk.block)
    owner, kind = _who(folk, chosen, rate, rng)
    begin, end, settled, fits = _when(folk, owner, kind, year, rng)
    owner, kind, begin, end, settled = (one[fits] for one in (owner, kind, begin, end, settled))
    disease = _diseases(folk, chosen, owner, kind, rng)
    place, referred = _where(folk, chosen, owner, kind, where, picker, rng)
    held = (chosen.item[owner] >= 0) & (disease == DISEASES.index("cancer")) & (rng.random(len(owner)) < 0.7)
    place = np.where(held, chosen.hospital[owner], place)
    doctor = np.where(where.kind[place] == PHARMACY, NONE, place * DOCTORS + rng.integers(0, DOCTORS, len(owner)))
    doctor = np.where(held & (rng.random(len(owner)) < 0.96), chosen.doctor[owner], doctor)
    dx = _lists(kind, disease, lists, rng)
    emergency = np.isin(kind, [TYPES.index(one) for one in ("13", "24")])
    made = Visits(owner, kind, begin, end, settled, place, doctor, dx, disease, emergency, referred,
                  filled(len(owner), NONE))  # fmt: skip
    return _reversed(made, rng)


def _who(folk: Folk, chosen: Choices, rate: float, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Owner and kind of every settlement: a Poisson number for each kind of care, more for those who need it."""
    per_person = np.array([float(row["per_person"]) for row in rows("care_types")])
    per_person *= rate / per_person.sum()
    fertile = folk.female & (folk.age >= 21) & (folk.age < 41)
    yearly = np.array([float(row["visits"]) for row in rows("care_diseases")])
    due = (chosen.approved * yearly).sum(axis=1) + 0.02 * _UNAPPROVED
    owners, kinds = [], []
    for kind, name in enumerate(TYPES):
        need: Floats = folk.frailty
        if name == "14":
            need = due
        elif name in ("51", "52"):
            need = fertile.astype(np.float64)
        elif name == "53":
            need = ((folk.age >= 20) & (folk.age < 48)).astype(np.float64)
        count = rng.poisson(per_person[kind] * need / max(1e-9, float(need.mean())))
        owners.append(np.repeat(np.arange(len(folk), dtype=np.int64), count))
        kinds.append(filled(int(count.sum()), kind))
    return np.concatenate(owners), np.concatenate(kinds)


def _when(folk: Folk, owner: Ints, kind: Ints, year: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Bools]:
    """First and last day, the second of settlement, and whether the person could have been treated then."""
    start, last = day_number(year), day_number(year, 12, 31)
    low = np.maximum(start, folk.born[owner])
    high = np.minimum(last, folk.died[owner])
    ghost = (folk.died[owner] < ALIVE) & (rng.random(len(owner)) < 0.002)
    high = np.where(ghost, last, high)
    end = low + (rng.random(len(owner)) * (high - low + 1)).astype(np.int64)
    stay = np.isin(kind, [TYPES.index(one) for one in STAYS])
    nights = np.clip(np.exp(rng.normal(1.95, 0.6, len(owner))), 1, 110).astype(np.int64)
    begin = np.where(stay, np.maximum(end - nights, folk.born[owner]), end)
    u = rng.random(len(owner))
    late = np.where(stay, u < _LATE_STAY, u < _LATE) & ~ghost
    wait = rng.integers(12, 95, len(owner))
    paid = np.where(late, np.where(stay, end + wait, np.minimum(end + wait, last)), end)
    settled = paid * DAY + rng.integers(7 * 3600, 21 * 3600, len(owner))
    return begin, end, settled, high >= low


def _diseases(folk: Folk, chosen: Choices, owner: Ints, kind: Ints, rng: np.random.Generator) -> Ints:
    """The disease of chronic visits: one of the person's approved ones, or any where there is none."""
    share = chosen.approved[owner] * np.array([float(row["visits"]) for row in rows("care_diseases")])
    share = share + 1e-9
    edge = np.cumsum(share, axis=1)
    found = (edge < (rng.random(len(owner)) * edge[:, -1])[:, None]).sum(axis=1)
    other = rng.integers(0, len(DISEASES), len(owner))
    found = np.where(rng.random(len(owner)) < _UNAPPROVED, other, found)
    return np.where(kind == _CHRONIC, found, NONE)


def _where(
    folk: Folk, chosen: Choices, owner: Ints, kind: Ints, where: Places, picker: Picker, rng: np.random.Generator
) -> tuple[Ints, Bools]:  # fmt: skip
    """The place of each settlement, and whether a referral is written on it."""
    count = len(owner)
    level = Choice([_LEVELS[name] for name in TYPES]).pick(kind, rng) % 3
    drugstore = (kind == _DRUGSTORE) | ((kind == _CHRONIC) & (rng.random(count) < 0.08))
    wanted = np.where(drugstore, PHARMACY, np.array([FIRST, SECOND, THIRD])[level])
    share = np.array([_AWAY.get(name, 0.0) for name in TYPES])[kind]
    gone = ~drugstore & (rng.random(count) < share)
    wanted = np.where(gone, np.where(rng.random(count) < 0.75, PROVINCE, COUNTRY), wanted)
    place = picker.pick(wanted, folk.county[owner], rng)
    visit = (kind == TYPES.index("11")) & ~gone
    u = rng.random(count)
    main, aux = chosen.main[owner], chosen.aux[owner]
    to_main = (visit & (u < 0.72)) | ((kind == _CHRONIC) & (wanted == FIRST) & (u < 0.8))
    place = np.where(to_main & (main >= 0), main, place)
    place = np.where(visit & (u >= 0.72) & (u < 0.84) & (aux >= 0), aux, place)
    own = (place == main) | (place == aux)
    lives = (chosen.elsewhere[owner] >= 0) & ~drugstore & (rng.random(count) < 0.8)
    place = np.where(lives, chosen.elsewhere[owner], place)
    referred = np.where(visit, rng.random(count) < 0.55, rng.random(count) < 0.03) & ~own & ~lives & ~drugstore
    return place, referred | (gone & (rng.random(count) < 0.4))


def _lists(kind: Ints, disease: Ints, lists: Wards, rng: np.random.Generator) -> Ints:
    count = len(kind)
    simple = lists.outpatient.pick(filled(count, 0), rng)
    ward = lists.first_stay + rng.integers(0, _COMBINED, count)
    birth = lists.births[rng.integers(0, len(lists.births), count)]
    stay = np.isin(kind, [TYPES.index(one) for one in STAYS])
    return np.select(
        [disease >= 0, kind == TYPES.index("52"), stay, kind == TYPES.index("51"), kind == TYPES.index("53")],
        [lists.first_chronic + disease, birth, ward, *(filled(count, int(one)) for one in lists.last)],
        simple,
    )  # fmt: skip


def _reversed(made: Visits, rng: np.random.Generator) -> Visits:
    """Adds whole reversals some hours or days later, and puts all in the order of settlement."""
    undone = np.flatnonzero(rng.random(len(made)) < _REVERSED)
    after = made.settled[undone] + np.where(
        rng.random(len(undone)) < 0.7, rng.integers(600, 20_000, len(undone)), rng.integers(DAY, 12 * DAY, len(undone))
    )
    again = {name: value[undone] for name, value in vars(made).items()} | {"settled": after, "reverses": undone}
    whole = Visits(**{name: np.concatenate([value, again[name]]) for name, value in vars(made).items()})
    order = np.lexsort((np.arange(len(whole)), whole.settled))
    return whole.taken(order)


def filings(seen: Visits, chosen: Choices, where: Places, rng: np.random.Generator, year: int) -> dict[str, Ints]:
    """Filings for care out of the city: of those who live elsewhere, and of half of the others who went."""
    lives = np.flatnonzero(chosen.elsewhere >= 0)
    resident = {"owner": lives, "kind": filled(len(lives), 0), "begin": filled(len(lives), day_number(year) - 400),
                "end": filled(len(lives), NONE)}  # fmt: skip
    went = where.away()[seen.place] & (chosen.elsewhere[seen.owner] < 0) & (seen.reverses < 0)
    away = np.flatnonzero(went & (rng.random(len(seen)) < 0.55))
    kind = np.where(
        seen.emergency[away], 2, np.where(seen.referred[away], 1, np.where(rng.random(len(away)) < 0.3, 3, 1))
    )
    begin = np.where(kind == 3, seen.end[away], seen.begin[away] - rng.integers(0, 4, len(away)))
    found = stacked([resident, {"owner": away, "kind": kind, "begin": begin, "end": begin + 60}])
    found["owner"][len(lives) :] = seen.owner[away]
    key = (found["owner"] * 4 + found["kind"]) * 100_000 + found["begin"]
    once = np.unique(key, return_index=True)[1]
    return {name: value[once] for name, value in found.items()}
