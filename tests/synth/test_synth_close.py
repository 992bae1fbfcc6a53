"""The tables of the close: they load, agree with each other, hold by construction what the key says, and post."""

from collections import Counter
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from yibao.engine import Engine
from yibao.flows.fund import post
from yibao.flows.fund_batches import open_books
from yibao.flows.fund_files import read_entries
from yibao.flows.fund_setting import chart_on
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Book
from yibao.packs import load_law
from yibao.standard import TABLES
from yibao.store import Store
from yibao.synth import City, generate, write_city
from yibao.synth.close_faults import CLOSE_FAULTS
from yibao.synth.plan import DIP_GROWTH_PERMILLE, RESERVE_MONTHS, habits
from yibao.tables import load

YEAR = 2025


@pytest.fixture(scope="module")
def city() -> City:
    return generate(60_000)


def rows(city: City, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = city.tables()[table].to_pylist()
    return found


def facts(city: City, fact: str) -> dict[str, str]:
    return {row["key"]: row["detail"] for row in city.planted_close.to_pylist() if row["fact"] == fact}


def fen(column: pa.ChunkedArray) -> np.ndarray:
    return np.array([int(value.scaleb(2)) for value in column.to_pylist()], dtype=np.int64)


def booked(city: City, year: int, fund: str) -> dict[str, int]:
    """What the fund booked for its own people, by hospital, in fen."""
    cases = city.cases
    mine = cases.filter(
        pc.and_(
            pc.and_(pc.equal(cases["insutype"], fund), pc.equal(cases["insuplc_admdvs"], city.admdvs)),
            pc.equal(pc.year(cases["dscg_date"]), year),
        )
    )
    sums: Counter[str] = Counter()
    for code, amount in zip(mine["fixmedins_code"].to_pylist(), fen(mine["hifp_pay"]).tolist(), strict=True):
        sums[code] += amount
    return dict(sums)


# --- shape ----------------------------------------------------------------------------------------------------------


def test_every_table_of_the_close_has_the_columns_of_its_schema_in_order(city: City) -> None:
    assert len(city.close) == 14
    for name, table in city.close.items():
        assert tuple(table.column_names) == TABLES[name].columns, name
    assert tuple(city.providers.column_names) == TABLES["providers"].columns


def test_every_table_of_the_close_has_its_grain(city: City) -> None:
    for name, table in city.close.items():
        keys = list(zip(*(table[column].to_pylist() for column in TABLES[name].grain), strict=True))
        assert len(set(keys)) == len(keys) > 0, name


@pytest.mark.parametrize("fmt", ["parquet", "csv"])
def test_every_table_of_the_close_loads_without_a_fault(city: City, tmp_path: Path, fmt: str) -> None:
    small = generate(8_000, seed=3)
    write_city(small, tmp_path, fmt=fmt)
    with Engine() as engine:
        for name, table in {**small.close, "providers": small.providers, "cases": small.cases}.items():
            report = load(engine, name, [tmp_path])
            assert report.counts == {}, name
            assert engine.con.execute(f"SELECT count(*) FROM {name}").fetchall() == [(table.num_rows,)]


def test_the_smallest_city_has_every_table_too() -> None:
    tiny = generate(500, years=(2025,))
    assert set(tiny.close) == set(generate(2_000).close)
    assert tiny.close["budget_income"].num_rows == 8


# --- the new columns of the cases -----------------------------------------------------------------------------------


def test_the_pool_pays_no_more_than_all_funds_and_other_funds_come_in_dear_cases_only(city: City) -> None:
    pool, fund = fen(city.cases["hifp_pay"]), fen(city.cases["fund_pay_sumamt"])
    fee = fen(city.cases["medfee_sumamt"])
    assert (pool <= fund).all()
    assert (fund <= fee).all()
    assert 0.01 < (pool < fund).mean() < 0.06
    assert fee[pool < fund].min() > 4_000_000


def test_parts_of_a_fee_never_exceed_it(city: City) -> None:
    fee = fen(city.cases["medfee_sumamt"])
    drugs, treatment, chinese = (fen(city.cases[name]) for name in ("drug_fee", "trt_fee", "tcm_fee"))
    assert min(drugs.min(), treatment.min(), chinese.min()) >= 0
    assert (drugs + treatment <= fee).all()
    assert (chinese <= drugs + treatment).all()


def test_chinese_medicine_has_a_larger_share_in_its_hospitals_and_most_in_its_diseases(city: City) -> None:
    special = {row["fixmedins_code"] for row in rows(city, "provider_traits") if row["specialty"] == "中医"}
    tcm = np.array([code in special for code in city.cases["fixmedins_code"].to_pylist()])
    back = np.array([text.startswith("M51") for text in city.cases["diag_codes"].to_pylist()])
    share = fen(city.cases["tcm_fee"]) / fen(city.cases["medfee_sumamt"])
    assert share[tcm & back].mean() > 0.3
    assert share[tcm & ~back].mean() > 2 * share[~tcm].mean()
    assert share[~tcm].mean() < 0.08


def test_days_in_intensive_care_lie_in_the_stay_and_make_cases_dearer(city: City) -> None:
    days, stay = city.cases["icu_days"], city.cases["act_ipt_days"].to_numpy()
    known = np.array(days.is_valid())
    icu = pc.fill_null(days, 0).to_numpy()
    assert 0.01 < known.mean() < 0.05
    assert icu[known].min() >= 1
    assert (icu <= stay).all()
    fee = fen(city.cases["medfee_sumamt"])
    assert fee[known].mean() > 2 * fee[~known].mean()


def test_a_few_in_a_hundred_are_insured_elsewhere_in_the_province_and_fewer_outside(city: City) -> None:
    home = np.array(city.cases["insuplc_admdvs"].to_pylist())
    inside = np.array([code[:2] == city.admdvs[:2] and code[:4] != city.admdvs[:4] for code in home])
    outside = np.array([code[:2] != city.admdvs[:2] for code in home])
    assert 0.02 < inside.mean() < 0.04
    assert 0.0005 < outside.mean() < 0.01
    assert set(home[~inside & ~outside]) == {city.admdvs}


def test_people_insured_elsewhere_have_numbers_of_their_own_form_and_are_not_in_persons(city: City) -> None:
    known = set(city.persons["psn_no"].to_pylist())
    for number, home in zip(city.cases["psn_no"].to_pylist(), city.cases["insuplc_admdvs"].to_pylist(), strict=True):
        assert (number in known) == (home == city.admdvs)
        assert number.startswith(home)
    away = city.cases.filter(pc.not_equal(city.cases["insuplc_admdvs"], city.admdvs))
    assert set(away["insutype"].to_pylist()) == {"310", "390"}
    assert len({len(number) for number in away["psn_no"].to_pylist()}) == 1


def test_small_newborns_stay_longer_and_cost_more_than_the_others_with_the_same_diagnosis(city: City) -> None:
    cases = generate(200_000, years=(2024, 2025)).cases
    sick = cases.filter(pc.starts_with(cases["diag_codes"], "P59"))
    sick = sick.filter(pc.less_equal(sick["nwb_age_days"], 28))
    small = np.array(pc.less(sick["nwb_adm_wt"], 2500))
    fee, stay = fen(sick["medfee_sumamt"]), sick["act_ipt_days"].to_numpy()
    assert small.sum() > 30
    assert np.median(fee[small]) > 1.5 * np.median(fee[~small])
    assert stay[small].mean() > 1.2 * stay[~small].mean()


# --- budget and position --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fund", ["310", "390"])
def test_lines_leave_a_dip_budget_near_the_planned_growth_over_last_years_booked(city: City, fund: str) -> None:
    income = sum(int(row["budget_amount"] * 100) for row in rows(city, "budget_income") if row["fund_type"] == fund)
    lines = sum(int(row["budget_amount"] * 100) for row in rows(city, "budget_lines") if row["fund_type"] == fund)
    assert "dip" not in {row["budget_line"] for row in rows(city, "budget_lines")}
    dip = income * 98 // 100 - lines
    target = sum(booked(city, YEAR - 1, fund).values()) * DIP_GROWTH_PERMILLE // 1000
    assert 0 <= dip - target < 0.01 * target + 2_000_000


@pytest.mark.parametrize("fund", ["310", "390"])
def test_the_fund_holds_the_lawful_months_and_has_no_deficit(city: City, fund: str) -> None:
    found = next(row for row in rows(city, "fund_position") if row["fund_type"] == fund)
    assert found["balance"] * 12 / found["last_expense"] >= RESERVE_MONTHS[fund] - Decimal("0.01")
    assert RESERVE_MONTHS[fund] >= {"310": 12, "390": 6}[fund]
    assert found["last_income"] > found["last_expense"]
    assert found["forecast_income"] > found["forecast_expense"]


def test_one_adjustment_is_lawful(city: City) -> None:
    (found,) = rows(city, "budget_adjustments")
    assert (found["adjust_reason"], found["budget_line"]) == ("visits", "dip")
    assert found["adjust_amount"] > 0
    assert date(YEAR, 1, 1) < found["approved_date"] <= date(YEAR, 12, 31)


# --- hospitals ------------------------------------------------------------------------------------------------------


def test_hospitals_with_a_habit_book_near_the_ratio_that_the_key_names(city: City) -> None:
    wanted = [habit for habit in habits() if habit.booked_ratio]
    assert {0, 1, 2, 3, 4} == {int(np.searchsorted((0.85, 1.0, 1.05, 1.10), habit.booked_ratio)) for habit in wanted}
    named = [row for row in city.planted_close.to_pylist() if row["fact"] == "booked_ratio"]
    assert len(named) == 2 * len(wanted)
    traits = {row["fixmedins_code"]: row for row in rows(city, "provider_traits")}
    assert all(float(row["detail"]) == traits[row["key"]]["booked_ratio"] for row in named)


def test_a_hospital_new_in_the_year_has_no_case_before_its_agreement(city: City) -> None:
    agreed = {row["fixmedins_code"]: row["agreement_from"] for row in rows(city, "providers")}
    new = facts(city, "new")
    assert {code for code, day in agreed.items() if day.year == YEAR} == set(new)
    for code, day in zip(city.cases["fixmedins_code"].to_pylist(), city.cases["adm_date"].to_pylist(), strict=True):
        assert day >= agreed[code]


def test_one_hospital_has_credit_d_and_one_is_suspended_and_both_apply_for_prepayment(city: City) -> None:
    (poor,), (stopped,) = facts(city, "credit_d"), facts(city, "suspended")
    last = {row["fixmedins_code"]: row for row in rows(city, "assessments") if row["year"] == YEAR - 1}
    assert [code for code, row in last.items() if row["credit_lv"] == "D"] == [poor]
    assert [code for code, row in last.items() if row["agreement_status"] == "suspended"] == [stopped]
    assert {row["credit_lv"] for row in last.values()} == {"A", "B", "C", "D"}
    assert all(82 <= row["assess_score"] <= 99 for row in rows(city, "assessments"))
    applied = {row["fixmedins_code"] for row in rows(city, "prepay_applications")}
    assert {poor, stopped} <= applied
    assert not applied & set(facts(city, "not_applied"))


def test_one_hospital_is_clearly_over_its_agreed_beds_and_the_others_are_not(city: City) -> None:
    (over,) = facts(city, "over_beds")
    held = {row["fixmedins_code"]: row for row in rows(city, "beds")}
    days: Counter[str] = Counter()
    cases = city.cases.filter(pc.equal(pc.year(city.cases["dscg_date"]), YEAR))
    for code, stay in zip(cases["fixmedins_code"].to_pylist(), cases["act_ipt_days"].to_pylist(), strict=True):
        days[code] += stay
    for code, row in held.items():
        paid = min(row["agreement_beds"], row["auth_beds"]) * 365
        assert (days[code] > 1.1 * paid) == (code == over), code


def test_a_medical_group_has_a_lead_of_level_two_and_members_of_level_one_of_one_county(city: City) -> None:
    known = {row["fixmedins_code"]: row for row in rows(city, "providers")}
    groups = {row["group_code"] for row in rows(city, "medical_groups")}
    members = [row["fixmedins_code"] for row in rows(city, "medical_groups")]
    assert len(set(members)) == len(members)
    assert "contract" in {row["group_method"] for row in rows(city, "medical_groups")}
    for group in groups:
        found = [known[row["fixmedins_code"]] for row in rows(city, "medical_groups") if row["group_code"] == group]
        assert [row["hosp_lv"] for row in found] == ["2"] + ["1"] * (len(found) - 1)
        assert len({row["admdvs"] for row in found}) == 1
        assert len(found) > 1


# --- reviews, lists, excluded items ---------------------------------------------------------------------------------


def test_passed_applications_exceed_the_quota_and_every_other_answer_is_there(city: City) -> None:
    local = city.cases.filter(pc.equal(city.cases["insuplc_admdvs"], city.admdvs))
    quota = pc.sum(pc.equal(pc.year(local["dscg_date"]), YEAR)).as_py() * 5 // 1000
    assert len(facts(city, "review_passed")) > quota
    kinds = {row["fact"] for row in city.planted_close.to_pylist()}
    assert {"review_failed", "review_pending", "review_not_eligible", "review_not_local"} <= kinds
    results = {row["review_result"] for row in rows(city, "special_reviews")}
    assert results == {"pass_item", "pass_standard", "fail", "pending"}
    for row in rows(city, "special_reviews"):
        assert (row["review_points"] is not None) == (row["review_result"] == "pass_standard")
        assert (row["review_date"] is None) == (row["review_result"] == "pending")


def test_applications_come_after_discharge_and_answers_after_applications(city: City) -> None:
    left = dict(zip(city.cases["setl_id"].to_pylist(), city.cases["dscg_date"].to_pylist(), strict=True))
    for row in rows(city, "special_reviews"):
        assert left[row["setl_id"]] < row["apply_date"]
        assert row["review_date"] is None or row["apply_date"] < row["review_date"] <= date(YEAR, 12, 31)


def test_excluded_fees_are_part_of_a_fee_of_the_year_and_their_item_is_on_the_list(city: City) -> None:
    fee = dict(zip(city.cases["setl_id"].to_pylist(), fen(city.cases["medfee_sumamt"]).tolist(), strict=True))
    left = dict(zip(city.cases["setl_id"].to_pylist(), city.cases["dscg_date"].to_pylist(), strict=True))
    listed = {row["med_list_codg"]: (row["valid_from"], row["valid_until"]) for row in rows(city, "excluded_items")}
    assert len({until for _, until in listed.values()}) == 2, "one item leaves the list within the year"
    for row in rows(city, "excluded_fees"):
        assert 0 < int(row["item_amount"] * 100) < fee[row["setl_id"]] // 2
        first, last = listed[row["med_list_codg"]]
        assert max(first, date(YEAR, 1, 1)) <= left[row["setl_id"]] <= (last or date(YEAR, 12, 31))


def test_a_primary_care_disease_is_treated_at_two_or_more_levels(city: City) -> None:
    kinds = {row["list_kind"] for row in rows(city, "local_lists")}
    assert kinds == {"primary_care", "tcm", "day", "bed_day"}
    for row in rows(city, "local_lists"):
        if row["list_kind"] == "primary_care":
            head = str(row["dip_code"]).split("-")[0].replace(".x", ".")
            fits = pc.starts_with(city.cases["diag_codes"], head)
            assert len(set(city.cases.filter(fits)["hosp_lv"].to_pylist())) >= 2


def test_day_surgery_and_long_psychiatric_stays_are_there(city: City) -> None:
    cataract = city.cases.filter(pc.starts_with(city.cases["oprn_codes"], "13.4100"))
    assert 0.15 < (cataract["act_ipt_days"].to_numpy() <= 1).mean() < 0.5
    psychosis = city.cases.filter(pc.starts_with(city.cases["diag_codes"], "F20"))
    assert np.median(psychosis["act_ipt_days"].to_numpy()) > 30


# --- the books ------------------------------------------------------------------------------------------------------


def test_every_entry_balances_and_lies_in_the_year_but_for_the_opening(city: City) -> None:
    sums: dict[str, Decimal] = {}
    days: dict[str, date] = {}
    for row in rows(city, "ledger_entries"):
        sums[row["entry_id"]] = sums.get(row["entry_id"], Decimal(0)) + (row["debit"] or 0) - (row["credit"] or 0)
        days[row["entry_id"]] = row["entry_date"]
    assert set(sums.values()) == {Decimal(0)}
    before = {entry for entry, day in days.items() if day.year != YEAR}
    assert {days[entry] for entry in before} == {date(YEAR - 1, 12, 31)}
    assert len(before) == 2


def test_the_entries_post_on_fresh_books_without_a_refusal_and_leave_money_for_the_close(
    city: City, tmp_path: Path
) -> None:
    write_city(city, tmp_path / "city")
    law = load_law("zibo")
    books = [Book(city.admdvs, fund) for fund in ("310", "390")]
    with closing(Store(str(tmp_path / "fund.db"))) as store, Engine() as engine:
        open_books(store, law, books, date(YEAR - 1, 1, 1))
        batch = read_entries(engine, [tmp_path / "city" / "ledger_entries.parquet"])
        answers = post(store, chart_on(law, date(YEAR, 1, 1))[0], batch.entries)
        assert Counter(answer.outcome for answer in answers) == {Outcome.POSTED: len(batch.entries)}
    for fund in ("310", "390"):
        left = sum(
            (row["debit"] or 0) - (row["credit"] or 0)
            for row in rows(city, "ledger_entries")
            if (row["fund_type"], row["subj_code"]) == (fund, "1004")
        )
        assert left * 100 > sum(booked(city, YEAR - 1, fund).values())


def test_income_of_the_books_is_the_income_of_the_budget(city: City) -> None:
    for fund in ("310", "390"):
        credits = sum(
            row["credit"] or 0
            for row in rows(city, "ledger_entries")
            if row["fund_type"] == fund and row["subj_code"].startswith("4")
        )
        planned = sum(row["budget_amount"] for row in rows(city, "budget_income") if row["fund_type"] == fund)
        assert credits == planned


# --- faults ---------------------------------------------------------------------------------------------------------


def test_close_faults_are_planted_on_request_and_the_key_names_table_row_column_and_value() -> None:
    clean, spoiled = generate(8_000), generate(8_000, close_faults=CLOSE_FAULTS)
    named = {row["fault"]: row for row in spoiled.planted.to_pylist()}
    assert set(named) == set(CLOSE_FAULTS)
    before, after = clean.tables(), spoiled.tables()
    touched = {row["table"] for row in named.values()}
    assert {name for name in after if name not in before or not after[name].equals(before[name])} == {
        *touched, "planted",
    }  # fmt: skip
    for row in named.values():
        cells = after[row["table"]][row["column"]].to_pylist()
        assert row["fault"] == "month_missing" or (row["value"] or None) in [
            None if c is None else str(c) for c in cells
        ]


def test_one_close_fault_alone_leaves_the_other_tables_as_they_were() -> None:
    clean, spoiled = generate(2_000), generate(2_000, close_faults=["income_short"])
    assert spoiled.planted["table"].to_pylist() == ["budget_income"]
    assert spoiled.close["budget_lines"].equals(clean.close["budget_lines"])
    assert not spoiled.close["budget_income"].equals(clean.close["budget_income"])


def test_an_unknown_close_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown faults"):
        generate(1_000, close_faults=["nonsense"])


def test_faults_of_cases_and_of_the_close_stand_in_one_key() -> None:
    both = generate(2_000, bad_share=0.05, close_faults=["income_short"]).planted.to_pylist()
    assert {row["table"] for row in both} == {"cases", "budget_income"}
    assert all(row["key"] == row["setl_id"] for row in both if row["table"] == "cases")
