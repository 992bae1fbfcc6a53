"""What a counter keeps: settlements with their lines and moves, and money for accounts. Values, never changed.

A move is all that a settlement did to what is carried on: an accumulator, a counter, an account. Taking the moves back
undoes it, whatever the law says by then. Every record knows its partition in the store and its business id.
"""

from datetime import date
from typing import NamedTuple

HOME = "home/"
"""How the owner of a household's accumulators begins."""
SUM, USED, ACCOUNT, SEEN = "sum", "used", "account", "seen"
"""What a move moves: an accumulator of a year (fen, stays by the number), a counter of 限定支付 (10⁻⁶), an account; or
nothing: the owner was looked at, and what was seen could have led to something else.
"""
SETTLE, REVERSE, ADJUST = "settle", "reverse", "adjust"
"""What a settlement's record does."""


class SettledLine(NamedTuple):
    """A fee line with what the catalogue said of it (`yibao.catalogue.scope.Line`, channel, reason, counter)."""

    feedetl_sn: str
    med_list_codg: str
    fee_day: str
    cls: int
    limit_micro: int
    share_ppm: int
    payable: int
    price_micro: int
    cnt_micro: int
    amount_fen: int
    counter_unit: int
    counter_limit_micro: int
    counter_take_micro: int
    counter_mark: int
    channel: int
    reason: int
    counter: str


class Move(NamedTuple):
    """By how much something of ``owner`` was moved. ``mark`` is a counter's last mark after it, ``before`` that before
    it; elsewhere both are 0.
    """

    what: str
    owner: str
    year: int
    name: str
    amount: int
    mark: int = 0
    before: int = 0


class Settlement(NamedTuple):
    """A settlement, or a record that takes one back (reverse) or corrects it (adjust): then ``refers`` names it.

    ``nth`` counts what was done to each owner: of two records that touch one owner the later has the greater number.
    ``context`` is that of the law, ``facts`` the rest that the kernel was given, ``result`` its row by name without the
    zeros, ``amounts`` the national fields without the zeros; all four are JSON. ``terms_day`` is the first day of the
    span of law; ``digest`` that of what was asked; ``posted`` 1 where the ledger has its entries.
    """

    setl_id: str
    msgid: str
    action: str
    admdvs: str
    year: int
    psn_no: str
    home: str
    fixmedins_code: str
    mdtrt_id: str
    med_type: str
    kind: str
    insutype: str
    setl_time: str
    law_day: date
    terms_day: date
    benefit_year: int
    outcome: str
    refers: str | None
    nth: int
    total: int
    posted: int
    digest: str
    context: str
    facts: str
    result: str
    amounts: str
    lines: tuple[SettledLine, ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def key(self) -> str:
        """The business id."""
        return self.setl_id

    @property
    def owners(self) -> frozenset[str]:
        """Whoever it moved something of or looked at, and the person."""
        return frozenset({self.psn_no, *(move.owner for move in self.moves)})


class Credit(NamedTuple):
    """Money for a person's account, in fen."""

    credit_id: str
    psn_no: str
    admdvs: str
    credit_date: date
    amount: int
    nth: int

    @property
    def key(self) -> str:
        """The business id."""
        return self.credit_id

    @property
    def year(self) -> int:
        """The year of the partition."""
        return self.credit_date.year
