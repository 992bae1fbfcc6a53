"""A block of people: age and sex by the pyramid, families, work, hardship, long illness, death."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.care.columns import NONE, PEOPLE, block_stream, days_or_null, named, table_named
from yibao.synth.draw import Bools, Choice, Floats, Ints, dates, day_number, numbered, rank_within
from yibao.synth.people import ALIVE
from yibao.synth.sheets import rows

PSN_TYPES = ("1101", "1102", "1103", "1201", "1202", "1203", "1300", "1401", "1402", "1403", "1404", "1501", "16")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "云松澜晴岚槿溪沐朗翠禾棠芷柏霁漪苒曦筠琮泽川庭澄宁舒和远谷麓"
IDENTITIES = ("tekun", "dibao", "jiance", "bianyuan", "zhongbing", "disabled")
_IDENTITY_SHARES = (0.004, 0.024, 0.004, 0.008, 0.003, 0.009)
_MOTHERHOOD = (28.0, 4.0)
"""Years between mother and child: mean and spread."""


@dataclass(frozen=True)
class Folk:
    """The people of a block as arrays; ``first`` is the number of the first, days are counted from 1970-01-01."""

    admdvs: str
    block: int
    first: int
    year: int
    age: Floats  # on the last day of the year
    born: Ints
    died: Ints  # ALIVE where the person lives on
    female: Bools
    county: Ints
    household: Ints
    spouse: Ints  # position in the block, or NONE
    mother: Ints
    daughter: Ints  # of an elder who lives with her family
    employee: Bools
    psn_type: Ints
    identity: Ints
    ill: Bools  # a column for each row of care_diseases.csv
    frailty: Floats  # multiplies how often the person is treated; 1 on average

    def __len__(self) -> int:
        return len(self.age)

    @property
    def retired(self) -> Bools:
        """Those of 职工 who pay no premium any more (12, 13)."""
        return (self.psn_type >= 3) & (self.psn_type <= 6)

    def numbers(self) -> pa.Array:
        """人员编号: city code and a running number."""
        return numbered(self.admdvs, np.arange(self.first + 1, self.first + 1 + len(self), dtype=np.int64), 12)


def folk(block: int, first: int, count: int, year: int, seed: int, admdvs: str, county_shares: list[float]) -> Folk:
    """The ``count`` people of a block who live in the city in ``year``."""
    rng = block_stream(seed, PEOPLE, block)
    pyramid = rows("pyramid")
    low = np.array([float(row["age_from"]) for row in pyramid] * 2)
    high = np.array([float(row["age_to"]) + 1 for row in pyramid] * 2)
    share = [float(row[sex]) for sex in ("male", "female") for row in pyramid]
    cell = Choice([share]).pick(np.zeros(count, dtype=np.int64), rng)
    age: Floats = low[cell] + (high[cell] - low[cell]) * rng.random(count)
    female = cell >= len(pyramid)
    end = day_number(year, 12, 31)
    household, spouse, mother, daughter = _families(age, female, rng)
    draw = Choice([county_shares]).pick(np.zeros(count, dtype=np.int64), rng)
    employee = rng.random(count) < np.select([age < 20, age < 25, age < 60], [0.0, 0.35, 0.60], 0.46)
    identity = Choice([[1 - sum(_IDENTITY_SHARES), *_IDENTITY_SHARES]]).pick(np.zeros(count, dtype=np.int64), rng) - 1
    by_age = np.select([age < 6, age < 40, age < 60, age < 75], [0.9, 0.55, 1.0, 1.8], 2.3)
    frailty: Floats = by_age * rng.gamma(1.6, 1 / 1.6, count)
    born = end - (age * 365.2425).astype(np.int64)
    return Folk(
        admdvs, block, first, year, age, born, _deaths(age, born, year, rng), female, draw[household], household,
        spouse, mother, daughter, employee, _psn_types(age, female, employee, rng), np.where(employee, NONE, identity),
        _illness(age, rng), frailty / max(1e-9, float(frailty.mean())),
    )  # fmt: skip


def _families(age: Floats, female: Bools, rng: np.random.Generator) -> tuple[Ints, Ints, Ints, Ints]:
    """Household, spouse, mother and the daughter an elder lives with, by position in the block."""
    count = len(age)
    grown = age >= 22
    women = np.flatnonzero(grown & female)
    men = np.flatnonzero(grown & ~female)
    women, men = women[np.argsort(age[women], kind="stable")], men[np.argsort(age[men], kind="stable")]
    household = np.arange(count, dtype=np.int64)
    spouse, mother, daughter = (np.full(count, NONE, dtype=np.int64) for _ in range(3))
    pairs = min(len(women), len(men))
    wed = np.flatnonzero(rng.random(pairs) < 0.74)
    spouse[women[wed]], spouse[men[wed]] = men[wed], women[wed]
    household[men[wed]] = women[wed]
    if len(women) == 0:
        return household, spouse, mother, daughter
    ages = age[women]
    children = np.flatnonzero(~grown)
    years = age[children] + rng.normal(*_MOTHERHOOD, len(children))
    mother[children] = women[np.minimum(np.searchsorted(ages, years), len(women) - 1)]
    household[children] = household[mother[children]]
    elders = np.flatnonzero((age >= 66) & (rng.random(count) < 0.25))
    years = age[elders] - rng.normal(*_MOTHERHOOD, len(elders))
    hers = women[np.minimum(np.searchsorted(ages, years), len(women) - 1)]
    fits = (hers != elders) & (age[hers] < 62)
    daughter[elders[fits]] = hers[fits]
    household[elders[fits]] = hers[fits]
    return household, spouse, mother, daughter


def _psn_types(age: Floats, female: Bools, employee: Bools, rng: np.random.Generator) -> Ints:
    kind = np.select([rng.random(len(age)) < 0.06, rng.random(len(age)) < 0.18], [1, 2], 0)
    retired = employee & (age >= np.where(female, 54.0, 60.0))
    work = np.where(retired, np.where((age >= 90) & (rng.random(len(age)) < 0.05), 6, 3 + kind), kind)
    school = np.where(rng.random(len(age)) < 0.6, 10, 11)
    other = np.select([age < 1, age < 6, age < 18, age < 22, age < 60], [7, 8, 9, school, 11], 12)
    return np.where(employee, work, other).astype(np.int64)


def _deaths(age: Floats, born: Ints, year: int, rng: np.random.Generator) -> Ints:
    """Deaths within the year: a Gompertz hazard."""
    start, end = day_number(year), day_number(year, 12, 31)
    waiting = rng.standard_exponential(len(age)) / (4.0e-5 * np.exp(0.088 * age))
    day = np.maximum(born, start) + 1 + (np.minimum(waiting, 2.0) * (end - start)).astype(np.int64)
    return np.where(day <= end, day, ALIVE)


def _illness(age: Floats, rng: np.random.Generator) -> Bools:
    share = [np.select([age < 45, age < 60], [float(row["young"]), float(row["middle"])], float(row["old"]))
             for row in rows("care_diseases")]  # fmt: skip
    share = [np.where(age < 18, one * 0.1, one) for one in share]
    return np.stack([rng.random(len(age)) < one for one in share], axis=1)


def certificates(folk: Folk) -> pa.Array:
    """身份证号码 with a right check digit, no two alike: place by block, serial number by rank of birth."""
    day = folk.born * 2 + folk.female
    order = np.argsort(day, kind="stable")
    rank = np.empty(len(folk), dtype=np.int64)
    rank[order] = rank_within(day[order])
    place, turn = folk.block % 99 + 1, folk.block // 99
    serial = 2 * (rank + 100 * turn) + np.where(folk.female, 0, 1)
    date = np.array(folk.born, dtype="datetime64[D]")
    years = date.astype("datetime64[Y]").astype(np.int64) + 1970
    months = date.astype("datetime64[M]").astype(np.int64) % 12 + 1
    mday = (date - date.astype("datetime64[M]")).astype(np.int64) + 1
    tail = (years * 10_000 + months * 100 + mday) * 1000 + serial
    body = (int(folk.admdvs[:4]) * 100 + place) * 10**11 + tail
    weight = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    total = sum((body // 10 ** (16 - at) % 10 * weight[at] for at in range(17)), np.zeros(len(folk), dtype=np.int64))
    last = named(total % 11, list("10X98765432")).cast(pa.string())
    return pc.binary_join_element_wise(pa.array(body).cast(pa.string()), last, "")


def names(folk: Folk) -> pa.Array:
    """Invented names, by the person's number."""
    number = (np.arange(len(folk)) + folk.first) * 7919
    pairs = len(_GIVEN) ** 2
    given = [first + second for first in _GIVEN for second in _GIVEN]
    family = named(number % len(_SURNAMES), list(_SURNAMES)).cast(pa.string())
    return pc.binary_join_element_wise(family, named(number // 20 % pairs, given).cast(pa.string()), "")


def person_tables(folk: Folk, counties: list[str], certno: pa.Array, seed: int) -> dict[str, pa.Table]:
    """``persons``, ``households``, ``deaths``, ``identities`` and ``residents`` of the block."""
    rng = block_stream(seed, PEOPLE, folk.block + 1_000_000)
    numbers, full = folk.numbers(), names(folk)
    sex = named(folk.female.astype(np.int64), ["1", "2"])
    persons = {
        "psn_no": numbers, "certno": certno, "psn_name": full, "gend": sex, "brdy": dates(folk.born),
        "insutype": named(folk.employee.astype(np.int64), ["390", "310"]),
        "psn_type": named(folk.psn_type, PSN_TYPES), "admdvs": named(folk.county, counties),
    }  # fmt: skip
    homes = {"household_no": numbered("JT", folk.first + 1 + folk.household, 10), "psn_no": numbers}
    dead = np.flatnonzero(folk.died < ALIVE)
    deaths = {"psn_no": numbers.take(pa.array(dead)), "die_date": dates(folk.died[dead])}
    found = {"persons": persons, "households": homes, "deaths": deaths, "identities": _identities(folk, numbers, rng)}
    tables = {name: table_named(name, columns) for name, columns in found.items()}
    tables["residents"] = _residents(folk, counties, certno, full, rng)
    return tables


def _identities(folk: Folk, numbers: pa.Array, rng: np.random.Generator) -> dict[str, pa.Array]:
    """One span each; some end within a year or two."""
    who = np.flatnonzero(folk.identity >= 0)
    born = folk.born[who]
    start = np.maximum(born, day_number(folk.year) - 365 * rng.integers(0, 9, len(who)))
    until = np.where(rng.random(len(who)) < 0.1, start + rng.integers(365, 1500, len(who)), NONE)
    return {
        "psn_no": numbers.take(pa.array(who)), "psn_idet_type": named(folk.identity[who], IDENTITIES),
        "begndate": dates(start), "enddate": days_or_null(until),
    }  # fmt: skip


def _residents(folk: Folk, counties: list[str], certno: pa.Array, full: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Who lives here and should be insured: nearly all insured people, and some who never enrolled."""
    here = np.flatnonzero((folk.died == ALIVE) & (rng.random(len(folk)) < 0.97))
    never = np.flatnonzero(rng.random(len(folk)) < 0.015)
    who = np.concatenate([here, never])
    own = np.arange(len(who)) < len(here)
    kind = Choice([[0.82, 0.14, 0.04]]).pick(np.zeros(len(who), dtype=np.int64), rng)
    age, type_ = folk.age[who], folk.psn_type[who]
    work = np.select(
        [age < 6, age < 22, folk.retired[who], type_ == 2, folk.employee[who]], [4, 2, 3, 1, 0],
        np.where(rng.random(len(who)) < 0.4, 1, 4),
    )  # fmt: skip
    other = pc.binary_join_element_wise("9", pc.utf8_slice_codeunits(certno.take(pa.array(never)), 1), "")
    return table_named("residents", {
        "certno": pa.concat_arrays([certno.take(pa.array(here)), other]),
        "psn_name": pc.if_else(pa.array(own), full.take(pa.array(who)), pc.binary_join_element_wise(
            full.take(pa.array(who)), "生", "")),
        "gend": named(folk.female[who].astype(np.int64), ["1", "2"]), "brdy": dates(folk.born[who]),
        "admdvs": named(folk.county[who], counties), "resd_kind": named(kind, ["register", "permit", "floating"]),
        "empl_kind": named(work, ["unit", "flexible", "student", "retired", "none"]),
    })  # fmt: skip
