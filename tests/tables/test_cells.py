"""What a cell may say, and what it becomes."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao import tables
from yibao.engine import Engine
from yibao.standard import CODE_TABLES, FIELDS
from yibao.tables import LoadReport

GOOD = {
    "setl_id": "S1",
    "fixmedins_code": "H1",
    "diag_codes": "K35.300",
    "dscg_date": "2025-01-12",
    "medfee_sumamt": "8000.00",
}
Read = Callable[..., tuple[Any, LoadReport]]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """Loads one case with one column replaced and gives that column's value (None when rejected) and the report."""
    with Engine() as engine:

        def one(column: str, value: object, arrow: pa.DataType | None = None) -> tuple[Any, LoadReport]:
            cells = {name: pa.array([text]) for name, text in GOOD.items()}
            cells[column] = pa.array([value], arrow)
            pq.write_table(pa.table(cells), tmp_path / "one.parquet")
            report = tables.load(engine, "cases", [tmp_path / "one.parquet"])
            rows = engine.rows(f"SELECT {column} FROM cases")
            return (rows[0][0] if rows else None), report

        yield one


@pytest.mark.parametrize(
    ("value", "arrow", "fen"),
    [
        ("8000", None, 800000), ("8000.5", None, 800050), ("8000.500", None, 800050), (" 8000.05　", None, 800005),
        (8000, pa.int64(), 800000), (Decimal("8000.05"), pa.decimal128(16, 2), 800005),
        (Decimal("8000.0500000000"), pa.decimal128(24, 10), 800005), (8000.05, pa.float64(), 800005),
        (0.1 + 0.2, pa.float64(), 30), (9999999999.99, pa.float64(), 999999999999),
    ],
)  # fmt: skip
def test_money_is_read_to_the_fen_from_text_integers_decimals_and_doubles(
    read: Read, value: object, arrow: pa.DataType | None, fen: int
) -> None:
    got, report = read("medfee_sumamt", value, arrow)
    assert (got, report.counts) == (fen, {})


@pytest.mark.parametrize(
    ("value", "arrow", "code"),
    [
        ("8000.005", None, "fraction_of_fen"), (8000.005, pa.float64(), "fraction_of_fen"),
        (100000000.005, pa.float64(), "fraction_of_fen"), (Decimal("0.005"), pa.decimal128(16, 3), "fraction_of_fen"),
        (Decimal("0.0000000001"), pa.decimal128(24, 10), "fraction_of_fen"),
        ("-1", None, "negative_amount"), (-1.0, pa.float64(), "negative_amount"), ("0.00", None, "zero_total_fee"),
        ("1,000.00", None, "bad_number"), ("￥8", None, "bad_number"), (float("inf"), pa.float64(), "bad_number"),
        ("８", None, "full_width"), ("8E+10", None, "lost_digits"), ("10000000000.01", None, "amount_too_large"),
        ("9" * 40, None, "amount_too_large"), (10**11, pa.int64(), "amount_too_large"), (1e300, pa.float64(),
        "amount_too_large"), ("", None, "missing_value"), (None, pa.float64(), "missing_value"),
        (float("nan"), pa.float64(), "missing_value"),
    ],
)  # fmt: skip
def test_a_fee_that_is_no_exact_positive_amount_rejects_the_row(
    read: Read, value: object, arrow: pa.DataType | None, code: str
) -> None:
    got, report = read("medfee_sumamt", value, arrow)
    assert (got, report.counts, report.rows_rejected) == (None, {code: 1}, 1)


@pytest.mark.parametrize(
    ("value", "arrow"),
    [
        ("2025-01-31", None), ("2025/1/31", None), ("20250131", None), ("2025-01-31 10:20:30", None),
        ("2025/01/31 08:00", None), ("20250131235959", None), ("2025-01-31T10:20:30", None),
        (date(2025, 1, 31), pa.date32()), (datetime(2025, 1, 31, 23, 59), pa.timestamp("us")),
    ],
)  # fmt: skip
def test_a_date_is_read_in_each_common_form_with_or_without_a_time(
    read: Read, value: object, arrow: pa.DataType | None
) -> None:
    got, report = read("dscg_date", value, arrow)
    assert (got, report.counts) == (date(2025, 1, 31), {})


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2025-02-31", "impossible_date"), ("2025/2/29", "impossible_date"), ("20251301", "impossible_date"),
        ("0001-01-01", "impossible_date"), ("31/01/2025", "bad_date"), ("45688", "bad_date"), ("昨天", "bad_date"),
        ("2025-01/31", "bad_date"), ("２０２５-01-31", "full_width"),
    ],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_told_from_one_that_cannot_be_read(read: Read, value: str, code: str) -> None:
    got, report = read("dscg_date", value)
    assert (got, report.counts) == (None, {code: 1})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("K35.300", "K35.300"), ("K35.3", "K35.3"), ("I10", "I10"), ("I10.x00x002", "I10.x00x002"),
        ("A17.000x001+G01*", "A17.000x001+G01*"), ("G63.2*", "G63.2*"), ("M80.0101/3", "M80.0101/3"),
        ("S72.143A", "S72.143A"), ("W60.XXXA", "W60.XXXA"), ("C7A.098", "C7A.098"), ("K353", "K35.3"),
        ("k35.3", "K35.3"), ("i10X00X002", "I10.x00x002"), ("A00.000X001", "A00.000x001"),
        ("K35.300,I10.x00 ；E11.900", "K35.300|I10.x00|E11.900"), ("K35.300||I10.x00|", "K35.300|I10.x00"),
    ],
)  # fmt: skip
def test_a_diagnosis_code_keeps_its_dot_and_gets_one_style(read: Read, value: str, kept: str) -> None:
    got, report = read("diag_codes", value)
    assert (got, report.rows_rejected) == (kept, 0)
    assert not [code for code in report.counts if code.endswith("_dropped")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("阑尾炎", "bad_dx_code"), ("K3", "bad_dx_code"), ("35.3", "bad_dx_code"), ("Ｋ35.3", "full_width"),
        ("|K35.3", "missing_principal_dx"), ("", "missing_principal_dx"), ("|", "missing_principal_dx"),
    ],
)  # fmt: skip
def test_a_case_without_a_sound_principal_diagnosis_is_rejected(read: Read, value: str, code: str) -> None:
    got, report = read("diag_codes", value)
    assert (got, report.counts) == (None, {code: 1})


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("47.01", "47.01"), ("47.0100", "47.0100"), ("33.6x00", "33.6x00"), ("00.5500x008", "00.5500x008"),
        ("17.912A0", "17.912A0"), ("86.700x0013", "86.700x0013"), ("4701", "47.01"), ("33.6X00", "33.6x00"),
        ("47.0100|54.5100", "47.0100|54.5100"), ("", None), ("|", None), (None, None),
    ],
)  # fmt: skip
def test_a_procedure_list_is_kept_in_order_and_may_be_empty(read: Read, value: str | None, kept: str | None) -> None:
    got, report = read("oprn_codes", value, pa.string())
    assert (got, report.rows_kept) == (kept, 1)
    assert "px_code_dropped" not in report.counts


def test_a_malformed_secondary_code_is_left_out_with_a_warning_that_names_it(read: Read) -> None:
    got, report = read("diag_codes", "K35.300|高血压|E11.900")
    assert got == "K35.300|E11.900"
    assert [item.message for item in report.findings] == ["其他诊断代码不合ICD-10格式，已略去：高血压"]
    got, report = read("oprn_codes", "切除|47.0100")
    assert (got, report.counts) == ("47.0100", {"px_code_dropped": 1})


def test_a_list_column_of_parquet_is_joined(read: Read) -> None:
    got, _report = read("diag_codes", ["K35.300", "I10.x00"], pa.list_(pa.string()))
    assert got == "K35.300|I10.x00"


@pytest.mark.parametrize(
    ("column", "value", "arrow", "kept"),
    [
        ("insutype", 310, pa.int64(), "310"), ("insutype", 310.0, pa.float64(), "310"),
        ("insutype", "居民", None, "390"),
        ("gend", "女", None, "2"), ("hosp_lv", "02", None, "3"), ("hosp_lv", "05", None, "2"),
        ("hosp_lv", "08", None, "1"),
        ("hosp_lv", "11", None, "1"), ("hosp_lv", "3", None, "3"), ("hosp_lv", "二级甲等", None, "2"),
        ("age", "65.0", None, 65), ("age", 65.0, pa.float64(), 65), ("age", "0", None, 0), ("age", "130", None, 130),
        ("nwb_adm_wt", "749.99", None, 749), ("fixmedins_code", " 0012 ", None, "0012"),
    ],
)  # fmt: skip
def test_codes_become_the_table_s_codes_and_numbers_whole(
    read: Read, column: str, value: object, arrow: pa.DataType | None, kept: object
) -> None:
    got, report = read(column, value, arrow)
    assert (got, report.rows_kept) == (kept, 1)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("insutype", "999", "unknown_code"), ("gend", "3", "unknown_code"), ("hosp_lv", "4", "unknown_code"),
        ("dscg_way", "7", "unknown_code"), ("insutype", "３10", "full_width"), ("setl_id", "Ｓ1", "full_width"),
        ("setl_id", "1.2E+17", "lost_digits"), ("age", "131", "age_out_of_range"), ("age", "-1", "age_out_of_range"),
        ("age", "45.5", "bad_number"), ("act_ipt_days", "-1", "negative_number"), ("setl_id", None, "missing_value"),
        ("fund_pay_sumamt", "-0.01", "negative_amount"), ("adm_date", "2025-01-13", "discharge_before_admission"),
    ],
)  # fmt: skip
def test_each_fault_rejects_the_row_once_under_its_own_code(
    read: Read, column: str, value: str | None, code: str
) -> None:
    _got, report = read(column, value, pa.string())
    assert (report.counts, report.rows_kept, report.rows_rejected) == ({code: 1}, 0, 1)


def test_a_newborn_s_weight_in_kilograms_is_taken_for_unknown_with_a_warning(read: Read) -> None:
    got, report = read("nwb_adm_wt", "3.25")
    assert (got, report.counts, report.rows_kept) == (None, {"weight_implausible": 1}, 1)


@pytest.mark.parametrize(
    ("value", "arrow", "fen", "code"),
    [
        ("10000000000000", None, 10**15, None), ("9999999999999.99", None, 10**15 - 1, None), ("0", None, 0, None),
        (30_000_000_000, pa.int64(), 3 * 10**12, None), (Decimal("0.10"), pa.decimal128(20, 2), 10, None),
        (12345678901.25, pa.float64(), 1234567890125, None), (None, pa.string(), None, None),
        ("10000000000000.01", None, None, "budget_too_large"), ("9" * 40, None, None, "budget_too_large"),
        ("0.005", None, None, "fraction_of_fen"), ("-1", None, None, "negative_amount"),
        ("五亿", None, None, "bad_number"),
    ],
)  # fmt: skip
def test_a_budget_or_balance_has_the_larger_bound_and_may_be_empty(
    tmp_path: Path, value: object, arrow: pa.DataType | None, fen: int | None, code: str | None
) -> None:
    cells = {"admdvs": "370300", "fund_type": "310", "subj_code": "5001", "limit_kind": "budget", "basis": "批复"}
    columns = {name: pa.array([text]) for name, text in cells.items()} | {"limit_amount": pa.array([value], arrow)}
    pq.write_table(pa.table(columns), tmp_path / "one.parquet")
    with Engine() as engine:
        report = tables.load(engine, "ledger_limits", [tmp_path / "one.parquet"])
        assert engine.rows("SELECT limit_amount FROM ledger_limits") == ([] if code else [(fen,)])
        assert report.counts == ({code: 1} if code else {})


@pytest.mark.parametrize(
    ("table", "column", "value", "code"),
    [
        ("ledger_action", "action", "红字冲销", "reverse"), ("ledger_action", "action", "预留转记账", "settle"),
        ("bank_side", "bank_side", "贷", "in"), ("bank_side", "bank_side", "支", "out"),
        ("limit_kind", "limit_kind", "年度预算", "budget"), ("fund_type", "fund_type", "机关事业单位", "JG"),
        ("fund_type", "fund_type", "城乡居民大病保险", "392"),
    ],
)  # fmt: skip
def test_the_ledger_s_codes_are_read_in_the_words_of_accountants(
    table: str, column: str, value: str, code: str
) -> None:
    assert FIELDS[column].code_table == table
    assert CODE_TABLES[table].spellings()[value] == code


def test_a_row_refused_after_loading_stands_beside_the_rejected_ones_as_loaded(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    good = ",".join(GOOD.values())
    path.write_text("\n".join([",".join(GOOD), good, good.replace("S1", "S2").replace("8000.00", "-1"),
                               good.replace("S1", "S3")]) + "\n", encoding="utf-8")  # fmt: skip
    with Engine() as engine:
        report = tables.load(engine, "cases", [path])
        refused = [("cases.csv", 4, "三号不收"), ("cases.csv", 2, "一号不收")]
        assert tables.write_rejected(tmp_path / "rejected.xlsx", engine, report, refused) == 3
        again = tables.load(engine, "cases", [tmp_path / "rejected.xlsx"], into="again")
        kept = engine.rows("SELECT setl_id, dscg_date, medfee_sumamt, src_row FROM again ORDER BY src_row")
    assert kept == [("S1", date(2025, 1, 12), 800000, 2), ("S3", date(2025, 1, 12), 800000, 4)]
    assert again.counts == {"negative_amount": 1}
