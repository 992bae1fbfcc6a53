"""个人账户与家庭共济: who may use whose account, in which order money is taken, and what it may pay.

Rule (RULEBOOK §2.8): the owner lets near relatives (近亲属) who are insured use his account for what they bear
themselves and for their 居民医保 premium. Own account first, then the sharers': of the same pool, then of the province,
then of the country where the law is that far; among equals in the order of binding. Money is shared, the card is not. A
binding in a circle is allowed, one to oneself is not; a frozen account pays nothing; no balance goes below zero. What
counts is the state when the settlement is locked. Amounts in fen.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from yibao.kernel import Step, half_up, yuan_text
from yibao.law import View

SCOPES = ("pool", "province", "country")
"""How far away a sharer's account is, nearest first."""


class BindOutcome(StrEnum):
    """The answer to a wish to bind or unbind; the order is the order of precedence. See `stands`."""

    EXISTS = "exists"
    ID_REUSED = "id_reused"
    DATES_REVERSED = "dates_reversed"
    SELF_BINDING = "self_binding"
    NOT_RELATIVE = "not_relative"
    OWNER_NO_ACCOUNT = "owner_no_account"
    OWNER_FROZEN = "owner_frozen"
    RELATIVE_NOT_INSURED = "relative_not_insured"
    SCOPE_NOT_OPEN = "scope_not_open"
    ALREADY_BOUND = "already_bound"
    BINDING_UNKNOWN = "binding_unknown"
    BINDING_ENDED = "binding_ended"
    BOUND = "bound"
    UNBOUND = "unbound"

    @property
    def stands(self) -> bool:
        """Whether the wish is, or already was, carried out."""
        return self in (BindOutcome.EXISTS, BindOutcome.BOUND, BindOutcome.UNBOUND)

    @property
    def label(self) -> str:
        """The Chinese sentence shown to users."""
        return _WORDS[self][0]

    @property
    def next_step(self) -> str:
        """What the clerk does next."""
        return _WORDS[self][1]


_B = BindOutcome
_WORDS = {
    _B.EXISTS: ("绑定已在，内容相同", "无须处理"),
    _B.ID_REUSED: ("同一编号已有绑定，内容不同", "改用新的编号"),
    _B.DATES_REVERSED: ("结束日期早于开始日期", "核对日期"),
    _B.SELF_BINDING: ("不能与自己绑定", "本人使用个人账户无须绑定"),
    _B.NOT_RELATIVE: ("不是近亲属，不能共济", "核对亲属关系证明"),
    _B.OWNER_NO_ACCOUNT: ("账户所有人没有个人账户", "单建统筹和居民没有个人账户"),
    _B.OWNER_FROZEN: ("账户所有人的个人账户已冻结或注销", "恢复参保后再绑定"),
    _B.RELATIVE_NOT_INSURED: ("使用人没有参加基本医保", "先办理参保"),
    _B.SCOPE_NOT_OPEN: ("两人参保地之间尚未开通共济", "开通后再绑定"),
    _B.ALREADY_BOUND: ("两人之间已有生效的绑定", "无须重复绑定"),
    _B.BINDING_UNKNOWN: ("没有这一绑定", "核对绑定编号"),
    _B.BINDING_ENDED: ("绑定已经解除", "无须处理"),
    _B.BOUND: ("绑定成功", "即时生效"),
    _B.UNBOUND: ("解除成功", "此后锁定的结算不再使用该账户"),
}


class Binding(NamedTuple):
    """An owner's account opened to a relative; ``bind_seq`` orders the accounts that one relative may use."""

    bind_id: str
    owner_psn_no: str
    psn_no: str
    rlts: str
    bind_seq: int
    begndate: date
    enddate: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the binding is in force on the day, both ends included."""
        return self.begndate <= day and (self.enddate is None or day <= self.enddate)


class Account(NamedTuple):
    """A personal account: its owner's pool and province, balance, and state (normal, frozen, closed)."""

    psn_no: str
    insuplc_admdvs: str
    balc: int
    acct_stas: str = "normal"

    @property
    def usable(self) -> int:
        """What may be drawn: the balance of a normal account, never below zero."""
        return max(0, self.balc) if self.acct_stas == "normal" else 0


class Book(NamedTuple):
    """What a decision on a binding looks at: the bindings of both persons, the owner's account, the relative's pool.

    ``relative_admdvs`` is the pool in which the relative is insured on the day, empty where in none.
    """

    bindings: Sequence[Binding] = ()
    owner: Account | None = None
    relative_admdvs: str = ""


class BindDecision(NamedTuple):
    """The answer and, where something is to be stored, the record."""

    outcome: BindOutcome
    record: Binding | None = None


def distance(admdvs: str, other: str) -> str:
    """How far apart two pools are: one ``pool`` (first four digits alike), ``province`` (two) or the ``country``."""
    return "pool" if admdvs[:4] == other[:4] else "province" if admdvs[:2] == other[:2] else "country"


def decide_binding(view: View, book: Book, asked: Binding) -> BindDecision:
    """Whether the owner's account may be opened to the relative, by the law of ``view``. Raises MissingParameter.

    The order of binding is the caller's ``bind_seq``; 0 asks for the next one of the relative.
    """
    outcome = _judge(view, book, asked)
    if outcome is not BindOutcome.BOUND:
        return BindDecision(outcome)
    taken = [one.bind_seq for one in book.bindings if one.psn_no == asked.psn_no]
    return BindDecision(outcome, asked._replace(bind_seq=asked.bind_seq or max(taken, default=0) + 1))


def _judge(view: View, book: Book, asked: Binding) -> BindOutcome:
    same = next((one for one in book.bindings if one.bind_id == asked.bind_id), None)
    if same is not None:
        alike = asked._replace(bind_seq=asked.bind_seq or same.bind_seq) == same
        return BindOutcome.EXISTS if alike else BindOutcome.ID_REUSED
    if asked.enddate is not None and asked.enddate < asked.begndate:
        return BindOutcome.DATES_REVERSED
    if asked.owner_psn_no == asked.psn_no:
        return BindOutcome.SELF_BINDING
    if asked.rlts not in view.items("account.relatives"):
        return BindOutcome.NOT_RELATIVE
    if book.owner is None:
        return BindOutcome.OWNER_NO_ACCOUNT
    if book.owner.acct_stas != "normal":
        return BindOutcome.OWNER_FROZEN
    if not book.relative_admdvs:
        return BindOutcome.RELATIVE_NOT_INSURED
    if distance(book.owner.insuplc_admdvs, book.relative_admdvs) not in view.items("account.share_scope"):
        return BindOutcome.SCOPE_NOT_OPEN
    pair = (asked.owner_psn_no, asked.psn_no)
    if any((one.owner_psn_no, one.psn_no) == pair and _meet(one, asked) for one in book.bindings):
        return BindOutcome.ALREADY_BOUND
    return BindOutcome.BOUND


def _meet(one: Binding, other: Binding) -> bool:
    starts_in = one.enddate is None or other.begndate <= one.enddate
    return starts_in and (other.enddate is None or one.begndate <= other.enddate)


def decide_unbinding(book: Book, bind_id: str, last_day: date) -> BindDecision:
    """Ends a binding with ``last_day`` (解除绑定). A settlement locked before keeps what it drew."""
    one = next((one for one in book.bindings if one.bind_id == bind_id), None)
    if one is None:
        return BindDecision(BindOutcome.BINDING_UNKNOWN)
    if one.enddate is not None and one.enddate <= last_day:
        return BindDecision(BindOutcome.BINDING_ENDED)
    if last_day < one.begndate:
        return BindDecision(BindOutcome.DATES_REVERSED)
    return BindDecision(BindOutcome.UNBOUND, one._replace(enddate=last_day))


def sharers(
    view: View, psn_no: str, insuplc_admdvs: str, day: date, bindings: Iterable[Binding], accounts: Iterable[Account]
) -> list[Account]:
    """The accounts a person may draw on after his own, in order, as they stand when the settlement is locked.

    Nearest first, then by order of binding, then by number of the binding. Accounts out of the law's reach, frozen ones
    and owners without an account are left out. Raises MissingParameter where there is anyone to judge.
    """
    of = {one.psn_no: one for one in accounts}
    live = [one for one in bindings if one.psn_no == psn_no and one.holds(day) and one.owner_psn_no in of]
    if not live:
        return []
    reach = view.items("account.share_scope")
    near = [(distance(of[one.owner_psn_no].insuplc_admdvs, insuplc_admdvs), one) for one in live]
    order = sorted(
        (SCOPES.index(far), one.bind_seq, one.bind_id, one.owner_psn_no) for far, one in near if far in reach
    )
    found = [of[owner] for *_, owner in order if of[owner].acct_stas == "normal"]
    return list(dict.fromkeys(found))


def draw(needed: int, own_balance: int, sharer_balances: Sequence[int]) -> list[int]:
    """What is taken from the own account and from each sharer's, in their order, towards ``needed`` fen.

    Never more than a balance holds and never more than is needed; the rest is cash. A balance below zero gives nothing.
    """
    taken = []
    left = max(0, needed)
    for balance in (own_balance, *sharer_balances):
        part = min(left, max(0, balance))
        taken.append(part)
        left -= part
    return taken


class Payment(NamedTuple):
    """A payment from accounts: (psn_no, fen) drawn, the rest in cash, the part of others' accounts, and its steps."""

    drawn: tuple[tuple[str, int], ...]
    cash: int
    acct_pay: int
    acct_mulaid_pay: int
    steps: tuple[Step, ...]


def pay_from_accounts(view: View, use: str, needed: int, own: Account | None, others: Sequence[Account]) -> Payment:
    """Pays what a person bears (``selfpay``) or a premium (``resident_premium``) from his and sharers' accounts.

    ``others`` are ordered by `sharers`. A use that the law does not name (account.uses) draws nothing.
    acct_pay + cash = needed, and acct_mulaid_pay is inside acct_pay. Raises MissingParameter, ValueError below zero.
    """
    if needed < 0:
        raise ValueError("what is to be paid is not negative")
    allowed = use in view.items("account.uses")
    own_usable = own.usable if own and allowed else 0
    parts = draw(needed, own_usable, [one.usable if allowed else 0 for one in others])
    names = [own.psn_no if own else "", *(one.psn_no for one in others)]
    drawn = tuple((name, part) for name, part in zip(names, parts, strict=True) if part)
    steps = [
        Step("本人账户支付" if place == 0 else "家庭共济支付", yuan_text(part), "元", name, "account.uses")
        for place, (name, part) in enumerate(zip(names, parts, strict=True))
        if part
    ]
    paid = sum(parts)
    steps.append(Step("现金支付", yuan_text(needed - paid), "元"))
    return Payment(drawn, needed - paid, paid, paid - parts[0], tuple(steps))


def mean_shared(total: int, people: int) -> int:
    """Shared money a person, in fen, half up. Raises ValueError for no people."""
    if people <= 0:
        raise ValueError("there is no mean of no people")
    return half_up(total, people)
