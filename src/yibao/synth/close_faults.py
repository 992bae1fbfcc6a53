"""Planted faults in the tables of the close: what a check between tables must find, each named in the key.

Unlike those of the cases they leave every cell readable: a row is missing, too small, double, or points nowhere.
"""

from collections.abc import Callable, Collection
from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.rowsets import table_of

Tables = dict[str, pa.Table]


class Spoilt(NamedTuple):
    """The table that was spoilt, as it is now, and where: key of the row, column, value written."""

    table: str
    rows: pa.Table
    key: str
    column: str
    value: str


def _month_missing(tables: Tables) -> Spoilt:
    """A table of monthly budgets for 职工 that has no July."""
    year = tables["budget_income"]["year"][0].as_py()
    rows = [
        {"year": year, "fund_type": "310", "month": month, "budget_amount": 1_000_000_00}
        for month in range(1, 13) if month != 7
    ]  # fmt: skip
    return Spoilt("budget_months", table_of("budget_months", rows), f"{year}|310|7", "month", "")


def _income_short(tables: Tables) -> Spoilt:
    """The premiums of 职工 typed in 万元: the lines exceed the income."""
    table = tables["budget_income"]
    at = _first(table, fund_type="310", income_item="premium")
    value = pc.round(pc.divide(table["budget_amount"][at], pa.scalar(10_000)), 2).cast(pa.decimal128(18, 2))
    key = f"{table['year'][at].as_py()}|310|premium"
    return Spoilt("budget_income", _with(table, at, "budget_amount", value), key, "budget_amount", str(value.as_py()))


def _hospital_without_level(tables: Tables) -> Spoilt:
    table = tables["providers"]
    at = _first(table, hosp_lv="2")
    return Spoilt("providers", _with(table, at, "hosp_lv", None), table["fixmedins_code"][at].as_py(), "hosp_lv", "")


def _review_of_unknown_case(tables: Tables) -> Spoilt:
    table = tables["special_reviews"]
    value = "S99999999999"
    return Spoilt("special_reviews", _with(table, 0, "setl_id", value), table["setl_id"][0].as_py(), "setl_id", value)


def _two_budgets_for_one_line(tables: Tables) -> Spoilt:
    table = tables["budget_lines"]
    at = _first(table, fund_type="310", budget_line="chronic")
    double = _with(table.slice(at, 1), 0, "budget_amount", pc.add(table["budget_amount"][at], 1))
    value = str(double["budget_amount"][0].as_py())
    key = f"{table['year'][at].as_py()}|310|chronic"
    return Spoilt("budget_lines", pa.concat_tables([table, double]), key, "budget_amount", value)


def _hospital_in_two_groups(tables: Tables) -> Spoilt:
    table = tables["medical_groups"]
    double = _with(table.slice(table.num_rows - 1, 1), 0, "group_code", "YGT99")
    key = double["fixmedins_code"][0].as_py()
    return Spoilt("medical_groups", pa.concat_tables([table, double]), key, "group_code", "YGT99")


def _assessment_of_unknown_hospital(tables: Tables) -> Spoilt:
    table, value = tables["assessments"], "H99999999999"
    key = table["fixmedins_code"][0].as_py()
    return Spoilt("assessments", _with(table, 0, "fixmedins_code", value), key, "fixmedins_code", value)


def _excluded_above_fee(tables: Tables) -> Spoilt:
    table = tables["excluded_fees"]
    value = pa.scalar(9_999_999, pa.decimal128(16, 2))
    key = table["setl_id"][0].as_py()
    return Spoilt("excluded_fees", _with(table, 0, "item_amount", value), key, "item_amount", "9999999.00")


def _excluded_before_listed(tables: Tables) -> Spoilt:
    """An item that came onto the list only after the year."""
    fees, items = tables["excluded_fees"], tables["excluded_items"]
    at = _first(items, med_list_codg=fees["med_list_codg"][0].as_py())
    value = items["valid_from"][at].as_py().replace(year=tables["budget_income"]["year"][0].as_py() + 1)
    rows = _with(items, at, "valid_from", value)
    return Spoilt("excluded_items", rows, items["med_list_codg"][at].as_py(), "valid_from", str(value))


CLOSE_FAULTS: dict[str, Callable[[Tables], Spoilt]] = {
    "month_missing": _month_missing,
    "income_short": _income_short,
    "hospital_without_level": _hospital_without_level,
    "review_of_unknown_case": _review_of_unknown_case,
    "two_budgets_for_one_line": _two_budgets_for_one_line,
    "hospital_in_two_groups": _hospital_in_two_groups,
    "assessment_of_unknown_hospital": _assessment_of_unknown_hospital,
    "excluded_above_fee": _excluded_above_fee,
    "excluded_before_listed": _excluded_before_listed,
}
"""Fault → how it is planted."""


def plant_close(tables: Tables, wanted: Collection[str]) -> tuple[Tables, pa.Table]:
    """The tables with the wanted faults planted, in the order of `CLOSE_FAULTS`; and the key of what was done.

    Raises ValueError for a fault that is not known or that a tiny city has no row for.
    """
    if unknown := set(wanted) - set(CLOSE_FAULTS):
        raise ValueError(f"unknown faults {sorted(unknown)}; known: {', '.join(CLOSE_FAULTS)}")
    spoilt = dict(tables)
    keys: list[dict[str, str]] = []
    for name, spoil in CLOSE_FAULTS.items():
        if name in wanted:
            try:
                done = spoil(spoilt)
            except (IndexError, ValueError) as error:
                raise ValueError(f"the city is too small to plant {name}") from error
            spoilt[done.table] = done.rows
            keys.append({"setl_id": "", "fault": name, "column": done.column, "value": done.value,
                         "table": done.table, "key": done.key})  # fmt: skip
    return spoilt, pa.Table.from_pylist(keys, PLANTED)


PLANTED = pa.schema([(name, pa.string()) for name in ("setl_id", "fault", "column", "value", "table", "key")])
"""The key of planted faults: ``setl_id`` of a spoiled case, else empty; the table, its row's key, column and value."""


def _first(table: pa.Table, **cells: str) -> int:
    rows: list[dict[str, str]] = table.select(list(cells)).to_pylist()
    return rows.index(cells)


def _with(table: pa.Table, at: int, column: str, value: pa.Scalar | date | str | None) -> pa.Table:
    """The table with one cell replaced."""
    cells = table[column].to_pylist()
    cells[at] = value.as_py() if isinstance(value, pa.Scalar) else value
    position = table.column_names.index(column)
    return table.set_column(position, column, pa.array(cells, table.schema.field(column).type))
