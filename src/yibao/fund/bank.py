"""The books against a bank or treasury statement: matching, the reconciliation, and whether a statement adds up.

Amounts are positive fen with a side seen from the fund: ``D`` money in, ``C`` money out. Everything here is
deterministic: the order of the input changes nothing. Rule: 社会保险基金财务制度（财社〔2017〕144号）asks agencies to
check their books against banks and treasury every month; the layout is that of the 银行存款余额调节表.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from yibao.fund.records import Assertion, BankLine

WINDOW_DAYS = 5
"""How many days apart a booking and a bank line without a common reference may lie and still be taken for one."""


class BookLine(NamedTuple):
    """What an entry does to the bank account: side and fen on its day; ``bank_ref`` where the entry carries one."""

    entry_id: str
    day: date
    side: str
    amount: int
    bank_ref: str | None = None
    settles: str = ""
    memo: str = ""


class Match(NamedTuple):
    """Ledger lines and bank lines taken for the same movement; several of either only under one bank_ref.

    ``by`` says how it was found: ``bank_ref``, ``same_day`` or ``near_day``.
    """

    by: str
    ledger: tuple[BookLine, ...]
    bank: tuple[BankLine, ...]

    @property
    def difference(self) -> int:
        """Fen by which the bank has more money in (or less out) than the books. Zero for a sound match."""
        return _net(self.bank) - _net(self.ledger)


class Balances(NamedTuple):
    """The reconciliation statement (银行存款余额调节表) in fen.

    ``book_adjusted = book + bank_in - bank_out + differing`` and ``bank_adjusted = bank + book_in - book_out``;
    ``unexplained`` is by how much the former exceeds the latter: what no line on either side accounts for, such as
    open items from before the lines given, or rows missing from the statement.
    """

    book: int
    bank_in: int
    bank_out: int
    differing: int
    book_adjusted: int
    bank: int
    book_in: int
    book_out: int
    bank_adjusted: int
    unexplained: int

    def rows(self) -> list[tuple[str, int]]:
        """The statement's lines with their Chinese labels."""
        labels = (
            "账面存款余额", "加：银行已收、账上未收", "减：银行已付、账上未付", "加：同一流水号金额不符（银行减账面）",
            "调节后账面余额", "银行对账单余额", "加：账上已收、银行未收", "减：账上已付、银行未付", "调节后银行余额",
            "未能说明的差额",
        )  # fmt: skip
        return list(zip(labels, self, strict=True))


class Reconciled(NamedTuple):
    """The outcome of a matching. Every line given stands in exactly one of the five.

    ``matched`` agree; ``differs`` share a bank_ref with unequal sums; ``offset`` are ledger lines under one bank_ref
    that cancel out (an entry and its reversal) with nothing at the bank; the rest stand on one side only.
    """

    matched: list[Match]
    differs: list[Match]
    offset: list[BookLine]
    only_ledger: list[BookLine]
    only_bank: list[BankLine]

    @property
    def differences(self) -> int:
        """How many entries or bank lines differ or stand on one side only."""
        return len(self.differs) + len(self.only_ledger) + len(self.only_bank)

    def balances(self, book: int, bank: int) -> Balances:
        """The reconciliation of the two closing balances in fen; it closes to the fen with its ``unexplained``."""
        bank_in, bank_out = _sides(self.only_bank)
        book_in, book_out = _sides(self.only_ledger)
        differing = sum(match.difference for match in self.differs)
        book_adjusted = book + bank_in - bank_out + differing
        bank_adjusted = bank + book_in - book_out
        return Balances(
            book, bank_in, bank_out, differing, book_adjusted,
            bank, book_in, book_out, bank_adjusted, book_adjusted - bank_adjusted,
        )  # fmt: skip


class Break(NamedTuple):
    """The first line of a statement whose printed balance does not follow: its place in the sequence, and fen."""

    position: int
    expected: int
    stated: int


Paired = tuple[list[Match], list[BookLine], list[BankLine]]
"""Pairs, and the lines of either side that found none."""


def match(ledger: Sequence[BookLine], bank: Sequence[BankLine], window: int = WINDOW_DAYS) -> Reconciled:
    """Pairs the lines of one account, in this order:

    1. the same bank_ref: all ledger lines that carry it against the bank line, sums compared (one payment may settle
       several entries); unequal sums are ``differs``;
    2. ledger lines without bank_ref and bank lines not yet taken: same side, amount and day;
    3. the same with days at most ``window`` apart, nearest first; where this leaves lines of a side and amount over on
       both sides, and pairing them in the order of days leaves fewer, in the order of days.

    Ties go by key, each line is used once. A ledger line whose bank_ref the bank does not know is never matched by
    guess. Raises ValueError for a negative window.
    """
    if window < 0:
        raise ValueError("window must not be negative")
    by_ref = _by_ref(ledger)
    with_ref = _by_ref(bank)
    matched: list[Match] = []
    differs: list[Match] = []
    offset: list[BookLine] = []
    only_ledger: list[BookLine] = []
    for ref in sorted(by_ref):
        lines = tuple(sorted(by_ref[ref], key=_key))
        if ref in with_ref:
            found = Match("bank_ref", lines, tuple(sorted(with_ref[ref], key=_key)))
            (differs if found.difference else matched).append(found)
        elif _net(lines) == 0:
            offset += lines
        else:
            only_ledger += lines
    loose = [line for line in ledger if not line.bank_ref]
    left = [line for line in bank if line.bank_ref not in by_ref]
    pairs, loose, left = _pair_by_amount(loose, left, window)
    only_ledger += loose
    done = Reconciled(matched + pairs, differs, offset, sorted(only_ledger, key=_key), sorted(left, key=_key))
    _prove(ledger, bank, done)
    return done


def assertion(
    acct_no: str, admdvs: str, day: date, stated: int, booked: int, reconciled: Reconciled, number: int = 1
) -> Assertion:
    """The record that on ``day`` the bank stated and the books held so many fen; ``number`` counts those of the day."""
    return Assertion(acct_no, day, stated, booked, reconciled.differences, admdvs, number)


def closing_balance(lines: Sequence[BankLine], day: date) -> int | None:
    """What a statement says the account held at the end of ``day``, in fen; None where it prints no balance till then.

    ``lines`` are one account's, oldest first. Movements after the last printed balance are added to it.
    """
    held: int | None = None
    for line in lines:
        if line.day > day:
            break
        if line.balance is not None:
            held = line.balance
        elif held is not None:
            held += _signed(line)
    return held


def in_time_order(lines: Sequence[BankLine]) -> list[BankLine]:
    """The rows of one statement oldest first. Banks print either way: the days tell, within one day the balances do."""
    rows = list(lines)
    if not rows or rows[0].day < rows[-1].day:
        return rows
    if rows[0].day > rows[-1].day:
        return rows[::-1]
    return rows[::-1] if _first_break(rows) is not None and _first_break(rows[::-1]) is None else rows


def first_break(lines: Sequence[BankLine]) -> Break | None:
    """The first row of one statement whose balance is not the one before plus in minus out; None when all add up.

    ``lines`` stand as in the file, oldest or newest first; ``position`` counts in that order from 0. The opening
    balance is what the first printed balance implies. A row without a balance carries its amount on to the next.
    """
    ordered = in_time_order(lines)
    found = _first_break(ordered)
    if found is None or ordered == list(lines):
        return found
    return found._replace(position=len(ordered) - 1 - found.position)


def _first_break(lines: Iterable[BankLine]) -> Break | None:
    running: int | None = None
    for position, line in enumerate(lines):
        if running is not None:
            running += _signed(line)
        if line.balance is None:
            continue
        if running is not None and running != line.balance:
            return Break(position, running, line.balance)
        running = line.balance
    return None


def _signed(line: BookLine | BankLine) -> int:
    return line.amount if line.side == "D" else -line.amount


def _net(lines: Iterable[BookLine | BankLine]) -> int:
    return sum(map(_signed, lines))


def _sides(lines: Sequence[BookLine | BankLine]) -> tuple[int, int]:
    into = sum(line.amount for line in lines if line.side == "D")
    return into, sum(line.amount for line in lines if line.side == "C")


def _key(line: BookLine | BankLine) -> tuple[Any, ...]:
    """A total order over lines: the business key, then all the rest, None as the smallest."""
    head = line.entry_id if isinstance(line, BookLine) else line.bank_ref
    return (head, *((part is not None, part) for part in line))


def _by_ref(lines: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for line in lines:
        if line.bank_ref:
            found[line.bank_ref].append(line)
    return found


def _pair_by_amount(ledger: Iterable[BookLine], bank: Iterable[BankLine], window: int) -> Paired:
    """The pairs of equal side and amount by distance in days, and what is left of either side."""
    waiting: dict[tuple[str, int, int], list[BankLine]] = defaultdict(list)
    for line in sorted(bank, key=_key, reverse=True):
        waiting[line.side, line.amount, line.day.toordinal()].append(line)
    pairs: list[Match] = []
    loose = sorted(ledger, key=_key)
    for distance in range(window + 1):
        unpaired: list[BookLine] = []
        for one in loose:
            other = _take(waiting, one, distance)
            if other is None:
                unpaired.append(one)
            else:
                pairs.append(Match("near_day" if distance else "same_day", (one,), (other,)))
        loose = unpaired
    return _with_fewer_over(pairs, loose, [line for lines in waiting.values() for line in lines], window)


def _with_fewer_over(pairs: list[Match], ledger: list[BookLine], bank: list[BankLine], window: int) -> Paired:
    """The near-day pairs of a side and amount made anew in the order of days, where more of its lines then find one.

    Nearest first can use up the only partner of another line: both would be reported as differences, and are none.
    """
    ours, theirs = _by_kind(ledger), _by_kind(bank)
    crowded = ours.keys() & theirs.keys()
    near: dict[tuple[str, int], list[Match]] = {kind: [] for kind in sorted(crowded)}
    kept: list[Match] = []
    for pair in pairs:
        (near.get(_kind(pair.ledger[0]), kept) if pair.by == "near_day" else kept).append(pair)
    loose = [line for line in ledger if _kind(line) not in crowded]
    left = [line for line in bank if _kind(line) not in crowded]
    for kind, old in near.items():
        booked = [*ours[kind], *(pair.ledger[0] for pair in old)]
        stated = [*theirs[kind], *(pair.bank[0] for pair in old)]
        new = _in_order_of_days(booked, stated, window)
        found, unbanked, unbooked = new if len(new[0]) > len(old) else (old, ours[kind], theirs[kind])
        kept += found
        loose += unbanked
        left += unbooked
    return kept, loose, left


def _in_order_of_days(ledger: list[BookLine], bank: list[BankLine], window: int) -> Paired:
    """Pairs the earliest line of either side with the earliest of the other within the window: as many as can be."""
    ours = sorted(ledger, key=lambda line: (line.day, _key(line)), reverse=True)
    theirs = sorted(bank, key=lambda line: (line.day, _key(line)), reverse=True)
    pairs: list[Match] = []
    loose: list[BookLine] = []
    left: list[BankLine] = []
    while ours and theirs:
        apart = (theirs[-1].day - ours[-1].day).days
        if apart > window:
            loose.append(ours.pop())
        elif apart < -window:
            left.append(theirs.pop())
        else:
            pairs.append(Match("near_day" if apart else "same_day", (ours.pop(),), (theirs.pop(),)))
    return pairs, loose + ours, left + theirs


def _kind(line: BookLine | BankLine) -> tuple[str, int]:
    return line.side, line.amount


def _by_kind(lines: Iterable[Any]) -> dict[tuple[str, int], list[Any]]:
    found: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for line in lines:
        found[_kind(line)].append(line)
    return found


def _take(waiting: Mapping[tuple[str, int, int], list[BankLine]], line: BookLine, distance: int) -> BankLine | None:
    """Takes the waiting bank line with the smallest key that lies exactly ``distance`` days before or after."""
    places = []
    for days in {-distance, distance}:
        lines = waiting.get((line.side, line.amount, line.day.toordinal() + days))
        if lines:
            places.append(lines)
    return min(places, key=lambda lines: _key(lines[-1])).pop() if places else None


def _prove(ledger: Sequence[BookLine], bank: Sequence[BankLine], done: Reconciled) -> None:
    """Asserts that no line was lost or used twice and that every fen of either side is where it was put."""
    pairs = done.matched + done.differs
    booked = sum(len(pair.ledger) for pair in pairs) + len(done.offset) + len(done.only_ledger)
    stated = sum(len(pair.bank) for pair in pairs) + len(done.only_bank)
    if (booked, stated) != (len(ledger), len(bank)):
        raise AssertionError("the matching lost or doubled a line")
    opening = _net(bank) - _net(ledger)
    explained = _net(done.only_bank) - _net(done.only_ledger) + sum(pair.difference for pair in done.differs)
    if opening != explained:
        raise AssertionError("the reconciliation does not close")
