"""The life of an outside prescription (外配处方): issued → checked → partly used → used up, or expired, or revoked.

`decide` is pure: what is known of one prescription and a command in, an outcome and the events to keep out; the store
commits it with the settlement. Events are only added: what is brought back is an event that names the sale.
Source: RULEBOOK §3b (unused code, drug and dose match, valid days); transactions 7101–7104, 7201–7205, 9211–9213.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from yibao.catalogue.records import Rx
from yibao.catalogue.terms import Terms


class RxState(StrEnum):
    """Where a prescription stands on a day; the codes of ``rx_state``."""

    ISSUED = "issued"
    CHECKED = "checked"
    PART_USED = "part_used"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class RxAction(StrEnum):
    """What can be done: the pharmacist's check, a sale, a sale brought back, the doctor's revocation."""

    CHECK = "check"
    DISPENSE = "dispense"
    BRING_BACK = "bring_back"
    REVOKE = "revoke"


class RxOutcome(StrEnum):
    """The answer to a command, in order of precedence. ``done`` and ``exists`` stand; every other writes nothing."""

    EXISTS = "exists"
    ID_REUSED = "id_reused"
    RX_UNKNOWN = "rx_unknown"
    RX_OTHER_PERSON = "rx_other_person"
    RX_OTHER_DRUG = "rx_other_drug"
    RX_OTHER_DOSE = "rx_other_dose"
    BAD_QUANTITY = "bad_quantity"
    SALE_UNKNOWN = "sale_unknown"
    RX_REVOKED = "rx_revoked"
    ALREADY_CHECKED = "already_checked"
    RX_NOT_CHECKED = "rx_not_checked"
    RX_IN_USE = "rx_in_use"
    RX_USED_UP = "rx_used_up"
    RX_EXPIRED = "rx_expired"
    RX_OVER_QUANTITY = "rx_over_quantity"
    OVER_SALE = "over_sale"
    DONE = "done"

    @property
    def stands(self) -> bool:
        """Whether the event is among those kept."""
        return self in (RxOutcome.DONE, RxOutcome.EXISTS)

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What the clerk does next."""
        return _WORDS[self][1]


_O = RxOutcome
_WORDS: dict[RxOutcome, tuple[str, str]] = {
    _O.EXISTS: ("已经办过，内容相同", "无须处理"),
    _O.ID_REUSED: ("同一业务编号已经用过，内容不同", "改用新的业务编号"),
    _O.RX_UNKNOWN: ("外配处方号查不到", "核对处方号"),
    _O.RX_OTHER_PERSON: ("外配处方不是本人的", "核对处方号和人员编号"),
    _O.RX_OTHER_DRUG: ("外配处方上没有这个药品", "核对处方和医疗目录编码"),
    _O.RX_OTHER_DOSE: ("单次剂量与外配处方不符", "核对处方的剂量"),
    _O.BAD_QUANTITY: ("数量不大于零", "改正数量"),
    _O.SALE_UNKNOWN: ("找不到所退的购药", "核对所退购药的业务编号"),
    _O.RX_REVOKED: ("外配处方已经撤销", "请医师重新开具"),
    _O.ALREADY_CHECKED: ("外配处方已经审核过", "无须再审核"),
    _O.RX_NOT_CHECKED: ("外配处方还没有审核", "审核通过后再购药"),
    _O.RX_IN_USE: ("外配处方已经购药，不能撤销", "先退药"),
    _O.RX_USED_UP: ("外配处方的这个药品已经购完", "请医师重新开具"),
    _O.RX_EXPIRED: ("不在外配处方有效期内", "请医师重新开具"),
    _O.RX_OVER_QUANTITY: ("数量超过外配处方剩余的数量", "按剩余数量购药"),
    _O.OVER_SALE: ("退药数量超过所购的数量", "核对退药数量"),
    _O.DONE: ("已办理", "无须处理"),
}  # fmt: skip


class RxEvent(NamedTuple):
    """Something that was done. ``event_id`` is unique over all prescriptions; ``refers`` is the sale brought back."""

    event_id: str
    rxno: str
    action: RxAction
    day: date
    code: str = ""
    cnt_micro: int = 0
    setl_id: str = ""
    refers: str = ""


class RxCommand(NamedTuple):
    """What is asked: an event, by whom it is for (``psn_no``) and the dose as dispensed where the drug has one."""

    event: RxEvent
    psn_no: str = ""
    dose: str = ""


class RxView(NamedTuple):
    """What is known of one prescription: its drugs (none: an unknown number) and the events kept, in their order."""

    drugs: Sequence[Rx]
    events: Sequence[RxEvent] = ()


class RxDecision(NamedTuple):
    """The outcome, the events to keep (none unless ``done``), and the state on the command's day after them."""

    outcome: RxOutcome
    records: tuple[RxEvent, ...]
    state: RxState | None


def valid_days(rx: Rx, terms: Terms) -> int:
    """How many days a drug of a prescription can be bought, the day of issue the first: its own, else the law's.

    Raises ValueError for a chronic one where ``terms`` were read without chronic prescriptions.
    """
    days = rx.vali_days if rx.vali_days is not None else terms.rx_days_chronic if rx.chronic else terms.rx_days
    if days < 0:
        raise ValueError("terms without the valid days of chronic prescriptions: read them with chronic=True")
    return days


def is_valid(rx: Rx, day: date, terms: Terms) -> bool:
    """Whether a day is among the valid days of a drug of a prescription."""
    return timedelta(0) <= day - rx.issued < timedelta(days=valid_days(rx, terms))


def remaining(view: RxView, code: str) -> int:
    """What is left of a drug, in 10⁻⁶; a prescription may be sold in parts, and what was brought back is left again."""
    prescribed = sum(one.cnt_micro for one in view.drugs if one.code == code)
    return prescribed - sum(_signed(event) for event in view.events if event.code == code)


def state_of(view: RxView, day: date, terms: Terms) -> RxState | None:
    """The state of a prescription on a day, or None for one that is unknown."""
    if not view.drugs:
        return None
    if _revoked(view):
        return RxState.REVOKED
    if not _checked(view):
        return RxState.ISSUED if any(is_valid(one, day, terms) for one in view.drugs) else RxState.EXPIRED
    left = [one for one in view.drugs if remaining(view, one.code) > 0]
    if not left:
        return RxState.USED
    if not any(is_valid(one, day, terms) or day < one.issued for one in left):
        return RxState.EXPIRED
    return RxState.PART_USED if _sold(view) else RxState.CHECKED


def decide(view: RxView, command: RxCommand, terms: Terms) -> RxDecision:
    """The answer to a command. Depends only on the arguments; the first outcome of `RxOutcome` that holds is given."""
    event = command.event
    outcome = _judge(view, command, terms)
    records = (event,) if outcome is _O.DONE else ()
    after = RxView(view.drugs, (*view.events, *records))
    return RxDecision(outcome, records, state_of(after, event.day, terms))


def _judge(view: RxView, command: RxCommand, terms: Terms) -> RxOutcome:
    event = command.event
    before = next((one for one in view.events if one.event_id == event.event_id), None)
    if before is not None:
        return _O.EXISTS if before == event else _O.ID_REUSED
    if not view.drugs:
        return _O.RX_UNKNOWN
    if command.psn_no and command.psn_no != view.drugs[0].psn_no:
        return _O.RX_OTHER_PERSON
    if event.action is RxAction.CHECK:
        return _O.RX_REVOKED if _revoked(view) else _O.ALREADY_CHECKED if _checked(view) else _O.DONE
    if event.action is RxAction.REVOKE:
        return _O.RX_REVOKED if _revoked(view) else _O.RX_IN_USE if _sold(view) else _O.DONE
    if event.action is RxAction.BRING_BACK:
        return _brought_back(view, event)
    return _dispensed(view, command, terms)


def _dispensed(view: RxView, command: RxCommand, terms: Terms) -> RxOutcome:
    event = command.event
    drug = next((one for one in view.drugs if one.code == event.code), None)
    if drug is None:
        return _O.RX_OTHER_DRUG
    tests = (
        (bool(drug.dose and command.dose) and drug.dose != command.dose, _O.RX_OTHER_DOSE),
        (event.cnt_micro <= 0, _O.BAD_QUANTITY),
        (_revoked(view), _O.RX_REVOKED),
        (not _checked(view), _O.RX_NOT_CHECKED),
        (remaining(view, event.code) <= 0, _O.RX_USED_UP),
        (not is_valid(drug, event.day, terms), _O.RX_EXPIRED),
        (event.cnt_micro > remaining(view, event.code), _O.RX_OVER_QUANTITY),
    )
    return next((outcome for failed, outcome in tests if failed), _O.DONE)


def _brought_back(view: RxView, event: RxEvent) -> RxOutcome:
    sale = next(
        (one for one in view.events if one.event_id == event.refers and one.action is RxAction.DISPENSE), None
    )  # fmt: skip
    if event.cnt_micro <= 0:
        return _O.BAD_QUANTITY
    if sale is None or sale.code != event.code:
        return _O.SALE_UNKNOWN
    back = sum(one.cnt_micro for one in view.events if one.refers == sale.event_id)
    return _O.OVER_SALE if event.cnt_micro > sale.cnt_micro - back else _O.DONE


def _signed(event: RxEvent) -> int:
    if event.action is RxAction.DISPENSE:
        return event.cnt_micro
    return -event.cnt_micro if event.action is RxAction.BRING_BACK else 0


def _sold(view: RxView) -> bool:
    return sum(_signed(event) for event in view.events) > 0


def _checked(view: RxView) -> bool:
    """Whether it was checked: an event says so, or it came as checked or beyond."""
    came = any(one.state not in (RxState.ISSUED, RxState.REVOKED) for one in view.drugs)
    return came or any(event.action is RxAction.CHECK for event in view.events)


def _revoked(view: RxView) -> bool:
    came = any(one.state == RxState.REVOKED for one in view.drugs)
    return came or any(event.action is RxAction.REVOKE for event in view.events)
