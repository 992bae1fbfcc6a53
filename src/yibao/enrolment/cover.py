"""参保区间 and 待遇资格: one person's intervals of cover from enrolments and payments, and the answer for a day.

职工 are covered by months paid in full, 居民 by years; 退休 and 离休 by their enrolment. A month or year paid in part
is not covered. A month paid after it had passed connects the years (switch) but brings no benefits, unless the law
says so (switch.backpay_retro). `batch` makes the same intervals in SQL. Rules: RULEBOOK §1b, §1d.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from yibao.enrolment.months import OPEN, first_day, last_day, month_no
from yibao.enrolment.outcomes import CoverOutcome
from yibao.enrolment.records import (
    ARREARS,
    BASIC,
    COVERED,
    EMPLOYEE,
    ENDED,
    PAUSED,
    RESIDENT,
    SUSPENDED,
    VETERAN,
    YEARS,
    Contribution,
    Cover,
    Enrolment,
    Identity,
    Person,
)
from yibao.enrolment.resident import PaidYear, is_newborn, resident_start
from yibao.enrolment.terms import TermBook

ONE_DAY = timedelta(1)


class Paid(NamedTuple):
    """A month or year paid in full: the day of its last payment and, where decided, the first day of benefits."""

    paid_date: date
    given: date | None


class Entitlement(NamedTuple):
    """The answer for a day. The interval's own columns are empty where there is none; ``other_admdvs`` is the second
    pool of a duplicate."""

    outcome: CoverOutcome
    insutype: str = ""
    insuplc_admdvs: str = ""
    psn_type: str = ""
    clct_way: str = ""
    begndate: date | None = None
    enddate: date | None = None
    pay_from: date | None = None
    other_admdvs: str = ""


def person_cover(
    person: Person,
    enrolments: Sequence[Enrolment],
    contributions: Iterable[Contribution],
    book: TermBook,
    first_year: int,
    identities: Sequence[Identity] = (),
) -> list[Cover]:
    """The intervals of one person from 1 January of ``first_year`` on, sorted; earlier rows are history.

    Within a spell of enrolment intervals never overlap and leave nothing out: what is not covered is in arrears.
    Raises MissingParameter where a year needs what the law lacks.
    """
    spells = sorted((one for one in enrolments if one.insutype in BASIC), key=lambda one: one[1:4])
    paid = paid_periods(contributions)
    found: list[Cover] = []
    for number, spell in enumerate(spells, 1):
        made: list[Cover] = []
        start, end = spell.psn_insu_date, _end(spell, person)
        if start <= end:
            held = list(_held(spell, end, person, paid, book, first_year, identities))
            made += [*held, *_arrears(spell, start, end, held)]
        made += _paused(spell, spells, person)
        found += (_cut(one, date(first_year, 1, 1))._replace(spell_no=number) for one in made)
    return sorted((one for one in found if one.begndate <= one.enddate), key=lambda one: (one.spell_no, one.begndate))


def entitlement(person: Person, day: date, covers: Iterable[Cover]) -> Entitlement:
    """The answer for a day, by the order of precedence of `CoverOutcome`.

    Covered in two pools on one day is a duplicate, whatever the insurance. Of several intervals of one rank the spell
    that comes first by insurance (职工 before 居民), pool and start answers.
    """
    if person.brdy is not None and day < person.brdy:
        return Entitlement(CoverOutcome.BEFORE_BIRTH)
    if person.die_date is not None and day > person.die_date:
        return Entitlement(CoverOutcome.DEAD)
    live = [one for one in covers if one.begndate <= day <= one.enddate]
    if not live:
        return Entitlement(CoverOutcome.NOT_ENROLLED)
    best = min(live, key=lambda one: (_rank(one, day), one.spell_no))
    pools = [one.insuplc_admdvs for one in live if one.cover_stas == COVERED]
    if len(set(pools)) > 1:
        other = max(pools) if best.insuplc_admdvs == min(pools) else min(pools)
        return Entitlement(CoverOutcome.DUPLICATE_ENROLMENT, *best[1:8], other)
    return Entitlement(_OUTCOMES[_rank(best, day)], *best[1:8])


_OUTCOMES = (CoverOutcome.COVERED, CoverOutcome.WAITING, CoverOutcome.ARREARS, CoverOutcome.SUSPENDED)


def _rank(cover: Cover, day: date) -> int:
    if cover.cover_stas == COVERED:
        return 0 if cover.pay_from is None or day >= cover.pay_from else 1
    return 2 if cover.cover_stas == ARREARS else 3


def paid_periods(contributions: Iterable[Contribution]) -> dict[tuple[str, str, int, int], Paid]:
    """(insurance, pool, year, month or 0) paid in full: payments and aid of a period add up to what was due.

    A refund is a negative payment. 职工 payments without a month, 居民 payments with one and payments for
    a year that is none count for nothing.
    """
    rows: dict[tuple[str, str, int, int], list[Contribution]] = defaultdict(list)
    for one in contributions:
        month = one.clct_month
        if one.year not in YEARS:
            continue
        monthly = month is not None and 1 <= month <= 12
        if (one.insutype == EMPLOYEE and monthly) or (one.insutype == RESIDENT and month is None):
            rows[one.insutype, one.insuplc_admdvs, one.year, one.clct_month or 0].append(one)
    return {
        period: Paid(max(one.paid_date for one in ones), max((d for one in ones if (d := one.pay_from)), default=None))
        for period, ones in rows.items()
        if sum(one.paid_amt + one.aid_amt for one in ones) >= sum(one.clct_amt for one in ones)
    }


def _stop(spell: Enrolment) -> date | None:
    """The first day that the spell no longer holds; a spell stopped on no stated day never held."""
    undated = spell.paus_insu_date is None and spell.psn_insu_stas in (SUSPENDED, ENDED)
    return spell.psn_insu_date if undated else spell.paus_insu_date


def _end(spell: Enrolment, person: Person) -> date:
    stop = _stop(spell)
    return min(OPEN if stop is None else stop - ONE_DAY, person.die_date or OPEN)


def _made(spell: Enrolment, begin: date, end: date, pay_from: date | None, state: str) -> Cover:
    return Cover(
        spell.psn_no, spell.insutype, spell.insuplc_admdvs, spell.psn_type, spell.clct_way, begin, end, pay_from, state
    )


def _held(
    spell: Enrolment,
    end: date,
    person: Person,
    paid: dict[tuple[str, str, int, int], Paid],
    book: TermBook,
    first_year: int,
    identities: Sequence[Identity],
) -> Iterator[Cover]:
    if spell.insutype == VETERAN or (spell.insutype == EMPLOYEE and spell.psn_type[:2] in ("12", "13")):
        spans = [(spell.psn_insu_date, end, spell.psn_insu_date)]
    elif spell.insutype == EMPLOYEE:
        spans = _months(spell, end, paid, book, first_year)
    else:
        spans = _years(spell, end, person, paid, book, first_year, identities)
    for begin, last, pay_from in spans:
        if begin <= last:
            yield _made(spell, begin, last, max(begin, pay_from, spell.pay_from or begin), COVERED)


def _months(
    spell: Enrolment, end: date, paid: dict[tuple[str, str, int, int], Paid], book: TermBook, first_year: int
) -> list[tuple[date, date, date]]:
    """Runs of months paid in time, cut to the spell."""
    months = sorted(
        year * 12 + month - 1
        for (insutype, pool, year, month), one in paid.items()
        if (insutype, pool) == (EMPLOYEE, spell.insuplc_admdvs)
        and year >= first_year
        and (one.paid_date <= last_day(year * 12 + month - 1) or book.of(year).backpay_retro)
    )
    months = [one for one in months if last_day(one) >= spell.psn_insu_date and first_day(one) <= end]
    runs: list[list[int]] = []
    for one in months:
        if runs and runs[-1][-1] == one - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    spans = ((max(first_day(run[0]), spell.psn_insu_date), min(last_day(run[-1]), end)) for run in runs)
    return [(begin, last, begin) for begin, last in spans]


def _years(
    spell: Enrolment,
    end: date,
    person: Person,
    paid: dict[tuple[str, str, int, int], Paid],
    book: TermBook,
    first_year: int,
    identities: Sequence[Identity],
) -> list[tuple[date, date, date]]:
    """The years a resident paid before they ended, each from its start by `resident_start`, cut to the spell."""
    spans = []
    for (insutype, pool, year, _), one in paid.items():
        if (insutype, pool) != (RESIDENT, spell.insuplc_admdvs) or year < first_year or one.paid_date.year > year:
            continue
        asked = _paid_year(spell, person, paid, year, one, identities)
        start = resident_start(book.of(year), asked)
        if start.lacks:
            book.refuse(year, start.lacks)
        born = is_newborn(book.of(year), asked)
        begin = start.begndate if born else max(start.begndate, spell.psn_insu_date)
        spans.append((begin, min(date(year, 12, 31), end), start.pay_from))
    return spans


def _paid_year(
    spell: Enrolment,
    person: Person,
    paid: dict[tuple[str, str, int, int], Paid],
    year: int,
    one: Paid,
    identities: Sequence[Identity],
) -> PaidYear:
    resident = [(y, p.paid_date) for (kind, _, y, _), p in paid.items() if kind == RESIDENT]
    worked = [y * 12 + m - 1 for (kind, _, y, m) in paid if kind == EMPLOYEE]
    return PaidYear(
        year, one.paid_date, spell.psn_insu_date, person.brdy, one.given,
        stopped=any(m // 12 == year and m <= month_no(one.paid_date) for m in worked),
        prev_resident=max((y for y, day in resident if y < year and day.year <= y), default=None),
        prev_employee=max((m // 12 for m in worked if m // 12 < year), default=None),
        repaired=tuple(sorted({y for y, day in resident if y < year and day.year > y}
                              - {y for y, day in resident if day.year <= y})),
        identities=tuple(one_.psn_idet_type for one_ in identities if one_.holds(one.paid_date)),
    )  # fmt: skip


def _arrears(spell: Enrolment, start: date, end: date, held: Sequence[Cover]) -> Iterator[Cover]:
    """What of the spell no covered interval covers."""
    free = start
    for one in sorted(held, key=lambda one: one.begndate):
        if one.begndate > free:
            yield _made(spell, free, one.begndate - ONE_DAY, None, ARREARS)
        if one.enddate >= end:
            return
        free = max(free, one.enddate + ONE_DAY)
    yield _made(spell, free, end, None, ARREARS)


def _paused(spell: Enrolment, spells: Sequence[Enrolment], person: Person) -> Iterator[Cover]:
    """暂停参保 lasts until the person's next spell begins, or death."""
    stop = _stop(spell)
    if spell.psn_insu_stas != SUSPENDED or stop is None:
        return
    later = [one.psn_insu_date for one in spells if one is not spell and one.psn_insu_date >= stop]
    end = min((min(later) - ONE_DAY) if later else OPEN, person.die_date or OPEN)
    if stop <= end:
        yield _made(spell, stop, end, None, PAUSED)


def _cut(one: Cover, first: date) -> Cover:
    """The interval from ``first`` on."""
    if one.begndate >= first:
        return one
    return one._replace(begndate=first, pay_from=None if one.pay_from is None else max(first, one.pay_from))
