"""What must hold between the parameters of a stack of layers; every breach is a Finding, none is raised."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from yibao.kernel import Finding, Severity
from yibao.law.errors import law_finding
from yibao.law.parameter import UNITS, Parameter
from yibao.law.stack import Definition, Layer


def layer_findings(layers: Sequence[Layer], definitions: Mapping[str, Definition]) -> list[Finding]:
    """The breaches of the top layer, seen together with the layers below it.

    Checked: one kind of unit a key; overlapping dates of one rule under one publication date;
    ``exception_to`` that names no label of the key, or names itself in a circle; keys, fields and values against
    the vocabulary of ``definitions``.
    """
    *lower, top = layers
    below = [one for layer in lower for one in layer.parameters]
    found: list[Finding] = []
    for one in top.parameters:
        found += _definition_findings(one, definitions)
    found += _unit_findings([one for one in top.parameters if one.key not in definitions], below)
    found += _overlap_findings(top.parameters)
    found += _exception_findings(top.parameters, below)
    return found


def _fault(one: Parameter, code: str, message: str, cause: str, next_step: str) -> Finding:
    return law_finding(code, f"参数“{one.key}”{message}", cause, next_step, str(one.origin), one.key)


def _definition_findings(one: Parameter, definitions: Mapping[str, Definition]) -> list[Finding]:
    if not definitions:
        return []
    meant = definitions.get(one.key)
    if meant is None:
        near = difflib.get_close_matches(one.key, list(definitions), n=1, cutoff=0.75)
        cause = f"相近的参数名是“{near[0]}”" if near else "参数名词表 keys.yaml 没有它"
        step = "改正参数名；确为新参数的，先在 keys.yaml 登记含义与单位"
        return [
            _fault(one, "unknown_key", "不在参数名词表内，程序不会读取它", cause, step)._replace(
                severity=Severity.WARNING
            )
        ]
    found: list[Finding] = []
    if one.unit != meant.unit:
        cause = f"词表规定为 {meant.unit}（{UNITS[meant.unit].label}）"
        found.append(_fault(one, "unit_mismatch", f"的单位“{one.unit}”与词表不一致", cause, f"改为 unit: {meant.unit}"))
    strange = [name for name in one.where if name not in meant.where]
    if strange:
        cause = f"读取它时只提供：{'、'.join(meant.where) or '无'}"
        message = f"的条件字段“{'、'.join(strange)}”在取值时不会提供，该条永远不会成立"
        found.append(_fault(one, "unknown_where", message, cause, "改正 where 的字段名"))
    items = one.value if isinstance(one.value, tuple) else tuple(one.value.split("|"))
    wrong = [item for item in items if isinstance(item, str) and meant.values and item not in meant.values]
    if wrong:
        cause = f"允许的值：{'、'.join(meant.values)}"
        found.append(_fault(one, "value_not_allowed", f"的值“{'、'.join(wrong)}”不在允许的值内", cause, "改正 value"))
    return found


def _unit_findings(top: Iterable[Parameter], below: Iterable[Parameter]) -> list[Finding]:
    first: dict[str, Parameter] = {}
    for one in below:
        first.setdefault(one.key, one)
    found = []
    for one in top:
        other = first.setdefault(one.key, one)
        if UNITS[one.unit].kind != UNITS[other.unit].kind:
            message = f"的单位“{one.unit}”与别处“{other.unit}”不是同一类"
            found.append(_fault(one, "unit_mismatch", message, f"另一处在 {other.origin}", "统一单位"))
    return found


def _overlap_findings(top: Iterable[Parameter]) -> list[Finding]:
    rules: dict[object, list[Parameter]] = defaultdict(list)
    for one in top:
        rules[one.key, one.where_key, one.exception_to, one.source.published].append(one)
    found = []
    for same in rules.values():
        for i, one in enumerate(same):
            rival = next((other for other in same[:i] if other.period.overlaps(one.period)), None)
            if rival is None:
                continue
            published = one.source.published.isoformat()
            message = f"的有效期（{one.period_text}）与另一条（{rival.period_text}）重叠，发布日期同为 {published}"
            step = "调整起止日期；若是更正，source.published 应写更正文件的发布日期"
            found.append(_fault(one, "overlapping_dates", message, f"另一条在 {rival.origin}", step))
    return found


def _exception_findings(top: Sequence[Parameter], below: Iterable[Parameter]) -> list[Finding]:
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for one in (*below, *top):
        if one.label:
            labels[one.key][one.label] = one.exception_to
    found = []
    for one in (one for one in top if one.exception_to):
        known = labels[one.key]
        if one.exception_to not in known:
            cause = f"该参数已有的 label：{'、'.join(sorted(known)) or '无'}"
            message = f"是“{one.exception_to}”的例外，但没有这个 label 的规定"
            found.append(_fault(one, "unknown_label", message, cause, "改正 exception_to，或给被例外的规定写上 label"))
        elif _circular(one, known):
            message = f"与“{one.exception_to}”互为例外，无法判断谁优先"
            found.append(
                _fault(one, "circular_exception", message, "exception_to 首尾相接", "去掉其中一个 exception_to")
            )
    return found


def _circular(one: Parameter, known: Mapping[str, str]) -> bool:
    seen = {one.label} if one.label else set()
    step = one.exception_to
    while step:
        if step in seen:
            return True
        seen.add(step)
        step = known.get(step, "")
    return False
