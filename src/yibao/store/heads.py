"""The exported head: how far each chain reached on a day, kept outside the store so that nobody can rewrite it.

Beside each chain's last hash the head keeps a few bytes of every record's hash (its marks), at most a million of
them a chain, so that a chain rewritten whole is not only found but the first record that differs is named.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from yibao.store import schema
from yibao.store.chain import Head, Partition, genesis
from yibao.store.errors import StoreError

FORMAT = 1
MARK_BYTES = 4
HASH_BYTES = 32
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

    def first(self, seq: int) -> int:
        """The first record that may differ where ``seq`` is the first found to: those before it bear no mark."""
        return (seq - 1) // self.every * self.every + 1


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
        partitions = {Partition(str(one["admdvs"]), int(one["year"])): _mark(one) for one in whole["chains"]}
        return Anchor(str(whole["made_at"]), str(whole["store"]), partitions)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise StoreError(f"“{file}”不是完整的链头文件；请用 yibao fund head 导出的原件") from error


def _mark(one: dict[str, Any]) -> Mark:
    marks = base64.b64decode(one["marks"], validate=True)
    mark = Mark(int(one["seq"]), bytes.fromhex(one["hash"]), int(one["every"]), marks)
    if mark.every < 1 or len(mark.hash) != HASH_BYTES or len(marks) != mark.seq // mark.every * MARK_BYTES:
        raise ValueError
    return mark


def export_heads(connection: Connection, made_at: str, store: str) -> Anchor:
    """The heads of all chains of one consistent reading.

    Raises StoreError where a chain does not end at its head: such a head could not be held against anything.
    """
    head = schema.audit_head.c
    partitions: dict[Partition, Mark] = {}
    for row in connection.execute(select(schema.audit_head).order_by(head.admdvs, head.year)):
        partition = Partition(row.admdvs, row.year)
        every = -(-row.seq // MOST_MARKS) or 1
        marks = b"".join(one[:MARK_BYTES] for one in _hashes(connection, partition, row.seq, every))
        chain = schema.audit_chain.c
        end = (chain.admdvs == row.admdvs, chain.year == row.year, chain.seq == row.seq)
        last = connection.execute(select(chain.hash).where(*end)).scalar() or genesis(partition).hash
        if last != row.hash or len(marks) != row.seq // every * MARK_BYTES:
            raise StoreError(f"{partition}的记录链与链头不符，不能导出链头或备份；请先运行 yibao fund verify 查明")
        partitions[partition] = Mark(row.seq, row.hash, every, marks)
    return Anchor(made_at, store, partitions)


def _hashes(connection: Connection, partition: Partition, until: int, every: int) -> Iterator[bytes]:
    """The hash of every ``every``-th record of a chain up to ``until``, in their order."""
    chain = schema.audit_chain.c
    own = (chain.admdvs == partition.admdvs, chain.year == partition.year)
    wanted = select(chain.hash).where(*own, chain.seq <= until, chain.seq % every == 0).order_by(chain.seq)
    for row in connection.execute(wanted.execution_options(yield_per=10_000)):
        yield row[0]
