"""加成系数: what an institution's coefficient gains by last year's measures, its specialties and its credit.

Each item gives the add of the highest step it reaches; the items are summed and capped. Measures are exact ratios, adds
integer 10⁻⁴. The steps are the law's table ``dip.coef.addons``.
Source: S4 三(三) (基本系数 + 加成系数: 医疗机构类型、相关运行评价指标), DIP_REGIMES A.6.2.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import pyarrow as pa

from yibao.kernel import POINT_SCALE, exact_ratio, half_up_ratio, scaled
from yibao.law import View
from yibao.payment.coefficient import SCALE
from yibao.payment.terms import TermsError, exact
from yibao.standard import CODE_TABLES

ADDON_KEYS = ("dip.coef.shape", "dip.coef.addons", "dip.coef.addon_cap")
ITEMS = {
    "cmi": "病例组合指数",
    "elderly": "老年患者占比",
    "child": "儿童患者占比",
    "tcm": "中医药费用占比",
    "key_specialty": "重点专科数",
    "credit": "信用等级",
}
"""The items in the order they are shown, with their Chinese names."""
_GRADES = tuple(CODE_TABLES["credit_lv"].codes)
"""Credit grades from the best to the worst."""


class AddonError(TermsError):
    """The law's steps are faulty. The message is Chinese and lists every fault."""


class Step(NamedTuple):
    """A step of an item: from what measure on, and what it adds (10⁻⁴). A credit grade counts from the worst up."""

    at: Fraction
    add: int


class AddonRules(NamedTuple):
    """The steps of each item, ascending, and the most that all items together may add (10⁻⁴)."""

    steps: Mapping[str, Sequence[Step]]
    cap: int


class History(NamedTuple):
    """An institution's last year: cases, cases with a group, fee in fen, Σ group points (10⁻⁴ 分), cases of the elderly
    and of children, fee of 中医药 in fen. What the data do not have is None.
    """

    n: int
    n_grouped: int
    fee: int
    group_points: int
    n_elderly: int | None
    n_child: int | None
    tcm_fee: int | None


class Addon(NamedTuple):
    """What an item adds to an institution's coefficient (10⁻⁴), and its measure as text for people."""

    fixmedins_code: str
    item: str
    measure: str
    add: int


def read_addons(view: View, regime: str) -> AddonRules:
    """The steps and the cap in force on the view's day; no steps where the law's coefficient has none (base_only).

    Raises AddonError with every fault of the table, MissingParameter when the law leaves a key open.
    """
    if view.text("dip.coef.shape", regime=regime) == "base_only":
        return AddonRules({}, 0)
    steps, faults = _steps(view.table("dip.coef.addons", regime=regime))
    if faults:
        raise AddonError(f"参数“dip.coef.addons”（加成系数标准）有误：{'；'.join(faults)}")
    return AddonRules(steps, exact(view, "dip.coef.addon_cap", SCALE, regime=regime))


def _steps(rows: Iterable[Mapping[str, str]]) -> tuple[dict[str, list[Step]], list[str]]:
    """The steps by item, and every fault: unknown items, values that are no numbers, steps that do not ascend."""
    found: dict[str, list[Step]] = {}
    faults: list[str] = []
    for place, row in enumerate(rows, start=1):
        item, start, add = (row.get(name, "") for name in ("item", "from", "add"))
        if item not in ITEMS:
            faults.append(f"第{place}行的项目“{item}”不认识，应为{'、'.join(ITEMS)}")
            continue
        try:
            step = Step(_grade(start) if item == "credit" else exact_ratio(start), scaled(add, SCALE))
        except ValueError:
            faults.append(f"第{place}行（{ITEMS[item]}）的起点“{start}”或加成“{add}”不是可用的数")
            continue
        before = found.setdefault(item, [])
        if step.add < 0 or (before and not (before[-1].at < step.at and before[-1].add < step.add)):
            faults.append(f"第{place}行（{ITEMS[item]}）的起点和加成须逐档增大，不得为负")
        before.append(step)
    return found, faults


def _grade(letter: str) -> Fraction:
    if letter not in _GRADES:
        raise ValueError(f"no credit grade: {letter}")
    return Fraction(len(_GRADES) - _GRADES.index(letter))


def measures(history: History | None, key_specialties: int | None, credit_lv: str, scale: int) -> dict[str, Fraction]:
    """An institution's measures by item; an item whose data are missing is left out.

    CMI = Σ group points ÷ cases with a group ÷ ``scale``; shares are of last year's cases and fee.
    """
    found: dict[str, Fraction] = {}
    if history is not None and history.n_grouped:
        found["cmi"] = Fraction(history.group_points, POINT_SCALE * history.n_grouped * scale)
    if history is not None and history.n:
        counts = {"elderly": history.n_elderly, "child": history.n_child}
        found |= {item: Fraction(n, history.n) for item, n in counts.items() if n is not None}
    if history is not None and history.fee and history.tcm_fee is not None:
        found["tcm"] = Fraction(history.tcm_fee, history.fee)
    if key_specialties is not None:
        found["key_specialty"] = Fraction(key_specialties)
    if credit_lv in _GRADES:
        found["credit"] = _grade(credit_lv)
    return found


def addons(fixmedins_code: str, measured: Mapping[str, Fraction], rules: AddonRules) -> tuple[list[Addon], int]:
    """What each item adds to an institution's coefficient, and the capped sum (10⁻⁴)."""
    items = [
        Addon(fixmedins_code, item, _text(item, value), _reached(rules.steps.get(item, ()), value))
        for item, value in ((item, measured.get(item)) for item in ITEMS)
    ]
    return items, min(sum(one.add for one in items), rules.cap)


def _reached(steps: Sequence[Step], value: Fraction | None) -> int:
    return max((step.add for step in steps if value is not None and value >= step.at), default=0)


def _text(item: str, value: Fraction | None) -> str:
    if value is None:
        return "无数据"
    if item == "credit":
        return _GRADES[len(_GRADES) - int(value)]
    if item == "key_specialty":
        return str(int(value))
    whole = half_up_ratio(value, 10**4)
    if item == "cmi":
        return f"{whole // 10**4}.{whole % 10**4:04d}"
    return f"{whole // 100}.{whole % 100:02d}%"


def addon_tables(every: Sequence[tuple[Sequence[Addon], int]]) -> tuple[pa.Table, pa.Table]:
    """The tables ``institution_addon`` (grain fixmedins_code) and ``addon_item`` (grain fixmedins_code, item)."""
    text, whole = pa.string(), pa.int64()
    sums = [{"fixmedins_code": items[0].fixmedins_code, "addon": capped} for items, capped in every]
    rows = [one._asdict() for items, _ in every for one in items]
    return (
        pa.Table.from_pylist(sums, schema=pa.schema([("fixmedins_code", text), ("addon", whole)])),
        pa.Table.from_pylist(
            rows, schema=pa.schema([("fixmedins_code", text), ("item", text), ("measure", text), ("add", whole)])
        ),
    )
