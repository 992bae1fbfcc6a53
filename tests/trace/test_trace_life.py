"""The life of a code: the worked examples, every rule in its own words, and the model written apart."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from trace_world import SCHEMA, START, Book, Scan, code, model, random_scans, write

from yibao.flows.dip_common import FlowError, Setting
from yibao.flows.trace import Scanned, add, scan
from yibao.packs import load_law
from yibao.trace.kinds import BY_CODE

DAY = date(2025, 12, 31)


@pytest.fixture(scope="module")
def setting() -> Setting:
    return Setting(load_law("zibo", []))


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    table = pa.table({
        "drug_trac_idt": ["8123456"], "med_list_codg": ["D1"], "pac_cnt": pa.array([24], pa.int32()),
        "begndate": pa.array([date(2020, 1, 1)]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "trace_drugs.parquet")
    return tmp_path / "trace_drugs.parquet"


def scanned(
    folder: Path, scans: list[Scan], setting: Setting, mapping: Path | None = None
) -> tuple[Scanned, list[dict]]:
    out = folder / "out"
    done = scan([write(folder / "scans.parquet", scans)], out, setting, DAY, drugs=mapping)
    return done, pq.read_table(out / "findings.parquet").to_pylist()


def kinds_of(folder: Path, book: Book, setting: Setting, mapping: Path | None = None) -> list[str]:
    return [row["kind"] for row in scanned(folder, book.scans, setting, mapping)[1]]


# --- the worked examples of RULEBOOK §15 ----------------------------------------------------------


def test_splits_of_10_10_and_4_of_a_pack_of_24_are_right_and_another_1_is_not(
    tmp_path: Path, setting: Setting, mapping: Path
) -> None:
    book = Book()
    for hour, units in enumerate((10, 10, 4)):
        book.split(1, "H1", hour, f"S{hour}", units)
        book.split(2, "H1", hour, f"T{hour}", units)
    book.split(2, "H1", 5, "T9", 1)
    _done, rows = scanned(tmp_path, book.scans, setting, mapping)
    assert [(row["kind"], row["drug_trac_codg"], row["setl_id"]) for row in rows] == [
        ("split_over_pack", code(2), "T9")
    ]


def test_the_second_sale_at_retail_without_a_return_is_a_violation_with_its_fund_money(
    tmp_path: Path, setting: Setting
) -> None:
    book = Book()
    book.sell(1, "P1", 1, "S1")
    book.sell(1, "P1", 2, "S2")
    book.sell(2, "P1", 1, "S3")
    book.give_back(2, "P1", 2, "S3")
    book.sell(2, "P1", 3, "S4")
    done, rows = scanned(tmp_path, book.scans, setting)
    assert [(row["kind"], row["setl_id"], row["against_setl_id"], row["fund_at_risk"]) for row in rows] == [
        ("sold_twice", "S2", "S1", Decimal("10.00"))
    ]
    chain = pq.read_table(tmp_path / "out" / "chains.parquet").to_pylist()
    assert [(row["drug_trac_codg"], row["seq"], row["setl_id"]) for row in chain] == [
        (code(1), 1, "S1"), (code(1), 2, "S2"),
    ]  # fmt: skip
    assert done.summary["fund_at_risk"] == "10.00"
    assert str(done.findings[0]) == (
        f"错误 “drug_trac_codg”列，值“{code(1)}”：同一码未退货又售出：P1 2025-07-01 10:00:00，结算或单据 S2，"
        "与同一码的 P1 2025-07-01 09:00:00 S1 矛盾，涉及基金 10.00 元；"
        "处理：核对两次销售的实物和票据，疑似回流、串换、假药，后一次基金不付"
    )


# --- every rule -----------------------------------------------------------------------------------


def t_other_drug(book: Book) -> None:
    book.sell(1, "P1", 1, "S1", med_list_codg="D9")


def t_backflow(book: Book) -> None:
    book.buy(1, "P2", 0)
    book.sell(1, "P1", 1, "S1")


def t_bought_back(book: Book) -> None:
    book.sell(1, "P1", 1, "S1")
    book.buy(1, "P2", 2)


def t_split_elsewhere(book: Book) -> None:
    book.split(1, "H1", 1, "S1", 4)
    book.split(1, "H2", 2, "S2", 4)


def t_return_elsewhere(book: Book) -> None:
    book.sell(1, "P1", 1, "S1")
    book.give_back(1, "P2", 2, "S1")


def t_return_other_sale(book: Book) -> None:
    book.sell(1, "P1", 1, "S1")
    book.give_back(1, "P1", 2, "S2")


def t_return_not_sold(book: Book) -> None:
    book.give_back(1, "P1", 1, "S1")


def t_return_too_much(book: Book) -> None:
    book.split(1, "H1", 1, "S1", 10)
    book.give_back(1, "H1", 2, "S1", 11)


def t_twice_in_request(book: Book) -> None:
    first = book.sell(1, "P1", 1, "S1")
    book.scans.append({**first, "trac_sn": "2"})


def t_codes_not_packs(book: Book) -> None:
    book.sell(1, "P1", 1, "S1", sel_retn_cnt=Decimal(2))


def t_whole_after_split(book: Book) -> None:
    book.split(1, "H1", 1, "S1", 10)
    book.sell(1, "H1", 2, "S2")


def t_same_box_two_syntaxes(book: Book) -> None:
    book.sell(1, "P1", 1, "S1")
    book.sell(f"(01)06912345678901(21){code(1)}", "P1", 2, "S2")


RULES = {
    "swapped": t_other_drug, "backflow": t_backflow, "bought_back": t_bought_back, "split_elsewhere": t_split_elsewhere,
    "return_elsewhere": t_return_elsewhere, "return_other_sale": t_return_other_sale,
    "return_not_sold": t_return_not_sold, "return_too_much": t_return_too_much, "twice_in_request": t_twice_in_request,
    "codes_not_packs": t_codes_not_packs,
}  # fmt: skip


@pytest.mark.parametrize("kind", RULES)
def test_each_rule_is_found_when_broken_and_has_a_message_and_a_next_step(
    kind: str, tmp_path: Path, setting: Setting, mapping: Path
) -> None:
    book = Book()
    RULES[kind](book)
    assert kinds_of(tmp_path, book, setting, mapping) == [kind]
    assert BY_CODE[kind].label
    assert BY_CODE[kind].next_step


@pytest.mark.parametrize("make", [t_whole_after_split, t_same_box_two_syntaxes])
def test_a_box_sold_again_is_sold_twice_in_whatever_form(make, tmp_path: Path, setting: Setting) -> None:
    book = Book()
    make(book)
    assert kinds_of(tmp_path, book, setting) == ["sold_twice"]


def test_two_packs_of_one_line_need_two_codes_and_a_record_uploaded_again_counts_once(
    tmp_path: Path, setting: Setting
) -> None:
    book = Book()
    for number in (1, 2):
        book.add(number, "3505", "P1", 1, "S1", feedetl_sn="1", sel_retn_cnt=Decimal(2))
    book.scans.append({**book.scans[0], "upld_sn": "U9", "upld_time": START + timedelta(days=3)})
    assert kinds_of(tmp_path, book, setting) == []


def test_a_conflict_made_by_a_late_upload_says_so(tmp_path: Path, setting: Setting) -> None:
    book = Book()
    book.sell(1, "P1", 1, "S1", upld_time=START + timedelta(days=9))
    book.sell(1, "P1", 2, "S2")
    done, rows = scanned(tmp_path, book.scans, setting)
    assert [(row["kind"], row["setl_id"], row["late"]) for row in rows] == [("sold_twice", "S2", 1)]
    assert "迟传" in done.findings[0].cause


def test_a_return_uploaded_before_its_sale_is_no_violation(tmp_path: Path, setting: Setting) -> None:
    book = Book()
    book.sell(1, "P1", 1, "S1", upld_time=START + timedelta(days=9))
    book.give_back(1, "P1", 2, "S1")
    assert kinds_of(tmp_path, book, setting) == []


# --- the model ------------------------------------------------------------------------------------


def expected(scans: list[Scan]) -> Counter:
    by_code: dict[str, list[Scan]] = {}
    for one in scans:
        by_code.setdefault(one["drug_trac_codg"], []).append(one)
    found: Counter = Counter()
    for what, some in by_code.items():
        found.update({(kind, what, *rest): n for (kind, *rest), n in model(some).items()})
    return found


@pytest.mark.parametrize("seed", range(3))
def test_scan_finds_what_the_plain_model_finds_on_random_events(
    seed: int, tmp_path: Path, setting: Setting, mapping: Path
) -> None:
    scans = random_scans(random.Random(seed), 1_500)
    want = expected(scans)
    _done, rows = scanned(tmp_path, scans, setting, mapping)
    got = Counter((row["kind"], row["drug_trac_codg"], row["ocur_time"], row["upld_sn"]) for row in rows)
    del_lines = Counter({key: n for key, n in got.items() if key[0] != "codes_not_packs"})
    assert del_lines == want
    assert len({key[0] for key in want}) == 12


@pytest.mark.parametrize("seed", range(2))
def test_findings_do_not_depend_on_files_order_or_repetition_and_adding_equals_scanning(
    seed: int, tmp_path: Path, setting: Setting, mapping: Path
) -> None:
    rng = random.Random(100 + seed)
    scans = random_scans(rng, 400)
    scan([write(tmp_path / "all.parquet", scans)], tmp_path / "all", setting, DAY, drugs=mapping)
    shuffled = [*scans, *rng.choices(scans, k=60)]
    rng.shuffle(shuffled)
    cuts = sorted(rng.sample(range(1, len(shuffled)), 3))
    files = [
        write(tmp_path / f"part{n}.parquet", shuffled[low:high])
        for n, (low, high) in enumerate(zip([0, *cuts], [*cuts, None], strict=True))
    ]
    scan(files, tmp_path / "parts", setting, DAY, drugs=mapping)
    scan(files[3:], tmp_path / "added", setting, DAY, drugs=mapping)
    add([files[1], files[0]], tmp_path / "added", setting, DAY)
    add([files[2], files[1]], tmp_path / "added", setting, DAY)
    for name in ("findings.parquet", "chains.parquet"):
        whole = (tmp_path / "all" / name).read_bytes()
        assert (tmp_path / "parts" / name).read_bytes() == whole
        assert (tmp_path / "added" / name).read_bytes() == whole


# --- bad input ------------------------------------------------------------------------------------


def test_each_bad_scan_has_its_own_finding(tmp_path: Path, setting: Setting) -> None:
    book = Book()
    bad = {
        "8" * 19: "code_too_short", "8" * 21: "code_too_long", "8123456789012345678A": "code_letters",
        "8.12E+19": "code_spoilt", "": "code_empty", "0106912345678901": "code_no_serial",
    }  # fmt: skip
    for number, text in enumerate(bad):
        book.sell(text, "P1", number, f"S{number}")
    book.sell(7, "P1", 7, "S7", upld_time=START)
    book.sell(8, "P1", 24 * 400, "S8")
    book.sell(9, "P9", 9, "S9")
    pq.write_table(pa.table({"fixmedins_code": ["P1"]}), tmp_path / "providers.parquet")
    files = [write(tmp_path / "scans.parquet", book.scans)]
    done = scan(files, tmp_path / "out", setting, DAY, providers=tmp_path / "providers.parquet")
    rows = pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist()
    got = {(row["setl_id"], row["kind"]) for row in rows}
    assert got == {
        *((f"S{n}", kind) for n, kind in enumerate(bad.values())), ("S7", "scan_future"), ("S8", "scan_future"),
        ("S9", "unknown_institution"),
    }  # fmt: skip
    assert all(one.next_step and one.message for one in done.findings)


def test_a_torn_file_is_reported_and_the_others_are_scanned(tmp_path: Path, setting: Setting) -> None:
    book = Book()
    t_return_not_sold(book)
    good = write(tmp_path / "good.parquet", book.scans)
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(good.read_bytes()[:-30])
    done = scan([torn, good], tmp_path / "out", setting, DAY)
    assert [one.code for report in done.reports for one in report.findings] == ["unreadable_file"]
    assert list(done.summary["kinds"]) == ["return_not_sold"]
    with pytest.raises(FlowError, match="没有一行扫码记录可用"):
        scan([torn], tmp_path / "out2", setting, DAY)


def test_a_csv_in_chinese_gives_what_the_parquet_file_gives(tmp_path: Path, setting: Setting, mapping: Path) -> None:
    scans = random_scans(random.Random(9), 60)
    scan([write(tmp_path / "a.parquet", scans)], tmp_path / "one", setting, DAY, drugs=mapping)
    names = [*SCHEMA.names]
    labels = {"drug_trac_codg": "药品追溯码", "ocur_time": "扫码时间", "fixmedins_code": "定点医药机构编号"}
    lines = [",".join(labels.get(name, name) for name in names)]
    lines += [",".join(str(one[name]) for name in names) for one in scans]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="gb18030")
    done = scan([tmp_path / "a.csv"], tmp_path / "two", setting, DAY, drugs=mapping)
    assert done.summary["rejected"] == 0
    for name in ("findings.parquet", "chains.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_history_that_was_tampered_with_or_is_missing_is_refused(tmp_path: Path, setting: Setting) -> None:
    book = Book()
    book.sell(1, "P1", 1, "S1")
    file = write(tmp_path / "a.parquet", book.scans)
    with pytest.raises(FlowError, match="先用 yibao trace scan"):
        add([file], tmp_path / "none", setting, DAY)
    scan([file], tmp_path / "out", setting, DAY)
    with pytest.raises(FlowError, match="已有追溯码历史"):
        scan([file], tmp_path / "out", setting, DAY)
    (tmp_path / "out" / "history" / "00000.parquet").unlink()
    with pytest.raises(FlowError, match="不见了"):
        add([file], tmp_path / "out", setting, DAY)


def test_a_run_killed_before_its_history_was_written_leaves_nothing_wrong_behind(
    tmp_path: Path, setting: Setting
) -> None:
    scans = random_scans(random.Random(5), 90)
    scans[0]["drug_trac_codg"] = "8" * 19
    files = [write(tmp_path / f"{n}.parquet", scans[n::3]) for n in range(3)]
    scan([files[0]], tmp_path / "out", setting, DAY)
    before = (tmp_path / "out" / "history.json").read_bytes()
    add([files[1]], tmp_path / "out", setting, DAY)
    (tmp_path / "out" / "history.json").write_bytes(before)
    add([files[2]], tmp_path / "out", setting, DAY)
    scan([files[2], files[0]], tmp_path / "whole", setting, DAY)
    for name in ("findings.parquet", "chains.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_day_of_a_scan_is_inclusive(tmp_path: Path, setting: Setting) -> None:
    book = Book()
    last = datetime(2025, 12, 31, 23, 59, 59)
    for number, moment in enumerate((last, last + timedelta(seconds=1))):
        book.sell(number, "P1", 0, f"S{number}", ocur_time=moment, upld_time=moment)
    _done, rows = scanned(tmp_path, book.scans, setting)
    assert [(row["kind"], row["setl_id"]) for row in rows] == [("scan_future", "S1")]
