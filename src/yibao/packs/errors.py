"""The loader's error: every fault of the packs at once."""

from collections.abc import Sequence

from yibao.kernel import Finding


class PackError(Exception):
    """Packs that cannot be used. ``findings`` holds every fault found; the message lists them, one a line."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        lines = [f"政策包有{len(self.findings)}处问题：", *(describe(one) for one in self.findings)]
        super().__init__("\n".join(lines))


def describe(finding: Finding) -> str:
    """One fault on one line, in Chinese: severity, place, message, cause, next step."""
    place = f"{finding.place}：" if str(finding.place) else ""
    cause = f"；原因：{finding.cause}" if finding.cause else ""
    step = f"；处理：{finding.next_step}" if finding.next_step else ""
    return f"{finding.severity.label} {place}{finding.message}{cause}{step}"
