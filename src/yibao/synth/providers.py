"""The hospitals of the city: three levels, invented names, sizes by Zipf, specialties, cost habits."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from yibao.synth.diseases import LETTERS
from yibao.synth.draw import Choice, Floats, Ints, dates, day_number, stream
from yibao.synth.plan import Habit, habits
from yibao.synth.sheets import rows, table

_PART = 2
_AGREEMENTS = 9
_PER_200K = (34, 14, 6)
"""Hospitals of level 1, 2, 3 in a city of 200,000; the number grows with the root of the population."""
_SMALLEST = (3, 3, 2)
_BEDS = (60, 320, 1100)
_NEAR = (6.0, 3.0, 1.3)
"""How much likelier a patient goes to a hospital of the own county, by level."""
_FIRST = "云松澜晴岚槿溪沐朗翠禾棠芷柏霁漪苒曦筠琮"
_SECOND = "泽川禾屿庭澄宁舒和远谷岭陌湾麓桥塘苑坪汀"


@dataclass(frozen=True)
class Providers:
    """H hospitals as arrays, by level and then size."""

    codes: list[str]
    names: list[str]
    level: Ints  # 0, 1, 2 for 一级, 二级, 三级
    county: Ints
    beds: Ints
    specialty: list[str]
    fee_factor: Floats
    trait: list[str]
    booked_ratio: Floats  # NaN where the hospital has no habit
    role: list[str]
    key_specialties: Ints
    agreed: Ints  # first day of the agreement

    def table(self, counties: list[str], beds: Ints) -> pa.Table:
        """Grain ``fixmedins_code``: name, level, type (1 定点医疗机构), county, beds, specialties, agreement.

        ``beds`` are those that the hospital's stays fill; the hospital's own size only attracts patients.
        """
        return pa.table(
            {
                "fixmedins_code": pa.array(self.codes, pa.string()),
                "fixmedins_name": pa.array(self.names, pa.string()),
                "hosp_lv": pa.array([str(level + 1) for level in self.level.tolist()], pa.string()),
                "fixmedins_type": pa.array(["1"] * len(self.codes), pa.string()),
                "admdvs": pa.array([counties[number] for number in self.county.tolist()], pa.string()),
                "beds": pa.array(beds, pa.int64()),
                "key_specialties": pa.array(self.key_specialties, pa.int64()),
                "agreement_from": dates(self.agreed),
            }
        )

    def traits(self) -> pa.Table:
        """What only the generator knows: each hospital's cost factor, specialty, planted habit and role in the close.

        ``booked_ratio`` is what booked ÷ entitlement should come to, null where it is left to chance.
        """
        return pa.table(
            {
                "fixmedins_code": pa.array(self.codes, pa.string()),
                "specialty": pa.array(self.specialty, pa.string()),
                "fee_factor": pa.array(self.fee_factor, pa.float64()),
                "trait": pa.array(self.trait, pa.string()),
                "booked_ratio": pa.array(self.booked_ratio, pa.float64(), mask=~np.isfinite(self.booked_ratio)),
                "role": pa.array(self.role, pa.string()),
            }
        )

    def open_on(self, hospital: Ints, day: Ints) -> Ints:
        """The hospital, or a larger one of its level where its agreement begins after the day."""
        stand_in = np.arange(len(self.codes), dtype=np.int64)
        for number in np.flatnonzero([role == "new" for role in self.role]).tolist():
            same = np.flatnonzero((self.level == self.level[number]) & ~np.isfinite(self.booked_ratio))
            stand_in[number] = next((other for other in same.tolist() if self.role[other] != "new"), number)
        return np.where(day < self.agreed[hospital], stand_in[hospital], hospital)

    def choice(self, n_counties: int) -> Choice:
        """Which hospital, grouped by level, chapter letter and county of the patient (`group` numbers them)."""
        affinity = _affinity(self.specialty)
        cells = []
        for level in range(3):
            size = np.where(self.level == level, self.beds, 0).astype(np.float64)
            for letter in range(len(LETTERS)):
                weights = size * affinity[:, letter]
                for county in range(n_counties):
                    cells.append(weights * np.where(self.county == county, _NEAR[level], 1.0))
        return Choice(cells)

    def picked(self, flat: Ints) -> Ints:
        """The hospital numbers of the flat positions that `choice` answers."""
        return flat % len(self.codes)

    @staticmethod
    def group(level: Ints, letter: Ints, county: Ints, n_counties: int) -> Ints:
        """The group number of `choice` for each case."""
        return (level * len(LETTERS) + letter) * n_counties + county


def _affinity(specialty: list[str]) -> Floats:
    by_name = table("specialties")
    matrix = np.empty((len(specialty), len(LETTERS)))
    for number, name in enumerate(specialty):
        row = by_name[name]
        for position, letter in enumerate(LETTERS):
            matrix[number, position] = float(row["strong"]) if letter in row["letters"] else float(row["other"])
    return matrix


def _names(count: int, rng: np.random.Generator) -> list[str]:
    pairs = [first + second for first in _FIRST for second in _SECOND]
    if count > len(pairs):
        pairs += [second + first for first in _FIRST for second in _SECOND]
    if count > len(pairs):
        raise ValueError("医疗机构数量超出可用虚构名称数")
    return [pairs[position] for position in rng.permutation(len(pairs))[:count].tolist()]


def providers(
    population: int, seed: int, counties: list[str], county_shares: list[float], close: int, total: int | None = None
) -> Providers:
    """The hospitals for a city of that population, as they are in the year ``close``; ``total`` sets their number.

    County codes make the first part of the hospital codes.
    """
    rng = stream(seed, _PART)
    scale = (population / 200_000) ** 0.5 if total is None else total / sum(_PER_200K)
    counts = [max(least, round(number * scale)) for number, least in zip(_PER_200K, _SMALLEST, strict=True)]
    level = np.repeat(np.arange(3, dtype=np.int64), counts)
    rank = np.concatenate([np.arange(count) for count in counts])
    beds = np.maximum(20, (np.array(_BEDS)[level] * 2.2 / (1.0 + rank) ** 0.55).astype(np.int64))
    home = Choice([county_shares]).pick(np.zeros(len(level), dtype=np.int64), rng)
    specialty = [_specialty(kind, place) for kind, place in zip(level.tolist(), rank.tolist(), strict=True)]
    fee_factor = np.exp(rng.normal(0.0, 0.07, len(level)))
    trait, role = [""] * len(level), [""] * len(level)
    booked_ratio = np.full(len(level), np.nan)
    own = stream(seed, _AGREEMENTS)
    key_specialties = np.where(
        level == 2, own.integers(1, 7, len(level)), own.integers(0, 4, len(level)) * (level == 1)
    )
    agreed = own.integers(day_number(2004), day_number(close - 6), len(level))
    taken: set[int] = set()
    for habit in habits():
        number = _place(habit, counts, taken)
        if number is None:
            continue
        taken.add(number)
        trait[number], role[number] = habit.trait, habit.role
        fee_factor[number] = habit.fee_factor or fee_factor[number]
        booked_ratio[number] = habit.booked_ratio or np.nan
        if habit.role == "new":
            agreed[number] = day_number(close, *(int(part) for part in habit.day.split("-")))
    names = _names(len(level), rng)
    suffix = table("specialties")
    return Providers(
        codes=[f"H{counties[place]}{number:05d}" for number, place in enumerate(home.tolist(), 1)],
        names=[name + suffix[kind]["suffix"] for name, kind in zip(names, specialty, strict=True)],
        level=level,
        county=home,
        beds=beds,
        specialty=specialty,
        fee_factor=fee_factor,
        trait=trait,
        booked_ratio=booked_ratio,
        role=role,
        key_specialties=key_specialties.astype(np.int64),
        agreed=agreed.astype(np.int64),
    )


def _place(habit: Habit, counts: list[int], taken: set[int]) -> int | None:
    """The hospital of a habit: that of its rank; in a smaller city the least that is free, if another stays free."""
    first, count = sum(counts[: habit.level]), counts[habit.level]
    if habit.rank < count:
        return first + habit.rank
    free = [number for number in range(first, first + count) if number not in taken]
    return free[-1] if habit.role and len(free) > 1 else None


def _specialty(level: int, rank: int) -> str:
    """The two largest of a level are general hospitals; the list then repeats the level's specialties."""
    kinds = [row["specialty"] for row in rows("specialties") if str(level + 1) in row["levels"]]
    return kinds[0] if rank < 2 else kinds[(rank - 1) % len(kinds)]
