"""Who is enrolled and has paid: one fate for each person of a block, its enrolments and its payments.

Most hold for the whole year. Some pay late and wait, leave months out, are suspended, change insurance within the year,
are enrolled in two pools at once, have left long ago. Residents' payments say from when they are entitled
(``pay_from``), as a pool that has decided it does; a newborn's follow the law.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.care.columns import (
    COVER,
    NONE,
    block_stream,
    days_or_null,
    filled,
    named,
    stacked,
    table_named,
    whole_or_null,
)  # fmt: skip
from yibao.synth.care.people import PSN_TYPES, Folk
from yibao.synth.draw import Bools, Choice, Floats, Ints, dates, day_number, decimals, numbered
from yibao.synth.people import ALIVE

WHOLE, GAP, SUSPENDED, LEFT, JOINED, TWICE, LAPSED, LATE, UNPAID, PARTLY, TO_WORK = range(11)
"""Fates: covered all year; months unpaid; suspended; 职工 to 居民; began within the year; in two pools; gone before;
paid late; not paid; paid in part; 居民 to 职工."""
_WORKING = {WHOLE: 0.960, GAP: 0.012, SUSPENDED: 0.008, LEFT: 0.006, JOINED: 0.008, TWICE: 0.003, LAPSED: 0.003}
_RETIRED = {WHOLE: 0.995, TWICE: 0.003, LAPSED: 0.002}
_RESIDENT = {WHOLE: 0.955, LATE: 0.015, UNPAID: 0.008, PARTLY: 0.002, TO_WORK: 0.010, TWICE: 0.004, LAPSED: 0.006}
_BORN_LATE = 0.04
"""Share of the newborn registered after the days that bring cover from birth."""
_PREMIUM, _AID = 40_000, (40_000, 32_000, 20_000, 12_000, NONE, 20_000)
"""A resident's premium of the year, and what is paid for each of `people.IDENTITIES`, in fen."""
_OWN_PERMILLE = 20
"""What of his contribution base goes to an employee's account each month."""


class Cover(NamedTuple):
    """Fates and what hangs on them: month of change (1–12), months of a gap, base of contribution in fen, months paid
    in time, and the way of payment (1 with an account, 2 without, 3 residents)."""

    fate: Ints
    month: Ints
    length: Ints
    base: Ints
    paid: Bools
    way: Ints
    newborn: Bools

    @property
    def account(self) -> Bools:
        """Who has an account of his own."""
        held: Bools = self.way == 1
        return held


def cover(folk: Folk, year: int, seed: int) -> Cover:
    """Draws the fates of a block."""
    rng = block_stream(seed, COVER, folk.block)
    count = len(folk)
    groups = [list(one.values()) for one in (_WORKING, _RETIRED, _RESIDENT)]
    kinds = np.array([fate for one in (_WORKING, _RETIRED, _RESIDENT) for fate in one], dtype=np.int64)
    group = np.where(folk.employee, np.where(folk.retired, 1, 0), 2)
    fate = kinds[Choice(groups).pick(group, rng)]
    newborn = folk.born >= day_number(year)
    fate = np.where(newborn, np.where(rng.random(count) < _BORN_LATE, LATE, WHOLE), fate)
    month = rng.integers(2, 12, count)
    length = rng.integers(1, 5, count)
    base = np.clip(np.exp(rng.normal(8.7, 0.35, count)), 4_200, 26_000).astype(np.int64) * 100
    way = np.where(folk.employee, np.where((folk.psn_type == 2) & (rng.random(count) < 0.6), 2, 1), 3)
    at = np.arange(1, 13)
    low, high = month[:, None], (month + length)[:, None]
    held = np.ones((count, 12), dtype=np.bool_)
    held &= ~(((fate == GAP) | (fate == SUSPENDED))[:, None] & (at >= low) & (at < high))
    held &= ~((fate == LEFT)[:, None] & (at >= low))
    held &= ~(((fate == JOINED) | (fate == TO_WORK))[:, None] & (at < low))
    held &= (fate != LAPSED)[:, None]
    held &= _month_starts(year)[None, :] <= np.where(folk.died == ALIVE, ALIVE, folk.died)[:, None]
    pays = (folk.employee & ~folk.retired) | (fate == TO_WORK)
    return Cover(fate, month, length, base, held & pays[:, None], way, newborn)


def _month_starts(year: int) -> Ints:
    return np.array([day_number(year, month) for month in range(1, 13)], dtype=np.int64)


def _start_of(year: int, month: Ints) -> Ints:
    """The first day of months that may run past December."""
    months = (year - 1970) * 12 + month - 1
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def enrolments(folk: Folk, held: Cover, year: int, seed: int, neighbours: list[str]) -> pa.Table:
    """The table ``enrolments`` of a block: spells of the own pool, and of another for those enrolled twice."""
    rng = block_stream(seed, COVER, folk.block + 1_000_000)
    count = len(folk)
    who = np.arange(count, dtype=np.int64)
    long_ago = np.maximum(folk.born + 20, day_number(year) - rng.integers(30, 6_000, count))
    long_ago = np.where(folk.employee, np.maximum(folk.born + 18 * 366, long_ago), long_ago)
    change = _start_of(year, held.month)
    registered = folk.born + np.where(held.fate == LATE, rng.integers(95, 150, count), rng.integers(3, 88, count))
    registered = np.minimum(registered, day_number(year, 12, 31))
    start = np.select([held.newborn, held.fate == JOINED], [registered, change], long_ago)
    stop = np.select(
        [held.fate == LAPSED, np.isin(held.fate, (SUSPENDED, LEFT, TO_WORK))],
        [day_number(year) - rng.integers(40, 500, count), change], NONE,
    )  # fmt: skip
    stop = np.where((stop >= 0) & (stop < start), start + 1, stop)
    state = np.where(stop < 0, 0, np.where(held.fate == SUSPENDED, 1, 2))
    kind = np.where(held.way == 3, 1, 0)
    first = _rows(who, kind, folk.psn_type, held.way, state, start, stop)
    back = np.flatnonzero((held.fate == SUSPENDED) & (held.length < 4))
    again = _start_of(year, held.month[back] + held.length[back])
    left, to_work = np.flatnonzero(held.fate == LEFT), np.flatnonzero(held.fate == TO_WORK)
    twice = np.flatnonzero(held.fate == TWICE)
    none = filled(count, NONE)
    parts = [
        first,
        _rows(back, kind[back], folk.psn_type[back], held.way[back], none[back] + 1, again, none[back]),
        _rows(left, none[left] + 2, none[left] + 12, none[left] + 4, none[left] + 1, change[left], none[left]),
        _rows(to_work, none[to_work] + 1, none[to_work] + 1, none[to_work] + 2, none[to_work] + 1, change[to_work],
              none[to_work]),
        _rows(twice, kind[twice], folk.psn_type[twice], held.way[twice], none[twice] + 1, start[twice] + 11,
              none[twice], pool=rng.integers(1, len(neighbours) + 1, len(twice))),
    ]  # fmt: skip
    return _enrolment_table(folk, stacked(parts), [folk.admdvs, *neighbours])


def _rows(
    who: Ints, kind: Ints, type_: Ints, way: Ints, state: Ints, start: Ints, stop: Ints, pool: Ints | None = None
) -> dict[str, Ints]:
    return {
        "who": who, "kind": kind, "type": type_, "way": way, "state": state, "start": start, "stop": stop,
        "pool": filled(len(who), 0) if pool is None else pool,
    }  # fmt: skip


def _enrolment_table(folk: Folk, row: dict[str, Ints], pools: list[str]) -> pa.Table:
    order = np.lexsort((row["start"], row["who"]))
    row = {name: values[order] for name, values in row.items()}
    work = np.where(row["way"] == 3, NONE, np.select([row["type"] % 3 == 1, row["type"] % 3 == 2], [1, 2], 0))
    firm = np.where(work == 0, row["who"] % 997, NONE)
    return table_named("enrolments", {
        "psn_no": folk.numbers().take(pa.array(row["who"])), "insutype": named(row["kind"], ["310", "390"]),
        "insuplc_admdvs": named(row["pool"], pools), "psn_type": named(row["type"], PSN_TYPES),
        "clct_way": named(row["way"] - 1, ["1", "2", "3"]),
        "emp_type": named(work, ["enterprise", "agency", "flexible"]),
        "emp_name": named(firm, [f"第{number}机械厂" for number in range(997)]),
        "psn_insu_stas": named(row["state"], ["1", "2", "4"]), "psn_insu_date": dates(row["start"]),
        "paus_insu_date": days_or_null(row["stop"]), "pay_from": days_or_null(filled(len(order), NONE)),
    })  # fmt: skip


def contributions(folk: Folk, held: Cover, year: int, seed: int, neighbours: list[str]) -> pa.Table:
    """The table ``contributions`` of a block: a row a month of those at work, a row a year of residents."""
    rng = block_stream(seed, COVER, folk.block + 2_000_000)
    parts = [_by_month(folk, held, year, rng), _by_year(folk, held, year, rng)]
    twice = np.flatnonzero((held.fate == TWICE) & (held.way == 3))
    other = rng.integers(1, len(neighbours) + 1, len(twice))
    away = {name: filled(len(twice), NONE) for name in parts[0]}
    away |= {"who": twice, "kind": filled(len(twice), 1), "pool": other, "month": filled(len(twice), 0)}
    away |= {"due": filled(len(twice), _PREMIUM), "paid": filled(len(twice), _PREMIUM)}
    away |= {"day": filled(len(twice), day_number(year - 1, 11, 9)), "from": filled(len(twice), day_number(year))}
    work = np.flatnonzero((held.fate == TWICE) & (held.way != 3) & ~folk.retired)
    other = rng.integers(1, len(neighbours) + 1, len(work))
    mask = np.isin(parts[0]["who"], work)
    copied = {name: values[mask] for name, values in parts[0].items()}
    copied["pool"] = other[np.searchsorted(work, copied["who"])]
    row = stacked([*parts, away, copied])
    number = ((folk.first + row["who"]) * 100 + row["month"]) * 10 + np.minimum(row["pool"], 1)
    return table_named("contributions", {
        "clct_id": numbered(f"JF{year}", number, 12), "psn_no": folk.numbers().take(pa.array(row["who"])),
        "insutype": named(row["kind"], ["310", "390"]),
        "insuplc_admdvs": named(row["pool"], [folk.admdvs, *neighbours]),
        "year": pa.array(filled(len(number), year), pa.int32()),
        "clct_month": whole_or_null(np.where(row["month"] == 0, NONE, row["month"])),
        "clct_base": _money(row["base"]), "clct_amt": decimals(row["due"]), "paid_amt": decimals(row["paid"]),
        "aid_amt": _money(row["aid"]), "paid_date": dates(row["day"]), "pay_from": days_or_null(row["from"]),
    })  # fmt: skip


def _money(fen: Ints) -> pa.Array:
    """Amounts; `NONE` is null."""
    return pc.if_else(pa.array(fen >= 0), decimals(np.maximum(fen, 0)), pa.scalar(None, pa.decimal128(16, 2)))


def _by_month(folk: Folk, held: Cover, year: int, rng: np.random.Generator) -> dict[str, Ints]:
    due = held.paid.copy()
    late = (held.fate == GAP) & (rng.random(len(folk)) < 0.4)
    at = np.arange(1, 13)
    owed = late[:, None] & (at >= held.month[:, None]) & (at < (held.month + held.length)[:, None])
    who, month = np.nonzero(due | owed)
    month = month + 1
    missed = owed[who, month - 1] & ~due[who, month - 1]
    base = held.base[who]
    amount = base * 8 // 100
    day = _start_of(year, month + np.where(missed, held.length[who] + 1, 0)) + rng.integers(3, 26, len(who))
    return {
        "who": who, "kind": filled(len(who), 0), "pool": filled(len(who), 0), "month": month, "base": base,
        "due": amount, "paid": amount, "aid": filled(len(who), NONE), "day": day, "from": filled(len(who), NONE),
    }  # fmt: skip


def _by_year(folk: Folk, held: Cover, year: int, rng: np.random.Generator) -> dict[str, Ints]:
    """One row each; who left 职工 pays on changing, a newborn on registering."""
    who = np.flatnonzero(((held.way == 3) & ~np.isin(held.fate, (UNPAID, LAPSED))) | (held.fate == LEFT))
    fate, newborn = held.fate[who], held.newborn[who]
    count = len(who)
    aid = np.where(folk.identity[who] >= 0, np.array(_AID)[np.maximum(folk.identity[who], 0)], NONE)
    early = day_number(year - 1, 9, 20) + rng.integers(0, 95, count)
    slow = day_number(year, 2, 1) + rng.integers(0, 80, count)
    late = (fate == LATE) & ~newborn
    day = np.select([newborn, late, fate == LEFT],
                    [np.minimum(folk.born[who] + 89, day_number(year, 12, 31)), slow, _start_of(year, held.month[who])],
                    early)  # fmt: skip
    after = (day.astype("datetime64[D]").astype("datetime64[M]") + 3).astype("datetime64[D]").astype(np.int64)
    start = np.select([newborn & (fate == LATE), newborn, late, fate == LEFT],
                      [np.minimum(folk.born[who] + 150, day_number(year, 12, 31)), NONE, after, day],
                      day_number(year))  # fmt: skip
    due = filled(count, _PREMIUM)
    paid = np.where(fate == PARTLY, due // 2, due) - np.where(fate == PARTLY, 0, np.maximum(aid, 0))
    return {
        "who": who, "kind": filled(count, 1), "pool": filled(count, 0), "month": filled(count, 0),
        "base": filled(count, NONE), "due": due, "paid": paid, "aid": np.where(fate == PARTLY, NONE, aid), "day": day,
        "from": start,
    }  # fmt: skip


def account_share(base: Ints) -> Ints:
    """What is put into an employee's account a month, in fen."""
    return base * _OWN_PERMILLE // 1000


def sound(folk: Folk, held: Cover) -> Bools:
    """Whom nothing keeps from benefits on any day of the year."""
    steady: Bools = (held.fate == WHOLE) & ~held.newborn & (folk.died == ALIVE)
    return steady


def monthly(folk: Folk, held: Cover) -> Floats:
    """What comes into a retired person's account each month, in 元: more with age (assumed)."""
    return np.where(folk.retired & held.account, 90.0 + np.floor(folk.age), 0.0)
