"""Rows of enrolment that are well formed one by one and yet cannot be right: each as a Finding a clerk understands.

What `yibao.tables` checks (types, codes, keys) is not repeated here. Findings say what the engine does with the row.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from yibao.enrolment.records import BASIC, EMPLOYEE, ENDED, RESIDENT, SUSPENDED, YEARS, Contribution, Enrolment, Person
from yibao.kernel import Finding, Severity


def enrolment_findings(person: Person, enrolments: Sequence[Enrolment]) -> Iterator[Finding]:
    """Faults of a person's enrolments: stopped before they began, stopped on no day, twice at once in one pool."""
    ordered = sorted(enrolments, key=lambda one: one.psn_insu_date)
    for one in ordered:
        if one.paus_insu_date is not None and one.paus_insu_date < one.psn_insu_date:
            yield _fault(
                "stop_before_start", person, f"暂停参保日期{one.paus_insu_date}早于参保日期{one.psn_insu_date}",
                "这段参保关系按没有在保处理", "改正日期",
            )  # fmt: skip
        if one.paus_insu_date is None and one.psn_insu_stas in (SUSPENDED, ENDED):
            yield _fault(
                "stop_date_missing", person, f"{one.psn_insu_date}的参保关系已停保，没有暂停参保日期",
                "不知道何时停保，这段参保关系按没有在保处理", "补填暂停参保日期",
            )  # fmt: skip
        if person.brdy is not None and one.psn_insu_date < person.brdy:
            yield _fault(
                "enrolled_before_birth", person, f"参保日期{one.psn_insu_date}早于出生日期{person.brdy}",
                "出生之前不享受待遇", "核对出生日期和参保日期",
            )  # fmt: skip
        if person.die_date is not None and one.psn_insu_date > person.die_date:
            yield _fault(
                "enrolled_after_death", person, f"参保日期{one.psn_insu_date}晚于死亡日期{person.die_date}",
                "死亡之后不享受待遇", "核对死亡登记；疑似冒名参保的移交稽核",
            )  # fmt: skip
    for one, other in pairwise(ordered):
        same = one[1:3] == other[1:3]
        open_then = one.paus_insu_date is None or one.paus_insu_date > other.psn_insu_date
        if same and open_then and one.psn_insu_stas == "1":
            yield _fault(
                "spell_overlap", person, f"{one.psn_insu_date}和{other.psn_insu_date}起的两段参保关系重叠",
                "同一统筹区同一险种只算一次", "终止前一段，或删去重复的登记",
            )  # fmt: skip


def contribution_findings(contributions: Sequence[Contribution], known: date | None = None) -> Iterator[Finding]:
    """Faults of payments: month missing or out of place, a year that is none, a negative due, paid in the future.

    ``known`` is the last day that the file can know of.
    """
    for one in contributions:
        key = one.psn_no
        if one.insutype == EMPLOYEE and (one.clct_month is None or not 1 <= one.clct_month <= 12):
            yield _row(
                "month_missing",
                key,
                f"职工{one.year}年的缴费没有所属月，或不是1至12月",
                "这一行不计入参保",
                "填写费款所属月",
            )
        if one.insutype == RESIDENT and one.clct_month is not None:
            yield _row(
                "month_unexpected", key, f"居民{one.year}年按年缴费，不应有所属月", "这一行不计入参保", "清空费款所属月"
            )
        if one.insutype not in BASIC:
            yield _row("not_basic", key, f"险种{one.insutype}不是基本医保", "这一行不计入参保", "补充保险另行登记")
        if one.year not in YEARS:
            yield _row("bad_year", key, f"保障年度{one.year}不可能", "这一行不计入参保", "改正年度")
        if one.clct_amt < 0 or one.aid_amt < 0:
            yield _row(
                "negative_due", key, "应缴金额或资助金额为负", "多缴的会被当作足额", "更正用负的实缴金额，不用负的应缴"
            )
        if known is not None and one.paid_date > known:
            yield _row(
                "paid_in_future", key, f"缴费日期{one.paid_date}在数据截止日{known}之后", "按到账处理", "核对缴费日期"
            )


def _fault(code: str, person: Person, message: str, cause: str, step: str) -> Finding:
    return _row(code, person.psn_no, message, cause, step)


def _row(code: str, key: str, message: str, cause: str, step: str) -> Finding:
    return Finding(code, Severity.ERROR, message, cause=cause, next_step=step, key=key)
