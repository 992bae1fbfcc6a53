"""What the fund's page shows: headline figures, charts, and the tables turned into text."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any, NamedTuple

from yibao.flows.fund_statement import FundStatements
from yibao.fund.statements import IncomeRow
from yibao.kernel import yuan, yuan_text
from yibao.report import fund_tables as made
from yibao.report import words
from yibao.report.charts import Chart
from yibao.report.fund_checks import checks, parts, plain
from yibao.report.fund_drawings import flows, kinds
from yibao.report.fund_tables import Cell, Kind, Table
from yibao.report.page_money import Card


class Shown(NamedTuple):
    """A finished cell: its text, style classes, and how many steps its label stands in."""

    text: str
    style: str
    indent: int


class Sheet(NamedTuple):
    """A table of the page. ``groups`` are (common heading, number of columns), empty for a table with none."""

    title: str
    period: str
    groups: Sequence[tuple[str, int]]
    heads: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Shown]]
    strong: Sequence[bool]
    note: str
    money: bool
    """Whether it holds amounts, and so must name their unit."""


def sheet(table: Table) -> Sheet:
    """The table as text."""
    rows = [list(cells) for cells in table.rows]
    groups = [(name, len(list(heads))) for name, heads in groupby(table.heads, key=lambda head: head.group)]
    return Sheet(
        table.title, table.period, groups if any(name for name, _ in groups) else (),
        [(head.label, "figure" if head.kind is Kind.MONEY else "text") for head in table.heads],
        [[_shown(cell, head.kind) for cell, head in zip(cells, table.heads, strict=True)] for cells in rows],
        [all(cell.strong for cell in cells) for cells in rows],
        table.note, any(head.kind is Kind.MONEY for head in table.heads),
    )  # fmt: skip


def _shown(cell: Cell, kind: Kind) -> Shown:
    strong = " strong" if cell.strong else ""
    if kind is Kind.MONEY:
        amount = cell.value if isinstance(cell.value, int) else None
        tone = "" if amount else " nil"
        return Shown("" if amount is None else yuan_text(amount),
                     f"figure{' minus' if amount and amount < 0 else tone}{strong}", 0)  # fmt: skip
    return Shown("" if cell.value is None else str(cell.value), f"text{strong}", cell.indent)


class Headline(NamedTuple):
    """The year so far in fen, and how many months it counts."""

    income: int
    expense: int
    surplus: int
    months: int

    @property
    def result(self) -> int:
        """Income less expense."""
        return self.income - self.expense

    @property
    def reserve(self) -> Decimal | None:
        """可支付月数: the balance over the mean monthly expense of the year, for display; None without expense."""
        return reserve_months(self.surplus, self.expense, self.months)


def reserve_months(surplus: int, expense: int, months: int) -> Decimal | None:
    """How many months the balance would pay at the mean monthly expense, to one decimal; None where it says nothing."""
    if expense <= 0 or surplus < 0:
        return None
    return (Decimal(surplus * months) / expense).quantize(Decimal("0.1"), ROUND_HALF_UP)


def headline(statements: FundStatements) -> Headline:
    """The sums of the year's months and the balance at the end of the last."""
    months = statements.months
    return Headline(sum(one.income for one in months), sum(one.expense for one in months), months[-1].surplus,
                    len(months))  # fmt: skip


def cards(statements: FundStatements) -> list[Card]:
    """The headline figures."""
    own, shares = headline(statements), parts(statements)
    counted = f"1月至{own.months}月" if own.months > 1 else "1月"
    mean = (yuan(own.expense) / own.months).quantize(Decimal("0.01"), ROUND_HALF_UP)
    money = statements.months[-1].money
    split = "；".join(f"{one.name} {_large(one.surplus)}" for one in shares)
    pool = shares[0] if shares else None
    pool_reserve = reserve_months(pool.surplus, pool.expense, own.months) if pool else None
    share = f"，占收入的 {words.percent(Decimal(own.result) / own.income)}" if own.income > 0 else ""
    meaning = f"累计结余 ÷ 本年月均支出 {words.money(mean)} 元（{counted}平均）。不预测今后的收支。"
    return [
        Card("本年收入", _large(own.income), _exact(own.income), f"{counted}的各项收入，含上级补助和下级上解。"),
        Card("本年支出", _large(own.expense), _exact(own.expense), f"{counted}的各项支出，含补助下级和上解上级。"),
        Card("本年结余", _large(own.result), _exact(own.result), f"收入减支出{share}。"),
        Card("累计结余", _large(own.surplus), _exact(own.surplus), split + "。" if split else "历年结余加本年结余。"),
        Card("可支付月数", _months(own.reserve), f"{pool.name} {_months(pool_reserve)}" if pool else "", meaning),
        Card("货币资金", _large(money), _exact(money), "银行、财政专户和国库的存款，期末数。"),
    ]  # fmt: skip


def _large(fen: int) -> str:
    return words.large(yuan(fen))


def _exact(fen: int) -> str:
    return f"{yuan_text(fen)} 元"


def _months(value: Decimal | None) -> str:
    return "无法计算" if value is None else f"{value:,} 个月"


def spending(rows: Sequence[IncomeRow]) -> list[tuple[str, int]]:
    """The year's spending by kind: main lines, those with parts by their parts and what is left of them. Fen.

    Kinds without spending are left out; the amounts add up to the year's expense.
    """
    lines = [row for row in rows if row.section == "expense" and not made.is_sum(row.label, row.level)]
    found: list[tuple[str, int]] = []
    for place, row in enumerate(lines):
        if row.level != 1:
            continue
        inner = []
        for other in lines[place + 1 :]:
            if other.level != 2:
                break
            inner.append((other.label.removeprefix("其中："), other.year))
        left = row.year - sum(amount for _, amount in inner)
        name = plain(row.label)
        found += [*inner, (f"{name}的其他部分" if inner else name, left)]
    return [(name, amount) for name, amount in found if amount]


def context(statements: FundStatements) -> dict[str, Any]:
    """All that the template draws."""
    own, compared = headline(statements), checks(statements)
    spent = spending(statements.income)
    labels = {one.key: (one.label, one.grade) for one in statements.sources}
    return {
        "title": statements.title,
        "unit": made.unit_text(statements),
        "period": made.span_text(statements.first_month, statements.last_month),
        "last_day": made.last_day_text(statements.last_month),
        "made_on": statements.made_on.isoformat(),
        "closes": not any(one.difference for one in compared),
        "closed": all(month >= statements.last_month for month in statements.closed.values()),
        "combined": statements.combined,
        "remarks": made.remarks(statements),
        "lead": {"surplus": _exact(own.surplus), "reserve": own.reserve, "income": _exact(own.income),
                 "expense": _exact(own.expense), "result": _exact(abs(own.result)),
                 "word": "超支" if own.result < 0 else "结余"},
        "cards": cards(statements),
        "flows": flows(statements.months),
        "kinds": _kinds(spent),
        "sheets": {name: sheet(make(statements)) for name, make in _TABLES.items()},
        "findings": len(statements.findings),
        "lines": words.count(len(statements.lines)),
        "entries": words.count(len({line.entry_id for line in statements.lines})),
        "unverified": [(*labels.get(key, (key, "")), key) for key in statements.unverified],
    }  # fmt: skip


_TABLES = {
    "months": made.months_table, "income": made.income_table, "balance": made.balance_table,
    "trial": made.trial_table, "checks": made.checks_table, "findings": made.findings_table,
    "internal": made.internal_table, "sources": made.sources_table,
}  # fmt: skip


def _kinds(spent: Sequence[tuple[str, int]]) -> Chart | None:
    return kinds(spent) if spent else None
