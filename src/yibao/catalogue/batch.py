"""The facts of every line of a session's tables, by SQL; and `scope_line` over all of them by the compiled kernel."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from yibao.catalogue.limits import limit_tables, read_limits
from yibao.catalogue.records import (
    FAR,
    Approval,
    Catalogue,
    Item,
    Limit,
    Listed,
    Rx,
    catalogue_of,
    item_class,
)
from yibao.catalogue.scope import SUMS, Line, Scope, scope_all, sum_lines
from yibao.catalogue.terms import day_terms
from yibao.engine import Engine, load_sql
from yibao.kernel import Finding
from yibao.law import Law
from yibao.standard import TABLES

PACKAGE = "yibao.catalogue"
LINES = (
    "catalogue_span", "care_line", "line_net", "refused_place", "refused_special", "refused_rx", "limit_row",
    "limit_line",
)  # fmt: skip
"""The steps up to what 限定支付 looks at, in order."""
PREDICATES = (
    "limit_dx_met", "prior_line", "limit_prior_met", "claim_herbs", "limit_result", "line_refused", "line_counted",
    "line_counter", "line_extra", "line_fact",
)  # fmt: skip
"""The steps after them, in order."""
_KEPT = ("catalogue_span", "line_fact", "line_counter")
_FOR_SUMS = ("catalogue_span", "line_extra", "line_counter")
_PREPARED = ("limit_cell", "limit_dx", "limit_prior", "care_day", "nth_code")
_OPTIONAL = (
    "persons", "providers", "item_limits", "special_approvals", "preparations", "consumable_deny", "consumable_allow",
    "prescriptions",
)  # fmt: skip
LINE_COLUMNS = Line._fields
SCOPE_COLUMNS = Scope._fields
_Int64 = npt.NDArray[np.int64]


class Facts(NamedTuple):
    """What `line_facts` left in the session, and what is to be said of it.

    ``line_fact`` (grain setl_id feedetl_sn) and ``line_counter`` (grain counter_no) are tables of the session;
    ``findings`` are of limits that cannot be read; ``unverified`` the keys of assumed law that was used.
    """

    findings: list[Finding]
    unverified: tuple[str, ...]
    counters: int


def line_facts(engine: Engine, law: Law, *, known: date | None = None, keep: bool = False, rows: bool = True) -> Facts:
    """Makes ``line_fact`` from the session's tables ``claims``, ``fee_lines`` and ``catalogue_items``, and of those
    that are there: persons, providers, item_limits, special_approvals, preparations, consumable_deny,
    consumable_allow, prescriptions. With ``keep`` the tables in between stay; without ``rows`` all is ready for
    `claim_sums` and ``line_fact`` itself is not made. Raises MissingParameter.
    """
    complete(engine, "claims", "fee_lines", "catalogue_items")
    engine.number("claims", "claim_no")
    limits, findings = read_session_limits(engine)
    for name, table in limit_tables(limits).items():
        engine.put(name, table)
    bounds = engine.rows("SELECT min(CAST(fee_ocur_time AS DATE)), max(CAST(fee_ocur_time AS DATE)) FROM fee_lines")
    chronic = engine.rows("SELECT 1 FROM prescriptions WHERE rx_kind = 'chronic' AND vali_days IS NULL LIMIT 1")
    terms = day_terms(law, [day for day in bounds[0] if day], known=known, chronic=bool(chronic))
    engine.put("care_day", terms.table)
    engine.pipeline(PACKAGE, LINES)
    longest = engine.rows("SELECT max(length(dx) - length(replace(dx, '|', ''))) FROM limit_line")[0][0] or 0
    engine.put("nth_code", pa.table({"n": pa.array(range(1, longest + 1), pa.int64())}))
    engine.pipeline(PACKAGE, PREDICATES if rows else PREDICATES[:-1])
    if not keep:
        kept = _KEPT if rows else _FOR_SUMS
        engine.drop(*(step for step in (*LINES, *PREDICATES) if step not in kept), *_PREPARED)
    return Facts(findings, terms.unverified, engine.count("line_counter"))


def complete(engine: Engine, *needed: str) -> None:
    """Makes empty tables of the optional ones that are not there, and columns of NULL (also src_file, src_row) where a
    table lacks them. Raises LookupError where a ``needed`` one is not there: a programming mistake.
    """
    present: dict[str, set[str]] = {}
    for table, column in engine.rows("SELECT table_name, column_name FROM information_schema.columns"):
        present.setdefault(table, set()).add(column)
    for name in (*needed, *_OPTIONAL):
        columns = [f'"{field.name}" {field.kind.sql_type}' for field in TABLES[name].fields]
        columns += ['"src_file" VARCHAR', '"src_row" BIGINT']
        if name not in present:
            if name in needed:
                raise LookupError(f"the session has no table {name}")
            engine.con.execute(f'CREATE TABLE "{name}" ({", ".join(columns)})')
            continue
        for column in columns:
            if column.split('"')[1] not in present[name]:
                engine.con.execute(f'ALTER TABLE "{name}" ADD COLUMN {column}')


def read_session_limits(engine: Engine) -> tuple[list[Limit], list[Finding]]:
    """The limits of the session's ``item_limits`` and the findings of those that cannot be read."""
    return read_limits(_dicts(engine, "SELECT * FROM item_limits ORDER BY med_list_codg, begndate, seq"))


def _dicts(engine: Engine, query: str) -> list[dict[str, Any]]:
    table = engine.fetch(query)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def read_catalogue(engine: Engine) -> Catalogue:
    """The catalogue of the session's tables in memory, for `yibao.catalogue.facts`."""
    complete(engine, "catalogue_items")
    limits, _ = read_session_limits(engine)
    limited = engine.rows("SELECT DISTINCT med_list_codg, begndate FROM item_limits")
    return catalogue_of(
        [_item(row) for row in _dicts(engine, "SELECT * FROM catalogue_items")],
        limits,
        [(code, day) for code, day in limited],
        [
            Approval(
                row["psn_no"], row["med_list_codg"], row["fixmedins_code"] or "", row["dr_codg"] or "",
                row["phac_code"] or "", row["begndate"], row["enddate"] or FAR,
            )
            for row in _dicts(engine, "SELECT * FROM special_approvals")
        ],
        [_listed(row) for row in _dicts(engine, "SELECT * FROM preparations")],
        [_listed(row) for row in _dicts(engine, "SELECT * FROM consumable_deny")],
        [_listed(row) for row in _dicts(engine, "SELECT * FROM consumable_allow")],
        [_rx(row) for row in _dicts(engine, "SELECT * FROM prescriptions")],
    )  # fmt: skip


_CHANNELS = {"special": 1, "negotiated": 2}


def _item(row: Mapping[str, Any]) -> Item:
    share = row["selfpay_prop"]
    cls, ppm = item_class(row["chrgitm_lv"], None if share is None else int(share * 10**6))
    every = row["pric_uplmt_amt"]
    limits = (every, *(row[f"pric_uplmt_lv{level}"] for level in (1, 2, 3)))
    known = [one if one is not None else every for one in limits]
    low, first, second, third = (-1 if one is None else one for one in known)
    return Item(
        row["med_list_codg"], row["begndate"], row["enddate"] or FAR, cls, ppm, (low, first, second, third),
        _CHANNELS.get(row["pay_channel"] or "", 0), row["list_type"], int(row["item_tag"] == "art"),
    )  # fmt: skip


def _listed(row: Mapping[str, Any]) -> Listed:
    return Listed(row["med_list_codg"], row["begndate"], row["enddate"] or FAR, row.get("fixmedins_code") or "")


def _rx(row: Mapping[str, Any]) -> Rx:
    return Rx(
        row["rxno"], row["med_list_codg"], row["psn_no"], row["fixmedins_code"] or "", row["dr_codg"] or "",
        row["rx_time"].date(), row["cnt"], row["sin_dos_dscr"] or "", row["vali_days"], row["rx_kind"] == "chronic",
        row["rx_state"] or "checked",
    )  # fmt: skip


class ClaimSums(NamedTuple):
    """What the lines of each claim come to, by the claim's number: ``parts`` (fields of `SUMS` a claim, in 10⁻⁶ 元) of
    the lines without a counter, ``total`` in fen and ``negative`` (1 where a line is below zero) of all; the number of
    lines. Lines with a counter stand in the session's table ``counted_line`` (grain claim_no, feedetl_sn).
    """

    parts: _Int64
    total: _Int64
    negative: _Int64
    lines: int


def claim_sums(engine: Engine, kernel: Callable[..., None] = sum_lines) -> ClaimSums:
    """The sums of all lines, whose facts are worked out as they pass and kept nowhere; after `line_facts` without
    ``rows``. ``kernel`` is `sum_lines` or its compiled twin.
    """
    claims = int(engine.rows("SELECT coalesce(max(claim_no), -1) + 1 FROM numbered_claims")[0][0])
    parts, total = np.zeros(claims * SUMS, np.int64), np.zeros(claims, np.int64)
    negative, lines, counted = np.zeros(claims, np.int64), 0, []
    names = ", ".join((*_SUMMED, *(name for name in (*LINE_COLUMNS, "counter_no") if name not in _SUMMED)))
    columns = f"{names}, CASE WHEN counter_no >= 0 THEN feedetl_sn END AS feedetl_sn"
    for batch in engine.stream(load_sql(PACKAGE, "line_fact"), columns):
        given = [batch[name].to_numpy() for name in _SUMMED]
        if kernel is sum_lines:
            _sum_plainly(given, parts, total, negative)
        else:
            kernel(*given, parts, total, negative)
        lines += batch.num_rows
        counted.append(batch.filter(pc.greater_equal(batch["counter_no"], 0)))
    engine.drop("counted_line", "line_extra")
    few = pa.Table.from_batches(counted) if counted else engine.fetch(f"SELECT {columns} FROM ({_empty_facts()})")
    engine.put("counted_line", few)
    return ClaimSums(parts.reshape(-1, SUMS), total, negative, lines)


_SUMMED = (
    "cls", "limit_micro", "share_ppm", "payable", "price_micro", "cnt_micro", "amount_fen", "channel", "counter_no",
    "claim_no",
)  # fmt: skip
"""The facts that `sum_lines` takes, in its order."""


def _empty_facts() -> str:
    return f"{load_sql(PACKAGE, 'line_fact').text} LIMIT 0"


def _sum_plainly(given: Sequence[_Int64], parts: _Int64, total: _Int64, negative: _Int64) -> None:
    """The kernel as it stands, over lists (see `_plain`)."""
    into = [one.tolist() for one in (parts, total, negative)]
    sum_lines(*(one.tolist() for one in given), *into)
    for array, values in zip((parts, total, negative), into, strict=True):
        array[:] = values


class Scoped(NamedTuple):
    """The parts of every line (a row a line, fields of Scope) and what every counter ended with."""

    parts: _Int64
    used: _Int64
    mark: _Int64


def scope_table(engine: Engine, order: Sequence[int] | None = None, kernel: Callable[..., None] = scope_all) -> Scoped:
    """`scope_line` over ``line_fact`` in the order of setl_id and feedetl_sn, or of ``order`` (places in that order).

    ``kernel`` is `scope_all` or its compiled twin. A benefit year calls `scope_line` itself, settlement by settlement;
    this serves a look at the catalogue alone.
    """
    names = ", ".join((*LINE_COLUMNS, "counter_no"))
    table = engine.fetch(f"SELECT {names} FROM line_fact ORDER BY setl_id, feedetl_sn")
    columns = [table[name].to_numpy().astype(np.int64) for name in (*LINE_COLUMNS, "counter_no")]
    lines = np.ascontiguousarray(np.stack(columns[:-1], axis=1)) if columns else np.zeros((0, 11), np.int64)
    counter = columns[-1]
    count = engine.count("line_counter")
    state = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    parts = np.zeros((len(counter), len(SCOPE_COLUMNS)), np.int64)
    places = np.arange(len(counter)) if order is None else np.array(order, np.int64)
    if kernel is scope_all:
        _plain(lines, counter, places, state, parts)
    else:
        kernel(lines, counter, places, *state, parts)
    return Scoped(parts, *state)


def _plain(lines: _Int64, counter: _Int64, order: _Int64, state: tuple[_Int64, _Int64], parts: _Int64) -> None:
    """The kernel as it stands, over lists: numpy's integers would wrap and are slower one by one."""
    used, mark = state[0].tolist(), state[1].tolist()
    out = parts.tolist()
    scope_all(lines.tolist(), counter.tolist(), order.tolist(), used, mark, out)
    state[0][:], state[1][:] = used, mark
    if len(out):
        parts[:] = out
