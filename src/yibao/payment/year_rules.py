"""The rules of a year as a whole: excluded fees, offsite cases, how a case's due follows from its points.

They are read once, on the last day of the year, and may not change within it: a year has one settlement value.
Source: docs/internals/close.md, stages 4–5; DIP_REGIMES A.8–A.9.
"""

from typing import NamedTuple

from yibao.law import View
from yibao.payment.coefficient import SCALE
from yibao.payment.terms import exact

YEAR_KEYS = (
    "dip.exclusion.mode", "dip.exclusion.charge", "dip.exclusion.addon_k", "dip.offsite.in_province",
    "dip.special_review", "dip.special_review.quota", "dip.special_review.order", "dip.special_review.keep_better",
    "dip.coef.shape", "dip.coef.addons", "dip.coef.addon_cap", "settle.entitlement.basis", "settle.ratio_level",
    "settle.case_floor",
)  # fmt: skip
"""The keys that must stand still from the first day of the year to the last."""


class ExclusionRules(NamedTuple):
    """新药新技术: ``mode`` none, exclude (out of the fee, paid by item) or add_on (the fee stays, points are added).

    ``charged`` is whether the DIP budget bears what is paid by item; ``addon_k_e4`` is 0 but in mode add_on.
    """

    mode: str
    charged: bool
    addon_k_e4: int

    @property
    def taken_out(self) -> bool:
        """Whether excluded fees leave the fee that DIP looks at."""
        return self.mode == "exclude"


def read_exclusion(view: View, regime: str) -> ExclusionRules:
    """The rules in force on the view's day; a key is read only where the mode needs it. Raises MissingParameter."""
    mode = view.text("dip.exclusion.mode", regime=regime)
    charged = mode == "exclude" and view.text("dip.exclusion.charge", regime=regime) == "dip"
    k = exact(view, "dip.exclusion.addon_k", SCALE, regime=regime) if mode == "add_on" else 0
    return ExclusionRules(mode, charged, k)


class DueRules(NamedTuple):
    """How a due follows from points: ``basis`` times_ratio or minus_patient, ``ratio_level`` pool, institution or case
    (pool where the basis needs none), ``floored`` whether a case's due is at least zero.
    """

    basis: str
    ratio_level: str
    floored: bool

    @property
    def minus_patient(self) -> bool:
        """Whether the patient's and other funds' payments are taken off the standard."""
        return self.basis == "minus_patient"

    @property
    def shared(self) -> bool:
        """Whether the fund is divided exactly by points, so that Σ due is the fund."""
        return not self.minus_patient and self.ratio_level == "pool"


def read_due(view: View) -> DueRules:
    """The rules in force on the view's day. Raises MissingParameter."""
    basis = view.text("settle.entitlement.basis")
    if basis == "minus_patient":
        return DueRules(basis, "pool", view.flag("settle.case_floor"))
    return DueRules(basis, view.text("settle.ratio_level"), False)
