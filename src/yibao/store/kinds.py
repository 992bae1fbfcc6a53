"""The kinds of record: which table keeps each, and how a record becomes a row and a row the record again.

A new room adds its tables to `schema` and its kinds here; the unit of work, the audit chain, backup and verification
then carry them without further code.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple, get_type_hints

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from yibao.benefit import counter_records
from yibao.fund import records
from yibao.store import schema
from yibao.store.database import among, listed, run

Row = tuple[Any, ...]
Stored = tuple[Row, list[list[Row]]]
"""A record as its tables keep it: its row, and the rows of its lines for each table of lines."""


class Children(NamedTuple):
    """The lines of a record: their table, ordered by its second column, and the record's field that holds them."""

    table: Table
    field: str
    make: Callable[..., Any]


class Kind:
    """One kind of record. The table's columns are its id, where that is no field of the record, and the fields.

    ``children`` are the lines of a record, where it has any, of one or more sorts. All that can be known of the
    record's type is worked out once here, as rows are made for every posting.
    """

    def __init__(self, name: str, record: type[Any], table: Table, *children: Children) -> None:
        self.name = name
        self.record = record
        self.table = table
        self.children = children
        inside = [one.field for one in children]
        self.fields: tuple[str, ...] = tuple(field for field in record._fields if field not in inside)
        self._own_id = len(table.columns) > len(self.fields)
        self._pick = itemgetter(*(place for place, field in enumerate(record._fields) if field not in inside))
        hints = get_type_hints(record)
        self._days = [place for place, field in enumerate(self.fields) if hints[field] in (date, date | None)]
        # Members by value: calling the type costs several times what looking one up does.
        self._enums: dict[int, dict[str, StrEnum]] = {
            place: {one.value: one for one in hints[field]}
            for place, field in enumerate(self.fields)
            if isinstance(hints[field], type) and issubclass(hints[field], StrEnum)
        }
        self._lines = tuple(record._fields.index(field) for field in inside)

    def rows(self, records: Sequence[Any]) -> list[Stored]:
        """Each record's row in the main table with the rows of its lines, sort by sort."""
        found: list[Stored] = []
        pick, days, enums, within = self._pick, self._days, tuple(self._enums), self._lines
        for record in records:
            cells = list(pick(record))
            for place in days:
                if (day := cells[place]) is not None:
                    cells[place] = day.isoformat()
            for place in enums:
                cells[place] = cells[place].value
            if self._own_id:
                cells.insert(0, record.key)
            key = cells[0]
            lines = []
            for place in within:
                lines.append([(key, number, *line) for number, line in enumerate(record[place], 1)])
            found.append((tuple(cells), lines))
        return found

    def from_rows(self, row: Sequence[Any], lines: Sequence[Sequence[Sequence[Any]]] = ()) -> Any:
        """The record of a row and its lines (sort by sort), as it was given to the store."""
        cells = list(row[1:] if self._own_id else row)
        for place in self._days:
            if (text := cells[place]) is not None:
                cells[place] = date.fromisoformat(text)
        for place, members in self._enums.items():
            if cells[place] not in members:
                raise ValueError(f"{self.name}.{self.fields[place]}: {cells[place]!r}")
            cells[place] = members[cells[place]]
        for place, child, own in zip(self._lines, self.children, lines, strict=True):
            make = child.make
            cells.insert(place, tuple([make(*line[2:]) for line in own]))
        return self.record._make(cells)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("account", records.Account, schema.fund_account),
        Kind("limit", records.Limit, schema.fund_limit),
        Kind("entry", records.Entry, schema.fund_entry, Children(schema.fund_line, "lines", records.Line)),
        Kind("close", records.Close, schema.fund_close),
        Kind("bank_line", records.BankLine, schema.fund_bank_line),
        Kind("assertion", records.Assertion, schema.fund_assertion),
        Kind("credit", counter_records.Credit, schema.account_credits),
        Kind(
            "settlement",
            counter_records.Settlement,
            schema.settlements,
            Children(schema.settlement_lines, "lines", counter_records.SettledLine),
            Children(schema.settlement_moves, "moves", counter_records.Move),
        ),
    )
}
"""Every kind by the name that the audit chain writes."""
KIND_OF: dict[type[Any], Kind] = {kind.record: kind for kind in KINDS.values()}


def fetch(connection: Connection, kind: Kind, ids: Iterable[str]) -> dict[str, Any]:
    """The records of a kind by id; ids that are not there are left out."""
    return {key: kind.from_rows(*rows) for key, rows in fetch_rows(connection, kind, ids).items()}


def fetch_rows(connection: Connection, kind: Kind, ids: Iterable[str]) -> dict[str, Stored]:
    """The rows of records with the rows of their lines, by id; ids that are not there are left out."""
    wanted = {"ids": listed(connection, ids)}
    dialect = connection.dialect.name
    found: dict[str, Stored] = {
        row[0]: (row, [[] for _ in kind.children]) for row in run(connection, _by_id(kind.table, dialect), wanted)
    }
    for place, child in enumerate(kind.children if found else ()):
        for line in run(connection, _by_id(child.table, dialect), wanted):
            if line[0] in found:
                found[line[0]][1][place].append(line)
    return found


_statements: dict[tuple[str, str], Select[Any]] = {}


def _by_id(table: Table, dialect: str) -> Select[Any]:
    slot = (table.name, dialect)
    if slot not in _statements:
        key: ColumnElement[str] = table.columns[0]
        _statements[slot] = select(table).where(among(dialect, key)).order_by(*table.primary_key.columns)
    return _statements[slot]
