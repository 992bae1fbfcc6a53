"""What must be equal among the fund's statements (勾稽关系), worked out from the finished rows."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from yibao.flows.fund_statement import FundStatements
from yibao.fund.statements import BalanceRow, IncomeRow


class Check(NamedTuple):
    """Two figures in fen that must be equal, each with its name."""

    place: str
    left: str
    left_fen: int
    right: str
    right_fen: int

    @property
    def difference(self) -> int:
        """The left figure less the right."""
        return self.left_fen - self.right_fen


class Part(NamedTuple):
    """The year of the whole fund, or of its pool or personal account, in fen."""

    name: str
    income: int
    expense: int
    surplus: int


_COLUMNS: dict[str, Callable[[IncomeRow], int]] = {
    "": lambda row: row.year,
    "统筹基金": lambda row: row.pool_year or 0,
    "个人账户": lambda row: row.personal_year or 0,
}
"""The year's figure of a line by account; empty for the whole fund."""


_NUMBER = re.compile("^[一二三四五六七八九十]+、")
_Row = TypeVar("_Row", IncomeRow, BalanceRow)


def plain(label: str) -> str:
    """A line's label without its number: ``五、上年结余`` is 上年结余."""
    return _NUMBER.sub("", label)


def checks(statements: FundStatements) -> list[Check]:
    """Everything that can be compared. A line that the law names otherwise is left out of the comparison."""
    return [*_trial(statements), *_balance(statements), *_income(statements), *_between(statements)]


def parts(statements: FundStatements) -> list[Part]:
    """The pool and the personal accounts of the year, for a fund that keeps them apart; empty for others."""
    if not statements.splits:
        return []
    wanted = [_find(statements.income, label) for label in ("本年收入合计", "本年支出合计", "年末滚存结余")]
    rows = [row for row in wanted if row is not None]
    if len(rows) < len(wanted):
        return []
    return [Part(name, *(figure(row) for row in rows)) for name, figure in _COLUMNS.items() if name]


def _trial(statements: FundStatements) -> Iterator[Check]:
    total = statements.trial[-1]
    place = "试算平衡表"
    yield Check(place, "期初借方余额", total.opening_debit, "期初贷方余额", total.opening_credit)
    yield Check(place, "本期借方发生额", total.debit, "本期贷方发生额", total.credit)
    yield Check(place, "期末借方余额", total.closing_debit, "期末贷方余额", total.closing_credit)
    debit, credit = sum(line.debit for line in statements.lines), sum(line.credit for line in statements.lines)
    yield Check("凭证明细与试算平衡表", "凭证明细借方合计", debit, "本期借方发生额", total.debit)
    yield Check("凭证明细与试算平衡表", "凭证明细贷方合计", credit, "本期贷方发生额", total.credit)


def _balance(statements: FundStatements) -> Iterator[Check]:
    assets, debts, net = (_find(statements.balance, label) for label in ("资产总计", "负债合计", "净资产合计"))
    if assets and debts and net:
        right = "负债合计 + 净资产合计"
        yield Check("资产负债表年初数", "资产总计", assets.opening, right, debts.opening + net.opening)
        yield Check("资产负债表期末数", "资产总计", assets.closing, right, debts.closing + net.closing)


def _income(statements: FundStatements) -> Iterator[Check]:
    labels = ("年末滚存结余", "上年结余", "年内调整结余", "本年收支结余")
    closing, brought, adjusted, result = (_find(statements.income, label) for label in labels)
    if not (closing and brought and adjusted and result):
        return
    for name, figure in _COLUMNS.items():
        if not name or statements.splits:
            yield Check(f"收支表{name}", "年末滚存结余", figure(closing), "上年结余 + 年内调整结余 + 本年收支结余",
                        figure(brought) + figure(adjusted) + figure(result))  # fmt: skip
    if statements.splits:
        split = sum(figure(closing) for name, figure in _COLUMNS.items() if name)
        yield Check("收支表", "年末滚存结余合计", closing.year, "统筹基金 + 个人账户", split)


def _between(statements: FundStatements) -> Iterator[Check]:
    closing, net = _find(statements.income, "年末滚存结余"), _find(statements.balance, "净资产合计")
    if closing and net:
        yield Check("收支表与资产负债表", "年末滚存结余", closing.year, "净资产合计期末数", net.closing)
    income, expense = sum(one.income for one in statements.months), sum(one.expense for one in statements.months)
    for what, amount in (("收入", income), ("支出", expense)):
        row = _find(statements.income, f"本年{what}合计")
        if row:
            yield Check("收支表与各月收支", f"本年{what}合计", row.year, f"各月{what}之和", amount)


def _find(rows: Sequence[_Row], label: str) -> _Row | None:
    return next((row for row in rows if row.level < 2 and plain(row.label) == label), None)
