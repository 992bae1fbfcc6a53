"""The local catalogue (本地目录) and what the history says of groups and hospitals.

基层病种, 中医优势病种, 日间手术病种 and 按床日付费病种 are lists of groups (``local_lists``); the history says which
groups could be 基层病种 and what day cases and days of a group cost. Sources: S4 三(一)、三(二); DIP 3.0 draft ch.3 and
ch.8 (DIP_REGIMES A.3.10, A.3.11).
"""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

import pyarrow as pa

from yibao.casemix.dip.aux_terms import LocalTerms
from yibao.casemix.dip.auxiliary import Sums, cv_exceeds
from yibao.engine import Engine
from yibao.kernel import Finding, Place, Severity
from yibao.standard.icd10 import block_of, chapter_of

PACKAGE = "yibao.casemix.dip"
PRIMARY = "primary_care"
TREE_LEVELS = ("chapter", "level1", "level2", "level3")
"""主索引, 一级, 二级, 三级 of the statistics, by tree_level."""

_TEXT, _WHOLE = pa.string(), pa.int64()
LIST_SCHEMA = pa.schema([("list_kind", _TEXT), ("dip_code", _TEXT), ("list_points", _WHOLE)])
FACT_SCHEMA = pa.schema([
    ("dip_code", _TEXT), ("n", _WHOLE), ("fee", _WHOLE), ("n_days", _WHOLE), ("days", _WHOLE), ("deaths", _WHOLE),
    ("n_primary", _WHOLE), ("n_day", _WHOLE), ("fee_day", _WHOLE), ("cv", pa.float64()), ("candidate", _WHOLE),
])  # fmt: skip
Row = Mapping[str, Any]


def merge_lists(rows: Iterable[Row], primary: Iterable[Row]) -> tuple[pa.Table, list[Finding]]:
    """(``local_list``, findings) of the rows of ``local_lists`` and the ``primary_care`` rows of ``dip_lists``.

    A row has list_kind, dip_code, list_points (10⁻⁴ 分 or None), src_file and src_row. A group named twice in one list
    is a finding: with the same points, or again in ``dip_lists`` (which has none), the first stands; with different
    points none of them does.
    """
    kept: dict[tuple[str, str], int | None] = {}
    refused: set[tuple[str, str]] = set()
    found: list[Finding] = []
    for row, decides in (*((row, True) for row in rows), *((row, False) for row in primary)):
        key, points = (str(row["list_kind"]), str(row["dip_code"])), row["list_points"]
        if key not in kept:
            kept[key] = points
        elif points == kept[key] or not decides:
            found.append(_repeated(row, Severity.WARNING))
        else:
            found.append(_repeated(row, Severity.ERROR))
            refused.add(key)
    order = sorted(key for key in kept if key not in refused)
    table = [{"list_kind": kind, "dip_code": code, "list_points": kept[kind, code]} for kind, code in order]
    return pa.Table.from_pylist(table, schema=LIST_SCHEMA), found


def _repeated(row: Row, severity: Severity) -> Finding:
    same = severity is Severity.WARNING
    return Finding(
        "duplicate_row" if same else "duplicate_key", severity,
        "同一本地目录里病种重复" + ("，只计一次" if same else "且评定分值不同，该病种不列入目录"),
        Place(str(row["src_file"]), row["src_row"], "dip_code", str(row["dip_code"])),
        "目录合并时没有去重", "删去重复的行，只留一行", key=str(row["dip_code"]),
    )  # fmt: skip


def unknown_groups(rows: Iterable[Row], known: Iterable[str]) -> list[Finding]:
    """Rows of the local lists whose group the catalogue does not have: no case will ever be in it."""
    codes = set(known)
    return [
        Finding(
            "unknown_dip_code", Severity.WARNING, "本地目录里的病种不在病种目录库内，没有病例会用到它",
            Place(str(row["src_file"]), row["src_row"], "dip_code", str(row["dip_code"])),
            "编码写错，或历史病例没有形成这个病种", "核对 catalogue.parquet 里的病种编码",
            key=str(row["dip_code"]),
        )
        for row in rows if row["dip_code"] not in codes
    ]  # fmt: skip


def is_candidate(group: Sums, n_primary: int, terms: LocalTerms) -> int | None:
    """基层病种遴选: 1 where the CV is at most the bound and the share of cases at level 1 reaches its own, exactly.

    None where the law says no bound. Source: DIP 3.0 draft (CV ≤ 0.7 as an example; the share is local).
    """
    if terms.primary_cv is None or terms.primary_share is None:
        return None
    steady = not cv_exceeds(group, terms.primary_cv)
    return int(steady and n_primary >= terms.primary_share * group.n)


def learn_facts(engine: Engine, terms: LocalTerms) -> pa.Table:
    """``group_fact`` (grain dip_code) over the history that carries weight: FACT_SCHEMA. ``cv`` is for people."""
    engine.pipeline(PACKAGE, ("group_sum",), terms.sql_params)
    rows = engine.fetch("SELECT * FROM group_sum ORDER BY dip_code").to_pylist()
    for row in rows:
        sums = Sums(row["n"], row["fee"], int(row.pop("fee_square")))
        core = row.pop("dip_type") == "core"
        row["cv"] = sqrt(sums.spread / sums.n) / float(sums.mean) if sums.fee else None
        chosen = is_candidate(sums, row["n_primary"], terms)
        row["candidate"] = chosen if core or chosen is None else 0
    return pa.Table.from_pylist(rows, schema=FACT_SCHEMA)


def learn_hospitals(engine: Engine, terms: LocalTerms, home: str) -> pa.Table:
    """``hospital_history`` (grain fixmedins_code, insutype, dscg_year, dscg_month), see hospital_history.sql.

    ``home`` is the first four digits of the pool's own admdvs. Needs the tables of learning and ``catalogue_points``.
    """
    engine.pipeline(PACKAGE, ("hospital_history",), {**terms.sql_params, "home": home})
    return engine.fetch(
        "SELECT * FROM hospital_history ORDER BY fixmedins_code, insutype, dscg_year, dscg_month"
    )  # fmt: skip


def tree(engine: Engine) -> pa.Table:
    """目录分级: the statistics tree of the session's assigned cases, ``catalogue_tree`` (grain tree_level, node)."""
    categories = [row[0] for row in engine.rows("SELECT DISTINCT dx3 FROM case_main ORDER BY 1")]
    columns = {"dx3": categories, "chapter": [chapter_of(one) for one in categories],
               "block": [block_of(one) for one in categories]}  # fmt: skip
    engine.put("dx_block", pa.table({name: pa.array(values, _TEXT) for name, values in columns.items()}))
    engine.pipeline(PACKAGE, ("catalogue_tree",))
    return engine.fetch("SELECT * FROM catalogue_tree ORDER BY tree_level, node")


def place_local(engine: Engine, local_list: pa.Table, group_fact: pa.Table, terms: LocalTerms) -> None:
    """Makes ``case_local``: the cases the local catalogue takes, with their points (case_local.sql)."""
    engine.put("local_list", local_list)
    engine.put("group_fact", group_fact)
    engine.pipeline(PACKAGE, ("case_local",), terms.sql_params)
