"""What the fault tests post: books of two insurances, and batches that are the same for whoever asks."""

from datetime import date
from functools import cache
from random import Random

from yibao.flows.fund import open_accounts, post
from yibao.fund.chart import Chart, read_chart, standard_accounts
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Limit, Line
from yibao.packs import load_law
from yibao.store import Store

BOOKS = (Book("370300", "310"), Book("370300", "390"))
DAY = date(2025, 3, 1)
OPENED = date(2024, 1, 1)
RICH = 10**11


@cache
def the_chart() -> Chart:
    """The national chart of accounts."""
    return read_chart(load_law("zibo").at(DAY))


def open_books(url: str, rich: int = RICH) -> None:
    """Two insurances' books with their standard accounts; ``rich`` fen on the expenditure account of each."""
    accounts: list[Account] = []
    limits: list[Limit] = []
    for book in BOOKS:
        own, floors = standard_accounts(the_chart(), book, OPENED)
        accounts += own
        limits += floors
    store = Store(url)
    answers = open_accounts(store, accounts, limits)
    for book in BOOKS:
        answers += post(store, the_chart(), [
            entry(f"OPEN-{book.fund_type}-1", book, "1003", "4101", rich, day=OPENED),
            entry(f"OPEN-{book.fund_type}-2", book, "1004", "1003", rich, day=OPENED),
        ])  # fmt: skip
    store.close()
    assert {answer.outcome for answer in answers} == {Outcome.POSTED}, answers


def entry(
    entry_id: str, book: Book, debit: str, credit: str, amount: int, action: Action = Action.POST, *,
    day: date = DAY, refers: str | None = None, group_id: str | None = None, memo: str = "",
) -> Entry:  # fmt: skip
    """An entry of two lines, or of none where the action takes none."""
    prefix = f"{book.admdvs}-{book.fund_type}-"
    lines = (Line(prefix + debit, "D", amount), Line(prefix + credit, "C", amount)) if amount else ()
    return Entry(entry_id, action, *book, day, f"结算单{entry_id}", memo, lines, refers=refers, group_id=group_id)


def batch(number: int, name: str = "B") -> list[Entry]:
    """The batch of that number, the same for whoever asks: most actions, both books, two years; every tenth is big."""
    dice = Random(number)
    day = DAY if number % 3 else date(2024, 12, 31)
    at = f"{name}{number:06}-"
    one, other = BOOKS if number % 2 else BOOKS[::-1]
    expense = ("500101", "500102", "500103")
    plain = 40 if number % 10 == 9 else dice.randint(1, 4)
    entries = [
        entry(f"{at}{place}", one, dice.choice(expense), "1004", dice.randint(1, 900), day=day)
        for place in range(plain)
    ]
    pays = ("500101", "1004", 700)
    return [
        *entries,
        entry(f"{at}G1", one, *pays, day=day, group_id=f"{at}G"),
        entry(f"{at}G2", other, *pays, day=day, group_id=f"{at}G"),
        entry(f"{at}R", one, *pays, Action.RESERVE, day=day),
        entry(f"{at}S", one, "500101", "1004", 300, Action.SETTLE, day=day, refers=f"{at}R"),
        entry(f"{at}H", other, *pays, Action.RESERVE, day=day),
        entry(f"{at}W", other, *pays, Action.RESERVE, day=day),
        entry(f"{at}V", other, "", "", 0, Action.VOID, day=day, refers=f"{at}W"),
        entry(f"{at}X", one, "", "", 0, Action.REVERSE, day=day, refers=f"{at}0"),
    ]


def post_batch(store: Store, number: int, allowed: tuple[Outcome, ...] = (Outcome.POSTED,)) -> Outcome:
    """Posts a batch; all of it must get one and the same answer, and one that is allowed."""
    answers = post(store, the_chart(), batch(number))
    outcome = answers[0].outcome
    if outcome not in allowed or any(answer.outcome is not outcome for answer in answers):
        raise AssertionError(f"batch {number}: {answers}")
    return outcome
