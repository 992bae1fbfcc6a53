"""A city under two laws: each is what settling under it gives, and everything closes."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from yibao.flows.dip import Setting
from yibao.flows.dip_common import FlowError
from yibao.flows.settle import settle
from yibao.flows.simulate import Asked, Named, Simulated, simulate
from yibao.flows.simulate_laws import mixed
from yibao.flows.simulate_search import Search, varied_of, with_values
from yibao.law import Law
from yibao.packs import PackError, load_law, load_parameters
from yibao.report.settlement import explain_settlement
from yibao.synth import write_care

CITY = "330900"
SOURCE = "source: {doc: 测算假定, published: 2026-01-05}, grade: assumed"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_care(folder, 1_200, admdvs=CITY)
    return folder


def law(*overlays: str | Path) -> Law:
    return load_law(CITY, ["demo", *overlays], ())


def overlay(folder: Path, *entries: str, name: str = "reform") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text("".join(f"- {{{one}, {SOURCE}}}\n" for one in entries), encoding="utf-8")
    return path


def run(city: Path, out: Path, base: Law, *reforms: Law, **given: Any) -> Simulated:
    named = [Named(f"方案{no}", one) for no, one in enumerate(reforms, start=1)]
    return simulate(city, out, Asked(Named("现行", base), named, **given), None, lambda _step: None)


def years_of(city: Path, out: Path, one: Law) -> dict[tuple[str, int], tuple[int, int]]:
    """What `yibao settle` gives each person's year: funds and burden in fen."""
    settle(city, out, Setting(one, None, None, None))
    rows = duckdb.sql(f"""
        SELECT psn_no, benefit_year, CAST(sum(fund_pay_sumamt) * 100 AS BIGINT),
            CAST(sum(psn_part_amt) * 100 AS BIGINT)
        FROM '{out}/settlements.parquet' GROUP BY ALL""").fetchall()
    return {(psn, year): (fund, burden) for psn, year, fund, burden in rows}


def side(out: Path, law_no: int, when: str) -> dict[tuple[str, int], tuple[int, int]]:
    rows = duckdb.sql(f"""
        SELECT psn_no, year, fund_{when}, burden_{when} FROM '{out}/impact_person.parquet' WHERE law_no = {law_no}
        """).fetchall()
    return {(psn, year): (fund, burden) for psn, year, fund, burden in rows}


def rows(done: Simulated, table: str) -> list[dict[str, Any]]:
    return done.impact.tables[table].to_pylist()


@pytest.fixture(scope="module")
def reformed(city: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Simulated, Path]:
    out = tmp_path_factory.mktemp("out") / "sim"
    given = {"threshold": 1_000_000, "balances": {"390": 10**9}}
    return run(city, out, law("before_reform2023"), law(), **given), out


def test_a_persons_year_under_each_law_is_what_settling_under_it_gives(
    city: Path, tmp_path: Path, reformed: tuple[Simulated, Path]
) -> None:
    _, out = reformed
    before = years_of(city, tmp_path / "before", law("before_reform2023"))
    after = years_of(city, tmp_path / "after", law())
    assert len(before) > 800
    assert before != after
    assert side(out, 1, "before") == before
    assert side(out, 1, "after") == after


def test_single_parameters_and_their_interaction_sum_to_the_whole(reformed: tuple[Simulated, Path]) -> None:
    done, _ = reformed
    split = rows(done, "impact_split")
    whole = split[-1]
    assert [one["part"] for one in split[-2:]] == ["interaction", "whole"]
    assert len(split) > 5
    for name in ("hifp", "hifmi", "maf", "oth", "acct", "cash", "fund", "burden"):
        assert sum(one[name] for one in split[:-1]) == whole[name]
    assert whole["fund"] == -whole["burden"] != 0
    assert all(one.closes for one in done.impact.closings)


def test_a_single_is_the_base_with_that_parameter_of_the_reform(
    city: Path, tmp_path: Path, reformed: tuple[Simulated, Path]
) -> None:
    done, _ = reformed
    rate = next(one for one in rows(done, "impact_split") if one["key"] == "benefit.rate")
    base = law("before_reform2023")
    before = years_of(city, tmp_path / "before", base)
    alone = years_of(city, tmp_path / "alone", mixed(base, law(), ["benefit.rate"]))
    assert rate["fund"] == sum(one[0] for one in alone.values()) - sum(one[0] for one in before.values())


def test_the_examples_open_as_bills_under_either_law(reformed: tuple[Simulated, Path]) -> None:
    done, out = reformed
    shown = rows(done, "impact_example")
    assert {one["side"] for one in shown} >= {"winner"}
    for one in shown:
        for folder in ("base", "reform1"):
            steps = explain_settlement(out / folder, one["setl_id"])
            assert steps is not None
            assert len(steps) > 5


def test_a_reform_of_what_claims_are_made_ready_by_is_settled_anew(city: Path, tmp_path: Path) -> None:
    other = law(
        overlay(tmp_path, "key: benefit.kind, where: {med_type: 14}, from: 2024-01-01, value: outpatient, unit: text")
    )
    done = run(city, tmp_path / "sim", law(), other)
    assert done.reforms[0].anew
    alone, interaction, whole = rows(done, "impact_split")
    assert (alone["key"], interaction["fund"], alone["fund"]) == ("benefit.kind", 0, whole["fund"])
    assert side(tmp_path / "sim", 1, "after") == years_of(city, tmp_path / "one", other)
    assert side(tmp_path / "sim", 1, "before") == years_of(city, tmp_path / "two", law())


def test_several_reforms_stand_side_by_side(city: Path, tmp_path: Path) -> None:
    where = "where: {insutype: 390, kind: inpatient, hosp_lv: 1, offsite: none}"
    entry = f'key: benefit.rate, {where}, from: 2024-01-01, value: "%s", unit: ratio'
    rates = [law(overlay(tmp_path, entry % rate, name=rate)) for rate in ("0.90", "0.95")]
    done = run(city, tmp_path / "sim", law(), *rates)
    base, less, more = (one["fund"] for one in rows(done, "impact_summary"))
    assert base < less < more
    assert [one["part"] for one in rows(done, "impact_split") if one["law_no"] == 1] == [
        "single",
        "interaction",
        "whole",
    ]


def test_a_higher_premium_moves_contributions_and_months_and_no_settlement(city: Path, tmp_path: Path) -> None:
    entry = 'key: %s, from: 2024-01-01, value: "%s", unit: %s'
    today = [("resident.personal_premium", "400", "yuan"), ("resident.fiscal_subsidy", "700", "yuan"),
             ("aid.subsidy", "0元", "text")]  # fmt: skip
    now = overlay(tmp_path, *(entry % one for one in today), name="now")
    base, more = law(now), law(now, overlay(tmp_path, entry % ("resident.personal_premium", "420", "yuan")))
    done = run(city, tmp_path / "sim", base, more, balances={"390": 10**9})
    residents = next(one for one in rows(done, "impact_reserve") if one["insutype"] == "390")
    summary = rows(done, "impact_summary")
    assert summary[1]["fund_change"] == summary[1]["burden_change"] == 0
    paid = residents["paid_after"] - residents["paid_before"]
    assert paid == 2000 * residents["payers_after"] > 0
    assert residents["reserve_after"] >= residents["reserve_before"] > 0


RESPONSE = """
- {{key: response.elasticity, where: {{kind: [outpatient, chronic]}}, from: 2020-01-01, value: "{value}", unit: text,
   source: {{doc: 测算假定, published: 2026-01-05}}, grade: assumed}}
"""


def test_people_who_respond_go_more_often_and_no_elasticity_changes_nothing(
    city: Path, tmp_path: Path, reformed: tuple[Simulated, Path]
) -> None:
    still, _ = reformed
    found = {}
    for value in ("0", "-1.5"):
        path = tmp_path / f"r{value}.yaml"
        path.write_text(RESPONSE.format(value=value), encoding="utf-8")
        found[value] = run(city, tmp_path / value, law("before_reform2023"), law(), threshold=1_000_000,
                           behaviour=load_parameters(path))  # fmt: skip
    none, more = (rows(found[value], "impact_summary")[1] for value in ("0", "-1.5"))
    same = ("fund", "burden", "fee", "claims", "winners", "losers", "above")
    assert {name: none[name] for name in same} == {name: rows(still, "impact_summary")[1][name] for name in same}
    assert more["claims"] > none["claims"]
    assert more["fee"] > none["fee"]
    assert found["-1.5"].plans[1].added > 0
    parts = [one["part"] for one in rows(found["-1.5"], "impact_split")]
    assert "response" in parts


def test_a_search_settles_what_it_says_and_keeps_to_the_target(city: Path, tmp_path: Path) -> None:
    where = "[insutype=390,kind=inpatient,hosp_lv=3,offsite=none]"
    asked = Search(None, [varied_of(law(), f"benefit.rate{where}=0.40..0.80:0.05")], 20)
    done = run(city, tmp_path / "sim", law(), law(overlay(
        tmp_path, 'key: benefit.rate, where: {insutype: 390, kind: inpatient, hosp_lv: 1, offsite: none}, '
        'from: 2024-01-01, value: "0.95", unit: ratio')), threshold=500_000, search=asked)  # fmt: skip
    found = done.searched
    assert found is not None
    assert found.target == rows(done, "impact_summary")[0]["fund"]
    assert all(one.trial.fund <= found.target for one in found.choices if one.meets)
    best = found.choices[0].trial
    reform = done.reforms[0].law
    years = years_of(city, tmp_path / "one", with_values(reform, asked.varied, best.values, done.first))
    assert sum(fund for fund, _ in years.values()) == best.fund
    assert sum(burden > 500_000 for _, burden in years.values()) == best.above


def test_a_reform_with_an_unknown_key_or_for_another_year_or_empty_is_refused_with_its_place(
    city: Path, tmp_path: Path
) -> None:
    unknown = law(overlay(tmp_path, 'key: benefit.rat, from: 2024-01-01, value: "0.9", unit: ratio', name="unknown"))
    with pytest.raises(FlowError, match=r"没有定义的参数：.*unknown\.yaml:1:\d+ benefit\.rat（是不是benefit\.rate"):
        run(city, tmp_path / "sim", law(), unknown)
    late = law(overlay(tmp_path, 'key: benefit.rate, from: 2031-01-01, value: "0.9", unit: ratio', name="late"))
    with pytest.raises(FlowError, match=r"没有改变任何参数.*late\.yaml:1:\d+ benefit\.rate 自2031-01-01"):
        run(city, tmp_path / "sim", law(), late)
    (tmp_path / "empty.yaml").write_text("# 空\n", encoding="utf-8")
    with pytest.raises((PackError, FlowError), match=r"empty\.yaml|没有参数"):
        run(city, tmp_path / "sim", law(), law(tmp_path / "empty.yaml"))
    assert not (tmp_path / "sim").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("benefit.rate", "看不懂"), ("benefit.rat=0.1..0.2", "没有参数"), ("benefit.caps=1..2", "不是比例或金额"),
        ("benefit.rate=0.9..0.1", "上限要不低于下限"), ("benefit.rate[hosp_lvl=3]=0.1..0.2", "条件"),
        ("benefit.rate=0.1234567..0.2", "六位小数"),
    ],
)  # fmt: skip
def test_what_is_to_be_varied_is_refused_with_an_example(text: str, said: str) -> None:
    with pytest.raises(FlowError, match=said):
        varied_of(law(), text)
