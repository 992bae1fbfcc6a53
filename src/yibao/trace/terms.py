"""What the law of a day says about the life of a code: syntaxes, where packs may be split, whether stock blocks."""

from typing import NamedTuple

from yibao.law import View
from yibao.trace.codes import Syntaxes, read_syntaxes

HOSPITAL, RETAIL = "1", "2"
"""Codes of ``fixmedins_type``."""


class Terms(NamedTuple):
    """``splits`` maps a type of institution to whether one code may be split among several sales there."""

    syntaxes: Syntaxes
    splits: dict[str, bool]
    stock_blocks: bool


def read_terms(view: View) -> Terms:
    """The terms of the view's day. Raises MissingParameter."""
    return Terms(
        read_syntaxes(view),
        {one: view.flag("trace.split.allowed", fixmedins_type=one) for one in (HOSPITAL, RETAIL)},
        view.flag("trace.stock.blocks"),
    )


def type_of(fixmedins_code: str, listed: str | None = None) -> str:
    """The type of an institution: as its file says, else by the first letter of its national code (H, P)."""
    return listed or (RETAIL if fixmedins_code[:1].upper() == "P" else HOSPITAL)
