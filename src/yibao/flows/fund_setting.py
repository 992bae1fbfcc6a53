"""What the flows of the fund share: the chart on a day, months, names of funds, and the error a user can mend."""

from collections.abc import Sequence
from datetime import date

from yibao.fund.chart import Chart, read_chart
from yibao.kernel import Period
from yibao.law import Law, View
from yibao.standard import CODE_TABLES
from yibao.tables import LoadReport

FUND_TYPE = CODE_TABLES["fund_type"]


class FundError(RuntimeError):
    """Nothing could be done. The message is Chinese and says the next step; ``reports`` name every fault found."""

    def __init__(self, message: str, reports: Sequence[LoadReport] = ()) -> None:
        super().__init__(message)
        self.reports = list(reports)


def no_account(acct_no: str) -> FundError:
    """The error for an account number that no book has."""
    return FundError(f"没有账户“{acct_no}”；编号如 370300-310-1004（区划-险种-科目），可用 yibao fund balance 查")


def chart_on(law: Law, day: date) -> tuple[Chart, View]:
    """The chart of accounts as it applied on a day, and the view that remembers which parameters it is made of."""
    view = law.at(day)
    return read_chart(view), view


def fund_code(text: str) -> str:
    """The code of a fund given by code or name (310, 职工, 职工基本医疗保险). Raises FundError for an unknown one."""
    code = FUND_TYPE.spellings().get(text, text)
    if code not in FUND_TYPE.codes:
        known = "、".join(f"{one} {name}" for one, name in FUND_TYPE.codes.items())
        raise FundError(f"没有险种“{text}”，现有：{known}")
    return code


def days_of(first_month: int, last_month: int) -> Period:
    """The days from the first of one month (``yyyymm``) to the last of another."""
    last = Period.month(*divmod(last_month, 100))
    return Period(Period.month(*divmod(first_month, 100)).start, last.end)


def month_text(month: int) -> str:
    """A month (``yyyymm``) for people: ``2025年6月``."""
    return f"{month // 100}年{month % 100}月"
