"""Auxiliary types, local lists and the history through the whole job: build, open, price, assess, flag."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao.casemix.dip import FLAG_NAMES, KIND_NAMES
from yibao.engine import Engine
from yibao.flows import dip as flow
from yibao.flows.dip_catalogue import FURTHER, open_saved
from yibao.flows.dip_common import flag_grouped, group_cases, load_cases
from yibao.packs import load_law
from yibao.synth import generate
from yibao.tables import ResultFolderError

SETTING = flow.Setting(load_law("zibo", ["demo"]))
UNTIL, SINCE = date(2024, 12, 31), date(2025, 1, 1)
BUDGET = 10**9


def told(cases: pa.Table) -> pa.Table:
    """The cases with what auxiliary types look at: intensive care for some with organ failure, dear; fees by kind."""
    chance = np.random.default_rng(3)
    codes = cases["diag_codes"].to_pylist()
    severe = np.array([any(code[:3] in ("J96", "I50", "A41") for code in dx.split("|")[1:]) for dx in codes])
    icu = np.where(severe, chance.integers(0, 12, len(codes)), 0)
    fees = [(fee * (100 + 25 * int(days)) / 100).quantize(Decimal("0.01"))
            for fee, days in zip(cases["medfee_sumamt"].to_pylist(), icu, strict=True)]  # fmt: skip
    shares = {"drug_fee": 0.4, "trt_fee": 0.1, "tcm_fee": 0.05}
    added = {name: pa.array([(fee * Decimal(str(share))).quantize(Decimal("0.01")) for fee in fees])
             for name, share in shares.items()}  # fmt: skip
    added |= {"icu_days": pa.array(icu), "medfee_sumamt": pa.array(fees), "hifp_pay": cases["fund_pay_sumamt"]}
    for name, column in added.items():
        place = cases.schema.get_field_index(name)
        cases = cases.append_column(name, column) if place < 0 else cases.set_column(place, name, column)
    return cases


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small city, the catalogue of its history, and local lists of the groups that have most cases."""
    folder = tmp_path_factory.mktemp("auxiliary")
    pq.write_table(told(generate(30_000, seed=21).cases), folder / "cases.parquet")
    flow.build([folder / "cases.parquet"], folder / "catalogue", SETTING, until=UNTIL)
    groups = pq.read_table(folder / "catalogue" / "catalogue.parquet").to_pylist()
    top = sorted((row for row in groups if row["dip_type"] == "core"), key=lambda row: -row["n_cases"])[:3]
    (folder / "lists").mkdir()
    rows = [f"primary_care,{top[0]['dip_code']},", f"tcm,{top[1]['dip_code']},", f"tcm,{top[1]['dip_code']},",
            f"day,{top[2]['dip_code']},12.5", "bed_day,F99.9-没有,"]  # fmt: skip
    (folder / "lists" / "local_lists.csv").write_text(
        "list_kind,dip_code,list_points\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    return folder


def priced(city: Path, out: Path, catalogue: Path | None = None) -> list[dict[str, Any]]:
    cases = [city / "cases.parquet"]
    flow.price(cases, catalogue or city / "catalogue", out, SETTING, budget_fen=BUDGET, since=SINCE)
    return pq.read_table(out / "trail.parquet").to_pylist()


def test_the_catalogue_folder_holds_the_parts_that_others_rely_on(city: Path) -> None:
    columns = {
        "hospital_history": "fixmedins_code insutype dscg_year dscg_month n n_grouped fee booked group_points days "
        "n_elderly n_child tcm_fee",
        "group_fact": "dip_code n fee n_days days deaths n_primary n_day fee_day cv candidate",
        "aux_type": "dip_code aux_kind aux_type n fee coefficient trigger_num trigger_den nth",
        "aux_report": "aux_kind groups cases cv_before cv_after",
        "local_list": "list_kind dip_code list_points",
        "aux_band": "type_no aux_kind aux_type low high day_low day_high",
        "aux_dx": "mark category weight prefix",
    }
    assert set(columns) == set(FURTHER)
    saved = open_saved(city / "catalogue")
    for name, expected in columns.items():
        assert getattr(saved, name).column_names == expected.split(), name
    tree = pq.read_table(city / "catalogue" / "tree.parquet")
    assert tree.column_names == ["tree_level", "node", "n_cases", "mean_fee", "cv"]
    sizes = tree.group_by("tree_level").aggregate([("n_cases", "sum")]).to_pylist()
    assert len({row["n_cases_sum"] for row in sizes}) == 1 and len(sizes) == 4, "every level counts every grouped case"


@pytest.mark.parametrize("name", FURTHER)
def test_a_catalogue_without_one_of_its_parts_is_not_whole(city: Path, name: str, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(city / "catalogue", tmp_path / "c")
    (tmp_path / "c" / "parts" / f"{name}.parquet").unlink()
    with pytest.raises(ResultFolderError, match=rf"没有完整的 {name}\.parquet.*请重新运行"):
        open_saved(tmp_path / "c")


def test_a_hospitals_history_adds_up_to_the_history(city: Path) -> None:
    saved = open_saved(city / "catalogue")
    cases = pq.read_table(city / "cases.parquet")
    rows = [row for row in cases.to_pylist() if 2022 <= row["dscg_date"].year <= 2024]
    months = saved.hospital_history.to_pylist()
    assert sum(row["n"] for row in months) == len(rows) == saved.summary["facts"]["history_cases"]
    assert sum(row["fee"] for row in months) == sum(int(row["medfee_sumamt"] * 100) for row in rows)
    assert sum(row["group_points"] for row in months) == saved.summary["facts"]["history_points"]
    home = [row for row in rows if (row.get("insuplc_admdvs") or "3703").startswith("3703")]
    assert sum(row["booked"] for row in months) == sum(int(row["fund_pay_sumamt"] * 100) for row in home)


def test_priced_cases_have_their_auxiliary_coefficient_and_it_enters_the_points(city: Path, tmp_path: Path) -> None:
    rows = priced(city, tmp_path / "p")
    raised = [row for row in rows if row["aux"] != 1]
    assert raised and all(row["aux"] > 1 and row["aux_kind"] in KIND_NAMES for row in raised)
    assert all(row["dip_type"] == "core" for row in raised)
    learned = {(row["dip_code"], row["aux_kind"], row["aux_type"]): row["coefficient"]
               for row in open_saved(city / "catalogue").aux_type.to_pylist()}  # fmt: skip
    for row in rows:
        if row["aux_kind"]:
            assert learned[row["dip_code"], row["aux_kind"], row["aux_type"]] == row["aux"] * 10**4
        else:
            assert row["aux"] == 1


def test_assess_tells_what_each_kind_narrows_and_how_many_cases_have_it(city: Path) -> None:
    done = flow.assess([city / "cases.parquet"], city / "catalogue", SETTING, since=SINCE)
    rows = {row["aux_kind"]: row for row in done.summary["auxiliary"]}
    assert set(rows) == set(KIND_NAMES)
    report = {row["aux_kind"]: row for row in open_saved(city / "catalogue").aux_report.to_pylist()}
    for kind in ("cci", "severity", "icu"):
        row = rows[kind]
        assert row["cases"] == report[kind]["cases"] > 0 and row["groups"] > 0 and row["label"]
        assert row["cv_after"] < row["cv_before"]
    assert rows["severity"]["cases_hit"] > 0


def test_in_the_demo_city_every_kind_of_the_law_narrows_some_group(tmp_path: Path) -> None:
    pq.write_table(generate(200_000).cases, tmp_path / "cases.parquet")
    built = flow.build([tmp_path / "cases.parquet"], tmp_path / "c", SETTING, until=UNTIL)
    report = open_saved(tmp_path / "c").aux_report.to_pylist()
    assert [row["aux_kind"] for row in report] == ["cci", "severity", "tumour", "age", "icu", "newborn"]
    assert all(row["groups"] and row["cases"] and row["cv_after"] < row["cv_before"] for row in report)
    assert built.summary["aux_types"] > 100 and built.summary["primary_candidates"] > 0


def test_local_lists_are_read_with_their_findings_and_change_what_cases_are_paid_by(city: Path, tmp_path: Path) -> None:
    setting = flow.Setting(SETTING.law, lists=city / "lists")
    built = flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=UNTIL)
    (report,) = (one for one in built.reports if one.table == "local_lists")
    assert report.counts == {"duplicate_row": 1, "unknown_dip_code": 1}
    assert {(one.code, one.place.row) for one in report.findings} == {("duplicate_row", 4), ("unknown_dip_code", 6)}
    assert (tmp_path / "c" / "findings.xlsx").exists()
    saved = open_saved(tmp_path / "c")
    listed = {row["list_kind"]: row for row in saved.local_list.to_pylist()}
    assert set(listed) == {"primary_care", "tcm", "day", "bed_day"} and listed["day"]["list_points"] == 125_000
    primary = listed["primary_care"]["dip_code"]
    assert primary not in saved.aux_type["dip_code"].to_pylist()
    rows = priced(city, tmp_path / "p", tmp_path / "c")
    by_id = {row["setl_id"]: row for row in pq.read_table(city / "cases.parquet").to_pylist()}
    day = [row for row in rows if row["dip_code"] == listed["day"]["dip_code"]]
    short = [row for row in day if by_id[row["setl_id"]]["act_ipt_days"] <= 1]
    assert short and {row["group_points"] for row in short} == {Decimal("12.5000")}
    assert all(row["group_points"] != Decimal("12.5000") for row in day if row not in short)
    assert {row["coefficient"] for row in rows if row["dip_code"] == primary} == {Decimal("1.0000")}


def test_columns_that_no_file_has_are_named_with_what_they_switch_off(city: Path, tmp_path: Path) -> None:
    bare = pq.read_table(city / "cases.parquet").select(
        ["setl_id", "fixmedins_code", "diag_codes", "oprn_codes", "dscg_date", "medfee_sumamt"]
    )
    pq.write_table(bare, tmp_path / "cases.parquet")
    done = flow.build([tmp_path / "cases.parquet"], tmp_path / "c", SETTING, until=UNTIL)
    (said,) = (one for one in done.remarks if "没有这些列" in one)
    for name in ("icu_days", "drug_fee", "trt_fee", "tcm_fee", "hifp_pay", "insuplc_admdvs", "dscg_way"):
        assert name in said
    kinds = {row["aux_kind"] for row in open_saved(tmp_path / "c").aux_type.to_pylist()}
    assert kinds <= {"cci", "severity", "tumour"}, "no ages, no intensive care, no weights"
    flow.price([tmp_path / "cases.parquet"], tmp_path / "c", tmp_path / "p", SETTING, budget_fen=1, since=SINCE)


def test_a_catalogue_learned_under_other_auxiliary_terms_is_refused(city: Path, tmp_path: Path) -> None:
    row = ("- {key: dip.aux.serious_days, where: {regime: dip2_0}, from: 2025-01-01, value: '4', unit: days,\n"
           "   source: {doc: 测试, published: 2026-12-01}, grade: assumed}\n")  # fmt: skip
    (tmp_path / "reform.yaml").write_text(row, encoding="utf-8")
    setting = flow.Setting(load_law("zibo", ["demo", str(tmp_path / "reform.yaml")]))
    with pytest.raises(flow.FlowError, match=r"与建立目录时不同（aux\.serious_days）"):
        flow.price([city / "cases.parquet"], city / "catalogue", tmp_path / "p", setting, budget_fen=1, since=SINCE)


def test_high_cost_may_be_measured_by_the_standard_at_the_opening_value(city: Path, tmp_path: Path) -> None:
    row = ("- {key: dip.aux.tumour_cost_base, where: {regime: dip2_0}, from: 2025-01-01, value: standard, unit: text,\n"
           "   source: {doc: 测试, published: 2026-12-01}, grade: assumed}\n")  # fmt: skip
    (tmp_path / "reform.yaml").write_text(row, encoding="utf-8")
    setting = flow.Setting(load_law("zibo", ["demo", str(tmp_path / "reform.yaml")]))
    built = flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=UNTIL)
    assert built.summary["auxiliary"]["cost_base"] == "standard"
    done = flow.price([city / "cases.parquet"], tmp_path / "c", tmp_path / "p", setting, budget_fen=100, since=SINCE)
    assert done.summary["total_pay"] == "1.00"


def test_without_types_in_the_law_no_case_has_one(city: Path, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "src/yibao/packs/zibo/overlays/demo.yaml").read_text(encoding="utf-8")
    kept = [entry for entry in text.split("\n- ") if not entry.startswith("{key: dip.aux.")]
    (tmp_path / "plain.yaml").write_text("\n- ".join(kept), encoding="utf-8")
    setting = flow.Setting(load_law("zibo", [str(tmp_path / "plain.yaml")]))
    built = flow.build([city / "cases.parquet"], tmp_path / "c", setting, until=UNTIL)
    assert built.summary["auxiliary"]["kinds"] == "()"
    saved = open_saved(tmp_path / "c")
    assert saved.aux_type.num_rows == saved.aux_report.num_rows == 0
    cases = [city / "cases.parquet"]
    flow.price(cases, tmp_path / "c", tmp_path / "p", setting, budget_fen=100, since=SINCE)
    assert {row["aux"] for row in pq.read_table(tmp_path / "p" / "trail.parquet").to_pylist()} == {Decimal("1.0000")}
    assert (
        "dip.aux.kinds" not in json.loads((tmp_path / "c" / "summary.json").read_text(encoding="utf-8"))["unverified"]
    )


def test_flags_of_a_city_are_found_and_leave_the_groups_as_they_are(city: Path) -> None:
    saved = open_saved(city / "catalogue")
    with Engine() as engine:
        report = load_cases(engine, [city / "cases.parquet"], (SINCE, None))
        view = group_cases(engine, SETTING.law, saved)
        engine.pipeline("yibao.casemix.dip", ("grouped",))
        before = engine.fetch("SELECT * FROM grouped ORDER BY case_no")
        flag_grouped(engine, view, saved, report.missing_optional)
        assert engine.fetch("SELECT * FROM grouped ORDER BY case_no").equals(before)
        found = dict(engine.rows("SELECT flag, count(*) FROM case_flag GROUP BY flag"))
    assert set(found) <= set(FLAG_NAMES) and found["low_standard"] and found["readmission"]


def test_the_order_of_the_input_changes_no_type(city: Path, tmp_path: Path) -> None:
    cases = pq.read_table(city / "cases.parquet")
    pq.write_table(
        cases.take(pa.array(np.random.default_rng(1).permutation(cases.num_rows))), tmp_path / "cases.parquet"
    )
    flow.build([tmp_path / "cases.parquet"], tmp_path / "c", SETTING, until=UNTIL)
    ours, theirs = open_saved(city / "catalogue"), open_saved(tmp_path / "c")
    for name in FURTHER:
        assert getattr(ours, name).equals(getattr(theirs, name)), name
