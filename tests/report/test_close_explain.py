"""`yibao explain` on a closed year: the whole way to the clearing of the hospital, and clear words where none is."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from small_close import (
    EXCLUDED,
    EXTREME,
    GRANTED,
    HIGH,
    LOW,
    NOT_ELIGIBLE,
    OFFSITE,
    OUTSIDE,
    OVER_QUOTA,
    UNGROUPED,
    write,
)
from typer.testing import CliRunner

from yibao.cli import app
from yibao.kernel import Step
from yibao.report.explain import ExplainError, explain, explain_text
from yibao.report.names import Names
from yibao.tables import ResultFolderError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("closed"))


def steps(folder: Path, case: str) -> dict[str, Step]:
    return {step.label: step for step in explain(folder, case)}


def row(folder: Path, table: str, **where: object) -> dict[str, object]:
    rows = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return next(one for one in rows if all(one[name] == value for name, value in where.items()))


@pytest.mark.parametrize("case", [LOW, HIGH, EXTREME, GRANTED, UNGROUPED, EXCLUDED])
def test_the_amounts_told_are_those_of_the_result(folder: Path, case: str) -> None:
    told, own = steps(folder, case), row(folder, "cases", setl_id=case)
    assert told["应付额"].value == f"{own['due']:,.2f}"
    assert told["病例分值"].value == f"{own['case_points']:,.4f}"
    assert told["支付标准"].value == f"{own['standard']:,.2f}"


def test_the_due_is_the_share_of_the_points_in_the_fund(folder: Path) -> None:
    told, own = steps(folder, HIGH), row(folder, "cases", setl_id=HIGH)
    value = row(folder, "values", fund_type=own["fund_type"])
    share = Decimal(str(value["fund"])) * Decimal(str(own["case_points"])) / Decimal(str(value["points"]))
    assert abs(share - Decimal(told["应付额"].value.replace(",", ""))) < Decimal("0.01")
    assert "各例之和正好等于可分配基金" in told["应付额"].detail
    assert "settle.entitlement.basis" in told["应付额"].key and told["应付额"].unverified


def test_the_coefficient_is_told_as_base_and_add_ons(folder: Path) -> None:
    step = steps(folder, HIGH)["医疗机构系数"]
    assert step.value == "1.1300"
    assert step.detail.startswith("三级基本系数1.1000 + 加成系数0.0300：病例组合指数（1.0234）加0.0100")


def test_an_auxiliary_type_is_told_with_its_coefficient_and_another_case_with_why_it_has_none(folder: Path) -> None:
    case = str(row(folder, "cases", bucket="aux")["setl_id"])
    step = steps(folder, case)["辅助分型"]
    assert (step.value, step.unit) == ("1.3000", "倍")
    assert "命中疾病严重程度“重度”" in step.detail
    assert "辅助分型1.3000" in steps(folder, case)["病例分值"].detail
    assert steps(folder, EXTREME)["辅助分型"].detail == "只有核心病种设辅助分型"


@pytest.mark.parametrize(
    ("case", "value", "why"),
    [
        (GRANTED, "通过", "比按病种付费多"),
        (OVER_QUOTA, "超过限额未批", "全市通过例数已达限额"),
        (NOT_ELIGIBLE, "不符合申请条件", "没有达到申请门槛"),
        (LOW, "没有申请", ""),
    ],
)
def test_a_special_review_is_told_with_its_outcome(folder: Path, case: str, value: str, why: str) -> None:
    step = steps(folder, case)["特例单议"]
    assert step.value == value
    assert why in step.detail


def test_excluded_fees_leave_the_fee_and_are_paid_by_item(folder: Path) -> None:
    told, own = steps(folder, EXCLUDED), row(folder, "cases", setl_id=EXCLUDED)
    paid = (Decimal(600) * Decimal(str(own["booked"])) / Decimal(str(own["medfee_sumamt"]))).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )
    assert told["除外费用"].value == "600.00"
    assert f"= {paid:,.2f}元" in told["除外费用"].detail
    assert "费用是标准的1.0400倍" in told["费用偏差（费用正常）"].detail, "the deviation is of the fee without them"


def test_an_offsite_case_is_paid_by_its_home_pool_and_has_no_clearing(folder: Path) -> None:
    told = steps(folder, OFFSITE[0])
    assert "370100" in told["险种和参保地"].detail and "不占本地预算" in told["险种和参保地"].detail
    assert "由370100的职工医保基金负担" in told["应付额"].detail
    assert "年度清算分档" not in told and "所在月的月度结算" not in told


def test_a_case_of_another_province_is_said_not_to_be_paid_by_dip(folder: Path) -> None:
    told = steps(folder, OUTSIDE)
    assert told["按病种付费"].value == "不适用"
    assert "应付额" not in told


def test_the_month_and_the_clearing_of_the_hospital_are_told(folder: Path) -> None:
    told, own = steps(folder, LOW), row(folder, "cases", setl_id=LOW)
    cleared = row(folder, "clearing", fixmedins_code=own["fixmedins_code"], fund_type=own["fund_type"])
    assert told["年度清算分档"].value == cleared["band"]
    assert "settle.share" in told["年度清算分档"].key
    assert told["清算支付与应付之比"].value == "102.10%"
    assert "settle.deposit" in told["所在月的月度结算"].key


def test_a_member_of_a_group_is_cleared_with_its_group(folder: Path) -> None:
    case = str(row(folder, "cases", fixmedins_code="H4", scope="local")["setl_id"])
    assert "随医共体“甲县医共体”合并计算" in steps(folder, case)["年度清算分档"].detail


def test_names_stand_beside_codes(folder: Path) -> None:
    names = Names({"J20.100": "急性支气管炎"}, {}, {"H1": "甲医院"})
    text = explain_text(explain(folder, EXTREME, names=names))
    assert "J20.100（急性支气管炎）" in text and "H1（甲医院），三级" in text


def test_a_rejected_id_is_answered_with_its_reason(folder: Path) -> None:
    with pytest.raises(ExplainError, match=r"结算ID“BAD”被拒收，没有参与清算：没有主要诊断.*重新清算"):
        explain(folder, "BAD")


def test_an_unknown_id_and_an_unfinished_folder_are_said_to_be_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ExplainError, match="中没有结算ID“没有这个”：请核对编号，以及出院日期是否在清算的日期范围内"):
        explain(folder, "没有这个")
    with pytest.raises(ResultFolderError, match="请先运行 yibao close 或 yibao dip price"):
        explain(tmp_path, LOW)


def test_the_command_prints_the_steps_as_text_and_as_json(folder: Path) -> None:
    shown = CliRunner().invoke(app, ["explain", LOW, "--run", str(folder)])
    assert shown.exit_code == 0 and "年度清算分档" in shown.stdout
    told = json.loads(CliRunner().invoke(app, ["explain", LOW, "--run", str(folder), "--json"]).stdout)
    assert told["setl_id"] == LOW
    assert {"label", "value", "unit", "detail", "key", "source", "unverified"} == set(told["steps"][0])
