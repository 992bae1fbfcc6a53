"""Who is admitted when and for what: the episodes of the city, before any treatment is known."""

from typing import NamedTuple

import numpy as np

from yibao.synth.diseases import BAND_STARTS, BANDS, Model
from yibao.synth.draw import Choice, Ints, day_number
from yibao.synth.people import People
from yibao.synth.sheets import rows

_VOLUME_GROWTH = 1.015
_EVEN = 0.22
"""Slope of the draw at the frailest end of a cell of people, who are admitted 1/0.22 times as often as on average."""
_WEEKDAYS = (1.12, 1.08, 1.05, 1.03, 0.99, 0.86, 0.84)
"""Monday to Sunday: fewer admissions at the weekend."""
_REPEAT_DAYS = 21


class Episodes(NamedTuple):
    """Admissions as arrays: number of the person, number of the model's entry, day."""

    person: Ints
    entry: Ints
    admitted: Ints


def episodes(people: People, model: Model, years: tuple[int, ...], rng: np.random.Generator) -> Episodes:
    """All admissions of the years, in no order; some are impossible yet (overlaps, after death)."""
    parts = []
    for number, year in enumerate(years):
        parts.append(_year(people, model, year, _VOLUME_GROWTH**number, rng))
    found = Episodes(*(np.concatenate([part[column] for part in parts]) for column in range(3)))
    return _with_repeats(found, model, day_number(years[-1], 12, 31), rng)


def _cells(people: People, year: int) -> tuple[Ints, Ints, Ints]:
    """People by (age band on 1 July, sex), the newborn of the year once more; sorted by cell and frailty.

    Answers the person numbers in that order, the start of each cell and its size.
    """
    start, middle, end = day_number(year), day_number(year, 7, 1), day_number(year, 12, 31)
    age = (middle - people.born) / 365.2425
    band = np.searchsorted(BAND_STARTS, age, side="right") - 1
    living = people.died >= start
    grown = np.flatnonzero(living & (people.born <= middle))
    newborn = np.flatnonzero(living & (people.born >= start) & (people.born <= end))
    who = np.concatenate([grown, newborn])
    cell = np.concatenate([band[grown], np.full(len(newborn), len(BANDS) - 1)]) * 2 + people.female[who]
    order = who[np.lexsort((people.frailty[who], cell))]
    sizes = np.bincount(cell, minlength=2 * len(BANDS)).astype(np.int64)
    return order, np.cumsum(sizes) - sizes, sizes


def _year(people: People, model: Model, year: int, growth: float, rng: np.random.Generator) -> Episodes:
    order, starts, sizes = _cells(people, year)
    sexes = np.stack([1 - model.female, model.female], axis=1)
    weights = (model.ages[:, :, None] * sexes[:, None, :]).reshape(len(model.rate), -1) * sizes
    whole = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, whole, out=np.zeros_like(weights), where=whole > 0)
    living = int(sizes.sum()) - int(sizes[-2:].sum())
    counts = rng.poisson(shares * model.rate[:, None] * living * growth)
    entry, cell = np.divmod(np.repeat(np.arange(counts.size, dtype=np.int64), counts.ravel()), counts.shape[1])
    place = rng.random(len(cell))
    person = order[starts[cell] + (sizes[cell] * place * (_EVEN + (1 - _EVEN) * place)).astype(np.int64)]
    admitted = _days(model.season[entry], year, rng)
    young = cell >= 2 * (len(BANDS) - 1)
    early = people.born[person] + (28 * rng.random(len(person)) ** 2.2).astype(np.int64)
    later = people.born[person] + 29 + (150 * rng.random(len(person))).astype(np.int64)
    admitted = np.where(young, early, np.where(admitted < people.born[person] + 29, later, admitted))
    return Episodes(person, entry, admitted)


def _days(season: Ints, year: int, rng: np.random.Generator) -> Ints:
    """A day of the year for each case, by the monthly weights of its season and the weekday."""
    first = day_number(year)
    days = np.arange(first, day_number(year, 12, 31) + 1)
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    weekday = np.array(_WEEKDAYS)[(days + 3) % 7]  # day 0, 1970-01-01, was a Thursday
    profiles = [np.array([float(row[f"m{number}"]) for number in range(1, 13)]) for row in rows("seasons")]
    flat = Choice([profile[month] * weekday for profile in profiles]).pick(season, rng)
    return first + flat % len(days)


def _with_repeats(found: Episodes, model: Model, end: int, rng: np.random.Generator) -> Episodes:
    """Adds the planned returns of a course of treatment (chemotherapy, dialysis), about 21 days apart."""
    again = rng.poisson(model.repeat[found.entry] * 2 * rng.random(len(found.entry)))
    source = np.repeat(np.arange(len(again)), again)
    turn = np.arange(len(source)) - np.repeat(np.cumsum(again) - again, again) + 1
    day = found.admitted[source] + turn * _REPEAT_DAYS + rng.integers(0, 7, len(source))
    kept = day <= end
    source, day = source[kept], day[kept]
    return Episodes(
        np.concatenate([found.person, found.person[source]]),
        np.concatenate([found.entry, found.entry[source]]),
        np.concatenate([found.admitted, day]),
    )
