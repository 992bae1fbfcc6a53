"""What the law says about the catalogue on a day, and the same for every day of a batch."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import pyarrow as pa

from yibao.law import Law, View

METHODS = ("排除法", "准入法")
"""Consumables: pay unless listed, or pay only what is listed. Values of ``catalogue.consumable.method``."""
KEYS = ("catalogue.consumable.method", "catalogue.rx.valid_days", "catalogue.rx.channels")


class Terms(NamedTuple):
    """The rules of a day: consumables by the allow list or not, valid days of a prescription by its kind (-1 not asked
    for), and whether special and negotiated drugs at a pharmacy need a prescription.
    """

    allow_method: bool
    rx_days: int
    rx_days_chronic: int
    rx_special: bool
    rx_negotiated: bool


def terms_at(view: View, *, chronic: bool = True) -> Terms:
    """The terms in force on the view's day. ``chronic`` asks for the days of long prescriptions, which a batch without
    any does not need. Raises MissingParameter.
    """
    channels = view.items("catalogue.rx.channels")
    return Terms(
        view.text("catalogue.consumable.method") == METHODS[1],
        view.integer("catalogue.rx.valid_days", rx_kind="normal"),
        view.integer("catalogue.rx.valid_days", rx_kind="chronic") if chronic else -1,
        "special" in channels,
        "negotiated" in channels,
    )


def terms_reader(law: Law, *, known: date | None = None, chronic: bool = True) -> Callable[[date], Terms]:
    """A reader of the terms of a day that reads the law of each day once. It raises MissingParameter."""
    read: dict[date, Terms] = {}

    def at(day: date) -> Terms:
        if day not in read:
            read[day] = terms_at(law.at(day, known), chronic=chronic)
        return read[day]

    return at


class DayTerms(NamedTuple):
    """The terms of every day of a span as the table ``care_day``, and the keys of what nobody in authority printed."""

    table: pa.Table
    unverified: tuple[str, ...]


def day_terms(law: Law, days: Sequence[date], *, known: date | None = None, chronic: bool = True) -> DayTerms:
    """``care_day`` (grain day) for every day from the first to the last of ``days``. Raises MissingParameter."""
    if not days:
        return DayTerms(_table([], []), ())
    first, last = min(days), max(days)
    starts = [first, *law.changes(KEYS, first, last, known)]
    rows: list[Terms] = []
    every: list[date] = []
    unverified: set[str] = set()
    for start, following in zip(starts, [*starts[1:], last + timedelta(days=1)], strict=True):
        view = law.at(start, known)
        terms = terms_at(view, chronic=chronic)
        unverified |= set(view.unverified)
        span = (following - start).days
        every += [start + timedelta(days=number) for number in range(span)]
        rows += [terms] * span
    return DayTerms(_table(every, rows), tuple(sorted(unverified)))


def _table(days: Sequence[date], rows: Sequence[Terms]) -> pa.Table:
    columns = {
        name: pa.array([int(getattr(row, name)) for row in rows], pa.int64())
        for name in Terms._fields
    }  # fmt: skip
    return pa.table({"day": pa.array(list(days), pa.date32()), **columns})
