"""A settlement's amounts as Steps: each with the parameter that the law gave for it."""

import json
from collections.abc import Mapping
from typing import Any

from yibao.benefit.counter_records import Settlement
from yibao.kernel import Step, yuan_text
from yibao.law import Parameter

ROWS = (
    ("TOTAL", "医疗费总额", ()),
    ("OWNPAY", "全自费", ()),
    ("OVERLIMIT", "超限价自付", ()),
    ("PRESELF", "先行自付", ("offsite.adjust",)),
    ("INSCOPE", "符合政策范围", ()),
    ("DEDUCTIBLE", "起付线", ("benefit.deductible",)),
    ("BASIC", "统筹基金支付", ("benefit.bands", "benefit.rate")),
    ("SPECIAL", "特药单行支付", ("special.rate",)),
    ("LARGE", "职工大额支付", ("large.bands",)),
    ("CRITICAL", "大病保险支付", ("critical.bands",)),
    ("AID", "医疗救助", ("aid.rate",)),
    ("TILT", "倾斜救助", ("aid.tilt.rate",)),
    ("CIVIL", "公务员医疗补助", ("civil.rate",)),
    ("HOUSEHOLD", "家庭自付封顶支付", ("household.self_cap",)),
    ("COMMERCIAL", "惠民保支付", ("commercial.in.rate",)),
    ("ACCOUNT", "个人账户支付", ("account.pays",)),
    ("MUTUAL", "家庭共济支付", ("account.mutual",)),
    ("CASH", "个人现金支付", ()),
)  # fmt: skip
"""The amounts of a result in the order of the waterfall, with the keys that may have given them, the first that was."""


def steps_of(settlement: Settlement, used: Mapping[str, Parameter]) -> list[Step]:
    """One Step for each amount that is not zero. ``used`` are the parameters read for its terms."""
    result: dict[str, int] = json.loads(settlement.result)
    return [_step(label, result[name], keys, used) for name, label, keys in ROWS if result.get(name)]


def _step(label: str, fen: int, keys: tuple[str, ...], used: Mapping[str, Parameter]) -> Step:
    found: Any = next((used[key] for key in keys if key in used), None)
    if found is None:
        return Step(label, yuan_text(fen), "元")
    return Step(label, yuan_text(fen), "元", found.value_text, found.key, str(found.source), not found.grade.verified)
