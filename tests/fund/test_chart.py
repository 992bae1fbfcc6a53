"""The chart of accounts: the shipped one is sound, money flows by the articles only, a bad one is refused whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from yibao.fund.chart import (
    Chart,
    ChartError,
    Element,
    account_for,
    flow_allowed,
    read_chart,
    standard_accounts,
    transfer_allowed,
)
from yibao.fund.records import Book, LimitKind, Side
from yibao.law import Law, Layer, MissingParameter, View
from yibao.packs import load_law

DAY = date(2025, 1, 1)
CITY = Book("370300", "310")
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law("national")


@pytest.fixture(scope="module")
def chart(law: Law) -> Chart:
    return read_chart(law.at(DAY))


def altered(law: Law, key: str, change: Callable[[Rows], object]) -> View:
    """The shipped law with one table changed."""
    rows = [dict(row) for row in law.at(DAY).table(key)]
    change(rows)
    new = replace(law.at(DAY).parameter(key), value=tuple(rows))
    return Law("990100", "甲市", [*law.layers, Layer("changed", "改动", (new,))]).at(DAY)


# --- the shipped chart ----------------------------------------------------------------------------------------------


def test_the_shipped_chart_serves_every_fund(chart: Chart) -> None:
    assert chart.funds == ("310", "320", "330", "390", "392", "JG", "JZ")
    assert [fund for fund in chart.funds if chart.splits(fund)] == ["310", "JG"]


def test_the_chart_says_that_its_codes_are_not_checked_against_the_print(law: Law) -> None:
    view = law.at(DAY)
    read_chart(view)
    assert {"fund.chart", "fund.carry", "fund.transfers"} <= set(view.unverified)
    assert not {"fund.flows", "fund.month_end"} & set(view.unverified)


def test_accounts_stand_on_the_lowest_subjects_a_fund_has(chart: Chart) -> None:
    workers = {leaf.code for leaf in chart.leaves("310")}
    illness = {leaf.code for leaf in chart.leaves("392")}
    assert {"300101", "300102"} <= workers
    assert "3001" not in workers
    assert "3001" in illness
    assert not {"300101", "400101"} & illness


def test_the_normal_side_follows_the_element(chart: Chart) -> None:
    assert chart.subject("1002").side is Side.DEBIT
    assert chart.subject("5001").side is Side.DEBIT
    assert {chart.subject(code).side for code in ("2101", "3001", "4001")} == {Side.CREDIT}


def test_every_book_starts_with_its_leaf_accounts_and_money_may_not_go_below_zero(chart: Chart) -> None:
    accounts, limits = standard_accounts(chart, CITY, date(2025, 3, 1))
    numbers = {one.no for one in accounts}
    assert {"370300-310-1004", "370300-310-300102", "370300-310-500106"} <= numbers
    assert not {"370300-310-2101", "370300-310-210101", "370300-310-3001"} & numbers
    assert len(numbers) == len(accounts) == sum(not leaf.detail for leaf in chart.leaves("310"))
    assert [one.acct_no[-4:] for one in limits] == ["1001", "1002", "1003", "1004", "1005"]
    assert {(one.kind, one.amount, one.version, one.budget_year, one.year) for one in limits} == {
        (LimitKind.FLOOR, 0, 1, 0, 2025)
    }
    assert all("社会保险基金会计制度" in one.basis for one in limits)


def test_an_account_with_a_detail_is_opened_for_it(chart: Chart) -> None:
    account = account_for(chart, CITY, "210101", "H37030300001", DAY)
    assert account.no == "370300-310-210101-H37030300001"
    assert (account.name, account.side, account.opened) == ("应付定点医药机构", Side.CREDIT, DAY)
    assert account_for(chart, CITY, "1004", "", DAY).no == "370300-310-1004"


@pytest.mark.parametrize(
    ("fund", "code", "detail", "words"),
    [
        ("310", "9999", "", "科目表没有科目“9999”"),
        ("310", "2101", "H1", "有下级科目，须用下级科目"),
        ("390", "400101", "", "不属于该险种"),
        ("310", "210101", "", "须写明明细：定点医药机构编码"),
        ("310", "1004", "H1", "没有明细，不应写“H1”"),
        ("410", "1004", "", "科目表没有险种“410”"),
    ],
)
def test_an_account_that_the_chart_does_not_allow_is_refused(
    chart: Chart, fund: str, code: str, detail: str, words: str
) -> None:
    with pytest.raises(ChartError, match=words):
        account_for(chart, Book("370300", fund), code, detail, DAY)


# --- where money may flow -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debits", "credits"),
    [
        (["1003"], ["1002"]),
        (["550101"], ["1002"]),
        (["400101", "400102"], ["1002"]),
        (["4501"], ["1002"]),
        (["1002"], ["400101", "400102"]),
        (["1004"], ["1003"]),
        (["1004"], ["460101"]),
        (["1004"], ["430101"]),
        (["1004"], ["500101"]),
        (["500101", "500106"], ["1004", "210102"]),
        (["1003"], ["4101"]),
    ],
)
def test_money_moves_as_the_articles_say(chart: Chart, debits: list[str], credits: list[str]) -> None:
    assert flow_allowed(chart, debits, credits) is None


@pytest.mark.parametrize(
    ("debits", "credits", "subject", "counter", "article"),
    [
        (["500101"], ["1002"], "1002 收入户存款", "500101 住院费用支出", "第四十条"),
        (["210101"], ["1002"], "1002 收入户存款", "210101 应付定点医药机构", "第四十条"),
        (["1003", "500101"], ["1002"], "1002 收入户存款", "500101 住院费用支出", "第四十条"),
        (["1004"], ["400101"], "1004 支出户存款", "400101 统筹基金保险费收入", "第四十一条"),
        (["1004"], ["4101"], "1004 支出户存款", "4101 财政补贴收入", "第四十一条"),
        (["1004"], ["1002"], "1002 收入户存款", "1004 支出户存款", "第四十条"),
    ],
)
def test_the_receipt_account_pays_no_benefits_and_the_payment_account_takes_no_premiums(
    chart: Chart, debits: list[str], credits: list[str], subject: str, counter: str, article: str
) -> None:
    fault = flow_allowed(chart, debits, credits)
    assert fault is not None
    assert fault[:2] == (subject, counter)
    assert article in fault[2]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (("390", "5101"), ("392", "400108")),
        (("310", "5101"), ("330", "400108")),
        (("JZ", "500111"), ("390", "400105")),
        (("310", "550101"), ("310", "460201")),
        (("390", "5502"), ("390", "4601")),
    ],
)
def test_a_transfer_the_rules_name_is_allowed(chart: Chart, given: tuple[str, str], taken: tuple[str, str]) -> None:
    assert transfer_allowed(chart, *given, *taken)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (("390", "5101"), ("390", "400108")),
        (("392", "5101"), ("390", "400108")),
        (("390", "5501"), ("310", "460201")),
        (("390", "500101"), ("392", "400108")),
        (("390", "5101"), ("392", "4901")),
        (("310", "550101"), ("310", "460101")),
    ],
)
def test_any_other_transfer_is_not(chart: Chart, given: tuple[str, str], taken: tuple[str, str]) -> None:
    assert not transfer_allowed(chart, *given, *taken)


def test_nothing_goes_from_workers_to_residents_or_back(chart: Chart) -> None:
    workers, residents = ("310", "320", "330", "JG"), ("390", "392")
    for one, other in [*product(workers, residents), *product(residents, workers)]:
        pairs = product(chart.leaves(one), chart.leaves(other))
        assert [(a.code, b.code) for a, b in pairs if transfer_allowed(chart, one, a.code, other, b.code)] == []


# --- a chart that contradicts itself --------------------------------------------------------------------------------


def set_cell(rows: Rows, at: int, **cells: str) -> None:
    rows[at].update(cells)


def find(rows: Rows, **cells: str) -> dict[str, str]:
    return next(row for row in rows if all(row[name] == cell for name, cell in cells.items()))


BAD = [
    ("fund.chart", lambda r: r.append({**r[0]}), "科目“1001”重复"),
    ("fund.chart", lambda r: set_cell(r, 0, side="C"), "科目“1001 库存现金”的方向应为借方"),
    ("fund.chart", lambda r: set_cell(r, 0, side="X"), "科目“1001”的方向 side“X”不认识"),
    ("fund.chart", lambda r: set_cell(r, 0, element="money"), "要素 element“money”不认识"),
    ("fund.chart", lambda r: set_cell(r, 0, bank="no"), "有无对账单 bank“no”不认识"),
    ("fund.chart", lambda r: set_cell(r, 0, floor="0.001"), "科目“1001”的下限"),
    ("fund.chart", lambda r: set_cell(r, 0, subj_code="10011"), "科目编码“10011”应为"),
    ("fund.chart", lambda r: set_cell(r, 0, subj_name=""), "科目“1001”没有名称"),
    ("fund.chart", lambda r: r.remove(find(r, subj_code="1101")), "没有上级科目1101"),
    (
        "fund.chart",
        lambda r: find(r, subj_code="110101").update(element="expense"),
        "与上级科目“1101 暂付款”的要素不同",
    ),
    ("fund.chart", lambda r: find(r, subj_code="110101").update(floor="0"), "须有明细，不能设余额下限"),
    ("fund.chart", lambda r: find(r, subj_code="400103").update(funds="JZ"), "险种JZ没有上级科目“4001"),
    ("fund.chart", lambda r: find(r, subj_code="400103").update(funds=""), "上级科目“4001 社会保险费收入”却只限310"),
    ("fund.chart", lambda r: find(r, subj_code="1201").update(funds="410"), "险种410没有年末结转的规定"),
    ("fund.chart", lambda r: find(r, subj_code="430101").update(account=""), "科目“430101 统筹基金利息收入”却没有写明"),
    ("fund.chart", lambda r: r.append({**find(r, subj_code="4101"), "subj_code": "4701"}), "在收支表主项中出现0次"),
    ("fund.chart", lambda r: r.append({**find(r, subj_code="1201"), "subj_code": "1301"}), "在资产负债表主项中出现0次"),
    ("fund.flows", lambda r: set_cell(r, 0, counter="1003|7777"), "用到的科目“7777”不在科目表内"),
    ("fund.flows", lambda r: set_cell(r, 0, side="L"), "收支渠道“1002”的方向“L”不认识"),
    ("fund.flows", lambda r: r.append({**r[0]}), "收支渠道“1002”贷方重复"),
    ("fund.month_end", lambda r: set_cell(r, 0, subj_code="1009"), "月末余额规定用到的科目“1009”"),
    ("fund.transfers", lambda r: set_cell(r, 2, to_fund=""), "险种应当两边都写且不同"),
    ("fund.transfers", lambda r: set_cell(r, 2, to_subj="400101"), "险种392没有科目400101"),
    ("fund.transfers", lambda r: set_cell(r, 0, to_subj="4601"), "须有一方、也只有一方的科目以经办机构为明细"),
    ("fund.statement.income", lambda r: r.remove(find(r, line="3")), "在收支表主项中出现0次，应为1次"),
    ("fund.statement.income", lambda r: find(r, line="2").update(subjects="4101|4301"), "在收支表主项中出现2次"),
    ("fund.statement.income", lambda r: find(r, line="30").update(subjects="3001|4|5"), "漏了科目“3101 风险基金结余”"),
    ("fund.statement.income", lambda r: find(r, line="11").update(subjects="3001|3101|4"), "年内调整结余”多了科目"),
    ("fund.statement.income", lambda r: find(r, line="2").update(kind="sum"), "种类“sum”不认识"),
    ("fund.statement.income", lambda r: find(r, line="2").update(level="9"), "级次“9”不认识"),
    ("fund.statement.income", lambda r: find(r, line="2").update(subjects="-4101"), "科目前不能写减号"),
    ("fund.statement.income", lambda r: r.append({**find(r, line="2")}), "收支表项目2“财政补贴收入”重复"),
    ("fund.statement.income", lambda r: find(r, line="6").update(subjects="1|2|3|4|5|9"), "没有的或排在其后的项目9"),
    ("fund.statement.income", lambda r: find(r, line="29").update(kind="subtotal"), "应有一项“result”，现有0项"),
    ("fund.statement.balance", lambda r: r.remove(find(r, line="25")), "应有两项总计“total”，现有1项"),
    ("fund.statement.balance", lambda r: find(r, line="23").update(subjects="4"), "在资产负债表主项中出现0次"),
    ("fund.carry", lambda r: set_cell(r, 0, to_subj="3001"), "它不是该险种的末级结余科目"),
    ("fund.carry", lambda r: set_cell(r, 0, to_subj="300102"), "它不属于同一账户"),
    ("fund.carry", lambda r: set_cell(r, 0, subjects="4"), "有0条年末结转的规定，应为1条"),
    ("fund.carry", lambda r: set_cell(r, 2, subjects="4|5|3"), "有1条年末结转的规定，应为0条"),
]


@pytest.mark.parametrize(("key", "change", "words"), BAD, ids=[words[:24] for _, _, words in BAD])
def test_a_chart_that_contradicts_itself_is_refused_with_the_reason(
    law: Law, key: str, change: Callable[[Rows], object], words: str
) -> None:
    with pytest.raises(ChartError) as caught:
        read_chart(altered(law, key, change))
    assert words in str(caught.value)


def test_all_faults_are_listed_at_once(law: Law) -> None:
    def spoil(rows: Rows) -> None:
        set_cell(rows, 0, side="X")
        set_cell(rows, 1, subj_name="")
        set_cell(rows, 2, bank="maybe")

    with pytest.raises(ChartError, match="会计科目表有3处错误") as caught:
        read_chart(altered(law, "fund.chart", spoil))
    assert str(caught.value).count("；") == 2


def test_without_a_chart_in_force_nothing_is_guessed(law: Law) -> None:
    with pytest.raises(MissingParameter, match=r"fund\.chart"):
        read_chart(law.at(date(2018, 6, 1)))


def test_a_citys_own_table_replaces_the_national_one(law: Law) -> None:
    view = altered(law, "fund.transfers", lambda rows: rows.append({**rows[2], "from_fund": "JG"}))
    assert transfer_allowed(read_chart(view), "JG", "5101", "392", "400108")


def test_each_element_has_a_side(chart: Chart) -> None:
    assert {one.element for one in chart.subjects.values()} == set(Element)
    assert [one for one in Element if one.flow] == [Element.INCOME, Element.EXPENSE]
