"""What ``yibao law show|check|diff`` shows, as plain rows and findings. Holds no rule; prints nothing."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from yibao.kernel import Finding
from yibao.law import UNITS, Law, Parameter
from yibao.packs import load_pack_findings


class LawRow(NamedTuple):
    """One parameter in force, as text for people; ``origin`` is ``file:line:column``."""

    key: str
    label: str
    value: str
    unit: str
    where: str
    period: str
    grade: str
    source: str
    origin: str
    layer: str
    status: str


class LawChange(NamedTuple):
    """One difference of two laws, with both values and sources; ``kind`` is 新增, 取消 or 变更."""

    kind: str
    key: str
    label: str
    where: str
    before: str
    after: str
    before_source: str
    after_source: str


def show(law: Law, day: date, known: date | None = None, prefix: str = "") -> list[LawRow]:
    """The parameters that can answer on ``day`` as known on ``known``, whose keys start with ``prefix``."""
    return [_row(law, one) for one in law.at(day, known).in_force(prefix)]


def check(paths: Sequence[str | Path] = (), pack_dirs: Sequence[str | Path] = ()) -> list[Finding]:
    """Every fault and remark of the packs at ``paths``, of all packs when none is given; see `load_pack_findings`."""
    return load_pack_findings(paths, pack_dirs)


def diff(law_a: Law, day_a: date, law_b: Law, day_b: date, prefix: str = "") -> list[LawChange]:
    """What differs from law A on day A to law B on day B, by key and condition, sorted. Equal values are left out."""
    before = {(one.key, one.where_key, one.exception_to): one for one in law_a.at(day_a).in_force(prefix)}
    after = {(one.key, one.where_key, one.exception_to): one for one in law_b.at(day_b).in_force(prefix)}
    changes = []
    for slot, one in sorted((before | after).items(), key=lambda item: item[0]):
        old, new = before.get(slot), after.get(slot)
        if old is None or new is None or (old.value, old.unit) != (new.value, new.unit):
            changes.append(_change(law_a if new is None else law_b, old, new, one))
    return changes


def _row(law: Law, one: Parameter) -> LawRow:
    return LawRow(
        key=one.key,
        label=_label(law, one.key),
        value=one.value_text,
        unit=UNITS[one.unit].label,
        where=one.where_text,
        period=one.period_text,
        grade=one.grade.label,
        source=str(one.source),
        origin=str(one.origin),
        layer=one.origin.pack,
        status="草案" if one.status == "draft" else "",
    )


def _change(law: Law, old: Parameter | None, new: Parameter | None, one: Parameter) -> LawChange:
    return LawChange(
        kind="新增" if old is None else "取消" if new is None else "变更",
        key=one.key,
        label=_label(law, one.key),
        where=one.where_text,
        before=old.value_text if old else "",
        after=new.value_text if new else "",
        before_source=str(old.source) if old else "",
        after_source=str(new.source) if new else "",
    )


def _label(law: Law, key: str) -> str:
    meant = law.definitions.get(key)
    return meant.label if meant else ""
