"""The product's settlements of a folder beside the oracle's: every amount of every settlement, every accumulator, draw
and balance, and what was refused.
"""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
from benefit.benefit_oracle import AMOUNTS, Oracle
from benefit.oracle_law import PACKS, OracleLaw, law_of

from yibao.flows.dip import Setting
from yibao.flows.settle import settle
from yibao.law import Law
from yibao.packs import load_law

HERE = Path(__file__).parent
ZERO = Decimal(0)
FACTS = ("outcome", "benefit_year")


class Laws(NamedTuple):
    """One city's law as the product and as the oracle read it."""

    product: Law
    oracle: OracleLaw


def shipped(folder: str) -> Laws:
    return Laws(load_law(folder, ["demo"]), law_of(PACKS / folder, "demo"))


def invented() -> Laws:
    return Laws(load_law("999999", pack_dirs=[HERE / "invented"]), law_of(HERE / "invented" / "newcity"))


class Compared(NamedTuple):
    """The oracle's run, how many settlements were compared, and every difference found."""

    oracle: Oracle
    settlements: int
    differences: list[str]


def rows(path: Path) -> list[dict[str, object]]:
    return list(pq.read_table(path).to_pylist())


def compare(folder: Path, out: Path, laws: Laws) -> Compared:
    """Settles the folder both ways."""
    done = settle(folder, out, Setting(laws.product))
    oracle = Oracle(folder, laws.oracle).run()
    settlements = {row["setl_id"]: row for row in rows(out / "settlements.parquet")}
    found: list[str] = []
    refused = {one.key: one.code for one in done.findings if one.place and one.place.column == "setl_id"}
    found += unequal("refused", refused, oracle.refused)
    found += unequal("settled", dict.fromkeys(settlements, ""), dict.fromkeys(oracle.bills, ""))
    for setl_id, bill in oracle.bills.items():
        row = settlements.get(setl_id)
        if row is not None:
            mine = {"outcome": bill.outcome, "benefit_year": bill.year, **bill.amounts}
            found += unequal(str(setl_id), {name: row[name] for name in (*FACTS, *AMOUNTS)}, mine)
            if bill.outcome == "settled" and row["kind"] != bill.kind:
                found.append(f"{setl_id} kind: {row['kind']} != {bill.kind}")
    found += unequal("accumulators", accumulators(out), {key: one for key, one in oracle.sums.items() if one})
    found += unequal("draws", draws(out), oracle_draws(oracle))
    accounts = {str(row["psn_no"]): row["balc"] for row in rows(out / "accounts.parquet")}
    found += unequal("accounts", accounts, {key: one for key, one in balances(oracle).items() if one})
    return Compared(oracle, len(settlements), found)


def unequal(what: str, product: dict, oracle: dict) -> list[str]:
    keys = sorted({*product, *oracle}, key=str)
    return [
        f"{what} {key}: {product.get(key)} != {oracle.get(key)}" for key in keys if product.get(key) != oracle.get(key)
    ]


def accumulators(out: Path) -> dict[tuple[str, int, str], Decimal]:
    """By owner, year and slot; stays are counted."""
    found = {}
    for row in rows(out / "accumulators.parquet"):
        amount = Decimal(str(row["acc_amt"]))
        slot = str(row["slot"])
        found[str(row["psn_no"]), int(str(row["benefit_year"])), slot] = amount
    return found


def draws(out: Path) -> dict[tuple[str, str], Decimal]:
    return {(str(row["setl_id"]), str(row["psn_no"])): row["paid_amt"] for row in rows(out / "account_draws.parquet")}


def oracle_draws(oracle: Oracle) -> dict[tuple[str, str], Decimal]:
    """What sharers gave; what the own account gave stands in the settlement."""
    found: Counter[tuple[str, str]] = Counter()
    for setl_id, bill in oracle.bills.items():
        for owner, amount in bill.draws:
            if owner != bill.claim["psn_no"]:
                found[setl_id, owner] += amount
    return {key: amount for key, amount in found.items() if amount}


def balances(oracle: Oracle) -> dict[str, Decimal]:
    """The accounts of those the product knows: who has a claim, a credit or a binding."""
    known = {row["psn_no"] for row in oracle.tables.get("acct_credits", [])}
    for row in oracle.tables.get("acct_bindings", []):
        known |= {row["psn_no"], row["owner_psn_no"]}
    known |= {bill.claim["psn_no"] for bill in oracle.bills.values()}
    return {psn_no: one for psn_no, one in oracle.balances.items() if psn_no in known}
