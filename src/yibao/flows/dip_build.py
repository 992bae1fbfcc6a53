"""``yibao dip build``: learns a catalogue from history. Wires tables, law and casemix; holds no rule."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from yibao import __version__, tables
from yibao.casemix.dip import (
    Catalogue,
    GroupingLists,
    LearnError,
    Regime,
    RegimeError,
    RuleError,
    cost_bases,
    learn,
    learn_facts,
    learn_hospitals,
    learn_types,
    open_groups,
    read_aux,
    read_local,
    read_regime,
    tree,
)
from yibao.casemix.dip.local import PRIMARY
from yibao.engine import Engine
from yibao.flows.dip_catalogue import Local, grouping_lists, save
from yibao.flows.dip_common import (
    OPTIONAL,
    FlowError,
    Outcome,
    Setting,
    absent_columns,
    answer_types,
    clamped,
    explode_diagnoses,
    load_cases,
    load_facts,
    opening_value_of,
    parameters_of,
    write_faults,
)
from yibao.law import Law, View

HOME_DIGITS = 4
"""Digits of a pool's code that name its city: a case whose insuplc_admdvs begins with them is insured here."""


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
            local.judge(catalogue.groups["dip_code"].to_pylist())
            further = learn_further(engine, setting.law, view, regime, catalogue, lists, local)
        except (LearnError, RuleError, RegimeError) as error:
            raise FlowError(str(error), [report]) from error
        reports = [report, *found]
        remarks += absent_columns(report.missing_optional)
        summary = {
            "made_by": f"yibao {__version__} dip build",
            "city": setting.law.code,
            "city_name": setting.law.name,
            "layers": [layer.name for layer in setting.law.layers],
            "law_day": day.isoformat(),
            "draft": regime.draft,
            **load_facts(reports),
            **_learned(engine, catalogue),
            "aux_types": further["aux_type"].num_rows,
            "primary_candidates": further["group_fact"]["candidate"].to_pylist().count(1),
            "lists": {
                one.table: {"files": one.files, "rows": one.rows_kept, "rejected": one.rows_rejected} for one in found
            },
            "grouping": {name: str(value) for name, value in regime._asdict().items()},
            "auxiliary": read_aux(view, regime.name).said,
            "remarks": remarks,
            "unverified": view.unverified,
            "parameters": parameters_of(view.used),
        }
        with tables.output_folder(out, optional=OPTIONAL) as folder:
            save(engine, folder, catalogue, lists, further, summary)
            write_faults(engine, folder, reports)
    return Outcome(summary, reports, remarks)


def learn_further(
    engine: Engine, law: Law, view: View, regime: Regime, catalogue: Catalogue, lists: GroupingLists, local: Local
) -> dict[str, pa.Table]:
    """What a catalogue holds besides its groups (FURTHER), from the history that is still in the session."""
    engine.put("catalogue_points", catalogue.groups.select(["dip_code", "points"]))
    terms = read_local(view, regime.name, set(local.table["list_kind"].to_pylist()))
    made = {
        "local_list": local.table,
        "group_fact": learn_facts(engine, terms),
        "hospital_history": learn_hospitals(engine, terms, law.code[:HOME_DIGITS]),
    }
    tree(engine)
    aux = read_aux(view, regime.name)
    year = int(engine.rows("SELECT max(dscg_year) FROM stay")[0][0])
    primary = [row["dip_code"] for row in local.table.to_pylist() if row["list_kind"] == PRIMARY]
    open_to = open_groups(engine, aux, year, primary) if aux.kinds else {}
    worth = opening_value_of(catalogue.facts) if aux.cost_base == "standard" else None
    answer_types(engine, aux, cost_bases(catalogue.groups, open_to, worth), lists.rules.needs_other_dx, year)
    aux_type, aux_report = learn_types(engine, open_to, aux)
    return {**made, "aux_type": aux_type, "aux_report": aux_report, "aux_band": aux.bands, "aux_dx": aux.dx}


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
