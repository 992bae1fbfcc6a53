"""The disease model's own sheets agree with each other, and its common codes with the national lists where at hand."""

import csv
from pathlib import Path

import pytest

from yibao.standard import CODE_TABLES
from yibao.synth.diseases import LETTERS, common_entries, model, tail_entries
from yibao.synth.plan import FUNDS, INCOME_PERMILLE, LINES_PERMILLE, habits
from yibao.synth.sheets import rows, table

LISTS = Path(__file__).parents[2] / ".." / "shared" / "data" / "drg" / "chs_drg_11"


def national(name: str, column: str) -> set[str]:
    path = LISTS / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"no {name}.csv of the national lists beside the repository")
    with path.open(encoding="utf-8") as lines:
        return {row[column] for row in csv.DictReader(lines)}


def test_there_are_more_than_two_hundred_common_diseases_and_seven_hundred_rare_categories() -> None:
    assert len(table("diseases")) > 200
    assert len(table("categories")) > 700
    assert len({row["dx"] for row in rows("paths")}) > 150


@pytest.mark.parametrize(
    "sheet", ["diseases", "procedures", "comorbidities", "categories", "seasons", "ages", "levels"]
)
def test_no_sheet_names_a_thing_twice(sheet: str) -> None:
    assert len(table(sheet)) == len(rows(sheet))


def test_paths_belong_to_diseases_use_known_procedures_and_share_at_most_the_whole() -> None:
    shares: dict[str, float] = {}
    for row in rows("paths"):
        assert row["dx"] in table("diseases")
        used = [row["px"], *(part.split(":")[0] for part in row["related"].split())]
        assert [code for code in used if code not in table("procedures")] == []
        shares[row["dx"]] = shares.get(row["dx"], 0) + float(row["share"])
    assert max(shares.values()) <= 100


def test_every_entry_names_an_age_profile_a_season_and_a_level_mix_of_the_sheets() -> None:
    for entry in (*common_entries(), *tail_entries()):
        assert entry.ages in table("ages")
        assert entry.season in table("seasons")
        assert entry.level in table("level_mix")
        assert LETTERS[entry.letter] == entry.codes[0][0][0]
        assert 0 <= entry.female <= 1
        assert abs(sum(path.share for path in entry.paths) - 1) < 1e-9


def test_the_common_diseases_and_the_tail_share_the_admissions_as_asked() -> None:
    made = model(0.12, 0.16)
    common = (made.rate * (1 + made.repeat))[: made.common].sum()
    assert common == pytest.approx(0.16 * 0.88)
    assert made.rate[made.common :].sum() == pytest.approx(0.16 * 0.12)


def test_related_procedures_lie_on_both_sides_of_the_ten_percent_line() -> None:
    added = [float(part.split(":")[2]) for row in rows("paths") for part in row["related"].split()]
    assert sum(more < 10 for more in added) > 40
    assert sum(more > 10 for more in added) > 40


def test_habits_name_a_hospital_once_and_roles_that_the_tables_know() -> None:
    places = [(habit.level, habit.rank) for habit in habits()]
    assert len(set(places)) == len(places)
    roles = {habit.role for habit in habits()}
    assert roles == {"", "new", "credit_d", "suspended", "not_applied", "over_beds", "lead"}
    assert all(bool(habit.day) == (habit.role == "new") for habit in habits())


def test_sheets_of_the_close_use_codes_of_the_model() -> None:
    diagnoses = {code[:5] for entry in common_entries() for code, _, _ in entry.codes}
    operations = {(row["dx"][:5], row["px"]) for row in rows("paths")}
    for row in rows("day_surgery"):
        assert (row["dx"], row["px"]) in operations
    for row in rows("local_lists"):
        assert row["dx"] in diagnoses
        assert row["px"] == "" or (row["dx"], row["px"]) in operations
        assert row["dip_code"].startswith(f"{row['dx']}-{row['px'] or '保守治疗'}")
        assert row["list_kind"] in CODE_TABLES["dip_list_kind"].codes
    for row in rows("tcm_diseases"):
        assert any(code.startswith(row["dx"]) for code in diagnoses)
        assert 0 < float(row["elsewhere"]) < float(row["tcm"]) < 0.85


def test_shares_of_budget_and_income_leave_room_for_dip_and_premiums() -> None:
    for fund in FUNDS:
        assert sum(INCOME_PERMILLE[fund].values()) < 1000
        assert set(LINES_PERMILLE[fund]) == set(CODE_TABLES["budget_line"].codes) - {"dip"}
        assert {"premium", *INCOME_PERMILLE[fund]} == set(CODE_TABLES["income_item"].codes)


def test_common_diagnosis_codes_stand_in_the_national_list() -> None:
    known = national("dx", "dx")
    used = {code for entry in common_entries() for code, _, _ in entry.codes} | set(table("comorbidities"))
    assert used - known == set()


def test_procedure_codes_stand_in_the_national_list() -> None:
    assert set(table("procedures")) - national("px", "px") == set()


def test_rare_categories_stand_in_the_national_list() -> None:
    known = {code[:3] for code in national("dx", "dx")}
    assert set(table("categories")) - known == set()
