"""A year's stages 4–5 as a flow: what is said of bad rows, what the law must not do, a whole city from its folder."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flows import hand_city
from pool_city import LAW, YEAR, City, a_case, by_case, made_law, run

from yibao.engine import Engine
from yibao.flows import dip as flow
from yibao.flows.close_load import load_folder
from yibao.flows.close_price import PricedYear, _history, price_year, year_law
from yibao.flows.close_price_checks import (
    case_findings,
    excluded_findings,
    fund_remarks,
    review_remarks,
    unknown_reviews,
)
from yibao.flows.dip_common import FlowError, opened
from yibao.kernel import Severity
from yibao.packs import load_law
from yibao.payment.addons import measures
from yibao.payment.year_rules import YEAR_KEYS

BUDGET = {"310": 10**9}
ITEM = {"med_list_codg": "XA", "valid_from": date(2025, 1, 1), "valid_until": date(2025, 12, 31)}


def fee(setl_id: str, amount: int, item: str = "XA") -> dict[str, Any]:
    return {"setl_id": setl_id, "med_list_codg": item, "item_amount": amount}


def review(setl_id: str, result: str = "pass_item") -> dict[str, Any]:
    return {"setl_id": setl_id, "review_reason": "mdt", "apply_date": date(2025, 7, 1), "review_result": result,
            "review_points": None}  # fmt: skip


# ── excluded fees ──


def test_every_excluded_line_that_is_not_taken_out_is_said_with_its_row_and_next_step() -> None:
    cases = [a_case("A"), a_case("B"), a_case("C", dscg_date=date(2025, 3, 1)), a_case("D")]
    old = {"med_list_codg": "XB", "valid_from": date(2025, 1, 1), "valid_until": date(2025, 5, 31)}
    fees = [fee("A", 300_000), fee("B", 600_000), fee("B", 400_001, "XC"), fee("C", 100, "XB"), fee("D", 100, "XB"),
            fee("Z", 100)]  # fmt: skip
    city = City(cases, fees, [ITEM, old, {**ITEM, "med_list_codg": "XC"}], budgets=BUDGET)
    with Engine() as engine:
        run(engine, city)
        found = excluded_findings(engine, "exclude")
        pool = by_case(engine, "pool_case")
        net = dict(engine.rows("SELECT setl_id, medfee_sumamt FROM cases"))
        assert excluded_findings(engine, "none") == []
    assert [(one.code, one.place.row, one.place.column, one.place.value) for one in found] == [
        ("excluded_fee_above_fee", 3, "item_amount", "6000.00"),
        ("excluded_fee_above_fee", 4, "item_amount", "4000.01"),
        ("excluded_fee_not_listed", 6, "med_list_codg", "XB"), ("excluded_fee_unknown_case", 7, "setl_id", "Z"),
    ]  # fmt: skip
    assert all(one.place.file == "excluded_fees.csv" and one.cause and one.next_step for one in found)
    assert str(found[0]) == (
        "错误 excluded_fees.csv 第3行 “item_amount”列，值“6000.00”：病例的除外费用合计超过医疗费总额10,000.00元，"
        "全部没有除外；处理：核对该病例的除外费用，改正后重新运行"
    )
    assert {key: row["excluded"] for key, row in pool.items()} == {"A": 300_000, "B": 0, "C": 100, "D": 0}
    assert net == {"A": 700_000, "B": 1_000_000, "C": 999_900, "D": 1_000_000}


def test_an_item_listed_twice_for_a_day_is_taken_out_once_and_a_whole_fee_may_be_excluded() -> None:
    city = City([a_case("A"), a_case("B")], [fee("A", 1_000_000)], [ITEM, {**ITEM, "valid_from": date(2025, 5, 1)}],
                budgets=BUDGET)  # fmt: skip
    with Engine() as engine:
        (value,), _ = run(engine, city)
        pool, due = by_case(engine, "pool_case")["A"], by_case(engine, "case_due")
    assert (pool["excluded"], pool["excluded_due"], pool["booked"]) == (1_000_000, 650_000, 650_000)
    assert (value.excluded_fen, value.fund_fen) == (650_000, 10**9 - 650_000)
    assert sum(row["due"] for row in due.values()) == value.fund_fen


# ── reviews and cases ──


def test_a_review_of_a_case_the_year_does_not_have_is_a_finding_and_so_is_a_standard_without_points() -> None:
    city = City([a_case("A"), a_case("B")], reviews=[review("A", "pass_standard"), review("Z")], budgets=BUDGET)
    with Engine() as engine:
        run(engine, city)
        found = unknown_reviews(engine)
        decided = by_case(engine, "special_decision")
    assert [(one.code, one.severity, str(one.place)) for one in found] == [
        ("review_without_points", Severity.ERROR, "special_reviews.csv 第2行 “review_points”列"),
        ("unknown_case", Severity.ERROR, "special_reviews.csv 第3行 “setl_id”列，值“Z”"),
    ]
    assert {key: row["outcome"] for key, row in decided.items()} == {"A": "pending"}


def test_where_the_city_has_no_special_review_the_applications_wait_and_a_remark_says_so() -> None:
    city = City([a_case("A")], reviews=[review("A")], budgets=BUDGET, law={"dip.special_review": "false"})
    with Engine() as engine:
        _, most = run(engine, city)
        assert (most, engine.count("special_decision")) == (None, 0)
        assert review_remarks(engine, most) == ["政策没有建立特例单议机制，1件申请没有处理"]
        assert review_remarks(engine, 5) == []


def test_cases_without_a_budgeted_insurance_or_a_booked_amount_are_counted_with_the_first_place() -> None:
    cases = [
        a_case("A"), a_case("B", insutype="340"), a_case("C", insutype="340"), a_case("D", insutype=None),
        a_case("E", hifp_pay=None, fund_pay_sumamt=None), a_case("F", hifp_pay=800_000),
    ]  # fmt: skip
    with Engine() as engine:
        run(engine, City(cases, budgets=BUDGET))
        found = case_findings(engine)
        due, pool = by_case(engine, "case_due"), by_case(engine, "pool_case")
    told = [(one.code, one.severity, one.place.row, one.message[: one.message.index("例")]) for one in found]
    assert told == [
        ("insurance_without_budget", Severity.WARNING, 5, "1"), ("insurance_without_budget", Severity.WARNING, 3, "2"),
        ("case_without_booked", Severity.ERROR, 6, "1"), ("booked_above_funds", Severity.WARNING, 7, "1"),
    ]  # fmt: skip
    assert set(due) == {"A", "E", "F"}
    assert (pool["E"]["booked"], pool["E"]["other"], pool["E"]["patient"]) == (0, 0, 1_000_000)
    assert pool["F"]["other"] == -100_000, "what the row says stands; the finding says it is wrong"


def test_sound_cases_have_no_findings() -> None:
    with Engine() as engine:
        run(engine, City([a_case("A")], [fee("A", 1)], [ITEM], [review("A")], budgets=BUDGET))
        assert case_findings(engine) + excluded_findings(engine, "exclude") + unknown_reviews(engine) == []


def test_the_booked_amount_is_what_the_pool_paid_and_where_that_is_not_told_what_all_funds_paid() -> None:
    cases = [a_case("A"), a_case("B", hifp_pay=None), a_case("C", fund_pay_sumamt=None)]
    with Engine() as engine:
        run(engine, City(cases, budgets=BUDGET))
        pool = by_case(engine, "pool_case")
    assert {key: (row["booked"], row["other"], row["patient"]) for key, row in pool.items()} == {
        "A": (650_000, 50_000, 300_000), "B": (700_000, 0, 300_000), "C": (650_000, 0, 350_000),
    }  # fmt: skip


@pytest.mark.parametrize("offsite", ["true", "false"])
def test_offsite_cases_are_paid_at_their_own_ratio_and_take_no_share_of_the_fund(offsite: str) -> None:
    """As many points as a local case, so the same standard; a quarter of the fee was booked, so a quarter is due."""
    away = a_case("B", insuplc_admdvs="370100", hifp_pay=250_000)
    cases = [a_case("A"), away, a_case("C", insuplc_admdvs="110000")]
    with Engine() as engine:
        (value,), _ = run(engine, City(cases, budgets=BUDGET, law={"dip.offsite.in_province": offsite}))
        due = by_case(engine, "case_due")
        said = fund_remarks(engine, [value], offsite == "true")
    assert (value.cases, value.points, due["A"]["due"]) == (1, 10_000_000, 10**9)
    assert said[0] == "1例是省内其他统筹区参保的病例，政策没有把省内异地就医纳入DIP付费，只列出" or offsite == "true"
    assert said[-1] == "1例是省外参保的病例，不按DIP付费，只列出"
    if offsite == "true":
        assert (due["A"]["standard"], due["B"]["standard"], due["B"]["due"]) == (
            1_538_461_538,
            1_538_461_538,
            384_615_385,
        )
    assert set(due) == {"A", "B"} if offsite == "true" else {"A"}


# ── last year's history ──


def test_what_no_row_of_a_hospitals_history_knows_is_unknown_and_has_no_measure(city: Path) -> None:
    saved = opened(city.parent / "catalogue", load_law("zibo", ["demo", str(city.parent / "city-law.yaml")]))
    rows = saved.hospital_history.to_pylist()
    code = next(row["fixmedins_code"] for row in rows if row["dscg_year"] == 2024)
    for nth, row in enumerate(row for row in rows if (row["fixmedins_code"], row["dscg_year"]) == (code, 2024)):
        row |= {"n_elderly": None, "n_child": None if nth else 3, "tcm_fee": None}
    before, after = (_history(saved._replace(hospital_history=table), 2024)[code]
                     for table in (saved.hospital_history, pa.Table.from_pylist(rows)))  # fmt: skip
    assert (after.n_elderly, after.n_child, after.tcm_fee) == (None, 3, None)
    assert after[:4] == before[:4]
    assert not {"elderly", "tcm"} & set(measures(after, None, "", 1000))


# ── the law of a year ──


@pytest.mark.parametrize("key", sorted(set(YEAR_KEYS) & set(LAW)))
def test_what_is_said_of_the_year_as_a_whole_may_not_change_within_it(key: str) -> None:
    other = {"exclude": "none", "dip": "other", "excess": "applied", "times_ratio": "minus_patient", "pool": "case",
             "true": "false", "false": "true", "5%": "4%", "1": "2"}  # fmt: skip
    moved = made_law(LAW, [(key, date(YEAR, 7, 1), other[LAW[key]])])
    with pytest.raises(FlowError, match=rf"{key} 在 2025-07-01 变动：2025年度按一个点值清算，这些参数须全年一致"):
        year_law(moved, YEAR)
    assert year_law(moved, YEAR + 1)[1] == "dip2_0"
    assert year_law(made_law(LAW, [(key, date(YEAR, 1, 1), other[LAW[key]])]), YEAR)[0].text(key) == other[LAW[key]]


# ── a whole city ──


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city that fits on paper, with the catalogue learned from its history."""
    folder = tmp_path_factory.mktemp("year") / "city"
    law_file = hand_city.write(folder, hand_city.base(), hand_city.LAW)
    setting = flow.Setting(load_law("zibo", ["demo", str(law_file)]), lists=folder)
    flow.build([folder], folder.parent / "catalogue", setting, until=date(2024, 12, 31), for_day=date(2025, 1, 1))
    return folder


def priced(folder: Path, data: Path) -> tuple[PricedYear, dict[str, dict[str, Any]]]:
    law = load_law("zibo", ["demo", str(folder.parent / "city-law.yaml")])
    saved = opened(folder.parent / "catalogue", law)
    with Engine() as engine:
        loaded = load_folder(engine, data, YEAR)
        year = price_year(engine, law, saved, {"310": 14_000_000, "390": 6_500_000}, YEAR,
                          loaded.reports[0].missing_optional)  # fmt: skip
        names = ("pool_case", "grouped", "case_points", "special_decision", "final_points", "case_due")
        rows = {name: by_case(engine, name) for name in names}
        for name in ("institution_addon", "addon_item", "fund_value", "case_flag"):
            rows[name] = {str(n): row for n, row in enumerate(engine.fetch(f"SELECT * FROM {name}").to_pylist())}
        return year, rows


def test_a_city_is_priced_from_its_folder_and_every_part_agrees_with_the_others(city: Path) -> None:
    year, rows = priced(city, city)
    addon = {row["fixmedins_code"]: row["addon"] for row in rows["institution_addon"].values()}
    items = rows["addon_item"].values()
    cap = round(float(hand_city.LAW["dip.coef.addon_cap"]) * 10_000)
    for code, whole in addon.items():
        assert whole == min(sum(row["add"] for row in items if row["fixmedins_code"] == code), cap)
    assert any(addon.values())
    base = {level: round(float(value) * 10_000) for level, value in hand_city.LAW["dip.coef.level"].items()}
    for key, row in rows["grouped"].items():
        plain = row["primary_care"] or row["dip_type"] == "ungrouped"
        assert rows["case_points"][key]["inst"] == (
            10_000 if plain else base[row["hosp_lv"]] + addon[row["fixmedins_code"]]
        )
    for value in year.values:
        own = [key for key, row in rows["pool_case"].items()
               if (row["fund_type"], row["scope"]) == (value.fund_type, "local")]  # fmt: skip
        assert sum(rows["case_due"][key]["due"] for key in own) == value.fund_fen
        assert sum(rows["final_points"][key]["case_points"] for key in own) == value.points
    assert year.discharges == sum(value.cases for value in year.values)
    assert year.special_quota == int(float(hand_city.LAW["dip.special_review.quota"]) * year.discharges)
    assert {"excluded_fee_not_listed", "unknown_case"} <= {one.code for one in year.findings}
    read = {one.key for view in year.views for one in view.used}
    assert {"dip.coef.addons", "dip.special_review.quota", "settle.ratio_level", "dip.exclusion.mode"} <= read


def test_the_order_of_the_rows_changes_nothing_of_a_year(city: Path, tmp_path: Path) -> None:
    tables = hand_city.base()
    draw = random.Random(3)
    for rows in tables.values():
        draw.shuffle(rows)
    hand_city.write(tmp_path / "city", tables, hand_city.LAW)
    (before, left), (after, right) = priced(city, city), priced(city, tmp_path / "city")
    assert before.values == after.values and before.special_quota == after.special_quota
    for name in ("pool_case", "grouped", "case_points", "final_points", "case_due"):
        assert left[name] == right[name], name
    keys = ("review_reason", "outcome", "multiple", "points", "rank")
    assert [{k: row[k] for k in keys} for _, row in sorted(left["special_decision"].items())] == [
        {k: row[k] for k in keys} for _, row in sorted(right["special_decision"].items())
    ]


def test_tables_that_the_folder_lacks_are_empty_and_no_fault(city: Path, tmp_path: Path) -> None:
    kept = ("cases", "providers", "local_lists", "budget_income", "budget_lines")
    hand_city.write(tmp_path / "city", {name: hand_city.base()[name] for name in kept}, hand_city.LAW)
    year, rows = priced(city, tmp_path / "city")
    assert (year.special_quota, rows["special_decision"], year.findings) == (None, {}, [])
    assert all(row["excluded"] == 0 for row in rows["pool_case"].values())
    assert {row["measure"] for row in rows["addon_item"].values() if row["item"] == "credit"} == {"无数据"}
