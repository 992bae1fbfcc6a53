"""Statements from turnovers: trial balance (科目余额表), 收支表, 资产负债表. All figures are fen.

Every statement first checks that each book's debits equal its credits in each month; each identity is asserted where
it is made. A breach means a fault in the program or data changed behind its back: StatementError names it.
Rules: 社会保险基金会计制度（财会〔2017〕28号）; the lines are law data (fund.statement.income, fund.statement.balance).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from yibao.fund.chart import Chart
from yibao.fund.records import Book, Side
from yibao.fund.subjects import StatementLine
from yibao.kernel import yuan_text


class StatementError(Exception):
    """Books that do not balance or a statement that does not close; the message is Chinese and names what differs."""


class Turnover(NamedTuple):
    """The movements of one account in one month (``yyyymm``) in fen; a reverse counts as negative on the other side.

    ``carried`` tells the year-end carry entries from all others. Grain: all but ``debit`` and ``credit``.
    """

    admdvs: str
    fund_type: str
    subj_code: str
    detail: str
    month: int
    carried: bool
    debit: int
    credit: int

    @property
    def book(self) -> Book:
        """The book the account is in."""
        return Book(self.admdvs, self.fund_type)

    @property
    def net(self) -> int:
        """Credit less debit."""
        return self.credit - self.debit


class TrialRow(NamedTuple):
    """A subject: balance before, movements, balance after. ``level``: 0 the total, 1 a first-level subject, 2 below."""

    level: int
    subj_code: str
    subj_name: str
    opening_debit: int
    opening_credit: int
    debit: int
    credit: int
    closing_debit: int
    closing_credit: int


class IncomeRow(NamedTuple):
    """A line of the 收支表: 本月数 and 本年累计, whole and (where the fund splits) of the pool and personal accounts.

    None where a figure does not apply: the month of a balance brought forward, the parts of a fund that has none.
    """

    line: str
    label: str
    section: str
    level: int
    month: int | None
    year: int
    pool_month: int | None
    pool_year: int | None
    personal_month: int | None
    personal_year: int | None


class BalanceRow(NamedTuple):
    """A line of the 资产负债表: 年初数 and 期末数."""

    line: str
    label: str
    section: str
    level: int
    opening: int
    closing: int


def check_turnovers(chart: Chart, turnovers: Iterable[Turnover]) -> None:
    """Raises StatementError unless every account is on a leaf of its fund and every book balances in every month."""
    leaves = {fund: {leaf.code for leaf in chart.leaves(fund)} for fund in chart.funds}
    debits: dict[tuple[str, str, int, bool], int] = defaultdict(int)
    credits: dict[tuple[str, str, int, bool], int] = defaultdict(int)
    for one in turnovers:
        if one.subj_code not in leaves.get(one.fund_type, ()):
            raise StatementError(f"账上的科目“{one.subj_code}”不是险种{one.fund_type}的末级科目（{_where(one)}）")
        if not 1 <= one.month % 100 <= 12:
            raise StatementError(f"月份“{one.month}”不对（{_where(one)}）")
        slot = (one.admdvs, one.fund_type, one.month, one.carried)
        debits[slot] += one.debit
        credits[slot] += one.credit
    for slot, debit in debits.items():
        admdvs, fund_type, month, carried = slot
        _equal(f"账套{admdvs}-{fund_type} {month}{'结转' if carried else ''}", "借方发生额", debit,
               "贷方发生额", credits[slot])  # fmt: skip


def trial_balance(chart: Chart, turnovers: Sequence[Turnover], first_month: int, last_month: int) -> list[TrialRow]:
    """The trial balance of the months, both inclusive; first-level subjects with those below, and the total last.

    A balance stands on one side per book and subject; a first-level subject shows the sums of both sides, so that
    its rows and the total add up. Carry entries count. Subjects without any figure are left out.
    """
    check_turnovers(chart, turnovers)
    before: dict[tuple[Book, str], int] = defaultdict(int)
    within: dict[tuple[Book, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in turnovers:
        slot = (one.book, one.subj_code)
        if one.month < first_month:
            before[slot] -= one.net
        elif one.month <= last_month:
            within[slot][0] += one.debit
            within[slot][1] += one.credit
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for slot in {*before, *within}:
        opening, (debit, credit) = before[slot], within[slot]
        closing = opening + debit - credit
        figures = (max(opening, 0), max(-opening, 0), debit, credit, max(closing, 0), max(-closing, 0))
        for code in {slot[1], slot[1][:4], ""}:
            for place, figure in enumerate(figures):
                sums[code][place] += figure
    rows = [
        TrialRow(1 if len(code) == 4 else 2, code, chart.subject(code).name, *sums[code])
        for code in sorted(sums)
        if code and any(sums[code])
    ]
    total = sums[""]
    for place, what in ((0, "期初余额"), (2, "本期发生额"), (4, "期末余额")):
        _equal("科目余额表", f"借方{what}", total[place], f"贷方{what}", total[place + 1])
    return [*rows, TrialRow(0, "", "合计", *total)]


def income_statement(chart: Chart, fund_type: str, turnovers: Sequence[Turnover], month: int) -> list[IncomeRow]:
    """The 收支表 of a fund for the month ``yyyymm`` and the year to its end, over all agencies in the turnovers.

    The carry entries of the year are left out of its income and expense, so December reads the same before and after
    them. Asserted, whole and for each account: 年末滚存结余 (from the books) = 上年结余 + 年内调整 + 本年收支结余.
    """
    ours = _of_fund(chart, fund_type, turnovers)
    accounts = ["", "pool", "personal"] if chart.splits(fund_type) else [""]
    lines = [one for one in chart.income if one.kept_by(fund_type)]
    columns: list[dict[str, int | None]] = []
    for account in accounts:
        part = [one for one in ours if not account or chart.subjects[one.subj_code].account == account]
        year = _income_values(chart, lines, part, month, month // 100 * 100)
        columns += [_income_values(chart, lines, part, month, None), year]
        _check_closing(lines, year, {"": "", "pool": "统筹基金", "personal": "个人账户"}[account], month)
    columns += [dict.fromkeys(year)] * (6 - len(columns))
    numbered = _numbers(lines)
    return [
        IncomeRow(
            one.line, numbered.get(one.line, "") + one.label, one.section, one.level,
            columns[0][one.line], columns[1][one.line] or 0, *(column[one.line] for column in columns[2:]),
        )
        for one in lines
    ]  # fmt: skip


def balance_sheet(chart: Chart, fund_type: str, turnovers: Sequence[Turnover], month: int) -> list[BalanceRow]:
    """The 资产负债表 of a fund at the end of the month ``yyyymm``, over all agencies in the turnovers.

    年初数 is the end of the year before. 本期收支差额 is what income and expense hold until it is carried over.
    Asserted: 资产总计 = 负债和净资产总计, at both dates.
    """
    ours = _of_fund(chart, fund_type, turnovers)
    lines = [one for one in chart.balance if one.kept_by(fund_type)]
    columns = []
    for last in (month // 100 * 100, month):
        held = [one for one in ours if one.month <= last]
        values: dict[str, int | None] = {}
        for one in lines:
            if one.kind == "subjects":
                values[one.line] = _natural(chart, one, held)
            elif one.kind == "result":
                values[one.line] = _net(one, held)
            else:
                values[one.line] = _summed(one, values)
        left, right = (one for one in lines if one.kind == "total")
        when = "年初数" if last % 100 == 0 else f"{last}期末数"
        _equal(f"资产负债表{when}", left.label, values[left.line] or 0, right.label, values[right.line] or 0)
        columns.append(values)
    return [
        BalanceRow(one.line, one.label, one.section, one.level, *(column[one.line] or 0 for column in columns))
        for one in lines
    ]


# --- figures ------------------------------------------------------------------------------------------------------


def _of_fund(chart: Chart, fund_type: str, turnovers: Iterable[Turnover]) -> list[Turnover]:
    """The fund's turnovers, checked, then summed over agencies and details: what its statements are read from."""
    ours = [one for one in turnovers if one.fund_type == fund_type]
    check_turnovers(chart, ours)
    sums: dict[tuple[str, int, bool], list[int]] = defaultdict(lambda: [0, 0])
    for one in ours:
        slot = sums[one.subj_code, one.month, one.carried]
        slot[0] += one.debit
        slot[1] += one.credit
    return [Turnover("", fund_type, code, "", month, carried, *both) for (code, month, carried), both in sums.items()]


def _income_values(
    chart: Chart, lines: Sequence[StatementLine], turnovers: Sequence[Turnover], month: int, start: int | None
) -> dict[str, int | None]:
    """The figures by line: of the months after ``start`` up to ``month``, or with None of that month only.

    Of a single month a balance, and a sum with one in it, is None.
    """
    first = month if start is None else start + 1
    period = [one for one in turnovers if first <= one.month <= month and not one.carried]
    sources: dict[str, Callable[[StatementLine], int | None]] = {
        "subjects": lambda line: _natural(chart, line, period),
        "adjusted": lambda line: _net(line, period),
        "carried": lambda line: _net(line, [one for one in turnovers if one.month < first]),
        "closing": lambda line: _net(line, [one for one in turnovers if one.month <= month]),
    }
    values: dict[str, int | None] = {}
    for line in lines:
        if start is None and line.kind in ("carried", "closing"):
            values[line.line] = None
        elif line.kind in sources:
            values[line.line] = sources[line.kind](line)
        else:
            values[line.line] = _summed(line, values)
    return values


def _natural(chart: Chart, line: StatementLine, turnovers: Iterable[Turnover]) -> int:
    """What the line's subjects hold, each on its normal side."""
    return sum(
        one.net if chart.subjects[one.subj_code].side is Side.CREDIT else -one.net
        for one in turnovers
        if line.covers(one.subj_code)
    )


def _net(line: StatementLine, turnovers: Iterable[Turnover]) -> int:
    """Credit less debit of the line's subjects."""
    return sum(one.net for one in turnovers if line.covers(one.subj_code))


def _summed(line: StatementLine, values: dict[str, int | None]) -> int | None:
    """The signed sum of other lines; those the fund lacks are left out."""
    total = 0
    for sign, term in line.terms:
        value = values.get(term, 0)
        if value is None:
            return None
        total += sign * value
    return total


def _check_closing(lines: Sequence[StatementLine], values: dict[str, int | None], account: str, month: int) -> None:
    kinds = {one.kind: values[one.line] or 0 for one in lines}
    expected = kinds["carried"] + kinds["adjusted"] + kinds["result"]
    _equal(f"收支表{account}{month}", "年末滚存结余", kinds["closing"], "上年结余加本年收支结余", expected)


_DIGITS = "零一二三四五六七八九"


def _numbers(lines: Iterable[StatementLine]) -> dict[str, str]:
    """``一、`` and on for the first-level lines of each section, in their order."""
    counts: dict[str, int] = defaultdict(int)
    numbers = {}
    for one in lines:
        if one.level == 1:
            counts[one.section] += 1
            tens, ones = divmod(counts[one.section], 10)
            ten = ("" if tens < 2 else _DIGITS[tens]) + "十" if tens else ""
            numbers[one.line] = f"{ten}{_DIGITS[ones] if ones else ''}、"
    return numbers


def _equal(place: str, left: str, a: int, right: str, b: int) -> None:
    if a != b:
        raise StatementError(
            f"{place}不平：{left}{yuan_text(a)}元，{right}{yuan_text(b)}元，相差{yuan_text(a - b)}元；"
            "账目可能被改动，请先运行 yibao fund verify"
        )


def _where(one: Turnover) -> str:
    return f"{one.admdvs}-{one.fund_type}，{one.month}"
