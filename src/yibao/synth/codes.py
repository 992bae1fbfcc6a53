"""The code lists of a case: principal and further diagnoses, principal and further procedures."""

from typing import NamedTuple

import numpy as np

from yibao.synth.diseases import LETTERS, Model
from yibao.synth.draw import Bools, Choice, Floats, Ints, first_of_each, rank_within
from yibao.synth.sheets import rows, table

_AGES = (0, 3, 12, 26, 42, 57, 72)
"""One age for each class of further diagnoses; class 0 is the newborn."""
_CLASS_STARTS = (1, 6, 18, 35, 50, 65)
_CHAPTER_BOUND = ("O", "P", "Z3")
"""Codes that occur only beside a principal diagnosis of their own chapters."""
_RARE_SHARE = 0.06
_RARE_LETTERS = "EGIJKLM"
"""Chapters whose rare codes may stand beside any disease of an adult, whatever the sex."""


class Codes(NamedTuple):
    """Ragged code lists: ``owner`` (case number, ascending) and ``code`` in the order of the list."""

    owner: Ints
    code: Ints


class FurtherDiagnoses:
    """Draws comorbidities by the principal's chapter, the patient's age class and sex."""

    def __init__(self, model: Model) -> None:
        sheet = rows("comorbidities")
        self._dx = np.array([model.dx.number(row["dx"]) for row in sheet], dtype=np.int64)
        cells = []
        for letter in LETTERS:
            weights = np.array([_weight(row, letter) for row in sheet])
            for age in _AGES:
                fits = np.array([int(row["age_from"]) <= age <= int(row["age_to"]) for row in sheet])
                for sex in "12":
                    allowed = fits & np.array([row["sex"] in ("", sex) for row in sheet])
                    cells.append(weights * allowed)
        self._choice = Choice(cells)
        factor = {int(code): float(row["fee_factor"]) for code, row in zip(self._dx, sheet, strict=True)}
        self.factor: Floats = np.array([factor.get(code, 1.0) for code in range(len(model.dx.codes))])
        rare = [code for code in model.leaf_dx.tolist() if model.dx.codes[code][0] in _RARE_LETTERS]
        self._rare = np.array(sorted(set(rare)), dtype=np.int64)
        categories = {code[:3]: number for number, code in enumerate(dict.fromkeys(c[:3] for c in model.dx.codes))}
        self._category = np.array([categories[code[:3]] for code in model.dx.codes], dtype=np.int64)

    def draw(
        self,
        principal: Ints,
        letter: Ints,
        age: Ints,
        newborn: Bools,
        female: Bools,
        mean: Floats,
        most: int,
        rng: np.random.Generator,
    ) -> Codes:
        """Diagnosis lists, the principal first; at most one code of a category and ``most`` codes a case."""
        count = len(principal)
        wanted = np.minimum(rng.poisson(mean * (0.3 + 1.4 * rng.random(count))), most + 3)
        owner = np.repeat(np.arange(count, dtype=np.int64), wanted)
        age_class = np.where(newborn, 0, np.maximum(1, np.searchsorted(_CLASS_STARTS, age, side="right")))
        group = (letter * len(_AGES) + age_class) * 2 + female
        code = self._dx[self._choice.pick(group[owner], rng) % len(self._dx)]
        adult = age[owner] >= 18
        rare = self._rare[(len(self._rare) * rng.random(len(owner))).astype(np.int64)]
        code = np.where(adult & (rng.random(len(owner)) < _RARE_SHARE), rare, code)
        return _lists(principal, np.arange(count, dtype=np.int64), owner, code, self._category, most)


def _weight(row: dict[str, str], letter: str) -> float:
    own = letter in row["chapters"]
    if row["dx"].startswith(_CHAPTER_BOUND) and not own:
        return 0.0
    return float(row["weight"]) * (float(row["boost"]) if own else 1.0)


def _lists(first: Ints, first_owner: Ints, owner: Ints, code: Ints, kind: Ints, most: int) -> Codes:
    """Puts ``first`` before the others of its owner, keeps one of a kind and at most ``most``."""
    owners = np.concatenate([first_owner, owner])
    order = np.argsort(owners, kind="stable")
    owners, codes = owners[order], np.concatenate([first, code])[order]
    kept = first_of_each(owners, kind[codes], int(kind.max()) + 1)
    owners, codes = owners[kept], codes[kept]
    kept = rank_within(owners) < most
    return Codes(owners[kept], codes[kept])


def procedures(
    model: Model, path: Ints, mean_extra: Floats, most: int, rng: np.random.Generator
) -> tuple[Codes, Floats]:
    """Procedure lists, the principal of the path first, and the share that related procedures add to the fee."""
    count = len(path)
    principal = model.path_px[path]
    cases = np.flatnonzero(principal >= 0)
    done = (rng.random((count, 3)) < model.related_share[path]) & (model.related_px[path] >= 0)
    added = (done * model.related_added[path]).sum(axis=1)
    related_owner, slot = np.nonzero(done)
    related = model.related_px[path[related_owner], slot]
    sheet = rows("extras")
    extra_px = np.array([model.px.number(row["px"]) for row in sheet], dtype=np.int64)
    extra_owner = np.repeat(np.arange(count, dtype=np.int64), rng.poisson(mean_extra))
    weights = [float(row["weight"]) for row in sheet]
    extra = extra_px[Choice([weights]).pick(np.zeros(len(extra_owner), dtype=np.int64), rng)]
    kind = np.arange(len(table("procedures")), dtype=np.int64)
    owner = np.concatenate([related_owner, extra_owner])
    lists = _lists(principal[cases], cases, owner, np.concatenate([related, extra]), kind, most)
    return lists, added
