"""The workbooks of a closed year: one with every result table, and one for each hospital.

Figures are values, exact as the result has them; texts stay texts. Several processes write the hospitals where there
are many, each from a cut of tables that were asked of the whole year once.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from yibao import tables
from yibao.engine import Engine
from yibao.flows.close_tables import COLUMNS
from yibao.flows.close_tables import columns as columns_of
from yibao.report import close_words
from yibao.report.book_sheets import Book, Head, Sheet
from yibao.report.close_checks import batch_name, kind_name
from yibao.report.close_packs import Part, Year, packs_of, parts_of
from yibao.report.close_result import STANDS, Closed, Row, open_close
from yibao.report.close_slices import hospitals_of
from yibao.report.crew import Crew
from yibao.report.hospital_book import write_pack
from yibao.report.names import Names

__all__ = ["write_close_book", "write_hospital_books"]

MANY = 40
"""From how many hospitals on helpers pay for their start."""
_CHUNK, _AHEAD = 20, 2
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
    Entries are summed by batch and kind; those that are not in the books stand one by one.

    Raises ResultFolderError when the folder is not a finished result, OutputError when the file cannot be written.
    """
    with Engine() as engine:
        closed = open_close(engine, folder, names, cases=False)
        with tables.atomic_path(out) as path:
            _write_tables(closed, path)


def _write_tables(closed: Closed, path: Path) -> None:
    title = f"{closed.summary.get('city_name', '')}{closed.year}年度住院DIP清算"
    sheets = {table: _sheet(closed, table, close_words.TABLES.get(table, table)) for table in COLUMNS}
    with Book(path, title, date(closed.year, 12, 31), long=True) as book:
        page = book.page(
            close_words.CONTENTS,
            title,
            f"由 {closed.summary['made_by']} 写出；金额单位元，分值单位分，均为精确数",
            (16, 12, 60),
        )
        book.put_heads(page, 3, (Head("工作表"), Head("行数"), Head("一行是")))
        for row, (table, sheet) in enumerate(sheets.items(), start=4):
            page.write_url(row, 0, f"internal:'{sheet.name}'!A1", book.link, sheet.name)
            page.write_number(row, 1, len(sheet.rows), book.form("int"))
            page.write_string(row, 2, close_words.GRAINS.get(table, ""), book.form("text"))
        for sheet in sheets.values():
            book.sheet(sheet)


def _sheet(closed: Closed, table: str, name: str) -> Sheet:
    if table == "postings":
        return _postings(closed, name)
    heads, values = [], []
    rows = closed.small[table]
    for column, kind in columns_of(table):
        heads.append(Head(close_words.head(table, column, kind), _kind(table, column, kind)))
        held = [row[column] for row in rows]
        values.append(_shown(table, column, held))
        if column in ("fixmedins_code", "dip_code"):
            heads.append(Head("医疗机构名称" if column == "fixmedins_code" else "病种名称"))
            values.append(_named(closed, column, held))
    return Sheet(name, name, close_words.GRAINS.get(table, ""), heads, list(zip(*values, strict=True)))


def _shown(table: str, column: str, values: list[Any]) -> list[Any]:
    """The values of a column as people read them: codes in words, figures as they are."""
    if column == "is_new":
        return ["是" if value else "" for value in values]
    texts = {value: close_words.shown(table, column, value) for value in set(map(_text, values)) if value is not None}
    return [texts[value] if isinstance(value, str) else value for value in values] if texts else values


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _named(closed: Closed, column: str, codes: list[Any]) -> list[str]:
    """The names of hospitals or groups; '' where there is none."""
    names = {
        code: closed.names.hospitals.get(code, "") if column == "fixmedins_code" else closed.disease(str(code))
        for code in set(codes)
    }
    return [names[code] for code in codes]


def _postings(closed: Closed, name: str) -> Sheet:
    """What was posted, summed by batch and kind; entries that are not in the books one by one, last."""
    heads = [
        Head("批次"), Head("险种"), Head("业务"), Head("起", "day"), Head("止", "day"), Head("结果"),
        Head("凭证（张）", "int"), Head("借方金额（元）", "money"), Head("凭证号"), Head("说明"),
    ]  # fmt: skip
    sums = [
        [*_batch(row), row["first"], row["last"], _outcome(row), row["entries"], row["amount"], "", ""]
        for row in closed.posted
        if row["outcome"] in STANDS
    ]
    single = [
        [*_batch(row), row["entry_date"], row["entry_date"], _outcome(row), 1, row["amount"], row["entry_id"],
         row["detail"]]
        for row in closed.refused
    ]  # fmt: skip
    rows = [*sorted(sums, key=lambda one: (one[3], one[0])), *single]
    note = "逐张凭证见 statements 文件夹的凭证明细，或 postings.parquet；没有记上账的逐张列在最后"
    return Sheet(name, name, note, heads, rows)


def _batch(row: Row) -> list[str]:
    return [batch_name(row["batch"]), close_words.fund(row["fund_type"]), kind_name(row)]


def _outcome(row: Row) -> str:
    return close_words.POSTED.get(row["outcome"], row["outcome"])


def _kind(table: str, column: str, kind: str) -> str:
    if column in _OWN_KINDS:
        return _OWN_KINDS[column]
    return "coefficient" if table in _FACTORS and kind == "points" else _KINDS[kind]


def write_hospital_books(
    folder: Path,
    out_folder: Path,
    names: Names | None = None,
    *,
    codes: Sequence[str] | None = None,
    progress: Callable[[str], None] | None = None,
    catalogue: Path | None = None,
    last: int | None = None,
    crew: Crew | None = None,
) -> int:
    """Writes ``<code>_<name>.xlsx`` for every hospital (or those of ``codes``) into ``out_folder``; answers how many.

    ``last`` is the year to compare with, by default the one before. With all hospitals, workbooks of an earlier run
    that this one did not write are removed. ``crew`` are the helpers of the caller; without, many hospitals get their
    own. Raises ResultFolderError when the folder is not a finished result,
    ReportError when ``catalogue`` is another run's, OutputError when the folder cannot be written.
    """
    tell = progress or (lambda _said: None)
    with Engine() as engine, ExitStack() as stack:
        closed = open_close(engine, folder, names, catalogue)
        chosen = sorted(hospitals_of(closed) if codes is None else set(codes))
        stale = () if codes is not None else [path.name for path in out_folder.glob("*.xlsx")]
        with tables.output_folder(out_folder, optional=stale) as room:
            paths = {code: room / _file(code, closed.names.hospitals.get(code, "")) for code in chosen}
            helped = crew or stack.enter_context(Crew(None if len(chosen) >= MANY else 0))
            done = 0
            for written in _written(Order(folder, names, catalogue, last), closed, paths, helped):
                done += written
                tell(f"机构工作簿 {done}/{len(chosen)}")
    return done


def _file(code: str, name: str) -> str:
    """A file name that every system takes."""
    safe = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", f"{code}_{name}" if name else code)
    return f"{safe.strip(' .')[:80]}.xlsx"


class Order(NamedTuple):
    """By what a helper opens the year for itself: the arguments of `write_hospital_books`."""

    folder: Path
    names: Names | None
    catalogue: Path | None
    last: int | None


def _written(order: Order, closed: Closed, paths: Mapping[str, Path], crew: Crew) -> Iterator[int]:
    """Writes the workbooks, each part by a helper where there are any; gives the numbers as they are done."""
    parts = parts_of(closed, paths, _CHUNK)
    if not crew.helpers:
        year = Year(closed, order.last)
        yield from (_write(year, part) for part in parts)
        return
    running = [crew.give(write_part, order, part) for part in islice(parts, _AHEAD * crew.helpers)]
    while running:
        yield crew.take(running.pop(0))
        running += [crew.give(write_part, order, part) for part in islice(parts, 1)]


_opened: list[tuple[Order, Year]] = []
"""The year this process has open, if any."""


def write_part(order: Order, part: Part) -> int:
    """Writes the workbooks of a part and answers how many: the task of a helper, which opens the year but once."""
    if not _opened or _opened[0][0] != order:
        with Engine(threads=1) as engine:
            closed = open_close(engine, order.folder, order.names, order.catalogue, cases=False)
            _opened[:] = [(order, Year(closed, order.last))]
    return _write(_opened[0][1], part)


def _write(year: Year, part: Part) -> int:
    for pack in packs_of(year, part):
        write_pack(pack)
    return len(part.paths)
