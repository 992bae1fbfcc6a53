"""封闭预算: what the fund cannot pay is taken from shared overrun first, then from retained surplus, pro rata.

Entitlements are kept and the point value is never lowered for it: pay is not monotone in the point value, so a re-run
at a lower one may cost more (E = 100 each, booked 84/120/108, budget 293: value 1.00 pays 295.0, value 0.985 pays
307.1). What still does not fit is the finding ``budget_exceeded``. Nobody gains from a cut. Source: RULEBOOK §10.
"""

from collections.abc import Sequence
from typing import NamedTuple

from yibao.clearing.faults import error
from yibao.kernel import Finding, largest_remainder, yuan_text


class Asked(NamedTuple):
    """A unit before the cut: its pay and the parts of it that may be cut, in fen. ``key`` is unique."""

    key: str
    pay: int
    retained: int
    shared: int


class Kept(NamedTuple):
    """A unit after the cut: pay = asked pay − cut_shared − cut_retained."""

    key: str
    cut_shared: int
    cut_retained: int
    pay: int


class Closed(NamedTuple):
    """The units after the cut, in the order they came, and what Σ pay is still above the limit."""

    units: tuple[Kept, ...]
    over: int


def close_budget(units: Sequence[Asked], limit: int) -> Closed:
    """Cuts the units to Σ pay ≤ ``limit`` as far as their shared and retained parts go, to the fen.

    Each cut is divided by the largest remainder over the parts themselves, ties to the smaller key, so no unit loses
    more than its part and the order of the input decides nothing.
    """
    keys = [unit.key for unit in units]
    excess = max(sum(unit.pay for unit in units) - limit, 0)
    from_shared = _cut(excess, [unit.shared for unit in units], keys)
    excess -= sum(from_shared)
    from_retained = _cut(excess, [unit.retained for unit in units], keys)
    excess -= sum(from_retained)
    kept = tuple(
        Kept(unit.key, shared, retained, unit.pay - shared - retained)
        for unit, shared, retained in zip(units, from_shared, from_retained, strict=True)
    )
    return Closed(kept, excess)


def _cut(excess: int, parts: Sequence[int], keys: Sequence[str]) -> list[int]:
    """Divides what must go over the parts, never more than they hold."""
    total = min(excess, sum(parts))
    return largest_remainder(total, parts, keys) if total > 0 else [0] * len(parts)


def exceeded_finding(fund_type: str, over: int, limit: int) -> list[Finding]:
    """The finding about what no cut can remove."""
    if not over:
        return []
    found = error(
        "budget_exceeded",
        f"险种{fund_type}：清算支付额超过住院DIP预算和调剂金之和{yuan_text(limit)}元，削减分担和留用后仍超{yuan_text(over)}元",
        "各机构应付额之和大于预算，或按记账支付的部分超出预算",
        "按程序调整预算或动用调剂金，再清算；不得降低点值重算",
        key=fund_type,
    )
    return [found]
