"""The share table: every fault of a law's table at once, where it jumps, and what it pays."""

from fractions import Fraction

import pytest
from clearing_hand import DEFAULT_SHARE, TABLE, YEAR_TERMS
from hypothesis import given
from hypothesis import strategies as st

from yibao.clearing.faults import TermsError
from yibao.clearing.share import apply_table, in_words, jump_findings, jumps, parse_table, reasonable_booked
from yibao.clearing.year import share_of, whole_entitlement
from yibao.kernel import Severity


def row(low: str, high: str, start: str, rate: str) -> dict[str, str]:
    return {"from": low, "to": high, "start": start, "rate": rate}


def faults(*rows: dict[str, str]) -> list[str]:
    with pytest.raises(TermsError) as caught:
        parse_table(rows)
    assert str(caught.value) == "；".join(one.message for one in caught.value.findings)
    assert all("settle.share" in one.message and one.next_step for one in caught.value.findings)
    return [one.code for one in caught.value.findings]


FLAT = row("0", "", "0", "1")


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "share_empty"),
        ([row("0", "", "x", "1")], "share_unreadable"),
        ([row("0", "", "0", "")], "share_unreadable"),
        ([row("0", "", "0", "-1")], "share_negative"),
        ([row("0.1", "", "0", "1")], "share_not_from_zero"),
        ([row("0", "0.5", "0", "1"), row("0.6", "", "0.6", "1")], "share_gap"),
        ([row("0", "0.5", "0", "1"), row("0.4", "", "0.4", "1")], "share_overlap"),
        ([row("0", "", "0", "1"), row("1", "", "1", "0")], "share_open_inside"),
        ([row("0", "0.5", "0", "1")], "share_last_not_open"),
        ([row("0", "1", "0", "1"), row("1", "1", "1", "0"), row("1", "", "1", "0")], "share_reversed"),
        ([row("0", "0.9", "1.01", "0"), row("0.9", "", "0.9", "0")], "share_above_due"),
        ([row("0", "1.5", "0.9", "0.2"), row("1.5", "", "1", "0")], "share_above_due"),
        ([row("0", "1", "1", "0"), row("1", "", "1", "1.1")], "share_above_booked"),
        ([row("0", "1", "1", "0"), row("1", "", "1.01", "0")], "share_above_booked"),
    ],
)
def test_each_fault_of_a_table_is_named(rows: list[dict[str, str]], code: str) -> None:
    assert code in faults(*rows)


def test_all_faults_of_a_table_are_listed_at_once() -> None:
    assert faults(row("0", "x", "-1", ""), row("?", "", "0", "0")) == [
        "share_unreadable", "share_negative", "share_unreadable", "share_unreadable",
    ]  # fmt: skip
    assert faults(row("0.1", "0.5", "0", "1"), row("0.6", "0.55", "0.6", "1"), row("0.5", "0.9", "0", "0")) == [
        "share_not_from_zero", "share_gap", "share_overlap", "share_reversed", "share_last_not_open",
    ]  # fmt: skip


def test_percents_and_a_missing_label_are_read() -> None:
    [band] = parse_table([row("0%", "", "0", "100%")])
    assert (band.low, band.high, band.rate, band.label) == (0, None, 1, "第1档")


def test_bands_hold_their_lower_end_and_not_their_upper() -> None:
    assert apply_table(TABLE, 10_000, 8_499).pay == 8_499
    assert apply_table(TABLE, 10_000, 8_500).pay == 10_000
    assert [apply_table(TABLE, 10_000, booked).pay for booked in (10_500, 10_999, 11_000)] == [10_350, 10_600, 10_600]


def test_what_is_retained_or_shared_is_named() -> None:
    kept, helped = apply_table(TABLE, 10_000, 9_000), apply_table(TABLE, 10_000, 10_800)
    assert (kept.retained, kept.shared, kept.band) == (1_000, 0, "85%至100%")
    assert (helped.retained, helped.shared, helped.ratio) == (0, 500, Fraction("1.08"))
    assert in_words(helped, 10_000, 10_800) == ("应付100.00元，记账108.00元，之比108.00%（超支5%至10%），支付105.00元")


def test_without_an_entitlement_nothing_is_paid() -> None:
    assert apply_table(TABLE, 0, 0) == (0, None, "低于85%", 0, 0)
    assert apply_table(TABLE, 0, 5) == (0, None, "超支10%以上", 0, 0)
    assert in_words(apply_table(TABLE, 0, 0), 0, 0).startswith("应付0.00元，记账0.00元，之比—")


def test_an_entitlement_below_zero_is_the_pay_and_nothing_is_retained_or_shared() -> None:
    """DIP_REGIMES A.14: a negative payable is kept at institution level; only a case may have a floor."""
    assert apply_table(TABLE, -7, 5) == (-7, None, "超支10%以上", 0, 0)
    assert apply_table(TABLE, -7, 0) == (-7, None, "低于85%", 0, 0)
    assert whole_entitlement(-7, 5, "总额包干") == (-7, None, "总额包干", 0, 0)


def test_the_jump_of_the_default_table_is_named() -> None:
    assert jumps(TABLE) == [(Fraction("0.85"), Fraction("0.85"), Fraction(1))]
    [finding] = jump_findings(TABLE)
    assert (finding.code, finding.severity) == ("share_jump", Severity.INFO)
    assert "85.00%处由应付额的85.00%跳到100.00%" in finding.message
    falling = parse_table([row("0", "1.1", "0", "0.9"), row("1.1", "", "0.5", "0")])
    assert jump_findings(falling)[0].severity is Severity.WARNING


def test_only_the_claimed_part_of_an_overrun_counts_where_it_must_be_claimed() -> None:
    assert reasonable_booked(100, 130, 20) == 120
    assert reasonable_booked(100, 130, 50) == 130
    assert reasonable_booked(100, 130, 0) == 100
    assert reasonable_booked(100, 90, 50) == 90
    terms = YEAR_TERMS._replace(needs_claim=True)
    unclaimed = share_of(10_000, 12_000, 0, terms)
    assert (unclaimed.pay, unclaimed.shared, unclaimed.ratio) == (10_000, 0, Fraction("1.2"))
    assert share_of(10_000, 12_000, 400, terms).pay == 10_280


def test_by_points_the_entitlement_is_the_pay() -> None:
    terms = YEAR_TERMS._replace(basis="points", table=())
    assert [share_of(100, booked, 0, terms).pay for booked in (0, 100, 900)] == [100, 100, 100]
    assert share_of(100, 80, 0, terms).retained == 20


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_the_pay_never_exceeds_the_entitlement_below_it_nor_what_was_booked_above_it(due: int, booked: int) -> None:
    shared = apply_table(TABLE, due, booked)
    assert 0 <= shared.pay <= max(due, booked)
    assert shared.retained == max(shared.pay - booked, 0)
    assert shared.shared == max(shared.pay - due, 0)
    assert 0 in (shared.retained, shared.shared)
    assert DEFAULT_SHARE[0]["rate"] == "1"
