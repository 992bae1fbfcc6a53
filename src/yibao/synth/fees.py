"""What an admission costs, how long it lasts, and who pays which part of it."""

from typing import NamedTuple

import numpy as np

from yibao.synth.course import ICU_DAY_FEE, ICU_STAY
from yibao.synth.draw import Bools, Floats, Ints
from yibao.synth.sheets import rows

_GROWTH = 1.03
"""Yearly growth of cost per case (assumed)."""
_BURDEN = 0.018
"""Added cost of each further diagnosis, as a log share."""
_SHARED = 0.7
"""How much of the spread of fee and days has a common cause: the severity of the case."""
_SPREAD = 0.85
"""How much of a path's spread is left to chance; the rest comes of comorbidities, age and intensive care."""
_DAYS_SD = 0.36


class Outcome(NamedTuple):
    """Fee in fen and days of stay for each case."""

    fee: Ints
    days: Ints


class Payment(NamedTuple):
    """The parts of each fee in fen: fund + part of the patient = fee; account + cash = part of the patient."""

    fund: Ints
    patient: Ints
    account: Ints
    cash: Ints


class Burden(NamedTuple):
    """What makes a case dearer than its path: all arrays have one entry a case."""

    mean_fee: Floats
    sd: Floats
    mean_days: Floats
    level: Ints
    hospital: Floats
    severity: Floats
    diagnoses: Ints
    added: Floats
    years: Floats
    """Years since the first day of the city, for the growth of cost."""
    fee_factor: Floats
    stay_factor: Floats
    icu: Ints
    day: Bools
    """Factors of age and weight, days in intensive care, day surgery (see `yibao.synth.course`)."""


def outcomes(burden: Burden, rng: np.random.Generator) -> Outcome:
    """Log-normal fee and days with a common severity.

    A few cases are cut short (a sixth to a half of the fee), some run away (2–5 times), fewer still beyond (5–9 times).
    """
    count = len(burden.mean_fee)
    levels = rows("levels")
    common = rng.standard_normal(count)
    spread = _SHARED * common + np.sqrt(1 - _SHARED**2) * rng.standard_normal(count)
    fee = np.log(burden.mean_fee * burden.fee_factor) + _SPREAD * burden.sd * spread + np.log(_GROWTH) * burden.years
    fee += np.log(burden.severity) + _BURDEN * burden.diagnoses + np.log1p(burden.added)
    place = np.log(np.array([float(row["fee_factor"]) for row in levels]))[burden.level] + np.log(burden.hospital)
    intensive = ICU_DAY_FEE * burden.icu * np.exp(place + np.log(_GROWTH) * burden.years)
    stay = np.log(burden.mean_days * burden.stay_factor) - _DAYS_SD**2 / 2 + 0.5 * np.log(burden.severity)
    stay += np.log(np.array([float(row["days_factor"]) for row in levels]))[burden.level]
    stay += _DAYS_SD * (_SHARED * common + np.sqrt(1 - _SHARED**2) * rng.standard_normal(count))
    yuan = np.exp(fee + place) + intensive
    days = np.maximum(1.0, np.rint(np.exp(stay) + ICU_STAY * burden.icu))
    luck, size = rng.random(count), rng.random(count)
    short, high, extreme = luck < 0.016, luck > 0.988, luck > 0.9975
    factor = np.select([short, extreme, high], [0.16 + 0.30 * size, 5.2 + 3.8 * size, 2.2 + 2.3 * size], 1.0)
    longer = np.select([extreme, high], [1.9, 1.4], 1.0)
    days = np.where(short, np.minimum(days, 1 + (size > 0.5)), np.rint(days * longer))
    days = np.where(burden.day, size > 0.4, days)
    same_day = (days == 1) & (burden.mean_days < 5) & (luck > 0.5) & (luck < 0.56)
    fen = np.maximum(8_000, np.rint(yuan * factor * 100)).astype(np.int64)
    return Outcome(fen, np.where(same_day, 0, np.minimum(days, 240)).astype(np.int64))


def payments(fee: Ints, level: Ints, employee: Bools, rng: np.random.Generator) -> Payment:
    """Splits each fee: own part, deductible and rate by level and insurance type; integers only, rounded down to a fen.

    The figures of ``levels.csv`` are plausible, not those of any city's law: benefits are computed by ``benefit``.
    """
    sheet = rows("levels")

    def by_level(column: str) -> Ints:
        return np.array([int(row[column]) for row in sheet], dtype=np.int64)[level]

    own = np.clip(by_level("own_permille") + rng.integers(-40, 90, len(fee)), 5, 900)
    in_scope = fee - fee * own // 1000
    above = np.maximum(0, in_scope - by_level("deductible_yuan") * 100)
    rate = np.where(employee, by_level("rate310_permille"), by_level("rate390_permille"))
    fund = above * rate // 1000
    patient = fee - fund
    account_share = np.where(employee, np.maximum(0, rng.integers(-300, 600, len(fee))), 0)
    account = np.minimum(patient * account_share // 1000, 500_000)
    return Payment(fund, patient, account, patient - account)


def scaled(paid: Payment, fee: Ints, factor: Ints) -> Payment:
    """The same fees with ``factor`` ten-thousandths of the fund's part, at most 0.97 of the fee."""
    fund = np.minimum(paid.fund * factor // 10_000, np.maximum(paid.fund, fee * 97 // 100))
    patient = fee - fund
    account = np.minimum(paid.account, patient)
    return Payment(fund, patient, account, patient - account)
