"""Loading: files and folders, windows, duplicates, encodings, sheets, the 4101 form, child tables."""

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from yibao import tables
from yibao.engine import Engine, repeats
from yibao.standard import TABLES
from yibao.tables import csvfile, write

HEAD = "setl_id,fixmedins_code,diag_codes,dscg_date,medfee_sumamt"
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as session:
        yield session


def row(setl_id: str, day: str = "2025-01-12", fee: str = "100.00", dx: str = "K35.300") -> str:
    return f"{setl_id},H1,{dx},{day},{fee}"


def put(path: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join([head, *rows]) + "\n", encoding=encoding)
    return path


def places(engine: Engine) -> list[tuple[str, str, int]]:
    return [
        (str(a), str(b), int(c)) for a, b, c in engine.rows("SELECT setl_id, src_file, src_row FROM cases ORDER BY 1")
    ]


def test_a_folder_gives_every_part_of_the_table_and_nothing_else(tmp_path: Path, engine: Engine) -> None:
    put(tmp_path / "cases.csv", row("S1"))
    put(tmp_path / "cases_2.tsv", row("S2").replace(",", "\t"), head=HEAD.replace(",", "\t"))
    pq.write_table(pa.table({name: [cell] for name, cell in zip(HEAD.split(","), row("S3").split(","), strict=True)}),
                   tmp_path / "cases-2025.parquet")  # fmt: skip
    put(tmp_path / "casesheet.csv", row("S8"))
    put(tmp_path / "persons.csv", row("S9"))
    report = tables.load(engine, "cases", [tmp_path, tmp_path / "cases.csv"])
    assert places(engine) == [("S1", "cases.csv", 2), ("S2", "cases_2.tsv", 2), ("S3", "cases-2025.parquet", 2)]
    assert report.clean and sorted(report.files) == ["cases-2025.parquet", "cases.csv", "cases_2.tsv"]


def test_absent_files_and_folders_without_the_table_are_findings(tmp_path: Path, engine: Engine) -> None:
    report = tables.load(engine, "cases", [tmp_path, tmp_path / "gone.csv", put(tmp_path / "a.docx", row("S1"))])
    assert [item.code for item in report.findings] == ["no_table_file", "file_missing", "unsupported_format"]
    assert report.nothing and engine.count("cases") == 0


def test_columns_are_found_by_national_name_chinese_label_or_common_name(tmp_path: Path, engine: Engine) -> None:
    head = "结算ID ,医疗机构编码,*诊断代码,出院时间,医疗总费用（元）,住院号"
    report = tables.load(engine, "cases", [put(tmp_path / "a.csv", row("S1", "2025-01-12 10:00:00") + ",9", head=head)])
    assert report.clean and report.rows_kept == 1
    assert report.ignored_columns == ["住院号"]
    assert "hosp_lv" in report.missing_optional and "setl_id" not in report.missing_optional


def test_a_command_may_require_more_columns(tmp_path: Path, engine: Engine) -> None:
    report = tables.load(engine, "cases", [put(tmp_path / "a.csv", row("S1"))], required=["hosp_lv"])
    assert report.counts == {"missing_column": 1} and "hosp_lv" in report.findings[0].message


def test_the_first_of_two_columns_of_one_field_counts_and_the_clerk_is_told(tmp_path: Path, engine: Engine) -> None:
    path = put(tmp_path / "a.csv", row("S1") + ",999", head=HEAD + ",医疗总费用")
    report = tables.load(engine, "cases", [path])
    assert report.counts == {"duplicate_column": 1}
    assert engine.rows("SELECT medfee_sumamt FROM cases") == [(10000,)]


def test_the_window_is_inclusive_and_judges_no_row_outside_it(tmp_path: Path, engine: Engine) -> None:
    days = ("2024-12-31", "2025-01-01", "2025-06-30", "2025-07-01")
    rows = [row(f"S{i}", day) for i, day in enumerate(days)]
    rows += [row("B0", "2024-12-31", "-1"), row("B1", "2025-01-01", "-1"), row("B2", "2025-13-01")]
    window = (date(2025, 1, 1), date(2025, 6, 30))
    report = tables.load(engine, "cases", [put(tmp_path / "a.csv", *rows)], window=window)
    assert [key for key, _file, _row in places(engine)] == ["S1", "S2"]
    assert (report.rows_read, report.rows_kept, report.rows_rejected) == (4, 2, 2)
    assert report.counts == {"negative_amount": 1, "impossible_date": 1}


def test_rows_that_differ_under_one_key_are_all_rejected_whatever_the_order_of_files(
    tmp_path: Path, engine: Engine
) -> None:
    rows = [
        row("S1"),
        row("S1", fee="100"),
        row("S2"),
        row("S2", fee="100.01"),
        row("S3"),
        row("S4", "2024-01-01"),
        row("S4"),
    ]
    for seed in range(4):
        random.Random(seed).shuffle(rows)
        first, second = put(tmp_path / "cases_1.csv", *rows[:3]), put(tmp_path / "cases_2.csv", *rows[3:])
        report = tables.load(engine, "cases", [second, first] if seed % 2 else [first, second])
        assert [key for key, _file, _row in places(engine)] == ["S1", "S3"]
        assert report.counts == {"duplicate_row": 1, "duplicate_key": 4}


def test_duplicates_are_found_the_same_however_many_keys_are_sorted_at_once(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(f"S{number % 70}", fee=f"{100 + number % 2}") for number in range(200)]
    path = put(tmp_path / "cases.csv", *rows)
    found = []
    for at_once in (1_000_000, 30, 1):
        monkeypatch.setattr(repeats, "_SORTED_AT_ONCE", at_once)
        found.append((tables.load(engine, "cases", [path]).counts, places(engine)))
    assert found[0] == found[1] == found[2]
    assert set(found[0][0]) == {"duplicate_row"} and len(found[0][1]) == 70


def test_a_key_that_also_stands_outside_the_window_is_rejected_inside_it(tmp_path: Path, engine: Engine) -> None:
    path = put(tmp_path / "a.csv", row("S4", "2024-01-01"), row("S4"), row("S5"), row("S5"))
    report = tables.load(engine, "cases", [path], window=(date(2025, 1, 1), None))
    assert [key for key, _file, _row in places(engine)] == ["S5"]
    assert report.counts == {"duplicate_key": 1, "duplicate_row": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_in_each_encoding_and_delimiter(
    tmp_path: Path, engine: Engine, encoding: str, delimiter: str
) -> None:
    lines = [f"结算ID,人员姓名,{HEAD.split(',', 1)[1]}", "S1,李䶮,H1,K35.300,2025-01-12,800.5"]
    (tmp_path / "a.csv").write_text("\r\n".join(lines).replace(",", delimiter), encoding=encoding)
    report = tables.load(engine, "cases", [tmp_path / "a.csv"])
    assert report.clean and places(engine) == [("S1", "a.csv", 2)]


@pytest.mark.parametrize("chunk", [300, 1 << 22])
def test_row_numbers_hold_past_titles_blank_lines_quoted_breaks_and_ragged_rows(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(csvfile, "_CHUNK", chunk)
    rows = [row(f"S{i}") for i in range(10, 40)]
    rows[3:3] = ["", '"SQ","H\n1",K35.300,2025-01-12,5']
    rows[12:12] = ["too,short", ",,,,"]
    report = tables.load(engine, "cases", [put(tmp_path / "a.csv", "", *rows, head="某市结算清单,,,,\n" + HEAD)])
    expected = {text.split(",")[0].strip('"'): n for n, text in enumerate(rows, start=4) if text.count(",") == 4}
    assert {key: n for key, _file, n in places(engine)} == {key: n for key, n in expected.items() if key}
    assert [(item.code, item.place.row) for item in report.findings] == [("ragged_row", 16)]
    assert report.rows_rejected == 1


def test_a_parquet_file_torn_in_the_middle_contributes_nothing_and_the_others_go_on(
    tmp_path: Path, engine: Engine
) -> None:
    con = duckdb.connect()
    path = tmp_path / "cases_1.parquet"
    con.execute(f"""COPY (SELECT 'S' || i AS setl_id, 'H1' AS fixmedins_code, 'K35.300' AS diag_codes,
        '2025-01-12' AS dscg_date, CAST(i + 1 AS VARCHAR) AS medfee_sumamt FROM range(50000) t(i))
        TO '{path}' (FORMAT parquet, COMPRESSION zstd)""")
    data = bytearray(path.read_bytes())
    data[2000:6000] = bytes(4000)
    path.write_bytes(data)
    report = tables.load(engine, "cases", [path, put(tmp_path / "cases_2.csv", row("S1"))])
    assert report.counts == {"unreadable_file": 1}
    assert places(engine) == [("S1", "cases_2.csv", 2)]


def test_every_sheet_with_the_header_is_read_and_dated_cells_are_dates(tmp_path: Path, engine: Engine) -> None:
    book = xlsxwriter.Workbook(tmp_path / "cases.xlsx", {"default_date_format": "yyyy/mm/dd"})
    for name in ("一月", "二月", "汇总"):
        page = book.add_worksheet(name)
        page.write_row(0, 0, HEAD.split(",") if name != "汇总" else ["月份", "人次"])
        if name != "汇总":
            page.write_row(1, 0, [f"S-{name}", "H1", "K35.300", date(2025, 1, 12), 8000.1])
    book.close()
    report = tables.load(engine, "cases", [tmp_path])
    assert report.clean and engine.rows("SELECT DISTINCT dscg_date, medfee_sumamt FROM cases") == [
        (date(2025, 1, 12), 800010)
    ]
    assert [file for _key, file, _row in places(engine)] == ["cases.xlsx[一月]", "cases.xlsx[二月]"]


def test_findings_are_capped_in_memory_but_counts_stay_exact(tmp_path: Path, engine: Engine) -> None:
    path = put(tmp_path / "a.csv", *(row(f"S{i}", fee="-1") for i in range(500)))
    report = tables.load(engine, "cases", [path], finding_limit=20)
    assert len(report.findings) == 20 and report.counts == {"negative_amount": 500}
    assert report.rows_rejected == 500 and engine.count("cases_rejects") == 500


def test_the_columns_of_the_loaded_table_are_the_schema_s_in_order_and_type(tmp_path: Path, engine: Engine) -> None:
    tables.load(engine, "cases", [put(tmp_path / "a.csv", row("S1"))], into="mine")
    got = [(str(a), str(b)) for a, b in engine.rows("SELECT column_name, column_type FROM (DESCRIBE mine)")]
    wanted = [(field.name, field.kind.sql_type) for field in TABLES["cases"].fields]
    assert got == [*wanted, ("src_file", "VARCHAR"), ("src_row", "BIGINT")]


def _national_form(folder: Path) -> None:
    put(folder / "setlinfo.csv",
        "M1,S1,H1,03,1,65,,,2025-01-01 10:00:00,2025-01-09 08:30:00,8,1,0.00,10.00",
        "M2,S2,H1,05,2,0,5,3250.00,2025-02-01,2025-02-03,2,1,0,0",
        "M3,S3,H1,05,2,30,,,2025-02-01,2025-02-03,2,1,0,0",
        head="mdtrt_id,setl_id,fixmedins_code,hi_setl_lv,gend,age,nwb_age,nwb_adm_wt,adm_time,dscg_time,act_ipt_days,"
        "dscg_way,acct_pay,psn_cashpay")  # fmt: skip
    put(folder / "diseinfo.csv", "S1,,1,I10.x00x002,0", "S1,,1,K35.300,1", "S1,,2,BNP120,0", ",M2,1,P07.000,",
        ",M2,1,P22.000,", "S9,,1,K35.300,1", head="setl_id,mdtrt_id,diag_type,diag_code,maindiag_flag")  # fmt: skip
    put(folder / "oprninfo.csv", "S1,2,54.5100", "S1,1,47.0100", head="setl_id,oprn_oprt_type,oprn_oprt_code")
    put(folder / "iteminfo.csv", "S1,01,100.10", "S1,06,2000", "S2,01,50.5", "S3,01,八元",
        head="setl_id,med_chrgitm,amt")  # fmt: skip


def test_the_4101_tables_load_as_cases_with_the_flagged_principal_diagnosis_first(
    tmp_path: Path, engine: Engine
) -> None:
    _national_form(tmp_path)
    report = tables.load(engine, "cases", [tmp_path])
    columns = "setl_id, diag_codes, oprn_codes, medfee_sumamt, hosp_lv, dscg_date, nwb_age_days, src_row"
    assert engine.rows(f"SELECT {columns} FROM cases ORDER BY 1") == [
        ("S1", "K35.300|I10.x00x002", "47.0100|54.5100", 210010, "3", date(2025, 1, 9), None, 2),
        ("S2", "P07.000|P22.000", None, 5050, "2", date(2025, 2, 3), 5, 3),
    ]
    faults = {item.code: item.place for item in report.findings if item.severity.value != "info"}
    assert (faults["orphan_row"].file, faults["orphan_row"].row, faults["orphan_row"].value) == (
        "diseinfo.csv",
        7,
        "S9",
    )
    assert (faults["missing_principal_dx"].row, faults["bad_number"].value) == (4, "八元")


def test_a_4101_folder_without_diagnoses_is_a_missing_column(tmp_path: Path, engine: Engine) -> None:
    _national_form(tmp_path)
    (tmp_path / "diseinfo.csv").unlink()
    report = tables.load(engine, "cases", [tmp_path])
    assert {"missing_child_table", "missing_column"} <= set(report.counts) and report.nothing


def test_child_tables_carry_the_order_of_the_list_from_one(tmp_path: Path, engine: Engine) -> None:
    path = put(
        tmp_path / "a.csv",
        row("S1", dx="K35.300|I10.x00") + ",47.0100|54.5100",
        row("S2") + ",",
        head=HEAD + ",oprn_codes",
    )
    tables.load(engine, "cases", [path])
    assert tables.explode(engine, "cases", "oprn_codes", "case_px") == "case_px"
    assert engine.rows("SELECT setl_id, seq, oprn_code FROM case_px ORDER BY ALL") == [
        ("S1", 1, "47.0100"),
        ("S1", 2, "54.5100"),
    ]
    tables.explode(engine, "cases", "diag_codes", "case_dx", where="setl_id = 'S2'")
    assert engine.rows("SELECT setl_id, seq, diag_code FROM case_dx") == [("S2", 1, "K35.300")]


def test_the_real_dirty_file_loads_with_every_reject_named(engine: Engine) -> None:
    path = SHARED / "inpatient" / "cases.parquet"
    if not path.exists():
        pytest.skip("../shared/data/inpatient/cases.parquet is not here")
    report = tables.load(engine, "cases", [path])
    assert (report.rows_read, report.rows_rejected) == (23451, 157)
    assert {code: n for code, n in report.counts.items() if code != "letter_case"} == {
        "missing_principal_dx": 138,
        "zero_total_fee": 19,
    }
    windows = [(None, date(2009, 6, 30)), (date(2009, 7, 1), None)]
    parts = [tables.load(engine, "cases", [path], window=window) for window in windows]
    assert sum(part.rows_kept for part in parts) == report.rows_kept


@pytest.mark.parametrize(("name", "column"), [("dx", "diag_codes"), ("px", "oprn_codes")])
def test_every_code_of_the_national_insurance_lists_is_kept_as_it_is(
    tmp_path: Path, engine: Engine, name: str, column: str
) -> None:
    source = SHARED / "drg" / "chs_drg_11" / f"{name}.csv"
    if not source.exists():
        pytest.skip(f"../shared/data/drg/chs_drg_11/{name}.csv is not here")
    codes = duckdb.connect().read_csv(str(source), all_varchar=True).project(name).fetchnumpy()[name].tolist()
    cells = {n: [v] * len(codes) for n, v in zip(HEAD.split(","), row("S").split(","), strict=True)}
    cells |= {"setl_id": [f"S{i}" for i in range(len(codes))], column: codes}
    pq.write_table(pa.table(cells), tmp_path / "a.parquet")
    report = tables.load(engine, "cases", [tmp_path / "a.parquet"])
    assert (report.counts, report.rows_kept) == ({}, len(codes))
    assert sorted(value for (value,) in engine.rows(f"SELECT {column} FROM cases")) == sorted(codes)


def test_a_sheet_longer_than_excel_holds_goes_on_in_another_and_reads_back_whole(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "EXCEL_ROWS", 4)
    rows = [tuple(row(f"S{i}").split(",")) for i in range(9)]
    tables.write_xlsx(tmp_path / "cases.xlsx", [tables.Sheet("cases", HEAD.split(","), rows)])
    tables.load(engine, "cases", [tmp_path / "cases.xlsx"])
    assert places(engine)[-1] == ("S8", "cases.xlsx[cases_3]", 4) and engine.count("cases") == 9


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_torn_workbook_is_one_finding_and_the_others_go_on(tmp_path: Path, engine: Engine, share: float) -> None:
    tables.template("cases", tmp_path / "cases_1.xlsx")
    data = (tmp_path / "cases_1.xlsx").read_bytes()
    (tmp_path / "cases_1.xlsx").write_bytes(data[: int(len(data) * share)])
    report = tables.load(engine, "cases", [tmp_path / "cases_1.xlsx", put(tmp_path / "cases_2.csv", row("S1"))])
    assert (report.counts, report.rows_kept) == ({"unreadable_file": 1}, 1)


def test_a_torn_part_of_the_4101_tables_is_named(tmp_path: Path, engine: Engine) -> None:
    _national_form(tmp_path)
    (tmp_path / "oprninfo.csv").unlink()
    (tmp_path / "oprninfo.parquet").write_bytes(b"PAR1 torn")
    report = tables.load(engine, "cases", [tmp_path])
    assert report.counts["unreadable_file"] == 1 and report.rows_kept == 2


def test_a_command_may_read_only_the_columns_it_needs_and_the_others_are_not_checked(tmp_path: Path) -> None:
    (tmp_path / "persons.csv").write_text("psn_no,brdy,admdvs\nP1,不是日期,370302\nP2,1960-01-01,370303\n", "utf-8")
    with Engine() as engine:
        whole = tables.load(engine, "persons", [tmp_path], into="whole")
        part = tables.load(engine, "persons", [tmp_path], columns=("admdvs",))
        assert (whole.rows_kept, part.rows_kept) == (1, 2)
        assert engine.rows("SELECT psn_no, admdvs FROM persons ORDER BY 1") == [("P1", "370302"), ("P2", "370303")]
        assert part.clean and part.missing_optional == []
