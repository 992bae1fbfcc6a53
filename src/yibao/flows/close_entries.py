"""Clearing rows as entries of the fund's books: what each amount debits and credits, on which day, under which number.

No rule of payment stands here: every amount is one that `yibao.clearing` computed. The accounts are those of the table
in docs/internals/close.md, stage 7. Numbers are made from fund, month and hospital, so the same close gives the same
entries; no entry carries an amount of zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from yibao.clearing.records import Adjustment, Budget, ClearingRow, FundResult, MonthRow, OffsiteRow, PrepayRow
from yibao.flows.fund_setting import FUND_TYPE
from yibao.fund.records import Action, Book, Entry, Line, account_no

EXPENSE, MONEY = "500101", "1004"
PREPAID, PAYABLE, DEPOSIT, HOME_POOL = "110101", "210101", "210102", "210103"
HOSPITAL_SUBJECTS = (PREPAID, PAYABLE, DEPOSIT)
"""The subjects that every hospital of a fund has an account of."""

PREFIXES = {
    "YF": "预付金拨付", "JS": "月度结算", "BF": "月度拨付", "BZ": "质量保证金返还", "KJ": "违规扣减",
    "QS": "年度清算", "YH": "预付金收回", "YD": "省内异地清算",
}  # fmt: skip
"""How the numbers of these entries begin, with what the entries do."""

Part = tuple[str, str, str, int]
"""One line before it has an account: subject code, detail, side, fen."""


class FundClose(NamedTuple):
    """A fund's year as cleared: its budget with the raises approved in the year, and every row of its result.

    ``excluded_to_dip`` says whether excluded fees are paid out of the DIP line.
    """

    budget: Budget
    result: FundResult
    adjustments: Sequence[Adjustment] = ()
    excluded_to_dip: bool = True

    @property
    def fund_type(self) -> str:
        """The fund's code."""
        return self.result.fund_type

    @property
    def limit(self) -> int:
        """What the year may cost on 500101, in fen: the DIP line as adjusted with the reserve, and excluded fees where
        another line pays them."""
        beside = 0 if self.excluded_to_dip else self.result.totals.excluded_due
        return self.budget.dip + self.budget.reserve + beside


class YearClose(NamedTuple):
    """What is posted for a year: the agency's code, the year, its funds, and names of institutions for memos."""

    admdvs: str
    year: int
    funds: Sequence[FundClose]
    names: Mapping[str, str] = {}

    def book(self, one: FundClose) -> Book:
        """The book of a fund."""
        return Book(self.admdvs, one.fund_type)


class Days(NamedTuple):
    """The days that entries bear: prepayment (None where nobody gets any), each month's settlement, the year's end."""

    prepay: date | None
    months: tuple[date, ...]
    end: date


class Batch(NamedTuple):
    """Entries that are posted as one unit of work: a fund's prepayments, one month, or its year-end clearing."""

    key: str
    label: str
    fund_type: str
    day: date
    entries: tuple[Entry, ...]


def home_pool(insuplc_admdvs: str) -> str:
    """The pool that an insured place belongs to: its city's code."""
    return f"{insuplc_admdvs[:4]}00"


def is_ours(entry_id: str, book: Book, year: int) -> bool:
    """Whether an entry of that number is one that a close of the year made in the book."""
    kind, _, rest = entry_id.partition("-")
    return kind in PREFIXES and rest.startswith(f"{book.admdvs}-{book.fund_type}-{year}")


def hospitals(one: FundClose) -> list[str]:
    """Every hospital with a row of the fund, sorted."""
    result = one.result
    found = {row.fixmedins_code for row in result.clearing} | {row.fixmedins_code for row in result.months}
    found |= {row.fixmedins_code for row in result.prepay} | {row.fixmedins_code for row in result.offsite}
    return sorted(found)


def fund_name(fund_type: str) -> str:
    """The Chinese name of a fund."""
    return FUND_TYPE.codes.get(fund_type, fund_type)


def batches(close: YearClose, one: FundClose, days: Days, *, paid: bool) -> list[Batch]:
    """The batches of a fund in the order of their days; ``paid`` says whether money is booked as paid out.

    Where it is not, nothing was prepaid and nothing is recovered: what hospitals are due stands as payable. A batch
    without an amount is left out.
    """
    writer = _Writer(close, one, paid)
    name, year, result = fund_name(one.fund_type), close.year, one.result
    found: list[tuple[date, str, str, Iterable[Entry | None]]] = []
    if paid and days.prepay is not None:
        granted = [writer.prepayment(row, days.prepay) for row in result.prepay]
        found.append((days.prepay, f"{year}-YF", f"{name}{year}年预付金", granted))
    by_month: dict[int, list[MonthRow]] = defaultdict(list)
    for row in result.months:
        by_month[row.month].append(row)
    for month, day in enumerate(days.months, start=1):
        rows = by_month[month]
        entries = [*(writer.settled(row, day) for row in rows), *(writer.payment(row, day) for row in rows)]
        found.append((day, f"{year}{month:02}", f"{name}{year}年{month}月结算", entries))
    found.append((days.end, f"{year}-QS", f"{name}{year}年度清算", writer.cleared(days.end)))
    made = [
        Batch(f"{close.admdvs}-{one.fund_type}-{tail}", label, one.fund_type, day, tuple(filter(None, entries)))
        for day, tail, label, entries in found
    ]
    # the sort is stable: on one day prepayment comes before the month, the month before the clearing
    return sorted((batch for batch in made if batch.entries), key=lambda batch: batch.day)


class _Writer:
    """Makes the entries of one fund."""

    def __init__(self, close: YearClose, one: FundClose, paid: bool) -> None:
        self._close, self._one, self._paid = close, one, paid
        self._book = close.book(one)
        self._numbers: dict[tuple[str, str], str] = {}

    def prepayment(self, row: PrepayRow, day: date) -> Entry | None:
        """What a hospital gets in advance."""
        code, year = row.fixmedins_code, str(self._close.year)
        lines = [(PREPAID, code, "D", row.amount), (MONEY, "", "C", row.amount)]
        return self._entry("YF", year, code, day, f"{year}年预付金", lines)

    def settled(self, row: MonthRow, day: date) -> Entry | None:
        """A hospital's month: expense of the gross amount, of which the deposit is kept back."""
        code, what = row.fixmedins_code, f"{self._close.year}年{row.month}月住院DIP月度结算"
        lines = [(EXPENSE, "", "D", row.gross), (PAYABLE, code, "C", row.paid), (DEPOSIT, code, "C", row.deposit)]
        return self._entry("JS", self._month(row), code, day, what, lines)

    def payment(self, row: MonthRow, day: date) -> Entry | None:
        """The payment of a hospital's month, where money is booked."""
        if not self._paid:
            return None
        code = row.fixmedins_code
        lines = [(PAYABLE, code, "D", row.paid), (MONEY, "", "C", row.paid)]
        return self._entry("BF", self._month(row), code, day, f"{self._close.year}年{row.month}月住院DIP拨付", lines)

    def cleared(self, day: date) -> Iterator[Entry | None]:
        """The clearing of the year. What lowers the expense comes first, so that no budget is broken on the way."""
        rows = self._one.result.clearing
        for row in rows:
            yield self._deposit(row, day)
        for row in rows:
            yield self._moved("KJ", row, day, "违规扣减", PAYABLE, EXPENSE, row.deductions)
        for row in sorted(rows, key=_to_settle):
            due = _to_settle(row)
            if due < 0:
                yield self._moved("QS", row, day, "住院DIP年度清算核减", PAYABLE, EXPENSE, -due)
            else:
                yield self._moved("QS", row, day, "住院DIP年度清算补差", EXPENSE, PAYABLE, due)
        if self._paid:
            for row in rows:
                yield self._moved("YH", row, day, "预付金收回", PAYABLE, PREPAID, row.prepaid)
        yield from self._offsite(day)

    def _moved(
        self, kind: str, row: ClearingRow, day: date, what: str, debit: str, credit: str, fen: int
    ) -> Entry | None:
        """One amount of a hospital's clearing from an account to another."""
        own = row.fixmedins_code
        parts = [(code, "" if code == EXPENSE else own, side, fen) for code, side in ((debit, "D"), (credit, "C"))]
        return self._yearly(kind, own, day, what, parts)

    def _deposit(self, row: ClearingRow, day: date) -> Entry | None:
        code, back = row.fixmedins_code, row.deposit_returned
        lines = [(DEPOSIT, code, "D", row.deposit), (PAYABLE, code, "C", back), (EXPENSE, "", "C", row.deposit - back)]
        return self._yearly("BZ", code, day, "质量保证金按考核返还", lines)

    def _offsite(self, day: date) -> Iterator[Entry | None]:
        """What home pools owe a hospital for their people: one entry a hospital, one line a pool.

        A pool whose patients paid more than its cases are worth (minus_patient without a floor) has money to come back:
        its line stands on the other side, and so does the hospital's where that is so of all its pools together.
        """
        dues: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self._one.result.offsite:
            dues[row.fixmedins_code][home_pool(row.insuplc_admdvs)] += row.due
        for code, pools in sorted(dues.items()):
            lines: list[Part] = [_debit(HOME_POOL, pool, due) for pool, due in sorted(pools.items())]
            lines.append(_debit(PAYABLE, code, -sum(pools.values())))
            yield self._yearly("YD", code, day, "省内异地住院清算", lines)

    def _month(self, row: MonthRow) -> str:
        return f"{self._close.year}{row.month:02}"

    def _yearly(self, kind: str, code: str, day: date, what: str, parts: Sequence[Part]) -> Entry | None:
        return self._entry(kind, str(self._close.year), code, day, f"{self._close.year}年{what}", parts)

    def _entry(self, kind: str, period: str, code: str, day: date, what: str, parts: Sequence[Part]) -> Entry | None:
        """The entry of these parts, None where they come to nothing."""
        lines = tuple([Line(self._account(subject, detail), side, fen) for subject, detail, side, fen in parts if fen])
        if not lines:
            return None
        number = f"{self._book.admdvs}-{self._book.fund_type}-{period}-{code}"
        name = self._close.names.get(code, "")
        return Entry(
            f"{kind}-{number}", Action.POST, *self._book, day, f"{PREFIXES[kind]}单{number}",
            f"{what} {name}".strip(), lines,
        )  # fmt: skip

    def _account(self, subject: str, detail: str) -> str:
        """The number of an account, put together once for the dozens of entries that bear it."""
        slot = (subject, detail)
        if slot not in self._numbers:
            self._numbers[slot] = account_no(*self._book, subject, detail)
        return self._numbers[slot]


def _debit(subject: str, detail: str, fen: int) -> Part:
    """A line that debits the account; of an amount below zero one that credits it, since no line is negative."""
    return (subject, detail, "D", fen) if fen >= 0 else (subject, detail, "C", -fen)


def _to_settle(row: ClearingRow) -> int:
    """By how much the year's settlement is more (or, negative, less) than what the months booked."""
    return row.settled - row.monthly_paid - row.deposit


def offsite_by_hospital(rows: Iterable[OffsiteRow]) -> dict[str, int]:
    """What home pools owe in all, by hospital."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.fixmedins_code] += row.due
    return dict(sums)
