"""A table of the page: a caption with its unit, columns, rows of finished text. The template only draws it."""

from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """A column's heading; ``text`` columns stand left, figures right."""

    label: str
    text: bool = False


class Grid(NamedTuple):
    """A table: ``unit`` names the units of its figures, ``total`` is a last row set apart, ``note`` stands below."""

    caption: str
    unit: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    total: Sequence[str] = ()
    note: str = ""


def columns(text: str) -> list[Column]:
    """Columns from ``"机构* 病例 支付"``: words by spaces, a star marks a text column."""
    return [Column(word.rstrip("*"), word.endswith("*")) for word in text.split()]
