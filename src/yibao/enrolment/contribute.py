"""筹资与缴费: what a resident's cover costs and who pays it, what an employee's month costs, and what the account gets.

Amounts in fen; every product is rounded half up once. Rules: RULEBOOK §1b (funding, aid, payable), §2.8 (account).
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from yibao.enrolment.records import NO_ACCOUNT
from yibao.kernel import Finding, Severity, Step, exact_ratio, fen_from_yuan, half_up_ratio, yuan_text
from yibao.law import Parameter, ParameterTypeError, View

_AID = re.compile(r"(?P<yuan>\d+(?:\.\d{1,2})?)元|(?P<percent>\d+(?:\.\d+)?%)", re.ASCII)


class Funding(NamedTuple):
    """What a year of a resident's cover is funded with (筹资标准): subsidy and premium."""

    fiscal: int
    personal: int

    @property
    def total(self) -> int:
        """total_funding = fiscal + personal."""
        return self.fiscal + self.personal

    def before(self, fiscal_increase: int, personal_increase: int) -> "Funding":
        """The standard before the increases a notice prints. Raises ValueError where it would be below zero."""
        if min(self.fiscal - fiscal_increase, self.personal - personal_increase) < 0:
            raise ValueError("an increase is not larger than the standard")
        return Funding(self.fiscal - fiscal_increase, self.personal - personal_increase)


class Aid(NamedTuple):
    """The aid (资助参保) of one identity: its amount for the premium at hand, and the parameter it came from."""

    psn_idet_type: str
    amount: int
    parameter: Parameter


class Bill(NamedTuple):
    """A resident's bill for a cover year: ``payable`` = max(0, premium − aid)."""

    premium: int
    aid: int
    psn_idet_type: str
    payable: int
    steps: tuple[Step, ...]


class EmployeeBill(NamedTuple):
    """An employee's month: what the employer and the person owe, what of it goes to the account and to the pool."""

    unit: int
    person: int
    account: int
    pool: int
    fund_type: str
    steps: tuple[Step, ...]


def resident_funding(subsidy: View, premium: View, psn_type: str = "") -> Funding:
    """The funding standard: the subsidy of a fiscal year (财政年度) and the premium of a cover year (保障年度).

    One notice sets both, for different years: the views are those of the two. Raises MissingParameter.
    """
    return Funding(
        subsidy.money("resident.fiscal_subsidy"), premium.money("resident.personal_premium", psn_type=psn_type)
    )


def aid_of(view: View, psn_idet_type: str, premium: int) -> Aid:
    """The aid one identity brings: an amount (``320元``) or a share of the premium (``100%``), never above the premium.

    Raises MissingParameter where the law says nothing of the identity, ParameterTypeError for another wording.
    """
    found = view.parameter("aid.subsidy", psn_idet_type=psn_idet_type)
    match = _AID.fullmatch(found.value) if isinstance(found.value, str) else None
    if match is None:
        raise ParameterTypeError(_unreadable(found))
    yuan, percent = match["yuan"], match["percent"]
    amount = fen_from_yuan(yuan) if yuan else half_up_ratio(premium * exact_ratio(percent))
    return Aid(psn_idet_type, min(amount, premium), found)


def resident_bill(view: View, premium: int, identities: Iterable[str] = ()) -> Bill:
    """What a resident pays of the premium. Of several identities the highest aid is taken (就高不就低), never the sum.

    Without an identity the aid is 0. The law must say how several identities are treated only where there are several.
    Of equal amounts the first identity in the order of the codes. Raises MissingParameter, ValueError below zero.
    """
    if premium < 0:
        raise ValueError("a premium is not negative")
    steps = [Step("个人缴费标准", yuan_text(premium), "元", key="resident.personal_premium")]
    aids = [aid_of(view, one, premium) for one in sorted(set(identities))]
    if len(aids) > 1 and view.text("aid.multi_identity_rule") != "highest":
        raise ValueError("only the highest aid of several identities is known as a rule")
    best = max(aids, key=lambda one: one.amount, default=None)
    for one in aids:
        note = "就高执行" if one is best and len(aids) > 1 else "" if one is best else "不叠加"
        steps.append(
            Step("资助参保", yuan_text(one.amount), "元", f"{one.psn_idet_type}{note and '，' + note}", "aid.subsidy",
                 str(one.parameter.source), not one.parameter.grade.verified)
        )  # fmt: skip
    amount = best.amount if best else 0
    steps.append(Step("个人应缴", yuan_text(premium - amount), "元"))
    return Bill(premium, amount, best.psn_idet_type if best else "", premium - amount, tuple(steps))


def employee_bill(view: View, base: int, clct_way: str, emp_type: str, psn_type: str) -> EmployeeBill:
    """A month of an employee's contributions on the approved base (缴费基数), and its split into account and pool.

    ``emp_type``: enterprise, agency (机关事业单位) or flexible (灵活就业: the person pays what the law calls the unit's
    part too). 单建统筹 has no account: all is the pool's. unit + person = account + pool. Raises MissingParameter.
    """
    if base < 0:
        raise ValueError("a base is not negative")
    where = {"clct_way": clct_way, "emp_type": emp_type, "psn_type": psn_type}
    unit, unit_step = _rated(view, "employee.unit_rate", "单位缴费", base, where)
    person, person_step = _rated(view, "employee.person_rate", "个人缴费", base, where)
    if emp_type == "flexible":
        unit, person = 0, unit + person
    account = account_credit(view, base, clct_way, psn_type)
    if account.amount > unit + person:
        raise ValueError("more would go to the account than is paid: the rates of the law do not fit together")
    fund = view.text("employee.fund_type", emp_type=emp_type)
    pool = Step("记入统筹基金", yuan_text(unit + person - account.amount), "元", fund, "employee.fund_type")
    steps = (unit_step, person_step, *account.steps, pool)
    return EmployeeBill(unit, person, account.amount, unit + person - account.amount, fund, steps)


class Credit(NamedTuple):
    """What a month brings to the personal account; ``outcome`` is credited or no_account."""

    outcome: str
    amount: int
    steps: tuple[Step, ...]


def account_credit(view: View, base: int, clct_way: str, psn_type: str) -> Credit:
    """个人账户计入: an employee's own share of the base and the unit's, a retiree's fixed month; 单建统筹 has none.

    Raises MissingParameter, for a retiree too where the city's amount is not known.
    """
    if clct_way == NO_ACCOUNT:
        return Credit("no_account", 0, (Step("个人账户计入", "0.00", "元", "单建统筹不设个人账户"),))
    if psn_type[:2] in ("12", "13"):
        amount = view.money("account.retiree_month", psn_type=psn_type)
        return Credit("credited", amount, (Step("个人账户计入", yuan_text(amount), "元", "退休人员每月定额",
                                                "account.retiree_month"),))  # fmt: skip
    own, own_step = _rated(view, "account.own_rate", "个人账户计入（本人）", base, {})
    unit, unit_step = _rated(view, "account.unit_rate", "个人账户计入（单位划入）", base, {})
    return Credit("credited", own + unit, (own_step, unit_step) if unit else (own_step,))


def retirement_gap(view: View, gend: str, paid_months: int) -> int:
    """Months still to be paid before a retiree owes nothing more (最低缴费年限). Raises MissingParameter."""
    return max(0, view.integer("employee.retire_years", gend=gend) * 12 - paid_months)


def _rated(view: View, key: str, label: str, base: int, where: dict[str, str]) -> tuple[int, Step]:
    found = view.parameter(key, **where)
    rate: Fraction = view.ratio(key, **where)
    amount = half_up_ratio(base * rate)
    detail = f"基数{yuan_text(base)}元 × {found.value_text}"
    return amount, Step(label, yuan_text(amount), "元", detail, key, str(found.source), not found.grade.verified)


def _unreadable(found: Parameter) -> Finding:
    return Finding(
        "aid_unreadable", Severity.ERROR, f"资助标准“{found.value_text}”无法识别",
        cause="资助标准写金额（320元）或占个人缴费的比例（100%）", next_step=f"改正 {found.origin} 的 aid.subsidy",
        key=found.key,
    )  # fmt: skip
