"""A reform of a synthetic city simulated, against settling the same city once (`yibao settle`), whole processes.

The reform is 舟山's of October 2023: five changed parameters, so seven laws are settled. ``--search`` adds a search.
"""

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet as pq

from bench._measure import measure, report
from yibao.synth import write_care

_ADMDVS = "330900"
_LAW = ["--city", _ADMDVS, "--overlay", "demo"]
_SEARCH = [
    "--target", "now", "--vary", "benefit.rate[insutype=390,kind=inpatient,hosp_lv=3,offsite=none]=0.55..0.75:0.01",
    "--trials", "12",
]  # fmt: skip


def main(arguments: list[str]) -> None:
    """Makes the city unless its folder is given and has one, then times settling and simulating."""
    options = argparse.ArgumentParser(prog="python -m bench simulate", description=__doc__)
    options.add_argument("--people", type=int, default=200_000)
    options.add_argument("--folder", type=Path, help="where the city is kept; one that is there is used again")
    options.add_argument("--search", action="store_true", help="search a rate in twelve trials too")
    asked = options.parse_args(arguments)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yibao-bench-")))
        folder = (asked.folder or work / "city").resolve()
        if not folder.is_dir() or not any(folder.glob("claims*.parquet")):
            write_care(folder, asked.people, admdvs=_ADMDVS, credit_months=0)
        claims = sum(pq.read_metadata(path).num_rows for path in folder.glob("claims*.parquet"))
        yibao = str(Path(sys.executable).with_name("yibao"))
        once = measure(
            "yibao settle, one law", [yibao, "settle", str(folder), *_LAW, "--out", "settled", "--explain", "0.01"],
            repeat=1, folder=work,
        )  # fmt: skip
        shutil.rmtree(work / "settled")
        command = [yibao, "simulate", str(folder), *_LAW, "--base", "before_reform2023", "--catastrophic", "20000"]
        command += ["--balance", "390=1000000000", *(_SEARCH if asked.search else []), "--out", "simulated"]
        ours = measure("yibao simulate" + (" with search" if asked.search else ""), command, repeat=1, folder=work)
    report(f"simulate: {claims:,} claims", [once, ours], once, ("yibao", "duckdb", "numba", "pyarrow"))
