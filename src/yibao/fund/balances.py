"""Balances while a batch is decided, and the limits they must keep."""

from collections.abc import Iterable

from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Entry, Side
from yibao.fund.view import Bounds, Totals, View
from yibao.kernel import yuan_text

Effects = list[tuple[str, int, int, int]]
"""What an entry moves: account, year, which part of Totals (0 debit, 1 credit, 2 and 3 held), fen."""
Refusal = tuple[Outcome, str]
ENDS_RESERVATION = frozenset((Action.SETTLE, Action.VOID, Action.EXPIRE))
_NOTHING = Totals()


def effects_of(entry: Entry, reservation: Entry | None) -> Effects:
    """The movements of an entry: its own lines, and what it releases of the reservation that it ends."""
    first = 2 if entry.action is Action.RESERVE else 0
    year = entry.entry_date.year
    effects = [(acct_no, year, first if side == "D" else first + 1, amount) for acct_no, side, amount in entry.lines]
    if reservation is not None:
        year = reservation.entry_date.year
        effects += [
            (acct_no, year, 2 if side == "D" else 3, -amount) for acct_no, side, amount in reservation.lines
        ]  # fmt: skip
    return effects


class Balances:
    """The totals of the accounts in a view, and what the batch adds to them. Parts are lists for speed."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._years: dict[tuple[str, int], list[int]] = {}
        # Over all years: only floors and ceilings ask for it.
        self._whole: dict[str, list[int]] = {acct_no: [0, 0, 0, 0] for acct_no in view.bounds}
        for (acct_no, _year), totals in view.totals.items():
            if acct_no in self._whole:
                self._whole[acct_no] = [old + new for old, new in zip(self._whole[acct_no], totals, strict=True)]

    def move(self, effects: Effects, sign: int = 1) -> None:
        """Applies movements; with ``sign`` -1 takes them back."""
        years, wholes = self._years, self._whole
        for acct_no, year, part, amount in effects:
            slot = (acct_no, year)
            totals = years.get(slot)
            if totals is None:
                totals = years[slot] = list(self._view.totals.get(slot, _NOTHING))
            totals[part] += sign * amount
            if acct_no in wholes:
                wholes[acct_no][part] += sign * amount

    def changed(self) -> dict[tuple[str, int], Totals]:
        """The full totals of every account and year that is not as the view had it."""
        found = {slot: Totals(*parts) for slot, parts in self._years.items()}
        return {slot: totals for slot, totals in found.items() if totals != self._view.totals.get(slot, _NOTHING)}

    def refusal(self, effects: Effects) -> Refusal | None:
        """The first limit that movements would break and make worse: floors, then ceilings, then budgets."""
        bounds = self._view.bounds
        bounded = [effect[0] for effect in effects if effect[0] in bounds]
        if not bounded:
            return None
        found = [one for acct_no in set(bounded) for one in self._broken(acct_no, bounds[acct_no], effects)]
        return min(found, key=lambda one: (_ORDER[one[0]], one[1])) if found else None

    def _broken(self, acct_no: str, bounds: Bounds, effects: Effects) -> Iterable[Refusal]:
        debit_side = self._view.accounts[acct_no].side is Side.DEBIT
        own = [effect for effect in effects if effect[0] == acct_no]
        before = Totals(*self._whole[acct_no])
        after = _moved(before, own)
        if bounds.floor is not None:
            now = after.lowest(debit_side)
            if now < bounds.floor and now < before.lowest(debit_side):
                yield Outcome.BELOW_FLOOR, _figures(acct_no, "余额将为", now, "下限", bounds.floor)
        if bounds.ceiling is not None:
            now = after.highest(debit_side)
            if now > bounds.ceiling and now > before.highest(debit_side):
                yield Outcome.OVER_CEILING, _figures(acct_no, "余额将为", now, "上限", bounds.ceiling)
        for year in sorted({effect[1] for effect in own} & bounds.budgets.keys()):
            slot = (acct_no, year)
            used = Totals(*self._years.get(slot) or self._view.totals.get(slot, _NOTHING))
            now = _moved(used, [effect for effect in own if effect[1] == year]).highest(debit_side)
            if now > bounds.budgets[year] and now > used.highest(debit_side):
                yield Outcome.OVER_BUDGET, _figures(acct_no, f"{year}年将用", now, "预算", bounds.budgets[year])


_ORDER = {Outcome.BELOW_FLOOR: 0, Outcome.OVER_CEILING: 1, Outcome.OVER_BUDGET: 2}


def _moved(totals: Totals, effects: Effects) -> Totals:
    parts = list(totals)
    for _acct_no, _year, part, amount in effects:
        parts[part] += amount
    return Totals(*parts)


def _figures(acct_no: str, what: str, now: int, bound: str, amount: int) -> str:
    return f"{acct_no}：{what}{yuan_text(now)}元，{bound}{yuan_text(amount)}元"
