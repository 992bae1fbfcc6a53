"""One claim settled by the product's kernel under a small law given as text, or under a shipped one."""

from collections.abc import Mapping, Sequence
from datetime import date

from yibao.benefit import plan as p
from yibao.benefit.settle import settle
from yibao.benefit.terms import Context, PlanBook
from yibao.benefit.year import scope_claim
from yibao.kernel import Grade, Period, Source
from yibao.law import Law, Parameter
from yibao.law.parameter import Value
from yibao.law.stack import Layer
from yibao.packs import load_law

DAY = date(2025, 6, 1)
SOURCE = Source("测试", date(2024, 12, 1))
NEUTRAL: Mapping[str, Value] = {
    "benefit.approval": "false", "benefit.points.rule": "any", "offsite.adjust.type": "none",
    "benefit.deductible.basis": "none", "benefit.rate": "0", "benefit.rate.uplifts": ("none",),
    "benefit.caps": ("none",), "benefit.layers": ("none",), "account.pays": "none",
}  # fmt: skip
"""A law that pays nothing and has nothing beyond the pool."""
NO_LIMIT = -1
Share = tuple[int, int, int]
"""A line: class, amount in fen, first share in parts per million."""


def small_law(**given: Value) -> Law:
    """A law of these values alone, keys with ``__`` for the dot; what is not given is neutral."""
    definitions = load_law("national").definitions
    values = {**NEUTRAL, **{name.replace("__", "."): value for name, value in given.items()}}
    rules = []
    for key, value in values.items():
        where: dict[str, tuple[str, ...]] = {}
        name = key
        if key.startswith("cap."):
            name, where = "benefit.cap", {"cap": (key.removeprefix("cap."),)}
        unit = definitions[name].unit
        rules.append(Parameter(name, value, unit, Period(date(2020, 1, 1)), SOURCE, Grade.ASSUMED, where))
    return Law("990100", "测试市", [Layer("test", "测试市", tuple(rules))])


def person(**given: str) -> Context:
    """An adult resident in hospital in town, unless said otherwise."""
    usual = {"insutype": "390", "psn_type": "15", "clct_way": "3", "kind": "inpatient", "hosp_lv": "3"}
    return Context(**{**usual, **given})


def settled(
    law: Law, context: Context, total: int = 0, lines: Sequence[Share] = (), day: date = DAY,
    before: Mapping[str, int] | None = None, commercial: bool = False,
) -> dict[str, int]:  # fmt: skip
    """What the claim comes to in fen, by the names of `yibao.benefit.plan` without ``R_``. Without lines all of the
    total is class 甲. ``before`` is what the year's accumulators hold by slot.
    """
    book = PlanBook(law)
    claim = [0] * p.CLAIM
    claim[p.C_TERMS] = book.terms(context, day).place
    rows = list(lines) or [(1, total, 0)]
    claim[p.C_TOTAL], claim[p.C_LINES_N] = sum(amount for _, amount, _ in rows), len(rows)
    claim[p.C_COMMERCIAL] = int(commercial)
    flat: list[int] = []
    for cls, amount, share in rows:
        flat += [cls, NO_LIMIT, share, 1, amount * p.FEN_MICRO, 10**6, amount, 0, -1, 0, -1, 0, -1]
    scope_claim(claim, 0, flat, [], [], [0] * (p.LINE_OUT * len(rows)))
    state, out = [0] * max(1, len(book.slots)), [0] * p.RESULT
    for slot, amount in (before or {}).items():
        state[book.slots[slot]] = amount
    settle(book.plan, claim, 0, state, out, 0)
    return {name[2:]: out[place] for name, place in vars(p).items() if name.startswith("R_")}
