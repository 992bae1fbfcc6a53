"""``yibao close`` on the command line: files, exit codes, what the ledger refuses, and a second run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao.synth import generate, write_city


def yibao(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("yibao")), *map(str, arguments)], capture_output=True, text=True,
        timeout=280, check=False, env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("close_cli") / "city"
    write_city(generate(4_000, seed=3), folder)
    return folder


@pytest.fixture(scope="module")
def closed(city: Path) -> Path:
    out = city.parent / "closed"
    yibao("close", city, "--city", "zibo", "--year", 2025, "--out", out)
    return out


def test_a_close_writes_results_report_workbooks_statements_and_books(closed: Path) -> None:
    for name in ("summary.json", "cases.parquet", "clearing.parquet", "close.xlsx", "report.html", "fund.db"):
        assert (closed / name).exists(), name
    facts = json.loads((closed / "summary.json").read_text(encoding="utf-8"))
    assert len(list((closed / "hospitals").glob("*.xlsx"))) == facts["hospitals"]
    assert "勾稽核对相符" in (closed / "report.html").read_text(encoding="utf-8") or facts["entries_refused"] == 0


def test_a_case_is_explained_to_its_hospitals_clearing(closed: Path) -> None:
    rows = pq.read_table(closed / "cases.parquet", filters=[("scope", "=", "local")]).slice(0, 1).to_pylist()
    done = yibao("explain", rows[0]["setl_id"], "--run", closed, "--json")
    labels = [step["label"] for step in json.loads(done.stdout)["steps"]]
    assert {"主要诊断", "入组", "病例分值", "结算点值", "应付额", "年度清算分档"} <= set(labels)


def test_running_it_again_is_harmless(city: Path, closed: Path) -> None:
    before = pq.read_table(closed / "clearing.parquet")
    yibao("close", city, "--year", 2025, "--out", closed, "--no-books")
    assert pq.read_table(closed / "clearing.parquet") == before
    assert set(pq.read_table(closed / "postings.parquet")["outcome"].to_pylist()) == {"exists"}


def test_other_figures_in_the_same_books_are_refused_with_the_next_step(
    city: Path, closed: Path, tmp_path: Path
) -> None:
    other, store = Path(shutil.copytree(city, tmp_path / "city")), tmp_path / "fund.db"
    shutil.copy(closed / "fund.db", store)
    table = pq.read_table(other / "deductions.parquet")
    rows = [{**row, "deduct_amount": row["deduct_amount"] + 1} for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), other / "deductions.parquet")
    done = yibao("close", other, "--year", 2025, "--out", tmp_path / "out", "--store", store, "--no-books", code=1)
    assert "--store" in done.stderr and "没有记账" in done.stderr
    assert (tmp_path / "out" / "findings.xlsx").exists()


def test_faults_that_stop_a_close_are_printed_and_nothing_is_written(city: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(city, tmp_path / "city"))
    (other / "budget_income.parquet").unlink()
    done = yibao("close", other, "--year", 2025, "--out", tmp_path / "out", code=1)
    assert "budget_income" in done.stderr and "yibao template" in done.stderr
    assert not (tmp_path / "out" / "summary.json").exists()


def test_wrong_usage_ends_with_two() -> None:
    yibao("close", "nowhere", code=2)
