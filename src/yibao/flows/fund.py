"""The ledger's flows: open, limit, post, close, expire. Each runs in units of work and returns after the commit."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

from yibao.fund.chart import Chart
from yibao.fund.closing import carry_entry
from yibao.fund.decide import decide
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Close, Entry, Limit, LimitKind
from yibao.fund.view import Answer
from yibao.kernel import yuan_text
from yibao.store import KINDS, Store, StoreError, Unit, fetch, journal, ledger

BATCH = 1_000
"""How many entries a unit of work posts at most, linked groups kept whole. More are no faster and make others wait."""


def post(
    store: Store, chart: Chart, entries: Sequence[Entry], *, whole: bool = False,
    tell: Callable[[int], None] = lambda _done: None,
) -> list[Answer]:  # fmt: skip
    """Posts entries; the answer to each, in its order, once all of it is on disk. ``tell`` hears how many are done.

    Every entry (or linked group) stands alone: a refused one keeps no other from being posted. With ``whole`` the
    batch is one unit of work: all or none. Sending the same batch again is harmless: what is in the books answers
    ``exists``. Raises StoreError, which says how many entries were committed before it. Raises ValueError for a carry
    entry: those are made by `close_month` alone.
    """
    if any(entry.action is Action.CARRY for entry in entries):
        raise ValueError("carry entries are made by close_month alone")
    answers: dict[int, Answer] = {}
    for places in [list(range(len(entries)))] if whole else _batches(entries):
        some = [entries[place] for place in places]
        try:
            found = store.transact(partial(_post, chart=chart, entries=some, whole=whole))
        except StoreError as error:
            if not answers:
                raise
            raise type(error)(f"{error}（在它之前的{len(answers):,}张已经处理，重发不会重复）") from error
        answers.update(zip(places, found, strict=True))
        tell(len(answers))
    return [answers[place] for place in range(len(entries))]


def _post(unit: Unit, chart: Chart, entries: Sequence[Entry], whole: bool) -> list[Answer]:
    decision = decide(ledger.ledger_view(unit, entries), chart, entries, whole=whole)
    ledger.keep(unit, decision)
    return decision.answers


def _batches(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """The places of the entries of one unit of work after another; the members of a group come together."""
    groups: dict[str, list[int]] = {}
    for place, entry in enumerate(entries):
        if entry.group_id is not None:
            groups.setdefault(entry.group_id, []).append(place)
    batch: list[int] = []
    for place, entry in enumerate(entries):
        if entry.group_id is None:
            batch.append(place)
        elif groups[entry.group_id][0] == place:
            batch += groups[entry.group_id]
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def open_accounts(store: Store, accounts: Sequence[Account], limits: Sequence[Limit] = ()) -> list[Answer]:
    """Opens accounts with their first limits; one that is open already with the same content answers ``exists``."""

    def work(unit: Unit) -> list[Answer]:
        ledger.lock_names(unit, {f"book {account.admdvs} {account.fund_type}" for account in accounts})
        kept = fetch(unit.connection, KINDS["account"], [account.no for account in accounts])
        answers: list[Answer] = []
        new: dict[str, Account] = {}
        for account in accounts:
            before = kept.get(account.no) or new.get(account.no)
            if before is None:
                new[account.no] = account
                answers.append(Answer(account.no, Outcome.POSTED))
            else:
                answers.append(Answer(account.no, Outcome.EXISTS if before == account else Outcome.ID_REUSED))
        unit.add(list(new.values()))
        unit.add([limit for limit in limits if limit.acct_no in new])
        return answers

    return store.transact(work)


def set_limits(store: Store, chart: Chart, limits: Sequence[Limit]) -> list[Answer]:
    """Sets limits: each is kept as the next version of its kind and year. One that says the same again ``exists``.

    The ``version`` given is ignored. A floor is never set below the one that the chart gives its subject.
    A limit below what is already booked is kept; it refuses further movement.
    """

    def work(unit: Unit) -> list[Answer]:
        accounts = ledger.lock_accounts(unit, {limit.acct_no for limit in limits})
        standing = ledger.read_standing(unit.connection, accounts)
        versions, kept = dict(standing.versions), ledger.read_limits(unit.connection, standing.versions)
        answers: list[Answer] = []
        for limit in limits:
            slot = (limit.acct_no, limit.kind.value, limit.budget_year)
            before = kept.get(slot)
            account = accounts.get(limit.acct_no)
            lawful = chart.subject(account.subj_code).floor if account and limit.kind is LimitKind.FLOOR else None
            if limit.acct_no not in accounts:
                answers.append(Answer(limit.acct_no, Outcome.ACCOUNT_UNKNOWN))
            elif lawful is not None and (limit.amount is None or limit.amount < lawful):
                answers.append(Answer(limit.acct_no, Outcome.BELOW_FLOOR, f"科目表的下限{yuan_text(lawful)}元不得降低"))
            elif before is not None and (before.amount, before.basis) == (limit.amount, limit.basis):
                answers.append(Answer(before.key, Outcome.EXISTS))
            else:
                versions[slot] = versions.get(slot, 0) + 1
                kept[slot] = limit._replace(version=versions[slot])
                unit.add([kept[slot]])
                answers.append(Answer(kept[slot].key, Outcome.POSTED))
        return answers

    return store.transact(work)


def expire(store: Store, chart: Chart, day: date) -> list[Answer]:
    """Ends every reservation whose last day is before ``day``: what it held is free again."""
    with store.reading() as connection:
        due = ledger.read_open_reservations(connection, day)
    entries = [
        one._replace(
            entry_id=f"EXPIRE-{one.entry_id}", action=Action.EXPIRE, entry_date=day, lines=(), refers=one.entry_id,
            expires=None, group_id=None, bank_ref=None, memo="预留到期",
        )
        for one in due
    ]  # fmt: skip
    return post(store, chart, entries)


def close_month(store: Store, chart: Chart, book: Book, month: int) -> Answer:
    """Closes a month (yyyymm) of a book that has ended: nothing can be posted in it or before it from then on.

    Months are closed one after another. December also carries income and expense over to the fund's balance (年终结转)
    in the same unit of work.
    """

    def work(unit: Unit) -> Answer:
        close = Close(book.admdvs, book.fund_type, month)
        if unit.today < date(*divmod(next_month(month), 100), 1):
            return Answer(close.key, Outcome.FUTURE_DATE, f"{month // 100}年{month % 100}月还没有结束")
        if not ledger.lock_book(unit, book):
            return Answer(close.key, Outcome.ACCOUNT_UNKNOWN, f"{book.admdvs} {book.fund_type}还没有开账")
        closed = ledger.read_standing(unit.connection, (), [book]).closed.get(book)
        if closed is not None and month <= closed:
            return Answer(close.key, Outcome.EXISTS)
        if closed is not None and month != next_month(closed):
            return Answer(close.key, Outcome.PERIOD_NOT_NEXT, f"已结账到{closed // 100}年{closed % 100}月")
        if closed is None and (left := journal.first_year(unit.connection, book)) and left < month // 100:
            return Answer(close.key, Outcome.PERIOD_NOT_NEXT, f"{left}年已有凭证，先结{left}年12月")
        if month % 100 == 12:
            rows = journal.turnovers(unit.connection, book)
            carry = carry_entry(chart, book, rows, month // 100)
            if carry is not None:
                answer = _post(unit, chart, [carry], whole=True)[0]
                if not answer.outcome.stands:
                    return answer
        unit.add([close])
        return Answer(close.key, Outcome.POSTED)

    return store.transact(work)


def next_month(month: int) -> int:
    """The month after ``yyyymm``."""
    return month + 1 if month % 100 < 12 else month + 89
