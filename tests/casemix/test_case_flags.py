"""违规行为监督个性特征: the flags of a case, each at its bound, and that none of them changes a score."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from aux_city import put_assigned
from test_local_catalogue import facts, listed

from yibao.casemix.dip import FLAG_NAMES, FlagTerms, flag_cases, place_local, read_flags
from yibao.casemix.dip.aux_terms import LocalTerms
from yibao.engine import Engine
from yibao.law import MissingParameter
from yibao.packs import load_law

TERMS = FlagTerms(15, ("Z49", "Z51"), Fraction(3, 10), Fraction(3), Fraction(1, 1000))
LOCAL = LocalTerms(Fraction(1), 1, 15, None, None, None, None)
GOOD: dict[str, Any] = {"dx": ["K35.300"], "age": 40, "sex": "1", "stay": 5, "fee": 1_000_000, "day": date(2025, 6, 10),
                        "admitted": date(2025, 6, 5)}  # fmt: skip
KNOWN = facts(G={"n": 1000, "n_days": 1000, "days": 5000, "deaths": 1})
MEANS = pa.table({"dip_code": ["G"], "mean_fee": pa.array([1_000_000], pa.int64()),
                  "mean_fee_lv1": pa.array([500_000], pa.int64()), "mean_fee_lv2": pa.array([None], pa.int64()),
                  "mean_fee_lv3": pa.array([2_000_000], pa.int64())})  # fmt: skip


def flags(
    cases: Sequence[dict[str, Any]],
    known: pa.Table = KNOWN,
    terms: FlagTerms | None = TERMS,
    absent: Sequence[str] = (),
    lists: pa.Table | None = None,
) -> list[set[str]]:
    """The flags of hand-made cases, by the product's own SQL."""
    with Engine() as engine:
        put_assigned(engine, cases)
        engine.put("catalogue_points", pa.table({"dip_code": ["G"], "points": [10_000]}))
        place_local(engine, listed() if lists is None else lists, known, LOCAL)
        columns = {"case_no": pa.int64(), "aux_kind": pa.string(), "aux_type": pa.string(), "aux": pa.int64()}
        engine.put("aux_hit", pa.schema(list(columns.items())).empty_table())
        engine.pipeline("yibao.casemix.dip", ("grouped",))
        before = engine.fetch("SELECT * FROM grouped ORDER BY case_no")
        flag_cases(engine, terms, MEANS, absent)
        assert engine.fetch("SELECT * FROM grouped ORDER BY case_no").equals(before), "a flag never changes a score"
        found: list[set[str]] = [set() for _ in cases]
        for case_no, flag in engine.rows("SELECT case_no, flag FROM case_flag"):
            assert flag in FLAG_NAMES and flag not in found[case_no]
            found[case_no].add(flag)
    return found


def test_day_and_bed_day_cases_are_never_low_standard() -> None:
    """They are paid by the day's points: that their fee is low beside the whole group says nothing."""
    low = {**GOOD, "fee": 1_000}
    assert flags([low]) == [{"low_standard"}]
    day = {**low, "stay": 1, "admitted": date(2025, 6, 9)}
    assert flags([day], lists=listed(("day", "G", None))) == [set()]
    bed_day = {**low, "stay": 15, "admitted": date(2025, 5, 26)}
    assert flags([bed_day], lists=listed(("bed_day", "G", None))) == [set()]
    assert flags([{**low, "tcm": 1_000}], lists=listed(("tcm", "G", None))) == [{"low_standard"}]


def test_a_good_record_has_no_flag() -> None:
    assert flags([GOOD]) == [set()]


def stays(*spans: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """(person, principal diagnosis, admission, discharge) of 2025 as month-day."""
    found = []
    for person, dx, first, last in spans:
        admitted, day = date.fromisoformat(f"2025-{first}"), date.fromisoformat(f"2025-{last}")
        found.append({**GOOD, "person": person, "dx": [dx], "admitted": admitted, "day": day,
                      "stay": (day - admitted).days})  # fmt: skip
    return found


def test_in_again_within_the_days_for_the_same_category_is_a_readmission_of_the_later_stay() -> None:
    cases = stays(
        ("P", "K35.300", "01-01", "01-05"), ("P", "K35.900", "01-20", "01-22"), ("P", "K35.300", "02-07", "02-09")
    )
    cases[1]["hospital"] = "H2"
    assert [("readmission" in one) for one in flags(cases)] == [False, True, False]


@pytest.mark.parametrize(
    ("second", "is_one"),
    [(("P", "K35.300", "01-05", "01-06"), True), (("P", "K36.000", "01-06", "01-08"), False),
     (("Q", "K35.300", "01-06", "01-08"), False), (("P", "K35.300", "01-21", "01-25"), False)],
)  # fmt: skip
def test_another_person_another_disease_or_a_later_day_is_none(second: tuple[str, str, str, str], is_one: bool) -> None:
    found = flags(stays(("P", "K35.300", "01-01", "01-05"), second))
    assert ("readmission" in found[1]) == is_one


@pytest.mark.parametrize("dx", ["Z51.100", "Z49.100"])
def test_planned_stays_for_chemotherapy_and_dialysis_are_exempt(dx: str) -> None:
    assert flags(stays(("P", dx, "01-01", "01-05"), ("P", dx, "01-08", "01-12"))) == [set(), set()]


def test_without_an_admission_date_the_days_stated_tell_when_a_stay_began() -> None:
    cases = stays(("P", "K35.300", "01-01", "01-05"), ("P", "K35.300", "01-20", "01-30"))
    cases[1]["admitted"] = None
    assert "readmission" in flags(cases)[1]
    assert "readmission" not in flags([cases[0], {**cases[1], "stay": 9}])[1]
    assert not any("readmission" in one for one in flags([{**case, "person": None} for case in cases]))


def test_low_cost_is_measured_at_the_level_and_strictly_below_the_share() -> None:
    fees = [("1", 150_000), ("1", 149_999), ("2", 300_000), ("2", 299_999), ("3", 599_999), (None, 299_999)]
    found = flags([{**GOOD, "level": level, "fee": fee} for level, fee in fees])
    assert ["low_standard" in one for one in found] == [False, True, False, True, True, True]


def test_a_long_stay_reaches_the_multiple_of_the_mean_and_bed_day_cases_are_apart() -> None:
    def stay(days: int) -> dict[str, Any]:
        return {**GOOD, "stay": days, "admitted": None}

    assert [("long_stay" in one) for one in flags([stay(14), stay(15)])] == [False, True]
    assert "long_stay" not in flags([stay(15)], lists=listed(("bed_day", "G", None)))[0]
    assert "long_stay" not in flags([stay(99)], known=facts(G={"n": 9}))[0], "no days are known of the history"


def test_a_death_in_a_group_of_low_risk_is_flagged_at_the_bound() -> None:
    died = {**GOOD, "way": "5"}
    assert "death_risk" in flags([died])[0]
    assert "death_risk" not in flags([died], known=facts(G={"n": 999, "deaths": 1}))[0]
    assert "death_risk" not in flags([{**died, "type": "composite"}])[0]
    assert "death_risk" not in flags([GOOD])[0]


@pytest.mark.parametrize(
    "fault",
    [{"age": None}, {"sex": None}, {"sex": "9"}, {"stay": 6}, {"stay": None, "admitted": None}],
)
def test_a_record_that_lacks_or_contradicts_itself_is_flagged(fault: dict[str, Any]) -> None:
    assert flags([{**GOOD, **fault}]) == [{"record_quality"}]


def test_a_newborn_with_its_days_has_an_age_and_a_column_no_file_has_is_no_fault_of_a_record() -> None:
    assert flags([{**GOOD, "age": None, "days": 3}]) == [set()]
    bare = {**GOOD, "age": None, "sex": None, "stay": None, "admitted": None}
    assert flags([bare], absent=["age", "gend", "act_ipt_days", "adm_date"]) == [set()]
    assert flags([bare], absent=["age", "gend", "act_ipt_days"]) == [{"record_quality"}]


def test_without_the_law_there_are_no_flags_and_a_part_of_it_is_an_error() -> None:
    assert flags([{**GOOD, "age": None}], terms=None) == [set()]
    assert read_flags(load_law("zibo").at(date(2025, 6, 1)), "dip2_0") is None
    assert read_flags(load_law("zibo", ["demo"]).at(date(2025, 6, 1)), "dip2_0") == TERMS


def test_a_directory_with_one_bound_missing_names_it(tmp_path: Any) -> None:
    row = ("- {key: dip.flags.low_ratio, where: {regime: dip2_0}, from: 2025-01-01, value: '0.3', unit: ratio,\n"
           "   source: {doc: 测试, published: 2025-01-01}, grade: assumed}\n")  # fmt: skip
    (tmp_path / "one.yaml").write_text(row, encoding="utf-8")
    view = load_law("zibo", [str(tmp_path / "one.yaml")]).at(date(2025, 6, 1))
    with pytest.raises(MissingParameter, match=r"dip\.flags\.readmit_days"):
        read_flags(view, "dip2_0")
