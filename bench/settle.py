"""Settling a city's year, 20 million claims with 60 million lines of 3 million people, against sorting the same rows.

The base reads claims and lines, joins each line to its claim's person, sorts both by person and time and writes the
same rows; it does nothing else. Both are whole processes over the same parquet files. For a trial: --people 100000.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq

from bench._measure import Measured, measure, report
from yibao.synth import write_care

_ADMDVS = "330900"
_BASE = """
import sys, duckdb
folder, memory = sys.argv[1:]
con = duckdb.connect(config={"temp_directory": "spill"} | ({"memory_limit": memory} if memory else {}))
con.execute("SET preserve_insertion_order = false")
claims, lines = (f"read_parquet('{folder}/{name}*.parquet')" for name in ("claims", "fee_lines"))
con.execute(f"COPY (SELECT * FROM {claims} ORDER BY psn_no, setl_time, setl_id) TO 'claims.parquet' (FORMAT parquet)")
con.execute(f'''COPY (
    SELECT l.* FROM {lines} l JOIN {claims} c USING (setl_id) ORDER BY c.psn_no, c.setl_time, l.setl_id, l.feedetl_sn
) TO 'fee_lines.parquet' (FORMAT parquet)''')
"""


def main(arguments: list[str]) -> None:
    """Makes the city unless its folder is given and has one, then times base and settling in rounds."""
    options = argparse.ArgumentParser(prog="python -m bench settle", description=__doc__)
    options.add_argument("--people", type=int, default=3_000_000)
    options.add_argument("--claims-per-person", type=float, default=20 / 3)
    options.add_argument("--credit-months", type=int, default=0, help="months of account credits, 0 to 12")
    options.add_argument("--folder", type=Path, help="where the city is kept; one that is there is used again")
    options.add_argument("--repeat", type=int, default=1, help="rounds of base and settling")
    options.add_argument("--memory", default="", help="DuckDB's limit on both sides, such as 4GB; default: their own")
    asked = options.parse_args(arguments)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yibao-bench-")))
        folder = (asked.folder or work / "city").resolve()
        _city(folder, asked)
        claims, lines = (_rows(folder, name) for name in ("claims", "fee_lines"))
        base, settled, done = [], [], {}
        for _ in range(asked.repeat):
            script = [sys.executable, "-c", _BASE, str(folder), asked.memory]
            base.append(measure("read, sort by person and time, write", script, repeat=1, folder=work))
            yibao = str(Path(sys.executable).with_name("yibao"))
            command = [yibao, "settle", str(folder), "--city", _ADMDVS, "--overlay", "demo", "--out", "settled",
                       "--explain", "0.01"]  # fmt: skip
            command += ["--memory", asked.memory] if asked.memory else []
            settled.append(measure("yibao settle", command, repeat=1, folder=work))
            done = json.loads((work / "settled" / "summary.json").read_text(encoding="utf-8"))
            shutil.rmtree(work / "settled")
    bare, ours = _joined(base), _joined(settled)
    report(f"settle: {claims:,} claims, {lines:,} lines", [bare, ours], bare, ("yibao", "duckdb", "numba", "pyarrow"))
    ratios = sorted(one.seconds / each.seconds for one, each in zip(settled, base, strict=True))
    print(f"settle ÷ base, round by round: {', '.join(f'{one:.2f}' for one in ratios)}")
    print(f"{ours.seconds / claims * 1e6:.1f} s a million claims; peak {ours.peak_bytes / 2**30:.2f} GB")
    print("outcomes: " + ", ".join(f"{name} {count:,}" for name, count in done["outcomes"].items()))


def _city(folder: Path, asked: argparse.Namespace) -> None:
    """Makes the city, or says that the one in the folder is used."""
    if folder.is_dir() and any(folder.glob("fee_lines*.parquet")):
        print(f"using the city in {folder.name}; --people and the like are not looked at")
        return
    started = time.perf_counter()
    write_care(
        folder, asked.people, admdvs=_ADMDVS, claims_per_person=asked.claims_per_person,
        credit_months=asked.credit_months,
    )  # fmt: skip
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**30
    print(
        f"made {asked.people:,} people in {time.perf_counter() - started:.0f} s, {size:.2f} GB of parquet", flush=True
    )


def _rows(folder: Path, table: str) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.glob(f"{table}*.parquet"))


def _joined(runs: list[Measured]) -> Measured:
    """The runs of one side, one from each round."""
    seconds = tuple(one.seconds for one in runs)
    middle = sorted(seconds)[len(seconds) // 2]
    return Measured(runs[0].label, middle, max(one.peak_bytes for one in runs), seconds)
