"""The benefit law of the shipped cities: what the documents print, what stays open, and that no context is left without
an answer or with two once the demo overlay is on. The list of keys is this test's own (docs/internals/benefit.md)."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product

import pytest

from yibao.kernel import Grade
from yibao.law import ConflictError, Law, Layer, MissingParameter, View
from yibao.packs import load_law, load_pack_findings
from yibao.packs.folders import SHIPPED
from yibao.standard import CODE_TABLES

Context = dict[str, str]

BEFORE, REFORM, NOW = date(2023, 9, 30), date(2023, 10, 1), date(2025, 6, 1)
CITIES = {"dongguan": (BEFORE, NOW), "zhoushan": (BEFORE, REFORM, NOW)}
CITY_DAYS = [(city, day) for city, days in CITIES.items() for day in days]

DOMAIN = {
    "insutype": ("310", "390"),
    "psn_type": ("11", "12", "13", "14", "15", "16"),
    "clct_way": ("1", "2", "3"),
    "kind": (
        "outpatient", "chronic", "two_diseases", "pharmacy", "antenatal", "inpatient", "home_bed", "maternity",
        "birth_control",
    ),
    "hosp_lv": ("1", "2", "3", ""),
    "fixmedins_type": ("1", "2"),
    "point": ("main", "aux", "none"),
    "access": ("direct", "referral", "emergency"),
    "contract": ("none", "signed", "performed"),
    "dise_codg": ("", "tb", "hypertension", "diabetes", "other"),
    "offsite": ("none", "resident", "referral", "emergency", "filed_late", "unfiled"),
    "region": ("city", "province", "country"),
    "identity": ("none", *sorted(CODE_TABLES["psn_idet_type"].codes)),
    "cvlserv_flag": ("0", "1"),
}  # fmt: skip
"""Every field of a claim's context and its values."""
PERSONS = [
    *product(("310",), ("11", "12", "13"), ("1", "2")),
    *product(("390",), ("14", "15", "16"), ("3",)),
]
DRUG_KINDS = ("outpatient", "chronic", "two_diseases")
PLACES = [
    *product(DOMAIN["kind"][:3] + DOMAIN["kind"][4:], ("1",), ("1", "2", "3")),
    *product((*DRUG_KINDS, "pharmacy"), ("2",), ("", "1")),
]
"""Where each kind of benefit is had: a pharmacy has no level, or stands in the file as the first."""

ALWAYS = (
    "benefit.law_day", "benefit.year_of", "benefit.points.rule", "benefit.points.exempt", "benefit.approval",
    "benefit.deductible", "benefit.deductible.basis", "benefit.deductible.group", "benefit.rate",
    "benefit.rate.uplifts", "benefit.caps", "offsite.adjust.type", "benefit.layers", "special.rate", "special.caps",
    "special.counts_critical", "account.pays", "account.mutual", "benefit.partial_refund",
)  # fmt: skip
OF_LAYER = {
    "large": ("large.basis", "large.bands", "large.caps"),
    "critical": (
        "critical.deductible", "critical.bands", "critical.caps", "critical.counts_preself", "critical.reward",
    ),
    "aid": ("aid.deductible", "aid.rate", "aid.caps", "aid.tilt"),
    "civil": ("civil.deductible", "civil.rate", "civil.caps"),
    "household": ("household.self_cap", "household.counts"),
    "commercial": (
        "commercial.in.deductible", "commercial.in.rate", "commercial.out.deductible", "commercial.out.rate",
        "commercial.caps",
    ),
}  # fmt: skip
CAPS = ("benefit.caps", "special.caps", *(f"{layer}.caps" for layer in OF_LAYER if layer != "household"))
UPLIFTS = ("benefit.rate.uplift.signed", "benefit.rate.uplift.level")
OTHER = ("benefit.kind", "benefit.two_diseases.codes", "benefit.bands", "benefit.bands.basis", "aid.order")
EARLY = {
    "benefit.kind": {"med_type"}, "benefit.two_diseases.codes": {"insutype"}, "benefit.law_day": {"kind"},
    "benefit.year_of": {"kind"}, "aid.order": set(), "benefit.partial_refund": set(),
}  # fmt: skip
"""Keys read before a claim has its context, and the fields they are read by."""
AIDED = ("tekun", "dibao", "jiance", "bianyuan", "zhongbing")


@cache
def bare(city: str) -> Law:
    return load_law(city)


@cache
def demo(city: str) -> Law:
    return load_law(city, ["demo"])


def contexts(count: int, seed: int) -> Iterator[Context]:
    """Every person at every place with the rest drawn, then as many drawn as are asked for."""
    dice = random.Random(seed)
    drawn = [*product(PERSONS, PLACES)]
    drawn += [(dice.choice(PERSONS), dice.choice(PLACES)) for _ in range(count)]
    for (insutype, psn_type, clct_way), (kind, fixmedins_type, hosp_lv) in drawn:
        one = {name: dice.choice(values) for name, values in DOMAIN.items()}
        one |= {"insutype": insutype, "psn_type": psn_type, "clct_way": clct_way, "kind": kind}
        one |= {"fixmedins_type": fixmedins_type, "hosp_lv": hosp_lv}
        yield one


def needed(view: View) -> Iterator[tuple[str, Context]]:
    """The keys, with the name of a cap where there is one, that a settlement in the view's context asks for."""
    yield from ((key, {}) for key in ALWAYS)
    if view.text("benefit.deductible.basis") == "stay":
        yield "benefit.deductible.steps", {}
    if view.text("offsite.adjust.type") != "none":
        yield "offsite.adjust", {}
    yield from ((f"benefit.rate.uplift.{name}", {}) for name in named(view, "benefit.rate.uplifts"))
    layers = named(view, "benefit.layers")
    yield from ((key, {}) for layer in layers for key in OF_LAYER[layer])
    if "aid" in layers and view.flag("aid.tilt"):
        yield from ((key, {}) for key in ("aid.tilt.deductible", "aid.tilt.rate"))
    for key in CAPS:
        if key.partition(".")[0] in (*layers, "benefit", "special"):
            yield from (("benefit.cap", {"cap": name}) for name in named(view, key))


def named(view: View, key: str) -> tuple[str, ...]:
    items = view.items(key)
    return () if items == ("none",) else items


def context(**given: str) -> Context:
    """A context of a resident in town, unless said otherwise."""
    usual = {
        "insutype": "390", "psn_type": "15", "clct_way": "3", "kind": "outpatient", "hosp_lv": "1",
        "fixmedins_type": "1", "point": "main", "access": "direct", "contract": "none", "dise_codg": "",
        "offsite": "none", "region": "city", "identity": "none", "cvlserv_flag": "0",
    }  # fmt: skip
    return {**usual, **given}


EMPLOYEE = {"insutype": "310", "psn_type": "11", "clct_way": "1"}


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
    + [(name, "舟山市（330900）") for name in ("330900", "舟山市", "舟山", "zhoushan")],
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
    assert {"critical", "aid", "civil", "commercial", "none"} <= layers


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
    assert tried > 5_000


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
    assert same > 200


INPATIENT = context(kind="inpatient")
POOR = context(kind="inpatient", identity="dibao")
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
]
PRINTED = {"dongguan": date(2024, 3, 12), "zhoushan": date(2023, 9, 20)}


@pytest.mark.parametrize(("city", "key", "value", "where"), OFFICIAL)
def test_what_the_documents_print_stands_in_the_pack_with_its_article(
    city: str, key: str, value: str, where: Context
) -> None:
    for law in (bare(city), demo(city)):
        found = law.at(REFORM).parameter(key, **where)
        assert (found.value_text, found.grade) == (value, Grade.OFFICIAL)
        assert found.source.published == PRINTED[city] and found.source.article


def test_the_list_of_what_the_documents_print_is_whole() -> None:
    asserted = {bare(city).at(REFORM).parameter(key, **where).origin for city, key, _, where in OFFICIAL}
    printed = {
        one.origin: one
        for city in CITIES for layer in bare(city).layers for one in layer.parameters
        if one.grade is Grade.OFFICIAL and one.origin.pack == city
    }  # fmt: skip
    missed = [one for origin, one in printed.items() if origin not in asserted]
    assert {one.key for one in missed} <= {"benefit.layers", "benefit.rate.uplifts"}
    assert len(asserted) >= 23


@pytest.mark.parametrize("city", CITIES)
def test_the_grades_say_where_a_figure_comes_from(city: str) -> None:
    own, overlay = bare(city).layers[-1].parameters, demo(city).layers[-1].parameters
    assert {one.grade for one in overlay} == {Grade.ASSUMED}
    assert {one.grade for one in own} == {Grade.OFFICIAL, Grade.THIRD_PARTY, Grade.ASSUMED}
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
    for law in (bare(city), demo(city)):
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
        assert (mild["from"], mild["to"]) == (hard["from"], hard["to"])
        assert Decimal(hard["rate"]) - Decimal(mild["rate"]) == Decimal("0.05")
    rates = [demo(city).at(NOW).ratio("aid.rate", **context(identity=one)) for one in ("tekun", "dibao", "bianyuan")]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("key", ["critical.bands", "large.bands"])
def test_bands_begin_at_zero_and_join(city: str, key: str) -> None:
    tables = [one.value for layer in demo(city).layers_of(key) for one in layer]
    assert tables or (city, key) == ("dongguan", "large.bands")
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


def test_the_two_cities_use_every_layer() -> None:
    used = {name for city in CITIES for one in contexts(0, seed=2) for name in demo(city).at(NOW).items(
        "benefit.layers", **one)}  # fmt: skip
    assert used == {*OF_LAYER, "none"}


def test_every_key_of_the_vocabulary_is_registered_with_the_fields_it_is_read_by() -> None:
    definitions = bare("dongguan").definitions
    keys = {*ALWAYS, *OTHER, *UPLIFTS, *(key for keys in OF_LAYER.values() for key in keys), *CAPS}
    for key in sorted(keys):
        assert set(definitions[key].where) == EARLY.get(key, set(DOMAIN)), key
    assert set(definitions["benefit.cap"].where) == {*DOMAIN, "cap"}
