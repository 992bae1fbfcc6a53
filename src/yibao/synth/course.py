"""The course of a case: birth weight, intensive care, day surgery, and how much the patient's age makes it dearer.

These are the facts by which DIP tells auxiliary types (辅助分型) apart inside a group, so cost depends on them here.
Comorbidities do so by the ``fee_factor`` of ``data/comorbidities.csv``, metastases and organ failure most.
"""

from typing import NamedTuple

import numpy as np

from yibao.synth.codes import Codes
from yibao.synth.diseases import LETTERS, Model
from yibao.synth.draw import Bools, Floats, Ints, stream
from yibao.synth.sheets import rows

_PART = 6

GRAMS = {"P07.0": (820.0, 90.0), "P07.1": (1800.0, 320.0), "P07.3": (1900.0, 380.0), "P22.0": (2050.0, 480.0),
         "P59.0": (2300.0, 330.0)}  # fmt: skip
"""Mean and spread of the admission weight by principal diagnosis, in grams; the others weigh 3,300 ± 430."""
LOW_WEIGHT = 0.22
"""Share of the other sick newborn (chapter P) who are small: 2,050 ± 330 g."""
WEIGHT_BANDS = (1000, 1500, 2000, 2500)
WEIGHT_FEE = (3.8, 3.2, 2.4, 1.9, 1.0)
WEIGHT_STAY = (2.6, 2.1, 1.5, 1.3, 1.0)
"""Factors on fee and stay of a newborn below each of the bands, and above them all."""

AGE_FEE = (1.9, 1.6, 0.85, 0.78)
"""Factor on the fee at 0–28 days, to one year, 1–6 and 7–17 years against an adult with the same disease."""

ICU_DAY_FEE = 2_800.0
"""Added 元 a day in intensive care at level 3 in the first year."""
ICU_STAY = 0.7
"""Added days of stay for each day in intensive care."""
DAY_FEE = 0.78
"""Fee of day surgery against the same operation with a stay."""
_ICU_LEVEL = (0.04, 0.55, 1.0)
_ICU_BY_PROCEDURE = {"96.7200": 0.85, "96.7100": 0.6, "93.9000": 0.18}
_ICU_DEAR = ((60_000.0, 0.30), (30_000.0, 0.06))
"""Paths dearer than so many 元 lead to intensive care with so high a probability."""
_ICU_DEADLY = 0.9
"""Probability of intensive care for each unit of the disease's risk of death."""
_PERINATAL = LETTERS.index("P")


class Course(NamedTuple):
    """One entry a case: factors on fee and stay, days wanted in intensive care, grams at admission (newborn), and
    whether it is done as day surgery (日间手术).
    """

    fee: Floats
    stay: Floats
    icu: Ints
    grams: Ints
    day: Bools


def course(
    model: Model, seed: int, principal: Ints, entry: Ints, path: Ints, level: Ints, age: Ints, young_days: Ints,
    diagnoses: Codes,
) -> Course:  # fmt: skip
    """What weight, age and intensive care do to each case; drawn from a stream of its own."""
    rng = stream(seed, _PART)
    newborn = young_days <= 28
    grams = _grams(model, principal, newborn, rng)
    band = np.where(newborn, np.searchsorted(WEIGHT_BANDS, grams, side="right"), len(WEIGHT_BANDS))
    perinatal = model.letter[entry] == _PERINATAL
    child = np.select([newborn, age < 1, age < 7, age < 18], AGE_FEE, 1.0)
    fee = np.array(WEIGHT_FEE)[band] * np.where(perinatal, 1.0, child)
    chance = _icu_chance(model, entry, path, level, band, diagnoses)
    days = np.exp(rng.normal(0.95, 0.75, len(entry)))
    days = np.rint(1 + days * np.where(model.path_px[path] == model.px.number("96.7200"), 2.4, 1.0))
    icu = np.where(rng.random(len(entry)) < chance, np.minimum(days, 60), 0).astype(np.int64)
    day = (_day_chance(model, principal, path, level) > rng.random(len(entry))) & (icu == 0)
    return Course(fee * np.where(day, DAY_FEE, 1.0), np.array(WEIGHT_STAY)[band], icu, grams, day)


def _day_chance(model: Model, principal: Ints, path: Ints, level: Ints) -> Floats:
    """The probability of day surgery: the sheet's operations, in hospitals above level 1."""
    chance = np.zeros(len(path))
    for row in rows("day_surgery"):
        fits = np.array([code.startswith(row["dx"]) for code in model.dx.codes])
        done = model.path_px == model.px.number(row["px"])
        chance = np.where(fits[principal] & done[path], float(row["percent"]) / 100, chance)
    return np.where(level > 0, chance, 0.0)


def _grams(model: Model, principal: Ints, newborn: Bools, rng: np.random.Generator) -> Ints:
    """Grams on admission, tens of grams: near 3,300, less where the diagnosis says so or in a share of the sick."""
    codes = model.dx.codes
    mean = np.array([GRAMS.get(code[:5], (3300.0, 430.0)) for code in codes])
    known = np.array([code[:5] in GRAMS or not code.startswith("P") for code in codes])
    least = np.array([code.startswith("P07.0") for code in codes])
    grams = np.zeros(len(principal), dtype=np.int64)
    chosen = np.flatnonzero(newborn)
    who = principal[chosen]
    small = ~known[who] & (rng.random(len(chosen)) < LOW_WEIGHT)
    centre, spread = np.where(small, 2050.0, mean[who, 0]), np.where(small, 330.0, mean[who, 1])
    drawn = np.clip(centre + spread * rng.standard_normal(len(chosen)), 500, np.where(least[who], 999, 4800))
    grams[chosen] = (drawn / 10).astype(np.int64) * 10
    return grams


def _icu_chance(model: Model, entry: Ints, path: Ints, level: Ints, band: Ints, diagnoses: Codes) -> Floats:
    """The probability of intensive care: each cause may lead there by itself."""
    sheet = {model.dx.number(row["dx"]): int(row["icu_permille"] or 0) / 1000 for row in rows("comorbidities")}
    spared = np.log1p(-np.array([sheet.get(code, 0.0) for code in range(len(model.dx.codes))]))
    logs = spared[diagnoses.code]
    logs[np.r_[True, diagnoses.owner[1:] != diagnoses.owner[:-1]]] = 0.0  # the principal counts by its path
    by_px = np.array([0.0, *(_ICU_BY_PROCEDURE.get(code, 0.0) for code in model.px.codes)])
    dear = np.select([model.path_fee[path] > fee for fee, _ in _ICU_DEAR], [share for _, share in _ICU_DEAR], 0.003)
    spared_all = np.exp(np.bincount(diagnoses.owner, weights=logs, minlength=len(entry)))
    spared_all *= (1 - by_px[model.path_px[path] + 1]) * (1 - dear)
    spared_all *= 1 - np.minimum(0.5, model.death[entry] * _ICU_DEADLY)
    spared_all *= 1 - np.array([0.9, 0.75, 0.3, 0.1, 0.0])[band]
    chance: Floats = (1 - spared_all) * np.array(_ICU_LEVEL)[level]
    return chance
