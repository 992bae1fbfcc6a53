"""Weights of DRGs from a history, and how good a grouping is: coverage, RIV, CV, risk of death.

Statistics for people, in floating point; no payment hangs on them. Source: CHS-DRG 分组与付费技术规范: weight = mean
cost of the DRG over the mean cost of all grouped cases; RIV; CV; risk of death by ln of the DRG's mortality, low where
it lies more than one standard deviation below the mean over the DRGs with deaths.
"""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from typing import Any, NamedTuple

Row = Mapping[str, Any]

RISKS = {"none": "无死亡", "low": "低", "lower": "中低", "higher": "中高", "high": "高"}
"""The grades of a DRG's risk of death."""
CV_LIMIT = 1.0


class Weight(NamedTuple):
    """A DRG in the reference: its weight, mean fee in fen, mean days, and grade of risk."""

    drg: str
    cases: int
    mean_fee: float
    mean_days: float | None
    weight: float
    risk: str


def weights(rows: Sequence[Row]) -> list[Weight]:
    """The weight of every DRG of the reference ``rows`` (drg_group.sql), by code."""
    grouped = [row for row in rows if row["drg"]]
    count = sum(row["cases"] for row in grouped)
    mean = sum(row["cases"] * row["mean_fee"] for row in grouped) / count if count else 0.0
    risk = risks(grouped)
    return [
        Weight(row["drg"], row["cases"], row["mean_fee"], row["mean_days"], row["mean_fee"] / mean if mean else 0.0,
               risk[row["drg"]])
        for row in sorted(grouped, key=lambda row: str(row["drg"]))
    ]  # fmt: skip


def risks(rows: Sequence[Row]) -> dict[str, str]:
    """The grade of risk of death of each DRG, by ln of its mortality against all DRGs with deaths."""
    known = {row["drg"]: log(row["deaths"] / row["cases"]) for row in rows if row["deaths"]}
    if not known:
        return {row["drg"]: "none" for row in rows}
    mean = sum(known.values()) / len(known)
    spread = sqrt(sum((value - mean) ** 2 for value in known.values()) / len(known))

    def grade(value: float | None) -> str:
        if value is None:
            return "none"
        if value < mean - spread:
            return "low"
        return "lower" if value < mean else "higher" if value <= mean + spread else "high"

    return {row["drg"]: grade(known.get(row["drg"])) for row in rows}


def measures(rows: Sequence[Row]) -> dict[str, Any]:
    """Measures of a grouping from ``rows`` (drg_group.sql): RIV is the share of the variance of grouped cases' cost
    that lies between groups; CV is weighted by cases; None where nothing can be measured.
    """
    grouped = [row for row in rows if row["drg"]]
    every, count = sum(row["cases"] for row in rows), sum(row["cases"] for row in grouped)
    mean = sum(row["cases"] * row["mean_fee"] for row in grouped) / count if count else 0.0
    within = sum(row["cases"] * row["sd_fee"] ** 2 for row in grouped)
    total = within + sum(row["cases"] * (row["mean_fee"] - mean) ** 2 for row in grouped)
    cvs = [(row["cases"], row["sd_fee"] / row["mean_fee"]) for row in grouped if row["mean_fee"] > 0]
    return {
        "cases": every,
        "grouped": count,
        "grouped_share": count / every if every else None,
        "groups_used": len(grouped),
        "mean_fee": mean / 100,
        "riv": 1 - within / total if total else None,
        "cv": sum(n * cv for n, cv in cvs) / count if count else None,
        "groups_cv_over_1": sum(cv > CV_LIMIT for _, cv in cvs),
    }
