"""Books for the fault tests: batches whose every part can be told afterwards, and an audit that shares no code with yibao.

The audit reads the tables with plain SQL and counts again: a fault of the store cannot hide in the store's own reading.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from itertools import accumulate
from typing import Any

from sqlalchemy import create_engine, text

from yibao.flows import fund
from yibao.fund.chart import read_chart, standard_accounts
from yibao.fund.records import Account, Action, Book, Entry, Line
from yibao.fund.subjects import Chart
from yibao.packs import load_law
from yibao.store import Store

BOOK = Book("370300", "310")
DAY = date(2025, 3, 15)
TREASURY, PAYING, INPATIENT, OUTPATIENT, SUBSIDY = (
    f"{BOOK.admdvs}-{BOOK.fund_type}-{code}" for code in ("1003", "1004", "500101", "500102", "4101")
)
"""财政专户、支出户、住院费用支出、门诊费用支出、财政补贴收入 of the book."""


def chart() -> Chart:
    """The chart of accounts as the national pack has it."""
    return read_chart(load_law("national").at(DAY))


def entry(entry_id: str, *lines: tuple[str, str, int], action: Action = Action.POST, **more: Any) -> Entry:
    """An entry of the book with these lines (account, side, fen)."""
    facts = {"settles": f"结算单{entry_id}", "memo": "", **more}
    return Entry(entry_id, action, *BOOK, DAY, lines=tuple(Line(*line) for line in lines), **facts)


def payment(entry_id: str, amount: int, **more: Any) -> Entry:
    """A payment of inpatient fees from the paying account (支出户), which may not go below zero."""
    return entry(entry_id, (INPATIENT, "D", amount), (PAYING, "C", amount), **more)


def open_books(url: str, rules: Chart, paying: int = 10**12, accounts: Sequence[Account] = ()) -> None:
    """Opens the book's accounts and puts ``paying`` fen on the paying account."""
    standard, limits = standard_accounts(rules, BOOK, date(2025, 1, 1))
    subsidy = entry("subsidy", (TREASURY, "D", paying), (SUBSIDY, "C", paying))
    filled = entry("filled", (PAYING, "D", paying), (TREASURY, "C", paying))
    with closing(Store(url)) as store:
        fund.open_accounts(store, [*standard, *accounts], limits)
        answers = fund.post(store, rules, [subsidy, filled])
    assert all(answer.outcome.stands for answer in answers), answers


def batch(name: str, rng: random.Random) -> list[Entry]:
    """A batch of two to eight entries of every action; each says in its memo what the batch it belongs to has."""
    made: list[Entry] = []
    for part in range(rng.randint(1, 3)):
        one, two, sum_ = f"{name}-{part}a", f"{name}-{part}b", rng.randint(2, 10_000)
        kind = rng.choice(["payment", "reversed", "settled", "voided", "linked"])
        inpatient = rng.randint(1, sum_ - 1)
        spent = [(INPATIENT, "D", inpatient), (OUTPATIENT, "D", sum_ - inpatient), (PAYING, "C", sum_)]
        if kind in ("payment", "reversed"):
            made.append(entry(one, *spent))
        if kind == "reversed":
            made.append(entry(two, action=Action.REVERSE, refers=one))
        if kind in ("settled", "voided"):
            made.append(entry(one, *spent, action=Action.RESERVE))
            action = Action.SETTLE if kind == "settled" else Action.VOID
            made.append(entry(two, action=action, refers=one))
        if kind == "linked":
            made += [entry(one, *spent, group_id=f"{name}-{part}"), payment(two, sum_, group_id=f"{name}-{part}")]
    return [one._replace(memo=f"{name} {len(made)}") for one in made]


def stored(url: str) -> set[str]:
    """The ids of every batch's entries in the database."""
    return {row[0] for row in _rows(url, "SELECT entry_id FROM fund_entry WHERE memo <> ''")}


def faults(url: str) -> list[str]:
    """What is wrong in the database, in words; nothing, if everything in it is whole and adds up."""
    entries = {row[0]: row[1:] for row in _rows(url, "SELECT entry_id, action, refers, memo FROM fund_entry")}
    lines: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for entry_id, *line in _rows(url, "SELECT entry_id, acct_no, side, amount FROM fund_line"):
        lines[entry_id].append(tuple(line))
    return [
        *_of_entries(entries, lines),
        *_of_chain(url, set(entries)),
        *_of_balances(url, entries, lines),
    ]


def lowest(url: str) -> int:
    """The least that the paying account ever held, entry after entry in the order of the audit chain."""
    moves = """SELECT side, amount FROM fund_line JOIN audit_chain ON record_id = entry_id AND kind = 'entry'
               WHERE acct_no = '{}' ORDER BY seq, line_no"""
    held = [amount if side == "D" else -amount for side, amount in _rows(url, moves.format(PAYING))]
    return min(accumulate(held))


def _rows(url: str, statement: str) -> list[Any]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(statement)))
    finally:
        engine.dispose()


def _of_entries(entries: dict[str, Any], lines: dict[str, Any]) -> list[str]:
    found = [f"lines without their entry: {one}" for one in lines.keys() - entries.keys()]
    sizes: Counter[str] = Counter()
    for entry_id, (action, _refers, memo) in entries.items():
        sizes[memo] += bool(memo)
        if bool(lines.get(entry_id)) == (action in ("void", "expire")):
            found.append(f"{action} {entry_id} has {len(lines[entry_id])} lines")
        sums = {side: sum(line[2] for line in lines[entry_id] if line[1] == side) for side in "DC"}
        if sums["D"] != sums["C"]:
            found.append(f"unbalanced: {entry_id} {sums}")
    for memo, count in sizes.items():
        if memo and count != int(memo.split()[-1]):
            found.append(f"half a batch: {count} entries of {memo}")
    return found


def _of_chain(url: str, entries: set[str]) -> list[str]:
    chain = _rows(url, "SELECT admdvs, year, seq, kind, record_id, hash FROM audit_chain ORDER BY admdvs, year, seq")
    heads = {row[:2]: row[2:] for row in _rows(url, "SELECT admdvs, year, seq, hash FROM audit_head")}
    linked = [row[4] for row in chain if row[3] == "entry"]
    found = [f"a link without its record: {one}" for one in set(linked) - entries]
    found += [f"a record without its link: {one}" for one in entries - set(linked)]
    if len(linked) != len(set(linked)):
        found.append("a record with two links")
    parts: dict[Any, list[Any]] = defaultdict(list)
    for row in chain:
        parts[row[:2]].append(row)
    for part, rows in parts.items():
        if [row[2] for row in rows] != list(range(1, len(rows) + 1)):
            found.append(f"the chain {part} has gaps")
        if heads.get(part) != (rows[-1][2], rows[-1][5]):
            found.append(f"the head of {part} is not its last link")
    return found


def _of_balances(url: str, entries: dict[str, Any], lines: dict[str, Any]) -> list[str]:
    ended = {refers for action, refers, _memo in entries.values() if action in ("settle", "void", "expire")}
    replayed: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for entry_id, (action, *_) in entries.items():
        if entry_id in ended:
            continue
        for acct_no, side, amount in lines[entry_id]:
            replayed[acct_no][(side == "C") + 2 * (action == "reserve")] += amount
    sums = "sum(debit), sum(credit), sum(held_debit), sum(held_credit)"
    kept = {row[0]: [int(cell) for cell in row[1:]] for row in
            _rows(url, f"SELECT acct_no, {sums} FROM fund_balance GROUP BY acct_no")}  # fmt: skip
    return [
        f"balance of {acct_no}: kept {kept.get(acct_no)}, replayed {replayed[acct_no]}"
        for acct_no in sorted(kept.keys() | replayed.keys())
        if kept.get(acct_no, [0, 0, 0, 0]) != replayed[acct_no]
    ]
