"""The two result folders that a report reads, opened into one session."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from yibao import tables
from yibao.engine import Engine
from yibao.flows.dip_catalogue import Saved, open_saved
from yibao.report import queries
from yibao.report.parameters import Parameters

MADE_BY = "yibao dip price"


class ReportError(ValueError):
    """Nothing can be shown; the message is Chinese and says what to do."""


class Result(NamedTuple):
    """A priced run beside its catalogue: summaries, parameters, and the tables in the session's engine.

    ``groups`` (by dip_code) and ``levels`` (by hosp_lv) are rows of the catalogue's working tables, in fen and 10⁻⁴ 分.
    """

    engine: Engine
    saved: Saved
    summary: Mapping[str, Any]
    parameters: Parameters
    groups: Mapping[str, Mapping[str, Any]]
    levels: Mapping[str, Mapping[str, Any]]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of one of `queries`."""
        return list(self.engine.fetch(query).to_pylist())

    def figure(self, name: str) -> Decimal:
        """An exact figure of the pricing summary."""
        return Decimal(str(self.summary[name]))

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the catalogue was learned with: regime, unit, thresholds, years."""
        return dict(self.summary["facts"])


def open_result(engine: Engine, catalogue: Path, priced: Path) -> Result:
    """Reads both folders; makes trail, priced, hospitals, report_case, reference and groups in the session.

    Raises ResultFolderError when a folder is not a finished result, ReportError when the two do not belong together.
    """
    summary = tables.read_summary(priced, MADE_BY)
    saved = open_catalogue(catalogue, summary)
    for name, file in (("trail", "trail"), ("priced", "priced_cases"), ("hospitals", "hospitals")):
        engine.put(name, _table(priced, file))
    engine.put("report_case", engine.fetch(queries.CASES))
    engine.put("reference", saved.catalogue.reference)
    engine.put("groups", saved.catalogue.groups)
    return Result(
        engine,
        saved,
        summary,
        Parameters([summary, saved.summary]),
        {row["dip_code"]: row for row in saved.catalogue.groups.to_pylist()},
        {row["hosp_lv"]: row for row in saved.catalogue.levels.to_pylist()},
    )


def open_catalogue(catalogue: Path, summary: Mapping[str, Any]) -> Saved:
    """Opens the catalogue a priced run used. Raises ReportError when it is another one."""
    saved = open_saved(catalogue)
    if saved.summary.get("facts") != summary.get("facts"):
        raise ReportError(f"“{catalogue}”不是这次定价所用的目录：请给出 yibao dip price 的 --catalogue 所指的文件夹")
    return saved


def _table(priced: Path, name: str) -> pa.Table:
    return tables.read_table(priced, f"{name}.parquet", MADE_BY)
