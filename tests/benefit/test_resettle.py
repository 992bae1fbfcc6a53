"""What a reversal changes for later settlements is named, and on request adjusted: after it all is as without it."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from benefit.compare import AMOUNTS, shipped
from benefit.made_years import ZHOUSHAN, Maker

from yibao.flows.dip import Setting
from yibao.flows.settle import settle

WITHOUT = ("dependents", "account_draws")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One city settled as it is, with adjustments, and without what was reversed."""
    base = tmp_path_factory.mktemp("resettle")
    law = shipped("zhoushan").product
    folder = Maker(ZHOUSHAN, 5, 250).write(base / "in")
    for name, again in (("plain", False), ("adjusted", True)):
        settle(folder, base / name, Setting(law), Fraction(1), resettle=again)
    undone = {row["init_setl_id"] for row in rows(base / "plain", "settlements") if row["outcome"] == "reversed"}
    bare = Maker(ZHOUSHAN, 5, 250).write(base / "bare")
    lines = (bare / "claims.csv").read_text(encoding="utf-8").splitlines()
    heads = lines[0].split(",")
    at, by, of = (heads.index(name) for name in ("setl_id", "refd_setl_flag", "init_setl_id"))
    cells = [line.split(",") for line in lines[1:]]
    kept = [c for c in cells if c[at] not in undone and not (c[by] == "1" and c[of] in undone)]
    (bare / "claims.csv").write_text("\n".join([lines[0], *map(",".join, kept)]) + "\n", encoding="utf-8")
    settle(bare, base / "without", Setting(law))
    assert len(undone) > 10
    return {name: base / name for name in ("plain", "adjusted", "without")}


def rows(folder: Path, table: str) -> list[dict]:
    return pq.read_table(folder / f"{table}.parquet").to_pylist()


def test_those_named_are_all_that_come_out_otherwise(runs: dict[str, Path]) -> None:
    plain = {row["setl_id"]: row for row in rows(runs["plain"], "settlements")}
    without = {row["setl_id"]: row for row in rows(runs["without"], "settlements")}
    named = {row["setl_id"]: row for row in rows(runs["plain"], "dependents")}
    differ = {one for one, row in without.items() if any(row[name] != plain[one][name] for name in AMOUNTS)}
    assert differ == {one for one, row in named.items() if any(row[name] for name in AMOUNTS)} and differ
    for one in differ:
        assert all(plain[one][name] + named[one][name] == without[one][name] for name in AMOUNTS)


def test_after_adjustment_sums_accumulators_and_balances_are_as_without_what_was_reversed(
    runs: dict[str, Path],
) -> None:
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for name in ("adjusted", "without"):
        for row in rows(runs[name], "settlements"):
            for amount in AMOUNTS:
                sums[name][amount] += row[amount]
    assert sums["adjusted"] == sums["without"]
    for table in ("accumulators", "accounts"):
        found = [sorted(map(tuple, (row.items() for row in rows(runs[n], table)))) for n in ("adjusted", "without")]
        assert found[0] == found[1], table


def test_an_adjustment_names_what_it_adjusts_and_changes_no_earlier_record(runs: dict[str, Path]) -> None:
    plain = {row["setl_id"]: row for row in rows(runs["plain"], "settlements")}
    adjusted = {row["setl_id"]: row for row in rows(runs["adjusted"], "settlements")}
    assert {one: row for one, row in adjusted.items() if row["outcome"] != "adjusted"} == plain
    more = [row for row in adjusted.values() if row["outcome"] == "adjusted"]
    assert more and all(row["setl_id"] == f"{row['init_setl_id']}.T" for row in more)
