"""The inpatient settlement lists: episodes are treated somewhere, end somehow, and become rows."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from yibao.standard import TABLES
from yibao.synth.codes import Codes, FurtherDiagnoses, procedures
from yibao.synth.course import Course, course
from yibao.synth.diseases import Model
from yibao.synth.draw import Bools, Floats, Ints, dates, day_number, decimals, joined, numbered, stream, words
from yibao.synth.episodes import Episodes, episodes
from yibao.synth.facts import Facts
from yibao.synth.fees import Burden, Outcome, outcomes, payments, scaled
from yibao.synth.habits import booked_factor
from yibao.synth.parts import parts
from yibao.synth.people import ALIVE, People
from yibao.synth.providers import Providers
from yibao.synth.sheets import rows

_PART = 3
_SEVERE = 1.6
"""Severity from which the risk of death multiplies."""


@dataclass(frozen=True)
class Richness:
    """How varied the lists are: most codes a list, mean number of further diagnoses and procedures of an adult."""

    max_dx: int = 10
    max_px: int = 5
    mean_dx: float = 2.6
    mean_px: float = 0.3


class Treated(NamedTuple):
    """Episodes with all that belongs to them; one entry a case except in the ragged lists."""

    person: Ints
    entry: Ints
    admitted: Ints
    principal: Ints
    level: Ints
    hospital: Ints
    age: Ints
    young_days: Ints
    path: Ints
    outcome: Outcome
    severity: Floats
    diagnoses: Codes
    procedures: Codes
    course: Course


def inpatient(
    people: People, places: Providers, model: Model, years: tuple[int, ...], seed: int, counties: int, rich: Richness
) -> tuple[pa.Table, Facts, People]:
    """The cases of the years, ordered by discharge, as table and as arrays, and the people with the deaths in hospital.

    Grain ``setl_id``; amounts are decimal 元; a case is kept when the person lives, is not in hospital already and
    is discharged before the last year ends.
    """
    rng = stream(seed, _PART)
    found = episodes(people, model, years, rng)
    treated = _treat(found, people, places, model, day_number(years[0]), counties, rich, seed, rng)
    order, died = _possible(treated, people, model, day_number(years[-1], 12, 31), rng)
    survivors = people.with_deaths(_death_days(treated, order, died, len(people)))
    table, facts = _rows(treated, order, died, survivors, places, model, years, seed, rng)
    return table, facts, survivors


def _treat(
    found: Episodes,
    people: People,
    places: Providers,
    model: Model,
    start: int,
    counties: int,
    rich: Richness,
    seed: int,
    rng: np.random.Generator,
) -> Treated:
    person, entry, admitted = found
    principal = model.leaf_dx[model.leaf.pick(entry, rng)]
    path = model.path.pick(entry, rng)
    level = np.where(people.home[person] > 0, 2, model.level.pick(path, rng) % 3)
    letter, female = model.letter[entry], people.female[person]
    group = Providers.group(level, letter, people.county[person], counties)
    hospital = places.open_on(places.picked(places.choice(counties).pick(group, rng)), admitted)
    young_days = admitted - people.born[person]
    age = _age(people.born[person], admitted)
    drawer = FurtherDiagnoses(model)
    weight = np.select([age < 18, age < 45, age < 65, age < 80], [0.45, 0.7, 1.0, 1.35], 1.6)
    mean = rich.mean_dx * weight * np.array([0.8, 1.0, 1.2])[level]
    diagnoses = drawer.draw(principal, letter, age, young_days <= 28, female, mean, rich.max_dx, rng)
    severity = _severity(diagnoses, drawer.factor, len(person))
    way = course(model, seed, principal, entry, path, level, age, young_days, diagnoses)
    operations, added = procedures(model, path, rich.mean_px * np.array([0.6, 1.0, 1.4])[level], rich.max_px, rng)
    burden = Burden(
        mean_fee=model.path_fee[path],
        sd=model.path_sd[path],
        mean_days=model.path_days[path],
        level=level,
        hospital=places.fee_factor[hospital],
        severity=severity,
        diagnoses=np.bincount(diagnoses.owner, minlength=len(person)).astype(np.int64) - 1,
        added=added,
        years=(admitted - start) / 365.2425,
        fee_factor=way.fee,
        stay_factor=way.stay,
        icu=way.icu,
        day=way.day,
    )
    outcome = outcomes(burden, rng)
    return Treated(
        person, entry, admitted, principal, level, hospital, age, young_days, path, outcome, severity, diagnoses,
        operations, way,
    )  # fmt: skip


def _age(born: Ints, day: Ints) -> Ints:
    """Completed years (周岁) on the day."""
    birth, today = born.astype("datetime64[D]"), day.astype("datetime64[D]")
    months = today.astype("datetime64[M]").astype(np.int64) - birth.astype("datetime64[M]").astype(np.int64)
    in_month = (today - today.astype("datetime64[M]")) < (birth - birth.astype("datetime64[M]"))
    years: Ints = np.maximum(0, (months - in_month) // 12)
    return years


def _severity(diagnoses: Codes, factor: Floats, count: int) -> Floats:
    """The product of the factors of the further diagnoses, at most 4."""
    logs = np.log(factor[diagnoses.code])
    first = np.r_[True, diagnoses.owner[1:] != diagnoses.owner[:-1]]
    logs[first] = 0.0  # the principal diagnosis is priced by its path
    return np.minimum(np.exp(np.bincount(diagnoses.owner, weights=logs, minlength=count)), 4.0)


def _possible(treated: Treated, people: People, model: Model, end: int, rng: np.random.Generator) -> tuple[Ints, Bools]:
    """The case numbers that can be, by person and admission, and which of them end with death."""
    leaves = treated.admitted + treated.outcome.days
    person = treated.person
    alive = (treated.admitted >= people.born[person]) & (leaves < people.died[person]) & (leaves <= end)
    order = np.flatnonzero(alive)
    order = order[np.lexsort((treated.entry[order], treated.admitted[order], person[order]))]
    span = np.int64(1) << 20
    left = person[order] * span + leaves[order]
    before = np.maximum.accumulate(np.r_[np.int64(-1), left[:-1]]) if len(left) else left
    order = order[person[order] * span + treated.admitted[order] >= before]
    risk = model.death[treated.entry[order]] * np.select(
        [treated.age[order] < 45, treated.age[order] < 65, treated.age[order] < 80], [0.4, 0.7, 1.1], 1.9
    )
    died = rng.random(len(order)) < risk * np.where(treated.severity[order] >= _SEVERE, 3.0, 0.5)
    place = np.arange(len(order), dtype=np.int64)
    last = np.full(len(people), ALIVE, dtype=np.int64)
    np.minimum.at(last, person[order[died]], place[died])
    kept = place <= last[person[order]]
    return order[kept], died[kept]


def _death_days(treated: Treated, order: Ints, died: Bools, count: int) -> Ints:
    days = np.full(count, ALIVE, dtype=np.int64)
    last = order[died]
    np.minimum.at(days, treated.person[last], treated.admitted[last] + treated.outcome.days[last])
    return days


def _ways(died: Bools, level: Ints, rng: np.random.Generator) -> Ints:
    """离院方式: 1 on medical advice, 2 to another hospital, 3 to primary care, 4 against advice, 5 death, 9 other."""
    luck = rng.random(len(died))
    transfer = luck < np.array([0.016, 0.012, 0.004])[level]
    down = (luck > 0.5) & (luck < 0.5 + np.array([0.0, 0.004, 0.010])[level])
    return np.select([died, transfer, down, luck > 0.965, luck > 0.960], [5, 2, 3, 4, 9], 1)


def _compact(lists: Codes, order: Ints, total: int) -> Codes:
    """The ragged lists of the cases in ``order``, renumbered in that order."""
    position = np.full(total, -1, dtype=np.int64)
    position[order] = np.arange(len(order))
    owner = position[lists.owner]
    kept = np.flatnonzero(owner >= 0)
    kept = kept[np.argsort(owner[kept], kind="stable")]
    return Codes(owner[kept], lists.code[kept])


def _rows(
    treated: Treated,
    chosen: Ints,
    died: Bools,
    people: People,
    places: Providers,
    model: Model,
    years: tuple[int, ...],
    seed: int,
    rng: np.random.Generator,
) -> tuple[pa.Table, Facts]:
    leaves = treated.admitted + treated.outcome.days
    by_day = np.lexsort((chosen, leaves[chosen]))
    order, died = chosen[by_day], died[by_day]
    person, level = treated.person[order], treated.level[order]
    infant, young = treated.age[order] == 0, treated.young_days[order] <= 28
    total = len(treated.person)
    diagnoses, operations = _compact(treated.diagnoses, order, total), _compact(treated.procedures, order, total)
    amounts, facts = _amounts(treated, order, people, places, model, years, seed, rng)
    intensive = np.minimum(treated.course.icu, treated.outcome.days)[order]
    before = {
        "setl_id": numbered(people.admdvs + "S", np.arange(1, len(order) + 1, dtype=np.int64), 12),
        "psn_no": people.numbers().take(pa.array(person)),
        "insutype": words(people.employee[person].astype(np.int64), ["390", "310"]),
        "fixmedins_code": words(treated.hospital[order], places.codes),
        "hosp_lv": words(level, ["1", "2", "3"]),
        "gend": words(people.female[person].astype(np.int64), ["1", "2"]),
        "age": pa.array(treated.age[order], pa.int64()),
        "nwb_age_days": pa.array(treated.young_days[order], pa.int64(), mask=~infant),
        "nwb_adm_wt": pa.array(treated.course.grams[order], pa.int64(), mask=~young),
        "adm_date": dates(treated.admitted[order]),
        "dscg_date": dates(leaves[order]),
        "act_ipt_days": pa.array(treated.outcome.days[order], pa.int64()),
        "dscg_way": words(_ways(died, level, rng), [str(way) for way in range(10)]),
        "diag_codes": joined(diagnoses.owner, diagnoses.code, model.dx.codes, len(order)),
        "oprn_codes": joined(operations.owner, operations.code, model.px.codes, len(order)),
    }
    after = {
        "insuplc_admdvs": words(people.home[person], people.homes),
        "icu_days": pa.array(intensive, pa.int64(), mask=intensive == 0),
    }
    columns = before | amounts | after
    return pa.table({name: columns[name] for name in TABLES["cases"].columns}), facts


def _amounts(
    treated: Treated,
    order: Ints,
    people: People,
    places: Providers,
    model: Model,
    years: tuple[int, ...],
    seed: int,
    rng: np.random.Generator,
) -> tuple[dict[str, pa.Array], Facts]:
    """The amounts of the cases in ``order`` as exact decimals, by the name of the column; and the cases as arrays."""
    person, level, hospital, path = (
        part[order] for part in (treated.person, treated.level, treated.hospital, treated.path)
    )
    fee, admitted = treated.outcome.fee[order], treated.admitted[order]
    paid = payments(fee, level, people.employee[person], rng)
    typical = model.path_fee[path] * np.array([float(row["fee_factor"]) for row in rows("levels")])[level] * 100
    part = parts(
        model, seed, fee, typical.astype(np.int64), paid.fund, treated.principal[order], path, treated.entry[order],
        np.array([kind == "中医" for kind in places.specialty])[hospital],
    )  # fmt: skip
    facts = Facts(
        people.home[person], people.employee[person], hospital, level, treated.principal[order], path,
        model.letter[treated.entry[order]], admitted, admitted + treated.outcome.days[order], fee, paid.fund, part.pool,
    )  # fmt: skip
    factor = booked_factor(facts, model, places.booked_ratio, years[-1], years[max(0, len(years) - 2)])
    paid = scaled(paid, fee, factor)
    facts = facts._replace(fund=paid.fund, pool=np.minimum(facts.pool * factor // 10_000, paid.fund))
    amounts = {
        "medfee_sumamt": fee,
        "fund_pay_sumamt": facts.fund,
        "psn_part_amt": paid.patient,
        "acct_pay": paid.account,
        "psn_cash_pay": paid.cash,
        "hifp_pay": facts.pool,
        "drug_fee": part.drugs,
        "trt_fee": part.treatment,
        "tcm_fee": part.tcm,
    }
    return {name: decimals(fen) for name, fen in amounts.items()}, facts
