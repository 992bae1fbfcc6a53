"""``yibao fund …`` as a clerk runs it: a month from opening to tampering, bad input, exit codes, stdout and stderr."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import ledger_files as made
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from yibao.cli import app

RUN = CliRunner()
EXPENDITURE = "370300-310-1004"


class Desk:
    """A clerk's folder and the store at work there."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder
        self.store = store

    def run(self, *arguments: object, code: int = 0) -> Result:
        done = RUN.invoke(app, [str(one) for one in arguments], env={"YIBAO_STORE": self.store, "COLUMNS": "200"})
        assert done.exit_code == code, done.output
        return done

    def facts(self, *arguments: object, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def entries(self, name: str, *rows: str) -> Path:
        return made.entries(self.folder / name, rows)

    def balances(self, *arguments: object) -> dict[str, dict[str, Any]]:
        return {one["account"]: one for one in self.facts("fund", "balance", *arguments)["accounts"]}


def sheet(path: Path) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose books of 职工 and 居民 are open from 2025 on."""
    one = Desk(tmp_path, str(tmp_path / "y.db"))
    one.run("fund", "open", "--admdvs", "370300", "--fund", "310", "--fund", "居民", "--on", "2025-01-01")
    return one


@pytest.fixture
def month(desk: Desk) -> Desk:
    """A desk with the entries of January and a budget."""
    desk.run("fund", "limit", made.write(desk.folder / "limits.csv", made.LIMITS))
    desk.run("fund", "post", desk.entries("good.csv", made.GOOD))
    return desk


def walk(desk: Desk) -> Path:
    """January from its good and bad batches to the exported head, which it returns."""
    folder = desk.folder
    desk.run("fund", "open", made.write(folder / "accounts.csv", made.INSTITUTION))
    desk.run("fund", "limit", made.write(folder / "limits.csv", made.LIMITS))
    assert desk.facts("fund", "post", desk.entries("good.csv", made.GOOD))["outcomes"] == {"posted": 4}
    desk.run("fund", "post", desk.entries("bad.csv", *made.BAD.values()), "--out", folder / "bad", code=1)
    bank = made.write(folder / "bank.csv", made.BANK)
    assert desk.facts("fund", "bank", bank, "--account", EXPENDITURE, "--on", "2025-01-31")["closes"]
    closing = ("fund", "close", "--admdvs", "370300", "--fund", "310", "--month", "2025-01")
    assert desk.facts(*closing)["outcome"] == "posted"
    statement = ("fund", "statement", "--admdvs", "370300", "--fund", "310", "--month", "2025-01")
    facts = desk.facts(*statement, "--out", folder / "statement")
    assert (facts["income"], facts["expense"], facts["money"]) == ("5000.00", "800.00", "4200.00")
    assert {path.name for path in (folder / "statement").iterdir()} == {"fund.xlsx", "fund.html"}
    head = folder / "head.json"
    exported = desk.facts("fund", "head", "--out", head)
    verified = desk.facts("fund", "verify", "--head", head)
    assert verified["sound"] and verified["chains"] == exported["chains"]
    assert verified["head"]["fingerprint"] == exported["fingerprint"]
    return head


def test_a_month_is_walked_from_opening_to_tampering(desk: Desk) -> None:
    head = walk(desk)
    backup, restored = desk.folder / "b.zip", desk.folder / "restored.db"
    desk.run("store", "backup", "--out", backup)
    desk.run("store", "restore", backup, "--store", restored)
    assert desk.facts("fund", "verify", "--head", head, "--store", restored)["sound"]
    with sqlite3.connect(desk.store) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE fund_line SET amount = amount + 1 WHERE entry_id = 'P2'")
    done = desk.run("fund", "verify", code=1)
    assert "P2" in done.stderr and "被改过" in done.stderr
    found = desk.facts("fund", "verify", "--head", head, code=1)
    assert not found["sound"] and any(one["key"] == "P2" for one in found["findings"])
    assert desk.facts("fund", "verify", "--store", restored)["sound"]


def test_a_month_is_walked_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    desk = Desk(tmp_path, postgres_url)
    desk.run("fund", "open", "--admdvs", "370300", "--fund", "310", "--on", "2025-01-01")
    head = walk(desk)
    backup, restored = tmp_path / "b.zip", tmp_path / "restored.db"
    desk.run("store", "backup", "--out", backup)
    desk.run("store", "restore", backup, "--store", restored)
    assert desk.facts("fund", "verify", "--head", head, "--store", restored)["sound"]
    assert "PostgreSQL" in desk.run("store", "info").stdout


def test_opening_again_says_what_existed(desk: Desk) -> None:
    again = ("fund", "open", "--admdvs", "370300", "--fund", "职工", "--on")
    facts = desk.facts(*again, "2025-01-01")
    assert facts["opened"] == [] and set(facts["outcomes"]) == {"exists"}
    assert "启用日期不同" in desk.run(*again, "2025-02-01", code=1).stderr


def test_a_file_opens_only_accounts_the_chart_has(desk: Desk) -> None:
    rows = made.INSTITUTION + "370300,310,9999,,2025-01-01\n370300,390,500106,,2025-01-01\n"
    facts = desk.facts("fund", "open", made.write(desk.folder / "a.csv", rows), "--out", desk.folder / "o")
    assert facts["opened"] == ["370300-310-210101-H37030100001"] and facts["rows_refused"] == 2
    assert len(sheet(desk.folder / "o" / "rejected.xlsx")) == 3


def test_an_account_opened_from_a_file_has_its_floor(tmp_path: Path) -> None:
    desk = Desk(tmp_path, str(tmp_path / "y.db"))
    rows = "医保区划,基金险种,科目编码,启用日期\n" + "".join(
        f"370300,310,{code},2025-01-01\n" for code in ("1003", "1004")
    )
    desk.run("fund", "open", made.write(tmp_path / "a.csv", rows))
    batch = desk.entries("b.csv", made.entry("F1", "2025-01-02", "1004,,5.00,", "1003,,,5.00"))
    assert desk.facts("fund", "post", batch, code=1)["outcomes"] == {"below_floor": 1}


def test_every_kind_of_bad_entry_is_refused_by_name(month: Desk) -> None:
    facts = month.facts("fund", "post", month.entries("bad.csv", *made.BAD.values()), code=1)
    named = {one["code"] for one in facts["findings"]}
    assert named >= set(made.BAD), set(made.BAD) - named
    assert facts["amounts"] == {} and "posted" not in facts["outcomes"]


def test_a_refusal_names_place_figures_and_next_step_on_stderr(month: Desk) -> None:
    done = month.run("fund", "post", month.entries("bad.csv", made.BAD["over_budget"]), code=1)
    for words in ("bad.csv 第2行", "X3", "1,700.00元", "预算1,000.00元", "处理：", "没有一张凭证记入"):
        assert words in done.stderr
    assert "错误" not in done.stdout


def test_at_most_twenty_of_a_kind_are_shown(desk: Desk) -> None:
    rows = [made.entry(f"U{n}", "2025-01-05", "1003,,9.00,", "400101,,,8.00") for n in range(30)]
    done = desk.run("fund", "post", desk.entries("many.csv", *rows, made.BAD["account_unknown"]), code=1)
    assert done.stderr.count("借方合计不等于贷方合计") == 20
    assert "另有10条错误" in done.stderr and "500188" in done.stderr


def test_mended_rejected_rows_are_sent_again_as_they_are(month: Desk) -> None:
    out = month.folder / "out"
    bad = month.entries("bad.csv", made.BAD["unbalanced"], made.GOOD)
    assert month.facts("fund", "post", bad, "--out", out)["outcomes"] == {"exists": 4, "unbalanced": 1}
    rows = sheet(out / "rejected.xlsx")
    assert [row[rows[0].index("entry_id")] for row in rows[1:]] == ["X1", "X1"]
    assert "借方合计不等于贷方合计" in rows[1][rows[0].index("错误原因")]
    debit = rows[0].index("debit")
    rows[1][debit] = "8.00"
    mended = month.folder / "mended.csv"
    mended.write_text("\n".join(",".join(str(cell) for cell in row) for row in rows), encoding="utf-8")
    assert month.facts("fund", "post", mended)["outcomes"] == {"posted": 1}


def test_the_same_batch_sent_twice_is_posted_once(month: Desk) -> None:
    before = month.balances()
    assert month.facts("fund", "post", month.folder / "good.csv")["outcomes"] == {"exists": 4}
    assert month.balances() == before


def test_whole_posts_nothing_when_one_entry_is_refused(desk: Desk) -> None:
    batch = desk.entries("b.csv", made.GOOD, made.BAD["account_unknown"])
    facts = desk.facts("fund", "post", batch, "--whole", code=1)
    assert facts["outcomes"] == {"account_unknown": 1, "batch_refused": 4}
    assert desk.facts("fund", "balance")["accounts"] == []


def test_whole_posts_nothing_when_a_row_of_the_file_is_bad(desk: Desk) -> None:
    batch = desk.entries("b.csv", made.GOOD, made.BAD["fraction_of_fen"])
    assert desk.facts("fund", "post", batch, "--whole", code=1)["outcomes"] == {"batch_refused": 4}


def test_strict_ends_with_1_when_a_row_was_left_out(month: Desk) -> None:
    batch = month.entries("b.csv", made.GOOD, made.BAD["unbalanced"])
    month.run("fund", "post", batch)
    assert "--strict" in month.run("fund", "post", batch, "--strict", code=1).stderr


def test_an_entry_over_two_insurances_is_refused(desk: Desk) -> None:
    mixed = made.entry("M1", "2025-01-05", "1003,,9.00,") + made.entry("M1", "2025-01-05", "1003,,,9.00", fund="390")
    done = desk.run("fund", "post", desk.entries("m.csv", mixed), code=1)
    assert "基金险种不一致" in done.stderr


def test_a_linked_group_between_two_insurances_is_refused(month: Desk) -> None:
    out = made.entry("T1", "2025-01-15", "590101,,9.00,", "1003,,,9.00", group="G")
    into = made.entry("T2", "2025-01-15", "1003,,9.00,", "4901,,,9.00", fund="390", group="G")
    facts = month.facts("fund", "post", month.entries("t.csv", out, into), code=1)
    assert facts["outcomes"] == {"transfer_between_insurances": 2}


def test_balances_are_of_the_day_and_against_limits(month: Desk) -> None:
    then = month.balances("--on", "2025-01-05")
    assert then[EXPENDITURE]["balance"] == "3000.00" and then[EXPENDITURE]["held_down"] == "800.00"
    assert then[EXPENDITURE]["free_floor"] == "2200.00"
    assert then["370300-310-500101"]["held_up"] == "800.00" and then["370300-310-500101"]["free_budget"] == "200.00"
    now = month.balances("--fund", "职工", "--account", "1004")
    assert set(now) == {EXPENDITURE} and now[EXPENDITURE]["balance"] == "2200.00"
    assert now[EXPENDITURE]["held_down"] == "0.00"


def test_the_bank_statement_names_what_differs(month: Desk) -> None:
    text = f"{made.BANK_HEADS}\n2025-01-03,B2,3000.00,,3000.00,财政\n2025-01-10,B3,,801.00,2199.00,医院\n"
    bank = made.write(month.folder / "bank.csv", text)
    out = month.folder / "out"
    facts = month.facts("fund", "bank", bank, "--account", EXPENDITURE, "--out", out)
    assert [one["ledger"][0]["entry_id"] for one in facts["differs"]] == ["P4"]
    assert facts["balances"]["differing"] == "-1.00" and facts["closes"]
    assert sheet(out / "reconciliation.xlsx")[1] == ["账面存款余额", 2200.0]


def test_a_bank_statement_is_kept_and_recorded_once(month: Desk) -> None:
    bank = made.write(month.folder / "bank.csv", made.BANK)
    first = month.facts("fund", "bank", bank, "--account", EXPENDITURE)
    again = month.facts("fund", "bank", bank, "--account", EXPENDITURE)
    assert (first["lines_added"], first["recorded"]) == (3, True)
    assert (again["lines_added"], again["lines_known"], again["recorded"]) == (0, 3, False)


def test_a_changed_bank_line_is_refused(month: Desk) -> None:
    month.run("fund", "bank", made.write(month.folder / "bank.csv", made.BANK), "--account", EXPENDITURE)
    changed = made.write(month.folder / "changed.csv", made.BANK.replace("800.00,2200.00", "700.00,2300.00"))
    done = month.run("fund", "bank", changed, "--account", EXPENDITURE, code=1)
    assert "changed.csv 第3行" in done.stderr and "内容不同" in done.stderr


def test_balances_that_do_not_agree_end_with_1(month: Desk) -> None:
    bank = made.write(month.folder / "bank.csv", made.BANK.replace("2025-01-10,B3,,800.00,2200.00,市立医院\n", ""))
    done = month.run("fund", "bank", bank, "--account", EXPENDITURE, code=1)
    assert "相差800.00元" in done.stderr and "P4" in done.stdout


def test_every_bad_row_of_a_bank_file_is_listed(month: Desk) -> None:
    rows = "2025-01-32,B20,1.00,,1.00,甲\n2025-01-21,B21,1.505,,1.00,甲\n2025-01-22,B22,5,5,1.00,甲\n"
    rows += "2025-01-23,,5,,1.00,甲\n"
    bank = made.write(month.folder / "bank.csv", made.BANK + rows)
    facts = month.facts("fund", "bank", bank, "--account", EXPENDITURE, "--out", month.folder / "out", code=1)
    assert not facts["recorded"], "a statement with rows that could not be read proves nothing"
    errors = {(one["code"], one["place"]["row"]) for one in facts["findings"] if one["severity"] == "error"}
    assert errors == {("impossible_date", 5), ("fraction_of_fen", 6), ("bank_amount_twice", 7), ("missing_value", 8)}
    assert len(sheet(month.folder / "out" / "rejected.xlsx")) == 5


def test_an_opening_balance_is_no_difference(desk: Desk) -> None:
    opening = made.entry("O1", "2025-01-01", "1003,,500.00,", "300101,,,500.00", settles="移交清册")
    desk.run("fund", "post", desk.entries("o.csv", opening))
    bank = made.write(desk.folder / "bank.csv", f"{made.BANK_HEADS}\n2025-01-01,B1,2.00,,502.00,结息\n")
    facts = desk.facts("fund", "bank", bank, "--account", "370300-310-1003")
    assert facts["closes"] and facts["only_ledger"] == [] and len(facts["only_bank"]) == 1


def test_a_payment_booked_before_the_first_bank_line_is_found_there_later(month: Desk) -> None:
    text = f"{made.BANK_HEADS}\n2025-01-12,B3,,800.00,2200.00,市立医院\n"
    bank = made.write(month.folder / "bank.csv", text)
    facts = month.facts("fund", "bank", bank, "--account", EXPENDITURE)
    assert facts["matched"] == 1 and facts["only_ledger"] == [] and facts["closes"]


def test_statements_of_several_months_are_taken_together_whichever_way_they_run(month: Desk) -> None:
    first, *rows = made.BANK.splitlines()
    newest_first = made.write(month.folder / "jan.csv", "\n".join([first, *rows[::-1]]))
    assert month.facts("fund", "bank", newest_first, "--account", EXPENDITURE)["balances"]["bank"] == "2201.50"
    paid = made.entry("P9", "2025-01-31", "500101,,100.00,", "1004,,,100.00")
    month.run("fund", "post", month.entries("p9.csv", paid))
    end = ("fund", "bank", newest_first, "--account", EXPENDITURE, "--on", "2025-01-31")
    assert [one["entry_id"] for one in month.facts(*end)["only_ledger"]] == ["P9"]
    february = f"{made.BANK_HEADS}\n2025-01-20,B9,1.50,,2201.50,结息\n2025-02-02,B10,,100.00,2101.50,市立医院\n"
    facts = month.facts("fund", "bank", made.write(month.folder / "feb.csv", february), "--account", EXPENDITURE)
    assert (facts["lines_added"], facts["lines_known"]) == (1, 1)
    assert facts["closes"] and facts["only_ledger"] == [] and len(facts["only_bank"]) == 1


def test_a_reversed_entry_cancels_out_at_the_bank(month: Desk) -> None:
    wrong = made.entry("W1", "2025-01-11", "500101,,70.00,", "1004,,,70.00")
    month.run("fund", "post", month.entries("w.csv", wrong, made.entry("W2", "2025-01-12", action="冲销", refers="W1")))
    bank = made.write(month.folder / "bank.csv", made.BANK)
    facts = month.facts("fund", "bank", bank, "--account", EXPENDITURE)
    assert facts["closes"] and facts["only_ledger"] == []


def test_a_statement_without_balances_needs_the_balance_told(month: Desk) -> None:
    bare = "\n".join(",".join(line.split(",")[:4]) for line in made.BANK.splitlines())
    bank = made.write(month.folder / "bank.csv", bare)
    assert "--balance" in month.run("fund", "bank", bank, "--account", EXPENDITURE, code=1).stderr
    assert month.facts("fund", "bank", bank, "--account", EXPENDITURE, "--balance", "2,201.50")["closes"]


def test_a_closed_month_takes_no_entry_and_months_close_in_order(month: Desk) -> None:
    closing = ("fund", "close", "--admdvs", "370300", "--fund", "310", "--month")
    month.run(*closing, "2025-01")
    assert "以前已经结账" in month.run(*closing, "2025-01").stdout
    assert "先结上一个月" in month.run(*closing, "2025-03", code=1).stderr
    late = month.entries("late.csv", made.entry("L1", "2025-01-31", "500101,,9.00,", "1004,,,9.00"))
    assert "已结账到2025年1月" in month.run("fund", "post", late, code=1).stderr


def test_a_month_that_has_not_ended_is_not_closed(desk: Desk) -> None:
    closing = ("fund", "close", "--admdvs", "370300", "--fund", "310", "--month", "2099-01")
    assert "还没有结束" in desk.run(*closing, code=1).stderr


def test_closing_tells_what_is_not_in_order(desk: Desk) -> None:
    kept = made.entry("K1", "2025-01-05", "1002,,9.00,", "400101,,,9.00")
    desk.run("fund", "post", desk.entries("k.csv", kept))
    done = desk.run("fund", "close", "--admdvs", "370300", "--fund", "310", "--month", "2025-01")
    assert "1002 收入户存款" not in done.stdout and "应为零" in done.stderr


def test_a_reservation_past_its_day_is_released(desk: Desk) -> None:
    held = made.entry("H1", "2025-01-04", "1003,,8.00,", "400101,,,8.00", action="预留", expires="2025-01-20")
    desk.run("fund", "post", desk.entries("h.csv", held))
    assert desk.facts("fund", "expire", "--on", "2025-01-20")["released"] == []
    assert desk.facts("fund", "expire", "--on", "2025-01-21")["released"] == ["H1"]


def test_the_journal_runs_a_balance_and_an_entry_shows_all_of_it(month: Desk) -> None:
    facts = month.facts("fund", "journal", EXPENDITURE, "--since", "2025-01-04")
    assert facts["opening"] == "3000.00"
    assert [(one["entry_id"], one["balance"]) for one in facts["lines"]] == [("P3", "3000.00"), ("P4", "2200.00")]
    entry = month.facts("fund", "show", "P3")
    assert entry["referred_by"] == [{"entry_id": "P4", "action": "settle", "entry_date": "2025-01-10"}]
    assert entry["settles"] == "结算单1" and entry["lines"][0]["name"] == "住院费用支出"
    assert entry["chain"]["admdvs"] == "370300" and len(entry["chain"]["hash"]) == 64
    text = month.run("fund", "show", "P4").stdout
    assert entry["chain"]["hash"] not in text and "P3" in text and "370300经办机构2025年第" in text


def test_statements_without_an_agency_are_those_of_all(month: Desk) -> None:
    month.run("fund", "open", "--admdvs", "370303", "--fund", "310", "--on", "2025-01-01")
    lower = made.entry("C1", "2025-01-06", "1003,,70.00,", "400101,,,70.00").replace("370300", "370303")
    month.run("fund", "post", month.entries("c.csv", lower))
    facts = month.facts("fund", "statement", "--fund", "310", "--year", "2025", "--out", month.folder / "all")
    assert facts["agencies"] == ["370300", "370303"] and facts["income"] == "5070.00"
    assert facts["closed"] == {"370300": 0, "370303": 0} and "合并" in facts["title"]


def test_wrong_input_is_told_in_one_line(desk: Desk) -> None:
    torn = desk.folder / "torn.xlsx"
    torn.write_bytes(b"PK\x03\x04torn")
    for arguments, words in (
        (("fund", "post", desk.folder / "none.csv"), "文件不存在"),
        (("fund", "post", torn), "读不出来"),
        (("fund", "show", "NONE"), "账上没有凭证"),
        (("fund", "journal", "370300-310-9999"), "没有账户"),
        (("fund", "balance", "--account", "77"), "没有符合条件的账户"),
        (("fund", "bank", made.write(desk.folder / "x.csv", "hello\n"), "--account", EXPENDITURE), "缺少必需的列"),
        (("fund", "bank", torn, "--account", "370300-310-500101"), "没有银行或国库对账单"),
        (("fund", "statement", "--fund", "JZ", "--month", "2025-01", "--out", desk.folder / "s"), "没有淄博市"),
        (("fund", "verify", "--head", torn), "链头文件"),
        (("fund", "verify", "--head", desk.folder / "none.json"), "没有链头文件"),
        (("fund", "open", "--admdvs", "370300", "--fund", "310", "--on", "1999-01-01"), "fund.chart"),
    ):
        done = desk.run(*arguments, code=1)
        assert words in done.stderr and "Traceback" not in done.output, arguments
        assert not (desk.folder / "s").exists()


def test_wrong_usage_ends_with_2(desk: Desk) -> None:
    for arguments in (
        ("fund", "open"),
        ("fund", "open", "--admdvs", "370300", "--fund", "310"),
        ("fund", "open", "--admdvs", "3703", "--fund", "310", "--on", "2025-01-01"),
        ("fund", "open", "--admdvs", "370300", "--fund", "999", "--on", "2025-01-01"),
        ("fund", "close", "--admdvs", "370300", "--fund", "310", "--month", "2025-13"),
        ("fund", "statement", "--fund", "310", "--out", desk.folder / "s"),
        ("fund", "balance", "--on", "2025-02-30"),
        ("fund", "bank", "x.csv", "--account", EXPENDITURE, "--balance", "12.345"),
    ):
        desk.run(*arguments, code=2)


def test_a_missing_store_is_named_and_not_made(tmp_path: Path) -> None:
    desk = Desk(tmp_path, str(tmp_path / "none.db"))
    for arguments in (("fund", "balance"), ("fund", "verify"), ("store", "info"), ("store", "migrate")):
        assert "没有账务库“none.db”" in desk.run(*arguments, code=1).stderr
    assert not (tmp_path / "none.db").exists()
