"""A bank statement against the books: import its lines once, match, and record what the bank says the account held."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from yibao import tables
from yibao.engine import Engine
from yibao.flows.fund_bank_file import BankBatch, read_bank
from yibao.flows.fund_batches import result_folder
from yibao.flows.fund_rows import write_refused
from yibao.flows.fund_setting import FundError, chart_on, no_account
from yibao.fund.bank import WINDOW_DAYS, Balances, BookLine, Reconciled, assertion, closing_balance, match
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Assertion, BankLine
from yibao.fund.view import Answer
from yibao.kernel import Finding, Severity, yuan
from yibao.law import Law
from yibao.store import KINDS, Store, Unit, fetch, journal, ledger, readings
from yibao.tables import LoadReport, Sheet

WORKBOOK = "reconciliation.xlsx"


class BankCheck(NamedTuple):
    """What came of a bank statement: lines kept now and before, the reconciliation on ``day``, and every bad row."""

    account: Account
    day: date
    added: int
    known: int
    reconciled: Reconciled
    balances: Balances
    recorded: bool
    """Whether an assertion was added; not where a row was refused, or the last one of that day says the same."""
    findings: list[Finding]
    report: LoadReport
    refused_rows: int

    @property
    def closes(self) -> bool:
        """Whether the two adjusted balances agree, and every row of the files was read."""
        return self.balances.unexplained == 0 and not self.refused_rows


def check_bank(
    store: Store, law: Law, paths: Sequence[Path], acct_no: str, *, day: date | None = None,
    stated: int | None = None, out: Path | None = None,
) -> BankCheck:  # fmt: skip
    """Keeps the lines of a statement, matches the account with all kept so far, and records the assertion.

    ``day`` is the last day looked at, by default that of the last line in the files. ``stated`` is the bank's balance
    then in fen, needed where the statement prints none. Raises FundError for an account that is not there or has no
    bank statement, and where nothing says what the bank held.
    """
    with store.reading() as connection:
        account = readings.find_account(connection, acct_no)
    _check_account(law, account, acct_no)
    assert account is not None  # checked before
    with Engine() as engine, result_folder(out) as folder:
        batch = read_bank(engine, paths, acct_no)
        if not batch.lines and day is None:
            raise FundError("对账单里没有一行可用；请按列出的问题修改文件", [batch.report])
        answers = _keep(store, acct_no, batch.lines)
        standing = [line.day for line, one in zip(batch.lines, answers, strict=True) if one.outcome.stands]
        if not standing and day is None:
            raise FundError("对账单里没有一行可用；请按列出的问题修改文件", [batch.report])
        last = day or max(standing)
        refused = batch.report.rows_rejected or any(not one.outcome.stands for one in answers)
        reconciled, balances, kept = _reconciled(store, account, last, stated, batch, record=not refused)
        findings = [*batch.faults, *_refused(batch, answers)]
        more = {answer.key: answer.outcome.label for answer in answers if not answer.outcome.stands}
        rows = batch.report.rows_rejected + len(more)
        done = BankCheck(
            account, last, sum(one.outcome is Outcome.POSTED for one in answers),
            sum(one.outcome is Outcome.EXISTS for one in answers), reconciled, balances, kept, findings,
            batch.report, rows,
        )  # fmt: skip
        if folder is not None:
            _write(engine, batch, more, done, folder)
    return done


def _check_account(law: Law, account: Account | None, acct_no: str) -> None:
    if account is None:
        raise no_account(acct_no)
    chart, _view = chart_on(law, account.opened)
    if not chart.subject(account.subj_code).bank:
        banks = "、".join(one.label for one in chart.subjects.values() if one.bank)
        raise FundError(f"“{acct_no} {account.name}”没有银行或国库对账单；有对账单的科目：{banks}")


def _keep(store: Store, acct_no: str, lines: Sequence[BankLine]) -> list[Answer]:
    """Adds the lines not kept yet, in their order; one kept with other content is refused."""

    def work(unit: Unit) -> list[Answer]:
        ledger.lock_accounts(unit, [acct_no])
        before = fetch(unit.connection, KINDS["bank_line"], [line.key for line in lines])
        answers = []
        for line in lines:
            kept = before.get(line.key)
            same = kept is None or kept == line
            outcome = Outcome.POSTED if kept is None else Outcome.EXISTS if same else Outcome.ID_REUSED
            if line.day > unit.today:
                outcome = Outcome.FUTURE_DATE
            answers.append(Answer(line.key, outcome))
        unit.add([line for line, one in zip(lines, answers, strict=True) if one.outcome is Outcome.POSTED])
        return answers

    return store.transact(work)


def _refused(batch: BankBatch, answers: Sequence[Answer]) -> list[Finding]:
    changed = (
        "bank_line_changed", "bank_ref", "同一银行流水号的一行以前导入过，内容不同；以先导入的为准",
        "对账单被改动，或银行更正了这一笔", "向银行核实，更正应另有流水号",
    )  # fmt: skip
    future = (
        "future_date",
        "bank_date",
        "交易日期在今天之后",
        "日期有误，或是预排的",
        "核对日期；到那一天再导入",
    )
    found: list[Finding] = []
    for answer in answers:
        if not answer.outcome.stands:
            code, column, message, cause, step = future if answer.outcome is Outcome.FUTURE_DATE else changed
            place = batch.place(answer.key)._replace(column=column, value="")
            found.append(Finding(code, Severity.ERROR, message, place, cause, step, key=answer.key))
    return found


def _reconciled(
    store: Store, account: Account, day: date, stated: int | None, batch: BankBatch, record: bool
) -> tuple[Reconciled, Balances, bool]:
    """Matches and records in one unit of work, so that the assertion holds for the books as they were matched."""

    def work(unit: Unit) -> tuple[Reconciled, Balances, bool]:
        connection = unit.connection
        ledger.lock_accounts(unit, [account.no])
        bank = [line for line in readings.bank_lines(connection, account.no) if line.day <= day]
        held = closing_balance(bank, day) if stated is None else stated
        if held is None:
            raise FundError(
                f"对账单没有到{day.isoformat()}为止的余额，无法对账；请用 --balance 写明银行余额（元）", [batch.report]
            )
        booked = _booked(journal.movements(connection, account.no, until=day))
        reconciled = _matched(booked, bank, account.opened)
        ours = sum(line.amount if line.side == "D" else -line.amount for line in booked)
        before = readings.last_assertion(connection, account.no, day)
        new = assertion(account.no, account.admdvs, day, held, ours, reconciled, before.number + 1 if before else 1)
        same = before is not None and _said(before) == _said(new)
        unit.add([new] if record and not same else [])
        return reconciled, reconciled.balances(ours, held), record and not same

    return store.transact(work)


def _said(one: Assertion) -> tuple[int, int, int]:
    return one.stated, one.booked, one.differences


def _booked(movements: Sequence[journal.Movement]) -> list[BookLine]:
    """The posted lines. A reverse and what it takes back share one bank_ref, so that they cancel out.

    Where the entry had none it is a made one that no bank knows: a real payment then belongs to what was booked anew.
    """
    refs = {one.entry_id: one.bank_ref for one in movements}
    shared = {
        one.refers: refs.get(one.refers) or f"冲销 {one.refers}"
        for one in movements
        if one.action is Action.REVERSE and one.refers is not None
    }
    return [
        BookLine(
            one.entry_id, one.day, one.side, one.amount,
            shared.get((one.refers or "") if one.action is Action.REVERSE else one.entry_id) or one.bank_ref,
            one.settles, one.memo,
        )
        for one in movements
        if one.action in journal.POSTED
    ]  # fmt: skip


def _matched(booked: Sequence[BookLine], bank: Sequence[BankLine], opened: date) -> Reconciled:
    """The matching from the first bank line kept on.

    Bookings before it are in the balance that the statement began with, as is one entry on the account's first day
    that brought that balance in; they are looked at only where a later bank line is theirs.
    """
    if not bank:
        return match(booked, bank)
    since = bank[0].day
    refs = {line.bank_ref for line in bank}
    earlier = [line for line in booked if line.day < since]
    late = since - timedelta(days=WINDOW_DAYS)
    some = [line for line in earlier if line.bank_ref in refs or (not line.bank_ref and line.day >= late)]
    opening = _opening(booked, bank[0], opened)
    found = match([*some, *(line for line in booked if line.day >= since and line is not opening)], bank)
    return found._replace(
        offset=[line for line in found.offset if line.day >= since],
        only_ledger=[line for line in found.only_ledger if line.day >= since],
    )


def _opening(booked: Sequence[BookLine], first: BankLine, opened: date) -> BookLine | None:
    """The entry of the account's first day that brings in what the statement began with, if there is one."""
    if first.balance is None or first.day != opened:
        return None
    began = first.balance - (first.amount if first.side == "D" else -first.amount)
    fits = [line for line in booked if line.day == opened and not line.bank_ref and line.side == "D"]
    return next((line for line in fits if line.amount == began), None)


def _write(engine: Engine, batch: BankBatch, more: dict[str, str], done: BankCheck, folder: Path) -> None:
    tables.write_xlsx(folder / WORKBOOK, _sheets(done))
    if done.refused_rows:
        write_refused(folder / "rejected.xlsx", engine, batch, more)
    if any(one.severity is not Severity.INFO for one in done.findings):
        tables.write_findings(folder / "findings.xlsx", done.findings)


def _sheets(done: BankCheck) -> list[Sheet]:
    """余额调节表 and the lines behind it."""
    found = done.reconciled
    title = f"{done.account.no} {done.account.name} {done.day.isoformat()}"
    heads = ("日期", "方向", "金额（元）", "编号", "结算依据或对方", "摘要")
    return [
        Sheet("余额调节表", (title, "金额（元）"), [(label, yuan(fen)) for label, fen in done.balances.rows()]),
        Sheet("银行有账上没有", heads, [_bank_row(line) for line in found.only_bank]),
        Sheet("账上有银行没有", heads, [_book_row(line) for line in found.only_ledger]),
        Sheet("金额不符", ("来源", *heads), [
            row
            for pair in found.differs
            for row in (*(("账面", *_book_row(line)) for line in pair.ledger),
                        *(("银行", *_bank_row(line)) for line in pair.bank))
        ]),
        Sheet("账上相互抵销", heads, [_book_row(line) for line in found.offset]),
    ]  # fmt: skip


def _bank_row(line: BankLine) -> tuple[object, ...]:
    return line.day, _way(line.side), yuan(line.amount), line.bank_ref, line.counterparty, line.memo


def _book_row(line: BookLine) -> tuple[object, ...]:
    return line.day, _way(line.side), yuan(line.amount), line.entry_id, line.settles, line.memo


def _way(side: str) -> str:
    return "收" if side == "D" else "付"
