"""The kernel of a claim: from the sums of its lines to what each fund pays and what is left to the patient (DESIGN §2).

Plain functions over integers; `yibao.engine.kernels` compiles them for a batch. `settle` changes nothing: `apply` moves
the accumulators by a result, forward or back, so a reversal needs only what was stored. Amounts are fen, rates parts
per million. Source: RULEBOOK §2.1, §2.2, §2.5–2.8; the order stands in docs/internals/benefit.md.
"""

from collections.abc import MutableSequence, Sequence

from yibao.benefit.bands import reached, risen
from yibao.benefit.plan import (
    BASIS_NONE,
    BASIS_STAY,
    BASIS_YEAR,
    C_COMMERCIAL,
    C_HOUSEHOLD_BASE,
    C_OVERLIMIT,
    C_OWNPAY,
    C_PERSON_BASE,
    C_PRESELF,
    C_REWARD,
    C_SPECIAL,
    C_SPECIAL_PRESELF,
    C_TERMS,
    C_TOTAL,
    CAP,
    LARGE_BURDEN,
    LARGE_NONE,
    MILLION,
    R_AID,
    R_AID_BASE,
    R_AID_BEFORE,
    R_BANDS_BEFORE,
    R_BASIC,
    R_CIVIL,
    R_CIVIL_BASE,
    R_COMMERCIAL,
    R_COMMERCIAL_IN,
    R_COMMERCIAL_OUT,
    R_CRITICAL,
    R_CRITICAL_BASE,
    R_CRITICAL_BEFORE,
    R_DED_BEFORE,
    R_DEDUCTIBLE,
    R_FUND,
    R_HOUSEHOLD,
    R_HOUSEHOLD_BASE,
    R_HOUSEHOLD_BEFORE,
    R_INSCOPE,
    R_LARGE,
    R_LARGE_BASE,
    R_LARGE_BEFORE,
    R_OUTCOME,
    R_OVER_CAP,
    R_OVERLIMIT,
    R_OWNPAY,
    R_PAID_BASE,
    R_PATIENT,
    R_POOL_FULL,
    R_PRESELF,
    R_REWARD,
    R_SPECIAL,
    R_SPECIAL_SCOPE,
    R_STAY,
    R_STAYS_BEFORE,
    R_TILT,
    R_TILT_BASE,
    R_TOTAL,
    RESULT,
    T_AID_BANDS_AT,
    T_AID_CAPS_AT,
    T_AID_CAPS_N,
    T_AID_ON,
    T_AID_SLOT,
    T_BANDS_AT,
    T_BANDS_N,
    T_BANDS_SLOT,
    T_CAPS_AT,
    T_CAPS_N,
    T_CIVIL_BANDS_AT,
    T_CIVIL_CAPS_AT,
    T_CIVIL_CAPS_N,
    T_CIVIL_ON,
    T_CIVIL_SLOT,
    T_COMMERCIAL_CAPS_AT,
    T_COMMERCIAL_CAPS_N,
    T_COMMERCIAL_IN_BANDS_AT,
    T_COMMERCIAL_IN_SLOT,
    T_COMMERCIAL_ON,
    T_COMMERCIAL_OUT_BANDS_AT,
    T_COMMERCIAL_OUT_SLOT,
    T_CRITICAL_BANDS_AT,
    T_CRITICAL_BANDS_N,
    T_CRITICAL_CAPS_AT,
    T_CRITICAL_CAPS_N,
    T_CRITICAL_ON,
    T_CRITICAL_PRESELF,
    T_CRITICAL_REWARD,
    T_CRITICAL_SLOT,
    T_DED_AMOUNT,
    T_DED_BASIS,
    T_DED_SLOT,
    T_HOUSEHOLD_ALL,
    T_HOUSEHOLD_CAP,
    T_HOUSEHOLD_ON,
    T_HOUSEHOLD_SLOT,
    T_LARGE_BANDS_AT,
    T_LARGE_BANDS_N,
    T_LARGE_CAPS_AT,
    T_LARGE_CAPS_N,
    T_LARGE_MODE,
    T_LARGE_SLOT,
    T_OUTCOME,
    T_PRE_SELF,
    T_SPECIAL_CAPS_AT,
    T_SPECIAL_CAPS_N,
    T_SPECIAL_COUNTS,
    T_SPECIAL_RATE,
    T_STAY_SLOT,
    T_STEPS_AT,
    T_STEPS_N,
    T_TILT_BANDS_AT,
    T_TILT_SLOT,
)
from yibao.kernel.rounding import half_up

Ints = Sequence[int]
State = MutableSequence[int]


def settle(plan: Ints, claim: Ints, c: int, state: Ints, out: State, o: int) -> None:
    """Settles the claim at ``c`` of ``claim`` against ``state`` and writes its result at ``o`` of ``out``, all but the
    accounts. Nothing else is changed.
    """
    t = claim[c + C_TERMS]
    for place in range(RESULT):
        out[o + place] = 0
    out[o + R_OUTCOME] = plan[t + T_OUTCOME]
    out[o + R_TOTAL] = claim[c + C_TOTAL]
    if plan[t + T_OUTCOME] != 0:
        out[o + R_OWNPAY] = out[o + R_PATIENT] = claim[c + C_TOTAL]
        return
    person = claim[c + C_PERSON_BASE]
    scope(plan, t, claim, c, out, o)
    deduct(plan, t, state, person, out, o)
    pool(plan, t, state, person, out, o)
    special(plan, t, claim, c, state, person, out, o)
    large(plan, t, state, person, out, o)
    critical(plan, t, claim, c, state, person, out, o)
    aid(plan, t, state, person, out, o)
    civil(plan, t, state, person, out, o)
    household(plan, t, state, claim[c + C_HOUSEHOLD_BASE], out, o)
    if claim[c + C_COMMERCIAL] != 0:
        commercial(plan, t, state, person, out, o)
    out[o + R_PATIENT] = unpaid(out, o)
    out[o + R_FUND] = out[o + R_TOTAL] - out[o + R_PATIENT]


def unpaid(out: Ints, o: int) -> int:
    """What no fund has paid so far of the total."""
    return out[o + R_TOTAL] - (
        out[o + R_BASIC] + out[o + R_SPECIAL] + out[o + R_LARGE] + out[o + R_CRITICAL] + out[o + R_AID]
        + out[o + R_TILT] + out[o + R_CIVIL] + out[o + R_HOUSEHOLD] + out[o + R_COMMERCIAL]
    )  # fmt: skip


def scope(plan: Ints, t: int, claim: Ints, c: int, out: State, o: int) -> None:
    """The four parts of the total; offsite ``pre_self`` moves a share of the scope to 先行自付."""
    ownpay, overlimit = claim[c + C_OWNPAY], claim[c + C_OVERLIMIT]
    preself, apart = claim[c + C_PRESELF], claim[c + C_SPECIAL] + claim[c + C_SPECIAL_PRESELF]
    inscope = claim[c + C_TOTAL] - ownpay - overlimit - preself - apart
    moved = half_up(inscope * plan[t + T_PRE_SELF], MILLION)
    out[o + R_OWNPAY], out[o + R_OVERLIMIT] = ownpay, overlimit
    out[o + R_PRESELF] = preself + moved + claim[c + C_SPECIAL_PRESELF]
    out[o + R_INSCOPE] = inscope - moved + claim[c + C_SPECIAL]
    out[o + R_SPECIAL_SCOPE] = claim[c + C_SPECIAL]


def deduct(plan: Ints, t: int, state: Ints, person: int, out: State, o: int) -> None:
    """起付线: of this visit, what is left of the year's, or of this stay by its number in the year."""
    basis, amount = plan[t + T_DED_BASIS], plan[t + T_DED_AMOUNT]
    if plan[t + T_STAY_SLOT] >= 0:
        out[o + R_STAY], out[o + R_STAYS_BEFORE] = 1, state[person + plan[t + T_STAY_SLOT]]
    if basis == BASIS_YEAR:
        out[o + R_DED_BEFORE] = state[person + plan[t + T_DED_SLOT]]
        amount = max(0, amount - out[o + R_DED_BEFORE])
    elif basis == BASIS_STAY:
        step = min(out[o + R_STAYS_BEFORE], plan[t + T_STEPS_N] - 1)
        amount = half_up(amount * plan[plan[t + T_STEPS_AT] + step], MILLION)
    elif basis == BASIS_NONE:
        amount = 0
    out[o + R_DEDUCTIBLE] = min(amount, out[o + R_INSCOPE] - out[o + R_SPECIAL_SCOPE])
    out[o + R_PAID_BASE] = out[o + R_INSCOPE] - out[o + R_SPECIAL_SCOPE] - out[o + R_DEDUCTIBLE]


def pool(plan: Ints, t: int, state: Ints, person: int, out: State, o: int) -> None:
    """The pool's part: bands on the bill or the year's amount, then the least that any cap leaves; and what of the base
    the caps left unpaid.
    """
    at, count, base = plan[t + T_BANDS_AT], plan[t + T_BANDS_N], out[o + R_PAID_BASE]
    before = 0 if plan[t + T_BANDS_SLOT] < 0 else state[person + plan[t + T_BANDS_SLOT]]
    full = risen(plan, at, count, before, base)
    out[o + R_BANDS_BEFORE], out[o + R_POOL_FULL] = before, full
    paid = capped(plan, t, plan[t + T_CAPS_AT], plan[t + T_CAPS_N], state, person, full, 0, out, o)
    out[o + R_BASIC] = paid
    if paid < full:
        out[o + R_OVER_CAP] = base - reached(plan, at, count, before, base, paid)


def special(plan: Ints, t: int, claim: Ints, c: int, state: Ints, person: int, out: State, o: int) -> None:
    """特药单行支付: its scope × its rate within its caps; no deductible."""
    if claim[c + C_SPECIAL] > 0:
        full = half_up(claim[c + C_SPECIAL] * plan[t + T_SPECIAL_RATE], MILLION)
        at, count = plan[t + T_SPECIAL_CAPS_AT], plan[t + T_SPECIAL_CAPS_N]
        out[o + R_SPECIAL] = capped(plan, t, at, count, state, person, full, 0, out, o)


def burden(out: Ints, o: int) -> int:
    """What is left in scope of the ordinary lines after the pool."""
    return out[o + R_INSCOPE] - out[o + R_SPECIAL_SCOPE] - out[o + R_BASIC]


def special_burden(plan: Ints, t: int, out: Ints, o: int) -> int:
    """What is left of 特药 in scope, where the law counts it with the rest."""
    return out[o + R_SPECIAL_SCOPE] - out[o + R_SPECIAL] if plan[t + T_SPECIAL_COUNTS] != 0 else 0


def large(plan: Ints, t: int, state: Ints, person: int, out: State, o: int) -> None:
    """职工大额: on what the pool's caps left unpaid, or on the year's burden in scope."""
    if plan[t + T_LARGE_MODE] == LARGE_NONE:
        return
    base = out[o + R_OVER_CAP]
    if plan[t + T_LARGE_MODE] == LARGE_BURDEN:
        base = burden(out, o) + special_burden(plan, t, out, o)
    before = state[person + plan[t + T_LARGE_SLOT]]
    full = risen(plan, plan[t + T_LARGE_BANDS_AT], plan[t + T_LARGE_BANDS_N], before, base)
    out[o + R_LARGE_BEFORE], out[o + R_LARGE_BASE] = before, base
    at, count = plan[t + T_LARGE_CAPS_AT], plan[t + T_LARGE_CAPS_N]
    out[o + R_LARGE] = capped(plan, t, at, count, state, person, full, 0, out, o)


def critical(plan: Ints, t: int, claim: Ints, c: int, state: Ints, person: int, out: State, o: int) -> None:
    """大病: the rise of the year's benefit by this claim's burden; 激励额度 raises the first cap, and what is paid
    above that cap uses it.
    """
    if plan[t + T_CRITICAL_ON] == 0:
        return
    base = burden(out, o) - out[o + R_LARGE] + special_burden(plan, t, out, o)
    if plan[t + T_CRITICAL_PRESELF] != 0:
        base += out[o + R_PRESELF]
    before, caps = state[person + plan[t + T_CRITICAL_SLOT]], plan[t + T_CRITICAL_CAPS_AT]
    full = risen(plan, plan[t + T_CRITICAL_BANDS_AT], plan[t + T_CRITICAL_BANDS_N], before, base)
    reward = claim[c + C_REWARD] if plan[t + T_CRITICAL_REWARD] != 0 else 0
    paid = capped(plan, t, caps, plan[t + T_CRITICAL_CAPS_N], state, person, full, reward, out, o)
    out[o + R_CRITICAL_BEFORE], out[o + R_CRITICAL_BASE], out[o + R_CRITICAL] = before, base, paid
    if reward > 0 and plan[t + T_CRITICAL_CAPS_N] > 0:
        paid_before = state[person + plan[caps]]
        out[o + R_REWARD] = max(0, paid_before + paid - plan[caps + 1]) - max(0, paid_before - plan[caps + 1])


def left_in_scope(out: Ints, o: int) -> int:
    """What is left in scope after the layers so far, 特药 among it."""
    return (
        out[o + R_INSCOPE] - out[o + R_BASIC] - out[o + R_SPECIAL] - out[o + R_LARGE] - out[o + R_CRITICAL]
        - out[o + R_AID] - out[o + R_TILT] - out[o + R_CIVIL] - out[o + R_HOUSEHOLD]
    )  # fmt: skip


def aid(plan: Ints, t: int, state: Ints, person: int, out: State, o: int) -> None:
    """医疗救助 on what is left in scope, then 倾斜救助 on what is left of that."""
    if plan[t + T_AID_ON] == 0:
        return
    base = max(0, left_in_scope(out, o))
    before = state[person + plan[t + T_AID_SLOT]]
    full = risen(plan, plan[t + T_AID_BANDS_AT], 1, before, base)
    out[o + R_AID_BEFORE], out[o + R_AID_BASE] = before, base
    at, count = plan[t + T_AID_CAPS_AT], plan[t + T_AID_CAPS_N]
    out[o + R_AID] = capped(plan, t, at, count, state, person, min(full, base), 0, out, o)
    if plan[t + T_TILT_SLOT] >= 0:
        rest = max(0, left_in_scope(out, o))
        more = risen(plan, plan[t + T_TILT_BANDS_AT], 1, state[person + plan[t + T_TILT_SLOT]], rest)
        out[o + R_TILT_BASE], out[o + R_TILT] = rest, min(more, rest)


def civil(plan: Ints, t: int, state: Ints, person: int, out: State, o: int) -> None:
    """公务员医疗补助 on what is left in scope."""
    if plan[t + T_CIVIL_ON] == 0:
        return
    base = max(0, left_in_scope(out, o))
    full = risen(plan, plan[t + T_CIVIL_BANDS_AT], 1, state[person + plan[t + T_CIVIL_SLOT]], base)
    out[o + R_CIVIL_BASE] = base
    at, count = plan[t + T_CIVIL_CAPS_AT], plan[t + T_CIVIL_CAPS_N]
    out[o + R_CIVIL] = capped(plan, t, at, count, state, person, min(full, base), 0, out, o)


def household(plan: Ints, t: int, state: Ints, home: int, out: State, o: int) -> None:
    """家庭自付封顶: what the household pays itself beyond its cap in the year is paid in full."""
    if plan[t + T_HOUSEHOLD_ON] == 0:
        return
    base = max(0, left_in_scope(out, o))
    if plan[t + T_HOUSEHOLD_ALL] != 0:
        base = unpaid(out, o)
    before, cap = state[home + plan[t + T_HOUSEHOLD_SLOT]], plan[t + T_HOUSEHOLD_CAP]
    out[o + R_HOUSEHOLD_BEFORE], out[o + R_HOUSEHOLD_BASE] = before, base
    out[o + R_HOUSEHOLD] = max(0, before + base - cap) - max(0, before - cap)


def commercial(plan: Ints, t: int, state: Ints, person: int, out: State, o: int) -> None:
    """惠民保: on what is left in scope with 先行自付, and on what is outside; one set of caps."""
    if plan[t + T_COMMERCIAL_ON] == 0:
        return
    rest = unpaid(out, o)
    outside = min(rest, out[o + R_OWNPAY] + out[o + R_OVERLIMIT])
    inside = rest - outside
    full = risen(plan, plan[t + T_COMMERCIAL_IN_BANDS_AT], 1, state[person + plan[t + T_COMMERCIAL_IN_SLOT]], inside)
    full += risen(
        plan, plan[t + T_COMMERCIAL_OUT_BANDS_AT], 1, state[person + plan[t + T_COMMERCIAL_OUT_SLOT]], outside
    )
    out[o + R_COMMERCIAL_IN], out[o + R_COMMERCIAL_OUT] = inside, outside
    caps, count = plan[t + T_COMMERCIAL_CAPS_AT], plan[t + T_COMMERCIAL_CAPS_N]
    out[o + R_COMMERCIAL] = capped(plan, t, caps, count, state, person, min(full, rest), 0, out, o)


def capped(
    plan: Ints, t: int, at: int, count: int, state: Ints, person: int, full: int, raised: int, out: Ints, o: int
) -> int:  # fmt: skip
    """The least that any cap leaves of ``full`` after what this settlement has paid on it; ``raised`` is added to the
    first cap.
    """
    paid = full
    for number in range(count):
        place = at + number * CAP
        limit = plan[place + 1] + (raised if number == 0 else 0)
        paid = min(paid, max(0, limit - state[person + plan[place]] - paid_on(plan, t, plan[place], out, o)))
    return paid


def paid_on(plan: Ints, t: int, slot: int, out: Ints, o: int) -> int:
    """What the funds before this one have paid of this settlement on a cap that they share with it."""
    return (
        shares(plan, plan[t + T_CAPS_AT], plan[t + T_CAPS_N], slot) * out[o + R_BASIC]
        + shares(plan, plan[t + T_SPECIAL_CAPS_AT], plan[t + T_SPECIAL_CAPS_N], slot) * out[o + R_SPECIAL]
        + shares(plan, plan[t + T_LARGE_CAPS_AT], plan[t + T_LARGE_CAPS_N], slot) * out[o + R_LARGE]
        + shares(plan, plan[t + T_CRITICAL_CAPS_AT], plan[t + T_CRITICAL_CAPS_N], slot) * out[o + R_CRITICAL]
        + shares(plan, plan[t + T_AID_CAPS_AT], plan[t + T_AID_CAPS_N], slot) * out[o + R_AID]
        + shares(plan, plan[t + T_CIVIL_CAPS_AT], plan[t + T_CIVIL_CAPS_N], slot) * out[o + R_CIVIL]
    )


def shares(plan: Ints, at: int, count: int, slot: int) -> int:
    """1 where a cap of the list has the slot, else 0."""
    for number in range(count):
        if plan[at + number * CAP] == slot:
            return 1
    return 0


def apply(plan: Ints, claim: Ints, c: int, out: Ints, o: int, state: State, sign: int) -> None:
    """Moves the accumulators by a result: forward with ``sign`` 1, back with -1. The accounts are not among them."""
    if out[o + R_OUTCOME] != 0:
        return
    t, person, home = claim[c + C_TERMS], claim[c + C_PERSON_BASE], claim[c + C_HOUSEHOLD_BASE]
    move(state, person, plan[t + T_STAY_SLOT], sign * out[o + R_STAY])
    if plan[t + T_DED_BASIS] == BASIS_YEAR:
        move(state, person, plan[t + T_DED_SLOT], sign * out[o + R_DEDUCTIBLE])
    move(state, person, plan[t + T_BANDS_SLOT], sign * out[o + R_PAID_BASE])
    move(state, person, plan[t + T_LARGE_SLOT], sign * out[o + R_LARGE_BASE])
    move(state, person, plan[t + T_CRITICAL_SLOT], sign * out[o + R_CRITICAL_BASE])
    move(state, person, plan[t + T_AID_SLOT], sign * out[o + R_AID_BASE])
    move(state, person, plan[t + T_TILT_SLOT], sign * out[o + R_TILT_BASE])
    move(state, person, plan[t + T_CIVIL_SLOT], sign * out[o + R_CIVIL_BASE])
    move(state, person, plan[t + T_COMMERCIAL_IN_SLOT], sign * out[o + R_COMMERCIAL_IN])
    move(state, person, plan[t + T_COMMERCIAL_OUT_SLOT], sign * out[o + R_COMMERCIAL_OUT])
    move(state, home, plan[t + T_HOUSEHOLD_SLOT], sign * out[o + R_HOUSEHOLD_BASE])
    pay(plan, plan[t + T_CAPS_AT], plan[t + T_CAPS_N], state, person, sign * out[o + R_BASIC])
    pay(plan, plan[t + T_SPECIAL_CAPS_AT], plan[t + T_SPECIAL_CAPS_N], state, person, sign * out[o + R_SPECIAL])
    pay(plan, plan[t + T_LARGE_CAPS_AT], plan[t + T_LARGE_CAPS_N], state, person, sign * out[o + R_LARGE])
    pay(plan, plan[t + T_CRITICAL_CAPS_AT], plan[t + T_CRITICAL_CAPS_N], state, person, sign * out[o + R_CRITICAL])
    pay(plan, plan[t + T_AID_CAPS_AT], plan[t + T_AID_CAPS_N], state, person, sign * out[o + R_AID])
    pay(plan, plan[t + T_CIVIL_CAPS_AT], plan[t + T_CIVIL_CAPS_N], state, person, sign * out[o + R_CIVIL])
    pay(
        plan, plan[t + T_COMMERCIAL_CAPS_AT], plan[t + T_COMMERCIAL_CAPS_N], state, person, sign * out[o + R_COMMERCIAL]
    )


def move(state: State, base: int, slot: int, amount: int) -> None:
    """Adds to an accumulator, where there is one."""
    if slot >= 0:
        state[base + slot] += amount


def pay(plan: Ints, at: int, count: int, state: State, person: int, amount: int) -> None:
    """Adds a payment to what each cap has paid."""
    for number in range(count):
        state[person + plan[at + number * CAP]] += amount
