"""``yibao explain``: one case's whole way, read from the folder of a pricing or of a closed year."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from yibao import tables
from yibao.engine import Engine
from yibao.kernel import Step
from yibao.report import queries
from yibao.report.case import Book, case_steps
from yibao.report.close_explain import explain_closed
from yibao.report.close_result import MADE_BY as CLOSED_BY
from yibao.report.names import Names
from yibao.report.parameters import Parameters
from yibao.report.result import MADE_BY, ReportError, open_catalogue
from yibao.report.settlement import explain_settlement, is_settled

_BESIDE = "catalogue"
_LABEL = 32


class ExplainError(ReportError):
    """The case cannot be explained: it is not in the result, or was rejected. The message is Chinese and says why."""


def explain(priced: Path, setl_id: str, *, catalogue: Path | None = None, names: Names | None = None) -> list[Step]:
    """The steps of one case of a folder written by ``yibao dip price``, ``yibao close`` or ``yibao settle``.

    With the run's ``catalogue`` folder the steps also hold the group's own cases and mean fee and why listed procedures
    do not lead; without one, a folder ``catalogue`` beside ``priced`` is taken where it belongs to the run. Raises
    ExplainError when the id is unknown or was rejected, ReportError when the catalogue is another one,
    ResultFolderError when a folder is not a finished result.
    """
    if is_settled(priced):
        told = explain_settlement(priced, setl_id)
        if told is None:
            raise ExplainError(
                f"“{priced}”里没有结算“{setl_id}”的说明：请核对编号；不予受理的见 findings.xlsx；"
                "只说明部分人的，用 --explain 1 重新运行 yibao settle"
            )
        return told
    if is_closed(priced):
        return _closed(priced, setl_id, catalogue, names)
    if not (priced / "summary.json").is_file():
        raise tables.ResultFolderError(
            f"“{priced}”中没有完整的 summary.json：请先运行 {CLOSED_BY} 或 {MADE_BY}，或用 --run 指定结果文件夹"
        )
    summary = tables.read_summary(priced, MADE_BY)
    saved = open_catalogue(catalogue, summary) if catalogue is not None else None
    beside = priced.parent / _BESIDE
    if catalogue is None and (beside / "summary.json").is_file():
        try:
            saved = open_catalogue(beside, summary)
        except (ReportError, tables.ResultFolderError):
            saved = None
    with Engine() as engine:
        engine.put("trail", tables.read_table(priced, "trail.parquet", MADE_BY))
        engine.put("priced", tables.read_table(priced, "priced_cases.parquet", MADE_BY))
        found = engine.fetch(queries.ONE_CASE, {"setl_id": setl_id}).to_pylist()
        if not found:
            raise _unknown(engine, priced, setl_id)
        summaries = [summary] if saved is None else [summary, saved.summary]
        return case_steps(Book(summary, Parameters(summaries), names or Names(), saved, engine), found[0])


def is_closed(folder: Path) -> bool:
    """Whether the folder is a finished result of ``yibao close``."""
    try:
        tables.read_summary(folder, CLOSED_BY)
    except tables.ResultFolderError:
        return False
    return True


def _closed(folder: Path, setl_id: str, catalogue: Path | None, names: Names | None) -> list[Step]:
    with Engine() as engine:
        steps = explain_closed(engine, folder, setl_id, catalogue=catalogue, names=names)
    if steps is not None:
        return steps
    with Engine() as engine:
        raise _unknown(engine, folder, setl_id, "清算")


def _unknown(engine: Engine, priced: Path, setl_id: str, doing: str = "定价") -> ExplainError:
    rejected = priced / "rejected.xlsx"
    if rejected.is_file():
        report = tables.load(engine, "cases", [rejected])
        reasons = dict.fromkeys(one.message for one in report.findings if one.key == setl_id)
        if reasons:
            why = "；".join(reasons)
            step = f"请按 rejected.xlsx 的错误原因改正后重新{doing}"
            return ExplainError(f"结算ID“{setl_id}”被拒收，没有参与{doing}：{why}。{step}")
    return ExplainError(f"“{priced}”中没有结算ID“{setl_id}”：请核对编号，以及出院日期是否在{doing}的日期范围内")


def explain_text(steps: Sequence[Step]) -> str:
    """The steps for a terminal: number, label, value and unit; below it how it came about and on what ground."""
    lines = []
    for number, step in enumerate(steps, start=1):
        value = f"{step.value} {step.unit}".rstrip()
        lines.append(f"{number:>2}  {_filled(step.label, _LABEL)}{value}".rstrip())
        if step.detail:
            lines.append(f"    {step.detail}")
        if step.source:
            doubt = "（含未经核实的参数）" if step.unverified else ""
            lines.append(f"    依据：{step.source}{doubt}［{step.key}］")
    return "\n".join(lines)


def _filled(text: str, width: int) -> str:
    """The text with blanks up to a width in terminal cells; a Chinese character takes two."""
    cells = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(2, width - cells)
