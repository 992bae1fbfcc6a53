"""A city that fits on paper: every figure of `yibao close`, to the final payment and the postings, is the one worked
out from the rows and the rulebook by `hand_oracle`, which imports nothing of yibao.
"""

from collections.abc import Callable, Mapping
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
from hand_oracle_year import work
from typer.testing import CliRunner

from yibao.cli import app

Edit = Callable[[city.Tables, city.Law], None]

KEYS = {
    "cases": "setl_id", "trail": "setl_id", "budget": "fund_type kind item", "values": "fund_type",
    "months": "fund_type fixmedins_code month", "prepay": "fund_type fixmedins_code",
    "clearing": "fund_type fixmedins_code", "groups": "fund_type group_code",
    "offsite": "fund_type fixmedins_code insuplc_admdvs", "coefficients": "fixmedins_code",
    "addon_items": "fixmedins_code item", "beds": "fixmedins_code", "bed_supply": "admdvs hosp_lv",
    "special": "setl_id", "aux": "aux_kind", "primary": "dip_code",
}  # fmt: skip
WORDS = {"label"}
"""Columns that say something and count nothing."""


# ── the city in its variants ──


def as_it_stands(tables: city.Tables, law: city.Law) -> None:
    """Every band of the share table but one, both funds within their budget and reserve."""


def closed(tables: city.Tables, law: city.Law) -> None:
    """The reserve of 390 is halved, so the shared overrun is cut; its months are written down."""
    lines = {(row["fund_type"], row["budget_line"]): row for row in tables["budget_lines"]}
    lines["390", "reserve"]["budget_amount"], lines["390", "outpatient"]["budget_amount"] = "1000", "41000"
    tables["budget_months"] = city.rows(
        "year fund_type month budget_amount",
        "\n".join(f"2025 390 {month} {5500 if month < 12 else 5180}" for month in range(1, 13)),
    )


def grouped(tables: city.Tables, law: city.Law) -> None:
    """甲镇 and 乙区 are one 医共体 under the share table; beds over the agreement are deducted; another line of the budget
    pays for the excluded drugs.
    """
    tables["medical_groups"] = city.rows("group_code group_name fixmedins_code group_method", """
        YGT1 甲乙医共体 H1 share
        YGT1 甲乙医共体 H2 share
        """)  # fmt: skip
    law["beds.excess.rule"], law["dip.exclusion.charge"] = "deduct", "other"


def contracted(tables: city.Tables, law: city.Law) -> None:
    """The 医共体 is paid its whole budget (包干); 丙市 is new: its history is another hospital's."""
    grouped(tables, law)
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
    """支付标准 less what patient and other funds paid; overruns count only as far as they are recognised; new drugs add
    points; months are equal and there are no ledger entries.
    """
    law |= {
        "settle.entitlement.basis": "minus_patient", "settle.overrun.needs_claim": "true",
        "dip.exclusion.mode": "add_on", "budget.month.split": "equal",
    }  # fmt: skip
    tables["overrun_claims"] = city.rows("year fund_type fixmedins_code claim_amount overrun_reason basis", """
        2025 390 H3 2000 epidemic 专家认定
        2025 310 H2 100  policy   专家认定
        """)  # fmt: skip
    tables["ledger_entries"] = []


def by_own_ratio(tables: city.Tables, law: city.Law) -> None:
    """Each case by its own ratio of reimbursement; the assessment goes into the payable amount."""
    law["settle.ratio_level"], law["settle.assessment.applies"] = "case", "payable"


VARIANTS: dict[str, Edit] = {
    one.__name__: one for one in (as_it_stands, closed, grouped, contracted, less_the_patient, by_own_ratio)
}


class Closed(NamedTuple):
    """A close of a variant: its folder of results and the worked sheet."""

    out: Path
    sheet: Sheet


@cache
def close(variant: str) -> Closed:
    tables, law = city.base(), dict(city.LAW)
    VARIANTS[variant](tables, law)
    home = Path(mkdtemp(prefix=f"yibao-hand-{variant}-"))
    law_file = city.write(home / "city", tables, law)
    arguments = ["close", home / "city", "--city", city.CITY, "--year", city.YEAR, "--out", home / "out"]
    arguments += ["--overlay", "demo", "--overlay", law_file]
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return Closed(home / "out", work(tables, law, city.YEAR))


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
