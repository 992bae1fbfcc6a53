"""The SQL of reconciling makes the same tables on Spark as on DuckDB, over random worlds of two sides."""

import random
import sys
from pathlib import Path

import pytest
from run_on_spark import compare, require_spark

from yibao.engine import Engine, load_sql
from yibao.flows.reconcile_results import _put_words
from yibao.reconcile.ladder import PACKAGE

sys.path.append(str(Path(__file__).parents[1] / "reconcile"))
from recon_world import answer, numbered, world

pytestmark = pytest.mark.spark
STEPS = (
    "line", "cell_sum", "picked", "open_line", "open_amount", "rung", "alone", "split", "void", "lost", "verdict",
    "part", "closing", "suspect", "item_amount", "difference",
)  # fmt: skip
INPUTS = (
    "ours_line", "theirs_line", "ours_rows", "theirs_rows", "open_no", "formed", "taken", "paired", "split_line",
    "void_line", "lost_line", "rejected_id", "kind_word", "loaded",
)  # fmt: skip
PARAMS = {
    "minus": True, "lead": "setl_id", "rung": "person_day", "many": "equal", "loose": 1, "visits": 1, "other": 0,
    "apart": 0, "by": "visit", "listed": 1,
}  # fmt: skip


def test_every_step_is_the_same_on_both_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_spark()
    dice = random.Random(5)
    monkeypatch.setattr(Engine, "drop", lambda self, *names: None)
    with Engine() as engine:
        answer(engine, numbered([row for n in range(30) for row in world(dice, f"W{n}")]))
        _put_words(engine)
        inputs = {name: engine.fetch(f"SELECT * FROM {name}") for name in INPUTS}
        inputs["taken"] = inputs["taken"].slice(0, 0)
    rows = compare([load_sql(PACKAGE, name) for name in STEPS], inputs, PARAMS, tmp_path)
    assert len(rows["difference"]) > 20
    assert all(rows[name] for name in ("rung", "part", "closing", "suspect", "verdict"))
