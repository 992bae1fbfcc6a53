"""The books against the clearing: every balance that a close leaves, read back and compared to the fen.

What is expected comes from the rows of clearing alone, not from the entries made of them. What other entries did to the
same accounts (opening balances, income, a later payment) does not count: entries of a close are known by their number.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from yibao.flows.close_entries import (
    DEPOSIT,
    EXPENSE,
    HOME_POOL,
    MONEY,
    PAYABLE,
    PREPAID,
    FundClose,
    YearClose,
    fund_name,
    home_pool,
    is_ours,
    offsite_by_hospital,
)
from yibao.fund.records import account_no
from yibao.kernel import Finding, Severity, yuan_text
from yibao.store import Store, readings

_LABELS = {
    EXPENSE: "住院费用支出", MONEY: "支出户存款", PREPAID: "预付定点医药机构", PAYABLE: "应付定点医药机构",
    DEPOSIT: "质量保证金", HOME_POOL: "应收参保地",
}  # fmt: skip
_DEBIT_SIDE = (EXPENSE, MONEY, PREPAID, HOME_POOL)
"""Subjects shown by what their debits exceed their credits: the last because a home pool owes us."""


class Proof(NamedTuple):
    """One balance that a close leaves (fen, on the side its subject is shown by): by the clearing, and in the books.

    A ``PAYABLE`` below zero is a claim on the hospital. ``detail`` is the hospital or the home pool.
    """

    fund_type: str
    subj_code: str
    detail: str
    label: str
    expected: int
    booked: int

    @property
    def holds(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.booked


def proofs(store: Store, close: YearClose, paid: Collection[str]) -> list[Proof]:
    """Every balance of every fund, by account; ``paid`` are the funds whose payments are booked."""
    return [row for one in close.funds for row in _proofs(store, close, one, one.fund_type in paid)]


def proved(store: Store, close: YearClose, paid: Collection[str]) -> list[Finding]:
    """Where the books do not say what clearing says: one finding an account, none when all is the same."""
    return [_differs(close, row) for row in proofs(store, close, paid) if not row.holds]


def _differs(close: YearClose, row: Proof) -> Finding:
    what = " ".join(part for part in (f"{fund_name(row.fund_type)}{row.label}", row.detail) if part)
    figures = f"清算应为{yuan_text(row.expected)}元，账上为{yuan_text(row.booked)}元"
    return Finding(
        "posting_differs", Severity.ERROR, f"{what}：{figures}，相差{yuan_text(row.booked - row.expected)}元",
        cause="账上有以前一次清算的凭证，或凭证被冲销过", key=account_no(close.admdvs, *row[:3]),
        next_step="换一个新的账务库重新记账；原账要留的，用 yibao fund journal 查这个账户的凭证，冲销多记的",
    )  # fmt: skip


def _proofs(store: Store, close: YearClose, one: FundClose, paid: bool) -> list[Proof]:
    expected = _expected(one, paid)
    booked = _booked(store, close, one)
    rows = []
    for slot in sorted(expected.keys() | booked.keys()):
        code, detail = slot
        sign = 1 if code in _DEBIT_SIDE else -1
        label = _LABELS.get(code, code)
        rows.append(Proof(one.fund_type, code, detail, label, sign * expected[slot], sign * booked[slot]))
    return rows


def _expected(one: FundClose, paid: bool) -> dict[tuple[str, str], int]:
    """Debit less credit of every account, from the rows of the clearing."""
    nets: dict[tuple[str, str], int] = defaultdict(int)
    result = one.result
    for row in result.clearing:
        code, forfeited = row.fixmedins_code, row.deposit - row.deposit_returned
        owed = row.final if paid else row.final + row.monthly_paid + row.prepaid
        nets[PAYABLE, code] -= owed
        nets[DEPOSIT, code] += 0
        nets[PREPAID, code] -= row.prepaid if paid else 0
        nets[EXPENSE, ""] += row.settled - row.deductions - forfeited
        nets[MONEY, ""] -= row.monthly_paid if paid else 0
    for granted in result.prepay:
        nets[PREPAID, granted.fixmedins_code] += granted.amount if paid else 0
        nets[MONEY, ""] -= granted.amount if paid else 0
    for code, due in offsite_by_hospital(result.offsite).items():
        nets[PAYABLE, code] -= due
    for away in result.offsite:
        nets[HOME_POOL, home_pool(away.insuplc_admdvs)] += away.due
    return nets


def _booked(store: Store, close: YearClose, one: FundClose) -> dict[tuple[str, str], int]:
    """Debit less credit of every account over the entries of a close of this year and what took any of them back."""
    book = close.book(one)
    with store.reading() as connection:
        lines = readings.posted_amounts(
            connection, one.fund_type, date(close.year, 1, 1), date(close.year, 12, 31), close.admdvs
        )
    ours = {entry_id for entry_id in {line[0] for line in lines} if is_ours(entry_id, book, close.year)}
    nets: dict[tuple[str, str], int] = defaultdict(int)
    for entry_id, subj_code, detail, side, amount in lines:
        if entry_id in ours:
            nets[subj_code, detail] += amount if side == "D" else -amount
    return nets
