"""Each 限定支付 predicate and each refusal, alone: one line that passes and one that does not."""

from datetime import date, timedelta
from typing import Any

import pytest

from yibao.catalogue import Claim, FeeLine, History, Reason, Terms, facts_of, facts_of_claim
from yibao.catalogue.limits import LimitError, parse_dx, read_limits
from yibao.catalogue.records import (
    FAR,
    NEGOTIATED,
    NORMAL,
    SPECIAL,
    Approval,
    Item,
    Limit,
    Listed,
    Rx,
    catalogue_of,
)
from yibao.catalogue.scope import DAYS, MICRO, QUANTITY, TIMES

DAY = date(2025, 3, 5)
SINCE = date(2025, 1, 1)
TERMS = Terms(False, 3, 30, True, True)


def item(**changes: Any) -> Item:
    usual = Item("X1", SINCE, FAR, 2, 100_000, (-1, -1, -1, -1), NORMAL, "101", 0)
    return usual._replace(**changes)


def line(**changes: Any) -> FeeLine:
    return FeeLine("F1", "X1", DAY, 10 * MICRO, 2 * MICRO, 2000)._replace(**changes)


def claim(**changes: Any) -> Claim:
    usual = Claim(
        "S1", "P1", "H1", "11", "2", insutype="310", dise_codg="M01", dx=("C34.100", "I10.x00x002"), gend="1",
        brdy=date(1960, 3, 6), mdtrt_id="M1",
    )  # fmt: skip
    return usual._replace(**changes)


def reason(limits: list[Limit], who: Claim | None = None, history: History | None = None, herbs: int = 0) -> Reason:
    found = catalogue_of([item()], limits)
    return facts_of(line(), who or claim(), found, TERMS, history or History(), herbs).reason


def limit(**conditions: Any) -> Limit:
    return Limit("X1", SINCE, 1, **conditions)


@pytest.mark.parametrize(
    ("conditions", "other", "refusal"),
    [
        ({"gend": "1"}, {"gend": "2"}, Reason.LIMIT_GEND),
        ({"gend": "1"}, {"gend": ""}, Reason.LIMIT_GEND),
        ({"age_min": 64}, {"brdy": date(1961, 3, 6)}, Reason.LIMIT_AGE),
        ({"age_max": 64}, {"brdy": date(1960, 3, 5)}, Reason.LIMIT_AGE),
        ({"age_min": 0}, {"brdy": None}, Reason.LIMIT_AGE),
        ({"dx": (("C00", "C75"),)}, {"dx": ("I10.x00x002", "C76.100")}, Reason.LIMIT_DX),
        ({"dx": (("I10", "I10"), ("E1", "E1"))}, {"dx": ()}, Reason.LIMIT_DX),
        ({"hosp_lv": ("2", "3")}, {"hosp_lv": "1"}, Reason.LIMIT_HOSP_LV),
        ({"insutype": ("310",)}, {"insutype": "390"}, Reason.LIMIT_INSUTYPE),
        ({"med_type": ("11", "14")}, {"med_type": "21"}, Reason.LIMIT_MED_TYPE),
        ({"dise": ("M01",)}, {"dise_codg": ""}, Reason.LIMIT_DISE),
    ],
)
def test_a_static_predicate_holds_or_names_itself(
    conditions: dict[str, Any], other: dict[str, Any], refusal: Reason
) -> None:
    assert reason([limit(**conditions)]) is Reason.PAYABLE
    assert reason([limit(**conditions)], claim(**other)) is refusal


def test_age_is_counted_to_the_birthday() -> None:
    born = claim(brdy=date(1960, 3, 5))
    assert reason([limit(age_min=65, age_max=65)], born) is Reason.PAYABLE
    assert reason([limit(age_max=64)], claim()) is Reason.PAYABLE, "65 on the next day"


@pytest.mark.parametrize(
    ("days_ago", "within", "holds"), [(0, None, False), (1, None, True), (90, 90, True), (91, 90, False)]
)
def test_a_second_line_item_needs_the_first_one_on_an_earlier_day(
    days_ago: int, within: int | None, holds: bool
) -> None:
    second = limit(prior=("X8", "X9"), prior_days=within)
    history = History({"X9": [DAY - timedelta(days=days_ago)]})
    assert reason([second], history=history) is (Reason.PAYABLE if holds else Reason.LIMIT_PRIOR)
    assert reason([second]) is Reason.LIMIT_PRIOR


def test_a_herb_that_is_paid_in_a_compound_only_needs_another_herb_in_the_settlement() -> None:
    found = catalogue_of(
        [item(list_type="102"), item(code="X2", list_type="102")], [limit(compound=True)]
    )  # fmt: skip
    alone = facts_of_claim([line()], claim(), found, lambda _: TERMS)
    twice = facts_of_claim([line(), line(feedetl_sn="F2")], claim(), found, lambda _: TERMS)
    both = facts_of_claim([line(), line(feedetl_sn="F2", code="X2")], claim(), found, lambda _: TERMS)
    assert [one.reason for one in (*alone, *twice)] == [Reason.LIMIT_COMPOUND] * 3
    assert [one.reason for one in both] == [Reason.PAYABLE] * 2


def test_rows_are_alternatives_and_the_nearest_one_says_why_not() -> None:
    women = limit(gend="2")
    old_surgery = Limit("X1", SINCE, 2, age_min=90, hosp_lv=("3",))
    assert reason([women, old_surgery]) is Reason.LIMIT_GEND
    assert reason([women, old_surgery], claim(gend="2")) is Reason.PAYABLE
    assert reason([women, old_surgery], claim(brdy=date(1930, 1, 1), hosp_lv="3")) is Reason.PAYABLE
    assert reason([old_surgery, Limit("X1", SINCE, 3, dx=(("Z", "Z"),))]) is Reason.LIMIT_DX, "one failure beats two"


def counter(limits: list[Limit], **changes: Any) -> Any:
    return facts_of(line(**changes), claim(), catalogue_of([item()], limits), TERMS)


def test_counters_are_keyed_by_person_item_unit_and_stay_or_year() -> None:
    quantity = counter([limit(unit="quantity", per="year", amount_micro=10 * MICRO)])
    assert (quantity.counter_key, quantity.line.counter_unit) == ("P1|X1|quantity|year|2025", QUANTITY)
    assert (quantity.line.counter_limit_micro, quantity.line.counter_take_micro) == (10 * MICRO, 2 * MICRO)
    assert quantity.line.counter_mark == -1
    times = counter([limit(unit="times", per="stay", amount_micro=MICRO)])
    assert (times.counter_key, times.line.counter_unit, times.line.counter_mark) == ("P1|X1|times|stay|M1", TIMES, 1)
    days = counter([limit(unit="days", per="stay", amount_micro=14 * MICRO)])
    assert (days.line.counter_unit, days.line.counter_take_micro) == (DAYS, MICRO)
    assert days.line.counter_mark == (DAY - date(1970, 1, 1)).days
    supply = counter([limit(unit="days", per="stay", amount_micro=14 * MICRO)], prd_days_micro=7_505_000)
    assert (supply.line.counter_take_micro, supply.line.counter_mark) == (7_500_000, -1)
    none = counter([limit(gend="1")])
    assert (none.counter_key, none.line.counter_unit) == ("", 0)


def test_the_counter_is_that_of_the_first_alternative_that_holds() -> None:
    women = limit(gend="2", unit="days", per="year", amount_micro=30 * MICRO)
    others = Limit("X1", SINCE, 2, unit="days", per="year", amount_micro=14 * MICRO)
    assert counter([women, others]).line.counter_limit_micro == 14 * MICRO


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 12, 31), Reason.NOT_YET_EFFECTIVE), (date(2025, 1, 1), Reason.PAYABLE),
        (date(2025, 6, 30), Reason.PAYABLE), (date(2025, 7, 1), Reason.EXPIRED), (date(2025, 8, 1), Reason.CLASS_C),
    ],
)  # fmt: skip
def test_the_item_in_force_on_the_day_of_service_counts(day: date, expected: Reason) -> None:
    found = catalogue_of([item(until_day=date(2025, 6, 30)), item(from_day=date(2025, 8, 1), cls=3, share_ppm=MICRO)])
    fact = facts_of(line(day=day), claim(), found, TERMS)
    assert (fact.reason, fact.line.cls) == (expected, 2 if expected is Reason.PAYABLE else 3)


def test_a_code_that_is_not_in_the_catalogue_is_class_c_and_never_class_a() -> None:
    fact = facts_of(line(code="X9"), claim(), catalogue_of([item()]), TERMS)
    assert (fact.reason, fact.line.cls, fact.line.share_ppm) == (Reason.UNMAPPED, 3, MICRO)


def test_the_price_limit_is_that_of_the_level_of_the_institution() -> None:
    found = catalogue_of([item(limits_micro=(50, 10, 20, 30))])
    assert [facts_of(line(), claim(hosp_lv=level), found, TERMS).line.limit_micro for level in ("", "1", "2", "3")] == [
        50, 10, 20, 30
    ]  # fmt: skip


def test_consumables_by_the_deny_list_and_by_the_allow_list() -> None:
    stent = item(list_type="301")
    listed = Listed("X1", SINCE, date(2025, 6, 30))
    allow = TERMS._replace(allow_method=True)

    def said(terms: Terms, day: date, **lists: Any) -> Reason:
        return facts_of(line(day=day), claim(), catalogue_of([stent], **lists), terms).reason

    after = date(2025, 7, 1)
    assert said(TERMS, DAY) is Reason.PAYABLE
    assert said(TERMS, DAY, deny=[listed]) is Reason.CONSUMABLE_DENIED
    assert said(TERMS, after, deny=[listed]) is Reason.PAYABLE
    assert said(allow, DAY) is Reason.NOT_ON_ALLOW_LIST
    assert said(allow, DAY, allow=[listed]) is Reason.PAYABLE
    assert said(allow, after, allow=[listed]) is Reason.NOT_ON_ALLOW_LIST
    assert said(allow, DAY, deny=[listed], allow=[listed]) is Reason.PAYABLE


def test_a_preparation_is_payable_at_the_listed_institutions_only() -> None:
    found = catalogue_of(
        [item(list_type="103")], preparations=[Listed("X1", SINCE, FAR, "H1"), Listed("X1", SINCE, DAY, "H2")]
    )  # fmt: skip
    assert facts_of(line(), claim(), found, TERMS).reason is Reason.PAYABLE
    assert facts_of(line(), claim(fixmedins_code="H2"), found, TERMS).reason is Reason.PAYABLE
    later = line(day=DAY + timedelta(days=1))
    assert facts_of(later, claim(fixmedins_code="H2"), found, TERMS).reason is Reason.PREPARATION_ELSEWHERE
    assert facts_of(line(), claim(fixmedins_code="H3"), found, TERMS).reason is Reason.PREPARATION_ELSEWHERE


def test_a_special_drug_needs_approval_hospital_doctor_and_pharmacy() -> None:
    approval = Approval("P1", "X1", "H1", "D1", "Y1", SINCE, date(2025, 12, 31))
    no_rx = TERMS._replace(rx_special=False)

    def said(who: Claim, doctor: str = "D1", approvals: tuple[Approval, ...] = (approval,)) -> Reason:
        found = catalogue_of([item(channel=SPECIAL)], approvals=approvals)
        return facts_of(line(doctor=doctor), who, found, no_rx).reason

    shop = claim(fixmedins_code="Y1", pharmacy=True)
    assert said(claim()) is Reason.PAYABLE and said(shop) is Reason.PAYABLE
    assert said(claim(psn_no="P2")) is Reason.SPECIAL_NOT_APPROVED
    assert said(claim(), approvals=()) is Reason.SPECIAL_NOT_APPROVED
    assert said(claim(fixmedins_code="H2")) is Reason.SPECIAL_OTHER_INSTITUTION
    assert said(claim(fixmedins_code="Y2", pharmacy=True)) is Reason.SPECIAL_OTHER_INSTITUTION
    assert said(claim(), "D2") is Reason.SPECIAL_OTHER_DOCTOR
    assert said(claim(), "") is Reason.SPECIAL_OTHER_DOCTOR
    anywhere = approval._replace(hospital="", doctor="")
    assert said(claim(fixmedins_code="H2"), "D2", (approval, anywhere)) is Reason.PAYABLE
    ended = approval._replace(until_day=DAY - timedelta(days=1))
    assert said(claim(), approvals=(ended,)) is Reason.SPECIAL_NOT_APPROVED


def test_a_dual_channel_drug_at_a_pharmacy_needs_a_prescription_that_fits() -> None:
    rx = Rx("R1", "X1", "P1", "H1", "D1", DAY - timedelta(days=2), 3 * MICRO, "0.5g")
    shop = claim(pharmacy=True, rxno="R1")

    def said(who: Claim = shop, one: Rx = rx, **changes: Any) -> Reason:
        found = catalogue_of([item(channel=NEGOTIATED)], prescriptions=[one])
        return facts_of(line(**changes), who, found, TERMS).reason

    assert said() is Reason.PAYABLE
    assert said(claim()) is Reason.PAYABLE, "at a hospital no outside prescription is asked for"
    assert said(claim(pharmacy=True)) is Reason.RX_MISSING
    assert said(rxno="R2") is Reason.RX_UNKNOWN
    assert said(one=rx._replace(code="X2")) is Reason.RX_OTHER_DRUG
    assert said(one=rx._replace(psn_no="P2")) is Reason.RX_OTHER_PERSON
    assert said(dose="1g") is Reason.RX_OTHER_DOSE and said(dose="0.5g") is Reason.PAYABLE
    assert said(one=rx._replace(state="issued")) is Reason.RX_NOT_CHECKED
    assert said(one=rx._replace(state="revoked")) is Reason.RX_REVOKED
    assert said(one=rx._replace(issued=DAY - timedelta(days=3))) is Reason.RX_EXPIRED, "the day of issue is the first"
    assert said(one=rx._replace(issued=DAY + timedelta(days=1))) is Reason.RX_EXPIRED
    assert said(one=rx._replace(issued=DAY - timedelta(days=29), chronic=True)) is Reason.PAYABLE
    assert said(one=rx._replace(issued=DAY - timedelta(days=3), vali_days=4)) is Reason.PAYABLE
    assert said(cnt_micro=4 * MICRO) is Reason.RX_OVER_QUANTITY
    with pytest.raises(ValueError, match="chronic"):
        facts_of(line(), shop, catalogue_of([item(channel=NEGOTIATED)], prescriptions=[rx._replace(chronic=True)]),
                 TERMS._replace(rx_days_chronic=-1))  # fmt: skip


def test_reversals_are_taken_into_the_line_they_reverse() -> None:
    lines = [
        line(), line(feedetl_sn="F2", cnt_micro=-MICRO, amount_fen=-1000, init_feedetl_sn="F1"),
        line(feedetl_sn="F3", cnt_micro=-MICRO, amount_fen=-1000, init_feedetl_sn="F9"),
    ]  # fmt: skip
    facts = facts_of_claim(lines, claim(), catalogue_of([item()]), lambda _: TERMS)
    assert [(one.reason, one.line.cnt_micro, one.line.amount_fen) for one in facts] == [
        (Reason.PAYABLE, MICRO, 1000), (Reason.REVERSAL, 0, 0), (Reason.REVERSAL_UNMATCHED, -MICRO, -1000),
    ]  # fmt: skip


def test_assisted_reproduction_items_carry_their_tag() -> None:
    assert facts_of(line(), claim(), catalogue_of([item(list_type="201", tag=1)]), TERMS).tag == 1


@pytest.mark.parametrize(
    ("cells", "column", "cause"),
    [
        ({"lmt_dx": "C00-C75|癌症"}, "lmt_dx", "诊断条件“癌症”写法有误"),
        ({"lmt_dx": "C75-C00"}, "lmt_dx", "诊断范围“C75-C00”的止小于起"),
        ({"age_min": 60, "age_max": 18}, "age_min", "年龄下限大于上限18"),
        ({"lmt_hosp_lv": "2|三级"}, "lmt_hosp_lv", "代码“三级”不在代码表里"),
        ({"lmt_insutype": "310||390"}, "lmt_insutype", "代码“”不在代码表里"),
        ({"lmt_amount": 14 * MICRO}, "lmt_unit", "限量、限量单位、限量期间要一起填"),
        ({"lmt_amount": -1, "lmt_unit": "days", "lmt_per": "year"}, "lmt_amount", "限量是负数"),
        ({"lmt_amount": 1_500_000, "lmt_unit": "times", "lmt_per": "year"}, "lmt_amount", "次数应为整数"),
        ({"prior_days": 30}, "prior_days", "写了先用期限，没有写须先用项目"),
        ({"seq": 10_000}, "seq", "顺序号大于9999"),
    ],
)
def test_a_limit_that_cannot_be_read_is_named_with_its_place_and_pays_nothing(
    cells: dict[str, Any], column: str, cause: str
) -> None:
    row = {"med_list_codg": "X1", "begndate": SINCE, "seq": 1, "src_file": "限定.xlsx", "src_row": 7, **cells}
    limits, findings = read_limits([row])
    (one,) = findings
    assert limits == []
    assert (one.code, one.place.file, one.place.row, one.place.column) == ("limit_unreadable", "限定.xlsx", 7, column)
    assert one.cause.startswith(cause) and one.next_step
    found = catalogue_of([item()], limits, [("X1", SINCE)])
    assert facts_of(line(), claim(), found, TERMS).reason is Reason.LIMIT_UNREADABLE


def test_two_limits_with_one_number_are_a_fault() -> None:
    row = {"med_list_codg": "X1", "begndate": SINCE, "seq": 1}
    limits, findings = read_limits([row, row])
    assert len(limits) == 1 and findings[0].cause == "同一项目同一有效期里顺序号重复"


def test_diagnoses_are_prefixes_and_ranges_of_categories() -> None:
    assert parse_dx("lmt_dx", "C00-C75| E10.5 |I") == (("C00", "C75"), ("E10.5", "E10.5"), ("I", "I"))
    assert parse_dx("lmt_dx", " ") == ()
    for wrong in ("c34", "C3-C75", "C34,C35", "C00-"):
        with pytest.raises(LimitError):
            parse_dx("lmt_dx", wrong)
