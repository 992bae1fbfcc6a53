"""A random small city priced by the product and by hand: every column of every table of stages 4–5 is the same."""

import random
from itertools import product
from typing import Any

import pytest
from pool_city import DRAFT, LAW, TABLES, TERMS, City, by_case, random_city, run
from year_oracle import Year

from yibao.engine import Engine

CONTRACTS = [
    {"dip.exclusion.mode": mode, "settle.entitlement.basis": basis, "settle.ratio_level": level}
    for mode, (basis, level) in product(
        ("exclude", "add_on", "none"),
        (("times_ratio", "pool"), ("times_ratio", "institution"), ("times_ratio", "case"), ("minus_patient", "pool")),
    )
]


def varied(seed: int, contract: dict[str, str]) -> City:
    draw = random.Random(seed)
    law = {
        **contract,
        "dip.exclusion.charge": draw.choice(("dip", "other")),
        "dip.exclusion.addon_k": draw.choice(("1", "0.5", "0.3333")),
        "dip.special_review.quota": draw.choice(("5%", "1%", "50%")),
        "dip.special_review.keep_better": draw.choice(("true", "false")),
        "dip.special_review.order": draw.choice(("excess", "applied")),
        "dip.offsite.in_province": draw.choice(("true", "true", "false")),
        "settle.case_floor": draw.choice(("true", "false")),
    }
    return random_city(seed).but(law=law, terms=draw.choice((TERMS, DRAFT)))


def compared(city: City) -> dict[str, Any]:
    """Runs both and compares them column by column; gives the product's rows."""
    told = Year(city, {**LAW, **city.law})
    with Engine() as engine:
        values, most = run(engine, city)
        for name in TABLES:
            assert by_case(engine, name) == told.rows[name], name
        assert by_case(engine, "special_decision") == told.decisions
        assert engine.fetch("SELECT * FROM fund_value ORDER BY fund_type").to_pylist() == [
            told.values[fund] for fund in sorted(city.budgets)
        ]
        assert most == told.quota
        return {"values": values, "due": by_case(engine, "case_due"), "final": by_case(engine, "final_points"),
                "pool": by_case(engine, "pool_case"), "decisions": told.decisions}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: "-".join(c.values()))
def test_every_column_of_the_year_is_what_the_rules_say_by_hand(contract: dict[str, str], seed: int) -> None:
    compared(varied(seed * 1000 + CONTRACTS.index(contract), contract))


def test_the_random_cities_meet_every_rule() -> None:
    """What the comparison is worth: each outcome, bucket and scope stands in it."""
    seen: dict[str, set[str]] = {"outcome": set(), "bucket": set(), "scope": set(), "deviation_type": set()}
    for seed in range(4):
        told = Year(varied(seed, CONTRACTS[0]), {**LAW, **varied(seed, CONTRACTS[0]).law})
        for rows in (*told.rows.values(), told.decisions):
            for row in rows.values():
                for name in seen.keys() & row.keys():
                    seen[name].add(row[name])
    assert seen["outcome"] == {"not_local", "not_eligible", "pending", "failed", "over_quota", "granted"}
    assert seen["bucket"] == {
        "special", "bed_day", "day", "tcm", "primary", "aux", "core", "composite", "other", "ungrouped",
    }  # fmt: skip
    assert seen["scope"] == {"local", "offsite", "outside"}
    assert seen["deviation_type"] == {"low", "normal", "high", "extreme", "none", "exempt", "ungrouped"}


def test_what_local_cases_are_due_is_the_fund_to_the_fen() -> None:
    for seed in range(6):
        year = compared(varied(seed + 50, CONTRACTS[0]))
        for value in year["values"]:
            own = [
                row["due"] for key, row in year["due"].items()
                if year["pool"][key]["scope"] == "local" and year["pool"][key]["fund_type"] == value.fund_type
            ]  # fmt: skip
            assert sum(own) == value.fund_fen
