"""What a counter reads before it decides, and what it leaves: accumulators, counters and accounts, read under locks and
kept in the same unit as the settlement. All of them follow from the moves of settlements (`yibao.store.anew`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, literal_column, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from yibao.benefit.counter import Held, View
from yibao.benefit.counter_records import ACCOUNT, ADJUST, REVERSE, SETTLE, SUM, USED, Credit, Move, Settlement
from yibao.benefit.counter_replay import left_out
from yibao.store import schema
from yibao.store.database import among, listed, run
from yibao.store.kinds import KINDS, fetch
from yibao.store.unit import Unit

_settled, _line, _move, _credit = (
    table.c for table in (schema.settlements, schema.settlement_lines, schema.settlement_moves, schema.account_credits)
)
_owner, _sum, _counter, _account = (
    table.c
    for table in (
        schema.benefit_owners, schema.benefit_accumulators, schema.benefit_counters, schema.account_balances,
    )
)  # fmt: skip
_ZERO: ColumnElement[int] = literal_column("0")
_NO_TEXT: ColumnElement[str] = literal_column("''")
Event = Settlement | Credit


def _part(what: str, *cells: Any) -> Select[Any]:
    """One part of the statement that reads what is held: a mark, two names and three numbers."""
    whole = (literal_column(f"'{what}'"), *cells)
    return select(*(cell.label(f"cell_{place}") for place, cell in enumerate(whole)))


class _Reads:
    """The statements of one dialect, built once."""

    def __init__(self, dialect: str) -> None:
        def by(statement: Select[Any], column: ColumnElement[str], name: str = "ids") -> Select[Any]:
            return statement.where(among(dialect, column, name))

        self.owners = by(select(_owner.owner, _owner.nth), _owner.owner).order_by(_owner.owner).with_for_update()
        in_year = _sum.year == bindparam("year")
        self.held = union_all(
            by(_part("S", _sum.owner, _sum.slot, _sum.year, _sum.amount, _ZERO), _sum.owner).where(in_year),
            by(by(_part("C", _counter.owner, _counter.name, _ZERO, _counter.used, _counter.mark), _counter.owner),
               _counter.name, "names"),
            by(_part("A", _account.psn_no, _NO_TEXT, _ZERO, _account.balance, _ZERO), _account.psn_no),
        )  # fmt: skip
        self.all_held = union_all(
            by(_part("S", _sum.owner, _sum.slot, _sum.year, _sum.amount, _ZERO), _sum.owner),
            by(_part("C", _counter.owner, _counter.name, _ZERO, _counter.used, _counter.mark), _counter.owner),
            by(_part("A", _account.psn_no, _NO_TEXT, _ZERO, _account.balance, _ZERO), _account.psn_no),
        )
        self.referring = by(select(_settled.refers, _settled.setl_id, _settled.action), _settled.refers).order_by(
            _settled.nth, _settled.setl_id
        )
        self.moved = by(select(_move.setl_id, _move.owner), _move.owner)
        self.settled = by(select(_settled.setl_id), _settled.psn_no)
        self.credited = by(select(_credit.credit_id), _credit.psn_no)
        taken_back = schema.settlements.alias("back").c
        self.used_on = (
            by(
                select(_line.med_list_codg, _line.fee_day).join(schema.settlements, _settled.setl_id == _line.setl_id),
                _line.med_list_codg,
            )
            .where(_settled.psn_no == bindparam("psn_no"), _line.cnt_micro > 0)
            .where(
                ~select(taken_back.setl_id)
                .where(taken_back.refers == _settled.setl_id, taken_back.action == REVERSE)
                .exists()
            )
            .distinct()
        )


_READS = {dialect: _Reads(dialect) for dialect in ("sqlite", "postgresql")}


class Wanted(NamedTuple):
    """What a decision asks for: whose state, of which year and which counters; records by id, settlements whose
    reversal and adjustments are to be known.
    """

    owners: Sequence[str]
    year: int
    counters: Sequence[str] = ()
    settlements: Sequence[str] = ()


def lock_owners(unit: Unit, owners: Iterable[str]) -> int:
    """Holds these owners against every other unit, in the order of their names; the last number among them."""
    names = sorted(owners)
    reads = _READS[unit.connection.dialect.name]
    found = dict(_rows(unit.connection, reads.owners, names))
    new = [{"owner": name, "nth": 0} for name in names if name not in found]
    if new:
        # A row to lock: of two units that make it at once the second waits for the first.
        insert = sqlite.insert if unit.connection.dialect.name == "sqlite" else postgresql.insert
        unit.connection.execute(insert(schema.benefit_owners).on_conflict_do_nothing(), new)
        found = dict(_rows(unit.connection, reads.owners, names))
    return max(found.values(), default=0)


def counter_view(unit: Unit, wanted: Wanted) -> View:
    """The state that a decision at the counter sees, its owners locked."""
    nth = lock_owners(unit, wanted.owners)
    connection = unit.connection
    reads = _READS[connection.dialect.name]
    known: dict[str, Settlement] = fetch(connection, KINDS["settlement"], wanted.settlements)
    reversals, adjustments = referring(connection, known)
    given = {
        "ids": listed(connection, wanted.owners), "year": wanted.year, "names": listed(connection, wanted.counters),
    }  # fmt: skip
    held = _held(run(connection, reads.held, given))
    return View(held, nth, known, reversals, adjustments, unit.today)


def referring(connection: Connection, ids: Iterable[str]) -> tuple[dict[str, str], dict[str, list[Settlement]]]:
    """The reversal of each settlement that has one, and the adjustments of each, in order."""
    rows = _rows(connection, _READS[connection.dialect.name].referring, ids)
    reversals = {refers: setl_id for refers, setl_id, action in rows if action == REVERSE}
    adjusting = [setl_id for _refers, setl_id, action in rows if action == ADJUST]
    kept = fetch(connection, KINDS["settlement"], adjusting) if adjusting else {}
    adjustments: dict[str, list[Settlement]] = {}
    for setl_id in adjusting:
        adjustments.setdefault(kept[setl_id].refers, []).append(kept[setl_id])
    return reversals, adjustments


def all_held(connection: Connection, owners: Sequence[str]) -> Held:
    """Everything that is held of these owners, of all years."""
    return _held(_rows(connection, _READS[connection.dialect.name].all_held, owners))


def _held(rows: Iterable[Sequence[Any]]) -> Held:
    held = Held()
    for what, owner, name, year, amount, mark in rows:
        if what == "S":
            held.sums[owner, year, name] = amount
        elif what == "C":
            held.counters[owner, name] = (amount, mark)
        else:
            held.balances[owner] = amount
    return held


def _rows(connection: Connection, statement: Any, ids: Iterable[str]) -> Sequence[Any]:
    texts = list(ids)
    return run(connection, statement, {"ids": listed(connection, texts)}) if texts else ()


def used_on(connection: Connection, psn_no: str, codes: Iterable[str]) -> dict[str, list[date]]:
    """The days on which a person was charged these items by settlements that stand."""
    found: dict[str, list[date]] = {}
    given = {"ids": listed(connection, codes), "psn_no": psn_no}
    for code, day in run(connection, _READS[connection.dialect.name].used_on, given):
        found.setdefault(code, []).append(date.fromisoformat(day))
    return found


def standing(connection: Connection, setl_id: str) -> list[Settlement]:
    """A settlement with its adjustments, if it is there."""
    found = fetch(connection, KINDS["settlement"], [setl_id])
    return [found[setl_id], *referring(connection, found)[1].get(setl_id, ())] if found else []


class Story(NamedTuple):
    """The people and households that a settlement is tied to, everything kept of them from it on, in order, and the
    settlements that a replay leaves out: it, and those that earlier adjustments left out (``before``).
    """

    settlement: Settlement
    owners: list[str]
    events: list[Event]
    before: frozenset[str]

    @property
    def without(self) -> frozenset[str]:
        """All that a replay leaves out."""
        return self.before | {self.settlement.setl_id}


def story(connection: Connection, setl_id: str) -> Story | None:
    """The story of a settlement, from the first of those that are left out on. None where there is no such."""
    found: Settlement | None = fetch(connection, KINDS["settlement"], [setl_id]).get(setl_id)
    if found is None or found.action != SETTLE:
        return None
    since = found.nth
    while True:
        owners, events = _family(connection, found.owners, since)
        told = Story(found, owners, events, left_out(events))
        first = min(one.nth for one in fetch(connection, KINDS["settlement"], told.without).values())
        if first >= since:
            return told
        since = first


def _family(connection: Connection, owners: Iterable[str], since: int) -> tuple[list[str], list[Event]]:
    """Everything kept from number ``since`` on of these owners, and of those that it ties them to; and all of them."""
    reads = _READS[connection.dialect.name]
    known, asked = set(owners), set(owners)
    events: dict[str, Event] = {}
    while asked:
        ids = {row[0] for statement in (reads.settled, reads.moved) for row in _rows(connection, statement, asked)}
        credits = {row[0] for row in _rows(connection, reads.credited, asked)}
        found: dict[str, Event] = {
            **fetch(connection, KINDS["settlement"], ids - events.keys()),
            **fetch(connection, KINDS["credit"], credits - events.keys()),
        }
        later = {key: one for key, one in found.items() if one.nth >= since}
        events |= later
        asked = {owner for one in later.values() for owner in owners_of(one)} - known
        known |= asked
    return sorted(known), sorted(events.values(), key=lambda one: (one.nth, one.key))


def owners_of(record: Event) -> frozenset[str]:
    """Whoever a record moved something of."""
    return record.owners if isinstance(record, Settlement) else frozenset({record.psn_no})


# ── what is left ──


def keep(unit: Unit, records: Sequence[Event], held: Held) -> None:
    """Adds records to the unit, and brings what is held up to date. ``held`` is the state after all of them."""
    for kind in (Settlement, Credit):
        unit.add([one for one in records if isinstance(one, kind)])
    numbers: dict[str, int] = {}
    moves: list[Move] = []
    for one in records:
        numbers |= dict.fromkeys(owners_of(one), one.nth)
        moves += one.moves if isinstance(one, Settlement) else [Move(ACCOUNT, one.psn_no, 0, "", one.amount)]
    slots = sorted({(one.owner, one.year, one.name) for one in moves if one.what == SUM})
    names = sorted({(one.owner, one.name) for one in moves if one.what == USED})
    people = sorted({one.owner for one in moves if one.what == ACCOUNT})
    changed: list[tuple[str, list[tuple[Any, ...]]]] = [
        ("benefit_owners", sorted(numbers.items())),
        ("benefit_accumulators", [(*slot, held.sums[slot]) for slot in slots]),
        ("benefit_counters", [(*name, *held.counters[name]) for name in names]),
        ("account_balances", [(person, held.balances[person]) for person in people]),
    ]
    for table, rows in changed:
        if rows:
            columns = schema.metadata.tables[table].columns.keys()
            named = [dict(zip(columns, row, strict=True)) for row in rows]
            unit.project(_SET[unit.connection.dialect.name][table], named)


def _set(insert: Any, table: Table) -> Any:
    statement = insert(table)
    keys = list(table.primary_key.columns.keys())
    new = {name: statement.excluded[name] for name in table.columns.keys() if name not in keys}  # noqa: SIM118
    return statement.on_conflict_do_update(index_elements=keys, set_=new)


_HELD = (schema.benefit_owners, schema.benefit_accumulators, schema.benefit_counters, schema.account_balances)
_SET: Mapping[str, Mapping[str, Any]] = {
    name: {table.name: _set(insert, table) for table in _HELD}
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
