"""The DIP commands: build a catalogue from history, price cases out of a budget, assess a catalogue.

Wires tables, law, casemix and payment; holds no rule. Every function writes whole folders or nothing.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from yibao import __version__, tables
from yibao.casemix.dip import Catalogue, LearnError, RegimeError, RuleError, assign, learn, read_regime
from yibao.casemix.dip.assess import assess as measure
from yibao.casemix.dip.assess import cost_per_point
from yibao.engine import Engine, load_sql
from yibao.flows.dip_catalogue import Saved, grouping_lists, law_day, open_saved, save, write_summary
from yibao.flows.dip_results import HOSPITALS_SQL, PRICED_SQL, TRAIL_SQL
from yibao.kernel import Severity, half_up_ratio, yuan
from yibao.law import Law, Parameter, View
from yibao.payment.point_value import display, opening_value
from yibao.payment.terms import DEVIATION_KEYS, DipTerms, read_coefficients, read_terms, terms_table
from yibao.tables import LoadReport

CASEMIX, PAYMENT = "yibao.casemix.dip", "yibao.payment"
OPTIONAL = ("rejected.xlsx", "findings.xlsx")
"""Files a run writes only when there is something to say; those of an earlier run go."""


class FlowError(RuntimeError):
    """Nothing could be produced. The message is Chinese and says the next step; ``reports`` name every fault found."""

    def __init__(self, message: str, reports: Sequence[LoadReport] = ()) -> None:
        super().__init__(message)
        self.reports = list(reports)


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


def _first_day(law: Law) -> date:
    """The first day on which the city has a DIP regime."""
    days = [one.period.start for layer in law.layers_of("dip.regime") for one in layer]
    if not days:
        raise FlowError(f"{law.title}的政策包没有规定 dip.regime（适用的DIP版本），请在政策包或方案中补充")
    return min(days)


def _clamped(law: Law, day: date, doing: str) -> tuple[date, list[str]]:
    first = _first_day(law)
    if day >= first:
        return day, []
    return first, [f"病例早于{law.title}DIP政策的起始日 {first.isoformat()}，按该日政策{doing}"]


def _load_cases(engine: Engine, paths: Sequence[Path], window: tuple[date | None, date | None]) -> LoadReport:
    report = tables.load(engine, "cases", paths, into="loaded_cases", window=window)
    if report.nothing:
        raise FlowError("没有一行可用的病例：请按列出的问题修改文件，或检查日期范围", [report])
    engine.con.execute("CREATE OR REPLACE VIEW cases AS SELECT rowid AS case_no, * FROM loaded_cases")
    tables.explode(engine, "cases", "oprn_codes", "case_px", key="case_no")
    return report


def _explode_diagnoses(engine: Engine, needed: bool) -> None:
    if needed:
        tables.explode(engine, "cases", "diag_codes", "case_dx", key="case_no")


def _parameters(used: Sequence[Parameter]) -> list[dict[str, str]]:
    return [
        {
            "key": one.key,
            "value": f"{len(one.value)}行" if one.unit == "table" else one.value_text,
            "source": str(one.source),
            "grade": one.grade.value,
        }
        for one in used
    ]


def _load_facts(reports: Sequence[LoadReport]) -> dict[str, Any]:
    main = reports[0]
    return {
        "cases": main.rows_read,
        "rejected": main.rows_rejected,
        "faults": dict(sorted(main.counts.items())),
        "missing_optional": main.missing_optional,
        "ignored_columns": main.ignored_columns,
        "files": main.files,
    }


def _write_faults(engine: Engine, folder: Path, reports: Sequence[LoadReport]) -> None:
    """rejected.xlsx for the rows to mend, findings.xlsx with every fault and warning of every input."""
    if reports[0].rows_rejected:
        tables.write_rejected(folder / "rejected.xlsx", engine, reports[0])
    listed = [one for report in reports for one in report.findings]
    if any(one.severity is not Severity.INFO for one in listed):
        tables.write_findings(folder / "findings.xlsx", listed)


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
        report = _load_cases(engine, cases, (since, until))
        last = until or engine.rows("SELECT max(dscg_date) FROM cases")[0][0]
        day, remarks = _clamped(setting.law, for_day or last + timedelta(days=1), "建立目录")
        view = setting.law.at(day)
        try:
            regime = read_regime(view)
            lists, local, found = grouping_lists(engine, view, regime, setting.lists)
            _explode_diagnoses(engine, lists.rules.needs_other_dx)
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
            **_load_facts(reports),
            **_learned(engine, catalogue),
            "lists": {
                one.table: {"files": one.files, "rows": one.rows_kept, "rejected": one.rows_rejected} for one in found
            },
            "grouping": {name: str(value) for name, value in regime._asdict().items()},
            "remarks": remarks,
            "unverified": view.unverified,
            "parameters": _parameters(view.used),
        }
        with tables.output_folder(out, optional=OPTIONAL) as folder:
            save(engine, folder, catalogue, lists, local, summary)
            _write_faults(engine, folder, reports)
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


def _opened(catalogue: Path, law: Law) -> Saved:
    """The catalogue, which must be of the city whose law is in force."""
    saved = open_saved(catalogue)
    if saved.summary["city"] != law.code:
        raise FlowError(
            f"目录是{saved.summary['city_name']}（{saved.summary['city']}）的，而政策是{law.title}的："
            "请用 --city 指定同一统筹区，或用 yibao dip build 重新建立目录"
        )
    return saved


def _terms(law: Law, saved: Saved, first: date, last: date) -> tuple[list[DipTerms], pa.Table, list[View], list[str]]:
    """The law periods of the discharge dates, each with the regime of its day, which must be the catalogue's."""
    start, remarks = _clamped(law, first, "测算，结果仅供模拟")
    cuts = [first, *(day for day in law.changes(DEVIATION_KEYS, start, last) if day > first)]
    views, terms, coefficients = [], [], []
    for at, until in zip(cuts, [*(day - timedelta(days=1) for day in cuts[1:]), last], strict=True):
        view = law.at(max(at, start))
        regime = view.text("dip.regime")
        if regime != saved.summary["facts"]["regime"]:
            raise FlowError(
                f"{at.isoformat()} 至 {until.isoformat()} 出院的病例适用 {regime}，而目录按 "
                f"{saved.summary['facts']['regime']} 建立：请用 yibao dip build --for {at.isoformat()} "
                "建立该版本的目录，分段定价"
            )
        mode = view.text("dip.point.mode", regime=regime)
        if mode != "floating":
            raise FlowError(
                f"点值方式（dip.point.mode）为 {mode}，yibao dip price 目前只按浮动点值（floating）分配预算"
            )
        views.append(view)
        terms.append(read_terms(view, at, until))
        coefficients.append(read_coefficients(view, saved.catalogue.levels, at, until))
    return terms, pa.concat_tables(coefficients), views, remarks


def _opening_value(saved: Saved) -> Fraction:
    """年初点值 of the catalogue's history, by its year weights."""
    years = {int(year): (fee, worth) for year, (fee, worth) in saved.summary["facts"]["history_by_year"].items()}
    return opening_value(years, {int(year): weight for year, weight in saved.summary["facts"]["years"].items()})


def _group(engine: Engine, law: Law, saved: Saved) -> View:
    view = law.at(law_day(saved.summary))
    regime = read_regime(view)
    changed = [name for name, text in saved.summary["grouping"].items() if str(getattr(regime, name)) != text]
    if changed:
        raise FlowError(
            f"现在的政策参数与建立目录时不同（{'、'.join(changed)}）：请用相同的 --city、--overlay、--pack，"
            "或用 yibao dip build 重新建立目录"
        )
    _explode_diagnoses(engine, saved.lists.rules.needs_other_dx)
    assign(engine, saved.catalogue, saved.lists, regime)
    engine.put("catalogue_points", saved.catalogue.groups.select(["dip_code", "points"]))
    engine.put("local_list", saved.primary_care)
    return view


def price(
    cases: Sequence[Path],
    catalogue: Path,
    out: Path,
    setting: Setting,
    *,
    budget_fen: int,
    since: date | None = None,
    until: date | None = None,
) -> Outcome:
    """Groups, points and pays the discharges in the window; Σ pay is the budget to the fen.

    Writes priced_cases.parquet, hospitals.parquet, trail.parquet (what `explain` reads), rejected.xlsx, summary.json.
    """
    if out.resolve() == catalogue.resolve():
        raise FlowError("结果不能写到目录所在的文件夹：那样会毁掉目录，请用 --out 另指定文件夹")
    saved = _opened(catalogue, setting.law)
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        report = _load_cases(engine, cases, (since, until))
        first, last = engine.rows("SELECT min(dscg_date), max(dscg_date) FROM cases")[0]
        terms, coefficients, views, remarks = _terms(setting.law, saved, first, last)
        views.append(_group(engine, setting.law, saved))
        engine.put("reference", saved.catalogue.reference)
        engine.put("level_coefficient", coefficients)
        engine.put("dip_terms", terms_table(terms))
        engine.pipeline(CASEMIX, ("grouped",))
        opening = _opening_value(saved)
        facts = saved.summary["facts"]
        params = {
            "pv_e4": display(opening),
            "unit_fee_micro": facts["unit_fee_micro"],
            "scale": facts["score_scale"],
            "budget_fen": budget_fen,
        }
        engine.pipeline(PAYMENT, ("standard_fee", "case_points"), params)
        total = int(engine.rows("SELECT coalesce(sum(case_points), 0) FROM case_points")[0][0])
        if total <= 0:
            raise FlowError("病例总分值为0，预算无法分配：请检查目录与病例是否对应", [report])
        engine.pipeline(PAYMENT, ("share",), params)
        engine.run(load_sql(PAYMENT, "hospital"), {"scale": facts["score_scale"]})
        remarks += _coefficient_remarks(engine, report)
        if saved.summary["draft"]:
            remarks.append("所用版本是征求意见稿，没有施行：结果仅供模拟，不能据以支付")
        if engine.count("grouped") != engine.count("stay"):
            raise AssertionError("a case stands in the grouped table more than once")
        summary = _price_summary(engine, setting, saved, report, views, budget_fen, total, opening)
        summary["remarks"] = remarks
        with tables.output_folder(out, optional=OPTIONAL) as folder:
            tables.write_parquet(engine, PRICED_SQL, folder / "priced_cases.parquet")
            tables.write_parquet(engine, HOSPITALS_SQL, folder / "hospitals.parquet")
            tables.write_parquet(engine, TRAIL_SQL, folder / "trail.parquet")
            _write_faults(engine, folder, [report])
            write_summary(folder, summary)
    return Outcome(summary, [report], remarks)


def _coefficient_remarks(engine: Engine, report: LoadReport) -> list[str]:
    if "hosp_lv" in report.missing_optional:
        return ["病例没有 hosp_lv（医院等级）列：医疗机构系数按1计，费用偏差与病种全部机构的次均费用比较"]
    said = []
    lost = engine.rows("SELECT count(*) FROM grouped WHERE hosp_lv = ''")[0][0]
    if lost:
        said.append(f"{lost}例没有医院等级，其医疗机构系数按1计")
    bare = engine.rows(
        "SELECT g.hosp_lv, count(*) FROM grouped AS g WHERE g.hosp_lv <> '' AND g.hosp_lv NOT IN "
        "(SELECT hosp_lv FROM level_coefficient) GROUP BY g.hosp_lv ORDER BY g.hosp_lv"
    )
    if engine.count("level_coefficient"):
        said += [f"历史病例没有{level}级医疗机构，其{n}例的医疗机构系数按1计" for level, n in bare]
    return said


def _price_summary(
    engine: Engine,
    setting: Setting,
    saved: Saved,
    report: LoadReport,
    views: Sequence[View],
    budget_fen: int,
    total: int,
    opening: Fraction,
) -> dict[str, Any]:
    facts = saved.summary["facts"]
    quality = measure(quality_rows(engine), cost_per_point(facts), facts["score_scale"])
    used = list({id(one): one for view in views for one in view.used}.values())
    paid = int(engine.rows("SELECT sum(pay) FROM share")[0][0])
    ungrouped = int(engine.rows("SELECT count(*) FROM grouped WHERE dip_type = 'ungrouped'")[0][0])
    deviations = dict(engine.rows("SELECT deviation_type, count(*) FROM case_points GROUP BY 1 ORDER BY 1"))
    if paid != budget_fen:
        raise AssertionError("the shares do not sum to the budget")
    return {
        "made_by": f"yibao {__version__} dip price",
        "city": setting.law.code,
        "city_name": setting.law.name,
        **_load_facts([report]),
        "priced": engine.count("share"),
        "ungrouped": ungrouped,
        "budget": f"{yuan(budget_fen):.2f}",
        "total_pay": f"{yuan(paid):.2f}",
        "total_points": f"{yuan(total) / 100:.4f}",
        "point_value": f"{yuan(half_up_ratio(Fraction(budget_fen, total), 10**6)) / 100:.4f}",
        "opening_point_value": f"{yuan(display(opening)) / 100:.4f}",
        "riv": quality["riv"],
        "r2": quality["r2"],
        "cmi": quality["cmi"],
        "groups_core": saved.summary["groups_core"],
        "groups_composite": saved.summary["groups_composite"],
        "cases_by_deviation": deviations,
        "coverage": quality["coverage"],
        "draft": saved.summary["draft"],
        "facts": facts,
        "unverified": sorted({one.key for one in used if not one.grade.verified} | set(saved.summary["unverified"])),
        "parameters": _parameters(used),
    }


def quality_rows(engine: Engine) -> list[dict[str, Any]]:
    """The rows that `assess` measures, from the session's assigned cases."""
    engine.pipeline(CASEMIX, ("quality_group",))
    return list(engine.fetch("SELECT * FROM quality_group ORDER BY dip_code, dip_type").to_pylist())


def assess(
    cases: Sequence[Path], catalogue: Path, setting: Setting, *, since: date | None = None, until: date | None = None
) -> Outcome:
    """Measures a catalogue on the discharges in the window; writes nothing."""
    saved = _opened(catalogue, setting.law)
    with Engine(memory=setting.memory, progress=setting.progress) as engine:
        report = _load_cases(engine, cases, (since, until))
        view = _group(engine, setting.law, saved)
        facts = saved.summary["facts"]
        rows = quality_rows(engine)
        summary = {
            **_load_facts([report]),
            **measure(rows, cost_per_point(facts), facts["score_scale"]),
            "groups": saved.summary["groups_by_type"],
            "cost_per_point": round(cost_per_point(facts) / 100, 4),
            "unverified": sorted({*view.unverified, *saved.summary["unverified"]}),
        }
    return Outcome(summary, [report])
