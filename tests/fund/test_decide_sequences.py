"""Any sequence of commands in any batches: the answers of a slow model, balanced books, limits that hold."""

from collections.abc import Sequence
from datetime import date
from random import Random

from fund.ledger_commands import ACCOUNTS, CITY, COUNTY, DICE, RESIDENT, SERIOUS, random_limits, sequence
from fund.ledger_kept import Kept
from fund.ledger_oracle import Ledger, worth
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Book, Entry
from yibao.fund.view import latest_bounds

CLOSED = st.sampled_from([{}, {}, {CITY: 202412}])
TODAY = st.sampled_from([None, None, date(2025, 1, 31)])
STEPS = st.integers(3, 18)
MANY = settings(max_examples=300)


def cut(dice: Random, steps: Sequence[list[Entry]]) -> list[list[Entry]]:
    """The steps in batches of any size."""
    batches, left = [], list(steps)
    while left:
        size = dice.randint(1, 5)
        batches.append([one for step in left[:size] for one in step])
        left = left[size:]
    return batches


@MANY
@given(DICE, STEPS, CLOSED, TODAY)
def test_every_answer_is_that_of_the_slow_model(
    dice: Random, steps: int, closed: dict[Book, int], today: date | None
) -> None:
    limits = random_limits(dice)
    kept, model = Kept(ACCOUNTS, limits, closed, today), Ledger(ACCOUNTS, limits, closed, today)
    for batch in cut(dice, sequence(dice, steps)):
        whole = dice.randrange(5) == 0
        if dice.randrange(5) == 0:
            # what is about no other entry names one
            batch = [one._replace(refers="E1") if one.action in (Action.POST, Action.RESERVE) else one for one in batch]
        assert kept.post(*batch, whole=whole) == model.answer(batch, whole=whole)
        assert kept.entries == model.entries


@MANY
@given(DICE, STEPS)
def test_debits_equal_credits_and_no_limit_is_ever_passed(dice: Random, steps: int) -> None:
    limits = random_limits(dice)
    kept = Kept(ACCOUNTS, limits)
    accounts = {account.no: account for account in ACCOUNTS}
    for batch in cut(dice, sequence(dice, steps)):
        kept.post(*batch, whole=dice.randrange(5) == 0)
        for book in (CITY, RESIDENT, SERIOUS, COUNTY):
            prefix = f"{book.admdvs}-{book.fund_type}-"
            own = [totals for (acct_no, _), totals in kept.totals.items() if acct_no.startswith(prefix)]
            assert sum(one.debit - one.credit for one in own) == 0
            assert sum(one.held_debit - one.held_credit for one in own) == 0
            assert all(min(one) >= 0 for one in own)
        for acct_no, bounds in latest_bounds((*one[:4], one.amount) for one in limits).items():
            if bounds.floor is not None:
                assert worth(kept.entries, accounts[acct_no], most=False) >= min(bounds.floor, 0)
            if bounds.ceiling is not None:
                assert worth(kept.entries, accounts[acct_no], most=True) <= bounds.ceiling
            for year, amount in bounds.budgets.items():
                assert worth(kept.entries, accounts[acct_no], most=True, year=year) <= amount


@MANY
@given(DICE, STEPS)
def test_replaying_the_journal_gives_the_same_balances(dice: Random, steps: int) -> None:
    limits = random_limits(dice)
    kept, again = Kept(ACCOUNTS, limits), Kept(ACCOUNTS, limits)
    for batch in cut(dice, sequence(dice, steps)):
        kept.post(*batch, whole=dice.randrange(5) == 0)
    for record in kept.entries:
        # A reverse is asked for without the lines that it is kept with; the members of a group come one by one here.
        lines = () if record.action is Action.REVERSE else record.lines
        assert again.one(record._replace(lines=lines, group_id=None)) is Outcome.POSTED
    assert again.moved() == kept.moved()


@MANY
@given(DICE, STEPS)
def test_the_answers_do_not_depend_on_how_a_sequence_is_cut_into_batches(dice: Random, steps: int) -> None:
    limits = random_limits(dice)
    made = [
        [one._replace(group_id=f"{one.group_id}-{place}") if one.group_id else one for one in step]
        for place, step in enumerate(sequence(dice, steps))
    ]
    single, cuts = Kept(ACCOUNTS, limits), Kept(ACCOUNTS, limits)
    answers = single.decide([one for step in made for one in step]).answers
    assert [answer for batch in cut(dice, made) for answer in cuts.decide(batch).answers] == answers
    assert (cuts.entries, cuts.moved()) == (single.entries, single.moved())
