"""The facts of one claim in plain Python, as `claim_day`, `claim_fact` and their like make them for a city in SQL: its
days, its context and the place of its terms. The tables are in memory, by person and institution.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from yibao.benefit.counter_records import Settlement
from yibao.benefit.outcomes import BY_CODE, Outcome
from yibao.benefit.terms import NONE, Context, PlanBook
from yibao.law import View
from yibao.standard import CODE_TABLES

EMERGENCIES = ("13", "24")
"""Values of med_type that are emergencies by themselves."""
BASIC = ("310", "390")
"""Insurances that a claim may name; one that is not the person's makes it not enrolled."""
CIVIL_SERVANTS = ("1102", "1202")
FILINGS = ("resident", "emergency", "referral", "filed_late")
"""Kinds of filing, the best first."""
_EPOCH = date(1970, 1, 1)
_FAR = date(9999, 12, 31)


class Care(NamedTuple):
    """A claim as it comes to the counter; ``total`` in fen. Days are those of a stay, None for a visit."""

    setl_id: str
    psn_no: str
    fixmedins_code: str
    med_type: str
    setl_time: datetime
    total: int
    msgid: str = ""
    mdtrt_id: str = ""
    insutype: str = ""
    begndate: date | None = None
    enddate: date | None = None
    diag_codes: tuple[str, ...] = ()
    dise_codg: str = ""
    er_flag: str = "0"
    refl_no: str = ""
    rxno: str = ""
    dr_codg: str = ""


class Refund(NamedTuple):
    """A reversal as it comes: of which settlement, and for how much (fen, without a sign). ``lines`` are the
    feedetl_sn of those taken back, where it is a part.
    """

    setl_id: str
    init_setl_id: str
    psn_no: str
    fixmedins_code: str
    setl_time: datetime
    total: int
    msgid: str = ""
    lines: tuple[str, ...] = ()


class Provider(NamedTuple):
    """An institution: level (1, 2, 3 or empty), kind and place."""

    hosp_lv: str = ""
    fixmedins_type: str = "1"
    admdvs: str = ""


class Span(NamedTuple):
    """Something of a person between two days, both included: a chosen point, a contract, an approval, a filing, an
    identity. ``what`` is its kind or code, ``at`` the institution.
    """

    what: str
    first: date
    last: date = _FAR
    at: str = ""

    def holds(self, day: date) -> bool:
        """Whether it is in force on the day."""
        return self.first <= day <= self.last


class Sharer(NamedTuple):
    """Whose account a person may use, from which day to which (days since 1970)."""

    owner: str
    first: int
    last: int


Spans = Mapping[str, Sequence[Span]]
_NONE: Spans = MappingProxyType({})
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})
_NO_SHARERS: Mapping[str, Sequence[Sharer]] = MappingProxyType({})
_NO_REWARDS: Mapping[tuple[str, int], int] = MappingProxyType({})


class World(NamedTuple):
    """The tables that a claim's facts are read from, by institution or person."""

    providers: Mapping[str, Provider]
    points: Spans = _NONE
    contracts: Spans = _NONE
    approvals: Spans = _NONE
    filings: Spans = _NONE
    identities: Spans = _NONE
    homes: Mapping[str, str] = _NO_TEXTS
    sharers: Mapping[str, Sequence[Sharer]] = _NO_SHARERS
    supplement: frozenset[tuple[str, int]] = frozenset()
    rewards: Mapping[tuple[str, int], int] = _NO_REWARDS
    frozen: frozenset[str] = frozenset()
    """People whose account nothing can be drawn on."""


class Covered(NamedTuple):
    """What enrolment answers for a day: an outcome and, where there is an interval, what the person is in it."""

    outcome: str
    insutype: str = ""
    psn_type: str = ""
    clct_way: str = ""


class Days(NamedTuple):
    """What a claim is, and the days that count for it. ``kind`` is empty where the law has none for its med_type."""

    kind: str
    setl_day: date
    begn_day: date
    end_day: date
    law_day: date
    year: int


class Placed(NamedTuple):
    """A claim with its terms: their place in the plan (-1 where it is refused), and all else that the kernel needs.

    ``refusal`` is the outcome of a claim that pays nothing before the law is asked, or empty.
    """

    psn_no: str
    admdvs: str
    place: int
    context: Context
    refusal: str
    law_day: date
    terms_day: date
    day: int
    year: int
    home: str
    sharers: Sequence[Sharer]
    reward: int
    commercial: int
    frozen: frozenset[str] = frozenset()


class Reader:
    """Reads facts and law for claims, keeping what the law said; one for each thread."""

    def __init__(self, book: PlanBook, world: World) -> None:
        self.book, self.world = book, world
        self._starts: dict[date, date] = {}
        self._kinds: dict[tuple[str, date], tuple[str, str, str]] = {}
        self._twins: dict[tuple[str, date], frozenset[str]] = {}

    def start(self, day: date) -> date:
        """The first day of the span of law that a day lies in."""
        if day not in self._starts:
            found = self.book.spans(date.min, day)[-1][0]
            self._starts[day] = day if found == date.min else found
        return self._starts[day]

    def view(self, day: date) -> View:
        """The law of a day."""
        return self.book.view(self.start(day))

    def days(self, care: Care) -> Days:
        """The kind of a claim and its days, by the law of the day it is settled on."""
        setl_day = care.setl_time.date()
        kind, law_day, year_of = self._kind(care.med_type, self.start(setl_day))
        named = {"admission": care.begndate or setl_day, "discharge": care.enddate or setl_day}
        day, of = named.get(law_day, setl_day), named.get(year_of, setl_day)
        return Days(kind, setl_day, named["admission"], named["discharge"], day, of.year)

    def _kind(self, med_type: str, start: date) -> tuple[str, str, str]:
        key = (med_type, start)
        if key not in self._kinds:
            view = self.book.view(start)
            if view.find("benefit.kind", med_type=med_type) is None:
                self._kinds[key] = ("", "", "")
            else:
                kind = view.text("benefit.kind", med_type=med_type)
                days = view.text("benefit.law_day", kind=kind), view.text("benefit.year_of", kind=kind)
                self._kinds[key] = (kind, *days)
        return self._kinds[key]

    def partial(self, day: date) -> bool:
        """Whether a part of a settlement may be taken back."""
        view = self.view(day)
        return view.has("benefit.partial_refund") and view.flag("benefit.partial_refund")

    def place(self, care: Care, days: Days, cover: Covered) -> tuple[Placed, Outcome | None]:
        """The claim with its terms, and why it is refused, if so. Raises LawError kinds and TermsError."""
        if care.insutype in BASIC and care.insutype != cover.insutype and cover.outcome == "covered":
            cover = cover._replace(outcome=Outcome.NOT_ENROLLED.code)
        context = self.context(care, days, cover)
        terms_day = self.start(days.law_day)
        place, refusal, refused = self._place(care, days, cover, context, terms_day)
        psn_no, year = care.psn_no, days.year
        world = self.world
        placed = Placed(
            psn_no, self.book.law.code, place, context, refusal.code if refusal else "", days.law_day, terms_day,
            (days.setl_day - _EPOCH).days, year, world.homes.get(psn_no, ""), world.sharers.get(psn_no, ()),
            world.rewards.get((psn_no, year), 0), int((psn_no, year) in world.supplement), world.frozen,
        )  # fmt: skip
        return placed, refused

    def person_on(self, was: Settlement, at: datetime) -> Placed:
        """A person with sharers, household and account as on the day of a reversal; terms and years as they were."""
        psn_no, world = was.psn_no, self.world
        return Placed(
            psn_no, was.admdvs, -1, Context(*[""] * 4), "", was.law_day, was.terms_day, (at.date() - _EPOCH).days,
            was.benefit_year, world.homes.get(psn_no, ""), world.sharers.get(psn_no, ()), 0, 0, world.frozen,
        )  # fmt: skip

    def _place(
        self, care: Care, days: Days, cover: Covered, context: Context, terms_day: date
    ) -> tuple[int, Outcome | None, Outcome | None]:
        """The place of the terms, why nothing is paid before the law is asked, why the claim is refused."""
        if care.fixmedins_code not in self.world.providers:
            return -1, None, Outcome.UNKNOWN_INSTITUTION
        if not days.kind:
            return -1, None, Outcome.UNKNOWN_MED_TYPE
        nothing = None if cover.outcome == "covered" else BY_CODE[cover.outcome]
        if nothing is None and not context.hosp_lv and context.fixmedins_type == "1":
            nothing = Outcome.UNKNOWN_LEVEL
        if nothing is not None:
            return self.book.refusal(nothing), nothing, None
        return self.book.terms(context, terms_day).place, None, None

    def context(self, care: Care, days: Days, cover: Covered) -> Context:
        """The context of a claim (docs/internals/benefit.md)."""
        world, psn_no, day = self.world, care.psn_no, days.law_day
        provider = world.providers.get(care.fixmedins_code, Provider())
        region = self._region(provider.admdvs)
        emergency = care.er_flag == "1" or care.med_type in EMERGENCIES
        kind = days.kind
        if kind == "chronic" and care.dise_codg in self._two_diseases(cover.insutype, day):
            kind = "two_diseases"
        chronic = kind in ("chronic", "two_diseases")
        approved = any(one.what == care.dise_codg for one in _held(world.approvals, psn_no, day))
        return Context(
            cover.insutype, cover.psn_type[:2], cover.clct_way, kind, provider.hosp_lv, provider.fixmedins_type,
            _point(world.points, care, day),
            "emergency" if emergency else "referral" if care.refl_no else "direct",
            _contract(_held(world.contracts, psn_no, day)),
            care.dise_codg if chronic else "",
            NONE if region == "city" else _filing(world.filings.get(psn_no, ()), days, emergency=emergency),
            region,
            self._identity(_held(world.identities, psn_no, day), day),
            "1" if cover.psn_type in CIVIL_SERVANTS else "0",
            "1" if not chronic or (care.dise_codg and approved) else "0",
        )  # fmt: skip

    def _region(self, admdvs: str) -> str:
        city = self.book.law.code
        if not admdvs or admdvs[:4] == city[:4]:
            return "city"
        return "province" if admdvs[:2] == city[:2] else "country"

    def _two_diseases(self, insutype: str, day: date) -> frozenset[str]:
        key = (insutype, self.start(day))
        if key not in self._twins:
            view = self.book.view(key[1])
            found = insutype and view.has("benefit.two_diseases.codes", insutype=insutype)
            codes = view.items("benefit.two_diseases.codes", insutype=insutype) if found else ()
            self._twins[key] = frozenset(codes) - {NONE}
        return self._twins[key]

    def _identity(self, spans: Sequence[Span], day: date) -> str:
        """Of several identities the one with the best aid; those that the law does not order come last, by code."""
        if not spans:
            return NONE
        view = self.view(day)
        order = view.items("aid.order") if view.has("aid.order") else ()
        return min((_rank(order, one.what), one.what) for one in spans)[1]


def _rank(order: Sequence[str], what: str) -> int:
    """The place of an identity; those that the law does not order come after, in the order of their codes."""
    every = [*order, *CODE_TABLES["psn_idet_type"].codes, what]
    return every.index(what)


def _held(spans: Spans, psn_no: str, day: date) -> list[Span]:
    return [one for one in spans.get(psn_no, ()) if one.holds(day)]


def _point(points: Spans, care: Care, day: date) -> str:
    found = {one.what for one in _held(points, care.psn_no, day) if one.at == care.fixmedins_code}
    return "main" if "main" in found else "aux" if found else NONE


def _contract(contracts: Sequence[Span]) -> str:
    if not contracts:
        return NONE
    return "performed" if any(one.what == "1" for one in contracts) else "signed"


def _filing(filings: Sequence[Span], days: Days, *, emergency: bool) -> str:
    """The best filing that the stay touches: filed before discharge counts as filed."""
    found = {one.what for one in filings if one.first <= days.end_day and days.begn_day <= one.last}
    best = next((kind for kind in FILINGS if kind in found), "")
    return best or ("emergency" if emergency else "unfiled")
