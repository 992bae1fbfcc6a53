"""Findings, places, sources and steps read as a clerk would say them."""

from datetime import date

import pytest

from yibao.kernel import Finding, Grade, Place, Severity, Source, Step


def test_a_finding_says_where_what_and_what_next() -> None:
    place = Place("cases.csv", 7, "medfee_sumamt", "-1")
    finding = Finding("fee_negative", Severity.ERROR, "医疗费总额不能为负", place, next_step="核对收费记录")
    assert str(finding) == "错误 cases.csv 第7行 “medfee_sumamt”列，值“-1”：医疗费总额不能为负；处理：核对收费记录"


def test_a_finding_without_a_place_has_no_colon_for_it() -> None:
    assert str(Finding("x", Severity.WARNING, "缺少列")) == "提醒 缺少列"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), ""),
        (Place("a.xlsx"), "a.xlsx"),
        (Place(row=3), "第3行"),
        (Place("a.xlsx", 3), "a.xlsx 第3行"),
        (Place(value="x"), "，值“x”"),
    ],
)
def test_a_place_names_only_what_is_known(place: Place, text: str) -> None:
    assert str(place) == text


def test_only_official_and_published_values_are_verified() -> None:
    assert [grade for grade in Grade if grade.verified] == [Grade.OFFICIAL, Grade.PUBLISHED]
    assert all(grade.label and not grade.label.isascii() for grade in Grade)
    assert all(severity.label and not severity.label.isascii() for severity in Severity)


def test_a_source_names_document_article_and_day() -> None:
    assert str(Source("办法", date(2024, 12, 20), "四(四)")) == "办法·四(四)（2024-12-20）"
    assert str(Source("办法", date(2024, 12, 20))) == "办法（2024-12-20）"


def test_a_step_is_a_value() -> None:
    assert Step("点数", "1325.0000", "分") == Step("点数", "1325.0000", "分")
    assert not Step("点数", "1").unverified
