"""A city's years, claim by claim at a counter, come to what the batch comes to; and all of it can be taken back."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from benefit import compare
from benefit.compare import rows as parquet
from benefit.counter_city import held, refund, the_law
from benefit.made_years import DONGGUAN, INVENTED, ZHOUSHAN, Maker
from benefit.online import online
from sqlalchemy import select

from yibao.benefit.counter import HOME
from yibao.benefit.outcomes import Outcome
from yibao.flows.counter import Answer
from yibao.flows.counter_load import Visit
from yibao.flows.dip import Setting
from yibao.flows.settle import settle
from yibao.store import schema, verify

AMOUNTS = (
    "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "act_pay_dedc",
    "hifp_pay", "cvlserv_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay", "fund_pay_sumamt", "psn_part_amt",
    "acct_pay", "acct_mulaid_pay", "psn_cash_pay",
)  # fmt: skip
CITIES = {
    "zhoushan": (ZHOUSHAN, lambda: compare.shipped("zhoushan").product),
    "dongguan": (DONGGUAN, lambda: compare.shipped("dongguan").product),
    "newcity": (INVENTED, the_law),
}


def national(answer: Answer) -> dict[str, Any]:
    assert answer.settlement is not None
    amounts = json.loads(answer.settlement.amounts)
    return {**{name: amounts.get(name, 0) for name in AMOUNTS}, "outcome": answer.settlement.outcome,
            "benefit_year": answer.settlement.benefit_year}  # fmt: skip


@pytest.mark.parametrize("name", CITIES)
def test_the_counter_comes_to_what_the_batch_comes_to(name: str, store_url: str, tmp_path: Path) -> None:
    city, law_of = CITIES[name]
    law = law_of()
    folder = Maker(city, 5, 60).write(tmp_path / "in")
    done = settle(folder, tmp_path / "out", Setting(law))
    answers, _, found = online(folder, store_url, law)
    batch = {str(row["setl_id"]): row for row in parquet(tmp_path / "out" / "settlements.parquet")}
    refused = {one.key: one.code for one in done.findings if one.place and one.place.column == "setl_id"}
    kept = {key: answer for key, answer in answers.items() if answer.settlement is not None}
    assert {key: answer.outcome.code for key, answer in answers.items() if key not in kept} == refused
    kept |= {one.setl_id: Answer(Outcome.SETTLED, one) for answer in answers.values() for one in answer.left}
    assert kept.keys() == batch.keys() and len(kept) > 400
    for key, answer in kept.items():
        row = batch[key]
        expected = {name: int(row[name] * 100) for name in AMOUNTS}
        assert national(answer) == {**expected, "outcome": row["outcome"], "benefit_year": row["benefit_year"]}, key
    now = held(found.store)
    sums = {(key[0].removeprefix(HOME), *key[1:]): one for key, one in now["benefit_accumulators"].items()}
    written = compare.accumulators(tmp_path / "out")
    assert sums == {key: int(one * (1 if key[2] == "stays" else 100)) for key, one in written.items()}
    accounts = {(row["psn_no"],): int(row["balc"] * 100) for row in parquet(tmp_path / "out" / "accounts.parquet")}
    assert {key: one for key, one in now["account_balances"].items() if key in accounts} == accounts
    given = {
        (row["setl_id"], row["psn_no"]): row["paid_amt"] for row in parquet(tmp_path / "out/account_draws.parquet")
    }
    assert len(given) > 5, "accounts were shared"
    with found.store.reading() as connection:
        assert verify(connection).findings == []


def test_taking_everything_back_leaves_nothing_but_the_money_that_came(store_url: str, tmp_path: Path) -> None:
    folder = Maker(INVENTED, 9, 40).write(tmp_path / "in")
    answers, came, found = online(folder, store_url, the_law())
    claims = {one.care.setl_id: one.care for one in came if isinstance(one, Visit)}
    with found.store.reading() as connection:
        gone = {row[0] for row in connection.execute(select(schema.settlements.c.refers)) if row[0]}
    standing = [key for key, answer in answers.items() if key in claims and answer.settlement and key not in gone]
    assert len(standing) > 150
    for number, key in enumerate(sorted(standing, key=lambda key: hash(key) % 1000)):
        back = refund(f"Z{number}", claims[key], datetime(2026, 1, 1))
        assert found.reverse(back).outcome is Outcome.REVERSED
    now = held(found.store)
    assert (now["benefit_accumulators"], now["benefit_counters"]) == ({}, {})
    with found.store.reading() as connection:
        credits = connection.execute(select(schema.account_credits)).all()
        assert verify(connection).findings == []
    came_in: dict[tuple[str], int] = {}
    for row in credits:
        came_in[(row.psn_no,)] = came_in.get((row.psn_no,), 0) + row.amount
    assert now["account_balances"] == {key: one for key, one in came_in.items() if one}
