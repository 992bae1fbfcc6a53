"""大病保险激励: how years of unbroken insurance and years without claims raise the ceiling of 大病保险.

A state machine over person-years (RULEBOOK §1b, 国办发〔2024〕38号): a year insured counts; from the year after the
threshold each adds a step that is kept for good; a year without fund payment adds a step to the zero-claim stock for
the next; using the zero-claim reward clears that stock and leaves the other; a lapse sets the count of years back and
keeps what was earned. Both together raise the base ceiling by at most a share of it. Amounts in fen.
"""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from yibao.enrolment.records import EMPLOYEE
from yibao.kernel import Finding, Severity, Step, half_up_ratio, yuan_text
from yibao.law import Law, View

ZERO_CLAIM, CONTINUOUS = "zero_claim", "continuous"


class Plan(NamedTuple):
    """The rule of a year: threshold in years, the two steps, the cap, which stock is used and which shrinks first."""

    threshold: int
    cont_step: int
    zero_step: int
    cap: Fraction
    use_first: str
    shrink_first: str
    employee_counts: bool


class State(NamedTuple):
    """What a person has: years unbroken, what they earned, years without claims, what they earned."""

    n_cont: int = 0
    cont_amt: int = 0
    n_zero: int = 0
    zero_amt: int = 0


class Year(NamedTuple):
    """A person's year: insurance (empty: none), fund payment, that for prevention, and reward used."""

    year: int
    insutype: str
    fund_paid: int = 0
    reward_used: int = 0
    preventive_paid: int = 0


class Raise(NamedTuple):
    """The raise of the ceiling and the part of it that each stock gives; the parts sum to it."""

    total: int
    cont: int
    zero: int


def read_plan(view: View) -> Plan:
    """The rule of a year. Raises MissingParameter, e.g. where the city's steps are not known."""
    return Plan(
        view.integer("incentive.continuous.threshold"), view.money("incentive.continuous.step"),
        view.money("incentive.zero_claim.step"), view.ratio("incentive.cap"), view.text("incentive.use_first"),
        view.text("incentive.shrink_first"),
        view.flag("incentive.employee_years_count"),
    )  # fmt: skip


def plan_findings(view: View) -> list[Finding]:
    """A city's step below the floor (每次提高不低于1000元; a province may set more) is an error, one finding a step."""
    floor = view.money("incentive.step_floor")
    found = []
    for key in ("incentive.continuous.step", "incentive.zero_claim.step"):
        if view.money(key) < floor:
            one = view.parameter(key)
            found.append(
                Finding(
                    "below_national_floor", Severity.ERROR,
                    f"参数“{key}”为{yuan_text(view.money(key))}元，低于规定的下限{yuan_text(floor)}元",
                    cause=str(one.source), next_step="核对本地文件；每次提高不得低于国家和本省规定的下限",
                    basis=str(view.parameter("incentive.step_floor").source), key=key,
                )
            )  # fmt: skip
    return found


def stock(plan: Plan, n_cont: int, n_zero: int) -> State:
    """What so many unbroken years and years without claims earn where none was used and nothing lapsed.

    cont = max(0, years − threshold) × step; zero = years × step.
    """
    return State(n_cont, max(0, n_cont - plan.threshold) * plan.cont_step, n_zero, n_zero * plan.zero_step)


def join(plan: Plan, state: State) -> State:
    """A year insured begins: the count goes up, and past the threshold one more step is earned."""
    n_cont = state.n_cont + 1
    earned = plan.cont_step if n_cont > plan.threshold else 0
    return state._replace(n_cont=n_cont, cont_amt=state.cont_amt + earned)


def lapse(state: State, clears_zero: bool) -> State:
    """A year not insured: the count begins anew, what was earned stays; the zero-claim stock as the city says."""
    state = state._replace(n_cont=0)
    return state._replace(n_zero=0, zero_amt=0) if clears_zero else state


def ceiling_raise(plan: Plan, state: State, base_cap: int | None) -> Raise:
    """raise = min(cont + zero, cap × base ceiling); the stock that the law names shrinks first.

    ``base_cap`` None: no ceiling to take a share of, nothing is cut. The cap is rounded down to the fen.
    """
    total = state.cont_amt + state.zero_amt
    if base_cap is not None:
        total = min(total, base_cap * plan.cap.numerator // plan.cap.denominator)
    if plan.shrink_first == ZERO_CLAIM:
        cont = min(state.cont_amt, total)
        return Raise(total, cont, total - cont)
    zero = min(state.zero_amt, total)
    return Raise(total, total - zero, zero)


def split_use(plan: Plan, raised: Raise, used: int) -> tuple[int, int]:
    """How much of the reward used is zero-claim and how much continuous, by the stock that the law uses first.

    Raises ValueError for more than the raise.
    """
    if not 0 <= used <= raised.total:
        raise ValueError("the reward used lies between 0 and the raise")
    if plan.use_first == ZERO_CLAIM:
        zero = min(used, raised.zero)
        return zero, used - zero
    cont = min(used, raised.cont)
    return used - cont, cont


def close(plan: Plan, state: State, zero_used: int, claimed: bool) -> State:
    """The year ends: a zero-claim reward used clears its stock; otherwise a year without claims adds a step to it.

    The continuous stock is never touched by use. A 大病 claim below the base ceiling uses nothing: it leaves the
    stock and makes the year one with claims.
    """
    if zero_used > 0:
        return state._replace(n_zero=0, zero_amt=0)
    if claimed:
        return state
    return state._replace(n_zero=state.n_zero + 1, zero_amt=state.zero_amt + plan.zero_step)


def run_years(
    law: Law, years: Iterable[Year], base_cap: int | None, state: State | None = None
) -> list[tuple[int, State]]:
    """The state at the beginning of benefits of each year insured, and after the last one, with its year.

    ``years`` come in order, one a calendar year insured; a missing year is a lapse. Years before
    incentive.count_from_year, as the law of the last year has it, count for nothing. A 职工 year counts as unbroken
    where the law says so and earns no zero-claim year; where it does not, it neither counts nor breaks. Reads
    incentive.preventive_counts and incentive.lapse_clears_zero only where the history needs them. Raises
    MissingParameter; ValueError for years out of order or more reward used than there was.
    """
    now, last = state or State(), None
    found: list[tuple[int, State]] = []
    insured = [one for one in years if one.insutype]
    newest = max((one.year for one in insured), default=None)
    since = law.at(date(newest, 1, 1)).integer("incentive.count_from_year") if newest else 0
    for one in (one for one in insured if one.year >= since):
        view = law.at(date(one.year, 1, 1))
        plan = read_plan(view)
        if last is not None and one.year <= last:
            raise ValueError("years come in order, each once")
        if last is not None and one.year > last + 1:
            now = lapse(now, bool(now.n_zero) and view.flag("incentive.lapse_clears_zero"))
        last = one.year
        if one.insutype == EMPLOYEE:
            now = join(plan, now) if plan.employee_counts else now
            found.append((one.year, now))
            continue
        now = join(plan, now)
        found.append((one.year, now))
        zero_used, _ = split_use(plan, ceiling_raise(plan, now, base_cap), one.reward_used)
        now = close(plan, now, zero_used, _claimed(view, one))
    if last is not None:
        found.append((last + 1, now))
    return found


def _claimed(view: View, one: Year) -> bool:
    """Whether the year had claims; whether prevention alone is one is asked of the law only then."""
    if one.fund_paid > one.preventive_paid or one.reward_used > 0:
        return True
    return one.preventive_paid > 0 and view.flag("incentive.preventive_counts")


def ceiling(view: View, plan: Plan, state: State, base_cap: int, *, rejoined: bool = False) -> tuple[int, list[Step]]:
    """The ceiling of 大病保险 of a person: base and raise, less what the city cuts on re-joining after a lapse.

    The cut (incentive.lapse_cut) is asked of the law only where ``rejoined``; never below zero. With its steps.
    """
    raised = ceiling_raise(plan, state, base_cap)
    steps = [
        Step("基准封顶额", yuan_text(base_cap), "元"),
        Step("连续参保激励", yuan_text(raised.cont), "元", f"连续参保{state.n_cont}年", "incentive.continuous.step"),
        Step("零报销激励", yuan_text(raised.zero), "元", f"零报销{state.n_zero}年", "incentive.zero_claim.step"),
    ]
    if raised.total < state.cont_amt + state.zero_amt:
        cut = state.cont_amt + state.zero_amt - raised.total
        steps.append(
            Step("超出上限不计", yuan_text(cut), "元", f"不超过基准的{half_up_ratio(plan.cap, 100)}%", "incentive.cap")
        )
    less = view.money("incentive.lapse_cut") if rejoined else 0
    if less:
        steps.append(Step("断保后再参保降低", yuan_text(-less), "元", "", "incentive.lapse_cut"))
    top = max(0, base_cap + raised.total - less)
    steps.append(Step("大病保险封顶额", yuan_text(top), "元"))
    return top, steps
