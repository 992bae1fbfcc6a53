"""加成系数: measures of last year, the highest step reached of each item, the cap, and faults of the law's steps."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.kernel import Grade, Period, Source
from yibao.law import Law, Layer, MissingParameter, Parameter, Value, View
from yibao.packs import load_law
from yibao.payment.addons import (
    ITEMS,
    AddonError,
    AddonRules,
    History,
    Step,
    addon_tables,
    addons,
    measures,
    read_addons,
)
from yibao.payment.terms import TermsError

HISTORY = History(n=8, n_grouped=7, fee=700_000, group_points=70_350_000, n_elderly=4, n_child=1, tcm_fee=70_000)
STEPS = [
    {"item": "cmi", "from": "0.8", "add": "0.01"}, {"item": "cmi", "from": "1.0", "add": "0.02"},
    {"item": "elderly", "from": "0.5", "add": "0.01"}, {"item": "child", "from": "20%", "add": "0.01"},
    {"item": "tcm", "from": "0.10", "add": "0.0125"}, {"item": "key_specialty", "from": "1", "add": "0.01"},
    {"item": "key_specialty", "from": "3", "add": "0.02"}, {"item": "credit", "from": "B", "add": "0.005"},
    {"item": "credit", "from": "A", "add": "0.01"},
]  # fmt: skip


def view(rows: Sequence[dict[str, str]], cap: str = "0.06", shape: str = "base_plus_addon") -> View:
    def one(key: str, value: Value, unit: str) -> Parameter:
        source = Source("实施办法", date(2024, 12, 1))
        return Parameter(key, value, unit, Period(date(2025, 1, 1), None), source, Grade.OFFICIAL)

    parameters = (
        one("dip.coef.shape", shape, "text"), one("dip.coef.addons", tuple(rows), "table"),
        one("dip.coef.addon_cap", cap, "ratio"),
    )  # fmt: skip
    return Law("370300", "甲市", [Layer("city", "甲市", parameters)]).at(date(2025, 12, 31))


def rules(cap: str = "0.06") -> AddonRules:
    return read_addons(view(STEPS, cap), "dip2_0")


def test_the_measures_are_those_of_last_years_cases() -> None:
    assert measures(HISTORY, 3, "A", 1000) == {
        "cmi": Fraction(70_350_000, 7 * 10**7), "elderly": Fraction(1, 2), "child": Fraction(1, 8),
        "tcm": Fraction(1, 10), "key_specialty": Fraction(3), "credit": Fraction(4),
    }  # fmt: skip


def test_what_the_data_do_not_have_is_no_measure_and_adds_nothing() -> None:
    assert measures(None, None, "", 1000) == {}
    assert measures(HISTORY._replace(n=0, n_grouped=0, fee=0), None, "", 1000) == {}
    unknown = measures(HISTORY._replace(tcm_fee=None, n_child=None, n_elderly=None), 0, "", 1000)
    assert set(unknown) == {"cmi", "key_specialty"}
    items, whole = addons("H9", {}, rules())
    assert whole == 0
    assert [(row.item, row.measure, row.add) for row in items] == [(item, "无数据", 0) for item in ITEMS]


def test_each_item_adds_its_highest_step_reached_and_a_step_is_reached_at_its_start() -> None:
    items, whole = addons("H1", measures(HISTORY, 3, "A", 1000), rules("1"))
    assert [(row.item, row.measure, row.add) for row in items] == [
        ("cmi", "1.0050", 200), ("elderly", "50.00%", 100), ("child", "12.50%", 0), ("tcm", "10.00%", 125),
        ("key_specialty", "3", 200), ("credit", "A", 100),
    ]  # fmt: skip
    assert whole == 725


def test_a_measure_that_prints_as_the_step_but_is_below_it_does_not_reach_it() -> None:
    items, _ = addons("H1", {"elderly": Fraction(49_999_999, 10**8)}, rules())
    assert (items[1].measure, items[1].add) == ("50.00%", 0)


@pytest.mark.parametrize(("grade", "add"), [("A", 100), ("B", 50), ("C", 0), ("D", 0), ("", 0)])
def test_a_better_credit_grade_reaches_the_step_of_a_worse_one(grade: str, add: int) -> None:
    assert addons("H1", measures(None, None, grade, 1000), rules())[0][-1].add == add


def test_all_items_together_are_capped() -> None:
    assert addons("H1", measures(HISTORY, 3, "A", 1000), rules("0.06"))[1] == 600


def test_a_coefficient_of_the_base_alone_has_no_add_ons() -> None:
    none = read_addons(view(STEPS, shape="base_only"), "dip2_0")
    assert none == AddonRules({}, 0)
    assert addons("H1", measures(HISTORY, 3, "A", 1000), none)[1] == 0


def test_every_fault_of_the_steps_is_listed_at_once() -> None:
    rows = [
        {"item": "age", "from": "1", "add": "0.01"}, {"item": "cmi", "from": "1.0", "add": "0.02"},
        {"item": "cmi", "from": "0.8", "add": "0.03"}, {"item": "tcm", "from": "", "add": "0.01"},
        {"item": "credit", "from": "E", "add": "0.01"}, {"item": "credit", "from": "A", "add": "0.02"},
        {"item": "credit", "from": "B", "add": "0.03"}, {"item": "child", "from": "0.1", "add": "0.00001"},
        {"item": "elderly", "from": "0.1", "add": "-0.01"}, {"item": "key_specialty", "from": "1", "add": "0.02"},
        {"item": "key_specialty", "from": "2", "add": "0.02"},
    ]  # fmt: skip
    with pytest.raises(AddonError) as caught:
        read_addons(view(rows), "dip2_0")
    text = str(caught.value)
    assert text.startswith("参数“dip.coef.addons”（加成系数标准）有误：")
    assert [place for place in range(1, 12) if f"第{place}行" in text] == [1, 3, 4, 5, 7, 8, 9, 11]
    assert "“age”不认识" in text and "“E”" in text and "逐档增大" in text
    assert isinstance(caught.value, TermsError)


def test_the_demonstrations_steps_are_sound_and_a_law_without_them_is_refused_by_key() -> None:
    found = read_addons(load_law("zibo", ["demo"]).at(date(2025, 12, 31)), "dip2_0")
    assert found.cap > 0 and set(found.steps) <= set(ITEMS)
    with pytest.raises(MissingParameter, match=r"dip\.coef\.addons"):
        read_addons(load_law("zibo").at(date(2025, 12, 31)), "dip2_0")


measure = st.fractions(0, 2, max_denominator=50)


@given(st.dictionaries(st.sampled_from([*ITEMS][:4]), st.lists(measure, max_size=5, unique=True)),
       st.dictionaries(st.sampled_from([*ITEMS][:4]), measure), st.integers(0, 900))  # fmt: skip
def test_the_add_is_the_sum_of_the_last_steps_not_above_the_measures(
    starts: dict[str, list[Fraction]], measured: dict[str, Fraction], cap: int
) -> None:
    steps = {item: [Step(at, 100 * (n + 1)) for n, at in enumerate(sorted(found))] for item, found in starts.items()}
    items, whole = addons("H1", measured, AddonRules(steps, cap))
    expected = {
        item: 100 * sum(at <= measured[item] for at in starts.get(item, ())) if item in measured else 0
        for item in ITEMS
    }
    assert {row.item: row.add for row in items} == expected
    assert whole == min(cap, sum(expected.values()))


def test_the_tables_have_a_row_for_each_institution_and_item() -> None:
    every = [addons(code, measures(HISTORY, n, "B", 1000), rules()) for n, code in enumerate(("H1", "H2"))]
    sums, items = addon_tables(every)
    assert sums.to_pylist() == [{"fixmedins_code": "H1", "addon": 475}, {"fixmedins_code": "H2", "addon": 575}]
    assert items.num_rows == 2 * len(ITEMS)
    assert addon_tables([])[0].column_names == ["fixmedins_code", "addon"]
