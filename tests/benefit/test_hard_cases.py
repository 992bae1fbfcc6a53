"""What once went wrong, each by its smallest example: in a city's tables, or as one claim of the kernel."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from benefit.one_claim import person, settled, small_law
from benefit.test_show import write

from yibao.flows.dip import Setting
from yibao.flows.settle import settle
from yibao.packs import load_law

Row = dict[str, Any]
PEOPLE = ("P1", "P2")


class City:
    """Two retired people of one small city, with claims as they are added."""

    def __init__(self) -> None:
        self.tables: dict[str, list[Row]] = {
            "providers": [{"fixmedins_code": "H1", "hosp_lv": 1, "fixmedins_type": 1, "admdvs": 441900}],
            "catalogue_items": [
                {"med_list_codg": item, "list_type": 101, "chrgitm_lv": "01", "begndate": "2020-01-01"}
                for item in ("A", "D")
            ],
            "item_limits": [
                {"med_list_codg": "D", "begndate": "2020-01-01", "seq": 1, "lmt_amount": 2, "lmt_unit": "days",
                 "lmt_per": "stay"}
            ],
            "enrolments": [
                {"psn_no": one, "insutype": 310, "insuplc_admdvs": 441900, "psn_type": 1201, "clct_way": 1,
                 "psn_insu_stas": 1, "psn_insu_date": "2020-01-01"} for one in PEOPLE
            ],
            "contributions": [
                {"clct_id": "J1", "psn_no": "P9", "insutype": 310, "insuplc_admdvs": 441900, "year": 2023,
                 "clct_month": 6, "clct_amt": 300, "paid_amt": 300, "paid_date": "2023-06-01"}
            ],
            "chosen_points": [
                {"psn_no": one, "fixmedins_code": "H1", "point_kind": "main", "begndate": "2022-01-01"}
                for one in PEOPLE
            ],
            "claims": [], "fee_lines": [],
        }  # fmt: skip

    def claim(self, setl_id: str, lines: list[tuple[str, int, int, str]], **more: Any) -> None:
        """Lines are item, count, amount in 元 and day."""
        total = sum(amount for *_, amount, _ in lines)
        given = {"psn_no": "P1", "fixmedins_code": "H1", "med_type": 11, "setl_time": "2023-06-15 10:00:00",
                 "medfee_sumamt": total, "refd_setl_flag": "0", "init_setl_id": ""}  # fmt: skip
        self.tables["claims"].append({"setl_id": setl_id, **given, **more})
        for number, (item, count, amount, day) in enumerate(lines):
            self.tables["fee_lines"].append(
                {"setl_id": setl_id, "feedetl_sn": number, "fee_ocur_time": f"{day} 09:00:00", "med_list_codg": item,
                 "cnt": count, "pric": amount / count, "det_item_fee_sumamt": amount}
            )  # fmt: skip

    def settle(self, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
        """What was refused, and the self-paid part and funds of what was settled."""
        done = settle(write(folder / "in", self.tables), folder / "out", Setting(load_law("东莞", ["demo"])))
        rows = pq.read_table(folder / "out" / "settlements.parquet").to_pylist()
        return (
            {one.key: one.code for one in done.findings},
            {row["setl_id"]: f"{row['fulamt_ownpay_amt']} {row['fund_pay_sumamt']}" for row in rows},
        )


ONE = [("A", 1, 100, "2023-06-15")]


def test_a_negative_line_that_takes_nothing_back_refuses_its_claim_and_no_other(tmp_path: Path) -> None:
    city = City()
    city.claim("C1", [*ONE, ("A", -1, -20, "2023-06-15")])
    city.claim("C2", ONE)
    assert city.settle(tmp_path) == ({"C1": "negative_line"}, {"C2": "0.00 70.00"})


def test_of_several_faults_the_first_in_the_order_of_precedence_is_named(tmp_path: Path) -> None:
    city = City()
    city.claim("C1", ONE, medfee_sumamt=101, fixmedins_code="H9")
    city.claim("C2", [*ONE, ("A", -1, -20, "2023-06-15")], medfee_sumamt=99, fixmedins_code="H9")
    city.claim("C3", ONE, fixmedins_code="H9")
    refused, _ = city.settle(tmp_path)
    assert refused == {"C1": "lines_do_not_sum", "C2": "negative_line", "C3": "unknown_institution"}


@pytest.mark.parametrize(("setl_id", "refused"), [("A1", {}), ("R1", {})])
def test_a_reversal_comes_after_the_settlements_of_its_moment(
    tmp_path: Path, setl_id: str, refused: dict[str, str]
) -> None:
    city = City()
    city.claim("C1", ONE)
    city.claim(setl_id, [], medfee_sumamt=100, refd_setl_flag="1", init_setl_id="C1")
    found, settled_ones = city.settle(tmp_path)
    assert (found, settled_ones["C1"]) == (refused, "0.00 70.00")
    assert settled_ones.get("R1", "0.00 -70.00") == "0.00 -70.00"


def test_a_day_counts_once_in_whatever_order_its_lines_stand(tmp_path: Path) -> None:
    city = City()
    city.claim("C1", [("D", 1, 100, f"2023-06-{day}") for day in (11, 10, 11, 10, 12)])
    assert city.settle(tmp_path) == ({}, {"C1": "100.00 280.00"})


def test_a_cap_that_two_funds_share_is_not_passed_by_one_claim() -> None:
    law = small_law(
        benefit__rate="0.8", benefit__caps=("year",), benefit__layers=("large", "civil"), cap__year="900",
        large__basis="burden", large__bands=({"from": "0", "rate": "0.5"},), large__caps=("year",),
        civil__deductible="0", civil__rate="1", civil__caps=("other", "year"), cap__other="100",
    )  # fmt: skip
    found = settled(law, person(insutype="310", psn_type="11"), 100_000)
    assert (found["BASIC"], found["LARGE"], found["CIVIL"]) == (80_000, 10_000, 0)


def test_a_household_that_counts_everything_counts_what_no_fund_has_paid() -> None:
    """大病 may pay more than is left in scope where first shares count; the family's part is the rest, not more."""
    law = small_law(
        benefit__rate="1", benefit__layers=("critical", "household"), critical__deductible="0",
        critical__bands=({"from": "0", "rate": "0.6"},), critical__caps=("none",), critical__counts_preself="true",
        critical__reward="false", household__self_cap="0", household__counts="all",
    )  # fmt: skip
    found = settled(law, person(), lines=[(2, 100_000, 200_000), (3, 5_000, 10**6)])
    assert (found["CRITICAL"], found["HOUSEHOLD_BASE"], found["HOUSEHOLD"]) == (12_000, 13_000, 13_000)
    assert (found["FUND"], found["PATIENT"]) == (105_000, 0)


@pytest.mark.parametrize("rate", ["0.75", "75%", "750‰", "3/4"])
def test_a_rate_in_a_table_or_list_may_be_written_as_any_ratio(rate: str) -> None:
    law = small_law(
        benefit__bands=({"from": "0", "rate": rate},), benefit__bands__basis="bill", benefit__deductible="100",
        benefit__deductible__basis="stay", benefit__deductible__steps=(rate,),
    )  # fmt: skip
    found = settled(law, person(), 107_500)
    assert (found["DEDUCTIBLE"], found["BASIC"]) == (7_500, 75_000)
