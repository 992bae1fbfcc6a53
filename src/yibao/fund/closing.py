"""The end of a month and of a year: what should be in order, the carry entry (年末结转), agencies taken together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from yibao.fund.chart import Chart, Element, Subject
from yibao.fund.records import Action, Book, Entry, Line, Side, account_no
from yibao.fund.statements import (
    BalanceRow,
    IncomeRow,
    StatementError,
    Turnover,
    balance_sheet,
    check_turnovers,
    income_statement,
)
from yibao.kernel import MAX_FEN, Finding, Severity, yuan_text


class Internal(NamedTuple):
    """What a lower agency and those above it booked of one kind of internal money in the year to date, in fen.

    The subjects are named as ``5501 上解上级支出``.
    """

    admdvs: str
    lower_subject: str
    upper_subject: str
    lower: int
    upper: int

    @property
    def difference(self) -> int:
        """The lower agency's figure less the upper's; zero when both booked the same."""
        return self.lower - self.upper


class Combined(NamedTuple):
    """Several agencies of one fund as one: the statements, the internal money side by side, the differences."""

    agencies: tuple[str, ...]
    income: list[IncomeRow]
    balance: list[BalanceRow]
    internal: list[Internal]
    findings: list[Finding]


def carry_entry(chart: Chart, book: Book, turnovers: Sequence[Turnover], year: int) -> Entry | None:
    """The entry that empties the book's income and expense accounts of the year into its balance (结余), or None.

    Dated 31 December; every account by itself, with its detail, what earlier years left uncarried included. None when
    there is nothing left to carry, so that a second call makes no second entry. An amount above the bound of one line
    is spread over several.
    """
    ours = [one for one in turnovers if one.book == book]
    check_turnovers(chart, ours)
    held: dict[tuple[str, str], int] = defaultdict(int)
    for one in ours:
        if one.month <= year * 100 + 12 and chart.subjects[one.subj_code].element.flow:
            held[one.subj_code, one.detail] += one.net
    lines: list[Line] = []
    results: dict[str, int] = defaultdict(int)
    for (code, detail), net in sorted(held.items()):
        lines += _lines(account_no(*book, code, detail), -net)
        results[_target(chart, book.fund_type, code)] += net
    if not lines:
        return None
    for code, net in sorted(results.items()):
        lines += _lines(account_no(*book, code), net)
    name = f"{book.admdvs}-{book.fund_type}-{year}"
    return Entry(
        f"CARRY-{name}", Action.CARRY, book.admdvs, book.fund_type, date(year, 12, 31),
        f"{year}年度收支结转", "年末结转收支", tuple(lines),
    )  # fmt: skip


def _lines(acct_no: str, net: int) -> Iterator[Line]:
    """Lines that credit the account with ``net`` fen, or debit it where that is negative."""
    side = Side.CREDIT if net > 0 else Side.DEBIT
    left = abs(net)
    while left:
        amount = min(left, MAX_FEN)
        yield Line(acct_no, side.value, amount)
        left -= amount


def _target(chart: Chart, fund_type: str, code: str) -> str:
    account = chart.subjects[code].account
    return next(
        rule.to_subj
        for rule in chart.carry
        if fund_type in rule.funds and code.startswith(rule.subjects) and rule.account in ("", account)
    )


def month_end_findings(chart: Chart, turnovers: Sequence[Turnover], month: int) -> list[Finding]:
    """What is not in order at the end of the month ``yyyymm``, by book and account; nothing here stops a close.

    month_end_not_zero: an account that must be empty is not (财务制度第四十条). below_floor: less than the subject
    allows. wrong_side: an asset or liability account whose balance is on the other side. year_not_carried: the year
    before still has income or expense.
    """
    check_turnovers(chart, turnovers)
    held: dict[tuple[Book, str, str], int] = defaultdict(int)
    earlier: dict[Book, set[str]] = defaultdict(set)
    before: dict[tuple[Book, str, str], int] = defaultdict(int)
    for one in turnovers:
        slot = (one.book, one.subj_code, one.detail)
        if one.month <= month:
            held[slot] += one.net
        if one.month < month // 100 * 100:
            before[slot] += one.net
    for (book, code, _detail), net in before.items():
        if net and chart.subjects[code].element.flow:
            earlier[book].add(code)
    found = [one for slot, net in sorted(held.items()) for one in _account_findings(chart, *slot, net, month)]
    return found + [
        Finding(
            "year_not_carried", Severity.WARNING, f"账套{'-'.join(book)}{month // 100 - 1}年末的收支还没有结转",
            cause=f"仍有余额的科目：{'、'.join(sorted(codes))}", next_step="先做上年的年末结转", key="-".join(book),
        )
        for book, codes in sorted(earlier.items())
    ]  # fmt: skip


def _account_findings(chart: Chart, book: Book, code: str, detail: str, net: int, month: int) -> Iterator[Finding]:
    subject = chart.subjects[code]
    number = account_no(*book, code, detail)
    balance = -net if subject.side is Side.DEBIT else net
    figure = f"{month}月末余额{yuan_text(balance)}元"
    for rule in chart.month_end:
        if code.startswith(rule.subj_code) and balance:
            yield Finding(
                "month_end_not_zero", Severity.WARNING, f"{number} {subject.name}{figure}，应为零",
                next_step="把余额划转财政专户，或说明未划转的原因", basis=rule.article, key=number,
            )  # fmt: skip
    if subject.floor is not None and balance < subject.floor:
        yield Finding(
            "below_floor", Severity.ERROR, f"{number} {subject.name}{figure}，低于下限{yuan_text(subject.floor)}元",
            next_step="核对该账户的记账和银行对账单", basis=chart.source, key=number,
        )  # fmt: skip
    elif balance < 0 and subject.element in (Element.ASSET, Element.LIABILITY):
        yield Finding(
            "wrong_side", Severity.WARNING, f"{number} {subject.name}{figure}，余额在{subject.side.other.label}方",
            next_step="核对是否多付、多扣或记错明细", key=number,
        )  # fmt: skip


def combined(chart: Chart, fund_type: str, turnovers: Sequence[Turnover], month: int, top: str) -> Combined:
    """The statements of all agencies in the turnovers together, ``top`` being the uppermost of them.

    Figures are sums: internal money stands on both sides (上解 of one is 下级上解收入 of the other) and is not struck
    out. It is compared for every agency but the top in the year to date: what it booked itself with what the others
    booked with its code as detail, by the pairs of fund.transfers that name no fund (5501 with 4602, 4601 with 5502).
    A difference is a Finding; the year's result is right only without one. Raises StatementError when ``top`` has no
    figures.
    """
    ours = [one for one in turnovers if one.fund_type == fund_type]
    agencies = tuple(sorted({one.admdvs for one in ours}))
    if top not in agencies:
        raise StatementError(f"上级经办机构“{top}”在险种{fund_type}没有账目，现有：{'、'.join(agencies) or '无'}")
    year = [one for one in ours if month // 100 * 100 < one.month <= month and not one.carried]
    internal = []
    for lower, upper in _pairs(chart):
        own = {agency: _booked(lower, [one for one in year if one.admdvs == agency]) for agency in agencies}
        about = [one for one in year if one.subj_code.startswith(upper.code)]
        for agency in sorted(({one.detail for one in about} | set(agencies)) - {top}):
            theirs = _booked(upper, [one for one in about if one.detail == agency])
            if own.get(agency) or theirs:
                internal.append(Internal(agency, lower.label, upper.label, own.get(agency, 0), theirs))
    return Combined(
        agencies,
        income_statement(chart, fund_type, ours, month),
        balance_sheet(chart, fund_type, ours, month),
        internal,
        [_difference(one, fund_type, month) for one in internal if one.difference],
    )


def _pairs(chart: Chart) -> Iterator[tuple[Subject, Subject]]:
    """The two subjects of each kind of internal money: the lower agency's own, and the one kept by lower agency."""
    for rule in chart.transfers:
        if not rule.from_fund:
            given, taken = chart.subject(rule.from_subj), chart.subject(rule.to_subj)
            yield (taken, given) if given.detail else (given, taken)


def _booked(subject: Subject, turnovers: Sequence[Turnover]) -> int:
    """The movements of a subject and those below it, on its normal side."""
    net = sum(one.net for one in turnovers if one.subj_code.startswith(subject.code))
    return net if subject.side is Side.CREDIT else -net


def _difference(one: Internal, fund_type: str, month: int) -> Finding:
    return Finding(
        "internal_difference", Severity.ERROR,
        f"险种{fund_type}的{one.admdvs}到{month}两级记账不一致：下级“{one.lower_subject}”{yuan_text(one.lower)}元，"
        f"上级“{one.upper_subject}”{yuan_text(one.upper)}元，相差{yuan_text(one.difference)}元",
        cause="款项在途、一方漏记，或明细写错了经办机构", next_step="核对两级的凭证和银行流水号",
        key=f"{one.admdvs}-{fund_type}",
    )  # fmt: skip
