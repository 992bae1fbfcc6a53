"""Reconciling 10 million settlements a side, parquet, against reading both files into memory and nothing else.

Both are whole processes over the same files. Of the settlements one in a hundred thousand differs; half of the
rows have other places in the other file. For a trial: --rows 100000.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from bench._measure import Measured, measure, report

_BASE = """
import duckdb
con = duckdb.connect(config={"temp_directory": "spill"})
for side in ("ours", "theirs"):
    con.execute(f"CREATE TABLE {side} AS SELECT * FROM read_parquet('{side}.parquet')")
"""
_ROWS = """
COPY (
    SELECT 'S2025' || lpad(CAST(i * 7919 % 100000007 AS VARCHAR), 13, '0') AS setl_id,
        'M2025' || lpad(CAST(i * 104729 % 100000007 AS VARCHAR), 13, '0') AS mdtrt_id,
        '37030000000' || lpad(CAST(i % 3000000 AS VARCHAR), 9, '0') AS psn_no,
        CASE WHEN i % 3 = 0 THEN '390' ELSE '310' END AS insutype,
        'H370303' || lpad(CAST(i % 100 AS VARCHAR), 5, '0') AS fixmedins_code,
        TIMESTAMP '2025-01-01 08:00:00' + INTERVAL (i % 2678400) SECOND AS setl_time,
        CAST((fund + 1000 + {cash}) * 0.01 AS DECIMAL(16, 2)) AS medfee_sumamt,
        CAST(fund * 0.01 AS DECIMAL(16, 2)) AS fund_pay_sumamt, CAST(2.00 AS DECIMAL(16, 2)) AS acct_pay,
        CAST((800 + {cash}) * 0.01 AS DECIMAL(16, 2)) AS psn_cash_pay, '0' AS refd_setl_flag
    FROM (SELECT i, i * 37 % 1000000 AS fund FROM range({rows}) AS r(i)) {where} ORDER BY {order}
) TO '{path}' (FORMAT parquet)"""


def main(arguments: list[str]) -> None:
    """Makes both files, then times the bare reading and the reconciling in rounds."""
    options = argparse.ArgumentParser(prog="python -m bench reconcile", description=__doc__)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--repeat", type=int, default=3, help="rounds of reading and reconciling")
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as work:
        folder = Path(work)
        _make(folder, asked.rows)
        yibao = str(Path(sys.executable).with_name("yibao"))
        command = [sys.executable, "-c", _OURS, yibao]
        base, ours = [], []
        for _ in range(asked.repeat):
            base.append(measure("read both files", [sys.executable, "-c", _BASE], repeat=1, folder=folder))
            ours.append(measure("yibao reconcile", command, repeat=1, folder=folder))
            told = json.loads((folder / "checked" / "summary.json").read_text(encoding="utf-8"))
            shutil.rmtree(folder / "checked")
    bare, done = _joined(base), _joined(ours)
    report(f"reconcile: {asked.rows:,} settlements a side", [bare, done], bare, ("yibao", "duckdb", "pyarrow"))
    ratios = sorted(one.seconds / each.seconds for one, each in zip(ours, base, strict=True))
    print(f"reconcile ÷ reading, round by round: {', '.join(f'{one:.2f}' for one in ratios)}")
    print(", ".join(f"{one['label']} {one['count']}" for one in told["kinds"]))


_OURS = """
import subprocess, sys
done = subprocess.run([sys.argv[1], "reconcile", "ours.parquet", "theirs.parquet", "--out", "checked"])
sys.exit(0 if done.returncode == 3 else 1)
"""
"""The command, whose exit status 3 says that it found the differences there are."""


def _make(folder: Path, rows: int) -> None:
    """Theirs lacks some settlements, has other amounts in some, and stands in another order."""
    con = duckdb.connect(config={"temp_directory": str(folder / "spill")})
    con.execute(_ROWS.format(rows=rows, cash="0", where="", order="i", path=folder / "ours.parquet"))
    cash = "CASE WHEN i % 200000 = 7 THEN 50 ELSE 0 END"
    order = "CASE WHEN i % 2 = 0 THEN i ELSE hash(i) % 1000000 END, i"
    where = "WHERE i % 200000 <> 11"
    con.execute(_ROWS.format(rows=rows, cash=cash, where=where, order=order, path=folder / "theirs.parquet"))
    con.close()


def _joined(runs: list[Measured]) -> Measured:
    """The runs of one side, one from each round."""
    seconds = tuple(one.seconds for one in runs)
    middle = sorted(seconds)[len(seconds) // 2]
    return Measured(runs[0].label, middle, max(one.peak_bytes for one in runs), seconds)
