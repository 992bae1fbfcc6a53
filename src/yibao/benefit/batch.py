"""A city's claims made ready for the kernel, in SQL: facts, contexts and their terms, the queue of every family.

Works in a session with the tables of claims, lines, catalogue (`yibao.catalogue.line_facts` has run: ``line_fact``) and
cover (``entitlement`` for the days of ``asked``). Rooms do not import each other: the flow calls what lies between.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.benefit.outcomes import BY_CODE, Outcome
from yibao.benefit.terms import Context, PlanBook
from yibao.engine import Engine, load_sql
from yibao.kernel.finding import Finding, Place, Severity
from yibao.law import MissingParameter, View
from yibao.standard import CODE_TABLES, TABLES

PACKAGE = "yibao.benefit"
Int64 = npt.NDArray[np.int64]
FACTS = ("claim_point", "person_contract", "claim_approval", "claim_filing", "claim_identity", "claim_fact", "context")
"""The steps from the answers about cover to the contexts."""
QUEUE = ("claim_terms", "reversal")
OPTIONAL = (
    "chosen_points", "doctor_contracts", "chronic_approvals", "offsite_filings", "households", "supplement_insured",
    "acct_credits", "acct_balances", "acct_bindings", "identities", "incentives", "contributions",
)  # fmt: skip
"""Tables that a city may lack."""


class Ready(NamedTuple):
    """The contexts of a city's claims by number, the spans of law they are in, and the claims that are refused."""

    contexts: list[dict[str, Any]]
    spans: list[tuple[date, date]]
    findings: list[Finding]


def complete(engine: Engine) -> None:
    """Makes an empty table of each optional one that the session lacks."""
    there = {name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables")}
    for name in OPTIONAL:
        if name not in there:
            columns = ", ".join(f'"{field.name}" {field.kind.sql_type}' for field in TABLES[name].fields)
            engine.con.execute(f'CREATE TABLE "{name}" ({columns}, src_file VARCHAR, src_row BIGINT)')


def reprice_partial(engine: Engine, book: PlanBook) -> None:
    """Makes ``repriced``: for each partial reversal that the law allows a new claim over what is left (its id is the
    reversal's with ``.1``), put into ``claims`` and ``fee_lines``. The reversal names the lines it takes back
    (init_feedetl_sn), which sum to its amount; one that does not is no row here, and differs from its settlement.
    """
    complete(engine)
    first, last = engine.rows("SELECT min(CAST(setl_time AS DATE)), max(CAST(setl_time AS DATE)) FROM claims")[0]
    allowed = any(_partial(book.view(start)) for start, _ in (book.spans(first, last) if first else []))
    engine.con.execute(f"""
        CREATE OR REPLACE TABLE repriced AS
        SELECT r.setl_id || '.1' AS setl_id, c.setl_id AS of_setl_id, r.setl_id AS by_setl_id,
            CAST(c.setl_time AS DATE) AS setl_day, c.medfee_sumamt - r.medfee_sumamt AS total, r.setl_time
        FROM claims AS r
        JOIN claims AS c ON c.setl_id = r.init_setl_id AND c.psn_no = r.psn_no
        JOIN (SELECT t.setl_id, sum(o.det_item_fee_sumamt) AS total FROM fee_lines AS t
            JOIN claims AS q ON q.setl_id = t.setl_id AND q.refd_setl_flag = '1'
            JOIN fee_lines AS o ON o.setl_id = q.init_setl_id AND o.feedetl_sn = t.init_feedetl_sn
            GROUP BY t.setl_id) AS s ON s.setl_id = r.setl_id AND s.total = r.medfee_sumamt
        WHERE r.refd_setl_flag = '1' AND r.medfee_sumamt < c.medfee_sumamt AND {int(allowed)} = 1""")
    if engine.count("repriced"):
        engine.con.execute("""
            INSERT INTO claims SELECT c.* REPLACE (p.setl_id AS setl_id, p.setl_time AS setl_time,
                p.total AS medfee_sumamt, coalesce(c.begndate, p.setl_day) AS begndate,
                coalesce(c.enddate, p.setl_day) AS enddate)
            FROM repriced AS p JOIN claims AS c ON c.setl_id = p.of_setl_id""")
        engine.con.execute("""
            INSERT INTO fee_lines SELECT l.* REPLACE (p.setl_id AS setl_id)
            FROM repriced AS p JOIN fee_lines AS l ON l.setl_id = p.of_setl_id
            WHERE NOT EXISTS (SELECT 1 FROM fee_lines AS t
                WHERE t.setl_id = p.by_setl_id AND t.init_feedetl_sn = l.feedetl_sn)""")


def _partial(view: View) -> bool:
    """Whether the law allows partial reversals."""
    return view.has("benefit.partial_refund") and view.flag("benefit.partial_refund")


def claim_days(engine: Engine, book: PlanBook) -> None:
    """Makes ``claim_day`` and ``asked``: the kind of every claim and the day and year that count for it."""
    complete(engine)
    first, last = engine.rows("SELECT min(CAST(setl_time AS DATE)), max(CAST(setl_time AS DATE)) FROM claims")[0]
    rows, diseases = _kinds(book, book.spans(first, last) if first else [])
    engine.put("kind_span", pa.Table.from_pylist(rows, _KIND_SPAN))
    engine.put("two_diseases", pa.Table.from_pylist(diseases, _TWO_DISEASES))
    engine.number("claims", "claim_no")
    code = book.law.code
    engine.run(load_sql(PACKAGE, "claim_day"), {"city": code, "province": code[:2]})
    engine.con.execute(f"CREATE OR REPLACE VIEW asked AS {load_sql(PACKAGE, 'asked').text}")


_KIND_SPAN = pa.schema([
    ("med_type", pa.string()), ("from_day", pa.date32()), ("until_day", pa.date32()), ("kind", pa.string()),
    ("law_day", pa.string()), ("year_of", pa.string()),
])  # fmt: skip


_TWO_DISEASES = pa.schema([("insutype", pa.string()), ("dise_codg", pa.string())])


def _kinds(book: PlanBook, spans: Sequence[tuple[date, date]]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The kind of each med_type in each span of law, and the codes of the two diseases by insurance."""
    rows: list[dict[str, Any]] = []
    diseases: set[tuple[str, str]] = set()
    for start, end in spans:
        view = book.view(start)
        for insutype in ("310", "390"):
            if view.has("benefit.two_diseases.codes", insutype=insutype):
                codes = view.items("benefit.two_diseases.codes", insutype=insutype)
                diseases |= {(insutype, one) for one in codes if one != "none"}
        for med_type in CODE_TABLES["med_type"].codes:
            found = view.find("benefit.kind", med_type=med_type)
            if found is None:
                continue
            kind = view.text("benefit.kind", med_type=med_type)
            rows.append({
                "med_type": med_type, "from_day": start, "until_day": end, "kind": kind,
                "law_day": view.text("benefit.law_day", kind=kind), "year_of": view.text("benefit.year_of", kind=kind),
            })  # fmt: skip
    return rows, [{"insutype": one, "dise_codg": code} for one, code in sorted(diseases)]


def claim_terms(engine: Engine, book: PlanBook, others: Sequence[PlanBook] = ()) -> Ready:
    """Makes ``claim_terms`` and ``reversal`` from ``claim_day``, ``entitlement`` and ``claim_total`` (grain claim_no:
    the ``total`` of its lines and whether one is ``negative``): every claim with the place of its terms, or the outcome
    that refuses it. Reads the law once for each context. ``others`` are books of which terms will be asked too: a
    context is in one span of each.

    Raises MissingParameter for the first context that needs a key the law lacks, ConflictError, TermsError.
    """
    first, last = engine.rows("SELECT min(law_day), max(law_day) FROM claim_day")[0]
    spans = _spans((book, *others), first, last) if first else []
    rows = [{"span_no": number, "from_day": one, "until_day": other} for number, (one, other) in enumerate(spans)]
    days = pa.schema([("span_no", pa.int64()), ("from_day", pa.date32()), ("until_day", pa.date32())])
    engine.put("law_span", pa.Table.from_pylist(rows, days))
    order = _identity_order(book, spans)
    engine.put("identity_rank", pa.table({
        "psn_idet_type": pa.array(order, pa.string()), "nth": pa.array(range(len(order)), pa.int64()),
    }))  # fmt: skip
    engine.pipeline(PACKAGE, FACTS)
    contexts = engine.fetch("""
        SELECT x.* REPLACE (d.setl_id AS example) FROM context AS x
        JOIN claim_day AS d ON d.claim_no = x.example ORDER BY ALL""").to_pylist()
    placed = [_place(book, row, spans) for row in contexts]
    places, outcomes = zip(*placed, strict=True) if placed else ((), ())
    named = pa.Table.from_pylist(
        contexts, engine.fetch("SELECT * EXCLUDE (claims, example) FROM context LIMIT 0").schema
    )
    numbers = {"context_no": range(len(contexts)), "place": places}
    for name, values in numbers.items():
        named = named.append_column(name, pa.array(values, pa.int64()))
    engine.put("context_place", named.append_column("outcome", pa.array(outcomes, pa.string())))
    partial = any(_partial(book.view(start)) for start, _ in spans)
    engine.pipeline(PACKAGE, QUEUE, {"partial_allowed": int(partial)})
    engine.drop(
        "claim_fact",
        "claim_point",
        "person_contract",
        "claim_approval",
        "claim_filing",
        "claim_identity",
        "claim_total",
    )
    return Ready(contexts, spans, _refused(engine))


def places(book: PlanBook, ready: Ready) -> Int64:
    """Where the terms of each context stand in the plan of another law, by the context's number; -1 refused. Raises as
    `claim_terms`.
    """
    return np.array([_place(book, row, ready.spans)[0] for row in ready.contexts], dtype=np.int64)


def _spans(books: Sequence[PlanBook], first: date, last: date) -> list[tuple[date, date]]:
    """The stretches in which no value of a key of benefits begins or ends in any of the laws."""
    starts = sorted({start for book in books for start, _ in book.spans(first, last)})
    return list(zip(starts, [*(day - timedelta(days=1) for day in starts[1:]), last], strict=True))


def put_totals(engine: Engine, total: Int64, negative: Int64) -> None:
    """Makes ``claim_total`` from what the lines of each claim come to, by the claim's number."""
    numbers = pa.array(np.arange(len(total)))
    engine.put("claim_total", pa.table({"claim_no": numbers, "total": total, "negative": negative}))


def _identity_order(book: PlanBook, spans: Sequence[tuple[date, date]]) -> list[str]:
    """Identities, the one with the best aid first; those that the law does not order come last, by code."""
    known = list(CODE_TABLES["psn_idet_type"].codes)
    if not spans or not book.view(spans[-1][0]).has("aid.order"):
        return known
    first = [one for one in book.view(spans[-1][0]).items("aid.order") if one != "none"]
    return [*first, *(one for one in known if one not in first)]


def _place(book: PlanBook, row: Mapping[str, Any], spans: Sequence[tuple[date, date]]) -> tuple[int, str]:
    """Where the terms of a context stand in the plan; -1 and the outcome where a claim of it is refused."""
    if not row["known_place"]:
        return -1, Outcome.UNKNOWN_INSTITUTION.code
    if not row["kind"]:
        return -1, Outcome.UNKNOWN_MED_TYPE.code
    if row["cover_outcome"] != "covered":
        return book.refusal(BY_CODE[row["cover_outcome"]]), ""
    if not row["hosp_lv"] and row["fixmedins_type"] == "1":
        return book.refusal(Outcome.UNKNOWN_LEVEL), ""
    context = Context(*(row[name] for name in Context._fields))
    try:
        return book.terms(context, spans[row["span_no"]][0]).place, ""
    except MissingParameter as error:
        error.add_note(f"首例：{row['example']}，这样的结算{row['claims']}笔")
        raise


def _refused(engine: Engine) -> list[Finding]:
    """One finding for each claim and reversal that is refused, by id."""
    rows = engine.rows("""
        SELECT d.setl_id, t.refused FROM claim_terms AS t JOIN claim_day AS d ON d.claim_no = t.claim_no
        WHERE t.refused <> ''
        UNION ALL SELECT setl_id, outcome FROM reversal WHERE outcome <> '' ORDER BY 1""")
    return [
        Finding(code, Severity.ERROR, BY_CODE[code].label, Place("", 0, "setl_id", str(setl_id)),
                next_step=BY_CODE[code].next_step, key=str(setl_id))
        for setl_id, code in rows
    ]  # fmt: skip


def queue(engine: Engine) -> None:
    """Makes ``queue`` and ``queue_line``: what is to be settled, family by family, in the order of settlement."""
    people = engine.fetch("""
        SELECT d.psn_no FROM claim_terms AS t JOIN claim_day AS d ON d.claim_no = t.claim_no WHERE t.place >= 0
        UNION SELECT psn_no FROM acct_credits
        UNION SELECT psn_no FROM acct_bindings UNION SELECT owner_psn_no FROM acct_bindings ORDER BY 1""")
    engine.put("person_number", people.append_column("person_no", pa.array(np.arange(people.num_rows))))
    links = engine.fetch("""
        SELECT a.person_no AS one, b.person_no AS other FROM acct_bindings AS k
        JOIN person_number AS a ON a.psn_no = k.psn_no JOIN person_number AS b ON b.psn_no = k.owner_psn_no
        UNION ALL
        SELECT p.person_no, min(p.person_no) OVER (PARTITION BY h.household_no) FROM households AS h
        JOIN person_number AS p ON p.psn_no = h.psn_no""")
    family = families(people.num_rows, links["one"].to_numpy(), links["other"].to_numpy())
    numbers = pa.array(np.arange(people.num_rows))
    engine.put("person_family", pa.table({"psn_no": people["psn_no"], "person_no": numbers, "family_no": family}))
    engine.pipeline(PACKAGE, ("queue_row",))
    # Sorted once: the place of a row is its number, and a stretch of the queue is read in one go.
    engine.con.execute("CREATE OR REPLACE VIEW queue AS SELECT rowid AS queue_no, * FROM queue_row")
    engine.pipeline(PACKAGE, ("queue_init", "queue_line"))


def families(count: int, one: Int64, other: Int64) -> Int64:
    """The family of each of ``count`` people: the least number among those linked to it, directly or through others."""
    family = np.arange(count, dtype=np.int64)
    while len(one):
        least = np.minimum(family[one], family[other])
        if (family[one] == least).all() and (family[other] == least).all():
            return family
        np.minimum.at(family, one, least)
        np.minimum.at(family, other, least)
    return family
