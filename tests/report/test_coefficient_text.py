"""The institution coefficient of each method: its figure, its words in a case's way, and its place in the report."""

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from small_run import Run, write

from yibao.flows import dip as flow
from yibao.packs import load_law
from yibao.report.dip import write_report
from yibao.report.explain import explain

OVERLAY = """
- key: dip.coef.method
  where: {{regime: [dip2020, dip2_0, dip3_0_draft]}}
  from: 2025-01-01
  value: "{method}"
  unit: text
  source: {{doc: 测试假定, published: 2026-11-22}}
  grade: assumed
"""


def run_with(method: str, folder: Path) -> Run:
    """The small run with appendectomies at two levels, under one method of the coefficient."""
    overlay = folder / f"{method}.yaml"
    overlay.write_text(OVERLAY.format(method=method), encoding="utf-8")
    return write(folder, two_levels=True, setting=flow.Setting(load_law("zibo", ["demo", overlay])))


# The history by hand: third level 20 appendectomies, 180,000; first level 20 of them, 140,000, and 36 medical cases,
# 84,000. An appendectomy costs 320,000 / 40 = 8,000 in the pool, so the third level's would have cost 160,000 and the
# first level's cases 160,000 + 84,000; the levels' means are 9,000 and 4,000, the pool's 404,000 / 76 = 5,315.79.
METHODS = {
    "case_mix_ratio": [
        ("HIGH", "1.1250", "三级历史费用180,000.00元 ÷ 同样的病例按全市各病种例均费用计160,000.00元"),
        ("MEDICAL", "0.9180", "一级及以下历史费用224,000.00元 ÷ 同样的病例按全市各病种例均费用计244,000.00元"),
    ],
    "level_ratio": [
        ("HIGH", "1.6931", "三级历史加权例均费用9,000.00元 ÷ 全市5,315.79元"),
        ("MEDICAL", "0.7525", "一级及以下历史加权例均费用4,000.00元 ÷ 全市5,315.79元"),
    ],
    "table": [("HIGH", "1.1000", "三级的等级系数"), ("MEDICAL", "0.9000", "一级及以下的等级系数")],
    "none": [
        ("HIGH", "1.0000", "三级：没有等级系数或病种按同病同价，系数为1"),
        ("MEDICAL", "1.0000", "一级及以下：没有等级系数或病种按同病同价，系数为1"),
    ],
}
PAGE = {
    "case_mix_ratio": (
        "本等级历史费用 ÷ 同样的病例按全市各病种例均费用计的费用",
        ["三级 180,000.00 160,000.00 1.1250", "一级及以下 224,000.00 244,000.00 0.9180"],
    ),
    "level_ratio": (
        "本等级历史加权例均费用 ÷ 全市历史加权例均费用",
        ["三级 9,000.00 5,315.79 1.6931", "一级及以下 4,000.00 5,315.79 0.7525"],
    ),
    "table": ("按政策参数的等级系数表", []),
    "none": ("1", []),
}


@pytest.mark.parametrize("method", METHODS)
def test_the_coefficient_follows_its_method_in_the_case_and_on_the_page(method: str, tmp_path: Path) -> None:
    run = run_with(method, tmp_path)
    for case, value, detail in METHODS[method]:
        steps = {step.label: step for step in explain(run.priced, case, catalogue=run.catalogue)}
        assert (steps["医疗机构系数"].value, steps["医疗机构系数"].detail) == (value, detail)
        group = {"HIGH": Decimal(1000), "MEDICAL": Decimal(375)}[case]
        deviation = {"HIGH": Decimal(20000) / 9000 - 1, "MEDICAL": Decimal(1)}[case]
        points = (group * deviation * Decimal(value)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert steps["病例分值"].value == f"{points:,}"
    write_report(run.catalogue, run.priced, tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    rule, rows = PAGE[method]
    assert f"医疗机构系数 ＝ {rule}" in page
    assert [row for row in rows if row not in page] == []
    captions = re.findall(r"<caption>.*?</caption>", html, re.DOTALL)
    assert any("医疗机构等级系数" in caption for caption in captions) == bool(rows)
    assert "本次病例没有医院等级" not in page
