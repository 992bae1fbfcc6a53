"""Writes the result folder of a close: cases, hospitals, months, clearing, what explains them, and the summary.

Columns stand in `close_tables`; this module gathers rows from the session and from the rooms' results. No rule here.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

from yibao import __version__, tables
from yibao.casemix.dip.assess import assess as measure
from yibao.casemix.dip.assess import cost_per_point
from yibao.clearing.beds import BedResult
from yibao.clearing.dates import ClearingDates
from yibao.clearing.records import Hospital
from yibao.engine import Engine
from yibao.flows import close_figures as figures
from yibao.flows.close_drg import drg_rows
from yibao.flows.close_entries import FundClose
from yibao.flows.close_ledger import Posting
from yibao.flows.close_load import Folder
from yibao.flows.close_price import PricedYear
from yibao.flows.close_tables import CASES_SQL, TRAIL_SQL, small_tables
from yibao.flows.dip_catalogue import Saved, write_summary
from yibao.flows.dip_common import load_facts, parameters_of, quality_rows
from yibao.flows.drg_assess import Measured
from yibao.kernel import Finding, Severity, half_up_ratio, yuan
from yibao.law import Law, View
from yibao.standard import CODE_TABLES

MADE_BY = "yibao close"
FINDINGS = 200
"""How many findings the summary keeps; all of them are in findings.xlsx."""


class Results(NamedTuple):
    """A year closed: what was loaded and learned, scored, settled; the views of law that were read; every finding."""

    law: Law
    year: int
    loaded: Folder
    saved: Saved
    priced: PricedYear
    closes: Sequence[FundClose]
    beds: BedResult
    institutions: Sequence[Hospital]
    dates: ClearingDates | None
    views: Sequence[View]
    findings: list[Finding]
    drg: Measured | None = None


def write_cases(engine: Engine, folder: Path) -> list[dict[str, Any]]:
    """Writes the two large tables of the result folder: every case, and the trail of every case. Returns what the
    summary's measures of quality are made of, so that all that walks over the cases is done here.
    """
    for name, query in (("cases", CASES_SQL), ("trail", TRAIL_SQL)):
        tables.write_parquet(engine, query, folder / f"{name}.parquet")
    return quality_rows(engine)


def write_results(
    engine: Engine, folder: Path, results: Results, posting: Posting, cases: Future[list[dict[str, Any]]]
) -> dict[str, Any]:
    """Writes the small tables, names, faults and findings of the result folder; returns the summary, written last.

    ``cases`` is `write_cases` at work: it is waited for where its measures are needed.
    """
    rows = _rows(engine, results, posting)
    for name, table in small_tables(rows).items():
        engine.put("_writing", table)
        tables.write_parquet(engine, "SELECT * FROM _writing", folder / f"{name}.parquet")
    engine.drop("_writing")
    _write_names(engine, folder, results)
    _write_faults(engine, folder, [*results.findings, *posting.findings], results)
    summary = _summary(engine, results, posting, rows, cases.result())
    write_summary(folder, summary)
    return summary


def _rows(engine: Engine, results: Results, posting: Posting) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The rows of every small table."""
    cleared = [one.result for one in results.closes]

    def every(name: str) -> list[Mapping[str, Any]]:
        return [row._asdict() for result in cleared for row in getattr(result, name)]

    return {
        "budget": [row._asdict() for one in results.closes for row in one.budget.rows],
        "values": figures.values(results.priced),
        "months": every("months"),
        "prepay": every("prepay"),
        "clearing": every("clearing"),
        "groups": every("groups"),
        "offsite": every("offsite"),
        "coefficients": figures.coefficients(engine, results.institutions),
        "addon_items": engine.fetch("SELECT * FROM addon_item ORDER BY fixmedins_code, item").to_pylist(),
        "beds": [row._asdict() for row in results.beds.rows],
        "bed_supply": [row._asdict() for row in results.beds.supply],
        "consumption": engine.fetch("SELECT * FROM consumption ORDER BY fixmedins_code").to_pylist(),
        "special": figures.special(engine, results.priced.opening),
        "aux": figures.auxiliary(engine, results.saved.aux_report),
        "primary": figures.primary(engine, results.priced.opening),
        "indicators": figures.indicators(engine, results.closes, results.priced),
        "postings": posting.rows(),
        **drg_rows(results.drg),
    }


def _write_names(engine: Engine, folder: Path, results: Results) -> None:
    """names.json: the names of institutions, and of diagnoses and procedures where the city's folder has them."""
    names = {
        "hospitals": {one.fixmedins_code: one.name for one in results.institutions if one.name},
        "diagnoses": dict(engine.rows("SELECT code, name FROM dx_names ORDER BY code")),
        "procedures": dict(engine.rows("SELECT code, name FROM px_names ORDER BY code")),
    }
    (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_faults(engine: Engine, folder: Path, found: Sequence[Finding], results: Results) -> None:
    report = results.loaded.reports[0]
    if report.rows_rejected:
        tables.write_rejected(folder / "rejected.xlsx", engine, report)
    if any(one.severity is not Severity.INFO for one in found):
        order = list(Severity)
        tables.write_findings(folder / "findings.xlsx", sorted(found, key=lambda one: order.index(one.severity)))


def _summary(
    engine: Engine, results: Results, posting: Posting, rows: Mapping[str, Sequence[Mapping[str, Any]]],
    measured: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    facts = results.saved.summary["facts"]
    used = list({id(one): one for view in results.views for one in view.used}.values())
    quality = measure(measured, cost_per_point(facts), facts["score_scale"])
    unverified = {one.key for one in used if not one.grade.verified}
    unverified |= {*results.saved.summary["unverified"], *posting.unverified}
    findings = figures.finding_facts([*results.findings, *posting.findings])
    outcomes = [row["outcome"] for row in rows["special"]]
    refused = sum(len(one.batch.entries) for one in posting.batches if one.state.value in ("refused", "not_posted"))
    refused += sum(not answer.outcome.stands for _entry, answer in posting.own)
    return {
        "made_by": f"yibao {__version__} close",
        "city": results.law.code,
        "city_name": results.law.name,
        "year": results.year,
        **load_facts(results.loaded.reports),
        "absent": results.loaded.absent,
        **figures.case_counts(engine),
        "funds": [_fund_facts(one, results.priced) for one in results.closes],
        **figures.hospital_counts(rows["clearing"]),
        "reviews_applied": len(outcomes),
        "reviews_granted": outcomes.count("granted"),
        "reviews_quota": results.priced.special_quota or 0,
        "dates": figures.date_facts(results.dates),
        "opening_point_value": _value(results.priced.opening),
        "entries_posted": sum(row["outcome"] in ("posted", "exists") for row in rows["postings"]),
        "entries_refused": refused,
        "payments_posted": sorted(posting.paid),
        "riv": quality["riv"],
        "r2": quality["r2"],
        "cmi": quality["cmi"],
        "coverage": quality["coverage"],
        "groups_core": results.saved.summary["groups_core"],
        "groups_composite": results.saved.summary["groups_composite"],
        "findings": findings[:FINDINGS],
        "findings_total": len(findings),
        "excluded_items": figures.excluded_items(engine),
        "share_table": figures.bands(results.views),
        "draft": results.saved.summary["draft"],
        "facts": facts,
        "drg": None if results.drg is None else results.drg.summary,
        "remarks": _remarks(results),
        "unverified": sorted(unverified),
        "parameters": parameters_of(used),
    }


def _fund_facts(one: FundClose, priced: PricedYear) -> dict[str, Any]:
    totals = one.result.totals
    value = next(each for each in priced.values if each.fund_type == one.fund_type)
    money = {
        "budget": one.budget.dip, "reserve": one.budget.reserve, "fund": value.fund_fen, "excluded": value.excluded_fen,
        **{name: fen for name, fen in totals._asdict().items() if name != "fund_type"},
    }  # fmt: skip
    return {
        "fund_type": one.fund_type,
        "name": CODE_TABLES["fund_type"].codes.get(one.fund_type, one.fund_type),
        "point_value": _value(value.value),
        "cases": value.cases,
        **{name: f"{yuan(fen):.2f}" for name, fen in money.items()},
        "progress": [
            {"month": row.month, "budget": f"{yuan(row.budget):.2f}", "booked": f"{yuan(row.booked):.2f}",
             "label": row.label, "ratio": None if row.ratio is None else f"{yuan(half_up_ratio(row.ratio, 10**4)):.2f}"}
            for row in one.result.progress
        ],
    }  # fmt: skip


def _value(value: Any) -> str | None:
    return None if value is None else f"{yuan(half_up_ratio(value, 10**4)) / 100:.4f}"


def _remarks(results: Results) -> list[str]:
    said: Iterable[str] = [
        *results.priced.remarks,
        *(f"没有 {name}：{what}" for name, what in results.loaded.absent.items()),
        *results.saved.summary["remarks"],
    ]
    listed = list(dict.fromkeys(said))
    if results.saved.summary["draft"]:
        listed.append("所用版本是征求意见稿，没有施行：结果仅供模拟，不能据以支付")
    return listed
