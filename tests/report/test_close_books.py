"""The workbooks of a closed year: every table, one book a hospital, exact figures, sums that equal the clearing."""

import datetime
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from small_close import EXCLUDED, EXTREME, GRANTED, HIGH, HOSPITALS, LOW, write

from yibao.flows.close_tables import COLUMNS
from yibao.report import close_book, close_slices, close_words
from yibao.report.close_book import write_close_book, write_hospital_books
from yibao.report.crew import Crew
from yibao.report.hospital_book import CONTENTS
from yibao.report.names import Names
from yibao.tables import ResultFolderError

NAMES = Names(hospitals={"H1": "甲医院", "H2": 'a/b:"医院"', "H5": "=1+1"})
Sheets = dict[str, list[list[Any]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("books"))


@pytest.fixture(scope="module")
def books(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "hospitals"
    assert write_hospital_books(folder, out, NAMES) == len(HOSPITALS)
    return out


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Sheets:
    out = tmp_path_factory.mktemp("whole") / "close.xlsx"
    write_close_book(folder, out, NAMES)
    return read(out)


def read(path: Path) -> Sheets:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def book_of(books: Path, code: str) -> Sheets:
    return read(next(path for path in books.glob("*.xlsx") if path.name.startswith(code)))


def column(rows: list[list[Any]], head: str, at: int = 2) -> list[Any]:
    place = rows[at].index(head)
    return [row[place] for row in rows[at + 1 :]]


# --- close.xlsx -----------------------------------------------------------------------------------------------------


def test_every_result_table_but_the_cases_has_a_sheet_and_all_but_the_entries_all_their_rows(
    folder: Path, whole: Sheets
) -> None:
    assert list(whole) == [close_words.CONTENTS, *close_words.TABLES.values()]
    assert set(close_words.TABLES) == set(COLUMNS)
    for table, name in close_words.TABLES.items():
        if table != "postings":
            assert len(whole[name]) - 3 == pq.read_table(folder / f"{table}.parquet").num_rows, table


def test_entries_are_summed_by_batch_and_kind_and_those_not_booked_stand_one_by_one(
    folder: Path, whole: Sheets, tmp_path: Path
) -> None:
    entries = pq.read_table(folder / "postings.parquet").to_pylist()
    rows = whole["记账"]
    assert sum(column(rows, "凭证（张）")) == len(entries)
    total = sum(Decimal(str(value)) for value in column(rows, "借方金额（元）"))
    assert total.quantize(Decimal("0.01")) == sum(row["amount"] for row in entries)
    assert {"月度结算", "月度拨付", "年度清算"} <= set(column(rows, "业务"))
    assert set(column(rows, "凭证号")) == {""}

    other = shutil.copytree(folder, tmp_path / "closed")
    table = pq.read_table(other / "postings.parquet")
    at = table.schema.get_field_index("outcome")
    outcomes = ["refused", *["posted"] * (table.num_rows - 1)]
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array([outcomes[i] for i in range(table.num_rows)])),
                   other / "postings.parquet")  # fmt: skip
    write_close_book(other, tmp_path / "close.xlsx", NAMES)
    last = dict(zip(rows[2], read(tmp_path / "close.xlsx")["记账"][-1], strict=True))
    assert (last["凭证号"], last["凭证（张）"]) == (entries[0]["entry_id"], 1)


def test_every_heading_is_chinese_and_amounts_name_their_unit(whole: Sheets) -> None:
    for name, rows in whole.items():
        if name != close_words.CONTENTS:
            assert all(any("一" <= character <= "鿿" for character in head) for head in rows[2]), name
    assert "年末应付（元）" in whole["年度清算"][2]
    assert "结算点值（元/分）" in whole["点值"][2]
    assert "机构系数（倍）" in whole["机构系数"][2]


def test_figures_are_exact_numbers_and_codes_stay_text(folder: Path, whole: Sheets) -> None:
    rows = pq.read_table(folder / "clearing.parquet").to_pylist()
    for head, name in (("应付额（元）", "entitlement"), ("年末应付（元）", "final")):
        shown = [Decimal(str(value)).quantize(Decimal("0.01")) for value in column(whole["年度清算"], head)]
        assert shown == [row[name] for row in rows]
    assert column(whole["床位"], "区县区划")[0] == "370302"
    assert column(whole["年度清算"], "医疗机构名称")[0] == "甲医院"
    assert column(whole["预付金"], "结果")[0] == "预付"


def test_an_unfinished_folder_writes_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(ResultFolderError, match="yibao close"):
        write_close_book(tmp_path, tmp_path / "close.xlsx")
    assert not (tmp_path / "close.xlsx").exists()


# --- one book a hospital --------------------------------------------------------------------------------------------


def test_each_hospital_has_a_workbook_named_by_code_and_name_safe_for_every_system(books: Path) -> None:
    assert sorted(path.name for path in books.iterdir()) == [
        "H1_甲医院.xlsx", "H2_a_b__医院_.xlsx", "H3.xlsx", "H4.xlsx", "H5_=1+1.xlsx", "H6.xlsx",
    ]  # fmt: skip
    for code in HOSPITALS:
        assert list(book_of(books, code)) == ["说明与目录", *(name for name, _ in CONTENTS if name != "DRG")]


@pytest.mark.parametrize("code", HOSPITALS)
def test_the_sums_of_a_workbook_equal_the_row_of_the_clearing(books: Path, code: str) -> None:
    rows = book_of(books, code)["核对"]
    assert rows[1][0] == "各项全部相符"
    assert len(rows) == 3 + 4 + 2 * 8
    assert set(column(rows, "结果")) == {"相符"}


def test_a_workbook_says_where_its_sums_and_the_clearing_part(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "closed"
    shutil.copytree(folder, other)
    table = pq.read_table(other / "clearing.parquet")
    at = table.schema.get_field_index("entitlement")
    moved = pa.array([value + 1 for value in table["entitlement"].to_pylist()], table.schema.field(at).type)
    pq.write_table(table.set_column(at, "entitlement", moved), other / "clearing.parquet")
    write_hospital_books(other, tmp_path / "out", NAMES, codes=["H1"])
    rows = book_of(tmp_path / "out", "H1")["核对"]
    assert rows[1][0] == "有3项不符，请与经办机构核对"


def test_groups_are_sorted_from_the_largest_loss_and_add_up_to_the_entitlement(folder: Path, books: Path) -> None:
    rows = book_of(books, "H1")["病种"]
    gains = column(rows, "应付减记账（元）")[:-1]
    assert gains == sorted(gains)
    due = sum(row["entitlement"] for row in pq.read_table(folder / "clearing.parquet").to_pylist()
              if row["fixmedins_code"] == "H1")  # fmt: skip
    assert Decimal(str(column(rows, "应付额（元）")[-1])).quantize(Decimal("0.01")) == due
    assert rows[-1][0] == "合计"


def test_deviating_cases_are_listed_by_id_with_the_whole_count(books: Path) -> None:
    rows = book_of(books, "H1")["偏差"]
    assert {LOW, HIGH, EXTREME} == set(column(rows, "结算ID"))
    assert column(rows, "偏差类别")[0] == "费用极高"
    assert "费用极高1例" in rows[1][0] and "为全部偏差病例" in rows[1][0]
    assert isinstance(column(rows, "出院日期")[0], datetime.date)


def test_a_capped_list_states_how_many_there_are(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(close_slices, "MOST_CASES", 1)
    write_hospital_books(folder, tmp_path / "out", NAMES, codes=["H1"])
    rows = book_of(tmp_path / "out", "H1")["偏差"]
    assert "下表列1例，共3例" in rows[1][0]
    assert column(rows, "结算ID") == [EXTREME]


def test_special_reviews_and_excluded_fees_stand_with_their_outcome(books: Path) -> None:
    rows = book_of(books, "H1")["特例与除外"]
    told = {row[0]: row for row in rows}
    assert told[GRANTED][3] == "通过"
    assert told[EXCLUDED][5] == 600


def test_the_clearing_sheet_gives_figure_formula_and_source_line_by_line(folder: Path, books: Path) -> None:
    rows = book_of(books, "H3")["清算"]
    labels = [row[0] for row in rows]
    assert labels[2] == "职工医保" and labels.count("年末应付") == 2 and "总额封顶核减" in labels
    band = next(row for row in rows if row[0] == "按分档计算的支付")
    assert "超支5%至10%，基金分担50%：应付额" in band[3] and "［settle.share" in band[4]
    final = next(row for row in rows if row[0] == "年末应付")
    row = next(one for one in pq.read_table(folder / "clearing.parquet").to_pylist()
               if (one["fixmedins_code"], one["fund_type"]) == ("H3", "310"))  # fmt: skip
    assert Decimal(str(final[1])) == row["final"]


def test_the_months_of_each_fund_have_twelve_rows_a_sum_and_a_native_chart(books: Path) -> None:
    import zipfile

    path = next(books.glob("H1*.xlsx"))
    rows = read(path)["月度"]
    assert Counter(row[0] for row in rows)["合计"] == 2
    with zipfile.ZipFile(path) as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if "charts/chart" in name]
    assert len(charts) == 2
    assert all("出院月份（月）" in chart and "金额（元）" in chart for chart in charts)


def test_a_hospital_stands_among_the_peers_of_its_level_and_beside_last_year(books: Path) -> None:
    rows = book_of(books, "H1")["总览"]
    told = {row[0]: row for row in reversed(rows)}
    cmi = told["病例组合指数 CMI（倍）"]
    assert cmi[2] in (1, 2) and cmi[3] == 2, "two hospitals of level 3"
    assert told["病例数（例）"][2] == 240, "last year: 10 cases a month and fund"
    assert told["病例数（例）"][3] == told["病例数（例）"][1] - 240


def test_texts_are_never_formulas(books: Path) -> None:
    import zipfile

    with zipfile.ZipFile(next(books.glob("H5*.xlsx"))) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist() if "worksheets" in name)


def test_the_same_folder_gives_the_same_cells(folder: Path, books: Path, tmp_path: Path) -> None:
    write_hospital_books(folder, tmp_path / "again", NAMES)
    for path in books.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_helpers_write_the_same_workbooks(
    folder: Path, books: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(close_book, "_CHUNK", 2)
    told: list[str] = []
    with Crew(2) as crew:
        made = write_hospital_books(folder, tmp_path / "two", NAMES, progress=told.append, crew=crew)
        assert crew.helpers == 2, "no helper died"
    assert made == len(HOSPITALS)
    assert told[-1] == "机构工作簿 6/6"
    for path in books.iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_many_hospitals_get_helpers_where_there_are_cores(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    class Noted(Crew):
        def __init__(self, helpers: int | None = None) -> None:
            asked.append(helpers)
            super().__init__(0)

    monkeypatch.setattr(close_book, "Crew", Noted)
    write_hospital_books(folder, tmp_path / "few", NAMES)
    monkeypatch.setattr(close_book, "MANY", 1)
    write_hospital_books(folder, tmp_path / "many", NAMES)
    assert asked == [0, None]


def test_workbooks_of_an_earlier_run_do_not_stay(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "hospitals"
    out.mkdir()
    (out / "GONE_旧医院.xlsx").write_bytes(b"")
    write_hospital_books(folder, out, NAMES)
    assert not (out / "GONE_旧医院.xlsx").exists()
