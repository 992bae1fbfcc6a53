"""Sheets of a workbook for people: a title, a line that says what it is, headings with units, figures as numbers.

Rows are written one after the other, so that a long sheet needs no memory. Text stays text and a code keeps its zeros.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import xlsxwriter

from yibao.report.sheet_rows import NUMBERS, put_table

_FONT = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
FORMATS: Mapping[str, str] = {
    "text": "@",
    "wrap": "@",
    "int": "#,##0",
    "money": "#,##0.00;[Red]-#,##0.00",
    "points": "#,##0.0000",
    "value": "0.000000",
    "coefficient": "0.0000",
    "percent": "0.00%",
    "ratio": "0.0000%",
    "stat": "0.0000",
    "day": "yyyy-mm-dd",
    "plain": "0.00",
}
"""Number formats by kind of column."""
_DIGITS = {
    "int": 0,
    "money": 2,
    "points": 4,
    "value": 6,
    "coefficient": 4,
    "percent": 2,
    "ratio": 4,
    "stat": 4,
    "plain": 2,
}
_PLACES: Mapping[str, Mapping[str, Any]] = {"text": {"indent": 1}, "wrap": {"indent": 1}, "day": {"align": "center"}}
"""Text stands a step away from the figure before it."""
_WIDEST, _LEAST = 46.0, 7.0
_A4 = 9


class Head(NamedTuple):
    """A column: its heading with the unit, and its kind, a key of FORMATS."""

    label: str
    kind: str = "text"


class Sheet(NamedTuple):
    """A sheet: ``note`` stands under the title, ``total`` is a last row set apart; ``filters`` adds a filter."""

    name: str
    title: str
    note: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] = ()
    filters: bool = True


def heads(text: str) -> list[Head]:
    """Heads from ``"病种 病例数（例）:int"``: words by spaces, the kind after a colon, text without one."""
    parts = (word.partition(":") for word in text.split())
    return [Head(label, kind or "text") for label, _, kind in parts]


class Book:
    """A workbook being written. Use as a context manager: it is closed when the block ends well, else given up."""

    def __init__(self, path: Path, title: str, made_on: date, *, long: bool = False) -> None:
        # a long book goes to disk row by row; a short one is quicker without files of its own
        options = {("constant_memory" if long else "in_memory"): True, "strings_to_formulas": False}
        self.book = xlsxwriter.Workbook(path, options)
        self.book.set_properties({"title": title, "created": datetime.combine(made_on, time())})
        self._made: dict[tuple[str, bool], Any] = {}
        self.title = self.book.add_format({**_FONT, "bold": True, "font_size": 14})
        self.note = self.book.add_format({**_FONT, "font_color": "#52606d"})
        self.head = self.book.add_format(
            {**_FONT, "bold": True, "align": "center", "bg_color": "#DCE6F1", "border": 1, "text_wrap": True}
        )
        self.link = self.book.add_format({**_FONT, "font_color": "#0B5A8F", "underline": 1})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.book.fileclosed = True
            return
        self.book.close()

    def form(self, kind: str, strong: bool = False) -> Any:
        """The format of a cell of that kind, made once."""
        slot = (kind, strong)
        if slot not in self._made:
            own = {"num_format": FORMATS[kind], "bold": strong, "text_wrap": kind == "wrap", **_PLACES.get(kind, {})}
            if strong:
                own |= {"top": 1, "bg_color": "#F4F6F9"}
            self._made[slot] = self.book.add_format({**_FONT, **own})
        return self._made[slot]

    def page(self, name: str, title: str, note: str, widths: Sequence[float]) -> Any:
        """An empty sheet with title and note; the rows begin at row 2."""
        page = self.book.add_worksheet(name)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        page.set_row(0, 24)
        page.write_string(0, 0, title, self.title)
        page.write_string(1, 0, note, self.note)
        page.set_paper(_A4)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.set_footer("&L&A&C第 &P 页，共 &N 页")
        return page

    def sheet(self, one: Sheet) -> Any:
        """Writes a sheet and gives it back, with heads frozen and repeated in print."""
        page = self.page(one.name, one.title, one.note, widths(one))
        self.put_heads(page, 2, one.heads)
        last = self.put_rows(page, 3, one.heads, one.rows)
        if one.filters and one.rows:
            page.autofilter(2, 0, last - 1, len(one.heads) - 1)
        if one.total:
            self.put_rows(page, last, one.heads, [one.total], strong=True)
        page.freeze_panes(3, 1)
        page.repeat_rows(2)
        return page

    def section(self, page: Any, row: int, text: str) -> None:
        """A heading inside a sheet, in a row high enough for it."""
        page.set_row(row, 24)
        page.write_string(row, 0, text, self.title)

    def put_heads(self, page: Any, row: int, columns: Sequence[Head]) -> None:
        """Writes headings into a row, high enough for two lines."""
        page.set_row(row, 30)
        for column, head in enumerate(columns):
            page.write_string(row, column, head.label, self.head)

    def put_rows(
        self, page: Any, row: int, columns: Sequence[Head], rows: Iterable[Sequence[Any]], *, strong: bool = False
    ) -> int:
        """Writes rows from ``row`` on; the number of the row after them."""
        return put_table(page, row, [self.form(head.kind, strong) for head in columns], list(rows))

    def put_cells(self, page: Any, row: int, columns: Sequence[Head], rows: Iterable[Sequence[Any]]) -> int:
        """Like `put_rows`, for the few rows that a chart of the book draws from."""
        forms = [self.form(head.kind) for head in columns]
        for cells in rows:
            for column, value in enumerate(cells):
                put(page, row, column, value, forms[column])
            row += 1
        return row


def tall(texts: Sequence[tuple[str, float]]) -> float:
    """The height of a row whose texts are wrapped in columns of these widths, so that no line is cut."""
    lines = max((-(-_cells(text) // max(1.0, width - 4)) for text, width in texts), default=1)
    return 15.0 * max(1.0, lines)


def put(page: Any, row: int, column: int, value: Any, form: Any) -> None:
    """Writes a cell by what it is; None leaves it empty."""
    if value is None or value == "":
        page.write_blank(row, column, None, form)
    elif isinstance(value, str):
        page.write_string(row, column, value, form)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, form)
    else:
        page.write_number(row, column, value, form)


def widths(one: Sheet) -> list[float]:
    """Widths by content: the longest cell of each column, within bounds; longer heads are wrapped."""
    found = []
    columns = zip(*one.rows, *((one.total,) if one.total else ()), strict=True)
    for head, values in zip(one.heads, list(columns) or [()] * len(one.heads), strict=True):
        kinds = set(map(type, values))
        longest = max(_LEAST, min(_cells(head.label), 14.0) + 3)
        if str in kinds:
            # the longest by count of characters is near enough the widest, and quick to find
            texts = {value for value in values if type(value) is str}
            longest = max(longest, *(_cells(text) + 3 for text in sorted(texts, key=len)[-20:]))
        if kinds & NUMBERS:
            figures = values if kinds <= NUMBERS else [value for value in values if type(value) in NUMBERS]
            longest = max(longest, _long(max(max(figures), -min(figures)), head.kind))
        if date in kinds:
            longest = max(longest, 12.0)
        found.append(min(_WIDEST if head.kind != "wrap" else 64.0, longest))
    return found


def _long(value: Any, kind: str) -> float:
    """The width of a number: digits, separators, sign."""
    shown = value * 100 if kind in ("percent", "ratio") else value
    whole = len(str(int(shown)))
    return (whole + (whole - 1) // 3 + _DIGITS.get(kind, 0) + 1) * 1.05 + 2.5


def _cells(text: str) -> float:
    """The width of a text in columns: a Chinese character takes two and a little."""
    if text.isascii():
        return float(len(text))
    return sum(2.1 if unicodedata.east_asian_width(one) in "WF" else 1.0 for one in text)
