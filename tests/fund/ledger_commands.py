"""A small world of four books, and random sequences of commands in it: of any action, some of them faulty."""

from collections.abc import Sequence
from datetime import date
from random import Random

from fund.ledger_oracle import BOOKED, ENDS, MOST
from hypothesis import strategies as st

from yibao.fund.records import Account, Action, Book, Entry, Limit, LimitKind, Line, Side

CITY, RESIDENT, SERIOUS, COUNTY = (
    Book("370300", "310"), Book("370300", "390"), Book("370300", "392"), Book("370301", "310"),
)  # fmt: skip
SUBJECTS = {
    CITY: "1002 1003 1004 210109 400101 4101 500101 5101", RESIDENT: "1002 1003 1004 4101 500101 5101",
    SERIOUS: "1003 400108 500101", COUNTY: "1003 1004 4101 500101",
}  # fmt: skip
FIRST, LATER = date(2024, 12, 1), date(2025, 1, 15)
ACCOUNTS = [
    Account(*book, code, "", code, Side.DEBIT if code[0] in "15" else Side.CREDIT, LATER if code == "210109" else FIRST)
    for book, codes in SUBJECTS.items()
    for code in codes.split()
]
DAYS = (date(2024, 12, 30), *[date(2025, 1, 10)] * 2, *[date(2025, 1, 20)] * 3, date(2025, 2, 3))
USUAL = (("1003", "4101"), ("1003", "4101"), ("1003", "400108"), ("1004", "1003"), ("500101", "1004"),
         ("500101", "1003"), ("5101", "1003"), ("1002", "400101"), ("1003", "1002"))  # fmt: skip
ACTIONS = [Action.POST] * 6 + [Action.RESERVE] * 4 + [Action.SETTLE] * 4 + [Action.REVERSE] * 3 + [*ENDS[1:]]


def entry(
    entry_id: str, book: Book, debit: str = "", credit: str = "", amount: int = 0, action: Action = Action.POST, *,
    day: date = LATER, refers: str | None = None, expires: date | None = None, group: str | None = None,
    ref: str | None = None,
) -> Entry:  # fmt: skip
    """An entry of two lines, or of none where no amount is given."""
    no = f"{book.admdvs}-{book.fund_type}-"
    lines = (Line(no + debit, "D", amount), Line(no + credit, "C", amount)) if amount else ()
    return Entry(entry_id, action, *book, day, "结算单1", "", lines, refers, expires, group, ref)


def random_limits(dice: Random) -> list[Limit]:
    """Bank accounts keep 0 and some accounts a small limit of any kind; none stands above an empty account by much."""
    limits = [Limit(one.no, LimitKind.FLOOR, 0, 1, 0, "", one.admdvs, 2024) for one in ACCOUNTS if one.subj_code < "11"]
    for account in dice.sample(ACCOUNTS, 6):
        kind = dice.choice(list(LimitKind))
        year = dice.choice((2024, 2025)) if kind is LimitKind.BUDGET else 0
        amount = dice.choice((-20, 0, 15)) if kind is LimitKind.FLOOR else dice.choice((0, 25, 40, None))
        limits.append(Limit(account.no, kind, year, 2, amount, "", account.admdvs, 2024))
    return limits


def _plain(dice: Random, entry_id: str) -> Entry:
    book = dice.choice((CITY, CITY, RESIDENT, RESIDENT, SERIOUS, COUNTY))
    codes = SUBJECTS[book].split()
    pairs = [pair for pair in USUAL if set(pair) <= set(codes)]
    debit, credit = dice.choice(pairs) if dice.randrange(6) else (dice.choice(codes), dice.choice(codes))
    made = entry(entry_id, book, debit, credit, dice.randint(1, 30), day=dice.choice(DAYS))
    if dice.randrange(5) == 0:
        more = entry(entry_id, book, dice.choice(codes), dice.choice(codes), dice.randint(1, 9))
        made = made._replace(lines=made.lines + more.lines)
    return made._replace(bank_ref=dice.choice((None, None, "B1", "B2")))


def _about(dice: Random, made: Entry, earlier: Sequence[Entry]) -> Entry:
    """The entry made into one about an earlier one: mostly one that can be treated so."""
    booked = made.action is Action.REVERSE
    fit = [one for one in earlier if one.action in (BOOKED if booked else (Action.RESERVE,))] or earlier
    target = dice.choice(fit if dice.randrange(8) else earlier)
    made = made._replace(admdvs=target.admdvs, fund_type=target.fund_type, refers=target.entry_id, lines=())
    if made.action is Action.SETTLE and dice.randrange(2):
        # less than was held, the same for all lines so that it balances; now and then more
        change = dice.choice((-3, -1, -1, 0, 2))
        made = made._replace(lines=tuple(line._replace(amount=line.amount + change) for line in target.lines))
    return made


def _spoiled(dice: Random, made: Entry) -> Entry:
    """One thing wrong with an entry, of those that its form or its accounts show."""
    lines = made.lines or (Line("370300-310-1003", "D", 5),)
    foreign = lines[0]._replace(acct_no=dice.choice((*ACCOUNTS, *ACCOUNTS)).no if dice.randrange(3) else "370300-310-9")
    return dice.choice((
        made._replace(settles=""), made._replace(refers=None), made._replace(refers="NONE") if made.refers else made,
        made._replace(lines=lines[:1]), made._replace(lines=lines), made._replace(lines=(foreign, *lines[1:])),
        made._replace(lines=(lines[0]._replace(amount=dice.choice((0, -1, MOST + 1, 7))), *lines[1:])),
    ))  # fmt: skip


def _transfer(dice: Random, number: int, group: str) -> list[Entry]:
    given, amount = dice.choice(("5101", "5101", "500101")), dice.randint(1, 20)
    day = dice.choice(DAYS)
    return [
        entry(f"E{number}", RESIDENT, given, "1003", amount, day=day, group=group),
        entry(f"E{number + 1}", SERIOUS, "1003", "400108", amount, day=day, group=group),
    ]


def sequence(dice: Random, steps: int) -> list[list[Entry]]:
    """Steps, each one entry or one linked group: money first, then anything, with ids and groups that come again."""
    made = [[entry(f"OPEN{place}", book, "1003", "400108" if book is SERIOUS else "4101", 60, day=date(2024, 12, 5))]
            for place, book in enumerate(SUBJECTS)]  # fmt: skip
    number = 0
    for _ in range(steps):
        earlier = [one for step in made for one in step]
        group = f"G{dice.randrange(6)}" if dice.randrange(4) == 0 else None
        step: list[Entry] = []
        for _ in range(dice.randint(1, 3) if group else 1):
            number += 1
            one = _plain(dice, f"E{number}")._replace(action=dice.choice(ACTIONS), group_id=group)
            if one.action is Action.RESERVE:
                one = one._replace(expires=dice.choice((None, date(2025, 1, 10), date(2025, 1, 31))))
            elif one.action is not Action.POST:
                one = _about(dice, one, earlier + step)
            if dice.randrange(8) == 0:
                one = _spoiled(dice, one)
            if dice.randrange(12) == 0:
                one = one._replace(entry_id=dice.choice(earlier).entry_id)
            if dice.randrange(10) == 0:
                one = (
                    dice.choice(earlier + step)._replace(group_id=group) if dice.randrange(2) else dice.choice(earlier)
                )
            step.append(one)
        if group and dice.randrange(3) == 0:
            step += _transfer(dice, 10 * number + 1000, group)
        made.append(step)
    return made


DICE = st.randoms(use_true_random=True)
"""Dice by a seed: throws that hypothesis chose itself would repeat so much that half the answers never came."""
