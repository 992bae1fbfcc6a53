"""What the law raises. Each error carries a Finding, so that a flow can list it beside data faults.

A missing value, a tie between two rules, a value read as another type and a missing holiday table are never guessed
around: the settlement that needs them cannot be made.
"""

from yibao.kernel import Finding, Place, Severity


class LawError(Exception):
    """Base of the law's errors; ``finding`` is the fault as a value and the message its Chinese text."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        cause = f"；原因：{finding.cause}" if finding.cause else ""
        step = f"；处理：{finding.next_step}" if finding.next_step else ""
        super().__init__(f"{finding.message}{cause}{step}")


class MissingParameter(LawError):  # noqa: N818 - the name says it
    """No parameter answers the key on the day, as known, in the context. Never read as zero."""


class ConflictError(LawError):
    """Two rules, or two exceptions, hold at once and no label says which one gives way."""


class ParameterTypeError(LawError):
    """A value is read as something else than its unit says, e.g. a list as an amount."""


class HolidayTableMissing(LawError):  # noqa: N818 - the name says it
    """A working day was asked in a year for which no holiday notice is loaded (or known on the second clock)."""


def law_finding(
    code: str, message: str, cause: str = "", next_step: str = "", place: str = "", key: str = ""
) -> Finding:
    """An error Finding of the law; ``place`` is ``file:line:column``."""
    return Finding(code, Severity.ERROR, message, Place(file=place), cause=cause, next_step=next_step, key=key)
