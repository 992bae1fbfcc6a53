"""The disease model: what people are admitted for, how it is treated, what that costs and how long it takes.

Two sources are put into one list of entries. The **common** diseases come from ``data/diseases.csv`` and
``data/paths.csv`` with true codes and their own treatment paths. The **rare** tail is spawned from the ICD-10
categories of ``data/categories.csv``: five subcategories each, with extension codes, a Zipf-shaped weight and the
habits of their chapter (``data/chapters.csv``), so that thousands of rarely used codes occur as in a real city.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from yibao.synth.draw import Choice, Floats, Ints, stream
from yibao.synth.sheets import rows, table

LETTERS = "ABCDEFGHIJKLMNOPQRSTZ"
"""First letters of the codes that may be a principal diagnosis; the position is the chapter number used here."""

BANDS = ("a0", "a1", "a5", "a15", "a25", "a35", "a45", "a55", "a65", "a75", "a85", "newborn")
BAND_STARTS = np.array([0, 1, 5, 15, 25, 35, 45, 55, 65, 75, 85], dtype=np.int64)

_SUBCATEGORIES = (
    ("9", "未特指的", 0.42),
    ("0", "第一亚目", 0.26),
    ("1", "第二亚目", 0.15),
    ("8", "其他特指的", 0.10),
    ("2", "第三亚目", 0.07),
)
_EXTENSIONS = (("00", "", 0.55), ("00x001", "扩展一", 0.25), ("01", "细目一", 0.12), ("00x002", "扩展二", 0.08))
_VARIANT_SHARES = (0.62, 0.19, 0.12, 0.07)
_MODEL_SEED = 20_250_101
"""The tail's order and cost level belong to the model, not to a city: they do not change with the city's seed."""


@dataclass(frozen=True)
class Path:
    """One way of treating a disease; an empty ``px`` is conservative.

    Typical fee in 元 before the factor of the level; days of stay.
    """

    px: str
    share: float
    fee: float
    sd: float
    days: float
    related: tuple[tuple[str, float, float], ...] = ()
    """Procedures that may accompany it: code, probability, added share of the fee."""


@dataclass(frozen=True)
class Entry:
    """One disease: its codes with their weights, how often it leads to admission, in whom, when, and its paths."""

    codes: tuple[tuple[str, str, float], ...]
    rate: float
    ages: str
    female: float
    season: str
    level: str
    death: float
    repeat: float
    paths: tuple[Path, ...]
    common: bool

    @property
    def letter(self) -> int:
        """The chapter number: the position of the code's first letter in `LETTERS`."""
        return LETTERS.index(self.codes[0][0][0])


class Vocabulary:
    """Codes in order of first use, with the name each was first given."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, code: str, name: str = "") -> int:
        """The number of the code; an unknown one is appended."""
        found = self._numbers.get(code)
        if found is None:
            found = self._numbers[code] = len(self.codes)
            self.codes.append(code)
            self.names.append(name)
        return found


@dataclass(frozen=True)
class Model:
    """The entries as arrays. E entries, P paths, L leaf codes; see the module's docstring for what they mean."""

    dx: Vocabulary
    px: Vocabulary
    rate: Floats
    repeat: Floats
    death: Floats
    ages: Floats  # (E, 12) relative risk by band
    female: Floats  # (E,) share of the risk borne by women
    season: Ints  # row of seasons.csv
    letter: Ints
    leaf: Choice  # per entry
    leaf_dx: Ints  # (L,)
    path: Choice  # per entry
    path_px: Ints  # (P,), -1 conservative
    path_fee: Floats
    path_sd: Floats
    path_days: Floats
    level: Choice  # per path: hospital level 0, 1, 2
    related_px: Ints  # (P, 3), -1 none
    related_share: Floats
    related_added: Floats
    common: int = field(default=0)
    """How many of the entries, the first ones, are common diseases."""


def _related(text: str) -> tuple[tuple[str, float, float], ...]:
    triples = (part.split(":") for part in text.split())
    return tuple((px, float(share) / 100, float(added) / 100) for px, share, added in triples)


def _with_conservative(paths: list[Path], fee: float, sd: float, days: float) -> tuple[Path, ...]:
    left = 1 - sum(path.share for path in paths)
    return (Path("", max(left, 0.0), fee, sd, days), *paths)


def common_entries() -> Iterator[Entry]:
    """The common diseases with their own paths; rates are index admissions per 100,000 people and year."""
    paths: dict[str, list[Path]] = {}
    for row in rows("paths"):
        path = Path(
            row["px"],
            float(row["share"]) / 100,
            float(row["fee"]),
            float(row["sd"]),
            float(row["days"]),
            _related(row["related"]),
        )
        paths.setdefault(row["dx"], []).append(path)
    for row in table("diseases").values():
        variants = [tuple(text.split(" ", 1)) for text in row["variants"].split(";") if text]
        named = [(row["dx"], row["name"]), *variants]
        shares = _VARIANT_SHARES[: len(named)]
        yield Entry(
            codes=tuple((code, name, share) for (code, name), share in zip(named, shares, strict=True)),
            rate=float(row["rate"]),
            ages=row["ages"],
            female=float(row["female"]) / 100,
            season=row["season"],
            level=row["level"],
            death=float(row["death"]) / 1000,
            repeat=float(row["repeat"]),
            paths=_with_conservative(paths.get(row["dx"], []), float(row["fee"]), float(row["sd"]), float(row["days"])),
            common=True,
        )


def _tail_codes(category: str, name: str, digit: str, kind: str) -> tuple[tuple[str, str, float], ...]:
    return tuple(
        (f"{category}.{digit}{suffix}", f"{name}，{kind}" + (f"（{extension}）" if extension else ""), weight)
        for suffix, extension, weight in _EXTENSIONS
    )


def tail_entries() -> Iterator[Entry]:
    """The rare diseases; their rates are relative weights that sum to one."""
    rng = stream(_MODEL_SEED, 0)
    chapters = {letter: row for row in rows("chapters") for letter in row["letters"]}
    categories = rows("categories")
    zipf = 1.0 / (1.0 + rng.permutation(len(categories))) ** 0.85
    share_of = {letter: float(row["share"]) for letter, row in chapters.items()}
    letters = [row["category"][0] for row in categories]
    sums = {
        row["letters"]: sum(z for z, c in zip(zipf, letters, strict=True) if c in row["letters"])
        for row in rows("chapters")
    }
    whole = sum(float(row["share"]) for row in rows("chapters"))
    for row, letter, weight in zip(categories, letters, zipf, strict=True):
        chapter = chapters[letter]
        rate = float(weight) / sums[chapter["letters"]] * share_of[letter] / whole
        dear = float(np.exp(rng.normal(0.0, 0.38)))
        for digit, kind, share in _SUBCATEGORIES:
            factor = dear * float(np.exp(rng.normal(0.0, 0.16)))
            yield Entry(
                codes=_tail_codes(row["category"], row["name"], digit, kind),
                rate=rate * share,
                ages=row["ages"] or chapter["ages"],
                female=float(row["female"] or chapter["female"]) / 100,
                season=chapter["season"],
                level=chapter["level"],
                death=float(chapter["death"]) / 1000,
                repeat=0.0,
                paths=_chapter_paths(chapter, factor),
                common=False,
            )


def _chapter_paths(chapter: dict[str, str], factor: float) -> tuple[Path, ...]:
    fee, sd, days = float(chapter["fee"]) * factor, float(chapter["sd"]), float(chapter["days"]) * factor**0.35
    paths = []
    for part in chapter["procedures"].split():
        px, share, dearer, longer = part.split(":")
        paths.append(Path(px, float(share) / 100, fee * float(dearer), sd * 0.8, days * float(longer)))
    return _with_conservative(paths, fee, sd, days)


def _level_weights(level: str, path: Path) -> Floats:
    mix = table("level_mix")[level]
    weights = np.array([float(mix["lv1"]), float(mix["lv2"]), float(mix["lv3"])])
    if path.fee > 60_000:  # great operations gather at the top
        return weights * (0.0, 0.25, 1.5) + (0.0, 0.0, 1.0)
    if path.fee > 22_000:
        return weights * (0.12, 0.7, 1.3)
    return weights * (0.7, 1.0, 1.0) if path.px else weights


def _related_arrays(paths: list[Path], px: Vocabulary) -> tuple[Ints, Floats, Floats]:
    codes = np.full((len(paths), 3), -1, dtype=np.int64)
    shares, added = np.zeros((len(paths), 3)), np.zeros((len(paths), 3))
    for number, path in enumerate(paths):
        for slot, (code, share, more) in enumerate(path.related):
            codes[number, slot] = px.number(code)
            shares[number, slot], added[number, slot] = share, more
    return codes, shares, added


@lru_cache(maxsize=4)
def model(tail: float, volume: float) -> Model:
    """The compiled model: ``volume`` admissions per person and year, a share ``tail`` of them for rare diseases."""
    common = list(common_entries())
    entries = common + list(tail_entries())
    weight = sum(entry.rate * (1 + entry.repeat) for entry in common)
    scale = [volume * (1 - tail) / weight if entry.common else volume * tail for entry in entries]
    dx, px = Vocabulary(), Vocabulary()
    for code, row in table("procedures").items():
        px.number(code, row["name"])
    for row in rows("comorbidities"):
        dx.number(row["dx"], row["name"])
    paths = [path for entry in entries for path in entry.paths]
    related_px, related_share, related_added = _related_arrays(paths, px)
    ages, seasons = table("ages"), list(table("seasons"))
    return Model(
        dx=dx,
        px=px,
        rate=np.array([entry.rate for entry in entries]) * scale,
        repeat=np.array([entry.repeat for entry in entries]),
        death=np.array([entry.death for entry in entries]),
        ages=np.array([[float(ages[entry.ages][band]) for band in BANDS] for entry in entries]),
        female=np.array([entry.female for entry in entries]),
        season=np.array([seasons.index(entry.season) for entry in entries], dtype=np.int64),
        letter=np.array([entry.letter for entry in entries], dtype=np.int64),
        leaf=Choice([[weight for _, _, weight in entry.codes] for entry in entries]),
        leaf_dx=np.array([dx.number(code, name) for entry in entries for code, name, _ in entry.codes], dtype=np.int64),
        path=Choice([[path.share for path in entry.paths] for entry in entries]),
        path_px=np.array([px.number(path.px) if path.px else -1 for path in paths], dtype=np.int64),
        path_fee=np.array([path.fee for path in paths]),
        path_sd=np.array([path.sd for path in paths]),
        path_days=np.array([path.days for path in paths]),
        level=Choice([_level_weights(entry.level, path) for entry in entries for path in entry.paths]),
        related_px=related_px,
        related_share=related_share,
        related_added=related_added,
        common=len(common),
    )
