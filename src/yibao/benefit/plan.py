"""The shape of the plan, of a claim and of a result as the kernel sees them: places in flat sequences of int64.

A plan is one sequence: rows of terms (`TERMS` wide) and the tables they point to (bands, caps, steps). Amounts are
fen, rates are parts per million, places are indices into the plan itself. ``-1`` is no slot. Places are plain integers,
so that the compiled kernel has them as constants. Source: DESIGN §2.
"""

MILLION = 10**6

TERMS = 56
(
    T_OUTCOME, T_PRE_SELF, T_DED_AMOUNT, T_DED_BASIS, T_DED_SLOT, T_STEPS_AT, T_STEPS_N, T_STAY_SLOT, T_BANDS_AT,
    T_BANDS_N, T_BANDS_SLOT, T_CAPS_AT, T_CAPS_N, T_SPECIAL_RATE, T_SPECIAL_CAPS_AT, T_SPECIAL_CAPS_N,
    T_SPECIAL_COUNTS, T_LARGE_MODE, T_LARGE_SLOT, T_LARGE_BANDS_AT, T_LARGE_BANDS_N, T_LARGE_CAPS_AT, T_LARGE_CAPS_N,
    T_CRITICAL_ON, T_CRITICAL_SLOT, T_CRITICAL_BANDS_AT, T_CRITICAL_BANDS_N, T_CRITICAL_CAPS_AT, T_CRITICAL_CAPS_N,
    T_CRITICAL_PRESELF, T_CRITICAL_REWARD, T_AID_ON, T_AID_SLOT, T_AID_BANDS_AT, T_AID_CAPS_AT, T_AID_CAPS_N,
    T_TILT_SLOT, T_TILT_BANDS_AT, T_CIVIL_ON, T_CIVIL_SLOT, T_CIVIL_BANDS_AT, T_CIVIL_CAPS_AT, T_CIVIL_CAPS_N,
    T_HOUSEHOLD_ON, T_HOUSEHOLD_SLOT, T_HOUSEHOLD_CAP, T_HOUSEHOLD_ALL, T_COMMERCIAL_ON, T_COMMERCIAL_IN_SLOT,
    T_COMMERCIAL_IN_BANDS_AT, T_COMMERCIAL_OUT_SLOT, T_COMMERCIAL_OUT_BANDS_AT, T_COMMERCIAL_CAPS_AT,
    T_COMMERCIAL_CAPS_N, T_ACCOUNT, T_MUTUAL,
) = range(TERMS)  # fmt: skip
"""A row of terms: what the law says of one context."""

CLAIM = 18
(
    C_TERMS, C_PERSON_BASE, C_HOUSEHOLD_BASE, C_PERSON, C_DAY, C_REVERSES, C_TOTAL, C_REWARD, C_COMMERCIAL, C_LINES_AT,
    C_LINES_N, C_SHARERS_AT, C_SHARERS_N, C_OWNPAY, C_OVERLIMIT, C_PRESELF, C_SPECIAL_PRESELF, C_SPECIAL,
) = range(CLAIM)  # fmt: skip
"""A claim of a batch. TERMS is the place of its terms in the plan, or CREDIT: an amount for the person's account. Bases
are places in the state; REVERSES is the number of the claim it undoes, or -1; the parts from OWNPAY on are fen when its
lines are scoped, and before it the sums in 10⁻⁶ 元 of lines without a counter that are not among its lines.
"""
CREDIT = -1

RESULT = 42
(
    R_OUTCOME, R_TOTAL, R_OWNPAY, R_OVERLIMIT, R_PRESELF, R_INSCOPE, R_DEDUCTIBLE, R_BASIC, R_SPECIAL, R_LARGE,
    R_CRITICAL, R_AID, R_TILT, R_CIVIL, R_HOUSEHOLD, R_COMMERCIAL, R_FUND, R_PATIENT, R_ACCOUNT, R_MUTUAL, R_CASH,
    R_REWARD, R_STAY, R_PAID_BASE, R_OVER_CAP, R_LARGE_BASE, R_CRITICAL_BASE, R_AID_BASE, R_TILT_BASE, R_CIVIL_BASE,
    R_HOUSEHOLD_BASE, R_COMMERCIAL_IN, R_COMMERCIAL_OUT, R_SPECIAL_SCOPE, R_DED_BEFORE, R_STAYS_BEFORE, R_BANDS_BEFORE,
    R_POOL_FULL, R_LARGE_BEFORE, R_CRITICAL_BEFORE, R_AID_BEFORE, R_HOUSEHOLD_BEFORE,
) = range(RESULT)  # fmt: skip
"""What a settlement came to, in fen; all that `apply` needs to undo it. Those that end in BEFORE, and what the pool
would have paid without caps, only explain.
"""
RESULT_NAMES = (
    "outcome", "total", "ownpay", "overlimit", "preself", "inscope", "deductible", "basic", "special", "large",
    "critical", "aid", "tilt", "civil", "household", "commercial", "fund", "patient", "account", "mutual", "cash",
    "reward", "stay", "paid_base", "over_cap", "large_base", "critical_base", "aid_base", "tilt_base", "civil_base",
    "household_base", "commercial_in", "commercial_out", "special_scope", "ded_before", "stays_before", "bands_before",
    "pool_full", "large_before", "critical_before", "aid_before", "household_before",
)  # fmt: skip
"""The same places by name, for what is stored."""

LINE = 13
LN_CHANNEL, LN_COUNTER = 11, 12
"""A fee line: the eleven fields of `yibao.catalogue.scope.Line`, its channel and its counter (-1 none)."""
SPECIAL_CHANNEL = 1
LINE_OUT = 2
LO_COUNTED, LO_MARK = range(LINE_OUT)
"""What a line drew from its counter, and the counter's mark before."""
SHARER = 3
"""Who shares an account with the claimant: person, first and last day."""
FEN_MICRO = 10**4
OUTCOME_REVERSED = -1

BAND = 3
"""A band in the plan: from and to in fen (to = -1 without an end), rate in parts per million."""
CAP = 2
"""A cap in the plan: the slot of what it has paid, and its amount in fen."""

BASIS_NONE, BASIS_VISIT, BASIS_YEAR, BASIS_STAY = range(4)
"""Values of T_DED_BASIS."""
LARGE_NONE, LARGE_OVER_CAP, LARGE_BURDEN = range(3)
"""Values of T_LARGE_MODE."""
ACCOUNT_NONE, ACCOUNT_SELF_PAY, ACCOUNT_ALL = range(3)
"""Values of T_ACCOUNT."""
SLOTS = (
    T_DED_SLOT, T_STAY_SLOT, T_BANDS_SLOT, T_LARGE_SLOT, T_CRITICAL_SLOT, T_AID_SLOT, T_TILT_SLOT, T_CIVIL_SLOT,
    T_HOUSEHOLD_SLOT, T_COMMERCIAL_IN_SLOT, T_COMMERCIAL_OUT_SLOT,
)  # fmt: skip
"""The places of a row of terms that hold a slot."""
