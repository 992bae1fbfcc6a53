"""The page on the fund's books lists every answer of the ledger, in the order in which it is given."""

import re
from pathlib import Path

from fund.ledger_oracle import LIMITS, RULES

from yibao.fund.outcomes import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "fund.md"
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
OF_SEVERAL = {
    Outcome.TRANSFER_BETWEEN_INSURANCES, Outcome.TRANSFER_UNEQUAL, Outcome.GROUP_HALF_REVERSED, Outcome.GROUP_CHANGED,
    Outcome.LINKED_REFUSED, Outcome.BATCH_REFUSED,
}  # fmt: skip
"""Answers that are about more than one entry."""


def test_the_page_lists_every_outcome_in_the_order_of_precedence_with_its_words() -> None:
    listed = [tuple(cell.strip() for cell in row) for row in ROW.findall(PAGE.read_text(encoding="utf-8"))]
    assert listed == [(one.value, one.label, one.next_step) for one in Outcome]


def test_only_what_is_on_the_books_stands() -> None:
    assert [one for one in Outcome if one.stands] == [Outcome.EXISTS, Outcome.POSTED]


def test_every_outcome_has_words_of_its_own() -> None:
    assert len({one.label for one in Outcome}) == len(Outcome)
    assert all(one.next_step for one in Outcome)


def test_the_slow_model_has_a_rule_for_every_refusal_of_an_entry() -> None:
    by_id = {Outcome.EXISTS, Outcome.ID_REUSED, Outcome.POSTED}
    assert {*RULES, *LIMITS, *OF_SEVERAL, *by_id} == {*Outcome} - {Outcome.PERIOD_NOT_NEXT}
