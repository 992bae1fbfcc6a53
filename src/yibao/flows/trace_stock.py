"""``yibao trace stock``: purchases, stock and sales that must add up (进销存). Wires; holds no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from yibao import tables
from yibao.engine import Engine
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError, Setting, parameters_of
from yibao.kernel import Finding, Place, Severity
from yibao.tables import LoadReport, Sheet
from yibao.trace import stock
from yibao.trace.terms import read_terms

_KINDS = {kind.code: kind for kind in stock.STOCK_KINDS}
_SHEET = (
    ("机构", "fixmedins_code"), ("医疗目录编码", "med_list_codg"), ("上次盘存", "opened"), ("本次盘存", "closed"),
    ("期初", "opening"), ("购进", "bought"), ("其他变更", "changed"), ("期末", "closing"), ("售出", "sold"),
    ("多售（负为少）", "excess"), ("涉及基金（元）", "risk"),
)  # fmt: skip


@dataclass
class Balanced:
    """What balancing came to."""

    summary: dict[str, Any]
    reports: list[LoadReport]
    findings: list[Finding]


def balance(files: Sequence[Path], out: Path, setting: Setting, day: date) -> Balanced:
    """Balances ``stock_moves`` and writes stock.parquet (every span), stock.xlsx (those that do not add up, and where
    settlement waits) and summary.json. Raises FlowError when nothing can be read, MissingParameter, OutputError.
    """
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        report = tables.load(engine, "stock_moves", files)
        if report.nothing:
            raise FlowError("没有一行进销存记录可用，没有写出结果", [report])
        view = setting.law.at(day)
        terms = read_terms(view)
        stock.balance(engine)
        order = "ORDER BY fixmedins_code, med_list_codg, opened"
        spans = engine.fetch(f"SELECT * FROM stock_span {order}")
        faults = engine.fetch(f"SELECT * FROM stock_fault {order}").to_pylist()
        waits = sorted(stock.blocks(spans.to_pylist(), terms))
        summary = {
            "made_by": "yibao trace stock", "law": setting.law.title, "rows": report.rows_kept,
            "rejected": report.rows_rejected, "spans": spans.num_rows, "faults": len(faults), "blocks": len(waits),
            "fund_at_risk": f"{Decimal(sum(int(one['risk_fen']) for one in faults)).scaleb(-2):.2f}",
            "parameters": parameters_of(view.used), "unverified": view.unverified,
        }  # fmt: skip
        with tables.output_folder(out, optional=("rejected.xlsx",)) as part:
            tables.write_parquet(engine, f"SELECT * FROM stock_span {order}", part / "stock.parquet")
            listed = Sheet("不符", ("种类", *(label for label, _ in _SHEET), "处理"), (_row(one) for one in faults))
            stopped = Sheet("暂不结算", ("机构", "医疗目录编码"), waits)
            tables.write_xlsx(part / "stock.xlsx", [listed, stopped])
            if report.rows_rejected:
                tables.write_rejected(part / "rejected.xlsx", engine, report)
            write_summary(part, summary)
    return Balanced(summary, [report], [finding_of(one) for one in faults])


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    kind = _KINDS[one["kind"]]
    return (kind.label, *(_cell(one, name) for _label, name in _SHEET), kind.next_step)


def _cell(one: dict[str, Any], name: str) -> Any:
    if name == "risk":
        return Decimal(int(one["risk_fen"])).scaleb(-2)
    value = one[name]
    if name in ("opened", "closed"):
        return f"{value}"
    return Decimal(value).scaleb(-6) if isinstance(value, int) else value


def finding_of(one: dict[str, Any]) -> Finding:
    """A row of ``stock_fault`` as a Finding."""
    kind = _KINDS[one["kind"]]
    parts = {
        name: Decimal(one[name]).scaleb(-6).normalize() for name in ("opening", "bought", "changed", "closing", "sold")
    }
    message = (
        f"{kind.label}：{one['fixmedins_code']} 的 {one['med_list_codg']}，{one['opened']:%Y-%m-%d} 至 "
        f"{one['closed']:%Y-%m-%d}，期初{parts['opening']:f}+购进{parts['bought']:f}+其他{parts['changed']:f}"
        f"−期末{parts['closing']:f}，售出{parts['sold']:f}，差{abs(Decimal(one['excess']).scaleb(-6).normalize()):f}"
    )
    severity = Severity.ERROR if kind.at_risk else Severity.WARNING
    return Finding(
        kind.code, severity, message, Place(), "", kind.next_step, f"规则 {kind.rule}", one["fixmedins_code"]
    )
