"""How this room says that something is wrong: one place that makes findings, and the error of unreadable terms."""

from collections.abc import Iterable
from fractions import Fraction

from yibao.kernel import Finding, Place, Severity, half_up_ratio

_NOWHERE = Place()


class TermsError(ValueError):
    """Terms that the law gives but that cannot be applied; ``findings`` lists every fault, the message joins them."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("；".join(one.message for one in self.findings))


def error(
    code: str, message: str, cause: str, step: str, place: Place = _NOWHERE, basis: str = "", key: str = ""
) -> Finding:
    """A fault that stops the figure it is about."""
    return Finding(code, Severity.ERROR, message, place, cause, step, basis, key)


def warning(
    code: str, message: str, cause: str, step: str, place: Place = _NOWHERE, basis: str = "", key: str = ""
) -> Finding:
    """A fault that is listed while the figures stand."""
    return Finding(code, Severity.WARNING, message, place, cause, step, basis, key)


def info(
    code: str, message: str, cause: str, step: str, place: Place = _NOWHERE, basis: str = "", key: str = ""
) -> Finding:
    """A remark: nothing is wrong, but the reader should know."""
    return Finding(code, Severity.INFO, message, place, cause, step, basis, key)


def bad(findings: Iterable[Finding]) -> bool:
    """Whether an error is among the findings."""
    return any(one.severity is Severity.ERROR for one in findings)


def percent(ratio: Fraction) -> str:
    """A ratio for people: ``85.00%``, half up at the second decimal."""
    hundredths = half_up_ratio(ratio, 10**4)
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}%"
