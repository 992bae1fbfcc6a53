"""The reforms of the documents as overlays: each changes what it says and nothing else. One that the pack has already
is written as what would be without it.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from packs.benefit_contexts import BEFORE, INPATIENT, NOW, POOR, REFORM, Context, context, contexts, needed

from yibao.flows.law import diff
from yibao.kernel import Grade
from yibao.law import Law, MissingParameter
from yibao.packs import PackError, load_law, load_pack_findings
from yibao.packs.folders import SHIPPED

REFORMS = {
    "zhoushan": ("before_reform2023",), "dongguan": ("without_signed",),
    "shaanxi": ("without_incentives", "premium_plus20"), "nanchang": ("premium_plus20",),
    "national": ("premium_plus20",),
}  # fmt: skip
OF = [(city, name) for city, names in REFORMS.items() for name in names]


@cache
def law(city: str, *overlays: str) -> Law:
    return load_law(city, overlays)


def values(of: Law, day: date, one: Context) -> Iterator[tuple[str, str]]:
    """Every value that a settlement in the context needs, by key and name of the cap."""
    view = of.at(day).given(**one)
    for key, more in needed(view):
        found = view.parameter(key, **more)
        yield f"{key}:{more.get('cap', '')}", found.value_text if isinstance(found.value, str) else repr(found.value)


def test_every_reform_is_known() -> None:
    found = {
        (path.parents[1].name, path.stem)
        for path in SHIPPED.glob("*/overlays/*.yaml")
        if path.stem != "demo" and not path.stem.startswith("dip")
    }
    assert found == set(OF)


@pytest.mark.parametrize(("city", "name"), OF)
def test_a_reform_is_valid_law_that_says_first_what_it_is_and_is_assumed(city: str, name: str) -> None:
    path = SHIPPED / city / "overlays" / f"{name}.yaml"
    assert load_pack_findings([path]) == []
    assert path.read_text(encoding="utf-8").startswith("# 方案：")
    assert {one.grade for one in load_law(city, [name]).layers[-1].parameters} == {Grade.ASSUMED}


@pytest.mark.parametrize("day", [REFORM, date(2024, 7, 1), NOW])
def test_without_its_reform_zhoushan_goes_on_as_on_the_day_before(day: date) -> None:
    """Value for value, but for what changed elsewhere: the incentives of the country from 2025 on."""
    with_it, without = law("zhoushan", "demo"), law("zhoushan", "demo", "before_reform2023")
    same = changed = 0
    for one in contexts(250, seed=day.toordinal()):
        was, is_ = dict(values(with_it, BEFORE, one)), dict(values(without, day, one))
        if day >= date(2025, 1, 1) and "critical.reward:" in was and one["insutype"] == "390":
            assert (was.pop("critical.reward:"), is_.pop("critical.reward:")) == ("false", "true")
        assert is_ == was, one
        same += len(was)
        changed += dict(values(with_it, day, one)) != is_
    assert same > 10_000 and changed > 50


def test_before_the_reform_the_overlay_of_zhoushan_changes_nothing() -> None:
    assert diff(law("zhoushan", "demo"), BEFORE, law("zhoushan", "demo", "before_reform2023"), BEFORE) == []


def test_what_the_reform_of_zhoushan_brought_is_gone_without_it() -> None:
    view = law("zhoushan", "demo", "before_reform2023").at(REFORM)
    poor = context(identity="dibao")
    assert [view.text("benefit.deductible", **context(insutype=one)) for one in ("310", "390")] == ["400", "100"]
    assert [view.text("benefit.rate", **context(kind="inpatient", hosp_lv=one)) for one in "123"] == [
        "0.80", "0.70", "0.60",
    ]  # fmt: skip
    assert view.items("benefit.rate.uplifts", **context(contract="signed", point="none")) == ("none",)
    assert view.items("benefit.rate.uplifts", **context(contract="signed", point="main")) == ("signed",)
    assert view.text("offsite.adjust", **context(offsite="unfiled")) == "0.20"
    assert view.items("benefit.layers", **poor) == ("none",)
    assert "household" not in view.items("benefit.layers", **POOR)


def changed_contexts(city: str, name: str, day: date) -> list[tuple[Context, set[str]]]:
    """The contexts in which the overlay changes what a settlement needs, with the keys changed."""
    with_it, without = law(city, "demo"), law(city, "demo", name)
    found = []
    points = product(("none", "signed", "performed"), ("main", "none"), ("direct", "emergency"), ("none", "unfiled"))
    at_the_point = [context(contract=one, point=point, access=way, offsite=off) for one, point, way, off in points]
    for one in (*contexts(100, seed=4), *at_the_point):
        was, is_ = dict(values(with_it, day, one)), dict(values(without, day, one))
        keys = {key for key in {*was, *is_} if was.get(key) != is_.get(key)}
        if keys:
            found.append((one, keys))
    return found


def test_without_the_contract_dongguan_pays_seventy_and_nothing_else_changes() -> None:
    found = changed_contexts("dongguan", "without_signed", NOW)
    assert found
    for one, keys in found:
        assert keys == {"benefit.rate.uplifts:", "benefit.rate.uplift.signed:"}
        assert (one["kind"], one["hosp_lv"], one["fixmedins_type"]) == ("outpatient", "1", "1")
        assert (one["contract"], one["offsite"], one["access"]) == ("performed", "none", "direct")
        assert one["point"] in ("main", "aux")
    view = law("dongguan", "without_signed").at(NOW).given(**context(contract="performed"))
    assert (view.text("benefit.rate"), view.items("benefit.rate.uplifts")) == ("0.70", ("none",))


def test_without_the_incentives_only_the_ceiling_of_residents_changes_from_2025_on() -> None:
    found = changed_contexts("shaanxi", "without_incentives", NOW)
    assert found and all(keys == {"critical.reward:"} for _, keys in found)
    assert {one["insutype"] for one, _ in found} == {"390"}
    before = date(2024, 12, 31)
    assert diff(law("shaanxi"), before, law("shaanxi", "without_incentives"), before) == []
    assert law("shaanxi").at(NOW).flag("critical.reward", **INPATIENT)
    assert not law("shaanxi", "without_incentives").at(NOW).flag("critical.reward", **INPATIENT)


@pytest.mark.parametrize(
    ("city", "years"),
    [("shaanxi", (2025, 2026)), ("nanchang", (2025, 2026)), ("zibo", (2026,)), ("dongguan", (2026,)),
     ("zhoushan", (2026,)), ("national", (2026,))],
)  # fmt: skip
def test_twenty_yuan_more_of_premium_in_the_years_of_which_a_premium_is_known(
    city: str, years: tuple[int, ...]
) -> None:
    known, more = law(city), law(city, "premium_plus20")
    for year in range(2023, 2029):
        day = date(year, 1, 1)
        changes = diff(known, day, more, day)
        if year in years:
            assert more.at(day).money("resident.personal_premium") == 42_000
            assert known.at(day).money("resident.personal_premium") == 40_000
        else:
            assert changes == []
        assert {one.key for one in changes} <= {"resident.personal_premium"}
    with pytest.raises(MissingParameter):
        more.at(date(2027, 1, 1)).money("resident.personal_premium")


def test_a_reform_of_the_country_is_found_from_any_city_and_one_of_a_city_by_itself_alone() -> None:
    assert Path(law("zhoushan", "premium_plus20").layers[-1].parameters[0].origin.file).parts[-3] == "national"
    assert Path(law("shaanxi", "premium_plus20").layers[-1].parameters[0].origin.file).parts[-3] == "shaanxi"
    with pytest.raises(PackError, match=r"找不到方案“before_reform2023”.*premium_plus20"):
        load_law("dongguan", ["before_reform2023"])
