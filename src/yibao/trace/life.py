"""The life of a code, a kernel (DESIGN §2): NEW → IN(place) → SOLD(person, settlement) → RETURNED → IN → SOLD.

`live` takes the events of one code in the order of business and says of each which rules it breaks (bits of ``kinds``)
and which earlier event it contradicts. What happened is applied even where it breaks a rule, so that a later return of
a wrong sale still finds it; a return that fits no sale changes nothing, and so does a code scanned twice in a request.

Source: RULEBOOK §15: T2 sold twice, T3 拆零, T5 回流, T6 returns, T8 twice in one request; T4 comes as a fact
(``swapped``). Quantities are integer 10⁻⁶ of the smallest unit; a whole pack is WHOLE.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from yibao.trace.kinds import (
    BACKFLOW,
    BOUGHT_BACK,
    OVER_PACK,
    RETURN_ELSEWHERE,
    RETURN_NOT_SOLD,
    RETURN_OTHER_SALE,
    RETURN_TOO_MUCH,
    SOLD_TWICE,
    SPLIT_ELSEWHERE,
    SPLIT_OTHER_DRUG,
    SWAPPED,
    TWICE_IN_REQUEST,
)
from yibao.trace.sieve import IN, OUT, RETURN, SALE

WHOLE = 10**6


class Events(NamedTuple):
    """The events of many codes, one after another, each code's in order. ``spot``, ``pair`` and ``request`` number the
    (code, place), (code, place, settlement) and (code, request, settlement) there are; a request of -1 is unknown.
    ``splits`` says whether the place may split packs; a ``pack`` of 0 is unknown.
    """

    kind: Sequence[int]
    place: Sequence[int]
    spot: Sequence[int]
    pair: Sequence[int]
    request: Sequence[int]
    drug: Sequence[int]
    swapped: Sequence[int]
    split: Sequence[int]
    units: Sequence[int]
    pack: Sequence[int]
    splits: Sequence[int]


class Memory(NamedTuple):
    """What is remembered: by event, what is still out of it and the open sale below it (of the code, of its pair); by
    spot, pair and request, the sales open there, the last of them, the request's first sale; by a code's first event,
    the units that its open splits hold and its open whole sales. Tops, belows and sales begin as -1, the rest as 0.
    """

    left: MutableSequence[int]
    below: MutableSequence[int]
    pair_below: MutableSequence[int]
    spot_open: MutableSequence[int]
    pair_top: MutableSequence[int]
    request_sale: MutableSequence[int]
    taken: MutableSequence[int]
    wholes: MutableSequence[int]


def live_all(
    begins: Sequence[int], events: Events, memory: Memory, broken: MutableSequence[int], against: MutableSequence[int]
) -> None:
    """`live` for every code: code ``c`` has the events ``begins[c]`` to ``begins[c + 1]``."""
    for code in range(len(begins) - 1):
        live(int(begins[code]), int(begins[code + 1]), events, memory, broken, against)


def live(
    first: int, end: int, events: Events, memory: Memory, broken: MutableSequence[int], against: MutableSequence[int]
) -> None:
    """Fills ``broken`` (a bit for every rule that the event breaks) and ``against`` (the event it contradicts, or -1)
    for the events of one code.
    """
    top, stocked, stocked_by = -1, -1, -1
    for event in range(first, end):
        kind = int(events.kind[event])
        while top >= 0 and int(memory.left[top]) == 0:
            top = int(memory.below[top])
        if kind == SALE:
            found, other = judge_sale(first, event, top, stocked, stocked_by, events, memory)
            if found & (1 << TWICE_IN_REQUEST) == 0:
                open_sale(first, event, top, events, memory)
                top = event
        elif kind == RETURN:
            found, other = judge_return(first, event, top, events, memory)
            if found == 0 and back_in_stock(top, memory):
                stocked, stocked_by = int(events.place[event]), event
        elif kind == IN:
            found, other = judge_purchase(event, top, events)
            stocked, stocked_by = int(events.place[event]), event
        else:
            found, other = 0, -1
            if kind == OUT:
                stocked, stocked_by = -1, -1
        broken[event] = found
        against[event] = other


def judge_sale(
    first: int, event: int, top: int, stocked: int, stocked_by: int, events: Events, memory: Memory
) -> tuple[int, int]:
    """The rules a sale breaks and what it contradicts, before it is applied. ``top`` is the last open sale."""
    request = int(events.request[event])
    if request >= 0:
        if int(memory.request_sale[request]) >= 0:
            return 1 << TWICE_IN_REQUEST, int(memory.request_sale[request])
        memory.request_sale[request] = event
    found, other = 0, -1
    if int(events.swapped[event]):
        found |= 1 << SWAPPED
    if stocked >= 0 and stocked != int(events.place[event]):
        found, other = found | (1 << BACKFLOW), stocked_by
    split, pack = int(events.split[event]), int(events.pack[event])
    if top >= 0 and (split == 0 or int(memory.wholes[first]) > 0 or int(events.splits[event]) == 0):
        return found | (1 << SOLD_TWICE), top
    if split == 0:
        return found, other
    if top >= 0 and int(events.place[top]) != int(events.place[event]):
        found, other = found | (1 << SPLIT_ELSEWHERE), top
    if top >= 0 and int(events.drug[top]) != int(events.drug[event]):
        found, other = found | (1 << SPLIT_OTHER_DRUG), top
    if pack > 0 and int(memory.taken[first]) + int(events.units[event]) > pack:
        found, other = found | (1 << OVER_PACK), max(other, top)
    return found, other


def open_sale(first: int, event: int, top: int, events: Events, memory: Memory) -> None:
    """Remembers a sale as open."""
    pair = int(events.pair[event])
    if int(events.split[event]):
        memory.left[event] = int(events.units[event])
        memory.taken[first] += int(events.units[event])
    else:
        memory.left[event] = WHOLE
        memory.wholes[first] += 1
    memory.below[event] = top
    memory.pair_below[event] = memory.pair_top[pair]
    memory.pair_top[pair] = event
    memory.spot_open[int(events.spot[event])] += 1


def judge_return(first: int, event: int, top: int, events: Events, memory: Memory) -> tuple[int, int]:
    """The rule a return breaks, or nothing. A return that fits takes back the last sales of its settlement: units where
    both are splits, else the whole sale.
    """
    pair, spot = int(events.pair[event]), int(events.spot[event])
    sale = int(memory.pair_top[pair])
    if sale < 0:
        if int(memory.spot_open[spot]) > 0:
            return 1 << RETURN_OTHER_SALE, top
        return (1 << RETURN_ELSEWHERE, top) if top >= 0 else (1 << RETURN_NOT_SOLD, -1)
    last, wanted = sale, int(events.units[event])
    while sale >= 0 and wanted > 0:
        if int(events.split[sale]) and int(events.split[event]):
            back = min(wanted, int(memory.left[sale]))
            memory.left[sale] -= back
            memory.taken[first] -= back
            wanted -= back
            if int(memory.left[sale]) > 0:
                break
        else:
            give_back(first, sale, events, memory)
            wanted = 0
        memory.spot_open[spot] -= 1
        sale = int(memory.pair_below[sale])
    memory.pair_top[pair] = sale
    return (1 << RETURN_TOO_MUCH, last) if wanted > 0 else (0, last)


def give_back(first: int, sale: int, events: Events, memory: Memory) -> None:
    """Takes back the whole of a sale."""
    if int(events.split[sale]):
        memory.taken[first] -= memory.left[sale]
    else:
        memory.wholes[first] -= 1
    memory.left[sale] = 0


def back_in_stock(top: int, memory: Memory) -> bool:
    """Whether nothing of the code is out any more."""
    while top >= 0 and int(memory.left[top]) == 0:
        top = int(memory.below[top])
    return top < 0


def judge_purchase(event: int, top: int, events: Events) -> tuple[int, int]:
    """A box that was sold and not returned cannot be bought by another institution."""
    if top >= 0 and int(events.place[top]) != int(events.place[event]):
        return 1 << BOUGHT_BACK, top
    return 0, -1
