"""Planted faults: every kind is there, the key names each, and a checker finds what it must."""

from pathlib import Path

import pyarrow as pa
import pytest

from yibao.engine import Engine
from yibao.synth import City, generate, write_city
from yibao.synth.faults import DUPLICATE, FAULTS, plant
from yibao.tables import load

FATAL = {
    "negative_fee",
    "fraction_of_fen",
    "missing_fee",
    "discharge_before_admission",
    "impossible_day",
    "unknown_insutype",
    "missing_dx",
    "missing_hospital",
    "age_out_of_range",
    "unknown_sex",
}
"""Kinds that leave no way to read the row; the others a loader may repair, or only remark on."""


@pytest.fixture(scope="module")
def city() -> City:
    return generate(5_000, bad_share=0.05)


def test_every_kind_of_fault_is_planted_and_the_share_is_kept(city: City) -> None:
    kinds = city.planted["fault"].to_pylist()
    assert set(kinds) == {*FAULTS, DUPLICATE}
    rows = city.cases.num_rows - kinds.count(DUPLICATE)
    assert abs(len(kinds) / rows - 0.05) < 0.001


def test_the_key_names_the_row_the_column_and_the_value_written(city: City) -> None:
    rows = {row["setl_id"]: row for row in city.cases.to_pylist()}
    for planted in city.planted.to_pylist():
        assert rows[planted["setl_id"]][planted["column"]] == planted["value"]


def test_a_row_has_one_fault_and_repeated_rows_are_those_the_key_names(city: City) -> None:
    named = city.planted["setl_id"].to_pylist()
    assert len(set(named)) == len(named)
    ids = city.cases["setl_id"].to_pylist()
    repeated = {number for number in ids[-len(named) :] if ids.count(number) == 2}
    assert repeated == {row["setl_id"] for row in city.planted.to_pylist() if row["fault"] == DUPLICATE}


def test_faulty_cases_are_text_throughout(city: City) -> None:
    assert {field.type for field in city.cases.schema} == {pa.string()}
    assert city.cases["nwb_age_days"].null_count == 0


def test_without_faults_the_key_is_empty() -> None:
    assert generate(1_000).planted.num_rows == 0


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_outside_zero_to_one_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        plant(generate(1_000).cases, share, 1)


def test_a_clean_city_loads_without_a_reject(tmp_path: Path) -> None:
    write_city(generate(1_000, seed=11), tmp_path)
    with Engine() as engine:
        for table in ("cases", "persons", "providers", "px_kinds"):
            report = load(engine, table, [tmp_path / f"{table}.parquet"])
            assert engine.con.execute(f'SELECT count(*) FROM "{report.rejects}"').fetchall() == [(0,)]


def test_the_loader_rejects_the_planted_rows_that_cannot_be_read_and_no_sound_one(city: City, tmp_path: Path) -> None:
    write_city(city, tmp_path, fmt="csv")
    with Engine() as engine:
        load(engine, "cases", [tmp_path / "cases.csv"])
        kept = [row for (row,) in engine.con.execute("SELECT setl_id FROM cases").fetchall()]
    planted = {row["setl_id"]: row["fault"] for row in city.planted.to_pylist()}
    assert {planted[number] for number in kept if number in planted}.isdisjoint(FATAL)
    assert len(kept) == len(set(kept))
    assert set(city.cases["setl_id"].to_pylist()) - set(planted) <= set(kept)
