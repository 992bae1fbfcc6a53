"""Edges of the DIP job that a review found: law inside a batch, lists, folders, zones. Each once went wrong."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao.casemix.dip import RuleError
from yibao.flows import dip as flow
from yibao.flows.dip_catalogue import open_saved
from yibao.packs import load_law
from yibao.synth import generate
from yibao.tables import ResultFolderError

SETTING = flow.Setting(load_law("zibo", ["demo"]))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edges")
    pq.write_table(generate(5_000, seed=9).cases, folder / "cases.parquet")
    flow.build([folder / "cases.parquet"], folder / "catalogue", SETTING, until=date(2024, 12, 31))
    return folder


def price(city: Path, out: Path, setting: flow.Setting = SETTING, cases: Path | None = None) -> flow.Outcome:
    paths = [cases or city / "cases.parquet"]
    return flow.price(paths, city / "catalogue", out, setting, budget_fen=10**8, since=date(2025, 1, 1))


def overlay(folder: Path, *rows: str) -> str:
    source = "  source: {doc: 测试, published: 2025-01-01}\n  grade: assumed\n"
    (folder / "reform.yaml").write_text("".join(f"- {row}\n{source}" for row in rows), encoding="utf-8")
    return str(folder / "reform.yaml")


def trail(folder: Path) -> list[dict[str, Any]]:
    return pq.read_table(folder / "trail.parquet").to_pylist()


def test_a_coefficient_that_changes_inside_the_batch_counts_by_discharge_date(city: Path, tmp_path: Path) -> None:
    where = "where: {regime: dip2_0}"
    at_level = "where: {regime: dip2_0, hosp_lv: %s}"
    rows = [f"key: dip.coef.method\n  {where}\n  from: 2025-01-01\n  value: table\n  unit: text"]
    for level in "123":
        rows += [
            f"key: dip.coef.level\n  {at_level % level}\n  from: 2025-01-01\n  until: 2025-06-30\n"
            "  value: '1'\n  unit: ratio",
            f"key: dip.coef.level\n  {at_level % level}\n  from: 2025-07-01\n  value: '1.5'\n  unit: ratio",
        ]
    setting = flow.Setting(load_law("zibo", ["demo", overlay(tmp_path, *rows)]))
    price(city, tmp_path / "p", setting)
    grouped = [row for row in trail(tmp_path / "p") if row["dip_type"] != "ungrouped"]
    seen = {(row["dscg_date"] >= date(2025, 7, 1), row["coefficient"]) for row in grouped}
    assert seen == {(False, Decimal("1.0000")), (True, Decimal("1.5000"))}


def test_a_catalogue_is_learned_under_the_law_of_its_first_day_of_use(city: Path, tmp_path: Path) -> None:
    row = "key: dip.core.min_cases\n  where: {regime: dip2_0}\n  from: 2026-01-01\n  value: '30'\n  unit: cases"
    earlier = row.replace("2026-01-01", "2025-01-01\n  until: 2025-12-31").replace("'30'", "'15'")
    setting = flow.Setting(load_law("zibo", ["demo", overlay(tmp_path, row, earlier)]))
    paths, until = [city / "cases.parquet"], date(2024, 12, 31)
    plain = flow.build(paths, tmp_path / "a", setting, until=until)
    later = flow.build(paths, tmp_path / "b", setting, until=until, for_day=date(2026, 1, 1))
    assert (plain.summary["law_day"], plain.summary["facts"]["core_min"]) == ("2025-01-01", 15)
    assert (later.summary["law_day"], later.summary["facts"]["core_min"]) == ("2026-01-01", 30)


def test_a_catalogue_grouped_by_other_parameters_is_refused(city: Path, tmp_path: Path) -> None:
    row = "key: dip.dx_chars.core\n  where: {regime: dip2_0}\n  from: 2024-01-01\n  value: '3'\n  unit: chars"
    setting = flow.Setting(load_law("zibo", ["demo", overlay(tmp_path, row)]))
    with pytest.raises(flow.FlowError, match="core_chars"):
        price(city, tmp_path / "p", setting)


def test_a_case_is_paid_once_though_a_local_list_names_its_group_twice(city: Path, tmp_path: Path) -> None:
    top = max(pq.read_table(city / "catalogue" / "catalogue.parquet").to_pylist(), key=lambda row: row["n_cases"])
    (tmp_path / "dip_lists.csv").write_text(
        f"list,code\nprimary_care,{top['dip_code']}\nprimary_care,{top['dip_code']}\n", encoding="utf-8"
    )
    setting = flow.Setting(SETTING.law, lists=tmp_path)
    flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=date(2024, 12, 31))
    flow.price(
        [city / "cases.parquet"], tmp_path / "c", tmp_path / "p", SETTING, budget_fen=10**8, since=date(2025, 1, 1)
    )
    rows = pq.read_table(tmp_path / "p" / "priced_cases.parquet").to_pylist()
    assert len({row["setl_id"] for row in rows}) == len(rows)
    assert sum(row["pay"] for row in rows) == Decimal("1000000.00")
    ones = {row["coefficient"] for row in trail(tmp_path / "p") if row["dip_code"] == top["dip_code"]}
    assert ones == {Decimal("1.0000")}


def test_a_rule_code_that_meets_a_learned_one_is_refused(city: Path, tmp_path: Path) -> None:
    learned = pq.read_table(city / "catalogue" / "catalogue.parquet").to_pylist()
    code = next(row["dip_code"] for row in learned if row["dip_type"] == "core")
    (tmp_path / "dip_rules.csv").write_text(f"layer,dip_code,dx\nearly,{code},Z99\n", encoding="utf-8")
    setting = flow.Setting(load_law("zibo", ["demo", "dip3_draft"]), lists=tmp_path)
    with pytest.raises(flow.FlowError, match="病种编码重复"):
        flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=date(2024, 12, 31))


@pytest.mark.parametrize("cell", ["C0A-C75", "A00-A10-A20", "C75-C00"])
def test_a_range_that_is_none_is_named_with_its_row(city: Path, cell: str, tmp_path: Path) -> None:
    (tmp_path / "dip_rules.csv").write_text(f"layer,dip_code,dx\nearly,X1,{cell}\n", encoding="utf-8")
    setting = flow.Setting(load_law("zibo", ["demo", "dip3_draft"]), lists=tmp_path)
    with pytest.raises((flow.FlowError, RuleError), match="第2行"):
        flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=date(2024, 12, 31))


def test_a_folder_of_lists_without_any_list_is_refused(city: Path, tmp_path: Path) -> None:
    setting = flow.Setting(SETTING.law, lists=tmp_path / "nowhere")
    with pytest.raises(flow.FlowError, match="--lists"):
        flow.build([city / "cases.parquet"], tmp_path / "c", setting)


def test_results_are_never_written_over_the_catalogue(city: Path) -> None:
    with pytest.raises(flow.FlowError, match="毁掉目录"):
        price(city, city / "catalogue")
    assert open_saved(city / "catalogue")


def test_a_run_is_no_catalogue(city: Path, tmp_path: Path) -> None:
    price(city, tmp_path / "p")
    with pytest.raises(ResultFolderError, match="不是 yibao dip build 的结果"):
        flow.price([city / "cases.parquet"], tmp_path / "p", tmp_path / "q", SETTING, budget_fen=1)


def test_a_clean_run_leaves_no_faults_of_an_earlier_one_beside_it(city: Path, tmp_path: Path) -> None:
    row = "{n},H1,K35.800,2025-03-01,{fee}\n"
    head = "setl_id,fixmedins_code,diag_codes,dscg_date,medfee_sumamt\n"
    bad = tmp_path / "cases.csv"
    bad.write_text(head + row.format(n="A", fee="5") + row.format(n="B", fee="-5"), encoding="utf-8")
    price(city, tmp_path / "p", cases=bad)
    assert (tmp_path / "p" / "rejected.xlsx").exists() and (tmp_path / "p" / "findings.xlsx").exists()
    bad.write_text(head + row.format(n="A", fee="5"), encoding="utf-8")
    price(city, tmp_path / "p", cases=bad)
    assert not (tmp_path / "p" / "rejected.xlsx").exists() and not (tmp_path / "p" / "findings.xlsx").exists()


def test_a_timestamp_with_a_zone_has_the_day_it_has_in_china(city: Path, tmp_path: Path) -> None:
    late = datetime(2025, 3, 1, 16, 30, tzinfo=UTC)  # 00:30 of 2 March in China
    cases = pa.table(
        {
            "setl_id": ["A"], "fixmedins_code": ["H1"], "diag_codes": ["K35.800"], "medfee_sumamt": ["5"],
            "dscg_date": pa.array([late], pa.timestamp("us", "Asia/Shanghai")),
            "adm_date": pa.array([late - timedelta(days=2)], pa.timestamp("us", "UTC")),
        }
    )  # fmt: skip
    pq.write_table(cases, tmp_path / "cases.parquet")
    price(city, tmp_path / "p", cases=tmp_path / "cases.parquet")
    assert [row["dscg_date"] for row in trail(tmp_path / "p")] == [date(2025, 3, 2)]


def test_a_draft_regime_says_that_it_is_a_simulation(city: Path, tmp_path: Path) -> None:
    setting = flow.Setting(load_law("zibo", ["demo", "dip3_draft"]))
    flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=date(2024, 12, 31))
    flow.price(
        [city / "cases.parquet"], tmp_path / "c", tmp_path / "p", setting, budget_fen=100, since=date(2025, 1, 1)
    )
    said = json.loads((tmp_path / "p" / "summary.json").read_text(encoding="utf-8"))["remarks"]
    assert any("仅供模拟" in one for one in said)
