"""清单质控: what each check says at its edge, and that nothing is judged that was not brought."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from yibao.casemix.dip import quality
from yibao.casemix.dip.quality import Codes, Result, check_list, verdict
from yibao.packs import load_law

TERMS = quality.read_list_terms(load_law("zibo").at(date(2025, 6, 1)))
GOOD: dict[str, Any] = {
    "diag_codes": ("K35.300",), "diag_names": ("阑尾炎",), "oprn_codes": ("47.0100",), "oprn_names": ("阑尾切除术",),
    "medfee_sumamt": 800_000, "item_amounts": [500_000, 300_000], "fixmedins_code": "H1", "brdy": date(1980, 1, 1),
    "adm_date": date(2025, 6, 1), "dscg_date": date(2025, 6, 6), "act_ipt_days": 5, "age": 45, "gend": "1",
    "dscg_way": "1", "upload_date": date(2025, 6, 13), "diag_code_cnt": 1, "oprn_oprt_code_cnt": 1,
}  # fmt: skip
CODES = Codes({"K35.300"}, {"47.0100"}, {("K35.300", "36.0700")})


def checked(**changes: Any) -> dict[str, tuple[str, str]]:
    found = check_list({**GOOD, **changes}, TERMS, CODES)
    return {one.number: (one.result.value, one.code) for one in found if one.result is not Result.PASS}


def test_a_good_list_passes_what_can_be_judged() -> None:
    assert checked() == {"Q11": ("INSUFFICIENT", ""), "Q12": ("INSUFFICIENT", "")}
    assert verdict(check_list(GOOD, TERMS, CODES)) == "PASS"


def test_an_empty_list_is_judged_in_nothing() -> None:
    assert {one.result for one in check_list({}, TERMS)} == {Result.INSUFFICIENT}
    assert verdict(check_list({}, TERMS)) == "PASS"


@pytest.mark.parametrize(
    ("changes", "number", "code"),
    [
        ({"upload_date": date(2025, 6, 14)}, "Q01", "LATE_UPLOAD"),
        ({"medfee_sumamt": None}, "Q02", "MISSING_TOTAL"),
        ({"gend": ""}, "Q02", "MISSING_SEX"),
        ({"brdy": None}, "Q02", "MISSING_BIRTH_DATE"),
        ({"diag_names": ()}, "Q02", "CODE_WITHOUT_NAME"),
        ({"age": 0}, "Q03", "MISSING_DAY_AGE"),
        ({"age": 0, "nwb_age_days": 28}, "Q03", "MISSING_BIRTH_WEIGHT"),
        ({"age": 0, "nwb_age_days": 28, "nwb_bir_wt": 3000}, "Q03", "MISSING_ADMISSION_WEIGHT"),
        ({"dscg_way": None}, "Q04", "MISSING_DISCHARGE_WAY"),
        ({"icu_days": 2}, "Q04", "MISSING_ICU_RECORD"),
        ({"oprn_codes": ("96.7200",)}, "Q04", "MISSING_VENTILATION"),
        ({"diag_codes": ("K35.399",)}, "Q05", "UNKNOWN_CODE"),
        ({"oprn_codes": ("47.9900",)}, "Q05", "UNKNOWN_CODE"),
        ({"diag_codes": ("C61.x00",), "gend": "2"}, "Q06", "SEX_DX"),
        ({"diag_codes": ("K35.300", "O24.400")}, "Q06", "SEX_DX"),
        ({"diag_codes": ("P59.900",), "age": 1}, "Q07", "AGE_DX"),
        ({"diag_codes": ("O80.000",), "gend": "2", "age": 9}, "Q07", "AGE_DX"),
        ({"adm_date": date(2025, 6, 7)}, "Q08", "DATE_ORDER"),
        ({"act_ipt_days": 6}, "Q08", "STAY_DAYS"),
        ({"oprn_codes": ("36.0700",)}, "Q09", "DX_PX"),
        ({"item_amounts": [500_000, 300_001]}, "Q10", "TOTAL_MISMATCH"),
        ({"front_page": {"diag_codes": ("K35.900",)}}, "Q12", "FRONT_PAGE"),
        ({"diag_code_cnt": 2}, "Q13", "CODE_COUNT"),
    ],
)
def test_each_check_fails_on_its_own_fault(changes: dict[str, Any], number: str, code: str) -> None:
    assert checked(**changes)[number] == ("FAIL", code)


@pytest.mark.parametrize(
    "changes",
    [
        {"age": 0, "nwb_age_days": 29},
        {"age": 0, "nwb_age_days": 28, "nwb_bir_wt": 3000, "nwb_adm_wt": 2900, "diag_codes": ("P59.900",)},
        {"diag_codes": ("O80.000",), "gend": "2", "age": 10},
        {"adm_date": date(2025, 6, 6), "act_ipt_days": 0},
        {"front_page": {"diag_codes": ("K35.300",), "medfee_sumamt": 800_000}},
        {"icu_days": 1, "scs_cutd_ward_type": "1", "scs_cutd_inpool_time": "x", "scs_cutd_exit_time": "y"},
    ],
)
def test_what_is_in_order_passes(changes: dict[str, Any]) -> None:
    found = check_list({**GOOD, **changes}, TERMS, None)
    assert verdict(found) == "PASS"


def test_every_check_is_made_though_one_fails() -> None:
    found = check_list({**GOOD, "gend": "", "act_ipt_days": 6, "item_amounts": [1]}, TERMS, CODES)
    assert [one.code for one in found if one.result is Result.FAIL] == ["MISSING_SEX", "STAY_DAYS", "TOTAL_MISMATCH"]
    assert verdict(found) == "MISSING_SEX"


def test_a_rate_of_nothing_is_unknown() -> None:
    assert quality.list_rates(0, 0, 0, 0) == (None, None, None)
    assert quality.list_rates(4, 2, 1, 0) == (Fraction(1, 2), Fraction(1, 2), Fraction(0))
