"""What the ledger's input files share: rows as columns, faults found after loading, rejected rows, places."""

import gc
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import pyarrow as pa

from yibao import tables
from yibao.engine import Engine
from yibao.kernel import Finding, Place, Severity
from yibao.standard import TABLES
from yibao.tables import FAULTS, LoadReport
from yibao.tables.faults import Fault, half_width

_E, _W = Severity.ERROR, Severity.WARNING
FUND_FAULTS: dict[str, Fault] = {
    "entry_header_differs": Fault(
        _E, "同一凭证各行的{label}不一致：{detail}", "同一凭证号用在了两张凭证上，或有一行填错",
        "把各行改成一致，或分成两张凭证",
    ),
    "entry_row_rejected": Fault(
        _E, "同一凭证的{detail}被退回，整张凭证不记", "凭证要么整张记账，要么不记",
        "改正被退回的行，连同这一行一起重新送入",
    ),
    "entry_group_rejected": Fault(
        _E, "同一关联组的{detail}被退回，全组不记", "同组的凭证一并记账，一张不成全组不记",
        "改正被退回的凭证，整组重新送入",
    ),
    "entry_group_unsure": Fault(
        _E, "文件“{detail}”没有读入，关联组可能不全，全组不记", "同组的凭证一并记账，缺一张不成组",
        "改正没有读入的文件，整组重新送入",
    ),
    "entry_in_two_files": Fault(
        _E, "这张凭证还在另一处，内容不一样：{detail}", "两个文件的凭证号重复，或一张凭证分在两个文件里",
        "把同一凭证的各行放在一个文件里，或删去多余的一份",
    ),
    "line_repeated": Fault(
        _E, "同一凭证里有两行完全相同：{detail}", "可能导出了两次，也可能确有两笔",
        "重复的删去一行；确有两笔的，填顺序号（seq）区分",
    ),
    "line_number_reused": Fault(
        _E, "同一凭证里顺序号重复，内容不一样：{detail}", "顺序号填错，或导出了不同版本", "改正顺序号，或只留正确的一行"
    ),
    "line_both_sides": Fault(_E, "借方和贷方都填了金额", "一行分录只能在一方", "拆成两行，各填一方"),
    "line_without_amount": Fault(_E, "借方和贷方都没有金额", "金额漏填", "补填借方或贷方金额，或删去这一行"),
    "line_without_subject": Fault(_E, "有金额或明细，没有科目", "科目编码漏填", "补填科目编码"),
    "account_not_in_chart": Fault(_E, "{detail}", "科目编码或明细与会计科目表对不上", "核对科目编码、明细和险种"),
    "account_repeated": Fault(_E, "同一账户出现两次，内容不一样：{detail}", "重复填写", "只保留正确的一行"),
    "limit_repeated": Fault(_E, "同一限额出现两次，内容不一样：{detail}", "重复填写", "只保留正确的一行"),
    "limit_year_missing": Fault(_E, "年度预算没有填四位年度", "预算按年度控制", "补填年度，如 2025"),
    "limit_year_unexpected": Fault(
        _E, "余额下限、上限不分年度，却填了年度", "限额类别或年度填错", "删去年度，或改限额类别"
    ),
    "bank_amount_missing": Fault(
        _E, "没有收入金额，也没有支出金额", "金额漏填，或是合计、余额行", "补填金额，或删去这一行"
    ),
    "bank_amount_twice": Fault(_E, "收入金额和支出金额互相矛盾", "一笔收付只能在一方", "核对银行回单，只留一方"),
    "bank_side_missing": Fault(_E, "有交易金额，没有收支方向", "看不出是收入还是支出", "补填收支方向：收入或支出"),
    "bank_ref_repeated": Fault(
        _E, "银行流水号重复，而且内容不一样：{detail}", "导出了不同版本，或对账单被改动", "向银行核对，只保留正确的一行"
    ),
    "bank_other_account": Fault(
        _E, "这一行是别的账户的：{detail}", "对账单与命令里写的账户对不上", "核对命令里的账户，或分开导出"
    ),
    "bank_balance_broken": Fault(
        _W, "余额与前后各笔接不上：{detail}", "对账单缺行、次序乱了，或金额被改动", "向银行重新导出这一段，再核对一次"
    ),
}  # fmt: skip
"""Faults of the ledger's input files that need more than one row, or the ledger's own rules, to be seen."""

T = TypeVar("T")
B = TypeVar("B", bound="Batch[Any]")
Refused = tuple[str, int, str]
"""File, Excel row number and reason of a row that loaded and was left out."""

_KNOWN = {**FAULTS, **FUND_FAULTS}


@dataclass
class Batch(Generic[T]):
    """What files gave: the sound records in their order, and the load's report with every fault.

    ``refused`` are the rows that loaded and were left out afterwards, with their reasons; the report counts them.
    ``rows`` has each record's rows under its business key, as numbers into ``places``.
    """

    records: list[T]
    report: LoadReport
    refused: list[Refused]
    rows: dict[str, list[int]]
    places: "Places"

    @property
    def faults(self) -> list[Finding]:
        """Every finding, errors first."""
        return self.report.findings

    def place(self, key: str) -> Place:
        """Where the record of that business key begins. Raises KeyError for one that no file held."""
        row = self.rows[key][0]
        return Place(self.places.files[row], self.places.rows[row], TABLES[self.report.table].grain[0], key)


class Places(NamedTuple):
    """File label and Excel row number of every loaded row."""

    files: list[str]
    rows: list[int]


class Loaded:
    """The rows of one load as columns, and the faults that are found after it.

    ``files`` and ``rows`` give each row's place; ``column`` any column of the schema in the same order. ``faulty`` are
    the rows that a fault has left out, ``unread`` the files that contribute nothing, ``torn`` the findings of rows
    that could not be cut into cells.
    """

    def __init__(self, engine: Engine, table: str, paths: Sequence[Path | str], required: Sequence[str] = ()) -> None:
        self.report = tables.load(engine, table, paths, required=required)
        self.schema = TABLES[table]
        self.unread = _unread(self.report)
        self.torn = [item for item in self.report.findings if item.code == "ragged_row"]
        self._table = _in_order(engine, self.report)
        self._columns: dict[str, list[Any]] = {}
        self.files: list[str] = self.column("src_file")
        self.rows: list[int] = self.column("src_row")
        self.faulty: set[int] = set()
        self._found: dict[int, list[Finding]] = {}
        self._rejects = engine.fetch(f'SELECT * FROM "{self.report.rejects}" ORDER BY src_file, src_row').to_pylist()

    def column(self, name: str) -> list[Any]:
        """A column as Python values. Repeated values are one object, made once."""
        if name not in self._columns:
            self._columns[name] = _values(self._table[name].combine_chunks())
        return self._columns[name]

    def cells(self, *names: str) -> list[tuple[Any, ...]]:
        """These columns of every row."""
        return list(zip(*map(self.column, names), strict=True))

    def rejected(self, *names: str) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        """File, row and these columns, in half width, of every row that the load rejected; empty where unreadable."""
        for row in self._rejects:
            yield row["src_file"], row["src_row"], tuple(half_width(str(row[name] or "")).strip() for name in names)
        known = [set(self.column(name)) for name in names] if self.torn else []
        for item in self.torn:
            if item.place.row is not None:
                pieces = [piece.strip(' "') for piece in re.split("[,;\t]", item.place.value)]
                found = tuple(next((piece for piece in pieces if piece in some), "") for some in known)
                yield item.place.file, item.place.row, found

    def fault(self, row: int, code: str, column: str = "", value: object = "", detail: str = "", key: str = "") -> None:
        """Notes a fault of a row, given by its number in the columns."""
        place = Place(self.files[row], self.rows[row], column, str(value if value is not None else ""))
        found = fund_finding(code, place, self.schema.field(column).label if column else "", detail, key)
        self._found.setdefault(row, []).append(found)
        if found.severity is Severity.ERROR:
            self.faulty.add(row)

    def repeated(self) -> set[tuple[str, int]]:
        """File and row of the rows whose only fault is that they stand twice."""
        return {
            (self.files[row], self.rows[row])
            for row, found in self._found.items()
            if all(item.code == "duplicate_row" for item in found)
        }

    def row_name(self, row: int, beside: int) -> str:
        """A row for people: 第5行, with its file where that is not the file of ``beside``."""
        other = f"{self.files[row]} " if self.files[row] != self.files[beside] else ""
        return f"{other}第{self.rows[row]}行"

    def once(self, keys: Sequence[Hashable], contents: Sequence[Hashable], code: str, column: str) -> None:
        """Faults rows that share a key: the same content keeps the first, different contents reject all."""
        first: dict[Hashable, int] = {}
        repeated: dict[Hashable, list[int]] = {}
        for row, key in enumerate(keys):
            if first.setdefault(key, row) != row:
                repeated.setdefault(key, [first[key]]).append(row)
        for rows in repeated.values():
            if len({contents[row] for row in rows}) == 1:
                for row in rows[1:]:
                    self.fault(row, "duplicate_row")
                continue
            for row in rows:
                beside = next(other for other in rows if contents[other] != contents[row])
                self.fault(row, code, column, self.column(column)[row], self.row_name(beside, row))

    def batch(self, make: type[B], records: list[Any], rows: dict[str, list[int]]) -> B:
        """The batch of these records and their rows, once every fault is noted: puts the faults into the report."""
        report = self.report
        refused: list[Refused] = []
        for row, found in sorted(self._found.items()):
            for item in found:
                report.add(item)
            if row in self.faulty:
                reasons = [item.message for item in found if item.severity is Severity.ERROR]
                refused.append((self.files[row], self.rows[row], "；".join(reasons)))
        report.rows_kept -= len(refused)
        report.rows_rejected += len(refused)
        order = list(Severity)
        report.findings.sort(key=lambda item: order.index(item.severity))
        return make(records, report, refused, rows, Places(self.files, self.rows))


def _unread(report: LoadReport) -> list[str]:
    faults = [(item.place.file, FAULTS[item.code]) for item in report.findings]
    return [file for file, fault in faults if fault.scope == "file" and fault.severity is _E]


def _in_order(engine: Engine, report: LoadReport) -> pa.Table:
    """The loaded rows: files as given, sheets by name, rows as written. The engine's table has no order of its own."""
    labels = [str(label) for (label,) in engine.rows(f'SELECT DISTINCT src_file FROM "{report.into}"')]
    given = {label: place for place, label in enumerate(report.files)}
    labels.sort(key=lambda label: (given.get(label, given.get(label.rpartition("[")[0], 0)), label))
    engine.put("_given", pa.table({"src_file": pa.array(labels, pa.string()), "place": range(len(labels))}))
    rows = engine.fetch(f'SELECT t.* FROM "{report.into}" t JOIN _given USING (src_file) ORDER BY place, src_row')
    engine.drop("_given")
    return rows


@contextmanager
def collector_paused() -> Iterator[None]:
    """Holds Python's cycle collector. Millions of values made in one pass all stay, and it would walk them over and
    over: a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _values(column: Any) -> list[Any]:
    """An arrow column as Python values; repeated ones are one object."""
    if column.null_count == 0 and pa.types.is_integer(column.type):
        return list(column.to_numpy().tolist())
    coded = column.dictionary_encode()
    values = [*coded.dictionary.to_pylist(), None]
    return [values[i] for i in coded.indices.fill_null(len(values) - 1).to_numpy().tolist()]


def fund_finding(code: str, place: Place, label: str, detail: str, key: str = "") -> Finding:
    """The Finding of a fault of the ledger's files."""
    fault = _KNOWN[code]
    message = fault.message.format(label=label, detail=detail, value=place.value)
    return Finding(code, fault.severity, message, place, fault.cause, fault.next_step, "", key)


def write_refused(path: Path | str, engine: Engine, batch: Batch[Any], more: Mapping[str, str] | None = None) -> int:
    """Writes every row that did not get through, to be put right and sent again; returns their number.

    These are the rows that loading rejected, those left out with them, and all rows of the records in ``more``: the
    business key and why the ledger refused it. The session that loaded the batch must still be open.
    """
    files, numbers = batch.places
    later = [(files[row], numbers[row], reason) for key, reason in (more or {}).items() for row in batch.rows[key]]
    return tables.write_rejected(path, engine, batch.report, [*batch.refused, *later])
