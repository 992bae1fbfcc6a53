"""The fund's workbook and page: every figure is that of the statements, nothing comes from outside, nothing is lost."""

import re
import zipfile
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import fund_books as made
import pytest
from python_calamine import CalamineWorkbook

from yibao.flows.fund_statement import FundStatements, MonthTotals
from yibao.fund.statements import BalanceRow, IncomeRow, TrialRow
from yibao.kernel import MAX_BUDGET_FEN, yuan, yuan_text
from yibao.report import fund_book, fund_tables
from yibao.report.fund import write_fund_report
from yibao.report.fund_checks import checks
from yibao.report.fund_page import headline, reserve_months, spending
from yibao.report.fund_tables import span_text
from yibao.tables import OutputError

CITY, BOTH = ("370300",), ("370300", "370302")


@pytest.fixture(scope="module")
def workers() -> FundStatements:
    return made.statements("310", 202501, 202506)


@pytest.fixture(scope="module")
def residents() -> FundStatements:
    return made.statements("390", 202501, 202506)


@pytest.fixture(scope="module")
def folder(workers: FundStatements, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fund")
    write_fund_report(out, workers)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "fund.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(folder: Path) -> dict[str, list[list[Any]]]:
    return cells_of(folder)


def written(statements: FundStatements, out: Path) -> str:
    write_fund_report(out, statements)
    return (out / "fund.html").read_text(encoding="utf-8")


def cells_of(folder: Path) -> dict[str, list[list[Any]]]:
    opened = CalamineWorkbook.from_path(folder / "fund.xlsx")
    return {name: opened.get_sheet_by_name(name).to_python() for name in opened.sheet_names}


def table_of(page: str, section: str, number: int = 0) -> list[list[str]]:
    """The body of a table of the page as text."""
    inside = page.split(f'<section id="{section}">')[1].split("</section>")[0]
    body = re.findall(r"<tbody>(.*?)</tbody>", inside, re.DOTALL)[number]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [[unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<t[hd] .*?</t[hd]>", row)] for row in rows]


def shown(amount: int | None) -> str:
    return "" if amount is None else yuan_text(amount)


def fen(value: Any) -> int | None:
    """The fen of a workbook's number; it must be within a hair of a whole fen."""
    if value == "":
        return None
    exact = Decimal(repr(value)) * 100
    assert exact == int(exact), value
    return int(exact)


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_opens_without_internet_and_without_script(page: str) -> None:
    assert not re.search(r"https?:|//\w|<script|<link|<img|@import|@font-face|url\((?!#)", page)
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_three_statements_on_the_page_are_those_given(page: str, workers: FundStatements) -> None:
    assert table_of(page, "s5") == [
        [row.subj_code, row.subj_name, *map(yuan_text, row[3:])] for row in workers.trial
    ]  # fmt: skip
    assert table_of(page, "s3") == [[row.label, *map(shown, row[4:])] for row in workers.income]
    both = table_of(page, "s4")
    left = [row[:3] for row in both if row[0]]
    right = [row[3:] for row in both if row[3]]
    given = [(row.section, [row.label, yuan_text(row.opening), yuan_text(row.closing)]) for row in workers.balance]
    assert left == [cells for section, cells in given if section == "asset"]
    assert right == [cells for section, cells in given if section != "asset"]
    assert (both[-1][0], both[-1][3]) == ("资产总计", "负债和净资产总计")


def test_the_headline_is_the_income_statement(page: str, workers: FundStatements) -> None:
    lines = {re.sub("^.*、", "", row.label): row.year for row in workers.income}
    own = headline(workers)
    assert (own.income, own.expense, own.result, own.surplus) == tuple(
        lines[label] for label in ("本年收入合计", "本年支出合计", "本年收支结余", "年末滚存结余")
    )
    cards = page.split('<div class="cards">')[1].split("<section")[0]
    for amount in (own.income, own.expense, own.result, own.surplus):
        assert f"{yuan_text(amount)} 元" in cards


def test_months_of_reserve_are_the_balance_over_mean_monthly_spending() -> None:
    assert reserve_months(900_00, 600_00, 6) == Decimal("9.0")
    assert reserve_months(100, 300, 1) == Decimal("0.3")
    assert reserve_months(900_00, 0, 6) is None
    assert reserve_months(-1, 600_00, 6) is None


def test_the_page_says_how_the_months_of_reserve_are_reckoned(page: str, workers: FundStatements) -> None:
    own = headline(workers)
    mean = (yuan(own.expense) / 6).quantize(Decimal("0.01"))
    assert f"累计结余 ÷ 本年月均支出 {mean:,} 元（1月至6月平均）" in page
    assert f"{own.reserve} 个月" in page


def test_spending_by_kind_adds_up_to_the_years_expense(workers: FundStatements, residents: FundStatements) -> None:
    for statements in (workers, residents):
        assert sum(amount for _, amount in spending(statements.income)) == headline(statements).expense
    assert dict(spending(workers.income))["大病保险支出"] > 0


def test_spending_that_no_part_names_is_shown_as_the_rest() -> None:
    rows = [
        IncomeRow("21", "一、待遇支出", "expense", 1, 0, 500, None, None, None, None),
        IncomeRow("2101", "其中：住院费用支出", "expense", 2, 0, 300, None, None, None, None),
        IncomeRow("28", "二、本年支出合计", "expense", 1, 0, 500, None, None, None, None),
    ]
    assert spending(rows) == [("住院费用支出", 300), ("待遇支出的其他部分", 200)]


def test_every_check_holds_and_is_shown_with_both_figures(page: str, workers: FundStatements) -> None:
    made_of = checks(workers)
    assert {one.difference for one in made_of} == {0}
    names = {(one.left, one.right) for one in made_of}
    assert ("资产总计", "负债合计 + 净资产合计") in names
    assert ("期末借方余额", "期末贷方余额") in names
    assert ("年末滚存结余", "上年结余 + 年内调整结余 + 本年收支结余") in names
    assert [row[2] for row in table_of(page, "s6")] == [yuan_text(one.left_fen) for one in made_of]
    assert "勾稽关系相符" in page


@pytest.mark.parametrize("fault", ["lines", "balance", "trial", "months", "income"])
def test_a_statement_that_was_changed_by_one_fen_is_marked(fault: str, workers: FundStatements, tmp_path: Path) -> None:
    changed: dict[str, Any] = {
        "lines": [workers.lines[0]._replace(debit=workers.lines[0].debit + 1), *workers.lines[1:]],
        "balance": [row._replace(closing=row.closing + (row.label == "资产总计")) for row in workers.balance],
        "trial": [*workers.trial[:-1], workers.trial[-1]._replace(closing_debit=1)],
        "months": [workers.months[0]._replace(expense=0), *workers.months[1:]],
        "income": [row._replace(pool_year=1) if "年末滚存" in row.label else row for row in workers.income],
    }
    page = written(workers._replace(**{fault: changed[fault]}), tmp_path)
    assert "勾稽关系不符，见第六节" in page
    assert any(row[-1] == "不符" and row[-2] != "0.00" for row in table_of(page, "s6"))


def test_findings_sources_and_unverified_rules_are_listed(page: str, workers: FundStatements) -> None:
    assert [one.code for one in workers.findings] == ["month_end_not_zero"], "the example holds money in 收入户"
    assert table_of(page, "s7")[0][1] == workers.findings[0].message
    assert [row[0] for row in table_of(page, "s8")] == ["会计科目表", "收支渠道"]
    assert [row[-1] for row in table_of(page, "s8")] == ["未经核实", "已有依据"]
    assert "含未经核实的规则 1 项" in page
    assert "2025年6月尚未结账" in page


def test_a_closed_year_reads_the_same_after_its_carry(tmp_path: Path) -> None:
    year = made.statements("310", 202401, 202412)
    page = written(year, tmp_path)
    assert any(line.action == "结转" for line in year.lines)
    assert headline(year).result == headline(year).surplus > 0
    assert '<span class="badge good">已结账</span>' in page
    assert {row[-1] for row in table_of(page, "s6")} == {"相符"}


def test_a_fund_without_personal_accounts_and_months_without_figures(residents: FundStatements, tmp_path: Path) -> None:
    page = written(residents, tmp_path)
    assert "统筹基金" not in page
    assert "colgroup" not in page.split('<section id="s3">')[1].split("</section>")[0]
    assert [row[1] for row in table_of(page, "s2")][:4] == ["500,000,000.00", "0.00", "500,000,000.00", "0.00"]
    assert cells_of(tmp_path)["收支表"][2] == ["项目", "本月数", "本年累计数"]


def test_books_without_any_figure_still_make_a_report(residents: FundStatements, tmp_path: Path) -> None:
    nothing = residents._replace(
        trial=[TrialRow(0, "", "合计", 0, 0, 0, 0, 0, 0)], lines=[], findings=[],
        income=[row._replace(month=row.month and 0, year=0) for row in residents.income],
        balance=[row._replace(opening=0, closing=0) for row in residents.balance],
        months=[MonthTotals(202501, 0, 0, 0, 0, 0)],
    )  # fmt: skip
    page = written(nothing, tmp_path)
    assert "无法计算" in page
    assert "本年没有支出" in page
    assert "没有发现问题" in page
    assert cells_of(tmp_path)["凭证明细"][-1][0] == "合计"


def test_several_agencies_stand_together_with_their_internal_money(tmp_path: Path) -> None:
    whole = made.statements("310", 202501, 202506, BOTH)
    page = written(whole, tmp_path)
    assert "两级之间的上解、下拨没有抵销" in page
    assert table_of(page, "s6", 1)[0][-1] == "25,000,000.00", "the upper agency has not booked it"
    journal = cells_of(tmp_path)["凭证明细"]
    assert journal[2][0] == "经办机构"
    assert {row[0] for row in journal[3:-1]} == set(BOTH)


def test_hostile_and_long_names_neither_break_the_page_nor_the_workbook(
    workers: FundStatements, tmp_path: Path
) -> None:
    hostile, long = '=1+1<script>alert("1")</script>', "统一经办的" * 30
    changed = workers._replace(
        title=hostile, city=long,
        lines=[workers.lines[0]._replace(memo=hostile, settles=long), *workers.lines[1:]],
        income=[row._replace(label=f"其中：{long}") if row.line == "2101" else row for row in workers.income],
    )  # fmt: skip
    page = written(changed, tmp_path)
    assert "<script" not in page
    assert long in page
    assert "overflow-wrap: anywhere" in page
    first = cells_of(tmp_path)["凭证明细"][3]
    assert (first[8], first[9]) == (long, hostile)


def test_the_same_statements_give_the_same_files(workers: FundStatements, folder: Path, tmp_path: Path) -> None:
    write_fund_report(tmp_path, workers)
    for name in ("fund.xlsx", "fund.html"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_folder_that_cannot_be_written_is_said_in_chinese(workers: FundStatements, tmp_path: Path) -> None:
    (tmp_path / "busy").write_text("")
    with pytest.raises(OutputError, match="写不出"):
        write_fund_report(tmp_path / "busy", workers)


# --- the workbook ---------------------------------------------------------------------------------------------------


def test_the_workbook_has_its_sheets(book: dict[str, list[list[Any]]]) -> None:
    assert list(book) == ["试算平衡表", "收支表", "资产负债表", "各月收支", "凭证明细", "说明"]
    for name, rows in list(book.items())[:-1]:
        assert rows[0][0] == f"职工基本医疗保险基金{name}"
        assert rows[1][0].startswith("编制单位：甲市（370300）　　期间：2025年")
        assert "单位：元" in rows[1]


def test_the_workbooks_cells_are_the_statements_to_the_fen(
    book: dict[str, list[list[Any]]], workers: FundStatements
) -> None:
    trial = [[row[0], row[1], *map(fen, row[2:])] for row in book["试算平衡表"][4:]]
    assert trial == [list(row[1:]) for row in workers.trial]
    income = [[row[0], *map(fen, row[1:])] for row in book["收支表"][4:]]
    assert income == [[row.label, *row[4:]] for row in workers.income]
    balance = [part for row in book["资产负债表"][3:] for part in (row[:3], row[3:]) if part[0]]
    assert {(row[0], fen(row[1]), fen(row[2])) for row in balance} == {_figures(row) for row in workers.balance}
    assert len(balance) == len(workers.balance)


def _figures(row: BalanceRow) -> tuple[str, int, int]:
    return row.label, row.opening, row.closing


def test_every_posted_line_stands_with_what_it_settles(
    book: dict[str, list[list[Any]]], workers: FundStatements
) -> None:
    rows = book["凭证明细"][3:]
    got = [[*row[:6], fen(row[6]) or 0, fen(row[7]) or 0, *row[8:]] for row in rows[:-1]]
    assert got == [
        [line.day, line.entry_id, line.action, line.subj_code, line.subj_name, line.detail, line.debit, line.credit,
         line.settles, line.memo, line.refers, line.bank_ref, line.group_id]
        for line in workers.lines
    ]  # fmt: skip
    assert all(row[8] for row in rows[:-1])
    assert any(row[2] == "冲销" and row[6] == -1_234_567.89 for row in rows), "红字 on the side it takes back"
    assert rows[-1][6] == rows[-1][7] == float(yuan(workers.trial[-1].debit))


def test_the_notes_hold_checks_findings_and_sources(book: dict[str, list[list[Any]]], workers: FundStatements) -> None:
    text = "\n".join(str(cell) for row in book["说明"] for cell in row)
    for said in (
        "勾稽关系",
        "月末检查",
        workers.findings[0].message,
        "编制依据",
        "fund.chart",
        "未经核实",
        "2025-07-05",
    ):
        assert said in text


def parts_of(folder: Path, name: str) -> str:
    with zipfile.ZipFile(folder / "fund.xlsx") as packed:
        return packed.read(name).decode()


def test_the_trial_balance_prints_on_a4_across_with_its_heading_on_every_page(folder: Path) -> None:
    sheet = parts_of(folder, "xl/worksheets/sheet1.xml")
    assert 'paperSize="9"' in sheet
    assert 'orientation="landscape"' in sheet
    assert 'fitToHeight="0"' in sheet
    assert re.search(r'<pane ySplit="4"[^>]*state="frozen"', sheet)
    assert "试算平衡表!$3:$4" in parts_of(folder, "xl/workbook.xml")


def test_amounts_are_numbers_with_negatives_in_red_and_no_formula(folder: Path) -> None:
    assert 'formatCode="#,##0.00;[Red]-#,##0.00"' in parts_of(folder, "xl/styles.xml")
    for number in range(1, 7):
        assert "<f>" not in parts_of(folder, f"xl/worksheets/sheet{number}.xml")


def test_the_largest_amount_is_written_to_the_fen(workers: FundStatements, tmp_path: Path) -> None:
    total = workers.trial[-1]._replace(debit=MAX_BUDGET_FEN - 1, credit=-MAX_BUDGET_FEN + 1)
    write_fund_report(tmp_path, workers._replace(trial=[*workers.trial[:-1], total]))
    last = cells_of(tmp_path)["试算平衡表"][-1]
    assert [fen(cell) for cell in last[4:6]] == [MAX_BUDGET_FEN - 1, -MAX_BUDGET_FEN + 1]


def test_a_journal_longer_than_a_sheet_goes_on_with_its_heading(
    workers: FundStatements, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fund_book, "EXCEL_ROWS", 53)
    write_fund_report(tmp_path, workers)
    book = cells_of(tmp_path)
    pages = [rows for name, rows in book.items() if name.startswith("凭证明细")]
    assert [name for name in book if name.startswith("凭证明细")][:2] == ["凭证明细", "凭证明细_2"]
    assert all(rows[2] == pages[0][2] and len(rows) <= 53 for rows in pages)
    entries = [row[1] for rows in pages for row in rows[3:]]
    assert entries == [*(line.entry_id for line in workers.lines), ""]


# --- words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [(202506, 202506, "2025年6月"), (202501, 202506, "2025年1月至6月"), (202411, 202506, "2024年11月至2025年6月")],
)
def test_the_period_is_said_as_people_say_it(first: int, last: int, text: str) -> None:
    assert span_text(first, last) == text


def test_the_last_day_of_february_is_known() -> None:
    assert fund_tables.last_day_text(202402) == "2024年2月29日"
    assert fund_tables.last_day_text(202512) == "2025年12月31日"
