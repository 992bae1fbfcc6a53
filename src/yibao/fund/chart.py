"""Reads the chart of accounts from law, checks it whole, and opens accounts by it.

Law keys: fund.chart, fund.flows, fund.month_end, fund.transfers, fund.statement.income, fund.statement.balance,
fund.carry. Rules: 社会保险基金会计制度（财会〔2017〕28号）, 社会保险基金财务制度（财社〔2017〕144号）.
"""

from collections.abc import Mapping
from datetime import date

from yibao.fund.chart_faults import chart_faults
from yibao.fund.records import Account, Book, Limit, LimitKind, Side
from yibao.fund.subjects import (
    CarryRule,
    Chart,
    ChartError,
    Element,
    FlowRule,
    MonthEndRule,
    StatementLine,
    Subject,
    TransferRule,
    flow_allowed,
    transfer_allowed,
)
from yibao.kernel import MoneyError, fen_from_yuan
from yibao.law import View

__all__ = [
    "Chart",
    "ChartError",
    "Element",
    "Subject",
    "account_for",
    "flow_allowed",
    "read_chart",
    "standard_accounts",
    "transfer_allowed",
]

_ACCOUNTS = {"", "pool", "personal"}
_DETAILS = {"", "institution", "person", "agency"}
_FLAGS = {"", "yes"}
_LEVELS = {"0", "1", "2"}
_DETAIL_WORDS = {"institution": "定点医药机构编码", "person": "参保人编号", "agency": "经办机构区划代码"}

Row = Mapping[str, str]


def read_chart(view: View) -> Chart:
    """The chart as it applied on the view's day. Raises ChartError that lists every fault, LawError for a missing key.

    Checked: cells that can be read; codes that stand once; sides that fit their element; parents and every prefix
    that a rule or a line names; every income and expense subject of every fund in the statement once and carried once.
    """
    faults: list[str] = []
    subjects: dict[str, Subject] = {}
    for row in view.table("fund.chart"):
        one = _subject(row, faults)
        if one is None:
            continue
        if one.code in subjects:
            faults.append(f"科目“{one.code}”重复")
        subjects[one.code] = one
    chart = Chart(
        subjects,
        tuple(_flow(row, faults) for row in view.table("fund.flows")),
        tuple(
            TransferRule(*_cells(row, "from_fund from_subj to_fund to_subj")) for row in view.table("fund.transfers")
        ),
        tuple(MonthEndRule(*_cells(row, "subj_code article")) for row in view.table("fund.month_end")),
        _lines(view, "fund.statement.income", faults),
        _lines(view, "fund.statement.balance", faults),
        tuple(_carry(row) for row in view.table("fund.carry")),
        str(view.parameter("fund.chart").source),
    )
    # rules are judged only on a chart whose own cells could be read: their faults would follow from those
    faults = faults or chart_faults(chart)
    if faults:
        raise ChartError(f"会计科目表有{len(faults)}处错误：" + "；".join(faults))
    return chart


def standard_accounts(chart: Chart, book: Book, opened: date) -> tuple[list[Account], list[Limit]]:
    """The accounts every book has, by code, and their floors: the fund's leaf subjects that need no detail."""
    accounts: list[Account] = []
    limits: list[Limit] = []
    for subject in chart.leaves(book.fund_type):
        if subject.detail:
            continue
        account = _account(subject, book, "", opened)
        accounts.append(account)
        if subject.floor is not None:
            limits.append(
                Limit(account.no, LimitKind.FLOOR, 0, 1, subject.floor, chart.source, book.admdvs, opened.year)
            )
    return accounts, limits


def account_for(chart: Chart, book: Book, subj_code: str, detail: str, opened: date) -> Account:
    """The account of a leaf subject for a detail (an institution, a person, an agency).

    Raises ChartError when the fund has no such leaf, the subject takes no detail and one is given, or needs one.
    """
    subject = chart.subject(subj_code)
    if subject not in chart.leaves(book.fund_type):
        why = "不属于该险种" if not subject.kept_by(book.fund_type) else "有下级科目，须用下级科目"
        raise ChartError(f"险种{book.fund_type}不能用科目“{subject.label}”开户：{why}")
    if subject.detail and not detail:
        raise ChartError(f"科目“{subject.label}”须写明明细：{_DETAIL_WORDS[subject.detail]}")
    if detail and not subject.detail:
        raise ChartError(f"科目“{subject.label}”没有明细，不应写“{detail}”")
    return _account(subject, book, detail, opened)


def _account(subject: Subject, book: Book, detail: str, opened: date) -> Account:
    return Account(book.admdvs, book.fund_type, subject.code, detail, subject.name, subject.side, opened)


# --- rows ---------------------------------------------------------------------------------------------------------


def _cells(row: Row, names: str) -> list[str]:
    """The cells of those columns; a column that no row of the table writes is empty."""
    return [row.get(name, "") for name in names.split()]


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _funds(row: Row) -> frozenset[str]:
    return frozenset(_parts(row.get("funds", "")))


def _subject(row: Row, faults: list[str]) -> Subject | None:
    code, name, element, side, floor, account, detail, bank = _cells(
        row, "subj_code subj_name element side floor account detail bank"
    )
    wrong = [
        f"科目“{code}”的{what}“{cell}”不认识"
        for what, cell, known in (
            ("要素 element", element, set(Element)),
            ("方向 side", side, set(Side)),
            ("账户 account", account, _ACCOUNTS),
            ("明细 detail", detail, _DETAILS),
            ("有无对账单 bank", bank, _FLAGS),
        )
        if cell not in known
    ]
    if not (code.isascii() and code.isdigit() and len(code) % 2 == 0 and len(code) >= 4):
        wrong.append(f"科目编码“{code}”应为四位或四位加若干个两位数字")
    if not name:
        wrong.append(f"科目“{code}”没有名称")
    try:
        least = fen_from_yuan(floor) if floor else None
    except MoneyError as error:
        wrong.append(f"科目“{code}”的下限：{error}")
    faults += wrong
    if wrong:
        return None
    return Subject(code, name, Element(element), Side(side), _funds(row), least, account, detail, bank == "yes")


def _flow(row: Row, faults: list[str]) -> FlowRule:
    code, side, counter, article = _cells(row, "subj_code side counter article")
    if side not in set(Side):
        faults.append(f"收支渠道“{code}”的方向“{side}”不认识")
        side = Side.DEBIT
    return FlowRule(code, Side(side), _parts(counter), article)


def _carry(row: Row) -> CarryRule:
    account, subjects, to_subj = _cells(row, "account subjects to_subj")
    return CarryRule(_funds(row), account, _parts(subjects), to_subj)


def _lines(view: View, key: str, faults: list[str]) -> tuple[StatementLine, ...]:
    lines = []
    for row in view.table(key):
        line, label, section, level, kind, terms = _cells(row, "line label section level kind subjects")
        if level not in _LEVELS:
            faults.append(f"报表项目{line}的级次“{level}”不认识")
            level = "0"
        signed = tuple((-1, term[1:]) if term.startswith("-") else (1, term) for term in _parts(terms))
        lines.append(StatementLine(line, label, section, int(level), kind, signed, _funds(row)))
    return tuple(lines)
