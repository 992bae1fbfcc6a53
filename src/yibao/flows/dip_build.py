"""``yibao dip build``: learns a catalogue from history. Wires tables, law and casemix; holds no rule."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from yibao import __version__, tables
from yibao.casemix.dip import Catalogue, LearnError, RegimeError, RuleError, learn, read_regime
from yibao.engine import Engine
from yibao.flows.dip_catalogue import grouping_lists, save
from yibao.flows.dip_common import (
    OPTIONAL,
    FlowError,
    Outcome,
    Setting,
    clamped,
    explode_diagnoses,
    load_cases,
    load_facts,
    parameters_of,
    write_faults,
)


def build(
    cases: Sequence[Path],
    out: Path,
    setting: Setting,
    *,
    since: date | None = None,
    until: date | None = None,
    for_day: date | None = None,
) -> Outcome:
    """Learns a catalogue from discharges in the window and writes it to ``out``.

    It is learned under the law of ``for_day``, the first day it is for: by default the day after the history ends
    (``until``, else the last discharge). Raises FlowError when nothing can be learned, MissingParameter when the law
    leaves a key open.
    """
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        report = load_cases(engine, cases, (since, until))
        last = until or engine.rows("SELECT max(dscg_date) FROM cases")[0][0]
        day, remarks = clamped(setting.law, for_day or last + timedelta(days=1), "建立目录")
        view = setting.law.at(day)
        try:
            regime = read_regime(view)
            lists, local, found = grouping_lists(engine, view, regime, setting.lists)
            explode_diagnoses(engine, lists.rules.needs_other_dx)
            catalogue = learn(engine, lists, regime)
        except (LearnError, RuleError, RegimeError) as error:
            raise FlowError(str(error), [report]) from error
        reports = [report, *found]
        summary = {
            "made_by": f"yibao {__version__} dip build",
            "city": setting.law.code,
            "city_name": setting.law.name,
            "layers": [layer.name for layer in setting.law.layers],
            "law_day": day.isoformat(),
            "draft": regime.draft,
            **load_facts(reports),
            **_learned(engine, catalogue),
            "lists": {
                one.table: {"files": one.files, "rows": one.rows_kept, "rejected": one.rows_rejected} for one in found
            },
            "grouping": {name: str(value) for name, value in regime._asdict().items()},
            "remarks": remarks,
            "unverified": view.unverified,
            "parameters": parameters_of(view.used),
        }
        with tables.output_folder(out, optional=OPTIONAL) as folder:
            save(engine, folder, catalogue, lists, local, summary)
            write_faults(engine, folder, reports)
    return Outcome(summary, reports, remarks)


def _learned(engine: Engine, catalogue: Catalogue) -> dict[str, Any]:
    """What the summary says of the groups and of the cases they were learned from."""
    kinds = Counter(catalogue.groups["dip_type"].to_pylist())
    return {
        "learned_from": catalogue.facts["history_cases"],
        "groups": catalogue.groups.num_rows,
        "groups_core": kinds["core"],
        "groups_composite": kinds["composite"],
        "groups_by_type": dict(sorted(kinds.items())),
        "cases_by_type": dict(
            engine.rows("SELECT dip_type, count(*) FROM assigned GROUP BY dip_type ORDER BY dip_type")
        ),
        "facts": catalogue.facts,
    }
