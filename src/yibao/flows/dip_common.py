"""What the DIP flows share: settings, outcomes, loading cases, a catalogue opened and the cases grouped by it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from yibao import tables
from yibao.casemix.dip import (
    TYPES,
    AuxTerms,
    assign,
    cost_bases,
    flag_cases,
    place_local,
    put_hits,
    put_scope,
    read_aux,
    read_flags,
    read_local,
    read_regime,
)
from yibao.engine import Engine
from yibao.flows.dip_catalogue import Saved, law_day, open_saved
from yibao.kernel import Finding, Severity
from yibao.law import Law, Parameter, View
from yibao.payment.point_value import opening_value
from yibao.tables import LoadReport

CASEMIX, PAYMENT = "yibao.casemix.dip", "yibao.payment"
OPTIONAL = ("rejected.xlsx", "findings.xlsx")
"""Files a run writes only when there is something to say; those of an earlier run go."""


class FlowError(RuntimeError):
    """Nothing could be produced. The message is Chinese and says the next step; ``reports`` and ``findings`` name every
    fault found."""

    def __init__(self, message: str, reports: Sequence[LoadReport] = (), findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.reports = list(reports)
        self.findings = list(findings)


@dataclass
class Outcome:
    """What a command produced: its summary, what loading found, and remarks for the user."""

    summary: dict[str, Any]
    reports: list[LoadReport] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Rejected cases: the rows of rejected.xlsx. What was wrong with other inputs stands in findings.xlsx."""
        return self.reports[0].rows_rejected


@dataclass(frozen=True)
class Setting:
    """How a command runs: the law, the folder of local lists, memory for DuckDB, and where progress is told."""

    law: Law
    lists: Path | None = None
    memory: str | None = None
    progress: Callable[[str], None] | None = None


def first_day(law: Law) -> date:
    """The first day on which the city has a DIP regime."""
    days = [one.period.start for layer in law.layers_of("dip.regime") for one in layer]
    if not days:
        raise FlowError(f"{law.title}的政策包没有规定 dip.regime（适用的DIP版本），请在政策包或方案中补充")
    return min(days)


def clamped(law: Law, day: date, doing: str) -> tuple[date, list[str]]:
    """The day, or the first day of the city's DIP law where it lies before, with a remark that says so."""
    first = first_day(law)
    if day >= first:
        return day, []
    return first, [f"病例早于{law.title}DIP政策的起始日 {first.isoformat()}，按该日政策{doing}"]


def load_cases(
    engine: Engine,
    paths: Sequence[Path],
    window: tuple[date | None, date | None],
    required: Sequence[str] = (),
) -> LoadReport:
    """Loads cases, numbers them (view ``cases``, where the gross fee is the fee) and makes ``case_px``; ``required``
    adds columns to those required.

    Raises FlowError when none is usable.
    """
    report = tables.load(engine, "cases", paths, into="loaded_cases", required=required, window=window)
    if report.nothing:
        raise FlowError("没有一行可用的病例：请按列出的问题修改文件，或检查日期范围", [report])
    engine.con.execute(
        "CREATE OR REPLACE VIEW cases AS SELECT rowid AS case_no, *, medfee_sumamt AS gross_fee FROM loaded_cases"
    )
    tables.explode(engine, "cases", "oprn_codes", "case_px", key="case_no")
    return report


def explode_diagnoses(engine: Engine, needed: bool) -> None:
    """Makes ``case_dx`` where something looks at further diagnoses."""
    if needed:
        tables.explode(engine, "cases", "diag_codes", "case_dx", key="case_no")


def answer_types(engine: Engine, aux: AuxTerms, bases: Mapping[str, int], exploded: bool, first_year: int = 0) -> None:
    """Makes ``aux_case``: the auxiliary types of the cases of the groups in ``bases``, since ``first_year``.

    Diagnoses become rows for these cases only, unless they are rows already (``exploded``).
    """
    put_scope(engine, bases, aux, first_year)
    if aux.needs_dx and not exploded:
        asked = "case_no IN (SELECT case_no FROM aux_stay)"
        tables.explode(engine, "cases", "diag_codes", "case_dx", key="case_no", where=asked)
    engine.pipeline(CASEMIX, TYPES, aux.sql_params)


_SWITCHED_OFF = {
    "icu_days": "不学监护分型",
    "drug_fee": "不判肿瘤高费用二（药费）分型",
    "trt_fee": "不判肿瘤高费用一（治疗费）分型",
    "tcm_fee": "不计中医药占比，不判中医优势病种",
    "dscg_way": "不判死亡分型",
    "act_ipt_days": "住院天数按出入院日期计算",
    "hifp_pay": "统筹基金记账额用基金支付总额代替",
    "insuplc_admdvs": "病例都作为本统筹区参保",
}


def absent_columns(missing: Sequence[str]) -> list[str]:
    """One remark on optional columns that no file of cases has, with what each switches off; none where all stand."""
    said = [f"{name}（{off}）" for name, off in _SWITCHED_OFF.items() if name in missing]
    return [f"病例没有这些列：{'、'.join(said)}"] if said else []


def parameters_of(used: Sequence[Parameter]) -> list[dict[str, str]]:
    """The parameters used, as a summary lists them."""
    return [
        {
            "key": one.key,
            "value": f"{len(one.value)}行" if one.unit == "table" else one.value_text,
            "source": str(one.source),
            "grade": one.grade.value,
        }
        for one in used
    ]


def load_facts(reports: Sequence[LoadReport]) -> dict[str, Any]:
    """What a summary says of the loading of cases."""
    main = reports[0]
    return {
        "cases": main.rows_read,
        "rejected": main.rows_rejected,
        "faults": dict(sorted(main.counts.items())),
        "missing_optional": main.missing_optional,
        "ignored_columns": main.ignored_columns,
        "files": main.files,
    }


def write_faults(engine: Engine, folder: Path, reports: Sequence[LoadReport]) -> None:
    """rejected.xlsx for the rows to mend, findings.xlsx with every fault and warning of every input."""
    if reports[0].rows_rejected:
        tables.write_rejected(folder / "rejected.xlsx", engine, reports[0])
    listed = [one for report in reports for one in report.findings]
    if any(one.severity is not Severity.INFO for one in listed):
        tables.write_findings(folder / "findings.xlsx", listed)


def opened(catalogue: Path, law: Law) -> Saved:
    """The catalogue, which must be of the city whose law is in force."""
    saved = open_saved(catalogue)
    if saved.summary["city"] != law.code:
        raise FlowError(
            f"目录是{saved.summary['city_name']}（{saved.summary['city']}）的，而政策是{law.title}的："
            "请用 --city 指定同一统筹区，或用 yibao dip build 重新建立目录"
        )
    return saved


def opening_of(saved: Saved) -> Fraction:
    """年初点值 of the catalogue's history, by its year weights."""
    return opening_value_of(saved.summary["facts"])


def opening_value_of(facts: Mapping[str, Any]) -> Fraction:
    """年初点值 (元 per 分) from the facts of a catalogue, by its year weights."""
    years = {int(year): (fee, worth) for year, (fee, worth) in facts["history_by_year"].items()}
    return opening_value(years, {int(year): weight for year, weight in facts["years"].items()})


def group_cases(engine: Engine, law: Law, saved: Saved) -> View:
    """Puts the session's cases into the groups of the catalogue, and says which auxiliary type and which entry of the
    local catalogue each has (``assigned``, ``aux_hit``, ``case_local``: what grouped.sql reads), under the law the
    catalogue was learned by. Raises FlowError when that law reads differently now.
    """
    view = law.at(law_day(saved.summary))
    regime, aux = read_regime(view), read_aux(view, read_regime(view).name)
    changed = [name for name, text in saved.summary["grouping"].items() if str(getattr(regime, name)) != text]
    changed += [f"aux.{name}" for name, text in saved.summary["auxiliary"].items() if aux.said[name] != text]
    if changed:
        raise FlowError(
            f"现在的政策参数与建立目录时不同（{'、'.join(changed)}）：请用相同的 --city、--overlay、--pack，"
            "或用 yibao dip build 重新建立目录"
        )
    explode_diagnoses(engine, saved.lists.rules.needs_other_dx)
    assign(engine, saved.catalogue, saved.lists, regime)
    engine.put("catalogue_points", saved.catalogue.groups.select(["dip_code", "points"]))
    terms = read_local(view, regime.name, set(saved.local_list["list_kind"].to_pylist()))
    place_local(engine, saved.local_list, saved.group_fact, terms)
    worth = opening_of(saved) if aux.cost_base == "standard" else None
    bases = cost_bases(saved.catalogue.groups, set(saved.aux_type["dip_code"].to_pylist()), worth)
    learned = aux._replace(bands=saved.aux_band, dx=saved.aux_dx)
    answer_types(engine, learned, bases, saved.lists.rules.needs_other_dx)
    put_hits(engine, saved.aux_type)
    return view


def flag_grouped(engine: Engine, view: View, saved: Saved, missing: Sequence[str]) -> None:
    """Makes ``case_flag`` (违规行为监督个性特征目录) of the session's ``grouped`` cases.

    ``missing`` are the columns that no file of cases has.
    """
    terms = read_flags(view, saved.summary["facts"]["regime"])
    engine.put("group_fact", saved.group_fact)
    flag_cases(engine, terms, saved.catalogue.groups, missing)


def quality_rows(engine: Engine) -> list[dict[str, Any]]:
    """The rows that `assess` measures, from the session's assigned cases."""
    engine.pipeline(CASEMIX, ("quality_group",))
    return list(engine.fetch("SELECT * FROM quality_group ORDER BY dip_code, dip_type").to_pylist())
