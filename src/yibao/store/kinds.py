"""The kinds of record: which table keeps each, and how a record becomes a row and a row the record again.

A new room adds its tables to `schema` and its kinds here; the unit of work, the audit chain, backup and verification
then carry them without further code.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, get_type_hints

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from yibao.fund import records
from yibao.store import schema
from yibao.store.database import among, listed

Row = tuple[Any, ...]


class Children(NamedTuple):
    """The lines of a record: their table, ordered by its second column, and the record's field that holds them."""

    table: Table
    field: str
    make: Callable[..., Any]


class Kind(NamedTuple):
    """One kind of record. The table's columns are its id, where that is no field of the record, and the fields."""

    name: str
    record: type[Any]
    table: Table
    children: Children | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The record's fields that stand in the main table."""
        inside = self.children.field if self.children else ""
        return tuple(name for name in self.record._fields if name != inside)

    @property
    def own_id(self) -> bool:
        """Whether the id is a column beside the fields."""
        return len(self.table.columns) > len(self.fields)

    def row(self, record: Any) -> Row:
        """The record's row in the main table."""
        values = [_plain(getattr(record, name)) for name in self.fields]
        return (record.key, *values) if self.own_id else tuple(values)

    def child_rows(self, record: Any) -> list[Row]:
        """The rows of the record's lines."""
        if self.children is None:
            return []
        lines = getattr(record, self.children.field)
        return [(record.key, number, *line) for number, line in enumerate(lines, 1)]

    def from_rows(self, row: Sequence[Any], lines: Sequence[Sequence[Any]]) -> Any:
        """The record of a row and its lines, as it was given to the store."""
        values = dict(zip(self.fields, row[1:] if self.own_id else row, strict=True))
        for name, read in _READERS[self.name].items():
            if values[name] is not None:
                values[name] = read(values[name])
        if self.children is not None:
            make = self.children.make
            values[self.children.field] = tuple(make(*line[2:]) for line in lines)
        return self.record(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("account", records.Account, schema.fund_account),
        Kind("limit", records.Limit, schema.fund_limit),
        Kind("entry", records.Entry, schema.fund_entry, Children(schema.fund_line, "lines", records.Line)),
        Kind("close", records.Close, schema.fund_close),
        Kind("bank_line", records.BankLine, schema.fund_bank_line),
        Kind("assertion", records.Assertion, schema.fund_assertion),
    )
}
"""Every kind by the name that the audit chain writes."""
KIND_OF: dict[type[Any], Kind] = {kind.record: kind for kind in KINDS.values()}


def _readers(kind: Kind) -> dict[str, Callable[[Any], Any]]:
    """What turns a stored value back, for the fields that are no plain text or number."""
    found: dict[str, Callable[[Any], Any]] = {}
    for name, hint in get_type_hints(kind.record).items():
        if hint in (date, date | None):
            found[name] = date.fromisoformat
        elif isinstance(hint, type) and issubclass(hint, StrEnum):
            found[name] = hint
    return {name: read for name, read in found.items() if name in kind.fields}


_READERS = {kind.name: _readers(kind) for kind in KINDS.values()}


def fetch(connection: Connection, kind: Kind, ids: Iterable[str]) -> dict[str, Any]:
    """The records of a kind by id; ids that are not there are left out."""
    wanted = {"ids": listed(connection, ids)}
    dialect = connection.dialect.name
    rows = connection.execute(_by_id(kind.table, dialect), wanted).all()
    lines: dict[str, list[Sequence[Any]]] = {}
    if kind.children is not None:
        for line in connection.execute(_by_id(kind.children.table, dialect), wanted):
            lines.setdefault(line[0], []).append(line)
    return {row[0]: kind.from_rows(row, lines.get(row[0], ())) for row in rows}


_statements: dict[tuple[str, str], Select[Any]] = {}


def _by_id(table: Table, dialect: str) -> Select[Any]:
    slot = (table.name, dialect)
    if slot not in _statements:
        key: ColumnElement[str] = table.columns[0]
        _statements[slot] = select(table).where(among(dialect, key)).order_by(*table.primary_key.columns)
    return _statements[slot]
