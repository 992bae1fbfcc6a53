"""``yibao settle``: a city's claims settled by its law, batch by batch of families. Wires a city made ready, the kernel
and the result tables; holds no rule. The plan stands in docs/internals/benefit.md.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import tables
from yibao.benefit.chunk import FROZEN, People, settle_chunk
from yibao.benefit.replay import replay
from yibao.benefit.terms import PlanBook
from yibao.engine import Engine
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import Setting
from yibao.flows.settle_city import (
    MEMORY,
    OTHERS,
    REQUIRED,
    City,
    Int64,
    Stretch,
    Tell,
    cuts,
    load_city,
    make_ready,
    people_of,
    stretch,
)
from yibao.flows.settle_results import PEOPLE, SCHEMAS, Part, Totals, money, summary_of, tables_of, write_terms
from yibao.kernel import Finding, Severity
from yibao.tables import LoadReport


@dataclass
class Settlement:
    """What settling came to: its summary, what loading and settling found."""

    summary: dict[str, Any]
    reports: list[LoadReport]
    findings: list[Finding]


def settle(
    folder: Path, out: Path, setting: Setting, explained: Fraction = Fraction(1), *, resettle: bool = False
) -> Settlement:
    """Settles the claims of ``folder`` and writes ``settlements``, ``setldetail``, ``accumulators``, ``account_draws``
    (parquet) and summary.json into ``out``; refused claims are findings, listed in findings.xlsx. ``trail`` and
    terms.json explain the settlements of that share of the people. ``dependents`` names every settlement that comes out
    otherwise without what was reversed, with the differences; with ``resettle`` they are written as adjustments too,
    and accumulators and balances are those after them.

    Raises FlowError when a required table yields nothing, MissingParameter when the law leaves a key open that some
    claim needs, OutputError.
    """
    tell = setting.progress or (lambda _step: None)
    with Engine(memory=setting.memory or MEMORY, progress=setting.progress) as engine:
        tell("读数据")
        reports = load_city(engine, folder)
        city = make_ready(engine, setting.law, tell)
        tell("结算")
        with tables.output_folder(out, optional=(*map(_rejects, (*REQUIRED, *OTHERS)), "findings.xlsx")) as part:
            totals = _settle(city, part, int(explained * PEOPLE), resettle, tell)
            write_terms(city.book, part)
            findings = [one for report in reports for one in report.findings] + city.findings
            for report in reports:
                if report.rows_rejected:
                    tables.write_rejected(part / _rejects(report.table), engine, report)
            if any(one.severity is not Severity.INFO for one in findings):
                tables.write_findings(part / "findings.xlsx", findings)
            summary = summary_of(setting, city.book, totals, reports, city.ready.findings, city.unverified)
            write_summary(part, summary)
    return Settlement(summary, reports, findings)


def _rejects(table: str) -> str:
    """The file of a table's rejected rows: those of claims alone are called as everywhere."""
    return "rejected.xlsx" if table == "claims" else f"rejected_{table}.xlsx"


def _settle(city: City, part: Path, share: int, resettle: bool, tell: Tell) -> Totals:
    """Settles the queue chunk by chunk, two at a time, and writes the results in the order of the queue."""
    totals = Totals(Counter(), Counter())
    rows, people = city.rows, people_of(city.engine)
    run = run_of(city.book, city)
    with ExitStack() as stack:
        write = {
            name: stack.enter_context(tables.parquet_stream(part / f"{name}.parquet", schema))
            for name, schema in SCHEMAS.items()
        }
        pool = stack.enter_context(ThreadPoolExecutor(2))
        waiting: list[Future[Part]] = []
        for done, (first, last) in enumerate(cuts(city.engine, rows)):
            waiting.append(pool.submit(settle_part, run, stretch(city, first, last), people, share, resettle))
            if len(waiting) > 1:
                _write(write, waiting.pop(0).result(), totals)
            tell(f"结算 {min(last, rows):,}/{rows:,}（第{done + 1}批）")
        for one in waiting:
            _write(write, one.result(), totals)
        balances = pa.table({"psn_no": run.person, "balc": money(people.balance + people.frozen * FROZEN)})
        write["accounts"](balances.filter(pc.not_equal(balances["balc"], pa.scalar(Decimal("0.00")))))
    return totals


def _write(write: Mapping[str, Any], found: Part, totals: Totals) -> None:
    for name, table in found.tables.items():
        if table.num_rows:
            write[name](table)
    totals.outcomes.update(found.outcomes)
    totals.amounts.update(found.amounts)


class Run(NamedTuple):
    """What settles a stretch: the plan of a law with its slots by name, the kernel, the names of people and homes."""

    plan: Int64
    names: list[str]
    kernel: Any
    person: pa.Array
    homes: pa.Array

    @property
    def slots(self) -> int:
        """How many accumulators a person has a year."""
        return max(1, len(self.names))


def run_of(book: PlanBook, city: City) -> Run:
    """The run of a city under the law of ``book``, whose terms have been read; after `people_of`."""
    names = [name for name, _ in sorted(book.slots.items(), key=lambda one: one[1])]
    person = city.engine.fetch("SELECT psn_no FROM person_family ORDER BY person_no")["psn_no"]
    homes = city.engine.fetch("SELECT household_no FROM household_number ORDER BY home_no")["household_no"]
    plan = np.array(book.plan, dtype=np.int64)
    return Run(plan, names, city.kernels.claims, person.combine_chunks(), homes.combine_chunks())


def settle_part(run: Run, some: Stretch, people: People, share: int, resettle: bool) -> Part:
    """Settles a stretch of the queue and makes its tables; runs in a thread of its own."""
    queue, lines, init = some
    opening = people._replace(balance=people.balance.copy()) if init else people
    settled = settle_chunk(run.plan, run.slots, queue, init, lines, people, run.kernel)
    again = replay(run.plan, run.slots, queue, init, lines, opening, settled, run.kernel)
    if again is not None and resettle:
        people.balance[again.settled.persons] = opening.balance[again.settled.persons]
    return tables_of(queue, settled, run.names, run.person, run.homes, share, again, resettle=resettle)
