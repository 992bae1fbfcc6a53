"""The tables that the close of the last year needs besides cases, and the key that names what stands in them."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from yibao.synth import budgets, contracts, reviews
from yibao.synth.books import ledger_rows
from yibao.synth.diseases import Model
from yibao.synth.facts import Facts, Likes, likes
from yibao.synth.plan import FUNDS
from yibao.synth.providers import Providers
from yibao.synth.rowsets import Row, table_of


class Year(NamedTuple):
    """The tables of the close by name, and the key ``planted_close``: fact, fund_type, key, detail."""

    tables: dict[str, pa.Table]
    key: pa.Table


def close_year(
    ids: pa.Array, facts: Facts, places: Providers, model: Model, admdvs: str, counties: list[tuple[str, str]],
    years: tuple[int, ...], seed: int,
) -> Year:  # fmt: skip
    """Everything but the cases for the last of ``years``; ``counties`` are codes with names."""
    close, before = years[-1], years[max(0, len(years) - 2)]
    found = likes(facts, model)
    last = {fund: int(facts.pool[facts.of_fund(fund) & facts.within(before)].sum()) for fund in FUNDS}
    plans = budgets.budgets_of(last)
    applied = reviews.review_rows(ids.to_pylist(), facts, found, close, seed)
    codes, names = [code for code, _ in counties], [name for _, name in counties]
    rows: dict[str, list[Row]] = {
        "budget_income": budgets.income_rows(plans, close),
        "budget_lines": budgets.line_rows(plans, close),
        "budget_adjustments": budgets.adjustment_rows(plans, close),
        "fund_position": budgets.position_rows(plans, close),
        "prepay_applications": contracts.prepay_rows(places, close, seed),
        "assessments": contracts.assessment_rows(places, (before if before < close else close - 1, close), seed),
        "deductions": contracts.deduction_rows(places, facts, close, seed),
        "beds": contracts.bed_rows(places, facts, years, seed),
        "special_reviews": applied.rows,
        "medical_groups": contracts.group_rows(places, codes, names),
        "excluded_items": reviews.excluded_item_rows(close),
        "local_lists": reviews.local_list_rows(facts, model, close),
        "ledger_entries": ledger_rows(plans, admdvs, close),
    }
    tables = {name: table_of(name, one) for name, one in rows.items()}
    tables["excluded_fees"] = reviews.excluded_fees(ids, facts, close, seed)
    return Year(tables, _key(ids, facts, found, places, close, applied, rows))


def _key(
    ids: pa.Array, facts: Facts, found: Likes, places: Providers, close: int, applied: reviews.Reviews,
    rows: dict[str, list[Row]],
) -> pa.Table:  # fmt: skip
    """What the close should find, one fact a row."""
    facts_found: list[tuple[str, str, str, str]] = []
    for number, code in enumerate(places.codes):
        ratio = float(places.booked_ratio[number])
        if np.isfinite(ratio):
            facts_found += [("booked_ratio", fund, code, f"{ratio:.3f}") for fund in FUNDS]
        if places.role[number]:
            facts_found.append((places.role[number], "", code, places.trait[number]))
    for kind, cases in applied.planted.items():
        facts_found += [(f"review_{kind}", "", ids[case].as_py(), f"{found.ratio[case]:.2f}") for case in cases]
    now = np.flatnonzero(facts.within(close) & (found.size >= 50) & (facts.home == 0))
    for fact, case in (
        ("low_cost", now[np.argmin(found.ratio[now])] if len(now) else -1),
        ("extreme_cost", now[np.argmax(found.ratio[now])] if len(now) else -1),
        ("high_cost", now[np.argmin(np.abs(found.ratio[now] - 3.0))] if len(now) else -1),
    ):
        if case >= 0:
            facts_found.append((fact, "", ids[int(case)].as_py(), f"{found.ratio[case]:.2f}"))
    for row in rows["medical_groups"]:
        facts_found.append(("medical_group", "", row["fixmedins_code"], row["group_code"]))
    for row in rows["local_lists"]:
        facts_found.append((f"list_{row['list_kind']}", "", row["dip_code"], ""))
    columns = ("fact", "fund_type", "key", "detail")
    return pa.table({name: pa.array([one[i] for one in facts_found], pa.string()) for i, name in enumerate(columns)})
