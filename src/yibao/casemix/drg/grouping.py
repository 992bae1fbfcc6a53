"""The grouping kernel: one case through a scheme's steps, in the order of the scheme (DESIGN §2).

Plain functions over one sequence of integers for the scheme (``memory``) and one for the cases (``data``), since a
compiled function pays for every sequence it takes out of a tuple; `yibao.engine.kernels` compiles them for a batch.
A condition is a chain of tests with two exits each (the next test, or TRUE or FALSE), so that no test runs that no
longer matters and none needs a stack. Codes are numbers: a diagnosis (procedure) has the number of its place in the
scheme's code table, -1 where the scheme does not know it.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

Ints = Sequence[int]

TRUE, FALSE = -1, -2
"""Exits of a condition."""
MISSING = -(2**62)
"""The value of a field that is empty or no number."""
EMPTY, OTHER = -2, -1
"""The text of a field: empty; one that no condition of the scheme names."""
NONE = -1
"""No MDC, step or DRG row."""

# kinds of tests
T_IN_DX, T_ANY_DX, T_IN_PX, T_ANY_PX, T_MCC, T_CC, T_NUMBER, T_TEXT, T_ISIN, T_TRUTHY, T_HAS_PX, T_COUNT = range(12)
# comparisons
EQ, NE, LT, LE, GT, GE = range(6)

BITS = 5
MASK = 2**BITS - 1
"""A word of the membership tables holds 2**BITS lists."""
UNKNOWN = -1
"""The number of a code that the scheme does not know, or that is not there."""

(
    MDCS,
    DX_WORDS,
    PX_WORDS,
    TESTS,
    SET_FROM,
    SET_VALUE,
    SET_TEXT,
    DX_BITS,
    PX_BITS,
    MCC,
    CC,
    EXCL_FROM,
    EXCL_TABLE,
    SITE,
    MDC_ENTRY,
    MDC_SITES,
    MDC_BLOCK,
    MDC_STEP,
    STEP_CONDITION,
    STEP_TERMINAL,
    STEP_DRG,
    DRG_CONDITION,
    DRG_EMPTY,
) = range(23)
"""The first numbers of the memory: sizes, and where each part begins.

MDCS is the number of MDCs; TESTS are the tests, six numbers each: kind, a, b, c, and where to go on if it holds or does
not. SET_FROM and SET_VALUE, SET_TEXT are the values of ``isin``. DX_BITS (PX_BITS) holds DX_WORDS (PX_WORDS) words for
each code: the lists it stands in. MCC and CC give a diagnosis's exclusion table or -1; EXCL_FROM, EXCL_TABLE the tables
of a principal diagnosis. SITE has one block of all diagnoses for each MDC that counts trauma sites: 1 << number of the
site, or 0. MDC_* stand in the order tried, STEP_* in order with MDC_STEP as bounds, DRG_* in order with STEP_DRG as
bounds.
"""
HEAD = 23
"""How many they are."""


class Case(NamedTuple):
    """Where a case stands in ``data``, the flat sequence of a batch: its diagnoses from ``dx`` to ``dx_end`` (the first
    is the principal one), its procedures likewise, its fields' numbers (millionths) from ``number`` and texts from
    ``text``.
    """

    dx: int
    dx_end: int
    px: int
    px_end: int
    number: int
    text: int


class Batch(NamedTuple):
    """Where the parts of a batch begin in ``data``: the codes, the bounds of each case's codes within them, the fields'
    numbers and texts (``fields`` for each case)."""

    dx: int
    dx_from: int
    px: int
    px_from: int
    number: int
    text: int
    fields: int


def case_of(data: Ints, batch: Batch, row: int) -> Case:
    """Where case ``row`` of a batch stands."""
    return Case(
        batch.dx + data[batch.dx_from + row], batch.dx + data[batch.dx_from + row + 1],
        batch.px + data[batch.px_from + row], batch.px + data[batch.px_from + row + 1],
        batch.number + row * batch.fields, batch.text + row * batch.fields,
    )  # fmt: skip


def group_all(
    memory: Ints, data: Ints, batch: Batch, first: int, end: int, mdc: MutableSequence[int],
    step: MutableSequence[int], drg: MutableSequence[int],
) -> None:  # fmt: skip
    """Groups the cases ``first`` to ``end`` of a batch into ``mdc, step, drg`` (places in the plan, or NONE)."""
    for row in range(first, end):
        mdc[row], step[row], drg[row] = group(memory, data, case_of(data, batch, row))


def group(memory: Ints, data: Ints, case: Case) -> tuple[int, int, int]:
    """The MDC, step and DRG row of a case: the first MDC with a step that holds. A case without a principal diagnosis
    is in none. A DRG of NONE is a terminal step or an ADRG no row of which holds.
    """
    if case.dx == case.dx_end:
        return NONE, NONE, NONE
    for mdc in range(memory[MDCS]):
        if enters(memory, data, case, mdc):
            step, drg = group_within(memory, data, case, mdc)
            if step != NONE:
                return mdc, step, drg
    return NONE, NONE, NONE


def enters(memory: Ints, data: Ints, case: Case, mdc: int) -> bool:
    """Whether a case enters an MDC: its condition, and enough different trauma sites where the MDC counts them."""
    if not holds(memory, data, case, memory[memory[MDC_ENTRY] + mdc]):
        return False
    return (
        memory[memory[MDC_SITES] + mdc] <= 0 or trauma_sites(memory, data, case, mdc) >= memory[memory[MDC_SITES] + mdc]
    )


def trauma_sites(memory: Ints, data: Ints, case: Case, mdc: int) -> int:
    """How many different trauma sites the diagnoses of a case have in an MDC."""
    seen = 0
    for at in range(case.dx, case.dx_end):
        if data[at] >= 0:
            seen |= memory[memory[SITE] + memory[memory[MDC_BLOCK] + mdc] + data[at]]
    count = 0
    while seen:
        seen &= seen - 1
        count += 1
    return count


def group_within(memory: Ints, data: Ints, case: Case, mdc: int) -> tuple[int, int]:
    """The step and DRG row of a case within an MDC; (NONE, NONE) where no step holds."""
    for step in range(memory[memory[MDC_STEP] + mdc], memory[memory[MDC_STEP] + mdc + 1]):
        if holds(memory, data, case, memory[memory[STEP_CONDITION] + step]):
            if memory[memory[STEP_TERMINAL] + step]:
                return step, NONE
            drg = drg_row(memory, data, case, step)
            if drg == NONE or not memory[memory[DRG_EMPTY] + drg]:
                return step, drg
    return NONE, NONE


def drg_row(memory: Ints, data: Ints, case: Case, step: int) -> int:
    """The first DRG row of a step that holds, or NONE."""
    for drg in range(memory[memory[STEP_DRG] + step], memory[memory[STEP_DRG] + step + 1]):
        if holds(memory, data, case, memory[memory[DRG_CONDITION] + drg]):
            return drg
    return NONE


def holds(memory: Ints, data: Ints, case: Case, at: int) -> bool:
    """Whether the condition whose first test stands at ``at`` holds.

    The two commonest tests, of the principal codes, stand here: a call would cost more than the test.
    """
    dx = data[case.dx] if case.dx < case.dx_end else UNKNOWN
    px = data[case.px] if case.px < case.px_end else UNKNOWN
    while at >= 0:
        kind, listed = memory[at], memory[at + 1]
        if kind == T_IN_DX:
            word = memory[memory[DX_BITS] + dx * memory[DX_WORDS] + (listed >> BITS)] if dx >= 0 else 0
            passed = (word >> (listed & MASK)) & 1 == 1
        elif kind == T_IN_PX:
            word = memory[memory[PX_BITS] + px * memory[PX_WORDS] + (listed >> BITS)] if px >= 0 else 0
            passed = (word >> (listed & MASK)) & 1 == 1
        else:
            passed = passes(memory, data, case, at)
        at = memory[at + 4] if passed else memory[at + 5]
    return at == TRUE


def passes(memory: Ints, data: Ints, case: Case, at: int) -> bool:
    """Whether one of the other tests holds. ``a`` is the list or field, ``b`` where to begin or the comparison, ``c``
    the value.
    """
    kind, a, b, c = memory[at], memory[at + 1], memory[at + 2], memory[at + 3]
    if kind == T_ANY_DX:
        return any_within(memory, memory[DX_BITS], memory[DX_WORDS], data, case.dx + b, case.dx_end, a)
    if kind == T_ANY_PX:
        return any_within(memory, memory[PX_BITS], memory[PX_WORDS], data, case.px + b, case.px_end, a)
    if kind == T_MCC:
        return complicates(memory, data, case, memory[MCC])
    if kind == T_CC:
        return complicates(memory, data, case, memory[CC])
    if kind == T_HAS_PX:
        return case.px < case.px_end
    if kind == T_COUNT:
        return compare(case.px_end - case.px if a else case.dx_end - case.dx, b, c)
    return field_passes(memory, data, case, kind, a, b, c)


def field_passes(memory: Ints, data: Ints, case: Case, kind: int, field: int, operator: int, value: int) -> bool:
    """A test of a field. An empty field passes none; a text is never less or more than anything."""
    number, text = data[case.number + field], data[case.text + field]
    if text == EMPTY:
        return False
    if kind == T_TRUTHY:
        return number != 0
    if kind == T_NUMBER:
        return operator == NE if number == MISSING else compare(number, operator, value)
    if kind == T_TEXT:
        return (operator == EQ and text == value) or (operator == NE and text != value)
    for at in range(memory[memory[SET_FROM] + value], memory[memory[SET_FROM] + value + 1]):
        if number != MISSING and number == memory[memory[SET_VALUE] + at]:
            return True
        if number == MISSING and text >= 0 and text == memory[memory[SET_TEXT] + at]:
            return True
    return False


def compare(left: int, operator: int, right: int) -> bool:
    """``left operator right``."""
    if operator == EQ:
        return left == right
    if operator == NE:
        return left != right
    if operator == LT:
        return left < right
    if operator == LE:
        return left <= right
    if operator == GT:
        return left > right
    return left >= right


def within(memory: Ints, bits: int, words: int, code: int, listed: int) -> bool:
    """Whether a code stands in a list."""
    return code >= 0 and (memory[bits + code * words + (listed >> BITS)] >> (listed & MASK)) & 1 == 1


def any_within(memory: Ints, bits: int, words: int, data: Ints, first: int, end: int, listed: int) -> bool:
    """Whether any of the codes from ``first`` to ``end`` stands in a list."""
    for at in range(first, end):  # noqa: SIM110  # numba compiles no generator
        if within(memory, bits, words, data[at], listed):
            return True
    return False


def complicates(memory: Ints, data: Ints, case: Case, tables: int) -> bool:
    """Whether a secondary diagnosis is an MCC (CC) that the principal diagnosis does not exclude."""
    for at in range(case.dx + 1, case.dx_end):
        table = memory[tables + data[at]] if data[at] >= 0 else NONE
        if table != NONE and not excludes(memory, data[case.dx], table):
            return True
    return False


def excludes(memory: Ints, principal: int, table: int) -> bool:
    """Whether a principal diagnosis excludes the MCC and CC of a table."""
    if principal < 0:
        return False
    first, end = memory[memory[EXCL_FROM] + principal], memory[memory[EXCL_FROM] + principal + 1]
    for at in range(first, end):  # noqa: SIM110  # as above
        if memory[memory[EXCL_TABLE] + at] == table:
            return True
    return False
