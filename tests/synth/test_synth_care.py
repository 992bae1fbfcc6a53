"""The city of benefits: the same rows for a seed however written, lines that sum, tables that hang together."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from yibao.catalogue import check_catalogue, check_lines
from yibao.cli.app import app
from yibao.engine import Engine
from yibao.standard import CODE_TABLES, TABLES
from yibao.synth import generate, make_care, write_care
from yibao.synth.care import make, people
from yibao.synth.care.bad import FAULTS
from yibao.tables import load

CITY = "330900"
TOLERANCE_FEN = 5


@pytest.fixture(scope="module")
def city() -> dict[str, pa.Table]:
    return make_care(4_000, admdvs=CITY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("care")
    write_care(out, 4_000, admdvs=CITY)
    return out


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "BLOCK", 700)


def by_id(city: dict[str, pa.Table]) -> dict[str, dict]:
    return {row["setl_id"]: row for row in city["claims"].to_pylist()}


# --- determinism ----------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(city: dict[str, pa.Table]) -> None:
    again = make_care(4_000, admdvs=CITY)
    assert set(again) == set(make.NAMES)
    assert all(again[name].equals(table) for name, table in city.items())
    assert not make_care(4_000, admdvs=CITY, seed=2)["claims"].equals(city["claims"])


@pytest.mark.usefixtures("small_blocks")
def test_rows_do_not_depend_on_how_many_blocks_are_written_at_a_time(tmp_path: Path) -> None:
    whole = write_care(tmp_path / "whole", 2_000, admdvs=CITY, part_blocks=9)
    parts = write_care(tmp_path / "parts", 2_000, admdvs=CITY, part_blocks=1)
    assert {path.name for path in whole} == {f"{name}.parquet" for name in make.NAMES}
    assert {path.name for path in parts if path.name.startswith("claims")} == {
        f"claims_0{n}.parquet" for n in (1, 2, 3)
    }
    for name in make.NAMES:
        with Engine() as engine:
            rows = []
            for made in ("whole", "parts"):
                load(engine, name, [tmp_path / made], into=made)
                columns = ", ".join(TABLES[name].columns)
                rows.append(engine.rows(f"SELECT {columns} FROM {made} ORDER BY {', '.join(TABLES[name].grain)}"))
        assert rows[0], name
        assert rows[0] == rows[1], name


@pytest.mark.usefixtures("small_blocks")
def test_a_smaller_city_in_the_same_folder_leaves_no_part_of_the_larger_one(tmp_path: Path) -> None:
    write_care(tmp_path, 2_000, admdvs=CITY, part_blocks=1)
    (tmp_path / "notes.csv").write_text("mine")
    write_care(tmp_path, 800, admdvs=CITY, part_blocks=9, fmt="csv")
    assert {path.name for path in tmp_path.iterdir()} == {"notes.csv", *(f"{name}.csv" for name in make.NAMES)}


def test_figures_out_of_range_are_refused(tmp_path: Path) -> None:
    for wrong in ({"people": 3}, {"year": 1900}, {"bad_share": 2.0}, {"fmt": "xlsx"}, {"credit_months": 13}):
        with pytest.raises(ValueError, match=r"range|at least|must be"):
            write_care(tmp_path / "no", **{"people": 1_000, **wrong})
    assert not (tmp_path / "no").exists()


# --- what the tables hold -------------------------------------------------------------------------------------------


def test_every_table_loads_without_a_finding_and_the_checks_of_catalogue_and_lines_find_nothing(folder: Path) -> None:
    with Engine() as engine:
        for name in make.NAMES:
            report = load(engine, name, [folder])
            assert (report.findings, report.rows_rejected, report.missing_optional) == ([], 0, []), name
            grain = ", ".join(TABLES[name].grain)
            assert engine.rows(f"SELECT 1 FROM {name} GROUP BY {grain} HAVING count(*) > 1 LIMIT 1") == [], name
        assert check_catalogue(engine) == []
        assert check_lines(engine, tolerance_fen=TOLERANCE_FEN) == []


def test_a_csv_loads_as_the_parquet_does(tmp_path: Path, city: dict[str, pa.Table]) -> None:
    write_care(tmp_path, 4_000, admdvs=CITY, fmt="csv")
    with Engine() as engine:
        for name in ("claims", "fee_lines", "contributions", "catalogue_items"):
            report = load(engine, name, [tmp_path])
            assert (report.findings, report.rows_kept) == ([], city[name].num_rows), name


def test_lines_are_count_times_price_to_the_fen_and_sum_to_their_settlement(city: dict[str, pa.Table]) -> None:
    sums: Counter = Counter()
    fen = Decimal("0.01")
    for row in city["fee_lines"].to_pylist():
        product = (row["cnt"] * row["pric"]).quantize(fen, ROUND_HALF_UP)
        assert row["det_item_fee_sumamt"] == product, row
        sums[row["setl_id"]] += row["det_item_fee_sumamt"]
    claims = by_id(city)
    assert {i: one["medfee_sumamt"] for i, one in claims.items() if one["refd_setl_flag"] == "0"} == dict(sums)
    assert all(total > 0 for total in sums.values())
    counts = [row["cnt"] for row in city["fee_lines"].to_pylist()]
    assert any(one < 0 for one in counts)
    assert sum(one % 1 != 0 for one in counts) > len(counts) // 50


def test_reversals_mirror_an_earlier_settlement_once_and_have_no_lines(city: dict[str, pa.Table]) -> None:
    claims = by_id(city)
    back = [one for one in claims.values() if one["refd_setl_flag"] == "1"]
    assert len(back) > 50
    assert len({one["init_setl_id"] for one in back}) == len(back)
    same = ("psn_no", "fixmedins_code", "med_type", "medfee_sumamt", "mdtrt_id")
    for one in back:
        first = claims[one["init_setl_id"]]
        assert first["refd_setl_flag"] == "0"
        assert first["setl_time"] < one["setl_time"]
        assert [first[name] for name in same] == [one[name] for name in same]
    assert not {one["setl_id"] for one in back} & set(city["fee_lines"]["setl_id"].to_pylist())


def test_every_kind_of_care_occurs_and_stays_cross_the_year(city: dict[str, pa.Table]) -> None:
    assert set(city["claims"]["med_type"].to_pylist()) == set(CODE_TABLES["med_type"].codes)
    rows = city["claims"].to_pylist()
    assert any(row["begndate"].year == 2024 and row["enddate"].year == 2025 for row in rows)
    late = [row for row in rows if row["setl_time"].date() > row["enddate"] and row["refd_setl_flag"] == "0"]
    assert late
    assert any(row["setl_time"].year == 2026 for row in late)
    assert 2.6 < city["fee_lines"].num_rows / len(rows) < 3.4
    assert 6.2 < len(rows) / 4_000 < 7.2


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("claims", "psn_no", "persons"), ("claims", "fixmedins_code", "providers"),
        ("fee_lines", "setl_id", "claims"), ("fee_lines", "med_list_codg", "catalogue_items"),
        ("fee_lines", "rxno", "prescriptions"), ("claims", "rxno", "prescriptions"),
        ("contributions", "psn_no", "enrolments"), ("enrolments", "psn_no", "persons"),
        ("acct_credits", "psn_no", "acct_balances"), ("acct_bindings", "psn_no", "persons"),
        ("chosen_points", "fixmedins_code", "providers"), ("doctor_contracts", "fixmedins_code", "providers"),
        ("special_approvals", "med_list_codg", "catalogue_items"), ("item_limits", "med_list_codg", "catalogue_items"),
        ("preparations", "fixmedins_code", "providers"), ("households", "psn_no", "persons"),
        ("identities", "psn_no", "persons"), ("deaths", "psn_no", "persons"), ("incentives", "psn_no", "persons"),
        ("chronic_approvals", "psn_no", "persons"), ("offsite_filings", "psn_no", "persons"),
    ],
)  # fmt: skip
def test_what_a_table_names_is_there(city: dict[str, pa.Table], table: str, column: str, target: str) -> None:
    named = {one for one in city[table][column].to_pylist() if one is not None}
    assert named
    assert named <= set(city[target][column].to_pylist())


def test_sharers_are_relatives_of_one_household_in_an_order_and_never_oneself(city: dict[str, pa.Table]) -> None:
    home = dict(zip(*(city["households"][name].to_pylist() for name in ("psn_no", "household_no")), strict=True))
    turns: dict[str, list[int]] = {}
    holders = set(city["acct_balances"]["psn_no"].to_pylist())
    for row in city["acct_bindings"].to_pylist():
        assert row["psn_no"] != row["owner_psn_no"]
        assert row["owner_psn_no"] in holders
        assert home[row["psn_no"]] == home[row["owner_psn_no"]] or row["rlts"] == "spouse"
        turns.setdefault(row["psn_no"], []).append(row["bind_seq"])
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in turns.values())
    assert any(len(found) > 1 for found in turns.values())


def test_identity_numbers_differ_and_carry_birth_sex_and_a_right_check_digit(city: dict[str, pa.Table]) -> None:
    rows = city["persons"].to_pylist()
    assert len({row["certno"] for row in rows}) == len(rows)
    for row in rows:
        number = row["certno"]
        assert number[6:14] == row["brdy"].strftime("%Y%m%d")
        assert int(number[16]) % 2 == int(row["gend"]) % 2
        weighed = sum(int(digit) * (2 ** (17 - at) % 11) for at, digit in enumerate(number[:17]))
        assert "10X98765432"[weighed % 11] == number[17]


def test_the_catalogue_has_every_class_list_channel_limit_and_dated_versions(city: dict[str, pa.Table]) -> None:
    items = city["catalogue_items"]
    assert len(set(items["med_list_codg"].to_pylist())) > 2_900
    assert set(items["chrgitm_lv"].to_pylist()) == {"01", "02", "03"}
    assert set(items["list_type"].to_pylist()) == {"101", "102", "103", "201", "301"}
    assert set(items["pay_channel"].to_pylist()) == {"normal", "special", "negotiated"}
    assert {row["begndate"].year for row in items.to_pylist()} == {2019, 2025}
    assert items["pric_uplmt_lv1"].null_count < items.num_rows
    limits = city["item_limits"].to_pylist()
    asked = [name for name in TABLES["item_limits"].columns if name not in ("med_list_codg", "begndate", "seq")]
    assert all(any(row[name] is not None for row in limits) for name in asked)


def test_cover_has_gaps_waits_switches_newborns_and_people_enrolled_twice(city: dict[str, pa.Table]) -> None:
    enrolled, paid = city["enrolments"].to_pylist(), city["contributions"].to_pylist()
    assert {row["psn_insu_stas"] for row in enrolled} == {"1", "2", "4"}
    assert {row["insuplc_admdvs"] for row in enrolled} > {CITY}
    kinds = {row["psn_no"]: set() for row in enrolled}
    for row in enrolled:
        kinds[row["psn_no"]].add(row["insutype"])
    assert any(len(found) == 2 for found in kinds.values())
    months = Counter(row["psn_no"] for row in paid if row["insutype"] == "310" and row["insuplc_admdvs"] == CITY)
    assert {12, 11} <= set(months.values())
    residents = [row for row in paid if row["insutype"] == "390"]
    assert any(row["pay_from"] is None for row in residents)
    assert any(
        row["pay_from"] and row["pay_from"] > row["paid_date"] and row["paid_date"].year == 2025 for row in residents
    )
    born = {row["psn_no"] for row in city["persons"].to_pylist() if row["brdy"].year == 2025}
    assert born & set(kinds)
    listed = set(city["persons"]["certno"].to_pylist())
    assert any(one not in listed for one in city["residents"]["certno"].to_pylist())


def test_a_city_that_is_not_listed_and_another_year_work() -> None:
    made = make_care(800, admdvs="999999", year=2024)
    assert set(made["contributions"]["year"].to_pylist()) == {2024}
    assert {code[:6] for code in made["persons"]["psn_no"].to_pylist()} == {"999999"}


def test_families_are_possible() -> None:
    folk = people.folk(0, 0, 5_000, 2025, 7, CITY, [1.0])
    wed = folk.spouse >= 0
    assert (folk.spouse[folk.spouse[wed]] == wed.nonzero()[0]).all()
    children = folk.mother >= 0
    assert (folk.age[folk.mother[children]] - folk.age[children] > 12).mean() > 0.97
    assert folk.female[folk.mother[children]].all()


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command_takes_city_year_and_form_and_without_care_writes_the_close_as_ever(tmp_path: Path) -> None:
    def run(*arguments: str) -> None:
        done = CliRunner().invoke(app, ["synth", "--people", "1000", *arguments, "--out", str(tmp_path / "city")])
        assert done.exit_code == 0, done.output

    run("--care", "--city", "舟山", "--year", "2024", "--format", "csv")
    with Engine() as engine:
        load(engine, "claims", [tmp_path / "city"])
        assert engine.rows("SELECT DISTINCT substr(psn_no, 1, 6), substr(setl_id, 1, 5) FROM claims") == [
            (CITY, "S2024")
        ]
    run("--seed", "7")
    plain = generate(1_000, seed=7)
    for name, table in plain.tables().items():
        path = tmp_path / "city" / f"{name}.parquet"
        assert pq.read_table(path).cast(table.schema).equals(table), name


# --- planted faults -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bad")
    write_care(out, 2_000, admdvs=CITY, bad_share=0.01)
    return out


def key_of(bad: Path) -> list[dict]:
    return pq.read_table(bad / "planted.parquet").to_pylist()


def test_every_kind_of_fault_is_planted_and_the_share_is_kept(bad: Path) -> None:
    key = key_of(bad)
    assert {row["fault"] for row in key} == set(FAULTS)
    assert abs(len(key) / pq.read_metadata(bad / "claims.parquet").num_rows - 0.01) < 0.001


def test_the_key_names_the_row_and_the_value_written(bad: Path) -> None:
    claims = {(row["setl_id"], row["medfee_sumamt"]): row for row in pq.read_table(bad / "claims.parquet").to_pylist()}
    ids = {one for one, _ in claims}
    lines = {(row["setl_id"], row["feedetl_sn"]): row for row in pq.read_table(bad / "fee_lines.parquet").to_pylist()}
    for row in key_of(bad):
        if row["table"] == "fee_lines":
            assert (lines[tuple(row["key"].split("/"))][row["column"]] or "") == row["value"], row
        else:
            assert row["key"] in ids
            values = {one[row["column"]] or "" for (key, _), one in claims.items() if key == row["key"]}
            assert row["value"] in values, row


def test_planting_leaves_the_other_settlements_as_they_were(bad: Path) -> None:
    clean = make_care(2_000, admdvs=CITY)
    touched = {row["key"].split("/")[0] for row in key_of(bad)}
    spoiled = pq.read_table(bad / "claims.parquet")
    for table in (spoiled, clean["claims"]):
        assert table.num_rows > 10_000
    kept = {row["setl_id"]: row for row in spoiled.to_pylist()}
    for row in clean["claims"].select(["setl_id", "psn_no", "medfee_sumamt", "diag_codes"]).to_pylist():
        if row["setl_id"] not in touched:
            assert kept[row["setl_id"]]["medfee_sumamt"] == str(row["medfee_sumamt"])
            assert kept[row["setl_id"]]["diag_codes"] == row["diag_codes"]


def test_reading_finds_exactly_the_faults_that_the_key_gives_to_reading(bad: Path) -> None:
    key = [row for row in key_of(bad) if row["found_by"] == "check"]
    with Engine() as engine:
        for table in ("claims", "fee_lines"):
            report = load(engine, table, [bad])
            wanted = Counter(row["code"] for row in key if row["table"] == table)
            wanted["duplicate_key"] *= 2
            assert report.counts == dict(+wanted), table


def test_the_check_of_lines_finds_the_faults_that_the_key_gives_to_it(bad: Path) -> None:
    with Engine() as engine:
        for table in ("claims", "fee_lines", "catalogue_items"):
            load(engine, table, [bad])
        found = {(one.code, one.key) for one in check_lines(engine, tolerance_fen=TOLERANCE_FEN)}
    wanted = {(row["code"], row["key"]) for row in key_of(bad) if row["found_by"] == "lines"}
    assert wanted <= found
    followed = {row["key"].split("/")[0] for row in key_of(bad)}
    assert {key.split("/")[0] for _, key in found} <= followed, "a sound settlement was found at fault"
    assert {code for code, _ in found - wanted} <= {"line_without_claim", "lines_not_claim_total"}


def test_the_key_of_an_unknown_item_is_the_reason_that_the_catalogue_gives(bad: Path) -> None:
    from yibao.catalogue.reasons import Reason

    assert {row["code"] for row in key_of(bad) if row["found_by"] == "catalogue"} == {Reason.UNMAPPED.code}
    known = set(read_codes(bad))
    assert all(row["value"] not in known for row in key_of(bad) if row["fault"] == "unknown_item")


def read_codes(folder: Path) -> list[str]:
    return pq.read_table(folder / "catalogue_items.parquet")["med_list_codg"].to_pylist()
