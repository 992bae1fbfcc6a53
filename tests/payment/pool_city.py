"""A small random city as plain rows, and the product's own stages over it: what the tests of a year share.

The rows stand as a session has them after grouping: amounts in fen, points 10⁻⁴ 分, coefficients 10⁻⁴. The law is made
in code, so that every contract of it can be tried.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pyarrow as pa

from yibao.engine import Engine
from yibao.flows import close_price
from yibao.flows.dip_score import no_addons
from yibao.kernel import Grade, Period, Source
from yibao.law import Law, Layer, Parameter
from yibao.payment.fund_value import FundValue
from yibao.payment.terms import DipTerms, terms_table
from yibao.payment.year_rules import read_due, read_exclusion

YEAR = 2025
Row = dict[str, Any]
TABLES = ("pool_case", "case_points", "final_points", "case_due")
"""The tables with a row a case that a year leaves, compared column by column."""

TERMS: Mapping[str, Any] = {
    "low_rule": "cost_over_mean", "high_rule": "excess", "low_e2": 50, "high_e2": 200, "extreme_e2": 500,
    "low_uses_aux": 0, "ungrouped_e4": 8000,
}  # fmt: skip
DRAFT: Mapping[str, Any] = {
    "low_rule": "cost_over_standard", "high_rule": "flag", "low_e2": 50, "high_e2": 200, "extreme_e2": None,
    "low_uses_aux": 1, "ungrouped_e4": 7500,
}  # fmt: skip


@dataclass(frozen=True)
class City:
    """Rows of a year and the contract they are paid by."""

    cases: Sequence[Row]
    excluded_fees: Sequence[Row] = ()
    excluded_items: Sequence[Row] = ()
    reviews: Sequence[Row] = ()
    reference: Sequence[Row] = ()
    group_fact: Sequence[Row] = ()
    coefficient: Mapping[str, int] = field(default_factory=dict)
    addon: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=lambda: dict(TERMS))
    law: Mapping[str, str] = field(default_factory=dict)
    opening: Fraction = Fraction(10)
    unit_fee_micro: int = 10_000_000_000
    scale: int = 1000

    def but(self, **changed: Any) -> "City":
        return replace(self, **changed)


LAW = {
    "dip.regime": "dip2_0", "dip.exclusion.mode": "exclude", "dip.exclusion.charge": "dip",
    "dip.exclusion.addon_k": "1", "dip.special_review": "true", "dip.special_review.quota": "5%",
    "dip.special_review.order": "excess", "dip.special_review.keep_better": "false",
    "dip.special_review.min_multiple": "2",
    "dip.special_review.los_multiple": "3", "dip.offsite.in_province": "true",
    "settle.entitlement.basis": "times_ratio", "settle.ratio_level": "pool", "settle.case_floor": "true",
}  # fmt: skip
_FLAGS = ("dip.special_review", "dip.special_review.keep_better", "dip.offsite.in_province", "settle.case_floor")
_TEXTS = (
    "dip.regime", "dip.exclusion.mode", "dip.exclusion.charge", "dip.special_review.order",
    "settle.entitlement.basis", "settle.ratio_level",
)  # fmt: skip


def made_law(values: Mapping[str, str], moved: Iterable[tuple[str, date, str]] = ()) -> Law:
    """The law of a city 3703 in force from 2020; ``moved`` are values that hold from a later day on."""

    def parameter(key: str, value: str, start: date, end: date | None, unit: str) -> Parameter:
        source = Source("某统筹区实施办法", date(2020, 1, 1))
        return Parameter(key, value, unit, Period(start, end), source, Grade.OFFICIAL)

    later = {key: (day, value) for key, day, value in moved}
    made = []
    for key, value in values.items():
        unit = "flag" if key in _FLAGS else "text" if key in _TEXTS else "ratio"
        end = later[key][0] - timedelta(days=1) if key in later else None
        made.append(parameter(key, value, date(2020, 1, 1), end, unit))
        if key in later:
            made.append(parameter(key, later[key][1], later[key][0], None, unit))
    return Law("370300", "甲市", [Layer("city", "甲市", tuple(made))])


def a_case(setl_id: str, **given: Any) -> Row:
    """A plain local case of the 职工 fund, in a core group, whose fee is what its group costs."""
    return {
        "setl_id": setl_id, "insutype": "310", "fixmedins_code": "H1", "hosp_lv": "2",
        "dscg_date": date(YEAR, 6, 1), "medfee_sumamt": 1_000_000, "fund_pay_sumamt": 700_000, "hifp_pay": 650_000,
        "insuplc_admdvs": None, "dip_code": "G1", "dip_type": "core", "group_points": 10_000_000, "aux": 10_000,
        "primary_care": 0, "local_kind": "", "stay_days": 7, **given,
    }  # fmt: skip


def random_city(seed: int, n: int = 150) -> City:
    """Everything the rules look at, mixed at random: funds, home pools, groups, lists, exclusions, reviews."""
    draw = random.Random(seed)
    groups = [f"G{i}" for i in range(6)]
    points = {group: draw.randrange(2_000_000, 30_000_000) for group in groups}
    cases = [_random_case(draw, f"S{i:04d}", groups, points) for i in draw.sample(range(9999), n)]
    reference = [
        {"dip_code": group, "hosp_lv": level, "dscg_year": year, "n": draw.randrange(1, 9),
         "fee": draw.randrange(1_000_000, 20_000_000)}
        for group in groups[:5] for level in "123" for year in (2023, 2024) if draw.random() < 0.7
    ]  # fmt: skip
    items = [
        {"med_list_codg": "XA", "valid_from": date(2025, 1, 1), "valid_until": None},
        {"med_list_codg": "XB", "valid_from": date(2024, 1, 1), "valid_until": date(2025, 6, 30)},
        {"med_list_codg": "XB", "valid_from": date(2025, 5, 1), "valid_until": date(2025, 8, 31)},
    ]
    fees = [
        {"setl_id": case["setl_id"], "med_list_codg": item,
         "item_amount": draw.randrange(1, case["medfee_sumamt"] * draw.choice((1, 1, 2)))}
        for case in draw.sample(cases, n // 5) for item in ("XA", "XB", "XC") if draw.random() < 0.6
    ]  # fmt: skip
    fees.append({"setl_id": "S-nobody", "med_list_codg": "XA", "item_amount": 100})
    reviews = [_random_review(draw, case["setl_id"]) for case in draw.sample(cases, n // 4)]
    return City(
        cases, fees, items, [*reviews, _random_review(draw, "S-nobody")], reference,
        [{"dip_code": group, "n_days": draw.randrange(1, 50), "days": draw.randrange(1, 400)} for group in groups[:4]],
        {"1": 9000, "2": 10_000, "3": draw.randrange(10_000, 12_000)}, {"H1": 125, "H2": 600},
        {"310": draw.randrange(10**8, 10**9), "390": draw.randrange(10**8, 10**9)},
        opening=Fraction(draw.randrange(50_000, 200_000), 7_000),
    )  # fmt: skip


def _random_case(draw: random.Random, setl_id: str, groups: Sequence[str], points: Mapping[str, int]) -> Row:
    fee = draw.randrange(10_000, 9_000_000)
    funds = draw.choice((None, draw.randrange(fee + 1)))
    booked = draw.choice((None, draw.randrange(fee + 1) if funds is None else draw.randrange(funds + 1)))
    kind = draw.choice(("core", "core", "composite", "early", "ungrouped"))
    code = "" if kind == "ungrouped" else draw.choice(groups)
    local = draw.choice(("", "", "", "tcm", "day", "bed_day")) if code else ""
    plain = bool(code) and not local
    return a_case(
        setl_id, insutype=draw.choice(("310", "390", "390", "340")), fixmedins_code=draw.choice(("H1", "H2", "H3")),
        hosp_lv=draw.choice(("", "1", "2", "3")), dscg_date=date(YEAR, 1, 1) + timedelta(draw.randrange(365)),
        medfee_sumamt=fee, fund_pay_sumamt=funds, hifp_pay=booked,
        insuplc_admdvs=draw.choice((None, "", "370300", "370302", "370100", "110000")), dip_code=code, dip_type=kind,
        group_points=points.get(code, 0), aux=draw.choice((10_000, 10_000, 12_345, 15_000)) if plain else 10_000,
        primary_care=int(plain and draw.random() < 0.2), local_kind=local,
        stay_days=draw.choice((None, *range(60))),
    )  # fmt: skip


def _random_review(draw: random.Random, setl_id: str) -> Row:
    return {
        "setl_id": setl_id, "review_reason": draw.choice(("long_stay", "high_cost", "new_tech", "complex", "mdt")),
        "apply_date": date(YEAR, 1, 1) + timedelta(draw.randrange(30)),
        "review_result": draw.choice(("pass_item", "pass_item", "pass_standard", "fail", "pending")),
        "review_points": draw.choice((None, draw.randrange(10**6, 10**8))),
    }  # fmt: skip


_TYPES = {"date": pa.date32(), "int": pa.int64(), "text": pa.string()}
_COLUMNS = {
    "loaded_cases": """setl_id:text insutype:text fixmedins_code:text hosp_lv:text dscg_date:date medfee_sumamt:int
        fund_pay_sumamt:int hifp_pay:int insuplc_admdvs:text src_file:text src_row:int""",
    "excluded_fees": "setl_id:text med_list_codg:text item_amount:int src_file:text src_row:int",
    "excluded_items": "med_list_codg:text valid_from:date valid_until:date src_file:text src_row:int",
    "special_reviews": """setl_id:text review_reason:text apply_date:date review_result:text review_points:int
        src_file:text src_row:int""",
    "reference": "dip_code:text hosp_lv:text dscg_year:int n:int fee:int",
    "group_fact": "dip_code:text n_days:int days:int",
    "grouped_here": """setl_id:text hosp_lv:text dip_code:text dip_type:text group_points:int aux:int primary_care:int
        local_kind:text stay_days:int""",
}


def table(name: str, rows: Iterable[Row]) -> pa.Table:
    """Rows as the session's table; the place of each row is its order, from Excel row 2 on."""
    placed = [{"src_file": f"{name}.csv", "src_row": nth, **row} for nth, row in enumerate(rows, start=2)]
    columns = [part.split(":") for part in _COLUMNS[name].split()]
    return pa.table({column: pa.array([row[column] for row in placed], _TYPES[kind]) for column, kind in columns})


def load(engine: Engine, city: City) -> None:
    """The session before scoring: what loading, grouping and the catalogue would have made."""
    for name, rows in (
        ("loaded_cases", city.cases), ("excluded_fees", city.excluded_fees), ("excluded_items", city.excluded_items),
        ("special_reviews", city.reviews), ("reference", city.reference), ("group_fact", city.group_fact),
        ("grouped_here", city.cases),
    ):  # fmt: skip
        engine.put(name, table(name, rows))
    engine.con.execute(
        "CREATE OR REPLACE TABLE special_reviews AS SELECT * REPLACE (CAST(review_points * "
        "CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)) AS review_points) FROM special_reviews"
    )
    days = {"from_day": date(YEAR, 1, 1), "until_day": date(YEAR, 12, 31)}
    engine.put("dip_terms", terms_table([DipTerms(**days, **city.terms)]))
    levels = [{"hosp_lv": level, **days, "coefficient": value} for level, value in city.coefficient.items()]
    schema = pa.schema([("hosp_lv", pa.string()), ("from_day", pa.date32()), ("until_day", pa.date32()),
                        ("coefficient", pa.int64())])  # fmt: skip
    engine.put("level_coefficient", pa.Table.from_pylist(levels, schema))
    engine.put("institution_addon", no_addons() if not city.addon else pa.table(
        {"fixmedins_code": list(city.addon), "addon": list(city.addon.values())}))  # fmt: skip


def run(engine: Engine, city: City) -> tuple[list[FundValue], int | None]:
    """Stages 4–5 as the product runs them, from the loaded session on; the funds' values and the quota."""
    load(engine, city)
    law = made_law({**LAW, **city.law})
    view, regime = close_price.year_law(law, YEAR)
    exclusion = read_exclusion(view, regime)
    close_price.number_cases(engine, taken_out=exclusion.taken_out)
    close_price.pool_cases(engine, law.code, city.budgets, taken_out=exclusion.taken_out)
    engine.con.execute(
        "CREATE OR REPLACE TABLE grouped AS SELECT c.case_no, c.fixmedins_code, c.dscg_date, c.medfee_sumamt, "
        f"{YEAR} AS dscg_year, g.* FROM cases AS c JOIN grouped_here AS g ON g.setl_id = c.setl_id"
    )
    pv_e4 = (2 * city.opening.numerator * 10**4 + city.opening.denominator) // (2 * city.opening.denominator)
    params = {"pv_e4": pv_e4, "unit_fee_micro": city.unit_fee_micro, "scale": city.scale}
    engine.pipeline("yibao.payment", ("standard_fee", "case_points"), params)
    discharges = engine.rows("SELECT count(*) FROM pool_case WHERE scope = 'local' AND fund_type IS NOT NULL")[0][0]
    most, _ = close_price.review_cases(engine, law, view, city.opening, discharges)
    kept = most is not None and view.flag("dip.special_review.keep_better", regime=regime)
    values = close_price.value_cases(engine, city.budgets, exclusion, params, keep_better=kept)
    offsite = view.flag("dip.offsite.in_province", regime=regime)
    close_price.due_cases(engine, values, read_due(view), offsite=offsite)
    return values, most


def by_case(engine: Engine, name: str) -> dict[str, Row]:
    """The rows of a table by setl_id, without case_no."""
    rows = engine.fetch(
        f"SELECT n.setl_id, t.* EXCLUDE (case_no) FROM {name} AS t JOIN loaded_cases_numbered AS n USING (case_no)"
    ).to_pylist()
    return {row.pop("setl_id"): row for row in rows}
