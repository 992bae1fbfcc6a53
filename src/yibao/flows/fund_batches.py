"""Files into the books: open accounts, set limits, post entries, with every refused row ready to be mended.

Each reads its files whole, commits what stands, and writes what does not to ``rejected.xlsx`` (rows as sent with
错误原因) and ``findings.xlsx``. Sending a mended or the same file again is harmless.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from yibao import tables
from yibao.engine import Engine
from yibao.flows import fund
from yibao.flows.fund_files import read_accounts, read_entries, read_limits, reasons, refusals
from yibao.flows.fund_rows import Batch, write_refused
from yibao.flows.fund_setting import chart_on
from yibao.fund.chart import standard_accounts
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Limit
from yibao.fund.view import Answer
from yibao.kernel import Finding, Severity
from yibao.law import Law
from yibao.store import Store, readings
from yibao.tables import LoadReport

OPTIONAL = ("rejected.xlsx", "findings.xlsx")
Tell = Callable[[str], None]
_OPENED_OTHERWISE = ("这个账户已经开立，名称或启用日期不同", "无须再开立；名称和启用日期不能更改")


def _silent(_step: str) -> None:
    pass


@dataclass
class Done:
    """What became of a batch: answers, findings (of the files, then of the ledger), and where the rows to mend are.

    ``amounts`` is what was posted now, in fen by action. ``refused_rows`` counts the rows of rejected.xlsx.
    """

    answers: list[Answer]
    findings: list[Finding] = field(default_factory=list)
    report: LoadReport | None = None
    amounts: dict[Action, int] = field(default_factory=dict)
    refused_rows: int = 0

    @property
    def counts(self) -> dict[Outcome, int]:
        """Answers by outcome, in the order of precedence with what stands first."""
        found = Counter(answer.outcome for answer in self.answers)
        order = [Outcome.POSTED, Outcome.EXISTS, *Outcome]
        return {outcome: found[outcome] for outcome in dict.fromkeys(order) if found[outcome]}

    @property
    def stands(self) -> bool:
        """Whether anything of the batch is in the books."""
        return any(answer.outcome.stands for answer in self.answers)

    @property
    def rejected(self) -> bool:
        """Whether anything was left out, by the files' faults or by the ledger."""
        return self.refused_rows > 0 or any(not answer.outcome.stands for answer in self.answers)


def open_books(store: Store, law: Law, books: Sequence[Book], day: date) -> Done:
    """Opens all standard accounts of these books from a day on. Raises ChartError for a fund the chart lacks."""
    chart, _view = chart_on(law, day)
    accounts: list[Account] = []
    limits: list[Limit] = []
    for book in books:
        own, floors = standard_accounts(chart, book, day)
        accounts += own
        limits += floors
    answers = fund.open_accounts(store, accounts, limits)
    differs = [
        Finding(
            one.outcome.value, Severity.ERROR, f"{one.key}：{_OPENED_OTHERWISE[0]}", next_step=_OPENED_OTHERWISE[1],
            key=one.key,
        )
        for one in answers
        if not one.outcome.stands
    ]  # fmt: skip
    return Done(answers, differs)


def open_files(store: Store, law: Law, paths: Sequence[Path], out: Path | None, today: date) -> Done:
    """Opens the accounts of files; a subject's own floor comes with its account."""
    chart, _view = chart_on(law, today)
    with Engine() as engine, result_folder(out) as folder:
        batch = read_accounts(engine, paths, chart)
        limits = [
            limit
            for account in batch.records
            for limit in standard_accounts(chart, Book(account.admdvs, account.fund_type), account.opened)[1]
            if limit.acct_no == account.no
        ]
        answers = fund.open_accounts(store, batch.records, limits)
        refused = {one.key: (one.outcome.value, *_OPENED_OTHERWISE) for one in answers if not one.outcome.stands}
        return _finished(engine, batch, answers, refused, folder)


def set_limits(store: Store, law: Law, paths: Sequence[Path], out: Path | None, today: date) -> Done:
    """Sets the limits of files. A floor or ceiling is kept among the records of today's year, a budget of its own."""
    with Engine() as engine, result_folder(out) as folder:
        batch = read_limits(engine, paths)
        limits = [one._replace(year=one.budget_year or today.year) for one in batch.records]
        answers = fund.set_limits(store, chart_on(law, today)[0], limits)
        refused = {
            limit.key: (
                answer.outcome.value,
                f"{answer.outcome.label}：{answer.key} {answer.detail}".strip(),
                answer.outcome.next_step,
            )
            for limit, answer in zip(batch.records, answers, strict=True)
            if not answer.outcome.stands
        }
        return _finished(engine, batch, answers, refused, folder)


def post_files(
    store: Store, law: Law, paths: Sequence[Path], out: Path | None = None, *, whole: bool = False,
    tell: Tell = _silent,
) -> Done:  # fmt: skip
    """Posts the entries of files; each entry or linked group stands alone, with ``whole`` all do or none.

    With ``whole`` a single rejected row keeps everything out. A unit that was committed stays when a later one fails.
    """
    with Engine() as engine, result_folder(out) as folder:
        tell("读入凭证")
        batch = read_entries(engine, paths)
        entries = batch.entries
        tell(f"记账，{len(entries):,}张凭证")
        answers: list[Answer] = []
        if whole and _spoilt(batch):
            why = "文件里有被退回的行"
            answers = [Answer(entry.entry_id, Outcome.BATCH_REFUSED, why) for entry in entries]
        elif entries:
            chart, _view = chart_on(law, max(entry.entry_date for entry in entries))
            total = f"{len(entries):,}"
            answers = fund.post(store, chart, entries, whole=whole, tell=lambda n: tell(f"记账，{n:,}/{total}张凭证"))
        posted = [answer.key for answer in answers if answer.outcome is Outcome.POSTED]
        with store.reading() as connection:
            amounts = readings.amounts_of(connection, posted) if posted else {}
        findings = [*batch.faults, *refusals(batch, answers)]
        done = Done(answers, findings, batch.report, amounts)
        done.refused_rows = _write(engine, batch, reasons(answers), done, folder)
        return done


def _said(answer: Answer) -> str:
    return f"{answer.outcome.label}：{answer.key} {answer.detail}".strip()


def _spoilt(batch: Batch[Any]) -> bool:
    """Whether a file's fault left out more than rows that stand twice."""
    return any(one.severity is Severity.ERROR and one.code != "duplicate_row" for one in batch.faults)


def _finished(
    engine: Engine, batch: Batch[Any], answers: list[Answer], refused: dict[str, tuple[str, str, str]],
    folder: Path | None,
) -> Done:  # fmt: skip
    """The outcome of a batch whose refused records are given by key: code, message and next step."""
    findings = [
        Finding(code, Severity.ERROR, text, batch.place(key)._replace(column="", value=""), "", step, "", key)
        for key, (code, text, step) in refused.items()
    ]
    done = Done(answers, [*batch.faults, *findings], batch.report)
    done.refused_rows = _write(engine, batch, {key: one[1] for key, one in refused.items()}, done, folder)
    return done


@contextmanager
def result_folder(out: Path | None) -> Iterator[Path | None]:
    """The folder to write to, made before anything is committed, so that one that cannot be made stops the work."""
    if out is None:
        yield None
        return
    with tables.output_folder(out, OPTIONAL) as folder:
        yield folder


def _write(engine: Engine, batch: Batch[Any], more: dict[str, str], done: Done, folder: Path | None) -> int:
    """Writes what is to be mended and a summary, where a folder was asked for; returns the number of refused rows."""
    rows = batch.report.rows_rejected + sum(len(batch.rows[key]) for key in more)
    if folder is None:
        return rows
    if rows:
        write_refused(folder / "rejected.xlsx", engine, batch, more)
    if any(one.severity is not Severity.INFO for one in done.findings):
        tables.write_findings(folder / "findings.xlsx", done.findings)
    facts = {
        "files": batch.report.files, "rows_read": batch.report.rows_read, "rows_refused": rows,
        "outcomes": {outcome.value: count for outcome, count in done.counts.items()},
    }  # fmt: skip
    text = json.dumps(facts, ensure_ascii=False, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return rows
