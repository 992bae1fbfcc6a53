"""Weights, measures and hospitals of a grouping, against plain Python over the single cases."""

import csv
import random
from math import log, sqrt
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from yibao.casemix.drg.assess import measures, risks, weights
from yibao.cli import app
from yibao.flows.dip_common import FlowError
from yibao.flows.drg_assess import assess
from yibao.packs import teaching_scheme

CODES = (("K35.300", "47.0100"), ("K35.300", ""), ("I50.900", ""), ("I63.900", ""), ("Y00.000", ""))
HEAD = "setl_id,fixmedins_code,gend,age,act_ipt_days,dscg_way,diag_codes,oprn_codes,dscg_date,medfee_sumamt"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def written(path: Path, seed: int, count: int = 600) -> Path:
    dice = random.Random(seed)
    lines = []
    for number in range(count):
        dx, px = dice.choice(CODES)
        died = "5" if dice.random() < 0.08 else "1"
        lines.append(f"S{number},H{dice.randrange(4)},1,50,{dice.randrange(1, 30)},{died},{dx},{px},2025-03-01,"
                     f"{dice.randrange(100_000, 3_000_000) / 100:.2f}")  # fmt: skip
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path


def cases(path: Path, drg: dict[str, str]) -> list[dict[str, Any]]:
    """The cases of a file with the group of their codes ('' for none)."""
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    return [
        {"drg": drg[row["diag_codes"] + row["oprn_codes"]], "h": row["fixmedins_code"],
         "died": row["dscg_way"] == "5", "fee": round(float(row["medfee_sumamt"]) * 100),
         "days": int(row["act_ipt_days"])}
        for row in rows
    ]  # fmt: skip


GROUPS = {"K35.30047.0100": "GD15", "K35.300": "GZ15", "I50.900": "FR25", "I63.900": "BR25", "Y00.000": ""}


def test_every_figure_is_that_of_the_single_cases(tmp_path: Path) -> None:
    now, before = written(tmp_path / "now.csv", 1), written(tmp_path / "before.csv", 2)
    done = assess([now], teaching_scheme(), tmp_path / "out", history=[before])
    groups = {row["drg"]: row for row in done.groups}
    names = {key: next((one for one in groups if drg and one[:3] == drg[:3]), "") for key, drg in GROUPS.items()}
    own, old = cases(now, names), cases(before, names)
    fees = [one["fee"] for one in own if one["drg"]]
    assert set(groups) == {one["drg"] for one in own} - {""} and len(groups) == 4
    within = sum(
        (one["fee"] - fmean(o["fee"] for o in own if o["drg"] == one["drg"])) ** 2 for one in own if one["drg"]
    )
    assert done.summary["riv"] == pytest.approx(1 - within / (pstdev(fees) ** 2 * len(fees)))
    whole = fmean(one["fee"] for one in old if one["drg"])
    mean = {drg: fmean(one["fee"] for one in old if one["drg"] == drg) for drg in groups}
    days = {drg: fmean(one["days"] for one in old if one["drg"] == drg) for drg in groups}
    for drg, row in groups.items():
        mine = [one for one in own if one["drg"] == drg]
        assert row["weight"] == pytest.approx(mean[drg] / whole)
        assert row["cases"] == len(mine) and row["deaths"] == sum(one["died"] for one in mine)
        assert row["cv"] == pytest.approx(pstdev([one["fee"] for one in mine]) / fmean(one["fee"] for one in mine))
    for row in done.hospitals:
        mine = [one for one in own if one["h"] == row["fixmedins_code"] and one["drg"]]
        assert row["cases"] == len(mine)
        assert row["cmi"] == pytest.approx(fmean(mean[one["drg"]] / whole for one in mine))
        assert row["time_index"] == pytest.approx(fmean(one["days"] / days[one["drg"]] for one in mine))
        assert row["cost_index"] == pytest.approx(fmean(one["fee"] / mean[one["drg"]] for one in mine))
    assert pq.read_table(tmp_path / "out" / "hospitals.parquet").num_rows == 4 == len(done.hospitals)
    assert (tmp_path / "out" / "assess.xlsx").exists()


def row(drg: str, cases: int, fee: float, sd: float, deaths: int) -> dict[str, Any]:
    return {"drg": drg, "cases": cases, "mean_fee": fee, "sd_fee": sd, "mean_days": 5.0, "deaths": deaths}


def test_a_group_is_of_low_risk_more_than_a_standard_deviation_below_the_mean_of_the_logarithms() -> None:
    rows = [row("A", 10_000, 1, 0, 1), row("B", 100, 1, 0, 1), row("C", 100, 1, 0, 2), row("D", 10, 1, 0, 9),
            row("E", 50, 1, 0, 0)]  # fmt: skip
    logs = [log(1 / 10_000), log(0.01), log(0.02), log(0.9)]
    mean, spread = fmean(logs), sqrt(fmean((one - fmean(logs)) ** 2 for one in logs))
    assert logs[0] < mean - spread < logs[1] < logs[2] and logs[3] > mean + spread
    assert risks(rows) == {"A": "low", "B": "lower" if logs[1] < mean else "higher",
                           "C": "lower" if logs[2] < mean else "higher", "D": "high", "E": "none"}  # fmt: skip
    assert risks([row("A", 5, 1, 0, 0)]) == {"A": "none"}


def test_the_mean_weight_of_the_reference_is_one_and_cases_without_a_group_have_none() -> None:
    rows = [row("A", 3, 100.0, 0, 0), row("B", 1, 500.0, 0, 0), row("", 9, 7.0, 0, 0)]
    found = weights(rows)
    assert [one.drg for one in found] == ["A", "B"]
    assert sum(one.weight * one.cases for one in found) == pytest.approx(4)
    assert measures(rows)["grouped_share"] == pytest.approx(4 / 13)
    assert measures([row("", 9, 7.0, 0, 0)])["riv"] is None


def test_the_command_prints_the_hospitals_and_says_that_weights_are_its_own(tmp_path: Path) -> None:
    now = written(tmp_path / "now.csv", 3, 80)
    done = CliRunner().invoke(app, ["drg", "assess", str(now), "--scheme", str(teaching_scheme())])
    assert done.exit_code == 0 and "低风险组死亡率" in done.output and "没有 --history" in done.output
    (tmp_path / "empty.csv").write_text(HEAD + "\n", encoding="utf-8")
    with pytest.raises(FlowError, match="没有可用的病例"):
        assess([tmp_path / "empty.csv"], teaching_scheme())
