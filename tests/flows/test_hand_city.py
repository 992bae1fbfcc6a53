"""A city that fits on paper: every figure of `yibao close`, to the final payment and the postings, is the one worked
out from the rows and the rulebook by `hand_oracle`, which imports nothing of yibao.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import hand_city as city
import pyarrow.parquet as pq
import pytest
from hand_oracle import Sheet, rounded
from hand_oracle_year import FUNDS, work
from typer.testing import CliRunner

from yibao.cli import app
from yibao.flows.close import CloseSetting
from yibao.flows.close import close as flow
from yibao.flows.close_ledger import YearBooks, year_statements
from yibao.flows.dip import Setting
from yibao.kernel import Severity
from yibao.packs import load_law
from yibao.store import Store
from yibao.store.readings import posted_lines

Edit = Callable[[city.Tables, city.Law], None]

KEYS = {
    "cases": "setl_id", "trail": "setl_id", "budget": "fund_type kind item", "values": "fund_type",
    "months": "fund_type fixmedins_code month", "prepay": "fund_type fixmedins_code",
    "clearing": "fund_type fixmedins_code", "groups": "fund_type group_code",
    "offsite": "fund_type fixmedins_code insuplc_admdvs", "coefficients": "fixmedins_code",
    "addon_items": "fixmedins_code item", "beds": "fixmedins_code", "bed_supply": "admdvs hosp_lv",
    "special": "setl_id", "aux": "aux_kind", "primary": "dip_code", "indicators": "name", "postings": "entry_id",
}  # fmt: skip
WORDS = {"label", "formula", "settles", "detail"}
"""Columns that say something and count nothing."""


# ── the city in its variants ──


def as_it_stands(tables: city.Tables, law: city.Law) -> None:
    """Every band of the share table but one, both funds within their budget and reserve."""


def closed(tables: city.Tables, law: city.Law) -> None:
    """The reserve of 390 is halved, so the shared overrun is cut; its months are written down, and divided as last
    year's were booked; new drugs add points; 390 may prepay, but not to one without credit or under suspension.
    """
    law["dip.exclusion.mode"], law["settle.month.hospital_split"] = "add_on", "history"
    tables["fund_position"][1]["forecast_income"] = "195000"
    tables["prepay_applications"] += city.rows("year fund_type fixmedins_code apply_date", """
        2025 390 H1 2025-01-06
        2025 390 H3 2025-01-06
        """)  # fmt: skip
    assessed = {(row["year"], row["fixmedins_code"]): row for row in tables["assessments"]}
    assessed["2024", "H1"]["credit_lv"], assessed["2025", "H3"]["agreement_status"] = "D", "suspended"
    lines = {(row["fund_type"], row["budget_line"]): row for row in tables["budget_lines"]}
    lines["390", "reserve"]["budget_amount"], lines["390", "outpatient"]["budget_amount"] = "1000", "41000"
    tables["budget_months"] = city.rows(
        "year fund_type month budget_amount",
        "\n".join(f"2025 390 {month} {5500 if month < 12 else 5180}" for month in range(1, 13)),
    )


def grouped(tables: city.Tables, law: city.Law) -> None:
    """甲镇 and 乙区 are one 医共体 under the share table; beds over the agreement are deducted; another line pays for
    the excluded drugs; each hospital's own ratio of reimbursement counts.
    """
    tables["medical_groups"] = city.rows("group_code group_name fixmedins_code group_method", """
        YGT1 甲乙医共体 H1 share
        YGT1 甲乙医共体 H2 share
        """)  # fmt: skip
    law["beds.excess.rule"], law["dip.exclusion.charge"], law["settle.ratio_level"] = "deduct", "other", "institution"


def contracted(tables: city.Tables, law: city.Law) -> None:
    """The 医共体 is paid its whole budget (包干); 丙市 is new: its history is another hospital's."""
    grouped(tables, law)
    law["settle.ratio_level"] = "pool"
    for row in tables["medical_groups"]:
        row["group_method"] = "contract"
    for row in tables["cases"]:
        if row["fixmedins_code"] == "H3" and row["dscg_date"] < "2025":
            row["fixmedins_code"] = "H4"
    tables["providers"].append(dict(tables["providers"][2]) | {"fixmedins_code": "H4", "fixmedins_name": "丁市医院"})
    tables["providers"][2]["agreement_from"] = "2025-01-02"
    tables["assessments"] = [
        row for row in tables["assessments"] if (row["year"], row["fixmedins_code"]) != ("2024", "H3")
    ]
    tables["beds"].append(dict(tables["beds"][-1]) | {"fixmedins_code": "H4"})


def less_the_patient(tables: city.Tables, law: city.Law) -> None:
    """支付标准 less what patient and other funds paid, by the month and the year; overruns count only as far as they
    are recognised; months are equal and there are no ledger entries.
    """
    law |= {
        "settle.entitlement.basis": "minus_patient", "settle.overrun.needs_claim": "true",
        "settle.monthly.basis": "minus_patient", "budget.month.split": "equal",
    }  # fmt: skip
    tables["overrun_claims"] = city.rows("year fund_type fixmedins_code claim_amount overrun_reason basis", """
        2025 390 H3 2000 epidemic 专家认定
        2025 310 H2 100  policy   专家认定
        """)  # fmt: skip
    tables["ledger_entries"] = []


def by_own_ratio(tables: city.Tables, law: city.Law) -> None:
    """Each case by its own ratio of reimbursement, months by the fund's; the assessment goes into the payable amount;
    a larger reserve, since months by points may be more than the budget.
    """
    lines = {(row["fund_type"], row["budget_line"]): row for row in tables["budget_lines"]}
    lines["390", "reserve"]["budget_amount"], lines["390", "other"]["budget_amount"] = "6000", "5320"
    law["settle.ratio_level"], law["settle.assessment.applies"] = "case", "payable"
    law["settle.monthly.basis"] = "times_ratio"


VARIANTS: dict[str, Edit] = {
    one.__name__: one for one in (as_it_stands, closed, grouped, contracted, less_the_patient, by_own_ratio)
}


HOMES: list[Path] = []
"""Where the variants are laid out."""


class Closed(NamedTuple):
    """A close of a variant: its folder of results, what the flow told, and the worked sheet."""

    out: Path
    told: Any
    books: list[YearBooks]
    sheet: Sheet


def laid_out(variant: str, tables: city.Tables, law: city.Law) -> tuple[Path, Path, CloseSetting]:
    """The folder of a variant's city, where its results go, and how it is closed."""
    home = Path(mkdtemp(prefix=f"yibao-hand-{variant}-"))
    HOMES.append(home)
    law_file = city.write(home / "city", tables, law)
    return home / "city", home / "out", CloseSetting(Setting(load_law(city.CITY, ("demo", law_file))))


def rows_of(variant: str) -> tuple[city.Tables, city.Law]:
    tables, law = city.base(), dict(city.LAW)
    VARIANTS[variant](tables, law)
    return tables, law


@cache
def close(variant: str) -> Closed:
    tables, law = rows_of(variant)
    folder, out, setting = laid_out(variant, tables, law)
    books: list[YearBooks] = []
    told = flow(folder, out, city.YEAR, setting._replace(posted=books.append))
    return Closed(out, told, books, work(tables, law, city.YEAR))


@pytest.fixture(scope="module", autouse=True)
def _tidy() -> Iterator[None]:
    """The folders of all variants go when the module is done."""
    yield
    close.cache_clear()
    while HOMES:
        shutil.rmtree(HOMES.pop(), ignore_errors=True)


# ── comparing ──


def same(theirs: Any, ours: Any) -> bool:
    """Exact decimals are equal to the last digit; ratios (six places) equal the exact fraction rounded half up."""
    if isinstance(theirs, Decimal) and isinstance(ours, Fraction | int):
        places = -int(theirs.as_tuple().exponent)
        return Fraction(theirs) == (rounded(Fraction(ours), places) if places == 6 else Fraction(ours))
    if isinstance(theirs, float) and ours is not None:
        return abs(theirs - ours) < 1e-9
    if hasattr(theirs, "isoformat"):
        return bool(theirs.isoformat() == ours)
    return bool(theirs == ours or (not theirs and not ours and not isinstance(theirs, int)))


def differences(out: Path, table: str, ours: list[dict[str, Any]]) -> list[str]:
    """Each cell that differs: key, column, the product's and the paper's value. Rows that one side lacks as well."""
    read = pq.read_table(out / f"{table}.parquet")
    keys = KEYS[table].split()

    def key(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(row[name]) for name in keys)

    theirs, paper = {key(row): row for row in read.to_pylist()}, {key(row): row for row in ours}
    found = [f"{one}: only in the result" for one in sorted(theirs.keys() - paper.keys())]
    found += [f"{one}: only on paper" for one in sorted(paper.keys() - theirs.keys())]
    for one in sorted(theirs.keys() & paper.keys()):
        for column in read.column_names:
            if column not in WORDS and column not in paper[one]:
                found.append(f"{one} {column}: not on paper")
            elif column not in WORDS and not same(theirs[one][column], paper[one][column]):
                found.append(f"{one} {column}: {theirs[one][column]!r}, on paper {paper[one][column]!r}")
    return found


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell_of_every_result_table_is_the_one_worked_on_paper(variant: str, table: str) -> None:
    one = close(variant)
    assert differences(one.out, table, one.sheet.tables[table]) == []


def test_the_comparison_sees_a_fen_a_missing_row_and_a_column_without_paper() -> None:
    one = close("as_it_stands")
    paper = [dict(row) for row in one.sheet.tables["clearing"]]
    paper[0]["final"] += Fraction(1, 100)
    del paper[1]["shared"]
    gone = paper.pop()
    found = differences(one.out, "clearing", paper)
    assert len(found) == 3
    assert found[0] == f"{(gone['fund_type'], gone['fixmedins_code'])}: only in the result"
    assert " final: " in found[1] and found[2].endswith(" shared: not on paper")


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_amiss_but_what_was_written_amiss(variant: str) -> None:
    told = close(variant).told
    errors = sorted((one.code, one.key) for one in told.findings if one.severity is Severity.ERROR)
    unlisted = [("excluded_fee_not_listed", code) for code in ("XB", "XC")]
    assert errors == [*unlisted, ("unknown_case", "S99")]
    assert (told.rejected, told.refused) == (0, 0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_line_in_the_books_is_the_one_on_paper(variant: str) -> None:
    one = close(variant)
    paper = sorted(
        (row["entry_id"], row["subj_code"], row["subj_detail"], row["amount"]) for row in one.sheet.tables["lines"]
    )
    store = Store(one.out / "fund.db")
    with store.reading() as connection:
        kept = [
            (
                line.entry_id,
                line.subj_code,
                line.detail,
                Fraction(line.amount if line.side == "D" else -line.amount, 100),
            )
            for fund in FUNDS
            for line in posted_lines(connection, fund, date(1900, 1, 1), date(2099, 12, 31))
        ]
    store.close()
    assert sorted(kept) == paper


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_statements_of_the_books_add_up_to_the_paper(variant: str) -> None:
    one = close(variant)
    (books,) = one.books
    store = Store(books.place)
    for told in (year_statements(store, books, fund) for fund in books.funds):
        income = {row.line: row.year for row in told.income}
        balance = {row.line: row.closing for row in told.balance}
        for row in one.sheet.find("statements", fund_type=told.fund_type):
            lines = {"income": income, "balance": balance}[row["statement"]]
            assert Fraction(lines[row["line"]], 100) == row["amount"], row
        # a hospital that owes, a home pool that owes: payables on the wrong side are told, and nothing else is
        owing = [row for row in one.sheet.find("balances", fund_type=told.fund_type) if row["subj_code"][0] == "2"]
        keys = {f"{city.CODE}-{told.fund_type}-{r['subj_code']}-{r['subj_detail']}" for r in owing if r["amount"] > 0}
        assert {(found.code, found.key) for found in told.findings} == {("wrong_side", key) for key in keys}
    store.close()
    assert sorted(books.funds) == sorted(FUNDS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_cash_equation_for_every_hospital(variant: str) -> None:
    """Σ paid + prepayment + final = settled − deductions − D × (1 − score), on the product's own rows."""
    for row in pq.read_table(close(variant).out / "clearing.parquet").to_pylist():
        kept = row["deposit"] - row["deposit_returned"]
        assert row["monthly_paid"] + row["prepaid"] + row["final"] == row["settled"] - row["deductions"] - kept
        assert row["settled"] == row["pay"] + row["excluded_due"]


def test_the_thirty_are_of_every_kind_the_rules_tell_apart() -> None:
    """Each bucket, deviation, scope, outcome, band and flag stands on paper at least once."""
    tables = close("as_it_stands").sheet.tables
    cases = tables["cases"]
    assert {row["bucket"] for row in cases} == {
        "special", "bed_day", "day", "tcm", "primary", "aux", "core", "composite", "ungrouped",
    }  # fmt: skip
    assert {row["deviation_type"] for row in cases} == {"normal", "low", "high", "extreme", "exempt", "ungrouped"}
    assert {row["scope"] for row in cases} == {"local", "offsite", "outside"}
    assert {row["special"] for row in cases} == {
        None, "granted", "over_quota", "failed", "pending", "not_eligible", "not_local",
    }  # fmt: skip
    assert {flag for row in cases for flag in (row["flags"] or "").split("|")} == {
        "", "readmission", "low_standard", "long_stay", "death_risk", "record_quality",
    }  # fmt: skip
    assert {row["band"] for row in tables["clearing"]} == {band["label"] for band in city.SHARE}
    assert {row["outcome"] for row in tables["prepay"]} == {"granted", "not_applied", "pool_forecast_deficit"}
    assert any(row["extra"] for row in tables["months"]) and any(row["excess"] for row in tables["beds"])
    assert any(row["cut_shared"] for row in close("closed").sheet.tables["clearing"])


def test_the_order_of_the_rows_decides_nothing() -> None:
    tables, law = rows_of("closed")
    for name, listed in tables.items():
        if name != "ledger_entries":
            listed.reverse()
    folder, out, setting = laid_out("reversed", tables, law)
    flow(folder, out, city.YEAR, setting)
    for table in KEYS:
        assert differences(out, table, close("closed").sheet.tables[table]) == []


def test_the_command_closes_the_city_and_a_second_run_finds_everything_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The papers for people are left out: what they show is read from the same tables."""
    for name in ("state", "write"):
        monkeypatch.setattr(f"yibao.cli.papers.Papers.{name}", lambda *_given, **_named: None)
    folder, out, _ = laid_out("command", *rows_of("as_it_stands"))
    asked = ["close", folder, "--year", city.YEAR, "--out", out, "--overlay", "demo"]
    asked += ["--overlay", folder.parent / "city-law.yaml"]
    for outcome in ("posted", "exists"):
        done = CliRunner().invoke(app, [str(one) for one in asked])
        assert done.exit_code == 0, done.output
        paper = close("as_it_stands").sheet.tables
        for table in KEYS:
            ours = paper[table] if table != "postings" else [row | {"outcome": outcome} for row in paper[table]]
            assert differences(out, table, ours) == []
