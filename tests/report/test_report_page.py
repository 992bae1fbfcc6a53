"""The page: self-contained, whole, in units, safe against hostile names, and its totals close."""

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_run import Run, write

from yibao.report.dip import Names, write_report
from yibao.report.result import ReportError
from yibao.tables import ResultFolderError

HOSTILE = '<script>alert("1")</script>&\'医院'
NAMES = Names(
    diagnoses={"K35.300": "急性阑尾炎伴局限性腹膜炎", "J18.900": "肺炎"},
    procedures={"47.0100": "腹腔镜下阑尾切除术"},
    hospitals={"H1": "甲镇卫生院", "H3": HOSTILE},
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    out = tmp_path_factory.mktemp("page") / "report.html"
    write_report(run.catalogue, run.priced, out, title="报告<1>", names=NAMES, data_note="手工<病例>")
    return out.read_text(encoding="utf-8")


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_page_opens_without_internet_and_without_script(page: str) -> None:
    assert not re.search(r"https?:|//\w|<script|<link|<img|@import|@font-face|url\((?!#)", page)
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")


def test_the_page_has_its_eight_sections_in_order(page: str) -> None:
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    names = ["概览", "资金流向", "病种目录", "费用偏差", "月度变化", "未入组和拒收", "计算过程", "总数核对"]
    assert [head.split()[1] for head in heads] == names


def test_every_table_names_its_unit(page: str) -> None:
    tables = re.findall(r"<table.*?</table>", page, re.DOTALL)
    assert len(tables) >= 9
    for table in tables:
        caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
        assert caption and re.search(r"单位：\S", text_of(caption[1])), table[:200]


def test_every_row_has_as_many_cells_as_its_table_has_columns(page: str) -> None:
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        cells = {len(re.findall(r"<t[hd][ >]", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)}
        assert len(cells) == 1, table[:200]


def test_every_chart_says_in_words_what_it_shows_and_shares_no_id(page: str) -> None:
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) == 2 * 8, "eight charts, for wide pages and for phones"
    for svg in charts:
        assert re.match(r'<svg role="img" aria-label="[^"]{4,}"', svg)
        assert "<title>" in svg
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "axis",
    ["支付金额（万元）", "病例组合指数 CMI（倍", "支付金额与医疗总费用之比（%）", "占比（%）", "病种数（个）",
     "病例医疗总费用（元，对数刻度）", "病例数（例）", "例均费用（元）", "出院月份（月）", "病例费用与标准之比（倍"],
)  # fmt: skip
def test_every_axis_is_labelled_in_chinese_with_its_unit(page: str, axis: str) -> None:
    assert axis in "".join(re.findall(r"<text[^>]*>([^<]*)</text>", page))


def test_hostile_names_are_escaped_in_tables_and_charts(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<title>报告&lt;1&gt;</title>" in page
    assert "手工&lt;病例&gt;" in page


def test_amounts_have_thousands_separators_and_the_exact_cents(page: str) -> None:
    text = text_of(page)
    assert "123,456.78" in text
    assert "123456.78" not in text
    assert "12.35 万元" in text


def test_names_stand_beside_codes(page: str) -> None:
    text = text_of(page)
    assert "K35.3-47.0100 急性阑尾炎伴局限性腹膜炎，腹腔镜下阑尾切除术" in text
    assert "甲镇卫生院" in text


def test_unverified_parameters_are_listed_with_labels_values_and_grade(page: str) -> None:
    text = text_of(page)
    assert "本结果使用了未经核实的参数" in text
    assert "核心病种最低病例数 ：15例（假定） dip.core.min_cases" in text


def test_rejected_and_ungrouped_cases_come_with_cause_and_next_step(page: str) -> None:
    text = text_of(page)
    assert "没有主要诊断 1 诊断代码为空，或第一个位置空着 补填主要诊断，放在第一个位置" in text
    assert "医疗费总额为零 1" in text
    assert re.search(r"Z99 内科诊疗 1 500\.00 [\d.]+ 目录里没有相应的核心、综合病种", text)


def test_each_kind_of_deviation_has_one_case_with_its_whole_derivation(page: str) -> None:
    heads = re.findall(r"<h3>(费用\S+|未入组)一例：(\S+)</h3>", page)
    assert dict(heads).keys() == {"费用偏低", "费用正常", "费用偏高", "费用极高", "未入组"}
    assert dict(heads)["费用偏低"] == "LOW"
    assert "1,000.0000 × 0.444444 × 1.0000" in page


def test_the_formulas_stand_with_the_figures_of_the_run(page: str) -> None:
    text = text_of(page)
    assert "结算点值 ＝ 预算 ÷ 总分值 ＝ 123,456.78 元 ÷ 9,877.7777 分 ＝ 12.4984 元/分" in text
    assert "费用高于标准的2倍：病例分值 = 病种分值 × 机构系数 ×（费用 ÷ 标准 − 2 + 1）" in text


def test_the_same_folders_give_the_same_page(run: Run, page: str, tmp_path: Path) -> None:
    again = tmp_path / "again.html"
    write_report(run.catalogue, run.priced, again, title="报告<1>", names=NAMES, data_note="手工<病例>")
    assert again.read_text(encoding="utf-8") == page


def test_totals_that_close_are_said_to_close(page: str) -> None:
    assert "总数核对相符" in page
    assert "总数核对不符" not in page
    assert page.count(">相符<") == 12
    assert ">不符<" not in page


def test_totals_that_do_not_close_are_shown_in_plain_words(run: Run, tmp_path: Path) -> None:
    priced = tmp_path / "priced"
    shutil.copytree(run.priced, priced)
    table = pq.read_table(priced / "hospitals.parquet")
    pay = pa.array([value + 1 for value in table["pay"].to_pylist()], table.schema.field("pay").type)
    pq.write_table(table.set_column(table.schema.get_field_index("pay"), "pay", pay), priced / "hospitals.parquet")
    write_report(run.catalogue, priced, tmp_path / "report.html")
    page = text_of((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "总数核对不符" in page
    assert "支付合计 = 各机构支付之和（元） 123,456.78 123,458.78 -2.00 不符" in page


def test_cases_without_a_level_say_what_that_switches_off(tmp_path: Path) -> None:
    run = write(tmp_path, levels=False)
    write_report(run.catalogue, run.priced, tmp_path / "report.html")
    page = text_of((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "未填等级" in page
    assert "医疗机构等级 hosp_lv 不分等级：机构系数按1计" in page
    assert "本次病例没有医院等级，系数按1计" in page
    assert "仅供模拟" not in page.split("一 概览")[0]


def test_a_catalogue_of_another_run_is_refused_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "catalogue"
    shutil.copytree(run.catalogue, other)
    summary = other / "summary.json"
    summary.write_text(
        summary.read_text(encoding="utf-8").replace('"core_min": 15', '"core_min": 16'), encoding="utf-8"
    )
    with pytest.raises(ReportError, match="不是这次定价所用的目录"):
        write_report(other, run.priced, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_an_unfinished_folder_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ResultFolderError, match="yibao dip price"):
        write_report(run.catalogue, tmp_path, tmp_path / "report.html")


def test_the_page_is_made_for_a4_and_for_phones(page: str) -> None:
    assert re.search(r"@page \{ size: A4", page)
    assert "@media print" in page
    assert "@media (max-width: 720px)" in page
    assert "thead { display: table-header-group; }" in page
