"""Cover of one person: the sentences of the rule, the order of precedence, bad rows with their messages."""

import re
from datetime import date
from pathlib import Path

import pytest
from enrolment.small_city import A, B, city, month_paid, one, pool, spell, year_paid

from yibao.enrolment.check import contribution_findings, enrolment_findings
from yibao.enrolment.cover import Entitlement, entitlement, person_cover
from yibao.enrolment.outcomes import CoverOutcome
from yibao.enrolment.records import Contribution, Enrolment, Identity, Person
from yibao.enrolment.terms import TermBook
from yibao.law import Law

PERSON = Person("P1", date(1990, 5, 5))
PAGE = Path(__file__).parents[2] / "docs" / "enrolment.md"


def ask(day: date, spells: list[Enrolment], paid: list[Contribution], person: Person = PERSON,
        identities: tuple[Identity, ...] = (), law: Law | None = None) -> Entitlement:  # fmt: skip
    return entitlement(person, day, person_cover(person, spells, paid, TermBook(law or city()), 2024, identities))


def days(first: date, last: date, *args: object, **more: object) -> list[str]:
    """The answers on the day before, the first, the last and the day after."""
    asked = [date.fromordinal(first.toordinal() - 1), first, last, date.fromordinal(last.toordinal() + 1)]
    return [ask(day, *args, **more).outcome.value for day in asked]  # type: ignore[arg-type]


def test_a_resident_who_paid_in_the_window_is_covered_for_the_year_from_new_year() -> None:
    rows = [spell(date(2024, 11, 1))], [year_paid(2025, date(2024, 11, 1))]
    assert days(date(2025, 1, 1), date(2025, 12, 31), *rows) == ["arrears", "covered", "covered", "arrears"]
    late_in_window = (
        [spell(date(2025, 2, 20))],
        [year_paid(2024, date(2023, 10, 1)), year_paid(2025, date(2025, 2, 28))],
    )
    assert days(date(2025, 2, 20), date(2025, 12, 31), *late_in_window) == [
        "not_enrolled",
        "covered",
        "covered",
        "arrears",
    ]


def test_who_paid_late_waits_three_months_from_the_day_of_payment_and_is_covered_from_next_month() -> None:
    rows = [spell(date(2025, 3, 1))], [year_paid(2025, date(2025, 3, 15))]
    assert days(date(2025, 4, 1), date(2025, 6, 14), *rows) == ["arrears", "waiting", "waiting", "covered"]
    assert ask(date(2025, 5, 1), *rows).pay_from == date(2025, 6, 15)


@pytest.mark.parametrize(
    ("history", "pay_from"),
    [
        ([2024], date(2025, 1, 1)),
        ([2023], date(2025, 3, 1)),  # one broken year: 4 months from 1 November
        ([2019], date(2025, 7, 1)),  # five: 8 months
    ],
)
def test_broken_years_lengthen_the_wait(history: list[int], pay_from: date) -> None:
    rows = [year_paid(year, date(year - 1, 11, 1)) for year in history] + [year_paid(2025, date(2024, 11, 1))]
    assert ask(date(2025, 8, 1), [spell(date(2018, 1, 1))], rows).pay_from == pay_from


def test_years_paid_afterwards_shorten_the_wait_but_were_not_covered() -> None:
    rows = [year_paid(2022, date(2021, 11, 1)), year_paid(2023, date(2024, 12, 1)), year_paid(2024, date(2025, 1, 3)),
            year_paid(2025, date(2025, 1, 3))]  # fmt: skip
    assert ask(date(2025, 8, 1), [spell(date(2018, 1, 1))], rows).pay_from == date(2025, 4, 3), (
        "3 months, both repaired"
    )
    assert ask(date(2024, 6, 1), [spell(date(2018, 1, 1))], rows).outcome is CoverOutcome.ARREARS


def test_employee_years_connect_and_who_stopped_in_the_year_begins_next_month() -> None:
    worked = [month_paid(2024, month) for month in range(1, 13)]
    rows = [*worked, year_paid(2025, date(2025, 2, 1))]
    assert ask(date(2025, 2, 1), [spell(date(2025, 1, 1))], rows).outcome is CoverOutcome.COVERED
    rows = [*worked, month_paid(2025, 5), year_paid(2025, date(2025, 5, 20))]
    spells = [spell(date(2024, 1, 1), date(2025, 6, 1), "4", "310"), spell(date(2025, 5, 20))]
    assert days(date(2025, 6, 1), date(2025, 12, 31), spells, rows) == ["covered", "covered", "covered", "arrears"]
    assert ask(date(2025, 5, 31), spells, rows).insutype == "310"
    assert ask(date(2025, 6, 1), spells, rows).insutype == "390"


def test_the_exempt_do_not_wait() -> None:
    rows = [spell(date(2025, 3, 1))], [year_paid(2025, date(2025, 3, 15))]
    tekun = (Identity("P1", "tekun", date(2025, 1, 1)),)
    assert ask(date(2025, 4, 1), *rows, identities=tekun).outcome is CoverOutcome.COVERED
    ended = (Identity("P1", "tekun", date(2024, 1, 1), date(2025, 3, 14)),)
    assert ask(date(2025, 4, 1), *rows, identities=ended).outcome is CoverOutcome.WAITING


def test_a_newborn_registered_within_ninety_days_is_covered_from_birth_and_later_ones_are_not() -> None:
    born = date(2025, 6, 1)
    for days_after, expected in ((0, "covered"), (90, "covered"), (91, "not_enrolled")):
        registered = date.fromordinal(born.toordinal() + days_after)
        rows = [spell(registered)], [year_paid(2025, registered)]
        assert ask(born, *rows, person=Person("P1", born)).outcome.value == expected, days_after
    winter = date(2024, 12, 20)
    rows = [spell(date(2025, 1, 15))], [year_paid(2025, date(2025, 1, 15))]
    assert ask(winter, *rows, person=Person("P1", winter)).outcome is CoverOutcome.COVERED


def test_an_employee_is_covered_by_months_paid_in_full_and_a_part_is_not_enough() -> None:
    rows = (
        [spell(date(2025, 1, 1), kind="310")],
        [month_paid(2025, 1), month_paid(2025, 2, paid=59999), month_paid(2025, 3)],
    )
    assert days(date(2025, 2, 1), date(2025, 2, 28), *rows) == ["covered", "arrears", "arrears", "covered"]
    topped = [*rows[1], Contribution("P1", "310", A, 2025, 2, 0, 1, date(2025, 2, 28))]
    assert ask(date(2025, 2, 1), rows[0], topped).outcome is CoverOutcome.COVERED
    refunded = [*rows[1], Contribution("P1", "310", A, 2025, 1, 0, -60000, date(2025, 1, 20))]
    assert ask(date(2025, 1, 5), rows[0], refunded).outcome is CoverOutcome.ARREARS


def test_a_month_paid_after_it_has_passed_brings_benefits_only_where_the_law_says_so() -> None:
    rows = [spell(date(2025, 1, 1), kind="310")], [month_paid(2025, 2, date(2025, 3, 1))]
    assert ask(date(2025, 2, 10), *rows).outcome is CoverOutcome.ARREARS
    retro = pool(one("switch.backpay_retro", "true", "flag"))
    assert ask(date(2025, 2, 10), *rows, law=retro).outcome is CoverOutcome.COVERED


def test_retirees_and_veterans_pay_nothing_and_a_decided_day_of_benefits_stands() -> None:
    retired = spell(date(2020, 1, 1), kind="310", psn_type="1201")
    assert ask(date(2030, 1, 1), [retired], []).outcome is CoverOutcome.COVERED
    assert ask(date(2030, 1, 1), [spell(date(2020, 1, 1), kind="340")], []).outcome is CoverOutcome.COVERED
    waits = spell(date(2025, 1, 1), kind="310", pay_from=date(2025, 3, 1))
    rows = [waits], [month_paid(2025, month) for month in range(1, 5)]
    assert days(date(2025, 1, 1), date(2025, 2, 28), *rows) == ["not_enrolled", "waiting", "waiting", "covered"]


def test_suspension_lasts_until_the_next_enrolment_and_death_ends_all() -> None:
    spells = [spell(date(2024, 1, 1), date(2025, 2, 1), "2", "310"), spell(date(2025, 6, 1))]
    rows = spells, [month_paid(2025, 1), year_paid(2025, date(2025, 6, 2))]
    assert days(date(2025, 2, 1), date(2025, 5, 31), *rows) == ["covered", "suspended", "suspended", "arrears"]
    dead = Person("P1", PERSON.brdy, date(2025, 1, 20))
    assert days(date(2025, 1, 1), date(2025, 1, 20), *rows, person=dead)[2:] == ["covered", "dead"]


def test_two_pools_on_one_day_are_a_duplicate_and_two_insurances_of_one_pool_are_not() -> None:
    spells = [spell(date(2025, 1, 1)), spell(date(2025, 1, 1), kind="310", admdvs=B)]
    paid = [year_paid(2025, date(2024, 10, 1)), month_paid(2025, 3, admdvs=B)]
    found = ask(date(2025, 3, 3), spells, paid)
    assert (found.outcome.value, found.insuplc_admdvs, found.other_admdvs) == ("duplicate_enrolment", B, A)
    assert ask(date(2025, 4, 1), spells, paid).outcome is CoverOutcome.COVERED
    same = ask(date(2025, 3, 3), [spells[0], spell(date(2025, 1, 1), kind="310")], [paid[0], month_paid(2025, 3)])
    assert (same.outcome.value, same.insutype) == ("covered", "310")


OLD = date(2020, 1, 1)
FREE, FREE_B = spell(OLD, kind="340"), spell(OLD, kind="340", admdvs=B)
LATER = spell(OLD, kind="340", pay_from=date(2026, 1, 1))
PAUSED = spell(date(2024, 1, 1), date(2025, 3, 1), "2", "310")
WINNERS = {
    "before_birth": (date(1990, 5, 4), [FREE, FREE_B]),
    "dead": (date(2025, 3, 4), [FREE, FREE_B]),
    "duplicate_enrolment": (date(2025, 3, 3), [FREE, FREE_B]),
    "covered": (date(2025, 3, 3), [FREE, spell(date(2025, 1, 1), kind="310"), PAUSED, LATER]),
    "waiting": (date(2025, 3, 3), [LATER, spell(date(2025, 1, 1)), PAUSED]),
    "arrears": (date(2025, 3, 3), [PAUSED, spell(date(2025, 1, 1))]),
    "suspended": (date(2025, 3, 3), [PAUSED]),
    "not_enrolled": (date(2025, 3, 3), [PAUSED._replace(psn_insu_stas="4")]),
}  # fmt: skip
"""A day on which the name wins over every later one that also holds."""


@pytest.mark.parametrize("name", WINNERS)
def test_where_several_answers_hold_the_first_in_the_order_is_given(name: str) -> None:
    day, spells = WINNERS[name]
    assert ask(day, spells, [], Person("P1", PERSON.brdy, date(2025, 3, 3))).outcome.value == name


def test_the_page_lists_every_answer_in_the_order_of_precedence_with_its_words() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    names = [(one.value, one.label, one.next_step) for one in CoverOutcome]
    assert [tuple(cell.strip() for cell in row) for row in rows[: len(names)]] == names
    assert list(WINNERS) == [name for name, *_ in names]
    assert [one for one in CoverOutcome if one.entitled] == [CoverOutcome.COVERED]


def test_enrolments_that_cannot_be_right_are_named_with_what_is_done_with_them() -> None:
    rows = [spell(date(1990, 1, 1), date(1989, 1, 1)), spell(date(2024, 1, 1), None, "2"), spell(date(2025, 1, 1)),
            spell(date(2025, 6, 1)), spell(date(2026, 2, 1), admdvs=B)]  # fmt: skip
    found = list(enrolment_findings(Person("P1", date(1990, 5, 5), date(2026, 1, 1)), rows))
    assert [(one.code, one.message) for one in found] == [
        ("stop_before_start", "暂停参保日期1989-01-01早于参保日期1990-01-01"),
        ("enrolled_before_birth", "参保日期1990-01-01早于出生日期1990-05-05"),
        ("stop_date_missing", "2024-01-01的参保关系已停保，没有暂停参保日期"),
        ("enrolled_after_death", "参保日期2026-02-01晚于死亡日期2026-01-01"),
        ("spell_overlap", "2025-01-01和2025-06-01起的两段参保关系重叠"),
    ]
    assert all(one.cause and one.next_step and one.key == "P1" for one in found)


def test_payments_that_cannot_be_right_are_named_and_count_for_nothing() -> None:
    good = month_paid(2025, 3)
    yearly = year_paid(2025, date(2024, 9, 20))
    rows = [
        good._replace(clct_month=None),
        good._replace(clct_month=13),
        yearly._replace(clct_month=1),
        good._replace(insutype="320"),
        good._replace(year=25),
        good._replace(clct_amt=-1),
        good,
    ]
    found = list(contribution_findings(rows, date(2025, 12, 31)))
    assert [one.code for one in found] == [
        "month_missing", "month_missing", "month_unexpected", "not_basic", "bad_year", "negative_due",
    ]  # fmt: skip
    assert [one.code for one in contribution_findings([good], date(2025, 3, 9))] == ["paid_in_future"]
    assert str(found[2]) == "错误 居民2025年按年缴费，不应有所属月；处理：清空费款所属月"
    spells = [spell(date(2025, 1, 1), kind="310"), spell(date(2025, 1, 1))]
    assert ask(date(2025, 3, 3), spells, rows[:5]).outcome is CoverOutcome.ARREARS
