"""Which families of worked examples are covered, and which are not yet: none is forgotten."""

from pathlib import Path

import pytest
from vectors import FAMILIES, VECTORS

NOT_YET = {
    "capitation": "人头",
    "DRG": "DRG点数 DRG低倍率 新技术6% 中治率 DRG支付标准 DRG分组一致性",
    "procurement, agreements, supervision, service": """集采 结余留用 诚信分级 连锁惩戒 处罚 举报奖励 一件事 村卫生室
        ART 中选目录 检查处理率 异地机构增长 国谈药""",
    "facts about published libraries, nothing to compute": "病种库数量 字典数量 结算清单",
}
"""Families without a test yet, by the capability that will bring it."""


def later() -> set[str]:
    return {family for families in NOT_YET.values() for family in families.split()}


def covered() -> set[str]:
    """Families that a test file names in quotes, by the family or by the id of one of its examples."""
    here = Path(__file__)
    texts = [path.read_text(encoding="utf-8") for path in here.parent.rglob("test_*.py") if path != here]
    named = {one.family: {one.family} for one in VECTORS}
    for one in VECTORS:
        named[one.family] |= {one.id, one.id.rstrip("0123456789")}
    return {f for f, names in named.items() if any(f'"{name}"' in text for name in names for text in texts)}


@pytest.mark.skipif(not FAMILIES, reason="../shared/vectors*.json is not beside this checkout")
def test_every_family_is_tested_or_listed_as_not_yet_covered() -> None:
    assert covered() | later() == FAMILIES
    assert not covered() & later(), "covered now: take it off the list"
