"""Rows that a file lost take their entries and linked groups along: nothing half is posted, and no more is left out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from yibao.engine import Engine
from yibao.flows.fund_files import EntryBatch, read_entries
from yibao.flows.fund_rows import write_refused

HEAD = "entry_id,entry_date,admdvs,fund_type,subj_code,debit,credit,settles,group_id,seq"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as session:
        yield session


def put(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def pair(entry_id: str, group: str = "", yuan: str = "5.00") -> list[str]:
    """The two rows of a sound entry."""
    head = f"{entry_id},2025-01-05,370300,310"
    return [f"{head},5001,{yuan},,J,{group},", f"{head},1004,,{yuan},J,{group},"]


def ids(batch: EntryBatch) -> list[str]:
    return [entry.entry_id for entry in batch.entries]


def test_a_file_that_could_not_be_read_keeps_linked_groups_out_since_they_may_miss_an_entry(
    tmp_path: Path, engine: Engine
) -> None:
    torn = put(tmp_path / "b.csv", "V2,5", head="entry_id,debit")
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1", "G1"), *pair("V3")), torn])
    assert ids(batch) == ["V3"]
    assert batch.report.counts == {"missing_column": 1, "entry_group_unsure": 2}
    assert "文件“b.csv”没有读入，关联组可能不全，全组不记" in str(batch.faults[1])


def test_an_entry_that_names_two_groups_keeps_both_out(tmp_path: Path, engine: Engine) -> None:
    mixed = [pair("V1", "G1")[0], pair("V1", "G2")[1]]
    batch = read_entries(engine, [put(tmp_path / "a.csv", *mixed, *pair("V2", "G1"), *pair("V3", "G2"), *pair("V4"))])
    assert ids(batch) == ["V4"]


@pytest.mark.parametrize("rows", [pair("Ｖ1", yuan="7.00"), pair("V9", "Ｇ1")])
def test_numbers_in_full_width_name_the_same_entry_and_group(tmp_path: Path, engine: Engine, rows: list[str]) -> None:
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1", "G1"), *rows, *pair("V2"))])
    assert ids(batch) == ["V2"]


@pytest.mark.parametrize("torn", [["V2,1", "V2,2"], ["?,1", "?,2"]])
def test_torn_rows_at_the_head_of_an_entry_keep_it_out_though_the_rest_balances(
    tmp_path: Path, engine: Engine, torn: list[str]
) -> None:
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1"), *torn, *pair("V2"), *pair("V3"))])
    assert "V2" not in ids(batch) and "V3" in ids(batch)


def test_a_torn_row_that_names_its_entry_or_group_takes_no_other(tmp_path: Path, engine: Engine) -> None:
    torn = "V9,2025-01-05,370300,310,1004,,1,000.00,J,G1,"
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1", "G1"), *pair("V2"), torn, *pair("V3"))])
    assert ids(batch) == ["V2", "V3"]


def test_a_row_of_totals_takes_no_sound_entry_with_it(tmp_path: Path, engine: Engine) -> None:
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1"), ",,,,合计,5.00,5.00,,,")])
    assert ids(batch) == ["V1"] and batch.report.rows_rejected == 1


def test_a_line_number_that_stands_twice_on_two_days_is_no_mere_repetition(tmp_path: Path, engine: Engine) -> None:
    rows = [row + str(n) for n, row in enumerate(pair("V1"), 1)]
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows, rows[1].replace("2025-01", "2025-03"))])
    assert ids(batch) == [] and "line_number_reused" in batch.report.counts


def test_two_files_of_one_name_in_folders_of_one_name_are_told_apart(tmp_path: Path, engine: Engine) -> None:
    first = put(tmp_path / "a" / "x" / "e.csv", *pair("V1"), *pair("V2"))
    second = put(tmp_path / "b" / "x" / "e.csv", *pair("V3"), *pair("V2", yuan="6.00"))
    batch = read_entries(engine, [first, second])
    assert ids(batch) == ["V1", "V3"]
    assert batch.place("V3").file == "b/x/e.csv" and batch.report.counts == {"entry_in_two_files": 4}
    assert write_refused(tmp_path / "refused.xlsx", engine, batch, {"V1": "余额不足"}) == 6
