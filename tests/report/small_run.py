"""A small history and a small period, written by hand, built and priced by the flow: what the report tests read."""

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from yibao.flows import dip as flow
from yibao.packs import load_law

SETTING = flow.Setting(load_law("zibo", ["demo"]))
BUDGET = "123456.78"
NEW = {
    "NORMAL": ("H3", "3", "K35.300|I10.x00", "47.0100", "9000.00"),
    "LOW": ("H3", "3", "K35.300", "47.0100", "4000.00"),
    "HIGH": ("H3", "3", "K35.300", "47.0100", "20000.00"),
    "EXTREME": ("H3", "3", "K35.300", "47.0100", "60000.00"),
    "MEDICAL": ("H1", "1", "J18.900", None, "3000.00"),
    "COMPOSITE": ("H1", "1", "J20.300", None, "2000.00"),
    "CHAPTER": ("H1", "1", "K81.000", "47.0100", "8000.00"),
    "UNGROUPED": ("H1", "1", "Z99.900", None, "500.00"),
    "NODX": ("H1", "1", "", None, "700.00"),
    "NOFEE": ("H1", "1", "J18.900", None, "0.00"),
}


class Run(NamedTuple):
    """The folders of a run."""

    catalogue: Path
    priced: Path


def _history() -> list[dict[str, Any]]:
    groups = [
        ("H3", "3", "K35.300", "47.0100", 20, ("8900.00", "9100.00")),
        ("H1", "1", "J18.900", None, 20, ("2500.00", "3500.00")),
        ("H1", "1", "J20.100", None, 8, ("1000.00", "2000.00")),
        ("H1", "1", "J20.200", None, 8, ("1000.00", "2000.00")),
    ]
    return [
        _case(f"{dx}-{n}", place, level, dx, px, fees[n % 2], date(2024, n % 12 + 1, 15))
        for place, level, dx, px, count, fees in groups
        for n in range(count)
    ]


def _case(key: str, place: str, level: str, dx: str, px: str | None, fee: str, day: date) -> dict[str, Any]:
    return {
        "setl_id": key, "fixmedins_code": place, "hosp_lv": level, "diag_codes": dx, "oprn_codes": px,
        "dscg_date": day.isoformat(), "medfee_sumamt": fee,
    }  # fmt: skip


def write(folder: Path, *, levels: bool = True, two_levels: bool = False, setting: flow.Setting = SETTING) -> Run:
    """Builds and prices the small run under ``folder``; without ``levels`` the cases have no hosp_lv column.

    With ``two_levels`` the first-level hospital has done 20 appendectomies too, at 7,000 元 each.
    """
    new = [_case(key, *values, date(2025, n % 12 + 1, 20)) for n, (key, values) in enumerate(NEW.items())]
    old = _history() + [
        _case(f"two-{n}", "H1", "1", "K35.300", "47.0100", "7000.00", date(2024, n % 12 + 1, 15))
        for n in range(20 if two_levels else 0)
    ]
    for name, rows in (("old", old), ("new", new)):
        table = pa.Table.from_pylist(rows)
        pq.write_table(table if levels else table.drop_columns(["hosp_lv"]), folder / f"{name}.parquet")
    run = Run(folder / "catalogue", folder / "priced")
    flow.build([folder / "old.parquet"], run.catalogue, setting)
    flow.price([folder / "new.parquet"], run.catalogue, run.priced, setting, budget_fen=12_345_678)
    return run
