"""The demo: a synthetic city whose last year is priced by the catalogue of the years before."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from yibao.flows import dip as flow
from yibao.kernel import MAX_BUDGET_FEN, fen_from_yuan
from yibao.law import Law
from yibao.report.dip import Names, write_report
from yibao.synth import City, generate, write_city

YEARS = (2022, 2023, 2024, 2025)


def run(
    law: Law, out: Path, *, people: int, seed: int, memory: str | None, progress: Callable[[str], None]
) -> flow.Outcome:
    """Writes city, catalogue, priced and report.html under ``out`` and returns the pricing's outcome.

    The sum to distribute is the total fee of the year before: the demo city spends as much as last year, so rising
    fees show as a falling point value. It is an assumption of the demo, not a rule.
    """
    progress("造城市")
    city = generate(people, years=YEARS, seed=seed, admdvs=law.code, name=law.name)
    write_city(city, out / "city")
    setting = flow.Setting(law, None, memory, progress)
    cases = [out / "city" / "cases.parquet"]
    last = YEARS[-1]
    progress("建立目录")
    flow.build(cases, out / "catalogue", setting, until=date(last - 1, 12, 31))
    progress("定价")
    done = flow.price(
        cases, out / "catalogue", out / "priced", setting,
        budget_fen=_fees_of(city.cases, last - 1), since=date(last, 1, 1), until=date(last, 12, 31),
    )  # fmt: skip
    progress("写报告")
    write_report(
        out / "catalogue", out / "priced", out / "report.html",
        title=f"{law.name}住院病例DIP定价报告（{last}年，合成数据）", names=_names(city),
        data_note=f"合成数据：{people:,}名虚构的参保人，种子 {seed}；预算取上一年住院总费用。",
    )  # fmt: skip
    return done


def _fees_of(cases: pa.Table, year: int) -> int:
    """The total fee of a year's discharges in fen."""
    of_year = cases.filter(pc.equal(pc.year(cases["dscg_date"]), year))
    return fen_from_yuan(pc.sum(of_year["medfee_sumamt"]).as_py(), MAX_BUDGET_FEN)


def _names(city: City) -> Names:
    """The dictionaries of the synthetic city, code to name."""

    def named(table: pa.Table, code: str, name: str) -> dict[str, str]:
        return dict(zip(table[code].to_pylist(), table[name].to_pylist(), strict=True))

    return Names(
        named(city.dx_names, "code", "name"),
        named(city.px_names, "code", "name"),
        named(city.providers, "fixmedins_code", "fixmedins_name"),
    )
