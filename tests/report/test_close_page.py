"""The page of a closed year: self-contained, whole, in units, safe, repeatable, and red where a total is off."""

import json
import re
import shutil
from decimal import Decimal
from html import unescape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_close import EXTREME, GRANTED, OVER_QUOTA, SHARE, write

from yibao.report import charts
from yibao.report.close import Names, write_close_report
from yibao.report.result import ReportError
from yibao.tables import ResultFolderError

HOSTILE = '<script>alert("1")</script>&\'医院'
NAMES = Names(
    diagnoses={"K35.300": "急性阑尾炎", "J18.900": "肺炎", "I63.900": "脑梗死"},
    procedures={"47.0100": "腹腔镜下阑尾切除术"},
    hospitals={"H1": "甲医院", "H2": HOSTILE, "H3": "丙县医院", "H4": "丁医院", "H5": "戊镇卫生院", "H6": "己卫生院"},
)
SECTIONS = [
    "概览", "预算", "点值", "月度结算", "年度清算", "预付金", "病种与分型", "特例单议和除外", "异地", "床位",
    "病例举例", "指标", "账务与核对", "参数",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("close"))


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return made(folder, tmp_path_factory.mktemp("page") / "report.html")


def made(folder: Path, out: Path) -> str:
    write_close_report(folder, out, names=NAMES, data_note="手工<病例>", title="清算<1>")
    return out.read_text(encoding="utf-8")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def changed(folder: Path, target: Path, table: str, column: str, by: Decimal | int) -> Path:
    """A copy of the folder with ``by`` added to every cell of a column."""
    shutil.copytree(folder, target)
    rows = pq.read_table(target / f"{table}.parquet")
    at = rows.schema.get_field_index(column)
    values = pa.array([value + by for value in rows[column].to_pylist()], rows.schema.field(column).type)
    pq.write_table(rows.set_column(at, column, values), target / f"{table}.parquet")
    return target


def test_the_page_opens_without_internet_and_without_script(page: str) -> None:
    assert not re.search(r"https?:|//\w|<script|<link|<img|@import|@font-face|url\((?!#)", page)
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")


def test_the_page_has_its_fourteen_sections_in_order_and_links_to_each(page: str) -> None:
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert [head.split(maxsplit=1)[1] for head in heads] == SECTIONS
    assert re.findall(r'<a href="#(s\d+)">', page) == re.findall(r'<section id="(s\d+)"', page)


def test_every_table_names_its_unit_and_has_full_rows(page: str) -> None:
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) >= 30
    for table in tables:
        caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
        assert caption and re.search(r"单位：\S", text_of(caption[1])), table[:200]
        cells = {len(re.findall(r"<t[hd][ >]", row)) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)}
        assert len(cells) == 1, table[:200]


@pytest.mark.parametrize(
    "axis",
    ["当月金额（万元）", "月份（月）", "金额（万元）", "出院月份（月）", "记账额与应付额之比（%）",
     "应付额（万元，对数刻度）", "占用床日与可支付床日之比（%）", "区县（医保区划代码）",
     "组内费用变异系数 CV（无单位）"],
)  # fmt: skip
def test_every_axis_is_labelled_in_chinese_with_its_unit(page: str, axis: str) -> None:
    assert axis in "".join(re.findall(r"<text[^>]*>([^<]*)</text>", page))


def test_every_chart_says_in_words_what_it_shows_and_shares_no_id(page: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) == 2 * 10, "plan, months, ratio and largest for two funds, beds, auxiliary types"
    assert all(re.match(r'<svg role="img" aria-label="[^"]{4,}"', svg) and "<title>" in svg for svg in charts)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_hostile_names_are_escaped_in_tables_and_charts(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<title>清算&lt;1&gt;</title>" in page


def test_the_same_folder_gives_the_same_page(folder: Path, page: str, tmp_path: Path) -> None:
    assert made(folder, tmp_path / "again.html") == page


def test_every_band_has_a_hospital_by_name_worked_to_its_final_amount(folder: Path, page: str) -> None:
    shown = re.findall(r"<h3>([^<]*)</h3>\s*<p class=\"who\">([^<]*)</p>(.*?)</section>", page, re.DOTALL)
    told = {title: (unescape(who), text_of(steps)) for title, who, steps in shown}
    assert set(told) == {row["label"] for row in SHARE}
    codes = {name: code for code, name in NAMES.hospitals.items()}
    rows = pq.read_table(folder / "clearing.parquet").to_pylist()
    for label, (who, steps) in told.items():
        name, _, fund = who.rpartition("，")
        key = (codes[name], {"职工医保": "310", "居民医保": "390"}[fund])
        row = next(one for one in rows if (one["fixmedins_code"], one["fund_type"]) == key)
        assert row["band"] == label
        assert f"年末应付 {row['final']:,.2f} 元" in steps


def test_the_formula_of_a_band_stands_with_the_figures_of_the_hospital(page: str) -> None:
    text = text_of(page)
    assert re.search(r"超支5%以内，基金分担70%：应付额[\d,.]+ ×（1 \+ 0.70 ×（1.03\d{4} − 1））", text)
    assert re.search(r"超支10%以上，不再分担：应付额[\d,.]+ × 1.06", text)


def test_prepayments_are_granted_and_refused_by_name_with_the_reason(page: str) -> None:
    text = text_of(page)
    assert re.search(r"没有预付的医疗机构和原因 .*丁医院 职工医保 信用等级不予预付", text)
    assert "基金累计结余可支付月数不足" in text


def test_special_reviews_are_shown_granted_and_refused_by_quota(page: str) -> None:
    text = text_of(page)
    assert re.search(rf"通过的病例举例 .*{GRANTED}.*超过限额未批的病例举例 .*{OVER_QUOTA}", text)
    assert "申请 4 例，通过 1 例，限额 1 例" in text


def test_a_primary_care_disease_has_one_standard_at_every_level(page: str) -> None:
    assert re.search(r"“J18.9-保守治疗 肺炎，内科诊疗”在 3 个等级的医疗机构都是同一标准 [\d,.]+ 元", text_of(page))


def test_a_low_a_high_and_an_extreme_case_are_told_to_the_clearing(page: str) -> None:
    heads = re.findall(r"<h3>(费用\S+)一例：(\S+)</h3>", page)
    assert [kind for kind, _ in heads] == ["费用偏低", "费用偏高", "费用极高"]
    assert dict(heads)["费用极高"] == EXTREME
    assert "照此比例，本例相当于" in page


def test_totals_that_close_are_said_to_close(page: str) -> None:
    assert "勾稽核对全部相符" in page
    assert page.count(">相符<") > 50
    assert ">不符<" not in page


@pytest.mark.parametrize(
    ("table", "column", "by", "said"),
    [
        ("values", "fund", Decimal("0.01"), "职工医保：各病例应付额之和 = 可分配基金（元）"),
        ("clearing", "final", Decimal("0.01"), "已按月支付 + 已预付 + 年末应付 = 应结算额 − 违规扣减"),
        ("clearing", "cases", 1, "各机构病例之和 = 按病种分值付费的病例（例）"),
        ("months", "paid", Decimal("0.01"), "各月实付之和 = 已按月支付之和（元）"),
        ("postings", "amount", Decimal("1.00"), "记账：月度结算凭证合计 = 清算结果（元）"),
        ("groups", "pay", Decimal("0.01"), "医共体甲县医共体（职工医保）：成员清算支付之和 = 合计（元）"),
        ("prepay", "amount", Decimal("1.00"), "预付金之和 = 清算中收回的预付金（元）"),
    ],
)  # fmt: skip
def test_a_total_that_is_off_turns_the_badge_red_and_is_named(
    folder: Path, tmp_path: Path, table: str, column: str, by: Decimal | int, said: str
) -> None:
    page = made(changed(folder, tmp_path / "closed", table, column, by), tmp_path / "page.html")
    assert re.search(r'badge bad">勾稽核对 \d+ 项不符', page)
    wrong = "".join(re.findall(r'<tr class="wrong">.*?</tr>', page, re.DOTALL))
    assert said in text_of(wrong)


def test_a_folder_without_a_catalogue_still_makes_a_page(folder: Path, tmp_path: Path) -> None:
    alone = tmp_path / "closed"
    shutil.copytree(folder, alone, ignore=shutil.ignore_patterns("catalogue"))
    assert "勾稽核对全部相符" in made(alone, tmp_path / "page.html")


def test_names_of_the_run_are_used_where_none_are_given(folder: Path, tmp_path: Path) -> None:
    named = tmp_path / "closed"
    shutil.copytree(folder, named)
    (named / "names.json").write_text(json.dumps({"hospitals": {"H1": "自带名称医院"}}), encoding="utf-8")
    write_close_report(named, tmp_path / "page.html")
    assert "自带名称医院" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_catalogue_of_another_run_is_refused_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "catalogue"
    shutil.copytree(folder / "catalogue", other)
    summary = other / "summary.json"
    text = summary.read_text(encoding="utf-8")
    summary.write_text(text.replace('"core_min": 15', '"core_min": 16'), encoding="utf-8")
    with pytest.raises(ReportError, match="不是这次清算所用的目录"):
        write_close_report(folder, tmp_path / "page.html", catalogue=other)
    assert not (tmp_path / "page.html").exists()


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultFolderError, match="yibao close"):
        write_close_report(tmp_path, tmp_path / "page.html")


def test_the_page_is_made_for_a4_and_for_phones(page: str) -> None:
    assert "@page across { size: A4 landscape" in page
    assert "@media print" in page
    assert "@media (max-width: 720px)" in page


# --- findings and excluded items ------------------------------------------------------------------------------------


def told(folder: Path, target: Path, **facts: object) -> str:
    """The page of a copy of the folder whose summary holds these facts besides."""
    shutil.copytree(folder, target)
    summary = json.loads((target / "summary.json").read_text(encoding="utf-8"))
    (target / "summary.json").write_text(json.dumps(summary | facts, ensure_ascii=False), encoding="utf-8")
    return made(target, target.parent / "page.html")


def finding(code: str, number: int) -> dict[str, str]:
    return {"severity": "提醒", "code": code, "message": f"{code}第{number}条<b>", "place": "", "cause": "原因在此",
            "next_step": "核查", "key": "H1"}  # fmt: skip


def test_a_few_findings_of_each_kind_stand_open_and_the_rest_are_folded(folder: Path, tmp_path: Path) -> None:
    found = [*(finding("beds_excess", n) for n in range(9)), finding("late", 0)]
    page = told(folder, tmp_path / "closed", findings=found, findings_total=321)
    part, folded = page.split("<details>")
    assert "beds_excess第3条&lt;b&gt;" in part and "late第0条" in part and "beds_excess第4条" not in part
    assert "展开同类的其余 5 条" in folded and "beds_excess第8条" in folded.split("</details>")[0]
    text = text_of(page)
    assert "共321条，其中10条在本页，全部见 findings.xlsx" in text
    assert "原因：原因在此" in text and "甲医院" in text


def test_a_run_without_findings_has_no_table_of_them(folder: Path, tmp_path: Path) -> None:
    page = told(folder, tmp_path / "closed", findings=[], findings_total=0)
    assert "清算过程中发现的问题" not in page and "<details>" not in page


def test_the_dearest_excluded_drugs_are_listed_and_the_sum_holds_all(folder: Path, tmp_path: Path) -> None:
    items = [{"med_list_codg": f"X{n:03}", "item_name": f"药{n:03}", "cases": n, "amount": f"{n}.10"}
             for n in range(1, 41)]  # fmt: skip
    text = text_of(told(folder, tmp_path / "closed", excluded_items=items))
    assert "药040 X040 40 40.10" in text and "药011" in text and "药010" not in text
    assert "只列费用最多的30种，共40种" in text and "全部 40种 824.00" in text


def test_every_chart_holds_against_the_schema_of_vega_lite(
    folder: Path, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "CHECKED", True)
    assert made(folder, tmp_path / "report.html") == page
