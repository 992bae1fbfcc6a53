"""The facts of a line in plain Python, for one settlement at a counter: the same answers as the SQL of the batch.

`facts_of_claim` nets reversals, then asks `facts_of` for each line. Nothing here depends on what other settlements used
up: that is the counters', which `scope_line` reads. Rules in the order of `yibao.catalogue.reasons`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from yibao.catalogue.reasons import Reason
from yibao.catalogue.records import (
    CONSUMABLE,
    HERB,
    NEGOTIATED,
    PREPARATION,
    SPECIAL,
    Catalogue,
    Claim,
    FeeLine,
    History,
    Item,
    Limit,
)
from yibao.catalogue.rx import is_valid
from yibao.catalogue.scope import CLASS_C, DAYS, MICRO, NO_COUNTER, QUANTITY, TIMES, Line
from yibao.catalogue.terms import Terms

_R = Reason
_NO_HISTORY = History()
_UNITS = {"quantity": QUANTITY, "days": DAYS, "times": TIMES}
_MOST_DAYS = 36_500 * MICRO
_EPOCH = date(1970, 1, 1)


class LineFact(NamedTuple):
    """A line with what the catalogue says of it. ``counter_key`` is empty where nothing is counted."""

    feedetl_sn: str
    line: Line
    channel: int
    tag: int
    reason: Reason
    counter_key: str


class _Counter(NamedTuple):
    key: str
    unit: int
    limit: int
    take: int
    mark: int


_UNCOUNTED = _Counter("", NO_COUNTER, -1, 0, -1)


def facts_of_claim(
    lines: Sequence[FeeLine],
    claim: Claim,
    catalogue: Catalogue,
    terms: Callable[[date], Terms],
    history: History = _NO_HISTORY,
) -> list[LineFact]:
    """The facts of every line of a settlement, in their order, reversals taken into the lines they reverse.

    ``terms`` gives those of a day (`terms_reader`). What the settlement itself charged on earlier days is history too.
    """
    netted = net_lines(lines)
    history = _with_own(history, netted)
    herbs = {
        line.code for line, kind in netted
        if kind is _R.PAYABLE and line.cnt_micro > 0 and _is_herb(catalogue, line)
    }  # fmt: skip
    return [facts_of(line, claim, catalogue, terms(line.day), history, len(herbs), kind) for line, kind in netted]


def _with_own(history: History, netted: Iterable[tuple[FeeLine, Reason]]) -> History:
    used = {code: list(days) for code, days in history.used.items()}
    for line, kind in netted:
        if kind is _R.PAYABLE and line.cnt_micro > 0:
            used.setdefault(line.code, []).append(line.day)
    return History(used, history.marks)


def net_lines(lines: Sequence[FeeLine]) -> list[tuple[FeeLine, Reason]]:
    """Each line with what is left of it, and REVERSAL (nothing), REVERSAL_UNMATCHED or PAYABLE (still to be asked)."""
    at = {
        (line.feedetl_sn, line.code): place for place, line in enumerate(lines)
        if line.cnt_micro > 0 and line.amount_fen >= 0
    }  # fmt: skip
    left = list(lines)
    kinds = [_R.PAYABLE] * len(lines)
    for place, line in enumerate(lines):
        if line.cnt_micro >= 0 and line.amount_fen >= 0:
            continue
        home = at.get((line.init_feedetl_sn, line.code))
        if home is None:
            kinds[place] = _R.REVERSAL_UNMATCHED
            continue
        kinds[place] = _R.REVERSAL
        left[place] = line._replace(cnt_micro=0, amount_fen=0)
        kept = left[home]
        left[home] = kept._replace(
            cnt_micro=kept.cnt_micro + line.cnt_micro, amount_fen=kept.amount_fen + line.amount_fen
        )
    return list(zip(left, kinds, strict=True))


def facts_of(
    line: FeeLine, claim: Claim, catalogue: Catalogue, terms: Terms, history: History = _NO_HISTORY,
    herbs: int = 0, kind: Reason = Reason.PAYABLE,
) -> LineFact:  # fmt: skip
    """The facts of one line, already netted (``kind`` as `net_lines` says). ``herbs`` is how many different 饮片 the
    settlement has."""
    item, reason = _item_on(catalogue, line)
    if kind is not _R.PAYABLE:
        reason = kind
    elif reason is _R.PAYABLE and item is not None:
        reason = _refusal(line, claim, item, catalogue, terms)
    counter = _UNCOUNTED
    if reason is _R.PAYABLE and item is not None:
        reason, chosen = _limit_of(line, claim, item, catalogue, history, herbs)
        if reason is _R.PAYABLE and chosen is not None and chosen.unit and line.cnt_micro > 0:
            counter = _counter_of(line, claim, chosen, history)
    level = int(claim.hosp_lv) if claim.hosp_lv else 0
    return LineFact(
        line.feedetl_sn,
        Line(
            item.cls if item else CLASS_C,
            item.limits_micro[level] if item else -1,
            item.share_ppm if item else MICRO,
            int(reason is _R.PAYABLE),
            line.price_micro, line.cnt_micro, line.amount_fen,
            counter.unit, counter.limit, counter.take, counter.mark,
        ),
        item.channel if item else 0,
        item.tag if item else 0,
        reason,
        counter.key,
    )  # fmt: skip


def _item_on(catalogue: Catalogue, line: FeeLine) -> tuple[Item | None, Reason]:
    """The version in force on the day of service, or None with the reason why there is none."""
    versions = catalogue.items.get(line.code, ())
    for item in versions:
        if item.from_day <= line.day <= item.until_day:
            return item, _R.CLASS_C if item.cls == CLASS_C else _R.PAYABLE
    if not versions:
        return None, _R.UNMAPPED
    return None, _R.NOT_YET_EFFECTIVE if line.day < versions[0].from_day else _R.EXPIRED


def _is_herb(catalogue: Catalogue, line: FeeLine) -> bool:
    """Whether a code is a 饮片 on the day; outside its validity the nearest version before says, or else the first."""
    versions = catalogue.items.get(line.code, ())
    begun = [item for item in versions if item.from_day <= line.day]
    nearest = begun[-1] if begun else versions[0] if versions else None
    return nearest is not None and nearest.list_type == HERB


def _refusal(line: FeeLine, claim: Claim, item: Item, catalogue: Catalogue, terms: Terms) -> Reason:
    """The first of the reasons that depend on lists, approvals and prescriptions."""
    if item.list_type == CONSUMABLE:
        if not terms.allow_method and _on(catalogue.deny.get(item.code, ()), line.day):
            return _R.CONSUMABLE_DENIED
        if terms.allow_method and not _on(catalogue.allow.get(item.code, ()), line.day):
            return _R.NOT_ON_ALLOW_LIST
    if item.list_type == PREPARATION and not _on(
        catalogue.preparations.get((item.code, claim.fixmedins_code), ()), line.day
    ):
        return _R.PREPARATION_ELSEWHERE
    if item.channel == SPECIAL:
        approved = _approval(line, claim, catalogue)
        if approved is not _R.PAYABLE:
            return approved
    needs_rx = (item.channel == SPECIAL and terms.rx_special) or (item.channel == NEGOTIATED and terms.rx_negotiated)
    if needs_rx and claim.pharmacy:
        return _prescribed(line, claim, catalogue, terms)
    return _R.PAYABLE


def _on(listed: Iterable[Any], day: date) -> bool:
    return any(one.from_day <= day <= one.until_day for one in listed)


def _approval(line: FeeLine, claim: Claim, catalogue: Catalogue) -> Reason:
    best = _R.SPECIAL_NOT_APPROVED
    for one in catalogue.approvals.get((claim.psn_no, line.code), ()):
        if not one.from_day <= line.day <= one.until_day:
            continue
        place = one.pharmacy if claim.pharmacy else one.hospital
        if place and place != claim.fixmedins_code:
            best = min(best, _R.SPECIAL_OTHER_INSTITUTION)
        elif one.doctor and one.doctor != (line.doctor or claim.doctor):
            best = min(best, _R.SPECIAL_OTHER_DOCTOR)
        else:
            return _R.PAYABLE
    return best


def _prescribed(line: FeeLine, claim: Claim, catalogue: Catalogue, terms: Terms) -> Reason:
    rxno = line.rxno or claim.rxno
    rx = catalogue.rx.get((rxno, line.code))
    if rx is None:
        return _R.RX_MISSING if not rxno else _R.RX_OTHER_DRUG if rxno in catalogue.rx_numbers else _R.RX_UNKNOWN
    tests = (
        (rx.psn_no != claim.psn_no, _R.RX_OTHER_PERSON),
        (bool(rx.dose and line.dose) and rx.dose != line.dose, _R.RX_OTHER_DOSE),
        (rx.state == "issued", _R.RX_NOT_CHECKED),
        (rx.state == "revoked", _R.RX_REVOKED),
        (not is_valid(rx, line.day, terms), _R.RX_EXPIRED),
        (line.cnt_micro > rx.cnt_micro, _R.RX_OVER_QUANTITY),
    )
    return next((reason for failed, reason in tests if failed), _R.PAYABLE)


def _limit_of(
    line: FeeLine, claim: Claim, item: Item, catalogue: Catalogue, history: History, herbs: int
) -> tuple[Reason, Limit | None]:
    """The alternative that holds (the first), or the reason of the one with the fewest failures."""
    limits = catalogue.limits.get((item.code, item.from_day))
    if limits is None:
        return _R.PAYABLE, None
    best: tuple[int, int, Reason] | None = None
    for limit in limits:
        failed = [reason for reason in _failures(line, claim, limit, history, herbs) if reason is not None]
        if not failed:
            return _R.PAYABLE, limit
        found = (len(failed), limit.seq, failed[0])
        best = found if best is None else min(best, found)
    return (best[2], None) if best else (_R.LIMIT_UNREADABLE, None)


def _failures(line: FeeLine, claim: Claim, limit: Limit, history: History, herbs: int) -> Iterable[Reason | None]:
    """The predicates of an alternative that do not hold, in order. What is not known holds nothing."""
    yield _R.LIMIT_GEND if limit.gend and limit.gend != claim.gend else None
    yield _R.LIMIT_AGE if not _age_holds(limit, claim.brdy, line.day) else None
    yield _R.LIMIT_DX if limit.dx and not _dx_holds(limit, claim) else None
    yield _R.LIMIT_HOSP_LV if limit.hosp_lv and claim.hosp_lv not in limit.hosp_lv else None
    yield _R.LIMIT_INSUTYPE if limit.insutype and claim.insutype not in limit.insutype else None
    yield _R.LIMIT_MED_TYPE if limit.med_type and claim.med_type not in limit.med_type else None
    yield _R.LIMIT_DISE if limit.dise and claim.dise_codg not in limit.dise else None
    yield _R.LIMIT_PRIOR if limit.prior and not _used_before(limit, line.day, history) else None
    yield _R.LIMIT_COMPOUND if limit.compound and herbs < 2 else None


def _dx_holds(limit: Limit, claim: Claim) -> bool:
    return any(low <= code[: len(low)] <= high for code in claim.dx for low, high in limit.dx)


def _age_holds(limit: Limit, brdy: date | None, day: date) -> bool:
    if limit.age_min is None and limit.age_max is None:
        return True
    if brdy is None:
        return False
    age = day.year - brdy.year - ((day.month, day.day) < (brdy.month, brdy.day))
    return (limit.age_min is None or age >= limit.age_min) and (limit.age_max is None or age <= limit.age_max)


def _used_before(limit: Limit, day: date, history: History) -> bool:
    return any(
        used < day and (limit.prior_days is None or (day - used).days <= limit.prior_days)
        for code in limit.prior
        for used in history.used.get(code, ())
    )


def _counter_of(line: FeeLine, claim: Claim, limit: Limit, history: History) -> _Counter:
    period = str(line.day.year) if limit.per == "year" else claim.mdtrt_id or claim.setl_id
    key = f"{claim.psn_no}|{line.code}|{limit.unit}|{limit.per}|{period}"
    days = line.prd_days_micro or 0
    if limit.unit == "quantity":
        take, mark = line.cnt_micro, -1
    elif limit.unit == "days" and days >= 10**4:
        take, mark = min(days - days % 10**4, _MOST_DAYS), -1
    elif limit.unit == "days":
        take, mark = MICRO, (line.day - _EPOCH).days
    else:
        take, mark = MICRO, history.marks.get(key, 0) + 1
    return _Counter(key, _UNITS[limit.unit], limit.amount_micro, take, mark)
