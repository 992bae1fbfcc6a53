"""The result tables of ``yibao settle``: the columns others rely on, and a chunk's results made into them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yibao import __version__
from yibao.benefit import chunk, national
from yibao.benefit import plan as p
from yibao.benefit.chunk import Settled
from yibao.benefit.outcomes import BY_NUMBER, Outcome
from yibao.benefit.replay import Replayed
from yibao.benefit.terms import PlanBook
from yibao.flows.dip_common import Setting, parameters_of
from yibao.kernel import Finding, yuan
from yibao.law import Parameter
from yibao.tables import LoadReport

MADE_BY = "yibao settle"
ADJUSTED = ".T"
"""What the number of an adjustment has after that of the settlement it adjusts."""
STAYS = "stays"
"""The slot that counts stays; all others hold amounts."""
PEOPLE = 1000
"""Of so many people the share in the trail is taken."""
TEXTS = ("setl_id", "init_setl_id", "mdtrt_id", "psn_no", "insutype", "psn_type", "fixmedins_code", "med_type", "kind")
AMOUNTS = (
    "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc",
    "hifp_pay", "cvlserv_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt", "psn_part_amt",
    "acct_pay", "acct_mulaid_pay", "psn_cash_pay",
)  # fmt: skip
_MONEY = pa.decimal128(18, 2)
SCHEMAS = {
    "settlements": pa.schema([
        *((name, pa.string()) for name in TEXTS), ("setl_time", pa.timestamp("us")), ("benefit_year", pa.int32()),
        ("outcome", pa.string()), *((name, _MONEY) for name in AMOUNTS),
    ]),
    "setldetail": pa.schema([
        ("setl_id", pa.string()), ("fund_pay_type", pa.string()), ("inscp_scp_amt", _MONEY), ("fund_payamt", _MONEY),
    ]),
    "accumulators": pa.schema([
        ("psn_no", pa.string()), ("benefit_year", pa.int32()), ("slot", pa.string()), ("acc_amt", _MONEY),
    ]),
    "account_draws": pa.schema([("setl_id", pa.string()), ("psn_no", pa.string()), ("paid_amt", _MONEY)]),
    "trail": pa.schema([
        ("setl_id", pa.string()), ("place", pa.int64()), *((name, pa.int64()) for name in p.RESULT_NAMES),
    ]),
    "dependents": pa.schema([("setl_id", pa.string()), ("psn_no", pa.string()), *((name, _MONEY) for name in AMOUNTS)]),
    "accounts": pa.schema([("psn_no", pa.string()), ("balc", _MONEY)]),
}  # fmt: skip


def money(fen: Any) -> pa.Array:
    """Whole fen as 元 with two decimals: the fen are the decimal's digits, so they are laid down as they are."""
    digits = np.empty((len(fen), 2), dtype=np.int64)
    digits[:, 0], digits[:, 1] = fen, np.asarray(fen) >> 63
    return pa.Array.from_buffers(_MONEY, len(fen), [None, pa.py_buffer(digits)])


class Totals(NamedTuple):
    """What the settlements come to: how many by outcome, and each amount in fen."""

    outcomes: Counter[str]
    amounts: Counter[str]


class Part(NamedTuple):
    """The result tables of a chunk, and what it adds to the totals."""

    tables: dict[str, pa.Table]
    outcomes: dict[str, int]
    amounts: dict[str, int]


def tables_of(
    queue: pa.Table, settled: Settled, slots: list[str], person: pa.Array, homes: pa.Array, share: int,
    again: Replayed | None = None, *, resettle: bool = False,
) -> Part:  # fmt: skip
    """A chunk's result tables. ``share`` of a thousand people have their settlements in the trail; ``again`` is what
    reversals change, which with ``resettle`` is written as adjustments.
    """
    kept = queue["queue_kind"].to_numpy() != chunk.CREDIT_ROW
    rows = queue if kept.all() else queue.filter(pa.array(kept))
    # Columns laid out one after the other: each is read several times.
    results = np.asfortranarray(settled.results if kept.all() else settled.results[kept])
    insutype = rows["insutype"].to_numpy(zero_copy_only=False)
    amounts = national.setlinfo(results, insutype == "310")
    numbers, counts = np.unique(results[:, p.R_OUTCOME], return_counts=True)
    outcomes = {BY_NUMBER[int(one)].code: int(n) for one, n in zip(numbers, counts, strict=True)}
    sums = {name: int(values.sum()) for name, values in amounts.items()}
    codes = pa.array([BY_NUMBER[int(one)].code for one in numbers], pa.string())
    outcome = codes.take(pa.array(np.searchsorted(numbers, results[:, p.R_OUTCOME])))
    columns = [*(rows[name] for name in TEXTS), rows["setl_time"], rows["benefit_year"].cast(pa.int32()), outcome]
    in_yuan = {name: money(values) for name, values in amounts.items()}
    columns += [in_yuan[name] for name in AMOUNTS]
    settlements = pa.table(dict(zip(SCHEMAS["settlements"].names, columns, strict=True))).cast(SCHEMAS["settlements"])
    detail = national.setldetail(amounts, insutype)
    row = pa.array(detail["row"])
    types = pa.array(list(national.FUND_TYPES)).take(pa.array(detail["fund"]))
    paid = {"inscp_scp_amt": in_yuan["inscp_scp_amt"].take(row), "fund_payamt": money(detail["paid"])}
    details = pa.table({"setl_id": rows["setl_id"].take(row), "fund_pay_type": types, **paid})
    ids = queue["setl_id"].take(pa.array(settled.draws[:, 0]))
    owners = person.take(pa.array(settled.draws[:, 1]))
    draws = pa.table({"setl_id": ids, "psn_no": owners, "paid_amt": money(settled.draws[:, 2])})
    found = {
        "settlements": settlements,
        "trail": _trail(rows, results, share),
        "setldetail": details.cast(SCHEMAS["setldetail"]),
        "accumulators": _accumulators(settled, slots, person, homes),
        "account_draws": draws.cast(SCHEMAS["account_draws"]),
    }
    if again is not None:
        _depend(found, queue, settled, again, slots, person, homes, resettle=resettle)
    return Part(found, outcomes, sums)


def _depend(
    found: dict[str, pa.Table], queue: pa.Table, settled: Settled, again: Replayed, slots: list[str], person: pa.Array,
    homes: pa.Array, *, resettle: bool,
) -> None:  # fmt: skip
    """Adds the settlements that reversals change, and with ``resettle`` their adjustments: rows of settlements that
    name what they adjust, and accumulators after them.
    """
    rows = queue.take(pa.array(again.changed))
    employee = rows["insutype"].to_numpy(zero_copy_only=False) == "310"
    new = national.setlinfo(again.results, employee)
    old = national.setlinfo(settled.results[again.changed], employee)
    moved = {name: money(new[name] - old[name]) for name in AMOUNTS}
    found["dependents"] = pa.table({"setl_id": rows["setl_id"], "psn_no": rows["psn_no"], **moved}).cast(
        SCHEMAS["dependents"]
    )
    if not resettle:
        return
    named = {"setl_id": pc.binary_join_element_wise(rows["setl_id"], ADJUSTED, ""), "init_setl_id": rows["setl_id"]}
    texts = [named.get(name, rows[name]) for name in TEXTS]
    outcome = pa.array([Outcome.ADJUSTED.code] * len(again.changed), pa.string())
    columns = [*texts, rows["setl_time"], rows["benefit_year"].cast(pa.int32()), outcome, *moved.values()]
    adjusted = pa.table(dict(zip(SCHEMAS["settlements"].names, columns, strict=True))).cast(SCHEMAS["settlements"])
    found["settlements"] = pa.concat_tables([found["settlements"], adjusted])
    after = again.settled
    owners = pa.concat_arrays([person.take(pa.array(after.persons)), homes.take(pa.array(after.households))])
    held = found["accumulators"]
    left = held.filter(pc.invert(pc.is_in(held["psn_no"], value_set=owners)))
    found["accumulators"] = pa.concat_tables([left, _accumulators(after, slots, person, homes)])


def _trail(rows: pa.Table, results: Any, share: int) -> pa.Table:
    """What explains a settlement beside its row: the place of its terms and the kernel's result, fen."""
    kept = np.flatnonzero(rows["person_no"].to_numpy() % PEOPLE < share)
    mine = pa.array(kept)
    columns = {"setl_id": rows["setl_id"].take(mine), "place": rows["place"].take(mine)}
    columns |= {name: pa.array(results[kept, place]) for place, name in enumerate(p.RESULT_NAMES)}
    return pa.table(columns)


def write_terms(book: PlanBook, part: Path) -> None:
    """terms.json: the plan and every row of terms with its context, day and the parameters read, by place."""
    terms = {
        str(place): {
            "context": one.context._asdict(), "day": one.day.isoformat(),
            "used": {key: _cited(found) for key, found in one.used.items()},
        }
        for place, one in book.rows.items()
    }  # fmt: skip
    facts = {"plan": book.plan, "slots": list(book.slots), "terms": terms}
    (part / "terms.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n", encoding="utf-8")


def _cited(found: Parameter) -> tuple[str, str, bool]:
    """A parameter as `yibao.benefit.steps.Cited` takes it."""
    return found.value_text, str(found.source), not found.grade.verified


def _accumulators(settled: Settled, slots: list[str], person: pa.Array, homes: pa.Array) -> pa.Table:
    at = np.flatnonzero(settled.state)
    width, years = max(1, len(slots)), max(1, len(settled.years))
    who, year, slot = at // (width * years), at // width % years, at % width
    owners = pa.concat_arrays([person.take(pa.array(settled.persons)), homes.take(pa.array(settled.households))])
    years_of = pa.array(settled.years[year] if len(at) else [], pa.int32())
    named = pa.array(slots or [""], pa.string()).take(pa.array(slot))
    whose = owners.take(pa.array(who))
    counts = np.array([100 if name == STAYS else 1 for name in slots or [""]])
    amounts = money(settled.state[at] * counts[slot])
    table = pa.table({"psn_no": whose, "benefit_year": years_of, "slot": named, "acc_amt": amounts})
    return table.cast(SCHEMAS["accumulators"])


def summary_of(
    setting: Setting, book: PlanBook, totals: Totals, reports: list[LoadReport], refused: list[Finding],
    unverified: list[str],
) -> dict[str, Any]:  # fmt: skip
    """What summary.json says of a run. ``unverified`` are keys that others than the terms used."""
    used = list({id(one): one for view in book.views for one in view.used}.values())
    return {
        "made_by": f"yibao {__version__} settle",
        "city": setting.law.code,
        "city_name": setting.law.name,
        "settled": sum(totals.outcomes.values()),
        "outcomes": dict(sorted(totals.outcomes.items())),
        "refused": dict(sorted(Counter(one.code for one in refused).items())),
        "amounts": {name: f"{yuan(totals.amounts[name]):.2f}" for name in AMOUNTS},
        "contexts": len(book.rows),
        "slots": len(book.slots),
        "rejected": sum(one.rows_rejected for one in reports),
        "unverified": sorted({*unverified, *(key for view in book.views for key in view.unverified)}),
        "parameters": parameters_of(used),
    }
