"""A million synthetic cases, rich in codes, and a city's year of benefits, against writing the same rows as parquet."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench._measure import measure, report

_MAKE = (
    "from yibao.synth import generate_cases; import pyarrow.parquet as pq; "
    "pq.write_table(generate_cases({n}), 'cases.parquet')"
)
_COPY = "import pyarrow.parquet as pq; pq.write_table(pq.read_table('cases.parquet'), 'copy.parquet')"
_MAKE_CARE = "from pathlib import Path; from yibao.synth import write_care; write_care(Path('care'), {n})"
_COPY_CARE = """
import pyarrow.parquet as pq
from pathlib import Path
Path("copy").mkdir(exist_ok=True)
for path in sorted(Path("care").glob("*.parquet")):
    pq.write_table(pq.read_table(path), Path("copy") / path.name)
"""


def main(arguments: list[str]) -> None:
    """Times generating and writing; the first argument is the number of cases (a million)."""
    options = argparse.ArgumentParser(prog="python -m bench synth", description=__doc__)
    options.add_argument("cases", type=int, nargs="?", default=1_000_000)
    options.add_argument("--people", type=int, default=200_000, help="of the year of benefits")
    asked = options.parse_args(arguments)
    packages = ("numpy", "pyarrow")
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as work:
        run = {"repeat": 2, "folder": Path(work)}
        cases = f"generate and write {asked.cases:,} cases"
        made = measure(cases, [sys.executable, "-c", _MAKE.format(n=asked.cases)], **run)
        copy = measure("read and write the same rows", [sys.executable, "-c", _COPY], **run)
        report("synth", [copy, made], copy, packages)
        year = f"generate and write a year of {asked.people:,} people"
        made = measure(year, [sys.executable, "-c", _MAKE_CARE.format(n=asked.people)], **run)
        copy = measure("read and write the same rows", [sys.executable, "-c", _COPY_CARE], **run)
        report("synth: a year of benefits", [copy, made], copy, packages)
