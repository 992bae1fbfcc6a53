"""One YAML file as a tree in which every scalar is text and every node knows its line and column.

PyYAML's node graph is used without its implicit types: ``010203``, ``no`` and ``2025-01-01`` stay as written.
"""

import difflib
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeVar

import yaml

from yibao.kernel import Finding, Place, Severity, parse_day

_T = TypeVar("_T")

LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""libyaml where PyYAML has it, seven times as fast on the shipped packs; both give the same nodes and marks."""


class Spot(NamedTuple):
    """A line and a column, from 1."""

    line: int = 1
    column: int = 1


def spot_of(node: yaml.Node) -> Spot:
    """Where the node begins."""
    mark = node.start_mark
    return Spot() if mark is None else Spot(mark.line + 1, mark.column + 1)


class YamlFile:
    """A file being read. Readers return None (or what could be read) after adding a finding; they raise nothing.

    ``shown`` is the file's name in messages; ``findings`` collects the faults of all files of a load.
    """

    def __init__(self, path: Path, shown: str, findings: list[Finding]) -> None:
        self.path = path
        self.shown = shown
        self.findings = findings

    def fault(
        self, spot: Spot, code: str, message: str, cause: str = "", next_step: str = "", value: str = "", key: str = ""
    ) -> None:
        """Adds an error at a spot of this file."""
        place = Place(file=f"{self.shown}:{spot.line}:{spot.column}", value=value)
        self.findings.append(Finding(code, Severity.ERROR, message, place, cause, next_step, key=key))

    def root(self) -> yaml.Node | None:
        """The file's top node; None, after a finding, for an empty file or one that is not YAML."""
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            cause = "文件不存在" if isinstance(error, FileNotFoundError) else "系统拒绝读取"
            self.fault(Spot(), "unreadable_file", "文件无法读取", cause, "检查文件是否存在、有无读取权限")
            return None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.fault(Spot(line), "not_utf8", "文件不是 UTF-8 编码", "可能以 GB18030 保存", "用 UTF-8 编码另存")
            return None
        try:
            node = yaml.compose(text, Loader=LOADER)
        except yaml.YAMLError as error:
            self._syntax(error, text)
            return None
        if node is None:
            self.fault(Spot(), "empty_file", "文件没有内容", "", "写入内容，或删去该文件")
        return node

    def _syntax(self, error: yaml.YAMLError, text: str) -> None:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        spot = Spot(mark.line + 1, mark.column + 1) if mark else Spot()
        lines = text.splitlines()
        line = lines[spot.line - 1] if spot.line <= len(lines) else ""
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent:
            cause, step = "缩进用了制表符（Tab）", "把缩进的 Tab 换成空格"
        else:
            cause, step = "多为缩进不齐、冒号后缺空格、引号或括号不成对", "对照上下行的缩进，检查该行及上一行"
        self.fault(spot, "yaml_syntax", "YAML 语法错误", cause, step)

    def items(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        """The items of a list node; another kind of node is a fault, None (already reported) has no items."""
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        if node is not None:
            self.fault(spot_of(node), "not_a_list", f"“{what}”应为列表", "每项以“- ”开头", "把内容改为列表")
        return []

    def fields(
        self, node: yaml.Node | None, what: str, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, yaml.Node] | None:
        """The known fields of a mapping node; None, after a finding, when it is no mapping or lacks a required one."""
        if not isinstance(node, yaml.MappingNode):
            if node is not None:
                self.fault(spot_of(node), "not_a_mapping", f"“{what}”应由“名称: 值”组成", "", "改为逐行的“名称: 值”")
            return None
        allowed = [*required, *optional]
        found: dict[str, yaml.Node] = {}
        for spot, name, value in self.pairs(node):
            if name in allowed:
                found[name] = value
                continue
            near = difflib.get_close_matches(name, allowed, n=1)
            cause = f"相近的字段是“{near[0]}”" if near else f"可用字段：{'、'.join(allowed)}"
            self.fault(spot, "unknown_field", f"“{what}”没有字段“{name}”", cause, "改正或删去该字段")
        absent = [name for name in required if name not in found]
        if absent:
            listed = "、".join(absent)
            self.fault(spot_of(node), "missing_field", f"“{what}”缺少字段“{listed}”", "必填", f"补上 {listed}")
            return None
        return found

    def pairs(self, node: yaml.MappingNode) -> Iterator[tuple[Spot, str, yaml.Node]]:
        """The entries of a mapping with the spot of each name; a name written twice is a fault."""
        seen: dict[str, Spot] = {}
        for name_node, value in node.value:
            spot, name = spot_of(name_node), self.text(name_node, "字段名")
            if name is None:
                continue
            if name in seen:
                cause = f"第{seen[name].line}行已有同名字段"
                self.fault(spot, "duplicate_field", f"字段“{name}”重复", cause, "只保留一个")
                continue
            seen[name] = spot
            yield spot, name, value

    def text(self, node: yaml.Node, what: str) -> str | None:
        """The text of a scalar node, as written and stripped; empty or another kind of node is a fault."""
        if not isinstance(node, yaml.ScalarNode):
            self.fault(spot_of(node), "not_a_text", f"“{what}”应为单个值", "写成了列表或多个字段", "改为单个值")
            return None
        written = str(node.value).strip()
        if not written:
            self.fault(spot_of(node), "empty_value", f"“{what}”为空", "", "填写，或删去该字段")
            return None
        return written

    def texts(self, node: yaml.Node, what: str) -> tuple[str, ...] | None:
        """One text or a list of texts, as a tuple."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found = [self.text(one, what) for one in nodes]
        written = tuple(one for one in found if one is not None)
        return written if written and len(written) == len(found) else None

    def day(self, node: yaml.Node, what: str) -> date | None:
        """A day; an impossible one is a fault."""
        return self.parsed(node, what, parse_day, "bad_date", "不是有效日期", "日期写作 2025-01-31，且当月须有这一天")

    def parsed(
        self, node: yaml.Node, what: str, parse: Callable[[str], _T], code: str, message: str, next_step: str
    ) -> _T | None:
        """A text read by ``parse``; a ValueError of it is a fault with the given code and message."""
        written = self.text(node, what)
        if written is None:
            return None
        try:
            return parse(written)
        except ValueError:
            self.fault(spot_of(node), code, f"“{what}”{message}", "", next_step, value=written)
            return None
