"""A city's claims made ready for the kernel: tables loaded, cover, lines, contexts and the queue of every family.

What `yibao settle` settles once, `yibao simulate` settles under several laws: all that depends on no law of benefits is
done here once. Wires tables, enrolment, catalogue and benefit; holds no rule. Plan: docs/internals/benefit.md.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao import tables
from yibao.benefit import batch
from yibao.benefit import year as kernel_module
from yibao.benefit.chunk import FROZEN, PARTS, People
from yibao.benefit.terms import PlanBook
from yibao.catalogue import check_catalogue, check_lines, claim_sums, line_facts
from yibao.catalogue import scope as scope_module
from yibao.catalogue.batch import complete
from yibao.engine import Engine
from yibao.engine.kernels import KernelsMissingError, compile_kernel
from yibao.enrolment.batch import entitle, make_cover
from yibao.flows.dip_common import FlowError
from yibao.kernel import Finding
from yibao.law import Law
from yibao.tables import LoadReport

Int64 = npt.NDArray[np.int64]
Tell = Callable[[str], None]

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
MEMORY = "6GB"
"""What DuckDB may hold before it spills. With half of it 20 million claims with 60 million lines ran out of memory."""
LONG = 300 << 20
"""From so many bytes of files on fee lines are kept compressed on disk."""
CHUNK = 500_000
"""Rows of the queue that are settled at a time."""
FEW = 2_000
"""So many rows the plain kernel settles sooner than the compiled one is loaded."""


class City(NamedTuple):
    """A city ready to be settled: its session with the tables ``queue``, ``queue_line``, ``queue_init`` and
    ``person_family``; the sums of every claim's lines by claim_no; its contexts and the spans of law they are in.

    ``findings`` are of lines, catalogue and refused claims (``refused``); ``unverified`` the keys of unverified law
    that cover and catalogue used.
    """

    engine: Engine
    book: PlanBook
    kernels: "Kernels"
    parts: Int64
    ready: batch.Ready
    findings: list[Finding]
    unverified: list[str]

    @property
    def rows(self) -> int:
        """The rows of the queue."""
        return self.engine.count("queue")


def make_ready(
    engine: Engine, law: Law, tell: Tell, others: Sequence[PlanBook] = (), *, keep: Sequence[str] = ()
) -> City:
    """The city of the session's tables, from `load_city`. ``others`` are books of laws that will be asked too, and
    differ from ``law`` only in what terms are read from. Tables that are not in ``keep`` are dropped when they have
    been read. Raises MissingParameter when the law leaves a key open that some claim needs.
    """
    book = PlanBook(law)
    tell("待遇资格")
    batch.reprice_partial(engine, book)
    batch.claim_days(engine, book)
    first = engine.rows("SELECT min(year(law_day)) FROM claim_day")[0][0]
    assumed = make_cover(engine, law, int(first or 2000))
    entitle(engine)
    _name_insurance(engine)
    tell("目录")
    facts = line_facts(engine, law, rows=False)
    kernels = Kernels(engine.count("claims"))
    sums = claim_sums(engine, kernels.lines)
    batch.put_totals(engine, sums.total, sums.negative)
    checked = [*check_catalogue(engine), *_checked_lines(engine, book, sums.lines)]
    engine.drop(*({"fee_lines", "line_net", "claims", "enrolments", "contributions", "cover"} - set(keep)))
    tell("政策")
    ready = batch.claim_terms(engine, book, others)
    tell("排队")
    batch.queue(engine)
    unverified = sorted({*assumed, *facts.unverified})
    return City(engine, book, kernels, sums.parts, ready, [*facts.findings, *checked, *ready.findings], unverified)


def load_city(engine: Engine, folder: Path) -> list[LoadReport]:
    """Loads every table of the folder; raises FlowError with all reports where a required one yields nothing."""
    reports = []
    for name in (*REQUIRED, *OTHERS):
        with engine.long_tables() if name == "fee_lines" and _size(folder, name) > LONG else nullcontext():
            report = tables.load(engine, name, [folder])
        if name in OTHERS and set(report.counts) == {"no_table_file"}:
            engine.drop(name, report.rejects)
            continue
        reports.append(report)
    lacking = [one.table for one in reports if one.table in REQUIRED and one.nothing and not _empty(one)]
    if lacking:
        raise FlowError(f"缺少结算必需的表：{'、'.join(lacking)}；可用 yibao template 写出模板填写", reports)
    return reports


def _size(folder: Path, table: str) -> int:
    """The bytes of a table's files."""
    return sum(path.stat().st_size for path in folder.glob(f"{table}*.*"))


def _empty(report: LoadReport) -> bool:
    """Whether the table is there with its heading and no row: a city may have no lines, but not no claims."""
    return report.table != "claims" and not report.rows_read and "no_table_file" not in report.counts


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


def _name_insurance(engine: Engine) -> None:
    """Puts the insurance of the cover into claims that name none, for what the catalogue limits to an insurance."""
    complete(engine, "claims", "fee_lines", "catalogue_items")
    needed = engine.rows("SELECT 1 FROM item_limits WHERE lmt_insutype <> '' LIMIT 1")
    if not needed or not engine.rows("SELECT 1 FROM claims WHERE coalesce(insutype, '') = '' LIMIT 1"):
        return
    engine.con.execute("""
        UPDATE claims SET insutype = n.insutype FROM (
            SELECT d.claim_no, e.insutype FROM claim_day AS d
            JOIN entitlement AS e ON e.psn_no = d.psn_no AND e.day = d.law_day
            WHERE d.named_insutype = '' AND e.insutype <> ''
        ) AS n WHERE n.claim_no = claims.rowid""")


class Kernels:
    """The kernels of lines and claims: compiled where there are many claims and numba is there."""

    def __init__(self, claims: int) -> None:
        self.lines, self.claims = scope_module.sum_lines, kernel_module.settle_all
        if claims >= FEW:
            with suppress(KernelsMissingError):
                self.lines = compile_kernel(scope_module).sum_lines
                self.claims = compile_kernel(kernel_module).settle_all


def cuts(engine: Engine, rows: int) -> Iterator[tuple[int, int]]:
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


class Stretch(NamedTuple):
    """A stretch of the queue that holds whole families: its rows with the sums of their lines, their lines with a
    counter, and the queue numbers of reversals with those they undo.
    """

    queue: pa.Table
    lines: pa.Table
    init: dict[int, int]


def stretch(city: City, first: int, last: int) -> Stretch:
    """The rows of the queue from ``first`` to before ``last``."""
    return _fetched(city, "queue_no >= $first AND queue_no < $last", {"first": first, "last": last})


def _fetched(city: City, where: str, given: dict[str, Any]) -> Stretch:
    engine, parts = city.engine, city.parts
    # The table is sorted and read in its order.
    queue = engine.fetch(f"SELECT * FROM queue WHERE {where}", given)
    number = queue["claim_no"].to_numpy()
    summed = np.where((number >= 0)[:, None], parts[number], 0) if len(parts) else np.zeros((len(number), len(PARTS)))
    for name, column in zip(PARTS, summed.T, strict=True):
        queue = queue.append_column(name, pa.array(column, pa.int64()))
    lines = engine.fetch(f"SELECT * FROM queue_line WHERE {where} ORDER BY queue_no, counter_mark, feedetl_sn", given)
    init = dict(engine.rows(f"SELECT queue_no, init_no FROM queue_init WHERE {where} ORDER BY queue_no", given))
    return Stretch(queue, lines, init)


def people_of(engine: Engine) -> People:
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
