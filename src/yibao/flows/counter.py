"""A counter: one claim settled against the store, whole or not at all; taken back; and what depended on it.

Wires the store, the law (kept warm), the catalogue and cover in memory, and the fund's books; holds no rule. What a
settlement moves, its record and its entries in the ledger are one unit of work (docs/internals/benefit.md).
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from yibao.benefit.counter import (
    Asked,
    Decision,
    Held,
    View,
    bill_of,
    credit_account,
    digest,
    reverse_settlement,
    settle_claim,
)
from yibao.benefit.counter_facts import Care, Covered, Placed, Reader, Refund
from yibao.benefit.counter_records import USED, Credit, SettledLine, Settlement
from yibao.benefit.counter_replay import Changed, adjustments, changed_by, without_of
from yibao.benefit.counter_steps import steps_of
from yibao.benefit.outcomes import Outcome
from yibao.benefit.terms import Context, PlanBook
from yibao.catalogue import Claim, FeeLine, History, facts_of_claim, terms_reader
from yibao.enrolment.cover import entitlement, person_cover
from yibao.enrolment.records import Cover, Person
from yibao.enrolment.terms import TermBook
from yibao.flows.counter_load import CreditRow, Someone, Tables
from yibao.flows.counter_post import entries_back, entries_of
from yibao.flows.fund_setting import chart_on
from yibao.fund.chart import Chart
from yibao.fund.decide import decide
from yibao.fund.records import Entry
from yibao.kernel import Step
from yibao.law import Law
from yibao.store import KINDS, Store, Unit, accumulators, fetch, ledger

PEOPLE = 100_000
"""Of how many people the cover is kept in memory."""


class CounterError(RuntimeError):
    """A question about a settlement that is not there. The message is Chinese."""


class Answer(NamedTuple):
    """The outcome; the settlement as it is kept, where it is; and why the books refused, where they did."""

    outcome: Outcome
    settlement: Settlement | None = None
    detail: str = ""


class Resettled(NamedTuple):
    """The outcome (``adjusted``, or why not), what came out otherwise, and the records that were written."""

    outcome: Outcome
    changed: list[Changed]
    records: list[Settlement]
    detail: str = ""


class Counter:
    """Settles claims of one city, one by one. One for each thread: it keeps what it has read of the law.

    ``post`` says whether the ledger is posted to; without its accounts every claim that a fund pays for is refused.
    ``first_year`` is the first of which cover is worked out. Methods raise StoreError kinds, and LawError kinds for a
    key that the law leaves open: nothing is written then.
    """

    def __init__(
        self, store: Store, law: Law, tables: Tables, *, first_year: int, post: bool = True, known: date | None = None
    ) -> None:
        self.store, self.law, self.tables, self.post = store, law, tables, post
        self.book = PlanBook(law, known)
        self.reader = Reader(self.book, tables.world)
        self._terms = terms_reader(law, known=known)
        self._covers, self._first = TermBook(law, known), first_year
        self._charts: dict[date, Chart] = {}
        self.cover = lru_cache(PEOPLE)(self._cover)

    # ── a claim ──

    def settle(self, care: Care, lines: Sequence[FeeLine]) -> Answer:
        """Settles a claim; the same claim sent again answers ``exists`` with what it came to."""
        days = self.reader.days(care)
        placed, refused = self.reader.place(care, days, self.covered(care.psn_no, days.law_day))
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
            care.insutype or someone.insutype, care.dise_codg, care.diag_codes, someone.gend, someone.person.brdy,
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

    def _keep(self, unit: Unit, view: View, decision: Decision) -> Answer:
        """Posts and keeps what was decided; nothing of it where the books refuse."""
        record = decision.kept
        if record is None:
            return Answer(decision.outcome, decision.record)
        entries = entries_back(record, decision.undone) if decision.undone else entries_of(record)
        detail = self._post(unit, entries if record.posted else [])
        if detail:
            return Answer(Outcome.POSTING_REFUSED, None, detail)
        accumulators.keep(unit, [record], view.held)
        return Answer(decision.outcome, record)

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
        if day not in self._charts:
            self._charts[day] = chart_on(self.law, day)[0]
        return self._charts[day]

    # ── back ──

    def reverse(self, refund: Refund) -> Answer:
        """Takes a settlement back: accumulators, counters, accounts and books are as without it."""
        text = digest(refund._replace(msgid=""))

        def work(unit: Unit) -> Answer:
            owners, moved = {refund.psn_no}, self._standing(unit, refund.init_setl_id)
            locked: set[str] = set()
            while not (owners := owners.union(*(one.owners for one in moved))) <= locked:
                accumulators.lock_owners(unit, owners)
                locked |= owners
                moved = self._standing(unit, refund.init_setl_id)
            names = sorted({move.name for one in moved for move in one.moves if move.what == USED})
            year = moved[0].benefit_year if moved else 0
            ids = [refund.setl_id, refund.init_setl_id]
            view = accumulators.counter_view(unit, accumulators.Wanted(sorted(locked), year, names, ids))
            partial = bool(moved) and self.reader.partial(moved[0].law_day)
            decision = reverse_settlement(view, refund, partial=partial, posted=self.post, asked=text)
            return self._keep(unit, view, decision)

        return self.store.transact(work)

    @staticmethod
    def _standing(unit: Unit, setl_id: str) -> list[Settlement]:
        """A settlement with its adjustments, if it is there."""
        found = fetch(unit.connection, KINDS["settlement"], [setl_id])
        if not found:
            return []
        return [found[setl_id], *accumulators.referring(unit.connection, found)[1].get(setl_id, ())]

    def dependents(self, setl_id: str) -> list[Changed]:
        """The later settlements of the family that would come out otherwise without this one, in their order.

        Raises CounterError where there is no such settlement.
        """
        with self.store.reading() as connection:
            found, without = self._story(connection, setl_id)
            held = accumulators.all_held(connection, found.owners)
        return changed_by(self.book, held, found.events, without)

    def resettle(self, setl_id: str, at: datetime) -> Resettled:
        """Brings what depended on a settlement that was taken back to what it would have been without it, by records
        that adjust. What is not taken back answers ``unknown_reversal``. Raises CounterError as `dependents` does.
        """

        def work(unit: Unit) -> Resettled:
            connection, locked, nth = unit.connection, set[str](), 0
            found, without = self._story(connection, setl_id)
            while not set(found.owners) <= locked:
                nth = accumulators.lock_owners(unit, found.owners)
                locked |= set(found.owners)
                found, without = self._story(connection, setl_id)
            if at.date() > unit.today:
                return Resettled(Outcome.FUTURE_DATE, [], [])
            if setl_id not in accumulators.referring(connection, [setl_id])[0]:
                return Resettled(Outcome.UNKNOWN_REVERSAL, [], [])
            held = accumulators.all_held(connection, found.owners)
            changed = changed_by(self.book, held, found.events, without)
            return self._adjust(unit, held, changed, adjustments(
                changed, without, at, nth, self._counts(unit, changed), posted=self.post
            ))  # fmt: skip

        return self.store.transact(work)

    @staticmethod
    def _counts(unit: Unit, changed: Sequence[Changed]) -> dict[str, int]:
        ids = [one.settlement.setl_id for one in changed]
        return {key: len(some) for key, some in accumulators.referring(unit.connection, ids)[1].items()}

    def _adjust(self, unit: Unit, held: Held, changed: list[Changed], records: list[Settlement]) -> Resettled:
        detail = self._post(unit, [entry for one in records if one.posted for entry in entries_of(one)])
        if detail:
            return Resettled(Outcome.POSTING_REFUSED, changed, [], detail)
        for one in records:
            held.apply(one.moves)
        if records:
            accumulators.keep(unit, records, held)
        return Resettled(Outcome.ADJUSTED, changed, records)

    def _story(self, connection: Connection, setl_id: str) -> tuple[accumulators.Family, frozenset[str]]:
        """Everything kept of a settlement's family from it on, and the settlements that are left out of a replay."""
        kept = fetch(connection, KINDS["settlement"], [setl_id])
        if setl_id not in kept or kept[setl_id].action != "settle":
            raise CounterError(f"没有结算{setl_id}；核对结算ID")
        since = kept[setl_id].nth
        while True:
            found = accumulators.family(connection, kept[setl_id].owners, since)
            without = without_of(found.events, setl_id)
            first = min(one.nth for one in fetch(connection, KINDS["settlement"], without).values())
            if first >= since:
                return found, without
            since = first

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
        """Every amount of a settlement with the parameter that it comes from."""
        context = Context(**json.loads(settlement.context))
        refused = bool(json.loads(settlement.facts).get("refusal"))
        used = {} if refused else self.book.terms(context, settlement.terms_day).used
        return steps_of(settlement, used)
