"""Working days by the State Council's dated holiday notices (国务院办公厅节假日安排通知)."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from yibao.kernel import Grade, Period, Source
from yibao.law.errors import HolidayTableMissing, law_finding
from yibao.law.parameter import Origin


class HolidayNotice(NamedTuple):
    """One notice about one year: the days off, each with the holiday's name, and the weekend days worked (调休上班).

    A later published notice that names the same day corrects an earlier one.
    """

    year: int
    off: Mapping[date, str]
    work: frozenset[date]
    source: Source
    grade: Grade
    origin: Origin = Origin()


class WorkCalendar:
    """Answers about working days from the notices known on ``known``; a year without one raises HolidayTableMissing."""

    def __init__(self, notices: Iterable[HolidayNotice], known: date | None = None) -> None:
        heard = [one for one in notices if known is None or one.source.published <= known]
        heard.sort(key=lambda one: one.source.published)
        self.known = known
        self.years = frozenset(one.year for one in heard)
        self._off: dict[date, bool] = {}
        for one in heard:
            self._off.update(dict.fromkeys(one.off, True))
            self._off.update(dict.fromkeys(one.work, False))

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked: a weekday not off, or a weekend day made up for a holiday."""
        if day.year not in self.years:
            raise self._missing(day.year)
        off = self._off.get(day)
        return day.weekday() < 5 if off is None else not off

    def add_working_days(self, start: date, count: int, *, inclusive: bool = False) -> date:
        """The ``count``-th working day after ``start``; the clock starts the day after (RULEBOOK §18).

        With ``inclusive`` the start day itself counts when it is worked. A count of 0 is the start day.
        """
        if count < 0:
            raise ValueError("a time limit is not negative")
        day, left = start, count
        if inclusive and left and self.is_working_day(day):
            left -= 1
        while left:
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        return day

    def working_days(self, period: Period) -> list[date]:
        """The working days of a closed period, in order."""
        if period.end is None:
            raise ValueError("an open period has no last working day")
        days = (period.start + timedelta(days=i) for i in range((period.end - period.start).days + 1))
        return [day for day in days if self.is_working_day(day)]

    def nth_working_day(self, year: int, month: int, n: int) -> date:
        """The n-th working day of the month, from 1; raises ValueError when the month has fewer."""
        days = self.working_days(Period.month(year, month))
        if not 1 <= n <= len(days):
            raise ValueError(f"{year}-{month:02d} has {len(days)} working days, not {n}")
        return days[n - 1]

    def last_working_day(self, year: int, month: int) -> date:
        """The last working day of the month (职工保费归集日)."""
        return self.working_days(Period.month(year, month))[-1]

    def _missing(self, year: int) -> HolidayTableMissing:
        known = f"（按 {self.known.isoformat()} 已知）" if self.known else ""
        years = "、".join(str(one) for one in sorted(self.years)) or "无"
        return HolidayTableMissing(
            law_finding(
                "holiday_table_missing",
                f"没有{year}年的节假日安排{known}，不能推算工作日",
                f"已载入的年份：{years}",
                "把国务院办公厅当年的节假日安排通知写入政策包的 holidays.yaml",
            )
        )
