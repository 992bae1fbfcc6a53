"""What a reform changes, measured: one pass over the amounts by cell, one by person, all else from these."""

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from yibao.engine import Engine

PACKAGE = "yibao.impact"

_FEN = pa.int64()
FUNDS = ("hifp", "hifob", "hifmi", "maf", "cvlserv", "oth")
"""The funds of a settlement; they sum to what is called fund."""
PATIENT = ("acct", "cash")
"""What is left to the patient: burden."""
SCOPE = ("own", "over_limit", "preself", "in_scope")


def _schema(texts: str = "", whole: str = "", fen: str = "", **others: pa.DataType) -> pa.Schema:
    fields = [(name, pa.int32()) for name in whole.split()] + [(name, pa.string()) for name in texts.split()]
    return pa.schema([*fields, *others.items(), *((name, _FEN) for name in fen.split())])


INPUTS: Mapping[str, pa.Schema] = {
    "sim_law": _schema("name role key label", "law_no of_law"),
    "sim_claim": _schema(
        "setl_id psn_no month insutype kind hosp_lv offsite fixmedins_code", "year", "claim_no medfee", day=pa.date32()
    ),
    "sim_amount": _schema("outcome", "law_no", " ".join(("claim_no", *SCOPE, *FUNDS, "acct mulaid cash"))),
    "sim_single": _schema("", "law_no", " ".join((*FUNDS, *PATIENT))),
    "sim_person": _schema("psn_no gend identity insutype", "age"),
    "sim_contribution": _schema("insutype", "law_no", "people personal subsidy aided"),
    "sim_balance": _schema("insutype", "", "balance"),
}
"""The tables that a simulation brings, all amounts fen. ``sim_law.role``: base (law_no 0), reform, single (one changed
key of ``of_law`` alone), static (``of_law`` without response). Amounts are those of base and reforms, singles and
statics are sums in ``sim_single``. A visit that goes has no amount under that law; one that comes twice or moves is a
claim with a claim_no of its own."""
OPTIONAL = ("sim_single", "sim_person", "sim_contribution", "sim_balance")
"""Tables that a simulation may lack; they are empty then."""

EDGES = (100_00, 500_00, 1_000_00, 5_000_00, 10_000_00)
"""Where the bands of yearly change end, in fen: a choice of display, no rule."""
EXTREMES = 3
"""How many people who gain or lose most are shown: a choice of display."""

BY_CLAIM = ("impact_side", "impact_member", "impact_cell", "impact_total", "impact_fund", "impact_person_level")
BY_PERSON = ("impact_person_pair", "impact_person", "impact_burden", "impact_change", "impact_catastrophic")
OF_LAWS = ("impact_split", "impact_reserve", "impact_summary")
EXAMPLES = ("impact_claim", "impact_typical", "impact_example")
ORDER: Mapping[str, str] = {
    "impact_summary": "law_no",
    "impact_fund": "law_no, insutype, hosp_lv, kind, month",
    "impact_burden": "law_no, dimension, value",
    "impact_change": "law_no, band_no",
    "impact_example": "law_no, side DESC, rank",
    "impact_catastrophic": "law_no, insutype, identity",
    "impact_split": "law_no, seq",
    "impact_reserve": "law_no, insutype",
}
"""The result tables that `Impact` holds, each with its order; ``impact_person`` stays in the session."""


class ImpactError(AssertionError):
    """A total that does not close: a mistake of the program that made the tables, never one of the data."""


class Closing(NamedTuple):
    """Two sums that must be equal, by law and stable name; fen or counts."""

    law_no: int
    name: str
    one: int
    other: int

    @property
    def closes(self) -> bool:
        """Whether they are equal."""
        return self.one == self.other


class Impact(NamedTuple):
    """What reforms change: result tables by name, the sums that close, the threshold (fen a year) or None."""

    tables: Mapping[str, pa.Table]
    closings: tuple[Closing, ...]
    threshold: int | None


def measure(engine: Engine, threshold: int | None) -> Impact:
    """Every result table of the laws in ``sim_law``, from the tables of `INPUTS`; ``impact_person`` (grain law_no,
    psn_no, year), the one as long as the city, stays in the session to be written from there.

    ``threshold`` in fen: a person whose burden of a benefit year is above it has catastrophic spending; None leaves
    those parts out. Raises ImpactError when a total does not close, and for laws that are not one base and reforms.
    """
    _complete(engine)
    _check_laws(engine)
    edges = {f"edge{at}": edge for at, edge in enumerate(EDGES, start=1)}
    params = {"threshold": threshold, "extremes": EXTREMES, **edges}
    engine.pipeline(PACKAGE, BY_CLAIM, params)
    engine.pipeline(PACKAGE, BY_PERSON, params)
    engine.drop("impact_person_level", "impact_person_pair")
    engine.pipeline(PACKAGE, (*OF_LAWS, *EXAMPLES, "impact_closing"), params)
    engine.drop("impact_claim", "impact_typical")
    rows = engine.rows("SELECT law_no, name, one, other FROM impact_closing ORDER BY law_no, name")
    closings = tuple(Closing(*row) for row in rows)
    apart = [one for one in closings if not one.closes]
    if apart:
        raise ImpactError("; ".join(f"law {one.law_no} {one.name}: {one.one} is not {one.other}" for one in apart))
    found = {name: engine.fetch(f"SELECT * FROM {name} ORDER BY {order}") for name, order in ORDER.items()}
    return Impact(found, closings, threshold)


def _complete(engine: Engine) -> None:
    """Makes an empty table of each optional one that the session lacks."""
    there = {name for (name,) in engine.rows("SELECT table_name FROM information_schema.tables")}
    for name in OPTIONAL:
        if name not in there:
            engine.put(name, INPUTS[name].empty_table())


def _check_laws(engine: Engine) -> None:
    """The laws must be one base, number 0, and reforms; every amount and single must be of a law that is given."""
    laws = engine.rows("SELECT law_no, role, of_law FROM sim_law ORDER BY law_no")
    roles = {number: role for number, role, _ in laws}
    if len(roles) != len(laws) or [number for number, role in roles.items() if role == "base"] != [0]:
        raise ImpactError("sim_law: one base, number 0, and every number once")
    if set(roles.values()) - {"base", "reform", "single", "static"}:
        raise ImpactError("sim_law: an unknown role")
    loose = [number for number, role, of in laws if role in ("single", "static") and roles.get(of) != "reform"]
    amounts = {number for (number,) in engine.rows("SELECT DISTINCT law_no FROM sim_amount")}
    loose += [number for number in amounts if roles.get(number) not in ("base", "reform")]
    sums = sorted(number for (number,) in engine.rows("SELECT law_no FROM sim_single"))
    loose += [number for number in sums if roles.get(number) not in ("single", "static")]
    if loose or len(set(sums)) != len(sums):
        raise ImpactError(f"laws without their place: {sorted(set(loose))}")
    if {number for number, role, _ in laws if role in ("single", "static")} - set(sums):
        raise ImpactError("sim_single: a single or static law without its sums")
