"""``yibao settle``: a city's claims settled by its law, batch by batch of families. Wires tables, cover, catalogue and
benefit; holds no rule. The plan stands in docs/internals/benefit.md.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import __version__, tables
from yibao.benefit import batch, chunk, national
from yibao.benefit import plan as p
from yibao.benefit import year as kernel_module
from yibao.benefit.chunk import People, Settled, settle_chunk
from yibao.benefit.outcomes import BY_NUMBER
from yibao.benefit.terms import PlanBook
from yibao.catalogue import line_facts
from yibao.engine import Engine
from yibao.engine.kernels import KernelsMissingError, compile_kernel
from yibao.enrolment.batch import entitle, make_cover
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError, Setting, parameters_of
from yibao.kernel import Finding, Severity, yuan
from yibao.tables import LoadReport

REQUIRED = ("claims", "fee_lines", "catalogue_items", "providers", "enrolments", "contributions")
OTHERS = (
    "persons", "deaths", "identities", "item_limits", "special_approvals", "preparations", "consumable_deny",
    "consumable_allow", "prescriptions", "chosen_points", "doctor_contracts", "chronic_approvals", "offsite_filings",
    "households", "supplement_insured", "acct_balances", "acct_bindings", "acct_credits", "incentives",
)  # fmt: skip
"""Tables that a city may lack."""
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


def settle(folder: Path, out: Path, setting: Setting) -> Settlement:
    """Settles the claims of ``folder`` and writes ``settlements``, ``setldetail``, ``accumulators``, ``account_draws``
    (parquet) and summary.json into ``out``; refused claims are findings, listed in findings.xlsx.

    Raises FlowError when a required table yields nothing, MissingParameter when the law leaves a key open that some
    claim needs, OutputError.
    """
    tell = setting.progress or (lambda _step: None)
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        tell("读数据")
        reports = _load(engine, folder)
        book = PlanBook(setting.law)
        tell("待遇资格")
        batch.claim_days(engine, book)
        first = engine.rows("SELECT min(year(law_day)) FROM claim_day")[0][0]
        assumed = make_cover(engine, setting.law, int(first or 2000))
        entitle(engine)
        tell("目录")
        facts = line_facts(engine, setting.law)
        tell("政策")
        ready = batch.claim_terms(engine, book)
        tell("排队")
        batch.queue(engine)
        tell("结算")
        with tables.output_folder(out, optional=("rejected.xlsx", "findings.xlsx")) as part:
            totals = _settle(engine, book, part, tell)
            findings = [*(one for report in reports for one in report.findings), *facts.findings, *ready.findings]
            if reports[0].rows_rejected:
                tables.write_rejected(part / "rejected.xlsx", engine, reports[0])
            if any(one.severity is not Severity.INFO for one in findings):
                tables.write_findings(part / "findings.xlsx", findings)
            unverified = sorted({*assumed, *facts.unverified, *ready.unverified})
            summary = _summary(setting, book, totals, reports, ready.findings, unverified)
            write_summary(part, summary)
    return Settlement(summary, reports, findings)


def _load(engine: Engine, folder: Path) -> list[LoadReport]:
    """Loads every table of the folder; raises FlowError with all reports where a required one yields nothing."""
    reports = []
    for name in (*REQUIRED, *OTHERS):
        report = tables.load(engine, name, [folder])
        if name in OTHERS and set(report.counts) == {"no_table_file"}:
            engine.drop(name, report.rejects)
            continue
        reports.append(report)
    lacking = [one.table for one in reports if one.table in REQUIRED and one.nothing]
    if lacking:
        raise FlowError(f"缺少结算必需的表：{'、'.join(lacking)}；可用 yibao template 写出模板填写", reports)
    return reports


class _Totals(NamedTuple):
    """What the settlements come to: how many by outcome, and each amount in fen."""

    outcomes: Counter[str]
    amounts: Counter[str]


def _settle(engine: Engine, book: PlanBook, part: Path, tell: Any) -> _Totals:
    """Settles the queue chunk by chunk, two at a time, and writes the results in the order of the queue."""
    totals = _Totals(Counter(), Counter())
    rows = engine.count("queue")
    kernel = _kernel(rows)
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
        waiting: list[Future[_Part]] = []
        for done, (first, last) in enumerate(_cuts(engine, rows)):
            stretch = _stretch(engine, first, last)
            waiting.append(pool.submit(_part, plan, slots, stretch, people, kernel, names, person, homes))
            if len(waiting) > 1:
                _write(write, waiting.pop(0).result(), totals)
            tell(f"结算 {min(last, rows):,}/{rows:,}（第{done + 1}批）")
        for one in waiting:
            _write(write, one.result(), totals)
        balances = pa.table({"psn_no": person, "balc": _money(people.balance)})
        write["accounts"](balances.filter(pc.not_equal(balances["balc"], pa.scalar(Decimal("0.00")))))
    return totals


class _Part(NamedTuple):
    """The result tables of a chunk, and what it adds to the totals."""

    tables: dict[str, pa.Table]
    outcomes: dict[str, int]
    amounts: dict[str, int]


def _write(write: Mapping[str, Any], found: _Part, totals: _Totals) -> None:
    for name, table in found.tables.items():
        if table.num_rows:
            write[name](table)
    totals.outcomes.update(found.outcomes)
    totals.amounts.update(found.amounts)


def _kernel(rows: int) -> Any:
    if rows < FEW:
        return kernel_module.settle_all
    try:
        return compile_kernel(kernel_module).settle_all
    except KernelsMissingError:
        return kernel_module.settle_all


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


def _stretch(engine: Engine, first: int, last: int) -> _Stretch:
    bounds = {"first": first, "last": last}
    within = "WHERE queue_no >= $first AND queue_no < $last ORDER BY queue_no"
    queue = engine.fetch(f"SELECT * FROM queue {within}", bounds)
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
            CASE WHEN coalesce(a.acct_stas, 'normal') = 'normal' THEN coalesce(a.balc, 0) ELSE 0 END AS balc
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
    return People(
        rows["home_no"].to_numpy().astype(np.int64), rows["balc"].to_numpy().astype(np.int64).copy(),
        np.stack(columns, axis=1) if sharers.num_rows else np.zeros((0, 3), dtype=np.int64), at,
    )  # fmt: skip


_TEXTS = ("setl_id", "init_setl_id", "mdtrt_id", "psn_no", "insutype", "psn_type", "fixmedins_code", "med_type", "kind")
_AMOUNTS = (
    "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc",
    "hifp_pay", "cvlserv_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt", "psn_part_amt",
    "acct_pay", "acct_mulaid_pay", "psn_cash_pay",
)  # fmt: skip
_MONEY = pa.decimal128(18, 2)
SCHEMAS = {
    "settlements": pa.schema([
        *((name, pa.string()) for name in _TEXTS), ("setl_time", pa.timestamp("us")), ("benefit_year", pa.int32()),
        ("outcome", pa.string()), *((name, _MONEY) for name in _AMOUNTS),
    ]),
    "setldetail": pa.schema([
        ("setl_id", pa.string()), ("fund_pay_type", pa.string()), ("inscp_scp_amt", _MONEY), ("fund_payamt", _MONEY),
    ]),
    "accumulators": pa.schema([
        ("psn_no", pa.string()), ("benefit_year", pa.int32()), ("slot", pa.string()), ("acc_amt", _MONEY),
    ]),
    "account_draws": pa.schema([("setl_id", pa.string()), ("psn_no", pa.string()), ("paid_amt", _MONEY)]),
    "accounts": pa.schema([("psn_no", pa.string()), ("balc", _MONEY)]),
}  # fmt: skip


def _money(fen: Any) -> pa.Array:
    """Whole fen as 元 with two decimals."""
    return pc.multiply(pa.array(fen).cast(pa.decimal128(19, 0)), pa.scalar(Decimal("0.01"))).cast(_MONEY)


def _part(
    plan: Any, slots: int, stretch: _Stretch, people: People, kernel: Any, names: list[str], person: pa.Array,
    homes: pa.Array,
) -> _Part:  # fmt: skip
    """Settles a stretch of the queue and makes its tables; runs in a thread of its own."""
    queue, lines, init = stretch
    return _tables(queue, settle_chunk(plan, slots, queue, init, lines, people, kernel), names, person, homes)


def _tables(queue: pa.Table, settled: Settled, slots: list[str], person: pa.Array, homes: pa.Array) -> _Part:
    kept = np.flatnonzero(queue["queue_kind"].to_numpy() != chunk.CREDIT_ROW)
    rows, results = queue.take(pa.array(kept)), settled.results[kept]
    insutype = rows["insutype"].to_numpy(zero_copy_only=False)
    amounts = national.setlinfo(results, insutype == "310")
    numbers, counts = np.unique(results[:, p.R_OUTCOME], return_counts=True)
    outcomes = {BY_NUMBER[int(one)].code: int(n) for one, n in zip(numbers, counts, strict=True)}
    sums = {name: int(values.sum()) for name, values in amounts.items()}
    codes = pa.array([BY_NUMBER[int(one)].code for one in numbers], pa.string())
    outcome = codes.take(pa.array(np.searchsorted(numbers, results[:, p.R_OUTCOME])))
    columns = [*(rows[name] for name in _TEXTS), rows["setl_time"], rows["benefit_year"].cast(pa.int32()), outcome]
    money = {name: _money(values) for name, values in amounts.items()}
    columns += [money[name] for name in _AMOUNTS]
    settlements = pa.table(dict(zip(SCHEMAS["settlements"].names, columns, strict=True))).cast(SCHEMAS["settlements"])
    detail = national.setldetail(amounts, insutype)
    row = pa.array(detail["row"])
    types = pa.array(list(national.FUND_TYPES)).take(pa.array(detail["fund"]))
    paid = {"inscp_scp_amt": money["inscp_scp_amt"].take(row), "fund_payamt": _money(detail["paid"])}
    details = pa.table({"setl_id": rows["setl_id"].take(row), "fund_pay_type": types, **paid})
    ids = queue["setl_id"].take(pa.array(settled.draws[:, 0]))
    owners = person.take(pa.array(settled.draws[:, 1]))
    draws = pa.table({"setl_id": ids, "psn_no": owners, "paid_amt": _money(settled.draws[:, 2])})
    found = {
        "settlements": settlements,
        "setldetail": details.cast(SCHEMAS["setldetail"]),
        "accumulators": _accumulators(settled, slots, person, homes),
        "account_draws": draws.cast(SCHEMAS["account_draws"]),
    }
    return _Part(found, outcomes, sums)


def _accumulators(settled: Settled, slots: list[str], person: pa.Array, homes: pa.Array) -> pa.Table:
    at = np.flatnonzero(settled.state)
    width, years = max(1, len(slots)), max(1, len(settled.years))
    who, year, slot = at // (width * years), at // width % years, at % width
    owners = pa.concat_arrays([person.take(pa.array(settled.persons)), homes.take(pa.array(settled.households))])
    years_of = pa.array(settled.years[year] if len(at) else [], pa.int32())
    named = pa.array(slots or [""], pa.string()).take(pa.array(slot))
    whose = owners.take(pa.array(who))
    table = pa.table({"psn_no": whose, "benefit_year": years_of, "slot": named, "acc_amt": _money(settled.state[at])})
    return table.cast(SCHEMAS["accumulators"])


def _summary(
    setting: Setting, book: PlanBook, totals: _Totals, reports: list[LoadReport], refused: list[Finding],
    unverified: list[str],
) -> dict[str, Any]:  # fmt: skip
    used = list({id(one): one for view in book.views for one in view.used}.values())
    return {
        "made_by": f"yibao {__version__} settle",
        "city": setting.law.code,
        "city_name": setting.law.name,
        "settled": sum(totals.outcomes.values()),
        "outcomes": dict(sorted(totals.outcomes.items())),
        "refused": dict(sorted(Counter(one.code for one in refused).items())),
        "amounts": {name: f"{yuan(totals.amounts[name]):.2f}" for name in _AMOUNTS},
        "contexts": len(book.rows),
        "slots": len(book.slots),
        "rejected": sum(one.rows_rejected for one in reports),
        "unverified": unverified,
        "parameters": parameters_of(used),
    }
