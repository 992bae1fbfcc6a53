"""Years of funds as cleared, made at random but true to the cash equation; and a book's own entries for them."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random

from yibao.clearing.budget import plan_budget
from yibao.clearing.clear import clear_fund
from yibao.clearing.records import (
    Amount,
    Budget,
    BudgetRow,
    BudgetYear,
    ClearingRow,
    Deduction,
    FundResult,
    FundYear,
    Hospital,
    HospitalMonth,
    LastMonth,
    MonthRow,
    Offsite,
    OffsiteRow,
    Position,
    PrepayRow,
    Totals,
)
from yibao.clearing.terms import read_terms
from yibao.flows.close_entries import FundClose, YearClose
from yibao.fund import view
from yibao.kernel import largest_remainder
from yibao.law import Law

YEAR = 2025
HEAD = "entry_id,entry_date,admdvs,fund_type,subj_code,debit,credit,settles,memo"
SURPLUS = {"310": "300101", "390": "3001"}


def month_row(fund: str, code: str, month: int, gross: int, rate: int = 5) -> MonthRow:
    """A month settled at ``gross``, of which ``rate`` percent are kept back."""
    deposit = (gross * rate + 50) // 100
    return MonthRow(fund, code, month, gross, gross, 0, gross, 0, gross, deposit, gross - deposit, 0, 0)


def clearing_row(
    fund: str, code: str, months: list[MonthRow], settled: int, *, deductions: int = 0,
    score: Fraction = Fraction(1), prepaid: int = 0,
) -> ClearingRow:  # fmt: skip
    """The clearing of a hospital, with the final amount that the cash equation leaves."""
    own = [row for row in months if row.fixmedins_code == code]
    deposit, paid = sum(row.deposit for row in own), sum(row.paid for row in own)
    returned = int(deposit * score + Fraction(1, 2))
    final = settled - deductions - (deposit - returned) - paid - prepaid
    return ClearingRow(
        fund, code, "3", "", 0, 0, 0, 0, 0, settled, settled, None, "", settled, 0, 0, 0, 0, settled, 0, settled,
        deductions, score, deposit, returned, paid, prepaid, final, None,
    )  # fmt: skip


def fund_close(
    fund: str, months: list[MonthRow], clearing: list[ClearingRow], prepay: list[PrepayRow] | None = None,
    offsite: list[OffsiteRow] | None = None, *, dip: int | None = None, reserve: int = 0,
) -> FundClose:  # fmt: skip
    """A fund's year of these rows; without ``dip`` its budget is what the year comes to, or the months if more."""
    spent = sum(row.settled - row.deductions - row.deposit + row.deposit_returned for row in clearing)
    line = max(spent, sum(row.gross for row in months)) if dip is None else dip
    rows = (
        BudgetRow(fund, "line", "dip", "住院DIP", line, line),
        BudgetRow(fund, "line", "reserve", "调剂金", reserve, reserve),
    )
    budget = Budget(fund, YEAR, 0, 0, rows, (), (), True)
    sums = {
        name: sum(getattr(row, name) for row in clearing)
        for name in Totals._fields
        if name not in ("fund_type", "limit", "over")
    }
    result = FundResult(
        fund, YEAR, (), tuple(months), tuple(prepay or ()), tuple(clearing), (), tuple(offsite or ()), (),
        Totals(fund_type=fund, limit=line + reserve, over=0, **sums), (),
    )  # fmt: skip
    return FundClose(budget, result)


def prepay_row(fund: str, code: str, amount: int) -> PrepayRow:
    """A prepayment granted, or not where it is zero."""
    return PrepayRow(fund, code, 0, 0, "A", Fraction(1), "granted" if amount else "not_applied", amount)


def offsite_row(fund: str, code: str, pool: str, due: int) -> OffsiteRow:
    """What a home pool owes."""
    return OffsiteRow(fund, code, pool, 1, 0, due, due, due)


def random_fund(fund: str, dice: Random, count: int = 8, most: int = 10**8) -> FundClose:
    """A fund of ``count`` hospitals: with and without months, prepayments, deductions, claims and offsite cases."""
    codes = [f"H{fund}{place:05}" for place in range(count)]
    months = [
        month_row(fund, code, month, dice.choice([0, 1, 99, dice.randrange(most)]), dice.choice([0, 5, 5, 5, 100]))
        for code in codes
        for month in range(1, 13)
        if dice.random() < 0.9
    ]
    prepay = [prepay_row(fund, code, dice.choice([0, dice.randrange(most)])) for code in codes]
    advance = {row.fixmedins_code: row.amount for row in prepay}
    clearing = []
    for code in codes:
        gross = sum(row.gross for row in months if row.fixmedins_code == code)
        settled = max(0, gross + dice.choice([0, 1, -1, dice.randrange(-most, most)]))
        clearing.append(
            clearing_row(
                fund, code, months, settled, deductions=dice.choice([0, 0, dice.randrange(most // 10 + 1)]),
                score=Fraction(dice.randrange(101), 100)
                if dice.random() < 0.5 else Fraction(1), prepaid=advance[code],
            )
        )  # fmt: skip
    offsite = [
        offsite_row(fund, code, dice.choice(["370100", "370102", "370200"]), dice.randrange(-most // 4, most))
        for code in codes
        if dice.random() < 0.5
    ]
    return fund_close(fund, months, clearing, prepay, offsite)


def random_year(seed: int, count: int = 8, most: int = 10**8) -> YearClose:
    """Both funds of a city's year."""
    dice = Random(seed)
    funds = [random_fund(fund, dice, count, most) for fund in ("310", "390")]
    return YearClose("370300", YEAR, funds, {"H31000000": "某市中心医院"})


def really_cleared(seed: int, law: Law, level: Fraction) -> FundClose:
    """A fund of six hospitals run through `clear_fund`; ``level`` is about what the budget is of what was booked."""
    dice = Random(seed)
    codes = [f"H{place}" for place in range(6)]
    hospitals = [
        Hospital(
            code,
            level="3",
            credit_lv=dice.choice("ABCD"),
            score=dice.choice([None, Fraction(dice.randrange(101), 100)]),
        )
        for code in codes
    ]
    drawn = [(code, month, dice.randrange(10**7)) for code in codes for month in range(1, 13) if dice.random() < 0.9]
    total = int(sum(booked for _, _, booked in drawn) * level)
    items = [Amount(item, 10**6) for item in ("outpatient", "chronic", "offsite", "other")]
    wanted = (total + 4 * 10**6) * 100 // 98 + 2
    last = [LastMonth(code, month, booked) for code, month, booked in drawn]
    view = law.at(date(YEAR, 12, 31))
    income = [Amount("premium", wanted), *(Amount(item, 0) for item in ("interest", "subsidy", "other"))]
    inputs = BudgetYear("310", YEAR, income, items, last_year=last)
    terms = read_terms(view, "310", dip_given=False, months_given=False, applied=True, groups=False)
    budget = plan_budget(inputs, terms.budget)
    assert budget.ok, budget.findings
    excluded = [dice.choice([0, 0, booked // 50]) for _, _, booked in drawn]
    fund = budget.dip - sum(excluded)
    weights, keys = [one[2] * dice.randrange(80, 121) for one in drawn], [f"{one[0]}{one[1]:02}" for one in drawn]
    dues = largest_remainder(fund, weights, keys)
    months = [
        HospitalMonth(code, month, 9, booked, 2 * booked, 0, 0, booked - out, out, due)
        for (code, month, booked), out, due in zip(drawn, excluded, dues, strict=True)
    ]
    year = FundYear(
        budget, fund, hospitals, months, last, Position(10**12, 10**9, 10**8), codes[:4],
        [Deduction("D1", codes[0], 12_345)], offsite=[Offsite(codes[1], "370202", 1, 1, 900, 700, 650)],
    )  # fmt: skip
    return FundClose(budget, clear_fund(year, terms))


def own_entries(folder: Path, fen: int, funds: tuple[str, ...] = ("310", "390"), day: str = "2024-12-31") -> Path:
    """A folder with an opening balance of ``fen`` in each fund's 财政专户, all of it moved to 支出户 on 2 January."""
    folder.mkdir(exist_ok=True)
    yuan = f"{fen // 100}.{fen % 100:02}"
    rows = [HEAD]
    for fund in funds:
        rows += [
            f"QC-{fund},{day},370300,{fund},1003,{yuan},,期初余额表,期初",
            f"QC-{fund},{day},370300,{fund},{SURPLUS[fund]},,{yuan},期初余额表,期初",
            f"BR-{fund},{YEAR}-01-02,370300,{fund},1004,{yuan},,用款计划,拨入支出户",
            f"BR-{fund},{YEAR}-01-02,370300,{fund},1003,,{yuan},用款计划,拨入支出户",
        ]
    (folder / "ledger_entries.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def nets(books: Mapping[tuple[str, int], view.Totals], acct_no: str) -> int:
    """Debit less credit of an account over all years, from the balances that the store keeps."""
    return sum(one.debit - one.credit for (number, _year), one in books.items() if number == acct_no)


LAST = date(YEAR, 12, 31)
