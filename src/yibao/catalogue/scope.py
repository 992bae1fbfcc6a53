"""The kernel of a fee line: what of it is self-paid, over the price limit, first share, in scope (DESIGN §2).

Plain functions over integers; `yibao.engine.kernels` compiles them for a batch. Amounts are in 10⁻⁶ 元, so that nothing
is rounded to fen here: that happens once a fund and settlement, by the caller (RULEBOOK §0). Only two products are
rounded, half up at 10⁻⁶ 元: a unit price times a quantity, and the first share of an amount.

Identity, for every line: ownpay + overlimit + preself + inscope = its amount (C2 of the interface's identities).
Source: RULEBOOK §2.2 and §3b: scope = min(price, limit) × count × (1 − first share); identities C3, C4.
"""

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from yibao.kernel import Step
from yibao.kernel.rounding import half_up

MICRO = 10**6
FEN_MICRO = 10**4
"""A fen in 10⁻⁶ 元."""
MAX_YUAN = 10**10
"""The bound of an amount in 元. Prices are below it, quantities below 10⁸ (checked where data are loaded), so that no
product here leaves 64 bits."""
DAY_PART = 10**4
"""Days are counted in hundredths: 10⁻⁶ × this."""
NO_COUNTER, QUANTITY, DAYS, TIMES = range(4)
"""Values of ``counter_unit``."""
CLASS_A, CLASS_B, CLASS_C = 1, 2, 3
"""Values of ``cls``."""


class Line(NamedTuple):
    """A line's facts, as `line_fact` has them. ``limit_micro`` -1 is no price limit.

    A counted line draws ``counter_take_micro`` from a counter that holds ``counter_limit_micro``; ``counter_mark`` of
    -1 can be drawn in part, any other names the day or settlement, which counts once however many lines it has.
    """

    cls: int
    limit_micro: int
    share_ppm: int
    payable: int
    price_micro: int
    cnt_micro: int
    amount_fen: int
    counter_unit: int
    counter_limit_micro: int
    counter_take_micro: int
    counter_mark: int


class Scope(NamedTuple):
    """The four parts of a line in 10⁻⁶ 元, and what it draws from its counter (to be added to what was used)."""

    ownpay: int
    overlimit: int
    preself: int
    inscope: int
    counted: int


def scope_line(line: Line, used_micro: int, last_mark: int, steps: list[Step] | None = None) -> Scope:
    """The parts of a line, given what of its counter is used and the last mark it counted (0 and -1 at first).

    The parts sum to the line's amount exactly, whatever the line. With a list, each part is recorded as a Step.
    """
    total = line.amount_fen * FEN_MICRO
    if line.payable == 0 or line.cls == CLASS_C or line.cnt_micro <= 0 or total <= 0:
        if steps is not None:
            _record(steps, "全自费", total)
        return Scope(total, 0, 0, 0, 0)
    allowed = allowed_take(line, used_micro, last_mark)
    ownpay = beyond_counter(line, allowed, total)
    count = payable_count(line, allowed)
    left = total - ownpay
    overlimit = 0
    if line.limit_micro >= 0 and line.price_micro > line.limit_micro:
        overlimit = min(left, times(line.price_micro - line.limit_micro, count))
    within = left - overlimit
    preself = share_of(within, line.share_ppm)
    if steps is not None:
        _record(steps, "超出限量，全自费", ownpay)
        _record(steps, "超限价自付", overlimit)
        _record(steps, "先行自付", preself)
        _record(steps, "符合政策范围", within - preself)
    return Scope(ownpay, overlimit, preself, within - preself, counted_take(line, allowed, last_mark))


def allowed_take(line: Line, used_micro: int, last_mark: int) -> int:
    """How much of what the line draws from its counter is still allowed; all of it where there is no counter."""
    if line.counter_unit == NO_COUNTER:
        return line.counter_take_micro
    left = max(0, line.counter_limit_micro - used_micro)
    if line.counter_mark < 0:
        return min(line.counter_take_micro, left)
    if line.counter_mark == last_mark or line.counter_take_micro <= left:
        return line.counter_take_micro
    return 0


def counted_take(line: Line, allowed: int, last_mark: int) -> int:
    """What the line adds to its counter: nothing where its day or settlement has counted already."""
    if line.counter_unit == NO_COUNTER or (line.counter_mark >= 0 and line.counter_mark == last_mark):
        return 0
    return allowed


def beyond_counter(line: Line, allowed: int, total: int) -> int:
    """The amount beyond the counter: the quantity beyond at its unit price, or the share of the days beyond."""
    if line.counter_unit == NO_COUNTER or allowed >= line.counter_take_micro:
        return 0
    if allowed <= 0:
        return total
    if line.counter_unit == QUANTITY:
        return min(total, times(line.price_micro, line.cnt_micro - allowed))
    return total - part_of(total, allowed // DAY_PART, line.counter_take_micro // DAY_PART)


def payable_count(line: Line, allowed: int) -> int:
    """The quantity that the counter still allows, in 10⁻⁶."""
    if line.counter_unit == NO_COUNTER or allowed >= line.counter_take_micro:
        return line.cnt_micro
    if line.counter_unit == QUANTITY:
        return allowed
    return part_of(line.cnt_micro, allowed // DAY_PART, line.counter_take_micro // DAY_PART)


def times(price_micro: int, cnt_micro: int) -> int:
    """Price × quantity in 10⁻⁶ 元, half up; at most the bound of an amount, so that 64 bits hold it. Both ≥ 0."""
    price, price_rest = price_micro // MICRO, price_micro % MICRO
    cnt, cnt_rest = cnt_micro // MICRO, cnt_micro % MICRO
    whole = price * cnt
    if whole > MAX_YUAN:
        return MAX_YUAN * MICRO
    return whole * MICRO + price * cnt_rest + price_rest * cnt + half_up(price_rest * cnt_rest, MICRO)


def share_of(amount_micro: int, share_ppm: int) -> int:
    """A share of an amount in 10⁻⁶ 元, half up. The amount is ≥ 0, the share between 0 and 10⁶."""
    return amount_micro // MICRO * share_ppm + half_up(amount_micro % MICRO * share_ppm, MICRO)


def part_of(number: int, part: int, whole: int) -> int:
    """``number × part / whole`` rounded down, for 0 ≤ part ≤ whole and whole at most 10⁷."""
    return number // whole * part + number % whole * part // whole


def scope_all(
    lines: Sequence[Sequence[int]], counter: Sequence[int], order: Sequence[int], used: MutableSequence[int],
    mark: MutableSequence[int], parts: MutableSequence[MutableSequence[int]],
) -> None:  # fmt: skip
    """`scope_line` for many lines in the order given, counters carried on.

    ``lines`` is a row a line with the fields of Line, ``counter`` its counter (-1 none), ``used`` and ``mark`` the
    state of every counter (0 and -1 at first), ``parts`` a row a line that takes the fields of Scope.
    """
    for row in order:
        one = lines[row]
        line = Line(one[0], one[1], one[2], one[3], one[4], one[5], one[6], one[7], one[8], one[9], one[10])
        no = counter[row]
        scope = scope_line(line, used[no] if no >= 0 else 0, mark[no] if no >= 0 else -1)
        if no >= 0 and scope.counted > 0:
            used[no] += scope.counted
            if line.counter_mark >= 0:
                mark[no] = line.counter_mark
        out = parts[row]
        out[0], out[1], out[2] = scope.ownpay, scope.overlimit, scope.preself
        out[3], out[4] = scope.inscope, scope.counted


SUMS = 5
"""The sums of a claim's lines: own pay, over the limit, first share, and first share and scope of 特药."""
SPECIAL = 1
"""The channel of 特药 (单行支付)."""


def sum_lines(
    cls: Sequence[int], limit: Sequence[int], share: Sequence[int], payable: Sequence[int], price: Sequence[int],
    cnt: Sequence[int], amount: Sequence[int], channel: Sequence[int], counter: Sequence[int], claim: Sequence[int],
    sums: MutableSequence[int], total: MutableSequence[int], negative: MutableSequence[int],
) -> None:  # fmt: skip
    """Adds lines, a column a fact, to what their claims come to (``claim``: the claim of each line by number).

    ``total`` takes amounts in fen, ``negative`` 1 where a line is below zero. ``sums`` takes the parts (`SUMS` a claim,
    10⁻⁶ 元) of lines without a counter, whose parts nothing else can change; the order of lines does not matter.
    """
    for row in range(len(claim)):
        no, fen = claim[row], int(amount[row])
        total[no] += fen
        if fen < 0 or cnt[row] < 0:
            negative[no] = 1
        if counter[row] >= 0:
            continue
        line = Line(
            int(cls[row]), int(limit[row]), int(share[row]), int(payable[row]), int(price[row]), int(cnt[row]), fen,
            NO_COUNTER, -1, 0, -1,
        )  # fmt: skip
        part = scope_line(line, 0, -1)
        at = no * SUMS
        sums[at] += part.ownpay
        sums[at + 1] += part.overlimit
        if channel[row] == SPECIAL:
            sums[at + 3] += part.preself
            sums[at + 4] += part.inscope
        else:
            sums[at + 2] += part.preself


def _record(steps: list[Step], label: str, amount_micro: int) -> None:
    if amount_micro != 0:
        steps.append(Step(label, micro_text(amount_micro), "元"))


def micro_text(amount_micro: int) -> str:
    """An amount of 10⁻⁶ 元 as text with six decimals, without floating point."""
    sign = "-" if amount_micro < 0 else ""
    return f"{sign}{abs(amount_micro) // MICRO}.{abs(amount_micro) % MICRO:06d}"
