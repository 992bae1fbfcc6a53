"""Planted faults of the city of benefits: settlements and lines spoiled, and the key that names each.

The spoiled tables are all text, as an export would be. Every kind stands in every block that has faults; a settlement
has one fault at most, and none falls on a settlement that is reversed or on a person whom something else keeps from
benefits, so that what must be found is known: the key's ``code``, by what ``found_by`` names.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.draw import Bools

CHECK, LINES, CATALOGUE, SETTLE = "check", "lines", "catalogue", "settle"
"""Who finds it: reading the table (the row is rejected), the check of lines against settlements, the catalogue's
reason for a line, settling."""
_C, _L = "claims", "fee_lines"
Row = Mapping[str, str | None]
_NOTHING: Row = {}


class Spoilt(NamedTuple):
    """Cells changed in the settlement and in its first line, rows added to both tables, and the key if it is not that
    of the row changed."""

    claim: Row = _NOTHING
    line: Row = _NOTHING
    claims: tuple[Row, ...] = ()
    lines: tuple[Row, ...] = ()
    key: str = ""


class Site(NamedTuple):
    """Where a fault is planted: the settlement, its first line, an id of its own, a place whose level is not known."""

    claim: Row
    line: Row
    mark: str
    no_level: str

    def total(self, more: int = 0) -> str:
        """The settlement's amount with some fen more."""
        return _yuan(_fen(self.claim["medfee_sumamt"]) + more)


class Fault(NamedTuple):
    """A kind of fault: the table and column it is in, who finds it and as what, and how the rows are spoiled."""

    table: str
    column: str
    found_by: str
    code: str
    spoil: Callable[[Site], Spoilt]


def _fen(text: str | None) -> int:
    whole, _, rest = (text or "0").partition(".")
    return int(whole) * 100 + int((rest + "00")[:2])


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _claim(column: str, found_by: str, code: str, value: Callable[[Site], str]) -> Fault:
    return Fault(_C, column, found_by, code, lambda site: Spoilt(claim={column: value(site)}))


def _line(column: str, found_by: str, code: str, value: Callable[[Site], str]) -> Fault:
    return Fault(_L, column, found_by, code, lambda site: Spoilt(line={column: value(site)}))


def _new_line(site: Site, **cells: str | None) -> Row:
    return {**site.line, "feedetl_sn": site.mark, "init_feedetl_sn": None, **cells}


def _reversal(site: Site, amount: str, number: int = 1, init: str | None = None) -> Row:
    day = (site.claim["setl_time"] or "")[:10]
    return {
        **site.claim, "setl_id": f"{site.mark}{number}", "setl_time": f"{day} 23:59:{50 + number}",
        "medfee_sumamt": amount, "refd_setl_flag": "1", "init_setl_id": init or site.claim["setl_id"],
    }  # fmt: skip


def _not_summing(site: Site) -> Spoilt:
    amount = _yuan(_fen(site.line["det_item_fee_sumamt"]) + 100)
    return Spoilt(claim={"medfee_sumamt": site.total(100)}, line={"det_item_fee_sumamt": amount})


def _negative(site: Site) -> Spoilt:
    line = _new_line(site, cnt="-1", pric="0.01", det_item_fee_sumamt="-0.01")
    return Spoilt(claim={"medfee_sumamt": site.total(-1)}, lines=(line,), key=f"{line['setl_id']}/{site.mark}")


def _zero(site: Site) -> Spoilt:
    line = _new_line(site, cnt="0", det_item_fee_sumamt="0.00")
    return Spoilt(lines=(line,), key=f"{line['setl_id']}/{site.mark}")


def _orphan(site: Site) -> Spoilt:
    return Spoilt(lines=(_new_line(site, setl_id=site.mark),), key=f"{site.mark}/{site.mark}")


def _back(site: Site, more: int) -> Spoilt:
    return Spoilt(claims=(_reversal(site, site.total(more)),), key=f"{site.mark}1")


def _back_of_nothing(site: Site) -> Spoilt:
    return Spoilt(claims=(_reversal(site, site.total(), init=f"{site.mark}0"),), key=f"{site.mark}1")


def _back_twice(site: Site) -> Spoilt:
    return Spoilt(claims=tuple(_reversal(site, site.total(), n) for n in (1, 2)), key=f"{site.mark}2")


def _other(site: Site) -> Row:
    return {**site.claim, "medfee_sumamt": site.total(200)}


def _no_day(text: str | None) -> str:
    return f"{(text or '')[:4]}-02-30 10:00:00"


FAULTS: dict[str, Fault] = {
    "negative_total": _claim("medfee_sumamt", CHECK, "negative_amount", lambda s: f"-{s.total()}"),
    "fraction_of_fen": _claim("medfee_sumamt", CHECK, "fraction_of_fen", lambda s: f"{s.total()}5"),
    "out_of_bounds": _claim("medfee_sumamt", CHECK, "amount_too_large", lambda _: "10000000000.01"),
    "missing_person": _claim("psn_no", CHECK, "missing_value", lambda _: ""),
    "impossible_day": _claim("setl_time", CHECK, "impossible_date", lambda s: _no_day(s.claim["setl_time"])),
    "unknown_med_type": _claim("med_type", CHECK, "unknown_code", lambda _: "99"),
    "unknown_insutype": _claim("insutype", CHECK, "unknown_code", lambda _: "999"),
    "malformed_dx": _claim("diag_codes", CHECK, "bad_dx_code", lambda _: "感冒"),
    "uploaded_twice": Fault(_C, "setl_id", CHECK, "duplicate_row", lambda s: Spoilt(claims=(s.claim,))),
    "settled_twice": Fault(_C, "setl_id", CHECK, "duplicate_key", lambda s: Spoilt(claims=(_other(s),))),
    "count_not_number": _line("cnt", CHECK, "bad_number", lambda _: "两盒"),
    "negative_price": _line("pric", CHECK, "negative_number", lambda s: f"-{s.line['pric']}"),
    "missing_item": _line("med_list_codg", CHECK, "missing_value", lambda _: ""),
    "impossible_line_day": _line("fee_ocur_time", CHECK, "impossible_date", lambda s: _no_day(s.line["fee_ocur_time"])),
    "line_not_summing": Fault(_L, "det_item_fee_sumamt", LINES, "line_not_summing", _not_summing),
    "negative_line": Fault(_L, "cnt", LINES, "line_negative", _negative),
    "zero_line": Fault(_L, "cnt", LINES, "line_count_zero", _zero),
    "line_of_nothing": Fault(_L, "setl_id", LINES, "line_without_claim", _orphan),
    "line_twice": Fault(_L, "feedetl_sn", LINES, "line_duplicate", lambda s: Spoilt(lines=(s.line,))),
    "unknown_item": _line("med_list_codg", CATALOGUE, "unmapped", lambda _: "XX00000000"),
    "lines_do_not_sum": _claim("medfee_sumamt", SETTLE, "lines_do_not_sum", lambda s: s.total(100)),
    "unknown_institution": _claim("fixmedins_code", SETTLE, "unknown_institution", lambda _: "H00000000000"),
    "unknown_person": _claim("psn_no", SETTLE, "not_enrolled", lambda s: s.mark),
    "unknown_level": _claim("fixmedins_code", SETTLE, "unknown_level", lambda s: s.no_level),
    "unknown_reversal": Fault(_C, "init_setl_id", SETTLE, "unknown_reversal", _back_of_nothing),
    "reversed_twice": Fault(_C, "init_setl_id", SETTLE, "reversed_already", _back_twice),
    "reversal_differs": Fault(_C, "medfee_sumamt", SETTLE, "reversal_differs", lambda s: _back(s, 100)),
    "partial_reversal": Fault(_C, "medfee_sumamt", SETTLE, "partial_not_allowed", lambda s: _back(s, -1)),
}
"""Every kind of fault by name."""
KEY = ("table", "key", "fault", "column", "value", "found_by", "code")


def as_text(table: pa.Table) -> pa.Table:
    """Every column as text, moments without fractions of a second; nulls stay."""

    def text(column: pa.ChunkedArray) -> pa.ChunkedArray:
        return (column.cast(pa.timestamp("s")) if pa.types.is_timestamp(column.type) else column).cast(pa.string())

    return pa.table({name: text(table[name]).combine_chunks() for name in table.column_names})


def plant(
    claims: pa.Table, lines: pa.Table, eligible: Bools, share: float, rng: np.random.Generator, block: int,
    no_level: str,
) -> tuple[pa.Table, pa.Table, pa.Table]:  # fmt: skip
    """Both tables as text with ``share`` of the settlements spoiled, every kind at least once where there are enough
    ``eligible`` ones, and the key (`KEY`). Rows added stand at the end."""
    tables = {_C: as_text(claims), _L: as_text(lines)}
    places = rng.permutation(np.flatnonzero(eligible))[: max(len(FAULTS), round(claims.num_rows * share))]
    rows = tables[_C].take(pa.array(places)).to_pylist()
    first = pc.index_in(pa.array([row["setl_id"] for row in rows], pa.string()), tables[_L]["setl_id"]).to_numpy()
    of_lines = tables[_L].take(pa.array(first)).to_pylist()
    edits: dict[tuple[str, str], dict[int, str | None]] = {}
    added: dict[str, list[Row]] = {_C: [], _L: []}
    key: list[tuple[str, ...]] = []
    for number, (place, claim, line) in enumerate(zip(places.tolist(), rows, of_lines, strict=True)):
        name = list(FAULTS)[number % len(FAULTS)]
        fault = FAULTS[name]
        spoilt = fault.spoil(Site(claim, line, f"E{block:04d}{number:07d}", no_level))
        for table, at, cells in ((_C, place, spoilt.claim), (_L, int(first[number]), spoilt.line)):
            for column, value in cells.items():
                edits.setdefault((table, column), {})[at] = value
        added[_C] += spoilt.claims
        added[_L] += spoilt.lines
        key.append(_key_row(name, fault, spoilt, claim, line))
    for (table, column), changes in edits.items():
        tables[table] = _edited(tables[table], column, changes)
    for table, more in added.items():
        new = pa.Table.from_pylist([dict(row) for row in more], tables[table].schema)
        tables[table] = pa.concat_tables([tables[table], new])
    columns = {name: pa.array([row[at] for row in key], pa.string()) for at, name in enumerate(KEY)}
    return tables[_C], tables[_L], pa.table(columns)


def _key_row(name: str, fault: Fault, spoilt: Spoilt, claim: Row, line: Row) -> tuple[str, ...]:
    own = f"{line['setl_id']}/{line['feedetl_sn']}" if fault.table == _L else str(claim["setl_id"])
    rows = [*(spoilt.claims if fault.table == _C else spoilt.lines)]
    changed = spoilt.claim if fault.table == _C else spoilt.line
    value = changed.get(fault.column) or (rows[-1][fault.column] if rows else "") or ""
    return fault.table, spoilt.key or own, name, fault.column, value, fault.found_by, fault.code


def _edited(table: pa.Table, column: str, cells: Mapping[int, str | None]) -> pa.Table:
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    order = sorted(cells)
    mask[order] = True
    values = pa.array([cells[at] for at in order], pa.string())
    changed = pc.replace_with_mask(table[column].combine_chunks(), pa.array(mask), values)
    return table.set_column(table.column_names.index(column), column, changed)
