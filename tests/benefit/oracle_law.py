"""The law read once more, from the packs' YAML: layers, dates, publication, where, rule and exception. The product
is not used here (docs/law.md is what this follows).
"""

from bisect import bisect_right
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PACKS = Path(__file__).parents[2] / "src" / "yibao" / "packs"
FAR = date(9999, 12, 31)
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class NoRuleError(LookupError):
    """The law has no value for what was asked."""


class Rule(NamedTuple):
    key: str
    value: Any
    where: dict[str, frozenset[str]]
    first: date
    last: date
    published: date
    label: str
    beats: str

    def holds(self, facts: dict[str, str]) -> bool:
        return all(facts.get(name) in allowed for name, allowed in self.where.items())


def rule_of(entry: dict[str, Any]) -> Rule:
    where = {
        name: frozenset(allowed if isinstance(allowed, list) else [allowed])
        for name, allowed in entry.get("where", {}).items()
    }
    return Rule(
        entry["key"], entry["value"], where, date.fromisoformat(entry["from"]),
        date.fromisoformat(entry["until"]) if "until" in entry else FAR,
        date.fromisoformat(entry["source"]["published"]), entry.get("label", ""), entry.get("exception_to", ""),
    )  # fmt: skip


def rules_in(*files: Path) -> list[Rule]:
    return [rule_of(entry) for file in files for entry in yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)]


def layer(pack: Path) -> list[Rule]:
    """The parameters of a pack: all its YAML but what is not a list of parameters."""
    others = {"pack.yaml", "keys.yaml", "holidays.yaml"}
    return rules_in(*(file for file in sorted(pack.glob("*.yaml")) if file.name not in others))


class OracleLaw:
    """Layers from the lowest to the highest; the highest that has an answer gives it."""

    def __init__(self, code: str, layers: list[list[Rule]]) -> None:
        self.code = code
        self.layers: list[dict[str, list[Rule]]] = []
        for rules in reversed(layers):
            by_key: dict[str, list[Rule]] = {}
            for one in rules:
                by_key.setdefault(one.key, []).append(one)
            self.layers.append(by_key)
        of_key: dict[str, list[Rule]] = {}
        for one in (one for rules in layers for one in rules):
            of_key.setdefault(one.key, []).append(one)
        self.asks = {key: sorted({name for one in rules for name in one.where}) for key, rules in of_key.items()}
        self.cuts = {
            key: sorted({one.first for one in rules} | {one.last + timedelta(1) for one in rules if one.last != FAR})
            for key, rules in of_key.items()
        }
        self.answers: dict[tuple[Any, ...], Any] = {}

    def find(self, key: str, day: date, facts: dict[str, str]) -> Any:
        """The value, or None where the law is silent."""
        if key not in self.asks:
            return None
        asked = (key, bisect_right(self.cuts[key], day), *(facts.get(name) for name in self.asks[key]))
        if asked not in self.answers:
            self.answers[asked] = self.search(key, day, facts)
        return self.answers[asked]

    def search(self, key: str, day: date, facts: dict[str, str]) -> Any:
        for rules in self.layers:
            live = [one for one in rules.get(key, []) if one.first <= day <= one.last]
            newest = [
                one
                for one in live
                if not any(
                    other.where == one.where and other.beats == one.beats and other.published > one.published
                    for other in live
                )
            ]
            holding = [one for one in newest if one.holds(facts)]
            beaten = {one.beats for one in holding if one.beats}
            left = [one for one in holding if not (one.label and one.label in beaten)]
            if len(left) > 1:
                raise ValueError(f"two rules for {key} on {day}: {facts}")
            if left:
                return left[0].value
        return None

    def changed_between(self, first: date, last: date, prefixes: tuple[str, ...]) -> bool:
        """Whether a city's own value of such a key begins after the first day and by the last."""
        return any(
            first < one.first <= last
            for rules in self.layers[:-1]
            for key, of_key in rules.items()
            if key.startswith(prefixes)
            for one in of_key
        )


def law_of(pack: Path, *overlays: str) -> OracleLaw:
    """The law of a city: national, the city's folder, then the overlays of that folder."""
    about = yaml.load((pack / "pack.yaml").read_text(encoding="utf-8"), Loader=LOADER)
    below = [layer(PACKS / about["extends"])]
    above = [rules_in(pack / "overlays" / f"{name}.yaml") for name in overlays]
    return OracleLaw(about["code"], [*below, layer(pack), *above])


class Ask:
    """The law of one day for one claim's facts."""

    def __init__(self, law: OracleLaw, day: date, facts: dict[str, str]) -> None:
        self.law, self.day, self.facts = law, day, facts

    def has(self, key: str) -> bool:
        return self.law.find(key, self.day, self.facts) is not None

    def value(self, key: str, **more: str) -> Any:
        found = self.law.find(key, self.day, {**self.facts, **more} if more else self.facts)
        if found is None:
            raise NoRuleError(f"{key} on {self.day} for {self.facts}")
        return found

    def text(self, key: str) -> str:
        return str(self.value(key))

    def flag(self, key: str) -> bool:
        return bool(self.value(key) == "true")

    def names(self, key: str) -> list[str]:
        found = self.value(key)
        items = found if isinstance(found, list) else found.split("|")
        return [] if items == ["none"] else items

    def yuan(self, key: str, **more: str) -> Decimal:
        return Decimal(self.value(key, **more))

    def rate(self, key: str) -> Decimal:
        return rate(self.value(key))


def rate(text: str) -> Decimal:
    """65%, 5‰, 1/3 or 0.65."""
    for sign, by in (("%", 100), ("‰", 1000)):
        if text.endswith(sign):
            return Decimal(text[:-1]) / by
    if "/" in text:
        whole = Fraction(text)
        return Decimal(whole.numerator) / Decimal(whole.denominator)
    return Decimal(text)
