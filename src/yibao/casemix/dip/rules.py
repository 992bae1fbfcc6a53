"""Grouping tables that a user or a regime gives: 先期, 并项 and 诊断辅助 rules, exclusion lists, the attribute table.

A rule is one row: its layer, the group it leads to, and conditions that must all hold. In a cell ``|`` is OR and
``+`` is AND; OR binds tighter, so ``A+B|C`` reads A and (B or C), as in “射频消融 + (高位结扎 或 剥脱)”. ``@name``
stands for a list of codes from ``dip_lists``. Source: DIP 3.0 draft tables 3-4 to 3-7.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

LAYERS = ("early", "merged", "aux_dx")
LAYER_NAMES = {
    "early": "先期分组",
    "merged": "并项",
    "aux_dx": "诊断辅助",
    "core": "核心病种",
    "composite": "综合病种",
    "ungrouped": "未入组",
}
_LIMITS = ("nwb_age_days_max", "nwb_adm_wt_min", "nwb_adm_wt_max", "age_min", "age_max")
_WHOLE, _TEXT = pa.int64(), pa.string()
_SCHEMAS = {
    "rule": pa.schema([
        ("rule_id", _WHOLE), ("seq", _WHOLE), ("layer", _TEXT), ("layer_rank", _WHOLE), ("dip_code", _TEXT),
        ("dip_name", _TEXT), ("n_px", _WHOLE), ("has_dx", _WHOLE), ("has_dx_other", _WHOLE),
        *((name, _WHOLE) for name in _LIMITS),
    ]),
    "rule_dx": pa.schema([("rule_id", _WHOLE), ("prefix", _TEXT)]),
    "rule_dx_other": pa.schema([("rule_id", _WHOLE), ("prefix", _TEXT)]),
    "rule_px": pa.schema([("rule_id", _WHOLE), ("term", _WHOLE), ("oprn_code", _TEXT)]),
}  # fmt: skip


_CATEGORY = re.compile(r"[A-Z][0-9]{2}", re.ASCII)


class RuleError(ValueError):
    """A rule row that cannot be read; the message is Chinese and names the row."""


def parse_cell(cell: str, lists: Mapping[str, Sequence[str]] | None = None) -> list[list[str]]:
    """The AND-terms of a cell, each a list of alternatives; an empty cell has none. ``@name`` expands a list."""
    terms: list[list[str]] = []
    for part in (piece.strip() for piece in cell.split("+")):
        if not part:
            continue
        codes: list[str] = []
        for code in (piece.strip() for piece in part.split("|")):
            if code.startswith("@"):
                if lists is None or code[1:] not in lists:
                    raise RuleError(f"代码组“{code}”没有定义，请在 dip_lists 表中补充")
                codes += lists[code[1:]]
            elif code:
                codes.append(code)
        terms.append(codes)
    return terms


def cell_holds(cell: str, codes: Iterable[str]) -> bool:
    """Whether a set of procedure codes satisfies a cell: each AND-term has one of its codes."""
    present = set(codes)
    return all(present.intersection(term) for term in parse_cell(cell))


def dx_prefixes(cell: str) -> list[str]:
    """Diagnosis prefixes of a cell; ``C00-C75`` is the range of 3-character categories, both ends included."""
    prefixes: list[str] = []
    for term in (piece.strip() for piece in cell.split("|")):
        if "-" in term:
            first, _, last = (end.strip() for end in term.partition("-"))
            if not (_CATEGORY.fullmatch(first) and _CATEGORY.fullmatch(last)) or first[0] != last[0] or first > last:
                raise RuleError(f"诊断范围“{term}”应写成同一字母的三位类目，如 C00-C75")
            prefixes += [f"{first[0]}{number:02d}" for number in range(int(first[1:]), int(last[1:]) + 1)]
        elif term:
            prefixes.append(term)
    return prefixes


class Rules(NamedTuple):
    """The tables that grouping joins with, as Arrow tables of the names the SQL files read."""

    tables: dict[str, pa.Table]
    needs_other_dx: bool

    @property
    def n_rules(self) -> int:
        """How many rule rows there are."""
        return int(self.tables["rule"].num_rows)


def _limit(row: Mapping[str, str | None], name: str) -> int | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    if not text.isdigit():
        raise RuleError(f"“{name}”应为非负整数，现为“{text}”")
    return int(text)


def build_rules(
    rows: Sequence[Mapping[str, str | None]], lists: Mapping[str, Sequence[str]], layers: Sequence[str]
) -> Rules:
    """The rule tables of the layers in force. ``rows`` have the columns of standard table ``dip_rules``, all text.

    Raises RuleError naming the row (Excel row number: the header is row 1) when a row has no condition, an unknown
    layer or a cell that cannot be read.
    """
    rule: list[dict[str, object]] = []
    dx: list[dict[str, object]] = []
    other: list[dict[str, object]] = []
    px: list[dict[str, object]] = []
    for number, row in enumerate(rows, start=2):
        layer = (row.get("layer") or "").strip()
        try:
            if layer not in LAYERS:
                raise RuleError(f"层次“{layer}”不认识，应为 {'、'.join(LAYERS)} 之一")
            if layer not in layers:
                continue
            terms = parse_cell(row.get("px") or "", lists)
            main, side = dx_prefixes(row.get("dx") or ""), dx_prefixes(row.get("dx_other") or "")
            limits = {name: _limit(row, name) for name in _LIMITS}
            if not terms and not main:
                raise RuleError("主要诊断和手术操作都为空，无法判断入组条件")
        except RuleError as error:
            raise RuleError(f"分组规则表第{number}行：{error}") from error
        rule_id = len(rule) + 1
        rule.append(
            {
                "rule_id": rule_id,
                "seq": number,
                "layer": layer,
                "layer_rank": layers.index(layer),
                "dip_code": row.get("dip_code") or "",
                "dip_name": row.get("dip_name") or "",
                "n_px": len(terms),
                "has_dx": int(bool(main)),
                "has_dx_other": int(bool(side)),
                **limits,
            }
        )
        dx += [{"rule_id": rule_id, "prefix": prefix} for prefix in main]
        other += [{"rule_id": rule_id, "prefix": prefix} for prefix in side]
        px += [
            {"rule_id": rule_id, "term": term, "oprn_code": code}
            for term, codes in enumerate(terms, start=1)
            for code in codes
        ]
    data = {"rule": rule, "rule_dx": dx, "rule_dx_other": other, "rule_px": px}
    made = {name: pa.Table.from_pylist(data[name], schema=schema) for name, schema in _SCHEMAS.items()}
    return Rules(made, bool(other))


def exclusion_tables(rows: Sequence[Mapping[str, str | None]]) -> dict[str, pa.Table]:
    """The tables px_exclusion, px_scope and dx_exclusion of standard table ``dip_exclusions``."""
    px = [{"code": row["code"], "effect": row["effect"]} for row in rows if row.get("list") == "px"]
    scope = [
        {"code": row["code"], "prefix": prefix}
        for row in rows
        if row.get("list") == "px" and row.get("effect") == "scope"
        for prefix in dx_prefixes(row.get("scope") or "")
    ]
    dx = [{"code": row["code"]} for row in rows if row.get("list") == "dx"]
    return {
        "px_exclusion": pa.Table.from_pylist(px, schema=pa.schema([("code", pa.string()), ("effect", pa.string())])),
        "px_scope": pa.Table.from_pylist(scope, schema=pa.schema([("code", pa.string()), ("prefix", pa.string())])),
        "dx_exclusion": pa.Table.from_pylist(dx, schema=pa.schema([("code", pa.string())])),
    }
