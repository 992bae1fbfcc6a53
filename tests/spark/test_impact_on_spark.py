"""The SQL of a simulation makes the same tables on Spark as on DuckDB: what reforms change, what behaviour moves."""

from datetime import date
from pathlib import Path

import impact_hand as hand
import pyarrow as pa
import pytest
from run_on_spark import compare, require_spark

from yibao.engine import load_sql
from yibao.impact.measure import BY_CLAIM, BY_PERSON, EDGES, EXAMPLES, EXTREMES, OF_LAWS

pytestmark = pytest.mark.spark
STEPS = (*BY_CLAIM, *BY_PERSON, *OF_LAWS, *EXAMPLES, "impact_closing")
RESPONSE = (
    "response_skip", "response_visit", "response_cell", "response_place", "response_asked", "response_claim",
    "responded_claims", "responded_lines", "responded_prescriptions",
)  # fmt: skip


def test_the_tables_of_an_impact_are_the_same_on_both_engines(tmp_path: Path) -> None:
    require_spark()
    pipeline = [load_sql("yibao.impact", name) for name in STEPS]
    edges = {f"edge{at}": edge for at, edge in enumerate(EDGES, start=1)}
    params = {"threshold": hand.THRESHOLD, "extremes": EXTREMES, **edges}
    rows = compare(pipeline, inputs=hand.tables(), params=params, folder=tmp_path)
    assert rows["impact_split"]
    assert rows["impact_example"]


def test_the_visits_that_behaviour_moves_are_the_same_on_both_engines(tmp_path: Path) -> None:
    require_spark()
    given = hand.tables()
    claims = given["sim_claim"]
    count = claims.num_rows
    blank = pa.array([None] * count, pa.string())
    names = "mdtrt_id insutype fixmedins_code med_type diag_codes dise_codg er_flag refl_no dr_codg psn_setlway"
    columns = dict.fromkeys([*names.split(), "src_file"], blank)
    days = pa.array([date(2025, 1, 1)] * count, pa.date32())
    reversal = pa.array(["1" if one == "S8" else "0" for one in claims["setl_id"].to_pylist()])
    given["claims"] = pa.table({
        **columns, "setl_id": claims["setl_id"], "psn_no": claims["psn_no"], "medfee_sumamt": claims["medfee"],
        "setl_time": days, "begndate": days, "enddate": days, "refd_setl_flag": reversal,
        "init_setl_id": pa.array(["S7" if one == "1" else "" for one in reversal.to_pylist()]),
        "rxno": pa.array([f"X{at}" for at in range(count)]), "src_row": pa.array(range(count), pa.int64()),
    })  # fmt: skip
    lines = "med_list_codg bilg_dr_codg sin_dos_dscr rxno init_feedetl_sn src_file"
    written = "psn_no fixmedins_code dr_codg sin_dos_dscr rx_kind rx_state src_file"
    given["fee_lines"] = pa.table({
        "setl_id": claims["setl_id"], "feedetl_sn": pa.array(["1"] * count), "fee_ocur_time": days,
        **dict.fromkeys(lines.split(), blank),
        **dict.fromkeys(("cnt", "pric", "det_item_fee_sumamt", "prd_days", "src_row"), claims["medfee"]),
    })  # fmt: skip
    given["prescriptions"] = pa.table({
        "rxno": pa.array([f"X{at}" for at in range(count)]), "med_list_codg": pa.array(["A"] * count),
        **dict.fromkeys(written.split(), blank),
        "rx_time": days, **dict.fromkeys(("cnt", "vali_days", "src_row"), claims["medfee"]),
    })  # fmt: skip
    cells = [("outpatient", "1", "310", 400_000), ("inpatient", "2", "390", -900_000)]
    given["response_elasticity"] = pa.table({
        "kind": [one[0] for one in cells], "hosp_lv": [one[1] for one in cells], "insutype": [one[2] for one in cells],
        "elasticity_ppm": pa.array([one[3] for one in cells], pa.int64()),
    })  # fmt: skip
    given["response_shift"] = pa.table({
        "kind": ["inpatient"], "from_lv": ["3"], "to_lv": ["2"], "low_ppm": pa.array([0], pa.int64()),
        "high_ppm": pa.array([500_000], pa.int64()),
    })  # fmt: skip
    given["response_draw"] = pa.table({
        "claim_no": claims["claim_no"], "visit_draw": pa.array([100_000] * count, pa.int64()),
        "shift_draw": pa.array([100_000] * count, pa.int64()),
    })  # fmt: skip
    pipeline = [load_sql("yibao.impact", name) for name in RESPONSE]
    rows = compare(pipeline, inputs=given, params={"law_no": 1, "suffix": ".R"}, folder=tmp_path)
    assert rows["response_claim"]
    assert rows["responded_claims"]
