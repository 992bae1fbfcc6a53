"""Closing a year of 1.2 million cases and 600 hospitals, tables to report and ledger, against copying the same rows.

The same rows are those of every table of the folder; copying the cases alone is shown beside it.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import duckdb
from rich.console import Console
from rich.table import Table

from bench._measure import Measured, measure, report
from yibao.synth import generate, write_city

_YEAR = 2025
_ADMITTED = 0.1645
"""Cases a year for each insured of the synthetic city, those insured elsewhere included."""
_COPY = """
import sys, duckdb
from pathlib import Path
con = duckdb.connect()
for source in sorted(Path("year").glob(sys.argv[1])):
    con.execute("COPY (SELECT * FROM read_parquet(?)) TO 'copy.parquet' (FORMAT parquet)", [str(source)])
"""
_STAGES = """
import json, sys, time
from pathlib import Path
from yibao.cli.papers import Papers
from yibao.flows.close import CloseSetting, close
from yibao.flows.dip import Setting
from yibao.packs import load_law

started, at, spent = time.perf_counter(), "start", {}
def tell(step):
    global started, at
    now = time.perf_counter()
    name = next((stage for stage in STAGES if step.startswith(stage)), at)
    if name != at:
        spent[at] = spent.get(at, 0) + now - started
        started, at = now, name
STAGES = ["读数据", "编预算", "入组计分", "结算清算", "记账", "写结果", "写报告", "写各机构工作簿"]
law = load_law("zibo", ["demo"])
out = Path(sys.argv[1])
with Papers(out, tell) as papers:
    setting = CloseSetting(Setting(law, progress=tell), Path("catalogue"), None, papers.state)
    close(Path("year"), out, int(sys.argv[2]), setting)
    papers.write(out / "report.html")
tell("end"); spent[at] = spent.get(at, 0) + time.perf_counter() - started
Path("stages.json").write_text(json.dumps(spent, ensure_ascii=False))
"""
_NAMES = {
    "start": "start of the process", "读数据": "read and check all tables", "编预算": "budgets",
    "入组计分": "group, score, value", "结算清算": "months, clearing, beds", "记账": "post to the ledger (SQLite)",
    "写结果": "write result tables", "写报告": "statements, report.html, close.xlsx",
    "写各机构工作簿": "a workbook for every hospital",
}  # fmt: skip


def main(arguments: list[str]) -> None:
    """Makes the city and its catalogue, then times copies of the year's rows and closes of it, in rounds."""
    options = argparse.ArgumentParser(prog="python -m bench close", description=__doc__)
    options.add_argument("--cases", type=int, default=1_200_000, help="cases of the year, about")
    options.add_argument("--hospitals", type=int, default=600)
    options.add_argument("--repeat", type=int, default=3, help="rounds of copy and close; medians count")
    asked = options.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as work:
        folder = Path(work)
        _make(folder, asked.cases, asked.hospitals)
        yibao = str(Path(sys.executable).with_name("yibao"))
        building = [
            yibao,
            "dip",
            "build",
            "history",
            "--out",
            "catalogue",
            "--for",
            f"{_YEAR}-01-01",
            "--lists",
            "year",
        ]
        built = measure("learn the catalogue (a year of history)", building, repeat=1, folder=folder)
        copies, bare, closes, papers = [], [], [], []
        for turn in range(asked.repeat):
            for label, files, kept in (("read and write every table", "*.parquet", copies),
                                       ("read and write the cases alone", "cases.parquet", bare)):  # fmt: skip
                kept.append(measure(label, [sys.executable, "-c", _COPY, files], repeat=1, folder=folder))
            closing = [yibao, "close", "year", "--year", str(_YEAR), "--catalogue", "catalogue", "--no-books",
                       "--out", f"closed{turn}"]  # fmt: skip
            closes.append(measure("close: tables to report and ledger", closing, repeat=1, folder=folder))
        papers.append(
            measure("close, with a workbook for every hospital",
                    [sys.executable, "-c", _STAGES, "staged", str(_YEAR)], repeat=1, folder=folder)
        )  # fmt: skip
        stages = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    copy, cases, close, whole = (_joined(runs) for runs in (copies, bare, closes, papers))
    report("Close, whole processes", [copy, cases, built, close, whole], copy, ("yibao", "duckdb", "xlsxwriter"))
    for base, runs in (("every table", copies), ("the cases alone", bare)):
        ratios = sorted(one.seconds / each.seconds for one, each in zip(closes, runs, strict=True))
        print(
            f"close ÷ read and write of {base}, round by round: "
            f"{', '.join(f'{ratio:.2f}' for ratio in ratios)}; median {median(ratios):.2f}"
        )
    _show(stages, copy.seconds)


def _make(folder: Path, cases: int, hospitals: int) -> None:
    """The city: its tables with the year's cases in ``year``, the year before in ``history``."""
    city = generate(round(cases / _ADMITTED), years=(_YEAR - 1, _YEAR), hospitals=hospitals)
    write_city(city, folder / "year")
    (folder / "history").mkdir()
    (folder / "year" / "cases.parquet").rename(folder / "all.parquet")
    count = 0
    for name, test in (("history", f"< {_YEAR}"), ("year", f"= {_YEAR}")):
        with duckdb.connect() as con:
            target = folder / name / "cases.parquet"
            con.execute(
                f"COPY (SELECT * FROM read_parquet('{folder / 'all.parquet'}') WHERE year(dscg_date) {test} "
                f"ORDER BY dscg_date, setl_id) TO '{target}' (FORMAT parquet)"
            )
            count = con.execute(f"SELECT count(*) FROM read_parquet('{target}')").fetchall()[0][0]
    (folder / "all.parquet").unlink()
    size = (folder / "year" / "cases.parquet").stat().st_size / 2**20
    print(f"{count:,} cases of {_YEAR}, {city.providers.num_rows} hospitals, {size:.0f} MB of parquet")


def _joined(runs: list[Measured]) -> Measured:
    """The runs of one command, one from each round; in rounds, so that a drift of the machine hits all commands."""
    seconds = tuple(one.seconds for one in runs)
    return Measured(runs[0].label, median(seconds), max(one.peak_bytes for one in runs), seconds)


def _show(stages: dict[str, float], base: float) -> None:
    table = Table(title="Stages of one close with workbooks, in one process")
    for heading in ("stage", "seconds", "÷ read and write"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for name, seconds in stages.items():
        table.add_row(_NAMES.get(name, name), f"{seconds:.2f}", f"{seconds / base:.2f}")
    Console(width=None if sys.stdout.isatty() else 110).print(table)
