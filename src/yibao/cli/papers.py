"""What people read of a close: the statements of the books, the report, close.xlsx, a workbook for every hospital."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from yibao import tables
from yibao.flows.close_ledger import YearBooks, year_statements
from yibao.report.crew import Crew, Given, ready
from yibao.report.fund import FILES, write_fund_report
from yibao.store import Store


class Papers:
    """The papers of one close into ``out``, by this process and, where there is a second core, a helper.

    Use as a context manager around the close: the helper starts and reads what draws charts while the year is being
    closed, and writes the statements as soon as the books stand, while the results are written.
    """

    def __init__(self, out: Path, tell: Callable[[str], None]) -> None:
        self._out, self._tell = out, tell
        self._crew = Crew(most=1)
        self._stated: list[Given[None]] = []
        self._files: list[str] = []

    def __enter__(self) -> Self:
        self._crew.__enter__()
        self._crew.give(ready, "yibao.report.charts", "start_drawing")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crew.__exit__(kind, error, trace)

    def state(self, books: YearBooks) -> None:
        """Writes ``statements/<fund_type>``; for `CloseSetting.posted`."""
        self._files += [f"{fund}/{name}" for fund in books.funds for name in FILES]
        self._stated.append(self._crew.give(write_statements, books, self._out / "statements"))

    def write(self, page: Path, *, books: bool = True, title: str | None = None, data_note: str = "") -> None:
        """Writes the report to ``page``, close.xlsx, and with ``books`` the hospitals' workbooks.

        Raises OutputError when a paper cannot be written, FundError when the statements cannot be made.
        """
        from yibao.report.close import write_close_report
        from yibao.report.close_book import write_close_book, write_hospital_books

        self._tell("写报告")
        whole = self._crew.give(write_close_book, self._out, self._out / "close.xlsx")
        write_close_report(self._out, page, title=title, data_note=data_note, statements=self._files)
        for given in (*self._stated, whole):
            self._crew.take(given)
        if books:
            self._tell("写各机构工作簿")
            write_hospital_books(self._out, self._out / "hospitals", progress=self._tell)


def write_statements(books: YearBooks, folder: Path) -> None:
    """Writes the statements of each fund's year into a folder of its own within ``folder``."""
    store = Store(books.place, create=False)
    try:
        for fund in books.funds:
            with tables.output_folder(folder / fund) as part:
                write_fund_report(part, year_statements(store, books, fund))
    finally:
        store.close()
