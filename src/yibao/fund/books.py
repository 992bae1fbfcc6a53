"""The books while a batch is decided: the view, and on top of it what the batch has already posted."""

from typing import NamedTuple

from yibao.fund.balances import ENDS_RESERVATION, Balances, Effects, Refusal, effects_of
from yibao.fund.chart import Chart, flow_allowed
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Line, Side
from yibao.fund.view import View
from yibao.kernel import MAX_FEN, yuan_text

_FLOW_RULED = frozenset((Action.POST, Action.RESERVE, Action.SETTLE))
WITHOUT_LINES = frozenset((Action.VOID, Action.EXPIRE, Action.REVERSE))
_ENDED = {
    Action.SETTLE: Outcome.RESERVATION_SETTLED,
    Action.VOID: Outcome.RESERVATION_VOIDED,
    Action.EXPIRE: Outcome.RESERVATION_EXPIRED,
}


class _Undo(NamedTuple):
    """What a linked group has done so far, to be taken back when it is refused."""

    applied: list[tuple[Entry, Effects]]
    receipts: list[tuple[tuple[str, str], bool]]
    """What was added (True) or taken out (False), in order."""


class Books:
    """The working state of one decision. Nothing here outlives it; the view itself is never changed."""

    def __init__(self, view: View, chart: Chart) -> None:
        self.view = view
        self.chart = chart
        self.balances = Balances(view)
        self.known: dict[str, Entry] = dict(view.known)
        self.ended: dict[str, Action] = dict(view.ended)
        self.receipts: set[tuple[str, str]] = set(view.receipts)
        self.members: dict[str, list[Entry]] = {group: list(entries) for group, entries in view.members.items()}
        # Most entries touch no account that a flow rule speaks about.
        ruled = tuple(rule.subj_code for rule in chart.flows)
        self._ruled = {number for number, one in view.accounts.items() if one.subj_code.startswith(ruled)}
        self._flows: dict[tuple[tuple[str, str], ...], tuple[str, str, str] | None] = {}
        self._undo: _Undo | None = None

    # what a command means

    def resolved(self, entry: Entry) -> Entry:
        """The entry with the lines it stands for: a whole settle takes its reservation's, a reverse the other sides."""
        if entry.lines or entry.refers is None:
            return entry
        target = self.known.get(entry.refers)
        if target is None:
            return entry
        if entry.action is Action.SETTLE:
            return entry._replace(lines=target.lines)
        if entry.action is Action.REVERSE:
            other = tuple(Line(line.acct_no, "C" if line.side == "D" else "D", line.amount) for line in target.lines)
            return entry._replace(lines=other)
        return entry

    def is_bank(self, acct_no: str) -> bool:
        """Whether a bank or treasury statement exists for the account."""
        return self.chart.subjects[self.view.accounts[acct_no].subj_code].bank

    # what speaks against it, in the order of precedence

    def judge(self, entry: Entry, asked: Entry) -> Refusal | Effects:
        """The first reason against a resolved entry, or what it moves. ``asked`` is the command as it came."""
        refusal = (
            self._form(entry, asked)
            or self._reference(entry)
            or self._accounts(entry)
            or self._dates(entry)
            or self._flow(entry)
        )
        if refusal is not None:
            return refusal
        ends = entry.refers if entry.action in ENDS_RESERVATION else None
        effects = effects_of(entry, self.known[ends] if ends is not None else None)
        return self.balances.refusal(effects) or effects

    def _form(self, entry: Entry, asked: Entry) -> Refusal | None:
        if not entry.settles:
            return Outcome.SETTLES_MISSING, ""
        debits = credits = 0
        for _acct_no, side, amount in entry.lines:
            if type(amount) is not int or not 0 < amount <= MAX_FEN:
                return Outcome.BAD_AMOUNT, f"{amount}分"
            if side == "D":
                debits += amount
            elif side == "C":
                credits += amount
            else:
                return Outcome.BAD_AMOUNT, f"方向“{side}”既不是借也不是贷"
        if entry.action in WITHOUT_LINES:
            if asked.lines:
                return Outcome.LINES_UNEXPECTED, ""
        elif len(entry.lines) < 2 and not (entry.action is Action.SETTLE and not asked.lines):
            return Outcome.LINES_MISSING, ""
        if debits != credits:
            return Outcome.UNBALANCED, f"借方{yuan_text(debits)}元，贷方{yuan_text(credits)}元"
        return None

    def _reference(self, entry: Entry) -> Refusal | None:
        action = entry.action
        if action not in ENDS_RESERVATION and action is not Action.REVERSE:
            if entry.refers is not None:
                return Outcome.REFERENCE_NOT_FIT, f"{action.label}不关联别的凭证"
            if action is Action.RESERVE and entry.expires is not None and entry.expires < entry.entry_date:
                return Outcome.RESERVATION_EXPIRED, f"到期日{entry.expires.isoformat()}早于记账日期"
            return None
        if entry.refers is None:
            return Outcome.REFERENCE_MISSING, ""
        target = self.known.get(entry.refers)
        if target is None:
            return Outcome.REFERENCE_UNKNOWN, entry.refers
        if (target.admdvs, target.fund_type) != (entry.admdvs, entry.fund_type):
            return Outcome.REFERENCE_NOT_FIT, f"{entry.refers}属于另一账套"
        done = self.ended.get(entry.refers)
        if action is Action.REVERSE:
            if target.action not in (Action.POST, Action.SETTLE):
                return Outcome.REFERENCE_NOT_FIT, f"{entry.refers}是{target.action.label}"
            if entry.bank_ref is not None:
                return Outcome.REFERENCE_NOT_FIT, "冲销不带银行流水号；退回的款项另记一张凭证"
            if entry.entry_date.year != target.entry_date.year:
                return (
                    Outcome.REFERENCE_NOT_FIT,
                    f"冲销须记在原凭证的年度（{target.entry_date.year}）；跨年更正调整结余",
                )
            return (Outcome.ALREADY_REVERSED, entry.refers) if done else None
        if target.action is not Action.RESERVE:
            return Outcome.REFERENCE_NOT_FIT, f"{entry.refers}是{target.action.label}"
        if action is Action.EXPIRE and target.expires is None:
            return Outcome.REFERENCE_NOT_FIT, f"{target.entry_id}没有到期日"
        if done:
            return _ENDED[done], entry.refers
        return self._reservation(entry, target)

    def _reservation(self, entry: Entry, target: Entry) -> Refusal | None:
        if entry.action is Action.EXPIRE:
            if target.expires is not None and entry.entry_date <= target.expires:
                return Outcome.RESERVATION_NOT_DUE, f"到期日{target.expires.isoformat()}"
        elif entry.action is Action.SETTLE:
            if target.expires is not None and entry.entry_date > target.expires:
                return Outcome.RESERVATION_EXPIRED, f"到期日{target.expires.isoformat()}"
            held = _by_side(target)
            for slot, amount in _by_side(entry).items():
                if amount > (most := held.get(slot, 0)):
                    text = f"{slot[0]} {Side(slot[1]).label}方{yuan_text(amount)}元，预留{yuan_text(most)}元"
                    return Outcome.OVER_RESERVATION, text
        return None

    def _accounts(self, entry: Entry) -> Refusal | None:
        accounts, admdvs, fund_type = self.view.accounts, entry.admdvs, entry.fund_type
        for line in entry.lines:
            account = accounts.get(line[0])
            if account is None or account[1] != fund_type or account[0] != admdvs:
                break
        else:
            return None
        for line in entry.lines:
            if line.acct_no not in accounts:
                return Outcome.ACCOUNT_UNKNOWN, line.acct_no
        other = [line.acct_no for line in entry.lines if accounts[line.acct_no].fund_type != entry.fund_type]
        if other:
            return Outcome.INSURANCE_MIXED, other[0]
        return Outcome.AGENCY_MIXED, next(
            line.acct_no for line in entry.lines if accounts[line.acct_no].admdvs != entry.admdvs
        )

    def _dates(self, entry: Entry) -> Refusal | None:
        day, accounts = entry.entry_date, self.view.accounts
        for line in entry.lines:
            if day < (opened := accounts[line[0]].opened):
                return Outcome.ACCOUNT_NOT_OPEN, f"{line.acct_no}自{opened.isoformat()}启用"
        if entry.refers is not None and day < (since := self.known[entry.refers].entry_date):
            return Outcome.DATE_BEFORE_REFERENCE, f"{entry.refers}的日期是{since.isoformat()}"
        if self.view.as_of is not None and day > self.view.as_of:
            return Outcome.FUTURE_DATE, f"今天是{self.view.as_of.isoformat()}"
        closed = self.view.closed.get(Book(entry.admdvs, entry.fund_type), 0) if self.view.closed else 0
        if day.year * 100 + day.month <= closed:
            return Outcome.PERIOD_CLOSED, f"已结账到{closed // 100}年{closed % 100}月"
        return None

    def _flow(self, entry: Entry) -> Refusal | None:
        if entry.action in _FLOW_RULED and not self._ruled.isdisjoint([line[0] for line in entry.lines]):
            accounts = self.view.accounts
            sides = tuple([(line[1], accounts[line[0]].subj_code) for line in entry.lines])
            if sides not in self._flows:
                debits, credits = (sorted({code for at, code in sides if at == side}) for side in ("D", "C"))
                self._flows[sides] = flow_allowed(self.chart, debits, credits)
            if fault := self._flows[sides]:
                return Outcome.FLOW_NOT_ALLOWED, f"{fault[0]}与{fault[1]}：{fault[2]}"
        if entry.bank_ref is not None and entry.action in (Action.POST, Action.SETTLE):
            for slot in self._receipts(entry):
                if slot in self.receipts:
                    return Outcome.BANK_REF_USED, entry.bank_ref
        return None

    def _receipts(self, entry: Entry) -> list[tuple[str, str]]:
        ref = entry.bank_ref or ""
        return [(line.acct_no, ref) for line in entry.lines if line.side == "D" and self.is_bank(line.acct_no)]

    # what it does

    def apply(self, entry: Entry, effects: Effects) -> None:
        """Posts an entry that nothing speaks against, with what `judge` found it to move."""
        self.balances.move(effects)
        self.known[entry.entry_id] = entry
        if entry.group_id is not None:
            self.members.setdefault(entry.group_id, []).append(entry)
        if entry.refers is not None:
            self.ended[entry.refers] = entry.action
        if self._undo is not None:
            self._undo.applied.append((entry, effects))
        if entry.bank_ref is not None or entry.action is Action.REVERSE:
            self._book_receipts(entry)

    def _book_receipts(self, entry: Entry) -> None:
        """Money received is remembered by its bank_ref; a reverse frees the number, so that it can be booked right."""
        source = self.known[entry.refers] if entry.action is Action.REVERSE and entry.refers else entry
        if source.bank_ref is None or source.action not in (Action.POST, Action.SETTLE):
            return
        for slot in self._receipts(source):
            if source is entry:
                self.receipts.add(slot)
            else:
                self.receipts.discard(slot)
            if self._undo is not None:
                self._undo.receipts.append((slot, source is entry))

    def account(self, acct_no: str) -> Account:
        """The account of that number, which is open."""
        return self.view.accounts[acct_no]

    # linked groups

    def begin_group(self) -> None:
        """From here on what is applied can be taken back."""
        self._undo = _Undo([], [])

    def end_group(self, keep: bool) -> None:
        """Keeps what was applied since ``begin_group``, or takes it back whole."""
        undo, self._undo = self._undo, None
        if keep or undo is None:
            return
        for slot, added in reversed(undo.receipts):
            if added:
                self.receipts.discard(slot)
            else:
                self.receipts.add(slot)
        for entry, effects in undo.applied:
            self.balances.move(effects, -1)
            if entry.group_id is not None:
                self.members[entry.group_id].remove(entry)
            del self.known[entry.entry_id]
            if entry.refers is not None:
                del self.ended[entry.refers]


def _by_side(entry: Entry) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for acct_no, side, amount in entry.lines:
        sums[acct_no, side] = sums.get((acct_no, side), 0) + amount
    return sums
