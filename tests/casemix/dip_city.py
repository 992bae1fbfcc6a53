"""Hand-made cases for DIP tests: rows in, the session's tables out."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa

from yibao.casemix.dip import GroupingLists, Regime, build_rules, exclusion_tables
from yibao.engine import Engine

ALL_LAYERS = ("early", "merged", "aux_dx", "core", "composite")
KINDS = dict.fromkeys(("38", "36", "47", "54", "33", "37", "13", "21", "1"), "相关手术")
KINDS |= {"99": "治疗性操作", "88": "诊断性操作", "89": "内科诊疗"}
REGIME = Regime(
    name="test", draft=False, layers=ALL_LAYERS, core_chars=4, composite_chars=3, core_mode="fixed", core_min=15,
    core_coverage=None, composite_min=15, drop_small=True, merge_dx3=False, related_increase=Fraction(1, 10),
    related_match="subset", related_tie="first", exclude_match="exact", year_weights=(1, 2, 7),
    weight_basis="mean_of_means", trim_level="none", trim_low=Fraction(0), trim_high=Fraction(1), trim_min=1,
    score_method="all_mean", score_scale=1000, score_quota_fen=None, base_disease="", base_min=0,
    ungrouped_k=Fraction(4, 5),
)  # fmt: skip


_TEXT, _INT, _FEN, _DAY = pa.string(), pa.int32(), pa.int64(), pa.date32()
CASE_SCHEMA = pa.schema([
    ("case_no", _FEN), ("setl_id", _TEXT), ("fixmedins_code", _TEXT), ("hosp_lv", _TEXT), ("dscg_date", _DAY),
    ("age", _INT), ("nwb_age_days", _INT), ("nwb_adm_wt", _INT), ("diag_codes", _TEXT), ("oprn_codes", _TEXT),
    ("medfee_sumamt", _FEN), ("gross_fee", _FEN), ("psn_no", _TEXT), ("insutype", _TEXT), ("gend", _TEXT),
    ("adm_date", _DAY), ("act_ipt_days", _INT), ("dscg_way", _TEXT), ("icu_days", _INT), ("drug_fee", _FEN),
    ("trt_fee", _FEN), ("tcm_fee", _FEN), ("hifp_pay", _FEN), ("fund_pay_sumamt", _FEN), ("insuplc_admdvs", _TEXT),
])  # fmt: skip


def lists(
    rules: Sequence[Mapping[str, str | None]] = (),
    exclusions: Sequence[Mapping[str, str | None]] = (),
    codes: Mapping[str, Sequence[str]] | None = None,
    kinds: Mapping[str, str] = KINDS,
) -> GroupingLists:
    return GroupingLists(
        build_rules(rules, codes or {}, ALL_LAYERS),
        exclusion_tables(exclusions),
        pa.table({"prefix": list(kinds), "px_kind": list(kinds.values())}),
    )


def put_cases(engine: Engine, cases: Sequence[Mapping[str, Any]]) -> None:
    """Cases with ``dx`` (list, first principal), ``px`` (list), ``fee`` in fen (``gross``: with excluded items);
    the rest has defaults.
    """
    rows = [
        {
            "case_no": n, "setl_id": case.get("id", f"S{n}"), "fixmedins_code": case.get("hospital", "H1"),
            "hosp_lv": case.get("level"), "dscg_date": case.get("day", date(2025, 6, 1)), "age": case.get("age"),
            "nwb_age_days": case.get("days"), "nwb_adm_wt": case.get("weight"), "diag_codes": "|".join(case["dx"]),
            "oprn_codes": "|".join(case.get("px", ())) or None, "medfee_sumamt": case.get("fee", 1_000_000),
            "gross_fee": case.get("gross", case.get("fee", 1_000_000)),
            "psn_no": case.get("person"), "insutype": case.get("insutype"), "gend": case.get("sex"),
            "adm_date": case.get("admitted"), "act_ipt_days": case.get("stay"), "dscg_way": case.get("way"),
            "icu_days": case.get("icu"), "drug_fee": case.get("drug"), "trt_fee": case.get("treatment"),
            "tcm_fee": case.get("tcm"), "hifp_pay": case.get("hifp"), "fund_pay_sumamt": case.get("fund"),
            "insuplc_admdvs": case.get("place"),
        }
        for n, case in enumerate(cases)
    ]  # fmt: skip
    engine.put("cases", pa.Table.from_pylist(rows, schema=CASE_SCHEMA))
    for column, name, table in (("dx", "diag_code", "case_dx"), ("px", "oprn_code", "case_px")):
        child = [
            {"case_no": row["case_no"], "seq": seq, name: code}
            for row, case in zip(rows, cases, strict=True)
            for seq, code in enumerate(case.get(column, ()), start=1)
        ]
        child_schema = pa.schema([("case_no", pa.int64()), ("seq", pa.int32()), (name, pa.string())])
        engine.put(table, pa.Table.from_pylist(child, schema=child_schema))


def groups(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """A catalogue's groups: dip_code, scope and keys; the rest has defaults."""
    text, whole = pa.string(), pa.int64()
    schema = pa.schema([
        ("dip_code", text), ("dip_type", text), ("scope", text), ("dx", text), ("px", text), ("related", text),
        ("px_kind", text), ("tie_rank", whole), ("points", whole),
    ])  # fmt: skip
    kinds = {"core": "core", "related": "core", "merged": "merged", "composite": "composite", "chapter": "composite"}
    full = [
        {"dip_type": kinds.get(row["scope"], "early"), "dx": "", "px": "", "related": "", "px_kind": "",
         "tie_rank": n, "points": 0, **row}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    return pa.Table.from_pylist(full, schema=schema)
