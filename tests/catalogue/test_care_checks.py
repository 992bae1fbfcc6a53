"""Bad catalogues, lists, prescriptions and lines: each fault found, placed and put in words."""

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yibao import catalogue, tables
from yibao.catalogue.faults import CARE_FAULTS
from yibao.engine import Engine
from yibao.kernel import Finding
from yibao.law import MissingParameter
from yibao.packs import load_law
from yibao.standard import TABLES

BAD = Path(__file__).parent / "bad"


def shown(one: Finding) -> str:
    cause = f"；原因：{one.cause}" if one.cause else ""
    return f"[{one.code}] {one}{cause}"


def found() -> list[str]:
    """Everything that loading and checking the bad folder says."""
    said: list[str] = []
    law = load_law("national").at(date(2025, 3, 5))
    with Engine() as engine:
        for path in sorted(BAD.glob("*.csv")):
            report = tables.load(engine, path.stem, [path])
            said += [shown(one) for one in report.findings]
        said += [shown(one) for one in catalogue.check_catalogue(engine)]
        said += [shown(one) for one in catalogue.check_lines(engine, law)]
    return said


def test_the_bad_folder_says_what_it_said_before() -> None:
    expected = (BAD / "findings.txt").read_text(encoding="utf-8").splitlines()
    assert found() == expected


def test_every_fault_of_the_room_is_in_the_bad_folder_but_those_that_loading_finds_first() -> None:
    said = (BAD / "findings.txt").read_text(encoding="utf-8")
    by_loading = {"item_class_unknown", "item_limit_negative", "line_price_negative"}
    assert {code for code in CARE_FAULTS if f"[{code}]" not in said} == by_loading


def small(engine: Engine, name: str, **columns: list[object]) -> None:
    kinds = {"BIGINT": pa.int64(), "INTEGER": pa.int32(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us")}
    schema = TABLES[name]
    engine.put(name, pa.table({
        column: pa.array(cells, kinds.get(schema.field(column).kind.sql_type, pa.string()))
        for column, cells in columns.items()
    }))  # fmt: skip


def test_what_loading_would_refuse_is_found_in_tables_made_otherwise() -> None:
    moment = datetime(2025, 3, 5, 10)
    with Engine() as engine:
        small(engine, "catalogue_items", med_list_codg=["X1", "X2"], list_type=["101", "101"], chrgitm_lv=["9", "01"],
              begndate=[date(2025, 1, 1)] * 2, pric_uplmt_amt=[None, -1])  # fmt: skip
        small(engine, "claims", setl_id=["S1"], medfee_sumamt=[1000])
        small(engine, "fee_lines", setl_id=["S1"], feedetl_sn=["F1"], fee_ocur_time=[moment], med_list_codg=["X1"],
              cnt=[-1_000_000], pric=[-10_000_000], det_item_fee_sumamt=[1000])  # fmt: skip
        codes = [one.code for one in catalogue.check_catalogue(engine)]
        assert codes == ["item_class_unknown", "item_limit_negative"]
        assert [one.code for one in catalogue.check_lines(engine, tolerance_fen=5)] == ["line_price_negative"]
        with pytest.raises(ValueError, match="tolerance"):
            catalogue.check_lines(engine)


def test_more_faults_of_a_kind_than_are_listed_are_counted() -> None:
    with Engine() as engine:
        small(engine, "catalogue_items", med_list_codg=[f"X{n}" for n in range(9)], list_type=["101"] * 9,
              chrgitm_lv=["02"] * 9, begndate=[date(2025, 1, 1)] * 9)  # fmt: skip
        said = catalogue.check_catalogue(engine, most=3)
    assert [one.code for one in said] == ["item_share_missing"] * 4
    assert said[-1].message == "同类问题（该列空着；暂按丙类）共9处，其余未列出"


def test_a_bad_catalogue_never_gives_a_line_two_rows_or_a_better_class(tmp_path: Path) -> None:
    """The bad items, loaded as they are: two classes on a day is the worse one, a missing share is 丙."""
    law = load_law("national")
    with Engine() as engine:
        tables.load(engine, "catalogue_items", [BAD / "catalogue_items.csv"])
        codes = ["XA", "XB", "XC", "XD", "XE", "XF", "XG"]
        moment = [datetime(2025, 6, 30, 10)] * len(codes)
        small(engine, "claims", setl_id=["S1"], psn_no=["P1"], fixmedins_code=["H1"], med_type=["11"])
        small(engine, "fee_lines", setl_id=["S1"] * len(codes), feedetl_sn=codes, fee_ocur_time=moment,
              med_list_codg=codes, cnt=[1_000_000] * len(codes), pric=[10_000_000] * len(codes),
              det_item_fee_sumamt=[1000] * len(codes))  # fmt: skip
        catalogue.line_facts(engine, law)
        rows = engine.rows("SELECT feedetl_sn, cls, share_ppm, reason FROM line_fact ORDER BY feedetl_sn")
    assert rows == [
        ("XA", 2, 100_000, 0), ("XB", 3, 10**6, 6), ("XC", 1, 0, 0), ("XD", 3, 10**6, 6), ("XE", 3, 10**6, 6),
        ("XF", 1, 0, 0), ("XG", 3, 10**6, 5),
    ]  # fmt: skip


def test_an_unreadable_limit_pays_nothing_in_the_batch_too() -> None:
    with Engine() as engine:
        small(engine, "catalogue_items", med_list_codg=["X1"], list_type=["101"], chrgitm_lv=["01"],
              begndate=[date(2025, 1, 1)])  # fmt: skip
        small(engine, "item_limits", med_list_codg=["X1"], begndate=[date(2025, 1, 1)], seq=[1], lmt_dx=["肺癌"])
        small(engine, "claims", setl_id=["S1"], psn_no=["P1"], fixmedins_code=["H1"], med_type=["11"])
        small(engine, "fee_lines", setl_id=["S1"], feedetl_sn=["F1"], fee_ocur_time=[datetime(2025, 3, 5)],
              med_list_codg=["X1"], cnt=[1_000_000], pric=[10_000_000], det_item_fee_sumamt=[1000])  # fmt: skip
        facts = catalogue.line_facts(engine, load_law("national"))
        assert [one.code for one in facts.findings] == ["limit_unreadable"]
        assert engine.rows("SELECT payable, reason FROM line_fact") == [(0, 31)]


def test_long_prescriptions_without_days_ask_the_law_which_refuses_to_guess() -> None:
    with Engine() as engine:
        small(engine, "catalogue_items", med_list_codg=["X1"], list_type=["101"], chrgitm_lv=["01"],
              begndate=[date(2025, 1, 1)])  # fmt: skip
        small(engine, "prescriptions", rxno=["R1"], med_list_codg=["X1"], psn_no=["P1"],
              rx_time=[datetime(2025, 3, 5)], cnt=[1_000_000], rx_kind=["chronic"])  # fmt: skip
        small(engine, "claims", setl_id=["S1"], psn_no=["P1"], fixmedins_code=["H1"], med_type=["41"])
        small(engine, "fee_lines", setl_id=["S1"], feedetl_sn=["F1"], fee_ocur_time=[datetime(2025, 3, 5)],
              med_list_codg=["X1"], cnt=[1_000_000], pric=[10_000_000], det_item_fee_sumamt=[1000])  # fmt: skip
        with pytest.raises(MissingParameter, match=r"catalogue\.rx\.valid_days"):
            catalogue.line_facts(engine, load_law("national"))


def test_tables_that_are_not_there_are_a_mistake_of_the_caller_and_no_lines_are_no_facts() -> None:
    with Engine() as engine:
        with pytest.raises(LookupError, match="catalogue_items"):
            catalogue.read_catalogue(engine)
        for name in ("claims", "fee_lines", "catalogue_items"):
            small(engine, name, **{column: [] for column in TABLES[name].required})
        facts = catalogue.line_facts(engine, load_law("national"))
        assert (facts.findings, facts.unverified, facts.counters) == ([], (), 0)
        assert engine.count("line_fact") == 0
        assert catalogue.scope_table(engine).parts.shape == (0, 5)


@pytest.mark.parametrize(
    ("column", "value", "kind", "expected"),
    [
        ("cnt", "1.5", None, 1_500_000), ("cnt", "-0.000001", None, -1), ("cnt", "1.0000001", None, None),
        ("cnt", 2, pa.int64(), 2_000_000), ("cnt", 0.25, pa.float64(), 250_000), ("cnt", "100000000", None, None),
        ("pric", "9999999999.999999", None, 9_999_999_999_999_999), ("pric", "10000000000", None, None),
        ("pric", "-1", None, None), ("pric", "一元", None, None), ("pric", "１", None, None),
        ("det_item_fee_sumamt", "-10.05", None, -1005), ("det_item_fee_sumamt", "0.001", None, None),
        ("fee_ocur_time", "2025-03-05 10:20:30", None, datetime(2025, 3, 5, 10, 20, 30)),
        ("fee_ocur_time", "2025/3/5 9:05", None, datetime(2025, 3, 5, 9, 5)),
        ("fee_ocur_time", "20250305092030", None, datetime(2025, 3, 5, 9, 20, 30)),
        ("fee_ocur_time", "2025-03-05", None, datetime(2025, 3, 5)),
        ("fee_ocur_time", date(2025, 3, 5), pa.date32(), datetime(2025, 3, 5)),
        ("fee_ocur_time", datetime(2025, 3, 5, 1, 2, 3), pa.timestamp("us"), datetime(2025, 3, 5, 1, 2, 3)),
        ("fee_ocur_time", "2025-03-05 24:30:00", None, None), ("fee_ocur_time", "三月五日", None, None),
        ("fee_ocur_time", "1825-03-05 10:20:30", None, None),
    ],
)  # fmt: skip
def test_prices_quantities_signed_amounts_and_moments_are_read_exactly(
    tmp_path: Path, column: str, value: object, kind: pa.DataType | None, expected: object
) -> None:
    good = {"setl_id": "S1", "feedetl_sn": "F1", "fee_ocur_time": "2025-03-05", "med_list_codg": "X1", "cnt": "1",
            "pric": "10", "det_item_fee_sumamt": "10.00"}  # fmt: skip
    cells = {name: pa.array([text]) for name, text in good.items()} | {column: pa.array([value], kind)}
    pq.write_table(pa.table(cells), tmp_path / "fee_lines.parquet")
    with Engine() as engine:
        report = tables.load(engine, "fee_lines", [tmp_path / "fee_lines.parquet"])
        rows = engine.rows(f"SELECT {column} FROM fee_lines")
    assert rows == ([] if expected is None else [(expected,)])
    assert report.rows_rejected == (expected is None)
