"""DIP of 1.2 million distinct cases: build and price as whole processes, against reading and writing the same rows."""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from bench._measure import Measured, measure, report
from yibao.synth import generate_cases

_COPY = """
import sys, duckdb
source, target = sys.argv[1:]
duckdb.connect().execute("COPY (SELECT * FROM read_parquet(?)) TO '" + target + "' (FORMAT parquet)", [source])
"""


def main(arguments: list[str]) -> None:
    """Makes the cases, then times build, price and the bare copy of the same rows, each with its process start."""
    options = argparse.ArgumentParser(prog="python -m bench dip", description=__doc__)
    options.add_argument("--cases", type=int, default=1_200_000, help="how many distinct cases (four years of them)")
    options.add_argument("--repeat", type=int, default=5, help="rounds of read and write, build, price; medians count")
    asked = options.parse_args(arguments)
    yibao = str(Path(sys.executable).with_name("yibao"))
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as work:
        folder = Path(work)
        cases = generate_cases(asked.cases, max_dx=15, max_px=7)
        distinct = len(set(zip(cases["diag_codes"].to_pylist(), cases["oprn_codes"].to_pylist(), strict=True)))
        pq.write_table(cases, folder / "cases.parquet")
        print(
            f"{cases.num_rows:,} cases, {distinct:,} distinct lists of codes, "
            f"{(folder / 'cases.parquet').stat().st_size / 2**20:.0f} MB of parquet"
        )
        del cases
        copying = [sys.executable, "-c", _COPY, "cases.parquet", "copy.parquet"]
        building = [yibao, "dip", "build", "cases.parquet", "--until", "2024-12-31", "--out", "catalogue"]
        pricing = [yibao, "dip", "price", "cases.parquet", "--catalogue", "catalogue", "--since", "2025-01-01",
                   "--budget", "2000000000", "--out", "priced"]  # fmt: skip
        rounds = [
            [measure(label, command, repeat=1, folder=folder) for label, command in (
                ("read and write", copying), ("dip build", building), ("dip price", pricing))]
            for _ in range(asked.repeat)
        ]  # fmt: skip
    copy, build, price = (_joined(list(runs)) for runs in zip(*rounds, strict=True))
    both = Measured(
        "build and price",
        build.seconds + price.seconds,
        max(build.peak_bytes, price.peak_bytes),
        tuple(b + p for b, p in zip(build.runs, price.runs, strict=True)),
    )
    report("DIP, whole processes", [copy, build, price, both], copy, ("yibao", "duckdb", "pyarrow"))
    ratios = sorted(work / base for work, base in zip(both.runs, copy.runs, strict=True))
    print(
        f"build and price ÷ read and write, round by round: {', '.join(f'{ratio:.2f}' for ratio in ratios)}; "
        f"median {median(ratios):.2f}"
    )


def _joined(runs: list[Measured]) -> Measured:
    """The runs of one command, one from each round; in rounds, so that a drift of the machine hits all commands."""
    seconds = tuple(one.seconds for one in runs)
    return Measured(runs[0].label, median(seconds), max(one.peak_bytes for one in runs), seconds)
