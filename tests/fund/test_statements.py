"""Trial balance, 收支表, 资产负债表, carry over: an example with every figure, an oracle, and what must never break."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statement_oracle import Posting, balance, income

from yibao.fund.chart import Chart, read_chart
from yibao.fund.closing import Combined, carry_entry, combined, month_end_findings
from yibao.fund.records import Action, Book, Entry
from yibao.fund.statements import (
    BalanceRow,
    IncomeRow,
    StatementError,
    TrialRow,
    Turnover,
    balance_sheet,
    income_statement,
    trial_balance,
)
from yibao.kernel import MAX_FEN, Severity
from yibao.packs import load_law

CITY, COUNTY = "370300", "370302"
CHART = read_chart(load_law("national").at(date(2025, 1, 1)))


@pytest.fixture
def chart() -> Chart:
    return CHART


def posted(
    month: int, debits: str, credits: str, fund: str = "310", admdvs: str = CITY, *, carried: bool = False
) -> list[Turnover]:
    """One entry as movements; its sides are written ``1004 240, 210102/H1 20``."""
    found = []
    for side, text in (("D", debits), ("C", credits)):
        for part in text.split(","):
            account, amount = part.split()
            code, _, detail = account.partition("/")
            sums = (int(amount), 0) if side == "D" else (0, int(amount))
            found.append(Turnover(admdvs, fund, code, detail, month, carried, *sums))
    return found


def of_entry(entry: Entry) -> list[Turnover]:
    """The movements of a carry entry, as the store would give them."""
    found = []
    for line in entry.lines:
        _, _, code, *detail = line.acct_no.split("-", 3)
        sums = (line.amount, 0) if line.side == "D" else (0, line.amount)
        month = entry.entry_date.year * 100 + entry.entry_date.month
        found.append(Turnover(entry.admdvs, entry.fund_type, code, "".join(detail), month, True, *sums))
    return found


EXAMPLE = [
    *posted(202412, "1003 1000", "300101 600, 300102 400"),  # brought in
    *posted(202501, "1002 500", "400101 350, 400102 150"),  # premiums
    *posted(202501, "1003 500", "1002 500"),
    *posted(202501, "1004 300", "1003 300"),
    *posted(202501, "500101 200, 500106 60", "1004 240, 210102/H1 20"),  # benefits, a deposit kept back
    *posted(202502, "1003 10", "430101 7, 430102 3"),  # interest
    *posted(202502, "550101 50", "1004 50"),  # to the province
    *posted(202502, "1003 5", "4501 5"),  # a person moved here
    *posted(202502, "1002 30", "400101 30"),  # premiums not yet swept
    *posted(202502, "1003 4", "300101 4"),  # last year's benefits paid back
]


# --- the example, every figure by hand ------------------------------------------------------------------------------

FEBRUARY = {
    # line: month, year, pool month, pool year, personal month, personal year
    "1": (30, 530, 30, 380, 0, 150),
    "2": (0, 0, 0, 0, 0, 0),
    "3": (10, 10, 7, 7, 3, 3),
    "4": (5, 5, 0, 0, 5, 5),
    "5": (0, 0, 0, 0, 0, 0),
    "6": (45, 545, 37, 387, 8, 158),
    "7": (0, 0, 0, 0, 0, 0),
    "8": (0, 0, 0, 0, 0, 0),
    "9": (45, 545, 37, 387, 8, 158),
    "10": (None, 1000, None, 600, None, 400),
    "11": (4, 4, 4, 4, 0, 0),
    "12": (None, 1549, None, 991, None, 558),
    "21": (0, 260, 0, 200, 0, 60),
    "2101": (0, 200, 0, 200, 0, 0),
    "2102": (0, 0, 0, 0, 0, 0),
    "2103": (0, 0, 0, 0, 0, 0),
    "2104": (0, 0, 0, 0, 0, 0),
    "2105": (0, 0, 0, 0, 0, 0),
    "2106": (0, 60, 0, 0, 0, 60),
    "22": (0, 0, 0, 0, 0, 0),
    "23": (0, 0, 0, 0, 0, 0),
    "24": (0, 0, 0, 0, 0, 0),
    "25": (0, 260, 0, 200, 0, 60),
    "26": (0, 0, 0, 0, 0, 0),
    "27": (50, 50, 50, 50, 0, 0),
    "28": (50, 310, 50, 250, 0, 60),
    "29": (-5, 235, -13, 137, 8, 98),
    "30": (None, 1239, None, 741, None, 498),
    "31": (None, 1549, None, 991, None, 558),
}

END_OF_FEBRUARY = {
    # line: 年初数, 期末数
    "1": (0, 0), "2": (0, 30), "3": (1000, 1219), "4": (0, 10), "5": (0, 0), "6": (0, 0), "601": (0, 0), "7": (0, 0),
    "8": (1000, 1259),
    "11": (0, 0), "12": (0, 20), "1201": (0, 0), "1202": (0, 20), "13": (0, 20),
    "21": (1000, 1004), "2101": (600, 604), "2102": (400, 400), "23": (0, 235), "24": (1000, 1239), "25": (1000, 1259),
}  # fmt: skip

TRIAL_OF_FEBRUARY = [
    TrialRow(1, "1002", "收入户存款", 0, 0, 30, 0, 30, 0),
    TrialRow(1, "1003", "财政专户存款", 1200, 0, 19, 0, 1219, 0),
    TrialRow(1, "1004", "支出户存款", 60, 0, 0, 50, 10, 0),
    TrialRow(1, "2101", "暂收款", 0, 20, 0, 0, 0, 20),
    TrialRow(2, "210102", "质量保证金", 0, 20, 0, 0, 0, 20),
    TrialRow(1, "3001", "一般基金结余", 0, 1000, 0, 4, 0, 1004),
    TrialRow(2, "300101", "统筹基金结余", 0, 600, 0, 4, 0, 604),
    TrialRow(2, "300102", "个人账户结余", 0, 400, 0, 0, 0, 400),
    TrialRow(1, "4001", "社会保险费收入", 0, 500, 0, 30, 0, 530),
    TrialRow(2, "400101", "统筹基金保险费收入", 0, 350, 0, 30, 0, 380),
    TrialRow(2, "400102", "个人账户保险费收入", 0, 150, 0, 0, 0, 150),
    TrialRow(1, "4301", "利息收入", 0, 0, 0, 10, 0, 10),
    TrialRow(2, "430101", "统筹基金利息收入", 0, 0, 0, 7, 0, 7),
    TrialRow(2, "430102", "个人账户利息收入", 0, 0, 0, 3, 0, 3),
    TrialRow(1, "4501", "转移收入", 0, 0, 0, 5, 0, 5),
    TrialRow(1, "5001", "社会保险待遇支出", 260, 0, 0, 0, 260, 0),
    TrialRow(2, "500101", "住院费用支出", 200, 0, 0, 0, 200, 0),
    TrialRow(2, "500106", "个人账户支出", 60, 0, 0, 0, 60, 0),
    TrialRow(1, "5501", "上解上级支出", 0, 0, 50, 0, 50, 0),
    TrialRow(2, "550101", "统筹基金上解上级支出", 0, 0, 50, 0, 50, 0),
    TrialRow(0, "", "合计", 1520, 1520, 99, 99, 1569, 1569),
]


def figures(rows: Sequence[IncomeRow]) -> dict[str, tuple[int | None, ...]]:
    return {row.line: row[4:] for row in rows}


def both(rows: Sequence[BalanceRow]) -> dict[str, tuple[int, int]]:
    return {row.line: (row.opening, row.closing) for row in rows}


def test_the_example_gives_the_income_statement_worked_by_hand(chart: Chart) -> None:
    assert figures(income_statement(chart, "310", EXAMPLE, 202502)) == FEBRUARY


def test_the_example_gives_the_balance_sheet_worked_by_hand(chart: Chart) -> None:
    assert both(balance_sheet(chart, "310", EXAMPLE, 202502)) == END_OF_FEBRUARY


def test_the_example_gives_the_trial_balance_worked_by_hand(chart: Chart) -> None:
    assert trial_balance(chart, EXAMPLE, 202502, 202502) == TRIAL_OF_FEBRUARY


def test_the_example_is_carried_over_as_worked_by_hand(chart: Chart) -> None:
    entry = carry_entry(chart, Book(CITY, "310"), EXAMPLE, 2025)
    assert entry is not None
    assert (entry.entry_id, entry.action, entry.entry_date) == (
        "CARRY-370300-310-2025",
        Action.CARRY,
        date(2025, 12, 31),
    )
    assert entry.settles == "2025年度收支结转"
    assert [(line.acct_no.removeprefix("370300-310-"), line.side, line.amount) for line in entry.lines] == [
        ("400101", "D", 380),
        ("400102", "D", 150),
        ("430101", "D", 7),
        ("430102", "D", 3),
        ("4501", "D", 5),
        ("500101", "C", 200),
        ("500106", "C", 60),
        ("550101", "C", 50),
        ("300101", "C", 137),
        ("300102", "C", 98),
    ]
    after = [*EXAMPLE, *of_entry(entry)]
    closed = both(balance_sheet(chart, "310", after, 202512))
    assert [closed[line] for line in ("21", "2101", "2102", "23", "25")] == [
        (1000, 1239), (600, 741), (400, 498), (0, 0), (1000, 1259),
    ]  # fmt: skip
    assert figures(income_statement(chart, "310", after, 202512))["29"][1] == 235
    assert figures(income_statement(chart, "310", after, 202601))["10"] == (None, 1239, None, 741, None, 498)


def test_the_lines_are_numbered_as_in_the_printed_tables_by_what_the_fund_has(chart: Chart) -> None:
    residents = [row.label for row in income_statement(chart, "390", [], 202501)]
    assert residents == [
        "一、基本医疗保险费收入", "其中：个人缴费收入", "集体扶持收入", "医疗救助资助收入", "财政为困难人员代缴收入",
        "二、财政补贴收入", "三、利息收入", "四、其他收入", "五、本年收入小计", "六、上级补助收入", "七、下级上解收入",
        "八、本年收入合计", "九、上年结余", "十、年内调整结余", "总计",
        "一、基本医疗保险待遇支出", "其中：住院费用支出", "门诊费用支出", "门诊慢特病支出", "生育医疗费用支出",
        "二、大病保险支出", "三、其他支出", "四、本年支出小计", "五、补助下级支出", "六、上解上级支出",
        "七、本年支出合计", "八、本年收支结余", "九、年末滚存结余", "总计",
    ]  # fmt: skip
    workers = [row.label for row in income_statement(chart, "310", [], 202501)]
    assert {"四、转移收入", "十一、年内调整结余", "三、转移支出"} <= set(workers)
    aid = [row.label for row in income_statement(chart, "JZ", [], 202501)]
    assert aid[0] == "一、财政补贴收入"
    assert {"其中：社会捐赠收入", "一、医疗救助支出", "其中：资助参保支出"} <= set(aid)


def test_a_fund_without_personal_accounts_has_one_column_of_figures(chart: Chart) -> None:
    rows = income_statement(chart, "JZ", posted(202501, "1003 9", "4101 9", "JZ"), 202501)
    assert {row[6:] for row in rows} == {(None, None, None, None)}
    assert rows[0][4:6] == (9, 9)


def test_a_reverse_lowers_the_turnover_of_its_own_side(chart: Chart) -> None:
    wrong = posted(202501, "500101 70", "1004 70")
    back = [one._replace(debit=-one.debit, credit=-one.credit) for one in wrong]
    rows = trial_balance(chart, [*wrong, *back, *posted(202501, "1003 1", "4101 1")], 202501, 202501)
    assert [row.subj_code for row in rows] == ["1003", "4101", ""]
    assert rows[-1][3:] == (0, 0, 1, 1, 1, 1)


# --- random books ---------------------------------------------------------------------------------------------------

MONTHS = [202411, 202412, 202501, 202502, 202506, 202512, 202601, 202603]


@st.composite
def journals(draw: st.DrawFn) -> tuple[str, list[Turnover]]:
    """Balanced entries over all leaf subjects of a fund in two agencies, some of them reversed."""
    fund = draw(st.sampled_from(CHART.funds))
    leaves = CHART.leaves(fund)
    found: list[Turnover] = []
    for _ in range(draw(st.integers(0, 12))):
        admdvs = draw(st.sampled_from([CITY, COUNTY]))
        month = draw(st.sampled_from(MONTHS))
        sign = draw(st.sampled_from([1, 1, 1, -1]))
        total = 0
        for _ in range(draw(st.integers(1, 3))):
            leaf, amount = draw(st.sampled_from(leaves)), draw(st.integers(1, 10**6))
            detail = draw(st.sampled_from(["A", "B"])) if leaf.detail else ""
            found.append(Turnover(admdvs, fund, leaf.code, detail, month, False, sign * amount, 0))
            total += amount
        leaf = draw(st.sampled_from(leaves))
        detail = "A" if leaf.detail else ""
        found.append(Turnover(admdvs, fund, leaf.code, detail, month, False, 0, sign * total))
    return fund, found


def carried_over(fund: str, turnovers: list[Turnover], *years: int) -> list[Turnover]:
    """The books with the years carried over in both agencies."""
    for year in years:
        for admdvs in (CITY, COUNTY):
            entry = carry_entry(CHART, Book(admdvs, fund), turnovers, year)
            turnovers = [*turnovers, *(of_entry(entry) if entry else [])]
    return turnovers


def plain(turnovers: Sequence[Turnover]) -> list[Posting]:
    return [tuple(one) for one in turnovers]


@given(journals(), st.sampled_from(MONTHS))
def test_the_trial_balance_adds_up_in_every_pair_of_columns_and_by_level(
    books: tuple[str, list[Turnover]], month: int
) -> None:
    rows = trial_balance(CHART, books[1], month, 202512)
    total = rows[-1][3:]
    assert all(total[at] == total[at + 1] for at in (0, 2, 4))
    firsts = [row[3:] for row in rows if row.level == 1]
    assert [sum(column) for column in zip(*firsts, strict=True)] == ([*total] if firsts else [])
    for row in rows:
        assert row.opening_debit - row.opening_credit + row.debit - row.credit == row.closing_debit - row.closing_credit


@given(journals(), st.sampled_from(MONTHS), st.sampled_from([(), (2024,), (2024, 2025)]))
def test_the_statements_equal_the_plain_walk_through_the_journal(
    books: tuple[str, list[Turnover]], month: int, years: tuple[int, ...]
) -> None:
    fund, turnovers = books
    turnovers = carried_over(fund, turnovers, *years)
    rows = {row.line: row for row in income_statement(CHART, fund, turnovers, month)}
    expected = income(plain(turnovers), fund, month)
    assert {line: row.year for line, row in rows.items() if row.level < 2} == {
        line: expected.get(line, 0) for line, row in rows.items() if row.level < 2
    }
    if CHART.splits(fund):
        for account, column in (("pool", 7), ("personal", 9)):
            codes = {leaf.code for leaf in CHART.leaves(fund) if leaf.account == account}
            expected = income(plain(turnovers), fund, month, codes)
            assert all(row[column] == expected.get(line, 0) for line, row in rows.items() if row.level < 2)
    sheet = {row.line: row for row in balance_sheet(CHART, fund, turnovers, month)}
    for when, column in ((month, 5), (month // 100 * 100, 4)):
        lines = balance(plain(turnovers), fund, when)
        assert all(row[column] == lines[line] for line, row in sheet.items() if row.level < 2)


@given(journals(), st.sampled_from(MONTHS))
def test_the_balance_of_the_year_is_the_net_assets_and_the_months_add_up_to_the_year(
    books: tuple[str, list[Turnover]], month: int
) -> None:
    fund, turnovers = books
    rows = {row.line: row for row in income_statement(CHART, fund, turnovers, month)}
    sheet = {row.line: row for row in balance_sheet(CHART, fund, turnovers, month)}
    assert rows["30"].year == sheet["24"].closing
    assert rows["10"].year == sheet["24"].opening
    assert rows["12"].year == rows["31"].year
    if CHART.splits(fund):
        pairs = ((row.year, row.pool_year, row.personal_year) for row in rows.values())
        assert all((pool or 0) + (personal or 0) == whole for whole, pool, personal in pairs)
    first = month // 100 * 100 + 1
    each = [income_statement(CHART, fund, turnovers, one) for one in range(first, month + 1)]
    for row in rows.values():
        if row.month is not None:
            assert row.year == sum(one.month or 0 for rows_ in each for one in rows_ if one.line == row.line)


@given(journals())
def test_the_carry_over_empties_income_and_expense_and_changes_no_statement(books: tuple[str, list[Turnover]]) -> None:
    fund, before = books
    after = carried_over(fund, before, 2024, 2025)
    assert income_statement(CHART, fund, after, 202512) == income_statement(CHART, fund, before, 202512)
    assert income_statement(CHART, fund, after, 202603) == income_statement(CHART, fund, before, 202603)
    sheets = [both(balance_sheet(CHART, fund, books, 202512)) for books in (before, after)]
    for line in ("8", "13", "24", "25"):
        assert sheets[0][line] == sheets[1][line]
    assert sheets[1]["23"] == (0, 0)
    left: Counter[tuple[str, str, str]] = Counter()
    for one in after:
        if one.month <= 202512 and one.subj_code[0] in "45":
            left[one.admdvs, one.subj_code, one.detail] += one.net
    assert set(left.values()) <= {0}
    assert carried_over(fund, after, 2024, 2025) == after, "a second carry over has nothing left"


@given(journals(), st.integers(0, 40), st.sampled_from(["debit", "credit"]))
def test_one_fen_changed_behind_the_books_back_is_named(
    books: tuple[str, list[Turnover]], at: int, column: str
) -> None:
    fund, turnovers = books
    if not turnovers:
        return
    victim = turnovers[at % len(turnovers)]
    changed = [*turnovers]
    changed[at % len(turnovers)] = victim._replace(**{column: getattr(victim, column) + 1})
    words = f"账套{victim.admdvs}-{fund} {victim.month}不平：.*相差-?0.01元.*yibao fund verify"
    with pytest.raises(StatementError, match=words):
        trial_balance(CHART, changed, 202401, 202612)
    with pytest.raises(StatementError, match=words):
        income_statement(CHART, fund, changed, 202512)
    with pytest.raises(StatementError, match=words):
        balance_sheet(CHART, fund, changed, 202512)
    with pytest.raises(StatementError, match=words):
        carry_entry(CHART, Book(victim.admdvs, fund), changed, 2026)
    with pytest.raises(StatementError, match=words):
        month_end_findings(CHART, changed, 202512)


# --- faults ---------------------------------------------------------------------------------------------------------


def test_pool_income_carried_to_the_personal_accounts_is_named(chart: Chart) -> None:
    moved = posted(202501, "400101 30", "300102 30", carried=True)
    with pytest.raises(
        StatementError, match=r"收支表统筹基金202502不平：年末滚存结余7\.11元，上年结余加本年收支结余7\.41元"
    ):
        income_statement(chart, "310", [*EXAMPLE, *moved], 202502)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Turnover(CITY, "310", "9999", "", 202501, False, 0, 0), "科目“9999”不是险种310的末级科目"),
        (Turnover(CITY, "310", "4001", "", 202501, False, 0, 0), "科目“4001”不是险种310的末级科目"),
        (Turnover(CITY, "410", "1003", "", 202501, False, 0, 0), "科目“1003”不是险种410的末级科目"),
        (Turnover(CITY, "310", "1003", "", 202513, False, 0, 0), "月份“202513”不对"),
    ],
)
def test_an_account_the_chart_does_not_know_is_named(chart: Chart, bad: Turnover, words: str) -> None:
    with pytest.raises(StatementError, match=words):
        trial_balance(chart, [*EXAMPLE, bad], 202501, 202512)


def test_other_funds_in_the_turnovers_do_not_touch_a_statement(chart: Chart) -> None:
    mixed = [*EXAMPLE, *posted(202501, "1003 77", "4101 77", "390")]
    assert figures(income_statement(chart, "310", mixed, 202502)) == FEBRUARY
    assert both(balance_sheet(chart, "310", mixed, 202502)) == END_OF_FEBRUARY
    entry = carry_entry(chart, Book(CITY, "390"), mixed, 2025)
    assert entry is not None
    assert [line.acct_no for line in entry.lines] == ["370300-390-4101", "370300-390-3001"]


def test_a_carry_line_above_the_bound_is_spread_over_several(chart: Chart) -> None:
    big = [one for _ in range(3) for one in posted(202501, f"1003 {MAX_FEN}", f"4101 {MAX_FEN}", "390")]
    entry = carry_entry(chart, Book(CITY, "390"), [*big, *posted(202501, "1003 5", "4101 5", "390")], 2025)
    assert entry is not None
    amounts = [line.amount for line in entry.lines if line.side == "D"]
    assert amounts == [MAX_FEN, MAX_FEN, MAX_FEN, 5]
    assert sum(amounts) == sum(line.amount for line in entry.lines if line.side == "C")


def test_a_deficit_is_carried_to_the_debit_of_the_balance_and_a_year_of_nothing_makes_no_entry(chart: Chart) -> None:
    spent = posted(202501, "500101 8", "1004 8", "390")
    entry = carry_entry(chart, Book(CITY, "390"), spent, 2025)
    assert entry is not None
    assert [tuple(line) for line in entry.lines] == [("370300-390-500101", "C", 8), ("370300-390-3001", "D", 8)]
    assert carry_entry(chart, Book(CITY, "390"), spent, 2024) is None
    assert carry_entry(chart, Book(COUNTY, "390"), spent, 2025) is None


def test_income_equal_to_expense_leaves_no_line_of_zero(chart: Chart) -> None:
    even = [*posted(202501, "1003 8", "4101 8", "390"), *posted(202502, "500101 8", "1003 8", "390")]
    entry = carry_entry(chart, Book(CITY, "390"), even, 2025)
    assert entry is not None
    assert [tuple(line) for line in entry.lines] == [("370300-390-4101", "D", 8), ("370300-390-500101", "C", 8)]


# --- month end ------------------------------------------------------------------------------------------------------


def test_the_receipt_account_holds_nothing_at_month_end(chart: Chart) -> None:
    found = month_end_findings(chart, EXAMPLE, 202502)
    assert [(one.code, one.severity, one.key) for one in found] == [
        ("month_end_not_zero", Severity.WARNING, "370300-310-1002")
    ]
    assert "收入户存款202502月末余额0.30元，应为零" in found[0].message
    assert "第四十条" in found[0].basis
    assert month_end_findings(chart, EXAMPLE, 202501) == []


def test_money_below_zero_overpaid_institutions_and_a_year_not_carried_are_found(chart: Chart) -> None:
    books = [*EXAMPLE, *posted(202601, "210102/H1 25", "1004 25")]
    found = {one.code: one for one in month_end_findings(chart, books, 202601)}
    assert set(found) == {"month_end_not_zero", "below_floor", "wrong_side", "year_not_carried"}
    assert "370300-310-1004 支出户存款202601月末余额-0.15元，低于下限0.00元" in found["below_floor"].message
    assert "370300-310-210102-H1 质量保证金202601月末余额-0.05元，余额在借方" in found["wrong_side"].message
    assert "2025年末的收支还没有结转" in found["year_not_carried"].message
    assert "400101" in found["year_not_carried"].cause
    done = carried_over("310", EXAMPLE, 2025)
    assert "year_not_carried" not in {one.code for one in month_end_findings(chart, done, 202601)}


# --- agencies together ----------------------------------------------------------------------------------------------

CITY_BOOK = [
    *posted(202501, "1003 100", f"460201/{COUNTY} 60, 460202/{COUNTY} 40"),
    *posted(202501, f"550201/{COUNTY} 30", "1004 30"),
    *posted(202501, "550101 15", "1004 15"),  # the city's own share to the province
]
COUNTY_BOOK = [
    *posted(202501, "1002 300", "400101 300", admdvs=COUNTY),
    *posted(202501, "550101 60, 550102 40", "1004 100", admdvs=COUNTY),
    *posted(202501, "1004 30", "460101 30", admdvs=COUNTY),
]


def together(*books: list[Turnover]) -> Combined:
    return combined(CHART, "310", [one for book in books for one in book], 202501, CITY)


def test_agencies_that_booked_the_same_internal_money_are_combined_without_a_finding() -> None:
    result = together(CITY_BOOK, COUNTY_BOOK)
    assert result.agencies == (CITY, COUNTY)
    assert [tuple(one) for one in result.internal] == [
        (COUNTY, "5501 上解上级支出", "4602 下级上解收入", 100, 100),
        (COUNTY, "4601 上级补助收入", "5502 补助下级支出", 30, 30),
    ]
    assert result.findings == []
    year = {row.line: row.year for row in result.income}
    assert (year["6"], year["7"], year["8"], year["26"], year["27"], year["29"]) == (300, 30, 100, 30, 115, 285)


@pytest.mark.parametrize("missing", [0, 1], ids=["the upper", "the lower"])
def test_internal_money_that_one_side_did_not_book_is_named(missing: int) -> None:
    books = [CITY_BOOK[3:], COUNTY_BOOK] if missing == 0 else [CITY_BOOK, COUNTY_BOOK[:2]]
    found = together(*books).findings
    assert {one.code for one in found} == {"internal_difference"}
    words = ["下级“5501 上解上级支出”1.00元，上级“4602 下级上解收入”0.00元，相差1.00元"]
    if missing:
        words = ["“5501 上解上级支出”0.00元，上级“4602 下级上解收入”1.00元，相差-1.00元", "“4601 上级补助收入”0.00元"]
    assert len(found) == len(words)
    assert all(word in one.message for word, one in zip(words, found, strict=True))


def test_an_agency_named_only_as_a_detail_is_compared_too() -> None:
    found = together(CITY_BOOK).findings
    assert [one.key for one in found] == [f"{COUNTY}-310", f"{COUNTY}-310"]


def test_the_top_agency_must_have_books() -> None:
    with pytest.raises(StatementError, match=f"上级经办机构“{CITY}”在险种310没有账目，现有：{COUNTY}"):
        together(COUNTY_BOOK)


@given(journals())
def test_the_combined_statements_are_the_sum_of_the_agencies(books: tuple[str, list[Turnover]]) -> None:
    fund, turnovers = books
    agencies = sorted({one.admdvs for one in turnovers})
    if not agencies:
        return
    result = combined(CHART, fund, turnovers, 202512, agencies[0])
    parts = [income_statement(CHART, fund, [one for one in turnovers if one.admdvs == a], 202512) for a in agencies]
    assert [row.year for row in result.income] == [sum(row.year for row in rows) for rows in zip(*parts, strict=True)]


def test_statement_lines_come_in_one_order_for_every_month(chart: Chart) -> None:
    orders = [
        [row.line for row in income_statement(chart, "310", EXAMPLE, month)] for month in (202501, 202502, 202512)
    ]
    assert all(one == other for one, other in pairwise(orders))
