"""``yibao settle``: a city's claims settled by its law, batch by batch of families. Wires tables, cover, catalogue and
benefit; holds no rule. The plan stands in docs/internals/benefit.md.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import tables
from yibao.benefit import batch
from yibao.benefit import year as kernel_module
from yibao.benefit.chunk import FROZEN, PARTS, People, settle_chunk
from yibao.benefit.replay import replay
from yibao.benefit.terms import PlanBook
from yibao.catalogue import check_catalogue, check_lines, claim_sums, line_facts
from yibao.catalogue import scope as scope_module
from yibao.catalogue.batch import complete
from yibao.engine import Engine
from yibao.engine.kernels import KernelsMissingError, compile_kernel
from yibao.enrolment.batch import entitle, make_cover
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError, Setting
from yibao.flows.settle_results import PEOPLE, SCHEMAS, Part, Totals, money, summary_of, tables_of, write_terms
from yibao.kernel import Finding, Severity
from yibao.tables import LoadReport

REQUIRED = ("claims", "fee_lines", "catalogue_items", "providers", "enrolments")
OTHERS = (
    "contributions", "persons", "deaths", "identities", "item_limits", "special_approvals", "preparations",
    "consumable_deny", "consumable_allow", "prescriptions", "chosen_points", "doctor_contracts", "chronic_approvals",
    "offsite_filings", "households", "supplement_insured", "acct_balances", "acct_bindings", "acct_credits",
    "incentives",
)  # fmt: skip
"""Tables that a city may lack."""
REFUSED_LATER = {"lines_not_claim_total", "line_negative"}
"""Faults of lines for which their claim is refused, with an outcome that says so."""
MEMORY = "5GB"
"""What DuckDB may hold before it spills. With half of it 20 million claims with 60 million lines ran out of memory."""
CHUNK = 500_000
"""Rows of the queue that are settled at a time."""
FEW = 2_000
"""So many rows the plain kernel settles sooner than the compiled one is loaded."""


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
        reports = _load(engine, folder)
        book = PlanBook(setting.law)
        tell("待遇资格")
        batch.reprice_partial(engine, book)
        batch.claim_days(engine, book)
        first = engine.rows("SELECT min(year(law_day)) FROM claim_day")[0][0]
        assumed = make_cover(engine, setting.law, int(first or 2000))
        entitle(engine)
        _name_insurance(engine)
        tell("目录")
        facts = line_facts(engine, setting.law, rows=False)
        kernels = Kernels(engine.count("claims"))
        sums = claim_sums(engine, kernels.lines)
        batch.put_totals(engine, sums.total, sums.negative)
        checked = [*check_catalogue(engine), *_checked_lines(engine, book, sums.lines)]
        engine.drop("fee_lines", "line_net", "claims", "enrolments", "contributions", "cover")
        tell("政策")
        ready = batch.claim_terms(engine, book)
        tell("排队")
        batch.queue(engine)
        tell("结算")
        with tables.output_folder(out, optional=(*map(_rejects, (*REQUIRED, *OTHERS)), "findings.xlsx")) as part:
            totals = _settle(engine, book, part, kernels.claims, sums.parts, int(explained * PEOPLE), resettle, tell)
            write_terms(book, part)
            loaded = [one for report in reports for one in report.findings]
            findings = [*loaded, *facts.findings, *checked, *ready.findings]
            for report in reports:
                if report.rows_rejected:
                    tables.write_rejected(part / _rejects(report.table), engine, report)
            if any(one.severity is not Severity.INFO for one in findings):
                tables.write_findings(part / "findings.xlsx", findings)
            unverified = sorted({*assumed, *facts.unverified, *ready.unverified})
            summary = summary_of(setting, book, totals, reports, ready.findings, unverified)
            write_summary(part, summary)
    return Settlement(summary, reports, findings)


def _rejects(table: str) -> str:
    """The file of a table's rejected rows: those of claims alone are called as everywhere."""
    return "rejected.xlsx" if table == "claims" else f"rejected_{table}.xlsx"


def _checked_lines(engine: Engine, book: PlanBook, claimed: int) -> list[Finding]:
    """Faults of lines, by the tolerance of the last day of service. A claim whose lines do not sum to it is refused
    later, with its outcome. ``claimed`` is how many lines are of claims that are no reversals.
    """
    last = engine.rows("SELECT max(law_day) FROM claim_day")[0][0]
    if not last:
        return []
    of_reversals = engine.rows("""
        SELECT count(*) FROM fee_lines AS l JOIN claims AS c ON c.setl_id = l.setl_id WHERE c.refd_setl_flag = '1'""")
    whole = claimed + of_reversals[0][0] == engine.count("fee_lines")
    found = check_lines(engine, book.view(last), claimed=whole, summed=True)
    return [one for one in found if one.code not in REFUSED_LATER]


def _empty(report: LoadReport) -> bool:
    """Whether the table is there with its heading and no row: a city may have no lines, but not no claims."""
    return report.table != "claims" and not report.rows_read and "no_table_file" not in report.counts


def _name_insurance(engine: Engine) -> None:
    """Puts the insurance of the cover into claims that name none, for what the catalogue limits to an insurance."""
    complete(engine, "claims", "fee_lines", "catalogue_items")
    if not engine.rows("SELECT 1 FROM claims WHERE coalesce(insutype, '') = '' LIMIT 1"):
        return
    engine.con.execute("""
        UPDATE claims SET insutype = e.insutype FROM claim_day AS d, entitlement AS e
        WHERE d.setl_id = claims.setl_id AND e.psn_no = d.psn_no AND e.day = d.law_day AND e.insutype <> ''
            AND coalesce(claims.insutype, '') = '' AND EXISTS (SELECT 1 FROM item_limits WHERE lmt_insutype <> '')""")


def _load(engine: Engine, folder: Path) -> list[LoadReport]:
    """Loads every table of the folder; raises FlowError with all reports where a required one yields nothing."""
    reports = []
    for name in (*REQUIRED, *OTHERS):
        report = tables.load(engine, name, [folder])
        if name in OTHERS and set(report.counts) == {"no_table_file"}:
            engine.drop(name, report.rejects)
            continue
        reports.append(report)
    lacking = [one.table for one in reports if one.table in REQUIRED and one.nothing and not _empty(one)]
    if lacking:
        raise FlowError(f"缺少结算必需的表：{'、'.join(lacking)}；可用 yibao template 写出模板填写", reports)
    return reports


def _settle(
    engine: Engine, book: PlanBook, part: Path, kernel: Any, parts: Any, share: int, resettle: bool, tell: Any
) -> Totals:
    """Settles the queue chunk by chunk, two at a time, and writes the results in the order of the queue."""
    totals = Totals(Counter(), Counter())
    rows = engine.count("queue")
    plan, slots = np.array(book.plan, dtype=np.int64), max(1, len(book.slots))
    people = _people(engine)
    names = [name for name, _ in sorted(book.slots.items(), key=lambda one: one[1])]
    person = engine.fetch("SELECT psn_no FROM person_family ORDER BY person_no")["psn_no"].combine_chunks()
    homes = engine.fetch("SELECT household_no FROM household_number ORDER BY home_no")["household_no"].combine_chunks()
    with ExitStack() as stack:
        write = {
            name: stack.enter_context(tables.parquet_stream(part / f"{name}.parquet", schema))
            for name, schema in SCHEMAS.items()
        }
        pool = stack.enter_context(ThreadPoolExecutor(2))
        waiting: list[Future[Part]] = []
        for done, (first, last) in enumerate(_cuts(engine, rows)):
            stretch = _stretch(engine, parts, first, last)
            waiting.append(
                pool.submit(_part, plan, slots, stretch, people, kernel, names, person, homes, share, resettle)
            )
            if len(waiting) > 1:
                _write(write, waiting.pop(0).result(), totals)
            tell(f"结算 {min(last, rows):,}/{rows:,}（第{done + 1}批）")
        for one in waiting:
            _write(write, one.result(), totals)
        balances = pa.table({"psn_no": person, "balc": money(people.balance + people.frozen * FROZEN)})
        write["accounts"](balances.filter(pc.not_equal(balances["balc"], pa.scalar(Decimal("0.00")))))
    return totals


def _write(write: Mapping[str, Any], found: Part, totals: Totals) -> None:
    for name, table in found.tables.items():
        if table.num_rows:
            write[name](table)
    totals.outcomes.update(found.outcomes)
    totals.amounts.update(found.amounts)


class Kernels:
    """The kernels of lines and claims: compiled where there are many claims and numba is there."""

    def __init__(self, claims: int) -> None:
        self.lines, self.claims = scope_module.sum_lines, kernel_module.settle_all
        if claims >= FEW:
            with suppress(KernelsMissingError):
                self.lines = compile_kernel(scope_module).sum_lines
                self.claims = compile_kernel(kernel_module).settle_all


def _cuts(engine: Engine, rows: int) -> Iterator[tuple[int, int]]:
    """Stretches of the queue of about CHUNK rows that end where a family ends."""
    first = 0
    while first < rows:
        at = first + CHUNK
        last = rows
        if at < rows:
            last = engine.rows(
                "SELECT min(queue_no) FROM queue WHERE queue_no >= $at AND family_no > "
                "(SELECT family_no FROM queue WHERE queue_no = $at)", {"at": at},
            )[0][0]  # fmt: skip
            last = rows if last is None else int(last)
        yield first, last
        first = last


_Stretch = tuple[pa.Table, pa.Table, dict[int, int]]


def _stretch(engine: Engine, parts: Any, first: int, last: int) -> _Stretch:
    bounds = {"first": first, "last": last}
    within = "WHERE queue_no >= $first AND queue_no < $last ORDER BY queue_no"
    # The table is sorted and read in its order.
    queue = engine.fetch("SELECT * FROM queue WHERE queue_no >= $first AND queue_no < $last", bounds)
    number = queue["claim_no"].to_numpy()
    summed = np.where((number >= 0)[:, None], parts[number], 0) if len(parts) else np.zeros((len(number), len(PARTS)))
    for name, column in zip(PARTS, summed.T, strict=True):
        queue = queue.append_column(name, pa.array(column, pa.int64()))
    lines = engine.fetch(f"SELECT * FROM queue_line {within}, counter_mark, feedetl_sn", bounds)
    init = dict(engine.rows(f"SELECT queue_no, init_no FROM queue_init {within}", bounds))
    return queue, lines, init


def _people(engine: Engine) -> People:
    """Households, usable balances and sharers of everybody in the queue."""
    engine.con.execute("""
        CREATE OR REPLACE TABLE household_number AS
        SELECT household_no, row_number() OVER (ORDER BY household_no) - 1 AS home_no
        FROM (SELECT DISTINCT household_no FROM households)""")
    rows = engine.fetch("""
        SELECT p.person_no, coalesce(n.home_no, -1) AS home_no,
            coalesce(a.balc, 0) AS balc,
            CASE WHEN coalesce(a.acct_stas, 'normal') = 'normal' THEN 0 ELSE 1 END AS frozen
        FROM person_family AS p
        LEFT JOIN households AS h ON h.psn_no = p.psn_no
        LEFT JOIN household_number AS n ON n.household_no = h.household_no
        LEFT JOIN acct_balances AS a ON a.psn_no = p.psn_no
        ORDER BY p.person_no""")
    sharers = engine.fetch("""
        SELECT u.person_no AS user_no, o.person_no AS owner_no, date_diff('day', DATE '1970-01-01', b.begndate) AS begn,
            date_diff('day', DATE '1970-01-01', coalesce(b.enddate, DATE '9999-12-31')) AS until
        FROM acct_bindings AS b
        JOIN person_family AS u ON u.psn_no = b.psn_no JOIN person_family AS o ON o.psn_no = b.owner_psn_no
        WHERE b.psn_no <> b.owner_psn_no
        ORDER BY u.person_no, b.bind_seq, b.bind_id""")
    count = np.bincount(sharers["user_no"].to_numpy(), minlength=rows.num_rows)
    at = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    columns = [sharers[name].to_numpy().astype(np.int64) for name in ("owner_no", "begn", "until")]
    frozen = rows["frozen"].to_numpy().astype(np.int64)
    return People(
        rows["home_no"].to_numpy().astype(np.int64), rows["balc"].to_numpy().astype(np.int64) - frozen * FROZEN, frozen,
        np.stack(columns, axis=1) if sharers.num_rows else np.zeros((0, 3), dtype=np.int64), at,
    )  # fmt: skip


def _part(
    plan: Any, slots: int, stretch: _Stretch, people: People, kernel: Any, names: list[str], person: pa.Array,
    homes: pa.Array, share: int, resettle: bool,
) -> Part:  # fmt: skip
    """Settles a stretch of the queue and makes its tables; runs in a thread of its own."""
    queue, lines, init = stretch
    opening = people._replace(balance=people.balance.copy()) if init else people
    settled = settle_chunk(plan, slots, queue, init, lines, people, kernel)
    again = replay(plan, slots, queue, init, lines, opening, settled, kernel)
    if again is not None and resettle:
        people.balance[again.settled.persons] = opening.balance[again.settled.persons]
    return tables_of(queue, settled, names, person, homes, share, again, resettle=resettle)
