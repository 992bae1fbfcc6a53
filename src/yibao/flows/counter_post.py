"""A settlement as entries of the funds' books: what each fund owes the institution for it, and the way back.

The expense is booked where the benefit lies, the institution is owed it (210101). One entry for each fund. 惠民保 and
the household cap (`oth_pay`) are no fund of the agency: they are not booked.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime

from yibao.benefit.counter_records import Settlement
from yibao.fund.chart import Chart
from yibao.fund.records import Action, Book, Entry, Line, account_no

PAYABLE, ACCOUNT_EXPENSE = "210101", "500106"
EXPENSES = {
    "inpatient": "500101", "home_bed": "500101", "chronic": "500103", "two_diseases": "500103", "maternity": "500104",
    "birth_control": "500104",
}  # fmt: skip
OUTPATIENT, STAY, AID_OUTPATIENT, AID_STAY = "500102", "500101", "500113", "500112"
EXPENSE = "5"
"""How the subjects of expense begin."""
BASIC = ("310", "390")
"""The basic insurances, whose books have the subjects of maternity."""


def funds_of(one: Settlement) -> dict[str, list[tuple[str, int]]]:
    """For each fund the subjects and amounts (fen) that a settlement costs it."""
    amounts: dict[str, int] = json.loads(one.amounts)
    employee = one.insutype == "310"
    owed = (
        (one.insutype, expense(one.insutype, one.kind), amounts.get("hifp_pay", 0)),
        ("310", ACCOUNT_EXPENSE, amounts.get("acct_pay", 0)),
        ("330", expense("330", one.kind), amounts.get("hifob_pay", 0) + (amounts.get("hifmi_pay", 0) * employee)),
        ("392", expense("392", one.kind), amounts.get("hifmi_pay", 0) * (not employee)),
        ("320", expense("320", one.kind), amounts.get("cvlserv_pay", 0)),
        ("JZ", expense("JZ", one.kind), amounts.get("maf_pay", 0)),
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for fund, subject, fen in owed:
        if fen:
            found.setdefault(fund, []).append((subject, fen))
    return found


def expense(fund: str, kind: str) -> str:
    """The subject that a benefit of a kind is booked on in a fund's books."""
    subject = EXPENSES.get(kind, OUTPATIENT)
    if fund == "JZ":
        return AID_STAY if subject == STAY else AID_OUTPATIENT
    return STAY if subject == EXPENSES["maternity"] and fund not in BASIC else subject


def entries_of(one: Settlement, chart: Chart) -> list[Entry]:
    """The entries of a settlement or an adjustment; what an adjustment takes from a fund stands on the other side.

    What corrects a settlement of an earlier year is booked on the fund's balance (年内调整结余), not on expense.
    """
    day = posting_day(one)
    late = json.loads(one.facts).get("year", day.year) < day.year
    found = []
    for fund, parts in sorted(funds_of(one).items()):
        book = Book(one.admdvs, fund)
        owed = sum(fen for _subject, fen in parts)
        named = [(carried_to(chart, fund, subject) if late else subject, fen) for subject, fen in parts]
        lines = [_line(account_no(*book, subject), fen) for subject, fen in named]
        lines += [_line(account_no(*book, PAYABLE, one.fixmedins_code), -owed)] if owed else []
        found.append(Entry(f"DY-{one.setl_id}-{fund}", Action.POST, *book, day, f"结算单{one.setl_id}", "待遇支出",
                           tuple(lines)))  # fmt: skip
    return found


def entries_back(reversal: Settlement, undone: Sequence[Settlement], chart: Chart) -> list[Entry]:
    """The entries that take back those of a settlement and of its adjustments: those of the year are reversed, those
    of an earlier year are booked back on the fund's balance.
    """
    day = posting_day(reversal)
    return [_back(reversal, was, day, chart) for one in undone if one.posted for was in entries_of(one, chart)]


def _back(reversal: Settlement, was: Entry, day: date, chart: Chart) -> Entry:
    found = was._replace(
        entry_id=f"TF-{reversal.setl_id}-{was.entry_id.removeprefix('DY-')}", entry_date=day,
        settles=f"退费单{reversal.setl_id}", memo="退费冲销",
    )  # fmt: skip
    if was.entry_date.year == day.year:
        return found._replace(action=Action.REVERSE, lines=(), refers=was.entry_id)
    lines = []
    for line in was.lines:
        subject = line.acct_no.split("-")[2]
        account = line.acct_no
        if subject[0] == EXPENSE:
            account = account_no(was.admdvs, was.fund_type, carried_to(chart, was.fund_type, subject))
        lines.append(Line(account, "C" if line.side == "D" else "D", line.amount))
    return found._replace(memo="上年退费，调整结余", lines=tuple(lines))


def carried_to(chart: Chart, fund: str, subject: str) -> str:
    """The subject of the fund's balance that a subject of expense is carried to at the end of the year."""
    account = chart.subject(subject).account
    return next(
        rule.to_subj
        for rule in chart.carry
        if fund in rule.funds and subject.startswith(rule.subjects) and rule.account in ("", account)
    )


def posting_day(one: Settlement) -> date:
    """The day that its entries bear."""
    return datetime.fromisoformat(one.setl_time).date()


def _line(acct_no: str, fen: int) -> Line:
    """A line that debits the account; of an amount below zero one that credits it."""
    return Line(acct_no, "D", fen) if fen > 0 else Line(acct_no, "C", -fen)
