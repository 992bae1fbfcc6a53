"""DIP of 1.2 million distinct cases: build and price as whole processes, against reading and writing the same rows."""

import argparse
import sys
import tempfile
from pathlib import Path

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
    options.add_argument("--repeat", type=int, default=3, help="runs of each command; the median counts")
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
        run = {"repeat": asked.repeat, "folder": folder}
        copying = [sys.executable, "-c", _COPY, "cases.parquet", "copy.parquet"]
        copy = measure("read and write", copying, **run)
        build = measure(
            "dip build", [yibao, "dip", "build", "cases.parquet", "--until", "2024-12-31", "--out", "catalogue"], **run
        )
        price = measure(
            "dip price",
            [yibao, "dip", "price", "cases.parquet", "--catalogue", "catalogue", "--since", "2025-01-01",
             "--budget", "2000000000", "--out", "priced"], **run,
        )  # fmt: skip
        again = measure("read and write, again", copying, **run)
    both = Measured(
        "build and price", build.seconds + price.seconds, max(build.peak_bytes, price.peak_bytes),
        tuple(b + p for b, p in zip(build.runs, price.runs, strict=True)),
    )  # fmt: skip
    base = copy if copy.seconds <= again.seconds else again
    report("DIP, whole processes", [copy, again, build, price, both], base, ("yibao", "duckdb", "pyarrow"))
