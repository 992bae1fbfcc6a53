"""The kinds of violation in their order of precedence: what each is called, what to do, and which rule it breaks.

The same money is never counted twice: an event that breaks several rules has its fund's money on the first of them.
Source: RULEBOOK §15, T1–T9; the classes are those of its rules.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of violation: stable code, Chinese message, next step, rule, and whether the fund's money is at risk."""

    code: str
    label: str
    next_step: str
    rule: str
    at_risk: bool = True


KINDS = (
    Kind("unknown_institution", "扫码的机构不在定点名单里", "核对机构编号；确为定点机构的先补登机构档案，再重新上传",
         "T1"),
    Kind("scan_future", "扫码时间晚于上传时间", "校正扫码终端的时钟，更正后重新上传", "T9"),
    Kind("code_empty", "没有追溯码", "扫描最小销售包装上的追溯码后重新上传；确无码的，核对是否在无码库", "T1"),
    Kind("code_too_short", "追溯码位数不足", "可能漏扫或手工录入少了数字，对着包装重新扫描", "T1"),
    Kind("code_too_long", "追溯码位数过多", "可能连扫了两次或带上了别的条码，清空后重新扫描", "T1"),
    Kind("code_letters", "追溯码里有不该有的字母或符号", "核对扫的是不是追溯码；企业自编码的格式须先写进政策包", "T1"),
    Kind("code_spoilt", "追溯码被表格软件改成了科学计数法", "把这一列设为文本后重新导出，后几位已经丢失，不能补写",
         "T1"),
    Kind("code_no_serial", "只扫到商品条码，没有序列号", "扫描带序列号的追溯码", "T1"),
    Kind("twice_in_request", "同一次上传里同一码出现两次", "整次退回，逐盒重新扫描", "T8"),
    Kind("sold_twice", "同一码未退货又售出", "核对两次销售的实物和票据，疑似回流、串换、假药，后一次基金不付", "T2"),
    Kind("swapped", "追溯码的药品与结算的药品不同（串换）", "调取处方和实物核对，按实际所售药品更正或追回", "T4"),
    Kind("backflow", "售出的机构不是最后购进的机构（回流）", "核对进货票据和来源，移交稽核", "T5"),
    Kind("bought_back", "售出未退的码又被别的机构购进（回流）", "核对供货来源，追查售出后的去向", "T5", False),
    Kind("split_elsewhere", "同一码在不同机构拆零", "一盒药只能在一家机构拆零，核对哪一家的扫码属实", "T3"),
    Kind("split_other_drug", "同一码拆零成了不同的药品", "核对拆零登记，按包装上的药品更正", "T3"),
    Kind("split_over_pack", "拆零数量合计超过一盒的包装数量", "核对拆零登记和包装数量，超出部分退回基金", "T3"),
    Kind("return_elsewhere", "退货的机构不是售出的机构", "只能在原售出机构按原结算退货，重新办理", "T6"),
    Kind("return_other_sale", "退货的结算不是原销售的结算", "按原结算ID或原零售单据号办理退货", "T6"),
    Kind("return_not_sold", "退货的码没有未退的销售", "核对销售是否漏传；已退过的不得再退", "T6"),
    Kind("return_too_much", "退货数量多于售出未退的数量", "核对原销售数量，按实际退回数量更正", "T6"),
    Kind("codes_not_packs", "扫码个数与销售盒数不等", "一盒一码，补扫漏扫的，撤去多扫的", "T7"),
)  # fmt: skip
"""Every kind of violation of a scan in its order of precedence."""

BY_CODE = {kind.code: kind for kind in KINDS}
ORDER = {kind.code: number for number, kind in enumerate(KINDS)}
(
    TWICE_IN_REQUEST, SOLD_TWICE, SWAPPED, BACKFLOW, BOUGHT_BACK, SPLIT_ELSEWHERE, SPLIT_OTHER_DRUG, OVER_PACK,
    RETURN_ELSEWHERE, RETURN_OTHER_SALE, RETURN_NOT_SOLD, RETURN_TOO_MUCH,
) = range(12)  # fmt: skip
"""The bits of `life`, in the order of `KINDS`."""
OF_LIFE = KINDS[ORDER["twice_in_request"] : ORDER["return_too_much"] + 1]
"""The kinds that `life` finds; bit ``b`` is ``OF_LIFE[b]``."""
LATE = "先发生的一次是迟传的：后一次发生时它还没有上传，转人工核查，不自动改判"
"""What a finding adds where the event it contradicts was uploaded after it (T9)."""

EVENT_OF = {"3503": 2, "3504": 3, "3505": 0, "3506": 1}
"""The kind of event (`sieve`) of a transaction; 3502 goes by its type of change, 3501 and 3507 change no state."""
CHANGES_IN = ("101", "103", "106", "108", "110")
CHANGES_OUT = ("102", "104", "105", "107", "109", "111")
INFNOS = ("3501", "3502", "3503", "3504", "3505", "3506", "3507")


def event_kind(infno: str, inv_chg_type: str = "") -> int:
    """The kind of event of a transaction and, for 3502, its type of change."""
    if infno == "3502":
        return 2 if inv_chg_type in CHANGES_IN else 3 if inv_chg_type in CHANGES_OUT else 4
    return EVENT_OF.get(infno, 4)


def every_event() -> Iterator[tuple[str, str, int]]:
    """Every transaction and type of change with its kind of event."""
    for infno in INFNOS:
        for change in ("", *CHANGES_IN, *CHANGES_OUT):
            yield infno, change, event_kind(infno, change)
