"""Planted faults (bad input): rows that a check must find, and the key that names each.

The faulty table is all text, as an export would be, because some faults cannot be written in a typed column.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.draw import Ints, stream

_PART = 4
_FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")

FAULTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "negative_fee": ("medfee_sumamt", lambda text: f"-{text}"),
    "fraction_of_fen": ("medfee_sumamt", lambda text: f"{text}5"),
    "missing_fee": ("medfee_sumamt", lambda _: ""),
    "full_width_digits": ("medfee_sumamt", lambda text: text.translate(_FULL_WIDTH)),
    "amounts_do_not_add": ("psn_cash_pay", lambda text: f"9{text}"),
    "discharge_before_admission": ("dscg_date", lambda text: f"{int(text[:4]) - 1}-01-01"),
    "impossible_day": ("dscg_date", lambda text: f"{text[:4]}-02-31"),
    "days_do_not_match": ("act_ipt_days", lambda text: str(int(text) + 37)),
    "unknown_insutype": ("insutype", lambda _: "999"),
    "missing_dx": ("diag_codes", lambda _: ""),
    "malformed_dx": ("diag_codes", lambda text: text[0] + text),
    "malformed_px": ("oprn_codes", lambda text: "47.O1OO"),
    "missing_hospital": ("fixmedins_code", lambda _: ""),
    "unknown_hospital": ("fixmedins_code", lambda text: text[:1] + "99" + text[3:]),
    "age_out_of_range": ("age", lambda _: "203"),
    "unknown_sex": ("gend", lambda _: "8"),
}
"""Fault → the column it spoils and how. ``duplicate_setl_id`` comes besides: the row is uploaded twice."""

DUPLICATE = "duplicate_setl_id"


def as_text(cases: pa.Table) -> pa.Table:
    """Every column as text; a null becomes an empty cell."""
    return pa.table({name: pc.fill_null(cases[name].cast(pa.string()), "") for name in cases.column_names})


def plant(cases: pa.Table, share: float, seed: int) -> tuple[pa.Table, pa.Table]:
    """The cases as text with ``share`` of the rows spoiled, every kind at least once, one fault a row; and the key.

    The key has the grain (``setl_id``, ``fault``) with the column and the value written (and the table, which is
    ``cases``, and its row's key). Repeated rows stand at the
    end. Raises ValueError when there are fewer rows than kinds of faults.
    """
    kinds = [*FAULTS, DUPLICATE]
    if not 0 < share <= 1 or cases.num_rows < len(kinds):
        raise ValueError("share must be in (0, 1] and the table must have a row for each kind of fault")
    rng = stream(seed, _PART)
    count = min(cases.num_rows, max(len(kinds), round(cases.num_rows * share)))
    spoiled = rng.permutation(cases.num_rows)[:count]
    columns = {
        name: column.combine_chunks() for name, column in zip(cases.column_names, as_text(cases).columns, strict=True)
    }
    keys: list[tuple[pa.Array, str, str, pa.Array]] = []
    for number, kind in enumerate(kinds):
        places = np.sort(spoiled[number :: len(kinds)])
        ids = columns["setl_id"].take(pa.array(places))
        if kind == DUPLICATE:
            keys.append((ids, kind, "setl_id", ids))
            columns = {
                name: pa.concat_arrays([column, column.take(pa.array(places))]) for name, column in columns.items()
            }
        else:
            name, spoil = FAULTS[kind]
            values = pa.array([spoil(text) for text in columns[name].take(pa.array(places)).to_pylist()], pa.string())
            columns[name] = _replaced(columns[name], places, values)
            keys.append((ids, kind, name, values))
    return pa.table(columns), _key(keys)


def _replaced(column: pa.Array, places: Ints, values: pa.Array) -> pa.Array:
    mask = np.zeros(len(column), dtype=np.bool_)
    mask[places] = True
    return pc.replace_with_mask(column, pa.array(mask), values)


def _key(keys: list[tuple[pa.Array, str, str, pa.Array]]) -> pa.Table:
    everyone = pa.concat_arrays([ids for ids, _, _, _ in keys])
    return pa.table(
        {
            "setl_id": everyone,
            "fault": pa.array([kind for ids, kind, _, _ in keys for _ in range(len(ids))], pa.string()),
            "column": pa.array([name for ids, _, name, _ in keys for _ in range(len(ids))], pa.string()),
            "value": pa.concat_arrays([values for _, _, _, values in keys]),
            "table": pa.array(["cases"] * len(everyone), pa.string()),
            "key": everyone,
        }
    )
