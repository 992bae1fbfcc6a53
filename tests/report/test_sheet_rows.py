"""Long tables of a workbook: what is written a column at a time reads back as what was given."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from yibao.report.sheet_rows import put_table

DAY = date(2025, 12, 31)
ROWS = [
    ["007", 1, Decimal("12.30"), 0.1, DAY, "甲<医院>&"],
    ["=1+1", -2, Decimal("-0.01"), 1e-9, None, " 前后有空 "],
    ["", 0, None, 2.5, DAY, "第一行\n第二行"],
    [None, 10**15, Decimal("123456789012.34"), -3.0, DAY, "_x0041_\x01"],
]


def written(path: Path, rows: list[list[Any]], *, memory: bool, first: int = 2) -> list[list[Any]]:
    """The cells of a sheet with a heading, the rows, and a line beneath, read back."""
    book = xlsxwriter.Workbook(path, {"constant_memory" if memory else "in_memory": True})
    page = book.add_worksheet("表")
    page.set_row(0, 30)
    page.write_string(0, 0, "题")
    forms = [book.add_format({"num_format": kind}) for kind in ("@", "0", "0.00", "0.0", "yyyy-mm-dd", "@")]
    after = put_table(page, first, forms, rows)
    page.write_string(after, 0, "完")
    book.close()
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name("表").to_python()


@pytest.mark.parametrize("memory", [True, False])
def test_texts_figures_days_and_empty_cells_read_back_as_given(tmp_path: Path, memory: bool) -> None:
    found = written(tmp_path / "a.xlsx", ROWS, memory=memory)
    assert found[0][0] == "题" and found[6][0] == "完"
    assert found[2] == ["007", 1, 12.3, 0.1, DAY, "甲<医院>&"]
    assert found[3] == ["=1+1", -2, -0.01, 1e-9, "", " 前后有空 "]
    assert found[4] == ["", 0, "", 2.5, DAY, "第一行\n第二行"]
    assert found[5][:5] == ["", 1e15, 123456789012.34, -3, DAY]


@pytest.mark.parametrize("memory", [True, False])
def test_the_file_is_what_a_cell_at_a_time_gives(tmp_path: Path, memory: bool) -> None:
    def made(name: str, write: Any) -> tuple[str, list[str]]:
        book = xlsxwriter.Workbook(tmp_path / name, {"constant_memory" if memory else "in_memory": True})
        page = book.add_worksheet()
        forms = [book.add_format({"num_format": kind}) for kind in ("@", "0", "0.00", "0.0", "yyyy-mm-dd", "@")]
        page.write_string(0, 0, "题", forms[0])
        write(page, forms)
        page.write_string(5, 0, "完", forms[0])
        book.close()
        with ZipFile(tmp_path / name) as parts:
            sheet = parts.read("xl/worksheets/sheet1.xml").decode()
            strings = "" if memory else parts.read("xl/sharedStrings.xml").decode().removesuffix("</sst>")
        # shared strings are numbered in the order they come, which is by column here and by row there
        plain = re.sub(r't="s"><v>\d+|(<row r="\d+") spans="[\d:]+"', r"\1", sheet)
        return plain, sorted(strings.split("<si>"))

    def cells(page: Any, forms: list[Any]) -> None:
        for row, values in enumerate(PLAIN, start=1):
            for column, value in enumerate(values):
                if value is None:
                    page.write_blank(row, column, None, forms[column])
                elif isinstance(value, date):
                    page.write_datetime(row, column, value, forms[column])
                elif isinstance(value, str):
                    page.write_string(row, column, value, forms[column])
                else:
                    page.write_number(row, column, value, forms[column])

    assert made("one.xlsx", cells) == made("other.xlsx", lambda page, forms: put_table(page, 1, forms, PLAIN))


PLAIN = [["007", 1, Decimal("12.3"), 0.5, DAY, "甲<医院>&"], ["8", -2, Decimal("-0.01"), 2.5, None, " 空 "],
         ["_x0041_\x01", 3, None, 1.25, DAY, "尾"], ["9", 4, Decimal("7"), 0.25, DAY, "甲<医院>&"]]  # fmt: skip


def test_a_figure_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a number in column D"):
        written(tmp_path / "a.xlsx", [["", 1, None, float("nan"), None, ""]], memory=False)


def test_no_rows_leave_the_sheet_as_it_is(tmp_path: Path) -> None:
    assert written(tmp_path / "a.xlsx", [], memory=True) == [["题"], [""], ["完"]]


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)


@given(
    rows=st.lists(st.tuples(_TEXT, st.decimals(-(10**9), 10**9, places=2) | st.none()), min_size=1, max_size=40),
    memory=st.booleans(),
)
def test_any_text_and_amount_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, Decimal | None]], memory: bool
) -> None:
    full = [[text, 1, amount, 0.5, DAY, "尾"] for text, amount in rows]
    found = written(tmp_path_factory.mktemp("any") / "a.xlsx", full, memory=memory)[2:-1]
    assert [row[2] if row[2] != "" else None for row in found] == [
        None if amount is None else float(amount) for _, amount in rows
    ]
    assert [row[0] for row in found] == [text.replace("\r\n", "\n").replace("\r", "\n") for text, _ in rows]
