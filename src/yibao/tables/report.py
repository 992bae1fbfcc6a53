"""What a load did: rows read, kept and rejected, every fault, and what was repaired."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from yibao.kernel import Finding, Severity


@dataclass
class LoadReport:
    """The outcome of one load. Rows are those inside the window, or without a readable date.

    ``counts`` is exact for each fault code (rows, or files for file faults); ``findings`` holds at most ``limit``,
    errors first. ``repairs`` counts rows for each ``column:code`` that was repaired silently.
    ``missing_optional`` lists schema columns that no file had. ``rejects`` is the session's table of rejected rows.
    """

    table: str
    into: str
    rejects: str
    limit: int = 100_000
    files: list[str] = field(default_factory=list)
    rows_read: int = 0
    rows_kept: int = 0
    rows_rejected: int = 0
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    missing_optional: list[str] = field(default_factory=list)
    ignored_columns: list[str] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Counts a finding and keeps it while the limit allows."""
        self.keep(finding)
        self.counts[finding.code] = self.counts.get(finding.code, 0) + 1

    def keep(self, finding: Finding) -> None:
        """Keeps a finding that is counted elsewhere, while the limit allows."""
        if len(self.findings) < self.limit:
            self.findings.append(finding)

    def of(self, severity: Severity) -> Iterable[Finding]:
        """The findings of one severity."""
        return (finding for finding in self.findings if finding.severity is severity)

    @property
    def nothing(self) -> bool:
        """Whether no row survived."""
        return self.rows_kept == 0

    @property
    def clean(self) -> bool:
        """Whether nothing was found but repairs."""
        return not any(finding.severity is not Severity.INFO for finding in self.findings)
