"""Long tables of a workbook, written a column at a time instead of a cell at a time.

xlsxwriter asks several questions of every cell, which is most of the time that a year's workbooks take. Here the cells
of a table become text in one go and reach the sheet through two doors of xlsxwriter that have stood open since its
first versions: the file that a ``constant_memory`` sheet writes its rows to, and ``_write_rows``, which writes the rows
of any other sheet. What a reader of the file sees is the same.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter.utility import xl_col_to_name

_BEFORE_1900 = date(1899, 12, 30).toordinal()
NUMBERS = {int, Decimal, float}
"""What a figure may be."""
_SPARSE = NUMBERS | {type(None)}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_PIECE = 2_000
"""Rows that are turned into text at a time: enough to be quick, few enough to need no memory."""


def put_table(page: Any, first: int, forms: Sequence[Any], rows: Sequence[Sequence[Any]]) -> int:
    """Writes rows from row ``first`` on, each column in its format; the number of the row after them.

    A cell is text, a number, a day, or None or '' for an empty one. No cell of these rows may be written, and no height
    set, in another way; a chart of the same book cannot draw from them. Raises ValueError for a number that is none.
    """
    if not rows:
        return first
    last = first + len(rows) - 1
    page._check_dimensions(first, 0)
    page._check_dimensions(last, len(forms) - 1)
    if page.constant_memory:
        page._write_single_row(first)
        for at in range(0, len(rows), _PIECE):
            page.fh.write(_text(page, first + at, forms, rows[at : at + _PIECE]))
        page.previous_row = last + 1
        return last + 1
    _blocks(page)[first] = (
        last,
        [_text(page, first + at, forms, rows[at : at + _PIECE]) for at in range(0, len(rows), _PIECE)],
    )
    return last + 1


def _blocks(page: Any) -> dict[int, tuple[int, list[str]]]:
    """The finished rows of a sheet by first row, with the last row; makes the sheet write them in their place."""
    if not hasattr(page, "yibao_blocks"):
        page.yibao_blocks = {}
        page._write_rows = _rows_of(page, page._write_rows)
    held: dict[int, tuple[int, list[str]]] = page.yibao_blocks
    return held


def _rows_of(page: Any, write: Callable[[], None]) -> Callable[[], None]:
    """Writes the rows of a sheet from top to bottom: finished ones as they are, those between by ``write``."""

    def all_rows() -> None:
        top, bottom = page.dim_rowmin, page.dim_rowmax
        at = top
        for first, (last, pieces) in sorted(page.yibao_blocks.items()):
            if first > at:
                page.dim_rowmin, page.dim_rowmax = at, first - 1
                write()
            for piece in pieces:
                page.fh.write(piece)
            at = last + 1
        if at <= bottom:
            page.dim_rowmin, page.dim_rowmax = at, bottom
            write()
        page.dim_rowmin, page.dim_rowmax = top, bottom

    return all_rows


def _text(page: Any, first: int, forms: Sequence[Any], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as the text of a sheet's file."""
    columns = [
        _column(page, xl_col_to_name(at), form._get_xf_index(), first + 1, values)
        for at, (form, values) in enumerate(zip(forms, zip(*rows, strict=True), strict=True))
    ]
    return "".join(
        [f'<row r="{row}">{"".join(cells)}</row>' for row, cells in zip(count(first + 1), zip(*columns, strict=True))]
    )


def _column(page: Any, letter: str, style: int, first: int, values: Sequence[Any]) -> list[str]:
    """The cells of a column."""
    kinds = set(map(type, values))
    if float in kinds and not all(isfinite(one) for one in values if type(one) is float):
        raise ValueError(f"not a number in column {letter}")
    start, blank = f'<c r="{letter}', f'" s="{style}"/>'
    figure = f'" s="{style}"><v>'
    if kinds <= NUMBERS:
        return [f"{start}{row}{figure}{one!s}</v></c>" for row, one in enumerate(values, first)]
    if kinds <= _SPARSE:
        return [
            f"{start}{row}{blank}" if one is None else f"{start}{row}{figure}{one!s}</v></c>"
            for row, one in enumerate(values, first)
        ]
    told = {one: _inner(page, style, one) for one in dict.fromkeys(values)}
    if not page.constant_memory:
        page.str_table.count += sum(1 for one in values if type(one) is str and one) - _texts(told)
    return [f"{start}{row}{told[one]}" for row, one in enumerate(values, first)]


def _inner(page: Any, style: int, value: Any) -> str:
    """What stands in a cell behind its place."""
    if value is None or value == "":
        return f'" s="{style}"/>'
    if type(value) is str:
        if not page.constant_memory:
            return f'" s="{style}" t="s"><v>{page.str_table._get_shared_string_index(value)}</v></c>'
        kept = ' xml:space="preserve"' if value[0].isspace() or value[-1].isspace() else ""
        return f'" s="{style}" t="inlineStr"><is><t{kept}>{_escaped(page, value)}</t></is></c>'
    if type(value) is date:
        return f'" s="{style}"><v>{value.toordinal() - _BEFORE_1900}</v></c>'
    if type(value) in NUMBERS:
        return f'" s="{style}"><v>{value!s}</v></c>'
    raise TypeError(f"a cell cannot hold {type(value).__name__}")


def _escaped(page: Any, text: str) -> str:
    """Text as XML; a control character as Excel writes it."""
    return escape(page._escape_control_characters(text) if _CONTROL.search(text) else text)


def _texts(told: Mapping[Any, str]) -> int:
    return sum(1 for one in told if type(one) is str and one)
