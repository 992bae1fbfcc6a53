"""The result tables of a close: whole numbers become exact decimals, what is missing stays empty."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.flows.close_figures import hospital_counts
from yibao.flows.close_tables import columns, small_tables, table_of

FEN = st.none() | st.integers(-(10**15), 10**15)


@given(st.lists(FEN), st.data())
def test_fen_become_yuan_and_points_four_decimals_without_loss(amounts: list[int | None], data: st.DataObject) -> None:
    points = [data.draw(st.none() | st.integers(0, 10**13)) for _ in amounts]
    rows = [{"budget": fen, "points": point} for fen, point in zip(amounts, points, strict=True)]
    made = table_of("values", rows)
    assert made["budget"].to_pylist() == [None if fen is None else Decimal(fen) / 100 for fen in amounts]
    assert made["points"].to_pylist() == [None if one is None else Decimal(one) / 10_000 for one in points]
    assert made["fund_type"].null_count == len(rows)


def test_a_ratio_is_rounded_half_up_at_the_sixth_decimal() -> None:
    made = table_of("values", [{"ratio": Fraction(1, 3)}, {"ratio": Fraction(5, 10**7)}, {"ratio": None}])
    assert made["ratio"].to_pylist() == [Decimal("0.333333"), Decimal("0.000001"), None]


def test_a_hospital_counts_once_over_the_funds_and_only_for_a_surplus_that_is_left_after_the_cut() -> None:
    names = ("fixmedins_code", "entitlement", "booked", "retained", "cut_retained")
    rows = [
        ("A", 100, 90, 10, 4), ("A", 100, 120, 0, 0), ("B", 100, 90, 10, 10), ("C", 100, 90, 10, 0),
        ("C", 100, 95, 5, 0), ("D", 100, 130, 0, 0), ("D", 100, 101, 0, 0), ("E", 0, 0, 0, 0),
    ]  # fmt: skip
    found = hospital_counts([dict(zip(names, row, strict=True)) for row in rows])
    assert found == {"hospitals": 5, "with_surplus": 2, "with_overrun": 2}


def test_a_column_the_contract_does_not_name_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="profit"):
        table_of("values", [{"profit": 1}])


def test_a_table_without_rows_stands_with_its_columns() -> None:
    made = small_tables({})
    assert all(made[name].column_names == [column for column, _kind in columns(name)] for name in made)
    assert {table.num_rows for table in made.values()} == {0}
