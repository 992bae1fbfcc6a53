"""Where a figure comes from, and how far it can be trusted."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Grade(StrEnum):
    """How a value is known. Results that used an unverified one list its key."""

    OFFICIAL = "official"
    PUBLISHED = "published"
    THIRD_PARTY = "third_party"
    ASSUMED = "assumed"

    @property
    def verified(self) -> bool:
        """False for what nobody in authority has printed."""
        return self in (Grade.OFFICIAL, Grade.PUBLISHED)

    @property
    def label(self) -> str:
        """The Chinese name shown to users."""
        return {"official": "官方文件", "published": "公开资料", "third_party": "第三方整理", "assumed": "假定"}[self]


class Source(NamedTuple):
    """A document and the place in it. ``published`` is the second clock: the day it became known."""

    doc: str
    published: date
    article: str = ""

    def __str__(self) -> str:
        return f"{self.doc}{'·' + self.article if self.article else ''}（{self.published.isoformat()}）"
