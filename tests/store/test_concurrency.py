"""Processes that want the same thing at the same moment get what they would have got one after the other."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import ledgercheck
import postgres
import pytest
from posting import BOOKS, OPENED, batch, entry, open_books, the_chart
from processes import fork, isolated, succeed
from rivals import PRICE, close_while_posting, crowd_at_limit, side_by_side
from sqlalchemy import create_engine, make_url, text

from yibao.flows.fund import open_accounts, post
from yibao.fund.chart import standard_accounts
from yibao.fund.outcomes import Outcome
from yibao.fund.records import Action, Book, Entry
from yibao.store import Store

ROUNDS = 20
PAYS = ("500101", "1004", 10)
Pair = tuple[str, str]


def outcomes(url: str, one: Callable[[int], list[Entry]], other: Callable[[int], list[Entry]]) -> list[list[Pair]]:
    """What two processes are answered, round by round and entry by entry; nothing is wrong in the tables afterwards."""
    answers = isolated(side_by_side, url, [one, other], ROUNDS)
    assert ledgercheck.faults_in(ledgercheck.read(url)) == []
    return [list(zip(mine.values(), yours.values(), strict=True)) for mine, yours in zip(*answers, strict=True)]


def sorted_pairs(rounds: Sequence[Sequence[Pair]]) -> Counter[Pair]:
    """How often each pair of answers came, whoever got which."""
    return Counter((min(pair), max(pair)) for pairs in rounds for pair in pairs)


def test_of_two_processes_posting_the_same_batch_one_posts_each_entry_and_the_other_hears_that_it_exists(
    store_url: str,
) -> None:
    open_books(store_url)
    found = outcomes(store_url, batch, batch)
    assert sorted_pairs(found) == {("exists", "posted"): sum(len(batch(number)) for number in range(ROUNDS))}
    assert all(len(set(pairs)) == 1 for pairs in found), "one of the two posts the whole batch"


def payments(number: int, *, backwards: bool) -> list[Entry]:
    """Payments of both books by turns, in one order or the other."""
    made = [entry(f"P{number}-{place}", BOOKS[place % 2], *PAYS) for place in range(6)]
    return made[::-1] if backwards else made


def test_two_processes_that_name_the_same_accounts_in_opposite_order_both_get_through(store_url: str) -> None:
    open_books(store_url)
    isolated(side_by_side, store_url, [partial(payments, backwards=way) for way in (False, True)], ROUNDS)
    tables = ledgercheck.read(store_url)
    assert ledgercheck.faults_in(tables) == []
    assert sum(entry_id.startswith("P") for entry_id in tables.entries) == 6 * ROUNDS


def same_ids(number: int, *, book: Book, size: int) -> list[Entry]:
    """Entries of a book whose ids do not tell the book."""
    return [entry(f"C{number}-{place}", book, *PAYS) for place in range(size)]


@pytest.mark.parametrize("size", [1, 60], ids=["one", "many"])
def test_an_id_used_by_two_processes_for_different_entries_is_posted_once_and_refused_once(
    store_url: str, size: int
) -> None:
    open_books(store_url)
    found = outcomes(store_url, *(partial(same_ids, book=book, size=size) for book in BOOKS))
    assert sorted_pairs(found) == {("id_reused", "posted"): ROUNDS * size}


def same_group(number: int, *, book: Book) -> list[Entry]:
    """A linked pair of a book under a group id that does not tell the book."""
    return [entry(f"G{number}-{book.fund_type}-{n}", book, *PAYS, group_id=f"G{number}") for n in (1, 2)]


def test_a_linked_group_begun_by_two_processes_is_posted_once_and_the_other_hears_that_it_is_there(
    store_url: str,
) -> None:
    open_books(store_url)
    found = outcomes(store_url, *(partial(same_group, book=book) for book in BOOKS))
    assert sorted_pairs(found) == {("group_changed", "posted"): 2 * ROUNDS}


def ending(number: int, *, action: Action) -> list[Entry]:
    """What ends the reservation of that number."""
    lines = PAYS if action is Action.SETTLE else ("", "", 0)
    return [entry(f"E{number}-{action.value}", BOOKS[0], *lines, action, refers=f"R{number}")]


def test_a_reservation_that_one_process_settles_and_another_voids_ends_once(store_url: str) -> None:
    open_books(store_url)
    with closing(Store(store_url)) as store:
        post(store, the_chart(), [entry(f"R{n}", BOOKS[0], *PAYS, Action.RESERVE) for n in range(ROUNDS)])
    found = outcomes(store_url, *(partial(ending, action=action) for action in (Action.SETTLE, Action.VOID)))
    assert all(pair in (("posted", "reservation_settled"), ("reservation_voided", "posted")) for [pair] in found), found


def reversal(number: int, *, own: int) -> list[Entry]:
    """A payment under an id of the process's own, and the reversal of the first process's payment."""
    paid = entry(f"V{number}-{own}", BOOKS[0], *PAYS)
    return [paid, entry(f"V{number}-X", BOOKS[0], "", "", 0, Action.REVERSE, refers=f"V{number}-0")]


def test_a_reversal_sent_again_while_its_batch_is_under_way_exists_or_comes_too_early(store_url: str) -> None:
    open_books(store_url)
    found = outcomes(store_url, partial(reversal, own=0), partial(reversal, own=1))
    assert {pairs[1] for pairs in found} <= {("posted", "exists"), ("posted", "reference_unknown")}


def receipt(number: int, *, own: int) -> list[Entry]:
    """A bank receipt under an id of the process's own."""
    made = entry(f"T{number}-{own}", BOOKS[0], "1003", "4101", 10)
    return [made._replace(bank_ref=f"流水{number}")]


def test_a_bank_receipt_booked_by_two_processes_at_once_is_booked_once(store_url: str) -> None:
    open_books(store_url)
    found = outcomes(store_url, partial(receipt, own=1), partial(receipt, own=2))
    assert sorted_pairs(found) == {("bank_ref_used", "posted"): ROUNDS}


def test_sixteen_processes_at_one_limit_with_kills_among_them_keep_the_limit_and_what_is_acknowledged_is_stored(
    store_url: str,
) -> None:
    places = 300
    found = isolated(crowd_at_limit, store_url, 16, places)
    assert found.faults == []
    assert found.kills >= 10
    assert found.acknowledged == found.stored
    assert len(found.stored) == places
    assert found.lowest == found.balance == PRICE // 2
    assert found.refused >= 16, "every process was told that the account is at its limit"


def test_a_month_closed_while_others_post_into_it_holds_no_entry_that_came_after_the_closing(store_url: str) -> None:
    found = isolated(close_while_posting, store_url)
    assert len(found) == 12
    assert all(set(answers[:-1]) <= {"posted"} and answers[-1] == "period_closed" for answers in found), found
    assert any(len(answers) > 1 for answers in found)
    tables = ledgercheck.read(store_url)
    assert ledgercheck.faults_in(tables) == []
    closed = 0
    for row in tables.chain:
        if row[3] == "close":
            closed = int(row[4][-6:])
        elif row[3] == "entry" and row[4].startswith("M"):
            assert 202400 + int(row[4][1:3]) > closed, row[4]


def opened_at_once(url: str, processes: int) -> None:
    """Opens a store that is not there yet in several processes at the same moment."""
    for child in [fork(lambda: Store(url).close()) for _ in range(processes)]:
        succeed(child)


def test_a_new_store_opened_by_several_processes_at_once_gets_its_tables_once(store_url: str) -> None:
    isolated(opened_at_once, store_url, 8)
    engine = create_engine(store_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    engine.dispose()
    open_books(store_url)
    assert ledgercheck.faults_in(ledgercheck.read(store_url)) == []


def accounts_opened_at_once(url: str, processes: int) -> None:
    """Opens all accounts of two books in several processes at the same moment; each is open for every one of them."""
    accounts = [account for book in BOOKS for account in standard_accounts(the_chart(), book, OPENED)[0]]

    def work() -> None:
        with closing(Store(url)) as store:
            assert all(answer.outcome.stands for answer in open_accounts(store, accounts))

    Store(url).close()
    for child in [fork(work) for _ in range(processes)]:
        succeed(child)


def test_accounts_opened_by_several_processes_at_once_are_opened_once(store_url: str) -> None:
    isolated(accounts_opened_at_once, store_url, 6)
    assert ledgercheck.faults_in(ledgercheck.read(store_url)) == []


def test_what_is_acknowledged_is_on_disk_whatever_the_database_was_set_to(
    postgres_server: postgres.Server, postgres_url: str
) -> None:
    database = make_url(postgres_url).database
    with postgres_server.connect() as connection:
        connection.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    with closing(Store(postgres_url)) as store, store.reading() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_twenty_thousand_groups_in_one_unit_do_not_exhaust_the_locks(postgres_url: str) -> None:
    open_books(postgres_url)
    entries = [entry(f"E{n}", BOOKS[0], "1003", "4101", 1)._replace(group_id=f"G{n}") for n in range(20_000)]
    with closing(Store(postgres_url)) as store:
        assert {answer.outcome for answer in post(store, the_chart(), entries, whole=True)} == {Outcome.POSTED}
