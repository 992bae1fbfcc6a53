"""A counter: one claim settled against the store, whole or not at all; taken back; and what depended on it.

Wires the store, the law (kept warm), the catalogue and cover in memory, and the fund's books; holds no rule. What a
settlement moves, its record and its entries in the ledger are one unit of work (docs/internals/benefit.md).
"""

import json
from bisect import bisect
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from yibao.benefit.counter import Asked, Bill, Decision, Held, View, bill_of, credit_account, digest, settle_claim
from yibao.benefit.counter_back import left_of, reprice, reverse_settlement
from yibao.benefit.counter_facts import Care, Covered, Days, Placed, Reader, Refund
from yibao.benefit.counter_records import REVERSE, SETTLE, USED, Credit, SettledLine, Settlement
from yibao.benefit.counter_replay import Changed, adjustments, changed_by, mark
from yibao.benefit.outcomes import BY_CODE, Outcome
from yibao.benefit.plan import RESULT_NAMES
from yibao.benefit.steps import Cited, bill
from yibao.benefit.terms import Context, PlanBook
from yibao.catalogue import Claim, FeeLine, History, facts_of_claim, terms_reader
from yibao.enrolment.cover import entitlement, person_cover
from yibao.enrolment.records import Cover, Person
from yibao.enrolment.terms import TermBook
from yibao.flows.counter_load import CreditRow, Someone, Tables
from yibao.flows.counter_post import entries_back, entries_of, posting_day
from yibao.flows.fund_setting import chart_on
from yibao.fund.chart import Chart
from yibao.fund.decide import decide
from yibao.fund.records import Entry
from yibao.kernel import Step
from yibao.law import Law, MissingParameter
from yibao.store import KINDS, Store, Unit, accumulators, fetch, ledger

PEOPLE = 100_000
"""Of how many people the cover is kept in memory."""


class CounterError(RuntimeError):
    """A question about a settlement that is not there. The message is Chinese."""


class Answer(NamedTuple):
    """The outcome; the settlement as it is kept, where it is; why the books refused, where they did; and the settlement
    of what a partial reversal has left.
    """

    outcome: Outcome
    settlement: Settlement | None = None
    detail: str = ""
    left: tuple[Settlement, ...] = ()


class Resettled(NamedTuple):
    """The outcome (``adjusted``, or why not), what came out otherwise, and the records that were written."""

    outcome: Outcome
    changed: list[Changed]
    records: list[Settlement]
    detail: str = ""


class Counter:
    """Settles claims of one city, one by one. One for each thread: it keeps what it has read of the law.

    ``post`` says whether claims are posted to the ledger; then one that a fund pays for is refused where an account is
    not open. What was posted is always posted back.
    ``first_year`` is the first of which cover is worked out. Methods raise StoreError kinds, and LawError kinds for a
    key that the law leaves open: nothing is written then.
    """

    def __init__(
        self, store: Store, law: Law, tables: Tables, *, first_year: int, post: bool = True, known: date | None = None
    ) -> None:
        self.store, self.law, self.tables, self.post = store, law, tables, post
        self.book = PlanBook(law, known)
        self.reader = Reader(self.book, tables.world)
        chronic = any(one.chronic and one.vali_days is None for one in tables.catalogue.rx.values())
        self._terms = terms_reader(law, known=known, chronic=chronic)
        self._covers, self._first = TermBook(law, known), first_year
        self._charts: dict[int, Chart] = {}
        self._chart_days = _days_of_change(law, "fund.")
        self.cover = lru_cache(PEOPLE)(self._cover)

    # ── a claim ──

    def settle(self, care: Care, lines: Sequence[FeeLine]) -> Answer:
        """Settles a claim; the same claim sent again answers ``exists`` with what it came to."""
        days = self.reader.days(care)
        placed, refused = self._placed(care, days)
        text = digest(care._replace(msgid=""), sorted(lines))
        prior = self._prior(lines)
        first = None if prior else self._asked(care, lines, placed, refused, text, History())

        def work(unit: Unit) -> Answer:
            asked = first
            if asked is None:
                accumulators.lock_owners(unit, bill_of(self.book, placed, care.total, ()).owners)
                used = accumulators.used_on(unit.connection, care.psn_no, prior)
                asked = self._asked(care, lines, placed, refused, text, History(used))
            view = accumulators.counter_view(unit, self._wanted(asked))
            return self._keep(unit, view, settle_claim(self.book, view, asked))

        return self.store.transact(work)

    def _placed(self, care: Care, days: Days) -> tuple[Placed, Outcome | None]:
        try:
            return self.reader.place(care, days, self.covered(care.psn_no, days.law_day))
        except MissingParameter as error:
            error.add_note(f"结算{care.setl_id}，适用{days.law_day.isoformat()}的政策")
            raise

    def covered(self, psn_no: str, day: date) -> Covered:
        """What enrolment answers for a person and a day."""
        found = entitlement(self._someone(psn_no).person, day, self.cover(psn_no))
        return Covered(found.outcome.value, found.insutype, found.psn_type, found.clct_way)

    def _cover(self, psn_no: str) -> list[Cover]:
        folk = self.tables.folk
        return person_cover(
            self._someone(psn_no).person, folk.enrolments.get(psn_no, ()), folk.contributions.get(psn_no, ()),
            self._covers, self._first, folk.identities.get(psn_no, ()),
        )  # fmt: skip

    def _someone(self, psn_no: str) -> Someone:
        return self.tables.folk.people.get(psn_no) or Someone(Person(psn_no))

    def _prior(self, lines: Sequence[FeeLine]) -> frozenset[str]:
        """The items that one of the lines asks to have been used before."""
        catalogue = self.tables.catalogue
        items = (item for line in lines for item in catalogue.items.get(line.code, ()))
        limits = (limit for item in items for limit in catalogue.limits.get((item.code, item.from_day), ()))
        return frozenset(code for limit in limits for code in limit.prior)

    def _asked(
        self, care: Care, lines: Sequence[FeeLine], placed: Placed, refused: Outcome | None, text: str, history: History
    ) -> Asked:
        provider = self.tables.world.providers.get(care.fixmedins_code)
        someone = self._someone(care.psn_no)
        claim = Claim(
            care.setl_id, care.psn_no, care.fixmedins_code, care.med_type, provider.hosp_lv if provider else "",
            care.med_type == "41" or (provider is not None and provider.fixmedins_type == "2"), care.mdtrt_id,
            care.insutype or placed.context.insutype or someone.insutype, care.dise_codg, care.diag_codes,
            someone.gend, someone.person.brdy,
            care.dr_codg, care.rxno,
        )  # fmt: skip
        facts = facts_of_claim(lines, claim, self.tables.catalogue, self._terms, history)
        settled = [
            SettledLine(one.feedetl_sn, line.code, line.day.isoformat(), *one.line, one.channel, int(one.reason),
                        one.counter_key)
            for line, one in zip(lines, facts, strict=True)
        ]  # fmt: skip
        bill = bill_of(self.book, placed, care.total, settled)
        return Asked(care, placed, bill, text, self.post, refused)

    @staticmethod
    def _wanted(asked: Asked) -> accumulators.Wanted:
        names = sorted({line.counter for line in asked.bill.lines if line.counter})
        return accumulators.Wanted(asked.bill.owners, asked.bill.year, names, [asked.care.setl_id])

    def _keep(self, unit: Unit, view: View, decision: Decision, more: Sequence[Settlement] = ()) -> Answer:
        """Posts and keeps what was decided, with ``more`` that follows; nothing of it where the books refuse."""
        record = decision.kept
        if record is None:
            return Answer(decision.outcome, decision.record)
        detail = self._post(unit, self._entries(record, decision.undone, more))
        if detail:
            return Answer(Outcome.POSTING_REFUSED, None, detail)
        accumulators.keep(unit, [record, *more], view.held)
        return Answer(decision.outcome, record, "", tuple(more))

    def _entries(self, record: Settlement, undone: Sequence[Settlement], more: Sequence[Settlement]) -> list[Entry]:
        """What is to be posted of records: nothing where none of them is."""
        made = [one for one in (record, *more) if one.action != REVERSE and one.posted]
        if not made and not record.posted:
            return []
        chart = self._chart(posting_day(record))
        return [*entries_back(record, undone, chart), *(entry for one in made for entry in entries_of(one, chart))]

    def _post(self, unit: Unit, entries: Sequence[Entry]) -> str:
        """Posts entries, all or none; why the books refused, or nothing."""
        if not entries:
            return ""
        decision = decide(ledger.ledger_view(unit, entries), self._chart(entries[0].entry_date), entries, whole=True)
        refused = [one for one in decision.answers if not one.outcome.stands]
        ledger.keep(unit, decision)
        named = [one for one in refused if one.outcome.value != "batch_refused"] or refused
        return "；".join(f"{one.key}{one.outcome.label}{f'（{one.detail}）' if one.detail else ''}" for one in named)

    def _chart(self, day: date) -> Chart:
        span = bisect(self._chart_days, day)
        if span not in self._charts:
            self._charts[span] = chart_on(self.law, day)[0]
        return self._charts[span]

    # ── back ──

    def reverse(self, refund: Refund) -> Answer:
        """Takes a settlement back: accumulators, counters, accounts and books are as without it."""
        text = digest(refund._replace(msgid=""))

        def work(unit: Unit) -> Answer:
            moved, nobody = accumulators.standing(unit.connection, refund.init_setl_id), frozenset[str]()
            rest = self._left(moved[0], refund) if moved else None
            owners = {refund.psn_no, *(rest.owners if rest else nobody)}
            locked: set[str] = set()
            while not (owners := owners.union(*(one.owners for one in moved))) <= locked:
                accumulators.lock_owners(unit, owners)
                locked |= owners
                moved = accumulators.standing(unit.connection, refund.init_setl_id)
            view = accumulators.counter_view(unit, self._wanted_back(moved, locked, refund))
            decision = reverse_settlement(view, refund, partial=rest is not None, asked=text)
            if rest is None or decision.kept is None:
                return self._keep(unit, view, decision)
            return self._keep(unit, view, decision, [reprice(self.book, view, decision.kept, rest)])

        return self.store.transact(work)

    def _left(self, was: Settlement, refund: Refund) -> Bill | None:
        """What a partial reversal leaves, where the law allows one."""
        if was.action != SETTLE or not refund.total < was.total or not self.reader.partial(was.law_day):
            return None
        return left_of(self.book, was, refund, self.reader.person_on(was, refund.setl_time))

    @staticmethod
    def _wanted_back(moved: Sequence[Settlement], owners: set[str], refund: Refund) -> accumulators.Wanted:
        names = {move.name for one in moved for move in one.moves if move.what == USED}
        names |= {line.counter for one in moved for line in one.lines if line.counter}
        year = moved[0].benefit_year if moved else 0
        return accumulators.Wanted(sorted(owners), year, sorted(names), [refund.setl_id, refund.init_setl_id])

    def dependents(self, setl_id: str) -> list[Changed]:
        """The later settlements of the family that would come out otherwise without this one, in their order.

        Raises CounterError where there is no such settlement.
        """
        with self.store.reading() as connection:
            found = _there(accumulators.story(connection, setl_id), setl_id)
            held = accumulators.all_held(connection, found.owners)
        return changed_by(self.book, held, found.events, found.without)

    def resettle(self, setl_id: str, at: datetime) -> Resettled:
        """Brings what depended on a settlement that was taken back to what it would have been without it, by records
        that adjust. What is not taken back answers ``unknown_reversal``. Raises CounterError as `dependents` does.
        """

        def work(unit: Unit) -> Resettled:
            connection, locked, nth = unit.connection, set[str](), 0
            found = _there(accumulators.story(connection, setl_id), setl_id)
            while not set(found.owners) <= locked:
                nth = accumulators.lock_owners(unit, found.owners)
                locked |= set(found.owners)
                found = _there(accumulators.story(connection, setl_id), setl_id)
            if at.date() > unit.today:
                return Resettled(Outcome.FUTURE_DATE, [], [])
            if setl_id not in accumulators.referring(connection, [setl_id])[0]:
                return Resettled(Outcome.UNKNOWN_REVERSAL, [], [])
            held = accumulators.all_held(connection, found.owners)
            changed = changed_by(self.book, held, found.events, found.without)
            counts = self._counts(unit, [one.settlement.setl_id for one in changed])
            records = adjustments(changed, found.without, at, nth, counts)
            if not records and setl_id not in found.before:
                records = [mark(found.settlement, at, nth, self._counts(unit, [setl_id]).get(setl_id, 0))]
            return self._adjust(unit, held, changed, records)

        return self.store.transact(work)

    @staticmethod
    def _counts(unit: Unit, ids: Sequence[str]) -> dict[str, int]:
        return {key: len(some) for key, some in accumulators.referring(unit.connection, ids)[1].items()}

    def _adjust(self, unit: Unit, held: Held, changed: list[Changed], records: list[Settlement]) -> Resettled:
        detail = self._post(unit, self._entries(records[0], (), records[1:]) if records else [])
        if detail:
            return Resettled(Outcome.POSTING_REFUSED, changed, [], detail)
        for one in records:
            held.apply(one.moves)
        if records:
            accumulators.keep(unit, records, held)
        return Resettled(Outcome.ADJUSTED, changed, records)

    # ── accounts, and why ──

    def credit(self, row: CreditRow) -> Outcome:
        """Puts money into a person's account, once."""

        def work(unit: Unit) -> Outcome:
            view = accumulators.counter_view(unit, accumulators.Wanted([row.psn_no], 0))
            known = fetch(unit.connection, KINDS["credit"], [row.credit_id]).get(row.credit_id)
            credit = Credit(row.credit_id, row.psn_no, self.law.code, row.day, row.amount, 0)
            outcome, record = credit_account(view, known, credit)
            if record is not None:
                accumulators.keep(unit, [record], view.held)
            return outcome

        return self.store.transact(work)

    def steps(self, settlement: Settlement) -> list[Step]:
        """A settlement as a bill: every amount, how it came about and the parameter it rests on."""
        context, kept = Context(**json.loads(settlement.context)), json.loads(settlement.result)
        number = BY_CODE[settlement.outcome].number or 0
        result = [number, *(kept.get(name.upper(), 0) for name in RESULT_NAMES[1:])]
        if json.loads(settlement.facts).get("refusal"):
            return bill(self.book.plan, 0, {}, result)
        terms = self.book.terms(context, settlement.terms_day)
        cited = {key: Cited(one.value_text, str(one.source), not one.grade.verified) for key, one in terms.used.items()}
        return bill(self.book.plan, terms.place, cited, result)


def _days_of_change(law: Law, prefix: str) -> list[date]:
    """The days on which a parameter of these keys begins, or the day after it ends."""
    periods = [one.period for key in law.keys(prefix) for layer in law.layers_of(key) for one in layer]
    ends = [one.end for one in periods if one.end is not None and one.end < date.max]
    return sorted({one.start for one in periods} | {end + timedelta(1) for end in ends})


def _there(found: accumulators.Story | None, setl_id: str) -> accumulators.Story:
    if found is None:
        raise CounterError(f"没有结算{setl_id}；核对结算ID")
    return found
