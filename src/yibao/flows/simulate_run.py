"""A city's claims settled under several laws: made ready once, each stretch of the queue settled under every law.

A law that changes what claims are made ready by, and a city whose people respond to a reform, are made ready in a
session of their own; their settlements come into the tables of the first by settlement id. Holds no rule.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import tables
from yibao.benefit import batch, national
from yibao.benefit.chunk import CLAIM_ROW, CREDIT_ROW, REVERSAL_ROW, People, settle_chunk
from yibao.benefit.outcomes import BY_NUMBER
from yibao.benefit.plan import R_OUTCOME
from yibao.benefit.terms import PlanBook
from yibao.engine import Engine
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.settle import Run, run_of, settle_part
from yibao.flows.settle_city import City, Int64, Stretch, Tell, cuts, people_of, stretch
from yibao.flows.settle_results import PEOPLE, SCHEMAS, write_terms
from yibao.impact.measure import FUNDS, INPUTS, PATIENT
from yibao.law import Law

AMOUNTS: Mapping[str, str] = {
    "own": "fulamt_ownpay_amt", "over_limit": "overlmt_selfpay", "preself": "preselfpay_amt",
    "in_scope": "inscp_scp_amt", "hifp": "hifp_pay", "hifob": "hifob_pay", "hifmi": "hifmi_pay", "maf": "maf_pay",
    "cvlserv": "cvlserv_pay", "oth": "oth_pay", "acct": "acct_pay", "mulaid": "acct_mulaid_pay", "cash": "psn_cash_pay",
}  # fmt: skip
"""The amounts of ``sim_amount`` by the national names of a settlement."""
SUMS = (*FUNDS, *PATIENT)


class Track(NamedTuple):
    """A law on its way over the queue: its number, its run, where each context's terms stand, the people's balances."""

    law_no: int
    book: PlanBook
    run: Run
    places: Int64
    people: People


class Tally:
    """What a law comes to over the city: sums by name, and people whose burden of a year is above the threshold."""

    def __init__(self) -> None:
        self.sums = dict.fromkeys(SUMS, 0)
        self.above = 0

    @property
    def fund(self) -> int:
        """All funds, fen."""
        return sum(self.sums[name] for name in FUNDS)

    @property
    def burden(self) -> int:
        """Account and cash, fen."""
        return sum(self.sums[name] for name in PATIENT)


def track(city: City, law_no: int, law: Law, people: People) -> Track:
    """A law made ready for the contexts of the city, with balances of its own. Raises MissingParameter for a key that
    some claim needs.
    """
    book = PlanBook(law)
    places = batch.places(book, city.ready)
    return Track(law_no, book, run_of(book, city), places, people._replace(balance=people.balance.copy()))


def under(places: Int64, queue: pa.Table) -> pa.Table:
    """The queue with the places of another law's terms."""
    kind, context = queue["queue_kind"].to_numpy(), queue["context_no"].to_numpy()
    mine = np.where(kind == CLAIM_ROW, places[context], -1) if len(places) else np.full(len(kind), -1)
    return queue.set_column(queue.column_names.index("place"), "place", pa.array(mine, pa.int64()))


def settle_under(
    city: City, tracks: Sequence[Track], tell: Tell, *, keep: Sequence[int] = (), threshold: int | None = None
) -> dict[int, Tally]:
    """Settles the whole queue under each law; the amounts of those in ``keep`` go into a new ``sim_amount`` (claim_no
    is the number in the queue). Gives what each comes to.
    """
    tallies = {one.law_no: Tally() for one in tracks}
    if keep:
        city.engine.put("sim_amount", INPUTS["sim_amount"].empty_table())
    rows = city.rows
    with ThreadPoolExecutor(2) as pool:
        for first, last in cuts(city.engine, rows):
            some = stretch(city, first, last)
            waiting: list[tuple[Track, Future[_Settled]]] = [
                (one, pool.submit(_settled, one, some, threshold, one.law_no in keep)) for one in tracks
            ]
            for one, future in waiting:
                found = future.result()
                tally = tallies[one.law_no]
                tally.above += found.above
                for name, amount in found.sums.items():
                    tally.sums[name] += amount
                if found.amounts is not None:
                    city.engine.append("sim_amount", found.amounts)
            tell(f"测算 {min(last, rows):,}/{rows:,}（{len(tracks)}种政策）")
    return tallies


class _Settled(NamedTuple):
    sums: dict[str, int]
    above: int
    amounts: pa.Table | None


def _settled(one: Track, some: Stretch, threshold: int | None, keep: bool) -> _Settled:
    """A stretch under a law; runs in a thread of its own."""
    queue = under(one.places, some.queue)
    settled = settle_chunk(one.run.plan, one.run.slots, queue, some.init, some.lines, one.people, one.run.kernel)
    kept = queue["queue_kind"].to_numpy() != CREDIT_ROW
    rows, results = queue.filter(pa.array(kept)), np.asfortranarray(settled.results[kept])
    amounts = national.setlinfo(results, rows["insutype"].to_numpy(zero_copy_only=False) == "310")
    sums = {name: int(amounts[AMOUNTS[name]].sum()) for name in SUMS}
    above = 0
    if threshold is not None:
        person, year = rows["person_no"].to_numpy(), rows["benefit_year"].to_numpy()
        low = int(year.min(initial=9999))
        slot = (person - person.min(initial=0)) * (int(year.max(initial=low)) - low + 1) + (year - low)
        burden = np.zeros(int(slot.max(initial=-1)) + 1, dtype=np.int64)
        np.add.at(burden, slot, amounts["acct_pay"] + amounts["psn_cash_pay"])
        above = int((burden > threshold).sum())
    return _Settled(sums, above, _amount_table(one.law_no, rows, results, amounts) if keep else None)


def _amount_table(law_no: int, rows: pa.Table, results: Int64, amounts: Mapping[str, Int64]) -> pa.Table:
    numbers = np.unique(results[:, R_OUTCOME])
    codes = pa.array([BY_NUMBER[int(one)].code for one in numbers], pa.string())
    columns = {
        "outcome": codes.take(pa.array(np.searchsorted(numbers, results[:, R_OUTCOME]))),
        "law_no": pa.array(np.full(len(results), law_no, dtype=np.int32)),
        "claim_no": rows["queue_no"].cast(pa.int64()),
        **{name: pa.array(amounts[of]) for name, of in AMOUNTS.items()},
    }
    return pa.table({name: columns[name] for name in INPUTS["sim_amount"].names})


def put_claims(city: City) -> None:
    """Makes ``sim_claim`` of the queue; money for accounts is no claim."""
    city.engine.con.execute(f"""
        CREATE OR REPLACE TABLE sim_claim AS
        SELECT q.setl_id, q.psn_no, strftime(q.day, '%Y-%m') AS month, q.insutype, q.kind,
            coalesce(x.hosp_lv, '') AS hosp_lv, coalesce(x.offsite, 'none') AS offsite, q.fixmedins_code,
            CAST(q.benefit_year AS INTEGER) AS year, q.queue_no AS claim_no,
            CASE WHEN q.queue_kind = {REVERSAL_ROW} THEN -q.total ELSE q.total END AS medfee, q.day
        FROM queue AS q LEFT JOIN context_place AS x ON x.context_no = q.context_no
        WHERE q.queue_kind <> {CREDIT_ROW}""")


def put_people(engine: Engine, last_year: int) -> None:
    """Makes ``sim_person`` of the residents' and insured people's tables, as they are at the end of the last year."""
    engine.con.execute(f"""
        CREATE OR REPLACE TABLE sim_person AS
        SELECT p.psn_no, coalesce(p.gend, '') AS gend, coalesce(i.identity, 'none') AS identity,
            coalesce(p.insutype, '') AS insutype,
            CAST({last_year} - year(p.brdy) AS INTEGER) AS age
        FROM persons AS p
        LEFT JOIN (
            SELECT q.psn_no, arg_min(q.psn_idet_type, r.nth) AS identity FROM identities AS q
            JOIN identity_rank AS r ON r.psn_idet_type = q.psn_idet_type
            WHERE q.begndate <= DATE '{last_year}-12-31'
                AND coalesce(q.enddate, DATE '9999-12-31') >= DATE '{last_year}-01-01'
            GROUP BY q.psn_no
        ) AS i ON i.psn_no = p.psn_no""")


def move_in(home: Engine, other: Engine, law_no: int) -> None:
    """Takes the claims and amounts of another session's city (``sim_claim``, ``sim_amount``) under ``law_no`` into this
    one. A claim that is the same here (id, institution, kind, year, fee) keeps its number, any other gets a new one.
    """
    home.put("_claim", other.fetch("SELECT * FROM sim_claim"))
    home.put("_amount", other.fetch("SELECT * FROM sim_amount"))
    same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM n.{name}" for name in _SAME)
    home.con.execute(f"""
        CREATE OR REPLACE TABLE _number AS
        SELECT n.claim_no AS theirs, coalesce(c.claim_no, -1) AS ours
        FROM _claim AS n LEFT JOIN sim_claim AS c ON {same}""")
    home.con.execute("""
        UPDATE _number SET ours = k.ours FROM (
            SELECT theirs, (SELECT coalesce(max(claim_no), -1) FROM sim_claim)
                + row_number() OVER (ORDER BY theirs) AS ours FROM _number WHERE ours < 0
        ) AS k WHERE k.theirs = _number.theirs""")
    home.con.execute("""
        INSERT INTO sim_claim BY NAME SELECT n.* REPLACE (k.ours AS claim_no) FROM _claim AS n
        JOIN _number AS k ON k.theirs = n.claim_no
        WHERE k.ours NOT IN (SELECT claim_no FROM sim_claim)""")
    home.con.execute(f"""
        INSERT INTO sim_amount BY NAME SELECT a.* REPLACE (k.ours AS claim_no, {law_no} AS law_no) FROM _amount AS a
        JOIN _number AS k ON k.theirs = a.claim_no""")
    home.drop("_claim", "_amount", "_number")


_SAME = ("setl_id", "fixmedins_code", "kind", "hosp_lv", "year", "medfee")


_SHOWN = ("settlements", "setldetail", "trail")


def write_examples(city: City, one: Track, people: Sequence[str], folder: Path, facts: Mapping[str, Any]) -> None:
    """Writes the settlements of some people under a law as `yibao settle` would, so that `yibao explain` opens them."""
    shown = pa.array(sorted(set(people)), pa.string())
    city.engine.put("_shown", pa.table({"psn_no": shown}))
    wanted = [row[0] for row in city.engine.rows(
        "SELECT q.queue_no FROM queue AS q JOIN _shown AS s ON s.psn_no = q.psn_no ORDER BY q.queue_no")]  # fmt: skip
    city.engine.drop("_shown")
    fresh = one._replace(people=people_of(city.engine))
    found: dict[str, list[pa.Table]] = {name: [SCHEMAS[name].empty_table()] for name in _SHOWN}
    for first, last in cuts(city.engine, city.rows):
        if any(first <= number < last for number in wanted):
            some = stretch(city, first, last)
            part = settle_part(
                fresh.run, some._replace(queue=under(one.places, some.queue)), fresh.people, PEOPLE, False
            )
            settlements = part.tables["settlements"]
            ids = settlements.filter(pc.is_in(settlements["psn_no"], value_set=shown))["setl_id"].combine_chunks()
            for name in _SHOWN:
                table = part.tables[name]
                found[name].append(table.filter(pc.is_in(table["setl_id"], value_set=ids)).cast(SCHEMAS[name]))
    with tables.output_folder(folder) as target:
        for name, held in found.items():
            with tables.parquet_stream(target / f"{name}.parquet", SCHEMAS[name]) as write:
                write(pa.concat_tables(held))
        write_terms(one.book, target)
        write_summary(target, dict(facts))
