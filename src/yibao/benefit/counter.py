"""One claim at a counter: the state as it was read and a command in, an outcome and a record out. Pure.

The claim is settled by the same kernel as a city's year (`yibao.benefit.year.settle_all`), over a family of one claim.
What it moved is kept with it, so a reversal takes the moves back and needs no law. Rules: RULEBOOK §0 (4).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

import numpy as np

from yibao.benefit import national
from yibao.benefit import plan as p
from yibao.benefit.counter_facts import Care, Placed, Sharer
from yibao.benefit.counter_records import (
    ACCOUNT,
    HOME,
    SEEN,
    SETTLE,
    SUM,
    USED,
    Credit,
    Move,
    SettledLine,
    Settlement,
)
from yibao.benefit.outcomes import BY_CODE, BY_NUMBER, Outcome
from yibao.benefit.terms import Context, PlanBook
from yibao.benefit.year import settle_all
from yibao.catalogue.scope import TIMES
from yibao.kernel import MAX_FEN

RESULT_NAMES = tuple(name.upper() for name in p.RESULT_NAMES)
"""The names of a result, in the order of `plan.RESULT`."""
MAX_PRICE, MAX_COUNT = 10**16, 10**14
"""Prices are below 10¹⁰ 元 and quantities below 10⁸, as where tables are loaded; both in 10⁻⁶."""
Slot = tuple[str, int, str]
Amounts = Mapping[str, int]


class Held:
    """What is carried from settlement to settlement of some owners: accumulators by (owner, year, slot), counters (used
    and last mark) by (owner, name), balances by person. What is not there is 0, a mark -1.
    """

    def __init__(
        self,
        sums: Mapping[Slot, int] | None = None,
        counters: Mapping[tuple[str, str], tuple[int, int]] | None = None,
        balances: Mapping[str, int] | None = None,
    ) -> None:
        self.sums, self.counters, self.balances = dict(sums or {}), dict(counters or {}), dict(balances or {})

    def counter(self, owner: str, name: str) -> tuple[int, int]:
        """What of a counter is used, and its last mark."""
        return self.counters.get((owner, name), (0, -1))

    def apply(self, moves: Iterable[Move]) -> None:
        """Moves everything."""
        for move in moves:
            if move.what == SUM:
                slot = (move.owner, move.year, move.name)
                self.sums[slot] = self.sums.get(slot, 0) + move.amount
            elif move.what == ACCOUNT:
                self.balances[move.owner] = self.balances.get(move.owner, 0) + move.amount
            elif move.what == USED:
                key = (move.owner, move.name)
                self.counters[key] = self.counter(*key)[0] + move.amount, move.mark

    def undo(self, moves: Sequence[Move]) -> list[Move]:
        """Takes moves back, the last first, and returns what that moved. A counter's mark goes back to what it was
        unless another settlement has marked it since.
        """
        back: list[Move] = []
        for move in reversed(moves):
            one = move._replace(amount=-move.amount)
            if move.what == USED:
                now = self.counter(move.owner, move.name)[1]
                one = one._replace(mark=move.before if now == move.mark else now, before=now)
            self.apply([one])
            back.append(one)
        return back


class View(NamedTuple):
    """What the decision sees, read under locks. ``nth`` is the last number among the owners; ``known`` the records that
    are named, ``reversals`` the reversal of each that has one, ``adjustments`` what corrected them.
    """

    held: Held
    nth: int = 0
    known: Mapping[str, Settlement] = {}
    reversals: Mapping[str, str] = {}
    adjustments: Mapping[str, Sequence[Settlement]] = {}
    as_of: date | None = None


class Decision(NamedTuple):
    """The outcome, and the record to keep; where the outcome is ``exists`` that which is kept already."""

    outcome: Outcome
    record: Settlement | None = None
    undone: tuple[Settlement, ...] = ()
    """What a reversal takes back: the settlement and its adjustments."""

    @property
    def kept(self) -> Settlement | None:
        """The new record, if there is one."""
        return None if self.outcome is Outcome.EXISTS else self.record


class Bill(NamedTuple):
    """A claim as the kernel takes it. ``home`` is the owner of the household's accumulators, or empty; ``day`` counts
    from 1970, as do those of sharers.
    """

    place: int
    psn_no: str
    home: str
    year: int
    day: int
    total: int
    reward: int
    commercial: int
    sharers: tuple[Sharer, ...]
    frozen: tuple[str, ...]
    """Those of the person and the sharers whose account nothing can be drawn on."""
    lines: tuple[SettledLine, ...]

    @property
    def owners(self) -> list[str]:
        """Whoever it may move something of."""
        return sorted({self.psn_no, *(one.owner for one in self.sharers), *([self.home] if self.home else [])})


class Run(NamedTuple):
    """What the kernel made of a bill: the row of results and everything it moved."""

    result: list[int]
    moves: list[Move]


def bill_of(book: PlanBook, placed: Placed, total: int, lines: Sequence[SettledLine]) -> Bill:
    """The bill of a claim that has its terms: sharers and household only where the terms look at them."""
    plan, place = book.plan, placed.place
    settled = place >= 0 and plan[place + p.T_OUTCOME] == 0
    mutual = settled and plan[place + p.T_MUTUAL] != 0
    home = HOME + placed.home if settled and placed.home and plan[place + p.T_HOUSEHOLD_ON] != 0 else ""
    sharers = tuple(one for one in placed.sharers if mutual and one.first <= placed.day <= one.last)
    frozen = tuple(sorted(placed.frozen & {placed.psn_no, *(one.owner for one in sharers)}))
    return Bill(place, placed.psn_no, home, placed.year, placed.day, total, placed.reward, placed.commercial, sharers,
                frozen, in_order(lines))  # fmt: skip


def in_order(lines: Iterable[SettledLine]) -> tuple[SettledLine, ...]:
    """Lines as they are scoped: those of a day that counts once together (queue_line.sql)."""
    return tuple(sorted(lines, key=lambda one: (one.counter_mark, one.feedetl_sn)))


def bill_again(book: PlanBook, one: Settlement) -> Bill:
    """The bill of a settlement as it was, with the terms of its own context and day."""
    context, facts = Context(**json.loads(one.context)), json.loads(one.facts)
    refusal = facts["refusal"]
    place = book.refusal(BY_CODE[refusal]) if refusal else book.terms(context, one.terms_day).place
    sharers = tuple(Sharer(*sharer) for sharer in facts["sharers"])
    return Bill(place, one.psn_no, one.home, one.benefit_year, facts["day"], one.total, facts["reward"],
                facts["commercial"], sharers, tuple(facts["frozen"]), one.lines)  # fmt: skip


# ── the kernel ──


def run(book: PlanBook, held: Held, bill: Bill) -> Run:
    """Settles a bill against what is held, by the kernel of the batch. Changes nothing."""
    names = list(book.slots)
    stretches = [bill.psn_no, *([bill.home] if bill.home else [])]
    before = [held.sums.get((owner, bill.year, name), 0) for owner in stretches for name in names]
    people = list(dict.fromkeys([bill.psn_no, *(one.owner for one in bill.sharers)]))
    keys = list(dict.fromkeys(line.counter for line in bill.lines if line.counter))
    counted = [held.counter(bill.psn_no, key) for key in keys]
    number = {key: place for place, key in enumerate(keys)}
    claim = [0] * p.CLAIM
    claim[p.C_TERMS], claim[p.C_REVERSES], claim[p.C_TOTAL], claim[p.C_DAY] = bill.place, -1, bill.total, bill.day
    claim[p.C_HOUSEHOLD_BASE] = len(names) if bill.home else 0
    claim[p.C_REWARD], claim[p.C_COMMERCIAL] = bill.reward, bill.commercial
    claim[p.C_LINES_N], claim[p.C_SHARERS_N] = len(bill.lines), len(bill.sharers)
    lines = [value for one in bill.lines for value in (*one[3:15], number.get(one.counter, -1))]
    state, used, marks = [*before, 0], [one[0] for one in counted], [one[1] for one in counted]
    sharers = list(chain(*((people.index(one.owner), one.first, one.last) for one in bill.sharers)))
    balances = [0 if person in bill.frozen else held.balances.get(person, 0) for person in people]
    out, line_out, draws = [0] * p.RESULT, [0] * (p.LINE_OUT * len(bill.lines)), [0] * len(bill.sharers)
    settle_all(book.plan, claim, 0, 1, lines, used, marks, state, balances, sharers, out, line_out, draws)
    after = zip((Move(SUM, owner, bill.year, name, 0) for owner in stretches for name in names), before, state,
                strict=False)  # fmt: skip
    moves = [move._replace(amount=now - was) for move, was, now in after if now != was]
    if out[p.R_OUTCOME] == 0:
        moves += _counted(bill, line_out)
    drawn = [(bill.psn_no, out[p.R_ACCOUNT]), *zip((one.owner for one in bill.sharers), draws, strict=True)]
    moves += [Move(ACCOUNT, owner, 0, "", -amount) for owner, amount in drawn if amount]
    moved = {move.owner for move in moves}
    return Run(out, [*moves, *(Move(SEEN, owner, 0, "", 0) for owner in bill.owners if owner not in moved)])


def _counted(bill: Bill, line_out: Sequence[int]) -> Iterable[Move]:
    for place, line in enumerate(bill.lines):
        taken, before = line_out[place * p.LINE_OUT + p.LO_COUNTED], line_out[place * p.LINE_OUT + p.LO_MARK]
        if line.counter and taken > 0:
            mark = line.counter_mark if line.counter_mark >= 0 else before
            yield Move(USED, bill.psn_no, 0, line.counter, taken, mark, before)


def numbered(lines: Sequence[SettledLine], held: Held, psn_no: str) -> tuple[SettledLine, ...]:
    """The lines that count by times with the mark of this settlement: the one after the counter's last."""
    return tuple(
        line._replace(counter_mark=max(0, held.counter(psn_no, line.counter)[1]) + 1)
        if line.counter and line.counter_unit == TIMES else line
        for line in lines
    )  # fmt: skip


def amounts_of(result: Sequence[int], employee: bool) -> dict[str, int]:
    """The national fields of a result in fen, without zeros. Raises IdentityError."""
    found = national.setlinfo(np.array([result], dtype=np.int64), np.array([employee]))
    return {name: int(value[0]) for name, value in found.items() if value[0]}


# ── a claim ──


class Asked(NamedTuple):
    """A claim as it came, with what law and catalogue say of it. ``refused`` is why it has no terms, if so."""

    care: Care
    placed: Placed
    bill: Bill
    digest: str
    posted: bool
    refused: Outcome | None = None


def settle_claim(book: PlanBook, view: View, asked: Asked) -> Decision:
    """Settles a claim once: the same claim again answers ``exists``, another under its id ``duplicate``."""
    known = view.known.get(asked.care.setl_id)
    if known is not None:
        return again(known, asked.digest)
    wrong = _wrong(asked, view.as_of) or asked.refused
    if wrong is not None:
        return Decision(wrong)
    bill = asked.bill._replace(lines=numbered(asked.bill.lines, view.held, asked.bill.psn_no))
    done = run(book, view.held, bill)
    record = _record(asked, bill, done, view.nth + 1)
    view.held.apply(done.moves)
    return Decision(BY_CODE[record.outcome], record)


def again(known: Settlement, digest: str) -> Decision:
    """The answer to an id that is there already."""
    return Decision(Outcome.EXISTS, known) if known.digest == digest else Decision(Outcome.DUPLICATE)


def _wrong(asked: Asked, today: date | None) -> Outcome | None:
    """The first thing wrong with a claim by itself."""
    lines, total = asked.bill.lines, asked.bill.total
    if today is not None and asked.care.setl_time.date() > today:
        return Outcome.FUTURE_DATE
    amounts = (abs(line.amount_fen) > MAX_FEN for line in lines)
    priced = (not 0 <= line.price_micro < MAX_PRICE or abs(line.cnt_micro) >= MAX_COUNT for line in lines)
    if not 0 <= total <= MAX_FEN or any(amounts) or any(priced):
        return Outcome.OUT_OF_BOUNDS
    if any(line.amount_fen < 0 or line.cnt_micro < 0 for line in lines):
        return Outcome.NEGATIVE_LINE
    return Outcome.LINES_DO_NOT_SUM if sum(line.amount_fen for line in lines) != total else None


def _record(asked: Asked, bill: Bill, done: Run, nth: int) -> Settlement:
    care, placed = asked.care, asked.placed
    amounts = amounts_of(done.result, placed.context.insutype == "310")
    return Settlement(
        care.setl_id, care.msgid, SETTLE, placed.admdvs, care.setl_time.year, care.psn_no, bill.home,
        care.fixmedins_code, care.mdtrt_id, care.med_type, placed.context.kind, placed.context.insutype,
        care.setl_time.isoformat(), placed.law_day, placed.terms_day, bill.year,
        BY_NUMBER[done.result[p.R_OUTCOME]].code, None, nth, bill.total, int(asked.posted), asked.digest,
        as_json(placed.context._asdict()), as_json(facts_of(bill, placed.refusal)), as_json(named(done.result)),
        as_json(amounts), bill.lines,
        tuple(done.moves),
    )  # fmt: skip


def facts_of(bill: Bill, refusal: str) -> dict[str, object]:
    """What a settlement keeps of its bill, so that it can be settled again (`bill_again`)."""
    return {
        "refusal": refusal, "day": bill.day, "reward": bill.reward, "commercial": bill.commercial,
        "sharers": [list(one) for one in bill.sharers], "frozen": list(bill.frozen),
    }  # fmt: skip


def named(result: Sequence[int]) -> dict[str, int]:
    """A result by name, without zeros and without its outcome."""
    return {name: value for name, value in zip(RESULT_NAMES[1:], result[1:], strict=True) if value}


def as_json(value: object) -> str:
    """Compact JSON, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(*parts: object) -> str:
    """A fingerprint of what was asked, by which the same is known again."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def added(parts: Iterable[tuple[int, str]]) -> dict[str, int]:
    """The sum of amounts kept as JSON, each with its sign; without zeros."""
    found: dict[str, int] = {}
    for sign, text in parts:
        for name, value in json.loads(text).items():
            found[name] = found.get(name, 0) + sign * value
    return {name: value for name, value in found.items() if value}


# ── money for an account ──


def credit_account(view: View, known: Credit | None, credit: Credit) -> tuple[Outcome, Credit | None]:
    """Money into a person's account, once."""
    if known is not None:
        return (Outcome.EXISTS if known._replace(nth=0) == credit._replace(nth=0) else Outcome.DUPLICATE), None
    if not 0 <= credit.amount <= MAX_FEN:
        return Outcome.OUT_OF_BOUNDS, None
    view.held.apply([Move(ACCOUNT, credit.psn_no, 0, "", credit.amount)])
    return Outcome.CREDITED, credit._replace(nth=view.nth + 1)
