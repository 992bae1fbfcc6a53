"""How figures and names are written, and that labels in charts are whole and apart."""

import re
from decimal import Decimal

import pytest

from yibao.report import words
from yibao.report.charts import room, wrapped
from yibao.report.drawings import ranked, scatter, shares
from yibao.report.names import Names
from yibao.report.parameters import Parameters, label_of, value_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [("123456789.01", "1.23 亿元"), ("12345.00", "1.23 万元"), ("9999.99", "9,999.99 元"), ("-25000", "-2.50 万元")],
)
def test_a_headline_amount_is_short_and_names_its_unit(amount: str, text: str) -> None:
    assert words.large(Decimal(amount)) == text


def test_figures_are_rounded_half_up_and_separated() -> None:
    assert words.whole_yuan(Decimal("1234.50")) == "1,235"
    assert words.short_points(Decimal("1234567.8950")) == "1,234,567.90"
    assert words.whole_yuan(None) == words.percent(None) == words.number(None) == "—"
    assert words.ratio(1, 0) is None


def test_a_diagnosis_is_named_by_itself_its_unspecified_form_or_one_of_several_below() -> None:
    names = Names({"K35.300": "急性阑尾炎", "I10.x00": "高血压", "I25.103": "冠心病"})
    assert names.diagnosis("K35.3") == "急性阑尾炎"
    assert names.diagnosis("I10") == "高血压"
    assert names.diagnosis("I25.1") == "冠心病等"
    assert names.diagnosis("Z99") == ""
    assert names.diagnosis("I00-I99") == "循环系统疾病"


@pytest.mark.parametrize(
    ("scope", "dx", "px", "related", "text"),
    [
        ("core", "K35.3", "47.0100", "", "阑尾炎，切除"),
        ("core", "K35.3", "", "", "阑尾炎，内科诊疗"),
        ("related", "K35.3", "47.0100", "54.1900", "阑尾炎，切除，54.1900"),
        ("composite", "K35", "", "", "阑尾炎等，相关手术组"),
        ("chapter", "K00-K93", "", "", "消化系统疾病，相关手术组"),
    ],
)
def test_a_group_is_named_by_its_diagnosis_and_procedures(
    scope: str, dx: str, px: str, related: str, text: str
) -> None:
    names = Names({"K35.300": "阑尾炎"}, {"47.0100": "切除"})
    group = {"scope": scope, "dx": dx, "px": px, "related": related, "px_kind": "相关手术"}
    assert names.group(group) == text


def test_parameters_are_told_in_words_with_units() -> None:
    assert value_text("dip.core.min_cases", "15") == "15例"
    assert value_text("dip.deviation.low", "0.5") == "0.5倍"
    assert value_text("dip.core.mode", "fixed") == "固定病例数"
    assert value_text("own.key", "abc") == "abc"
    assert label_of("own.key") == "own.key"


def test_an_unverified_key_without_a_listed_value_still_stands_in_the_list() -> None:
    found = Parameters([{"parameters": [], "unverified": ["dip.core.min_cases"]}]).unverified()
    assert [(one.key, one.label, one.value) for one in found] == [("dip.core.min_cases", "核心病种最低病例数", "—")]


def _hospital(name: str, cmi: float, share: float, *, label: bool = True) -> dict[str, object]:
    return {"name": name, "hosp_lv": "3", "cmi": cmi, "share": share, "cases": 100, "pay": 1.0, "fee": 2.0,
            "label": label}  # fmt: skip


def _texts(svg: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_long_hospital_name_is_broken_into_lines_and_never_cut() -> None:
    long = "某某市某某区某某街道第一社区卫生服务中心附属康复护理院"
    assert "".join(wrapped(long, 8)) == long
    for drawing in ranked([_hospital(long, 1, 1), _hospital("乙医院", 1, 1)])[1:3]:
        svg = str(drawing)
        assert long in "".join(re.findall(r">([^<>]+)</t(?:ext|span)>", svg))
        assert "…" not in svg


def test_room_counts_a_chinese_character_as_wide_as_it_is_high() -> None:
    assert room(["医院"], 10) == 28
    assert room([]) == 8


def test_labels_that_would_cover_one_another_are_left_out_and_lone_ones_stand() -> None:
    crowd = [_hospital(f"拥挤的第{n}医院", 1 + n / 1000, 0.8) for n in range(6)]
    chart = scatter([_hospital("远处医院", 2.0, 1.2), *crowd], 0.9, "")
    named = [text for text in _texts(str(chart.wide)) if text.endswith("医院")]
    assert "远处医院" in named
    assert 2 <= len(named) < 7


def test_shares_are_told_in_words() -> None:
    chart = shares("x", "比例", "deviation", {"病例": {"low": 1.0, "normal": 3.0}})
    assert 'aria-label="病例中费用偏低占25.0%；病例中费用正常占75.0%"' in chart.wide
