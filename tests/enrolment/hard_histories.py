"""Histories on the bounds of every rule of cover, by name: (person, spells, payments, identities)."""

from datetime import date

from enrolment.small_city import A, B

from yibao.enrolment.records import Contribution, Enrolment, Identity, Person

C = "990300"


def resident(start, stop=None, stas="1", admdvs=A, **more):
    return Enrolment("P1", "390", admdvs, start, stop, stas, "1501", "3", **more)


def worker(start, stop=None, stas="1", admdvs=A, psn_type="1101", **more):
    return Enrolment("P1", "310", admdvs, start, stop, stas, psn_type, "1", **more)


def year(cover, on, got=400, aid=0, admdvs=A, given=None):
    return Contribution("P1", "390", admdvs, cover, None, 400, got, on, aid, given)


def month(cover, number, on=None, got=600, admdvs=A):
    return Contribution("P1", "310", admdvs, cover, number, 600, got, on or date(cover, number, 10))


def history(spells, paid, born=None, died=None, kinds=()):
    return Person("P1", born, died), list(spells), list(paid), list(kinds)


def newborn(after):
    born = date(2024, 3, 1)
    registered = date.fromordinal(born.toordinal() + after)
    return history([resident(registered)], [year(2024, registered)], born)


def broken(years, repaired=0):
    paid = [year(2023 - years, date(2022 - years, 11, 1)), year(2024, date(2023, 11, 1))]
    paid += [year(2024 - years + n, date(2025, 1, 3)) for n in range(repaired)]
    return history([resident(date(2018, 1, 1))], paid)


def identified(last):
    return history([resident(date(2024, 3, 15))], [year(2024, date(2024, 3, 15))],
                   kinds=[Identity("P1", "tekun", date(2024, 1, 1), last)])  # fmt: skip


LONG = date(2019, 1, 1)
WINTER = date(2023, 12, 20)
HARD = {
    **{f"newborn_registered_after_{n}": newborn(n) for n in (0, 89, 90, 91)},
    "newborn_over_new_year": history([resident(date(2024, 1, 15))], [year(2024, date(2024, 1, 15))], WINTER),
    "newborn_on_the_last_day": history([resident(date(2024, 12, 31))], [year(2024, date(2024, 12, 31))],
                                       date(2024, 12, 1)),
    "history_paid_on_the_last_day": history(
        [resident(LONG)],
        [year(2021, date(2020, 11, 1)), year(2023, date(2023, 12, 31)), year(2024, date(2024, 1, 2))]),
    "newborn_who_died": history([resident(date(2024, 1, 15))], [year(2024, date(2024, 1, 15))], WINTER,
                                date(2024, 2, 1)),
    **{f"broken_{n}": broken(n) for n in (1, 3, 4)},
    **{f"broken_{n}_repaired_{m}": broken(n, m) for n, m in ((1, 1), (3, 3), (4, 1), (4, 4))},
    **{f"window_{on}": history([resident(LONG)], [year(2023, date(2022, 11, 1)), year(2024, on)])
       for on in (date(2023, 9, 14), date(2023, 9, 15), date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 28),
                  date(2024, 2, 29), date(2024, 12, 1), date(2024, 12, 31), date(2025, 1, 1))},
    **{f"exempt_until_{last}": identified(last) for last in (date(2024, 3, 14), date(2024, 3, 15), None)},
    "exempt_from_the_day_after": history([resident(date(2024, 3, 15))], [year(2024, date(2024, 3, 15))],
                                         kinds=[Identity("P1", "tekun", date(2024, 3, 16))]),
    **{f"stopped_work_in_{n}": history([worker(LONG, date(2024, n + 1, 1), "4"), resident(date(2024, 5, 20))],
                                       [month(2024, n), year(2024, date(2024, 5, 20))]) for n in (1, 5, 6)},
    "stopped_work_the_year_before": history([worker(LONG, date(2024, 1, 1), "4"), resident(date(2024, 5, 20))],
                                            [month(2023, 12), year(2024, date(2024, 5, 20))]),
    "worked_between_two_resident_years": history(
        [resident(LONG)], [year(2021, date(2020, 11, 1)), month(2022, 3), year(2023, date(2022, 11, 1))]),
    "worked_before_a_broken_year": history(
        [resident(LONG)], [year(2020, date(2019, 11, 1)), month(2021, 3), year(2023, date(2022, 11, 1))]),
    "worked_before_the_last_resident_year": history(
        [resident(LONG)], [month(2020, 3), year(2021, date(2020, 11, 1)), year(2023, date(2022, 11, 1))]),
    "paid_by_aid": history([resident(LONG)], [year(2024, date(2023, 11, 1), 80, 320)]),
    "a_fen_short": history([resident(LONG)], [year(2024, date(2023, 11, 1), 79, 320)]),
    "topped_up": history([resident(LONG)], [year(2024, date(2023, 11, 1), 399),
                                            Contribution("P1", "390", A, 2024, None, 0, 1, date(2024, 3, 31))]),
    "refunded": history([resident(LONG)], [year(2024, date(2023, 11, 1)),
                                           Contribution("P1", "390", A, 2024, None, 0, -400, date(2023, 12, 1))]),
    "decided_before": history([resident(LONG)], [year(2024, date(2024, 5, 5), given=date(2024, 8, 1))]),
    "decided_before_the_year": history([resident(LONG)], [year(2024, date(2023, 11, 1), given=date(2024, 2, 1))]),
    "decided_on_the_spell": history([worker(LONG, pay_from=date(2024, 2, 15))], [month(2024, n) for n in range(1, 5)]),
    **{f"month_paid_{on}": history([worker(LONG)], [month(2024, 1), month(2024, 2, on), month(2024, 3)])
       for on in (date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1))},
    "month_paid_in_part": history([worker(LONG)], [month(2024, 1), month(2024, 2, got=599), month(2024, 3)]),
    "months_over_new_year": history([worker(date(2023, 12, 15), date(2024, 2, 15), "4")],
                                    [month(2023, 12), month(2024, 1), month(2024, 2)]),
    "two_runs_of_months": history([worker(LONG)], [month(2024, n) for n in (1, 2, 5, 6, 8)]),
    **{f"retired_{kind}": history([worker(LONG, date(2024, 7, 1), "4", psn_type=kind)], [])
       for kind in ("1101", "1201", "1300")},
    "veteran": history([Enrolment("P1", "340", A, LONG, None, "1", "1300")], [], died=date(2024, 5, 5)),
    "died_on_the_day_of_a_stop": history([worker(LONG, date(2024, 5, 5), "2")], [month(2024, 5)],
                                          died=date(2024, 5, 5)),
    "paused_and_back_the_same_day": history([worker(LONG, date(2024, 5, 1), "2"),
                                             worker(date(2024, 5, 1), date(2024, 6, 15), "4")],
                                            [month(2024, 4), month(2024, 6)]),
    "paused_and_back_later": history([worker(LONG, date(2024, 5, 1), "2"), resident(date(2024, 8, 1))],
                                     [month(2024, 4)]),
    "paused_while_a_resident": history([resident(LONG), worker(date(2024, 1, 1), date(2024, 5, 1), "2")],
                                       [month(2024, 4), year(2024, date(2023, 11, 1))]),
    "paused_on_no_day": history([worker(date(2024, 1, 1), None, "2")], [month(2024, 4)]),
    "ended_on_no_day": history([worker(date(2024, 1, 1), None, "4")], [month(2024, 4)]),
    "stopped_on_the_day_it_began": history([resident(date(2024, 1, 1), date(2024, 1, 1), "4")],
                                           [year(2024, date(2023, 11, 1))]),
    "three_pools": history([resident(LONG, admdvs=one) for one in (C, A, B)],
                           [year(2024, date(2023, 11, 1), admdvs=one) for one in (A, B, C)]),
    "two_pools_waiting": history([resident(LONG), resident(date(2024, 3, 15), admdvs=B)],
                                 [year(2024, date(2023, 11, 1)), year(2024, date(2024, 3, 15), admdvs=B)]),
    "history_in_another_pool": history([resident(LONG, date(2024, 1, 1), "4", B), resident(date(2023, 11, 1))],
                                       [year(2023, date(2022, 11, 1), admdvs=B), year(2024, date(2023, 11, 1))]),
    "history_without_an_enrolment": history([resident(date(2023, 11, 1))],
                                            [year(2022, date(2021, 11, 1), admdvs=B), year(2024, date(2023, 11, 1))]),
    "overlapping_spells_of_one_pool": history([resident(LONG), resident(date(2024, 5, 1))],
                                              [year(2024, date(2023, 11, 1))]),
    "born_after_the_enrolment": history([resident(LONG)], [year(2024, date(2023, 11, 1))], date(2024, 2, 2)),
    "years_that_are_none": history([resident(LONG), worker(LONG)], [
        year(25, date(2023, 11, 1)), year(99999, date(2023, 11, 1)), month(2024, 3)._replace(year=20240)]),
    "supplementary_only": history([Enrolment("P1", "330", A, LONG)], []),
}  # fmt: skip
