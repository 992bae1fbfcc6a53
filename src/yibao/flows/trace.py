"""``yibao trace scan`` and ``yibao trace add``: a history of scans, and a day added to it without rewriting the whole.

Files become parts; their rows become some bytes in an index; the sieve says which codes and lines of bills need a
closer look, and only their records are read in full. A day looks at the codes it has itself. Wires; holds no rule.
The plan stands in docs/internals/trace.md.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import tables
from yibao.engine import Engine
from yibao.engine.kernels import compile_kernel
from yibao.flows import trace_results as results
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError, Setting, parameters_of
from yibao.flows.trace_history import FILE, FOLDER, History, last_moment, no_prefixes, open_history, save_history
from yibao.flows.trace_index import BY_CODE, BY_LINE, Bucket, Rows, Run, column, gather, write_run
from yibao.flows.trace_parts import SCHEMA, Part, fetch, keep, merged, put_empty
from yibao.flows.trace_read import COLUMNS, DICTIONARIES, NotStraightError, Read, Reader
from yibao.kernel import Finding
from yibao.tables import LoadReport
from yibao.trace import look, packing, sieve
from yibao.trace.terms import read_terms

BATCH = 2_000_000
"""Rows of a run of the index."""
THREADS = 2
OPTIONAL = ("findings.xlsx", "rejected.xlsx")


@dataclass
class Scanned:
    """What scanning came to: its summary, what loading found, the first violations as findings."""

    summary: dict[str, Any]
    reports: list[LoadReport]
    findings: list[Finding]

    @property
    def rejected(self) -> int:
        """Rows that could not be read."""
        return sum(report.rows_rejected for report in self.reports)


class _Fresh(NamedTuple):
    """What was read of the files given: the runs of the index and the rows refused at once, by part."""

    parts: list[Part]
    runs: list[Run]
    refused: dict[int, tuple[Any, Any]]
    reports: list[LoadReport]


class _Work(NamedTuple):
    """What a run works with."""

    engine: Engine
    kernels: SimpleNamespace
    reader: Reader
    held: History
    folder: Path
    tell: Callable[[str], None]


def scan(
    files: Sequence[Path], out: Path, setting: Setting, day: date, *, providers: Path | None = None,
    drugs: Path | None = None,
) -> Scanned:  # fmt: skip
    """Scans files of ``trace_scans`` as a new history in ``out``, and writes findings.parquet, chains.parquet (the
    events of every code with a finding), trace.xlsx and summary.json. Scans after ``day`` are from the future; with
    ``providers`` those of other institutions are refused; ``drugs`` is the mapping ``trace_drugs``.

    Raises FlowError when nothing can be read or ``out`` has a history already, MissingParameter, OutputError.
    """
    if (out / FILE).exists():
        raise FlowError(f"“{out}”里已有追溯码历史：用 yibao trace add 追加，或写到别的文件夹")
    with Engine(memory=setting.memory, progress=None) as engine:
        types, mapping, reports = _inputs(engine, providers, drugs)
        view = setting.law.at(day)
        law = {"city": setting.law.title, "day": day.isoformat()}
        held = History(law, [], [], [], [], no_prefixes(), types, mapping)
        done = _run(engine, files, out, setting, day, held, view)
        done.reports.extend(reports)
    return done


def add(files: Sequence[Path], out: Path, setting: Setting, day: date) -> Scanned:
    """Adds files to the history in ``out``: the results are those of a scan of everything, whatever the order, files
    and repetitions. Law, institutions and mapping are those that the history was begun with.

    Raises FlowError where there is no history, its law is another or a part was changed.
    """
    held = open_history(out)
    if held.law["city"] != setting.law.title:
        raise FlowError(f"历史按“{held.law['city']}”的政策扫描，不能按“{setting.law.title}”追加：请写明原来的 --city")
    with Engine(memory=setting.memory, progress=None) as engine:
        view = setting.law.at(date.fromisoformat(held.law["day"]))
        return _run(engine, files, out, setting, day, held, view)


def _inputs(
    engine: Engine, providers: Path | None, drugs: Path | None
) -> tuple[dict[str, str], list[look.DrugRow], list[LoadReport]]:
    """The listed institutions with their types, the mapping, and what loading them found."""
    reports = []
    types: dict[str, str] = {}
    if providers is not None:
        reports.append(tables.load(engine, "providers", [providers]))
        types = dict(engine.rows("SELECT fixmedins_code, coalesce(fixmedins_type, '') FROM providers ORDER BY 1"))
    mapping: list[look.DrugRow] = []
    if drugs is not None:
        reports.append(tables.load(engine, "trace_drugs", [drugs]))
        mapping = look.drug_rows(engine.fetch("SELECT * FROM trace_drugs").to_pylist())
    return types, mapping, reports


def _run(
    engine: Engine, files: Sequence[Path], out: Path, setting: Setting, day: date, held: History, view: Any
) -> Scanned:
    tell = setting.progress or (lambda _step: None)
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    terms = read_terms(view)
    kernels = SimpleNamespace(**vars(compile_kernel(packing)), **_only_new(compile_kernel(sieve)))
    reader = Reader(kernels, terms, held.mapping, held.types, last_moment(day), held.places, held.drugs, held.prefixes)
    work = _Work(engine, kernels, reader, held, folder, tell)
    fresh = _read(work, files)
    if not fresh.parts:
        raise FlowError("没有一行扫码记录可用，没有写出结果", fresh.reports)
    everything = held._replace(parts=held.parts + fresh.parts, runs=held.runs + fresh.runs)
    tell("找出要细看的码")
    put_empty(engine)
    old = held.runs if _finished(out, held) else []
    if len(old) < len(held.runs):
        fresh = _all_again(work, fresh, everything)
    _fetch(work, fresh, old, everything)
    look.put_texts(engine, terms.syntaxes)
    look.put_terms(engine, terms, held.mapping, held.types)
    tell("核对每个码的流转")
    look.look(engine)
    findings, chains = results.taken(engine)
    if old:
        findings, chains = _with_old(work, out, fresh, findings, chains)
    tell("写结果")
    with tables.output_folder(out, optional=OPTIONAL) as part:
        written, evidence = results.write(engine, part, findings, chains)
        facts = results.totals(written)
        summary = _summary(setting, view, everything, fresh, facts)
        results.write_book(part, written, evidence, facts)
        _write_faults(engine, part, fresh.reports)
        write_summary(part, summary)
    save_history(out, everything)
    shown = [results.finding_of(row) for row in written.slice(0, 100).to_pylist()]
    return Scanned(summary, fresh.reports, shown)


def _only_new(kernels: SimpleNamespace) -> dict[str, Any]:
    return {name: found for name, found in vars(kernels).items() if name in vars(sieve) and name not in vars(packing)}


def _finished(out: Path, held: History) -> bool:
    """Whether the results in the folder are those of the history: a run killed in between leaves them apart."""
    try:
        facts = tables.read_summary(out, "yibao trace scan")
    except tables.ResultFolderError:
        return False
    return facts.get("parts") == len(held.parts)


def _all_again(work: _Work, fresh: _Fresh, everything: History) -> _Fresh:
    """The whole history as if it were fresh: its results are made anew from the index."""
    refused = {
        number: tuple(np.load(work.folder / f"{number:05d}.refused.npy")) for number in range(len(work.held.parts))
    }
    return fresh._replace(runs=everything.runs, refused={**refused, **fresh.refused})


def _write_faults(engine: Engine, part: Path, reports: Sequence[LoadReport]) -> None:
    listed = [one for report in reports for one in report.findings if one.severity != "info"]
    if listed:
        tables.write_findings(part / "findings.xlsx", listed)


def _read(work: _Work, files: Sequence[Path]) -> _Fresh:
    """Keeps every file as a part and writes its runs. A file that is not what it says is read the long way."""
    fresh = _Fresh([], [], {}, [])
    for path in files:
        number = len(work.held.parts) + len(fresh.parts)
        to = work.folder / f"{number:05d}.parquet"
        work.tell(f"读 {path.name}")
        straight = path.is_file() and tables.is_straight(path, SCHEMA)
        part, report = keep(work.engine, path, to, straight)
        if part is not None:
            try:
                runs, refused = _index(work, to, number)
            except NotStraightError:
                part, report = keep(work.engine, path, to, False)
                runs, refused = _index(work, to, number) if part is not None else ([], (None, None))
        if report is not None:
            fresh.reports.append(report)
        if part is not None:
            fresh.parts.append(part)
            fresh.runs.extend(runs)
            fresh.refused[number] = refused
            np.save(work.folder / f"{number:05d}.refused.npy", np.array(refused))
    return fresh


def _index(work: _Work, path: Path, number: int) -> tuple[list[Run], tuple[Any, Any]]:
    """Reads a part in batches and writes a run of each, the next batch being read meanwhile."""
    runs: list[Run] = []
    reads: list[tuple[int, Read]] = []
    jobs: list[tuple[int, Future[Read]]] = []
    refused: list[tuple[Any, Any]] = []

    def close() -> None:
        first = reads[0][0]
        rows = Rows(*(np.concatenate(some) for some in zip(*(read.rows for _, read in reads), strict=True)))
        runs.append(write_run(work.kernels, rows, number, first, path.parent / f"{number:05d}-{len(runs):03d}"))
        refused.extend((read.refused + at, read.refused_kind) for at, read in reads)
        reads.clear()
        work.tell(f"读 {path.name}：{first + len(rows.key):,} 行")

    with ThreadPoolExecutor(THREADS) as pool:
        for first, batch in tables.read_ahead(path, COLUMNS, DICTIONARIES):
            jobs.append((first, pool.submit(work.reader.read, batch)))
            if len(jobs) > THREADS:
                at, job = jobs.pop(0)
                reads.append((at, job.result()))
                if first - reads[0][0] >= BATCH:
                    close()
        reads.extend((at, job.result()) for at, job in jobs)
        if reads:
            close()
    none: list[Any] = [np.empty(0, np.int64)]
    rows, kinds = [one for one, _ in refused] or none, [one for _, one in refused] or none
    return runs, (np.concatenate(rows), np.concatenate(kinds))


def _fetch(work: _Work, fresh: _Fresh, old: Sequence[Run], everything: History) -> None:
    """The records of all rows that the sieve marks or that were refused at once, part by part."""
    found: dict[int, list[tuple[int, Any, int]]] = {}
    splits = work.reader.splits_at()
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [
            pool.submit(judge, work, fresh.runs, old, bucket, splits)
            for judge in (_judge_codes, _judge_lines)
            for bucket in range(sieve.BUCKETS)
        ]
        for job in jobs:
            for one in job.result():
                found.setdefault(one[0], []).append(one)
    nothing = (np.empty(0, np.int64), np.empty(0, np.int64))
    for number, part in enumerate(everything.parts):
        if number in found or number in fresh.refused:
            rows, flags, kinds = merged(found.get(number, []), part.rows, fresh.refused.get(number, nothing))
            if len(rows):
                work.tell(f"细看 {part.name}：{len(rows):,} 行")
                fetch(work.engine, work.folder / part.name, rows, flags, kinds)


def _judge_codes(
    work: _Work, fresh: Sequence[Run], old: Sequence[Run], bucket: int, splits: Any
) -> list[tuple[int, Any, int]]:
    """The rows of a bucket whose codes must be looked at: part, rows, flag."""
    runs = [*fresh, *old]
    found = gather(work.kernels, fresh, old, bucket, "key")
    composed = _composed(work, found)
    marked = np.zeros(len(composed), np.uint8)
    when, what = (column(found, runs, bucket, name) for name in ("when", "what"))
    work.kernels.judge(composed, found.key, when, what, splits, work.reader.packs, marked)
    return _rows_of(found, runs, bucket, marked, "row", BY_CODE)


def _judge_lines(
    work: _Work, fresh: Sequence[Run], old: Sequence[Run], bucket: int, _splits: Any
) -> list[tuple[int, Any, int]]:
    """The rows of a bucket whose lines of bills must be looked at."""
    runs = [*fresh, *old]
    found = gather(work.kernels, fresh, old, bucket, "lkey")
    composed = _composed(work, found)
    marked = np.zeros(len(composed), np.uint8)
    work.kernels.judge_lines(composed, found.key, column(found, runs, bucket, "lpacks"), marked)
    return _rows_of(found, runs, bucket, marked, "lrow", BY_LINE)


def _composed(work: _Work, found: Bucket) -> Any:
    """The keys of a bucket beside the numbers of its rows, sorted."""
    if len(found.key) > 1 << sieve.ROW_BITS:
        raise FlowError("历史里的扫码记录过多（一个分桶超过1,677万行），或同一个码大量重复：按年份分开建立历史")
    composed = np.empty(len(found.key), np.int64)
    work.kernels.compose(found.key, 0, composed)
    composed.sort()
    return composed


def _rows_of(
    found: Bucket, runs: Sequence[Run], bucket: int, marked: Any, name: str, flag: int
) -> list[tuple[int, Any, int]]:
    at = np.flatnonzero(marked)
    some = Bucket(found.run[at], found.place[at], found.key[at])
    return [
        (runs[number].part, runs[number].read(name, bucket)[some.place[some.run == number]], flag)
        for number in np.unique(some.run)
    ]


def _with_old(work: _Work, out: Path, fresh: _Fresh, findings: pa.Table, chains: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The results so far without the codes and lines that were looked at again, and the new ones."""
    keys = {
        name: np.concatenate([np.fromfile(f"{run.stem}.{name}", np.int64) for run in fresh.runs])
        for name in ("key", "lkey")
    }
    made_by = "yibao trace scan"
    old, old_chains = (tables.read_table(out, name, made_by) for name in (results.FINDINGS, results.CHAINS))
    code_keys = work.reader.code_keys(old["drug_trac_codg"])
    again = np.isin(code_keys, keys["key"]) & (np.asarray(old["seq"]) > 0)
    again |= np.isin(work.reader.line_keys(old), keys["lkey"]) & np.asarray(pc.equal(old["kind"], _LINE))
    kept = old.filter(pa.array(~again))
    kept_chains = old_chains.filter(
        pa.array(~np.isin(work.reader.code_keys(old_chains["drug_trac_codg"]), keys["key"]))
    )
    return pa.concat_tables([kept, findings]), pa.concat_tables([kept_chains, chains])


_LINE = "codes_not_packs"


def _summary(
    setting: Setting, view: Any, everything: History, fresh: _Fresh, facts: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """What a summary says; nothing of it depends on how the scans were divided into files but the counts of rows."""
    return {
        "made_by": "yibao trace scan",
        "law": setting.law.title,
        "parts": len(everything.parts),
        "rows": everything.rows,
        "rows_added": sum(part.rows for part in fresh.parts),
        "rejected": sum(report.rows_rejected for report in fresh.reports),
        "kinds": facts,
        "fund_at_risk": f"{sum((Decimal(one['fund_at_risk']) for one in facts.values()), Decimal(0)):.2f}",
        "findings": sum(one["count"] for one in facts.values()),
        "parameters": parameters_of(view.used),
        "unverified": view.unverified,
    }
