"""The ledger written a second time, slowly, to check the first by.

`Ledger` keeps nothing but the accepted entries; balances are added up from all of them whenever one is asked for. Each
rule stands by itself and says only whether it holds; the answer is the first that does in the documented order. Money
flows and transfers are written out from the articles, not read from law. Of yibao only the records and the names of
the outcomes are used.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import product

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Account, Action, Book, Entry, Limit, LimitKind, Line

MOST = 10**12
BANKS = ("1002", "1003", "1004", "1005")
OUT_OF_1002 = ("1003", "5501", "4001", "4501", "210109")
INTO_1004 = ("1003", "4601", "4301", "1001", "1101", "210101", "210104", "5001", "5101", "5401", "5501", "5502", "5901")
TRANSFERS = {
    ("390", "5101", "392", "400108"), ("310", "5101", "330", "400108"), ("JG", "5101", "330", "400108"),
    ("JZ", "500111", "390", "400105"),
}  # fmt: skip
EQUAL = [*TRANSFERS, *((fund, out, fund, into) for fund in ("310", "390", "392")
                        for out, into in (("5501", "4602"), ("5502", "4601")))]  # fmt: skip
ENDS = (Action.SETTLE, Action.VOID, Action.EXPIRE)
BOOKED = (Action.POST, Action.SETTLE)
STANDS = (Outcome.POSTED, Outcome.EXISTS)
Rule = Callable[["Case"], bool]


# --- what the books say -------------------------------------------------------------------------------------------


def code_of(acct_no: str) -> str:
    """The subject code in an account number."""
    return acct_no.split("-")[2]


def find(books: Iterable[Entry], entry_id: str | None) -> Entry | None:
    return next((entry for entry in books if entry.entry_id == entry_id), None)


def done_to(books: Iterable[Entry], entry_id: str | None, action: Action) -> bool:
    return any(entry.refers == entry_id and entry.action is action for entry in books)


def worth(books: Sequence[Entry], account: Account, *, most: bool, year: int | None = None) -> int:
    """The balance on the normal side if every open reservation came that raises it (``most``), or that lowers it."""
    total = 0
    for entry in books:
        if year is not None and entry.entry_date.year != year:
            continue
        held = entry.action is Action.RESERVE
        if held and any(done_to(books, entry.entry_id, action) for action in ENDS):
            continue
        for line in entry.lines:
            change = line.amount if line.side == account.side else -line.amount
            if line.acct_no == account.no and (not held or (change > 0) == most):
                total += change
    return total


def with_lines(books: Sequence[Entry], asked: Entry) -> Entry:
    """A settle without lines posts the whole reservation; a reverse books the other side of what it takes back."""
    target = find(books, asked.refers)
    if asked.lines or target is None:
        return asked
    if asked.action is Action.SETTLE:
        return asked._replace(lines=target.lines)
    if asked.action is Action.REVERSE:
        other = {"D": "C", "C": "D"}
        return asked._replace(lines=tuple(Line(no, other[side], fen) for no, side, fen in target.lines))
    return asked


class Case:
    """One command before the books: what the rules are asked about."""

    def __init__(self, ledger: "Ledger", books: Sequence[Entry], asked: Entry) -> None:
        self.ledger, self.books, self.asked = ledger, books, asked
        self.entry = with_lines(books, asked)
        self.action = asked.action
        self.target = find(books, asked.refers) if self.refers else None
        self.accounts = [ledger.accounts.get(line.acct_no) for line in self.entry.lines]

    @property
    def refers(self) -> bool:
        """Whether the action is about another entry."""
        return self.action in (*ENDS, Action.REVERSE)

    def codes(self, side: str) -> set[str]:
        return {code_of(line.acct_no) for line in self.entry.lines if line.side == side}

    def breaks(self, kind: LimitKind) -> bool:
        """Whether some limit of the kind is passed after the entry, and further than before it."""
        for (acct_no, its_kind, year), amount in self.ledger.limits.items():
            if its_kind != kind or amount is None:
                continue
            account = self.ledger.accounts[acct_no]
            least = kind is LimitKind.FLOOR
            before, after = (
                worth(books, account, most=not least, year=year or None)
                for books in (self.books, [*self.books, self.entry])
            )
            if (after < amount and after < before) if least else (after > amount and after > before):
                return True
        return False


# --- the rules ----------------------------------------------------------------------------------------------------


def bad_amount(case: Case) -> bool:
    return any(not 0 < line.amount <= MOST for line in case.entry.lines)


def lines_missing(case: Case) -> bool:
    if case.action is Action.SETTLE and not case.asked.lines:
        return False
    return case.action not in (Action.VOID, Action.EXPIRE, Action.REVERSE) and len(case.asked.lines) < 2


def lines_unexpected(case: Case) -> bool:
    return case.action in (Action.VOID, Action.EXPIRE, Action.REVERSE) and bool(case.asked.lines)


def unbalanced(case: Case) -> bool:
    return sum(line.amount if line.side == "D" else -line.amount for line in case.entry.lines) != 0


def reference_not_fit(case: Case) -> bool:
    if case.target is None:
        # a posting or a reservation is about no other entry
        return case.asked.refers is not None and not case.refers
    if (case.target.admdvs, case.target.fund_type) != (case.entry.admdvs, case.entry.fund_type):
        return True
    if case.action is Action.REVERSE:
        # of one year, and without a bank number of its own
        other_year = case.target.entry_date.year != case.entry.entry_date.year
        return case.target.action not in BOOKED or other_year or case.entry.bank_ref is not None
    return case.target.action is not Action.RESERVE or (case.action is Action.EXPIRE and case.target.expires is None)


def ended_by(action: Action) -> Rule:
    return lambda case: case.action in ENDS and done_to(case.books, case.asked.refers, action)


def reservation_expired(case: Case) -> bool:
    if ended_by(Action.EXPIRE)(case):
        return True
    own = case.entry.expires if case.action is Action.RESERVE else None
    last = case.target.expires if case.target and case.action is Action.SETTLE else own
    return last is not None and case.entry.entry_date > last


def reservation_not_due(case: Case) -> bool:
    last = case.target.expires if case.target and case.action is Action.EXPIRE else None
    return last is not None and case.entry.entry_date <= last


def over_reservation(case: Case) -> bool:
    if case.target is None or case.action is not Action.SETTLE:
        return False

    def total(entry: Entry, slot: tuple[str, str]) -> int:
        return sum(line.amount for line in entry.lines if (line.acct_no, line.side) == slot)

    return any(total(case.entry, line[:2]) > total(case.target, line[:2]) for line in case.entry.lines)


def already_reversed(case: Case) -> bool:
    return case.action is Action.REVERSE and done_to(case.books, case.asked.refers, Action.REVERSE)


def period_closed(case: Case) -> bool:
    day = case.entry.entry_date
    return day.year * 100 + day.month <= case.ledger.closed.get(Book(case.entry.admdvs, case.entry.fund_type), 0)


def flow_not_allowed(case: Case) -> bool:
    if case.action not in (Action.POST, Action.RESERVE, Action.SETTLE):
        return False
    debits, credits = case.codes("D"), case.codes("C")
    out = any(code.startswith("1002") for code in credits) and not all(one.startswith(OUT_OF_1002) for one in debits)
    into = any(code.startswith("1004") for code in debits) and not all(one.startswith(INTO_1004) for one in credits)
    return out or into


def received(entry: Entry) -> set[str]:
    """The bank accounts an entry receives money on."""
    return {line.acct_no for line in entry.lines if line.side == "D" and code_of(line.acct_no).startswith(BANKS)}


def bank_ref_used(case: Case) -> bool:
    if case.entry.bank_ref is None or case.action not in BOOKED:
        return False
    return any(
        entry.bank_ref == case.entry.bank_ref and received(entry) & received(case.entry)
        for entry in case.books
        if entry.action in BOOKED and not done_to(case.books, entry.entry_id, Action.REVERSE)
    )


def unlawful_transfer(entries: Sequence[Entry]) -> bool:
    """Whether money leaves one insurance's bank accounts and enters another's in a way that is not listed."""

    def bank(line: Line) -> bool:
        return code_of(line.acct_no).startswith(BANKS)

    def net(entry: Entry) -> int:
        return sum(line.amount if line.side == "D" else -line.amount for line in entry.lines if bank(line))

    def listed(payer: Entry, payee: Entry) -> bool:
        codes = [
            {code_of(line.acct_no) for line in entry.lines if line.side == side and not bank(line)}
            for entry, side in ((payer, "D"), (payee, "C"))
        ]
        return all((payer.fund_type, given, payee.fund_type, taken) in TRANSFERS for given, taken in product(*codes))

    def mirrored(entry: Entry) -> Entry:
        return entry._replace(lines=tuple(line._replace(side="DC"[line.side == "D"]) for line in entry.lines))

    def lawful(payer: Entry, payee: Entry) -> bool:
        # Two reverses bring money back the way it came: they are as lawful as that was.
        back = payer.action is payee.action is Action.REVERSE
        return listed(mirrored(payee), mirrored(payer)) if back else listed(payer, payee)

    paying, receiving = ([one for one in entries if net(one) * sign > 0] for sign in (-1, 1))
    return any(
        payer.fund_type != payee.fund_type and not lawful(payer, payee) for payer, payee in product(paying, receiving)
    )


def transfer_unequal(entries: Sequence[Entry]) -> bool:
    """Whether both sides of a listed transfer stand together with other amounts."""

    def total(fund: str, side: str, subject: str) -> int:
        return sum(
            line.amount
            for entry in entries
            for line in entry.lines
            if entry.fund_type == fund and entry.action is not Action.RESERVE
            if line.side == side and code_of(line.acct_no).startswith(subject)
        )

    sums = [(total(giver, "D", out), total(taker, "C", into)) for giver, out, taker, into in EQUAL]
    return any(given and taken and given != taken for given, taken in sums)


def half_reversed(books: Sequence[Entry], new: Sequence[Entry]) -> bool:
    """Whether reverses leave an entry of another book of the same linked group standing."""
    for entry in new:
        target = find(books, entry.refers) if entry.action is Action.REVERSE else None
        for other in books:
            if target and target.group_id and other.group_id == target.group_id and other.action in BOOKED:
                elsewhere = (other.admdvs, other.fund_type) != (target.admdvs, target.fund_type)
                if elsewhere and not done_to(books, other.entry_id, Action.REVERSE):
                    return True
    return False


_O = Outcome
RULES: dict[Outcome, Rule] = {
    _O.SETTLES_MISSING: lambda case: not case.entry.settles,
    _O.BAD_AMOUNT: bad_amount,
    _O.LINES_MISSING: lines_missing,
    _O.LINES_UNEXPECTED: lines_unexpected,
    _O.UNBALANCED: unbalanced,
    _O.REFERENCE_MISSING: lambda case: case.refers and case.asked.refers is None,
    _O.REFERENCE_UNKNOWN: lambda case: case.refers and case.asked.refers is not None and case.target is None,
    _O.REFERENCE_NOT_FIT: reference_not_fit,
    _O.RESERVATION_SETTLED: ended_by(Action.SETTLE),
    _O.RESERVATION_VOIDED: ended_by(Action.VOID),
    _O.RESERVATION_EXPIRED: reservation_expired,
    _O.RESERVATION_NOT_DUE: reservation_not_due,
    _O.OVER_RESERVATION: over_reservation,
    _O.ALREADY_REVERSED: already_reversed,
    _O.ACCOUNT_UNKNOWN: lambda case: None in case.accounts,
    _O.INSURANCE_MIXED: lambda case: any(one and one.fund_type != case.entry.fund_type for one in case.accounts),
    _O.AGENCY_MIXED: lambda case: any(one and one.admdvs != case.entry.admdvs for one in case.accounts),
    _O.ACCOUNT_NOT_OPEN: lambda case: any(one and case.entry.entry_date < one.opened for one in case.accounts),
    _O.DATE_BEFORE_REFERENCE: lambda case: bool(case.target and case.entry.entry_date < case.target.entry_date),
    _O.FUTURE_DATE: lambda case: bool(case.ledger.today and case.entry.entry_date > case.ledger.today),
    _O.PERIOD_CLOSED: period_closed,
    _O.FLOW_NOT_ALLOWED: flow_not_allowed,
    _O.BANK_REF_USED: bank_ref_used,
}
LIMITS = {
    _O.BELOW_FLOOR: LimitKind.FLOOR, _O.OVER_CEILING: LimitKind.CEILING, _O.OVER_BUDGET: LimitKind.BUDGET,
}  # fmt: skip


def first(reasons: Iterable[Outcome]) -> Outcome:
    """The reason that comes first in the documented order."""
    return min(reasons, key=list(Outcome).index)


class Ledger:
    """Accounts, the limits in force, the closed months, today, and every entry that was accepted, in order."""

    accounts: dict[str, Account]
    today: date | None

    def __init__(
        self, accounts: Iterable[Account], limits: Iterable[Limit] = (), closed: dict[Book, int] | None = None,
        today: date | None = None,
    ) -> None:  # fmt: skip
        self.accounts = {account.no: account for account in accounts}
        self.limits: dict[tuple[str, LimitKind, int], int | None] = {
            (limit.acct_no, limit.kind, limit.budget_year): limit.amount
            for limit in sorted(limits, key=lambda one: one.version)
        }
        self.closed = dict(closed or {})
        self.today = today
        self.entries: list[Entry] = []

    def answer(self, batch: Sequence[Entry], *, whole: bool = False) -> list[Outcome]:
        """The answer to each command; a linked group is taken where its first member stands."""
        before = list(self.entries)
        found: dict[int, Outcome] = {}
        for place, asked in enumerate(batch):
            linked = [other for other, one in enumerate(batch) if asked.group_id and one.group_id == asked.group_id]
            if place == min(linked, default=place):
                found.update(self._unit({other: batch[other] for other in linked or [place]}))
        if whole and any(outcome not in STANDS for outcome in found.values()):
            self.entries = before
            found = self._without(batch, found, Outcome.BATCH_REFUSED)
        return [found[place] for place in range(len(batch))]

    def _unit(self, unit: dict[int, Entry]) -> dict[int, Outcome]:
        books, new = list(self.entries), []
        found: dict[int, Outcome] = {}
        for place, asked in unit.items():
            case = Case(self, books, asked)
            same = find(books, asked.entry_id)
            if same is not None:
                found[place] = Outcome.EXISTS if same == case.entry else Outcome.ID_REUSED
                continue
            reasons = {outcome for outcome, holds in RULES.items() if holds(case)}
            if not reasons:
                reasons = {outcome for outcome, kind in LIMITS.items() if case.breaks(kind)}
            found[place] = first(reasons or {Outcome.POSTED})
            if not reasons:
                books.append(case.entry)
                new.append(case.entry)
        linked = any(asked.group_id for asked in unit.values())
        reasons = self._linked(books, new, found) if linked or half_reversed(books, new) else set()
        if reasons:
            return self._without(unit, found, first(reasons))
        self.entries = books
        return found

    def _linked(self, books: list[Entry], new: list[Entry], found: dict[int, Outcome]) -> set[Outcome]:
        """What speaks against a linked group as a whole."""
        return {
            reason
            for reason, holds in {
                Outcome.LINKED_REFUSED: any(outcome not in STANDS for outcome in found.values()),
                Outcome.GROUP_CHANGED: any(old.group_id == one.group_id for old in self.entries for one in new),
                Outcome.TRANSFER_BETWEEN_INSURANCES: unlawful_transfer(new),
                Outcome.TRANSFER_UNEQUAL: transfer_unequal(new),
                Outcome.GROUP_HALF_REVERSED: half_reversed(books, new),
            }.items()
            if holds
        }

    def _without(
        self, commands: Sequence[Entry] | dict[int, Entry], found: dict[int, Outcome], reason: Outcome
    ) -> dict[int, Outcome]:
        """Answers once the commands are out of the books again: only what was there before them still exists."""
        return {
            place: reason if outcome in STANDS and find(self.entries, commands[place].entry_id) is None else outcome
            for place, outcome in found.items()
        }
