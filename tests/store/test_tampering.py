"""Whoever changes the database past the store is found, and the first wrong record is named."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple

import postgres
import pytest
from posting import BOOKS, batch, entry, the_chart
from samplestore import BANK, bank_line, drop_triggers, fill, filled, intruder, linked, relink
from sqlalchemy import Connection, Engine, Integer, LargeBinary, Table, insert, select, text

from yibao.flows.fund import post
from yibao.kernel import Finding
from yibao.store import Anchor, Store, StoreError, export_heads, heads, read_anchor, schema, verify

CHAIN = ("370300", 2025)
G1, R, S = "B000001-G1", "B000001-R", "B000001-S"
MOMENT = "2025-03-01T08:00:00.000000+00:00"
Brief = tuple[str, int | None, str]


class Sample(NamedTuple):
    """A filled store that no test changes, and its head."""

    engine: Engine
    anchor: Anchor


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    server: postgres.Server | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
    with filled(server, tmp_path_factory.mktemp("sample"), "tampering") as url:
        with closing(Store(url)) as store, store.reading() as connection:
            anchor = export_heads(connection, MOMENT, store.label)
        engine = intruder(url)
        yield Sample(engine, anchor)
        engine.dispose()


@pytest.fixture
def hands(sample: Sample) -> Iterator[Connection]:
    """The database without its triggers and foreign keys; what is done here is undone after the test."""
    with sample.engine.connect() as connection:
        drop_triggers(connection)
        yield connection
        connection.rollback()


def do(connection: Connection, *statements: str) -> None:
    """Plain SQL that changes something."""
    for statement in statements:
        assert connection.execute(text(statement)).rowcount > 0, statement


def seq(connection: Connection, record_id: str) -> int:
    """A record's number in its chain."""
    found = connection.execute(text("SELECT seq FROM audit_chain WHERE record_id = :id"), {"id": record_id}).scalar()
    assert isinstance(found, int)
    return found


def last(connection: Connection) -> Any:
    """The last row of the chain."""
    own = select(schema.audit_chain).where(schema.audit_chain.c.year == CHAIN[1])
    return connection.execute(own.order_by(schema.audit_chain.c.seq.desc()).limit(1)).one()


def briefs(connection: Connection, anchor: Anchor | None = None) -> list[Brief]:
    """Code, number and id of what is found; each finding says in Chinese what, why and what next."""
    found = verify(connection, anchor).findings
    for one in found:
        assert all(has_chinese(part) for part in (one.message, one.cause, one.next_step)), one
        assert one.severity.value == "error"
    return [brief(one) for one in found]


def brief(finding: Finding) -> Brief:
    if finding.place.row is not None:
        assert f"第{finding.place.row}" in finding.message
    assert finding.key in finding.message
    return finding.code, finding.place.row, finding.key


def has_chinese(words: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in words)


def test_an_untouched_store_has_no_findings_with_and_without_a_head(sample: Sample, hands: Connection) -> None:
    assert briefs(hands) == briefs(hands, sample.anchor) == []
    assert {str(slot): count for slot, count in verify(hands).records.items()} == {
        str(slot): mark.seq for slot, mark in sample.anchor.partitions.items()
    }


# what the store finds by itself


def test_an_edited_amount_is_found_as_the_record_the_unbalanced_entry_and_the_balance(hands: Connection) -> None:
    do(hands, f"UPDATE fund_line SET amount = amount + 1 WHERE entry_id = '{G1}' AND side = 'C'")
    lines = text("SELECT acct_no FROM fund_line WHERE entry_id = :id AND side = 'C'")
    bank = hands.execute(lines, {"id": G1}).scalar()
    assert briefs(hands) == [
        ("record_changed", seq(hands, G1), G1), ("entry_unbalanced", None, G1), ("balance_differs", None, bank),
    ]  # fmt: skip


RECORDS: dict[str, tuple[str, str]] = {
    "memo": (f"UPDATE fund_entry SET memo = '代垫' WHERE entry_id = '{G1}'", G1),
    "document": (f"UPDATE fund_entry SET settles = '另一单' WHERE entry_id = '{G1}'", G1),
    "limit": (
        "UPDATE fund_limit SET amount = amount * 2 WHERE limit_id = '370300-310-500101/budget/2025/2'",
        "370300-310-500101/budget/2025/2",
    ),
    "lifted limit": (
        "UPDATE fund_limit SET amount = NULL WHERE limit_id = '370300-310-500101/budget/2025/1'",
        "370300-310-500101/budget/2025/1",
    ),
    "account": (f"UPDATE fund_account SET name = '另一户' WHERE acct_no = '{BANK}'", BANK),
    "bank line": (f"UPDATE fund_bank_line SET balance = 5 WHERE bank_line_id = '{BANK}/REF1'", f"{BANK}/REF1"),
    "moment": (f"UPDATE audit_chain SET recorded_at = '2025' WHERE record_id = '{G1}'", G1),
    "hash": (f"UPDATE audit_chain SET hash = (SELECT max(hash) FROM audit_chain) WHERE record_id = '{G1}'", G1),
}


@pytest.mark.parametrize("what", RECORDS)
def test_an_edited_record_is_found_as_that_record_and_nothing_else(hands: Connection, what: str) -> None:
    statement, record_id = RECORDS[what]
    if what == "hash" and hands.dialect.name == "postgresql":
        statement = f"UPDATE audit_chain SET hash = sha256(hash) WHERE record_id = '{G1}'"
    do(hands, statement)
    assert briefs(hands) == [("record_changed", seq(hands, record_id), record_id)]


def altered(table: Table, place: int, value: Any) -> Any:
    """Another value that the column takes."""
    column = table.columns[place]
    if column.name == "side":
        return "C" if value == "D" else "D"
    if column.name in CHECKED:
        return CHECKED[column.name]
    if isinstance(column.type, Integer):
        return 7 if value is None else value + 1000
    if isinstance(column.type, LargeBinary):
        return bytes(value)[::-1]
    if value is None:
        return "2025-03-09"
    if len(value) == 10 and value[4] == "-":
        return value[:-1] + str((int(value[-1]) + 1) % 10)
    return value + "x"


CHECKED = {"action": "adjust", "what": "used"}
"""Of columns that take few values another that they take."""
CELLS = [(table, place) for table in schema.metadata.sorted_tables for place in range(len(table.columns))]


@pytest.mark.parametrize(("table", "place"), CELLS, ids=[f"{one.name}.{one.columns[n].name}" for one, n in CELLS])
def test_no_cell_of_any_table_can_be_changed_unseen(hands: Connection, table: Table, place: int) -> None:
    keys = table.primary_key.columns
    row = hands.execute(select(table).order_by(*(key.desc() for key in keys)).limit(1)).one()
    mine = [key == row[table.columns.keys().index(key.name)] for key in keys]
    change = table.update().where(*mine).values({table.columns[place].name: altered(table, place, row[place])})
    assert hands.execute(change).rowcount == 1
    assert briefs(hands)


BROKEN = {
    "a day that does not exist": f"UPDATE fund_entry SET entry_date = '2025-02-30' WHERE entry_id = '{G1}'",
    "a day that is none": f"UPDATE fund_entry SET entry_date = '' WHERE entry_id = '{G1}'",
    "an unknown action": f"UPDATE fund_entry SET action = 'gift' WHERE entry_id = '{G1}'",
    "a number too large to add up": f"UPDATE fund_line SET amount = 9223372036854775807 WHERE entry_id = '{G1}'",
}
BROKEN_ON_SQLITE = {
    "a text as an amount": f"UPDATE fund_line SET amount = 'much' WHERE entry_id = '{G1}'",
    "bytes as a text": f"UPDATE fund_entry SET memo = x'ff' WHERE entry_id = '{G1}'",
    "a text with broken bytes": f"UPDATE fund_entry SET memo = CAST(x'ff' AS TEXT) WHERE entry_id = '{G1}'",
    "broken bytes in the chain": f"UPDATE audit_chain SET recorded_at = CAST(x'ff' AS TEXT) WHERE record_id = '{G1}'",
}


@pytest.mark.parametrize("what", BROKEN | BROKEN_ON_SQLITE)
def test_a_value_that_no_program_can_read_is_found_at_its_record(hands: Connection, what: str) -> None:
    if what in BROKEN_ON_SQLITE and hands.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes no value of another type and no broken text")
    number = seq(hands, G1)
    do(hands, (BROKEN | BROKEN_ON_SQLITE)[what])
    assert briefs(hands)[0] == ("record_changed", number, G1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fund_balance SET debit = 'much'",
        "UPDATE audit_head SET seq = 'far'",
        "UPDATE audit_chain SET year = 'x'",
    ],
)
def test_a_text_where_a_number_belongs_is_a_finding_and_no_error(hands: Connection, change: str) -> None:
    if hands.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes no value of another type")
    do(
        hands,
        f"{change} WHERE rowid = 1" if "fund" in change or "head" in change else change + f" WHERE record_id = '{G1}'",
    )
    assert briefs(hands)


def test_a_record_deleted_with_its_place_in_the_chain_is_found_by_its_number(hands: Connection) -> None:
    number, bank = seq(hands, "B000001-V"), hands
    do(
        bank,
        "DELETE FROM audit_chain WHERE record_id = 'B000001-V'",
        "DELETE FROM fund_entry WHERE entry_id = 'B000001-V'",
    )
    assert briefs(hands)[0] == ("record_missing", number, "")
    assert {code for code, *_ in briefs(hands)[1:]} == {"balance_differs"}, "the reservation it ended is open again"


def test_a_deleted_record_whose_place_in_the_chain_stays_is_named(hands: Connection) -> None:
    do(hands, f"DELETE FROM fund_bank_line WHERE bank_line_id = '{BANK}/REF0'")
    assert briefs(hands) == [("record_missing", seq(hands, f"{BANK}/REF0"), f"{BANK}/REF0")]


def test_a_place_deleted_from_the_chain_is_found_with_the_record_that_lost_it(hands: Connection) -> None:
    number = seq(hands, G1)
    do(hands, f"DELETE FROM audit_chain WHERE record_id = '{G1}'")
    assert briefs(hands) == [("record_missing", number, ""), ("record_not_chained", None, G1)]


def cut(connection: Connection) -> int:
    """Deletes the last record of the chain (an assertion); its number."""
    row = last(connection)
    do(connection, f"DELETE FROM audit_chain WHERE record_id = '{row.record_id}'", "DELETE FROM fund_assertion")
    return int(row.seq)


def test_the_last_record_deleted_is_found_by_the_head(sample: Sample, hands: Connection) -> None:
    number = cut(hands)
    assert briefs(hands) == briefs(hands, sample.anchor) == [("records_cut", number, "")]


def test_the_last_record_deleted_with_the_head_mended_agrees_with_itself_but_not_with_the_exported_head(
    sample: Sample, hands: Connection
) -> None:
    number = cut(hands)
    mend_head(hands)
    assert briefs(hands) == []
    assert briefs(hands, sample.anchor) == [("records_cut", number, "")]


def mend_head(connection: Connection) -> None:
    """Sets the head to the end of the chain."""
    row = last(connection)
    head = schema.audit_head
    connection.execute(head.update().where(head.c.year == CHAIN[1]).values(seq=row.seq, hash=row.hash))


def test_a_chain_deleted_whole_with_its_head_is_found_by_the_exported_head(sample: Sample, hands: Connection) -> None:
    do(hands, "DELETE FROM audit_head WHERE admdvs = '370321'", "DELETE FROM audit_chain WHERE admdvs = '370321'")
    do(hands, "DELETE FROM fund_account WHERE admdvs = '370321'")
    assert briefs(hands) == []
    assert briefs(hands, sample.anchor) == [("records_cut", 1, "")]


def test_swapped_contents_are_found_at_the_first_of_the_two(hands: Connection) -> None:
    do(
        hands,
        f"UPDATE fund_entry SET settles = '结算单{R}' WHERE entry_id = '{S}'",
        f"UPDATE fund_entry SET settles = '结算单{S}' WHERE entry_id = '{R}'",
    )
    assert seq(hands, R) < seq(hands, S)
    assert briefs(hands) == [("record_changed", seq(hands, R), R)]


@pytest.mark.parametrize("with_hash", [True, False])
def test_swapped_places_in_the_chain_are_found_at_the_first_of_the_two(hands: Connection, with_hash: bool) -> None:
    one, other = seq(hands, R), seq(hands, S)
    rows = {row.record_id: row for row in hands.execute(select(schema.audit_chain)) if row.record_id in (R, S)}
    do(hands, f"DELETE FROM audit_chain WHERE record_id IN ('{R}', '{S}')")
    for record_id, number, of in ((S, one, R), (R, other, S)):
        mine = rows[record_id]
        moved = (*CHAIN, number, mine.kind, record_id, mine.recorded_at, (mine if with_hash else rows[of]).hash)
        hands.execute(insert(schema.audit_chain).values(moved))
    assert briefs(hands) == [("record_changed", one, S)]


def test_a_record_moved_to_the_chain_of_another_year_is_found_in_both(hands: Connection) -> None:
    number = seq(hands, G1)
    do(hands, f"UPDATE audit_chain SET year = 2024, seq = 1000 WHERE record_id = '{G1}'")
    found = briefs(hands)
    assert [code for code, *_ in found] == ["record_missing", "record_missing"]
    assert found[1] == ("record_missing", number, "")


# what stands past the chain

FALSE = ("ZZ", "post", *BOOKS[0], "2025-03-01", "无", "", None, None, None, None)


def smuggle(connection: Connection) -> None:
    """An entry without a place in the chain."""
    connection.execute(insert(schema.fund_entry).values(FALSE))
    for line in (("ZZ", 1, "370300-310-500101", "D", 99), ("ZZ", 2, BANK, "C", 99)):
        connection.execute(insert(schema.fund_line).values(line))


def test_an_entry_put_in_past_the_chain_is_found_with_the_balances_it_does_not_agree_with(hands: Connection) -> None:
    smuggle(hands)
    assert briefs(hands) == [
        ("record_not_chained", None, "ZZ"), ("balance_differs", None, BANK),
        ("balance_differs", None, "370300-310-500101"),
    ]  # fmt: skip


def test_an_entry_put_into_the_chain_past_its_head_is_named(hands: Connection) -> None:
    smuggle(hands)
    end = last(hands)
    lines = [("ZZ", 1, "370300-310-500101", "D", 99), ("ZZ", 2, BANK, "C", 99)]
    right = linked(bytes(end.hash), "entry", "ZZ", end.recorded_at, FALSE, lines)
    row = (*CHAIN, end.seq + 1, "entry", "ZZ", end.recorded_at, right)
    hands.execute(insert(schema.audit_chain).values(row))
    assert briefs(hands)[0] == ("record_added", end.seq + 1, "ZZ")


def test_a_line_without_an_entry_and_a_changed_line_number_are_found(hands: Connection) -> None:
    do(hands, f"UPDATE fund_line SET line_no = line_no + 1 WHERE entry_id = '{R}' AND line_no = 2")
    hands.execute(insert(schema.fund_line).values(("YY", 1, BANK, "D", 5)))
    assert briefs(hands) == [
        ("record_changed", seq(hands, R), R), ("line_without_record", None, "YY"), ("entry_unbalanced", None, "YY"),
    ]  # fmt: skip


def test_an_edited_balance_is_found_with_what_the_journal_gives(hands: Connection) -> None:
    do(hands, f"UPDATE fund_balance SET debit = debit + 100000 WHERE acct_no = '{BANK}' AND year = 2024")
    assert briefs(hands) == [("balance_differs", None, BANK)]
    assert "借1,000,001,000.00/1,000,000,000.00" in verify(hands).findings[0].message


HEADS = {
    "edited": "UPDATE audit_head SET hash = (SELECT hash FROM audit_chain WHERE year = 2025 AND seq = 1)",
    "gone": "DELETE FROM audit_head",
}


@pytest.mark.parametrize("what", HEADS)
def test_a_head_that_is_edited_or_gone_is_found(hands: Connection, what: str) -> None:
    end = last(hands)
    do(hands, f"{HEADS[what]} WHERE year = 2025")
    assert briefs(hands) == [("head_changed", end.seq, end.record_id if what == "edited" else "")]


def test_an_edit_with_all_hashes_after_it_computed_anew_agrees_with_itself_but_not_with_the_exported_head(
    sample: Sample, hands: Connection
) -> None:
    do(hands, f"UPDATE fund_entry SET memo = '改' WHERE entry_id = '{G1}'")
    relink(hands)
    assert briefs(hands) == [], "only what was kept outside can show a chain rewritten whole"
    assert briefs(hands, sample.anchor) == [("chain_rewritten", seq(hands, G1), G1)]


def test_a_record_taken_out_and_the_chain_computed_anew_is_found_at_its_place_by_the_exported_head(
    sample: Sample, hands: Connection
) -> None:
    number = seq(hands, f"{BANK}/REF0")
    do(hands, f"DELETE FROM fund_bank_line WHERE bank_line_id = '{BANK}/REF0'")
    relink(hands)
    assert briefs(hands) == []
    assert briefs(hands, sample.anchor) == [("chain_rewritten", number, f"{BANK}/REF1")]


def test_of_a_head_with_fewer_marks_than_records_the_span_is_named(
    hands: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "MOST_MARKS", 6)
    anchor = export_heads(hands, MOMENT, "账务库")
    mark = next(mark for slot, mark in anchor.partitions.items() if tuple(slot) == CHAIN)
    assert (mark.every, len(mark.marks)) == (-(-mark.seq // 6), mark.seq // mark.every * heads.MARK_BYTES)
    assert read_anchor(anchor.to_json(), "head.json") == anchor
    assert briefs(hands, anchor) == []
    do(hands, f"UPDATE fund_entry SET memo = '改' WHERE entry_id = '{G1}'")
    relink(hands)
    first, until = (seq(hands, G1) - 1) // mark.every * mark.every + 1, -(-seq(hands, G1) // mark.every) * mark.every
    assert until > first
    assert briefs(hands, anchor) == [("chain_rewritten", first, "")]
    assert f"第{first}到{until}条记录" in verify(hands, anchor).findings[0].message


def test_several_faults_are_found_each_once(sample: Sample, hands: Connection) -> None:
    do(hands, f"UPDATE fund_entry SET memo = '改' WHERE entry_id IN ('{G1}', '{R}', 'B000000-G1')")
    do(hands, f"UPDATE fund_balance SET credit = credit + 1 WHERE acct_no = '{BANK}' AND year = 2025")
    assert briefs(hands, sample.anchor) == [
        ("record_changed", seq(hands, "B000000-G1"), "B000000-G1"),
        ("record_changed", min(seq(hands, G1), seq(hands, R)), G1),
        ("balance_differs", None, BANK),
    ]


# the exported head


def test_a_head_of_an_earlier_day_still_holds_for_a_store_that_has_grown(store_url: str) -> None:
    fill(store_url)
    with closing(Store(store_url)) as store:
        with store.reading() as connection:
            earlier = read_anchor(export_heads(connection, MOMENT, store.label).to_json(), "head.json")
        post(store, the_chart(), [*batch(4), entry("NEW", BOOKS[1], "500101", "1004", 5)])
        store.transact(lambda unit: unit.add([bank_line("LATER", 5)]))
        with store.reading() as connection:
            assert verify(connection, earlier).findings == []
        # What is changed after the export is found by the store itself, rewritten or not.
        with intruder(store_url).begin() as hands:
            drop_triggers(hands)
            do(hands, f"UPDATE fund_entry SET memo = '改' WHERE entry_id = '{G1}'")
            relink(hands)
        with store.reading() as connection:
            assert [brief(one)[0] for one in verify(connection, earlier).findings] == ["chain_rewritten"]


def test_a_head_of_another_store_is_found_and_the_message_says_where_it_comes_from(
    sample: Sample, sqlite_url: str
) -> None:
    later = datetime(2026, 1, 1, tzinfo=UTC)
    with closing(Store(sqlite_url, clock=lambda: later)) as store:
        store.transact(lambda unit: unit.add([entry("A", BOOKS[0], "500101", "1004", 0)]))
        with store.reading() as connection:
            found = verify(connection, sample.anchor).findings
    assert [one.code for one in found] == ["records_cut", "chain_rewritten", "records_cut", "records_cut"]
    for one in found:
        assert f"2025-03-01由{sample.anchor.store}导出的链头" in one.message
        assert "链头文件出自另一个账务库" in one.cause
        assert one.next_step.startswith("先核对链头文件是否由本库导出")


TORN: dict[str, Callable[[str], str]] = {
    "half": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: "",
    "other json": lambda whole: "[1, 2]",
    "a later format": lambda whole: whole.replace('"yibao_head": 1', '"yibao_head": 2'),
    "a mark less": lambda whole: whole.replace('"marks": "', '"marks": "AAAAAAAA', 1),
    "a mark of other letters": lambda whole: whole.replace('"marks": "', '"marks": "*', 1),
    "a short hash": lambda whole: whole.replace('"hash": "', '"hash": "ab', 1),
    "a number as text": lambda whole: whole.replace('"seq": ', '"seq": 1e999, "was": ', 1),
    "nested without end": lambda whole: "[" * 100_000,
}


@pytest.mark.parametrize("damage", TORN)
def test_a_torn_or_foreign_head_file_is_refused_by_its_name(sample: Sample, damage: str) -> None:
    whole = sample.anchor.to_json()
    assert read_anchor(whole, "链头.json") == sample.anchor
    assert TORN[damage](whole) != whole
    with pytest.raises(StoreError, match=r"“链头\.json”不是完整的链头文件；请用 yibao fund head 导出的原件"):
        read_anchor(TORN[damage](whole), "链头.json")


def test_no_head_is_exported_of_a_chain_that_does_not_end_at_its_head(sample: Sample, hands: Connection) -> None:
    cut(hands)
    with pytest.raises(StoreError, match="370300经办机构2025年的记录链与链头不符"):
        export_heads(hands, MOMENT, "账务库")


# past the triggers, without dropping them


def test_an_sqlite_record_replaced_past_its_triggers_is_found(sqlite_url: str) -> None:
    fill(sqlite_url)
    with intruder(sqlite_url).begin() as hands:
        # SQLite deletes what REPLACE replaces without firing the trigger.
        same = "acct_no, admdvs, fund_type, subj_code, detail, '改', side, opened"
        do(hands, f"INSERT OR REPLACE INTO fund_account SELECT {same} FROM fund_account WHERE acct_no = '{BANK}'")
    with closing(Store(sqlite_url)) as store, store.reading() as connection:
        assert briefs(connection) == [("record_changed", seq(connection, BANK), BANK)]


@pytest.mark.parametrize("number", [0, -1])
def test_a_record_forged_before_the_beginning_of_its_chain_is_found(hands: Connection, number: int) -> None:
    smuggle(hands)
    if hands.dialect.name == "postgresql":
        hands.execute(text("ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_seq_check"))
    else:
        hands.execute(text("PRAGMA ignore_check_constraints = ON"))
    hands.execute(insert(schema.audit_chain).values((*CHAIN, number, "entry", "ZZ", "x", b"x")))
    codes = [code for code, *_ in briefs(hands)]
    assert "record_added" in codes and "record_not_chained" in codes
