"""Gathers what the statements of a fund (基金报表) show: figures, findings, sources and every posting.

One consistent reading of the store; the figures come from `yibao.fund.statements`, which asserts every identity.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from yibao.flows.fund_setting import FUND_TYPE, FundError, chart_on, days_of, month_text
from yibao.fund.chart import Chart, Element
from yibao.fund.closing import Internal, combined, month_end_findings
from yibao.fund.records import Action, Book
from yibao.fund.statements import (
    BalanceRow,
    IncomeRow,
    TrialRow,
    Turnover,
    balance_sheet,
    income_statement,
    trial_balance,
)
from yibao.kernel import Finding
from yibao.law import Law, View
from yibao.store import Store, journal, readings
from yibao.store.readings import PostedLine


class SourceRow(NamedTuple):
    """A parameter the statements are made by, as text: key, Chinese label, grade, document."""

    key: str
    label: str
    grade: str
    source: str


class JournalLine(NamedTuple):
    """One posted line, and what its entry settles. Fen; a reverse is negative on the side it takes back.

    Sums of ``debit`` and ``credit`` are therefore the turnover of the trial balance. Exactly one of them is not zero.
    """

    day: date
    entry_id: str
    action: str
    """The Chinese name: 记账, 预留转记账, 冲销, 结转."""
    acct_no: str
    subj_code: str
    subj_name: str
    detail: str
    debit: int
    credit: int
    settles: str
    memo: str
    refers: str
    bank_ref: str
    group_id: str


class MonthTotals(NamedTuple):
    """One month of the year in fen: income and expense of the month (carry entries left out) and balances at its end.

    ``result`` is income less expense; ``money`` what all bank and treasury accounts hold at the end of the month;
    ``surplus`` net assets with the year's result so far.
    """

    month: int
    """``yyyymm``."""
    income: int
    expense: int
    result: int
    money: int
    surplus: int


class FundStatements(NamedTuple):
    """All that fund.xlsx and fund.html show. One book, or with several ``agencies`` their sum (合并).

    ``first_month`` to ``last_month`` (``yyyymm``, inclusive) is the period of the trial balance and of ``lines``; the
    income statement and balance sheet are those of ``last_month``. ``months`` run from January of that year
    to ``last_month``, oldest first, months without figures included. ``splits`` tells whether the fund keeps
    pool and personal accounts apart, so that the income statement has those columns. ``closed`` says for each agency
    the last closed month, 0 for none. ``internal`` is filled for several agencies only.
    """

    title: str
    """Such as ``某市370300职工基本医疗保险基金报表（2025年6月）``."""
    city: str
    fund_type: str
    fund_name: str
    agencies: tuple[str, ...]
    first_month: int
    last_month: int
    made_on: date
    closed: dict[str, int]
    splits: bool
    trial: Sequence[TrialRow]
    income: Sequence[IncomeRow]
    balance: Sequence[BalanceRow]
    internal: Sequence[Internal]
    findings: Sequence[Finding]
    lines: Sequence[JournalLine]
    months: Sequence[MonthTotals]
    sources: Sequence[SourceRow]
    unverified: tuple[str, ...]
    """Keys of parameters whose grade is not official or published."""

    @property
    def combined(self) -> bool:
        """Whether several agencies stand together."""
        return len(self.agencies) > 1


def gather(
    store: Store, law: Law, fund_type: str, months: tuple[int, int], *, admdvs: str = "", today: date
) -> FundStatements:
    """The statements of a fund for the months from first to last (``yyyymm``), both inclusive.

    Of one agency, or without ``admdvs`` of all together, the city's own (by its code) being the uppermost. Raises
    FundError when the books hold nothing of it, StatementError when they contradict themselves.
    """
    first, last = months
    days = days_of(first, last)
    assert days.end is not None  # days_of gives closed periods
    chart, view = chart_on(law, min(days.end, today))
    with store.reading() as connection:
        rows = journal.turnovers(connection, Book(admdvs, fund_type) if admdvs else None)
        posted = readings.posted_lines(connection, fund_type, days.start, days.end, admdvs)
        every = readings.closed_months(connection)
    ours = [one for one in rows if one.fund_type == fund_type and admdvs in ("", one.admdvs)]
    closed = {book.admdvs: month for book, month in every.items()
              if book.fund_type == fund_type and admdvs in ("", book.admdvs)}  # fmt: skip
    if not closed:
        kept = "、".join("-".join(book) for book in every) or "无"
        raise FundError(f"没有{admdvs or law.title}险种{fund_type}的账套，现有：{kept}")
    agencies = tuple(sorted(closed))
    found = month_end_findings(chart, ours, last)
    internal: list[Internal] = []
    if len(agencies) > 1:
        together = combined(chart, fund_type, ours, last, law.code)
        internal, found = together.internal, together.findings + found
    name = FUND_TYPE.codes[fund_type]
    part = "" if last % 100 == 12 else f"，到{last % 100}月"
    period = month_text(last) if first == last else f"{last // 100}年度{part}"
    place = f"{law.name}{admdvs or ('合并' if len(agencies) > 1 else agencies[0])}"
    return FundStatements(
        title=f"{place}{name}基金报表（{period}）", city=law.name, fund_type=fund_type, fund_name=name,
        agencies=agencies, first_month=first, last_month=last, made_on=today, closed=closed,
        splits=chart.splits(fund_type), trial=trial_balance(chart, ours, first, last),
        income=income_statement(chart, fund_type, ours, last), balance=balance_sheet(chart, fund_type, ours, last),
        internal=internal, findings=found, lines=[_line(chart, one) for one in posted],
        months=_months(chart, ours, last), sources=_sources(view),
        unverified=tuple(view.unverified),
    )  # fmt: skip


def _line(chart: Chart, one: PostedLine) -> JournalLine:
    debit, credit = (one.amount, 0) if one.side == "D" else (0, one.amount)
    if one.action is Action.REVERSE:
        debit, credit = -credit, -debit
    return JournalLine(
        one.day, one.entry_id, one.action.label, one.acct_no, one.subj_code, chart.subject(one.subj_code).name,
        one.detail, debit, credit, one.settles, one.memo, one.refers or "", one.bank_ref or "", one.group_id or "",
    )  # fmt: skip


def _year(last: int) -> range:
    """The months from January to ``last``."""
    return range(last // 100 * 100 + 1, last + 1)


def _months(chart: Chart, turnovers: Sequence[Turnover], last: int) -> list[MonthTotals]:
    totals = []
    nets: dict[tuple[str, int, bool], int] = defaultdict(int)
    for one in turnovers:
        nets[one.subj_code, one.month, one.carried] += one.net
    for month in _year(last):
        income = expense = money = surplus = 0
        for (code, at, carried), net in nets.items():
            subject = chart.subject(code)
            if at == month and not carried:
                income += net if subject.element is Element.INCOME else 0
                expense -= net if subject.element is Element.EXPENSE else 0
            if at <= month:
                money -= net if subject.bank else 0
                surplus += net if subject.element is Element.NET or subject.element.flow else 0
        totals.append(MonthTotals(month, income, expense, income - expense, money, surplus))
    return totals


def _sources(view: View) -> list[SourceRow]:
    return [
        SourceRow(one.key, view.law.definitions[one.key].label, one.grade.label, str(one.source)) for one in view.used
    ]


def month_end(store: Store, chart: Chart, book: Book, month: int) -> list[Finding]:
    """What is not in order in a book at the end of a month (``yyyymm``); nothing here stops a close."""
    with store.reading() as connection:
        rows = journal.turnovers(connection, book)
    return month_end_findings(chart, rows, month)
