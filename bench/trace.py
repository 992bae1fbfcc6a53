"""Trace codes: a history of 100 million scans with text codes against reading its code, time and place columns.

The base streams the three columns as Arrow batches through DuckDB and does nothing with them. The scan reads the same
files, builds the history and finds every planted violation; a day of a million scans, one in a hundred of them of a
code that was sold before, is then added to it. All are whole processes, ours with a limit on address space. For a
trial: --scans 10000000.
"""

import argparse
import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench._measure import Measured, measure, report
from yibao.synth.trace import BLOCK, write_scans

_PER_BOX = 1.563
_DAY_BLOCK = 9_000
_BASE = """
import sys, duckdb
con = duckdb.connect()
columns = "drug_trac_codg, ocur_time, fixmedins_code"
rows = con.sql(f"SELECT {columns} FROM read_parquet('{sys.argv[1]}/trace_scans_*.parquet')").to_arrow_reader(1_000_000)
print(sum(batch.num_rows for batch in rows))
"""
_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from yibao.cli import main
sys.argv = ["yibao", *sys.argv[2:]]
main()
"""


def main(arguments: list[str]) -> None:
    """Makes the scans unless their folder has them, then times base, scan and day in rounds."""
    options = argparse.ArgumentParser(prog="python -m bench trace", description=__doc__)
    options.add_argument("--scans", type=int, default=100_000_000)
    options.add_argument("--day", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path, help="where the scans are kept; those that are there are used again")
    options.add_argument("--repeat", type=int, default=1, help="rounds of base, scan and day")
    options.add_argument("--limit", type=float, default=8.0, help="GB of address space of scan and day")
    asked = options.parse_args(arguments)
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yibao-bench-", dir=asked.folder)))
        folder = (asked.folder or work / "scans").resolve()
        rows = _scans(folder, asked)
        base, whole, day, facts = [], [], [], {}
        for _ in range(asked.repeat):
            base.append(measure("read code, time, place", [sys.executable, "-c", _BASE, str(folder)], repeat=1))
            whole.append(measure("yibao trace scan", _command(asked, folder, work, "scan"), repeat=1))
            facts = json.loads((work / "out" / "summary.json").read_text(encoding="utf-8"))
            day.append(measure("yibao trace add", _command(asked, folder, work, "add"), repeat=1))
            added = json.loads((work / "out" / "summary.json").read_text(encoding="utf-8"))
            index = sum(
                path.stat().st_size for path in (work / "out" / "history").iterdir() if path.suffix != ".parquet"
            )
            shutil.rmtree(work / "out")
    bare, ours, one_day = (_joined(some) for some in (base, whole, day))
    report(f"trace: {rows:,} scans, a day of {added['rows_added']:,}", [bare, ours, one_day], bare,
           ("yibao", "duckdb", "numba", "pyarrow"))  # fmt: skip
    for name, some, against in (("scan ÷ base", whole, base), ("day ÷ scan", day, whole)):
        ratios = (one.seconds / other.seconds for one, other in zip(some, against, strict=True))
        print(f"{name}, round by round: {', '.join(f'{one:.2f}' for one in ratios)}")
    print(f"index {index / rows:.0f} bytes a scan; findings {facts['findings']:,}, with the day {added['findings']:,}")


def _command(asked: argparse.Namespace, folder: Path, work: Path, name: str) -> list[str]:
    limited = [sys.executable, "-c", _LIMITED, str(int(asked.limit * 2**30)), "trace", name, "--city", "zibo"]
    if name == "scan":
        files = [str(path) for path in sorted(folder.glob("trace_scans_*.parquet"))]
        return [*limited, *files, "--out", str(work / "out"), "--day", "2027-12-31", "--providers",
                str(folder / "providers.parquet"), "--drugs", str(folder / "trace_drugs.parquet")]  # fmt: skip
    return [*limited, str(folder / "day.parquet"), "--history", str(work / "out"), "--day", "2027-12-31"]


def _scans(folder: Path, asked: argparse.Namespace) -> int:
    """Makes the scans, or says that those in the folder are used; returns how many there are."""
    if any(folder.glob("trace_scans_*.parquet")):
        print(f"using the scans in {folder.name}; --scans and --day are not looked at")
    else:
        files = write_scans(folder, int(asked.scans / _PER_BOX), bad_share=0.0005)
        _day(folder, files[0], asked.day)
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("trace_scans_*.parquet"))


def _day(folder: Path, first: Path, rows: int) -> None:
    """A day of new boxes, and one scan in a hundred of a box that was sold in the history."""
    fresh = folder / "fresh"
    boxes = min(int(rows / _PER_BOX), BLOCK)
    files = write_scans(fresh, boxes, seed=7, bad_share=0.0005, days=1, first_block=_DAY_BLOCK)
    later = np.timedelta64(320, "D")
    new = pq.read_table(files[0])
    old = pq.ParquetFile(first).read_row_group(0)
    old = old.filter(pc.and_(pc.equal(old["infno"], "3505"), pc.equal(old["trdn_flag"], "0"))).slice(0, rows // 100)
    for name in ("setl_id", "upld_sn"):
        changed = pc.binary_join_element_wise("X", old[name], "")
        old = old.set_column(old.schema.get_field_index(name), name, changed)
    day = pa.concat_tables([new, old])
    for name in ("ocur_time", "upld_time"):
        moved = pa.array(np.asarray(day[name]) + later, pa.timestamp("us"))
        day = day.set_column(day.schema.get_field_index(name), name, moved)
    pq.write_table(day, folder / "day.parquet")
    shutil.rmtree(fresh)


def _joined(runs: list[Measured]) -> Measured:
    """The runs of one side, one from each round."""
    seconds = tuple(one.seconds for one in runs)
    middle = sorted(seconds)[len(seconds) // 2]
    return Measured(runs[0].label, middle, max(one.peak_bytes for one in runs), seconds)
