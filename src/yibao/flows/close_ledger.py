"""Posts a year's clearing into the fund's books: opens them, sets the budget, books batch after batch, reads back.

Each batch (prepayments, a month, the year-end clearing of a fund) is one unit of work: all of it or nothing. What the
books refuse stops that fund there: earlier batches stand, later ones are listed as not posted. Sending the same close
again is harmless: what is in the books answers ``exists``. The proof that the books say what clearing says is
`yibao.flows.close_proof.proved`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from yibao.clearing.records import Adjustment
from yibao.engine import Engine
from yibao.flows import fund
from yibao.flows.close_entries import (
    EXPENSE,
    HOME_POOL,
    HOSPITAL_SUBJECTS,
    Batch,
    Days,
    FundClose,
    YearClose,
    batches,
    fund_name,
    home_pool,
    hospitals,
)
from yibao.flows.close_proof import proved
from yibao.flows.fund_files import EntryBatch, read_entries, refusals
from yibao.flows.fund_setting import FundError, chart_on
from yibao.flows.fund_statement import FundStatements, gather
from yibao.fund.chart import Chart, account_for, standard_accounts
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Book, Entry, Limit, LimitKind, account_no
from yibao.fund.view import Answer
from yibao.kernel import Finding, Period, Severity, yuan_text
from yibao.law import Law, View
from yibao.standard import CODE_TABLES
from yibao.store import Store, StoreError, journal

Tell = Callable[[str], None]


class State(StrEnum):
    """What became of a batch."""

    POSTED = "posted"
    EXISTS = "exists"
    REFUSED = "refused"
    NOT_POSTED = "not_posted"

    @property
    def label(self) -> str:
        """The Chinese name shown to users."""
        return {"posted": "已记账", "exists": "已在账上", "refused": "整批退回", "not_posted": "未记账"}[self]


class BatchDone(NamedTuple):
    """A batch with what became of it; ``answers`` is empty where the books were not asked."""

    batch: Batch
    state: State
    answers: tuple[Answer, ...] = ()
    because: str = ""
    """Why it was not sent: the label of the batch that was refused before it."""

    @property
    def refusal(self) -> Answer | None:
        """The answer that the batch fell by, where it was refused."""
        return next((one for one in self.answers if _fell_by(one)), None) if self.state is State.REFUSED else None

    def rows(self) -> list[dict[str, Any]]:
        """Rows of postings.parquet; amounts in fen."""
        told = self.answers or tuple(
            Answer("", Outcome.BATCH_REFUSED, f"前面的{self.because}没有记账") for _entry in self.batch.entries
        )
        return [
            _row(self.batch.key, entry, one.outcome.value if self.answers else self.state.value, one.detail)
            for entry, one in zip(self.batch.entries, told, strict=True)
        ]


class Posting(NamedTuple):
    """All that posting a year came to.

    ``batches`` in the order they were sent; ``paid`` the funds whose payments are booked; ``findings`` those of the
    own entries (with their rows), then of the ledger, then of the proof. ``unverified`` are keys of law.
    """

    batches: list[BatchDone]
    own: list[tuple[Entry, Answer]]
    paid: frozenset[str]
    findings: list[Finding]
    unverified: list[str]

    @property
    def stands(self) -> bool:
        """Whether every batch is in the books."""
        return all(one.state in (State.POSTED, State.EXISTS) for one in self.batches)

    def rows(self) -> list[dict[str, Any]]:
        """Rows of postings.parquet, the own entries first; amounts in fen."""
        own = [_row("own", entry, one.outcome.value, one.detail) for entry, one in self.own]
        return own + [row for one in self.batches for row in one.rows()]


def post_close(
    store: Store, law: Law, close: YearClose, own_entries: Sequence[Path] = (), tell: Tell = lambda _step: None
) -> Posting:
    """Books the year's clearing. ``own_entries`` are files of table ``ledger_entries`` or folders that may hold some.

    Where own entries of a fund stand in the books (opening balance, income, money moved to 支出户) its payments are
    booked too; else what hospitals are due stays payable, with a remark. Raises StoreError, which says how far it got,
    LawError for a parameter that is missing, ChartError for a fund that the chart of accounts lacks.
    """
    chart, view = chart_on(law, date(close.year, 12, 31))
    granted = any(row.amount for one in close.funds for row in one.result.prepay)
    days, unverified = read_days(law, close.year, granted=granted)
    tell("读入记账凭证")
    own = _read_own(own_entries)
    tell("开立账户")
    open_year(store, chart, close, own.entries if own else ())
    set_budgets(store, chart, close)
    tell("记期初、收入和划拨凭证")
    answers = fund.post(store, chart, own.entries) if own else []
    findings = [*own.faults, *refusals(own, answers)] if own else []
    standing = list(zip(own.entries, answers, strict=True)) if own else []
    books = {Book(entry.admdvs, entry.fund_type) for entry, one in standing if one.outcome.stands}
    paid = frozenset(one.fund_type for one in close.funds if close.book(one) in books)
    done: list[BatchDone] = []
    for one in close.funds:
        if one.fund_type not in paid:
            findings.append(_unpaid(one))
        mine = _post(store, chart, batches(close, one, days, paid=one.fund_type in paid), tell)
        done += mine
        findings += _refused(mine)
        if all(batch.state in (State.POSTED, State.EXISTS) for batch in mine):
            tell(f"核对{fund_name(one.fund_type)}账面与清算结果")
            findings += proved(store, close._replace(funds=[one]), paid)
    return Posting(done, standing, paid, findings, sorted({*unverified, *view.unverified}))


# --- the books ------------------------------------------------------------------------------------------------------


def read_days(law: Law, year: int, *, granted: bool = True) -> tuple[Days, list[str]]:
    """The days that the year's entries bear, and the keys of unverified parameters they come from.

    A month is settled on ``settle.month.day`` of the next one, as the law stood at the month's end; December, like the
    clearing, on 31 December. A day that the next month lacks is its last day. ``granted`` says whether anybody gets a
    prepayment: only then is ``prepay.pay_day`` asked for. Raises FundError for a day that is none.
    """
    views = [law.at(date(year, 1, 1))]
    prepay = _pay_day(views[0]) if granted else None
    months = []
    for month in range(1, 12):
        end, last = Period.month(year, month).end, Period.month(year, month + 1).end
        assert end is not None and last is not None  # a calendar month ends
        views.append(law.at(end))
        day = views[-1].integer("settle.month.day")
        if day < 1:
            raise FundError(f"参数 settle.month.day（月度结算日）“{day}”应为1至31；请改正政策包")
        months.append(last.replace(day=min(day, last.day)))
    final = date(year, 12, 31)
    return Days(prepay, (*months, final), final), sorted({key for view in views for key in view.unverified})


def _pay_day(view: View) -> date:
    text = view.text("prepay.pay_day")
    try:
        return date.fromisoformat(f"{view.day.year}-{text}")
    except ValueError as error:
        raise FundError(f"参数 prepay.pay_day（预付金拨付日）“{text}”应写成月-日，如 01-20；请改正政策包") from error


def open_year(store: Store, chart: Chart, close: YearClose, own: Iterable[Entry] = ()) -> int:
    """Opens what the books lack: standard accounts, those of hospitals and of home pools; returns how many.

    They open on 1 January, or on the day of the fund's first own entry where that is earlier: an opening balance is
    booked on the last day of the year before. Accounts that are open stay as they are.
    """
    first: dict[Book, date] = {}
    for entry in own:
        book = Book(entry.admdvs, entry.fund_type)
        first[book] = min(entry.entry_date, first.get(book, entry.entry_date))
    with store.reading() as connection:
        known = {one.no for book in map(close.book, close.funds) for one in journal.accounts(connection, book)}
    accounts: list[Account] = []
    limits: list[Limit] = []
    for one in close.funds:
        book = close.book(one)
        day = min(date(close.year, 1, 1), first.get(book, date.max))
        standard, floors = standard_accounts(chart, book, day)
        wanted = [(subject, code) for code in hospitals(one) for subject in HOSPITAL_SUBJECTS]
        wanted += [(HOME_POOL, pool) for pool in sorted({home_pool(row.insuplc_admdvs) for row in one.result.offsite})]
        accounts += [*standard, *(account_for(chart, book, subject, code, day) for subject, code in wanted)]
        limits += floors
    new = [one for one in accounts if one.no not in known]
    if new:
        fund.open_accounts(store, new, limits)
    return len(new)


def set_budgets(store: Store, chart: Chart, close: YearClose) -> list[Answer]:
    """Sets the year's budget of 住院费用支出 of each fund; the basis names the budget and every adjustment."""
    limits = [
        Limit(
            account_no(*close.book(one), EXPENSE), LimitKind.BUDGET, close.year, 0, one.limit, basis(close, one),
            close.admdvs, close.year,
        )
        for one in close.funds
    ]  # fmt: skip
    return fund.set_limits(store, chart, limits)


def basis(close: YearClose, one: FundClose) -> str:
    """The document of a budget limit: ``2025年职工…住院DIP预算1000.00元，…，调剂金20.00元``."""
    planned = sum(row.planned for row in one.budget.rows if row.kind == "line" and row.item == "dip")
    parts = [f"{close.year}年{fund_name(one.fund_type)}住院DIP预算{yuan_text(planned)}元"]
    parts += [_adjusted(raised) for raised in one.adjustments if raised.line in ("dip", "reserve")]
    parts.append(f"调剂金{yuan_text(one.budget.reserve)}元")
    if not one.excluded_to_dip:
        parts.append(f"由其他指标列支的除外费用{yuan_text(one.result.totals.excluded_due)}元")
    return "，".join(parts)


def _adjusted(raised: Adjustment) -> str:
    reason = CODE_TABLES["adjust_reason"].codes.get(raised.reason, raised.reason)
    approved = f"{raised.approved.isoformat()}批准" if raised.approved else ""
    text = " ".join(part for part in (reason, approved, raised.basis) if part)
    what = "调剂金调增" if raised.line == "reserve" else "调增"
    return f"{what}{yuan_text(raised.fen)}元（{raised.adjust_id} {text}）"


# --- posting --------------------------------------------------------------------------------------------------------


def _read_own(paths: Sequence[Path]) -> EntryBatch | None:
    """The own entries, or None where no path leads to any."""
    if not paths:
        return None
    with Engine() as engine:
        found = read_entries(engine, paths)
    return None if set(found.report.counts) == {"no_table_file"} else found


def _post(store: Store, chart: Chart, found: Sequence[Batch], tell: Tell) -> list[BatchDone]:
    """Posts the batches of one fund until one is refused."""
    done: list[BatchDone] = []
    because = ""
    for batch in found:
        if because:
            done.append(BatchDone(batch, State.NOT_POSTED, because=because))
            continue
        tell(f"记账：{batch.label}，{len(batch.entries):,}张凭证")
        try:
            answers = fund.post(store, chart, batch.entries, whole=True)
        except StoreError as error:
            raise type(error)(f"{batch.label}：{error}（此前各批已经记账，重新运行不会重复）") from error
        state = State.POSTED
        if not all(one.outcome.stands for one in answers):
            state, because = State.REFUSED, batch.label
        elif all(one.outcome is Outcome.EXISTS for one in answers):
            state = State.EXISTS
        done.append(BatchDone(batch, state, tuple(answers)))
    return done


def _fell_by(answer: Answer) -> bool:
    return not answer.outcome.stands and answer.outcome is not Outcome.BATCH_REFUSED


_NEXT = {
    Outcome.OVER_BUDGET: "按规定程序调整住院DIP预算，写入 budget_adjustments 后重新运行；已记的批次不会重复",
    Outcome.BELOW_FLOOR: "在 ledger_entries 里补上拨入支出户的凭证后重新运行；已记的批次不会重复",
    Outcome.ID_REUSED: "结果变了：另写 --store 记进新的账务库；或冲销原凭证，用 yibao fund post 另记",
    Outcome.FUTURE_DATE: "记账日期还没有到，到那一天再运行；已记的批次不会重复",
    Outcome.PERIOD_CLOSED: "这个月已经结账，不能再记；换一个新的账务库，或用 yibao fund post 记入未结账的月份",
    Outcome.ACCOUNT_NOT_OPEN: "账户的启用日期晚于年初；换一个新的账务库重新记账",
}
"""What is done next after a refused batch, where it is not what the outcome says of a single entry."""


def _refused(done: Sequence[BatchDone]) -> list[Finding]:
    """The refused batch of a fund, and what was not posted after it."""
    found: list[Finding] = []
    for one in done:
        answer = one.refusal
        if answer is None:
            continue
        others = sum(map(_fell_by, one.answers)) - 1
        more = f"，另有{others:,}张凭证也被退回" if others else ""
        detail = f"（{answer.detail}）" if answer.detail else ""
        whole = f"{one.batch.label}整批{len(one.batch.entries):,}张凭证没有记账"
        text = f"{whole}：{answer.key}{answer.outcome.label}{detail}{more}"
        step = _NEXT.get(answer.outcome, answer.outcome.next_step)
        found.append(Finding(answer.outcome.value, Severity.ERROR, text, next_step=step, key=one.batch.key))
    left = [one.batch.label for one in done if one.state is State.NOT_POSTED]
    if left:
        text = f"其后{len(left)}批没有记账：{'、'.join(left)}"
        step = "先处理被退回的一批，再重新运行"
        found.append(Finding(State.NOT_POSTED.value, Severity.ERROR, text, next_step=step, key=found[0].key))
    return found


def _unpaid(one: FundClose) -> Finding:
    return Finding(
        "payments_not_posted", Severity.INFO,
        f"{fund_name(one.fund_type)}没有自己的记账凭证，只记应付，不记拨付、预付金和预付金收回",
        cause="文件夹里没有这个账套的期初余额、收入和拨入支出户的凭证，账上没有可付的款",
        next_step="要记拨付的，把这些凭证写进 ledger_entries 后重新运行；已记的不会重复", key=one.fund_type,
    )  # fmt: skip


def _row(batch: str, entry: Entry, outcome: str, detail: str) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id, "batch": batch, "fund_type": entry.fund_type, "entry_date": entry.entry_date,
        "outcome": outcome, "amount": sum(line.amount for line in entry.lines if line.side == "D"),
        "settles": entry.settles, "detail": detail,
    }  # fmt: skip


# --- statements -----------------------------------------------------------------------------------------------------


class YearBooks(NamedTuple):
    """Where a closed year stands in the books: the store's place, the law and agency, the year, its funds, the day."""

    place: str
    law: Law
    year: int
    funds: tuple[str, ...]
    today: date


def year_statements(store: Store, books: YearBooks, fund_type: str) -> FundStatements:
    """What the statements of a fund's year show: the agency's own book, to the month at hand at most.

    `yibao.report.fund.write_fund_report` writes them into a folder. Raises FundError when the books hold nothing of it.
    """
    last = max(books.year * 100 + 1, min(books.year * 100 + 12, books.today.year * 100 + books.today.month))
    months = (books.year * 100 + 1, last)
    return gather(store, books.law, fund_type, months, admdvs=books.law.code, today=books.today)
