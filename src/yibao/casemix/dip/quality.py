"""清单质控: the checks Q01–Q13 of one settlement list, each PASS, FAIL or INSUFFICIENT, and the rates of many lists.

The 3.0 draft names dimensions and examples; the predicates are ours (DIP_REGIMES A.2). A list is a mapping of national
field names to typed values: what it does not have as a key was not brought and cannot be judged; what it has empty is
missing. Amounts are fen.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, NamedTuple

from yibao.casemix.dip.rules import dx_prefixes
from yibao.law import View

SettlementList = Mapping[str, Any]


class Result(StrEnum):
    """What a check says of a list."""

    PASS = "PASS"
    FAIL = "FAIL"
    INSUFFICIENT = "INSUFFICIENT"


class Check(NamedTuple):
    """One check: its number, its dimension, the result, and for a failure a stable code and what is wrong."""

    number: str
    dimension: str
    result: Result
    code: str = ""
    detail: str = ""


class ListTerms(NamedTuple):
    """Bounds and tables of the checks: (sex, prefixes) and (prefixes, first age, last age) that belong together."""

    archive_days: int
    newborn_days: int
    tolerance_fen: int
    sex_dx: tuple[tuple[str, tuple[str, ...]], ...]
    age_dx: tuple[tuple[tuple[str, ...], int | None, int | None], ...]


class Codes(NamedTuple):
    """The 医保 code sets valid on the discharge date, and pairs of diagnosis and procedure known not to fit."""

    dx: Collection[str]
    px: Collection[str]
    unfit: Collection[tuple[str, str]] | None = None


def read_list_terms(view: View) -> ListTerms:
    """The terms in force. Raises MissingParameter."""

    def age(text: str) -> int | None:
        return int(text) if text else None

    return ListTerms(
        view.integer("dip.list.archive_days"),
        view.integer("dip.list.newborn_days"),
        view.money("dip.list.tolerance"),
        tuple((row["gend"], tuple(dx_prefixes(row["dx"]))) for row in view.table("dip.list.sex_dx")),
        tuple(
            (tuple(dx_prefixes(row["dx"])), age(row.get("age_from", "")), age(row.get("age_until", "")))
            for row in view.table("dip.list.age_dx")
        ),
    )


_NEEDED = {
    "diag_codes": ("MISSING_DX", "没有诊断"),
    "medfee_sumamt": ("MISSING_TOTAL", "没有医疗费总额"),
    "fixmedins_code": ("MISSING_INSTITUTION", "没有定点医药机构编号"),
    "brdy": ("MISSING_BIRTH_DATE", "没有出生日期"),
    "adm_date": ("MISSING_ADMISSION", "没有入院日期"),
    "dscg_date": ("MISSING_DISCHARGE", "没有出院日期"),
    "age": ("MISSING_AGE", "没有年龄"),
    "gend": ("MISSING_SEX", "没有性别"),
}
_PAIRS = (("diag_codes", "diag_names", "诊断"), ("oprn_codes", "oprn_names", "手术操作"))
_TOGETHER = (
    ("vent_used_dura", "oprn_codes", "96.7", "MISSING_VENTILATION", "有创机械通气没有填呼吸机使用时间"),
)  # fmt: skip
_FAIL, _PASS, _UNKNOWN = Result.FAIL, Result.PASS, Result.INSUFFICIENT
_Answer = tuple[Result, str, str]
_GOOD: _Answer = (_PASS, "", "")
_OPEN: _Answer = (_UNKNOWN, "", "")


def _has(sheet: SettlementList, *names: str) -> bool:
    """Whether every field was brought and is filled."""
    return all(_filled(sheet.get(name)) for name in names)


def _filled(value: object) -> bool:
    return value is not None and value != "" and value != ()


def _bad(code: str, detail: str) -> _Answer:
    return _FAIL, code, detail


def _timely(sheet: SettlementList, terms: ListTerms, _codes: Codes | None) -> _Answer:
    if not _has(sheet, "dscg_date", "upload_date"):
        return _OPEN
    due = archive_due(sheet["dscg_date"], terms.archive_days)
    late = sheet["upload_date"] > due
    return _bad("LATE_UPLOAD", f"上传晚于{due.isoformat()}") if late else _GOOD


def _complete(sheet: SettlementList, _terms: ListTerms, _codes: Codes | None) -> _Answer:
    for name, (code, detail) in _NEEDED.items():
        if name in sheet and not _filled(sheet[name]):
            return _bad(code, detail)
    for codes, names, label in _PAIRS:
        if codes in sheet and names in sheet and len(sheet[codes] or ()) != len(sheet[names] or ()):
            return _bad("CODE_WITHOUT_NAME", f"{label}的代码和名称不成对")
    return _GOOD if all(name in sheet for name in _NEEDED) else _OPEN


def _newborn(sheet: SettlementList, terms: ListTerms, _codes: Codes | None) -> _Answer:
    if not _has(sheet, "age"):
        return _OPEN
    if sheet["age"] > 0:
        return _GOOD
    if not _has(sheet, "nwb_age_days"):
        return _bad("MISSING_DAY_AGE", "不足一周岁没有填天龄")
    if sheet["nwb_age_days"] > terms.newborn_days:
        return _GOOD
    if not _has(sheet, "nwb_bir_wt"):
        return _bad("MISSING_BIRTH_WEIGHT", "新生儿没有填出生体重")
    return _GOOD if _has(sheet, "nwb_adm_wt") else _bad("MISSING_ADMISSION_WEIGHT", "新生儿没有填入院体重")


def _applicable(sheet: SettlementList, _terms: ListTerms, _codes: Codes | None) -> _Answer:
    if "dscg_way" in sheet and not _filled(sheet["dscg_way"]):
        return _bad("MISSING_DISCHARGE_WAY", "没有离院方式")
    if sheet.get("icu_days") and not _has(sheet, "scs_cutd_ward_type", "scs_cutd_inpool_time", "scs_cutd_exit_time"):
        return _bad("MISSING_ICU_RECORD", "住过监护病房没有填病房类型和进出时间")
    for name, codes, prefix, code, detail in _TOGETHER:
        if any(one.startswith(prefix) for one in sheet.get(codes) or ()) and not _has(sheet, name):
            return _bad(code, detail)
    return _GOOD if "dscg_way" in sheet else _OPEN


def _known_codes(sheet: SettlementList, _terms: ListTerms, codes: Codes | None) -> _Answer:
    if codes is None or not _has(sheet, "diag_codes"):
        return _OPEN
    unknown = [code for code in sheet["diag_codes"] if code not in codes.dx]
    unknown += [code for code in sheet.get("oprn_codes") or () if code not in codes.px]
    return _bad("UNKNOWN_CODE", f"代码不在医保版内：{'、'.join(unknown)}") if unknown else _GOOD


def _sex(sheet: SettlementList, terms: ListTerms, _codes: Codes | None) -> _Answer:
    if not _has(sheet, "diag_codes", "gend"):
        return _OPEN
    for sex, prefixes in terms.sex_dx:
        if wrong := [code for code in sheet["diag_codes"] if code.startswith(prefixes) and sheet["gend"] != sex]:
            return _bad("SEX_DX", f"诊断{wrong[0]}与性别矛盾")
    return _GOOD


def _age(sheet: SettlementList, terms: ListTerms, _codes: Codes | None) -> _Answer:
    if not _has(sheet, "diag_codes", "age"):
        return _OPEN
    main, age = sheet["diag_codes"][0], sheet["age"]
    for prefixes, first, last in terms.age_dx:
        if main.startswith(prefixes) and ((first is not None and age < first) or (last is not None and age > last)):
            return _bad("AGE_DX", f"主要诊断{main}与年龄{age}岁矛盾")
    return _GOOD


def _dates(sheet: SettlementList, _terms: ListTerms, _codes: Codes | None) -> _Answer:
    if not _has(sheet, "adm_date", "dscg_date"):
        return _OPEN
    days = (sheet["dscg_date"] - sheet["adm_date"]).days
    if days < 0:
        return _bad("DATE_ORDER", "出院早于入院")
    if _filled(sheet.get("act_ipt_days")) and sheet["act_ipt_days"] != days:
        return _bad("STAY_DAYS", f"住院天数填{sheet['act_ipt_days']}，按日期为{days}")
    return _GOOD


def _fits(sheet: SettlementList, _terms: ListTerms, codes: Codes | None) -> _Answer:
    if codes is None or codes.unfit is None or not _has(sheet, "diag_codes"):
        return _OPEN
    main = sheet["diag_codes"][0]
    wrong = [code for code in sheet.get("oprn_codes") or () if (main, code) in codes.unfit]
    return _bad("DX_PX", f"手术操作{wrong[0]}与主要诊断{main}不符") if wrong else _GOOD


def _total(sheet: SettlementList, terms: ListTerms, _codes: Codes | None) -> _Answer:
    if not _has(sheet, "medfee_sumamt", "item_amounts"):
        return _OPEN
    gap = abs(sum(sheet["item_amounts"]) - sheet["medfee_sumamt"])
    return _bad("TOTAL_MISMATCH", "明细合计不等于总额") if gap > terms.tolerance_fen else _GOOD


def _cost(_sheet: SettlementList, _terms: ListTerms, _codes: Codes | None) -> _Answer:
    """诊断与费用: no text has a threshold, so nothing can be judged."""
    return _OPEN


def _same(sheet: SettlementList, _terms: ListTerms, _codes: Codes | None) -> _Answer:
    front = sheet.get("front_page")
    if not front:
        return _OPEN
    other = [name for name in ("diag_codes", "oprn_codes", "medfee_sumamt") if name in front and name in sheet
             and front[name] != sheet[name]]  # fmt: skip
    return _bad("FRONT_PAGE", f"与病案首页或票据不一致：{'、'.join(other)}") if other else _GOOD


def _counts(sheet: SettlementList, _terms: ListTerms, _codes: Codes | None) -> _Answer:
    stated = (("diag_code_cnt", "diag_codes"), ("oprn_oprt_code_cnt", "oprn_codes"))
    known = [(name, codes) for name, codes in stated if _filled(sheet.get(name)) and codes in sheet]
    if not known:
        return _OPEN
    wrong = [name for name, codes in known if sheet[name] != len(sheet[codes] or ())]
    return _bad("CODE_COUNT", "代码计数与所填行数不符") if wrong else _GOOD


_CHECKS: tuple[tuple[str, str, Callable[[SettlementList, ListTerms, Codes | None], _Answer]], ...] = (
    ("Q01", "及时性", _timely), ("Q02", "完整性", _complete), ("Q03", "完整性", _newborn),
    ("Q04", "完整性", _applicable), ("Q05", "准确性", _known_codes), ("Q06", "逻辑性", _sex), ("Q07", "逻辑性", _age),
    ("Q08", "逻辑性", _dates), ("Q09", "逻辑性", _fits), ("Q10", "逻辑性", _total), ("Q11", "逻辑性", _cost),
    ("Q12", "一致性", _same), ("Q13", "逻辑性", _counts),
)  # fmt: skip


def check_list(sheet: SettlementList, terms: ListTerms, codes: Codes | None = None) -> list[Check]:
    """Every check of a list, in their order; none stops the others."""
    return [Check(number, dimension, *rule(sheet, terms, codes)) for number, dimension, rule in _CHECKS]


def verdict(checks: Iterable[Check]) -> str:
    """The code of the first failure, else PASS: a list fails by what is wrong, not by what nobody could judge."""
    return next((one.code for one in checks if one.result is _FAIL), Result.PASS.value)


def archive_due(discharge: date, days: int) -> date:
    """The last day for filing the record and uploading the list: calendar days after discharge."""
    return discharge + timedelta(days=days)


class ListRates(NamedTuple):
    """清单指标: 上传率 of discharges; 质控通过率 and 入组率 of uploaded lists; None where nothing is counted."""

    upload: Fraction | None
    passed: Fraction | None
    grouped: Fraction | None


def list_rates(discharges: int, uploaded: int, passed: int, grouped: int) -> ListRates:
    """The rates of a set of discharges; the denominators are ours, the draft names the rates only."""

    def rate(part: int, whole: int) -> Fraction | None:
        return Fraction(part, whole) if whole else None

    return ListRates(rate(uploaded, discharges), rate(passed, uploaded), rate(grouped, uploaded))
