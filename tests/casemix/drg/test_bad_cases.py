"""Cases with faults: each has a status and a reason; none is dropped, none grouped by a silent default."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yibao.cli import app
from yibao.flows.drg import group
from yibao.packs import teaching_scheme

HEAD = "case_id,gender,age,age_day,weight_g,los_days,leaving_type,dx,px"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def grouped(tmp_path: Path, *rows: str, head: str = HEAD, mapped: bool = False) -> tuple[list[str], list[str]]:
    """``status drg`` of every case, and ``case code`` of every reason."""
    (tmp_path / "cases.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    group([tmp_path / "cases.csv"], teaching_scheme(), tmp_path / "groups.csv", mapped=mapped)
    read = list(csv.DictReader((tmp_path / "groups.csv").open(encoding="utf-8-sig")))
    assert list(read[0]) == ["case_id", "status", "mdc", "adrg", "drg"]
    beside = tmp_path / "groups_reasons.csv"
    reasons = list(csv.DictReader(beside.open(encoding="utf-8-sig"))) if beside.exists() else []
    assert all(one["说明"] and one["处理"] for one in reasons)
    return [f"{one['status']} {one['drg']}" for one in read], [f"{one['病例编号']} {one['代码']}" for one in reasons]


SOUND = "1,1,45,,,5,1,K35.300,47.0100"
AS_SOUND = "分组成功 GD15"


def test_a_sound_case_has_no_reason(tmp_path: Path) -> None:
    found, reasons = grouped(tmp_path, SOUND)
    assert (found, reasons) == ([AS_SOUND], [])


@pytest.mark.parametrize(
    ("row", "status", "reason"),
    [
        ("1,1,45,,,5,1,,47.0100", "无法入组 0000", "missing_value"),
        ("1,1,45,,,5,1,| ,37.5100", "无法入组 0000", "no_principal_dx"),
        ("1,1,45,,,5,1,|K35.300,47.0100", "无法入组 0000", "no_principal_dx"),
        ("1,1,45,,,-5,1,K35.300,47.0100", "无法入组 0000", "negative_number"),
        ("1,1,old,,,5,1,K35.300,47.0100", "无法入组 0000", "bad_number"),
        ("1,1,,,,5,1,K35.300,47.0100", AS_SOUND, "no_age"),
        ("1,,45,,,5,1,K35.300,47.0100", AS_SOUND, "no_gender"),
        ('1,1,45,,,5,1,"K35.300,I20.000",47.0100', AS_SOUND, "list_sign"),
        ("1,1,45,,,5,1,K35.300；I20.000,47.0100", AS_SOUND, "list_sign"),
        ("1,1,45,,,5,1,k35.300,47.0100", AS_SOUND, "code_mended"),
        ("1,1,45,,,5,1,Ｋ３５.300,47.0100", AS_SOUND, "code_mended"),
        ("1,1,45,,,5,1,K35.300|Y00.000,47.0100", AS_SOUND, "unknown_code"),
    ],
)  # fmt: skip
def test_every_fault_has_a_status_and_a_reason(tmp_path: Path, row: str, status: str, reason: str) -> None:
    found, reasons = grouped(tmp_path, row)
    assert found == [status]
    assert f"1 {reason}" in reasons


def test_an_unknown_principal_code_says_both_that_it_is_unknown_and_that_no_group_holds(tmp_path: Path) -> None:
    found, reasons = grouped(tmp_path, "1,1,45,,,5,1,Y00.000,")
    assert found == ["无法入组 0000"] and reasons == ["1 no_group", "1 unknown_code"]


def test_a_newborn_without_weight_is_told(tmp_path: Path) -> None:
    _, reasons = grouped(tmp_path, "1,1,0,3,,5,1,P07.301,", "2,1,0,3,1400,5,1,P07.301,")
    assert "1 newborn_without_weight" in reasons and "2 newborn_without_weight" not in reasons


def test_a_clinical_code_is_named_and_mapped_only_when_asked(tmp_path: Path) -> None:
    row = "1,1,70,,,5,1,A41.901,"
    _, offered = grouped(tmp_path, row)
    assert "1 clinical_code" in offered
    _, mapped = grouped(tmp_path, row, mapped=True)
    assert "1 code_mapped" in mapped and "1 clinical_code" not in mapped


def test_rows_that_share_a_case_id_and_differ_are_both_sent_back(tmp_path: Path) -> None:
    found, reasons = grouped(tmp_path, SOUND, SOUND.replace("45", "46"), "2" + SOUND[1:])
    assert found == ["无法入组 0000", "无法入组 0000", AS_SOUND]
    assert reasons == ["1 duplicate_key", "1 duplicate_key"]


def test_a_missing_column_is_said_once_and_not_for_each_case(tmp_path: Path) -> None:
    found, reasons = grouped(tmp_path, "1,K35.300,47.0100", "2,K35.300,47.0100", head="case_id,dx,px")
    assert found == [AS_SOUND] * 2 and reasons == []


def test_a_settlement_list_is_read_by_its_own_names(tmp_path: Path) -> None:
    head = "setl_id,gend,age,act_ipt_days,dscg_way,diag_codes,oprn_codes"
    assert grouped(tmp_path, "1,男,45,5,1,K35.300,47.0100", head=head) == ([AS_SOUND], [])


def test_reasons_of_an_earlier_run_do_not_stand_beside_the_new_groups(tmp_path: Path) -> None:
    assert grouped(tmp_path, SOUND.replace("K35", "k35"))[1]
    assert grouped(tmp_path, SOUND)[1] == []


# --- the command ----------------------------------------------------------------------------------------------------


def run(*given: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["drg", *map(str, given)])
    return done.exit_code, done.output


def test_group_prints_counts_and_strict_ends_with_1_on_a_reason(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(f"{HEAD}\n{SOUND}\n2{SOUND[1:].replace('K35', 'k35')}\n", encoding="utf-8")
    code, said = run("group", cases, "--out", tmp_path / "g.parquet", "--scheme", teaching_scheme(), "--json")
    facts = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert code == 0 and facts["status"] == {"分组成功": 2} and facts["remarks"] == {"code_mended": 1}
    assert run("group", cases, "--out", tmp_path / "g.csv", "--strict")[0] == 1


def test_group_without_a_scheme_says_that_it_teaches_only(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(f"{HEAD}\n{SOUND}\n", encoding="utf-8")
    code, said = run("group", cases, "--out", tmp_path / "g.xlsx")
    assert code == 0 and "不能用于支付" in said and (tmp_path / "g.xlsx").exists()


def test_group_with_a_folder_that_is_no_scheme_writes_nothing(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(f"{HEAD}\n{SOUND}\n", encoding="utf-8")
    code, said = run("group", cases, "--out", tmp_path / "g.csv", "--scheme", tmp_path)
    assert code == 1 and "缺这张表" in said and not (tmp_path / "g.csv").exists()


def test_explain_says_what_decided_what_was_excluded_and_what_a_change_would_do(tmp_path: Path) -> None:
    code, said = run("explain", "--dx", "K35.300|E11.900", "--px", "47.0100", "--age", "45", "--gender", "1")
    assert code == 0
    for words in (
        "分组成功  MDCG  GD1  GD13",
        "E11.900",
        "：CC，排除表",
        "✓ GD1",
        "主要诊断在诊断表中：K35.300",
        "去掉主要手术操作 47.0100 →",
    ):
        assert words in said
    code, said = run("explain", "--dx", "K35.300", "--px", "47.0100", "--change", "K35.300=I50.900", "--json")
    told = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert code == 0 and told["drg"] == "GD15" and told["changes"][0]["change"] == "K35.300 改为 I50.900"
    assert run("explain", "--dx", "K35.300", "--change", "Z99.999=K35.300")[0] == 1
    assert run("explain")[0] == 2


def test_scheme_check_and_show(tmp_path: Path) -> None:
    assert run("scheme", "check")[0] == 0
    assert run("scheme", "check", tmp_path)[0] == 1
    for given, words in (((), "MDCA"), (("--mdc", "MDCG"), "GD1"), (("--adrg", "GD1"), "47.0100")):
        code, said = run("scheme", "show", *given)
        assert code == 0 and words in said
