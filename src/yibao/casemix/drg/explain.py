"""Why one case fell where it did, and what a changed code would do: for coding quality control and for disputes.

Whether a condition holds is asked of the grouping kernel itself, so that an explanation never differs from the group.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from yibao.casemix.drg import grouping
from yibao.casemix.drg.batch import COLUMNS, Prepared, group_table, laid_out, plain_kernel, prepared
from yibao.casemix.drg.condition import DX_SUBJECTS, FIELD_COLUMNS, FIELDS, Tree, described, field_label, leaves
from yibao.casemix.drg.scheme import Scheme


class Tried(NamedTuple):
    """An MDC or a step that was looked at: its code, its condition in words, whether it held, what speaks for it."""

    code: str
    condition: str
    held: bool
    evidence: tuple[str, ...] = ()


class Complication(NamedTuple):
    """A secondary diagnosis that is an MCC or CC: its exclusion table, and whether it counts."""

    code: str
    name: str
    kind: str
    table: str
    counts: bool


class Change(NamedTuple):
    """What the case would be with one code changed."""

    change: str
    status: str
    mdc: str
    adrg: str
    drg: str
    name: str


class Explanation(NamedTuple):
    """A case's way: its group, the MDCs tried, the steps tried in the MDC that took it, what decided the DRG, its MCC
    and CC, the later steps it would also have met (as MDC, ADRG, condition), remarks, and changes of one code: those
    that lead to another group, and how many lead to the same.
    """

    case_id: str
    status: str
    mdc: str
    adrg: str
    drg: str
    name: str
    mdcs: tuple[Tried, ...]
    steps: tuple[Tried, ...]
    rows: tuple[Tried, ...]
    complications: tuple[Complication, ...]
    later: tuple[tuple[str, str, str], ...]
    remarks: tuple[str, ...]
    changes: tuple[Change, ...]
    unchanged: int

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and dictionaries, for JSON."""
        return {name: _plain(value) for name, value in self._asdict().items()}


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(item) for name, item in value._asdict().items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def explain(
    scheme: Scheme, row: Mapping[str, str], *, mapped: bool = False, changes: Sequence[str] = ()
) -> Explanation:
    """Explains the case ``row`` (columns of ``drg_cases`` as text). ``changes`` are codes to try: ``OLD=NEW``,
    ``+CODE``, ``-CODE``; without them every code is left out and every other one made the principal one, in turn.

    Raises ValueError, in Chinese, for a change that names no code of the case.
    """
    table = _table([row])
    ready = prepared(scheme, table, mapped=mapped)
    case = _Case(scheme, ready)
    own = group_table(scheme, table, plain_kernel, mapped=mapped)
    answer = {name: own.groups[name][0].as_py() for name in COLUMNS}
    mdc, step, drg = (int(found[0]) for found in own.places)
    changed, unchanged = _changes(scheme, row, answer, list(_variants(scheme, row, changes)), mapped)
    return Explanation(
        answer["case_id"] or "", answer["status"], answer["mdc"], answer["adrg"], answer["drg"],
        scheme.drg_name(answer["drg"]), case.mdcs(mdc), case.steps(mdc, step), case.rows(step, drg),
        case.complications(), case.later(mdc, step) if step >= 0 else (),
        tuple(_said(one) for one in own.remarks.to_pylist()),
        changed, unchanged,
    )  # fmt: skip


def _said(remark: Mapping[str, str]) -> str:
    return f"{remark['value']}：{remark['message']}" if remark["value"] else remark["message"]


def _table(rows: Sequence[Mapping[str, str]]) -> pa.Table:
    names = ("case_id", *FIELD_COLUMNS, "dx", "px")
    return pa.table({name: pa.array([row.get(name) or None for row in rows], pa.string()) for name in names})


class _Case:
    """One case in the kernel's form, with the codes behind its numbers."""

    def __init__(self, scheme: Scheme, ready: Prepared) -> None:
        self.scheme, self.memory = scheme, scheme.plain_memory
        self.refused = bool(ready.refused[0])
        dx, px = ready.dx.number.tolist(), ready.px.number.tolist()
        data, batch = laid_out(ready.dx, ready.px, ready.number, ready.text)
        self.data: list[int] = data.tolist()
        self.case = grouping.case_of(self.data, batch, 0)
        self.dx = [scheme.dx[code] if code >= 0 else "" for code in dx]
        self.px = [scheme.px[code] if code >= 0 else "" for code in px]

    def _holds(self, at: int) -> bool:
        return grouping.holds(self.memory, self.data, self.case, self.memory[at])

    def _enters(self, mdc: int) -> bool:
        return grouping.enters(self.memory, self.data, self.case, mdc)

    def mdcs(self, taken: int) -> tuple[Tried, ...]:
        """The MDCs that were entered, and the one that took the case."""
        found = []
        for number, mdc in enumerate(self.scheme.mdcs):
            if self.refused or (taken >= 0 and number > taken):
                break
            if self._enters(number):
                evidence = list(self._evidence(mdc.entry, mdc.name, ""))
                if mdc.sites > 0:
                    count = grouping.trauma_sites(self.memory, self.data, self.case, number)
                    evidence.append(f"不同创伤部位{count}个，要求{mdc.sites}个")
                found.append(Tried(mdc.name, described(mdc.entry), number == taken, tuple(evidence)))
        return tuple(found)

    def steps(self, mdc: int, taken: int) -> tuple[Tried, ...]:
        """The steps of the MDC up to the one that took the case."""
        if taken < 0:
            return ()
        return tuple(
            self._step(number) for number in range(self.memory[self.memory[grouping.MDC_STEP] + mdc], taken + 1)
        )

    def _step(self, number: int) -> Tried:
        step = self.scheme.steps[number]
        held = grouping.holds(
            self.memory, self.data, self.case, self.memory[self.memory[grouping.STEP_CONDITION] + number]
        )
        evidence = self._evidence(step.condition, self.scheme.mdcs[step.mdc].name, step.rule_key) if held else ()
        return Tried(step.adrg, described(step.condition), held, tuple(evidence))

    def rows(self, step: int, taken: int) -> tuple[Tried, ...]:
        """The DRG rows of the step up to the one that held."""
        if step < 0 or self.scheme.steps[step].terminal:
            return ()
        found = []
        for number in range(
            *self.memory[self.memory[grouping.STEP_DRG] + step : self.memory[grouping.STEP_DRG] + step + 2]
        ):
            row = self.scheme.drgs[number]
            held = grouping.holds(
                self.memory, self.data, self.case, self.memory[self.memory[grouping.DRG_CONDITION] + number]
            )
            found.append(Tried(row.drg or "转下一步", described(row.condition), held))
            if number == taken:
                break
        return tuple(found)

    def complications(self) -> tuple[Complication, ...]:
        """The secondary diagnoses that are MCC or CC."""
        found = []
        principal, others = self.data[self.case.dx], self.data[self.case.dx + 1 : self.case.dx_end]
        kinds = (("MCC", self.scheme.mcc, grouping.MCC), ("CC", self.scheme.cc, grouping.CC))
        for code, number in zip(self.dx[1:], others, strict=True):
            for kind, table, part in kinds:
                if number >= 0 and code in table:
                    mine = self.memory[self.memory[part] + number]
                    counts = not grouping.excludes(self.memory, principal, mine)
                    found.append(Complication(code, self.scheme.dx_names.get(code, ""), kind, table[code], counts))
        return tuple(found)

    def later(self, mdc: int, step: int) -> tuple[tuple[str, str, str], ...]:
        """Steps behind the one that took the case that it also meets, in its MDC and in later ones it would enter."""
        found = []
        for number in range(step + 1, len(self.scheme.steps)):
            one = self.scheme.steps[number]
            there = one.mdc == mdc or self._enters(one.mdc)
            if there and self._holds(self.memory[grouping.STEP_CONDITION] + number):
                found.append((self.scheme.mdcs[one.mdc].name, one.adrg, described(one.condition)))
        return tuple(found)

    def _evidence(self, tree: Tree, mdc: str, rule: str) -> Iterable[str]:
        """What of the case the leaves of a condition look at and find."""
        for leaf in leaves(tree):
            name, given = leaf[0], leaf[1:]
            if name in ("in", "any"):
                listed = set(self._codes(given[0], given[1], mdc, rule))
                own, names = (
                    (self.dx, self.scheme.dx_names) if given[0] in DX_SUBJECTS else (self.px, self.scheme.px_names)
                )
                part = own[:1] if name == "in" else own[1:] if given[0].endswith("+") else own
                yield from (
                    f"{described(leaf)}：{code} {names.get(code, '')}".rstrip() for code in part if code in listed
                )
            elif name == "tag":
                tagged = self.scheme.tags.get((rule, given[0]), ())
                yield from (
                    f"{described(leaf)}：{code} {self.scheme.px_names.get(code, '')}"
                    for code in self.px
                    if code in tagged
                )
            elif name in ("cmp", "isin", "truthy"):
                value = self.data[self.case.number + FIELDS.index(given[0])]
                if value != grouping.MISSING:
                    yield f"{field_label(given[0])}：{value / 10**6:g}"

    def _codes(self, subject: str, listed: Any, mdc: str, rule: str) -> Sequence[str]:
        if isinstance(listed, dict):
            return tuple(listed["codes"])
        if listed == "mdc":
            return self.scheme.mdc_dx.get(mdc, ())
        return self.scheme.valid if listed == "@valid" else self.scheme.lists.get((rule, listed), ())


def _split(text: str | None) -> list[str]:
    return [code for code in (text or "").split("|") if code]


def _variants(scheme: Scheme, row: Mapping[str, str], asked: Sequence[str]) -> Iterable[tuple[str, dict[str, str]]]:
    """Each change in words, with the codes of the changed case."""
    dx, px = _split(row.get("dx")), _split(row.get("px"))
    if asked:
        for change in asked:
            yield _asked(scheme, change, dx, px)
        return
    for word, column, codes in (("诊断", "dx", dx), ("手术操作", "px", px)):
        for at, code in enumerate(codes):
            if column == "px" or len(codes) > 1:
                yield f"去掉{'主要' if at == 0 else ''}{word} {code}", {column: "|".join(codes[:at] + codes[at + 1 :])}
            if at:
                yield f"{code} 改作主要{word}", {column: "|".join([code, *codes[:at], *codes[at + 1 :]])}


def _asked(scheme: Scheme, change: str, dx: Sequence[str], px: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A change as the user writes it."""
    if change.startswith("+"):
        code = change[1:].strip()
        column, codes = ("px", px) if code in scheme.px_number and code not in scheme.dx_number else ("dx", dx)
        return f"增加 {code}", {column: "|".join([*codes, code])}
    old, _, new = (part.strip() for part in change.removeprefix("-").partition("="))
    for column, codes in (("dx", dx), ("px", px)):
        if old in codes:
            at = list(codes).index(old)
            said = f"{old} 改为 {new}" if new else f"去掉 {old}"
            return said, {column: "|".join([*codes[:at], *([new] if new else []), *codes[at + 1 :]])}
    raise ValueError(f"病例里没有代码“{old}”：写成 旧代码=新代码、+新代码 或 -旧代码")


def _changes(
    scheme: Scheme, row: Mapping[str, str], answer: Mapping[str, str], variants: Sequence[tuple[str, dict[str, str]]],
    mapped: bool,
) -> tuple[tuple[Change, ...], int]:  # fmt: skip
    if not variants:
        return (), 0
    done = group_table(scheme, _table([{**row, **codes} for _, codes in variants]), plain_kernel, mapped=mapped)
    same = [all(one[name] == answer[name] for name in COLUMNS[1:]) for one in done.groups.to_pylist()]
    others = tuple(
        Change(said, one["status"], one["mdc"], one["adrg"], one["drg"], scheme.drg_name(one["drg"]))
        for (said, _), one, equal in zip(variants, done.groups.to_pylist(), same, strict=True)
        if not equal
    )
    return others, sum(same)
