"""Every row that goes into the clearing of a fund and every row that comes out. Values, never changed.

In: the flow makes a `BudgetYear` for `budget.plan_budget`, which answers a `Budget`; then, with point values known, a
`FundYear` for `clear.clear_fund`, which answers a `FundResult`. Out rows carry the names of the columns in
docs/internals/close.md, stage 8, and nothing else, so that ``row._asdict()`` is a row of the table.

Units: amounts are integer fen, points integer 10⁻⁴ 分, ratios exact Fractions. ``booked`` is what hospitals booked for
DIP (hifp_pay less the excluded part paid by item); ``due`` is a case's exact share of the fund, summed.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from yibao.kernel import Finding, Place

# --- in: the budget -------------------------------------------------------------------------------------------------


class Amount(NamedTuple):
    """A line of the budget tables: income (``item`` of code table income_item), a spending line (budget_line) or an
    explicit month (``item`` "1" to "12"), with its planned amount in fen and where it was written.
    """

    item: str
    fen: int
    place: Place = Place()


class Adjustment(NamedTuple):
    """A raise of a spending line during the year (budget_adjustments; ``reason`` of code table adjust_reason)."""

    adjust_id: str
    line: str
    fen: int
    reason: str
    approved: date | None
    basis: str = ""
    place: Place = Place()


class LastMonth(NamedTuple):
    """What a hospital booked for this fund in a month of last year (grain fixmedins_code, month)."""

    fixmedins_code: str
    month: int
    booked: int


class BudgetYear(NamedTuple):
    """All that the budget of one fund for one year is made of.

    ``lines`` without ``dip`` leaves the DIP budget to the law's method. ``last_lines`` are the spending lines of the
    year before and only needed for the methods by share and by growth.
    """

    fund_type: str
    year: int
    income: Sequence[Amount]
    lines: Sequence[Amount]
    adjustments: Sequence[Adjustment] = ()
    months: Sequence[Amount] = ()
    last_year: Sequence[LastMonth] = ()
    last_lines: Sequence[Amount] = ()


# --- in: the year ---------------------------------------------------------------------------------------------------


class Hospital(NamedTuple):
    """An institution (grain fixmedins_code).

    ``agreement_from``: since when it is a 定点 institution (None: not known). ``status``: 协议状态 of the year
    (``normal``, ``suspended``, ``terminated``; empty is normal). ``credit_lv``: of last year, for the prepayment
    (empty: none given).
    ``score``: assessment of the year as a ratio 0 to 1 (None: not assessed, the deposit is released in full).
    """

    fixmedins_code: str
    name: str = ""
    level: str = ""
    agreement_from: date | None = None
    status: str = ""
    credit_lv: str = ""
    score: Fraction | None = None


class HospitalMonth(NamedTuple):
    """A hospital's local DIP cases of the fund discharged in a month (grain fixmedins_code, month; hospital_month.sql).

    ``booked`` is net of ``excluded_due``; ``due`` is Σ of the cases' shares in fund_fen. ``fee``, ``patient`` and
    ``other`` are of the whole fee; ``excluded`` is what of it is paid by item, which DIP does not look at.
    """

    fixmedins_code: str
    month: int
    cases: int
    points: int
    fee: int
    patient: int
    other: int
    booked: int
    excluded_due: int
    due: int
    excluded: int = 0


class Position(NamedTuple):
    """The fund at the start of the year (fund_position): balance, last year, and the forecast where one was made."""

    balance: int
    last_income: int
    last_expense: int
    forecast_income: int | None = None
    forecast_expense: int | None = None


class Deduction(NamedTuple):
    """A violation deducted from a hospital after review of its cases (deductions)."""

    deduct_id: str
    fixmedins_code: str
    fen: int
    reason: str = ""


class Claim(NamedTuple):
    """The part of a hospital's overrun recognised as reasonable (overrun_claims)."""

    fixmedins_code: str
    fen: int
    reason: str = ""


class Member(NamedTuple):
    """A hospital in a 医共体 (medical_groups); ``method`` is ``contract`` or ``share``, one for all its members."""

    group_code: str
    fixmedins_code: str
    method: str
    group_name: str = ""


class Offsite(NamedTuple):
    """Cases of another pool of the province at a hospital (grain fixmedins_code, insuplc_admdvs; offsite_sum.sql)."""

    fixmedins_code: str
    insuplc_admdvs: str
    cases: int
    points: int
    fee: int
    booked: int
    due: int


class FundYear(NamedTuple):
    """All that the year of one fund is closed with.

    ``budget`` comes from plan_budget and must be without errors; ``fund_fen`` is its DIP line less the excluded fees
    charged to DIP, what the dues share. ``opening_value`` (元 per 分) only serves the monthly bases minus_patient and
    times_ratio. ``bed_excess`` gives (excess bed-days, occupied bed-days) of hospitals over their paid beds.
    ``booked_before`` gives the months (their first days) before the year in which a hospital booked anything for any
    fund, as far back as the history reaches: by them an old hospital is known where its agreement was renewed.
    """

    budget: "Budget"
    fund_fen: int
    hospitals: Sequence[Hospital]
    months: Sequence[HospitalMonth]
    last_year: Sequence[LastMonth] = ()
    position: Position | None = None
    applications: Sequence[str] = ()
    deductions: Sequence[Deduction] = ()
    claims: Sequence[Claim] = ()
    groups: Sequence[Member] = ()
    offsite: Sequence[Offsite] = ()
    opening_value: Fraction | None = None
    excluded_to_dip: bool = True
    bed_excess: Mapping[str, tuple[int, int]] = {}
    booked_before: Mapping[str, Collection[date]] = {}


# --- out ------------------------------------------------------------------------------------------------------------


class BudgetRow(NamedTuple):
    """budget.parquet: ``kind`` is income, line or month; ``planned`` at the start, ``adjusted`` as it stands."""

    fund_type: str
    kind: str
    item: str
    label: str
    planned: int
    adjusted: int


class Budget(NamedTuple):
    """The budget of a fund. ``cap`` is income less the surplus target; ``months`` are the 12 of the DIP line.

    With ``ok`` false (an error among ``findings``) no figure of it may be used.
    """

    fund_type: str
    year: int
    income: int
    cap: int
    rows: tuple[BudgetRow, ...]
    months: tuple[int, ...]
    findings: tuple[Finding, ...]
    ok: bool

    def line(self, item: str) -> int:
        """A spending line after adjustments, 0 when the budget has none of that name."""
        return sum(row.adjusted for row in self.rows if row.kind == "line" and row.item == item)

    @property
    def dip(self) -> int:
        """The DIP line after adjustments."""
        return self.line("dip")

    @property
    def reserve(self) -> int:
        """The reserve (调剂金) after adjustments."""
        return self.line("reserve")


class ProgressRow(NamedTuple):
    """The fund at the end of a month: what is booked since January against the budget in proportion to time."""

    fund_type: str
    month: int
    budget: int
    booked: int
    ratio: Fraction | None
    label: str


class MonthRow(NamedTuple):
    """months.parquet: gross = base + extra + excluded_due = deposit + paid."""

    fund_type: str
    fixmedins_code: str
    month: int
    budget: int
    booked: int
    excluded_due: int
    base: int
    extra: int
    gross: int
    deposit: int
    paid: int
    points: int
    cases: int


class PrepayRow(NamedTuple):
    """prepay.parquet: ``outcome`` is a value of `prepay.Outcome`; ``amount`` is 0 unless granted."""

    fund_type: str
    fixmedins_code: str
    last_year_paid: int
    mean: int
    credit_lv: str
    credit: Fraction | None
    outcome: str
    amount: int


class ClearingRow(NamedTuple):
    """clearing.parquet, one hospital of one fund.

    pay = pay_before − cut_shared − cut_retained; settled = pay + excluded_due;
    monthly_paid + prepaid + final = settled − deductions − (deposit − deposit_returned). ``final`` below zero is a
    claim on the hospital. Members of a 医共体 carry the group's band and their part of what it retained and shared and
    of what was cut. ``share`` is final over what the year pays in all (None where that is not positive).
    """

    fund_type: str
    fixmedins_code: str
    hosp_lv: str
    group_code: str
    is_new: int
    cases: int
    points: int
    fee: int
    patient: int
    entitlement: int
    booked: int
    ratio: Fraction | None
    band: str
    pay_before: int
    retained: int
    shared: int
    cut_shared: int
    cut_retained: int
    pay: int
    excluded_due: int
    settled: int
    deductions: int
    score: Fraction
    deposit: int
    deposit_returned: int
    monthly_paid: int
    prepaid: int
    final: int
    share: Fraction | None


class GroupRow(NamedTuple):
    """groups.parquet: a 医共体 as one unit; ``pay`` is after the cut and is the sum of its members'."""

    fund_type: str
    group_code: str
    group_name: str
    group_method: str
    members: int
    entitlement: int
    booked: int
    band: str
    pay: int


class OffsiteRow(NamedTuple):
    """offsite.parquet: what a home pool owes for its people treated here."""

    fund_type: str
    fixmedins_code: str
    insuplc_admdvs: str
    cases: int
    points: int
    fee: int
    booked: int
    due: int


class DeductionRow(NamedTuple):
    """What was deducted from a hospital: a violation, or its bed-days over the paid beds (``deduct_id`` "beds")."""

    fund_type: str
    fixmedins_code: str
    deduct_id: str
    reason: str
    amount: int


class Totals(NamedTuple):
    """Sums of a fund's clearing. ``limit`` = fund_fen + reserve; ``over`` is what Σ pay exceeds it by, after cuts."""

    fund_type: str
    limit: int
    entitlement: int
    booked: int
    pay_before: int
    cut_shared: int
    cut_retained: int
    pay: int
    over: int
    excluded_due: int
    settled: int
    deductions: int
    deposit: int
    deposit_returned: int
    monthly_paid: int
    prepaid: int
    final: int


class FundResult(NamedTuple):
    """The year of one fund, closed. Rows are sorted by hospital and month; ``findings`` leaves the budget's own out."""

    fund_type: str
    year: int
    progress: tuple[ProgressRow, ...]
    months: tuple[MonthRow, ...]
    prepay: tuple[PrepayRow, ...]
    clearing: tuple[ClearingRow, ...]
    groups: tuple[GroupRow, ...]
    offsite: tuple[OffsiteRow, ...]
    deductions: tuple[DeductionRow, ...]
    totals: Totals
    findings: tuple[Finding, ...]
