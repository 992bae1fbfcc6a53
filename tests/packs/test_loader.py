"""Packs of one's own over the shipped ones: search path, extension, overlays by path, text scalars."""

import os
from datetime import date
from pathlib import Path

import pytest

from yibao.kernel import Severity
from yibao.packs import PackError, load_law, load_pack_findings

DAY = date(2025, 6, 1)
MANIFEST = 'code: "{code}"\nname: {name}\nextends: {extends}\nfirst_day: 2025-01-01\n'
PARAMETER = """- key: {key}
  from: 2025-01-01
  value: {value}
  unit: {unit}
  source: {{doc: 某市文件, article: 一, published: 2025-01-01}}
  grade: official
"""


def pack(folder: Path, code: str = "990100", name: str = "甲市", extends: str = "national", **files: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text(MANIFEST.format(code=code, name=name, extends=extends), encoding="utf-8")
    for stem, text in files.items():
        (folder / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return folder


def parameter(key: str, value: str, unit: str = "text") -> str:
    return PARAMETER.format(key=key, value=value, unit=unit)


def test_a_new_city_is_a_new_folder_of_yaml(tmp_path: Path) -> None:
    pack(tmp_path / "jia", dip=parameter("dip.regime", "dip2_0"))
    law = load_law("甲市", pack_dirs=[tmp_path])
    assert law.at(DAY).text("dip.regime") == "dip2_0"
    assert law.at(DAY).items("dip.layers", regime="dip2_0") == ("core", "composite")


def test_a_pack_directory_may_be_the_pack_itself(tmp_path: Path) -> None:
    folder = pack(tmp_path / "jia", dip=parameter("dip.regime", "dip2_0"))
    assert load_law("jia", pack_dirs=[folder]).at(DAY).has("dip.regime")


def test_packs_are_found_through_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(tmp_path / "one" / "jia")
    pack(tmp_path / "two" / "yi", code="990200", name="乙市")
    monkeypatch.setenv("YIBAO_PACKS", os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")]))
    assert load_law("乙市").code == "990200"


def test_a_users_pack_goes_over_the_shipped_one_it_extends(tmp_path: Path) -> None:
    text = parameter("dip.ungrouped.k", '"0.7"', "ratio")
    pack(tmp_path / "zibo", code="370300", name="淄博市", extends="zibo", dip=text)
    law = load_law("370300", ["demo"], pack_dirs=[tmp_path])
    assert [layer.name for layer in law.layers] == ["national", "zibo", "zibo", "overlay:demo"]
    plain = load_law("zibo", pack_dirs=[tmp_path]).at(DAY)
    assert plain.text("dip.ungrouped.k") == "0.7"
    assert plain.text("dip.regime") == "dip2_0"


def test_a_users_pack_that_does_not_extend_the_shipped_one_takes_its_place(tmp_path: Path) -> None:
    pack(tmp_path / "zibo", code="370300", name="淄博市")
    assert not load_law("zibo", pack_dirs=[tmp_path]).at(DAY).has("dip.regime")


def test_an_overlay_may_be_a_file_and_the_last_one_wins(tmp_path: Path) -> None:
    reform = tmp_path / "reform.yaml"
    reform.write_text(parameter("dip.ungrouped.k", '"0.6"', "ratio"), encoding="utf-8")
    view = load_law("zibo", ["demo", str(reform)]).at(DAY)
    assert view.text("dip.ungrouped.k", regime="dip2_0") == "0.6"
    assert load_law("zibo", [reform, "demo"]).at(DAY).text("dip.ungrouped.k", regime="dip2_0") == "0.8"


@pytest.mark.parametrize("written", ["010203", "no", "1e3", "2025-01-01", "0x1F", "null", "1_000"])
def test_scalars_stay_as_written(tmp_path: Path, written: str) -> None:
    pack(tmp_path / "jia", dip=parameter("dip.library", written))
    assert load_law("jia", pack_dirs=[tmp_path]).at(DAY).text("dip.library") == written


def test_an_unknown_city_is_an_error_that_lists_those_there_are() -> None:
    with pytest.raises(PackError, match=r"找不到政策包“zobo”.*zibo（淄博市 370300）.*相近的有“zibo”"):
        load_law("zobo")


def test_an_unknown_overlay_is_an_error_that_lists_those_there_are() -> None:
    with pytest.raises(PackError, match=r"找不到方案“domo”.*demo、dip2020、dip3_draft"):
        load_law("zibo", ["domo"])


def test_a_pack_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="政策包目录不存在"):
        load_law("zibo", pack_dirs=[tmp_path / "none"])


def test_all_faults_of_all_files_are_listed_at_once(tmp_path: Path) -> None:
    faults = {"a": parameter("dip.regime", "dip9"), "b": parameter("dip.core.min_cases", "many", "cases")}
    pack(tmp_path / "jia", **faults)
    with pytest.raises(PackError) as caught:
        load_law("jia", pack_dirs=[tmp_path])
    assert [one.code for one in caught.value.findings] == ["bad_value", "value_not_allowed"]
    assert str(caught.value).startswith("政策包有2处问题：\n")
    assert f"{tmp_path}/jia/b.yaml:3:10" in str(caught.value)


def test_a_broken_pack_of_another_city_does_not_stop_this_one(tmp_path: Path) -> None:
    pack(tmp_path / "jia", code="not a code")
    assert load_law("zibo", pack_dirs=[tmp_path]).code == "370300"


def test_a_remark_does_not_stop_the_load(tmp_path: Path) -> None:
    folder = pack(tmp_path / "jia", dip=parameter("dip.new_thing", "x"))
    assert load_law("jia", pack_dirs=[tmp_path]).at(DAY).text("dip.new_thing") == "x"
    assert [one.severity for one in load_pack_findings([folder])] == [Severity.WARNING]


def test_the_holiday_table_of_a_users_pack_adds_a_year(tmp_path: Path) -> None:
    notice = """- year: 2027
  off: {元旦: 2027-01-01..2027-01-03}
  source: {doc: 某通知, published: 2026-11-01}
  grade: official
"""
    pack(tmp_path / "jia", holidays=notice)
    law = load_law("jia", pack_dirs=[tmp_path])
    assert law.nth_working_day(2027, 1, 1) == date(2027, 1, 4)
    assert law.nth_working_day(2026, 1, 1) == date(2026, 1, 4)


def test_checking_a_file_of_a_pack_checks_the_pack_with_its_overlays(tmp_path: Path) -> None:
    folder = pack(tmp_path / "jia", dip=parameter("dip.regime", "dip2_0"))
    (folder / "overlays").mkdir()
    (folder / "overlays" / "reform.yaml").write_text(parameter("dip.regime", "dip9"), encoding="utf-8")
    found = load_pack_findings([folder / "dip.yaml"])
    assert [one.code for one in found] == ["value_not_allowed"]
    assert "jia/overlays/reform.yaml:1:3" in str(found[0])
