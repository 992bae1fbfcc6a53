"""The close look: the full records of the codes in question to findings and chains of events (the evidence).

Input is the session's table ``trace_looked`` (`LOOKED`), one row a scan, texts never NULL; ``by_code`` is 1 where every
record of the row's code is there, ``by_line`` where every record of its line is. Every code is compared by its text.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.engine import Engine
from yibao.engine.kernels import compile_kernel
from yibao.trace import life
from yibao.trace.codes import Code, Syntaxes, read_code
from yibao.trace.kinds import KINDS, OF_LIFE, ORDER, every_event
from yibao.trace.terms import Terms, type_of

_PACKAGE = "yibao.trace"
TEXTS = (
    "drug_trac_codg", "infno", "inv_chg_type", "fixmedins_code", "med_list_codg", "trdn_flag", "setl_id", "psn_no",
    "feedetl_sn", "rtal_docno", "upld_sn", "trac_sn",
)  # fmt: skip
LOOKED = pa.schema(
    [(name, pa.string()) for name in TEXTS]
    + [("ocur_time", pa.timestamp("us")), ("upld_time", pa.timestamp("us")), ("units", pa.int64())]
    + [("fund_fen", pa.int64()), ("by_code", pa.int8()), ("by_line", pa.int8())]
)
"""The columns of ``trace_looked``: ``units`` are 10⁻⁶ of the smallest unit, amounts fen."""
REFUSED = pa.schema([
    ("kind_no", pa.int64()), *((name, pa.string()) for name in (
        "drug_trac_codg", "infno", "fixmedins_code", "med_list_codg", "setl_id", "psn_no", "rtal_docno", "feedetl_sn",
        "upld_sn",
    )), ("ocur_time", pa.timestamp("us")), ("fund_fen", pa.int64()), ("risk_fen", pa.int64()),
])  # fmt: skip
"""The columns of ``trace_refused``: rows that no state machine sees."""
FOREVER = date(9999, 12, 31)


class DrugRow(NamedTuple):
    """A row of the mapping 两码合一: an ident (drug id of codes, or bar code filled to 14 digits) and what it means."""

    ident: str
    med_list_codg: str
    pack_units: int
    begin: date
    end: date


def drug_rows(rows: Iterable[Mapping[str, Any]]) -> list[DrugRow]:
    """The mapping of the table ``trace_drugs``: a row for each of its two idents."""
    found = set()
    for row in rows:
        names = [row["drug_trac_idt"], (row["drug_prod_barc"] or "").zfill(14) if row["drug_prod_barc"] else None]
        for name in names:
            if name:
                units = int(row["pac_cnt"] or 0) * life.WHOLE
                end = row["enddate"] or FOREVER
                found.add(DrugRow(name, row["med_list_codg"], units, row["begndate"], end))
    return sorted(found)


def put_terms(engine: Engine, terms: Terms, drugs: Iterable[DrugRow], types: Mapping[str, str]) -> None:
    """Makes the session's tables of what does not change with the scans: kinds of events, drugs, where packs split."""
    engine.put("trace_kind", _columns(every_event(), ("infno", pa.string()), ("inv_chg_type", pa.string()),
                                      ("kind", pa.int32())))  # fmt: skip
    held = list(drugs)
    engine.put("trace_drug", _columns(
        held, ("ident", pa.string()), ("med_list_codg", pa.string()), ("pack_units", pa.int64()),
        ("begndate", pa.date32()), ("enddate", pa.date32()),
    ))  # fmt: skip
    packs = one_pack(held)
    engine.put("trace_pack", _columns(
        [(drug, units) for drug, units in sorted(packs.items()) if units > 0], ("med_list_codg", pa.string()),
        ("pack_units", pa.int64()),
    ))  # fmt: skip
    engine.put("_types", _columns(types.items(), ("fixmedins_code", pa.string()), ("fixmedins_type", pa.string())))
    places = engine.fetch("""
        SELECT DISTINCT r.fixmedins_code, t.fixmedins_type FROM trace_looked r
        LEFT JOIN _types t ON t.fixmedins_code = r.fixmedins_code ORDER BY 1""").to_pylist()
    splits = [
        (one["fixmedins_code"], int(terms.splits[type_of(one["fixmedins_code"], one["fixmedins_type"])]))
        for one in places
    ]
    engine.put("trace_split", _columns(splits, ("fixmedins_code", pa.string()), ("splits", pa.int32())))
    engine.drop("_types")


def one_pack(drugs: Iterable[DrugRow]) -> dict[str, int]:
    """The units in a pack of every drug; -2 where its rows differ."""
    found: dict[str, int] = {}
    for one in drugs:
        if one.pack_units:
            held = found.setdefault(one.med_list_codg, one.pack_units)
            if held != one.pack_units:
                found[one.med_list_codg] = -2
    return found


def put_texts(engine: Engine, syntaxes: Syntaxes) -> None:
    """Makes ``trace_text`` (grain scanned): the canonical code of every text of ``trace_looked``, or why it is none."""
    texts = engine.fetch("SELECT DISTINCT drug_trac_codg AS t FROM trace_looked ORDER BY 1")["t"].combine_chunks()
    plain = pc.match_substring_regex(texts, f"^[0-9]{{{syntaxes.length}}}$")
    sure, rest = texts.filter(plain), texts.filter(pc.invert(plain))
    rows = []
    for text in rest.to_pylist():
        code = read_code(text, syntaxes)
        if isinstance(code, Code):
            rows.append((text, code.text, code.drug_id, ""))
        else:
            rows.append((text, "", "", code.reason))
    schema = pa.schema([(name, pa.string()) for name in ("scanned", "code", "drug_id", "reason")])
    blank = pa.array([""] * len(sure), pa.string())
    drug = pc.utf8_slice_codeunits(sure, 0, syntaxes.drug_chars)
    known = pa.table([sure, sure, drug, blank], schema=schema)
    engine.put("trace_text", pa.concat_tables([known, _columns(rows, *((f.name, f.type) for f in schema))]))


def look(engine: Engine) -> None:
    """Makes ``trace_finding`` and ``trace_chain`` of ``trace_looked``, ``trace_text``, ``trace_refused`` and the tables
    of `put_terms`.
    """
    engine.pipeline(_PACKAGE, ("trace_event", "trace_step"))
    steps = engine.fetch("SELECT * FROM trace_step ORDER BY code, seq")
    engine.put("trace_broken", broken_of(steps))
    line_kind = {"line_kind": ORDER["codes_not_packs"]}
    engine.pipeline(_PACKAGE, ("trace_line", "trace_finding", "trace_chain"), line_kind)


def broken_of(steps: pa.Table) -> pa.Table:
    """Every rule that an event of ``trace_step`` breaks (``kind_no``), the event it contradicts, and whether the
    event's money is counted there; ``steps`` is in order.
    """
    rows = steps.num_rows
    codes = steps["code"].combine_chunks()
    starts = np.ones(rows, dtype=bool)
    if rows:
        starts[1:] = np.asarray(pc.not_equal(codes.slice(1), codes.slice(0, rows - 1)))
    begins = np.append(np.flatnonzero(starts), rows).astype(np.int64)
    columns: list[Any] = [np.asarray(steps[name], dtype=np.int64) for name in life.Events._fields]
    events = life.Events(*columns)
    broken, against = np.zeros(rows, np.int64), np.full(rows, -1, np.int64)
    if rows:
        live_all: Any = compile_kernel(life.live_all)
        live_all(begins, events, memory(rows), broken, against)
    kinds, event = [], []
    for bit in range(len(OF_LIFE)):
        found = np.flatnonzero((broken >> bit) & 1)
        kinds.append(np.full(len(found), ORDER[OF_LIFE[bit].code], np.int64))
        event.append(found)
    kind, at = np.concatenate(kinds), np.concatenate(event)
    seq = np.asarray(steps["seq"], dtype=np.int64)
    other = against[at]
    # The lowest bit is the gravest kind: the event's money stands there.
    first = kind - ORDER[OF_LIFE[0].code] == _lowest_bit(broken[at])
    risky = np.array([one.at_risk for one in KINDS], dtype=bool)[kind]
    return pa.table({
        "code": codes.take(pa.array(at)), "seq": seq[at], "kind_no": kind, "counted": (first & risky).astype(np.int64),
        "against_seq": pa.array(seq[np.maximum(other, 0)] if rows else other, pa.int64(), mask=other < 0),
    })  # fmt: skip


def memory(rows: int) -> life.Memory:
    """What `life` remembers of ``rows`` events, at the beginning."""

    def none() -> Any:
        return np.full(rows, -1, np.int64)

    def zero() -> Any:
        return np.zeros(rows, np.int64)

    return life.Memory(zero(), none(), none(), zero(), none(), none(), zero(), zero())


def _lowest_bit(bits: Any) -> Any:
    found = np.zeros(len(bits), np.int64)
    for bit in reversed(range(len(OF_LIFE))):
        found[(bits >> bit) & 1 == 1] = bit
    return found


def _columns(rows: Iterable[Any], *columns: tuple[str, pa.DataType]) -> pa.Table:
    held = list(rows)
    return pa.table({name: pa.array([row[i] for row in held], kind) for i, (name, kind) in enumerate(columns)})
