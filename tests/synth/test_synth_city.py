"""The synthetic city: the same bytes for a seed, money to the fen, plausible marginals, possible lives."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from yibao.standard import TABLES
from yibao.synth import City, generate, generate_cases, write_city

DX = re.compile(r"[A-Z]\d{2}\.(\d{3}|x\d{2})(x\d{3})?(\+[A-Z]\d{2}\.\d\*)?")
PX = re.compile(r"\d{2}\.(\d{4}|\dx\d{2}|\d{5})(x\d{3})?")
DIGEST = "2788e4746ac9e5ee"
"""Of `tiny`: change it knowingly, when the city is meant to change."""


def tiny() -> City:
    return generate(1_000, years=(2024, 2025), seed=7, bad_share=0.1)


def digest(city: City) -> str:
    found = hashlib.sha256()
    for name, table in city.tables().items():
        found.update(repr((name, table.to_pylist())).encode())
    return found.hexdigest()[:16]


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy()


def fen(column: pa.ChunkedArray) -> np.ndarray:
    return np.array([int(value.scaleb(2)) for value in column.to_pylist()], dtype=np.int64)


def days(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.int32()).to_numpy(zero_copy_only=False).astype(np.int64)


def starts(table: pa.Table, *prefixes: str) -> pa.Table:
    return table.filter(pa.array([text.startswith(prefixes) for text in table["diag_codes"].to_pylist()]))


@pytest.fixture(scope="module")
def city() -> City:
    return generate(60_000)


@pytest.fixture(scope="module")
def cases(city: City) -> pa.Table:
    return city.cases


@pytest.fixture(scope="module")
def lives(city: City) -> pa.Table:
    """The cases of those insured here with the person's sex, birth and death beside them."""
    known = city.persons.select(["psn_no", "gend", "brdy", "die_date", "insutype"])
    known = known.rename_columns(["psn_no", "p_gend", "brdy", "die_date", "p_insutype"])
    return city.cases.join(known, "psn_no", join_type="inner").sort_by("setl_id")


# --- determinism ----------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_tables_and_the_digest_changes_only_knowingly() -> None:
    assert digest(tiny()) == DIGEST


def test_another_process_makes_the_same_city() -> None:
    code = "import hashlib; from yibao.synth import generate; c = generate(1000, years=(2024, 2025), seed=7).cases; "
    code += "print(hashlib.sha256(repr(c.to_pylist()).encode()).hexdigest())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    here = generate(1000, years=(2024, 2025), seed=7).cases
    assert done.stdout.strip() == hashlib.sha256(repr(here.to_pylist()).encode()).hexdigest()


def test_another_seed_gives_another_city() -> None:
    assert not generate(1_000, seed=1).cases.equals(generate(1_000, seed=2).cases)


def test_planting_faults_leaves_people_providers_and_the_other_rows_as_they_were() -> None:
    clean, spoiled = generate(2_000, seed=3), generate(2_000, seed=3, bad_share=0.05)
    assert clean.persons.equals(spoiled.persons)
    assert clean.providers.equals(spoiled.providers)
    bad = set(spoiled.planted["setl_id"].to_pylist())
    good = pa.array([number not in bad for number in clean.cases["setl_id"].to_pylist()])
    same = pa.array([number not in bad for number in spoiled.cases["setl_id"].to_pylist()])
    expected = [
        {key: "" if v is None else str(v) for key, v in row.items()} for row in clean.cases.filter(good).to_pylist()
    ]
    assert spoiled.cases.filter(same).to_pylist() == expected


# --- shape ----------------------------------------------------------------------------------------------------------


def test_cases_have_the_national_columns_in_order_and_amounts_are_exact_decimals(cases: pa.Table) -> None:
    assert tuple(cases.column_names) == TABLES["cases"].columns
    for name in ("medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay"):
        assert cases.schema.field(name).type == pa.decimal128(16, 2)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("persons", "psn_no"),
        ("providers", "fixmedins_code"),
        ("cases", "setl_id"),
        ("dx_names", "code"),
        ("px_names", "code"),
        ("px_kinds", "oprn_code"),
    ],
)
def test_every_table_has_its_grain(city: City, table: str, key: str) -> None:
    found = city.tables()[table]
    assert found.num_rows > 0
    assert len(set(found[key].to_pylist())) == found.num_rows


def test_providers_have_three_levels_twelve_character_codes_and_names_of_their_own(city: City) -> None:
    codes = city.providers["fixmedins_code"].to_pylist()
    assert all(re.fullmatch(r"H3703\d{7}", code) for code in codes)
    assert set(city.providers["hosp_lv"].to_pylist()) == {"1", "2", "3"}
    assert len(set(city.providers["fixmedins_name"].to_pylist())) == len(codes)
    assert set(city.cases["fixmedins_code"].to_pylist()) <= set(codes)
    level = dict(zip(codes, city.providers["hosp_lv"].to_pylist(), strict=True))
    assert [level[code] for code in city.cases["fixmedins_code"].to_pylist()] == city.cases["hosp_lv"].to_pylist()


def test_every_code_is_well_formed_and_named(city: City) -> None:
    dx_names = dict(zip(city.dx_names["code"].to_pylist(), city.dx_names["name"].to_pylist(), strict=True))
    px_names = dict(zip(city.px_names["code"].to_pylist(), city.px_names["name"].to_pylist(), strict=True))
    used_dx = {code for text in city.cases["diag_codes"].to_pylist() for code in text.split("|")}
    used_px = {code for text in city.cases["oprn_codes"].to_pylist() for code in text.split("|") if code}
    assert {code for code in dx_names if not DX.fullmatch(code)} == set()
    assert {code for code in px_names if not PX.fullmatch(code)} == set()
    assert all(dx_names[code] for code in used_dx)
    assert all(px_names[code] for code in used_px)


def test_no_case_lists_two_diagnoses_of_one_category_or_a_procedure_twice(cases: pa.Table) -> None:
    for dx, px in zip(cases["diag_codes"].to_pylist(), cases["oprn_codes"].to_pylist(), strict=True):
        kinds = [code[:3] for code in dx.split("|")]
        assert len(set(kinds)) == len(kinds), dx
        assert len(set(px.split("|"))) == len(px.split("|")), px


# --- identities -----------------------------------------------------------------------------------------------------


def test_fee_is_fund_plus_patient_and_patient_is_account_plus_cash_to_the_fen(cases: pa.Table) -> None:
    fee, fund, patient = fen(cases["medfee_sumamt"]), fen(cases["fund_pay_sumamt"]), fen(cases["psn_part_amt"])
    account, cash = fen(cases["acct_pay"]), fen(cases["psn_cash_pay"])
    assert (fee == fund + patient).all()
    assert (patient == account + cash).all()
    assert min(fund.min(), patient.min(), account.min(), cash.min()) >= 0
    assert fee.min() > 0


def test_only_employees_have_a_personal_account(cases: pa.Table) -> None:
    account = fen(cases["acct_pay"])
    employee = np.array([kind == "310" for kind in cases["insutype"].to_pylist()])
    assert account[~employee].max() == 0
    assert account[employee].max() > 0


# --- possible lives -------------------------------------------------------------------------------------------------


def test_admission_is_not_after_discharge_and_days_are_the_difference(cases: pa.Table) -> None:
    stay = days(cases["dscg_date"]) - days(cases["adm_date"])
    assert stay.min() >= 0
    assert (stay == cases["act_ipt_days"].to_numpy()).all()


def test_every_stay_lies_in_the_years_asked_for(cases: pa.Table) -> None:
    assert str(pc.min(cases["adm_date"])) >= "2022-01-01"
    assert str(pc.max(cases["dscg_date"])) <= "2025-12-31"


def test_every_stay_lies_in_the_persons_life_with_sex_insurance_and_age_of_the_person(lives: pa.Table) -> None:
    assert (days(lives["adm_date"]) >= days(lives["brdy"])).all()
    assert lives["gend"].equals(lives["p_gend"])
    assert lives["insutype"].equals(lives["p_insutype"])
    for row in lives.select(["brdy", "adm_date", "dscg_date", "die_date", "age"]).to_pylist():
        born, day = row["brdy"], row["adm_date"]
        assert row["age"] == day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        assert row["die_date"] is None or row["dscg_date"] <= row["die_date"]


def test_a_death_in_hospital_is_the_last_case_of_the_person_on_the_day_of_death(lives: pa.Table) -> None:
    died = lives.filter(pc.equal(lives["dscg_way"], "5"))
    assert died.num_rows > 20
    assert died["dscg_date"].equals(died["die_date"])
    assert len(set(died["psn_no"].to_pylist())) == died.num_rows


def test_nobody_lies_in_two_beds_at_once(cases: pa.Table) -> None:
    left: dict[str, object] = {}
    rows = cases.select(["psn_no", "adm_date", "dscg_date"]).sort_by(
        [("psn_no", "ascending"), ("adm_date", "ascending"), ("dscg_date", "ascending")]
    )
    for row in rows.to_pylist():
        assert left.get(row["psn_no"], row["adm_date"]) <= row["adm_date"]
        left[row["psn_no"]] = row["dscg_date"]
    assert len(left) < cases.num_rows * 0.8, "some are admitted again"


def test_infants_have_their_age_in_days_and_the_newborn_a_weight(cases: pa.Table) -> None:
    age, of_days, grams = (cases[name].to_pylist() for name in ("age", "nwb_age_days", "nwb_adm_wt"))
    assert [years == 0 for years in age] == [known is not None for known in of_days]
    assert [known is not None and known <= 28 for known in of_days] == [weight is not None for weight in grams]
    known = [weight for weight in grams if weight is not None]
    assert len(known) > 100
    assert 500 <= min(known) < 1500 < 4000 < max(known) <= 4800


def test_women_give_birth_and_only_men_have_a_prostate(cases: pa.Table) -> None:
    assert set(starts(cases, "O")["gend"].to_pylist()) == {"2"}
    assert set(starts(cases, "N40", "C61")["gend"].to_pylist()) == {"1"}
    births = starts(cases, "O8")
    assert 15 <= pc.min(births["age"]).as_py() <= pc.max(births["age"]).as_py() <= 55
    assert pc.max(starts(cases, "P")["nwb_age_days"]).as_py() <= 28


# --- marginals ------------------------------------------------------------------------------------------------------


def test_about_fifteen_in_a_hundred_are_admitted_a_year_and_the_number_grows(cases: pa.Table) -> None:
    year = pc.year(cases["dscg_date"]).to_pylist()
    counts = [year.count(number) for number in (2022, 2023, 2024, 2025)]
    assert all(0.14 < count / 60_000 < 0.18 for count in counts)
    assert counts[3] > counts[0]


def test_levels_share_the_cases_and_the_upper_ones_are_dearer(cases: pa.Table) -> None:
    level, fee = np.array(cases["hosp_lv"].to_pylist()), numbers(cases["medfee_sumamt"])
    shares = [(level == number).mean() for number in "123"]
    assert 0.12 < shares[0] < 0.25
    assert 0.30 < shares[1] < 0.45
    assert 0.35 < shares[2] < 0.52
    means = [fee[level == number].mean() for number in "123"]
    assert 3_000 < means[0] < 6_000 < means[1] < 11_000 < means[2] < 25_000


def test_stay_and_fee_have_the_stated_means_and_spread(cases: pa.Table) -> None:
    stay, fee = cases["act_ipt_days"].to_numpy(), numbers(cases["medfee_sumamt"])
    assert 7.5 < stay.mean() < 9.8
    assert 10_000 < fee.mean() < 15_000
    assert 1.0 < fee.std() / fee.mean() < 2.2
    pneumonia = numbers(starts(cases, "J18.9")["medfee_sumamt"])
    assert 0.5 < pneumonia.std() / pneumonia.mean() < 1.3


def test_an_operation_makes_a_group_narrower_than_its_diagnosis(cases: pa.Table) -> None:
    stone = starts(cases, "K80.1")
    operated = stone.filter(pa.array([text.startswith("51.2300") for text in stone["oprn_codes"].to_pylist()]))
    level_two = operated.filter(pc.equal(operated["hosp_lv"], "2"))
    fee = numbers(level_two["medfee_sumamt"])
    assert len(fee) > 30
    assert fee.std() / fee.mean() < 0.7


def test_pneumonia_peaks_in_winter_and_gastroenteritis_in_summer(cases: pa.Table) -> None:
    def ratio(table: pa.Table, high: set[int], low: set[int]) -> float:
        month = pc.month(table["adm_date"]).to_pylist()
        return sum(number in high for number in month) / sum(number in low for number in month)

    assert 1.4 < ratio(starts(cases, "J18"), {12, 1, 2}, {6, 7, 8}) < 2.4
    assert 1.4 < ratio(starts(cases, "A09"), {6, 7, 8}, {12, 1, 2}) < 2.8


def test_cost_per_case_grows_about_three_percent_a_year(cases: pa.Table) -> None:
    year, fee = np.array(pc.year(cases["dscg_date"]).to_pylist()), np.log(numbers(cases["medfee_sumamt"]))
    growth = np.exp((fee[year == 2025].mean() - fee[year == 2022].mean()) / 3)
    assert 1.02 < growth < 1.045


def test_some_cases_cost_less_than_half_and_some_more_than_twice_and_five_times_their_like(cases: pa.Table) -> None:
    fee = numbers(cases["medfee_sumamt"])
    likes = [
        f"{dx[:5]}{px[:7]}{level}"
        for dx, px, level in zip(
            *(cases[name].to_pylist() for name in ("diag_codes", "oprn_codes", "hosp_lv")), strict=True
        )
    ]
    _, group, size = np.unique(likes, return_inverse=True, return_counts=True)
    many = size[group] >= 30
    share = fee / (np.bincount(group, weights=fee) / size)[group]
    assert 0.01 < (share[many] < 0.5).mean() < 0.17
    assert 0.01 < (share[many] > 2).mean() < 0.08
    assert 0.0005 < (share[many] > 5).mean() < 0.01


def test_one_hospital_is_efficient_and_one_expensive_as_the_key_says(city: City) -> None:
    traits = {row["trait"]: row["fee_factor"] for row in city.provider_traits.to_pylist() if row["trait"]}
    assert (traits["efficient"], traits["expensive"]) == (0.80, 1.28)


def test_rare_diseases_make_a_long_tail(cases: pa.Table) -> None:
    principal = [text[:5] for text in cases["diag_codes"].to_pylist()]
    counts = sorted((principal.count(code) for code in set(principal)), reverse=True)
    assert len(counts) > 1_200
    assert sum(counts[:100]) / len(principal) > 0.55
    assert sum(count < 15 for count in counts) > 900


# --- the rest -------------------------------------------------------------------------------------------------------


def test_a_measurement_gets_exactly_the_distinct_rich_cases_it_asked_for() -> None:
    found = generate_cases(20_000, seed=5)
    assert found.num_rows == len(set(found["setl_id"].to_pylist())) == 20_000
    dx = [len(text.split("|")) for text in found["diag_codes"].to_pylist()]
    px = [len(text.split("|")) if text else 0 for text in found["oprn_codes"].to_pylist()]
    assert max(dx) == 15
    assert max(px) in (6, 7)
    assert len({text.split("|")[0] for text in found["diag_codes"].to_pylist()}) > 3_000
    assert max(len(text.split("|")) for text in generate_cases(5_000, max_dx=4)["diag_codes"].to_pylist()) == 4


def test_another_city_is_made_without_a_list_of_its_counties() -> None:
    other = generate(2_000, admdvs="999900")
    assert other.name == "999900"
    assert set(other.providers["admdvs"].to_pylist()) == {"999900"}
    assert other.cases.num_rows > 500


@pytest.mark.parametrize(
    ("people", "years"), [(10, (2024,)), (2_000, ()), (2_000, (2022, 2024)), (2_000, (2024, 2023))]
)
def test_too_few_people_or_years_with_gaps_are_refused(people: int, years: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"people|years"):
        generate(people, years=years)


def test_the_city_is_written_whole_as_parquet_and_csv(tmp_path: Path) -> None:
    city = tiny()
    files = write_city(city, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in files)
    clean = generate(1_000, seed=7)
    write_city(clean, tmp_path / "clean")
    assert pq.read_table(tmp_path / "clean" / "cases.parquet").to_pylist() == clean.cases.to_pylist()
    text = write_city(city, tmp_path / "csv", fmt="csv")
    assert {path.suffix for path in text} == {".csv"}
    assert city.cases["setl_id"][0].as_py() in (tmp_path / "csv" / "cases.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(ValueError, match="fmt"):
        write_city(city, tmp_path, fmt="xlsx")
