"""Every fault a pack can have is reported in Chinese with file, line and column, and all faults of a load at once."""

from pathlib import Path

import pytest
import yaml

from yibao.packs import describe, load_pack_findings

BAD = Path(__file__).parent / "bad"
FILES = sorted(path.name for path in BAD.glob("*.yaml"))
FOLDERS = sorted(path.name for path in BAD.iterdir() if path.is_dir())


def _expected(name: str) -> str:
    return (BAD / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_a_bad_parameter_file_is_reported_with_its_golden_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    lines = [describe(one) for one in load_pack_findings([name])]
    assert "\n".join(lines) + "\n" == _expected(name.removesuffix(".yaml"))


@pytest.mark.parametrize("name", ["tab_indent.yaml", "bad_indent.yaml", "many_faults.yaml"])
def test_the_message_is_the_same_where_yaml_has_no_c_library(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    monkeypatch.setattr("yibao.packs.reader.LOADER", yaml.SafeLoader)
    lines = [describe(one) for one in load_pack_findings([name])]
    assert "\n".join(lines) + "\n" == _expected(name.removesuffix(".yaml"))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_bad_pack_folder_is_reported_with_its_golden_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    lines = [describe(one) for one in load_pack_findings([name])]
    assert "\n".join(lines) + "\n" == _expected(name)
