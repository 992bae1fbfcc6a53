"""The worked examples on benefits, each through the product's own kernel: the shipped cities' law where it is a
city's example, else a small law that says what the example says.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from benefit.one_claim import person, settled, small_law
from vectors import Vector, ids, of

from yibao.benefit.maternity import allowance, birth_days, miscarriage_days
from yibao.benefit.terms import Context, PlanBook
from yibao.law import Law
from yibao.packs import load_law

REFORM = date(2023, 10, 1)
FEN = Decimal("0.01")


def fen(text: str | int) -> int:
    return int(Decimal(text) * 100)


def pool_rate(law: Law, context: Context, day: date) -> Decimal:
    """The rate of a context's one band."""
    book = PlanBook(law)
    book.terms(context, day)
    used = {key: one.value_text for key, one in next(iter(book.rows.values())).used.items()}
    uplifts = used.get("benefit.rate.uplift.signed", "0")
    return Decimal(used["benefit.rate"]) + Decimal(uplifts)


@pytest.mark.parametrize("vector", of("门诊"), ids=ids("门诊"))
def test_six_hormone_tests_at_the_chosen_point(vector: Vector) -> None:
    law, total = load_law("东莞", ["demo"]), fen(vector.inputs["total"])
    contract = {"0.70": "signed", "0.75": "performed"}[vector.inputs["rate"]]
    context = person(insutype="310", psn_type="11", clct_way="1", kind="outpatient", hosp_lv="1", point="main",
                     contract=contract)  # fmt: skip
    assert pool_rate(law, context, REFORM) == Decimal(vector.inputs["rate"])
    found = settled(law, context, total, day=REFORM)
    assert (found["FUND"], found["PATIENT"]) == (fen(vector.expected["fund"]), fen(vector.expected["self"]))


@pytest.mark.parametrize("vector", of("多层"), ids=ids("多层"))
def test_the_layers_leave_at_most_the_printed_rest(vector: Vector) -> None:
    """The figures are printed as more than so much, so they bound the shares from below and the rest from above."""
    given = vector.inputs
    law = small_law(
        benefit__rate="1", benefit__caps=("pool",), cap__pool=str(given["medical_insurance"]),
        benefit__layers=("commercial",), commercial__in__deductible="0", commercial__in__rate="1",
        commercial__out__deductible="0", commercial__out__rate="0", commercial__caps=("plan",),
        cap__plan=str(given["guanjiafu"]),
    )  # fmt: skip
    found = settled(law, person(), fen(given["total"]), commercial=True)
    assert found["PATIENT"] <= fen(vector.expected["residual"])
    shares = [Decimal(found[name]) / found["TOTAL"] for name in ("BASIC", "FUND")]
    printed = [Decimal(vector.expected[name]) for name in ("base_ratio", "all_ratio")]
    assert [one.quantize(Decimal("0.0001"), ROUND_HALF_UP) for one in shares] == printed


@pytest.mark.parametrize("vector", of("舟山居民住院"), ids=ids("舟山居民住院"))
def test_residents_in_hospital_by_level(vector: Vector) -> None:
    law, level = load_law("舟山", ["demo"]), {"primary": "1", "secondary": "2", "tertiary": "3"}[vector.inputs["level"]]
    context, total = person(hosp_lv=level), fen(vector.inputs["in_scope"])
    first = settled(law, context, total, day=REFORM)
    assert first["DEDUCTIBLE"] == fen(vector.inputs["deductible_alt"])
    assert first["BASIC"] == fen(vector.expected["fund_ded"])
    third = settled(law, context, total, day=REFORM, before={"stays": 2})
    assert (third["DEDUCTIBLE"], third["BASIC"]) == (0, fen(vector.expected["fund_no_ded"]))


@pytest.mark.parametrize("vector", of("舟山慢病门诊"), ids=ids("舟山慢病门诊"))
def test_residents_chronic_disease_with_and_without_contract(vector: Vector) -> None:
    disease = {"chronic": "renal", "tb": "tb"}[vector.inputs["disease"]]
    context = person(kind="chronic", hosp_lv="1", dise_codg=disease,
                     contract="signed" if vector.inputs["signed"] else "none")  # fmt: skip
    found = settled(load_law("舟山", ["demo"]), context, fen(vector.inputs["in_scope"]), day=REFORM)
    assert found["BASIC"] == fen(vector.expected["fund"])


@pytest.mark.parametrize("vector", of("大病"), ids=ids("大病"))
def test_critical_illness_pays_by_bands_above_its_deductible(vector: Vector) -> None:
    assert vector.inputs["bands"] == "1-10万50%,>10万60%"
    law = small_law(
        benefit__rate="1", benefit__caps=("pool",), cap__pool=str(vector.inputs["basic"]),
        benefit__layers=("critical",), critical__deductible="10000", critical__caps=("none",),
        critical__bands=({"from": "0", "to": "100000", "rate": "0.5"}, {"from": "100000", "rate": "0.6"}),
        critical__counts_preself="false", critical__reward="false",
    )  # fmt: skip
    total, policy = fen(vector.inputs["total"]), fen(vector.inputs["policy"])
    found = settled(law, person(), lines=[(1, policy, 0), (3, total - policy, 10**6)])
    assert (found["BASIC"], found["CRITICAL"]) == (fen(vector.inputs["basic"]), fen(vector.expected["dabing"]))
    assert found["FUND"] == fen(vector.expected["all"])


def triple(inputs: dict[str, object], **aid: str) -> dict[str, int]:
    law = small_law(
        benefit__rate=str(inputs["rate"]), benefit__deductible__basis="visit",
        benefit__deductible=str(inputs["ded"]), benefit__layers=("critical", "aid") if aid else ("critical",),
        critical__deductible=str(inputs["db_ded"]), critical__bands=({"from": "0", "rate": str(inputs["db_rate"])},),
        critical__caps=("none",), critical__counts_preself="false", critical__reward="false", aid__caps=("none",),
        aid__tilt="false", **aid,
    )  # fmt: skip
    total, bing, yi = (fen(str(inputs[name])) for name in ("total", "bing", "yi"))
    share = int(Decimal(str(inputs["yi_first"])) * 10**6)
    lines = [(3, bing, 10**6), (2, yi, share), (1, total - bing - yi, 0)]
    return settled(law, person(identity="dibao"), lines=lines)


TRIPLE = of("三重保障")[0]


@pytest.mark.parametrize("vector", of("三重保障"), ids=ids("三重保障"))
def test_basic_and_critical_one_after_the_other(vector: Vector) -> None:
    found = triple(vector.inputs)
    expected = {name: fen(text) for name, text in vector.expected.items()}
    assert (found["INSCOPE"], found["BASIC"]) == (expected["scope"], expected["basic"])
    assert (found["CRITICAL_BASE"], found["CRITICAL"]) == (expected["burden"], expected["dabing"])
    assert found["PATIENT"] == fen("31208")


@pytest.mark.parametrize("vector", of("三重保障-低保"), ids=ids("三重保障-低保"))
def test_basic_critical_and_aid_one_after_the_other(vector: Vector) -> None:
    given = vector.inputs
    assert given["as_"] == TRIPLE.id
    found = triple(
        {**TRIPLE.inputs, "db_ded": given["db_ded"], "db_rate": given["db_rate"]},
        aid__deductible=str(given["ma_ded"]), aid__rate=str(given["ma_rate"]),
    )  # fmt: skip
    names = {"dabing": "CRITICAL", "rest": "AID_BASE", "aid": "AID", "patient": "PATIENT"}
    assert {name: found[of_kernel] for name, of_kernel in names.items()} == {
        name: fen(text) for name, text in vector.expected.items()
    }


@pytest.mark.parametrize("vector", of("公务员补助"), ids=ids("公务员补助"))
def test_a_civil_servants_supplement_on_what_is_left(vector: Vector) -> None:
    given = vector.inputs
    law = small_law(
        benefit__rate=given["basic_rate"], benefit__layers=("large", "civil"), large__basis="burden",
        large__bands=({"from": str(given["db_trigger"]), "rate": "0.9"},), large__caps=("none",),
        civil__deductible="0", civil__rate=given["civil_rate"], civil__caps=("none",),
    )  # fmt: skip
    context = person(insutype="310", psn_type="11", clct_way="1", cvlserv_flag="1")
    found = settled(law, context, fen(given["in_scope"]))
    names = {"basic": "BASIC", "left": "CIVIL_BASE", "dabing": "LARGE", "civil": "CIVIL", "self": "PATIENT"}
    assert {name: found[of_kernel] for name, of_kernel in names.items()} == {
        name: fen(text) for name, text in vector.expected.items()
    }


@pytest.mark.parametrize("vector", of("跨省异地"), ids=ids("跨省异地"))
def test_a_first_share_far_from_home_then_deductible_then_rate(vector: Vector) -> None:
    given = vector.inputs
    law = small_law(
        benefit__rate=given["rate"], benefit__deductible__basis="visit", benefit__deductible=str(given["ded"]),
        offsite__adjust__type="pre_self", offsite__adjust=given["pre_self"],
    )  # fmt: skip
    found = settled(law, person(offsite="referral", region="country"), fen(given["scope"]))
    assert found["BASIC"] == fen(vector.expected["fund"])
    assert found["PRESELF"] == fen(given["scope"]) * Decimal(given["pre_self"])


@pytest.mark.parametrize("vector", of("跨省异地"), ids=ids("跨省异地"))
def test_nanchangs_first_share_far_from_home_by_the_filing(vector: Vector) -> None:
    filed = {"0.00": "resident", "0.10": "referral", "0.20": "unfiled"}[vector.inputs["pre_self"]]
    context = person(insutype="310", psn_type="11", clct_way="1", offsite=filed, region="country")
    found = settled(load_law("南昌", ["demo"]), context, fen(vector.inputs["scope"]))
    assert (found["DEDUCTIBLE"], found["BASIC"]) == (fen(vector.inputs["ded"]), fen(vector.expected["fund"]))


@pytest.mark.parametrize("vector", of("大病江西2025"), ids=ids("大病江西2025"))
def test_hardship_halves_the_deductible_and_adds_to_the_rate(vector: Vector) -> None:
    given = vector.inputs
    for kind, floor, rate in (("normal", "ded", "rate"), ("hard", "ded_hard", "rate_hard")):
        law = small_law(
            benefit__layers=("critical",), critical__deductible=str(given[floor]), critical__caps=("none",),
            critical__bands=({"from": "0", "rate": given[rate]},), critical__counts_preself="false",
            critical__reward="false",
        )  # fmt: skip
        assert settled(law, person(), fen(given["burden"]))["CRITICAL"] == fen(vector.expected[kind])


@pytest.mark.parametrize("vector", of("大病江西2025"), ids=ids("大病江西2025"))
def test_nanchangs_critical_illness_on_a_burden_of_100000_yuan(vector: Vector) -> None:
    """The pool pays nothing more: its cap is reached."""
    for kind, identity in (("normal", "none"), ("hard", "tekun")):
        law, context = load_law("南昌", ["demo"]), person(identity=identity)
        found = settled(law, context, fen(vector.inputs["burden"]), before={"paid:pool": fen(100_000)})
        assert (found["BASIC"], found["CRITICAL"]) == (0, fen(vector.expected[kind]))


@pytest.mark.parametrize("vector", of("药店乙类"), ids=ids("药店乙类"))
def test_nanchangs_class_b_drug_at_a_pharmacy_after_the_years_deductible(vector: Vector) -> None:
    context = person(insutype="310", psn_type="11", clct_way="1", kind="pharmacy", fixmedins_type="2", hosp_lv="")
    share = int(Decimal(vector.inputs["first_self"]) * 10**6)
    found = settled(
        load_law("南昌", ["demo"]), context, lines=[(2, fen(vector.inputs["price"]), share)],
        before={"deductible:outpatient": fen(300)},
    )  # fmt: skip
    assert (found["FUND"], found["PATIENT"]) == (fen(vector.expected["fund"]), fen(vector.expected["self"]))


# ── 生育津贴 ──

MISPRINTED = "19331.50"


@pytest.mark.parametrize("vector", of("生育津贴"), ids=ids("生育津贴"))
def test_allowance_is_the_monthly_wage_by_thirty_times_the_days(vector: Vector) -> None:
    found = allowance(fen(vector.inputs["month_wage"]), vector.inputs["days"])
    assert found == fen(vector.expected["allowance"])
    assert (vector.id != "MAT-2") or found != fen(MISPRINTED)


def test_days_of_a_birth_are_the_basic_ones_and_more_for_difficulty_and_for_each_further_baby() -> None:
    view = load_law("national").at(REFORM)
    assert (birth_days(view), birth_days(view, difficult=True), birth_days(view, babies=3)) == (98, 113, 128)
    assert birth_days(view, difficult=True, babies=2) == 128
    assert view.unverified == []
    with pytest.raises(ValueError, match="at least one"):
        birth_days(view, babies=0)


@pytest.mark.parametrize(("months", "days"), [(0, 15), (3, 15), (4, 42), (7, 42)])
def test_days_of_a_miscarriage_by_full_months(months: int, days: int) -> None:
    view = load_law("national").at(REFORM)
    assert miscarriage_days(view, months) == days
    assert view.unverified == ["maternity.days.miscarriage", "maternity.late_month"]


def test_an_allowance_of_half_a_fen_is_rounded_up_and_nothing_is_below_zero() -> None:
    assert allowance(15, 1) == 1 and allowance(14, 1) == 0
    with pytest.raises(ValueError, match="negative"):
        allowance(-1, 98)
