"""Lives of boxes for synthetic scans: sound ones, and one for every kind of violation, with what a scan must find.

A life is a list of steps of one box; times are minutes after the box's day, settlements are numbered within the life.
"""

from typing import NamedTuple

BUY, SELL, RETURN = "3503", "3505", "3506"
HERE, THERE, WARD, OTHER_WARD = range(4)
"""Places of a life: two pharmacies, two hospitals."""
PACK = 24
"""Units in every pack."""


class Step(NamedTuple):
    """One scan. ``sale`` numbers the settlement within the life (-1: none), ``form`` says how the code is written,
    ``late`` is minutes until the upload; a step with ``again`` repeats the one before: 1 uploaded once more, 2 scanned
    twice in one request.
    """

    infno: str
    place: int
    minute: int
    sale: int = -1
    units: int = 1
    split: bool = False
    other_drug: bool = False
    form: str = ""
    late: int = 1
    again: int = 0


class Life(NamedTuple):
    """The steps of a box and the kinds that a scan finds in it, with whether the finding is of a late upload."""

    name: str
    steps: tuple[Step, ...]
    kinds: tuple[str, ...] = ()
    late: bool = False
    syntax: str = ""
    """The syntax that its code must have, where the life is about that."""


SOUND = (
    ("sold", 50, Life("sold", (Step(SELL, HERE, 600, 0),))),
    ("bought_sold", 30, Life("bought_sold", (Step(BUY, HERE, 0), Step(SELL, HERE, 600, 0)))),
    ("bought", 4, Life("bought", (Step(BUY, WARD, 0),))),
    ("ward_sold", 10, Life("ward_sold", (Step(BUY, WARD, 5), Step(SELL, WARD, 700, 0)))),
    ("split", 4, Life("split", (
        Step(BUY, WARD, 0), Step(SELL, WARD, 500, 0, 10, True), Step(SELL, WARD, 800, 1, 10, True),
        Step(SELL, WARD, 900, 2, 4, True),
    ))),
    ("returned", 1, Life("returned", (
        Step(BUY, HERE, 0), Step(SELL, HERE, 100, 0), Step(RETURN, HERE, 300, 0), Step(SELL, HERE, 400, 1),
    ))),
    ("split_returned", 0.3, Life("split_returned", (
        Step(SELL, WARD, 100, 0, 20, True), Step(RETURN, WARD, 200, 0, 8, True), Step(SELL, WARD, 300, 1, 12, True),
    ))),
    ("late", 0.4, Life("late", (Step(BUY, HERE, 0, late=50_000), Step(SELL, HERE, 600, 0)))),
    ("again", 0.3, Life("again", (Step(SELL, HERE, 600, 0), Step(SELL, HERE, 600, 0, again=1)))),
)  # fmt: skip
"""Sound lives with their weights."""

_SOLD = Step(SELL, HERE, 600, 0)
PLANTED = (
    Life("sold_twice", (_SOLD, Step(SELL, HERE, 900, 1)), ("sold_twice",)),
    Life("sold_elsewhere", (_SOLD, Step(SELL, THERE, 900, 1)), ("sold_twice",)),
    Life("sold_twice_late", (_SOLD._replace(late=40_000), Step(SELL, HERE, 900, 1)), ("sold_twice",), True),
    Life("sold_twice_two_forms", (_SOLD, Step(SELL, HERE, 900, 1, form="gs1")), ("sold_twice",), syntax="numeric"),
    Life("sold_twice_wide", (_SOLD, Step(SELL, HERE, 900, 1, form="wide")), ("sold_twice",), syntax="numeric"),
    Life("pharmacy_split", (
        Step(SELL, HERE, 600, 0, 10, True), Step(SELL, HERE, 700, 1, 10, True),
    ), ("sold_twice",)),
    Life("swapped", (Step(BUY, HERE, 0), Step(SELL, HERE, 600, 0, other_drug=True)), ("swapped",), syntax="mapped"),
    Life("backflow", (Step(BUY, THERE, 0), _SOLD), ("backflow",)),
    Life("bought_back", (_SOLD, Step(BUY, THERE, 900)), ("bought_back",)),
    Life("bought_back_sold", (_SOLD, Step(BUY, THERE, 900), Step(SELL, THERE, 950, 1)),
         ("bought_back", "sold_twice")),
    Life("split_elsewhere", (
        Step(SELL, WARD, 500, 0, 10, True), Step(SELL, OTHER_WARD, 600, 1, 4, True),
    ), ("split_elsewhere",)),
    Life("split_other_drug", (
        Step(SELL, WARD, 500, 0, 10, True), Step(SELL, WARD, 600, 1, 4, True, other_drug=True),
    ), ("split_other_drug", "swapped"), syntax="mapped"),
    Life("over_pack", (
        Step(SELL, WARD, 500, 0, 10, True), Step(SELL, WARD, 600, 1, 10, True), Step(SELL, WARD, 700, 2, 5, True),
    ), ("split_over_pack",), syntax="mapped"),
    Life("return_elsewhere", (_SOLD, Step(RETURN, THERE, 700, 0)), ("return_elsewhere",)),
    Life("return_other_sale", (_SOLD, Step(RETURN, HERE, 700, 1)), ("return_other_sale",)),
    Life("return_not_sold", (Step(RETURN, HERE, 700, 0),), ("return_not_sold",)),
    Life("returned_twice", (_SOLD, Step(RETURN, HERE, 700, 0), Step(RETURN, HERE, 800, 0)), ("return_not_sold",)),
    Life("return_too_much", (
        Step(SELL, WARD, 500, 0, 10, True), Step(RETURN, WARD, 600, 0, 12, True),
    ), ("return_too_much",)),
    Life("twice_in_request", (_SOLD, _SOLD._replace(again=2)), ("twice_in_request",)),
    Life("codes_not_packs", (Step(SELL, HERE, 600, 0, 2),), ("codes_not_packs",)),
    Life("too_short", (Step(SELL, HERE, 600, 0, form="short"),), ("code_too_short",), syntax="numeric"),
    Life("too_long", (Step(SELL, HERE, 600, 0, form="long"),), ("code_too_long",), syntax="numeric"),
    Life("letters", (Step(SELL, HERE, 600, 0, form="letters"),), ("code_letters",), syntax="numeric"),
    Life("spoilt", (Step(SELL, HERE, 600, 0, form="spoilt"),), ("code_spoilt",), syntax="numeric"),
    Life("empty", (Step(SELL, HERE, 600, 0, form="empty"),), ("code_empty",)),
    Life("no_serial", (Step(SELL, HERE, 600, 0, form="gtin"),), ("code_no_serial",), syntax="numeric"),
    Life("future", (Step(SELL, HERE, 600, 0, late=-90),), ("scan_future",)),
    Life("stranger", (Step(SELL, -1, 600, 0),), ("unknown_institution",)),
)  # fmt: skip
"""A life for every kind of violation, some in several ways."""
