"""The catalogue (医保目录): drugs, herbs, preparations, services, consumables; dated classes, shares and limits."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.care.columns import (
    ITEMS,
    NONE,
    block_stream,
    days_or_null,
    filled,
    millionths,
    named,
    stacked,
    table_named,
    whole_or_null,
)  # fmt: skip
from yibao.synth.care.places import FIRST, PHARMACY, Places
from yibao.synth.draw import Choice, Floats, Ints, dates, day_number

WESTERN, PATENT, HERB, PREPARATION, SERVICE, CONSUMABLE, REGISTRATION, NEGOTIATED, SPECIAL = range(9)
"""Groups of items; `NEGOTIATED` are 国谈 in two channels, `SPECIAL` 特药 (单行支付)."""
GROUPS = ("western", "patent", "herb", "preparation", "service", "consumable", "registration", "negotiated", "special")
_COUNTS = (1_050, 480, 300, 60, 680, 240, 12, 130, 60)
_LISTS = ("101", "101", "102", "103", "201", "301", "201", "101", "101")
_FEES = ("09", "11", "10", "09", "04", "08", "02", "09", "09")
_PRICES = ((0.6, 320), (4, 160), (0.02, 0.9), (6, 90), (4, 1_800), (2, 9_000), (6, 30), (60, 900), (1_900, 9_500))
"""Lowest and highest unit price in 元, log-uniform between."""
_CLASSES = (
    (0.42, 0.55, 0.03), (0.22, 0.74, 0.04), (0.90, 0.07, 0.03), (0.2, 0.8, 0.0), (0.66, 0.24, 0.10), (0.12, 0.66, 0.22),
    (1, 0, 0), (0, 1, 0), (0, 1, 0),
)  # fmt: skip
_SHARES = (50_000, 100_000, 150_000, 200_000, 300_000)
"""First shares of 乙, in millionths."""
_OLD = (2019, 1, 1)
_ART = 13
"""Services of assisted reproduction (辅助生殖)."""
SPLIT = 0.18
"""Share of drugs priced by the tablet, with more decimals than a fen."""


@dataclass(frozen=True)
class Items:
    """The items as arrays; ``order[group]`` are those of a group by price."""

    codes: list[str]
    group: Ints
    price: Ints  # 10⁻⁶ 元, at a hospital of level 3
    order: list[Ints]
    prices: list[Ints]

    def of(self, group: int) -> Ints:
        """The positions of a group's items, the cheapest first."""
        return self.order[group]


def items(seed: int) -> Items:
    """The same items for the same seed, whatever the city."""
    rng = block_stream(seed, ITEMS, 0)
    group = np.repeat(np.arange(len(GROUPS), dtype=np.int64), _COUNTS)
    low, high = (np.log(np.array([one[side] for one in _PRICES]))[group] for side in (0, 1))
    raw: Floats = np.exp(low + (high - low) * rng.random(len(group)))
    split = (rng.random(len(group)) < SPLIT) & (group <= PATENT)
    fine = split | (group == HERB)
    price = np.where(fine, np.rint(raw * 1e6), np.rint(raw * 100) * 10_000).astype(np.int64)
    codes = [_code(kind, number) for kind, size in enumerate(_COUNTS) for number in range(1, size + 1)]
    order = [at[np.argsort(price[at], kind="stable")] for at in (np.flatnonzero(group == kind) for kind in range(9))]
    return Items(codes, group, price, order, [price[at] for at in order])


def _code(group: int, number: int) -> str:
    """Codes look like national ones: drugs X, Z, herbs T, services digits with leading zeros, consumables C."""
    letter = "ABCDGHJLMNPRSV"[number % 14]
    if group in (SERVICE, REGISTRATION):
        return f"00{11 + group:02d}{number:06d}00"
    if group == CONSUMABLE:
        return f"C{number % 17 + 1:02d}{number:08d}"
    head = {WESTERN: "XA", PATENT: "ZA", HERB: "T0", PREPARATION: "ZJ", NEGOTIATED: "XT", SPECIAL: "XL"}[group]
    return f"{head}{letter}{number:05d}"


def catalogue_tables(made: Items, where: Places, year: int, seed: int) -> dict[str, pa.Table]:
    """``catalogue_items`` and the lists that hang on it: limits, preparations by institution, consumables."""
    rng = block_stream(seed, ITEMS, 1)
    spans = _spans(made, year, rng)
    return {
        "catalogue_items": _item_table(made, spans, rng),
        "item_limits": _limits(made, spans, rng),
        "preparations": _preparations(made, where, rng),
        "consumable_deny": _consumables("consumable_deny", made, 0.08, rng),
        "consumable_allow": _consumables("consumable_allow", made, 0.82, rng),
    }


def _spans(made: Items, year: int, rng: np.random.Generator) -> dict[str, Ints]:
    """Dated versions: most hold since long ago; some change in July, some end or begin within the year."""
    count = len(made.codes)
    who = np.arange(count, dtype=np.int64)
    fixed = made.group >= REGISTRATION
    way = Choice([[0.85, 0.11, 0.02, 0.02]]).pick(np.zeros(count, dtype=np.int64), rng)
    way = np.where(fixed, 0, way)
    summer = day_number(year, 7, 1)
    first = {
        "item": who, "from": np.where(way == 3, day_number(year, 4, 1), day_number(*_OLD)),
        "until": np.select([way == 1, way == 2], [summer - 1, day_number(year, 9, 30)], NONE),
    }  # fmt: skip
    again = np.flatnonzero(way == 1)
    second = {"item": again, "from": filled(len(again), summer), "until": filled(len(again), NONE)}
    return stacked([first, second])


def _item_table(made: Items, span: dict[str, Ints], rng: np.random.Generator) -> pa.Table:
    item = span["item"]
    group, price, count = made.group[item], made.price[item], len(item)
    level = Choice(_CLASSES).pick(group, rng) % 3
    share = np.array(_SHARES)[rng.integers(0, len(_SHARES), count)]
    share = np.select([level == 0, level == 2], [0, 1_000_000], share)
    limited = np.select(
        [group == SERVICE, group == CONSUMABLE, group >= NEGOTIATED, group == WESTERN], [0.35, 0.45, 1.0, 0.12], 0.0
    )
    most = np.where(
        rng.random(count) < limited, np.rint(price * rng.uniform(0.82, 1.25, count) / 10_000) * 10_000, NONE
    ).astype(np.int64)
    by_level = (group == SERVICE) & (most >= 0)
    levels = [np.where(by_level, most * part // 100 // 10_000 * 10_000, NONE) for part in (75, 88, 100)]
    order = np.lexsort((span["from"], item))
    kind, channel = group[order], np.select([group == SPECIAL, group == NEGOTIATED], [1, 2], 0)[order]
    art = (kind == SERVICE) & (np.isin(item[order], made.of(SERVICE)[-_ART:]))
    label = ["药品", "中成药", "饮片", "制剂", "项目", "耗材", "诊察", "谈判药品", "特药"]
    return table_named("catalogue_items", {
        "med_list_codg": named(item[order], made.codes),
        "item_name": pa.array([f"某{label[one]}{number}" for one, number in zip(kind, item[order], strict=True)]),
        "list_type": named(kind, _LISTS), "chrgitm_lv": named(level[order], ["01", "02", "03"]),
        "selfpay_prop": _ratio(share[order]), "pric_uplmt_amt": _price(most[order]),
        **{f"pric_uplmt_lv{number}": _price(one[order]) for number, one in enumerate(levels, 1)},
        "pay_channel": named(channel, ["normal", "special", "negotiated"]),
        "item_tag": named(np.where(art, 0, NONE), ["art"]), "med_chrgitm_type": named(kind, _FEES),
        "begndate": dates(span["from"][order]), "enddate": days_or_null(span["until"][order]),
    })  # fmt: skip


def _price(micro: Ints) -> pa.Array:
    return pc.if_else(pa.array(micro >= 0), millionths(np.maximum(micro, 0)),
                              pa.scalar(None, pa.decimal128(18, 6)))  # fmt: skip


def _ratio(millionth: Ints) -> pa.Array:
    return millionths(millionth)


_STATIC = (
    {"gend": "2", "lmt_text": "限女性"}, {"age_max": 14, "lmt_text": "限14岁及以下"},
    {"age_min": 60, "lmt_text": "限60岁及以上"}, {"lmt_dx": "C00-C97|D37-D48", "lmt_text": "限肿瘤"},
    {"lmt_dx": "I10-I15|I20-I25|I60-I69", "lmt_text": "限心脑血管疾病"}, {"lmt_dx": "E10-E14", "lmt_text": "限糖尿病"},
    {"lmt_hosp_lv": "2|3", "lmt_text": "限二级及以上医疗机构"},
    {"lmt_med_type": "21|22|23|24|52", "lmt_text": "限住院"},
    {"lmt_insutype": "310", "lmt_text": "限职工"}, {"lmt_dise": "renal", "lmt_text": "限肾病门慢特"},
)  # fmt: skip
_COUNTING = (
    {"lmt_amount": 14, "lmt_unit": "days", "lmt_per": "stay", "lmt_text": "每次住院不超过14天"},
    {"lmt_amount": 60, "lmt_unit": "quantity", "lmt_per": "year", "lmt_text": "每年不超过60个单位"},
    {"lmt_amount": 1, "lmt_unit": "times", "lmt_per": "stay", "lmt_text": "每次就诊限一次"},
    {"lmt_amount": 12, "lmt_unit": "times", "lmt_per": "year", "lmt_text": "每年不超过12次"},
    {"lmt_amount": 90, "lmt_unit": "days", "lmt_per": "year", "lmt_text": "每年不超过90天"},
)  # fmt: skip


def _limits(made: Items, span: dict[str, Ints], rng: np.random.Generator) -> pa.Table:
    """限定支付 of every eighth drug and some services; a version has its own rows, a few have two alternatives."""
    chosen = rng.random(len(made.codes)) < np.select(
        [made.group <= PATENT, made.group == HERB, made.group == SERVICE, made.group == NEGOTIATED],
        [0.13, 0.05, 0.08, 0.35], 0.0,
    )  # fmt: skip
    western = made.of(WESTERN)
    found = []
    for item, begin in zip(span["item"].tolist(), span["from"].tolist(), strict=True):
        if not chosen[item]:
            continue
        rule = dict(_STATIC[item % len(_STATIC)] if item % 3 else _COUNTING[item // 3 % len(_COUNTING)])
        if made.group[item] == HERB:
            rule = {"cpnd_flag": "1", "lmt_text": "单独使用不予支付"}
        elif item % 29 == 0:
            rule = {"prior_codg": made.codes[western[item % 40]], "prior_days": 365, "lmt_text": "限二线用药"}
        found.append({"item": item, "begin": begin, "seq": 1, **rule})
        if item % 11 == 0:
            found.append({"item": item, "begin": begin, "seq": 2, "lmt_dise": "cancer", "lmt_text": "或肿瘤门慢特"})
    return _limit_table(made, found)


def _limit_table(made: Items, found: list[dict[str, object]]) -> pa.Table:
    def text(name: str) -> pa.Array:
        return pa.array([row.get(name) for row in found], pa.string())

    def whole(name: str) -> Ints:
        return np.array([row.get(name, NONE) for row in found], dtype=np.int64)

    texts = ("gend", "lmt_dx", "lmt_hosp_lv", "lmt_insutype", "lmt_med_type", "lmt_dise", "prior_codg", "cpnd_flag",
             "lmt_unit", "lmt_per", "lmt_text")  # fmt: skip
    amount = whole("lmt_amount")
    return table_named("item_limits", {
        "med_list_codg": named(whole("item"), made.codes), "begndate": dates(whole("begin")),
        "seq": whole_or_null(whole("seq")), **{name: text(name) for name in texts},
        **{name: whole_or_null(whole(name)) for name in ("age_min", "age_max", "prior_days")},
        "lmt_amount": _price(np.where(amount >= 0, amount * 1_000_000, NONE)),
    })  # fmt: skip


def _preparations(made: Items, where: Places, rng: np.random.Generator) -> pa.Table:
    """Each at a few of the city's hospitals, made there or brought from the first."""
    hospitals = np.flatnonzero((where.kind >= FIRST) & (where.kind < PHARMACY) & (where.level > 0))
    kinds = made.of(PREPARATION)
    each = min(4, len(hospitals))
    picked = np.concatenate([rng.permutation(len(hospitals))[:each] for _ in kinds])
    item = np.repeat(kinds, each)
    first = np.arange(len(item)) % each == 0
    return table_named("preparations", {
        "med_list_codg": named(item, made.codes), "fixmedins_code": named(hospitals[picked], where.codes),
        "prep_source": named(np.where(first, 0, 1), ["own", "transfer"]),
        "begndate": dates(filled(len(item), day_number(*_OLD))), "enddate": days_or_null(filled(len(item), NONE)),
    })  # fmt: skip


def _consumables(name: str, made: Items, share: float, rng: np.random.Generator) -> pa.Table:
    at = made.of(CONSUMABLE)
    at = np.sort(at[rng.random(len(at)) < share])
    return table_named(name, {
        "med_list_codg": named(at, made.codes), "item_name": pa.array([f"某耗材{number}" for number in at.tolist()]),
        "begndate": dates(filled(len(at), day_number(*_OLD))), "enddate": days_or_null(filled(len(at), NONE)),
    })  # fmt: skip
