"""The ledger's files: whole entries or none, every fault at its place, what was refused can be sent again."""

import csv
import random
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.engine import Engine
from yibao.flows.fund_bank_file import read_bank
from yibao.flows.fund_files import EntryBatch, read_accounts, read_entries, read_limits, reasons, refusals
from yibao.flows.fund_rows import FUND_FAULTS, write_refused
from yibao.fund.chart import Chart, read_chart
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, BankLine, Entry, LimitKind, Line, Side
from yibao.fund.view import Answer
from yibao.packs import load_law

BAD = Path(__file__).parent / "fund_bad"
ACCOUNT = "370300-310-1004"
HEAD = "entry_id,entry_date,admdvs,fund_type,subj_code,debit,credit,settles"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as session:
        yield session


@pytest.fixture(scope="module")
def chart() -> Chart:
    return read_chart(load_law("national").at(date(2025, 1, 1)))


def put(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def pair(entry_id: str, fen: str = "5.00", tail: str = "") -> tuple[str, str]:
    """The two rows of a sound entry."""
    head = f"{entry_id},2025-01-05,370300,310"
    return f"{head},1004,{fen},,JS-{entry_id}{tail}", f"{head},5001,,{fen},JS-{entry_id}{tail}"


def ids(batch: EntryBatch) -> list[str]:
    return [entry.entry_id for entry in batch.entries]


def codes(batch: EntryBatch) -> list[tuple[str, int | None]]:
    return [(item.code, item.place.row) for item in batch.faults]


# --- the golden bad files -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bad files, with a workbook, a GB18030 file and torn ones beside them."""
    target = tmp_path / "bad"
    shutil.copytree(BAD, target)
    text = "凭证号,记账日期,经办机构,险种,科目编码,借方,贷方,结算依据\n"
    text += "V20,2025-01-05,370300,居民,1004,3.00,,䶮JS20\nV20,2025-01-05,370300,居民,5001,,3.00,䶮JS20\n"
    text += "V21,2025-01-05,370300,农民,1004,3.00,,JS21\n"
    (target / "ledger_entries_2.csv").write_bytes(text.encode("gb18030"))
    (target / "ledger_entries_4_empty.csv").touch()
    (target / "ledger_entries_5_bytes.csv").write_bytes(b"entry_id,\xff\xff\x80\n")
    book = xlsxwriter.Workbook(target / "ledger_entries_6.xlsx")
    page = book.add_worksheet()
    page.write(0, 0, "2025年1月凭证")
    for row, cells in enumerate((
        ("凭证号", "记账日期", "经办机构", "险种", "科目编码", "借方（元）", "贷方（元）", "结算依据"),
        ("V40", "2025/1/5", 370300, 310, 1004, 12.34, None, "JS40"),
        ("V40", "2025/1/5", 370300, 310, 5001, None, 12.34, "JS40"),
        ("V13", "2025-01-13", 370300, 310, 1004, 7.01, None, "JS13"),
        ("V13", "2025-01-13", 370300, 310, 5001, None, 7.01, "JS13"),
        (1.2e17, "2025-01-13", 370300, 310, 5001, None, 7.01, "JS41"),
    ), start=1):  # fmt: skip
        page.write_row(row, 0, cells)
    book.close()
    rows = pair("V14", "8.00")
    put(target / "ledger_entries_7.csv", *(row.replace("01-05", "01-13").replace("JS-V14", "JS14") + ",两个文件里相同"
                                           if n == 0 else row.replace("01-05", "01-13").replace("JS-V14", "JS14") + ","
                                           for n, row in enumerate(rows)), head=HEAD + ",memo")  # fmt: skip
    (target / "bank_statement_2.csv").write_bytes(
        "交易日期,交易流水号,收支方向,金额,余额\n2025-02-01,B21,贷,5.00,5.00\n2025-02-02,B22,支,1.00,4.00\n"
        "2025-02-03,B23,,1.00,3.00\n2025-02-03,B24,X,1.00,3.00\n".encode("gb18030")
    )
    return target


def test_every_fault_of_a_folder_is_listed_in_one_run_with_its_row_column_and_message(
    folder: Path, engine: Engine, chart: Chart
) -> None:
    entries = read_entries(engine, [folder])
    bank = read_bank(engine, [folder], ACCOUNT)
    accounts = read_accounts(engine, [folder], chart)
    limits = read_limits(engine, [folder])
    lines = [f"{item.code} | {item}" for batch in (entries, bank, accounts, limits) for item in batch.faults]
    assert lines == (BAD / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert ids(entries) == ["V01", "V14", "V20", "V40"]
    assert [line.bank_ref for line in bank.lines] == ["B01", "B03", "B10", "B11", "B12", "B21", "B22"]
    assert [account.no for account in accounts.records] == ["370300-310-1004", "370300-392-1004", "370300-JZ-1004"]
    assert [(limit.acct_no, limit.kind, limit.budget_year, limit.amount) for limit in limits.records] == [
        ("370300-310-5001", LimitKind.BUDGET, 2025, 3_000_000_000_000),
        ("370300-310-1004", LimitKind.FLOOR, 0, 0),
        ("370300-310-1004", LimitKind.CEILING, 0, None),
    ]
    for batch in (entries, bank, accounts, limits):
        report = batch.report
        assert report.rows_read == report.rows_kept + report.rows_rejected
        assert report.rows_kept == sum(map(len, batch.rows.values()))
        assert sum(report.counts.values()) >= len(report.findings)


def test_every_fault_of_the_ledger_s_files_is_provoked_here() -> None:
    texts = (Path(__file__), Path(__file__).with_name("test_fund_lost.py"), BAD / "expected.txt")
    here = "".join(path.read_text(encoding="utf-8") for path in texts)
    assert [code for code in FUND_FAULTS if code not in here] == []


# --- entries --------------------------------------------------------------------------------------------------------


def test_an_entry_is_its_rows_in_their_order_and_entries_stand_in_the_order_of_their_first_rows(
    tmp_path: Path, engine: Engine
) -> None:
    first, second = pair("V2"), pair("V1")
    path = put(tmp_path / "a.csv", first[0], second[1], second[0], first[1])
    batch = read_entries(engine, [path])
    assert batch.entries == [
        Entry("V2", Action.POST, "370300", "310", date(2025, 1, 5), "JS-V2", "",
              (Line(ACCOUNT, "D", 500), Line("370300-310-5001", "C", 500))),
        Entry("V1", Action.POST, "370300", "310", date(2025, 1, 5), "JS-V1", "",
              (Line("370300-310-5001", "C", 500), Line(ACCOUNT, "D", 500))),
    ]  # fmt: skip
    assert str(batch.place("V1")) == "a.csv 第3行 “entry_id”列，值“V1”"
    with pytest.raises(KeyError):
        batch.place("V9")


def test_lines_stand_in_the_order_of_their_numbers_where_every_row_has_one(tmp_path: Path, engine: Engine) -> None:
    rows = pair("V1")
    path = put(tmp_path / "a.csv", rows[1] + ",2", rows[0] + ",1", rows[1] + ",2", head=HEAD + ",seq")
    batch = read_entries(engine, [path])
    assert [line.side for line in batch.entries[0].lines] == ["D", "C"]
    assert batch.report.counts == {"duplicate_row": 1}


def test_a_line_number_used_twice_with_other_contents_leaves_the_entry_out(tmp_path: Path, engine: Engine) -> None:
    rows = pair("V1")
    batch = read_entries(engine, [put(tmp_path / "a.csv", rows[1] + ",1", rows[0] + ",1", head=HEAD + ",seq")])
    assert batch.entries == [] and codes(batch) == [("entry_row_rejected", 2), ("line_number_reused", 3)]


def test_equal_lines_with_numbers_of_their_own_are_two_lines(tmp_path: Path, engine: Engine) -> None:
    head = "V1,2025-01-05,370300,310"
    rows = (f"{head},1004,5.00,,J,1", f"{head},1004,5.00,,J,2", f"{head},5001,,10.00,J,3")
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows, head=HEAD + ",seq")])
    assert [line.amount for line in batch.entries[0].lines] == [500, 500, 1000]


def test_a_blank_in_a_column_of_the_whole_entry_agrees_and_memos_are_joined(tmp_path: Path, engine: Engine) -> None:
    rows = [row.removesuffix("JS-V1") for row in pair("V1")]
    path = put(tmp_path / "a.csv", rows[0] + ",拨付,B7", rows[1] + "JS1,记支出,", head=HEAD + ",memo,bank_ref")
    entry = read_entries(engine, [path]).entries[0]
    assert (entry.settles, entry.bank_ref, entry.memo) == ("JS1", "B7", "拨付；记支出")


def test_a_void_a_reverse_and_a_whole_settle_need_no_line_and_a_post_does(tmp_path: Path, engine: Engine) -> None:
    head = "entry_id,action,entry_date,admdvs,fund_type,subj_code,debit,credit,settles,refers,expires"
    common = "2025-01-05,370300,310"
    path = put(
        tmp_path / "a.csv",
        f"R1,预留,{common},5001,5.00,,JS1,,2025-02-01",
        f"R1,预留,{common},1004,,5.00,JS1,,2025-02-01",
        f"S1,预留转记账,{common},,,,JS1,R1,",
        f"X1,预留作废,{common},,0,0,JS1,R2,",
        f"C1,冲销,{common},,,,JS1,V1,",
        f"P1,,{common},,,,JS1,,",
        f"S2,settle,{common},5001,5.00,,JS1,R3,",
        f"S2,settle,{common},,,,JS1,R3,",
        head=head,
    )
    batch = read_entries(engine, [path])
    assert [(entry.entry_id, entry.action, len(entry.lines), entry.refers) for entry in batch.entries] == [
        ("R1", Action.RESERVE, 2, None),
        ("S1", Action.SETTLE, 0, "R1"),
        ("X1", Action.VOID, 0, "R2"),
        ("C1", Action.REVERSE, 0, "V1"),
    ]
    assert batch.entries[0].expires == date(2025, 2, 1)
    assert [found for found in codes(batch) if found[0] != "code_mapped"] == [
        ("line_without_amount", 7), ("entry_row_rejected", 8), ("line_without_amount", 9),
    ]  # fmt: skip


def test_the_ledger_s_own_doings_cannot_be_asked_for_in_a_file(tmp_path: Path, engine: Engine) -> None:
    rows = [row + ",expire" for row in pair("V1")] + [row + ",结转" for row in pair("V2")]
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows, head=HEAD + ",action")])
    assert batch.entries == [] and batch.report.counts == {"unknown_code": 4}


def test_an_entry_exported_twice_is_taken_once_and_in_two_versions_not_at_all(tmp_path: Path, engine: Engine) -> None:
    first = put(tmp_path / "a.csv", *pair("V1"), *pair("V2"), *pair("V3"))
    second = put(tmp_path / "b.csv", *reversed(pair("V1")), *pair("V2", "6.00"))
    batch = read_entries(engine, [first, second])
    assert ids(batch) == ["V1", "V3"] and batch.place("V1").file == "a.csv"
    assert batch.report.counts == {"duplicate_row": 2, "entry_in_two_files": 4}
    assert (batch.report.rows_read, batch.report.rows_kept) == (10, 4)


def test_a_group_with_an_entry_left_out_is_left_out_whole(tmp_path: Path, engine: Engine) -> None:
    rows = [row + ",G1" for row in (*pair("V1"), pair("V2")[0], pair("V2")[1].replace("5.00", "五元"))]
    rows += [row + ",G2" for row in pair("V3")] + [row + "," for row in pair("V4")]
    rows += [row.replace("V5", "Ｖ5") + ",G3" for row in pair("V5")] + [row + ",G3" for row in pair("V6")]
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows, head=HEAD + ",group_id")])
    assert ids(batch) == ["V3", "V4"]
    assert batch.report.counts == {"bad_number": 1, "entry_row_rejected": 1, "entry_group_rejected": 4, "full_width": 4}


def test_a_workbook_with_the_number_on_the_first_row_only_gives_no_half_entry(tmp_path: Path, engine: Engine) -> None:
    rows = [*pair("V1"), *(row.removeprefix("V1") for row in pair("V1", "7.00")), *pair("V2")]
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows)])
    assert ids(batch) == ["V2"]
    assert batch.report.counts == {"missing_value": 2, "entry_row_rejected": 2}


entry_rows = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C", ""]), st.sampled_from(["5.00", "5.00", "5.00", "-1", "0.001", "x", ""]),
        st.sampled_from(["1004", "1004", "5001", ""]), st.booleans(), st.sampled_from(["", "", "G1"]),
        st.sampled_from(["2025-01-05"] * 5 + ["2025-01-06", "2025-02-30"]),
    ),
    min_size=1, max_size=9,
)  # fmt: skip


@settings(max_examples=60)
@given(entry_rows)
def test_an_entry_comes_out_with_all_its_rows_or_not_at_all_and_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, bool, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("entries")
    lines = [
        f"{entry_id},{day},370300,310,{subj},{fen if debit else ''},{'' if debit else fen},J,{group}"
        for entry_id, fen, subj, debit, group, day in rows
    ]
    with Engine(threads=1) as engine:
        batch = read_entries(engine, [put(folder / "a.csv", *lines, head=HEAD + ",group_id")])
        written = write_refused(folder / "refused.xlsx", engine, batch)
    for entry in batch.entries:
        assert len(entry.lines) == sum(1 for row in rows if row[0] == entry.entry_id)
    report = batch.report
    assert report.rows_kept + report.rows_rejected == report.rows_read == len(rows)
    assert written == report.rows_rejected
    assert report.rows_kept == sum(len(entry.lines) for entry in batch.entries)


def test_a_large_batch_is_read_in_one_pass(tmp_path: Path, engine: Engine) -> None:
    """A hundred thousand rows in shuffled order: a query or a scan a row would take minutes."""
    rows = [row for n in range(50_000) for row in pair(f"V{n:05d}")]
    random.Random(7).shuffle(rows)
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows)])
    assert len(batch.entries) == 50_000 and batch.report.clean
    assert all(len(entry.lines) == 2 for entry in batch.entries)


# --- what was refused -----------------------------------------------------------------------------------------------


def test_what_the_ledger_refuses_is_reported_at_its_row_with_what_to_do(tmp_path: Path, engine: Engine) -> None:
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1"), *pair("V2"))])
    answers = [Answer("V1", Outcome.POSTED), Answer("V2", Outcome.OVER_BUDGET, "超出12.00元")]
    assert [str(item) for item in refusals(batch, answers)] == [
        "错误 a.csv 第4行 “entry_id”列，值“V2”：超出年度预算：超出12.00元；处理：" + Outcome.OVER_BUDGET.next_step
    ]
    assert reasons(answers) == {"V2": "超出年度预算：超出12.00元"}


def test_the_rows_that_did_not_get_through_stand_in_one_workbook_that_can_be_sent_again(
    tmp_path: Path, engine: Engine
) -> None:
    """One row rejected by loading with its sound sibling, one entry refused by the ledger; the others are posted."""
    rows = [*pair("V1"), pair("V2")[0], pair("V2")[1].replace("2025-01-05", "2025-02-30"), *pair("V3", "1234.50")]
    batch = read_entries(engine, [put(tmp_path / "a.csv", *rows)])
    path = tmp_path / "ledger_entries_refused.xlsx"
    assert write_refused(path, engine, batch, {"V3": "借方合计不等于贷方合计"}) == 4
    from python_calamine import CalamineWorkbook

    head, *sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [(row[0], row[1], row[2], row[-1]) for row in sheet] == [
        ("a.csv", 4, "V2", "同一凭证的第5行被退回，整张凭证不记"),
        ("a.csv", 5, "V2", "记账日期是不存在的日期"),
        ("a.csv", 6, "V3", "借方合计不等于贷方合计"),
        ("a.csv", 7, "V3", "借方合计不等于贷方合计"),
    ]
    mended = [[("2025-01-05" if cell == "2025-02-30" else cell) for cell in row] for row in sheet]
    with (tmp_path / "mended.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *mended])
    again = read_entries(engine, [tmp_path / "mended.csv"])
    assert again.entries == read_entries(engine, [put(tmp_path / "b.csv", *pair("V2"), *pair("V3", "1234.50"))]).entries
    assert again.report.clean


def test_nothing_refused_writes_no_file(tmp_path: Path, engine: Engine) -> None:
    batch = read_entries(engine, [put(tmp_path / "a.csv", *pair("V1"))])
    assert write_refused(tmp_path / "refused.xlsx", engine, batch) == 0
    assert not (tmp_path / "refused.xlsx").exists()


# --- accounts and bank statements -----------------------------------------------------------------------------------


def test_an_account_is_opened_on_the_side_and_under_the_name_of_its_subject(
    tmp_path: Path, engine: Engine, chart: Chart
) -> None:
    path = put(tmp_path / "a.csv", "370300,310,1004,2025-01-01", head="admdvs,fund_type,subj_code,opened")
    account = read_accounts(engine, [path], chart).records[0]
    assert (account.no, account.side, account.name) == (ACCOUNT, Side.DEBIT, chart.subject("1004").name)


BANK_HEAD = "交易日期,银行流水号,收入金额,支出金额,余额,对方户名,摘要"
STATEMENT = (
    "2025-01-05,B1,10.00,,10.00,财政专户,拨入", "2025-01-06,B2,,4.00,6.00,甲医院,1月清算",
    "2025-01-06,B3,0.00,1.00,5.00,,", "2025-01-09,B4,2.00,0,7.00,,",
)  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
def test_a_statement_is_given_oldest_first_whichever_way_the_bank_prints_it(
    tmp_path: Path, engine: Engine, backwards: bool
) -> None:
    rows = STATEMENT[::-1] if backwards else STATEMENT
    batch = read_bank(engine, [put(tmp_path / "a.csv", *rows, head=BANK_HEAD)], ACCOUNT)
    assert batch.report.clean
    assert batch.lines[0] == BankLine(ACCOUNT, "B1", date(2025, 1, 5), "D", 1000, 1000, "财政专户", "拨入", "370300")
    assert [(line.bank_ref, line.side, line.amount) for line in batch.lines[1:]] == [
        ("B2", "C", 400), ("B3", "C", 100), ("B4", "D", 200),
    ]  # fmt: skip
    assert batch.place(f"{ACCOUNT}/B1").row == (5 if backwards else 2)


def test_a_row_cut_out_of_a_statement_is_a_warning_at_the_row_after_it(tmp_path: Path, engine: Engine) -> None:
    batch = read_bank(engine, [put(tmp_path / "a.csv", *STATEMENT[:1], *STATEMENT[2:], head=BANK_HEAD)], ACCOUNT)
    assert len(batch.lines) == 3
    assert [(item.code, item.place.row, item.message) for item in batch.faults] == [
        ("bank_balance_broken", 3, "余额与前后各笔接不上：推算为9.00元，写的是5.00元")
    ]


def test_without_the_command_s_account_the_columns_name_it_and_several_accounts_may_stand_in_one_file(
    tmp_path: Path, engine: Engine
) -> None:
    head = f"医保区划,基金险种,科目编码,明细,{BANK_HEAD}"
    rows = (f"370300,310,1004,,{STATEMENT[0]}", f"370300,居民,1003,中行,{STATEMENT[0]}")
    path = put(tmp_path / "a.csv", *rows, head=head)
    assert [line.acct_no for line in read_bank(engine, [path]).lines] == [ACCOUNT, "370300-390-1003-中行"]
    named = read_bank(engine, [path], ACCOUNT)
    assert [line.acct_no for line in named.lines] == [ACCOUNT]
    assert named.report.counts["bank_other_account"] == 1
    bare = read_bank(engine, [put(tmp_path / "b.csv", *STATEMENT, head=BANK_HEAD)])
    assert bare.report.counts == {"missing_column": 1} and bare.lines == []


def test_overlapping_exports_of_one_account_keep_each_movement_once(tmp_path: Path, engine: Engine) -> None:
    first = put(tmp_path / "a.csv", *STATEMENT[:3], head=BANK_HEAD)
    second = put(tmp_path / "b.csv", *STATEMENT[1:], head=BANK_HEAD)
    batch = read_bank(engine, [second, first], ACCOUNT)
    assert [line.bank_ref for line in batch.lines] == ["B1", "B2", "B3", "B4"]
    assert batch.report.counts == {"duplicate_row": 2}


def test_a_balance_beyond_a_hundred_hundred_million_yuan_is_read(tmp_path: Path, engine: Engine) -> None:
    path = put(tmp_path / "a.csv", "2025-01-05,B1,10.00,,30000000000.00,,", head=BANK_HEAD)
    assert read_bank(engine, [path], ACCOUNT).lines[0].balance == 3_000_000_000_000


def test_one_amount_column_with_a_side_is_read_from_the_bank_s_own_view(tmp_path: Path, engine: Engine) -> None:
    rows = ("2025-01-05,B1,贷,10.00", "2025-01-05,B2,借,4.00", "2025-01-05,B3,,4.00")
    batch = read_bank(engine, [put(tmp_path / "a.csv", *rows, head="交易日期,流水号,借贷标志,发生额")], ACCOUNT)
    assert [(line.side, line.amount) for line in batch.lines] == [("D", 1000), ("C", 400)]
    assert [item.code for item in batch.faults if item.severity.value == "error"] == ["bank_side_missing"]
