"""From the tables of a scheme folder to a `Scheme`, with every fault of the tables as a finding.

Errors stand in the way of grouping: a number that is none, a name that leads nowhere, a condition outside the format.
What only looks wrong (a step that nobody reaches, a code outside the code list) is a warning of `checks`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from yibao.casemix.drg.checks import warnings_of
from yibao.casemix.drg.compile import compiled
from yibao.casemix.drg.condition import ConditionError, Tree, leaves, parse
from yibao.casemix.drg.scheme import Drg, Mdc, Scheme, Step
from yibao.kernel import Finding, Place, Severity

_LISTS = ("zd", "zd1", "ss", "ss1", "ss2")
_MOST_SITES = 60


class Sheet(NamedTuple):
    """A table of the scheme as columns of text ('' for an empty cell), with the file and row of each line."""

    file: str
    rows: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def lines(self, *names: str) -> Iterator[tuple[str, ...]]:
        """The cells of these columns, row by row."""
        empty = [""] * len(self.rows)
        return zip(*(self.columns.get(name, empty) for name in names), strict=True)

    def place(self, line: int, column: str = "", value: str = "") -> Place:
        """Where a line stands."""
        return Place(self.file, self.rows[line], column, value)


def read_scheme(name: str, sheets: Mapping[str, Sheet]) -> tuple[Scheme | None, list[Finding]]:
    """The scheme made of ``sheets`` (by file name without ending) and every finding; no scheme where one is an error.

    All fourteen sheets must be there, those without rows empty.
    """
    reader = _Reader(sheets)
    scheme = reader.scheme(name)
    reader.check_lists(scheme)
    if any(one.severity is Severity.ERROR for one in reader.found):
        return None, reader.found
    return compiled(scheme), [*reader.found, *warnings_of(scheme, reader.places)]


class _Reader:
    def __init__(self, sheets: Mapping[str, Sheet]) -> None:
        self.sheets = sheets
        self.found: list[Finding] = []
        self.places: dict[tuple[str, int], Place] = {}

    def scheme(self, name: str) -> Scheme:
        mdcs = self._mdcs()
        steps = self._steps({mdc.name: number for number, mdc in enumerate(mdcs)})
        lists, tags = self._lists()
        mdc_dx, sites = self._mdc_dx({mdc.name for mdc in mdcs})
        return Scheme(
            name, mdcs, steps, self._drgs(steps), lists, tags, mdc_dx, sites,
            self._keyed("mcc", "dx", "excl_table"), self._keyed("cc", "dx", "excl_table"), self._exclusion(),
            tuple(self._keyed("px_valid", "px", "name")), self._keyed("dx", "dx", "name"),
            self._keyed("px", "px", "name"), self._keyed("drg_names", "drg", "name"),
            self._keyed("dx_map", "dx_in", "dx_out"), self._keyed("px_map", "px_in", "px_out"),
        )  # fmt: skip

    def _error(self, code: str, message: str, place: Place, next_step: str, cause: str = "") -> None:
        self.found.append(Finding(code, Severity.ERROR, message, place, cause, next_step))

    def _number(self, sheet: Sheet, line: int, column: str, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            self._error("scheme_bad_number", f"{column}应是整数", sheet.place(line, column, text), "改为整数")
            return 0

    def _condition(self, sheet: Sheet, line: int, column: str, text: str) -> Tree:
        if not text:
            self._error(
                "scheme_empty_condition", "没有写条件", sheet.place(line, column), '写上条件；总是成立写 ["true"]'
            )
            return ("false",)
        try:
            return parse(text)
        except ConditionError as error:
            self._error("scheme_bad_condition", str(error), sheet.place(line, column), "按分组方案的条件格式改正")
            return ("false",)

    def _mdcs(self) -> tuple[Mdc, ...]:
        sheet, found = self.sheets["mdc"], []
        names: set[str] = set()
        numbers: set[int] = set()
        cells = sheet.lines("seq", "mdc", "entry_condition", "min_trauma_sites")
        for line, (seq, name, entry, sites) in enumerate(cells):
            number = self._number(sheet, line, "seq", seq)
            if not name or name in names or number in numbers:
                self._error(
                    "scheme_duplicate", "大类没有名称，或名称、序号重复", sheet.place(line, "mdc", name), "改正"
                )
            names.add(name)
            numbers.add(number)
            least = self._number(sheet, line, "min_trauma_sites", sites) if sites else 0
            found.append((number, line, Mdc(name, self._condition(sheet, line, "entry_condition", entry), least)))
        found.sort(key=lambda one: one[0])
        for at, (_, line, mdc) in enumerate(found):
            self.places["mdc", at] = sheet.place(line, "mdc", mdc.name)
        if not found:
            self._error("scheme_no_mdc", "没有一个大类", Place(sheet.file), "检查分组方案是否完整")
        return tuple(mdc for _, _, mdc in found)

    def _steps(self, mdc_number: Mapping[str, int]) -> tuple[Step, ...]:
        sheet, found = self.sheets["adrg"], []
        seen: set[tuple[str, int]] = set()
        cells = sheet.lines("step", "mdc", "rule_key", "adrg", "kind", "condition")
        for line, (number, mdc, rule, adrg, kind, text) in enumerate(cells):
            step = self._number(sheet, line, "step", number)
            condition = self._condition(sheet, line, "condition", text)
            if mdc not in mdc_number:
                self._error(
                    "scheme_unknown_mdc", "大类表里没有这个大类", sheet.place(line, "mdc", mdc), "改正或补上大类"
                )
                continue
            if (mdc, step) in seen:
                self._error("scheme_duplicate", "同一大类里步骤号重复", sheet.place(line, "step", number), "改正步骤号")
            seen.add((mdc, step))
            if kind not in ("adrg", "terminal"):
                self._error("scheme_bad_kind", "kind 应是 adrg 或 terminal", sheet.place(line, "kind", kind), "改正")
            if not adrg or not rule:
                self._error("scheme_no_code", "没有 ADRG 代码或 rule_key", sheet.place(line, "adrg", adrg), "补上")
            found.append((Step(mdc_number[mdc], step, rule, adrg, kind == "terminal", condition), line))
        found.sort(key=lambda one: (one[0].mdc, one[0].number))
        for at, (one, line) in enumerate(found):
            self.places["step", at] = sheet.place(line, "adrg", one.adrg)
        return tuple(step for step, _ in found)

    def _drgs(self, steps: Sequence[Step]) -> tuple[Drg, ...]:
        """The DRG rows of every step, laid out step by step."""
        sheet = self.sheets["drg"]
        rules: dict[str, list[tuple[int, int, str, str, Tree]]] = {}
        seen: set[tuple[str, int]] = set()
        cells = sheet.lines("rule_key", "seq", "drg", "name", "condition")
        for line, (rule, seq, drg, name, text) in enumerate(cells):
            number = self._number(sheet, line, "seq", seq)
            if (rule, number) in seen:
                self._error("scheme_duplicate", "同一rule_key里序号重复", sheet.place(line, "seq", seq), "改正序号")
            seen.add((rule, number))
            condition = self._condition(sheet, line, "condition", text)
            rules.setdefault(rule, []).append((number, line, drg, name, condition))
        known = {step.rule_key for step in steps}
        for rule in rules.keys() - known:
            line = rules[rule][0][1]
            self.found.append(Finding(
                "scheme_unused_rule", Severity.WARNING, "没有步骤用到这个rule_key", sheet.place(line, "rule_key", rule),
                "rule_key写错，或缺步骤", "核对 adrg 表",
            ))  # fmt: skip
        found: list[Drg] = []
        for at, step in enumerate(steps):
            for _, line, drg, name, condition in sorted(rules.get(step.rule_key, ()), key=lambda one: one[0]):
                self.places["drg", len(found)] = sheet.place(line, "drg", drg)
                found.append(Drg(at, drg, name, condition))
        return tuple(found)

    def _lists(self) -> tuple[dict[tuple[str, str], list[str]], dict[tuple[str, str], list[str]]]:
        sheet = self.sheets["adrg_codes"]
        lines = list(enumerate(sheet.lines("rule_key", "list", "seq", "code", "tag")))
        order = {line: self._number(sheet, line, "seq", cells[2]) for line, cells in lines}
        held: dict[tuple[str, str], dict[str, str]] = {}
        twice: list[int] = []
        for line, (rule, listed, _, code, tag) in sorted(lines, key=lambda one: (*one[1][:2], order[one[0]], one[0])):
            if listed not in _LISTS:
                place = sheet.place(line, "list", listed)
                self._error("scheme_unknown_list", f"代码表应是{'、'.join(_LISTS)}之一", place, "改正")
            codes = held.setdefault((rule, listed), {})
            if code in codes:
                twice.append(line)
            codes.setdefault(code, tag)
        self._repeated(sheet, twice, "code")
        tags: dict[tuple[str, str], list[str]] = {}
        for (rule, listed), codes in held.items():
            for code, tag in codes.items() if listed == "ss" else ():
                if tag:
                    tags.setdefault((rule, tag), []).append(code)
        return {key: list(codes) for key, codes in held.items()}, tags

    def _mdc_dx(self, known: set[str]) -> tuple[dict[str, list[str]], dict[tuple[str, str], str]]:
        sheet = self.sheets["mdc_dx"]
        held: dict[str, dict[str, str]] = {}
        twice: list[int] = []
        for line, (mdc, code, site) in enumerate(sheet.lines("mdc", "dx", "trauma_site")):
            if mdc not in known:
                self._error(
                    "scheme_unknown_mdc", "大类表里没有这个大类", sheet.place(line, "mdc", mdc), "改正或补上大类"
                )
            codes = held.setdefault(mdc, {})
            if code in codes:
                twice.append(line)
            if site and not codes.get(code):
                codes[code] = site
            codes.setdefault(code, "")
        self._repeated(sheet, twice, "dx")
        sites = {(mdc, code): site for mdc, codes in held.items() for code, site in codes.items() if site}
        for mdc, codes in held.items():
            if len(set(codes.values()) - {""}) > _MOST_SITES:
                self._error("scheme_many_sites", f"{mdc}的创伤部位超过{_MOST_SITES}个", Place(sheet.file), "合并部位")
        return {mdc: list(codes) for mdc, codes in held.items()}, sites

    def _keyed(self, table: str, key: str, value: str) -> dict[str, str]:
        """A table as a dictionary; the first line of a key counts."""
        sheet, found = self.sheets[table], {}  # type: Sheet, dict[str, str]
        twice: list[int] = []
        for line, (name, held) in enumerate(sheet.lines(key, value)):
            if name in found:
                twice.append(line)
            found.setdefault(name, held)
        found.pop("", None)
        self._repeated(sheet, twice, key)
        return found

    def _exclusion(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for principal, table in self.sheets["exclusion"].lines("principal_dx", "excl_table"):
            held = found.setdefault(principal, [])
            if table not in held:
                held.append(table)
        return found

    def _repeated(self, sheet: Sheet, lines: Sequence[int], column: str) -> None:
        if lines:
            first = min(lines)
            self.found.append(Finding(
                "scheme_repeated", Severity.INFO, f"{len(lines)}行与前面的行重复，以先出现的为准",
                sheet.place(first, column, sheet.columns[column][first]), "同一代码写了多次", "可以删去重复的行",
            ))  # fmt: skip

    def check_lists(self, scheme: Scheme) -> None:
        """Every list that a condition names must have codes."""
        names = [mdc.name for mdc in scheme.mdcs]
        for at, mdc in enumerate(scheme.mdcs):
            self._check_leaves(scheme, mdc.entry, mdc.name, "", self.places["mdc", at])
        for at, step in enumerate(scheme.steps):
            self._check_leaves(scheme, step.condition, names[step.mdc], step.rule_key, self.places["step", at])
        for at, drg in enumerate(scheme.drgs):
            step = scheme.steps[drg.step]
            self._check_leaves(scheme, drg.condition, names[step.mdc], step.rule_key, self.places["drg", at])

    def _check_leaves(self, scheme: Scheme, tree: Tree, mdc: str, rule: str, place: Place) -> None:
        for leaf in leaves(tree):
            if leaf[0] == "tag" and not scheme.tags.get((rule, leaf[1])):
                self._unknown(f"“{rule}”的手术操作表里没有标记{leaf[1]}", place)
            if leaf[0] not in ("in", "any") or isinstance(leaf[2], dict):
                continue
            listed = leaf[2]
            if listed == "mdc":
                there, named = scheme.mdc_dx.get(mdc), f"{mdc}的主要诊断表"
            elif listed == "@valid":
                there, named = scheme.valid, "手术室手术表"
            else:
                there, named = scheme.lists.get((rule, listed)), f"“{rule}”的代码表{listed}"
            if not there:
                self._unknown(f"条件用到{named}，但它没有代码", place)

    def _unknown(self, message: str, place: Place) -> None:
        self._error("scheme_unknown_list", message, place, "补上代码，或改正条件", "缺代码表，或条件写错了代码表")
