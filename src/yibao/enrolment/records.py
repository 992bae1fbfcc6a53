"""The rows that enrolment is about, as values: named as in `yibao.standard.insured`, amounts in fen."""

from datetime import date
from typing import NamedTuple

EMPLOYEE, RESIDENT, VETERAN = "310", "390", "340"
"""职工, 居民 and 离休 (who pay nothing): the basic insurances; supplementary ones follow them."""
BASIC = (EMPLOYEE, VETERAN, RESIDENT)
YEARS = range(1949, 2201)
"""Years that a payment may be for; any other is a slip of the pen and counts for nothing (`check` names it)."""
SUSPENDED, ENDED = "2", "4"
"""人员参保状态 that ends a spell."""
NO_ACCOUNT = "2"
"""参保缴费方式 单建统筹: the pool only, no personal account."""


class Person(NamedTuple):
    """A person's own dates; None where unknown or, for death, not so."""

    psn_no: str
    brdy: date | None = None
    die_date: date | None = None


class Enrolment(NamedTuple):
    """A spell of enrolment (参保关系) in one pool, from ``psn_insu_date`` until the day before ``paus_insu_date``."""

    psn_no: str
    insutype: str
    insuplc_admdvs: str
    psn_insu_date: date
    paus_insu_date: date | None = None
    psn_insu_stas: str = "1"
    psn_type: str = ""
    clct_way: str = ""
    pay_from: date | None = None


class Contribution(NamedTuple):
    """A payment for a month (职工) or, without ``clct_month``, for a cover year (居民)."""

    psn_no: str
    insutype: str
    insuplc_admdvs: str
    year: int
    clct_month: int | None
    clct_amt: int
    paid_amt: int
    paid_date: date
    aid_amt: int = 0
    pay_from: date | None = None


class Identity(NamedTuple):
    """A spell of a hardship or other identity; ``enddate`` is its last day."""

    psn_no: str
    psn_idet_type: str
    begndate: date
    enddate: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the person has the identity on the day."""
        return self.begndate <= day and (self.enddate is None or day <= self.enddate)


class Cover(NamedTuple):
    """An interval of one state in one pool, both ends included; benefits begin with ``pay_from`` where covered.

    ``spell_no`` numbers a person's spells by insurance, pool and start.
    """

    psn_no: str
    insutype: str
    insuplc_admdvs: str
    psn_type: str
    clct_way: str
    begndate: date
    enddate: date
    pay_from: date | None
    cover_stas: str
    spell_no: int = 0


COVERED, ARREARS, PAUSED = "covered", "arrears", "suspended"
"""The states of an interval."""
