"""The synthetic year settled: nearly all of it comes out, and what was planted is what is refused."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from yibao.benefit.outcomes import BY_CODE
from yibao.flows.dip import Setting
from yibao.flows.settle import Settlement, settle
from yibao.packs import load_law
from yibao.synth import write_care

PEOPLE = 1_500


def settled(folder: Path, out: Path, city: str) -> Settlement:
    law = load_law(city, ["demo"], ())
    return settle(folder, out, Setting(law, None, None, None))


@pytest.mark.parametrize("city", ["330900", "441900", "610000", "360100", "370300"])
def test_a_year_runs_through_and_nearly_all_is_settled(tmp_path: Path, city: str) -> None:
    write_care(tmp_path / "city", PEOPLE, admdvs=city)
    done = settled(tmp_path / "city", tmp_path / "out", city)
    outcomes = done.summary["outcomes"]
    total = sum(outcomes.values())
    assert done.findings == []
    assert done.summary["refused"] == {}
    assert outcomes["settled"] > 0.85 * total
    assert {"reversed", "not_approved"} <= set(outcomes)
    assert {"not_enrolled", "arrears", "waiting", "duplicate_enrolment"} & set(outcomes)
    assert ("not_selected_point" in outcomes) == (city == "441900")
    assert total == pq.read_metadata(tmp_path / "city" / "claims.parquet").num_rows
    assert all(
        float(done.summary["amounts"][name]) > 0 for name in ("hifp_pay", "acct_pay", "acct_mulaid_pay", "maf_pay")
    )


def test_what_was_planted_for_settling_is_what_settling_finds(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    write_care(folder, PEOPLE, admdvs="330900", bad_share=0.02)
    key = pq.read_table(folder / "planted.parquet").to_pylist()
    done = settled(folder, tmp_path / "out", "330900")
    table = pq.read_table(tmp_path / "out" / "settlements.parquet", columns=["setl_id", "outcome"])
    outcome = {row["setl_id"]: row["outcome"] for row in table.to_pylist()}
    refused = {one.key: one.code for one in done.findings if one.code in BY_CODE}
    for row in key:
        if row["found_by"] == "settle":
            assert row["code"] in (refused.get(row["key"]), outcome.get(row["key"])), row
    planted = Counter(row["code"] for row in key if row["found_by"] == "settle")
    negative = {row["key"].split("/")[0] for row in key if row["fault"] == "negative_line"}
    assert {refused.get(one) for one in negative} == {"negative_line"}
    assert set(done.summary["refused"]) == {"negative_line", *(code for code in planted if BY_CODE[code].refused)}
    assert set(refused) <= {row["key"].split("/")[0] for row in key}, "a sound settlement was refused"
