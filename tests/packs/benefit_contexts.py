"""What a settlement asks the law for, and the contexts it asks in: the list of keys is the tests' own
(docs/internals/benefit.md).
"""

import random
from collections.abc import Iterator
from datetime import date
from itertools import product

from yibao.law import View
from yibao.standard import CODE_TABLES

Context = dict[str, str]

BEFORE, REFORM, NOW = date(2023, 9, 30), date(2023, 10, 1), date(2025, 6, 1)

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
TWO_DISEASES = ("hypertension", "diabetes")


def contexts(count: int, seed: int) -> Iterator[Context]:
    """Every person at every place with the rest drawn, then as many drawn as are asked for."""
    dice = random.Random(seed)
    drawn = [*product(PERSONS, PLACES)]
    drawn += [(dice.choice(PERSONS), dice.choice(PLACES)) for _ in range(count)]
    for (insutype, psn_type, clct_way), (kind, fixmedins_type, hosp_lv) in drawn:
        one = {name: dice.choice(values) for name, values in DOMAIN.items()}
        one |= {"insutype": insutype, "psn_type": psn_type, "clct_way": clct_way, "kind": kind}
        one |= {"fixmedins_type": fixmedins_type, "hosp_lv": hosp_lv}
        if kind == "two_diseases":
            one["dise_codg"] = dice.choice(TWO_DISEASES)
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


INPATIENT = context(kind="inpatient")
POOR = context(kind="inpatient", identity="dibao")
