"""The parameters a result used, as its summaries list them: value, source and grade by key, with Chinese labels."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

from yibao.kernel import Grade
from yibao.law import UNITS, Definition
from yibao.packs import load_law
from yibao.report.words import VALUES, VALUES_OF

_BASE_PACK = "national"


class Used(NamedTuple):
    """A parameter that a result used: texts for people."""

    key: str
    label: str
    value: str
    source: str
    grade: str
    verified: bool


@cache
def _definitions() -> Mapping[str, Definition]:
    """What keys mean: the glossary of the national pack, which every city's pack stands on."""
    return load_law(_BASE_PACK).definitions


def label_of(key: str) -> str:
    """The Chinese label of a key; the key where the glossary lacks it."""
    known = _definitions().get(key)
    return known.label if known else key


def value_text(key: str, value: str) -> str:
    """A value with its unit: ``15例``, ``0.5倍``; coded values in words."""
    known = _definitions().get(key)
    unit = UNITS[known.unit] if known else UNITS["text"]
    if unit.kind in ("text", "flag", "list", "table") or unit.label == "比例":
        named = VALUES_OF.get(key, {})
        return "、".join(named.get(part) or VALUES.get(part, part) for part in value.split("|"))
    return f"{value}{unit.label}"


class Parameters:
    """The parameters of one or more summaries, in the order they were first used."""

    def __init__(self, summaries: Iterable[Mapping[str, Any]]) -> None:
        listed = list(summaries)
        self._raw: dict[str, list[Mapping[str, str]]] = {}
        for one in (one for summary in listed for one in summary["parameters"]):
            if one not in self._raw.setdefault(one["key"], []):
                self._raw[one["key"]].append(one)
        self._unverified = {key for summary in listed for key in summary["unverified"]}

    def all(self) -> list[Used]:
        """Every parameter, sorted by key."""
        return [self._used(one) for key in sorted(self._raw) for one in self._raw[key]]

    def unverified(self) -> list[Used]:
        """The unverified ones; a key whose value the summary does not list stands alone."""
        known = [one for one in self.all() if not one.verified]
        absent = self._unverified - {one.key for one in known}
        return known + [Used(key, label_of(key), "—", "", "", False) for key in sorted(absent)]

    def text(self, key: str) -> str:
        """The value as the law writes it; '' when unused, several values (over law periods) joined by “/”."""
        return "/".join(one["value"] for one in self._raw.get(key, []))

    def decimal(self, key: str) -> Decimal | None:
        """The value as a number; None when unused, not a number, or different in several law periods."""
        try:
            return Decimal(self.text(key))
        except InvalidOperation:
            return None

    def source(self, *keys: str) -> tuple[str, str, bool]:
        """(keys, sources, whether any is unverified), as a Step wants them."""
        found = [one for key in keys for one in self._raw.get(key, [])]
        sources = dict.fromkeys(one["source"] for one in found)
        return (
            "、".join(dict.fromkeys(one["key"] for one in found)),
            "；".join(sources),
            any(key in self._unverified or not _verified(self._raw.get(key, ())) for key in keys),
        )

    def _used(self, one: Mapping[str, str]) -> Used:
        grade = Grade(one["grade"])
        value = value_text(one["key"], one["value"])
        return Used(one["key"], label_of(one["key"]), value, one["source"], grade.label, grade.verified)


def _verified(found: Sequence[Mapping[str, str]]) -> bool:
    return all(Grade(one["grade"]).verified for one in found)
