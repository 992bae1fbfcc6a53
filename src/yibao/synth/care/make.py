"""The city of benefits put together: what all blocks share, and one block of people after another."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao.synth.care import accounts, bad, choices, cover, items, lines, people, places, rx, visits
from yibao.synth.care.columns import (
    BLOCK,
    EXTRAS,
    FAULTS,
    NONE,
    blank,
    block_stream,
    days_or_null,
    filled,
    moments,
    named,
    table_named,
)
from yibao.synth.draw import Ints, dates, decimals, numbered
from yibao.synth.sheets import rows

FEWEST = 500
CLAIMS_PER_PERSON = 20 / 3
PLANTED = "planted"
NAMES = (
    "providers", "catalogue_items", "item_limits", "preparations", "consumable_deny", "consumable_allow", "persons",
    "households", "deaths", "identities", "residents", "enrolments", "contributions", "acct_balances", "acct_credits",
    "acct_bindings", "chosen_points", "doctor_contracts", "chronic_approvals", "special_approvals",
    "supplement_insured", "incentives", "prescriptions", "offsite_filings", "claims", "fee_lines",
)  # fmt: skip
"""Every table of the city; besides, `PLANTED` where faults are."""
FILINGS = ("resident", "referral", "emergency", "filed_late")


class Frame(NamedTuple):
    """What all blocks of a city share."""

    admdvs: str
    year: int
    seed: int
    people: int
    bad: float
    rate: float
    credit_months: int
    counties: list[str]
    shares: list[float]
    where: places.Places
    made: items.Items
    picker: places.Picker
    wards: visits.Wards
    neighbours: list[str]

    @property
    def blocks(self) -> int:
        """How many blocks the people make."""
        return math.ceil(self.people / BLOCK)

    def shared(self) -> dict[str, pa.Table]:
        """The tables that belong to no block: institutions and the catalogue."""
        return {"providers": self.where.table(), **items.catalogue_tables(self.made, self.where, self.year, self.seed)}


def frame(
    people: int, *, year: int, seed: int, admdvs: str, bad_share: float, claims_per_person: float, credit_months: int
) -> Frame:  # fmt: skip
    """Draws what all blocks share. Raises ValueError for too few people, a year or a share out of range."""
    if people < FEWEST:
        raise ValueError(f"a city needs at least {FEWEST} people")
    if not 2000 <= year <= 2099 or not 0 <= bad_share <= 1 or not 0 <= credit_months <= 12 or claims_per_person < 0:
        raise ValueError("year, share of bad rows, months of credits or claims per person out of range")
    listed = [row for row in rows("places") if row["admdvs"] == admdvs]
    counties = [row["county"] for row in listed] or [admdvs]
    shares = [float(row["share"]) for row in listed] or [1.0]
    where = places.places(people, year, seed, admdvs, counties, shares)
    return Frame(
        admdvs, year, seed, people, bad_share, claims_per_person, credit_months, counties, shares, where,
        items.items(seed), where.choice(len(counties)), visits.wards(seed), places.neighbours(admdvs),
    )  # fmt: skip


def block_tables(city: Frame, block: int) -> dict[str, pa.Table]:
    """Every table of a block of people, and `PLANTED` with the faults in it."""
    first = block * BLOCK
    count, year, seed = min(BLOCK, city.people - first), city.year, city.seed
    folk = people.folk(block, first, count, year, seed, city.admdvs, city.shares)
    held = cover.cover(folk, year, seed)
    chosen = choices.choices(folk, year, seed, city.made, city.picker)
    tables = people.person_tables(folk, city.counties, people.certificates(folk), seed)
    tables["enrolments"] = cover.enrolments(folk, held, year, seed, city.neighbours)
    tables["contributions"] = cover.contributions(folk, held, year, seed, city.neighbours)
    tables |= accounts.account_tables(folk, held, year, seed, city.credit_months)
    tables |= choices.choice_tables(folk, chosen, year, seed, city.where, city.made)
    seen = visits.visits(folk, chosen, year, seed, city.rate, city.where, city.picker, city.wards)
    found = lines.lines(block, seed, seen, chosen, city.made, city.where)
    sheet = rx.prescriptions(folk, seen, found, seed, year, city.made, city.where, city.picker)
    ids = numbered(f"S{year}{block:04d}", np.arange(1, len(seen) + 1, dtype=np.int64), 7)
    tables["prescriptions"] = sheet.table
    tables["offsite_filings"] = _filings(city, folk, seen, chosen)
    tables["claims"] = _claims(city, folk, held, seen, found.totals(seen), ids, sheet)
    tables["fee_lines"] = lines.line_table(found, ids, sheet.line_rx, sheet.numbers, city.made, city.where)
    if city.bad > 0:
        sound = cover.sound(folk, held)[seen.owner] & (seen.reverses < 0)
        sound[np.unique(seen.reverses[seen.reverses >= 0])] = False
        level = city.where.codes[city.where.without_level]
        claims, fees, tables[PLANTED] = bad.plant(
            tables["claims"], tables["fee_lines"], sound, city.bad, block_stream(seed, FAULTS, block), block, level
        )
        tables["claims"], tables["fee_lines"] = claims, fees
    return tables


def _claims(
    city: Frame, folk: people.Folk, held: cover.Cover, seen: visits.Visits, totals: Ints, ids: pa.Array,
    sheet: rx.Prescribed,
) -> pa.Table:  # fmt: skip
    number = pc.utf8_slice_codeunits(ids, 1)
    undone = pa.array(np.maximum(seen.reverses, 0))
    original = pc.if_else(pa.array(seen.reverses >= 0), ids.take(undone), pa.scalar(None, pa.string()))
    stay = pc.if_else(pa.array(seen.reverses >= 0), number.take(undone), number)
    switched = np.isin(held.fate, (cover.LEFT, cover.TO_WORK))[seen.owner]
    insured = np.where(switched, NONE, np.where(folk.employee[seen.owner], 0, 1))
    referral = pc.if_else(pa.array(seen.referred), pc.binary_join_element_wise("ZZ", stay, ""), blank(len(seen)))
    return table_named("claims", {
        "setl_id": ids, "mdtrt_id": pc.binary_join_element_wise("M", stay, ""),
        "psn_no": folk.numbers().take(pa.array(seen.owner)), "insutype": named(insured, ["310", "390"]),
        "fixmedins_code": named(seen.place, city.where.codes), "med_type": named(seen.kind, visits.TYPES),
        "setl_time": moments(seen.settled), "begndate": dates(seen.begin), "enddate": dates(seen.end),
        "diag_codes": named(seen.dx, city.wards.words), "dise_codg": named(seen.disease, choices.DISEASES),
        "medfee_sumamt": decimals(totals), "refd_setl_flag": named((seen.reverses >= 0).astype(np.int64), ["0", "1"]),
        "init_setl_id": original, "rxno": named(sheet.visit_rx, sheet.numbers),
        "er_flag": named(seen.emergency.astype(np.int64), ["0", "1"]), "refl_no": referral,
        "dr_codg": named(seen.doctor, city.where.doctors()), "psn_setlway": named(filled(len(seen), 0), ["01"]),
    })  # fmt: skip


def _filings(city: Frame, folk: people.Folk, seen: visits.Visits, chosen: choices.Choices) -> pa.Table:
    rng = block_stream(city.seed, EXTRAS, folk.block + 1_000_000)
    row = visits.filings(seen, chosen, city.where, rng, city.year)
    return table_named("offsite_filings", {
        "psn_no": folk.numbers().take(pa.array(row["owner"])), "offsite_kind": named(row["kind"], FILINGS),
        "begndate": dates(row["begin"]), "enddate": days_or_null(row["end"]),
    })  # fmt: skip


def blocks(city: Frame) -> Iterator[dict[str, pa.Table]]:
    """The tables of every block in order."""
    return (block_tables(city, block) for block in range(city.blocks))


def make_care(
    people: int = 20_000, *, year: int = 2025, seed: int = 20250101, admdvs: str = "370300", bad_share: float = 0.0,
    claims_per_person: float = CLAIMS_PER_PERSON, credit_months: int = 12,
) -> dict[str, pa.Table]:  # fmt: skip
    """Every table of the city in memory, by name. Arguments and errors as in `write_care`."""
    city = frame(
        people, year=year, seed=seed, admdvs=admdvs, bad_share=bad_share, claims_per_person=claims_per_person,
        credit_months=credit_months,
    )  # fmt: skip
    parts = list(blocks(city))
    return {**city.shared(), **{name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}}
