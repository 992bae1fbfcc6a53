"""What issue 6 shows: the bill of 东莞's report, 舟山's shares before and after its reform, no city's name in code."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from benefit.one_claim import person, settled

import yibao
from yibao.flows.dip import Setting
from yibao.flows.settle import settle
from yibao.packs import load_law

Rows = Sequence[Mapping[str, object]]
SOURCE = Path(yibao.__file__).parent
BEFORE, REFORM = date(2023, 9, 30), date(2023, 10, 1)


def write(folder: Path, tables: Mapping[str, Rows]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def wang_hua(tmp_path: Path) -> dict[str, dict[str, object]]:
    """Six hormone tests of 280 元 in June 2023: contract performed, signed only, and at a hospital not chosen."""
    people = ("performed", "unsigned", "elsewhere")
    place = {"performed": "H1", "unsigned": "H1", "elsewhere": "H2"}
    folder = write(tmp_path / "in", {
        "providers": [
            {"fixmedins_code": "H1", "hosp_lv": 1, "fixmedins_type": 1, "admdvs": 441900},
            {"fixmedins_code": "H2", "hosp_lv": 3, "fixmedins_type": 1, "admdvs": 441900},
        ],
        "catalogue_items": [
            {"med_list_codg": "HORMONE", "list_type": 201, "chrgitm_lv": "01", "begndate": "2020-01-01"}
        ],
        "enrolments": [
            {"psn_no": one, "insutype": 310, "insuplc_admdvs": 441900, "psn_type": 1101, "clct_way": 1,
             "psn_insu_stas": 1, "psn_insu_date": "2020-01-01"} for one in people
        ],
        "contributions": [
            {"clct_id": f"J{one}", "psn_no": one, "insutype": 310, "insuplc_admdvs": 441900, "year": 2023,
             "clct_month": 6, "clct_amt": 300, "paid_amt": 300, "paid_date": "2023-06-01"} for one in people
        ],
        "chosen_points": [
            {"psn_no": one, "fixmedins_code": "H1", "point_kind": "main", "begndate": "2023-01-01"} for one in people
        ],
        "doctor_contracts": [
            {"psn_no": "performed", "fixmedins_code": "H1", "perform_flag": 1, "begndate": "2023-01-01"},
            {"psn_no": "elsewhere", "fixmedins_code": "H1", "perform_flag": 1, "begndate": "2023-01-01"},
        ],
        "claims": [
            {"setl_id": one, "psn_no": one, "fixmedins_code": place[one], "med_type": 11,
             "setl_time": "2023-06-15 10:00:00", "medfee_sumamt": "280.00"} for one in people
        ],
        "fee_lines": [
            {"setl_id": one, "feedetl_sn": 1, "fee_ocur_time": "2023-06-15 09:50:00", "med_list_codg": "HORMONE",
             "cnt": 6, "pric": "46.666667", "det_item_fee_sumamt": "280.00"} for one in people
        ],
    })  # fmt: skip
    settle(folder, tmp_path / "out", Setting(load_law("东莞", ["demo"])))
    return {row["setl_id"]: row for row in pq.read_table(tmp_path / "out" / "settlements.parquet").to_pylist()}


def test_wang_huas_bill_at_the_chosen_point_and_elsewhere(tmp_path: Path) -> None:
    found = {
        name: (row["outcome"], row["hifp_pay"], row["psn_part_amt"]) for name, row in wang_hua(tmp_path).items()
    }  # fmt: skip
    assert found == {
        "performed": ("settled", Decimal("210.00"), Decimal("70.00")),
        "unsigned": ("settled", Decimal("196.00"), Decimal("84.00")),
        "elsewhere": ("not_selected_point", Decimal("0.00"), Decimal("280.00")),
    }


@pytest.mark.parametrize(
    ("level", "before", "after"), [("1", 80, 85), ("2", 70, 75), ("3", 60, 65)], ids=["primary", "second", "third"]
)
def test_zhoushans_residents_in_hospital_before_and_after_the_reform(level: str, before: int, after: int) -> None:
    law, context, base = load_law("舟山", ["demo"]), person(hosp_lv=level), 10_000_00
    for day, share in ((BEFORE, before), (REFORM, after)):
        found = settled(law, context, base + {"1": 200_00, "2": 500_00, "3": 800_00}[level], day=day)
        assert found["BASIC"] * 100 == base * share


@pytest.mark.parametrize(("contract", "share"), [("none", 65), ("signed", 68), ("performed", 68)])
def test_zhoushans_chronic_disease_with_and_without_a_contract(contract: str, share: int) -> None:
    law = load_law("舟山", ["demo"])
    context = person(kind="chronic", hosp_lv="1", dise_codg="renal", contract=contract)
    assert settled(law, context, 1_000_00, day=REFORM)["BASIC"] == share * 10_00
    assert settled(law, context, 1_000_00, day=BEFORE)["BASIC"] == 600_00


NAMES = ("东莞", "舟山", "莞家福", "舟惠保", "dongguan", "zhoushan", "441900", "330900", "新市")


def named(text: str) -> set[str]:
    return {name for name in NAMES if name in text.lower()}


def test_no_settled_citys_name_or_code_stands_in_a_program() -> None:
    programs = [path for end in ("py", "sql") for path in SOURCE.rglob(f"*.{end}")]
    assert len(programs) > 300
    found = {path.name: named(path.read_text(encoding="utf-8")) for path in programs}
    assert {name: names for name, names in found.items() if names} == {}
    assert named('RATE = {"dongguan": 0.7}') == {"dongguan"}, "the scan must see a name"
