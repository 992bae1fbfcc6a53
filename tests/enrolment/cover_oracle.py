"""Cover told day by day, slowly and from the rule's sentences; imports nothing of yibao.

The invented city's figures stand here as numbers: window 09-15 to 02-28, late payers from the next month, wait 3 + 1 a
broken year from the day of payment, at least 6 from 4 broken years, newborns 90 days, 特困 exempt, no retroactive
benefits, 职工 years count.
"""

from calendar import monthrange
from datetime import date, timedelta


def month_end(year, month):
    return date(year, month, monthrange(year, month)[1])


def full(contributions, kind):
    """(pool, year, month) → (last payment, decided day) of the periods paid in full."""
    sums = {}
    for c in contributions:
        right = c.clct_month is not None and 1 <= c.clct_month <= 12 if kind == "310" else c.clct_month is None
        if c.insutype == kind and right and 1949 <= c.year <= 2200:
            due, got, last, given = sums.get((c.insuplc_admdvs, c.year, c.clct_month), (0, 0, date.min, date.min))
            sums[c.insuplc_admdvs, c.year, c.clct_month] = (
                due + c.clct_amt, got + c.paid_amt + c.aid_amt, max(last, c.paid_date),
                max(given, c.pay_from or date.min),
            )  # fmt: skip
    return {k: (last, given) for k, (due, got, last, given) in sums.items() if got >= due}


def stopped_on(e):
    return e.psn_insu_date if e.paus_insu_date is None and e.psn_insu_stas in "24" else e.paus_insu_date


def enrolled(e, person, day):
    stop = stopped_on(e)
    return (
        e.psn_insu_date <= day and (stop is None or day < stop) and (person.die_date is None or day <= person.die_date)
    )


def later(day, months):
    for _ in range(months):
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day


def plus(day, months):
    first = later(day.replace(day=1), months)
    return first.replace(day=min(day.day, month_end(first.year, first.month).day))


def year_start(e, person, contributions, year, last, given, identities):
    """First day of cover and of benefits of a resident's paid year."""
    new_year = date(year, 1, 1)
    if person.brdy and e.psn_insu_date.year == year and 0 <= (e.psn_insu_date - person.brdy).days <= 90:
        return person.brdy, given if given != date.min else person.brdy
    if given != date.min:
        begin = new_year if last < new_year else max(new_year, min(last, given))
        return max(begin, e.psn_insu_date), given
    worked = {(y, m) for _, y, m in full(contributions, "310")}
    if last >= new_year and any(y == year and m <= last.month for y, m in worked):
        begin = later(last.replace(day=1), 1)
        return max(begin, e.psn_insu_date), begin
    years = full(contributions, "390")
    whole = {y for (_, y, _), (paid, _) in years.items() if paid.year <= y}
    mended = {y for (_, y, _), (paid, _) in years.items()} - whole
    known = [y for y in range(1990, year) if y in whole or any(a == y for a, _ in worked)]
    broken = set(range(known[-1] + 1, year)) if known else set()
    in_time = date(year - 1, 9, 15) <= last <= date(year, 2, 28)
    begin = new_year if last < new_year or in_time else later(last.replace(day=1), 1)
    exempt = any(
        i.psn_idet_type == "tekun" and i.begndate <= last and (i.enddate is None or last <= i.enddate)
        for i in identities
    )
    wait = 0
    if (broken or not in_time) and not exempt:
        wait = 3 + len(broken) - len(broken & mended)
        wait = max(wait, 6) if len(broken) >= 4 else wait
    return max(begin, e.psn_insu_date), max(begin, plus(last, wait)) if wait else begin


def state(e, person, contributions, identities, day):
    """``covered`` with the first day of benefits, ``arrears``, or None where the spell does not hold on the day."""
    born = person.brdy and 0 <= (e.psn_insu_date - person.brdy).days <= 90
    stop = stopped_on(e)
    if (stop is not None and stop <= e.psn_insu_date) or (person.die_date and person.die_date < e.psn_insu_date):
        return None
    if e.insutype not in ("310", "340", "390"):
        return None
    if e.insutype in ("310", "340"):
        if not enrolled(e, person, day):
            return None
        free = e.insutype == "340" or e.psn_type[:2] in ("12", "13")
        last = full(contributions, "310").get((e.insuplc_admdvs, day.year, day.month), (date.max, None))[0]
        if free or last <= month_end(day.year, day.month):
            return "covered", e.pay_from or date.min
        return "arrears", None
    for (pool, year, _), (last, given) in full(contributions, "390").items():
        if pool != e.insuplc_admdvs or last.year > year or year < 2020:
            continue
        begin, pay_from = year_start(e, person, contributions, year, last, given, identities)
        before = born and begin == person.brdy and day < e.psn_insu_date
        if begin <= day <= date(year, 12, 31) and (before or enrolled(e, person, day)):
            return "covered", max(pay_from, e.pay_from or date.min)
    return ("arrears", None) if enrolled(e, person, day) else None


def paused(e, spells, person, day):
    stop = stopped_on(e)
    if e.psn_insu_stas != "2" or day < stop or (person.die_date and day > person.die_date):
        return False
    return not any(stop <= s.psn_insu_date <= day for s in spells if s is not e)


def answer(person, spells, contributions, identities, day):
    """The name of the day, and the pools that cover it."""
    if person.brdy and day < person.brdy:
        return "before_birth", set()
    if person.die_date and day > person.die_date:
        return "dead", set()
    states = [(state(e, person, contributions, identities, day), e) for e in spells]
    covered = [(pay_from, e) for found, e in states if found and found[0] == "covered" for pay_from in [found[1]]]
    pools = {e.insuplc_admdvs for _, e in covered}
    if len(pools) > 1:
        return "duplicate_enrolment", pools
    if any(day >= pay_from for pay_from, _ in covered):
        return "covered", pools
    if covered:
        return "waiting", pools
    if any(found for found, _ in states):
        return "arrears", pools
    return ("suspended" if any(paused(e, spells, person, day) for e in spells) else "not_enrolled"), pools


def days(first, last, step=1):
    while first <= last:
        yield first
        first += timedelta(step)
