"""``yibao drg group``: cases from files, grouped by a scheme. Wires tables, engine and casemix; holds no rule."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import tables
from yibao.casemix.drg import Explanation, Grouped, Scheme, explain, grouping, plain_kernel
from yibao.casemix.drg import group_table as _group_table
from yibao.casemix.drg.batch import Kernel
from yibao.casemix.drg.remarks import WORDS
from yibao.casemix.drg.scheme import NO_GROUP, UNGROUPED
from yibao.engine import Engine
from yibao.engine.kernels import KernelsMissingError, compile_kernel
from yibao.flows.drg_scheme import SchemeError, check_scheme, load_scheme
from yibao.kernel import Finding, Severity
from yibao.law import Law
from yibao.tables import LoadReport

__all__ = [
    "CaseError",
    "Edition",
    "GroupOutcome",
    "SchemeError",
    "check_scheme",
    "editions_of",
    "explain_case",
    "explain_row",
    "group",
    "group_table",
    "load_scheme",
]

TABLE = "drg_cases"
BATCH = 1_000_000
"""Cases grouped at a time, so that memory does not grow with the file."""
FEW = 5_000
"""So many cases the plain kernel groups sooner than the compiled one is loaded."""
_GROUPED = ("case_id", "status", "mdc", "adrg", "drg")
_TOLD = {
    "case_id": "病例编号", "src_file": "文件", "src_row": "行号", "column": "列", "value": "值", "message": "说明",
    "next_step": "处理", "code": "代码",
}  # fmt: skip


class CaseError(RuntimeError):
    """A case that cannot be explained; the message, in Chinese, says the next step."""

    def __init__(self, message: str, findings: list[Finding]) -> None:
        super().__init__(message)
        self.findings = findings


@dataclass
class GroupOutcome:
    """What grouping a file came to: counts by status, by remark and by MDC, and what loading found."""

    cases: int
    status: dict[str, int]
    remarks: dict[str, int]
    mdcs: dict[str, int]
    report: LoadReport
    reasons: Path | None = None
    absent: list[str] = field(default_factory=list)


def group_table(scheme: Scheme, cases: pa.Table, *, mapped: bool = False, few: int = FEW) -> Grouped:
    """Groups a table of cases, all columns text: few by the plain kernel, many by the compiled one in two halves, each
    on a thread of its own (neither the kernel nor Arrow needs Python's lock). ``few`` cases and more are many.
    """
    rows = cases.num_rows
    compiled = _compiled() if rows >= few else None
    if compiled is None:
        return _group_table(scheme, cases, plain_kernel, mapped=mapped)
    middle = rows // 2
    with ThreadPoolExecutor(2) as pool:
        halves = [
            pool.submit(_group_table, scheme, half, compiled, mapped=mapped)
            for half in (cases.slice(0, middle), cases.slice(middle))
        ]
    first, second = (one.result() for one in halves)
    told = second.remarks
    told = told.set_column(
        told.column_names.index("row"), "row", pc.add(told["row"], pa.scalar(middle, told["row"].type))
    )
    return Grouped(
        pa.concat_tables([first.groups, second.groups]), pa.concat_tables([first.remarks, told]),
        [np.concatenate(pair) for pair in zip(first.places, second.places, strict=True)],
    )  # fmt: skip


class Edition(NamedTuple):
    """The scheme of the discharges from ``first`` to ``last``."""

    first: date
    last: date
    folder: Path


Editions = Callable[[date | None, date | None], Sequence[Edition]]
"""The editions between two days, without days those of today: `editions_of` with a law."""


def editions_of(law: Law, folder_of: Callable[[str], Path], today: date) -> Editions:
    """The scheme that the law names (``drg.scheme``) on each day of discharge; ``folder_of`` finds it by its name."""

    def between(first: date | None, last: date | None) -> list[Edition]:
        start, end = first or today, last or today
        cuts = [start, *(day for day in law.changes([KEY], start, end) if day > start)]
        ends = [*(day - timedelta(days=1) for day in cuts[1:]), end]
        return [Edition(at, to, folder_of(law.at(at).text(KEY))) for at, to in zip(cuts, ends, strict=True)]

    return between


KEY = "drg.scheme"


def group(
    files: Sequence[Path],
    schemes: Path | Editions,
    out: Path,
    *,
    mapped: bool = False,
    memory: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> GroupOutcome:
    """Groups the cases of ``files`` by the scheme in a folder, or by that of their day of discharge, and writes ``out``
    (csv, parquet or xlsx by its ending): ``case_id, status, mdc, adrg, drg``, a row for every row read, in their order.
    What is to be said of single cases stands beside it in ``<out>_reasons``. Raises SchemeError, OutputError; bad cases
    never raise.
    """
    say = tell or (lambda _step: None)
    with Engine(memory=memory) as engine:
        say("读病例")
        report = tables.load(engine, TABLE, _inputs(files))
        absent = [name for name in report.missing_optional if name in _ASKED]
        editions = _editions(engine, schemes)
        done = _Collected(mapped)
        names = [name for name in ("case_id", *_ASKED, "dx") if name not in report.missing_optional]
        for edition in editions:
            scheme = load_scheme(edition.folder, tell)
            say(f"分组：{scheme.name}")
            for first in range(0, max(1, report.rows_read), BATCH):
                cases = engine.fetch(
                    f"SELECT {', '.join(names)}, src_file, src_row FROM {TABLE} "
                    f"WHERE rowid >= {first} AND rowid < {first + BATCH}{_within(edition, editions)} ORDER BY rowid"
                )
                done.take(scheme, cases)
        _undated(engine, editions, done)
        _refused(engine, report, done)
        say("写结果")
        reasons = _write(engine, done, out)
    return GroupOutcome(
        sum(done.status.values()), dict(done.status), dict(done.told), dict(done.mdcs), report, reasons, absent
    )


def explain_case(
    files: Sequence[Path], case_id: str, schemes: Path | Editions, *, mapped: bool = False, changes: Sequence[str] = ()
) -> Explanation:
    """Explains one case of ``files``. Raises CaseError where it is not there or was sent back, SchemeError."""
    with Engine() as engine:
        report = tables.load(engine, TABLE, _inputs(files))
        names = [name for name in ("case_id", *_ASKED, "dx") if name not in report.missing_optional]
        rows = engine.fetch(
            f"SELECT {', '.join(names)}, {_DAY} AS day FROM {TABLE} WHERE case_id = $case", {"case": case_id}
        ).to_pylist()
    if not rows:
        raise CaseError(f"文件里没有可以分组的病例“{case_id}”：核对病例编号，或看下面列出的问题", report.findings[:10])
    day = rows[0].pop("day")
    scheme = load_scheme(schemes if isinstance(schemes, Path) else schemes(day, day)[0].folder)
    return explain_row(scheme, {name: value or "" for name, value in rows[0].items()}, mapped=mapped, changes=changes)


def explain_row(
    scheme: Scheme, row: Mapping[str, str], *, mapped: bool = False, changes: Sequence[str] = ()
) -> Explanation:
    """Explains a case given as text by columns of ``drg_cases``. Raises CaseError for a change that cannot be made."""
    try:
        return explain(scheme, row, mapped=mapped, changes=changes)
    except ValueError as error:
        raise CaseError(str(error), []) from error


_ASKED = ("gender", "age", "age_day", "weight_g", "los_days", "leaving_type", "dept", "icu_hours", "px")


def _editions(engine: Engine, schemes: Path | Editions) -> Sequence[Edition]:
    """The editions of the cases' days; one for all where a folder is given."""
    if isinstance(schemes, Path):
        return [Edition(date.min, date.max, schemes)]
    first, last = engine.rows(f"SELECT min({_DAY}), max({_DAY}) FROM {TABLE}")[0]
    return schemes(first, last)


_DAY = "day_of_text(dscg_date)"


def _within(edition: Edition, editions: Sequence[Edition]) -> str:
    """SQL of the days of an edition; where there is only one, no case needs a day."""
    return "" if len(editions) == 1 else f" AND {_DAY} BETWEEN DATE '{edition.first}' AND DATE '{edition.last}'"


def _undated(engine: Engine, editions: Sequence[Edition], done: "_Collected") -> None:
    """Cases without a day of discharge, where the scheme depends on it, are in no group."""
    if len(editions) == 1:
        return
    rows = engine.fetch(f"SELECT case_id, src_file, src_row FROM {TABLE} WHERE {_DAY} IS NULL ORDER BY rowid")
    if rows.num_rows:
        done.add(_ungrouped(rows["case_id"]), rows.select(["src_file", "src_row"]))
        said, step = WORDS["no_day"]
        same = {"column": "dscg_date", "value": "", "message": said, "next_step": step, "code": "no_day"}
        for name, text in same.items():
            rows = rows.append_column(name, pa.array([text] * rows.num_rows))
        done.tell(rows)


def _ungrouped(case_id: pa.ChunkedArray) -> pa.Table:
    """Cases that are in no group."""
    answer = dict(zip(_GROUPED[1:], (UNGROUPED, *NO_GROUP), strict=True))
    names = case_id.cast(pa.string()).fill_null("")
    return pa.table({"case_id": names, **{name: pa.array([text] * len(names)) for name, text in answer.items()}})


def _inputs(files: Sequence[Path]) -> list[Path]:
    """The files; of a folder its ``drg_cases``, else its ``cases``."""
    found: list[Path] = []
    for path in files:
        inside = sorted(path.glob("cases.*")) if path.is_dir() and not any(path.glob(f"{TABLE}.*")) else []
        found += inside or [path]
    return found


def _compiled() -> Kernel | None:
    """The compiled kernel, ready to be given a scheme and cases; None where numba is absent."""
    try:
        group_all = compile_kernel(grouping).group_all
    except KernelsMissingError:
        return None

    def kernel(scheme: Scheme, data: Any, batch: grouping.Batch, *found: Any) -> None:
        group_all(scheme.memory, data, batch, 0, len(found[0]), *found)

    return kernel


class _Collected:
    """The groups and remarks of all batches."""

    def __init__(self, mapped: bool) -> None:
        self.mapped = mapped
        self.parts: list[pa.Table] = []
        self.remarks: list[pa.Table] = []
        self.status: Counter[str] = Counter()
        self.mdcs: Counter[str] = Counter()
        self.told: Counter[str] = Counter()

    def take(self, scheme: Scheme, cases: pa.Table) -> None:
        """Groups a batch and keeps the answers."""
        done = group_table(scheme, cases, mapped=self.mapped)
        self.add(done.groups, cases.select(["src_file", "src_row"]))
        rows = done.remarks["row"]
        places = {name: cases[name].take(rows) for name in ("src_file", "src_row")}
        told = done.remarks.drop_columns(["row"])
        for name, column in places.items():
            told = told.append_column(name, column)
        self.tell(told)

    def add(self, groups: pa.Table, places: pa.Table) -> None:
        for column, counter in (("status", self.status), ("mdc", self.mdcs)):
            for one in groups[column].value_counts().to_pylist():
                counter[one["values"]] += one["counts"]
        for column in places.column_names:
            groups = groups.append_column(column, places[column])
        self.parts.append(groups)

    def tell(self, told: pa.Table) -> None:
        for one in told["code"].value_counts().to_pylist():
            self.told[one["values"]] += one["counts"]
        self.remarks.append(told.select(list(_TOLD)))


def _refused(engine: Engine, report: LoadReport, done: _Collected) -> None:
    """Rows that loading sent back are in no group; the reason is what loading found."""
    if not report.rows_rejected or not engine.count(report.rejects):
        return
    rows = engine.fetch(f"SELECT case_id, src_file, src_row FROM {report.rejects} ORDER BY src_file, src_row")
    done.add(_ungrouped(rows["case_id"]), rows.select(["src_file", "src_row"]))
    known = {(row["src_file"], row["src_row"]): row["case_id"] for row in rows.to_pylist()}
    faults = [one for one in report.findings if (one.place.file, one.place.row) in known]
    told = [
        (known[one.place.file, one.place.row] or "", one.place.file, one.place.row, one.place.column, one.place.value,
         one.message, one.next_step, one.code)
        for one in faults if one.severity is Severity.ERROR
    ]  # fmt: skip
    if told:
        columns = [pa.array(list(column)) for column in zip(*told, strict=True)]
        done.tell(pa.table(dict(zip(_TOLD, columns, strict=True))))


def _write(engine: Engine, done: _Collected, out: Path) -> Path | None:
    """Writes the groups, and the remarks beside them where there are any; a stale file of remarks goes."""
    engine.put("drg_groups", pa.concat_tables(done.parts, promote_options="permissive"))
    order = "" if len(done.parts) == 1 else " ORDER BY src_file, src_row"
    _write_table(engine, f"SELECT {', '.join(_GROUPED)} FROM drg_groups{order}", out)
    beside = out.with_name(f"{out.stem}_reasons{out.suffix}")
    remarks = [part for part in done.remarks if part.num_rows]
    if not remarks:
        beside.unlink(missing_ok=True)
        return None
    engine.put("drg_remarks", pa.concat_tables(remarks, promote_options="permissive"))
    shown = ", ".join(f'"{name}" AS "{label}"' for name, label in _TOLD.items())
    _write_table(engine, f"SELECT {shown} FROM drg_remarks ORDER BY src_file, src_row, code", beside)
    return beside


def _write_table(engine: Engine, query: str, out: Path) -> None:
    ending = out.suffix.lower()
    if ending == ".parquet":
        tables.write_parquet(engine, query, out)
    elif ending == ".xlsx":
        tables.write_xlsx(out, [tables.query_sheet(engine, query, "分组结果")])
    else:
        tables.write_csv(engine, query, out)
