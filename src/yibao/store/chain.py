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


def digest(content: Any) -> bytes:
    """SHA-256 of a record's content as compact JSON in UTF-8, which an auditor can recompute with any tool."""
    return hashlib.sha256(orjson.dumps(content, default=list)).digest()


def link(before: bytes, content: bytes, kind: str, record_id: str, recorded_at: str) -> bytes:
    """The hash of a record in its chain: over the hash before it, its content's digest, its name and its time."""
    name = "\x1f".join((kind, record_id, recorded_at))
    return hashlib.sha256(before + content + name.encode()).digest()
