"""Every case stands in exactly one bucket, and what an institution's year is worth is the sum of them (年度总分值)."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from vectors import Vector, ids, of

from yibao.engine import Engine
from yibao.kernel import points
from yibao.payment.special import Decision, SpecialOutcome, decision_table

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "close.md"
PLAIN = {
    "dip_type": "core",
    "local_kind": "",
    "primary_care": 0,
    "aux": 10_000,
    "worth": 0,
    "granted": None,
    "listed": 0,
}


def final(cases: list[dict[str, Any]], k_e4: int = 10_000, keep_better: int = 0) -> list[dict[str, Any]]:
    """final_points.sql over cases given by what differs from PLAIN; a listed fee of 1 元 adds 1 分."""
    rows = [{**PLAIN, **case, "case_no": n} for n, case in enumerate(cases)]
    decisions = [
        Decision(str(row["case_no"]), row["case_no"], "mdt", SpecialOutcome.GRANTED, "", row["granted"], 1)
        if row["granted"] is not None
        else Decision(str(row["case_no"]), row["case_no"], "mdt", SpecialOutcome.OVER_QUOTA, "", None, 9)
        for row in rows
    ]
    grouped = ("case_no", "dip_type", "local_kind", "primary_care", "aux")
    with Engine(threads=1) as engine:
        engine.put("grouped", pa.table({name: [row[name] for row in rows] for name in grouped}))
        engine.put("case_points", pa.table({"case_no": [r["case_no"] for r in rows],
                                            "case_points": [r["worth"] for r in rows]}))  # fmt: skip
        engine.put("special_decision", decision_table(decisions))
        listed = [(row["case_no"], row["listed"]) for row in rows if row["listed"]]
        schema = pa.schema([("case_no", pa.int64()), ("excluded", pa.int64())])
        table = pa.Table.from_pylist([dict(zip(schema.names, one, strict=True)) for one in listed], schema)
        engine.put("excluded_case", table)
        params = {"addon_k_e4": k_e4, "unit_fee_micro": 10**9, "scale": 1000, "keep_better": keep_better}
        engine.pipeline("yibao.payment", ("final_points",), params)
        return list(engine.fetch("SELECT * FROM final_points ORDER BY case_no").to_pylist())


BUCKETS: dict[str, dict[str, Any]] = {
    "special": {"granted": points("9"), "local_kind": "bed_day"}, "bed_day": {"local_kind": "bed_day"},
    "day": {"local_kind": "day"}, "tcm": {"local_kind": "tcm"}, "primary": {"primary_care": 1}, "aux": {"aux": 12_000},
    "core": {}, "composite": {"dip_type": "composite"}, "other": {"dip_type": "merged"},
    "ungrouped": {"dip_type": "ungrouped"},
}  # fmt: skip


def year_points(v: Vector) -> None:
    """A hospital with one case in each bucket of the example; the new technique adds points to the core case."""
    given = dict(v.inputs)
    added = given.pop("newtech")
    cases = [{**BUCKETS[name], "worth": points(worth)} for name, worth in given.items() if name != "special"]
    special = {**BUCKETS["special"], "worth": 1, "granted": points(given["special"])}
    cases = [{**case, "listed": added * 100} if case.get("worth") == points(given["core"]) else case for case in cases]
    rows = final([*cases, special])
    by_bucket = {row["bucket"]: row["case_points"] - row["addon_points"] for row in rows}
    assert by_bucket == {name: points(worth) for name, worth in given.items()}
    assert sum(row["addon_points"] for row in rows) == points(added)
    assert sum(row["case_points"] for row in rows) == points(v.expected["total"])


@pytest.mark.parametrize("vector", of("年度总分值"), ids=ids("年度总分值"))
def test_the_worked_example_of_a_years_points_holds(vector: Vector) -> None:
    year_points(vector)


def test_each_bucket_is_met_and_the_page_names_them_in_this_order() -> None:
    assert [row["bucket"] for row in final(list(BUCKETS.values()))] == list(BUCKETS)
    told = re.search(r"\*\*bucket\*\*.*?first hit wins: (.*?)\n\n", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert told is not None and re.findall(r"`(\w+)`", told[1]) == list(BUCKETS)


def test_of_several_buckets_the_first_is_the_cases() -> None:
    order = list(BUCKETS)
    for granted, kind, primary, aux, group in product(
        (None, 1), ("", "tcm", "day", "bed_day"), (0, 1), (10_000, 9_000), ("core", "composite", "early", "ungrouped")
    ):
        case = {"granted": granted, "local_kind": kind, "primary_care": primary, "aux": aux, "dip_type": group}
        holds = {"special"} if granted else set()
        holds |= {kind} - {""} | ({"primary"} if primary else set()) | ({"aux"} if aux != 10_000 else set())
        holds.add("other" if group == "early" else group)
        assert final([case])[0]["bucket"] == min(holds, key=order.index)


def test_added_points_are_the_listed_fee_over_the_unit_fee_times_k_rounded_once() -> None:
    rows = final([{"worth": points("100"), "listed": 50_847}, {"worth": points("100"), "listed": 1}], k_e4=3333)
    assert [row["addon_points"] for row in rows] == [1_694_731, 33]
    assert [row["case_points"] for row in rows] == [row["plain_points"] for row in rows] == [2_694_731, 1_000_033]


def test_without_the_add_on_mode_listed_fees_add_nothing() -> None:
    assert final([{"worth": 5, "listed": 100}], k_e4=0)[0]["case_points"] == 5


def test_a_granted_case_is_paid_by_its_review_alone_and_its_plain_points_are_kept() -> None:
    (row,) = final([{"worth": 500, "listed": 100, "granted": 7}])
    assert row == {"case_no": 0, "bucket": "special", "case_points": 7, "addon_points": 0, "plain_points": 10_500}


def test_a_granted_review_never_gives_less_than_the_group_rule_where_the_law_keeps_the_better() -> None:
    cases = [{"granted": points("9"), "worth": points("12")}, {"granted": points("9"), "worth": points("7")}]
    kept, reviewed = final(cases, keep_better=1)
    assert (kept["case_points"], kept["bucket"]) == (points("12"), "special")
    assert (reviewed["case_points"], reviewed["bucket"]) == (points("9"), "special")
    assert [row["case_points"] for row in final(cases)] == [points("9")] * 2
