"""`yibao close`: a city's inpatient year priced, settled by month, cleared and posted. Wires edges to rooms, no rule.

The stages stand in docs/internals/close.md. `close` writes a whole result folder or nothing; what is posted stays in
the books, and a second run of the same close finds it there.
"""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from yibao import tables
from yibao.clearing.budget import plan_budget
from yibao.clearing.clear import clear_fund
from yibao.clearing.dates import ClearingDates, LawYear, law_year, read_dates
from yibao.clearing.faults import TermsError
from yibao.clearing.records import Budget, BudgetYear
from yibao.clearing.terms import YEAR_KEYS, FundTerms, read_terms
from yibao.engine import Engine, load_sql
from yibao.flows import close_rows
from yibao.flows.close_drg import group_year
from yibao.flows.close_entries import FundClose, YearClose
from yibao.flows.close_ledger import Posting, YearBooks, post_close
from yibao.flows.close_load import Folder, judged, load_folder
from yibao.flows.close_price import PricedYear, price_year, refuse_moved
from yibao.flows.close_results import Results, write_cases, write_results
from yibao.flows.dip_build import build
from yibao.flows.dip_catalogue import LISTS, Saved
from yibao.flows.dip_common import FlowError, Setting, opened
from yibao.flows.drg import Editions
from yibao.kernel import Finding, Severity
from yibao.law import MissingParameter, View
from yibao.store import Store

CLEARING = "yibao.clearing"
CHINA = timezone(timedelta(hours=8))


class CloseSetting(NamedTuple):
    """How a close runs: law, memory and progress; a catalogue learned before; where the books are kept; what is to be
    done as soon as the year stands in them.

    Without a catalogue one is learned from the folder's cases before the year and kept in ``OUT/catalogue``. ``store``
    is a file or a ``postgresql://`` address, by default ``OUT/fund.db``. With ``drg`` (a scheme's folder, or what finds
    the edition of a day) the cases are put into DRGs as well.
    """

    base: Setting
    catalogue: Path | None = None
    store: str | None = None
    posted: Callable[[YearBooks], None] | None = None
    drg: Path | Editions | None = None


@dataclass
class Closed:
    """What a close produced: its summary, every finding, remarks for the user."""

    summary: dict[str, Any]
    findings: list[Finding]
    remarks: list[str]

    @property
    def rejected(self) -> int:
        """Cases sent back: the rows of rejected.xlsx."""
        return int(self.summary["rejected"])

    @property
    def refused(self) -> int:
        """Entries that the books refused or that stayed behind a refused batch."""
        return int(self.summary["entries_refused"])

    @property
    def faulty(self) -> int:
        """Errors beside rejected cases."""
        return sum(one.severity is Severity.ERROR for one in self.findings)


class _Fund(NamedTuple):
    """A fund of the year: what its budget was made of, the terms it is cleared by, its budget, and the law read: on
    the days the year is settled, and on the day prepayments are paid (None where nobody applied).
    """

    inputs: BudgetYear
    terms: FundTerms
    budget: Budget
    law: LawYear
    prepaid: View | None

    @property
    def views(self) -> list[View]:
        """The views of law, that of the year as a whole first."""
        own = [self.law.end, *self.law.months[:-1], self.law.start]
        return own if self.prepaid is None else [*own, self.prepaid]


def close(folder: Path, out: Path, year: int, setting: CloseSetting) -> Closed:
    """Closes ``year`` of the city in ``folder`` and writes the result folder ``out`` (internals/close.md, stage 8).

    Raises FlowError, with every fault found, when nothing can be produced: no usable case, a budget with errors, a
    share table that cannot be applied; MissingParameter when the law leaves a key open. Entries that the books refuse
    do not raise: the result says which, and `Closed.refused` counts them.
    """
    base, tell = setting.base, setting.base.progress or (lambda _step: None)
    if out.resolve() == folder.resolve():
        raise FlowError("结果不能写到数据所在的文件夹：请用 --out 另指定文件夹")
    if not folder.is_dir():
        raise FlowError(f"没有文件夹“{folder}”：请给出城市数据所在的文件夹，可用 yibao synth 造一个看看")
    saved = _catalogue(folder, out, year, setting)
    with Engine(memory=base.memory, progress=base.progress) as engine:
        tell("读数据")
        loaded = load_folder(engine, folder, year)
        findings = [*loaded.findings, *judged(engine, loaded)]
        tell("编预算")
        funds = _budgets(loaded, saved, base, year, findings)
        drg = group_year(engine, folder, year, setting.drg, base.memory, tell)
        tell("入组计分")
        dip = {name: one.budget.dip for name, one in funds.items()}
        priced = price_year(engine, base.law, saved, dip, year, loaded.reports[0].missing_optional)
        with (
            tables.output_folder(out, optional=("rejected.xlsx", "findings.xlsx")) as part,
            engine.beside() as other,
            ThreadPoolExecutor(1) as helper,
            _uncollected(),
        ):
            # Every case is priced: DuckDB writes them, without Python's lock, while Python settles, clears and posts.
            cases = helper.submit(write_cases, other, part)
            tell("结算清算")
            results = _settle(engine, loaded, saved, priced, funds, base, year)._replace(drg=drg)
            results.findings[:0] = [*findings, *priced.findings]
            tell("记账")
            posting = _post(folder, out, results, setting)
            tell("写结果")
            summary = write_results(engine, part, results, posting, cases)
    return Closed(summary, [*results.findings, *posting.findings], summary["remarks"])


def _catalogue(folder: Path, out: Path, year: int, setting: CloseSetting) -> Saved:
    """The catalogue given, or one learned from the folder's cases before the year with the folder's own lists."""
    if setting.catalogue is not None:
        return opened(setting.catalogue, setting.base.law)
    base = setting.base
    has_lists = folder.is_dir() and any(any(folder.glob(f"{name}.*")) for name in LISTS)
    if base.progress:
        base.progress("由以前年度的病例建立病种目录")
    learning = Setting(base.law, folder if has_lists else base.lists, base.memory, base.progress)
    build([folder], out / "catalogue", learning, until=date(year - 1, 12, 31), for_day=date(year, 1, 1))
    return opened(out / "catalogue", base.law)


def _budgets(loaded: Folder, saved: Saved, base: Setting, year: int, findings: list[Finding]) -> dict[str, _Fund]:
    """The budget of each fund under the law of the year's last day, with the terms its months, prepayments and clearing
    follow. Raises FlowError that lists every fault, or names what the law may not change within the year.
    """
    names = close_rows.funds_of(loaded, year)
    if not names:
        raise FlowError(f"budget_lines 里没有{year}年度的预算：请核对年度，或补上预算", loaded.reports)
    found: dict[str, _Fund] = {}
    faults: list[Finding] = []
    for name in names:
        last = close_rows.last_months(saved.hospital_history, year, name)
        inputs = close_rows.budget_year(loaded, year, name, last)
        of, applied = law_year(base.law, year), bool(loaded.of_year("prepay_applications", year, name))
        try:
            prepaid = base.law.at(of.pay_day) if applied else None
            terms = read_terms(
                of.end, name,
                dip_given=any(one.item == "dip" for one in inputs.lines), months_given=bool(inputs.months),
                applied=applied, groups=bool(loaded.rows["medical_groups"]), months=of.months, prepay=prepaid,
            )  # fmt: skip
        except TermsError as error:
            raise FlowError(str(error), loaded.reports, error.findings) from error
        used = {one.key for one in of.end.used}
        refuse_moved(base.law, year, [key for key in YEAR_KEYS if key in used], f"{year}年度按一套预算和清算规则清算")
        budget = plan_budget(inputs, terms.budget)
        faults += budget.findings
        found[name] = _Fund(inputs, terms, budget, of, prepaid)
    if not all(one.budget.ok for one in found.values()):
        bad = [one for one in faults if one.severity is Severity.ERROR]
        raise FlowError(f"预算有{len(bad)}处错误，没有清算：请按列出的问题修改后重新运行", loaded.reports, faults)
    findings += faults
    return found


def _settle(
    engine: Engine,
    loaded: Folder,
    saved: Saved,
    priced: PricedYear,
    funds: dict[str, _Fund],
    base: Setting,
    year: int,
) -> Results:
    """Months, prepayments and clearing of every fund; beds once for all."""
    for name in ("hospital_month", "offsite_sum", "consumption"):
        engine.run(load_sql(CLEARING, name))
    institutions = close_rows.hospitals(engine, loaded, year)
    beds = close_rows.judged_beds(engine, loaded, institutions, year)
    charged = _charged(funds, base, year)
    values = {one.fund_type: one for one in priced.values}
    before = close_rows.months_before(saved.hospital_history, year)
    closes = []
    for name, one in funds.items():
        years = close_rows.fund_year(
            engine, loaded, one.budget, fund_fen=values[name].fund_fen, institutions=institutions,
            last=one.inputs.last_year, booked_before=before, opening=priced.opening,
            excluded_to_dip=charged, bed_excess=beds.excess,
        )  # fmt: skip
        closes.append(FundClose(one.budget, clear_fund(years, one.terms), one.inputs.adjustments, charged))
    dates, late = _dates(next(iter(funds.values())).law)
    found = list(dict.fromkeys([*beds.findings, *(f for one in closes for f in one.result.findings), *late]))
    views = [*priced.views, *(view for one in funds.values() for view in one.views)]
    return Results(base.law, year, loaded, saved, priced, closes, beds, institutions, dates, views, found)


def _dates(law: LawYear) -> tuple[ClearingDates | None, list[Finding]]:
    """When the year's work was due. No amount hangs on it, so a date that the law leaves open is only said."""
    try:
        return read_dates(law)
    except MissingParameter as missing:
        return None, [missing.finding._replace(severity=Severity.INFO)]


def _charged(funds: dict[str, _Fund], base: Setting, year: int) -> bool:
    """Whether the DIP line bears excluded fees (dip.exclusion.charge)."""
    view = next(iter(funds.values())).law.end
    regime = view.text("dip.regime")
    if view.text("dip.exclusion.mode", regime=regime) != "exclude":
        return True
    return view.text("dip.exclusion.charge", regime=regime) == "dip"


def _post(folder: Path, out: Path, results: Results, setting: CloseSetting) -> Posting:
    """Posts the year into the books and tells that they stand."""
    law, tell = setting.base.law, setting.base.progress or (lambda _step: None)
    names = {one.fixmedins_code: one.name for one in results.institutions if one.name}
    closing = YearClose(law.code, results.year, results.closes, names)
    out.mkdir(parents=True, exist_ok=True)
    place = setting.store or str(out / "fund.db")
    store = Store(place)
    try:
        posting = post_close(store, law, closing, [folder] if _has_entries(folder) else [], tell)
    finally:
        store.close()
    if setting.posted is not None:
        funds = tuple(one.fund_type for one in results.closes)
        setting.posted(YearBooks(place, law, results.year, funds, datetime.now(CHINA).date()))
    return posting


@contextmanager
def _uncollected() -> Iterator[None]:
    """Python's collector of cycles rests: a year's rows and entries are some million small tuples without any, and
    looking through them again and again takes a fifth of posting.
    """
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


def _has_entries(folder: Path) -> bool:
    return any(folder.glob("ledger_entries*"))
