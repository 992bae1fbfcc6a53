"""What a scan of codes came to: findings and chains as tables, the workbook in Chinese, the summary."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from yibao import tables
from yibao.engine import Engine
from yibao.flows.settle_results import money
from yibao.kernel import Finding, Place, Severity
from yibao.tables import Sheet
from yibao.trace.kinds import BY_CODE, KINDS, LATE

FINDINGS, CHAINS, BOOK = "findings.parquet", "chains.parquet", "trace.xlsx"
BOOK_ROWS = 5_000
"""Findings in the workbook, the gravest kinds first; all of them are in findings.parquet."""
_FINDING = (
    "kind", "drug_trac_codg", "seq", "infno", "fixmedins_code", "ocur_time", "med_list_codg", "setl_id", "psn_no",
    "rtal_docno", "feedetl_sn", "upld_sn", "fund_pay_sumamt", "fund_at_risk", "against_seq", "against_fixmedins_code",
    "against_time", "against_setl_id", "late", "codes",
)  # fmt: skip
_CHAIN = (
    "drug_trac_codg", "seq", "infno", "inv_chg_type", "fixmedins_code", "ocur_time", "med_list_codg", "trdn_flag",
    "units", "setl_id", "psn_no", "rtal_docno", "feedetl_sn", "fund_pay_sumamt", "upld_sn", "upld_time",
)  # fmt: skip


def taken(engine: Engine) -> tuple[pa.Table, pa.Table]:
    """Findings and chains of `look` with the columns of the results."""
    found = engine.fetch("SELECT * FROM trace_finding")
    names = pa.array([kind.code for kind in KINDS])
    found = found.append_column("kind", names.take(found["kind_no"].combine_chunks()))
    for name, fen in (("fund_pay_sumamt", "fund_fen"), ("fund_at_risk", "risk_fen")):
        found = found.append_column(name, _yuan(found[fen]))
    chain = engine.fetch("SELECT code AS drug_trac_codg, * FROM trace_chain")
    chain = chain.append_column("fund_pay_sumamt", _yuan(chain["fund_fen"]))
    return found.select(list(_FINDING)), chain.select(list(_CHAIN))


def _yuan(column: Any) -> pa.Array:
    return money(np.asarray(column, dtype=np.int64))


def write(engine: Engine, part: Path, findings: pa.Table, chains: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Writes both tables in one total order, each row once; returns them as written."""
    order = pa.table({"kind": [one.code for one in KINDS], "kind_no": list(range(len(KINDS)))})
    engine.put("_kinds", order)
    written = []
    for name, table, keys in (
        (FINDINGS, findings, ("kind_no", *_FINDING[1:])), (CHAINS, chains, _CHAIN),
    ):  # fmt: skip
        engine.put("_result", table)
        joined = "SELECT DISTINCT r.*, k.kind_no FROM _result r JOIN _kinds k USING (kind)"
        source = joined if name == FINDINGS else "SELECT DISTINCT * FROM _result"
        sorted_rows = engine.fetch(f"SELECT * FROM ({source}) ORDER BY {', '.join(keys)}").select(table.column_names)
        with tables.parquet_stream(part / name, sorted_rows.schema) as put:
            put(sorted_rows.combine_chunks())
        written.append(sorted_rows)
    engine.drop("_result", "_kinds")
    return written[0], written[1]


def totals(findings: pa.Table) -> dict[str, dict[str, Any]]:
    """By kind: findings, those of late uploads, and the fund's money at risk."""
    count: Counter[str] = Counter()
    late: Counter[str] = Counter()
    risk: dict[str, Decimal] = {}
    for kind, is_late, amount in zip(
        findings["kind"].to_pylist(), findings["late"].to_pylist(), findings["fund_at_risk"].to_pylist(), strict=True
    ):  # fmt: skip
        count[kind] += 1
        late[kind] += is_late
        risk[kind] = risk.get(kind, Decimal(0)) + amount
    return {
        kind.code: {
            "label": kind.label, "rule": kind.rule, "count": count[kind.code], "late": late[kind.code],
            "fund_at_risk": f"{risk[kind.code]:.2f}",
        }
        for kind in KINDS if count[kind.code]
    }  # fmt: skip


def finding_of(row: dict[str, Any]) -> Finding:
    """A row of findings.parquet as a Finding: what is wrong, with which event, what to do, by which rule."""
    kind = BY_CODE[row["kind"]]
    parts = [f"{kind.label}：{row['fixmedins_code']} {row['ocur_time']:%Y-%m-%d %H:%M:%S}"]
    if row["setl_id"] or row["rtal_docno"]:
        parts.append(f"结算或单据 {row['setl_id'] or row['rtal_docno']}")
    if row["against_seq"] is not None:
        before = f"{row['against_fixmedins_code']} {row['against_time']:%Y-%m-%d %H:%M:%S}"
        parts.append(f"与同一码的 {before} {row['against_setl_id']} 矛盾".replace("  ", " "))
    if row["fund_at_risk"]:
        parts.append(f"涉及基金 {row['fund_at_risk']:.2f} 元")
    severity = Severity.ERROR if kind.at_risk else Severity.WARNING
    place = Place("", None, "drug_trac_codg", row["drug_trac_codg"])
    cause = LATE if row["late"] else ""
    return Finding(
        kind.code, severity, "，".join(parts), place, cause, kind.next_step, f"追溯码规则 {kind.rule}",
        row["drug_trac_codg"],
    )  # fmt: skip


def write_book(part: Path, findings: pa.Table, chains: pa.Table, facts: dict[str, dict[str, Any]]) -> None:
    """Writes the workbook: a summary, the findings, and the chain of events of each code among them."""
    some = findings.slice(0, BOOK_ROWS)
    summary = Sheet(
        "汇总", ("种类", "规则", "个数", "其中迟传", "涉及基金（元）"),
        [(one["label"], one["rule"], one["count"], one["late"], Decimal(one["fund_at_risk"]))
         for one in facts.values()],
    )  # fmt: skip
    listed = Sheet(
        "疑点", ("种类", "追溯码", "机构", "时间", "医疗目录编码", "结算ID", "人员编号", "单据号", "基金支付（元）",
                 "涉及基金（元）", "矛盾的机构", "矛盾的时间", "矛盾的结算ID", "说明", "处理"),
        _listed(some),
    )  # fmt: skip
    chain = Sheet(
        "证据链", ("追溯码", "序号", "交易", "机构", "时间", "医疗目录编码", "拆零", "数量", "结算ID", "人员编号",
                   "单据号",
                   "基金支付（元）", "上传流水号", "上传时间"),
        (
            (row["drug_trac_codg"], row["seq"], row["infno"], row["fixmedins_code"], f"{row['ocur_time']}",
             row["med_list_codg"], row["trdn_flag"], Decimal(max(row["units"], 0)).scaleb(-6), row["setl_id"],
             row["psn_no"], row["rtal_docno"], row["fund_pay_sumamt"], row["upld_sn"],
             f"{row['upld_time'] or ''}")
            for row in chains.slice(0, BOOK_ROWS).to_pylist()
        ),
    )  # fmt: skip
    tables.write_xlsx(part / BOOK, [summary, listed, chain])


def _listed(some: pa.Table) -> Iterator[tuple[Any, ...]]:
    for row in some.to_pylist():
        kind = BY_CODE[row["kind"]]
        yield (
            kind.label, row["drug_trac_codg"], row["fixmedins_code"], f"{row['ocur_time']}", row["med_list_codg"],
            row["setl_id"], row["psn_no"], row["rtal_docno"], row["fund_pay_sumamt"], row["fund_at_risk"],
            row["against_fixmedins_code"], f"{row['against_time'] or ''}", row["against_setl_id"],
            LATE if row["late"] else "", kind.next_step,
        )  # fmt: skip
