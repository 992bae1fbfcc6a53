"""One case's way to its payment: every layer tried, every figure, and clear words for ids that are not there."""

import shutil
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from small_run import BUDGET, Run, write

from yibao.kernel import Step
from yibao.report.explain import ExplainError, explain, explain_text
from yibao.report.names import Names
from yibao.report.result import ReportError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write(tmp_path_factory.mktemp("explained"))


def by_label(steps: list[Step]) -> dict[str, Step]:
    return {step.label: step for step in steps}


def test_a_core_case_names_its_group_and_how_the_points_came_about(run: Run) -> None:
    steps = by_label(explain(run.priced, "NORMAL", catalogue=run.catalogue))
    assert (steps["入组"].value, steps["入组"].unit) == ("K35.3-47.0100", "核心病种")
    assert steps["病种分值"].value == "1,000.0000"
    assert steps["病种分值"].detail.startswith("9,000.00元 ÷ 9,000.00元 × 1000：病种历史20例的加权例均费用")
    assert steps["费用标准"].detail == "本病种同级医疗机构上一年度的例均费用：180,000.00元 ÷ 20例"
    assert "取为主要手术操作" in steps["主要手术及操作"].detail


@pytest.mark.parametrize(
    ("case", "kind", "factor", "words"),
    [
        ("LOW", "费用偏低", "0.444444", "费用是标准的0.4444倍，低于0.5倍"),
        ("HIGH", "费用偏高", "1.222222", "费用是标准的2.2222倍，高于2倍，系数 = 倍数 − 2 + 1"),
        ("EXTREME", "费用极高", "5.666667", "高于5倍，提交专家评议"),
        ("NORMAL", "费用正常", "1.000000", "不调整"),
    ],
)
def test_a_deviation_is_told_with_its_standard_and_its_factor(
    run: Run, case: str, kind: str, factor: str, words: str
) -> None:
    step = by_label(explain(run.priced, case, catalogue=run.catalogue))[f"费用偏差（{kind}）"]
    assert step.value == factor
    assert words in step.detail
    assert step.unverified
    assert "dip.deviation.low" in step.key


def test_the_steps_multiply_to_the_case_points_and_the_pay(run: Run) -> None:
    steps = by_label(explain(run.priced, "HIGH", catalogue=run.catalogue))
    exact = Decimal(20000) / 9000 - 1
    points = Decimal(1000) * Decimal(steps["医疗机构系数"].value) * exact
    assert steps["病例分值"].value == f"{points.quantize(Decimal('0.0001'), ROUND_HALF_UP):,}"
    share = Decimal(steps["病例分值"].value.replace(",", "")) / Decimal("9877.7777")
    pay = Decimal(steps["支付金额"].value.replace(",", ""))
    assert abs(Decimal(BUDGET) * share - pay) < Decimal("0.01")


def test_each_layer_that_did_not_answer_says_why_in_the_order_of_assignment(run: Run) -> None:
    steps = explain(run.priced, "CHAPTER", catalogue=run.catalogue)
    tried = [step for step in steps if step.value == "不符合"]
    assert [step.label.split("（")[0] for step in tried] == ["核心病种", "核心病种", "并项", "综合病种"]
    assert tried[1].detail == "目录没有病种 K81.0-47.0100：历史病例不足15例，未单独成组"
    assert tried[2].detail.startswith("目录没有病种 K81-47.0100")
    assert tried[3].detail == "目录没有病种 K81|相关手术组：历史病例不足15例，未设组"
    hit = by_label(steps)["入组"]
    assert hit.value == "K00-K93|47.0"
    assert "章节兜底（手术亚目）" in hit.detail
    assert "本章节同类的全部历史病例" in by_label(steps)["病种分值"].detail


def test_a_composite_case_says_why_its_own_code_is_no_core_group(run: Run) -> None:
    steps = by_label(explain(run.priced, "COMPOSITE", catalogue=run.catalogue))
    assert steps["核心病种"].detail == "目录没有病种 J20.3-保守治疗：历史病例不足15例，未单独成组"
    assert steps["入组"].value == "J20|内科诊疗组"


def test_an_ungrouped_case_has_interim_points_from_its_cost(run: Run) -> None:
    steps = by_label(explain(run.priced, "UNGROUPED", catalogue=run.catalogue))
    assert steps["入组"].value == "未入组"
    assert steps["病例分值"].value == "44.4444"
    assert steps["病例分值"].detail == "未入组的暂定分值：500.00元 ÷ 基准费用9,000.00元 × 1000 × 0.8"
    assert not any(label.startswith("费用偏差") for label in steps)


def test_names_stand_beside_codes(run: Run) -> None:
    names = Names({"K35.300": "急性阑尾炎"}, {"47.0100": "腹腔镜阑尾切除"}, {"H3": "甲医院"})
    text = explain_text(explain(run.priced, "NORMAL", catalogue=run.catalogue, names=names))
    for words in ("K35.300（急性阑尾炎）", "47.0100（腹腔镜阑尾切除）", "H3（甲医院），三级"):
        assert words in text


def test_the_text_numbers_the_steps_and_names_sources_and_doubts(run: Run) -> None:
    lines = explain_text(explain(run.priced, "LOW", catalogue=run.catalogue)).splitlines()
    assert lines[0].startswith(" 1  结算清单")
    assert any("支付金额" in line and line.endswith("5,554.86 元") for line in lines)
    assert any("依据：" in line and "（含未经核实的参数）［dip.px_kinds］" in line for line in lines)


def test_a_catalogue_beside_the_run_is_found_and_without_one_the_way_is_still_told(run: Run, tmp_path: Path) -> None:
    assert explain(run.priced, "LOW") == explain(run.priced, "LOW", catalogue=run.catalogue)
    alone = tmp_path / "priced"
    shutil.copytree(run.priced, alone)
    steps = by_label(explain(alone, "LOW"))
    assert steps["支付金额"].value == "5,554.86"
    assert "病种历史加权例均费用 ÷ 基准病种 K35.3-47.0100 的例均费用9,000.00元" in steps["病种分值"].detail


def test_a_catalogue_of_another_run_is_refused(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(run.catalogue, other)
    summary = (other / "summary.json").read_text(encoding="utf-8")
    (other / "summary.json").write_text(summary.replace('"core_min": 15', '"core_min": 16'), encoding="utf-8")
    with pytest.raises(ReportError, match="不是这次定价所用的目录"):
        explain(run.priced, "LOW", catalogue=other)


def test_an_unknown_id_is_said_to_be_unknown(run: Run) -> None:
    with pytest.raises(ExplainError, match="中没有结算ID“没有这个”：请核对编号"):
        explain(run.priced, "没有这个")


@pytest.mark.parametrize(("case", "reason"), [("NODX", "没有主要诊断"), ("NOFEE", "医疗费总额为零")])
def test_a_rejected_id_is_said_to_be_rejected_with_its_reason(run: Run, case: str, reason: str) -> None:
    with pytest.raises(ExplainError, match=f"结算ID“{case}”被拒收，没有参与定价：{reason}.*rejected.xlsx"):
        explain(run.priced, case)
