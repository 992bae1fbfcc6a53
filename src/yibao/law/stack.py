"""The law of a city: an ordered stack of layers (national, city, overlays) and the holiday notices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

from yibao.law.errors import ConflictError
from yibao.law.parameter import Parameter, Value
from yibao.law.view import View
from yibao.law.workdays import HolidayNotice, WorkCalendar


class Layer(NamedTuple):
    """The parameters of one pack or overlay; ``name`` is the folder or overlay name, ``title`` its Chinese name."""

    name: str
    title: str
    parameters: tuple[Parameter, ...]


class Definition(NamedTuple):
    """What a key means: its Chinese label, its unit, the values it may have and the context fields rooms read it by."""

    key: str
    label: str
    unit: str
    values: tuple[str, ...] = ()
    where: tuple[str, ...] = ()


class Law:
    """Layers from the lowest (national) to the highest (last overlay). Pure: it is given parameters and reads no file.

    The highest layer that has a matching parameter answers; see `View` for how one layer chooses.
    """

    def __init__(
        self,
        code: str,
        name: str,
        layers: Sequence[Layer],
        notices: Iterable[HolidayNotice] = (),
        definitions: Mapping[str, Definition] | None = None,
    ) -> None:
        self.code = code
        self.name = name
        self.layers = tuple(layers)
        self.notices = tuple(notices)
        self.definitions = dict(definitions or {})
        by_key: dict[str, list[list[Parameter]]] = {}
        for depth, layer in enumerate(reversed(self.layers)):
            for one in layer.parameters:
                by_key.setdefault(one.key, [[] for _ in self.layers])[depth].append(one)
        self._by_key = by_key
        self._fields: dict[str, tuple[str, ...]] = {}
        self._calendars: dict[date | None, WorkCalendar] = {}

    @property
    def title(self) -> str:
        """The city for messages: ``淄博市（370300）``."""
        return f"{self.name}（{self.code}）"

    def at(self, day: date, known: date | None = None) -> View:
        """What applied on ``day``, as known on ``known`` (None: all that is loaded)."""
        return View(self, day, known)

    def keys(self, prefix: str = "") -> list[str]:
        """The sorted keys of all layers that start with the prefix."""
        return sorted(key for key in self._by_key if key.startswith(prefix))

    def layers_of(self, key: str) -> list[list[Parameter]]:
        """The parameters of a key, layer by layer, the highest layer first."""
        return self._by_key.get(key, [])

    def fields_of(self, key: str) -> tuple[str, ...]:
        """The fields of a context on which the answer to a key depends: those that its parameters name, sorted."""
        if key not in self._fields:
            named = {name for layer in self.layers_of(key) for one in layer for name in one.where}
            self._fields[key] = tuple(sorted(named))
        return self._fields[key]

    def work_calendar(self, known: date | None = None) -> WorkCalendar:
        """Working days as known on a day."""
        if known not in self._calendars:
            self._calendars[known] = WorkCalendar(self.notices, known)
        return self._calendars[known]

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked; raises HolidayTableMissing."""
        return self.work_calendar().is_working_day(day)

    def add_working_days(self, start: date, count: int, *, inclusive: bool = False) -> date:
        """The ``count``-th working day after ``start``; see `WorkCalendar.add_working_days`."""
        return self.work_calendar().add_working_days(start, count, inclusive=inclusive)

    def nth_working_day(self, year: int, month: int, n: int) -> date:
        """The n-th working day of the month, from 1."""
        return self.work_calendar().nth_working_day(year, month, n)

    def last_working_day(self, year: int, month: int) -> date:
        """The last working day of the month."""
        return self.work_calendar().last_working_day(year, month)

    def changes(
        self, keys: Iterable[str], start: date, end: date, known: date | None = None, **context: str
    ) -> list[date]:
        """The days after ``start`` and until ``end`` on which a value of the keys differs from the day before.

        Context fields not given are tried with every value that a parameter of the key names, so a batch split at
        these days is priced under one law in each part. A value that appears, ends or becomes a tie counts as a change.
        """
        names = list(keys)
        found: list[date] = []
        for day in sorted(self._boundaries(names, start, end)):
            before, after = self.at(day - timedelta(days=1), known), self.at(day, known)
            if any(
                _answer(before, key, one) != _answer(after, key, one)
                for key in names
                for one in self._contexts(key, context)
            ):
                found.append(day)
        return found

    def _boundaries(self, keys: Iterable[str], start: date, end: date) -> set[date]:
        days: set[date] = set()
        for key in keys:
            for one in (one for layer in self.layers_of(key) for one in layer):
                days.add(one.period.start)
                if one.period.end is not None and one.period.end < date.max:
                    days.add(one.period.end + timedelta(days=1))
        return {day for day in days if start < day <= end}

    def _contexts(self, key: str, given: Mapping[str, str]) -> Iterator[dict[str, str]]:
        open_fields: dict[str, set[str]] = {}
        for one in (one for layer in self.layers_of(key) for one in layer):
            for name, values in one.where.items():
                if name not in given:
                    open_fields.setdefault(name, {""}).update(values)
        for choice in product(*(sorted(values) for values in open_fields.values())):
            picked = {name: value for name, value in zip(open_fields, choice, strict=True) if value}
            yield {**given, **picked}


def _answer(view: View, key: str, context: Mapping[str, str]) -> Value | None:
    """The value in a context, None when missing, and a mark no pack can write for a tie."""
    try:
        found = view.find(key, **context)
    except ConflictError:
        return "\0conflict"
    return None if found is None else found.value
