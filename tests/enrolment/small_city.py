"""An invented city's law on enrolment, over the shipped national pack, and rows with defaults."""

from datetime import date
from functools import cache

from yibao.enrolment.records import Contribution, Enrolment
from yibao.kernel import Grade, Period, Source
from yibao.law import Law, Layer, Parameter, Value
from yibao.packs import load_law

START = date(2020, 1, 1)
A, B = "990100", "990200"


def one(key: str, value: Value, unit: str, start: date = START, end: date | None = None, **where: str) -> Parameter:
    places = {name: (text,) for name, text in where.items()}
    return Parameter(key, value, unit, Period(start, end), Source("甲市医保办法", START), Grade.OFFICIAL, places)


def pool(*extra: Parameter, without: str = "") -> Law:
    """The law of 甲市: all that the national pack leaves open, unless ``without`` names it."""
    national = load_law("national")
    layers = [*national.layers, Layer("jia", "甲市", tuple(p for p in CITY if p.key != without))]
    if extra:
        layers.append(Layer("extra", "另加", extra))
    return Law("990100", "甲市", layers, national.notices, national.definitions)


@cache
def city() -> Law:
    return pool()


CITY = (
    one("resident.window.from", "09-15", "text"),
    one("resident.window.until", "02-28", "text"),
    one("resident.start.in_window", "year_start", "text"),
    one("resident.start.late", "next_month", "text"),
    one("resident.fiscal_subsidy", "670", "yuan", date(2024, 1, 1), date(2024, 12, 31)),
    one("resident.personal_premium", "400", "yuan", date(2025, 1, 1), date(2025, 12, 31)),
    one("aid.multi_identity_rule", "highest", "text"),
    one("aid.subsidy", "320元", "text", psn_idet_type="dibao"),
    one("aid.subsidy", "50%", "text", psn_idet_type="jiance"),
    one("wait.fixed", "3", "months"),
    one("wait.per_broken_year", "1", "months"),
    one("wait.long_break_years", "4", "years"),
    one("wait.long_break_min", "6", "months"),
    one("wait.repair", "1", "months"),
    one("wait.exempt", ("newborn", "tekun"), "list"),
    one("wait.starts", "paid_day", "text"),
    one("switch.employee_stop.delay", "1", "months"),
    one("switch.min_continuous_years", "2", "years"),
    one("switch.max_gap", "3", "months"),
    one("switch.wait_max", "6", "months"),
    one("incentive.employee_years_count", "true", "flag"),
    one("incentive.continuous.threshold", "4", "years"),
    one("incentive.continuous.step", "3000", "yuan"),
    one("incentive.zero_claim.step", "3000", "yuan"),
    one("incentive.cap", "20%", "ratio"),
    one("incentive.use_first", "zero_claim", "text"),
    one("incentive.shrink_first", "zero_claim", "text"),
    one("incentive.count_from_year", "2010", "years"),
    one("employee.unit_rate", "8%", "ratio", clct_way="1", emp_type="enterprise"),
    one("employee.unit_rate", "7%", "ratio", clct_way="1", emp_type="agency"),
    one("employee.unit_rate", "4.5%", "ratio", clct_way="2", emp_type="enterprise"),
    one("employee.person_rate", "2%", "ratio", clct_way="1"),
    one("employee.person_rate", "0", "ratio", clct_way="2"),
    one("employee.fund_type", "310", "text", emp_type="enterprise"),
    one("employee.fund_type", "JG", "text", emp_type="agency"),
    one("employee.retire_years", "25", "years", gend="1"),
    one("account.retiree_month", "80", "yuan"),
    one(
        "refund.reasons",
        (
            {"reason": "duplicate_payment", "before_start": "application"},
            {"reason": "employee_cover", "before_start": "application"},
            {"reason": "resident_elsewhere", "before_start": "application"},
            {"reason": "death", "before_start": "event"},
        ),
        "table",
    ),
)


def spell(
    start: date, stop: date | None = None, stas: str = "1", kind: str = "390", admdvs: str = A, **more: object
) -> Enrolment:
    return Enrolment("P1", kind, admdvs, start, stop, stas, **more)  # type: ignore[arg-type]


def year_paid(year: int, on: date, paid: int = 40000, admdvs: str = A, given: date | None = None) -> Contribution:
    return Contribution("P1", "390", admdvs, year, None, 40000, paid, on, 0, given)


def month_paid(year: int, month: int, on: date | None = None, paid: int = 60000, admdvs: str = A) -> Contribution:
    return Contribution("P1", "310", admdvs, year, month, 60000, paid, on or date(year, month, 10))
