"""The benefit law of the shipped cities: what the documents print, what stays open, and that no context is left without
an answer or with two once the demo overlay is on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from packs.benefit_contexts import (
    ALWAYS,
    BEFORE,
    CAPS,
    DOMAIN,
    INPATIENT,
    NOW,
    OF_LAYER,
    POOR,
    REFORM,
    TWO_DISEASES,
    Context,
    context,
    contexts,
    named,
    needed,
)

from yibao.kernel import Grade
from yibao.law import ConflictError, Law, Layer, MissingParameter, View
from yibao.packs import load_law, load_pack_findings
from yibao.packs.folders import SHIPPED
from yibao.standard import CODE_TABLES

CITIES = {
    "dongguan": (BEFORE, NOW), "zhoushan": (BEFORE, REFORM, NOW), "shaanxi": (date(2024, 12, 31), NOW),
    "nanchang": (date(2023, 3, 31), date(2024, 12, 31), NOW), "zibo": (BEFORE, NOW),
}  # fmt: skip
CITY_DAYS = [(city, day) for city, days in CITIES.items() for day in days]

UPLIFTS = ("benefit.rate.uplift.signed", "benefit.rate.uplift.level")
OTHER = ("benefit.kind", "benefit.two_diseases.codes", "benefit.bands", "benefit.bands.basis", "aid.order")
EARLY = {
    "benefit.kind": {"med_type"}, "benefit.two_diseases.codes": {"insutype"}, "benefit.law_day": {"kind"},
    "benefit.year_of": {"kind"}, "aid.order": set(), "benefit.partial_refund": set(),
}  # fmt: skip
"""Keys read before a claim has its context, and the fields they are read by."""
AIDED = ("tekun", "dibao", "jiance", "bianyuan", "zhongbing")
INSURED_BESIDES = ("dongguan", "zhoushan")
"""The cities whose documents name a 惠民保."""


@cache
def bare(city: str) -> Law:
    return load_law(city)


@cache
def demo(city: str) -> Law:
    return load_law(city, ["demo"])


EMPLOYEE = {"insutype": "310", "psn_type": "11", "clct_way": "1"}
RETIRED = {**EMPLOYEE, "psn_type": "12"}


def rate(view: View) -> Fraction:
    return view.ratio("benefit.rate") + sum(
        view.ratio(f"benefit.rate.uplift.{name}") for name in named(view, "benefit.rate.uplifts")
    )


@pytest.mark.parametrize("city", CITIES)
def test_each_pack_loads_with_and_without_the_demo_overlay_and_without_a_remark(city: str) -> None:
    assert load_pack_findings([SHIPPED / city]) == []
    assert len(demo(city).layers) == len(bare(city).layers) + 1


@pytest.mark.parametrize(
    ("name", "title"),
    [(name, "东莞市（441900）") for name in ("441900", "东莞市", "东莞", "dongguan")]
    + [(name, "舟山市（330900）") for name in ("330900", "舟山市", "舟山", "zhoushan")]
    + [(name, "陕西省（610000）") for name in ("610000", "陕西省", "陕西", "shaanxi")]
    + [(name, "南昌市（360100）") for name in ("360100", "南昌市", "南昌", "nanchang")],
)
def test_a_city_answers_to_its_names(name: str, title: str) -> None:
    assert load_law(name).title == title


@pytest.mark.parametrize(("city", "day"), CITY_DAYS)
def test_with_the_overlay_every_context_has_every_value_it_needs(city: str, day: date) -> None:
    asked = 0
    layers: set[str] = set()
    for one in contexts(300, seed=day.toordinal()):
        view = demo(city).at(day).given(**one)
        for key, more in needed(view):
            assert view.parameter(key, **more), one
            asked += 1
        layers |= set(view.items("benefit.layers"))
    assert asked > 10_000
    assert {"critical", "aid", "civil", "none"} <= layers
    assert ("commercial" in layers) == (city in INSURED_BESIDES)


@pytest.mark.parametrize("city", CITIES)
def test_no_two_rules_hold_at_once_in_any_context(city: str) -> None:
    """Exhaustive, key by key: every value that a rule of the key names and one that none names, of every field."""
    tried = 0
    for key in sorted({*ALWAYS, *OTHER, *(key for keys in OF_LAYER.values() for key in keys), "benefit.cap", *UPLIFTS}):
        rules = [one for layer in demo(city).layers_of(key) for one in layer]
        fields = sorted({name for one in rules for name in one.where})
        domain = [[*sorted({v for one in rules for v in one.where.get(name, ())}), "~"] for name in fields]
        for day in CITIES[city]:
            view = demo(city).at(day)
            for choice in product(*domain):
                view.has(key, **dict(zip(fields, choice, strict=True)))
                tried += 1
    assert tried > 2_000


def test_a_tie_would_be_seen() -> None:
    (rules, *_) = bare("dongguan").layers_of("benefit.points.rule")
    twin = replace(rules[0], where={"kind": ("outpatient",)})
    law = Law("441900", "东莞市", [Layer("dongguan", "东莞市", (*rules, twin))])
    with pytest.raises(ConflictError):
        law.at(NOW).has("benefit.points.rule", **context())


@pytest.mark.parametrize(("city", "day"), CITY_DAYS)
def test_the_overlay_changes_nothing_that_the_city_itself_says(city: str, day: date) -> None:
    same = 0
    for one in contexts(200, seed=1):
        plain, assumed = bare(city).at(day).given(**one), demo(city).at(day).given(**one)
        for key, more in needed(assumed):
            said = plain.find(key, **more)
            if said is not None and said.origin.pack == city:
                assert assumed.parameter(key, **more).origin == said.origin, (key, one)
                same += 1
    assert same >= (20 * (day == NOW) if city == "shaanxi" else 200)


OPEN = [
    ("dongguan", NOW, "benefit.rate", context(hosp_lv="2")),
    ("dongguan", NOW, "benefit.rate", context(kind="chronic")),
    ("dongguan", NOW, "benefit.points.exempt", context()),
    ("dongguan", NOW, "benefit.deductible", context()),
    ("dongguan", NOW, "benefit.deductible.basis", context()),
    ("dongguan", NOW, "benefit.caps", INPATIENT),
    ("dongguan", NOW, "offsite.adjust.type", context(offsite="unfiled")),
    ("dongguan", NOW, "critical.bands", INPATIENT),
    ("dongguan", NOW, "critical.deductible", context(**EMPLOYEE, kind="inpatient")),
    ("dongguan", NOW, "aid.rate", POOR),
    ("dongguan", NOW, "commercial.in.deductible", INPATIENT),
    ("dongguan", NOW, "special.rate", INPATIENT),
    ("zhoushan", REFORM, "benefit.rate", context()),
    ("zhoushan", REFORM, "benefit.rate", context(kind="inpatient", psn_type="14")),
    ("zhoushan", REFORM, "benefit.rate", context(kind="inpatient", offsite="resident")),
    ("zhoushan", REFORM, "benefit.rate", context(kind="chronic", hosp_lv="2")),
    ("zhoushan", REFORM, "benefit.deductible", context(hosp_lv="2")),
    ("zhoushan", REFORM, "household.self_cap", POOR),
    ("zhoushan", REFORM, "commercial.out.rate", context()),
    ("zhoushan", REFORM, "large.basis", context(**EMPLOYEE, kind="inpatient")),
    ("zhoushan", REFORM, "offsite.adjust.type", context(offsite="referral")),
    ("shaanxi", NOW, "benefit.rate", INPATIENT),
    ("shaanxi", NOW, "benefit.rate", context(kind="antenatal")),
    ("shaanxi", NOW, "benefit.rate", context(kind="two_diseases", hosp_lv="2", dise_codg="diabetes")),
    ("shaanxi", NOW, "benefit.deductible", INPATIENT),
    ("shaanxi", NOW, "benefit.caps", context()),
    ("shaanxi", NOW, "critical.deductible", INPATIENT),
    ("shaanxi", NOW, "critical.bands", INPATIENT),
    ("shaanxi", NOW, "special.rate", INPATIENT),
    ("shaanxi", NOW, "offsite.adjust.type", context(offsite="unfiled")),
    ("shaanxi", NOW, "aid.rate", POOR),
    ("nanchang", NOW, "benefit.rate", context(hosp_lv="2")),
    ("nanchang", NOW, "benefit.rate", context(kind="chronic", dise_codg="other")),
    ("nanchang", NOW, "benefit.rate", context(kind="two_diseases", dise_codg="diabetes")),
    ("nanchang", NOW, "benefit.deductible", context()),
    ("nanchang", NOW, "benefit.deductible.steps", INPATIENT),
    ("nanchang", NOW, "offsite.adjust", context(offsite="emergency", region="country")),
    ("nanchang", date(2024, 12, 31), "critical.deductible", INPATIENT),
    ("nanchang", date(2023, 3, 31), "offsite.adjust.type", context(offsite="unfiled", region="province")),
    ("nanchang", NOW, "civil.rate", context(**EMPLOYEE, kind="inpatient", cvlserv_flag="1")),
    ("nanchang", NOW, "aid.rate", POOR),
    ("zibo", NOW, "benefit.deductible", INPATIENT),
    ("zibo", NOW, "benefit.rate", context(kind="inpatient", hosp_lv="2")),
    ("zibo", NOW, "benefit.rate", context(kind="inpatient", hosp_lv="3")),
    ("zibo", NOW, "benefit.rate", context()),
    ("zibo", NOW, "critical.deductible", INPATIENT),
    ("zibo", NOW, "critical.bands", INPATIENT),
    ("zibo", NOW, "large.basis", context(**EMPLOYEE, kind="inpatient")),
    ("zibo", NOW, "special.rate", INPATIENT),
    ("zhoushan", BEFORE, "benefit.rate", INPATIENT),
    ("zhoushan", BEFORE, "benefit.rate", context(kind="chronic")),
    ("zhoushan", BEFORE, "benefit.deductible", INPATIENT),
    ("zhoushan", BEFORE, "benefit.deductible", context()),
    ("zhoushan", BEFORE, "benefit.deductible", context(**EMPLOYEE)),
    ("zhoushan", BEFORE, "offsite.adjust.type", context(offsite="unfiled")),
    ("zhoushan", BEFORE, "benefit.layers", context()),
]


@pytest.mark.parametrize(("city", "day", "key", "where"), OPEN)
def test_without_the_overlay_what_the_documents_leave_open_is_refused_by_name(
    city: str, day: date, key: str, where: Context
) -> None:
    with pytest.raises(MissingParameter) as refused:
        bare(city).at(day).parameter(key, **where)
    message = str(refused.value)
    assert key in message and bare(city).title in message and day.isoformat() in message
    assert demo(city).at(day).parameter(key, **where).grade is Grade.ASSUMED


SIGNED = {"contract": "signed"}
OFFICIAL = [
    ("dongguan", "benefit.points.rule", "chosen", context()),
    ("dongguan", "benefit.rate", "0.70", context()),
    ("dongguan", "benefit.rate", "0.70", context(point="aux")),
    ("dongguan", "benefit.rate", "0.70", context(**EMPLOYEE)),
    ("dongguan", "benefit.rate", "0.70", context(**{**EMPLOYEE, "clct_way": "2"}, contract="signed")),
    ("dongguan", "benefit.rate.uplift.signed", "0.05", context(contract="performed")),
    ("dongguan", "benefit.layers", "critical|commercial", INPATIENT),
    ("dongguan", "benefit.layers", "critical|aid|commercial", POOR),
    ("zhoushan", "benefit.deductible", "0", context()),
    ("zhoushan", "benefit.deductible", "0", context(**EMPLOYEE)),
    ("zhoushan", "benefit.rate", "0.85", INPATIENT),
    ("zhoushan", "benefit.rate", "0.75", context(kind="inpatient", hosp_lv="2")),
    ("zhoushan", "benefit.rate", "0.65", context(kind="inpatient", hosp_lv="3", psn_type="16")),
    ("zhoushan", "benefit.rate", "0.65", context(kind="chronic", dise_codg="other")),
    ("zhoushan", "benefit.rate", "0.65", context(kind="two_diseases", dise_codg="hypertension")),
    ("zhoushan", "benefit.rate", "0.70", context(kind="chronic", dise_codg="tb")),
    ("zhoushan", "benefit.rate.uplift.level", "0.02", context()),
    ("zhoushan", "benefit.rate.uplift.level", "0.05", context(hosp_lv="2")),
    ("zhoushan", "benefit.rate.uplift.level", "0.03", context(hosp_lv="3")),
    ("zhoushan", "benefit.rate.uplift.level", "0.03", context(kind="pharmacy", fixmedins_type="2", hosp_lv="")),
    ("zhoushan", "benefit.rate.uplift.signed", "0.03", context(**SIGNED)),
    ("zhoushan", "benefit.rate.uplift.signed", "0.03", context(**EMPLOYEE, **SIGNED)),
    ("zhoushan", "benefit.rate.uplift.signed", "0.03", context(**SIGNED, kind="chronic", point="none")),
    ("zhoushan", "benefit.rate.uplifts", "level", context()),
    ("zhoushan", "benefit.rate.uplifts", "level|signed", context(**SIGNED)),
    ("zhoushan", "benefit.rate.uplifts", "level", context(**SIGNED, hosp_lv="3")),
    ("zhoushan", "benefit.rate.uplifts", "signed", context(**SIGNED, kind="chronic", dise_codg="other")),
    ("zhoushan", "offsite.adjust.type", "none", context(offsite="unfiled")),
    ("zhoushan", "benefit.layers", "commercial", context()),
    ("zhoushan", "benefit.layers", "household|commercial", context(identity="dibao")),
    ("shaanxi", "benefit.deductible.group", "outpatient", context(kind="antenatal")),
    ("shaanxi", "benefit.caps", "outpatient", context(kind="antenatal")),
    ("shaanxi", "critical.reward", "true", INPATIENT),
]
PRINTED = {"dongguan": date(2024, 3, 12), "zhoushan": date(2023, 9, 20), "shaanxi": date(2024, 11, 20)}
SINCE = {"shaanxi": date(2025, 1, 1)}
"""The first day of what a document prints, where it is not that of the reform of 2023."""
BENEFITS = ("benefit.", "offsite.", "large.", "critical.", "civil.", "household.", "commercial.", "special.")


@pytest.mark.parametrize(("city", "key", "value", "where"), OFFICIAL)
def test_what_the_documents_print_stands_in_the_pack_with_its_article(
    city: str, key: str, value: str, where: Context
) -> None:
    for law in (bare(city), demo(city)):
        found = law.at(SINCE.get(city, REFORM)).parameter(key, **where)
        assert (found.value_text, found.grade) == (value, Grade.OFFICIAL)
        assert found.source.published == PRINTED[city] and found.source.article


def test_the_list_of_what_the_documents_print_is_whole() -> None:
    asserted = {
        bare(city).at(SINCE.get(city, REFORM)).parameter(key, **where).origin for city, key, _, where in OFFICIAL
    }  # fmt: skip
    printed = {
        one.origin: one
        for city in CITIES for layer in bare(city).layers for one in layer.parameters
        if one.grade is Grade.OFFICIAL and one.origin.pack == city and one.key.startswith(BENEFITS)
    }  # fmt: skip
    missed = [one for origin, one in printed.items() if origin not in asserted]
    assert {one.key for one in missed} <= {"benefit.layers", "benefit.rate.uplifts"}
    assert len(asserted) >= 26


GRADES = {
    "shaanxi": {Grade.OFFICIAL}, "nanchang": {Grade.THIRD_PARTY, Grade.ASSUMED}, "zibo": {Grade.THIRD_PARTY},
}  # fmt: skip


@pytest.mark.parametrize("city", CITIES)
def test_the_grades_say_where_a_figure_comes_from(city: str) -> None:
    own = [one for one in bare(city).layers[-1].parameters if one.key.startswith(BENEFITS)]
    assert {one.grade for one in demo(city).layers[-1].parameters} == {Grade.ASSUMED}
    assert {one.grade for one in own} == GRADES.get(city, {Grade.OFFICIAL, Grade.THIRD_PARTY, Grade.ASSUMED})
    assert {one.key for one in own if one.grade is Grade.ASSUMED} <= {
        "benefit.layers", "benefit.rate.uplifts", "critical.deductible", "critical.caps",
    }  # fmt: skip


THIRD_PARTY = [
    ("dongguan", "benefit.deductible", EMPLOYEE, "outpatient", ("0", "0", "0")),
    ("dongguan", "benefit.deductible", EMPLOYEE, "inpatient", ("500", "800", "1300")),
    ("dongguan", "benefit.deductible", {}, "inpatient", ("500", "800", "1300")),
    ("dongguan", "benefit.rate", EMPLOYEE, "inpatient", ("0.95", "0.90", "0.85")),
    ("dongguan", "benefit.rate", {}, "inpatient", ("0.85", "0.80", "0.75")),
    ("dongguan", "critical.deductible", {}, "inpatient", ("12000",) * 3),
    ("zhoushan", "benefit.rate", EMPLOYEE, "outpatient", ("0.68", "0.60", "0.50")),
    ("zhoushan", "benefit.deductible", EMPLOYEE, "inpatient", ("200", "500", "800")),
    ("zhoushan", "benefit.deductible", {}, "inpatient", ("200", "500", "800")),
    ("zhoushan", "benefit.rate", EMPLOYEE, "inpatient", ("0.93", "0.89", "0.85")),
    ("zhoushan", "critical.deductible", {}, "inpatient", ("20000",) * 3),
    ("zhoushan", "benefit.deductible.steps", {}, "inpatient", ("1|0.5|0",) * 3),
    ("nanchang", "benefit.deductible", EMPLOYEE, "outpatient", ("300", "300", "300")),
    ("nanchang", "benefit.rate", EMPLOYEE, "outpatient", ("0.65", "0.60", "0.55")),
    ("nanchang", "benefit.rate", RETIRED, "outpatient", ("0.70", "0.65", "0.60")),
    ("nanchang", "benefit.deductible", EMPLOYEE, "inpatient", ("200", "500", "800")),
    ("nanchang", "benefit.rate", EMPLOYEE, "inpatient", ("0.95", "0.90", "0.85")),
    ("nanchang", "benefit.deductible", {}, "inpatient", ("100", "400", "600")),
    ("nanchang", "benefit.rate", {}, "inpatient", ("0.90", "0.80", "0.60")),
    ("nanchang", "critical.deductible", EMPLOYEE, "inpatient", ("100000",) * 3),
    ("nanchang", "special.rate", EMPLOYEE, "inpatient", ("0.70",) * 3),
    ("nanchang", "special.rate", {}, "inpatient", ("0.60",) * 3),
    ("zibo", "benefit.deductible", EMPLOYEE, "outpatient", ("200", "200", "200")),
    ("zibo", "benefit.rate", EMPLOYEE, "outpatient", ("0.75", "0.65", "0.55")),
    ("zibo", "benefit.deductible", EMPLOYEE, "inpatient", ("300", "500", "800")),
    ("zibo", "benefit.rate", EMPLOYEE, "inpatient", ("0.92", "0.90", "0.86")),
]


@pytest.mark.parametrize(("city", "key", "person", "kind", "values"), THIRD_PARTY)
def test_third_party_figures_are_marked_as_such(
    city: str, key: str, person: Context, kind: str, values: tuple[str, ...]
) -> None:
    for level, value in zip("123", values, strict=True):
        found = bare(city).at(REFORM).parameter(key, **context(**person, kind=kind, hosp_lv=level))
        assert (found.value_text, found.grade) == (value, Grade.THIRD_PARTY)


def test_third_party_figures_of_single_contexts() -> None:
    view = bare("dongguan").at(NOW)
    assert [view.money("benefit.cap", cap="outpatient", insutype="310", psn_type=one) for one in ("11", "12")] == [
        300_000, 350_000,
    ]  # fmt: skip
    assert [view.text("benefit.rate", **context(**EMPLOYEE, hosp_lv=one)) for one in "23"] == ["0.60", "0.50"]
    assert view.money("benefit.cap", cap="critical", insutype="390") == 40_000_000
    view = bare("zhoushan").at(NOW)
    assert view.money("benefit.cap", cap="outpatient", insutype="310") == 800_000
    assert [view.text("benefit.deductible", **context(**EMPLOYEE, hosp_lv=one)) for one in "23"] == ["400", "400"]
    assert view.money("benefit.cap", cap="critical", insutype="390") == 40_000_000
    view = bare("zibo").at(NOW)
    assert [view.money("benefit.cap", cap="outpatient", insutype="310", psn_type=one) for one in ("11", "12")] == [
        250_000, 300_000,
    ]  # fmt: skip
    assert view.text("benefit.rate", **INPATIENT) == "0.85"


def test_third_party_figures_of_nanchang_of_single_contexts() -> None:
    view = bare("nanchang").at(NOW)
    assert [view.money("benefit.cap", cap="outpatient", insutype="310", psn_type=one) for one in ("11", "12")] == [
        200_000, 300_000,
    ]  # fmt: skip
    caps = {"pool": ("310", "390"), "critical": ("310", "390")}
    found = [view.money("benefit.cap", cap=cap, insutype=one) for cap, of in caps.items() for one in of]
    assert found == [10_000_000, 10_000_000, 50_000_000, 30_000_000]
    drugs = {"kind": "pharmacy", "fixmedins_type": "2", "hosp_lv": ""}
    assert [view.text("benefit.rate", **context(**one, **drugs)) for one in (EMPLOYEE, RETIRED)] == ["0.65", "0.70"]
    assert [rate(view.given(**context(contract=one))) for one in ("none", "signed", "performed")] == [
        Fraction("0.60"), Fraction("0.65"), Fraction("0.65"),
    ]  # fmt: skip
    both = [
        view.money("benefit.cap", cap="two_diseases.dise", **context(kind="two_diseases", dise_codg=one))
        for one in TWO_DISEASES
    ]
    assert both == [40_000, 50_000] and sum(both) == 90_000
    birth = [context(**EMPLOYEE, kind="maternity", hosp_lv=one) for one in "123"]
    assert [view.text("benefit.rate", **one) for one in birth] == ["1", "1", "0.90"]
    assert {view.text("benefit.deductible.basis", **one) for one in birth} == {"none"}
    assert not bare("nanchang").at(date(2023, 12, 31)).has("benefit.rate", **birth[0])
    assert view.money("critical.deductible", **INPATIENT) == 1_700_000
    assert view.table("critical.bands", **INPATIENT) == ({"from": "0", "rate": "0.60"},)
    assert view.table("critical.bands", **POOR) == ({"from": "0", "rate": "0.65"},)
    assert view.money("critical.deductible", **POOR) == 850_000 and view.items("critical.caps", **POOR) == ("none",)
    assert view.table("critical.bands", **context(**EMPLOYEE, kind="inpatient")) == ({"from": "0", "rate": "0.90"},)
    assert view.items("benefit.layers", **context(**EMPLOYEE, kind="inpatient")) == ("critical",)
    assert not view.flag("critical.counts_preself", **INPATIENT)
    assert {one for one in view.unverified if one.startswith("critical")} == {
        "critical.bands", "critical.caps", "critical.counts_preself", "critical.deductible",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("offsite", "region", "since", "adjustment"),
    [("unfiled", "province", date(2023, 4, 1), None), ("referral", "province", date(2023, 4, 1), None),
     ("resident", "country", NOW, None), ("referral", "country", NOW, "0.10"), ("unfiled", "country", NOW, "0.20")],
)  # fmt: skip
def test_nanchang_cuts_nothing_in_the_province_and_takes_a_first_share_beyond_it(
    offsite: str, region: str, since: date, adjustment: str | None
) -> None:
    view = bare("nanchang").at(since).given(**context(kind="inpatient", offsite=offsite, region=region))
    found = view.parameter("offsite.adjust.type")
    assert (found.value, found.grade) == ("pre_self" if adjustment else "none", Grade.THIRD_PARTY)
    assert (view.text("offsite.adjust") if adjustment else None) == adjustment


@pytest.mark.parametrize(("contract", "fund"), [("none", 19_600), ("signed", 19_600), ("performed", 21_000)])
def test_ben_w_280_yuan_at_the_main_point(contract: str, fund: int) -> None:
    """BEN-W1, BEN-W2 (东莞, printed): 70 %, and 75 % only where the family doctor's contract was performed."""
    view = demo("dongguan").at(date(2023, 12, 1)).given(**context(contract=contract))
    assert (28_000 - view.money("benefit.deductible")) * rate(view) == fund


@pytest.mark.parametrize(("level", "bare_fund", "fund"), [("1", 8500, 8330), ("2", 7500, 7125), ("3", 6500, 5980)])
def test_ben_z_a_resident_stay_of_10000_yuan(level: str, bare_fund: int, fund: int) -> None:
    """BEN-Z (舟山): the printed rate, without and with the third party's deductible."""
    view = bare("zhoushan").at(REFORM).given(**context(kind="inpatient", hosp_lv=level))
    assert 10_000 * rate(view) == bare_fund
    assert (10_000 - view.money("benefit.deductible") // 100) * rate(view) == fund
    assert "benefit.rate" not in view.unverified and "benefit.deductible" in view.unverified


@pytest.mark.parametrize(
    ("disease", "contract", "fund", "flagged"),
    [("other", "none", 650, False), ("other", "signed", 680, False), ("tb", "none", 700, False),
     ("tb", "signed", 730, True)],
)  # fmt: skip
def test_ben_zc_a_chronic_visit_of_1000_yuan(disease: str, contract: str, fund: int, flagged: bool) -> None:
    """BEN-ZC (舟山): that tuberculosis and the contract add up is our reading, and marked."""
    view = bare("zhoushan").at(REFORM).given(**context(kind="chronic", dise_codg=disease, contract=contract))
    view.ratio("benefit.rate")
    assert 1000 * rate(view) == fund
    grade = view.parameter("benefit.rate.uplifts").grade
    assert (grade is Grade.ASSUMED) == (flagged or contract == "none")
    assert "benefit.rate" not in view.unverified


def test_what_the_reform_of_zhoushan_raises_is_lower_before_it_in_the_demo() -> None:
    before, after = demo("zhoushan").at(BEFORE), demo("zhoushan").at(REFORM)
    drug = context(kind="pharmacy", fixmedins_type="2", hosp_lv="")
    chronic = [context(kind="chronic", dise_codg=one) for one in ("other", "tb")]
    for one in (INPATIENT, *chronic, context(), context(hosp_lv="2"), context(hosp_lv="3"), drug):
        assert rate(before.given(**one)) < rate(after.given(**one)), one
    away = context(kind="chronic", contract="signed", point="none", dise_codg="other")
    assert rate(before.given(**away)) == Fraction("0.60") and rate(after.given(**away)) == Fraction("0.68")
    assert before.money("benefit.deductible", **context()) > 0 == after.money("benefit.deductible", **context())


def test_every_med_type_of_the_national_table_has_a_kind() -> None:
    view = load_law("national").at(NOW)
    kinds = {code: view.text("benefit.kind", med_type=code) for code in CODE_TABLES["med_type"].codes}
    assert set(kinds.values()) == set(DOMAIN["kind"]) - {"two_diseases", "home_bed"}
    assert kinds["14"] == "chronic" and kinds["41"] == "pharmacy"
    assert "hypertension" in view.items("benefit.two_diseases.codes", insutype="390")


def test_the_law_day_of_a_stay_is_its_discharge() -> None:
    view = load_law("national").at(NOW)
    for key in ("benefit.law_day", "benefit.year_of"):
        assert view.text(key, kind="inpatient") == "discharge"
        assert view.text(key, kind="outpatient") == {"benefit.law_day": "service"}.get(key, "settlement")
    assert view.unverified == ["benefit.law_day", "benefit.year_of"]


@pytest.mark.parametrize("city", CITIES)
def test_no_outpatient_rate_of_employees_is_below_the_national_floor(city: str) -> None:
    for law in (demo(city),) if city == "shaanxi" else (bare(city), demo(city)):
        view = law.at(NOW)
        floor = view.ratio("benefit.rate.floor", insutype="310", kind="outpatient")
        for level in "123":
            assert view.ratio("benefit.rate", **context(**EMPLOYEE, hosp_lv=level)) >= floor == Fraction("0.50")


@pytest.mark.parametrize("city", CITIES)
def test_hardship_is_never_treated_worse(city: str) -> None:
    """The deductible of 大病 is half, its bands 5 points higher, without a ceiling (national rule, assumed)."""
    usual = demo(city).at(NOW).given(**context(kind="inpatient"))
    poor = demo(city).at(NOW).given(**POOR)
    assert poor.money("critical.deductible") * 2 == usual.money("critical.deductible")
    assert poor.items("critical.caps") == ("none",)
    for mild, hard in zip(usual.table("critical.bands"), poor.table("critical.bands"), strict=True):
        assert (mild["from"], mild.get("to")) == (hard["from"], hard.get("to"))
        assert Decimal(hard["rate"]) - Decimal(mild["rate"]) == Decimal("0.05")
    rates = [demo(city).at(NOW).ratio("aid.rate", **context(identity=one)) for one in ("tekun", "dibao", "bianyuan")]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("key", ["critical.bands", "large.bands"])
def test_bands_begin_at_zero_and_join(city: str, key: str) -> None:
    tables = [one.value for layer in demo(city).layers_of(key) for one in layer]
    assert tables or (city in ("dongguan", "nanchang") and key == "large.bands")
    for rows in tables:
        assert isinstance(rows, tuple)
        cells = [row for row in rows if not isinstance(row, str)]
        assert cells[0]["from"] == "0" and cells[-1].get("to", "") == ""
        assert [row["to"] for row in cells[:-1]] == [row["from"] for row in cells[1:]]


def test_aid_is_a_layer_exactly_for_those_who_are_aided() -> None:
    for city, day in CITY_DAYS:
        for identity, insutype in product(DOMAIN["identity"], DOMAIN["insutype"]):
            layers = demo(city).at(day).items("benefit.layers", **{**POOR, "identity": identity, "insutype": insutype})
            assert ("aid" in layers) == (identity in AIDED)
        assert demo(city).at(day).items("aid.order") == AIDED


def test_the_cities_use_every_layer() -> None:
    used = {name for city in CITIES for one in contexts(0, seed=2) for name in demo(city).at(NOW).items(
        "benefit.layers", **one)}  # fmt: skip
    assert used == {*OF_LAYER, "none"}


def test_every_key_of_the_vocabulary_is_registered_with_the_fields_it_is_read_by() -> None:
    definitions = bare("dongguan").definitions
    keys = {*ALWAYS, *OTHER, *UPLIFTS, *(key for keys in OF_LAYER.values() for key in keys), *CAPS}
    for key in sorted(keys):
        assert set(definitions[key].where) == EARLY.get(key, set(DOMAIN)), key
    assert set(definitions["benefit.cap"].where) == {*DOMAIN, "cap"}
