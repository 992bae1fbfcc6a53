"""``yibao dip assess`` as a user meets it: the table of auxiliary types, and the same in JSON."""

import json
from pathlib import Path

import pyarrow.parquet as pq
from typer.testing import CliRunner

from yibao.casemix.dip import KIND_NAMES
from yibao.cli import app
from yibao.synth import generate


def test_assess_prints_a_line_for_each_kind_of_auxiliary_type_and_gives_it_as_json(tmp_path: Path) -> None:
    run = CliRunner()
    pq.write_table(generate(8_000, seed=5).cases, tmp_path / "cases.parquet")
    cases, catalogue = str(tmp_path / "cases.parquet"), str(tmp_path / "c")
    done = run.invoke(app, ["dip", "build", cases, "--until", "2024-12-31", "--out", catalogue])
    assert done.exit_code == 0, done.output
    told = run.invoke(app, ["dip", "assess", cases, "-c", catalogue, "--since", "2025-01-01"])
    assert told.exit_code == 0, told.output
    assert "辅助分型" in told.stdout and all(name in told.stdout for name in KIND_NAMES.values())
    told = run.invoke(app, ["dip", "assess", cases, "-c", catalogue, "--since", "2025-01-01", "--json"])
    rows = json.loads(told.stdout)["auxiliary"]
    assert [row["aux_kind"] for row in rows] == list(KIND_NAMES)
    assert set(rows[0]) == {"aux_kind", "label", "groups", "cases", "cv_before", "cv_after", "cases_hit"}
    empty = [row for row in rows if not row["groups"]]
    assert all(row["cv_before"] is None and row["cases_hit"] == 0 for row in empty)
