"""DRG in a close: groups and measures as those of ``yibao drg``, in results, report, workbooks; nothing paid by it."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from yibao.engine import Engine
from yibao.flows.close import CloseSetting
from yibao.flows.close import close as flow
from yibao.flows.dip import Setting
from yibao.flows.drg import Edition, group
from yibao.flows.drg_assess import assess
from yibao.packs import load_law, teaching_scheme
from yibao.report.close import write_close_report
from yibao.report.close_book import write_hospital_books
from yibao.report.close_case import close_case, close_steps
from yibao.report.close_result import open_close
from yibao.synth import generate, write_city

YEAR = 2025
MIDDLE = date(YEAR, 7, 1)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("close_drg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        write_city(generate(6_000, seed=4), folder / "city")
        yield folder / "city"


def run(city: Path, name: str, drg: object) -> Path:
    setting = CloseSetting(Setting(load_law("zibo", ("demo",))), drg=drg)  # type: ignore[arg-type]
    flow(city, city.parent / name, YEAR, setting)
    return city.parent / name


@pytest.fixture(scope="module")
def closed(city: Path) -> Path:
    return run(city, "closed", teaching_scheme())


@pytest.fixture(scope="module")
def parts(city: Path) -> tuple[Path, Path]:
    """The year's cases and those before it, as files of their own."""
    cases = pq.read_table(city / "cases.parquet")
    years = pc.year(cases["dscg_date"])
    for name, held in (("now", pc.equal(years, YEAR)), ("before", pc.less(years, YEAR))):
        pq.write_table(cases.filter(held), city.parent / f"{name}.parquet")
    return city.parent / "now.parquet", city.parent / "before.parquet"


def test_every_case_is_in_the_group_that_yibao_drg_group_gives_it(closed: Path, parts: tuple[Path, Path]) -> None:
    group([parts[0]], teaching_scheme(), closed.parent / "groups.parquet")
    alone = {row["case_id"]: row for row in pq.read_table(closed.parent / "groups.parquet").to_pylist()}
    rows = pq.read_table(closed / "cases.parquet").to_pylist()
    assert len(rows) == len(alone) and {row["drg_status"] for row in rows} == {"分组成功", "无法入组"}
    for row in rows:
        own = alone[row["setl_id"]]
        assert [row["drg_status"], row["mdc"], row["adrg"], row["drg"]] == [
            own["status"], own["mdc"], own["adrg"], own["drg"]
        ]  # fmt: skip


def test_measures_and_weights_are_those_of_yibao_drg_assess_with_the_years_before(
    closed: Path, parts: tuple[Path, Path]
) -> None:
    done = assess([parts[0]], teaching_scheme(), history=[parts[1]])
    summary = pq.read_table(closed / "drg_groups.parquet").to_pylist()
    weights = {row["drg"]: row for row in done.groups}
    assert len(summary) == len(weights) and any(row["weight"] is not None for row in summary)
    for row in summary:
        own = weights[row["drg"]]
        assert float(row["mean_fee"]) == pytest.approx(own["mean_fee"])
        for name in ("cases", "cv", "mean_days", "deaths", "weight", "risk", "name"):
            assert row[name] == (pytest.approx(own[name]) if isinstance(own[name], float) else own[name]), name
    hospitals = {row["fixmedins_code"]: row for row in done.hospitals}
    for row in pq.read_table(closed / "drg_hospitals.parquet").to_pylist():
        for name, value in row.items():
            own = hospitals[row["fixmedins_code"]][name]
            assert value == (pytest.approx(own) if isinstance(own, float) else own), name
    cases = pq.read_table(closed / "cases.parquet").to_pylist()
    for row in cases:
        known = weights[row["drg"]]["weight"] if row["drg_status"] == "分组成功" else None
        assert row["drg_weight"] == (None if known is None else pytest.approx(known))


def test_page_workbooks_and_one_case_tell_of_it_and_its_checks_close(closed: Path) -> None:
    write_close_report(closed, closed.parent / "page.html")
    page = (closed.parent / "page.html").read_text(encoding="utf-8")
    assert "附 DRG分组" in page and "教学方案" in page and "勾稽核对全部相符" in page
    assert "DRG：各机构各组费用之和 = 全部病例费用之和（元）" in page
    code = pq.read_table(closed / "drg_hospitals.parquet")["fixmedins_code"][0].as_py()
    write_hospital_books(closed, closed.parent / "books", codes=[code])
    book = CalamineWorkbook.from_path(next((closed.parent / "books").glob("*.xlsx")))
    rows = book.get_sheet_by_name("DRG").to_python()
    cells = [row for row in pq.read_table(closed / "drg_cells.parquet").to_pylist() if row["fixmedins_code"] == code]
    assert rows[-1][0] == "合计" and rows[-1][2] == sum(row["cases"] for row in cells)
    assert rows[-1][4] == pytest.approx(float(sum(row["fee"] for row in cells)))
    with Engine() as engine:
        opened = open_close(engine, closed)
        of = {"分组成功": None, "无法入组": None}
        for status in of:
            row = engine.rows("SELECT min(setl_id) FROM cases WHERE drg_status = $s AND scope = 'local'", {"s": status})
            case = close_case(opened, row[0][0])
            assert case is not None
            step = close_steps(opened, case)[-1]
            assert step.label == "DRG" and "不影响DIP付费" in step.detail
            assert step.value == (case["drg"] if status == "分组成功" else status)


def test_each_case_is_grouped_by_the_edition_of_its_day_of_discharge(city: Path) -> None:
    """The later edition lacks all but one MDC, so what it does is seen."""
    later = shutil.copytree(teaching_scheme(), city.parent / "later")
    kept = (later / "mdc.csv").read_text(encoding="utf-8").splitlines()
    assert len(kept) > 3
    (later / "mdc.csv").write_text("\n".join(kept[:2]) + "\n", encoding="utf-8")
    only = kept[1].split(",")[1]
    for name in ("mdc_dx", "adrg"):
        lines = (later / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        at = lines[0].split(",").index("mdc")
        mine = [lines[0], *(line for line in lines[1:] if line.split(",")[at] == only)]
        (later / f"{name}.csv").write_text("\n".join(mine) + "\n", encoding="utf-8")

    def editions(first: date | None, last: date | None) -> list[Edition]:
        assert first is not None and last is not None
        day = MIDDLE.replace(day=1)
        return [Edition(first, date(YEAR, 6, 30), teaching_scheme()), Edition(day, last, later)]

    out = run(city, "editions", editions)
    rows = pq.read_table(out / "cases.parquet").to_pylist()
    assert len({row["mdc"] for row in rows if row["dscg_date"] < MIDDLE}) > 3
    assert {row["mdc"] for row in rows if row["dscg_date"] >= MIDDLE} <= {only, "0000"}
    assert {row["scheme"] for row in pq.read_table(out / "drg_groups.parquet").to_pylist()} <= {"teaching", "later"}


def test_without_a_scheme_nothing_is_grouped_and_nothing_paid_differs(city: Path, closed: Path) -> None:
    plain = run(city, "plain", None)
    assert pq.read_table(plain / "clearing.parquet") == pq.read_table(closed / "clearing.parquet")
    assert pq.read_table(plain / "drg_groups.parquet").num_rows == 0
    assert set(pq.read_table(plain / "cases.parquet")["drg_status"].to_pylist()) == {None}
    write_close_report(plain, city.parent / "plain.html")
    assert "附 DRG分组" not in (city.parent / "plain.html").read_text(encoding="utf-8")
