"""A million synthetic cases, rich in codes, against writing the same rows as parquet."""

import sys
import tempfile
from pathlib import Path

from bench._measure import measure, report

_MAKE = (
    "from yibao.synth import generate_cases; import pyarrow.parquet as pq; "
    "pq.write_table(generate_cases({n}), 'cases.parquet')"
)
_COPY = "import pyarrow.parquet as pq; pq.write_table(pq.read_table('cases.parquet'), 'copy.parquet')"


def main(arguments: list[str]) -> None:
    """Times generating and writing; the first argument is the number of cases (a million)."""
    n = int(arguments[0]) if arguments else 1_000_000
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as work:
        run = {"repeat": 2, "folder": Path(work)}
        made = measure(f"generate and write {n:,} cases", [sys.executable, "-c", _MAKE.format(n=n)], **run)
        copy = measure("read and write the same rows", [sys.executable, "-c", _COPY], **run)
    report("synth", [copy, made], copy, ("numpy", "pyarrow"))
