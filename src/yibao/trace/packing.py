"""The kernel that turns the texts of a batch into 64-bit keys (DESIGN §2): one key for every way of writing a box.

A 20-digit code exceeds an unsigned 64-bit integer, so its first seven digits become a number of their own
(handed out as prefixes are met) beside thirteen digits of serial: exact. Every other code is hashed, and may share its
number with another code: whoever acts on a key compares the texts (`look` does). Either number is `mix`ed, which loses
nothing and spreads it, so that the first bits of a key are as good a bucket as any.
What this kernel cannot judge (blanks, full-width digits, a scanner's prefix) it leaves to `codes.read_code`.

Texts come as Arrow holds them: bytes and offsets. Source: RULEBOOK §15 (format); docs/internals/trace.md.
"""

from collections.abc import MutableSequence, Sequence

EMPTY, NUMERIC, GS1, WORD, ODD = range(5)
"""What a text is: none, digits of the national length, GS1 with its serial, letters and digits beginning with a letter
(a maker's own, if its pattern fits), and anything else."""

SERIAL_BITS = 44
MAX_PREFIX = (1 << 19) - 1
"""Prefixes that have a number, from 1; codes of later ones are hashed."""
PREFIX_DIGITS = 7
SERIAL_DIGITS = 13
HASHED = 1 - (1 << 63)
"""The highest bit of a number (and the lowest, so that numba takes it for a signed one): set where it is a hash."""
_FACTORS = (1_640_531_527, 2_146_121_005, 1_812_433_253, 1_566_083_941)
_HALF = (1 << 32) - 1
_ZERO, _NINE, _A, _Z = 48, 57, 65, 90


def joined(high: int, low: int) -> int:
    """The signed 64-bit number of two halves of 32 bits."""
    if high > _HALF >> 1:
        high -= _HALF + 1
    return high * (_HALF + 1) + low


def mix(value: int) -> int:
    """Spreads the bits of a signed 64-bit number and loses none of them: four rounds in which each half changes the
    other. No product leaves 63 bits: the overflow of a compiled integer is not defined.
    """
    high, low = (value >> 32) & _HALF, value & _HALF
    high ^= ((low * _FACTORS[0]) >> 21) & _HALF
    low ^= ((high * _FACTORS[1]) >> 21) & _HALF
    high ^= ((low * _FACTORS[2]) >> 21) & _HALF
    low ^= ((high * _FACTORS[3]) >> 21) & _HALF
    return joined(high, low)


def hash_span(data: Sequence[int], start: int, end: int, seed: int) -> int:
    """A 64-bit hash of bytes, seven at a time."""
    found, at = mix(seed ^ (end - start)), start
    while at < end:
        word = 0
        for each in range(at, min(at + 7, end)):
            word = (word << 8) | int(data[each])
        found = mix(found ^ word)
        at += 7
    return found


def digits_value(data: Sequence[int], start: int, end: int) -> int:
    """The number that the digits spell, or -1 where one is no digit."""
    value, bad = 0, 0
    for at in range(start, end):
        digit = int(data[at]) - _ZERO
        bad |= digit | (9 - digit)
        value = value * 10 + digit
    return -1 if bad < 0 else value


def seven_digits(data: Sequence[int], start: int) -> int:
    """`digits_value` of seven, written out: the hot path."""
    value, bad = 0, 0
    for step in range(7):
        digit = int(data[start + step]) - _ZERO
        bad |= digit | (9 - digit)
        value = value * 10 + digit
    return -1 if bad < 0 else value


def national_key(data: Sequence[int], start: int, prefixes: MutableSequence[int], used: MutableSequence[int]) -> int:
    """The key of twenty bytes that are digits and whose prefix has a number; -1 for all else."""
    prefix = seven_digits(data, start)
    middle, last = seven_digits(data, start + 7), digits_value(data, start + 14, start + 20)
    if prefix < 0 or middle < 0 or last < 0:
        return -1
    number = int(prefixes[prefix])
    if number < 0:
        if int(used[0]) >= MAX_PREFIX:
            return -1
        number = int(used[0]) + 1
        prefixes[prefix] = number
        used[0] = number
    return (number << SERIAL_BITS) | (middle * 1_000_000 + last)


def gs1_serial(data: Sequence[int], start: int, end: int) -> int:
    """Where the serial begins in a GS1 element string of a GTIN, dates, and the serial last; -1 where it is another.

    Only printable ASCII without blanks or brackets passes; the rest goes the long way.
    """
    if end - start < 19 or int(data[start]) != _ZERO or int(data[start + 1]) != _ZERO + 1:
        return -1
    if digits_value(data, start + 2, start + 16) < 0:
        return -1
    at = start + 16
    while at + 8 <= end and int(data[at]) == _ZERO + 1 and int(data[at + 1]) in (49, 50, 51, 53, 54, 55):
        if digits_value(data, at + 2, at + 8) < 0:
            return -1
        at += 8
    if at + 2 >= end or int(data[at]) != 50 or int(data[at + 1]) != 49:
        return -1
    for place in range(at + 2, end):
        char = int(data[place])
        if char <= 34 or char == 39 or char == 40 or char == 41 or char == 96 or char >= 127:
            return -1
    return at + 2


def kind_of(data: Sequence[int], start: int, end: int, length: int) -> int:
    """What a text is, by its bytes."""
    if end <= start:
        return EMPTY
    first = int(data[start])
    if end - start == length:
        digits = True
        for at in range(start, end):
            digits = digits and _ZERO <= int(data[at]) <= _NINE
        if digits:
            return NUMERIC
    if _A <= first <= _Z:
        for at in range(start, end):
            char = int(data[at])
            if not (_A <= char <= _Z or _ZERO <= char <= _NINE):
                return ODD
        return WORD
    return GS1 if gs1_serial(data, start, end) >= 0 else ODD


def numeric_key(
    data: Sequence[int],
    start: int,
    end: int,
    drug_chars: int,
    prefixes: MutableSequence[int],
    used: MutableSequence[int],
) -> int:
    """The key of a code of digits: the number of its prefix and its serial; a hash where these do not fit."""
    if drug_chars == PREFIX_DIGITS and end - start == PREFIX_DIGITS + SERIAL_DIGITS:
        key = national_key(data, start, prefixes, used)
        if key >= 0:
            return key
    return hash_span(data, start, end, 1) | HASHED


def gs1_key(
    data: Sequence[int], start: int, end: int, length: int, drug_chars: int,
    prefixes: MutableSequence[int], used: MutableSequence[int],
) -> int:  # fmt: skip
    """The key of a GS1 code: of its serial where that is a national code, else a hash of GTIN and serial."""
    serial = gs1_serial(data, start, end)
    if kind_of(data, serial, end, length) == NUMERIC:
        return numeric_key(data, serial, end, drug_chars, prefixes, used)
    return hash_span(data, serial, end, hash_span(data, start + 2, start + 16, 2)) | HASHED


def word_key(data: Sequence[int], start: int, end: int) -> int:
    """The key of a maker's own code."""
    return hash_span(data, start, end, 4) | HASHED


def drug_of(
    data: Sequence[int], start: int, end: int, kind: int, length: int, drug_chars: int, word_chars: int,
    mapped: Sequence[int], mapped_drug: Sequence[int],
) -> int:  # fmt: skip
    """The number of the drug that a code is mapped to: -1 where nobody has said, -2 where it depends on the day."""
    if kind == NUMERIC:
        return lookup(mapped, mapped_drug, hash_span(data, start, start + drug_chars, 3))
    if kind == WORD:
        if word_chars <= 0 or end - start < word_chars:
            return -1
        return lookup(mapped, mapped_drug, hash_span(data, start, start + word_chars, 3))
    serial = gs1_serial(data, start, end)
    if kind_of(data, serial, end, length) == NUMERIC:
        return lookup(mapped, mapped_drug, hash_span(data, serial, serial + drug_chars, 3))
    return lookup(mapped, mapped_drug, hash_span(data, start + 2, start + 16, 3))


def lookup(mapped: Sequence[int], mapped_drug: Sequence[int], found: int) -> int:
    """The drug in an open hash table whose size is a power of two (0 marks a free place)."""
    size = len(mapped)
    if size == 0:
        return -1
    at = found & (size - 1)
    while int(mapped[at]) != 0:
        if int(mapped[at]) == found:
            return int(mapped_drug[at])
        at = (at + 1) & (size - 1)
    return -1


def read_texts(
    data: Sequence[int], offsets: Sequence[int], length: int, drug_chars: int, gs1: int, word_chars: int,
    prefixes: MutableSequence[int], used: MutableSequence[int],
    drug_by_prefix: Sequence[int], mapped: Sequence[int], mapped_drug: Sequence[int],
    kinds: MutableSequence[int], keys: MutableSequence[int], drugs: MutableSequence[int],
) -> None:  # fmt: skip
    """Fills kind, key and mapped drug of every text; ODD and EMPTY ones get key 0 and drug -1. ``drug_by_prefix`` has
    the drug of a prefix by its number; where that is not filled yet, it holds UNKNOWN and the caller asks again.

    Without ``gs1`` a GS1 code is ODD. A WORD is hashed whether or not a maker's pattern fits: the caller asks that.
    """
    for row in range(len(offsets) - 1):
        start, end = int(offsets[row]), int(offsets[row + 1])
        if end - start == length == PREFIX_DIGITS + SERIAL_DIGITS and drug_chars == PREFIX_DIGITS:
            key = national_key(data, start, prefixes, used)
            if key >= 0:
                kinds[row] = NUMERIC
                keys[row] = mix(key)
                drugs[row] = int(drug_by_prefix[key >> SERIAL_BITS])
                continue
        kind = kind_of(data, start, end, length)
        if kind == GS1 and gs1 == 0:
            kind = ODD
        key, drug = 0, -1
        if kind == NUMERIC:
            key = mix(numeric_key(data, start, end, drug_chars, prefixes, used))
        elif kind == GS1:
            key = mix(gs1_key(data, start, end, length, drug_chars, prefixes, used))
        elif kind == WORD:
            key = mix(word_key(data, start, end))
        if kind != ODD and kind != EMPTY and len(mapped) > 0:
            drug = drug_of(data, start, end, kind, length, drug_chars, word_chars, mapped, mapped_drug)
        kinds[row] = kind
        keys[row] = key
        drugs[row] = drug


def hash_rows(data: Sequence[int], offsets: Sequence[int], seeds: MutableSequence[int]) -> None:
    """Adds the text of every row to the hash in ``seeds``."""
    for row in range(len(offsets) - 1):
        seeds[row] = hash_span(data, int(offsets[row]), int(offsets[row + 1]), int(seeds[row]))
