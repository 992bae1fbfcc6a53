"""``yibao dip assess``: measures a catalogue on cases, and its auxiliary types; writes nothing."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from yibao.casemix.dip import KIND_NAMES
from yibao.casemix.dip.assess import assess as measure
from yibao.casemix.dip.assess import cost_per_point
from yibao.engine import Engine
from yibao.flows.dip_catalogue import Saved
from yibao.flows.dip_common import Outcome, Setting, group_cases, load_cases, load_facts, opened, quality_rows


def assess(
    cases: Sequence[Path], catalogue: Path, setting: Setting, *, since: date | None = None, until: date | None = None
) -> Outcome:
    """Measures a catalogue on the discharges in the window; writes nothing."""
    saved = opened(catalogue, setting.law)
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        report = load_cases(engine, cases, (since, until))
        view = group_cases(engine, setting.law, saved)
        facts = saved.summary["facts"]
        rows = quality_rows(engine)
        summary = {
            **load_facts([report]),
            **measure(rows, cost_per_point(facts), facts["score_scale"]),
            "groups": saved.summary["groups_by_type"],
            "auxiliary": auxiliary(engine, saved),
            "cost_per_point": round(cost_per_point(facts) / 100, 4),
            "unverified": sorted({*view.unverified, *saved.summary["unverified"]}),
        }
    return Outcome(summary, [report])


def auxiliary(engine: Engine, saved: Saved) -> list[dict[str, Any]]:
    """Each kind of auxiliary type as the catalogue learned it (groups, their cases of the last year, CV before and
    after), and how many of the session's cases have a type of it (``cases_hit``; the highest type counts).
    """
    hit = dict(engine.rows("SELECT aux_kind, count(*) FROM aux_hit GROUP BY aux_kind"))
    return [
        {"aux_kind": row["aux_kind"], "label": KIND_NAMES[row["aux_kind"]], **row,
         "cases_hit": hit.get(row["aux_kind"], 0)}
        for row in saved.aux_report.to_pylist()
    ]  # fmt: skip
