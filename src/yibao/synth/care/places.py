"""Where people are treated: the city's hospitals, its pharmacies, and institutions of other cities."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from yibao.synth.care.columns import NONE, PLACES, block_stream, days_or_null, filled, named, table_named, whole_or_null
from yibao.synth.draw import Bools, Choice, Ints, day_number
from yibao.synth.providers import providers
from yibao.synth.sheets import rows

FIRST, SECOND, THIRD, PHARMACY, PROVINCE, COUNTRY = range(6)
"""Kinds of place: the city's hospitals by level, its pharmacies, hospitals of the province and beyond."""
DOCTORS = 12
"""Doctors of a hospital."""
_NEAR = (9.0, 3.0, 1.3, 12.0, 1.0, 1.0)
"""How much likelier is a place of the patient's county, by kind."""
_PER_PHARMACY, _FEWEST = 2_400, 6
_AWAY = 8
"""Hospitals in the province, and beyond it."""
_NAMES = ("仁和", "康泰", "百姓", "同济", "惠民", "广济", "益寿", "安康")


@dataclass(frozen=True)
class Places:
    """All institutions as arrays; the last one has no level and treats nobody but in planted faults."""

    codes: list[str]
    names: list[str]
    kind: Ints
    level: Ints  # 0, 1, 2; NONE for pharmacies and the one without a level
    county: Ints  # position in ``areas``
    areas: list[str]
    beds: Ints
    agreed: Ints
    weight: Ints

    @property
    def without_level(self) -> int:
        """The hospital whose level nobody entered."""
        return len(self.codes) - 1

    def table(self) -> pa.Table:
        """The table ``providers``."""
        count = len(self.codes)
        return table_named("providers", {
            "fixmedins_code": pa.array(self.codes, pa.string()), "fixmedins_name": pa.array(self.names, pa.string()),
            "hosp_lv": named(self.level, ["1", "2", "3"]),
            "fixmedins_type": named((self.kind == PHARMACY).astype(np.int64), ["1", "2"]),
            "admdvs": named(self.county, self.areas), "beds": whole_or_null(self.beds),
            "key_specialties": whole_or_null(filled(count, NONE)), "agreement_from": days_or_null(self.agreed),
        })  # fmt: skip

    def choice(self, n_counties: int) -> "Picker":
        """Draws places by kind and the patient's county."""
        cells = []
        for kind in range(6):
            of_kind = np.where(self.kind == kind, self.weight, 0).astype(np.float64)
            of_kind[self.without_level] = 0.0
            cells += [of_kind * np.where(self.county == county, _NEAR[kind], 1.0) for county in range(n_counties)]
        return Picker(Choice(cells), len(self.codes), n_counties)

    def doctors(self) -> list[str]:
        """Doctor codes, `DOCTORS` for each place."""
        return [f"D{code[1:]}{number:02d}" for code in self.codes for number in range(1, DOCTORS + 1)]

    def away(self) -> Bools:
        """Which places are of another city."""
        far: Bools = (self.kind == PROVINCE) | (self.kind == COUNTRY)
        return far


@dataclass(frozen=True)
class Picker:
    """A weighted choice of places."""

    choice: Choice
    count: int
    n_counties: int

    def pick(self, kind: Ints, county: Ints, rng: np.random.Generator) -> Ints:
        """One place for each entry."""
        return self.choice.pick(kind * self.n_counties + county, rng) % self.count


def places(people: int, year: int, seed: int, admdvs: str, counties: list[str], shares: list[float]) -> Places:
    """The institutions for a city of that many people."""
    rng = block_stream(seed, PLACES, 0)
    own = providers(people, seed, counties, shares, year)
    shops = max(_FEWEST, people // _PER_PHARMACY)
    at = Choice([shares]).pick(np.zeros(shops, dtype=np.int64), rng)
    named_shops = [f"{_NAMES[number % len(_NAMES)]}大药房第{number // len(_NAMES) + 1}店" for number in range(shops)]
    near, far = _elsewhere(admdvs)
    others = [near[number % len(near)] for number in range(_AWAY)] + [far[number % len(far)] for number in range(_AWAY)]
    areas = [*counties, *(code for code, _ in others)]
    away_level = np.where(np.arange(2 * _AWAY) % 4 == 3, 1, 2)
    none = filled(1, NONE)
    return Places(
        codes=[*own.codes, *(f"P{counties[place]}{number:05d}" for number, place in enumerate(at.tolist(), 1)),
               *(f"H{code}{number:05d}" for number, (code, _) in enumerate(others, 1)), f"H{counties[0]}99999"],
        names=[*own.names, *named_shops, *(f"{name}某医院" for _, name in others), "未定级门诊部"],
        kind=np.concatenate([own.level, filled(shops, PHARMACY), np.repeat([PROVINCE, COUNTRY], _AWAY),
                             filled(1, FIRST)]),
        level=np.concatenate([own.level, filled(shops, NONE), away_level, none]),
        county=np.concatenate([own.county, at, len(counties) + np.arange(2 * _AWAY), filled(1, 0)]),
        areas=areas,
        beds=np.concatenate([own.beds, filled(shops, NONE), 1_000 + 40 * np.arange(2 * _AWAY), filled(1, 20)]),
        agreed=np.concatenate([np.minimum(own.agreed, day_number(year - 2)), filled(shops + 2 * _AWAY + 1, NONE)]),
        weight=np.concatenate([own.beds, filled(shops, 1), filled(2 * _AWAY, 1), filled(1, 0)]),
    )  # fmt: skip


def _elsewhere(admdvs: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Other cities of the province and outside it: code and name."""
    listed = [(row["admdvs"], row["name"]) for row in rows("neighbours")]
    near = [one for one in listed if one[0][:2] == admdvs[:2] and one[0][:4] != admdvs[:4]]
    if not near:
        near = [(f"{admdvs[:2]}{number:02d}00", f"邻市{number}") for number in (1, 2, 3, 4)
                if f"{number:02d}" != admdvs[2:4]]  # fmt: skip
    return near, [one for one in listed if one[0][:2] != admdvs[:2]]


def neighbours(admdvs: str) -> list[str]:
    """Codes of other pools in which somebody may be enrolled as well."""
    return [code for code, _ in _elsewhere(admdvs)[0]]
