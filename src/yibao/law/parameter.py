"""One dated, sourced, graded value of the law, and the units it may be written in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from yibao.kernel import Grade, MoneyError, Period, Source, exact_ratio, fen_from_yuan, points

Row = Mapping[str, str]
"""A row of a table value: column name to text."""

Value = str | tuple[str, ...] | tuple[Row, ...]
"""A value as written: text, a list of texts, or a table."""

WHOLE = re.compile(r"\d{1,15}", re.ASCII)


class Unit(NamedTuple):
    """A unit: the kind of value it holds and its Chinese name."""

    kind: str
    label: str


UNITS: Mapping[str, Unit] = {
    "ratio": Unit("ratio", "比例"),
    "times": Unit("ratio", "倍"),
    "yuan": Unit("money", "元"),
    "points": Unit("points", "分"),
    "cases": Unit("integer", "例"),
    "persons": Unit("integer", "人"),
    "days": Unit("integer", "日"),
    "working_days": Unit("integer", "工作日"),
    "months": Unit("integer", "月"),
    "years": Unit("integer", "年"),
    "chars": Unit("integer", "位"),
    "flag": Unit("flag", "是否"),
    "text": Unit("text", "文本"),
    "list": Unit("list", "列表"),
    "table": Unit("table", "表"),
}
"""Every unit a pack may use. ``kind`` decides how the value is checked at load and which reader of a view fits."""


class Origin(NamedTuple):
    """Where a parameter is written: the pack's name, the file, the line and column (from 1) of its first character."""

    pack: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Origin()
"""The origin of a parameter made in code."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of the law: what it is, where and when it applies, who said so and how far that can be trusted.

    ``period`` is inclusive days (the first clock); ``source.published`` is the second clock. ``where`` maps a field of
    the caller's context to the values it may have. ``label`` names a rule so that an exception can say, by
    ``exception_to``, which rule it beats. ``status`` is empty, or ``draft`` for a text not in force.
    """

    key: str
    value: Value
    unit: str
    period: Period
    source: Source
    grade: Grade
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    label: str = ""
    exception_to: str = ""
    status: str = ""
    note: str = ""
    origin: Origin = NOWHERE

    def matches(self, context: Mapping[str, str]) -> bool:
        """Whether every field of ``where`` is in the context with an allowed value; an absent field does not match."""
        return all(context.get(name) in values for name, values in self.where.items())

    @property
    def where_key(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """``where`` in one canonical order, so that two parameters can be compared."""
        return tuple(sorted((name, tuple(sorted(values))) for name, values in self.where.items()))

    @property
    def where_text(self) -> str:
        """``where`` for people: ``hosp_lv=3，insutype=310|390``; empty when the parameter holds everywhere."""
        return "，".join(f"{name}={'|'.join(values)}" for name, values in self.where.items())

    @property
    def value_text(self) -> str:
        """The value on one line: a list is joined by ``|``, of a table the number of rows and the columns."""
        if isinstance(self.value, str):
            return self.value
        columns = next((tuple(row) for row in self.value if isinstance(row, Mapping)), ())
        if columns:
            return f"{len(self.value)}行（{'、'.join(columns)}）"
        return "|".join(item for item in self.value if isinstance(item, str))

    @property
    def period_text(self) -> str:
        """The period for people: ``2025-01-01 起`` or ``2025-01-01 至 2025-12-31``."""
        start = self.period.start.isoformat()
        return f"{start} 起" if self.period.end is None else f"{start} 至 {self.period.end.isoformat()}"


def value_fault(value: Value, unit: str) -> str:
    """Why the value does not fit its unit, in Chinese, or an empty text when it does. The unit must be in UNITS."""
    kind = UNITS[unit].kind
    if kind == "table":
        good = isinstance(value, tuple) and all(isinstance(row, Mapping) and row for row in value)
        return "" if value and good else "应为表：由若干行组成，每行是“列名: 值”"
    if kind == "list":
        items = value if isinstance(value, tuple) else tuple(value.split("|"))
        good = all(isinstance(item, str) and item.strip() for item in items)
        return "" if items and good else "应为列表，各项不得为空"
    if not isinstance(value, str):
        return f"单位“{unit}”应为单个值，不是列表或表"
    return _scalar_fault(value, kind)


def _scalar_fault(value: str, kind: str) -> str:
    if not value.strip():
        return "值为空"
    if kind == "flag":
        return "" if value in ("true", "false") else "是否值只能写 true 或 false"
    if kind == "integer":
        return "" if WHOLE.fullmatch(value) else "应为非负整数"
    if kind == "money":
        try:
            fen_from_yuan(value)
        except MoneyError as error:
            return str(error)
    if kind in ("ratio", "points"):
        try:
            negative = (exact_ratio(value) if kind == "ratio" else points(value)) < 0
        except ValueError:
            return "应为比例，如 0.65、65%、5‰ 或 1/3" if kind == "ratio" else "应为分值，最多四位小数"
        return "不得为负" if negative else ""
    return ""
