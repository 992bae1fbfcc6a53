"""The fund's statements as a workbook: laid out as an accountant expects, ready to print on A4.

Every figure is written as a value: the statements' identities are asserted where the figures are made, and a formula
over binary numbers could show a remainder that the books do not have.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import xlsxwriter

from yibao.flows.fund_statement import FundStatements
from yibao.kernel import yuan, yuan_text
from yibao.report import fund_tables as made
from yibao.report.fund_tables import Cell, Kind, Table
from yibao.report.sheet_rows import put_table
from yibao.tables.write import EXCEL_ROWS

_A4 = 9
_MONEY = "#,##0.00;[Red]-#,##0.00"
_FONT = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_WIDTHS = {
    "科目编码": 11, "科目名称": 26, "项目": 38, "资产": 28, "负债和净资产": 28, "月份": 13, "日期": 11, "凭证号": 22,
    "业务": 11, "明细": 16, "所结算的单据": 26, "摘要": 26, "引用凭证": 22, "银行流水号": 20, "关联组号": 16,
    "经办机构": 10,
}  # fmt: skip
"""Widths of text columns in characters; longer text is wrapped."""
_NOTES_WIDTHS = (26, 38, 22, 38, 22, 18, 10)


def write_book(path: Path, statements: FundStatements) -> None:
    """Writes the workbook. The same statements give the same cells."""
    # row by row, so that a year's postings need no more memory than a month's
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    try:
        book.set_properties({
            "title": statements.title, "company": made.unit_text(statements),
            "created": datetime.combine(statements.made_on, time()),
        })  # fmt: skip
        formats = _Formats(book)
        for table, name, landscape in (
            (made.trial_table(statements), made.TRIAL, True),
            (made.income_table(statements), made.INCOME, statements.splits),
            (made.balance_table(statements), made.BALANCE, True),
            (made.months_table(statements), made.MONTHS, True),
        ):
            _write(book, formats, name, table, list(table.rows), statements, landscape)
        _write_journal(book, formats, statements)
        _write_notes(book, formats, statements)
    except BaseException:
        book.fileclosed = True
        raise
    book.close()


class _Formats:
    """The workbook's formats, each made when first asked for."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[object, ...], Any] = {}
        self.title = book.add_format({**_FONT, "bold": True, "font_size": 16, "align": "center", "shrink": True})
        self.about = book.add_format({**_FONT, "shrink": True})
        self.unit = book.add_format({**_FONT, "align": "right"})
        self.section = book.add_format({**_FONT, "bold": True, "font_size": 12})
        self.head = book.add_format(
            {**_FONT, "bold": True, "align": "center", "bg_color": "#DCE6F1", "border": 1, "text_wrap": True}
        )

    def cell(self, kind: Kind, indent: int, strong: bool) -> Any:
        """The format of a cell of that kind."""
        slot = (kind, indent, strong)
        if slot not in self._made:
            own: dict[Kind, dict[str, Any]] = {
                Kind.TEXT: {"num_format": "@", "text_wrap": True, "indent": indent},
                Kind.MONEY: {"num_format": _MONEY},
                Kind.DATE: {"num_format": "yyyy-mm-dd", "align": "center"},
            }
            self._made[slot] = self._book.add_format({**_FONT, "border": 1, "bold": strong, **own[kind]})
        return self._made[slot]


def _write_journal(book: Any, formats: _Formats, statements: FundStatements) -> None:
    """The postings, on as many sheets as Excel needs, with filters; the sums stand under the last."""
    table = made.journal_table(statements)
    forms = [formats.cell(head.kind, 0, False) for head in table.heads]
    money = [at for at, head in enumerate(table.heads) if head.kind is Kind.MONEY]
    values, left, above = made.journal_values(statements), len(statements.lines), _head_rows(table)
    room, part = EXCEL_ROWS - above, 1
    largest = max((abs(line.debit or line.credit) for line in statements.lines), default=0)
    width = _money_width([largest, sum(abs(line.debit) for line in statements.lines)])
    while left >= 0:
        name = made.JOURNAL if part == 1 else f"{made.JOURNAL}_{part}"
        page = _page(book, formats, name, table, statements, True, width)
        row = above
        while rows := [_in_yuan(cells, money) for cells in islice(values, min(_PIECE, above + room - row))]:
            row = put_table(page, row, forms, rows)
        # the sums are no posting: a filter must not hide or sort them
        page.autofilter(above - 1, 0, row - 1, len(table.heads) - 1)
        if left < room:
            _write_rows(page, formats, table, row, table.rows)
        left, part = left - room, part + 1


_PIECE = 10_000
"""Postings held at a time."""


def _in_yuan(cells: Sequence[Any], money: Sequence[int]) -> list[Any]:
    """The values of a row with the fen of the columns ``money`` as 元."""
    made = list(cells)
    for at in money:
        if made[at] is not None:
            made[at] = yuan(made[at])
    return made


def _write(
    book: Any, formats: _Formats, name: str, table: Table, rows: list[Sequence[Cell]], statements: FundStatements,
    landscape: bool,
) -> None:  # fmt: skip
    width = _money_width([cell.value for row in rows for cell in row if isinstance(cell.value, int)])
    page = _page(book, formats, name, table, statements, landscape, width)
    _write_rows(page, formats, table, _head_rows(table), rows)


def _head_rows(table: Table) -> int:
    """How many rows stand above the figures: the title, unit and period, and one or two rows of headings."""
    return 4 if any(head.group for head in table.heads) else 3


def _money_width(amounts: Sequence[int]) -> float:
    """A width that shows every amount; a column too narrow would show ``####``."""
    return max([14.0, *(len(yuan_text(amount)) * 1.1 + 3 for amount in amounts)])


def _page(
    book: Any, formats: _Formats, name: str, table: Table, statements: FundStatements, landscape: bool, money: float
) -> Any:
    """A sheet with its title, unit, period and headings, set up for the screen and for print."""
    page = book.add_worksheet(name)
    above, last = _head_rows(table), len(table.heads) - 1
    for column, head in enumerate(table.heads):
        page.set_column(column, column, money if head.kind is Kind.MONEY else _WIDTHS[head.label])
    page.set_row(0, 28)
    page.merge_range(0, 0, 0, last, table.title, formats.title)
    middle = last // 2
    _spread(page, 1, 0, middle, f"编制单位：{made.unit_text(statements)}　　期间：{table.period}", formats.about)
    _spread(page, 1, middle + 1, last, "单位：元", formats.unit)
    _write_heads(page, formats, table, 2)
    page.freeze_panes(above, 0)
    page.repeat_rows(above - 2 if above == 4 else above - 1, above - 1)
    _print_setup(page, statements, landscape)
    return page


def _print_setup(page: Any, statements: FundStatements, landscape: bool) -> None:
    page.set_paper(_A4)
    if landscape:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    page.center_horizontally()
    page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    page.set_footer(f"&L编制日期：{statements.made_on.isoformat()}&C第 &P 页，共 &N 页&R复核：　　　　制表：　　　　")


def _spread(page: Any, row: int, first: int, last: int, text: str, form: Any) -> None:
    """Text over several columns; Excel has no range of one cell."""
    if first == last:
        page.write_string(row, first, text, form)
    else:
        page.merge_range(row, first, row, last, text, form)


def _write_heads(page: Any, formats: _Formats, table: Table, row: int) -> None:
    if any(head.group for head in table.heads):
        at = 0
        for group, heads in groupby(table.heads, key=lambda head: head.group):
            size = len(list(heads))
            if group:
                _spread(page, row, at, at + size - 1, group, formats.head)
            else:
                for column in range(at, at + size):
                    page.write_blank(row, column, None, formats.head)
            at += size
        row += 1
    for column, head in enumerate(table.heads):
        page.write_string(row, column, head.label, formats.head)


def _write_rows(page: Any, formats: _Formats, table: Table, first: int, rows: Iterable[Sequence[Cell]]) -> int:
    """Writes the rows from row ``first`` on; the number of the row after them."""
    row = first
    for cells in rows:
        for column, (head, cell) in enumerate(zip(table.heads, cells, strict=True)):
            _write_cell(page, row, column, cell, formats.cell(head.kind, cell.indent, cell.strong))
        row += 1
    return row


def _write_cell(page: Any, row: int, column: int, cell: Cell, form: Any) -> None:
    if cell.value is None or cell.value == "":
        page.write_blank(row, column, None, form)
    elif isinstance(cell.value, int):
        page.write_number(row, column, yuan(cell.value), form)
    elif isinstance(cell.value, date):
        page.write_datetime(row, column, cell.value, form)
    else:
        page.write_string(row, column, cell.value, form)


def _write_notes(book: Any, formats: _Formats, statements: FundStatements) -> None:
    """说明: what the statements are, whether they close, what is not in order, and what they are made by."""
    page = book.add_worksheet("说明")
    for column, width in enumerate(_NOTES_WIDTHS):
        page.set_column(column, column, width)
    page.set_row(0, 28)
    page.merge_range(0, 0, 0, len(_NOTES_WIDTHS) - 1, statements.title, formats.title)
    row = 1
    for text in (f"编制单位：{made.unit_text(statements)}", f"编制日期：{statements.made_on.isoformat()}",
                 *made.remarks(statements)):  # fmt: skip
        page.merge_range(row, 0, row, len(_NOTES_WIDTHS) - 1, text, formats.about)
        row += 1
    for table in (made.checks_table(statements), made.findings_table(statements), made.internal_table(statements),
                  made.sources_table(statements)):  # fmt: skip
        row = _write_section(page, formats, table, row + 1)
    _print_setup(page, statements, True)


def _write_section(page: Any, formats: _Formats, table: Table, row: int) -> int:
    """One table of the notes, from ``row`` on; the row after it.

    A table without rows is left out, but for the month-end findings, where it is good news.
    """
    rows = list(table.rows)
    if not rows and table.title != "月末检查":
        return row - 1
    page.write_string(row, 0, f"{table.title}（{table.period}）", formats.section)
    if not rows:
        page.write_string(row + 1, 0, "没有发现问题", formats.about)
        return row + 2
    _write_heads(page, formats, table, row + 1)
    return _write_rows(page, formats, table, row + 2, rows)
