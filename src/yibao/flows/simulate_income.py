"""What a law brings in: contributions of a year by insurance, from the people who paid and the law's rates."""

from datetime import date

import pyarrow as pa

from yibao.engine import Engine
from yibao.enrolment.contribute import employee_bill, resident_bill, resident_funding
from yibao.impact.measure import INPUTS
from yibao.law import Law, MissingParameter

_RESIDENTS = """
    SELECT coalesce(p.psn_type, '') AS psn_type,
        coalesce(i.identities, '') AS identities, count(*) AS people
    FROM (SELECT DISTINCT psn_no FROM contributions WHERE insutype = '390' AND year = $year) AS k
    LEFT JOIN persons AS p ON p.psn_no = k.psn_no
    LEFT JOIN (
        SELECT psn_no, string_agg(DISTINCT psn_idet_type, '|' ORDER BY psn_idet_type) AS identities FROM identities
        WHERE begndate <= $first AND coalesce(enddate, DATE '9999-12-31') >= $first GROUP BY psn_no
    ) AS i ON i.psn_no = k.psn_no
    GROUP BY ALL ORDER BY ALL"""
_EMPLOYEES = """
    SELECT c.clct_base AS base, coalesce(e.clct_way, '1') AS clct_way, coalesce(e.emp_type, 'enterprise') AS emp_type,
        coalesce(e.psn_type, '') AS psn_type, count(*) AS months
    FROM contributions AS c
    LEFT JOIN (
        SELECT psn_no, min(clct_way) AS clct_way, min(emp_type) AS emp_type, min(psn_type) AS psn_type
        FROM enrolments WHERE insutype = '310' GROUP BY psn_no
    ) AS e ON e.psn_no = c.psn_no
    WHERE c.insutype = '310' AND c.year = $year AND c.clct_base IS NOT NULL
    GROUP BY ALL ORDER BY ALL"""


class Payers:
    """Who paid for a year: residents by kind and identities, employees' months by base."""

    def __init__(self, engine: Engine, year: int) -> None:
        self.year = year
        self.residents = engine.rows(_RESIDENTS, {"year": year, "first": date(year, 1, 1)})
        self.employees = engine.rows(_EMPLOYEES, {"year": year})
        self.insured = engine.rows(
            "SELECT count(DISTINCT psn_no) FROM contributions WHERE insutype = '310' AND year = $year AND "
            "clct_base IS NOT NULL", {"year": year})[0][0]  # fmt: skip

    def dues(self, law: Law, law_no: int) -> tuple[list[dict[str, object]], list[str]]:
        """Rows of ``sim_contribution`` under a law, and a remark for each insurance whose rates it leaves open."""
        rows, remarks = [], []
        for insutype, made in (("390", self._residents), ("310", self._employees)):
            try:
                row = made(law)
            except MissingParameter as error:
                remarks.append(f"{error.finding.message}；该险种的缴费不测算")
                continue
            if row is not None:
                rows.append({"insutype": insutype, "law_no": law_no, **row})
        return rows, remarks

    def _residents(self, law: Law) -> dict[str, int] | None:
        view = law.at(date(self.year, 1, 1))
        total = {"people": 0, "personal": 0, "subsidy": 0, "aided": 0}
        for psn_type, identities, people in self.residents:
            funding = resident_funding(view, view, psn_type)
            bill = resident_bill(view, funding.personal, [one for one in identities.split("|") if one])
            total["people"] += people
            total["personal"] += bill.payable * people
            total["aided"] += bill.aid * people
            total["subsidy"] += funding.fiscal * people
        return total if total["people"] else None

    def _employees(self, law: Law) -> dict[str, int] | None:
        """Employees' months: what unit and person owe; no subsidy."""
        view = law.at(date(self.year, 1, 1))
        total = {"people": self.insured, "personal": 0, "subsidy": 0, "aided": 0}
        for base, clct_way, emp_type, psn_type, months in self.employees:
            bill = employee_bill(view, base, clct_way, emp_type, psn_type)
            total["personal"] += bill.pool * months
        return total if self.employees else None


def put_income(engine: Engine, rows: list[dict[str, object]], balances: dict[str, int]) -> None:
    """Makes ``sim_contribution`` and ``sim_balance`` (fen by insurance)."""
    engine.put("sim_contribution", pa.Table.from_pylist(rows, INPUTS["sim_contribution"]))
    held = [{"insutype": insutype, "balance": amount} for insutype, amount in sorted(balances.items())]
    engine.put("sim_balance", pa.Table.from_pylist(held, INPUTS["sim_balance"]))
