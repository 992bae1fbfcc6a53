"""Terms come from the law by key; what the law leaves open is an error by its name, and what cannot be applied too."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from yibao.clearing.dates import law_year
from yibao.clearing.faults import TermsError
from yibao.clearing.prepay import Outcome
from yibao.clearing.terms import (
    YEAR_KEYS,
    deposit_finding,
    read_budget_terms,
    read_month_terms,
    read_prepay_terms,
    read_terms,
    read_year_terms,
)  # fmt: skip
from yibao.law import MissingParameter, View
from yibao.packs import load_law

DAY = date(2025, 12, 31)
DOC = "source: {doc: 试验, published: 2025-01-01}, grade: assumed"


def view(tmp_path: Path, *rows: str) -> View:
    """The demonstration's law with some values changed by a reform."""
    if not rows:
        return load_law("zibo", ["demo"]).at(DAY)
    reform = tmp_path / "reform.yaml"
    reform.write_text("\n".join(f"- {{key: {row}, from: 2025-01-01, {DOC}}}" for row in rows), encoding="utf-8")
    return load_law("zibo", ["demo", reform]).at(DAY)


def test_all_terms_of_a_fund_are_read_in_the_words_of_the_code_tables(tmp_path: Path) -> None:
    law = view(tmp_path)
    terms = read_terms(law, "310", dip_given=False, months_given=False, applied=True, groups=True)
    assert terms.budget.lines == ("outpatient", "chronic", "offsite", "dip", "other")
    assert terms.budget.income_items == ("premium", "interest", "subsidy", "other")
    assert terms.budget.reasons == ("visits", "policy", "health_event")
    assert (terms.budget.method, terms.budget.month_split) == ("residual", "history")
    assert terms.months == ("budget_vs_booked", "points", Fraction("0.8"), Fraction("0.05"))
    assert terms.prepay is not None
    assert (terms.prepay.min_reserve_months, terms.prepay.credit["B"]) == (12, Fraction("0.95"))
    assert (terms.year.applies, terms.year.new_rule, terms.year.beds_rule) == ("deposit", "booked", "flag")
    assert (len(terms.year.table), terms.year.primary_weight) == (5, Fraction("1.5"))
    assert {"settle.share", "prepay.credit", "clearing.group.primary_weight"} <= set(law.unverified)


def test_a_month_is_settled_by_the_law_of_its_last_day_and_prepayments_by_that_of_their_day(tmp_path: Path) -> None:
    reform = tmp_path / "reform.yaml"
    reform.write_text(
        f'- {{key: settle.deposit, value: "0.03", unit: ratio, from: 2025-02-01, until: 2025-06-29, {DOC}}}\n'
        f'- {{key: prepay.months, value: "2", unit: times, from: 2025-01-21, {DOC}}}\n'
        f"- {{key: settle.monthly.basis, value: times_ratio, unit: text, from: 2025-12-31, {DOC}}}\n",
        encoding="utf-8",
    )
    law = load_law("zibo", ["demo", reform])
    year = law_year(law, 2025)
    terms = read_terms(
        year.end, "310", dip_given=False, months_given=False, applied=True, groups=False,
        months=year.months, prepay=law.at(year.pay_day),
    )  # fmt: skip
    assert [one.deposit for one in terms.twelve] == [Fraction(n, 100) for n in (5, 3, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5)]
    assert [one.basis for one in terms.twelve] == ["budget_vs_booked"] * 11 + ["times_ratio"]
    assert terms.prepay is not None and terms.prepay.months == 1


def test_every_key_that_clearing_reads_is_of_the_year_or_of_a_month_or_of_the_prepayment(tmp_path: Path) -> None:
    law, used = load_law("zibo", ["demo"]), set()
    for given in (True, False):
        year = law_year(law, 2025)
        read_terms(
            year.end, "310", dip_given=given, months_given=given, applied=True, groups=True, prepay=law.at(year.pay_day)
        )
        used |= {one.key for one in year.end.used}
    monthly = {"settle.monthly.basis", "settle.month.hospital_split", "settle.month.redistribute", "settle.deposit",
               "settle.deposit.max"}  # fmt: skip
    grown = {"budget.dip.growth", "budget.dip.growth_cap"}
    assert used - monthly == set(YEAR_KEYS) - grown


def test_what_a_close_does_not_need_is_not_read_and_not_listed_as_used(tmp_path: Path) -> None:
    law = view(tmp_path)
    terms = read_terms(law, "390", dip_given=True, months_given=True, applied=False, groups=False)
    assert (terms.prepay, terms.budget.method, terms.year.primary_weight) == (None, "", 1)
    used = {one.key for one in law.used}
    assert not used & {"prepay.credit", "budget.dip.method", "budget.month.split", "clearing.group.primary_weight"}


@pytest.mark.parametrize("key", ["budget.surplus_target", "budget.warning", "budget.dip.method", "budget.month.split"])
def test_a_budget_key_that_the_law_leaves_open_is_named(key: str) -> None:
    bare = _without(key)
    with pytest.raises(MissingParameter, match=key):
        read_budget_terms(bare, dip_given=False, months_given=False)


@pytest.mark.parametrize("key", ["settle.deposit", "settle.month.redistribute", "settle.month.hospital_split"])
def test_a_monthly_key_that_the_law_leaves_open_is_named(key: str) -> None:
    with pytest.raises(MissingParameter, match=key):
        read_month_terms(_without(key))


@pytest.mark.parametrize(
    "key",
    ["settle.share", "settle.overrun.needs_claim", "settle.assessment.applies", "clearing.new.rule",
     "clearing.group.primary_weight", "beds.excess.rule"],
)  # fmt: skip
def test_a_clearing_key_that_the_law_leaves_open_is_named(key: str) -> None:
    with pytest.raises(MissingParameter, match=key):
        read_year_terms(_without(key), groups=True)


def test_a_prepayment_of_a_fund_without_a_rule_is_refused_by_its_key(tmp_path: Path) -> None:
    with pytest.raises(MissingParameter, match=r"prepay\.min_reserve_months"):
        read_prepay_terms(view(tmp_path), "330")


class _Bare(View):
    """A view to which one key does not exist."""

    hidden = ""

    def _resolve(self, key, context):  # type: ignore[no-untyped-def]
        return None if key == self.hidden else super()._resolve(key, context)


def _without(key: str) -> View:
    bare = _Bare(load_law("zibo", ["demo"]), DAY)
    bare.hidden = key
    return bare


def test_growth_is_read_only_for_the_method_by_growth(tmp_path: Path) -> None:
    grown = view(tmp_path, "budget.dip.method, value: by_growth, unit: text")
    terms = read_budget_terms(grown, dip_given=False, months_given=False)
    assert (terms.growth, terms.growth_cap) == (Fraction("0.05"), Fraction("0.05"))


def test_a_deposit_above_its_maximum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match=r"质量保证金比例6\.00%不在0到5\.00%之间") as caught:
        read_month_terms(view(tmp_path, 'settle.deposit, value: "0.06", unit: ratio'))
    assert caught.value.findings[0].code == "deposit_above_max"
    assert "经办管理规程" in caught.value.findings[0].basis
    assert deposit_finding(Fraction("0.05"), Fraction("0.05")) is None


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('budget.surplus_target, value: "1.2", unit: ratio', "ratio_out_of_range"),
        ("budget.lines, value: [普通门诊统筹, 住院], unit: list", "law_word_unknown"),
        ('budget.warning, value: [{upto: "1.1", label: 绿}, {upto: "1.0", label: 黄}, {label: 红}], unit: table',
         "warning_unreadable"),
        ('budget.warning, value: [{upto: "1.1", label: 绿}], unit: table', "warning_unreadable"),
        ('budget.warning, value: [{upto: "x", label: 绿}, {label: 红}], unit: table', "warning_unreadable"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_applied_are_named(tmp_path: Path, row: str, code: str) -> None:
    with pytest.raises(TermsError) as caught:
        read_budget_terms(view(tmp_path, row), dip_given=False, months_given=False)
    assert [one.code for one in caught.value.findings] == [code]


def test_a_weight_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="primary_weight"):
        read_year_terms(view(tmp_path, 'clearing.group.primary_weight, value: "0", unit: times'), groups=True)


def test_by_points_no_share_table_is_read(tmp_path: Path) -> None:
    law = view(tmp_path, "settle.yearly.basis, value: points, unit: text")
    terms = read_year_terms(law, groups=False)
    assert (terms.basis, terms.table, terms.needs_claim) == ("points", (), False)
    assert "settle.share" not in {one.key for one in law.used}


def test_the_bases_by_points_need_no_split(tmp_path: Path) -> None:
    law = view(tmp_path, "settle.monthly.basis, value: minus_patient, unit: text")
    assert read_month_terms(law)[:3] == ("minus_patient", "", 0)


def test_the_page_lists_the_outcomes_of_a_prepayment_in_their_order_with_their_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "clearing.md").read_text(encoding="utf-8")
    listed = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    named = [(name.strip(" `"), words.strip()) for name, words in listed]
    outcomes = [(one.value, one.label) for one in Outcome]
    assert [one for one in named if one in outcomes] == outcomes
