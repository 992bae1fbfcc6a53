"""Books for the fund's statements: a closed year with its carry, months with a prepayment, a payable and a reversal."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from yibao.flows.fund import close_month, open_accounts, post
from yibao.flows.fund_statement import FundStatements, gather
from yibao.fund.chart import Chart, account_for, read_chart, standard_accounts
from yibao.fund.records import Action, Book, Entry, Line
from yibao.law import Law
from yibao.packs import load_law
from yibao.store import Store

WORKERS, RESIDENTS, DISTRICT = Book("370300", "310"), Book("370300", "390"), Book("370302", "310")
HOSPITALS = ("H37030300001", "H37030300002")
TODAY = date(2025, 7, 5)
_OPENED = date(2024, 1, 1)
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
    wrong = one.add(date(2025, 4, 18), "结算单S202504180077", ("D", "500102", 1_234_567_89), ("C", "1004", 1_234_567_89),
                    memo="门诊费用，金额有误")  # fmt: skip
    one.add(date(2025, 5, 6), "更正结算单S202504180077", memo="红字冲销", action=Action.REVERSE, refers=wrong)
    one.add(date(2025, 5, 6), "结算单S202504180077", ("D", "500102", 123_456_78), ("C", "1004", 123_456_78), memo="重记")
    one.add(date(2025, 6, 27), "缴费批次P202506-2", ("D", "1002", 3_300_000_01), ("C", "400101", 3_300_000_01))
    return one.entries


def _month(one: Writer, year: int, month: int, at: int) -> None:
    paid, text = 11 * _YI // 10 + at * 987_654_321 % (_YI // 5), f"{year}{month:02}"
    pool, own = paid * 13 // 20, paid - paid * 13 // 20
    first, mid, last = date(year, month, 3), date(year, month, 15), date(year, month, 26)
    one.add(first, f"缴费批次P{text}", ("D", "1002", paid), ("C", "400101", pool), ("C", "400102", own), memo="征缴入账")
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
        one.add(mid, f"预付协议A{year}", ("D", f"110101-{HOSPITALS[0]}", advance), ("C", "1004", advance), memo="年度预付金")
    kept = parts["500101"] // 50
    one.add(last, f"拨付单F{text}", *(("D", code, amount) for code, amount in parts.items()),
            ("C", "1004", sum(parts.values()) - kept), ("C", f"210102-{HOSPITALS[1]}", kept), memo="月度结算拨付")  # fmt: skip


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


def books(folder: Path) -> tuple[Store, Law]:
    """A store with the three books; 职工 of the city is closed to May 2025."""
    law = load_law("zibo")
    chart = read_chart(law.at(TODAY))
    store = Store(f"sqlite:///{folder / 'fund.db'}")
    for book in (WORKERS, RESIDENTS, DISTRICT):
        accounts, limits = standard_accounts(chart, book, _OPENED)
        if book == WORKERS:
            accounts += [account_for(chart, book, code, one, _OPENED) for code in ("110101", "210102") for one in HOSPITALS]
        assert all(answer.outcome.stands for answer in open_accounts(store, accounts, limits))
    _post(store, chart, workers())
    _post(store, chart, [*residents(), *district()])
    return store, law


def _post(store: Store, chart: Chart, entries: Sequence[Entry]) -> None:
    closed = 202405
    for month in sorted({one.entry_date.year * 100 + one.entry_date.month for one in entries}):
        some = [one for one in entries if one.entry_date.year * 100 + one.entry_date.month == month]
        answers = post(store, chart, some, whole=True)
        assert all(answer.outcome.stands for answer in answers), answers
        if some[0].fund_type == "310" and some[0].admdvs == "370300" and month < 202506:
            assert close_month(store, chart, WORKERS, month).outcome.stands, closed


def statements(folder: Path, fund: str, first: int, last: int, admdvs: str = "370300") -> FundStatements:
    """The statements of those books."""
    store, law = books(folder)
    try:
        return gather(store, law, fund, (first, last), admdvs=admdvs, today=TODAY)
    finally:
        store.close()
