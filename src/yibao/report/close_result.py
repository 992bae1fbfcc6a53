"""The folder of a closed year, opened for reading: small tables as rows, the cases as a view of the session."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from yibao import tables
from yibao.engine import Engine
from yibao.flows.close_tables import COLUMNS
from yibao.flows.dip_catalogue import Saved, open_saved
from yibao.report.close_words import FUNDS
from yibao.report.names import Names
from yibao.report.parameters import Parameters
from yibao.report.result import ReportError

MADE_BY = "yibao close"
CATALOGUE = "catalogue"
_PARTS = ("hospital_history", "group_fact", "aux_type", "aux_report", "local_list")
"""Parts of the catalogue that a report reads where they stand."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Closed:
    """A closed year: its folder, summary and parameters, with its tables in the session ``engine``.

    ``small`` are the rows of every result table but the cases and the postings, in the order of the file; ``cases`` and
    ``trail`` are views of the session, ``by_item`` a table of what is paid for excluded fees. ``posted`` sums the
    postings by batch, fund_type, kind ('' for the books' own entries) and outcome: first and last day, entries,
    amount; ``refused`` are those that are not in the books, one by one. Amounts are 元 and points 分, exact. ``saved``
    is the catalogue of the run, where it is there.
    """

    folder: Path
    engine: Engine
    summary: Row
    parameters: Parameters
    names: Names
    small: Mapping[str, Sequence[Row]]
    posted: Sequence[Row]
    refused: Sequence[Row]
    saved: Saved | None
    parts: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def rows(self, query: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a query over the session."""
        return list(self.engine.fetch(query, params).to_pylist())

    def of(self, table: str, **where: Any) -> list[Row]:
        """The rows of a small table with these values."""
        return [row for row in self.small[table] if all(row[name] == value for name, value in where.items())]

    def one(self, table: str, **where: Any) -> Row | None:
        """The first of those rows, if any."""
        return next(iter(self.of(table, **where)), None)

    @cached_property
    def funds(self) -> list[str]:
        """The fund types of the year, in the usual order."""
        held = {str(row["fund_type"]) for row in self.small["values"]}
        return [code for code in FUNDS if code in held] + sorted(held - set(FUNDS))

    @property
    def year(self) -> int:
        """The year that was closed."""
        return int(self.summary["year"])

    @property
    def share_table(self) -> list[Mapping[str, str]]:
        """The rows of the share table in force, as the law writes them; none where the summary does not hold them."""
        return list(self.summary.get("share_table") or [])

    @property
    def special_quota(self) -> int | None:
        """How many special reviews may be granted; None where the year had none to decide."""
        quota = self.summary.get("reviews_quota")
        return int(quota) if quota and self.small["special"] else None

    def progress(self, fund: str) -> list[Mapping[str, Any]]:
        """Month by month what is booked since January against the budget in proportion to time, with its grade."""
        found = (one for one in self.summary.get("funds") or [] if one.get("fund_type") == fund)
        own: Row = next(found, {})
        return list(own.get("progress") or [])

    @cached_property
    def groups(self) -> dict[str, Row]:
        """The catalogue's groups by code, fen and 10⁻⁴ 分; empty without the catalogue."""
        return {} if self.saved is None else {row["dip_code"]: row for row in self.saved.catalogue.groups.to_pylist()}

    def disease(self, code: str) -> str:
        """The name of a group; '' where it cannot be named."""
        row = self.groups.get(code)
        return self.names.group({key: str(row[key]) for key in _NAMED}) if row else ""

    def hospital(self, code: str) -> str:
        """The name of an institution."""
        return self.names.hospital(code)


_NAMED = ("dx", "px", "related", "px_kind", "scope")


BY_ITEM = """
    SELECT setl_id, CAST(idiv(
        2 * CAST(excluded * 100 AS HUGEINT) * CAST(booked * 100 AS HUGEINT) + CAST(medfee_sumamt * 100 AS HUGEINT),
        2 * CAST(medfee_sumamt * 100 AS HUGEINT)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS excluded_due
    FROM cases WHERE excluded > 0 AND medfee_sumamt > 0 AND $excludes = 1"""
"""What the pool pays by item for the excluded fees of a case: half up of excluded × booked ÷ fee (close.md, Words)."""


def open_close(
    engine: Engine, folder: Path, names: Names | None = None, catalogue: Path | None = None, *, cases: bool = True
) -> Closed:
    """Opens a folder of ``yibao close``. The catalogue is ``catalogue``, else the folder of that name inside or beside;
    names are ``names``, else those of names.json. Without ``cases`` the session has none of its tables.

    Raises ResultFolderError when the folder is not a finished result, ReportError when ``catalogue`` is another run's.
    """
    summary = tables.read_summary(folder, MADE_BY)
    if cases:
        tables.open_view(engine, "cases", folder, "cases.parquet", MADE_BY)
        tables.open_view(engine, "trail", folder, "trail.parquet", MADE_BY)
    small = {}
    postings = tables.read_table(folder, "postings.parquet", MADE_BY)
    for name in COLUMNS:
        if name == "postings":
            continue
        table = tables.read_table(folder, f"{name}.parquet", MADE_BY)
        if cases:
            engine.put(name, table)
        small[name] = table.to_pylist()
    posted, refused = _postings(postings)
    place, saved = _catalogue(folder, catalogue, summary)
    parts = {} if place is None else _parts(engine, place / "parts")
    parameters = Parameters([summary] if saved is None else [summary, saved.summary])
    held = names or _names(folder)
    if not cases:
        return Closed(folder, engine, summary, parameters, held, small, posted, refused, saved, parts)
    excludes = int(parameters.text("dip.exclusion.mode") in ("", "exclude"))
    engine.put("by_item", engine.fetch(BY_ITEM, {"excludes": excludes}))
    return Closed(folder, engine, summary, parameters, held, small, posted, refused, saved, parts)


STANDS = ("posted", "exists")
"""Outcomes of an entry that is in the books."""
OWN = "own"
"""The batch of the entries that the folder brought itself."""


def _postings(table: pa.Table) -> tuple[Sequence[Row], Sequence[Row]]:
    """The postings summed, in the order in which each sum begins, and those that are not in the books."""
    kind = pc.if_else(
        pc.equal(table["batch"], OWN), "", pc.replace_substring_regex(table["entry_id"], pattern="-.*", replacement="")
    )
    table = table.append_column("kind", kind)
    sums = table.group_by(["batch", "fund_type", "kind", "outcome"], use_threads=False)
    summed = sums.aggregate([("entry_date", "min"), ("entry_date", "max"), ("entry_id", "count"), ("amount", "sum")])
    names = {"entry_date_min": "first", "entry_date_max": "last", "entry_id_count": "entries", "amount_sum": "amount"}
    refused = table.filter(pc.invert(pc.is_in(table["outcome"], pa.array(STANDS))))
    return summed.rename_columns(names).to_pylist(), refused.to_pylist()


def _names(folder: Path) -> Names:
    """The names the run wrote beside its results; none where it wrote none."""
    try:
        held = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Names()
    return Names(held.get("diagnoses", {}), held.get("procedures", {}), held.get("hospitals", {}))


def _catalogue(folder: Path, given: Path | None, summary: Row) -> tuple[Path | None, Saved | None]:
    """The catalogue of the run and where it stands. One of another run is refused when it was asked for, else left."""
    for place in (given,) if given is not None else (folder / CATALOGUE, folder.parent / CATALOGUE):
        if given is None and not (place / "summary.json").is_file():
            continue
        saved = open_saved(place)
        if "facts" not in summary or saved.summary.get("facts") == summary["facts"]:
            return place, saved
        if given is not None:
            raise ReportError(f"“{place}”不是这次清算所用的目录：请给出 yibao close 的 --catalogue 所指的文件夹")
    return None, None


def _parts(engine: Engine, folder: Path) -> dict[str, Sequence[Row]]:
    """The parts a report reads, each also a table ``part_<name>``; those that an older catalogue lacks are left out."""
    found: dict[str, Sequence[Row]] = {}
    for name in _PARTS:
        try:
            table: pa.Table = tables.read_table(folder, f"{name}.parquet", MADE_BY)
        except tables.ResultFolderError:
            continue
        engine.put(f"part_{name}", table)
        found[name] = table.to_pylist()
    return found


def total(rows: Sequence[Row], column: str) -> Decimal:
    """The exact sum of a column; empty cells count nothing."""
    return sum((Decimal(row[column]) for row in rows if row[column] is not None), Decimal(0))
