"""A second, plain reading of auxiliary types: loops and fractions over cases in memory, nothing of the product.

A case is the dict of ``dip_city.put_cases`` with its ``group``; the terms are a plain dict of figures and tables.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

Case = Mapping[str, Any]
SEVERITY = ("死亡", "重度", "中度", "轻度")


def cci(case: Case, table: Sequence[tuple[str, int, str]]) -> int:
    """Σ over categories of the heaviest weight that a further diagnosis has in it."""
    best: dict[str, int] = {}
    for code in case["dx"][1:]:
        for category, weight, prefix in table:
            if code.startswith(prefix):
                best[category] = max(best.get(category, 0), weight)
    return sum(best.values())


def stay(case: Case) -> int | None:
    if case.get("stay") is not None:
        return case["stay"]
    return (case["day"] - case["admitted"]).days if case.get("admitted") else None


def level(case: Case, terms: Mapping[str, Any]) -> str:
    """Severity of a case that is no tumour: death, severe, moderate, mild; the first that holds."""
    if case.get("way") == "5":
        return "死亡"
    long = stay(case) is not None and stay(case) >= terms["serious_days"]
    others = case["dx"][1:]
    if long and any(code.startswith(tuple(terms["severe"])) for code in others):
        return "重度"
    if long and any(code.startswith(tuple(terms["moderate"])) for code in others):
        return "中度"
    return "轻度"


def tumour(case: Case, terms: Mapping[str, Any], base: Fraction) -> str:
    """Severity of a malignant tumour, the first that holds."""
    if case.get("way") == "5":
        return "死亡"
    fee, share = case["fee"], terms["share"]
    if fee >= terms["multiple"] * base:
        if case.get("treatment") is not None and case["treatment"] >= share * fee:
            return "高费用一"
        if case.get("drug") is not None and case["drug"] >= share * fee:
            return "高费用二"
    if stay(case) is not None and stay(case) >= terms["serious_days"]:
        others = case["dx"][1:]
        if any(code[:3] in terms["tumour"] and code[:3] != case["dx"][0][:3] for code in others):
            return "转移或并发"
        if any(code.startswith(tuple(terms["severe"])) for code in others):
            return "功能衰竭等"
        if any(code.startswith(tuple(terms["moderate"])) for code in others):
            return "重要器官病损等"
    return "其他"


def band(rows: Sequence[tuple[str, int | None, int | None]], value: int | None) -> str:
    if value is None:
        return ""
    for name, low, high in rows:
        if (low is None or value >= low) and (high is None or value <= high):
            return name
    return ""


def age_type(case: Case, terms: Mapping[str, Any]) -> str:
    """Under one year by days, else by years; exactly one year is one."""
    if not case.get("age"):
        days = band(terms["age_days"], case.get("days"))
        return days or (band(terms["age_years"], case["age"]) if case.get("age") is not None else "")
    return band(terms["age_years"], case["age"])


def types_of(case: Case, terms: Mapping[str, Any], base: Fraction) -> dict[str, str]:
    """The type of each kind in force that the case has."""
    is_tumour = "tumour" in terms["kinds"] and case["dx"][0][:3] in terms["tumour"]
    score = cci(case, terms["cci"])
    newborn = case.get("days") is not None and case["days"] <= terms["newborn_days"]
    found = {
        "cci": band(terms["cci_tiers"], score) if score else "",
        "severity": "" if is_tumour else level(case, terms),
        "tumour": tumour(case, terms, base) if is_tumour else "",
        "age": age_type(case, terms),
        "icu": band(terms["icu"], case.get("icu") or None),
        "newborn": band(terms["weight"], case.get("weight")) if newborn else "",
    }
    return {kind: name for kind, name in found.items() if name and kind in terms["kinds"]}


def mean(fees: Sequence[int]) -> Fraction:
    return Fraction(sum(fees), len(fees))


def variance(fees: Sequence[int]) -> Fraction:
    middle = mean(fees)
    return sum((fee - middle) ** 2 for fee in fees) / len(fees)


def gates(fees: Sequence[int], by_type: Mapping[str, Sequence[int]], terms: Mapping[str, Any], kind: str) -> list[str]:
    """The types of a kind that pass in a group: enough cases, a wide spread, and a spread within that is narrower."""
    factor = terms["icu_factor"] if kind == "icu" else Fraction(1)
    if not len(fees) > terms["min_group"] * factor:
        return []
    if not variance(fees) > (terms["min_cv"] * mean(fees)) ** 2:
        return []
    enough = {name: some for name, some in by_type.items() if len(some) > terms["min_type"] * factor}
    rest = list(fees)
    for some in enough.values():
        for fee in some:
            rest.remove(fee)
    parts = [*enough.values(), rest] if rest else list(enough.values())
    within = sum(variance(some) * len(some) for some in parts) / len(fees)
    return sorted(enough) if enough and within <= (1 - terms["min_drop"]) ** 2 * variance(fees) else []


def learn(
    cases: Sequence[Case], terms: Mapping[str, Any], bases: Mapping[str, Fraction]
) -> dict[str, dict[tuple[str, str], Fraction]]:
    """By group: the trigger coefficient of each (kind, type) that passed, over the cases given (those of last year)."""
    by_group: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_group[case["group"]].append(case)
    learned: dict[str, dict[tuple[str, str], Fraction]] = {}
    for group, some in by_group.items():
        fees = [case["fee"] for case in some]
        found = [(types_of(case, terms, bases[group]), case["fee"]) for case in some]
        won: dict[tuple[str, str], Fraction] = {}
        for kind in terms["kinds"]:
            by_type: dict[str, list[int]] = defaultdict(list)
            for types, fee in found:
                if kind in types:
                    by_type[types[kind]].append(fee)
            for name in gates(fees, by_type, terms, kind):
                won[kind, name] = mean(by_type[name]) / mean(fees)
        if won:
            learned[group] = won
    return learned


def choose(
    case: Case,
    terms: Mapping[str, Any],
    base: Fraction,
    won: Mapping[tuple[str, str], Fraction],
) -> tuple[str, str, int]:
    """(kind, type, coefficient 10⁻⁴): the highest trigger coefficient; ties by the order of kinds, then by type."""
    have = [key for key in types_of(case, terms, base).items() if key in won]
    if not have:
        return "", "", 10_000
    best = min(have, key=lambda key: (-won[key], terms["kinds"].index(key[0]), key[1]))
    exact = max(won[best], terms["floor"]) * 10**4
    return *best, (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
