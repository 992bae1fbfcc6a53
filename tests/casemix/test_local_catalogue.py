"""The local catalogue and the history of groups and hospitals: which case is taken, for which points, and from what."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from aux_city import put_assigned
from hypothesis import given
from hypothesis import strategies as st

from yibao.casemix.dip import learn_facts, learn_hospitals, place_local, put_hits, read_local
from yibao.casemix.dip.aux_terms import NEVER, LocalTerms
from yibao.casemix.dip.auxiliary import TYPE_SCHEMA
from yibao.casemix.dip.local import FACT_SCHEMA, LIST_SCHEMA, merge_lists, unknown_groups
from yibao.engine import Engine
from yibao.law import MissingParameter
from yibao.packs import load_law
from yibao.standard.icd10 import BLOCKS, block_of, chapter_of

TERMS = LocalTerms(Fraction(3, 10), 1, 15, Fraction(7, 10), Fraction(1, 2), 65, 14)


def listed(*rows: tuple[str, str, int | None]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(LIST_SCHEMA.names, row, strict=True)) for row in rows], schema=LIST_SCHEMA)


def facts(**of: dict[str, int]) -> pa.Table:
    zero = dict.fromkeys(("n", "fee", "n_days", "days", "deaths", "n_primary", "n_day", "fee_day"), 0)
    rows = [{**zero, "cv": None, "candidate": None, "dip_code": code, **row} for code, row in of.items()]
    return pa.Table.from_pylist(rows, schema=FACT_SCHEMA)


def grouped(
    cases: Sequence[dict[str, Any]],
    lists: pa.Table,
    known: pa.Table | None = None,
    points: int = 1_000_000,
    aux: int | None = None,
) -> list[dict[str, Any]]:
    """The table ``grouped`` of hand-made cases of group G, whose points are given; ``aux`` a hit on every case."""
    with Engine() as engine:
        put_assigned(engine, cases)
        engine.put("catalogue_points", pa.table({"dip_code": ["G"], "points": pa.array([points], pa.int64())}))
        place_local(engine, lists, facts() if known is None else known, TERMS)
        schema = pa.schema([("case_no", pa.int64()), ("aux_kind", pa.string()), ("aux_type", pa.string()),
                            ("aux", pa.int64())])  # fmt: skip
        hit = [{"case_no": n, "aux_kind": "age", "aux_type": "1-6岁", "aux": aux} for n in range(len(cases)) if aux]
        engine.put("aux_hit", pa.Table.from_pylist(hit, schema=schema))
        engine.pipeline("yibao.casemix.dip", ("grouped",))
        return engine.fetch("SELECT * FROM grouped ORDER BY case_no").to_pylist()


def kinds(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(row["local_kind"], row["primary_care"]) for row in rows]


CASE: dict[str, Any] = {"dx": ["G51.000"], "fee": 1_000_000}


def test_grouped_has_the_columns_that_payment_reads() -> None:
    (row,) = grouped([CASE], listed())
    assert list(row) == [
        "case_no", "setl_id", "fixmedins_code", "hosp_lv", "dscg_date", "dscg_year", "medfee_sumamt", "dip_code",
        "dip_type", "group_points", "aux", "aux_kind", "aux_type", "primary_care", "local_kind", "stay_days",
    ]  # fmt: skip
    assert (row["aux"], row["aux_kind"], row["aux_type"], row["local_kind"]) == (10_000, "", "", "")
    assert row["stay_days"] is None


def test_a_tcm_case_has_the_share_of_tcm_fees_to_the_fen() -> None:
    cases = [{**CASE, "tcm": 300_000}, {**CASE, "tcm": 299_999}, CASE]
    assert kinds(grouped(cases, listed(("tcm", "G", None)))) == [("tcm", 0), ("", 0), ("", 0)]


def test_the_share_of_tcm_fees_is_of_the_fee_with_its_excluded_items() -> None:
    """Which kind of fee an excluded item is stands nowhere, so it stays in both parts of the share."""
    cases = [{**CASE, "gross": 1_500_000, "tcm": 449_999}, {**CASE, "gross": 1_500_000, "tcm": 450_000}]
    assert kinds(grouped(cases, listed(("tcm", "G", None)))) == [("", 0), ("tcm", 0)]


def test_a_day_case_stays_at_most_the_stated_days_and_unknown_days_are_none() -> None:
    cases = [{**CASE, "stay": 0}, {**CASE, "stay": 1}, {**CASE, "stay": 2}, CASE]
    assert kinds(grouped(cases, listed(("day", "G", None)))) == [("day", 0), ("day", 0), ("", 0), ("", 0)]


def test_a_bed_day_case_stays_at_least_the_stated_days() -> None:
    cases = [{**CASE, "stay": 14}, {**CASE, "stay": 15}, CASE]
    assert kinds(grouped(cases, listed(("bed_day", "G", None)))) == [("", 0), ("bed_day", 0), ("", 0)]


def test_of_several_lists_bed_day_comes_first_then_day_then_tcm_then_primary_and_a_case_is_in_one() -> None:
    lists = listed(*((kind, "G", None) for kind in ("primary_care", "tcm", "day", "bed_day")))
    cases = [{**CASE, "stay": 20, "tcm": 900_000}, {**CASE, "stay": 1, "tcm": 900_000},
             {**CASE, "stay": 5, "tcm": 900_000}, {**CASE, "stay": 5}]  # fmt: skip
    assert kinds(grouped(cases, lists)) == [("bed_day", 0), ("day", 0), ("tcm", 0), ("", 1)]


def test_auxiliary_types_never_apply_to_cases_of_the_local_catalogue() -> None:
    cases = [{**CASE, "stay": 20}, {**CASE, "stay": 1}, {**CASE, "stay": 5, "tcm": 900_000}, {**CASE, "stay": 5}]
    for kind, place in (("bed_day", 0), ("day", 1), ("tcm", 2), ("primary_care", None)):
        rows = grouped(cases, listed((kind, "G", None)), aux=15_000)
        without = [n for n, row in enumerate(rows) if row["aux"] == 10_000]
        assert without == ([place] if place is not None else [0, 1, 2, 3])
        assert all((row["aux_kind"] == "age") == (row["aux"] == 15_000) for row in rows)


def test_listed_points_stand_and_a_bed_day_has_them_for_each_day() -> None:
    rows = grouped([{**CASE, "stay": 20}], listed(("bed_day", "G", 285_000)))
    assert rows[0]["group_points"] == 285_000 * 20
    assert grouped([{**CASE, "stay": 1}], listed(("day", "G", 777)))[0]["group_points"] == 777
    assert grouped([{**CASE, "tcm": 900_000}], listed(("tcm", "G", 555)))[0]["group_points"] == 555
    assert grouped([CASE], listed(("primary_care", "G", 444)))[0]["group_points"] == 444
    assert grouped([{**CASE, "stay": 5}], listed(("day", "G", 777)))[0]["group_points"] == 1_000_000


@given(points=st.integers(1, 10**9), stay=st.integers(15, 400), n=st.integers(1, 10**5), days=st.integers(1, 10**7))
def test_points_of_a_bed_day_follow_the_mean_stay_of_the_history_rounded_once(
    points: int, stay: int, n: int, days: int
) -> None:
    known = facts(G={"n": n, "n_days": n, "days": days})
    (row,) = grouped([{**CASE, "stay": stay}], listed(("bed_day", "G", None)), known, points)
    exact = Fraction(points) / Fraction(days, n) * stay
    assert row["group_points"] == (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


@given(
    points=st.integers(1, 10**9), n_day=st.integers(1, 9999), fee_day=st.integers(1, 10**12), rest=st.integers(1, 9999)
)  # fmt: skip
def test_points_of_a_day_case_follow_what_day_cases_cost_against_the_group(
    points: int, n_day: int, fee_day: int, rest: int
) -> None:
    n, fee = n_day + rest, fee_day + rest * 1_234_567
    known = facts(G={"n": n, "fee": fee, "n_day": n_day, "fee_day": fee_day})
    (row,) = grouped([{**CASE, "stay": 1}], listed(("day", "G", None)), known, points)
    exact = points * Fraction(fee_day, n_day) / Fraction(fee, n)
    assert row["group_points"] == (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def test_without_history_or_a_listed_value_the_groups_points_stand() -> None:
    for kind, stay in (("bed_day", 30), ("day", 1)):
        (row,) = grouped([{**CASE, "stay": stay}], listed((kind, "G", None)))
        assert (row["local_kind"], row["group_points"]) == (kind, 1_000_000)


def test_a_case_without_a_group_is_in_no_list() -> None:
    (row,) = grouped([{**CASE, "group": "", "type": "ungrouped", "stay": 1}], listed(("day", "", None)))
    assert (row["local_kind"], row["group_points"]) == ("", 0)


# --- the lists as given ---------------------------------------------------------------------------------------------


def given_row(kind: str, code: str, points: int | None = None, row: int = 2) -> dict[str, Any]:
    return {"list_kind": kind, "dip_code": code, "list_points": points, "src_file": "local_lists.csv", "src_row": row}


def test_a_group_named_twice_in_a_list_is_a_finding_and_counts_once() -> None:
    table, found = merge_lists([given_row("tcm", "A"), given_row("tcm", "A", row=3), given_row("day", "A", row=4)], [])
    assert [tuple(row.values()) for row in table.to_pylist()] == [("day", "A", None), ("tcm", "A", None)]
    assert [(one.code, one.severity.value, one.place.row) for one in found] == [("duplicate_row", "warning", 3)]


def test_a_group_named_twice_with_different_points_is_in_the_list_with_neither() -> None:
    table, found = merge_lists([given_row("bed_day", "A", 5), given_row("bed_day", "A", 6, 3)], [])
    assert table.num_rows == 0
    assert [(one.code, one.severity.value) for one in found] == [("duplicate_key", "error")]


def test_the_primary_care_list_of_dip_lists_counts_too_and_a_repeat_of_it_is_a_finding() -> None:
    primary = [given_row("primary_care", "A"), given_row("primary_care", "B"), given_row("primary_care", "B", row=3)]
    table, found = merge_lists([given_row("primary_care", "A", 7)], primary)
    assert table["dip_code"].to_pylist() == ["A", "B"] and table["list_points"].to_pylist() == [7, None]
    assert [(one.key, one.severity.value) for one in found] == [("A", "warning"), ("B", "warning")]


def test_a_group_the_catalogue_does_not_have_is_a_warning_with_its_place() -> None:
    (one,) = unknown_groups([given_row("day", "A"), given_row("day", "Z", row=9)], ["A"])
    assert (one.code, one.severity.value, one.place.row, one.key) == ("unknown_dip_code", "warning", 9, "Z")
    assert "不在病种目录库内" in one.message


# --- the history ----------------------------------------------------------------------------------------------------

HISTORY: list[dict[str, Any]] = [
    {"group": "G", "dx": ["K35.300"], "fee": 100, "level": "1", "stay": 1, "hospital": "A", "insutype": "310",
     "age": 65, "hifp": 60, "fund": 70, "tcm": 5, "day": date(2024, 5, 1)},
    {"group": "G", "dx": ["K35.300"], "fee": 300, "level": "2", "stay": 4, "way": "5", "hospital": "A",
     "insutype": "310", "age": 14, "fund": 80, "day": date(2024, 5, 31), "place": "370303"},
    {"group": "G", "dx": ["K35.300"], "fee": 200, "level": "1", "hospital": "A", "insutype": "310", "age": 15,
     "hifp": 50, "day": date(2024, 5, 31), "place": "370100"},
    {"group": "", "type": "ungrouped", "dx": ["K35.300"], "fee": 50, "hospital": "B", "day": date(2023, 1, 2)},
]  # fmt: skip


def test_what_a_group_was_in_the_history_is_counted_over_all_its_cases() -> None:
    with Engine() as engine:
        put_assigned(engine, HISTORY)
        (row,) = learn_facts(engine, TERMS).to_pylist()
    assert row.pop("cv") == pytest.approx((20_000 / 3) ** 0.5 / 200)
    assert row == {
        "dip_code": "G", "n": 3, "fee": 600, "n_days": 2, "days": 5, "deaths": 1, "n_primary": 2, "n_day": 1,
        "fee_day": 100, "candidate": 1,
    }  # fmt: skip


def test_only_core_groups_are_candidates_and_where_the_law_says_no_bound_nobody_knows() -> None:
    with Engine() as engine:
        put_assigned(engine, [{**case, "type": "composite"} for case in HISTORY[:3]])
        assert learn_facts(engine, TERMS)["candidate"].to_pylist() == [0]
        assert learn_facts(engine, TERMS._replace(primary_cv=None))["candidate"].to_pylist() == [None]


def test_a_hospitals_month_counts_what_the_pool_booked_for_those_insured_here() -> None:
    with Engine() as engine:
        put_assigned(engine, HISTORY)
        engine.put("catalogue_points", pa.table({"dip_code": ["G"], "points": [10]}))
        rows = learn_hospitals(engine, TERMS, "3703").to_pylist()
    assert [list(row.values()) for row in rows] == [
        ["A", "310", 2024, 5, 3, 3, 600, 140, 30, 5, 1, 1, 5], ["B", "", 2023, 1, 1, 0, 50, 0, 0, 0, None, None, None],
    ]  # fmt: skip
    assert list(rows[0]) == [
        "fixmedins_code", "insutype", "dscg_year", "dscg_month", "n", "n_grouped", "fee", "booked", "group_points",
        "days", "n_elderly", "n_child", "tcm_fee",
    ]  # fmt: skip


def test_ages_and_tcm_fees_that_no_case_of_a_year_has_are_unknown_and_an_empty_cell_beside_others_is_none() -> None:
    some = [{**case, "group": "G", "type": "core", "day": date(2024, 5, 1), "hospital": place, "age": age, "tcm": None}
            for case, place, age in zip(HISTORY, "AABB", (None, 70, None, None), strict=True)]  # fmt: skip
    with Engine() as engine:
        put_assigned(engine, some)
        engine.put("catalogue_points", pa.table({"dip_code": ["G"], "points": [10]}))
        rows = learn_hospitals(engine, TERMS, "3703").to_pylist()
    assert [(row["fixmedins_code"], row["n_elderly"], row["n_child"], row["tcm_fee"]) for row in rows] == [
        ("A", 1, 0, None), ("B", 0, 0, None), ("B", 0, 0, None),
    ]  # fmt: skip


def test_the_law_must_say_what_a_given_list_needs_and_may_be_silent_on_the_rest() -> None:
    open_law, demo = load_law("zibo").at(date(2025, 6, 1)), load_law("zibo", ["demo"]).at(date(2025, 6, 1))
    silent = read_local(open_law, "dip2_0", ())
    assert (silent.day_max, silent.primary_cv, silent.elderly_from) == (NEVER, None, None)
    for kind, key in (("tcm", "dip.tcm.min_share"), ("day", "dip.day.max_days"), ("bed_day", "dip.bed_day.min_days")):
        with pytest.raises(MissingParameter, match=key):
            read_local(open_law, "dip2_0", {kind})
    assert read_local(demo, "dip2_0", {"tcm", "day", "bed_day"}) == TERMS


def test_no_types_are_learned_into_an_empty_table() -> None:
    with Engine() as engine:
        put_assigned(engine, [CASE])
        for name in ("aux_scope", "aux_band", "aux_case"):
            columns = {"aux_scope": ["dip_code", "group_no"], "aux_band": ["type_no", "aux_kind", "aux_type"],
                       "aux_case": ["case_no", "group_no", "type_no"]}[name]  # fmt: skip
            texts = {"dip_code", "aux_kind", "aux_type"}
            engine.put(name, pa.table({c: pa.array([], pa.string() if c in texts else pa.int64()) for c in columns}))
        put_hits(engine, TYPE_SCHEMA.empty_table())
        assert engine.count("aux_hit") == 0


# --- blocks of ICD-10 -----------------------------------------------------------------------------------------------


def test_blocks_follow_each_other_inside_their_chapters() -> None:
    assert list(BLOCKS) == sorted(BLOCKS)
    ends = [(block[:3], block[-3:]) for block in BLOCKS]
    assert all(first <= last for first, last in ends)
    assert all(before[1] < after[0] for before, after in pairwise(ends))
    assert all(chapter_of(first) == chapter_of(last) != "" for first, last in ends)


@pytest.mark.parametrize(
    ("category", "block"),
    [("K35", "K35-K38"), ("C50", "C50"), ("I25", "I20-I25"), ("Y05", "X85-Y09"), ("K94", "K90-K93"), ("D49", "D37-D48"),
     ("9X9", ""), ("", "")],
)  # fmt: skip
def test_a_category_is_in_its_block_and_a_later_one_in_the_block_before_it(category: str, block: str) -> None:
    assert block_of(category) == block
