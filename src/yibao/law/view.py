"""The law as it applied on a day, as known on a day; remembers every value that was read."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, NoReturn

from yibao.kernel import exact_ratio, fen_from_yuan, points
from yibao.law.errors import ConflictError, MissingParameter, ParameterTypeError, law_finding
from yibao.law.parameter import UNITS, Parameter

if TYPE_CHECKING:
    from yibao.law.stack import Law
    from yibao.law.workdays import WorkCalendar


class View:
    """The values of a Law on ``day`` as known on ``known`` (None: all that is loaded).

    Read values with ``text``, ``ratio``, ``integer``, ``money``, ``points``, ``items``, ``flag`` and ``table``; the
    keyword arguments are the context that ``where`` is matched against, always text (``hosp_lv="3"``). ``given``
    fixes part of the context for all later reads. Each reader raises MissingParameter when nothing answers,
    ConflictError on a tie and ParameterTypeError when the unit is of another kind.
    """

    def __init__(self, law: "Law", day: date, known: date | None = None) -> None:
        self.law = law
        self.day = day
        self.known = known
        self._context: dict[str, str] = {}
        self._read: dict[int, Parameter] = {}
        self._cache: dict[tuple[str, tuple[str | None, ...]], Parameter | None] = {}
        self._in_force: dict[tuple[str, int], list[Parameter]] = {}

    def given(self, **context: str) -> "View":
        """The same view with part of the context fixed; what it reads is recorded in this view too."""
        other = View(self.law, self.day, self.known)
        other._context = {**self._context, **context}
        other._read = self._read
        other._cache = self._cache
        other._in_force = self._in_force
        return other

    def find(self, key: str, /, **context: str) -> Parameter | None:
        """The parameter that answers, recorded as used, or None. Raises ConflictError on a tie."""
        found = self._resolve(key, {**self._context, **context})
        if found is not None:
            self._read.setdefault(id(found), found)
        return found

    def has(self, key: str, /, **context: str) -> bool:
        """Whether a parameter answers; records nothing."""
        return self._resolve(key, {**self._context, **context}) is not None

    def parameter(self, key: str, /, **context: str) -> Parameter:
        """The parameter that answers; raises MissingParameter."""
        found = self.find(key, **context)
        if found is None:
            raise self._missing(key, {**self._context, **context})
        return found

    def text(self, key: str, /, **context: str) -> str:
        """The value as written; any unit but a list or a table."""
        value = self.parameter(key, **context).value
        return value if isinstance(value, str) else self._mistyped(key, context, "单个文本")

    def ratio(self, key: str, /, **context: str) -> Fraction:
        """The exact ratio or multiple (units ``ratio``, ``times``; a whole number of cases or days is one too)."""
        return exact_ratio(self._scalar(key, context, ("ratio", "integer"), "比例"))

    def integer(self, key: str, /, **context: str) -> int:
        """The whole number (units ``cases``, ``days``, ``chars`` and the like, or a multiple that is whole)."""
        value = exact_ratio(self._scalar(key, context, ("integer", "ratio"), "整数"))
        return value.numerator if value.denominator == 1 else self._mistyped(key, context, "整数")

    def money(self, key: str, /, **context: str) -> int:
        """The amount in fen (unit ``yuan``)."""
        return fen_from_yuan(self._scalar(key, context, ("money",), "金额"))

    def points(self, key: str, /, **context: str) -> int:
        """The points in 10⁻⁴ 分 (unit ``points``)."""
        return points(self._scalar(key, context, ("points",), "分值"))

    def flag(self, key: str, /, **context: str) -> bool:
        """True or false (unit ``flag``)."""
        return self._scalar(key, context, ("flag",), "是否") == "true"

    def items(self, key: str, /, **context: str) -> tuple[str, ...]:
        """The list (unit ``list``, or a text split at ``|``)."""
        value = self.parameter(key, **context).value
        if isinstance(value, str):
            return tuple(item.strip() for item in value.split("|"))
        items = tuple(item for item in value if isinstance(item, str))
        return items if len(items) == len(value) else self._mistyped(key, context, "列表")

    def table(self, key: str, /, **context: str) -> tuple[dict[str, str], ...]:
        """The rows (unit ``table``), columns in the order written; a cell left out is an empty text."""
        found = self.parameter(key, **context)
        if UNITS[found.unit].kind != "table":
            return self._mistyped(key, context, "表")
        return tuple(dict(row) for row in found.value if isinstance(row, Mapping))

    @property
    def used(self) -> list[Parameter]:
        """Every parameter read so far, once, in the order first read."""
        return list(self._read.values())

    @property
    def unverified(self) -> list[str]:
        """Sorted keys of used values that nobody in authority has printed (grades ``assumed``, ``third_party``)."""
        return sorted({found.key for found in self.used if not found.grade.verified})

    @property
    def drafts(self) -> list[str]:
        """Sorted keys of used values that come from a draft not in force; such a result is a simulation only."""
        return sorted({found.key for found in self.used if found.status == "draft"})

    @property
    def work_calendar(self) -> "WorkCalendar":
        """Working days as known on this view's second clock."""
        return self.law.work_calendar(self.known)

    def in_force(self, prefix: str = "") -> list[Parameter]:
        """The parameters that can answer on this day, sorted by key and ``where``; records nothing.

        One of a lower layer is left out where a higher layer answers in every context that it would answer in.
        """
        shown: list[Parameter] = []
        for key in self.law.keys(prefix):
            above: list[Parameter] = []
            for layer in self.law.layers_of(key):
                live = self._live(layer)
                shown += [one for one in live if not any(_covers(other, one) for other in above)]
                above += live
        return sorted(shown, key=lambda one: (one.key, one.where_key, one.exception_to))

    def _live(self, layer: Iterable[Parameter]) -> list[Parameter]:
        """Those of one layer in force and known, corrections applied: of one rule the last published stands."""
        last: dict[tuple[object, str], Parameter] = {}
        for one in layer:
            if self.day not in one.period or (self.known is not None and one.source.published > self.known):
                continue
            rule = (one.where_key, one.exception_to)
            if rule not in last or one.source.published > last[rule].source.published:
                last[rule] = one
        return list(last.values())

    def _resolve(self, key: str, context: Mapping[str, str]) -> Parameter | None:
        slot = (key, tuple(context.get(name) for name in self.law.fields_of(key)))
        if slot not in self._cache:
            self._cache[slot] = self._search(key, context)
        return self._cache[slot]

    def _search(self, key: str, context: Mapping[str, str]) -> Parameter | None:
        for depth, layer in enumerate(self.law.layers_of(key)):
            if (key, depth) not in self._in_force:
                self._in_force[key, depth] = self._live(layer)
            hits = [one for one in self._in_force[key, depth] if one.matches(context)]
            beaten = {one.exception_to for one in hits if one.exception_to}
            left = [one for one in hits if not one.label or one.label not in beaten]
            if len(left) > 1:
                raise self._conflict(key, context, left)
            if left:
                return left[0]
        return None

    def _scalar(self, key: str, context: Mapping[str, str], kinds: Sequence[str], asked: str) -> str:
        found = self.parameter(key, **context)
        if UNITS[found.unit].kind not in kinds or not isinstance(found.value, str):
            return self._mistyped(key, context, asked)
        return found.value

    def _mistyped(self, key: str, context: Mapping[str, str], asked: str) -> NoReturn:
        found = self.parameter(key, **context)
        unit = UNITS[found.unit].label
        message = f"参数“{key}”的单位是“{unit}”，不能按{asked}读取"
        raise ParameterTypeError(
            law_finding(
                "parameter_type",
                message,
                next_step="改正政策包中该参数的 unit 与 value",
                place=str(found.origin),
                key=key,
            )
        )

    def _asked(self, context: Mapping[str, str]) -> str:
        known = f"，按 {self.known.isoformat()} 已知" if self.known else ""
        where = "，".join(f"{name}={value}" for name, value in context.items()) or "无"
        return f"{self.law.title}，{self.day.isoformat()}{known}，条件：{where}"

    def _conflict(self, key: str, context: Mapping[str, str], rivals: Sequence[Parameter]) -> ConflictError:
        cause = "；".join(f"{one.source}（{one.origin}）" for one in rivals)
        kind = "例外" if all(one.exception_to for one in rivals) else "规定"
        message = f"参数“{key}”有{len(rivals)}条{kind}同时成立，无法取值：{self._asked(context)}"
        step = "给一般规定写 label，给例外写 exception_to 指向它；或改 where、起止日期使二者不同时成立"
        return ConflictError(law_finding("parameter_conflict", message, cause, step, key=key))

    def _missing(self, key: str, context: Mapping[str, str]) -> MissingParameter:
        message = f"缺少参数“{key}”：{self._asked(context)}"
        step = "在该市政策包或方案（overlay）中写入该参数，注明来源与起始日期；可用 yibao law show 查看现有参数"
        return MissingParameter(
            law_finding("parameter_missing", message, self._why_missing(key, context), step, key=key)
        )

    def _why_missing(self, key: str, context: Mapping[str, str]) -> str:
        all_of_key = [one for layer in self.law.layers_of(key) for one in layer]
        if not all_of_key:
            near = difflib.get_close_matches(key, self.law.keys(), n=1, cutoff=0.75)
            return "已载入的政策包都没有该参数" + (f"，相近的有“{near[0]}”" if near else "")
        right_place = [one for one in all_of_key if one.matches(context)]
        if not right_place:
            places = sorted({one.where_text or "无条件" for one in all_of_key})
            return f"有该参数，但条件不符，现有条件：{'；'.join(places)}"
        on_the_day = [one for one in right_place if self.day in one.period]
        if not on_the_day:
            spans = sorted({one.period_text for one in right_place})
            return f"有该参数，但该日不在其有效期内：{'；'.join(spans)}"
        return f"有该参数，但其文件到 {min(one.source.published for one in on_the_day).isoformat()} 才发布"


def _covers(upper: Parameter, lower: Parameter) -> bool:
    """Whether every context that the lower parameter answers in is answered by the upper one."""
    return all(name in lower.where and set(lower.where[name]) <= set(values) for name, values in upper.where.items())
