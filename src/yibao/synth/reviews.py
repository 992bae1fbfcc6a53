"""Cases that the close treats apart: applications for 特例单议, fees of excluded items, local lists of diseases."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from yibao.standard import TABLES
from yibao.synth.diseases import LETTERS, Model
from yibao.synth.draw import Ints, day_number, decimals, stream
from yibao.synth.facts import Facts, Likes
from yibao.synth.plan import EXCLUDED_SHARE, POINT_YUAN, QUOTA_PER_100K, REVIEWS
from yibao.synth.rowsets import Row
from yibao.synth.sheets import rows

_PART = 14
_EXCLUDED = 15
_OTHER_REASONS = ("high_cost",) * 7 + ("complex", "new_tech", "mdt")
_LEAST_CASES = 30
"""A disease of a local list is listed where the years before the close have so many of its cases."""


class Reviews(NamedTuple):
    """Applications with what was intended by each: rows of ``special_reviews``; kind → numbers of the cases."""

    rows: list[Row]
    planted: dict[str, list[int]]


def review_rows(ids: list[str], facts: Facts, found: Likes, year: int, seed: int) -> Reviews:
    """Table ``special_reviews``: more passed applications on the dearest cases than the quota holds, and one or more
    of every other answer."""
    rng = stream(seed, _PART)
    local = np.flatnonzero(facts.within(year) & (facts.home == 0) & (facts.leaves <= day_number(year, 11, 10)))
    local = local[found.size[local] >= 20]
    quota = int((facts.within(year) & (facts.home == 0)).sum()) * QUOTA_PER_100K // 100_000
    ratio = found.ratio[local]
    dear = local[np.lexsort((local, -ratio))]
    want = {name: max(1, quota * part // 100) for name, part in REVIEWS.items()}
    passed = dear[: want["excess"]]
    rest = dear[want["excess"] : want["excess"] + want["fail"] + want["pending"]]
    cheap = local[(ratio > 1.05) & (ratio < 1.5) & (facts.level[local] == 2)][: want["not_eligible"]]
    long = local[(facts.days[local] >= 3.3 * found.stay[local]) & ~np.isin(local, dear[: len(passed) + len(rest)])]
    away = np.flatnonzero(facts.within(year) & (facts.home > 0) & (found.ratio > 1.5))[:1]
    planted = {
        "passed": passed.tolist(), "failed": rest[: want["fail"]].tolist(), "pending": rest[want["fail"] :].tolist(),
        "not_eligible": cheap.tolist(), "long_stay": long[: want["long_stay"]].tolist(), "not_local": away.tolist(),
    }  # fmt: skip
    made = [_review(ids, facts, kind, case, rng) for kind, cases in planted.items() for case in cases]
    made.sort(key=lambda row: str(row["setl_id"]))
    return Reviews(made, planted)


def _review(ids: list[str], facts: Facts, kind: str, case: int, rng: np.random.Generator) -> Row:
    """One application: asked for within a month of discharge, answered in the weeks after."""
    asked = int(facts.leaves[case]) + int(rng.integers(3, 25))
    reason = str(rng.choice(_OTHER_REASONS)) if kind != "long_stay" else "long_stay"
    by_item = rng.random() < 0.65
    result = {"failed": "fail", "pending": "pending"}.get(kind, "pass_item" if by_item else "pass_standard")
    row: dict[str, object] = {
        "setl_id": ids[case], "review_reason": "high_cost" if kind == "not_eligible" else reason, "apply_date": asked,
        "review_result": result, "review_date": None if kind == "pending" else asked + int(rng.integers(8, 26)),
    }  # fmt: skip
    if result == "pass_standard":
        row["review_points"] = int(int(facts.fee[case]) * 80 / POINT_YUAN)  # four fifths of the fee, in 10⁻⁴ points
    return row


def excluded_item_rows(year: int) -> list[Row]:
    """Table ``excluded_items``: the year's list, one item of it only to June."""
    return [
        {
            "med_list_codg": row["med_list_codg"], "item_name": row["item_name"],
            "valid_from": day_number(year + int(row["from_year"])),
            "valid_until": day_number(year, int(row["until_month"]) + 1) - 1 if row["until_month"] else None,
        }
        for row in rows("excluded_items")
    ]  # fmt: skip


def excluded_fees(ids: pa.Array, facts: Facts, year: int, seed: int) -> pa.Table:
    """Table ``excluded_fees``: an item on the list in some tumour and heart cases of the year at level 3.

    It is 8–35 % of the fee.
    """
    rng = stream(seed, _EXCLUDED)
    items = excluded_item_rows(year)
    from_day = np.array([row["valid_from"] for row in items], dtype=np.int64)
    until = np.array([row["valid_until"] or day_number(year + 1) for row in items], dtype=np.int64)
    kinds = np.isin(facts.letter, [LETTERS.index(letter) for letter in "CIZ"]) & (facts.level == 2)
    drawn = rng.random(len(facts.fee)) < EXCLUDED_SHARE
    item = rng.integers(0, len(items), len(facts.fee))
    share = rng.integers(80, 350, len(facts.fee))
    listed = facts.within(year) & (facts.leaves >= from_day[item]) & (facts.leaves <= until[item])
    chosen = np.flatnonzero(kinds & drawn & listed & (facts.fee > 500_000))
    amount: Ints = facts.fee[chosen] * share[chosen] // 1000
    columns = {
        "setl_id": ids.take(pa.array(chosen)),
        "med_list_codg": pa.array([str(row["med_list_codg"]) for row in items]).take(pa.array(item[chosen])),
        "item_amount": decimals(amount),
    }
    return pa.table({name: columns[name] for name in TABLES["excluded_fees"].columns})


def local_list_rows(facts: Facts, model: Model, year: int) -> list[Row]:
    """Table ``local_lists``: the sheet's diseases that the city treated often enough before the year."""
    before = facts.leaves < day_number(year)
    made: list[Row] = []
    for row in rows("local_lists"):
        fits = np.array([code.startswith(row["dx"]) for code in model.dx.codes])
        px = model.px.number(row["px"]) if row["px"] else -1
        count = int((before & fits[facts.principal] & (model.path_px[facts.path] == px)).sum())
        if count >= _LEAST_CASES:
            points = int(row["list_points"].replace(".", "")) if row["list_points"] else None
            made.append({"list_kind": row["list_kind"], "dip_code": row["dip_code"], "list_points": points})
    return made
