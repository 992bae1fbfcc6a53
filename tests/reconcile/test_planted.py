"""Planted differences of every kind are found, none is invented, every day's total is explained to the fen."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import planted
import pyarrow.parquet as pq
import pytest

from yibao.flows.reconcile import Reconciled, reconcile
from yibao.reconcile.kinds import KINDS, SUMMED


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[planted.Planted, Reconciled, Path]:
    folder = tmp_path_factory.mktemp("planted")
    city = planted.plant(folder, 20_000)
    return city, reconcile(city.ours, city.theirs, folder / "out"), folder / "out"


def ids(text: str | None) -> tuple[str, ...]:
    return tuple(sorted((text or "").split("|"))) if text is not None else ()


def found(out: Path) -> Counter:
    rows = pq.read_table(out / "differences.parquet").to_pylist()
    return Counter((row["kind"], named(row, "ours"), named(row, "theirs")) for row in rows)


def named(row: dict, side: str) -> tuple[str, ...]:
    """The ids of a side; a row without one still counts."""
    return ids(row[f"{side}_setl_id"]) or ("",) * row[f"{side}_cnt"]


def test_every_planted_difference_is_found_under_its_kind_and_nothing_else(
    made: tuple[planted.Planted, Reconciled, Path],
) -> None:
    city, _done, out = made
    assert sum(city.key.values()) == 18 * planted.EACH
    assert {kind for kind, _ours, _theirs in city.key} == {one.code for one in KINDS if one.explained} | {"linked"}
    assert found(out) == city.key


def test_every_total_of_every_day_is_that_of_the_files_and_its_difference_is_explained_to_the_fen(
    made: tuple[planted.Planted, Reconciled, Path],
) -> None:
    city, _done, out = made
    held: dict = defaultdict(lambda: [0, 0])
    for side, rows in enumerate(city.rows):
        for row in rows:
            for name, fen in zip(planted.AMOUNTS, row.amounts, strict=True):
                held[row.day, row.code, row.insutype, name][side] += fen
            held[row.day, row.code, row.insutype, "setl_cnt"][side] += 100
    daily = pq.read_table(out / "daily.parquet").to_pylist()
    seen = {
        (row["day"], row["fixmedins_code"], row["insutype"], row["field"]): [row["ours"] * 100, row["theirs"] * 100]
        for row in daily
    }
    assert seen == dict(held)
    for row in daily:
        assert row["difference"] == row["ours"] - row["theirs"] == sum(row[kind] for kind in SUMMED)
        assert row["unexplained"] == 0


def test_the_summary_adds_up_to_the_difference_of_the_files(made: tuple[planted.Planted, Reconciled, Path]) -> None:
    city, done, _out = made
    for at, name in enumerate(planted.AMOUNTS):
        ours, theirs = (sum(row.amounts[at] for row in rows) for rows in city.rows)
        total = done.summary["totals"][name]
        assert Decimal(total["difference"]) * 100 == ours - theirs
        assert total["difference"] == total["explained"] and Decimal(total["unexplained"]) == 0
        assert sum(Decimal(kind["amounts"][name]) for kind in done.summary["kinds"]) == Decimal(total["difference"])
    assert not done.equal


def test_what_excel_did_to_identifiers_is_said(made: tuple[planted.Planted, Reconciled, Path]) -> None:
    _city, done, _out = made
    told = "\n".join(done.summary["remarks"])
    assert f"对方有{planted.EACH}行的结算ID被Excel改成了科学计数法" in told
    assert f"有{4 * planted.EACH}笔结算ID写法不同或缺失" in told
    assert done.summary["matched"]["form_amount"] == 2 * planted.EACH
