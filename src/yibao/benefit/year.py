"""A family's claims one after the other: lines scoped, the claim settled, accounts drawn on, reversals undone.

Plain functions over integers, compiled for a batch by `yibao.engine.kernels`; at a counter they run as they are over a
family of one claim. A row of ``lines`` is a fee line's facts (`yibao.catalogue.scope.Line`), its channel and counter.
"""

from collections.abc import MutableSequence, Sequence

from yibao.benefit.plan import (
    ACCOUNT_ALL,
    ACCOUNT_NONE,
    C_DAY,
    C_LINES_AT,
    C_LINES_N,
    C_OVERLIMIT,
    C_OWNPAY,
    C_PERSON,
    C_PRESELF,
    C_REVERSES,
    C_SHARERS_AT,
    C_SHARERS_N,
    C_SPECIAL,
    C_SPECIAL_PRESELF,
    C_TERMS,
    C_TOTAL,
    CLAIM,
    CREDIT,
    FEN_MICRO,
    LINE,
    LINE_OUT,
    LN_CHANNEL,
    LN_COUNTER,
    LO_COUNTED,
    LO_MARK,
    OUTCOME_REVERSED,
    R_ACCOUNT,
    R_CASH,
    R_MUTUAL,
    R_OUTCOME,
    R_OVERLIMIT,
    R_OWNPAY,
    R_PATIENT,
    RESULT,
    SHARER,
    SPECIAL_CHANNEL,
    T_ACCOUNT,
    T_MUTUAL,
    T_OUTCOME,
)
from yibao.benefit.settle import apply, settle
from yibao.catalogue.scope import Line, scope_line
from yibao.kernel.rounding import half_up

Ints = Sequence[int]
State = MutableSequence[int]


def settle_all(
    plan: Ints, claims: State, first: int, last: int, lines: Ints, counters: State, marks: State, state: State,
    balances: State, sharers: Ints, out: State, line_out: State, draws: State,
) -> None:  # fmt: skip
    """Settles the claims from ``first`` to before ``last`` in their order. ``state``, ``balances``, ``counters`` and
    ``marks`` are carried on; ``out``, ``line_out`` and ``draws`` (one a sharer of a claim) are written.
    """
    for number in range(first, last):
        c, o = number * CLAIM, number * RESULT
        if claims[c + C_TERMS] == CREDIT:
            balances[claims[c + C_PERSON]] += claims[c + C_TOTAL]
        elif claims[c + C_REVERSES] >= 0:
            reverse(plan, claims, c, lines, counters, marks, state, balances, sharers, out, o, line_out, draws)
        else:
            if plan[claims[c + C_TERMS] + T_OUTCOME] == 0:
                scope_claim(claims, c, lines, counters, marks, line_out)
            settle(plan, claims, c, state, out, o)
            apply(plan, claims, c, out, o, state, 1)
            draw(plan, claims, c, balances, sharers, out, o, draws)


def scope_claim(claims: State, c: int, lines: Ints, counters: State, marks: State, line_out: State) -> None:
    """Scopes the lines of a claim and writes their sums into it, each rounded once to fen. Lines that were summed
    before (`yibao.catalogue.scope.sum_lines`) stand there in 10⁻⁶ 元.
    """
    ownpay, overlimit, preself = claims[c + C_OWNPAY], claims[c + C_OVERLIMIT], claims[c + C_PRESELF]
    special_preself, special = claims[c + C_SPECIAL_PRESELF], claims[c + C_SPECIAL]
    for number in range(claims[c + C_LINES_AT], claims[c + C_LINES_AT] + claims[c + C_LINES_N]):
        at, to = number * LINE, number * LINE_OUT
        line = Line(
            lines[at], lines[at + 1], lines[at + 2], lines[at + 3], lines[at + 4], lines[at + 5], lines[at + 6],
            lines[at + 7], lines[at + 8], lines[at + 9], lines[at + 10],
        )  # fmt: skip
        counter = lines[at + LN_COUNTER]
        part = scope_line(line, counters[counter] if counter >= 0 else 0, marks[counter] if counter >= 0 else -1)
        ownpay, overlimit = ownpay + part.ownpay, overlimit + part.overlimit
        if lines[at + LN_CHANNEL] == SPECIAL_CHANNEL:
            special_preself, special = special_preself + part.preself, special + part.inscope
        else:
            preself += part.preself
        line_out[to + LO_COUNTED] = 0
        if counter >= 0 and part.counted > 0:
            line_out[to + LO_COUNTED], line_out[to + LO_MARK] = part.counted, marks[counter]
            counters[counter] += part.counted
            if line.counter_mark >= 0:
                marks[counter] = line.counter_mark
    round_parts(claims, c, ownpay, overlimit, preself, special_preself, special)


def round_parts(
    claims: State, c: int, ownpay: int, overlimit: int, preself: int, special_preself: int, special: int
) -> None:
    """Rounds the sums to fen one by one, none past what the total leaves; in scope is the rest."""
    left = claims[c + C_TOTAL]
    claims[c + C_OWNPAY] = min(left, half_up(ownpay, FEN_MICRO))
    left -= claims[c + C_OWNPAY]
    claims[c + C_OVERLIMIT] = min(left, half_up(overlimit, FEN_MICRO))
    left -= claims[c + C_OVERLIMIT]
    claims[c + C_PRESELF] = min(left, half_up(preself, FEN_MICRO))
    left -= claims[c + C_PRESELF]
    claims[c + C_SPECIAL_PRESELF] = min(left, half_up(special_preself, FEN_MICRO))
    left -= claims[c + C_SPECIAL_PRESELF]
    claims[c + C_SPECIAL] = min(left, half_up(special, FEN_MICRO))


def account_part(plan: Ints, t: int, out: Ints, o: int) -> int:
    """What of the patient's part an account may pay: 自付 (in scope and first shares), or all."""
    if out[o + R_OUTCOME] != 0 or plan[t + T_ACCOUNT] == ACCOUNT_NONE:
        return 0
    if plan[t + T_ACCOUNT] == ACCOUNT_ALL:
        return out[o + R_PATIENT]
    return max(0, out[o + R_PATIENT] - out[o + R_OWNPAY] - out[o + R_OVERLIMIT])


def draw(
    plan: Ints, claims: Ints, c: int, balances: State, sharers: Ints, out: State, o: int, draws: State
) -> None:  # fmt: skip
    """The patient's part: the own account first, then the sharers in order on the day, the rest in cash."""
    left = account_part(plan, claims[c + C_TERMS], out, o)
    person = claims[c + C_PERSON]
    own = min(left, max(0, balances[person]))
    balances[person] -= own
    left -= own
    mutual = 0
    for number in range(claims[c + C_SHARERS_AT], claims[c + C_SHARERS_AT] + claims[c + C_SHARERS_N]):
        draws[number] = 0
        at = number * SHARER
        allowed = plan[claims[c + C_TERMS] + T_MUTUAL] != 0
        if allowed and left > 0 and sharers[at + 1] <= claims[c + C_DAY] and claims[c + C_DAY] <= sharers[at + 2]:
            taken = min(left, max(0, balances[sharers[at]]))
            balances[sharers[at]] -= taken
            draws[number] = taken
            left, mutual = left - taken, mutual + taken
    out[o + R_ACCOUNT], out[o + R_MUTUAL] = own, mutual
    out[o + R_CASH] = out[o + R_PATIENT] - own - mutual


def reverse(
    plan: Ints, claims: Ints, c: int, lines: Ints, counters: State, marks: State, state: State, balances: State,
    sharers: Ints, out: State, o: int, line_out: State, draws: State,
) -> None:  # fmt: skip
    """Undoes an earlier settlement of the family: accumulators, counters and accounts are as without it; the result is
    the negative of what it was.
    """
    was, r = claims[c + C_REVERSES] * CLAIM, claims[c + C_REVERSES] * RESULT
    apply(plan, claims, was, out, r, state, -1)
    for place in range(RESULT):
        out[o + place] = -out[r + place]
    balances[claims[was + C_PERSON]] += out[r + R_ACCOUNT]
    for number in range(claims[was + C_SHARERS_AT], claims[was + C_SHARERS_AT] + claims[was + C_SHARERS_N]):
        balances[sharers[number * SHARER]] += draws[number]
    if out[r + R_OUTCOME] == 0:
        uncount(claims, was, lines, counters, marks, line_out)
    out[o + R_OUTCOME] = OUTCOME_REVERSED


def uncount(claims: Ints, was: int, lines: Ints, counters: State, marks: State, line_out: Ints) -> None:
    """Gives back what the lines of a claim drew from their counters, the last line first."""
    for back in range(claims[was + C_LINES_N]):
        number = claims[was + C_LINES_AT] + claims[was + C_LINES_N] - 1 - back
        counter, counted = lines[number * LINE + LN_COUNTER], line_out[number * LINE_OUT + LO_COUNTED]
        if counter >= 0 and counted > 0:
            counters[counter] -= counted
            mark = lines[number * LINE + 10]
            if mark >= 0 and marks[counter] == mark:
                marks[counter] = line_out[number * LINE_OUT + LO_MARK]
