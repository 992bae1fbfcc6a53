"""The page and the workbook of a simulation: every figure is the room's, nothing is from outside, marks are shown."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import impact_hand as hand
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from yibao.engine import Engine
from yibao.flows.law import LawChange
from yibao.impact.measure import INPUTS, Closing, Impact, measure
from yibao.impact.response import ResponsePlan, Rule
from yibao.impact.search import Axis, Trial, frontier
from yibao.kernel import Grade, Period, Source, yuan
from yibao.law import Parameter
from yibao.report import charts
from yibao.report import impact_words as said
from yibao.report.impact import Doubt, ImpactFacts, ReformFacts, SearchFacts, write_book, write_page

SHEETS = [
    "目录",
    "总览",
    "参数变化",
    "基金支出",
    "群众负担",
    "受益与受损",
    "灾难性支出",
    "分解",
    "缴费与可支付月数",
    "例子",
]
SOURCE = Source("测算稿", date(2026, 1, 5))
CHANGES = [
    LawChange("变更", "benefit.rate", "统筹支付比例", "insutype=390，kind=inpatient|home_bed，hosp_lv=3", "0.65",
              "0.70", "细则（2023-09-20）", "测算稿（2026-01-05）"),
    LawChange("取消", "benefit.deductible", "起付线", "", "300", "", "细则（2023-09-20）", ""),
]  # fmt: skip


def facts(**more: Any) -> ImpactFacts:
    reforms = [
        ReformFacts(1, CHANGES, ["假定", "官方文件"], [Doubt("benefit.rate", "统筹支付比例", "0.70", "假定")], "out/1"),
        ReformFacts(2, CHANGES[1:], ["官方文件"], [], "out/2"),
    ]
    given = {"title": "住院待遇测算", "city": "某市", "period": "2025年1月至3月结算", "made_on": date(2025, 3, 31),
             "reforms": reforms, "base_run": "out/0"}  # fmt: skip
    return ImpactFacts(**{**given, **more})


@pytest.fixture(scope="module")
def impact() -> Impact:
    with Engine(threads=1) as engine:
        hand.put(engine)
        return measure(engine, hand.THRESHOLD)


@pytest.fixture(scope="module", autouse=True)
def _checked_charts() -> Iterator[None]:
    charts.CHECKED = True
    yield
    charts.CHECKED = False


def rule() -> Rule:
    where = {"kind": ("outpatient",)}
    parameter = Parameter("response.elasticity", "-0.2", "text", Period(date(2025, 1, 1)), SOURCE, Grade.ASSUMED, where)
    return Rule(parameter, Fraction(-1, 5), where)


def plan() -> ResponsePlan:
    cell = {"kind": "outpatient", "hosp_lv": "1", "insutype": "390", "visits": 200, "fee": 1, "burden_before": 1,
            "burden_after": 1, "elasticity_ppm": -200_000, "change_ppm": -12_345, "cut": 0, "share_before": 0.5,
            "share_after": 0.55}  # fmt: skip
    return ResponsePlan(pa.Table.from_pylist([cell]), 6, 3, 0, 1, [])


def a_search() -> SearchFacts:
    axes = [Axis("benefit.rate", 600_000, 800_000, 10_000), Axis("benefit.deductible", 300_00, 900_00, 50_00)]
    trials = [
        Trial((600_000, 300_00), 90, 5, 60),
        Trial((650_000, 300_00), 95, 7, 50),
        Trial((800_000, 900_00), 120, 1, 1),
    ]
    return SearchFacts("提高住院支付比例", 100, axes, ["支付比例", "起付线"], ["ratio", "yuan"], trials,
                       frontier(trials, 100))  # fmt: skip


@pytest.fixture(scope="module")
def folder(impact: Impact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("impact")
    told = facts(response=[rule()], plans={1: plan()}, search=a_search(), threshold_source="测算稿",
                 data_note="合成数据", doubts=[Doubt("civil.rate", "公务员补助比例", "0.5", "第三方整理")])  # fmt: skip
    write_page(out / "impact.html", impact, told)
    write_book(out / "impact.xlsx", impact, told)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "impact.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(folder: Path) -> dict[str, list[list[Any]]]:
    opened = CalamineWorkbook.from_path(folder / "impact.xlsx")
    return {name: opened.get_sheet_by_name(name).to_python() for name in opened.sheet_names}


def section(page: str, name: str) -> str:
    return page.split(f'<section id="{name}"')[1].split('\n<section id="')[0]


def text(part: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", "", part, flags=re.DOTALL)))


def tables_of(part: str) -> list[list[list[str]]]:
    """Bodies and last rows of the tables, as text."""
    found = []
    for body in re.findall(r"<table.*?</table>", part, re.DOTALL):
        rows = re.findall(r"<tr.*?</tr>", body.split("</thead>")[1], re.DOTALL)
        found.append([
            [unescape(re.sub(r"<[^>]+>", "|", one)).strip("|").replace("||", "|") for one in
             re.findall(r"<t[hd] .*?</t[hd]>", row, re.DOTALL)] for row in rows
        ])  # fmt: skip
    return found


def fen(value: Any) -> int:
    exact = Decimal(repr(value)) * 100
    assert exact == int(exact), value
    return int(exact)


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_opens_without_internet_and_without_script(page: str) -> None:
    assert not re.search(r"https?:|<script|<link|<img|@import|@font-face|url\((?!#)", page)
    assert page.startswith("<!doctype html>")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', page)
    assert set(links) <= set(ids)


def test_the_head_marks_what_is_assumed(page: str) -> None:
    head = text(page.split("<main>")[0])
    assert "行为反应：假定" in head
    assert "含未经核实的参数 2 项" in head
    assert "总数核对全部相符" in head
    assert "合成数据" in head
    doubted = text(section(page, "s1"))
    assert "公务员补助比例" in doubted
    assert "第三方整理" in doubted


def test_the_laws_stand_side_by_side_with_their_changes(page: str, impact: Impact) -> None:
    (side,) = tables_of(section(page, "s1"))
    rows = {row[0].strip(): row[1:] for row in side}
    base, *reforms = impact.tables["impact_summary"].to_pylist()
    for label, name in (("基金支出", "fund"), ("个人负担", "burden"), ("医疗费用", "fee")):
        expected = [said.money(base[name])]
        for one in reforms:
            change = one[name] - base[name]
            expected.append(said.money(one[name]) + (f"|{said.signed(change)}" if change else ""))
        assert rows[label] == expected
    assert rows["灾难性支出的人数（人）"] == ["2", "0", "2"]
    assert rows["少付的人"] == ["—", "2", "0"]
    assert "公务员补助" not in rows, "what no law pays is not listed"


def test_each_changed_parameter_has_its_conditions_in_words_and_its_grade(page: str) -> None:
    first, second, *_ = tables_of(section(page, "s2"))
    assert first[0] == [
        "统筹支付比例|benefit.rate", "险种：居民医保；类别：住院、家庭病床；机构等级：三级", "变更", "0.65", "0.70",
        "假定", "测算稿（2026-01-05）",
    ]  # fmt: skip
    assert second[0][1:] == ["全部", "取消", "300元", "—", "官方文件", "细则（2023-09-20）"]


def test_the_response_says_what_became_of_the_visits(page: str) -> None:
    told = text(section(page, "s2"))
    assert "6 次就诊中，减少 3 次，增加 0 次，换到其他等级 1 次" in told
    assert "-1.23%" in told
    assert "假定" in told


def test_the_tables_of_funds_and_people_are_the_measured_ones(page: str, impact: Impact) -> None:
    insurances = tables_of(section(page, "s3"))[0]
    whole = [row for row in insurances if not row[0].startswith("　")]
    after = [row for row in impact.tables["impact_summary"].to_pylist() if row["role"] == "reform"]
    for one, name in zip(after, ("提高住院支付比例", "提高门诊起付线"), strict=True):
        listed = [Decimal(row[3].replace(",", "")) for row in whole if row[1] == name]
        assert sum(listed) == yuan(one["fund"])
    bands = tables_of(section(page, "s5"))
    assert [row[:2] for row in bands[0]] == [
        ["少付500—1,000元", "2"], ["不变", "2"], ["没有就医", "1"], ["合计", "5"],
    ]  # fmt: skip
    assert bands[0][-1][3] == "-1,550.00"


def test_the_decomposition_ends_with_the_interaction_and_the_whole(page: str) -> None:
    first = tables_of(section(page, "s7"))[0]
    assert [row[:2] for row in first] == [
        ["支付比例|benefit.rate", "+1,650.00"], ["起付线|benefit.deductible", "-150.00"], ["交互项", "+50.00"],
        ["全部改革", "+1,550.00"],
    ]  # fmt: skip


def test_every_example_can_be_opened_under_both_laws(page: str, impact: Impact) -> None:
    commands = re.findall(r"<code>(.*?)</code>", section(page, "s9"))
    expected = []
    for row in impact.tables["impact_example"].to_pylist():
        expected += [f"yibao explain {row['setl_id']} --run out/{law}" for law in (0, row["law_no"])]
    assert commands == expected


def test_the_frontier_is_listed_with_its_reasons(page: str) -> None:
    (listed,) = tables_of(section(page, "search"))
    assert [(row[0], row[-1]) for row in listed] == [
        ("1 支付比例 0.6，起付线 300元", "灾难性支出人数最少"), ("2 支付比例 0.65，起付线 300元", "群众负担最低"),
    ]  # fmt: skip


def test_every_closing_is_shown_and_one_that_does_not_close_turns_the_badge(
    page: str, impact: Impact, tmp_path: Path
) -> None:
    (listed,) = tables_of(section(page, "s10"))
    assert len(listed) == len(impact.closings)
    assert {row[-1] for row in listed} == {"相符"}
    broken = impact._replace(closings=(*impact.closings, Closing(1, "fund", 1, 2)))
    write_page(tmp_path / "broken.html", broken, facts())
    told = (tmp_path / "broken.html").read_text(encoding="utf-8")
    assert "总数核对 1 项不符" in told
    assert 'class="wrong"' in told


def test_what_is_not_given_is_said(tmp_path: Path) -> None:
    lean = {name: table for name, table in hand.tables().items() if name in ("sim_law", "sim_claim", "sim_amount")}
    laws = [row for row in lean["sim_law"].to_pylist() if row["role"] != "single"]
    lean["sim_law"] = pa.Table.from_pylist(laws, INPUTS["sim_law"])
    with Engine(threads=1) as engine:
        hand.put(engine, lean)
        found = measure(engine, None)
    write_page(tmp_path / "lean.html", found, facts(reforms=[], base_run=""))
    write_book(tmp_path / "lean.xlsx", found, facts(reforms=[], base_run=""))
    page = (tmp_path / "lean.html").read_text(encoding="utf-8")
    assert "就诊行为不变" in page.split("<main>")[0]
    assert "界限未给出" in text(section(page, "s6"))
    assert "没有逐项测算" in text(section(page, "s7"))
    assert "yibao explain" not in page
    assert CalamineWorkbook.from_path(tmp_path / "lean.xlsx").sheet_names == [*SHEETS, "核对"]


def test_the_same_figures_give_the_same_page(page: str, impact: Impact, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(tmp_path / f"{name}.html", impact, facts())
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


# --- the workbook ---------------------------------------------------------------------------------------------------


def test_the_sheets_stand_in_their_order(book: dict[str, list[list[Any]]]) -> None:
    assert list(book) == [*SHEETS, "行为反应", "目标搜索", "核对"]
    assert book["目录"][2][0] == "行为反应：假定"
    assert "benefit.rate、civil.rate" in book["目录"][3][0]


def columns_of(sheet: list[list[Any]], *names: str) -> list[tuple[Any, ...]]:
    at = [sheet[2].index(name) for name in names]
    return [tuple(row[one] for one in at) for row in sheet[3:]]


@pytest.mark.parametrize(
    ("sheet", "table", "names"),
    [
        ("基金支出", "impact_fund", {"基金支出前（元）": "fund_before", "基金支出后（元）": "fund_after",
                                    "大病保险后（元）": "hifmi_after", "现金前（元）": "cash_before"}),
        ("受益与受损", "impact_change", {"负担前（元）": "burden_before", "变化（元）": "change"}),
        ("灾难性支出", "impact_catastrophic", {"超过界限前（元）": "over_before", "超过界限后（元）": "over_after"}),
        ("分解", "impact_split", {"基金支出增减（元）": "fund", "医疗救助增减（元）": "maf", "现金增减（元）": "cash"}),
        ("缴费与可支付月数", "impact_reserve", {"统筹支出后（元）": "spent_after", "累计结余后（元）": "balance_after",
                                            "个人缴费前（元）": "personal_before"}),
        ("例子", "impact_example", {"费用（元）": "medfee", "个人负担后（元）": "burden_after"}),
        ("总览", "impact_summary", {"基金支出（元）": "fund", "其中家庭共济（元）": "mulaid"}),
    ],
)  # fmt: skip
def test_the_workbook_has_the_measured_amounts_to_the_fen(
    book: dict[str, list[list[Any]]], impact: Impact, sheet: str, table: str, names: dict[str, str]
) -> None:
    cells = columns_of(book[sheet], *names)
    rows = impact.tables[table].to_pylist()
    assert [tuple(map(fen, row)) for row in cells] == [tuple(row[name] for name in names.values()) for row in rows]


def test_groups_and_months_stand_in_the_workbook(book: dict[str, list[list[Any]]], impact: Impact) -> None:
    groups = columns_of(book["群众负担"], "方案", "分组", "组别", "参保人数（人）", "有就医的人（人）")
    assert ("提高住院支付比例", "年龄", "5岁及以下", 1.0, 0.0) in groups
    assert ("提高住院支付比例", "灾难性支出", "原来有，改革后没有", 0.0, 2.0) in groups
    assert len(groups) == impact.tables["impact_burden"].num_rows
    months = columns_of(book["缴费与可支付月数"], "可支付月数前（月）", "可支付月数后（月）")
    assert months[0] == (8.8, 7.4)
    assert columns_of(book["目标搜索"], "支付比例", "起付线（元）", "达到目标")[0] == (0.6, 300.0, "是")
    assert {row[-1] for row in book["核对"][3:]} == {"相符"}


def test_laws_of_one_name_are_told_apart(tmp_path: Path) -> None:
    world = hand.tables()
    laws = [{**row, "name": "改革"} for row in world["sim_law"].to_pylist()]
    world["sim_law"] = pa.Table.from_pylist(laws, INPUTS["sim_law"])
    with Engine(threads=1) as engine:
        hand.put(engine, world)
        write_book(tmp_path / "one.xlsx", measure(engine, None), facts())
    sheet = CalamineWorkbook.from_path(tmp_path / "one.xlsx").get_sheet_by_name("总览").to_python()
    assert [row[0] for row in sheet[3:]] == ["改革（0）", "改革（1）", "改革（2）"]


def test_every_closing_and_band_has_its_words(impact: Impact) -> None:
    told = [said.closing(one)[0] for one in impact.closings]
    assert not [one for one in told if re.search(r"[a-z_]{4,}", one)]
    assert len({(one.law_no, words) for one, words in zip(impact.closings, told, strict=True)}) == len(told)
    assert [said.band(at) for at in (-6, -2, -1, 0, 1, 6, 9)] == [
        "少付10,000元以上", "少付100—500元", "少付100元以内", "不变", "多付100元以内", "多付10,000元以上", "没有就医",
    ]  # fmt: skip
