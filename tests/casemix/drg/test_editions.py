"""The scheme of a case is the one that the city's law names on its day of discharge."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

from yibao.flows.drg import editions_of, explain_case, group
from yibao.packs import PackError, load_law, scheme_folder, teaching_scheme

LAW = """
- key: drg.scheme
  from: 2025-01-01
  until: 2025-06-30
  value: old
  unit: text
  source: {{doc: 甲市分组方案, published: 2024-12-01}}
  grade: official
- key: drg.scheme
  from: 2025-07-01
  value: new
  unit: text
  source: {{doc: 甲市分组方案, published: 2025-06-01}}
  grade: official
"""
CASES = """case_id,gender,age,dx,px,dscg_date
1,1,45,K35.300,47.0100,2025-06-30
2,1,45,K35.300,47.0100,2025-07-01
3,1,45,K35.300,47.0100,
"""


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A city whose pack has two editions; the new one calls GD15 by another code."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "packs" / "jia"
    folder.mkdir(parents=True)
    manifest = 'code: "999900"\nname: 甲市\nfirst_day: 2025-01-01\nextends: national\n'
    (folder / "pack.yaml").write_text(manifest, encoding="utf-8")
    (folder / "drg.yaml").write_text(LAW.replace("{{", "{").replace("}}", "}"), encoding="utf-8")
    for name in ("old", "new"):
        shutil.copytree(teaching_scheme(), folder / "drg" / name)
    path = folder / "drg" / "new" / "drg.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("GD15", "GD1X"), encoding="utf-8")
    return tmp_path / "packs"


def test_each_case_is_grouped_by_the_edition_of_its_day(packs: Path, tmp_path: Path) -> None:
    law = load_law("甲市", [], [packs])
    editions = editions_of(law, lambda name: scheme_folder("甲市", name, [packs]), date(2025, 12, 1))
    (tmp_path / "cases.csv").write_text(CASES, encoding="utf-8")
    done = group([tmp_path / "cases.csv"], editions, tmp_path / "g.csv")
    rows = list(csv.DictReader((tmp_path / "g.csv").open(encoding="utf-8-sig")))
    assert [(row["case_id"], row["drg"]) for row in rows] == [("1", "GD15"), ("2", "GD1X"), ("3", "0000")]
    assert done.remarks == {"no_day": 1}
    assert explain_case([tmp_path / "cases.csv"], "2", editions).drg == "GD1X"
    assert explain_case([tmp_path / "cases.csv"], "1", editions).drg == "GD15"


def test_a_city_without_an_own_scheme_has_the_national_one_and_an_unknown_name_says_where_it_was_looked_for() -> None:
    assert scheme_folder("zibo", "teaching") == teaching_scheme()
    with pytest.raises(PackError, match="找不到分组方案“别处”"):
        scheme_folder("zibo", "别处")
