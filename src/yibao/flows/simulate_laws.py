"""The laws of a simulation: what a reform changes, whether claims must be made ready anew for it, and the laws that
change one parameter alone. Holds no rule of medicine; compares laws value by value.
"""

from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

from yibao.benefit.terms import FACT_KEYS, PREFIXES
from yibao.flows.dip_common import FlowError
from yibao.flows.law import LawChange, diff
from yibao.law import Law, Layer, Parameter

INCOME = ("resident.personal_premium", "resident.fiscal_subsidy", "aid.subsidy", "aid.multi_identity_rule", "employee.")
"""What keys begin with that only change what is paid in: settlements stay as they are."""


class Reform(NamedTuple):
    """A law beside the base: its name for people, the law, what it changes in the days of the data, each change with
    its grade, and the keys that change.
    """

    name: str
    law: Law
    changes: list[LawChange]
    grades: list[str]
    keys: list[str]

    @property
    def anew(self) -> bool:
        """Whether it changes what claims are made ready by, so that this must be done once more."""
        return any(is_fact(key) for key in self.keys)

    @property
    def of_terms(self) -> list[str]:
        """The keys that change what a settlement comes to, as far as terms are read from them."""
        return [key for key in self.keys if not _is_income(key)]


def _is_income(key: str) -> bool:
    return key.startswith(INCOME)


def is_fact(key: str) -> bool:
    """Whether claims are made ready by the key, so that a change of it means to do that anew."""
    return not _is_income(key) and (key in FACT_KEYS or not key.startswith(PREFIXES))


def reform_of(base: Law, name: str, law: Law, first: date, last: date) -> Reform:
    """What ``law`` changes from ``first`` to ``last``, the days of the data.

    Raises FlowError that names the parameters of the reform and their days where it changes nothing in them, and for a
    parameter that is not defined.
    """
    _refuse_unknown(base, name, law)
    changes: list[LawChange] = []
    grades: list[str] = []
    for day in sorted(_starts(base, first, last) | _starts(law, first, last)):
        held = {(one.key, one.where_text): one for one in law.at(day).in_force()}
        for one in diff(base, day, law, day):
            if one not in changes:
                found = held.get((one.key, one.where))
                changes.append(one)
                grades.append(found.grade.label if found else "")
    if not changes:
        raise FlowError(f"方案“{name}”在数据的日期（{first}至{last}）里没有改变任何参数；{_elsewhere(base, law)}")
    return Reform(name, law, changes, grades, sorted({one.key for one in changes}))


def _starts(law: Law, first: date, last: date) -> set[date]:
    """The first day, and every later one on which a parameter begins or the one after which one ends."""
    days = {one.period.start for one in _all(law)}
    days |= {date.fromordinal(one.period.end.toordinal() + 1) for one in _all(law)
             if one.period.end is not None and one.period.end < date.max}  # fmt: skip
    return {first} | {day for day in days if first < day <= last}


def _all(law: Law) -> list[Parameter]:
    return [one for layer in law.layers for one in layer.parameters]


def _own(base: Law, law: Law) -> list[Parameter]:
    """The parameters that only the reform has."""
    known = {(str(one.origin), one.key) for one in _all(base)}
    return [one for one in _all(law) if (str(one.origin), one.key) not in known]


def _refuse_unknown(base: Law, name: str, law: Law) -> None:
    """Raises FlowError for parameters that no rule reads, with their places and what may have been meant."""
    unknown = [one for one in _own(base, law) if one.key not in law.definitions]
    if not unknown:
        return
    told = []
    for one in unknown:
        near = "或".join(get_close_matches(one.key, law.definitions, n=2))
        told.append(f"{one.origin} {one.key}" + (f"（是不是{near}）" if near else ""))
    raise FlowError(f"方案“{name}”有没有定义的参数：{'；'.join(told)}；yibao law show 列出全部参数")


def _elsewhere(base: Law, law: Law) -> str:
    """Where the parameters that only the reform has stand, and when they hold."""
    own = _own(base, law)
    if not own:
        return "方案里没有参数，或与现行政策相同；请在方案中写明要改的参数"
    told = "；".join(f"{one.origin} {one.key} 自{one.period_text}" for one in own[:3])
    more = f"等{len(own)}条" if len(own) > 3 else ""
    return f"方案的参数：{told}{more}；请核对起止日期和条件"


def mixed(base: Law, other: Law, keys: Sequence[str]) -> Law:
    """The base, with all that the other law says of ``keys`` in place of what the base says of them."""
    wanted = set(keys)
    layers = [one._replace(parameters=tuple(p for p in one.parameters if p.key not in wanted)) for one in base.layers]
    layers += [Layer(one.name, one.title, tuple(p for p in one.parameters if p.key in wanted)) for one in other.layers]
    return Law(base.code, base.name, layers, base.notices, {**other.definitions, **base.definitions})


def label_of(law: Law, keys: Sequence[str]) -> str:
    """The Chinese names of keys."""
    return "、".join(law.definitions[key].label if key in law.definitions else key for key in keys)
