"""``yibao simulate``: one city settled under the law of today and under reforms, and what differs. Wires the city made
ready, the laws, `yibao.impact`; holds no rule. The plan stands in docs/internals/simulate.md.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from yibao import __version__, tables
from yibao.benefit.terms import PlanBook
from yibao.engine import Engine
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError
from yibao.flows.settle_city import MEMORY, OTHERS, REQUIRED, City, Tell, load_city, make_ready, people_of
from yibao.flows.settle_results import MADE_BY as SETTLED_BY
from yibao.flows.simulate_income import Payers, put_income
from yibao.flows.simulate_laws import Reform, is_fact, label_of, mixed, reform_of
from yibao.flows.simulate_run import (
    SUMS,
    Tally,
    Track,
    move_in,
    put_claims,
    put_people,
    settle_under,
    track,
    write_examples,
)
from yibao.flows.simulate_search import Search, Searched, search
from yibao.impact.measure import INPUTS, Impact, measure
from yibao.impact.response import ResponsePlan, plan_response, read_response, responded
from yibao.kernel import Finding, Severity, yuan
from yibao.law import Law, MissingParameter, Parameter
from yibao.tables import LoadReport

MADE_BY = "yibao simulate"
BASE = "base"
"""The folder of the examples under the law of today; a reform's is ``reform1`` and so on."""


class Named(NamedTuple):
    """A law with the name that people see."""

    name: str
    law: Law


@dataclass(frozen=True)
class Asked:
    """What a simulation is asked: the base, the reforms, the threshold of catastrophic spending (fen a year), balances
    of funds (fen by insurance), the parameters of behaviour, a search.
    """

    base: Named
    reforms: Sequence[Named]
    threshold: int | None = None
    balances: Mapping[str, int] = field(default_factory=dict)
    behaviour: Sequence[Parameter] = ()
    search: Search | None = None


@dataclass
class Simulated:
    """What a simulation came to. ``runs`` are the folders of examples by law number."""

    impact: Impact
    reforms: list[Reform]
    plans: dict[int, ResponsePlan]
    searched: Searched | None
    summary: dict[str, Any]
    reports: list[LoadReport]
    findings: list[Finding]
    runs: dict[int, str]
    doubts: dict[int, list[Parameter]]
    first: date
    last: date


def simulate(folder: Path, out: Path, asked: Asked, memory: str | None, tell: Tell) -> Simulated:
    """Settles the city of ``folder`` under every law and writes the tables of `yibao.impact.measure` (parquet), the
    settlements of the examples and summary.json into ``out``.

    Raises FlowError for a reform that changes nothing in the days of the data and where a required table yields
    nothing, MissingParameter, OutputError.
    """
    with ExitStack() as stack:
        engine = stack.enter_context(Engine(memory=memory or MEMORY, progress=tell))
        tell("读数据")
        reports = load_city(engine, folder)
        first, last = _days(engine)
        reforms = [reform_of(asked.base.law, one.name, one.law, first, last) for one in asked.reforms]
        rules, faults = read_response(asked.behaviour, last)
        if any(one.severity is Severity.ERROR for one in faults):
            raise FlowError("行为反应的参数有错误，没有测算", findings=faults)
        work = _Work(asked, reforms, engine, tell, stack, memory)
        work.under_all()
        plans = work.with_behaviour(rules) if rules else {}
        year = _year(engine)
        remarks = work.income(year)
        put_people(engine, year)
        tell("比较")
        impact = measure(engine, asked.threshold)
        searched = None
        if asked.search:
            number, named = len(asked.reforms), (asked.base, *asked.reforms)[-1]
            city = work.cities[number][0]
            searched = search(city, named.law, named.name, asked.search, asked.threshold, work.base_fund, tell)
        return work.written(out, impact, plans, searched, reports, [*faults, *remarks], first, last)


def _days(engine: Engine) -> tuple[date, date]:
    """The first and last day that a claim touches."""
    found = engine.rows("""
        SELECT min(least(CAST(setl_time AS DATE), coalesce(begndate, CAST(setl_time AS DATE)))),
            max(CAST(setl_time AS DATE)) FROM claims""")[0]
    if found[0] is None:
        raise FlowError("没有可以测算的结算；请核对claims表")
    return found[0], found[1]


def _idle(reforms: Sequence[Reform], year: int) -> list[str]:
    """For each reform what to say where it changes what is paid in, but not for the year of the data."""
    said = []
    for one in reforms:
        keys = [key for key in one.keys if key not in one.of_terms]
        told = f"方案“{one.name}”改变了缴费（{'、'.join(keys)}），但{year}年度的缴费不受影响；请核对方案的起止日期"
        said.append(told if keys else "")
    return said


def _same_dues(rows: Sequence[Mapping[str, Any]], law_no: int) -> bool:
    """Whether a law brings in what the base does."""
    of = [[{**row, "law_no": 0} for row in rows if row["law_no"] == no] for no in (0, law_no)]
    return of[0] == of[1]


def _shared(one: str, other: str) -> int:
    """How many parts two keys have in common from the left."""
    pairs = zip(one.split("."), other.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _year(engine: Engine) -> int:
    """The benefit year of most claims: the year of people's ages and of contributions."""
    found = engine.rows("SELECT year FROM sim_claim GROUP BY year ORDER BY count(*) DESC, year LIMIT 1")
    return int(found[0][0]) if found else 0


class _Work:
    """A simulation on its way: the session, the laws and what each came to."""

    def __init__(
        self, asked: Asked, reforms: list[Reform], engine: Engine, tell: Tell, stack: ExitStack, memory: str | None
    ) -> None:
        self.asked, self.reforms, self.engine, self.tell, self.memory = asked, reforms, engine, tell, memory
        self.stack = stack
        self.cities: dict[int, tuple[City, Track]] = {}
        self.laws: list[dict[str, Any]] = [_law(0, asked.base.name, "base")]
        self.laws += [_law(no, one.name, "reform") for no, one in enumerate(reforms, start=1)]
        self.sums: list[dict[str, int]] = []
        self.base_fund = 0
        self.next_no = len(self.laws)
        self.raw: dict[str, pa.Table] = {}
        self.remarks: list[str] = []

    @property
    def city(self) -> City:
        """The city made ready under the base."""
        return self.cities[0][0]

    def under_all(self) -> None:
        """The base, every reform and every single, in one pass over the queue where they share what is made ready."""
        base = self.asked.base.law
        numbered = dict(enumerate(self.reforms, start=1))
        near = {no: one for no, one in numbered.items() if not one.anew}
        books = [PlanBook(one.law) for one in self.reforms]
        if self.asked.behaviour or len(near) < len(numbered):
            self.raw = {name: self.engine.fetch(f'SELECT * FROM "{name}"') for name in _loaded(self.engine)}
        city = make_ready(self.engine, base, self.tell, books, keep=("enrolments", "contributions"))
        self.people = people_of(self.engine)
        of = {0: base, **{no: one.law for no, one in near.items()}}
        tracks = [track(city, no, law, self.people) for no, law in of.items()]
        singles = [one for no, reform in numbered.items() for one in self._singles(city, no, reform)]
        put_claims(city)
        tallies = settle_under(city, [*tracks, *singles], self.tell, keep=tuple(of), threshold=self.asked.threshold)
        self.base_fund = tallies[0].fund
        self.cities |= {one.law_no: (city, one) for one in tracks}
        self._sum({no: tally for no, tally in tallies.items() if no not in of})
        for no, reform in numbered.items():
            if reform.anew:
                self._anew(no, reform.law, self.raw)
                self._singles_anew(no, reform)

    def _singles(self, city: City, of_law: int, reform: Reform) -> list[Track]:
        """The base with one changed parameter each; those that cannot stand without another go together with it."""
        left, made = [[key] for key in reform.of_terms if not is_fact(key)], list[tuple[list[str], Track]]()
        while left:
            keys = left.pop(0)
            law = mixed(self.asked.base.law, reform.law, keys)
            try:
                made.append((keys, track(city, self.next_no + len(made), law, self.people)))
            except MissingParameter as error:
                lacks = error.finding.key
                others = [*left, *(group for group, _ in made)]
                if not others:
                    raise
                best = max(others, key=lambda group: max(_shared(lacks, key) for key in group))
                left = [[*keys, *best], *(group for group in left if group is not best)]
                made = [one for one in made if one[0] is not best]
        tracks = [one._replace(law_no=self.next_no + nth) for nth, (_, one) in enumerate(made)]
        for one, (keys, _) in zip(tracks, made, strict=True):
            label = label_of(reform.law, keys)
            self.laws.append(_law(one.law_no, "", "single", "、".join(keys), label, of_law))
        self.next_no += len(tracks)
        return tracks

    def _singles_anew(self, of_law: int, reform: Reform) -> None:
        """The base with one changed key that claims are made ready by. One that cannot stand alone is left to the
        interaction, with a remark.
        """
        for key in filter(is_fact, reform.of_terms):
            law = mixed(self.asked.base.law, reform.law, [key])
            try:
                with ExitStack() as alone:
                    tally = self._settled_apart(alone, self.next_no, law, self.raw)[2]
            except MissingParameter as error:
                self.remarks.append(f"{key}不能单独改变（{error.finding.message}），计入交互项")
                continue
            self.laws.append(_law(self.next_no, "", "single", key, label_of(law, [key]), of_law))
            self._sum({self.next_no: tally})
            self.next_no += 1

    def _settled_apart(
        self, stack: ExitStack, law_no: int, law: Law, given: Mapping[str, pa.Table]
    ) -> tuple[City, Track, Tally]:
        """A city made ready and settled under a law in a session of its own, which ends with ``stack``."""
        other = stack.enter_context(Engine(memory=self.memory or MEMORY, progress=self.tell))
        for name, table in given.items():
            other.put(name, table)
        city = make_ready(other, law, self.tell)
        one = track(city, law_no, law, people_of(other))
        put_claims(city)
        return city, one, settle_under(city, [one], self.tell, keep=(law_no,))[law_no]

    def _sum(self, tallies: Mapping[int, Tally]) -> None:
        self.sums += [{"law_no": no, **tally.sums} for no, tally in tallies.items()]

    def _anew(self, law_no: int, law: Law, given: Mapping[str, pa.Table]) -> None:
        """A reform settled in a session of its own, its amounts taken in."""
        city, one, _ = self._settled_apart(self.stack, law_no, law, given)
        move_in(self.engine, city.engine, law_no)
        self.cities[law_no] = (city, one)

    def with_behaviour(self, rules: Sequence[Any]) -> dict[int, ResponsePlan]:
        """Each reform settled once more over the visits that people make under it."""
        plans = {}
        for no, reform in enumerate(self.reforms, start=1):
            self.tell(f"行为反应：{reform.name}")
            for name in ("claims", "fee_lines"):
                self.engine.put(name, self.raw[name])
            plans[no] = plan_response(self.engine, rules, no)
            made = {name: self.engine.fetch(f"SELECT * FROM {name}") for name in responded(self.engine)}
            self._still(no, reform.name)
            changed = {"claims": "responded_claims", "fee_lines": "responded_lines",
                       "prescriptions": "responded_prescriptions"}  # fmt: skip
            given = {name: made.get(changed.get(name, ""), table) for name, table in self.raw.items()}
            self.engine.con.execute(f"DELETE FROM sim_amount WHERE law_no = {no}")
            self._anew(no, reform.law, given)
        return plans

    def _still(self, law_no: int, name: str) -> None:
        """What a reform comes to without response, as a law of its own."""
        names = ", ".join(f"CAST(coalesce(sum({one}), 0) AS BIGINT)" for one in SUMS)
        found = self.engine.rows(f"SELECT {names} FROM sim_amount WHERE law_no = {law_no}")[0]
        self.laws.append(_law(self.next_no, name, "static", of_law=law_no))
        self.sums.append({"law_no": self.next_no, **dict(zip(SUMS, map(int, found), strict=True))})
        self.next_no += 1

    def income(self, year: int) -> list[Finding]:
        """Contributions under each law, the balances, and the tables of laws and sums."""
        payers = Payers(self.engine, year)
        rows, remarks = [], [*self.remarks]
        for no, law in enumerate([self.asked.base.law, *(one.law for one in self.reforms)]):
            made, said = payers.dues(law, no)
            rows += made
            remarks += said
        put_income(self.engine, rows, dict(self.asked.balances))
        remarks += [one for no, one in enumerate(_idle(self.reforms, year)) if one and _same_dues(rows, no + 1)]
        self.engine.put("sim_law", pa.Table.from_pylist(self.laws, INPUTS["sim_law"]))
        self.engine.put("sim_single", pa.Table.from_pylist(self.sums, INPUTS["sim_single"]))
        return [Finding("contribution_open", Severity.INFO, one) for one in dict.fromkeys(remarks)]

    def written(
        self, out: Path, impact: Impact, plans: dict[int, ResponsePlan], searched: Searched | None,
        reports: list[LoadReport], findings: list[Finding], first: date, last: date,
    ) -> Simulated:  # fmt: skip
        """Writes tables and examples."""
        shown = impact.tables["impact_example"].to_pylist()
        runs = {}
        summary = self._summary(impact, plans, searched, reports, first, last)
        with tables.output_folder(out) as part:
            for name, table in impact.tables.items():
                with tables.parquet_stream(part / f"{name}.parquet", table.schema) as write:
                    write(table)
            tables.write_parquet(
                self.engine, "SELECT * FROM impact_person ORDER BY law_no, psn_no, year", part / "impact_person.parquet"
            )
            write_summary(part, summary)
        for no, (city, one) in self.cities.items():
            people = [row["psn_no"] for row in shown if no in (0, row["law_no"])]
            folder = out / (BASE if no == 0 else f"reform{no}")
            facts = {
                "made_by": f"yibao {__version__} {SETTLED_BY.removeprefix('yibao ')}",
                "law": self.laws[no]["name"],
            }
            write_examples(city, one, people, folder, facts)
            runs[no] = str(folder)
        doubts = {no: _doubts(one.book) for no, (_, one) in self.cities.items()}
        seen = [*findings, *self.city.findings, *(one for report in reports for one in report.findings)]
        return Simulated(impact, self.reforms, plans, searched, summary, reports, seen, runs, doubts, first, last)

    def _summary(
        self, impact: Impact, plans: dict[int, ResponsePlan], searched: Searched | None, reports: list[LoadReport],
        first: date, last: date,
    ) -> dict[str, Any]:  # fmt: skip
        rows = impact.tables["impact_summary"].to_pylist()
        return {
            "made_by": f"yibao {__version__} {MADE_BY.removeprefix('yibao ')}",
            "city": self.asked.base.law.code,
            "city_name": self.asked.base.law.name,
            "from": first.isoformat(),
            "until": last.isoformat(),
            "laws": [_told(row) for row in rows],
            "names": {str(one["law_no"]): one["name"] for one in self.laws if one["role"] in ("base", "reform")},
            "changed": {str(no): one.keys for no, one in enumerate(self.reforms, start=1)},
            "threshold": None if impact.threshold is None else f"{yuan(impact.threshold):.2f}",
            "response": bool(plans),
            "trials": 0 if searched is None else len(searched.trials),
            "refused": len(self.city.ready.findings),
            "rejected": sum(one.rows_rejected for one in reports),
            "unverified": sorted({one.key for _, done in self.cities.values() for one in _doubts(done.book)}
                                 | set(self.city.unverified)),
        }  # fmt: skip


def _law(
    law_no: int, name: str, role: str, key: str = "", label: str = "", of_law: int | None = None
) -> dict[str, Any]:
    return {"law_no": law_no, "name": name, "role": role, "key": key, "label": label, "of_law": of_law}


def _loaded(engine: Engine) -> list[str]:
    """The tables of the city that are there."""
    there = {name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables")}
    return [name for name in (*REQUIRED, *OTHERS) if name in there]


def _doubts(book: PlanBook) -> list[Parameter]:
    """The unverified parameters that a law's terms used, each once."""
    used = {id(one): one for view in book.views for one in view.used if not one.grade.verified}
    return sorted(used.values(), key=lambda one: (one.key, one.where_text))


_COUNTED = (
    "law_no",
    "name",
    "role",
    "settlements",
    "claims",
    "members",
    "people",
    "winners",
    "losers",
    "unchanged",
    "above",
)
"""What of a law's row is no amount."""


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A law's row with amounts in yuan."""
    return {name: value if value is None or name in _COUNTED else f"{yuan(value):.2f}" for name, value in row.items()}
