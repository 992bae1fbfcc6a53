"""The law of cover, one row a cover year: what `cover` and the SQL files beside it read, absent values as None.

A value is read on 1 January of its cover year. What is absent is refused only where a person's history needs it, by
its key: `TermBook.refuse` raises the law's own MissingParameter.
"""

from datetime import date
from typing import NamedTuple, NoReturn

from yibao.enrolment.wait import WaitTerms, window
from yibao.law import Law, View


class CoverTerms(NamedTuple):
    """The rules of one cover year; None where the law is silent."""

    year: int
    newborn_days: int
    backpay_retro: bool
    window_from: date | None = None
    window_until: date | None = None
    start_in_window: str | None = None
    start_late: str | None = None
    wait_fixed: int | None = None
    wait_per_year: int | None = None
    wait_long_years: int | None = None
    wait_long_min: int | None = None
    wait_repair: int | None = None
    wait_starts: str | None = None
    stop_delay: int | None = None
    employee_years_count: bool | None = None
    exempt: tuple[str, ...] | None = None

    @property
    def wait(self) -> WaitTerms:
        """The waiting rule; only where none of its figures is absent."""
        parts = (
            self.wait_fixed, self.wait_per_year, self.wait_long_years, self.wait_long_min, self.wait_repair
        )  # fmt: skip
        return WaitTerms(*(part for part in parts if part is not None))

    def absent_of_wait(self) -> str:
        """The key of the first value that a waiting period needs and the law lacks, or an empty text."""
        for name, key in WAIT_KEYS.items():
            if getattr(self, name) is None:
                return key
        return ""


WINDOW = ("resident.window.from", "resident.window.until")
"""集中缴费期 is one rule of two values."""
WAIT_KEYS = {
    "wait_fixed": "wait.fixed",
    "wait_per_year": "wait.per_broken_year",
    "wait_long_years": "wait.long_break_years",
    "wait_long_min": "wait.long_break_min",
    "wait_repair": "wait.repair",
    "exempt": "wait.exempt",
    "wait_starts": "wait.starts",
}
"""What a waiting period needs, in the order in which it is missed; ``resident_start.sql`` has the same."""


class TermBook:
    """The terms of every cover year of one law, read once. ``known`` is the second clock."""

    def __init__(self, law: Law, known: date | None = None) -> None:
        self._law = law
        self._known = known
        self._terms: dict[int, CoverTerms] = {}
        self._views: dict[int, View] = {}

    def of(self, year: int) -> CoverTerms:
        """The terms of a cover year. Raises MissingParameter for the newborn days and the rule on back-pay."""
        if year not in self._terms:
            self._terms[year] = read_terms(self._view(year), year)
        return self._terms[year]

    def refuse(self, year: int, key: str) -> NoReturn:
        """Raises the law's MissingParameter for a key that the year lacks; of the window, for the end that it lacks."""
        for one in WINDOW if key in WINDOW else (key,):
            self._view(year).parameter(one)
        raise AssertionError(f"{key} is not absent in {year}")

    @property
    def unverified(self) -> list[str]:
        """Sorted keys of the values read that nobody in authority has printed."""
        return sorted({key for view in self._views.values() for key in view.unverified})

    def _view(self, year: int) -> View:
        if year not in self._views:
            self._views[year] = self._law.at(date(year, 1, 1), self._known)
        return self._views[year]


def read_terms(view: View, year: int) -> CoverTerms:
    """The terms of a cover year as the law of ``view`` has them."""

    def text(key: str) -> str | None:
        return view.text(key) if view.has(key) else None

    def whole(key: str) -> int | None:
        return view.integer(key) if view.has(key) else None

    opens, closes = (text(key) for key in WINDOW)
    first, last = window(opens, closes, year) if opens and closes else (None, None)
    counts = "incentive.employee_years_count"
    return CoverTerms(
        year,
        view.integer("resident.newborn_days"),
        view.flag("switch.backpay_retro"),
        window_from=first,
        window_until=last,
        start_in_window=text("resident.start.in_window"),
        start_late=text("resident.start.late"),
        wait_fixed=whole("wait.fixed"),
        wait_per_year=whole("wait.per_broken_year"),
        wait_long_years=whole("wait.long_break_years"),
        wait_long_min=whole("wait.long_break_min"),
        wait_repair=whole("wait.repair"),
        wait_starts=text("wait.starts"),
        stop_delay=whole("switch.employee_stop.delay"),
        employee_years_count=view.flag(counts) if view.has(counts) else None,
        exempt=view.items("wait.exempt") if view.has("wait.exempt") else None,
    )
