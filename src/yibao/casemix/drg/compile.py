"""From a scheme's tables to the kernel's memory of integers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from yibao.casemix.drg.condition import DX_SUBJECTS, FIELDS, OPERATORS, Tree, leaves, number_of, plain_text
from yibao.casemix.drg.grouping import (
    BITS,
    FALSE,
    HEAD,
    MISSING,
    OTHER,
    T_ANY_DX,
    T_ANY_PX,
    T_CC,
    T_COUNT,
    T_HAS_PX,
    T_IN_DX,
    T_IN_PX,
    T_ISIN,
    T_MCC,
    T_NUMBER,
    T_TEXT,
    T_TRUTHY,
    TRUE,
)
from yibao.casemix.drg.scheme import Scheme, codes_of

Array = Any
"""An int64 array: what a compiled kernel takes for a sequence of integers."""
Key = tuple[str, ...]


def compiled(scheme: Scheme) -> Scheme:
    """The scheme with its code numbers and memory."""
    every = [leaf for tree in scheme.trees for leaf in leaves(tree)]
    own: dict[str, list[str]] = {"dx": [], "px": []}
    for leaf in every:
        if leaf[0] in ("in", "any") and isinstance(leaf[2], dict):
            own["dx" if leaf[1] in DX_SUBJECTS else "px"] += leaf[2]["codes"]
    dx, px = (tuple(dict.fromkeys(chain(codes_of(scheme, kind), own[kind]))) for kind in ("dx", "px"))
    texts = dict.fromkeys(text for leaf in every for text in _texts(leaf))
    known = replace(scheme, dx=dx, px=px, texts={text: number for number, text in enumerate(texts)})
    return replace(known, memory=_memory(known))


def _texts(leaf: Tree) -> Iterable[str]:
    """The texts that a test compares with, numbers apart."""
    values = (leaf[3],) if leaf[0] == "cmp" else leaf[2] if leaf[0] == "isin" else ()
    texts = [plain_text(leaf[1], value) for value in values]
    return [text for text in texts if number_of(text) is None]


@dataclass
class _Tests:
    """The tests of all conditions, and the lists they look into, numbered as they come."""

    scheme: Scheme
    rows: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    sets: list[list[tuple[int, int]]] = field(default_factory=list)
    dx_lists: dict[Key, int] = field(default_factory=dict)
    px_lists: dict[Key, int] = field(default_factory=dict)

    def add(self, tree: Tree, mdc: str, rule: str, yes: int = TRUE, no: int = FALSE) -> int:
        """The first test of a condition that leaves by ``yes`` or ``no``."""
        name, given = tree[0], tree[1:]
        if name in ("true", "false"):
            return yes if name == "true" else no
        if name == "not":
            return self.add(given[0], mdc, rule, no, yes)
        if name in ("and", "or"):
            at = yes if name == "and" else no
            for part in reversed(given):
                at = self.add(part, mdc, rule, *((at, no) if name == "and" else (yes, at)))
            return at
        kind, a, b, c = self._leaf(tree, mdc, rule)
        self.rows.append((kind, a, b, c, yes, no))
        return len(self.rows) - 1

    def _leaf(self, tree: Tree, mdc: str, rule: str) -> tuple[int, int, int, int]:
        name, given = tree[0], tree[1:]
        if name in ("mcc", "cc", "has_px"):
            return {"mcc": T_MCC, "cc": T_CC, "has_px": T_HAS_PX}[name], 0, 0, 0
        if name == "tag":
            return T_ANY_PX, self._list(self.px_lists, ("tag", rule, given[0])), 0, 0
        if name in ("in", "any"):
            return self._membership(name, given[0], given[1], mdc, rule)
        if name == "count":
            return T_COUNT, int(given[0] == "px"), OPERATORS.index(given[1]), given[2]
        at = FIELDS.index(given[0])
        if name == "truthy":
            return T_TRUTHY, at, 0, 0
        if name == "isin":
            self.sets.append([self._value(given[0], value) for value in given[1]])
            return T_ISIN, at, 0, len(self.sets) - 1
        number, text = self._value(given[0], given[2])
        operator = OPERATORS.index(given[1])
        return (T_NUMBER, at, operator, number) if number != MISSING else (T_TEXT, at, operator, text)

    def _value(self, field: str, value: str | int | float) -> tuple[int, int]:
        """A value as number and text; one of the two is there."""
        text = plain_text(field, value)
        number = number_of(text)
        return (MISSING, self.scheme.texts[text]) if number is None else (number, OTHER)

    def _membership(self, name: str, subject: str, listed: object, mdc: str, rule: str) -> tuple[int, int, int, int]:
        of_dx = subject in DX_SUBJECTS
        if isinstance(listed, dict):
            key: Key = ("codes", *listed["codes"])
        elif listed == "mdc":
            key = ("mdc", mdc)
        else:
            key = ("valid",) if listed == "@valid" else ("rule", rule, str(listed))
        number = self._list(self.dx_lists if of_dx else self.px_lists, key)
        if name == "in":
            return T_IN_DX if of_dx else T_IN_PX, number, 0, 0
        return T_ANY_DX if of_dx else T_ANY_PX, number, int(subject.endswith("+")), 0

    @staticmethod
    def _list(lists: dict[Key, int], key: Key) -> int:
        return lists.setdefault(key, len(lists))

    def codes(self, key: Key) -> Sequence[str]:
        """The codes of a list."""
        if key[0] == "codes":
            return key[1:]
        if key[0] == "mdc":
            return self.scheme.mdc_dx.get(key[1], ())
        if key[0] == "valid":
            return self.scheme.valid
        held = self.scheme.tags if key[0] == "tag" else self.scheme.lists
        return held.get((key[1], key[2]), ())


def _memory(scheme: Scheme) -> Array:
    """The kernel's memory of a scheme."""
    tests = _Tests(scheme)
    names = [one.name for one in scheme.mdcs]
    entry = [tests.add(one.entry, one.name, "") for one in scheme.mdcs]
    condition = [tests.add(one.condition, names[one.mdc], one.rule_key) for one in scheme.steps]
    steps = [scheme.steps[row.step] for row in scheme.drgs]
    drg_condition = [
        tests.add(row.condition, names[step.mdc], step.rule_key) for row, step in zip(scheme.drgs, steps, strict=True)
    ]
    per_step = np.bincount(np.array([row.step for row in scheme.drgs], dtype=np.int64), minlength=len(scheme.steps))
    blocks, site = _sites(scheme)
    dx_words, dx_bits = _bits(tests, tests.dx_lists, scheme.dx_number)
    px_words, px_bits = _bits(tests, tests.px_lists, scheme.px_number)
    tables = {name: number for number, name in enumerate(_tables(scheme))}
    excl_from, excl_table = _exclusions(scheme, tables)
    rows = np.array(tests.rows, dtype=np.int64).reshape(-1, 6)
    rows[:, 4:] = _addresses(rows[:, 4:])
    parts: dict[str, Any] = {"tests": rows.ravel()}
    per_mdc = np.bincount(np.array([one.mdc for one in scheme.steps], dtype=np.int64), minlength=len(names))
    parts |= {
        "set_from": _bounds([len(one) for one in tests.sets]),
        "set_value": _array(value for one in tests.sets for value, _ in one),
        "set_text": _array(text for one in tests.sets for _, text in one),
        "dx_bits": dx_bits, "px_bits": px_bits,
        "mcc": _of_dx(scheme, scheme.mcc, tables), "cc": _of_dx(scheme, scheme.cc, tables),
        "excl_from": excl_from, "excl_table": excl_table, "site": site,
        "mdc_entry": _addresses(entry), "mdc_sites": _array(one.sites for one in scheme.mdcs),
        "mdc_block": _array(blocks), "mdc_step": _bounds(per_mdc.tolist()), "step_condition": _addresses(condition),
        "step_terminal": _array(int(one.terminal) for one in scheme.steps), "step_drg": _bounds(per_step.tolist()),
        "drg_condition": _addresses(drg_condition), "drg_empty": _array(int(not row.drg) for row in scheme.drgs),
    }  # fmt: skip
    assert tuple(parts) == _PARTS
    begins = np.cumsum([HEAD, *map(len, parts.values())])[:-1]
    return np.concatenate([[len(names), dx_words, px_words], begins, *parts.values()]).astype(np.int64)


_PARTS = (
    "tests", "set_from", "set_value", "set_text", "dx_bits", "px_bits", "mcc", "cc", "excl_from", "excl_table", "site",
    "mdc_entry", "mdc_sites", "mdc_block", "mdc_step", "step_condition", "step_terminal", "step_drg", "drg_condition",
    "drg_empty",
)  # fmt: skip
"""The parts of the memory in the order of the kernel's names for where they begin."""


def _addresses(tests: Iterable[int]) -> Array:
    """Where tests stand in the memory, whose head they follow; TRUE and FALSE stay what they are."""
    numbers = np.array(tests, dtype=np.int64)
    return np.where(numbers >= 0, HEAD + numbers * 6, numbers)


def _array(values: Iterable[int]) -> Array:
    return np.array(list(values), dtype=np.int64)


def _bounds(counts: Sequence[int]) -> Array:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _bits(tests: _Tests, lists: Mapping[Key, int], number: Mapping[str, int]) -> tuple[int, Array]:
    """Words a code, and the words of all codes: bit n of a code is its place in list n."""
    words = max(1, -(-len(lists) // 2**BITS))
    found = np.zeros((max(1, len(number)), words), dtype=np.int64)
    for key, listed in lists.items():
        rows = np.unique([number[code] for code in tests.codes(key)]).astype(np.int64)
        found[rows, listed >> BITS] |= 1 << (listed & (2**BITS - 1))
    return words, found.ravel()


def _tables(scheme: Scheme) -> Iterable[str]:
    names = (*scheme.mcc.values(), *scheme.cc.values(), *chain.from_iterable(scheme.exclusion.values()))
    return dict.fromkeys(names)


def _of_dx(scheme: Scheme, table: Mapping[str, str], tables: Mapping[str, int]) -> Array:
    """The exclusion table of each diagnosis in ``table``, -1 for the others."""
    return _array(tables[table[code]] if code in table else -1 for code in scheme.dx)


def _exclusions(scheme: Scheme, tables: Mapping[str, int]) -> tuple[Array, Array]:
    found = [[tables[name] for name in scheme.exclusion.get(code, ()) if name] for code in scheme.dx]
    return _bounds([len(one) for one in found]), _array(chain.from_iterable(found))


def _sites(scheme: Scheme) -> tuple[list[int], Array]:
    """Where each MDC's block begins (0 for those that count no sites), and the blocks."""
    blocks, parts, size = [], [np.zeros(0, dtype=np.int64)], 0
    for mdc in scheme.mdcs:
        if mdc.sites <= 0:
            blocks.append(0)
            continue
        names = {name: n for n, name in enumerate(sorted({s for (m, _), s in scheme.sites.items() if m == mdc.name}))}
        part = np.zeros(len(scheme.dx), dtype=np.int64)
        for (of, code), name in scheme.sites.items():
            if of == mdc.name:
                part[scheme.dx_number[code]] = 1 << names[name]
        blocks.append(size)
        parts.append(part)
        size += len(part)
    return blocks, np.concatenate(parts)
