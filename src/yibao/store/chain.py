"""The audit chain: each record's hash covers the one before it, in one chain for each agency and year."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from yibao.store.errors import StoreError


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


def link(
    before: bytes, kind: str, record_id: str, recorded_at: str, row: Sequence[Any], lines: Sequence[Sequence[Any]]
) -> bytes:
    """The hash of a record in its chain: SHA-256 over the hash before it and the record as compact JSON in UTF-8.

    The JSON is ``[kind, record_id, recorded_at, row, lines]`` without spaces, with the record's row and its lines as
    they stand in their tables, so an auditor can recompute a chain with any tool. Raises StoreError for a text that
    not every database can keep.
    """
    try:
        text = orjson.dumps((kind, record_id, recorded_at, row, lines))
    except TypeError as error:
        raise StoreError(f"记录（{kind} {record_id!r}）里有不能保存的字符，没有写入") from error
    if b"\\u0000" in text and any("\0" in cell for cells in (row, *lines) for cell in cells if isinstance(cell, str)):
        raise StoreError(f"记录（{kind} {record_id!r}）里有空字符（NUL），没有写入；请删去后重发")
    return hashlib.sha256(before + text).digest()
