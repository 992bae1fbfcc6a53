"""Saving a learned DIP catalogue to a folder and opening it again, with the lists it was learned with."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from yibao import tables
from yibao.casemix.dip import Catalogue, GroupingLists, Regime, RuleError, Rules, build_rules, exclusion_tables
from yibao.casemix.dip.local import PRIMARY, Row, merge_lists, unknown_groups
from yibao.engine import Engine
from yibao.kernel import points
from yibao.law import View
from yibao.tables import LoadReport

MADE_BY = "yibao dip build"
LISTS = ("dip_rules", "dip_exclusions", "px_kinds", "dip_lists", "local_lists")
"""The local tables that --lists may hold."""
_TABLES = ("related_part", "related_rank", "reference", "levels")
FURTHER = ("hospital_history", "group_fact", "aux_type", "aux_report", "aux_band", "aux_dx", "local_list")
"""What a catalogue holds besides its groups: the history of hospitals and groups, auxiliary types, local lists."""
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
TREE_SQL = """
    SELECT tree_level, node, n AS n_cases,
        CAST(idiv(2 * fee + n, 2 * n) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS mean_fee,
        CASE WHEN fee > 0 THEN sqrt(CAST(n * fee_square - CAST(fee AS DECIMAL(38, 0)) * fee AS DOUBLE))
            / CAST(fee AS DOUBLE) END AS cv
    FROM catalogue_tree ORDER BY tree_level, node"""
"""The columns of tree.parquet (目录分级): mean in 元, the coefficient of variation for people."""


class Saved(NamedTuple):
    """A catalogue folder: what was learned, the lists to group with, its summary, and the tables of FURTHER."""

    catalogue: Catalogue
    lists: GroupingLists
    summary: dict[str, Any]
    hospital_history: pa.Table
    group_fact: pa.Table
    aux_type: pa.Table
    aux_report: pa.Table
    aux_band: pa.Table
    aux_dx: pa.Table
    local_list: pa.Table


class Local(NamedTuple):
    """The local lists as given: the table that grouping reads, the rows with their places, the report to add to."""

    table: pa.Table
    rows: list[Row]
    report: LoadReport | None

    def judge(self, known: Iterable[str]) -> None:
        """Adds a finding for each row whose group is not among the ``known`` codes."""
        for finding in unknown_groups(self.rows, known):
            if self.report is not None:
                self.report.add(finding)


def grouping_lists(
    engine: Engine, view: View, regime: Regime, folder: Path | None
) -> tuple[GroupingLists, Local, list[LoadReport]]:
    """The rules, exclusions and attribute table: the user's files in ``folder`` where they stand, else the law's.

    Also the local lists (``local_lists``; of ``dip_lists`` the list ``primary_care`` names 基层病种 too), and what
    loading found.
    """
    reports: list[LoadReport] = []
    if folder is not None and not any(any(folder.glob(f"{name}.*")) for name in LISTS):
        raise RuleError(
            f"“{folder}”中没有本地分组用表：应有 {'、'.join(LISTS)} 中至少一个（csv 或 xlsx），请核对 --lists"
        )

    def raw(table: str) -> list[dict[str, Any]] | None:
        if folder is None or not any(folder.glob(f"{table}.*")):
            return None
        report = tables.load(engine, table, [next(iter(sorted(folder.glob(f"{table}.*"))))])
        reports.append(report)
        if report.nothing and report.findings:
            raise RuleError(f"本地分组用表读不出可用的行：{report.findings[0]}")
        found: list[dict[str, Any]] = engine.fetch(f"SELECT * FROM {table} ORDER BY src_row").to_pylist()
        engine.drop(table)
        return found

    def rows(table: str) -> list[dict[str, str | None]] | None:
        found = raw(table)
        return found and [{name: None if v is None else str(v) for name, v in row.items()} for row in found]

    where = {"regime": regime.name}
    uses_rules = bool(set(regime.layers) & {"early", "merged", "aux_dx"})
    # A list of the user's replaces the law's list of that name; the others stand.
    own = rows("dip_lists") or []
    of_law: list[Row] = [dict(row) for row in view.table("dip.code_lists")] if uses_rules else []
    lists = _by_list(of_law) | _by_list(own)
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
    primary: list[Row] = [row for row in own if row["list"] == PRIMARY]
    primary = primary or [row for row in of_law if row["list"] == PRIMARY]
    local = _local(raw("local_lists") or [], primary, reports)
    return GroupingLists(rules, exclusion_tables(rows("dip_exclusions") or []), px_kind), local, reports


def _local(given: Sequence[Row], primary: Sequence[Row], reports: Sequence[LoadReport]) -> Local:
    """The local lists merged; what is wrong with them goes to the report of the table they came with."""
    listed = [{**row, "list_points": None if row["list_points"] is None else points(row["list_points"])}
              for row in given]  # fmt: skip
    plain = [
        {"list_kind": PRIMARY, "dip_code": row["code"], "list_points": None, "src_file": row.get("src_file") or "",
         "src_row": int(row["src_row"]) if row.get("src_row") else None}
        for row in primary
    ]  # fmt: skip
    table, found = merge_lists(listed, plain)
    order = {name: place for place, name in enumerate(("local_lists", "dip_lists"))}
    report = min((one for one in reports if one.table in order), key=lambda one: order[one.table], default=None)
    for finding in found:
        if report is not None:
            report.add(finding)
    return Local(table, [*listed, *plain], report)


def _by_list(rows: Iterable[Mapping[str, str | None]]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for row in rows:
        lists.setdefault(str(row["list"]), []).append(str(row["code"]))
    return lists


def save(
    engine: Engine,
    folder: Path,
    catalogue: Catalogue,
    lists: GroupingLists,
    further: Mapping[str, pa.Table],
    summary: dict[str, Any],
) -> None:
    """Writes catalogue.parquet, tree.parquet, the working tables under ``parts`` and summary.json into a folder being
    made. ``further`` are the tables of FURTHER; ``catalogue_tree`` is a table of the session.
    """
    parts = folder / "parts"
    parts.mkdir()
    engine.put("catalogue_groups", catalogue.groups)
    tables.write_parquet(engine, PUBLIC_SQL, folder / "catalogue.parquet")
    tables.write_parquet(engine, TREE_SQL, folder / "tree.parquet")
    own = {
        "groups": catalogue.groups,
        **{name: getattr(catalogue, name) for name in _TABLES},
        **lists.rules.tables,
        **lists.exclusions,
        "px_kind": lists.px_kind,
        **{name: further[name] for name in FURTHER},
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
    return Saved(catalogue, lists, summary, *(part(name) for name in FURTHER))


def law_day(summary: dict[str, Any]) -> date:
    """The day whose law the catalogue was learned under."""
    return date.fromisoformat(str(summary["law_day"]))
