"""Days and periods. Both ends of a period are inclusive days, as on the command line and in a law's text."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|(\d{2})(\d{2}))", re.ASCII)


def parse_day(text: str) -> date:
    """The day written as 2025-01-31, 2025/1/31 or 20250131. Raises ValueError for no such day (31 February)."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a day: {text!r}")
    year, *rest = (int(part) for part in match.groups() if part is not None)
    return date(year, rest[0], rest[1])


class Period(NamedTuple):
    """The days from ``start`` to ``end``, both inclusive; an ``end`` of None is open."""

    start: date
    end: date | None = None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day and (self.end is None or day <= self.end)

    def overlaps(self, other: "Period") -> bool:
        """Whether the two periods share a day."""
        return (self.end is None or other.start <= self.end) and (other.end is None or self.start <= other.end)

    @classmethod
    def month(cls, year: int, month: int) -> "Period":
        """The calendar month."""
        first = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        return cls(first, following - timedelta(days=1))

    @classmethod
    def year(cls, year: int) -> "Period":
        """The natural year (自然年度)."""
        return cls(date(year, 1, 1), date(year, 12, 31))

    def months(self) -> Iterator["Period"]:
        """The calendar months that the period touches, whole. The period must be closed."""
        if self.end is None:
            raise ValueError("an open period has no last month")
        year, month = self.start.year, self.start.month
        while date(year, month, 1) <= self.end:
            yield Period.month(year, month)
            year, month = year + month // 12, month % 12 + 1
