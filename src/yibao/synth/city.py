"""The city as a whole: its parts are made in order, each from its own stream of random numbers."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from yibao.synth.cases import Richness, inpatient
from yibao.synth.close import close_year
from yibao.synth.close_faults import plant_close
from yibao.synth.contracts import authorised_beds
from yibao.synth.diseases import Model, Vocabulary, model
from yibao.synth.draw import stream
from yibao.synth.facts import Facts
from yibao.synth.faults import plant
from yibao.synth.people import People
from yibao.synth.people import people as make_people
from yibao.synth.people import visitors as make_visitors
from yibao.synth.providers import Providers
from yibao.synth.providers import providers as make_providers
from yibao.synth.sheets import rows, table

_PART = 5
_ADMISSIONS = 0.163
"""Admissions drawn per person and year; about a twentieth of them turn out impossible and are dropped."""
_TAIL = 0.12
"""Share of admissions for rare diseases in a city."""
_BENCH_TAIL = 0.35
_VISITORS = 0.035
"""People insured elsewhere who may be treated here, to those insured in the city; ill as often, so it is about their
share of the cases too."""


@dataclass(frozen=True)
class City:
    """A synthetic pool (统筹区) and what is known about it.

    ``persons`` (grain ``psn_no``), ``providers`` (``fixmedins_code``), ``cases`` (``setl_id``), the dictionaries
    ``dx_names`` and ``px_names`` (``code, name``) of the codes that may occur, the treatment kind of each procedure
    (``px_kinds``, loadable as it is: ``oprn_code, px_kind``), and the keys:
    ``provider_traits`` (hidden cost factors and habits) and ``planted`` (faults; empty unless asked for). With
    ``bad_share`` ``cases`` is all text and repeats some ``setl_id``. ``close`` has the tables that closing the last
    year needs (budgets, assessments, beds, reviews, …) by name, ``planted_close`` what the close should find in them.
    """

    admdvs: str
    name: str
    years: tuple[int, ...]
    seed: int
    persons: pa.Table
    providers: pa.Table
    cases: pa.Table
    dx_names: pa.Table
    px_names: pa.Table
    px_kinds: pa.Table
    provider_traits: pa.Table
    planted: pa.Table
    planted_close: pa.Table
    close: dict[str, pa.Table]

    def tables(self) -> dict[str, pa.Table]:
        """The tables by the name of the file they are written to."""
        return {
            "persons": self.persons,
            "providers": self.providers,
            "cases": self.cases,
            "dx_names": self.dx_names,
            "px_names": self.px_names,
            "px_kinds": self.px_kinds,
            "provider_traits": self.provider_traits,
            "planted": self.planted,
            "planted_close": self.planted_close,
            **self.close,
        }


def generate(
    people: int = 200_000,
    *,
    years: tuple[int, ...] = (2022, 2023, 2024, 2025),
    seed: int = 20250101,
    admdvs: str = "370300",
    name: str | None = None,
    bad_share: float = 0.0,
    close_faults: Collection[str] = (),
    hospitals: int | None = None,
) -> City:
    """A city of ``people`` with their inpatient cases of ``years`` (consecutive, ascending), about 0.16 a year each,
    and the tables to close the last of them.

    The same arguments give the same bytes. ``admdvs`` chooses the counties and, without ``name``, the name from
    ``data/places.csv``; a city that is not listed there gets one county. ``bad_share`` of the cases are spoiled (see
    `yibao.synth.faults`), and the tables of the close by the faults of `CLOSE_FAULTS` that are named. ``hospitals``
    is their number; without it there are as many as such a city would have. Raises
    ValueError for years that do not follow each other, too few people or an unknown fault.
    """
    base = _base(people, years, seed, admdvs, _TAIL, Richness(), hospitals)
    counties = [code for code, _ in base.counties]
    made = close_year(
        base.cases["setl_id"].combine_chunks(), base.facts, base.places, base.model, admdvs, base.counties, years, seed
    )
    beds = authorised_beds(base.places, base.facts, years[-1])
    tables, key = plant_close({"providers": base.places.table(counties, beds), **made.tables}, close_faults)
    cases = base.cases
    if bad_share > 0:
        cases, spoilt = plant(cases, bad_share, seed)
        key = pa.concat_tables([spoilt, key])
    return City(
        admdvs=admdvs,
        name=name or base.name,
        years=years,
        seed=seed,
        persons=base.everyone.table(counties),
        providers=tables.pop("providers"),
        cases=cases,
        dx_names=_names(base.model.dx),
        px_names=_names(base.model.px),
        px_kinds=_px_kinds(base.model),
        provider_traits=base.places.traits(),
        planted=key,
        planted_close=made.key,
        close=tables,
    )


def generate_cases(
    n: int,
    *,
    seed: int = 20250101,
    years: tuple[int, ...] = (2022, 2023, 2024, 2025),
    admdvs: str = "370300",
    max_dx: int = 15,
    max_px: int = 7,
) -> pa.Table:
    """Exactly ``n`` distinct cases with rich, varied code lists, for measurements; columns as in `City.cases`.

    Up to ``max_dx`` diagnoses and ``max_px`` procedures a case, more than a third of rare diseases.
    """
    rich = Richness(max_dx=max_dx, max_px=max_px, mean_dx=max_dx * 0.30, mean_px=max_px * 0.18)
    population = max(2_000, math.ceil(n / (_ADMISSIONS * len(years)) * 1.12))
    cases = _base(population, years, seed, admdvs, _BENCH_TAIL, rich).cases
    if cases.num_rows < n:
        raise ValueError(f"only {cases.num_rows} of {n} cases were made")
    chosen = np.sort(stream(seed, _PART).permutation(cases.num_rows)[:n])
    return cases.take(pa.array(chosen))


class _Base(NamedTuple):
    """A city before the close: its name, counties (code, name), people, hospitals and cases."""

    name: str
    counties: list[tuple[str, str]]
    everyone: People
    places: Providers
    model: Model
    cases: pa.Table
    facts: Facts


def _base(
    count: int,
    years: tuple[int, ...],
    seed: int,
    admdvs: str,
    tail: float,
    rich: Richness,
    n_hospitals: int | None = None,
) -> _Base:
    if not years or any(later != year + 1 for year, later in pairwise(years)):
        raise ValueError("years must be consecutive and ascending")
    if count < 500:
        raise ValueError("a city needs at least 500 people")
    listed = [row for row in rows("places") if row["admdvs"] == admdvs]
    counties = [(row["county"], row["county_name"]) for row in listed] or [(admdvs, admdvs)]
    codes, shares = [code for code, _ in counties], [float(row["share"]) for row in listed] or [1.0]
    diseases = model(tail, _ADMISSIONS)
    residents = make_people(count, years, seed, admdvs, shares)
    everyone = residents.joined(make_visitors(round(count * _VISITORS), years, seed, admdvs, shares))
    hospitals = make_providers(count, seed, codes, shares, years[-1], n_hospitals)
    cases, facts, everyone = inpatient(everyone, hospitals, diseases, years, seed, len(counties), rich)
    name = listed[0]["name"] if listed else admdvs
    return _Base(name, counties, everyone, hospitals, diseases, cases, facts)


def _names(words: Vocabulary) -> pa.Table:
    return pa.table({"code": pa.array(words.codes, pa.string()), "name": pa.array(words.names, pa.string())})


def _px_kinds(diseases: Model) -> pa.Table:
    kinds = [table("procedures")[code]["kind"] for code in diseases.px.codes]
    standard = {"手术": "相关手术", "介入治疗": "相关手术"}
    return pa.table(
        {
            "oprn_code": pa.array(diseases.px.codes, pa.string()),
            "px_kind": pa.array([standard.get(kind, kind) for kind in kinds], pa.string()),
        }
    )
