"""The demo: a synthetic city, its last year closed by the catalogue of the years before."""

import shutil
from collections.abc import Callable
from pathlib import Path

from yibao.cli.papers import Papers
from yibao.flows.close import Closed, CloseSetting, close
from yibao.flows.dip import Setting
from yibao.law import Law
from yibao.packs import teaching_scheme
from yibao.synth import generate, write_city

YEARS = (2022, 2023, 2024, 2025)


def run(law: Law, out: Path, *, people: int, seed: int, memory: str | None, progress: Callable[[str], None]) -> Closed:
    """Writes city, closed and report.html under ``out`` and returns the close's outcome.

    The books are begun anew: another seed's amounts under the same entry numbers would be refused.
    """
    progress("造城市")
    city = generate(people, years=YEARS, seed=seed, admdvs=law.code, name=law.name)
    for name in ("city", "closed"):
        shutil.rmtree(out / name, ignore_errors=True)
    write_city(city, out / "city")
    year = YEARS[-1]
    note = f"合成数据：{people:,}名虚构的参保人，种子 {seed}"
    with Papers(out / "closed", progress) as papers:
        setting = CloseSetting(Setting(law, None, memory, progress), posted=papers.state, drg=teaching_scheme())
        done = close(out / "city", out / "closed", year, setting)
        title = f"{law.name}{year}年度住院医保基金清算报告（合成数据）"
        papers.write(out / "report.html", title=title, data_note=note)
    return done
