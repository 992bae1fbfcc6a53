"""``yibao dip assess``: measures a catalogue on cases; writes nothing."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from yibao.casemix.dip.assess import assess as measure
from yibao.casemix.dip.assess import cost_per_point
from yibao.engine import Engine
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
            "cost_per_point": round(cost_per_point(facts) / 100, 4),
            "unverified": sorted({*view.unverified, *saved.summary["unverified"]}),
        }
    return Outcome(summary, [report])
