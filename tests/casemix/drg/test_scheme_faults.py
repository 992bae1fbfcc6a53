"""A scheme with faults: every one is listed with its file, row and next step, and the scheme is refused."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from yibao.casemix.drg.condition import ConditionError, parse
from yibao.flows.drg import SchemeError, check_scheme, load_scheme
from yibao.kernel import Severity
from yibao.packs import teaching_scheme

Rows = list[dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Path(shutil.copytree(teaching_scheme(), tmp_path / "scheme"))


def edit(folder: Path, table: str, change: Callable[[Rows], None]) -> None:
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        names, rows = list(reader.fieldnames or ()), list(reader)
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)


def faults(folder: Path) -> list[tuple[str, str, int | None]]:
    """Code, file and row of everything that is no mere remark."""
    found = check_scheme(folder).findings
    return [(one.code, one.place.file, one.place.row) for one in found if one.severity is not Severity.INFO]


def put(row: int, column: str, value: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[row][column] = value

    return change


def twice(rows: Rows) -> None:
    rows.append(dict(rows[0]))


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        ("adrg", put(0, "condition", ""), "scheme_empty_condition"),
        ("adrg", put(0, "condition", '["in","px1"'), "scheme_bad_condition"),
        ("adrg", put(0, "condition", '["in","px1","ss2"]'), "scheme_unknown_list"),
        ("adrg", put(0, "condition", '["tag","9"]'), "scheme_unknown_list"),
        ("adrg", put(0, "mdc", "MDCQ"), "scheme_unknown_mdc"),
        ("adrg", put(0, "step", "x"), "scheme_bad_number"),
        ("adrg", put(0, "kind", "end"), "scheme_bad_kind"),
        ("adrg", twice, "scheme_duplicate"),
        ("mdc", twice, "scheme_duplicate"),
        ("mdc", put(0, "entry_condition", '["true","x"]'), "scheme_bad_condition"),
        ("mdc", put(2, "min_trauma_sites", "two"), "scheme_bad_number"),
        ("mdc_dx", put(0, "mdc", "MDCQ"), "scheme_unknown_mdc"),
        ("drg", put(0, "condition", '["cmp","dept","<","外科"]'), "scheme_bad_condition"),
        ("drg", twice, "scheme_duplicate"),
        ("adrg_codes", put(0, "list", "zz"), "scheme_unknown_list"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_the_scheme_is_refused(
    folder: Path, table: str, change: Callable[[Rows], None], code: str
) -> None:
    edit(folder, table, change)
    found = [one for one in check_scheme(folder).findings if one.code == code]
    assert found and all(one.severity is Severity.ERROR and one.next_step for one in found)
    assert all(str(one.place).startswith(table) or code == "scheme_unknown_list" for one in found)
    with pytest.raises(SchemeError, match="不能用来分组") as raised:
        load_scheme(folder)
    assert code in {one.code for one in raised.value.findings}


def test_all_faults_are_listed_in_one_run(folder: Path) -> None:
    edit(folder, "adrg", put(0, "condition", "[]"))
    edit(folder, "mdc_dx", put(0, "mdc", "MDCQ"))
    (folder / "mcc.csv").unlink()
    assert {code for code, _, _ in faults(folder)} == {"scheme_no_table"}, "a missing table comes before all else"
    shutil.copy(teaching_scheme() / "mcc.csv", folder / "mcc.csv")
    assert {code for code, _, _ in faults(folder)} == {"scheme_bad_condition", "scheme_unknown_mdc"}


def test_steps_behind_one_that_takes_every_case_are_named(folder: Path) -> None:
    edit(folder, "adrg", put(0, "condition", '["true"]'))
    found = [one for one in check_scheme(folder).findings if one.code == "scheme_unreachable"]
    assert len(found) == 3 and all(one.severity is Severity.WARNING for one in found)
    assert check_scheme(folder).scheme is not None


def test_a_code_outside_the_code_list_and_a_missing_name_are_warnings(folder: Path) -> None:
    edit(folder, "mdc_dx", put(0, "dx", "X99.999"))
    edit(folder, "drg", put(0, "name", ""))
    edit(folder, "drg_names", lambda rows: rows.pop(0) and None)
    codes = {code for code, _, _ in faults(folder)}
    assert {"scheme_unknown_code", "scheme_no_name"} <= codes
    assert check_scheme(folder).scheme is not None


def test_a_code_written_twice_counts_once_and_is_told(folder: Path) -> None:
    edit(folder, "adrg_codes", lambda rows: rows.insert(1, {**rows[0], "seq": "99", "tag": "7"}))
    found = [one for one in check_scheme(folder).findings if one.code == "scheme_repeated"]
    assert [one.severity for one in found] == [Severity.INFO]


def test_a_scheme_reads_in_gb18030_and_from_parquet_and_a_torn_file_is_told(folder: Path) -> None:
    path = folder / "dx.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert faults(folder) == []
    (folder / "px.csv").rename(folder / "px.parquet")
    assert [code for code, _, _ in faults(folder)] == ["unreadable_file"]


def test_the_cache_follows_the_files(folder: Path, tmp_path: Path) -> None:
    first = load_scheme(folder)
    assert list((tmp_path / "cache" / "yibao").glob("drg-*.pickle"))
    assert load_scheme(folder).drgs == first.drgs
    edit(folder, "drg", put(0, "drg", "AA1X"))
    assert load_scheme(folder).drgs[0].drg == "AA1X"
    for kept in (tmp_path / "cache" / "yibao").iterdir():
        kept.write_bytes(b"torn")
    assert load_scheme(folder).drgs[0].drg == "AA1X"


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", '"true"', "[1]", '["maybe"]', '["and"]', '["not"]', '["not",["true"],["true"]]', '["mcc",1]',
        '["in","dx","zd"]', '["any","dx1","zd"]', '["in","dx1","ss"]', '["any","px","mdc"]', '["in","px1",["a"]]',
        '["in","px1",{"codes":[]}]', '["in","px1",{"codes":[1]}]', '["tag",1]', '["cmp","ages","==",1]',
        '["cmp","age","=",1]', '["cmp","age","==",null]', '["cmp","dept","<","内科"]', '["isin","age",[]]',
        '["isin","age",1]', '["truthy","x"]', '["count","dx",">","many"]', '["count","mdc",">",1]',
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConditionError, match=r"[一-鿿]"):
        parse(text)
