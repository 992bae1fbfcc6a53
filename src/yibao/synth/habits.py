"""Hidden habits: hospitals whose booked amounts stand in a known ratio to what the close will find due to them.

A hospital's own share of items outside the catalogue is its habit; it is set so that booked ÷ entitlement of the last
year comes near the ratio that ``data/habits.csv`` names. The entitlement is foreseen by the cases' likes, as
DIP would share the budget by points.
"""

import numpy as np

from yibao.synth.diseases import Model
from yibao.synth.draw import Bools, Floats, Ints
from yibao.synth.facts import Facts, likes
from yibao.synth.plan import ADJUSTMENT_PERMILLE, DIP_GROWTH_PERMILLE, FUNDS

_ROUNDS = 12
_LEVEL_POINTS = (0.96, 0.955, 1.0)
"""Points of level 1, 2, 3 against what is foreseen: coefficients with their add-ons favour the third."""
_LEAST, _MOST = 0.70, 1.22
"""Bounds of the factor on what the fund pays."""


def foreseen_points(facts: Facts, model: Model) -> Floats:
    """Points of each case but for their scale: the usual fee, corrected as the 2020 rules correct it.

    A case below half of the usual fee counts its own fee, one above twice what goes beyond one usual fee.
    """
    found = likes(facts, model)
    points = np.select([found.ratio < 0.5, found.ratio > 2], [facts.fee, facts.fee - found.usual], found.usual)
    by_level: Floats = points * np.array(_LEVEL_POINTS)[facts.level]
    return by_level


def booked_factor(facts: Facts, model: Model, target: Floats, last: int, before: int) -> Ints:
    """The factor (10⁻⁴) on each case's fund payment that brings hospitals with a target to their ratio.

    ``target`` has one entry a hospital, NaN where it has no habit; ``last`` is the year of the close, ``before`` the
    one whose booked amounts make the budget.
    """
    points = foreseen_points(facts, model)
    factor = np.ones(len(facts.fee))
    for fund in FUNDS:
        mine = facts.of_fund(fund)
        factor[mine] = _of_fund(facts, points, mine, target, last, before, fund)[facts.hospital[mine]]
    return np.rint(factor * 10_000).astype(np.int64)


def _of_fund(facts: Facts, points: Floats, mine: Bools, target: Floats, last: int, before: int, fund: str) -> Floats:
    """The factor of each hospital in one fund: the budget moves with it, so it is approached in rounds."""
    now, then = mine & facts.within(last), mine & facts.within(before)
    size = len(target)
    booked = np.bincount(facts.hospital[now], weights=facts.pool[now].astype(np.float64), minlength=size)
    last_booked = np.bincount(facts.hospital[then], weights=facts.pool[then].astype(np.float64), minlength=size)
    shares = np.bincount(facts.hospital[now], weights=points[now], minlength=size)
    factor = np.ones(size)
    known = np.isfinite(target) & (booked > 0)
    if not known.any() or last_booked.sum() <= 0:
        return factor
    shares = shares / shares.sum()
    growth = DIP_GROWTH_PERMILLE * (1000 + ADJUSTMENT_PERMILLE.get(fund, 0)) / 1_000_000
    for _ in range(_ROUNDS):
        due = shares * growth * float((last_booked * factor).sum())
        factor[known] = np.clip(target[known] * due[known] / booked[known], _LEAST, _MOST)
    return factor
