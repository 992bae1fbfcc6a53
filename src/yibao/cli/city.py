"""``yibao demo`` and ``yibao synth``: the synthetic city."""

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
    people: PEOPLE = 200_000,
    seed: SEED = 20250101,
    bad: Annotated[float, typer.Option("--bad", min=0.0, max=1.0, help="混入多大比例的错误行。")] = 0.0,
    fmt: Annotated[str, typer.Option("--format", help="parquet 或 csv。")] = "parquet",
) -> None:
    """Writes the tables of a synthetic city."""
    if fmt not in ("parquet", "csv"):
        raise typer.BadParameter("格式应为 parquet 或 csv")
    with show.explained():
        from yibao.synth import generate, write_city

        with show.progress("造数据"):
            write_city(generate(people, seed=seed, bad_share=bad), out, fmt=fmt)
    show.closing(out, 0, (), ())
