"""Foreign files as a clerk has them: guessed columns, refusals with their next step, rejected rows, other shapes."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from yibao.cli import app

RUN = CliRunner()
HEAD = "结算ID,就诊ID,人员编号,结算时间,医疗费总额,基金支付总额\n"
ROWS = "S1,M1,P1,2025-03-01,100.00,60.00\nS2,M2,P2,2025-03-02,200.00,120.00\n"


def write(folder: Path, name: str, text: str, codec: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(codec))
    return path


def reconcile(folder: Path, ours: Path, theirs: Path, *more: str, code: int) -> Result:
    done = RUN.invoke(app, ["reconcile", str(ours), str(theirs), "--out", str(folder / "out"), *more])
    assert done.exit_code == code, done.output
    return done


def summary(folder: Path) -> dict:
    return json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))


def kinds(folder: Path) -> dict[str, int]:
    return {one["kind"]: one["count"] for one in summary(folder)["kinds"]}


def columns(folder: Path, side: str) -> dict[str, tuple[str, str]]:
    return {one["column"]: (one["field"], one["ground"]) for one in summary(folder)["files"][side]["columns"]}


# --- refusals -------------------------------------------------------------------------------------------------------

BAD = {
    "no_key": (
        "序号,医疗费总额\n1,100.00\n2,200.00\n",
        "找不到结算ID、就诊ID或人员编号",
        "--theirs-map 单据号=setl_id",
    ),
    "no_amount": ("结算ID,人员编号\nS1,P1\n", "找不到金额列", "金额=medfee_sumamt"),
    "two_keys": (
        "单据甲,单据乙,医疗费总额\nAA000001,BB000001,1.00\nAA000002,BB000002,2.00\n",
        "看不出哪一列是结算ID",
        "单据甲",
    ),
    "two_totals": (
        "结算ID,总费用,费用总额\nS1,100.00,100.00\n",
        "有2列都像“医疗费总额”：“总费用”、“费用总额”",
        "列名=-",
    ),
    "no_common_key": ("就诊ID,医疗费总额\nM1,100.00\n", "两边没有共同的编号", "两边都有结算ID"),
    "no_common_amount": ("结算ID,个账支付\nS1,100.00\n", "两边没有共同的金额列", "写明同一种金额"),
    "no_header": (
        "S1,M1,P1,100.00,60.00\nS2,M2,P2,200.00,120.00\n",
        "像是没有表头，第一行就是数据",
        "请在第一行加上列名",
    ),
    "header_only": (HEAD, "没有一行可用的结算", "导出完整"),
    "all_wrong": (HEAD + "S1,M1,P1,2025-03-01,一百元,x\n", "没有一行可用的结算", "只填数字"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_compared_is_refused_with_its_next_step_and_nothing_is_written(
    name: str, tmp_path: Path
) -> None:
    text, message, step = BAD[name]
    ours = "结算ID,医疗费总额,基金支付总额\nS1,100.00,60.00\n" if name == "no_common_key" else HEAD + ROWS
    done = reconcile(tmp_path, write(tmp_path, "a.csv", ours), write(tmp_path, "b.csv", text), code=1)
    assert message in done.stderr
    assert step in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()


def test_an_empty_a_torn_a_missing_and_an_unknown_file_are_named(tmp_path: Path) -> None:
    ours = write(tmp_path, "a.csv", HEAD + ROWS)
    pq.write_table(pa.table({"setl_id": ["S1"] * 999, "medfee_sumamt": [1.0] * 999}), tmp_path / "torn.parquet")
    whole = (tmp_path / "torn.parquet").read_bytes()
    (tmp_path / "torn.parquet").write_bytes(whole[:-100])
    pq.write_table(pa.table({"setl_id": [f"S{n}" for n in range(9_999)], "medfee_sumamt": [1.0] * 9_999}),
                   tmp_path / "hole.parquet")  # fmt: skip
    whole = bytearray((tmp_path / "hole.parquet").read_bytes())
    whole[40:4000] = bytes(3960)
    (tmp_path / "hole.parquet").write_bytes(bytes(whole))
    for theirs, message in (
        (write(tmp_path, "empty.csv", ""), "文件是空的"),
        (tmp_path / "torn.parquet", "文件读不出来"),
        (tmp_path / "hole.parquet", "读不"),
        (tmp_path / "gone.csv", "文件不存在"),
        (write(tmp_path, "paper.pdf", "x"), "不支持的文件格式"),
    ):
        done = reconcile(tmp_path, ours, theirs, code=1)
        assert message in done.stderr, done.stderr
        assert "Traceback" not in done.output


def test_the_same_file_on_both_sides_is_refused(tmp_path: Path) -> None:
    ours = write(tmp_path, "a.csv", HEAD + ROWS)
    assert "两边是同一个文件：a.csv" in reconcile(tmp_path, ours, ours, code=1).stderr


def test_a_map_that_names_no_column_or_no_field_is_refused(tmp_path: Path) -> None:
    ours, theirs = write(tmp_path, "a.csv", HEAD + ROWS), write(tmp_path, "b.csv", HEAD + ROWS)
    assert (
        "文件里没有“费用”这一列" in reconcile(tmp_path, ours, theirs, "--ours-map", "费用=medfee_sumamt", code=1).stderr
    )
    assert "没有“fee”这个字段" in reconcile(tmp_path, ours, theirs, "--ours-map", "医疗费总额=fee", code=1).stderr
    assert "要写成“列名=字段”" in reconcile(tmp_path, ours, theirs, "--theirs-map", "医疗费总额", code=1).stderr


# --- guesses --------------------------------------------------------------------------------------------------------


def test_columns_are_guessed_by_words_then_by_content_and_shown_with_their_ground(tmp_path: Path) -> None:
    ours = write(
        tmp_path, "a.csv", "单据,HIS_人员编号,发生日,合计,院端基金支付,个账支付,现金支付\n"
        "D00000001,P1,2025-03-01,100.00,60.00,10.00,30.00\nD00000002,P2,2025-03-02,200.00,120.00,0.00,80.00\n",
    )  # fmt: skip
    theirs = write(
        tmp_path, "b.csv", "setl_id,psn_no,setl_time,medfee_sumamt,fund_pay_sumamt,acct_pay,psn_cash_pay\n"
        "D00000001,P1,2025-03-01 10:00:00,100.00,60.00,10.00,30.00\n"
        "D00000002,P2,2025-03-02 11:00:00,200.00,120.00,0.00,80.00\n",
    )  # fmt: skip
    done = reconcile(tmp_path, ours, theirs, "--ours-map", "单据=setl_id", code=0)
    assert columns(tmp_path, "ours") == {
        "单据": ("setl_id", "given"), "HIS_人员编号": ("psn_no", "part"), "发生日": ("setl_time", "dates"),
        "合计": ("medfee_sumamt", "sum"), "院端基金支付": ("fund_pay_sumamt", "part"),
        "个账支付": ("acct_pay", "alias"), "现金支付": ("psn_cash_pay", "alias"),
    }  # fmt: skip
    assert "“合计” → medfee_sumamt（医疗费总额），依据 内容：等于基金、账户、现金之和；如 100.00、200.00" in done.stdout
    assert "两边相等" in done.stdout


def test_a_sole_column_of_distinct_long_codes_is_the_key_and_a_user_may_overrule(tmp_path: Path) -> None:
    ours = write(tmp_path, "a.csv", "单据,总费用\nD00000001,100.00\nD00000002,200.00\n")
    theirs = write(tmp_path, "b.csv", "结算ID,总费用,费用总额\nD00000001,100.00,9.00\nD00000002,200.00,9.00\n")
    reconcile(tmp_path, ours, theirs, "--theirs-map", "费用总额=-", code=0)
    assert columns(tmp_path, "ours")["单据"] == ("setl_id", "codes")
    reconcile(tmp_path, ours, theirs, "--theirs-map", "费用总额=medfee_sumamt", "--theirs-map", "总费用=-", code=3)
    assert summary(tmp_path)["totals"]["medfee_sumamt"]["difference"] == "282.00"


# --- rows that are rejected -----------------------------------------------------------------------------------------


def test_a_settlement_whose_counterpart_was_rejected_is_unexplained_and_the_row_is_named(tmp_path: Path) -> None:
    ours = write(tmp_path, "a.csv", HEAD + ROWS)
    theirs = write(tmp_path, "b.csv", HEAD + ROWS.replace("200.00", "二百") + "合计,,,,300.00,180.00\n")
    done = reconcile(tmp_path, ours, theirs, code=3)
    told = summary(tmp_path)
    assert kinds(tmp_path) == {"rejected_theirs": 1}
    assert told["totals"]["medfee_sumamt"] == {
        "ours": "300.00",
        "theirs": "100.00",
        "difference": "200.00",
        "explained": "0.00",
        "unexplained": "200.00",
    }
    assert told["files"]["theirs"]["faults"] == {"bad_number": 1, "total_row": 1}
    assert "这一行是合计，不是一笔结算" in done.stderr
    sheet = CalamineWorkbook.from_path(tmp_path / "out" / "reconcile.xlsx").get_sheet_by_name("退回的行").to_python()
    assert [row[2] for row in sheet[3:]] == [3.0, 4.0]
    assert "医疗费总额不是数字：二百" in sheet[3][8]
    assert CalamineWorkbook.from_path(tmp_path / "out" / "rejected_theirs.xlsx").sheet_names == ["recon_lines"]


# --- reversals ------------------------------------------------------------------------------------------------------

FLAGGED = HEAD.replace("\n", ",退费结算标志,原结算ID\n")


def test_a_reversal_counts_the_same_with_a_flag_and_with_a_minus_sign(tmp_path: Path) -> None:
    ours = write(
        tmp_path, "a.csv", FLAGGED + "S1,M1,P1,2025-03-01,100.00,60.00,0,\nR1,M1,P1,2025-03-02,100.00,60.00,1,S1\n"
    )
    theirs = write(
        tmp_path, "b.csv", FLAGGED + "S1,M1,P1,2025-03-01,100.00,60.00,1,\nR1,M1,P1,2025-03-02,-100.00,-60.00,1,S1\n"
    )
    reconcile(tmp_path, ours, theirs, code=0)
    told = "\n".join(summary(tmp_path)["remarks"])
    assert "本方有1行退费标志为1、金额为正，文件里没有负数：这些行按冲减计算" in told
    assert "对方的冲销以负数写；另有1行退费标志为1而金额为正，按正数计" in told


def test_a_file_without_settlement_numbers_is_matched_by_visit_then_by_person_and_day(tmp_path: Path) -> None:
    head, rows = (
        "就诊ID,人员编号,结算时间,医疗费总额\n",
        "M1,P1,2025-03-01,100.00\nM2,P2,2025-03-01,50.00\nM2,P2,2025-03-01,50.00\n",
    )
    ours = write(tmp_path, "a.csv", head + rows)
    theirs = write(tmp_path, "b.csv", head + rows.replace("M2,P2,2025-03-01,50.00\n", "", 1))
    reconcile(tmp_path, ours, theirs, code=3)
    assert kinds(tmp_path) == {"doubled_ours": 1}
    cut = "人员编号,结算时间,医疗费总额\n"
    ours = write(tmp_path, "a.csv", cut + "P1,2025-03-01,100.00\nP2,2025-03-01,50.00\nP2,2025-03-01,50.00\n")
    theirs = write(tmp_path, "b.csv", cut + "P1,2025-03-01,100.00\nP2,2025-03-01,50.00\n")
    reconcile(tmp_path, ours, theirs, code=3)
    assert kinds(tmp_path) == {"missing_theirs": 1}


def test_amounts_that_coincide_stay_apart_and_the_near_one_is_named(tmp_path: Path) -> None:
    ours = write(tmp_path, "a.csv", HEAD + ROWS + "S8,M8,P9,2025-03-03,50.00,30.00\n,,P9,2025-03-05,70.00,40.00\n")
    theirs = write(
        tmp_path, "b.csv", HEAD + ROWS + "S9,M9,P9,2025-03-03,50.00,30.00\nT1,M5,P9,2025-03-05,70.00,40.00\n"
        "T2,M6,P9,2025-03-05,70.00,40.00\n",
    )  # fmt: skip
    reconcile(tmp_path, ours, theirs, code=3)
    assert kinds(tmp_path) == {"missing_ours": 3, "missing_theirs": 2}
    rows = pq.read_table(tmp_path / "out" / "differences.parquet").to_pylist()
    near = {row["ours_setl_id"] or row["theirs_setl_id"] or "": row["suspect_at"] for row in rows}
    assert near == {"S8": "S9", "S9": "S8", "": "T1", "T1": "a.csv 第5行", "T2": "a.csv 第5行"}
    assert any("没有合并" in remark for remark in summary(tmp_path)["remarks"])


def test_own_numbers_on_either_side_are_said_and_other_identifiers_lead(tmp_path: Path) -> None:
    lines = [f"{n},M{n},P{n},2025-03-01,{n}00.00,10.00\n" for n in range(1, 7)]
    ours = write(tmp_path, "a.csv", HEAD + "".join(f"A{one}" for one in lines))
    theirs = write(tmp_path, "b.csv", HEAD + "".join(f"B{one}" for one in lines))
    reconcile(tmp_path, ours, theirs, code=0)
    assert summary(tmp_path)["matched"] == {"visit_same": 6}
    assert "像是各自的编号" in summary(tmp_path)["remarks"][0]


# --- other shapes ---------------------------------------------------------------------------------------------------


def test_a_folder_of_parts_and_an_xlsx_with_titles_are_read(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts", "一月.csv", HEAD + "S1,M1,P1,2025-03-01,100.00,60.00\n", "gb18030")
    write(tmp_path / "parts", "二月.csv", HEAD + "S2,M2,P2,2025-03-02,200.00,120.00\n")
    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as book:
        page = book.add_worksheet("明细")
        page.write(0, 0, "某市医保中心结算明细")
        for at, cell in enumerate(HEAD.strip().split(",")):
            page.write(2, at, cell)
        for line, row in enumerate(ROWS.splitlines(), start=3):
            for at, cell in enumerate(row.split(",")):
                page.write(line, at, float(cell) if at > 3 else cell)
    reconcile(tmp_path, tmp_path / "parts", tmp_path / "b.xlsx", code=0)
    assert summary(tmp_path)["settlements"] == {"ours": 2, "theirs": 2}


TOTALS = "insutype,clr_type,stmt_begndate,stmt_enddate,medfee_sumamt,fund_pay_sumamt,fixmedins_setl_cnt\n"


def test_totals_of_3201_are_compared_with_lines_and_with_totals(tmp_path: Path) -> None:
    lines = "结算ID,险种,清算类别,结算时间,医疗费总额,基金支付总额\nS1,310,21,2025-03-01,100.00,60.00\n"
    lines += "S2,390,门诊,2025-03-02,200.00,120.00\n"
    ours = write(
        tmp_path,
        "a.csv",
        TOTALS + "310,21,2025-03-01,2025-03-31,100.00,60.00,1\n390,11,2025-03-01,2025-03-31,261.00,120.00,2\n",
    )
    theirs = write(tmp_path, "b.csv", lines)
    done = reconcile(tmp_path, ours, theirs, code=3)
    told = summary(tmp_path)
    assert told["mode"] == "totals" and told["differences"] == 1
    assert told["totals"]["medfee_sumamt"]["difference"] == "61.00"
    assert "本方只有总账，指不出差在哪几笔" in done.stderr
    rows = pq.read_table(tmp_path / "out" / "totals.parquet").to_pylist()
    assert {(row["insutype"], row["field"]): row["difference"] for row in rows if row["difference"]} == {
        ("390", "medfee_sumamt"): Decimal("61.00"),
        ("390", "setl_cnt"): Decimal("1.00"),
    }
    same = write(tmp_path, "c.csv", ours.read_text(encoding="utf-8"))
    reconcile(tmp_path, ours, same, code=0)
    assert "总账对比" in CalamineWorkbook.from_path(tmp_path / "out" / "reconcile.xlsx").sheet_names


def test_json_says_what_summary_json_says_and_the_workbook_has_every_sheet(tmp_path: Path) -> None:
    ours = write(tmp_path, "a.csv", HEAD + ROWS)
    theirs = write(tmp_path, "b.csv", HEAD + ROWS.replace("120.00", "119.00"), "gb18030")
    done = reconcile(tmp_path, ours, theirs, "--json", code=3)
    assert json.loads(done.stdout) == summary(tmp_path)
    book = CalamineWorkbook.from_path(tmp_path / "out" / "reconcile.xlsx")
    assert book.sheet_names == ["对账结论", "差异明细", "每日合计", "列名对应", "退回的行"]
    detail = book.get_sheet_by_name("差异明细").to_python()
    row = dict(zip(detail[2], detail[3], strict=True))
    assert row["类别"] == "同一笔金额不同" and row["本方结算ID"] == "S2" and row["不同的金额"] == "基金支付总额"
    assert row["基金支付总额差额（元）"] == 1.0
    assert row["下一步"].startswith("调出双方的结算单")
    days = book.get_sheet_by_name("每日合计").to_python()
    assert list(days[2]) == ["日期", "项目", "本方", "对方", "差额", "同一笔金额不同", "未说明"]
