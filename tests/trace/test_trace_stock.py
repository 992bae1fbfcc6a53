"""进销存: the worked example of R35, what is not judged, and where settlement waits."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from yibao.flows.dip_common import Setting
from yibao.flows.trace_stock import balance
from yibao.packs import load_law
from yibao.trace import stock
from yibao.trace.terms import read_terms

HEAD = "定点医药机构编号,医疗目录编码,交易编号,库存变更类型,业务发生时间,数量,基金支付总额,上传流水号"


def moves(folder: Path, rows: list[str]) -> Path:
    path = folder / "stock_moves.csv"
    path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    return path


EXAMPLE = [
    "P1,D1,3501,,2025-07-01 00:00:00,10,,U1", "P1,D1,3503,,2025-07-05 09:00:00,100,,U2",
    "P1,D1,3505,,2025-07-10 09:00:00,95,950.00,U3", "P1,D1,3501,,2025-07-31 23:00:00,30,,U4",
]  # fmt: skip


def test_10_and_100_bought_less_30_left_is_80_and_95_sold_is_15_too_many(tmp_path: Path) -> None:
    done = balance([moves(tmp_path, EXAMPLE)], tmp_path / "out", Setting(load_law("zibo", [])), date(2025, 8, 1))
    assert [one.code for one in done.findings] == ["stock_oversold"]
    assert "期初10+购进100+其他0−期末30，售出95，差15" in done.findings[0].message
    assert done.summary["fund_at_risk"] == "150.00"
    assert done.summary["blocks"] == 0


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        (["P1,D1,3506,,2025-07-11 09:00:00,15,150.00,U5"], []),
        (["P1,D1,3502,101,2025-07-11 09:00:00,15,,U5"], []),
        (["P1,D1,3502,105,2025-07-11 09:00:00,2,,U5"], ["stock_oversold"]),
        (["P1,D1,3503,,2025-07-12 09:00:00,20,,U5"], ["stock_missing"]),
        ([EXAMPLE[2], EXAMPLE[1]], ["stock_oversold"]),
    ],
)  # fmt: skip
def test_returns_and_changes_count_and_a_record_twice_counts_once(
    more: list[str], codes: list[str], tmp_path: Path
) -> None:
    file = moves(tmp_path, [*EXAMPLE, *more])
    done = balance([file], tmp_path / "out", Setting(load_law("zibo", [])), date(2025, 8, 1))
    assert [one.code for one in done.findings] == codes


def test_a_drug_with_one_stocktake_is_not_judged(tmp_path: Path) -> None:
    file = moves(tmp_path, EXAMPLE[:3])
    done = balance([file], tmp_path / "out", Setting(load_law("zibo", [])), date(2025, 8, 1))
    assert (done.summary["spans"], done.findings) == (0, [])


def test_settlement_waits_only_where_the_law_says_so_and_only_for_the_last_span() -> None:
    terms = read_terms(load_law("zibo", []).at(date(2025, 8, 1)))
    spans = [
        {"fixmedins_code": "P1", "med_list_codg": "D1", "opened": 1, "excess": 5},
        {"fixmedins_code": "P1", "med_list_codg": "D1", "opened": 2, "excess": 0},
        {"fixmedins_code": "P1", "med_list_codg": "D2", "opened": 1, "excess": -1},
    ]
    assert stock.blocks(spans, terms) == set()
    assert stock.blocks(spans, terms._replace(stock_blocks=True)) == {("P1", "D2")}


def test_the_workbook_is_written(tmp_path: Path) -> None:
    balance([moves(tmp_path, EXAMPLE)], tmp_path / "out", Setting(load_law("zibo", [])), date(2025, 8, 1))
    assert (tmp_path / "out" / "stock.xlsx").stat().st_size > 0
    assert Decimal((tmp_path / "out" / "summary.json").read_text().split('"fund_at_risk": "')[1][:6]) == 150
