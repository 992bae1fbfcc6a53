"""DRG grouping of a million distinct cases, parquet to parquet, against a plain evaluator on some of them.

The cases are drawn from the codes of the scheme (mean five diagnoses, two procedures). The plain evaluator is the one
that the tests hold the grouper against; it holds everything in memory and reads and writes no file. Where a checkout of
OpenDRG's Python grouper is at hand (``--opendrg DIR``), it groups the same cases in a process of its own.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from bench._measure import measure, report
from yibao.casemix.drg import Scheme
from yibao.flows.drg import explain_row, group_table, load_scheme
from yibao.packs import teaching_scheme

_PUBLIC = Path(__file__).parents[2] / "shared" / "data" / "drg" / "chs_drg_11"
_COPY = """
import duckdb
duckdb.connect().execute("COPY (SELECT * FROM read_parquet('cases.parquet')) TO 'copy.parquet' (FORMAT parquet)")
"""


def main(arguments: list[str]) -> None:
    """Makes the cases, groups them as a whole process, and prints cases a second with the ratios."""
    options = argparse.ArgumentParser(prog="python -m bench drg", description=__doc__)
    options.add_argument("--cases", type=int, default=1_000_000)
    options.add_argument("--plain", type=int, default=20_000, help="cases that the plain evaluator groups")
    options.add_argument("--scheme", type=Path, default=_PUBLIC if _PUBLIC.is_dir() else teaching_scheme())
    options.add_argument("--opendrg", type=Path, help="checkout of OpenDRG/DRG_Python, for the edition 1.1")
    options.add_argument("--repeat", type=int, default=3)
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as work:
        folder = Path(work)
        started = time.perf_counter()
        load_scheme(asked.scheme)
        first = time.perf_counter() - started
        started = time.perf_counter()
        scheme = load_scheme(asked.scheme)
        again = time.perf_counter() - started
        cases = draw(scheme, asked.cases)
        pq.write_table(cases, folder / "cases.parquet")
        distinct = pc.count_distinct(pc.binary_join_element_wise(cases["dx"], cases["px"], " ")).as_py()
        print(f"scheme {asked.scheme.name}: loaded in {first:.2f} s, from the cache in {again:.2f} s")
        print(f"{asked.cases:,} cases, {distinct:,} distinct lists of codes")
        yibao = [str(Path(sys.executable).with_name("yibao")), "drg", "group", "cases.parquet", "--scheme",
                 str(asked.scheme.resolve()), "--out"]  # fmt: skip
        measure("warm-up", [*yibao, "warm.parquet"], repeat=1, folder=folder)
        copied = measure("read and write", [sys.executable, "-c", _COPY], repeat=asked.repeat, folder=folder)
        grouped = measure("drg group", [*yibao, "groups.parquet"], repeat=asked.repeat, folder=folder)
        report("DRG, whole processes", [copied, grouped], copied, ("yibao", "duckdb", "numba", "pyarrow"))
        rate = asked.cases / grouped.seconds
        print(f"drg group: {rate:,.0f} cases a second")
        _against(scheme, asked.scheme, cases.slice(0, asked.plain), rate)
        if asked.opendrg is not None:
            _peer(asked.opendrg.resolve(), scheme, cases.slice(0, asked.plain), folder, rate)
        _one(scheme, cases)


def draw(scheme: Scheme, count: int) -> pa.Table:
    """Cases whose codes are drawn from the scheme's: principal diagnoses of the MDCs, any others, any procedures."""
    dice = np.random.default_rng(11)
    first = pa.array([code for codes in scheme.mdc_dx.values() for code in codes])
    dx, px = pa.array(list(scheme.dx_names)), pa.array(list(scheme.px_names))
    age = dice.integers(0, 96, count)
    newborn = (age == 0) & (dice.random(count) < 0.7)
    days = np.where(newborn, dice.integers(0, 29, count), age * 365 + dice.integers(0, 365, count))
    principal = first.take(pa.array(dice.integers(0, len(first), count)))
    others = _joined(dice, dx, dice.poisson(4, count))
    return pa.table({
        "case_id": pc.cast(pa.array(np.arange(count)), pa.string()),
        "gender": pa.array(dice.choice(["1", "2"], count)), "age": age, "age_day": days,
        "weight_g": np.where(newborn, dice.integers(700, 4500, count), 0), "los_days": dice.integers(1, 40, count),
        "leaving_type": pa.array(dice.choice(["1", "2", "3", "4", "5", "9"], count)),
        "dx": pc.binary_join_element_wise(principal, others, "|"), "px": _joined(dice, px, dice.poisson(2, count)),
    })  # fmt: skip


def _joined(dice: np.random.Generator, codes: pa.Array, sizes: np.ndarray) -> pa.Array:
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))
    picked = codes.take(pa.array(dice.integers(0, len(codes), int(sizes.sum()))))
    return pc.binary_join(pa.ListArray.from_arrays(offsets, picked), "|")


def _against(scheme: Scheme, folder: Path, cases: pa.Table, rate: float) -> None:
    """The plain evaluator of the tests on the same cases: how fast it is, and that it finds the same groups."""
    from tests.casemix.drg.drg_oracle import Oracle

    rows = [{name: "" if value is None else str(value) for name, value in row.items()} for row in cases.to_pylist()]
    oracle = Oracle(folder)
    started = time.perf_counter()
    found = [oracle.group(row) for row in rows]
    plain = len(rows) / (time.perf_counter() - started)
    text = pa.table({name: pc.cast(cases[name], pa.string()) for name in cases.column_names})
    own = group_table(scheme, text).groups.to_pylist()
    differ = sum(tuple(one[name] for name in ("status", "mdc", "adrg", "drg")) != other
                 for one, other in zip(own, found, strict=True))  # fmt: skip
    print(
        f"plain evaluator: {plain:,.0f} cases a second, {differ} different; "
        f"drg group is {rate / plain:.1f} times as fast"
    )


_PEER = """
import csv, sys, time
sys.path.insert(0, sys.argv[1])
from drg_group.chs_drg_11.Base import MedicalRecord
from drg_group.chs_drg_11.GroupProxy import GroupProxy
with open("peer.csv", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
proxy = GroupProxy()
def record(row):
    gender, age, days, weight, los, leaving = (int(row[name]) for name in
        ("gender", "age", "age_day", "weight_g", "los_days", "leaving_type"))
    return MedicalRecord(row["case_id"], gender, age, days, weight, "", los, leaving, row["dx"], row["px"])
records = [record(row) for row in rows]
started = time.perf_counter()
found = [proxy.group(one) for one in records]
seconds = time.perf_counter() - started
with open("peer_groups.csv", "w", encoding="utf-8") as file:
    for one in found:
        print(one.Index, one.status, one.mdc, one.adrg, one.drg, sep=",", file=file)
print(seconds)
"""


def _peer(checkout: Path, scheme: Scheme, cases: pa.Table, folder: Path, rate: float) -> None:
    """OpenDRG's Python grouper on the same cases: how fast it is after loading, on one core, and what differs."""
    pacsv.write_csv(cases, folder / "peer.csv")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _PEER, str(checkout)], cwd=folder, text=True,
                          capture_output=True, check=True)  # fmt: skip
    peer = cases.num_rows / float(done.stdout.split()[-1])
    lines = (folder / "peer_groups.csv").read_text(encoding="utf-8").splitlines()
    text = pa.table({name: pc.cast(cases[name], pa.string()) for name in cases.column_names})
    own = group_table(scheme, text).groups.to_pylist()
    differ = sum(",".join(one.values()) != line for one, line in zip(own, lines, strict=True))
    print(f"OpenDRG: {peer:,.0f} cases a second, {differ} different; drg group is {rate / peer:.1f} times as fast")


def _one(scheme: Scheme, cases: pa.Table) -> None:
    """One case grouped and explained, after loading: the median of a hundred."""
    rows = [{name: str(value) for name, value in row.items()} for row in cases.slice(0, 101).to_pylist()]
    explain_row(scheme, rows[0])
    times = []
    for row in rows[1:]:
        started = time.perf_counter()
        explain_row(scheme, row)
        times.append(time.perf_counter() - started)
    print(f"one case grouped and explained: median {sorted(times)[50] * 1e3:.1f} ms, slowest {max(times) * 1e3:.1f} ms")
