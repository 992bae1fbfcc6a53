"""The digest of a record's content: two records with the same digest are the same record."""

import hashlib
import json
from collections.abc import Sequence
from typing import Protocol

Json = str | int | None | Sequence["Json"]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Contentful(Protocol):
    """A record that says what its digest covers."""

    def content(self) -> Sequence[Json]:
        """Plain JSON values: texts, whole numbers, null and lists of them."""


def digest(record: Contentful) -> bytes:
    """SHA-256 of the content as compact JSON in UTF-8, so that an auditor can recompute it with any tool."""
    return hashlib.sha256(_encode(record.content()).encode()).digest()
