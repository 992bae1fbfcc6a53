"""What the agency holds about each hospital: assessments, applications for prepayment, deductions, beds, 医共体."""

import numpy as np

from yibao.synth.draw import Ints, day_number, stream
from yibao.synth.facts import Facts
from yibao.synth.plan import FUNDS, OCCUPANCY, OVER_BEDS
from yibao.synth.providers import Providers
from yibao.synth.rowsets import Row
from yibao.synth.sheets import rows

_PART = 10
_BEDS = 11
_GROUP_MEMBERS = 4
_METHODS = ("contract", "share")
_DEDUCTIONS = 9


def assessment_rows(places: Providers, years: tuple[int, int], seed: int) -> list[Row]:
    """Table ``assessments`` of two years: scores 82–99, credit by score; the planted roles have theirs."""
    rng = stream(seed, _PART)
    drawn = rng.integers(820, 991, (2, len(places.codes)))
    made: list[Row] = []
    for turn, year in enumerate(years):
        for number, code in enumerate(places.codes):
            role, score = places.role[number], int(drawn[turn, number])
            if places.agreed[number] > day_number(year, 12, 31):
                continue
            credit = "A" if score >= 930 else "B" if score >= 860 else "C"
            if role == "credit_d" and turn == 0:
                score, credit = 820, "D"
            status = "suspended" if role == "suspended" else "normal"
            made.append(
                {"year": year, "fixmedins_code": code, "assess_score": score, "credit_lv": credit,
                 "agreement_status": status}
            )  # fmt: skip
    return made


def prepay_rows(places: Providers, year: int, seed: int) -> list[Row]:
    """Table ``prepay_applications``: hospitals of level 2 and 3 and the four largest of level 1, in early January."""
    rng = stream(seed, _PART + 2)
    days = rng.integers(2, 10, len(places.codes))
    small = np.flatnonzero(places.level == 0)[:4]
    wants = (places.level > 0) | np.isin(np.arange(len(places.codes)), small)
    return [
        {"year": year, "fund_type": fund, "fixmedins_code": code, "apply_date": day_number(year, 1, int(days[number]))}
        for fund in FUNDS
        for number, code in enumerate(places.codes)
        if wants[number] and places.role[number] != "not_applied"
    ]


def deduction_rows(places: Providers, facts: Facts, year: int, seed: int) -> list[Row]:
    """Table ``deductions``: a few findings of the year, 1–10 ‰ of what the hospital booked, whole 元."""
    rng = stream(seed, _PART + 3)
    reasons = rows("deductions")
    now = facts.within(year)
    chosen = rng.permutation(len(places.codes))[: min(_DEDUCTIONS, len(places.codes))]
    made: list[Row] = []
    for number, (hospital, fund) in enumerate((place, fund) for place in chosen.tolist() for fund in FUNDS):
        booked = int(facts.pool[now & facts.of_fund(fund) & (facts.hospital == hospital)].sum())
        amount = booked * int(rng.integers(1, 11)) // 1000 // 100 * 100
        reason = reasons[int(rng.integers(0, len(reasons)))]
        if amount > 0 and number % 3 != 2:
            made.append(
                {"deduct_id": f"KJ{year}-{len(made) + 1:03d}", "year": year, "fund_type": fund,
                 "fixmedins_code": places.codes[hospital], "deduct_amount": amount, **reason}
            )  # fmt: skip
    return made


def authorised_beds(places: Providers, facts: Facts, year: int) -> Ints:
    """Beds that the year's stays fill to the usual occupancy; a small house has at least ten."""
    occupied = np.bincount(facts.hospital, weights=_occupied(facts, year), minlength=len(places.codes)) / 365
    beds: Ints = np.maximum(10, np.ceil(occupied / OCCUPANCY)).astype(np.int64)
    return beds


def _occupied(facts: Facts, year: int) -> np.ndarray:
    """Days of each stay that lie in the year, the day of discharge not counted."""
    first, last = day_number(year), day_number(year, 12, 31)
    days: np.ndarray = np.maximum(0, np.minimum(facts.leaves, last + 1) - np.maximum(facts.admitted, first))
    return days


def bed_rows(places: Providers, facts: Facts, years: tuple[int, ...], seed: int) -> list[Row]:
    """Table ``beds``: one row a hospital from its agreement or the first year on, and a second where beds grew."""
    rng = stream(seed, _BEDS)
    close = years[-1]
    authorised = authorised_beds(places, facts, close)
    occupied = np.bincount(facts.hospital, weights=_occupied(facts, close), minlength=len(places.codes)) / 365
    spare, grows = rng.integers(0, 4, len(places.codes)), rng.random(len(places.codes)) < 0.08
    made: list[Row] = []
    for number, code in enumerate(places.codes):
        beds = int(authorised[number])
        agreed = max(beds - int(spare[number]), beds * 19 // 20)
        if places.role[number] == "over_beds":
            agreed = max(3, int(occupied[number] * OVER_BEDS))
        start = max(int(places.agreed[number]), day_number(years[0]))
        row = {"fixmedins_code": code, "bed_from": start, "auth_beds": beds, "agreement_beds": agreed,
               "open_beds": beds + int(spare[number])}  # fmt: skip
        if grows[number] and start < day_number(close) and places.role[number] == "":
            less = max(5, beds * 9 // 10)
            made.append({**row, "auth_beds": less, "agreement_beds": min(agreed, less), "open_beds": less})
            row = {**row, "bed_from": day_number(close)}
        made.append(row)
    return made


def group_rows(places: Providers, counties: list[str], names: list[str]) -> list[Row]:
    """Table ``medical_groups``: a hospital of level 2 with up to four of level 1 of its county, in two counties.

    The first is paid as a whole (contract), the second shares. A city without such a county has one across counties.
    """
    named = np.array([role == "lead" for role in places.role])
    plain = np.array([not role for role in places.role]) & ~np.isfinite(places.booked_ratio)
    small = plain & (places.level == 0)
    leads = np.flatnonzero((plain | named) & (places.level == 1)).tolist()
    near = {lead: np.flatnonzero(small & (places.county == places.county[lead]))[:_GROUP_MEMBERS] for lead in leads}
    leads.sort(key=lambda lead: (not named[lead], places.specialty[lead] != "综合", -len(near[lead]), lead))
    chosen: dict[int, tuple[int, list[int]]] = {}
    for lead in leads:
        if len(near[lead]) and len(chosen) < len(_METHODS):
            chosen.setdefault(int(places.county[lead]), (lead, near[lead].tolist()))
    if not chosen:
        lead = int(np.flatnonzero(places.level == 1)[-1])
        chosen[int(places.county[lead])] = (lead, np.flatnonzero(small)[:_GROUP_MEMBERS].tolist())
    return [
        {"group_code": f"YGT{counties[county]}", "group_name": f"{names[county]}医共体",
         "fixmedins_code": places.codes[number], "group_method": method}
        for method, (county, (lead, members)) in zip(_METHODS, chosen.items(), strict=False)
        for number in (lead, *members)
    ]  # fmt: skip
