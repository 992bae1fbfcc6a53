"""The insured people of the city: an ageing prefecture's pyramid, births inside the years, deaths, insurance type."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from yibao.synth.draw import Bools, Choice, Floats, Ints, dates, day_number, numbered, stream, words
from yibao.synth.sheets import rows

ALIVE = np.iinfo(np.int32).max
"""The day of death of a person who lives on."""

_PART = 1
_VISITORS = 8
_OUTSIDE = 0.12
"""Share of the visitors who come from another province."""


@dataclass(frozen=True)
class People:
    """N people as arrays; days are counted from 1970-01-01."""

    admdvs: str
    born: Ints
    died: Ints  # ALIVE where the person lives on
    female: Bools
    employee: Bools  # 职工 310, else 居民 390
    county: Ints
    frailty: Ints  # a rank: the lower, the oftener ill
    home: Ints  # position in ``homes`` of the pool (统筹区) where the person is insured; 0 is the city itself
    homes: list[str]

    def __len__(self) -> int:
        return len(self.born)

    def with_deaths(self, died: Ints) -> "People":
        """The same people with the deaths in hospital known."""
        return replace(self, died=np.minimum(self.died, died))

    def table(self, counties: list[str]) -> pa.Table:
        """Grain ``psn_no``: number, sex (1 男 2 女), birth, death (null while alive), insurance type, county.

        Only those insured in the city: nothing is known of the others but their cases.
        """
        whole = pa.table(
            {
                "psn_no": self.numbers(),
                "gend": words(self.female.astype(np.int64), ["1", "2"]),
                "brdy": dates(self.born),
                "die_date": dates(np.where(self.died < ALIVE, self.died, 0), self.died < ALIVE),
                "insutype": words(self.employee.astype(np.int64), ["390", "310"]),
                "admdvs": words(self.county, counties),
            }
        )
        return whole.slice(0, int((self.home == 0).sum()))

    def numbers(self) -> pa.Array:
        """The 人员编号 of each person: city code and a running number; other pools number in another width."""
        own = int((self.home == 0).sum())
        residents = numbered(self.admdvs, np.arange(1, own + 1, dtype=np.int64), 12)
        places = words(self.home[own:], self.homes)
        visitors = numbered(places, 7_000_000 + 13 * np.arange(len(self) - own, dtype=np.int64), 10)
        return pa.concat_arrays([residents, visitors])

    def joined(self, others: "People") -> "People":
        """These people and, after them, the others, whose ranks of frailty are spread over the same range."""
        spread = others.frailty * len(self) // max(1, len(others))
        return replace(
            self,
            born=np.concatenate([self.born, others.born]),
            died=np.concatenate([self.died, others.died]),
            female=np.concatenate([self.female, others.female]),
            employee=np.concatenate([self.employee, others.employee]),
            county=np.concatenate([self.county, others.county]),
            frailty=np.concatenate([self.frailty, spread]),
            home=np.concatenate([self.home, others.home]),
            homes=others.homes,
        )


def people(count: int, years: tuple[int, ...], seed: int, admdvs: str, county_shares: list[float]) -> People:
    """``count`` people who live in the city at some time of ``years``; the pyramid is that of the last day."""
    return _people(count, years, stream(seed, _PART), admdvs, county_shares)


def visitors(count: int, years: tuple[int, ...], seed: int, admdvs: str, county_shares: list[float]) -> People:
    """``count`` people insured elsewhere who would be treated here (异地就医): most in the same province."""
    rng = stream(seed, _VISITORS)
    found = _people(count, years, rng, admdvs, county_shares)
    homes = _homes(admdvs)
    inside = [float(row["weight"]) * (row["admdvs"][:2] == admdvs[:2]) for row in homes]
    outside = [float(row["weight"]) * (row["admdvs"][:2] != admdvs[:2]) for row in homes]
    far = (rng.random(count) < _OUTSIDE).astype(np.int64)
    home = Choice([inside, outside]).pick(far, rng) % len(homes) + 1
    return replace(found, home=home, homes=[admdvs, *(row["admdvs"] for row in homes)])


def _homes(admdvs: str) -> list[dict[str, str]]:
    """Other pools in and outside the province; a province that has no list gets two numbered ones."""
    found = [row for row in rows("neighbours") if row["admdvs"][:4] != admdvs[:4]]
    if all(row["admdvs"][:2] != admdvs[:2] for row in found):
        others = [f"{admdvs[:2]}{number:02d}00" for number in (1, 2, 3) if f"{number:02d}" != admdvs[2:4]]
        found = [{"admdvs": code, "name": code, "weight": "1"} for code in others] + found
    return found


def _people(
    count: int, years: tuple[int, ...], rng: np.random.Generator, admdvs: str, county_shares: list[float]
) -> People:
    start, end = day_number(years[0]), day_number(years[-1], 12, 31)
    pyramid = rows("pyramid")
    low = np.array([float(row["age_from"]) for row in pyramid] * 2)
    high = np.array([float(row["age_to"]) + 1 for row in pyramid] * 2)
    share = [float(row[sex]) for sex in ("male", "female") for row in pyramid]
    cell = Choice([share]).pick(np.zeros(count, dtype=np.int64), rng)
    age = low[cell] + (high[cell] - low[cell]) * rng.random(count)
    born = end - (age * 365.2425).astype(np.int64)
    return People(
        admdvs=admdvs,
        born=born,
        died=_deaths(born, age, start, end, rng),
        female=cell >= len(pyramid),
        employee=_employees(age, rng),
        county=Choice([county_shares]).pick(np.zeros(count, dtype=np.int64), rng),
        frailty=rng.permutation(count).astype(np.int64),
        home=np.zeros(count, dtype=np.int64),
        homes=[admdvs],
    )


def _deaths(born: Ints, age: Floats, start: int, end: int, rng: np.random.Generator) -> Ints:
    """Deaths at home: a Gompertz hazard, the part that hospital deaths leave."""
    span = (end - start + 1) / 365.2425
    hazard = 2.0e-5 * np.exp(0.094 * age)
    waiting = rng.standard_exponential(len(born)) / np.maximum(hazard, 1e-12)
    first = np.maximum(born, start)
    day = first + 1 + (np.minimum(waiting / span, 2.0) * (end - start)).astype(np.int64)
    return np.where(day <= end, day, ALIVE)


def _employees(age: Floats, rng: np.random.Generator) -> Bools:
    """职工 by age: none of the children, most of those at work, fewer of the old (assumed)."""
    share = np.select([age < 20, age < 25, age < 60], [0.0, 0.35, 0.60], 0.46)
    return rng.random(len(age)) < share
