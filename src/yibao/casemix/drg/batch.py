"""Groups a table of cases: texts to the kernel's numbers, the compiled kernel over all rows, numbers back to texts.

Nothing is taken for granted silently: what a case lacks, what was mended and what no code list knows is a remark of the
case (`Remarks`), and a case that cannot be judged is 无法入组 with the reason.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from yibao.casemix.drg.cells import Mended, mend, number_and_text
from yibao.casemix.drg.condition import FIELD_COLUMNS
from yibao.casemix.drg.grouping import EMPTY, MISSING, NONE, Batch, group_all
from yibao.casemix.drg.remarks import Remarks, field_remarks
from yibao.casemix.drg.scheme import Scheme

Array = npt.NDArray[np.int64]
Kernel = Callable[..., None]
COLUMNS = ("case_id", "status", "mdc", "adrg", "drg")


class Codes(NamedTuple):
    """The codes of a column: numbers (-1 for an unknown one) and where each case's begin, with what was mended."""

    number: Array
    at: Array
    mended: Sequence[Mended]


class Grouped(NamedTuple):
    """``groups`` has ``case_id, status, mdc, adrg, drg`` in the order of the cases; ``remarks`` has ``case_id, row``
    (from 0), ``code, column, value, message, next_step``; ``places`` are the kernel's answers (MDC, step, DRG row).
    """

    groups: pa.Table
    remarks: pa.Table
    places: Sequence[Array]


class Prepared(NamedTuple):
    """Cases in the kernel's form: codes, fields as numbers and texts (cases × fields), and the refused cases."""

    dx: Codes
    px: Codes
    number: Array
    text: Array
    refused: npt.NDArray[np.bool_]


def prepared(scheme: Scheme, cases: pa.Table, *, mapped: bool, remarks: Remarks | None = None) -> Prepared:
    """Turns the texts of ``cases`` into numbers, and says what is to be said of them to ``remarks``."""
    told = remarks or Remarks(pa.nulls(cases.num_rows, pa.string()))
    dx = _codes(cases["dx"], scheme.dx_values, scheme.dx_number, scheme.dx_map, mapped=mapped)
    px = _codes(_column(cases, "px"), scheme.px_values, scheme.px_number, scheme.px_map, mapped=mapped)
    told.add_mended("dx", dx.mended)
    told.add_mended("px", px.mended)
    number, text, refused = _fields(scheme, cases, told)
    # a list that begins with its sign has no first code: none of the others is taken for the principal one
    without = (dx.at[:-1] == dx.at[1:]) | pc.starts_with(pc.fill_null(cases["dx"], ""), "|").to_numpy()
    told.add("no_principal_dx", without)
    return Prepared(dx, px, number, text, refused | without)


def group_table(scheme: Scheme, cases: pa.Table, kernel: Kernel, *, mapped: bool = False) -> Grouped:
    """Groups ``cases``, all columns text (`yibao.standard.drg`); ``kernel`` is `plain_kernel` or one that gives the
    scheme's memory and the same data to the compiled `grouping.group_all`.

    With ``mapped`` every code is first taken from the clinical version to the insurance version by the scheme's maps.
    """
    remarks = Remarks(cases["case_id"].combine_chunks() if cases.num_rows else pa.array([], pa.string()))
    dx, px, number, text, refused = prepared(scheme, cases, mapped=mapped, remarks=remarks)
    found = tuple(np.full(cases.num_rows, NONE, dtype=np.int64) for _ in range(3))
    kernel(scheme, *laid_out(dx, px, number, text), *found)
    for array in found:
        array[refused] = NONE
    judged = ~refused
    field_remarks(remarks, scheme, number, judged, cases.column_names)
    remarks.add("no_group", (found[1] < 0) & judged)
    return Grouped(_answers(scheme, cases["case_id"], found), remarks.table(), found)


def _column(cases: pa.Table, name: str) -> pa.ChunkedArray:
    return cases[name] if name in cases.column_names else pa.chunked_array([pa.nulls(cases.num_rows, pa.string())])


def _codes(
    column: pa.ChunkedArray, values: pa.Array, known: Mapping[str, int], maps: Mapping[str, str], *, mapped: bool
) -> Codes:
    """A list column as numbers. Lists joined by another sign than ``|`` are split all the same, and told."""
    texts = pc.fill_null(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0), "")
    items, number, at = _numbered(texts, values)
    mended: list[Mended] = []
    if bool((number < 0).any()):
        rows = np.unique(np.repeat(np.arange(len(at) - 1), np.diff(at))[number < 0])
        odd = pc.match_substring_regex(texts.take(pa.array(rows)), _ODD).to_numpy(zero_copy_only=False)
        if odd.any():
            mended.append(Mended("list_sign", rows[odd], None))
            trimmed = pc.utf8_trim_whitespace(texts)
            items, number, at = _numbered(pc.replace_substring_regex(trimmed, _SIGN, "|"), values)
    if mapped or bool((number < 0).any()):
        of = np.repeat(np.arange(len(at) - 1), np.diff(at))
        number, told = mend(items, number, of, known, maps, mapped=mapped)
        mended += told
    return Codes(number, at, mended)


_ODD = "[,;，；、｜\\s]"
_SIGN = "\\s*[|,;，；、｜\\n]\\s*"
"""What stands in lists that are not joined by ``|``, and what is read as one."""


def _numbered(texts: pa.Array, values: pa.Array) -> tuple[pa.Array, Array, Array]:
    """The codes of lists, their numbers (places in ``values``, -1 where they have none; the last value is the empty
    text, which is left out), and where each list begins.
    """
    lists = pc.split_pattern(texts, "|")
    items = lists.flatten()
    number = pc.index_in(items, values).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    kept = number != len(values) - 1
    at = np.concatenate([[0], np.cumsum(kept)])[lists.offsets.to_numpy()].astype(np.int64)
    return (items, number, at) if kept.all() else (items.filter(pa.array(kept)), number[kept], at)


def _fields(scheme: Scheme, cases: pa.Table, remarks: Remarks) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    """The fields of every case as numbers and texts, and which cases are refused for a field that cannot be read."""
    shape = (cases.num_rows, len(FIELD_COLUMNS))
    number, text = np.full(shape, MISSING, dtype=np.int64), np.full(shape, EMPTY, dtype=np.int64)
    refused = np.zeros(cases.num_rows, dtype=np.bool_)
    for at, name in enumerate(FIELD_COLUMNS):
        if name not in cases.column_names or cases.num_rows == 0:
            continue
        coded = cases[name].combine_chunks().dictionary_encode()
        values = [number_and_text(name, cell, scheme.texts) for cell in coded.dictionary.to_pylist()]
        which = coded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        values.append((MISSING, EMPTY, ""))
        number[:, at] = np.array([one[0] for one in values], dtype=np.int64)[which]
        text[:, at] = np.array([one[1] for one in values], dtype=np.int64)[which]
        for fault in sorted({one[2] for one in values} - {""}):
            bad = np.array([one[2] == fault for one in values])[which]
            remarks.add(fault, bad, name, cases[name])
            refused |= bad
    return number, text, refused


def _answers(scheme: Scheme, case_id: pa.ChunkedArray, found: Sequence[Array]) -> pa.Table:
    """The kernel's places as texts: each combination of step and DRG row is worded once."""
    _, step, drg = found
    width = len(scheme.drgs) + 1
    keys, which = np.unique((step + 1) * width + drg + 1, return_inverse=True)
    mdc_of = {NONE: NONE, **{number: one.mdc for number, one in enumerate(scheme.steps)}}
    answers = []
    for key in keys.tolist():
        at = key // width - 1
        answers.append(scheme.answer(mdc_of[at], at, key % width - 1))
    columns: dict[str, Any] = {"case_id": case_id}
    for place, name in enumerate(COLUMNS[1:]):
        words = pa.array([answer[place] for answer in answers], pa.string())
        columns[name] = words.take(pa.array(which)) if answers else pa.array([], pa.string())
    return pa.table(columns)


def laid_out(dx: Codes, px: Codes, number: Array, text: Array) -> tuple[Array, Batch]:
    """The kernel's one sequence of a batch, and where its parts begin."""
    parts = (dx.number, dx.at, px.number, px.at, number.ravel(), text.ravel())
    at: list[int] = np.cumsum([0, *map(len, parts[:-1])]).tolist()
    return np.concatenate(parts), Batch._make([*at, len(FIELD_COLUMNS)])


def plain_kernel(scheme: Scheme, data: Array, batch: Batch, *found: Array) -> None:
    """`grouping.group_all` as it stands, over lists: Python's own integers are faster than numpy's one by one."""
    mdc, step, drg = ([NONE] * len(found[0]) for _ in range(3))
    group_all(scheme.plain_memory, data.tolist(), batch, 0, len(mdc), mdc, step, drg)
    for array, values in zip(found, (mdc, step, drg), strict=True):
        array[:] = values
