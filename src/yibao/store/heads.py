"""The exported head: how far each chain reached on a day, kept outside the store so that nobody can rewrite it.

Beside each chain's last hash the head keeps a few bytes of every record's hash (its marks), at most a million of
them a chain, so that a chain rewritten whole is not only found but the first record that differs is named.
"""

import base64
import binascii
import json
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from yibao.store import schema
from yibao.store.chain import Head, Partition
from yibao.store.errors import StoreError

FORMAT = 1
MARK_BYTES = 4
MOST_MARKS = 1_000_000


class Mark(NamedTuple):
    """One chain in an exported head. ``marks`` holds the first bytes of the hash of every ``every``-th record."""

    seq: int
    hash: bytes
    every: int
    marks: bytes

    def agrees(self, head: Head) -> bool:
        """Whether a chain that is at ``head`` is still the exported one, as far as the export can tell."""
        if head.seq == self.seq:
            return head.hash == self.hash
        if head.seq > self.seq or head.seq % self.every:
            return True
        start = (head.seq // self.every - 1) * MARK_BYTES
        return self.marks[start : start + MARK_BYTES] == head.hash[:MARK_BYTES]

    def span(self, seq: int) -> str:
        """The records among which the first difference lies, for people."""
        first = max(1, (seq - 1) // self.every * self.every + 1)
        return f"第{seq}条记录" if self.every == 1 else f"第{first}到{seq}条记录"


class Anchor(NamedTuple):
    """An exported head: when it was made, of which store, and every chain in it."""

    made_at: str
    store: str
    partitions: dict[Partition, Mark]

    def to_json(self) -> str:
        """The text of the head's file."""
        chains = [
            {
                "admdvs": partition.admdvs, "year": partition.year, "seq": mark.seq, "hash": mark.hash.hex(),
                "every": mark.every, "marks": base64.b64encode(mark.marks).decode(),
            }
            for partition, mark in sorted(self.partitions.items())
        ]  # fmt: skip
        whole = {"yibao_head": FORMAT, "made_at": self.made_at, "store": self.store, "chains": chains}
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def read_anchor(text: str, file: str) -> Anchor:
    """The head of a file's text. Raises StoreError (Chinese, naming the file) when it is torn or another file."""
    try:
        whole: dict[str, Any] = json.loads(text)
        if whole["yibao_head"] != FORMAT:
            raise ValueError
        partitions = {Partition(one["admdvs"], int(one["year"])): _mark(one) for one in whole["chains"]}
        return Anchor(str(whole["made_at"]), str(whole["store"]), partitions)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise StoreError(f"“{file}”不是完整的链头文件；请用 yibao fund head 导出的原件") from error


def _mark(one: dict[str, Any]) -> Mark:
    mark = Mark(int(one["seq"]), bytes.fromhex(one["hash"]), int(one["every"]), base64.b64decode(one["marks"]))
    if mark.every < 1 or len(mark.marks) != mark.seq // mark.every * MARK_BYTES:
        raise ValueError
    return mark


def export_heads(connection: Connection, made_at: str, store: str) -> Anchor:
    """The heads of all chains of one consistent reading."""
    head, chain = schema.audit_head.c, schema.audit_chain.c
    partitions: dict[Partition, Mark] = {}
    for row in connection.execute(select(schema.audit_head).order_by(head.admdvs, head.year)):
        every = -(-row.seq // MOST_MARKS) or 1
        hashes = connection.execute(
            select(chain.hash)
            .where(chain.admdvs == row.admdvs, chain.year == row.year, chain.seq % every == 0)
            .order_by(chain.seq)
            .execution_options(yield_per=10_000)
        )
        marks = b"".join(one[0][:MARK_BYTES] for one in hashes)
        partitions[Partition(row.admdvs, row.year)] = Mark(row.seq, row.hash, every, marks)
    return Anchor(made_at, store, partitions)
