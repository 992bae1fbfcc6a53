"""Writes a city's tables as a folder of files through ``tables``, so that no killed run looks finished."""

from pathlib import Path

from yibao.engine import Engine
from yibao.synth.city import City
from yibao.tables import output_folder, write_csv, write_parquet

_WRITERS = {"parquet": write_parquet, "csv": write_csv}


def write_city(city: City, folder: Path, fmt: str = "parquet") -> list[Path]:
    """Writes ``<table>.<fmt>`` for every table of the city (``parquet``, or ``csv`` in UTF-8); answers the files.

    Raises ValueError for another format and OutputError where the disk refuses; an old folder is then untouched.
    """
    if fmt not in _WRITERS:
        raise ValueError(f"fmt must be one of {', '.join(_WRITERS)}")
    names = [f"{name}.{fmt}" for name in city.tables()]
    with output_folder(folder) as part, Engine() as engine:
        for name, table in city.tables().items():
            engine.put(name, table)
            _WRITERS[fmt](engine, name, part / f"{name}.{fmt}")
            engine.drop(name)
    return [folder / name for name in names]
