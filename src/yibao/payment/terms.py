"""The terms of payment: deviation thresholds and coefficients of one law period, read from the law."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from yibao.kernel import scaled
from yibao.law import View

DEVIATION_KEYS = (
    "dip.regime", "dip.deviation.low", "dip.deviation.low_rule", "dip.deviation.high", "dip.deviation.high_rule",
    "dip.deviation.extreme", "dip.deviation.low_uses_aux", "dip.ungrouped.k", "dip.coef.method",
    "dip.coef.level",
)  # fmt: skip
"""Keys whose change starts a new period of terms."""


class DipTerms(NamedTuple):
    """What a case's deviation is judged by from ``from_day`` to ``until_day``, both inclusive.

    Thresholds are multiples of the standard in hundredths; ``extreme_e2`` is None where the regime has none.
    """

    from_day: date
    until_day: date
    low_rule: str
    high_rule: str
    low_e2: int
    high_e2: int
    extreme_e2: int | None
    low_uses_aux: int
    ungrouped_e4: int


def read_terms(view: View, from_day: date, until_day: date) -> DipTerms:
    """The terms in force on the view's day. Raises MissingParameter for a key that the law leaves open."""
    where = {"regime": view.text("dip.regime")}
    low, high = view.text("dip.deviation.low_rule", **where), view.text("dip.deviation.high_rule", **where)
    extreme = exact(view, "dip.deviation.extreme", 100, **where) if view.has("dip.deviation.extreme", **where) else None
    uses_aux = low == "cost_over_standard" and view.flag("dip.deviation.low_uses_aux", **where)
    return DipTerms(
        from_day=from_day,
        until_day=until_day,
        low_rule=low,
        high_rule=high,
        low_e2=0 if low == "none" else exact(view, "dip.deviation.low", 100, **where),
        high_e2=0 if high == "none" else exact(view, "dip.deviation.high", 100, **where),
        extreme_e2=extreme,
        low_uses_aux=int(uses_aux),
        ungrouped_e4=exact(view, "dip.ungrouped.k", 10**4, **where),
    )


def terms_table(terms: Sequence[DipTerms]) -> pa.Table:
    """The table ``dip_terms`` that case_points.sql joins by discharge date."""
    day, whole, text = pa.date32(), pa.int64(), pa.string()
    schema = pa.schema([
        ("from_day", day), ("until_day", day), ("low_rule", text), ("high_rule", text), ("low_e2", whole),
        ("high_e2", whole), ("extreme_e2", whole), ("low_uses_aux", whole), ("ungrouped_e4", whole),
    ])  # fmt: skip
    return pa.Table.from_pylist([term._asdict() for term in terms], schema=schema)


def read_coefficients(view: View, learned: pa.Table, from_day: date, until_day: date) -> pa.Table:
    """The rows of ``level_coefficient`` (grain hosp_lv, from_day) of a law period, by its method.

    ``level_ratio``: the level's mean fee over the pool's (DIP_REGIMES A.6.1); ``case_mix_ratio``: the level's fees over
    what its cases cost in the pool at large, so that a heavier case mix, which the points already pay, is not paid
    twice (S4 三(三): 病种结构); ``table``: printed in the law by level; ``none``: every coefficient is 1. Raises
    MissingParameter when the law leaves the method or a level open.
    """
    where = {"regime": view.text("dip.regime")}
    method = view.text("dip.coef.method", **where)
    if method in ("level_ratio", "case_mix_ratio"):
        levels, values = learned["hosp_lv"].to_pylist(), learned[method].to_pylist()
    else:
        levels = ["1", "2", "3"] if method == "table" else []
        values = [exact(view, "dip.coef.level", 10**4, hosp_lv=level, **where) for level in levels]
    day, size = pa.date32(), len(levels)
    return pa.table(
        {
            "hosp_lv": pa.array(levels, pa.string()),
            "from_day": pa.array([from_day] * size, day),
            "until_day": pa.array([until_day] * size, day),
            "coefficient": pa.array(values, pa.int64()),
        }
    )


class TermsError(ValueError):
    """A value of the law that is finer than the rule computes with. The message is Chinese and names the key."""


def exact(view: View, key: str, scale: int, **where: str) -> int:
    """A ratio of the law as a whole number of 1/``scale``; raises TermsError when a digit would be lost."""
    try:
        return scaled(view.ratio(key, **where), scale)
    except ValueError as error:
        raise TermsError(
            f"参数“{key}”的值“{view.text(key, **where)}”太细：计算只到{len(str(scale)) - 1}位小数，请在政策包中改写"
        ) from error
