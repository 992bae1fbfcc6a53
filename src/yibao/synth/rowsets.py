"""Rows of the small tables as Arrow tables in the columns and types of `yibao.standard.TABLES`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from yibao.standard import TABLES

Row = Mapping[str, Any]
_DAY = ("date",)
_MONEY = ("money", "budget")
_TYPES: dict[str, pa.DataType] = {
    "int": pa.int64(),
    "money": pa.decimal128(16, 2),
    "budget": pa.decimal128(18, 2),
    "points": pa.decimal128(18, 4),
    "ratio": pa.decimal128(9, 1),
    "date": pa.date32(),
}


def table_of(name: str, rows: Sequence[Row]) -> pa.Table:
    """The table ``name``. Amounts are given in fen, points in ten-thousandths, scores in tenths, days as day numbers;
    a column that a row lacks is null."""
    arrays = []
    for field in TABLES[name].fields:
        kind = field.kind.value
        cells = [_cell(row.get(field.name), kind) for row in rows]
        type_ = _TYPES.get(kind, pa.string())
        arrays.append(pa.array(cells, pa.int32()).cast(type_) if kind in _DAY else pa.array(cells, type_))
    return pa.table(arrays, names=list(TABLES[name].columns))


def _cell(value: Any, kind: str) -> Any:
    if value is None or kind not in (*_MONEY, "points", "ratio"):
        return value
    return Decimal(value).scaleb(-2 if kind in _MONEY else -4 if kind == "points" else -1)
