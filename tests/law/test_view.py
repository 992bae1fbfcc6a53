"""How one value is found: two clocks, layers, conditions, rules and exceptions, and what is recorded."""

from datetime import date
from fractions import Fraction

import pytest

from yibao.kernel import Grade, Period, Source
from yibao.law import ConflictError, Law, Layer, MissingParameter, Origin, Parameter, ParameterTypeError, Value

DAY = date(2025, 6, 1)


def rule(
    value: Value,
    *,
    key: str = "a.b",
    unit: str = "text",
    start: date = date(2025, 1, 1),
    end: date | None = None,
    published: date = date(2024, 12, 1),
    grade: Grade = Grade.OFFICIAL,
    doc: str = "某文件",
    label: str = "",
    exception_to: str = "",
    status: str = "",
    **where: str | tuple[str, ...],
) -> Parameter:
    places = {name: (values,) if isinstance(values, str) else values for name, values in where.items()}
    return Parameter(
        key,
        value,
        unit,
        Period(start, end),
        Source(doc, published),
        grade,
        places,
        label=label,
        exception_to=exception_to,
        status=status,
        origin=Origin("测试", "x.yaml", 1, 1),
    )


def law(*layers: list[Parameter]) -> Law:
    return Law("990100", "甲市", [Layer(f"layer{i}", "层", tuple(one)) for i, one in enumerate(layers)])


def test_a_period_includes_its_first_and_its_last_day() -> None:
    one = law([rule("x", start=date(2025, 1, 1), end=date(2025, 12, 31))])
    assert one.at(date(2025, 1, 1)).text("a.b") == "x"
    assert one.at(date(2025, 12, 31)).text("a.b") == "x"
    assert not one.at(date(2024, 12, 31)).has("a.b")
    assert not one.at(date(2026, 1, 1)).has("a.b")


def test_a_later_publication_for_the_same_dates_is_a_correction_and_wins() -> None:
    wrong = rule("0.60", unit="ratio", published=date(2024, 12, 1))
    right = rule("0.65", unit="ratio", published=date(2025, 8, 1))
    for pair in ([wrong, right], [right, wrong]):
        assert law(pair).at(DAY).ratio("a.b") == Fraction(65, 100)


def test_as_known_on_a_day_a_later_correction_is_not_yet_seen() -> None:
    wrong = rule("0.60", unit="ratio", published=date(2024, 12, 1))
    right = rule("0.65", unit="ratio", published=date(2025, 8, 1))
    both = law([wrong, right])
    assert both.at(DAY, known=date(2025, 7, 31)).ratio("a.b") == Fraction(60, 100)
    assert both.at(DAY, known=date(2025, 8, 1)).ratio("a.b") == Fraction(65, 100)


def test_what_was_not_published_is_missing_and_the_message_says_when_it_came() -> None:
    with pytest.raises(MissingParameter, match=r"按 2024-11-30 已知.*2024-12-01 才发布"):
        law([rule("x")]).at(DAY, known=date(2024, 11, 30)).text("a.b")


def test_a_higher_layer_replaces_a_lower_one() -> None:
    stack = law([rule("国家")], [rule("市")], [rule("方案")])
    assert stack.at(DAY).text("a.b") == "方案"
    assert law([rule("国家")], [rule("市")]).at(DAY).text("a.b") == "市"


def test_a_higher_layer_that_does_not_match_leaves_the_lower_one() -> None:
    stack = law([rule("国家")], [rule("市三级", hosp_lv="3")])
    assert stack.at(DAY).text("a.b", hosp_lv="3") == "市三级"
    assert stack.at(DAY).text("a.b", hosp_lv="2") == "国家"


def test_a_condition_on_a_field_that_the_caller_does_not_give_does_not_hold() -> None:
    view = law([rule("三级", hosp_lv="3")]).at(DAY)
    assert view.text("a.b", hosp_lv="3") == "三级"
    with pytest.raises(MissingParameter, match="条件不符，现有条件：hosp_lv=3"):
        view.text("a.b")


def test_a_condition_may_list_the_values_it_allows() -> None:
    view = law([rule("x", insutype=("310", "390"))]).at(DAY)
    assert view.has("a.b", insutype="390")
    assert not view.has("a.b", insutype="340")


def test_an_exception_beats_the_rule_it_names() -> None:
    view = law([rule("一般", label="一般"), rule("老人", exception_to="一般", age="60+")]).at(DAY)
    assert view.text("a.b", age="60+") == "老人"
    assert view.text("a.b", age="40") == "一般"


def test_an_exception_to_an_exception_beats_both() -> None:
    rules = [
        rule("一般", label="一般"),
        rule("老人", label="老人", exception_to="一般", age="60+"),
        rule("优抚", exception_to="老人", age="60+", kind="优抚"),
    ]
    assert law(rules).at(DAY).text("a.b", age="60+", kind="优抚") == "优抚"


def test_two_exceptions_that_both_hold_are_an_error_naming_both_documents() -> None:
    rules = [
        rule("一般", label="一般"),
        rule("甲", exception_to="一般", age="60+", doc="甲文件"),
        rule("乙", exception_to="一般", kind="优抚", doc="乙文件"),
    ]
    with pytest.raises(ConflictError, match=r"2条例外同时成立") as caught:
        law(rules).at(DAY).text("a.b", age="60+", kind="优抚")
    assert "甲文件" in str(caught.value)
    assert "乙文件" in str(caught.value)


def test_a_narrower_condition_is_not_preferred_without_a_label() -> None:
    view = law([rule("一般"), rule("三级", hosp_lv="3")]).at(DAY)
    assert view.text("a.b", hosp_lv="2") == "一般"
    with pytest.raises(ConflictError, match="2条规定同时成立"):
        view.text("a.b", hosp_lv="3")


def test_a_missing_value_names_key_city_date_context_and_next_step() -> None:
    with pytest.raises(MissingParameter) as caught:
        law([rule("x")]).at(DAY).given(regime="dip2_0").text("a.c")
    message = str(caught.value)
    for part in ("a.c", "甲市（990100）", "2025-06-01", "regime=dip2_0", "处理：", "yibao law show"):
        assert part in message
    assert caught.value.finding.code == "parameter_missing"
    assert caught.value.finding.key == "a.c"


def test_a_missing_value_whose_dates_do_not_fit_says_which_dates_there_are() -> None:
    with pytest.raises(MissingParameter, match="2025-01-01 至 2025-03-31"):
        law([rule("x", end=date(2025, 3, 31))]).at(DAY).text("a.b")


def test_readers_return_exact_values() -> None:
    values = [
        rule("5‰", key="a.ratio", unit="ratio"),
        rule("2", key="a.times", unit="times"),
        rule("15", key="a.cases", unit="cases"),
        rule("1234.56", key="a.yuan", unit="yuan"),
        rule("1325.0001", key="a.points", unit="points"),
        rule("false", key="a.flag", unit="flag"),
        rule("1|2|7", key="a.text", unit="text"),
        rule(("1", "2", "7"), key="a.list", unit="list"),
        rule(({"码": "010203"},), key="a.table", unit="table"),
    ]
    view = law(values).at(DAY)
    assert view.ratio("a.ratio") == Fraction(5, 1000)
    assert view.ratio("a.times") == view.integer("a.times") == 2
    assert view.integer("a.cases") == view.ratio("a.cases") == 15
    assert view.money("a.yuan") == 123456
    assert view.points("a.points") == 13250001
    assert view.flag("a.flag") is False
    assert view.items("a.text") == view.items("a.list") == ("1", "2", "7")
    assert view.table("a.table") == ({"码": "010203"},)


@pytest.mark.parametrize("reader", ["ratio", "integer", "money", "points", "flag", "items", "text"])
def test_a_value_read_as_another_type_is_an_error(reader: str) -> None:
    view = law([rule(({"码": "1"},), unit="table")]).at(DAY)
    with pytest.raises(ParameterTypeError, match="单位是“表”"):
        getattr(view, reader)("a.b")


def test_a_fraction_is_not_read_as_a_whole_number() -> None:
    with pytest.raises(ParameterTypeError):
        law([rule("0.5", unit="times")]).at(DAY).integer("a.b")


def test_every_value_read_is_recorded_once_and_the_unverified_are_named() -> None:
    values = [
        rule("x", key="a.ok"),
        rule("x", key="a.assumed", grade=Grade.ASSUMED),
        rule("x", key="a.third", grade=Grade.THIRD_PARTY),
        rule("x", key="a.unread", grade=Grade.ASSUMED),
        rule("x", key="a.draft", status="draft"),
    ]
    view = law(values).at(DAY)
    inner = view.given(regime="dip2_0")
    for key in ("a.third", "a.ok", "a.assumed", "a.ok", "a.draft"):
        inner.text(key)
    assert [one.key for one in view.used] == ["a.third", "a.ok", "a.assumed", "a.draft"]
    assert view.unverified == ["a.assumed", "a.third"]
    assert view.drafts == ["a.draft"]


def test_asking_whether_a_value_exists_records_nothing() -> None:
    view = law([rule("x")]).at(DAY)
    assert view.has("a.b")
    assert view.find("a.c") is None
    assert view.used == []


def test_in_force_leaves_out_what_a_higher_layer_always_replaces() -> None:
    stack = law(
        [rule("国家"), rule("国家三级", key="a.c", hosp_lv="3")], [rule("市"), rule("市三级", key="a.c", hosp_lv="2")]
    )
    assert [(one.key, one.value) for one in stack.at(DAY).in_force()] == [
        ("a.b", "市"),
        ("a.c", "市三级"),
        ("a.c", "国家三级"),
    ]


def test_changes_are_the_days_on_which_a_value_differs_from_the_day_before() -> None:
    rules = [
        rule("1", end=date(2025, 6, 30)),
        rule("2", start=date(2025, 7, 1), end=date(2025, 9, 30)),
        rule("2", start=date(2025, 10, 1), published=date(2025, 9, 1)),
        rule("k", key="a.k", hosp_lv="3", start=date(2025, 3, 1)),
    ]
    one = law(rules)
    year = (date(2025, 1, 1), date(2025, 12, 31))
    assert one.changes(["a.b"], *year) == [date(2025, 7, 1)]
    assert one.changes(["a.b", "a.k"], *year) == [date(2025, 3, 1), date(2025, 7, 1)]
    assert one.changes(["a.k"], *year, hosp_lv="2") == []
    assert one.changes(["a.k"], *year, hosp_lv="3") == [date(2025, 3, 1)]


def test_a_value_that_ends_is_a_change_and_one_hidden_by_a_higher_layer_is_none() -> None:
    ends = [rule("1", end=date(2025, 6, 30))]
    year = (date(2025, 1, 1), date(2025, 12, 31))
    assert law(ends).changes(["a.b"], *year) == [date(2025, 7, 1)]
    assert law(ends, [rule("市")]).changes(["a.b"], *year) == []
