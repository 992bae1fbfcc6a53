"""Conditions of a scheme: JSON text to a checked tree, a tree to tests of the kernel, a tree to Chinese.

A tree is the JSON itself with tuples for lists: ``("and", ("in", "dx1", "zd"), ("cmp", "ageDay", "<=", 28))``.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

FIELDS = ("age", "ageDay", "weight", "gender", "inHospitalTime", "leavingType", "dept", "icuHours")
"""The fields of a condition, in the order of the kernel's columns."""
FIELD_COLUMNS = ("age", "age_day", "weight_g", "gender", "los_days", "leaving_type", "dept", "icu_hours")
"""The column of ``drg_cases`` that each field reads."""
FIELD_LABELS = ("年龄", "日龄", "体重（克）", "性别", "住院天数", "离院方式", "科别", "重症监护小时数")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
"""In the order of the kernel's comparisons."""
DX_SUBJECTS, PX_SUBJECTS = ("dx1", "dx", "dx2+"), ("px1", "px", "px2+")
DX_LISTS, PX_LISTS = ("zd", "zd1"), ("ss", "ss1", "ss2")
MICRO = 10**6
"""Numbers of conditions and cases are held in millionths."""
_LARGEST = 10**12

Tree = tuple[Any, ...]


class ConditionError(ValueError):
    """A condition that is no condition of the format; the message, in Chinese, says why."""


def parse(text: str) -> Tree:
    """The tree of a condition. Raises ConditionError; what its lists hold is checked by `list_faults`."""
    try:
        found = _frozen(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ConditionError(f"条件不是完整的JSON：{text[:60]}") from error
    _check(found, 0)
    return found  # type: ignore[no-any-return]  # _check has seen that it is a tree


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return value


def _check(tree: Any, depth: int) -> None:
    if not isinstance(tree, tuple) or not tree or not isinstance(tree[0], str):
        raise ConditionError(f"条件应写成[名称, …]，写的是 {json.dumps(tree, ensure_ascii=False)[:60]}")
    if depth > _DEEPEST:
        raise ConditionError(f"条件嵌套超过{_DEEPEST}层")
    name, given = tree[0], tree[1:]
    if name in ("and", "or"):
        if not given:
            raise ConditionError(f"“{name}”里没有条件")
        for part in given:
            _check(part, depth + 1)
    elif name == "not":
        _counted(name, given, 1)
        _check(given[0], depth + 1)
    elif name not in _LEAVES:
        raise ConditionError(f"不认识的条件“{name}”；可用：{'、'.join(('and', 'or', 'not', *_LEAVES))}")
    else:
        count, check = _LEAVES[name]
        _counted(name, given, count)
        check(name, *given)


_DEEPEST = 100


def _counted(name: str, given: Tree, count: int) -> None:
    if len(given) != count:
        raise ConditionError(f"“{name}”应有{count}个参数，写了{len(given)}个")


def _plain(_name: str) -> None:
    """A leaf without arguments."""


def _listed(name: str, subject: Any, listed: Any) -> None:
    subjects = ("dx1", "px1") if name == "in" else ("dx", "px", "dx2+", "px2+")
    if subject not in subjects:
        raise ConditionError(f"“{name}”的对象应是{'、'.join(subjects)}之一，写的是“{subject}”")
    if isinstance(listed, dict):
        codes = listed.get("codes")
        if set(listed) != {"codes"} or not isinstance(codes, tuple) or not all(isinstance(c, str) for c in codes):
            raise ConditionError('代码清单应写成{"codes": ["代码", …]}')
        if not codes:
            raise ConditionError("代码清单是空的")
        return
    known = (*DX_LISTS, "mdc") if subject in DX_SUBJECTS else (*PX_LISTS, "@valid")
    if listed not in known:
        raise ConditionError(f"“{subject}”可用的代码表是{'、'.join(known)}，写的是“{listed}”")


def _tagged(_name: str, tag: Any) -> None:
    if not isinstance(tag, str) or not tag:
        raise ConditionError('tag 应写成["tag", "1"]')


def _compared(name: str, field: Any, operator: Any, value: Any) -> None:
    _field(name, field)
    _operator(operator)
    if not _is_value(value):
        raise ConditionError(f"cmp 的值应是数或文字，写的是 {value!r}")
    text = plain_text(field, value)
    if number_of(text) is None and _is_number(text):
        raise ConditionError(f"数“{value}”超过六位小数，或不小于一万亿")
    if number_of(text) is None and operator not in ("==", "!="):
        raise ConditionError(f"文字“{value}”不能比大小")


def _one_of(name: str, field: Any, values: Any) -> None:
    _field(name, field)
    if not isinstance(values, tuple) or not values or not all(map(_is_value, values)):
        raise ConditionError('isin 应写成["isin", 字段, [值, …]]，至少一个值')


def _given(name: str, field: Any) -> None:
    _field(name, field)


def _counts(_name: str, what: Any, operator: Any, count: Any) -> None:
    if what not in ("dx", "px"):
        raise ConditionError(f"count 数的是 dx 或 px，写的是“{what}”")
    _operator(operator)
    if not isinstance(count, int) or isinstance(count, bool) or abs(count) > _LARGEST:
        raise ConditionError(f"count 的数应是整数，写的是 {count!r}")


_LEAVES: Mapping[str, tuple[int, Callable[..., None]]] = {
    "in": (2, _listed), "any": (2, _listed), "tag": (1, _tagged), "mcc": (0, _plain), "cc": (0, _plain),
    "cmp": (3, _compared), "isin": (2, _one_of), "truthy": (1, _given), "has_px": (0, _plain),
    "count": (3, _counts), "true": (0, _plain), "false": (0, _plain),
}  # fmt: skip


def _field(name: str, field: Any) -> None:
    if field not in FIELDS:
        raise ConditionError(f"{name} 的字段应是{'、'.join(FIELDS)}之一，写的是“{field}”")


def _operator(operator: Any) -> None:
    if operator not in OPERATORS:
        raise ConditionError(f"比较应是{'、'.join(OPERATORS)}之一，写的是“{operator}”")


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


_GENDERS = {"男": "1", "女": "2", "男性": "1", "女性": "2", "M": "1", "F": "2"}
HALF_WIDTH = {ord(full): chr(ord(full) - 0xFEE0) for full in map(chr, range(0xFF01, 0xFF5F))}
"""Full-width signs and their half-width ones."""


def plain_text(field: str, value: str | int | float) -> str:
    """A value of a field as it is compared, in a condition and in a case alike: half-width, trimmed, 男 as 1."""
    text = str(value).translate(HALF_WIDTH).strip()
    return _GENDERS.get(text, text) if field == "gender" else text


def number_of(value: str | int | float) -> int | None:
    """A value in millionths, or None where it is no number (of at most six decimals, below 10¹²)."""
    try:
        number = Decimal(str(value)) * MICRO
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > _LARGEST * MICRO or number != number.to_integral_value():
        return None
    return int(number)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def leaves(tree: Tree) -> list[Tree]:
    """The leaves of a tree, in order."""
    if tree[0] in ("and", "or", "not"):
        return [leaf for part in tree[1:] for leaf in leaves(part)]
    return [tree]


def always(tree: Tree) -> bool | None:
    """True or False where a tree holds for every case or for none, by its form alone; else None."""
    name, parts = tree[0], [always(part) for part in tree[1:]] if tree[0] in ("and", "or", "not") else []
    if name == "not":
        return None if parts[0] is None else not parts[0]
    if name == "and":
        return False if False in parts else True if all(part is True for part in parts) else None
    if name == "or":
        return True if True in parts else False if all(part is False for part in parts) else None
    return {"true": True, "false": False}.get(name)


def described(tree: Tree) -> str:
    """A tree in Chinese."""
    name, given = tree[0], tree[1:]
    if name in ("and", "or"):
        return (" 且 " if name == "and" else " 或 ").join(_bracketed(part, name) for part in given)
    if name == "not":
        return f"不满足（{described(given[0])}）"
    return _LEAF_WORDS[name](*given)


def _bracketed(tree: Tree, within: str) -> str:
    return f"（{described(tree)}）" if tree[0] in ("and", "or") and tree[0] != within else described(tree)


_SUBJECT_WORDS = {
    "dx1": "主要诊断", "px1": "主要手术操作", "dx": "任一诊断", "px": "任一手术操作", "dx2+": "任一其他诊断",
    "px2+": "任一其他手术操作",
}  # fmt: skip
_LIST_WORDS = {
    "zd": "诊断表", "zd1": "诊断表1", "ss": "手术操作表", "ss1": "手术操作表1", "ss2": "手术操作表2",
    "mdc": "该大类的主要诊断表", "@valid": "手术室手术表",
}  # fmt: skip
_OPERATOR_WORDS = {"==": "等于", "!=": "不等于", "<": "小于", "<=": "不大于", ">": "大于", ">=": "不小于"}


def _list_words(listed: Any) -> str:
    if isinstance(listed, dict):
        codes = listed["codes"]
        return "、".join(codes[:5]) + ("等" if len(codes) > 5 else "")
    return _LIST_WORDS[listed]


def field_label(field: str) -> str:
    """The Chinese name of a field."""
    return FIELD_LABELS[FIELDS.index(field)]


_LEAF_WORDS: Mapping[str, Callable[..., str]] = {
    "in": lambda subject, listed: f"{_SUBJECT_WORDS[subject]}在{_list_words(listed)}中",
    "any": lambda subject, listed: f"{_SUBJECT_WORDS[subject]}在{_list_words(listed)}中",
    "tag": lambda tag: f"有标记{tag}的手术操作",
    "mcc": lambda: "有MCC（排除后）",
    "cc": lambda: "有CC（排除后）",
    "cmp": lambda field, operator, value: f"{field_label(field)}{_OPERATOR_WORDS[operator]}{value}",
    "isin": lambda field, values: f"{field_label(field)}为{'、'.join(map(str, values))}之一",
    "truthy": lambda field: f"填有{field_label(field)}且不为0",
    "has_px": lambda: "有手术操作",
    "count": lambda what, operator, n: f"{'诊断' if what == 'dx' else '手术操作'}个数{_OPERATOR_WORDS[operator]}{n}",
    "true": lambda: "总是成立",
    "false": lambda: "总不成立",
}
