"""How good a catalogue is on given cases: coverage, CV, RIV, CMI and out-of-sample R².

Statistics for people, in floating point; no payment hangs on them. Source: DIP 3.0 draft glossary, DIP_REGIMES A.10.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from yibao.kernel import POINT_SCALE

CV_LIMITS = (0.5, 0.7, 1.0)


def cost_per_point(facts: Mapping[str, Any]) -> float:
    """Fen a point cost in the history: Σ fee / Σ points of the group over the cases the catalogue was learned from."""
    whole = int(facts["history_points"])
    return int(facts["history_fee_fen"]) * POINT_SCALE / whole if whole else 0.0


def assess(rows: Sequence[Mapping[str, Any]], per_point: float, scale: int) -> dict[str, Any]:
    """Measures of ``rows`` (grain dip_code: dip_type, n, points 10⁻⁴, mean_fee and sd_fee in fen).

    ``r2`` is 1 − Σ(fee − points × per_point)² / Σ(fee − mean)² over all cases, ungrouped ones predicted as 0 points;
    it is out of sample when the rows are not those the catalogue was learned from. ``riv`` is the share of the
    variance that lies between groups. ``cmi`` is the mean of points over the scale. ``cv`` is weighted by cases.
    """
    n = sum(row["n"] for row in rows)
    if n == 0:
        return {"cases": 0}
    mean = sum(row["n"] * row["mean_fee"] for row in rows) / n
    within = sum(row["n"] * row["sd_fee"] ** 2 for row in rows)
    total = within + sum(row["n"] * (row["mean_fee"] - mean) ** 2 for row in rows)
    missed = within + sum(row["n"] * (row["mean_fee"] - _fee(row, per_point)) ** 2 for row in rows)
    grouped = [row for row in rows if row["dip_type"] != "ungrouped"]
    n_grouped = sum(row["n"] for row in grouped)
    cvs = [(row["n"], row["sd_fee"] / row["mean_fee"]) for row in grouped if row["mean_fee"] > 0]
    measures: dict[str, Any] = {
        "cases": n,
        "groups_used": len(grouped),
        "coverage": {kind: cases / n for kind, cases in sorted(_by_type(rows).items())},
        "grouped_share": n_grouped / n,
        "mean_fee": mean / 100,
        "cv": sum(k * cv for k, cv in cvs) / n_grouped if n_grouped else None,
        "riv": round(1 - within / total, 10) if total else None,
        "r2": round(1 - missed / total, 10) if total else None,
        "cmi": sum(row["n"] * row["points"] for row in grouped) / POINT_SCALE / scale / n_grouped
        if n_grouped
        else None,
    }
    for limit in CV_LIMITS:
        measures[f"groups_cv_over_{limit}"] = sum(cv > limit for _, cv in cvs)
    return measures


def _fee(row: Mapping[str, Any], per_point: float) -> float:
    return float(row["points"]) / POINT_SCALE * per_point


def _by_type(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row["dip_type"]] += row["n"]
    return counts
