"""``yibao demo`` and ``yibao synth``: the synthetic city."""

import re
from pathlib import Path
from typing import Annotated

import typer

from yibao.cli import show
from yibao.cli.options import CITY, DEFAULT_CITY, JSON, MEMORY, OVERLAY, PACK, overlays

PEOPLE = Annotated[int, typer.Option("--people", min=1000, max=20_000_000, help="参保人数。")]
SEED = Annotated[int, typer.Option("--seed", help="随机种子；同一种子得到同样的数据。")]


def demo(
    people: PEOPLE = 200_000,
    city: CITY = DEFAULT_CITY,
    seed: SEED = 20250101,
    overlay: OVERLAY = None,
    pack: PACK = None,
    memory: MEMORY = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="写结果的文件夹。")] = Path("out/demo"),
    as_json: JSON = False,
) -> None:
    """Makes a city, learns its catalogue from three years, closes the fourth and writes report and workbooks."""
    with show.explained():
        from yibao.cli.close import told
        from yibao.cli.demo import run
        from yibao.packs import load_law

        law = load_law(city, overlays(overlay), pack or ())
        with show.progress("演示") as tell:
            done = run(law, out, people=people, seed=seed, memory=memory, progress=tell)
    told(done, out / "report.html", False, as_json)


def synth(
    out: Annotated[Path, typer.Option("--out", "-o", help="写数据的文件夹。")] = Path("out/city"),
    care: Annotated[
        bool, typer.Option("--care", help="写待遇结算用的各表（参保、账户、目录、结算、明细），不写住院清算的各表。")
    ] = False,
    people: PEOPLE = 200_000,
    city: CITY = DEFAULT_CITY,
    year: Annotated[int, typer.Option("--year", min=2004, max=2099, help="数据的年度（清算年度、待遇年度）。")] = 2025,
    seed: SEED = 20250101,
    bad: Annotated[float, typer.Option("--bad", min=0.0, max=1.0, help="混入多大比例的错误行。")] = 0.0,
    fmt: Annotated[str, typer.Option("--format", help="parquet 或 csv。")] = "parquet",
) -> None:
    """Writes the tables of a synthetic city."""
    if fmt not in ("parquet", "csv"):
        raise typer.BadParameter("格式应为 parquet 或 csv")
    with show.explained():
        from yibao.synth import generate, write_care, write_city

        code, name = _place(city)
        with show.progress("造数据") as tell:
            if care:
                write_care(out, people, year=year, seed=seed, admdvs=code, bad_share=bad, fmt=fmt, progress=tell)
            else:
                years = tuple(range(year - 3, year + 1))
                write_city(
                    generate(people, years=years, seed=seed, admdvs=code, name=name, bad_share=bad), out, fmt=fmt
                )
    show.closing(out, 0, (), ())


def _place(city: str) -> tuple[str, str | None]:
    """The code and name of a city: any six digits, or what a pack says."""
    if re.fullmatch(r"[0-9]{6}", city):
        return city, None
    from yibao.packs import load_law

    law = load_law(city, (), ())
    return law.code, law.name
