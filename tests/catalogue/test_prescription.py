"""The life of an outside prescription: a code is used once, in parts or at once, within its days."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yibao.catalogue import Terms
from yibao.catalogue.records import Rx
from yibao.catalogue.rx import RxAction, RxCommand, RxEvent, RxOutcome, RxState, RxView, decide, remaining, state_of

DAY = date(2025, 3, 5)
TERMS = Terms(False, 3, 30, True, True)
RX = Rx("R1", "X1", "P1", "H1", "D1", DAY, 10, "0.5g", state="issued")
CHECKED = RX._replace(state="checked")


def sale(number: int = 1, cnt: int = 4, day: date = DAY, code: str = "X1", **command: Any) -> RxCommand:
    event = RxEvent(f"S{number}/F1", "R1", RxAction.DISPENSE, day, code, cnt, f"S{number}")
    return RxCommand(event, command.get("psn_no", "P1"), command.get("dose", ""))


def back(refers: str, cnt: int, number: int = 9, code: str = "X1") -> RxCommand:
    return RxCommand(RxEvent(f"T{number}/F1", "R1", RxAction.BRING_BACK, DAY, code, cnt, f"T{number}", refers), "P1")


def act(action: RxAction, number: int = 5) -> RxCommand:
    return RxCommand(RxEvent(f"E{number}", "R1", action, DAY))


def live(view: RxView, *commands: RxCommand) -> tuple[RxView, list[RxOutcome]]:
    outcomes = []
    for command in commands:
        decision = decide(view, command, TERMS)
        outcomes.append(decision.outcome)
        view = RxView(view.drugs, (*view.events, *decision.records))
    return view, outcomes


def test_issued_checked_partly_used_used_up() -> None:
    view = RxView([RX])
    assert state_of(view, DAY, TERMS) is RxState.ISSUED
    view, said = live(view, sale(1), act(RxAction.CHECK), sale(2), sale(3, 6), sale(4, 1))
    assert said == [RxOutcome.RX_NOT_CHECKED, RxOutcome.DONE, RxOutcome.DONE, RxOutcome.DONE, RxOutcome.RX_USED_UP]
    assert state_of(RxView([RX], view.events[:1]), DAY, TERMS) is RxState.CHECKED
    assert state_of(RxView([RX], view.events[:2]), DAY, TERMS) is RxState.PART_USED
    assert state_of(view, DAY, TERMS) is RxState.USED


def test_the_day_of_issue_is_the_first_valid_day_and_a_rest_expires() -> None:
    view, said = live(RxView([CHECKED]), sale(1, day=DAY + timedelta(days=2)), sale(2, day=DAY + timedelta(days=3)))
    assert said == [RxOutcome.DONE, RxOutcome.RX_EXPIRED]
    assert state_of(view, DAY + timedelta(days=2), TERMS) is RxState.PART_USED
    assert state_of(view, DAY + timedelta(days=3), TERMS) is RxState.EXPIRED
    assert decide(RxView([CHECKED]), sale(day=DAY - timedelta(days=1)), TERMS).outcome is RxOutcome.RX_EXPIRED
    long = RxView([CHECKED._replace(chronic=True)])
    assert decide(long, sale(day=DAY + timedelta(days=29)), TERMS).outcome is RxOutcome.DONE
    own = RxView([CHECKED._replace(vali_days=1)])
    assert decide(own, sale(day=DAY + timedelta(days=1)), TERMS).outcome is RxOutcome.RX_EXPIRED
    assert state_of(RxView([RX]), DAY + timedelta(days=3), TERMS) is RxState.EXPIRED


def test_person_drug_dose_and_quantity_must_match() -> None:
    view = RxView([CHECKED])
    assert decide(RxView([]), sale(), TERMS) == (RxOutcome.RX_UNKNOWN, (), None)
    assert decide(view, sale(psn_no="P2"), TERMS).outcome is RxOutcome.RX_OTHER_PERSON
    assert decide(view, sale(code="X2"), TERMS).outcome is RxOutcome.RX_OTHER_DRUG
    assert decide(view, sale(dose="1g"), TERMS).outcome is RxOutcome.RX_OTHER_DOSE
    assert decide(view, sale(cnt=0), TERMS).outcome is RxOutcome.BAD_QUANTITY
    assert decide(view, sale(cnt=11), TERMS).outcome is RxOutcome.RX_OVER_QUANTITY
    assert decide(view, sale(cnt=10, dose="0.5g"), TERMS).outcome is RxOutcome.DONE


def test_the_same_command_twice_is_one_sale_and_another_under_its_number_is_refused() -> None:
    view, said = live(RxView([CHECKED]), sale(1), sale(1), sale(1, 5))
    assert said == [RxOutcome.DONE, RxOutcome.EXISTS, RxOutcome.ID_REUSED]
    assert remaining(view, "X1") == 6


def test_what_is_brought_back_can_be_sold_again_and_never_more_than_was_sold() -> None:
    view, said = live(
        RxView([CHECKED]), sale(1, 10), back("S1/F1", 11, 1), back("S1/F1", 4, 2), back("S1/F1", 7, 3),
        back("S7/F1", 1, 4), back("S1/F1", 0, 5), back("S1/F1", 1, 6, "X2"), sale(2, 4), sale(3, 1),
    )  # fmt: skip
    assert said == [
        RxOutcome.DONE, RxOutcome.OVER_SALE, RxOutcome.DONE, RxOutcome.OVER_SALE, RxOutcome.SALE_UNKNOWN,
        RxOutcome.BAD_QUANTITY, RxOutcome.SALE_UNKNOWN, RxOutcome.DONE, RxOutcome.RX_USED_UP,
    ]  # fmt: skip
    assert remaining(view, "X1") == 0


def test_only_an_unused_prescription_can_be_revoked_and_then_nothing_more_is_done() -> None:
    view, said = live(RxView([CHECKED]), sale(1, 4), act(RxAction.REVOKE, 1), back("S1/F1", 4), act(RxAction.REVOKE, 2))
    assert said == [RxOutcome.DONE, RxOutcome.RX_IN_USE, RxOutcome.DONE, RxOutcome.DONE]
    assert state_of(view, DAY, TERMS) is RxState.REVOKED
    _, said = live(view, sale(2), act(RxAction.CHECK, 3), act(RxAction.REVOKE, 4))
    assert said == [RxOutcome.RX_REVOKED] * 3
    assert live(RxView([CHECKED]), act(RxAction.CHECK))[1] == [RxOutcome.ALREADY_CHECKED]


def test_a_prescription_of_two_drugs_is_used_when_both_are() -> None:
    two = RxView([CHECKED, CHECKED._replace(code="X2", cnt_micro=1)])
    view, _ = live(two, sale(1, 10))
    assert state_of(view, DAY, TERMS) is RxState.PART_USED
    view, _ = live(view, sale(2, 1, code="X2"))
    assert state_of(view, DAY, TERMS) is RxState.USED


COMMANDS = st.one_of(
    st.builds(sale, st.integers(1, 6), st.integers(-1, 12), st.integers(0, 4).map(lambda n: DAY + timedelta(days=n))),
    st.builds(back, st.integers(1, 6).map(lambda n: f"S{n}/F1"), st.integers(0, 6), st.integers(1, 6)),
    st.builds(act, st.sampled_from([RxAction.CHECK, RxAction.REVOKE]), st.integers(1, 3)),
)  # fmt: skip


@given(st.lists(COMMANDS, max_size=25), st.booleans())
def test_whatever_is_asked_no_more_is_sold_than_was_prescribed_and_refusals_keep_nothing(
    commands: list[RxCommand], checked: bool
) -> None:
    view = RxView([CHECKED if checked else RX])
    for command in commands:
        decision = decide(view, command, TERMS)
        assert decision.records == ((command.event,) if decision.outcome is RxOutcome.DONE else ())
        assert decision == decide(view, command, TERMS)
        view = RxView(view.drugs, (*view.events, *decision.records))
        assert 0 <= remaining(view, "X1") <= 10
        assert state_of(view, DAY, TERMS) is not None
    assert len({event.event_id for event in view.events}) == len(view.events)


@pytest.mark.parametrize("outcome", list(RxOutcome))
def test_every_outcome_has_its_words(outcome: RxOutcome) -> None:
    assert outcome.label and outcome.next_step
    assert outcome.stands == (outcome in (RxOutcome.DONE, RxOutcome.EXISTS))
