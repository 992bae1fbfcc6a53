"""The fund's statements (基金报表) as tables that the workbook and the page both draw, so that they cannot differ.

Amounts are fen here; only the two drawers turn them into 元.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from yibao.flows.fund_setting import month_text
from yibao.flows.fund_statement import FundStatements
from yibao.fund.statements import BalanceRow, IncomeRow, TrialRow
from yibao.report.fund_checks import checks

TRIAL, INCOME, BALANCE, JOURNAL, MONTHS = "试算平衡表", "收支表", "资产负债表", "凭证明细", "各月收支"


class Kind(StrEnum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"


class Head(NamedTuple):
    """A column's heading; neighbours of one ``group`` stand under a common heading."""

    label: str
    kind: Kind = Kind.TEXT
    group: str = ""


class Cell(NamedTuple):
    """A cell: text, fen or a day. ``indent`` counts the steps a label stands in, ``strong`` marks sums."""

    value: str | int | date | None
    indent: int = 0
    strong: bool = False


class Table(NamedTuple):
    """A table: its title, whose period it is (期间), headings and rows. ``note`` stands below it on the page."""

    title: str
    period: str
    heads: Sequence[Head]
    rows: Iterable[Sequence[Cell]]
    note: str = ""


def span_text(first: int, last: int) -> str:
    """The months from first to last: 2025年1月至6月, 2024年11月至2025年6月, or one month alone."""
    if first == last:
        return month_text(first)
    same_year = first // 100 == last // 100
    return f"{month_text(first)}至{f'{last % 100}月' if same_year else month_text(last)}"


def last_day_text(month: int) -> str:
    """The last day of ``yyyymm``: 2025年6月30日."""
    return f"{month_text(month)}{monthrange(month // 100, month % 100)[1]}日"


def is_sum(label: str, level: int) -> bool:
    """Whether a statement's line is a sum or a result, which stands out, by its level or its name."""
    return level == 0 or (level == 1 and label.endswith(("小计", "合计", "总计", "本年收支结余", "年末滚存结余")))


def _title(statements: FundStatements, name: str) -> str:
    return f"{statements.fund_name}基金{name}"


def _span(statements: FundStatements) -> str:
    return span_text(statements.first_month, statements.last_month)


def unit_text(statements: FundStatements) -> str:
    """编制单位: the city and its agencies."""
    return f"{statements.city}（{'、'.join(statements.agencies)}）"


def remarks(statements: FundStatements) -> list[str]:
    """What a reader must know before using the figures: months still open, several agencies, rules not verified."""
    open_still = [
        f"{agency}（{f'已结账到{month_text(month)}' if month else '还没有结账'}）"
        for agency, month in statements.closed.items()
        if month < statements.last_month
    ]
    told = []
    if open_still:
        told.append(f"{month_text(statements.last_month)}尚未结账，数字还可能变动：{'、'.join(open_still)}。")
    if statements.combined:
        told.append(f"本表为{len(statements.agencies)}个经办机构的合并数，两级之间的上解、下拨没有抵销。")
    if statements.unverified:
        told.append(f"编制所用的规则有{len(statements.unverified)}项未经核实，取得正式规定后应核对：见编制依据。")
    return told


def trial_table(statements: FundStatements) -> Table:
    """试算平衡表: subjects with their balances and movements in the period; a subject with others below stands out."""
    groups = ("期初余额", "本期发生额", "期末余额")
    heads = [Head("科目编码"), Head("科目名称")]
    heads += [Head(side, Kind.MONEY, group) for group in groups for side in ("借方", "贷方")]
    rows = list(statements.trial)
    above_others = [one.level == 1 and after.level == 2 for one, after in pairwise(rows)] + [False]
    note = "红字冲销记为同一方向的负数。一级科目的借方和贷方余额为其下各科目之和。"
    return Table(
        _title(statements, TRIAL), _span(statements), heads,
        [_trial_row(row, row.level == 0 or below) for row, below in zip(rows, above_others, strict=True)], note,
    )  # fmt: skip


def _trial_row(row: TrialRow, strong: bool) -> list[Cell]:
    return [
        Cell(row.subj_code, 0, strong),
        Cell(row.subj_name, max(0, row.level - 1), strong),
        *(Cell(figure, 0, strong) for figure in row[3:]),
    ]


def income_table(statements: FundStatements) -> Table:
    """收支表: 本月数 and 本年累计数, with the pool and personal accounts beside them where the fund splits."""
    parts = ("合计", "统筹基金", "个人账户") if statements.splits else ("",)
    heads = [Head("项目"), *(Head(what, Kind.MONEY, part) for part in parts for what in ("本月数", "本年累计数"))]
    rows = [_income_row(row, len(heads) - 1) for row in statements.income]
    return Table(_title(statements, INCOME), month_text(statements.last_month), heads, rows,
                 "本年累计数不含年末结转凭证，因此结转前后相同。")  # fmt: skip


def _income_row(row: IncomeRow, figures: int) -> list[Cell]:
    strong = is_sum(row.label, row.level)
    return [_label(row, strong), *(Cell(figure, 0, strong) for figure in row[4 : 4 + figures])]


def _label(row: IncomeRow | BalanceRow, strong: bool) -> Cell:
    # parts of a line stand in, and those after the first a little more, under the words behind “其中：”
    of_which = row.level == 2
    return Cell(row.label, (1 if row.label.startswith("其中") else 4) if of_which else 0, strong)


def balance_table(statements: FundStatements) -> Table:
    """资产负债表 in the form of an account: assets left, liabilities and net assets right, totals in the last row."""
    left = [row for row in statements.balance if row.section == "asset"]
    right = [row for row in statements.balance if row.section != "asset"]
    longest = max(len(left), len(right))
    heads = [Head("资产"), Head("年初数", Kind.MONEY), Head("期末数", Kind.MONEY),
             Head("负债和净资产"), Head("年初数", Kind.MONEY), Head("期末数", Kind.MONEY)]  # fmt: skip
    rows = [
        [*_balance_cells(one), *_balance_cells(other)]
        for one, other in zip(_padded(left, longest), _padded(right, longest), strict=True)
    ]
    return Table(_title(statements, BALANCE), last_day_text(statements.last_month), heads, rows,
                 "年初数为上年末的数。本期收支差额是尚未结转到结余的收支。")  # fmt: skip


def _padded(rows: Sequence[BalanceRow], size: int) -> list[BalanceRow | None]:
    """The rows with empty ones before the last, so that the totals of both sides meet."""
    return [*rows[:-1], *[None] * (size - len(rows)), *rows[-1:]]


def _balance_cells(row: BalanceRow | None) -> list[Cell]:
    if row is None:
        return [Cell(None)] * 3
    strong = is_sum(row.label, row.level)
    return [_label(row, strong), Cell(row.opening, 0, strong), Cell(row.closing, 0, strong)]


def journal_table(statements: FundStatements) -> Table:
    """凭证明细: the headings and the sums. The postings themselves are `journal_values`: a year has very many."""
    heads = [Head("日期", Kind.DATE), Head("凭证号"), Head("业务"), Head("科目编码"), Head("科目名称"), Head("明细"),
             Head("借方", Kind.MONEY), Head("贷方", Kind.MONEY), Head("所结算的单据"), Head("摘要"), Head("引用凭证"),
             Head("银行流水号"), Head("关联组号")]  # fmt: skip
    if statements.combined:
        heads.insert(0, Head("经办机构"))
    sums = (sum(line.debit for line in statements.lines), sum(line.credit for line in statements.lines))
    before: list[str | None] = ["合计", *[None] * (6 if statements.combined else 5)]
    last = [Cell(value, 0, True) for value in (*before, *sums, *[None] * 5)]
    return Table(_title(statements, JOURNAL), _span(statements), heads, [last])


def journal_values(statements: FundStatements) -> Iterator[tuple[str | int | date | None, ...]]:
    """The rows of 凭证明细 above its sums: every posted line of the period with what its entry settles. Fen."""
    for line in statements.lines:
        values = (line.day, line.entry_id, line.action, line.subj_code, line.subj_name, line.detail,
                  line.debit or None, line.credit or None, line.settles, line.memo, line.refers, line.bank_ref,
                  line.group_id)  # fmt: skip
        yield (line.acct_no.partition("-")[0], *values) if statements.combined else values


def months_table(statements: FundStatements) -> Table:
    """各月收支: what came in and went out month by month, the balance and the money at each month's end."""
    figures = ("收入", "支出", "收支结余", "月末累计结余", "月末货币资金")
    heads = [Head("月份"), *(Head(what, Kind.MONEY) for what in figures)]
    rows = [
        [Cell(month_text(one.month)), *map(Cell, (one.income, one.expense, one.result, one.surplus, one.money))]
        for one in statements.months
    ]
    income, expense = sum(one.income for one in statements.months), sum(one.expense for one in statements.months)
    total = ("本年合计", income, expense, sum(one.result for one in statements.months), None, None)
    first, last = statements.months[0].month, statements.months[-1].month
    return Table(_title(statements, MONTHS), span_text(first, last), heads,
                 [*rows, [Cell(value, 0, True) for value in total]],
                 "收支不含年末结转凭证。货币资金为银行、财政专户和国库的存款。")  # fmt: skip


def checks_table(statements: FundStatements) -> Table:
    """勾稽关系: what must be equal, with both figures and their difference."""
    heads = [Head("核对内容"), Head("左边"), Head("左边金额", Kind.MONEY), Head("右边"), Head("右边金额", Kind.MONEY),
             Head("差额", Kind.MONEY), Head("结果")]  # fmt: skip
    rows = [
        [Cell(one.place), Cell(one.left), Cell(one.left_fen), Cell(one.right), Cell(one.right_fen),
         Cell(one.difference), Cell("不符" if one.difference else "相符")]
        for one in checks(statements)
    ]  # fmt: skip
    return Table("勾稽关系", month_text(statements.last_month), heads, rows)


def findings_table(statements: FundStatements) -> Table:
    """月末检查: what is not in order at the month's end."""
    heads = [Head("级别"), Head("内容"), Head("原因"), Head("处理"), Head("依据")]
    rows = [
        [Cell(text) for text in (one.severity.label, one.message, one.cause, one.next_step, one.basis)]
        for one in statements.findings
    ]
    return Table("月末检查", last_day_text(statements.last_month), heads, rows)


def internal_table(statements: FundStatements) -> Table:
    """两级往来: what lower and upper agencies booked of the same money in the year to date."""
    heads = [Head("下级经办机构"), Head("下级科目"), Head("下级记账", Kind.MONEY), Head("上级科目"),
             Head("上级记账", Kind.MONEY), Head("差额", Kind.MONEY)]  # fmt: skip
    rows = [
        [Cell(one.admdvs), Cell(one.lower_subject), Cell(one.lower), Cell(one.upper_subject), Cell(one.upper),
         Cell(one.difference)]
        for one in statements.internal
    ]  # fmt: skip
    return Table("两级往来", month_text(statements.last_month), heads, rows,
                 "合并数为各级之和，两级之间的上解、下拨没有抵销。")  # fmt: skip


def sources_table(statements: FundStatements) -> Table:
    """编制依据: the rules the statements are made by, and which of them nobody in authority has printed."""
    heads = [Head("规则"), Head("依据"), Head("来源级别"), Head("参数键"), Head("是否核实")]
    rows = [
        [Cell(text) for text in (one.label, one.source, one.grade, one.key,
                                 "未经核实" if one.key in statements.unverified else "已有依据")]
        for one in statements.sources
    ]  # fmt: skip
    return Table("编制依据", month_text(statements.last_month), heads, rows)
