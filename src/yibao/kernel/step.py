"""A step: one line of the waterfall that explains an amount or a score."""

from typing import NamedTuple


class Step(NamedTuple):
    """What was done, with what, by which rule. Texts are Chinese; ``value`` is exact and already formatted."""

    label: str
    value: str
    unit: str = ""
    detail: str = ""
    key: str = ""
    """The parameter used, as the law names it."""
    source: str = ""
    unverified: bool = False
