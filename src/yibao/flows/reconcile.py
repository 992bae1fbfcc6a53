"""``yibao reconcile``: two sides' settlements, and the exact ones behind the difference. Wires tables and the ladder of
`yibao.reconcile`; holds no rule. The plan stands in docs/internals/reconcile.md.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from yibao import tables
from yibao.engine import Engine, load_sql
from yibao.flows.dip_catalogue import write_summary
from yibao.flows.dip_common import FlowError
from yibao.flows.reconcile_files import LINES, SIDES, TOTALS, Side, open_sides, read_map
from yibao.flows.reconcile_results import OPTIONAL, Facts, summary_of, write_results
from yibao.flows.reconcile_totals import reconcile_totals
from yibao.kernel import Finding, Severity
from yibao.reconcile.columns import KEYS, lead_of, shared
from yibao.reconcile.ladder import IDS, PACKAGE, Terms, compare
from yibao.standard import FIELDS
from yibao.standard.reconcile import CLASSES
from yibao.tables import LoadReport, Opened
from yibao.tables.source import READ_ERRORS

MEMORY = "5GB"
"""What DuckDB may hold before it spills: 10 million settlements a side take half of it."""


class Reconciled(NamedTuple):
    """What reconciling came to: its summary and everything found in the files."""

    summary: dict[str, Any]
    findings: list[Finding]

    @property
    def equal(self) -> bool:
        """Whether nothing differs and every row was read."""
        return bool(self.summary["equal"])

    @property
    def rejected(self) -> int:
        """Rejected rows of both sides."""
        return sum(int(one["rejected"]) for one in self.summary["files"].values())


def reconcile(
    ours: Path, theirs: Path, out: Path, *, ours_map: Sequence[str] = (), theirs_map: Sequence[str] = (),
    memory: str | None = None, progress: Callable[[str], None] | None = None,
) -> Reconciled:  # fmt: skip
    """Compares two sides and writes ``differences.parquet`` and ``.csv``, ``daily.parquet``, ``columns.parquet``,
    rejected rows and summary.json into ``out``; every total closes to the fen, else AssertionError.

    Raises FlowError when a side yields nothing, or what to compare by cannot be found or is ambiguous; OutputError.
    """
    tell = progress or (lambda _step: None)
    maps = (read_map(ours_map, "--ours-map"), read_map(theirs_map, "--theirs-map"))
    with Engine(memory=memory or MEMORY, progress=progress) as engine:
        tell("看列名")
        sides = open_sides(engine, ours, theirs, maps)
        if TOTALS in {one.table for one in sides}:
            return Reconciled(*reconcile_totals(engine, sides, out))
        lead, amounts, classes = _common(*sides)
        opened, facts = [], Facts(sides, lead, amounts, classes, {})
        for side in sides:
            tell(f"读{SIDES[side.name]}的文件")
            opened.append(_read(engine, side, facts))
        _rejected_ids(engine, opened)
        tell("比对")
        both = set(sides[0].fields) & set(sides[1].fields)
        compared = (*(["day"] if facts.by_day else []), *classes, *amounts)
        terms = Terms("psn_no" if lead == "certno" else lead, "mdtrt_id" in both, compared)
        climbed = compare(engine, terms, _forms(engine))
        facts = facts._replace(climbed=climbed)
        tell("写结果")
        reports = [one.report for one in opened]
        with tables.output_folder(out, optional=OPTIONAL) as part:
            write_results(engine, facts, reports, part)
            found = [one for report in reports for one in report.findings]
            for side, report in zip(sides, reports, strict=True):
                if report.rows_rejected:
                    tables.write_rejected(part / f"rejected_{side.name}.xlsx", engine, report)
            if any(one.severity is not Severity.INFO for one in found):
                tables.write_findings(part / "findings.xlsx", found)
            summary = summary_of(engine, facts, reports)
            write_summary(part, summary)
    return Reconciled(summary, found)


def _forms(engine: Engine) -> Callable[[str, str, Sequence[str]], None]:
    def put(table: str, into: str, names: Sequence[str]) -> None:
        tables.put_forms(engine, table, into, names)

    return put


def _common(ours: Side, theirs: Side) -> tuple[str, list[str], list[str]]:
    """What both sides have: the identifier, the amounts, what totals are divided by. Raises FlowError for none."""
    lead = lead_of(ours.fields, theirs.fields)
    if not lead:
        have = "；".join(
            f"{SIDES[one.name]}有{'、'.join(FIELDS[name].label for name in (*KEYS, 'setl_time') if name in one.fields)}"
            for one in (ours, theirs)
        )
        raise FlowError(
            f"两边没有共同的编号，对不起来：{have}；需要两边都有结算ID，或都有就诊ID，或都有人员编号和结算时间，"
            "请重新导出，或用 --ours-map、--theirs-map 写明列名"
        )
    amounts = shared(ours.fields, theirs.fields)
    if not amounts:
        have = "；".join(
            f"{SIDES[one.name]}有{'、'.join(FIELDS[name].label for name in shared(one.fields, one.fields))}"
            for one in (ours, theirs)
        )
        raise FlowError(f"两边没有共同的金额列，无从比较：{have}；请用 --ours-map、--theirs-map 写明同一种金额")
    return lead, amounts, [name for name in CLASSES if name in ours.fields and name in theirs.fields]


def _read(engine: Engine, side: Side, facts: Facts) -> Opened:
    """Makes the view ``<side>_rows`` and the table ``<side>_line``; raises FlowError where no row is usable."""
    own = ("setl_id", "mdtrt_id", "psn_no", "certno", "refd_setl_flag", "init_setl_id")
    common = [*facts.amounts, *facts.classes, *(["setl_time"] if facts.by_day else [])]
    columns = [name for name in side.fields if name in own or name in common]
    view = f"{side.name}_rows"
    opened = tables.open_lines(
        engine, LINES, side.files, into=view, headers=side.headers, columns=columns,
        keys=[name for name in KEYS if name in columns],
    )  # fmt: skip
    if not opened.sources:
        raise FlowError(f"{SIDES[side.name]}的文件读不出来；请按列出的问题处理", [opened.report])
    try:
        minus, flagged = _signs(engine, side, facts, view)
        lead = facts.lead
        engine.con.execute(
            "CREATE OR REPLACE TEMP VIEW loaded AS "
            f"SELECT *, CASE WHEN NOT lost_digits({lead}) THEN {lead} END AS lead_id FROM {view}"
        )
        table = engine.run(load_sql(PACKAGE, "line"), {"minus": minus}, table=f"{side.name}_line")
        rows = engine.count(table)
        faulty = [row[0] for row in engine.rows(f"SELECT line_no FROM {table} WHERE NOT sound")]
        tables.close_lines(engine, opened, rows, faulty)
    except READ_ERRORS as error:
        raise FlowError(
            f"{SIDES[side.name]}的文件读到一半读不下去，可能没有传完：{'、'.join(opened.report.files)}；"
            "请重新导出或重新拷贝", [opened.report],
        ) from error  # fmt: skip
    if opened.report.nothing:
        raise FlowError(f"{SIDES[side.name]}的文件里没有一行可用的结算；请核对文件是否导出完整", [opened.report])
    facts.signs[side.name] = (minus, flagged)
    return opened


def _signs(engine: Engine, side: Side, facts: Facts, view: str) -> tuple[bool, int]:
    """Whether the file writes reversals as negative amounts, and how many positive rows are flagged as reversals."""
    if "refd_setl_flag" not in side.fields:
        return True, 0
    whole = " + ".join(f"coalesce({name}, 0)" for name in facts.amounts)
    negative, flagged = engine.rows(f"""
        SELECT count(*) FILTER (WHERE {whole} < 0), count(*) FILTER (WHERE refd_setl_flag = '1' AND {whole} > 0)
        FROM {view}""")[0]
    return bool(negative), int(flagged)


def _rejected_ids(engine: Engine, opened: Sequence[Opened]) -> None:
    """Makes ``rejected_id``: the identifiers of rejected rows of both sides, as meant."""
    parts = " UNION ALL ".join(
        f"SELECT '{side}' AS side, setl_id, mdtrt_id, src_file, src_row FROM {one.report.rejects}"
        for side, one in zip(SIDES, opened, strict=True)
    )
    engine.con.execute(f"CREATE OR REPLACE TABLE _rejected AS {parts}")
    tables.put_forms(engine, "_rejected", "rejected_id", IDS[:2])
    engine.drop("_rejected")


__all__ = ["LoadReport", "Reconciled", "reconcile"]
