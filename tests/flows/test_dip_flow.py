"""The DIP commands on a small synthetic city and the real dirty file: totals close, order and cost decide nothing."""

import json
import os
import random
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from vectors import SHARED

from yibao.flows import dip as flow
from yibao.flows.dip_catalogue import open_saved
from yibao.packs import load_law
from yibao.synth import generate

SETTING = flow.Setting(load_law("zibo", ["demo"]))
BUDGET = 123_456_789
UNTIL, SINCE = date(2024, 12, 31), date(2025, 1, 1)


def read(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    pq.write_table(generate(8_000, seed=7).cases, folder / "cases.parquet")
    return folder


@pytest.fixture(scope="module")
def catalogue(city: Path) -> Path:
    flow.build([city / "cases.parquet"], city / "catalogue", SETTING, until=UNTIL)
    return city / "catalogue"


@pytest.fixture(scope="module")
def priced(city: Path, catalogue: Path) -> Path:
    flow.price([city / "cases.parquet"], catalogue, city / "priced", SETTING, budget_fen=BUDGET, since=SINCE)
    return city / "priced"


def test_the_folders_hold_the_columns_that_others_rely_on(catalogue: Path, priced: Path) -> None:
    assert pq.read_schema(catalogue / "catalogue.parquet").names == [
        "dip_code", "dip_type", "dx", "oprn_codes", "px_kind", "n_cases", "mean_fee", "mean_fee_lv1", "mean_fee_lv2",
        "mean_fee_lv3", "points",
    ]  # fmt: skip
    schema = pq.read_schema(priced / "priced_cases.parquet")
    assert schema.names == [
        "setl_id", "fixmedins_code", "dip_code", "dip_type", "group_points", "deviation", "case_points", "pay",
    ]  # fmt: skip
    assert schema.field("pay").type == pa.decimal128(18, 2) and schema.field("case_points").type == pa.decimal128(18, 4)
    assert pq.read_schema(priced / "hospitals.parquet").names == [
        "fixmedins_code",
        "cases",
        "case_points",
        "cmi",
        "pay",
    ]
    summary = json.loads((priced / "summary.json").read_text(encoding="utf-8"))
    assert {
        "cases", "priced", "rejected", "ungrouped", "budget", "total_pay", "point_value", "riv", "groups_core",
        "groups_composite", "unverified",
    } <= set(summary)  # fmt: skip


def test_what_is_paid_is_the_budget_to_the_fen(priced: Path) -> None:
    cases, hospitals = read(priced / "priced_cases.parquet"), read(priced / "hospitals.parquet")
    assert sum(row["pay"] for row in cases) == sum(row["pay"] for row in hospitals) == Decimal(BUDGET).scaleb(-2)
    summary = json.loads((priced / "summary.json").read_text(encoding="utf-8"))
    assert summary["cases"] == summary["priced"] + summary["rejected"] == len(cases) + summary["rejected"]
    assert summary["groups_core"] == sum(
        row["dip_type"] == "core" for row in read(priced.parent / "catalogue" / "catalogue.parquet")
    )


def test_every_payment_is_the_exact_share_rounded_by_the_largest_remainder(priced: Path) -> None:
    from yibao.kernel import largest_remainder

    cases = read(priced / "priced_cases.parquet")
    weights = [int(row["case_points"] * 10**4) for row in cases]
    pays = largest_remainder(BUDGET, weights, [row["setl_id"] for row in cases])
    assert pays == [int(row["pay"] * 100) for row in cases]


def test_case_points_are_what_the_rule_says_in_plain_decimal(priced: Path) -> None:
    """An oracle apart from the SQL: points × deviation × coefficients with q from the trail, rounded once."""
    trail = {row["setl_id"]: row for row in read(priced / "trail.parquet")}
    seen = set()
    for row in read(priced / "priced_cases.parquet"):
        told = trail[row["setl_id"]]
        q = Fraction(told["medfee_sumamt"]) * told["std_n"] / Fraction(told["std_fee"])
        kind = "low" if q < Fraction(1, 2) else "extreme" if q > 5 else "high" if q > 2 else "normal"
        assert told["deviation_type"] == kind
        factor = {"low": q, "normal": Fraction(1)}.get(kind, q - 1)
        coefficients = Fraction(told["coefficient"]) * Fraction(told["aux"])
        exact = Fraction(told["group_points"]) * coefficients * factor * 10**4
        assert int(row["case_points"] * 10**4) == (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
        seen.add(kind)
    assert seen == {"low", "normal", "high", "extreme"}


def test_the_order_and_the_split_of_the_input_change_nothing(city: Path, priced: Path, tmp_path: Path) -> None:
    cases = pq.read_table(city / "cases.parquet")
    order = np.random.default_rng(3).permutation(cases.num_rows)
    shuffled = cases.take(pa.array(order))
    cut = shuffled.num_rows // 3
    pq.write_table(shuffled.slice(0, cut), tmp_path / "cases_1.parquet")
    pa_csv.write_csv(shuffled.slice(cut), tmp_path / "cases_2.csv")
    parts = [tmp_path / "cases_2.csv", tmp_path / "cases_1.parquet"]
    flow.build(parts, tmp_path / "catalogue", SETTING, until=UNTIL)
    flow.price(parts, tmp_path / "catalogue", tmp_path / "priced", SETTING, budget_fen=BUDGET, since=SINCE)
    for name in ("priced_cases.parquet", "hospitals.parquet"):
        assert read(tmp_path / "priced" / name) == read(priced / name)
    assert read(tmp_path / "catalogue" / "catalogue.parquet") == read(city / "catalogue" / "catalogue.parquet")


def test_a_cases_own_cost_never_chooses_its_group(city: Path, catalogue: Path, priced: Path, tmp_path: Path) -> None:
    cases = pq.read_table(city / "cases.parquet")
    noise = np.random.default_rng(5).lognormal(0, 1.5, cases.num_rows)
    fees = [
        Decimal(max(1, int(fee * 100 * Decimal(x)))).scaleb(-2)
        for fee, x in zip(cases["medfee_sumamt"].to_pylist(), noise, strict=True)
    ]
    noisy = cases.set_column(cases.schema.get_field_index("medfee_sumamt"), "medfee_sumamt",
                             pa.array(fees, pa.decimal128(16, 2)))  # fmt: skip
    pq.write_table(noisy, tmp_path / "cases.parquet")
    flow.price([tmp_path], catalogue, tmp_path / "priced", SETTING, budget_fen=BUDGET, since=SINCE)
    keys = ("setl_id", "dip_code", "group_points")
    before, after = (
        [tuple(row[key] for key in keys) for row in read(folder / "priced_cases.parquet")]
        for folder in (priced, tmp_path / "priced")
    )
    assert before == after
    assert read(priced / "priced_cases.parquet") != read(tmp_path / "priced" / "priced_cases.parquet")


def test_memory_for_spilling_changes_nothing(city: Path, catalogue: Path, priced: Path, tmp_path: Path) -> None:
    small = flow.Setting(SETTING.law, memory="120MB")
    flow.price([city / "cases.parquet"], catalogue, tmp_path / "p", small, budget_fen=BUDGET, since=SINCE)
    assert read(tmp_path / "p" / "priced_cases.parquet") == read(priced / "priced_cases.parquet")


def test_a_regime_other_than_the_catalogues_is_refused(city: Path, catalogue: Path, tmp_path: Path) -> None:
    other = flow.Setting(load_law("zibo", ["demo", "dip2020"]))
    with pytest.raises(flow.FlowError, match=r"适用 dip2020，而目录按 dip2_0 建立"):
        flow.price([city / "cases.parquet"], catalogue, tmp_path / "p", other, budget_fen=1, since=SINCE)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("overlay", ["dip2020", "dip3_draft"])
def test_the_other_regimes_run_by_parameters_alone(city: Path, overlay: str, tmp_path: Path) -> None:
    setting = flow.Setting(load_law("zibo", ["demo", overlay]))
    built = flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=UNTIL)
    done = flow.price([city / "cases.parquet"], tmp_path / "c", tmp_path / "p", setting, budget_fen=BUDGET, since=SINCE)
    assert done.summary["total_pay"] == "1234567.89"
    assert built.summary["draft"] == done.summary["draft"] == (overlay == "dip3_draft")


def test_what_the_law_leaves_open_is_refused_by_key(city: Path, tmp_path: Path) -> None:
    from yibao.law import MissingParameter

    with pytest.raises(MissingParameter, match=r"dip\."):
        flow.build([city / "cases.parquet"], tmp_path / "c", flow.Setting(load_law("zibo")), until=UNTIL)


def test_a_run_killed_at_any_moment_leaves_nothing_that_looks_finished(city: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from datetime import date; from yibao.flows import dip as f; "
        "from yibao.packs import load_law; "
        "setting = f.Setting(load_law('zibo', ['demo'])); "
        "f.build([Path(sys.argv[1])], Path(sys.argv[2]), setting, until=date(2024, 12, 31))"
    )
    random.seed(11)
    killed = finished = 0
    for attempt in range(12):
        out = tmp_path / f"c{attempt}"
        run = subprocess.Popen([sys.executable, "-c", script, str(city / "cases.parquet"), str(out)])
        try:
            run.wait(random.uniform(0.3, 2.5))
            finished += 1
        except subprocess.TimeoutExpired:
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            killed += 1
        if (out / "summary.json").exists():
            assert (out / "catalogue.parquet").exists()
            open_saved(out)
    assert killed, "the runs were too fast to kill"


REAL = SHARED / "data" / "inpatient" / "cases.parquet"


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data/inpatient is not beside this checkout")
def test_the_real_dirty_file_is_priced_and_predicted_out_of_sample(tmp_path: Path) -> None:
    built = flow.build([REAL], tmp_path / "c", SETTING, until=date(2009, 6, 30))
    done = flow.price([REAL], tmp_path / "c", tmp_path / "p", SETTING, budget_fen=10**10, since=date(2009, 7, 1))
    assert done.summary["cases"] == 11_228 and done.summary["rejected"] == len(done_rejects(done))
    fees = dict(zip(*(pq.read_table(REAL)[name].to_pylist() for name in ("setl_id", "medfee_sumamt")), strict=True))
    rows = read(tmp_path / "p" / "priced_cases.parquet")
    assert sum(row["pay"] for row in rows) == Decimal("100000000.00")
    facts = built.summary["facts"]
    per_point = facts["history_fee_fen"] / 100 / (facts["history_points"] / 10**4)
    fee = np.array([fees[row["setl_id"]] for row in rows])
    predicted = np.array([float(row["group_points"]) for row in rows]) * per_point
    r2 = 1 - ((fee - predicted) ** 2).sum() / ((fee - fee.mean()) ** 2).sum()
    assert r2 >= 0.28
    assert r2 > plain_r2() + 0.1
    assert done.summary["r2"] == pytest.approx(r2)


def plain_r2() -> float:
    """What groups of 4-character diagnosis × set of procedures reach, with a 3-character fallback (5 cases each)."""
    rows = [
        (row["diag_codes"], frozenset((row["oprn_codes"] or "").split("|")), row["medfee_sumamt"], row["dscg_date"])
        for row in pq.read_table(REAL).to_pylist()
        if row["diag_codes"] and row["medfee_sumamt"] > 0
    ]
    keys = [lambda dx, px: (dx[:5], px), lambda dx, px: dx[:3]]
    fees: list[dict[Any, list[float]]] = [{}, {}]
    for dx, px, fee, day in rows:
        if day < "2009-07-01":
            for table, key in zip(fees, keys, strict=True):
                table.setdefault(key(dx, px), []).append(fee)
    every = [fee for _, _, fee, day in rows if day < "2009-07-01"]
    actual, predicted = [], []
    for dx, px, fee, day in rows:
        if day >= "2009-07-01":
            found = [
                known for table, key in zip(fees, keys, strict=True) if len(known := table.get(key(dx, px), [])) >= 5
            ]
            actual.append(fee)
            predicted.append(float(np.mean(found[0] if found else every)))
    fee = np.array(actual)
    return float(1 - ((fee - np.array(predicted)) ** 2).sum() / ((fee - fee.mean()) ** 2).sum())


def done_rejects(done: flow.Outcome) -> set[str]:
    return {one.key for one in done.reports[0].findings if one.severity.value == "error"}
