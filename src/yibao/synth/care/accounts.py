"""Personal accounts: balances, monthly credits, and relatives who may use them (家庭共济)."""

import numpy as np
import pyarrow as pa

from yibao.synth.care.columns import ACCOUNTS, NONE, block_stream, days_or_null, filled, named, stacked, table_named
from yibao.synth.care.cover import LAPSED, SUSPENDED, Cover, account_share, monthly
from yibao.synth.care.people import Folk
from yibao.synth.draw import Ints, dates, day_number, decimals, numbered, rank_within
from yibao.synth.people import ALIVE

_SHARED = 0.22
"""Share of account holders who let relatives use theirs."""


def account_tables(folk: Folk, held: Cover, year: int, seed: int, months: int) -> dict[str, pa.Table]:
    """``acct_balances``, ``acct_credits`` of the first ``months`` months, and ``acct_bindings`` of the block."""
    rng = block_stream(seed, ACCOUNTS, folk.block)
    numbers = folk.numbers()
    holder = np.flatnonzero(held.account & (held.fate != LAPSED))
    balance = (np.minimum(rng.gamma(0.9, 2_200, len(holder)), 60_000) * 100).astype(np.int64)
    balances = {
        "psn_no": numbers.take(pa.array(holder)),
        "insuplc_admdvs": named(filled(len(holder), 0), [folk.admdvs]), "balc": decimals(balance),
        "acct_stas": named((held.fate[holder] == SUSPENDED).astype(np.int64), ["normal", "frozen"]),
    }  # fmt: skip
    tables = {"acct_balances": table_named("acct_balances", balances)}
    tables["acct_credits"] = _credits(folk, held, year, months, numbers, rng)
    tables["acct_bindings"] = _bindings(folk, held, year, numbers, rng)
    return tables


def _credits(
    folk: Folk, held: Cover, year: int, months: int, numbers: pa.Array, rng: np.random.Generator
) -> pa.Table:  # fmt: skip
    working = held.paid & held.account[:, None]
    starts = np.array([day_number(year, month) for month in range(1, 13)], dtype=np.int64)
    living = starts[None, :] <= folk.died[:, None]
    retired = (folk.retired & held.account & (held.fate != LAPSED))[:, None] & living
    who, month = np.nonzero((working | retired)[:, :months])
    fixed = (monthly(folk, held) * 100).astype(np.int64)[who]
    amount = np.where(folk.retired[who], fixed, account_share(held.base[who]))
    number = (folk.first + who) * 100 + month + 1
    return table_named("acct_credits", {
        "credit_id": numbered(f"GZ{year}", number, 11), "psn_no": numbers.take(pa.array(who)),
        "credit_date": dates(starts[month] + rng.integers(8, 28, len(who))), "credit_amt": decimals(amount),
    })  # fmt: skip


def _bindings(folk: Folk, held: Cover, year: int, numbers: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Owners share with spouse, children, and a mother-in-house; a child of two owners has two, in order."""
    open_ = held.account & (held.fate != LAPSED) & (rng.random(len(folk)) < _SHARED) & (folk.died == ALIVE)
    owners = np.flatnonzero(open_ & (folk.spouse >= 0))
    children = np.flatnonzero(folk.mother >= 0)
    mother = folk.mother[children]
    father = folk.spouse[mother]
    elders = np.flatnonzero(folk.daughter >= 0)
    of_father = (father >= 0) & open_[np.maximum(father, 0)]
    of_mother = open_[mother]
    of_daughter = open_[folk.daughter[elders]]
    parts = [
        _bound(owners, folk.spouse[owners], 0),
        _bound(mother[of_mother], children[of_mother], 1),
        _bound(father[of_father], children[of_father], 1),
        _bound(folk.daughter[elders[of_daughter]], elders[of_daughter], 2),
    ]
    row = stacked(parts)
    order = np.lexsort((row["owner"], row["user"]))
    row = {name: values[order] for name, values in row.items()}
    count = len(order)
    begin = np.maximum(day_number(year) - rng.integers(-250, 700, count), folk.born[row["user"]])
    until = np.where(rng.random(count) < 0.05, np.maximum(begin, day_number(year)) + rng.integers(30, 300, count), NONE)
    return table_named("acct_bindings", {
        "bind_id": numbered(f"GJ{year}{folk.block:04d}", np.arange(1, count + 1, dtype=np.int64), 7),
        "owner_psn_no": numbers.take(pa.array(row["owner"])), "psn_no": numbers.take(pa.array(row["user"])),
        "rlts": named(row["relation"], ["spouse", "child", "parent"]),
        "bind_seq": pa.array(rank_within(row["user"]) + 1, pa.int32()), "begndate": dates(begin),
        "enddate": days_or_null(until),
    })  # fmt: skip


def _bound(owner: Ints, user: Ints, relation: int) -> dict[str, Ints]:
    return {"owner": owner, "user": user, "relation": filled(len(owner), relation)}
