"""The audit chain: each record's hash covers the one before it, in one chain for each agency and year."""

import hashlib
from typing import Any, NamedTuple

import orjson


class Partition(NamedTuple):
    """One chain: an agency's records of one year."""

    admdvs: str
    year: int

    def __str__(self) -> str:
        return f"{self.admdvs}经办机构{self.year}年"


class Head(NamedTuple):
    """How far a chain reaches: the number of its last record and that record's hash."""

    seq: int
    hash: bytes


def genesis(partition: Partition) -> Head:
    """The head of a chain without records; it differs by partition, so that no chain can stand for another."""
    return Head(0, hashlib.sha256(f"yibao {partition.admdvs} {partition.year}".encode()).digest())


def link(before: bytes, kind: str, record_id: str, recorded_at: str, content: Any) -> bytes:
    """The hash of a record in its chain: SHA-256 over the hash before it and the record as compact JSON in UTF-8.

    The JSON is ``[kind, record_id, recorded_at, content]`` without spaces, so an auditor can recompute a chain with
    any tool. ``content`` is what the record's ``content()`` says.
    """
    return hashlib.sha256(before + orjson.dumps((kind, record_id, recorded_at, content), default=list)).digest()
