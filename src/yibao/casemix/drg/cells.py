"""What stands in a cell: a field's number and text, and codes that the scheme does not know as they are written."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.casemix.drg.condition import HALF_WIDTH, number_of, plain_text
from yibao.casemix.drg.grouping import EMPTY, MISSING, OTHER

Array = npt.NDArray[np.int64]
_NUMBERS = ("age", "age_day", "weight_g", "los_days", "icu_hours")


class Mended(NamedTuple):
    """What happened to the code ``value`` in ``rows``: ``code`` names it, ``taken`` is what it was taken for."""

    code: str
    rows: Array
    value: str | None
    taken: str = ""


def number_and_text(column: str, cell: str | None, texts: Mapping[str, int]) -> tuple[int, int, str]:
    """A field as number (millionths) and text, and the fault of a number that is none or negative."""
    value = "" if cell is None else plain_text(column, cell)
    if not value:
        return MISSING, EMPTY, ""
    number = number_of(value)
    if column in _NUMBERS and number is None:
        return MISSING, OTHER, "bad_number"
    if column in _NUMBERS and number is not None and number < 0:
        return MISSING, OTHER, "negative_number"
    return MISSING if number is None else number, texts.get(value, OTHER), ""


def mend(
    items: pa.Array, number: Array, rows: Array, known: Mapping[str, int], maps: Mapping[str, str], *, mapped: bool
) -> tuple[Array, list[Mended]]:
    """The numbers of codes after mending, and what was done. ``items`` are the codes as written, ``rows`` their cases.

    An unknown code whose letters only differ in case or width from a known one is taken for that; one that the map of
    clinical-version codes has is named with its insurance-version code, and taken for it where ``mapped`` asks so.
    """
    looked = np.arange(len(number)) if mapped else np.flatnonzero(number < 0)
    coded = items.take(pa.array(looked)).dictionary_encode()
    values: Sequence[str] = coded.dictionary.to_pylist()
    which = coded.indices.to_numpy(zero_copy_only=False)
    folded = {code.upper(): code for code in reversed(list(known))}
    clinical = {code.upper(): code for code in reversed(list(maps))}
    found = [_taken(value, known, maps, (folded, clinical), mapped=mapped) for value in values]
    number = number.copy()
    number[looked] = np.array([known.get(one[0], -1) for one in found], dtype=np.int64)[which]
    order = np.argsort(which, kind="stable")
    bounds = np.searchsorted(which[order], np.arange(len(values) + 1))
    told = [
        Mended(code, np.unique(rows[looked[order[bounds[at] : bounds[at + 1]]]]), values[at], now or taken)
        for at, (taken, code, now) in enumerate(found)
        if code
    ]
    return number, told


def _taken(
    value: str, known: Mapping[str, int], maps: Mapping[str, str], folds: tuple[Mapping[str, str], Mapping[str, str]],
    *, mapped: bool,
) -> tuple[str, str, str]:  # fmt: skip
    """What a code is taken for, the name of what happened ('' for nothing), and the code offered."""
    folded, clinical = folds
    own = value.translate(HALF_WIDTH).strip()
    if mapped:
        source = own if own in maps else clinical.get(own.upper(), "")
        if source and maps[source] != value:
            return maps[source], "code_mapped", ""
    if own in known:
        return own, "" if own == value else "code_mended", ""
    if own.upper() in folded:
        return folded[own.upper()], "code_mended", ""
    source = own if own in maps else clinical.get(own.upper(), "")
    if source:
        return own, "clinical_code", maps[source]
    return own, "unknown_code", ""
