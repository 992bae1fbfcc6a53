"""A cleared year in the books: what they hold is what clearing says, to the fen, or nothing of a batch at all."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import cleared_years as made
import pytest
from cleared_years import clearing_row, fund_close, month_row, offsite_row, own_entries, prepay_row, random_year
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.clearing.records import Adjustment
from yibao.flows import fund
from yibao.flows.close_entries import PREFIXES, Days, FundClose, YearClose, batches, is_ours
from yibao.flows.close_ledger import Posting, State, YearBooks, basis, open_year, post_close, read_days, year_statements
from yibao.flows.close_proof import proofs, proved
from yibao.flows.fund_setting import FundError, chart_on
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Book, Entry, LimitKind, account_no
from yibao.kernel import Severity
from yibao.law import Law
from yibao.packs import load_law
from yibao.store import KINDS, Store, StoreBusyError, fetch, journal, ledger, readings, verify

RICH = 10**12
BUDGET = "370300-310-500101"
LAW = load_law("zibo", ["demo"])
CHART, _ = chart_on(LAW, made.LAST)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A store of a day in the year after."""
    with closing(Store(store_url, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))) as opened:
        yield opened


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Store]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    with closing(Store(sqlite_url, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))) as opened:
        yield opened


def balances(store: Store) -> Callable[..., int]:
    """Reads the store's own balances: debit less credit of an account of the city by fund, subject and detail."""
    with store.reading() as connection:
        numbers = [one.no for one in journal.accounts(connection)]
        held = ledger.read_standing(connection, numbers).totals
    return lambda fund_type, code, detail="": made.nets(held, account_no("370300", fund_type, code, detail))


def one_fund(*rows: FundClose) -> YearClose:
    return YearClose("370300", made.YEAR, rows)


def entries_of(store: Store, ids: Sequence[str]) -> dict[str, Any]:
    with store.reading() as connection:
        return fetch(connection, KINDS["entry"], ids)


def counts(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return readings.contents(connection).rows


def states(posting: Posting, fund_type: str = "310") -> list[State]:
    return [one.state for one in posting.batches if one.batch.fund_type == fund_type]


def codes(posting: Posting) -> list[str]:
    return [one.code for one in posting.findings]


# --- to the fen -----------------------------------------------------------------------------------------------------


def test_after_all_batches_the_balances_are_the_amounts_of_the_clearing(store: Store, tmp_path: Path) -> None:
    close = random_year(1)
    posting = post_close(store, LAW, close, [own_entries(tmp_path / "city", RICH)])
    assert posting.findings == [] and posting.stands and posting.paid == {"310", "390"}
    held = balances(store)
    for one in close.funds:
        result, fund_type = one.result, one.fund_type
        for row in result.clearing:
            code = row.fixmedins_code
            offsite = sum(away.due for away in result.offsite if away.fixmedins_code == code)
            assert -held(fund_type, "210101", code) == row.final + offsite
            assert held(fund_type, "210102", code) == held(fund_type, "110101", code) == 0
        spent = sum(r.settled - r.deductions - (r.deposit - r.deposit_returned) for r in result.clearing)
        assert held(fund_type, "500101") == spent
        out = sum(row.monthly_paid for row in result.clearing) + sum(row.amount for row in result.prepay)
        assert held(fund_type, "1004") == RICH - out
        for pool in ("370100", "370200"):
            due = sum(row.due for row in result.offsite if row.insuplc_admdvs[:4] == pool[:4])
            assert held(fund_type, "210103", pool) == due
    with store.reading() as connection:
        assert verify(connection).sound


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([3, 200, 10**9]), st.booleans())
def test_whatever_the_amounts_entries_balance_and_books_and_clearing_agree(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, most: int, paid: bool
) -> None:
    folder = tmp_path_factory.mktemp("books")
    close = random_year(seed, count, most)
    own = [own_entries(folder / "city", RICH)] if paid else []
    with closing(Store(folder / "fund.db", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))) as store:
        posting = post_close(store, LAW, close, own)
        assert [one for one in posting.findings if one.severity is Severity.ERROR] == [] and posting.stands
        assert all(row.holds for row in proofs(store, close, posting.paid))
        held = balances(store)
        for one in close.funds:
            for row in one.result.clearing:
                offsite = sum(r.due for r in one.result.offsite if r.fixmedins_code == row.fixmedins_code)
                owed = row.settled - row.deductions - (row.deposit - row.deposit_returned) + offsite
                cash = row.monthly_paid + row.prepaid if paid else 0
                assert -held(one.fund_type, "210101", row.fixmedins_code) == owed - cash


def test_without_own_entries_what_hospitals_are_due_stays_payable_and_a_remark_says_so(store: Store) -> None:
    close = random_year(2)
    posting = post_close(store, LAW, close)
    assert codes(posting) == ["payments_not_posted"] * 2 and posting.stands and not posting.paid
    assert {one.severity for one in posting.findings} == {Severity.INFO}
    assert "不记拨付" in posting.findings[0].message
    held = balances(store)
    for one in close.funds:
        assert held(one.fund_type, "1004") == 0
        for row in one.result.clearing:
            offsite = sum(r.due for r in one.result.offsite if r.fixmedins_code == row.fixmedins_code)
            payable = row.final + row.monthly_paid + row.prepaid + offsite
            assert -held(one.fund_type, "210101", row.fixmedins_code) == payable
            assert held(one.fund_type, "110101", row.fixmedins_code) == 0


def test_payments_are_booked_for_the_fund_that_has_own_entries_alone(lite: Store, tmp_path: Path) -> None:
    posting = post_close(lite, LAW, random_year(3), [own_entries(tmp_path / "city", RICH, ("390",))])
    assert posting.paid == {"390"} and codes(posting) == ["payments_not_posted"]
    assert posting.findings[0].key == "310" and posting.stands


def test_a_folder_without_entries_is_as_if_none_were_given(lite: Store, tmp_path: Path) -> None:
    posting = post_close(lite, LAW, random_year(3), [tmp_path])
    assert set(codes(posting)) == {"payments_not_posted"} and posting.own == []


def test_a_claim_on_a_hospital_stands_as_a_debit_of_its_payable(lite: Store, tmp_path: Path) -> None:
    months = [month_row("310", "H1", 1, 10_000)]
    row = clearing_row("310", "H1", months, 4_000, deductions=1_000, score=Fraction(9, 10))
    assert row.final == 4_000 - 1_000 - 50 - 9_500
    close = one_fund(fund_close("310", months, [row]))
    post_close(lite, LAW, close, [own_entries(tmp_path / "c", RICH)])
    assert balances(lite)("310", "210101", "H1") == 6_550


def test_counties_of_one_pool_owe_on_one_account(lite: Store) -> None:
    months = [month_row("310", "H1", 1, 100)]
    away = [offsite_row("310", "H1", pool, 7) for pool in ("370102", "370103", "370202")]
    posting = post_close(
        lite, LAW, one_fund(fund_close("310", months, [clearing_row("310", "H1", months, 100)], [], away))
    )
    held = balances(lite)
    assert (held("310", "210103", "370100"), held("310", "210103", "370200")) == (14, 7)
    entry = entries_of(lite, ["YD-370300-310-2025-H1"])["YD-370300-310-2025-H1"]
    assert [line.amount for line in entry.lines] == [14, 7, 21] and posting.stands


@pytest.mark.parametrize("dues", [(-700, 200), (-700, 900), (-700, 700), (-700, -1)])
@pytest.mark.parametrize("paid", [True, False])
def test_an_offsite_due_below_zero_stands_on_the_other_side_and_the_year_is_posted_whole(
    store: Store, tmp_path: Path, dues: tuple[int, int], paid: bool
) -> None:
    """minus_patient without a floor: a home pool's people paid more than their cases are worth here."""
    months = [month_row("310", "H1", 1, 10_000)]
    away = [offsite_row("310", "H1", pool, due) for pool, due in zip(("370100", "370200"), dues, strict=True)]
    close = one_fund(fund_close("310", months, [clearing_row("310", "H1", months, 10_000)], [], away))
    posting = post_close(store, LAW, close, [own_entries(tmp_path / "c", RICH, ("310",))] if paid else [])
    assert posting.stands and [one for one in posting.findings if one.severity is Severity.ERROR] == []
    assert all(row.holds for row in proofs(store, close, posting.paid))
    held = balances(store)
    assert (held("310", "210103", "370100"), held("310", "210103", "370200")) == dues
    final = close.funds[0].result.clearing[0].final
    assert -held("310", "210101", "H1") == sum(dues) + (final if paid else 10_000)
    entry = entries_of(store, ["YD-370300-310-2025-H1"])["YD-370300-310-2025-H1"]
    sides = {side: sum(line.amount for line in entry.lines if line.side == side) for side in "DC"}
    assert sides["D"] == sides["C"] and all(line.amount > 0 for line in entry.lines)
    if paid:
        shown = year_statements(store, YearBooks("", LAW, close.year, ("310",), date(2026, 3, 1)), "310")
        balance = {row.label: row.closing for row in shown.balance}
        assert balance["其中：应付定点医药机构"] == final + sum(dues)


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from(["1.00", "0.90", "0.60"]))
def test_what_clearing_computes_fits_the_books_and_its_budget(
    tmp_path_factory: pytest.TempPathFactory, seed: int, level: str
) -> None:
    folder = tmp_path_factory.mktemp("books")
    close = one_fund(made.really_cleared(seed, LAW, Fraction(level)))
    with closing(Store(folder / "fund.db", clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))) as store:
        posting = post_close(store, LAW, close, [own_entries(folder / "city", RICH, ("310",))])
        assert posting.stands and posting.findings == []


# --- entries --------------------------------------------------------------------------------------------------------

DAYS = Days(date(2025, 1, 20), (*(date(2025, month, 20) for month in range(2, 13)), made.LAST), made.LAST)


def test_an_entry_is_one_hospital_s_month_and_names_the_document_that_it_settles() -> None:
    months = [month_row("310", "H1", 3, 10_000)]
    close = YearClose("370300", 2025, [fund_close("310", months, [clearing_row("310", "H1", months, 10_000)])],
                      {"H1": "某市中心医院"})  # fmt: skip
    march, year_end = batches(close, close.funds[0], DAYS, paid=True)
    assert [entry.entry_id for entry in march.entries] == ["JS-370300-310-202503-H1", "BF-370300-310-202503-H1"]
    settled = march.entries[0]
    assert settled.settles == "月度结算单370300-310-202503-H1"
    assert settled.memo == "2025年3月住院DIP月度结算 某市中心医院"
    assert settled.entry_date == march.day == date(2025, 4, 20)
    assert [(line.acct_no, line.side, line.amount) for line in settled.lines] == [
        ("370300-310-500101", "D", 10_000), ("370300-310-210101-H1", "C", 9_500),
        ("370300-310-210102-H1", "C", 500),
    ]  # fmt: skip
    assert [entry.entry_id for entry in year_end.entries] == ["BZ-370300-310-2025-H1"]
    assert (march.label, year_end.label) == ("职工基本医疗保险2025年3月结算", "职工基本医疗保险2025年度清算")


def test_batches_stand_in_the_order_of_their_days_and_december_before_the_clearing() -> None:
    close = random_year(4, 20)
    found = batches(close, close.funds[0], DAYS, paid=True)
    keys = [batch.key.removeprefix("370300-310-") for batch in found]
    assert keys == ["2025-YF", *(f"2025{month:02}" for month in range(1, 13)), "2025-QS"]
    assert [batch.day for batch in found[-2:]] == [made.LAST, made.LAST]
    late = batches(close, close.funds[0], DAYS._replace(prepay=date(2025, 3, 15)), paid=True)
    assert [batch.key[-6:] for batch in late][:3] == ["202501", "025-YF", "202502"]


@given(st.integers(0, 10**6))
def test_no_entry_number_stands_twice_and_no_line_is_zero(seed: int) -> None:
    close = random_year(seed, 4)
    entries: list[Entry] = [
        entry for one in close.funds for batch in batches(close, one, DAYS, paid=True) for entry in batch.entries
    ]
    assert len({entry.entry_id for entry in entries}) == len(entries)
    for entry in entries:
        signed = [line.amount if line.side == "D" else -line.amount for line in entry.lines]
        assert sum(signed) == 0 and all(line.amount > 0 for line in entry.lines)
        assert is_ours(entry.entry_id, Book(entry.admdvs, entry.fund_type), made.YEAR)
        assert not is_ours(entry.entry_id, Book(entry.admdvs, "391"), made.YEAR)


def test_a_month_is_settled_on_the_law_s_day_of_the_next_and_at_the_latest_on_its_last(tmp_path: Path) -> None:
    assert read_days(LAW, 2025)[0] == DAYS
    days, unverified = read_days(overlaid(tmp_path, "settle.month.day", "31", "days"), 2025)
    assert [day.day for day in days.months] == [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]
    assert unverified == ["prepay.pay_day", "settle.month.day"]
    bad = overlaid(tmp_path, "prepay.pay_day", "02-30", "text")
    with pytest.raises(FundError, match="应写成月-日"):
        read_days(bad, 2025)
    assert read_days(bad, 2025, granted=False)[0] == DAYS._replace(prepay=None)
    with pytest.raises(FundError, match="应为1至31"):
        read_days(overlaid(tmp_path, "settle.month.day", "0", "days"), 2025)


def overlaid(folder: Path, key: str, value: str, unit: str) -> Law:
    path = folder / "reform.yaml"
    path.write_text(
        f'- {{key: {key}, from: 2025-01-01, value: "{value}", unit: {unit}, '
        "source: {doc: 测试, published: 2025-01-01}, grade: assumed}\n",
        encoding="utf-8",
    )
    return load_law("zibo", ["demo", str(path)])


def test_the_page_on_the_books_lists_the_numbers_of_a_close_and_the_states_of_a_batch() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fund.md").read_text(encoding="utf-8")
    kinds = re.findall(r"^\| `([A-Z]{2})-` \| (\S+) \|", page, re.MULTILINE)
    assert dict(kinds) == PREFIXES and len(kinds) == len(PREFIXES)
    told = re.findall(r"^\| `(\w+)` \| (\S+) \|$", page, re.MULTILINE)
    assert told == [(state.value, state.label) for state in State]


# --- the budget -----------------------------------------------------------------------------------------------------


def three_months(gross: int = 100) -> tuple[list[Any], list[Any]]:
    months = [month_row("310", code, month, gross) for code in ("H1", "H2") for month in (1, 2, 3)]
    return months, [clearing_row("310", code, months, 3 * gross) for code in ("H1", "H2")]


def test_a_month_that_breaks_the_budget_is_refused_whole_and_later_ones_are_listed(store: Store) -> None:
    months, clearing = three_months()
    broken = fund_close("310", months, clearing, dip=350)
    other = random_year(5).funds[1]
    posting = post_close(store, LAW, one_fund(broken, other))
    assert states(posting) == [State.POSTED, State.REFUSED, State.NOT_POSTED, State.NOT_POSTED]
    assert set(states(posting, "390")) == {State.POSTED} and not posting.stands
    refusal = posting.batches[1].refusal
    assert refusal is not None and (refusal.key, refusal.outcome) == ("JS-370300-310-202502-H2", Outcome.OVER_BUDGET)
    assert entries_of(store, [entry.entry_id for entry in posting.batches[1].batch.entries]) == {}
    assert balances(store)("310", "500101") == 200
    over, left = (one for one in posting.findings if one.severity is Severity.ERROR)
    assert over.code == "over_budget" and over.message == (
        "职工基本医疗保险2025年2月结算整批2张凭证没有记账：JS-370300-310-202502-H2超出年度预算"
        "（370300-310-500101：2025年将用4.00元，预算3.50元）"
    )
    assert "调整住院DIP预算" in over.next_step
    assert left.message == "其后2批没有记账：职工基本医疗保险2025年3月结算、职工基本医疗保险2025年度清算"
    rows = {row["entry_id"]: row for row in posting.rows()}
    assert rows["JS-370300-310-202502-H1"]["outcome"] == "batch_refused"
    late = rows["JS-370300-310-202503-H1"]
    assert late["outcome"] == "not_posted" and "2月结算没有记账" in late["detail"] and late["amount"] == 100


def test_with_the_budget_raised_the_same_close_goes_on_where_it_stopped(lite: Store) -> None:
    months, clearing = three_months()
    post_close(lite, LAW, one_fund(fund_close("310", months, clearing, dip=350)))
    posting = post_close(lite, LAW, one_fund(fund_close("310", months, clearing, dip=600)))
    assert states(posting) == [State.EXISTS, State.POSTED, State.POSTED, State.POSTED]
    assert codes(posting) == ["payments_not_posted"]


def test_a_clearing_that_fits_the_budget_is_not_refused_for_the_order_of_its_hospitals(lite: Store) -> None:
    months, _ = three_months()
    up, down = clearing_row("310", "H1", months, 500), clearing_row("310", "H2", months, 100)
    posting = post_close(lite, LAW, one_fund(fund_close("310", months, [up, down], dip=600)))
    assert posting.stands and balances(lite)("310", "500101") == 600


def test_a_clearing_beyond_the_budget_and_reserve_is_refused_and_the_months_stand(lite: Store) -> None:
    months, _ = three_months()
    clearing = [clearing_row("310", code, months, 311) for code in ("H1", "H2")]
    posting = post_close(lite, LAW, one_fund(fund_close("310", months, clearing, dip=600, reserve=21)))
    assert states(posting)[-2:] == [State.POSTED, State.REFUSED] and codes(posting)[1:] == ["over_budget"]
    assert balances(lite)("310", "500101") == 600
    posting = post_close(lite, LAW, one_fund(fund_close("310", months, clearing, dip=600, reserve=22)))
    assert posting.stands


def test_the_budget_limit_names_the_budget_and_every_adjustment(lite: Store) -> None:
    months, clearing = three_months()
    one = fund_close("310", months, clearing, dip=70_000, reserve=500)
    rows = (one.budget.rows[0]._replace(planned=60_000), *one.budget.rows[1:])
    raised = Adjustment("T01", "dip", 10_000, "policy", date(2025, 8, 1), "市医保局第12号")
    beside = Adjustment("T02", "chronic", 10_000, "policy", None)
    one = one._replace(budget=one.budget._replace(rows=rows), adjustments=[raised, beside])
    close = one_fund(one)
    text = (
        "2025年职工基本医疗保险住院DIP预算600.00元，"
        "调增100.00元（T01 待遇政策调整 2025-08-01批准 市医保局第12号），调剂金5.00元"
    )
    assert basis(close, one) == text
    post_close(lite, LAW, close)
    post_close(lite, LAW, close)
    with lite.reading() as connection:
        standing = ledger.read_standing(connection, [BUDGET])
        limit = ledger.read_limits(connection, standing.versions)[BUDGET, LimitKind.BUDGET.value, 2025]
    assert (limit.amount, limit.basis, limit.version) == (70_500, text, 1)


def test_excluded_fees_that_another_line_pays_widen_the_limit(lite: Store) -> None:
    months, clearing = three_months()
    one = fund_close("310", months, clearing, dip=580)
    totals = one.result.totals._replace(excluded_due=20)
    one = one._replace(result=one.result._replace(totals=totals), excluded_to_dip=False)
    assert post_close(lite, LAW, one_fund(one)).stands
    assert "由其他指标列支的除外费用0.20元" in basis(one_fund(one), one)


# --- again ----------------------------------------------------------------------------------------------------------


def test_the_same_close_twice_answers_exists_and_adds_nothing(store: Store, tmp_path: Path) -> None:
    close, own = random_year(6), [own_entries(tmp_path / "city", RICH)]
    post_close(store, LAW, close, own)
    before = counts(store)
    again = post_close(store, LAW, close, own)
    assert {one.state for one in again.batches} == {State.EXISTS} and again.findings == []
    assert {row["outcome"] for row in again.rows()} == {"exists"}
    assert counts(store) == before


def test_other_amounts_under_the_same_numbers_are_refused_and_the_next_step_is_said(store: Store) -> None:
    months, clearing = three_months()
    post_close(store, LAW, one_fund(fund_close("310", months, clearing)))
    before = counts(store)
    other = [row if (row.fixmedins_code, row.month) != ("H2", 2) else month_row("310", "H2", 2, 90) for row in months]
    rows = [clearing_row("310", code, other, 300) for code in ("H1", "H2")]
    posting = post_close(store, LAW, one_fund(fund_close("310", other, rows)))
    assert states(posting) == [State.EXISTS, State.REFUSED, State.NOT_POSTED, State.NOT_POSTED]
    found = posting.findings[1]
    assert found.code == "id_reused" and "JS-370300-310-202502-H2同一编号已在账上，内容不同" in found.message
    assert "新的账务库" in found.next_step and "冲销" in found.next_step
    assert counts(store) == before


def test_a_first_run_without_own_entries_is_completed_by_one_with_them(lite: Store, tmp_path: Path) -> None:
    close = random_year(7)
    post_close(lite, LAW, close)
    posting = post_close(lite, LAW, close, [own_entries(tmp_path / "c", RICH, day="2025-01-01")])
    assert posting.findings == [] and posting.stands and posting.paid == {"310", "390"}


# --- own entries ----------------------------------------------------------------------------------------------------


def test_books_open_on_31_december_before_where_an_opening_balance_bears_that_day(lite: Store, tmp_path: Path) -> None:
    post_close(lite, LAW, random_year(8), [own_entries(tmp_path / "city", RICH, ("310",))])
    with lite.reading() as connection:
        opened = {one.fund_type: one.opened for one in journal.accounts(connection)}
    assert opened == {"310": date(2024, 12, 31), "390": date(2025, 1, 1)}


def test_faults_of_own_entries_are_listed_with_their_rows_and_the_close_goes_on(lite: Store, tmp_path: Path) -> None:
    folder = own_entries(tmp_path / "city", RICH)
    file = folder / "ledger_entries.csv"
    file.write_text(
        file.read_text(encoding="utf-8")
        + "X1,2025-01-03,370300,310,1004,五元,,单,\nX1,2025-01-03,370300,310,1003,,5.00,单,\n"
        + "X2,2025-01-03,370300,310,1004,5.00,,单,\nX2,2025-01-03,370300,310,1003,,4.00,单,\n"
        + "X3,2025-01-03,370300,392,1004,5.00,,单,\nX3,2025-01-03,370300,392,1003,,5.00,单,\n",
        encoding="utf-8",
    )
    posting = post_close(lite, LAW, random_year(9), [folder])
    told = [(one.code, one.place.file, one.place.row, bool(one.next_step)) for one in posting.findings]
    assert told == [
        ("bad_number", "ledger_entries.csv", 10, True), ("entry_row_rejected", "ledger_entries.csv", 11, True),
        ("unbalanced", "ledger_entries.csv", 12, True), ("account_unknown", "ledger_entries.csv", 14, True),
    ]  # fmt: skip
    assert posting.stands
    own = [row for row in posting.rows() if row["batch"] == "own"]
    assert [(row["entry_id"], row["outcome"]) for row in own][-2:] == [("X2", "unbalanced"), ("X3", "account_unknown")]


def test_a_payment_for_which_the_money_is_not_there_is_refused_with_its_month(store: Store, tmp_path: Path) -> None:
    months, clearing = three_months()
    posting = post_close(
        store, LAW, one_fund(fund_close("310", months, clearing)), [own_entries(tmp_path / "city", 300, ("310",))]
    )
    assert states(posting) == [State.POSTED, State.REFUSED, State.NOT_POSTED, State.NOT_POSTED]
    assert codes(posting) == ["below_floor", "not_posted"] and "拨入支出户" in posting.findings[0].next_step
    assert balances(store)("310", "1004") == 300 - 190 and balances(store)("310", "500101") == 200


def test_a_prepayment_is_paid_on_its_day_and_recovered_at_the_end(lite: Store, tmp_path: Path) -> None:
    months, _ = three_months()
    clearing = [clearing_row("310", code, months, 300, prepaid=fen) for code, fen in (("H1", 80), ("H2", 0))]
    prepay = [prepay_row("310", "H1", 80), prepay_row("310", "H2", 0)]
    posting = post_close(
        lite, LAW, one_fund(fund_close("310", months, clearing, prepay)), [own_entries(tmp_path / "c", RICH, ("310",))]
    )
    assert posting.findings == []
    found = entries_of(lite, ["YF-370300-310-2025-H1", "YF-370300-310-2025-H2", "YH-370300-310-2025-H1"])
    assert {key: one.entry_date for key, one in found.items()} == {
        "YF-370300-310-2025-H1": date(2025, 1, 20), "YH-370300-310-2025-H1": made.LAST,
    }  # fmt: skip
    assert -balances(lite)("310", "210101", "H1") == 300 - 285 - 80


# --- what stops a run -----------------------------------------------------------------------------------------------


def test_what_lies_after_today_is_not_posted(sqlite_url: str) -> None:
    months, clearing = three_months()
    with closing(Store(sqlite_url, clock=lambda: datetime(2025, 4, 1, tzinfo=UTC))) as store:
        posting = post_close(store, LAW, one_fund(fund_close("310", months, clearing)))
    assert states(posting) == [State.POSTED, State.POSTED, State.REFUSED, State.NOT_POSTED]
    assert codes(posting)[1:] == ["future_date", "not_posted"]


def test_a_closed_month_takes_no_clearing(lite: Store) -> None:
    months, clearing = three_months()
    close = one_fund(fund_close("310", months, clearing))
    open_year(lite, CHART, close)
    fund.close_month(lite, CHART, close.book(close.funds[0]), 202503)
    posting = post_close(lite, LAW, close)
    assert states(posting)[:2] == [State.REFUSED, State.NOT_POSTED] and codes(posting)[1] == "period_closed"


def test_a_run_that_the_store_ends_says_which_batch_and_is_taken_up_again(
    lite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    months, clearing = three_months()
    close = one_fund(fund_close("310", months, clearing))
    real = fund.post

    def failing(store: Store, chart: Any, entries: Sequence[Entry], **more: Any) -> Any:
        if entries and "202502" in entries[0].entry_id:
            raise StoreBusyError("账务库正忙")
        return real(store, chart, entries, **more)

    with monkeypatch.context() as patch:
        patch.setattr(fund, "post", failing)
        with pytest.raises(StoreBusyError, match="2025年2月结算：账务库正忙（此前各批已经记账"):
            post_close(lite, LAW, close)
    posting = post_close(lite, LAW, close)
    assert states(posting) == [State.EXISTS, State.POSTED, State.POSTED, State.POSTED]


def test_a_batch_is_one_unit_of_work_however_many_hospitals_it_has(
    lite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = 0
    real = lite.transact

    def counted(work: Any) -> Any:
        nonlocal units
        units += 1
        return real(work)

    monkeypatch.setattr(lite, "transact", counted)
    posting = post_close(lite, LAW, random_year(10, 60), [own_entries(tmp_path / "city", RICH)])
    assert len(posting.batches) == 28 and units == 28 + 3  # accounts, limits, own entries


# --- proof and statements -------------------------------------------------------------------------------------------


def test_a_reversal_of_one_of_the_close_s_entries_shows_in_the_proof(lite: Store) -> None:
    months, clearing = three_months()
    close = one_fund(fund_close("310", months, clearing))
    post_close(lite, LAW, close)
    assert proved(lite, close, ()) == []
    back = Entry("R1", Action.REVERSE, "370300", "310", made.LAST, "更正", "", (), "JS-370300-310-202502-H1")
    assert fund.post(lite, CHART, [back])[0].outcome is Outcome.POSTED
    found = proved(lite, close, ())
    assert [one.key for one in found] == ["370300-310-210101-H1", "370300-310-210102-H1", "370300-310-500101"]
    assert found[0].message == ("职工基本医疗保险应付定点医药机构 H1：清算应为3.00元，账上为2.05元，相差-0.95元")
    assert found[0].severity is Severity.ERROR and found[0].next_step


def test_entries_of_a_hospital_that_is_no_longer_in_the_result_show_in_the_proof(lite: Store) -> None:
    months, clearing = three_months()
    post_close(lite, LAW, one_fund(fund_close("310", months, clearing)))
    left = [row for row in months if row.fixmedins_code == "H1"]
    posting = post_close(lite, LAW, one_fund(fund_close("310", left, clearing[:1], dip=600)))
    assert posting.stands
    assert {one.key for one in posting.findings if one.code == "posting_differs"} == {
        "370300-310-210101-H2", "370300-310-500101",
    }  # fmt: skip


def test_other_entries_on_the_same_accounts_do_not_disturb_the_proof(lite: Store, tmp_path: Path) -> None:
    folder = own_entries(tmp_path / "city", RICH, ("310",))
    file = folder / "ledger_entries.csv"
    file.write_text(
        file.read_text(encoding="utf-8")
        + "Y1,2025-01-03,370300,310,210101,5.00,,上年清算,\nY1,2025-01-03,370300,310,1004,,5.00,上年清算,\n".replace(
            "210101,", "110109,"
        ),
        encoding="utf-8",
    )
    months, clearing = three_months()
    posting = post_close(lite, LAW, one_fund(fund_close("310", months, clearing)), [folder])
    assert posting.findings == [] and balances(lite)("310", "1004") == RICH - 500 - 570


def test_the_statements_of_the_year_show_what_was_settled_and_is_owed(store: Store, tmp_path: Path) -> None:
    close = random_year(11)
    post_close(store, LAW, close, [own_entries(tmp_path / "city", RICH)])
    books = YearBooks("", LAW, close.year, ("310", "390"), date(2026, 3, 1))
    for one in close.funds:
        shown = year_statements(store, books, one.fund_type)
        spent = sum(r.settled - r.deductions - (r.deposit - r.deposit_returned) for r in one.result.clearing)
        assert sum(month.expense for month in shown.months) == spent
        assert shown.first_month == 202501 and shown.last_month == 202512 and shown.agencies == ("370300",)
        owed = sum(row.final for row in one.result.clearing)
        balance = {row.label: row.closing for row in shown.balance}
        assert balance["其中：应付定点医药机构"] == owed + sum(row.due for row in one.result.offsite)
    early = year_statements(store, books._replace(today=date(2025, 6, 15)), "310")
    assert early.last_month == 202506


def test_a_thousand_hospital_months_post_at_once(lite: Store, tmp_path: Path) -> None:
    dice = Random(12)
    one = made.random_fund("310", dice, 120, 10**7)
    posting = post_close(lite, LAW, one_fund(one), [own_entries(tmp_path / "city", RICH, ("310",))])
    assert posting.findings == [] and sum(len(done.answers) for done in posting.batches) > 2_000
