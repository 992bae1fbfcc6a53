"""Saving a learned DIP catalogue to a folder and opening it again, with the lists it was learned with."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from yibao import tables
from yibao.casemix.dip import Catalogue, GroupingLists, Regime, RuleError, Rules, build_rules, exclusion_tables
from yibao.engine import Engine
from yibao.law import View
from yibao.tables import LoadReport

MADE_BY = "yibao dip build"
LISTS = ("dip_rules", "dip_exclusions", "px_kinds", "dip_lists")
"""The local tables that --lists may hold."""
_TABLES = ("related_part", "related_rank", "reference", "levels")
_RULE_KEYS = ("dip.rules.transplant", "dip.rules.newborn", "dip.rules.tumour", "dip.rules.tuberculosis")
PUBLIC_SQL = """
    SELECT dip_code, dip_type, dx,
        CASE WHEN related = '' THEN px ELSE px || '|' || related END AS oprn_codes, px_kind, n_cases,
        CAST(mean_fee * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS mean_fee,
        CAST(mean_fee_lv1 * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS mean_fee_lv1,
        CAST(mean_fee_lv2 * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS mean_fee_lv2,
        CAST(mean_fee_lv3 * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS mean_fee_lv3,
        CAST(points * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)) AS points
    FROM catalogue_groups ORDER BY dip_code"""
"""The columns of catalogue.parquet: means in 元, points in 分, both exact decimals."""


class Saved(NamedTuple):
    """A catalogue folder: what was learned, the lists to group with, and its summary."""

    catalogue: Catalogue
    lists: GroupingLists
    primary_care: pa.Table
    summary: dict[str, Any]


def grouping_lists(
    engine: Engine, view: View, regime: Regime, folder: Path | None
) -> tuple[GroupingLists, pa.Table, list[LoadReport]]:
    """The rules, exclusions and attribute table: the user's files in ``folder`` where they stand, else the law's.

    Also the local lists (``dip_lists``: list, code), of which ``primary_care`` names 基层病种, and what loading found.
    """
    reports: list[LoadReport] = []
    if folder is not None and not any(any(folder.glob(f"{name}.*")) for name in LISTS):
        raise RuleError(
            f"“{folder}”中没有本地分组用表：应有 {'、'.join(LISTS)} 中至少一个（csv 或 xlsx），请核对 --lists"
        )

    def rows(table: str) -> list[dict[str, str | None]] | None:
        if folder is None or not any(folder.glob(f"{table}.*")):
            return None
        report = tables.load(engine, table, [next(iter(sorted(folder.glob(f"{table}.*"))))])
        reports.append(report)
        if report.nothing and report.findings:
            raise RuleError(f"本地分组用表读不出可用的行：{report.findings[0]}")
        found: list[dict[str, str | None]] = [
            {name: None if value is None else str(value) for name, value in row.items()}
            for row in engine.fetch(f"SELECT * FROM {table} ORDER BY src_row").to_pylist()
        ]
        engine.drop(table)
        return found

    where = {"regime": regime.name}
    uses_rules = bool(set(regime.layers) & {"early", "merged", "aux_dx"})
    # A list of the user's replaces the law's list of that name; the others stand.
    lists = _by_list(view.table("dip.code_lists") if uses_rules else ()) | _by_list(rows("dip_lists") or ())
    given = rows("dip_rules")
    if given is None:
        given = [
            dict(row) for key in _RULE_KEYS if uses_rules and view.has(key, **where) for row in view.table(key, **where)
        ]
    kinds = rows("px_kinds")
    kinds = kinds if kinds is not None else [dict(row) for row in view.table("dip.px_kinds")]
    px_kind = pa.table(
        {
            "prefix": pa.array([row.get("prefix") or row.get("oprn_code") for row in kinds], pa.string()),
            "px_kind": pa.array([row["px_kind"] for row in kinds], pa.string()),
        }
    )
    rules = build_rules(given, lists, regime.layers)
    primary = sorted(set(lists.get("primary_care", [])))
    local = pa.table(
        {"list": pa.array(["primary_care"] * len(primary), pa.string()), "code": pa.array(primary, pa.string())}
    )
    return GroupingLists(rules, exclusion_tables(rows("dip_exclusions") or []), px_kind), local, reports


def _by_list(rows: Iterable[Mapping[str, str | None]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for row in rows:
        lists.setdefault(str(row["list"]), []).append(str(row["code"]))
    return lists


def save(
    engine: Engine, folder: Path, catalogue: Catalogue, lists: GroupingLists, local: pa.Table, summary: dict[str, Any]
) -> None:
    """Writes catalogue.parquet, the working tables under ``parts`` and summary.json into a folder being made."""
    parts = folder / "parts"
    parts.mkdir()
    engine.put("catalogue_groups", catalogue.groups)
    tables.write_parquet(engine, PUBLIC_SQL, folder / "catalogue.parquet")
    own = {
        "groups": catalogue.groups,
        **{name: getattr(catalogue, name) for name in _TABLES},
        **lists.rules.tables,
        **lists.exclusions,
        "px_kind": lists.px_kind,
        "local_list": local,
    }
    for name, table in own.items():
        engine.put("_saving", table)
        tables.write_parquet(engine, "SELECT * FROM _saving", parts / f"{name}.parquet")
    engine.drop("_saving")
    write_summary(folder, summary)


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Writes summary.json; dates and exact numbers as text."""
    text = json.dumps(summary, ensure_ascii=False, indent=2, default=str)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")


def open_saved(folder: Path) -> Saved:
    """Opens a catalogue folder. Raises ResultFolderError when it is not a finished result of ``yibao dip build``."""
    summary = tables.read_summary(folder, MADE_BY)
    parts = folder / "parts"

    def part(name: str) -> pa.Table:
        return tables.read_table(parts, f"{name}.parquet", MADE_BY)

    rules = {name: part(name) for name in ("rule", "rule_dx", "rule_dx_other", "rule_px")}
    exclusions = {name: part(name) for name in ("px_exclusion", "px_scope", "dx_exclusion")}
    lists = GroupingLists(Rules(rules, rules["rule_dx_other"].num_rows > 0), exclusions, part("px_kind"))
    related = (part("related_part"), part("related_rank"))
    catalogue = Catalogue(part("groups"), *related, part("reference"), part("levels"), dict(summary["facts"]))
    return Saved(catalogue, lists, part("local_list"), summary)


def law_day(summary: dict[str, Any]) -> date:
    """The day whose law the catalogue was learned under."""
    return date.fromisoformat(str(summary["law_day"]))
