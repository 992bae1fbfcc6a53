"""床位: what the bed register allows, what was occupied, and supply against demand by county and level.

Paid beds are the smaller of agreement and 编制 beds on each day; occupied bed-days above paid beds × days are flagged,
or deducted pro rata of what is settled (rule of the law, applied in `year`). 以编制床位数为基数, 床位实行协议管理.
Source: S4 二(三), RULEBOOK §7. Days of one year; every case that lies in a bed counts, whoever pays for it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

import pyarrow as pa

from yibao.clearing.faults import error, warning
from yibao.kernel import Finding, Period, Place

BASIS = "床位以编制床位数为基数，实行协议管理"


class BedRecord(NamedTuple):
    """A row of the register (beds): beds of a hospital from a day to the day before its next row."""

    fixmedins_code: str
    bed_from: date
    auth_beds: int
    agreement_beds: int
    open_beds: int | None = None
    place: Place = Place()


class BedHospital(NamedTuple):
    """A hospital for the register: level, county, and since when it is a 定点 institution (None: not known)."""

    fixmedins_code: str
    level: str = ""
    admdvs: str = ""
    agreement_from: date | None = None


class BedMonth(NamedTuple):
    """Occupied bed-days of a month and cases discharged in it (grain fixmedins_code, month; bed_days.sql)."""

    fixmedins_code: str
    month: int
    bed_days: int
    cases: int


class BedYear(NamedTuple):
    """All that beds are judged by; ``persons`` are the insured by county (None: no register of persons)."""

    year: int
    hospitals: Sequence[BedHospital]
    records: Sequence[BedRecord]
    months: Sequence[BedMonth]
    persons: Mapping[str, int] | None = None


class BedRow(NamedTuple):
    """beds.parquet: beds as of the last day of the year; bed-days of the year; the month of highest utilisation."""

    fixmedins_code: str
    hosp_lv: str
    admdvs: str
    auth_beds: int
    agreement_beds: int
    open_beds: int | None
    paid_bed_days: int
    occupied: int
    excess: int
    utilisation: Fraction | None
    peak_month: int | None


class BedSupplyRow(NamedTuple):
    """bed_supply.parquet: a level of a county; ``persons`` are those of the whole county, beds_per_1000 编制 beds."""

    admdvs: str
    hosp_lv: str
    hospitals: int
    auth_beds: int
    agreement_beds: int
    occupied: int
    utilisation: Fraction | None
    cases: int
    persons: int | None
    beds_per_1000: Fraction | None


class BedResult(NamedTuple):
    """Rows sorted by hospital, by county and level; ``excess`` is what `FundYear.bed_excess` takes."""

    rows: tuple[BedRow, ...]
    supply: tuple[BedSupplyRow, ...]
    excess: dict[str, tuple[int, int]]
    findings: tuple[Finding, ...]


def month_table(year: int) -> pa.Table:
    """The table ``bed_month`` (grain month: first_day, next_day) that bed_days.sql reads."""
    months = list(Period.year(year).months())
    first = [one.start for one in months]
    return pa.table(
        {
            "month": pa.array([day.month for day in first], pa.int64()),
            "first_day": pa.array(first, pa.date32()),
            "next_day": pa.array([*first[1:], date(year + 1, 1, 1)], pa.date32()),
        }
    )


def judge_beds(inputs: BedYear) -> BedResult:
    """The beds of every hospital that has a record or a case, their supply and demand, and every fault.

    Without any record there is no register: nothing is judged.
    """
    if not inputs.records:
        return BedResult((), (), {}, ())
    records, found = read_records(inputs.records)
    demand: dict[str, dict[int, BedMonth]] = {}
    for one in inputs.months:
        demand.setdefault(one.fixmedins_code, {})[one.month] = one
    hospitals = {one.fixmedins_code: one for one in inputs.hospitals}
    rows = []
    for code in sorted(set(records) | set(demand)):
        hospital = hospitals.get(code, BedHospital(code))
        if code not in records:
            found.append(_missing(code))
            continue
        found += _gap(inputs.year, hospital, records[code])
        rows.append(_row(inputs.year, hospital, records[code], demand.get(code, {})))
    found += [_excess(row) for row in rows if row.excess]
    cases = {code: sum(one.cases for one in months.values()) for code, months in demand.items()}
    excess = {row.fixmedins_code: (row.excess, row.occupied) for row in rows if row.excess}
    return BedResult(tuple(rows), tuple(supply_rows(rows, cases, inputs.persons)), excess, tuple(found))


def read_records(rows: Sequence[BedRecord]) -> tuple[dict[str, list[BedRecord]], list[Finding]]:
    """The records of each hospital by day, with the faults: negative counts and two rows for one day are left out;
    more agreement than 编制 beds is listed, and the 编制 is what counts.
    """
    kept: dict[str, list[BedRecord]] = {}
    found = []
    for one in sorted(rows, key=lambda row: (row.fixmedins_code, row.bed_from, row.place)):
        mine = kept.setdefault(one.fixmedins_code, [])
        what, code = f"机构{one.fixmedins_code}自{one.bed_from.isoformat()}的床位", one.fixmedins_code
        if min(one.auth_beds, one.agreement_beds, one.open_beds or 0) < 0:
            found.append(error("beds_negative", f"{what}数为负", "床位数不小于0", "改正床位数", one.place, BASIS, code))
            continue
        if mine and mine[-1].bed_from == one.bed_from:
            found.append(
                error("beds_twice", f"{what}有两行", "一日只能有一个床位数", "删去一行", one.place, BASIS, code)
            )
            continue
        if one.agreement_beds > one.auth_beds:
            message = f"{what}：协议{one.agreement_beds}张超过编制{one.auth_beds}张，按编制计"
            found.append(
                warning(
                    "beds_above_auth", message, "协议床位不得超过编制床位", "重新核定协议床位", one.place, BASIS, code
                )
            )
        mine.append(one)
    return {code: mine for code, mine in kept.items() if mine}, found


def _missing(code: str) -> Finding:
    message = f"机构{code}有住院病例，却没有床位档案"
    return warning("beds_missing", message, "床位档案表没有该机构", "补填编制和协议床位数", basis=BASIS, key=code)


def _gap(year: int, hospital: BedHospital, records: Sequence[BedRecord]) -> list[Finding]:
    """Days of the year before the first record, from the day the hospital became a 定点 institution."""
    first = date(year, 1, 1) if hospital.agreement_from is None else max(date(year, 1, 1), hospital.agreement_from)
    if records[0].bed_from <= first or first.year > year:
        return []
    code, until = hospital.fixmedins_code, min(records[0].bed_from, date(year + 1, 1, 1))
    message = f"机构{code}从{first.isoformat()}起{(until - first).days}天没有床位档案，这些天的可支付床日按0计"
    step = "补填此前的床位数，起始日写到年初或定点之日"
    return [warning("beds_gap", message, "床位档案起始日晚于年初", step, records[0].place, BASIS, code)]


def _excess(row: BedRow) -> Finding:
    used = (
        f"机构{row.fixmedins_code}全年占用{row.occupied}床日，超过可支付的{row.paid_bed_days}床日，多{row.excess}床日"
    )
    cause, step = "收治超出协议床位和编制床位", "核查加床、分解住院和低标准入院，按协议处理"
    return warning("beds_excess", used, cause, step, basis=BASIS, key=row.fixmedins_code)


def paid_bed_days(period: Period, records: Sequence[BedRecord]) -> int:
    """Σ over the days of a closed period of min(agreement, 编制) beds; a day before the first record has none."""
    total = 0
    for number, one in enumerate(records):
        until = records[number + 1].bed_from if number + 1 < len(records) else date.max
        first, last = max(one.bed_from, period.start), min(until, _next(period))
        total += max((last - first).days, 0) * min(one.agreement_beds, one.auth_beds)
    return total


def _next(period: Period) -> date:
    if period.end is None:
        raise ValueError("bed-days are counted in a closed period")
    return date.fromordinal(period.end.toordinal() + 1)


def _row(year: int, hospital: BedHospital, records: Sequence[BedRecord], months: Mapping[int, BedMonth]) -> BedRow:
    paid = paid_bed_days(Period.year(year), records)
    occupied = sum(one.bed_days for one in months.values())
    now = [one for one in records if one.bed_from <= date(year, 12, 31)]
    last = now[-1] if now else BedRecord(hospital.fixmedins_code, date(year, 1, 1), 0, 0)
    return BedRow(
        hospital.fixmedins_code,
        hospital.level,
        hospital.admdvs,
        last.auth_beds,
        last.agreement_beds,
        last.open_beds,
        paid,
        occupied,
        max(occupied - paid, 0),
        Fraction(occupied, paid) if paid else None,
        _peak(year, records, months),
    )


def _peak(year: int, records: Sequence[BedRecord], months: Mapping[int, BedMonth]) -> int | None:
    """The month with the highest utilisation, the earlier of two equal ones; a month without paid beds is above all."""
    used = []
    for month, one in months.items():
        paid = paid_bed_days(Period.month(year, month), records)
        if one.bed_days:
            used.append((paid == 0, Fraction(one.bed_days, paid or 1), -month))
    return -max(used)[2] if used else None


def supply_rows(
    rows: Sequence[BedRow], cases: Mapping[str, int], persons: Mapping[str, int] | None
) -> list[BedSupplyRow]:
    """床位供需 by county and level: beds, occupied bed-days, utilisation, cases; 编制 beds per thousand insured."""
    places: dict[tuple[str, str], list[BedRow]] = {}
    for row in rows:
        places.setdefault((row.admdvs, row.hosp_lv), []).append(row)
    result = []
    for (county, level), there in sorted(places.items()):
        auth, paid = sum(row.auth_beds for row in there), sum(row.paid_bed_days for row in there)
        occupied = sum(row.occupied for row in there)
        people = None if persons is None else persons.get(county, 0)
        result.append(
            BedSupplyRow(
                county,
                level,
                len(there),
                auth,
                sum(row.agreement_beds for row in there),
                occupied,
                Fraction(occupied, paid) if paid else None,
                sum(cases.get(row.fixmedins_code, 0) for row in there),
                people,
                Fraction(auth * 1000, people) if people else None,
            )
        )
    return result
