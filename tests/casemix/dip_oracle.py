"""A second, plain reading of the DIP rules: loops and fractions over cases in memory, nothing of the product.

What it reads of a regime are the figures of the rule (thresholds, weights, bounds), not how they are applied.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

MEDICAL, SURGERY = "内科诊疗", "相关手术"
CHAPTERS = {"I": "I00-I99", "J": "J00-J99", "K": "K00-K93"}
Case = Mapping[str, Any]


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


class Lists(NamedTuple):
    """Local tables: kind by procedure prefix, effect (and range) by excluded procedure, barred diagnoses, rules."""

    kinds: Mapping[str, str]
    excluded: Mapping[str, tuple[str, str]]
    barred: Sequence[str]
    rules: Sequence[Mapping[str, str]]


class Keys(NamedTuple):
    """What a case asks the catalogue for."""

    barred: bool
    rule: tuple[str, str]
    dx4: str
    dx3: str
    chapter: str
    px: str
    kind: str
    related: frozenset[str]


class Learned(NamedTuple):
    """Groups by code, with their keys and figures; the tie order of related groups; means and levels of the pool."""

    groups: dict[str, dict[str, Any]]
    tie: list[str]
    core_min: int
    pool: Fraction
    unit: Fraction
    base: str
    levels: dict[str, dict[str, int]]


def kind_of(code: str, kinds: Mapping[str, str]) -> str:
    fitting = [prefix for prefix in kinds if code.startswith(prefix)]
    return kinds[max(fitting, key=len)] if fitting else MEDICAL


def listed(code: str, entries: Iterable[str], by_prefix: bool) -> list[str]:
    return [entry for entry in entries if code == entry or (by_prefix and code.startswith(entry))]


def rule_of(case: Case, rules: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """The layers in their order; inside a layer the row with the most AND-terms, then the first row."""
    found = []
    for nth, rule in enumerate(rules):
        terms = [term.split("|") for term in rule.get("px", "").split("+") if term]
        fits = all(set(term) & set(case["px"]) for term in terms)
        fits &= not rule.get("dx") or case["dx"][0].startswith(tuple(rule["dx"].split("|")))
        if side := rule.get("dx_other"):
            fits &= any(code.startswith(side) for code in case["dx"][1:])
        if fits:
            layer = ("early", "merged", "aux_dx").index(rule["layer"])
            found.append((layer, -len(terms), nth, rule["dip_code"], rule["layer"]))
    return min(found)[3:] if found else ("", "")


def keys_of(case: Case, lists: Lists, by_prefix: bool) -> Keys:
    dx = case["dx"][0]
    effects = {}
    for code in case["px"]:
        entries = listed(code, lists.excluded, by_prefix)
        effects[code] = lists.excluded[entries[0]] if entries else ("", "")
    lead = ""
    for code in case["px"]:
        effect, span = effects[code]
        if effect == "not_principal" or kind_of(code, lists.kinds) == MEDICAL:
            continue
        if effect != "conservative" and (effect != "scope" or dx.startswith(span)):
            lead = code
        break
    related = {
        code
        for code in case["px"]
        if lead
        and code != lead
        and effects[code][0] != "conservative"
        and (effects[code][0] != "scope" or dx.startswith(effects[code][1]))
        and kind_of(code, lists.kinds) != MEDICAL
    }
    barred = bool(listed(dx, lists.barred, by_prefix))
    rule = ("", "") if barred else rule_of(case, lists.rules)
    kind = kind_of(lead, lists.kinds) if lead else MEDICAL
    return Keys(barred, rule, dx[:5], dx[:3], CHAPTERS.get(dx[0], ""), lead, kind, frozenset(related))


def place(keys: Keys, groups: Mapping[str, Any], tie: Sequence[str]) -> str:
    """The first group that answers; '' for none. Several related groups: the first in the order of the local rule."""
    if keys.barred:
        return ""
    if keys.rule[0]:
        return keys.rule[0] if keys.rule[0] in groups else ""
    related = [f"{keys.dx4}-{keys.px}-{code}" for code in keys.related]
    asked = [code for code in tie if code in related]
    asked += [f"{keys.dx4}-{keys.px or '保守治疗'}", *([f"{keys.dx3}-{keys.px}"] if keys.px else [])]
    asked.append(f"{keys.dx3}|{keys.kind}组")
    if keys.chapter:
        asked += [f"{keys.chapter}|{keys.px[:4]}"] if keys.px else []
        asked.append(f"{keys.chapter}|{keys.kind}组")
    return next((code for code in asked if code in groups), "")


def threshold(counts: Iterable[int], share: Fraction) -> int:
    """The largest T such that groups of at least T cases hold the share of all cases."""
    counts = list(counts)
    return max(t for t in counts if sum(n for n in counts if n >= t) >= share * sum(counts))


def mean(values: Sequence[int]) -> Fraction:
    return Fraction(sum(values), len(values))


def related_groups(
    cases: Sequence[tuple[Keys, int]], least: int, increase: Fraction, tie: str
) -> dict[tuple[str, str, str], Any]:
    """Of the cases of one core pair: a procedure of at least ``least`` cases with and without it that adds the cost.

    A case goes to the first of its groups in the order of ties; groups that end under ``least`` are taken back, then,
    one at a time from the end, splits that leave the rest under it.
    """
    found = {}
    for code in sorted(set().union(*(keys.related for keys, _ in cases))):
        with_it = [fee for keys, fee in cases if code in keys.related]
        without = [fee for keys, fee in cases if code not in keys.related]
        if min(len(with_it), len(without)) >= least and mean(with_it) / mean(without) - 1 >= increase:
            found[cases[0][0].dx4, cases[0][0].px, code] = mean(with_it)
    while found:
        order = sorted(found, key=(lambda key: (-found[key], key[2])) if tie == "dearest" else (lambda key: key[2]))
        went = Counter(next((key for key in order if key[2] in keys.related), None) for keys, _ in cases)
        small = [key for key in order if went[key] < least]
        if not small and went[None] < least:
            small = order[-1:]
        if not small:
            break
        for key in small:
            del found[key]
    return found


def key_groups(found: Sequence[tuple[Keys, int]], regime: Any) -> tuple[dict[str, dict[str, Any]], list[str], int]:
    """The groups without figures, the tie order of the related ones, and the core threshold."""

    def group(scope: str, dx: str, px: str, kind: str, related: str = "", kind_type: str = "core") -> dict[str, Any]:
        return {"dip_type": kind_type, "scope": scope, "dx": dx, "px": px, "related": related, "px_kind": kind}

    groups: dict[str, dict[str, Any]] = {}
    open_cases = [(keys, fee) for keys, fee in found if not keys.barred and not keys.rule[0]]
    pairs: dict[tuple[str, str], list[tuple[Keys, int]]] = defaultdict(list)
    for keys, fee in open_cases:
        pairs[keys.dx4, keys.px].append((keys, fee))
    least = regime.core_min
    if regime.core_coverage is not None:
        least = threshold((len(cases) for cases in pairs.values()), regime.core_coverage)
    core = {pair: cases for pair, cases in pairs.items() if len(cases) >= least}
    split: dict[str, Fraction] = {}
    for (dx, px), cases in core.items():
        groups[f"{dx}-{px or '保守治疗'}"] = group("core", dx, px, cases[0][0].kind)
        if px:
            for (_, _, code), cost in related_groups(cases, least, regime.related_increase, regime.related_tie).items():
                groups[f"{dx}-{px}-{code}"] = group("related", dx, px, cases[0][0].kind, code)
                split[f"{dx}-{px}-{code}"] = cost
    rest = [keys for keys, _ in open_cases if (keys.dx4, keys.px) not in core]
    merged = {pair for pair, n in Counter((k.dx3, k.px) for k in rest if k.px).items() if n >= least}
    for dx, px in merged if regime.merge_dx3 else ():
        kind = next(keys.kind for keys in rest if keys.px == px)
        groups[f"{dx}-{px}"] = group("merged", dx, px, kind, kind_type="merged")
    left = [keys for keys in rest if not regime.merge_dx3 or (keys.dx3, keys.px) not in merged]
    for (dx, kind), n in Counter((keys.dx3, keys.kind) for keys in left).items():
        if n >= regime.composite_min or not regime.drop_small:
            groups[f"{dx}|{kind}组"] = group("composite", dx, "", kind, kind_type="composite")
    chaptered = [keys for keys, _ in found if keys.chapter and not keys.barred]
    for (dx, rubric), n in Counter((keys.chapter, keys.px[:4]) for keys in chaptered if keys.px).items():
        if n >= regime.composite_min:
            kind = min(keys.kind for keys in chaptered if keys.px[:4] == rubric and keys.chapter == dx)
            groups[f"{dx}|{rubric}"] = group("rubric", dx, rubric, kind, kind_type="composite")
    for dx, kind in {(keys.chapter, keys.kind) for keys in chaptered}:
        groups[f"{dx}|{kind}组"] = group("chapter", dx, "", kind, kind_type="composite")
    for keys, _ in found:
        if keys.rule[0]:
            groups[keys.rule[0]] = group("rule", "", "", "", kind_type=keys.rule[1])
    tie = sorted(split, key=(lambda code: (-split[code], code)) if regime.related_tie == "dearest" else str)
    return groups, tie, least


def percentile(ordered: Sequence[int], share: Fraction) -> Fraction:
    """Linear between the neighbours (type 7)."""
    at = (len(ordered) - 1) * share
    low = at.numerator // at.denominator
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


class Kept(NamedTuple):
    """A case that counts towards means."""

    code: str
    keys: Keys
    level: str
    year: int
    fee: int


def trim(rows: Sequence[Kept], regime: Any) -> list[Kept]:
    if regime.trim_level == "none":
        return list(rows)
    fees: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        fees[row.code if regime.trim_level == "group" else ""].append(row.fee)
    bounds = {
        key: (percentile(sorted(some), regime.trim_low), percentile(sorted(some), regime.trim_high))
        for key, some in fees.items()
        if len(some) >= regime.trim_min
    }
    kept = []
    for row in rows:
        low, high = bounds.get(row.code if regime.trim_level == "group" else "", (row.fee, row.fee))
        if low <= row.fee <= high:
            kept.append(row)
    return kept


def year_mean(rows: Sequence[Kept], weights: Mapping[int, int], basis: str) -> Fraction | None:
    """Years without a case drop out and the others' weights are taken anew."""
    years = {year: [row.fee for row in rows if row.year == year] for year in weights}
    years = {year: fees for year, fees in years.items() if fees}
    if not years:
        return None
    if basis == "pooled":
        count = sum(weights[year] * len(fees) for year, fees in years.items())
        return Fraction(sum(weights[year] * sum(fees) for year, fees in years.items()), count)
    return sum((weights[year] * mean(fees) for year, fees in years.items()), Fraction(0)) / sum(map(weights.get, years))


def steadiest(groups: Mapping[str, dict[str, Any]], kept: Sequence[Kept], least: int) -> str:
    """基准病种 by itself: of the operated core groups with enough cases the one of the lowest CV."""
    fees: dict[str, list[int]] = defaultdict(list)
    for row in kept:
        if groups[row.code]["dip_type"] == "core":
            fees[row.code].append(row.fee)
    fees = {code: some for code, some in fees.items() if groups[code]["px_kind"] == SURGERY} or fees
    fees = {code: some for code, some in fees.items() if len(some) >= least} or fees
    spread = {
        code: (mean([fee * fee for fee in some]) - mean(some) ** 2) / mean(some) ** 2 for code, some in fees.items()
    }
    return min(spread, key=lambda code: (spread[code], code))


def level_rows(kept: Sequence[Kept], means: Mapping[str, Fraction], pool: Fraction, average: Any) -> dict[str, Any]:
    """Per level: its weighted mean and the two ratios; each group's usual fee is rounded once, to the fen."""
    levels = {}
    for level in sorted({row.level for row in kept} - {""}):
        mine = [row for row in kept if row.level == level]
        usual = sum(half_up(means[code] * n) for code, n in Counter(row.code for row in mine).items())
        own = sum(row.fee for row in mine)
        levels[level] = {
            "mean_fee": half_up(average(mine)),
            "fee_own": own,
            "fee_usual": usual,
            "level_ratio": half_up(average(mine) / pool * 10**4),
            "case_mix_ratio": half_up(Fraction(own, usual) * 10**4),
        }
    return levels


def learn(cases: Sequence[Case], lists: Lists, regime: Any) -> Learned:
    latest = max(case["day"].year for case in cases)
    weights = {latest - len(regime.year_weights) + 1 + nth: weight for nth, weight in enumerate(regime.year_weights)}
    cases = [case for case in cases if case["day"].year in weights]
    keys = [keys_of(case, lists, regime.exclude_match == "prefix") for case in cases]
    groups, tie, least = key_groups([(one, case["fee"]) for one, case in zip(keys, cases, strict=True)], regime)
    rows = [
        Kept(place(one, groups, tie), one, case["level"] or "", case["day"].year, case["fee"])
        for one, case in zip(keys, cases, strict=True)
    ]
    rows = [row for row in rows if row.code]
    kept = trim(rows, regime)

    def average(some: Sequence[Kept]) -> Fraction | None:
        return year_mean(some, weights, regime.weight_basis)

    means: dict[str, Fraction] = {}
    for code, group in list(groups.items()):
        own = [row for row in kept if row.code == code]
        if group["scope"] == "rubric":
            own = [row for row in kept if row.keys.chapter == group["dx"] and row.keys.px[:4] == group["px"]]
        if group["scope"] == "chapter":
            own = [row for row in kept if row.keys.chapter == group["dx"] and row.keys.kind == group["px_kind"]]
        cost = average(own)
        if cost is None:
            del groups[code]
            continue
        means[code] = cost
        group |= {"n_cases": sum(row.code == code for row in rows), "mean_fee": half_up(cost)}
        for level in "123":
            at_level = average([row for row in own if row.level == level])
            group[f"mean_fee_lv{level}"] = None if at_level is None else half_up(at_level)
    pool = average(kept)
    assert pool is not None
    base = regime.base_disease
    if base == "auto":
        base = steadiest(groups, kept, regime.base_min)
    unit = {"all_mean": pool, "quota": Fraction(regime.score_quota_fen or 0), "base_disease": means.get(base)}
    one = unit[regime.score_method]
    assert one
    for code, cost in means.items():
        groups[code]["points"] = half_up(cost / one * regime.score_scale * 10**4)
    return Learned(groups, tie, least, pool, one, base, level_rows(kept, means, pool, average))
