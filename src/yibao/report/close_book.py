"""The workbooks of a closed year: one with every result table, and one for each hospital.

Figures are values, exact as the result has them; texts stay texts. Two processes write the hospitals where there are
many, each from rows that were asked of the whole year once.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from yibao import tables
from yibao.engine import Engine
from yibao.flows.close_tables import COLUMNS
from yibao.flows.close_tables import columns as columns_of
from yibao.report import close_words
from yibao.report.book_sheets import Book, Head, Sheet
from yibao.report.close_packs import packs_of
from yibao.report.close_result import Closed, open_close
from yibao.report.close_slices import hospitals_of
from yibao.report.hospital_book import Pack, write_packs
from yibao.report.names import Names

__all__ = ["write_close_book", "write_hospital_books"]

MANY = 40
"""From how many hospitals on two processes pay for their start."""
_CHUNK, _AHEAD = 12, 4
_KINDS: Mapping[str, str] = {
    "text": "text", "int": "int", "day": "day", "money": "money", "points": "points", "ratio": "ratio", "stat": "stat",
}  # fmt: skip
_OWN_KINDS: Mapping[str, str] = {
    "opening_value": "value", "settlement_value": "value", "multiple": "coefficient", "credit": "coefficient",
    "beds_per_1000": "plain",
}  # fmt: skip
_FACTORS = ("coefficients", "addon_items")
"""Tables whose columns of kind points are multiples, not 分."""


def write_close_book(folder: Path, out: Path, names: Names | None = None) -> None:
    """Writes every result table of a close but the cases to the workbook ``out``, each on a sheet, an index first.

    Raises ResultFolderError when the folder is not a finished result, OutputError when the file cannot be written.
    """
    with Engine() as engine:
        closed = open_close(engine, folder, names, trail=False)
        with tables.atomic_path(out) as path:
            _write_tables(closed, path)


def _write_tables(closed: Closed, path: Path) -> None:
    title = f"{closed.summary.get('city_name', '')}{closed.year}年度住院DIP清算"
    names = {table: close_words.TABLES.get(table, table) for table in COLUMNS}
    with Book(path, title, date(closed.year, 12, 31), long=True) as book:
        page = book.page(
            "目录", title, f"由 {closed.summary['made_by']} 写出；金额单位元，分值单位分，均为精确数", (16, 12, 60)
        )
        book.put_heads(page, 3, (Head("工作表"), Head("行数"), Head("一行是")))
        for row, (table, name) in enumerate(names.items(), start=4):
            page.write_url(row, 0, f"internal:'{name}'!A1", book.link, name)
            page.write_number(row, 1, len(closed.small[table]), book.form("int"))
            page.write_string(row, 2, close_words.GRAINS.get(table, ""), book.form("text"))
        for table, name in names.items():
            book.sheet(_sheet(closed, table, name))


def _sheet(closed: Closed, table: str, name: str) -> Sheet:
    heads, keys = [], []
    for column, kind in columns_of(table):
        heads.append(Head(close_words.head(table, column, kind), _kind(table, column, kind)))
        keys.append(column)
        if column in ("fixmedins_code", "dip_code"):
            heads.append(Head("医疗机构名称" if column == "fixmedins_code" else "病种名称"))
            keys.append(f"{column}:name")
    rows = [[_value(closed, table, key, row) for key in keys] for row in closed.small[table]]
    return Sheet(name, name, close_words.GRAINS.get(table, ""), heads, rows)


def _kind(table: str, column: str, kind: str) -> str:
    if column in _OWN_KINDS:
        return _OWN_KINDS[column]
    return "coefficient" if table in _FACTORS and kind == "points" else _KINDS[kind]


def _value(closed: Closed, table: str, key: str, row: Mapping[str, Any]) -> Any:
    column, _, named = key.partition(":")
    value = row[column]
    if named:
        return closed.names.hospitals.get(value, "") if column == "fixmedins_code" else closed.disease(str(value))
    if column == "is_new":
        return "是" if value else ""
    return close_words.shown(table, column, value) if isinstance(value, str) else value


def write_hospital_books(
    folder: Path,
    out_folder: Path,
    names: Names | None = None,
    *,
    codes: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    catalogue: Path | None = None,
    last: int | None = None,
) -> int:
    """Writes ``<code>_<name>.xlsx`` for every hospital (or those of ``codes``) into ``out_folder``; answers how many.

    ``last`` is the year to compare with, by default the one before. With all hospitals, workbooks of an earlier run
    that this one did not write are removed. Raises ResultFolderError when the folder is not a finished result,
    ReportError when ``catalogue`` is another run's, OutputError when the folder cannot be written.
    """
    tell = progress or (lambda _said: None)
    with Engine() as engine:
        closed = open_close(engine, folder, names, catalogue)
        chosen = sorted(hospitals_of(closed) if codes is None else set(codes))
        stale = () if codes is not None else [path.name for path in out_folder.glob("*.xlsx")]
        with tables.output_folder(out_folder, optional=stale) as part:
            packs = packs_of(
                closed, chosen, lambda code: part / _file(code, closed.names.hospitals.get(code, "")), last
            )
            done = 0
            for written in _written(packs, len(chosen)):
                done += written
                tell(f"机构工作簿 {done}/{len(chosen)}")
    return done


def _file(code: str, name: str) -> str:
    """A file name that every system takes."""
    safe = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", f"{code}_{name}" if name else code)
    return f"{safe.strip(' .')[:80]}.xlsx"


def _written(packs: Iterator[Pack], count: int) -> Iterator[int]:
    """Writes the workbooks, in two processes where there are many; gives the numbers as they are done."""
    chunks = iter(lambda: list(islice(packs, _CHUNK)), [])
    if count < MANY or (os.cpu_count() or 1) < 2:
        for chunk in chunks:
            yield write_packs(chunk)
        return
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(write_packs, chunk) for chunk in islice(chunks, _AHEAD)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(write_packs, chunk) for chunk in islice(chunks, 1)]
