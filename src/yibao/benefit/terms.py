"""From law to plan: what the law of a day says of one context, as a row of integers (docs/internals/benefit.md).

A key is read only where the context needs it; one that the law leaves open raises MissingParameter with key, city and
day. Sources stay with the terms, so that every amount can name its rule.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from yibao.benefit import plan as p
from yibao.benefit.outcomes import Outcome
from yibao.kernel import Severity, exact_ratio, fen_from_yuan, scaled
from yibao.kernel.finding import Finding
from yibao.law import Law, Parameter, View

LAYERS = ("large", "critical", "aid", "civil", "household", "commercial")
PREFIXES = (
    "benefit.",
    "offsite.",
    "large.",
    "critical.",
    "aid.",
    "civil.",
    "household.",
    "commercial.",
    "special.",
    "account.",
)
"""What the keys of benefits begin with."""
FACT_KEYS = (
    "benefit.kind", "benefit.law_day", "benefit.year_of", "benefit.partial_refund", "benefit.two_diseases.codes",
    "aid.order",
)  # fmt: skip
"""Of these the keys by which a city's claims are made ready; all others are read into terms alone."""
PER_DISEASE = ".dise"
NONE = "none"
_WHOLE = (Fraction(0), Fraction(1))


class TermsError(ValueError):
    """Law that cannot be applied: a rate out of 0 to 1, bands that overlap. ``finding`` says where and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Context(NamedTuple):
    """The facts of a claim that the law asks for, all text (docs/internals/benefit.md, Context of a claim).

    ``approved`` says whether the disease is approved for the person ("1" or "0").
    """

    insutype: str
    psn_type: str
    clct_way: str
    kind: str
    hosp_lv: str = ""
    fixmedins_type: str = "1"
    point: str = NONE
    access: str = "direct"
    contract: str = NONE
    dise_codg: str = ""
    offsite: str = NONE
    region: str = "city"
    identity: str = NONE
    cvlserv_flag: str = "0"
    approved: str = "1"

    @property
    def where(self) -> dict[str, str]:
        """The context as the law is asked."""
        return {name: value for name, value in self._asdict().items() if name != "approved"}


class Terms(NamedTuple):
    """A row of the plan: its place, the context and day, and the parameters read for it by key."""

    place: int
    context: Context
    day: date
    used: Mapping[str, Parameter]


class PlanBook:
    """The plan as it grows: one row of terms for each context and span of law, slots by name."""

    def __init__(self, law: Law, known: date | None = None) -> None:
        self.law = law
        self.known = known
        self.plan: list[int] = []
        self.slots: dict[str, int] = {}
        self.rows: dict[int, Terms] = {}
        self._views: dict[date, View] = {}
        self._cuts: list[date] | None = None
        self._found: dict[tuple[Context, date], Terms] = {}
        self._outcomes: dict[Outcome, int] = {}
        self._tables: dict[tuple[int, ...], int] = {}

    @property
    def views(self) -> list[View]:
        """The views of law that were read."""
        return list(self._views.values())

    def spans(self, first: date, last: date) -> list[tuple[date, date]]:
        """The stretches from ``first`` to ``last`` in which no value of a key of benefits begins or ends."""
        if self._cuts is None:
            of = [one for prefix in PREFIXES for key in self.law.keys(prefix) for one in self._parameters(key)]
            ends = [one.period.end for one in of if one.period.end is not None and one.period.end < date.max]
            self._cuts = sorted({one.period.start for one in of} | {end + timedelta(days=1) for end in ends})
        cuts = [first, *(day for day in self._cuts if first < day <= last)]
        return list(zip(cuts, [*(day - timedelta(days=1) for day in cuts[1:]), last], strict=True))

    def _parameters(self, key: str) -> list[Parameter]:
        return [one for layer in self.law.layers_of(key) for one in layer]

    def view(self, day: date) -> View:
        """The law of a day."""
        if day not in self._views:
            self._views[day] = self.law.at(day, known=self.known)
        return self._views[day]

    def refusal(self, outcome: Outcome) -> int:
        """The place of terms that pay nothing, for the reason given."""
        if outcome not in self._outcomes:
            row = _empty()
            row[p.T_OUTCOME] = outcome.number or 0
            self._outcomes[outcome] = self._put(row)
        return self._outcomes[outcome]

    def terms(self, context: Context, day: date) -> Terms:
        """The terms of a context on a day. Raises MissingParameter, ConflictError, TermsError."""
        key = (context, day)
        if key not in self._found:
            self._found[key] = self._read(context, day)
        return self._found[key]

    def slot(self, name: str) -> int:
        """The number of an accumulator, by its name."""
        return self.slots.setdefault(name, len(self.slots))

    def table(self, values: Sequence[int]) -> int:
        """The place of a table in the plan; the same table stands once."""
        key = tuple(values)
        if key not in self._tables:
            self._tables[key] = len(self.plan)
            self.plan.extend(key)
        return self._tables[key]

    def _put(self, row: Sequence[int]) -> int:
        place = len(self.plan)
        self.plan.extend(row)
        return place

    def _read(self, context: Context, day: date) -> Terms:
        reader = _Reader(self, context, self.view(day))
        outcome = reader.outcome()
        if outcome is not None:
            found = Terms(self.refusal(outcome), context, day, reader.used)
        else:
            found = Terms(self._put(reader.row()), context, day, reader.used)
        self.rows.setdefault(found.place, found)
        return found


def _empty() -> list[int]:
    row = [0] * p.TERMS
    for place in p.SLOTS:
        row[place] = -1
    return row


class _Reader:
    """Reads the keys of one context into a row."""

    def __init__(self, book: PlanBook, context: Context, view: View) -> None:
        self.book, self.context, self.view = book, context, view
        self.used: dict[str, Parameter] = {}
        self.where = context.where

    def read(self, key: str, **more: str) -> Parameter:
        """The parameter of a key, kept as used."""
        found = self.view.parameter(key, **self.where, **more)
        self.used[f"{key}:{more['cap']}" if more else key] = found
        return found

    def text(self, key: str) -> str:
        self.read(key)
        return self.view.text(key, **self.where)

    def flag(self, key: str) -> bool:
        self.read(key)
        return self.view.flag(key, **self.where)

    def items(self, key: str) -> tuple[str, ...]:
        """A list; empty where the law says ``none``."""
        self.read(key)
        found = self.view.items(key, **self.where)
        return () if found == (NONE,) else found

    def money(self, key: str, **more: str) -> int:
        self.read(key, **more)
        return self.view.money(key, **self.where, **more)

    def ratio(self, key: str, low: Fraction = _WHOLE[0]) -> Fraction:
        found = self.read(key)
        value = self.view.ratio(key, **self.where)
        if value < low or not _is_rate(abs(value)):
            raise self.fault(found, f"比例{found.value_text}不在0和1之间，或多于六位小数")
        return value

    def fault(self, found: Parameter, said: str) -> TermsError:
        return TermsError(
            Finding("benefit_terms", Severity.ERROR, f"参数“{found.key}”{said}", cause=str(found.origin),
                    next_step="改正政策包或方案里的这个参数", key=found.key)
        )  # fmt: skip

    def outcome(self) -> Outcome | None:
        """Why the law pays nothing in this context, if so."""
        if self.flag("benefit.approval") and self.context.approved != "1":
            return Outcome.NOT_APPROVED
        if self.text("benefit.points.rule") == "chosen" and self.context.point == NONE:
            exempt = self.items("benefit.points.exempt")
            if self.context.access not in exempt:
                return Outcome.NOT_SELECTED_POINT
        return None

    def row(self) -> list[int]:
        """The row of terms."""
        row = _empty()
        self.offsite_share(row)
        self.deductible(row)
        self.bands(row)
        row[p.T_CAPS_AT], row[p.T_CAPS_N] = self.caps("benefit.caps")
        self.special(row)
        layers = self.items("benefit.layers")
        for name in LAYERS:
            if name in layers:
                getattr(self, name)(row)
        pays = ("none", "self_pay", "all").index(self.text("account.pays"))
        row[p.T_ACCOUNT] = pays
        row[p.T_MUTUAL] = int(pays > 0 and self.flag("account.mutual"))
        return row

    # ── the basic pool ──

    def offsite_share(self, row: list[int]) -> None:
        self.adjust = self.text("offsite.adjust.type")
        if self.adjust == "pre_self":
            row[p.T_PRE_SELF] = self.ppm(self.ratio("offsite.adjust"))

    def deductible(self, row: list[int]) -> None:
        basis = self.text("benefit.deductible.basis")
        row[p.T_DED_BASIS] = ("none", "visit", "year", "stay").index(basis)
        if self.context.kind in ("inpatient", "home_bed"):
            row[p.T_STAY_SLOT] = self.book.slot("stays")
        if basis == "none":
            return
        row[p.T_DED_AMOUNT] = self.money("benefit.deductible")
        if basis == "year":
            row[p.T_DED_SLOT] = self.book.slot(f"deductible:{self.text('benefit.deductible.group')}")
        if basis == "stay":
            row[p.T_STAY_SLOT] = self.book.slot("stays")
            steps = [self.ppm(exact_ratio(step)) for step in self.items("benefit.deductible.steps")]
            row[p.T_STEPS_AT], row[p.T_STEPS_N] = self.book.table(steps), len(steps)

    def bands(self, row: list[int]) -> None:
        where = self.where
        if self.view.has("benefit.bands", **where):
            bands = self.table_of("benefit.bands")
            if self.text("benefit.bands.basis") == "year":
                row[p.T_BANDS_SLOT] = self.book.slot(f"scope:{self.context.kind}")
        else:
            bands = [(0, -1, self.ratio("benefit.rate"))]
        rise = sum(
            (self.signed(f"benefit.rate.uplift.{name}") for name in self.items("benefit.rate.uplifts")), Fraction(0)
        )
        adjusted = [(low, high, self.adjusted(rate + rise)) for low, high, rate in bands]
        row[p.T_BANDS_AT], row[p.T_BANDS_N] = self.book.table(self.flat(adjusted)), len(adjusted)

    def signed(self, key: str) -> Fraction:
        """Percentage points that may be taken off as well as added."""
        return self.ratio(key, Fraction(-1))

    def adjusted(self, rate: Fraction) -> Fraction:
        """The rate at this place of care, between 0 and 1."""
        if self.adjust == "points":
            rate -= self.ratio("offsite.adjust")
        elif self.adjust == "multiply":
            rate *= self.ratio("offsite.adjust")
        return min(max(rate, _WHOLE[0]), _WHOLE[1])

    def caps(self, key: str) -> tuple[int, int]:
        """The place and number of the caps of a list."""
        values: list[int] = []
        names = self.items(key)
        for name in names:
            own = f"{name}:{self.context.dise_codg}" if name.endswith(PER_DISEASE) else name
            values += [self.book.slot(f"paid:{own}"), self.money("benefit.cap", cap=name)]
        return self.book.table(values) if values else 0, len(names)

    def special(self, row: list[int]) -> None:
        """特药: read only where the city has it; a line of that channel elsewhere is paid nothing by it."""
        if not self.view.has("special.rate", **self.where):
            return
        row[p.T_SPECIAL_RATE] = self.ppm(self.ratio("special.rate"))
        row[p.T_SPECIAL_CAPS_AT], row[p.T_SPECIAL_CAPS_N] = self.caps("special.caps")
        row[p.T_SPECIAL_COUNTS] = int(self.flag("special.counts_critical"))

    # ── what comes after the pool ──

    def large(self, row: list[int]) -> None:
        row[p.T_LARGE_MODE] = ("none", "over_cap", "burden").index(self.text("large.basis"))
        bands = self.table_of("large.bands")
        row[p.T_LARGE_SLOT] = self.book.slot("large")
        row[p.T_LARGE_BANDS_AT], row[p.T_LARGE_BANDS_N] = self.book.table(self.flat(bands)), len(bands)
        row[p.T_LARGE_CAPS_AT], row[p.T_LARGE_CAPS_N] = self.caps("large.caps")

    def critical(self, row: list[int]) -> None:
        floor = self.money("critical.deductible")
        bands = [
            (max(low, floor), high, rate)
            for low, high, rate in self.table_of("critical.bands")
            if high < 0 or high > floor
        ]
        row[p.T_CRITICAL_ON], row[p.T_CRITICAL_SLOT] = 1, self.book.slot("critical")
        row[p.T_CRITICAL_BANDS_AT], row[p.T_CRITICAL_BANDS_N] = self.book.table(self.flat(bands)), len(bands)
        row[p.T_CRITICAL_CAPS_AT], row[p.T_CRITICAL_CAPS_N] = self.caps("critical.caps")
        row[p.T_CRITICAL_PRESELF] = int(self.flag("critical.counts_preself"))
        row[p.T_CRITICAL_REWARD] = int(self.flag("critical.reward"))

    def aid(self, row: list[int]) -> None:
        row[p.T_AID_ON], row[p.T_AID_SLOT] = 1, self.book.slot("aid")
        row[p.T_AID_BANDS_AT] = self.above("aid.deductible", "aid.rate")
        row[p.T_AID_CAPS_AT], row[p.T_AID_CAPS_N] = self.caps("aid.caps")
        if self.flag("aid.tilt"):
            row[p.T_TILT_SLOT] = self.book.slot("tilt")
            row[p.T_TILT_BANDS_AT] = self.above("aid.tilt.deductible", "aid.tilt.rate")

    def civil(self, row: list[int]) -> None:
        row[p.T_CIVIL_ON], row[p.T_CIVIL_SLOT] = 1, self.book.slot("civil")
        row[p.T_CIVIL_BANDS_AT] = self.above("civil.deductible", "civil.rate")
        row[p.T_CIVIL_CAPS_AT], row[p.T_CIVIL_CAPS_N] = self.caps("civil.caps")

    def household(self, row: list[int]) -> None:
        row[p.T_HOUSEHOLD_ON], row[p.T_HOUSEHOLD_SLOT] = 1, self.book.slot("household")
        row[p.T_HOUSEHOLD_CAP] = self.money("household.self_cap")
        row[p.T_HOUSEHOLD_ALL] = ("in_scope", "all").index(self.text("household.counts"))

    def commercial(self, row: list[int]) -> None:
        row[p.T_COMMERCIAL_ON] = 1
        row[p.T_COMMERCIAL_IN_SLOT] = self.book.slot("commercial.in")
        row[p.T_COMMERCIAL_OUT_SLOT] = self.book.slot("commercial.out")
        row[p.T_COMMERCIAL_IN_BANDS_AT] = self.above("commercial.in.deductible", "commercial.in.rate")
        row[p.T_COMMERCIAL_OUT_BANDS_AT] = self.above("commercial.out.deductible", "commercial.out.rate")
        row[p.T_COMMERCIAL_CAPS_AT], row[p.T_COMMERCIAL_CAPS_N] = self.caps("commercial.caps")

    # ── tables ──

    def above(self, floor: str, rate: str) -> int:
        """One band: a rate above a deductible."""
        return self.book.table(self.flat([(self.money(floor), -1, self.ratio(rate))]))

    def table_of(self, key: str) -> list[tuple[int, int, Fraction]]:
        """Bands as the law writes them: from, to (fen; -1 without an end) and rate, in order, without gaps below."""
        found, bands = self.read(key), []
        for cells in self.view.table(key, **self.where):
            high, rate = cells.get("to", ""), exact_ratio(cells["rate"])
            bands.append((fen_from_yuan(cells["from"]), fen_from_yuan(high) if high else -1, rate))
        ends = [high for _, high, _ in bands]
        starts = [low for low, _, _ in bands[1:]]
        if -1 in ends[:-1] or ends[:-1] != starts or any(not _is_rate(rate) for *_, rate in bands):
            raise self.fault(found, "的各段首尾不相接，或比例不在0和1之间、多于六位小数")
        return bands

    @staticmethod
    def flat(bands: Sequence[tuple[int, int, Fraction]]) -> list[int]:
        return [value for low, high, rate in bands for value in (low, high, scaled(rate, p.MILLION))]

    @staticmethod
    def ppm(ratio: Fraction) -> int:
        return scaled(ratio, p.MILLION)


def _is_rate(rate: Fraction) -> bool:
    """Whether a rate is between 0 and 1 and of at most six decimals."""
    return 0 <= rate <= 1 and (rate * p.MILLION).denominator == 1
