"""What the other tables of the city are made from: the cases as arrays, and what each would usually cost."""

from typing import NamedTuple

import numpy as np

from yibao.synth.diseases import Model
from yibao.synth.draw import Bools, Floats, Ints, day_number
from yibao.synth.sheets import rows, table

_FEW = 60
"""Cases of all years below which a group is not looked at by itself."""
_FAR = 1.6
"""Logarithm of the distance from the group's middle beyond which a case does not count for its mean: five times."""


class Facts(NamedTuple):
    """One entry a row of ``cases``, in its order. Amounts in fen, days counted from 1970-01-01."""

    home: Ints  # 0: insured in the city
    employee: Bools
    hospital: Ints
    level: Ints
    principal: Ints
    path: Ints
    letter: Ints
    admitted: Ints
    leaves: Ints
    fee: Ints
    fund: Ints
    pool: Ints

    @property
    def days(self) -> Ints:
        """Days of stay."""
        return self.leaves - self.admitted

    def within(self, year: int) -> Bools:
        """Which were discharged in the year."""
        inside: Bools = (self.leaves >= day_number(year)) & (self.leaves <= day_number(year, 12, 31))
        return inside

    def of_fund(self, fund: str) -> Bools:
        """Which are insured in the city with that fund (310 or 390)."""
        mine: Bools = (self.home == 0) & (self.employee == (fund == "310"))
        return mine


class Likes(NamedTuple):
    """The cases' likes, nearly the groups of DIP: diagnosis of four characters and path's procedure, or, where those
    are few, diagnosis of three characters and kind of procedure.

    ``usual`` is the mean fee of the group at the case's level in fen, ``stay`` the group's mean stay, ``size`` its
    number of cases, ``ratio`` the fee over the usual one.
    """

    usual: Floats
    stay: Floats
    size: Ints
    ratio: Floats


def likes(facts: Facts, model: Model) -> Likes:
    """What cases of the same group cost: fees are first put on the footing of one level, the farthest left out."""
    own = _numbers(facts, model, 5, np.arange(1, len(model.px.codes) + 1, dtype=np.int64))
    kinds = [table("procedures")[code]["kind"] for code in model.px.codes]
    by_kind = {kind: number for number, kind in enumerate(dict.fromkeys(kinds), 1)}
    wide = _numbers(facts, model, 3, np.array([by_kind[kind] for kind in kinds], dtype=np.int64)) + own.max() + 1
    group = np.where(np.bincount(own)[own] >= _FEW, own, wide)
    level = np.array([float(row["fee_factor"]) for row in rows("levels")])[facts.level]
    size = np.maximum(np.bincount(group), 1)
    log = np.log(facts.fee / level)
    middle = (np.bincount(group, weights=log) / size)[group]
    near = np.abs(log - middle) < _FAR
    kept = np.bincount(group[near], minlength=len(size))
    mean = np.bincount(group[near], weights=np.exp(log[near]), minlength=len(size)) / np.maximum(kept, 1)
    stay = np.bincount(group, weights=facts.days.astype(np.float64)) / size
    usual = np.where(kept[group] > 0, mean[group], np.exp(middle)) * level
    return Likes(usual, stay[group], size[group].astype(np.int64), facts.fee / usual)


def _numbers(facts: Facts, model: Model, length: int, px: Ints) -> Ints:
    """A number for each pair of the diagnosis' first characters and ``px`` of the path's procedure (0 without one)."""
    heads = {head: number for number, head in enumerate(dict.fromkeys(code[:length] for code in model.dx.codes))}
    head = np.array([heads[code[:length]] for code in model.dx.codes], dtype=np.int64)
    both = head[facts.principal] * (len(px) + 1) + np.r_[px, 0][model.path_px[facts.path]]
    used = np.zeros(len(heads) * (len(px) + 1), dtype=np.int64)
    used[both] = 1
    numbers: Ints = (np.cumsum(used) - 1)[both]
    return numbers
