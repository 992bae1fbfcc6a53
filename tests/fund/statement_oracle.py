"""The statements worked out the slow way: walk the journal posting by posting, keep running balances, add up by hand.

Imports nothing of yibao. Which subject belongs to which line is written out here from the printed tables, not read
from the law data. A posting is (admdvs, fund, subject, detail, month, carried, debit, credit), all amounts in fen.
"""

from collections import Counter
from collections.abc import Iterable

Posting = tuple[str, str, str, str, int, bool, int, int]

INCOME = {"1": ("4001", "4201"), "2": ("4101",), "3": ("4301",), "4": ("4501",), "5": ("4901",), "7": ("4601",),
          "8": ("4602",)}  # fmt: skip
EXPENSE = {"21": ("5001",), "22": ("5101",), "23": ("5401",), "24": ("5901",), "26": ("5502",), "27": ("5501",)}
ASSETS = {"1": "1001", "2": "1002", "3": "1003", "4": "1004", "5": "1005", "6": "1101", "7": "1201"}
DEBTS = {"11": "2001", "12": "2101"}


def income(journal: Iterable[Posting], fund: str, month: int, subjects: set[str] | None = None) -> dict[str, int]:
    """The year's figures of the main lines up to ``month``; ``subjects`` limits it to those of one account."""
    lines: Counter[str] = Counter()
    january = month // 100 * 100 + 1
    brought = adjusted = held = 0
    for _, its_fund, code, _, when, carried, debit, credit in journal:
        if its_fund != fund or when > month or (subjects is not None and code not in subjects):
            continue
        change = credit - debit
        if code[0] in "345":
            held += change
            brought += change if when < january else 0
        if when < january or carried:
            continue
        if code[0] == "3":
            adjusted += change
        for line, codes in INCOME.items():
            lines[line] += change if code[:4] in codes else 0
        for line, codes in EXPENSE.items():
            lines[line] -= change if code[:4] in codes else 0
    earned = sum(lines[line] for line in ("1", "2", "3", "4", "5"))
    got = earned + lines["7"] + lines["8"]
    spent = sum(lines[line] for line in ("21", "22", "23", "24"))
    gone = spent + lines["26"] + lines["27"]
    return {**lines, "6": earned, "9": got, "10": brought, "11": adjusted, "12": got + brought + adjusted, "25": spent,
            "28": gone, "29": got - gone, "30": held, "31": gone + held}  # fmt: skip


def balance(journal: Iterable[Posting], fund: str, month: int) -> dict[str, int]:
    """The main lines at the end of ``month``."""
    held: Counter[str] = Counter()
    for _, its_fund, code, _, when, _, debit, credit in journal:
        if its_fund == fund and when <= month:
            held[code[:4]] += debit - credit
    lines = {line: held[code] for line, code in ASSETS.items()}
    lines |= {line: -held[code] for line, code in DEBTS.items()}
    lines |= {"21": -held["3001"], "22": -held["3101"]}
    lines["23"] = -sum(amount for code, amount in held.items() if code[0] in "45")
    lines["8"] = sum(lines[line] for line in ASSETS)
    lines["13"] = lines["11"] + lines["12"]
    lines["24"] = lines["21"] + lines["22"] + lines["23"]
    lines["25"] = lines["13"] + lines["24"]
    return lines
