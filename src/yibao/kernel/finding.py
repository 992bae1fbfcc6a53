"""A finding: a fault or remark as a value, so that checks run to the end and list everything."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """What a finding does to the row: an error rejects it, a warning keeps it, info records a repair."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def label(self) -> str:
        """The Chinese name shown to users."""
        return {"error": "错误", "warning": "提醒", "info": "说明"}[self]


class Place(NamedTuple):
    """Where: file name, Excel row number (the header is row 1), column, and the value as written."""

    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        parts = [self.file] if self.file else []
        if self.row is not None:
            parts.append(f"第{self.row}行")
        if self.column:
            parts.append(f"“{self.column}”列")
        text = " ".join(parts)
        return f"{text}，值“{self.value}”" if self.value else text


class Finding(NamedTuple):
    """One fault: stable snake_case code, message a clerk understands, cause, next step, legal basis."""

    code: str
    severity: Severity
    message: str
    place: Place = Place()
    cause: str = ""
    next_step: str = ""
    basis: str = ""
    key: str = ""
    """The business key of the record, e.g. its setl_id, where it is known."""

    def __str__(self) -> str:
        tail = f"；处理：{self.next_step}" if self.next_step else ""
        where = f"{self.place}：" if str(self.place) else ""
        return f"{self.severity.label} {where}{self.message}{tail}"
