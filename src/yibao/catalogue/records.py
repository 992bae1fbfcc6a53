"""The catalogue and what is asked of it as values, for one line at a counter; and the catalogue in memory.

The same facts over whole tables are SQL (`yibao.catalogue.batch`). Days are inclusive; an empty text means not given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from yibao.catalogue.scope import CLASS_A, CLASS_B, CLASS_C, MICRO
from yibao.kernel import Place

FAR = date(9999, 12, 31)
NORMAL, SPECIAL, NEGOTIATED = range(3)
"""Values of ``channel``."""
HERB, PREPARATION, CONSUMABLE = "102", "103", "301"
"""Values of ``list_type`` that have rules of their own."""


class Item(NamedTuple):
    """A code in one span of validity. ``limits_micro`` are for an institution without level, level 1, 2 and 3."""

    code: str
    from_day: date
    until_day: date
    cls: int
    share_ppm: int
    limits_micro: tuple[int, int, int, int]
    channel: int
    list_type: str
    tag: int


class Limit(NamedTuple):
    """One alternative of a 限定支付, a row of ``item_limits``: all its conditions must hold; an empty one asks nothing.

    ``dx`` are prefixes and ranges of categories, each as its lowest and highest beginning. ``unit`` (quantity, days,
    times) with ``per`` (stay, year) and ``amount_micro`` is a counter.
    """

    code: str
    begndate: date
    seq: int
    gend: str = ""
    age_min: int | None = None
    age_max: int | None = None
    dx: tuple[tuple[str, str], ...] = ()
    hosp_lv: tuple[str, ...] = ()
    insutype: tuple[str, ...] = ()
    med_type: tuple[str, ...] = ()
    dise: tuple[str, ...] = ()
    prior: tuple[str, ...] = ()
    prior_days: int | None = None
    compound: bool = False
    unit: str = ""
    per: str = ""
    amount_micro: int = 0
    text: str = ""
    place: Place = Place()


class Approval(NamedTuple):
    """A 特药认定: who may have what, where, from whom. Empty is anywhere, anyone."""

    psn_no: str
    code: str
    hospital: str
    doctor: str
    pharmacy: str
    from_day: date
    until_day: date


class Listed(NamedTuple):
    """A line of a dated list: a consumable denied or allowed, or a preparation at an institution."""

    code: str
    from_day: date
    until_day: date
    fixmedins_code: str = ""


class Rx(NamedTuple):
    """A drug of an outside prescription. ``vali_days`` None takes the law's; ``state`` as in the code table."""

    rxno: str
    code: str
    psn_no: str
    hospital: str
    doctor: str
    issued: date
    cnt_micro: int
    dose: str = ""
    vali_days: int | None = None
    chronic: bool = False
    state: str = "checked"


class FeeLine(NamedTuple):
    """A fee line as charged."""

    feedetl_sn: str
    code: str
    day: date
    price_micro: int
    cnt_micro: int
    amount_fen: int
    doctor: str = ""
    prd_days_micro: int | None = None
    dose: str = ""
    rxno: str = ""
    init_feedetl_sn: str = ""


class Claim(NamedTuple):
    """What of a settlement the catalogue looks at. ``hosp_lv`` is ``"1"`` to ``"3"`` or empty."""

    setl_id: str
    psn_no: str
    fixmedins_code: str
    med_type: str
    hosp_lv: str = ""
    pharmacy: bool = False
    mdtrt_id: str = ""
    insutype: str = ""
    dise_codg: str = ""
    dx: tuple[str, ...] = ()
    gend: str = ""
    brdy: date | None = None
    doctor: str = ""
    rxno: str = ""


class History(NamedTuple):
    """What earlier settlements say: the days on which the person used an item, and each counter's last mark."""

    used: Mapping[str, Sequence[date]] = {}
    marks: Mapping[str, int] = {}


class Catalogue(NamedTuple):
    """The catalogue in memory: everything by its key, spans of a code in order."""

    items: Mapping[str, tuple[Item, ...]]
    limits: Mapping[tuple[str, date], tuple[Limit, ...]]
    approvals: Mapping[tuple[str, str], tuple[Approval, ...]]
    preparations: Mapping[tuple[str, str], tuple[Listed, ...]]
    deny: Mapping[str, tuple[Listed, ...]]
    allow: Mapping[str, tuple[Listed, ...]]
    rx: Mapping[tuple[str, str], Rx]
    rx_numbers: frozenset[str]


def item_class(chrgitm_lv: str, share_ppm: int | None) -> tuple[int, int]:
    """Class and first share: 甲 has no share; 乙 without a share, or with all of it, is 丙; so is any other class."""
    if chrgitm_lv == "01":
        return CLASS_A, 0
    if chrgitm_lv == "02" and share_ppm is not None and share_ppm < MICRO:
        return CLASS_B, share_ppm
    return CLASS_C, MICRO


def catalogue_of(
    items: Iterable[Item],
    limits: Iterable[Limit] = (),
    limited: Iterable[tuple[str, date]] = (),
    approvals: Iterable[Approval] = (),
    preparations: Iterable[Listed] = (),
    deny: Iterable[Listed] = (),
    allow: Iterable[Listed] = (),
    prescriptions: Iterable[Rx] = (),
) -> Catalogue:
    """The catalogue in memory. ``limited`` names versions that have limits even where none of these can be read.

    As in the batch, a version ends where the next begins, and of two versions of one day the worse class stands.
    """
    by_limit: dict[tuple[str, date], list[Limit]] = {key: [] for key in limited}
    for limit in limits:
        by_limit.setdefault((limit.code, limit.begndate), []).append(limit)
    rx: dict[tuple[str, str], Rx] = {}
    for one in sorted(prescriptions, key=lambda one: (one.issued, one.psn_no, one.cnt_micro)):
        rx.setdefault((one.rxno, one.code), one)
    return Catalogue(
        {code: _cut(versions) for code, versions in _grouped(items, lambda one: one.code).items()},
        {key: tuple(sorted(found, key=lambda one: one.seq)) for key, found in by_limit.items()},
        _grouped(approvals, lambda one: (one.psn_no, one.code)),
        _grouped(preparations, lambda one: (one.code, one.fixmedins_code)),
        _grouped(deny, lambda one: one.code),
        _grouped(allow, lambda one: one.code),
        rx,
        frozenset(one.rxno for one in rx.values()),
    )


def _grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, tuple[Any, ...]]:
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {name: tuple(found) for name, found in groups.items()}


def _cut(versions: Sequence[Item]) -> tuple[Item, ...]:
    """The versions of a code in order, none past the day before the next."""
    best: dict[date, Item] = {}
    for one in sorted(versions, key=lambda one: (one.from_day, -one.cls, -one.share_ppm)):
        best.setdefault(one.from_day, one)
    days = sorted(best)
    ends = [*(following - timedelta(days=1) for following in days[1:]), FAR]
    return tuple(
        best[day]._replace(until_day=min(best[day].until_day, end)) for day, end in zip(days, ends, strict=True)
    )
