"""A settlement taken back, whole or in part: what it moved is moved back, and what is left is priced anew. Pure."""

import json

from yibao.benefit.counter import (
    Bill,
    Decision,
    View,
    added,
    again,
    amounts_of,
    as_json,
    bill_again,
    bill_of,
    facts_of,
    in_order,
    named,
    numbered,
    run,
)
from yibao.benefit.counter_facts import Placed, Refund
from yibao.benefit.counter_records import REVERSE, SETTLE, SettledLine, Settlement
from yibao.benefit.outcomes import Outcome
from yibao.benefit.terms import PlanBook
from yibao.kernel import MAX_FEN


def reverse_settlement(view: View, refund: Refund, *, partial: bool, asked: str) -> Decision:
    """Takes a whole settlement back, with what corrected it. ``partial`` says that less may be asked for: the whole is
    taken back all the same, and what is left is priced anew (`reprice`). ``asked`` is the digest.
    """
    known = view.known.get(refund.setl_id)
    if known is not None:
        return again(known, asked)
    was = view.known.get(refund.init_setl_id)
    wrong = _no_refund(view, refund, was, partial)
    if wrong is not None or was is None:
        return Decision(wrong or Outcome.UNKNOWN_REVERSAL)
    undone = (was, *view.adjustments.get(was.setl_id, ()))
    back = view.held.undo([move for one in undone for move in one.moves])
    record = was._replace(
        setl_id=refund.setl_id, msgid=refund.msgid, action=REVERSE, year=refund.setl_time.year,
        setl_time=refund.setl_time.isoformat(), outcome=Outcome.REVERSED.code, refers=was.setl_id, nth=view.nth + 1,
        total=-was.total, posted=int(any(one.posted for one in undone)), digest=asked, facts="{}",
        result=as_json(added([(-1, one.result) for one in undone])),
        amounts=as_json(added([(-1, one.amounts) for one in undone])), lines=(), moves=tuple(back),
    )  # fmt: skip
    return Decision(Outcome.REVERSED, record, undone)


def _no_refund(view: View, refund: Refund, was: Settlement | None, partial: bool) -> Outcome | None:
    if view.as_of is not None and refund.setl_time.date() > view.as_of:
        return Outcome.FUTURE_DATE
    if not 0 <= refund.total <= MAX_FEN:
        return Outcome.OUT_OF_BOUNDS
    if was is None or was.action != SETTLE:
        return Outcome.UNKNOWN_REVERSAL
    if was.setl_time > refund.setl_time.isoformat():
        return Outcome.UNKNOWN_REVERSAL
    same = was.psn_no == refund.psn_no and was.fixmedins_code == refund.fixmedins_code
    if not same or refund.total > was.total:
        return Outcome.REVERSAL_DIFFERS
    if refund.total < was.total and not partial:
        return Outcome.PARTIAL_NOT_ALLOWED
    if refund.total < was.total and sum(line.amount_fen for line in taken_back(was, refund)) != refund.total:
        return Outcome.REVERSAL_DIFFERS
    return Outcome.REVERSED_ALREADY if was.setl_id in view.reversals else None


def taken_back(was: Settlement, refund: Refund) -> list[SettledLine]:
    """The lines that a partial reversal names."""
    return [line for line in was.lines if line.feedetl_sn in refund.lines]


def reprice(book: PlanBook, view: View, back: Settlement, bill: Bill) -> Settlement:
    """A new settlement of what a partial reversal has left: ``bill``, by the terms and the day of the whole. Its id is
    the reversal's with ``.1``.
    """
    was = view.known[back.refers or ""]
    bill = bill._replace(lines=in_order(numbered(bill.lines, view.held, bill.psn_no)))
    done = run(book, view.held, bill)
    view.held.apply(done.moves)
    facts = facts_of(bill, json.loads(was.facts)["refusal"])
    return was._replace(
        setl_id=f"{back.setl_id}.1", msgid=back.msgid, year=back.year, setl_time=back.setl_time, nth=back.nth + 1,
        total=bill.total, digest=back.digest, facts=as_json(facts), result=as_json(named(done.result)),
        amounts=as_json(amounts_of(done.result, was.insutype == "310")), lines=bill.lines, moves=tuple(done.moves),
    )  # fmt: skip


def left_of(book: PlanBook, was: Settlement, refund: Refund, placed: Placed) -> Bill:
    """The bill of what a partial reversal leaves. ``placed`` is the person on the day of the reversal."""
    bill, gone = bill_again(book, was), taken_back(was, refund)
    then = bill_of(book, placed._replace(place=bill.place), 0, ())
    lines = tuple(line for line in bill.lines if line not in gone)
    return bill._replace(total=was.total - refund.total, day=then.day, sharers=then.sharers, frozen=then.frozen,
                         home=then.home, lines=lines)  # fmt: skip
