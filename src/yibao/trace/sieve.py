"""The kernel that passes over what is clean (DESIGN §2): which codes, and which lines of a bill, need a closer look.

Most codes are bought once and sold once, or seen once. Of a scan 24 bytes are kept: its key, `pack_when` and
`pack_what`; they decide what is *surely* clean, and everything else is looked at with its full record (`look`). So the
sieve may stop a clean code, and never passes one that has something to say. It knows only these clean lives, at most
`MAX_EVENTS` long and no two events in one second: at most one purchase, first; whole sales, each returned at its place
and by its settlement before the next; or splits (拆零) of one drug at one place within its pack, each of another
settlement; where the code was bought or returned before, at that place. Codes that share a key are looked at.

Rows lie in buckets by the first bits of the key. `compose` puts a key's next 40 bits beside the number of its row, so
that sorting plain integers brings the events of a code together. Source: RULEBOOK §15, T2–T7; docs/internals/trace.md.
"""

from collections.abc import MutableSequence, Sequence

SALE, RETURN, IN, OUT, OTHER = range(5)
"""Kinds of events as the kernels have them."""
BUCKET_BITS = 8
BUCKETS = 1 << BUCKET_BITS
ROW_BITS = 24
"""A bucket has at most 2²⁴ rows: 4 thousand million scans in all."""
_ROWS = (1 << ROW_BITS) - 1
MAX_PLACE = (1 << 24) - 1
MAX_DRUG = (1 << 15) - 1
MAX_COUNT = (1 << 16) - 1
"""Places, drugs and quantities from here on have no number of their own: such rows are looked at."""
MAX_PACKS = 255
UNKNOWN_PACK = 0
DEPENDS = -2
MAX_EVENTS = 8
_TIME_SHIFT, _PLACE_SHIFT, _KIND_SHIFT = 29, 5, 2
_TIME_END = 1 << 40
_DRUG_SHIFT, _COUNT_SHIFT = 48, 32
_SALE = (1 << 32) - 1


def bucket_of(key: int) -> int:
    """The bucket of a key: its first bits."""
    return (key >> (64 - BUCKET_BITS)) & (BUCKETS - 1)


def pack_when(second: int, place: int, kind: int, split: int, look: int) -> int:
    """Second since 2000, number of the place, kind, whether it is a split, whether it must be looked at: 61 bits."""
    return (second << _TIME_SHIFT) | (place << _PLACE_SHIFT) | (kind << _KIND_SHIFT) | (split << 1) | look


def pack_what(drug: int, count: int, sale: int) -> int:
    """Number of the drug, whole units taken, 32 bits of a hash of the settlement: 63 bits."""
    return (drug << _DRUG_SHIFT) | (count << _COUNT_SHIFT) | (sale & _SALE)


def count_buckets(keys: Sequence[int], counts: MutableSequence[int]) -> None:
    """How many rows each bucket has; rows of key 0 (no code) are in none."""
    for row in range(len(keys)):
        if int(keys[row]) != 0:
            counts[bucket_of(int(keys[row]))] += 1


def place_rows(
    at: MutableSequence[int], keys: Sequence[int], when: Sequence[int], what: Sequence[int], first: int,
    to_key: MutableSequence[int], to_when: MutableSequence[int], to_what: MutableSequence[int],
    to_row: MutableSequence[int],
) -> None:  # fmt: skip
    """Puts every row into its bucket; ``at`` holds where each bucket's next row goes, ``first`` the number of row 0."""
    for row in range(len(keys)):
        key = int(keys[row])
        if key != 0:
            bucket = bucket_of(key)
            place = int(at[bucket])
            at[bucket] = place + 1
            to_key[place] = key
            to_when[place] = when[row]
            to_what[place] = what[row]
            to_row[place] = first + row


def place_lines(
    at: MutableSequence[int], keys: Sequence[int], packs: Sequence[int], first: int,
    to_key: MutableSequence[int], to_packs: MutableSequence[int], to_row: MutableSequence[int],
) -> None:  # fmt: skip
    """`place_rows` for lines of bills."""
    for row in range(len(keys)):
        key = int(keys[row])
        if key != 0:
            bucket = bucket_of(key)
            place = int(at[bucket])
            at[bucket] = place + 1
            to_key[place] = key
            to_packs[place] = packs[row]
            to_row[place] = first + row


def compose(keys: Sequence[int], first: int, to: MutableSequence[int]) -> None:
    """The next bits of every key beside the number of its row, counted from ``first``."""
    for row in range(len(keys)):
        to[row] = ((int(keys[row]) << BUCKET_BITS) & ~_ROWS) | (first + row)


def known_table(keys: Sequence[int], table: MutableSequence[int]) -> None:
    """Fills an open table of keys; its size is a power of two, its places 0, and it has room."""
    size = len(table)
    for row in range(len(keys)):
        key = int(keys[row])
        at = (key >> 8) & (size - 1)
        while int(table[at]) != 0 and int(table[at]) != key:
            at = (at + 1) & (size - 1)
        table[at] = key


def known_rows(keys: Sequence[int], table: Sequence[int], to: MutableSequence[int]) -> int:
    """The numbers of the rows whose key is in the table, into ``to``; returns how many."""
    size, found = len(table), 0
    for row in range(len(keys)):
        key = int(keys[row])
        at = (key >> 8) & (size - 1)
        while int(table[at]) != 0:
            if int(table[at]) == key:
                to[found] = row
                found += 1
                break
            at = (at + 1) & (size - 1)
    return found


def judge(
    composed: Sequence[int], keys: Sequence[int], when: Sequence[int], what: Sequence[int], splits_at: Sequence[int],
    packs: Sequence[int], look: MutableSequence[int],
) -> int:  # fmt: skip
    """Marks in ``look`` the rows of every code that must be looked at; returns how many. ``composed`` is sorted.

    ``splits_at`` says by place whether a code may be split there, ``packs`` by drug how many units a pack has
    (UNKNOWN_PACK, DEPENDS).
    """
    marked, at, rows = 0, 0, len(composed)
    while at < rows:
        head = int(composed[at]) >> ROW_BITS
        end = at + 1
        while end < rows and int(composed[end]) >> ROW_BITS == head:
            end += 1
        if end - at == 1:
            row = int(composed[at]) & _ROWS
            clean = single_is_clean(int(when[row]), int(what[row]), packs)
        else:
            clean = life_is_clean(composed, at, end, keys, when, what, splits_at, packs)
        if not clean:
            for each in range(at, end):
                look[int(composed[each]) & _ROWS] = 1
            marked += end - at
        at = end
    return marked


def single_is_clean(when: int, what: int, packs: Sequence[int]) -> bool:
    """Whether nothing can be wrong with a code that was seen once."""
    kind = (when >> _KIND_SHIFT) & 7
    if when & 1 or (kind != SALE and kind != IN):
        return False
    return (
        (when >> 1) & 1 == 0
        or kind == IN
        or within_pack(what >> _DRUG_SHIFT, (what >> _COUNT_SHIFT) & MAX_COUNT, packs)
    )


def within_pack(drug: int, taken: int, packs: Sequence[int]) -> bool:
    """Whether units taken are surely within the drug's pack; a pack that nobody has told is not judged."""
    pack = int(packs[drug])
    return pack == UNKNOWN_PACK or (pack != DEPENDS and taken <= pack)


def life_is_clean(
    composed: Sequence[int], first: int, end: int, keys: Sequence[int], when: Sequence[int], what: Sequence[int],
    splits_at: Sequence[int], packs: Sequence[int],
) -> bool:  # fmt: skip
    """Whether nothing can be wrong with the events of one code, taken in the order of their seconds."""
    if end - first > MAX_EVENTS:
        return False
    key = int(keys[int(composed[first]) & _ROWS])
    before, stock, opened, taken = -1, -1, -1, 0
    for turn in range(end - first):
        row = next_row(composed, first, end, when, before)
        if row < 0 or int(keys[row]) != key:
            return False
        event, facts = int(when[row]), int(what[row])
        before = event >> _TIME_SHIFT
        place, kind = (event >> _PLACE_SHIFT) & MAX_PLACE, (event >> _KIND_SHIFT) & 7
        if event & 1 or kind > IN:
            return False
        if kind == IN:
            if turn > 0:
                return False
            stock = place
        elif (event >> 1) & 1:
            if kind == RETURN or (stock >= 0 and stock != place) or opened >= 0:
                return False
            return splits_are_clean(composed, first, end, turn, row, when, what, splits_at, packs)
        elif kind == SALE:
            if opened >= 0 or (stock >= 0 and stock != place):
                return False
            opened, taken = place, facts & _SALE
        else:
            if opened != place or taken != facts & _SALE:
                return False
            opened, stock = -1, place
    return True


def next_row(composed: Sequence[int], first: int, end: int, when: Sequence[int], before: int) -> int:
    """The row of the first event after a second, or -1 where two events share that second."""
    row, found = -1, _TIME_END
    for each in range(first, end):
        other = int(composed[each]) & _ROWS
        second = int(when[other]) >> _TIME_SHIFT
        if second > before:
            if second == found:
                row = -1
            elif second < found:
                row, found = other, second
    return row


def splits_are_clean(
    composed: Sequence[int], first: int, end: int, turn: int, row: int, when: Sequence[int], what: Sequence[int],
    splits_at: Sequence[int], packs: Sequence[int],
) -> bool:  # fmt: skip
    """Whether all events after the first ``turn`` ones are splits at one place, of one drug, within its pack, each of
    another settlement. The first split is ``row``; purchases and sales before it have been judged.
    """
    begin, drug, taken, splits = int(when[row]), int(what[row]) >> _DRUG_SHIFT, 0, 0
    for each in range(first, end):
        other = int(composed[each]) & _ROWS
        event, facts = int(when[other]), int(what[other])
        if event >> _TIME_SHIFT < begin >> _TIME_SHIFT:
            continue
        splits += 1
        taken += (facts >> _COUNT_SHIFT) & MAX_COUNT
        if event & 3 != 2 or (event >> _KIND_SHIFT) & 7 != SALE or facts >> _DRUG_SHIFT != drug:
            return False
        if (event >> _PLACE_SHIFT) & MAX_PLACE != (begin >> _PLACE_SHIFT) & MAX_PLACE:
            return False
        for more in range(first, each):
            if int(what[int(composed[more]) & _ROWS]) & _SALE == facts & _SALE:
                return False
    if splits != end - first - turn or (splits > 1 and int(splits_at[(begin >> _PLACE_SHIFT) & MAX_PLACE]) == 0):
        return False
    return within_pack(drug, taken, packs)


def judge_lines(composed: Sequence[int], keys: Sequence[int], packs: Sequence[int], look: MutableSequence[int]) -> int:
    """`judge` for lines of bills (T7): marks those whose rows are not as many as their packs, or that disagree on them.

    ``packs`` of a row are those of its line, MAX_PACKS for a number that must be looked at.
    """
    marked, at, rows = 0, 0, len(composed)
    while at < rows:
        head = int(composed[at]) >> ROW_BITS
        end = at + 1
        while end < rows and int(composed[end]) >> ROW_BITS == head:
            end += 1
        row = int(composed[at]) & _ROWS
        asked, key = int(packs[row]), int(keys[row])
        clean = asked == end - at and asked < MAX_PACKS
        for each in range(at + 1, end):
            row = int(composed[each]) & _ROWS
            if int(packs[row]) != asked or int(keys[row]) != key:
                clean = False
        if not clean:
            for each in range(at, end):
                look[int(composed[each]) & _ROWS] = 1
            marked += end - at
        at = end
    return marked
