"""排除法 and 准入法 side by side: the difference in items and in money."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from care_oracle import Oracle, on
from care_world import law_of, load_world, random_world

from yibao import catalogue
from yibao.catalogue import MethodComparison, compare_methods
from yibao.engine import Engine
from yibao.kernel import half_up

DAY = date(2024, 9, 1)


def world() -> dict[str, list[dict[str, str]]]:
    found = random_world(7, persons=25, claims_each=12)
    found["item_limits"] = []
    return found


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[MethodComparison, list[dict[str, str]], dict[str, int]]:
    """The comparison, and in-scope money by who pays it when each method is the law."""
    rows = world()
    with Engine() as engine:
        load_world(engine, rows, tmp_path_factory.mktemp("world"))
        found = compare_methods(engine, DAY)
        by_item = [dict(zip(("code", "deny", "allow"), row, strict=True)) for row in
                   engine.rows("SELECT med_list_codg, pays_deny, pays_allow FROM method_item ORDER BY 1")]  # fmt: skip
        scopes = {}
        for name in ("排除法", "准入法"):
            text = f"""
- {{key: catalogue.consumable.method, from: 2024-01-01, value: {name}, unit: text,
   source: {{doc: 某市办法, published: 2023-12-01}}, grade: official}}
- {{key: catalogue.rx.valid_days, where: {{rx_kind: chronic}}, from: 2024-01-01, value: "30", unit: days,
   source: {{doc: 某市办法, published: 2023-12-01}}, grade: official}}
"""
            catalogue.line_facts(engine, law_of(tmp_path_factory.mktemp("law"), text), keep=True)
            parts = catalogue.scope_table(engine).parts[:, 3]
            stents = engine.rows("""
                SELECT coalesce(v.list_type, '') FROM line_fact f JOIN fee_lines l USING (setl_id, feedetl_sn)
                LEFT JOIN catalogue_span v ON v.med_list_codg = l.med_list_codg
                AND CAST(l.fee_ocur_time AS DATE) BETWEEN v.from_day AND v.until_day
                ORDER BY f.setl_id, f.feedetl_sn""")
            scopes[name] = sum(int(part) for part, (kind,) in zip(parts, stents, strict=True) if kind == "301")
    return found, by_item, scopes


def test_the_items_of_a_day_are_those_of_the_lists(
    compared: tuple[MethodComparison, list[dict[str, str]], dict[str, int]],
) -> None:
    rows = world()

    def listed(name: str) -> set[str]:
        return {row["med_list_codg"] for row in rows[name] if row["begndate"] <= str(DAY) <= (row["enddate"] or "9")}

    oracle = Oracle(rows, date(2025, 1, 1), 3, 30)
    payable = set()
    for code, versions in oracle.versions.items():
        one = next((row for row in versions if row["begndate"] <= str(DAY) <= (row["enddate"] or "9")), None)
        if one and one["list_type"] == "301" and one["chrgitm_lv"] != "03" and not (
            one["chrgitm_lv"] == "02" and Decimal(one["selfpay_prop"] or 1) >= 1
        ):  # fmt: skip
            payable.add(code)
    found, by_item, _ = compared
    assert {row["code"] for row in by_item} == payable
    denied, allowed = listed("consumable_deny"), listed("consumable_allow")
    assert set(found.leaving) == (payable - denied) - allowed
    assert set(found.entering) == payable & denied & allowed
    assert found.both.items == len((payable - denied) & allowed) and found.neither.items == len(
        payable & denied - allowed
    )
    assert found.leaving and found.entering


def test_the_money_of_the_comparison_is_what_each_method_would_pay(
    compared: tuple[MethodComparison, list[dict[str, str]], dict[str, int]],
) -> None:
    found, _, scopes = compared
    assert found.both.scope_micro + found.only_deny.scope_micro == scopes["排除法"]
    assert found.both.scope_micro + found.only_allow.scope_micro == scopes["准入法"]
    assert found.scope_change_micro == scopes["准入法"] - scopes["排除法"] != 0
    assert min(found.both.lines, found.only_deny.lines, found.only_allow.lines, found.neither.lines) > 0


def test_a_comparison_of_one_line_by_hand() -> None:
    assert on("2025-03-05 10:00:00") == date(2025, 3, 5)
    from test_care_checks import datetime, small

    with Engine() as engine:
        small(engine, "catalogue_items", med_list_codg=["X1", "X2"], list_type=["301", "301"], chrgitm_lv=["02", "01"],
              begndate=[date(2025, 1, 1)] * 2, pric_uplmt_lv3=[800_000_000, None])  # fmt: skip
        engine.con.execute("ALTER TABLE catalogue_items ADD COLUMN selfpay_prop DECIMAL(18, 6)")
        engine.con.execute("UPDATE catalogue_items SET selfpay_prop = 0.2 WHERE med_list_codg = 'X1'")
        small(engine, "providers", fixmedins_code=["H1"], hosp_lv=["3"])
        small(engine, "claims", setl_id=["S1"], psn_no=["P1"], fixmedins_code=["H1"], med_type=["21"])
        small(engine, "fee_lines", setl_id=["S1"], feedetl_sn=["F1"], fee_ocur_time=[datetime(2025, 3, 5)],
              med_list_codg=["X1"], cnt=[2_000_000], pric=[1_000_000_000], det_item_fee_sumamt=[200_000])  # fmt: skip
        found = compare_methods(engine, date(2025, 3, 5))
    assert (found.leaving, found.entering) == (("X1", "X2"), ())
    assert found.only_deny == (2, 1, 1, 200_000, 1_280_000_000)
    assert half_up(-found.scope_change_micro, 10**4) == 128_000


def test_law_of_the_test_city_loads(tmp_path: Path) -> None:
    view = law_of(tmp_path).at(date(2025, 1, 1))
    assert catalogue.terms_at(view) == (True, 3, 30, True, True)
