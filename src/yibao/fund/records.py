"""What the ledger keeps: accounts, limits, entries (凭证), closed months, bank lines. Values, never changed.

Every record knows its partition in the store (year, agency) and its business id, unique within its kind.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Side(StrEnum):
    """Which side of an account a line stands on (借贷方向)."""

    DEBIT = "D"
    CREDIT = "C"

    @property
    def label(self) -> str:
        """借 or 贷."""
        return "借" if self is Side.DEBIT else "贷"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


class Action(StrEnum):
    """What an entry does. Every one is an added record; none edits or deletes another."""

    POST = "post"
    RESERVE = "reserve"
    SETTLE = "settle"
    VOID = "void"
    EXPIRE = "expire"
    REVERSE = "reverse"
    CARRY = "carry"

    @property
    def label(self) -> str:
        """The Chinese name shown to users."""
        return _ACTION_LABELS[self]


_ACTION_LABELS = {
    Action.POST: "记账",
    Action.RESERVE: "预留",
    Action.SETTLE: "预留转记账",
    Action.VOID: "预留作废",
    Action.EXPIRE: "预留到期",
    Action.REVERSE: "冲销",
    Action.CARRY: "结转",
}


class LimitKind(StrEnum):
    """What a limit bounds, always on the account's normal side (an asset's debit, an income's credit)."""

    FLOOR = "floor"
    CEILING = "ceiling"
    BUDGET = "budget"

    @property
    def label(self) -> str:
        """The Chinese name shown to users."""
        return {"floor": "余额下限", "ceiling": "余额上限", "budget": "年度预算"}[self]


class Book(NamedTuple):
    """An accounting entity (账套): one agency's books of one insurance fund, kept apart from every other."""

    admdvs: str
    fund_type: str


class Account(NamedTuple):
    """An account (账户): a subject of the chart in one book, with an optional detail (an institution, a person).

    ``side`` is the normal side of its subject. ``opened`` is the first day an entry may bear.
    """

    admdvs: str
    fund_type: str
    subj_code: str
    detail: str
    name: str
    side: Side
    opened: date

    @property
    def no(self) -> str:
        """The account number, made of its parts: ``370300-310-1004`` or ``370300-310-210101-H37030300001``."""
        return account_no(self.admdvs, self.fund_type, self.subj_code, self.detail)

    @property
    def year(self) -> int:
        """The year of the partition."""
        return self.opened.year

    @property
    def key(self) -> str:
        """The business id."""
        return self.no


class Limit(NamedTuple):
    """A limit of an account, in fen on its normal side; the highest ``version`` holds, None lifts it.

    ``budget_year`` is 0 for a floor or ceiling, which bound the balance over all years. ``basis`` names the budget
    document or rule. ``year`` is that of the partition it is kept in.
    """

    acct_no: str
    kind: LimitKind
    budget_year: int
    version: int
    amount: int | None
    basis: str
    admdvs: str
    year: int

    @property
    def key(self) -> str:
        """The business id."""
        return f"{self.acct_no}/{self.kind.value}/{self.budget_year}/{self.version}"


class Line(NamedTuple):
    """One line of an entry: account, side ``D`` or ``C``, amount in fen (always positive)."""

    acct_no: str
    side: str
    amount: int


class Entry(NamedTuple):
    """An entry (凭证) of one book: balanced lines, the day, and what it settles (结算单、清算单、拨付单 …).

    ``refers`` is the reservation that a settle, void or expire ends, or the entry that a reverse takes back.
    ``expires`` is the last day of a reservation. ``group_id`` links entries that hold together. ``bank_ref`` is the
    bank's own number of the payment. A settle may carry fewer or smaller lines than its reservation; without lines it
    posts the whole. A void, expire or reverse carries no lines when asked for; a reverse is kept with them.
    """

    entry_id: str
    action: Action
    admdvs: str
    fund_type: str
    entry_date: date
    settles: str
    memo: str
    lines: tuple[Line, ...]
    refers: str | None = None
    expires: date | None = None
    group_id: str | None = None
    bank_ref: str | None = None

    @property
    def year(self) -> int:
        """The year of the partition."""
        return self.entry_date.year

    @property
    def key(self) -> str:
        """The business id."""
        return self.entry_id


class Close(NamedTuple):
    """A closed month (结账) of a book: no entry may bear a day in it or before it from then on."""

    admdvs: str
    fund_type: str
    month: int
    """``yyyymm``."""

    @property
    def year(self) -> int:
        """The year of the partition."""
        return self.month // 100

    @property
    def key(self) -> str:
        """The business id."""
        return f"{self.admdvs}-{self.fund_type}-{self.month}"


class BankLine(NamedTuple):
    """One line of a bank or treasury statement (银行对账单): money in (``D``) or out (``C``) seen from the fund.

    ``balance`` is the account's balance after it in fen, where the statement prints one.
    """

    acct_no: str
    bank_ref: str
    day: date
    side: str
    amount: int
    balance: int | None
    counterparty: str
    memo: str
    admdvs: str

    @property
    def year(self) -> int:
        """The year of the partition."""
        return self.day.year

    @property
    def key(self) -> str:
        """The business id."""
        return f"{self.acct_no}/{self.bank_ref}"


class Assertion(NamedTuple):
    """That an account held ``stated`` fen at the end of ``day`` by the bank's word, and ``booked`` by ours."""

    acct_no: str
    day: date
    stated: int
    booked: int
    differences: int
    """How many entries or bank lines stand on one side only or differ."""
    admdvs: str
    number: int
    """Counts the assertions of one account and day."""

    @property
    def year(self) -> int:
        """The year of the partition."""
        return self.day.year

    @property
    def key(self) -> str:
        """The business id."""
        return f"{self.acct_no}/{self.day.isoformat()}/{self.number}"


Record = Account | Limit | Entry | Close | BankLine | Assertion


def account_no(admdvs: str, fund_type: str, subj_code: str, detail: str = "") -> str:
    """The number of an account from its parts."""
    return "-".join(part for part in (admdvs, fund_type, subj_code, detail) if part)
