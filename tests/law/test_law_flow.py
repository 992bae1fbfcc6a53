"""The rows behind ``yibao law show|check|diff``."""

from datetime import date

from yibao.flows import law as flow
from yibao.packs import load_law

DAY = date(2025, 6, 1)


def test_show_lists_value_unit_condition_dates_grade_source_and_place() -> None:
    rows = flow.show(load_law("zibo"), DAY, prefix="dip.regime")
    own = next(row for row in rows if row.key == "dip.regime")
    assert (own.value, own.unit, own.grade, own.period) == ("dip2_0", "文本", "官方文件", "2025-01-01 起")
    assert own.label == "适用的DIP版本规则"
    assert "三(一)" in own.source
    assert own.origin.startswith("packs/zibo/dip.yaml:")
    assert [row.status for row in rows if row.key == "dip.regime.status"] == ["", "", "草案"]


def test_show_as_known_before_publication_lists_nothing_of_the_city() -> None:
    assert flow.show(load_law("zibo"), DAY, known=date(2024, 12, 19), prefix="budget.") == []


def test_check_of_the_shipped_packs_finds_nothing() -> None:
    assert flow.check() == []


def test_diff_names_what_an_overlay_adds() -> None:
    plain, demo = load_law("zibo"), load_law("zibo", ["demo"])
    changes = flow.diff(plain, DAY, demo, DAY)
    added = [one for one in changes if one.key == "dip.ungrouped.k"]
    assert [(one.kind, one.before, one.after) for one in added] == [("新增", "", "0.8")]
    assert flow.diff(plain, DAY, plain, DAY) == []


def test_diff_names_what_changes_and_what_ends() -> None:
    demo, draft = load_law("zibo", ["demo"]), load_law("zibo", ["demo", "dip3_draft"])
    assert [(one.kind, one.key, one.before, one.after) for one in flow.diff(demo, DAY, draft, DAY)] == [
        ("变更", "dip.regime", "dip2_0", "dip3_0_draft")
    ]
    ended = flow.diff(demo, DAY, demo, date(2024, 12, 31), prefix="dip.regime")
    assert [(one.kind, one.key, one.after) for one in ended] == [("取消", "dip.regime", "")]
