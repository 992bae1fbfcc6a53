"""Books for the fund's statements: a closed year with its carry, months with a prepayment, a payable and a reversal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from yibao.flows.fund_statement import FundStatements, JournalLine, MonthTotals, SourceRow
from yibao.fund.chart import Chart, read_chart
from yibao.fund.closing import carry_entry, combined, month_end_findings
from yibao.fund.records import Action, Book, Entry, Line
from yibao.fund.statements import Turnover, balance_sheet, income_statement, trial_balance
from yibao.packs import load_law

WORKERS, RESIDENTS, DISTRICT = Book("370300", "310"), Book("370300", "390"), Book("370302", "310")
HOSPITALS = ("H37030300001", "H37030300002")
TODAY = date(2025, 7, 5)
_YI = 10**10


class Writer:
    """Writes entries of one book, numbered, each with what it settles."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.entries: list[Entry] = []

    def add(
        self, day: date, settles: str, *lines: tuple[str, str, int], memo: str = "", action: Action = Action.POST,
        refers: str | None = None, group: str | None = None,
    ) -> str:  # fmt: skip
        """Adds an entry of (side, subject with detail, fen); its number."""
        number = f"{self.book.fund_type}-{self.book.admdvs}-{day:%Y%m%d}-{len(self.entries) + 1:04}"
        prefix = "-".join(self.book)
        kept = tuple(Line(f"{prefix}-{subject}", side, amount) for side, subject, amount in lines)
        bank = f"B{day:%Y%m%d}{len(self.entries):05}" if any(one[1].startswith("100") for one in lines) else None
        self.entries.append(Entry(number, action, *self.book, day, settles, memo, kept, refers, None, group, bank))
        return number


def workers() -> list[Entry]:
    """职工: 2024 whole and 2025 to June; pool and personal accounts."""
    one = Writer(WORKERS)
    for at in range(18):
        year, month = 2024 + at // 12, at % 12 + 1
        _month(one, year, month, at)
    wrong = one.add(date(2025, 4, 18), "结算单S202504180077", ("D", "500102", 1_234_567_89),
                    ("C", "1004", 1_234_567_89), memo="门诊费用，金额有误")  # fmt: skip
    one.add(date(2025, 5, 6), "更正结算单S202504180077", memo="红字冲销", action=Action.REVERSE, refers=wrong)
    one.add(
        date(2025, 5, 6), "结算单S202504180077", ("D", "500102", 123_456_78), ("C", "1004", 123_456_78), memo="重记"
    )
    one.add(date(2025, 6, 27), "缴费批次P202506-2", ("D", "1002", 3_300_000_01), ("C", "400101", 3_300_000_01))
    return one.entries


def _month(one: Writer, year: int, month: int, at: int) -> None:
    paid, text = 11 * _YI // 10 + at * 987_654_321 % (_YI // 5), f"{year}{month:02}"
    pool, own = paid * 13 // 20, paid - paid * 13 // 20
    first, mid, last = date(year, month, 3), date(year, month, 15), date(year, month, 26)
    one.add(
        first, f"缴费批次P{text}", ("D", "1002", paid), ("C", "400101", pool), ("C", "400102", own), memo="征缴入账"
    )
    one.add(first, f"归集单G{text}", ("D", "1003", paid), ("C", "1002", paid), memo="收入户划转财政专户")
    if month % 3 == 0:
        one.add(mid, f"利息单I{text}", ("D", "1003", 12_345_678 + at), ("C", "430101", 9_876_543),
                ("C", "430102", 2_469_135 + at), memo="季度结息")  # fmt: skip
    spent = paid * (17 + at % 4) // 20
    parts = {"500101": spent * 2 // 5, "500102": spent // 7, "500103": spent // 11, "500104": spent // 60,
             "500105": spent // 90, "500106": spent // 5, "5101": spent // 25}  # fmt: skip
    one.add(mid, f"用款计划Y{text}", ("D", "1004", spent), ("C", "1003", spent), memo="财政专户拨入支出户")
    if month == 1:
        advance = spent // 30
        one.add(
            mid, f"预付协议A{year}", ("D", f"110101-{HOSPITALS[0]}", advance), ("C", "1004", advance), memo="年度预付金"
        )
    kept = parts["500101"] // 50
    one.add(last, f"拨付单F{text}", *(("D", code, amount) for code, amount in parts.items()),
            ("C", "1004", sum(parts.values()) - kept), ("C", f"210102-{HOSPITALS[1]}", kept),
            memo="月度结算拨付")  # fmt: skip


def residents() -> list[Entry]:
    """居民: three months with figures of 2025 and none between."""
    one = Writer(RESIDENTS)
    for month in (1, 3):
        one.add(date(2025, month, 10), f"缴费批次R{month}", ("D", "1002", 5 * _YI), ("C", "400103", 4 * _YI),
                ("C", "400106", _YI))  # fmt: skip
        one.add(date(2025, month, 11), f"归集单R{month}", ("D", "1003", 5 * _YI), ("C", "1002", 5 * _YI))
    one.add(date(2025, 3, 12), "用款计划R3", ("D", "1004", 3 * _YI), ("C", "1003", 3 * _YI))
    one.add(date(2025, 3, 20), "拨付单R3", ("D", "500101", 2 * _YI + 1), ("C", "1004", 2 * _YI + 1))
    return one.entries


def district() -> list[Entry]:
    """A lower agency of 职工 that pays a sum up, which the upper has not booked."""
    one = Writer(DISTRICT)
    one.add(date(2025, 2, 10), "缴费批次D2", ("D", "1002", _YI), ("C", "400101", _YI))
    one.add(date(2025, 2, 20), "上解单D2", ("D", "550101", _YI // 4), ("C", "1002", _YI // 4))
    return one.entries


def chart() -> Chart:
    """The national chart of accounts."""
    return read_chart(load_law("national").at(TODAY))


def statements(fund: str, first: int, last: int, agencies: Sequence[str] = ("370300",)) -> FundStatements:
    """The statements of those books, gathered by hand."""
    national = chart()
    entries = [*workers(), *residents(), *district()]
    carry = carry_entry(national, WORKERS, turnovers(entries), 2024)
    assert carry is not None
    entries = [one for one in [*entries, carry] if one.fund_type == fund and one.admdvs in agencies]
    entries.sort(key=lambda one: (one.entry_date, one.entry_id))
    moved = turnovers(entries)
    whole = combined(national, fund, moved, last, "370300") if len(agencies) > 1 else None
    name = {"310": "职工基本医疗保险", "390": "城乡居民基本医疗保险"}[fund]
    return FundStatements(
        title=f"甲市{name}基金报表", city="甲市", fund_type=fund, fund_name=name, agencies=tuple(agencies),
        first_month=first, last_month=last, made_on=TODAY, closed=dict.fromkeys(agencies, 202505),
        splits=national.splits(fund), trial=trial_balance(national, moved, first, last),
        income=income_statement(national, fund, moved, last), balance=balance_sheet(national, fund, moved, last),
        internal=whole.internal if whole else [],
        findings=[*(whole.findings if whole else []), *month_end_findings(national, moved, last)],
        lines=[line for one in entries if first <= _month_of(one) <= last for line in _journal(national, one, entries)],
        months=[_totals(moved, month) for month in range(last // 100 * 100 + 1, last + 1)],
        sources=[SourceRow("fund.chart", "会计科目表", "假定", "社会保险基金会计制度（财会〔2017〕28号）"),
                 SourceRow("fund.flows", "收支渠道", "公布", "社会保险基金财务制度（财社〔2017〕144号）")],
        unverified=("fund.chart",),
    )  # fmt: skip


def turnovers(entries: Sequence[Entry]) -> list[Turnover]:
    """The movements by account and month; a reverse is less on the side it takes back."""
    sums: Counter[tuple[str, str, str, str, int, bool, str]] = Counter()
    for one in entries:
        for subject, detail, side, amount in _moves(one, entries):
            carried = one.action is Action.CARRY
            sums[one.admdvs, one.fund_type, subject, detail, _month_of(one), carried, side] += amount
    slots = dict.fromkeys(slot[:6] for slot in sums)
    return [Turnover(*slot, sums[(*slot, "D")], sums[(*slot, "C")]) for slot in slots]


def _moves(one: Entry, entries: Sequence[Entry]) -> list[tuple[str, str, str, int]]:
    back = one.action is Action.REVERSE
    lines = next(other for other in entries if other.entry_id == one.refers).lines if back else one.lines
    parts = [(line.acct_no.split("-", 3), line) for line in lines]
    return [
        (number[2], "".join(number[3:]), line.side, -line.amount if back else line.amount) for number, line in parts
    ]


def _journal(national: Chart, one: Entry, entries: Sequence[Entry]) -> Iterator[JournalLine]:
    for subject, detail, side, amount in _moves(one, entries):
        number = "-".join(part for part in (one.admdvs, one.fund_type, subject, detail) if part)
        debit, credit = (amount, 0) if side == "D" else (0, amount)
        yield JournalLine(
            one.entry_date, one.entry_id, one.action.label, number, subject, national.subject(subject).name, detail,
            debit, credit, one.settles, one.memo, one.refers or "", one.bank_ref or "", one.group_id or "",
        )  # fmt: skip


def _month_of(one: Entry) -> int:
    return one.entry_date.year * 100 + one.entry_date.month


def _totals(moved: Sequence[Turnover], month: int) -> MonthTotals:
    own = [one for one in moved if one.month == month and not one.carried]
    income = sum(one.net for one in own if one.subj_code[0] == "4")
    expense = -sum(one.net for one in own if one.subj_code[0] == "5")
    held = [one for one in moved if one.month <= month]
    money = -sum(one.net for one in held if one.subj_code in ("1002", "1003", "1004", "1005"))
    surplus = sum(one.net for one in held if one.subj_code[0] in "345")
    return MonthTotals(month, income, expense, income - expense, money, surplus)
