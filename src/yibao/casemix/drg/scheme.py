"""A grouping scheme (分组方案): what its tables say, in memory, and the kernel's memory made from it.

A scheme is a folder of tables, never code; `yibao.standard.drg` lists them. `read_scheme` checks everything and gives
either a scheme without errors or the findings that stand in its way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yibao.casemix.drg.condition import Tree

GROUPED, AMBIGUOUS, UNGROUPED = "分组成功", "歧义病案", "无法入组"
"""The three outcomes of a case."""
NO_GROUP = ("0000", "00", "0000")
"""MDC, ADRG and DRG of a case that is in no group."""
AMBIGUOUS_ADRG = "QY"


class Mdc(NamedTuple):
    """An MDC in the order tried: its entry condition and how many different trauma sites it asks for."""

    name: str
    entry: Tree
    sites: int


class Step(NamedTuple):
    """A step within an MDC: an ADRG, or an end at an ambiguous case (``terminal``)."""

    mdc: int
    number: int
    rule_key: str
    adrg: str
    terminal: bool
    condition: Tree


class Drg(NamedTuple):
    """A DRG row of a step's rule; an empty ``drg`` sends the case on to the next step."""

    step: int
    drg: str
    name: str
    condition: Tree


Lists = Mapping[tuple[str, str], Sequence[str]]
"""The codes of each list of each rule, in order, each once."""


@dataclass(frozen=True)
class Scheme:
    """A scheme without errors. ``lists`` has the rules' lists by (rule_key, list); ``tags`` the procedures of list
    ``ss`` by (rule_key, tag); ``mdc_dx`` the principal diagnoses of each MDC, ``sites`` the trauma site of a diagnosis
    by (mdc, dx). ``mcc`` and ``cc`` give the exclusion table of a diagnosis ('' for none), ``exclusion`` the tables
    that a principal diagnosis excludes. ``dx_names`` and ``px_names`` are the code lists; ``dx_map`` and ``px_map``
    turn clinical-version codes into insurance-version ones.
    """

    name: str
    mdcs: tuple[Mdc, ...]
    steps: tuple[Step, ...]
    drgs: tuple[Drg, ...]
    lists: Lists
    tags: Lists
    mdc_dx: Mapping[str, Sequence[str]]
    sites: Mapping[tuple[str, str], str]
    mcc: Mapping[str, str]
    cc: Mapping[str, str]
    exclusion: Mapping[str, Sequence[str]]
    valid: Sequence[str]
    dx_names: Mapping[str, str]
    px_names: Mapping[str, str]
    drg_names: Mapping[str, str]
    dx_map: Mapping[str, str]
    px_map: Mapping[str, str]
    dx: tuple[str, ...] = field(default=())
    px: tuple[str, ...] = field(default=())
    memory: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    texts: Mapping[str, int] = field(default_factory=dict)

    @property
    def trees(self) -> list[Tree]:
        """Every condition of the scheme: entries, steps, DRG rows."""
        entries = [one.entry for one in self.mdcs]
        return [*entries, *(one.condition for one in self.steps), *(one.condition for one in self.drgs)]

    @cached_property
    def dx_number(self) -> dict[str, int]:
        """The number of each diagnosis the scheme knows."""
        return {code: number for number, code in enumerate(self.dx)}

    @cached_property
    def px_number(self) -> dict[str, int]:
        """The number of each procedure the scheme knows."""
        return {code: number for number, code in enumerate(self.px)}

    @cached_property
    def dx_values(self) -> pa.Array:
        """The diagnoses in the order of their numbers, then the empty text."""
        return pa.array([*self.dx, ""], pa.string())

    @cached_property
    def px_values(self) -> pa.Array:
        """The procedures in the order of their numbers, then the empty text."""
        return pa.array([*self.px, ""], pa.string())

    @cached_property
    def plain_memory(self) -> list[int]:
        """The memory as a list: for one case, which Python's own integers group fastest."""
        found: list[int] = self.memory.tolist()
        return found

    def answer(self, mdc: int, step: int, drg: int) -> tuple[str, str, str, str]:
        """Status, MDC, ADRG and DRG of what the kernel found."""
        if step < 0:
            return UNGROUPED, *NO_GROUP
        at = self.steps[step]
        if at.terminal:
            return AMBIGUOUS, self.mdcs[mdc].name, AMBIGUOUS_ADRG, at.adrg
        return GROUPED, self.mdcs[mdc].name, at.adrg, self.drgs[drg].drg if drg >= 0 else at.adrg

    def drg_name(self, code: str) -> str:
        """The name of a DRG, '' where the scheme has none."""
        return self.drg_names.get(code, "") or next((row.name for row in self.drgs if row.drg == code), "")


def codes_of(scheme: Scheme, kind: str) -> Iterable[str]:
    """Every diagnosis (``dx``) or procedure (``px``) that a scheme names anywhere, in a fixed order."""
    own = ("zd", "zd1") if kind == "dx" else ("ss", "ss1", "ss2")
    yield from scheme.dx_names if kind == "dx" else scheme.px_names
    for (_rule, listed), codes in scheme.lists.items():
        if listed in own:
            yield from codes
    if kind == "px":
        yield from scheme.valid
        return
    for codes in scheme.mdc_dx.values():
        yield from codes
    for table in (scheme.mcc, scheme.cc, scheme.exclusion):
        yield from table
