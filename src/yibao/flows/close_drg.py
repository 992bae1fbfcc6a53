"""DRG beside DIP in a close: the year's cases in their groups, weights from the folder's earlier cases. No rule here.

Nothing is paid by it. Without a scheme the tables stand empty, so that what reads them need not ask.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from yibao.engine import Engine
from yibao.flows.drg import Editions
from yibao.flows.drg_assess import GROUPED, WEIGHTS, Measured, Tell, measure_session

Rows = Sequence[Mapping[str, Any]]


def group_year(
    engine: Engine, folder: Path, year: int, schemes: Path | Editions | None, memory: str | None, tell: Tell
) -> Measured | None:
    """Groups the session's ``loaded_cases`` by the scheme of their day of discharge and measures them; weights are
    those of the folder's cases before the year. Leaves ``drg_grouped`` and ``drg_weight``, empty without a scheme.

    Raises SchemeError for a scheme with errors, MissingParameter where the law names none.
    """
    if schemes is None:
        engine.put("drg_grouped", GROUPED.empty_table())
        engine.put("drg_weight", WEIGHTS.empty_table())
        return None
    before = date(year - 1, 12, 31)
    return measure_session(engine, "loaded_cases", schemes, [folder], until=before, memory=memory, tell=tell).measured


def drg_rows(measured: Measured | None) -> dict[str, Rows]:
    """The rows of the result tables of DRG; fees in fen."""
    if measured is None:
        return {"drg_groups": [], "drg_hospitals": [], "drg_cells": []}
    names = [one["name"] for one in measured.summary["schemes"]]
    groups = [{**row, "mean_fee": round(row["mean_fee"] * 100)} for row in measured.groups]
    cells = [{**row, "scheme": names[row["edition"]]} for row in measured.cells]
    for row in cells:
        del row["edition"]
    return {"drg_groups": groups, "drg_hospitals": measured.hospitals, "drg_cells": cells}
