"""The books' own entries of the close year: opening balance, income by item, money moved to the 支出户.

Every entry balances. Premiums go through the 收入户 and leave it within the month; the rest of the income comes to the
财政专户 at once. Spending other than DIP is booked for outpatients and chronic diseases.
"""

from collections.abc import Iterator

from yibao.synth.budgets import LABELS, Budget
from yibao.synth.draw import day_number
from yibao.synth.plan import MONEY_MONTH_PERMILLE
from yibao.synth.rowsets import Row

_SUBJECTS = {
    "310": {"balance": "300101", "premium": "400101", "subsidy": "4101", "interest": "430101", "other": "490101"},
    "390": {"balance": "3001", "premium": "400103", "subsidy": "4101", "interest": "4301", "other": "4901"},
}
_SPENDING = {"outpatient": ("500102", "门诊费用支出"), "chronic": ("500103", "门诊慢特病支出")}
_Line = tuple[str, str, int]
"""Subject, side (D or C), fen."""


def ledger_rows(budgets: list[Budget], admdvs: str, year: int) -> list[Row]:
    """Table ``ledger_entries``, one row a line; entry ids are made of fund, year, month and purpose."""
    return [row for one in budgets for row in _book(one, admdvs, year)]


def _book(budget: Budget, admdvs: str, year: int) -> Iterator[Row]:
    subjects, fund = _SUBJECTS[budget.fund], budget.fund
    opening = (("1003", "D", budget.balance), (subjects["balance"], "C", budget.balance))
    yield from _entry(budget, admdvs, f"{fund}-{year}-QC", day_number(year - 1, 12, 31), "期初余额", opening)
    for month in range(1, 13):
        head = f"{fund}-{year}{month:02d}"
        premium = _part(budget.income["premium"], month)
        collected = (("1002", "D", premium), (subjects["premium"], "C", premium))
        yield from _entry(budget, admdvs, f"{head}-BF", day_number(year, month, 8), "收到基本医疗保险费", collected)
        handed = (("1003", "D", premium), ("1002", "C", premium))
        yield from _entry(budget, admdvs, f"{head}-ZH", day_number(year, month, 12), "收入户划转财政专户", handed)
        parts = [(subjects[item], _part(amount, month)) for item, amount in budget.income.items() if item != "premium"]
        credits = tuple((subject, "C", amount) for subject, amount in parts if amount > 0)
        if credits:
            income = (("1003", "D", sum(amount for _, _, amount in credits)), *credits)
            yield from _entry(budget, admdvs, f"{head}-SR", day_number(year, month, 14), "财政补贴、利息等收入", income)
        yield from _spent(budget, admdvs, year, month, head)


def _spent(budget: Budget, admdvs: str, year: int, month: int, head: str) -> Iterator[Row]:
    """The month's money for the 支出户 on the 4th, and what of it goes to other care than DIP on the 25th."""
    others = [(*_SPENDING[line], _part(amount, month)) for line, amount in budget.lines.items() if line in _SPENDING]
    twelfth = (budget.dip + budget.raised) // 12 * MONEY_MONTH_PERMILLE // 1000
    money = twelfth * (2 if month in (1, 12) else 1) + sum(amount for _, _, amount in others)
    moved = (("1004", "D", money), ("1003", "C", money))
    yield from _entry(budget, admdvs, f"{head}-BR", day_number(year, month, 4), "财政专户拨入支出户", moved)
    for subject, memo, amount in others:
        lines = ((subject, "D", amount), ("1004", "C", amount))
        yield from _entry(budget, admdvs, f"{head}-{subject}", day_number(year, month, 25), memo, lines)


def _part(amount: int, month: int) -> int:
    """A twelfth; December takes what the division leaves."""
    return amount // 12 + (amount % 12 if month == 12 else 0)


def _entry(budget: Budget, admdvs: str, tail: str, day: int, memo: str, lines: tuple[_Line, ...]) -> Iterator[Row]:
    entry_id = f"{admdvs}-{tail}"
    for seq, (subject, side, amount) in enumerate(lines, 1):
        yield {
            "entry_id": entry_id, "seq": seq, "action": "post", "entry_date": day, "admdvs": admdvs,
            "fund_type": budget.fund, "subj_code": subject, "debit": amount if side == "D" else None,
            "credit": amount if side == "C" else None, "settles": f"{entry_id}-DJ",
            "memo": f"{LABELS[budget.fund]}{memo}",
        }  # fmt: skip
