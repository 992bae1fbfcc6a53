"""目标搜索: which values of one or two parameters meet a spending target, and at what cost to whom. Pure arithmetic.

The caller runs the trials; here is decided which to run next and which of those run are worth showing. Values are
whole numbers on a grid of steps (a ratio in 10⁻⁶, an amount in fen), so that every value tried can be written in law.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

COARSE = (4, 2)
"""Into how many parts the bounds are cut at first, for one parameter and for two: every trial settles the city."""

Values = tuple[int, ...]


class Axis(NamedTuple):
    """A parameter between two bounds, both inclusive, in steps from the lower one."""

    key: str
    low: int
    high: int
    step: int

    @property
    def last(self) -> int:
        """The number of the highest step within the bounds; the lowest is 0."""
        return (self.high - self.low) // self.step

    def value(self, nth: int) -> int:
        """The value at a step."""
        return self.low + nth * self.step


class Trial(NamedTuple):
    """What a law with these values came to: fund and burden in fen, people above the threshold (None without one)."""

    values: Values
    fund: int
    above: int | None
    burden: int


class Choice(NamedTuple):
    """A trial on the frontier, whether it meets the target, and why it is there (Chinese)."""

    trial: Trial
    meets: bool
    reason: str


FEWEST, LEAST, BETWEEN = "灾难性支出人数最少", "群众负担最低", "两者之间的取舍"
BOTH = "灾难性支出人数最少，群众负担也最低"
MISSED = "没有一组值达到目标；这一组支出最低"


def frontier(trials: Sequence[Trial], target: int) -> list[Choice]:
    """The trials whose fund spending is at most ``target`` (fen) and of which none is better in both the people above
    the threshold and the burden; fewest people first, then least burden.

    Of trials equal in both, the one that spends less stands, then the one of the smaller values. Where none meets the
    target, the one that spends least, marked. The order of ``trials`` does not matter.
    """
    if not trials:
        return []
    met = sorted((one for one in trials if one.fund <= target), key=_rank)
    if not met:
        return [Choice(min(trials, key=lambda one: (one.fund, _rank(one))), False, MISSED)]
    kept: list[Trial] = []
    for one in met:
        if not kept or one.burden < kept[-1].burden:
            kept.append(one)
    return [Choice(one, True, _reason(at, kept)) for at, one in enumerate(kept)]


def _rank(one: Trial) -> tuple[int, int, int, Values]:
    return one.above or 0, one.burden, one.fund, one.values


def _reason(at: int, kept: Sequence[Trial]) -> str:
    if kept[at].above is None:
        return LEAST
    if len(kept) == 1:
        return BOTH
    return FEWEST if at == 0 else LEAST if at == len(kept) - 1 else BETWEEN


def next_trials(axes: Sequence[Axis], trials: Sequence[Trial], target: int, most: int) -> list[Values]:
    """The values to try next, sorted; empty when there is nothing left to find or ``most`` trials have been run.

    First a coarse grid. Then, on every line of it, halves between neighbours of which one meets the target and the
    other does not, until they are one step apart. With two parameters, then, lines halfway beside those of the
    frontier, until these are one step apart. Raises ValueError for other than one or two parameters or empty bounds.
    """
    if len(axes) not in (1, 2) or any(one.step <= 0 or one.high < one.low for one in axes):
        raise ValueError("one or two parameters, each with bounds and a step")
    tried = {tuple((value - axis.low) // axis.step for axis, value in zip(axes, one.values, strict=True)): one
             for one in trials}  # fmt: skip
    wanted = _coarse(axes) - set(tried)
    if not wanted:
        meets = {place: one.fund <= target for place, one in tried.items()}
        wanted = {place for at in range(len(axes)) for place in _halves(meets, at)} - set(tried)
        if not wanted and len(axes) == 2:
            wanted = _beside(axes, tried, target) - set(tried)
    left = max(0, most - len(tried))
    return [tuple(axis.value(nth) for axis, nth in zip(axes, place, strict=True)) for place in sorted(wanted)[:left]]


def _cuts(axis: Axis, parts: int) -> list[int]:
    """Steps that cut the bounds into so many parts, ends included."""
    return sorted({axis.last * at // parts for at in range(parts + 1)})


def _coarse(axes: Sequence[Axis]) -> set[Values]:
    parts = COARSE[len(axes) - 1]
    if len(axes) == 1:
        return {(one,) for one in _cuts(axes[0], parts)}
    return {(one, two) for one in _cuts(axes[0], parts) for two in _cuts(axes[1], parts)}


def _halves(meets: dict[Values, bool], at: int) -> Iterator[Values]:
    """Halfway places between neighbours along parameter ``at`` on either side of the target."""
    lines: dict[Values, list[int]] = {}
    for place in meets:
        lines.setdefault(place[:at] + place[at + 1 :], []).append(place[at])
    for rest, steps in lines.items():
        ordered = sorted(steps)
        for low, high in pairwise(ordered):
            ends = [(*rest[:at], step, *rest[at:]) for step in (low, high)]
            if high - low > 1 and meets[ends[0]] != meets[ends[1]]:
                yield (*rest[:at], (low + high) // 2, *rest[at:])


def _beside(axes: Sequence[Axis], tried: dict[Values, Trial], target: int) -> set[Values]:
    """Places on new lines beside the frontier: as the lines next to it are cut, so the new one is at first."""
    places = {one.values: place for place, one in tried.items()}
    best = [places[one.trial.values] for one in frontier(list(tried.values()), target)]
    found: set[Values] = set()
    for at in (0, 1):
        lines = sorted({place[at] for place in tried})
        for place in best:
            here = lines.index(place[at])
            for other in lines[max(0, here - 1) : here] + lines[here + 1 : here + 2]:
                middle = (place[at] + other) // 2
                if abs(other - place[at]) > 1 and middle not in lines:
                    found |= {_put(at, middle, step) for step in _cuts(axes[1 - at], COARSE[1])}
    return found


def _put(at: int, step: int, other: int) -> Values:
    return (step, other) if at == 0 else (other, step)
